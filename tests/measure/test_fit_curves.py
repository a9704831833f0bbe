"""The laden draughts of `data/curves`: fitted by the script in the tree, on a file that is not."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from flows.home.resources import data_path
from tests.conftest import ROOT
from tests.measure import fit_curves

REFERENCE = ROOT.parent / "shared/data/reference/russian_port_departures_2021_22_even_imo.csv"

HEADER = "imo,draught_m,deadweight_t,vessel_type,load_condition"


def shipped() -> list[dict[str, str]]:
    with data_path("curves", "laden_draught.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def departures(folder: Path) -> fit_curves.Departures:
    """Four ships of each class, each with three departures laden and one partly laden."""
    lines = [HEADER]
    for number, band in enumerate(fit_curves.BANDS):
        kind = fit_curves.TYPES[band.kind]
        for ship in range(4):
            deadweight_t = max(band.from_t, 5_000) * (1 + ship / 40)
            draught_m = 3.0 + number if band.kind != "river-sea" else 4.0
            draught_m = max(draught_m, 7.0) if band.hull_class == "small" else draught_m
            for departure in range(4):
                is_laden = departure < 3
                lines.append(
                    f"{9_000_000 + 10 * number + ship},{draught_m * (1 if is_laden else 0.8):.3f},"
                    f"{deadweight_t},{kind} Tanker,{'Laden' if is_laden else 'Partially Laden'}"
                )
    lines.append("9100000,11.0,50000,Bulk Carrier,Laden")
    path = folder / "departures.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return fit_curves.read(path)


def test_a_class_that_is_plain_is_found_again(tmp_path: Path) -> None:
    known = departures(tmp_path)
    assert len(known.imo) == 16 * len(fit_curves.BANDS)  # none of the bulk carrier
    curves = fit_curves.fit(known, np.ones(len(known.imo), dtype=bool))
    assert curves["Panamax"].laden_m == pytest.approx(9.0)
    assert curves["river-sea"].laden_m == pytest.approx(4 * (6_500 / 5_000) ** 0.3333, rel=0.03)
    for curve in curves.values():
        assert curve.part_ratio == pytest.approx(0.8, rel=0.02)
        assert curve.laden_spread >= fit_curves.LEAST_SPREAD
    chance = fit_curves.cross_validated(known, folds=2)
    assert fit_curves.scores(chance, known.is_laden) == (1.0, 1.0)


def test_each_row_of_the_table_has_its_source() -> None:
    rows = shipped()
    names = [band.hull_class for band in fit_curves.BANDS]
    assert [row["class"] for row in rows] == [*names, *(r["class"] for r in fit_curves.NOT_IN_FILE)]
    assert all(row["source"] for row in rows)
    with data_path("curves", "hull_form.csv").open(encoding="utf-8", newline="") as lines:
        forms = {row["class"]: row for row in csv.DictReader(lines)}
    assert {row["class"] for row in rows} <= set(forms)
    assert all(form["source"] for form in forms.values())


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"no {REFERENCE.name} beside the project")
def test_the_table_is_what_the_file_gives() -> None:
    known = fit_curves.read(REFERENCE)
    table = [{name: str(value) for name, value in row.items()} for row in fit_curves.table(known)]
    assert table == shipped()
    is_oil = known.hull_class != "gas"
    chance = fit_curves.cross_validated(known)
    precision, recall = fit_curves.scores(chance[is_oil], known.is_laden[is_oil])
    # By draught and deadweight alone, each ship by the curves of the others.
    assert precision > 0.93
    assert recall > 0.93
