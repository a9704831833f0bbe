"""The series as a chart: counts with their limits, and gaps where nothing was heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flows.report import figures

Row = dict[str, Any]
Values = npt.NDArray[Any]

WIDE, NARROW, CHAT = (9.6, 104), (3.6, 26), (8.0, 52)
"""Width in inches and the most weeks, of the chart on a screen, on a phone and for a chat."""

SERIES_COLUMNS = (
    *("week", "week_start", "state", "observed_share", "tanker_calls", "low_95", "high_95"),
    *("russian_linked_tanker_calls", "russian_linked_berth_calls"),
)
OIL_COLUMNS = (
    *("week", "week_start", "state"),
    *("loaded_t", "loaded_low_90_t", "loaded_high_90_t"),
    *("discharged_t", "discharged_low_90_t", "discharged_high_90_t"),
)
"""All that `series_figure` and `oil_figure` draw, of the rows of `barometer`."""

LEAST_SLOTS = 8
"""A shorter series is drawn with room for so many weeks, so that bars stay narrow."""


class Usual(NamedTuple):
    """What the week is compared with: calls a week in some weeks before a window."""

    rate_a_week: float
    weeks: int
    before_weeks: int


def series_figure(
    rows: Sequence[Row],
    width_in: float,
    most_weeks: int,
    usual: Usual | None = None,
    title: str | None = None,
) -> Figure:
    """Linked calls by week with their limits; below them all tankers, and what was heard.

    Parameters
    ----------
    rows : sequence of dict
        The series up to the week, rows of `barometer`, oldest first, no week left out.
    width_in : float
        Width, inches.
    most_weeks : int
        Only the last weeks, at most so many, are drawn.
    usual : Usual or None
        Draws a line at the rate that the week is compared with.
    title : str or None
        For a picture without text around it.

    Returns
    -------
    Figure
        Of three axes. A week whose count is null is hatched and has no bar, so that it is not
        read as zero; an open week's bar is hollow. Limits that leave the axis are cut there.
    """
    rows = rows[-most_weeks:]
    is_narrow = width_in < NARROW[0] + 1
    with mpl.rc_context(figures.STYLE):
        figure = figures.new_figure(width_in, 4.6 if is_narrow else 4.4)
        top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(6, 2, 1))
        _linked(top, rows, usual)
        _all_tankers(middle, rows)
        _heard(bottom, rows)
        for axes, column in ((top, "russian_linked_tanker_calls"), (middle, "tanker_calls")):
            _gaps(axes, [row[column] is None for row in rows])
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
            axes.tick_params(bottom=False)
        for axes in (top, middle, bottom):
            axes.grid(visible=False, axis="x")
            axes.tick_params(length=3)
        _weeks(bottom, rows, 5 if is_narrow else 13)
        figure.align_ylabels()
        handles = _legend(rows, usual)
        figure.legend(
            handles=handles,
            loc="outside upper left" if title is None else "outside lower left",
            ncols=2 if is_narrow else len(handles),
            fontsize=8.5,
            handlelength=1.2,
            columnspacing=1.2,
        )
        if title is not None:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return figure


OIL = {"loaded": figures.BERTH, "discharged": figures.ALL}
"""Parts of the chart of the oil, with their colours."""


def oil_figure(rows: Sequence[Row], width_in: float, most_weeks: int) -> Figure:
    """Oil loaded and discharged by week, each with its interval of 90 %.

    Parameters are those of `series_figure`. A week without an estimate is hatched; of one of which
    only the lower end is known, a hollow bar reaches up to it. An open week's bar is hollow too.
    """
    rows = rows[-most_weeks:]
    is_narrow = width_in < NARROW[0] + 1
    with mpl.rc_context(figures.STYLE):
        figure = figures.new_figure(width_in, 3.6 if is_narrow else 3.2)
        for axes, (name, colour) in zip(
            figure.subplots(2, 1, sharex=True), OIL.items(), strict=True
        ):
            _oil_bars(axes, rows, name, colour)
            _gaps(axes, [row[f"{name}_low_90_t"] is None for row in rows])
            axes.yaxis.set_major_locator(MaxNLocator(nbins=3, min_n_ticks=2))
            axes.grid(visible=False, axis="x")
            axes.tick_params(length=3)
        _weeks(axes, rows, 5 if is_narrow else 13)
        figure.align_ylabels()
        handles = _oil_legend(rows)
        figure.legend(
            handles=handles,
            loc="outside upper left",
            ncols=2 if is_narrow else len(handles),
            fontsize=8.5,
            handlelength=1.2,
            columnspacing=1.2,
        )
    return figure


def _oil_bars(axes: Axes, rows: Sequence[Row], name: str, colour: str) -> None:
    """Bars in thousand tonnes; a floor where no sum is known."""
    known = [(n, row) for n, row in enumerate(rows) if row[f"{name}_low_90_t"] is not None]
    at = [n for n, _ in known]
    low = np.array([row[f"{name}_low_90_t"] for _, row in known]) / 1e3
    is_floor = [row[f"{name}_t"] is None for _, row in known]
    amounts = [
        row[f"{name}_low_90_t" if row[f"{name}_t"] is None else f"{name}_t"] for _, row in known
    ]
    high = np.array([row[f"{name}_high_90_t"] or row[f"{name}_low_90_t"] for _, row in known]) / 1e3
    hollow = [
        flag or row["state"] == "open" for flag, (_, row) in zip(is_floor, known, strict=True)
    ]
    height = np.array(amounts) / 1e3
    _bars(axes, at, np.zeros_like(height), height, 0.7, colour, hollow)
    width = 1.3 if len(rows) <= NARROW[1] else 0.8
    axes.vlines(at, np.minimum(height, high), high, color=figures.MUTED, linewidth=width)
    axes.vlines(at, low, height, color=figures.PAPER, linewidth=width)
    axes.set_ylim(0, 1.08 * max([1.0, *high.tolist()]))
    axes.set_ylabel(f"{name}, kt")


def _oil_legend(rows: Sequence[Row]) -> list[Any]:
    """Entries for what is in the chart."""
    entries: list[Any] = [Patch(facecolor=colour, label=name) for name, colour in OIL.items()]
    entries.append(Line2D([], [], color=figures.MUTED, linewidth=1.1, label="90% interval"))
    lows = [(row[f"{name}_low_90_t"], row[f"{name}_t"], row) for row in rows for name in OIL]
    if any(
        low is not None and (amount is None or row["state"] == "open") for low, amount, row in lows
    ):
        hollow = Patch(facecolor=figures.PAPER, edgecolor=figures.INK, label="at least, or so far")
        entries.append(hollow)
    if any(low is None for low, _, _ in lows):
        entries.append(Patch(**_HATCHED, label="not known"))
    return entries


def oil_text(rows: Sequence[Row]) -> str:
    """Text alternative of the chart of the oil."""
    last = rows[-1]
    parts = []
    for name in OIL:
        amount, low = last[f"{name}_t"], last[f"{name}_low_90_t"]
        known = f"{amount:,} tonnes" if amount is not None else "not known"
        if amount is None and low is not None:
            known = f"at least {low:,} tonnes"
        parts.append(f"{name} in {last['week']}: {known}")
    return f"{'; '.join(parts)}. barometer.csv has every week."


def series_png(rows: Sequence[Row], sentences: Sequence[str], usual: Usual | None = None) -> bytes:
    """The chart as a PNG file with the sentences as its title, for a chat."""
    title = "\n".join(fill(sentence, 108) for sentence in sentences)
    return figures.png(series_figure(rows, *CHAT, usual, title))


def _linked(axes: Axes, rows: Sequence[Row], usual: Usual | None) -> None:
    """Bars of the headline, calls at a berth first; whiskers of the rate's limits."""
    at = [n for n, row in enumerate(rows) if row["russian_linked_tanker_calls"] is not None]
    calls = np.array([rows[n]["russian_linked_tanker_calls"] for n in at])
    berths = np.array([rows[n]["russian_linked_berth_calls"] or 0 for n in at])
    is_open = [rows[n]["state"] == "open" for n in at]
    _bars(axes, at, np.zeros_like(berths), berths, 0.76, figures.BERTH, is_open)
    _bars(axes, at, berths, calls, 0.42, figures.LINKED, is_open)
    _limits(axes, rows)
    if usual is not None:
        last = len(rows) - usual.weeks - 0.5
        first = max(last - usual.before_weeks, -0.5)
        axes.plot(
            [first, last],
            [usual.rate_a_week] * 2,
            color=figures.INK,
            linewidth=1.3,
            linestyle=(0, (4, 2)),
        )
    # Limits of a week of which little was heard are wide and must not set the axis.
    counts = [row["russian_linked_tanker_calls"] or 0 for row in rows]
    limits = [row["high_95"] for row in rows if row["high_95"] and row["state"] == "complete"]
    limits = limits or [row["high_95"] for row in rows if row["high_95"]]
    axes.set_ylim(0, 1.08 * max([1, *counts, *limits]))
    axes.set_ylabel("linked calls")


