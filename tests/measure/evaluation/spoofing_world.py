"""Ships with false and honest tracks through the whole program, and ships of real files.

The former are SIMULATED. Real files hold no known deception and no draughts: each ship is taken for
a tanker on a list, so that all are looked at.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from flows.catalogue import access
from flows.home.settings import Settings, load_settings
from flows.lake.prepare import prepare_home
from flows.registers.store import import_list
from flows.runner import run
from flows.simulate import TRAPS, Tables, simulate_tables
from flows.simulate.files import write_simulation
from flows.simulate.spoofing import HONEST, KINDS
from flows.sources.packings import FLEET_LIST
from geo.earth import great_circle_m
from tests.build.files import ingest

START = date(2026, 3, 2)
DAYS = 35
TYPES = {"VesselType": "80", "vessel_type": "80", "Ship type": "Tanker", "ship_type": "80"}
"""A tanker, in the layouts of the real files."""

SPANS = "select mmsi, kinds, began_at, ended_at, reasons from spoofed_span order by all"
ROWS = """
    select
        mmsi, kinds, spoofed_from as began_at, spoofed_to as ended_at, port_id,
        list_transform(terminals, lambda terminal: terminal.port_id) as terminals
    from possible_spoofed_call
    order by all
"""
SHIP_DAYS = "select count(*) from (select distinct mmsi, reported_at::date from position)"


class World(NamedTuple):
    """Simulated ships: their seeds, number and reporting interval in minutes; with the simulator's
    traps and jamming in place of false tracks, if ``is_trapped``."""

    label: str
    seeds: tuple[int, ...]
    ships: int
    every_min: float | None
    is_trapped: bool = False


class Answers(NamedTuple):
    """What was laid, and what the program found: spans and rows, and ship-weeks heard.

    ``laid`` has mmsi, kind, from_at, to_at, port_id and has_time: whether a ship at 10 knots had
    time for a day at that port. ``carriers`` are ships that carry a trap of false places.
    """

    laid: pd.DataFrame
    spans: pd.DataFrame
    rows: pd.DataFrame
    ship_weeks: float
    carriers: frozenset[int] = frozenset()


def ask(world: World, seed: int, folder: Path) -> Answers:
    """Simulate below a folder, run the program on it, and read its answers."""
    tables = simulate_tables(
        start=START,
        days=DAYS,
        ships=world.ships,
        seed=seed,
        traps=tuple(TRAPS) if world.is_trapped else (),
        jammed_share=0.1 if world.is_trapped else 0.0,
        draughts="measured",
        report_minutes=world.every_min,
        spoofing=() if world.is_trapped else (*KINDS, *HONEST),
    )
    write_simulation(
        folder / "sim",
        tables.fixes,
        tables.truth,
        tables.fleet,
        {},
        start=START,
        days=DAYS,
        layout="marinecadastre-2025",
        compression="none",
        rng=np.random.default_rng([seed, 1]),
        descriptions={},
        command="tests/measure/evaluation/spoofing_world.py",
    )
    settings = _settings(folder, START + timedelta(days=DAYS))
    import_list(settings, folder / "sim" / FLEET_LIST, published_on=START)
    carriers = frozenset(mmsi for mmsis in tables.traps.values() for mmsi in mmsis)
    answers = _answers(settings, folder / "sim" / "ais")
    return answers._replace(laid=_laid(tables, answers.laid), carriers=carriers)


def ask_real(files: Iterable[Path], folder: Path, as_of: date) -> Answers:
    """The same of real files: every ship a tanker that a list names."""
    (folder / "ais").mkdir(parents=True)
    ships: set[str] = set()
    for path in files:
        ships |= _as_tankers(path, folder / "ais")
    settings = _settings(folder, as_of)
    lines = ["imo,name,tier,reason,source,mmsi"]
    lines += [f",SHIP {mmsi},strong,listed,EVALUATION,{mmsi}" for mmsi in sorted(ships)]
    (folder / "list.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_list(settings, folder / "list.csv", published_on=date(2018, 1, 1))
    return _answers(settings, folder / "ais")._replace(laid=pd.DataFrame(columns=list(COLUMNS)))


def _settings(folder: Path, as_of: date) -> Settings:
    moment = datetime.combine(as_of, datetime.min.time()) + timedelta(hours=6)
    settings = load_settings({"home": folder / "home", "as_of": moment.isoformat()}, {})
    prepare_home(settings.home)
    return settings


PORTS = "select port_id, lon, lat from port"
COLUMNS = ("mmsi", "kind", "from_at", "to_at", "port_id", "has_time")


def _answers(settings: Settings, files: Path) -> Answers:
    """What the program found; in the place of what was laid the ports."""
    outcomes = ingest(settings, files)
    assert {outcome.state for outcome in outcomes} == {"ingested"}, outcomes
    run.derive(settings, outcomes, publish=False)
    with access.reading(settings) as con:
        days = con.execute(SHIP_DAYS).fetchone()
        assert days is not None
        ports, spans, rows = (con.sql(query).df() for query in (PORTS, SPANS, ROWS))
        return Answers(ports, spans, rows, days[0] / 7.0)


def _laid(tables: Tables, ports: pd.DataFrame) -> pd.DataFrame:
    """What was laid as moments, and whether there was time for the port."""
    begin = datetime.combine(START, datetime.min.time())
    places = ports.set_index("port_id")
    lines = []
    for mmsi, kind, from_s, to_s, port_id in tables.laid:
        from_at, to_at = (begin + timedelta(seconds=second) for second in (from_s, to_s))
        own = tables.fixes[tables.fixes["mmsi"] == mmsi]
        ends = (
            *own[own["reported_at"] < from_at].iloc[-1:].itertuples(),
            *own[own["reported_at"] > to_at].iloc[:1].itertuples(),
        )
        has_time = False
        if port_id and len(ends) == 2:
            port = places.loc[port_id]
            way_m = sum(
                float(great_circle_m(end.lon, end.lat, port["lon"], port["lat"])) for end in ends
            )
            hours = (ends[1].reported_at - ends[0].reported_at) / timedelta(hours=1)
            has_time = hours >= 24.0 + way_m / 18_520.0
        lines.append((mmsi, kind, from_at, to_at, port_id, has_time))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _as_tankers(path: Path, folder: Path) -> set[str]:
    """Write a file again with each ship a tanker; its MMSIs."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = archive.namelist()[0]
            text = archive.read(name).decode("utf-8")
    else:
        name, text = path.name, path.read_text(encoding="utf-8")
    reader = csv.reader(io.StringIO(text))
    header = next(reader)
    of_type = next((header.index(name) for name in header if name in TYPES), None)
    of_mmsi = next(at for at, name in enumerate(header) if name.strip().lower() == "mmsi")
    ships = set()
    with (folder / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        for line in reader:
            if of_type is not None:
                line[of_type] = TYPES[header[of_type]]
            ships.add(line[of_mmsi])
            writer.writerow(line)
    return {mmsi for mmsi in ships if len(mmsi) == 9 and mmsi[0] in "234567"}
