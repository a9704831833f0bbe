"""Where symbols and names go on a map, so that none covers another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry

from flows.report.figures import INK

KM_A_DEGREE = 111.2
"""Of latitude, on a sphere of 6,371 km."""

FONT_PT = 8.5
SMALL_PT = 7.5
LEAD = 1.25
"""Height of a line in font sizes."""
_TURNS = 24
_ACROSS = np.cos(math.tau * np.arange(_TURNS) / _TURNS)
_UP = np.sin(math.tau * np.arange(_TURNS) / _TURNS)
"""Directions in which a place for a label is looked for."""
_REACHES_IN = (0.03, 0.1, 0.2, 0.32, 0.46, 0.62, 0.8, 1.0, 1.25, 1.55, 1.9)
"""How far from its circle a label may stand; one without calls only as far as the fourth."""


class View(NamedTuple):
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


def view_box(view: View, pad: float = 0.0) -> BaseGeometry:
    return box(
        view.left_in - (0.4 if pad else 0),  # the ticks' labels of a view upon another
        view.bottom_in - (0.22 if pad else 0),
        view.left_in + view.width_in + pad,
        view.bottom_in + view.height_in + pad,
    )


def moved_apart(symbols: list[Symbol], view: View, gap_in: float = 0.02) -> list[Symbol]:
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


class Label(NamedTuple):
    """A text at the middle of a box, and the line to what it names where that is not near."""

    symbol: Symbol
    area: BaseGeometry
    leader: LineString | None
    cost: float


def extent(text: str, points: float, weight: str, renderer: Any) -> tuple[float, float]:
    """Width and height of a text in lines, inches."""
    font = FontProperties(family="DejaVu Sans", size=points, weight=weight)
    lines = text.split("\n")
    # A renderer counts pixels of the figure, 100 in an inch.
    widths = [renderer.get_text_width_height_descent(line, font, False)[0] for line in lines]
    return max(widths) / 100, len(lines) * points * LEAD / 72


def place_labels(
    symbols: Sequence[Symbol],
    view: View,
    taken: Sequence[BaseGeometry],
    lines: BaseGeometry,
    renderer: Any,
) -> list[Label]:
    """A place for each label where it hides nothing.

    They are placed one after the other, the ports with most calls first. Who comes off badly goes
    to the front and all are placed again, some times ("squeaky wheel", Joslin and Clements,
    1999); the best round stands. The label of a port without calls that finds no place is left
    out. `lines` (coasts and limits, inches) may be crossed, but are better not.
    """
    discs = {s.port_id: Point(s.x, s.y).buffer(s.radius + 0.015) for s in symbols}
    hidden = shapely.union_all([*discs.values(), *taken])
    frame = view_box(view).buffer(-0.03)
    shapely.prepare([frame, hidden, lines])
    sizes = {s.port_id: extent(s.label, *letters_of(s.kind == "calls"), renderer) for s in symbols}
    blame = dict.fromkeys(discs, 0.0)
    best: tuple[float, list[Label]] = (math.inf, [])
    for _ in range(8):
        placed: list[Label] = []
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


def letters_of(called: bool) -> tuple[float, str]:
    """Size in points and weight of a port's label."""
    return (FONT_PT, "bold") if called else (SMALL_PT, "normal")


def _place(
    symbol: Symbol,
    size: tuple[float, float],
    frame: BaseGeometry,
    hidden: BaseGeometry,
    lines: BaseGeometry,
    others: Sequence[BaseGeometry],
    placed: Sequence[Label],
) -> Label | None:
    """The cheapest free place round a symbol, near ones before far ones; None where none is free.

    Positions are those of Imhof (1975): right of the symbol best, then left, above and below.
    """
    width, height = size
    drawn = shapely.union_all([part for label in placed for part in (label.area, label.leader)])
    near = shapely.union_all(others)
    shapely.prepare([drawn, near])
    best: Label | None = None
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
                best = Label(symbol, area, leader, cost)
    return best


def _side(way: np.ndarray) -> np.ndarray:
    """From -1 to 1: on which side of a symbol a box lies, so that its near edge faces it."""
    return np.clip(1.6 * way, -1.0, 1.0)


def _leader(symbol: Symbol, area: BaseGeometry) -> LineString:
    near = shapely.shortest_line(Point(symbol.x, symbol.y), area)
    (x, y), (to_x, to_y) = near.coords
    share = symbol.radius / near.length
    return LineString([(x + (to_x - x) * share, y + (to_y - y) * share), (to_x, to_y)])


def scale_bar(sheet: Axes, view: View, symbols: Sequence[Symbol], renderer: Any) -> BaseGeometry:
    """A scale bar in a lower corner where no port is; gives the place that it takes."""
    in_a_km = view.stretch * view.in_a_degree / KM_A_DEGREE
    # The longest round length that takes no more than an inch.
    km = max(n for n in (10, 20, 50, 100, 200) if n * in_a_km <= 1.0)
    length, text, low = km * in_a_km, f"{km} km", view.bottom_in + 0.12
    width, height = extent(text, SMALL_PT, "normal", renderer)
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
    sheet.text(right, low + 0.05, text, ha="right", va="bottom", fontsize=SMALL_PT, color=INK)
    return place
