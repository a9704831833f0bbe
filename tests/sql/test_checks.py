"""The checks of `sql/checks` pass on a sound catalogue, and each finds the damage it is for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.catalogue import access
from flows.catalogue.check import check_rebuild
from flows.home.resources import sql_path
from flows.home.settings import Settings
from tests.build.derivation import Connection
from tests.build.files import copy_of
from tests.sql.conftest import RUSSIAN, Opened

CHECKS = {path.stem: path.read_text("utf-8") for path in sorted(sql_path("checks").glob("*.sql"))}

CALL = "port_call_id = (select min(port_call_id) from port_call where area_kind = 'berth')"
"""One berth call; both are of linked ships."""
FIX = "rowid = (select min(rowid) from position)"
AIS = "source = 'AIS'"


def updates(relation: str, *changes: str, where: str = "true") -> list[str]:
    """An UPDATE statement for each change."""
    return [f"update {relation} set {change} where {where}" for change in changes]


def dark(at: str = "2026-04-01", hours: int = 40, **changed: object) -> str:
    """An INSERT of a possible dark call that is sound but for what is changed."""
    row = {
        "dark_id": "invented",
        "hull_id": "IMO 1",
        "track_id": 1,
        "imo": 1,
        "neighbours_heard": 9,
        "link_tier": "none",
        "week": f"{datetime.fromisoformat(at):%G-W%V}",
    } | changed
    columns = ", ".join(f"{value!r} as {name}" for name, value in row.items())
    return (
        f"insert into possible_dark_call by name select {columns}, "
        f"timestamp '{at}' as silent_from, timestamp '{at}' + interval {hours} hour as silent_to"
    )


KEYED = (
    *("source_file", "port", "port_area", "meta", "run", "run_file", "run_register"),
    *("published_port_calls", "published_week", "published_call", "mid", "week", "heard_slot"),
    *("observed_slot", "coverage", "vessel", "port_call", "counted_call", "port_week"),
    *("weekly_water", "evidence_at_hand", "barometer"),
)

DAMAGE = {
    "bad_imo": [f"update position set imo = 9074728 where {FIX}", "update vessel set imo = 123",
                "update vessel_link set imo = imo + 1", "update port_call set imo = 1000001"],
    "bad_link": updates("vessel_link",
        "link_tier = 'none'", "link_reason = 'rumour'", "link_source = null", "reference = ''",
        "matched_by = 'name'", "imo = null", "matched_by = 'mmsi'", "known_from = null",
        "listed_on = '2030-01-01'", "delisted_on = '2020-01-01'",
        "valid_from = '2040-01-01', valid_to = '2030-01-01'"),
    "bad_measure": updates("position",
        "sog_kn = 102.3", "cog_deg = 360", "cog_deg = -1", "heading_deg = 511", "heading_deg = -1",
        "nav_status = 15", "ship_type = 0", "length_m = 0", "length_m = 1023", "beam_m = 0",
        "beam_m = 127", "draught_m = 0", "draught_m = 26", where=FIX),
    "bad_position": updates("position",
        "mmsi = 111222333", "mmsi = null", "lon = 181", "lat = 91", "lat = 'nan'",
        "lon = 50.1234567", "lat = 29.1234567", "reported_at = '2026-03-18 00:11'",
        "reported_at = null", where=FIX),
    "call_confidence": [
        "update track_call set confidence = 1",
        "insert into call_interference select port_call_id, 1, true from port_call "
        "where confidence > 1"],
    "call_overlap": updates("port_call", "track_id = 1, arrived_at = '2026-03-09'")
    + updates("port_call", "departed_at = null", where="mmsi = 273399990"),
    "call_times": updates("port_call",
        "arrived_after = departed_at", "berthed_at = arrived_after", "berthed_at = null",
        "berthed_at = departed_at + interval 1 hour", "unberthed_at = arrived_after",
        "unberthed_at = departed_at + interval 1 second", "unberthed_at = null",
        "anchored_at = arrived_after", "anchored_at = departed_at + interval 1 second",
        "area_kind = 'anchorage'",
        "departed_at = arrived_after", "departed_by = arrived_at",
        "departed_by = departed_at, departed_at = null", "arrived_at = null", where=CALL),
    "call_unheard": updates("port_call",
        "arrived_at = arrived_at + interval 1 second",
        "unberthed_at = unberthed_at + interval 1 second",
        "departed_by = departed_at + interval 1 second", "mmsi = 422999999", where=CALL),
    "call_values": updates("port_call",
        "port_id = 'IRTHR'", "area_kind = 'visit'", "area_kind = null", "confidence = 5",
        "link_tier = 'sure'", "tanker_kind = 'large'", "fixes = 0", "longest_gap_h = -1",
        where=CALL),
    "call_week": updates("port_call", "week = '2026-W52'", "week = null",
                         "arrived_at = '2025-01-01', week = '2025-W01'", where=CALL)
    + updates("port_call", "week = case week when '2026-W10' then '2026-W11' else '2026-W10' end"),
    "dark_call": [
        *(dark(hours=23), dark(hours=22 * 24), dark(neighbours_heard=2)),
        *(dark(week="2026-W20"), dark(link_tier="sure")),
        dark(track_id=RUSSIAN["mmsi"], at="2026-03-04 02:00"),
        dark(imo=RUSSIAN["imo"], at="2026-03-04 02:00"),
        dark(hull_id=f"IMO {RUSSIAN['imo']}", at="2026-03-09 20:00")],
    "flagged_fix": updates("flagged_position", "lon = lon + 1", "verdict = 'false'",
                           "verdict = 'credible'", "reason = null", "track_id = 273399991"),
    "hull_identity": [
        "delete from hull", "update vessel set valid_to = valid_from - interval 1 hour",
        *updates("vessel", "imo = 9074729", "track_id = null", "imo_by = null",
                 "valid_from = '2020-01-01'", "valid_to = '2040-01-01'", where=AIS)],
    "interference_values": updates("interference",
        "ships = 2", "displaced_fixes = 2", "ended_at = began_at - interval 1 hour",
        "radius_m = -1", "evidence = 'rumour'"),
    "link_without_entry": ["delete from register_entry", "delete from vessel_link",
                           "update vessel_link set programme = 'IRAN'"],
    "position_rows": [
        f"delete from position where {FIX}", "delete from position",
        f"update position set file_id = 'unknown' where {FIX}",
        "update source_file set last_reported_at = first_reported_at",
        "update source_file set first_reported_at = last_reported_at"],
    "register_entry_values": updates("register_entry",
        "reference = ''", "link_source = null", "imo = null, mmsis = [], vessel_name = null",
        "link_tier = 'none'", "country = 'IR'", "delisted_on = '2000-01-01'", "known_from = null",
        "first_seen_on = '2040-01-01'", "gone_by = '2000-01-01'"),
    "reject_rows": ["delete from reject where line = (select max(line) from reject)",
                    "update reject set line = 7",
                    "insert into reject values ('unknown', 2, 'invented', '')"],
    "repeated_fix": [
        f"insert into position select * from position where {FIX}",
        f"insert into position select * replace ('other' as file_id) from position where {FIX}"],
    "repeated_key": [
        *(f"insert into {relation} from {relation} limit 1" for relation in KEYED),
        f"update port_call set port_call_id = null where {CALL}",
        f"{dark()}; insert into possible_dark_call from possible_dark_call"],
    "restatement": updates("weekly_port_calls", "restated_from = port_calls",
                           "restated_from = 99, first_published_at = null"),
    "run_record": [
        "delete from run where run_id = 1", "delete from run_register",
        "update published_week set run_id = 99", "update published_call set run_id = null",
        "update published_port_calls set run_id = 99", "update run_file set run_id = 99"],
    "share_sums": [
        *updates("port_week", "observed_share = 0.5", "observed_share = null"),
        "update weekly_port_calls set observed_share = 0.5 "
        "where port_id = 'IRKHK' and link_tier = 'weak'",
        "delete from weekly_port_calls where port_id = 'IRKHK'",
        "update week set hours_passed = 100", "update coverage set observed_hours = 0"],
    "source_file_sums": updates("source_file", "rows_kept = rows_kept + 1",
                                "rows_kept = -1, rows_read = rows_read - rows_kept - 1"),
    "source_file_times": updates("source_file",
        "first_reported_at = '2030-01-01'", "last_reported_at = null",
        "rows_rejected = rows_read, rows_kept = 0, rows_repeated = 0"),
    "uncommented": [
        "comment on column barometer.week is null", "comment on table port_call is ' '",
        "create table extra (number integer)", "create view extra as select 1 as number"],
    "unknown_hull": [f"update port_call set hull_id = lower(hull_id) where {CALL}",
                     f"update counted_call set hull_id = null where {CALL}",
                     "delete from hull where imo is not null"],
    "series_values": updates("series", "cargo = 'dry_cargo'", "ports = 'Caspian Sea'",
                             "ports = 'RUNVS'"),
    "weekly_grid": [
        "delete from weekly_port_calls where week = '2026-W11'",
        "delete from weekly_port_calls where link_tier = 'weak' and port_id = 'IRKHK'",
        "insert into weekly_port_calls from weekly_port_calls limit 1",
        "update weekly_port_calls set link_tier = 'sure' where link_tier = 'strong'",
        "update weekly_port_calls set week_start = week_start + 1",
        "delete from series_port where port_id = 'IRKHK'"],
    "zero_without_hearing": [
        *updates("weekly_port_calls", "port_calls = 0", "berth_calls = 0", "vessels = 0",
                 where="port_id = 'IRNEK'"),
        *updates("weekly_port_calls", "port_calls = null", "observed_share = null",
                 where="port_id = 'IRKHK'"),
        *updates("barometer",
            "russian_linked_tanker_calls = 0", "russian_linked_berth_calls = 0",
            "listed_calls = 0", "flag_calls = 0", "owner_calls = 0", "trade_calls = 0",
            "tanker_calls = 0", "worst_share = 0.5")],
}  # fmt: skip
"""Statements of SQL, each of which is damage that the check must find."""

HAND_EDITS = {
    "barometer": "update barometer set tanker_calls = tanker_calls + 1",
    "call_cargo": "delete from call_cargo",
    "call_evidence": "update call_evidence set was_known_at_call = not was_known_at_call",
    "counted_call": f"delete from counted_call where {CALL}",
    "coverage": "update coverage set fixes = fixes + 1",
    "observed_slot": "delete from observed_slot where port_id = 'IRKHK'",
    "port_call": f"update port_call set link_reasons = null where {CALL}",
    "published_call": "update published_call set is_counted = false",
    "published_port_calls": "update published_port_calls set port_calls = 9",
    "published_week": "update published_week set tanker_calls = 9",
    "restatement": """
        insert into restatement by name
        select run_id, week, port_id, link_tier, 1 as old_port_calls from published_port_calls
    """,
    "week": "update week set is_open = not is_open",
    "weekly_port_calls": "update weekly_port_calls set state = 'complete'",
    "weekly_split": "delete from weekly_split",
    "weekly_water": "update weekly_water set state = 'complete'",
}
"""Damage to derived relations, which no check derives a second time: a rebuild finds it."""


def faults(con: Connection, check: str) -> list[tuple[Any, ...]]:
    return con.execute(CHECKS[check]).fetchall()


@pytest.mark.parametrize("home", ["settings", "empty"])
def test_sound_catalogue_passes(home: str, request: pytest.FixtureRequest) -> None:
    with access.reading(request.getfixturevalue(home)) as con:
        assert {check: rows for check in CHECKS if (rows := faults(con, check))} == {}


@pytest.mark.parametrize("check", CHECKS)
def test_damage_is_found(damaged: Opened, check: str) -> None:
    with damaged() as con:
        assert faults(con, check) == []
    missed = []
    for damage in DAMAGE[check]:
        with damaged(damage) as con:
            if not faults(con, check):
                missed.append(damage)
    assert missed == []


def test_a_rebuild_finds_hand_edits_of_derived_relations(
    settings: Settings, tmp_path: Path
) -> None:
    copy = copy_of(settings, tmp_path)
    with duckdb.connect(str(copy.home / "barometer.duckdb")) as con:
        for damage in HAND_EDITS.values():
            con.execute(damage)
    findings = check_rebuild(copy)
    assert [finding.message.split(":")[0] for finding in findings] == sorted(HAND_EDITS)
    assert {finding.is_fault for finding in findings} == {True}


@pytest.mark.parametrize(
    ("change", "what"),
    {
        "update run set code_hash = 'of 0.0.9'": "the program",
        "update meta set value = '0' where key = 'inputs_hash'": "the input files",
        "update meta set value = '0' where key = 'registers_hash'": "the lists or decisions",
    }.items(),
)
def test_no_rebuild_is_compared_before_the_run_that_is_due(
    change: str, what: str, settings: Settings, tmp_path: Path
) -> None:
    """It would differ in whatever the new version or list changes, which is no fault."""
    copy = copy_of(settings, tmp_path)
    with duckdb.connect(str(copy.home / "barometer.duckdb")) as con:
        con.execute(change)
    (finding,) = check_rebuild(copy)
    assert finding.message == (
        f"Changed since barometer.duckdb was built: {what}. Run barometer first, then check again."
    )


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("dark_call", dark()),
        # An arrival in the second of the fix before it.
        ("call_times", f"update port_call set arrived_after = arrived_at where {CALL}"),
        ("uncommented", "create temp view without_comment as select 1 as number"),
    ],
    ids=["a possible dark call", "an arrival at once", "a view of the session"],
)
def test_sound_rows_pass(damaged: Opened, check: str, change: str) -> None:
    with damaged(change) as con:
        assert faults(con, check) == []
