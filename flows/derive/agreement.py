"""Step 8b, agreement: whether our count and an outside series moved apart, and limits of scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import special

from flows.derive.rates import LEAST_PAIRS, Floats, limit_width
from flows.home.rules import rule

WINDOWS = {weeks: int(rule(f"base_weeks_of_{weeks}")) for weeks in (1, 4)}
"""Weeks of a window -> the weeks before it that it is held against, as for the series itself. A
change in one week shows in the first, a smaller one that lasts in the second."""

LEAST_SHARE, WHOLE_SHARE = rule("least_share"), rule("whole_share")

DAYS = 7

INDEX_WEEKS = int(rule("index_weeks"))
"""The weeks before a window that the variation of the ratio is estimated from."""

AGREES, DIVERGES = "agrees", "diverges"

SCHEMA = pa.schema(
    [
        ("week", pa.string()),
        ("week_start", pa.date32()),
        ("publisher", pa.string()),
        ("series", pa.string()),
        ("scope", pa.string()),
        ("place", pa.string()),
        ("port_id", pa.string()),
        ("unit", pa.string()),
        ("weeks", pa.int16()),
        ("ours", pa.int64()),
        ("theirs", pa.float64()),
        ("ratio", pa.float32()),
        ("ratio_low_95", pa.float32()),
        ("ratio_high_95", pa.float32()),
        ("before_weeks", pa.int16()),
        ("before_heard_weeks", pa.int16()),
        ("ours_before", pa.int64()),
        ("theirs_before", pa.float64()),
        ("ratio_before", pa.float32()),
        ("p", pa.float64()),
        ("p_needed", pa.float64()),
        ("diverges", pa.bool_()),
        ("state", pa.string()),
        ("observed_share", pa.float32()),
        ("theirs_days", pa.int16()),
        ("published_on", pa.date32()),
    ]
)
"""The columns of the relation `agreement`."""

SCORE_SCHEMA = pa.schema(
    [
        ("witness", pa.string()),
        ("port_id", pa.string()),
        ("confidence", pa.int16()),
        *((name, pa.int64()) for name in ("events", "events_found", "events_set_aside")),
        *((name, pa.int64()) for name in ("calls", "calls_seen", "calls_set_aside")),
        *((name, pa.float32()) for name in ("recall", "recall_low_95", "recall_high_95")),
        *((name, pa.float32()) for name in ("precision", "precision_low_95", "precision_high_95")),
    ]
)
"""The columns of the relation `witness_score`."""


class _Weeks(NamedTuple):
    """Every week of a place from its first to its last: both counts, our exposure, whether the
    week's ratio is known, and whether enough was heard to hold it against others."""

    ours: Floats
    theirs: Floats
    exposure: Floats
    has_ratio: npt.NDArray[np.bool_]
    is_usable: npt.NDArray[np.bool_]

    def of(self, is_chosen: npt.NDArray[np.bool_]) -> _Sum:
        """The sums of the chosen weeks."""
        ours, theirs, exposure = (column[is_chosen] for column in self[:3])
        heard = float(theirs @ exposure)
        # Of weeks that differ in what was heard, by how much there was to hear in each.
        share = heard / theirs.sum() if theirs.sum() else exposure.mean() if exposure.size else 1.0
        return _Sum(round(ours.sum()), round(theirs.sum()), float(share), int(is_chosen.sum()))


class _Sum(NamedTuple):
    """Ours, theirs, the share heard, and the number of weeks."""

    ours: int
    theirs: int
    share: float
    weeks: int


