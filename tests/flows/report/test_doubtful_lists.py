"""What the report tells of lists that were taken although something spoke against them."""

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


def test_unknown_keys_and_accepted_losses_are_told(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    settings = fill_home(tmp_path / "home", sample_days[:1], as_of="2026-03-10")
    for key, on in (("GB-RUS", "2026-03-01"), ("GB-RUS-MARE", "2026-03-05")):
        path = opensanctions(tmp_path, range(4), key, seen_on=on)
        store.import_list(settings, path, published_on=date.fromisoformat(on), accept_loss=True)
    run.derive(settings, [], publish=False)
    with access.reading(settings) as con:
        week = con.sql("select max(week) from week").fetchone()[0]
        found = records(con, "report_register", week=week)
    told = words.doubtful_lists(found)
    name = "OpenSanctions gb_fcdo_sanctions of 2026-03-05"
    assert [sentence.startswith(name) for sentence in told] == [True, True]
    assert "was imported despite a warning: " in told[0] and "'GB-RUS-MARE' (4 hulls)" in told[0]
    assert "4 ships under unknown programme keys (GB-RUS-MARE)" in told[1]
    limits = {f.check: f.message for f in check.check(settings)}
    assert "barometer register remove 2" in limits["register"]
    assert "4 hulls under 'GB-RUS-MARE'" in limits["programme"]