def _bars(
    axes: Axes,
    at: Sequence[int],
    low: Values,
    high: Values,
    width: float,
    colour: str,
    is_hollow: Sequence[bool] | None = None,
) -> None:
    """Bars as one artist: with one each, as of `Axes.bar`, a year takes a second to draw."""
    hollow = [False] * len(at) if is_hollow is None else is_hollow
    bars = PolyCollection(
        _rectangles(np.array(at), low, high, width),
        facecolors=[figures.PAPER if flag else colour for flag in hollow],
        edgecolors=[colour if flag else figures.PAPER for flag in hollow],
        linewidths=[1.0 if flag else 0.3 for flag in hollow],
    )
    axes.add_collection(bars, autolim=False)


def _rectangles(at: Values, low: Values, high: Values, width: float) -> list[Values]:
    """Of each rectangle about a place the four corners, x and y."""
    left, right = at - width / 2, at + width / 2
    return [*np.stack([np.stack([left, right, right, left]), np.stack([low, low, high, high])]).T]


def _limits(axes: Axes, rows: Sequence[Row]) -> None:
    """A line from limit to limit, dark on the background and light on the bar."""
    limited = [(n, row) for n, row in enumerate(rows) if row["low_95"] is not None]
    at = [n for n, _ in limited]
    low = np.array([row["low_95"] for _, row in limited])
    # With an unheard water there is no upper limit: the line leaves the axis.
    beyond = 10 * max([1, *(row["russian_linked_tanker_calls"] for _, row in limited)])
    high = np.array([beyond if row["high_95"] is None else row["high_95"] for _, row in limited])
    top = np.array([row["russian_linked_tanker_calls"] for _, row in limited])
    width = 1.3 if len(rows) <= NARROW[1] else 0.8
    axes.vlines(at, np.maximum(low, top), high, color=figures.MUTED, linewidth=width)
    axes.vlines(at, low, np.maximum(low, top), color=figures.PAPER, linewidth=width)