def apart_p(
    now: tuple[int, int, float], before: tuple[int, int, float], width: float = 1.0
) -> float:
    """The exact conditional test of two ratios of counts, two-sided.

    Given the sums of each period and of each observer, our count of the later period has Fisher's
    noncentral hypergeometric distribution (Fisher, Journal of the Royal Statistical Society 98,
    1935, 39-82), whose odds are the ratio of the shares heard. As exact as the test of a change of
    one series (`flows.derive.rates.change_p`), with the difference that the other series is a
    count as well, and not a length of time.

    Parameters
    ----------
    now, before : tuple of int, int, float
        Our count, theirs, and the share heard.
    width : float
        What both counts are divided by where they vary more than Poisson counts, 1 and up.

    Returns
    -------
    float
        1 where one of the two observers saw nothing at all.

    Examples
    --------
    >>> apart_p((10, 100, 1.0), (80, 800, 1.0)), apart_p((0, 0, 1.0), (0, 9, 1.0))
    (1.0, 1.0)
    >>> apart_p((50, 100, 1.0), (80, 800, 1.0)) < 1e-6, apart_p((5, 100, 0.5), (80, 800, 1.0))
    (True, 1.0)
    """
    ours, theirs, ours_before, theirs_before = (
        round(count / width) for count in (*now[:2], *before[:2])
    )
    total, mine, later = (
        ours + theirs + ours_before + theirs_before,
        ours + ours_before,
        ours + theirs,
    )
    support = np.arange(max(0, later + mine - total), min(later, mine) + 1)
    if support.size < 2:
        return 1.0
    # Choices of `mine` of which so many are of the later period, without what is the same for all.
    # scipy.stats.nchypergeom_fisher gives the same (the tests compare them) in five times the time.
    cells = (support, mine - support, later - support, total - mine - later + support)
    weight = support * np.log(now[2] / before[2]) - sum(special.gammaln(c + 1) for c in cells)
    chance = np.exp(weight - weight.max())
    chance /= chance.sum()
    # As scipy's tests: equal chances that differ by rounding are equal.
    is_as_far = chance <= chance[ours - support[0]] * (1 + 1e-7)
    return float(min(1.0, chance[is_as_far].sum()))


def ratio_limits(ours: int, theirs: int) -> tuple[float, float]:
    """Exact 95 % limits of the ratio of two Poisson rates: those of a share (Clopper and Pearson,
    Biometrika 26, 1934, 404-413), as odds. The upper one is nan where they saw nothing.

    >>> low, high = ratio_limits(10, 100)
    >>> round(low, 3), round(high, 3)
    (0.047, 0.192)
    """
    low, high = share_limits(np.array([ours]), np.array([ours + theirs]))
    return float(low[0] / (1 - low[0])), float(high[0] / (1 - high[0])) if theirs else float("nan")


