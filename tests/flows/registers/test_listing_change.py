"""Which ships are new on a list: each imported version against the one in force before it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pytest
from pyarrow.dataset import dataset

from flows.registers.bundled import Version
from flows.registers.lists.entry import Entry, as_table
from tests.build.derivation import register_rows
from tests.build.lists import imo

RU, RU_2, IR, NEW = "RUSSIA-EO14024", "UKRAINE-EO13662", "IRAN", "RUSSIA-EO99999"
SHIP, OTHER = imo(1), imo(2)


def entry(programme: str = RU, hull: int | None = SHIP, **changes: object) -> Entry:
    plain = Entry("ofac-sdn", "OFAC SDN", "1", programme, hull, vessel_name="SIM SHIP")
    return plain._replace(**changes)  # type: ignore[arg-type]


class Case(NamedTuple):
    """The entries of the bundled version of 1 March and of that of 10 March, and the changes."""

    before: list[Entry]
    now: list[Entry]
    changes: list[tuple[str, int]]


ANY = entry(hull=OTHER)
CASES = {
    "nothing changes": Case([entry()], [entry()], []),
    "listed": Case([ANY], [ANY, entry()], [("listed", SHIP)]),
    "delisted": Case([ANY, entry()], [ANY], [("delisted", SHIP)]),
    "printed as delisted": Case(
        [entry()], [ANY, entry(is_delisted=True)], [("delisted", SHIP), ("listed", OTHER)]
    ),
    "delisted by its day": Case(
        [ANY, entry()], [ANY, entry(delisted_on=date(2026, 3, 8))], [("delisted", SHIP)]
    ),
    "of Iran alone": Case([ANY], [ANY, entry(IR)], []),
    "of Iran, then of Russia too": Case(
        [ANY, entry(IR)], [ANY, entry(IR), entry()], [("listed", SHIP)]
    ),
    "another programme about Russia": Case([entry()], [entry(RU_2)], []),
    "to an unknown tag": Case([ANY, entry()], [ANY, entry(NEW)], []),
    "from an unknown tag": Case([ANY, entry(NEW)], [ANY, entry()], []),
    "renumbered": Case([entry()], [entry(reference="2")], []),
    "without an IMO number": Case([ANY], [ANY, entry(hull=None, mmsis=(273123456,))], []),
    "listed after the day of the list": Case([ANY, entry(listed_on=date(2026, 3, 12))], [ANY], []),
}


def version(
    entries: list[Entry], day: int, number: int | None, removed: int | None = None
) -> Version:
    imported_at = number and f"2026-03-{15 + number}T06:00:00"
    table = as_table(entries)
    on = date(2026, 3, day)
    return Version("ofac-sdn", "OFAC SDN", on, imported_at, "x", dataset(table), number, removed)


def changes(*versions: Version) -> list[tuple[str, int]]:
    ordered = sorted(versions, key=lambda v: v.published_on)
    rows = register_rows(ordered, relation="listing_change")
    return [(row["change"], row["imo"]) for row in rows]


@pytest.mark.parametrize("case", CASES)
def test_a_version_against_the_one_before(case: str) -> None:
    before, now, expected = CASES[case]
    assert changes(version(before, 1, None), version(now, 10, 1)) == expected


def test_only_the_version_in_force_makes_news() -> None:
    first, second = version([ANY], 1, None), version([ANY, entry()], 10, 1)
    assert changes(version([ANY], 1, 1)) == [], "the first one has none before it"
    assert changes(first, second, version([entry()], 5, 2)) == [("listed", SHIP)], "an older one"
    assert changes(first, version([ANY, entry()], 10, 1, removed=2)) == [], "removed"
    back = version([ANY], 12, 2)
    assert changes(first, second, back) == [("listed", SHIP), ("delisted", SHIP)]
    (row,) = register_rows([first, second], relation="listing_change")
    assert row["week"] == "2026-W11", "imported on the Monday after it"
    assert (row["published_on"], row["published_before"]) == (date(2026, 3, 10), date(2026, 3, 1))
