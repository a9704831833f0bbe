"""What the versions of a list say together: who was on it when, and as known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.lists.entry import Entry, as_table
from flows.registers.bundled import Version
from tests.build.derivation import programme_schema, register_rows

ONE, TWO = 9187629, 9187631
JANUARY, MARCH, MAY, JULY = (date(2026, month, 1) for month in (1, 3, 5, 7))


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


def known(
    *versions: tuple[date, Sequence[Entry]],
    on: date | None = None,
    relation: str = "register_entry",
    programmes: pa.Table | None = None,
) -> list[dict[str, Any]]:
    """The register's entries by these versions of the list, as known on a day or today."""
    of_list = [
        Version("ofac-sdn", "OFAC SDN", day, None, "sdn.csv", as_table(list(entries)))
        for day, entries in versions
    ]
    return register_rows(of_list, on, relation, programmes)


def spans(found: list[dict[str, Any]]) -> list[tuple[int, date, date, date | None]]:
    return [(e["imo"], e["first_seen_on"], e["last_seen_on"], e["gone_by"]) for e in found]


def of_one(*versions: tuple[date, Sequence[Entry]], on: date | None = None) -> list[dict[str, Any]]:
    return sorted(
        (e for e in known(*versions, on=on) if e["imo"] == ONE), key=lambda e: e["first_seen_on"]
    )


ALPHA, OTHER, OFF = listing(), listing(TWO), listing(is_delisted=True)
SEVENTH, CORRECTED = listing(ONE, "SDN 7"), listing(TWO, "SDN 7")
GONE, BACK = [(JANUARY, JANUARY, MARCH)], [(JANUARY, JANUARY, MARCH), (MAY, MAY, None)]
AHEAD = listing(listed_on=MAY)  # the bundled annex holds what an act lists from a later day
# The versions of January, March, May and July; first and last seen, and gone by, of each entry.
LISTINGS: dict[str, tuple[list[list[Entry] | None], list[tuple[date, date, date | None]]]] = {
    "on every version": ([[ALPHA], [ALPHA]], [(JANUARY, MARCH, None)]),
    "lacking": ([[ALPHA], [OTHER], [OTHER]], GONE),
    "lacking and back": ([[ALPHA], [OTHER], [ALPHA, OTHER]], BACK),
    "printed as off and back": ([[ALPHA], [OFF], [ALPHA]], BACK),
    "only ever printed as off": ([[OFF], [OFF]], [(JANUARY, JANUARY, JANUARY)]),
    "listed after a version without it": (
        *([[listing(listed_on=date(2026, 4, 15))], [OTHER], [OTHER]], [(JANUARY, JANUARY, MAY)]),
    ),
    "lacking only before its day": ([[AHEAD], [OTHER], None, [AHEAD]], [(JANUARY, JULY, None)]),
    "its number corrected": ([[SEVENTH], [CORRECTED]], []),
    "another hull has its reference later on": ([[SEVENTH], [], [CORRECTED]], GONE),
    "another reference": ([[SEVENTH], [listing(TWO, "SDN 8")]], GONE),
    "another programme": ([[SEVENTH], [CORRECTED._replace(programme="IRAN-EO13902")]], GONE),
    "no IMO number any more": ([[SEVENTH], [SEVENTH._replace(imo=None)]], GONE),
    "a hull listed before has its reference": (
        *([[SEVENTH, listing(TWO, "SDN 8")], [CORRECTED]], GONE),
    ),
}


@pytest.mark.parametrize(("versions", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_when_a_ship_was_listed(
    versions: list[list[Entry] | None], expected: list[tuple[date, date, date | None]]
) -> None:
    dated = zip((JANUARY, MARCH, MAY, JULY), versions, strict=False)
    entries = of_one(*((on, version) for on, version in dated if version is not None))
    assert spans(entries) == [(ONE, *span) for span in expected]
    assert not any(e["delisted_on"] for e in entries), "the day between two versions is unknown"


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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, MAY),
        ({"listed_on": date(2026, 4, 20)}, date(2026, 4, 20)),
        ({"listed_on": date(2026, 4, 20), "valid_from": date(2026, 4, 2)}, date(2026, 4, 2)),
    ],
    ids=["the version's day", "its new listing day", "the list's own day"],
)
def test_a_second_listing_counts_from_what_the_list_says(
    said: dict[str, date], expected: date
) -> None:
    first, second = of_one(
        (JANUARY, [listing()]), (MARCH, [listing(TWO)]), (MAY, [listing(**said)])
    )
    assert (first["valid_from"], second["valid_from"].date()) == (None, expected)


