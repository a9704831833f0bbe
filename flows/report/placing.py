"""Positions of symbols and labels on a map, so that none covers another."""

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
_REACHES_IN = (0.03, 0.1, 0.2, 0.32, 0.46, 0.62, 0.8, 1.0, 1.25, 1.55, 1.9)
_REACH, _TURN = (
    grid.ravel() for grid in np.meshgrid(_REACHES_IN, math.tau * np.arange(24) / 24, indexing="ij")
)
_ACROSS, _UP = np.cos(_TURN), np.sin(_TURN)
"""Positions tried for a label: distance from the edge of its symbol, and direction."""
_NEAR_IN = 0.32
"""The label of a port without calls stands no farther from its symbol."""
_LED_IN = 0.1
"""A label farther from its symbol than this gets a line to it."""
_ROUNDS = 8


class View(NamedTuple):
    """A part of the world, and its place in the figure (inches from the lower left)."""

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
        Its text, in lines.
    rank : tuple
        Labels are placed in this order.
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
    """Move overlapping symbols apart, each as little as possible.

    Pairs that overlap are moved by half of it each, over and over, as in Dorling's cartograms
    (1996); each is pulled back to its port by a fiftieth of the distance.
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
    """The box of a symbol's text, and the line between the two unless they are close."""

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


def text_style(is_called: bool) -> tuple[float, str]:
    """Size in points and weight of a port's label."""
    return (FONT_PT, "bold") if is_called else (SMALL_PT, "normal")


def place_labels(
    symbols: Sequence[Symbol], view: View, taken: Sequence[BaseGeometry], renderer: Any
) -> list[Label]:
    """Place labels so that they cover no symbol, no other label and nothing in `taken`.

    Labels are placed one after the other, ports with most calls first. Ports with calls that get
    no place or a bad one go first in the next round ("squeaky wheel", Joslin and Clements, 1999).
    The cheapest round is returned; the labels that found no place in it are left out.
    """
    discs = [Point(s.x, s.y).buffer(s.radius + 0.015) for s in symbols]
    hidden = shapely.union_all([*discs, *taken])
    frame = view_box(view).buffer(-0.03)
    shapely.prepare([frame, hidden])
    others = {
        symbol.port_id: shapely.union_all(discs[:n] + discs[n + 1 :])
        for n, symbol in enumerate(symbols)
    }
    sizes = {s.port_id: extent(s.label, *text_style(s.kind == "calls"), renderer) for s in symbols}
    blame = dict.fromkeys(others, 0.0)
    best: tuple[float, list[Label]] = (math.inf, [])
    for _ in range(_ROUNDS):
        labels: list[Label] = []
        for symbol in sorted(symbols, key=lambda s: (-blame[s.port_id], s.rank)):
            drawn = shapely.union_all([p for label in labels for p in (label.area, label.leader)])
            port_id = symbol.port_id
            label = _place(symbol, sizes[port_id], frame, hidden, others[port_id], drawn)
            labels += [] if label is None else [label]
        costs = {s.port_id: 10.0 if s.kind == "calls" else 1.0 for s in symbols}
        costs |= {label.symbol.port_id: label.cost for label in labels}
        best = min(best, (sum(costs.values()), labels), key=lambda pair: pair[0])
        bad = [s.port_id for s in symbols if s.kind == "calls" and costs[s.port_id] > 1]
        if not bad:
            break
        for port_id in bad:
            blame[port_id] += costs[port_id]
    return best[1]


def _place(
    symbol: Symbol,
    size: tuple[float, float],
    frame: BaseGeometry,
    hidden: BaseGeometry,
    others: BaseGeometry,
    drawn: BaseGeometry,
) -> Label | None:
    """The best free position of a label; None where none is free.

    Near positions are better than far ones, and right of the symbol is better than left, above
    and below (Imhof, 1975). A label close to another symbol may be read as that one's.
    """
    width, height = size
    # On the left of its symbol a box ends at the distance, on the right it begins there.
    x = symbol.x + _ACROSS * (symbol.radius + _REACH) + np.clip(1.6 * _ACROSS, -1, 1) * width / 2
    y = symbol.y + _UP * (symbol.radius + _REACH) + np.clip(1.6 * _UP, -1, 1) * height / 2
    areas = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    is_led = _REACH > _LED_IN
    # On those that are left, as each question costs more than the one before.
    left = np.arange(areas.size) if symbol.kind == "calls" else np.flatnonzero(_REACH <= _NEAR_IN)
    left = left[shapely.contains(frame, areas[left])]
    left = left[~shapely.intersects(hidden, areas[left])]
    left = left[~shapely.intersects(drawn, areas[left])]
    leaders = shapely.shortest_line(Point(symbol.x, symbol.y), areas[left])
    is_crossing = is_led[left] & shapely.intersects(drawn, leaders)
    left, leaders = left[~is_crossing], leaders[~is_crossing]
    if not left.size:
        return None
    cost = (4 * _REACH + 0.1 * (1 - _ACROSS) + 0.05 * abs(_UP))[left]
    cost += 0.4 * shapely.dwithin(others, areas[left], 0.07)
    cost += 3 * (is_led[left] & shapely.intersects(others, leaders))
    n = int(np.argmin(cost))
    leader = leaders[n] if is_led[left[n]] else None
    return Label(symbol, areas[left[n]], leader, float(cost[n]))


def scale_bar(sheet: Axes, view: View, symbols: Sequence[Symbol], renderer: Any) -> BaseGeometry:
    """Draw a scale bar in a lower corner without a port, and return its box."""
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
