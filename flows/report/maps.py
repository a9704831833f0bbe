"""The week's ports on a map, drawn without any network: land, fences, circles, names."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline
from shapely.geometry import LineString, Point, box, shape
from shapely.geometry.base import BaseGeometry

from flows.home.resources import data_path, port_files
from flows.report.figures import ALL, FENCE, INK, LAND, LINKED, MUTED, PAPER, SEA, STYLE, UNHEARD
from flows.report.tables import safe_text
from geo.ports import Ports, load_ports

WIDE_IN = 9.0
"""Width of the map in a page on a desk."""
NARROW_IN = 4.0
"""Width of the map on a phone: at 360 pixels its letters are still ten pixels high."""
STACK_BELOW_IN = 6.5
"""Narrower than this the waters stand one below the other. A choice: below it the names of the
Gulf's ports no longer fit on one map beside the Caspian."""

FULLY_HEARD = 0.95
"""Below this share of the hours heard a count is "at least" (README, "Heard")."""

KM_A_DEGREE = 111.2
"""Of latitude, on a sphere of 6,371 km."""

_FONT_PT = 8.5
_SMALL_PT = 7.5
_LEAD = 1.25
"""Height of a line in font sizes."""
_LARGEST_IN = 0.26
"""Radius of the circle of the port with most calls, or of `_LEAST_FULL` where that has fewer."""
_LEAST_FULL = 9
"""So that one call in a quiet week is not drawn as large as ten in a busy one."""
_DOT_IN = 0.032
_UNHEARD_IN = 0.062
_TURNS = 24
_ACROSS = np.cos(math.tau * np.arange(_TURNS) / _TURNS)
_UP = np.sin(math.tau * np.arange(_TURNS) / _TURNS)
"""Directions in which a place for a label is looked for."""
_REACHES_IN = (0.03, 0.1, 0.2, 0.32, 0.46, 0.62, 0.8, 1.0, 1.25, 1.55, 1.9)
"""How far from its circle a label may stand; one without calls only as far as the fourth."""


