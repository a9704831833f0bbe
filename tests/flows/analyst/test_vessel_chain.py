"""`sql/vessel/vessel_chain.sql`: a ship sees every transfer of the chains that she is on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from flows.analyst import vessel
from flows.home.resources import sql_text
from tests.build.derivation import Row, session

DEPARTED, MET, MET_AGAIN = (datetime(2026, 3, day) for day in (2, 9, 12))


def hop(chain: str, number: int, hops: int, giver: str, taker: str, at: datetime) -> Row:
    return {
        **{"chain_id": chain, "hop": number, "hops": hops, "port_call_id": "c", "port_id": "IRKHK"},
        **{"departed_at": DEPARTED, "sts_id": f"{giver}{taker}", "began_at": at},
        **{"from_hull_id": giver, "to_hull_id": taker, "is_giver_known": True},
        **{"last_link_tier": "strong", "russian_arrived_at": None, "reasons": "because"},
    }


CHAINS = [
    hop("one", 1, 2, "IMO 1", "IMO 2", MET),
    hop("one", 2, 2, "IMO 2", "IMO 3", MET_AGAIN),
    hop("two", 1, 1, "IMO 4", "IMO 5", MET),
]


@pytest.mark.parametrize(
    ("hull_id", "seen"),
    [("IMO 1", [1, 2]), ("IMO 2", [1, 2]), ("IMO 3", [1, 2]), ("IMO 4", [1]), ("IMO 9", [])],
)
def test_a_ship_sees_the_chains_that_she_is_on(hull_id: str, seen: list[int]) -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "sts_chain": CHAINS,
        "port": [{"port_id": "IRKHK", "name": "Kharg Island"}],
        "hull": [{"hull_id": f"IMO {n}", "vessel_name": f"SIM {n}"} for n in range(1, 5)],
    }
    with session(**{name: pa.Table.from_pylist(rows) for name, rows in tables.items()}) as con:
        result = con.execute(sql_text("vessel/vessel_chain"), {"hull_id": hull_id})
        names = [column[0] for column in result.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    assert [row["hop"] for row in rows] == seen
    cells = vessel.sections_of({part: [] for part in vessel.PARTS} | {"chains": rows})
    (section,) = (of for of in cells if "loaded at" in of.columns)
    assert [row[1] for row in section.rows] == [f"{n} of {len(seen)}" for n in seen]
    if hull_id == "IMO 4":
        (row,) = section.rows
        assert row[0] == "Kharg Island, 2026-03-02 00:00"
        assert row[3:5] == ("SIM 4 IMO 4", "IMO 5")
