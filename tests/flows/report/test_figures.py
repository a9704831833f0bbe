"""Figures: the same bytes each time, colours that a page can change, names that stay names."""

from __future__ import annotations

import re

import matplotlib
from defusedxml import ElementTree

from flows.report import figures

HOSTILE = 'A$x_1$ <script>alert(1)</script> "&"'


def _figure() -> figures.Figure:
    with matplotlib.rc_context(figures.STYLE):
        figure = figures.new_figure(4, 3)
        axes = figure.add_subplot()
        axes.plot([1, 2, 3], [1, 3, 2], color=figures.LINKED, label="linked")
        axes.fill_between([1, 2, 3], [0, 1, 1], [2, 4, 3], color=figures.BAND)
        axes.set_title(HOSTILE)
        axes.legend()
    return figure


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert figures.svg(_figure(), "a", "t", "d") == figures.svg(_figure(), "a", "t", "d")
    assert figures.png(_figure()) == figures.png(_figure())


def test_the_svg_is_whole_and_its_text_is_text() -> None:
    text = figures.svg(_figure(), "series", HOSTILE, HOSTILE)
    root = ElementTree.fromstring(text)
    words = [node.text for node in root.iter() if node.text and node.text.strip()]
    assert words[:2] == [HOSTILE, HOSTILE]
    assert any(word.strip() == HOSTILE for word in words[2:])
    assert "<script" not in text


def test_colours_are_variables_and_ids_have_the_figures_name() -> None:
    text = figures.svg(_figure(), "series", "t", "d")
    for colour in figures.VARIABLES.values():
        assert colour not in text
    assert "var(--linked)" in text
    root = ElementTree.fromstring(text)
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    other = ElementTree.fromstring(figures.svg(_figure(), "map", "t", "d"))
    others = [node.get("id") for node in other.iter() if node.get("id")]
    assert not set(ids) & set(others)
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    assert referred and referred <= set(ids)
