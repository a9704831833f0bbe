"""What aisstream.io's messages mean: one frame of the stream becomes a row, or static data to keep.

Pure but for the memory of static data that the caller hands in. The stream comes from strangers: a
frame that is not as it should be raises `BadMessage` with a reason of ours, never with its text.

The messages are those of https://aisstream.io/documentation: ``MessageType``, ``MetaData`` and
``Message``, in which the AIS message stands under its type. The server sends them as binary frames
of UTF-8 text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import shapely

from flows.home.rules import rule
from geo.earth import EARTH_RADIUS_M
from geo.ports import Ports

HEADER = (
    *("mmsi", "reported_at", "lon", "lat", "sog_kn", "cog_deg", "heading_deg", "nav_status"),
    *("imo", "vessel_name", "call_sign", "ship_type", "length_m", "beam_m", "draught_m"),
    *("destination", "message_type", "received_at"),
)
"""The columns of a recording; data/sources/aisstream-listen.toml describes them."""

POSITIONS = ("PositionReport", "StandardClassBPositionReport", "ExtendedClassBPositionReport")
STATICS = ("ShipStaticData", "StaticDataReport")
MESSAGE_TYPES = (*POSITIONS, *STATICS)
"""What is asked for: ITU-R M.1371-5 messages 1 to 3, 18, 19; 5 and 24."""

MARGIN_KM = rule("surroundings_km")
"""How far the boxes reach beyond the ports' limits. An hour counts as heard at a port by fixes
within this distance of it (`surroundings_km` in data/rules.csv), so that less would make ports
look unheard, and a ship needs two hours at 16 knots for the way, on which her track leads in and
out."""

CLOCK_SLACK = timedelta(seconds=5)
"""How far the server's clock may be behind the ship's, which is GPS's. A choice: a server whose
clock is set by NTP is right within a second; a message cannot arrive before it is sent."""

IDENTITY_AGE = timedelta(hours=24)
VOYAGE_AGE = timedelta(hours=1)
"""How long static data of a ship stand in her rows. A ship sends them every 6 minutes (ITU-R
M.1371-5, annex 1, update intervals): an hour is ten chances to hear that draught or destination
changed, and an older draught would hide that the ship loaded. Who she is does not change from day
to day. Both are choices."""

MAX_AGE = {
    "imo": IDENTITY_AGE,
    "vessel_name": IDENTITY_AGE,
    "call_sign": IDENTITY_AGE,
    "ship_type": IDENTITY_AGE,
    "length_m": IDENTITY_AGE,
    "beam_m": IDENTITY_AGE,
    "draught_m": VOYAGE_AGE,
    "destination": VOYAGE_AGE,
}
MOST_SHIPS = 100_000
"""Ships whose static data are kept; beyond, those heard longest ago are forgotten. The waters hold
some thousands, so that only a flood of made-up numbers gets here."""

COPY_AGE = timedelta(minutes=2)
"""How late a copy of a report may be: 72 to 89 s were seen. Less than the three minutes between two
reports of a ship at anchor (ITU-R M.1371-5, table 1)."""
MOST_REPORTS = 200_000
"""Reports that are remembered for that; some 1,600 a second for two minutes, which is more than the
whole stream of aisstream.io has (300 a second, by its documentation)."""

LONGEST = {"vessel_name": 20, "call_sign": 7, "destination": 20}
"""Letters that the fields can carry: 120, 42 and 120 bits of 6 (ITU-R M.1371-5, message 5)."""

LARGEST = 2**31
"""No number of AIS is larger; its widest field has 30 bits."""

_GO_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC(?: m=.{0,40})?", re.ASCII
)

Known = dict[int, dict[str, tuple[str, datetime]]]
"""Static data by MMSI: column to its text and when it was received; in the order of reception."""


class BadMessage(Exception):
    """A message that cannot be used; `args[0]` is a short reason of ours, to count by."""


def subscription(key: str, boxes: list[list[list[float]]]) -> str:
    """The message that must be sent within 3 seconds of connecting. It holds the key."""
    return json.dumps(
        {"APIKey": key, "BoundingBoxes": boxes, "FilterMessageTypes": list(MESSAGE_TYPES)}
    )


def bounding_boxes(ports: Ports, *, with_trade: bool = False) -> list[list[list[float]]]:
    """The boxes round the ports, as aisstream.io wants them.

    Parameters
    ----------
    ports : Ports
        The ports with their limits, from which a box reaches `MARGIN_KM` further.
    with_trade : bool
        Also round each port at which a tanker's call is evidence of trade with Russia.

    Returns
    -------
    list
        ``[[south, west], [north, east]]``, degrees, rounded outwards to a hundredth: one for each
        of the waters that Iran's ports lie in, by name, then one for each of the others, by id.
        They may overlap; a fix that comes twice is one fix to the lake.
    """
    iran = ports.port[ports.port["country"] == "IR"]
    groups = [water for _, water in iran.groupby("water", sort=True)]
    if with_trade:
        trade = ports.port[ports.port["trade_tier"].notna()]
        groups += [port for _, port in trade.groupby("port_id", sort=True)]
    return [box_round(group["geometry"].to_numpy()) for group in groups]


def box_round(limits: npt.NDArray[Any]) -> list[list[float]]:
    west, south, east, north = shapely.total_bounds(limits)
    up = math.degrees(MARGIN_KM * 1000 / EARTH_RADIUS_M)
    # Meridians come together towards the pole: the margin is measured at the edge that is nearer.
    aside = up / math.cos(math.radians(max(abs(south - up), abs(north + up))))
    low = np.floor(np.array([south - up, west - aside]) * 100) / 100
    high = np.ceil(np.array([north + up, east + aside]) * 100) / 100
    return [low.tolist(), high.tolist()]


def refusal(message: Mapping[str, Any]) -> str | None:
    """The text of an error message from the server; None for any other message.

    aisstream.io sends ``{"error": ...}``. Compatible servers also send an object whose type or
    status is an error, with the text in ``message`` or ``reason``.

    >>> refusal({"error": "Api Key Is Not Valid"}), refusal({"type": "Error", "message": "no"})
    ('Api Key Is Not Valid', 'no')
    """
    if message.get("MessageType") in MESSAGE_TYPES:
        return None
    given = {name.lower(): value for name, value in message.items()}
    is_error = any(
        str(given.get(name)).lower() in ("error", "unauthorized", "forbidden", "denied")
        for name in ("messagetype", "type", "status", "event")
    )
    names = ("error", "errors", *(("message", "reason", "detail", "code") if is_error else ()))
    answer = next((given[name] for name in names if given.get(name)), None)
    if answer is None:
        return json.dumps(message) if is_error else None
    return answer if isinstance(answer, str) else json.dumps(answer)


def read_frame(frame: str | bytes) -> dict[str, Any]:
    """The message in a frame of the stream.

    Raises
    ------
    BadMessage
        If it is no JSON object in UTF-8. Numbers that JSON does not know (NaN) are none.
    """
    try:
        text = frame if isinstance(frame, str) else frame.decode("utf-8")
        message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
    if not isinstance(message, dict):
        raise BadMessage("not an object")
    return message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def take(message: Mapping[str, Any], received_at: datetime, known: Known) -> list[str] | None:
    """The row of a position report, with the ship's static data; None for any other message.

    Parameters
    ----------
    message : mapping
        As `read_frame` gives it.
    received_at : datetime
        The recorder's clock, naive UTC.
    known : dict
        Static data so far; updated with those of the message.

    Returns
    -------
    list of str or None
        One text for each column of `HEADER`, without control signs or line breaks.

    Raises
    ------
    BadMessage
        If a field that is needed is not there, or any is not of its type. Then `known` is as it
        was. What is no ship or no place on Earth is for the ingest to judge, and stays.
    """
    kind = message.get("MessageType")
    if kind not in MESSAGE_TYPES:
        return None
    body = _object(_object(message, "Message"), kind)
    # Static data need nothing of the metadata; a position needs its time.
    meta = {} if kind in STATICS and not message.get("MetaData") else _object(message, "MetaData")
    mmsi = _mmsi(body, meta)
    if body.get("Valid") is False:
        raise BadMessage("not valid")
    static = _static(kind, body)
    row: dict[str, str | None] | None = None
    if kind in POSITIONS:
        row = {
            "mmsi": f"{mmsi:09d}",
            "reported_at": iso(report_time(meta.get("time_utc"), body.get("Timestamp"))),
            "lon": needed(body, "Longitude", 6),
            "lat": needed(body, "Latitude", 6),
            "sog_kn": number(body, "Sog", 1),
            "cog_deg": number(body, "Cog", 1),
            "heading_deg": number(body, "TrueHeading", 0),
            "nav_status": number(body, "NavigationalStatus", 0),
            "message_type": kind,
            "received_at": iso(received_at),
        }
    is_named = isinstance(meta.get("ShipName"), str)
    name = text_of(meta, "ShipName", LONGEST["vessel_name"]) if is_named else None
    remember(known, mmsi, static, received_at)
    if row is None:
        return None
    row |= last_known(known, mmsi, received_at)
    # The server's name of the ship, of unknown age, until a static report gives it.
    row["vessel_name"] = row.get("vessel_name") or name
    return [row.get(column) or "" for column in HEADER]


def report_time(time_utc: object, second: object) -> datetime:
    """When a position was reported, naive UTC.

    ``time_utc`` is when the message was sent to the stream (aisstream/issues#57). The report itself
    carries the second of the minute in which the ship's own receiver made it (ITU-R M.1371-5,
    messages 1 to 3, 18 and 19, "Time stamp"; 60 to 63: none). The moment with that second that is
    nearest before ``time_utc`` is the report's: right if it took less than a minute, else wrong by
    whole minutes, and by less than ``time_utc`` is. So two receivers of one report give one fix.

    Raises
    ------
    BadMessage
        If ``time_utc`` is no time as Go prints it.

    Examples
    --------
    >>> report_time("2026-04-15 12:00:03.563705035 +0000 UTC", 58).isoformat()
    '2026-04-15T11:59:58'
    >>> report_time("2026-04-15 12:00:03 +0000 UTC", 60).isoformat()
    '2026-04-15T12:00:03'
    """
    match = _GO_TIME.fullmatch(time_utc) if isinstance(time_utc, str) else None
    if match is None:
        raise BadMessage("no time")
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}")
        moment += timedelta(microseconds=int((match[3] or "0").ljust(6, "0")[:6]))
        if type(second) is not int or not 0 <= second <= 59:
            return moment
        reported_at = moment.replace(second=second, microsecond=0)
        if reported_at > moment + CLOCK_SLACK:
            return reported_at - timedelta(minutes=1)
        if reported_at <= moment + CLOCK_SLACK - timedelta(minutes=1):
            return reported_at + timedelta(minutes=1)
    except (ValueError, OverflowError) as error:
        raise BadMessage("no time") from error
    return reported_at


class Reports:
    """The reports of the last minutes, by which a copy that comes late is known.

    A report may come twice, 72 to 89 s apart (seen), by another receiver or a slow relay. Its own
    second is the same, and the nearest such moment before its sending is then a whole minute late:
    one place at two times. Such a copy is the same to the last bit, its slot on the radio channel
    included (``CommunicationState``), which two reports of a ship at anchor are not. How often it
    was repeated on the way (``RepeatIndicator``) is no part of it.
    """

    def __init__(self) -> None:
        self._first: dict[bytes, datetime] = {}

    def is_late_copy(self, message: Mapping[str, Any], reported_at: datetime) -> bool:
        """Whether a report came before, with an earlier time of at most `COPY_AGE`.

        Parameters
        ----------
        message : mapping
            A position that `take` made a row of.
        reported_at : datetime
            As `report_time` gives it.
        """
        body = message["Message"][message["MessageType"]]
        fields = {name: value for name, value in body.items() if name != "RepeatIndicator"}
        text = json.dumps([message["MessageType"], fields], sort_keys=True).encode()
        key = hashlib.blake2b(text, digest_size=16).digest()
        first = self._first.get(key)
        if first is not None and timedelta(0) < reported_at - first <= COPY_AGE:
            return True
        if first is None:
            self._first[key] = reported_at
            while len(self._first) > MOST_REPORTS:
                del self._first[next(iter(self._first))]
        elif reported_at - first > COPY_AGE:  # an honest repetition is a report of its own
            del self._first[key]
            self._first[key] = reported_at
        return False


def csv_line(row: list[str] | tuple[str, ...]) -> bytes:
    r"""A row as a line of CSV (RFC 4180), quoted where it must be, with its line end.

    >>> csv_line(["1", 'SEA "STAR", II'])
    b'1,"SEA ""STAR"", II"\n'
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    return out.getvalue().encode()


