"""The catalogue's relations are a contract (docs/sql.md): columns, types and comments."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from flows.catalogue import access
from flows.home.history import OUTBOX, append_history
from flows.home.resources import sql_path, sql_text
from flows.home.rules import rule
from flows.home.settings import Settings
from flows.lake.manifest import read_manifest, write_manifest
from tests.build.derivation import Connection
from tests.build.files import copy_of

EXAMPLES = sorted(sql_path("examples").glob("*.sql"))

CONTRACT = {
    "position": "mmsi reported_at lon lat sog_kn cog_deg heading_deg nav_status imo vessel_name "
    "call_sign ship_type length_m beam_m draught_m destination source file_id reported_on",
    "reject": "file_id line reason raw",
    "source_file": "file_id name source rows_read rows_kept rows_repeated rows_rejected "
    "first_reported_at last_reported_at ingested_at rows_static",
    "port": "port_id name water country kind usual_tanker_calls usual_tanker_calls_source "
    "geometry_wkb geometry_geojson source accuracy_m trade_tier lon lat",
    "port_area": "area_id port_id name water country kind serves geometry_wkb geometry_geojson "
    "source accuracy_m lon lat",
    "vessel": "imo mmsi vessel_name flag ship_type is_tanker length_m beam_m valid_from valid_to "
    "hull_id track_id call_sign tanker_kind imo_by claimed_imo source flag_changes "
    "first_russian_on last_russian_on is_imo_contested",
    "vessel_link": "imo mmsi link_tier link_reason link_source reference programme listed_on "
    "delisted_on valid_from valid_to matched_by known_from hull_id",
    "port_call": "port_call_id track_id mmsi imo vessel_name flag port_id area_kind arrived_after "
    "arrived_at berthed_at departed_at departed_by fixes longest_gap_h draught_in_m draught_out_m "
    "confidence is_tanker tanker_kind is_russian_linked link_tier link_reasons is_iran_listed "
    "was_known_at_call week hull_id port_name arrived_on claimed_imo is_arrival "
    "anchored_at unberthed_at",
    "counted_call": "port_call_id week port_id water area_kind link_tier link_reasons "
    "is_russian_linked was_known_at_call hull_id is_headline port_name is_arrival series",
    "coverage": "port_id day observed_hours fixes vessels state",
    "weekly_port_calls": "week week_start port_id link_tier port_calls berth_calls vessels "
    "observed_share state first_published_at restated_from in_port_calls series",
    "barometer": "week week_start russian_linked_tanker_calls russian_linked_berth_calls "
    "listed_calls flag_calls owner_calls trade_calls low_95 high_95 tanker_calls observed_share "
    "state index_100 change_p calls_known_at_call dispersion word word_weeks in_port_calls "
    "worst_water worst_share series untyped_linked_calls",
    "weekly_water": "week week_start water russian_linked_tanker_calls russian_linked_berth_calls "
    "in_port_calls low_95 high_95 tanker_calls observed_share state series",
    "series": "series title cargo ports",
    "series_port": "series cargo port_id weight",
    "oil_volume": "week week_start series direction water link_tier calls payload_t "
    "payload_low_90_t payload_high_90_t payload_bbl payload_low_90_bbl payload_high_90_bbl "
    "calls_with_estimate calls_by_two_draughts calls_by_one_draught calls_by_terminal "
    "observed_share state tonne_miles tonne_mile_calls calls_still_in_port",
    "sensor_look": "look_id sensor port_id week began_at ended_at has_pass detections neighbours "
    "neighbours_near is_heard",
    "sensor_pass": "pass_id sensor began_at ended_at port_ids footprint_wkt reference witness "
    "published_on file_id",
    "dark_detection": "detection_id week detected_at lon lat length_m port_id area_kind sensor "
    "witness confidence nearest_mmsi nearest_m silent_mmsi neighbours "
    "neighbours_near looks_at_place looks reasons",
    "unseen_estimate": "week port_id looks looks_unheard ais_ships sensor_ships both_ships "
    "estimate low_95 high_95 reason",
    "possible_spoofed_call": "spoofed_call_id week hull_id mmsi imo vessel_name spoofed_from "
    "spoofed_to hours kinds draught_before_m draught_after_m from_lon from_lat to_lon to_lat "
    "shown_lon shown_lat port_id terminals foreign_ports reasons",
    "meta": "key value",
    "run": "run_id as_of code_version inputs_hash fences_hash registers_hash files_ingested "
    "files_known files_failed code_hash method_hash bundled_hash decisions_hash sources_hash "
    "register_imports registers threads memory_limit",
    "published_week": "week published_at run_id russian_linked_tanker_calls "
    "russian_linked_berth_calls tanker_calls listed_calls flag_calls owner_calls trade_calls "
    "calls_known_at_call observed_share state word series",
    "sts_encounter": "sts_id week kind began_at ended_at hours hull_id_a mmsi_a imo_a "
    "vessel_name_a hull_id_b mmsi_b imo_b vessel_name_b giver_hull_id receiver_hull_id lon lat "
    "closest_m apart_m sts_area_id anchorage_km draught_before_a_m draught_after_a_m "
    "draught_before_b_m draught_after_b_m link_tier_a link_tier_b reasons",
    "sts_chain": "chain_id hop hops port_call_id port_id departed_at sts_id began_at from_hull_id "
    "to_hull_id is_giver_known last_link_tier russian_arrived_at reasons",
    "restatement": "restatement_id restated_at run_id week port_id link_tier old_port_calls "
    "new_port_calls old_state new_state reasons detail calls_came calls_went old_run_id "
    "number series",
}

TYPES = {
    "INTEGER": "mmsi imo",
    "DOUBLE": "from_lon from_lat to_lon to_lat shown_lon shown_lat lon lat weight",
    "SMALLINT": "nav_status ship_type confidence word_weeks",
    "FLOAT": "sog_kn cog_deg heading_deg length_m beam_m draught_m draught_in_m draught_out_m "
    "longest_gap_h accuracy_m usual_tanker_calls observed_share worst_share low_95 high_95 "
    "index_100 change_p dispersion hours anchorage_km draught_before_a_m draught_after_a_m "
    "draught_before_b_m draught_after_b_m nearest_m estimate "
    "draught_before_m draught_after_m",
    "TIMESTAMP": "reported_at first_reported_at last_reported_at ingested_at valid_from valid_to "
    "spoofed_from spoofed_to detected_at began_at ended_at russian_arrived_at "
    "arrived_after arrived_at anchored_at berthed_at unberthed_at departed_at departed_by "
    "first_published_at published_at restated_at as_of",
    "DATE": "day week_start listed_on delisted_on known_from arrived_on reported_on published_on "
    "first_russian_on last_russian_on",
    "VARCHAR": "week port_id port_name hull_id file_id link_tier state key value raw series",
    "BLOB": "geometry_wkb",
    "STRUCT(port_id VARCHAR, likelihood DOUBLE, heard_share DOUBLE)[]": "terminals",
    "VARCHAR[]": "port_ids",
}

UNITS = {
    r"_kn$": "knots",
    r"_deg$": "degrees",
    r"_m$": "metres",
    r"_h$": "hours",
    r"^(lon|lat)$": "degrees WGS 84",
    r"^geometry_": "degrees WGS 84",
    r"_share$": "0 to 1",
}

COLUMNS = """
select table_name, column_name, data_type, comment
from duckdb_columns()
where not internal and database_name = current_database()
order by table_name, column_index
"""


@pytest.fixture(scope="module")
def home(settings: Settings) -> Settings:
    return settings


@pytest.mark.parametrize("relation", CONTRACT)
def test_contract(con: Connection, relation: str) -> None:
    stored = [row for row in con.execute(COLUMNS).fetchall() if row[0] == relation]
    assert [row[1] for row in stored] == CONTRACT[relation].split()
    for _, column, kind, _ in stored:
        wanted = [name for name, columns in TYPES.items() if column in columns.split()]
        assert kind in (wanted or ["VARCHAR", "BIGINT", "INTEGER", "SMALLINT", "BOOLEAN"]), column


LISTED = """
select table_name, comment from duckdb_tables() where not internal
union all select view_name, comment from duckdb_views() where not internal
order by table_name
"""


def with_mail(home: Path) -> None:
    record = {"week": "2026-W10", "to": ["team"], "state": "sent", "at": "2026-03-18T06:00:00"}
    append_history(home, OUTBOX, [record])


def with_more_files(home: Path) -> None:
    """As between an ingest and the next run: the manifest holds less, or more, than the views."""
    manifest = read_manifest(home)
    entries = dict(manifest.entries)
    del entries[max(entries, key=lambda file_id: entries[file_id].rows_kept)]
    write_manifest(home, manifest._replace(entries=entries))


@pytest.mark.parametrize("changed", [None, with_mail, with_more_files])
def test_each_relation_is_listed_once_and_explained(
    settings: Settings, tmp_path: Path, changed: Callable[[Path], None] | None
) -> None:
    """Wherever the home lies, and whatever came in or went out since the last run."""
    with access.reading(settings) as con:
        in_place = con.execute(LISTED).fetchall()
        fixes = con.table("position").order("all").fetchall()
    moved = copy_of(settings, tmp_path / "moved [1]*")
    if changed is not None:
        changed(moved.home)
    with access.reading(moved) as con:
        assert con.execute("select current_database()").fetchone() == ("barometer",)
        shown = [name for (name,) in con.execute("show tables").fetchall()]
        listed = con.execute(LISTED).fetchall()
        assert listed == in_place
        assert shown == [name for name, _ in listed] == sorted(set(shown))
        assert [name for name, comment in listed if not comment] == []
        query = "select table_name from information_schema.tables order by all"
        assert [name for (name,) in con.execute(query).fetchall()] == shown
        sent = con.execute("select week, state from outbox").fetchall()
        assert sent == ([("2026-W10", "sent")] if changed is with_mail else [])
        read = con.table("position").order("all").fetchall()
        assert len(read) < len(fixes) if changed is with_more_files else read == fixes
    assert list((moved.home / "tmp").iterdir()) == []
    access.repoint(moved)
    with access.open_catalogue(access.existing(moved.home), moved) as con:
        assert con.execute(sql_text("checks/uncommented")).fetchall() == []


def test_a_moved_home_is_read_by_who_cannot_write_to_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = copy_of(settings, tmp_path)
    made = access.TemporaryDirectory

    def refusing(**given: Any) -> Any:
        if "dir" in given:
            raise PermissionError(13, "Permission denied")
        return made(**given)

    monkeypatch.setattr(access, "TemporaryDirectory", refusing)
    with access.reading(moved) as con:
        assert con.execute("select count(*) > 0 from position").fetchone() == (True,)


@pytest.mark.parametrize("zone", ["Asia/Tehran", "America/New_York", "Pacific/Kiritimati"])
def test_a_plain_client_counts_by_day_and_week_in_utc_under_any_zone(
    settings: Settings, zone: str
) -> None:
    """What a client of a team groups by does not depend on where its machine stands."""
    script = """
