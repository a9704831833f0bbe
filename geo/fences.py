"""Which fixes lie in which port, and which lie near one: vectorised over arrays of points."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from geo.earth import EARTH_RADIUS_M
from geo.ports import Ports

LAND, OUTSIDE, PORT_LIMIT, ANCHORAGE, BERTH = -1, 0, 1, 2, 3
_AREA = {"anchorage": ANCHORAGE, "berth": BERTH, "land": LAND}

# Points are taken in blocks, so that masks stay in the processor's cache and memory stays flat.
BLOCK = 1 << 17

# Cells of the first sieve of `locate`: about 5 km, so that a fence of 10 km takes few of them.
LOCATE_CELL_DEG = 0.05

METRES_A_DEGREE = np.pi * EARTH_RADIUS_M / 180


class Location(NamedTuple):
    """Where points lie; three arrays of the same length as the points."""

    port: npt.NDArray[np.int16]
    """Row number in `Ports.port`, -1 outside every limit."""
    area: npt.NDArray[np.int8]
    """OUTSIDE 0, PORT_LIMIT 1 (in none of the following), ANCHORAGE 2, BERTH 3; LAND -1, dry land
    inside a limit."""
    is_shared_roads: npt.NDArray[np.bool_]
    """In an anchorage that serves several ports."""


def locate(
    lon: npt.ArrayLike, lat: npt.ArrayLike, ports: Ports, error_m: npt.ArrayLike | None = None
) -> Location:
    """Find the port and the kind of area that each point lies in.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees, WGS 84. NaN, infinite or off the globe: outside.
    ports : Ports
        As `geo.ports.load_ports` gives it.
    error_m : array_like of float, shape (n,), optional
        How far the ship may be from the point, metres, beyond a receiver's error.

    Returns
    -------
    Location
        Arrays of shape (n,). A point on an edge is inside. A berth wins over an anchorage. A point
        that is not exact is in a berth that lies within its error, unless it is in an anchorage or
        in another port; and never on dry land, where no ship is.

    Raises
    ------
    ValueError
        If lon and lat are not two arrays of one dimension and the same length.

    Notes
    -----
    A grid of cells that touch a limit lets most points go after one look-up; what is left meets
    bounding boxes and then prepared polygons. The result is exact, the grid only saves time. It
    is built once for a `Ports` object and kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> from geo.ports import load_ports
    >>> ports = load_ports(Path("data/ports/iran.geojson"))
    >>> place = locate([50.33, 50.41, 52.0], [29.23, 29.2, 26.0], ports)
    >>> place.area.tolist()
    [3, 2, 0]
    >>> [ports.port["port_id"].iloc[row] if row >= 0 else None for row in place.port]
    ['IRKHK', 'IRKHK', None]
    """
    x, y = _points(lon, lat)
    fences = _fences(ports)
    place = Location(
        np.full(x.size, -1, np.int16), np.zeros(x.size, np.int8), np.zeros(x.size, np.bool_)
    )
    for start in range(0, x.size, BLOCK):
        block = slice(start, start + BLOCK)
        cell = _cells(x[block], y[block], fences.grid)
        close = np.flatnonzero(fences.is_close[cell]) + start
        if close.size:
            _locate_close(close, x[close], y[close], fences, place)
    if error_m is not None:
        error = np.asarray(error_m, dtype=np.float64)
        for distance in np.unique(error[error > 0]).tolist():
            _locate_roughly(np.flatnonzero(error == distance), x, y, ports, distance, place)
    return place


def _locate_roughly(
    rows: npt.NDArray[np.intp],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    ports: Ports,
    distance_m: float,
    place: Location,
) -> None:
    """Give the points in `rows`, which may be so far off, to the berths near them."""
    place.area[rows[place.area[rows] == LAND]] = PORT_LIMIT
    for port, berth in enumerate(_fences(ports).berths):
        if berth.is_empty:
            continue
        here = rows[(place.port[rows] == port) | (place.port[rows] < 0)]
        here = here[(place.area[here] == OUTSIDE) | (place.area[here] == PORT_LIMIT)]
        here = here[_is_within_m(x[here], y[here], berth, distance_m)]
        place.port[here], place.area[here] = port, BERTH


def _is_within_m(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    geometry: BaseGeometry,
    distance_m: float,
) -> npt.NDArray[np.bool_]:
    """Whether points lie so near a geometry, in a plane that is true at its middle latitude."""
    west, south, east, north = geometry.bounds
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    reach = distance_m / METRES_A_DEGREE
    is_near: npt.NDArray[np.bool_] = np.abs(y - (south + north) / 2) <= (north - south) / 2 + reach
    is_near &= np.abs(x - (west + east) / 2) <= (east - west) / 2 + 1.01 * reach / squeeze
    close = np.flatnonzero(is_near)
    # In degrees of latitude, with longitude squeezed to its true length there.
    flat = scale(geometry, squeeze, 1, origin=(0, 0))
    shapely.prepare(flat)
    is_near[close] = shapely.dwithin(flat, shapely.points(x[close] * squeeze, y[close]), reach)
    return is_near


def near(
    lon: npt.ArrayLike, lat: npt.ArrayLike, ports: Ports, distance_km: float = 60.0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int16]]:
    """Pair each point with every port whose limit lies within a distance of it.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees, WGS 84. NaN, infinite or off the globe: near nothing.
    ports : Ports
        As `geo.ports.load_ports` gives it.
    distance_km : float
        Kilometres from the port limit, the inside of which is at distance 0. Default 60.

    Returns
    -------
    point, port : numpy.ndarray, shape (k,)
        Row numbers of the points and in `Ports.port`, sorted by point, then port.

    Raises
    ------
    ValueError
        If the arrays differ in shape, or the distance is negative, NaN or above 500 km.

    Notes
    -----
    Distances are in a plane that is true at the port's middle latitude: at 60 km they may be off
    by a kilometre. Every point meets every port's bounding box, and the limit itself where it lies
    in that.

    Examples
    --------
    >>> from pathlib import Path
    >>> from geo.ports import load_ports
    >>> ports = load_ports(Path("data/ports/iran.geojson"))
    >>> point, port = near([53.0, 60.6], [27.9, 24.9], ports)
    >>> point.tolist(), ports.port["port_id"].iloc[port].tolist()
    ([0, 1], ['IRASA', 'IRZBR'])
    """
    if not 0 <= distance_km <= 500:
        raise ValueError(f"distance_km must lie between 0 and 500, not {distance_km}")
    x, y = _points(lon, lat)
    points, rows = [np.empty(0, np.intp)], [np.empty(0, np.int16)]
    for row, limit in enumerate(ports.port["geometry"]):
        hit = np.flatnonzero(_is_within_m(x, y, limit, distance_km * 1000))
        points.append(hit)
        rows.append(np.full(hit.size, row, np.int16))
    point, port = np.concatenate(points), np.concatenate(rows)
    order = np.lexsort((port, point))
    return point[order], port[order]


class _Grid(NamedTuple):
    """Cells of one size, numbered row by row; the last number is that of everything outside."""

    west: float
    south: float
    columns: int
    rows: int
    cell_deg: float


class _Area(NamedTuple):
    geometry: BaseGeometry
    area: int
    is_shared: bool


class _Fences(NamedTuple):
    grid: _Grid
    is_close: npt.NDArray[np.bool_]
    limits: list[BaseGeometry]
    inner: list[list[_Area]]
    berths: list[BaseGeometry]  # of each port, all in one; empty where it has none


def _points(
    lon: npt.ArrayLike, lat: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"lon and lat must be of one length, not {x.shape} and {y.shape}")
    return x, y


def _grid(bounds: npt.NDArray[np.float64], cell_deg: float) -> _Grid:
    west, south, east, north = bounds
    columns, rows = np.ceil([(east - west) / cell_deg, (north - south) / cell_deg]).astype(int)
    # One more each way: a point on the far edge falls into it.
    return _Grid(float(west), float(south), int(columns) + 1, int(rows) + 1, cell_deg)


def _cells(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], grid: _Grid
) -> npt.NDArray[np.int64]:
    """Cell numbers; outside the grid, NaN and infinity get the last number."""
    column = (x - grid.west) / grid.cell_deg
    row = (y - grid.south) / grid.cell_deg
    inside = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    cell = np.full(x.size, grid.columns * grid.rows, np.int64)
    cell[inside] = row[inside].astype(np.int64) * grid.columns + column[inside].astype(np.int64)
    return cell


def _locate_close(
    close: npt.NDArray[np.intp],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    fences: _Fences,
    place: Location,
) -> None:
    for port, (limit, areas) in enumerate(zip(fences.limits, fences.inner, strict=True)):
        inside = np.flatnonzero(_in_box(x, y, limit))
        inside = inside[shapely.intersects_xy(limit, x[inside], y[inside])]
        if not inside.size:
            continue
        place.port[close[inside]] = port
        place.area[close[inside]] = PORT_LIMIT
        for area in areas:
            hit = inside[shapely.intersects_xy(area.geometry, x[inside], y[inside])]
            place.area[close[hit]] = area.area
            place.is_shared_roads[close[hit]] = area.is_shared


def _in_box(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], geometry: BaseGeometry
) -> npt.NDArray[np.bool_]:
    west, south, east, north = geometry.bounds
    inside: npt.NDArray[np.bool_] = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return inside


@lru_cache(maxsize=8)
def _fences(ports: Ports) -> _Fences:
    limits = list(ports.port["geometry"])
    inner: list[list[_Area]] = [[] for _ in limits]
    row_of = {port_id: row for row, port_id in enumerate(ports.port["port_id"])}
    # "anchorage" sorts before "berth", so that a berth is written last and wins.
    areas = ports.port_area.sort_values(["kind", "area_id"])
    columns = (areas[name] for name in ("port_id", "kind", "geometry", "serves"))
    for port_id, kind, geometry, serves in zip(*columns, strict=True):
        if kind != "port_limit":
            shapely.prepare(geometry)
            inner[row_of[port_id]].append(_Area(geometry, _AREA[kind], len(serves) > 0))
    shapely.prepare(limits)
    grid = _grid(shapely.total_bounds(limits), LOCATE_CELL_DEG)
    is_close = np.zeros(grid.columns * grid.rows + 1, np.bool_)
    for limit in limits:
        is_close[_touched_cells(limit, grid)] = True
    berths = [
        shapely.union_all([area.geometry for area in areas if area.area == BERTH])
        for areas in inner
    ]
    return _Fences(grid, is_close, limits, inner, berths)


def _touched_cells(limit: BaseGeometry, grid: _Grid) -> npt.NDArray[np.int64]:
    """The cells that a limit touches, looked for in its own box: the ports lie oceans apart."""
    west, south, east, north = limit.bounds
    first, last = (
        [int((lon - grid.west) / grid.cell_deg), int((lat - grid.south) / grid.cell_deg)]
        for lon, lat in ((west, south), (east, north))
    )
    column, row = np.meshgrid(
        np.arange(max(first[0] - 1, 0), min(last[0] + 2, grid.columns)),
        np.arange(max(first[1] - 1, 0), min(last[1] + 2, grid.rows)),
    )
    # A hair wider than the cell, for points that rounding puts into the neighbouring cell.
    hair = 1e-9
    corner_lon = grid.west + column.ravel() * grid.cell_deg
    corner_lat = grid.south + row.ravel() * grid.cell_deg
    boxes = shapely.box(
        corner_lon - hair,
        corner_lat - hair,
        corner_lon + grid.cell_deg + hair,
        corner_lat + grid.cell_deg + hair,
    )
    cell: npt.NDArray[np.int64] = (row * grid.columns + column).ravel().astype(np.int64)
    touched: npt.NDArray[np.bool_] = shapely.intersects(limit, boxes)
    return cell[touched]
