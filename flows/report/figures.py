"""Charts and maps as SVG for the page and PNG for a chat: one palette, the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree as Tree  # to write what the parser, which is defused, has read

import matplotlib
from defusedxml.ElementTree import fromstring
from matplotlib.figure import Figure

from flows.home.code import code_hash
from flows.home.hashes import folder_hash, text_hash
from flows.home.resources import data_path

SVG = "http://www.w3.org/2000/svg"
Tree.register_namespace("", SVG)
Tree.register_namespace("xlink", "http://www.w3.org/1999/xlink")

INK = "#1b2730"
"""Text and axes."""
MUTED = "#5a6b78"
"""Secondary text: labels of axes, notes."""
GRID = "#d7dee3"
"""Grid lines."""
PAPER = "#fdfdfc"
"""Background."""
LINKED = "#b3361d"
"""Russian-linked tankers."""
BERTH = "#7d1f10"
"""Russian-linked tankers at a berth."""
ALL = "#33658a"
"""All tankers."""
BAND = "#e9b9a8"
"""Limits of a number."""
UNHEARD = "#c9ced2"
"""Nothing heard."""
LAND = "#ece7dc"
"""Land."""
SEA = "#e3edf3"
"""Water."""
FENCE = "#3d7f78"
"""Outer limits of ports, anchorages and berths."""

VARIABLES = {
    "ink": INK,
    "muted": MUTED,
    "grid": GRID,
    "paper": PAPER,
    "linked": LINKED,
    "berth": BERTH,
    "all": ALL,
    "band": BAND,
    "unheard": UNHEARD,
    "land": LAND,
    "sea": SEA,
    "fence": FENCE,
}
"""CSS variable -> its colour in light mode; the page has others for dark mode."""

STYLE: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    # Names come from outside: a dollar sign must not start a formula.
    "text.parse_math": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    # Text stays text: the page's own font, and a reader can search it.
    "svg.fonttype": "none",
}
"""Matplotlib's settings; a chart is drawn inside ``matplotlib.rc_context(STYLE)``."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of a size in inches, outside matplotlib's global state."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def mark_of(*shown: Any) -> str:
    """A hash of what a figure shows, of the code that draws it and of the map under it.

    Figures of one mark are equal: one that was drawn before need not be drawn again.
    """
    under = folder_hash(data_path("ports"))
    return text_hash(f"{code_hash()} {version('matplotlib')} {under} {shown!r}", 16)


def standing_or_drawn(
    standing: str, shown: Any, draw: Callable[[], Figure], name: str, title: str, text: str
) -> str:
    """A figure as `svg` gives it: that of the page that stands if it shows the same, else drawn.

    Parameters
    ----------
    standing : str
        The page that stands; empty for none.
    shown : object
        What `draw` draws; its `repr` tells what is equal.
    draw : callable
        Gives the figure.
    name, title, text
        See `svg`.
    """
    mark = mark_of(name, shown)
    same = re.search(
        f'(<svg [^>]*data-mark="{mark}">)<title.*?</desc>(.*?</svg>)', standing, re.DOTALL
    )
    if same is None:
        return svg(draw(), name, title, text, mark)
    # Texts are cheap, and may say more than is drawn: of an open week "so far".
    return f"{same[1]}{_alternative(name, title, text)}{same[2]}"


def svg(figure: Figure, name: str, title: str, description: str, mark: str = "") -> str:
    """A figure as an ``<svg>`` element inside a page.

    Parameters
    ----------
    figure : Figure
        Drawn with the colours of this module.
    name : str
        Of the figure, once in a page: the ids in the element depend on it.
    title, description : str
        Text alternative for readers who do not see the picture. They are escaped here.
    mark : str
        See `mark_of`.

    Returns
    -------
    str
        The element; its colours are CSS variables such as ``var(--ink)``, it is as wide as its
        container, and its text is text. The same figure gives the same bytes.
    """
    out = io.BytesIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Without a salt the ids of clips and hatches would be random.
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        _lay_out(figure)
        figure.savefig(out, format="svg", metadata=no_metadata)
    root = fromstring(out.getvalue())
    for node in root.iter():
        if node.tag == f"{{{SVG}}}g":  # groups are numbered alike in every figure
            node.attrib.pop("id", None)
        if "d" in node.attrib:
            node.set("d", " ".join(map(_rounded, node.attrib["d"].split())))
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "data-mark": mark,
    }
    written = Tree.tostring(root, encoding="unicode")
    for variable, colour in VARIABLES.items():
        written = written.replace(colour, f"var(--{variable})")
    head, end, rest = written.partition(">")
    return f"{head}{end}{_alternative(name, title, description)}{rest}"


def _lay_out(figure: Figure) -> None:
    """Lay out a figure, once: `savefig` would draw it twice, and lay it out each time."""
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        figure.set_layout_engine(None)


def _alternative(name: str, title: str, description: str) -> str:
    """The text alternative of a figure, as its first elements."""
    return "".join(
        f'<{kind} id="{name}-{kind}">{escape(text, quote=False)}</{kind}>'
        for kind, text in (("title", title), ("desc", description))
    )


def _rounded(part: str) -> str:
    """A part of a path, numbers to a hundredth of a point: a fifth less to send.

    >>> [_rounded(part) for part in ("M", "12.345678", "-0.001", "30.0")]
    ['M', '12.35', '0', '30']
    """
    return part if part.isalpha() else f"{round(float(part), 2) + 0:.8g}"


def png(figure: Figure, dpi: int = 160) -> bytes:
    """A figure as a PNG file, the same bytes for the same figure."""
    out = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        _lay_out(figure)
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()
