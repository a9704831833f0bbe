"""`make evaluate`: false tracks and the calls behind them, against known ones, and real files.

Ships are SIMULATED (`evaluation/spoofing_world.py`) and go through the whole program, each interval
on seeds of its own that nothing was set with. Real files follow, if they are at hand.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from flows.simulate.spoofing import HONEST, KINDS
from tests.conftest import ROOT
from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation.spoofing_world import Answers, World, ask, ask_real

REAL = ROOT.parent / "shared/data/ais"

WORLDS = (
    World("2 min", (2001,), 66, 2.0),
    World("10 min", (2011, 2012), 110, 10.0),
    World("30 min", (2021, 2022), 110, 30.0),
    World("60 min", (2031, 2032), 110, 60.0),
    World("traps and jamming", (2041, 2042), 130, None, is_trapped=True),
)

SHOWN_SHARE = 0.5
"""A false track is found where half of its time is, a span is right where half of it is false."""

ABOUT = """# How false tracks are told from honest ones

SIMULATED, but for the last table: tankers that send one of six false tracks while they are at an
Iranian terminal, and others with honest stays abroad that may look like them, made by
`flows/simulate/spoofing`, with true draughts. Command:
`python -m tests.measure.evaluate_spoofing --markdown tests/measure/evaluation/SPOOFING.md`."""

FOUND = """## Found, by kind and reporting interval

Of the tracks that were laid, those of which half the time is in `spoofed_span`."""

CALLS = """## Calls, by kind and reporting interval

Of those tracks during which a ship at 10 knots had time for a day at the true port: those with a
row in `possible_spoofed_call`, those with the true port among its terminals, and as likeliest."""

HONEST_STAYS = """## Honest stays

Stays with a span, and with a row, of all that were laid: none should have one."""

PRECISION = """## Precision

Spans and rows of all ships: right if half of their time was laid as false. In the world with the
simulator's traps and a tenth of all ship-days jammed, and no false track laid, a span is right if
its ship carries a trap; the others are false."""

REAL_FILES = """## Real files

Every ship taken for a tanker that a list names. No deception is known in them, and they have no
draughts or hardly any, so that rows are not to be expected: what counts here are spans. Some of
those are no errors: see [accuracy](../../../docs/accuracy.md)."""


def overlap_h(one: pd.Series, begin: object, end: object) -> float:
    """Hours that a span and a time have in common.

    >>> at = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"])
    >>> overlap_h(pd.Series({"began_at": at[0], "ended_at": at[2]}), at[1], at[3])
    24.0
    """
    common = min(one["ended_at"], end) - max(one["began_at"], begin)  # type: ignore[type-var]
    return max(common / pd.Timedelta(hours=1), 0.0)


def met(laid: pd.Series, found: pd.DataFrame) -> pd.DataFrame:
    """The spans or rows of a ship that hold half of the time that was laid, together."""
    own = found[found["mmsi"] == laid["mmsi"]]
    hours = [overlap_h(span, laid["from_at"], laid["to_at"]) for _, span in own.iterrows()]
    whole = (laid["to_at"] - laid["from_at"]) / pd.Timedelta(hours=1)
    return own[[hour > 0 for hour in hours]] if sum(hours) >= SHOWN_SHARE * whole else own[:0]


def is_right(span: pd.Series, answers: Answers) -> bool:
    """Whether half of a span was false, or its ship carries a trap."""
    if span["mmsi"] in answers.carriers:
        return True
    own = answers.laid[(answers.laid["mmsi"] == span["mmsi"]) & answers.laid["kind"].isin(KINDS)]
    whole = (span["ended_at"] - span["began_at"]) / pd.Timedelta(hours=1)
    hours = sum(overlap_h(span, laid["from_at"], laid["to_at"]) for _, laid in own.iterrows())
    return bool(hours >= SHOWN_SHARE * whole)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of anything as text."""
    return as_markdown(tuple(header), [tuple(map(str, row)) for row in rows])


