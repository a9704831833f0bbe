"""The receptions and detectors of the evaluation, and its tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from flows.simulate import TRAPS
from tests.measure.benchmark.table import as_markdown
from tests.measure.evaluation.score import PLAIN

Results = dict[str, dict[str, dict[str, Any]]]
"""Reception -> detector -> figures."""


class Reception(NamedTuple):
    """What the simulator leaves to be heard, and how far a call's times may be off for it.

    Of a dense feed fewer ships and days are taken: `share` of either. `layouts` are those of the
    files: of cells alone, of fixes alone, or of both. Cells beside fixes come as
    "1h-most".
    """

    label: str
    reception: str
    jammed_share: float
    tolerance: timedelta
    report_minutes: float | None = None
    share: float = 1.0
    layouts: tuple[str, ...] = ("marinecadastre-2025",)


CELLS = "global-fishing-watch"
RECEPTIONS = {
    "all": Reception("all fixes", "all", 0.0, timedelta(hours=2)),
    "2h": Reception("1 per 2 h", "2h", 0.0, timedelta(hours=2)),
    "6h": Reception("1 per 6 h", "6h", 0.0, timedelta(hours=6)),
    "6h-half": Reception("6 h, half lost", "6h-half", 0.0, timedelta(hours=12)),
    "silent": Reception("18 of 36 h silent", "silent", 0.0, timedelta(hours=12)),
    "ashore": Reception("2 to 10 s, 3 min", "ashore", 0.0, timedelta(hours=2), None, 0.4),
    "1min": Reception("1 per min", "all", 0.0, timedelta(hours=2), 1.0, 0.6),
    "6min": Reception("1 per 6 min", "all", 0.0, timedelta(hours=2), 6.0),
    "1h": Reception("1 per h", "all", 0.0, timedelta(hours=2), 60.0),
    "ashore-15": Reception("2 to 10 s, 15 % jammed", "ashore", 0.15, timedelta(hours=2), None, 0.4),
    "1min-15": Reception("1 per min, 15 % jammed", "all", 0.15, timedelta(hours=2), 1.0, 0.6),
    "jam-5": Reception("5 % jammed", "all", 0.05, timedelta(hours=2)),
    "jam-15": Reception("15 % jammed", "all", 0.15, timedelta(hours=2)),
    "jam-30": Reception("30 % jammed", "all", 0.30, timedelta(hours=2)),
    "harsh": Reception("6 h, half lost, 15 % jammed", "6h-half", 0.15, timedelta(hours=12)),
    "cells": Reception(
        "hourly cells, a third lost", "1h-most", 0.0, timedelta(hours=2), layouts=(CELLS,)
    ),
    "cells-every": Reception("every hourly cell", "all", 0.0, timedelta(hours=2), layouts=(CELLS,)),
    "all-and-cells": Reception(
        "all fixes and cells",
        *("all", 0.0, timedelta(hours=2)),
        layouts=("marinecadastre-2025", CELLS),
    ),
}
"""At each of them all traps are on, interference and shared MMSIs among them; `jam` comes on top.
`6h-half` is what tests/measure/test_floor.py keeps at precision 0.99 and recall 0.97."""

DETECTORS = {
    "barometer": "Barometer",
    "sql": "plain SQL, 5 km, 12 h",
    "sql-wide": "plain SQL, 12 km, 36 h",
    "movingpandas": "MovingPandas",
    "trackintel": "trackintel",
}
MOST_ROWS = {"movingpandas": 40_000, "trackintel": 160_000}
"""Fixes of a simulation for the slow ones, some 30 seconds each: of more they get some ships."""

FIGURES = (
    *("true", "found", "missed", "invented", "split", "merged", "precision", "recall"),
    *("arrival h", "departure h", "rows/s"),
)
NOTES = (
    "1 per 2 h, 1 per 6 h: fixes heard of each ship. jammed: the share of the ships' days on which "
    "interference displaces them, besides the traps that are on in every line; all fixes "
    "heard, save in the last.",
    "true: calls of which a fix was heard. found: with a detected call of their own. split: a "
    "further part of a found one. merged: missed calls that lie in a detected call which stands "
    "for another one.",
    "arrival h, departure h: error of the found calls against the crossing of the 5 km mark, "
    "median / 95th percentile.",
    "rows/s: fixes a second, the detection alone. MovingPandas and trackintel run side by side, a "
    "core each. Calls that Barometer contests (confidence 1) count nowhere.",
)


def lines_of(results: Results) -> list[list[str]]:
    """The main table: a line for each reception and detector."""
    return [
        [RECEPTIONS[name].label if row == 0 else "", DETECTORS[detector], *_figures(found)]
        for name, detectors in results.items()
        for row, (detector, found) in enumerate(detectors.items())
    ]


def _figures(found: Mapping[str, Any]) -> list[str]:
    return [
        f"{found['true']:,}" + ("*" if found["is_subset"] else ""),
        *(f"{found[name]:,}" for name in FIGURES[1:6]),
        *(_share(found[name]) for name in ("precision", "recall")),
        *(_error(found, name) for name in ("arrival_error_h", "departure_error_h")),
        _speed(found["rows_per_s"]),
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _error(found: Mapping[str, Any], name: str) -> str:
    median, high = found[f"{name}_median"], found[f"{name}_p95"]
    return "-" if median is None else f"{median:.1f} / {high:.1f}"


def notes_of(results: Results) -> list[str]:
    """What the main table's figures mean, and what they leave out."""
    notes = list(NOTES)
    if any(found["is_subset"] for some in results.values() for found in some.values()):
        most = ", ".join(f"{DETECTORS[name]} {rows:,}" for name, rows in MOST_ROWS.items())
        notes.append(
            f"*: the slow ones get whole ships with about so many fixes a seed ({most}), each trap "
            "with its share, and are held against the true calls of those ships."
        )
    return notes


