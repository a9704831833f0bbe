"""Which hull a ship is: handed-on MMSIs, stolen and mistaken numbers, and persons' decisions.

Found by a hostile reader of the first version: each of these ships was linked, or lost its link.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from flows.catalogue import access
from tests.build.ships import (
    BANDAR,
    BLACK_SEA,
    CPC,
    NOVOROSSIYSK,
    List,
    Ship,
    call,
    candidates,
    conflicts,
    home_of,
    ofac,
    sdn,
    ship,
    way,
    without_imo,
)

FAR = (57.5, 25.5)
ROADS = (37.80, 44.64)
"""Inside the limit of Novorossiysk, where ships wait for the moorings of the Caspian pipeline."""

RENAMED = ship(101, "FIRST OWNER")
OTHER_SIGN = ship(102, "OTHER SIGN")
BEFORE = ship(103, "COMES LATER")
MUTE = ship(104, "LONG MUTE")
VICTIM = ship(105, "VICTIM")
THIEF = ship(106, "SMALL TUG", mid=273, imo=VICTIM["imo"], length_m="30", beam_m="9")
PORT_THEN_SOLD = ship(107, "OLD OWNER")
PORT_THEN_OTHER = ship(108, "OLD NAME")
BARGE = ship(109, "BARGE", length_m="38", beam_m="9")
BACK = ship(111, "BACK AGAIN", mid=273)
SILENT = ship(112, "SILENT FOR MONTHS")
WAITER = ship(113, "WAITS FOR KAZAKH OIL")
UNSAID = ship(114, "CONFIRMED THEN REFUSED")
TRUE_ONE, FALSE_ONE = ship(115, "TRUE ONE"), ship(116, "FALSE ONE")
SAID_TRUE, SAID_FALSE = ship(117, "SAID TO BE TRUE"), ship(118, "SAYS SO ITSELF")
DATED = ship(119, "REFUSED IN THE PAST")
BRIEFLY, MISTAKE = ship(120, "HAS IT FOR LONG"), ship(121, "HAS IT BY MISTAKE")
CROWD = [ship(130 + n, f"CROWD {n}", imo="1234567") for n in range(21)]


def rows() -> Iterator[str]:
    yield from call(RENAMED, 2)
    yield from call(without_imo(RENAMED, vessel_name="NEW OWNER", call_sign=""), 40)
    yield from call(OTHER_SIGN, 2)
    yield from call(without_imo(OTHER_SIGN, vessel_name="", call_sign="ELSE9"), 40)
    yield from call(without_imo(BEFORE, vessel_name="SOMEBODY", call_sign=""), 2)
    yield from call(BEFORE, 40)
    yield from call(MUTE, 2)
    yield from call(without_imo(MUTE, vessel_name="", call_sign="", length_m="", beam_m=""), 200)
    yield from way(THIEF, -20, FAR, (57.6, 25.6), stay_h=1)
    yield from call(VICTIM, 2)
    yield from way(without_imo(PORT_THEN_SOLD), 0, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    sold = ship(107, "NEW OWNER", imo=ship(127, "")["imo"], call_sign="ELSE1", length_m="330")
    yield from call(sold, 40)
    yield from way(without_imo(PORT_THEN_OTHER), 0, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    yield from call(without_imo(PORT_THEN_OTHER, vessel_name="NEW NAME", call_sign="ELSE2"), 40)
    yield from call(BARGE, 2)
    yield from call(BACK | {"mmsi": "352990111"}, 2)
    yield from way(BACK, 190, (56.0, 25.0), (56.1, 25.1))
    # Last heard in port, and months later in the Gulf.
    yield from way(SILENT, 0, BLACK_SEA, NOVOROSSIYSK, NOVOROSSIYSK)
    yield from way(SILENT, 150, FAR, (57.6, 25.6), stay_h=1)
    yield from call(SILENT, 154)
    yield from call(SILENT, 200)
    yield from way(WAITER, 0, BLACK_SEA, ROADS, CPC, BLACK_SEA)
    yield from call(WAITER, 40)
    yield from call(without_imo(UNSAID), 2)
    for one, two in ((TRUE_ONE, FALSE_ONE), (SAID_TRUE, SAID_FALSE)):
        yield from call(without_imo(one) if one is SAID_TRUE else one, 2)
        yield from way(two | {"imo": one["imo"]}, 2, FAR, BANDAR, FAR)
    yield from call(without_imo(DATED), 2)
    for day_number in range(0, 60, 3):
        yield from call(BRIEFLY, day_number)
    yield from way(MISTAKE | {"imo": BRIEFLY["imo"]}, 2, FAR, BANDAR, FAR)
    for of in CROWD:
        yield from way(of, 2, FAR, (57.6, 25.6), stay_h=1)


LISTED = [
    *(
        sdn(number, of, "RUSSIA-EO14024")
        for number, of in enumerate((RENAMED, OTHER_SIGN, BEFORE, MUTE), 1)
    ),
    sdn(10, BARGE, "RUSSIA-EO14024", gross="81,000", mmsi=BARGE["mmsi"]),
    sdn(11, UNSAID | {"vessel_name": "X ONE"}, "RUSSIA-EO14024"),
    sdn(12, TRUE_ONE | {"vessel_name": "X TWO"}, "RUSSIA-EO14024"),
    sdn(13, SAID_TRUE | {"vessel_name": "X THREE"}, "RUSSIA-EO14024"),
    sdn(14, DATED | {"vessel_name": "X FOUR"}, "RUSSIA-EO14024", mmsi=DATED["mmsi"]),
    sdn(15, BRIEFLY | {"vessel_name": "X FIVE"}, "RUSSIA-EO14024"),
    sdn(16, CROWD[0], "RUSSIA-EO14024"),
]

DECISIONS = [
    "mmsi,imo,decision,from,to,by,on,why",
    f"{UNSAID['mmsi']},{UNSAID['imo']},confirm,,,M. K.,2026-04-01,same call sign",
    f"{UNSAID['mmsi']},{UNSAID['imo']},refuse,,,M. K.,2026-04-02,no",
    f"{FALSE_ONE['mmsi']},{TRUE_ONE['imo']},refuse,,,M. K.,2026-04-02,a tanker of another owner",
    f"{SAID_TRUE['mmsi']},{SAID_TRUE['imo']},confirm,,,M. K.,2026-04-02,seen in port",
    f"{DATED['mmsi']},{DATED['imo']},refuse,2020-01-01,2020-02-28,M. K.,2020-03-01,then another",
]


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    lists = [List("sdn.csv", ofac(*LISTED), "2026-05-20")]
    earlier = list(way(BACK, -700, (56.0, 25.0), (56.1, 25.1)))
    folder = tmp_path_factory.mktemp("identity")
    settings = home_of(folder, rows(), lists, DECISIONS, earlier=earlier)
    with access.reading(settings) as opened:
        yield opened


def tiers(con: duckdb.DuckDBPyConnection, of: Ship, mmsi: str | None = None) -> list[str]:
    query = "select link_tier from port_call where mmsi = $1 order by arrived_at"
    return [tier for (tier,) in con.execute(query, [int(mmsi or of["mmsi"])]).fetchall()]


CASES = [
    pytest.param(RENAMED, ["strong", "none"], id="another name and no call sign"),
    pytest.param(OTHER_SIGN, ["strong", "none"], id="another call sign and no name"),
    pytest.param(BEFORE, ["none", "strong"], id="another name before the first IMO number"),
    pytest.param(MUTE, ["strong", "none"], id="no static data for half a year"),
    pytest.param(SILENT, ["moderate", "none"], id="180 days from a Russian port, then silence"),
    pytest.param(UNSAID, ["none"], id="the last of two decisions stands"),
    pytest.param(TRUE_ONE, ["strong"], id="the other one is refused"),
    pytest.param(FALSE_ONE, ["none"], id="refused"),
    pytest.param(DATED, ["strong"], id="a refusal holds for its days alone"),
]


@pytest.mark.parametrize(("of", "expected"), CASES)
def test_tiers_of_calls(con: duckdb.DuckDBPyConnection, of: Ship, expected: list[str]) -> None:
    assert tiers(con, of) == expected


def test_a_tug_with_the_number_of_a_tanker_does_not_lend_it_its_flag(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert tiers(con, VICTIM) == ["none"]
    for of in (VICTIM, THIEF):
        assert "imo_of_unlike_ships" in conflicts(con, of)


def test_a_short_mistake_takes_no_number_from_who_had_it_for_long(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert set(tiers(con, BRIEFLY)) == {"strong"}
    assert tiers(con, MISTAKE) == ["none"]
    assert "imo_on_two_hulls" in conflicts(con, MISTAKE)


@pytest.mark.parametrize("of", [PORT_THEN_SOLD, PORT_THEN_OTHER], ids=["own number", "no number"])
def test_what_a_ship_without_number_did_is_no_evidence_on_the_next_under_its_mmsi(
    con: duckdb.DuckDBPyConnection, of: Ship
) -> None:
    assert con.execute(
        "select count(*) from trade_call where mmsi = $1", [int(of["mmsi"])]
    ).fetchone() == (1,)
    assert tiers(con, of) == ["none"]


def test_a_lists_mmsi_is_nothing_against_a_number_that_failed(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert tiers(con, BARGE) == ["none"]
    assert ("imo", int(BARGE["imo"]), None) in candidates(con, BARGE)


def test_a_flag_flown_two_years_before_and_after_does_not_count_between(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert tiers(con, BACK, "352990111") == ["none"]
    query = "select count(*) from vessel_link where imo = $1 and link_reason = 'flag'"
    assert con.execute(query, [int(BACK["imo"])]).fetchone() == (2,)


def test_a_wait_off_novorossiysk_for_kazakh_oil_is_weak(con: duckdb.DuckDBPyConnection) -> None:
    query = "select port_id, area_kind from trade_call where mmsi = $1 order by arrived_at"
    assert con.execute(query, [int(WAITER["mmsi"])]).fetchall() == [
        ("RUNVS", "anchorage"),
        ("RUCPC", "berth"),
    ]
    assert tiers(con, WAITER) == ["weak"]


def test_to_confirm_the_true_one_takes_it_from_the_false_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert (tiers(con, SAID_TRUE), tiers(con, SAID_FALSE)) == (["strong"], ["none"])
    assert "imo_on_two_hulls" in conflicts(con, SAID_FALSE)


def test_a_number_that_many_ships_send_is_nobodys(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute(
        "select distinct imo from vessel where claimed_imo = 1234567 and source = 'AIS'"
    ).fetchall() == [(None,)]
    assert "imo_of_many_ships" in conflicts(con, CROWD[0])
