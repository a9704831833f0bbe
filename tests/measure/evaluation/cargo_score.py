"""How far the program's cargoes are from the true ones: figures of tables, and no running."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

NEAR, WIDE = 0.15, 0.30
"""Shares of the true cargo: within them a call counts as near."""

GLOBAL_FACTOR, GLOBAL_POWER = 0.148, 0.394
"""Laden draught, m, is 0.148 times the deadweight, t, to the power 0.394: fitted to 2,057 tankers
leaving Russian ports, December 2021 to March 2022."""
FULL_SHARE = 0.95
"""What is usually taken of the deadweight as cargo."""

LINE = tuple[str, ...]


def accuracy(calls: pd.DataFrame) -> LINE:
    """Calls with an estimate, median error, bias of the sum, coverage, what lies above and below.

    Errors are of calls that moved cargo, and the sum is of their means; limits are also asked of
    those that moved none.
    """
    said = calls.dropna(subset="payload_t")
    moved = said[said["true_payload_t"] > 0]
    if said.empty or moved.empty:
        return (f"{len(calls):,}", f"{len(said):,}", *"-----")
    estimate, true = moved["payload_t"].astype(float), moved["true_payload_t"].astype(float)
    truth = said["true_payload_t"].astype(float)
    above, below = truth > said["payload_high_90_t"], truth < said["payload_low_90_t"]
    return (
        f"{len(calls):,}",
        f"{len(said):,}",
        percent(float((estimate - true).abs().div(true).median())),
        signed(float(moved["payload_mean_t"].astype(float).sum() / true.sum() - 1.0)),
        percent(float(1.0 - above.mean() - below.mean())),
        percent(float(above.mean())),
        percent(float(below.mean())),
    )


ACCURACY = (
    *("calls", "with estimate", "median error", "sum off by", "90 % interval holds"),
    *("true above", "true below"),
)


def by(calls: pd.DataFrame, *columns: str) -> Iterator[LINE]:
    """A line of `accuracy` for each group, the largest names first."""
    for key, group in calls.groupby(list(columns), dropna=False, sort=True):
        yield (", ".join(str(part) for part in key), *accuracy(group))


def directions(calls: pd.DataFrame) -> Iterator[LINE]:
    """Of the calls of each true direction, the share that was said right, wrong and not at all."""
    for (method, true), group in calls.groupby(["method", "true_direction"], sort=True):
        said = group["direction"]
        unknown = said.eq("unknown") | said.isna()
        right = said.eq(true) & ~unknown
        wrong = ~right & ~unknown
        shares = (right.mean(), wrong.mean(), unknown.mean())
        yield (method, true, f"{len(group):,}", *(percent(float(share)) for share in shares))


DIRECTIONS = ("method", "true direction", "calls", "right", "wrong", "unknown")


def states(true: pd.Series, said: pd.Series) -> Iterator[LINE]:
    """Precision and recall of each state, and how often it was unknown."""
    for state in ("laden", "part", "ballast"):
        is_true, is_said = true == state, said == state
        hits = (is_true & is_said).sum()
        yield (
            state,
            f"{is_true.sum():,}",
            ratio(hits, is_said.sum()),
            ratio(hits, is_true.sum()),
            percent(float((said[is_true] == "unknown").mean())),
        )


STATES = ("state", "true", "precision", "recall", "not known")


def calibration(probability: pd.Series, happened: pd.Series) -> Iterator[LINE]:
    """How often it was so, where so probable was said."""
    edges = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])
    known = probability.notna()
    group = np.clip(np.searchsorted(edges, probability[known], side="right") - 1, 0, len(edges) - 2)
    for number in range(len(edges) - 1):
        is_in = group == number
        if is_in.any():
            yield (
                f"{edges[number]:g} to {edges[number + 1]:g}",
                f"{is_in.sum():,}",
                f"{probability[known][is_in].mean():.2f}",
                f"{happened[known][is_in].mean():.2f}",
            )


CALIBRATION = ("probability of laden", "legs", "mean of it", "laden")


def weeks(rows: pd.DataFrame) -> Iterator[LINE]:
    """How often a week's interval holds the true sum, by direction and water."""
    for (direction, water), group in rows.groupby(["direction", "water"], sort=True):
        yield (f"{direction}, {water}", *coverage(group))


def coverage(group: pd.DataFrame) -> LINE:
    """Weeks with limits, how often they hold the true sum, what lies outside, and their width."""
    said = group.dropna(subset=["payload_low_90_t", "payload_high_90_t"])
    if said.empty:
        return (f"{len(group):,}", "0", *"-----")
    true = said["true_t"].astype(float)
    above, below = true > said["payload_high_90_t"], true < said["payload_low_90_t"]
    width = (said["payload_high_90_t"] - said["payload_low_90_t"]).astype(float)
    usual = said["payload_t"].astype(float)
    return (
        f"{len(group):,}",
        f"{len(said):,}",
        percent(float(1.0 - above.mean() - below.mean())),
        percent(float(above.mean())),
        percent(float(below.mean())),
        signed(float(usual.sum() / true.sum() - 1.0)) if true.sum() else "-",
        percent(float((width / usual.where(usual > 0)).median())),
    )


WEEKS = (
    *("weeks", "with limits", "90 % interval holds", "true above", "true below", "sum off by"),
    "median width of the estimate",
)


def peers(calls: pd.DataFrame) -> Iterator[LINE]:
    """The program and two usual ways on the same calls: those that moved cargo and for which the
    program has an estimate and a deadweight."""
    same = calls[(calls["true_payload_t"] > 0) & calls["payload_t"].notna()]
    same = same.dropna(subset="deadweight_t")
    deepest = same[["draught_in_m", "draught_out_m"]].astype(float).max(axis=1)
    ways = {
        "Barometer": same["payload_t"],
        "deadweight x 0.95": FULL_SHARE * same["deadweight_t"],
        "global draught curve": FULL_SHARE * (deepest / GLOBAL_FACTOR) ** (1.0 / GLOBAL_POWER),
    }
    for name, estimate in ways.items():
        known = estimate.notna()
        said, true = estimate[known].astype(float), same.loc[known, "true_payload_t"].astype(float)
        if said.empty:
            yield (name, f"{len(same):,}", "0", *"----")
            continue
        off = (said - true).abs() / true
        yield (
            name,
            f"{len(same):,}",
            f"{known.sum():,}",
            percent(float(off.median())),
            signed(float(said.sum() / true.sum() - 1.0)),
            percent(float((off <= NEAR).mean())),
            percent(float((off <= WIDE).mean())),
        )


PEERS = (
    "way",
    "calls",
    "with estimate",
    "median error",
    "sum off by",
    "within 15 %",
    "within 30 %",
)


def percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{share:.1%}"


def signed(share: float) -> str:
    return f"{share:+.1%}"


def ratio(hits: int, of: int) -> str:
    return f"{hits / of:.3f}" if of else "-"
