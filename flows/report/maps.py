"""The week's ports on a map, drawn without a network: land, fences, circles, names."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline
from shapely.geometry import Point, box, shape
from shapely.geometry.base import BaseGeometry

from flows.home.resources import data_path, port_files
from flows.home.rules import rule
from flows.home.text import safe_text
from flows.report.figures import ALL, FENCE, INK, LAND, LINKED, MUTED, PAPER, SEA, STYLE, UNHEARD
from flows.report.placing import (
    FONT_PT,
    LEAD,
    SMALL_PT,
    Label,
    Symbol,
    View,
    extent,
    moved_apart,
    place_labels,
    scale_bar,
    text_style,
    view_box,
)
from geo.ports import Ports, load_ports

WIDE_IN = 9.0
"""Width of the map on a wide screen."""
NARROW_IN = 4.0
"""Width of the map on a phone: at 360 pixels its text is still ten pixels high."""
STACK_BELOW_IN = 6.5
"""Narrower maps have the waters below each other: the names of the Gulf's ports no longer fit
beside the Caspian."""

FULLY_HEARD = rule("whole_share")
"""Below this share of the hours heard a count is "at least" (docs/method.md, "Heard")."""
_LARGEST_IN = 0.26
"""Radius of the circle of the port with most calls, at least `_LEAST_FULL`."""
_LEAST_FULL = 9
"""In a quiet week one call is not drawn as large as ten in a busy one."""
_DOT_IN = 0.032
_UNHEARD_IN = 0.062


_GULFS = View("Persian Gulf and Gulf of Oman", 47.45, 24.35, 61.25, 30.95)
_CASPIAN = View("Caspian", 48.45, 36.3, 54.35, 38.95)
_NORTH = View("Persian Gulf, north", 47.85, 27.0, 52.95, 30.85)
_SOUTH = View("Persian Gulf, south, and Gulf of Oman", 52.95, 24.35, 61.15, 28.35)

_NAMES = (
    ("Persian Gulf", 51.0, 27.85),
    ("Persian Gulf", 54.35, 25.35),
    ("Gulf of Oman", 59.0, 24.9),
    ("Caspian Sea", 51.4, 38.0),
    ("Iran", 53.6, 29.6),
    ("Iran", 52.2, 29.6),
    ("Iran", 59.3, 26.9),
    ("Iran", 51.1, 36.42),
    ("Saudi Arabia", 48.9, 25.6),
    ("Qatar", 51.2, 25.25),
    ("Oman", 56.9, 24.5),
)
"""Names for orientation and their centres: drawn where they cover nothing."""


@cache
def land() -> BaseGeometry:
    """The land of the world, degrees WGS 84; see `data/coast/README.md`.

    >>> [land().covers(Point(place)) for place in ((51.0, 41.0), (51.4, 35.7))]  # Caspian, Tehran
    [False, True]
    """
    parsed = json.loads(data_path("coast", "land.geojson").read_text(encoding="utf-8"))
    area: BaseGeometry = shape(parsed["features"][0]["geometry"])
    shapely.prepare(area)
    return area


@cache
def own_fences() -> Ports:
    """The project's own ports and fences."""
    return load_ports(*port_files())


def week_map(
    ports: Sequence[Mapping[str, Any]],
    fences: Ports | None = None,
    width_in: float = WIDE_IN,
    cargo: str = "tanker",
) -> Figure:
    """A week's calls by port, on a map with the fences.

    Parameters
    ----------
    ports : sequence of mapping
        The rows of `sql/report/by_port.sql`. A port that `fences` does not have is left out.
    fences : Ports or None
        Where the ports are, and their outer limits; None for the project's own.
    width_in : float
        Width in inches. Below `STACK_BELOW_IN` the parts of the map stand below each other.
    cargo : str
        Of the series' ships, as in `series`: what the legend calls their calls.

    Returns
    -------
    Figure
        A circle for each port, its area by calls, the Russian-linked part of that area
        filled. A port that was heard without a call is a dot; one whose number is null,
        because little or nothing was heard, is hollow, dashed and hatched. The same rows in any
        order give the same figure.
    """
    fences = own_fences() if fences is None else fences
    limits = {row["port_id"]: row for row in fences.port.to_dict("records")}
    rows = sorted((dict(row) for row in ports), key=lambda row: str(row["port_id"]))
    rows = [row for row in rows if row["port_id"] in limits]
    most = max([_LEAST_FULL, *(row["tanker_calls"] or 0 for row in rows)])
    views, height_in = _layout(width_in)
    with matplotlib.rc_context({**STYLE, "hatch.linewidth": 0.8}):
        figure = Figure(figsize=(width_in, height_in))
        renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        sheet = _axes(figure, 0, 0, width_in, height_in)
        sheet.set(xlim=(0, width_in), ylim=(0, height_in), zorder=5, facecolor="none")
        areas = [row["geometry"] for row in limits.values()]
        for view in views:
            _ground(figure, view, areas)
        taken = (
            [view_box(inner, pad=0.06) for inner in views[1:]] if views[0] is _outer(views) else []
        )
        for view in views:
            symbols = moved_apart(_symbols(rows, limits, view, most), view)
            apart_from = [] if view in views[1:] else taken
            _draw(sheet, view, symbols, apart_from, renderer)
        _legend(sheet, width_in, most, cargo)
    return figure


