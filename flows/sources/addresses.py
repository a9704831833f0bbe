"""Addresses of a publisher's files: the `[fetch]` table, and the files of given days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)

_FIELD = re.compile(r"\{day:([^{}]*)\}")
_CODES = re.compile(r"[-_.]*(?:%[Ymdj][-_.]*)+")
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/[A-Za-z0-9._~/+=-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Table(BaseModel):
    """A table of a definition: no conversion of types, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Texts = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of texts in the TOML file."""


def _checked(pattern: str) -> str:
    """A valid pattern. An address with a user, a password or a query could hold a secret, and
    would be written to logs."""
    codes = _FIELD.findall(pattern)
    if not codes or not all(_CODES.fullmatch(code) for code in codes):
        raise ValueError(
            f"{pattern!r} does not contain the day in fields such as {{day:%Y-%m-%d}}; "
            "%Y, %m, %d and %j can be used"
        )
    sample = address_of(pattern, date(2026, 4, 19))
    if not _PLAIN.fullmatch(sample):
        raise ValueError(f"{pattern!r} is not https:// or http://, a host and a plain path")
    if not _NAME.fullmatch(_name(sample)):
        raise ValueError(f"{pattern!r} does not end in a file name")
    return pattern


class Span(Table):
    """Days whose files have addresses of one pattern.

    Attributes
    ----------
    first, last : date or None
        Both included; None: unbounded.
    addresses : tuple of str
        Patterns of the same file, the likeliest first, with `{day:%Y...}` for the day.
    max_bytes : int
        Upper limit of the size of such a file.
    """

    first: date | None = None
    last: date | None = None
    addresses: tuple[Annotated[str, AfterValidator(_checked)], ...] = Field(
        strict=False, min_length=1
    )
    max_bytes: PositiveInt

    @model_validator(mode="after")
    def _fits(self) -> Span:
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")
        samples = (date(2026, 4, 19), date(2026, 5, 19))
        if len({tuple(_name(address_of(p, day)) for day in samples) for p in self.addresses}) > 1:
            raise ValueError("the addresses end in different file names")
        return self

    def holds(self, day: date) -> bool:
        """Whether a day lies in the span."""
        return (self.first or date.min) <= day <= (self.last or date.max)


SERVICES = ("4wings", "gfw-events", "portwatch", "documents")
"""What a [fetch] may ask other than files by day; `fetching/services.py` has a module each."""

_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,199}")


def _plain(address: str) -> str:
    """As in `_checked`: no user, password or query."""
    if not _PLAIN.fullmatch(address):
        raise ValueError(f"{address!r} is not https:// or http://, a host and a plain path")
    return address


def _part(value: str) -> str:
    return value if _DATASET.fullmatch(value) else _plain(value)


def _part_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a file name")
    return name


class Publication(Table):
    """The table [fetch]: files by day, or a service.

    Attributes
    ----------
    delay_days : int
        Until a day is published.
    spans : tuple of Span
        Addresses of files by day; empty where a service is asked.
    service : str or None
        One of `SERVICES`; None for files by day.
    address : str or None
        Of the service.
    parts : dict
        What is asked of it, by name: datasets of a service, or addresses of documents.
    again_days : int
        A service restates what it answered: days newer than this are asked for again.
    max_bytes : int or None
        Upper limit of the size of an answer of a service.
    hears_iran : bool
        Whether it hears or watches Iran's coast, so that `barometer serve --fetch` takes it.
    """

    delay_days: NonNegativeInt
    spans: tuple[Span, ...] = Field((), alias="files", strict=False)
    service: str | None = None
    address: Annotated[str, AfterValidator(_plain)] | None = None
    parts: dict[
        Annotated[str, AfterValidator(_part_name)], Annotated[str, AfterValidator(_part)]
    ] = Field({})
    again_days: NonNegativeInt = 0
    max_bytes: PositiveInt | None = None
    hears_iran: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Publication:
        if self.service is None:
            if not self.spans:
                raise ValueError("has neither [[fetch.files]] nor a service")
            return self
        if self.service not in SERVICES:
            raise ValueError(f"service {self.service!r} is not one of {', '.join(SERVICES)}")
        if self.spans:
            raise ValueError("has both [[fetch.files]] and a service")
        if self.max_bytes is None:
            raise ValueError("a service needs max_bytes")
        if self.service == "documents" and not self.parts:
            raise ValueError("has no [fetch.parts] with the addresses of its documents")
        if self.service != "documents" and self.address is None:
            raise ValueError("a service needs an address")
        return self


class DayFile(NamedTuple):
    """A file to fetch: its name, its addresses, the most bytes it may have, its days that were
    asked for."""

    name: str
    addresses: tuple[str, ...]
    max_bytes: int
    days: tuple[date, ...]


def address_of(pattern: str, day: date) -> str:
    """The address of a day's file. The day is the only variable of a pattern.

    >>> address_of("https://ais.example/{day:%Y}/AIS_{day:%Y_%m_%d}.zip", date(2024, 1, 2))
    'https://ais.example/2024/AIS_2024_01_02.zip'
    """
    return _FIELD.sub(lambda field: day.strftime(field[1]), pattern)


def files_of(published: Publication, days: Iterable[date]) -> list[DayFile]:
    """The files that hold these days, each once, in the order of their first day.

    A day outside every span has none; of overlapping spans the first applies.

    >>> months = Span(addresses=("https://ais.example/{day:%Y-%m}.zip",), max_bytes=1)
    >>> published = Publication(delay_days=7, files=(months,))
    >>> files = files_of(published, [date(2024, 1, 30), date(2024, 1, 31)])
    >>> [(file.name, len(file.days)) for file in files]
    [('2024-01.zip', 2)]
    """
    files: dict[str, DayFile] = {}
    for day in sorted(set(days)):
        span = next((s for s in published.spans if s.holds(day)), None)
        if span is None:
            continue
        addresses = tuple(address_of(pattern, day) for pattern in span.addresses)
        name = _name(addresses[0])
        known = files.get(name)
        earlier = known.days if known else ()
        files[name] = DayFile(name, addresses, span.max_bytes, (*earlier, day))
    return list(files.values())


def _name(address: str) -> str:
    return address.rpartition("/")[2]
