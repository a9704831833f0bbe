"""The style of every file in sql/ (one relation, lower case, header, order, no stars), and the
numbers of the method: each in data/rules.csv alone, with a source, and each in use."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.catalogue.relations import define
from flows.home.resources import data_path, sql_path
from flows.home.rules import rule
from tests.conftest import ROOT

FILES = sorted(sql_path().rglob("*.sql"))
SCRIPTS = {"comments", "macros"}
"""Not one SELECT: what the catalogue holds, and what a session gets."""
SELECTS = [path for path in FILES if path.stem not in SCRIPTS]
WITHOUT_ORDER = {
    *("04_tracks/position_verdict", "04_tracks/track_fix", "report/notes", "lists/doubt"),
    *("digest/heard", "03_reception/reception_slot"),
}
"""A view over the lake, which sorts only where a query asks for it; what has one row; and steps of
many rows, a ship and slot or a port and hour each, which are summed or put in order where they are
read."""

TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def name(path: Path) -> str:
    return str(path.relative_to(sql_path()))


def node(path: Path) -> dict[str, Any]:
    """DuckDB's own parse of the one SELECT in a file."""
    text = path.read_text(encoding="utf-8")
    row = duckdb.execute("select json_serialize_sql($1)", [text]).fetchone()
    assert row is not None
    parsed = json.loads(row[0])
    assert not parsed["error"], parsed.get("error_message")
    (statement,) = parsed["statements"]
    found: dict[str, Any] = statement["node"]
    return found


def selects(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The outermost SELECTs: one, or the parts of a union."""
    if found["type"] == "SET_OPERATION_NODE":
        for child in found.get("children") or (found["left"], found["right"]):
            yield from selects(child)
    else:
        yield found


@pytest.mark.parametrize("path", FILES, ids=name)
def test_style(path: Path) -> None:
    assert len(FILES) > 50
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\S*[A-Z]\S*", TOKEN.sub("", text)) == [], "lower case"
    assert "\t" not in text and "\r" not in text
    assert text.endswith("\n") and not text.endswith("\n\n")
    lines = text.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[0].startswith("-- ") and lines[0].endswith(".")
    assert not lines[0].startswith("-- Grain:")
    assert lines[1].startswith("-- Grain: ")
    assert duckdb.extract_statements(text)


@pytest.mark.parametrize("path", SELECTS, ids=name)
def test_is_one_ordered_select_that_names_its_columns(path: Path) -> None:
    found = node(path)
    assert ";" not in TOKEN.sub("", path.read_text(encoding="utf-8"))
    for select in selects(found):
        assert [column for column in select["select_list"] if column["class"] == "STAR"] == []
    orders = [m for m in found["modifiers"] if m["type"] == "ORDER_MODIFIER"]
    assert bool(orders) == (name(path).removesuffix(".sql") not in WITHOUT_ORDER)


@pytest.mark.parametrize("folder", ["checks", "examples"])
def test_takes_no_parameter(folder: str) -> None:
    for path in sql_path(folder).glob("*.sql"):
        assert "$" not in TOKEN.sub("", path.read_text(encoding="utf-8")), path


with data_path("rules.csv").open(encoding="utf-8", newline="") as lines:
    RULES = list(csv.DictReader(lines))


def test_each_rule_is_used_and_each_use_is_a_rule() -> None:
    code = chain(sql_path().rglob("*.sql"), ROOT.glob("flows/**/*.py"), ROOT.glob("geo/*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in code)
    used = set(re.findall(r"""\brule\(["'](\w+)["']\)""", text))
    used |= {f"base_weeks_of_{weeks}" for weeks in (1, 4, 13)}  # one for each of rates.WINDOWS
    assert used - {row["name"] for row in RULES} == {"name"}  # the docstring's
    assert {row["name"] for row in RULES} - used == set()


def test_each_rule_has_a_value_and_a_source() -> None:
    assert [row["name"] for row in RULES if not (float(row["value"]) > 0 and row["source"])] == []


def test_a_rule_that_a_query_takes_as_a_whole_number_is_one() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sql_path().rglob("*.sql"))
    whole = set(re.findall(r"\brule\('(\w+)'\)::integer", text))
    assert whole
    broken = [row["name"] for row in RULES if row["name"] in whole and float(row["value"]) % 1]
    assert broken == [], (
        "sql/ rounds these rules to whole numbers by ::integer, Python does not: choose a whole "
        "number, or keep the fraction in sql/, as to_seconds(3600 * rule('...')) does for hours"
    )


def test_a_query_reads_rules_by_name_and_one_that_does_not_exist_is_an_error() -> None:
    with duckdb.connect() as con:
        define(con)
        assert con.execute("select rule('out_and_back_h')").fetchone() == (rule("out_and_back_h"),)
        with pytest.raises(duckdb.Error, match="no rule of_nobody"):
            con.execute("select rule('of_nobody')")


def test_the_pages_name_rules_that_exist() -> None:
    names = {row["name"] for row in RULES}
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md"))
    assert set(re.findall(r"\{\{ (\w+) \}\}", text)) <= names
