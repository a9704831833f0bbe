"""The ports and their fences, read from GeoJSON files and checked as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

KINDS = ("port_limit", "anchorage", "berth", "land")
WATERS = (
    "Persian Gulf",
    "Gulf of Oman",
    "Caspian",
    "Black Sea",
    "Sea of Azov",
    "Baltic Sea",
    "Barents Sea",
    "Sea of Japan",
    "Sea of Okhotsk",
)
TRADE_TIERS = ("moderate", "weak")
"""What a tanker's call at a Russian port may prove. Only a list or a flag is strong evidence."""
ROADS = "roads"
"""The one `port_kind` that needs no berth: ships only lie at anchor there."""

# UN/LOCODE without its space, or two letters, a dash and three letters where it has none.
# UN/LOCODE uses letters, and digits 2 to 9 where a country has run out of letters.
PORT_ID = re.compile(r"[A-Z]{2}(?:[A-Z2-9]{3}|-[A-Z]{3})")

_TEXTS = (
    "area_id",
    "port_id",
    "port_name",
    "area_name",
    "kind",
    "water",
    "country",
    "port_kind",
    "source",
)
_SAME_IN_A_PORT = ("port_name", "water", "country", "port_kind")
_LIMIT_ONLY = (
    "usual_tanker_calls",
    "usual_tanker_calls_source",
    "trade_tier",
    "trade_tier_source",
    "waypoints",
)


@dataclass(frozen=True, eq=False)
class Ports:
    """Ports and their areas, both sorted by id, geometry as shapely objects (WGS 84, lon lat).

    Attributes
    ----------
    port : pandas.DataFrame
        One row a port: port_id, name, water, country, kind, usual_tanker_calls (a year, Int64,
        null where unknown), usual_tanker_calls_source, geometry (the port limit), source,
        accuracy_m (metres, of the limit), trade_tier (what a tanker's call proves about Russia,
        "moderate" or "weak"; None where it proves nothing, as at every Iranian port), waypoints
        (tuple of the points of `data/sea_ways/point.csv` to which the way by sea leads from it,
        empty where it begins in narrow water).
    port_area : pandas.DataFrame
        One row an area, the port limits among them: area_id, port_id, name, kind (port_limit,
        anchorage, berth, land), water, country, serves (tuple of port_ids, empty for most),
        geometry, source, accuracy_m.

    Notes
    -----
    Two objects are equal only if they are the same object, so that indexes built on one can be
    kept with it. Do not change the frames in place.
    """

    port: pd.DataFrame
    port_area: pd.DataFrame


def load_ports(*sources: str | Path | Mapping[str, Any]) -> Ports:
    """Read the ports and check that their fences make sense together.

    Parameters
    ----------
    *sources : str, pathlib.Path or mapping
        GeoJSON files (RFC 7946), one or more, or the same already parsed. Each feature is one
        area, a Polygon or MultiPolygon in WGS 84 degrees, lon before lat. What is said of one
        file holds over all of them: ids are unique, limits apart.

    Returns
    -------
    Ports
        Both tables, sorted by port_id and area_id, whatever the order of the files. Geometry is
        as in the file, ring for ring.

    Raises
    ------
    ValueError
        If anything is wrong: one message with every problem found, each naming the feature and
        what to do. A berth or anchorage on the edge of its limit is inside it; two limits, or a
        berth and an anchorage of one port, that only touch count as overlapping, because a point
        on the common edge would belong to both. Also if no source is given.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> square = {"type": "Polygon", "coordinates": [[[50, 29], [51, 29], [51, 30], [50, 29]]]}
    >>> common = {"port_id": "IRKHK", "port_name": "Kharg Island", "area_name": "Fence",
    ...           "water": "Persian Gulf", "country": "IR", "port_kind": "oil terminal",
    ...           "source": "an example", "accuracy_m": 500}
    >>> limit = {"area_id": "IRKHK-limit", "kind": "port_limit", "usual_tanker_calls": 300,
    ...          "usual_tanker_calls_source": "an example", **common}
    >>> berth = {"area_id": "IRKHK-berth-jetty", "kind": "berth", **common}
    >>> ports = load_ports({"type": "FeatureCollection", "features": [
    ...     {"type": "Feature", "properties": limit, "geometry": square},
    ...     {"type": "Feature", "properties": berth, "geometry": square}]})
    >>> ports.port[["port_id", "name", "usual_tanker_calls"]].values.tolist()
    [['IRKHK', 'Kharg Island', 300]]
    >>> ports.port_area["area_id"].tolist()
    ['IRKHK-berth-jetty', 'IRKHK-limit']
    """
    if not sources:
        raise ValueError("no port file given; name at least one")
    problems: list[str] = []
    unusable: set[str] = set()
    areas: list[dict[str, Any]] = []
    names = []
    for source in sources:
        name, parsed = _named(source)
        names.append(name)
        source_problems: list[str] = []
        areas.extend(_areas(parsed, source_problems, unusable))
        # With several files a feature's number alone does not say where to look.
        problems.extend(
            f"{name}: {problem}" if len(sources) > 1 else problem for problem in source_problems
        )
    _check_ids(areas, unusable, problems)
    _check_ports(areas, unusable, problems)
    _check_geometry(areas, problems)
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        where = ", ".join(names)
        raise ValueError(f"{where}: {len(problems)} problem(s) in the port areas\n{lines}")
    return _tables(areas)


