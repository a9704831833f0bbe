"""What a tanker's silence near an Iranian port may be: each ship has twelve days off Kharg."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import shapely
from rich.console import Console

from flows.analyst.vessel import find_ships, ship_record, ship_view
from flows.catalogue import access
from flows.home.resources import port_files
from flows.home.settings import Settings
from flows.report.tables import records
from geo.ports import load_ports
from tests.build.derivation import Connection, Row, derive, only, session
from tests.build.derivation import rows as records_of
from tests.build.files import LAYOUTS, day, row
from tests.build.ships import BERTH, DANISH, SEA, START, Ship, home_with, ship, way

AS_OF = datetime(2027, 6, 1)
DAYS = 12
"""Of a slot; hours of a ship's days count from the first of them."""

OFF = (50.05, 28.95)
"""Outside Kharg's limit, and nearer to it than to any port abroad."""
BACK = (49.97, 28.87)
FAR = (49.0, 28.1)
ABROAD = (48.75, 29.45)
"""Within 60 km of Iran's northern terminals, and nearer to Al Basrah's."""

SILENT_H, BACK_H = 100, 160
"""Hours of a ship's days at which it falls silent and comes back, if nothing else is said."""

DRIFTING = {
    DANISH: ("%d/%m/%Y %H:%M:%S", "Under way using engine"),
    LAYOUTS[1]: ("%Y-%m-%dT%H:%M:%S", "0"),
}
"""How a layout writes a time, and the state of a ship that drifts."""

Point = tuple[float, float]


def stays(
    of: Ship,
    slot: int,
    hours: Sequence[float] | range,
    place: Point = OFF,
    layout: str = DANISH,
    **said: str,
) -> Iterator[str]:
    """A fix an hour, drifting, at hours of the slot's twelve days."""
    form, status = DRIFTING[layout]
    for hour in hours:
        at = START + timedelta(days=DAYS * slot, hours=hour)
        lon, lat = place[0] + hour % 5 / 1e4, place[1]
        fix = {"reported_at": f"{at:{form}}", "lon": f"{lon:.5f}", "lat": f"{lat:.5f}"}
        fix |= {"sog_kn": "0.3", "cog_deg": "90", "nav_status": status}
        yield row(layout, **(of | fix | said))


def falls_silent(
    of: Ship, slot: int, silent_h: int = SILENT_H, back_h: int = BACK_H, **later: str
) -> Iterator[str]:
    """Two days and more off Kharg, silence, and a day more some kilometres off."""
    yield from stays(of, slot, range(24, silent_h + 1))
    yield from stays(of | later, slot, range(back_h, back_h + 24), BACK)


def neighbours(
    slot: int,
    hours: Sequence[int] | range = range(DAYS * 24),
    count: int = 6,
    first: int = 0,
    place: Point = OFF,
    layout: str = DANISH,
) -> Iterator[str]:
    """Cargo ships at anchor around the place, a fix an hour each."""
    kind = {DANISH: "Cargo", LAYOUTS[1]: "70"}[layout]
    for number in range(first, first + count):
        of = ship(800 + number, f"NEIGHBOUR {number}", ship_type=kind)
        yield from stays(of, slot, hours, (place[0] + number / 100, place[1] - 0.02), layout)


def tanker(number: int, name: str, **said: str) -> Ship:
    """A tanker under the Russian flag, which links it from its first fix on."""
    return ship(700 + number, name, mid=273, **said)


DARK, LOADED, ALONE = tanker(1, "DARK"), tanker(2, "LOADED"), tanker(3, "ALONE")
WITH_ALL, WITH_MOST = tanker(4, "WITH ALL"), tanker(5, "WITH MOST")
SPARSE, SHORT, CALLING = tanker(6, "SPARSE"), tanker(7, "SHORT"), tanker(8, "CALLING")
RENAMED, CAUGHT = tanker(9, "TWO NUMBERS"), tanker(10, "CAUGHT")
DRY = tanker(11, "DRY", ship_type="Cargo")
FIRST_TIMER, CALLER = ship(712, "FIRST TIMER"), ship(713, "CALLER")
ANCHORED, GONE = tanker(14, "ANCHORED"), tanker(15, "GONE")
OTHER_SOURCE, LEAVING = tanker(16, "OTHER SOURCE"), tanker(17, "LEAVING")
NEAR_IRAQ, THROWN = tanker(18, "NEAR IRAQ"), tanker(19, "THROWN")
CAME_BACK_ANEW, LONG_AGO = tanker(20, "CAME BACK ANEW"), tanker(21, "LONG AGO")
"""The last one was under the Russian flag until more than a year before."""
THROWN_ONES = [ship(900 + n, f"THROWN {n}", ship_type="Cargo") for n in range(3)]