@pytest.mark.parametrize(
    "hull",
    [
        Entry("ofac-sdn", "OFAC SDN", "SDN 1", "SDGT", mmsis=(352990001, 352990002)),
        Entry("ofac-sdn", "OFAC SDN", "SDN 1", "SDGT", vessel_name="ONLY A NAME"),
        Entry("ofac-sdn", "OFAC SDN", "SDN 1", "SDGT"),
        Entry("ofac-sdn", "OFAC SDN", "SDN 1", None, imo=ONE),
    ],
    ids=["MMSI", "name", "nothing", "no programme"],
)
def test_a_listing_is_told_by_hull_and_programme_alone(hull: Entry) -> None:
    anew = hull._replace(reference="SDN 7", line=2)
    found = known((JANUARY, [hull]), (MARCH, [anew]), (MAY, [listing(TWO)]))
    mine = [e for e in found if e["imo"] != TWO]
    assert [(e["reference"], e["first_seen_on"], e["gone_by"]) for e in mine] == [
        ("SDN 7", JANUARY, MAY)
    ]


def test_programmes_come_and_go_by_themselves() -> None:
    both = [listing(), listing(programme="IRAN-EO13902")]
    found = known((JANUARY, both), (MARCH, both[1:]))
    assert {e["programme"]: e["gone_by"] for e in found} == {
        "RUSSIA-EO14024": MARCH, "IRAN-EO13902": None,
    }  # fmt: skip


def test_a_ship_off_under_one_number_stands_under_another() -> None:
    off = listing(reference="SDN 1", is_delisted=True)
    (found,) = known((JANUARY, [listing()]), (MARCH, [listing(), off]))
    assert (found["reference"], found["gone_by"]) == (listing().reference, None)


@pytest.mark.parametrize("step", [1, -1], ids=["the later lacks it", "the earlier lacks it"])
def test_of_two_versions_of_one_day_the_later_counts(step: int) -> None:
    found = of_one(*[(MARCH, [listing()]), (MARCH, [listing(TWO)])][::step])
    assert [e["gone_by"] for e in found] == [MARCH if step == 1 else None]


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        ({}, date(2025, 3, 1)),
        ({"delisted_on": date(2025, 4, 1)}, date(2025, 4, 1)),
        ({"listed_on": date(2024, 9, 10)}, date(2025, 3, 1)),
        ({"listed_on": date(2026, 2, 1)}, None),
    ],
    ids=["says nothing", "says another day", "says the first listing", "says a later listing"],
)
def test_the_latest_day_of_delisting_is_kept_unless_a_later_listing_is_said(
    newest: dict[str, date], expected: date | None
) -> None:
    ended = [
        listing(listed_on=date(2024, 9, 10), delisted_on=date(2025, month, 1)) for month in (3, 2)
    ]
    (found,) = known((JANUARY, ended[:1]), (MARCH, ended[1:]), (MAY, [listing(**newest)]))
    assert found["delisted_on"] == expected


def test_the_earliest_listing_day_is_kept_where_the_newest_version_has_none() -> None:
    dated = [
        (JANUARY, [listing(listed_on=date(2024, 9, 10))]),
        (MARCH, [listing(listed_on=JANUARY)]),
    ]
    assert [e["listed_on"] for e in known(*dated)] == [JANUARY]
    assert [e["listed_on"] for e in known(*dated, (MAY, [listing()]))] == [date(2024, 9, 10)]


def test_the_days_of_one_listing_are_not_those_of_the_next() -> None:
    dated = listing(listed_on=date(2024, 9, 10), delisted_on=date(2026, 2, 1))
    _, second = of_one((JANUARY, [dated]), (MARCH, [listing(TWO)]), (MAY, [listing()]))
    assert (second["listed_on"], second["delisted_on"], second["known_from"]) == (None, None, MAY)


def test_what_later_versions_lack_parts_no_listing_before() -> None:
    """On the day asked for nobody knew that the ship would go, nor that it would come back."""
    dated = [listing(listed_on=date(2024, 9, 10))]
    versions = ((JANUARY, dated), (MARCH, [listing(TWO)]), (MAY, dated))
    (found,) = of_one(*versions, on=JANUARY)
    assert (found["gone_by"], found["valid_from"]) == (None, None)
    assert len(of_one(*versions, on=MARCH)) == 2


def test_one_only_ever_printed_as_off_was_listed_as_far_as_was_known_before() -> None:
    off = [listing(listed_on=date(2024, 9, 10), is_delisted=True)]
    for on, gone_by in ((MARCH - timedelta(1), None), (MARCH, MARCH)):
        assert [e["gone_by"] for e in of_one((JANUARY, [listing(TWO)]), (MARCH, off), on=on)] == [
            gone_by
        ]


def test_a_correction_counts_from_its_day_on() -> None:
    versions = ((JANUARY, [SEVENTH]), (MARCH, [CORRECTED]))
    assert spans(known(*versions, on=JANUARY)) == [(ONE, JANUARY, JANUARY, None)]
    assert spans(known(*versions)) == [(TWO, MARCH, MARCH, None)]


