"""A tanker's call with what is known of the ship and her draughts, through `sql/08_cargo` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from flows.home.resources import data_path, data_rows
from tests.build.derivation import Connection, Row, at, derive, drop, made_from, rows, session

HULL, CALL = "h", "x"
DENSITY_T_M3 = {
    row["port_id"]: float(row["density_t_m3"])
    for row in data_rows(data_path("ports", "terminal_trade.csv"))
}
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
        derive(con, "series", "hull_form", "laden_draught", "water_density")
        yield con


def lay(con: Connection, *cases: tuple[Vessel, Stay]) -> None:
    """Lay the tables under the steps of `sql/08_cargo`, and drop what was derived from others.

    Each case is a hull and call of its own; a port has the terminal of the last case there.
    """
    hulls: list[Row] = []
    spells: list[Row] = []
    calls: list[Row] = []
    counted: list[Row] = []
    terminals: dict[str, Row] = {}
    for number, (vessel, stay) in enumerate(cases):
        hull, call = {"hull_id": named(HULL, number)}, {"port_call_id": named(CALL, number)}
        at_port = {"port_id": stay.port_id, "area_kind": stay.area_kind}
        hulls.append(hull | {"is_tanker": True} | vessel._asdict())
        until = [*(hours for hours, _ in stay.draughts), 200.0][1:]
        spells += [
            hull | {"draught_m": m, "began_at": at(began), "ended_at": at(end - 0.5)}
            for (began, m), end in zip(stay.draughts, until, strict=True)
        ]
        calls += [
            {
                **hull | {"port_call_id": f"before {number} {began}", "port_id": stay.port_id},
                **{"area_kind": "berth", "arrived_at": at(began), "departed_at": at(end)},
            }
            for began, end in stay.before
        ]
        departed_at = None if stay.is_open else at(stay.stay_h)
        calls.append(hull | call | at_port | {"arrived_at": at(0.0), "departed_at": departed_at})
        counted.append(
            hull | call | at_port | {"series": "russian_linked_tankers", "water": stay.water}
        )
        terminals[stay.port_id] = {
            **{"port_id": stay.port_id, "terminal_trade": stay.trade},
            "density_t_m3": DENSITY_T_M3[stay.port_id],
        }
    heard = [
        {"arrived_after": row["arrived_at"] - timedelta(hours=0.5), "longest_gap_h": 0.5}
        for row in calls
    ]
    tables: dict[str, tuple[list[Row], dict[str, pa.DataType]]] = {
        "hull": (
            hulls,
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
            [row | of for row, of in zip(calls, heard, strict=True)],
            {
                **{"port_call_id": TEXT, "port_id": TEXT, "area_kind": TEXT},
                **{"arrived_at": TIME, "departed_at": TIME, "departed_by": TIME},
                **{"arrived_after": TIME, "longest_gap_h": REAL},
            },
        ),
        "call_identity": (calls, {"port_call_id": TEXT, "hull_id": TEXT}),
        "counted_call": (
            counted,
            dict.fromkeys(
                ("port_call_id", "hull_id", "series", "port_id", "water", "area_kind"), TEXT
            ),
        ),
        "terminal": (
            [*terminals.values()],
            {"port_id": TEXT, "terminal_trade": TEXT, "density_t_m3": pa.float64()},
        ),
    }
    for name, (lines, kinds) in tables.items():
        con.register(name, pa.Table.from_pylist(lines, schema=pa.schema(kinds.items())))
    drop(con, *made_from(frozenset(tables), "call_cargo"))


def named(name: str, number: int) -> str:
    """The key of a case: the first has the plain name."""
    return f"{name}{number or ''}"


def cargoes(con: Connection, *cases: tuple[Vessel, Stay]) -> list[Row]:
    """The rows of `call_cargo`, a row a case, from one derivation."""
    lay(con, *cases)
    derive(con, "call_cargo")
    found = {row["port_call_id"]: row for row in rows(con, "from call_cargo")}
    return [found[named(CALL, number)] for number in range(len(cases))]


def cargo(con: Connection, vessel: Vessel = AFRAMAX, stay: Stay = HEARD_NOTHING) -> Row:
    """The row of `call_cargo` of one case."""
    (row,) = cargoes(con, (vessel, stay))
    return row


def curve(con: Connection, vessel: Vessel) -> Row | None:
    """The row of `hull_curve`; None where the ship's size is not known."""
    cargo(con, vessel)
    return next(iter(rows(con, "from hull_curve")), None)
