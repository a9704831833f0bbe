"""What a tanker is that counts: by the types that it sends, and by its size."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from flows.report.tables import records
from tests.build.sailing import reports, voyage
from tests.build.ships import BERTH, SEA, List, Ship, home_of, ofac, sdn, ship

CALL = voyage(SEA, BERTH, SEA)

TUG = ship(501, "TUG", length_m="32", beam_m="10")
BUNKER = ship(502, "BUNKER", length_m="62", beam_m="12")
COASTER = ship(503, "COASTER", length_m="79", beam_m="13")
RIVER_SEA = ship(504, "RIVER SEA", length_m="110", beam_m="13")
SMALL = ship(505, "JUST LARGE ENOUGH", length_m="80", beam_m="13")
NO_SIZE = ship(506, "NO SIZE", length_m="", beam_m="")
LISTED_SMALL = ship(507, "LISTED SMALL", length_m="60", beam_m="11")
LISTED_TONS = ship(508, "LISTED TONS", length_m="", beam_m="")
SIZES = {
    "tug": (TUG, False),
    "bunker barge": (BUNKER, False),
    "coaster of 79 m": (COASTER, False),
    "80 m": (SMALL, True),
    "river-sea ship": (RIVER_SEA, True),
    "no size sent": (NO_SIZE, True),
    "small, and a tanker by a register": (LISTED_SMALL, False),
    "small by a register's tonnage": (LISTED_TONS, False),
}

SELDOM = ship(520, "SELDOM")
OFTEN_OTHER = ship(521, "OFTEN OTHER")
RESERVED = ship(522, "RESERVED")
DENSE_WRONG = ship(523, "DENSE WRONG")
ONE_BAD_LENGTH = ship(524, "ONE BAD LENGTH")
"""Type and length change from report to report; see `rows`."""

DAYS = {
    of["mmsi"]: 10 * number
    for number, of in enumerate(
        [
            *(of for of, _ in SIZES.values()),
            *(SELDOM, OFTEN_OTHER, RESERVED, DENSE_WRONG, ONE_BAD_LENGTH),
        ]
    )
}


def sending(of: Ship, every: int, first: dict[str, str], other: dict[str, str]) -> Iterator[str]:
    """In two of so many reports the ship says the first, else the other."""
    day = DAYS[of["mmsi"]]
    said = [list(reports(of | words, day, CALL)) for words in (first, other)]
    for number, (one, two) in enumerate(zip(*said, strict=True)):
        yield one if number % every < 2 else two


def rows() -> Iterator[str]:
    for of, _ in SIZES.values():
        yield from reports(of, DAYS[of["mmsi"]], CALL)
    yield from sending(SELDOM, 5, {"ship_type": "Tanker"}, {"ship_type": ""})
    yield from sending(OFTEN_OTHER, 5, {"ship_type": "Tanker"}, {"ship_type": "Cargo"})
    yield from sending(RESERVED, 5, {"ship_type": "Tanker"}, {"ship_type": "Reserved"})
    # A cargo ship for the hours under way, at a report each minute; a tanker on most days.
    day = DAYS[DENSE_WRONG["mmsi"]]
    stay = voyage(SEA, BERTH, SEA, stay_h=72)
    yield from reports(DENSE_WRONG, day, stay, every_min=60, heard=lambda h: h > 6)
    wrong = DENSE_WRONG | {"ship_type": "Cargo"}
    yield from reports(wrong, day, stay, every_min=1, late_s=10, heard=lambda h: h < 6)
    yield from sending(ONE_BAD_LENGTH, 60, {"length_m": "24", "beam_m": "4"}, {})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    entries = [
        sdn(1, LISTED_SMALL, "RUSSIA-EO14024"),
        sdn(2, LISTED_TONS, "RUSSIA-EO14024", gross="600"),
    ]
    lists = [List("sdn.csv", ofac(*entries), "2026-05-20")]
    return home_of(tmp_path_factory.mktemp("tanker"), rows(), lists)


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(home) as opened:
        yield opened


def is_counted(con: duckdb.DuckDBPyConnection, of: Ship) -> bool:
    query = """
        select counted_call.port_call_id is not null
        from port_call left join counted_call using (port_call_id) where port_call.mmsi = $1
    """
    ((found,),) = con.execute(query, [int(of["mmsi"])]).fetchall()
    return bool(found)


@pytest.mark.parametrize(("of", "expected"), SIZES.values(), ids=SIZES)
def test_a_tanker_that_counts_has_a_size(
    con: duckdb.DuckDBPyConnection, of: Ship, expected: bool
) -> None:
    assert is_counted(con, of) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(SELDOM, True, id="a type in two of five reports, none in the rest"),
        pytest.param(OFTEN_OTHER, False, id="a tanker in two of five, cargo in the rest"),
        pytest.param(RESERVED, True, id="a code that is no type in the rest"),
        pytest.param(DENSE_WRONG, True, id="cargo for hours, but reported each minute"),
        pytest.param(ONE_BAD_LENGTH, True, id="a wrong length now and then"),
    ],
)
def test_most_of_what_gives_a_type_tells(
    con: duckdb.DuckDBPyConnection, of: Ship, expected: bool
) -> None:
    assert is_counted(con, of) == expected


def test_the_report_says_how_many_were_too_small(con: duckdb.DuckDBPyConnection) -> None:
    weeks = [week for (week,) in con.execute("select week from barometer").fetchall()]
    told = sum(records(con, "report/notes", week=week)[0]["too_small"] for week in weeks)
    assert told == sum(not expected for _, expected in SIZES.values())
