"""Interference events near ports, from the verdicts and calls of all ships."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.derive.calls import Work
from flows.home.rules import rule
from geo.interference import find_crowds, find_interference, reach_m
from geo.plausibility import FEW_BESIDE_MANY, JUMP, REASONS
from geo.tracks import microseconds

INTERFERENCE_SCHEMA = pa.schema(
    [
        ("interference_id", pa.int64()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("radius_m", pa.float32()),
        ("began_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("ships", pa.int64()),
        ("displaced_fixes", pa.int64()),
        ("evidence", pa.string()),
    ]
)
AFFECTED_SCHEMA = pa.schema([("interference_id", pa.int64()), ("port_id", pa.string())])
STAY_SCHEMA = pa.schema(
    [
        ("port_call_id", pa.string()),
        ("port_id", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("is_seen_near", pa.bool_()),
    ]
)

NEAR_M = 1_000.0 * rule("seen_near_km")
"""A ship received within this distance outside a limit sailed in or out. A choice: two hours at a
tanker's speed in an approach."""


class Events(NamedTuple):
    """Interference events, the ports they affect, and the calls to compare with them.

    `call_interference.sql` makes the comparison. The columns are those of `INTERFERENCE_SCHEMA`,
    `AFFECTED_SCHEMA` and `STAY_SCHEMA`.
    """

    event: pa.Table
    affected: pa.Table
    stay: pa.Table


def find_events(work: Work, data_end: datetime | None) -> Events:
    """Interference in the verdicts and calls of all ships.

    Parameters
    ----------
    work : Work
        Of all ships.
    data_end : datetime or None
        The last fix of the lake, UTC, up to which a call under way lasts; None for an empty lake.

    Returns
    -------
    Events
        event: in `INTERFERENCE_SCHEMA`, numbered from 1 in order of time. Its evidence is
        ``jumps`` where several ships jumped to a place, ``crowd`` where no single jump shows it.
        affected: one row an event and port whose limit holds displaced fixes. stay: one row a call,
        with its end and whether its ship was seen near the port outside.
    """
    columns = ["port_call_id", "mmsi", "port_id", "arrived_after", "arrived_at", "departed_at"]
    call = work.calls.select([*columns, "outside_m", "fixes", "lon", "lat"]).to_pandas()
    if data_end is not None:
        call["departed_at"] = call["departed_at"].fillna(pd.Timestamp(data_end))
    call["is_seen_near"] = call["outside_m"] <= NEAR_M
    # Seen elsewhere, here once, and nowhere near: it may have sailed, or have been displaced.
    call["is_glimpse"] = (
        ~call["is_seen_near"] & call["arrived_after"].notna() & (call["fixes"] == 1)
    )
    jumps, affected = _jumps(work.flagged, call)
    crowds, crowded = _crowds(call)
    crowds["interference_id"] += len(jumps)
    crowded["interference_id"] += len(jumps)
    event = pd.concat([jumps, crowds], ignore_index=True)
    event = event.sort_values(["began_at", "lon", "lat", "evidence"], ignore_index=True)
    number = pd.Series(event.index + 1, index=event["interference_id"])
    event["interference_id"] = number.to_numpy()
    affected = pd.concat([affected, crowded]).drop_duplicates()
    affected["interference_id"] = affected["interference_id"].map(number)
    stay = call.rename(columns={"departed_at": "ended_at"})[STAY_SCHEMA.names]
    return Events(
        pa.Table.from_pandas(event, schema=INTERFERENCE_SCHEMA, preserve_index=False),
        pa.Table.from_pandas(affected, schema=AFFECTED_SCHEMA, preserve_index=False),
        pa.Table.from_pandas(stay, schema=STAY_SCHEMA, preserve_index=False),
    )


def _jumps(flagged: pa.Table, call: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of several ships that jumped to one place, and the ports whose limit it lies in.

    A call of a single fix by a ship that was not seen near may be one of the jumps.
    """
    reasons = pa.array([REASONS[JUMP], REASONS[FEW_BESIDE_MANY]])
    jumped = flagged.filter(pc.is_in(flagged["reason"], reasons))
    jumped = jumped.select(["mmsi", "reported_at", "lon", "lat", "port_id"]).to_pandas()
    jumped["is_certain"] = True
    glimpsed = call.loc[call["is_glimpse"]].assign(is_certain=False)
    glimpsed = glimpsed.rename(columns={"arrived_at": "reported_at"})
    displaced = pd.concat([jumped, glimpsed[jumped.columns]], ignore_index=True)
    events = find_interference(
        displaced["mmsi"].to_numpy(dtype=np.int64),
        microseconds(displaced["reported_at"]),
        displaced["lon"].to_numpy(),
        displaced["lat"].to_numpy(),
        displaced["is_certain"].to_numpy(dtype=np.bool_),
    )
    event = pd.DataFrame(
        {
            "interference_id": np.arange(events.lon.size),
            "lon": events.lon.round(5),
            "lat": events.lat.round(5),
            "radius_m": events.radius_m,
            "began_at": events.began_us.view("datetime64[us]"),
            "ended_at": events.ended_us.view("datetime64[us]"),
            "ships": events.ships,
            "displaced_fixes": events.fixes,
            "evidence": "jumps",
        }
    )
    affected = displaced.assign(interference_id=events.event)[["interference_id", "port_id"]]
    affected = affected.loc[(affected["interference_id"] >= 0) & affected["port_id"].notna()]
    return event, affected.drop_duplicates().astype({"interference_id": np.int64})


def _crowds(call: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of more ships at a port than ever come there, and the port of each."""
    by_arrival = call.sort_values(["port_id", "arrived_at", "port_call_id"])
    span = call["departed_at"].max() - call["arrived_at"].min() if len(call) else pd.Timedelta(0)
    span_us = int(span / pd.Timedelta(microseconds=1))
    groups = []
    for _, at_port in by_arrival.groupby("port_id", sort=True):
        crowd = find_crowds(
            microseconds(at_port["arrived_at"]), at_port["is_glimpse"].to_numpy(), span_us
        )
        groups += [at_port.loc[crowd == number] for number in range(crowd.max(initial=-1) + 1)]
    event = pd.DataFrame(
        [
            {
                "interference_id": number,
                "lon": round(float(group["lon"].median()), 5),
                "lat": round(float(group["lat"].median()), 5),
                "radius_m": _radius_m(group),
                "began_at": group["arrived_at"].min(),
                "ended_at": group["departed_at"].max(),
                "ships": group["mmsi"].nunique(),
                "displaced_fixes": int(group["fixes"].sum()),
                "evidence": "crowd",
            }
            for number, group in enumerate(groups)
        ],
        columns=pd.Index(INTERFERENCE_SCHEMA.names),
    )
    affected = pd.DataFrame(
        [(number, group["port_id"].iloc[0]) for number, group in enumerate(groups)],
        columns=pd.Index(AFFECTED_SCHEMA.names),
    )
    return event, affected


def _radius_m(group: pd.DataFrame) -> float:
    lon, lat = group["lon"].to_numpy(), group["lat"].to_numpy()
    return reach_m(lon, lat, float(np.median(lon)), float(np.median(lat)))
