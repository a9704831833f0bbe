"""Listed tankers that were near a port and did not call: who is shown, and for which hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from tests.build.derivation import Row, derive, rows, session

IMO, MMSI, HULL = 9999993, 352999993, "IMO 9999993"
MONDAY, NEXT = datetime(2026, 6, 1), datetime(2026, 6, 8)
NOON = datetime(2026, 6, 2, 12)
PORTS = {"IRKHK": "IR", "IRBUZ": "IR", "AEFJR": "AE"}


def heard(
    port_id: str = "IRKHK", slot_at: datetime = NOON, fixes: int = 6, bits: int = 0b110, **of: Any
) -> Row:
    """The ship near a port for six hours, in hours 1 and 2 of them if nothing else is said."""
    return {"port_id": port_id, "source": "a", "slot_at": slot_at, "mmsi": MMSI} | {
        "fixes": fixes,
        "hour_bits": bits,
        **of,
    }


def table(*held: Row, **columns: pa.DataType) -> pa.Table:
    schema = pa.schema(list(columns.items()))
    return pa.Table.from_pylist(list(held), schema=schema)


def nearby(
    *slots: Row,
    link: Row | None = None,
    calls: tuple[Row, ...] = (),
    displaced: int = 0,
    is_tanker: bool = True,
) -> list[Row]:
    text, time, number = pa.string(), pa.timestamp("us"), pa.int32()
    listing = {"imo": IMO, "matched_by": "imo", "link_reason": "listed", "link_tier": "strong"}
    listing |= {"link_source": "OFAC SDN"} | (link or {})
    hull = {"hull_id": HULL, "mmsi": MMSI, "is_tanker": is_tanker, "vessel_name": "SIM"}
    spell = {"hull_id": HULL, "imo": IMO, "mmsi": MMSI}
    spell |= {"first_day": MONDAY.date(), "last_day": NEXT.date()}
    weeks = [
        {"week": f"2026-W{23 + n}", "starts_at": start, "ends_at": end}
        for n, (start, end) in enumerate([(MONDAY, NEXT), (NEXT, datetime(2026, 6, 15))])
    ]
    false = [{"mmsi": MMSI, "reported_at": NOON, "verdict": "implausible"}] * displaced
    ports = [{"port_id": name, "country": country} for name, country in PORTS.items()]
    given = {
        "vessel_link": table(
            listing,
            imo=number,
            **dict.fromkeys(("matched_by", "link_reason", "link_tier", "link_source"), text),
            valid_from=time,
            valid_to=time,
        ),
        "hull_spell": table(
            spell,
            hull_id=text,
            imo=number,
            mmsi=number,
            first_day=pa.date32(),
            last_day=pa.date32(),
        ),
        "hull": table(
            hull, hull_id=text, mmsi=number, is_tanker=pa.bool_(), vessel_name=text, flag=text
        ),
        "flagged_position": table(*false, mmsi=number, reported_at=time, verdict=text),
        "heard": table(
            *slots,
            port_id=text,
            source=text,
            slot_at=time,
            mmsi=number,
            fixes=pa.int64(),
            hour_bits=pa.int8(),
        ),
        "port": table(*ports, port_id=text, country=text),
        "week": table(*weeks, week=text, starts_at=time, ends_at=time),
        "port_call": table(*calls, hull_id=text, arrived_at=time, departed_at=time),
    }
    with session({}, **given) as con:
        derive(con, "listed_nearby")
        return rows(
            con,
            "select week, port_id, lists, first_hour_at, last_hour_at, hours from listed_nearby",
        )


def test_hours_are_those_with_a_fix_of_any_source() -> None:
    later = heard(slot_at=datetime(2026, 6, 4, 18), bits=0b100000)
    assert nearby(heard(), heard(bits=0b10, source="b"), later) == [
        {"week": "2026-W23", "port_id": "IRKHK", "lists": "OFAC SDN", "hours": 3}
        | {"first_hour_at": datetime(2026, 6, 2, 13), "last_hour_at": datetime(2026, 6, 4, 23)}
    ]


def call(arrived_at: datetime, departed_at: datetime | None) -> tuple[Row, ...]:
    return ({"hull_id": HULL, "arrived_at": arrived_at, "departed_at": departed_at},)


SHOWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "near one port": ({}, ["2026-W23"]),
    "a call in the week": ({"calls": call(NOON, NOON)}, []),
    "still in port": ({"calls": call(datetime(2026, 5, 20), None)}, []),
    "left before the week": (
        {"calls": call(datetime(2026, 5, 20), datetime(2026, 5, 31))},
        ["2026-W23"],
    ),
    "arrived after it": ({"calls": call(NEXT, NEXT)}, ["2026-W23"]),
    "no tanker": ({"is_tanker": False}, []),
    "as many false fixes as near ones": ({"displaced": 6}, []),
    "fewer false fixes": ({"displaced": 5}, ["2026-W23"]),
    "listed by the GUR alone": ({"link": {"link_tier": "weak"}}, []),
    "linked by trade": ({"link": {"link_reason": "trade"}}, []),
    "delisted before": ({"link": {"valid_to": datetime(2026, 5, 31)}}, []),
}


@pytest.mark.parametrize(("changes", "weeks"), SHOWN.values(), ids=SHOWN)
def test_a_ship_is_shown_that_is_listed_and_did_not_call(
    changes: dict[str, Any], weeks: list[str]
) -> None:
    assert [row["week"] for row in nearby(heard(), **changes)] == weeks


def test_ports_abroad_are_left_out_and_weeks_are_apart() -> None:
    abroad, next_week = heard("AEFJR"), heard("IRBUZ", slot_at=NEXT)
    found = [(row["week"], row["port_id"]) for row in nearby(heard(), abroad, next_week)]
    assert found == [("2026-W23", "IRKHK"), ("2026-W24", "IRBUZ")]
