"""The flow on a real Prefect server: it runs, it reports, and a bad file does not stop it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL
from prefect.states import State

from flows.catalogue import access
from flows.home.history import SOURCE_FETCH, read_history
from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest.outcome import Outcome, TransientError
from flows.mail import alerts, outbox
from flows.mail.settings import mail_settings
from flows.weekly import ingest, weekly
from tests.build.contents import contents, differing
from tests.build.derivation import only, unshown
from tests.build.post import PASSWORD, Post, emptied
from tests.build.programs import faulty
from tests.build.programs.disk import REFUSED
from tests.build.web import serving
from tests.conftest import AS_OF, ROOT, FillHome, no_pictures
from tests.flows.runner.test_faults import inputs
from tests.flows.sources.fetching.services import name_services, services

pytestmark = pytest.mark.usefixtures("prefect_server", "undrawn")


def test_the_deployment_entrypoint_loads_as_a_real_flow() -> None:
    entrypoint = f"{ROOT / 'flows' / 'weekly.py'}:weekly"
    assert (
        load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False).name == "barometer-weekly"
    )


@pytest.fixture(scope="module")
def flow_run(
    tmp_path_factory: pytest.TempPathFactory,
    sample_days: list[Path],
    starttls: Post,
    prefect_server: None,
) -> tuple[Settings, State, list[Outcome], list[str]]:
    """One run that nobody watches, on a day of a closed week, a day of the next, and two inputs
    that fail: its home, state, outcomes and the subjects of its mails."""
    folder = tmp_path_factory.mktemp("flow")
    broken = folder / "broken.csv"
    broken.write_text("a,b\n1,2\n")
    inputs = [sample_days[0], broken, folder / "gone", sample_days[7]]
    outcomes: list[Outcome] = []
    with pytest.MonkeyPatch.context() as patch, no_pictures():
        post = emptied(starttls, patch)
        for name, value in post.environ().items():
            patch.setenv(name, value)
        state = weekly(
            paths=[str(path) for path in inputs],
            home=str(folder / "home"),
            as_of=AS_OF,
            outcomes=outcomes,
            return_state=True,
        )
        subjects = [email["Subject"] for email in post.taken()]
    return load_settings({"home": folder / "home", "as_of": AS_OF}, {}), state, outcomes, subjects


Run = tuple[Settings, State, list[Outcome], list[str]]


def test_the_flow_ingests_derives_and_leaves_an_artifact(flow_run: Run) -> None:
    settings, state, outcomes, _ = flow_run
    assert state.is_failed() and "2 of 4 inputs failed" in state.message
    assert sorted(o.state for o in outcomes) == ["failed", "failed", "ingested", "ingested"]
    with access.reading(settings) as con:
        assert con.sql("select count(*) from source_file").fetchone() == (2,)
        assert con.sql("select files_ingested, files_failed from run").fetchall() == [(2, 2)]
    assert (settings.home / "reports" / "2026-W10" / "barometer.csv").exists()
    with get_client(sync_client=True) as client:
        assert any(artifact.key == "weekly-port-calls" for artifact in client.read_artifacts())


def test_a_run_that_nobody_watches_mails_the_week_and_its_failure(flow_run: Run) -> None:
    """A watched one sends no alarm: see `tests/flows/mail/test_alarm.py`."""
    week, failure = flow_run[3]
    assert "2026-W10: " in week and failure.endswith(" failed")


def test_the_flow_gives_the_same_as_the_plain_functions(
    flow_run: Run, fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    names = ("port_call", "weekly_port_calls", "barometer")
    with only(*names):
        homes = (flow_run[0], fill_home(tmp_path / "home", sample_days[:8:7], reports=False))
    for name in names:
        rows = []
        for home in homes:
            with access.reading(home) as con:
                rows.append(con.table(name).order("all").fetchall())
        assert rows[0] == rows[1] != [], name


def test_a_write_that_fails_once_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[str] = []

    def ingest_input(*args: object, **named: object) -> Outcome:
        attempts.append("attempt")
        outcome = Outcome("day.csv", "failed", "disk full", is_transient=True)
        if len(attempts) == 1:
            raise TransientError(outcome)
        return outcome._replace(state="ingested", is_transient=False)

    monkeypatch.setattr("flows.weekly.ingest_input", ingest_input)
    monkeypatch.setattr(ingest, "retry_delay_seconds", 0)
    given: Any = SimpleNamespace(member=SimpleNamespace(name="day.csv"))
    assert ingest(given, {}, None, None).state == "ingested"
    assert len(attempts) == 2


def on_a_small_disk(folder: Path) -> dict[str, dict[str, Any]]:
    """The steps of `tests.build.programs.disk` by name, in a namespace, or as root without one."""
    command = [sys.executable, "-m", "tests.build.programs.disk", str(folder)]
    environ = os.environ | {
        "PREFECT_API_URL": PREFECT_API_URL.value(),  # the server's own files lie on another disk
        "PREFECT_HOME": str(folder / "prefect"),
    }
    ways = [["unshare", "--map-root-user", "--mount", *command]] if shutil.which("unshare") else []
    for way in (*ways, *([command] if os.getuid() == 0 else [])):
        done = subprocess.run(
            way, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            assert "Traceback" not in done.stderr
            steps = [json.loads(line) for line in done.stdout.splitlines()]
            return {step["step"]: step for step in steps}
        if done.returncode != REFUSED and "unshare:" not in done.stderr:
            raise AssertionError(done.stderr)
    pytest.skip("the system lets nobody mount a small disk here (unshare --map-root-user --mount)")


def test_a_disk_that_is_full_loses_nothing_and_one_that_is_read_only_is_left_alone(
    tmp_path: Path,
) -> None:
    inputs(tmp_path)
    never = Settings(tmp_path / "never", faulty.AS_OF, 1, "300MB")
    never.home.mkdir()
    assert faulty.work(never.home, tmp_path / "in", "drawn") == "done"
    faulty.prepare_home(never.home)  # clears what a run leaves in `tmp/`
    steps = on_a_small_disk(tmp_path)
    no_lake, no_catalogue = steps["no room for the lake"], steps["no room for the catalogue"]
    for step in (no_lake, no_catalogue):
        assert step["code"] == 1
        assert "No space left on device" in step["told"] and "Traceback" not in step["told"]
        assert "barometer.duckdb" not in step["there"] and step["runs"] == 0
    assert no_lake["files"] == 0 and "lake is unchanged" in no_lake["told"]
    assert no_catalogue["files"] > 0
    assert "ingested files stay, and the catalogue is as it was" in no_catalogue["told"]
    assert steps["room"]["code"] == 0, steps["room"]["told"]
    assert differing(contents(never), steps["room"]["holds"]) == []
    read_only = steps["read-only"]
    assert (read_only["code"], read_only["state"]) == (1, steps["room"]["state"])
    assert "cannot be written (Read-only file system)" in read_only["told"]
    assert "Traceback" not in read_only["told"]


def block(post: Post, *, verify: bool = True) -> dict[str, str]:
    """Save server and login as a block of prefect-email. Returns the environment to use it."""
    from prefect_email import EmailServerCredentials

    EmailServerCredentials(
        username="barometer",
        password=PASSWORD,
        smtp_server="localhost",
        smtp_type="STARTTLS",
        smtp_port=post.port,
        verify=verify,
    ).save("team-post", overwrite=True, _sync=True)
    address = {"BAROMETER_MAIL_FROM": "a@example.org", "BAROMETER_MAIL_TO": "new@example.org"}
    return {"BAROMETER_SMTP_BLOCK": "team-post"} | address


def test_the_flow_mails_by_a_block_and_fails_on_mail_only_after_all_else(
    flow_run: Run, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers are those of the run before: what is derived is not mail's."""
    home = tmp_path / "home"
    shutil.copytree(flow_run[0].home, home)
    done: list[str] = []

    def derive(*_: object, **__: object) -> list[str]:
        assert post.envelopes() == []
        done.append("derived")
        return []

    monkeypatch.setattr("flows.runner.run.derive", derive)
    monkeypatch.setattr("flows.weekly.create_table_artifact", lambda **_: done.append("shown"))
    for name, value in block(post).items():
        monkeypatch.setenv(name, value)
    post.behave(rcpt={"new@example.org": "550 5.1.1 unknown"})
    state = weekly(home=str(home), as_of=AS_OF, return_state=True)
    assert state.is_failed() and "not sent to new@example.org" in state.message
    assert PASSWORD not in state.message
    assert done == ["derived", "shown"]
    post.behave()
    result = outbox.send_due(flow_run[0]._replace(home=home), {**block(post), **OTHER_SENDER})
    assert result.problems == [] and post.envelopes()[-1]["is_logged_in"]


