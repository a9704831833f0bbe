"""The sentences of a report: they say no more than was heard, and whether it is noise."""

from __future__ import annotations

from typing import Any

import pytest

from flows.report import limits, words

Row = dict[str, Any]

COMPLETE: Row = {
    **{"russian_linked_tanker_calls": 3, "russian_linked_berth_calls": 2, "tanker_calls": 30},
    **{"observed_share": 1.0, "worst_water": "Caspian", "worst_share": 1.0, "state": "complete"},
    **{"untyped_linked_calls": 0, "low_95": 0.6, "high_95": 8.8},
    **{"word": "no clear change", "word_weeks": None, "dispersion": 1.1},
}
PARTIAL = {"state": "partial", "observed_share": 0.5}
UNHEARD = {"russian_linked_tanker_calls": None, "state": "unobserved", "observed_share": 0.2}
WINDOW: Row = {
    **{"weeks": 1, "view": "today", "calls": 3, "heard_weeks": 1, "rate_a_week": 3.0},
    **{"low_95": 0.62, "high_95": 8.77, "before_weeks": 8, "before_heard_weeks": 8},
    **{"before_rate_a_week": 2.13, "rise_from_calls": 9, "fall_to_calls": None},
    **{"word": "no clear change", "waters": "Caspian, Gulf and Gulf of Oman"},
}


def windows(**words: str) -> list[Row]:
    """Windows of 1 and 4 weeks in both views; a word by view and weeks, as ``today_4``."""
    four = {"weeks": 4, "calls": 16, "rate_a_week": 4.0, "before_weeks": 26}
    found = [
        WINDOW | window | {"view": view} for view in ("today", "at_call") for window in ({}, four)
    ]
    return [
        row | {"word": words.get(f"{row['view']}_{row['weeks']}", row["word"])} for row in found
    ]


ZERO = dict.fromkeys(list(COMPLETE)[:2], 0)
OF_ZERO = {
    "hardly heard": (
        {**PARTIAL, "worst_share": 0.5, "high_95": 7.4},
        "No Russian-linked tanker call seen where we listened (50% of the coast's hours); "
        "up to 7 a week would fit.",
    ),
    "a water not heard": (
        {**PARTIAL, "worst_share": 0.0, "high_95": None},
        "No Russian-linked tanker call seen where we listened (50% of the coast's hours; "
        "Caspian 0%); no upper limit, as nothing was heard of the Caspian.",
    ),
    "an open week": (
        {"state": "open", "high_95": None},
        "No Russian-linked tanker call seen so far where we listened (100% of the coast's hours).",
    ),
    "clustered calls": (
        {"high_95": 4.0},
        "No Russian-linked tanker call seen where we listened (100% of the coast's hours); "
        "up to 4 a week would fit.",
    ),
    "heard nearly whole": (
        {**PARTIAL, "observed_share": 0.94, "worst_share": 0.94, "high_95": 3.92},
        "Russian-linked tankers at Iranian ports: none seen; 94% of the coast's hours heard.",
    ),
    "heard whole": (
        {"high_95": 3.69},
        "Russian-linked tankers at Iranian ports: no calls; 100% of the coast's hours heard.",
    ),
}


@pytest.mark.parametrize(("changes", "said"), OF_ZERO.values(), ids=OF_ZERO)
def test_a_zero_is_a_sentence_with_its_upper_limit(changes: Row, said: str) -> None:
    series = COMPLETE | ZERO | changes
    assert words.headline(series, []) == said
    figures = {number.value for number in words.numbers(series)}
    is_said_alone = said.startswith("No Russian-linked")
    assert words.is_quotable(series) != is_said_alone
    assert bool({"0", "none seen"} & figures) != is_said_alone


def test_without_a_number_the_limits_of_what_was_heard_are_named() -> None:
    gulf = {"water": "Gulf", "russian_linked_tanker_calls": 0, "high_95": 10.8}
    caspian = {"water": "Caspian", "russian_linked_tanker_calls": None, "high_95": None}
    assert words.headline(COMPLETE | UNHEARD | {"worst_share": 0.0}, [caspian, gulf]) == (
        "No number: no call seen where we listened (20% of the coast's hours; Caspian 0%), too "
        "little to report zero. In the Gulf, up to 11 a week would fit."
    )
    nothing = words.headline(COMPLETE | UNHEARD | {"observed_share": 0.0}, [])
    assert nothing == "No number: nothing was heard of the coast."


