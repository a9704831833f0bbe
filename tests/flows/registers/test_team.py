"""A team's own list: what it says is taken as it says it, and a row that is no evidence is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.lists.entry import Entry, Junk
from flows.lists.table import MOST_LINE_BYTES
from flows.publishers.team import open_list

SHARED = Path(__file__).parents[4] / "shared" / "data"
BY_IMO = SHARED / "registers" / "sanctions_by_imo_2026-06.csv"

SHIP = {
    "imo": "9074729",
    "name": "Sim Vega",
    "tier": "strong",
    "reason": "owner",
    "source": "Extract of 3 May 2025",
    "mmsi": "613000001",
    "from": "2025-01-31",
    "to": "2025-12-31",
    "reference": "file 12",
    "vessel_type": "Crude Oil Tanker",
    "length_m": "249.9",
}
"""A row that is in order."""
HEADER = ",".join(SHIP)


def row(delimiter: str = ",", **changes: str) -> str:
    cells = {"from_": "from"}
    return delimiter.join((SHIP | {cells.get(k, k): v for k, v in changes.items()}).values())


def file_of(folder: Path, *rows: str, header: str = HEADER, name: str = "Our Fleet.csv") -> Path:
    path = folder / name
    path.write_bytes("".join(line + "\n" for line in (header, *rows)).encode())
    return path


def read(path: Path) -> tuple[list[Entry], list[Junk]]:
    found = open_list(path)
    assert found is not None
    rows = list(found.rows)
    return [r for r in rows if isinstance(r, Entry)], [r for r in rows if isinstance(r, Junk)]


def test_row_in_order(tmp_path: Path) -> None:
    entries, junk = read(file_of(tmp_path, row()))
    assert junk == []
    assert entries == [
        Entry(
            register="team:our-fleet",
            link_source="Extract of 3 May 2025",
            reference="file 12",
            imo=9074729,
            mmsis=(613000001,),
            vessel_name="SIM VEGA",
            vessel_type="Crude Oil Tanker",
            length_m=249.9,
            link_tier="strong",
            link_reason="owner",
            valid_from=date(2025, 1, 31),
            valid_to=date(2025, 12, 31),
            line=2,
        )
    ]


def test_list_says_no_day_of_its_own(tmp_path: Path) -> None:
    found = open_list(file_of(tmp_path, row()))
    assert found is not None and found.published_on is None


@pytest.mark.parametrize(
    ("name", "register"),
    [
        ("Our Fleet.csv", "team:our-fleet"),
        ("fleet_2026.v2.csv", "team:fleet-2026-v2"),
        ("--A--.txt", "team:a"),
        ("флот A1", "team:a1"),
    ],
)
def test_file_name_is_the_name_of_the_list(tmp_path: Path, name: str, register: str) -> None:
    found = open_list(file_of(tmp_path, row(), name=name))
    assert found is not None and found.register == register
    assert {e.register for e in found.rows if isinstance(e, Entry)} == {register}


def test_file_name_without_a_latin_letter(tmp_path: Path) -> None:
    with pytest.raises(BarometerError, match="Rename it"):
        open_list(file_of(tmp_path, row(), name="флот.csv"))


def test_columns_in_any_order_and_case_and_others_among_them(tmp_path: Path) -> None:
    header = ",".join(["Note", *(f" {column.upper()} " for column in reversed(SHIP))])
    path = file_of(tmp_path, ",".join(["x", *reversed(SHIP.values())]), header=header)
    assert read(path) == read(file_of(tmp_path, row(), name="our fleet.csv"))


def test_only_the_needed_columns(tmp_path: Path) -> None:
    path = file_of(tmp_path, "9074729,,weak,trade,AIS", header="imo,name,tier,reason,source")
    entries, junk = read(path)
    assert junk == []
    assert [(e.vessel_name, e.mmsis, e.valid_from, e.length_m) for e in entries] == [
        (None, (), None, None)
    ]


@pytest.mark.parametrize("column", ["imo", "name", "source"])
def test_missing_column_is_named(tmp_path: Path, column: str) -> None:
    header = HEADER.replace(column + ",", "", 1)
    with pytest.raises(BarometerError, match=f"it lacks {column}"):
        open_list(file_of(tmp_path, header=header))


def test_semicolons_of_excel(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(";", length_m="249,9"), header=HEADER.replace(",", ";"))
    assert read(path) == read(file_of(tmp_path, row(), name="our fleet.csv"))


def test_byte_order_mark_and_end_of_line_change_nothing(tmp_path: Path) -> None:
    plain = read(file_of(tmp_path, row()))
    path = file_of(tmp_path, row())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == plain


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_file_that_is_not_utf8_is_one_junk_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    path = file_of(tmp_path, row(), row(name="Звезда"))
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    entries, junk = read(path)
    assert entries == []
    assert [(j.is_whole, "save it as CSV UTF-8" in j.reason) for j in junk] == [(True, True)]


@pytest.mark.parametrize("tier", ["strong", "Moderate", "WEAK"])
@pytest.mark.parametrize("reason", ["listed", "Flag", "owner", "trade", "destination"])
def test_tier_and_reason_are_taken_as_they_are(tmp_path: Path, tier: str, reason: str) -> None:
    entries, junk = read(file_of(tmp_path, row(tier=tier, reason=reason)))
    assert [(e.link_tier, e.link_reason) for e in entries] == [(tier.lower(), reason.lower())]
    assert junk == []


def test_a_day_of_listing_only_where_the_reason_is_a_listing(tmp_path: Path) -> None:
    rows = [row(reason="listed"), row(reason="listed", from_=""), row(reason="owner")]
    entries, _ = read(file_of(tmp_path, *rows))
    assert [e.listed_on for e in entries] == [date(2025, 1, 31), None, None]


def test_scrapped_ship_has_no_tier(tmp_path: Path) -> None:
    rows = [row(reason="scrapped", tier=""), row(reason="scrapped", tier="strong")]
    entries, junk = read(file_of(tmp_path, *rows))
    assert [(e.link_tier, e.link_reason) for e in entries] == [(None, "scrapped")] * 2
    assert [(j.line, j.is_whole) for j in junk] == [(3, False)]


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"reference": ""}, "our-fleet, IMO 9074729"),
        ({"reference": "", "imo": ""}, "our-fleet, MMSI 613000001"),
    ],
)
def test_reference_names_the_hull_and_no_line(
    tmp_path: Path, changes: dict[str, str], reference: str
) -> None:
    first, _ = read(file_of(tmp_path, row(**changes)))
    later, _ = read(file_of(tmp_path, row(), "", row(**changes)))
    assert (first[0].reference, later[1].reference) == (reference, reference)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"source": " "}, "evidence without a source is none", id="source"),
        pytest.param({"tier": ""}, "tier ''", id="no tier"),
        pytest.param({"tier": "certain"}, "tier 'certain'", id="tier"),
        pytest.param({"reason": "rumour"}, "reason 'rumour'", id="reason"),
        pytest.param({"imo": "", "mmsi": ""}, "neither IMO number nor MMSI", id="name alone"),
        pytest.param({"imo": "9074728", "mmsi": ""}, "IMO number '9074728'", id="check digit"),
        pytest.param({"imo": "", "mmsi": "42"}, "MMSI '42'", id="MMSI"),
        pytest.param({"from_": "31.01.2025"}, "from '31.01.2025'", id="German from"),
        pytest.param({"to": "2025-02-30"}, "to '2025-02-30'", id="30 February"),
        pytest.param({"from_": "2025-1-2"}, "from '2025-1-2'", id="not ISO 8601"),
        pytest.param({"to": "2025-01-30"}, "lies before", id="to before from"),
        pytest.param({"reason": "scrapped", "from_": ""}, "scrapped without from", id="scrapped"),
    ],
)
def test_row_that_is_no_evidence(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    entries, junk = read(file_of(tmp_path, row(), row(**changes), row()))
    assert [e.line for e in entries] == [2, 4]
    assert [(j.line, j.is_whole, why in j.reason) for j in junk] == [(3, True, True)]


@pytest.mark.parametrize(
    ("changes", "field", "empty"),
    [
        pytest.param({"imo": "9074728"}, "imo", None, id="check digit"),
        pytest.param({"mmsi": "Call sign"}, "mmsis", (), id="MMSI"),
        pytest.param({"length_m": "long"}, "length_m", None, id="no length"),
        pytest.param({"length_m": "0"}, "length_m", None, id="length 0"),
        pytest.param({"length_m": "819"}, "length_m", None, id="longer than any ship, in feet"),
    ],
)
def test_field_that_is_not_taken_over(
    tmp_path: Path, changes: dict[str, str], field: str, empty: object
) -> None:
    entries, junk = read(file_of(tmp_path, row(**changes)))
    assert [getattr(e, field) for e in entries] == [empty]
    assert [(j.line, j.is_whole) for j in junk] == [(2, False)]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param('"' + row(), "CSV", id="quote not closed"),
        pytest.param("9074729,x", "2 fields, expected 11", id="too few"),
        pytest.param(row() + ",more", "12 fields, expected 11", id="too many"),
        pytest.param(row(source="x" * 200_000), "field limit", id="long field"),
        pytest.param("x" * (MOST_LINE_BYTES + 9), "bytes", id="endless line"),
        pytest.param("\0" * 40, "1 fields", id="NUL"),
    ],
)
def test_bad_row_costs_that_row_only(tmp_path: Path, bad: str, why: str) -> None:
    entries, junk = read(file_of(tmp_path, row(), bad, row()))
    assert [e.line for e in entries] == [2, 4]
    assert [(j.line, j.is_whole, why in j.reason, len(j.raw) <= 200) for j in junk] == [
        (3, True, True, True)
    ]


def test_control_signs_do_not_come_through(tmp_path: Path) -> None:
    entries, _ = read(file_of(tmp_path, row(name="SIM\x07\u202e VEGA", source="a\0b")))
    assert [(e.vessel_name, e.link_source) for e in entries] == [("SIM VEGA", "a b")]


def test_cut_file_says_so(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(), row())
    path.write_bytes(path.read_bytes()[:-40])
    entries, junk = read(path)
    assert [e.line for e in entries] == [2]
    assert [(j.line, j.is_whole, "the file is cut" in j.reason) for j in junk] == [(3, True, True)]


def test_last_line_without_an_end_is_not_cut_for_that(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(), row(name='"Old" Vega'))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    entries, junk = read(path)
    assert [e.line for e in entries] == [2]
    assert [(j.line, "cut" in j.reason) for j in junk] == [(3, False)]
    path.write_bytes(file_of(tmp_path, row()).read_bytes().rstrip(b"\n"))
    assert [e.line for e in read(path)[0]] == [2]


def test_table_of_lists_by_imo_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, "9074729,True,False,False", header="imo,ofac,uk,eu")
    with pytest.raises(BarometerError, match=r"no programme.*no evidence of Russia.*Import"):
        open_list(path)


@pytest.mark.skipif(not BY_IMO.exists(), reason=f"{BY_IMO} is not here")
def test_the_real_table_of_lists_by_imo_is_refused() -> None:
    with pytest.raises(BarometerError, match="no evidence of Russia"):
        open_list(BY_IMO)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0", b"\xff", b"imo,name\n9074729,A\n", b'{"tier": 1, "reason": 2}', b'"imo,tier'],
)
def test_another_file_is_none_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert open_list(path) is None


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("junk") / "any.csv"
    path.write_bytes(b"\n".join([HEADER.encode(), *lines]))
    entries, junk = read(path)
    assert entries == []
    assert all(j.reason and len(j.raw) <= 200 for j in junk)