class _View(NamedTuple):
    """A part of the world, and where in the figure it stands (inches from the lower left)."""

    title: str
    west: float
    south: float
    east: float
    north: float
    left_in: float = 0.0
    bottom_in: float = 0.0
    width_in: float = 0.0

    @property
    def stretch(self) -> float:
        """Degrees of longitude in one of latitude, at the middle: as on Mercator's map there."""
        return 1 / math.cos(math.radians((self.south + self.north) / 2))

    @property
    def in_a_degree(self) -> float:
        return self.width_in / (self.east - self.west)

    @property
    def height_in(self) -> float:
        return (self.north - self.south) * self.stretch * self.in_a_degree

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Inches in the figure of a place in degrees."""
        return (
            self.left_in + (lon - self.west) * self.in_a_degree,
            self.bottom_in + (lat - self.south) * self.stretch * self.in_a_degree,
        )

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


_GULFS = _View("Persian Gulf and Gulf of Oman", 47.45, 24.35, 61.25, 30.95)
_CASPIAN = _View("Caspian", 48.45, 36.3, 54.35, 38.95)
_NORTH = _View("Persian Gulf, north", 47.85, 27.0, 52.95, 30.85)
_SOUTH = _View("Persian Gulf, south, and Gulf of Oman", 52.95, 24.35, 61.15, 28.35)

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
"""Names for orientation, with the middle of each: drawn where nothing else needs the place."""


class Symbol(NamedTuple):
    """A port as it is drawn. Lengths in inches of the figure.

    Attributes
    ----------
    port_id, name : str
        The port.
    kind : str
        ``calls`` (a circle), ``none`` (heard, no tanker call seen: a dot) or ``unheard`` (no
        number: hollow, dashed and hatched).
    x, y, radius : float
        Where it is drawn, after circles that would hide each other were moved apart.
    true_x, true_y : float
        Where the port is.
    linked_radius : float
        Of the filled disc inside; its area is to the circle's as Russian-linked calls to all.
    label : str
        What is written beside it, in lines.
    rank : tuple
        Who gets a place for its label first.
    """

    port_id: str
    name: str
    kind: str
    x: float
    y: float
    radius: float
    true_x: float
    true_y: float
    linked_radius: float
    label: str
    rank: tuple[Any, ...]


@cache
def land() -> BaseGeometry:
    """The land of the world, degrees WGS 84; see `data/coast/README.md`.

    >>> [land().covers(Point(place)) for place in ((51.0, 41.0), (51.4, 35.7))]  # Caspian, Tehran
    [False, True]
    """
    parsed = json.loads(data_path("coast", "land.geojson").read_text(encoding="utf-8"))
    found: BaseGeometry = shape(parsed["features"][0]["geometry"])
    shapely.prepare(found)
    return found


@cache
def _own_fences() -> Ports:
    return load_ports(*port_files())


def week_map(
    ports: Sequence[Mapping[str, Any]], fences: Ports | None = None, width_in: float = WIDE_IN
) -> Figure:
    """A week's tanker calls by port, on a map with the fences.

    Parameters
    ----------
    ports : sequence of mapping
        The rows of `sql/report_by_port.sql`. A port that `fences` does not have is left out.
    fences : Ports or None
        Where the ports are, and their outer limits; None for the project's own.
    width_in : float
        Width in inches. Below `STACK_BELOW_IN` the parts of the map stand below each other.

    Returns
    -------
    Figure
        A circle a port, its area by tanker calls, the Russian-linked part of that area filled. A
        port that was heard without a tanker call is a dot; one whose number is null, because it
        was hardly or not heard, is hollow, dashed and hatched, and never a zero. The same rows in
        any order give the same figure.
    """
    fences = _own_fences() if fences is None else fences
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
        lines = {view.title: _ground(figure, view, areas) for view in views}
        taken = [_box(inner, pad=0.06) for inner in views[1:]] if views[0] is _outer(views) else []
        for view in views:
            symbols = _apart(_symbols(rows, limits, view, most), view)
            apart_from = [] if view in views[1:] else taken
            _draw(sheet, view, symbols, apart_from, lines[view.title], renderer)
        _legend(sheet, width_in, most)
    return figure


def week_map_text(ports: Sequence[Mapping[str, Any]]) -> str:
    """What the map shows, in sentences, for who does not see it.

    Parameters
    ----------
    ports : sequence of mapping
        The rows of `sql/report_by_port.sql`.

    Examples
    --------
    >>> port = {"port_id": "IRKHK", "name": "Kharg Island", "linked_calls": 4, "tanker_calls": 9,
    ...         "observed_share": 0.8, "is_open": False}
    >>> deaf = {"port_id": "IRZBR", "name": "Chabahar", "linked_calls": None, "tanker_calls": None,
    ...         "observed_share": 0.0, "is_open": False}
    >>> print(week_map_text([port, deaf]))
    Map of 2 Iranian ports. Tanker calls, Russian-linked of all: Kharg Island at least 4 of 9. \
