"""What every importer yields: an entry of a register, or a piece of junk with its reason."""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import pyarrow as pa

from flows.resources import data_path

ENTRY_SCHEMA = pa.schema(
    [
        ("register", pa.string()),
        ("link_source", pa.string()),
        ("reference", pa.string()),
        ("programme", pa.string()),
        ("imo", pa.int32()),
        ("mmsis", pa.list_(pa.int32())),
        ("vessel_name", pa.string()),
        ("former_names", pa.list_(pa.string())),
        ("call_sign", pa.string()),
        ("flag", pa.string()),
        ("vessel_type", pa.string()),
        ("deadweight_t", pa.int32()),
        ("gross_t", pa.int32()),
        ("length_m", pa.float32()),
        ("built_year", pa.int16()),
        ("listed_on", pa.date32()),
        ("delisted_on", pa.date32()),
        ("link_tier", pa.string()),
        ("link_reason", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("ground", pa.string()),
        ("line", pa.int64()),
        ("is_delisted", pa.bool_()),
    ]
)


_SEVEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{7}(?![0-9])")


class Entry(NamedTuple):
    """One hull under one programme of one register. The columns of `ENTRY_SCHEMA`.

    register: the list, such as ``ofac-sdn``. link_source: its name for readers. reference: the
    publisher's own number of the entry. programme: the publisher's own tag; what it means is in
    `data/registers/programmes.csv`, not here. flag: ISO 3166-1 alpha-2. vessel_type: the
    publisher's word. listed_on: the day from which the listing applies as the publisher gives it,
    never the day of download. delisted_on: the day on which it ended. link_tier, link_reason,
    valid_from, valid_to: only where the list says itself what it proves, as a team's own list
    does, and from when to when; else null. ground: the publisher's short code of the reason.
    line: the line of the file at which the entry begins, from 1 (of a JSON list: its number).
    is_delisted: the list still prints the ship and says that it is off the list; the day of that
    may be unknown.
    """

    register: str
    link_source: str
    reference: str
    programme: str | None = None
    imo: int | None = None
    mmsis: tuple[int, ...] = ()
    vessel_name: str | None = None
    former_names: tuple[str, ...] = ()
    call_sign: str | None = None
    flag: str | None = None
    vessel_type: str | None = None
    deadweight_t: int | None = None
    gross_t: int | None = None
    length_m: float | None = None
    built_year: int | None = None
    listed_on: date | None = None
    delisted_on: date | None = None
    link_tier: str | None = None
    link_reason: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    ground: str | None = None
    line: int = 0
    is_delisted: bool = False


class Junk(NamedTuple):
    """Something in a list that is not taken over. `is_whole`: the entry is lost, not a field."""

    line: int
    reason: str
    raw: str
    is_whole: bool


CUT = "the file is cut"
"""How the reason of a `Junk` begins that tells a cut file. An import refuses such a list: what it
lacks would count as taken off the list."""


class ListFile(NamedTuple):
    """A list file whose format was told. `published_on`: as the file says itself, or null."""

    register: str
    published_on: date | None
    rows: Iterator[Entry | Junk]


def imo_number(text: str | None) -> int | None:
    """The IMO number in a text such as ``IMO 9187629``, or None where none has a right check digit.

    The check digit is the last digit of the sum of the first six, weighted 7 to 2 (IMO resolution
    A.1117(30)).

    >>> imo_number("IMO 9187629"), imo_number("9187628"), imo_number("0000000"), imo_number(None)
    (9187629, None, None, None)
    """
    for digits in _SEVEN_DIGITS.findall(text or ""):
        weighted = sum(int(d) * w for d, w in zip(digits[:6], range(7, 1, -1), strict=True))
        if weighted % 10 == int(digits[6]) and digits[0] != "0":
            return int(digits)
    return None


def ship_mmsi(text: str | None) -> int | None:
    """The ship's MMSI that a text is: nine digits, the first 2 to 7 (ITU-R M.585-9); else None.

    >>> ship_mmsi(" 572469210 "), ship_mmsi("Call sign"), ship_mmsi("002730000"), ship_mmsi(None)
    (572469210, None, None, None)
    """
    found = re.fullmatch(r"[2-7][0-9]{8}", (text or "").strip())
    return int(found[0]) if found else None


def plain_text(text: str | None) -> str | None:
    """Foreign text on one line without control signs and doubled spaces; None where it is empty.

    >>> plain_text("  SEA\\n STAR "), plain_text(" "), plain_text("-0- ")
    ('SEA STAR', None, None)
    """
    found = text or ""
    if not (found.isascii() and found.isprintable()):  # most text is plain: look at signs no more
        found = "".join(
            " " if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs") else sign
            for sign in found
        )
    found = " ".join(found.split())
    return None if found in ("", "-0-") else found


def name_text(text: str | None) -> str | None:
    """A ship's name as registers of ships print it: on one line, in capitals.

    >>> name_text("Saam  FSU ")
    'SAAM FSU'
    """
    found = plain_text(text)
    return found.upper() if found else None


def day(text: str | None, *formats: str) -> date | None:
    """The day that a text gives in one of the formats of `datetime.strptime`; else None.

    >>> day("25.6.2024", "%d.%m.%Y"), day("x", "%d.%m.%Y")
    (datetime.date(2024, 6, 25), None)
    """
    for form in formats:
        try:
            return datetime.strptime((text or "").strip(), form).date()  # noqa: DTZ007 a date
        except ValueError:
            continue
    return None


def whole_number(text: str | None) -> int | None:
    """A positive number that may have thousands' commas, rounded down; None for anything else.

    >>> whole_number("99,144"), whole_number("-0- "), whole_number("12.5"), whole_number("0")
    (99144, None, 12, None)
    """
    found = re.fullmatch(r"([0-9]{1,9})(\.[0-9]+)?", (text or "").replace(",", "").strip())
    return int(found[1]) or None if found else None


@functools.cache
def _countries() -> dict[str, str]:
    with data_path("codes", "mid.csv").open(encoding="utf-8", newline="") as lines:
        found = {_folded(r["country_name"]): r["country_code"] for r in csv.DictReader(lines)}
    with data_path("codes", "flag_name.csv").open(encoding="utf-8", newline="") as lines:
        found |= {_folded(r["country_name"]): r["country_code"] for r in csv.DictReader(lines)}
    return found | {code.lower(): code for code in found.values()}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z]", "", plain.casefold())


@functools.lru_cache(maxsize=4096)
def flag_code(text: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of a flag as a list prints it; None where it is not known.

    >>> flag_code("Cook Islands"), flag_code("Russia"), flag_code("ru"), flag_code("False flag")
    ('CK', 'RU', 'RU', None)
    """
    return _countries().get(_folded(text or ""))


def as_table(entries: Sequence[Entry]) -> pa.Table:
    """Entries as a table in `ENTRY_SCHEMA`, in the order given."""
    columns = list(zip(*entries, strict=True)) if entries else [()] * len(ENTRY_SCHEMA)
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, ENTRY_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=ENTRY_SCHEMA)
