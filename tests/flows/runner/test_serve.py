"""The schedule: when it comes next, and when a run was missed. `make lapse` runs it whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from flows.cli import main
from flows.home import history
from flows.home.settings import BarometerError, Settings
from flows.runner.late import next_tick
from flows.serve import last_run_at

MONDAY = datetime(2026, 4, 20, 6)


@pytest.mark.parametrize(
    ("cron", "after", "tick"),
    [
        ("0 6 * * 1", MONDAY, datetime(2026, 4, 27, 6)),
        ("0 6 * * 1", datetime(2026, 4, 20, 5, 59, 59), MONDAY),
        ("* * * * *", datetime(2026, 12, 31, 23, 59, 30), datetime(2027, 1, 1)),
    ],
    ids=["not the same tick again", "just before", "a year ends"],
)
def test_the_next_tick(cron: str, after: datetime, tick: datetime) -> None:
    assert next_tick(cron, after) == tick


@pytest.mark.parametrize("cron", ["", "every monday", "0 6 * *", "61 * * * *", "0 0 31 2 *"])
def test_what_is_no_schedule_is_told(cron: str) -> None:
    with pytest.raises(BarometerError, match=r"is not a schedule\. Give five fields"):
        next_tick(cron, MONDAY)


def test_the_last_run_is_the_newest_of_the_history(tmp_path: Path) -> None:
    settings = Settings(tmp_path, MONDAY, 1, "300MB")
    assert last_run_at(settings) is None
    for day in (13, 20, 6):
        at = datetime(2026, 4, day, 6).isoformat()
        history.append_history(tmp_path, history.RUN, [{"as_of": at}])
    assert last_run_at(settings) == MONDAY


def test_a_port_that_is_no_port_fails_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", "no-port")
    assert main(["serve", "--home", str(tmp_path / "home")]) == 1
    assert "PREFECT_SERVER_API_PORT: 'no-port' is not a port" in capsys.readouterr().err
