"""`barometer vessel`: a ship is found by number or name, heard or only listed, and shown whole.

So is the evidence of a call; text, page and JSON say the same.
Anyone with a transmitter may send any name, and anyone may type anything.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from flows.analyst import card, vessel
from flows.analyst.formats import write
from flows.catalogue import access
from flows.cli import main
from flows.home.settings import Settings
from flows.report import tables
from tests.build.ships import List, Ship, call, home_of, ofac, sdn, ship, without_imo

LISTED = ship(301, "QAPPHELION", mid=273)
NO_NUMBER = without_imo(ship(302, "QNAMELESS NUMBER"))
MARKUP = ship(304, "QZ[bold]X[/bold][link=http://x]Y[/link]")
FORMULA = ship(306, "=QZ+1")
HEARD_WITH_NUMBER = ship(307, "QSENDS A NUMBER")
SOLD = ship(309, "QFIRST OWNER")
SOLD_LATER = without_imo(SOLD, vessel_name="QFIRST OWNER NO MORE", call_sign="")
QUOTED = ship(308, "QZ%_'\\;--")
HOSTILE = {
    "QZ [31mRED ]0;OWNED": ship(303, "QZ\x1b[31mRED\x1b]0;OWNED\x07"),
    "QZ DETSIL TON": ship(305, "QZ\u202eDETSIL\u2066 TON"),
    **{of["vessel_name"]: of for of in (MARKUP, FORMULA, QUOTED)},
}
"""Ships by how their names are shown."""
SCRIPT = ship(316, "<script>alert(1)</script>")
UNLISTED = ship(317, "QUNLISTED")

ONLY_LISTED = ship(311, "QONLY LISTED")
BY_MMSI = ship(312, "QLISTED BY MMSI")
BY_NAME = ship(313, "QLISTED BY NAME")
LISTED_UNHEARD_NAME = ship(314, "QOTHER NAME", mmsi=HEARD_WITH_NUMBER["mmsi"])
LISTED_HEARD_MMSI = ship(315, "QLIST SAYS THIS", mmsi=NO_NUMBER["mmsi"])


def without_number(number: int, of: Ship, *, says_mmsi: bool) -> str:
    """An entry of OFAC's sdn.csv without an IMO number."""
    entry = sdn(number, of, "RUSSIA-EO14024", mmsi=of["mmsi"])
    said = f"Vessel Registration Identification IMO {of['imo']}; MMSI {of['mmsi']}."
    assert said in entry
    return entry.replace(said, f"MMSI {of['mmsi']}." if says_mmsi else "-0- ")


