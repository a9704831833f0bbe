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

from flows.registers import bundle

ROOT = Path(__file__).parents[2]
REGISTERS = ROOT / "data" / "registers"
SHARED = ROOT.parent / "shared" / "data"
EU = REGISTERS / "eu_833_2014_annex_xlii.csv"
EU_SHARED = SHARED / "registers" / "eu_32014R0833_annex_xlii.csv"

LISTS = sorted(set(REGISTERS.glob("*.csv")) - {REGISTERS / "programmes.csv"})
COLUMNS = ["imo", "vessel_name", "listed_on", "delisted_on", "programme", "reference"]
MORE_COLUMNS = ["vessel_type", "gross_t", "deadweight_t", "reason_code", "act", "evidence"]


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
    lists = {p.stem for p in REGISTERS.glob("*.csv")} - {"programmes"}
    assert lists == {p.stem for p in REGISTERS.glob("*.toml")}


@pytest.mark.parametrize(
    ("imo", "right"),
    [("9333670", True), ("9333671", False), ("933367", False), ("IMO9333670", False), ("", False)],
)
def test_check_digit(imo: str, right: bool) -> None:
    assert has_right_check_digit(imo) is right


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.stem)
def test_register_is_well_formed(path: Path) -> None:
    rows = read(path)
    assert set(COLUMNS) <= set(rows[0]) <= {*COLUMNS, *MORE_COLUMNS}
    assert b"\r" not in path.read_bytes()
    assert [r["imo"] for r in rows if not has_right_check_digit(r["imo"])] == []
    keys = [(int(r["imo"]), r["listed_on"] or "None", r["programme"]) for r in rows]
    assert keys == sorted(keys)
    for row in rows:
        for column in ("listed_on", "delisted_on"):
            assert not row[column] or date.fromisoformat(row[column]).isoformat() == row[column]
        if row["delisted_on"]:
            assert row["listed_on"] < row["delisted_on"]
        for column in ("vessel_name", "programme", "reference"):
            assert row[column] and row[column] == row[column].strip(), row
        assert row["vessel_name"] == row["vessel_name"].upper()
        assert row["vessel_name"][0] not in "=+-@"


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.stem)
def test_definition_says_what_it_must(path: Path) -> None:
    source = definition(path)
    assert source["file"] == path.name
    for key in ("register", "title", "publisher", "act", "licence", "link_source", "source_url"):
        assert source[key].strip()
    assert source["fewest_rows"] <= len(read(path)) <= source["most_rows"]
    assert isinstance(source["as_of"], date)


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.stem)
def test_every_programme_of_a_register_is_known(path: Path) -> None:
    register = definition(path)["register"]
    known = {
        r["programme"] for r in read(REGISTERS / "programmes.csv") if r["register"] == register
    }
    assert {r["programme"] for r in read(path)} - known == set()


def test_programmes_that_are_evidence_are_the_ones_of_the_rule() -> None:
    """docs/method.md, "Russian-linked": strong under these tags, and under no other."""
    strong = {
        (r["register"], r["programme"])
        for r in read(REGISTERS / "programmes.csv")
        if r["link_tier"] == "strong" and r["link_reason"] == "listed"
    }
    assert {tag for register, tag in strong if register == "ofac-sdn"} == {
        "RUSSIA-EO14024",
        "UKRAINE-EO13660",
        "UKRAINE-EO13661",
        "UKRAINE-EO13662",
        "UKRAINE-EO13685",
        "PEESA-EO14039",
        "CAATSA - RUSSIA",
    }
    assert {tag for register, tag in strong if register == "uk-sanctions"} == {
        "The Russia (Sanctions) (EU Exit) Regulations 2019"
    }
    assert not [tag for _, tag in strong if "IRAN" in tag or tag in ("IFSR", "SDGT", "NPWMD")]


def test_a_date_of_ofac_has_its_act_and_where_it_was_read() -> None:
    rows = read(REGISTERS / "ofac_sdn_2026_03.csv")
    dated = [r for r in rows if r["listed_on"]]
    assert len(dated) == len(read(REGISTERS / "facts" / "ofac_listing_dates.csv"))
    assert [r for r in dated if not (r["act"] and r["evidence"])] == []


def test_the_uks_ships_have_their_day_and_number() -> None:
    rows = read(REGISTERS / "uk_russia.csv")
    assert [r for r in rows if not re.fullmatch(r"RUS[0-9]{4}", r["reference"])] == []
    assert len({r["reference"] for r in rows}) == len({r["imo"] for r in rows}) == len(rows)
    assert [r for r in rows if not "2024-07-01" < r["listed_on"] < "2026-04-30"] == []
    assert [r for r in rows if not (r["act"] and r["evidence"])] == []


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
def test_the_uks_ships_are_flagged_in_a_second_list() -> None:
    """The numbers were read from pages; a list by IMO number of June 2026 has all but one."""
    with (SHARED / "registers" / "sanctions_by_imo_2026-06.csv").open(encoding="utf-8") as file:
        flagged = {r["imo"] for r in csv.DictReader(file) if r["uk"] == "True"}
    ours = {r["imo"] for r in read(REGISTERS / "uk_russia.csv")}
    assert ours - flagged == {"9035541"}


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
@pytest.mark.parametrize("name", bundle.LISTS)
def test_the_importers_make_the_registers_anew(name: str, tmp_path: Path) -> None:
    bundle.write(bundle.bundle(SHARED / "registers", name), tmp_path / name)
    assert (tmp_path / name).read_text("utf-8") == (REGISTERS / name).read_text("utf-8")


def test_eu_repeats_two_hulls_only(rows: list[dict[str, str]]) -> None:
    assert len({(r["imo"], r["listed_on"]) for r in rows}) == len(rows)
    assert {imo: n for imo, n in Counter(r["imo"] for r in rows).items() if n > 1} == {
        "9333670": 2,
        "8862935": 2,
    }


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
    reason = re.compile(r"3s\(2\)\([a-h]\)(;3s\(2\)\([a-h]\))*")
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
            where listed_on <= $as_of  -- later ones come from a later act
        )
        select
            (select count(*) from entry) as entries,
            (select count(*) from usable) as usable,
            (select count(*) from kept) as kept,
            (select count(*) from (from usable except from kept)) as lost,
            (select count(*) from (from kept except from usable)) as added
    """
    with duckdb.connect() as con:
        answer = con.execute(
            query,
            {
                "source": str(EU_SHARED),
                "kept": str(EU),
                "as_of": str(definition(EU)["as_of"]),
            },
        ).fetchone()
    entries, usable, kept, lost, added = answer
    assert (lost, added) == (0, 0)
    assert entries == usable == kept == 633
