"""`make evaluate`: port-call detectors against known port calls, reception by reception.

The voyages are SIMULATED: `flows.simulate` makes ships, traps and true calls, and hears them well,
thinly, with silences and with satellite positioning jammed. Barometer takes the day files through
its own ingest, as in `barometer run` without Prefect, and its calls are read from the catalogue,
confidence 2 and up. The others get the same fixes, valid ones only and each once: plain SQL here,
MovingPandas and trackintel in an environment of their own (`evaluation/requirements.txt`). What
those find are stops; `evaluation/stays.sql` makes calls of them for all three, so that only the
finding of stops differs. Nothing here was tuned on the default seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from flows.catalogue import access
from flows.derive import calls
from flows.home.settings import load_settings
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.simulate import TRAPS, simulate
from tests.build.files import ingest
from tests.conftest import ROOT
from tests.measure.benchmark.jobs import timed
from tests.measure.evaluation.score import Judged, judge, some_ships, tally, tally_by_trap, traps_of
from tests.measure.evaluation.tables import (
    CELLS,
    DETECTORS,
    MOST_ROWS,
    RECEPTIONS,
    Reception,
    Results,
    report_markdown,
)

PARTS = Path(__file__).parent / "evaluation"
PEERS_PYTHON = ROOT / ".venv-evaluate" / "bin" / "python"

START = date(2026, 3, 2)
SHIPS = 210
DAYS = 28
SEEDS = (301, 302)
"""Used for nothing else: no threshold was set with them in view."""

SLOW_KN = 0.5
COUNTED = 2
"""The lowest confidence that Barometer counts."""


class Merge(NamedTuple):
    """How stops become calls: the parameters of `evaluation/stays.sql`.

    A stop this near to a port's point is at the port; stops there with no longer gap are one call.
    """

    radius_km: float
    gap_h: float


MERGE = {
    "sql": Merge(5.0, 12.0),
    "sql-wide": Merge(12.0, 36.0),
    "movingpandas": Merge(12.0, 36.0),
    "trackintel": Merge(12.0, 36.0),
}
"""What one would write first, and what does best: roads lie up to 10 km from a port's point, and
silences last longer than 12 h. The wide one was chosen on seed 11."""


class World(NamedTuple):
    """A simulation on disk, with what is known of it.

    `fixes` are those of the day files, for detectors that read no files; of cells there are none.
    """

    folders: tuple[Path, ...]
    true: pd.DataFrame
    fleet: pd.DataFrame
    carriers: dict[str, list[int]]
    fixes: pd.DataFrame
    data_end: datetime


class Detection(NamedTuple):
    """What a detector found, on which fixes, and how long that took.

    `mmsis` are the ships that it was given, None for all.
    """

    calls: pd.DataFrame
    rows: int
    seconds: float
    mmsis: set[int] | None = None
    version: str | None = None


def make_world(folder: Path, reception: Reception, ships: int, days: int, seed: int) -> World:
    """Simulate into a folder, and read what came of it."""
    ships, days = round(ships * reception.share), round(days * reception.share)
    heard = {
        name: getattr(reception, name) for name in ("report_minutes", "reception", "jammed_share")
    }
    how = {"start": START, "days": days, "ships": ships, "seed": seed} | heard
    folders = tuple(folder / layout for layout in reception.layouts)
    for place, layout in zip(folders, reception.layouts, strict=True):
        if layout == CELLS and len(folders) > 1:
            how["reception"] = "1h-most"
        # To pack the files is not what is measured, and half of the simulator's time.
        made = simulate(place, **how, layout=layout, compression="none")
        if layout == reception.layouts[0]:
            true, fleet, files = made.truth, made.fleet, made.files
    expected = json.loads((folders[0] / "expected.json").read_text())
    data_end = datetime.combine(START, datetime.min.time()) + timedelta(days=days)
    if reception.layouts[0] == CELLS:
        return World(folders, true, fleet, expected["traps"], pd.DataFrame(), data_end)
    with duckdb.connect() as con:
        read = {"files": [str(path) for path in files], "until": data_end}
        fixes = con.execute(_sql("fixes"), read).df()
    # Copies of receivers with wrong clocks may be alike to the digit, of a ship that lies still.
    read_less = expected["fixes"] - len(fixes)
    assert 0 <= read_less < 10, f"{len(fixes)} fixes read of {expected['fixes']}"
    return World(folders, true, fleet, expected["traps"], fixes, data_end)


def detect_barometer(world: World, work: Path) -> Detection:
    """Barometer's calls, as `barometer ingest` finds them; the detection is timed apart as well."""
    settings = load_settings({"home": work / "home", "as_of": world.data_end.isoformat()}, {})
    prepare_home(settings.home)
    outcomes = ingest(settings, *(folder / "ais" for folder in world.folders))
    assert all(outcome.state == "ingested" for outcome in outcomes), outcomes
    with timed(calls, "find_calls") as seconds:
        run.derive(settings, outcomes, publish=False)
    with access.reading(settings) as con:
        found = con.execute(
            "select mmsi, imo, port_id, arrived_at, departed_at from port_call "
            "where confidence >= $counted order by arrived_at, mmsi, port_id",
            {"counted": COUNTED},
        ).df()
    return Detection(found, len(world.fixes), seconds["find_calls"])


