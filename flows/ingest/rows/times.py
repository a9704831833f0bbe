"""Times as publishers write them: ISO 8601, unix time, or a strptime format, as naive UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as the lake's times

_ISO = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d([ T]([01]\d|2[0-3])(:\d\d(:\d\d([.,]\d+)?)?)?)?)"
    r"(\s?(?P<offset>[+-]\d\d(:?\d\d)?))?(\s?(?P<zone>Z|UTC|GMT))?",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(?P<zone>Z|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
_ZERO = re.compile(r"[+-]00(:?00)?", re.ASCII)
_ZONE = re.compile(r"\s*(Z|UTC|GMT|[+-]00(:?00)?)$", re.ASCII | re.IGNORECASE)
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d{1,9})(?!\d)", re.ASCII)
_UNPARTED = re.compile(r"%[dmyYHIMSj]%[dmyYHIMSj]")
"""Numbers that nothing parts. strptime takes 1042026 for 10 April as %d%m%Y, where a program that
holds it as a number has left out the zero of 01042026."""
_UNIX = re.compile(r"(?P<whole>\d{1,20})([.,](?P<part>\d*))?", re.ASCII)

MILLISECONDS_FROM, MICROSECONDS_FROM, NANOSECONDS_FROM = 10**11, 10**14, 10**17
"""The unit of a unix time follows from its size: 1e11 seconds are the year 5138, and 1e11
milliseconds are 1973, before AIS. Databases and pandas write all four."""


def moment(text: str, time_format: str) -> datetime | None:
    """The time that a text writes, None where it writes none.

    Some rows may have fractions of a second and others not, and UTC may be written in any
    way. Another zone is converted where the text has its offset, and is no time where it has not.

    Parameters
    ----------
    text : str
        Without blanks at its ends.
    time_format : str
        ``iso``, ``unix`` or a strptime format; one that ends with a zone demands that of the text.

    Examples
    --------
    >>> moment("2026-04-15 12:00:00.5 UTC", "iso")
    datetime.datetime(2026, 4, 15, 12, 0, 0, 500000)
    >>> moment("1776254400000", "unix")
    datetime.datetime(2026, 4, 15, 12, 0)
    """
    try:
        if time_format == "unix":
            return _of_unix(text)
        time = _of_iso(text) if time_format == "iso" else _of_format(text, time_format)
    except (ValueError, OverflowError):
        return None
    if time is None or time.tzinfo is None:
        return time
    try:
        return time.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


def offset_of_plain(text: str) -> bool | None:
    """Whether an ISO time has an offset, None where it is not in a form that pyarrow reads."""
    match = _PLAIN.fullmatch(text)
    return None if match is None else match["zone"] is not None


def _of_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    offset = match["offset"] or ""
    if match["zone"]:
        if offset and not _ZERO.fullmatch(offset):
            return None  # two zones that differ
        offset = "+00:00"
    return datetime.fromisoformat(match["moment"].upper() + offset)


def _of_unix(text: str) -> datetime | None:
    match = _UNIX.fullmatch(text)
    if match is None:
        return None
    whole, part = int(match["whole"]), match["part"] or ""
    unit = 1_000_000  # microseconds in one
    for least in (MILLISECONDS_FROM, MICROSECONDS_FROM, NANOSECONDS_FROM):
        if whole >= least:
            unit //= 1000
    if whole >= NANOSECONDS_FROM:
        return _EPOCH + timedelta(microseconds=whole // 1000)
    fraction = int((part + "000000")[:6]) * unit // 1_000_000
    return _EPOCH + timedelta(microseconds=whole * unit + fraction)


def _of_format(text: str, time_format: str) -> datetime | None:
    if "%z" in time_format:
        return datetime.strptime(text, time_format)  # noqa: DTZ007 with its offset
    # strptime takes the names of the machine's own zone too, and gives a time without one.
    time_format = time_format.replace("%Z", "UTC")
    plain = _ZONE.sub("", time_format)
    bare = _ZONE.sub("", text)
    if plain != time_format and bare == text:
        return None  # without the zone that its publisher writes, it may be of any
    fraction = None if "%f" in plain else _FRACTION.search(bare)
    if fraction is not None:
        bare = bare[: fraction.start()] + bare[fraction.end() :]
    time = datetime.strptime(bare, plain)  # noqa: DTZ007 published in UTC
    if _UNPARTED.search(plain) and _whole_numbers(bare) != _whole_numbers(time.strftime(plain)):
        return None
    if fraction is None:
        return time
    return time + timedelta(microseconds=int((fraction[1] + "000000")[:6]))


def _whole_numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]