def _all_tankers(axes: Axes, rows: Sequence[Row]) -> None:
    counts = [np.nan if row["tanker_calls"] is None else row["tanker_calls"] for row in rows]
    axes.plot(counts, color=figures.ALL, linewidth=1.3, marker="o", markersize=2.2)
    axes.set_ylim(0, 1.15 * max([1.0, *(c for c in counts if not np.isnan(c))]))
    axes.set_ylabel("all")


def _heard(axes: Axes, rows: Sequence[Row]) -> None:
    shares = np.array([row["observed_share"] or 0 for row in rows])
    _bars(axes, range(len(rows)), np.zeros_like(shares), shares, 0.78, figures.FENCE)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylabel("heard")


def _gaps(axes: Axes, is_unheard: Sequence[bool]) -> None:
    """Hatched where a week has no number."""
    at = np.flatnonzero(is_unheard)
    spans = PolyCollection(
        _rectangles(at, np.zeros(len(at)), np.ones(len(at)), 1.0),
        transform=axes.get_xaxis_transform(),
        **_HATCHED,
    )
    axes.add_collection(spans, autolim=False)


_HATCHED: dict[str, Any] = {
    "facecolor": figures.PAPER,
    "edgecolor": figures.UNHEARD,
    "hatch": "////",
    "linewidth": 0,
}


def _weeks(axes: Axes, rows: Sequence[Row], most_labels: int) -> None:
    """Weeks by number where they are few, else months."""
    starts: list[date] = [row["week_start"] for row in rows]
    if len(rows) <= most_labels:
        marks = [(at, row["week"].partition("-")[2]) for at, row in enumerate(rows)]
    else:
        months = [
            at for at, start in enumerate(starts) if at and start.month != starts[at - 1].month
        ]
        step = -(-len(months) // most_labels)
        marks = [(at, f"{starts[at]:%b %y}") for at in months[::step]]
        if not marks:
            step = -(-len(rows) // most_labels)
            marks = [(at, rows[at]["week"].partition("-")[2]) for at in range(0, len(rows), step)]
    axes.set_xticks([at for at, _ in marks], [text for _, text in marks])
    axes.set_xlim(-0.6, max(len(rows), LEAST_SLOTS) - 0.4)


def _legend(rows: Sequence[Row], usual: Usual | None) -> list[Any]:
    """Entries for what is in the chart."""
    states = {row["state"] for row in rows}
    entries: list[Any] = [
        Patch(facecolor=figures.BERTH, label="at berth"),
        Patch(facecolor=figures.LINKED, label="at anchor (narrow)"),
        Line2D([], [], color=figures.MUTED, linewidth=1.1, label="95% limits"),
    ]
    if usual is not None:
        label = f"{usual.before_weeks} weeks before: {usual.rate_a_week:.1f} a week"
        entries.append(Line2D([], [], color=figures.INK, linestyle=(0, (4, 2)), label=label))
    if any(row["russian_linked_tanker_calls"] is None for row in rows):
        entries.append(Patch(**_HATCHED, label="not heard"))
    if "open" in states:
        entries.append(
            Patch(facecolor=figures.PAPER, edgecolor=figures.BERTH, label="open, so far")
        )
    return entries
