"""Detected calls held against the true ones: pure functions on tables, no files, no detectors.

A table of true calls has mmsi, imo, port_id, began_at, ended_at; one of detected calls has mmsi,
imo, port_id, arrived_at, departed_at. Missing: `imo` where it is not known, the last column where
the ship is still in port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

HOUR = pd.Timedelta(hours=1)
PLAIN = "plain"
"""The ships that carry no trap."""


class Judged(NamedTuple):
    """Both tables with a column `fate`: what became of each call.

    True calls are found, missed or merged (missed too, but within a detected call that stands for
    another one), and have `arrival_error_h` and `departure_error_h` where both times are known.
    Detected calls are found, split (a further part of a true call that is found) or invented.
    """

    true: pd.DataFrame
    detected: pd.DataFrame


def judge(
    true: pd.DataFrame, detected: pd.DataFrame, *, tolerance: timedelta, data_end: datetime
) -> Judged:
    """Give each true call at most one detected call, those with the longest overlap first.

    Two calls match if port and ship are equal and no more than the tolerance lies between the end
    of one and the begin of the other. Ships are told by IMO number where both calls have one, else
    by MMSI.
    """
    true = true.reset_index(drop=True)
    detected = detected.reset_index(drop=True)
    fits = matches(true, detected, tolerance=tolerance, data_end=data_end)
    partner = _one_to_one(fits)
    found_true = true.index.isin(list(partner))
    found = detected.index.isin(list(partner.values()))
    is_matched = detected.index.isin(fits["detected"])
    theirs = detected.reindex([partner.get(row, -1) for row in true.index]).reset_index(drop=True)
    return Judged(
        true.assign(
            fate=_fates(found_true, true.index.isin(fits["true"]), ("found", "merged", "missed")),
            arrival_error_h=_hours_apart(theirs["arrived_at"], true["began_at"]),
            departure_error_h=_hours_apart(theirs["departed_at"], true["ended_at"]),
        ),
        detected.assign(fate=_fates(found, is_matched, ("found", "split", "invented"))),
    )


def matches(
    true: pd.DataFrame, detected: pd.DataFrame, *, tolerance: timedelta, data_end: datetime
) -> pd.DataFrame:
    """Every pair that matches, as row numbers `true`, `detected` and `overlap`, longest first."""

    def side(name: str, calls: pd.DataFrame, begin: str, end: str) -> pd.DataFrame:
        table = calls[["mmsi", "imo", "port_id"]].astype({"imo": "Int64", "port_id": str})
        ended = calls[end].fillna(data_end)
        return table.assign(**{name: np.arange(len(calls)), "begin": calls[begin], "end": ended})

    ours = side("true", true, "began_at", "ended_at")
    theirs = side("detected", detected, "arrived_at", "departed_at")
    pairs = ours.merge(theirs, on="port_id", suffixes=("", "_theirs"))
    same_ship = (pairs["imo"] == pairs["imo_theirs"]).fillna(pairs["mmsi"] == pairs["mmsi_theirs"])
    first_end = pairs[["end", "end_theirs"]].min(axis=1)
    pairs["overlap"] = first_end - pairs[["begin", "begin_theirs"]].max(axis=1)
    fits = pairs[same_ship.to_numpy(dtype=bool) & (pairs["overlap"] >= -tolerance).to_numpy()]
    columns = ["overlap", "true", "detected"]
    return fits[columns].sort_values(columns, ascending=[False, True, True], ignore_index=True)


def _one_to_one(fits: pd.DataFrame) -> dict[int, int]:
    """True row -> detected row, each at most once, in the order of the pairs."""
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for true, detected in zip(fits["true"].tolist(), fits["detected"].tolist(), strict=True):
        if true not in partner and detected not in taken:
            partner[true] = detected
            taken.add(detected)
    return partner


def _fates(is_found: np.ndarray, is_matched: np.ndarray, names: tuple[str, str, str]) -> np.ndarray:
    return np.where(is_found, names[0], np.where(is_matched, names[1], names[2]))


def _hours_apart(one: pd.Series, other: pd.Series) -> pd.Series:
    return ((one - other) / HOUR).abs()


def tally(judged: Judged) -> dict[str, float | None]:
    """The counts, precision, recall and errors in time of one detector."""
    of_true = judged.true["fate"].value_counts()
    of_detected = judged.detected["fate"].value_counts()
    found, merged = int(of_true.get("found", 0)), int(of_true.get("merged", 0))
    split, invented = int(of_detected.get("split", 0)), int(of_detected.get("invented", 0))
    counts = {"true": len(judged.true), "found": found, "missed": len(judged.true) - found}
    counts |= {"invented": invented, "split": split, "merged": merged}
    shares = {"precision": _share(found, found + split + invented)}
    shares |= {"recall": _share(found, len(judged.true))}
    errors = {
        f"{name}_{of}": _quantile(judged.true[name], share)
        for name in ("arrival_error_h", "departure_error_h")
        for of, share in (("median", 0.5), ("p95", 0.95))
    }
    return counts | shares | errors


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _quantile(values: pd.Series, share: float) -> float | None:
    return None if values.isna().all() else float(values.quantile(share))


def tally_by_trap(judged: Judged, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """The tally of each trap's ships, for tables with a column `traps`, a tuple of names.

    A ship that carries two traps counts in both; one without any is plain. Traps that neither
    table knows are left out.
    """
    found = {}
    for name in (*names, PLAIN):
        part = Judged(*(_carried(calls, name) for calls in judged))
        if len(part.true) or len(part.detected):
            found[name] = tally(part)
    return found


def _carried(calls: pd.DataFrame, name: str) -> pd.DataFrame:
    return calls[np.array([name in traps for traps in calls["traps"]], dtype=bool)]


def traps_of(
    mmsis: pd.Series, fleet: pd.DataFrame, carriers: Mapping[str, Sequence[int]]
) -> pd.Series:
    """Each MMSI's traps as a tuple; a hull carries its traps under every MMSI it has."""
    hull_of = _hulls(fleet)
    traps: dict[int, list[str]] = {}
    for name, carrying in carriers.items():
        for hull in {hull_of.get(mmsi, mmsi) for mmsi in carrying}:
            traps.setdefault(hull, []).append(name)
    return mmsis.map(lambda mmsi: tuple(traps.get(hull_of.get(mmsi, mmsi), (PLAIN,))))


def some_ships(
    fixes: pd.DataFrame, fleet: pd.DataFrame, carriers: Mapping[str, Sequence[int]], most_rows: int
) -> set[int]:
    """MMSIs of so many whole ships that about `most_rows` of the fixes are theirs.

    Of the ships in order of their traps each k-th is taken, so that every trap keeps its share.
    """
    step = -(-len(fixes) // most_rows)
    hull_of = _hulls(fleet)
    ships = pd.DataFrame({"mmsi": fleet["mmsi"]})
    ships["hull"] = ships["mmsi"].map(hull_of)
    ships["traps"] = traps_of(ships["mmsi"], fleet, carriers)
    hulls = ships.drop_duplicates("hull").sort_values(["traps", "hull"])["hull"].iloc[::step]
    return set(ships.loc[ships["hull"].isin(hulls), "mmsi"])


def _hulls(fleet: pd.DataFrame) -> dict[int, int]:
    """MMSI -> IMO number, or the MMSI itself where there is none."""
    hulls = fleet["imo"].fillna(fleet["mmsi"]).astype(int)
    return dict(zip(fleet["mmsi"].tolist(), hulls.tolist(), strict=True))
