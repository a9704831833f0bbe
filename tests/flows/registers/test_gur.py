"""The GUR catalogue: every ship is taken, what a scraper misread is named, nothing is invented."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from flows.lists.entry import Entry
from flows.publishers import gur
from tests.build.lists import GUR_SHIP, Read, Rows, assert_junk, line, lines, read_list
from tests.conftest import ROOT

PUBLISHER = gur
REAL = ROOT.parent / "shared" / "data" / "registers" / "gur_vessels_master.csv"
needs_shared = pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")


def row(**changes: str) -> str:
    return line(GUR_SHIP, **changes)


def catalogue(*rows: str, header: str = "") -> str:
    return lines(GUR_SHIP, *rows, header=header)


def test_ships_listed_and_delisted_without_any_day(read: Read) -> None:
    listed = Entry(
        register="gur",
        link_source="GUR catalogue",
        reference="war-sanctions.gur.gov.ua ship 77",
        programme="GUR",
        imo=9074729,
        mmsis=(613000001, 273000002),
        vessel_name="SIM VEGA",
        former_names=("SIM DENEB", "SIM SADR"),
        call_sign="TJMC1",
        flag="CM",
        vessel_type="Crude Oil Tanker",
        built_year=2004,
        line=2,
    )
    delisted = listed._replace(line=3, is_delisted=True, ground="delisted")
    result = read(catalogue(row(), row(status="delisted_from_gur")))
    assert result == ("gur", None, [listed, delisted])


def test_columns_by_name_and_some_may_lack(read: Read) -> None:
    turned = ",".join(["x", *reversed(GUR_SHIP.values())])
    header = ",".join(["note", *reversed(GUR_SHIP)])
    assert read(catalogue(turned, header=header)) == read(catalogue(row()))
    few = "gur_id,name,imo,mmsi_current,mmsi_legacy,status"
    rows = read(catalogue("77,A,9074729,,,listed", header=few))
    assert [(e.imo, e.vessel_type, e.former_names) for e in rows.entries] == [(9074729, None, ())]
    assert rows.junk == []


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        pytest.param("mmsi_current", "Call sign", "mmsis", (273000002,), id="label as MMSI"),
        pytest.param("callsign", "Vessel name", "call_sign", None, id="label as call sign"),
        pytest.param("callsign", "Vessel Type", "call_sign", None, id="another label"),
        pytest.param("former_names", "Flags (former)", "former_names", (), id="label as name"),
        pytest.param("imo", "9074728", "imo", None, id="check digit"),
        pytest.param("imo", "RS 150443", "imo", None, id="number of the Russian Register"),
        pytest.param("mmsi_legacy", "�273000002", "mmsis", (613000001,), id="U+FFFD"),
        pytest.param("mmsi_current", "002730000", "mmsis", (273000002,), id="coast station"),
        pytest.param("build_year", "2011 / 2015", "built_year", None, id="two years"),
        pytest.param("build_year", "2800", "built_year", None, id="no year"),
        pytest.param("flag", "Atlantis", "flag", None, id="no country"),
    ],
)
def test_an_unreadable_field_is_left_out_and_named(
    column: str, text: str, field: str, value: object, read: Read
) -> None:
    rows = read(catalogue(row(**{column: text})))
    assert [getattr(e, field) for e in rows.entries] == [value]
    assert_junk(rows, (2, False, text))
    assert column in rows.junk[0].reason


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        *(({name: ""}, "vessel_name", "SIM VEGA") for name in ("callsign", "build_year", "flag")),
        ({"flag": "unknown"}, "flag", None),
        ({"mmsi_legacy": "613000001"}, "mmsis", (613000001,)),
        ({"imo": "", "mmsi_current": "", "mmsi_legacy": ""}, "imo", None),
        ({"gur_id": ""}, "reference", "IMO 9074729"),
    ],
)
def test_fields_that_are_no_junk(
    changes: dict[str, str], field: str, value: object, read: Read
) -> None:
    rows = read(catalogue(row(**changes)))
    assert ([getattr(e, field) for e in rows.entries], rows.junk) == ([value], [])


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(row(status="sunk"), "sunk", id="status"),
        pytest.param(row(gur_id="", imo="9074728"), "nothing to refer to", id="no reference"),
        pytest.param(row() + ",x", "12 fields, expected 11", id="field too many"),
        pytest.param("1,2,3", "3 fields, expected 11", id="too few"),
        pytest.param('"' + row(), "not a CSV row", id="quote not closed"),
        pytest.param(row(name="x" * 200_000), "field limit", id="long field"),
    ],
)
def test_a_bad_row_costs_that_row_only(bad: str, why: str, read: Read) -> None:
    rows = read(catalogue(row(), bad, row()))
    assert [e.line for e in rows.entries] == [2, 4]
    assert_junk(rows, (3, True, why))


def test_an_empty_cell_too_many_and_control_characters_are_dropped(read: Read) -> None:
    rows = read(catalogue(row() + ",", row(name="A\0B")))
    assert ([e.vessel_name for e in rows.entries], rows.junk) == (["SIM VEGA", "A B"], [])


# The real catalogue


def query(select: str) -> list[tuple]:
    """What DuckDB finds in the real catalogue, as `ship`, by a reader that is not ours."""
    columns = dict.fromkeys(GUR_SHIP, "VARCHAR")
    read_csv = (
        "read_csv($file, auto_detect = false, header = true, delim = ',', columns = $columns)"
    )
    return duckdb.execute(
        f"with ship as (from {read_csv}) {select}", {"file": str(REAL), "columns": columns}
    ).fetchall()


@pytest.fixture(scope="module")
def real() -> Rows:
    return read_list(gur, REAL)


@needs_shared
def test_real_catalogue_has_every_ship(real: Rows) -> None:
    assert Counter(e.vessel_type for e in real.entries) == dict(
        query("select vessel_type, count(*) from ship group by all")
    )
    assert not any(j.is_whole for j in real.junk)
    assert sorted((str(e.imo),) for e in real.entries if e.is_delisted) == sorted(
        query("select imo from ship where status = 'delisted_from_gur'")
    )
    assert sorted((e.reference,) for e in real.entries if e.reference.startswith("IMO")) == sorted(
        query("select 'IMO ' || imo from ship where gur_id is null")
    )


@needs_shared
def test_real_catalogue_has_every_hull_with_a_right_check_digit(real: Rows) -> None:
    hulls = query(
        """
        select imo::int from (select imo, regexp_extract_all(imo, '[0-9]')::int[] as d from ship)
        where regexp_full_match(imo, '[0-9]{7}')
            and (7 * d[1] + 6 * d[2] + 5 * d[3] + 4 * d[4] + 3 * d[5] + 2 * d[6]) % 10 = d[7]
        """
    )
    assert sorted((e.imo,) for e in real.entries if e.imo) == sorted(hulls)


@needs_shared
def test_real_catalogue_has_every_mmsi_and_names_the_labels_among_them(real: Rows) -> None:
    labels = [j for j in real.junk if "mmsi_current holds the label 'Call sign'" in j.reason]
    assert [(len(labels),)] == query("select count(*) from ship where mmsi_current = 'Call sign'")
    mmsis = query(
        """
        select imo, mmsi::int
        from (select imo, unnest([mmsi_current, mmsi_legacy]) as mmsi from ship)
        where regexp_full_match(mmsi, '[2-7][0-9]{8}') and imo is not null
        """
    )
    assert {(str(e.imo), m) for e in real.entries if e.imo for m in e.mmsis} == {
        (imo, mmsi) for imo, mmsi in mmsis if not imo.startswith("RS")
    }
