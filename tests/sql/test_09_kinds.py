"""Of two ships alongside: what it was, who gave, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.build.derivation import Row, derive, rows, session

START = datetime(2026, 3, 2)
OFF, NEAR = (57.5, 25.0), (56.55, 25.15)
"""Far from everything, and in the area off Fujairah."""

Draughts = tuple[float | None, float | None]
"""Before and after."""


def meeting(
    number: int = 0,
    pair: str = "AB",
    *,
    lengths: tuple[float, float] = (244.0, 250.0),
    a: Draughts = (None, None),
    b: Draughts = (None, None),
    km: float | None = None,
    **changes: Any,
) -> Row:
    """A pair alongside for a day, far from any anchorage, with their draughts."""
    return {
        **{"encounter_id": f"{pair} {number}", "hull_a": pair[0], "hull_b": pair[1]},
        **{f"mmsi_{side}": ord(of) for side, of in zip("ab", pair, strict=True)},
        **{f"tracks_{side}": [ord(of)] for side, of in zip("ab", pair, strict=True)},
        **{"began_at": START, "last_at": START + timedelta(days=1), "hours": 24.0},
        **{"heard_h": 24.0, "is_last": False, "closest_m": 40, "near_m": 50, "apart_m": 60},
        **{"far_m": 70, "with_heading": 0, "parallel": 0, "lon": OFF[0], "lat": OFF[1]},
        **{"length_a": lengths[0], "length_b": lengths[1], "is_alongside": True},
        **{"is_one_ship": False, "is_fast": False, "draughts": (a, b), "km": km},
        **{"area": None, "is_in_berth": False, "is_by_coast": False},
    } | changes


def encounters(*meetings: Row) -> list[Row]:
    """The rows of `sts_encounter`."""
    places = [
        {
            **{"encounter_id": each["encounter_id"], "sts_area_id": each["area"]},
            **{"anchorage": "Roads", "anchorage_km": each["km"]},
            **{"is_in_berth": each["is_in_berth"], "is_by_coast": each["is_by_coast"]},
        }
        for each in meetings
    ]
    draughts = [
        {"encounter_id": each["encounter_id"], "side": side, "before_m": before, "after_m": after}
        for each in meetings
        for side, (before, after) in zip("ab", each["draughts"], strict=True)
    ]
    lying = [{k: v for k, v in m.items() if k not in ("draughts", "km", "area")} for m in meetings]
    hulls = sorted({each[side] for each in meetings for side in ("hull_a", "hull_b")})
    strings = ("sts_area_id", "anchorage")
    schema = pa.Table.from_pylist(places).schema
    for name, kind in [*((s, pa.string()) for s in strings), ("anchorage_km", pa.float64())]:
        schema = schema.set(schema.get_field_index(name), pa.field(name, kind))
    kinds = [("encounter_id", pa.string()), ("side", pa.string())]
    kinds += [("before_m", pa.float64()), ("after_m", pa.float64())]
    with session(
        encounter=pa.Table.from_pylist(lying),
        encounter_place=pa.Table.from_pylist(places, schema),
        encounter_draught=pa.Table.from_pylist(draughts, pa.schema(kinds)),
        moment_link=pa.table(
            {"hull_id": ["B"], "track_id": [ord("B")], "moment_at": [START], "tier_rank": [1]}
        ),
        sts_area=pa.table({"sts_area_id": ["F"], "name": ["Off F"], "has_bunkering": [True]}),
        foreign_port=pa.table({"name": ["Al Fujayrah"], "lon": [56.37], "lat": [25.17]}),
        source_file=pa.table(
            {
                "source": ["cells", "x"],
                "last_reported_at": [START + timedelta(days=d) for d in (9, 3)],
            }
        ),
        source_terms=pa.table({"source": ["cells", "x"], "position_accuracy_m": [1200.0, 100.0]}),
        hull=pa.Table.from_pylist([{"hull_id": h, "imo": ord(h), "vessel_name": h} for h in hulls]),
    ) as con:
        derive(con, "sts_encounter")
        return rows(con, "from sts_encounter order by sts_id")


DEEPER, LIGHTER, SAME, NONE = (8.0, 14.0), (14.0, 8.0), (10.0, 10.3), (None, None)


@pytest.mark.parametrize(
    ("a", "b", "giver"),
    [
        pytest.param(LIGHTER, DEEPER, "A", id="both tell"),
        pytest.param(DEEPER, LIGHTER, "B", id="both tell, the other way"),
        pytest.param(LIGHTER, NONE, "A", id="one alone, lighter"),
        pytest.param(NONE, DEEPER, "A", id="one alone, deeper"),
        pytest.param(DEEPER, NONE, "B", id="the first alone, deeper"),
        pytest.param(LIGHTER, SAME, None, id="the other did not change"),
        pytest.param(LIGHTER, LIGHTER, None, id="both lighter"),
        pytest.param(SAME, SAME, None, id="neither changed"),
        pytest.param(NONE, NONE, None, id="nothing is sent"),
    ],
)
def test_who_gave(a: Draughts, b: Draughts, giver: str | None) -> None:
    (row,) = encounters(meeting(a=a, b=b))
    taker = {"A": "B", "B": "A", None: None}[giver]
    assert (row["giver_hull_id"], row["receiver_hull_id"]) == (giver, taker)


BUNKER = {"lengths": (100.0, 250.0)}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({}, "sts", id="in the open sea"),
        pytest.param({"km": 10.5}, "sts", id="off an anchorage"),
        pytest.param({"km": 9.5}, "alongside", id="near an anchorage"),
        pytest.param({"km": 9.5, "a": LIGHTER, "b": DEEPER}, "sts", id="there, with draughts"),
        pytest.param({"is_by_coast": True}, "alongside", id="near the coast"),
        pytest.param({"lon": 56.42, "lat": 25.17}, "alongside", id="near a port abroad"),
        pytest.param(BUNKER, "sts", id="a small one in the open sea"),
        pytest.param(BUNKER | {"area": "F"}, "bunkering", id="a small one where bunkers are sold"),
        pytest.param(BUNKER | {"km": 3.0}, "bunkering", id="a small one near an anchorage"),
        pytest.param(
            BUNKER | {"area": "F", "a": LIGHTER, "b": DEEPER},
            "sts",
            id="a small one that moved cargo",
        ),
        pytest.param({"lengths": (100.0, 118.0), "km": 3.0}, "alongside", id="two small ones"),
    ],
)
def test_what_it_was(changes: dict[str, Any], kind: str) -> None:
    (row,) = encounters(meeting(**changes))
    assert row["kind"] == kind


@pytest.mark.parametrize(
    "changes",
    [*({"is_alongside": False}, {"is_one_ship": True}, {"is_fast": True}), {"is_in_berth": True}],
    ids=["apart", "one ship", "at a jetty", "in a berth"],
)
def test_what_is_left_out(changes: dict[str, Any]) -> None:
    seen = encounters(meeting(1, "CD"), meeting(**changes))
    assert [row["hull_id_a"] for row in seen] == ["C"]


def spans(*days: tuple[str, float, float]) -> Sequence[Row]:
    """Meetings of pairs from one day to another."""
    return [
        meeting(
            number,
            pair,
            began_at=START + timedelta(days=begin),
            last_at=START + timedelta(days=end),
        )
        for number, (pair, begin, end) in enumerate(days)
    ]


def test_a_ship_has_two_sides() -> None:
    two = spans(("AB", 0, 2), ("AC", 1, 2))
    assert len(encounters(*two)) == 2
    three = spans(("AB", 0, 2), ("AC", 1, 2), ("AD", 1.5, 3), ("AE", 2.5, 3), ("FG", 1, 2))
    assert {row["hull_id_b"] for row in encounters(*three)} == {"E", "G"}
    # One after the other at her second side.
    later = spans(("AB", 0, 9), ("AC", 1, 2), ("AD", 3, 4))
    assert len(encounters(*later)) == 3


def test_an_end_is_known_once_they_were_heard_apart_or_not_for_half_a_day() -> None:
    # Receivers were heard until the fourth day, cells until the tenth.
    def end(**changes: Any) -> datetime | None:
        (row,) = encounters(meeting(**changes))
        return row["ended_at"]

    last = START + timedelta(days=2, hours=20)
    assert end(last_at=last, is_last=True) is None
    assert end(last_at=last, is_last=False) == last
    assert end(is_last=True) == START + timedelta(days=1)


def test_links_and_reasons() -> None:
    (row,) = encounters(meeting(a=LIGHTER, b=DEEPER, km=0.0, area="F"))
    assert (row["link_tier_a"], row["link_tier_b"]) == ("none", "strong")
    assert (
        "14.0 -> 8.0 m" in row["reasons"]
        and "one became lighter and the other deeper" in row["reasons"]
    )
    assert "Off F" in row["reasons"] and "in the anchorage or berth Roads" in row["reasons"]
