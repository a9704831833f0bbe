"""Step 8b, volume: whether the oil of the last 1, 4 and 13 weeks is more or less than usual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.derive.mixtures import Amounts
from flows.derive.plain_word import FALL, NO_CHANGE, RISE, UNHEARD
from flows.derive.rates import WINDOW_P, tail_p
from flows.derive.series import parts_of
from flows.derive.volume import (
    LEAST_CALLS,
    Cell,
    Key,
    Row,
    cells_of,
    ends,
    records,
    together,
    usual_calls,
)

COLUMNS = {
    **{"week": "str", "view": "str", "weeks": "float", "a_week_t": "float", "low_90_t": "float"},
    **{"high_90_t": "float", "before_a_week_t": "float", "index_100": "float"},
    **{"change_p": "float", "word": "str"},
}
"""Columns of the windows, with their types."""

SUMS = ("calls", "estimated_calls", "payload_t", "square_t2", "variance_t2")

Flags = npt.NDArray[np.bool_]


class _Weeks:
    """The oil of one view week by week, and the weeks in which each set of waters was heard."""

    def __init__(self, weeks: pd.DataFrame, rows: Sequence[Row], cells: Sequence[Cell]) -> None:
        self.names = sorted(set(weeks["week"]))
        self.is_heard = {part.waters: part.is_heard for part in parts_of(weeks)}
        self._at: dict[Key, int] = {(row["week"], row["water"]): n for n, row in enumerate(rows)}
        self._values = np.array([[row[name] for name in SUMS] for row in rows], float)
        self._cell = dict(zip(self._at, cells, strict=True))
        self._together: dict[Key, Cell] = {}

    def chosen(self, waters: str, first: int, last: int) -> list[str]:
        """The weeks from a place to before another in which these waters were heard."""
        heard = self.is_heard[waters]
        return [self.names[at] for at in range(max(first, 0), last) if heard[at]]

    def sums(self, waters: str, weeks: Sequence[str]) -> list[float]:
        """The sums of `SUMS` over these weeks and waters."""
        at = [self._at[week, water] for week in weeks for water in waters.split(", ")]
        # One after the other: numpy's own sum of many floats depends on their number.
        return self._values[at].cumsum(axis=0)[-1].tolist() if at else [0.0] * len(SUMS)

    def cells(self, waters: str, weeks: Sequence[str]) -> list[Cell]:
        """Of each of these weeks that has one, the oil of these waters together."""
        for week in weeks:
            if (waters, week) not in self._together:
                parts = [self._cell[week, water] for water in waters.split(", ")]
                self._together[waters, week] = together(parts)
        cells = (self._together[waters, week] for week in weeks)
        return [cell for cell in cells if cell.amounts is not None]


def windows(
    weeks: pd.DataFrame,
    views: pd.DataFrame,
    window_rows: pd.DataFrame,
    dispersions: pd.DataFrame,
) -> pd.DataFrame:
    """The windows of one series in tonnes, on the waters and weeks that its count is compared on.

    Parameters
    ----------
    weeks : DataFrame
        As `series.windows` takes it.
    views : DataFrame
        The series' rows of `volume_view`.
    window_rows : DataFrame
        What `series.windows` returns, with the column series.
    dispersions : DataFrame
        As `volume.weekly` takes it.

    Returns
    -------
    DataFrame
        A row a window: week, view, weeks; `a_week_t`, the mean of the weeks' sums, with
        `low_90_t` and `high_90_t`; `before_a_week_t`, `index_100` (against the weeks before),
        `change_p` and `word`. Null where the count has no window, or half of its weeks no sum. The
        test is the count's with tonnes in the place of calls: over the mean size of a call,
        weighted by size, a sum of independent amounts varies like a count (a compound Poisson sum
        of rate r and amounts x has the mean r E[x] and the variance r E[x^2]). A rise or fall needs
        the usual rate outside the interval too.
    """
    rows = records(views)
    usual = usual_calls([row for row in rows if row["view"] == "today"])
    of_view = {}
    for view in sorted({row["view"] for row in rows}):
        its = [row for row in rows if row["view"] == view]
        of_view[view] = _Weeks(weeks, its, cells_of(its, usual, dispersions))
    each = [_Window(window, of_view[window["view"]]) for window in records(window_rows)]
    given = [window for window in each if window.now]
    limits = ends([_added(window.now) for window in given])
    of_ends = zip(limits["payload_low_90_t"], limits["payload_high_90_t"], strict=True)
    interval = {id(window): pair for window, pair in zip(given, of_ends, strict=True)}
    measures = [window.measures(interval.get(id(window))) for window in each]
    return pd.DataFrame(measures, columns=[*COLUMNS]).astype(COLUMNS)


class _Window:
    """One window against the weeks before it; `now` has a sum a week, none if they are too few."""

    def __init__(self, window: Row, of: _Weeks) -> None:
        self._window, self._of = window, of
        self.now: list[Cell] = []
        if window["waters"] is None:
            return
        end = of.names.index(window["week"]) + 1
        start = end - int(window["weeks"])
        self._inside = of.chosen(window["waters"], start, end)
        first = start - int(window["before_weeks"])
        self._outside = of.chosen(window["waters"], first, start)
        now = of.cells(window["waters"], self._inside)
        if 2 * len(now) >= window["weeks"]:
            self.now = now

    def measures(self, interval: tuple[float, float] | None) -> Row:
        """Its row; `interval` is that of the sum of its weeks."""
        window = self._window
        row = {name: window[name] for name in ("week", "view", "weeks")}
        row["word"] = None if window["is_open"] else UNHEARD
        if interval is not None:
            low, high = (end / len(self.now) for end in interval)
            a_week = sum(cell.payload_t for cell in self.now) / len(self.now)
            row |= {"a_week_t": a_week, "low_90_t": low, "high_90_t": high}
            row |= self._against_the_usual(a_week, low, high)
        return row

    def _against_the_usual(self, a_week: float, low: float, high: float) -> Row:
        window, of, waters = self._window, self._of, self._window["waters"]
        then = of.cells(waters, self._outside)
        if not then:
            return {}
        usual = sum(cell.payload_t for cell in then) / len(then)
        index = 100 * a_week / usual if usual else None
        found: Row = {"before_a_week_t": usual, "index_100": index}
        if window["change_p"] is None:
            return found
        p = _p(of.sums(waters, self._inside), of.sums(waters, self._outside), window)
        if p is None:
            return found
        word = NO_CHANGE
        if p < WINDOW_P and usual < low:
            word = RISE
        if p < WINDOW_P and usual > high:
            word = FALL
        return found | {"change_p": p, "word": word}


def _added(cells: Sequence[Cell]) -> Cell:
    """The oil of several weeks: of one as it is, of more by mean and variance."""
    if len(cells) == 1:
        return cells[0]
    mean = variance = 0.0
    for cell in cells:
        assert cell.amounts is not None
        chance, means, variances = cell.amounts
        mean += float(chance @ means)
        variance += float(chance @ (variances + means**2)) - float(chance @ means) ** 2
    return Cell(Amounts(np.ones(1), np.array([mean]), np.array([max(variance, 0.0)])), None)


def _p(within: Sequence[float], before: Sequence[float], window: Row) -> float | None:
    """The test of two amounts of oil; None where too few calls have an estimate."""
    calls, estimated, payload_t, square_t2, variance_t2 = (
        a + b for a, b in zip(within, before, strict=True)
    )
    if calls > estimated and estimated < LEAST_CALLS:
        return None
    usual_t = payload_t / estimated if estimated else 0.0
    size_t = (square_t2 + variance_t2) / payload_t if payload_t else 1.0
    # Calls without an estimate are taken as usual ones.
    amounts = [(of[2] + (of[0] - of[1]) * usual_t) / size_t for of in (within, before)]
    exposure, past = window["exposure_weeks"], window["before_exposure_weeks"]
    (p,) = tail_p(
        np.array(amounts[:1]),
        np.array(amounts[1:]),
        np.array([exposure / (exposure + past)]),
        np.array([window["word_width"]]),
    )
    return float(p)
