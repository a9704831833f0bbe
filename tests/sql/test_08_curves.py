"""The oil of one call, from the ship's size and what her draughts were: `sql/08_cargo` alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import settings as of_examples
from hypothesis import strategies as st

from flows.home.resources import data_path, port_files
from geo.ports import load_ports
from tests.build.cargo import AFRAMAX, Stay, Vessel, between, cargo, cargoes, curve, prepared
from tests.build.derivation import Connection, Row, derive, session


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with prepared() as con:
        yield con


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
RIVER_SEA = {
    "RST27": (140.85, 16.86, 7_030),
    "Volgo-Don": (138.3, 16.7, 5_150),
    "Volgoneft": (132.6, 16.9, 4_800),
}
SWAP_SHIP = Vessel(140, 17, 7_000)
"""The usual ship between Makhachkala and Neka; her size with the register's deadweight."""
AT_NEKA = {"port_id": "IRNEK", "water": "Caspian", "trade": "discharging"}


def test_the_estimate_of_the_deadweight_is_within_a_fifth(con: Connection) -> None:
    rows = cargoes(con, *((Vessel(*size), Stay()) for *size, _ in TANKERS.values()))
    assert {row["deadweight_by"] for row in rows} == {"estimate"}
    for (name, (*_, deadweight_t)), row in zip(TANKERS.items(), rows, strict=True):
        assert row["deadweight_t"] == pytest.approx(deadweight_t, rel=1 / 5), name


@pytest.mark.parametrize(("length_m", "beam_m", "deadweight_t"), RIVER_SEA.values(), ids=RIVER_SEA)
def test_river_sea_ships_have_a_curve_of_their_own(
    con: Connection, length_m: float, beam_m: float, deadweight_t: int
) -> None:
    estimate, known = (curve(con, Vessel(length_m, beam_m, dwt)) for dwt in (None, deadweight_t))
    assert estimate is not None
    assert known is not None
    for row in (estimate, known):
        assert row["hull_class"] == "river-sea"
        assert 3.2 <= row["laden_m"] <= 5.5
    # Half a seagoing tanker's: the interval of the deadweight holds what such ships have.
    spread = 1.645 * estimate["deadweight_spread"]
    assert estimate["deadweight_t"] == pytest.approx(deadweight_t, rel=spread)


@pytest.mark.parametrize("draughts", [(4.1, 2.6), (4.1, None), (None, 2.6), (None, None)], ids=str)
def test_a_call_of_the_swaps_at_neka_lies_inside_the_interval(
    con: Connection, draughts: tuple[float | None, float | None]
) -> None:
    """2.3 million barrels in 47 calls of 2017, some 6,700 t each."""
    row = cargo(con, SWAP_SHIP, between(*draughts, **AT_NEKA))
    assert row["direction"] == "discharging"
    assert row["payload_low_90_t"] <= 6_700 <= row["payload_high_90_t"] <= 7_000
    barrels = 2.3e6 / 47
    assert row["payload_bbl"] / row["payload_t"] == pytest.approx(barrels / 6_700, rel=0.02)


