"""History: append-only files of the home, which no rebuild deletes. One JSON object a line."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("barometer.history")

RUN, REGISTER, OUTBOX = "run", "register", "outbox"
PUBLISHED, PUBLISHED_WEEK, PUBLISHED_CALL = "published", "published_week", "published_call"


def read_history(home: Path, name: str) -> list[dict[str, Any]]:
    """The records of a history, oldest first; a line that a crash cut short is passed over."""
    path = _path(home, name)
    if not path.exists():
        return []
    records = []
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").split("\n"), 1
    ):
        if not line:
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            log.warning("%s line %d is not whole and is passed over", path, number)
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def append_history(home: Path, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Append records durably. After a line that was cut short a new line is begun."""
    text = "".join(json.dumps(record, default=str) + "\n" for record in records)
    if not text:
        return
    path = _path(home, name)
    path.parent.mkdir(exist_ok=True)
    with path.open("ab+") as out:
        if out.tell():
            out.seek(-1, os.SEEK_END)
            if out.read(1) != b"\n":
                text = "\n" + text
        out.write(text.encode())
        out.flush()
        os.fsync(out.fileno())


def _path(home: Path, name: str) -> Path:
    return home / "history" / f"{name}.jsonl"
