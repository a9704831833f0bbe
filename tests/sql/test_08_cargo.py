"""Which way a call moved oil and how much that may have been, the ship's Russian calls around it,
and the week split by all of that.

One world holds all the ships; what needs only numbers is asked of the query with tables laid under.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.catalogue import access
from flows.home.resources import data_path, port_files, sql_text
from geo.ports import load_ports
from tests.build.derivation import derive, session
from tests.build.files import row
from tests.build.ships import (
    BERTH,
    BLACK_SEA,
    DANISH,
    NOVOROSSIYSK,
    ROADS,
    SEA,
    START,
    Ship,
    call,
    home_of,
    second,
    ship,
    way,
)

CASPIAN, NEKA = (53.00, 37.60), (53.26, 36.86)
GULF_OF_OMAN, RAJAEE = (57.5, 25.5), (56.06, 27.10)
ASSALUYEH = (52.53, 27.40)

LOADED, NOT_KEYED = ship(301, "LOADED"), ship(302, "DRAUGHT LEFT AS IT WAS")
SWAPPED, CAME_FULL = ship(303, "SWAP CRUDE"), ship(304, "DISCHARGES AT KHARG")
BOTH_WAYS, TOPPED = ship(305, "BOTH WAYS"), ship(306, "A LITTLE BALLAST")
WAITS, SAILED_ON = ship(307, "ONLY WAITS"), ship(308, "STILL IN PORT")
ABSURD = ship(309, "CENTIMETRES FOR METRES")
GUEST, REGULAR = ship(310, "COMES LATE"), ship(311, "COMES EARLY AND LATE")
TOO_SOON = ship(315, "COMES IN THE TENTH WEEK")
TRADER = ship(312, "RUSSIAN TRADER")
LISTENER, FAR_LISTENER = ship(313, "COASTER", ship_type="Cargo"), ship(314, "C2", ship_type="Cargo")

LATE = 112
"""A day after sixteen weeks in which the coast was heard."""


def with_draught(
    of: Ship, day_number: float, *places: tuple[float, float], before: float, after: float
) -> list[str]:
    """A way on which the crew sets the draught anew at the end of the stay, 24 hours long."""
    arriving = way(of | {"draught_m": str(before)}, day_number, *places)
    leaving = way(of | {"draught_m": str(after)}, day_number, *places)
    return arriving[:24] + leaving[24:]


def heard_twice_a_day(of: Ship, place: tuple[float, float], days: int) -> Iterator[str]:
    """A ship that lies at a place outside all limits, so that the ports around are heard."""
    for half_day in range(2 * days):
        at = START + timedelta(hours=12 * half_day)
        yield row(
            DANISH,
            **of,
            reported_at=f"{at:%d/%m/%Y %H:%M:%S}",
            lon=str(place[0]),
            lat=str(place[1]),
            sog_kn="0.1",
            nav_status="At anchor",
        )


def rows() -> Iterator[str]:
    """What every ship sent."""
    at_kharg = (SEA, BERTH, SEA)
    yield from with_draught(LOADED, 2, *at_kharg, before=8, after=14.5)
    yield from with_draught(NOT_KEYED, 2, *at_kharg, before=8, after=8)
    yield from with_draught(CAME_FULL, 2, *at_kharg, before=14.5, after=8)
    yield from with_draught(TOPPED, 2, *at_kharg, before=8, after=9.5)
    yield from with_draught(ABSURD, 2, *at_kharg, before=8, after=25.2)
    yield from with_draught(SWAPPED, 2, CASPIAN, NEKA, CASPIAN, before=9, after=5)
    yield from with_draught(BOTH_WAYS, 2, GULF_OF_OMAN, RAJAEE, GULF_OF_OMAN, before=9, after=9)
    yield from with_draught(WAITS, 2, SEA, ROADS, SEA, before=9, after=9)
    yield from with_draught(SAILED_ON, LATE + 3, SEA, BERTH, SEA, before=8, after=14)[:28]
    for listener, place in ((LISTENER, (50.6, 29.0)), (FAR_LISTENER, ASSALUYEH)):
        yield from heard_twice_a_day(listener, place, LATE + 7)
    yield from call(GUEST, LATE)
    yield from call(TOO_SOON, 65)
    yield from call(REGULAR, 5)
    yield from call(second(REGULAR), LATE)
    # Under one MMSI in Russia, in Iran, and back in Russia under another.
    yield from way(TRADER, 0, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)
    yield from call(TRADER, 30)
    yield from way(second(TRADER), 60, BLACK_SEA, NOVOROSSIYSK, BLACK_SEA)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    made = home_of(tmp_path_factory.mktemp("cargo"), rows())
    with access.reading(made) as opened:
        yield opened


def of_calls(con: duckdb.DuckDBPyConnection, of: Ship, columns: str) -> list[tuple[Any, ...]]:
    """Columns of a ship's calls under any of its MMSIs, the oldest first."""
    query = f"""
        select {columns}
        from port_call as call
        inner join call_cargo as cargo using (port_call_id)
        inner join call_voyage as voyage using (port_call_id)
        where call.mmsi % 1000000 = $1::integer % 1000000
        order by call.arrived_at
    """
    return con.execute(query, [of["mmsi"]]).fetchall()


