"""Fit the laden draughts of tankers by class and deadweight: `data/curves/laden_draught.csv`.

    python -m tests.measure.fit_curves DEPARTURES.csv

The departures are a vessel-tracking site's export: a row a departure from a Russian port, with
``imo``, ``draught_m``, ``deadweight_t``, ``vessel_type`` and ``load_condition`` (Laden, Partially
Laden). The table goes to stdout; laden or not from draught and deadweight alone, with precision and
recall by class where each ship is judged by curves fitted without it, to stderr.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Band(NamedTuple):
    """A class of ships: from a deadweight on, with the power of the deadweight in its draught.

    Ships of one shape have draughts as the cube root of their weight. Within the classes that are
    built to a port's or a canal's depth the draught does not grow with the deadweight.
    """

    hull_class: str
    kind: str
    from_t: int
    reference_t: int
    slope: float


CUBE = 0.3333
BANDS = (
    Band("river-sea", "river-sea", 0, 6500, CUBE),
    Band("small", "oil", 0, 6500, 0.0),
    Band("coastal", "oil", 9000, 13000, CUBE),
    Band("handy", "oil", 16000, 19000, CUBE),
    Band("MR1", "oil", 25000, 37000, 0.0),
    Band("MR2", "oil", 42000, 50000, 0.0),
    Band("Panamax", "oil", 60000, 74000, 0.0),
    Band("Aframax", "oil", 85000, 110000, 0.0),
    Band("Suezmax", "oil", 125000, 158000, CUBE),
    Band("gas", "gas", 0, 50000, 0.25),
)
TYPES = {"oil": "Oil", "river-sea": "Oil", "gas": "LNG"}

RIVER_SEA = 8000, 5.2
"""A ship of less deadweight, tonnes, with a draught up to so many metres is a river-sea ship: in
the departures hardly a ship below 8,000 t draws 4.8 to 5.4 m."""

VLCC = {
    "class": "VLCC",
    "kind": "oil",
    "from_t": 200000,
    "reference_t": 305000,
    "slope": CUBE,
    "laden_m": 20.8,
    "laden_spread": 0.06,
    "part_ratio": 0.76,
    "part_spread": 0.1,
    "part_share": 0.1,
    "design_m": 21.8,
    "departures": 0,
    "ships": 0,
    "source": "general knowledge, unverified: TI Europe 441,585 t at 24.5 m, usual VLCCs of "
    "300,000 to 320,000 t at 20.5 to 22.5 m; spreads as of Suezmax and Aframax",
}
CASPIAN = VLCC | {
    **{"class": "Caspian", "kind": "Caspian", "from_t": 0, "reference_t": 13000, "slope": 0.0},
    **{"laden_m": 6.8, "laden_spread": 0.05, "part_ratio": 0.8, "part_share": 0.16},
    **{"design_m": 7.0},
    "source": "project 19619: 13,000 t at 6.99 m (trend.az, 28 September 2006); laden draught a "
    "choice, a little less; spreads as of river-sea ships",
}
NOT_IN_FILE = (CASPIAN, VLCC)
"""Ships that leave no Russian port laden, or that the file does not tell apart."""

SOURCE = (
    "fitted by tests/measure/fit_curves.py on departures of tankers from Russian ports, "
    "December 2021 to March 2022 (energyandcleanair/fossil_shipment_tracker)"
)
LEAST_SPREAD, MOST_SPREAD = 0.03, 0.12
LEAST_PART_SPREAD, MOST_PART_SPREAD = 0.06, 0.2
"""Bounds of what few ships of a class can show, in logarithms of the draught: a choice."""


class Departures(NamedTuple):
    """The columns of the file that the fit uses."""

    imo: npt.NDArray[np.int64]
    draught_m: Floats
    deadweight_t: Floats
    is_laden: Flags
    hull_class: npt.NDArray[np.str_]


class Curve(NamedTuple):
    """Laden draught of a class at its reference deadweight, and the two conditions about it."""

    laden_m: float
    laden_spread: float
    part_ratio: float
    part_spread: float
    part_share: float
    design_m: float


def read(path: Path) -> Departures:
    """Departures of tankers, each with its class."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if _kind(row["vessel_type"])]
    draught = np.array([float(row["draught_m"]) for row in rows])
    deadweight = np.array([float(row["deadweight_t"]) for row in rows])
    kinds = [_kind(row["vessel_type"]) for row in rows]
    return Departures(
        np.array([int(row["imo"]) for row in rows]),
        draught,
        deadweight,
        np.array([row["load_condition"] == "Laden" for row in rows]),
        np.array([_class(*ship) for ship in zip(kinds, deadweight, draught, strict=True)]),
    )


def _kind(vessel_type: str) -> str:
    return next((kind for kind, word in TYPES.items() if word in vessel_type), "")


