"""The Atom feed beside the reports (RFC 4287): an entry a published week."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import duckdb

from flows.home.durable import make_folder, write_durably
from flows.home.text import safe_text
from flows.report import beside, words
from flows.report.tables import records, records_by_week
from flows.report.write import PAGE

NAME = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
"""The namespace of RFC 4287, 2."""
KIND = "application/atom+xml"
TITLE = "Russian-linked tankers at Iranian ports, by week"
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold (XML 1.0, 2.2)."""
NAMES = uuid.UUID("37816dde-0736-4659-a3e1-fb4e4b16e726")
"""Drawn once: the names of weeks below it are the same whoever counts them (RFC 9562, 5.5)."""


class Entry(NamedTuple):
    """A published week: when it was first published and last changed, naive UTC; its sentences."""

    week: str
    title: str
    published_at: datetime
    updated_at: datetime
    sentences: list[str]


def write_feed(con: duckdb.DuckDBPyConnection, home: Path) -> bool:
    """Write the feed of all published weeks where it differs; none before the first publication.

    Returns
    -------
    bool
        Whether it was written.
    """
    entries, is_simulated = read_entries(con)
    if not entries:
        return False
    path, content = home / "reports" / NAME, feed(entries, is_simulated=is_simulated)
    if path.exists() and path.read_bytes() == content:
        return False
    make_folder(path.parent)
    write_durably(path, content)
    return True


def read_entries(con: duckdb.DuckDBPyConnection) -> tuple[list[Entry], bool]:
    """The published weeks of a catalogue, newest first, and whether its data are simulated."""
    published = records(con, "report/feed")
    newest = published[-1]["week"] if published else ""
    (made,) = records(con, "exports/made")
    series = {row["week"]: row for row in records(con, "report/barometer", week=newest)}
    waters = records(con, "report/weekly_water", week=newest)
    windows = records_by_week(con, "report/series_window")
    volumes = records_by_week(con, "report/oil_volume")
    entries = []
    for row in reversed(published):
        week = row["week"]
        of_week, start = series[week], series[week]["week_start"]
        sentences = [
            words.headline(of_week, [water for water in waters if water["week"] == week]),
            words.word(of_week, sorted(windows[week], key=lambda window: window["weeks"])),
            beside.moved(volumes[week], of_week) if volumes[week] else None,
        ]
        span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
        text = [sentence for sentence in sentences if sentence]
        entries.append(
            Entry(week, f"Week {week}, {span}", row["published_at"], row["updated_at"], text)
        )
    return entries, made["is_simulated"]


def feed(entries: Sequence[Entry], *, is_simulated: bool) -> bytes:
    """The feed as XML, newest entry first; the same entries give the same bytes.

    Parameters
    ----------
    entries : sequence of Entry
        At least one.
    is_simulated : bool
        Simulated weeks say so, and have other ids than true ones.
    """
    # As an attribute: a registered prefix would hold for all XML of the process, such as charts.
    root = ElementTree.Element("feed", {"xmlns": ATOM})
    _text(root, "id", _urn("feed", is_simulated))
    _text(root, "title", TITLE)
    if is_simulated:
        _text(root, "subtitle", words.SIMULATED)
    _text(root, "updated", _moment(max(entry.updated_at for entry in entries)))
    _text(ElementTree.SubElement(root, "author"), "name", "Barometer")
    _link(root, "self", NAME, KIND)
    for entry in entries:
        element = ElementTree.SubElement(root, "entry")
        _text(element, "id", _urn(entry.week, is_simulated))
        _text(element, "title", entry.title)
        _text(element, "published", _moment(entry.published_at))
        _text(element, "updated", _moment(entry.updated_at))
        _link(element, "alternate", f"{entry.week}/{PAGE}", "text/html")
        simulated = [words.SIMULATED] if is_simulated else []
        _text(element, "content", "\n".join([*simulated, *entry.sentences]))
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _urn(name: str, is_simulated: bool) -> str:
    return uuid.uuid5(NAMES, f"{'simulated ' if is_simulated else ''}{name}").urn


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    lines = [safe_text(NO_XML.sub(" ", line)) for line in text.splitlines()]
    ElementTree.SubElement(parent, name).text = "\n".join(lines)


def _link(parent: ElementTree.Element, rel: str, href: str, kind: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": rel, "href": href, "type": kind})