def detect_sql(world: World, merge: Merge) -> Detection:
    """What an analyst would write first: slow fixes near a port."""
    with duckdb.connect() as con:
        con.register("given", world.fixes)
        con.execute("create table fix as from given")
        start = time.perf_counter()
        stops = con.execute(
            "select mmsi, reported_at as began_at, reported_at as ended_at, lon, lat "
            "from fix where sog_kn < $slow_kn",
            {"slow_kn": SLOW_KN},
        ).to_arrow_table()
        found = stays(con, stops, merge)
        return Detection(found, len(world.fixes), time.perf_counter() - start)


def stays(con: duckdb.DuckDBPyConnection, stops: Any, merge: Merge) -> pd.DataFrame:
    """Port calls from stops, the same way for every detector but Barometer."""
    con.register("stop", stops)
    con.register("place", pd.read_csv(PARTS / "ports.csv"))
    return con.execute(_sql("stays"), merge._asdict()).df()


def _sql(name: str) -> str:
    return (PARTS / f"{name}.sql").read_text(encoding="utf-8")


def detect_peers(names: Sequence[str], world: World, work: Path) -> dict[str, Detection]:
    """The libraries' calls. They run side by side, as each keeps one core busy."""
    started = {}
    for name in names:
        fixes, mmsis = _cut(world, MOST_ROWS[name])
        fixes[["mmsi", "reported_at", "lon", "lat"]].to_parquet(work / f"{name}.parquet")
        command = [str(PEERS_PYTHON), str(Path(__file__).with_name("peers.py")), name]
        command += [str(work / f"{name}.parquet"), str(work / f"{name}-stops.parquet")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started[name] = (process, len(fixes), mmsis)
    found = {}
    for name, (process, rows, mmsis) in started.items():
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{name} failed; its message is above")
        told = json.loads(said)
        with duckdb.connect() as con:
            stops = pd.read_parquet(work / f"{name}-stops.parquet")
            detected = stays(con, stops, MERGE[name])
        how = {"mmsis": mmsis, "version": told["version"]}
        found[name] = Detection(detected, rows, told["seconds"], **how)
    return found


def _cut(world: World, most_rows: int) -> tuple[pd.DataFrame, set[int] | None]:
    if len(world.fixes) <= most_rows:
        return world.fixes, None
    mmsis = some_ships(world.fixes, world.fleet, world.carriers, most_rows)
    return world.fixes[world.fixes["mmsi"].isin(mmsis)], mmsis


class Scored(NamedTuple):
    """A detector's calls of one simulation, judged, and how long it took for them."""

    judged: Judged
    detection: Detection


def score(world: World, detection: Detection, reception: Reception) -> Scored:
    """Judge a detection against the true calls of the ships that the detector was given."""
    true = world.true
    if detection.mmsis is not None:
        true = true[true["mmsi"].isin(detection.mmsis)]
    allowed = {"tolerance": reception.tolerance, "data_end": world.data_end}
    tables = [
        table.assign(traps=traps_of(table["mmsi"], world.fleet, world.carriers))
        for table in judge(true, detection.calls, **allowed)
    ]
    return Scored(Judged(*tables), detection)


def pooled(scores: Sequence[Scored]) -> dict[str, Any]:
    """The figures of one detector at one reception, all seeds together."""
    tables = zip(*(one.judged for one in scores), strict=True)
    judged = Judged(*(pd.concat(some, ignore_index=True) for some in tables))
    given = [one.detection for one in scores]
    return {
        **tally(judged),
        "is_subset": any(one.mmsis is not None for one in given),
        "rows_per_s": sum(one.rows for one in given) / sum(one.seconds for one in given) or None,
        "traps": tally_by_trap(judged, list(TRAPS)),
    }


def evaluate(flags: argparse.Namespace) -> tuple[Results, dict[str, str]]:
    """Simulate, detect and score; give the figures, and the libraries' versions."""
    versions: dict[str, str] = {}
    results: Results = {}
    for name in flags.receptions:
        detectors = ["barometer"] if CELLS in RECEPTIONS[name].layouts else flags.detectors
        peers = [detector for detector in detectors if detector in MOST_ROWS]
        plain = [detector for detector in detectors if detector.startswith("sql")]
        scores: dict[str, list[Scored]] = {detector: [] for detector in detectors}
        for seed in flags.seeds:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                work = Path(folder)
                world = make_world(work / "world", RECEPTIONS[name], flags.ships, flags.days, seed)
                found = {}
                if "barometer" in detectors:
                    found["barometer"] = detect_barometer(world, work)
                found |= {one: detect_sql(world, MERGE[one]) for one in plain}
                found |= detect_peers(peers, world, work)
            for detector, detection in found.items():
                scores[detector].append(score(world, detection, RECEPTIONS[name]))
                if detection.version:
                    versions[detector] = detection.version
            print(
                f"{name}, seed {seed}: {len(world.true):,} true calls, {len(world.fixes):,} fixes, "
                f"{time.perf_counter() - start:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        results[name] = {detector: pooled(some) for detector, some in scores.items()}
    return results, versions


def head(flags: argparse.Namespace, versions: Mapping[str, str]) -> list[str]:
    """What a reader must know before the figures."""
    named = [f"{DETECTORS[name]} {number}" for name, number in versions.items()]
    return [
        "SIMULATED voyages: ships, calls and faults of reception were made up by flows.simulate.",
        f"Command: {shlex.join(['python', '-m', 'tests.measure.evaluate', *flags.given])}",
        f"Seeds {', '.join(map(str, flags.seeds))}; {flags.ships} ships and 15 local craft for "
        f"{flags.days} days each; {os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join([f"DuckDB {duckdb.__version__}", *named]),
        "MovingPandas and trackintel: stops within 12 km of a port's point, one call over gaps of "
        "up to 36 h, as the wider plain SQL.",
    ]


def main() -> None:
    """Evaluate, print the tables, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ships", type=int, default=SHIPS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--receptions", nargs="+", choices=RECEPTIONS, default=tuple(RECEPTIONS))
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=tuple(DETECTORS))
    parser.add_argument("--json", type=Path, help="the raw figures into a file")
    parser.add_argument("--markdown", type=Path, help="all tables into a file, as RESULTS.md")
    flags = parser.parse_args()
    flags.given = sys.argv[1:]
    if set(flags.detectors) & set(MOST_ROWS) and not PEERS_PYTHON.exists():
        parser.error(f"no {PEERS_PYTHON}: run make evaluate, or choose --detectors barometer sql")
    results, versions = evaluate(flags)
    about = head(flags, versions)
    text = report_markdown(results, about)
    print(text)
    if flags.json:
        flags.json.write_text(json.dumps({"about": about, "results": results}, indent=1) + "\n")
    if flags.markdown:
        flags.markdown.write_text(text)


if __name__ == "__main__":
    main()
