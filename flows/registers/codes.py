"""What the tags of registers mean."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

from flows.home.resources import data_path


def programme_meaning(register: str, programme: str | None) -> dict[str, Any] | None:
    """The row of `data/registers/programmes.csv` for a tag of a register; None for an unknown tag.

    A register that is one of several of a publisher, such as ``opensanctions:us_ofac_sdn``, has
    its publisher's tags.

    >>> programme_meaning("ofac-sdn", "IRAN-SOMETHING")["country"]
    'IR'
    """
    exact, begun = _programmes_by_register().get(register.partition(":")[0], ({}, []))
    tag = programme or ""
    return exact.get(tag) or next((row for row in begun if tag.startswith(row["programme"])), None)


@cache
def _programmes_by_register() -> dict[str, tuple[dict[str, Any], list[Any]]]:
    """A register's tags as they are, and the beginnings that end in ``*``, longest first."""
    programmes: dict[str, tuple[dict[str, Any], list[Any]]] = {}
    with data_path("registers", "programmes.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            meaning = {name: text or None for name, text in row.items()}
            exact, begun = programmes.setdefault(row["register"], ({}, []))
            if row["programme"].endswith("*"):
                begun.append(meaning | {"programme": row["programme"].removesuffix("*")})
            else:
                exact[row["programme"]] = meaning
    for _, begun in programmes.values():
        begun.sort(key=lambda row: -len(row["programme"]))
    return programmes
