"""The checks: a sound catalogue passes each of them, and each of them can fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import duckdb
import pytest

from flows.catalogue import access
from flows.home.resources import sql_path
from flows.home.settings import Settings
from tests.sql.conftest import RUSSIAN

Opened = Callable[..., AbstractContextManager[duckdb.DuckDBPyConnection]]

CHECKS = {path.stem: path for path in sorted(sql_path("checks").glob("*.sql"))}

CALL = "port_call_id = (select min(port_call_id) from port_call where area_kind = 'berth')"
"""One berth call; both are of linked ships."""


def dark(at: str = "2026-04-01", hours: int = 40, **changed: object) -> str:
    """A statement that makes up a possible dark call, in order but for what is changed."""
    row = {
        "dark_id": "made-up",
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


FIRST = "rowid = (select min(rowid) from position)"

RESTATED = """
insert into restatement
select publication_id, published_at, run_id, week, port_id, link_tier, {old}, port_calls, state,
    state, '{reasons}', null, null, null, run_id, 'port_calls'
from published_port_calls
"""

DAMAGE = [
    ("unknown_hull", f"update port_call set hull_id = lower(hull_id) where {CALL}"),
    ("unknown_hull", f"update counted_call set hull_id = null where {CALL}"),
    ("unknown_hull", "delete from hull where imo is not null"),
    ("source_file_sums", "update source_file set rows_kept = rows_kept + 1"),
    (
        "source_file_sums",
        "update source_file set rows_kept = -1, rows_read = rows_read - rows_kept - 1",
    ),
    ("source_file_times", "update source_file set first_reported_at = '2030-01-01'"),
    ("source_file_times", "update source_file set last_reported_at = null"),
    (
        "source_file_times",
        "update source_file set rows_rejected = rows_read, rows_kept = 0, rows_repeated = 0",
    ),
    ("position_rows", f"delete from position where {FIRST}"),
    ("position_rows", "delete from position"),
    ("position_rows", f"update position set file_id = 'unknown' where {FIRST}"),
    ("position_rows", "update source_file set last_reported_at = first_reported_at"),
    ("position_rows", "update source_file set first_reported_at = last_reported_at"),
    ("reject_rows", "delete from reject where line = (select max(line) from reject)"),
    ("reject_rows", "update reject set line = 7"),
    ("reject_rows", "insert into reject values ('unknown', 2, 'made up', '')"),
    ("repeated_fix", f"insert into position select * from position where {FIRST}"),
    (
        "repeated_fix",
        f"insert into position select * replace ('other' as file_id) from position where {FIRST}",
    ),
    ("bad_position", f"update position set mmsi = 111222333 where {FIRST}"),
    ("bad_position", f"update position set mmsi = null where {FIRST}"),
    ("bad_position", f"update position set lon = 181 where {FIRST}"),
    ("bad_position", f"update position set lat = 91 where {FIRST}"),
    ("bad_position", f"update position set lat = 'nan' where {FIRST}"),
    ("bad_position", f"update position set lon = 50.1234567 where {FIRST}"),
    ("bad_position", f"update position set lat = 29.1234567 where {FIRST}"),
    ("bad_position", f"update position set reported_at = '2026-03-18 00:11' where {FIRST}"),
    ("bad_position", f"update position set reported_at = null where {FIRST}"),
    ("bad_measure", f"update position set sog_kn = 102.3 where {FIRST}"),
    ("bad_measure", f"update position set cog_deg = 360 where {FIRST}"),
    ("bad_measure", f"update position set cog_deg = -1 where {FIRST}"),
    ("bad_measure", f"update position set heading_deg = 511 where {FIRST}"),
    ("bad_measure", f"update position set heading_deg = -1 where {FIRST}"),
    ("bad_measure", f"update position set nav_status = 15 where {FIRST}"),
    ("bad_measure", f"update position set ship_type = 0 where {FIRST}"),
    ("bad_measure", f"update position set length_m = 0 where {FIRST}"),
    ("bad_measure", f"update position set length_m = 1023 where {FIRST}"),
    ("bad_measure", f"update position set beam_m = 0 where {FIRST}"),
    ("bad_measure", f"update position set beam_m = 127 where {FIRST}"),
    ("bad_measure", f"update position set draught_m = 0 where {FIRST}"),
    ("bad_measure", f"update position set draught_m = 26 where {FIRST}"),
    ("bad_imo", f"update position set imo = 9074728 where {FIRST}"),
    ("bad_imo", "update vessel set imo = 123"),
    ("bad_imo", "update vessel_link set imo = imo + 1"),
    ("bad_imo", "update port_call set imo = 1000001"),
    ("call_times", f"update port_call set arrived_after = departed_at where {CALL}"),
    ("call_times", f"update port_call set berthed_at = arrived_after where {CALL}"),
    ("call_times", f"update port_call set berthed_at = departed_at + interval 1 hour where {CALL}"),
    ("call_times", f"update port_call set berthed_at = null where {CALL}"),
    ("call_times", f"update port_call set area_kind = 'anchorage' where {CALL}"),
    ("call_times", f"update port_call set departed_at = arrived_after where {CALL}"),
    ("call_times", f"update port_call set departed_by = arrived_at where {CALL}"),
    (
        "call_times",
        f"update port_call set departed_by = departed_at, departed_at = null where {CALL}",
    ),
    ("call_times", f"update port_call set arrived_at = null where {CALL}"),
    (
        "call_unheard",
        f"update port_call set arrived_at = arrived_at + interval 1 second where {CALL}",
    ),
    (
        "call_unheard",
        f"update port_call set departed_by = departed_at + interval 1 second where {CALL}",
    ),
    ("call_unheard", f"update port_call set mmsi = 422999999 where {CALL}"),
    ("call_overlap", "update port_call set track_id = 1, arrived_at = '2026-03-09'"),
    ("call_overlap", "update port_call set departed_at = null where mmsi = 273399990"),
    ("call_week", f"update port_call set week = '2026-W52' where {CALL}"),
    (
        "call_week",
        "update port_call set week = case week when '2026-W10' then '2026-W11' else '2026-W10' end",
    ),
    (
        "call_week",
        f"update port_call set arrived_at = '2025-01-01', week = '2025-W01' where {CALL}",
    ),
    ("call_week", f"update port_call set week = null where {CALL}"),
    ("call_values", f"update port_call set port_id = 'IRTHR' where {CALL}"),
    ("call_values", f"update port_call set area_kind = 'visit' where {CALL}"),
    ("call_values", f"update port_call set area_kind = null where {CALL}"),
    ("call_values", f"update port_call set confidence = 5 where {CALL}"),
    ("call_values", f"update port_call set link_tier = 'sure' where {CALL}"),
    ("call_values", f"update port_call set tanker_kind = 'large' where {CALL}"),
    ("call_values", f"update port_call set fixes = 0 where {CALL}"),
    ("call_values", f"update port_call set longest_gap_h = -1 where {CALL}"),
    ("call_link", "delete from call_evidence"),
    ("call_link", "update call_evidence set port_call_id = 'unknown'"),
    ("call_link", "update call_evidence set link_tier = 'weak'"),
    ("call_link", "update call_evidence set was_known_at_call = not was_known_at_call"),
    ("call_link", f"update port_call set link_reasons = null where {CALL}"),
    ("call_link", f"update port_call set link_reasons = '' where {CALL}"),
    ("call_link", f"update port_call set is_russian_linked = false where {CALL}"),
    ("call_link", "update port_call set is_russian_linked = true"),
    ("call_link", "update port_call set link_reasons = 'flag'"),
    ("call_link", "update port_call set was_known_at_call = true"),
    ("hull_identity", "delete from hull"),
    ("hull_identity", "update vessel set imo = 9074729 where source = 'AIS'"),
    ("hull_identity", "update vessel set track_id = null where source = 'AIS'"),
    ("hull_identity", "update vessel set valid_to = valid_from - interval 1 hour"),
    ("hull_identity", "update vessel set valid_from = '2020-01-01' where source = 'AIS'"),
    ("hull_identity", "update vessel set valid_to = '2040-01-01' where source = 'AIS'"),
    ("hull_identity", "update vessel set imo_by = null where source = 'AIS'"),
    ("register_entry_values", "update register_entry set reference = ''"),
    ("register_entry_values", "update register_entry set link_source = null"),
    (
        "register_entry_values",
        "update register_entry set imo = null, mmsis = [], vessel_name = null",
    ),
    ("register_entry_values", "update register_entry set link_tier = 'none'"),
    ("register_entry_values", "update register_entry set country = 'IR'"),
    ("register_entry_values", "update register_entry set delisted_on = '2000-01-01'"),
    ("register_entry_values", "update register_entry set known_from = null"),
    ("register_entry_values", "update register_entry set first_seen_on = '2040-01-01'"),
    ("register_entry_values", "update register_entry set gone_by = '2000-01-01'"),
    ("link_without_entry", "delete from register_entry"),
    ("link_without_entry", "delete from vessel_link"),
    ("link_without_entry", "update vessel_link set programme = 'IRAN'"),
    ("bad_link", "update vessel_link set link_tier = 'none'"),
    ("bad_link", "update vessel_link set link_reason = 'rumour'"),
    ("bad_link", "update vessel_link set link_source = null"),
    ("bad_link", "update vessel_link set reference = ''"),
    ("bad_link", "update vessel_link set matched_by = 'name'"),
    ("bad_link", "update vessel_link set imo = null"),
    ("bad_link", "update vessel_link set matched_by = 'mmsi'"),
    ("bad_link", "update vessel_link set known_from = null"),
    ("bad_link", "update vessel_link set listed_on = '2030-01-01'"),
    ("bad_link", "update vessel_link set delisted_on = '2020-01-01'"),
    ("bad_link", "update vessel_link set valid_from = '2040-01-01', valid_to = '2030-01-01'"),
    ("counted_call", f"delete from counted_call where {CALL}"),
    ("counted_call", f"delete from port_call where {CALL}"),
    ("counted_call", f"update port_call set confidence = 1 where {CALL}"),
    ("counted_call", f"update port_call set is_tanker = null where {CALL}"),
    ("counted_call", f"update counted_call set week = '2026-W12' where {CALL}"),
    ("counted_call", f"update counted_call set port_id = 'IRBND' where {CALL}"),
    ("counted_call", f"update counted_call set area_kind = 'anchorage' where {CALL}"),
    ("counted_call", f"update counted_call set link_tier = 'weak' where {CALL}"),
    ("counted_call", f"update counted_call set is_russian_linked = false where {CALL}"),
    ("counted_call", f"update counted_call set is_headline = false where {CALL}"),
    ("counted_call", f"update counted_call set is_arrival = false where {CALL}"),
    ("weekly_sums", f"delete from counted_call where {CALL}"),
    ("weekly_sums", "update weekly_port_calls set port_calls = 1"),
    ("weekly_sums", "update weekly_port_calls set port_calls = null"),
    ("weekly_sums", "update weekly_port_calls set berth_calls = berth_calls + 1"),
    ("weekly_sums", "update weekly_port_calls set vessels = 0"),
    ("weekly_sums", "update weekly_port_calls set in_port_calls = 1"),
    ("weekly_sums", f"update counted_call set is_arrival = false where {CALL}"),
    ("weekly_sums", "delete from weekly_port_calls"),
    ("split_sums", "delete from weekly_split"),
    ("split_sums", "update weekly_split set linked_calls = 3 where value = 'strong'"),
    ("split_sums", "update weekly_split set tanker_calls = 3 where dimension = 'water'"),
    ("split_sums", "update weekly_split set linked_vessels = 9 where linked_calls > 0"),
    ("split_sums", "update call_cargo set moved_t = 0"),
    ("split_sums", "update call_cargo set moved_t = 2 * deadweight_t"),
    ("split_sums", "update call_cargo set moved_t = 1, direction = 'unknown'"),
    ("split_sums", f"delete from call_cargo where {CALL}"),
    ("split_sums", f"delete from call_voyage where {CALL}"),
    ("headline_sums", f"delete from counted_call where {CALL}"),
    ("headline_sums", "update counted_call set is_headline = true"),
    ("headline_sums", "update barometer set russian_linked_tanker_calls = 3"),
    ("headline_sums", "update barometer set russian_linked_berth_calls = null"),
    ("headline_sums", "update barometer set tanker_calls = tanker_calls + 1"),
    ("headline_sums", "update barometer set listed_calls = 2"),
    ("headline_sums", "delete from barometer where week = '2026-W11'"),
    ("headline_sums", "delete from week where week = '2026-W12'"),
    ("weekly_grid", "delete from weekly_port_calls where week = '2026-W11'"),
    ("weekly_grid", "delete from weekly_port_calls where link_tier = 'weak' and port_id = 'IRKHK'"),
    ("weekly_grid", "insert into weekly_port_calls from weekly_port_calls limit 1"),
    ("weekly_grid", "update weekly_port_calls set link_tier = 'sure' where link_tier = 'strong'"),
    ("weekly_grid", "update weekly_port_calls set week_start = week_start + 1"),
    ("weekly_grid", "delete from port where port_id = 'IRKHK'"),
    ("weekly_state", "update weekly_port_calls set state = 'complete'"),
    ("weekly_state", "update weekly_port_calls set state = null where port_id = 'IRKHK'"),
    ("weekly_state", "update weekly_port_calls set observed_share = 1.5 where port_id = 'IRKHK'"),
    ("weekly_state", "update barometer set state = 'complete'"),
    ("weekly_state", "update barometer set state = 'partial'"),
    ("weekly_state", "update barometer set worst_share = 0.95"),
    ("weekly_state", "update weekly_water set state = 'complete'"),
    ("weekly_state", "update week set is_open = not is_open"),
    ("weekly_state", "delete from week"),
    ("zero_without_hearing", "update weekly_port_calls set port_calls = 0 where port_id = 'IRNEK'"),
    (
        "zero_without_hearing",
        "update weekly_port_calls set berth_calls = 0 where port_id = 'IRNEK'",
    ),
    ("zero_without_hearing", "update weekly_port_calls set vessels = 0 where port_id = 'IRNEK'"),
    (
        "zero_without_hearing",
        "update weekly_port_calls set port_calls = null where port_id = 'IRKHK'",
    ),
    (
        "zero_without_hearing",
        "update weekly_port_calls set observed_share = null where port_id = 'IRKHK'",
    ),
    ("zero_without_hearing", "update barometer set russian_linked_tanker_calls = 0"),
    ("zero_without_hearing", "update barometer set russian_linked_berth_calls = 0"),
    ("zero_without_hearing", "update barometer set listed_calls = 0"),
    ("zero_without_hearing", "update barometer set flag_calls = 0"),
    ("zero_without_hearing", "update barometer set owner_calls = 0"),
    ("zero_without_hearing", "update barometer set trade_calls = 0"),
    ("zero_without_hearing", "update barometer set tanker_calls = 0"),
    ("zero_without_hearing", "update barometer set worst_share = 0.5"),
    ("restatement", "update weekly_port_calls set restated_from = port_calls"),
    ("restatement", "update weekly_port_calls set restated_from = 99, first_published_at = null"),
    ("run_record", "delete from run where run_id = 1"),
    ("run_record", "delete from run_register"),
    ("run_record", "update published_week set run_id = 99"),
    ("run_record", "update published_call set run_id = null"),
    ("run_record", "update published_port_calls set run_id = 99"),
    ("run_record", "update run_file set run_id = 99"),
    ("restatement_values", RESTATED.format(old=1, reasons="late file")),
    ("restatement_values", RESTATED.format(old="port_calls", reasons="late file")),
    ("restatement_values", RESTATED.format(old=1, reasons="rumour")),
    ("published_sums", "delete from published_call"),
    ("published_sums", "update published_call set is_counted = false"),
    ("published_sums", "update published_call set until_run_id = run_id"),
    ("published_sums", "update published_call set link_tier = 'none'"),
    ("published_sums", "update published_week set russian_linked_tanker_calls = 9"),
    ("published_sums", "update published_week set tanker_calls = 9"),
    ("published_sums", "update published_port_calls set port_calls = 9"),
    ("coverage_sums", "update coverage set observed_hours = 23 where port_id = 'IRKHK'"),
    ("coverage_sums", "update coverage set fixes = fixes + 1"),
    ("coverage_sums", "update coverage set vessels = 0"),
    ("coverage_sums", "update coverage set vessels = 10000"),
    ("coverage_sums", "update coverage set state = 'complete'"),
    ("coverage_sums", "delete from observed_hour where port_id = 'IRKHK'"),
    ("coverage_sums", "delete from heard_slot where port_id = 'IRKHK'"),
    (
        "coverage_sums",
        "insert into observed_hour select port_id, hour + interval 1 minute from observed_hour",
    ),
    ("share_sums", "update port_week set observed_share = 0.5"),
    ("share_sums", "update port_week set observed_share = null"),
    (
        "share_sums",
        "update weekly_port_calls set observed_share = 0.5 "
        "where port_id = 'IRKHK' and link_tier = 'weak'",
    ),
    ("share_sums", "delete from weekly_port_calls where port_id = 'IRKHK'"),
    ("share_sums", "update week set hours_passed = 100"),
    ("share_sums", "update coverage set observed_hours = 0"),
    *(
        ("repeated_key", f"insert into {relation} from {relation} limit 1")
        for relation in (
            "source_file",
            "port",
            "port_area",
            "meta",
            "run",
            "run_file",
            "run_register",
            "published_port_calls",
            "published_week",
            "published_call",
            "mid",
            "week",
            "heard_hour",
            "observed_hour",
            "coverage",
            "vessel",
            "port_call",
            "counted_call",
            "port_week",
            "weekly_water",
            "evidence_at_hand",
            "barometer",
        )
    ),
    ("repeated_key", f"update port_call set port_call_id = null where {CALL}"),
    ("interference_values", "update interference set ships = 2"),
    ("interference_values", "update interference set displaced_fixes = 2"),
    ("interference_values", "update interference set ended_at = began_at - interval 1 hour"),
    ("interference_values", "update interference set radius_m = -1"),
    ("interference_values", "update interference set evidence = 'rumour'"),
    ("flagged_fix", "update flagged_position set lon = lon + 1"),
    ("flagged_fix", "update flagged_position set verdict = 'false'"),
    ("flagged_fix", "update flagged_position set verdict = 'credible'"),
    ("flagged_fix", "update flagged_position set reason = null"),
    ("flagged_fix", "update flagged_position set track_id = 273399991"),
    ("call_confidence", "update track_call set confidence = 1"),
    (
        "call_confidence",
        "insert into call_interference select port_call_id, 1, true from port_call "
        "where confidence > 1",
    ),
    ("repeated_key", f"{dark()}; insert into possible_dark_call from possible_dark_call"),
    ("dark_call", dark(hours=23)),
    ("dark_call", dark(hours=22 * 24)),
    ("dark_call", dark(neighbours_heard=2)),
    ("dark_call", dark(week="2026-W20")),
    ("dark_call", dark(link_tier="sure")),
    ("dark_call", dark(track_id=RUSSIAN["mmsi"], at="2026-03-04 02:00")),
    ("dark_call", dark(imo=RUSSIAN["imo"], at="2026-03-04 02:00")),
    ("dark_call", dark(hull_id=f"IMO {RUSSIAN['imo']}", at="2026-03-09 20:00")),
    ("uncommented", "comment on column barometer.week is null"),
    ("uncommented", "comment on table port_call is ' '"),
    ("uncommented", "create table extra (number integer)"),
    ("uncommented", "create view extra as select 1 as number"),
]
"""Damage that a check must see: its name, and what is done to the catalogue."""


def found(con: duckdb.DuckDBPyConnection, check: str) -> list[tuple[Any, ...]]:
    return con.execute(CHECKS[check].read_text(encoding="utf-8")).fetchall()


def test_every_check_is_tried() -> None:
    assert {check for check, _ in DAMAGE} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_sound_catalogue_passes(reading: Opened, check: str) -> None:
    with reading() as con:
        assert found(con, check) == []


@pytest.mark.parametrize("check", CHECKS)
def test_empty_catalogue_passes(empty: Settings, check: str) -> None:
    with access.reading(empty) as con:
        assert found(con, check) == []


@pytest.mark.parametrize("check", CHECKS)
def test_copy_without_damage_passes(damaged: Opened, check: str) -> None:
    with damaged() as con:
        assert found(con, check) == []


@pytest.mark.parametrize(("check", "damage"), DAMAGE)
def test_damage_is_found(damaged: Opened, check: str, damage: str) -> None:
    with damaged(damage) as con:
        rows = found(con, check)
        assert rows
        assert repr(found(con, check)) == repr(rows)


def test_dark_call_in_order_is_none_at_fault(damaged: Opened) -> None:
    with damaged(dark()) as con:
        assert found(con, "dark_call") == []


def test_stored_view_is_not_hidden_by_a_session_view(reading: Opened) -> None:
    """The check of comments looks at what is stored, not at the session's own views."""
    with reading() as con:
        con.execute("create temp view without_comment as select 1 as number")
        assert found(con, "uncommented") == []


def test_call_at_the_second_of_the_fix_before_is_in_order(damaged: Opened) -> None:
    with damaged(f"update port_call set arrived_after = arrived_at where {CALL}") as con:
        assert found(con, "call_times") == []


def test_files_are_queries() -> None:
    """A check runs on a catalogue that nobody may write to."""
    for path in CHECKS.values():
        (statement,) = duckdb.extract_statements(path.read_text(encoding="utf-8"))
        assert statement.type == duckdb.StatementType.SELECT, path
