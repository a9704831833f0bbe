"""The numbers of the domain, each in one place: `data/rules.csv`, with unit and source.

SQL reads them as `rule('name')` (`sql/macros.sql`); the pages of `docs/` and the comments of the
catalogue (`comments.sql`) as ``{{ name }}``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from flows.home.resources import data_path

_NAMED = re.compile(r"\{\{ (\w+) \}\}")


@cache
def rules() -> Mapping[str, float]:
    """Every rule's value, in the unit of `data/rules.csv`, by name."""
    with data_path("rules.csv").open(encoding="utf-8", newline="") as lines:
        return MappingProxyType({row["name"]: float(row["value"]) for row in csv.DictReader(lines)})


def rule(name: str) -> float:
    """The value of a rule, in its unit.

    Raises
    ------
    KeyError
        If there is no such rule.

    Examples
    --------
    >>> rule("surroundings_km")
    60.0
    """
    return rules()[name]


def with_rules(text: str) -> str:
    """A text with the values of the rules that it names.

    Raises
    ------
    KeyError
        If there is no such rule.

    Examples
    --------
    >>> with_rules("within {{ surroundings_km }} km")
    'within 60 km'
    """
    return _NAMED.sub(lambda match: f"{rule(match[1]):,g}", text)