Hardly or not heard, so without a number: Chabahar.
    """
    rows = sorted(ports, key=_rank)
    called = [f"{safe_text(row['name'])} {_count(row)}" for row in rows if row["tanker_calls"]]
    quiet = [safe_text(row["name"]) for row in rows if row["tanker_calls"] == 0]
    unheard = [safe_text(row["name"]) for row in rows if row["tanker_calls"] is None]
    so_far = " so far" if any(row["is_open"] for row in rows) else ""
    parts = [
        f"Map of {len(rows)} Iranian ports.",
        f"Tanker calls{so_far}, Russian-linked of all: {'; '.join(called)}." if called else "",
        f"Heard, and no tanker call seen: {'; '.join(quiet)}." if quiet else "",
        f"Hardly or not heard, so without a number: {'; '.join(unheard)}." if unheard else "",
    ]
    return " ".join(part for part in parts if part)


def _count(row: Mapping[str, Any]) -> str:
    """A port's number: Russian-linked of all tanker calls.

    >>> _count({"linked_calls": None, "tanker_calls": 2, "observed_share": 0.2})
    'at least ? of 2'
    """
    linked = "?" if row["linked_calls"] is None else row["linked_calls"]
    least = "" if (row["observed_share"] or 0) >= FULLY_HEARD else "at least "
    return f"{least}{linked} of {row['tanker_calls']}"


def _rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (-(row["tanker_calls"] or 0), -(row["linked_calls"] or 0), str(row["port_id"]))


def _layout(width_in: float) -> tuple[list[_View], float]:
    """The views in their places and the height of the figure, inches."""
    left, right, ticks = 0.42, 0.08, 0.24
    span = width_in - left - right
    if width_in >= STACK_BELOW_IN:
        foot = 0.62
        main = _GULFS._replace(left_in=left, bottom_in=foot + ticks, width_in=span)
        # The Caspian goes where the Gulf's map has only Iran's dry land.
        inner = _CASPIAN._replace(width_in=0.395 * span)
        inner = inner._replace(
            left_in=width_in - right - inner.width_in,
            bottom_in=main.bottom_in + main.height_in - inner.height_in,
        )
        return [main, inner], main.bottom_in + main.height_in + 0.24
    views: list[_View] = []
    top = 1.5
    for view in (_CASPIAN, _SOUTH, _NORTH):
        placed = view._replace(left_in=left, bottom_in=top + ticks, width_in=span)
        views.append(placed)
        top = placed.bottom_in + placed.height_in + 0.24
    return views[::-1], top


def _outer(views: Sequence[_View]) -> _View | None:
    """The view that another lies upon, if there is one."""
    first, *others = views
    return first if any(_box(first).contains(_box(other).centroid) for other in others) else None


def _box(view: _View, pad: float = 0.0) -> BaseGeometry:
    return box(
        view.left_in - (0.4 if pad else 0),  # the ticks' labels of a view upon another
        view.bottom_in - (0.22 if pad else 0),
        view.left_in + view.width_in + pad,
        view.bottom_in + view.height_in + pad,
    )


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Bare axes at a place in inches."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    return axes


def _ground(figure: Figure, view: _View, limits: Sequence[BaseGeometry]) -> BaseGeometry:
    """Sea, land, outer limits and degrees; gives the lines of coasts and limits, in inches."""
    axes = _axes(figure, view.left_in, view.bottom_in, view.width_in, view.height_in)
    axes.set(xlim=(view.west, view.east), ylim=(view.south, view.north), facecolor=SEA)
    axes.spines[:].set(visible=True, color=MUTED, linewidth=0.6)
    frame = box(view.west, view.south, view.east, view.north)
    # A little wider, so that the edge of the view draws no coast.
    ground = shapely.clip_by_rect(land(), *frame.buffer(0.1).bounds)
    style = {"facecolor": LAND, "edgecolor": MUTED, "linewidth": 0.4}
    axes.add_artist(PathPatch(_outline(ground), **style))
    shown = [limit for limit in limits if limit.intersects(frame)]
    for limit in shown:
        style = {"facecolor": "none", "edgecolor": FENCE, "linewidth": 1.0}
        axes.add_artist(PathPatch(_outline(limit), **style))
    step = 2 if view.east - view.west > 6 else 1
    lons = range(math.ceil(view.west / step) * step, math.floor(view.east) + 1, step)
    lats = range(math.ceil(view.south), math.floor(view.north) + 1)
    axes.set_xticks(list(lons), [f"{lon}° E" for lon in lons])
    axes.set_yticks(list(lats), [f"{lat}° N" for lat in lats])
    axes.tick_params(labelsize=_SMALL_PT, length=2, width=0.6, pad=2, colors=MUTED)
    axes.set_title(view.title, fontsize=_FONT_PT + 0.5, fontweight="bold", pad=4, color=INK)
    edges = shapely.GeometryCollection([shapely.boundary(area) for area in (ground, *shown)])
    return shapely.transform(
        edges, lambda places: np.column_stack(view.place(places[:, 0], places[:, 1]))
    )


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
    rows: Sequence[Mapping[str, Any]], limits: Mapping[str, Any], view: _View, most: int
) -> list[Symbol]:
    """The ports of a view, each at its place."""
    found = []
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
        found.append(
            Symbol(
                row["port_id"], name, kind, x, y, radius, x, y, linked_radius, "\n".join(lines),
                (*_rank(row)[:2], -usual, row["port_id"]),
            )
        )  # fmt: skip
    return found


def _apart(symbols: list[Symbol], view: _View, gap_in: float = 0.02) -> list[Symbol]:
    """Move symbols that would hide each other apart, each as little as can be.

    Pairs that overlap push each other by half of it, over and over, as in Dorling's cartograms
    (1996); a spring as weak as one in fifty draws each back to its port.
    """
    x, y = [s.x for s in symbols], [s.y for s in symbols]
    for _ in range(400):
        before = [*x, *y]
        for i, s in enumerate(symbols):
            x[i] += (s.true_x - x[i]) * 0.02
            y[i] += (s.true_y - y[i]) * 0.02
        for i, j in combinations(range(len(symbols)), 2):
            least = symbols[i].radius + symbols[j].radius + gap_in
            across, up = x[j] - x[i], y[j] - y[i]
            if across == up == 0:
                across = 1e-6  # two ports at one place: the second goes east
            apart = math.hypot(across, up)
            if apart < least:
                push = (least - apart) / 2 / apart
                x[i], y[i] = x[i] - across * push, y[i] - up * push
                x[j], y[j] = x[j] + across * push, y[j] + up * push
        for i, s in enumerate(symbols):
            edge = s.radius + 0.02
            x[i] = min(max(x[i], view.left_in + edge), view.left_in + view.width_in - edge)
            y[i] = min(max(y[i], view.bottom_in + edge), view.bottom_in + view.height_in - edge)
        if max((abs(a - b) for a, b in zip(before, [*x, *y], strict=True)), default=0) < 1e-5:
            break
    return [s._replace(x=x[i], y=y[i]) for i, s in enumerate(symbols)]


class _Label(NamedTuple):
    """A text at the middle of a box, and the line to what it names where that is not near."""

    symbol: Symbol
    area: BaseGeometry
    leader: LineString | None
    cost: float


def _extent(text: str, points: float, weight: str, renderer: Any) -> tuple[float, float]:
    """Width and height of a text in lines, inches."""
    font = FontProperties(family="DejaVu Sans", size=points, weight=weight)
    lines = text.split("\n")
    # A renderer counts pixels of the figure, 100 in an inch.
    widths = [renderer.get_text_width_height_descent(line, font, False)[0] for line in lines]
    return max(widths) / 100, len(lines) * points * _LEAD / 72


def _place_labels(
    symbols: Sequence[Symbol],
    view: _View,
    taken: Sequence[BaseGeometry],
    lines: BaseGeometry,
    renderer: Any,
) -> list[_Label]:
    """A place for each label where it hides nothing.

    They are placed one after the other, the ports with most calls first. Who comes off badly goes
    to the front and all are placed again, some times ("squeaky wheel", Joslin and Clements,
    1999); the best round stands. The label of a port without calls that finds no place is left
    out. `lines` (coasts and limits, inches) may be crossed, but are better not.
    """
    discs = {s.port_id: Point(s.x, s.y).buffer(s.radius + 0.015) for s in symbols}
    hidden = shapely.union_all([*discs.values(), *taken])
    frame = _box(view).buffer(-0.03)
    shapely.prepare([frame, hidden, lines])
    sizes = {s.port_id: _extent(s.label, *_letters(s.kind == "calls"), renderer) for s in symbols}
    blame = dict.fromkeys(discs, 0.0)
    best: tuple[float, list[_Label]] = (math.inf, [])
    for _ in range(8):
        placed: list[_Label] = []
        for symbol in sorted(symbols, key=lambda s: (-blame[s.port_id], s.rank)):
            others = [disc for port_id, disc in discs.items() if port_id != symbol.port_id]
            label = _place(symbol, sizes[symbol.port_id], frame, hidden, lines, others, placed)
            if label is not None:
                placed.append(label)
        costs = {s.port_id: 10.0 if s.kind == "calls" else 1.0 for s in symbols}
        costs |= {label.symbol.port_id: label.cost for label in placed}
        best = min(best, (sum(costs.values()), placed), key=lambda pair: pair[0])
        badly = [s.port_id for s in symbols if s.kind == "calls" and costs[s.port_id] > 1]
        if not badly:
            break
        for port_id in badly:
            blame[port_id] += costs[port_id]
    return best[1]


def _letters(called: bool) -> tuple[float, str]:
    """Size in points and weight of a port's label."""
    return (_FONT_PT, "bold") if called else (_SMALL_PT, "normal")


