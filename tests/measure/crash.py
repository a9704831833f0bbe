"""Crash: kill the real main job at random moments, run it again, and hold the home against another.

``make crash`` prints a table and ends with 1 where a home differs. The job is `barometer run` with
Prefect, in a process group of its own, which gets SIGKILL at a moment that is drawn uniformly from
the time of an undisturbed run. The jobs share a Prefect server, as under a schedule: one that a job
starts for itself takes twice the time of the work, and nothing is at stake meanwhile. What follows
from a home that is the same, byte for byte, as one before (but for Prefect's own files) is not run
again. Then every call of `tests.build.programs.faulty` fails once in each way.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from flows.home.settings import Settings
from flows.lake.manifest import read_manifest
from flows.lake.prepare import prepare_home
from flows.runner.prefect_server import prefect_server
from tests.build.contents import contents, differing
from tests.build.programs.faulty import state_of
from tests.conftest import AS_OF, ROOT, SAMPLE
from tests.flows.runner.test_faults import MODES, cases, faults_of

PHASES = ("start", "ingest", "derive", "publish", "after the end")


def start(home: Path, files: list[Path], log: Path) -> subprocess.Popen[bytes]:
    """`barometer run` over files, in a group of its own."""
    command = [sys.executable, "-m", "flows.cli", "run", *map(str, files)]
    command += ["--home", str(home), "--as-of", AS_OF]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("BAROMETER_")}
    how = {"cwd": ROOT, "env": environ, "start_new_session": True}
    with log.open("ab") as told:
        return subprocess.Popen(command, stdout=told, stderr=told, **how)


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
    if (home / "reports").exists() or (home / "history").exists():
        return "publish"
    if not (home / "position" / "empty.parquet").exists():
        return "start"
    return "derive" if len(read_manifest(home).entries) >= files else "ingest"


def resumed(home: Path) -> str:
    """The home that the next run begins with: swept, and without what Prefect keeps there."""
    prepare_home(home)
    shutil.rmtree(home / "prefect", ignore_errors=True)
    return state_of(home)


def swept_contents(home: Path) -> dict[str, str]:
    """What is in a home, without the parts that a later file of the same run replaced.

    They stay until the next run, for readers; which there are depends on what a run had to do.
    """
    prepare_home(home)
    return contents(settings(home))


def settings(home: Path) -> Settings:
    return Settings(home, datetime.fromisoformat(AS_OF), 1, "300MB")


def kill(folder: Path, files: list[Path], count: int, seed: int) -> list[str]:
    """Kill, run again, compare; gives what differed."""
    for name in ("warm", "never"):  # the first finds nothing in the disk's cache
        began = time.monotonic()
        ended = start(folder / name, files, folder / "log").wait()
        length_s = time.monotonic() - began
        if ended != 0:
            raise SystemExit(f"the undisturbed run ended with {ended}; see {folder / 'log'}")
    print(f"undisturbed: {length_s:.0f} s, {len(files)} files, seed {seed}", flush=True)
    never = swept_contents(folder / "never")
    draw = random.Random(seed)
    counts: Counter[tuple[str, str]] = Counter()
    ends: dict[str, str] = {}
    found = []
    print(f"{'kill':>4} {'after':>8}  {'phase':14} {'run again':9}  result")
    for number in range(1, count + 1):
        home = folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        after_s = draw.uniform(0, length_s)
        was_killed = killed(start(home, files, folder / "log"), after_s)
        at = phase(home, len(files)) if was_killed else "after the end"
        home.mkdir(exist_ok=True)
        # The copy is swept, and tells the state; the next run meets the home as it was left.
        swept = folder / "swept"
        shutil.rmtree(swept, ignore_errors=True)
        shutil.copytree(home, swept, ignore=shutil.ignore_patterns("prefect", "tmp"))
        state = resumed(swept)
        how = "same home" if state in ends else "yes"
        if state not in ends:
            again = start(home, files, folder / "log").wait()
            unlike = differing(never, swept_contents(home))
            ends[state] = f"exit {again}, {unlike}" if again or unlike else "equal"
        result = ends[state]
        counts.update([(at, "kills"), *([(at, "run again")] if how == "yes" else [])])
        if result != "equal":
            counts[at, "unlike"] += 1
            found.append(f"killed after {after_s:.1f} s ({at}): {result}")
        print(f"{number:4} {after_s:6.1f} s  {at:14} {how:9}  {result}", flush=True)
    print(f"{'phase':14} {'kills':>5} {'run again':>9} {'unlike':>6}")
    for at in PHASES:
        kills, run_again, unlike = (counts[at, it] for it in ("kills", "run again", "unlike"))
        print(f"{at:14} {kills:5} {run_again:9} {unlike:6}")
    return found


def fail(folder: Path) -> list[str]:
    """Every call fails once in each way; gives what differed."""
    found = cases(
        folder, ["drawn"], lambda calls: itertools.product(range(1, len(calls) + 1), MODES)
    )
    never, *disturbed = found["drawn"]
    for mode in MODES:
        print(f"{mode:24} {sum(case['mode'] == mode for case in disturbed):4} calls failed")
    return [f for case in disturbed if (f := faults_of(case, never))]


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
        server = settings(folder / "server")
        server.home.mkdir()
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            os.environ["PREFECT_SERVER_API_PORT"] = str(any_port.getsockname()[1])
        with prefect_server(server, has_schedule=False) as wait_for_server:
            wait_for_server()
            found = kill(folder, files, flags.kills, flags.seed)
        if not flags.no_faults:
            (folder / "faults").mkdir()
            found += fail(folder / "faults")
    print("\n".join(found) or "all equal")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
