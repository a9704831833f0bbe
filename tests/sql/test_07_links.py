"""Who is linked to Russia, by what, and who is not: every trap of the lists and of identity.

One world holds all the ships: most call at Kharg, and a case looks at its own ship. The lists go in
as their publishers write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from flows.catalogue import build
from flows.catalogue.check import check
from flows.home.settings import Settings
from tests.build.derivation import Connection, only
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

FAR, FARTHER = (57.5, 25.5), (57.6, 25.6)
ROADS = (37.80, 44.64)
"""Inside the limit of Novorossiysk, where ships wait for the moorings of the Caspian pipeline."""

PLAIN = ship(1, "PLAIN")
TAGS = "SDGT NPWMD IFSR IRAN IRAN-EO13846 IRAN-EO13902 IRAN-CON-ARMS-EO IRAN-EO13876".split()
NOT_RUSSIAN = {tag: ship(2 + n, f"SHIP {n}") for n, tag in enumerate(TAGS)}
BOTH, RUSSIAN_LISTED = ship(11, "BOTH SIDES"), ship(12, "LISTED")
TUG, CARGO = ship(13, "PULLER"), ship(14, "BOXES")
GONE, ENDED = ship(15, "LEFT THE LIST"), ship(17, "TEAM ENDED")
WITHOUT_TYPE = ship(16, "NO TYPE SENT", ship_type="")
GUR_ONLY, HANDED_ON = ship(18, "ONLY GUR"), ship(19, "TRUE OWNER")
SIZE_OF_A_BARGE = {"length_m": "38", "beam_m": "9"}
BARGE, BARGE_BY_MMSI = ship(20, "BARGE", **SIZE_OF_A_BARGE), ship(109, "BARGE", **SIZE_OF_A_BARGE)
TWIN_ONE, TWIN_TWO = ship(21, "TWIN ONE"), ship(22, "TWIN TWO")
KNOWN_TWIN, FALSE_TWIN = ship(23, "KNOWN TWIN"), ship(24, "FALSE TWIN")
NAMESAKE, CARRIED = ship(25, "NAMESAKE"), ship(39, "SOMETIMES SILENT")
CONFIRMED, REFUSED = ship(26, "CONFIRMED"), ship(27, "REFUSED")
REFLAGGED, LONG_AGO = ship(28, "REFLAGGED", mid=273), ship(29, "LONG AGO", mid=273)
TRADER, KAZAKH = ship(30, "TRADER"), ship(31, "KAZAKH OIL")
TRADER_BEFORE, SCRAPPED = ship(32, "TRADER LATER"), ship(38, "ZOMBIE")
BOUND = ship(33, "BOUND FOR", destination="RUULU>EGPSD")
LADEN, IN_BALLAST = ship(34, "LADEN", draught_m="14.5"), ship(35, "IN BALLAST", draught_m="7.0")
OWNED, UNDATED = ship(36, "OWNED"), ship(37, "UNDATED")
DIFFERENT = ship(40, "ANOTHER SHIP")
RENAMED, OTHER_SIGN = ship(101, "FIRST OWNER"), ship(102, "OTHER SIGN")
NAMED_LATER, MUTE = ship(103, "COMES LATER"), ship(104, "LONG MUTE")
VICTIM = ship(105, "VICTIM")
THIEF = ship(106, "SMALL TUG", mid=273, imo=VICTIM["imo"], length_m="30", beam_m="9")
PORT_THEN_SOLD, PORT_THEN_OTHER = ship(107, "OLD OWNER"), ship(108, "OLD NAME")
BACK = ship(111, "BACK AGAIN", mid=273)
SILENT, WAITER = ship(112, "SILENT FOR MONTHS"), ship(113, "WAITS FOR KAZAKH OIL")
UNSAID, DATED = ship(114, "CONFIRMED THEN REFUSED"), ship(119, "REFUSED IN THE PAST")
TRUE_ONE, FALSE_ONE = ship(115, "TRUE ONE"), ship(116, "FALSE ONE")
SAID_TRUE, SAID_FALSE = ship(117, "SAID TO BE TRUE"), ship(118, "SAYS SO ITSELF")
BRIEFLY, MISTAKE = ship(120, "HAS IT FOR LONG"), ship(121, "HAS IT BY MISTAKE")
SWITCHED = ship(122, "LINKED BY A PERSON")
CROWD = [ship(130 + n, f"CROWD {n}", imo="1234567") for n in range(21)]

CALL_ONCE = (
    *(PLAIN, *NOT_RUSSIAN.values(), BOTH, RUSSIAN_LISTED, TUG, CARGO, WITHOUT_TYPE, GUR_ONLY),
    *(BARGE, BARGE_BY_MMSI, BOUND, OWNED, UNDATED, SCRAPPED, REFUSED, VICTIM, SWITCHED),
    *map(without_imo, (NAMESAKE, CONFIRMED, UNSAID, DATED)),
)
CALL_AGAIN: list[tuple[Ship, Ship, int]] = [
    (GONE, GONE, 100),
    (ENDED, ENDED, 30),
    (RENAMED, without_imo(RENAMED, vessel_name="NEW OWNER", call_sign=""), 40),
    (OTHER_SIGN, without_imo(OTHER_SIGN, vessel_name="", call_sign="ELSE9"), 40),
    (without_imo(NAMED_LATER, vessel_name="SOMEBODY", call_sign=""), NAMED_LATER, 40),
    (MUTE, without_imo(MUTE, vessel_name="", call_sign="", length_m="", beam_m=""), 200),
]
"""Ships that call on day 2, what they send on a later call, and its day."""


def sent() -> Iterator[str]:
    """What every ship sent."""
    for of in CALL_ONCE:
        yield from call(of, 2)
    for first, later, day_number in CALL_AGAIN:
        yield from call(first, 2)
        yield from call(later, day_number)
    # The list gives this MMSI: with no number, long after, and sent by another hull.
    yield from call(without_imo(HANDED_ON), 20)
    second = {"imo": DIFFERENT["imo"], "vessel_name": "SECOND OWNER", "call_sign": "OTHER"}
    yield from call(HANDED_ON | second, 60)
    # Two ships with one number at once, far from each other.
    for one, two in (
        *((TWIN_ONE, TWIN_TWO), (KNOWN_TWIN, FALSE_TWIN)),
        *((TRUE_ONE, FALSE_ONE), (SAID_TRUE, SAID_FALSE)),
    ):
        yield from call(without_imo(one) if one is SAID_TRUE else one, 2)
        yield from way(two | {"imo": one["imo"]}, 2, FAR, BANDAR, FAR)
    for day_number in range(0, 60, 3):
        yield from call(BRIEFLY, day_number)
    yield from way(MISTAKE | {"imo": BRIEFLY["imo"]}, 2, FAR, BANDAR, FAR)
    yield from way(THIEF, -20, FAR, FARTHER, stay_h=1)
    for of in CROWD:
        yield from way(of, 2, FAR, FARTHER, stay_h=1)
    # Under the Russian flag, and half a year or more than a year later under another.
    yield from way(REFLAGGED, 1, (56.0, 25.0), (56.1, 25.1))
    yield from call(REFLAGGED | {"mmsi": "352990028"}, 150)
    yield from way(LONG_AGO, -400, (56.0, 25.0), (56.1, 25.1))
    yield from call(LONG_AGO | {"mmsi": "352990029"}, 2)
    # And two years before and after; see `EARLIER`.
    yield from call(BACK | {"mmsi": "352990111"}, 2)
    yield from way(BACK, 190, (56.0, 25.0), (56.1, 25.1))
    for of, day_number in (
        *((TRADER, 0), (TRADER_BEFORE, 40)),
        *((without_imo(PORT_THEN_SOLD), 0), (without_imo(PORT_THEN_OTHER), 0)),
    ):
        yield from way(of, day_number, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    yield from call(TRADER, 40)
    yield from call(TRADER, 183)
    yield from call(TRADER_BEFORE, 2)
    sold = ship(107, "NEW OWNER", imo=ship(127, "")["imo"], call_sign="ELSE1", length_m="330")
    yield from call(sold, 40)
    yield from call(without_imo(PORT_THEN_OTHER, vessel_name="NEW NAME", call_sign="ELSE2"), 40)
    yield from way(KAZAKH, 0, BLACK_SEA, CPC, BLACK_SEA)
    yield from way(WAITER, 0, BLACK_SEA, ROADS, CPC, BLACK_SEA)
    for of in (LADEN, IN_BALLAST):
        yield from way(of, 0, (14.0, 54.9), ARKONA, stay_h=1)
        yield from way(of, 2, KATTEGAT, (10.6, 57.9), stay_h=1)
    for of in (KAZAKH, WAITER, LADEN, IN_BALLAST):
        yield from call(of, 40)
    # Last heard in port, and months later in the Gulf.
    yield from way(SILENT, 0, BLACK_SEA, NOVOROSSIYSK, NOVOROSSIYSK)
    yield from way(SILENT, 150, FAR, FARTHER, stay_h=1)
    yield from call(SILENT, 154)
    yield from call(SILENT, 200)
    # The number comes and goes with the static data; the same MMSI with another size is another.
    yield from call(CARRIED, 2)
    yield from call(without_imo(CARRIED), 20)
    yield from call(without_imo(CARRIED, vessel_name="RENAMED", call_sign="", length_m="90"), 40)


EARLIER = way(BACK, -700, (56.0, 25.0), (56.1, 25.1))


def listed(of: Ship, *programmes: str, **fields: str) -> str:
    """OFAC's entry on a ship, of the Russian programme if none is named."""
    return sdn(int(of["mmsi"]) % 1000, of, *(programmes or ["RUSSIA-EO14024"]), **fields)


