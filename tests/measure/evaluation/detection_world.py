"""Simulated ships, some without AIS, and a simulated radar, through the whole program.

SIMULATED. The voyages are those of `flows.simulate`; the radar is made up here: passes at known
times, a chance of detection that grows with the length, errors of place and length, and echoes that
are no ship. None of its numbers is one of the program's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from flows.catalogue import access
from flows.home.resources import port_files
from flows.home.settings import load_settings
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.simulate import simulate
from geo.earth import great_circle_m
from geo.fences import locate
from geo.ports import Ports, load_ports
from tests.build.files import ingest

START = date(2026, 3, 2)
SENSOR = "Simulated SAR"
BOXES = {
    "gulf": (47.5, 25.5, 56.9, 30.8),
    "oman": (56.9, 24.5, 61.8, 27.3),
    "caspian": (48, 36, 55, 39),
}
"""Footprints of the passes: west, south, east, north."""

TRUE_MINUTES = 5.0
"""Between two true places of a ship."""

DARK_DAYS = 4
"""A ship is without AIS, or not, for so many days at a time."""

LEAST_LENGTH_M = 80.0
"""Of the ships that the truth counts; the program's rule is `least_length_m`."""


class World(NamedTuple):
    """How ships are heard and detected.

    ``dark_share`` of the ships' spells of `DARK_DAYS` is without AIS; AIS reports every ``minutes``
    and loses ``lost_share``; the radar passes ``a_week`` times, sees a long ship with a chance of
    ``seen_share``, and has ``false_share`` false echoes for each ship.
    """

    label: str
    seeds: tuple[int, ...]
    ships: int = 90
    days: int = 28
    dark_share: float = 0.2
    minutes: float = 10.0
    lost_share: float = 0.0
    a_week: int = 7
    seen_share: float = 0.9
    false_share: float = 0.02
    has_passes: bool = True


WORLDS = {
    "usual": World("AIS every 10 min, a fifth dark", tuple(range(2001, 2006))),
    "hourly": World("AIS every hour", (2011, 2012, 2013), minutes=60.0),
    "lost": World("AIS every 10 min, nine in ten lost", (2021,), lost_share=0.9),
    "dark": World("half of the ships dark", (2031, 2032, 2033), dark_share=0.5),
    "poor": World("a radar that sees two in three", (2041, 2042, 2043), seen_share=0.67),
    "false": World("one false echo to ten ships", (2051, 2052), false_share=0.1),
    "none dark": World("no ship dark", (2061,), dark_share=0.0),
    "no passes": World("the passes unknown", (2071,), has_passes=False),
}
"""Seeds that nothing was set with."""


class Answers(NamedTuple):
    """What is true and what the program says: each detection, each week and port."""

    detections: pd.DataFrame
    weeks: pd.DataFrame


def ask(world: World, seed: int, folder: Path) -> Answers:
    """Simulate below a folder, run the program on it, and set its answers beside the truth."""
    rng = np.random.default_rng([seed, 7])
    ports = load_ports(*port_files())
    made = simulate(
        folder / "sim",
        start=START,
        days=world.days,
        ships=world.ships,
        seed=seed,
        traps=(),
        report_minutes=TRUE_MINUTES,
        compression="none",
    )
    rows = pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in made.files])
    rows["at"] = pd.to_datetime(rows["base_date_time"])
    rows = rows.sort_values(["mmsi", "at"], kind="stable", ignore_index=True)
    rows["is_dark"] = _dark(rows, world, rng)
    passes = _passes(world, rng)
    rows = _apart(rows, _places(rows, passes), passes)
    heard = _heard(rows, world, rng)
    seen = _seen(rows, heard, passes, ports)
    detections = _detections(seen, passes, ports, world, rng)

    inputs = folder / "in"
    inputs.mkdir()
    columns = [name for name in rows.columns if name not in ("at", "is_dark")]
    heard[columns].to_csv(inputs / "simulated-ais.csv", index=False)
    given = detections.drop(columns=["ship", "is_dark", "true_length_m"])
    given.to_csv(inputs / "simulated-detections.csv", index=False)
    if world.has_passes:
        passes.to_csv(inputs / "simulated-passes.csv", index=False)
    data_end = datetime.combine(START, datetime.min.time()) + timedelta(days=world.days)
    as_of = (data_end + timedelta(hours=12)).isoformat()
    settings = load_settings({"home": folder / "home", "as_of": as_of}, {})
    prepare_home(settings.home)
    outcomes = ingest(settings, inputs)
    assert {outcome.state for outcome in outcomes} == {"ingested"}, outcomes
    run.derive(settings, outcomes, publish=False)
    with access.reading(settings) as con:
        said = con.sql(MATCHES).df()
        weeks = con.sql("from unseen_estimate order by all").df()
        looks = con.sql("select port_id, began_at as at from sensor_look where is_heard").df()
    beside = detections.merge(said, on="reference", how="inner")
    beside = beside.assign(is_right=_right(beside, seen), seed=seed)
    return Answers(beside, _beside(weeks, looks, seen, detections).assign(seed=seed))


