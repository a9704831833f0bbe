"""Whether an arrival could be heard: by the hours of the source that heard it, and no other's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
import pytest

from tests.build.derivation import derive, session

START = datetime(2026, 3, 2)
FROM = -20
"""The first slot of 6 hours in which a source may hear, counted from `START`."""


class Arrival(NamedTuple):
    """A call: the hour of its first fix in port, heard by source, and the last one outside."""

    by: str
    hour: float
    outside: float | None = None


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def slots(source: str, hours: set[int]) -> Iterable[dict[str, object]]:
    for slot in range(FROM, 60):
        bits = sum(1 << n for n in range(6) if 6 * slot + n in hours)
        if bits:
            of = {"port_id": "IRKHK", "source": source, "slot_at": hour(6 * slot)}
            yield of | {"heard_bits": bits}


def span(*spans: tuple[int, int]) -> set[int]:
    return {n for begin, end in spans for n in range(begin, end)}


# The hours in which each of two sources heard the port, and the arrivals: an arrival counts where
# the source heard 30 hours up to it, and no more than 24 before it were unheard.
CASES: dict[str, tuple[set[int], set[int], list[tuple[Arrival, bool]]]] = {
    "a source that hears for too short, and one that does not": (
        *(span((0, 105)), span((80, 105))),
        [(Arrival("a", 104.5), True), (Arrival("b", 104.5), False)],
    ),
    "an outage of one source, and none of the other": (
        *(span((0, 125)), span((0, 10), (100, 125))),
        [(Arrival("a", 124.5), True), (Arrival("b", 124.5), False)],
    ),
    "an outage of one source, and another one of the other": (
        *(span((-100, -98), (90, 125)), span((0, 10), (100, 125))),
        [(Arrival("a", 124.5), True), (Arrival("b", 124.5), False)],
    ),
    "last heard outside while the source was deaf and the other was not": (
        *(span((-100, 80)), span((0, 10), (60, 80))),
        [(Arrival("b", 79.5, outside=50), True), (Arrival("b", 79.5), False)],
    ),
    "30 hours heard": (set(), span((0, 30)), [(Arrival("b", 29.5), False)]),
    "31 hours heard": (set(), span((0, 31)), [(Arrival("b", 30.5), True)]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_arrival_counts_by_what_its_own_source_heard(case: str) -> None:
    a, b, arrivals = CASES[case]
    calls = [
        {
            **{"port_call_id": f"call {n}", "mmsi": n, "track_id": n, "port_id": "IRKHK"},
            **{"arrived_at": hour(arrival.hour), "departed_at": None, "longest_gap_h": 1.0},
            "arrived_after": None if arrival.outside is None else hour(arrival.outside),
        }
        for n, (arrival, _) in enumerate(arrivals)
    ]
    heard = [
        {
            **{"mmsi": n, "port_id": "IRKHK", "source": arrival.by},
            "slot_at": hour(arrival.hour // 6 * 6),
        }
        for n, (arrival, _) in enumerate(arrivals)
    ]
    times = {name: pa.timestamp("us") for name in ("arrived_at", "departed_at", "arrived_after")}
    call_types = pa.schema(
        [
            *(("port_call_id", pa.string()), ("mmsi", pa.int32()), ("track_id", pa.int64())),
            *(("port_id", pa.string()), ("longest_gap_h", pa.float64()), *times.items()),
        ]
    )
    slot_types = pa.schema(
        [
            *(("port_id", pa.string()), ("source", pa.string())),
            *(("slot_at", pa.timestamp("us")), ("heard_bits", pa.int8())),
        ]
    )
    vessel_types = [("hull_id", pa.string()), ("source", pa.string()), ("track_id", pa.int64())]
    with session(
        heard_slot=pa.Table.from_pylist([*slots("a", a), *slots("b", b)], slot_types),
        jammed_slot=pa.schema(slot_types).empty_table(),
        track_call=pa.Table.from_pylist(calls, call_types),
        call_identity=pa.schema([("port_call_id", pa.string()), vessel_types[0]]).empty_table(),
        vessel=pa.schema([*vessel_types, ("valid_to", pa.timestamp("us"))]).empty_table(),
        heard=pa.Table.from_pylist(heard),
    ) as con:
        derive(con, "unheard_arrival")
        unheard = {name for (name,) in con.execute("from unheard_arrival").fetchall()}
    counted = [f"call {n}" not in unheard for n in range(len(arrivals))]
    assert counted == [expected for _, expected in arrivals]
