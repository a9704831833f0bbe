"""Stops as MovingPandas and trackintel find them: a script of `.venv-evaluate`, not of Barometer.

`make evaluate` runs it with a Parquet file of fixes (mmsi, reported_at, lon, lat, ordered by time);
it writes the stops (mmsi, began_at, ended_at, lon, lat) and prints seconds and version as
JSON. Reading and writing are not timed. The libraries are imported where they are used: the test
run imports this file to look for doctests, in an environment that has neither.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pandas as pd

MAX_KN = 30.0
"""Faster is an outlier: no tanker sails so fast."""

MIN_STOP = timedelta(hours=1)
MAX_DIAMETER_M = 1000.0
MAX_GAP = timedelta(hours=24)
"""A track is cut where it is silent for longer. Shorter would cut it at every silence of the thin
receptions, and trackintel drops a stop that a cut ends."""


def movingpandas_stops(fixes: pd.DataFrame) -> pd.DataFrame:
    """Outliers cleaned away by speed, tracks cut at gaps, then the stop detector."""
    import movingpandas as mpd

    # Each cut writes a new name into the column that tells the tracks.
    named = fixes.assign(track=fixes["mmsi"].astype(str))
    tracks = mpd.TrajectoryCollection(
        named, traj_id_col="track", t="reported_at", x="lon", y="lat", crs="EPSG:4326"
    )
    cleaned = mpd.OutlierCleaner(tracks).clean(v_max=MAX_KN, units=("nm", "h"))
    pieces = mpd.ObservationGapSplitter(cleaned).split(gap=MAX_GAP)
    found = mpd.TrajectoryStopDetector(pieces).get_stop_segments(
        max_diameter=MAX_DIAMETER_M, min_duration=MIN_STOP
    )
    return _stops(
        (
            stop.df["mmsi"].iloc[0],
            *(stop.get_start_time(), stop.get_end_time()),
            *(stop.df.geometry.x.median(), stop.df.geometry.y.median()),
        )
        for stop in found
    )


def trackintel_stops(fixes: pd.DataFrame) -> pd.DataFrame:
    """Staypoints by the sliding window of Li et al. (2008)."""
    import geopandas as gpd
    import trackintel as ti

    points = gpd.GeoDataFrame(
        {"user_id": fixes["mmsi"], "tracked_at": fixes["reported_at"]},
        geometry=gpd.points_from_xy(fixes["lon"], fixes["lat"]),
        crs="EPSG:4326",
    )
    _, found = ti.io.read_positionfixes_gpd(points, tz="UTC").generate_staypoints(
        method="sliding",
        # From the window's first fix: a radius.
        dist_threshold=MAX_DIAMETER_M / 2,
        time_threshold=MIN_STOP.total_seconds() / 60,
        gap_threshold=MAX_GAP.total_seconds() / 60,
        include_last=True,
    )
    return _stops(
        (stop.user_id, stop.started_at, stop.finished_at, stop.geometry.x, stop.geometry.y)
        for stop in found.itertuples()
    )


def _stops(rows: object) -> pd.DataFrame:
    stops = pd.DataFrame(rows, columns=["mmsi", "began_at", "ended_at", "lon", "lat"])
    for name in ("began_at", "ended_at"):
        stops[name] = pd.to_datetime(stops[name], utc=True).dt.tz_localize(None)
    return stops.astype({"mmsi": "int32", "lon": float, "lat": float})


DETECTORS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "movingpandas": movingpandas_stops,
    "trackintel": trackintel_stops,
}


def main() -> None:
    """Read fixes, find stops, write them, print how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detector", choices=tuple(DETECTORS))
    parser.add_argument("fixes", type=Path)
    parser.add_argument("stops", type=Path)
    flags = parser.parse_args()
    # Of optional parts that are not installed, and of tracks too short to clean.
    warnings.simplefilter("ignore")
    fixes = pd.read_parquet(flags.fixes)
    # An empty run imports the library and what it loads on its first call.
    DETECTORS[flags.detector](fixes[fixes["mmsi"] == fixes["mmsi"].iloc[0]])
    start = time.perf_counter()
    stops = DETECTORS[flags.detector](fixes)
    seconds = time.perf_counter() - start
    stops.to_parquet(flags.stops, index=False)
    print(json.dumps({"seconds": seconds, "version": version(flags.detector)}))


if __name__ == "__main__":
    main()
