"""The text by which a week is cited: it says no more than the page does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from flows.report.citable import to_cite

Row = dict[str, Any]

SERIES: Row = {
    **{"week": "2026-W12", "week_start": date(2026, 3, 16), "state": "partial"},
    **{"russian_linked_tanker_calls": 3, "russian_linked_berth_calls": 2, "low_95": 0.64},
    **{"high_95": 9.1, "observed_share": 0.96, "worst_water": "Caspian", "worst_share": 0.96},
    "untyped_linked_calls": 0,
}
NOTES: Row = {"is_simulated": False, "known_on": None}
PUBLISHED = [{"published_at": datetime(2026, 3, 23, 6), "code_version": "1.2.3"}]
WEEK = "Barometer, week 2026-W12 (16 March to 22 March 2026)."
NUMBER = (
    "Russian-linked tankers at Iranian ports: at least 2 at berth, at least 3 calls in all; 96% of "
    "the coast's hours heard."
)
LIMITS = "95% limits of the rate: 0.6 to 9.1 calls a week."
STAND = "Numbers of 23 March 2026, 06:00 UTC, version 1.2.3."
ZERO = dict.fromkeys(("russian_linked_tanker_calls", "russian_linked_berth_calls"), 0)
CASES: dict[str, tuple[Row, Row, list[Row], str]] = {
    "number, limits, share, version, day": ({}, {}, PUBLISHED, f"{WEEK} {NUMBER} {LIMITS} {STAND}"),
    "no upper limit": (
        {"high_95": None},
        {},
        PUBLISHED,
        f"{WEEK} {NUMBER} 95% limits of the rate: 0.6 and more calls a week. {STAND}",
    ),
    "a zero hardly heard": (
        ZERO | {"high_95": 10.8},
        {},
        PUBLISHED,
        f"{WEEK} No Russian-linked tanker call seen where we listened (96% of the coast's hours); "
        f"up to 11 a week would fit. {STAND}",
    ),
    "not yet published": ({}, {}, [], f"{WEEK} {NUMBER} {LIMITS} Not yet published."),
    "simulated": (
        {},
        {"is_simulated": True},
        PUBLISHED,
        "SIMULATED DATA: ships and voyages here were made up by barometer simulate. "
        f"{WEEK} {NUMBER} {LIMITS} {STAND}",
    ),
    "as known on a day": (
        {},
        {"known_on": "2026-03-01"},
        PUBLISHED,
        f"AS KNOWN ON 2026-03-01: later listings are left out. {WEEK} {NUMBER} {LIMITS} {STAND}",
    ),
}


@pytest.mark.parametrize(("series", "notes", "published", "text"), CASES.values(), ids=CASES)
def test_a_week_is_cited_with_all_that_limits_it(
    series: Row, notes: Row, published: list[Row], text: str
) -> None:
    assert to_cite(SERIES | series, [], NOTES | notes, published) == text
