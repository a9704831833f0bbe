"""Cached results in the home: files derived from some parts of the lake.

Each entry is a folder of Parquet files and the hashes of the parts that it covers. An entry that is
damaged, or covers a part that the lake no longer has, is ignored and made again.
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
    """An entry: its folder, the hashes of its parts; size and blake2b-256 by file name."""

    folder: Path
    parts: frozenset[str]
    files: dict[str, tuple[int, str]]


def kept(top: Path, method: str, present: Iterable[str]) -> list[Kept]:
    """The valid entries by name: of this method, with files of the right size, of present parts.

    A part is covered once: of two entries with the same part the first counts.

    Parameters
    ----------
    top : Path
        The folder of the entries; it may be missing.
    method : str
        What the files depend on beside the parts; folder names start with it.
    present : iterable of str
        The hashes of the lake's parts.
    """
    entries: list[Kept] = []
    free = set(present)
    for folder in sorted(top.glob(f"{method}-*")):
        entry = _read(folder)
        if entry is not None and free.issuperset(entry.parts):
            free -= entry.parts
            entries.append(entry)
    return entries


def _read(folder: Path) -> Kept | None:
    try:
        raw = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        parts = frozenset(map(str, raw["parts"]))
        files = {str(name): (int(size), str(of)) for name, (size, of) in raw["files"].items()}
        is_whole = all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Kept(folder, parts, files) if is_whole and parts else None


def keep(top: Path, method: str, folder: Path, parts: Mapping[str, str]) -> None:
    """Add a folder made in `tmp/` as an entry, durably and atomically.

    Parameters
    ----------
    top, method
        As for `kept`.
    folder : Path
        A folder of files, on the same disk.
    parts : mapping
        Its parts by hash.
    """
    files = {path.name: (path.stat().st_size, file_hash(path)) for path in sorted(folder.iterdir())}
    (folder / CONTENTS).write_text(json.dumps({"parts": sorted(parts), "files": files}), "utf-8")
    for path in sorted(folder.iterdir()):
        with path.open("rb") as raw:
            os.fsync(raw.fileno())
    sync_folder(folder)
    make_folder(top)
    parts_hash = text_hash("".join(sorted(parts)))
    target = top / f"{method}-{parts_hash}"
    shutil.rmtree(target, ignore_errors=True)  # a damaged one
    folder.rename(target)
    sync_folder(top)


def prune(top: Path, entries: Iterable[Kept]) -> None:
    """Remove all entries but these."""
    stay = {entry.folder for entry in entries}
    for folder in top.glob("*"):
        if folder not in stay:
            shutil.rmtree(folder, ignore_errors=True)


def faults(entries: Iterable[Kept]) -> list[str]:
    """A sentence for each file whose content changed. Reads all files."""
    return [
        f"{entry.folder / name}: is not the file that was written. Delete {entry.folder}, which "
        "the next run makes again, and run: barometer run"
        for entry in entries
        for name, (_, written) in entry.files.items()
        if file_hash(entry.folder / name) != written
    ]
