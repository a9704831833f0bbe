"""Sentences of the report about lists that were imported despite a warning."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.catalogue import access, check
from flows.registers import store
from flows.report import words
from flows.report.tables import records
from flows.runner import run
from tests.conftest import FillHome
from tests.flows.registers.test_guard import opensanctions


def test_unknown_keys_and_accepted_losses_are_reported(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    settings = fill_home(tmp_path / "home", sample_days[:1], as_of="2026-03-10", derive=False)
    for key, on in (("GB-RUS", "2026-03-01"), ("GB-RUS-MARE", "2026-03-05")):
        path = opensanctions(settings, range(4), key, seen_on=on)
        store.import_list(settings, path, published_on=date.fromisoformat(on), accept_loss=True)
    run.derive(settings, [], publish=False)
    with access.reading(settings) as con:
        week = con.sql("select max(week) from week").fetchone()[0]
        sentences = words.doubtful_lists(records(con, "report/register", week=week))
    name = "OpenSanctions gb_fcdo_sanctions of 2026-03-05"
    assert [sentence.startswith(name) for sentence in sentences] == [True, True]
    assert "was imported despite a warning: " in sentences[0]
    assert "'GB-RUS-MARE' (4 hulls)" in sentences[0]
    assert "4 ships under unknown programme keys (GB-RUS-MARE)" in sentences[1]
    limits = {f.check: f.message for f in check.check(settings)}
    assert "barometer register remove 2" in limits["register"]
    assert "4 hulls under 'GB-RUS-MARE'" in limits["programme"]
