"""The GUR catalogue: every ship is taken, what a scraper misread is named, nothing is invented."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.lists.entry import Entry, Junk
from flows.publishers.gur import open_list

SHARED = Path(__file__).parents[4] / "shared" / "data"
REAL = SHARED / "registers" / "gur_vessels_master.csv"
needs_shared = pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")

SHIP = {
    "gur_id": "77",
    "name": "Sim Vega",
    "imo": "9074729",
    "mmsi_current": "613000001",
    "mmsi_legacy": "273000002",
    "flag": "Cameroon",
    "vessel_type": "Crude Oil Tanker",
    "callsign": "TJMC1",
    "former_names": "Sim Deneb / Sim Sadr",
    "build_year": "2004",
    "status": "listed",
}
"""A ship that is in order."""


def row(**changes: str) -> str:
    return ",".join((SHIP | changes).values())


def file_of(folder: Path, *rows: str, columns: str = ",".join(SHIP), end: str = "\n") -> Path:
    path = folder / "any.csv"
    path.write_bytes("".join(line + end for line in (columns, *rows)).encode())
    return path


def read(path: Path) -> tuple[list[Entry], list[Junk]]:
    found = open_list(path)
    assert found is not None
    rows = list(found.rows)
    return [r for r in rows if isinstance(r, Entry)], [r for r in rows if isinstance(r, Junk)]


def test_ship_in_order(tmp_path: Path) -> None:
    entries, junk = read(file_of(tmp_path, row()))
    assert junk == []
    assert entries == [
        Entry(
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
    ]


def test_it_says_no_date(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(), row(status="delisted_from_gur"))
    found = open_list(path)
    assert found is not None
    assert (found.register, found.published_on) == ("gur", None)
    assert {(e.listed_on, e.delisted_on) for e in read(path)[0]} == {(None, None)}


def test_delisted_on_an_unknown_day(tmp_path: Path) -> None:
    entries, _ = read(file_of(tmp_path, row(), row(status="delisted_from_gur")))
    assert [(e.is_delisted, e.ground) for e in entries] == [(False, None), (True, "delisted")]


def test_columns_in_any_order_and_others_among_them(tmp_path: Path) -> None:
    columns = ["note", *reversed(SHIP)]
    path = file_of(tmp_path, ",".join(["x", *reversed(SHIP.values())]), columns=",".join(columns))
    assert read(path) == read(file_of(tmp_path, row()))


def test_columns_that_are_not_needed_may_lack(tmp_path: Path) -> None:
    columns = "gur_id,name,imo,mmsi_current,mmsi_legacy,status"
    entries, junk = read(file_of(tmp_path, "77,A,9074729,,,listed", columns=columns))
    assert [(e.imo, e.vessel_type, e.former_names) for e in entries] == [(9074729, None, ())]
    assert junk == []


@pytest.mark.parametrize(
    ("column", "label", "field", "empty"),
    [
        ("mmsi_current", "Call sign", "mmsis", (273000002,)),
        ("callsign", "Vessel name", "call_sign", None),
        ("callsign", "Vessel Type", "call_sign", None),
        ("former_names", "Flags (former)", "former_names", ()),
    ],
)
def test_label_read_as_a_value(
    tmp_path: Path, column: str, label: str, field: str, empty: object
) -> None:
    entries, junk = read(file_of(tmp_path, row(**{column: label})))
    assert [getattr(e, field) for e in entries] == [empty]
    assert [(j.line, j.is_whole) for j in junk] == [(2, False)]
    assert column in junk[0].reason and label in junk[0].reason


@pytest.mark.parametrize(
    ("column", "text", "field", "empty"),
    [
        pytest.param("imo", "9074728", "imo", None, id="check digit"),
        pytest.param("imo", "RS 150443", "imo", None, id="number of the Russian Register"),
        pytest.param("mmsi_legacy", "�273000002", "mmsis", (613000001,), id="a lost sign"),
        pytest.param("mmsi_current", "002730000", "mmsis", (273000002,), id="a coast station"),
        pytest.param("build_year", "2011 / 2015", "built_year", None, id="two years"),
        pytest.param("build_year", "2800", "built_year", None, id="no year"),
        pytest.param("flag", "Atlantis", "flag", None, id="no country"),
    ],
)
def test_field_that_is_not_taken_over(
    tmp_path: Path, column: str, text: str, field: str, empty: object
) -> None:
    entries, junk = read(file_of(tmp_path, row(**{column: text})))
    assert [getattr(e, field) for e in entries] == [empty]
    assert [(j.is_whole, text in j.reason) for j in junk] == [(False, True)]


@pytest.mark.parametrize("nothing", ["flag", "imo", "mmsi_current", "callsign", "build_year"])
def test_empty_field_is_no_junk(tmp_path: Path, nothing: str) -> None:
    entries, junk = read(file_of(tmp_path, row(**{nothing: ""})))
    assert (len(entries), junk) == (1, [])


def test_unknown_flag_is_no_junk(tmp_path: Path) -> None:
    entries, junk = read(file_of(tmp_path, row(flag="unknown")))
    assert ([e.flag for e in entries], junk) == ([None], [])


def test_same_mmsi_twice_is_one(tmp_path: Path) -> None:
    entries, _ = read(file_of(tmp_path, row(mmsi_legacy="613000001")))
    assert entries[0].mmsis == (613000001,)


def test_ship_without_a_page_is_referred_to_by_imo(tmp_path: Path) -> None:
    entries, junk = read(file_of(tmp_path, row(gur_id=""), row(gur_id="", imo="9074728")))
    assert [e.reference for e in entries] == ["IMO 9074729"]
    assert [(j.line, j.is_whole) for j in junk] == [(3, True)]


def test_ship_with_a_name_only_is_an_entry(tmp_path: Path) -> None:
    entries, _ = read(file_of(tmp_path, row(imo="", mmsi_current="", mmsi_legacy="")))
    assert [(e.imo, e.mmsis, e.vessel_name) for e in entries] == [(None, (), "SIM VEGA")]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(row(status="sunk"), "sunk", id="status"),
        pytest.param(row() + ",", None, id="empty field too many"),
        pytest.param(row() + ",x", "12 fields, expected 11", id="field too many"),
        pytest.param("1,2,3", "3 fields, expected 11", id="too few"),
        pytest.param('"' + row(), "CSV", id="quote not closed"),
        pytest.param(row(name="A\0B"), None, id="NUL"),
        pytest.param(row(name="x" * 200_000), None, id="long field"),
    ],
)
def test_bad_row_costs_that_row_only(tmp_path: Path, bad: str, why: str | None) -> None:
    path = file_of(tmp_path, row(gur_id="1"), bad, row(gur_id="3"))
    entries, junk = read(path)
    pages = [int(e.reference.rsplit(" ", 1)[1]) for e in entries]
    assert pages[0] == 1 and pages[-1] == 3
    assert len(pages) + len(junk) == 3
    assert [(j.line, j.is_whole) for j in junk] == [(3, True)] * len(junk)
    assert all(len(j.raw) <= 200 and "cut" not in j.reason for j in junk)
    if why:
        assert why in junk[0].reason


def test_end_of_line_and_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain = read(file_of(tmp_path, row(), row(gur_id="78")))
    path = file_of(tmp_path, row(), row(gur_id="78"), end="\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path) == plain


def test_cut_anywhere_keeps_what_stands_before_the_cut(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(), row(gur_id="78"))
    whole = path.read_bytes()
    entries, _ = read(path)
    last = whole.index(b"\n78,") + 1
    for end in range(last + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        kept, junk = read(path)
        assert kept == entries[:1]
        assert [("cut" in j.reason, j.is_whole, j.line) for j in junk] == [(True, True, 3)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"imo,name,tier,reason,source\n",
        b'{"gur_id": 1, "name": 2}',
        b"gur_id;name;imo;mmsi_current;mmsi_legacy;status\n",
        b'"gur_id,name',
        bytes(range(256)),
    ],
)
def test_another_file_is_none_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gur_vessels_master.csv"
    path.write_bytes(content)
    assert open_list(path) is None


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("junk") / "any.csv"
    path.write_bytes(b"\n".join([",".join(SHIP).encode(), *lines]))
    _, junk = read(path)
    assert all(j.reason and len(j.raw) <= 200 for j in junk)


def query(select: str) -> list[tuple]:
    """What DuckDB finds in the real catalogue, as `ship`, by a reader that is not ours."""
    columns = dict.fromkeys(SHIP, "VARCHAR")
    read_csv = (
        "read_csv($file, auto_detect = false, header = true, delim = ',', columns = $columns)"
    )
    return duckdb.execute(
        f"with ship as (from {read_csv}) {select}", {"file": str(REAL), "columns": columns}
    ).fetchall()


@needs_shared
def test_real_catalogue_has_every_ship() -> None:
    entries, junk = read(REAL)
    assert [(len(entries),)] == query("select count(*) from ship")
    assert Counter(e.vessel_type for e in entries) == dict(
        query("select vessel_type, count(*) from ship group by all")
    )
    assert not any(j.is_whole for j in junk)


@needs_shared
def test_real_catalogue_has_every_hull_with_a_right_check_digit() -> None:
    hulls = query(
        """
        select imo::int from (select imo, regexp_extract_all(imo, '[0-9]')::int[] as d from ship)
        where regexp_full_match(imo, '[0-9]{7}')
            and (7 * d[1] + 6 * d[2] + 5 * d[3] + 4 * d[4] + 3 * d[5] + 2 * d[6]) % 10 = d[7]
        """
    )
    assert sorted((e.imo,) for e in read(REAL)[0] if e.imo) == sorted(hulls)


@needs_shared
def test_real_catalogue_has_every_mmsi_and_names_the_labels_among_them() -> None:
    entries, junk = read(REAL)
    labels = [j for j in junk if "mmsi_current holds the label 'Call sign'" in j.reason]
    assert [(len(labels),)] == query("select count(*) from ship where mmsi_current = 'Call sign'")
    mmsis = query(
        """
        select imo, mmsi::int
        from (select imo, unnest([mmsi_current, mmsi_legacy]) as mmsi from ship)
        where regexp_full_match(mmsi, '[2-7][0-9]{8}') and imo is not null
        """
    )
    assert {(str(e.imo), m) for e in entries if e.imo for m in e.mmsis} == {
        (imo, mmsi) for imo, mmsi in mmsis if not imo.startswith("RS")
    }


@needs_shared
def test_real_catalogue_has_the_delisted() -> None:
    entries, _ = read(REAL)
    assert sorted((str(e.imo),) for e in entries if e.is_delisted) == sorted(
        query("select imo from ship where status = 'delisted_from_gur'")
    )
    assert sorted((e.reference,) for e in entries if e.reference.startswith("IMO")) == sorted(
        query("select 'IMO ' || imo from ship where gur_id is null")
    )
