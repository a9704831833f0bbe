"""A process in which the disk fails: it works on a home, and the K-th call that changes it fails.

Called as ``python -m tests.flows.faulty FOLDER STEP < PLAN > RESULTS``: FOLDER holds the input in
``in``; STEP is ``lake`` (into the lake only) or ``run`` (all that follows too); the plan has a JSON
``[K, MODE]`` a line. For each the home is made anew, worked with the fault, then worked again
without, and a line of JSON tells how the first ended and what the home holds then. The first line
of the results is of a home that nothing disturbed, with the kinds of its calls.

Every case is a fork of this process, which runs nothing itself: a fork costs milliseconds, and the
imports are done. What is not called through Python (DuckDB's and pyarrow's own writing, into `tmp/`
alone) is not counted; `make crash` kills there too.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows import lake, run
from flows.files import find_files
from flows.ingest import Outcome, ingest_file
from flows.report import write
from flows.settings import BarometerError, Settings
from flows.sources import load_sources
from tests.flows.ships import AS_OF
from tests.flows.whole import contents

FULL, EIO, KILL = "full", "eio", "kill"
"""From the K-th call on no space is left; only the K-th call fails; the process dies in it. Of a
write the half is done before."""

NEED_SPACE = ("open", "write", "fsync")


class Faults:
    """Counts the calls that change a home, and lets them fail."""

    def __init__(self, home: Path, at: int, mode: str) -> None:
        self.home, self.at, self.mode = str(home), at, mode
        self.kinds: list[str] = []

    def meet(self, kind: str, path: object, half: Callable[[], object] = lambda: None) -> None:
        """Count a call, and fail in it if its time has come."""
        if str(path).startswith(f"{self.home}/tmp"):
            return  # garbage after a crash, whatever it holds
        self.kinds.append(kind)
        is_here = len(self.kinds) == self.at
        if is_here and self.mode in (KILL, FULL):
            half()
        if is_here and self.mode == KILL:
            os._exit(9)
        if is_here and self.mode == EIO:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.mode == FULL and self.at and len(self.kinds) >= self.at and kind in NEED_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def install(self) -> None:
        """Put the counting in the place of Python's own functions, for good."""
        faults = self

        class File(io.FileIO):
            def write(self, content: Any) -> int:
                content = bytes(content)
                half = functools.partial(super().write, content[: len(content) // 2])
                faults.meet("write", self.name, half)
                return super().write(content) or 0

            def truncate(self, size: int | None = None) -> int:
                faults.meet("truncate", self.name)
                return super().truncate(size)

        plain = io.open

        def opened(
            file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any
        ) -> Any:
            path = Path(file) if isinstance(file, str | Path) else None
            if path is None or set(mode) <= set("rbt") or not path.is_relative_to(faults.home):
                return plain(file, mode, buffering, *rest, **named)
            faults.meet("open", path)
            raw = File(str(path), mode.replace("b", "").replace("t", ""))
            if buffering == 0:
                return raw
            buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")

        def wrapped(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def call(first: Any, *rest: Any, **named: Any) -> Any:
                # A handle stands for its file, a rename for the place that it gives.
                place = (
                    Path(f"/proc/self/fd/{first}").readlink() if isinstance(first, int) else first
                )
                place = rest[0] if kind == "rename" else place
                if Path(place).is_relative_to(faults.home):
                    faults.meet(kind, place)
                return function(first, *rest, **named)

            return call

        builtins.open = io.open = opened  # type: ignore[assignment]
        for kind, name in (
            *(("fsync", "fsync"), ("rename", "replace"), ("rename", "rename")),
            *(("remove", "unlink"), ("remove", "remove"), ("remove", "rmdir")),
            *(("mkdir", "mkdir"), ("truncate", "truncate")),
        ):
            setattr(os, name, wrapped(kind, getattr(os, name)))


def work(home: Path, given: Path, *, is_derived: bool) -> str:
    """What `barometer ingest` or `run` does, without Prefect and pictures.

    Returns what a user is told.
    """
    write._drawn = lambda *_: {}  # type: ignore[assignment]  # drawn pictures cost seconds
    settings = Settings(home, AS_OF, 1, "300MB")
    outcomes: list[Outcome] = []
    try:
        with lake.locked(home):
            lake.prepare(home)
            for file in find_files([given]):
                outcomes += ingest_file(file, load_sources(home), settings)
            if is_derived:
                run.derive(settings, outcomes, publish=True)
    except BarometerError as error:
        return str(error)
    return run.problem(outcomes) or "done"


def in_fork(function: Callable[[], object]) -> tuple[int, Any]:
    """The exit code of a child that calls a function, and what that gave, as JSON."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read_end)
            found = json.dumps(function()).encode()
            with os.fdopen(write_end, "wb") as out:
                out.write(found)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as told:
        text = told.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), json.loads(text) if text else None


def case(folder: Path, step: str, at: int, mode: str) -> dict[str, Any]:
    """A home worked with a fault and then without: how it ended, and what it holds."""
    home = folder / f"home-{at}-{mode}"
    home.mkdir()
    faults = Faults(home, at, mode)

    def disturbed() -> dict[str, Any]:
        faults.install()
        told = work(home, folder / "in", is_derived=step == "run")
        return {"told": told, "kinds": faults.kinds}

    def again() -> dict[str, Any]:
        told = work(home, folder / "in", is_derived=step == "run") if at else "done"
        lake.prepare(home)
        return {"told": told, "holds": contents(Settings(home, AS_OF, 1, "300MB"))}

    code, first = in_fork(disturbed)
    _, second = in_fork(again)
    return {"at": at, "mode": mode, "code": code, "first": first, "second": second}


def main() -> None:
    """Read the plan, tell the results."""
    folder, step = Path(sys.argv[1]), sys.argv[2]
    print(json.dumps(case(folder, step, 0, "none")), flush=True)
    for line in sys.stdin:
        print(json.dumps(case(folder, step, *json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
