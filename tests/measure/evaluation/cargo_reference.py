"""Real departures from Russian ports: laden or not, by draught and deadweight alone.

The file is no part of the project (energyandcleanair/fossil_shipment_tracker, ships of even IMO
number). The program's own relations judge it: `draught_state`, which stands on `hull_curve`. The
table of curves was fitted on these ships, so that it is fitted anew for each tenth of them, without
that tenth.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.build.derivation import derive, session
from tests.measure import fit_curves

FOLDS = 10
SIZES = [0, 15_000, 40_000, 60_000, 90_000, 125_000, 180_000]

REFERENCE = (
    "deadweight, t",
    "departures",
    "laden",
    "precision",
    "recall",
    "precision of the curves as shipped",
)
REFERENCE += ("recall of them",)


def judged(path: Path) -> pd.DataFrame:
    """The departures of oil tankers, each with its state by curves fitted without its ship, and by
    the curves that the program has."""
    rows = pd.read_csv(path).query("vessel_type.str.contains('Oil')", engine="python")
    rows = rows.dropna(subset=["draught_m", "deadweight_t"]).reset_index(drop=True)
    departures = fit_curves.read(path)
    imos = np.unique(departures.imo)
    fold = {imo: number * 7919 % FOLDS for number, imo in enumerate(imos.tolist())}
    parts = []
    for number in range(FOLDS):
        among = np.array([fold[imo] != number for imo in departures.imo.tolist()])
        left_out = rows[rows["imo"].map(fold) == number]
        parts.append(_states(left_out, _curves(departures, among)))
    crossed = pd.concat(parts).sort_index()
    return rows.assign(crossed=crossed, shipped=_states(rows, None))


def lines(rows: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Precision and recall of laden, by deadweight and of all."""
    size = pd.cut(rows["deadweight_t"], SIZES, right=False)
    groups: list[tuple[str, pd.DataFrame]] = [("all", rows)]
    groups += [
        (f"{part.left:,.0f} to {part.right:,.0f}", own)
        for part, own in rows.groupby(size, observed=True)
    ]
    for name, own in groups:
        laden = own["load_condition"] == "Laden"
        figures = [
            f"{(laden & said).sum() / of.sum():.3f}"
            for said in (own["crossed"] == "laden", own["shipped"] == "laden")
            for of in (said, laden)
        ]
        yield (name, f"{len(own):,}", f"{laden.sum():,}", *figures)


def _curves(departures: fit_curves.Departures, among: Any) -> pa.Table:
    """The program's table of curves, fitted on some of the departures."""
    fitted = fit_curves.fit(departures, among)
    rows = []
    for row in fit_curves.table(departures):
        curve = fitted.get(row["class"])
        rows.append(row | (curve._asdict() if curve else {}))
    return pa.Table.from_pylist(rows)


def _states(rows: pd.DataFrame, curves: pa.Table | None) -> pd.Series:
    """What `draught_state` says of each departure of ships with a known deadweight and no size."""
    ships = rows.drop_duplicates("imo")
    hull = [
        {
            "hull_id": f"imo {imo}",
            "imo": imo,
            "is_tanker": True,
            "tanker_kind": None,
            "length_m": None,
            "beam_m": None,
            "deadweight_t": int(deadweight),
        }
        for imo, deadweight in zip(ships["imo"].tolist(), ships["deadweight_t"], strict=True)
    ]
    spell = [
        {
            "hull_id": f"imo {imo}",
            "draught_m": round(draught, 1),
            "began_at": datetime.fromisoformat(at),
            "ended_at": datetime.fromisoformat(at),
        }
        for imo, draught, at in zip(
            rows["imo"], rows["draught_m"], rows["departed_at"], strict=True
        )
    ]
    given = {"hull": pa.Table.from_pylist(hull, HULL), "draught_spell": pa.Table.from_pylist(spell)}
    if curves is not None:
        given["laden_draught"] = curves
    with session(**given) as con:
        derive(con, "draught_state")
        said = con.sql("select hull_id, draught_m, state from draught_state").df()
    key = pd.DataFrame(
        {"hull_id": "imo " + rows["imo"].astype(str), "draught_m": rows["draught_m"].round(1)}
    )
    states = {(ship, round(m, 1)): state for ship, m, state in said.itertuples(index=False)}
    return pd.Series(
        [states.get((ship, m), "unknown") for ship, m in key.itertuples(index=False)], rows.index
    )


HULL = pa.schema(
    [
        ("hull_id", pa.string()),
        ("imo", pa.int32()),
        ("is_tanker", pa.bool_()),
        ("tanker_kind", pa.string()),
        ("length_m", pa.float32()),
        ("beam_m", pa.float32()),
        ("deadweight_t", pa.int32()),
    ]
)