def _static(kind: str, body: Mapping[str, Any]) -> dict[str, str]:
    """The static data in a message, by column; missing fields are left out."""
    if kind == "ShipStaticData":
        return filled(
            imo=number(body, "ImoNumber", 0),
            vessel_name=text_of(body, "Name", LONGEST["vessel_name"]),
            call_sign=text_of(body, "CallSign", LONGEST["call_sign"]),
            ship_type=number(body, "Type", 0),
            draught_m=number(body, "MaximumStaticDraught", 1),
            destination=text_of(body, "Destination", LONGEST["destination"]),
            **_size(body),
        )
    if kind == "ExtendedClassBPositionReport":
        return filled(
            vessel_name=text_of(body, "Name", LONGEST["vessel_name"]),
            ship_type=number(body, "Type", 0),
            **_size(body),
        )
    static: dict[str, str] = {}
    if kind == "StaticDataReport":
        # It comes in two halves, of which the other one is there too, empty and not valid.
        first, second = _half(body, "ReportA"), _half(body, "ReportB")
        if first.get("Valid"):
            static |= filled(vessel_name=text_of(first, "Name", LONGEST["vessel_name"]))
        if second.get("Valid"):
            static |= filled(
                call_sign=text_of(second, "CallSign", LONGEST["call_sign"]),
                ship_type=number(second, "ShipType", 0),
                **_size(second),
            )
    return static


