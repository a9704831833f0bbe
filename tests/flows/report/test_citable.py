"""What makes a report citable: a description that its files keep to, and a citation in each."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.catalogue import access
from flows.exports import package
from flows.exports.fields import CONSTRAINTS
from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.report import citable, write
from flows.report.tables import FILES, csv_bytes, week_table
from tests.build.packages import frictionless
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def described(drawn_week: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((drawn_week / package.NAME).read_bytes())
    return content


def problems(folder: Path) -> list[list[str]]:
    """What the readers of data packages have against one."""
    with frictionless.system.use_context(trusted=True):
        report = frictionless.validate(folder / package.NAME)
    assert len(report.tasks) > len(FILES) or not report.valid
    return list(report.flatten(["name", "rowNumber", "fieldName", "type"]))


def test_every_table_is_as_it_is_described(drawn_week: Path) -> None:
    assert problems(drawn_week) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "against"),
    [
        ("weekly_port_calls.csv", "strong", "robust", "constraint-error"),
        ("weekly_port_calls.csv", "weak", "none", "primary-key"),
        ("port_calls.csv", "2026-03-1", "noon, 1", "type-error"),
        ("barometer.csv", "tanker_calls", "tankers", "incorrect-label"),
        ("report.html", "<title>", "<title >", "hash-count"),
    ],
)
def test_what_is_other_than_described_is_noticed(
    drawn_week: Path, tmp_path: Path, name: str, old: str, new: str, against: str
) -> None:
    folder = Path(shutil.copytree(drawn_week, tmp_path / "week"))
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), "utf-8")
    assert against in {problem[-1] for problem in problems(folder)}


def test_the_description_has_every_file_and_the_hash_of_each(
    drawn_week: Path, described: dict[str, Any]
) -> None:
    files = {path.name for path in drawn_week.iterdir()} - {package.NAME}
    assert {resource["path"] for resource in described["resources"]} == files
    for resource in described["resources"]:
        content = (drawn_week / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_the_data_dictionary_says_the_same_as_the_description(
    drawn_week: Path, described: dict[str, Any]
) -> None:
    with (drawn_week / "data_dictionary.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    meanings = {(row["file"], row["column"]): row["meaning"] for row in rows if row["column"]}
    assert meanings == {
        (resource["path"], field["name"]): field["description"]
        for resource in described["resources"]
        if "schema" in resource
        for field in resource["schema"]["fields"]
    }


def test_a_version_and_citation_is_in_every_file_that_can_hold_it(
    drawn_week: Path, described: dict[str, Any]
) -> None:
    citation = described["citation"]
    assert described["version"] in citation and "week 2026-W12" in citation
    assert citation.startswith("SIMULATED DATA. ")
    assert citation in (drawn_week / "report.html").read_text("utf-8")
    assert citation.encode("latin-1") in (drawn_week / "report.png").read_bytes()
    properties = openpyxl.load_workbook(drawn_week / citable.WORKBOOK).properties
    assert properties.description == citation
    assert "SIMULATED DATA" in described["sources"][0]["title"]


def test_the_version_is_that_of_the_numbers(sample_home: Settings) -> None:
    with access.reading(sample_home) as con:
        weeks = {}
        for week in ("2026-W11", "2026-W12"):
            tables = {name: week_table(con, query, week) for name, query in FILES.items()}
            numbers = {name: csv_bytes(table) for name, table in tables.items()}
            weeks[week] = citable.about_week(con, week, numbers)
        again = citable.about_week(con, week, numbers)
        coverage = tables["coverage.csv"]
        fewer = {"coverage.csv": csv_bytes(coverage._replace(rows=coverage.rows[1:]))}
        other = citable.about_week(con, week, numbers | fewer)
    assert again.version == weeks[week].version
    assert len({again.version, other.version, weeks["2026-W11"].version}) == 3
    assert again.as_of == datetime(2026, 3, 23, 6)


def test_the_same_week_gives_the_same_bytes(
    drawn_week: Path, sample_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_drawn", lambda *_: {})
    with access.reading(sample_home) as con:
        write.write_report(con, tmp_path / "2026-W12", "2026-W12")
    for name in (citable.WORKBOOK, "data_dictionary.csv"):
        assert (tmp_path / "2026-W12" / name).read_bytes() == (drawn_week / name).read_bytes()


def test_an_unpublished_week_says_so_and_has_no_date() -> None:
    about = package.About("b", "B", "", "week 2026-W16", "1a", None, [], is_simulated=False)
    made = json.loads(package.package_json(about, []))
    assert "created" not in made and "sources" not in made and "licenses" not in made
    assert "not yet published" in made["citation"] and "SIMULATED" not in made["citation"]


def test_the_authors_and_the_version_are_those_of_the_citation_file() -> None:
    from flows import __version__

    cff = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"name: {package.AUTHORS}\n" in cff and f"\nversion: {__version__}\n" in cff


def test_each_licence_that_has_an_identifier_is_one_of_our_sources() -> None:
    texts = "".join(path.read_text("utf-8") for path in data_path().rglob("*.toml"))
    assert [start for start in package.LICENCES if f'licence = "{start}' not in texts] == []


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("CC BY 4.0, source: Fintraffic / digitraffic.fi", "CC-BY-4.0"),
        ("CC BY-NC 4.0, non-commercial use only", "CC-BY-NC-4.0"),
        ("US government work, public domain", "other-pd"),
        ("by contract with the provider", "notspecified"),
    ],
)
def test_terms_are_named_and_given_in_full(licence: str, name: str) -> None:
    source = {"source": "a", "publisher": "A", "licence": licence, "citation": None}
    about = package.About("b", "B", "", "s", "1a", None, [source, source], is_simulated=False)
    (made,) = json.loads(package.package_json(about, []))["licenses"]
    assert made["name"] == name and licence in made["title"]


def test_constraints_are_of_columns_that_exist(described: dict[str, Any]) -> None:
    names = {
        field["name"]
        for resource in described["resources"]
        if "schema" in resource
        for field in resource["schema"]["fields"]
    }
    assert set(CONSTRAINTS) <= names


# The workbook.


def test_the_workbook_has_the_rows_of_every_csv_with_types_filter_and_header(
    drawn_week: Path,
) -> None:
    book = openpyxl.load_workbook(drawn_week / citable.WORKBOOK)
    names = [name.removesuffix(".csv") for name in FILES]
    assert book.sheetnames == ["about", *names, "data_dictionary"]
    for name in names:
        sheet = book[name]
        with (drawn_week / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.reader(lines))
        assert [cell.value for cell in sheet[1]] == rows[0]
        assert sheet.max_row == len(rows)
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref is not None
    calls = book["port_calls"]
    kinds = {cell.value: type(calls.cell(2, cell.column).value) for cell in calls[1]}
    assert kinds["arrived_at"] is datetime
    assert kinds["mmsi"] is int and kinds["is_russian_linked"] is bool
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


# The picture.


def png(*texts: bytes) -> bytes:
    """A picture of one point."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), *((b"tEXt", text) for text in texts)]
    chunks += [(b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    return citable.SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def test_a_picture_gets_its_label_once_and_stays_the_same_picture() -> None:
    import matplotlib.image as images

    about = package.About("b", "Week «1»", "", "week 1", "1a", None, [], is_simulated=False)
    labelled = citable.labelled(png(b"Software\0other"), about)
    assert b"Software\0other" not in labelled
    assert citable.labelled(labelled, about) == labelled
    later = citable.labelled(labelled, about._replace(version="2b"))
    assert b"version 2b" in later and b"version 1a" not in later
    before, after = (images.imread(io.BytesIO(each), "png") for each in (png(), later))
    assert (before == after).all()


@pytest.mark.parametrize("content", [b"", b"PNG", b"<svg/>"])
def test_what_is_no_picture_stays_as_it_is(content: bytes) -> None:
    about = package.About("b", "B", "", "week 1", "1a", None, [], is_simulated=False)
    assert citable.labelled(content, about) == content
