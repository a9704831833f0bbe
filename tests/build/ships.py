"""Ships in a line: a tanker with what it sends, its ways and calls, the lists that name it, a home.

What the tests of links, identity, evidence and others build their worlds from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.prepare import prepare_home
from flows.registers import store
from flows.registers.decisions import FILE
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import find_files
from tests.build.derivation import only
from tests.build.files import LAYOUTS, day, ingested, row, settings_of

DANISH = LAYOUTS[2]
START = datetime(2026, 6, 1)
AS_OF = datetime(2027, 2, 1)
"""A Monday; everything is over by the as-of time."""

SEA, BERTH, BANDAR = (50.70, 28.50), (50.34, 29.235), (56.06, 27.10)
ROADS = (50.4017, 29.24)
"""Where ships wait east of Kharg."""
BLACK_SEA, NOVOROSSIYSK, CPC = (37.3, 44.2), (37.80, 44.71), (37.63, 44.62)
ARKONA, KATTEGAT = (13.6, 54.8), (11.2, 57.4)

Ship = dict[str, str]
Place = tuple[float, float]
Way = Callable[[float], tuple[Place, bool]]
"""Hours since the way began -> the place, and whether the ship lies still."""

LEG_H = 6.0


def imo(stem: int) -> int:
    """The IMO number with a right check digit on six digits."""
    return stem * 10 + sum(int(d) * w for d, w in zip(str(stem), range(7, 1, -1), strict=True)) % 10


def ship(number: int, name: str, mid: int = 352, **said: str) -> Ship:
    """A tanker of 244 m with an MMSI and an IMO number of its own."""
    return {
        **{"mmsi": str(mid * 1_000_000 + 990_000 + number), "imo": str(imo(990_000 + number))},
        **{"vessel_name": name, "call_sign": f"CALL{number}", "ship_type": "Tanker"},
        **{"length_m": "244", "beam_m": "42", "draught_m": "9.5", "destination": ""},
    } | said


def second(of: Ship, mid: int = 636) -> Ship:
    """The same hull under another MMSI."""
    return of | {"mmsi": f"{mid}{of['mmsi'][3:]}"}


def sent(of: Ship, moment: datetime, lon: float, lat: float, is_still: bool) -> str:
    """The row of a fix."""
    return row(
        DANISH,
        **of,
        reported_at=f"{moment:%d/%m/%Y %H:%M:%S}",
        lon=f"{lon:.5f}",
        lat=f"{lat:.5f}",
        sog_kn="0.1" if is_still else "9.0",
        nav_status="Moored" if is_still else "Under way using engine",
    )


def way(of: Ship, day_number: float, *places: Place, stay_h: int = 24) -> list[str]:
    """Hourly rows from place to place, six hours each way, a stay at all but the ends."""
    fixes: list[tuple[float, float, bool]] = []
    for number, (x, y) in enumerate(places):
        is_end = number in (0, len(places) - 1)
        fixes += [(x, y, not is_end)] * (1 if is_end else stay_h)
        for east, north in places[number + 1 : number + 2]:
            parts = (part / 6 for part in (1, 2, 3, 4, 5))
            fixes += [(x + (east - x) * part, y + (north - y) * part, False) for part in parts]
    start = START + timedelta(days=day_number)
    return [sent(of, start + timedelta(hours=n), *fix) for n, fix in enumerate(fixes)]


def call(of: Ship, day_number: float) -> list[str]:
    """A call at Kharg: from sea to the berth, a day there, and back."""
    return way(of, day_number, SEA, BERTH, SEA)


def voyage(*places: Place, stay_h: float = 24.0, leg_h: float = LEG_H) -> tuple[Way, float]:
    """A way from place to place with a stay at all but the ends, and how many hours it takes."""
    steps: list[tuple[float, Place, Place]] = []
    for number, (here, there) in enumerate(pairwise(places)):
        steps.append((leg_h, here, there))
        if number + 2 < len(places):
            steps.append((stay_h, there, there))

    def at(hours: float) -> tuple[Place, bool]:
        for length_h, here, there in steps:
            if hours <= length_h:
                part = hours / length_h
                lon, lat = (a + part * (b - a) for a, b in zip(here, there, strict=True))
                return (lon, lat), here == there
            hours -= length_h
        return places[-1], False

    return at, sum(length_h for length_h, _, _ in steps)


def reports(
    of: Ship,
    day_number: float,
    way: tuple[Way, float],
    *,
    every_min: float = 30.0,
    late_s: float = 0.0,
    east_m: float = 0.0,
    north_m: float = 0.0,
    behind_h: float = 0.0,
    heard: Callable[[float], bool] = lambda hours: True,
) -> Iterator[str]:
    """Rows of a ship that sails a way, with a few metres of noise.

    `late_s` moves the moments of its reports, `behind_h` the ship itself along the way; `east_m`
    and `north_m` its place. `heard` says of the hours since the way began whether it is heard.
    """
    at, length_h = way
    for number in range(int((length_h + behind_h) * 60 / every_min) + 1):
        hours = number * every_min / 60 + late_s / 3600
        if not (behind_h <= hours <= length_h + behind_h and heard(hours)):
            continue
        (lon, lat), is_still = at(hours - behind_h)
        noise_m = (number * 37 % 11 - 5) + int(of["mmsi"]) % 7
        moment = START + timedelta(days=day_number, hours=hours)
        lon += (east_m + noise_m) / 111_200 / cos(radians(lat))
        yield sent(of, moment, lon, lat + (north_m - noise_m) / 111_200, is_still)


def sdn(
    number: int, of: Ship, *programmes: str, kind: str = "Crude Oil Tanker", **fields: str
) -> str:
    """A row of OFAC's sdn.csv."""
    remarks = f"Vessel Registration Identification IMO {of['imo']}"
    if "mmsi" in fields:
        remarks += f"; MMSI {fields['mmsi']}"
    gross = fields.get("gross", "-0- ")
    cells = [str(number), of["vessel_name"], "vessel", "] [".join(programmes), "-0- ", "-0- ", kind]
    cells += ["-0- ", gross, "Panama", "-0- ", f"{remarks}."]
    return ",".join(f'"{c}"' if "," in c else c for c in cells)


