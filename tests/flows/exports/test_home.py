"""A home as a data package: tables that keep to their description, and places that maps read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import shapely

from flows.catalogue import access
from flows.cli import main
from flows.exports import home, package
from flows.home.settings import BarometerError, Settings
from tests.build.packages import frictionless

KINDS = {
    "string": ("string",),
    "boolean": ("bool",),
    "integer": ("int16", "int32", "int64"),
    "number": ("float", "double"),
    "date": ("date32[day]",),
    "datetime": ("timestamp[us]",),
    "any": ("binary",),
}
"""Type of Table Schema -> types of Parquet."""


@pytest.fixture(scope="module")
def folder(sample_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "barometer"
    with access.reading(sample_home) as con:
        home.write_package(con, folder)
    return folder


@pytest.fixture(scope="module")
def described(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / package.NAME).read_bytes())
    return content


def test_the_description_is_one_that_readers_of_data_packages_accept(
    described: dict[str, Any],
) -> None:
    """They read Parquet by way of floats, so that its types are tried below."""
    read = frictionless.Package.from_descriptor(described)
    assert [resource.name for resource in read.resources] == list(home.TABLES)
    assert all(resource.schema.fields for resource in read.resources)


def test_every_file_is_as_it_is_described(folder: Path, described: dict[str, Any]) -> None:
    resources = {resource["path"]: resource for resource in described["resources"]}
    assert resources.keys() == {path.name for path in folder.iterdir()} - {package.NAME}
    for name, resource in resources.items():
        content = (folder / name).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        fields = resource["schema"]["fields"]
        columns = pq.read_schema(folder / name)
        assert [field["name"] for field in fields] == columns.names
        for field, column in zip(fields, columns, strict=True):
            is_list = str(column.type).startswith("list")
            assert is_list or str(column.type) in KINDS[field["type"]], (name, field["name"])
            assert (field["type"] == "array") == is_list
            assert field["description"].endswith(".")


def test_keys_and_constraints_hold(folder: Path, described: dict[str, Any]) -> None:
    with_key = 0
    for resource in described["resources"]:
        rows = pq.read_table(folder / resource["path"]).to_pylist()
        key = resource["schema"].get("primaryKey")
        with_key += bool(key and rows)
        if key:
            assert len({tuple(row[column] for column in key) for row in rows}) == len(rows)
        for field in resource["schema"]["fields"]:
            limits = field.get("constraints", {})
            values = [row[field["name"]] for row in rows]
            assert not limits.get("required") or None not in values
            told = [value for value in values if value is not None]
            assert all(value in limits.get("enum", [value]) for value in told)
            assert all(limits.get("minimum", value) <= value for value in told)
            assert all(value <= limits.get("maximum", value) for value in told)
    assert with_key > 8


def test_places_are_geoparquet(folder: Path, sample_home: Settings) -> None:
    for name, column in (
        ("port", "geometry_wkb"),
        ("port_area", "geometry_wkb"),
        ("port_call", "geometry"),
    ):
        about = json.loads(pq.read_schema(folder / f"{name}.parquet").metadata[b"geo"])
        assert (about["version"], about["primary_column"]) == ("1.1.0", column)
        assert about["columns"][column]["encoding"] == "WKB"
        assert "crs" not in about["columns"][column]  # then it is OGC:CRS84
    calls = pq.read_table(folder / "port_call.parquet").to_pylist()
    with access.reading(sample_home) as con:
        number = con.execute("select count(*) from port_call").fetchone()[0]
        fences = dict(con.execute("select port_id, geometry_wkb from port").fetchall())
    assert len(calls) == number > 0
    for call in calls:
        point = shapely.from_wkb(call["geometry"])
        assert (point.x, point.y) == (call["lon"], call["lat"])
        assert shapely.from_wkb(fences[call["port_id"]]).convex_hull.covers(point)


def test_the_same_catalogue_gives_the_same_bytes(
    folder: Path, sample_home: Settings, tmp_path: Path
) -> None:
    with access.reading(sample_home) as con:
        again = home.write_package(con, tmp_path / "again")
        once_more = home.write_package(con, tmp_path / "again")
    assert again == once_more
    assert {path.name: path.read_bytes() for path in again} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_simulated_files_are_no_publishers(described: dict[str, Any]) -> None:
    titles = [source["title"] for source in described["sources"]]
    assert "SIMULATED DATA" in titles[0] and "in the layout of" in titles[1]
    assert described["citation"].startswith("SIMULATED DATA. ")


def test_a_folder_with_other_files_is_refused(
    sample_home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"years of work")
    with access.reading(sample_home) as con, pytest.raises(BarometerError, match=r"thesis\.docx"):
        home.write_package(con, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
    target = tmp_path / "new"
    at = ["--home", str(sample_home.home)]
    assert main(["report", "--package", str(target), "--week", "2026-W12", *at]) == 2
    assert not target.exists()
    assert main(["report", "--package", str(target), *at]) == 0
    assert str(target) in capsys.readouterr().out
    assert duckdb.sql(f"select count(*) > 0 from '{target}/port_call.parquet'").fetchone()[0]