def rows() -> Iterator[str]:
    """What every ship sent, slot by slot."""
    for slot, of in enumerate((DARK, DRY, FIRST_TIMER, SHORT)):
        yield from neighbours(slot)
        yield from falls_silent(of, slot, back_h=SILENT_H + 26 if of is SHORT else BACK_H)
    # Between the hours too: 60 hours by the clock then have fixes in 61.
    yield from stays(DARK, 0, [hour + 0.5 for hour in range(24, SILENT_H)])
    yield from neighbours(4)
    yield from falls_silent(LOADED | {"draught_m": "8.1"}, 4, draught_m="14.6")
    yield from falls_silent(ALONE, 5)
    yield from neighbours(6, [h for h in range(DAYS * 24) if not SILENT_H < h < BACK_H])
    yield from falls_silent(WITH_ALL, 6)
    # Half of the neighbours fall silent with it, and newcomers are heard all the time.
    yield from neighbours(7, count=4)
    yield from neighbours(7, [h for h in range(DAYS * 24) if not SILENT_H < h < BACK_H], 4, 4)
    yield from falls_silent(WITH_MOST, 7)
    # A fix in twenty hours of each ship, one after the other.
    for number in range(20):
        yield from neighbours(8, range(number, DAYS * 24, 20), 1, number)
    yield from stays(SPARSE, 8, [20, 40, 60, 80])
    yield from stays(SPARSE, 8, [140, 160], BACK)
    yield from neighbours(9)
    yield from way(CALLING, DAYS * 9 + 2, SEA, BERTH, BERTH)
    yield from stays(CALLING, 9, range(160, 184), BACK)
    yield from neighbours(10)
    yield from falls_silent(RENAMED, 10)
    yield from stays(
        RENAMED | {"mmsi": "273990709"}, 10, range(SILENT_H + 2, BACK_H - 2), (50.2, 28.8)
    )
    # Its neighbours further off are thrown to Kharg while it is silent.
    yield from neighbours(11)
    yield from falls_silent(CAUGHT, 11)
    for of in THROWN_ONES:
        yield from stays(of, 11, range(DAYS * 24), FAR)
        for hour in (120, 121, 122):
            yield from stays(of, 11, [hour], BERTH, **shifted(11, hour))
    yield from neighbours(12)
    yield from way(CALLER, DAYS * 12 + 1, SEA, BERTH, SEA)
    yield from stays(CALLER, 12, range(72, 140))
    yield from stays(CALLER, 12, range(200, 220), BACK)
    yield from neighbours(13)
    yield from stays(ANCHORED, 13, [*range(24, SILENT_H), *range(BACK_H, BACK_H + 24)])
    yield from neighbours(14)
    yield from stays(GONE, 14, range(24, SILENT_H))
    # Heard by one source; its neighbours by another while it is silent.
    yield from neighbours(15, [h for h in range(DAYS * 24) if not SILENT_H < h < BACK_H])
    yield from falls_silent(OTHER_SOURCE, 15)
    # Twelve knots to the south, where nobody is heard.
    yield from neighbours(16, place=(50.05, 29.1))
    yield from stays(LEAVING, 16, range(24, SILENT_H))
    yield from stays(LEAVING, 16, [SILENT_H], (50.05, 28.76), sog_kn="12", cog_deg="200")
    yield from stays(LEAVING, 16, range(BACK_H, BACK_H + 24), BACK)
    yield from neighbours(17, place=ABROAD)
    yield from stays(NEAR_IRAQ, 17, range(24, SILENT_H), ABROAD)
    yield from stays(NEAR_IRAQ, 17, range(BACK_H, BACK_H + 24), (48.85, 29.35))
    # It goes on being heard, if in a place where it cannot be; a call made it one to be judged.
    yield from neighbours(18)
    yield from way(THROWN, DAYS * 18 + 1, SEA, BERTH, SEA)
    yield from stays(THROWN, 18, range(72, SILENT_H + 1))
    yield from stays(THROWN, 18, [*range(SILENT_H + 1, SILENT_H + 3), BACK_H - 1], (57.5, 25.5))
    yield from stays(THROWN, 18, range(BACK_H, BACK_H + 24), BACK)
    # It comes back under another MMSI; nobody heard it in between.
    yield from neighbours(19)
    yield from stays(CAME_BACK_ANEW, 19, range(24, SILENT_H + 1))
    yield from stays(CAME_BACK_ANEW | {"mmsi": "352990720"}, 19, range(BACK_H, BACK_H + 24), BACK)
    yield from stays(LONG_AGO, -34, range(24))
    yield from neighbours(20)
    yield from falls_silent(LONG_AGO | {"mmsi": "352990721"}, 20)