@pytest.mark.parametrize(
    ("of", "direction", "by"),
    [
        pytest.param(LOADED, "loading", "draught; terminal", id="deeper at a loading terminal"),
        pytest.param(NOT_KEYED, "loading", "terminal", id="a draught nobody changed says nothing"),
        pytest.param(CAME_FULL, "discharging", "draught", id="the draught wins over the terminal"),
        pytest.param(TOPPED, "loading", "terminal", id="less than a fifth may be ballast"),
        pytest.param(ABSURD, "loading", "terminal", id="a draught that the ship cannot have"),
        pytest.param(SWAPPED, "discharging", "draught; terminal", id="lighter at Neka"),
        pytest.param(BOTH_WAYS, "unknown", None, id="a port of both directions"),
        pytest.param(WAITS, "unknown", None, id="an anchorage says nothing by its terminal"),
        pytest.param(SAILED_ON, "loading", "terminal", id="in port the draught is not final"),
    ],
)
def test_direction(
    con: duckdb.DuckDBPyConnection, of: Ship, direction: str, by: str | None
) -> None:
    assert of_calls(con, of, "direction, direction_by") == [(direction, by)]


def test_an_estimate_says_so_and_moves_less_than_the_ship_carries(
    con: duckdb.DuckDBPyConnection,
) -> None:
    ((deadweight_t, by, moved_t),) = of_calls(con, LOADED, "deadweight_t, deadweight_by, moved_t")
    # 244 by 42 m: an Aframax tanker carries 105,000 to 115,000 t, at 90 t a centimetre.
    assert by == "estimate"
    assert 100_000 < deadweight_t < 120_000
    assert moved_t == pytest.approx(6.5 * 100 * 91, rel=0.05)
    ((in_port, change, tonnes),) = of_calls(
        con, SAILED_ON, "departed_at, draught_change_m, moved_t"
    )
    assert (in_port, change, tonnes) == (None, None, None)
    assert of_calls(con, NOT_KEYED, "draught_change_m, moved_t") == [(0.0, None)]
    assert of_calls(con, ABSURD, "draught_change_m, moved_t") == [(None, None)]


def test_a_first_call_is_said_only_after_a_quarter_of_a_year_heard(
    con: duckdb.DuckDBPyConnection,
) -> None:
    columns = "is_first_call, heard_weeks_before >= 13"
    assert of_calls(con, LOADED, columns) == [(None, False)]
    assert of_calls(con, TOO_SOON, columns) == [(None, False)]
    assert of_calls(con, GUEST, columns) == [(True, True)]
    # Under another MMSI, of the same hull.
    assert of_calls(con, REGULAR, columns) == [(None, False), (False, True)]


def test_russian_calls_around(con: duckdb.DuckDBPyConnection) -> None:
    columns = "last_russian_port, last_russian_at, next_russian_port, next_russian_at, arrived_at"
    ((before, left, after, arrived_there, arrived),) = of_calls(con, TRADER, columns)
    assert before == after
    assert "Novorossiysk" in before
    assert left < arrived < arrived_there
    assert of_calls(con, LOADED, columns)[0][:4] == (None, None, None, None)


