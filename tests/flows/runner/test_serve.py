"""The schedule: when it comes next, and runs that piled up are one. `make lapse` runs it whole."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cli import main
from flows.home import history
from flows.home.lock import HeldError
from flows.home.settings import BarometerError, Settings, load_settings
from flows.runner import late
from flows.runner.late import Started, done_by, next_tick
from flows.serve import last_run_at
from tests.build.derivation import unshown
from tests.build.post import Post

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
        history.append_history(
            tmp_path, history.RUN, [{"run_id": day, "as_of": at, "inputs_hash": "x"}]
        )
    assert last_run_at(settings) == MONDAY


def test_a_port_that_is_no_port_fails_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", "no-port")
    assert main(["serve", "--home", str(tmp_path / "home")]) == 1
    assert "PREFECT_SERVER_API_PORT: 'no-port' is not a port" in capsys.readouterr().err


START = datetime(2026, 4, 20, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@st.composite
def piled_up(draw: st.DrawFn) -> list[Started]:
    """Runs of a deployment: each begins when it was due or later."""
    runs = []
    for n in range(draw(st.integers(1, 12))):
        due = draw(st.integers(0, 50))
        began = due + draw(st.integers(0, 30))
        runs.append(Started(at(began), f"{n}", at(due), draw(st.booleans())))
    return runs


@given(piled_up())
def test_every_due_time_has_a_run_that_started_later_and_works(runs: list[Started]) -> None:
    workers = [run for run in runs if done_by(run.run_id, runs) is None]
    for run in runs:
        other = done_by(run.run_id, runs)
        if other is None:
            continue
        assert other in workers and not other.is_lost
        assert run.due_at <= other.started_at <= run.started_at
    assert workers
    # And no two that work do what one of them did: the later one was due after the other began.
    for first, second in itertools.combinations(sorted(workers), 2):
        assert first.is_lost or second.due_at > first.started_at


def test_a_run_that_is_not_known_works() -> None:
    assert done_by("x", []) is None


def test_a_scheduled_run_waits_for_the_home_and_another_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "RETRY_S", 0.05)
    is_held, is_over = threading.Event(), threading.Event()

    def other() -> None:
        with late.locked_in_turn(tmp_path, wait_s=0):
            is_held.set()
            is_over.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert is_held.wait(60)
    with pytest.raises(HeldError), late.locked_in_turn(tmp_path, wait_s=0):
        pass
    threading.Timer(0.3, is_over.set).start()
    began = time.monotonic()
    with late.locked_in_turn(tmp_path, wait_s=60):
        assert is_over.is_set() and time.monotonic() - began >= 0.2
    thread.join()


@pytest.mark.usefixtures("prefect_server")
def test_late_runs_of_a_schedule_are_one_run_and_one_mail_at_most(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its input fails, so that each run that works would send an alarm."""
    from prefect import get_client
    from prefect.flow_engine import run_flow
    from prefect.states import Scheduled

    from flows.weekly import weekly

    for name, value in post.environ().items():
        monkeypatch.setenv(name, value)
    given: dict[str, Any] = {"paths": [str(tmp_path / "gone.csv")], "home": str(tmp_path / "home")}
    states = []

    def worked(run: Any) -> Any:
        return run_flow(weekly, flow_run=run, parameters=given, return_type="state")

    with unshown(), get_client(sync_client=True) as client:
        flow_id = client.create_flow(weekly)
        deployment = client.create_deployment(flow_id=flow_id, name=f"late-{tmp_path.name}")
        now = datetime.now(UTC)
        for days in (2, 1):
            due = Scheduled(scheduled_time=now - timedelta(days=days))
            run = client.create_flow_run_from_deployment(deployment, state=due, parameters=given)
            states.append(worked(run))
        due = Scheduled(scheduled_time=datetime.now(UTC))
        run = client.create_flow_run_from_deployment(deployment, state=due, parameters=given)
        states.append(worked(run))
    assert [state.name for state in states] == ["Failed", "Skipped", "Failed"]
    assert [state.is_failed() for state in states[1:2]] == [False]
    assert len(post.taken()) == 2  # of the first, and of one that was due after it began
    assert "gone[.]csv" in str(post.taken()[0].get_content())
    assert load_settings({"home": given["home"]}).home.exists()