LIST = [
    sdn(1, LISTED, "RUSSIA-EO14024"),
    sdn(2, LISTED, "IRAN-EO13902"),
    sdn(3, ONLY_LISTED, "RUSSIA-EO14024"),
    without_number(4, BY_MMSI, says_mmsi=True),
    without_number(5, BY_NAME, says_mmsi=False),
    without_number(6, LISTED_UNHEARD_NAME, says_mmsi=True),
    without_number(7, LISTED_HEARD_MMSI, says_mmsi=True),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    heard = (LISTED, NO_NUMBER, HEARD_WITH_NUMBER, *HOSTILE.values(), SCRIPT, UNLISTED)
    lines = [line for of in heard for line in call(of, 2)]
    lines += [*call(SOLD, 2), *call(SOLD_LATER, 40)]
    lists = [List("sdn.csv", ofac(*LIST), "2026-05-20")]
    return home_of(tmp_path_factory.mktemp("vessel"), lines, lists)


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with access.reading(home) as opened:
        yield opened


Asked = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Asked:
    """The command's exit code, output and messages."""
    monkeypatch.setenv("COLUMNS", "200")

    there = ["--home", str(home.home), "--threads", str(home.threads)]
    return lambda *words: (main(["vessel", *words, *there]), *capsys.readouterr())


def matches(con: duckdb.DuckDBPyConnection, text: str) -> list[tuple[str, int | None, int | None]]:
    return [(s["hull_id"], s["imo"], s["mmsi"]) for s in vessel.find_ships(con, text)]


HEARD: dict[str, tuple[str, Ship]] = {
    "IMO number": (LISTED["imo"], LISTED),
    "IMO and the number": (f"IMO {LISTED['imo']}", LISTED),
    "no space": (f" imo{LISTED['imo']} ", LISTED),
    "MMSI": (LISTED["mmsi"], LISTED),
    "MMSI and the number": (f"MMSI {LISTED['mmsi']}", LISTED),
    "name": ("QAPPHELION", LISTED),
    "part of a name in small letters": ("qapphel", LISTED),
    "MMSI of a ship without IMO number": (NO_NUMBER["mmsi"], NO_NUMBER),
    "part of its name": ("nameless num", NO_NUMBER),
    "name in a list, by MMSI": ("QLIST SAYS THIS", NO_NUMBER),
    "signs of SQL": ("%_'\\", QUOTED),
    "signs of the terminal's markup": ("[bold]x", MARKUP),
}


@pytest.mark.parametrize(("text", "of"), HEARD.values(), ids=HEARD)
def test_a_ship_heard_is_found(con: duckdb.DuckDBPyConnection, text: str, of: Ship) -> None:
    imo = int(of["imo"]) if of["imo"] else None
    hull_id = f"IMO {imo}" if imo else f"MMSI {of['mmsi']}"
    assert matches(con, text) == [(hull_id, imo, int(of["mmsi"]))]


def test_one_of_several_ships_of_an_mmsi_is_found_by_its_id(
    con: duckdb.DuckDBPyConnection, asked: Asked
) -> None:
    mmsi = int(SOLD["mmsi"])
    ids = (f"IMO {SOLD['imo']}", int(SOLD["imo"]), mmsi), (f"MMSI {mmsi} (2)", None, mmsi)
    for text in (str(mmsi), f"MMSI {mmsi}", "qfirst owner"):
        assert matches(con, text) == list(ids)
        code, out, _ = asked(text)
        assert code == 0 and all(hull_id in out for hull_id, _, _ in ids)
        code, _, err = asked(text, "--html", "unwritten.html")
        assert code == 1 and f"Give the id of one: '{ids[0][0]}', '{ids[1][0]}'." in err
    for of in ids:
        assert matches(con, of[0]) == matches(con, of[0].lower().replace(" ", "", 1)) == [of]
    assert matches(con, f"MMSI {mmsi} (3)") == []


LISTED_IMO = (f"IMO {ONLY_LISTED['imo']}", int(ONLY_LISTED["imo"]), None)
LISTED_MMSI = (f"MMSI {BY_MMSI['mmsi']}", None, int(BY_MMSI["mmsi"]))


ONLY: dict[str, tuple[str, tuple[str, int | None, int | None]]] = {
    "IMO number": (ONLY_LISTED["imo"], LISTED_IMO),
    "name with IMO number": ("only listed", LISTED_IMO),
    "MMSI": (BY_MMSI["mmsi"], LISTED_MMSI),
    "name with MMSI": ("listed by mmsi", LISTED_MMSI),
    "name alone": ("listed by name", ("QLISTED BY NAME", None, None)),
}


@pytest.mark.parametrize(("text", "hull"), ONLY.values(), ids=ONLY)
def test_a_ship_that_is_only_listed_is_found_with_its_entry(
    con: duckdb.DuckDBPyConnection, text: str, hull: tuple[str, int | None, int | None]
) -> None:
    assert matches(con, text) == [hull]
    (of,) = vessel.find_ships(con, text)
    assert of["first_at"] is None
    record = vessel.ship_record(con, of)
    assert [entry["vessel_name"] for entry in record["listings"]] == [of["vessel_name"]]
    assert record["calls"] == record["silences"] == record["doubts"] == []


def test_the_record_of_a_ship_heard_has_its_entries(con: duckdb.DuckDBPyConnection) -> None:
    for of, references in (
        (LISTED, {"SDN 1", "SDN 2"}),  # by IMO number
        (NO_NUMBER, {"SDN 7"}),  # by MMSI
        (HEARD_WITH_NUMBER, {"SDN 6"}),  # by MMSI, with an IMO number
        (FORMULA, set()),
    ):
        (known,) = vessel.find_ships(con, of["mmsi"])
        record = vessel.ship_record(con, known)
        assert {entry["reference"] for entry in record["listings"]} == references
        assert len(record["calls"]) == 1


def test_what_no_ship_is_called_finds_none(con: duckdb.DuckDBPyConnection) -> None:
    for text in (
        *("", "  ", "NOBODY HAS THIS NAME", "9074729", "0000000", "352003487", "1" * 40, "IMO 1"),
        *("\0", "QAPP\0HELION", "\ud800", "\udcff", "QAPP\udcffHELION", "²³", "٣٥٢٩٩٠٠٥٠"),
        *("x" * 100_000, "' or 1=1 --"),
    ):
        assert vessel.find_ships(con, text) == [], ascii(text[:20])


def test_one_ship_is_shown_whole(asked: Asked) -> None:
    code, out, err = asked(LISTED["imo"])
    assert (code, err) == (0, "")
    assert out.startswith(f"QAPPHELION, IMO {LISTED['imo']}\n")
    assert "a tanker. Linked to Russia by strong evidence" in out
    for heading in ("Identity", "Evidence of a link to Russia", "Lists", "Calls"):
        assert f"\n{heading}\n" in out
    assert "SDN 1" in out and "IRAN-EO13902" in out and "Kharg Island (IR)" in out


def test_several_ships_are_shown_to_choose_from_and_hostile_names_as_text(asked: Asked) -> None:
    code, several, _ = asked("qz")
    assert code == 0 and "For one of them: barometer vessel ID" in several
    for name, of in HOSTILE.items():
        code, alone, _ = asked(of["imo"])
        assert code == 0 and of["imo"] in several
        for out in (several, alone):
            assert name in out
            assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(out)


def test_a_ship_that_is_only_listed_by_name_is_shown_and_no_ship_is_a_failure(
    asked: Asked,
) -> None:
    for text in ("NOBODY", "9074729", "\x1b[31mX"):
        code, out, err = asked(text)
        assert (code, out) == (1, "")
        assert "no ship of that number or name, received or listed" in err and "\x1b" not in err
    code, out, _ = asked("qlisted by name")
    assert code == 0
    assert out.startswith("QLISTED BY NAME, QLISTED BY NAME\nNever heard in this lake; only listed")
    assert "RUSSIA-EO14024" in out


def test_json_holds_all_that_the_queries_give(con: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    parts = {"ship", *vessel.PARTS}
    for text in (LISTED["imo"], "qz", "qlisted by name"):
        code, out, _ = asked(text, "--json")
        expected = [vessel.ship_record(con, of) for of in vessel.find_ships(con, text)]
        assert code == 0 and _as_in_json(json.loads(out)) == _as_in_json(expected)
        assert expected and all(set(record) == parts for record in json.loads(out))


def _as_in_json(value: Any) -> Any:
    """Times with a T, and floats as FLOAT, of which JSON has the shortest text."""
    if isinstance(value, dict):
        return {key: _as_in_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_in_json(item) for item in value]
    if isinstance(value, float):
        return np.float32(value)
    return value.isoformat() if isinstance(value, date) else value


def test_json_has_the_values_of_the_json_of_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    query = """
        select 3.7::float as draught_m, timestamp '2026-05-20 06:00' as at, [0.1::float] as shares,
            'nan'::float as none
    """
    monkeypatch.setattr(tables, "sql_text", lambda _: f"{query} where $number = 1")
    with duckdb.connect() as con:
        write(con.sql(query), "json", line := io.BytesIO())
        rows = tables.json_records(con, "any", number=1)
    assert rows == [json.loads(line.getvalue())]
    assert rows == [{"draught_m": 3.7, "at": "2026-05-20T06:00:00", "shares": [0.1], "none": None}]


# The evidence card of a call, and the page of a ship


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
    assert code == 0 and _as_in_json(json.loads(out)) == _as_in_json(record)
    page = tmp_path / "card.html"
    assert asked(key, "--html", str(page)) == (0, "", "")
    page.unlink()
    assert asked(key, "--html", str(page), "--json") == (0, out, "")
    texts = Reader(page.read_text("utf-8")).texts
    assert [line for line in cells(card.call_sections(record)) if line not in texts] == []


def test_the_page_of_a_ship_has_all_that_the_terminal_shows(
    home: Settings, asked: Asked, tmp_path: Path
) -> None:
    page = tmp_path / "ship.html"
    assert asked(LISTED["imo"], "--html", str(page), "--json") == asked(LISTED["imo"], "--json")
    texts = " ".join(Reader(page.read_text("utf-8")).texts)
    with access.reading(home) as con:
        (of,) = vessel.find_ships(con, LISTED["imo"])
        record = vessel.ship_record(con, of)
    assert [line for line in cells(vessel.sections_of(record)) if line not in texts] == []


def test_hostile_names_are_text_and_nothing_is_fetched(
    home: Settings, asked: Asked, tmp_path: Path
) -> None:
    for what in (SCRIPT["mmsi"], call_of(home, SCRIPT["mmsi"])):
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
    assert len(every) > 9 and all(len(card.call_sections(record)) == 3 for record in records)