def _place(
    symbol: Symbol,
    size: tuple[float, float],
    frame: BaseGeometry,
    hidden: BaseGeometry,
    lines: BaseGeometry,
    others: Sequence[BaseGeometry],
    placed: Sequence[_Label],
) -> _Label | None:
    """The cheapest free place round a symbol, near ones before far ones; None where none is free.

    Positions are those of Imhof (1975): right of the symbol best, then left, above and below.
    """
    width, height = size
    drawn = shapely.union_all([part for label in placed for part in (label.area, label.leader)])
    near = shapely.union_all(others)
    shapely.prepare([drawn, near])
    best: _Label | None = None
    for reach in _REACHES_IN if symbol.kind == "calls" else _REACHES_IN[:4]:
        if best is not None and 4 * reach >= best.cost:
            break  # a place as far as this cannot be better
        x = symbol.x + _ACROSS * (symbol.radius + reach) + _side(_ACROSS) * width / 2
        y = symbol.y + _UP * (symbol.radius + reach) + _side(_UP) * height / 2
        areas = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        is_free = shapely.contains(frame, areas) & ~shapely.intersects(hidden, areas)
        is_free &= ~shapely.intersects(drawn, areas)
        costs = 4 * reach + 0.1 * (1 - _ACROSS) + 0.05 * abs(_UP)
        costs += 0.25 * shapely.intersects(lines, areas)
        costs += 0.4 * shapely.dwithin(near, areas, 0.07)  # else it might be read as the other's
        for turn in np.flatnonzero(is_free):
            area, cost = areas[turn], float(costs[turn])
            leader = _leader(symbol, area) if reach > 0.1 else None
            if leader is not None:
                if drawn.intersects(leader):
                    continue
                cost += 3.0 * near.intersects(leader)
            if best is None or cost < best.cost:
                best = _Label(symbol, area, leader, cost)
    return best


