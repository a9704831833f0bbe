"""The evidence card of a call and the page of a ship: text, page and JSON say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flows.analyst import card, vessel
from flows.catalogue import access
from flows.cli import main
from flows.home.settings import Settings
from tests.build.ships import List, call, home_of, ofac, sdn, ship

LISTED = ship(301, "QAPPHELION", mid=273)
HOSTILE = ship(304, "<script>alert(1)</script>")
UNLISTED = ship(305, "QUNLISTED")
LIST = [sdn(1, LISTED, "RUSSIA-EO14024"), sdn(2, LISTED, "IRAN-EO13902")]

Asked = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    lines = [line for of in (LISTED, HOSTILE, UNLISTED) for line in call(of, 2)]
    return home_of(
        tmp_path_factory.mktemp("card"), lines, [List("sdn.csv", ofac(*LIST), "2026-05-20")]
    )


@pytest.fixture
def asked(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Asked:
    """The command's exit code, output and messages."""
    monkeypatch.setenv("COLUMNS", "200")
    there = ["--home", str(home.home), "--threads", str(home.threads)]
    return lambda *words: (main(["vessel", *words, *there]), *capsys.readouterr())


def call_of(home: Settings, mmsi: str) -> str:
    query = "select port_call_id from port_call where mmsi = $1"
    with access.reading(home) as con:
        ((port_call_id,),) = con.execute(query, [int(mmsi)]).fetchall()
    return str(port_call_id)


class Reader(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.texts += [data.strip()] if data.strip() else []


def cells(sections: list[vessel.Section]) -> list[str]:
    return [
        line for of in sections for row in of.rows for cell in row for line in cell.splitlines()
    ]


def test_a_card_says_what_the_call_rests_on(home: Settings, asked: Asked) -> None:
    key = call_of(home, LISTED["mmsi"])
    code, out, err = asked(key)
    assert (code, err) == (0, "")
    assert out.startswith("QAPPHELION, IMO ") and f"Call {key}" in out
    for heading in ("The call", "Evidence of a link to Russia", "Indicators of the ship"):
        assert f"\n{heading}" in out
    assert "Linked to Russia by strong evidence." in out and "SDN 1, RUSSIA-EO14024" in out


def test_json_and_page_of_a_card_have_the_same(
    home: Settings, asked: Asked, tmp_path: Path
) -> None:
    key = call_of(home, LISTED["mmsi"])
    with access.reading(home) as con:
        record = card.call_record(con, key)
    assert record is not None
    assert {row["indicator"] for row in record["indicators"]} == {"listed"}
    assert {row["when"] for row in record["indicators"]} == {"before"}
    code, out, _ = asked(key, "--json")
    assert code == 0 and json.loads(out) == json.loads(json.dumps(record, default=str))
    page = tmp_path / "card.html"
    assert asked(key, "--html", str(page)) == (0, "", "")
    texts = Reader(page.read_text("utf-8")).texts
    assert [line for line in cells(card.call_sections(record)) if line not in texts] == []


def test_the_page_of_a_ship_has_all_that_the_terminal_shows(
    home: Settings, asked: Asked, tmp_path: Path
) -> None:
    page = tmp_path / "ship.html"
    assert asked(LISTED["imo"], "--html", str(page)) == (0, "", "")
    texts = " ".join(Reader(page.read_text("utf-8")).texts)
    with access.reading(home) as con:
        (of,) = vessel.find_ships(con, LISTED["imo"])
        record = vessel.ship_record(con, of)
    assert [line for line in cells(vessel.sections_of(record)) if line not in texts] == []


def test_hostile_names_are_text_and_nothing_is_fetched(
    home: Settings, asked: Asked, tmp_path: Path
) -> None:
    for what in (HOSTILE["mmsi"], call_of(home, HOSTILE["mmsi"])):
        page = tmp_path / "page.html"
        assert asked(what, "--html", str(page))[0] == 0
        reader = Reader(page.read_text("utf-8"))
        assert "script" not in reader.tags and reader.addresses == []
        assert any("<script>alert(1)</script>" in text for text in reader.texts)


REFUSED: dict[str, tuple[list[str], str]] = {
    "an unknown call": (["0" * 32], "no call with this port_call_id"),
    "several ships": (["q", "--html", "{tmp}/page.html"], "ships match. Give the id of one: 'IMO "),
    "a folder": ([LISTED["imo"], "--html", "{tmp}"], "the page cannot be written"),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_shown_is_refused(
    asked: Asked, tmp_path: Path, words: list[str], message: str
) -> None:
    code, out, err = asked(*(word.replace("{tmp}", str(tmp_path)) for word in words))
    assert (code, out) == (1, "") and message in err
    assert list(tmp_path.iterdir()) == []


def test_a_ship_without_evidence_says_so(home: Settings, asked: Asked) -> None:
    code, out, _ = asked(call_of(home, UNLISTED["mmsi"]))
    assert code == 0 and "No evidence of a link to Russia." in out
    assert "no: not a tanker with a link that counts" in out


def test_every_value_of_a_card_is_read_from_the_catalogue(home: Settings) -> None:
    with access.reading(home) as con:
        every = con.execute("select port_call_id from port_call").fetchall()
        records: list[Any] = [card.call_record(con, key) for (key,) in every]
    assert len(every) == 3 and all(len(card.call_sections(record)) == 3 for record in records)
