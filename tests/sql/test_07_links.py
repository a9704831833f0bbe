"""Who is linked to Russia, by what, and who is not: every trap of the lists and of identity.

One world holds all the ships: each calls at Kharg, and a test looks at its own ship. The lists go
in as their publishers write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import duckdb
import pytest

from flows.catalogue import access, build
from flows.catalogue.check import check
from flows.home.settings import Settings
from tests.build.ships import (
    ARKONA,
    BANDAR,
    BLACK_SEA,
    CPC,
    KATTEGAT,
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

PLAIN = ship(1, "PLAIN")
IFSR, SDGT, NPWMD = ship(2, "IFSR ONLY"), ship(3, "SDGT ONLY"), ship(4, "NPWMD ONLY")
IRAN = {
    tag: ship(5 + n, f"SHIP {n}")
    for n, tag in enumerate(
        ("IRAN", "IRAN-EO13846", "IRAN-EO13902", "IRAN-CON-ARMS-EO", "IRAN-EO13876")
    )
}
BOTH = ship(11, "BOTH SIDES")
RUSSIAN_LISTED = ship(12, "LISTED")
TUG, CARGO = ship(13, "PULLER"), ship(14, "BOXES")
GONE = ship(15, "LEFT THE LIST")
WITHOUT_TYPE = ship(16, "NO TYPE SENT", ship_type="")
ENDED = ship(17, "TEAM ENDED")
GUR_ONLY = ship(18, "ONLY GUR")
HANDED_ON = ship(19, "TRUE OWNER")
BARGE = ship(20, "BARGE", length_m="38", beam_m="9")
TWIN_ONE, TWIN_TWO = ship(21, "TWIN ONE"), ship(22, "TWIN TWO")
KNOWN_TWIN, FALSE_TWIN = ship(23, "KNOWN TWIN"), ship(24, "FALSE TWIN")
NAMESAKE = ship(25, "NAMESAKE")
CONFIRMED, REFUSED = ship(26, "CONFIRMED"), ship(27, "REFUSED")
REFLAGGED = ship(28, "REFLAGGED", mid=273)
LONG_AGO = ship(29, "LONG AGO", mid=273)
TRADER, KAZAKH = ship(30, "TRADER"), ship(31, "KAZAKH OIL")
TRADER_BEFORE = ship(32, "TRADER LATER")
BOUND = ship(33, "BOUND FOR", destination="RUULU>EGPSD")
LADEN = ship(34, "LADEN", draught_m="14.5")
IN_BALLAST = ship(35, "IN BALLAST", draught_m="7.0")
OWNED = ship(36, "OWNED")
UNDATED = ship(37, "UNDATED")
SCRAPPED = ship(38, "ZOMBIE")
CARRIED = ship(39, "SOMETIMES SILENT")
DIFFERENT = ship(40, "ANOTHER SHIP")


def rows() -> Iterator[str]:
    """What every ship sent."""
    for of in (PLAIN, IFSR, SDGT, NPWMD, *IRAN.values(), BOTH, RUSSIAN_LISTED, TUG, CARGO):
        yield from call(of, 2)
    yield from call(GONE, 2)
    yield from call(GONE, 100)
    yield from call(WITHOUT_TYPE, 2)
    yield from call(ENDED, 2)
    yield from call(ENDED, 30)
    for of in (GUR_ONLY, BARGE, BOUND, OWNED, UNDATED, SCRAPPED):
        yield from call(of, 2)
    # The list gives this MMSI: with no number, long after, and sent by another hull.
    yield from call(without_imo(HANDED_ON), 20)
    second = {"imo": DIFFERENT["imo"], "vessel_name": "SECOND OWNER", "call_sign": "OTHER"}
    yield from call(HANDED_ON | second, 60)
    # Two ships with one number at once, far from each other.
    for one, two in ((TWIN_ONE, TWIN_TWO), (KNOWN_TWIN, FALSE_TWIN)):
        yield from call(one, 2)
        yield from way(two | {"imo": one["imo"]}, 2, (57.5, 25.5), BANDAR, (57.5, 25.5))
    yield from call(without_imo(NAMESAKE), 2)
    yield from call(without_imo(CONFIRMED), 2)
    yield from call(REFUSED, 2)
    # Under the Russian flag, and half a year or more than a year later under another.
    yield from way(REFLAGGED, 1, (56.0, 25.0), (56.1, 25.1))
    yield from call(REFLAGGED | {"mmsi": "352990028"}, 150)
    yield from way(LONG_AGO, -400, (56.0, 25.0), (56.1, 25.1))
    yield from call(LONG_AGO | {"mmsi": "352990029"}, 2)
    yield from way(TRADER, 0, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    yield from call(TRADER, 40)
    yield from call(TRADER, 183)
    yield from way(KAZAKH, 0, BLACK_SEA, CPC, BLACK_SEA)
    yield from call(KAZAKH, 40)
    yield from call(TRADER_BEFORE, 2)
    yield from way(TRADER_BEFORE, 40, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    for of in (LADEN, IN_BALLAST):
        yield from way(of, 0, (14.0, 54.9), ARKONA, stay_h=1)
        yield from way(of, 2, KATTEGAT, (10.6, 57.9), stay_h=1)
        yield from call(of, 40)
    # The number comes and goes with the static data; the same MMSI with another size is another.
    yield from call(CARRIED, 2)
    yield from call(without_imo(CARRIED), 20)
    yield from call(without_imo(CARRIED, vessel_name="RENAMED", call_sign="", length_m="90"), 40)


LISTED_BY_OFAC = [
    sdn(1, IFSR, "IRAN", "IFSR").replace("IRAN] [IFSR", "IFSR"),
    sdn(2, SDGT, "SDGT"),
    sdn(3, NPWMD, "NPWMD"),
    *(sdn(10 + n, of, tag) for n, (tag, of) in enumerate(IRAN.items())),
    sdn(20, BOTH, "RUSSIA-EO14024", "IRAN-EO13902"),
    sdn(21, RUSSIAN_LISTED, "RUSSIA-EO14024"),
    sdn(22, TUG, "RUSSIA-EO14024", kind="Tug"),
    sdn(23, CARGO, "RUSSIA-EO14024", kind="General Cargo"),
    sdn(24, WITHOUT_TYPE, "UKRAINE-EO13662"),
    sdn(25, HANDED_ON, "RUSSIA-EO14024", mmsi=HANDED_ON["mmsi"]),
    sdn(26, BARGE, "RUSSIA-EO14024", gross="81,000"),
    sdn(27, TWIN_ONE | {"vessel_name": "OTHER NAME"}, "RUSSIA-EO14024"),
    sdn(28, KNOWN_TWIN, "RUSSIA-EO14024"),
    sdn(29, NAMESAKE, "RUSSIA-EO14024"),
    sdn(30, CONFIRMED | {"vessel_name": "FORMER NAME"}, "RUSSIA-EO14024"),
    sdn(31, REFUSED, "RUSSIA-EO14024"),
    sdn(32, SCRAPPED, "RUSSIA-EO14024"),
    sdn(33, CARRIED, "RUSSIA-EO14024"),
]

GUR = [
    "gur_id,name,imo,mmsi_current,mmsi_legacy,flag,vessel_type,callsign,former_names,build_year,"
    "status",
    f"1,ONLY GUR,{GUR_ONLY['imo']},Call sign,,Panama,Crude Oil Tanker,Vessel name,Flags (former),"
    "2009,listed",
]

TEAM = [
    "imo,name,tier,reason,source,from,to",
    f"{ENDED['imo']},TEAM ENDED,strong,listed,Gazette 7,2026-01-01,2026-06-20",
    f"{OWNED['imo']},OWNED,strong,owner,company register,2026-01-01,",
    f"{UNDATED['imo']},UNDATED,moderate,trade,cargo papers,,",
    f"{SCRAPPED['imo']},ZOMBIE,,scrapped,breakers' list,2025-06-01,",
]

DECISIONS = [
    "mmsi,imo,decision,from,to,by,on,why",
    f"{CONFIRMED['mmsi']},{CONFIRMED['imo']},confirm,,,M. K.,2026-04-01,same call sign",
    f"{REFUSED['mmsi']},{REFUSED['imo']},refuse,,,M. K.,2026-04-01,a bunker barge",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The world's home, with its lists imported."""
    gone = sdn(40, GONE, "RUSSIA-EO14024")
    lists = [
        List("old.csv", ofac(*LISTED_BY_OFAC, gone), "2026-05-20"),
        List("new.csv", ofac(*LISTED_BY_OFAC), "2026-08-10"),
        List("gur.csv", "\n".join(GUR), "2026-05-15"),
        List("team.csv", "\n".join(TEAM), "2026-05-15"),
    ]
    return home_of(tmp_path_factory.mktemp("links"), rows(), lists, DECISIONS)


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(home) as opened:
        yield opened