def _side(way: np.ndarray) -> np.ndarray:
    """From -1 to 1: on which side of a symbol a box lies, so that its near edge faces it."""
    return np.clip(1.6 * way, -1.0, 1.0)


def _leader(symbol: Symbol, area: BaseGeometry) -> LineString:
    near = shapely.shortest_line(Point(symbol.x, symbol.y), area)
    (x, y), (to_x, to_y) = near.coords
    share = symbol.radius / near.length
    return LineString([(x + (to_x - x) * share, y + (to_y - y) * share), (to_x, to_y)])


def _draw(
    sheet: Axes,
    view: _View,
    symbols: Sequence[Symbol],
    apart_from: Sequence[BaseGeometry],
    lines: BaseGeometry,
    renderer: Any,
) -> None:
    """The symbols of a view, their labels, a scale, and names for orientation."""
    taken = [*apart_from, _scale(sheet, view, symbols, renderer)]
    labels = _place_labels(symbols, view, taken, lines, renderer)
    for symbol in symbols:
        moved = math.hypot(symbol.x - symbol.true_x, symbol.y - symbol.true_y)
        if moved > max(symbol.radius, 0.05):
            _line(sheet, [(symbol.x, symbol.y), (symbol.true_x, symbol.true_y)], INK)
            _disc(sheet, symbol.true_x, symbol.true_y, 0.015, facecolor=INK)
        _symbol(sheet, symbol)
    for label in labels:
        if label.leader is not None:
            _line(sheet, list(label.leader.coords), MUTED)
        _write(sheet, label)
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
            width, height = _extent(name, _SMALL_PT + 1, "normal", renderer)
            area = box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            if _box(view).contains(area) and not any(area.intersects(other) for other in busy):
                sheet.text(
                    x, y, name, ha="center", va="center", fontsize=_SMALL_PT + 1, color=MUTED,
                    fontstyle="italic",
                )  # fmt: skip
                named.add(name)


