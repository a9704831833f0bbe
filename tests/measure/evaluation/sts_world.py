"""The scenes of `sts_scenes`, heard more or less often, through the whole program. SIMULATED."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from flows.catalogue import access, relations
from flows.home.settings import Settings
from flows.runner import run
from tests.build.files import LAYOUTS, SOURCES, ingest, settings_of
from tests.measure.evaluation.sts_scenes import KN, START, STEP_S, Fleet, build

AS_OF = datetime(2027, 2, 1)


class World(NamedTuple):
    """How often ships report, the share of fixes that is lost, and how many seeds are run."""

    label: str
    every_s: float
    lost: float = 0.0
    seeds: int = 4


WORLDS = {
    "10s": World("every 10 s", 10, seeds=1),
    "2min": World("every 2 min", 120),
    "2min-lost": World("every 2 min, half lost", 120, 0.5),
    "10min": World("every 10 min", 600),
    "10min-lost": World("every 10 min, two thirds lost", 600, 2 / 3),
    "30min": World("every 30 min", 1800),
    "60min": World("every hour", 3600),
    "60min-lost": World("every hour, a third lost", 3600, 1 / 3),
}


def heard(fleet: Fleet, world: World, seed: int) -> Iterator[pd.DataFrame]:
    """The fixes of each ship: uneven times, 5 m of noise, one in five without a heading."""
    for number, (ship, (lon, lat), way) in enumerate(fleet.ways):
        rng = np.random.default_rng([seed, 23, number])
        count = int((way.at_s[-1] - way.at_s[0]) / world.every_s)
        at_s = (
            way.at_s[0]
            + (np.arange(count) + rng.uniform(0, 1) + rng.uniform(-0.2, 0.2, count)) * world.every_s
        )
        at_s = np.clip(at_s, way.at_s[0], way.at_s[-1])[rng.random(count) >= world.lost]
        east, north = (np.interp(at_s, way.at_s, along) for along in (way.east, way.north))
        speed = np.hypot(np.gradient(way.east, STEP_S), np.gradient(way.north, STEP_S)) / KN
        bow = np.interp(at_s, way.at_s, way.bow) + rng.normal(0, 1.5, at_s.size)
        entered = np.array(ship.draughts)
        level = np.maximum(np.searchsorted(entered[:, 0], at_s, side="right") - 1, 0)
        metre = 1 / 111_200
        yield pd.DataFrame(
            {
                "mmsi": ship.mmsi,
                "reported_at": [
                    f"{START + timedelta(seconds=int(s)):%Y-%m-%dT%H:%M:%S}" for s in at_s
                ],
                "lon": np.round(
                    lon + (east + rng.normal(0, 5, at_s.size)) * metre / np.cos(np.radians(lat)), 5
                ),
                "lat": np.round(lat + (north + rng.normal(0, 5, at_s.size)) * metre, 5),
                "sog_kn": np.round(
                    np.abs(np.interp(at_s, way.at_s, speed) + rng.normal(0, 0.1, at_s.size)), 1
                ),
                "heading_deg": np.rint(bow % 360) % 360 if ship.mmsi % 5 else 511,
                "imo": f"IMO{ship.imo}",
                "vessel_name": f"SIM {ship.mmsi}",
                "ship_type": ship.ship_type,
                "length_m": ship.length_m,
                "beam_m": ship.beam_m,
                "draught_m": entered[level, 1],
            }
        )


class Answers(NamedTuple):
    """The true pairs, with who gave; the rows of `sts_encounter`; those of the measure alone."""

    truth: pd.DataFrame
    found: pd.DataFrame
    plain: pd.DataFrame


def ask(world: World, seed: int, folder: Path) -> Answers:
    """Run the program on a world."""
    fleet = build(seed)
    settings = home_of(heard(fleet, world, seed), folder)
    return Answers(pd.DataFrame(fleet.truth), found_in(settings), plain_in(settings))


def home_of(fixes: Iterable[pd.DataFrame], folder: Path) -> Settings:
    """A home that holds the fixes, derived."""
    settings = settings_of(folder / "home", as_of=AS_OF)
    path = written(fixes, folder / "simulated.csv")
    run.derive(settings, ingest(settings, path), publish=True, reports=False)
    return settings


def written(fixes: Iterable[pd.DataFrame], path: Path) -> Path:
    """The fixes as a file of the layout that MarineCadastre has had since 2025."""
    source = SOURCES[LAYOUTS[1]]
    for number, own in enumerate(fixes):
        table = own.rename(columns=dict(source.columns)).reindex(columns=list(source.header))
        table.to_csv(path, mode="a", index=False, header=number == 0)
    return path


def found_in(settings: Settings) -> pd.DataFrame:
    """The rows of `sts_encounter`, times in seconds from the start, the lower MMSI first."""
    with access.reading(settings) as con:
        return con.sql(
            """
            select
                kind,
                least(mmsi_a, mmsi_b) as mmsi_a,
                greatest(mmsi_a, mmsi_b) as mmsi_b,
                epoch(began_at - timestamp '2026-03-02') as began_s,
                epoch(began_at - timestamp '2026-03-02') + 3600 * hours as ended_s,
                case giver_hull_id
                    when hull_id_a then mmsi_a when hull_id_b then mmsi_b else 0
                end as giver,
                reasons
            from sts_encounter
            order by began_at, sts_id
            """
        ).df()


def plain_in(settings: Settings) -> pd.DataFrame:
    """The encounters of `plain_encounters.sql`, as `found_in` gives those of the program."""
    with access.reading(settings) as con:
        relations.define(con)
        return con.sql((Path(__file__).parent / "plain_encounters.sql").read_text("utf-8")).df()


def pairs_of(answers: Answers) -> pd.DataFrame:
    """Each true pair with the rows that are of it, and each row that is of none.

    Columns: truth and row (their numbers, null for none), scene (empty for none), true_kind, kind,
    true_giver, giver. A row is of a pair if the ships are the same and the times overlap.
    """
    truth = answers.truth.reset_index(names="truth")
    rows = answers.found.reset_index(names="row")
    both = truth.merge(rows, on=["mmsi_a", "mmsi_b"], suffixes=("_true", ""))
    both = both[
        (both["began_s"] <= both["ended_s_true"]) & (both["ended_s"] >= both["began_s_true"])
    ]
    named = {"kind_true": "true_kind", "giver_true": "true_giver"}
    both = both.rename(columns=named)
    missed = truth[~truth["truth"].isin(both["truth"])]
    missed = missed.rename(columns={"kind": "true_kind", "giver": "true_giver"})
    false = rows[~rows["row"].isin(both["row"])]
    columns = ["truth", "row", "scene", "true_kind", "kind", "true_giver", "giver"]
    every = pd.concat([t.reindex(columns=columns) for t in (both, missed, false)])
    every["scene"] = every["scene"].fillna("")
    every["giver"] = every["giver"].fillna(0).astype("int64")
    return every.reset_index(drop=True)
