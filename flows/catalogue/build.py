"""Step 8, catalogue: builds `barometer.duckdb`, the relations of `sql/`, beside the one in use."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from flows import __version__
from flows.catalogue import relations, reuse
from flows.catalogue.access import (
    HOME,
    LAKE_VIEWS,
    existing,
    explained,
    lake_view,
    open_catalogue,
    open_for_writing,
)
from flows.catalogue.cells import (
    grid,
    limit_cells,
    limit_points,
    near_box,
    surrounding_cells,
    with_geometry,
)
from flows.catalogue.given import PUBLICATIONS, given
from flows.catalogue.relations import TIME_ZONE
from flows.catalogue.run_record import hashes
from flows.derive import calls, digest, sts_areas
from flows.derive.events import find_events
from flows.derive.spoofing.stretches import find_stretches
from flows.home.hashes import folder_hash
from flows.home.resources import data_path, port_files
from flows.home.settings import Settings
from flows.ingest.witnesses import store as witnesses
from flows.lake.entry import Manifest
from flows.lake.manifest import FORMAT, connect, read_manifest
from flows.registers.bundled import bundled_versions
from geo.ports import Ports, load_ports

FROM_TRACKS = (
    *("track_call", "flagged_position", "candidate_ship"),
    *("interference_event", "affected_port", "call_stay"),
)
"""What the detector finds, and the interference in it; see `flows.derive`."""

STRETCHES = ("spoofed_stretch",)
FROM_COUNTS = ("window_rate", "week_rate")
FROM_VOLUMES = ("week_volume", "window_volume")
PAIRED, COMPARED = ("witness_paired",), ("agreement", "witness_score")
ASSIGNED, INSIDE, UNSEEN = ("look_match",), ("look_inside",), ("unseen_estimate",)
PARTS = ("worked_part",)
LYING = ("encounter_place",)
WAYS = ("sea_distance",)

COUNTS = "from series_count where series = $series order by week, water nulls first"
VIEWS = "from volume_view where series = $series order by week, water, view"
RATES = "from window_rate where series = $series"

ROW_GROUP = 122_880
"""Rows that DuckDB gives to a thread together (its documentation, "Parallelism"). For fewer, a
second thread only costs: one makes a build of 2,000 fixes some 15 % longer (medians of four)."""

CALL_ORDER = ("mmsi", "track_id", "arrived_at", "port_id")
FIX_ORDER = ("mmsi", "reported_at", "lon", "lat")


class _Step(NamedTuple):
    """Relations made in Python: the relations that they are made from, their names, a function."""

    reads: tuple[str, ...]
    makes: tuple[str, ...]
    make: Callable[[], None]


def load_ahead() -> None:
    """Load what a build needs of this version's own files, and the modules that it imports."""
    from flows.derive import (  # noqa: F401, PLC0415 scipy
        agreement,
        detections,
        sea_ways,
        series,
        volume,
        volume_change,
    )

    _fences(tuple(port_files()), folder_hash(data_path("ports")))
    bundled_versions()
    relations.in_order({})


def digest_new(settings: Settings, manifest: Manifest) -> None:
    """Store a digest of the parts of the lake that have none yet; see `flows.derive.digest`."""
    parts = digest.undigested(settings, manifest)
    if not parts:
        return
    with connect(settings) as con:
        ports, fences = _fences(tuple(port_files()), folder_hash(data_path("ports")))
        _begin(con, ports, fences)
        relations.create(con, "strait_side")
        digest.store(con, settings, parts)


