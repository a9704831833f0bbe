"""Tankers beside each other: what is a transfer, and what only looks like one. SIMULATED scenes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from math import floor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from flows.catalogue import access, relations
from flows.catalogue.check import check_rebuild
from flows.home.resources import data_path, sql_text
from flows.home.settings import Settings
from flows.runner import run
from tests.build.derivation import Connection, Row, derive, only, session
from tests.build.derivation import rows as records
from tests.build.files import ingest, settings_of
from tests.measure.evaluation import sts_scenes as scenes
from tests.measure.evaluation.sts_scenes import FUJAIRAH, JETTY, OPEN_SEA, Fleet, Truth
from tests.measure.evaluation.sts_world import AS_OF, World, heard, home_of, written

SEED = 41
TEN_MINUTES, HOUR = World("every 10 min", 600), World("every hour", 3600)

Make = Callable[[Fleet, tuple[float, float]], object]


def transfer(scene: str, lying: str, *habits: str) -> Make:
    return lambda fleet, place: scenes.transfer(fleet, scene, place, lying, (habits[0], habits[1]))


SCENES: dict[str, tuple[Make, tuple[float, float]]] = {
    "at anchor": (transfer("at anchor", "anchored", "soon", "late"), OPEN_SEA[0]),
    "adrift": (transfer("adrift", "adrift", "never", "never"), OPEN_SEA[1]),
    "in an anchorage": (transfer("in an anchorage", "anchored", "soon", "soon"), FUJAIRAH[0]),
    "not told": (transfer("alongside", "anchored", "never", "never"), FUJAIRAH[7]),
    "bunkers": (scenes.bunkers, FUJAIRAH[14]),
    "neighbours": (lambda f, place: scenes.neighbours(f, "", place, 450.0), OPEN_SEA[2]),
    "craft": (scenes.craft, OPEN_SEA[3]),
    "passing": (scenes.passing, OPEN_SEA[4]),
    "drifters": (scenes.drifters, OPEN_SEA[5]),
    "jetty": (scenes.jetty, JETTY[0]),
    "twin": (scenes.twin, OPEN_SEA[6]),
}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    """One of each scene, the ships of each in `scene_of`."""
    made = Fleet(SEED)
    for make, place in SCENES.values():
        make(made, place)
    return made


@pytest.fixture(scope="module")
def scene_of() -> dict[int, str]:
    """The scene of each MMSI."""
    made, scene = Fleet(SEED), {}
    for name, (make, place) in SCENES.items():
        before = len(made.ways)
        make(made, place)
        scene |= {ship.mmsi: name for ship, _, _ in made.ways[before:]}
    return scene


READ = ("near_pair", "encounter_spell", "encounter_draught", "flagged_report")
"""What is read of the lake on the way to an encounter."""


@pytest.fixture(scope="module")
def home(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    with only("sts_encounter", "counted_call"):
        return home_of(heard(fleet, TEN_MINUTES, SEED), tmp_path_factory.mktemp("encounters"))


def seen(con: Connection) -> list[Row]:
    return records(con, "from sts_encounter order by began_at, sts_id")


def of_scene(con: Connection, scene_of: dict[int, str], name: str) -> list[Row]:
    return [row for row in seen(con) if scene_of[row["mmsi_a"]] == name]


def truth_of(fleet: Fleet, row: Row) -> Truth:
    pair = {row["mmsi_a"], row["mmsi_b"]}
    (truth,) = (each for each in fleet.truth if {each.mmsi_a, each.mmsi_b} == pair)
    return truth


@pytest.mark.parametrize(
    ("scene", "kind"),
    [
        *(("at anchor", "sts"), ("adrift", "sts"), ("in an anchorage", "sts")),
        *(("not told", "alongside"), ("bunkers", "bunkering")),
    ],
)
def test_ships_alongside_are_seen(
    con: Connection, fleet: Fleet, scene_of: dict[int, str], scene: str, kind: str
) -> None:
    (row,) = of_scene(con, scene_of, scene)
    truth = truth_of(fleet, row)
    assert row["kind"] == kind
    began = (row["began_at"] - scenes.START).total_seconds()
    ended = (row["ended_at"] - scenes.START).total_seconds()
    # They are within 500 m before they touch, and after: the last kilometre takes 40 minutes.
    assert truth.began_s - 3600 <= began <= truth.began_s + 1200
    assert truth.ended_s - 1200 <= ended <= truth.ended_s + 3600
    assert row["hours"] == pytest.approx((ended - began) / 3600, abs=0.01)
    assert row["week"] == f"{row['began_at']:%G-W%V}"
    assert 0 <= row["closest_m"] <= row["apart_m"] <= 220
    assert row["hull_id_a"] < row["hull_id_b"]


@pytest.mark.parametrize("scene", ["neighbours", "craft", "passing", "drifters", "jetty", "twin"])
def test_what_only_looks_like_it_is_not(
    con: Connection, scene_of: dict[int, str], scene: str
) -> None:
    assert of_scene(con, scene_of, scene) == []


@pytest.mark.parametrize("scene", ["at anchor", "in an anchorage"])
def test_the_changes_of_draught_say_who_gave(
    con: Connection, fleet: Fleet, scene_of: dict[int, str], scene: str
) -> None:
    (row,) = of_scene(con, scene_of, scene)
    hull_of = {row["mmsi_a"]: row["hull_id_a"], row["mmsi_b"]: row["hull_id_b"]}
    truth = truth_of(fleet, row)
    assert row["giver_hull_id"] == hull_of[truth.giver]
    assert {row["giver_hull_id"], row["receiver_hull_id"]} == set(hull_of.values())
    changes = {
        row[f"hull_id_{side}"]: row[f"draught_after_{side}_m"] - row[f"draught_before_{side}_m"]
        for side in "ab"
    }
    assert changes[row["giver_hull_id"]] < 0 < changes[row["receiver_hull_id"]]
    assert "one became lighter and the other deeper" in row["reasons"]


@pytest.mark.parametrize("scene", ["adrift", "not told"])
def test_without_a_change_nobody_is_said_to_have_given(
    con: Connection, scene_of: dict[int, str], scene: str
) -> None:
    (row,) = of_scene(con, scene_of, scene)
    assert (row["giver_hull_id"], row["receiver_hull_id"]) == (None, None)


def test_a_place_and_its_area_are_named(con: Connection, scene_of: dict[int, str]) -> None:
    (anchored,) = of_scene(con, scene_of, "in an anchorage")
    assert (anchored["sts_area_id"], anchored["anchorage_km"]) == ("FUJAIRAH", 0)
    assert "Off Fujairah" in anchored["reasons"]
    (adrift,) = of_scene(con, scene_of, "adrift")
    assert (adrift["sts_area_id"], adrift["anchorage_km"]) == (None, None)
    assert "no known anchorage within 10 km" in adrift["reasons"]


def test_nothing_is_counted(con: Connection) -> None:
    assert records(con, "from port_call") == records(con, "from counted_call") == []


def test_the_simulator_s_two_tankers_side_by_side_are_seen(sample_home: Settings) -> None:
    """The trap `sts_outside`; others that lie alongside are ships that share a berth abroad."""
    expected = json.loads(data_path("sample", "expected.json").read_text(encoding="utf-8"))
    with access.reading(sample_home) as con:
        pairs = [{row["mmsi_a"], row["mmsi_b"]} for row in seen(con) if row["kind"] == "sts"]
    assert pairs == [set(expected["traps"]["sts_outside"])]


# Laws


def verdicts(settings: Settings) -> list[tuple[int, int, str]]:
    with access.reading(settings) as con:
        return sorted((row["mmsi_a"], row["mmsi_b"], row["kind"]) for row in seen(con))


def test_an_hourly_feed_shows_the_same(home: Settings, fleet: Fleet, tmp_path: Path) -> None:
    with only("sts_encounter"):
        hourly = home_of(heard(fleet, HOUR, SEED), tmp_path)
    assert verdicts(hourly) == verdicts(home)


def test_the_order_the_files_and_the_runs_change_nothing(
    home: Settings, fleet: Fleet, tmp_path: Path
) -> None:
    rows = pd.concat(heard(fleet, TEN_MINUTES, SEED))
    rows = rows.sample(frac=1, random_state=7)
    # The later half comes first, cut at a Sunday noon and, by ships, at a Monday's midnight.
    later = rows["reported_at"] >= "2026-03-15T12:00:00"
    other = settings_of(tmp_path / "home", as_of=AS_OF)
    with only("sts_encounter", kept=READ):
        for number, part in enumerate((rows[later], rows[~later])):
            path = written([part], tmp_path / f"{number}.csv")
            run.derive(other, ingest(other, path), publish=False)
        assert check_rebuild(other) == []
    with access.reading(home) as con, access.reading(other) as again:
        assert seen(con) == seen(again)


def test_ships_still_together_when_the_data_end_have_no_end(tmp_path: Path) -> None:
    one = Fleet(SEED)
    SCENES["adrift"][0](one, OPEN_SEA[1])
    middle = (one.truth[0].began_s + one.truth[0].ended_s) / 2
    (first, second) = heard(one, TEN_MINUTES, SEED)
    cut = f"{scenes.START + timedelta(seconds=middle):%Y-%m-%dT%H:%M:%S}"
    fixes = [ship[ship["reported_at"] < cut] for ship in (first, second)]
    with only("sts_encounter"):
        settings = home_of(fixes, tmp_path)
    with access.reading(settings) as con:
        (row,) = seen(con)
    assert row["ended_at"] is None
    assert row["hours"] == pytest.approx((middle - one.truth[0].began_s) / 3600, abs=1.2)
    assert row["reasons"].startswith("still ")


@pytest.mark.parametrize("zone", ["Asia/Tehran", "America/New_York"])
def test_no_time_zone_changes_what_is_seen(fleet: Fleet, zone: str) -> None:
    fixes = pd.concat(heard(fleet, HOUR, SEED)).astype({"reported_at": "datetime64[us]"})
    fixes = fixes.assign(source="receivers", track_id=fixes["mmsi"], verdict="credible")
    assert spells(fixes, zone) == spells(fixes, "UTC") != []


def test_the_windows_of_a_batch_change_nothing(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixes = pd.concat(heard(fleet, HOUR, SEED)).astype({"reported_at": "datetime64[us]"})
    fixes = fixes.assign(source="receivers", track_id=fixes["mmsi"], verdict="credible")
    at_once = spells(fixes, "UTC")
    for name in ("near_pair", "encounter_spell"):
        monkeypatch.setitem(relations.BATCHED, name, (relations.BATCHED[name][0], 1))
    assert spells(fixes, "UTC") == at_once != []


def test_other_pairs_of_a_ship_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Three ships 2 km apart, heard at 35 past each hour. Two of them meet on Tuesday, Thursday
    # and Saturday.
    meetings = {1: (1, 5), 2: (1, 3), 3: (3, 5)}
    fixes = pd.DataFrame(
        {
            **{"mmsi": mmsi, "reported_at": scenes.START + timedelta(hours=hour, minutes=35)},
            **{"lon": 57.4 if is_met else 57.4 + 0.02 * mmsi, "lat": 25.0 + 0.001 * mmsi * is_met},
            **{"sog_kn": 0.1, "heading_deg": 90, "ship_type": 80},
        }
        for mmsi, days in meetings.items()
        for hour in range(168)
        for is_met in [hour // 24 in days and 6 <= hour % 24 < 12]
    ).astype({"reported_at": "datetime64[us]"})
    fixes = fixes.assign(source="receivers", track_id=fixes["mmsi"], verdict="credible")
    at_once = spells(fixes, "UTC")
    assert [(row["mmsi_a"], row["mmsi_b"]) for row in at_once] == [(1, 2), (1, 3), (2, 3)]
    monkeypatch.setitem(
        relations.BATCHED, "encounter_spell", (relations.BATCHED["encounter_spell"][0], 1)
    )
    assert spells(fixes, "UTC") == at_once


def spells(fixes: pd.DataFrame, zone: str) -> list[Row]:
    """The times within 500 m of all pairs, in a session of a time zone."""
    ships = pa.table({"mmsi": fixes["mmsi"].unique(), "hull_id": fixes["mmsi"].unique()})
    with session(
        position=pa.Table.from_pandas(fixes, preserve_index=False),
        hull_spell=ships,
        hull=ships.append_column("is_tanker", pa.array([True] * ships.num_rows)),
        source_terms=pa.table({"source": ["receivers"], "position_accuracy_m": [100.0]}),
    ) as con:
        con.execute("set TimeZone = $zone", {"zone": zone})
        for name in ("new_position", "new_static_report", "track_fix"):
            con.execute(f"create view {name} as from position")
        con.execute(f"create table slow_slot as {sql_text('digest/slow_slot')}")
        derive(con, "encounter_spell")
        return records(con, "from encounter_spell order by all")


# Which pairs are looked at


Box = tuple[int, float, float, int, str]
"""MMSI, longitude and latitude of a ship that lies still, slot of six hours, source."""


def windows(*boxes: Box) -> list[tuple[int, int]]:
    """The pairs of tankers whose fixes would be read."""
    slow = [
        {
            **{"source": source, "mmsi": mmsi, "slot_at": scenes.START + timedelta(hours=6 * slot)},
            **{"cell_x": floor(lon * 50), "cell_y": floor(lat * 50)},
            **{"west": lon, "east": lon, "south": lat, "north": lat},
        }
        for mmsi, lon, lat, slot, source in boxes
    ]
    ships = [{"hull_id": f"MMSI {box[0]}", "mmsi": box[0], "is_tanker": True} for box in boxes]
    terms = [
        {"source": "receivers", "position_accuracy_m": 100.0},
        {"source": "cells", "position_accuracy_m": 1200.0},
    ]
    with session(
        slow_slot=pa.Table.from_pylist(slow),
        hull=pa.Table.from_pylist(ships),
        hull_spell=pa.Table.from_pylist(ships),
        source_terms=pa.Table.from_pylist(terms),
    ) as con:
        derive(con, "encounter_window")
        return con.sql("select mmsi_a, mmsi_b from encounter_window order by all").fetchall()


def test_ships_within_500_m_are_looked_at_across_the_edges_of_cells() -> None:
    # 0.004 degrees are 440 m, 0.006 degrees 670 m.
    edge = (1, 57.4199, 24.9999, 0, "receivers")
    assert windows(edge, (2, 57.4201, 25.0001, 0, "receivers")) == [(1, 2)]
    assert windows(edge, (2, 57.4199, 25.0039, 0, "receivers")) == [(1, 2)]
    assert windows(edge, (2, 57.4199, 25.0059, 0, "receivers")) == []
    assert windows(edge, (2, 57.4201, 25.0001, 1, "receivers")) == []
    # A degree of longitude is half as long at 60 N.
    assert windows((1, 20.0, 60.0, 0, "receivers"), (2, 20.008, 60.0, 0, "receivers")) == [(1, 2)]


def test_places_good_to_a_kilometre_show_nobody_within_500_m() -> None:
    assert windows((1, 57.4, 25.0, 0, "cells"), (2, 57.4, 25.0, 0, "cells")) == []
