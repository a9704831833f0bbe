"""What a report says of the oil and of the other series: never a figure without its interval, never
a zero where nothing is known."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flows.derive.plain_word import FALL, NO_CHANGE, RISE, UNHEARD
from flows.report import beside

Row = dict[str, Any]
HEARD = {"worst_water": "Caspian", "worst_share": 0.98, "untyped_linked_calls": 0}
DRAUGHTS = {"lacks_draught": False}
NOTHING = dict.fromkeys(("payload_t", "payload_low_90_t", "payload_high_90_t", "payload_bbl"))
AMOUNT = {"payload_t": 41_234, "payload_low_90_t": 30_000, "payload_high_90_t": 55_000}
FLOOR = NOTHING | {"payload_low_90_t": 30_000}
NONE = {"payload_t": 0, "payload_low_90_t": 0, "payload_high_90_t": 0, "payload_bbl": 0}
UNSEEN = {"payload_t": 0, "payload_low_90_t": 0, "payload_high_90_t": 9_000, "payload_bbl": 0}


def week(
    moved: Row, calls: int = 9, guessed: int = 0, lacking: int = 0, **changes: Any
) -> list[Row]:
    """A week's rows of `oil_volume`, all of it loaded."""
    estimated = calls - lacking
    row = {
        **{"water": None, "link_tier": None, "state": "complete", "calls": calls},
        **{"calls_with_estimate": estimated, "calls_by_one_draught": 0, "payload_bbl": 302_000},
        **{"calls_by_two_draughts": estimated - guessed, "calls_by_terminal": guessed},
        "calls_still_in_port": 0,
    }
    none = row | NONE | dict.fromkeys((name for name in row if name.startswith("calls")), 0)
    loaded = row | moved | changes
    return [
        loaded | {"direction": None},
        loaded | {"direction": "loading"},
        none | {"direction": "discharging"},
        none | {"direction": "unknown"},
    ]


SAID = {
    "estimated": (
        week(AMOUNT),
        "Oil moved: an estimated 41,200 t (90% interval 30,000 to 55,000), some 0.3 million "
        "barrels; 41,200 t (30,000 to 55,000) loaded, none discharged. Every one of 9 calls is "
        "estimated from draughts.",
    ),
    "guessed in part": (
        week(AMOUNT, guessed=4),
        "4 of 9 calls sent no credible draught: guessed from terminal and size.",
    ),
    "without an estimate in part": (
        week(AMOUNT, lacking=2),
        "2 of 9 calls have no estimate: taken as usual calls.",
    ),
    "not yet over": (
        week(AMOUNT, calls_still_in_port=1),
        "1 of 9 calls was still in port: estimated as if done, from the arrival.",
    ),
    "so far": (week(AMOUNT, state="open"), "Oil moved: so far an estimated 41,200 t"),
    "no call": (week(NONE, calls=0), "Oil moved: none, as no call was made at a berth."),
    "none seen": (week(UNSEEN, calls=0), "Oil moved: an estimated 0 to 9,000 t (90% interval); "),
}


@pytest.mark.parametrize(("volume", "text"), SAID.values(), ids=SAID)
def test_how_much_was_moved_and_how_much_of_it_is_guessed(volume: list[Row], text: str) -> None:
    assert text in beside.oil(volume, HEARD, DRAUGHTS)


def test_a_direction_may_be_unknown_where_the_sum_is_not() -> None:
    loaded_only = [
        row | (NOTHING if row["direction"] == "discharging" else {}) for row in week(AMOUNT)
    ]
    text = "41,200 t (30,000 to 55,000) loaded, how much was discharged is not known. "
    assert text in beside.oil(loaded_only, HEARD, DRAUGHTS)


UNKNOWN = {
    "too little heard": (
        week(NOTHING, calls=0),
        {"worst_share": 0.1},
        "no estimate, as only 10% was heard of the Caspian.",
    ),
    "no size and no draught": (
        week(NOTHING, lacking=9),
        {},
        "no estimate, as the ships of 9 calls give neither a credible draught nor a size to go by.",
    ),
    "ships of unknown type": (week(NOTHING, calls=0), {"untyped_linked_calls": 1}, "unknown type"),
    "a floor": (
        week(FLOOR),
        {"worst_share": 0.0},
        "at least 30,000 t by 9 calls heard; how much in all is not known, as nothing was heard",
    ),
    "a floor for want of estimates": (week(FLOOR, lacking=6), {}, "as no estimate tells"),
}


