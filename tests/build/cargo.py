"""A tanker's call with what is known of the ship and her draughts, through `sql/08_cargo` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pyarrow as pa

from tests.build.derivation import Connection, Row, at, derive, drop, made_from, rows, session

HULL, CALL = "h", "x"
REAL, TEXT, TIME = pa.float32(), pa.string(), pa.timestamp("us")


class Vessel(NamedTuple):
    """What AIS and the registers give of a tanker; by default an Aframax by its size."""

    length_m: float | None = 244
    beam_m: float | None = 42
    deadweight_t: int | None = None
    tanker_kind: str | None = None


class Stay(NamedTuple):
    """A call heard all the time, with draughts as (hours after arrival, metres)."""

    draughts: Sequence[tuple[float, float]] = ()
    port_id: str = "IRKHK"
    water: str = "Persian Gulf"
    trade: str = "loading"
    area_kind: str = "berth"
    is_open: bool = False
    stay_h: float = 30.0
    before: Sequence[tuple[float, float]] = ()
    """Other calls of the ship, hours from and to."""


AFRAMAX, HEARD_NOTHING = Vessel(), Stay()


def between(before_m: float | None, after_m: float | None, **changes: Any) -> Stay:
    """A stay with a draught set a day before arrival, and one an hour before the departure."""
    sent = [(-24.0, before_m), (29.0, after_m)]
    return Stay([(hours, m) for hours, m in sent if m is not None], **changes)


@contextmanager
def prepared() -> Iterator[Connection]:
    """A session for `cargo`."""
    with session() as con:
        derive(con, "series", "hull_form", "laden_draught", "water_density", "oil_density")
        yield con


def lay(con: Connection, vessel: Vessel, stay: Stay) -> None:
    """Lay the tables under the steps of `sql/08_cargo`, and drop what was derived from others."""
    stays = [(f"before {hours[0]}", *hours) for hours in stay.before] + [(CALL, 0.0, stay.stay_h)]
    until = [*(hours for hours, _ in stay.draughts), 200.0][1:]
    spells = [
        {"hull_id": HULL, "draught_m": m, "began_at": at(began), "ended_at": at(end - 0.5)}
        for (began, m), end in zip(stay.draughts, until, strict=True)
    ]
    size = {"length_m": vessel.length_m, "beam_m": vessel.beam_m}
    tables: dict[str, tuple[list[Row], dict[str, pa.DataType]]] = {
        "hull": (
            [{"hull_id": HULL, "is_tanker": True} | size | vessel._asdict()],
            {
                **{"hull_id": TEXT, "is_tanker": pa.bool_(), "length_m": REAL, "beam_m": REAL},
                **{"deadweight_t": pa.int32(), "tanker_kind": TEXT},
            },
        ),
        "draught_spell": (
            spells,
            {"hull_id": TEXT, "draught_m": pa.float64(), "began_at": TIME, "ended_at": TIME},
        ),
        "track_call": (
            [
                {
                    **{"port_call_id": name, "port_id": stay.port_id, "area_kind": "berth"},
                    **{"arrived_at": at(began), "departed_at": at(end), "departed_by": None},
                    **{"arrived_after": at(began - 0.5), "longest_gap_h": 0.5},
                }
                | (
                    {"area_kind": stay.area_kind, "departed_at": None if stay.is_open else at(end)}
                    if name == CALL
                    else {}
                )
                for name, began, end in stays
            ],
            {
                **{"port_call_id": TEXT, "port_id": TEXT, "area_kind": TEXT},
                **{"arrived_at": TIME, "departed_at": TIME, "departed_by": TIME},
                **{"arrived_after": TIME, "longest_gap_h": REAL},
            },
        ),
        "call_identity": (
            [{"port_call_id": name, "hull_id": HULL} for name, _, _ in stays],
            {"port_call_id": TEXT, "hull_id": TEXT},
        ),
        "counted_call": (
            [
                {
                    **{"port_call_id": CALL, "hull_id": HULL, "series": "russian_linked_tankers"},
                    **{"port_id": stay.port_id, "water": stay.water, "area_kind": stay.area_kind},
                }
            ],
            dict.fromkeys(
                ("port_call_id", "hull_id", "series", "port_id", "water", "area_kind"), TEXT
            ),
        ),
        "terminal": (
            [{"port_id": stay.port_id, "terminal_trade": stay.trade}],
            {"port_id": TEXT, "terminal_trade": TEXT},
        ),
    }
    for name, (lines, kinds) in tables.items():
        con.register(name, pa.Table.from_pylist(lines, schema=pa.schema(kinds.items())))
    drop(con, *made_from(frozenset(tables), "call_cargo"))


def cargo(con: Connection, vessel: Vessel = AFRAMAX, stay: Stay = HEARD_NOTHING) -> Row:
    """The row of `call_cargo`."""
    lay(con, vessel, stay)
    derive(con, "call_cargo")
    (row,) = rows(con, "from call_cargo where port_call_id = $1", CALL)
    return row


def curve(con: Connection, vessel: Vessel) -> Row | None:
    """The row of `hull_curve`; None where the ship's size is not known."""
    cargo(con, vessel)
    return next(iter(rows(con, "from hull_curve")), None)
