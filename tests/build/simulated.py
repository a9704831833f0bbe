"""Simulations that many tests look at and none changes, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from flows.simulate import Tables, simulate_tables
from flows.simulate.fleet import OVERLAYS
from flows.simulate.places import Chart, Place, distance_km, load_chart

IN_FILES_ONLY = {"repeated_rows", "dirty_rows"}
FALSE_PLACES = (*OVERLAYS, "spoofed_stay", "shared_mmsi", "identity_swap")
"""Traps with which the fixes of one MMSI cannot be sailed by one ship."""
KM_PER_NM, KM_PER_DEGREE = 1.852, 111.2
STILL_KN = 0.7
HOUR = np.timedelta64(3600, "s")


@cache
def made(**settings: Any) -> Tables:
    """A simulation, made once."""
    return simulate_tables(**settings)


def clean() -> Tables:
    return made(days=14, ships=60, seed=3, traps=())


def trapped() -> Tables:
    """Two copies of every trap, so that each is played in both waters; over a month's end."""
    return made(start=date(2026, 3, 23), days=14, ships=200, seed=5)


@cache
def chart() -> Chart:
    return load_chart()


def iranian(kind: str = "") -> list[Place]:
    """The places in Iran, or those of a kind."""
    places = chart().places.values()
    return [place for place in places if place.country == "IR" and kind in ("", place.kind)]


def fixes_of(tables: Tables, mmsi: int) -> pd.DataFrame:
    return tables.fixes[tables.fixes["mmsi"] == mmsi].reset_index(drop=True)


def calls_of(tables: Tables, mmsi: int) -> pd.DataFrame:
    return tables.truth[tables.truth["mmsi"] == mmsi]


def is_local(table: pd.DataFrame) -> pd.Series:
    """Tugs and fishing boats, which stay about one port."""
    return table["mmsi"].between(422_980_000, 422_980_999)


def carriers(tables: Tables, trap: str) -> list[tuple[int, pd.DataFrame, pd.DataFrame]]:
    """The MMSI, fixes in order of time and calls of each ship that carries a trap."""
    assert tables.traps[trap]
    return [(m, fixes_of(tables, m), calls_of(tables, m)) for m in tables.traps[trap]]


def without_false_places(tables: Tables) -> pd.DataFrame:
    """The fixes of ships that are where they report to be, as far as traps go."""
    false = {mmsi for trap in FALSE_PLACES for mmsi in tables.traps[trap]}
    return tables.fixes[~tables.fixes["mmsi"].isin(false)]


def away_km(fixes: pd.DataFrame, place: Any) -> np.ndarray:
    """Distance of each fix from a place, or anything with lon and lat."""
    return distance_km(fixes["lon"].to_numpy(), fixes["lat"].to_numpy(), place.lon, place.lat)


def nearest_km(fixes: pd.DataFrame, places: Sequence[Any]) -> np.ndarray:
    """Distance of each fix from the nearest of some places."""
    return np.min([away_km(fixes, place) for place in places], axis=0)


def between_km(first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
    """Distance between fixes of two tables, row by row."""
    lon, lat = first["lon"].to_numpy(), first["lat"].to_numpy()
    east = (lon - second["lon"].to_numpy()) * np.cos(np.radians(lat))
    return np.hypot(east, lat - second["lat"].to_numpy()) * KM_PER_DEGREE


def step_kn(fixes: pd.DataFrame) -> np.ndarray:
    """Speed from each fix to the next, knots, with 60 m taken off for noise at both ends."""
    hours = np.diff(fixes["reported_at"].to_numpy()) / HOUR
    km = between_km(fixes.iloc[:-1], fixes.iloc[1:])
    return np.maximum(km - 0.06, 0.0) / KM_PER_NM / hours


def speeds_kn(fixes: pd.DataFrame) -> np.ndarray:
    """The same within each MMSI."""
    return np.concatenate(
        [step_kn(own.sort_values("reported_at")) for _, own in fixes.groupby("mmsi")]
    )


def near(fixes: pd.DataFrame, km: float, *place_ids: str) -> pd.DataFrame:
    """The fixes within some km of the first of the places that the ship comes near."""
    for place_id in place_ids:
        is_near = away_km(fixes, chart().places[place_id]) < km
        if is_near.any():
            return fixes[is_near]
    raise AssertionError(f"nowhere near {place_ids}")


def inside(fixes: pd.DataFrame, call: Any) -> pd.DataFrame:
    """The fixes from arrival to departure."""
    return fixes[fixes["reported_at"].between(call["arrived_at"], call["departed_at"])]


def span(fixes: pd.DataFrame) -> pd.Timedelta:
    return fixes["reported_at"].max() - fixes["reported_at"].min()


def has_no_call(fixes: pd.DataFrame, calls: pd.DataFrame) -> bool:
    """Whether no call overlaps the time of the fixes."""
    begin, end = fixes["reported_at"].min(), fixes["reported_at"].max()
    return not ((calls["arrived_at"] <= end) & (calls["departed_at"].fillna(end) >= begin)).any()