import duckdb, json, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(json.dumps([
    con.execute(query).fetchall() for query in (
        "select arrived_on::text, week, count(*) from port_call group by all order by all",
        "select reported_on::text, count(*) from position group by all order by all",
        "select value from meta where key = 'time_zone'",
        "select current_setting('TimeZone')",
    )
]))
"""
    found = {}
    for tz in ("UTC", zone):
        done = subprocess.run(
            [sys.executable, "-c", script, str(access.existing(settings.home))],
            env={**os.environ, "TZ": tz},
            capture_output=True,
            text=True,
            check=True,
        )
        *found[tz], session = json.loads(done.stdout)
        assert session == [[tz]]
    assert found[zone] == found["UTC"]
    calls, fixes, trap = found[zone]
    assert calls and fixes and "set TimeZone = 'UTC'" in trap[0][0]


def test_a_day_is_that_of_its_time_and_every_time_is_utc_without_zone(con: Connection) -> None:
    for table, at, on in (
        ("port_call", "arrived_at", "arrived_on"),
        ("position", "reported_at", "reported_on"),
    ):
        rows = con.table(table).select(f"{at}, {on}").fetchall()
        assert rows and all(time.date() == day for time, day in rows)
    columns = con.execute(COLUMNS).fetchall()
    assert [row for row in columns if "TIME" in row[2] and row[2] != "TIMESTAMP"] == []
    assert [row[:2] for row in columns if row[2] == "TIMESTAMP" and "UTC" not in row[3]] == []


@pytest.mark.parametrize("pattern", UNITS)
def test_comments_name_units(con: Connection, pattern: str) -> None:
    rows = [row for row in con.execute(COLUMNS).fetchall() if re.search(pattern, row[1])]
    assert rows
    lacking = [row[:2] for row in rows if UNITS[pattern] not in row[3]]
    assert lacking == [], f"the comment does not have the unit as {UNITS[pattern]!r}"


def test_numbers_of_the_method_stand_in_the_comments_as_such(con: Connection) -> None:
    comments = {row[:2]: row[3] for row in con.execute(COLUMNS).fetchall()}
    assert [of for of, comment in comments.items() if "{" in comment] == []
    reach = f"within {rule('heard_within_h'):g} hours"
    assert reach in comments["port_reception", "heard_hours"]


@pytest.mark.parametrize("relation", ["hull", "vessel", "port_call", "trade_call"])
def test_a_ships_number_and_its_key_agree(con: Connection, relation: str) -> None:
    key = "case when imo is null then hull_id not like 'IMO %' else hull_id = 'IMO ' || imo end"
    assert con.table(relation).filter(f"not ({key})").fetchall() == []


@pytest.mark.parametrize("relation", ["port", "port_area"])
def test_a_place_lies_inside_its_polygon(con: Connection, relation: str) -> None:
    rows = con.table(relation).select("lon, lat, geometry_wkb").fetchall()
    assert rows
    for lon, lat, polygon in rows:
        assert (lon, lat) == (round(lon, 5), round(lat, 5))
        assert shapely.from_wkb(polygon).covers(shapely.Point(lon, lat))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_repeats(settings: Settings, empty: Settings, path: Path) -> None:
    assert len(EXAMPLES) >= 6
    query = path.read_text(encoding="utf-8")
    with access.reading(settings) as con:
        rows = con.sql(query).fetchall()
        con.execute("set threads = 1")
        assert con.sql(query).fetchall() == rows
    # The sample restates nothing; `test_11_published` has changed numbers.
    assert rows or path.stem == "changed_numbers"
    with access.reading(empty) as con:
        con.sql(query).fetchall()