BY_OFAC = [
    *(listed(of, tag) for tag, of in NOT_RUSSIAN.items()),
    listed(BOTH, "RUSSIA-EO14024", "IRAN-EO13902"),
    listed(WITHOUT_TYPE, "UKRAINE-EO13662"),
    listed(TUG, kind="Tug"),
    listed(CARGO, kind="General Cargo"),
    *(listed(of, mmsi=of["mmsi"]) for of in (HANDED_ON, DATED | {"vessel_name": "X FOUR"})),
    listed(BARGE, gross="81,000"),
    listed(BARGE_BY_MMSI, gross="81,000", mmsi=BARGE_BY_MMSI["mmsi"]),
    *(listed(of) for of in (RUSSIAN_LISTED, KNOWN_TWIN, NAMESAKE, REFUSED, SCRAPPED, CARRIED)),
    *(listed(of) for of in (RENAMED, OTHER_SIGN, NAMED_LATER, MUTE, CROWD[0])),
    *(
        listed(of | {"vessel_name": f"FORMER NAME {n}"})
        for n, of in enumerate((TWIN_ONE, CONFIRMED, UNSAID, TRUE_ONE, SAID_TRUE, BRIEFLY))
    ),
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

SWITCH = [
    "imo,name,russian_oil_on,iranian_oil_on,source,reference",
    f"{SWITCHED['imo']},SWITCHED,2026-02-01,2026-04-01,images,scene 7",
]

DECISIONS = [
    "mmsi,imo,decision,from,to,by,on,why",
    f"{CONFIRMED['mmsi']},{CONFIRMED['imo']},confirm,,,M. K.,2026-04-01,same call sign",
    f"{REFUSED['mmsi']},{REFUSED['imo']},refuse,,,M. K.,2026-04-01,a bunker barge",
    f"{UNSAID['mmsi']},{UNSAID['imo']},confirm,,,M. K.,2026-04-01,same call sign",
    f"{UNSAID['mmsi']},{UNSAID['imo']},refuse,,,M. K.,2026-04-02,no",
    f"{FALSE_ONE['mmsi']},{TRUE_ONE['imo']},refuse,,,M. K.,2026-04-02,a tanker of another owner",
    f"{SAID_TRUE['mmsi']},{SAID_TRUE['imo']},confirm,,,M. K.,2026-04-02,seen in port",
    f"{DATED['mmsi']},{DATED['imo']},refuse,2020-01-01,2020-02-28,M. K.,2020-03-01,then another",
    f",{SWITCHED['imo']},link,,,M. K.,2026-04-02,images",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The world's home, with its lists imported."""
    lists = [
        List("old.csv", ofac(*BY_OFAC, listed(GONE)), "2026-05-20"),
        List("new.csv", ofac(*BY_OFAC), "2026-08-10"),
        List("gur.csv", "\n".join(GUR), "2026-05-15"),
        List("team.csv", "\n".join(TEAM), "2026-05-15"),
        List("switch.csv", "\n".join([*SWITCH, ""]), "2026-05-15"),
    ]
    return home_of(tmp_path_factory.mktemp("links"), sent(), lists, DECISIONS, earlier=EARLIER)


def known(con: Connection, of: Ship) -> dict[str, Any]:
    """What is known of a ship: its claims, the columns of its calls at Iranian ports, oldest first,
    and those of the evidence on them."""
    query = """
        select call_evidence.* from call_evidence inner join port_call using (port_call_id)
        where mmsi = $1 order by arrived_at, link_source, programme, reference
    """
    calls, evidence = (
        con.execute(text, [int(of["mmsi"])]).to_arrow_table().to_pydict()
        for text in ("from port_call where mmsi = $1 order by arrived_at", query)
    )
    tiers = calls["link_tier"]
    assert calls["is_russian_linked"] == [tier in ("strong", "moderate") for tier in tiers]
    claims = {"conflicts": conflicts(con, of), "candidates": candidates(con, of)}
    return claims | calls | {f"evidence_{name}": cells for name, cells in evidence.items()}


def case(promise: str, of: Ship, tiers: str, **expected: Any) -> Any:
    """What a ship's calls promise; of a ship that is nowhere linked, no reason is told."""
    if tiers == "none":
        expected = {"link_reasons": [None]} | expected
    expected["link_tier"] = tiers.split()
    return pytest.param(of, expected, id=promise)


def by_number(of: Ship) -> list[tuple[str, int, str | None]]:
    return [("imo", int(of["imo"]), None)]


def imos(*ships: Ship | None) -> list[int | None]:
    return [None if of is None else int(of["imo"]) for of in ships]


TWO_HULLS = {"imo_on_two_hulls"}
UNKNOWN_NAME = TWO_HULLS | {"imo_under_unknown_name"}
LISTED = {"link_reasons": ["listed"]}
WEAK = {"link_reasons": ["trade"]}

CASES = [
    case("on no list, with nothing to be known", PLAIN, "none", was_known_at_call=[None]),
    *(case(f"only under {tag}", of, "none", is_iran_listed=[tag not in ("SDGT", "NPWMD")])
      for tag, of in NOT_RUSSIAN.items()),
    case("the Russian programme alone is evidence", BOTH, "strong", is_iran_listed=[True], **LISTED,
         evidence_programme=["RUSSIA-EO14024"], evidence_reference=["SDN 11"]),
    case("known when its list was; the day of the list is no listing date", RUSSIAN_LISTED,
         "strong", **LISTED, was_known_at_call=[True], evidence_listed_on=[None],
         evidence_known_from=[date(2026, 5, 20)]),
    case("the catalogue of GUR alone makes no headline", GUR_ONLY, "weak"),
    case("links for calls before it left the list", GONE, "strong none"),
    case("a team's own end", ENDED, "strong none"),
    case("an owner by a team's list", OWNED, "strong", link_reasons=["owner"],
         evidence_link_source=["company register"]),
    case("a team's evidence without dates", UNDATED, "moderate", link_reasons=["trade"]),
    case("a person links a ship of a switch list", SWITCHED, "moderate", link_reasons=["switch"]),
    case("a register says what AIS does not", WITHOUT_TYPE, "strong", is_tanker=[True],
         tanker_kind=["crude"]),
    case("a call at a Russian oil port links for 180 days", TRADER, "moderate none",
         evidence_link_reason=["trade"], evidence_link_source=["AIS"]),
    case("a Russian port after the call", TRADER_BEFORE, "none"),
    case("180 days from a Russian port, then silence", SILENT, "moderate none"),
    case("Kazakh oil", KAZAKH, "weak", **WEAK),
    case("a wait off Novorossiysk for Kazakh oil", WAITER, "weak", **WEAK),
    case("laden out of the Baltic", LADEN, "weak", **WEAK),
    case("in ballast out of the Baltic", IN_BALLAST, "none"),
    case("a destination that names a Russian port", BOUND, "weak", link_reasons=["destination"],
         evidence_reference=["destination RUULU EGPSD from 2026-06-03"]),
    case("the Russian flag counts for a year under any MMSI", REFLAGGED | {"mmsi": "352990028"},
         "strong", flag=["PA"], link_reasons=["flag"]),
    case("the Russian flag more than a year ago", LONG_AGO | {"mmsi": "352990029"}, "none"),
    case("the flag of two years before and after", BACK | {"mmsi": "352990111"}, "none"),
    case("a list's MMSI within its dates, and never another hull", HANDED_ON, "strong none",
         imo=imos(None, DIFFERENT), evidence_matched_by=["mmsi"]),
    case("the IMO number of a larger ship", BARGE, "none", imo=[None],
         conflicts={"imo_of_other_size"}, candidates=by_number(BARGE)),
    case("a list's MMSI is nothing against a number that failed", BARGE_BY_MMSI, "none",
         candidates=by_number(BARGE_BY_MMSI)),
    # Else whoever sends a listed ship's number would end its link.
    *(case(f"an IMO number on two hulls is neither's, its listing both's: {of['vessel_name']}", of,
           "strong", imo=[None], conflicts=UNKNOWN_NAME, candidates=by_number(TWIN_ONE))
      for of in (TWIN_ONE, TWIN_TWO)),
    case("the register knows this one of two hulls", KNOWN_TWIN, "strong", conflicts=TWO_HULLS),
    case("and not the other", FALSE_TWIN, "none", imo=[None],
         conflicts=UNKNOWN_NAME),
    case("the number of a scrapped hull", SCRAPPED, "none", imo=[None],
         conflicts={"imo_of_scrapped_ship"}),
    case("a name alone is a candidate and no link", NAMESAKE, "none",
         candidates=[("name", int(NAMESAKE["imo"]), None)]),
    case("a person confirms", CONFIRMED, "strong", imo=imos(CONFIRMED),
         evidence_matched_by=["decision"]),
    case("a person refuses what the ship sends", REFUSED, "none", imo=[None],
         candidates=[(by, int(REFUSED["imo"]), "refuse") for by in ("imo", "name")]),
    case("the last of two decisions stands", UNSAID, "none"),
    case("a refusal holds for its days alone", DATED, "strong"),
    case("the other one is refused", TRUE_ONE, "strong"),
    case("refused", FALSE_ONE, "none"),
    case("to confirm one takes the number from the other", SAID_TRUE, "strong"),
    case("who is not confirmed", SAID_FALSE, "none", conflicts=UNKNOWN_NAME),
    case("who has a number for long", BRIEFLY, " ".join(["strong"] * 20)),
    case("who has it by a short mistake", MISTAKE, "none", conflicts=UNKNOWN_NAME),
    case("carried while the description agrees", CARRIED, "strong strong none",
         imo=imos(CARRIED, CARRIED, None)),
    case("another name and no call sign", RENAMED, "strong none"),
    case("another call sign and no name", OTHER_SIGN, "strong none"),
    case("another name before the first IMO number", NAMED_LATER, "none strong"),
    case("no static data for half a year", MUTE, "strong none"),
    case("a tug with a tanker's number lends it no flag", VICTIM, "none"),
    case("without a number at a Russian port, then another's number", PORT_THEN_SOLD, "none"),
    case("without a number at a Russian port, then another's name", PORT_THEN_OTHER, "none"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "expected"), CASES)
def test_what_is_known_of_a_ship(con: Connection, of: Ship, expected: dict[str, Any]) -> None:
    found = known(con, of)
    assert {name: found[name] for name in expected} == expected
    if "is_iran_listed" not in expected:
        assert set(found["is_iran_listed"]) <= ({False} if all(found["imo"]) else {False, None})


def of_imo(con: Connection, query: str, of: Ship) -> list[tuple[Any, ...]]:
    return con.execute(f"{query} where imo = $1", [int(of["imo"])]).fetchall()


def test_the_text_call_sign_is_no_mmsi(con: Connection) -> None:
    query = "select raw from register_reject where register = 'gur' and not is_whole"
    assert any("Call sign" in raw for (raw,) in con.execute(query).fetchall())
    query = "select mmsis, call_sign, former_names from register_entry where register = 'gur'"
    assert con.execute(query).fetchall() == [([], None, [])]


@pytest.mark.parametrize("of", [TUG, CARGO], ids=["tug", "cargo"])
def test_a_listed_ship_that_is_no_tanker_is_not_counted(con: Connection, of: Ship) -> None:
    found = known(con, of)
    assert (found["is_russian_linked"], found["is_tanker"]) == ([True], [False])
    assert "type_differs" in found["conflicts"]  # by AIS it says tanker
    assert counted(con, of) == []


def counted(con: Connection, of: Ship) -> list[tuple[Any, ...]]:
    query = """
        select counted_call.is_russian_linked
        from counted_call inner join port_call using (port_call_id) where port_call.mmsi = $1
    """
    return con.execute(query, [int(of["mmsi"])]).fetchall()


def test_weak_evidence_counts_a_call_as_not_linked(con: Connection) -> None:
    assert counted(con, GUR_ONLY) == [(False,)]


def test_a_register_and_a_hull_tell_from_when_to_when(con: Connection) -> None:
    assert of_imo(con, "select delisted_on, gone_by from register_entry", GONE) == [
        (None, date(2026, 8, 10))
    ]
    query = "select mmsis, flag_changes, first_russian_on, last_russian_on, flag from hull"
    (flown,) = of_imo(con, query, REFLAGGED)
    assert flown == (2, 1, date(2026, 6, 2), date(2026, 6, 2), "PA")
    reasons = of_imo(con, "select link_reason from vessel_link", BACK)
    assert reasons.count(("flag",)) == 2


@pytest.mark.parametrize(
    ("conflict", "ships"),
    [("imo_of_unlike_ships", (VICTIM, THIEF)), ("imo_of_many_ships", CROWD[:1])],
)
def test_a_number_of_unlike_or_many_ships_is_in_conflict(
    con: Connection, conflict: str, ships: list[Ship]
) -> None:
    assert [of["mmsi"] for of in ships if conflict not in conflicts(con, of)] == []
    query = "select distinct imo from vessel where claimed_imo = 1234567 and source = 'AIS'"
    assert con.execute(query).fetchall() == [(None,)]


def test_calls_at_russian_ports_are_no_calls_at_iranian_ones(con: Connection) -> None:
    ports = con.execute("select distinct port_id from port_call order by all").fetchall()
    assert ports == [("IRBSR",), ("IRKHK",)]
    query = "select count(*) from weekly_port_calls where not starts_with(port_id, 'IR')"
    assert con.execute(query).fetchone() == (0,)
    query = "select mmsi, port_id, area_kind, trade_tier from trade_call order by mmsi, arrived_at"
    at_novorossiysk = (TRADER, TRADER_BEFORE, PORT_THEN_SOLD, PORT_THEN_OTHER, SILENT)
    assert con.execute(query).fetchall() == sorted(
        [
            *((int(of["mmsi"]), "RUNVS", "berth", "moderate") for of in at_novorossiysk),
            (int(KAZAKH["mmsi"]), "RUCPC", "berth", "weak"),
            (int(WAITER["mmsi"]), "RUNVS", "anchorage", "weak"),
            (int(WAITER["mmsi"]), "RUCPC", "berth", "weak"),
        ],
        key=lambda made: made[0],
    )


@pytest.mark.parametrize(
    ("of", "words"),
    [(TRADER, ("Novorossiysk", "2026-06-01")), (LADEN, ("laden out of the Baltic",))],
    ids=["a port and its day", "a passage"],
)
def test_evidence_of_trade_says_where(con: Connection, of: Ship, words: tuple[str, ...]) -> None:
    reference = known(con, of)["evidence_reference"][0]
    assert [word for word in words if word not in reference] == []


@pytest.mark.parametrize(
    ("known_on", "listed_tiers", "gone_tiers"),
    [
        pytest.param("2026-02-01", [], ["none", "none"], id="before the first list"),
        # Nobody knew that the ship would leave the list in August.
        pytest.param("2026-06-30", ["strong"], ["strong", "strong"], id="between"),
    ],
)
def test_links_as_they_were_known_on_a_day(
    home: Settings, known_on: str, listed_tiers: list[str], gone_tiers: list[str]
) -> None:
    query = "select link_tier from port_call where mmsi = $1 order by arrived_at"
    day = date.fromisoformat(known_on)
    with only("port_call"), build.built_beside(home, known_on=day) as then:
        found = [
            [tier for (tier,) in then.execute(query, [int(of["mmsi"])]).fetchall()]
            for of in (RUSSIAN_LISTED, GONE)
        ]
    assert found == [listed_tiers or ["none"], gone_tiers]


def test_the_checks_find_nothing_at_fault(home: Settings) -> None:
    assert [finding for finding in check(home) if finding.is_fault] == []


def test_every_linked_call_has_evidence(con: Connection) -> None:
    query = "from port_call anti join call_evidence using (port_call_id) where link_tier <> 'none'"
    assert con.execute(query).fetchall() == []
