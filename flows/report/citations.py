"""How a week is to be cited, and the sources whose publishers want to be cited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from flows.report import words


def citations(sources: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence for each source that is to be cited.

    Parameters
    ----------
    sources : iterable of dict
        Rows of `sql/report/ais_source.sql` and `sql/report/register.sql`.

    >>> citations([{"source": "gfw", "licence": "CC BY-NC 4.0", "citation": "Powered by GFW"}])
    ['Source gfw: Powered by GFW. Licence: CC BY-NC 4.0.']
    """
    return [
        f"Source {source['source']}: {source['citation']}. Licence: {source['licence']}."
        for source in sources
        if source["citation"]
    ]


def to_cite(
    series: words.Row, waters: Sequence[words.Row], notes: words.Row, published: Sequence[words.Row]
) -> str:
    """The week in a text that can be cited: number, limits, share heard, version, day.

    Parameters
    ----------
    series : dict
        The week's row of `barometer`.
    waters : sequence of dict
        Its rows of `weekly_water`.
    notes : dict
        Its row of `report/notes`.
    published : sequence of dict
        The row of `report/published`; empty before the first publication.
    """
    start = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    low, high = series["low_95"], series["high_95"]
    limits = None
    if words.is_quotable(series) and low is not None:
        upper = "and more" if high is None else f"to {high:.1f}"
        limits = f"95% limits of the rate: {low:.1f} {upper} calls a week."
    numbers = [
        f"Numbers of {row['published_at']:%-d %B %Y, %H:%M} UTC, version {row['code_version']}."
        for row in published
    ]
    parts = [
        words.SIMULATED if notes["is_simulated"] else None,
        words.known_on(notes),
        f"Barometer, week {series['week']} ({span}).",
        words.headline(series, waters),
        limits,
        *(numbers or ["Not yet published."]),
    ]
    return " ".join(part for part in parts if part)
