"""Calls from a lake: as files come in pieces, late, twice or with others; what is worked again.

Every relation is compared that follows from the fixes. Left out are those that tell of the files
and runs themselves: `run`, `meta` (the hashes of the inputs), `source_file`, `worked_part` (the
parts of the lake), and the views `position` and `reject`, whose rows name their file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.catalogue import access
from flows.catalogue import build as catalogue
from flows.derive import calls
from flows.derive import events as derive_events
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE, read_manifest
from flows.runner import run
from flows.simulate.files import LAYOUTS, format_lines
from flows.simulate.simulation import simulate_tables
from geo.plausibility import FEW_BESIDE_MANY, JUMP, REASONS, SECOND_HULL
from tests.conftest import FillHome

TELLS_OF_FILES = {"run", "run_file", "run_register", "meta", "source_file", "worked_part"}
BY_SOURCE = {"heard_hour", "heard_slot"}
"""What each source heard: other sources, other rows."""
AS_OF = "2026-03-23T06:00"
START = pd.Timestamp("2026-03-02")

Rows = dict[str, list[tuple[Any, ...]]]


def write(path: Path, fixes: pd.DataFrame, layout: str = "marinecadastre-2025") -> Path:
    """Fixes as one plain file in a publisher's layout."""
    form = LAYOUTS[layout]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join([form.header.encode(), *format_lines(fixes, form), b""]))
    return path


@pytest.fixture(scope="module")
def bring(fill_home: FillHome) -> Callable[..., Settings]:
    """Bring files into a home and derive what follows; nothing is published, so no history."""

    def bring(home: Path, *files: Path) -> Settings:
        settings = fill_home(home, files, as_of=AS_OF, derive=False)
        run.derive(settings, [], publish=False)
        return settings

    return bring


def from_scratch(settings: Settings) -> Settings:
    """Work every ship anew."""
    manifest = read_manifest(settings.home)
    built, _ = catalogue.build(settings, manifest, {}, publish=False, from_scratch=True)
    access.swap_in(settings, built)
    return settings


def derived(settings: Settings) -> Rows:
    """The rows of all relations that follow from the fixes."""
    with access.reading(settings) as con:
        names = con.execute("select table_name from duckdb_tables() where not temporary").fetchall()
        kept = sorted({name for (name,) in names} - TELLS_OF_FILES)
        assert len(kept) > 15
        rows = {name: con.table(name).order("all").fetchall() for name in kept}
        rows["position_verdict"] = con.table("position_verdict").order("all").fetchall()
    return rows


def assert_same(one: Rows, other: Rows) -> None:
    assert one.keys() == other.keys()
    for name in one:
        # The first differences: pytest's own account of thousands of rows takes minutes.
        pairs = zip_longest(one[name], other[name])
        assert not list(islice((pair for pair in pairs if pair[0] != pair[1]), 2)), name