@pytest.mark.parametrize(
    ("changes", "said"),
    [(PARTIAL, "at least 2 at berth, at least 3 calls"), ({"state": "open"}, "so far")],
)
def test_a_count_says_what_was_heard(changes: Row, said: str) -> None:
    assert said in words.headline(COMPLETE | changes, [])


def test_the_berth_calls_come_first() -> None:
    assert [number.value for number in words.numbers(COMPLETE)] == ["2", "3", "30", "100%"]
    partial = words.numbers(COMPLETE | PARTIAL)
    assert [number.qualifier for number in partial] == ["at least", "at least", "at least", ""]
    assert [number.value for number in words.numbers(COMPLETE | UNHEARD)] == ["30", "20%"]


CHANCE = (
    "No clear change: 3 calls this week may be chance against 2.1 a week in the 8 weeks before. "
    "9 or more would be a rise"
)


@pytest.mark.parametrize(
    ("fall", "told"),
    [
        (None, "; not even 0 would be a fall, as few calls are usual."),
        (0, ", 0 a fall."),
        (2, ", 2 or fewer a fall."),
    ],
)
def test_no_clear_change_names_the_usual_and_what_would_be_one(fall: int | None, told: str) -> None:
    found = [row | {"fall_to_calls": fall} for row in windows()]
    assert words.word(COMPLETE, found) == CHANCE + told


@pytest.mark.parametrize("word", ["rise", "fall"])
def test_a_change_names_its_window_and_limits(word: str) -> None:
    series = COMPLETE | {"word": word, "word_weeks": 4}
    assert words.word(series, windows(today_4=word, at_call_4=word)) == (
        f"A {word}: 16 calls in the last 4 weeks, 4.0 a week (95% limits 0.6 to 8.8), against "
        "2.1 a week in the 26 weeks before. This week alone shows no clear change."
    )


@pytest.mark.parametrize("view", ["today", "at_call"])
def test_a_change_that_one_view_alone_shows_is_not_said(view: str) -> None:
    said = str(words.word(COMPLETE, windows(**{f"{view}_4": "fall"})))
    assert said.startswith("No clear change: ")
    assert "only where both agree" in said and "in the last 4 weeks" in said


FEW_BEFORE = "only 1 of the 8 weeks before was heard; at least four are needed"
FEW_NOW = "12% of the coast's hours; at least 30% are needed"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"before_heard_weeks": 1}, FEW_BEFORE),
        ({"before_heard_weeks": None}, "none of the 8 weeks before was heard"),
        ({"heard_weeks": 0, "calls": None}, FEW_NOW),
    ],
)
def test_too_little_heard_says_what_lacks(changes: Row, told: str) -> None:
    series = COMPLETE | {"word": "not enough heard", "observed_share": 0.12}
    found = [row | changes | {"word": "not enough heard"} for row in windows()]
    said = str(words.word(series, found))
    assert said.startswith("Not enough heard to compare: ") and told in said
    assert words.window_of(series, found) is None


def test_an_open_week_is_not_compared() -> None:
    assert words.word(COMPLETE | {"word": None, "state": "open"}, windows()) is None


def test_clustering_is_said_only_where_the_limits_are_wider_for_it() -> None:
    assert words.clustering(COMPLETE) is None
    assert words.clustering(COMPLETE | {"dispersion": None}) is None
    assert "2.3 times" in str(words.clustering(COMPLETE | {"dispersion": 2.31}))


LINKED = "russian_linked_tanker_calls"


def test_what_changed_is_told_by_week() -> None:
    columns = ("week", "reasons", "old_port_calls", "new_port_calls", "number")
    cells = [
        ("2026-W16", "later data", 5, 5, "port_calls"),
        ("2026-W14", "late file; new listing", 25, 26, LINKED),
        ("2026-W14", "code version", 3, 4, "port_calls"),
        ("2026-W14", "late file", 24, 25, LINKED),
        ("2026-W13", "late file", None, 2, LINKED),
    ]
    rows = [dict(zip(columns, row, strict=True)) for row in cells]
    assert words.changed(rows, "2026-W16") == (
        "Published numbers that changed: 2026-W16 (this week) in part, but not the number "
        "of linked calls (later data); 2026-W14 from 24 to 26 (late file, new listing); 2026-W13 "
        "from no number to 2 (late file)."
    )
    assert words.changed([], "2026-W16") == "No published number has changed."