def _named(source: str | Path | Mapping[str, Any]) -> tuple[str, Any]:
    """What to call a source in a message, and its parsed content."""
    if isinstance(source, Mapping):
        return str(source.get("name", "ports")), source
    return str(source), _read_json(Path(source))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not GeoJSON, {error}; restore it or save it again") from error


def _areas(parsed: Any, problems: list[str], unusable: set[str]) -> Iterator[dict[str, Any]]:
    """Yield each usable feature as its properties plus `geometry`, and note what is not usable.

    The ports of features that are not usable go into `unusable`: what else is said of them would
    only follow from that.
    """
    features = parsed.get("features") if isinstance(parsed, Mapping) else None
    if not isinstance(features, list) or parsed.get("type") != "FeatureCollection":
        problems.append(
            "the top level is not a FeatureCollection with a list of features; export it as GeoJSON"
        )
        return
    if not features:
        problems.append("no features; a port file needs at least one port")
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        if not isinstance(properties, Mapping):
            problems.append(f"feature {number}: no properties; give it area_id, port_id, kind ...")
            continue
        label = f"feature {number} ({properties.get('area_id', 'no area_id')})"
        feature_problems = [*_property_problems(properties)]
        geometry = _geometry(feature.get("geometry"), feature_problems)
        problems.extend(f"{label}: {problem}" for problem in feature_problems)
        if not feature_problems and geometry is not None:
            yield {**properties, "geometry": geometry}
        else:
            unusable.add(str(properties.get("port_id")))


def _property_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    for key in _TEXTS:
        value = properties.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f"property {key} is missing or not text; fill it in"
    kind, water, port_id = (properties.get(key) for key in ("kind", "water", "port_id"))
    if isinstance(kind, str) and kind not in KINDS:
        yield f"kind {kind!r} is unknown; use one of {', '.join(KINDS)}"
    if isinstance(water, str) and water not in WATERS:
        yield f"water {water!r} is unknown; use one of {', '.join(WATERS)}"
    if isinstance(port_id, str) and not PORT_ID.fullmatch(port_id):
        yield f"port_id {port_id!r} is neither a UN/LOCODE like IRKHK nor a code like IR-KMB"
    accuracy = properties.get("accuracy_m")
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float) or not accuracy > 0:
        yield "accuracy_m is missing or not a number above 0; give metres"
    yield from _serves_problems(properties)
    if kind == "port_limit":
        yield from _calls_problems(properties)
        yield from _trade_problems(properties)
        yield from _waypoint_problems(properties)
    else:
        for key in _LIMIT_ONLY:
            if key in properties:
                yield f"{key} belongs on the port_limit; move it there"


def _serves_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    if "serves" not in properties:
        return
    serves = properties["serves"]
    if properties.get("kind") != "anchorage":
        yield "serves belongs on an anchorage only; remove it"
    if not isinstance(serves, list) or not all(isinstance(port, str) for port in serves):
        yield "serves is not a list of port_ids; give one"
    elif not serves or len(set(serves)) < len(serves):
        yield "serves is empty or names a port twice; leave it out, or name each port once"


def _calls_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    if "usual_tanker_calls" not in properties:
        yield "usual_tanker_calls is missing; give tanker calls a year, or null if unknown"
    calls = properties.get("usual_tanker_calls")
    if calls is not None and (isinstance(calls, bool) or not isinstance(calls, int) or calls < 0):
        yield f"usual_tanker_calls {calls!r} is neither null nor a whole number from 0 up"
    source = properties.get("usual_tanker_calls_source")
    if not isinstance(source, str) or not source.strip():
        yield "usual_tanker_calls_source is missing; give the source of the number, or of the null"


def _trade_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    tier, source = properties.get("trade_tier"), properties.get("trade_tier_source")
    if tier is not None and tier not in TRADE_TIERS:
        yield f"trade_tier {tier!r} is neither null nor one of {', '.join(TRADE_TIERS)}"
    if tier is not None and (not isinstance(source, str) or not source.strip()):
        yield "trade_tier_source is missing; give the reason why a call proves that"


def _waypoint_problems(properties: Mapping[str, Any]) -> Iterator[str]:
    if "waypoints" not in properties:
        return
    points = properties["waypoints"]
    if not isinstance(points, list) or not all(isinstance(point, str) for point in points):
        yield "waypoints is not a list of points of data/sea_ways/point.csv; give one"
    elif not points or len(set(points)) < len(points):
        yield "waypoints is empty or names a point twice; leave it out, or name each point once"