def without_imo(of: Ship, **said: str) -> Ship:
    return of | {"imo": ""} | said


def ofac(*entries: str) -> str:
    return "\r\n".join(entries) + "\r\n"


def imported(settings: Settings, path: Path, text: str, on: str) -> store.Imported:
    path.write_text(text, encoding="utf-8", newline="")
    return store.import_list(settings, path, published_on=date.fromisoformat(on), accept_loss=True)


class List(NamedTuple):
    """A list to be imported: the name of its file, its text, and the day it is of."""

    name: str
    text: str
    on: str


def home_of(
    folder: Path,
    rows: Iterable[str],
    lists: Iterable[List] = (),
    decisions: Iterable[str] = (),
    as_of: datetime = AS_OF,
    earlier: Iterable[str] = (),
    wanted: Sequence[str] | None = None,
) -> Settings:
    """A home with these rows of AIS, lists and persons' decisions, and all that follows.

    Rows from years earlier have a file of their own: in one they would be a wrong clock's.
    With `wanted` there are these relations and those on the way to them (`only`); of none, no
    catalogue.
    """
    settings = Settings(home=folder / "home", as_of=as_of, threads=1, memory_limit="300MB")
    settings.home.mkdir()
    prepare_home(settings.home)
    (folder / "ais.csv").write_bytes(day(*rows, layout=DANISH))
    if earlier:
        (folder / "earlier.csv").write_bytes(day(*earlier, layout=DANISH))
    outcomes = []
    for file in find_files([str(path) for path in sorted(folder.glob("*.csv"))]):
        outcomes += ingest_file(file, load_sources(settings.home), settings)
    assert {outcome.state for outcome in outcomes} == {"ingested"}, outcomes
    for one in lists:
        imported(settings, folder / one.name, one.text, one.on)
    if decisions:
        (settings.home / FILE).write_text("\n".join(decisions), encoding="utf-8")
    if wanted is None:
        run.derive(settings, outcomes, publish=False)
    elif wanted:
        with only(*wanted):
            run.derive(settings, outcomes, publish=False)
    return settings


def home_with(
    folder: Path, *files: bytes, as_of: datetime = AS_OF, publish: bool = False
) -> Settings:
    """A home with these files of AIS, and all that follows."""
    settings = settings_of(folder / "home", as_of=as_of, threads=1)
    run.derive(settings, ingested(settings, *files), publish=publish)
    return settings


def conflicts(con: duckdb.DuckDBPyConnection, of: Ship) -> set[str]:
    query = "select conflict from vessel_conflict where mmsi = $1"
    return {name for (name,) in con.execute(query, [int(of["mmsi"])]).fetchall()}


def candidates(con: duckdb.DuckDBPyConnection, of: Ship) -> list[tuple[Any, ...]]:
    query = "select met_by, register_imo, decision from link_candidate where mmsi = $1 order by all"
    return con.execute(query, [int(of["mmsi"])]).fetchall()
