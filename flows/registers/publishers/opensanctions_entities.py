"""OpenSanctions' entities and their properties."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple, TypeVar

from flows.registers.lists.entry import CUT, Junk, day
from flows.registers.lists.letters import plain_code, plain_text
from flows.registers.lists.table import MOST_LINE_BYTES, RAW_SIGNS

_HISTORIC = date(1001, 1, 1)
"""FollowTheMoney writes this day for "long ago" (followthemoney/types/date.py)."""

_Value = TypeVar("_Value")


class Entity(NamedTuple):
    """An entity of FollowTheMoney.

    seen_on: the day of `last_seen` or `last_change`, the later. faults: the properties that are not
    lists of texts.
    """

    id: str
    schema: str
    caption: str
    properties: dict[str, list[str]]
    datasets: list[str]
    seen_on: date | None
    faults: list[str]


def split_text(cell: str) -> list[str]:
    return [text for part in cell.split(";") if (text := part.strip())] if cell else []


def dataset_programmes(entity: Entity) -> list[str | None]:
    names = [name for text in entity.datasets if (name := plain_code(text))]
    return [f"dataset:{name}" for name in names] or [None]


def texts_of(entity: Entity, name: str) -> list[str]:
    """A property's values as plain text. Sorted: the order in which they are published varies."""
    return sorted(
        {text for value in entity.properties.get(name, ()) if (text := plain_text(value))}
    )


def tags_of(entity: Entity, name: str) -> list[str]:
    return sorted({tag for text in texts_of(entity, name) if (tag := plain_code(text))})


def first_text(entity: Entity, name: str) -> str | None:
    texts = texts_of(entity, name)
    return texts[0] if texts else None


def values_of(
    entity: Entity, name: str, read: Callable[[str], _Value | None], expected: str
) -> tuple[list[_Value], list[str]]:
    """The readable values of a property, each once, and the faults of the others."""
    values: dict[_Value, None] = {}
    faults = []
    for text in texts_of(entity, name):
        value = read(text)
        if value is None:
            faults.append(f"{name} {text[:40]!r}, expected {expected}")
        else:
            values[value] = None
    return list(values), faults


def days_of(entity: Entity, name: str) -> tuple[list[date], list[str]]:
    return values_of(entity, name, date_of, "a day such as 2025-12-31")


def date_of(text: str) -> date | None:
    """The day of a FollowTheMoney date; None for a year or a month only, and for "long ago".

    >>> date_of("2024-06-25"), date_of("2024-06-25T21:48:52")
    (datetime.date(2024, 6, 25), datetime.date(2024, 6, 25))
    >>> date_of("2024-06"), date_of("1001-01-01")
    (None, None)
    """
    is_day = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?", text)
    date_read = day(text[:10], "%Y-%m-%d") if is_day else None
    return None if date_read == _HISTORIC else date_read


def only_dataset(entity: Entity) -> str:
    names = [name for text in entity.datasets if (name := plain_code(text))]
    return names[0] if len(names) == 1 else ""


def written(ids: Iterable[str]) -> set[bytes]:
    """The forms of ids in a line of JSON: as UTF-8, and with escapes for what is not ASCII."""
    return {
        form
        for text in ids
        for form in (text.encode("utf-8", "replace"), json.dumps(text)[1:-1].encode())
    }


def entities_on(number: int, line: bytes) -> list[Entity] | Junk:
    """The entity on a line, followed by those nested in it."""
    if len(line) > MOST_LINE_BYTES:
        return Junk(number, f"a line of more than {MOST_LINE_BYTES} bytes", raw_text(line), True)
    try:
        whole = json.loads(line.strip() or b"{}")
    except (ValueError, RecursionError) as error:
        fault = f"not JSON: {error}" if line.endswith(b"\n") else CUT
        return Junk(number, fault, raw_text(line), True)
    if whole == {}:
        return []
    if not isinstance(whole, dict) or not (_text(whole, "id") and _text(whole, "schema")):
        return Junk(number, "not an entity of FollowTheMoney", raw_text(line), True)
    entities, within = [], [whole]
    for item in within:  # grows during the loop; recursion would fail on deep nesting
        entity, inner = _flat(item)
        entities.append(entity)
        within += inner
    return entities


def _flat(item: dict[str, Any]) -> tuple[Entity, list[dict[str, Any]]]:
    """An entity with nested entities replaced by their ids, and the nested entities."""
    properties: dict[str, list[str]] = {}
    inner: list[dict[str, Any]] = []
    faults = []
    given = item.get("properties")
    for name, values in given.items() if isinstance(given, dict) else ():
        if isinstance(values, list) and {str}.issuperset(map(type, values)):
            properties[name] = values  # nearly always, and quick
            continue
        listed = values if isinstance(values, list) else [None]
        texts = [value if isinstance(value, str) else _id(value) for value in listed]
        properties[name] = [text for text in texts if text]
        inner += [value for value in listed if isinstance(value, dict) and _id(value)]
        if not all(text is not None for text in texts):
            faults.append(f"property {name[:40]!r} is not a list of texts")
    if not isinstance(given, dict):
        faults.append("properties is not an object")
    datasets = item.get("datasets")
    names = [n for n in datasets if isinstance(n, str)] if isinstance(datasets, list) else []
    seen = [day_of for key in ("last_seen", "last_change") if (day_of := date_of(_text(item, key)))]
    entity = Entity(
        *(_text(item, "id"), _text(item, "schema"), _text(item, "caption")),
        properties=properties,
        datasets=names,
        seen_on=max(seen, default=None),
        faults=faults,
    )
    return entity, inner


def _id(value: object) -> str | None:
    """The id of a nested entity; None for anything else."""
    return (_text(value, "id") or None) if isinstance(value, dict) else None


def _text(item: dict[str, Any], name: str) -> str:
    text = item.get(name)
    return text if isinstance(text, str) else ""


def raw_text(line: bytes) -> str:
    """The start of a line as a `Junk` shows it."""
    return line[:RAW_SIGNS].decode("utf-8", "replace").rstrip("\r\n")
