"""Where a publisher's files lie: the `[fetch]` table of a definition, and days to files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

_FIELD = re.compile(r"\{day:([^{}]*)\}")
_CODES = re.compile(r"[-_.]*(?:%[Ymdj][-_.]*)+")
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/[A-Za-z0-9._~/+=-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Span(NamedTuple):
    """Days whose files lie at addresses of one pattern.

    Attributes
    ----------
    first, last : date or None
        Both included; None where there is no such bound.
    addresses : tuple of str
        Patterns of the same file, the likeliest first, with `{day:%Y...}` for the day.
    max_bytes : int
        What no such file may exceed.
    """

    first: date | None
    last: date | None
    addresses: tuple[str, ...]
    max_bytes: int


class Publication(NamedTuple):
    """How a source is published: `delay_days`, until a day's file is there; where each day lies."""

    delay_days: int
    spans: tuple[Span, ...]


class DayFile(NamedTuple):
    """A file to fetch: its name, its addresses, the most bytes it may have, its days that were
    asked for."""

    name: str
    addresses: tuple[str, ...]
    max_bytes: int
    days: tuple[date, ...]


def address_of(pattern: str, day: date) -> str:
    """The address of a day's file. Nothing but the day can stand in a pattern.

    >>> address_of("https://ais.example/{day:%Y}/AIS_{day:%Y_%m_%d}.zip", date(2024, 1, 2))
    'https://ais.example/2024/AIS_2024_01_02.zip'
    """
    return _FIELD.sub(lambda field: day.strftime(field[1]), pattern)


def files_of(published: Publication, days: Iterable[date]) -> list[DayFile]:
    """The files that hold these days, each once, in the order of their first day.

    A day outside every span has none; of spans that overlap, the first holds.

    >>> months = Span(None, None, ("https://ais.example/{day:%Y-%m}.zip",), 1)
    >>> found = files_of(Publication(7, (months,)), [date(2024, 1, 30), date(2024, 1, 31)])
    >>> [(file.name, len(file.days)) for file in found]
    [('2024-01.zip', 2)]
    """
    found: dict[str, DayFile] = {}
    for day in sorted(set(days)):
        span = next((s for s in published.spans if _holds(s, day)), None)
        if span is None:
            continue
        addresses = tuple(address_of(pattern, day) for pattern in span.addresses)
        name = _name(addresses[0])
        known = found.get(name)
        earlier = known.days if known else ()
        found[name] = DayFile(name, addresses, span.max_bytes, (*earlier, day))
    return list(found.values())


def read_publication(raw: Mapping[str, Any]) -> Publication:
    """The `[fetch]` table of a definition.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it does not hold; the message names the key or what is wrong with the address.
    """
    if unknown := sorted(set(raw) - {"delay_days", "files"}):
        raise ValueError(f"[fetch] has unknown {', '.join(unknown)}")
    files = raw["files"]
    if not isinstance(files, list) or not files:
        raise ValueError("[[fetch.files]] is missing")
    return Publication(_whole_number("delay_days", raw["delay_days"], 0), tuple(map(_span, files)))


def _span(raw: Mapping[str, Any]) -> Span:
    if unknown := sorted(set(raw) - {"first", "last", "addresses", "max_bytes"}):
        raise ValueError(f"[[fetch.files]] has unknown {', '.join(unknown)}")
    first, last = (_bound(key, raw.get(key)) for key in ("first", "last"))
    if first and last and last < first:
        raise ValueError(f"[[fetch.files]] ends on {last}, before it begins on {first}")
    addresses = raw["addresses"]
    if not isinstance(addresses, list) or not addresses:
        raise ValueError("addresses under [[fetch.files]] is not a list of texts")
    return Span(
        first,
        last,
        _checked(addresses),
        _whole_number("max_bytes", raw["max_bytes"], 1),
    )


def _checked(addresses: Sequence[Any]) -> tuple[str, ...]:
    """Patterns that hold. An address with a user, a password or a query could hold a secret, and
    would be written to logs."""
    for pattern in addresses:
        if not isinstance(pattern, str):
            raise ValueError("addresses under [[fetch.files]] is not a list of texts")
        codes = _FIELD.findall(pattern)
        if not codes or not all(_CODES.fullmatch(code) for code in codes):
            raise ValueError(
                f"address {pattern!r} does not name the day by fields such as {{day:%Y-%m-%d}}; "
                "%Y, %m, %d and %j can be used"
            )
        sample = address_of(pattern, date(2026, 4, 19))
        if not _PLAIN.fullmatch(sample):
            raise ValueError(
                f"address {pattern!r} is not https:// or http://, a host and a path of plain signs"
            )
        if not _NAME.fullmatch(_name(sample)):
            raise ValueError(f"address {pattern!r} does not end in a file's name")
    names = {tuple(_name(address_of(p, date(2026, m, 19))) for m in (4, 5)) for p in addresses}
    if len(names) > 1:
        raise ValueError("the addresses of one [[fetch.files]] end in different names")
    return tuple(addresses)


def _name(address: str) -> str:
    return address.rpartition("/")[2]


def _holds(span: Span, day: date) -> bool:
    return (span.first is None or span.first <= day) and (span.last is None or day <= span.last)


def _bound(key: str, value: Any) -> date | None:
    if value is not None and type(value) is not date:
        raise ValueError(f"{key} under [[fetch.files]] is not a day such as 2024-03-01")
    return value


def _whole_number(key: str, value: Any, least: int) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"{key} under [fetch] is not a whole number from {least} up")
    return value
