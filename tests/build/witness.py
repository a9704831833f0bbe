"""Files of witnesses as their publishers write them, of made-up ships and events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]

KHARG, OUTSIDE, DUBAI = (50.34, 29.235), (50.70, 28.50), (55.05, 25.0)


def anchorage(place: tuple[float, float], **said: Any) -> Json:
    return {"lat": place[1], "lon": str(place[0]), "name": None, "atDock": False} | said


def visit(
    mmsi: object,
    start: str | datetime,
    end: str | datetime | None = None,
    place: tuple[float, float] = KHARG,
    **said: Any,
) -> Json:
    """A port visit of Global Fishing Watch; `said` replaces fields of the event."""
    return {
        **{"id": f"{mmsi}-{start}", "type": "port_visit", "start": str(start)},
        **{"end": None if end is None else str(end), "position": {"lat": 0, "lon": 0}},
        "vessel": {"id": "a-b", "name": "MADE UP", "ssvid": str(mmsi), "flag": "PAN"},
        "port_visit": {"visitId": "v", "confidence": "4", "startAnchorage": anchorage(place)},
    } | said


def lines(entries: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def answer(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """A page of the Events API."""
    whole = list(entries)
    return json.dumps(
        {"total": len(whole), "limit": 1000, "offset": 0, "nextOffset": None, "entries": whole},
        indent=1,
    ).encode()


def port_day(day: object, calls: object, date: str = "date", **said: Any) -> Json:
    """A row of PortWatch's Daily_Ports_Data, of Kharg."""
    return {
        **{date: day, "portid": "port2164", "portname": "Kharg Island", "country": "Iran"},
        **{"ISO3": "IRN", "portcalls": 9, "portcalls_tanker": calls},
        **{"import_tanker": 0, "export_tanker": 1500.5},
    } | said


def table(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as a CSV with the columns of the first."""
    whole = list(rows)
    cells = [whole[0].keys(), *(row.values() for row in whole)]
    return "".join(",".join(f"{cell}" for cell in row) + "\r\n" for row in cells).encode()


def features(rows: Iterable[Mapping[str, Any]], name: str = "attributes") -> bytes:
    """Rows as an answer of ArcGIS."""
    return json.dumps({"features": [{name: row} for row in rows]}).encode()


def entities(*ships: tuple[str, str | None, str], dataset: str = "tokyo_mou_detention") -> bytes:
    """Entities of FollowTheMoney: of each ship's id, IMO number and day a Vessel and a Sanction."""
    head = {"datasets": [dataset], "first_seen": "2026-01-01T00:00:00"}
    made = []
    for name, imo, day in ships:
        given = {"entity": [name], "startDate": [day], "reason": ["hull"]}
        made.append({"id": f"s-{name}", "schema": "Sanction", "properties": given} | head)
        numbers = {"imoNumber": [f"IMO{imo}"] if imo else [], "name": ["X"]}
        made.append({"id": name, "schema": "Vessel", "properties": numbers} | head)
    return lines(made)


def detected(
    at: object, place: tuple[float, float] = KHARG, length_m: object = 240, **said: Any
) -> Json:
    """A row of a table of detections."""
    return {
        **{"detected_at": at, "lon": place[0], "lat": place[1], "length_m": length_m},
        **{"sensor": "Made-up SAR", "confidence": 0.9},
    } | said


def passed(
    at: object, box: tuple[float, float, float, float] = (49.5, 28.5, 51.5, 30), **said: Any
) -> Json:
    """A row of a table of passes: by default over Kharg."""
    names = ("west", "south", "east", "north")
    return {"passed_at": at, "sensor": "Made-up SAR"} | dict(zip(names, box, strict=True)) | said


def sar_cell(time: str, place: tuple[float, float] = KHARG, count: object = 1, **said: Any) -> Json:
    """A row of Global Fishing Watch's report of radar detections, matched to no AIS."""
    identity = ("Vessel ID", "Flag", "Vessel Name", "Gear Type", "Vessel Type", "MMSI", "IMO")
    return {
        **{"Lat": place[1], "Lon": place[0], "Time Range": time},
        **dict.fromkeys(identity, ""),
        "Detections": count,
    } | said
