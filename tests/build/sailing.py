"""A ship's way as a function of time, reported at any interval, dense or thin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from math import cos, radians

from tests.build.files import row
from tests.build.ships import DANISH, START, Ship

Place = tuple[float, float]
Way = Callable[[float], tuple[Place, bool]]
"""Hours since the way began -> the place, and whether the ship lies still."""

LEG_H = 6.0


def voyage(*places: Place, stay_h: float = 24.0, leg_h: float = LEG_H) -> tuple[Way, float]:
    """A way from place to place with a stay at all but the ends, and how many hours it takes."""
    steps: list[tuple[float, Place, Place]] = []
    for number, (here, there) in enumerate(pairwise(places)):
        steps.append((leg_h, here, there))
        if number + 2 < len(places):
            steps.append((stay_h, there, there))

    def at(hours: float) -> tuple[Place, bool]:
        for length_h, here, there in steps:
            if hours <= length_h:
                part = hours / length_h
                lon, lat = (a + part * (b - a) for a, b in zip(here, there, strict=True))
                return (lon, lat), here == there
            hours -= length_h
        return places[-1], False

    return at, sum(length_h for length_h, _, _ in steps)


def reports(
    of: Ship,
    day_number: float,
    way: tuple[Way, float],
    *,
    every_min: float = 30.0,
    late_s: float = 0.0,
    east_m: float = 0.0,
    north_m: float = 0.0,
    behind_h: float = 0.0,
    heard: Callable[[float], bool] = lambda hours: True,
) -> Iterator[str]:
    """Rows of a ship that sails a way, with a few metres of noise.

    `late_s` moves the moments of its reports, `behind_h` the ship itself along the way; `east_m`
    and `north_m` its place. `heard` says of the hours since the way began whether it is heard.
    """
    at, length_h = way
    for number in range(int((length_h + behind_h) * 60 / every_min) + 1):
        hours = number * every_min / 60 + late_s / 3600
        if not (behind_h <= hours <= length_h + behind_h and heard(hours)):
            continue
        (lon, lat), is_still = at(hours - behind_h)
        noise_m = (number * 37 % 11 - 5) + int(of["mmsi"]) % 7
        moment = START + timedelta(days=day_number, hours=hours)
        yield row(
            DANISH,
            **of,
            reported_at=f"{moment:%d/%m/%Y %H:%M:%S}",
            lon=f"{lon + (east_m + noise_m) / 111_200 / cos(radians(lat)):.5f}",
            lat=f"{lat + (north_m - noise_m) / 111_200:.5f}",
            sog_kn="0.1" if is_still else "9.0",
            nav_status="Moored" if is_still else "Under way using engine",
        )
