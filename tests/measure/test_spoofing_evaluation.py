"""The scoring of false tracks, on tables small enough to judge by eye."""

from __future__ import annotations

import pandas as pd

from tests.measure.evaluate_spoofing import is_right, met, precision
from tests.measure.evaluation.spoofing_world import Answers

DAY = [pd.Timestamp("2026-03-02") + pd.Timedelta(days=day) for day in range(10)]


def answers(*spans: tuple[int, int, int], carriers: frozenset[int] = frozenset()) -> Answers:
    """Ship 1 has a false track on days 2 to 6, ship 2 an honest stay; spans by ship and days."""
    laid = pd.DataFrame(
        [(1, "circle", DAY[2], DAY[6], "IRKHK", True), (2, "moored", DAY[2], DAY[6], "", False)],
        columns=["mmsi", "kind", "from_at", "to_at", "port_id", "has_time"],
    )
    lines = [(mmsi, "circle", DAY[begin], DAY[end]) for mmsi, begin, end in spans]
    found = pd.DataFrame(lines, columns=["mmsi", "kinds", "began_at", "ended_at"])
    return Answers(laid, found, found, 100.0, carriers)


def test_a_track_is_found_by_spans_that_hold_half_of_it_together() -> None:
    for spans, count in (
        ([(1, 2, 3), (1, 5, 6)], 2),
        ([(1, 2, 3)], 0),
        ([(1, 0, 9)], 1),
        ([(2, 2, 6)], 0),
    ):
        one = answers(*spans)
        assert len(met(one.laid.iloc[0], one.spans)) == count


def test_a_span_is_right_where_half_of_it_was_false() -> None:
    one = answers((1, 3, 7), (1, 5, 9), (2, 2, 6))
    assert [is_right(span, one) for _, span in one.spans.iterrows()] == [True, False, False]
    trapped = answers((2, 2, 6), carriers=frozenset({2}))
    assert is_right(trapped.spans.iloc[0], trapped)


def test_false_rows_are_of_a_thousand_ship_weeks() -> None:
    one = answers((1, 3, 7), (1, 5, 9))
    assert precision("world", [one, one]) == ("world", "200", 4, 2, 4, 2, "10.00")
