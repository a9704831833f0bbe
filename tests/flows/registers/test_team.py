"""A team's own list: its statements are taken as they are, and a row that is no evidence is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.home.settings import BarometerError
from flows.lists.entry import Entry
from flows.lists.table import MOST_LINE_BYTES
from flows.publishers import team
from tests.build.lists import TEAM_SHIP, Read, assert_junk, line, lines
from tests.conftest import ROOT

PUBLISHER = team
BY_IMO = ROOT.parent / "shared" / "data" / "registers" / "sanctions_by_imo_2026-06.csv"
HEADER = ",".join(TEAM_SHIP)


def row(**changes: str) -> str:
    return line(TEAM_SHIP, **changes)


def fleet(*rows: str, header: str = HEADER) -> str:
    return lines(TEAM_SHIP, *rows, header=header)


def test_row_in_order(read: Read) -> None:
    assert read(fleet(row()), "Our Fleet.csv") == (
        "team:our-fleet",
        None,
        [
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
        ],
    )


@pytest.mark.parametrize(
    ("name", "register"),
    [("fleet_2026.v2.csv", "team:fleet-2026-v2"), ("--A--.txt", "team:a"), ("флот A1", "team:a1")],
)
def test_file_name_is_the_name_of_the_list(name: str, register: str, read: Read) -> None:
    rows = read(fleet(row()), name)
    assert {rows.register, *(e.register for e in rows.entries)} == {register}


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        *(
            (HEADER.replace(f"{column},", "", 1), "list.csv", f"it lacks {column}")
            for column in ("imo", "name", "source")
        ),
        (fleet(row()), "флот.csv", "Rename it"),
        ("imo,ofac,uk,eu\n9074729,True,False,False\n", "list.csv", r"no evidence.*Import"),
    ],
)
def test_a_table_that_is_no_teams_list_is_refused(
    content: str, name: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(BarometerError, match=reason):
        team.open_list(tmp_path / name)


@pytest.mark.skipif(not BY_IMO.exists(), reason=f"{BY_IMO} is not here")
def test_the_real_table_of_lists_by_imo_is_refused() -> None:
    with pytest.raises(BarometerError, match="no evidence of a link to Russia"):
        team.open_list(BY_IMO)


def test_columns_in_any_order_and_case_and_excels_semicolons(read: Read) -> None:
    plain = read(fleet(row()))
    header = ",".join(["Note", *(f" {column.upper()} " for column in reversed(TEAM_SHIP))])
    assert read(fleet(",".join(["x", *reversed(TEAM_SHIP.values())]), header=header)) == plain
    excel = lines(TEAM_SHIP, line(TEAM_SHIP, ";", length_m="249,9"), delimiter=";")
    assert read(excel) == plain
    few = read(fleet("9074729,,weak,trade,AIS", header="imo,name,tier,reason,source"))
    assert [(e.vessel_name, e.mmsis, e.valid_from, e.length_m) for e in few.entries] == [
        (None, (), None, None)
    ]
    assert few.junk == []


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_file_that_is_not_utf8_is_one_junk_with_the_remedy(encoding: str, read: Read) -> None:
    rows = read(fleet(row(), row(name="Звезда")).encode(encoding))
    assert rows.entries == []
    assert [(j.is_whole, "save it as CSV UTF-8" in j.reason) for j in rows.junk] == [(True, True)]


@pytest.mark.parametrize("tier", ["strong", "Moderate", "WEAK"])
@pytest.mark.parametrize("reason", ["listed", "Flag", "owner", "trade", "destination"])
def test_tier_and_reason_are_taken_as_they_are(tier: str, reason: str, read: Read) -> None:
    rows = read(fleet(row(tier=tier, reason=reason)))
    assert [(e.link_tier, e.link_reason) for e in rows.entries] == [(tier.lower(), reason.lower())]
    assert rows.junk == []


def test_only_a_listing_has_a_listing_date_and_a_scrapped_ship_no_tier(read: Read) -> None:
    changes = [{"reason": "listed"}, {"reason": "listed", "from_": ""}, {"reason": "owner"}]
    rows = read(fleet(*(row(**change) for change in changes)))
    assert [e.listed_on for e in rows.entries] == [date(2025, 1, 31), None, None]
    rows = read(fleet(row(reason="scrapped", tier=""), row(reason="scrapped")))
    assert [(e.link_tier, e.link_reason) for e in rows.entries] == [(None, "scrapped")] * 2
    assert_junk(rows, (3, False, "tier not taken"))


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"reference": ""}, "our-fleet, IMO 9074729"),
        ({"reference": "", "imo": ""}, "our-fleet, MMSI 613000001"),
    ],
)
def test_reference_is_the_hull_and_no_line(
    changes: dict[str, str], reference: str, read: Read
) -> None:
    for rows in ([row(**changes)], [row(), "", row(**changes)]):
        assert read(fleet(*rows), "our fleet.csv").entries[-1].reference == reference


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(row(source=" "), "evidence needs a source", id="source"),
        pytest.param(row(tier=""), "tier ''", id="no tier"),
        pytest.param(row(tier="certain"), "tier 'certain'", id="tier"),
        pytest.param(row(reason="rumour"), "reason 'rumour'", id="reason"),
        pytest.param(row(imo="", mmsi=""), "neither IMO number nor MMSI", id="name alone"),
        pytest.param(row(imo="9074728", mmsi=""), "IMO number '9074728'", id="check digit"),
        pytest.param(row(imo="", mmsi="42"), "MMSI '42'", id="MMSI"),
        pytest.param(row(from_="31.01.2025"), "from '31.01.2025'", id="German from"),
        pytest.param(row(to="2025-02-30"), "to '2025-02-30'", id="30 February"),
        pytest.param(row(from_="2025-1-2"), "from '2025-1-2'", id="not ISO 8601"),
        pytest.param(row(to="2025-01-30"), "is before from", id="to before from"),
        pytest.param(row(reason="scrapped", from_=""), "scrapped without from", id="scrapped"),
        pytest.param('"' + row(), "not a CSV row", id="quote not closed"),
        pytest.param("9074729,x", "2 fields, expected 11", id="too few"),
        pytest.param(row() + ",more", "12 fields, expected 11", id="too many"),
        pytest.param(row(source="x" * 200_000), "field limit", id="long field"),
        pytest.param("x" * (MOST_LINE_BYTES + 9), "bytes", id="endless line"),
        pytest.param("\0" * 40, "1 fields", id="NUL"),
    ],
)
def test_a_bad_row_costs_that_row_only(bad: str, why: str, read: Read) -> None:
    rows = read(fleet(row(), bad, row()))
    assert [e.line for e in rows.entries] == [2, 4]
    assert_junk(rows, (3, True, why))


@pytest.mark.parametrize(
    ("column", "text", "field", "empty"),
    [
        pytest.param("imo", "9074728", "imo", None, id="check digit"),
        pytest.param("mmsi", "Call sign", "mmsis", (), id="MMSI"),
        pytest.param("length_m", "long", "length_m", None, id="no length"),
        pytest.param("length_m", "0", "length_m", None, id="length 0"),
        pytest.param("length_m", "819", "length_m", None, id="longer than any ship, in feet"),
    ],
)
def test_an_unreadable_field_is_left_out_and_named(
    column: str, text: str, field: str, empty: object, read: Read
) -> None:
    rows = read(fleet(row(**{column: text})))
    assert [getattr(e, field) for e in rows.entries] == [empty]
    assert_junk(rows, (2, False, text))


def test_control_characters_do_not_come_through(read: Read) -> None:
    rows = read(fleet(row(name="SIM\x07\u202e VEGA", source="a\0b")))
    assert [(e.vessel_name, e.link_source) for e in rows.entries] == [("SIM VEGA", "a b")]


def test_a_bad_last_line_without_a_line_end_is_no_cut(read: Read) -> None:
    assert_junk(read(fleet(row(name='"Old" Vega')).rstrip("\n")), (2, True, "not a CSV row"))
