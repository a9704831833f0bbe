"""Witnesses in a report: what they saw, what we saw, whether that is chance, and whose it is."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from flows.catalogue import access
from flows.home.settings import Settings
from flows.report import page, witnesses
from flows.report.tables import FILES, week_table

Row = dict[str, Any]


def compared(**said: Any) -> Row:
    """A row of `report/agreement`."""
    return {
        **{"publisher": "PortWatch", "series": "tanker_calls", "place": "Iran", "weeks": 1},
        **{"ours": 12, "theirs": 24.0, "theirs_days": 7, "unit": "calls", "observed_share": 1.0},
        **{"ratio": 0.5, "ratio_low_95": 0.23, "ratio_high_95": 1.03, "ratio_before": 0.51},
        **{"before_heard_weeks": 8, "p": 0.9, "diverges": False, "state": "agrees"},
    } | said


DIVERGED = {"diverges": True, "state": "diverges", "p": 0.0004, "theirs": 60.0, "ratio": 0.2}
FOUR = compared(weeks=4, **DIVERGED)
TRANSITS = compared(
    series="tanker_transits", place="Strait of Hormuz", unit="transits", state="no number of ours"
)
SCORE = {
    **{"witness": "GFW", "events": 21, "events_found": 20, "events_set_aside": 3},
    **{"recall": 0.952, "recall_low_95": 0.762, "recall_high_95": 0.999},
    **{"calls": 20, "calls_seen": 20, "precision": 1.0},
    **{"precision_low_95": 0.832, "precision_high_95": 1.0},
}


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([], []),
        (
            [compared()],
            ["PortWatch this week: 24 tanker calls, ours 12; no difference beyond chance (p 0.9)."],
        ),
        (
            [compared(state="incomplete", diverges=None, p=None, theirs_days=5)],
            [
                "PortWatch this week: 24 tanker calls in 5 of 7 days, ours 12; not tested: their "
                "week is not whole."
            ],
        ),
        (
            [compared(state="unheard", diverges=None, p=None, ours=None)],
            ["PortWatch, tanker calls: not tested: too little heard."],
        ),
        (
            [compared(), FOUR],
            [
                "PortWatch the last 4 weeks: 60 tanker calls, ours 12; differs beyond chance "
                "(p 0.0004)."
            ],
        ),
        ([TRANSITS], []),
    ],
)  # fmt: skip
def test_one_line_a_witness(rows: list[Row], expected: list[str]) -> None:
    assert witnesses.lines(rows, []) == expected


def test_recall_and_precision_have_their_limits_and_what_was_set_aside() -> None:
    assert witnesses.lines([], [SCORE]) == [
        "GFW: 20 of 21 visits are calls of ours (95%, 76% to 100% with 95% confidence); 3 more "
        "could not be heard. Of 20 calls of ours it saw 20 (100%, 83% to 100% with 95% confidence)."
    ]
    assert witnesses.score(SCORE | {"events": 0}) == (
        "GFW: no visit that could have been heard; 3 more could not be heard."
    )


def test_disagreement_beyond_chance_is_an_alarm_of_its_own_once_a_place() -> None:
    assert witnesses.alarms([compared(), TRANSITS]) == []
    (alarm,) = witnesses.alarms([compared(**DIVERGED), FOUR])
    assert alarm == (
        "WITNESS DIVERGES: PortWatch, Iran, this week: 12 calls of ours to 60 of theirs, 0.20 of "
        "ours to one of theirs, against 0.51 in the 8 weeks before (p 0.0004). What is heard here "
        "or what they count has changed."
    )


# On the page.


@pytest.fixture(scope="module")
def data(sample_home: Settings) -> Row:
    with access.reading(sample_home) as con:
        tables = {name: week_table(con, query, "2026-W12") for name, query in FILES.items()}
        return page.gather(con, "2026-W12", tables, "to cite")


@pytest.fixture
def panel(data: Row, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The section on witnesses, and all the text of the page; drawings are left out."""
    monkeypatch.setattr(page, "_maps", lambda *_: {"wide": "", "narrow": ""})
    monkeypatch.setattr(page, "_charts", lambda *_: {"wide": "", "narrow": ""})

    def rendered(**changes: Any) -> tuple[str, str]:
        root = ElementTree.fromstring(page.render(data | changes).removeprefix("<!doctype html>"))
        (section,) = (s for s in root.iter("section") if s.findtext("h2") == "Witnesses")
        return text_of(section), text_of(root)

    return rendered


def text_of(node: Element) -> str:
    return " ".join(" ".join(node.itertext()).split())


def test_without_a_witness_it_is_one_line(panel: Any) -> None:
    section, _ = panel()
    assert section == f"Witnesses {witnesses.NONE_GIVEN}"


def test_it_has_both_numbers_their_result_publisher_licence_and_citation(panel: Any) -> None:
    credit = {"publisher": "IMF <b>", "licence": "its terms", "citation": "IMF PortWatch"}
    section, whole = panel(
        witnesses=[{"witness": "PortWatch"} | credit],
        agreement=[compared(**DIVERGED), TRANSITS],
        witness_scores=[SCORE],
    )
    for text in (
        "PortWatch, tanker calls this week 60 12 100% 0.20 0.23 to 1.03 0.51 differs beyond chance",
        "PortWatch, Strait of Hormuz: tankers passing this week 24 – – – – – no number of ours",
        "GFW: 20 of 21 visits",
        "IMF <b>: IMF PortWatch; its terms.",
        "Nothing of it is in the number.",
    ):
        assert text in section
    assert "WITNESS DIVERGES: PortWatch, Iran" in whole
