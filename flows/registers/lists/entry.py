"""What an importer yields: entries of a register, and junk with the reason."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from flows.home.resources import data_path, data_rows
from flows.registers.lists.letters import as_latin, plain_text

LONGEST_SHIP_M = 500
"""Above any ship: Seawise Giant, the longest built so far, was 458 m (general knowledge)."""

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
_SEVEN_SIGNS = re.compile(r"(?<![0-9A-Za-z])[0-9]{7}(?![0-9A-Za-z])")
_TIME_OF_DAY = re.compile(
    r"(T|,? +)[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    r"( ?[AP]M)?( ?(Z|UTC|GMT|[+-][0-9:]{4,5}))?$",
    re.IGNORECASE,
)
_TYPED_DIGITS = str.maketrans("OoIl", "0011")


class Entry(NamedTuple):
    """One hull under one programme of one register. The columns of `ENTRY_SCHEMA`.

    register: the list, such as ``ofac-sdn``. link_source: its name for readers. reference: the
    publisher's own number of the entry. programme: the publisher's own tag, whose meaning is in
    `data/registers/programmes.csv`. flag: ISO 3166-1 alpha-2. vessel_type: the
    publisher's word. listed_on: the day from which the listing applies as the publisher gives it,
    never the day of download. delisted_on: the day on which it ended. link_tier, link_reason,
    valid_from, valid_to: only where the list itself has the strength, reason and period of its
    evidence, as a team's own list does; else null. ground: the publisher's code of the reason.
    line: the line of the file at which the entry begins, from 1 (of a JSON list: its number).
    is_delisted: the list still prints the ship, marked as delisted; the day may be unknown.
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
    """Part of a list that is left out. is_whole: a whole entry is lost; else a field."""

    line: int
    reason: str
    raw: str
    is_whole: bool


CUT = "the file is cut"
"""Start of the reason of a `Junk` that means a truncated file. An import refuses such a list: the
ships that it lacks would count as delisted."""


class ListFile(NamedTuple):
    """An opened list file of a recognised format.

    published_on: the day of the list as the file gives it; null where it gives none. zone: the
    publisher's time zone, in which its days begin and end.
    """

    register: str
    published_on: date | None
    rows: Iterator[Entry | Junk]
    zone: str = "UTC"


def imo_number(text: str | None) -> int | None:
    """The IMO number in a text such as ``IMO 9187629``, or None where none has a right check digit.

    Of several the first; see `imo_numbers`.

    >>> imo_number("IMO 9187629"), imo_number("9187628"), imo_number("0000000"), imo_number(None)
    (9187629, None, None, None)
    >>> imo_number("IMO9187629.0"), imo_number("IMO 9I87629"), imo_number("\uff19187629")
    (9187629, 9187629, 9187629)
    """
    return next(iter(imo_numbers(text)), None)


def imo_numbers(text: str | None) -> list[int]:
    """The IMO numbers in a text, each once.

    The check digit is the last digit of the sum of the first six, weighted 7 to 2 (IMO resolution
    A.1117(30)).

    >>> imo_numbers("9187629 / 9074729, once 9187629"), imo_numbers("9187628")
    ([9187629, 9074729], [])
    """
    plain = plain_text(text) or ""
    numbers = _SEVEN_DIGITS.findall(plain)
    if not numbers:
        # A letter typed for a digit that looks like it; the check digit must still be right.
        numbers = _SEVEN_SIGNS.findall(as_latin(plain).translate(_TYPED_DIGITS))
    right: dict[int, None] = {}
    for digits in numbers:
        weighted = sum(int(d) * w for d, w in zip(digits[:6], range(7, 1, -1), strict=True))
        if weighted % 10 == int(digits[6]) and digits[0] != "0":
            right[int(digits)] = None
    return list(right)


def ship_mmsi(text: str | None) -> int | None:
    """A text as a ship's MMSI, nine digits, the first 2 to 7 (ITU-R M.585-9); else None.

    >>> ship_mmsi(" 572469210 "), ship_mmsi("Call sign"), ship_mmsi("002730000"), ship_mmsi(None)
    (572469210, None, None, None)
    """
    match = re.fullmatch(r"([2-7][0-9]{8})(\.0+)?", plain_text(text) or "")
    return int(match[1]) if match else None


def name_text(text: str | None) -> str | None:
    """A ship's name as registers of ships print it: on one line, in capitals.

    >>> name_text("Saam  FSU ")
    'SAAM FSU'
    """
    name = plain_text(text)
    return name.upper() if name else None