def test_listed_ships_nearby_are_named_up_to_a_few_and_counted() -> None:
    named = {"vessel_name": "NERO", "imo": 9999993}
    assert words.nearby([]) is None
    assert words.nearby([named]) == (
        "Not counted: 1 listed tanker was heard within 60 km of an Iranian port and called at "
        "none: NERO."
    )
    many = str(words.nearby([named | {"vessel_name": None}, *[named] * 7]))
    assert "8 listed tankers were" in many
    assert many.endswith("none: IMO 9999993, NERO, NERO, NERO, NERO and 3 more.")


NOTHING = dict.fromkeys(
    "never_heard of_unknown_type linked_of_unknown_type too_small by_contested_number in_port "
    "in_port_linked contested "
    "voyage_anchorages arrived_maybe_earlier lacks_listed lacks_flag lacks_owner lacks_trade "
    "old_registers undecided".split()
)


@pytest.mark.parametrize(
    ("notes", "sentence"),
    [
        ({"never_heard": ["Neka"], "ports": 27}, "No source ever heard 1 of 27 ports: Neka."),
        ({"too_small": 1}, "Not counted: 1 call of tankers under 80 m, such as bunker barges."),
        ({"by_contested_number": 1}, "1 call linked by a listed IMO number that another ship"),
        ({"in_port": 1, "in_port_linked": 0}, "1 tanker was in port when reception began"),
        ({"contested": 3}, "Not counted: 3 tanker calls shown only by positions that may be false"),
        ({"voyage_anchorages": 2}, "Not counted: 2 waits at anchor on a voyage whose berth call"),
        ({"arrived_maybe_earlier": 1}, "1 call may have begun in an earlier week."),
        ({"lacks_listed": True}, "Links may be missing: no list about Russia was in"),
        ({"lacks_flag": True}, "Links may be missing: no MMSI gives a flag this week."),
        ({"lacks_owner": True}, "Links may be missing: no imported register names"),
        ({"lacks_trade": True}, "Links may be missing: Russian oil ports were heard on less than"),
        ({"old_registers": "OFAC SDN"}, "Registers older than 60 days: OFAC SDN."),
        ({"undecided": 1}, "Not taken as linked: 1 ship that called and may be on a list"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_limit_of_the_data_is_one_sentence(notes: Row, sentence: str) -> None:
    (note,) = limits.notes(NOTHING | notes, COMPLETE)
    assert note.startswith(sentence)
    assert limits.notes(NOTHING, COMPLETE) == []


def test_beside_the_number_the_first_ports_never_heard_stand_for_all() -> None:
    notes = {"never_heard": ["Kharg Island", "Assaluyeh, Pars", "Neka"], "ports": 27}
    assert limits.never_heard(notes, 2) == (
        "No source ever heard 3 of 27 ports, among them: Kharg Island; Assaluyeh, Pars."
    )
    assert str(limits.never_heard(notes, 3)).endswith(
        "3 of 27 ports: Kharg Island; Assaluyeh, Pars; Neka."
    )


def test_ships_of_unknown_type_are_said_beside_those_of_known_type() -> None:
    none = {"of_unknown_type": 0, "linked_of_unknown_type": 0}
    assert limits.untyped(none, COMPLETE) is None
    some = {"of_unknown_type": 54, "linked_of_unknown_type": 0}
    assert limits.untyped(some, COMPLETE | {"tanker_calls": 7}) == (
        "Not counted: 54 calls of ships of unknown type, some of which may be tankers. Calls of "
        "known tankers: 7."
    )
    linked = str(limits.untyped(some | {"linked_of_unknown_type": 2}, COMPLETE))
    assert "2 of them linked to Russia: the number is a lower bound." in linked


def test_no_number_where_the_type_of_linked_ships_is_unknown() -> None:
    series = COMPLETE | {"untyped_linked_calls": 2, "russian_linked_tanker_calls": None}
    assert words.headline(series, []).startswith(
        "No number: no call of a known tanker, and 2 calls of Russian-linked ships of unknown type;"
    )
    assert not words.is_quotable(series)
