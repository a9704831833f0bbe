"""Voyages of others on which a weekly number went wrong, where they are at hand: see `CASES`.

All are in one home, each in weeks of its own, and its ships with numbers of their own.
"""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pytest

from flows.home.settings import Settings
from flows.registers import store
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import answer, ingest, settings_of
from tests.build.ships import AS_OF, imo
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


def renumbered(text: str, case: int) -> str:
    """With other IMO numbers, each the same wherever it stands."""
    found = sorted(set(re.findall(r"\bIMO ?(\d{7})\b", text)))
    for number, old in enumerate(found):
        text = text.replace(old, str(imo(800_000 + 1_000 * case + number)))
    return text


def moved(text: str, case: int) -> str:
    """The rows with other MMSIs, `case` in their middle, and three weeks for each case later; what
    lasts for months, years earlier."""
    header, *rows = csv.reader(renumbered(text, case).splitlines())
    times = [datetime.fromisoformat(row[1]) for row in rows]
    is_long = max(times) - min(times) > timedelta(weeks=3)
    shift = timedelta(weeks=-52 * (case % 2 + 1) if is_long else 3 * case)
    for row, at in zip(rows, times, strict=True):
        row[:2] = f"{row[0][:3]}{case:02}{row[0][5:]}", f"{at + shift:%FT%T}"
    return "\n".join(map(",".join, [header, *rows]))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("voyages")
    settings = settings_of(folder / "home", as_of=AS_OF, threads=1)
    for number, case in enumerate(CASES):
        path, copy = CASES_OF_OTHERS / case.file, folder / f"{number}.csv"
        copy.write_text(moved(path.read_text("utf-8"), number), encoding="utf-8")
        assert [outcome.state for outcome in ingest(settings, copy)] == ["ingested"], case
        listed = path.with_name(f"{path.stem}_sdn.csv")
        if listed.exists():
            copy = folder / f"{number}_sdn.csv"
            copy.write_text(renumbered(listed.read_text("utf-8"), number), encoding="utf-8")
            store.import_list(settings, copy, published_on=date(2026, 5, 20), accept_loss=True)
    with only("counted_call", "port_call"):
        run.derive(settings, [], publish=False)
    return settings


@pytest.mark.skipif(not CASES_OF_OTHERS.exists(), reason=f"{CASES_OF_OTHERS} is not here")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_voyage_gives_its_calls(case: Case, home: Settings) -> None:
    query = f"""
        select
            count(*) filter (where is_headline),
            count(*) filter (where is_headline and counted.is_russian_linked),
            count(*) filter (where not is_headline)
        from counted_call as counted join port_call using (port_call_id)
        where port_call.mmsi // 10000 % 100 = {CASES.index(case)}
    """
    assert answer(home, query) == [(case.calls, case.linked, case.apart)]
