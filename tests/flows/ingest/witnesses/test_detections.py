"""Tables of detections and of passes, as CSV, Parquet and GeoParquet, and radar cells of GFW."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.ingest.witnesses.rows import sensor_name
from tests.build.witness import KHARG, detected, passed, sar_cell, table
from tests.flows.ingest.witnesses.test_readers import read, reasons_of, rows_of
from tests.flows.ingest.witnesses.test_store import given as taken_in
from tests.flows.ingest.witnesses.test_store import made  # noqa: F401 a fixture

AT = "2026-04-13T02:21:05Z"
MOMENT = datetime(2026, 4, 13, 2, 21, 5)
BOX = "POLYGON ((49 28, 52 28, 52 30, 49 30, 49 28))"


def geo_parquet(path: Path, shape: shapely.Geometry, **columns: Any) -> bytes:
    """A GeoParquet of one row."""
    meta = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    row = {name: [value] for name, value in columns.items()} | {"geometry": [shape.wkb]}
    pq.write_table(pa.table(row).replace_schema_metadata({"geo": json.dumps(meta)}), path)
    return path.read_bytes()


def test_a_table_of_detections(tmp_path: Path) -> None:
    given = [detected(AT), detected(AT, length_m="", confidence="", accuracy_m=25, reference="r")]
    reading = read(tmp_path, table([given[0] | {"accuracy_m": "", "reference": ""}, given[1]]))
    assert reading is not None and (reading.source, reading.holds) == ("detections", "events")
    first, second = rows_of(reading)
    assert (first["kind"], first["began_at"], first["ended_at"]) == ("detection", MOMENT, MOMENT)
    assert (first["lons"], first["lats"]) == ([KHARG[0]], [KHARG[1]])
    assert (first["length_m"], first["confidence"], first["accuracy_m"]) == (240, 90, 100)
    assert (second["length_m"], second["confidence"], second["accuracy_m"]) == (None, None, 25)
    assert (first["sensor"], second["reference"]) == ("Made-up SAR", "r")


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"detected_at": "dawn"}, "detected_at is not a time such as 2026-04-13T02:21:05Z"),
        ({"lat": 91}, "no lon and lat on Earth"),
        ({"sensor": "=cmd()"}, "sensor is not a name of letters, digits and - . / alone"),
        ({"sensor": "<script>"}, "sensor is not a name of letters, digits and - . / alone"),
        ({"length_m": -3}, "length_m is not a length of a ship, 0 to 500"),
        ({"length_m": "long"}, "length_m is not a length of a ship, 0 to 500"),
        ({"confidence": 90}, "confidence is not a share from 0 to 1"),
        ({"accuracy_m": 1e6}, "accuracy_m is not between 0 and 2000"),
    ],
)
def test_a_detection_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    good = detected(AT, accuracy_m="")
    reading = read(tmp_path, table([good, good | change]))
    assert reasons_of(reading) == [(3, reason)]
    assert len(rows_of(reading)) == 1


def test_the_same_detection_in_each_form(tmp_path: Path) -> None:
    """CSV, Parquet with columns of places, GeoParquet with a point; a zone is converted."""
    row = detected(AT)
    zoned = row | {"detected_at": datetime(2026, 4, 13, 2, 21, 5, tzinfo=UTC)}
    pq.write_table(pa.Table.from_pylist([zoned]), tmp_path / "plain.parquet")
    without = {name: value for name, value in row.items() if name not in ("lon", "lat")}
    pointed = geo_parquet(tmp_path / "point.parquet", shapely.Point(KHARG), **without)
    forms = [table([row]), (tmp_path / "plain.parquet").read_bytes(), pointed]
    found = [rows_of(read(tmp_path, content)) for content in forms]
    for rows in found:
        for each in rows:
            assert each.pop("line") in (1, 2)
    assert found[0] == found[1] == found[2] and len(found[0]) == 1


def test_a_pass_by_box_by_wkt_and_by_polygon(tmp_path: Path) -> None:
    boxed = table([passed(AT, (49, 28, 52, 30))])
    written = table([{"passed_at": AT, "sensor": "Made-up SAR", "footprint": f'"{BOX}"'}])
    drawn = geo_parquet(
        tmp_path / "p.parquet", shapely.from_wkt(BOX), passed_at=AT, sensor="Made-up SAR"
    )
    for content in (boxed, written, drawn):
        reading = read(tmp_path, content)
        assert reading is not None and (reading.source, reading.holds) == ("passes", "passes")
        (row,) = rows_of(reading)
        assert (row["began_at"], row["ended_at"]) == (MOMENT, MOMENT)
        assert shapely.from_wkt(row["footprint"]).equals(shapely.from_wkt(BOX))


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"passed_at": "dawn"}, "passed_at is not a time such as 2026-04-13T02:21:05Z"),
        ({"ended_at": "2026-04-12T00:00:00Z"}, "ended_at is not a time up to an hour after"),
        ({"ended_at": "2026-04-13T12:00:00Z"}, "ended_at is not a time up to an hour after"),
        ({"west": 53}, "no footprint: a valid polygon as WKT in degrees, or west < east"),
        ({"north": 95}, "no footprint"),
        ({"south": ""}, "no footprint"),
    ],
)
def test_a_pass_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    good = passed(AT, ended_at="")
    ((line, why),) = reasons_of(read(tmp_path, table([good, good | change])))
    assert line == 3 and why.startswith(reason)


@pytest.mark.parametrize(
    "footprint", ["POINT (1 1)", "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "POLYGON EMPTY", "box"]
)
def test_what_is_no_polygon_is_no_footprint(tmp_path: Path, footprint: str) -> None:
    rows = [
        {"passed_at": AT, "sensor": "S", "footprint": f'"{shape}"'} for shape in (BOX, footprint)
    ]
    ((_, why),) = reasons_of(read(tmp_path, table(rows)))
    assert why.startswith("no footprint")


def test_radar_cells_of_global_fishing_watch(tmp_path: Path) -> None:
    """As many detections as a row counts, in an hour and a cell; without a length."""
    cells = [sar_cell("2026-04-13 02:00", count=2), sar_cell("2026-04-13 02:00", MMSI=352999990)]
    reading = read(tmp_path, table(cells), "report.csv")
    assert reading is not None and reading.source == "gfw-sar"
    rows = rows_of(reading)
    assert [row["reference"] for row in rows] == ["1 of 2 in the cell", "2 of 2 in the cell", None]
    assert [row["mmsi"] for row in rows] == [None, None, 352_999_990]
    hour = datetime(2026, 4, 13, 2), datetime(2026, 4, 13, 3)
    assert {(row["began_at"], row["ended_at"]) for row in rows} == {hour}
    assert {(row["length_m"], row["accuracy_m"]) for row in rows} == {(None, 800)}


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"Time Range": "2026-04-13"}, "Time Range is not an hour such as 2026-04-13 02:00"),
        ({"Detections": 0}, "Detections is not a whole number from 1 to 1,000"),
        ({"Detections": 1e9}, "Detections is not a whole number from 1 to 1,000"),
        ({"Lon": ""}, "no Lat and Lon on Earth"),
    ],
)
def test_a_radar_cell_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    good = sar_cell("2026-04-13 02:00")
    assert reasons_of(read(tmp_path, table([good, good | change]))) == [(3, reason)]


def test_a_report_by_the_day_or_over_a_region_is_refused_with_the_reason(tmp_path: Path) -> None:
    daily = [sar_cell("2026-04-13")] * 20
    with pytest.raises(BarometerError, match="Time Range is not an hour"):
        read(tmp_path, table(daily))
    summed = [{k: v for k, v in row.items() if k not in ("Lat", "Lon")} for row in daily]
    with pytest.raises(BarometerError, match="summed over a region, without places"):
        read(tmp_path, table(summed))


def test_a_geoparquet_in_another_reference_system_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "utm.parquet"
    crs = {"id": {"authority": "EPSG", "code": 32639}}
    column = {"encoding": "WKB", "crs": crs}
    meta = {"primary_column": "geometry", "columns": {"geometry": column}}
    rows = pa.table({"detected_at": [AT], "sensor": ["S"], "geometry": [shapely.Point(1, 1).wkb]})
    pq.write_table(rows.replace_schema_metadata({"geo": json.dumps(meta)}), path)
    with pytest.raises(BarometerError, match="not in WGS 84"):
        read(tmp_path, path.read_bytes())


def test_files_are_taken_in_as_those_of_other_witnesses_are(
    made: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    """In a folder, and known the second time; a table with another header is left out."""
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist([detected(AT)]), folder / "d.parquet")
    (folder / "p.csv").write_bytes(table([passed(AT)]))
    pq.write_table(pa.table({"a": [1]}), folder / "other.parquet")
    first = taken_in(made, folder)
    assert "witness SAR, 1 events: 1 kept" in first["d.parquet"]
    assert "witness SAR, 1 passes: 1 kept" in first["p.csv"]
    assert first["other.parquet"].startswith("other.parquet: skipped")
    assert "known, same content" in taken_in(made, folder)["d.parquet"]


@given(st.text(max_size=60))
def test_a_sensors_name_holds_no_sign_of_a_formula_or_a_page(name: str) -> None:
    read_as = sensor_name(name)
    assert read_as is None or not set(read_as) & set("=+@<>&\"'\n\t;,")