def build(
    settings: Settings,
    manifest: Manifest,
    run: dict[str, Any],
    *,
    publish: bool,
    from_scratch: bool = False,
    known_on: date | None = None,
    spread: calls.Spread | None = None,
) -> tuple[Path, dict[str, list[dict[str, Any]]]]:
    """Build the catalogue beside the one in use.

    Parameters
    ----------
    settings : Settings
        Home, as-of time and limits.
    manifest : Manifest
        What the lake holds.
    run : dict
        The record of this run, a row of the relation `run`; empty for a catalogue of no run.
    publish : bool
        Whether this run publishes the weeks that are new or changed.
    from_scratch : bool
        Recompute every ship, instead of reusing the results of the catalogue in use.
    known_on : date or None
        Link ships by what was known on that day; None for all present knowledge.
    spread : callable, optional
        Processes the ships elsewhere; see `flows.derive.calls.Spread`.

    Returns
    -------
    path, published : Path, dict of list of dict
        The closed file, for `swap_in`; and the rows that this run publishes, by history, to be
        appended in this order before the file is swapped in.
    """
    path = settings.home / "tmp" / f"{uuid.uuid4().hex}.duckdb"
    path.parent.mkdir(exist_ok=True)
    ports, fences = _fences(tuple(port_files()), folder_hash(data_path("ports")))
    meta = _meta(settings, manifest, known_on)
    fixes = sum(entry.rows_kept for entry in manifest.entries.values())
    threads = min(settings.threads, 1 + fixes // ROW_GROUP)
    with open_for_writing(path, settings._replace(threads=threads)) as con:
        for name in LAKE_VIEWS:
            lake_view(con, settings, manifest, name)
        tables, entries = given(settings.home, manifest, meta, run, publish=publish)
        seen = witnesses.load(settings.home, ports)._asdict()
        _begin(con, ports, {**fences, **tables, **seen})
        relations.store(con, "version_entry", entries)
        reuse.take_over(con, settings, manifest, from_scratch=from_scratch)
        end = _data_end(manifest)

        def find_calls() -> None:
            candidate = con.table("candidate").to_arrow_table()
            kept = (
                calls.NO_WORK if from_scratch else reuse.settled(con, settings, manifest, candidate)
            )
            work = calls.find_calls(con, ports, end, kept, spread)
            tables = (
                work.calls.sort_by([(name, "ascending") for name in CALL_ORDER]),
                work.flagged.sort_by([(name, "ascending") for name in FIX_ORDER]),
                work.ships.sort_by("mmsi"),
                *find_events(work, end),
            )
            _store(con, FROM_TRACKS, tables)

        _derive(
            con,
            _Step(
                ("strait_side",),
                digest.RELATIONS,
                lambda: digest.relate(con, settings, manifest, from_scratch=from_scratch),
            ),
            _Step(("candidate", "reception_slot", "source_terms"), FROM_TRACKS, find_calls),
            _Step(
                ("spoofing_window", "source_terms", "flagged_position"),
                STRETCHES,
                lambda: relations.store_read(con, *STRETCHES, find_stretches),
            ),
            _Step(
                ("series", "series_count"),
                FROM_COUNTS,
                lambda: _store(con, FROM_COUNTS, _series(con)),
            ),
            _Step(
                ("series", "series_count", "volume_count", "volume_view", *FROM_COUNTS),
                FROM_VOLUMES,
                lambda: _store(con, FROM_VOLUMES, _volumes(con)),
            ),
            _Step(("witness_pair",), PAIRED, lambda: _store(con, PAIRED, [_paired(con)])),
            _Step(
                ("agreement_week", "witness_count"),
                COMPARED,
                lambda: _store(con, COMPARED, _compared(con)),
            ),
            _Step(("look_pair",), ASSIGNED, lambda: _store(con, ASSIGNED, [_assigned(con)])),
            _Step(
                ("look_alone", "look_footprint"),
                INSIDE,
                lambda: _store(con, INSIDE, [_inside(con, ports)]),
            ),
            _Step(("unseen_count",), UNSEEN, lambda: _store(con, UNSEEN, [_unseen(con)])),
            _Step(("encounter",), LYING, lambda: _store(con, LYING, [_lying(con, ports)])),
            _Step(("sea_leg", "port"), WAYS, lambda: _store(con, WAYS, [_ways(con)])),
            _Step((), PARTS, lambda: _store(con, PARTS, [reuse.worked_part(manifest)])),
        )
        new = {
            history: con.table(relation).order("publication_id").to_arrow_table().to_pylist()
            for history, relation in PUBLICATIONS.items()
        }
        if run:
            reuse.keep(con, settings, manifest)
        relations.end(con)
    return path, new


def _begin(con: duckdb.DuckDBPyConnection, ports: Ports, tables: Mapping[str, pa.Table]) -> None:
    """Tables and the box round the ports, as the files of `sql/` read them."""
    for name, table in tables.items():
        con.register(name, table)
    con.execute("set variable near = $near", {"near": near_box(ports)})
    relations.begin(con)


def _derive(con: duckdb.DuckDBPyConnection, *steps: _Step) -> None:
    """Create every relation, each after its inputs."""
    step_of = {name: step for step in steps for name in step.makes}
    made: set[str] = set()
    for name in relations.in_order({name: step.reads for name, step in step_of.items()}):
        if name not in step_of:
            relations.create(con, name)
        elif name not in made:
            step_of[name].make()
            made.update(step_of[name].makes)


def _store(
    con: duckdb.DuckDBPyConnection, names: Iterable[str], tables: Iterable[pa.Table]
) -> None:
    for name, table in zip(names, tables, strict=True):
        relations.store(con, name, table)


@contextmanager
def built_beside(
    settings: Settings, *, from_scratch: bool = False, known_on: date | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A temporary catalogue of the same lake and as-of time as the one in use.

    See `build` for `from_scratch` and `known_on`. It is deleted when the connection is closed.
    """
    manifest = read_manifest(settings.place)
    with explained(settings), open_catalogue(existing(settings.home), settings) as used:
        row = used.execute("select value from meta where key = 'as_of'").fetchone()
    assert row is not None
    then = settings._replace(as_of=datetime.fromisoformat(row[0]))
    with explained(settings):
        built, _ = build(
            then, manifest, {}, publish=False, from_scratch=from_scratch, known_on=known_on
        )
    try:
        with explained(settings), open_catalogue(built, settings) as con:
            yield con
    finally:
        built.unlink()


def _meta(settings: Settings, manifest: Manifest, known_on: date | None) -> dict[str, str]:
    return {
        "format": str(FORMAT),
        "code_version": __version__,
        "as_of": settings.as_of.isoformat(sep=" "),
        HOME: str(settings.place),
        "time_zone": TIME_ZONE,
        **hashes(settings.home, manifest),
        **reuse.method(settings.home, manifest),
        **({} if known_on is None else {"known_on": known_on.isoformat()}),
    }


def _data_end(manifest: Manifest) -> datetime | None:
    ends = [e.last_reported_at for e in manifest.entries.values() if e.last_reported_at is not None]
    return max(ends, default=None)


def _series(con: duckdb.DuckDBPyConnection) -> list[pa.Table]:
    """Each series' windows, and the limits, test and word of each of its weeks."""
    # scipy takes a quarter of a second to load, and most commands only read.
    from flows.derive import series  # noqa: PLC0415

    windows, weekly = [], []
    for (name,) in con.execute("select series from series order by series").fetchall():
        weeks = con.execute(COUNTS, {"series": name}).df()
        windows.append(series.windows(weeks).assign(series=name))
        weekly.append(series.weekly(weeks, windows[-1]).assign(series=name))
    tables = (pd.concat(windows), pd.concat(weekly))
    return [
        pa.Table.from_pandas(table.astype({"series": "str"}), preserve_index=False)
        for table in tables
    ]


def _volumes(con: duckdb.DuckDBPyConnection) -> list[pa.Table]:
    """The oil of each week, and whether it changed, in each series of tankers."""
    from flows.derive import volume, volume_change  # noqa: PLC0415 scipy, as above

    dispersions = con.sql("select series, week, dispersion from week_rate where water is null").df()
    weekly = volume.weekly(con.table("volume_count").df(), dispersions)
    windows = []
    of_tankers = "select series from series where cargo = 'tanker' order by series"
    for (name,) in con.execute(of_tankers).fetchall():
        weeks, views, rates = (
            con.execute(query, {"series": name}).df() for query in (COUNTS, VIEWS, RATES)
        )
        of_series = volume_change.windows(weeks, views, rates, dispersions)
        windows.append(of_series.assign(series=name))
    return [
        pa.Table.from_pandas(table.astype({"series": "str"}), preserve_index=False)
        for table in (weekly, pd.concat(windows))
    ]


def _paired(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Which visit of a witness is which call of ours."""
    from flows.derive import agreement  # noqa: PLC0415 scipy, as above

    return agreement.paired(con.table("witness_pair").df())


def _lying(con: duckdb.DuckDBPyConnection, ports: Ports) -> pa.Table:
    """Where each pair of tankers lay alongside."""
    places = con.sql("select encounter_id, lon, lat from encounter order by encounter_id")
    return sts_areas.placed(places.df(), ports)


def _ways(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """How far it is by sea between Iranian and Russian ports."""
    from flows.derive import sea_ways  # noqa: PLC0415 scipy, as above

    ports = con.sql("select port_id, country, trade_tier from port").df()
    return sea_ways.sea_distances(con.table("sea_leg").df(), ports)


def _compared(con: duckdb.DuckDBPyConnection) -> list[pa.Table]:
    """How far witnesses and we agree: their series, and the visits that they saw."""
    from flows.derive import agreement  # noqa: PLC0415 scipy, as above

    return [
        agreement.agreement(con.table("agreement_week").df()),
        agreement.scores(con.table("witness_count").df()),
    ]


def _assigned(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Which detection is which ship that AIS heard."""
    from flows.derive import detections  # noqa: PLC0415 scipy, as above

    return detections.matched(con.table("look_pair").df())


def _inside(con: duckdb.DuckDBPyConnection, ports: Ports) -> pa.Table:
    """Which ships that AIS heard lay where a sensor looked."""
    from flows.derive import detections  # noqa: PLC0415 scipy, as above

    return detections.inside(con.table("look_alone").df(), con.table("look_footprint").df(), ports)


def _unseen(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """How many ships AIS and the sensors both missed."""
    from flows.derive import detections  # noqa: PLC0415 scipy, as above

    return detections.unseen(con.table("unseen_count").df())


# A service builds every week, a check builds twice: the same files give the same tables.
@lru_cache(maxsize=1)
def _fences(files: tuple[Path, ...], _content: str) -> tuple[Ports, Mapping[str, pa.Table]]:
    """The ports and fences, as read and as tables, and the cells of the map that lie near a port or
    touch its limit. Of the files' paths and a hash of their contents; not to be changed."""
    ports = load_ports(*files)
    cell_x, cell_y = grid(ports)
    tables = {
        "fenced_port": pa.Table.from_pandas(with_geometry(ports.port), preserve_index=False),
        "fenced_area": pa.Table.from_pandas(with_geometry(ports.port_area), preserve_index=False),
        "surrounding_cell": surrounding_cells(ports, cell_x, cell_y),
        "limit_cell": limit_cells(ports),
        "limit_point": limit_points(ports),
        "fenced_sts_area": pa.Table.from_pandas(
            with_geometry(sts_areas.sts_areas()), preserve_index=False
        ),
    }
    return ports, MappingProxyType(tables)
