"""What Digitraffic's messages mean: a location becomes a row, metadata are kept for later rows.

Digitraffic (Fintraffic) sends what the receivers on Finland's coast hear, without a key, by MQTT:
https://www.digitraffic.fi/en/marine-traffic/, "MQTT". Topics are ``vessels-v2/<mmsi>/location`` and
``vessels-v2/<mmsi>/metadata``; the messages are (also openwatersio/aiscast, digitraffic.go)::

    {"time": 1773972038, "sog": 12.3, "cog": 72.2, "navStat": 0, "rot": 0, "posAcc": false,
     "raim": false, "heading": 66, "lon": 22.96629, "lat": 59.47799}
    {"timestamp": 1773972046685, "destination": "TURKU", "name": "SATURN", "draught": 40,
     "eta": 100737, "posType": 1, "refA": 8, "refB": 11, "refC": 5, "refD": 5,
     "callSign": "OJUV", "imo": 9315410, "type": 52}

Times are unix seconds and milliseconds; sog, cog, lon and lat are knots and degrees, draught is in
tenths of a metre, refA to refD are the distances from the antenna. ``eta`` is not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flows.sources.streams.aisstream import (
    HEADER as AISSTREAM_HEADER,
)
from flows.sources.streams.aisstream import (
    LONGEST,
    BadMessage,
    Known,
    box_round,
    filled,
    iso,
    last_known,
    needed,
    number,
    read_frame,
    remember,
    text_of,
)
from geo.ports import Ports

STREAM = "digitraffic"
URL = "wss://meri.digitraffic.fi:443/mqtt"
URL_NAME = "BAROMETER_DIGITRAFFIC_URL"
TOPICS = ("vessels-v2/+/location", "vessels-v2/+/metadata")
WATER = "Baltic Sea"
"""The water of the Russian oil ports whose approaches the stream hears: Primorsk, Ust-Luga and
their neighbours at the Gulf of Finland. Kaliningrad lies in it too, hardly in reach."""

HEADER = tuple("topic" if name == "message_type" else name for name in AISSTREAM_HEADER)
"""The columns of a recording: those of aisstream.io's but for `topic`, because Digitraffic does not
give the kind of message. By that column the ingest distinguishes the two (the source of a file is
known by its header), so that each has a coverage of its own."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as all times here
_TOPIC = re.compile(r"vessels-v2/(\d{1,9})/(location|metadata)", re.ASCII)


def boxes_round_trade_ports(ports: Ports) -> list[list[list[float]]]:
    """A box round each Russian oil port of the Baltic Sea, as `aisstream.bounding_boxes` has it."""
    trade = ports.port[ports.port["trade_tier"].notna() & (ports.port["water"] == WATER)]
    groups = (port for _, port in trade.groupby("port_id", sort=True))
    return [box_round(group["geometry"].to_numpy()) for group in groups]


def is_of_ship(topic: str) -> bool:
    """Whether a topic is that of a ship's message; others are of the service itself."""
    return _TOPIC.fullmatch(topic) is not None


def take(
    topic: str,
    payload: bytes,
    received_at: datetime,
    known: Known,
    boxes: list[list[list[float]]],
) -> list[str] | None:
    """The row of a location within the boxes, with the ship's static data; None for another one.

    Parameters
    ----------
    topic : str
        For which `is_of_ship` holds.
    payload : bytes
        The message.
    received_at : datetime
        The recorder's clock, naive UTC.
    known : dict
        Static data so far; updated with those of the message.
    boxes : list
        ``[[south, west], [north, east]]``, degrees.

    Returns
    -------
    list of str or None
        One text for each column of `HEADER`.

    Raises
    ------
    BadMessage
        If a field that is needed is not there, or any is not of its type.
    """
    match = _TOPIC.fullmatch(topic)
    assert match is not None
    mmsi, kind = int(match[1]), match[2]
    body = read_frame(payload)
    if kind == "metadata":
        _keep_static(known, mmsi, body, received_at)
        return None
    lon, lat = needed(body, "lon", 6), needed(body, "lat", 6)
    row = {
        "mmsi": f"{mmsi:09d}",
        "reported_at": iso(_moment(body.get("time"), 1)),
        "lon": lon,
        "lat": lat,
        "sog_kn": number(body, "sog", 1),
        "cog_deg": number(body, "cog", 1),
        "heading_deg": number(body, "heading", 0),
        "nav_status": number(body, "navStat", 0),
        "topic": kind,
        "received_at": iso(received_at),
    }
    if not _is_within(float(lon), float(lat), boxes):
        return None
    row |= last_known(known, mmsi, received_at)
    return [row.get(column) or "" for column in HEADER]


def _keep_static(known: Known, mmsi: int, body: Mapping[str, Any], received_at: datetime) -> None:
    """Keep static data with the time at which they were sent.

    The broker may hand out an old message to who comes anew; it does not replace a newer one.
    """
    at = min(_moment(body.get("timestamp"), 1000), received_at)
    static = filled(
        imo=number(body, "imo", 0),
        vessel_name=text_of(body, "name", LONGEST["vessel_name"]),
        call_sign=text_of(body, "callSign", LONGEST["call_sign"]),
        ship_type=number(body, "type", 0),
        draught_m=_tenths(body, "draught"),
        destination=text_of(body, "destination", LONGEST["destination"]),
        length_m=_size(body, "refA", "refB"),
        beam_m=_size(body, "refC", "refD"),
    )
    before = known.get(mmsi, {})
    newer = {n: text for n, text in static.items() if n not in before or before[n][1] <= at}
    remember(known, mmsi, newer, at)


def _tenths(body: Mapping[str, Any], name: str) -> str | None:
    text = number(body, name, 1)
    return None if text is None else f"{float(text) / 10:.1f}"


def _size(body: Mapping[str, Any], *sides: str) -> str | None:
    parts = [number(body, side, 0) for side in sides]
    if all(part is None for part in parts):
        return None
    return str(sum(int(part or 0) for part in parts))


def _moment(value: object, per_second: int) -> datetime:
    if type(value) is not int or not 0 <= value < 10**15:
        raise BadMessage("no time")
    try:
        return _EPOCH + timedelta(seconds=value / per_second)
    except OverflowError as error:
        raise BadMessage("no time") from error


def _is_within(lon: float, lat: float, boxes: list[list[list[float]]]) -> bool:
    return any(
        south <= lat <= north and west <= lon <= east for (south, west), (north, east) in boxes
    )