def _disc(sheet: Axes, x: float, y: float, radius: float, **style: Any) -> None:
    # Not `add_patch`: it would work out limits of the axes, which are set, a hundred times a map.
    sheet.add_artist(Circle((x, y), radius, **{"edgecolor": "none", **style}))


def _line(sheet: Axes, points: Sequence[tuple[float, ...]], colour: str) -> None:
    for (x, y), (to_x, to_y) in pairwise(points):
        sheet.plot([x, to_x], [y, to_y], color=colour, linewidth=0.6, zorder=1)


def _symbol(sheet: Axes, symbol: Symbol) -> None:
    """A port's circle, dot or hatched ring; the id of the group says which."""
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


def _write(sheet: Axes, label: _Label) -> None:
    west, _, east, north = label.area.bounds
    called = label.symbol.kind == "calls"
    points, _ = _letters(called)
    on_right = (west + east) / 2 > label.symbol.x
    beside = label.symbol.x < west or label.symbol.x > east
    where, align = ((west, "left") if on_right else (east, "right")) if beside else (
        (west + east) / 2, "center"
    )  # fmt: skip
    lines = label.symbol.label.split("\n")
    for number, line in enumerate(lines):
        is_count = called and number == len(lines) - 1
        sheet.text(
            where, north - (number + 0.5) * points * _LEAD / 72, line,
            ha=align, va="center", fontsize=points, color=INK if called else MUTED,
            fontweight="bold" if is_count else "normal",
        )  # fmt: skip


def _scale(sheet: Axes, view: _View, symbols: Sequence[Symbol], renderer: Any) -> BaseGeometry:
    """A scale bar in a lower corner where no port is; gives the place that it takes."""
    in_a_km = view.stretch * view.in_a_degree / KM_A_DEGREE
    # The longest round length that takes no more than an inch.
    km = max(n for n in (10, 20, 50, 100, 200) if n * in_a_km <= 1.0)
    length, text, low = km * in_a_km, f"{km} km", view.bottom_in + 0.12
    width, height = _extent(text, _SMALL_PT, "normal", renderer)
    ports = shapely.union_all([Point(s.x, s.y).buffer(s.radius) for s in symbols])
    rights = (view.left_in + view.width_in - 0.12, view.left_in + 0.12 + max(length, width))
    places = [
        box(right - max(width, length), low - 0.03, right, low + 0.05 + height) for right in rights
    ]
    right, place = next(
        (pair for pair in zip(rights, places, strict=True) if not pair[1].intersects(ports)),
        (rights[0], places[0]),
    )
    sheet.plot([right - length, right], [low, low], color=INK, linewidth=1.6, solid_capstyle="butt")
    sheet.text(right, low + 0.05, text, ha="right", va="bottom", fontsize=_SMALL_PT, color=INK)
    return place


def _legend(sheet: Axes, width_in: float, most: int) -> None:
    """What the signs mean, below the map; the circles have the map's own size."""
    linked = most // 2
    texts = {
        "most": f"{most} tanker calls, {linked} of them\nRussian-linked: “{linked} of {most}”",
        "one": "1 tanker call, not linked: “0 of 1”",
        "none": "heard, no tanker call seen",
        "unheard": "hardly or not heard: no number",
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
        sheet.text(x + indent, y, text, ha="left", va="center", fontsize=_FONT_PT, color=INK)
