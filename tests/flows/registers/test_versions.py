"""What the versions of a list say together: who was on it when, and as known on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.dataset import dataset

from flows.registers.bundled import Version
from flows.registers.lists.entry import Entry, as_table
from tests.build.derivation import Row, programme_schema, register_rows

ONE, TWO = 9187629, 9187631
MONTHS = JANUARY, MARCH, MAY, JULY = tuple(date(2026, month, 1) for month in (1, 3, 5, 7))


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
        Version("ofac-sdn", "OFAC SDN", day, None, "sdn.csv", dataset(as_table(list(entries))))
        for day, entries in versions
    ]
    return in_order(register_rows(of_list, on, relation, programmes))


Versions = Sequence[tuple[date, Sequence[Entry]]]


def of_each(stories: Mapping[str, Versions], on: date | None = None) -> dict[str, list[Row]]:
    """The entries by the versions of each story, a list of its own of the same publisher."""
    of_lists = [
        Version(f"ofac-sdn:{story}", "OFAC SDN", day, None, "sdn.csv", dataset(as_table(entries)))
        for story, versions in stories.items()
        for day, of_day in versions
        for entries in [[e._replace(register=f"ofac-sdn:{story}") for e in of_day]]
    ]
    entries: dict[str, list[Row]] = {story: [] for story in stories}
    for entry in register_rows(of_lists, on):
        entries[entry["register"].removeprefix("ofac-sdn:")].append(entry)
    return {story: in_order(of_story) for story, of_story in entries.items()}


def in_order(entries: list[Row]) -> list[Row]:
    return sorted(entries, key=lambda e: (str(e.get("first_seen_on")), e.get("programme") or ""))


ALPHA, OTHER, OFF = listing(), listing(TWO), listing(is_delisted=True)
SEVENTH, CORRECTED = listing(ONE, "SDN 7"), listing(TWO, "SDN 7")
APRIL_2, APRIL_20 = date(2026, 4, 2), date(2026, 4, 20)
IRAN = listing(programme="IRAN-EO13902")
UNKNOWN = listing(programme="NEW-EO1")
DAY, LATER_DAY, ENDED = date(2024, 9, 10), date(2025, 1, 10), date(2026, 2, 1)
LISTED = listing(listed_on=DAY)
AHEAD = listing(listed_on=MAY)  # the bundled annex holds what an act lists from a later day
UNNUMBERED = Entry("ofac-sdn", "OFAC SDN", "SDN 1", "SDGT")
HULLS = {
    "MMSI": UNNUMBERED._replace(mmsis=(352990001, 352990002)),
    "name": UNNUMBERED._replace(vessel_name="ONLY A NAME"),
    "nothing": UNNUMBERED,
    "IMO number without a programme": UNNUMBERED._replace(programme=None, imo=ONE),
}
SPAN = "first_seen_on last_seen_on gone_by"
GONE, BACK = [(JANUARY, JANUARY, MARCH)], [(JANUARY, JANUARY, MARCH), (MAY, MAY, None)]
ByMonth = list[list[Entry] | None]
# The versions of January, March, May and July; fields of the entries, but those of TWO.
LISTINGS: dict[str, tuple[str, ByMonth, list[tuple]]] = {
    "on every version": (SPAN, [[ALPHA], [ALPHA]], [(JANUARY, MARCH, None)]),
    "lacking": (SPAN, [[ALPHA], [OTHER], [OTHER]], GONE),
    "lacking and back": (SPAN, [[ALPHA], [OTHER], [ALPHA, OTHER]], BACK),
    "printed as off and back": (SPAN, [[ALPHA], [OFF], [ALPHA]], BACK),
    "only ever printed as off": (SPAN, [[OFF], [OFF]], [(JANUARY, JANUARY, JANUARY)]),
    "listed after a version without it": (
        *(SPAN, [[listing(listed_on=date(2026, 4, 15))], [OTHER], [OTHER]]),
        [(JANUARY, JANUARY, MAY)],
    ),
    "lacking only before its day": (
        *(SPAN, [[AHEAD], [OTHER], None, [AHEAD]], [(JANUARY, JULY, None)]),
    ),
    "its number corrected": (SPAN, [[SEVENTH], [CORRECTED]], []),
    "another hull has its reference later on": (SPAN, [[SEVENTH], [], [CORRECTED]], GONE),
    "another reference": (SPAN, [[SEVENTH], [listing(TWO, "SDN 8")]], GONE),
    "another programme": (SPAN, [[SEVENTH], [CORRECTED._replace(programme=IRAN.programme)]], GONE),
    "no IMO number any more": (
        *(SPAN, [[SEVENTH], [SEVENTH._replace(imo=None)]], [*GONE, (MARCH, MARCH, None)]),
    ),
    "a hull listed before has its reference": (
        *(SPAN, [[SEVENTH, listing(TWO, "SDN 8")], [CORRECTED]], GONE),
    ),
    "numbered anew": (
        f"reference {SPAN}",
        [[SEVENTH], [listing(ONE, "SDN 8")]],
        [("SDN 8", JANUARY, MARCH, None)],
    ),
    **{
        f"told by its {kind}": (
            f"reference {SPAN}",
            [[hull], [hull._replace(reference="SDN 7", line=2)], [OTHER]],
            [("SDN 7", JANUARY, MARCH, MAY)],
        )
        for kind, hull in HULLS.items()
    },
    "each programme by itself": (
        *("programme gone_by", [[ALPHA, IRAN], [IRAN]]),
        [("IRAN-EO13902", None), ("RUSSIA-EO14024", MARCH)],
    ),
    "off under a programme that is not known": (
        f"programme {SPAN}",
        [[ALPHA], [UNKNOWN._replace(is_delisted=True)]],
        [(ALPHA.programme, *GONE[0]), (UNKNOWN.programme, MARCH, MARCH, MARCH)],
    ),
    **{
        f"off, {when} under a programme that is not known, and back": (
            f"programme {SPAN}",
            [[ALPHA], versions, [UNKNOWN], [ALPHA]],
            [
                (ALPHA.programme, *GONE[0]),
                (UNKNOWN.programme, since, MAY, JULY),
                (ALPHA.programme, JULY, JULY, None),
            ],
        )
        for when, versions, since in (
            ("then", [OFF], MAY),
            ("at once", [OFF, UNKNOWN], MARCH),
        )
    },
    "off under one number, and on under another": (
        "reference gone_by",
        [[ALPHA], [ALPHA, listing(reference="SDN 1", is_delisted=True)]],
        [(ALPHA.reference, None)],
    ),
    **{
        f"a second listing counts from {what}": (
            "valid_from",
            [[ALPHA], [OTHER], [listing(**said)]],
            [(None,), (since,)],
        )
        for what, said, since in (
            ("the version's day", {}, MAY),
            ("its new listing day", {"listed_on": APRIL_20}, APRIL_20),
            ("the list's own day", {"listed_on": APRIL_20, "valid_from": APRIL_2}, APRIL_2),
        )
    },
}


def values(entries: list[dict[str, Any]], fields: str) -> list[tuple]:
    cells = ([e[field] for field in fields.split()] for e in entries)
    return [tuple(c.date() if isinstance(c, datetime) else c for c in row) for row in cells]


DAYS = "listed_on delisted_on known_from"
ENDS = [[listing(listed_on=DAY, delisted_on=date(2025, month, 1))] for month in (3, 2)]
OVER, OFF_LISTED = listing(delisted_on=MARCH), listing(listed_on=DAY, is_delisted=True)
# As the table above, with the day asked for, or today.
KNOWN: dict[str, tuple[date | None, str, ByMonth, list[tuple]]] = {
    "a newer list without dates forgets none": (
        *(None, DAYS, [[listing(listed_on=LATER_DAY, delisted_on=ENDED)], [ALPHA]]),
        [(LATER_DAY, ENDED, LATER_DAY)],
    ),
    "nobody knew what went later": (ENDED, "gone_by", [[ALPHA], [OTHER]], [(None,)]),
    "an end that was said": (MAY, "delisted_on", [None, None, [OVER]], [(MARCH,)]),
    "an end for all time": (
        *(None, "valid_to", [[listing(valid_to=date(9999, 12, 31))]], [(None,)]),
    ),
    "an end to come": (JANUARY, "delisted_on", [[OVER]], [(None,)]),
    **{
        f"the latest end is kept where the newest {what}": (
            *(None, "delisted_on", [*ENDS, [listing(**said)]], [(end,)]),
        )
        for what, said, end in (
            ("says nothing", {}, date(2025, 3, 1)),
            ("says another day", {"delisted_on": date(2025, 4, 1)}, date(2025, 4, 1)),
            ("says the first listing", {"listed_on": DAY}, date(2025, 3, 1)),
            ("says a later listing", {"listed_on": ENDED}, None),
        )
    },
    "the newest day of listing": (
        *(None, "listed_on", [[LISTED], [listing(listed_on=JANUARY)]], [(JANUARY,)]),
    ),
    "the earliest where the newest has none": (
        *(None, "listed_on", [[LISTED], [listing(listed_on=JANUARY)], [ALPHA]], [(DAY,)]),
    ),
    "the days of one listing are not those of the next": (
        *(None, DAYS, [[LISTED._replace(delisted_on=ENDED)], [OTHER], [ALPHA]]),
        [(DAY, ENDED, DAY), (None, None, MAY)],
    ),
    "what later versions lack parts no listing before": (
        *(JANUARY, "gone_by valid_from", [[LISTED], [OTHER], [LISTED]], [(None, None)]),
    ),
    "and parts it from its day on": (
        *(MARCH, "first_seen_on", [[LISTED], [OTHER], [LISTED]], [(JANUARY,), (MAY,)]),
    ),
    "printed as off from March on, and listed before": (
        *(MARCH - timedelta(1), "gone_by", [[OTHER], [OFF_LISTED]], [(None,)]),
    ),
    "printed as off from March on": (MARCH, "gone_by", [[OTHER], [OFF_LISTED]], [(MARCH,)]),
}


@cache
def as_told(on: date | None) -> dict[str, list[Row]]:
    """The entries of all cases of both tables as known on a day, but those of TWO."""
    known = KNOWN | {case: (None, *listed) for case, listed in LISTINGS.items()}
    assert len(known) == len(KNOWN) + len(LISTINGS)
    stories = {
        case: [(day, of) for day, of in zip(MONTHS, versions, strict=False) if of is not None]
        for case, (known_on, _, versions, _) in known.items()
        if known_on == on
    }
    found = of_each(stories, on)
    return {case: [e for e in of if e["imo"] != TWO] for case, of in found.items()}


@pytest.mark.parametrize("case", LISTINGS)
def test_when_a_ship_was_listed(case: str) -> None:
    fields, _, expected = LISTINGS[case]
    entries = as_told(None)[case]
    assert values(entries, fields) == expected
    assert not any(e["delisted_on"] for e in entries), "the day between two versions is unknown"


@pytest.mark.parametrize("case", KNOWN)
def test_what_was_known(case: str) -> None:
    on, fields, _, expected = KNOWN[case]
    assert values(as_told(on)[case], fields) == expected


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
    third = listing(9074729)
    versions = (JANUARY, [third]), (MARCH, [third, listing(listed_on=LATER_DAY), OTHER])
    # An older list at hand makes the answer no worse.
    for entries in of_each({"both": versions, "newer": versions[1:]}, on).values():
        assert [e["imo"] for e in entries if e["imo"] != third.imo] == expected


@pytest.mark.parametrize("step", [1, -1], ids=["the later lacks it", "the earlier lacks it"])
def test_of_two_versions_of_one_day_the_later_counts(step: int) -> None:
    found = known(*[(MARCH, [ALPHA]), (MARCH, [OTHER])][::step])
    assert [e["gone_by"] for e in found if e["imo"] == ONE] == [MARCH if step == 1 else None]


def test_a_correction_counts_from_its_day_on() -> None:
    versions = ((JANUARY, [SEVENTH]), (MARCH, [CORRECTED]))
    fields = f"imo {SPAN}"
    assert values(known(*versions, on=JANUARY), fields) == [(ONE, JANUARY, JANUARY, None)]
    assert values(known(*versions), fields) == [(TWO, MARCH, MARCH, None)]


def test_of_the_tags_that_fit_the_longest_is_meant() -> None:
    """A tag that stands for all that begin so gives way to one that says more."""
    rows = [
        {"register": "ofac-sdn", "programme": tag, "country": country, "is_prefix": is_prefix}
        for tag, country, is_prefix in (("A", "XA", True), ("AB", "XB", True), ("ABC", "XC", False))
    ]
    programmes = pa.Table.from_pylist(rows, schema=programme_schema())
    entries = [listing(programme=tag) for tag in ("A", "A2", "AB2", "ABC", "B")]
    found = known((JANUARY, entries), programmes=programmes)
    assert values(found, "programme country is_known_programme") == [
        *(("A", "XA", True), ("A2", "XA", True), ("AB2", "XB", True), ("ABC", "XC", True)),
        ("B", None, False),
    ]


HELD = {"listed": [ALPHA], "off": [OFF], "lacking": []}
STORIES = [
    *(states for length in (1, 2, 3, 4) for states in product(HELD, repeat=length)),
    *list(product(HELD, repeat=7))[::50],
]


def test_every_run_of_versions_that_list_a_ship_is_one_entry() -> None:
    days = [JANUARY + timedelta(30 * n) for n in range(7)]
    found = of_each(
        {
            " ".join(states): [(day, HELD[state]) for day, state in zip(days, states, strict=False)]
            for states in STORIES
        }
    )
    assert len(found) == len(STORIES)
    for story, entries in found.items():
        states = story.split()
        runs: list[list[int]] = []
        for n, state in enumerate(states):
            if state == "listed" and runs and runs[-1][-1] == n - 1:
                runs[-1].append(n)
            elif state == "listed":
                runs.append([n])
        ends = (*days[: len(states)], None)
        expected = [(days[run[0]], days[run[-1]], ends[run[-1] + 1]) for run in runs]
        if not runs and "off" in states:
            expected = [(days[states.index("off")],) * 3]
        assert values(entries, SPAN) == expected, story


OLDEST, EARLIEST = date(2025, 11, 30), date(2025, 6, 1)


def held(draw: Random, on: date) -> list[Entry]:
    """The ship in a version of that day, without a listing day or with an earlier one; or not.

    A version that names a later day is dated wrongly; what ends such a listing has a test above.
    """
    day = EARLIEST + timedelta(draw.randrange((on - EARLIEST).days + 1))
    return draw.choice(([], [ALPHA], [listing(listed_on=day)], [listing(listed_on=day)]))


@pytest.mark.parametrize(
    "on", [None, date(2025, 9, 1), date(2025, 12, 20), MARCH, date(2026, 8, 1)]
)
def test_an_older_version_takes_nothing_away(on: date | None) -> None:
    draw, stories = Random(f"{on}"), {}
    for number in range(30):
        days = [JANUARY + timedelta(60 * n) for n in range(draw.randint(1, 4))]
        newer = [(day, held(draw, day)) for day in days]
        stories |= {f"{number}": newer, f"{number} older": [(OLDEST, held(draw, OLDEST)), *newer]}
    found = of_each(stories, on)
    for number in range(30):
        before, after = found[f"{number}"], found[f"{number} older"]
        story = stories[f"{number} older"]
        stands = [any(e["gone_by"] is None for e in of) for of in (before, after)]
        assert stands[1] >= stands[0], story
        for entry in before:
            assert min(e["known_from"] for e in after) <= entry["known_from"], story


def ship(*versions: Sequence[Entry]) -> dict[str, Any]:
    dated = zip((JANUARY, MARCH, MAY), versions, strict=False)
    (found,) = (row for row in known(*dated, relation="register_ship") if row["imo"] == ONE)
    return found


SCRAPPED = listing(link_reason="scrapped", valid_from=date(2025, 6, 1))


@pytest.mark.parametrize(
    ("versions", "is_scrapped"),
    [
        ([[SCRAPPED]], True),
        ([[SCRAPPED], [OTHER]], False),
        ([[SCRAPPED._replace(delisted_on=JANUARY)]], False),
        ([[SCRAPPED], [OTHER], [SCRAPPED]], True),
    ],
    ids=["stands", "gone", "taken off", "gone and back"],
)
def test_a_hull_is_scrapped_while_a_list_says_so(
    versions: list[list[Entry]], is_scrapped: bool
) -> None:
    assert ship(*versions)["scrapped_on"] == (SCRAPPED.valid_from if is_scrapped else None)


def test_every_size_that_a_list_says_is_kept_together_and_each_word_of_the_type_once() -> None:
    one, two = {"length_m": 244.0, "gross_t": 57_000}, {"deadweight_t": 105_000}
    words = ["Tanker", None, "Crude Oil Tanker", "Tanker"]
    said = [
        listing(programme=str(n), vessel_type=word, **size)
        for n, (word, size) in enumerate(zip(words, (two, one, two, {}), strict=True))
    ]
    unsaid = {"length_m": None, "gross_t": None, "deadweight_t": None}
    assert ship(said)["sizes"] == [unsaid | one, unsaid | two]
    assert ship(said)["vessel_types"] == "Crude Oil Tanker; Tanker"
    assert (ship([ALPHA])["sizes"], ship([ALPHA])["vessel_types"]) == ([], None)
