"""The flow on a real Prefect server: it runs, it reports, and a bad file does not stop it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint

from flows import catalogue
from flows.ingest import Outcome, TransientError
from flows.settings import Settings, load_settings
from flows.weekly import ingest, weekly
from tests.conftest import AS_OF, ROOT

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_deployment_entrypoint_loads_as_a_real_flow() -> None:
    entrypoint = f"{ROOT / 'flows' / 'weekly.py'}:weekly"
    assert (
        load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False).name == "barometer-weekly"
    )


def test_the_flow_ingests_derives_and_leaves_an_artifact(
    sample_days: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1,2\n")
    outcomes: list[Outcome] = []
    state = weekly(
        paths=[str(sample_days[0]), str(broken), str(tmp_path / "gone"), str(sample_days[1])],
        home=str(tmp_path / "home"),
        as_of=AS_OF,
        outcomes=outcomes,
        return_state=True,
    )
    assert state.is_failed() and "2 of 4 inputs failed" in state.message
    states = sorted(outcome.state for outcome in outcomes)
    assert states == ["failed", "failed", "ingested", "ingested"]
    settings = load_settings({"home": tmp_path / "home", "as_of": AS_OF}, {})
    with catalogue.reading(settings) as con:
        assert con.sql("select count(*) from source_file").fetchone() == (2,)
        assert con.sql("select files_ingested, files_failed from run").fetchall() == [(2, 2)]
    assert (settings.home / "reports" / "2026-W10" / "barometer.csv").exists()
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts()
    assert any(artifact.key == "weekly-port-calls" for artifact in artifacts)


def test_a_write_that_fails_once_is_tried_again(
    sample_days: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def ingest_file(*args: object, **named: object) -> list[Outcome]:
        tries.append("try")
        outcome = Outcome("day.csv", "failed", "disk full", is_transient=True)
        if len(tries) == 1:
            raise TransientError(outcome)
        return [outcome._replace(state="ingested", is_transient=False)]

    monkeypatch.setattr("flows.weekly.ingest_file", ingest_file)
    monkeypatch.setattr(ingest, "retry_delay_seconds", 0)
    outcomes: list[Outcome] = []
    weekly(paths=[str(sample_days[0])], home=str(tmp_path / "home"), as_of=AS_OF, outcomes=outcomes)
    assert len(tries) == 2
    assert [outcome.state for outcome in outcomes] == ["ingested"]


def test_the_flow_gives_the_same_as_the_plain_functions(
    sample_home: Settings, sample_days: list[Path], tmp_path: Path
) -> None:
    weekly(paths=[str(sample_days[0].parent)], home=str(tmp_path / "home"), as_of=AS_OF)
    settings = load_settings({"home": tmp_path / "home", "as_of": AS_OF}, {})
    for name in ("port_call", "weekly_port_calls", "barometer"):
        rows = []
        for one in (sample_home, settings):
            with catalogue.reading(one) as con:
                rows.append(con.table(name).order("all").fetchall())
        assert rows[0] == rows[1], name
