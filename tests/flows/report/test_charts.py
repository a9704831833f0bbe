"""The chart of the series: what was not heard has no bar, and what is open is hollow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from flows.report import charts, figures

Row = dict[str, Any]
START = date(2025, 12, 29)
LINKED = ("russian_linked_tanker_calls", "russian_linked_berth_calls")


def series(*calls: int | None, state: str = "complete") -> list[Row]:
    """A week for each count, from 2026-W01 on; None is a week that nobody heard."""
    rows: list[Row] = []
    for number, count in enumerate(calls):
        start = START + timedelta(weeks=number)
        unheard = dict.fromkeys((*LINKED, "tanker_calls", "low_95", "high_95"))
        row: Row = {"week": f"{start:%G-W%V}", "week_start": start, **unheard}
        row |= {"observed_share": 0.05, "state": "unobserved"}
        if count is not None:
            row |= dict(zip(LINKED, (count, count // 2), strict=True))
            row |= {"tanker_calls": count + 10, "low_95": 0.5 * count, "high_95": 2.0 * count + 4}
            row |= {"observed_share": 1.0, "state": state}
        rows.append(row)
    return rows


def drawn(rows: list[Row], size: Any = charts.WIDE, *usual: Any) -> list[Axes]:
    """The top, middle and bottom axes."""
    return charts.series_figure(rows, *size, *usual).axes


def bars(axes: Axes) -> dict[int, list[Any]]:
    """Bars by the week that they stand over, from below."""
    by_week: dict[int, list[Any]] = {}
    for container in axes.containers:
        for bar in container:
            by_week.setdefault(round(bar.get_x() + bar.get_width() / 2), []).append(bar)
    return by_week


def gaps(axes: Axes) -> list[int]:
    """The weeks that are hatched."""
    bars_ = {bar for container in axes.containers for bar in container}
    hatched = [patch for patch in axes.patches if patch not in bars_ and patch.get_hatch()]
    return [round(patch.get_x() + 0.5) for patch in hatched]


def test_an_unheard_week_is_a_gap_and_not_zero() -> None:
    top, middle, bottom = drawn(series(4, None, None, 0, 3))
    assert set(bars(top)) == {0, 3, 4}
    assert gaps(top) == gaps(middle) == [1, 2], "a zero that was heard is no gap"
    ends = {round(line[0][0]): line[1][1] for c in top.collections for line in c.get_segments()}
    assert set(ends) == {0, 3, 4}, "and has its limits"
    values = [str(value) for value in middle.lines[0].get_ydata()]
    assert values == ["14.0", "nan", "nan", "10.0", "13.0"]
    assert [round(bar[0].get_height(), 2) for bar in bars(bottom).values()] == [1, 0.05, 0.05, 1, 1]
    rows = series(4, None)
    rows[1] |= {"tanker_calls": 12}
    top, middle, _ = drawn(rows)
    assert (gaps(top), gaps(middle)) == ([1], []), "all tankers may be counted where linked cannot"


def test_calls_at_a_berth_stand_below_those_at_anchor() -> None:
    top, _, _ = drawn(series(5))
    below, above = bars(top)[0]
    assert (below.get_y(), below.get_height()) == (0, 2)
    assert (above.get_y(), above.get_height()) == (2, 3)
    assert [to_hex(bar.get_facecolor()) for bar in (below, above)] == [
        figures.BERTH,
        figures.LINKED,
    ]


def test_an_open_week_is_hollow() -> None:
    rows = [*series(4, 4)[:1], series(4, 4, state="open")[1] | {"low_95": None, "high_95": None}]
    top, _, _ = drawn(rows)
    assert {to_hex(bar.get_facecolor()) for bar in bars(top)[1]} == {figures.PAPER}
    assert figures.PAPER not in {to_hex(bar.get_facecolor()) for bar in bars(top)[0]}


def test_limits_of_a_week_hardly_heard_do_not_stretch_the_axis() -> None:
    rows = series(4, 4)
    rows[1] |= {"state": "partial", "observed_share": 0.1, "low_95": 11.0, "high_95": 102.0}
    top, _, _ = drawn(rows)
    assert top.get_ylim()[1] == pytest.approx(1.08 * 12)


def test_the_usual_is_drawn_over_the_weeks_that_it_is_of() -> None:
    rows = series(*[2] * 20)
    usual = charts.Usual(2.1, weeks=4, before_weeks=8)
    top, _, _ = drawn(rows, charts.WIDE, usual)
    (line,) = top.lines
    assert list(line.get_xdata()) == [7.5, 15.5], "weeks 8 to 15 of 0 to 19"
    assert list(line.get_ydata()) == [2.1, 2.1]


@pytest.mark.parametrize("size", [charts.WIDE, charts.NARROW, charts.CHAT])
def test_only_the_last_weeks_are_drawn(size: tuple[float, int]) -> None:
    _, _, bottom = drawn(series(*[1] * 120), size)
    assert len(bars(bottom)) == size[1]
    labels = [label.get_text() for label in bottom.get_xticklabels()]
    assert 2 <= len(labels) <= 13 and labels[-1].endswith(" 28")
    _, _, bottom = drawn(series(1, 2, 3), charts.NARROW)
    assert [label.get_text() for label in bottom.get_xticklabels()] == ["W01", "W02", "W03"]


@pytest.mark.parametrize("calls", [(None,), (0,), (None, None), (7,)])
def test_a_young_series_draws(calls: tuple[int | None, ...]) -> None:
    for size in (charts.WIDE, charts.NARROW):
        assert figures.svg(charts.series_figure(series(*calls), *size), "a", "t", "d")
    assert charts.series_png(series(*calls), ["Week"]).startswith(b"\x89PNG")


def test_the_same_series_gives_the_same_bytes() -> None:
    rows = series(3, None, 5)
    usual = charts.Usual(2.0, 1, 8)
    assert charts.series_png(rows, ["A"], usual) == charts.series_png(rows, ["A"], usual)
