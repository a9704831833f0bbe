"""What is drawn on the interactive map, layer by layer."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from flows.report.figures import ALL, FENCE, INK, LINKED, MUTED

MOST_CREDIBLE = 10_000
"""Most credible fixes drawn. A choice: a browser draws so many without a pause, and the file stays
near two megabytes."""
FIRST_TOLERANCE_M = 50.0
"""First tolerance of thinning: a pixel of a map of 50 km that is 1,000 pixels wide. It is doubled
until at most `MOST_CREDIBLE` are left."""
SILENCE_US = 24 * 3_600 * 1_000_000
"""A step without a fix for this long is dashed: the silence that `barometer vessel` lists."""

# Radius of the sphere of Web Mercator (EPSG:3857), the projection of the plot.
_RADIUS_M = 6_378_137.0

SECOND_HULL_REASON, CLOCK_REASON, NOT_JUDGED = "second hull", "wrong clock", "not judged"


class Layer(NamedTuple):
    """A layer that can be switched on the map: its name, symbol, colour and label."""

    name: str
    sign: str
    colour: str
    text: str


PORT_LAYERS = (
    Layer("port_limit", "▢", FENCE, "outer limits"),
    Layer("anchorage", "▨", "#8fb8a8", "anchorages"),
    Layer("berth", "■", "#a8590a", "berths"),
    Layer("names", "Aa", INK, "names"),
)
FIX_LAYERS = {
    "credible": (Layer("credible", "●", ALL, "credible fixes"), "circle"),
    "disputed": (Layer("disputed", "▲", "#c98a00", "disputed"), "triangle"),
    CLOCK_REASON: (Layer("clock", "◆", "#7b4ea3", "wrong clock"), "diamond"),
    "implausible": (Layer("implausible", "✕", "#c2185b", "implausible"), "x"),
    SECOND_HULL_REASON: (Layer("second", "■", "#5b8c2a", "another hull on its MMSI"), "square"),
    NOT_JUDGED: (Layer("not_judged", "○", MUTED, "not judged: never near a port"), "circle"),
}
"""Kind of fix -> its layer and marker. Shapes differ too, for colour-blind readers."""
CALL_LAYER = Layer("calls", "★", LINKED, "port calls")
EVENT_LAYER = Layer("interference", "◯", "#c2185b", "interference at the time")


def thin(fix: pd.DataFrame, most: int = MOST_CREDIBLE) -> tuple[pd.DataFrame, float]:
    """Fewer of the credible fixes, if there are more than can be drawn.

    Each segment without a long silence is simplified after Douglas and Peucker (1973): no fix that
    is left out is farther from the drawn line than the tolerance. The ends of each segment and
    every fix that is not credible are kept.

    Parameters
    ----------
    fix : DataFrame
        As in `ship_on_map`, by track and time.
    most : int
        Most credible fixes kept, beside the ends of segments.

    Returns
    -------
    kept, tolerance_m : DataFrame, float
        In the same order; 0 metres if nothing was left out. The tolerance is in metres
        on the ground at the ship's middle latitude.
    """
    credible = fix[fix["kind"] == "credible"]
    if len(credible) <= most:
        return fix, 0.0
    x, y = mercator(credible["lon"].to_numpy(), credible["lat"].to_numpy())
    ways = np.split(np.arange(len(credible)), breaks_of(credible))
    stretch = 1 / math.cos(math.radians(float(credible["lat"].median())))
    ends = sum(min(len(way), 2) for way in ways)
    tolerance_m = FIRST_TOLERANCE_M
    while True:
        kept = np.concatenate(
            [way[_simplified(x[way], y[way], tolerance_m * stretch)] for way in ways]
        )
        if len(kept) <= most + ends:
            break
        tolerance_m *= 2
    stays = (fix["kind"] != "credible").to_numpy(copy=True)
    stays[np.flatnonzero(~stays)[kept]] = True
    return fix[stays], tolerance_m


def _simplified(x: npt.NDArray[Any], y: npt.NDArray[Any], tolerance: float) -> npt.NDArray[Any]:
    """Indices of the points of a line that are kept, carried as its third coordinate."""
    if len(x) < 3:
        return np.arange(len(x))
    way = shapely.linestrings(np.column_stack([x, y, np.arange(len(x))]))
    left = shapely.simplify(way, tolerance, preserve_topology=False)
    numbers: npt.NDArray[Any] = shapely.get_coordinates(left, include_z=True)[:, 2].astype(int)
    return numbers


def breaks_of(fix: pd.DataFrame) -> npt.NDArray[Any]:
    """Indices at which a new segment begins: another track, a long silence, or the antimeridian."""
    at_us = fix["reported_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    return 1 + np.flatnonzero(
        (np.diff(fix["track_id"]) != 0)
        | (np.diff(at_us) >= SILENCE_US)
        | (np.abs(np.diff(fix["lon"])) > 180)
    )


def mercator(
    lon: npt.NDArray[np.float64] | float, lat: npt.NDArray[np.float64] | float
) -> tuple[Any, Any]:
    """Metres on Web Mercator (EPSG:3857); latitudes beyond 85 degrees are drawn at 85.

    >>> [round(float(metres)) for metres in mercator(180.0, 0.0)]
    [20037508, 0]
    """
    near = np.clip(lat, -85.0, 85.0)
    return (
        np.radians(lon) * _RADIUS_M,
        np.log(np.tan(np.pi / 4 + np.radians(near) / 2)) * _RADIUS_M,
    )
