"""The page in a real browser: on a phone, in the dark, on paper, and off the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def page_file(drawn_week: Path) -> Path:
    return drawn_week / "report.html"


def opened(browser: Any, page_file: Path, width: int, **context: Any) -> tuple[Any, list[str]]:
    """The page in a window of that width, and what it asked for or complained about."""
    sheet = browser.new_context(viewport={"width": width, "height": 800}, **context).new_page()
    told: list[str] = []
    sheet.on("request", lambda request: told.append(request.url))
    sheet.on("console", lambda message: told.append(message.text))
    sheet.on("dialog", lambda dialog: told.append(dialog.message))
    sheet.goto(page_file.as_uri())
    return sheet, told


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
    ground = "getComputedStyle(document.body).backgroundColor"
    drawn = "getComputedStyle(document.querySelector('figure svg path')).fill"
    found = {
        scheme: [
            opened(browser, page_file, 1280, color_scheme=scheme)[0].evaluate(script)
            for script in (ground, drawn)
        ]
        for scheme in ("light", "dark")
    }
    assert found["light"] == ["rgb(253, 253, 252)"] * 2
    assert found["dark"] == ["rgb(20, 25, 29)"] * 2


def test_paper_is_light_and_leaves_out_what_cannot_be_opened(browser: Any, page_file: Path) -> None:
    sheet, _ = opened(browser, page_file, 794, color_scheme="dark")
    sheet.emulate_media(media="print", color_scheme="dark")
    assert sheet.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    ink = "getComputedStyle(document.body).color"
    assert sheet.evaluate(ink) == "rgb(27, 39, 48)"
    assert not sheet.locator("details.data").is_visible()
    assert sheet.pdf().startswith(b"%PDF")


def test_the_first_stop_of_the_keyboard_leads_to_the_number(browser: Any, page_file: Path) -> None:
    sheet, _ = opened(browser, page_file, 1280)
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.textContent") == "To the number"
    sheet.keyboard.press("Enter")
    assert sheet.evaluate("location.hash") == "#main"
