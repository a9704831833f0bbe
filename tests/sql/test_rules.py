"""The numbers of the method: each in data/rules.csv alone, with a source, and each in use."""

from __future__ import annotations

import csv
import re
from itertools import chain

from flows.home.resources import data_path, sql_path
from tests.conftest import ROOT

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


def test_the_pages_name_rules_that_exist() -> None:
    names = {row["name"] for row in RULES}
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md"))
    assert set(re.findall(r"\{\{ (\w+) \}\}", text)) <= names
