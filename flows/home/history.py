"""History: append-only files of the home that no rebuild deletes, one JSON object per line."""

from __future__ import annotations

import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows.home.durable import make_folder, named, sync_folder
from flows.home.file_names import shown_name

log = logging.getLogger("barometer.history")

RUN, REGISTER, OUTBOX, WITNESS = "run", "register", "outbox", "witness"
LIST_FETCH, SOURCE_FETCH, ALERT = "list_fetch", "source_fetch", "alert"
PUBLISHED, PUBLISHED_WEEK, PUBLISHED_CALL = "published", "published_week", "published_call"

SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
"""How JSON escapes surrogates, also those of a pair; the text itself is UTF-8 and holds none."""


def _list_of(form: Mapping[str, str]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list)
        and all(isinstance(item, dict) and _fault(item, form) is None for item in value)
    )


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except (TypeError, ValueError):
        return False


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


FILE = {"file_id": "a text", "first_reported_at?": "a time", "last_reported_at?": "a time"}
IN_USE = {
    **dict.fromkeys(("register", "link_source", "file_hash"), "a text"),
    "published_on": "a day",
}
KINDS: dict[str, Callable[[Any], bool]] = {
    "a text": lambda value: isinstance(value, str),
    "a whole number": lambda value: type(value) is int,
    "a time": _is_time,
    "a day": _is_day,
    "a list of texts": lambda value: (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ),
    "a list of days": lambda value: isinstance(value, list) and all(map(_is_day, value)),
    "a list of files": _list_of(FILE),
    "a list of registers": _list_of(IN_USE),
}
FORMS: dict[str, dict[str, str]] = {
    RUN: {
        "run_id": "a whole number",
        "as_of": "a time",
        "inputs_hash": "a text",
        "register_imports?": "a whole number",
        "files?": "a list of files",
        "gone?": "a list of texts",
        "registers?": "a list of registers",
    },
    REGISTER: {
        **IN_USE,
        **dict.fromkeys(("name", "path"), "a text"),
        "imported_at": "a time",
        **dict.fromkeys(("entries", "hulls"), "a whole number"),
    },
    WITNESS: {
        **dict.fromkeys(("file_id", "name", "holds"), "a text"),
        "published_on": "a day",
    },
    SOURCE_FETCH: {"source": "a text", "missed?": "a list of days"},
}
"""Keys without which a record cannot be read, and their kinds; those with ``?`` may be missing."""

REMOVAL = {"removes": "a whole number"}
"""The form of a record of `REGISTER` that removes an import."""

TOGETHER = 1_000
"""Lines that are parsed as one text, in half of the time: a choice, for the memory they take."""


def read_history(home: Path, name: str) -> list[dict[str, Any]]:
    """The records of a history, oldest first.

    Incomplete lines, and records that are not of the form of `FORMS`, are skipped with a warning.
    """
    return [record for record, _ in _lines(home, name)]


def read_history_text(home: Path, name: str) -> list[str]:
    """The same records, each as JSON."""
    return [text for _, text in _lines(home, name)]


def _lines(home: Path, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    path = history_path(home, name)
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line]
    for start in range(0, len(numbered), TOGETHER):
        part = numbered[start : start + TOGETHER]
        lines = [line for _, line in part]
        records, numbers = _together(lines), [number for number, _ in part]
        read = zip(numbers, records, lines, strict=True) if records else _one_by_one(path, part)
        for number, record, line in read:
            fault = _fault_of(name, record)
            if fault is None:
                yield record, line
            else:
                log.warning(
                    "%s line %d is not a valid record and is skipped: %s. Correct or remove the "
                    "line, or restore the file from a backup",
                    *(path, number, fault),
                )


def _fault_of(history: str, record: Any) -> str | None:
    """What is wrong with a record of a history, in words; None if nothing is."""
    if not isinstance(record, dict):
        return "it is not a JSON object"
    is_removal = history == REGISTER and "removes" in record
    return _fault(record, REMOVAL if is_removal else FORMS.get(history, {}))


def _fault(record: Mapping[str, Any], form: Mapping[str, str]) -> str | None:
    """What is wrong with a record of a form, in words; None if nothing is."""
    for key, kind in form.items():
        name = key.removesuffix("?")
        value = record.get(name)
        if value is None and name == key:
            return f"{name} is missing"
        if value is not None and not KINDS[kind](value):
            return f"{name} is not {kind}"
    return None


def _together(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """The records of lines, parsed as one text; None if one is incomplete or has a surrogate."""
    if any(line[0] != "{" or SURROGATE.search(line) for line in lines):
        return None
    # A random text between the lines, so that pieces of two records cannot pass for a whole one.
    border = uuid.uuid4().hex
    between = f',"{border}",'
    try:
        read = json.loads(f"[{between.join(lines)}]")
    except (ValueError, RecursionError):
        return None
    is_each = read[1::2] == [border] * (len(lines) - 1) and len(read) == 2 * len(lines) - 1
    return read[::2] if is_each else None


def _one_by_one(path: Path, numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Any, str]]:
    for number, line in numbered:
        try:
            record = json.loads(line)
            if SURROGATE.search(line):
                record = _encodable(record)
                line = json.dumps(record)  # noqa: PLW2901
        except (ValueError, RecursionError):
            log.warning("%s line %d is incomplete and skipped", path, number)
            continue
        yield number, record, line


def _encodable(value: Any) -> Any:
    """The value with lone surrogates escaped, which JSON allows and no other text format does.

    Homes of early releases contain them, in file names that are not UTF-8.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return shown_name(value)
    elif isinstance(value, list):
        return [_encodable(item) for item in value]
    elif isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return value


def append_history(home: Path, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Append records durably, all or none.

    An incomplete last line, of a crash, is removed first with a warning.
    """
    text = "".join(json.dumps(record, default=str) + "\n" for record in records)
    if not text:
        return
    path = history_path(home, name)
    make_folder(path.parent)
    is_new = not path.exists()
    # Unbuffered, so that a failed write is not repeated when the file is closed.
    with named(path), path.open("ab+", buffering=0) as out:
        out.seek(0)
        before = out.readall()
        size = before.rfind(b"\n") + 1
        torn = before[size:]
        if torn and _is_whole(torn):
            text, size = "\n" + text, len(before)
        elif torn:
            log.warning("%s ended with an incomplete line, which is removed", path)
            out.truncate(size)
        try:
            content = memoryview(text.encode())
            while content:
                content = content[out.write(content) :]
            os.fsync(out.fileno())
        except OSError:
            out.truncate(size)
            raise
    if is_new:
        sync_folder(path.parent)


def begin_history(home: Path, name: str) -> None:
    """Create an empty history if there is none: data without a history mean that it was lost."""
    path = history_path(home, name)
    if not path.exists():
        make_folder(path.parent)
        path.touch()
        sync_folder(path.parent)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def history_path(home: Path, name: str) -> Path:
    """The file of a history."""
    return home / "history" / f"{name}.jsonl"
