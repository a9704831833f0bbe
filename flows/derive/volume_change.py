"""Step 8b, volume: whether the oil of the last 1, 4 and 13 weeks is more or less than usual."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from flows.derive.plain_word import FALL, NO_CHANGE, RISE, UNHEARD
from flows.derive.rates import WINDOW_P, Floats, tail_p
from flows.derive.series import parts_of
from flows.derive.volume import LEAST_CALLS, MODEL_SHARE, TAIL, Row, records

COLUMNS = {
    **{"week": "str", "view": "str", "weeks": "float", "a_week_t": "float", "low_90_t": "float"},
    **{"high_90_t": "float", "before_a_week_t": "float", "index_100": "float"},
    **{"change_p": "float", "word": "str"},
}
"""Columns of the windows, with their types."""

SUMS = ("calls", "estimated_calls", "payload_t", "square_t2", "variance_t2")


class _Oil(NamedTuple):
    """Calls of some weeks and what they moved, tonnes; `exposure` and `weeks` of those heard."""

    calls: float
    payload_t: float
    variance_t2: float
    exposure: float
    weeks: float


def windows(weeks: pd.DataFrame, views: pd.DataFrame, window_rows: pd.DataFrame) -> pd.DataFrame:
    """The windows of one series in tonnes, on the waters and weeks that its count is compared on.

    Parameters
    ----------
    weeks : DataFrame
        As `series.windows` takes it.
    views : DataFrame
        The series' rows of `volume_view`.
    window_rows : DataFrame
        What `series.windows` returns.

    Returns
    -------
    DataFrame
        A row a window: week, view, weeks; `a_week_t` with `low_90_t` and `high_90_t`,
        `before_a_week_t`, `index_100` (against the weeks before), `change_p` and `word`. Null where
        the count has no window, or too few calls have an estimate. The test is the count's
        with tonnes in the place of calls: over the mean size of a call, weighted by size, a sum of
        independent amounts varies like a count (a compound Poisson sum of rate r and amounts x has
        the mean r E[x] and the variance r E[x^2]). A rise or fall needs the usual rate outside the
        interval too.
    """
    of_waters = {part.waters: part.is_heard for part in parts_of(weeks)}
    names = sorted(set(weeks["week"]))
    sums = {
        (row["view"], row["water"], row["week"]): np.array([float(row[name]) for name in SUMS])
        for row in records(views)
    }
    rows = []
    for window in records(window_rows):
        found: Row = {"word": None if window["is_open"] else UNHEARD}
        if window["waters"] is not None:
            each = [
                np.sum(
                    [
                        sums.get((window["view"], water, week), np.zeros(len(SUMS)))
                        for water in window["waters"].split(", ")
                    ],
                    axis=0,
                )
                for week in names
            ]
            found |= _window(window, np.array(each), of_waters[window["waters"]], names)
        rows.append({name: window[name] for name in ("week", "view", "weeks")} | found)
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)


def _window(window: Row, each: Floats, is_heard: npt.NDArray[np.bool_], names: list[str]) -> Row:
    """One window against the weeks before it."""
    last, length = names.index(window["week"]), int(window["weeks"])
    first = last - length + 1
    inside = np.zeros(len(names), bool)
    inside[first : last + 1] = True
    outside = np.zeros(len(names), bool)
    outside[max(first - int(window["before_weeks"]), 0) : first] = True
    within, before = (each[chosen & is_heard].sum(axis=0) for chosen in (inside, outside))
    calls, estimated, payload_t, square_t2, variance_t2 = within + before
    if calls > estimated and estimated < LEAST_CALLS:
        return {}
    usual_t = payload_t / estimated if estimated else 0.0
    size_t = (square_t2 + variance_t2) / payload_t if payload_t else 1.0
    spread_t2 = max((square_t2 + variance_t2) / estimated - usual_t**2, 0.0) if estimated else 0.0

    def oil(of: Floats, exposure: float, weeks: float) -> _Oil:
        lacking = of[0] - of[1]
        variance = of[4] + lacking * spread_t2
        return _Oil(of[0], of[2] + lacking * usual_t, variance, exposure, weeks)

    now = oil(within, window["exposure_weeks"], window["heard_weeks"])
    then = oil(before, window["before_exposure_weeks"], window["before_heard_weeks"])
    low, high = _interval(now, usual_t, spread_t2, estimated)
    a_week = now.payload_t / now.exposure
    found: Row = {"a_week_t": a_week, "low_90_t": low, "high_90_t": high}
    if then.exposure <= 0:
        return found
    usual = then.payload_t / then.exposure
    found |= {"before_a_week_t": usual, "index_100": 100 * a_week / usual if usual else None}
    if window["change_p"] is None:
        return found
    share = now.exposure / (now.exposure + then.exposure)
    of_sizes = (np.array([now.payload_t / size_t]), np.array([then.payload_t / size_t]))
    (p,) = tail_p(*of_sizes, np.array([share]), np.array([window["word_width"]]))
    word = NO_CHANGE
    if p < WINDOW_P and usual < low:
        word = RISE
    if p < WINDOW_P and usual > high:
        word = FALL
    return found | {"change_p": float(p), "word": word}


def _interval(oil: _Oil, usual_t: float, spread_t2: float, told_by: float) -> tuple[float, float]:
    """The interval of 90 % of the mean week: a gamma distribution by its mean and variance.

    The calls that were not heard are as in `mixtures.unheard_calls`.
    """
    heard = min(oil.exposure / oil.weeks, 1.0)
    unheard = oil.calls * (1 - heard) / heard
    unheard_variance = (oil.calls + 0.5) * (1 - heard) / heard**2
    mean = oil.payload_t + unheard * usual_t
    variance = oil.variance_t2 + unheard * spread_t2 + unheard_variance * usual_t**2
    variance += unheard**2 * spread_t2 / max(told_by, 1) + (MODEL_SHARE * mean) ** 2
    if mean <= 0 or variance <= 0:
        return mean / oil.weeks, mean / oil.weeks
    low, high = special.gammaincinv(mean**2 / variance, [TAIL, 1 - TAIL]) * variance / mean
    return float(low) / oil.weeks, float(high) / oil.weeks
