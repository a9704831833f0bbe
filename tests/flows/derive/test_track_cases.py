"""Voyages of others on which a weekly number went wrong, where they are at hand: see `CASES`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.prepare import prepare_home
from flows.registers import store
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.ships import AS_OF
from tests.conftest import ROOT, no_pictures

TRACKS = ROOT.parent / "shared" / "cases" / "tracks"


class Case(NamedTuple):
    """A file, and what it must give: calls in the headline, linked ones, and others shown."""

    file: str
    calls: int
    linked: int
    apart: int = 0


CASES = [
    Case("five_wrong_clocks.csv", 1, 1),
    Case("frozen_10min.csv", 1, 1),
    Case("in_port_as_data_begin.csv", 0, 0, apart=5),
    Case("mmsi_change_14_h_silent.csv", 1, 1),
    Case("one_of_two_receivers_on_tehran_time.csv", 1, 1),
    Case("reflagged_to_russia_in_berth.csv", 1, 1),
    Case("second_transmitter_of_listed_imo.csv", 1, 1),
    Case("speed_stuck_at_3_kn.csv", 1, 1),
    Case("storage_tanker_heard_every_8_days.csv", 0, 0, apart=1),
    Case("thrown_onto_kharg_island.csv", 0, 0),
]


@pytest.mark.skipif(not TRACKS.exists(), reason=f"{TRACKS} is not here")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_voyage_gives_its_calls(case: Case, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home", AS_OF, 1, "300MB")
    settings.home.mkdir()
    prepare_home(settings.home)
    path = TRACKS / case.file
    outcomes = ingest_file(InputFile(path, is_named=True), load_sources(settings.home), settings)
    assert [outcome.state for outcome in outcomes] == ["ingested"]
    listed = path.with_name(f"{path.stem}_sdn.csv")
    if listed.exists():
        store.import_list(settings, listed, published_on=date(2026, 5, 20), accept_loss=True)
    with no_pictures():
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
