"""Switch lists: outside the headline until a person decides; owners, who fill `owner_calls`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.home.settings import BarometerError, Settings
from flows.registers.decisions import FILE, read_decisions
from flows.registers.lists.entry import Entry, Junk
from flows.registers.publishers.formats import open_list
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import answer
from tests.build.ships import START, List, Ship, call, home_of, ship

NAMES = (
    *("UNDECIDED", "DECIDED", "FROM A DAY", "TAKEN BACK", "OTHER", "ABSENT", "TWO TIMES"),
    *("BACK FOR A TIME", "DECIDED ANEW"),
)
UNDECIDED, DECIDED, FROM_A_DAY, TAKEN_BACK, OTHER, ABSENT, TWO_TIMES, BACK_FOR_A_TIME, ANEW = (
    ship(701 + n, name) for n, name in enumerate(NAMES)
)
ON_THE_LIST = (*(UNDECIDED, DECIDED, FROM_A_DAY, TAKEN_BACK, TWO_TIMES, BACK_FOR_A_TIME, ANEW),)
HEADER = "imo,name,russian_oil_on,iranian_oil_on,source,reference"
ROWS = [f"{of['imo']},Switched,2026-02-01,2026-04-01,images,scene 7" for of in ON_THE_LIST]
SWITCH = List("switch-list.csv", "\n".join([HEADER, *ROWS, ""]), "2026-05-01")
DECISIONS = "mmsi,imo,decision,from,to,by,on,why"
FLEET = "imo,name,tier,reason,source,from,to"


def day(number: float) -> str:
    return f"{START + timedelta(days=number):%F}"


def rows(*ships: Ship) -> list[str]:
    """A call in each of two weeks by each ship."""
    return [row for of in ships for n in (2, 9) for row in call(of, n)]


COUNTS = """
    select barometer.russian_linked_tanker_calls, barometer.owner_calls, evidence.has_owner
    from barometer inner join evidence_at_hand as evidence using (week)
    where barometer.series = 'russian_linked_tankers' and barometer.tanker_calls > 0
    order by barometer.week
"""
"""Of a coast of which only Kharg is heard no zero is said."""
COUNTED = ("barometer", "evidence_at_hand")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All ships but one called, most are on the list, and a person decided about most."""
    decisions = [
        f",{DECIDED['imo']},link,,9999-12-31,M. K.,{day(5)},images",
        f",{FROM_A_DAY['imo']},link,{day(7)},,M. K.,{day(0)},images",
        f",{TAKEN_BACK['imo']},link,,,M. K.,,",
        f",{TAKEN_BACK['imo']},unlink,,,M. K.,,mistaken",
        f",{OTHER['imo']},link,,,M. K.,,",
        f",{TWO_TIMES['imo']},link,{day(0)},{day(5)},M. K.,{day(0)},images",
        f",{TWO_TIMES['imo']},link,{day(7)},,M. K.,{day(0)},images",
        f",{BACK_FOR_A_TIME['imo']},link,,,M. K.,{day(0)},images",
        f",{BACK_FOR_A_TIME['imo']},unlink,{day(7)},{day(20)},M. K.,{day(0)},sold",
        f",{ANEW['imo']},link,{day(0)},{day(8)},M. K.,{day(0)},images",
        f",{ANEW['imo']},link,{day(6)},,M. K.,{day(12)},images",
    ]
    folder = tmp_path_factory.mktemp("switch")
    wanted = ("port_call", *COUNTED)
    sent = rows(*ON_THE_LIST, OTHER)
    return home_of(folder, sent, [SWITCH], [DECISIONS, *decisions], wanted=wanted)


WEAK, NONE = ("weak", "switch", False, None), ("none", None, False, None)
NOT_YET, KNOWN = (("moderate", "switch", True, was_known) for was_known in (False, True))


@pytest.mark.parametrize(
    ("of", "calls"),
    [
        pytest.param(UNDECIDED, [WEAK, WEAK], id="by nobody"),
        pytest.param(DECIDED, [NOT_YET, KNOWN], id="for all time"),
        pytest.param(FROM_A_DAY, [WEAK, KNOWN], id="from a day on"),
        pytest.param(TAKEN_BACK, [WEAK, WEAK], id="taken back"),
        pytest.param(OTHER, [NONE, NONE], id="of a ship on no such list"),
        pytest.param(TWO_TIMES, [KNOWN, KNOWN], id="for two times"),
        pytest.param(BACK_FOR_A_TIME, [KNOWN, WEAK], id="taken back for a time"),
        pytest.param(ANEW, [KNOWN, NOT_YET], id="anew, where the times overlap"),
    ],
)
def test_a_ship_of_a_switch_list_counts_once_a_person_decides(
    home: Settings, of: Ship, calls: list[tuple[Any, ...]]
) -> None:
    query = f"""
        select link_tier, link_reasons, is_russian_linked, was_known_at_call
        from port_call where mmsi = {of["mmsi"]} order by arrived_at
    """
    assert answer(home, query) == calls


