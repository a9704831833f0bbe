"""Step 8b, agreement: whether our count and an outside series moved apart, and limits of scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import special

from flows.derive.plain_word import LEAST_DISPERSION
from flows.derive.rates import LEAST_PAIRS, Floats
from flows.home.rules import rule

WINDOWS = {weeks: int(rule(f"base_weeks_of_{weeks}")) for weeks in (1, 4)}
"""Weeks of a window -> the weeks before it that it is held against, as for the series itself. A
change in one week shows in the first, a smaller one that lasts in the second."""

LEAST_SHARE, WHOLE_SHARE = rule("least_share"), rule("whole_share")

DAYS = 7

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


class _Sum(NamedTuple):
    """Ours, theirs, and what ours is in proportion to: theirs times the share heard."""

    ours: int
    theirs: int
    heard_theirs: float


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
    # A second to load, which a home without an outside series never needs.
    from scipy import stats  # noqa: PLC0415

    weight = stats.hypergeom.logpmf(support, total, mine, later)
    weight = weight + support * np.log(now[2] / before[2])
    chance = np.exp(weight - special.logsumexp(weight))
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
    week_number = (pd.to_datetime(weeks["week_start"]) - pd.Timestamp("2000-01-03")).dt.days // 7
    share = weeks["observed_share"].astype(float).fillna(0).to_numpy()
    ours = weeks["ours"].astype(float).to_numpy()
    whole = (weeks["theirs_days"] == DAYS).to_numpy()
    is_open = weeks["is_open"].to_numpy(bool)
    heard = ~is_open & ~np.isnan(ours) & (share >= LEAST_SHARE)
    series = pd.DataFrame(
        {
            "ours": np.where(np.isnan(ours), 0, ours),
            "theirs": weeks["theirs"].to_numpy(float),
            "exposure": np.where(share >= WHOLE_SHARE, 1.0, share),
            "is_usable": heard & whole,
        },
        index=week_number.to_numpy(),
    )
    rows = []
    for length, before in WINDOWS.items() if is_compared else ((1, 0),):
        for at, (number, week) in enumerate(zip(series.index, weeks.itertuples(), strict=True)):
            row = dict.fromkeys(SCHEMA.names) | {
                name: _plain(getattr(week, name)) for name in SCHEMA.names if hasattr(week, name)
            }
            row |= {"weeks": length, "before_weeks": before}
            row["state"] = _state(is_compared, bool(is_open[at]), bool(whole[at]), bool(heard[at]))
            if is_compared:
                row |= _window(series, number, length, before, row)
            elif length == 1:
                row["ours"] = None
            rows.append(row)
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


def _window(
    series: pd.DataFrame, number: int, length: int, before: int, row: dict[str, Any]
) -> dict[str, Any]:
    """The sums of a window and of the weeks before it, their ratios, and the test."""
    window = series.loc[(series.index > number - length) & (series.index <= number)]
    past = series.loc[
        (series.index > number - length - before)
        & (series.index <= number - length)
        & series["is_usable"]
    ]
    if not series["is_usable"].loc[number]:
        return {"theirs": row["theirs"]} if length == 1 else {"ours": None, "theirs": None}
    window = window.loc[window["is_usable"]]
    if 2 * len(window) < length:
        return {"ours": None, "theirs": None, "state": "too few weeks"}
    now, earlier = _sum(window), _sum(past)
    found: dict[str, Any] = {
        "ours": now.ours,
        "theirs": float(now.theirs),
        "before_heard_weeks": len(past),
        "ours_before": earlier.ours,
        "theirs_before": float(earlier.theirs),
        "ratio_before": earlier.ours / earlier.heard_theirs if earlier.heard_theirs else None,
    }
    heard_share = _heard_share(window, now)
    if now.theirs:
        low, high = ratio_limits(now.ours, now.theirs)
        found |= {"ratio": now.ours / now.theirs / heard_share}
        found |= {"ratio_low_95": low / heard_share, "ratio_high_95": high / heard_share}
    if len(past) >= max(4, 2 * length):
        found["p"] = apart_p(
            (now.ours, now.theirs, heard_share),
            (earlier.ours, earlier.theirs, _heard_share(past, earlier)),
            _width(past),
        )
    return found


def _sum(weeks: pd.DataFrame) -> _Sum:
    theirs = weeks["theirs"]
    return _Sum(
        round(weeks["ours"].sum()), round(theirs.sum()), float((theirs * weeks["exposure"]).sum())
    )


def _heard_share(weeks: pd.DataFrame, sums: _Sum) -> float:
    """The share heard, of weeks that differ in it by how much there was to hear in each."""
    return sums.heard_theirs / sums.theirs if sums.theirs else float(weeks["exposure"].mean())


def _width(past: pd.DataFrame) -> float:
    """How much the ratio of the weeks before varied: chi-square over its degrees of freedom.

    1 where that is no more than `LEAST_DISPERSION`, as calls that come in groups are, or where too
    few weeks tell it.
    """
    both = past["ours"] + past["theirs"]
    past, both = past.loc[both > 0], both[both > 0]
    ours, theirs = past["ours"].sum(), (past["theirs"] * past["exposure"]).sum()
    if len(past) < LEAST_PAIRS or not ours or not theirs:
        return 1.0
    odds = ours / theirs * past["exposure"]
    share = odds / (1 + odds)
    spread = ((past["ours"] - both * share) ** 2 / (both * share * (1 - share))).sum()
    width = float(spread / (len(past) - 1))
    return width if width > LEAST_DISPERSION else 1.0


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
