"""Fixes in cells of 0.01 degrees and an hour: the same calls as from a receiver's fixes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given

from geo.exactness import is_redundant, with_way_made
from geo.fences import ANCHORAGE, BERTH, PORT_LIMIT, locate
from geo.plausibility import judge
from geo.ports import load_ports
from tests.build.tracks import calls_of, fixes_at, judged, law, shown, together, tracks, voyage
from tests.conftest import ROOT

CELL = {"position_accuracy_m": 750.0, "time_step_s": 3600}
RECEIVER = {"position_accuracy_m": 100.0, "time_step_s": 1}
PORT_IDS = ["IRAAA", "IRBBB"]


def cells_of(fixes: pd.DataFrame, *, every_cell: bool) -> pd.DataFrame:
    """The cells in which a ship was in each hour: all, or that of her last fix of the hour."""
    hour = fixes["reported_at"].dt.floor("h")
    started = (hour - pd.Timestamp(fixes["reported_at"].iloc[0]).floor("D")) / pd.Timedelta("1h")
    table = fixes_at(
        pd.Timestamp(fixes["reported_at"].iloc[0]).floor("D").to_pydatetime(),
        started.to_numpy(),
        np.floor(fixes["lon"] * 100) / 100 + 0.005,
        np.floor(fixes["lat"] * 100) / 100 + 0.005,
        sog_kn=np.nan,
        track_id=int(fixes["track_id"].iloc[0]),
    )
    key = ["reported_at", "lon", "lat"] if every_cell else ["reported_at"]
    return together(table.drop_duplicates(key, keep="last")).assign(**CELL)


def with_speeds(fixes: pd.DataFrame) -> pd.DataFrame:
    return judged(fixes).assign(sog_kn=with_way_made(fixes))


VOYAGES = {
    "a berth": ("A berth 30h, sea", [("IRAAA", "berth", 4)]),
    "an anchorage": ("A anchorage 15h, sea", [("IRAAA", "anchorage", 4)]),
    "waits and berths": ("A anchorage 30h, A berth 30h, sea", [("IRAAA", "berth", 4)]),
    "passes a berth": ("A berth@9, A anchorage@9, far@9", []),
    "a pilot": ("A limit 0.75h, sea", []),
    "two ports": (
        "A berth 30h, B berth 30h, east sea",
        [("IRAAA", "berth", 4), ("IRBBB", "berth", 4)],
    ),
    "waits outside": ("off A 40h, sea", []),
}


@pytest.mark.parametrize("every_cell", [True, False], ids=["every cell", "a cell an hour"])
@pytest.mark.parametrize(("legs", "expected"), VOYAGES.values(), ids=VOYAGES)
def test_hourly_cells_show_the_calls_and_bound_the_arrival(
    legs: str, expected: list[tuple[str, str, int]], every_cell: bool
) -> None:
    minutes = voyage(legs, every="1min")
    cells = cells_of(minutes, every_cell=every_cell)
    assert (judge(cells).verdict == 0).all()
    calls, true = calls_of(cells.assign(sog_kn=with_way_made(cells))), calls_of(minutes)
    assert shown(calls[calls["confidence"] >= 2]) == expected
    # A cell at the limit's edge is half a kilometre about the place: three minutes at ten knots.
    edge = pd.Timedelta(minutes=5)
    for call, truth in zip(calls.itertuples(), true.itertuples(), strict=len(expected) > 0):
        assert call.arrived_after - edge <= truth.arrived_at <= call.arrived_at + edge
        assert abs(call.arrived_at - truth.arrived_at) <= pd.Timedelta("1h") + edge
        assert call.departed_at <= truth.departed_at + edge
        assert call.longest_gap_h < 1


@pytest.mark.parametrize("every_cell", [True, False], ids=["every cell", "a cell an hour"])
@law
@given(tracks())
def test_cells_beside_the_fixes_that_made_them_change_no_call(
    every_cell: bool, fixes: pd.DataFrame
) -> None:
    """Of ways that can be sailed: where a ship seems to be at two places at once, a cell of the one
    may be contradicted by fixes at the other, and stays."""
    assume((judge(fixes).verdict == 0).all())
    cells = cells_of(fixes, every_cell=every_cell)
    both = together(fixes.assign(**RECEIVER), cells)
    kept = both[~is_redundant(both)].reset_index(drop=True)
    pd.testing.assert_frame_equal(calls_of(kept), calls_of(fixes))


def test_a_cell_that_finer_fixes_contradict_stays() -> None:
    displaced = fixes_at(pd.Timestamp("2026-04-06").to_pydatetime(), [0.2, 0.4], 56.0, 26.0)
    true = fixes_at(pd.Timestamp("2026-04-06").to_pydatetime(), [0.0, 1.0], 51.005, 27.005)
    both = together(displaced.assign(**RECEIVER), true.assign(**CELL))
    assert not is_redundant(both).any()
    near = displaced.assign(lon=51.0, lat=27.0, **RECEIVER)
    assert is_redundant(together(near, true.assign(**CELL))).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("hours", "apart_deg", "expected"),
    [
        ("the same hour", 0.24, True),  # 26 km: 15 knots for the hour at most, with the errors
        ("the same hour", 0.35, False),
        ("the next hour", 0.74, True),
        ("the next hour", 0.90, False),
    ],
)
def test_half_a_step_more_is_allowed_for_a_way(
    hours: str, apart_deg: float, expected: bool
) -> None:
    at = [0.0, 0.0] if hours == "the same hour" else [0.0, 1.0]
    start = pd.Timestamp("2026-04-06").to_pydatetime()
    pair = together(fixes_at(start, at, [51.005] * 2, [26.005, 26.005 + apart_deg]))
    assert (judge(pair.assign(**CELL)).verdict == 0).all() == expected
    receivers = judge(pair.assign(**RECEIVER)).verdict
    assert receivers.tolist() == judge(pair).verdict.tolist()
    assert (receivers > 0).any()


@pytest.mark.parametrize("every_cell", [True, False], ids=["every cell", "a cell an hour"])
def test_two_hulls_on_one_mmsi_are_told_apart_in_cells(every_cell: bool) -> None:
    tanker = voyage("A berth 20h, sea", every="1min")
    liner = voyage("far > " + ", ".join(["upper gulf@16 2h, far@16"] * 3), every="1min")
    cells = [cells_of(hull, every_cell=every_cell) for hull in (tanker, liner)]
    both = together(*(hull.assign(hull=number) for number, hull in enumerate(cells)))
    judgement = judge(both)
    assert (judgement.verdict == 0).all()
    for number in (0, 1):
        assert np.unique(judgement.track_id[both["hull"] == number]).size == 1
    assert np.unique(judgement.track_id).size == 2


def test_the_way_made_in_a_step_shows_a_ship_under_way_and_never_a_still_one() -> None:
    start = pd.Timestamp("2026-04-06").to_pydatetime()
    lon = [51.005, 51.105, 51.105, 51.115, 51.5]
    cells = fixes_at(start, [0, 0, 1, 1, 2], lon, [27.005] * 5, np.nan).assign(**CELL)
    speeds = with_way_made(cells)
    assert speeds[:2] == pytest.approx([4.66] * 2, abs=0.05)  # 9.9 km in the hour, less 1.3
    assert np.isnan(speeds[2:]).all()
    assert (with_way_made(cells.assign(sog_kn=0.0)) == 0).all()


def test_a_place_that_is_not_exact_is_in_the_berth_beside_it() -> None:
    ports = load_ports(Path(ROOT / "data" / "ports" / "iran.geojson"))
    area = ports.port_area
    berth = area[(area["port_id"] == "IRKHK") & (area["kind"] == "berth")].iloc[0]
    row = list(ports.port["port_id"]).index("IRKHK")
    west, south, _, north = berth["geometry"].bounds
    beside = shapely.Point(west - 0.004, (south + north) / 2)  # 390 m off
    roads = area[(area["port_id"] == "IRKHK") & (area["kind"] == "anchorage")].iloc[0]
    anchored = shapely.point_on_surface(roads["geometry"])
    lon, lat = [beside.x, beside.x, anchored.x], [beside.y, beside.y, anchored.y]
    place = locate(lon, lat, ports, [0.0, 650.0, 650.0])
    assert place.area[0] < BERTH
    assert place.area[1:].tolist() == [BERTH, ANCHORAGE]
    assert place.port[1:].tolist() == [row, row]
    land = area[area["kind"] == "land"]
    for shape in land["geometry"].head(3):
        inland = shapely.point_on_surface(shape)
        rough = locate([inland.x], [inland.y], ports, [650.0]).area
        assert rough[0] in (PORT_LIMIT, BERTH)
