"""The page: whole in itself, true to the CSV files beside it, and safe with what ships send."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from flows.catalogue import access
from flows.home.settings import Settings
from flows.report import page, words
from flows.report.tables import FILES, week_table

Row = dict[str, Any]
WEEK = "2026-W12"
COUNTS = ("tanker_calls", "russian_linked_tanker_calls", "russian_linked_berth_calls")
SVG = "{http://www.w3.org/2000/svg}"
Render = Callable[..., Element]


def parsed(text: str) -> Element:
    """The page as a tree: it is well-formed XML too."""
    root: Element = ElementTree.fromstring(text.removeprefix("<!doctype html>"))
    return root


def text_of(node: Element) -> str:
    return re.sub(r"\s+", " ", "".join(node.itertext())).strip()


def cells(row: Element) -> list[str]:
    return [text_of(cell) for cell in row if cell.tag in ("td", "th")]


def rows_of(root: Element, region: str) -> list[list[str]]:
    """The body of the table in a region, by the region's name."""
    (found,) = (node for node in root.iter("div") if node.get("aria-label") == region)
    return [cells(row) for row in found.iterfind(".//tbody/tr")]


def csv_rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def told(row: dict[str, str], *names: str) -> list[str]:
    """Cells as the page shows them."""
    return [row[name] or "–" for name in names]


@pytest.fixture(scope="module")
def folder(drawn_week: Path) -> Path:
    return drawn_week