NOTHING = {"payload_t": None, "payload_low_90_t": None, "payload_high_90_t": None}
NONE = NOTHING | {"method": "none", "payload_bbl": None}
UNSIZED = {"deadweight_t": None, "deadweight_by": None} | NONE
REGISTERED = {"deadweight_t": 107_123, "deadweight_by": "register", "method": "terminal"}
LOADS = {"direction": "loading", "method": "two draughts"}
BOTH = {"trade": "both"}
CONTESTED = {"direction": "unknown", "direction_by": "draught, against the terminal"}
UNKNOWN = {"laden_in": "unknown", "laden_out": "unknown"}
BALLAST, LADEN = 7.5, 14.2
CASES: dict[str, tuple[Vessel, Stay, Row]] = {
    "no size": (Vessel(None, None), Stay(), UNSIZED),
    "no beam": (Vessel(244, None), Stay(), UNSIZED),
    "a bunker boat": (Vessel(40, 10), Stay(), UNSIZED),
    "AIS's largest size": (Vessel(1022, 126), Stay(), UNSIZED),
    "a beam that no ship of the length has": (Vessel(244, 4), Stay(), UNSIZED),
    "broader than half its length": (Vessel(100, 60), Stay(), UNSIZED),
    "a size that no ship of the Caspian has": (
        Vessel(333, 60),
        between(20, 10, **AT_NEKA),
        {"direction": "discharging"} | UNKNOWN | UNSIZED,
    ),
    "a register's deadweight that none there has": (
        Vessel(None, None, 300_000),
        between(None, None, **AT_NEKA),
        UNSIZED,
    ),
    "a register's deadweight wins": (Vessel(244, 42, 107_123), Stay(), REGISTERED),
    "a register's deadweight alone": (Vessel(None, None, 107_123), Stay(), REGISTERED),
    "loads from ballast": (
        AFRAMAX,
        between(BALLAST, LADEN),
        LOADS | {"direction_by": "draught; terminal", "laden_in": "ballast", "laden_out": "laden"},
    ),
    "discharges at a terminal that loads": (
        AFRAMAX,
        between(LADEN, BALLAST),
        CONTESTED | {"method": "two draughts"},
    ),
    "loads at a terminal that discharges": (
        SWAP_SHIP,
        between(2.6, 4.1, **AT_NEKA),
        CONTESTED | {"method": "two draughts"},
    ),
    "against the terminal, of unknown size": (
        Vessel(None, None),
        between(LADEN, BALLAST),
        CONTESTED | NONE,
    ),
    "at anchor off a terminal that loads": (
        AFRAMAX,
        between(LADEN, BALLAST, area_kind="anchorage"),
        {"direction": "discharging", "direction_by": "draught", "method": "two draughts"},
    ),
    "loads on a part cargo": (
        Vessel(183, 32.2, 50_000),
        between(9.2, 11.6),
        LOADS | {"laden_in": "part", "laden_out": "laden"},
    ),
    "less than a fifth, with the terminal": (AFRAMAX, between(12.5, LADEN), LOADS),
    "less than a fifth, against the terminal": (
        AFRAMAX,
        between(LADEN, 12.5),
        {"direction": "loading", "method": "one draught"},
    ),
    "less than a fifth, where both happen": (
        AFRAMAX,
        between(LADEN, 12.5, **BOTH),
        {"direction": "unknown", "direction_by": None} | NONE,
    ),
    "not set": (
        AFRAMAX,
        Stay([(-24, LADEN)]),
        {"direction": "loading", "method": "terminal", "payload_low_90_t": 0} | UNKNOWN,
    ),
    "not set where both happen": (AFRAMAX, Stay([(-24, LADEN)], **BOTH), NONE),
    "of the leg before": (
        AFRAMAX,
        Stay([(-100, LADEN), (29, 14.3)], before=[(-80, -50)]),
        {"method": "one draught", "laden_in": "unknown", "laden_out": "laden"},
    ),
    "set in the berth before": (
        AFRAMAX,
        Stay([(-55, BALLAST), (29, LADEN)], before=[(-80, -50)]),
        LOADS | {"laden_in": "ballast"},
    ),
    "set hours after sailing": (AFRAMAX, Stay([(-24, BALLAST), (75, LADEN)]), LOADS),
    "mistyped first, then set right": (
        AFRAMAX,
        Stay([(-24, BALLAST), (29, 1.4), (31, LADEN)]),
        LOADS | {"laden_out": "laden"},
    ),
    "set at the next stop": (
        AFRAMAX,
        Stay([(-24, BALLAST), (75, LADEN)], before=[(60, 90)]),
        {"method": "terminal"},
    ),
    "deeper than the ship floats": (AFRAMAX, between(BALLAST, 21), {"method": "one draught"}),
    "shallower than an empty hull": (AFRAMAX, between(1, LADEN), {"method": "one draught"}),
    "one of a ship in ballast, where both happen": (
        AFRAMAX,
        between(BALLAST, None, is_open=True, **BOTH),
        {"direction": "loading", "direction_by": "draught", "method": "one draught"},
    ),
    "one of a laden ship, where both happen": (
        AFRAMAX,
        between(LADEN, None, is_open=True, **BOTH),
        {"direction": "discharging", "method": "one draught"},
    ),
    "at anchor": (AFRAMAX, between(BALLAST, None, area_kind="anchorage"), NONE),
    "at anchor, transfer": (AFRAMAX, between(BALLAST, LADEN, area_kind="anchorage"), LOADS),
    "without a size a direction and no tonnes": (
        Vessel(None, None),
        between(8, 14, **BOTH),
        {"direction": "loading", "direction_by": "draught", "draught_change_m": 6} | NONE,
    ),
}