def _geometry(raw: Any, problems: list[str]) -> BaseGeometry | None:
    if not isinstance(raw, Mapping) or raw.get("type") not in ("Polygon", "MultiPolygon"):
        problems.append("its geometry is not a Polygon or MultiPolygon; draw an area")
        return None
    try:
        geometry = shape(raw)
    except Exception as error:  # shapely raises many kinds on malformed coordinates
        problems.append(f"its coordinates cannot be read ({error}); draw it again")
        return None
    if geometry.is_empty or not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        problems.append(f"its geometry is empty or invalid ({reason}); draw it again")
        return None
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        problems.append("its coordinates lie beyond the globe; give degrees, lon before lat")
        return None
    if east - west > 180:
        problems.append("it crosses the antimeridian; draw it on one side")
        return None
    return geometry


def _check_ids(areas: list[dict[str, Any]], unusable: set[str], problems: list[str]) -> None:
    seen: set[str] = set()
    for area in areas:
        if area["area_id"] in seen:
            problems.append(f"area_id {area['area_id']} is used twice; rename one")
        seen.add(area["area_id"])
    port_ids = {area["port_id"] for area in areas}
    for port_id in sorted(port_ids):
        if "-" in port_id and port_id.replace("-", "") in port_ids:
            problems.append(f"{port_id} and its code without its dash are two ports; rename one")
    for area in areas:
        for served in area.get("serves", ()):
            if served not in port_ids | unusable:
                problems.append(
                    f"{area['area_id']}: serves names {served!r}, no port of these files; "
                    "correct it or add the port"
                )


def _check_ports(areas: list[dict[str, Any]], unusable: set[str], problems: list[str]) -> None:
    for port_id, own in _by_port(areas).items():
        if port_id in unusable:
            continue
        for key in _SAME_IN_A_PORT:
            values = sorted({area[key] for area in own})
            if len(values) > 1:
                problems.append(f"{port_id}: {key} differs between its features {values}; use one")
        limits = [area["area_id"] for area in own if area["kind"] == "port_limit"]
        if len(limits) != 1:
            problems.append(f"{port_id}: has {len(limits)} port_limit features; it needs exactly 1")
        has_berth = any(area["kind"] == "berth" for area in own)
        if not has_berth and own[0]["port_kind"] != ROADS:
            problems.append(f"{port_id}: has no berth; draw one, or make its port_kind {ROADS!r}")


def _check_geometry(areas: list[dict[str, Any]], problems: list[str]) -> None:
    limits = [area for area in areas if area["kind"] == "port_limit"]
    for own in _by_port(areas).values():
        for limit in (area for area in own if area["kind"] == "port_limit"):
            for area in own:
                if area is not limit and not limit["geometry"].covers(area["geometry"]):
                    problems.append(
                        f"{area['area_id']}: reaches outside {limit['area_id']}; "
                        "shrink it or widen the limit"
                    )
        inner = [area for area in own if area["kind"] != "port_limit"]
        for pair in combinations(inner, 2):
            first, second = sorted(pair, key=lambda area: KINDS.index(area["kind"]))
            if first["kind"] != second["kind"] and first["geometry"].intersects(second["geometry"]):
                problems.append(
                    f"{second['area_id']}: overlaps or touches {first['area_id']}; leave a gap"
                )
    for first, second in combinations(limits, 2):
        is_other = first["port_id"] != second["port_id"]
        if is_other and first["geometry"].intersects(second["geometry"]):
            problems.append(
                f"{first['area_id']}: overlaps or touches {second['area_id']}; leave a gap"
            )


def _by_port(areas: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    ports: dict[str, list[dict[str, Any]]] = {}
    for area in areas:
        ports.setdefault(area["port_id"], []).append(area)
    return dict(sorted(ports.items()))


def _tables(areas: list[dict[str, Any]]) -> Ports:
    area_rows = pd.DataFrame(
        {
            "area_id": area["area_id"],
            "port_id": area["port_id"],
            "name": area["area_name"],
            "kind": area["kind"],
            "water": area["water"],
            "country": area["country"],
            "serves": tuple(area.get("serves", ())),
            "geometry": area["geometry"],
            "source": area["source"],
            "accuracy_m": float(area["accuracy_m"]),
        }
        for area in sorted(areas, key=lambda area: str(area["area_id"]))
    )
    port_rows = pd.DataFrame(
        {
            "port_id": area["port_id"],
            "name": area["port_name"],
            "water": area["water"],
            "country": area["country"],
            "kind": area["port_kind"],
            "usual_tanker_calls": area["usual_tanker_calls"],
            "usual_tanker_calls_source": area["usual_tanker_calls_source"],
            "geometry": area["geometry"],
            "source": area["source"],
            "accuracy_m": float(area["accuracy_m"]),
            "trade_tier": area.get("trade_tier"),
            "waypoints": tuple(area.get("waypoints", ())),
        }
        for area in sorted(areas, key=lambda area: str(area["port_id"]))
        if area["kind"] == "port_limit"
    )
    tiers = port_rows["trade_tier"].astype(object)
    return Ports(
        port_rows.assign(
            usual_tanker_calls=port_rows["usual_tanker_calls"].astype("Int64"),
            # pandas makes NaN of a None among text.
            trade_tier=tiers.where(tiers.notna(), None),
        ),
        area_rows,
    )
