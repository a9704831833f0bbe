"""The pictures of the page, as SVG in two widths: series, oil, a week's ports, a ship's track."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from shapely.geometry.base import BaseGeometry

from flows.analyst.explore.shown import figure
from flows.analyst.layers import CALL_LAYER, EVENT_LAYER, FIX_LAYERS, breaks_of, thin
from flows.home.text import safe_text
from flows.report import charts, figures, maps
from flows.report.words import series_text
from geo.ports import Ports

Row = Mapping[str, Any]

LEAST_SPAN_DEG = 0.3
"""Least width of the map of a ship that hardly moved: a port with its anchorages (a choice)."""
MOST_MARKED = 2_000
"""Most credible fixes that get a dot beside the line (a choice: more cover each other)."""
MARKERS = {"circle": "o", "triangle": "^", "diamond": "D", "x": "x", "square": "s"}
"""Matplotlib's marker for each of `FIX_LAYERS`."""


def series(rows: Sequence[dict[str, Any]], title: str) -> str:
    """A series with its limits, all ships and what was heard."""
    text = series_text(rows)
    return figure(
        *(
            figures.svg(charts.series_figure(rows, *size), f"series-{name}", title, text)
            for name, size in (("wide", charts.WIDE), ("narrow", charts.NARROW))
        )
    )


def oil(rows: Sequence[Row]) -> str:
    """The oil loaded and discharged by week.

    Parameters
    ----------
    rows : sequence of mapping
        Of `sql/examples/oil_by_week.sql`, of one series.
    """
    weeks: dict[str, dict[str, Any]] = {}
    for row in rows:
        of_week = {key: row[key] for key in ("week", "week_start", "state")}
        week = weeks.setdefault(row["week"], of_week)
        name = {"loading": "loaded", "discharging": "discharged"}.get(row["direction"])
        if row["water"] is None and name:
            for end in ("t", "low_90_t", "high_90_t"):
                week[f"{name}_{end}"] = row[f"payload_{end}"]
    title = "Oil loaded and discharged by Russian-linked tankers, by week"
    drawn = list(weeks.values())
    return figure(
        *(
            figures.svg(
                charts.oil_figure(drawn, *size), f"oil-{name}", title, charts.oil_text(drawn)
            )
            for name, size in (("wide", charts.WIDE), ("narrow", charts.NARROW))
        )
    )


def ports(rows: Sequence[Row], cargo: str) -> str:
    """A week's calls by port on a map; `cargo` is that of the series' ships."""
    text = maps.week_map_text(rows, cargo)
    return figure(
        *(
            figures.svg(
                maps.week_map(rows, width_in=width, cargo=cargo), f"map-{name}", "By port", text
            )
            for name, width in (("wide", maps.WIDE_IN), ("narrow", maps.NARROW_IN))
        )
    )


def track(of_ship: Mapping[str, Any], fences: Ports) -> str:
    """A ship's fixes by verdict, its calls, and interference at the time.

    Parameters
    ----------
    of_ship : mapping
        From `flows.analyst.portmap.ship_on_map`.
    fences : Ports
        All ports.
    """
    title = f"Track of {safe_text(of_ship['ship']['vessel_name'] or 'a ship without a name')}"
    return figure(
        *(
            figures.svg(
                _track_figure(of_ship, fences, width), f"track-{name}", title, _track_text(of_ship)
            )
            for name, width in (("wide", maps.WIDE_IN), ("narrow", maps.NARROW_IN))
        )
    )


def _track_text(of_ship: Mapping[str, Any]) -> str:
    kinds = of_ship["fix"]["kind"].value_counts()
    parts = [f"{FIX_LAYERS[str(kind)][0].text} {count}" for kind, count in kinds.items()]
    names = dict.fromkeys(safe_text(call["port_name"]) for call in of_ship["calls"])
    calls = f"; calls at {', '.join(names)}" if names else "; no port call"
    return f"{kinds.sum():,} fixes: {', '.join(parts)}{calls}."