def day(text: str | None, *formats: str) -> date | None:
    """The day that a text gives in one of the formats of `datetime.strptime`; else None.

    A time of day after the date is dropped.

    >>> day("25.6.2024", "%d.%m.%Y"), day("x", "%d.%m.%Y"), day("2024-06-25T00:00:00Z", "%Y-%m-%d")
    (datetime.date(2024, 6, 25), None, datetime.date(2024, 6, 25))
    """
    date_text = _TIME_OF_DAY.sub("", plain_text(text) or "")
    for form in formats:
        try:
            return datetime.strptime(date_text, form).date()  # noqa: DTZ007 a date
        except ValueError:
            continue
    return None


def day_in(text: str | None, zone: str) -> date | None:
    """The day of an ISO 8601 time in a publisher's zone; without an offset, the day as written.

    >>> day_in("2026-04-16T00:12:04.000+02:00", "Europe/Brussels")
    datetime.date(2026, 4, 16)
    >>> day_in("2026-04-16T02:00:00Z", "America/New_York"), day_in("2026-04-16", "Europe/London")
    (datetime.date(2026, 4, 15), datetime.date(2026, 4, 16))
    """
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return (at.astimezone(ZoneInfo(zone)) if at.tzinfo else at).date()


def whole_number(text: str | None) -> int | None:
    """A positive number, with or without thousands' commas, rounded down; else None.

    >>> whole_number("99,144"), whole_number("-0- "), whole_number("12.5"), whole_number("0")
    (99144, None, 12, None)
    """
    match = re.fullmatch(r"([0-9]{1,9})(\.[0-9]+)?", (plain_text(text) or "").replace(",", ""))
    return int(match[1]) or None if match else None


@functools.cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for table in ("mid.csv", "flag_name.csv"):
        rows = data_rows(data_path("codes", table))
        names |= {row["country_name"]: row["country_code"] for row in rows}
    codes = {code.lower(): code for code in names.values()}
    return {_folded(name): code for name, code in names.items()} | codes


_SHORT_FORMS = {
    **{"st": "saint", "is": "islands", "isl": "islands", "island": "islands"},
    **{"rep": "republic", "dem": "democratic", "brit": "british"},
}
_SMALL_WORDS = frozenset(("the", "and", "of"))
_FORMS_OF_STATE = re.compile(
    "(islamic|federal|united|arab|bolivarian|plurinational|socialist|democratic|cooperative)*"
    "(republic|kingdom|state|commonwealth|union|sultanate)"
)


def _folded(text: str) -> str:
    """The letters of a country's name, without articles, conjunctions and punctuation."""
    plain = unicodedata.normalize("NFKD", as_latin(text)).casefold().replace("\u0131", "i")
    words = re.findall(r"[^\W\d_]+", re.sub(r"[\u0300-\u036f'\u2018\u2019\u00b4`]", "", plain))
    whole = [_SHORT_FORMS.get(word, word) for word in words if word not in _SMALL_WORDS]
    return "".join(whole)


@functools.lru_cache(maxsize=4096)
def flag_code(text: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of a flag as a list prints it; None where it is unknown.

    A name may be inverted at its comma or bracket, as in ``Gambia, The``, ``Korea, Republic
    of`` and ``Iran (Islamic Republic of)``, or have a short form or a code in brackets after it.

    >>> flag_code("Cook Islands"), flag_code("Russia"), flag_code("ru"), flag_code("False flag")
    ('CK', 'RU', 'RU', None)
    >>> flag_code("Gambia, The"), flag_code("TANZANIA, United Republic of"), flag_code("Cook Is.")
    ('GM', 'TZ', 'CK')
    """
    plain = plain_text(text) or ""
    head, _, tail = plain.replace("(", ",").replace(")", " ").partition(",")
    names = [plain, f"{tail} {head}"]
    # Half a name may be another country's, so only an abbreviation or the form of the state may be
    # dropped.
    if len(tail.strip()) <= 3 or _FORMS_OF_STATE.fullmatch(_folded(tail)):
        names.append(head)
    folded = [_folded(name) for name in names]
    short = [_FORMS_OF_STATE.sub("", name, count=1) for name in folded]
    return next((code for n in (*folded, *short) if (code := _countries().get(n))), None)


def as_table(entries: Sequence[Entry]) -> pa.Table:
    """Entries as a table in `ENTRY_SCHEMA`, in the order given."""
    columns = list(zip(*entries, strict=True)) if entries else [()] * len(ENTRY_SCHEMA)
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, ENTRY_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=ENTRY_SCHEMA)
