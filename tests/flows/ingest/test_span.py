"""The span of a file: rows of a wrong clock are told, and honest files keep all their rows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import Settings
from flows.ingest.rows import blocks, reasons
from flows.ingest.span import NEAR_DAYS, own_days
from tests.build.files import day, fleet, ingested, ledger, positions, rejects, row

NOON = datetime(2026, 4, 15, 12)
ROLLED = timedelta(weeks=1024)


def counts(**rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows by day from ``d`` and its number: ``d9000=3``."""
    days = np.zeros(1 + max(int(k[1:]) for k in rows), dtype=np.int64)
    for name, number in rows.items():
        days[int(name[1:])] = number
    return days


def spread(first: int, last: int, step: int, rows: int = 1) -> dict[str, int]:
    return {f"d{n}": rows for n in range(first, last + 1, step)}


HONEST = {
    "a day": {"d9000": 10},
    "a row": {"d9000": 1},
    "two days a year apart, a row each": {"d9000": 1, "d9365": 1},
    "three rows, one a year early": {"d9000": 2, "d8635": 1},
    "a year": spread(9000, 9365, 1, 50),
    "twenty years by month": spread(2000, 9300, 30),
    "a fix a year": spread(100, 9000, 365),
    "dense at the end, thin for years before": spread(5000, 8900, 90) | spread(8901, 9000, 1, 999),
    "a ship laid up for half a year": spread(8000, 8500, 1) | spread(8710, 9200, 1),
    "ten rows in five days, and three six weeks later": spread(9000, 9004, 1, 2) | {"d9045": 3},
    "a ship that thins out": spread(9000, 9011, 1, 99) | spread(9011, 9071, 20),
    "two samples, two years apart": spread(8000, 8030, 1, 50) | spread(8760, 8790, 1, 50),
    "a sample of a fifth, two years earlier": spread(8000, 8005, 1, 50) | spread(8760, 8790, 1, 50),
}


WRONG = {
    "six weeks early": (spread(9000, 9011, 1, 90) | {"d8958": 1}, (9000, 9011)),
    "strays, each near the next": (
        spread(9000, 9011, 1, 90) | {"d8818": 1, "d8958": 1, "d9023": 1},
        (9000, 9023),
    ),
    "1,024 weeks early": ({"d9000": 3, "d1832": 1}, (9000, 9000)),
    "1,024 weeks early, and every other row": ({"d9000": 50, "d1832": 50}, (9000, 9000)),
    "two rows, one 1,024 weeks early": ({"d9000": 1, "d1832": 1}, (9000, 9000)),
    "a clock set to 2000, in a file of a year": (
        spread(9000, 9365, 1, 9) | {"d600": 40},
        (9000, 9365),
    ),
    "a year early": ({"d9000": 3, "d8635": 1}, (9000, 9000)),
    "a year late": ({"d9000": 30, "d9365": 1}, (9000, 9000)),
    "a month with a year early": (spread(9000, 9030, 1, 9) | {"d8645": 2}, (9000, 9030)),
    "a quarter with strays a year early": (
        spread(9000, 9059, 1, 9) | spread(8635, 8690, 9),
        (9000, 9059),
    ),
    "three wrong clocks": ({"d9000": 30, "d8635": 1, "d600": 2, "d1832": 3}, (9000, 9000)),
    "as many ten years early": ({"d10": 1, "d11": 2, "d3662": 3, "d3843": 1}, (3662, 3843)),
    "both sides": ({"d5000": 30, "d4000": 1, "d6000": 1}, (5000, 5000)),
    "a receiver that rolled over, for as long as the others": (
        spread(9000, 9030, 1, 80) | spread(1832, 1862, 1, 20),
        (9000, 9030),
    ),
}


def test_rows_of_a_wrong_clock_are_outside_and_honest_files_keep_all() -> None:
    spans = {name: own_days(counts(**rows)) for name, (rows, _) in WRONG.items()}
    assert spans == {name: span for name, (_, span) in WRONG.items()}
    spans = {name: own_days(counts(**rows)) for name, rows in HONEST.items()}
    assert spans == dict.fromkeys(HONEST)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.integers(0, 10_000), st.integers(1, 40), min_size=1, max_size=12),
    st.integers(1, 3000),
)
def test_the_span_holds_half_of_the_rows_and_moves_with_them(
    rows: dict[int, int], later: int
) -> None:
    days = counts(**{f"d{day}": n for day, n in rows.items()})
    found = own_days(days)
    moved = own_days(np.concatenate([np.zeros(later, dtype=np.int64), days]))
    if found is None:
        assert moved is None
        return
    first, last = found
    assert moved == (first + later, last + later)
    assert days[first] > 0 < days[last]
    assert 2 * days[first : last + 1].sum() >= days.sum()
    outside = [day for day in rows if not first <= day <= last]
    assert outside
    # Between what is outside and what is inside lies a gap, whichever side it is on.
    assert all(min(abs(day - first), abs(day - last)) > NEAR_DAYS for day in outside)


def strayed(stray: datetime, count: int = 40) -> list[str]:
    lines = [row(mmsi=f"{422_000_000 + i}", reported_at=NOON.isoformat()) for i in range(count)]
    return [*lines, row(mmsi="422000999", reported_at=stray.isoformat())]


@pytest.mark.parametrize("block", [300, 1 << 24], ids=["small blocks", "one block"])
def test_neither_cut_nor_order_nor_other_files_decide(
    home: Settings, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 200)
    lines = strayed(NOON - ROLLED)
    random.Random(block).shuffle(lines)
    old = day(*fleet(5, 500, reported_at=(NOON - ROLLED).isoformat()))
    (outcome, _) = ingested(home, day(*lines), old)
    assert outcome.entry is not None
    assert (outcome.entry.rows_kept, outcome.entry.rows_rejected) == (40, 1)
    assert outcome.entry.first_reported_at == outcome.entry.last_reported_at == NOON
    ((line, why, raw, *_),) = rejects(home)
    assert why == reasons.FAR_TIME
    assert lines[line - 2] == raw
    assert "wrong clock" in outcome.remarks[0]
    assert len(positions(home)) == 45  # the other file is of that time, and keeps its rows
    ledger(home)


@pytest.mark.parametrize("block", [300, 1 << 24], ids=["small blocks", "one block"])
def test_rows_that_stand_twice_count_once(
    home: Settings, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Ten of fifty are few in a small file, and twenty of a hundred are not."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    early = (NOON - timedelta(days=365)).isoformat()
    lines = [*fleet(40), *fleet(10, 500, reported_at=early)]
    (outcome,) = ingested(home, day(*lines, *lines, *lines[40:]))
    assert outcome.entry is not None
    assert (outcome.entry.rows_kept, outcome.entry.rows_rejected) == (40, 30)
    assert {r[1] for r in positions(home)} == {NOON}


def test_a_stray_row_does_not_stretch_the_series(home: Settings) -> None:
    early = [NOON - ROLLED, datetime(2000, 1, 1), datetime(1999, 8, 22), NOON - timedelta(days=365)]
    ingested(home, *(day(*strayed(stray, 3)) for stray in early))
    assert {r[1] for r in positions(home)} == {NOON}
    assert [r[1] for r in rejects(home)] == [reasons.FAR_TIME] * 4
