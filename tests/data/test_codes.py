"""The shipped code tables: complete, well-formed, and in agreement with other copies of them."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from flows.home.resources import data_path, data_rows
from tests.conftest import ROOT

CODES = data_path("codes")
WORDS = data_path("sources", "words")
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")

# The shared copy's older or longer name for a country, by our code.
OTHER_NAME = {
    **{"AR": "Argentine Republic", "CI": "Cote d'Ivoire", "CZ": "Czech Republic"},
    **{"CW": "Bonaire, Sint Eustatius and Saba", "GF": "Guiana (French Department of)"},
    **{"KG": "Kyrgyz Republic", "KP": "Democratic People's Republic of Korea"},
    **{"KR": "Korea (Republic of)", "LA": "Lao People's Democratic Republic", "MK": "Macedonia"},
    **{"RE": "Reunion", "SK": "Slovak Republic", "SZ": "Swaziland", "TR": "Turkey"},
    "VN": "Viet Nam",
}
# MIDs of parts of a country or territory, which the shared copy names one by one.
PART = {
    **{"204": "Azores", "255": "Madeira", "303": "Alaska", "501": "Adelie Land"},
    **{"607": "Saint Paul and Amsterdam Islands", "608": "Ascension Island"},
    **{"618": "Crozet Archipelago", "635": "Kerguelen Islands", "665": "Saint Helena"},
}
# Codes under which the ITU counts more than one place.
SEVERAL_PLACES = {
    **{"PT": {"204", "255", "263"}, "SH": {"608", "665"}, "US": {"303", "338"}},
    "TF": {"501", "607", "618", "635"},
}


def read(name: str) -> list[dict[str, str]]:
    return data_rows((WORDS if "_word" in name else CODES) / name)


def other(*parts: str) -> list[dict[str, str]]:
    """The rows of a file of others."""
    with SHARED.joinpath(*parts).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def mid() -> dict[str, dict[str, str]]:
    rows = read("mid.csv")
    table = {r["mid"]: r for r in rows}
    assert len(table) == len(rows)
    return table


TABLES = sorted([*CODES.glob("*.csv"), *WORDS.glob("*.csv")])


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_table_has_unix_lines_and_no_loose_blanks(path: Path) -> None:
    assert b"\r" not in path.read_bytes()
    for row in read(path.name):
        assert None not in row and None not in row.values(), row
        assert all(value == value.strip() for value in row.values()), row


MIDS = {
    **{"RU": "273", "IR": "422", "AE": "470 471", "AZ": "423", "CM": "613", "CN": "412 413 414"},
    **{"FO": "231", "GB": "232 233 234 235", "GI": "236", "HK": "477", "KM": "616 620"},
    **{"KZ": "436", "LR": "636 637", "MH": "538", "MT": "215 229 248 249 256", "OM": "461"},
    **{"PA": "351 352 353 354 355 356 357 370 371 372 373 374", "PT": "204 255 263", "SL": "667"},
    **{"TM": "434", "US": "303 338 366 367 368 369"},
}


def test_mid_is_sorted_and_well_formed(mid: dict[str, dict[str, str]]) -> None:
    assert list(mid) == sorted(mid)
    for row in mid.values():
        assert list(row) == ["mid", "country_code", "country_name"]
        assert re.fullmatch(r"[2-7][0-9]{2}", row["mid"]), row
        assert re.fullmatch(r"[A-Z]{2}", row["country_code"]) and row["country_name"], row
    pairs = {(r["country_code"], r["country_name"]) for r in mid.values()}
    assert len(pairs) == len({code for code, _ in pairs}) == len({name for _, name in pairs})
    assert {
        code: " ".join(m for m, row in mid.items() if row["country_code"] == code) for code in MIDS
    } == MIDS


@needs_shared
def test_mid_has_the_countries_of_the_other_copy_grouped_the_same_way(
    mid: dict[str, dict[str, str]],
) -> None:
    """Two MIDs of one country there are of one code here, and the other way round."""
    others = {r["prefix"]: r["country"] for r in other("codes", "mid.csv")}
    assert set(others) - set(mid) == set()
    assert set(mid) - set(others) == {"374", "471", "550"}, "allocated since that copy"
    codes_of: dict[str, set[str]] = {}
    places_of: dict[str, set[str]] = {}
    for number, theirs in others.items():
        code, name = mid[number]["country_code"], mid[number]["country_name"]
        expected = PART.get(number, OTHER_NAME.get(code, name))
        assert expected in theirs.split(" - ")[0], (number, theirs, name)
        codes_of.setdefault(theirs, set()).add(code)
        places_of.setdefault(code, set()).add(theirs)
    assert {t: c for t, c in codes_of.items() if len(c) > 1} == {}
    assert {code: places for code, places in places_of.items() if len(places) > 1} == {
        code: {others[number] for number in numbers} for code, numbers in SEVERAL_PLACES.items()
    }


@needs_shared
def test_ships_heard_by_volunteers_have_a_known_mid() -> None:
    path = SHARED / "ais" / "aisstream-gulf-2026-03.csv"
    query = """
        with ship as (
            select distinct mmsi
            from read_csv($positions, header = true, all_varchar = true)
            where regexp_full_match(mmsi, '[2-7][0-9]{8}')
        )
        select count(*), count(*) filter (
            left(mmsi, 3) not in (from (select mid from read_csv($mid, all_varchar = true)))
        )
        from ship
    """
    with duckdb.connect() as con:
        parameters = {"positions": str(path), "mid": str(CODES / "mid.csv")}
        ships, unknown = con.execute(query, parameters).fetchone()
    assert ships > 100
    assert unknown / ships < 0.02, "a few MMSIs are made up; many would mean a hole in the table"


def test_ship_types_and_statuses_are_complete() -> None:
    types = read("ship_type.csv")
    assert [int(r["code"]) for r in types] == list(range(100))
    assert {r["is_tanker"] for r in types} == {"true", "false"}
    assert [int(r["code"]) for r in types if r["is_tanker"] == "true"] == list(range(80, 90))
    for row in types:
        assert list(row) == ["code", "description", "category", "is_tanker"]
        assert row["description"] and row["category"]
        assert (row["category"] == "tanker") == (row["is_tanker"] == "true")
    statuses = read("nav_status.csv")
    assert [int(r["code"]) for r in statuses] == list(range(16))
    assert len({r["description"] for r in statuses}) == 16
    assert [statuses[code]["description"] for code in (1, 5)] == ["At anchor", "Moored"]


@needs_shared
def test_codes_agree_with_the_other_copy() -> None:
    """The other copy calls the same codes tankers, and names the plain categories alike."""
    theirs = {r["num"]: r["category_desc"] for r in other("codes", "ais_ship_types.csv")}
    for row in read("ship_type.csv"):
        category = theirs[row["code"]]
        assert (row["is_tanker"] == "true") == (category == "Tanker")
        if row["category"] in {"reserved", "not available"}:
            assert category == "Unknown", row
        if row["category"] in {"fishing", "towing", "tug", "cargo", "passenger", "military"}:
            assert category.lower() == row["category"], row
    statuses = [r["description"] for r in other("codes", "nav_status.csv")]
    for code, row in enumerate(read("nav_status.csv")[:9]):
        if code != 3:  # the other copy misspells "manoeuvrability"
            assert row["description"].lower() == statuses[code].lower()


def test_words_have_known_codes() -> None:
    for name in sorted(path.name for path in WORDS.glob("*.csv")):
        rows = read(name)
        fields = {r["field"] for r in rows}
        assert fields <= {"nav_status", "ship_type"}
        known = {field: {"", *(r["code"] for r in read(f"{field}.csv"))} for field in fields}
        codes = {(r["field"], r["word"].casefold()): r["code"] for r in rows}
        assert len(codes) == len(rows)
        assert all(word and code in known[field] for (field, word), code in codes.items())
    dma = {(r["field"], r["word"]): r["code"] for r in read("dma_word.csv")}
    some = {("nav_status", "Moored"): "5", ("nav_status", "Unknown value"): ""}
    some |= {("ship_type", "Tanker"): "80", ("ship_type", "Undefined"): ""}
    assert some.items() <= dma.items()
    statuses = {code for (field, _), code in dma.items() if field == "nav_status"}
    assert statuses == {"", *(str(code) for code in range(15))}
    sample = read("world_sample_word.csv")
    assert [r["word"] for r in sample if r["code"].startswith("8")] == ["Tanker"]


@needs_shared
def test_words_cover_the_real_files() -> None:
    words = {(r["field"], r["word"]) for r in read("dma_word.csv")}
    rows = other("ais", "dma-2018-06-01.csv")
    seen = {("nav_status", r["Navigational status"]) for r in rows}
    seen |= {("ship_type", r["Ship type"]) for r in rows}
    assert len(seen) > 10 and {s for s in seen if s[1]} - words == set()
    sample = {r["ship_type"] for r in other("ais", "global-one-day-2024-01-24.csv")}
    assert sample == {r["word"] for r in read("world_sample_word.csv")}


# --- AIS destinations ---------------------------------------------------------------------------


def test_destination_is_well_formed() -> None:
    rows = read("russian_destination.csv")
    assert [list(row) for row in rows[:1]] == [["port_id", "name", "pattern_kind", "text"]]
    keys = [(r["port_id"], r["pattern_kind"], r["text"]) for r in rows]
    assert keys == sorted(keys)
    assert {r["pattern_kind"] for r in rows} == {"locode", "name"}
    for row in rows:
        assert re.fullmatch(r"([A-Z]{2}[A-Z2-9]{3})?", row["port_id"]), row
        # The field has 20 characters (ITU-R M.1371-5, message 5); the text is in normal form.
        assert re.fullmatch(r"[A-Z0-9]+( [A-Z0-9]+)*", row["text"]) and len(row["text"]) <= 20, row
        # "RU" alone is in many a foreign destination.
        assert len(row["text"]) >= 3, row
    assert [t for t, n in Counter(r["text"] for r in rows).items() if n > 1] == []
    # A port with two names would be two pieces of evidence.
    assert len({(r["port_id"], r["name"]) for r in rows}) == len({r["port_id"] for r in rows})


def test_destination_locodes_come_in_both_forms() -> None:
    """But where the five letters together are an English word or a foreign place."""
    texts: dict[str, set[str]] = {}
    for row in read("russian_destination.csv"):
        if row["pattern_kind"] == "locode":
            texts.setdefault(row["port_id"], set()).add(row["text"])
    alone = {"RUDEE": "an inlet in Virginia", "RULES": "a word", "RUSTY": "a word"}
    for port_id, both in texts.items():
        spaced = f"{port_id[:2]} {port_id[2:]}"
        assert both == ({spaced} if port_id in alone else {spaced, port_id})
    assert set(alone) <= set(texts)


def test_destination_names_every_fenced_port_as_the_fences_do() -> None:
    rows = read("russian_destination.csv")
    fences = json.loads(data_path("ports", "russia.geojson").read_text(encoding="utf-8"))
    fenced = {
        (fence["properties"]["port_id"], fence["properties"]["port_name"])
        for fence in fences["features"]
    }
    for kind in ("locode", "name"):
        named = {(r["port_id"], r["name"]) for r in rows if r["pattern_kind"] == kind}
        assert fenced - named == set()


@needs_shared
def test_destination_has_every_russian_locode_of_the_world_port_index() -> None:
    theirs = {
        r["UN/LOCODE"].replace(" ", "")
        for r in other("ports", "world_port_index_2025.csv")
        if r["Country Code"] == "Russia"
    }
    assert theirs - {"", *(r["port_id"] for r in read("russian_destination.csv"))} == set()


RUSSIAN = {
    "RUNVS": "RU NVS;RUNVS;ru nvs;TRIST>>RUNVS;NOVOROSSIYSK;NOVOROSSIYSK ROADS;NOVOROSSISK",
    "RUULU": "RUULU>EGPSD;EGPSD>RUULU;RU-ULU;UST LUGA;UST-LUGA;UST'LUGA;USTLUGA OPL",
    "RULED": "RU.LED;RULED;ST.PETERSBURG;ST PETERSBURG;ST-PETERSBURG",
    **{"RUPRI": "PRIMORSK", "RUKZM": "KOZMINO;KOZ'MINO;RUKOZ", "RUDKA": "DE-KASTRI"},
    **{"RURND": "ROSTOV-ON-DON;RU RND", "RUROV": "RUROV", "RUKZP": "PORT KAVKAZ;KAVKAZ ROADS"},
    **{"RUTAM": "PORT TAMAN;RUTAM", "RUCPC": "CPC TERMINAL", "RUOYA": "OLYA", "RUAZO": "AZOV"},
    **{"RUVYP": "VOSTOCHNY", "RUMCX": "MAKHACHKALA@@@@@@@@@", "RUASF": "ASTRAKHAN"},
    **{"RUSTY": "RU STY", "UAKEH": "UA KEH", "UAFEO": "FEODOSIYA"},
}
OTHERS = (
    ";   ;RU;FOR ORDERS RU;ROSTOCK;DEROS;PRIMORSKO;TAMANJAYA;TAMAN NEGARA;TAMANRASSET;TAMPA FL;"
    "PETERSBURG AK;ST PETER PORT;ST PETERS;LUGANO;LUGA;BALTIMORE;BALTIC SEA;AZOVSTAL;RUDEE INLET;"
    "RUSTY ANCHOR;AS PER RULES;CPC DALIN;CPC CORP TAIWAN;RUSE;BG RUSE;ERUNVS;RUNVSX;TRUNVS;"
    "RU N VS;PERU LED;GB RUN;IR BND;IRBND>AEFJR;BANDAR ABBAS;SINGAPORE;TR IST;NL RTM;NOVO PORTO;"
    "VLADI;KOLA;SAKHALIN;DE HAM;ARMED GUARD ON BOARD"
)


NAMED = """
    with normal as (
        select
            destination,
            ' ' || trim(regexp_replace(upper(destination), '[^A-Z0-9]+', ' ', 'g')) || ' ' as words
        from (select unnest($destinations) as destination)
    )
    select normal.destination, text.port_id
    from normal
    inner join read_csv($texts, header = true, all_varchar = true) as text
        on contains(normal.words, ' ' || text.text || ' ')
"""
"""The ports that each destination names, by the rule of the catalogue."""


def test_destinations_that_name_a_russian_port_and_others() -> None:
    expected = {text: {port} for port, texts in RUSSIAN.items() for text in texts.split(";")}
    expected |= {"RUSSIA": {None}, "PRIMORSK RUSSIA": {"RUPRI", None}}
    expected |= {text: set() for text in OTHERS.split(";")}
    found: dict[str, set[str | None]] = {text: set() for text in expected}
    given = {"destinations": [*expected], "texts": str(CODES / "russian_destination.csv")}
    for destination, port_id in duckdb.execute(NAMED, given).fetchall():
        found[destination].add(port_id)
    assert found == expected