def test_the_headline_has_the_calls_that_a_person_linked(home: Settings) -> None:
    assert [row[0] for row in answer(home, COUNTS)] == [4, 4]
    links = """
        select distinct reference from vessel_link
        where link_reason = 'switch' and link_tier = 'weak'
    """
    assert answer(home, links) == [("scene 7: Russian oil 2026-02-01, Iranian oil 2026-04-01",)]


BAD = {
    "1234568,X,2026-02-01,2026-04-01,images,": "IMO number '1234568', expected seven digits",
    f"{DECIDED['imo']},X,soon,2026-04-01,images,": "russian_oil_on 'soon', expected a day",
    f"{DECIDED['imo']},X,2026-02-01,,images,": "iranian_oil_on '', expected a day",
    f"{DECIDED['imo']},X,2026-02-01,2026-04-01,,": "no source: evidence needs a source",
}


@pytest.mark.parametrize("row", BAD)
def test_a_row_without_both_days_a_ship_or_a_source_is_no_evidence(
    tmp_path: Path, row: str
) -> None:
    path = tmp_path / "switch list.csv"
    path.write_text(f"{HEADER}\n{ROWS[0]}\n{row}\n", encoding="utf-8")
    good, bad = open_list(path).rows
    assert isinstance(good, Entry) and (good.link_tier, good.link_reason) == ("weak", "switch")
    assert isinstance(bad, Junk) and bad.line == 3 and bad.reason.startswith(BAD[row])


def test_a_switch_list_without_its_columns_says_which(tmp_path: Path) -> None:
    path = tmp_path / "switch.csv"
    path.write_text("imo,russian_oil_on,iranian_oil_on\n", encoding="utf-8")
    with pytest.raises(BarometerError, match="it lacks name, source"):
        open_list(path)


@pytest.mark.parametrize(
    "row, fault",
    [
        (f"352003487,{DECIDED['imo']},link,,,,,", "link is about a hull: leave mmsi empty"),
        (",9187628,link,,,,,", "expected seven digits"),
        (f",{DECIDED['imo']},confirm,,,,,", "mmsi is empty, expected nine digits"),
        (f"352003487,{DECIDED['imo']},linked,,,,,", "expected confirm, refuse, link or unlink"),
    ],
)
def test_a_decision_on_a_hull_that_is_none_is_named(tmp_path: Path, row: str, fault: str) -> None:
    (tmp_path / FILE).write_text(f"{DECISIONS}\n{row}\n", encoding="utf-8")
    decisions, (message,) = read_decisions(tmp_path)
    assert decisions.num_rows == 0 and fault in message


def test_a_change_of_mind_is_undone_by_the_next_run(tmp_path: Path) -> None:
    decision = f",{DECIDED['imo']},link,,,M. K.,,"
    settings = home_of(tmp_path, rows(DECIDED), [SWITCH], [DECISIONS, decision], wanted=COUNTED)
    assert [row[0] for row in answer(settings, COUNTS)] == [1, 1]
    (settings.home / FILE).unlink()
    with only(*COUNTED):
        run.derive(settings, [], publish=False)
    assert [row[0] for row in answer(settings, COUNTS)] == [None, None]


NEITHER, ZERO, ONE = (None, False), (None, True), (1, True)
OWNED = {
    "before the first owner of the list": NEITHER,
    "an owner of another ship": ZERO,
    "an owner of one that called": ONE,
    "an owner until the week before": NEITHER,
    "weak evidence": NEITHER,
}
"""What is said of a week each; the list is in force while it has an owner."""


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Each week two ships call, and a list has owners in some."""
    owners = [(ABSENT, "strong", 1), (OTHER, "strong", 2), (OTHER, "weak", 4)]
    entries = [
        f"{of['imo']},X,{tier},owner,registry,{day(7 * week)},{day(7 * week + 6)}"
        for of, tier, week in owners
    ]
    called = [row for of in (DECIDED, OTHER) for n in range(len(OWNED)) for row in call(of, 7 * n)]
    text = "\n".join([FLEET, *entries, ""])
    lists = [List("our-fleet.csv", text, "2026-05-01")]
    return home_of(tmp_path_factory.mktemp("owned"), called, lists, wanted=COUNTED)


@pytest.mark.parametrize("name", OWNED)
def test_owner_calls_are_counted_where_a_list_with_owners_is_in_force(
    owned: Settings, name: str
) -> None:
    """Only where `has_owner` holds may a zero be said (`tests/flows/derive/test_in_port.py`)."""
    said = [row[1:] for row in answer(owned, COUNTS)]
    assert dict(zip(OWNED, said, strict=True))[name] == OWNED[name]


def test_an_owner_without_dates_is_one_in_every_week(home: Settings, tmp_path: Path) -> None:
    assert [row[1:] for row in answer(home, COUNTS)] == [NEITHER, NEITHER]
    text = f"{FLEET}\n{OTHER['imo']},X,strong,owner,registry,,\n"
    lists = [List("our-fleet.csv", text, "2026-05-01")]
    settings = home_of(tmp_path, rows(OTHER), lists, wanted=COUNTED)
    assert [row[1:] for row in answer(settings, COUNTS)] == [ONE, ONE]
