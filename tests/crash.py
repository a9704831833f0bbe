"""Crash: kill the real main job at random moments, run it again, and hold the home against another.

``make crash`` prints a table and ends with 1 where a home differs. The job is `barometer run` with
Prefect, in a process group of its own, which gets SIGKILL at a moment that is drawn uniformly from
the time of an undisturbed run. Then every call of `tests.flows.faulty` fails once in each way.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from flows.settings import Settings
from tests.conftest import AS_OF, ROOT, SAMPLE
from tests.flows.test_faults import MODES, cases, faults_of, inputs, kinds_of
from tests.flows.whole import contents, differing

PHASES = (
    ("publishing", "history/run.jsonl"),
    ("building and reports", "manifest.json"),
    ("first file", "position/empty.parquet"),
)
"""The furthest thing of the first run that lies in a home; before them all is the start."""


def start(home: Path, files: list[Path], log: Path) -> subprocess.Popen[bytes]:
    """`barometer run` over files, in a group of its own."""
    command = [sys.executable, "-m", "flows.cli", "run", *map(str, files)]
    with log.open("ab") as told:
        return subprocess.Popen(
            [*command, "--home", str(home), "--as-of", AS_OF],
            cwd=ROOT,
            stdout=told,
            stderr=told,
            env={k: v for k, v in os.environ.items() if not k.startswith("BAROMETER_")},
            start_new_session=True,
        )


def killed(process: subprocess.Popen[bytes], after_s: float) -> bool:
    """Whether the job was still at work when its group was killed."""
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def phase(home: Path, files: int) -> str:
    """How far a killed run had come, by what lies in its home."""
    found = next((name for name, path in PHASES if (home / path).exists()), "start")
    if found == "building and reports":
        held = len(list((home / "position").glob("*/*/*.parquet")))
        return found if held >= files else "between files"
    return found


def kill(folder: Path, files: list[Path], count: int, seed: int) -> list[str]:
    """Kill, run again, compare; gives what differed."""
    began = time.monotonic()
    ended = start(folder / "never", files, folder / "log").wait()
    length_s = time.monotonic() - began
    if ended != 0:
        raise SystemExit(f"the undisturbed run ended with {ended}; see {folder / 'log'}")
    print(f"undisturbed: {length_s:.0f} s, {len(files)} files, seed {seed}", flush=True)
    as_of = datetime.fromisoformat(AS_OF)
    never = contents(Settings(folder / "never", as_of, 1, "300MB"))
    draw = random.Random(seed)
    kills: Counter[str] = Counter()
    found = []
    for number in range(count):
        home = folder / f"home-{number}"
        after_s = draw.uniform(0, length_s)
        was_killed = killed(start(home, files, folder / "log"), after_s)
        at = phase(home, len(files)) if was_killed else "after the end"
        again = start(home, files, folder / "log").wait()
        unlike = differing(never, contents(Settings(home, as_of, 1, "300MB")))
        kills[at] += 1
        if again != 0 or unlike:
            found.append(f"killed after {after_s:.1f} s ({at}): exit {again}, {unlike}")
        print(f"{number + 1:3} {after_s:6.1f} s  {at:22} {unlike or 'equal'}", flush=True)
    for at, times in sorted(kills.items()):
        print(f"{at:24} {times:4} kills")
    return found


def fail(folder: Path) -> list[str]:
    """Every call fails once in each way; gives what differed."""
    kinds = kinds_of(folder, "run")
    inputs(folder)
    plan = list(itertools.product(range(1, len(kinds) + 1), MODES))
    never, *disturbed = cases(folder, "run", plan)
    for mode in MODES:
        print(f"{mode:24} {sum(case['mode'] == mode for case in disturbed):4} calls failed")
    return [f for case in disturbed if (f := faults_of(case, never["second"]["holds"]))]


def main() -> int:
    """Parse, work, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--days", type=int, default=len(list((SAMPLE / "ais").iterdir())))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-faults", action="store_true", help="only the kills")
    flags = parser.parse_args()
    files = sorted((SAMPLE / "ais").iterdir())[: flags.days]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        found = kill(folder, files, flags.kills, flags.seed)
        if not flags.no_faults:
            (folder / "faults").mkdir()
            found += fail(folder / "faults")
    print("\n".join(found) or "all equal")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
