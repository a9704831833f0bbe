"""Voyages of others on which a weekly number went wrong, where they are at hand: see `CASES`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from flows.catalogue import access
from flows.registers import store
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import ingest, settings_of
from tests.build.ships import AS_OF
from tests.conftest import ROOT

CASES_OF_OTHERS = ROOT.parent / "shared" / "cases"


class Case(NamedTuple):
    """A file, and what it must give: calls in the headline, linked ones, and others shown."""

    file: str
    calls: int = 1
    linked: int = 1
    apart: int = 0


CASES = [
    *(Case(f"tracks/{name}.csv") for name in (
        "five_wrong_clocks", "frozen_10min", "mmsi_change_14_h_silent",
        "one_of_two_receivers_on_tehran_time", "reflagged_to_russia_in_berth",
        "second_transmitter_of_listed_imo", "speed_stuck_at_3_kn",
    )),
    Case("tracks/in_port_as_data_begin.csv", 0, 0, apart=5),
    Case("tracks/storage_tanker_heard_every_8_days.csv", 0, 0, apart=1),
    Case("tracks/thrown_onto_kharg_island.csv", 0, 0),
    Case("two_transponders.csv"),
]  # fmt: skip


@pytest.mark.skipif(not CASES_OF_OTHERS.exists(), reason=f"{CASES_OF_OTHERS} is not here")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_voyage_gives_its_calls(case: Case, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", as_of=AS_OF, threads=1)
    path = CASES_OF_OTHERS / case.file
    outcomes = ingest(settings, path)
    assert [outcome.state for outcome in outcomes] == ["ingested"]
    listed = path.with_name(f"{path.stem}_sdn.csv")
    if listed.exists():
        store.import_list(settings, listed, published_on=date(2026, 5, 20), accept_loss=True)
    with only("counted_call"):
        run.derive(settings, outcomes, publish=False)
    query = """
        select
            count(*) filter (where is_headline),
            count(*) filter (where is_headline and is_russian_linked),
            count(*) filter (where not is_headline)
        from counted_call
    """
    with access.reading(settings) as con:
        assert con.execute(query).fetchone() == (case.calls, case.linked, case.apart)