@pytest.mark.parametrize(("volume", "heard", "text"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_is_said_and_is_no_zero(volume: list[Row], heard: Row, text: str) -> None:
    sentence = beside.oil(volume, HEARD | heard, DRAUGHTS)
    assert text in sentence
    assert not re.search(r"\b0 t\b|none", sentence.replace("none discharged", ""))
    figure = beside.number(volume)
    assert figure.value == "–" or figure.qualifier == "at least"


def test_the_figure_has_its_interval() -> None:
    figure = beside.number(week(AMOUNT))
    assert (figure.value, figure.label) == ("41,200 t", "90% interval 30,000 to 55,000 t")
    assert beside.number(week(UNSEEN))[:2] == ("up to", "9,000 t"), "a zero would be quoted"
    assert beside.number(week(NONE)).value == "0 t"


def test_a_week_without_any_draught_says_so() -> None:
    text = beside.oil(week(AMOUNT, guessed=9), HEARD, {"lacks_draught": True})
    assert text.endswith("No tanker that called sent a draught.")


def windows(today: str | None, at_call: str | None, p: float | None = 0.001) -> list[Row]:
    """Windows of which that of four weeks has these words, the others none."""
    amounts = {"payload_a_week_t": 80_000, "payload_low_90_t": 70_000, "payload_high_90_t": 90_000}
    other = None if today is None else UNHEARD
    return [
        amounts
        | {"view": view, "weeks": weeks, "word": word if weeks == 4 else other}
        | {"before_a_week_t": 41_000, "before_weeks": 26, "change_p": p}
        for view, word in (("today", today), ("at_call", at_call))
        for weeks in (1, 4, 13)
    ]


CHANGES = {
    "both views": (windows(RISE, RISE), "The oil shows a rise over 4 weeks: 80,000 t a week"),
    "one view": (windows(FALL, NO_CHANGE), "no clear change"),
    "none": (windows(NO_CHANGE, NO_CHANGE), "no clear change"),
    "not compared": (windows(UNHEARD, UNHEARD, None), "Not enough heard or estimated"),
}


@pytest.mark.parametrize(("rows", "text"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_one_that_both_views_show(rows: list[Row], text: str) -> None:
    assert text in (beside.change(rows) or "")


def test_an_open_week_is_not_compared() -> None:
    assert beside.change(windows(None, None, None)) is None


def test_methods_are_shares_of_the_calls() -> None:
    rows = beside.methods(week(AMOUNT, guessed=4, lacking=2))
    assert [row["calls"][0] for row in rows] == [3, 4, 2]
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert beside.methods(week(NONE, calls=0)) == []


def test_ship_and_oil_are_two_statements() -> None:
    row = {"dimension": "oil", "value": "Iranian oil likely loaded", "linked_calls": 2}
    text = beside.whose([row, row | {"value": "not known", "linked_calls": 1}])
    assert text is not None
    assert "need not carry Russian oil" in text
    assert (
        "3 Russian-linked calls" in text and "Iranian oil likely loaded, 2; not known, 1." in text
    )
    assert beside.whose([row | {"linked_calls": 0}, row | {"linked_calls": None}]) is None


OTHER = {
    **{"series": "c", "title": "Calls of dry ships", "week": "2026-W11", "state": "complete"},
    **{"linked_calls": 3, "linked_berth_calls": 2, "observed_share": 0.97, "word": NO_CHANGE},
    **{"word_weeks": None, "untyped_linked_calls": 0, "high_95": 3.7},
}
OTHERS = {
    "counted": ({}, "Calls of dry ships: 2 at berth, 3 in all; 97% of port hours heard."),
    "in part": ({"state": "partial"}, "at least 2 at berth, at least 3 in all"),
    "a rise": ({"word": RISE, "word_weeks": 4}, "A rise over 4 weeks."),
    "no number": ({"linked_calls": None}, "no number; 97% of port hours heard, too little"),
    "zero": ({"linked_calls": 0}, "Calls of dry ships: none; 97%"),
    "a zero of what was heard": ({"linked_calls": 0, "state": "partial"}, "none seen; 97%"),
    "a zero that was hardly heard": (
        {"linked_calls": 0, "state": "partial", "observed_share": 0.34, "high_95": 10.8},
        "none seen; 34% of port hours heard; up to 11 a week would fit.",
    ),
    "open": ({"state": "open", "word": None}, "3 in all so far"),
}


@pytest.mark.parametrize(("changes", "text"), OTHERS.values(), ids=OTHERS)
def test_what_is_said_of_another_series(changes: Row, text: str) -> None:
    earlier = OTHER | {"week": "2026-W10"}
    (other,) = beside.others([earlier, OTHER | changes], "2026-W11")
    assert text in other["text"]
    assert len(other["weeks"]) == 2


def test_a_summary_of_a_series_without_oil_says_nothing_of_it() -> None:
    assert beside.sentences({"volume": [], "other_series": []}, "2026-W11") == []
