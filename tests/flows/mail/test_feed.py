"""The Atom feed: valid by RFC 4287, an entry a published week, the same bytes for the same."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.catalogue import access, relations
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.mail import feed
from flows.report import beside, tables, words, write
from flows.runner import run
from tests.build.files import copy_of
from tests.build.ships import call
from tests.flows.mail.test_alerts import CALLER, CLOSED, LATE, WATCHED, lying
from tests.flows.mail.test_alerts import publish as publish_numbers

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TIMES = re.compile(rb"<(published|updated)>[^<]*</")


FEED = {
    name
    for query in ("report/feed", "exports/made", "report/barometer", "report/weekly_water")
    for name in relations.inputs(sql_text(query))
} | {"series_window", "oil_volume"}
publish = partial(publish_numbers, wanted=tuple(FEED), reports=True)


@pytest.fixture(autouse=True)
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reports beside the feed, but those of `once`, which is made before."""
    monkeypatch.setattr(run, "write_reports", lambda *_: [])


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that published W23 to W25 in one run."""
    home = Settings(tmp_path_factory.mktemp("once") / "home", CLOSED, 1, "300MB")
    rows = [*lying(22.2), *call(WATCHED, 2), *call(CALLER, 16)]
    return publish(home, CLOSED, wanted=None, all=rows)


def written(settings: Settings) -> bytes:
    return (settings.home / "reports" / feed.NAME).read_bytes()


def parsed(content: bytes) -> ElementTree.Element:
    """The feed, held against what RFC 4287 demands of it (4.1.1, 4.1.2, 4.2.6, 3.3)."""
    root = ElementTree.fromstring(content)
    assert root.tag == f"{{{feed.ATOM}}}feed"
    for element in (root, *entries(root)):
        for name in ("id", "title", "updated"):
            (only,) = element.findall(f"{{{feed.ATOM}}}{name}")
            assert only.text
        assert uuid.UUID(text(element, "id")).version == 5
        for name in ("updated", "published"):
            assert all(RFC3339.fullmatch(found.text or "") for found in element.iter(tag(name)))
    assert [name.text for name in root.iterfind(f"{tag('author')}/{tag('name')}")] == ["Barometer"]
    links = [(link.get("rel"), link.get("href")) for link in root.findall(tag("link"))]
    assert links == [("self", feed.NAME)]
    ids = [text(element, "id") for element in (root, *entries(root))]
    assert len(ids) == len(set(ids))
    assert text(root, "updated") == max(text(entry, "updated") for entry in entries(root))
    return root


def tag(name: str) -> str:
    return f"{{{feed.ATOM}}}{name}"


def text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(tag(name)) or ""


def entries(root: ElementTree.Element) -> list[ElementTree.Element]:
    return root.findall(tag("entry"))


def by_title(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {text(entry, "title")[:13]: entry for entry in entries(root)}


def test_each_published_week_is_an_entry_that_begins_as_its_page(once: Settings) -> None:
    root = parsed(written(once))
    titles = [text(entry, "title") for entry in entries(root)]
    assert titles[0] == "Week 2026-W25, 15 June to 21 June 2026"
    assert [title[5:13] for title in titles] == ["2026-W25", "2026-W24", "2026-W23"]
    for entry in entries(root):
        week = text(entry, "title")[5:13]
        (link,) = entry.findall(tag("link"))
        assert (link.get("rel"), link.get("href")) == ("alternate", f"{week}/report.html")
        assert (once.home / "reports" / week).is_dir()
        with access.reading(once) as con:
            report = tables.summary(con, week)
        assert text(entry, "content").splitlines() == [
            words.headline(report["series"], report["waters"]),
            words.word(report["series"], report["windows"]),
            beside.moved(report["volume"], report["series"]),
        ]


def test_a_restated_week_is_the_same_entry_updated(once: Settings, tmp_path: Path) -> None:
    before = by_title(parsed(written(once)))
    later = publish(copy_of(once, tmp_path), CLOSED + timedelta(days=1), late=call(LATE, 3))
    after = by_title(parsed(written(later)))
    assert list(before) == list(after)
    for title, entry in after.items():
        assert text(entry, "id") == text(before[title], "id")
        assert text(entry, "published") == text(before[title], "published")
    changed = [title for title in after if text(after[title], "updated") != "2026-06-23T06:00:00Z"]
    assert "Week 2026-W23" in changed and text(after["Week 2026-W23"], "updated").startswith(
        "2026-06-24T06"
    )
    assert text(before["Week 2026-W23"], "content") != text(after["Week 2026-W23"], "content")


def test_the_bytes_are_those_of_the_weeks_but_for_the_times(once: Settings, tmp_path: Path) -> None:
    then = Settings(tmp_path / "home", CLOSED, 1, "300MB")
    publish(then, datetime(2026, 6, 16, 6), first=[*lying(15.2), *call(WATCHED, 2)])
    rest = [row for row in lying(22.2) if row not in lying(15.2)]
    publish(then, CLOSED, rest=[*rest, *call(CALLER, 16)])
    assert TIMES.sub(b"", written(then)) == TIMES.sub(b"", written(once))
    assert written(then) != written(once)


def test_a_run_that_publishes_nothing_leaves_the_feed(once: Settings, tmp_path: Path) -> None:
    home = copy_of(once, tmp_path)
    before = (home.home / "reports" / feed.NAME).stat().st_mtime_ns
    publish(home, CLOSED + timedelta(hours=1))
    assert (home.home / "reports" / feed.NAME).stat().st_mtime_ns == before


def test_a_home_without_a_closed_week_has_no_feed(tmp_path: Path) -> None:
    home = publish(
        Settings(tmp_path / "home", CLOSED, 1, "300MB"), datetime(2026, 6, 3), a=lying(1)
    )
    assert not (home.home / "reports" / feed.NAME).exists()


def test_simulated_weeks_say_so_and_are_other_entries() -> None:
    at = datetime(2026, 6, 23)
    given = [feed.Entry("2026-W25", "Week 2026-W25", at, at, ["No number."])]
    true, simulated = (
        parsed(feed.feed(given, is_simulated=is_simulated)) for is_simulated in (False, True)
    )
    assert text(simulated, "subtitle") == words.SIMULATED
    assert text(entries(simulated)[0], "content").startswith("SIMULATED DATA")
    assert "SIMULATED" not in "".join(true.itertext())
    assert not {text(entry, "id") for entry in (true, *entries(true))} & {
        text(entry, "id") for entry in (simulated, *entries(simulated))
    }


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=9))
def test_any_text_stays_text(sentence: str, title: str) -> None:
    at = datetime(2026, 6, 23)
    hostile = f"]]><script>&#0;{sentence}"
    content = feed.feed([feed.Entry("w", f"t{title}", at, at, [hostile])], is_simulated=False)
    (entry,) = entries(ElementTree.fromstring(content))
    assert [child.tag for child in entry] == [
        tag(name) for name in ("id", "title", "published", "updated", "link", "content")
    ]
    assert text(entry, "content").startswith("]]><script>&#0;")


def test_the_page_names_the_feed(drawn_week: Path) -> None:
    head, _, _ = (drawn_week / write.PAGE).read_text().partition("</head>")
    assert f'<link rel="alternate" type="{feed.KIND}" title="By week" href="../feed.xml" />' in head
