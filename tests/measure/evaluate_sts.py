"""`make evaluate`: transfers between ships against known ones.

Ships are SIMULATED (`evaluation/sts_scenes.py`), and go through the whole program.
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

from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation.sts_world import WORLDS, Answers, ask, pairs_of

SEEDS = (2001, 2002, 2003, 2004)
"""Used for nothing else; thresholds were chosen on seeds below 100."""

ABOUT = """# How encounters of tankers hold against known ones

SIMULATED: ships at anchor, adrift, alongside and passing were made up by
`tests/measure/evaluation/sts_scenes.py`. A simulation shows whether transfers are found where ships
lie as assumed there, not that they do. Command: `{command}`"""

TRANSFERS = """## Transfers

True transfers: in the open sea, where draughts are entered late or never, and in an anchorage,
where both are entered within two days. Found: the pair, at the time, as kind `sts`. Rows: those of
kind `sts`; right: of a true transfer. Gave: of the transfers found, those where the giver is named,
and where it is the right one."""

PLAIN = """## The measure alone

The same fixes, and the measure of Global Fishing Watch as one would write it in SQL
(`tests/measure/evaluation/plain_encounters.sql`): 500 m, 2 knots, two hours, 10 km off known ports
and anchorages."""

SCENES = """## Scene by scene

Kind of the row of `sts_encounter` for each pair that lay together, by what it did: `alongside` are
transfers in an anchorage after which neither ship enters a draught, `bunkers` bunker tankers. None
of these: false rows, of neighbours at anchor, craft, ships that pass, drifters, a jetty, twins."""

TOTALS = ("world", "true", "found", "recall", "rows", "right", "precision", "gave", "of them right")


def totals(answers: Answers) -> tuple[str, ...]:
    """Recall and precision of transfers, and whether the right ship gave."""
    pairs = pairs_of(answers)
    true = pairs[pairs["true_kind"] == "sts"]
    found = true[true["kind"] == "sts"].drop_duplicates("truth")
    rows = pairs[(pairs["kind"] == "sts") & pairs["row"].notna()].drop_duplicates("row")
    right = rows[rows["true_kind"] == "sts"]
    gave = found[found["giver"] != 0]
    trues = true["truth"].nunique()
    return (
        *(str(trues), str(len(found)), _share(len(found), trues)),
        *(str(len(rows)), str(len(right)), _share(len(right), len(rows))),
        *(str(len(gave)), str((gave["giver"] == gave["true_giver"]).sum())),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def scenes(answers: Answers) -> Iterator[tuple[str, str, str]]:
    """For each scene with a true pair, how many were seen as which kind; and false rows."""
    pairs = pairs_of(answers)
    for scene, own in pairs[pairs["scene"] != ""].groupby("scene", sort=False):
        kinds = own.drop_duplicates("truth")["kind"].fillna("no row").value_counts()
        yield str(scene), str(kinds.sum()), _listed(kinds)
    false = pairs[pairs["scene"] == ""]
    yield "none of these", str(len(false)), _listed(false["kind"].value_counts())


def _listed(kinds: pd.Series[int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))


def joined(several: Sequence[Answers]) -> Answers:
    """The answers of several seeds as one: MMSIs and times of each seed stay apart."""
    tables = []
    for each in zip(*several, strict=True):
        apart = []
        for number, table in enumerate(each):
            numbers = table[["mmsi_a", "mmsi_b", "giver"]].astype("int64")
            apart.append(table.assign(**(numbers + 10**9 * number * (numbers > 0))))
        tables.append(pd.concat(apart, ignore_index=True))
    return Answers(*tables)


def report(answers: dict[str, Answers], command: str) -> Iterator[str]:
    """The page, part by part."""
    yield ABOUT.format(command=command)
    yield TRANSFERS
    rows = [(WORLDS[name].label, *totals(of)) for name, of in answers.items()]
    yield as_markdown(TOTALS, rows)
    yield PLAIN
    alone = {name: of._replace(found=of.plain) for name, of in answers.items()}
    rows = [(WORLDS[name].label, *totals(of)[:6]) for name, of in alone.items()]
    yield as_markdown(TOTALS[:7], rows)
    yield SCENES
    for name, of in answers.items():
        yield f"### {WORLDS[name].label.capitalize()}"
        yield as_markdown(("scene", "pairs", "seen as"), scenes(of), left=3)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--markdown", type=Path, help="write the page to a file")
    flags = parser.parse_args(arguments)
    answers: dict[str, Answers] = {}
    for name in flags.worlds:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="barometer-evaluate-") as folder:
            several = [
                ask(WORLDS[name], seed, Path(folder) / str(seed))
                for seed in flags.seeds[: WORLDS[name].seeds]
            ]
        answers[name] = joined(several)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    given = sys.argv[1:] if arguments is None else list(arguments)
    command = shlex.join(["python", "-m", "tests.measure.evaluate_sts", *given])
    page = "\n\n".join(report(answers, command)) + "\n"
    if flags.markdown is None:
        print(page)
    else:
        flags.markdown.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
