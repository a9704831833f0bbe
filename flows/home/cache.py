"""What is kept beside the lake to save work: files that follow from some of its parts.

Each is a folder of Parquet files and the hashes of the parts that it covers. It is only ever a
saving: one that is not whole, or covers a part that the lake no longer has, counts as not there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from flows.home.durable import make_folder, sync_folder
from flows.home.hashes import file_hash, text_hash

CONTENTS = "contents.json"


class Kept(NamedTuple):
    """A stored folder: the hashes of the parts that it covers; bytes and blake2b-256 by file."""

    folder: Path
    parts: frozenset[str]
    files: dict[str, tuple[int, str]]


def kept(top: Path, method: str, present: Iterable[str]) -> list[Kept]:
    """The folders that hold, by name: of the method, whole by size, and of parts that are there.

    A part is covered once: of two folders with the same part the first holds.

    Parameters
    ----------
    top : Path
        Where the folders are kept; it need not be there.
    method : str
        What the files depend on beside the parts; the folders' names start with it.
    present : iterable of str
        The hashes of the lake's parts.
    """
    found: list[Kept] = []
    free = set(present)
    for folder in sorted(top.glob(f"{method}-*")):
        one = _read(folder)
        if one is not None and free.issuperset(one.parts):
            free -= one.parts
            found.append(one)
    return found


def _read(folder: Path) -> Kept | None:
    try:
        raw = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        parts = frozenset(map(str, raw["parts"]))
        files = {str(name): (int(size), str(of)) for name, (size, of) in raw["files"].items()}
        is_whole = all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Kept(folder, parts, files) if is_whole and parts else None


def keep(top: Path, method: str, made: Path, parts: Mapping[str, str]) -> None:
    """Put a folder that was made in `tmp/` among the kept ones, durably, whole or not at all.

    Parameters
    ----------
    top, method
        As for `kept`.
    made : Path
        A folder of files, on the same disk.
    parts : mapping
        The parts that it covers, by hash.
    """
    files = {path.name: (path.stat().st_size, file_hash(path)) for path in sorted(made.iterdir())}
    (made / CONTENTS).write_text(json.dumps({"parts": sorted(parts), "files": files}), "utf-8")
    for path in sorted(made.iterdir()):
        with path.open("rb") as raw:
            os.fsync(raw.fileno())
    sync_folder(made)
    make_folder(top)
    named = text_hash("".join(sorted(parts)))
    target = top / f"{method}-{named}"
    shutil.rmtree(target, ignore_errors=True)  # one that was not whole
    made.rename(target)
    sync_folder(top)


def prune(top: Path, holding: Iterable[Kept]) -> None:
    """Take away the folders that do not hold."""
    stay = {one.folder for one in holding}
    for folder in top.glob("*"):
        if folder not in stay:
            shutil.rmtree(folder, ignore_errors=True)


def faults(holding: Iterable[Kept]) -> list[str]:
    """A sentence for each file that is not the one that was written. Reads them to their end."""
    return [
        f"{one.folder / name}: is not the file that was written. Delete {one.folder}, which the "
        "next run makes again, and run: barometer run"
        for one in holding
        for name, (_, written) in one.files.items()
        if file_hash(one.folder / name) != written
    ]
