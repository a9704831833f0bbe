"""Switch lists: outside the headline until a person decides; owners, who fill `owner_calls`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import access, check
from flows.home.settings import BarometerError, Settings
from flows.registers.decisions import FILE, read_decisions
from flows.registers.lists.entry import Entry, Junk
from flows.registers.publishers.formats import open_list
from flows.runner import run
from tests.build.ships import START, List, call, home_of, ship

SWITCHED, OTHER, ABSENT = (ship(701 + n, f) for n, f in enumerate(("SWITCHED", "OTHER", "ABSENT")))
HEADER = "imo,name,russian_oil_on,iranian_oil_on,source,reference"
ROW = f"{SWITCHED['imo']},Switched,2026-02-01,2026-04-01,images,scene 7"
SWITCH = List("switch-list.csv", f"{HEADER}\n{ROW}\n", "2026-05-01")
DECISIONS = "mmsi,imo,decision,from,to,by,on,why"
FLEET = "imo,name,tier,reason,source,from,to"


def day(number: float) -> str:
    return f"{START + timedelta(days=number):%F}"


def rows() -> list[str]:
    """A call in each of two weeks by either ship."""
    return [row for of in (SWITCHED, OTHER) for n in (2, 9) for row in call(of, n)]


def found(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with access.reading(settings) as con:
        return con.execute(query).fetchall()


CALLS = """
    select link_tier, link_reasons, is_russian_linked, was_known_at_call
    from port_call where vessel_name = 'SWITCHED' order by arrived_at
"""
COUNTS = """
    select barometer.russian_linked_tanker_calls, barometer.owner_calls, evidence.has_owner
    from barometer inner join evidence_at_hand as evidence using (week)
    where barometer.series = 'russian_linked_tankers' and barometer.tanker_calls > 0
    order by barometer.week
"""
"""Of a coast of which only Kharg is heard no zero is said."""
WEAK = ("weak", "switch", False, None)
DECIDED = {
    "nobody": ([], [WEAK, WEAK], [None, None]),
    "for all time": (
        [f",{SWITCHED['imo']},link,,,M. K.,{day(5)},images"],
        [("moderate", "switch", True, False), ("moderate", "switch", True, True)],
        [1, 1],
    ),
    "from a day on": (
        [f",{SWITCHED['imo']},link,{day(7)},,M. K.,{day(0)},images"],
        [WEAK, ("moderate", "switch", True, True)],
        [None, 1],
    ),
    "taken back": (
        [f",{SWITCHED['imo']},link,,,M. K.,,", f",{SWITCHED['imo']},unlink,,,M. K.,,mistaken"],
        [WEAK, WEAK],
        [None, None],
    ),
    "of a ship on no such list": (
        [f",{OTHER['imo']},link,,,M. K.,,"],
        [WEAK, WEAK],
        [None, None],
    ),
}


@pytest.mark.parametrize("name", DECIDED)
def test_a_ship_of_a_switch_list_counts_once_a_person_decides(tmp_path: Path, name: str) -> None:
    decisions, calls, counts = DECIDED[name]
    settings = home_of(tmp_path, rows(), [SWITCH], [DECISIONS, *decisions] if decisions else [])
    assert found(settings, CALLS) == calls
    assert [row[0] for row in found(settings, COUNTS)] == counts
    links = "select reference from vessel_link where link_reason = 'switch' and link_tier = 'weak'"
    assert found(settings, links) == [("scene 7: Russian oil 2026-02-01, Iranian oil 2026-04-01",)]
    assert [finding for finding in check.check(settings) if finding.is_fault] == []


BAD = {
    "1234568,X,2026-02-01,2026-04-01,images,": "IMO number '1234568', expected seven digits",
    f"{SWITCHED['imo']},X,soon,2026-04-01,images,": "russian_oil_on 'soon', expected a day",
    f"{SWITCHED['imo']},X,2026-02-01,,images,": "iranian_oil_on '', expected a day",
    f"{SWITCHED['imo']},X,2026-02-01,2026-04-01,,": "no source: evidence needs a source",
}


@pytest.mark.parametrize("row", BAD)
def test_a_row_without_both_days_a_ship_or_a_source_is_no_evidence(
    tmp_path: Path, row: str
) -> None:
    path = tmp_path / "switch list.csv"
    path.write_text(f"{HEADER}\n{ROW}\n{row}\n", encoding="utf-8")
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
        (f"352003487,{SWITCHED['imo']},link,,,,,", "link is about a hull: leave mmsi empty"),
        (",9187628,link,,,,,", "expected seven digits"),
        (f",{SWITCHED['imo']},confirm,,,,,", "mmsi is empty, expected nine digits"),
        (f"352003487,{SWITCHED['imo']},linked,,,,,", "expected confirm, refuse, link or unlink"),
    ],
)
def test_a_decision_on_a_hull_that_is_none_is_named(tmp_path: Path, row: str, fault: str) -> None:
    (tmp_path / FILE).write_text(f"{DECISIONS}\n{row}\n", encoding="utf-8")
    decisions, (message,) = read_decisions(tmp_path)
    assert decisions.num_rows == 0 and fault in message


def test_a_change_of_mind_is_undone_by_the_next_run(tmp_path: Path) -> None:
    decision = f",{SWITCHED['imo']},link,,,M. K.,,"
    settings = home_of(tmp_path, rows(), [SWITCH], [DECISIONS, decision])
    assert [row[0] for row in found(settings, COUNTS)] == [1, 1]
    (settings.home / FILE).unlink()
    run.derive(settings, [], publish=False)
    assert [row[0] for row in found(settings, COUNTS)] == [None, None]


NEITHER, NONE, ONE = (None, False), (None, True), (1, True)
OWNED = {
    "no list with owners": ([], [NEITHER, NEITHER]),
    "an owner of another ship": ([f"{ABSENT['imo']},X,strong,owner,registry,,"], [NONE, NONE]),
    "an owner for all time": ([f"{OTHER['imo']},X,strong,owner,registry,,"], [ONE, ONE]),
    # The list is in force while it has an owner.
    "until the first week": (
        [f"{OTHER['imo']},X,strong,owner,registry,,{day(5)}"],
        [ONE, NEITHER],
    ),
    "from the second week": (
        [f"{OTHER['imo']},X,strong,owner,registry,{day(8)},"],
        [NEITHER, ONE],
    ),
    "by weak evidence": ([f"{OTHER['imo']},X,weak,owner,registry,,"], [NEITHER, NEITHER]),
}


@pytest.mark.parametrize("name", OWNED)
def test_owner_calls_are_counted_where_a_list_with_owners_is_in_force(
    tmp_path: Path, name: str
) -> None:
    """Only where `has_owner` holds may a zero be said (`tests/flows/derive/test_in_port.py`)."""
    entries, expected = OWNED[name]
    text = "\n".join([FLEET, *entries, ""])
    lists = [List("our-fleet.csv", text, "2026-05-01")] if entries else []
    settings = home_of(tmp_path, rows(), lists)
    assert [row[1:] for row in found(settings, COUNTS)] == expected
