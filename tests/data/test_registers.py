"""The shipped registers: well-formed, complete, and the same facts as the list they came from."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
REGISTERS = ROOT / "data" / "registers"
SHARED = ROOT.parent / "shared" / "data"
EU = REGISTERS / "eu_833_2014_annex_xlii.csv"
EU_SHARED = SHARED / "registers" / "eu_32014R0833_annex_xlii.csv"

COLUMNS = [
    "imo",
    "vessel_name",
    "listed_on",
    "delisted_on",
    "programme",
    "reference",
    "reason_code",
]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def definition(path: Path) -> dict:
    return tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))


def has_right_check_digit(imo: str) -> bool:
    """An IMO number's last digit is the last digit of the others' sum weighted 7 to 2."""
    if not re.fullmatch(r"[0-9]{7}", imo):
        return False
    return sum(int(digit) * (7 - i) for i, digit in enumerate(imo[:6])) % 10 == int(imo[6])


def point(row: dict[str, str]) -> int:
    return int(row["reference"].rsplit(" ", 1)[1])


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return read(EU)


def test_every_register_has_both_files() -> None:
    assert {p.stem for p in REGISTERS.glob("*.csv")} == {p.stem for p in REGISTERS.glob("*.toml")}


@pytest.mark.parametrize(
    ("imo", "right"),
    [("9333670", True), ("9333671", False), ("933367", False), ("IMO9333670", False), ("", False)],
)
def test_check_digit(imo: str, right: bool) -> None:
    assert has_right_check_digit(imo) is right


@pytest.mark.parametrize("path", sorted(REGISTERS.glob("*.csv")), ids=lambda p: p.stem)
def test_register_is_well_formed(path: Path) -> None:
    rows, source = read(path), definition(path)
    with path.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS
    assert b"\r" not in path.read_bytes()
    assert [r["imo"] for r in rows if not has_right_check_digit(r["imo"])] == []
    assert [(r["imo"], r["listed_on"]) for r in rows] == sorted(
        (r["imo"], r["listed_on"]) for r in rows
    )
    for row in rows:
        listed_on = date.fromisoformat(row["listed_on"])
        assert row["listed_on"] == listed_on.isoformat()
        assert source["coverage"]["listed_from"] <= listed_on
        assert listed_on <= source["coverage"]["listed_through"] <= source["as_of"]
        if row["delisted_on"]:
            assert listed_on < date.fromisoformat(row["delisted_on"]) <= source["as_of"]
        for column in ("vessel_name", "programme", "reference", "reason_code"):
            assert row[column] and row[column] == row[column].strip(), row


@pytest.mark.parametrize("path", sorted(REGISTERS.glob("*.toml")), ids=lambda p: p.stem)
def test_definition_says_what_it_must(path: Path) -> None:
    source = definition(path)
    rows = read(path.with_name(source["file"]))
    assert source["name"] == path.stem
    for key in ("publisher", "act", "licence", "link_source"):
        assert source[key].strip()
    assert source["link_tier"] in {"strong", "moderate", "weak"}
    assert source["link_reason"] in {"listed", "flag", "owner", "trade", "destination"}
    assert source["fewest_rows"] <= len(rows) <= source["most_rows"]
    counts = source["rows"]
    assert counts["read"] == counts["kept"] + counts["left_out"]
    assert counts["kept"] == len(rows)
    assert counts["hulls"] == len({r["imo"] for r in rows})


def test_eu_definition_names_the_link() -> None:
    source = definition(EU)
    assert (source["link_source"], source["link_tier"], source["link_reason"]) == (
        "EU 833/2014",
        "strong",
        "listed",
    )


def test_eu_repeats_one_hull_only(rows: list[dict[str, str]]) -> None:
    assert len({(r["imo"], r["listed_on"]) for r in rows}) == len(rows)
    assert {imo: n for imo, n in Counter(r["imo"] for r in rows).items() if n > 1} == {"9333670": 2}


def test_eu_points_are_each_there_once_or_named_as_missing(rows: list[dict[str, str]]) -> None:
    coverage = definition(EU)["coverage"]
    points = [point(r) for r in rows]
    assert len(set(points)) == len(points)
    assert sorted(points + coverage["missing_points"]) == list(
        range(coverage["first_point"], coverage["last_point"] + 1)
    )


def test_eu_dates_rise_with_the_points(rows: list[dict[str, str]]) -> None:
    dates = [r["listed_on"] for r in sorted(rows, key=point)]
    assert dates == sorted(dates)


def test_eu_columns_hold_what_they_may(rows: list[dict[str, str]]) -> None:
    reference = re.compile(r"Regulation \(EU\) No 833/2014, Annex XLII, point [1-9][0-9]*")
    reason = re.compile(r"3s\(2\)\([a-g]\)(;3s\(2\)\([a-g]\))*")
    for row in rows:
        assert row["programme"] == "EU-RUS"
        assert reference.fullmatch(row["reference"]), row
        assert reason.fullmatch(row["reason_code"]), row
        assert row["vessel_name"] == row["vessel_name"].upper()
        assert row["vessel_name"][0] not in "=+-@"


@pytest.mark.skipif(not EU_SHARED.exists(), reason=f"{EU_SHARED} is not here")
def test_eu_reconciles_with_the_list_it_came_from() -> None:
    """Read the other side anew, in SQL: every usable entry is here, and nothing else."""
    query = """
        with entry as (
            select * from read_csv($source, header = true, all_varchar = true, quote = '"')
            where annex = 'XLII'
        ),
        usable as (
            select distinct
                imoNumber as imo,
                upper(trim(name)) as vessel_name,
                strftime(strptime(startDate, '%-d.%-m.%Y'), '%Y-%m-%d') as listed_on,
                recordId as point,
                list_aggregate(
                    list_sort(list_distinct(regexp_extract_all(reason, 'point \\(([a-g])\\)', 1))),
                    'string_agg', ''
                ) as letters
            from entry
            where regexp_full_match(imoNumber, '[0-9]{7}')
              and list_sum(
                  list_transform(range(1, 7), i -> (8 - i) * cast(imoNumber[i] as integer))
              ) % 10 = cast(imoNumber[7] as integer)
        ),
        kept as (
            select
                imo, vessel_name, listed_on,
                regexp_extract(reference, 'point ([0-9]+)$', 1) as point,
                list_aggregate(
                    list_sort(regexp_extract_all(reason_code, '\\(([a-g])\\)', 1)),
                    'string_agg', ''
                ) as letters
            from read_csv($kept, header = true, all_varchar = true, quote = '"')
        )
        select
            (select count(*) from entry) as entries,
            (select count(*) from usable) as usable,
            (select count(*) from kept) as kept,
            (select count(*) from (from usable except from kept)) as lost,
            (select count(*) from (from kept except from usable)) as added
    """
    with duckdb.connect() as con:
        answer = con.execute(query, {"source": str(EU_SHARED), "kept": str(EU)}).fetchone()
    entries, usable, kept, lost, added = answer
    rows = definition(EU)["rows"]
    assert (lost, added) == (0, 0)
    assert (entries, usable, kept) == (rows["read"], rows["kept"], rows["kept"])