@pytest.fixture(scope="module")
def found(con: Connection) -> dict[str, Row]:
    """The row of each case; a derivation for the cases that agree on what a terminal is for."""
    rows: dict[str, Row] = {}
    for trade in sorted({stay.trade for _, stay, _ in CASES.values()}):
        cases = {name: case[:2] for name, case in CASES.items() if case[1].trade == trade}
        rows |= zip(cases, cargoes(con, *cases.values()), strict=True)
    return rows


@pytest.mark.parametrize("case", CASES)
def test_cargo_of_one_call(found: dict[str, Row], case: str) -> None:
    expected = CASES[case][2]
    assert {name: found[case][name] for name in expected} == expected


def width(row: Row) -> float:
    low, high = row["payload_low_90_t"], row["payload_high_90_t"]
    return float(high - low)


def test_a_terminal_that_draughts_contradict_leaves_the_amount_as_it_is(con: Connection) -> None:
    """Only the direction is in doubt: the amount is that of a port where both happen."""
    here, there = (cargo(con, AFRAMAX, between(LADEN, BALLAST, **port)) for port in ({}, BOTH))
    amounts = [name for name in here if name.startswith("payload") or name == "method"]
    assert there["direction"] == "discharging"
    assert [here[name] for name in amounts] == [there[name] for name in amounts]


def test_the_more_is_known_the_narrower_the_interval(con: Connection) -> None:
    known = Vessel(244, 42, 110_000)
    both = cargo(con, known, between(BALLAST, LADEN))
    deeper = cargo(con, known, between(None, LADEN))
    terminal = cargo(con, known)
    unsized = cargo(con, AFRAMAX)
    assert [row["method"] for row in (both, deeper, terminal)] == [
        *("two draughts", "one draught", "terminal")
    ]
    assert width(both) < width(deeper) < width(terminal) < width(unsized)


@pytest.mark.parametrize("draughts", [(), [(-24, BALLAST)]], ids=["no draught", "one not set"])
def test_in_six_hours_a_ship_hardly_loads(
    con: Connection, draughts: Sequence[tuple[float, float]]
) -> None:
    brief, longer = (cargo(con, AFRAMAX, Stay(draughts, stay_h=hours)) for hours in (5, 12))
    assert brief["payload_t"] == 0 < brief["payload_high_90_t"]
    assert longer["payload_t"] > longer["deadweight_t"] / 2


def test_a_draught_that_shows_a_cargo_is_believed_of_a_brief_stay_too(con: Connection) -> None:
    loaded = cargo(con, AFRAMAX, Stay([(-24, BALLAST), (4, LADEN)], stay_h=5))
    assert (loaded["method"], loaded["payload_low_90_t"] > 0) == ("two draughts", True)


def test_a_part_cargo_on_top_is_the_difference(con: Connection) -> None:
    """Three metres of an Aframax are 24,000 to 30,000 t, whatever she weighs."""
    row = cargo(con, AFRAMAX, between(11.0, 14.0))
    assert row["payload_low_90_t"] < 27_000 < row["payload_high_90_t"]


def test_light_oil_fills_the_tanks_before_the_ship_is_at_her_marks(con: Connection) -> None:
    known = Vessel(244, 42, 110_000)
    crude, condensate = (cargo(con, known, Stay(port_id=port)) for port in ("IRKHK", "IRASA"))
    assert condensate["payload_t"] < crude["payload_t"]
    assert condensate["payload_bbl"] / condensate["payload_t"] == pytest.approx(8.5, rel=0.02)


def test_a_gas_carrier_loads_gas(con: Connection) -> None:
    row = cargo(con, Vessel(225, 36.6, 54_000, "gas"), between(8.5, 11.5, port_id="IRASA"))
    assert (row["hull_class"], row["density_t_m3"]) == ("gas", pytest.approx(0.55))
    assert 0 < row["payload_low_90_t"] < row["payload_high_90_t"] <= 54_000


