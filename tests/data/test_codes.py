"""The shipped code tables: complete, well-formed, and in agreement with other copies of them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
CODES = ROOT / "data" / "codes"
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")

# The shared copy's older or longer name for a country, by our code.
OTHER_NAME = {
    "AR": "Argentine Republic",
    "CI": "Cote d'Ivoire",
    "CW": "Bonaire, Sint Eustatius and Saba",
    "CZ": "Czech Republic",
    "GF": "Guiana (French Department of)",
    "KG": "Kyrgyz Republic",
    "KP": "Democratic People's Republic of Korea",
    "KR": "Korea (Republic of)",
    "LA": "Lao People's Democratic Republic",
    "MK": "Macedonia",
    "RE": "Reunion",
    "SK": "Slovak Republic",
    "SZ": "Swaziland",
    "TR": "Turkey",
    "VN": "Viet Nam",
}
# MIDs of parts of a country or territory, which the shared copy names one by one.
PART = {
    "204": "Azores",
    "255": "Madeira",
    "303": "Alaska",
    "501": "Adelie Land",
    "607": "Saint Paul and Amsterdam Islands",
    "608": "Ascension Island",
    "618": "Crozet Archipelago",
    "635": "Kerguelen Islands",
    "665": "Saint Helena",
}
# Codes under which the ITU counts more than one place.
SEVERAL_PLACES = {
    "PT": {"204", "255", "263"},
    "SH": {"608", "665"},
    "TF": {"501", "607", "618", "635"},
    "US": {"303", "338"},
}


def read(name: str) -> list[dict[str, str]]:
    with (CODES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def mid() -> dict[str, dict[str, str]]:
    rows = read("mid.csv")
    table = {r["mid"]: r for r in rows}
    assert len(table) == len(rows)
    return table


@pytest.fixture(scope="module")
def other_mid() -> dict[str, str]:
    path = SHARED / "codes" / "mid.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {r["prefix"]: r["country"] for r in csv.DictReader(file)}


@pytest.mark.parametrize("path", sorted(CODES.glob("*.csv")), ids=lambda p: p.stem)
def test_table_has_unix_lines_and_no_loose_blanks(path: Path) -> None:
    assert b"\r" not in path.read_bytes()
    for row in read(path.name):
        assert None not in row and None not in row.values(), row
        assert all(value == value.strip() for value in row.values()), row


def test_mid_is_sorted_and_well_formed(mid: dict[str, dict[str, str]]) -> None:
    assert list(mid) == sorted(mid)
    for row in mid.values():
        assert list(row) == ["mid", "country_code", "country_name"]
        assert re.fullmatch(r"[2-7][0-9]{2}", row["mid"]), row
        assert re.fullmatch(r"[A-Z]{2}", row["country_code"]), row
        assert row["country_name"]


def test_mid_code_and_name_belong_together(mid: dict[str, dict[str, str]]) -> None:
    pairs = {(r["country_code"], r["country_name"]) for r in mid.values()}
    assert len(pairs) == len({code for code, _ in pairs}) == len({name for _, name in pairs})


@pytest.mark.parametrize(
    ("country_code", "mids"),
    [
        ("RU", "273"),
        ("IR", "422"),
        ("AE", "470 471"),
        ("AZ", "423"),
        ("CM", "613"),
        ("CN", "412 413 414"),
        ("FO", "231"),
        ("GB", "232 233 234 235"),
        ("GI", "236"),
        ("HK", "477"),
        ("KM", "616 620"),
        ("KZ", "436"),
        ("LR", "636 637"),
        ("MH", "538"),
        ("MT", "215 229 248 249 256"),
        ("OM", "461"),
        ("PA", "351 352 353 354 355 356 357 370 371 372 373 374"),
        ("PT", "204 255 263"),
        ("SL", "667"),
        ("TM", "434"),
        ("US", "303 338 366 367 368 369"),
    ],
)
def test_mids_of(country_code: str, mids: str, mid: dict[str, dict[str, str]]) -> None:
    found = [m for m, r in mid.items() if r["country_code"] == country_code]
    assert found == mids.split()


@needs_shared
def test_mid_covers_the_other_copy(
    mid: dict[str, dict[str, str]], other_mid: dict[str, str]
) -> None:
    assert set(other_mid) - set(mid) == set()
    assert set(mid) - set(other_mid) == {"374", "471", "550"}, "allocated since that copy"


@needs_shared
def test_mid_names_the_same_country(
    mid: dict[str, dict[str, str]], other_mid: dict[str, str]
) -> None:
    for number, theirs in other_mid.items():
        ours = mid[number]
        expected = PART.get(number, OTHER_NAME.get(ours["country_code"], ours["country_name"]))
        place = theirs.split(" - ")[0]
        assert expected in place, (number, theirs, ours)


@needs_shared
def test_mid_groups_the_same_way(mid: dict[str, dict[str, str]], other_mid: dict[str, str]) -> None:
    """Two MIDs of one country there are of one code here, and the other way round."""
    codes_of: dict[str, set[str]] = {}
    places_of: dict[str, set[str]] = {}
    for number, theirs in other_mid.items():
        code = mid[number]["country_code"]
        codes_of.setdefault(theirs, set()).add(code)
        places_of.setdefault(code, set()).add(theirs)
    assert {t: c for t, c in codes_of.items() if len(c) > 1} == {}
    split = {code: places for code, places in places_of.items() if len(places) > 1}
    assert split == {
        code: {other_mid[number] for number in numbers} for code, numbers in SEVERAL_PLACES.items()
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


def test_ship_type_is_complete() -> None:
    rows = read("ship_type.csv")
    assert [int(r["code"]) for r in rows] == list(range(100))
    assert {r["is_tanker"] for r in rows} == {"true", "false"}
    assert [int(r["code"]) for r in rows if r["is_tanker"] == "true"] == list(range(80, 90))
    for row in rows:
        assert list(row) == ["code", "description", "category", "is_tanker"]
        assert row["description"] and row["category"]
        assert (row["category"] == "tanker") == (row["is_tanker"] == "true")


@needs_shared
def test_ship_type_agrees_with_the_other_copy() -> None:
    """The other copy calls the same codes tankers, and names the plain categories alike."""
    with (SHARED / "codes" / "ais_ship_types.csv").open(encoding="utf-8", newline="") as file:
        theirs = {r["num"]: r for r in csv.DictReader(file)}
    for row in read("ship_type.csv"):
        other = theirs[row["code"]]
        assert (row["is_tanker"] == "true") == (other["category_desc"] == "Tanker")
        if row["category"] in {"reserved", "not available"}:
            assert other["category_desc"] == "Unknown", row
        if row["category"] in {"fishing", "towing", "tug", "cargo", "passenger", "military"}:
            assert other["category_desc"].lower() == row["category"], row


def test_nav_status_is_complete() -> None:
    rows = read("nav_status.csv")
    assert [int(r["code"]) for r in rows] == list(range(16))
    assert len({r["description"] for r in rows}) == 16
    assert rows[1]["description"] == "At anchor"
    assert rows[5]["description"] == "Moored"


@needs_shared
def test_nav_status_agrees_with_the_other_copy() -> None:
    with (SHARED / "codes" / "nav_status.csv").open(encoding="utf-8", newline="") as file:
        theirs = [r["description"] for r in csv.DictReader(file)]
    for code, row in enumerate(read("nav_status.csv")[:9]):
        if code != 3:  # the other copy misspells "manoeuvrability"
            assert row["description"].lower() == theirs[code].lower()


def test_dma_words_lead_to_known_codes() -> None:
    rows = read("dma_word.csv")
    assert {r["field"] for r in rows} == {"nav_status", "ship_type"}
    assert [k for k, n in Counter((r["field"], r["word"]) for r in rows).items() if n > 1] == []
    fields = ("nav_status", "ship_type")
    known = {field: {r["code"] for r in read(f"{field}.csv")} for field in fields}
    for row in rows:
        assert row["word"]
        assert row["code"] == "" or row["code"] in known[row["field"]], row
    words = {(r["field"], r["word"]): r["code"] for r in rows}
    assert words["nav_status", "Moored"] == "5"
    assert words["nav_status", "Unknown value"] == ""
    assert words["ship_type", "Tanker"] == "80"
    assert words["ship_type", "Undefined"] == ""
    assert {r["code"] for r in rows if r["field"] == "nav_status"} == {
        "",
        *(str(code) for code in range(15)),
    }


@needs_shared
def test_dma_words_cover_a_real_file() -> None:
    path = SHARED / "ais" / "dma-2018-06-01.csv"
    words = {(r["field"], r["word"]) for r in read("dma_word.csv")}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    seen = {("nav_status", r["Navigational status"]) for r in rows}
    seen |= {("ship_type", r["Ship type"]) for r in rows}
    assert {s for s in seen if s[1]} - words == set()