def _track_figure(of_ship: Mapping[str, Any], fences: Ports, width_in: float) -> Figure:
    all_fixes = of_ship["fix"]
    fix, _ = thin(all_fixes)
    west, south, east, north = _bounds(all_fixes)
    stretch = 1 / math.cos(math.radians((south + north) / 2))
    height_in = min(max(width_in * (north - south) * stretch / (east - west), 2.5), 9.0)
    with mpl.rc_context(figures.STYLE):
        drawn = figures.new_figure(width_in, height_in + 0.8)
        axes = drawn.add_subplot()
        axes.set(xlim=(west, east), ylim=(south, north), facecolor=figures.SEA)
        axes.set_aspect(stretch)
        axes.grid(visible=False)
        axes.spines[:].set(visible=True, color=figures.MUTED, linewidth=0.6)
        axes.xaxis.set_major_formatter("{x:g}° E")
        axes.yaxis.set_major_formatter("{x:g}° N")
        axes.locator_params(nbins=5)
        axes.tick_params(labelsize=8, length=2)
        around = (west - 0.1, south - 0.1, east + 0.1, north + 0.1)
        style = {"facecolor": figures.LAND, "edgecolor": figures.MUTED, "linewidth": 0.4}
        _polygon(axes, shapely.clip_by_rect(maps.land(), *around), style)
        for area in fences.port_area.to_dict("records"):
            line = {"port_limit": 1.0, "anchorage": 0.6, "berth": 0.8}.get(area["kind"])
            if line is not None:
                style = {"facecolor": "none", "edgecolor": figures.FENCE, "linewidth": line}
                _polygon(axes, area["geometry"], style)
        _draw_way(axes, fix[fix["kind"] == "credible"])
        _draw_fixes(axes, fix, all_fixes["kind"].value_counts().to_dict())
        _draw_events(axes, of_ship["events"])
        _draw_calls(axes, of_ship["calls"])
        drawn.legend(
            loc="outside lower left", ncols=3 if width_in > maps.STACK_BELOW_IN else 1, fontsize=8
        )
    return drawn


def _bounds(fix: pd.DataFrame) -> tuple[float, float, float, float]:
    """West, south, east, north of the fixes that may be the ship's, with room around them."""
    own = fix[fix["kind"].isin(["credible", "disputed", "not judged"])]
    own = fix if own.empty else own
    ends = []
    for name in ("lon", "lat"):
        low, high = float(own[name].min()), float(own[name].max())
        room = max(0.06 * (high - low), (LEAST_SPAN_DEG - (high - low)) / 2)
        ends.append((low - room, high + room))
    (west, east), (south, north) = ends
    return west, south, east, north


def _polygon(axes: Axes, area: BaseGeometry, style: Mapping[str, Any]) -> None:
    rings = [
        Outline(ring.coords, closed=True)
        for part in shapely.get_parts(area)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    if rings:
        axes.add_artist(PathPatch(Outline.make_compound_path(*rings), **style))


def _draw_way(axes: Axes, credible: pd.DataFrame) -> None:
    """The line through the credible fixes, dashed over silences."""
    if len(credible) < 2:
        return
    places = credible[["lon", "lat"]].to_numpy()
    tracks = credible["track_id"].to_numpy()
    breaks = breaks_of(credible)
    for part in np.split(places, breaks):
        axes.plot(*part.T, color=figures.ALL, linewidth=0.9)
    for at in breaks:
        step = places[at - 1 : at + 1]
        if tracks[at] == tracks[at - 1] and abs(step[1][0] - step[0][0]) <= 180:
            axes.plot(*step.T, color=figures.ALL, linewidth=0.8, linestyle=(0, (4, 4)))


def _draw_fixes(axes: Axes, fix: pd.DataFrame, counts: Mapping[str, int]) -> None:
    for kind, (layer, marker) in FIX_LAYERS.items():
        own = fix[fix["kind"] == kind]
        if own.empty:
            continue
        is_usual = kind in ("credible", "not judged")
        dots = own[:0] if is_usual and len(own) > MOST_MARKED else own
        axes.scatter(
            dots["lon"].to_numpy(),
            dots["lat"].to_numpy(),
            s=5 if is_usual else 26,
            marker=MARKERS[marker],
            color=layer.colour,
            linewidths=1.2 if marker == "x" else 0,
            label=f"{layer.text} ({counts[kind]:,})",
            zorder=3 if is_usual else 4,
        )


def _draw_events(axes: Axes, events: Sequence[Row]) -> None:
    if events:
        axes.scatter(
            [event["lon"] for event in events],
            [event["lat"] for event in events],
            s=90,
            facecolor="none",
            edgecolor=EVENT_LAYER.colour,
            label=f"{EVENT_LAYER.text} ({len(events)})",
            zorder=4,
            clip_on=True,
        )


def _draw_calls(axes: Axes, calls: Sequence[Row]) -> None:
    """A star at each call, and the name of each port once."""
    if not calls:
        return
    axes.scatter(
        [call["lon"] for call in calls],
        [call["lat"] for call in calls],
        s=110,
        marker="*",
        color=CALL_LAYER.colour,
        edgecolor=figures.PAPER,
        linewidth=0.5,
        label=f"{CALL_LAYER.text} ({len(calls)})",
        zorder=5,
    )
    west, east = axes.get_xlim()
    for name, call in {call["port_name"]: call for call in calls}.items():
        is_right = call["lon"] > (west + east) / 2
        axes.annotate(
            safe_text(name),
            (call["lon"], call["lat"]),
            xytext=(-6 if is_right else 6, 5),
            textcoords="offset points",
            ha="right" if is_right else "left",
            fontsize=8,
            color=figures.INK,
            zorder=6,
        ).set_in_layout(False)