def share_limits(hits: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Exact 95 % limits of a share (Clopper and Pearson, 1934); nan without a trial.

    >>> low, high = share_limits([0, 21, 0], [0, 21, 5])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([nan, 0.839, 0.0], [nan, 1.0, 0.522])
    """
    hit, trial = np.asarray(hits, float), np.asarray(trials, float)
    miss = trial - hit
    with np.errstate(invalid="ignore"):
        low = np.where(hit > 0, special.betaincinv(np.maximum(hit, 1e-9), miss + 1, 0.025), 0.0)
        high = np.where(miss > 0, special.betaincinv(hit + 1, np.maximum(miss, 1e-9), 0.975), 1.0)
    return np.where(trial > 0, low, np.nan), np.where(trial > 0, high, np.nan)


def scores(counts: pd.DataFrame) -> pa.Table:
    """Recall and precision of our calls against each witness, with exact limits.

    Parameters
    ----------
    counts : DataFrame
        The relation `witness_count`.

    Returns
    -------
    Table
        With `SCORE_SCHEMA`; null where nothing could be counted.
    """
    scored = counts.copy()
    for name, hits, trials in (
        ("recall", "events_found", "events"),
        ("precision", "calls_seen", "calls"),
    ):
        hit, trial = counts[hits].to_numpy(float), counts[trials].to_numpy(float)
        scored[name] = np.where(trial > 0, hit / np.maximum(trial, 1), np.nan)
        scored[f"{name}_low_95"], scored[f"{name}_high_95"] = share_limits(hit, trial)
    return pa.Table.from_pandas(scored, schema=SCORE_SCHEMA, preserve_index=False)


def agreement(weeks: pd.DataFrame) -> pa.Table:
    """Each outside series against our count, week by week: the ratio, and whether it changed.

    Parameters
    ----------
    weeks : DataFrame
        The relation `agreement_week`.

    Returns
    -------
    Table
        With `SCHEMA`: a row a week, publisher, series, place and window of `WINDOWS`; one window
        where there is no number of ours to compare. `ratio` is ours over theirs, divided by the
        share heard. `p` is of `apart_p`, against the weeks before; null where fewer than four of
        them (for four weeks, eight) can be used or the window cannot. `p_needed` shares
        `agreement_p` among the windows and among the ports compared in the week, so that all of
        them together diverge by chance in at most so many weeks.
    """
    keys = ["publisher", "series", "scope", "place_key"]
    rows: list[dict[str, Any]] = []
    for _, place in weeks.groupby(keys, sort=True):
        rows += _place(place.sort_values("week_start"))
    tested: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if row["p"] is not None:
            key = tuple(row[name] for name in ("publisher", "series", "scope", "week"))
            tested[key] = tested.get(key, 0) + 1
    for row in rows:
        if row["p"] is None:
            continue
        key = tuple(row[name] for name in ("publisher", "series", "scope", "week"))
        row["p_needed"] = rule("agreement_p") / max(tested[key], len(WINDOWS))
        row["diverges"] = row["p"] < row["p_needed"]
        row["state"] = DIVERGES if row["diverges"] else AGREES
    order = ("week", "publisher", "series", "scope", "place", "weeks")
    rows.sort(key=lambda row: tuple(row[name] for name in order))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _place(weeks: pd.DataFrame) -> list[dict[str, Any]]:
    """The windows of one place of a series."""
    is_compared = weeks["series"].iloc[0] == "tanker_calls" and bool(weeks["ours"].notna().any())
    number = (pd.to_datetime(weeks["week_start"]) - pd.Timestamp("2000-01-03")).dt.days // 7
    at = (number - number.min()).to_numpy()
    share = weeks["observed_share"].astype(float).fillna(0).to_numpy()
    ours = weeks["ours"].astype(float).to_numpy()
    is_whole = (weeks["theirs_days"] == DAYS).to_numpy()
    is_open = weeks["is_open"].to_numpy(bool)
    is_counted = ~is_open & ~np.isnan(ours) & (share > 0)
    is_heard = is_counted & (share >= LEAST_SHARE)
    ours_by, theirs_by, exposure_by = np.zeros((3, at.max() + 1))
    has_ratio, is_usable = np.zeros((2, at.max() + 1), np.bool_)
    dense = _Weeks(ours_by, theirs_by, exposure_by, has_ratio, is_usable)
    dense.ours[at] = np.nan_to_num(ours)
    dense.theirs[at] = weeks["theirs"].to_numpy(float)
    dense.exposure[at] = np.where(share >= WHOLE_SHARE, 1.0, share)
    dense.has_ratio[at] = is_counted & is_whole
    dense.is_usable[at] = is_heard & is_whole
    given = [
        {name: _plain(value) for name, value in row.items() if name in SCHEMA.names}
        for row in weeks.to_dict("records")
    ]
    rows = []
    for length, before in WINDOWS.items() if is_compared else ((1, 0),):
        for n, week in enumerate(given):
            row = dict.fromkeys(SCHEMA.names) | week | {"weeks": length, "before_weeks": before}
            row["state"] = _state(
                is_compared, bool(is_open[n]), bool(is_whole[n]), bool(is_heard[n])
            )
            rows.append(row | _window(dense, int(at[n]), length, before) if is_compared else row)
    return rows


def _plain(value: Any) -> Any:
    """A cell without pandas' own kinds of null."""
    return None if pd.isna(value) else value.item() if isinstance(value, np.generic) else value


def _state(is_compared: bool, is_open: bool, is_whole: bool, is_heard: bool) -> str:
    if not is_compared:
        return "no number of ours"
    if is_open:
        return "open"
    if not is_whole:
        return "incomplete"
    return "too few weeks" if is_heard else "unheard"


def _window(weeks: _Weeks, at: int, length: int, before: int) -> dict[str, Any]:
    """The sums of a window and of the weeks before it, their ratios, and the test."""
    number = np.arange(weeks.ours.size)
    is_past = (number <= at - length) & weeks.is_usable
    is_now = (number > at - length) & (number <= at) & weeks.is_usable
    if not weeks.is_usable[at] or 2 * is_now.sum() < length:
        if length > 1:
            return {"ours": None, "theirs": None}
        # Of the week alone both numbers stand, and their ratio however little was heard.
        return _ratio(weeks.of(number == at)) if weeks.has_ratio[at] else {}
    now, earlier = weeks.of(is_now), weeks.of(is_past & (number > at - length - before))
    heard = earlier.theirs * earlier.share
    found: dict[str, Any] = {
        "ours": now.ours,
        "theirs": float(now.theirs),
        "before_heard_weeks": earlier.weeks,
        "ours_before": earlier.ours,
        "theirs_before": float(earlier.theirs),
        "ratio_before": earlier.ours / heard if heard else None,
    }
    found |= _ratio(now)
    if earlier.weeks >= max(4, 2 * length):
        width = _width(weeks, is_past & (number > at - length - INDEX_WEEKS))
        found["p"] = apart_p(now[:3], earlier[:3], width)
    return found


def _ratio(sums: _Sum) -> dict[str, float]:
    """The ratio of ours, scaled up to the whole week, and its limits; nothing if theirs is 0."""
    if not sums.theirs:
        return {}
    low, high = ratio_limits(sums.ours, sums.theirs)
    ratio = (sums.ours / sums.theirs, low, high)
    names = ("ratio", "ratio_low_95", "ratio_high_95")
    return {name: value / sums.share for name, value in zip(names, ratio, strict=True)}


def _width(weeks: _Weeks, is_chosen: npt.NDArray[np.bool_]) -> float:
    """How much the ratio of a year's weeks varied: chi-square over its degrees of freedom.

    1 where that is no more than `LEAST_DISPERSION`, or where the weeks are too few. More than that
    it is widened as the limits of the series are (`flows.derive.rates.limit_width`).
    """
    is_chosen = is_chosen & (weeks.ours + weeks.theirs > 0)
    ours, theirs, exposure = (column[is_chosen] for column in weeks[:3])
    heard = theirs @ exposure
    if ours.size < LEAST_PAIRS or not ours.sum() or not heard:
        return 1.0
    odds = ours.sum() / heard * exposure
    both, share = ours + theirs, odds / (1 + odds)
    spread = ((ours - both * share) ** 2 / (both * share * (1 - share))).sum() / (ours.size - 1)
    return float(limit_width(np.array([spread]), np.array([ours.size - 1]))[0])


def paired(pairs: pd.DataFrame) -> pa.Table:
    """One call to a visit and one visit to a call of each witness: the nearest in time first.

    Parameters
    ----------
    pairs : DataFrame
        The relation `witness_pair`, in its order.

    Returns
    -------
    Table
        witness, witness_event_id, port_call_id.
    """
    taken: set[tuple[str, str]] = set()
    chosen = []
    for witness, event, call in zip(
        pairs["witness"], pairs["witness_event_id"], pairs["port_call_id"], strict=True
    ):
        keys = {(witness, event), (witness, call)}
        if not keys & taken:
            taken |= keys
            chosen.append((witness, event, call))
    names = ("witness", "witness_event_id", "port_call_id")
    columns = zip(*chosen, strict=True) if chosen else ((), (), ())
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    )
