"""polars and GeoPandas at steps of the run: a script of `.venv-benchmark`, not of Barometer.

`peers.py STEP INPUT OUTPUT` does a step and prints seconds, rows and version as JSON. Importing is
not timed. Stops are found by `tests/measure/evaluation/peers.py`, in the same environment.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PORT_FILES = sorted((ROOT / "data" / "ports").glob("*.geojson"))


def polars_lake(day: Path, out: Path) -> dict[str, Any]:
    """A CSV checked, sorted, each fix once, as zstd Parquet. What is rejected is dropped unsaid."""
    import polars as pl

    start = time.perf_counter()
    lazy = pl.scan_csv(day, schema_overrides={"imo": pl.String, "base_date_time": pl.String})
    names = ("sog", "cog", "heading", "draft")
    unknown = dict(zip(names, (102.3, 360.0, 511.0, 0.0), strict=True))
    key = ["mmsi", "base_date_time", "longitude", "latitude"]
    (
        lazy.with_columns(
            pl.col("base_date_time").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
            *(
                pl.when(pl.col(name) >= code if code else pl.col(name) > code)
                .then(None if code else pl.col(name))
                .otherwise(pl.col(name) if code else None)
                .alias(name)
                for name, code in unknown.items()
            ),
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
    return {"seconds": seconds, "rows": rows, "found": kept, "version": version("polars")}


def polars_boxes(points: Path, out: Path) -> dict[str, Any]:
    """Points in the boxes round the port areas: more than are in the areas."""
    import geopandas as gpd
    import pandas as pd
    import polars as pl

    areas = pd.concat([gpd.read_file(path) for path in PORT_FILES])
    box = pl.DataFrame(areas.geometry.bounds.reset_index(drop=True).to_dict("list"))
    fixes = pl.read_parquet(points, columns=["lon", "lat"])
    start = time.perf_counter()
    found = (
        fixes.lazy()
        .with_row_index("fix")
        .join_where(
            box.lazy(),
            pl.col("lon") >= pl.col("minx"),
            pl.col("lon") <= pl.col("maxx"),
            pl.col("lat") >= pl.col("miny"),
            pl.col("lat") <= pl.col("maxy"),
        )
        .select(pl.col("fix").n_unique())
        .collect()
        .item()
    )
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": len(fixes), "found": found, "version": version("polars")}


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
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": len(fixes), "found": found, "version": version("geopandas")}


STEPS: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "polars-lake": polars_lake,
    "polars-boxes": polars_boxes,
    "geopandas-sjoin": geopandas_sjoin,
}


def main() -> None:
    """Do a step, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=tuple(STEPS))
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    flags = parser.parse_args()
    print(json.dumps(STEPS[flags.step](flags.input, flags.output)))


if __name__ == "__main__":
    main()
