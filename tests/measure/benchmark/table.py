"""What a part of the benchmark gives, and how it is written as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Runs = Sequence[Mapping[str, Any]]
"""What repeated runs of one side measured, round by round."""


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


def medians(runs: Runs, *keys: str) -> list[float]:
    """Median of each figure of repeated runs."""
    return [statistics.median(float(run[key]) for run in runs) for key in keys]


def ratio(one: Runs, other: Runs) -> float:
    """Median of the ratios of seconds, each within its own round.

    >>> ratio([{"seconds": 2}, {"seconds": 9}], [{"seconds": 1}, {"seconds": 3}])
    2.5
    """
    pairs = zip(one, other, strict=True)
    return statistics.median(float(a["seconds"]) / float(b["seconds"]) for a, b in pairs)


def markdown(table: Table) -> str:
    """The table as Markdown, a float with what digits it deserves.

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
    lines = as_markdown(table.header, [[_cell(value) for value in row] for row in table.rows])
    return f"### {table.title}\n\n{table.note}\n\n{lines}\n"


def as_markdown(header: Sequence[str], lines: Iterable[Sequence[str]], left: int = 1) -> str:
    """Lines of a table; all but its first columns are numbers, flush right."""
    rule = ["---" if column < left else "---:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