def other_rows() -> Iterator[str]:
    """What a second source heard, without a fix that the first has too.

    Such a fix stands under the source of the file with the lower file_id, so that what a source
    heard of others, and with it `coast_silence`, changes with the cut of the files.
    """
    hours = range(SILENT_H + 1, BACK_H)
    yield from neighbours(15, hours, layout=LAYOUTS[1])


def shifted(slot: int, hour: int) -> dict[str, str]:
    """Half past an hour."""
    at = START + timedelta(days=DAYS * slot, hours=hour, minutes=30)
    return {"reported_at": f"{at:%d/%m/%Y %H:%M:%S}"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    files = day(*rows(), layout=DANISH), day(*other_rows(), layout=LAYOUTS[1])
    return home_with(tmp_path_factory.mktemp("dark"), *files, as_of=AS_OF)


def found_of(con: Connection, relation: str, of: Ship) -> list[Row]:
    query = "from query_table([$1]) where mmsi = $2 order by silent_from"
    return records_of(con, query, relation, int(of["mmsi"]))


def dark_call(con: Connection, of: Ship) -> Row:
    (found,) = found_of(con, "possible_dark_call", of)
    return found


VERDICTS = {
    "possible": (DARK, LOADED, CALLER, CAUGHT, CAME_BACK_ANEW),
    "unobserved": (ALONE, WITH_ALL, OTHER_SOURCE),
    "others silent too": (WITH_MOST,),
    "rarely heard": (SPARSE,),
    "lay still": (ANCHORED,),
    "left reception": (LEAVING,),
    "near a foreign port": (NEAR_IRAQ,),
    "false positions": (THROWN,),
    "no silence": (
        *(SHORT, CALLING, RENAMED, DRY, FIRST_TIMER, GONE),
        *(LONG_AGO, LONG_AGO | {"mmsi": "352990721"}),
    ),
}


@pytest.mark.parametrize(
    ("of", "verdict"),
    [(of, verdict) for verdict, ships in VERDICTS.items() for of in ships],
    ids=lambda v: v["vessel_name"] if isinstance(v, dict) else v,
)
def test_verdict(con: Connection, of: Ship, verdict: str) -> None:
    found = [silence["verdict"] for silence in found_of(con, "coast_silence", of)]
    assert found == ([] if verdict == "no silence" else [verdict])


def test_reasons_are_said(con: Connection) -> None:
    assert dark_call(con, LOADED)["reasons"] == (
        "silent 60 h from 30 km off Kharg Island; "
        "6 ships heard around it meanwhile, in 100 % of the hours; "
        "6 of 6 that were there went on; heard itself in 60 of 60 hours before; "
        "time for a call, and came back 42 km off; draught 8.1 -> 14.6 m; linked: flag"
    )
    said = dark_call(con, DARK)["reasons"]
    assert "draught" not in said and "doubt" not in said
    assert "heard itself in 60 of 60 hours before" in said
    # Who called before needs no link.
    last = "no link to Russia that counts; called in Iran before"
    assert dark_call(con, CALLER)["reasons"].endswith(last)
    # Interference is a doubt.
    last = "doubt, positions were jammed then: Kharg Island"
    assert dark_call(con, CAUGHT)["reasons"].endswith(last)
    assert con.execute("select ships from interference").fetchall() == [(3,)]


SILENT_FROM = START + timedelta(hours=SILENT_H)
COLUMNS = {
    "of a linked ship": (DARK, {
        "silent_from": SILENT_FROM, "silent_to": START + timedelta(hours=BACK_H),
        "hours": BACK_H - SILENT_H, "week": f"{SILENT_FROM:%G-W%V}",
        "hull_id": f"IMO {DARK['imo']}", "imo": int(DARK["imo"]),
        "port_id": "IRKHK", "port_name": "Kharg Island", "water": "Persian Gulf",
        "from_lon": OFF[0], "from_lat": OFF[1], "link_tier": "strong", "link_reasons": "flag",
        "neighbours_heard": 6, "draught_before_m": 9.5, "draught_after_m": 9.5,
    }),
    "of a caller": (CALLER, {"link_tier": "none", "link_reasons": None}),
    "named as it left, back under another MMSI":
        (CAME_BACK_ANEW, {"mmsi": int(CAME_BACK_ANEW["mmsi"]), "flag": "RU"}),
}  # fmt: skip


@pytest.mark.parametrize(("of", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_columns_of_a_possible_dark_call(con: Connection, of: Ship, expected: Row) -> None:
    found = dark_call(con, of)
    assert {name: found[name] for name in expected} == expected


def test_counts_know_nothing_of_them(con: Connection) -> None:
    called = con.execute("select mmsi from port_call order by mmsi").fetchall()
    expected = [CALLING, CALLER, THROWN, *THROWN_ONES]
    assert {mmsi for (mmsi,) in called} <= {int(of["mmsi"]) for of in expected}
    counted = con.execute("select count(*) from counted_call where is_russian_linked").fetchone()
    assert counted == (2,)  # of CALLING and THROWN


def test_report_has_those_of_its_week(con: Connection) -> None:
    weeks = con.execute("select week, dark_id from possible_dark_call order by all").fetchall()
    assert len(weeks) == len(VERDICTS["possible"])
    for week, dark_id in weeks:
        found = records(con, "report/possible_dark_call", week=week)
        assert dark_id in {dark["dark_id"] for dark in found}
        assert {dark["week"] for dark in found} == {week}
        assert all(dark["port_name"] for dark in found)


def test_order_cut_and_repetition_change_nothing(con: Connection, tmp_path: Path) -> None:
    lines = list(rows())
    shuffled = random.Random(7).sample(lines, len(lines))
    third = len(lines) // 3
    parts = shuffled[third:], shuffled[: third + 500], shuffled[-400:]
    files = [day(*part, layout=DANISH) for part in parts]
    relations = ("coast_silence", "possible_dark_call")
    with only(*relations):
        other = home_with(tmp_path, day(*other_rows(), layout=LAYOUTS[1]), *files, as_of=AS_OF)
    with access.reading(other) as again:
        for relation in relations:
            query = f"from {relation} order by all"
            assert again.execute(query).fetchall() == con.execute(query).fetchall()


@pytest.mark.parametrize(
    ("of", "neighbours_heard", "heard_share", "words"),
    [
        pytest.param(DARK, 6, 1, "6 ships, 100% of the hours", id="heard"),
        pytest.param(ALONE, 0, 0, "none: unobserved", id="nobody"),
        pytest.param(
            OTHER_SOURCE, 0, 0, "none: unobserved", id="of the source that heard the ship"
        ),
    ],
)
def test_vessel_says_whether_neighbours_were_heard(
    con: Connection, of: Ship, neighbours_heard: int, heard_share: int, words: str
) -> None:
    """The last silence in what `barometer vessel` knows of a ship, and its line in a terminal."""
    (found,) = find_ships(con, of["mmsi"])
    record = ship_record(con, found)
    console = Console(width=200, record=True, file=StringIO())
    console.print(ship_view(record))
    silence = record["silences"][-1]
    shown = (silence["hours"], silence["neighbours_heard"], silence["heard_share"])
    assert shown == (60, neighbours_heard, heard_share)
    assert words in console.export_text()


def test_ports_abroad_lie_in_no_port_of_ours() -> None:
    with session() as con:
        derive(con, "foreign_port")
        abroad = con.table("foreign_port").fetchnumpy()
    limits = load_ports(*port_files()).port["geometry"].to_numpy()
    points = shapely.points(abroad["lon"], abroad["lat"])
    assert not shapely.STRtree(limits).query(points, predicate="dwithin", distance=0.05).size
