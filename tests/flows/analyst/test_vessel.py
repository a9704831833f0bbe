"""`barometer vessel`: a ship is found by number or name, heard or only listed, and shown whole.

Anyone with a transmitter may send any name, and anyone may type anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from flows.analyst import vessel
from flows.catalogue import access
from flows.cli import main
from flows.home.settings import Settings
from tests.build.ships import List, Ship, call, home_of, ofac, sdn, ship, without_imo

LISTED = ship(301, "QAPPHELION")
NO_NUMBER = without_imo(ship(302, "QNAMELESS NUMBER"))
ESCAPES = ship(303, "QZ\x1b[31mRED\x1b]0;OWNED\x07")
MARKUP = ship(304, "QZ[bold]X[/bold][link=http://x]Y[/link]")
BIDI = ship(305, "QZ\u202eDETSIL\u2066 TON")
FORMULA = ship(306, "=QZ+1")
HEARD_WITH_NUMBER = ship(307, "QSENDS A NUMBER")
QUOTED = ship(308, "QZ%_'\\;--")

ONLY_LISTED = ship(311, "QONLY LISTED")
BY_MMSI = ship(312, "QLISTED BY MMSI")
BY_NAME = ship(313, "QLISTED BY NAME")
LISTED_UNHEARD_NAME = ship(314, "QOTHER NAME", mmsi=HEARD_WITH_NUMBER["mmsi"])
LISTED_HEARD_MMSI = ship(315, "QLIST SAYS THIS", mmsi=NO_NUMBER["mmsi"])

HOSTILE = (ESCAPES, MARKUP, BIDI, QUOTED)


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
    heard = (LISTED, NO_NUMBER, HEARD_WITH_NUMBER, FORMULA, *HOSTILE)
    lines = [line for of in heard for line in call(of, 2)]
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

    def of(*words: str) -> tuple[int, str, str]:
        code = main(["vessel", *words, "--home", str(home.home), "--threads", str(home.threads)])
        out, err = capsys.readouterr()
        return code, out, err

    return of


def matches(con: duckdb.DuckDBPyConnection, text: str) -> list[tuple[str, int | None, int | None]]:
    return [(s["hull_id"], s["imo"], s["mmsi"]) for s in vessel.find_ships(con, text)]


@pytest.mark.parametrize(
    ("text", "of"),
    [
        pytest.param(LISTED["imo"], LISTED, id="IMO number"),
        pytest.param(f"IMO {LISTED['imo']}", LISTED, id="IMO and the number"),
        pytest.param(f" imo{LISTED['imo']} ", LISTED, id="no space"),
        pytest.param(LISTED["mmsi"], LISTED, id="MMSI"),
        pytest.param(f"MMSI {LISTED['mmsi']}", LISTED, id="MMSI and the number"),
        pytest.param("QAPPHELION", LISTED, id="name"),
        pytest.param("qapphel", LISTED, id="part of a name in small letters"),
        pytest.param(NO_NUMBER["mmsi"], NO_NUMBER, id="MMSI of a ship without IMO number"),
        pytest.param("nameless num", NO_NUMBER, id="part of its name"),
        pytest.param("QLIST SAYS THIS", NO_NUMBER, id="name in a list, by MMSI"),
        pytest.param("%_'\\", QUOTED, id="signs of SQL"),
        pytest.param("[bold]x", MARKUP, id="signs of the terminal's markup"),
    ],
)
def test_a_ship_heard_is_found(con: duckdb.DuckDBPyConnection, text: str, of: Ship) -> None:
    imo = int(of["imo"]) if of["imo"] else None
    hull_id = f"IMO {imo}" if imo else f"MMSI {of['mmsi']}"
    assert matches(con, text) == [(hull_id, imo, int(of["mmsi"]))]


LISTED_IMO = (f"IMO {ONLY_LISTED['imo']}", int(ONLY_LISTED["imo"]), None)
LISTED_MMSI = (f"MMSI {BY_MMSI['mmsi']}", None, int(BY_MMSI["mmsi"]))


@pytest.mark.parametrize(
    ("text", "hull"),
    [
        pytest.param(ONLY_LISTED["imo"], LISTED_IMO, id="IMO number"),
        pytest.param("only listed", LISTED_IMO, id="name with IMO number"),
        pytest.param(BY_MMSI["mmsi"], LISTED_MMSI, id="MMSI"),
        pytest.param("listed by mmsi", LISTED_MMSI, id="name with MMSI"),
        pytest.param("listed by name", ("QLISTED BY NAME", None, None), id="name alone"),
    ],
)
def test_a_ship_that_is_only_listed_is_found_with_its_entry(
    con: duckdb.DuckDBPyConnection, text: str, hull: tuple[str, int | None, int | None]
) -> None:
    assert matches(con, text) == [hull]
    (of,) = vessel.find_ships(con, text)
    assert of["first_at"] is None
    record = vessel.ship_record(con, of)
    assert [entry["vessel_name"] for entry in record["listings"]] == [of["vessel_name"]]
    assert record["calls"] == record["silences"] == record["doubts"] == []


@pytest.mark.parametrize(
    ("of", "references"),
    [
        pytest.param(LISTED, {"SDN 1", "SDN 2"}, id="by IMO number"),
        pytest.param(NO_NUMBER, {"SDN 7"}, id="by MMSI"),
        pytest.param(HEARD_WITH_NUMBER, {"SDN 6"}, id="by MMSI, with an IMO number"),
        pytest.param(FORMULA, set(), id="on no list"),
    ],
)
def test_the_record_of_a_ship_heard_has_its_entries(
    con: duckdb.DuckDBPyConnection, of: Ship, references: set[str]
) -> None:
    (known,) = vessel.find_ships(con, of["mmsi"])
    record = vessel.ship_record(con, known)
    assert {entry["reference"] for entry in record["listings"]} == references
    assert len(record["calls"]) == 1


@pytest.mark.parametrize(
    "text",
    ["", "  ", "NOBODY HAS THIS NAME", "9074729", "0000000", "352003487", "1" * 40, "IMO 1",
     "\0", "QAPP\0HELION", "\ud800", "\udcff", "QAPP\udcffHELION", "²³", "٣٥٢٩٩٠٠٥٠", "x" * 100_000,
     "' or 1=1 --"],
    ids=lambda text: ascii(text[:20]),
)  # fmt: skip
def test_what_no_ship_is_called_finds_none(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert vessel.find_ships(con, text) == []


def test_one_ship_is_shown_whole(asked: Asked) -> None:
    code, out, err = asked(LISTED["imo"])
    assert (code, err) == (0, "")
    assert out.startswith(f"QAPPHELION, IMO {LISTED['imo']}\n")
    assert "a tanker. Linked to Russia by strong evidence" in out
    for heading in ("Identity", "Evidence of a link to Russia", "Lists", "Calls"):
        assert f"\n{heading}\n" in out
    assert "SDN 1" in out and "IRAN-EO13902" in out and "Kharg Island (IR)" in out


def test_several_ships_are_shown_to_choose_from(asked: Asked) -> None:
    code, out, _ = asked("qz")
    assert code == 0 and "For one of them: barometer vessel IMO-or-MMSI" in out
    for of in (*HOSTILE, FORMULA):
        assert of["imo"] in out


@pytest.mark.parametrize("text", ["NOBODY", "9074729", "\x1b[31mX"], ids=ascii)
def test_no_ship_is_a_failure_with_a_message(asked: Asked, text: str) -> None:
    code, out, err = asked(text)
    assert (code, out) == (1, "")
    assert "no ship of that number or name, received or listed" in err and "\x1b" not in err


@pytest.mark.parametrize(
    ("of", "name"),
    [
        pytest.param(ESCAPES, "QZ [31mRED ]0;OWNED", id="escape signs"),
        pytest.param(MARKUP, MARKUP["vessel_name"], id="markup"),
        pytest.param(BIDI, "QZ DETSIL TON", id="bidi marks"),
        pytest.param(FORMULA, "=QZ+1", id="a formula"),
        pytest.param(QUOTED, QUOTED["vessel_name"], id="signs of SQL"),
    ],
)
def test_a_hostile_name_is_shown_as_text(asked: Asked, of: Ship, name: str) -> None:
    for word in (of["imo"], "qz"):
        code, out, _ = asked(word)
        assert code == 0 and name in out
        assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(out)


def test_a_ship_that_is_only_listed_by_name_is_shown(asked: Asked) -> None:
    code, out, _ = asked("qlisted by name")
    assert code == 0
    assert out.startswith("QLISTED BY NAME, QLISTED BY NAME\nNever heard in this lake; only listed")
    assert "RUSSIA-EO14024" in out


@pytest.mark.parametrize("text", [LISTED["imo"], "qz", "qlisted by name"])
def test_json_holds_all_that_the_queries_give(
    con: duckdb.DuckDBPyConnection, asked: Asked, text: str
) -> None:
    code, out, _ = asked(text, "--json")
    ships = vessel.find_ships(con, text)
    expected: list[dict[str, Any]] = [vessel.ship_record(con, of) for of in ships]
    assert code == 0
    assert json.loads(out) == json.loads(json.dumps(expected, default=str))
    assert [set(record) for record in json.loads(out)] == [
        {"ship", "identity", "evidence", "listings", "calls", "doubts", "silences"}
    ] * len(ships)
