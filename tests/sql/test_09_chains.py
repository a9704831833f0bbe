"""Chains of transfers from an Iranian terminal to a ship in Russia's trade."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.build.derivation import Row, derive, rows, session

START = datetime(2026, 3, 2)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def call(hull: str, departed: float | None = 0, **changes: Any) -> Row:
    """A tanker's call at Kharg, which loads."""
    return {
        **{"port_call_id": f"{hull} {departed}", "hull_id": hull, "port_id": "IRKHK"},
        **{"arrived_at": day((departed or 0) - 1)},
        **{"departed_at": None if departed is None else day(departed)},
        **{"confidence": 4, "is_tanker": True, "area_kind": "berth"},
    } | changes


def sts(giver: str, receiver: str, at: float, tier: str = "none", **changes: Any) -> Row:
    """A transfer of a day; ``tier`` links the receiver to Russia."""
    first, second = sorted((giver, receiver))
    return {
        **{"sts_id": f"{giver} to {receiver} {at}", "kind": "sts"},
        **{"began_at": day(at), "ended_at": day(at + 1), "hull_id_a": first, "hull_id_b": second},
        **{"giver_hull_id": giver, "receiver_hull_id": receiver},
        "link_tier_a": tier if receiver == first else "none",
        "link_tier_b": tier if receiver == second else "none",
    } | changes


def unknown(one: str, other: str, at: float, tier: str = "none") -> Row:
    """A transfer of which nobody knows who gave."""
    return sts(one, other, at, tier) | {"giver_hull_id": None, "receiver_hull_id": None}


def russian(hull: str, arrived: float, tier: str = "moderate") -> Row:
    return {
        **{"port_call_id": f"{hull} in Russia", "hull_id": hull, "port_name": "Primorsk"},
        **{"arrived_at": day(arrived), "confidence": 4, "trade_tier": tier},
    }


def chains(*given: Row) -> dict[str, list[Row]]:
    """The chains by the ships that each goes over."""
    kinds: dict[str, list[Row]] = {"calls": [], "transfers": [], "russian": []}
    for row in given:
        kind = "transfers" if "sts_id" in row else "russian" if "port_name" in row else "calls"
        kinds[kind].append(row)
    schemas = {
        "calls": pa.Table.from_pylist([call("A")]).schema,
        "transfers": pa.Table.from_pylist([sts("A", "B", 1)]).schema,
        "russian": pa.Table.from_pylist([russian("A", 1)]).schema,
    }
    port = [{"port_id": "IRKHK", "name": "Kharg Island"}, {"port_id": "IRBND", "name": "Bandar"}]
    trade = [
        {"port_id": "IRKHK", "terminal_trade": "loading"},
        {"port_id": "IRBND", "terminal_trade": "discharging"},
    ]
    with session(
        port_call=pa.Table.from_pylist(kinds["calls"], schemas["calls"]),
        sts_encounter=pa.Table.from_pylist(kinds["transfers"], schemas["transfers"]),
        trade_call=pa.Table.from_pylist(kinds["russian"], schemas["russian"]),
        port=pa.Table.from_pylist(port),
        terminal=pa.Table.from_pylist(trade),
    ) as con:
        derive(con, "sts_chain")
        found: dict[str, list[Row]] = {}
        for row in rows(con, "from sts_chain order by chain_id, hop"):
            found.setdefault(row["chain_id"], []).append(row)
    return {
        "".join([hops[0]["from_hull_id"], *(hop["to_hull_id"] for hop in hops)]): hops
        for hops in found.values()
    }


def test_a_receiver_that_is_linked_ends_a_chain() -> None:
    ((ships, (hop,)),) = chains(call("A"), sts("A", "B", 20, "strong")).items()
    assert (ships, hop["hop"], hop["hops"], hop["port_id"]) == ("AB", 1, 1, "IRKHK")
    assert hop["is_giver_known"] and hop["last_link_tier"] == "strong"
    assert "20 days after Kharg Island" in hop["reasons"]


def test_three_transfers_at_most() -> None:
    ways = [sts("A", "B", 10), sts("B", "C", 20), sts("C", "D", 30, "moderate")]
    ((ships, hops),) = chains(call("A"), *ways).items()
    assert (ships, [hop["hop"] for hop in hops]) == ("ABCD", [1, 2, 3])
    further = [*ways[:2], sts("C", "D", 30), sts("D", "E", 40, "strong")]
    assert chains(call("A"), *further) == {}


def test_a_later_call_in_russia_ends_a_chain() -> None:
    ((ships, (hop,)),) = chains(call("A"), sts("A", "B", 5), russian("B", 100)).items()
    assert (ships, hop["russian_arrived_at"]) == ("AB", day(100))
    assert "Primorsk" in hop["reasons"]


def test_where_nobody_knows_who_gave_it_says_so() -> None:
    ((ships, (hop,)),) = chains(call("A"), unknown("B", "A", 5), russian("B", 100)).items()
    assert (ships, hop["is_giver_known"]) == ("AB", False)
    assert "who gave is not known" in hop["reasons"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([call("A"), sts("A", "B", 5)], id="nobody is in Russia's trade"),
        pytest.param([call("A"), sts("A", "B", 5, "weak")], id="weak evidence"),
        pytest.param([call("A"), sts("B", "A", 5, "strong")], id="she took"),
        pytest.param([call("A"), sts("A", "B", 70, "strong")], id="too long after"),
        pytest.param([call("A", 10), sts("A", "B", 5, "strong")], id="before the call"),
        pytest.param([call("A", None), sts("A", "B", 5, "strong")], id="still in port"),
        pytest.param([call("A", port_id="IRBND"), sts("A", "B", 5, "strong")], id="discharged"),
        pytest.param([call("A", confidence=1), sts("A", "B", 5, "strong")], id="contested"),
        pytest.param([call("A", area_kind="anchorage"), sts("A", "B", 5, "strong")], id="anchored"),
        pytest.param([call("A"), sts("A", "B", 5, "strong", kind="bunkering")], id="bunkers"),
        pytest.param([call("A"), sts("A", "B", 5), sts("B", "A", 9, "strong")], id="and back"),
        pytest.param([call("A"), sts("A", "B", 5), sts("B", "C", 4, "strong")], id="out of order"),
        pytest.param([call("A"), sts("A", "B", 5), russian("B", 300)], id="Russia long after"),
        pytest.param([call("A"), sts("A", "B", 5), russian("B", 2)], id="Russia before"),
        pytest.param([call("A"), sts("A", "B", 5), russian("B", 9, "weak")], id="Kazakh oil"),
    ],
)
def test_no_chain(given: list[Row]) -> None:
    assert chains(*given) == {}


def test_of_two_calls_the_last_one_counts() -> None:
    ((_, (hop,)),) = chains(call("A", 0), call("A", 10), sts("A", "B", 20, "strong")).items()
    assert hop["departed_at"] == day(10)
