"""Step 8a, series: limits, index, change test and plain word of the weekly number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.derive.plain_word import FALL, LEAST_DISPERSION, NO_CHANGE, RISE, UNHEARD
from flows.derive.rates import (
    WINDOW_P,
    WINDOWS,
    WORD_P,
    Floats,
    change_p,
    dispersion,
    limit_width,
    poisson_limits,
    tail_p,
)
from flows.home.rules import rule

INDEX_WEEKS = int(rule("index_weeks"))
"""The weeks before the window that the index is 100 for, and that dispersion is taken from."""

LEAST_SHARE = rule("least_share")
"""Below this share of a water's hours no zero is reported, so a count there would be one-sided."""

WHOLE_SHARE = rule("whole_share")
"""From this share on a week is complete and counts as whole."""

VIEWS = {"today": "linked_calls", "at_call": "linked_at_call"}
"""The two views: what is known today for all weeks, and what was known when each call was made."""


class Part(NamedTuple):
    """Some of the waters together, week by week: what the headline is compared on."""

    waters: str
    calls: dict[str, Floats]
    exposure: Floats
    is_heard: npt.NDArray[np.bool_]


def _by_week(weeks: pd.DataFrame, *columns: str) -> dict[str, pd.DataFrame]:
    """Columns of the waters' rows, each as a table with a row a week and a column a water."""
    waters = weeks.loc[weeks["water"].notna()].set_index(["week", "water"])
    return {column: waters[column].unstack("water").sort_index() for column in columns}


def _exposure(share: Floats) -> Floats:
    return np.where(share >= WHOLE_SHARE, 1.0, share)


def parts_of(weeks: pd.DataFrame) -> list[Part]:
    """All sets of waters, the heaviest first."""
    columns = ("observed_share", "weight", "untyped_linked_calls", "is_open", *VIEWS.values())
    tables = _by_week(weeks, *columns)
    share = tables["observed_share"].fillna(0)
    by_week, untyped = tables["weight"], tables["untyped_linked_calls"]
    counts = {column: tables[column] for column in VIEWS.values()}
    is_open = tables["is_open"].any(axis=1).to_numpy(bool)
    names = sorted(share.columns)
    chosen = [list(c) for size in range(len(names)) for c in combinations(names, size + 1)]
    weight = {name: float(by_week[name].iloc[0]) for name in names if len(by_week)}
    parts = []
    chosen.sort(key=lambda names: (-sum(weight.get(name, 0) for name in names), names))
    for waters in chosen:
        least = share[waters].min(axis=1).to_numpy(float)
        weights = np.array([weight.get(name, 0.0) for name in waters])
        heard = share[waters].to_numpy(float) @ weights / max(float(weights.sum()), 1e-300)
        calls = {
            column: count[waters].sum(axis=1).to_numpy(float) for column, count in counts.items()
        }
        exposure = np.where(least >= WHOLE_SHARE, 1.0, heard)
        # Where linked ships of unknown type called, the count is a lower bound: its fall is none.
        is_whole = (untyped[waters].sum(axis=1) == 0).to_numpy(bool)
        is_heard = ~is_open & (least >= LEAST_SHARE) & is_whole
        parts.append(Part(", ".join(waters), calls, exposure, is_heard))
    return parts


def windows(weeks: pd.DataFrame) -> pd.DataFrame:
    """Every week's rolling windows, by what is known today and by what was known at the call.

    A water without reception is left out of the window and of the weeks before: its silence is not
    a fall, and its return is not a rise. The comparison is on the largest set of waters for which
    the window and enough weeks before have reception.

    Parameters
    ----------
    weeks : DataFrame
        A row a week and water, without gaps: week, water (null for the whole coast), is_open,
        weight, observed_share, linked_calls, linked_at_call, and
        untyped_linked_calls, those that may be lacking in linked_calls.

    Returns
    -------
    DataFrame
        A row a week, view and window: `week`, `view`, `weeks`, `calls` of the weeks that were
        heard, their `exposure_weeks` and number `heard_weeks`, `rate_a_week` with `low_95` and
        `high_95`, the same of the weeks before, `index_100` (the rate against that of the 52 weeks
        before the window), `change_p` (exact), `word_p` (as wide as the calls cluster),
        `rise_from_calls` and `fall_to_calls`, `dispersion`, `word`, and `waters`, those compared.
        Null where the week is open or too little was heard.
    """
    parts = parts_of(weeks)
    coast = weeks.loc[weeks["water"].isna()].sort_values("week")
    is_open = coast["is_open"].to_numpy(bool)
    rows = []
    for view, column in VIEWS.items():
        for length, before in WINDOWS.items():
            rows += [
                _compared(row, length, before, column, parts, is_open)
                | {"week": week, "view": view, "weeks": length, "is_open": is_open[row]}
                for row, week in enumerate(coast["week"].tolist())
            ]
    measures = pd.DataFrame(rows, columns=[*_KEY, *_MEASURES])
    kinds = dict.fromkeys(_MEASURES, float) | {"week": "str"}
    return _judged(measures.astype(kinds))