@pytest.fixture(scope="module")
def root(folder: Path) -> Element:
    return parsed((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(sample_home: Settings) -> Row:
    """What the page of the sample is made from."""
    with access.reading(sample_home) as con:
        tables = {name: week_table(con, query, WEEK) for name, query in FILES.items()}
        return page.gather(con, WEEK, tables, "how to cite it")


@pytest.fixture
def render(data: Row, monkeypatch: pytest.MonkeyPatch) -> Render:
    """The page of the sample's data with some of it replaced; drawings cost a second and are left
    out. `last`: changes to the week's row of the series."""
    empty = dict.fromkeys(("wide", "narrow"), "")

    def rendered(*, last: Row | None = None, **changes: Any) -> Element:
        series = data["series"] | (last or {})
        rows = {"series": series, "barometer": [*data["barometer"][:-1], series]}
        return parsed(page.render(data | rows | changes))

    monkeypatch.setattr(page, "_maps", lambda *_: empty)
    monkeypatch.setattr(page, "_charts", lambda *_: empty)
    return rendered


# Whole in itself.


def test_nothing_is_loaded_and_nothing_runs(data: Row, root: Element, folder: Path) -> None:
    acts = {act["act_url"] for act in data["acts"]}
    assert not list(root.iter("script"))
    named = [(node.tag, name, value) for node in root.iter() for name, value in node.items()]
    assert [name for _, name, _ in named if name.lower().startswith("on")] == []
    for tag, name, value in named:
        if name.rpartition("}")[2] in ("href", "src", "action", "data", "srcset"):
            is_act = tag == "a" and value in acts
            is_file = value in {*FILES, "barometer.xlsx", "datapackage.json"}
            is_feed = tag == "link" and value == "../feed.xml"
            assert value.startswith("#") or is_file or is_act or is_feed, (tag, name, value)
        assert "javascript:" not in value
    styles = "".join(text_of(node) for node in root.iter() if node.tag.endswith("style"))
    assert "@import" not in styles
    written = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)", styles + written)
    (policy,) = (n for n in root.iter("meta") if n.get("http-equiv") == "Content-Security-Policy")
    assert policy.get("content") == ("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_headings_are_in_order_and_tables_say_what_they_are(root: Element) -> None:
    levels = [int(node.tag[1]) for node in root.iter() if re.fullmatch("h[1-6]", str(node.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert root.get("lang") == "en"
    for table in root.iter("table"):
        assert table.find("caption") is not None
        assert all(cell.get("scope") for cell in table.iter("th"))
    for drawing in root.iter(f"{SVG}svg"):
        assert drawing.get("role") == "img"
        assert text_of(drawing.find(f"{SVG}title") or drawing[0])
        assert text_of(drawing[1])
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))


# True to the files.


def test_the_numbers_are_those_of_the_series(root: Element, folder: Path) -> None:
    rows = csv_rows(folder, "barometer.csv")
    counts = [f"at least {rows[-1][name]}" for name in COUNTS[::-1]]
    share = f"{float(rows[-1]['observed_share']):.0%}"
    assert [text_of(node) for node in root.iter("dd")] == [*counts, share]
    assert rows_of(root, "The series as a table") == [
        [
            *told(row, "week", *COUNTS[:0:-1]),
            f"{float(row['low_95']):.1f} to {float(row['high_95']):.1f}",
            *told(row, "tanker_calls"),
            f"{float(row['observed_share']):.0%}",
            *(row["state"], words.result(row)),
        ]
        for row in rows[::-1]
    ]


def test_windows_splits_and_files_are_those_of_the_folder(root: Element, folder: Path) -> None:
    views = {"today": "today", "at_call": "at the call"}
    windows = rows_of(root, "Windows that end with the week")
    assert [[row[0], row[1].split()[0], row[2], *row[7:]] for row in windows] == [
        [
            *(views[row["view"]], {"1": "this"}.get(row["weeks"], row["weeks"])),
            *told(row, "calls", "rise_from_calls", "fall_to_calls"),
            row["word"],
        ]
        for row in csv_rows(folder, "series_window.csv")
    ]
    names = ("value", "linked_calls", "linked_berth_calls", "linked_vessels", "tanker_calls")
    for dimension, title in page.DIMENSIONS.items():
        splits = [r for r in csv_rows(folder, "weekly_split.csv") if r["dimension"] == dimension]
        if any(int(r["tanker_calls"] or 0) for r in splits if r["value"] != "unknown"):
            assert rows_of(root, title) == [told(row, *names) for row in splits]
        else:
            assert f"{title}: not known for any call." in text_of(root)
    files = {row[0]: int(row[1]) for row in rows_of(root, "Files of the report")}
    assert files == {name: len(csv_rows(folder, name)) for name in FILES}


def test_the_ports_add_up_to_the_files(root: Element, folder: Path) -> None:
    counted: dict[str, list[int]] = {}
    for row in csv_rows(folder, "weekly_port_calls.csv"):
        calls, berths = int(row["port_calls"] or 0), int(row["berth_calls"] or 0)
        is_linked = row["link_tier"] in ("strong", "moderate")
        sums = counted.setdefault(row["port_name"], [0, 0, 0])
        for at, count in enumerate((berths * is_linked, calls * is_linked, calls)):
            sums[at] += count
    rows = {row[0]: row[2:5] for row in rows_of(root, "Calls by port")}
    assert rows == {name: [str(n) for n in sums] for name, sums in counted.items() if sums[2]}
    assert sum(int(row[1]) for row in rows.values()) == 16


def test_every_linked_call_is_there_with_its_evidence(root: Element, folder: Path) -> None:
    wanted = [r for r in csv_rows(folder, "port_calls.csv") if r["is_russian_linked"] == "true"]
    (table,) = (t for t in root.iter("table") if t.get("class") == "ships")
    rows = list(table.iterfind("tbody/tr"))
    assert len(rows) == len(wanted)
    for row, want in zip(rows, wanted, strict=True):
        told = text_of(row)
        assert f"IMO {want['imo']}" in told
        assert f"MMSI {want['mmsi']}" in told
        arrived = datetime.fromisoformat(want["arrived_at"])
        assert f"{want['port_name']}, at berth arrived {arrived:%a %-d %b %H:%M}" in told
        assert f"{want['link_tier']}: {want['link_reasons']}" in told
        is_left_out = "not counted" in told or "already counted" in told
        assert is_left_out == (want["is_in_headline"] == "false")
        assert ("first call" in told) == (want["is_first_call"] == "true")
        assert len(list(row.iter("li"))) == len(want["evidence"].split("; "))


def test_what_was_heard_is_the_coverage(root: Element, folder: Path) -> None:
    wanted: dict[str, list[str]] = {}
    for row in csv_rows(folder, "coverage.csv"):
        wanted.setdefault(row["port_name"], []).append(row["observed_hours"])
    rows = rows_of(root, "Hours heard by port and day")
    heard = {name: hours for name, hours in wanted.items() if set(hours) != {"0"}}
    assert {row[0]: row[1:] for row in rows} == heard
    assert set(wanted) - set(heard) == {"Chabahar"}
    told = [text_of(node) for node in root.iter("p")]
    assert f"Nothing heard at 1 of {len(wanted)} ports: Chabahar." in told
    assert f"No source ever heard 1 of {len(wanted)} ports: Chabahar. Reception by port" in told
    classes = [cell.get("class") for cell in root.iter("td") if cell.find("span") is not None]
    assert {"complete", "partial"} <= set(classes)


def test_simulated_data_and_links_as_known_on_a_day_are_announced(
    data: Row, root: Element, render: Render
) -> None:
    known = render(notes=data["notes"] | {"known_on": "2026-03-01", "is_simulated": False})
    simulated, known_on = (
        [text_of(node) for node in page_of.iter("p") if node.get("class") == "banner"]
        for page_of in (root, known)
    )
    assert simulated == [
        "SIMULATED DATA: ships and voyages here were made up by barometer simulate."
    ]
    assert [text.startswith("AS KNOWN ON 2026-03-01") for text in known_on] == [True]


def test_a_listing_leads_to_its_act_and_the_week_has_a_text_to_cite(
    data: Row, render: Render
) -> None:
    first = data["linked"][0]
    piece = first["pieces"][0] | {"link_source": "EU 833/2014", "programme": "EU-RUS"}
    day = datetime(2026, 3, 17)
    moments = {"arrived_at": day.replace(hour=3), "anchored_at": day.replace(hour=4)}
    moments |= {"berthed_at": day.replace(hour=9), "unberthed_at": day.replace(hour=20)}
    told = {"pieces": [piece], "built_year": 2004, "last_russian_port": "Primorsk"}
    told |= {"last_russian_at": datetime(2026, 2, 20), "last_russian_nm": 6543}
    root = render(linked=[first | moments | told])
    (row,) = root.iterfind(".//table[@class='ships']/tbody/tr")
    (link,) = row.iter("a")
    assert link.get("href") == "https://eur-lex.europa.eu/eli/reg/2014/833/oj"
    for text in (
        "built 2004",
        "arrived Tue 17 Mar 03:00 anchored Tue 17 Mar 04:00 berthed Tue 17 Mar 09:00 "
        "left berth Tue 17 Mar 20:00 departed",
        "last Primorsk, 20 Feb 2026; 6,543 nautical miles by sea",
    ):
        assert text in text_of(row)
    (cited,) = (s for s in root.iter("section") if text_of(s).startswith("To cite"))
    assert "SIMULATED DATA" in text_of(cited) and "Barometer, week 2026-W12" in text_of(cited)


# Safe.

SCRIPT = "<script>alert(1)</script>"
MARKUP = ['=HYPERLINK("http://x";"y")', SCRIPT, "</td></table><h1>\"'&", "{{ 7 * 7 }}"]
HOSTILE = {"A\u202eB\x1b[31m\u2028C": "A B [31m C", **dict(zip(MARKUP, MARKUP, strict=True))}
"""What is sent, and what is shown."""


def test_names_are_text_apart_from_the_text_around(data: Row, render: Render) -> None:
    first = data["linked"][0]
    pieces = [
        piece | {"reference": SCRIPT, "link_source": "</td></table>"} for piece in first["pieces"]
    ]
    hostile = {"pieces": pieces, "last_russian_port": SCRIPT}
    root = render(linked=[first | hostile | {"vessel_name": name} for name in HOSTILE])
    assert not list(root.iter("script"))
    assert not set("".join(root.itertext())) & {"\u202e", "\u2028", "\x1b"}
    rows = root.iterfind(".//table[@class='ships']/tbody/tr")
    assert ["".join(row[0].find("b/bdi").itertext()) for row in rows] == list(HOSTILE.values())


# Sections that the sample does not have.


HIDDEN: dict[str, tuple[str, Row, str]] = {
    "a silence near a port": (
        "possible_dark_calls",
        {"silent_from": datetime(2026, 3, 17, 4), "silent_to": datetime(2026, 3, 19, 9)},
        "1 possible dark call",
    ),
    "deeper after a silence": (
        "unexplained_loadings",
        {"silent_from": datetime(2026, 3, 17, 4), "silent_to": datetime(2026, 3, 19, 9)},
        "1 tanker deeper after a silence",
    ),
    "false positions": (
        "possible_spoofed_calls",
        {"spoofed_from": datetime(2026, 3, 17, 4), "spoofed_to": datetime(2026, 3, 19, 9)},
        "1 possible call under false positions",
    ),
    "two ships": (
        "sts_encounters",
        {"began_at": datetime(2026, 3, 17, 4), "ended_at": datetime(2026, 3, 19, 9), "sts_id": "a"}
        | {"vessel_name_a": "<b>A", "mmsi_a": 1, "vessel_name_b": "B", "mmsi_b": 2}
        | {"area_name": "off Kharg Island"},
        "1 transfer of a linked tanker at sea",
    ),
    "another sensor": (
        "dark_detections",
        {"detected_at": datetime(2026, 3, 17, 4), "detection_id": "a", "length_m": 250.0}
        | {"sensor": "S1"},
        "1 ship that another sensor alone saw",
    ),
}


SILENT: Row = {"vessel_name": "<b>A", "imo": None, "mmsi": 1, "port_name": "Kharg Island"}


@pytest.mark.parametrize(("table", "row", "said"), HIDDEN.values(), ids=HIDDEN)
def test_what_may_hide_is_apart_with_its_reasons(
    render: Render, table: str, row: Row, said: str
) -> None:
    nothing = {name: [] for name, _, _ in HIDDEN.values()}
    ship = {} if table == "sts_encounters" else SILENT
    found = ship | {"reasons": "for & against"} | row
    root = render(**nothing | {table: [found]}, unseen_estimate=[])
    (section,) = (node for node in root.iter("section") if node.get("id") == "hidden")
    text = text_of(section)
    assert f"Not in the number: {said}." in text and "not proof of one" in text
    shown = {"dark_detections": "250 m long, by S1", "sts_encounters": "<b>A MMSI 1 and B MMSI 2"}
    (line,) = section.iterfind(".//tbody/tr")
    assert cells(line)[0] == shown.get(table, "<b>A MMSI 1")
    assert cells(line)[1].startswith("Tue 17 Mar 04:00") and "Kharg Island" in cells(line)[2]
    assert cells(line)[3] == "for & against"
    hidden = {node.get("id") for node in render(**nothing, unseen_estimate=[]).iter("section")}
    assert "hidden" not in hidden


NEARBY: Row = {
    **{"vessel_name": SCRIPT, "imo": 9999993, "mmsi": 613999990, "flag": "CM", "hours": 130},
    **{"lists": "EU 833/2014", "near_ports": "Sirri Island; Qeshm"},
    **{"first_hour_at": datetime(2026, 3, 17, 3), "last_hour_at": datetime(2026, 3, 19, 15)},
}


def test_listed_tankers_that_did_not_call_are_shown_apart_and_capped(render: Render) -> None:
    root = render(listed_nearby=[NEARBY])
    (row,) = rows_of(root, "Listed tankers nearby")
    assert row[0].startswith(SCRIPT) and row[1:3] == ["EU 833/2014", "Sirri Island; Qeshm"]
    assert row[3:] == ["Tue 17 Mar 03:00Thu 19 Mar 15:00", "130"]
    many = render(listed_nearby=[NEARBY] * (page.MOST_NEARBY + 3))
    assert len(rows_of(many, "Listed tankers nearby")) == page.MOST_NEARBY
    assert f"heard longest of {page.MOST_NEARBY + 3}, all are in listed_nearby.csv" in text_of(many)
    assert "nearby" not in text_of(render(listed_nearby=[])).partition("The files")[0]


RESTATED: Row = {
    **{"week": "2026-W10", "number": "russian_linked_tanker_calls"},
    **dict.fromkeys(("link_tier", "port_name", "ports", "calls_came", "calls_went")),
    **{"old_port_calls": 24, "new_port_calls": 26, "old_state": "partial"},
    **{"new_state": "complete", "reasons": "late file", "detail": SCRIPT},
}


def test_what_the_number_becomes_stands_below_it_and_in_its_place_never(render: Render) -> None:
    row = {"settled_calls": 777, "low_80": 90, "high_80": 95, "pairs": 14}
    row["settles_at"] = datetime(2026, 4, 20)
    shown, plain = (
        text_of(next(node for node in root.iter("section")))
        for root in (render(nowcast=[row]), render())
    )
    assert "777 calls in all by 20 April 2026 (80% interval 90 to 95)" in shown
    assert "777" not in plain
    head, _, rest = shown.partition("ESTIMATE")
    assert plain.startswith(head) and "777" not in head
    assert plain.endswith(rest.partition("beyond that.")[2])


def test_restated_numbers_are_at_the_top_and_in_a_table(render: Render) -> None:
    by_port = {"number": "port_calls", "link_tier": "strong", "port_name": "Kharg Island"}
    states = {"number": "state", "ports": 3, "old_port_calls": None, "new_port_calls": None}
    rows = [RESTATED, RESTATED | by_port | {"ports": 1}, RESTATED | states]
    root = render(restatement=rows)
    assert "2026-W10 from 24 to 26 (late file)" in text_of(next(root.iter("section")))
    linked, port, state = rows_of(root, "Restated counts")
    assert linked[:5] == ["2026-W10", "linked calls", "the coast", "24", "26"]
    assert linked[5:] == ["partial, now complete", f"late file: {SCRIPT}"]
    assert port[1:3] == ["calls, link strong", "Kharg Island"]
    assert state[1:5] == ["state", "3 ports", "–", "–"]
    many = render(restatement=[RESTATED] * 200)
    assert len(rows_of(many, "Restated counts")) == page.MOST_RESTATED, "the page stays short"
    assert f"the first {page.MOST_RESTATED} of 200 rows" in text_of(many)


UNHEARD = dict.fromkeys((*COUNTS, "low_95", "high_95")) | {
    "observed_share": 0.1, "worst_share": 0.1, "untyped_linked_calls": 0,
    "state": "unobserved", "word": "not enough heard",
}  # fmt: skip


def test_an_unheard_week_has_no_number(data: Row, render: Render) -> None:
    windows = [row | {"heard_weeks": 0, "calls": None} for row in data["series_window"]]
    root = render(last=UNHEARD, linked=[], series_window=windows)
    assert [text_of(node) for node in root.iter("dd")] == ["not known –", "10%"]
    text = text_of(root)
    why = "no call seen where we listened (10% of the coast's hours), too little to report zero."
    assert f"No number: {why}" in text
    assert "Not enough heard to compare" not in text, "the reason is the same"
    assert "No call of a tanker with a link to Russia was heard." in text


def test_an_open_week_says_so_far_and_compares_nothing(data: Row, render: Render) -> None:
    nothing = dict.fromkeys(("low_95", "high_95", "word", "index_100"))
    windows = [row | dict.fromkeys(list(row)[3:]) for row in data["series_window"]]
    root = render(last=nothing | {"state": "open"}, series_window=windows)
    assert text_of(next(root.iter("dd"))) == "so far 16"
    assert "The week is open" in text_of(root)
    assert not [node for node in root.iter("p") if node.get("class") == "word"]


def test_a_week_without_a_linked_call_or_without_any_tanker(data: Row, render: Render) -> None:
    none = dict.fromkeys(COUNTS[1:], 0) | {"low_95": 0.0, "high_95": 3.7}
    root = render(last=none | {"state": "complete"}, linked=[])
    assert text_of(next(root.iter("dd"))) == "0"
    assert "No call of a tanker with a link to Russia in this week." in text_of(root)
    ports = [row | {"tanker_calls": 0, "linked_calls": 0} for row in data["ports"]]
    none = dict.fromkeys(COUNTS, 0) | {"state": "partial", "high_95": 10.8}
    none |= {"observed_share": 0.34, "worst_share": 0.34}
    root = render(last=none, ports=ports, linked=[])
    (said,) = (text_of(node) for node in root.iter("p") if node.get("class") == "said")
    assert said.endswith("(34% of the coast's hours); up to 11 a week would fit.")
    assert [text_of(node) for node in root.iter("dd")] == ["none seen", "34%"]
    assert rows_of(root, "The series as a table")[0][1:3] == ["none seen", "none seen"]


def folded(root: Element) -> list[str]:
    return [text_of(node) for node in root.iter("summary")]


def test_what_shows_nothing_is_folded(data: Row, render: Render) -> None:
    nothing = dict.fromkeys((*COUNTS, "moved_low_90_t"))
    unheard = [row | nothing | {"state": "unobserved"} for row in data["barometer"]]
    others = [row | {"linked_calls": None} for row in data["other_series"]]
    whole = [row | {"state": "complete", "observed_hours": 24} for row in data["coverage"]]
    root = render(barometer=unheard, linked=[], other_series=others, coverage=whole)
    assert "No week has a number so far" in text_of(root)
    assert [text.partition(":")[0] for text in folded(root)] == [
        "Neither this week nor the last 4 or 13 can be compared with the weeks before",
        "None of the week’s calls is linked to Russia",
        *("Hours heard by port and day", "Which source heard which port"),
    ]
    headings = [text_of(node) for node in root.iter("h2")]
    assert headings[0] == "The series" and "The oil" not in headings
    sections = {text_of(s.find("h2")): s for s in root.iter("section") if s.find("h2") is not None}
    beside = [s for title, s in sections.items() if "dry cargo" in title]
    assert beside and not [table for section in beside for table in section.iter("table")]


def test_what_was_compared_is_in_the_open(data: Row, render: Render) -> None:
    tested = [row | {"change_p": 0.2} for row in data["series_window"]]
    assert not [text for text in folded(render(series_window=tested)) if "Neither" in text]


def test_the_first_week_is_drawn(data: Row) -> None:
    first = data | {"barometer": data["barometer"][-1:]}
    assert "1 week from 2026-W12 to 2026-W12" in page.render(first)


# Seen by everybody.


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, section 5)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [page.LIGHT, page.DARK], ids=["light", "dark"])
def test_contrast_is_enough(palette: dict[str, str]) -> None:
    texts = [("ink", ground) for ground in ("paper", "card", "complete", "partial")]
    texts += [("muted", "paper"), ("muted", "card"), ("linked", "card")]
    texts += [("all", "paper"), ("warn", "paper")]
    for text, ground in texts:
        assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for mark in ("linked", "berth", "all", "fence", "muted"):
        assert contrast(palette[mark], palette["paper"]) >= 3, mark
    assert list(palette) == list(page.LIGHT)
