"""Step 8b, volume: the oil that the calls of each week moved, with an interval of 90 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flows.derive.mixtures import Amounts, added, paired, quantiles, unheard_calls
from flows.derive.plain_word import LEAST_DISPERSION
from flows.derive.rates import Floats
from flows.derive.series import INDEX_WEEKS, LEAST_SHARE, WHOLE_SHARE
from flows.home.rules import rule

LEAST_CALLS = 5
"""Estimates of the last 52 weeks that alone tell what a call without one moved: a choice. Of four
amounts between those of a river tanker and a Suezmax the mean is off by half and more. Of fewer,
but one at least, `PRIOR` makes up their number."""

MODEL_SHARE = rule("volume_model_share")
"""Standard deviation of the error that the estimates of all calls share, over the sum."""

TAIL = 0.05
"""The chance beyond each end of an interval of 90 %."""

PRIOR = {"Caspian": (6_700.0, 3_500.0), "Gulf and Gulf of Oman": (80_000.0, 80_000.0)}
"""What a call of a tanker of any size may move, mean and standard deviation in tonnes, by water. In
the Caspian some 6,700 t, as Neka's swaps of 2017 (2.3 million barrels in 47 calls), of ships of
3,000 to 13,000 t; in the Gulf anything from a coaster to a very large tanker, as an exponential
distribution has it: 4,000 to 240,000 t in nine of ten (both spreads a choice)."""

PRIOR_BBL_T = 7.3
"""Barrels a tonne of it, those of crude oil of 0.86 t a cubic metre (general knowledge)."""

Key = tuple[Any, ...]
Row = dict[str, Any]


class Usual(NamedTuple):
    """What a call usually moves: tonnes, barrels a tonne, and how many calls tell it."""

    mean: float
    variance: float
    barrels: float
    calls: float


class Cell(NamedTuple):
    """The oil of a week in one water, or in all.

    `amounts` is None where no sum can be given; `heard` is then what was heard and estimated, None
    if nothing was. `payload_t` and `payload_bbl` are the heard sums over the share heard.
    """

    amounts: Amounts | None
    heard: Amounts | None
    payload_t: float = np.nan
    payload_bbl: float = np.nan


def weekly(counts: pd.DataFrame, dispersions: pd.DataFrame) -> pd.DataFrame:
    """Each week's oil, by water and for all waters of a series.

    Parameters
    ----------
    counts : DataFrame
        Rows of `volume_count`.
    dispersions : DataFrame
        series, week, dispersion: how far calls cluster, as in `week_rate`; null where not known.

    Returns
    -------
    DataFrame
        series, week, water (null: all), direction, link_tier; `payload_t` and `payload_bbl`, the
        heard sums over the share heard; `payload_low_90_t`, `payload_high_90_t`. Only the lower
        limit is given where calls were heard and no sum can be given: under `LEAST_SHARE` heard, a
        linked ship of unknown type, or no estimate to go by for the calls that have none.
    """
    # A fixed order makes the float sums reproducible.
    names = ("series", "week", "direction", "link_tier", "water")
    rows = sorted(records(counts), key=lambda row: [row[name] or "" for name in names])
    cells: dict[Key, list[Cell]] = {}
    for row, cell in zip(rows, cells_of(rows, usual_calls(rows), dispersions), strict=True):
        key = row["series"], row["week"], row["direction"], row["link_tier"]
        cells[*key, row["water"]] = [cell]
        cells.setdefault((*key, None), []).append(cell)
    return pd.DataFrame(list(cells), columns=[*names]).assign(
        **ends(list(map(together, cells.values())))
    )


def cells_of(
    rows: Sequence[Row], usual: Mapping[Key, Usual | None], dispersions: pd.DataFrame
) -> list[Cell]:
    """The oil of each row of `volume_count`; see `weekly`, and `usual_calls`."""
    clustered = {
        (row["series"], row["week"]): float(row["dispersion"])
        for row in records(dispersions)
        if row["dispersion"] is not None and row["dispersion"] > LEAST_DISPERSION
    }
    return [
        _cell(
            row,
            usual[row["series"], row["week"], row["water"], row["direction"]],
            clustered.get((row["series"], row["week"]), 1.0),
        )
        # What calls of unknown direction moved is shared between the two.
        if row["direction"] != "unknown"
        else Cell(None, None)
        for row in rows
    ]


def records(table: pd.DataFrame) -> list[Row]:
    """The rows of a table, each a dict by column; None where it has no value."""
    names = [str(name) for name in table.columns]
    columns = (
        table[name].to_numpy(object, na_value=None).tolist()  # type: ignore[call-overload]
        for name in names
    )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def usual_calls(rows: Sequence[Row]) -> Mapping[Key, Usual | None]:
    """What a call moved in the 52 weeks up to each week, by water and direction.

    Where a direction has fewer estimates than are needed, the mean of both fills up their number;
    where both have, but one at least, what any tanker of the water may move. None: no estimate.
    """
    of_cell: dict[Key, list[Row]] = {}
    for row in rows:
        if row["link_tier"] is None and row["direction"] != "unknown":
            key = row["series"], row["water"], row["direction"]
            of_cell.setdefault(key, []).append(row)
    usual: dict[Key, Usual | None] = {}
    names = ("estimated", "payload_t", "square_t2", "error_t2", "payload_bbl")
    for (series, water, direction), of_week in sorted(of_cell.items(), key=lambda c: c[0][2] or ""):
        each = sorted(of_week, key=lambda row: str(row["week"]))
        values = np.array([[float(row[name]) for name in names] for row in each])
        for at, row in enumerate(each):
            sums = values[max(at - INDEX_WEEKS + 1, 0) : at + 1].sum(axis=0)
            other = usual.get((series, row["week"], water, None))
            if direction is None and sums[0] > 0:
                other = Usual(PRIOR[water][0], PRIOR[water][1] ** 2, PRIOR_BBL_T, LEAST_CALLS)
            usual[series, row["week"], water, direction] = _usual_of(sums, other)
    return usual


def _usual_of(sums: Floats, other: Usual | None) -> Usual | None:
    """Of sums over calls; `other` is what fills up too few of them."""
    calls, total, square, error, bbl = map(float, sums)
    if calls < LEAST_CALLS and other is not None:
        more = LEAST_CALLS - calls
        total, square = total + more * other.mean, square + more * (other.mean**2 + other.variance)
        bbl, calls = bbl + more * other.mean * other.barrels, LEAST_CALLS
    if calls < LEAST_CALLS or total <= 0:
        return None
    mean = total / calls
    between = max(square / calls - mean**2, 0.0) * calls / (calls - 1)
    return Usual(mean, between + error / calls, bbl / total, calls)


def _cell(row: Row, usual: Usual | None, dispersion: float) -> Cell:
    """The oil of a week in one water, of one direction and tier."""
    share = float(row["observed_share"] or 0)
    estimated, lacking = float(row["estimated"]), float(row["lacking"])
    calls = estimated + lacking
    heard = _amounts(np.ones(1), row, 0.0, None) if estimated else None
    is_part = not row["is_open"] and share < WHOLE_SHARE
    if (
        (share < LEAST_SHARE and not (row["is_open"] and calls))
        or row["untyped_linked_calls"]
        or ((lacking or is_part) and usual is None)
    ):
        return Cell(None, heard)
    exposure = share if is_part else 1.0
    amounts = _amounts(unheard_calls(calls, exposure, dispersion), row, lacking, usual)
    if row["other_way_p"]:
        amounts = paired(amounts, _other_way(row))
    imputed_t = 0.0
    if usual is not None:
        imputed_t = (lacking + calls * (1 - exposure) / exposure) * usual.mean
    imputed_bbl = imputed_t * usual.barrels if usual is not None else 0.0
    return Cell(
        amounts, heard, float(row["payload_t"]) + imputed_t, float(row["payload_bbl"]) + imputed_bbl
    )


def _amounts(chance: Floats, row: Row, lacking: float, usual: Usual | None) -> Amounts:
    """What was estimated, and usual amounts for the calls that lack one or were not heard."""
    mean = np.full(chance.size, float(row["payload_t"]))
    variance = np.full(chance.size, float(row["variance_t2"]))
    if usual is not None:
        number = np.arange(chance.size) + lacking
        mean += number * usual.mean
        variance += number * usual.variance + number**2 * usual.variance / usual.calls
        variance += float(row["lacking_variance"]) * usual.mean**2
    return Amounts(chance, mean, variance)


def _other_way(row: Row) -> Amounts:
    """What calls taken for the other direction moved in this one: nothing, or some amount.

    It can only be added: as a variance of the sum it would reach below what was heard, and of a
    sum of nothing it would be lost.
    """
    chance, total = float(row["other_way_p"]), float(row["other_way_t"])
    square = (float(row["other_way_t2"]) + total**2) / chance
    mean = total / chance
    return Amounts(
        np.array([1 - chance, chance]),
        np.array([0.0, mean]),
        np.array([0.0, max(square - mean**2, 0.0)]),
    )


def together(cells: Sequence[Cell]) -> Cell:
    """A sum where each water has one, else what is known at the least."""
    if len(cells) == 1:
        return cells[0]
    known = [cell.amounts or cell.heard for cell in cells]
    total: Amounts | None = None
    for amounts in known:
        if amounts is not None:
            total = amounts if total is None else added(total, amounts)
    if any(cell.amounts is None for cell in cells):
        is_any = any(cell.heard is not None for cell in cells)
        return Cell(None, total if is_any else None)
    payload_t = sum(cell.payload_t for cell in cells)
    return Cell(total, None, payload_t, sum(cell.payload_bbl for cell in cells))


def ends(cells: Sequence[Cell]) -> dict[str, Any]:
    """The sums and the ends of their intervals, tonnes; nan where there is none."""
    low, high = np.full((2, len(cells)), np.nan)
    of_tail: dict[float, list[int]] = {TAIL: [], 2 * TAIL: []}
    spread: dict[int, Amounts] = {}
    for at, cell in enumerate(cells):
        amounts = cell.amounts or cell.heard
        if amounts is not None:
            model = (MODEL_SHARE * amounts.mean) ** 2
            spread[at] = amounts._replace(variance=amounts.variance + model)
            # Nothing is less than no oil: with none heard, the whole tenth is above.
            of_tail[2 * TAIL if amounts.mean[0] <= 0 else TAIL].append(at)
    for tail, places in of_tail.items():
        amounts_of = [spread[at] for at in places]
        low[places] = quantiles(amounts_of, tail) if tail == TAIL else 0.0
        high[places] = quantiles(amounts_of, 1 - tail)
    is_sum = np.array([cell.amounts is not None for cell in cells], bool)
    return {
        "payload_t": [cell.payload_t for cell in cells],
        "payload_low_90_t": low,
        "payload_high_90_t": np.where(is_sum, high, np.nan),
        "payload_bbl": [cell.payload_bbl for cell in cells],
    }
