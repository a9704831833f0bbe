"""What a reader of a witness's file yields: events, values of series, passes, and junk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from flows.registers.lists.entry import Junk

Record = Mapping[str, Any]

EVENT_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("kind", pa.string()),
        ("mmsi", pa.int32()),
        ("imo", pa.int32()),
        ("place", pa.string()),
        ("began_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("lons", pa.list_(pa.float64())),
        ("lats", pa.list_(pa.float64())),
        ("length_m", pa.float32()),
        ("confidence", pa.int16()),
        ("reference", pa.string()),
        ("other_mmsi", pa.int32()),
        ("is_intentional", pa.bool_()),
        ("sensor", pa.string()),
        ("accuracy_m", pa.float32()),
    ]
)

VALUE_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("series", pa.string()),
        ("scope", pa.string()),
        ("place_id", pa.string()),
        ("place", pa.string()),
        ("day", pa.date32()),
        ("value", pa.float64()),
        ("unit", pa.string()),
    ]
)

PASS_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("sensor", pa.string()),
        ("began_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("footprint", pa.string()),
        ("reference", pa.string()),
    ]
)

JUNK_SCHEMA = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("raw", pa.string())])


class Event(NamedTuple):
    """Something that a witness saw of a ship. The columns of `EVENT_SCHEMA`.

    line: of the file, from 1; in one JSON document the number of the entry. kind: port_visit, gap,
    encounter, loitering, inspection or detection. place: a port as the file names it, only where
    that is a UN/LOCODE or one of our port ids. ended_at: null while it goes on. lons, lats: its
    places in degrees, the best one first. confidence: 1 to 4 of a port visit, per cent of a
    detection. other_mmsi: of an encounter. is_intentional: the publisher's own judgement of a gap.
    sensor, accuracy_m: of a detection, and how far its place may be from the ship's middle. Times
    are naive UTC.
    """

    line: int
    kind: str
    mmsi: int | None
    imo: int | None
    began_at: datetime
    ended_at: datetime | None
    place: str | None = None
    lons: tuple[float, ...] = ()
    lats: tuple[float, ...] = ()
    length_m: float | None = None
    confidence: int | None = None
    reference: str | None = None
    other_mmsi: int | None = None
    is_intentional: bool | None = None
    sensor: str | None = None
    accuracy_m: float | None = None


class Pass(NamedTuple):
    """A time at which a sensor looked at a piece of the sea. The columns of `PASS_SCHEMA`.

    footprint: a polygon or several as WKT, degrees WGS 84. Times are naive UTC.
    """

    line: int
    sensor: str
    began_at: datetime
    ended_at: datetime
    footprint: str
    reference: str | None = None


class Value(NamedTuple):
    """A day's value of a series. The columns of `VALUE_SCHEMA`.

    scope: port, coast or strait. place_id: the publisher's key of the place; null where it has
    none.
    """

    line: int
    series: str
    scope: str
    place_id: str | None
    place: str
    day: date
    value: float
    unit: str


class Aside(NamedTuple):
    """A good row that is about another country, another strait or another kind of event."""

    line: int


Row = Event | Value | Pass | Aside | Junk

Numbered = tuple[int, Record]
"""A record with its line."""

Records = Iterator[Numbered | Junk]


def junk(line: int, reason: str, record: Record) -> Junk:
    """A record that is left out, with as much of it as a person needs to find it."""
    return Junk(line, reason, str(dict(record))[:1000], True)


def moment(value: Any) -> datetime | None:
    """A time as naive UTC, of an ISO 8601 text; without an offset it is UTC. None for no time.

    >>> moment("2026-06-08T01:45:37.000Z"), moment(""), moment("yesterday")
    (datetime.datetime(2026, 6, 8, 1, 45, 37), None, None)
    """
    try:
        read = datetime.fromisoformat(str(value).strip())
        read = read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    except (ValueError, OverflowError):
        return None
    return read if _is_of_ais(read) else None


def day(value: Any) -> date | None:
    """A day, of an epoch in milliseconds or of a text that begins with one; None for no day.

    The texts are those of ArcGIS: ISO 8601, the same with slashes, or month/day/year.

    >>> day(1711929600000), day("2024/04/01 00:00:00+00"), day("4/1/2024 12:00:00 AM")
    (datetime.date(2024, 4, 1), datetime.date(2024, 4, 1), datetime.date(2024, 4, 1))
    >>> day("2024-04-01"), day("2024-13-01"), day(None), day("20240401")
    (datetime.date(2024, 4, 1), None, None, None)
    """
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    try:
        if re.fullmatch(r"-?[0-9]{11,14}(\.0+)?", text):
            read = datetime.fromtimestamp(float(text) / 1000, UTC).replace(tzinfo=None)
        elif ymd := re.match(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?![0-9])", text):
            read = datetime(int(ymd[1]), int(ymd[2]), int(ymd[3]))  # noqa: DTZ001 naive UTC
        elif mdy := re.match(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?![0-9])", text):
            read = datetime(int(mdy[3]), int(mdy[1]), int(mdy[2]))  # noqa: DTZ001 naive UTC
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return read.date() if _is_of_ais(read) else None


def _is_of_ais(read: datetime) -> bool:
    """AIS is not older than 2000; a later year than 2199 is a slip."""
    return 2000 <= read.year < 2200


def sensor_name(value: Any) -> str | None:
    """The name of a sensor; None where it is empty, too long or of other signs.

    It stands in texts of reports, so that it may hold no sign of a formula or of HTML.

    >>> sensor_name(" Sentinel-1 SAR "), sensor_name("=1+1"), sensor_name("")
    ('Sentinel-1 SAR', None, None)
    """
    name = str(value or "").strip()
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}", name) else None


def number(value: Any) -> float | None:
    """A finite number, of a number or its text; None for anything else.

    >>> number("10.10"), number(3), number(" "), number("nan"), number(True), number([1])
    (10.1, 3.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if abs(read) < 1e15 else None


def point(place: Any) -> tuple[float, float] | None:
    """Longitude and latitude of an object with `lon` and `lat`; None where it has none on Earth.

    >>> point({"lat": "37.37", "lon": 2.82}), point({"lat": 91, "lon": 0}), point(None)
    ((2.82, 37.37), None, None)
    """
    if not isinstance(place, Mapping):
        return None
    lon, lat = number(place.get("lon")), number(place.get("lat"))
    if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90:
        return None
    return lon, lat