def rows_of(con: duckdb.DuckDBPyConnection, query: str, of: Ship) -> list[dict[str, Any]]:
    return list(con.execute(query, [int(of["mmsi"])]).to_arrow_table().to_pylist())


Of = Callable[[Ship], list[dict[str, Any]]]


@pytest.fixture
def calls(con: duckdb.DuckDBPyConnection) -> Of:
    """The calls of a ship at Iranian ports, oldest first."""
    return partial(rows_of, con, "from port_call where mmsi = $1 order by arrived_at")


@pytest.fixture
def evidence(con: duckdb.DuckDBPyConnection) -> Of:
    """The evidence on a ship's calls."""
    query = """
        select call_evidence.*
        from call_evidence
        inner join port_call using (port_call_id)
        where mmsi = $1
        order by arrived_at, link_source, programme, reference
    """
    return partial(rows_of, con, query)


# Tiers of a ship's calls, their reasons, and whether Iran programmes list it.
TIERS = [
    (PLAIN, ["none"], None, False),
    (IFSR, ["none"], None, True),
    (SDGT, ["none"], None, False),
    (NPWMD, ["none"], None, False),
    *((of, ["none"], None, True) for of in IRAN.values()),
    (BOTH, ["strong"], "listed", True),
    (RUSSIAN_LISTED, ["strong"], "listed", False),
    (GUR_ONLY, ["weak"], None, False),
    (GONE, ["strong", "none"], None, False),
    (ENDED, ["strong", "none"], None, False),
    (KAZAKH, ["weak"], "trade", False),
    (LADEN, ["weak"], "trade", False),
    (IN_BALLAST, ["none"], None, False),
    (BOUND, ["weak"], "destination", False),
    (TRADER, ["moderate", "none"], None, False),
    (TRADER_BEFORE, ["none"], None, False),
    (OWNED, ["strong"], "owner", False),
    (UNDATED, ["moderate"], "trade", False),
]


