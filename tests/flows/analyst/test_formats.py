"""Results as workbooks and maps: typed cells without formulas, places that other programs read."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, datetime
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
import shapely

from flows.analyst import formats
from flows.exports import workbook
from flows.home.settings import BarometerError
from tests.flows.analyst.test_query import FORMULAS


def written(query: str, form: str, parameters: list[Any] | None = None) -> bytes:
    out = io.BytesIO()
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        formats.write(con.sql(query, params=parameters), form, out)
    return out.getvalue()


def cells(raw: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


CELLS = {
    "integer": ("-7", -7),
    "float": ("3.2::float", 3.2),
    "decimal": ("1.10::decimal(5, 2)", 1.1),
    "boolean": ("true", True),
    "date": ("date '2026-03-09'", datetime(2026, 3, 9)),
    "time": ("timestamp '2026-03-09 06:30:15'", datetime(2026, 3, 9, 6, 30, 15)),
    "null": ("null", None),
    "more digits than Excel has": ("12345678901234567::bigint", "12345678901234567"),
    "no number": ("'nan'::double", "nan"),
    "no day of Excel's": ("date '1899-12-31'", "1899-12-31"),
    "the end of time": ("'infinity'::timestamp", "infinity"),
    "time with a zone": ("timestamptz '2026-03-09 06:00:00+00'", "2026-03-09 06:00:00+00"),
    "digits that are text": ("'0123'", "0123"),
    "a list": ("[1, 2]", "[1, 2]"),
    "an address": ("'http://localhost/'", "http://localhost/"),
}


@pytest.mark.parametrize(("expression", "value"), CELLS.values(), ids=CELLS)
def test_a_cell_has_excels_type_where_that_holds_the_value(expression: str, value: Any) -> None:
    ((x, y), (of_x, of_y)) = cells(written(f"select {expression} as x, 1 as y", "xlsx"))
    assert (x, y, of_x, of_y) == ("x", "y", value, 1)
    assert type(of_x) is type(value)


@pytest.mark.parametrize("text", [*FORMULAS, "{=1+1}", "javascript:x"])
def test_a_name_is_no_formula_and_no_link_in_a_workbook(text: str) -> None:
    raw = written("select $1 as name, 2 as n", "xlsx", [text])
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert re.sub(r"_x000D_|\r", "\r", cells(raw)[1][0]) == text


def test_a_workbook_can_be_filtered_and_keeps_its_head_in_view() -> None:
    raw = written("select range as x, 'a' as y from range(3)", "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == ("A1:B4", "A2")


def test_what_a_sheet_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BarometerError, match="32,767 characters, a text of the result 32,768"):
        written("select repeat('x', 32768) as x", "xlsx")
    monkeypatch.setattr(workbook, "MOST_ROWS", 5)
    assert len(cells(written("from range(4)", "xlsx"))) == 5
    with pytest.raises(BarometerError, match="a sheet of Excel has 5 rows"):
        written("from range(5)", "xlsx")


POINTS = """
select * from (values (1, 50.33, 29.23, '<b>A'), (2, null, 29.0, 'B'), (3, 56.1, 27.2, null))
as fix (mmsi, lon, lat, vessel_name) where mmsi > $1
"""
SQUARE = shapely.Polygon([(50, 29), (50, 30), (51, 30), (51, 29)])
"""Clockwise."""
AREA = """
select
    'IRKHK' as port_id, $1::blob as geometry_wkb, '{}' as geometry_geojson, 1.0 as lon, 1.0 as lat
"""


def test_points_are_features_with_the_other_columns_as_properties() -> None:
    made = json.loads(written(POINTS, "geojson", [0]))
    assert made["type"] == "FeatureCollection"
    assert [
        feature["geometry"] and feature["geometry"]["coordinates"] for feature in made["features"]
    ] == [
        [50.33, 29.23],
        None,
        [56.1, 27.2],
    ]
    assert made["features"][0]["properties"] == {"mmsi": 1, "vessel_name": "<b>A"}


def test_any_other_column_is_a_property() -> None:
    made = json.loads(
        written("select 1.5 as lon, 2.5 as lat, 'a'::blob as b, (1, 2) as c", "geojson")
    )
    (feature,) = made["features"]
    assert feature["geometry"]["coordinates"] == [1.5, 2.5]
    assert feature["properties"] == {"b": "a", "c": [1, 2]}


def test_no_row_is_a_collection_of_none() -> None:
    assert json.loads(written(POINTS, "geojson", [9])) == {
        "type": "FeatureCollection",
        "features": [],
    }


def test_a_polygon_is_a_feature_in_the_order_of_the_standard() -> None:
    (feature,) = json.loads(written(AREA, "geojson", [shapely.to_wkb(SQUARE)]))["features"]
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert shapely.equals(shape, SQUARE) and shapely.is_ccw(shape.exterior)
    assert feature["properties"] == {"port_id": "IRKHK", "lon": 1.0, "lat": 1.0}


@pytest.mark.parametrize(
    ("query", "given", "column", "shapes"),
    [
        (POINTS, 0, "geometry", [shapely.Point(50.33, 29.23), None, shapely.Point(56.1, 27.2)]),
        (POINTS, 9, "geometry", []),
        (AREA, shapely.to_wkb(SQUARE), "geometry_wkb", [SQUARE]),
    ],
    ids=["points", "no row", "a polygon"],
)
def test_geoparquet_names_its_column_of_places(
    query: str, given: Any, column: str, shapes: list[Any]
) -> None:
    table = pq.read_table(io.BytesIO(written(query, "geoparquet", [given])))
    about = json.loads(table.schema.metadata[b"geo"])
    assert about["version"] == "1.1.0" and about["primary_column"] == column
    assert about["columns"] == {column: {"encoding": "WKB", "geometry_types": []}}
    assert shapely.from_wkb(table.column(column).to_pylist()).tolist() == shapes


@pytest.mark.parametrize("form", ["geojson", "geoparquet"])
def test_a_result_without_places_is_refused(form: str) -> None:
    with pytest.raises(BarometerError, match="the result has no places"):
        written("select 1 as lon, 'x' as lat", form)


@pytest.mark.parametrize("form", ["geojson", "geoparquet"])
@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\1",
        b"POINT(1 2)",
        shapely.to_wkb(SQUARE)[:-8],
        bytes.fromhex("0108000000") + b"\0" * 4,
    ],
    ids=["nothing", "a byte", "text", "cut", "arcs"],
)
def test_a_place_that_is_no_wkb_is_refused(form: str, broken: bytes) -> None:
    with pytest.raises(BarometerError, match="geometry_wkb holds a value that is not WKB"):
        written(AREA, form, [broken])


def test_days_stay_days() -> None:
    assert cells(written("select date '2026-03-09' as d", "xlsx"))[1][0].date() == date(2026, 3, 9)
