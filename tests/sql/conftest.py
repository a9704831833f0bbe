"""A tiny home with every kind of row, made once: four ships at and near Kharg, and bad lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.catalogue import access, relations
from flows.home.resources import sql_path
from flows.home.rules import with_rules
from flows.home.settings import Settings
from flows.runner import run
from tests.build.derivation import Connection
from tests.build.files import LAYOUTS, SOURCES, day, ingested, settings_of
from tests.conftest import home_once, no_pictures

AS_OF = datetime.fromisoformat("2026-03-18")
"""A Wednesday: 2026-W10 and W11 are closed, W12 is open."""
START = datetime.fromisoformat("2026-03-02")

HEADER = SOURCES[LAYOUTS[1]].header

BERTH, ROADS, SEA = (50.3400, 29.2350), (50.4000, 29.1800), (50.7000, 28.5000)
QUAY = (50.8300, 28.9800)

Waypoint = tuple[float, tuple[float, float]]
"""Hours since `START`, and the place (lon, lat)."""

VOYAGE: list[Waypoint] = [(20, SEA), (26, ROADS), (36, ROADS), (37, BERTH), (63, BERTH), (69, SEA)]
WAIT: list[Waypoint] = [(170, SEA), (176, ROADS), (196, ROADS), (202, SEA)]

RUSSIAN = {"mmsi": 273399990, "vessel_name": "VOLNA", "imo": 9999993, "vessel_type": 80}
LISTED = {"mmsi": 352999990, "vessel_name": "SANRAYZ", "imo": 8862935, "vessel_type": 81}
"""SANRAYZ is in Annex XLII from 24 April 2026, after these calls."""
OTHER = {"mmsi": 422999990, "vessel_name": "DARYA", "imo": 9074729, "vessel_type": 80}
CARGO = {"mmsi": 422999991, "vessel_name": "=SUM(1)", "imo": 0, "vessel_type": 70}

BAD_LINES = [
    "992351000,2026-03-02T05:00:00,50.3,29.2,0,0,511,BUOY,,,,,,,,,B",
    "273399990,2026-03-02T05:00:00,181,91,0,0,511,VOLNA,,,,,,,,,A",
    "273399990,2026-03-02T05:00:00,50.3,95,0,0,511,VOLNA,,,,,,,,,A",
    "273399990,yesterday,50.3,29.2,0,0,511,VOLNA,,,,,,,,,A",
    "273399990,2031-01-01T00:00:00,50.3,29.2,0,0,511,VOLNA,,,,,,,,,A",
    "273399990,2026-03-02T05:00:00,50.3",
]

Opened = Callable[..., AbstractContextManager[Connection]]


def fixes(ship: dict[str, Any], way: Sequence[Waypoint]) -> Iterator[list[Any]]:
    """Hourly rows along waypoints; a ship between two equal ones lies still."""
    for (from_h, here), (to_h, there) in pairwise(way):
        for hour in range(int(from_h), int(to_h)):
            part = (hour - from_h) / (to_h - from_h)
            lon, lat = (a + part * (b - a) for a, b in zip(here, there, strict=True))
            is_still = here == there
            at = (START + timedelta(hours=hour)).isoformat()
            yield [
                *(ship["mmsi"], at, f"{lon:.5f}", f"{lat:.5f}", 0.1 if is_still else 8.5),
                *(360 if is_still else 200.5, 511, ship["vessel_name"]),
                *(f"IMO{ship['imo']}" if ship["imo"] else "", "", ship["vessel_type"]),
                *(5 if is_still else 0, 244, 42, 9.5 if hour < 50 else 14.5, "", "A"),
            ]


def thrown(ship: dict[str, Any]) -> list[list[Any]]:
    """Three rows of a ship shown on a quay of Bushehr, half-way between its hourly ones."""
    rows = list(fixes(ship, [(190, QUAY), (193, QUAY)]))
    for row in rows:
        row[1] = (datetime.fromisoformat(row[1]) + timedelta(minutes=30)).isoformat()
    return rows


def later(way: Sequence[Waypoint], hours: float) -> list[Waypoint]:
    """The same way so many hours later."""
    return [(at + hours, place) for at, place in way]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home whose lake was filled from two files that share fixes, and derived twice."""
    rows = [
        *fixes(RUSSIAN, VOYAGE),
        *fixes(RUSSIAN, WAIT),
        *fixes(LISTED, later(VOYAGE, 190)),
        *fixes(OTHER, later(WAIT, 10)),
        *fixes(CARGO, [(0, (50.30, 28.95)), (370, (50.30, 28.95))]),
        *(row for ship in (RUSSIAN, OTHER, CARGO) for row in thrown(ship)),
    ]
    lines = [",".join(map(str, row)) for row in rows]
    files = day(*lines[:400], lines[3], *BAD_LINES), day(*lines[300:], lines[-1])

    def fill(home: Path) -> Settings:
        made = settings_of(home, as_of=AS_OF)
        with no_pictures():
            run.derive(made, ingested(made, *files), publish=True)
            run.derive(made, [], publish=True)
        return made

    return home_once(tmp_path_factory, "tiny", fill)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home without a single position."""
    made = settings_of(tmp_path_factory.mktemp("empty") / "home", as_of=AS_OF)
    run.derive(made, [], publish=True)
    return made


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[Connection]:
    """The catalogue of the module's own `home`, opened as the program opens it."""
    with access.reading(home) as opened:
        yield opened


@pytest.fixture(scope="session")
def copy(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A copy of the catalogue, open for writing. The views of the lake are tables in it."""
    path = tmp_path_factory.mktemp("copy") / "copy.duckdb"
    path.write_bytes(access.existing(settings.home).read_bytes())
    with duckdb.connect(str(path)) as con:
        relations.define(con)
        for name in access.LAKE_VIEWS:
            con.execute(f"create table {name}_held as from {name}")
            con.execute(f"drop view {name}")
            con.execute(f"alter table {name}_held rename to {name}")
        con.execute("begin")
        for path in sql_path().rglob("comments.sql"):
            text = with_rules(path.read_text(encoding="utf-8"))
            con.execute(text.replace("comment on view", "comment on table"))
        con.execute("commit")
        yield con


@pytest.fixture
def damaged(copy: Connection) -> Opened:
    """The copy with damage done to it by statements of SQL, which is undone afterwards."""

    @contextmanager
    def opened(*statements: str) -> Iterator[Connection]:
        copy.execute("begin")
        try:
            for statement in statements:
                copy.execute(statement)
            yield copy
        finally:
            copy.execute("rollback")

    return opened
