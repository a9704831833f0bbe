"""Notes: facts about an input that its Parquet files do not contain, kept in the lake.

A note, ``ledger/FILE_ID.json``, is written when the manifest that names its input is committed, and
never changes. It has two uses. An input with a note that the manifest does not name shows that the
manifest is an older one, or of another lake. And with its notes a lost manifest can be rebuilt.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.home.durable import make_folder, write_durably
from flows.home.settings import Place
from flows.lake import store

FOLDER = "ledger"
_BEGUN = f"{FOLDER}/.begun"
FACTS = (
    *("file_id", "name", "source", "fingerprint", "rows_read", "rows_kept", "rows_rejected"),
    *("first_reported_at", "last_reported_at", "ingested_at"),
)
"""What stays as it is, whatever other files come in; see `flows.lake.entry.Entry`. `rows_kept`
may only become fewer."""


def is_begun(place: Place) -> bool:
    """Whether notes are kept in this lake: one of before there were any has none of its inputs."""
    if isinstance(place, str):
        return store.size(place, _BEGUN) is not None
    return (place / _BEGUN).exists()


def begin(place: Place) -> None:
    """Keep notes in this lake from now on."""
    if is_begun(place):
        return
    if isinstance(place, str):
        store.put(place, _BEGUN, b"")
    else:
        make_folder(place / FOLDER)
        write_durably(place / _BEGUN, b"")


def noted(place: Place) -> set[str]:
    """The inputs that have a note."""
    names = (Path(path) for path in store.listed(place, FOLDER))
    return {name.stem for name in names if name.suffix == ".json" and name.name[0] != "."}


def write_note(place: Place, facts: dict[str, Any]) -> None:
    """Note an input that the manifest names.

    If the note cannot be written, no ingested row is lost: the next run writes it.
    """
    text = json.dumps({name: facts[name] for name in FACTS}, default=str).encode()
    path = _path(facts["file_id"])
    with suppress(OSError):
        if isinstance(place, str):
            store.put(place, path, text)
        else:
            make_folder(place / FOLDER)
            write_durably(place / path, text)


def read_note(place: Place, file_id: str) -> dict[str, Any] | None:
    """The facts of an input as JSON; None where there is no note of it, or a damaged one."""
    try:
        if isinstance(place, str):
            stored = store.content(place, _path(file_id))
            raw = json.loads(stored[0]) if stored else None
        else:
            raw = json.loads((place / _path(file_id)).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or raw.get("file_id") != file_id or not raw.keys() >= {*FACTS}:
        return None
    return {name: raw[name] for name in FACTS}


def drop_note(place: Place, file_id: str) -> None:
    """Take a note away: its input is not in the lake any more."""
    if isinstance(place, str):
        store.delete(place, [_path(file_id)])
    else:
        (place / _path(file_id)).unlink(missing_ok=True)


def _path(file_id: str) -> str:
    return f"{FOLDER}/{file_id}.json"
