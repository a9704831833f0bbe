"""The data dictionary: a meaning for every column of every file, and none for what is not there."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.home.settings import Settings
from flows.report import dictionary
from flows.report.tables import FILES


@pytest.fixture(scope="module")
def folder(sample_home: Settings) -> Path:
    return sample_home.home / "reports" / "2026-W12"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_column_is_explained_in_its_order(folder: Path, name: str) -> None:
    told = [row for row in read(folder / dictionary.NAME) if row["file"] == name]
    header = (folder / name).read_text(encoding="utf-8").partition("\n")[0]
    assert [row["column"] for row in told] == header.split(",")
    assert all(row["meaning"].endswith(".") and row["type"] for row in told)


def test_no_meaning_is_left_over(folder: Path) -> None:
    columns = {(row["file"], row["column"]) for row in read(folder / dictionary.NAME)}
    known = {f"{file} {column}" for file, column in columns} | {column for _, column in columns}
    assert set(dictionary.COMPUTED) <= known


def test_types_are_those_of_the_cells(folder: Path) -> None:
    kinds = {row["type"] for row in read(folder / dictionary.NAME)}
    assert kinds == {*dictionary.TYPES.values(), "whole number"}
    told = {(row["file"], row["column"]): row["type"] for row in read(folder / dictionary.NAME)}
    for name in FILES:
        for row in read(folder / name):
            for column, cell in row.items():
                if cell and told[name, column] == "whole number":
                    int(cell)
                if cell and told[name, column] == "number":
                    float(cell)
