"""The shipped registers: well-formed, complete, and the same facts as the list they came from."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from flows.home.resources import data_path, data_rows
from flows.registers import bundle
from flows.registers.lists.entry import imo_number
from tests.conftest import ROOT

REGISTERS = data_path("registers")
SHARED = ROOT.parent / "shared" / "data"
EU = REGISTERS / "eu_833_2014_annex_xlii.csv"

LISTS = sorted(set(REGISTERS.glob("*.csv")) - {REGISTERS / "programmes.csv"})
COLUMNS = ["imo", "vessel_name", "listed_on", "delisted_on", "programme", "reference"]
MORE_COLUMNS = ["vessel_type", "gross_t", "deadweight_t", "reason_code", "act", "evidence"]


def definition(path: Path) -> dict:
    return tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))


def point(row: dict[str, str]) -> int:
    return int(row["reference"].rsplit(" ", 1)[1])


POINT = re.compile(r"Regulation \(EU\) No 833/2014, Annex XLII, point [1-9][0-9]*")
REASON = re.compile(r"3s\(2\)\([a-h]\)(;3s\(2\)\([a-h]\))*")


def test_the_eus_annex_is_complete_and_in_its_order() -> None:
    rows = sorted(data_rows(EU), key=point)
    assert len({(r["imo"], r["listed_on"]) for r in rows}) == len(rows)
    repeated = {imo: n for imo, n in Counter(r["imo"] for r in rows).items() if n > 1}
    assert repeated == {"9333670": 2, "8862935": 2}
    coverage = definition(EU)["coverage"]
    expected = range(coverage["first_point"], coverage["last_point"] + 1)
    assert sorted([*map(point, rows), *coverage["missing_points"]]) == list(expected)
    assert [r["listed_on"] for r in rows] == sorted(r["listed_on"] for r in rows)
    for row in rows:
        assert row["programme"] == "EU-RUS"
        assert POINT.fullmatch(row["reference"]) and REASON.fullmatch(row["reason_code"]), row


def test_every_register_has_both_files() -> None:
    lists = {p.stem for p in REGISTERS.glob("*.csv")} - {"programmes"}
    assert lists == {p.stem for p in REGISTERS.glob("*.toml")}


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.stem)
def test_register_is_well_formed(path: Path) -> None:
    rows = data_rows(path)
    assert set(COLUMNS) <= set(rows[0]) <= {*COLUMNS, *MORE_COLUMNS}
    assert b"\r" not in path.read_bytes()
    assert [r["imo"] for r in rows if str(imo_number(r["imo"])) != r["imo"]] == []
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
def test_definition_is_complete_and_every_programme_is_known(path: Path) -> None:
    source, rows = definition(path), data_rows(path)
    assert source["file"] == path.name
    texts = ("register", "title", "publisher", "act", "licence", "link_source", "source_url")
    assert all(source[key].strip() for key in texts)
    assert source["fewest_rows"] <= len(rows) <= source["most_rows"]
    assert isinstance(source["as_of"], date)
    programmes = data_rows(REGISTERS / "programmes.csv")
    known = {r["programme"] for r in programmes if r["register"] == source["register"]}
    assert {r["programme"] for r in rows} - known == set()


def test_programmes_that_are_evidence_are_the_ones_of_the_rule() -> None:
    """docs/method.md, "Russian-linked": strong under these tags, and under no other."""
    strong = {
        (r["register"], r["programme"])
        for r in data_rows(REGISTERS / "programmes.csv")
        if r["link_tier"] == "strong" and r["link_reason"] == "listed"
    }
    assert {tag for register, tag in strong if register == "ofac-sdn"} == {
        *("RUSSIA-EO14024", "UKRAINE-EO13660", "UKRAINE-EO13661", "UKRAINE-EO13662"),
        *("UKRAINE-EO13685", "PEESA-EO14039", "CAATSA - RUSSIA"),
    }
    assert {tag for register, tag in strong if register == "uk-sanctions"} == {
        "The Russia (Sanctions) (EU Exit) Regulations 2019"
    }
    assert not [tag for _, tag in strong if "IRAN" in tag or tag in ("IFSR", "SDGT", "NPWMD")]


def test_a_date_of_ofac_has_its_act_and_where_it_was_read() -> None:
    rows = data_rows(REGISTERS / "ofac_sdn_2026_03.csv")
    dated = [r for r in rows if r["listed_on"]]
    assert len(dated) == len(data_rows(REGISTERS / "facts" / "ofac_listing_dates.csv"))
    assert [r for r in dated if not (r["act"] and r["evidence"])] == []


def test_the_uks_ships_have_their_day_and_number() -> None:
    rows = data_rows(REGISTERS / "uk_russia.csv")
    assert [r for r in rows if not re.fullmatch(r"RUS[0-9]{4}", r["reference"])] == []
    assert len({r["reference"] for r in rows}) == len({r["imo"] for r in rows}) == len(rows)
    assert [r for r in rows if not "2024-07-01" < r["listed_on"] < "2026-04-30"] == []
    assert [r for r in rows if not (r["act"] and r["evidence"])] == []


needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")


@needs_shared
def test_the_uks_ships_are_flagged_in_a_second_list() -> None:
    """The numbers were read from pages; a list by IMO number of June 2026 has all but one."""
    theirs = data_rows(SHARED / "registers" / "sanctions_by_imo_2026-06.csv")
    ours = {r["imo"] for r in data_rows(REGISTERS / "uk_russia.csv")}
    assert ours - {r["imo"] for r in theirs if r["uk"] == "True"} == {"9035541"}


@needs_shared
@pytest.mark.parametrize("name", bundle.LISTS)
def test_the_importers_make_the_registers_anew(name: str, tmp_path: Path) -> None:
    bundle.write(bundle.bundle(SHARED / "registers", name), tmp_path / name)
    assert (tmp_path / name).read_text("utf-8") == (REGISTERS / name).read_text("utf-8")