def split(con: duckdb.DuckDBPyConnection, week: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = con.execute("from weekly_split where week = $1", [week])
    names = [column[0] for column in found.description or []]
    records = [dict(zip(names, line, strict=True)) for line in found.fetchall()]
    return {(r["dimension"], r["value"]): r for r in records}


def test_the_grid_is_full(con: duckdb.DuckDBPyConnection) -> None:
    gaps = """
        select week, count(*) from week left join weekly_split using (week)
        group by week having count(*) <> 21
    """
    assert con.execute(gaps).fetchall() == []
    assert len(con.execute("from week").fetchall()) > 16


def test_a_split_adds_up_to_the_series(con: duckdb.DuckDBPyConnection) -> None:
    sums = con.execute("""
        select
            barometer.week,
            dimension,
            -- Nobody hears the Caspian here: the Gulf has zeros, the coast has none.
            coalesce(sum(split.tanker_calls), 0) = coalesce(any_value(barometer.tanker_calls), 0)
            and (
                dimension = 'water'
                or (sum(split.tanker_calls) is null) = (any_value(barometer.tanker_calls) is null)
            ),
            coalesce(sum(split.linked_calls), 0)
                = coalesce(any_value(barometer.russian_linked_tanker_calls), 0),
            coalesce(sum(split.linked_berth_calls), 0)
                = coalesce(any_value(barometer.russian_linked_berth_calls), 0)
        from barometer
        inner join weekly_split as split using (week)
        where dimension <> 'link_reason'
        group by barometer.week, dimension
    """).fetchall()
    assert len(sums) > 16 * 5
    assert [line for line in sums if line[2:] != (True, True, True)] == []


def test_a_water_that_nobody_hears_has_no_zero(con: duckdb.DuckDBPyConnection) -> None:
    week = f"{START + timedelta(days=77):%G-W%V}"
    found = split(con, week)
    assert found["water", "Gulf and Gulf of Oman"]["linked_calls"] == 0
    assert found["water", "Gulf and Gulf of Oman"]["linked_moved_t"] == 0
    assert found["water", "Caspian"]["linked_calls"] is None
    assert found["water", "Caspian"]["tanker_calls"] is None
    # Nor has the coast, of which it is a part.
    assert found["direction", "loading"]["linked_calls"] is None
    # No register names owners: no zero. What is not linked has no linked calls.
    assert found["link_reason", "owner"]["linked_calls"] is None
    assert found["link_tier", "none"]["linked_calls"] is None
    assert found["link_tier", "none"]["tanker_calls"] is None


def test_tonnes_of_calls_that_tell_none_are_null(con: duckdb.DuckDBPyConnection) -> None:
    week = f"{START + timedelta(days=30):%G-W%V}"
    trade = split(con, week)["link_reason", "trade"]
    assert trade["linked_calls"] == trade["linked_vessels"] == trade["tanker_calls"] == 1
    assert trade["linked_moved_calls"] == 0
    assert trade["linked_moved_t"] is None
    assert trade["linked_deadweight_calls"] == 1
    assert trade["linked_deadweight_t"] > 100_000


# The query alone, over tables of one row

Result = tuple[str, str | None, float | None, int | None, str | None, int | None]
F32, I32, TEXT = pa.float32(), pa.int32(), pa.string()
KEYS = {"port_call_id": "x", "port_id": "IRKHK", "hull_id": "h", "series": "russian_linked_tankers"}


@pytest.fixture(scope="module")
def alone() -> Iterator[duckdb.DuckDBPyConnection]:
    with session() as con:
        derive(con, "series")
        yield con


def cargo(
    con: duckdb.DuckDBPyConnection,
    length_m: float | None = 244,
    beam_m: float | None = 42,
    draught: tuple[float | None, float | None] = (None, None),
    *,
    deadweight_t: int | None = None,
    tanker_kind: str | None = None,
) -> Result:
    """Of a berth call: direction, direction_by, draught_change_m, deadweight_t, deadweight_by,
    moved_t."""
    tables: dict[str, dict[str, tuple[Any, pa.DataType]]] = {
        "counted_call": {"area_kind": ("berth", TEXT)},
        "port_call": {
            "draught_in_m": (draught[0], F32),
            "draught_out_m": (draught[1], F32),
            "departed_at": (START, pa.timestamp("us")),
        },
        "call_identity": {},
        "hull": {
            "length_m": (length_m, F32),
            "beam_m": (beam_m, F32),
            "deadweight_t": (deadweight_t, I32),
            "tanker_kind": (tanker_kind, TEXT),
        },
        "terminal": {"terminal_trade": ("both", TEXT)},
    }
    for name, columns in tables.items():
        cells = {key: pa.array([value], TEXT) for key, value in KEYS.items()}
        cells |= {key: pa.array([value], kind) for key, (value, kind) in columns.items()}
        con.register(name, pa.table(cells))
    (row,) = con.execute(sql_text("08_calls/call_cargo")).fetchall()
    result: Result = row[1:7]
    return result


# Length overall and beam in metres, deadweight in tonnes: well-known tankers and common designs,
# general knowledge, unverified.
TANKERS = {
    "Seawise Giant": (458.5, 68.8, 564_763),
    "TI Europe": (380, 68, 441_585),
    "Sirius Star": (332, 58, 318_000),
    "Grace 1": (330, 58, 300_579),
    "Amoco Cadiz": (334, 51, 233_690),
    "Exxon Valdez": (300.8, 50.6, 214_861),
    "Sanchi": (274.2, 50, 164_154),
    "a Suezmax": (274, 48, 158_000),
    "an Aframax": (244, 42, 110_000),
    "Prestige": (243.5, 34.4, 81_564),
    "Stena Impero": (183, 32.2, 49_683),
    "Erika": (184, 28, 37_283),
}


@pytest.mark.parametrize("name", TANKERS)
def test_the_estimate_of_the_deadweight_is_within_a_sixth(
    alone: duckdb.DuckDBPyConnection, name: str
) -> None:
    length_m, beam_m, deadweight_t = TANKERS[name]
    *_, estimate, by, _ = cargo(alone, length_m, beam_m)
    assert by == "estimate"
    assert estimate == pytest.approx(deadweight_t, rel=1 / 6)


@pytest.mark.parametrize(
    ("length_m", "beam_m", "kind"),
    [
        pytest.param(None, None, None, id="no size"),
        pytest.param(244, None, None, id="no beam"),
        pytest.param(40, 10, None, id="a bunker boat"),
        pytest.param(1022, 126, None, id="AIS's largest size"),
        pytest.param(244, 4, None, id="a beam that no ship of the length has"),
        pytest.param(100, 60, None, id="broader than half its length"),
        pytest.param(132.6, 16.9, None, id="a river tanker"),
        pytest.param(230, 36.6, "gas", id="a gas carrier"),
    ],
)
def test_no_deadweight(
    alone: duckdb.DuckDBPyConnection, length_m: float | None, beam_m: float | None, kind: str | None
) -> None:
    *_, deadweight_t, by, _ = cargo(alone, length_m, beam_m, tanker_kind=kind)
    assert (deadweight_t, by) == (None, None)


def test_a_registers_deadweight_wins(alone: duckdb.DuckDBPyConnection) -> None:
    *_, deadweight_t, by, _ = cargo(alone, deadweight_t=107_123)
    assert (deadweight_t, by) == (107_123, "register")
    *_, deadweight_t, by, _ = cargo(alone, None, None, deadweight_t=107_123)
    assert (deadweight_t, by) == (107_123, "register")


@pytest.mark.parametrize(
    ("draught", "direction", "change"),
    [
        pytest.param((10.0, 8.0), "discharging", -2.0, id="a fifth"),
        pytest.param((10.0, 8.1), "unknown", -1.9, id="less than a fifth"),
        pytest.param((8.0, 25.5), "unknown", None, id="AIS's 25.5 and more"),
        pytest.param((8.0, 21.0), "unknown", None, id="deeper than the ship can float"),
        pytest.param((1.0, 14.0), "unknown", None, id="shallower than it floats empty"),
        pytest.param((None, 14.0), "unknown", None, id="sent only after"),
        pytest.param((8.0, None), "unknown", None, id="sent only before"),
    ],
)
def test_draughts(
    alone: duckdb.DuckDBPyConnection,
    draught: tuple[float | None, float | None],
    direction: str,
    change: float | None,
) -> None:
    result = cargo(alone, draught=draught)
    assert result[0] == direction
    assert result[2] == (None if change is None else pytest.approx(change))


def test_more_than_the_ship_carries_is_no_cargo(alone: duckdb.DuckDBPyConnection) -> None:
    # 6 m of a ship of 244 by 42 m are 55,000 t.
    assert cargo(alone, draught=(8, 14), deadweight_t=100_000)[0] == "loading"
    assert cargo(alone, draught=(8, 14), deadweight_t=50_000)[::5] == ("loading", 50_000)
    assert cargo(alone, draught=(8, 14), deadweight_t=40_000)[::5] == ("unknown", None)


def test_without_a_size_the_draught_tells_the_direction_and_no_tonnes(
    alone: duckdb.DuckDBPyConnection,
) -> None:
    assert cargo(alone, None, None, (8, 14)) == (
        *("loading", "draught", pytest.approx(6)),
        *(None, None, None),
    )


draughts = st.integers(1, 255).map(lambda tenths: tenths / 10)


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 480), st.integers(4, 80), draughts, draughts)
def test_there_and_back_are_opposite_and_never_more_than_the_ship(
    alone: duckdb.DuckDBPyConnection, length_m: int, beam_m: int, one: float, other: float
) -> None:
    opposite = {"loading": "discharging", "discharging": "loading", "unknown": "unknown"}
    out, back = (
        cargo(alone, length_m, beam_m, (one, other)),
        cargo(alone, length_m, beam_m, (other, one)),
    )
    assert out[0] == opposite[back[0]]
    assert out[3:] == back[3:]
    if out[3] is not None and out[5] is not None:
        assert 0 < out[5] <= out[3]


def test_every_iranian_port_says_what_its_terminal_is_for() -> None:
    ports = load_ports(*port_files()).port
    iranian = set(ports.loc[ports["country"] == "IR", "port_id"])
    with session() as con:
        derive(con, "terminal")
        terminals = con.table("terminal").to_arrow_table().to_pylist()
    assert sorted(t["port_id"] for t in terminals) == sorted(iranian)
    assert {t["terminal_trade"] for t in terminals} == {"loading", "discharging", "both"}
    assert all(t["source"] and t["cargo"] for t in terminals)
    with data_path("ports", "terminal_trade.csv").open(encoding="utf-8", newline="") as lines:
        assert {len(line) for line in csv.reader(lines)} == {5}
