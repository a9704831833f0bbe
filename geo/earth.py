"""Distances on the Earth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flows.home.rules import rule

EARTH_RADIUS_M = rule("earth_radius_km") * 1_000.0
"""Mean radius of the Earth, in metres."""

M_PER_NM = 1852.0
"""Metres in an international nautical mile (by definition)."""


def great_circle_m(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
) -> npt.NDArray[np.float64]:
    """Great-circle distance by the haversine formula.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : array_like of float
        Degrees, WGS 84. Shapes must broadcast against each other.

    Returns
    -------
    numpy.ndarray of float64
        Metres on a sphere of radius ``EARTH_RADIUS_M``, in the broadcast shape (0-d for four
        scalars). NaN or infinity in any coordinate gives NaN. The ellipsoid is up to 0.5 % off.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    One degree of latitude, and a pair across the 180th meridian:

    >>> great_circle_m(0.0, 0.0, 0.0, 1.0).round(1)
    np.float64(111195.1)
    >>> great_circle_m([179.5, 56.0], [0.0, 27.0], [-179.5, 56.0], [0.0, 27.0]).round(1)
    array([111195.1,      0. ])
    """
    x1, y1, x2, y2 = (np.asarray(value, dtype=np.float64) for value in (lon1, lat1, lon2, lat2))
    with np.errstate(invalid="ignore"):
        half_lat = np.radians(y2 - y1) / 2
        half_lon = np.radians(x2 - x1) / 2
        h = np.sin(half_lat) ** 2 + (
            np.cos(np.radians(y1)) * np.cos(np.radians(y2)) * np.sin(half_lon) ** 2
        )
        # Rounding may lift h of antipodes a hair above 1, where arcsin has no value.
        distance = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return np.asarray(distance)