def test_of_the_tags_that_fit_the_longest_is_meant() -> None:
    """A tag that stands for all that begin so gives way to one that says more."""
    rows = [
        {"register": "ofac-sdn", "programme": tag, "country": country, "is_prefix": is_prefix}
        for tag, country, is_prefix in (("A", "XA", True), ("AB", "XB", True), ("ABC", "XC", False))
    ]
    programmes = pa.Table.from_pylist(rows, schema=programme_schema())
    entries = [listing(programme=tag) for tag in ("A", "A2", "AB2", "ABC", "B")]
    found = known((JANUARY, entries), programmes=programmes)
    assert {e["programme"]: (e["country"], e["is_known_programme"]) for e in found} == {
        "A": ("XA", True), "A2": ("XA", True), "AB2": ("XB", True), "ABC": ("XC", True),
        "B": (None, False),
    }  # fmt: skip


@given(held=st.lists(st.sampled_from(["listed", "off", "lacking"]), min_size=1, max_size=7))
@settings(max_examples=8, deadline=None)
def test_every_run_of_versions_that_list_a_ship_is_one_entry(held: list[str]) -> None:
    days = [JANUARY + timedelta(30 * n) for n in range(len(held))]
    runs: list[list[int]] = []
    for n, state in enumerate(held):
        if state == "listed" and runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        elif state == "listed":
            runs.append([n])
    expected: list[tuple[int, date, date, date | None]] = [
        (ONE, days[run[0]], days[run[-1]], (*days, None)[run[-1] + 1]) for run in runs
    ]
    if not runs and "off" in held:
        expected = [(ONE, *[days[held.index("off")]] * 3)]
    entries = {"listed": [listing()], "off": [listing(is_delisted=True)], "lacking": []}
    assert spans(of_one(*((on, entries[s]) for on, s in zip(days, held, strict=True)))) == expected


OLDEST = date(2025, 11, 30)


def held(on: date) -> st.SearchStrategy[list[Entry]]:
    """The ship in a version of that day, without a listing day or with an earlier one; or not.

    A version that names a later day is dated wrongly; what ends such a listing has a test above.
    """
    days = st.none() | st.dates(date(2025, 6, 1), on)
    return st.just([]) | days.map(lambda day: [listing(listed_on=day)])


NEWER = [JANUARY + timedelta(60 * n) for n in range(4)]


@given(
    newer=st.integers(1, 4).flatmap(lambda n: st.tuples(*map(held, NEWER[:n]))),
    oldest=held(OLDEST),
    on=st.none() | st.dates(date(2025, 6, 1), date(2026, 12, 31)),
)
@settings(max_examples=8, deadline=None)
def test_an_older_version_takes_nothing_away(
    newer: tuple[list[Entry], ...], oldest: list[Entry], on: date | None
) -> None:
    versions = list(zip(NEWER, newer, strict=False))
    before = of_one(*versions, on=on)
    after = of_one((OLDEST, oldest), *versions, on=on)
    assert any(e["gone_by"] is None for e in after) >= any(e["gone_by"] is None for e in before)
    for entry in before:
        assert min(e["known_from"] for e in after) <= entry["known_from"]


def hull(*versions: tuple[date, Sequence[Entry]]) -> dict[str, Any]:
    (found,) = (row for row in known(*versions, relation="register_ship") if row["imo"] == ONE)
    return found


SCRAPPED = listing(link_reason="scrapped", valid_from=date(2025, 6, 1))


@pytest.mark.parametrize(
    ("versions", "is_scrapped"),
    [
        ([(JANUARY, [SCRAPPED])], True),
        ([(JANUARY, [SCRAPPED]), (MARCH, [listing(TWO)])], False),
        ([(JANUARY, [SCRAPPED._replace(delisted_on=JANUARY)])], False),
        ([(JANUARY, [SCRAPPED]), (MARCH, [listing(TWO)]), (MAY, [SCRAPPED])], True),
    ],
    ids=["stands", "gone", "taken off", "gone and back"],
)
def test_a_hull_is_scrapped_while_a_list_says_so(
    versions: list[tuple[date, list[Entry]]], is_scrapped: bool
) -> None:
    assert hull(*versions)["scrapped_on"] == (SCRAPPED.valid_from if is_scrapped else None)


def test_every_size_that_a_list_says_is_kept_together() -> None:
    one, two = {"length_m": 244.0, "gross_t": 57_000}, {"deadweight_t": 105_000}
    said = [listing(programme=str(n), **size) for n, size in enumerate((two, one, two, {}))]
    unsaid = {"length_m": None, "gross_t": None, "deadweight_t": None}
    assert hull((JANUARY, said))["sizes"] == [unsaid | one, unsaid | two]
    assert hull((JANUARY, [listing()]))["sizes"] == []


def test_the_words_of_the_type_are_joined_each_once() -> None:
    words = ["Tanker", None, "Crude Oil Tanker", "Tanker"]
    said = [listing(programme=str(n), vessel_type=word) for n, word in enumerate(words)]
    assert hull((JANUARY, said))["vessel_types"] == "Crude Oil Tanker; Tanker"
    assert hull((JANUARY, [listing()]))["vessel_types"] is None
