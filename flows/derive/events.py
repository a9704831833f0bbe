"""Interference events near ports, from the tracks that were worked."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.derive.calls import Work
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
STRUCK_SCHEMA = pa.schema([("interference_id", pa.int64()), ("port_id", pa.string())])
STAY_SCHEMA = pa.schema(
    [
        ("port_call_id", pa.string()),
        ("port_id", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
        ("is_seen_near", pa.bool_()),
    ]
)

NEAR_M = 20_000.0
"""A ship heard so near outside sailed in or out: two hours of a tanker's slow way in an approach.
One that was shown falsely from no further off was hardly in another port."""


class Events(NamedTuple):
    """Interference: the events, the ports that they threw ships into, and the calls to hold against
    them, which `call_interference.sql` does."""

    event: pa.Table
    struck: pa.Table
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
        struck: one row an event and port whose limit holds displaced fixes. stay: one row a call,
        with its end and whether its ship was seen near the port outside.
    """
    columns = ["port_call_id", "mmsi", "port_id", "arrived_after", "arrived_at", "departed_at"]
    call = work.calls.select([*columns, "outside_m", "fixes", "lon", "lat"]).to_pandas()
    if data_end is not None:
        call["departed_at"] = call["departed_at"].fillna(pd.Timestamp(data_end))
    call["is_seen_near"] = call["outside_m"] <= NEAR_M
    # Seen elsewhere, here once, and nowhere near: it may have sailed, or have been thrown.
    call["is_glimpse"] = (
        ~call["is_seen_near"] & call["arrived_after"].notna() & (call["fixes"] == 1)
    )
    jumps, struck = _jumps(work.flagged, call)
    crowds, crowded = _crowds(call)
    crowds["interference_id"] += len(jumps)
    crowded["interference_id"] += len(jumps)
    event = pd.concat([jumps, crowds], ignore_index=True)
    event = event.sort_values(["began_at", "lon", "lat", "evidence"], ignore_index=True)
    number = pd.Series(event.index + 1, index=event["interference_id"])
    event["interference_id"] = number.to_numpy()
    struck = pd.concat([struck, crowded]).drop_duplicates()
    struck["interference_id"] = struck["interference_id"].map(number)
    stay = call.rename(columns={"departed_at": "ended_at"})[STAY_SCHEMA.names]
    return Events(
        pa.Table.from_pandas(event, schema=INTERFERENCE_SCHEMA, preserve_index=False),
        pa.Table.from_pandas(struck, schema=STRUCK_SCHEMA, preserve_index=False),
        pa.Table.from_pandas(stay, schema=STAY_SCHEMA, preserve_index=False),
    )


def _jumps(flagged: pa.Table, call: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of several ships that jumped to one place, and the ports whose limit it lies in.

    A call of a single fix by a ship that was not seen near may be one of the jumps.
    """
    displaced = pa.array([REASONS[JUMP], REASONS[FEW_BESIDE_MANY]])
    jumped = flagged.filter(pc.is_in(flagged["reason"], displaced))
    jumped = jumped.select(["mmsi", "reported_at", "lon", "lat", "port_id"]).to_pandas()
    jumped["is_certain"] = True
    maybe = call.loc[call["is_glimpse"]].assign(is_certain=False)
    maybe = maybe.rename(columns={"arrived_at": "reported_at"})
    thrown = pd.concat([jumped, maybe[jumped.columns]], ignore_index=True)
    found = find_interference(
        thrown["mmsi"].to_numpy(dtype=np.int64),
        microseconds(thrown["reported_at"]),
        thrown["lon"].to_numpy(),
        thrown["lat"].to_numpy(),
        thrown["is_certain"].to_numpy(dtype=np.bool_),
    )
    event = pd.DataFrame(
        {
            "interference_id": np.arange(found.lon.size),
            "lon": found.lon.round(5),
            "lat": found.lat.round(5),
            "radius_m": found.radius_m,
            "began_at": found.began_us.view("datetime64[us]"),
            "ended_at": found.ended_us.view("datetime64[us]"),
            "ships": found.ships,
            "displaced_fixes": found.fixes,
            "evidence": "jumps",
        }
    )
    struck = thrown.assign(interference_id=found.event)[["interference_id", "port_id"]]
    struck = struck.loc[(struck["interference_id"] >= 0) & struck["port_id"].notna()]
    return event, struck.drop_duplicates().astype({"interference_id": np.int64})


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
        groups += [at_port.loc[crowd == one] for one in range(crowd.max(initial=-1) + 1)]
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
    struck = pd.DataFrame(
        [(number, group["port_id"].iloc[0]) for number, group in enumerate(groups)],
        columns=pd.Index(STRUCK_SCHEMA.names),
    )
    return event, struck


def _radius_m(group: pd.DataFrame) -> float:
    lon, lat = group["lon"].to_numpy(), group["lat"].to_numpy()
    return reach_m(lon, lat, float(np.median(lon)), float(np.median(lat)))