def _half(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {} if body.get(name) is None else _object(body, name)


def filled(**columns: str | None) -> dict[str, str]:
    return {name: text for name, text in columns.items() if text is not None}


def _size(body: Mapping[str, Any]) -> dict[str, str | None]:
    """Length and beam: AIS gives distances from the antenna to bow, stern and either side."""
    if body.get("Dimension") is None:
        return {}
    parts = _object(body, "Dimension")
    bow, stern, port, starboard = (number(parts, side, 0) or "0" for side in "ABCD")
    return {"length_m": str(int(bow) + int(stern)), "beam_m": str(int(port) + int(starboard))}


def remember(known: Known, mmsi: int, static: dict[str, str], received_at: datetime) -> None:
    if not static:
        return
    ship = known.pop(mmsi, {})
    known[mmsi] = ship | {column: (text, received_at) for column, text in static.items()}
    while len(known) > MOST_SHIPS:
        del known[next(iter(known))]


def last_known(known: Known, mmsi: int, now: datetime) -> dict[str, str]:
    return {
        column: text
        for column, (text, at) in known.get(mmsi, {}).items()
        if now - at <= MAX_AGE[column]
    }


def _mmsi(body: Mapping[str, Any], meta: Mapping[str, Any]) -> int:
    """The number in the report itself. The metadata may lack it, or hold 0 for all ships (seen in
    July 2023); where they name another ship, the message is not to be trusted."""
    mmsi = body.get("UserID")
    if type(mmsi) is not int or not 0 <= mmsi < 10**9:
        raise BadMessage("no MMSI")
    match = re.fullmatch(r"0*([1-9][0-9]{0,8})", str(meta.get("MMSI")))
    if match is not None and int(match[1]) != mmsi:
        raise BadMessage("two MMSIs")
    return mmsi


def _object(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise BadMessage(f"no {name}")
    return value


def needed(body: Mapping[str, Any], name: str, digits: int) -> str:
    text = number(body, name, digits)
    if text is None:
        raise BadMessage(f"no {name}")
    return text


def number(body: Mapping[str, Any], name: str, digits: int) -> str | None:
    """A number rounded to so many decimals; None if it is missing."""
    value = body.get(name)
    if value is None:
        return None
    # True is a number to Python, and not to AIS.
    if type(value) not in (int, float) or not abs(value) < LARGEST:
        raise BadMessage(f"{name} is no number of AIS")
    return f"{value:.{digits}f}"


def text_of(body: Mapping[str, Any], name: str, longest: int) -> str | None:
    """A text without control signs, and without the spaces and @ that AIS fills fields up with."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadMessage(f"{name} is no text")
    clean = "".join(c if c.isprintable() else " " for c in value[: 4 * longest])
    return clean.strip(" @")[:longest].rstrip()


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"