def candidates(settings: Settings, where: str = "true") -> set[int]:
    """The ships that were worked in the last catalogue."""
    with access.reading(settings) as con:
        rows = con.table("candidate_ship").filter(where).select("mmsi").fetchall()
    return {mmsi for (mmsi,) in rows}


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ships whose fixes are judged while the test runs."""
    seen: set[int] = set()
    judged = calls._judged

    def recording(columns: dict[str, Any], *rest: Any) -> dict[str, Any]:
        seen.update(np.unique(columns["mmsi"]).tolist())
        return judged(columns, *rest)

    monkeypatch.setattr(calls, "_judged", recording)
    return seen


# A week with every trap and interference.


@pytest.fixture(scope="module")
def fixes() -> pd.DataFrame:
    return simulate_tables(days=7, ships=42, seed=3, jammed_share=0.1).fixes


@pytest.fixture(scope="module")
def whole(
    bring: Callable[..., Settings],
    fixes: pd.DataFrame,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """A home with the whole week in one file. Not to be changed."""
    folder = tmp_path_factory.mktemp("whole")
    return bring(folder / "home", write(folder / "week.csv", fixes))


@pytest.fixture(scope="module")
def expected(whole: Settings) -> Rows:
    rows = derived(whole)
    assert len(rows["port_call"]) > 30
    assert len(rows["interference"]) >= 3
    assert {row[-1] for row in rows["position_verdict"]} >= {REASONS[JUMP], REASONS[SECOND_HULL]}
    return rows


def copied(whole: Settings, home: Path) -> Settings:
    """A home like the other, to be changed."""
    shutil.copytree(whole.home, home)
    return whole._replace(home=home)


@pytest.mark.parametrize(
    ("hours", "is_late_first"),
    [(0.4, False), (79.63, True)],
    ids=["first minutes", "midweek"],
)
def test_a_cut_at_any_instant_changes_nothing(
    bring: Callable[..., Settings],
    fixes: pd.DataFrame,
    expected: Rows,
    tmp_path: Path,
    hours: float,
    is_late_first: bool,
) -> None:
    is_late = fixes["reported_at"] >= START + timedelta(hours=hours)
    files = [
        write(tmp_path / "early.csv", fixes[~is_late]),
        write(tmp_path / "late.csv", fixes[is_late]),
    ]
    for file in reversed(files) if is_late_first else files:
        settings = bring(tmp_path / "home", file)
    assert_same(derived(settings), expected)


def test_the_same_fixes_by_two_publishers_are_the_same_calls(
    bring: Callable[..., Settings],
    whole: Settings,
    fixes: pd.DataFrame,
    expected: Rows,
    tmp_path: Path,
) -> None:
    other = write(tmp_path / "AIS.csv", fixes, "marinecadastre-2024")
    settings = bring(copied(whole, tmp_path / "home").home, other)
    sources = {entry.source for entry in read_manifest(settings.home).entries.values()}
    assert sources == {"marinecadastre-2024", "marinecadastre-2025"}
    found = derived(settings)
    kept = found.keys() - BY_SOURCE
    assert_same({name: found[name] for name in kept}, {name: expected[name] for name in kept})


def test_a_ship_on_the_other_side_of_the_world_changes_no_call(
    bring: Callable[..., Settings],
    whole: Settings,
    fixes: pd.DataFrame,
    expected: Rows,
    tmp_path: Path,
    worked: set[int],
) -> None:
    one = fixes[fixes["mmsi"] == expected["track_call"][0][2]]
    american = one.assign(mmsi=367000001, lon=one["lon"] - 145.0, imo=0)
    home = copied(whole, tmp_path / "home").home
    settings = bring(home, write(tmp_path / "us.csv", american))
    after = derived(settings)
    for name in ("port_call", "track_call", "interference", "coverage", "weekly_port_calls"):
        assert after[name] == expected[name], name
    assert not worked & {367000001}


def test_a_file_is_worked_only_for_its_ships_and_those_that_hang_on_hearing(
    bring: Callable[..., Settings], fixes: pd.DataFrame, tmp_path: Path, worked: set[int]
) -> None:
    home, noon = tmp_path / "home", START + timedelta(days=5, hours=12)
    ships = np.sort(fixes["mmsi"].unique())
    is_new = (fixes["reported_at"] >= noon) & fixes["mmsi"].isin(ships[::7])
    before = bring(home, write(tmp_path / "old.csv", fixes[fixes["reported_at"] < noon]))
    known, hanging = candidates(before), candidates(before, "depends_on_reception")
    worked.clear()
    after = bring(home, write(tmp_path / "new.csv", fixes[is_new]))
    touched = set(fixes.loc[is_new, "mmsi"].tolist()) & candidates(after)
    assert touched - hanging
    assert known - touched - hanging
    assert worked == touched | hanging
    rows = derived(after)
    worked.clear()
    assert_same(derived(from_scratch(after)), rows)
    assert worked == candidates(after)


def test_a_run_without_new_files_works_only_ships_that_hang_on_hearing(
    bring: Callable[..., Settings],
    whole: Settings,
    expected: Rows,
    tmp_path: Path,
    worked: set[int],
) -> None:
    settings = copied(whole, tmp_path / "home")
    assert_same(derived(bring(settings.home)), expected)
    assert worked == candidates(settings, "depends_on_reception") < candidates(settings)


def lose(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def age(path: Path) -> None:
    """Let the catalogue say that other code found its calls, and hold one that is wrong."""
    with duckdb.connect(str(path)) as con:
        con.execute("update meta set value = 'another' where key = 'method_hash'")
        con.execute("update track_call set confidence = 1, fixes = 1")


@pytest.mark.parametrize("spoil", [lose, truncate, age])
def test_a_catalogue_that_is_of_no_use_is_worked_from_scratch(
    bring: Callable[..., Settings],
    whole: Settings,
    expected: Rows,
    tmp_path: Path,
    worked: set[int],
    spoil: Callable[[Path], None],
) -> None:
    settings = copied(whole, tmp_path / "home")
    spoil(settings.home / CATALOGUE)
    assert_same(derived(bring(settings.home)), expected)
    assert worked == candidates(settings)


# Four weeks, in which a file comes late.


def test_a_file_that_comes_three_weeks_late_leaves_the_result_as_if_it_had_not(
    bring: Callable[..., Settings], tmp_path: Path
) -> None:
    start = date(2026, 2, 23)
    month = simulate_tables(start=start, days=28, ships=9, seed=5, traps=(), reception="2h").fixes
    day = (month["reported_at"] - pd.Timestamp(start)) // timedelta(days=1)
    is_late = day.between(2, 6)
    in_time = write(tmp_path / "in-time.csv", month[~is_late])
    late = write(tmp_path / "late.csv", month[is_late])
    without = derived(bring(tmp_path / "home", in_time))
    afterwards = derived(bring(tmp_path / "home", late))
    assert len(without["port_call"]) != len(afterwards["port_call"])
    assert_same(derived(bring(tmp_path / "other", late, in_time)), afterwards)


# What stays of earlier work.


def at(hours: float) -> datetime:
    return datetime(2026, 3, 2) + timedelta(hours=hours)


def table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema=schema)


def call(mmsi: int, hours: float = 0.0, stay_h: float | None = 10.0, **changes: Any) -> Any:
    """A call at Kharg, sure and seen near, from so many hours after the start."""
    return {
        "port_call_id": f"{mmsi}-{hours}",
        "track_id": mmsi,
        "mmsi": mmsi,
        "port_id": "IRKHK",
        "area_kind": "berth",
        "arrived_after": at(hours - 1),
        "arrived_at": at(hours),
        "departed_at": None if stay_h is None else at(hours + stay_h),
        "fixes": 20,
        "longest_gap_h": 1.0,
        "outside_m": 5_000.0,
        "lon": 50.33,
        "lat": 29.23,
        "confidence": 4,
    } | changes


def jump(mmsi: int, hours: float = 0.0, reason: int = JUMP, **changes: Any) -> Any:
    """A displaced fix at Kharg."""
    return {
        "mmsi": mmsi,
        "reported_at": at(hours),
        "lon": 50.33,
        "lat": 29.23,
        "track_id": mmsi,
        "verdict": "implausible",
        "reason": REASONS[reason],
        "port_id": "IRKHK",
    } | changes


def work(found: list[Any], flagged: list[Any] = (), ships: list[Any] = ()) -> calls.Work:
    return calls.Work(
        table(calls.CALL_SCHEMA, found),
        table(calls.FLAGGED_SCHEMA, list(flagged)),
        table(calls.SHIP_SCHEMA, list(ships)),
    )


def ship(mmsi: int, fixes: int = 5, hangs: bool = False) -> Any:
    return {"mmsi": mmsi, "fixes": fixes, "depends_on_reception": hangs}


def counted(**fixes: int) -> pa.Table:
    """The candidates: ``_1=5`` is ship 1 with five fixes."""
    return pa.table(
        {
            "mmsi": pa.array([int(name[1:]) for name in fixes], pa.int32()),
            "fixes": pa.array(list(fixes.values()), pa.int64()),
        }
    )


def settled_ships(before: calls.Work, candidate: pa.Table, *touched: int) -> list[int]:
    kept = calls.settled(before, candidate, pa.array(touched, pa.int32()))
    ships = sorted(kept.ships["mmsi"].to_pylist())
    assert sorted(kept.calls["mmsi"].to_pylist()) == ships
    assert sorted(kept.flagged["mmsi"].to_pylist()) == ships
    assert [part.schema for part in kept] == [part.schema for part in calls.NO_WORK]
    return ships


def test_ships_without_new_fixes_stay_settled() -> None:
    before = work([call(1), call(2), call(3)], [jump(1), jump(2), jump(3)], [*map(ship, (1, 2, 3))])
    assert settled_ships(before, counted(_1=5, _2=5, _3=5)) == [1, 2, 3]
    assert settled_ships(before, counted(_1=5, _2=5, _3=5), 2, 9) == [1, 3]
    assert settled_ships(before, counted(_1=5, _2=5, _3=5), 1, 2, 3) == []


def test_a_ship_that_depends_on_reception_is_not_settled() -> None:
    before = work([call(1), call(2)], [jump(1), jump(2)], [ship(1, hangs=True), ship(2)])
    assert settled_ships(before, counted(_1=5, _2=5)) == [2]


def test_a_ship_with_more_or_fewer_fixes_or_none_is_not_settled() -> None:
    before = work(
        [call(mmsi) for mmsi in (1, 2, 3, 4)],
        [jump(mmsi) for mmsi in (1, 2, 3, 4)],
        [ship(mmsi) for mmsi in (1, 2, 3, 4)],
    )
    assert settled_ships(before, counted(_1=5, _2=4, _3=6, _5=5)) == [1]


def test_nothing_is_settled_before_the_first_work() -> None:
    assert settled_ships(calls.NO_WORK, counted(_1=5)) == []


# Events and the calls inside them.

EVENT_RELATIONS = ("interference_event", "affected_port", "call_stay")

STORM = [jump(mmsi, hours) for mmsi in (101, 102, 103) for hours in (0, 5)]
"""Three ships thrown to Kharg for five hours."""


def events(*found: Any, flagged: list[Any] | None = None, end: float = 100) -> derive_events.Events:
    return derive_events.find_events(
        work(list(found), STORM if flagged is None else flagged), at(end)
    )


def held_against(found: derive_events.Events) -> list[tuple[str, int, bool]]:
    """The rows of `call_interference`: call, event, and whether the ship was seen near."""
    with duckdb.connect() as con:
        for name, one in zip(EVENT_RELATIONS, found, strict=True):
            con.register(name, one)
        query = sql_text("04_tracks/call_interference")
        return con.execute(query).fetchall()


def inside(*found: Any, flagged: list[Any] | None = None, end: float = 100) -> list[int]:
    """The ships of the calls that are inside an event."""
    ids = {row[0] for row in held_against(events(*found, flagged=flagged, end=end))}
    return sorted(one["mmsi"] for one in found if one["port_call_id"] in ids)


def test_several_ships_that_jumped_to_a_port_are_an_event_there() -> None:
    found = events()
    assert found.event.drop_columns(["radius_m"]).to_pylist() == [
        {
            "interference_id": 1,
            "lon": 50.33,
            "lat": 29.23,
            "began_at": at(0),
            "ended_at": at(5),
            "ships": 3,
            "displaced_fixes": 6,
            "evidence": "jumps",
        }
    ]
    assert found.affected.to_pylist() == [{"interference_id": 1, "port_id": "IRKHK"}]
    assert held_against(found) == []


def test_a_second_hull_and_two_ships_make_no_event() -> None:
    hulls = [jump(mmsi, reason=SECOND_HULL, verdict="credible") for mmsi in (1, 2, 3)]
    assert events(flagged=hulls).event.num_rows == 0
    assert events(flagged=STORM[:4]).event.num_rows == 0
    few = [jump(103, reason=FEW_BESIDE_MANY)]
    assert events(flagged=[*STORM[:4], *few]).event["ships"].to_pylist() == [3]


def test_calls_inside_an_event_are_told_with_whether_the_ship_was_seen_near() -> None:
    near, far = call(1, 1, 3), call(2, 1, 3, outside_m=90_000.0)
    unseen = call(3, 1, 3, outside_m=None, arrived_after=None)
    rows = held_against(events(near, far, unseen))
    assert rows == [("1-1", 1, True), ("2-1", 1, False), ("3-1", 1, False)]


@pytest.mark.parametrize(("stay_h", "expected"), [(0.0, [1]), (5.0, [1]), (10.0, [1]), (10.1, [])])
def test_a_call_twice_as_long_as_the_event_stands_on_the_rest(
    stay_h: float, expected: list[int]
) -> None:
    assert inside(call(1, 0, stay_h)) == expected


@pytest.mark.parametrize(
    ("hours", "expected"), [(-2.1, []), (-2, [1]), (0, [1]), (3, [1]), (3.1, []), (5.1, [])]
)
def test_a_call_is_inside_where_they_share_half_its_time(hours: float, expected: list[int]) -> None:
    assert inside(call(1, hours, 4.0)) == expected


def test_a_call_at_another_port_is_not_inside() -> None:
    assert inside(call(1, 1, 3, port_id="IRBUZ")) == []


@pytest.mark.parametrize(("end", "expected"), [(8, [1]), (40, [])])
def test_a_call_under_way_lasts_to_the_end_of_the_data(end: float, expected: list[int]) -> None:
    assert inside(call(1, 1, None), end=end) == expected


def glimpse(mmsi: int, hours: float) -> Any:
    """A single still fix at Kharg of a ship that was heard far away before."""
    return call(mmsi, hours, 0.0, fixes=1, outside_m=150_000.0, confidence=2)


def test_a_glimpse_counts_as_a_ship_of_an_event_that_others_make_certain() -> None:
    found = events(glimpse(1, 2), flagged=STORM[:4])
    assert found.event["ships"].to_pylist() == [3]
    assert inside(glimpse(1, 2), flagged=STORM[:4]) == [1]
    assert events(call(1, 2, 0.0, fixes=1), flagged=STORM[:4]).event.num_rows == 0


def test_a_crowd_of_glimpses_is_an_event_without_a_jump() -> None:
    usual = [call(mmsi, 24 * 7 * mmsi, 30) for mmsi in range(1, 8)]
    crowd = [glimpse(200 + number, 700 + number) for number in range(6)]
    found = events(*usual, *crowd, flagged=[], end=24 * 60)
    assert found.event["evidence"].to_pylist() == ["crowd"]
    assert found.event["ships"].to_pylist() == [6]
    assert found.affected["port_id"].to_pylist() == ["IRKHK"]
    assert inside(*usual, *crowd, flagged=[], end=24 * 60) == [200, 201, 202, 203, 204, 205]


def test_events_are_numbered_in_order_of_time_whatever_shows_them() -> None:
    usual = [call(mmsi, 24 * 7 * mmsi, 30) for mmsi in range(1, 8)]
    crowd = [glimpse(200 + number, 700 + number) for number in range(6)]
    later = [jump(mmsi, 900, lon=52.6, lat=27.5, port_id="IRASA") for mmsi in (7, 8, 9)]
    found = events(*usual, *crowd, flagged=[*later, *STORM], end=24 * 60)
    assert found.event["interference_id"].to_pylist() == [1, 2, 3]
    assert found.event["evidence"].to_pylist() == ["jumps", "crowd", "jumps"]
    struck = {row["interference_id"]: row["port_id"] for row in found.affected.to_pylist()}
    assert struck == {1: "IRKHK", 2: "IRKHK", 3: "IRASA"}


def test_no_calls_and_no_flags_are_no_events() -> None:
    found = derive_events.find_events(calls.NO_WORK, None)
    assert [part.num_rows for part in found] == [0, 0, 0]
    assert found.event.schema == derive_events.INTERFERENCE_SCHEMA


def stays(*spans: tuple[str, float, float]) -> pa.Table:
    """Calls by port, arrival and end in hours."""
    rows = [
        {
            "port_call_id": f"{number:05}",
            "port_id": port_id,
            "arrived_at": at(arrived),
            "ended_at": at(ended),
            "is_seen_near": number % 2 == 0,
        }
        for number, (port_id, arrived, ended) in enumerate(spans)
    ]
    return table(derive_events.STAY_SCHEMA, rows)


def storms(*spans: tuple[str, float, float]) -> tuple[pa.Table, pa.Table]:
    """Events and the port that each threw ships into, by port, begin and end in hours."""
    event = [
        {"interference_id": number, "began_at": at(began), "ended_at": at(ended)}
        for number, (_, began, ended) in enumerate(spans, 1)
    ]
    struck = [
        {"interference_id": number, "port_id": port_id}
        for number, (port_id, _, _) in enumerate(spans, 1)
    ]
    return table(derive_events.INTERFERENCE_SCHEMA, event), table(
        derive_events.AFFECTED_SCHEMA, struck
    )


def spans(most: int) -> st.SearchStrategy[list[tuple[str, float, float]]]:
    one = st.tuples(
        st.sampled_from(["IRKHK", "IRASA"]), st.integers(0, 2_000), st.integers(0, 900)
    ).map(lambda drawn: (drawn[0], drawn[1] / 60, (drawn[1] + drawn[2]) / 60))
    return st.lists(one, max_size=most)


@hypothesis.settings(deadline=None, max_examples=50)
@given(spans(20), spans(12))
def test_a_call_is_inside_as_held_against_each_event_one_by_one(
    called: list[tuple[str, float, float]], stormy: list[tuple[str, float, float]]
) -> None:
    event, struck = storms(*stormy)
    expected = []
    for number, (port_id, arrived, ended) in enumerate(called):
        for storm, (struck_id, began, over) in enumerate(stormy, 1):
            shared = min(at(ended), at(over)) - max(at(arrived), at(began))
            is_long = 2 * shared >= at(ended) - at(arrived)
            if port_id == struck_id and is_long and shared >= timedelta(0):
                expected.append((f"{number:05}", storm, number % 2 == 0))
    assert held_against(derive_events.Events(event, struck, stays(*called))) == expected


def test_no_number_of_events_takes_memory() -> None:
    """30,000 calls by 3,000 events at one port: of ten calls seven meet one, but the last none."""
    every_h = 3.0
    event, struck = storms(*(("IRKHK", n * every_h, n * every_h + 2) for n in range(3_000)))
    called = stays(*(("IRKHK", n * 0.3, n * 0.3 + 1) for n in range(30_000)))
    query = sql_text("04_tracks/call_interference")
    with duckdb.connect(config={"memory_limit": "100MB", "threads": 1}) as con:
        con.execute("set temp_directory = ''")
        for name, one in (
            ("interference_event", event),
            ("affected_port", struck),
            ("call_stay", called),
        ):
            con.register(name, one)
        con.sql(query).create("call_interference")
        (found,) = con.execute("select count(*) from call_interference").fetchone() or (0,)
    assert found == 20_999
