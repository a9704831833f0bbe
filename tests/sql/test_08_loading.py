"""Loadings that no heard call explains, and laden or not on each leg: tankers off Kharg."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from flows.analyst.vessel import find_ships, ship_record, ship_view
from flows.home.settings import Settings
from tests.build.derivation import Connection, Row
from tests.build.derivation import rows as records
from tests.build.files import row
from tests.build.ships import BERTH, DANISH, SEA, START, Place, Ship, home_of, ship, way

OFF, BACK, FAR = (50.05, 28.95), (49.97, 28.87), (62.0, 20.0)
BALLAST, LADEN = 8.0, 14.2
SILENT_H, BACK_H = 48, 110


def tanker(number: int, name: str) -> Ship:
    """A tanker under the Russian flag, of 244 by 42 m."""
    return ship(600 + number, name, mid=273)


LOADED, TOPPED, EMPTIED = tanker(1, "LOADED"), tanker(2, "TOPPED"), tanker(3, "EMPTIED")
SET_LATE, SET_LATER = tanker(4, "SET LATE"), tanker(5, "SET TOO LATE")
SHORT, FARTHER, MISTYPED = tanker(6, "SHORT"), tanker(7, "FARTHER"), tanker(8, "MISTYPED")
CALLED, HEARD = tanker(9, "CALLED BEFORE"), tanker(10, "HEARD ALL ALONG")
UNKNOWN = tanker(11, "NO SIZE") | {"length_m": "", "beam_m": ""}
EAST = tanker(14, "OFF FUJAIRAH")
BETWEEN = tanker(15, "BETWEEN THE HOURS")
STRANGER = ship(612, "NOT LINKED")
LISTENER = ship(613, "COASTER", ship_type="Cargo")


def stays(of: Ship, hours: Iterable[float], place: Place, draught_m: float) -> Iterator[str]:
    """A fix an hour, drifting, hours after the start."""
    for hour in hours:
        yield row(
            DANISH,
            **of | {"draught_m": str(draught_m)},
            reported_at=f"{START + timedelta(hours=hour):%d/%m/%Y %H:%M:%S}",
            lon=f"{place[0] + hour % 5 / 1e4:.5f}",
            lat=f"{place[1]:.5f}",
            sog_kn="0.3",
            nav_status="Under way using engine",
        )


def silent(
    of: Ship,
    before_m: float = BALLAST,
    after_m: float = LADEN,
    *,
    back_h: int = BACK_H,
    set_h: int = 0,
    places: tuple[Place, Place] = (OFF, BACK),
) -> Iterator[str]:
    """Two days, silence, and four days more, in which the crew sets the draught anew."""
    yield from stays(of, range(SILENT_H + 1), places[0], before_m)
    yield from stays(of, range(back_h, back_h + set_h), places[1], before_m)
    yield from stays(of, range(back_h + set_h, back_h + 96), places[1], after_m)


def all_rows() -> Iterator[str]:
    """What every ship sent."""
    for of in (LOADED, STRANGER, UNKNOWN):
        yield from silent(of)
    yield from silent(TOPPED, 8.0, 10.0)
    yield from silent(EMPTIED, LADEN, BALLAST)
    yield from silent(SET_LATE, set_h=30)
    yield from silent(SET_LATER, set_h=60)
    yield from silent(SHORT, back_h=SILENT_H + 26)
    yield from silent(FARTHER, places=(FAR, FAR))
    yield from silent(MISTYPED, 8.0, 25.0)
    yield from silent(EAST, back_h=SILENT_H + 50, places=((56.39, 25.2), (56.39, 25.3)))
    yield from stays(BETWEEN, (hour - 0.3 for hour in range(SILENT_H + 1)), OFF, BALLAST)
    yield from stays(BETWEEN, (hour + 0.3 for hour in range(BACK_H, BACK_H + 96)), BACK, LADEN)
    # She left the berth with the draught of her arrival, fell silent, and set it only afterwards.
    yield from way(CALLED | {"draught_m": str(BALLAST)}, -3, SEA, BERTH, OFF)
    yield from silent(CALLED)
    yield from stays(HEARD, range(SILENT_H + 1), OFF, BALLAST)
    yield from stays(HEARD, range(SILENT_H + 1, 200), OFF, LADEN)
    # Kharg is heard all the time.
    yield from stays(LISTENER, range(-96, 240), (50.6, 29.0), 5.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_of(tmp_path_factory.mktemp("loading"), all_rows())


def loadings(con: Connection, of: Ship) -> list[Row]:
    return records(con, "from unexplained_loading where mmsi = $1", int(of["mmsi"]))


def test_a_ship_that_comes_back_laden_may_have_loaded(con: Connection) -> None:
    (loading,) = loadings(con, LOADED)
    assert loading["silent_from"] == START + timedelta(hours=SILENT_H)
    assert loading["silent_to"] == START + timedelta(hours=BACK_H)
    assert (loading["draught_before_m"], loading["draught_after_m"]) == pytest.approx((8.0, 14.2))
    terminals = loading["terminals"]
    assert loading["port_id"] == terminals[0]["port_id"]
    assert sum(terminal["likelihood"] for terminal in terminals) == pytest.approx(1, abs=0.01)
    likely = [terminal["likelihood"] for terminal in terminals]
    assert likely == sorted(likely, reverse=True)
    # Kharg has most calls, but was heard all the time: a call would have been heard.
    heard = {terminal["port_id"]: terminal["heard_share"] for terminal in terminals}
    assert heard["IRKHK"] > 0.9
    assert loading["port_id"] != "IRKHK"
    # None that only discharges, and none of another sea.
    water = dict(con.execute("select port_id, water from port").fetchall())
    assert {water[port_id] for port_id in heard} == {"Persian Gulf"}
    assert "8.0 -> 14.2 m" in loading["reasons"]
    assert loading["foreign_ports"] > 0


@pytest.mark.parametrize(
    "of",
    [TOPPED, EMPTIED, SET_LATER, SHORT, FARTHER, MISTYPED, CALLED, HEARD, UNKNOWN, STRANGER],
    ids=lambda of: of["vessel_name"],
)
def test_no_loading_is_seen_in(con: Connection, of: Ship) -> None:
    assert loadings(con, of) == []


def test_no_more_than_all_hours_are_heard(con: Connection) -> None:
    (loading,) = loadings(con, BETWEEN)
    assert max(terminal["heard_share"] for terminal in loading["terminals"]) == 1
    assert "Kharg Island" in loading["reasons"] and "101 %" not in loading["reasons"]


def test_no_way_leads_over_musandam(con: Connection) -> None:
    # Sirri is 200 km off by land and 350 by sea; Jask 160 by sea.
    (loading,) = loadings(con, EAST)
    ports = {terminal["port_id"] for terminal in loading["terminals"]}
    assert (ports & {"IR-KMB", "IRJAK", "IRSXI"}) == {"IR-KMB", "IRJAK"}


def test_a_draught_set_a_day_after_counts(con: Connection) -> None:
    assert len(loadings(con, SET_LATE)) == 1


def test_a_ship_s_record_shows_them(con: Connection) -> None:
    def record(of: Ship) -> str:
        (found,) = find_ships(con, of["mmsi"])
        out = StringIO()
        Console(file=out, width=200).print(ship_view(ship_record(con, found)))
        return out.getvalue()

    assert "8.0 -> 14.2 m" in record(LOADED)
    assert "Kharg Island" in record(CALLED)
    assert "laden" in record(CALLED)


def test_no_count_holds_them(con: Connection) -> None:
    ((calls,),) = con.execute("select count(*) from counted_call").fetchall()
    assert calls == 1  # that of the ship which called before


# Legs


def legs(con: Connection, of: Ship) -> list[Row]:
    query = "from leg_state where mmsi = $1 order by began_at nulls first"
    return records(con, query, int(of["mmsi"]))


def test_legs_before_and_after_a_call(con: Connection) -> None:
    before, after = legs(con, CALLED)
    assert (before["from_port_id"], before["to_port_id"]) == (None, "IRKHK")
    assert (after["from_port_id"], after["to_port_id"]) == ("IRKHK", None)
    assert before["began_at"] is None
    assert after["ended_at"] is None
    assert before["ended_at"] < after["began_at"]
    # The terminal loads; the draught was not set in the berth, but days later.
    assert before["laden_probability"] < 0.5 < after["laden_probability"]
    assert (before["state"], after["state"]) == ("ballast", "laden")


def test_a_ship_without_a_stop_has_no_leg(con: Connection) -> None:
    assert legs(con, HEARD) == []