def report(answers: dict[str, list[Answers]], real: dict[str, Answers]) -> Iterator[str]:
    """The page, part by part."""
    yield ABOUT
    spoofed = [world.label for world in WORLDS if not world.is_trapped and world.label in answers]
    of_kind = {
        (kind, label): [
            (laid, each)
            for each in answers[label]
            for _, laid in each.laid.iterrows()
            if laid["kind"] == kind
        ]
        for kind in (*KINDS, *HONEST)
        for label in spoofed
    }
    yield FOUND
    rows = []
    for kind in KINDS:
        cells = []
        for label in spoofed:
            pairs = of_kind[kind, label]
            found = sum(len(met(laid, each.spans)) > 0 for laid, each in pairs)
            cells.append(f"{found} of {len(pairs)}")
        rows.append((kind, *cells))
    yield table(("recall of spans", *spoofed), rows)
    yield CALLS
    rows = []
    for kind in KINDS:
        cells = []
        for label in spoofed:
            pairs = [pair for pair in of_kind[kind, label] if pair[0]["has_time"]]
            calls = [(laid, met(laid, each.rows)) for laid, each in pairs]
            calls = [(laid, found) for laid, found in calls if len(found)]
            named = sum(laid["port_id"] in found["terminals"].iloc[0] for laid, found in calls)
            first = sum(laid["port_id"] == found["port_id"].iloc[0] for laid, found in calls)
            cells.append(f"{len(calls)} of {len(pairs)} ({named}, {first})")
        rows.append((kind, *cells))
    yield table(("rows (true port named, likeliest)", *spoofed), rows)
    yield HONEST_STAYS
    rows = []
    for kind in HONEST:
        cells = []
        for label in spoofed:
            pairs = of_kind[kind, label]
            with_span = sum(len(met(laid, each.spans)) > 0 for laid, each in pairs)
            with_row = sum(len(met(laid, each.rows)) > 0 for laid, each in pairs)
            cells.append(f"{with_span}, {with_row} of {len(pairs)}")
        rows.append((kind, *cells))
    yield table(("with a span, a row", *spoofed), rows)
    yield PRECISION
    rows = [precision(label, own) for label, own in answers.items()]
    by_detector: dict[str, list[bool]] = {}
    for own in answers.values():
        for each in own:
            for _, span in each.spans.iterrows():
                for kind in span["kinds"].split(", "):
                    by_detector.setdefault(kind, []).append(is_right(span, each))
    header = (
        "world",
        "ship-weeks",
        "spans",
        "right",
        "rows",
        "right",
        "false rows a 1,000 ship-weeks",
    )
    yield table(header, rows)
    yield table(
        ("spans with", "all", "right", "precision"),
        [
            (kind, len(right), sum(right), f"{sum(right) / len(right):.3f}")
            for kind, right in sorted(by_detector.items())
        ],
    )
    if real:
        yield REAL_FILES
        rows = []
        for label, each in real.items():
            kinds = each.spans["kinds"].value_counts().sort_index().items()
            rows.append(
                (
                    label,
                    f"{each.ship_weeks:,.0f}",
                    len(each.spans),
                    ", ".join(f"{count} {kind}" for kind, count in kinds) or "-",
                    each.spans["mmsi"].nunique(),
                    len(each.rows),
                )
            )
        header = ("file", "ship-weeks", "spans", "of", "ships with one", "rows")
        yield table(header, rows)


def precision(label: str, own: Sequence[Answers]) -> tuple[object, ...]:
    """A line of the table of precision."""
    weeks = sum(each.ship_weeks for each in own)
    spans = [is_right(span, each) for each in own for _, span in each.spans.iterrows()]
    rows = [is_right(row, each) for each in own for _, row in each.rows.iterrows()]
    false = 1_000.0 * (len(rows) - sum(rows)) / weeks
    return label, f"{weeks:,.0f}", len(spans), sum(spans), len(rows), sum(rows), f"{false:.2f}"


def real_answers() -> Iterator[tuple[str, Answers]]:
    """Of each real file that is at hand."""
    hormuz = sorted((REAL / "hormuz-2026-04").glob("*.zip"))
    files = {
        "Strait of Hormuz, 7 to 19 April 2026": (hormuz, date(2026, 4, 20)),
        "Gulf, volunteers, March 2026": ([REAL / "aisstream-gulf-2026-03.csv"], date(2026, 3, 24)),
        "world, 24 January 2024": ([REAL / "global-one-day-2024-01-24.csv"], date(2024, 1, 26)),
        "United States, 11 January 2023": (
            [REAL / "marinecadastre-2023-01-11.csv"],
            date(2023, 1, 13),
        ),
        "Denmark, 1 June 2018": ([REAL / "dma-2018-06-01.csv"], date(2018, 6, 3)),
    }
    for label, (paths, as_of) in files.items():
        if not paths or not all(path.exists() for path in paths):
            print(f"{label}: not at hand", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            yield label, ask_real(paths, Path(folder) / "real", as_of)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page to stdout, or to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path, help="write the page to a file")
    parser.add_argument("--worlds", nargs="*", default=[world.label for world in WORLDS])
    parser.add_argument("--seeds", nargs="*", type=int, help="in place of those of the worlds")
    parser.add_argument("--no-real", action="store_true")
    flags = parser.parse_args(arguments)
    answers: dict[str, list[Answers]] = {}
    for world in WORLDS:
        if world.label not in flags.worlds:
            continue
        for seed in flags.seeds or world.seeds:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                answers.setdefault(world.label, []).append(ask(world, seed, Path(folder)))
            took_s = time.perf_counter() - start
            print(f"{world.label}, seed {seed}: {took_s:.0f} s", file=sys.stderr, flush=True)
    real = {} if flags.no_real else dict(real_answers())
    page = "\n\n".join(report(answers, real)) + "\n"
    if flags.markdown:
        flags.markdown.write_text(page, encoding="utf-8")
    else:
        print(page, end="")


if __name__ == "__main__":
    main()
