"""`make evaluate`: cargoes, directions, laden states and weekly volumes against known ones.

Ships and cargoes are SIMULATED (`evaluation/cargo_world.py`), and go through the whole program.
Two usual ways of estimating a cargo get the same calls. Last, real departures from Russian ports
tell how well draught and deadweight alone separate laden from partly laden, if their file is at
hand.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from tests.conftest import ROOT
from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation import cargo_reference
from tests.measure.evaluation import cargo_score as score
from tests.measure.evaluation.cargo_world import WORLDS, Answers, ask, pooled

REFERENCE = ROOT.parent / "shared/data/reference/russian_port_departures_2021_22_even_imo.csv"

ABOUT = """# How cargoes and volumes hold against known ones

SIMULATED: ships, cargoes and what crews enter were made up by `flows.simulate`, with no
coefficient of the program's curves. A simulation shows whether the estimate holds where ships are
as assumed there, not that they are so: how often real crews forget a draught, how real ships
differ from their class and how much is left in the tanks are choices. Command: `{command}`"""

CALLS = """## Calls

Median error: of calls that moved cargo, estimate against truth. Off by: the sum of the means
against the true sum. The interval should hold 90 % of the calls, those that moved nothing
included, with some 5 % of the truths on either side."""

DIRECTIONS = """## Directions

The true direction of a call that moved nothing is "none", which the program does not report:
either answer is wrong there."""

STATES = """## Laden, part laden, ballast

Of a ship on arrival and departure. True states: laden from 70 % of the cargo that would fill the
ship, in ballast below 5 %."""

CALIBRATION = """## The probability of a laden leg

A probability of 0.8 should be right in eight of ten legs."""

WEEKS = """## Weeks

Sums of Russian-linked tankers by week. The interval of a sum should hold 90 % of the weeks. Weeks
are those in which the program gives limits; a true sum of nothing counts too."""

PEERS = """## Peers on the same calls

Calls that moved cargo and of which Barometer has an estimate and a deadweight; the first peer
uses that deadweight, the second the deeper draught in AIS, turned round to a deadweight."""

REAL = """## Real departures: laden or not

Departures of oil tankers from Russian ports, December 2021 to March 2022, ships of even IMO
number; laden or partly laden as a vessel-tracking site has it. By draught and deadweight alone,
through the relations `hull_curve` and `draught_state`. Each ship by curves that were fitted
without it, and by those of the program, which were fitted on all."""


OF_CALLS = ("entered", "measured", "cells")
"""Worlds of many ships; the others are of many weeks."""


def report(answers: dict[str, Answers], command: str) -> Iterator[str]:
    """The page, part by part."""
    yield ABOUT.format(command=command)
    of_calls = [name for name in answers if name in OF_CALLS]
    yield CALLS
    header = ("", *score.ACCURACY)
    for name in of_calls:
        berths = answers[name].calls.query("area_kind == 'berth'")
        rows = [("all", *score.accuracy(berths)), *score.by(berths, "method")]
        if name == "entered":
            for column in ("water", "true_direction", "hull_class", "draughts"):
                rows += score.by(berths, "method", column)
        yield f"### {WORLDS[name].label.capitalize()}\n\n{as_markdown(header, rows)}"
    for name in [name for name in ("entered", "cells") if name in answers]:
        berths = answers[name].calls.query("area_kind == 'berth'")
        yield DIRECTIONS if name == "entered" else f"### {WORLDS[name].label.capitalize()}"
        yield as_markdown(score.DIRECTIONS, score.directions(berths), left=2)
    for name in [name for name in ("entered", "measured") if name in answers]:
        calls, legs = answers[name].calls, answers[name].legs
        yield STATES if name == "entered" else f"### {WORLDS[name].label.capitalize()}"
        for when in ("in", "out"):
            side = calls.dropna(subset=f"laden_{when}")
            rows = score.states(side[f"true_laden_{when}"], side[f"laden_{when}"])
            yield as_markdown((f"laden_{when}", *score.STATES[1:]), rows)
        yield CALIBRATION if name == "entered" else "Legs:"
        yield as_markdown(
            ("of legs", *score.STATES[1:]), score.states(legs["true_state"], legs["state"])
        )
        for how, own in legs.groupby("state_by"):
            rows = score.calibration(own["laden_probability"], own["true_state"] == "laden")
            yield as_markdown((f"probability of laden, by {how}", *score.CALIBRATION[1:]), rows)
    yield WEEKS
    rows = []
    for name in [name for name in answers if name not in OF_CALLS]:
        said = answers[name].weeks.query("direction != 'unknown'")
        rows += [(f"{WORLDS[name].label}: {line[0]}", *line[1:]) for line in score.weeks(said)]
    yield as_markdown(("weeks of", *score.WEEKS), rows)
    yield PEERS
    rows = []
    for name in [name for name in ("entered", "measured") if name in answers]:
        berths = answers[name].calls.query("area_kind == 'berth'")
        for part, own in (("all", berths), *berths.groupby("water")):
            rows += [
                (f"{WORLDS[name].label}, {part}: {line[0]}", *line[1:]) for line in score.peers(own)
            ]
    yield as_markdown(score.PEERS, rows)


def evaluate(names: Sequence[str], seeds: Sequence[int]) -> dict[str, Answers]:
    """Simulate, run, and set the answers beside the truth, with the seconds of each to stderr."""
    answers = {}
    for name in names:
        given = []
        for seed in seeds or WORLDS[name].seeds:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                given.append(ask(WORLDS[name], seed, Path(folder)))
            print(
                f"{name}, seed {seed}: {len(given[-1].calls):,} calls, "
                f"{time.perf_counter() - start:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        answers[name] = pooled(iter(given))
    return answers


def main() -> None:
    """Evaluate, print the tables, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=tuple(WORLDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=(), help="in place of the worlds'")
    parser.add_argument("--departures", type=Path, default=REFERENCE)
    parser.add_argument("--markdown", type=Path, help="write the tables to a file too")
    parser.add_argument("--rows", type=Path, help="a folder for all calls, legs and weeks")
    flags = parser.parse_args()
    command = shlex.join(["python", "-m", "tests.measure.evaluate_cargo", *sys.argv[1:]])
    answers = evaluate(flags.worlds, flags.seeds)
    parts = list(report(answers, command))
    if flags.departures.is_file():
        rows = cargo_reference.judged(flags.departures)
        parts += [REAL, as_markdown(cargo_reference.REFERENCE, cargo_reference.lines(rows))]
    else:
        parts.append(f"{REAL}\n\nNot run: {flags.departures} is missing.")
    text = "\n\n".join(parts) + "\n"
    print(text)
    if flags.markdown:
        flags.markdown.write_text(text, encoding="utf-8")
    if flags.rows:
        flags.rows.mkdir(parents=True, exist_ok=True)
        for name, answer in answers.items():
            for kind, table in answer._asdict().items():
                _plain(table).to_parquet(flags.rows / f"{name}-{kind}.parquet")


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Without the columns of durations, which Parquet cannot hold."""
    return table.select_dtypes(exclude="timedelta")


if __name__ == "__main__":
    main()
