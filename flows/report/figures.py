"""Charts and maps as SVG for the page and PNG for a chat: one palette, the same bytes each time."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import matplotlib
from matplotlib.figure import Figure

INK = "#1b2730"
"""Text and axes."""
MUTED = "#5a6b78"
"""What stands back: labels of axes, notes."""
GRID = "#d7dee3"
"""Lines to read values by."""
PAPER = "#fdfdfc"
"""The ground."""
LINKED = "#b3361d"
"""Russian-linked tankers, everywhere."""
BERTH = "#7d1f10"
"""Of them those at a berth."""
ALL = "#33658a"
"""All tankers, the yardstick."""
BAND = "#e9b9a8"
"""Limits round a number."""
UNHEARD = "#c9ced2"
"""Where or when nothing was heard."""
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
"""CSS variable -> its colour by day; a page gives each another one for the dark."""

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
    # Names come from outside: a dollar sign begins no formula.
    "text.parse_math": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    # Text stays text: the page's own font, and a reader can search it.
    "svg.fonttype": "none",
    # Ids of clips are random without it, and the page would differ from run to run.
    "svg.hashsalt": "barometer",
}
"""Matplotlib's settings; a chart is drawn inside ``matplotlib.rc_context(STYLE)``."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of a size in inches, with no part in matplotlib's global state."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def svg(figure: Figure, name: str, title: str, description: str) -> str:
    """A figure as an ``<svg>`` element to stand inside a page.

    Parameters
    ----------
    figure : Figure
        Drawn with the colours of this module.
    name : str
        Letters, digits and hyphens; no other figure of the page may have it: ids begin with it.
    title, description : str
        What a person who does not see the picture is told. They are escaped here.

    Returns
    -------
    str
        The element; its colours are CSS variables such as ``var(--ink)``, it is as wide as its
        place, and its text is text. The same figure gives the same text.
    """
    out = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, count=1, flags=re.DOTALL)
    # A hundredth of a point is enough for a line, and a fifth less to send.
    text = re.sub(r' d="[^"]*"', lambda way: re.sub(r"(\.\d\d)\d+", r"\1", way[0]), text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{name}-", text)
    for variable, colour in VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    opening = re.match(r"<svg\b[^>]*>", text)
    assert opening is not None
    box = re.search(r'viewBox="[^"]*"', opening[0])
    assert box is not None
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>'
    )
    return head + text[opening.end() :]


def png(figure: Figure, dpi: int = 160) -> bytes:
    """A figure as a PNG file, the same bytes for the same figure."""
    out = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()
