"""Files of the lake that are missing, cut or changed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flows.home.hashes import file_hash
from flows.home.settings import Place
from flows.lake import store
from flows.lake.entry import KINDS, Entry, Manifest, Part, address


def fault_of(place: Place, part: Part, *, is_hashed: bool) -> str | None:
    """What is wrong with a file of the lake; None where it is sound.

    Parameters
    ----------
    place : Path or str
        Place of the lake.
    part : Part
        Its description in the manifest.
    is_hashed : bool
        Read it to its end for its hash. Without it only a missing or cut file is found.
    """
    try:
        size = size_of(place, part)
        if size is None:
            return "is missing"
        if size != part.bytes:
            return f"has {size:,} bytes, not {part.bytes:,}"
        if is_hashed and digest_of(place, part) != part.hash:
            return "is not the file that was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def size_of(place: Place, part: Part) -> int | None:
    if isinstance(place, str):
        return store.size(place, part.path)
    path = place / part.path
    return path.stat().st_size if path.is_file() else None


def digest_of(place: Place, part: Part) -> str:
    if isinstance(place, str):
        return store.digest(place, part.path)
    return file_hash(place / part.path)


def is_sound(place: Place, entry: Entry) -> bool:
    """Whether the files of an entry are those that were written; reads them to their end."""
    return all(fault_of(place, part, is_hashed=True) is None for part in entry.parts)


def damage(place: Place, manifest: Manifest, *, is_hashed: bool) -> dict[Part, str]:
    """What is wrong with the files of the lake that are missing or damaged; see `fault_of`."""
    named = [part for entry in manifest.entries.values() for part in entry.parts]
    # A question to an object storage takes a while, most of it on the way there and back.
    with ThreadPoolExecutor(1 if isinstance(place, Path) else 16) as pool:
        whys = pool.map(lambda part: fault_of(place, part, is_hashed=is_hashed), named)
        return {part: why for part, why in zip(named, whys, strict=True) if why is not None}


def sentences(place: Place, manifest: Manifest, damaged: Mapping[Part, str]) -> list[str]:
    """A sentence for each damaged file: which, what is lost with it, and how to get it back."""
    lines = [
        f"{address(place, part)}: {damaged[part]}. Lost with it: {part.rows:,} rows of "
        f"{_what(entry)}. Ingest that file again: barometer run FILE (under any name, compressed "
        "or not); "
        "or restore it from a backup"
        for entry in manifest.entries.values()
        for part in entry.parts
        if part in damaged
    ]
    if lines and isinstance(place, Path):
        lines += [
            f"{place / kind}: the folder is missing. Is a disk not mounted?"
            for kind in KINDS
            if not (place / kind).is_dir()
        ]
    return lines


def faults(place: Place, manifest: Manifest, *, is_hashed: bool) -> list[str]:
    """A sentence for each file of the lake that is missing or damaged; see `sentences`."""
    return sentences(place, manifest, damage(place, manifest, is_hashed=is_hashed))


def _what(entry: Entry) -> str:
    days = ""
    if entry.first_reported_at and entry.last_reported_at:
        days = f", {entry.first_reported_at:%F} to {entry.last_reported_at:%F}"
    return f"{ascii(entry.name)[1:-1]} ({entry.source}{days})"
