"""The part on ships beside each other: tankers in crowded roads, by the number of fixes."""

from __future__ import annotations

from functools import partial

from tests.measure.benchmark.parts import Given
from tests.measure.benchmark.process import in_turn, job
from tests.measure.benchmark.table import Found, Table, medians

FIXES = (500_000, 1_000_000, 2_000_000)


def encounters(given: Given) -> Found:
    """What it costs to look for ships beside each other, by the number of fixes."""
    sides = {
        f"{fixes:,}": partial(job, "encounters", fixes=fixes, **given.limits) for fixes in FIXES
    }
    measured = in_turn(sides, given.times)
    rows = []
    for fixes, runs in zip(FIXES, measured.values(), strict=True):
        pairs, digest_s, window_s, spell_s, peak_mb = medians(
            runs, "pairs", "digest_s", "window_s", "spell_s", "peak_mb"
        )
        million = (digest_s + window_s + spell_s) / (fixes / 1e6)
        rows.append((f"{fixes:,}", pairs, digest_s, window_s, spell_s, million, peak_mb))
    header = (
        *("fixes", "pairs and weeks", "boxes of slow ships, s", "pairs, s", "their fixes, s"),
        *("s a million fixes", "peak MB"),
    )
    note = (
        "SIMULATED: 200 tankers at anchor 700 m apart that swing and report every ten minutes, for "
        "as many weeks as it takes: the hardest case, as every fix is of a ship with neighbours."
    )
    return Found([Table("Ships beside each other", note, header, rows)], measured)