def _class(kind: str, deadweight_t: float, draught_m: float) -> str:
    if kind == "oil" and deadweight_t < RIVER_SEA[0] and draught_m <= RIVER_SEA[1]:
        return "river-sea"
    bands = [band for band in BANDS if band.kind == kind and band.from_t <= deadweight_t]
    return max(bands, key=lambda band: band.from_t).hull_class


def scaled(departures: Departures, band: Band) -> Floats:
    """Logarithms of the draughts, brought to the reference deadweight of a class."""
    ratio = departures.deadweight_t / band.reference_t
    logs: Floats = np.log(departures.draught_m) - band.slope * np.log(ratio)
    return logs


def fit(departures: Departures, among: Flags) -> dict[str, Curve]:
    """The curve of each class, from some of the departures.

    The spread of the laden is that of those below the median: ships that load less than full count
    as laden too, while the deeper ones are of another design.
    """
    curves = {}
    for band in BANDS:
        own = among & (departures.hull_class == band.hull_class)
        logs = scaled(departures, band)
        laden, part = logs[own & departures.is_laden], logs[own & ~departures.is_laden]
        middle = float(np.median(laden))
        below = laden[laden <= middle] - middle
        spread = float(np.sqrt(np.mean(below**2)))
        part = part if len(part) >= 3 else middle + np.array([-0.3, -0.2, -0.1])
        part_middle = float(np.median(part))
        part_spread = 1.4826 * float(np.median(abs(part - part_middle)))
        curves[band.hull_class] = Curve(
            float(np.exp(middle)),
            min(max(spread, LEAST_SPREAD), MOST_SPREAD),
            float(np.exp(part_middle - middle)),
            min(max(part_spread, LEAST_PART_SPREAD), MOST_PART_SPREAD),
            (len(part) + 1) / (len(part) + len(laden) + 2),
            float(np.exp(np.quantile(laden, 0.95))),
        )
    return curves


def laden_probability(departures: Departures, curves: Mapping[str, Curve]) -> Floats:
    """The chance of laden rather than partly laden, each by the curve of its class (Bayes)."""
    chance = np.zeros(len(departures.imo))
    for band in BANDS:
        curve = curves[band.hull_class]
        own = departures.hull_class == band.hull_class
        log = scaled(departures, band)[own] - np.log(curve.laden_m)
        # Deeper than the middle of the laden is laden; shallower than that of the others is not.
        laden = np.exp(-0.5 * (np.minimum(log, 0) / curve.laden_spread) ** 2) / curve.laden_spread
        apart = np.maximum(log - np.log(curve.part_ratio), 0)
        part = np.exp(-0.5 * (apart / curve.part_spread) ** 2) / curve.part_spread
        laden, part = (1 - curve.part_share) * laden, curve.part_share * part
        chance[own] = laden / (laden + part)
    return chance


def cross_validated(departures: Departures, folds: int = 10) -> Floats:
    """The chance of laden of each departure, by curves fitted on the ships of the other folds."""
    chance = np.zeros(len(departures.imo))
    fold = np.searchsorted(np.unique(departures.imo), departures.imo) * 7919 % folds
    for number in range(folds):
        chance[fold == number] = laden_probability(departures, fit(departures, fold != number))[
            fold == number
        ]
    return chance


def scores(chance: Floats, is_laden: Flags) -> tuple[float, float]:
    """Precision and recall of laden."""
    said = chance > 0.5
    true = int((said & is_laden).sum())
    return true / max(int(said.sum()), 1), true / max(int(is_laden.sum()), 1)


def table(departures: Departures) -> list[dict[str, Any]]:
    """The rows of `data/curves/laden_draught.csv`."""
    curves = fit(departures, np.ones(len(departures.imo), dtype=bool))
    rows = []
    for band in BANDS:
        own = departures.hull_class == band.hull_class
        values = {
            name: round(value, 2 if name.endswith("_m") else 3)
            for name, value in curves[band.hull_class]._asdict().items()
        }
        head = dict(zip(VLCC, (*band,), strict=False))
        counts = {"departures": int(own.sum()), "ships": len(np.unique(departures.imo[own]))}
        rows.append(head | values | counts | {"source": SOURCE})
    return [*rows, *NOT_IN_FILE]


def main() -> None:
    """Write the table, and how well it tells laden from partly laden."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("departures", type=Path)
    departures = read(parser.parse_args().departures)
    writer = csv.DictWriter(sys.stdout, list(VLCC), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table(departures))
    chance = cross_validated(departures)
    is_oil = departures.hull_class != "gas"
    for name in ("all of oil", *(band.hull_class for band in BANDS)):
        own = is_oil if name == "all of oil" else departures.hull_class == name
        precision, recall = scores(chance[own], departures.is_laden[own])
        print(f"{name}: {own.sum()} departures, precision {precision:.3f}, recall {recall:.3f}",
              file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    main()
