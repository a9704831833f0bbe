"""Hostile names in what people open a report with: a real spreadsheet program, a real browser."""

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
from flows.report.tables import FILES, safe_cell
from flows.report.write import write_report
from tests.build.ships import call, home_of, ship

SOFFICE = shutil.which("soffice")
needs_soffice = pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice (soffice) here")

WEEK = "2026-W23"
TEXTS = [
    '=HYPERLINK("http://x.example";"click")',
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "=cmd|' /C calc'!A0",
    "\t=1+1",
    "\u202e=1+1",
    "＝1+1",
    "<script>ran()</script>",
    "<img src=x onerror=ran()>",
    "</table></main>",
    "javascript:ran()",
    '"; =1+1; "',
    "A'=1+1",
    "SEA\u2028=1+1",
]
COMMA_UTF8_AND_EVALUATE = "CSV:44,34,76,1,,0,false,true,false,false,false,0,true"
"""Separator, quote, UTF-8, from line 1, ..., numbers are recognised, and formulas are evaluated."""


def cells(folder: Path, *files: Path) -> dict[str, list[tuple[str | None, str]]]:
    """Formula and text of every cell, by file, as the spreadsheet program reads the files."""
    assert SOFFICE is not None
    subprocess.run(
        [
            *(SOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *("--convert-to", "fods", f"--infilter={COMMA_UTF8_AND_EVALUATE}"),
            *("--outdir", str(folder), *map(str, files)),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    read = {}
    for file in files:
        tree = ElementTree.parse(folder / f"{file.stem}.fods")
        read[file.name] = [
            (
                next((v for name, v in cell.attrib.items() if name.endswith("}formula")), None),
                "".join(cell.itertext()).strip(),
            )
            for cell in tree.iter()
            if cell.tag.endswith("}table-cell")
        ]
        assert not [node for node in tree.iter() if node.get("{http://www.w3.org/1999/xlink}href")]
    return read


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a week in which every ship's name and destination is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    ships = [ship(400 + n, text, mid=273, destination=text) for n, text in enumerate(TEXTS)]
    quoted = [{name: _quoted(value) for name, value in of.items()} for of in ships]
    settings = home_of(folder, [line for of in quoted for line in call(of, 2)])
    with access.reading(settings) as con:
        write_report(con, folder / "report", WEEK)
        named = con.execute("select count(*) from port_call where vessel_name is not null")
        assert named.fetchone() == (len(TEXTS),)
    return folder / "report"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\t\u2028]', text) else text


def test_a_name_is_one_cell_of_text(report: Path) -> None:
    with (report / "port_calls.csv").open(newline="", encoding="utf-8") as lines:
        names = {row["vessel_name"] for row in csv.DictReader(lines)}
    assert names == {str(safe_cell(text)) for text in TEXTS}


@needs_soffice
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
    sheet = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    events: list[str] = []
    sheet.on("request", lambda request: events.append(request.url))
    sheet.on("console", lambda message: events.append(message.text))
    sheet.on("pageerror", lambda error: events.append(str(error)))
    sheet.on("dialog", lambda dialog: (events.append(dialog.message), dialog.dismiss()))
    page = report / "report.html"
    sheet.goto(page.as_uri())
    sheet.mouse.move(300, 300)
    assert events == [page.as_uri()]
    assert sheet.locator("script, iframe, object, embed, img, [onerror], [onload]").count() == 0
    links = sheet.evaluate("[...document.links].map(link => link.getAttribute('href'))")
    assert {link for link in links if not link.startswith("#")} == set(FILES)
    shown = sheet.locator("bdi").all_inner_texts()
    for name in ("<script>ran()</script>", "<img src=x onerror=ran()>", "</table></main>"):
        assert name.upper() in {text.upper() for text in shown}
