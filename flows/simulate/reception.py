"""What thin reception leaves of the fixes: satellite passes, losses and silences."""

from __future__ import annotations

import numpy as np

from flows.simulate.tracks import Bools, Heard, Ints
from flows.simulate.voyages import HOUR_S

RECEPTIONS = ("all", "ashore", "1h-most", "2h", "6h", "6h-half", "silent")
"""All fixes; all that a receiver on land gets (`fleet.ASHORE_S`); one an hour, of which a third is
lost; one every two or six hours; half of the latter; 18 hours silent out of every 36."""

SILENT_H, PERIOD_H = 18.0, 36.0


def thin(heard: Heard, reception: str, rng: np.random.Generator) -> Heard:
    """Keep the fixes of one ship that are received.

    Parameters
    ----------
    heard : Heard
        The fixes as sent, those with a false place or time included.
    reception : str
        One of `RECEPTIONS`.
    rng : numpy.random.Generator
        Decides when the passes are and what is lost.

    Raises
    ------
    ValueError
        If there is no such reception.
    """
    if reception in ("all", "ashore"):
        kept = np.ones(len(heard.true_s), dtype=bool)
    elif reception == "1h-most":
        kept = one_per_slot(heard.true_s, HOUR_S, rng)
        kept &= rng.random(len(kept)) < 2.0 / 3.0
    elif reception == "2h":
        kept = one_per_slot(heard.true_s, 2.0 * HOUR_S, rng)
    elif reception == "6h":
        kept = one_per_slot(heard.true_s, 6.0 * HOUR_S, rng)
    elif reception == "6h-half":
        kept = one_per_slot(heard.true_s, 6.0 * HOUR_S, rng)
        kept &= rng.random(len(kept)) < 0.5
    elif reception == "silent":
        phase_s = rng.uniform(0.0, PERIOD_H * HOUR_S)
        kept = (heard.true_s + phase_s) % (PERIOD_H * HOUR_S) >= SILENT_H * HOUR_S
    else:
        raise ValueError(f"no such reception: {reception}; there are {', '.join(RECEPTIONS)}")
    return Heard._make(column[kept] for column in heard)


def one_per_slot(seconds: Ints, slot_s: float, rng: np.random.Generator) -> Bools:
    """Mark the fix nearest to a satellite's pass, at some time in each slot.

    >>> one_per_slot(np.array([10, 20, 7300]), 7200.0, np.random.default_rng(1)).sum()
    np.int64(2)
    """
    kept = np.zeros(len(seconds), dtype=bool)
    if len(seconds) == 0:
        return kept
    slot = (seconds // slot_s).astype(np.int64)
    pass_s = (np.arange(slot.max() + 1) + rng.random(slot.max() + 1)) * slot_s
    order = np.lexsort((np.abs(seconds - pass_s[slot]), slot))
    is_nearest = np.diff(slot[order], prepend=-1) > 0
    kept[order[is_nearest]] = True
    return kept
