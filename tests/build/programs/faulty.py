"""A process in which the disk fails: it works on a home, and the K-th call that changes it fails.

Called with FOLDER and STEPs: FOLDER holds the input in ``in``. A STEP says what is worked, on
which home:

- ``lake``: into the lake, on an empty home;
- ``derive``: what follows from the lake, on a home that holds it, without pictures;
- ``drawn``: all, pictures too, on an empty home.

For each step the first line of JSON that comes back is of a home that nothing disturbed, with the
kind and place of each of its calls. Then the process reads JSON ``[K, MODE]`` a line, up to an
empty one. For each the home is made anew in the same place, worked with the fault, then worked
again without, and a line tells how the first ended and what the home holds then.

Every case is a fork of this process, which runs nothing itself: a fork costs milliseconds, and the
imports are done. The work is a function of the home and the input, so that what follows from a home
that is the same, byte for byte, as one before is not worked again; see also `remember`. What is not
called through Python (DuckDB's and pyarrow's own writing, into `tmp/` alone) is not counted; `make
crash` kills there too.
"""

from __future__ import annotations

import builtins
import errno
import functools
import gc
import hashlib
import io
import json
import os
import pickle
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.catalogue import build as catalogue
from flows.catalogue import given, relations
from flows.derive import (  # noqa: F401 loaded
    agreement,
    detections,
    digest,
    series,
    volume,
    volume_change,
)
from flows.home import history, lock
from flows.home.code import code_hash
from flows.home.hashes import folder_hash
from flows.home.resources import data_path, port_files
from flows.home.settings import BarometerError, Settings
from flows.ingest.outcome import Outcome
from flows.ingest.stage import ingest_file
from flows.lake.manifest import CATALOGUE, MANIFEST
from flows.lake.prepare import prepare_home
from flows.mail import feed
from flows.registers.bundled import bundled_versions
from flows.report import citable, write
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import find_files
from tests.build import contents as whole
from tests.build.contents import contents
from tests.build.ships import AS_OF

FULL, EIO, KILL = "full", "eio", "kill"
"""From the K-th call on no space is left; only the K-th call fails; the process dies in it. Of a
write the half is done before."""

NEED_SPACE = ("open", "write", "fsync")


class Faults:
    """Counts the calls that change a home, and lets them fail."""

    def __init__(self, home: Path, at: int, mode: str) -> None:
        self.home, self.at, self.mode = str(home), at, mode
        self.calls: list[tuple[str, str]] = []

    def meet(self, kind: str, path: object, half: Callable[[], object] = lambda: None) -> None:
        """Count a call, and fail in it if its time has come."""
        if str(path).startswith(f"{self.home}/tmp"):
            return  # garbage after a crash, whatever it holds
        self.calls.append((kind, os.path.relpath(str(path), self.home)))
        is_here = len(self.calls) == self.at
        if is_here and self.mode in (KILL, FULL):
            half()
        if is_here and self.mode == KILL:
            os._exit(9)
        if is_here and self.mode == EIO:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.mode == FULL and self.at and len(self.calls) >= self.at and kind in NEED_SPACE:
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


def work(home: Path, given: Path, step: str) -> str:
    """What `barometer ingest` or `run` does, without Prefect; `derive` is a run of no new file.

    Returns what a user is told.
    """
    settings = Settings(home, AS_OF, 1, "300MB")
    outcomes: list[Outcome] = []
    try:
        with lock.locked(home):
            prepare_home(home)
            for file in find_files([given]) if step != "derive" else []:
                outcomes += ingest_file(file, load_sources(home), settings)
            if step != "lake":
                run.derive(settings, outcomes, publish=True)
    except BarometerError as error:
        return str(error)
    return run.problem(outcomes) or "done"