@pytest.mark.parametrize(
    ("of", "tiers", "reasons", "is_iran_listed"), TIERS, ids=[of["vessel_name"] for of, *_ in TIERS]
)
def test_tier(
    calls: Of, of: Ship, tiers: list[str], reasons: str | None, is_iran_listed: bool
) -> None:
    rows = calls(of)
    assert [row["link_tier"] for row in rows] == tiers
    assert [row["is_russian_linked"] for row in rows] == [
        tier in ("strong", "moderate") for tier in tiers
    ]
    assert {row["is_iran_listed"] for row in rows} == {is_iran_listed}
    if reasons or tiers == ["none"]:
        assert rows[0]["link_reasons"] == reasons


def test_only_the_russian_programme_is_evidence(evidence: Of) -> None:
    assert [(e["programme"], e["reference"]) for e in evidence(BOTH)] == [
        ("RUSSIA-EO14024", "SDN 20")
    ]


def test_the_catalogue_of_gur_alone_makes_no_headline(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    (made,) = calls(GUR_ONLY)
    assert (made["link_tier"], made["is_russian_linked"]) == ("weak", False)
    counted = con.execute(
        "select is_russian_linked from counted_call where port_call_id = $1",
        [made["port_call_id"]],
    ).fetchall()
    assert counted == [(False,)]


def test_the_text_call_sign_is_no_mmsi(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select raw from register_reject where register = 'gur' and not is_whole"
    ).fetchall()
    assert any("Call sign" in raw for (raw,) in found)
    assert con.execute(
        "select mmsis, call_sign, former_names from register_entry where register = 'gur'"
    ).fetchall() == [([], None, [])]


@pytest.mark.parametrize("of", [TUG, CARGO], ids=["tug", "cargo"])
def test_a_listed_ship_that_is_no_tanker_is_not_counted(
    con: duckdb.DuckDBPyConnection, calls: Of, of: Ship
) -> None:
    (made,) = calls(of)
    assert made["is_russian_linked"] and made["is_tanker"] is False
    assert "type_differs" in conflicts(con, of)  # by AIS it says tanker
    assert not con.execute(
        "select 1 from counted_call where port_call_id = $1", [made["port_call_id"]]
    ).fetchall()


def test_a_register_says_what_ais_does_not(calls: Of) -> None:
    (made,) = calls(WITHOUT_TYPE)
    assert (made["is_tanker"], made["tanker_kind"]) == (True, "crude")


def test_a_ship_that_left_the_list_keeps_its_link_for_calls_before(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    assert con.execute(
        "select delisted_on, gone_by from register_entry where imo = $1", [int(GONE["imo"])]
    ).fetchall() == [(None, date(2026, 8, 10))]


def test_an_mmsi_of_a_list_links_within_its_dates_and_never_another_hull(
    calls: Of, evidence: Of
) -> None:
    without_number, other_hull = calls(HANDED_ON)
    assert (without_number["imo"], without_number["link_tier"]) == (None, "strong")
    assert [e["matched_by"] for e in evidence(HANDED_ON)] == ["mmsi"]
    assert (other_hull["imo"], other_hull["link_tier"]) == (int(DIFFERENT["imo"]), "none")


def test_an_imo_number_of_a_larger_ship_does_not_hold(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    (made,) = calls(BARGE)
    assert (made["imo"], made["link_tier"]) == (None, "none")
    assert conflicts(con, BARGE) == {"imo_of_other_size"}
    assert ("imo", int(BARGE["imo"]), None) in candidates(con, BARGE)


def test_an_imo_number_on_two_hulls_at_once_is_neithers_and_its_listing_boths(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    """Else whoever sends a listed ship's number would end its link."""
    for of in (TWIN_ONE, TWIN_TWO):
        (made,) = calls(of)
        assert (made["imo"], made["link_tier"]) == (None, "strong")
        assert "imo_on_two_hulls" in conflicts(con, of)
        assert candidates(con, of) == [("imo", int(TWIN_ONE["imo"]), None)]


def test_of_two_hulls_the_one_that_the_register_knows_keeps_the_number(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    assert [made["link_tier"] for made in calls(KNOWN_TWIN)] == ["strong"]
    assert [(made["imo"], made["link_tier"]) for made in calls(FALSE_TWIN)] == [(None, "none")]
    assert conflicts(con, KNOWN_TWIN) == {"imo_on_two_hulls"}
    assert conflicts(con, FALSE_TWIN) == {"imo_on_two_hulls", "imo_under_unknown_name"}


def test_the_number_of_a_scrapped_hull_does_not_hold(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    (made,) = calls(SCRAPPED)
    assert (made["imo"], made["link_tier"]) == (None, "none")
    assert conflicts(con, SCRAPPED) == {"imo_of_scrapped_ship"}


def test_a_name_alone_is_a_candidate_and_no_link(con: duckdb.DuckDBPyConnection, calls: Of) -> None:
    (made,) = calls(NAMESAKE)
    assert made["link_tier"] == "none"
    assert candidates(con, NAMESAKE) == [("name", int(NAMESAKE["imo"]), None)]


def test_a_person_confirms(calls: Of, evidence: Of) -> None:
    (made,) = calls(CONFIRMED)
    assert (made["imo"], made["link_tier"]) == (int(CONFIRMED["imo"]), "strong")
    assert [e["matched_by"] for e in evidence(CONFIRMED)] == ["decision"]


def test_a_person_refuses_and_wins_over_what_the_ship_sends(
    con: duckdb.DuckDBPyConnection, calls: Of
) -> None:
    (made,) = calls(REFUSED)
    assert (made["imo"], made["link_tier"]) == (None, "none")
    assert {decision for *_, decision in candidates(con, REFUSED)} == {"refuse"}


def test_the_russian_flag_counts_for_a_year_under_any_mmsi_of_the_hull(
    con: duckdb.DuckDBPyConnection, calls: Of, evidence: Of
) -> None:
    (made,) = calls(REFLAGGED | {"mmsi": "352990028"})
    assert (made["flag"], made["link_reasons"]) == ("PA", "flag")
    assert con.execute(
        "select mmsis, flag_changes, first_russian_on, last_russian_on, flag from hull "
        "where imo = $1",
        [int(REFLAGGED["imo"])],
    ).fetchall() == [(2, 1, date(2026, 6, 2), date(2026, 6, 2), "PA")]
    (made,) = calls(LONG_AGO | {"mmsi": "352990029"})
    assert made["link_tier"] == "none"


def test_a_call_at_a_russian_oil_port_links_for_180_days(calls: Of, evidence: Of) -> None:
    (found,) = evidence(TRADER)
    assert (found["link_reason"], found["link_source"]) == ("trade", "AIS")
    assert "Novorossiysk" in found["reference"] and "2026-06-01" in found["reference"]


def test_calls_at_russian_ports_are_no_calls_at_iranian_ones(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert con.execute("select distinct port_id from port_call order by all").fetchall() == [
        ("IRBSR",), ("IRKHK",),
    ]  # fmt: skip
    assert con.execute(
        "select count(*) from weekly_port_calls where not starts_with(port_id, 'IR')"
    ).fetchone() == (0,)
    assert con.execute("select count(*) from trade_call").fetchone() == (3,)


def test_a_laden_passage_out_of_the_baltic_is_weak_evidence(calls: Of, evidence: Of) -> None:
    assert "laden out of the Baltic" in evidence(LADEN)[0]["reference"]


def test_a_destination_that_names_a_russian_port_is_weak_evidence(calls: Of, evidence: Of) -> None:
    assert evidence(BOUND)[0]["reference"] == "destination RUULU EGPSD from 2026-06-03"


def test_an_owner_and_a_teams_own_evidence(calls: Of, evidence: Of) -> None:
    assert [e["link_source"] for e in evidence(OWNED)] == ["company register"]


def test_the_day_of_the_list_is_no_listing_date(evidence: Of) -> None:
    (found,) = evidence(RUSSIAN_LISTED)
    assert (found["listed_on"], found["known_from"]) == (None, date(2026, 5, 20))


def test_known_at_the_call_only_what_was_public_then(calls: Of) -> None:
    assert [made["was_known_at_call"] for made in calls(RUSSIAN_LISTED)] == [True]
    assert [made["was_known_at_call"] for made in calls(PLAIN)] == [None]


def test_a_number_is_carried_while_the_description_agrees(calls: Of) -> None:
    sent, carried, other = calls(CARRIED)
    assert sent["imo"] == carried["imo"] == int(CARRIED["imo"])
    assert (other["imo"], other["link_tier"]) == (None, "none")


@pytest.mark.parametrize(
    ("known_on", "tiers"),
    [("2026-02-01", []), ("2026-06-30", ["strong"])],
    ids=["before the first list", "between"],
)
def test_links_as_they_were_known_on_a_day(home: Settings, known_on: str, tiers: list[str]) -> None:
    with build.built_beside(home, known_on=date.fromisoformat(known_on)) as then:
        found = then.execute(
            "select link_tier from port_call where mmsi = $1 and link_tier <> 'none'",
            [int(RUSSIAN_LISTED["mmsi"])],
        ).fetchall()
        gone = then.execute(
            "select link_tier from port_call where mmsi = $1 order by arrived_at",
            [int(GONE["mmsi"])],
        ).fetchall()
    assert [tier for (tier,) in found] == tiers
    # On 30 June nobody knew that the ship would leave the list in August.
    expected = {0: ["none", "none"], 1: ["strong", "strong"]}[len(tiers)]
    assert [tier for (tier,) in gone] == expected


def test_the_checks_find_nothing_at_fault(home: Settings) -> None:
    assert [finding for finding in check(home) if finding.is_fault] == []


def test_every_linked_call_has_evidence(con: duckdb.DuckDBPyConnection) -> None:
    query = "from port_call anti join call_evidence using (port_call_id) where link_tier <> 'none'"
    assert con.execute(query).fetchall() == []
