"""The report as people open it: the page in a real browser, the files in a spreadsheet program."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from flows.catalogue import access
from flows.exports import package
from flows.report import citable
from flows.report.tables import FILES, safe_cell
from flows.report.write import write_report
from tests.build.axe import violations
from tests.build.ships import call, home_of, ship
from tests.conftest import ROOT

PROGRAMMES = ROOT / "data/registers/programmes.csv"


def opened(browser: Any, page_file: Path, width: int, **context: Any) -> tuple[Any, list[str]]:
    """The page in a window of that width, and what it asked for or complained about."""
    sheet = browser.new_context(viewport={"width": width, "height": 800}, **context).new_page()
    told: list[str] = []
    sheet.on("request", lambda request: told.append(request.url))
    sheet.on("console", lambda message: told.append(message.text))
    sheet.on("pageerror", lambda error: told.append(str(error)))
    sheet.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    sheet.goto(page_file.as_uri())
    return sheet, told


# The page of the sample: on a phone, in the dark, on paper, and off the network.


@pytest.fixture(scope="module")
def page_file(drawn_week: Path) -> Path:
    return drawn_week / "report.html"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_it_fits_its_window_and_asks_for_nothing(browser: Any, page_file: Path, width: int) -> None:
    sheet, told = opened(browser, page_file, width)
    assert sheet.evaluate("document.documentElement.scrollWidth") <= width
    assert told == [page_file.as_uri()]


def test_a_phone_sees_the_narrow_drawings_alone(browser: Any, page_file: Path) -> None:
    sheet, _ = opened(browser, page_file, 360)
    seen = [svg.is_visible() for svg in sheet.locator("figure svg").all()]
    assert seen == [False, True, False, True]
    heights = sheet.evaluate(
        "[...document.querySelectorAll('figure .narrow text')]"
        ".map(node => node.getBoundingClientRect().height)"
    )
    assert min(heights) >= 9, "letters of some nine pixels can still be read"


def test_the_dark_is_dark_and_so_are_its_drawings(browser: Any, page_file: Path) -> None:
    drawn = "getComputedStyle(document.querySelector('figure svg path')).fill"
    for scheme, colour in (("light", "rgb(253, 253, 252)"), ("dark", "rgb(20, 25, 29)")):
        sheet, _ = opened(browser, page_file, 1280, color_scheme=scheme)
        assert sheet.evaluate("getComputedStyle(document.body).backgroundColor") == colour
        assert sheet.evaluate(drawn) == colour


def test_paper_is_light_and_leaves_out_what_cannot_be_opened(browser: Any, page_file: Path) -> None:
    sheet, _ = opened(browser, page_file, 794, color_scheme="dark")
    sheet.emulate_media(media="print", color_scheme="dark")
    assert sheet.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert sheet.evaluate("getComputedStyle(document.body).color") == "rgb(27, 39, 48)"
    assert not [each for each in sheet.locator("details").all() if each.is_visible()]
    assert sheet.pdf().startswith(b"%PDF")


def test_the_first_stop_of_the_keyboard_leads_to_the_number(browser: Any, page_file: Path) -> None:
    sheet, _ = opened(browser, page_file, 1280)
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.textContent") == "To the number"
    sheet.keyboard.press("Enter")
    assert sheet.evaluate("location.hash") == "#main"


# Hostile names.

TEXTS = [
    *('=HYPERLINK("http://x.example";"click")', "=1+1", "+1+1", "-2+3", "@SUM(1+1)"),
    *("=cmd|' /C calc'!A0", "\t=1+1", "\u202e=1+1", "＝1+1", "A'=1+1", "SEA\u2028=1+1"),
    *("<script>ran()</script>", "<img src=x onerror=ran()>", "</table></main>"),
    *("javascript:ran()", '"; =1+1; "'),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a week in which every ship's name and destination is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    ships = [ship(400 + n, text, mid=273, destination=text) for n, text in enumerate(TEXTS)]
    quoted = [{name: _quoted(value) for name, value in of.items()} for of in ships]
    settings = home_of(folder, [line for of in quoted for line in call(of, 2)])
    with access.reading(settings) as con:
        write_report(con, folder / "report", "2026-W23")
        named = con.execute("select count(*) from port_call where vessel_name is not null")
        assert named.fetchone() == (len(TEXTS),)
    return folder / "report"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\t\u2028]', text) else text


def test_a_name_is_one_cell_of_text(report: Path) -> None:
    with (report / "port_calls.csv").open(newline="", encoding="utf-8") as lines:
        names = {row["vessel_name"] for row in csv.DictReader(lines)}
    assert names == {str(safe_cell(text)) for text in TEXTS}


SOFFICE = shutil.which("soffice")
COMMA_UTF8_AND_EVALUATE = "CSV:44,34,76,1,,0,false,true,false,false,false,0,true"
"""Separator, quote, UTF-8, from line 1, ..., numbers are recognised, and formulas are evaluated."""


def cells(folder: Path, *files: Path) -> dict[str, list[tuple[str | None, str]]]:
    """Formula and text of every cell, by file, as the spreadsheet program reads the files."""
    command = [
        *(str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless"),
        *("--convert-to", "fods", f"--infilter={COMMA_UTF8_AND_EVALUATE}"),
        *("--outdir", str(folder), *map(str, files)),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    read = {}
    for file in files:
        nodes = list(ElementTree.parse(folder / f"{file.stem}.fods").iter())
        assert not [node for node in nodes if node.get("{http://www.w3.org/1999/xlink}href")]
        found = [node for node in nodes if node.tag.endswith("}table-cell")]
        formulas = [[v for k, v in cell.items() if k.endswith("}formula")] for cell in found]
        texts = ["".join(cell.itertext()).strip() for cell in found]
        read[file.name] = [(next(iter(f), None), t) for f, t in zip(formulas, texts, strict=True)]
    return read


@pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice (soffice) here")
def test_no_name_becomes_a_formula(report: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw.csv"
    raw.write_text("name\n=1+1\n", encoding="utf-8")
    read = cells(tmp_path, raw, *sorted(report.glob("*.csv")))
    formulas = {name: [cell for cell in row if cell[0]] for name, row in read.items()}
    assert formulas.pop(raw.name) == [("of:=1+1", "2")], "the program would evaluate one"
    assert not any(formulas.values())
    texts = [text for _, text in read["port_calls.csv"]]
    assert {"'=1+1", "'+1+1", "'-2+3", "'@SUM(1+1)", "A'=1+1"} <= set(texts)


def test_no_name_is_more_than_text_in_a_browser(report: Path, browser: Any) -> None:
    page = report / "report.html"
    sheet, told = opened(browser, page, 1280)
    sheet.mouse.move(300, 300)
    assert told == [page.as_uri()]
    assert sheet.locator("script, iframe, object, embed, img, [onerror], [onload]").count() == 0
    links = sheet.evaluate("[...document.links].map(link => link.getAttribute('href'))")
    acts = re.findall(r"https://[^,\s]+$", PROGRAMMES.read_text(encoding="utf-8"), re.MULTILINE)
    beside = {package.NAME, citable.WORKBOOK}
    assert {link for link in links if not link.startswith("#")} == {*FILES, *beside, *acts}
    shown = {text.upper() for text in sheet.locator("bdi").all_inner_texts()}
    assert {text.upper() for text in TEXTS if text.startswith("<")} <= shown


# For those who read with other means than eyes and a mouse.


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a week between two calls, in which nothing was heard."""
    folder = tmp_path_factory.mktemp("silent")
    tanker = ship(1, "ALPHA", mid=273)
    settings = home_of(folder, [*call(tanker, 2), *call(tanker, 23)])
    with access.reading(settings) as con:
        write_report(con, folder / "report", "2026-W24")
        state = "select state from barometer where week = '2026-W24' limit 1"
        assert con.execute(state).fetchone() == ("unobserved",)
    return folder / "report"


@pytest.mark.parametrize("week", ["drawn_week", "report", "silent"])
def test_axe_finds_nothing(browser: Any, request: Any, week: str) -> None:
    sheet, _ = opened(browser, request.getfixturevalue(week) / "report.html", 1280)
    for width, scheme, medium in (
        *((1280, "light", "screen"), (390, "dark", "screen")),
        (794, "light", "print"),
    ):
        sheet.set_viewport_size({"width": width, "height": 800})
        sheet.emulate_media(media=medium, color_scheme=scheme)
        assert violations(sheet) == [], (width, scheme, medium)


def test_axe_would_find_something(browser: Any) -> None:
    sheet = browser.new_page()
    sheet.set_content("<!doctype html><title>Week</title><main><h1>Week</h1></main>")
    assert [text.partition(":")[0] for text in violations(sheet)] == ["html-has-lang"]