def _compared(
    row: int,
    length: int,
    before: int,
    column: str,
    parts: list[Part],
    is_open: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """The window on the most waters that can be compared, else on the most that were heard."""
    tried = []
    # A window is of its own week first of all: what was not heard in it is left out of the others.
    candidates = [part for part in parts if part.is_heard[row]] or parts
    for part in candidates:
        calls, exposure, is_heard = part.calls[column], part.exposure, part.is_heard
        window = _window(row, length, before, calls, exposure, is_heard, is_open)
        if "calls" in window:
            window["waters"] = part.waters
        if "change_p" in window:
            return window
        tried.append(window)
    return next((window for window in tried if "calls" in window), tried[0])


_KEY = ("week", "view", "weeks", "before_weeks", "is_open", "waters")
_MEASURES = (
    *("calls", "exposure_weeks", "heard_weeks"),
    *("before_calls", "before_exposure_weeks", "before_heard_weeks"),
    *("index_100", "change_p", "dispersion", "pairs"),
)


def _window(
    row: int,
    length: int,
    before: int,
    calls: Floats,
    exposure: Floats,
    is_heard: npt.NDArray[np.bool_],
    is_open: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """The sums of one window, of the weeks before it, and what can be had from them."""
    start = row - length + 1
    measures: dict[str, Any] = {"before_weeks": before}
    if is_open[row] or start < 0:
        return measures
    inside = is_heard[start : row + 1]
    past = slice(max(start - before, 0), start)
    outside = is_heard[past]
    heard_weeks = int(inside.sum())
    sums = {
        "calls": calls[start : row + 1][inside].sum(),
        "exposure_weeks": exposure[start : row + 1][inside].sum(),
        "heard_weeks": heard_weeks,
        "before_calls": calls[past][outside].sum(),
        "before_exposure_weeks": exposure[past][outside].sum(),
        "before_heard_weeks": int(outside.sum()),
    }
    if 2 * heard_weeks < length:
        return measures | {"heard_weeks": heard_weeks}
    measures |= sums
    year = slice(max(start - INDEX_WEEKS, 0), start)
    base_calls = calls[year][is_heard[year]].sum()
    base_exposure = exposure[year][is_heard[year]].sum()
    # The fewest weeks before: four, a choice; twice the window for longer ones.
    is_comparable = sums["before_heard_weeks"] >= max(4, 2 * length)
    if base_calls > 0 and is_comparable:
        rate, base = sums["calls"] / sums["exposure_weeks"], base_calls / base_exposure
        measures["index_100"] = 100 * rate / base
    if is_comparable:
        measures["change_p"] = change_p(
            int(sums["calls"]),
            sums["exposure_weeks"],
            int(sums["before_calls"]),
            sums["before_exposure_weeks"],
        )
    measures["dispersion"], measures["pairs"] = dispersion(
        calls[year], exposure[year], is_heard[year]
    )
    return measures


def _judged(measures: pd.DataFrame) -> pd.DataFrame:
    """Limits, the widened test, what it could show, and the word, for all windows at once."""
    wide = limit_width(measures["dispersion"].to_numpy(), measures["pairs"].to_numpy())
    limits_wide = np.where(measures["dispersion"] > LEAST_DISPERSION, wide, 1.0)
    calls, exposure = measures["calls"].to_numpy(), measures["exposure_weeks"].to_numpy()
    before, past = measures["before_calls"].to_numpy(), measures["before_exposure_weeks"].to_numpy()
    low, high = poisson_limits(calls, dispersion=limits_wide)
    is_comparable = measures["change_p"].notna().to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(is_comparable, exposure / (exposure + past), np.nan)
        before_rate = np.where(past > 0, before / past, np.nan)
        rate = calls / exposure
        judged = measures.assign(
            limits_width=limits_wide,
            word_width=wide,
            rate_a_week=rate,
            low_95=low / exposure,
            high_95=high / exposure,
            before_rate_a_week=before_rate,
            word_p=np.where(is_comparable, tail_p(calls, before, share, wide), np.nan),
            rise_from_calls=np.where(is_comparable, _rise_from(before, share, wide), np.nan),
            fall_to_calls=np.where(is_comparable, _fall_to(before, share, wide), np.nan),
        )
    is_change = ((judged["word_p"] < WINDOW_P) & (judged["change_p"] < WORD_P)).to_numpy()
    word = np.where(is_comparable, NO_CHANGE, UNHEARD).astype(object)
    word[is_change & (rate > before_rate)] = RISE
    word[is_change & (rate < before_rate)] = FALL
    word[measures["is_open"].to_numpy(bool)] = None
    return judged.assign(word=word)


def _rise_from(before: Floats, share: Floats, wide: Floats) -> Floats:
    """The smallest count of a window that would be called a rise."""
    expected = before * share / (1 - share)
    low = np.floor(np.nan_to_num(expected))
    # Ten times the usual and 50 calls more is a rise for any window and clustering below 6.
    high = 10 * low + 50 * np.maximum(wide, 1)
    return _bisected(low, high, lambda count: tail_p(count, before, share, wide) < WINDOW_P)


def _fall_to(before: Floats, share: Floats, wide: Floats) -> Floats:
    """The largest count that would be called a fall; nan where not even none would."""
    expected = before * share / (1 - share)
    top = np.ceil(np.nan_to_num(expected))
    steps = _bisected(
        np.full_like(top, -1.0),
        top + 1,
        lambda count: ~(tail_p(count, before, share, wide) < WINDOW_P),
    )
    return np.where(steps >= 1, steps - 1, np.nan)


def _bisected(low: Floats, high: Floats, holds: Callable[[Floats], Any]) -> Floats:
    """The smallest whole number above `low`, up to `high`, for which a monotone condition holds.

    nan where it does not hold at `high` either.
    """
    low, high = low.copy(), np.ceil(high)
    is_found = holds(high)
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        yes = holds(middle)
        high = np.where(yes, middle, high)
        low = np.where(yes, low, middle)
    return np.where(is_found, high, np.nan)


def weekly(weeks: pd.DataFrame, window_rows: pd.DataFrame) -> pd.DataFrame:
    """Each week's limits, index, test and plain word.

    Parameters
    ----------
    weeks : DataFrame
        As `windows` takes it.
    window_rows : DataFrame
        What `windows` returns.

    Returns
    -------
    DataFrame
        A row a week and water: `low_95`, `high_95` (calls a week, also of a week with too little
        heard for a test, if it has a call); for the coast, whose water is null, `index_100`,
        `change_p` and `dispersion` by what is known today; `word` and `word_weeks`: a rise or fall
        is said only where both views say it, in the window whose test is clearest. Null while the
        week is open.
    """
    today = window_rows.loc[(window_rows["view"] == "today") & (window_rows["weeks"] == 1)]
    limits = _limits(weeks, today.set_index("week")["limits_width"])
    coast = (
        limits.loc[limits["water"].isna()]
        .merge(today[["week", "index_100", "change_p", "dispersion"]], on="week", how="left")
        .merge(_words(window_rows), on="week", how="left")
        .sort_values("week", ignore_index=True)
    )
    is_open = coast["is_open"].to_numpy(bool)
    is_heard = coast["is_heard"].to_numpy(bool)
    coast["word"] = coast["word"].fillna(UNHEARD).where(is_heard, UNHEARD).where(~is_open, None)
    coast["word_weeks"] = coast["word_weeks"].where(coast["word"].isin([RISE, FALL]))
    rows = pd.concat([coast, limits.loc[limits["water"].notna()]], ignore_index=True)
    return rows.drop(columns=["is_open", "is_heard"])


def _limits(weeks: pd.DataFrame, width: pd.Series[float]) -> pd.DataFrame:
    """Limits of each row's rate, calls a week, and whether the week is open and any of it heard.

    How the coast's calls are distributed over its waters is unknown where reception is partial: the
    lower limit assumes the water with the most reception, the upper one that with the least. So the
    limits hold for any distribution; with a water without reception there is no upper limit, nor
    with linked ships of unknown type.
    """
    share = weeks["observed_share"].fillna(0).to_numpy(float)
    by_week = _by_week(weeks, "observed_share")["observed_share"].fillna(0)
    is_coast = weeks["water"].isna().to_numpy(bool)
    least = np.where(is_coast, weeks["week"].map(by_week.min(axis=1)), share).astype(float)
    most = np.where(is_coast, weeks["week"].map(by_week.max(axis=1)), share).astype(float)
    calls = weeks["linked_calls"].to_numpy(float)
    dispersed: Floats = np.asarray(weeks["week"].map(width), np.float64)
    low, high = poisson_limits(calls, dispersion=dispersed)
    is_open = weeks["is_open"].to_numpy(bool)
    is_whole = weeks["untyped_linked_calls"].to_numpy() == 0
    is_counted = ~is_open & (((least >= LEAST_SHARE) & is_whole) | (calls > 0)) & (most > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "week": weeks["week"].astype("str"),
                "water": weeks["water"],
                "low_95": np.where(is_counted, low / _exposure(most), np.nan),
                "high_95": np.where(
                    is_counted & is_whole & (least > 0), high / _exposure(least), np.nan
                ),
                "is_open": is_open,
                "is_heard": ~is_open & (most >= LEAST_SHARE) & is_whole,
            }
        )


def _words(window_rows: pd.DataFrame) -> pd.DataFrame:
    """Of each week the window that both views agree on most clearly."""
    columns = ["week", "weeks", "word", "word_p"]
    today, at_call = (window_rows.loc[window_rows["view"] == view, columns] for view in VIEWS)
    both = today.merge(at_call, on=["week", "weeks"], suffixes=("", "_at_call"))
    is_change = (both["word"] == both["word_at_call"]) & both["word"].isin([RISE, FALL])
    is_tested = both["word_p"].notna()
    both["rank"] = np.where(is_change, 0, np.where(is_tested, 1, 2))
    both["word"] = both["word"].where(is_change, np.where(is_tested, NO_CHANGE, UNHEARD))
    both["p"] = both[["word_p", "word_p_at_call"]].max(axis=1)
    both = both.sort_values(["week", "rank", "p", "weeks"]).drop_duplicates("week")
    return both[["week", "word"]].assign(word_weeks=both["weeks"])
