"""What a part of the benchmark gives, and how it is written as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A table with a title and what must be known to read it."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: list[tuple[object, ...]]


class Found(NamedTuple):
    """Tables for people, every single measurement for machines, and whether nothing failed."""

    tables: list[Table]
    measured: Any
    is_whole: bool = True


def median(runs: Iterable[Mapping[str, Any]], key: str) -> float:
    """Median of one figure of repeated runs."""
    return statistics.median(float(run[key]) for run in runs)


def ratio(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> float:
    """Median of the ratios of seconds, each within its own round.

    >>> ratio([{"seconds": 2}, {"seconds": 9}], [{"seconds": 1}, {"seconds": 3}])
    2.5
    """
    return statistics.median(
        float(a["seconds"]) / float(b["seconds"]) for a, b in zip(one, other, strict=True)
    )


def markdown(table: Table) -> str:
    """The table as Markdown: numbers to the right, a float with what digits it deserves.

    >>> print(markdown(Table("T", "Note.", ("", "s"), [("run", 12.345), ("copy", None)])))
    ### T
    <BLANKLINE>
    Note.
    <BLANKLINE>
    |  | s |
    | --- | ---: |
    | run | 12.3 |
    | copy | - |
    <BLANKLINE>
    """
    rule = ["---", *["---:"] * (len(table.header) - 1)]
    lines = [table.header, rule, *([_cell(value) for value in row] for row in table.rows)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {table.title}\n\n{table.note}\n\n{text}\n"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