def test_the_salter_the_water_the_more_a_draught_shows(con: Connection) -> None:
    waters, vessel = ("Caspian", "Persian Gulf"), Vessel(150, 17.3)
    of = {water: between(4.2, 6.2, water=water) for water in waters}
    tonnes = {water: cargo(con, vessel, stay)["payload_t"] for water, stay in of.items()}
    assert tonnes["Caspian"] < tonnes["Persian Gulf"]


tenths = st.integers(20, 170).map(lambda tenth: tenth / 10)


@of_examples(max_examples=3, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, 60_000, 110_000]), tenths, tenths, st.booleans()),
        min_size=40,
        max_size=40,
    )
)
def test_there_and_back_are_opposite_and_never_more_than_the_ship(
    con: Connection, cases: list[tuple[int | None, float, float, bool]]
) -> None:
    given = []
    for deadweight_t, one, other, is_sized in cases:
        vessel = Vessel(*((244, 42) if is_sized else (None, None)), deadweight_t)
        given += [(vessel, between(*way, **BOTH)) for way in ((one, other), (other, one))]
    found = cargoes(con, *given)
    opposite = {"loading": "discharging", "discharging": "loading", "unknown": "unknown"}
    for (deadweight_t, *_), out, back in zip(cases, found[::2], found[1::2], strict=True):
        assert out["direction"] == opposite[back["direction"]]
        for name in ("payload_t", "payload_low_90_t", "payload_high_90_t", "payload_bbl", "method"):
            assert out[name] == back[name], name
        if out["payload_t"] is not None:
            assert 0 <= out["payload_low_90_t"] <= out["payload_t"] <= out["payload_high_90_t"]
            if deadweight_t is not None:
                assert out["payload_high_90_t"] <= deadweight_t


def test_the_deeper_she_leaves_the_more_she_took(con: Connection) -> None:
    """From 9 to 16 m, by tenths of a metre."""
    known = Vessel(244, 42, 110_000)
    rows = cargoes(con, *((known, between(7.0, tenth / 10)) for tenth in range(90, 161)))
    tonnes = [row["payload_t"] for row in rows]
    assert tonnes == sorted(tonnes) and tonnes[0] < tonnes[-1]


def test_the_quantile_of_the_normal_distribution(con: Connection) -> None:
    for percent in (0.01, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999):
        (value,) = con.execute("select standard_normal($1)", [percent]).fetchone() or (None,)
        assert value == pytest.approx(NormalDist().inv_cdf(percent), abs=5e-4)


def test_every_iranian_port_says_what_its_terminal_is_for() -> None:
    ports = load_ports(*port_files()).port
    iranian = set(ports.loc[ports["country"] == "IR", "port_id"])
    with session() as con:
        derive(con, "terminal")
        terminals = con.table("terminal").to_arrow_table().to_pylist()
    assert [t["port_id"] for t in terminals] == sorted(iranian), "data/ports/terminal_trade.csv"
    assert {t["terminal_trade"] for t in terminals} == {"loading", "discharging", "both"}
    assert all(t["source"] and t["cargo"] for t in terminals)
    with data_path("ports", "terminal_trade.csv").open(encoding="utf-8", newline="") as lines:
        assert {len(line) for line in csv.reader(lines)} == {8}


def test_every_port_has_the_density_of_its_oil_and_every_water_its_own(con: Connection) -> None:
    ports = load_ports(*port_files()).port
    iranian = ports[ports["country"] == "IR"]
    with session() as other:
        derive(other, "terminal", "water_density")
        oils = other.table("terminal").to_arrow_table().to_pylist()
        waters = other.table("water_density").to_arrow_table().to_pylist()
    no_density = set(iranian["port_id"]) - {oil["port_id"] for oil in oils}
    assert not no_density, "no row in data/ports/terminal_trade.csv"
    # From liquefied gas to heavier than any crude oil of the coast.
    assert all(0.5 < oil["density_t_m3"] < 1.0 and oil["density_source"] for oil in oils)
    assert sorted(water["water"] for water in waters) == sorted(set(iranian["water"]))
    assert all(1.0 <= water["density_t_m3"] <= 1.03 and water["source"] for water in waters)
