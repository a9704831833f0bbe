"""AIS of a coast where linked tankers call at a rate that is known: to hold the series against.

SIMULATED: one port's berth and one way in, ships that lie near every port and lend their hearing,
and weeks that nobody heard. What it tests is what the series says, not how calls are found.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from flows.home.resources import port_files
from flows.home.settings import Settings
from flows.runner import run
from geo.ports import load_ports
from tests.build.files import ingest, settings_of

HEADER = (
    *("mmsi", "base_date_time", "longitude", "latitude", "sog", "cog", "heading", "vessel_name"),
    *("imo", "call_sign", "vessel_type", "status", "length", "width", "draft", "cargo"),
    "transceiver",
)
WAY = [(0, (50.70, 28.50)), (8, (50.40, 29.18)), (9, (50.34, 29.235)), (33, (50.34, 29.235))]
"""Hours and places (lon, lat): in from the sea past Kharg's roads, a day at the T-jetty ..."""
WAY_OUT = [(34, (50.40, 29.18)), (42, (50.70, 28.50))]
"""... and out again."""
HOURS = 42

RUSSIAN, IRANIAN = 273, 422
POOL = 300
"""Ships of each flag: one that called rests for years of calls before its turn comes again."""


class World(NamedTuple):
    """A coast: `rate` of linked calls in each week, `heard` the share of each week that is heard.

    A week with a share below 1 is silent from its begin on for the rest of it.
    """

    start: datetime
    rate: npt.NDArray[np.float64]
    heard: npt.NDArray[np.float64]
    calls_at_once: int
    seed: int


def fill(world: World, folder: Path) -> Settings:
    """Write the world's AIS file below a folder, bring it into a home there, and derive from it."""
    path = folder / "simulated-series.csv.gz"
    folder.mkdir(parents=True)
    with gzip.open(path, "wt", newline="", compresslevel=1) as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(row for row in _rows(world) if _is_heard(world, row[1]))
    end = world.start + timedelta(weeks=len(world.rate), hours=6)
    settings = settings_of(folder / "home", as_of=end, memory_limit="1GB")
    run.derive(settings, ingest(settings, path), publish=False)
    return settings


def _is_heard(world: World, at: datetime) -> bool:
    week, hours = divmod((at - world.start) / timedelta(hours=1), 168)
    if not 0 <= week < len(world.rate):
        return False
    return hours >= 168 * (1 - world.heard[int(week)])


def _rows(world: World) -> Iterator[list[Any]]:
    rng = np.random.default_rng(world.seed)
    yield from _neighbours(world, rng)
    yield from _callers(world, rng, RUSSIAN, world.rate, world.calls_at_once)
    yield from _callers(world, rng, IRANIAN, np.full(len(world.rate), 3.0), 1)


def _neighbours(world: World, rng: np.random.Generator) -> Iterator[list[Any]]:
    """A cargo ship that lies near each Iranian port, heard every five hours."""
    port = load_ports(*port_files()).port.query("country == 'IR'")
    for number, place in enumerate(shapely.centroid(port["geometry"].to_numpy())):
        for hour in np.arange(rng.uniform(0, 5), 168 * len(world.rate), 5):
            at = world.start + timedelta(hours=float(hour))
            yield _row(412000000 + number, at, (place.x, place.y), 0.0, f"NEAR {number}")


def _callers(
    world: World, rng: np.random.Generator, mid: int, rate: npt.NDArray[np.float64], at_once: int
) -> Iterator[list[Any]]:
    """Tankers that call at random times, `at_once` together; the rate is of calls."""
    turn = 0
    for week, mean in enumerate(rate):
        for arrival_h in np.sort(rng.uniform(0, 168, rng.poisson(mean / at_once))):
            for _ in range(at_once):
                ship = turn % POOL
                turn += 1
                # The way takes 7.6 hours to the port's outer fence.
                begin = world.start + timedelta(hours=168 * week + float(arrival_h) - 7.6)
                yield from _call(mid, ship, begin)


def _call(mid: int, ship: int, begin: datetime) -> Iterator[list[Any]]:
    hours, places = zip(*WAY, *WAY_OUT, strict=True)
    lon, lat = zip(*places, strict=True)
    for hour in range(HOURS + 1):
        place = (float(np.interp(hour, hours, lon)), float(np.interp(hour, hours, lat)))
        sog_kn = 0.1 if WAY[2][0] <= hour <= WAY[3][0] else 8.0
        at = begin + timedelta(hours=hour)
        mmsi = mid * 1_000_000 + 1000 + ship
        yield _row(mmsi, at, place, sog_kn, f"SIM {mid} {ship}", f"IMO{_imo(mid, ship)}", 80)


def _imo(mid: int, ship: int) -> int:
    digits = f"{(mid * 1000 + ship) % 899_999 + 100_000}"
    return int(digits + str(sum(int(d) * (7 - n) for n, d in enumerate(digits)) % 10))


def _row(
    mmsi: int, at: datetime, place: tuple[float, float], sog_kn: float, name: str, imo="", kind=70
) -> list[Any]:
    return [
        *(mmsi, at.replace(microsecond=0), f"{place[0]:.5f}", f"{place[1]:.5f}", sog_kn),
        *(180.0, 511, name, imo, "", kind, 0, 180, 30, "", "", "A"),
    ]
