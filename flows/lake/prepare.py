"""Preparation of a home for writing: sweep unnamed files, or refuse."""

from __future__ import annotations

import io
import shutil
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flows.home.durable import make_folder, write_durably
from flows.home.history import RUN, read_history
from flows.home.settings import BarometerError, Place
from flows.lake import notes, store
from flows.lake.entry import KINDS, Manifest, address
from flows.lake.manifest import (
    CATALOGUE,
    EMPTY,
    MANIFEST,
    RECOVER,
    find_manifest,
    read_manifest,
    write_manifest,
    write_note,
)
from flows.lake.schema import PARTITION, POSITION_SCHEMA, REJECT_SCHEMA


def prepare_home(home: Path, place: Place | None = None) -> Manifest:
    """Make a home ready for writing: sweep what the manifest does not name, and give its manifest.

    Also writes the two empty Parquet files, by which an empty lake has typed relations.

    Parameters
    ----------
    home : Path
        The home.
    place : Path or str, optional
        Place of its lake; default: the home.

    Raises
    ------
    BarometerError
        If the home or the lake cannot be written.
    """
    place = home if place is None else place
    try:
        # Before the manifest is read: what another home notes meanwhile, that manifest names.
        noted = notes.noted(place)
        manifest = _first_manifest(home, place)
        _refuse_another(home, place, manifest, noted)
        shutil.rmtree(home / "tmp", ignore_errors=True)
        if isinstance(place, str):
            _sweep_objects(place, manifest)
        else:
            _sweep_parts(place, manifest)
        _sweep_home(home)
        notes.begin(place)
        for file_id in manifest.entries.keys() - noted:
            write_note(place, manifest.entries[file_id])
    except OSError as error:
        check = "Check permissions and free space"
        if isinstance(place, str):
            check += f" of {home}, and whether {place} can be reached and written (AWS_*, network)"
        raise BarometerError(
            f"{place}: cannot be made ready for writing ({error}). {check}."
        ) from error
    return manifest


def _first_manifest(home: Path, place: Place) -> Manifest:
    """The manifest; a new lake gets its first, without which its first part would look lost."""
    manifest = read_manifest(place)
    if manifest.entries or find_manifest(place) is not None:
        return manifest
    if read_history(home, RUN) or (home / CATALOGUE).exists():
        raise BarometerError(
            f"{address(place, MANIFEST)}: is missing, and so are all files of the lake, but this "
            "home has had runs. Is a disk not mounted, or is it another lake? Restore the lake "
            f"from a backup; or start with an empty one and ingest all files again: {RECOVER}. "
            "Nothing was changed."
        )
    with suppress(store.ConflictError):  # another home has created it
        write_manifest(place, manifest)
    return read_manifest(place)


def _recorded(home: Path) -> set[str]:
    """The inputs that the runs of a home had at last, for a lake of before there were notes."""
    held: set[str] = set()
    for record in read_history(home, RUN):
        held |= {file["file_id"] for file in record.get("files") or []}
        held -= set(record.get("gone") or [])
    return held


def unnamed(home: Path, place: Place, manifest: Manifest, noted: set[str]) -> set[str]:
    """The inputs that were ingested here and are missing from a manifest."""
    taken_in = noted if notes.is_begun(place) else noted | _recorded(home)
    return taken_in - manifest.entries.keys()


def _refuse_another(home: Path, place: Place, manifest: Manifest, noted: set[str]) -> None:
    """Refuse a manifest that does not name what this lake took in: older, or of another lake."""
    if missing := unnamed(home, place, manifest, noted):
        raise BarometerError(
            f"{address(place, MANIFEST)}: is older than the lake, or of another home: it does not "
            f"name {len(missing):,} of the files that were ingested here. Restore the newest, or "
            f"rebuild it from the lake's files: {RECOVER}. Nothing was changed."
        )


def _sweep_parts(home: Path, manifest: Manifest) -> None:
    named = {home / part.path for e in manifest.entries.values() for part in e.parts}
    # Where something that it names is not there, what it does not name may be of use.
    is_whole = all(path.is_file() for path in named)
    for kind in KINDS:
        make_folder(home / kind)
        empty = home / kind / EMPTY
        named.add(empty)
        for path in (
            list((home / kind).rglob("*.parquet")) if is_whole else []
        ):  # folders go while we walk
            if path not in named and not path.is_dir():
                path.unlink()
                _remove_empty(path.parent, home / kind)
        if not empty.is_file() or empty.read_bytes() != _empty(kind):
            write_durably(empty, _empty(kind))


def _sweep_objects(url: str, manifest: Manifest) -> None:
    named = {part.path for e in manifest.entries.values() for part in e.parts}
    named |= {f"{kind}/{EMPTY}" for kind in KINDS}
    store.sweep(url, KINDS, named)
    for kind in KINDS:
        if store.size(url, f"{kind}/{EMPTY}") != len(_empty(kind)):
            store.put(url, f"{kind}/{EMPTY}", _empty(kind))


def _empty(kind: str) -> bytes:
    """A Parquet file of a kind, typed and without a row."""
    schema = POSITION_SCHEMA if kind == "position" else REJECT_SCHEMA
    table = io.BytesIO()
    pq.write_table(pa.schema([*schema, *PARTITION]).empty_table(), table)
    return table.getvalue()


def _sweep_home(home: Path) -> None:
    # What write_durably had not finished: beside the manifest, and in the folders of files.
    for path in (*home.glob(".*.new"), *(home / "reports").rglob(".*.new")):
        path.unlink()
    for folder in ("registers", "witness", notes.FOLDER):
        for path in (home / folder).rglob(".*.new"):
            path.unlink()
    (home / "tmp").mkdir(exist_ok=True)  # it may be a link to a faster disk


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder that a sweep left empty, and those above it, below the top."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
