"""A zero is said only where it could have been seen: of each reason week by week, of each water."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from flows.report import tables, words
from flows.runner import run
from tests.build.files import day, ingested, settings_of
from tests.build.ships import AS_OF, NOVOROSSIYSK, START, imported, ship
from tests.flows.derive.test_in_port import (
    CASPIAN,
    DANISH,
    GULF,
    Fix,
    calls,
    coast,
    derived,
    lines,
    series,
)

pytestmark = pytest.mark.usefixtures("undrawn")

WEEKS = 34


def off_novorossiysk(first_h: int, last_h: int) -> list[Fix]:
    of = ship(950, "OFF NOVOROSSIYSK", ship_type="Cargo")
    return [Fix(hour, of, NOVOROSSIYSK) for hour in range(first_h, last_h, 6)]


def zeros(settings: Settings, name: str) -> list[int]:
    """The numbers of the weeks, from 0, whose count by a reason is a zero; the others are null."""
    found = [week[name] for week in series(settings)]
    assert set(found) <= {0, None}
    return [number for number, count in enumerate(found) if count == 0]


def test_one_hour_off_a_russian_port_is_no_zero_by_trade(tmp_path: Path) -> None:
    heard = [*coast(6, GULF + CASPIAN), *off_novorossiysk(60, 61)]
    settings = derived(tmp_path, {DANISH: heard})
    assert zeros(settings, "trade_calls") == []
    with access.reading(settings) as con:
        note = words.notes(
            tables.summary(con, "2026-W25")["notes"],
            {"state": "x", "russian_linked_tanker_calls": None},
        )
    assert any("No Russian oil port was heard for 30% of the 180 days before" in n for n in note)


def test_a_zero_by_trade_needs_a_russian_port_heard_in_the_180_days_before(tmp_path: Path) -> None:
    heard = [*coast(WEEKS, GULF + CASPIAN), *off_novorossiysk(0, 168 * 12)]
    settings = derived(tmp_path, {DANISH: heard})
    # 0.3 of 180 days are 54: heard by the end of the eighth week, and no more 180 days after the
    # 31st day of the twelve weeks.
    assert zeros(settings, "trade_calls") == list(range(7, 30))
    assert zeros(settings, "flag_calls") == list(range(WEEKS))
    assert zeros(settings, "listed_calls") == list(range(WEEKS))


def test_a_zero_by_owner_needs_a_list_with_owners_in_force(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", as_of=AS_OF, threads=1)
    outcomes = ingested(settings, day(*lines(coast(6, GULF + CASPIAN)), layout=DANISH))
    first, last = START + timedelta(days=7), START + timedelta(days=20)
    owned = f"{ship(1, 'OWNED')['imo']},OWNED,strong,owner,desk,{first:%F},{last:%F}\n"
    text = f"imo,name,tier,reason,source,from,to\n{owned}"
    imported(settings, tmp_path / "fleet.csv", text, "2026-06-01")
    run.derive(settings, outcomes, publish=False)
    assert zeros(settings, "owner_calls") == [1, 2]
    with access.reading(settings) as con:
        split = con.sql(
            "select distinct week from weekly_split where value = 'owner' and linked_calls = 0"
        ).fetchall()
    assert sorted(split) == [("2026-W24",), ("2026-W25",)]


def test_a_deaf_caspian_leaves_the_coast_without_zero_and_without_complete(tmp_path: Path) -> None:
    heard = [*coast(4, GULF), *calls(ship(1, "COMES", mid=273), 200)]
    settings = derived(tmp_path, {DANISH: heard})
    none, one, *_ = series(settings)
    assert none["observed_share"] > 0.94
    assert (none["russian_linked_tanker_calls"], none["state"]) == (None, "unobserved")
    assert (none["worst_water"], none["worst_share"]) == ("Caspian", 0)
    assert (one["russian_linked_tanker_calls"], one["state"]) == (1, "partial")
    assert one["low_95"] == pytest.approx(0.0253, abs=1e-3)
    assert one["high_95"] is None
    with access.reading(settings) as con:
        waters = con.sql(
            "select water, russian_linked_tanker_calls, state from weekly_water"
            " where week in ('2026-W23', '2026-W24') order by all"
        ).fetchall()
        found = tables.summary(con, "2026-W24")
        zero = con.sql(
            "select max(linked_calls) from weekly_split where week = '2026-W23'"
            " and dimension <> 'water'"
        ).fetchone()
    assert waters == [
        *[("Caspian", None, "unobserved")] * 2,
        *[("Gulf and Gulf of Oman", calls_of_week, "complete") for calls_of_week in (0, 1)],
    ]
    assert zero == (None,)
    assert words.headline(found["series"]) == (
        "Russian-linked tankers at Iranian ports: at least 1 at berth, at least 1 calls in all; "
        "95% of the coast's hours heard (Caspian 0%)."
    )
    assert [w["state"] for w in found["waters"]] == ["complete", "unobserved"]


def test_a_coast_heard_in_both_waters_has_its_zero(tmp_path: Path) -> None:
    told = series(derived(tmp_path, {DANISH: coast(3, GULF + CASPIAN)}))
    assert [(week["state"], week["russian_linked_tanker_calls"]) for week in told] == [
        *[("complete", 0)] * 2,
        ("open", 0),
    ]
