"""`make evaluate`: detections of a simulated radar against the ships that AIS heard.

Ships and radar are SIMULATED (`evaluation/detection_world.py`), and go through the whole program:
which detections are matched to the right ship, which ships without AIS are found, and whether the
limits of the ships that both missed hold the truth.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flows.derive.detections import LEAST_MATCHES, missed
from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation.detection_world import WORLDS, Answers, ask

ABOUT = """# Detections against known ships

SIMULATED: voyages by `flows.simulate`; the radar, its errors and the ships without AIS are made up.
It shows whether the method holds where the sensors are as assumed, not that they are so. Command:
`{command}`"""

MATCHES = """## Matches and dark detections

Detections inside port limits. Matched right: of those matched, to the ship that was seen, or to one
within 300 m of her, as the simulator puts several ships on one berth. A dark detection is right if
it is of a ship whose AIS was off; recall is of the detections of such ships of 80 m and more in
looks around which AIS was heard."""

WEEKS = """## What both missed

Weeks, for a port and for all ports, in which the program gives an estimate. The limits should hold
the true number of ships that neither saw in 95 % of them."""

DRAWN = """## What both missed, drawn counts

Without voyages: so many ships at a port in a week's passes, each heard by AIS with the chance given
and detected with one that grows with her length, as in the simulation; 1,000 weeks a line, seed
2100. Few ships give few matches, and no estimate below the least number."""

DRAWS = 1_000
SAID = ["estimate", "low_95", "high_95", "true_missed"]

MATCH_HEADER = (
    *("", "detections", "matched", "right", "dark", "precision", "of ships dark", "recall"),
    *("may be another's", "AIS not heard"),
)
WEEK_HEADER = (
    *("", "weeks", "with estimate", "limits hold", "true missed", "estimated", "mean width"),
)

DARK, UNHEARD, SHORT = (
    "no ship that AIS heard",
    "AIS not heard well enough then",
    "shorter than a tanker",
)


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def match_line(name: str, rows: pd.DataFrame) -> tuple[str, ...]:
    """A line of the first table."""
    both = rows[rows["match"] == "both"]
    dark = rows[rows["reason"] == DARK]
    is_judged = ~rows["reason"].isin([UNHEARD, SHORT]) & (rows["true_length_m"] >= 80)
    true = rows[is_judged & rows["is_dark"]]
    return (
        name,
        f"{len(rows):,}",
        f"{len(both):,}",
        share(int(both["is_right"].sum()), len(both)),
        f"{len(dark):,}",
        share(int(dark["is_dark"].sum()), len(dark)),
        f"{len(true):,}",
        share(int((true["reason"] == DARK).sum()), len(true)),
        f"{int(rows['reason'].str.startswith('may be', na=False).sum()):,}",
        f"{int((rows['reason'] == UNHEARD).sum()):,}",
    )


def week_line(name: str, rows: pd.DataFrame) -> tuple[str, ...]:
    """A line of the second table."""
    said = rows.dropna(subset="estimate")
    holds = (said["low_95"] <= said["true_missed"]) & (said["true_missed"] <= said["high_95"])
    return (
        name,
        f"{len(rows):,}",
        f"{len(said):,}",
        f"{100 * holds.mean():.1f}%" if len(said) else "-",
        f"{said['true_missed'].sum():,}",
        f"{said['estimate'].sum():,.1f}",
        f"{(said['high_95'] - said['low_95']).mean():.1f}" if len(said) else "-",
    )


def drawn_lines() -> Iterator[tuple[str, ...]]:
    """The lines of the third table."""
    rng = np.random.default_rng(2100)
    for ships in (10, 30, 100, 300):
        for heard, seen in ((0.8, 0.9), (0.5, 0.9), (0.8, 0.67)):
            length_m = rng.uniform(80, 330, (DRAWS, ships))
            is_seen = rng.uniform(0, 1, length_m.shape) < seen / (1 + np.exp((40 - length_m) / 15))
            is_heard = rng.uniform(0, 1, length_m.shape) < heard
            parts = (is_heard, is_seen, is_heard & is_seen)
            ais, sensor, both = (part.sum(axis=1) for part in parts)
            rows = [
                {"estimate": estimate, "low_95": low, "high_95": high, "true_missed": true}
                for estimate, low, high, true in (
                    (*missed(int(a), int(s), int(b)), ships - int(a + s - b))
                    for a, s, b in zip(ais, sensor, both, strict=True)
                    if b >= LEAST_MATCHES
                )
            ]
            silent = [{"true_missed": 0}] * (DRAWS - len(rows))
            name = f"{ships} ships, AIS {heard:.0%}, sensor up to {seen:.0%}"
            yield week_line(name, pd.DataFrame([*rows, *silent], columns=SAID))


def report(answers: dict[str, Answers], command: str) -> Iterator[str]:
    """The page, part by part."""
    yield ABOUT.format(command=command)
    yield MATCHES
    lines = [match_line(WORLDS[name].label, answer.detections) for name, answer in answers.items()]
    yield as_markdown(MATCH_HEADER, lines)
    yield WEEKS
    lines = []
    for name, answer in answers.items():
        is_port = answer.weeks["port_id"].notna()
        for part, rows in (
            ("all ports", answer.weeks[~is_port]),
            ("a port", answer.weeks[is_port]),
        ):
            lines.append(week_line(f"{WORLDS[name].label}: {part}", rows))
    yield as_markdown(WEEK_HEADER, lines)
    yield DRAWN
    yield as_markdown(WEEK_HEADER, list(drawn_lines()))


def evaluate(names: Sequence[str], seeds: Sequence[int]) -> dict[str, Answers]:
    """Simulate, run, and set the answers beside the truth, with the seconds of each to stderr."""
    answers = {}
    for name in names:
        given = []
        for seed in seeds or WORLDS[name].seeds:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                given.append(ask(WORLDS[name], seed, Path(folder)))
            seconds = time.perf_counter() - start
            print(f"{name}, seed {seed}: {seconds:.0f} s", file=sys.stderr, flush=True)
        answers[name] = Answers(*(pd.concat(tables) for tables in zip(*given, strict=True)))
    return answers


def main() -> None:
    """Evaluate, print the tables, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=tuple(WORLDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=(), help="in place of the worlds'")
    parser.add_argument("--markdown", type=Path, help="write the tables to a file too")
    flags = parser.parse_args()
    command = shlex.join(["python", "-m", "tests.measure.evaluate_detections", *sys.argv[1:]])
    text = "\n\n".join(report(evaluate(flags.worlds, flags.seeds), command)) + "\n"
    print(text)
    if flags.markdown:
        flags.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