def test_the_flow_alerts_by_a_block_and_fails_where_a_service_does(
    flow_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.blocks.system import Secret

    home = tmp_path / "home"
    shutil.copytree(flow_run[0].home, home)
    with serving() as web:
        web.files["/hook"] = b"ok"
        web.plan["/hook"] = [{"status": 500}]
        address = f"json://{web.address.removeprefix('http://')}/hook"
        Secret(value=address).save("team-alerts", overwrite=True, _sync=True)
        monkeypatch.setenv("BAROMETER_ALERT_BLOCK", "team-alerts")
        given = {"home": str(home), "as_of": AS_OF, "return_state": True}
        (home / "watchlist.csv").write_text("kind,value\nport,IRKHK\nport,IRBUZ\nport,IRBND\n")
        with unshown("alert", publish=True):
            state = weekly(**given)
            assert state.is_failed() and "not sent to json " in state.message
            assert "500" in state.message and "hook" not in state.message
            assert weekly(**given).is_completed()
        assert len(web.posted) == 2
        monkeypatch.setenv("BAROMETER_ALERT_BLOCK", "none")
        (problem,) = alerts.send_alerts(flow_run[0]._replace(home=home)).problems
        assert "the block none of type Secret cannot be loaded" in problem


OTHER_SENDER = {"BAROMETER_MAIL_FROM": "desk@example.org"}
"""Other settings: a permanent failure is tried again."""


def test_a_block_that_cannot_be_used_is_named(post: Post) -> None:
    environ = block(post, verify=False)
    with pytest.raises(BarometerError, match="does not verify") as caught:
        mail_settings(environ)
    assert PASSWORD not in str(caught.value)
    with pytest.raises(BarometerError, match="email-server-credentials/none cannot be loaded"):
        mail_settings(environ | {"BAROMETER_SMTP_BLOCK": "none"})


def test_a_source_that_is_not_fetched_is_named_and_does_not_stop_the_others(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAROMETER_GFW_TOKEN", raising=False)
    with unshown(), services() as web:
        name_services(home, web.address)
        web.port_days = [("2026-04-20", "port1", "IRN")]
        state = weekly(
            home=str(home.home),
            as_of="2026-05-10T06:00:00",
            fetched=["gfw-events", "nobody", "portwatch"],
            is_watched=True,
            return_state=True,
        )
    assert state.is_failed()
    first, second = str(state.message).splitlines()
    assert first.startswith("gfw-events: BAROMETER_GFW_TOKEN is not set")
    assert second.startswith("nobody: 'nobody': no such source. These can be fetched: ")
    assert list((home.home / "downloads" / "portwatch").glob("*-fetched-2026-05-10.csv"))
    recorded = [(r["source"], r["state"]) for r in read_history(home.home, SOURCE_FETCH)]
    assert recorded == [("gfw-events", "failed"), ("portwatch", "fetched")]
