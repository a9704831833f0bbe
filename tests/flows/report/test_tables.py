"""Cells of a CSV: foreign text becomes no formula and stays on its line."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.report import tables
from flows.report.tables import safe_cell


@given(st.text())
def test_no_text_becomes_a_formula_or_leaves_its_cell(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not set(cell) & {"\n", "\r", "\0", "\x1b", "\u202e", "\u2028"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-1.5, -1.5),
        (None, ""),
        (float("nan"), ""),
        (False, "false"),
        (datetime(2026, 4, 15, 12, 0, 1), "2026-04-15 12:00:01"),
        (" =1+1", "'=1+1"),
        ("\u200b@x", "'@x"),
    ],
)
def test_cells(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


def test_a_catalogue_of_another_version_is_named_with_what_to_do() -> None:
    with duckdb.connect() as con, pytest.raises(BarometerError, match="another version"):
        tables.week_table(con, "report/weekly_water", "2026-W12")
