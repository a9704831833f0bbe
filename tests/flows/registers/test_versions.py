"""What the versions of a list say together: who was on it when, and as known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flows import catalogue
from flows.registers.bundled import Version
from flows.registers.codes import load_programmes
from flows.registers.entry import Entry, as_table
from flows.resources import sql_path

ONE, TWO = 9187629, 9187631
JANUARY, MARCH, MAY = (date(2026, month, 1) for month in (1, 3, 5))


def listing(imo: int = ONE, reference: str | None = None, **said: Any) -> Entry:
    return Entry(
        "ofac-sdn",
        "OFAC SDN",
        reference or f"SDN {imo}",
        programme=said.pop("programme", "RUSSIA-EO14024"),
        imo=imo,
        vessel_name="ALPHA",
        **said,
    )


def known(*versions: tuple[date, Sequence[Entry]], on: date | None = None) -> list[dict[str, Any]]:
    """The register's entries by these versions of the list, as known on a day or today."""
    made = [
        Version("ofac-sdn", "OFAC SDN", day, None, "sdn.csv", as_table(list(entries)))
        for day, entries in versions
    ]
    meta = {"as_of": "2026-12-01"} | ({"known_on": str(on)} if on else {})
    with duckdb.connect() as con:
        con.register("version_record", catalogue._version_records(made))
        con.register("version_entry", catalogue._version_entries(made))
        con.register("programme_table", load_programmes())
        con.register("meta", pa.table({"key": list(meta), "value": list(meta.values())}))
        for name in ("register_version", "programme", "register_entry"):
            con.sql(sql_path(f"{name}.sql").read_text(encoding="utf-8")).create(name)
        return list(con.table("register_entry").to_arrow_table().to_pylist())


def spans(found: list[dict[str, Any]]) -> list[tuple[int, date, date, date | None]]:
    return [(e["imo"], e["first_seen_on"], e["last_seen_on"], e["gone_by"]) for e in found]


def test_a_ship_on_every_version_is_one_entry_and_stands() -> None:
    assert spans(known((JANUARY, [listing()]), (MARCH, [listing()]))) == [
        (ONE, JANUARY, MARCH, None)
    ]


def test_a_ship_that_a_version_lacks_is_gone_by_its_day_and_on_an_unknown_one() -> None:
    (found,) = known((JANUARY, [listing()]), (MARCH, [listing(TWO)]), (MAY, [listing(TWO)]))[:1]
    assert spans([found]) == [(ONE, JANUARY, JANUARY, MARCH)]
    assert found["delisted_on"] is None


def test_a_ship_that_comes_back_is_listed_anew() -> None:
    found = known((JANUARY, [listing()]), (MARCH, [listing(TWO)]), (MAY, [listing(), listing(TWO)]))
    mine = sorted((e for e in found if e["imo"] == ONE), key=lambda e: e["first_seen_on"])
    assert spans(mine) == [(ONE, JANUARY, JANUARY, MARCH), (ONE, MAY, MAY, None)]
    # Between the two it was not listed: the second counts from its own day on.
    assert [str(e["valid_from"])[:10] for e in mine] == ["None", str(MAY)]


def test_a_ship_printed_as_off_the_list_comes_back() -> None:
    off = listing(is_delisted=True)
    found = known((JANUARY, [listing()]), (MARCH, [off]), (MAY, [listing()]))
    mine = sorted(spans(found), key=lambda span: span[1])
    assert mine == [(ONE, JANUARY, JANUARY, MARCH), (ONE, MAY, MAY, None)]


def test_a_ship_only_ever_printed_as_off_is_gone_from_the_first_day_that_says_so() -> None:
    off = listing(is_delisted=True)
    assert spans(known((JANUARY, [off]), (MARCH, [off]))) == [(ONE, JANUARY, JANUARY, JANUARY)]


def test_a_number_corrected_under_its_entry_was_never_listed() -> None:
    found = known((JANUARY, [listing(ONE, "SDN 7")]), (MARCH, [listing(TWO, "SDN 7")]))
    assert spans(found) == [(TWO, MARCH, MARCH, None)]


def test_an_entry_that_is_numbered_anew_is_the_same_listing() -> None:
    found = known((JANUARY, [listing(ONE, "SDN 7")]), (MARCH, [listing(ONE, "SDN 8")]))
    assert [(e["reference"], e["first_seen_on"], e["gone_by"]) for e in found] == [
        ("SDN 8", JANUARY, None)
    ]


def test_a_newer_list_without_dates_forgets_none() -> None:
    dated = listing(listed_on=date(2025, 1, 10), delisted_on=date(2026, 2, 1))
    (found,) = known((JANUARY, [dated]), (MARCH, [listing()]))
    assert (found["listed_on"], found["delisted_on"], found["known_from"]) == (
        date(2025, 1, 10), date(2026, 2, 1), date(2025, 1, 10),
    )  # fmt: skip


def test_a_list_of_a_day_before_the_listing_does_not_end_it() -> None:
    later = listing(listed_on=date(2026, 4, 15))
    found = known((JANUARY, [later]), (MARCH, [listing(TWO)]), (MAY, [listing(TWO)]))
    assert [e["gone_by"] for e in found if e["imo"] == ONE] == [MAY]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 12, 31), []),
        (date(2025, 1, 10), [ONE]),
        (date(2026, 2, 28), [ONE]),
        (MAY, [ONE, TWO]),
    ],
    ids=["before the listing", "on its day", "before the second list", "after it"],
)
def test_as_known_on_a_day(on: date, expected: list[int]) -> None:
    """ONE has a date, in the newer list alone; TWO has none, and is known by the list of March."""
    versions = (
        (JANUARY, [listing(9074729)]),
        (MARCH, [listing(9074729), listing(listed_on=date(2025, 1, 10)), listing(TWO)]),
    )
    found = [e["imo"] for e in known(*versions, on=on) if e["imo"] != 9074729]
    assert found == expected
    # An older list at hand makes the answer no worse.
    assert [e["imo"] for e in known(versions[1], on=on) if e["imo"] != 9074729] == expected


def test_nobody_knew_on_a_day_what_went_later() -> None:
    versions = ((JANUARY, [listing()]), (MARCH, [listing(TWO)]))
    assert [e["gone_by"] for e in known(*versions, on=date(2026, 2, 1))] == [None]
    ended = listing(delisted_on=MARCH)
    (found,) = known((MAY, [ended]), on=MAY)
    assert found["delisted_on"] == MARCH
    assert known((JANUARY, [ended]), on=JANUARY)[0]["delisted_on"] is None
