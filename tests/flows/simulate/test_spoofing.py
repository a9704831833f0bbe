"""False tracks laid on a simulation: what they show, and that the truth stays as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows import cli
from flows.simulate import Tables, simulate_tables
from flows.simulate.spoofing import HONEST, KINDS, Laid
from tests.build.simulated import chart, iranian, nearest_km, step_kn

START = pd.Timestamp("2026-03-02")
SIZE = {"days": 28, "ships": 56, "seed": 7, "traps": (), "draughts": "measured"}


@cache
def made(*spoofing: str, every_min: float = 30.0, ships: int = 56) -> Tables:
    size = SIZE | {"ships": ships, "report_minutes": every_min}
    return simulate_tables(**size, spoofing=spoofing)  # type: ignore[arg-type]


def all_kinds() -> Tables:
    return made(*KINDS, *HONEST)


def shown(tables: Tables, laid: Laid) -> pd.DataFrame:
    """The fixes that were replaced."""
    own = tables.fixes[tables.fixes["mmsi"] == laid.mmsi]
    begin, end = (START + pd.Timedelta(seconds=second) for second in (laid.from_s, laid.to_s))
    return own[own["reported_at"].between(begin, end)]


def of_kind(kind: str) -> list[tuple[Laid, pd.DataFrame]]:
    tables = all_kinds()
    found = [(laid, shown(tables, laid)) for laid in tables.laid if laid.kind == kind]
    assert found
    return found


def test_the_kinds_are_laid_in_turn_each_on_a_ship_of_its_own() -> None:
    laid = all_kinds().laid
    counts = pd.Series([each.kind for each in laid]).value_counts()
    assert set(counts.index) == {*KINDS, *HONEST}
    assert counts.max() - counts.min() <= 1
    assert len({each.mmsi for each in laid}) == len(laid)


def test_cargoes_and_draughts_stay_as_they_were() -> None:
    """Only what is shown is false: she sails, loads and sends her draught as without it."""
    plain, spoofed = made(), all_kinds()
    columns = ["mmsi", "reported_at", "draught_m", "vessel_name"]
    pd.testing.assert_frame_equal(plain.fixes[columns], spoofed.fixes[columns])
    hidden = {(laid.mmsi, laid.port_id) for laid in spoofed.laid if laid.port_id}
    calls = spoofed.truth.merge(plain.truth, how="right", indicator=True)
    lost = calls[calls["_merge"] == "right_only"]
    assert len(lost) > 0
    assert set(zip(lost["mmsi"], lost["port_id"], strict=True)) <= hidden


def test_other_ships_are_as_they_were() -> None:
    plain, spoofed = made(), all_kinds()
    touched = spoofed.fixes["mmsi"].isin([laid.mmsi for laid in spoofed.laid])
    pd.testing.assert_frame_equal(plain.fixes[~touched], spoofed.fixes[~touched])


def test_the_same_arguments_give_the_same_tracks() -> None:
    again = simulate_tables(**SIZE, report_minutes=30.0, spoofing=(*KINDS, *HONEST))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(all_kinds().fixes, again.fixes)
    assert all_kinds().laid == again.laid


@pytest.mark.parametrize("kind", KINDS)
def test_a_false_track_lasts_over_a_call_with_a_cargo(kind: str) -> None:
    for laid, fixes in of_kind(kind):
        assert laid.port_id
        assert (laid.to_s - laid.from_s) / 3600.0 >= 34.0
        assert fixes["draught_m"].max() - fixes["draught_m"].min() > 0.5


@pytest.mark.parametrize("kind", ["circle", "fake_anchorage", "slow_roll", "other_port"])
def test_it_shows_no_berth_in_iran(kind: str) -> None:
    for _, fixes in of_kind(kind):
        assert (nearest_km(fixes, iranian("berth")) > 5.0).mean() > 0.9


def test_a_fake_anchorage_stays_within_metres() -> None:
    for _, fixes in of_kind("fake_anchorage"):
        assert fixes["lon"].std() * 111_200 < 250.0
        assert set(fixes["nav_status"].dropna()) == {1}


def test_a_slow_roll_is_slow_and_goes_on() -> None:
    for _, fixes in of_kind("slow_roll"):
        assert step_kn(fixes).max() < 4.0
        assert np.median(step_kn(fixes)) > 0.8


def test_an_offset_is_constant() -> None:
    plain = made()
    for laid, fixes in of_kind("offset"):
        true = shown(plain, laid)
        for axis in ("lon", "lat"):
            off = fixes[axis].to_numpy() - true[axis].to_numpy()
            assert np.ptp(off) < 3e-5


def test_another_port_is_a_berth_abroad() -> None:
    berths = [
        place
        for place in chart().places.values()
        if place.kind == "berth" and place.country != "IR"
    ]
    for _, fixes in of_kind("other_port"):
        assert nearest_km(fixes, berths).max() < 0.05


def test_a_replay_lies_on_her_own_older_track() -> None:
    plain, replayed = (made(*kinds, every_min=5.0, ships=20) for kinds in ((), ("replay",)))
    assert replayed.laid
    for laid in replayed.laid:
        fixes = shown(replayed, laid).iloc[::24]
        own = plain.fixes[plain.fixes["mmsi"] == laid.mmsi]
        older = own[own["reported_at"] < START + pd.Timedelta(seconds=laid.from_s)]
        x, y = (older[axis].to_numpy() for axis in ("lon", "lat"))
        for fix in fixes.itertuples():
            assert np.hypot((x - fix.lon) * 0.88, y - fix.lat).min() * 111.2 < 1.5


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="--spoofing: no such kind: ghost"):
        made("ghost")


def test_the_command_writes_what_was_laid(tmp_path: Path) -> None:
    words = ["simulate", str(tmp_path / "sim"), "--days", "14", "--ships", "20", "--trap", "none"]
    assert cli.main([*words, "--spoofing", "circle", "--spoofing", "moored"]) == 0
    laid = pd.read_csv(tmp_path / "sim" / "spoofed.csv")
    assert list(laid.columns) == ["mmsi", "kind", "port_id", "from_at", "to_at"]
    assert set(laid["kind"]) == {"circle", "moored"}
    assert "--spoofing circle --spoofing moored" in (tmp_path / "sim" / "SIMULATED.txt").read_text()


def test_a_day_too_short_for_a_kind_has_an_empty_table(tmp_path: Path) -> None:
    words = ["simulate", str(tmp_path / "sim"), "--days", "1", "--ships", "2", "--trap", "none"]
    assert cli.main([*words, "--spoofing", "circle"]) == 0
    assert pd.read_csv(tmp_path / "sim" / "spoofed.csv").empty