def remember(folder: Path) -> None:
    """Keep digests, catalogues and what is read of them, each by all that it follows from.

    That is the manifest, the records of the history and the catalogue in use: these homes have no
    register, decision or source of their own. Each would be worked a hundred times.
    """
    folder.mkdir()
    build, made, relations_of = catalogue.build, digest._made, whole._relations
    tables = {
        (place, name): getattr(place, name)
        for place, name in (
            *((write, "week_table"), (write, "records"), (write, "fingerprints")),
            *((write.dictionary, "described"), (write.dictionary, "data_dictionary")),
            (feed, "read_entries"),
        )
    }
    # Pictures and workbooks cost seconds.
    write._drawn = lambda *_: {}  # type: ignore[assignment]
    citable.week_workbook = lambda *_: b"a workbook"  # type: ignore[assignment]
    # Part of a build, of which most are copies here; written as digests are (`flows.home.cache`).
    catalogue.reuse.keep = lambda *_: None  # type: ignore[assignment]
    used = ""

    def kept(key: str, make: Callable[[], Any]) -> Any:
        path = folder / hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        if not path.exists():
            path.write_bytes(pickle.dumps(make()))
        return pickle.loads(path.read_bytes())

    def building(settings: Settings, *rest: Any, **named: Any) -> tuple[Path, Any]:
        nonlocal used
        used = read_of(settings.home)
        copy = folder / f"{used}.duckdb"

        def make() -> Any:
            built, published = build(settings, *rest, **named)
            built.rename(copy)
            return published

        published = kept(f"build {used}", make)
        path = settings.home / "tmp" / "built.duckdb"
        shutil.copyfile(copy, path)
        return path, published

    def reading(place: Any, name: str) -> Callable[..., Any]:
        plain = tables[place, name]

        def read(con: Any, *of: Any, **named: Any) -> Any:
            asked = f"{[it for it in of if isinstance(it, str)]} {named}"
            return kept(f"{name} {used} {asked}", lambda: plain(con, *of, **named))

        return read

    def digested(con: Any, home: Path, paths: Any) -> Path:
        copy = folder / f"digest {len(paths)}"  # of all parts of the lake, or of none
        if not copy.exists():
            made(con, home, paths).rename(copy)
        return Path(shutil.copytree(copy, home / "tmp" / copy.name))

    def related(settings: Settings) -> Any:
        return kept(f"relations {read_of(settings.home)}", lambda: relations_of(settings))

    catalogue.build, digest._made = building, digested  # type: ignore[assignment]
    whole._relations = related
    for place, name in tables:
        setattr(place, name, reading(place, name))


def read_of(home: Path) -> str:
    """A hash of what a build reads of a home: of its history the records, not the torn lines."""
    digest = hashlib.blake2b(digest_size=16)
    for path in (home / MANIFEST, home / CATALOGUE):
        digest.update(path.read_bytes() if path.exists() else b"none")
    names = (history.RUN, *given.PUBLICATIONS)
    digest.update(repr([history.read_history(home, name) for name in names]).encode())
    return digest.hexdigest()


def state_of(home: Path) -> str:
    """A hash of the folders and files of a home; the lock, and what is in work, are no part."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home)
        if place.parts[0] not in ("tmp", lock.LOCK):
            digest.update(f"{place} {path.is_dir()}\0".encode())
            digest.update(b"" if path.is_dir() else hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


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


def case(folder: Path, step: str, at: int, mode: str, ends: dict[str, Any]) -> dict[str, Any]:
    """A home worked with a fault and then without: how it ended, and what it holds.

    `ends` has what the second work gave, by the home that it met.
    """
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    if step == "derive":
        shutil.copytree(folder / "before", home)
    else:
        home.mkdir()
    faults = Faults(home, at, mode)

    def disturbed() -> dict[str, Any]:
        faults.install()
        return {"told": work(home, folder / "in", step), "calls": faults.calls}

    def again() -> dict[str, Any]:
        prepare_home(home)
        state = state_of(home)
        if state in ends:
            return {"state": state, **ends[state]}
        told = work(home, folder / "in", step) if at else "done"
        prepare_home(home)
        return {"state": state, "told": told, "holds": contents(Settings(home, AS_OF, 1, "300MB"))}

    code, first = in_fork(disturbed)
    _, second = in_fork(again)
    if second and at:
        ends[second["state"]] = {"told": second["told"], "holds": second["holds"]}
    return {"at": at, "mode": mode, "code": code, "first": first, "second": second}


def main() -> None:
    """Read the plans, tell the results."""
    folder = Path(sys.argv[1])
    # Once for all forks: what is bundled, hashes of files, and what each relation reads, which
    # DuckDB says, in a fork: nothing here starts a thread.
    bundled_versions()
    catalogue._fences(tuple(port_files()), folder_hash(data_path("ports")))
    code_hash()
    _, needs = in_fork(lambda: {name: relations.needs(name) for name in relations.files()})
    relations.needs = lambda name: tuple(needs[name])  # type: ignore[assignment]
    _, kinds = in_fork(lambda: dict(relations.kinds()))
    relations.kinds = lambda: kinds  # type: ignore[assignment]
    gc.freeze()  # a search for garbage would copy the pages of what is loaded, in each fork
    for step in sys.argv[2:]:
        if step == "derive":
            remember(folder / "kept")
            home = folder / "home"
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            _, told = in_fork(lambda home=home: work(home, folder / "in", "lake"))
            assert told == "done", told
            home.rename(folder / "before")
        ends: dict[str, Any] = {}
        print(json.dumps(case(folder, step, 0, "none", ends)), flush=True)
        for line in iter(sys.stdin.readline, "\n"):
            print(json.dumps(case(folder, step, *json.loads(line), ends)), flush=True)


if __name__ == "__main__":
    main()
