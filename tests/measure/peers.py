"""Other libraries at steps of the run: a script of environments of their own, not of Barometer.

`peers.py STEP INPUT OUTPUT` does a step of `make evaluate` or `make bench ARGS=peers` and prints
seconds, rows, what was found and the version as JSON. Importing is not timed. The libraries are
imported where they are used: a test run imports this file to look for doctests, without them.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
PORT_FILES = sorted((ROOT / "data" / "ports").glob("*.geojson"))

MAX_KN = 30.0
"""Faster is an outlier: no tanker sails so fast."""

MIN_STOP = timedelta(hours=1)
MAX_DIAMETER_M = 1000.0
MAX_GAP = timedelta(hours=24)
"""A track is cut where it is silent for longer. Shorter would cut it at every silence of the thin
receptions, and trackintel drops a stop that a cut ends."""

Rows = Iterable[tuple[Any, ...]]


def movingpandas_stops(fixes: pd.DataFrame) -> Rows:
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
    for stop in found:
        x, y = stop.df.geometry.x.median(), stop.df.geometry.y.median()
        yield stop.df["mmsi"].iloc[0], stop.get_start_time(), stop.get_end_time(), x, y


def trackintel_stops(fixes: pd.DataFrame) -> Rows:
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
    for stop in found.itertuples():
        place = stop.geometry
        yield stop.user_id, stop.started_at, stop.finished_at, place.x, place.y


def stops(find: Callable[[pd.DataFrame], Rows], given: Path, out: Path) -> dict[str, Any]:
    """Stops (mmsi, began_at, ended_at, lon, lat) in fixes (mmsi, reported_at, lon, lat), by time.

    Reading and writing are not timed.
    """
    import pandas as pd

    def found(fixes: pd.DataFrame) -> pd.DataFrame:
        table = pd.DataFrame(find(fixes), columns=["mmsi", "began_at", "ended_at", "lon", "lat"])
        for name in ("began_at", "ended_at"):
            table[name] = pd.to_datetime(table[name], utc=True).dt.tz_localize(None)
        return table.astype({"mmsi": "int32", "lon": float, "lat": float})

    # Of optional parts that are not installed, and of tracks too short to clean.
    warnings.simplefilter("ignore")
    fixes = pd.read_parquet(given)
    # An empty run imports the library and what it loads on its first call.
    found(fixes[fixes["mmsi"] == fixes["mmsi"].iloc[0]])
    start = time.perf_counter()
    table = found(fixes)
    seconds = time.perf_counter() - start
    table.to_parquet(out, index=False)
    return {"seconds": seconds, "rows": len(fixes), "found": len(table)}


def polars_lake(day: Path, out: Path) -> dict[str, Any]:
    """A CSV checked, sorted, each fix once, as zstd Parquet. What is rejected is dropped unsaid."""
    import polars as pl

    start = time.perf_counter()
    lazy = pl.scan_csv(day, schema_overrides={"imo": pl.String, "base_date_time": pl.String})
    too_large = {"sog": 102.3, "cog": 360.0, "heading": 511.0}
    key = ["mmsi", "base_date_time", "longitude", "latitude"]
    (
        lazy.with_columns(
            pl.col("base_date_time").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
            *(pl.when(pl.col(n) < code).then(pl.col(n)).alias(n) for n, code in too_large.items()),
            pl.when(pl.col("draft") > 0).then(pl.col("draft")).alias("draft"),
        )
        .filter(
            pl.col("mmsi").is_between(200_000_000, 799_999_999),
            pl.col("longitude").is_between(-180, 180),
            pl.col("latitude").is_between(-90, 90),
            pl.col("base_date_time").is_not_null(),
        )
        .unique(subset=key, keep="any")
        .sort(key)
        .sink_parquet(out, compression="zstd")
    )
    seconds = time.perf_counter() - start
    rows = lazy.select(pl.len()).collect().item()
    kept = pl.scan_parquet(out).select(pl.len()).collect().item()
    return {"seconds": seconds, "rows": rows, "found": kept}


def polars_boxes(points: Path, out: Path) -> dict[str, Any]:
    """Points in the boxes round the port areas: more than are in the areas."""
    import geopandas as gpd
    import pandas as pd
    import polars as pl

    areas = pd.concat([gpd.read_file(path) for path in PORT_FILES])
    box = pl.DataFrame(areas.geometry.bounds.reset_index(drop=True).to_dict("list"))
    fixes = pl.read_parquet(points, columns=["lon", "lat"])
    within = [
        *(pl.col("lon") >= pl.col("minx"), pl.col("lon") <= pl.col("maxx")),
        *(pl.col("lat") >= pl.col("miny"), pl.col("lat") <= pl.col("maxy")),
    ]
    start = time.perf_counter()
    inside = fixes.lazy().with_row_index("fix").join_where(box.lazy(), *within)
    found = inside.select(pl.col("fix").n_unique()).collect().item()
    return {"seconds": time.perf_counter() - start, "rows": len(fixes), "found": found}


def geopandas_sjoin(points: Path, out: Path) -> dict[str, Any]:
    """Points in the port areas by a spatial join; making the points is part of it."""
    import geopandas as gpd
    import pandas as pd

    areas = pd.concat([gpd.read_file(path) for path in PORT_FILES]).reset_index(drop=True)
    fixes = pd.read_parquet(points, columns=["lon", "lat"])
    start = time.perf_counter()
    placed = gpd.GeoDataFrame(
        fixes, geometry=gpd.points_from_xy(fixes["lon"], fixes["lat"]), crs=areas.crs
    )
    found = placed.sjoin(areas[["geometry"]], predicate="intersects").index.nunique()
    return {"seconds": time.perf_counter() - start, "rows": len(fixes), "found": found}


STEPS: dict[str, tuple[str, Callable[[Path, Path], dict[str, Any]]]] = {
    "movingpandas": ("movingpandas", partial(stops, movingpandas_stops)),
    "trackintel": ("trackintel", partial(stops, trackintel_stops)),
    "polars-lake": ("polars", polars_lake),
    "polars-boxes": ("polars", polars_boxes),
    "geopandas-sjoin": ("geopandas", geopandas_sjoin),
}


def main(step: str, given: str, out: str) -> None:
    """Do a step, print what it took."""
    library, work = STEPS[step]
    print(json.dumps(work(Path(given), Path(out)) | {"version": version(library)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