def traps_of_detector(results: Results, detector: str) -> tuple[list[str], list[list[str]]]:
    """Header and lines of a detector's traps: found of true, and calls too many, by reception."""
    by_reception = [some[detector]["traps"] for some in results.values()]
    lines = [
        [trap, *(_trap(traps.get(trap)) for traps in by_reception)]
        for trap in (*TRAPS, PLAIN)
        if any(trap in traps for traps in by_reception)
    ]
    return ["trap", *(RECEPTIONS[name].label for name in results)], lines


def _trap(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    too_many = found["split"] + found["invented"]
    return f"{found['found']}/{found['true']}" + (f" +{too_many}" if too_many else "")


TRAP_NOTE = "Found of true calls, + split or invented ones. A ship with two traps counts in both."


def summary_lines(results: Results) -> tuple[list[str], list[list[str]]]:
    """Header and lines of the short table: precision and recall of each detector."""
    detectors = list(max(results.values(), key=len))
    header = ["precision / recall", "true calls", *(DETECTORS[name] for name in detectors)]
    lines = []
    for name, found in results.items():
        both = [
            " / ".join(_share(found[detector][key]) for key in ("precision", "recall"))
            if detector in found
            else "-"
            for detector in detectors
        ]
        most = max(some["true"] for some in found.values())
        lines.append([RECEPTIONS[name].label, f"{most:,}", *both])
    speeds = [_speed(some["rows_per_s"]) for some in next(iter(results.values())).values()]
    lines.append(["fixes a second", "", *speeds])
    return header, lines


def _speed(rows_per_s: float | None) -> str:
    return "-" if rows_per_s is None else f"{rows_per_s:,.0f}"


def report_markdown(results: Results, about: Sequence[str]) -> str:
    """All tables, the short one of docs/accuracy.md first."""
    blocks = [
        "# How the port calls hold against known ones",
        "\n".join(f"- {line}" for line in about),
        as_markdown(*summary_lines(results)),
        "## Every figure",
        as_markdown(["reception", "detector", *FIGURES], lines_of(results), 2),
        "\n".join(f"- {note}" for note in notes_of(results)),
    ]
    if "barometer" in next(iter(results.values())):
        blocks += ["## Barometer, by trap", TRAP_NOTE]
        blocks.append(as_markdown(*traps_of_detector(results, "barometer")))
    return "\n\n".join(blocks) + "\n"