MATCHES = """
    select
        event.reference, found.match, found.mmsi::varchar as mmsi, found.distance_m, found.error_m,
        found.reason, found.port_id, found.area_kind
    from detection_match as found
    inner join witness_event as event using (witness_event_id)
    order by event.reference
"""


def _dark(rows: pd.DataFrame, world: World, rng: np.random.Generator) -> np.ndarray:
    """Which rows are of a time without AIS: whole spells of a ship, with a phase of its own."""
    ship, ships = pd.factorize(rows["mmsi"])
    since = (rows["at"] - pd.Timestamp(START)) / pd.Timedelta(days=DARK_DAYS)
    spell = np.floor(since.to_numpy() + rng.uniform(0, 1, len(ships))[ship]).astype(int)
    draws = rng.uniform(0, 1, (len(ships), spell.max() + 1))
    return np.asarray(draws[ship, spell] < world.dark_share)


def _heard(rows: pd.DataFrame, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """The rows that receivers get: of each ship one an interval, some of them lost."""
    slot = rows["at"].dt.floor(f"{int(world.minutes * 60)}s")
    is_first = ~rows[["mmsi"]].assign(slot=slot).duplicated()
    is_lost = rng.uniform(0, 1, len(rows)) < world.lost_share
    return rows[is_first & ~is_lost & ~rows["is_dark"]]


def _passes(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """The times of the passes: about 02:20 and 14:30 UTC in turn, each water a minute later."""
    passes = []
    for number in range(world.days * world.a_week // 7):
        day = number * 7 / world.a_week
        at = pd.Timestamp(START) + pd.Timedelta(days=int(day), hours=2.33 + 12.17 * (number % 2))
        for minute, (west, south, east, north) in enumerate(BOXES.values()):
            moment = at + pd.Timedelta(minutes=minute, seconds=int(rng.integers(0, 60)))
            box = {"west": west, "south": south, "east": east, "north": north}
            passes.append({"passed_at": moment.floor("s"), "sensor": SENSOR} | box)
    return pd.DataFrame(passes)


def _places(rows: pd.DataFrame, passes: pd.DataFrame) -> pd.DataFrame:
    """Where every ship was in every pass: between two true places."""
    at = rows["at"].to_numpy()
    second = np.timedelta64(1, "s")
    lons, lats = (rows[name].to_numpy(float) for name in ("longitude", "latitude"))
    found = []
    for mmsi, own in rows.groupby("mmsi").indices.items():
        moments = passes["passed_at"].to_numpy()
        after = np.searchsorted(at[own], moments)
        inner = np.flatnonzero((after > 0) & (after < own.size))
        into, out_of = own[after[inner]], own[after[inner] - 1]
        span_s = (at[into] - at[out_of]) / second
        part = (moments[inner] - at[out_of]) / second / span_s
        metres = great_circle_m(lons[out_of], lats[out_of], lons[into], lats[into])
        place = {
            "look": inner,
            "ship": mmsi,
            "at": moments[inner],
            "lon": lons[out_of] + part * (lons[into] - lons[out_of]),
            "lat": lats[out_of] + part * (lats[into] - lats[out_of]),
            "speed_m_s": metres / span_s,
            "is_dark": rows["is_dark"].to_numpy()[out_of],
        }
        # Beyond half an hour without a true place nothing is known.
        found.append(pd.DataFrame(place)[span_s <= 1800])
    places = pd.concat(found, ignore_index=True)
    box = passes.iloc[places["look"]].reset_index(drop=True)
    is_in = places["lon"].between(box["west"], box["east"])
    return places[is_in & places["lat"].between(box["south"], box["north"])]


def _apart(rows: pd.DataFrame, places: pd.DataFrame, passes: pd.DataFrame) -> pd.DataFrame:
    """The rows without ships on top of others, for the hours around the pass.

    The simulator may put several ships on one berth at once, where none would fit.
    """
    is_kept = np.ones(len(rows), bool)
    moments = passes["passed_at"].to_numpy()
    hours = np.timedelta64(int(6.5 * 60), "m")
    at = rows["at"].to_numpy()
    own = rows.groupby("mmsi").indices
    for look, here in places.groupby("look"):
        lon, lat = here["lon"].to_numpy(), here["lat"].to_numpy()
        left: list[int] = []
        for number in range(len(here)):
            if (
                left
                and (great_circle_m(lon[number], lat[number], lon[left], lat[left]) < 250).any()
            ):
                index = own[here["ship"].iloc[number]]
                is_kept[index] &= np.abs(at[index] - moments[int(str(look))]) > hours
            else:
                left.append(number)
    return rows[is_kept].reset_index(drop=True)


def _seen(
    rows: pd.DataFrame, heard: pd.DataFrame, passes: pd.DataFrame, ports: Ports
) -> pd.DataFrame:
    """Every ship in every pass, with her length and port, and whether AIS heard her within 1 h."""
    seen = _places(rows, passes).reset_index(drop=True)
    lengths = pd.to_numeric(rows["length"], errors="coerce").groupby(rows["mmsi"]).max()
    times = {mmsi: np.sort(own.to_numpy()) for mmsi, own in heard.groupby("mmsi")["at"]}
    hour = np.timedelta64(1, "h")
    none = np.array([], "datetime64[us]")
    is_heard = [
        bool((np.abs(times.get(ship, none) - moment) <= hour).any())
        for ship, moment in zip(seen["ship"], seen["at"].to_numpy(), strict=True)
    ]
    port = locate(seen["lon"], seen["lat"], ports)
    names = np.append(ports.port["port_id"].to_numpy(), np.array([None]))
    return seen.assign(
        length_m=seen["ship"].map(lengths),
        is_heard=is_heard,
        port_id=names[port.port],
        is_land=port.area < 0,
    )


def _detections(
    seen: pd.DataFrame, passes: pd.DataFrame, ports: Ports, world: World, rng: np.random.Generator
) -> pd.DataFrame:
    """What the radar says of the ships, and its false echoes."""
    length = seen["length_m"].fillna(25.0).to_numpy()
    chance = world.seen_share / (1 + np.exp((40.0 - length) / 15.0))
    is_found = rng.uniform(0, 1, len(seen)) < chance
    found = seen[is_found].reset_index(drop=True)
    count = len(found)
    # The echo of a moving ship is shifted along the satellite's way, which leads about south.
    shift_m = 80.0 * found["speed_m_s"] * rng.uniform(-1, 1, count)
    east_m, north_m = rng.normal(0, 60, count), rng.normal(0, 60, count) + shift_m
    said_m = found["length_m"].fillna(25.0) * rng.normal(1, 0.12, count) + rng.normal(0, 8, count)
    real = pd.DataFrame(
        {
            "detected_at": found["at"],
            "lon": found["lon"] + east_m / 111_200 / np.cos(np.radians(found["lat"])),
            "lat": found["lat"] + north_m / 111_200,
            "length_m": said_m.clip(10, 450),
            "confidence": rng.uniform(0.7, 1.0, count),
            "ship": found["ship"],
            "true_length_m": found["length_m"],
            "is_dark": found["is_dark"],
        }
    )
    false = []
    limits = ports.port.loc[ports.port["country"] == "IR", "geometry"].to_numpy()
    per_pass = world.false_share * len(found) / len(passes)
    for moment, west, south, east, north in passes[
        ["passed_at", "west", "south", "east", "north"]
    ].itertuples(index=False):
        for _ in range(rng.poisson(per_pass)):
            limit = limits[rng.integers(len(limits))]
            x0, y0, x1, y1 = shapely.bounds(limit)
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
            if west < x < east and south < y < north:
                length_m = float(np.clip(rng.lognormal(np.log(60), 0.6), 10, 400))
                sure = rng.uniform(0.5, 0.9)
                place = {"detected_at": moment, "lon": x, "lat": y, "length_m": length_m}
                false.append(place | {"confidence": sure, "ship": "", "is_dark": False})
    every = pd.concat([real, pd.DataFrame(false, columns=real.columns)], ignore_index=True)
    every["reference"] = [f"d{number}" for number in range(len(every))]
    return every.assign(sensor=SENSOR).round({"lon": 5, "lat": 5, "length_m": 1, "confidence": 2})


def _right(beside: pd.DataFrame, seen: pd.DataFrame) -> list[bool]:
    """Whether each match is to the ship that was seen, or to one within 300 m of her."""
    places = seen.set_index(["ship", "at"])[["lon", "lat"]]
    right = []
    for row in beside.itertuples():
        keys = [(ship, row.detected_at) for ship in (row.ship, row.mmsi)]
        if row.match == "both" and all(key in places.index for key in keys):
            (x0, y0), (x1, y1) = (places.loc[key].to_numpy() for key in keys)
            right.append(bool(great_circle_m(x0, y0, x1, y1) <= 300))
        else:
            right.append(False)
    return right


def _beside(
    weeks: pd.DataFrame, looks: pd.DataFrame, seen: pd.DataFrame, detections: pd.DataFrame
) -> pd.DataFrame:
    """The ships of a tanker's length that both missed in the passes that the program counts, by
    week and port, beside the estimate."""
    known = detections[["ship", "detected_at"]].rename(columns={"detected_at": "at"})
    truth = seen.merge(known.assign(is_seen=True), on=["ship", "at"], how="left")
    truth = truth.merge(looks, on=["port_id", "at"])
    is_missed = truth["is_seen"].isna() & ~truth["is_heard"]
    is_counted = (truth["length_m"] >= LEAST_LENGTH_M) & ~truth["is_land"]
    missed = truth[is_missed & is_counted]
    missed = missed.assign(week=missed["at"].dt.strftime("%G-W%V"))
    by_port = missed.groupby(["week", "port_id"]).size()
    by_week = missed.groupby("week").size()
    true = [
        by_week.get(week, 0) if pd.isna(port) else by_port.get((week, port), 0)
        for week, port in zip(weeks["week"], weeks["port_id"], strict=True)
    ]
    return weeks.assign(true_missed=true)