def shown(ports: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """All that `week_map` draws of each port, sorted: where it is equal, so is the map."""
    columns = ("port_id", "name", "tanker_calls", "linked_calls")
    rows = [(*(row[c] for c in columns), row["tanker_calls"] and _count(row)) for row in ports]
    return sorted(rows, key=str)


def week_map_text(ports: Sequence[Mapping[str, Any]], cargo: str = "tanker") -> str:
    """Text alternative of the map.

    Parameters
    ----------
    ports : sequence of mapping
        The rows of `sql/report/by_port.sql`.
    cargo : str
        Of the series' ships, as in `series`.

    Examples
    --------
    >>> port = {"port_id": "IRKHK", "name": "Kharg Island", "linked_calls": 4, "tanker_calls": 9,
    ...         "observed_share": 0.8, "is_open": False}
    >>> deaf = {"port_id": "IRZBR", "name": "Chabahar", "linked_calls": None, "tanker_calls": None,
    ...         "observed_share": 0.0, "is_open": False}
    >>> print(week_map_text([port, deaf]))
    Map of 2 Iranian ports. Tanker calls, Russian-linked of all: Kharg Island at least 4 of 9. \
Too little heard for a number: Chabahar.
    """
    rows = sorted(ports, key=_rank)
    called = [f"{safe_text(row['name'])} {_count(row)}" for row in rows if row["tanker_calls"]]
    quiet = [safe_text(row["name"]) for row in rows if row["tanker_calls"] == 0]
    unheard = [safe_text(row["name"]) for row in rows if row["tanker_calls"] is None]
    calls = f"{cargo.capitalize()} calls{' so far' if any(row['is_open'] for row in rows) else ''}"
    parts = [
        f"Map of {len(rows)} Iranian ports.",
        f"{calls}, Russian-linked of all: {'; '.join(called)}." if called else "",
        f"Heard, and no {cargo} call seen: {'; '.join(quiet)}." if quiet else "",
        f"Too little heard for a number: {'; '.join(unheard)}." if unheard else "",
    ]
    return " ".join(part for part in parts if part)


def _count(row: Mapping[str, Any]) -> str:
    """A port's number: Russian-linked of all tanker calls.

    >>> _count({"linked_calls": None, "tanker_calls": 2, "observed_share": 0.2})
    '? of 2'
    >>> _count({"linked_calls": 0, "tanker_calls": 2, "observed_share": 0.8})
    '0 of 2 seen'
    """
    linked = "?" if row["linked_calls"] is None else row["linked_calls"]
    if (row["observed_share"] or 0) >= FULLY_HEARD or linked == "?":
        return f"{linked} of {row['tanker_calls']}"
    return (
        f"at least {linked} of {row['tanker_calls']}"
        if linked
        else f"0 of {row['tanker_calls']} seen"
    )


def _rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (-(row["tanker_calls"] or 0), -(row["linked_calls"] or 0), str(row["port_id"]))


def _layout(width_in: float) -> tuple[list[View], float]:
    """The views in their places and the height of the figure, inches."""
    left, right, ticks = 0.42, 0.08, 0.24
    span = width_in - left - right
    if width_in >= STACK_BELOW_IN:
        foot = 0.62
        main = _GULFS._replace(left_in=left, bottom_in=foot + ticks, width_in=span)
        # The Caspian is placed where the map of the Gulf has only land.
        inner = _CASPIAN._replace(width_in=0.395 * span)
        inner = inner._replace(
            left_in=width_in - right - inner.width_in,
            bottom_in=main.bottom_in + main.height_in - inner.height_in,
        )
        return [main, inner], main.bottom_in + main.height_in + 0.24
    views: list[View] = []
    top = 1.5
    for view in (_CASPIAN, _SOUTH, _NORTH):
        placed = view._replace(left_in=left, bottom_in=top + ticks, width_in=span)
        views.append(placed)
        top = placed.bottom_in + placed.height_in + 0.24
    return views[::-1], top


def _outer(views: Sequence[View]) -> View | None:
    """The view that contains another, if there is one."""
    first, *others = views
    return (
        first
        if any(view_box(first).contains(view_box(other).centroid) for other in others)
        else None
    )


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Bare axes at a place in inches."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    return axes


def _ground(figure: Figure, view: View, limits: Sequence[BaseGeometry]) -> None:
    """Sea, land, outer limits of ports, and degrees along the edges."""
    axes = _axes(figure, view.left_in, view.bottom_in, view.width_in, view.height_in)
    axes.set(xlim=(view.west, view.east), ylim=(view.south, view.north), facecolor=SEA)
    axes.spines[:].set(visible=True, color=MUTED, linewidth=0.6)
    frame = box(view.west, view.south, view.east, view.north)
    # A little wider, so that the edge of the view is not drawn as a coast.
    ground = shapely.clip_by_rect(land(), *frame.buffer(0.1).bounds)
    style = {"facecolor": LAND, "edgecolor": MUTED, "linewidth": 0.4}
    axes.add_artist(PathPatch(_outline(ground), **style))
    for limit in limits:
        if limit.intersects(frame):
            style = {"facecolor": "none", "edgecolor": FENCE, "linewidth": 1.0}
            axes.add_artist(PathPatch(_outline(limit), **style))
    step = 2 if view.east - view.west > 6 else 1
    lons = range(math.ceil(view.west / step) * step, math.floor(view.east) + 1, step)
    lats = range(math.ceil(view.south), math.floor(view.north) + 1)
    axes.set_xticks(list(lons), [f"{lon}° E" for lon in lons])
    axes.set_yticks(list(lats), [f"{lat}° N" for lat in lats])
    axes.tick_params(labelsize=SMALL_PT, length=2, width=0.6, pad=2, colors=MUTED)
    axes.set_title(view.title, fontsize=FONT_PT + 0.5, fontweight="bold", pad=4, color=INK)


def _outline(area: BaseGeometry) -> Outline:
    """A polygon or several, with their holes, for matplotlib."""
    rings = [
        Outline(ring.coords, closed=True)
        for part in shapely.get_parts(area)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return Outline.make_compound_path(*rings)


def _symbols(
    rows: Sequence[Mapping[str, Any]], limits: Mapping[str, Any], view: View, most: int
) -> list[Symbol]:
    """The ports of a view, each at its place."""
    symbols = []
    for row in rows:
        limit = limits[row["port_id"]]
        middle = limit["geometry"].centroid
        if not view.holds(middle.x, middle.y):
            continue
        x, y = view.place(middle.x, middle.y)
        calls = row["tanker_calls"]
        name = safe_text(row["name"])
        lines = textwrap.wrap(name, 19)
        kind, radius, linked_radius = "none", _DOT_IN, 0.0
        if calls is None:
            kind, radius = "unheard", _UNHEARD_IN
        elif calls > 0:
            kind, radius = "calls", _LARGEST_IN * math.sqrt(calls / most)
            linked_radius = _LARGEST_IN * math.sqrt((row["linked_calls"] or 0) / most)
            lines.append(_count(row))
        usual = limit["usual_tanker_calls"]
        usual = 0 if pd.isna(usual) else int(usual)
        symbols.append(
            Symbol(
                row["port_id"], name, kind, x, y, radius, x, y, linked_radius, "\n".join(lines),
                (*_rank(row)[:2], -usual, row["port_id"]),
            )
        )  # fmt: skip
    return symbols


def _draw(
    sheet: Axes,
    view: View,
    symbols: Sequence[Symbol],
    apart_from: Sequence[BaseGeometry],
    renderer: Any,
) -> None:
    """The symbols of a view, their labels, a scale, and names for orientation."""
    taken = [*apart_from, scale_bar(sheet, view, symbols, renderer)]
    labels = place_labels(symbols, view, taken, renderer)
    for label in labels:
        if label.leader is not None:
            _line(sheet, list(label.leader.coords), MUTED)
        _write(sheet, label)
    for symbol in symbols:
        moved = math.hypot(symbol.x - symbol.true_x, symbol.y - symbol.true_y)
        if moved > max(symbol.radius, 0.05):
            _line(sheet, [(symbol.x, symbol.y), (symbol.true_x, symbol.true_y)], INK)
            _disc(sheet, symbol.true_x, symbol.true_y, 0.015, facecolor=INK)
        _symbol(sheet, symbol)
    busy = [
        *taken,
        *(label.area for label in labels),
        *(label.leader for label in labels if label.leader is not None),
        *(Point(s.x, s.y).buffer(s.radius) for s in symbols),
    ]
    named: set[str] = set()
    for name, lon, lat in _NAMES:
        if view.holds(lon, lat) and name not in named:
            x, y = view.place(lon, lat)
            width, height = extent(name, SMALL_PT + 1, "normal", renderer)
            area = box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            if view_box(view).contains(area) and not any(area.intersects(other) for other in busy):
                sheet.text(
                    x, y, name, ha="center", va="center", fontsize=SMALL_PT + 1, color=MUTED,
                    fontstyle="italic",
                )  # fmt: skip
                named.add(name)


def _disc(sheet: Axes, x: float, y: float, radius: float, **style: Any) -> None:
    # Not `add_patch`, which would update the limits of the axes for each of a hundred circles.
    sheet.add_artist(Circle((x, y), radius, **{"edgecolor": "none", **style}))


def _line(sheet: Axes, points: Sequence[tuple[float, ...]], colour: str) -> None:
    for (x, y), (to_x, to_y) in pairwise(points):
        sheet.plot([x, to_x], [y, to_y], color=colour, linewidth=0.6, zorder=1)


def _symbol(sheet: Axes, symbol: Symbol) -> None:
    """A port's circle, dot or hatched ring, with its kind in the id."""
    x, y, radius = symbol.x, symbol.y, symbol.radius
    gid = f"{symbol.kind}-{symbol.port_id}"
    if symbol.kind == "unheard":
        _disc(sheet, x, y, radius, facecolor=PAPER, edgecolor=UNHEARD, hatch="//////", linewidth=0)
        style = {"facecolor": "none", "edgecolor": MUTED, "linestyle": (0, (2, 1.5))}
        _disc(sheet, x, y, radius, linewidth=0.9, gid=gid, **style)
    elif symbol.kind == "none":
        _disc(sheet, x, y, radius, facecolor=MUTED, edgecolor=PAPER, linewidth=0.6, gid=gid)
    else:
        _disc(sheet, x, y, radius, facecolor=PAPER)
        _disc(sheet, x, y, radius, facecolor=ALL, alpha=0.25)
        if symbol.linked_radius:
            _disc(sheet, x, y, symbol.linked_radius, facecolor=LINKED, gid=f"linked-{gid}")
        _disc(sheet, x, y, radius, facecolor="none", edgecolor=ALL, linewidth=1.1, gid=gid)


def _write(sheet: Axes, label: Label) -> None:
    west, _, east, north = label.area.bounds
    called = label.symbol.kind == "calls"
    points, _ = text_style(called)
    on_right = (west + east) / 2 > label.symbol.x
    beside = label.symbol.x < west or label.symbol.x > east
    where, align = ((west, "left") if on_right else (east, "right")) if beside else (
        (west + east) / 2, "center"
    )  # fmt: skip
    lines = label.symbol.label.split("\n")
    for number, line in enumerate(lines):
        is_count = called and number == len(lines) - 1
        sheet.text(
            where, north - (number + 0.5) * points * LEAD / 72, line,
            ha=align, va="center", fontsize=points, color=INK if called else MUTED,
            fontweight="bold" if is_count else "normal",
        )  # fmt: skip


def _legend(sheet: Axes, width_in: float, most: int, cargo: str) -> None:
    """The legend below the map; its circles have the scale of the map."""
    linked = most // 2
    texts = {
        "most": f"{most} {cargo} calls, {linked} of them\nRussian-linked: “{linked} of {most}”",
        "one": f"1 {cargo} call, not linked: “0 of 1”",
        "none": f"heard, no {cargo} call seen",
        "unheard": "too little heard: no number",
        "limit": "outer limit of a port",
    }
    spots = (
        {"most": (0.7, 0.31), "one": (3.4, 0.44), "limit": (3.4, 0.16), "none": (6.55, 0.44),
         "unheard": (6.55, 0.16)}
        if width_in >= STACK_BELOW_IN
        else {"most": (0.7, 1.2), "one": (0.7, 0.77), "none": (0.7, 0.53), "unheard": (0.7, 0.31),
              "limit": (0.7, 0.09)}
    )  # fmt: skip
    for kind, text in texts.items():
        x, y = spots[kind]
        calls = {"most": most, "one": 1}.get(kind, 0)
        radius = {"none": _DOT_IN, "unheard": _UNHEARD_IN}.get(
            kind, _LARGEST_IN * math.sqrt(calls / most)
        )
        if kind == "limit":
            sheet.plot([x - 0.12, x + 0.12], [y, y], color=FENCE, linewidth=1.2)
        else:
            share = math.sqrt(linked / most) if kind == "most" else 0.0
            sign = "calls" if calls else kind
            sample = Symbol(
                f"key-{kind}", "", sign, x, y, radius, x, y, _LARGEST_IN * share, "", ()
            )
            _symbol(sheet, sample)
        indent = _LARGEST_IN + 0.08 if kind == "most" or width_in < STACK_BELOW_IN else 0.2
        sheet.text(x + indent, y, text, ha="left", va="center", fontsize=FONT_PT, color=INK)
