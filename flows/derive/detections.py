"""Step 8c, detections: which detection is which ship of AIS, and how many ships both missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from flows.home.rules import rule
from flows.ingest.witnesses.places import AREAS
from geo.fences import locate
from geo.ports import Ports

MOST_ERRORS = 3.0
"""A choice, three standard errors: a detection farther off is not matched. Up to six it may be the
ship all the same (sql/12_detections/look_track.sql)."""

UNIT_M = 100.0
UNMATCHED = 14.0
"""What a detection that is left without a ship costs, as -2 log of its likelihood beyond that of
one at its ship's place with a standard error of `UNIT_M`: ships without AIS lie as thinly as one in
some 70 square kilometres of a port's waters, a choice. A vague track, or another length, is then
taken only where it fits well."""

SURE_M = 500.0
"""A choice: a ship that was not heard near the time is matched only if her place is known so well,
as where she lay still between two fixes hours apart."""

LEAST_MATCHES = int(rule("unseen_least_matches"))

MATCH_SCHEMA = pa.schema(
    [("look_id", pa.string()), ("witness_event_id", pa.string()), ("track_id", pa.int64())]
)
"""The columns of `look_match`."""

INSIDE_SCHEMA = pa.schema(
    [("look_id", pa.string()), ("track_id", pa.int64()), ("area_kind", pa.string())]
)
"""The columns of `look_inside`."""

UNSEEN_SCHEMA = pa.schema(
    [
        ("week", pa.string()),
        ("port_id", pa.string()),
        ("looks", pa.int64()),
        ("looks_unheard", pa.int64()),
        ("ais_ships", pa.int64()),
        ("sensor_ships", pa.int64()),
        ("both_ships", pa.int64()),
        *((name, pa.float32()) for name in ("estimate", "low_95", "high_95")),
        ("reason", pa.string()),
    ]
)
"""The columns of the relation `unseen_estimate`."""


def matched(pairs: pd.DataFrame) -> pa.Table:
    """One ship to a detection and one detection to a ship of each look, at the least total cost.

    Parameters
    ----------
    pairs : DataFrame
        The relation `look_pair`, in its order.

    Returns
    -------
    Table
        `MATCH_SCHEMA`. The cost is -2 log of the likelihood of the distance, with the standard
        error of both places, and of the difference of the lengths where both are known.
    """
    errors = pairs["distance_m"] / pairs["error_m"]
    lengths = pairs["length_errors"].astype(float).fillna(0.0)
    cost = errors**2 + lengths**2 + 4 * np.log(pairs["error_m"] / UNIT_M)
    is_near = (errors <= MOST_ERRORS) & (lengths <= MOST_ERRORS) & (cost < UNMATCHED)
    is_near &= pairs["is_heard_near"].astype(bool) | (pairs["error_m"] <= SURE_M)
    near = pairs[is_near].assign(cost=cost[is_near])
    chosen = [_assigned(look) for _, look in near.groupby("look_id", sort=True)]
    columns = pd.concat(chosen) if chosen else near
    return pa.Table.from_pandas(columns[MATCH_SCHEMA.names], MATCH_SCHEMA, preserve_index=False)


def _assigned(look: pd.DataFrame) -> pd.DataFrame:
    """The rows of the assignment. Each detection may also be left alone, in a column of its own."""
    # These parts of scipy take a third of a second to load, and most homes have no detections.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    row, detections = pd.factorize(look["witness_event_id"], sort=True)
    column, ships = pd.factorize(look["track_id"], sort=True)
    cost = np.full((len(detections), len(ships) + len(detections)), 1e6)
    cost[row, column] = look["cost"]
    cost[np.arange(len(detections)), len(ships) + np.arange(len(detections))] = UNMATCHED
    taken = dict(zip(*linear_sum_assignment(cost), strict=True))
    return look[[taken[r] == c for r, c in zip(row, column, strict=True)]]


def inside(places: pd.DataFrame, footprints: pd.DataFrame, ports: Ports) -> pa.Table:
    """The ships that lay inside the limit of the look's port and in the footprint of a pass.

    Parameters
    ----------
    places : DataFrame
        look_id, port_id, track_id, lon and lat of where each ship was at the time of a look.
    footprints : DataFrame
        look_id and the footprint, as WKT, of each of its passes.
    ports : Ports
        As `geo.ports.load_ports` gives it.

    Returns
    -------
    Table
        `INSIDE_SCHEMA`.
    """
    located = locate(places["lon"].to_numpy(), places["lat"].to_numpy(), ports)
    row_of = {port_id: row for row, port_id in enumerate(ports.port["port_id"])}
    is_inside = located.port == places["port_id"].map(row_of).to_numpy(np.int64)
    fenced = places[is_inside].assign(
        area_kind=[AREAS[a] for a in located.area[is_inside].tolist()]
    )
    by_look = fenced.groupby("look_id")
    covered = set[int]()
    for look_id, footprint in zip(footprints["look_id"], footprints["footprint_wkt"], strict=True):
        if look_id in by_look.groups:
            look = by_look.get_group(look_id)
            polygon = shapely.from_wkt(footprint)
            covered |= set(look.index[shapely.intersects_xy(polygon, look["lon"], look["lat"])])
    inside = fenced.loc[sorted(covered), INSIDE_SCHEMA.names]
    return pa.Table.from_pandas(inside, INSIDE_SCHEMA, preserve_index=False)


def missed(ais: int, sensor: int, both: int) -> tuple[float, int, int]:
    """How many ships two independent sensors both missed, with exact limits.

    Of `ships` in all, of which AIS heard `ais`, a sensor that finds each with the same chance finds
    `both` of those among its `sensor`: a hypergeometric number. The estimate of the ships is
    Chapman's, (ais + 1) (sensor + 1) / (both + 1) - 1 (University of California Publications in
    Statistics 1, 1951, 131-160); the limits are the numbers of ships for which neither as few nor
    as many matches would be rarer than 2.5 % (the exact test, inverted).

    Parameters
    ----------
    ais, sensor, both : int
        Ships that AIS heard, that the sensor detected, and that both did; both is above 0.

    Returns
    -------
    estimate, low_95, high_95 : float, int, int
        Ships missed by both.

    Examples
    --------
    >>> missed(80, 90, 72)
    (1.97, 0, 7)
    """
    from scipy.stats import hypergeom  # noqa: PLC0415 as above

    seen = ais + sensor - both

    def is_too_few(ships: int) -> bool:
        """Whether so few matches would be rare: of fewer ships more would match."""
        return float(hypergeom.cdf(both, ships, ais, sensor)) < 0.025

    def is_too_many(ships: int) -> bool:
        return float(hypergeom.sf(both - 1, ships, ais, sensor)) < 0.025

    low = _first(seen, lambda ships: not is_too_few(ships))
    high = _first(low, is_too_many) - 1
    estimate = (ais + 1) * (sensor + 1) / (both + 1) - 1 - seen
    return round(max(estimate, 0.0), 2), low - seen, high - seen


def _first(start: int, holds: Callable[[int], bool]) -> int:
    """The least number from `start` on for which something holds that then goes on holding."""
    step = 1
    while not holds(start + step):
        step *= 2
    below, above = start - 1, start + step
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


NO_LOOK = "AIS was not heard around any pass"
FEW = f"fewer than {LEAST_MATCHES} ships that both saw"


def unseen(counts: pd.DataFrame) -> pa.Table:
    """The ships that AIS and the sensors both missed, by week and port.

    Parameters
    ----------
    counts : DataFrame
        The relation `unseen_count`.

    Returns
    -------
    Table
        `UNSEEN_SCHEMA`, in the order of the counts. Where too few ships match there is no estimate
        but a reason.
    """
    rows: list[dict[str, Any]] = []
    for row in counts.to_dict("records"):
        said: dict[str, Any]
        if row["both_ships"] >= LEAST_MATCHES:
            limits = missed(row["ais_ships"], row["sensor_ships"], row["both_ships"])
            said = dict(zip(("estimate", "low_95", "high_95"), limits, strict=True))
        else:
            said = {"reason": NO_LOOK if row["looks"] == row["looks_unheard"] else FEW}
        given = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        rows.append(given | said)
    return pa.Table.from_pylist(rows, UNSEEN_SCHEMA)
