"""Hold the series against rates that are known: do its limits hold, and is a word said in vain?

Worlds of AIS files (`evaluation/series_world.py`) go through the whole program; drawn counts
go through flows.derive.series alone, for rates that would take too long otherwise. SIMULATED
throughout. `make evaluate` does it after the port calls.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from flows.catalogue import access
from flows.derive import series
from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation.series_world import World, fill

Floats = npt.NDArray[np.float64]

YEARS_SEEDS = (501, 502, 503, 504, 505)
YEAR_WEEKS, LOST_WEEKS, RISE_WEEK = 60, (20, 21), 36
LONG_WEEKS = 1040
LONG_START = datetime(2005, 1, 3)
DRAWN_WEEKS = 3_000
TRIED = 40
RATES = (0.3, 1.0, 3.0, 10.0, 30.0)


def through_the_program(world: World) -> pd.DataFrame:
    """The series that the whole program makes of a world, with what is true beside it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = fill(world, Path(folder) / "world")
        with access.reading(settings) as con:
            found = con.sql(
                "from barometer where series = getvariable('series') order by week"
            ).df()
    return found.assign(true_rate=world.rate, true_heard=world.heard)


def drawn(counts: npt.NDArray[np.int64], heard: Floats, rate: float) -> pd.DataFrame:
    """The same of counts that were drawn: weeks of this number, heard in this share."""
    start = date(1900, 1, 1)
    week = [f"{start + timedelta(weeks=n):%G-W%V}" for n in range(len(counts))]
    water = pd.DataFrame({"week": week, "observed_share": heard, "linked_calls": counts})
    water = water.assign(water="all", weight=1.0, is_open=False, linked_at_call=counts)
    weeks = pd.concat([water.assign(water=None), water], ignore_index=True)
    told = series.weekly(weeks, series.windows(weeks))
    told = told.loc[told["water"].isna()]
    return told.assign(true_rate=rate, true_heard=heard)


def a_year(seed: int) -> list[str]:
    """A year with two lost weeks and a rise to three times the rate, as a line."""
    rate = np.where(np.arange(YEAR_WEEKS) < RISE_WEEK, 3.0, 9.0)
    heard = np.ones(YEAR_WEEKS)
    heard[list(LOST_WEEKS)] = 0
    found = through_the_program(World(datetime(2025, 1, 6), rate, heard, 1, seed))
    word = found["word"]
    rises = np.flatnonzero(word == series.RISE)
    lost = word.iloc[[*LOST_WEEKS, LOST_WEEKS[-1] + 1]]
    after = rises[rises >= RISE_WEEK]
    return [
        f"seed {seed}",
        f"{(len(after) and after[0] - RISE_WEEK + 1) or 'never'}",
        f"{(word.iloc[:RISE_WEEK].isin([series.RISE, series.FALL])).sum()}",
        f"{(word == series.FALL).sum()}",
        ", ".join(lost),
    ]


def judged(name: str, found: pd.DataFrame) -> list[str]:
    """How often the limits hold the rate, and how many words are said though nothing changed."""
    told = found.loc[found["low_95"].notna()]
    holds = (told["low_95"] <= told["true_rate"]) & (told["true_rate"] <= told["high_95"])
    partial = told["true_heard"] < series.WHOLE_SHARE
    words = found["word"].isin([series.RISE, series.FALL])
    tested = found["word"].ne(series.UNHEARD)
    return [
        name,
        f"{len(told):,}",
        f"{holds.mean():.1%}",
        f"{holds[partial].mean():.1%} of {partial.sum():,}" if partial.any() else "-",
        f"{words.sum()} of {tested.sum():,}",
        f"{words.sum() / tested.sum():.2%}",
    ]


def hearing(weeks: int, rng: np.random.Generator) -> Floats:
    """A share heard for each week: a tenth are partial, one in twenty-five is lost."""
    heard = np.where(rng.random(weeks) < 0.1, rng.uniform(0.3, 0.95, weeks), 1.0)
    heard[rng.random(weeks) < 0.04] = 0
    return heard


def without_a_change() -> Iterator[list[str]]:
    """Lines on series whose rate never changes."""
    for at_once, seed in ((1, 601), (2, 602)):
        heard = hearing(LONG_WEEKS, np.random.default_rng(seed))
        world = World(LONG_START, np.full(LONG_WEEKS, 3.0), heard, at_once, seed)
        how = "one by one" if at_once == 1 else "two at a time"
        yield judged(f"AIS files, 3 a week, {how}", through_the_program(world))
    for at_once in (1, 3):
        for rate in RATES:
            rng = np.random.default_rng(701)
            heard = hearing(DRAWN_WEEKS, rng)
            counts = at_once * rng.poisson(rate * heard / at_once)
            how = "one by one" if at_once == 1 else "three at a time"
            yield judged(f"drawn counts, {rate:g} a week, {how}", drawn(counts, heard, rate))


def how_soon() -> Iterator[list[str]]:
    """Lines on how soon a true change is said: the rate of a year, then so many times it."""
    rng = np.random.default_rng(801)
    for rate in RATES:
        line = [f"{rate:g} a week"]
        for factor in (2.0, 3.0, 0.0):
            waits = []
            for _ in range(TRIED):
                means = np.where(np.arange(78) < 52, rate, rate * factor)
                found = drawn(rng.poisson(means), np.ones(78), rate)
                wanted = series.RISE if factor > 1 else series.FALL
                said = np.flatnonzero(found["word"].iloc[52:] == wanted)
                waits.append(said[0] + 1 if len(said) else np.inf)
            median, missed = np.median(waits), f"{np.mean(np.isinf(waits)):.0%}"
            soon = f"{median:.0f} weeks ({missed} not in 26)"
            line.append(soon if np.isfinite(median) else f"not in 26 ({missed})")
        yield line


ABOUT = """# How the series holds against known rates

SIMULATED: what is true here was made up by `series_world.py` beside this file, or drawn. Command:
`make evaluate`."""

A_YEAR = f"""## A year with a rise and two lost weeks

{YEAR_WEEKS} weeks of AIS files through the whole program: 3 linked calls a week, from week \
{RISE_WEEK + 1} on 9; nothing
was received in weeks {LOST_WEEKS[0] + 1} and {LOST_WEEKS[1] + 1}. A fall must be said nowhere."""
A_YEAR_HEADER = ("year", "weeks until the rise is reported", "words before it", "falls reported")
A_YEAR_HEADER += ("the lost weeks and the next",)

NO_CHANGE = """## No change

Limits must hold the true rate in 95 % of the weeks, a word be said in at most 1 % of them. A tenth
of the weeks is heard in part, one in twenty-five not at all."""
NO_CHANGE_HEADER = ("series", "weeks with limits", "limits hold", "of partial weeks")
NO_CHANGE_HEADER += ("words reported", "share")

HOW_SOON = f"""## How soon a change is said

Drawn counts, a year of the rate and then a change; median of {TRIED} series."""


def report() -> str:
    """All tables as a page of Markdown."""
    years = as_markdown(A_YEAR_HEADER, map(a_year, YEARS_SEEDS))
    unchanged = as_markdown(NO_CHANGE_HEADER, without_a_change())
    soon = as_markdown(("usual", "twice", "three times", "to nothing"), how_soon())
    return "\n\n".join([ABOUT, A_YEAR, years, NO_CHANGE, unchanged, HOW_SOON, soon]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path, help="write the tables to a file too")
    flags = parser.parse_args()
    text = report()
    print(text)
    if flags.markdown:
        flags.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
