"""The flow on a real Prefect server: it runs, it reports, and a bad file does not stop it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL

from flows.catalogue import access
from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest.outcome import Outcome, TransientError
from flows.mail import settings as mail_settings
from flows.weekly import ingest, weekly
from tests.build.contents import differing
from tests.conftest import AS_OF, ROOT
from tests.flows.disk import REFUSED
from tests.flows.post import PASSWORD, Post
from tests.flows.test_faults import cases

pytestmark = pytest.mark.usefixtures("prefect_server", "undrawn")


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
    with access.reading(settings) as con:
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

    def ingest_input(*args: object, **named: object) -> Outcome:
        tries.append("try")
        outcome = Outcome("day.csv", "failed", "disk full", is_transient=True)
        if len(tries) == 1:
            raise TransientError(outcome)
        return outcome._replace(state="ingested", is_transient=False)

    monkeypatch.setattr("flows.weekly.ingest_input", ingest_input)
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
            with access.reading(one) as con:
                rows.append(con.table(name).order("all").fetchall())
        assert rows[0] == rows[1], name


@pytest.mark.parametrize(
    ("is_watched", "mails"), [(False, 1), (True, 0)], ids=["nobody", "a person at a terminal"]
)
def test_a_run_that_fails_is_told_by_mail_where_nobody_watches(
    is_watched: bool, mails: int, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in post.environ().items():
        monkeypatch.setenv(name, value)
    home = str(tmp_path / "home")
    gone = str(tmp_path / "gone.csv")
    weekly(paths=[gone], home=home, as_of=AS_OF, is_watched=is_watched, return_state=True)
    alarms = [got for got in post.taken() if got["Subject"].endswith("failed")]
    assert len(alarms) == mails
    assert all("1 of 1 inputs failed" in str(got.get_content()) for got in alarms)


def on_a_small_disk(folder: Path) -> dict[str, dict[str, Any]]:
    """The steps of `tests.flows.disk` by name, in a namespace, or as root without one."""
    command = [sys.executable, "-m", "tests.flows.disk", str(folder)]
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
            steps = [json.loads(line) for line in done.stdout.splitlines()]
            return {step["step"]: step for step in steps}
        if done.returncode != REFUSED and "unshare:" not in done.stderr:
            raise AssertionError(done.stderr)
    pytest.skip("the system lets nobody mount a small disk here (unshare --map-root-user --mount)")


def test_a_disk_that_is_full_loses_nothing_and_one_that_is_read_only_is_left_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "never").mkdir()
    (never,) = cases(tmp_path / "never", "drawn", lambda _: [])
    (tmp_path / "never" / "in").rename(tmp_path / "in")
    steps = on_a_small_disk(tmp_path)
    no_lake, no_catalogue = steps["no room for the lake"], steps["no room for the catalogue"]
    for step in (no_lake, no_catalogue):
        assert step["code"] == 1
        assert "No space left on device" in step["told"] and "Traceback" not in step["told"]
        assert "barometer.duckdb" not in step["there"] and step["runs"] == 0
    assert no_lake["files"] == 0 and "lake is as it was" in no_lake["told"]
    assert no_catalogue["files"] > 0
    assert "ingested files stay, and the catalogue is as it was" in no_catalogue["told"]
    assert steps["room"]["code"] == 0, steps["room"]["told"]
    assert differing(never["second"]["holds"], steps["room"]["holds"]) == []
    read_only = steps["read-only"]
    assert (read_only["code"], read_only["state"]) == (1, steps["room"]["state"])
    assert "cannot be written (Read-only file system)" in read_only["told"]
    assert "Traceback" not in read_only["told"]


def block(post: Post, *, verify: bool = True) -> None:
    """Save the server and its login as a block of prefect-email."""
    from prefect_email import EmailServerCredentials

    EmailServerCredentials(
        username="barometer",
        password=PASSWORD,
        smtp_server="localhost",
        smtp_type="STARTTLS",
        smtp_port=post.port,
        verify=verify,
    ).save("team-post", overwrite=True, _sync=True)


def test_the_flow_mails_by_a_block_and_fails_on_mail_only_after_all_else(
    sample_home: Settings, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_home.home, home)
    shutil.rmtree(home / "reports")
    block(post)
    for name, value in post.environ(BAROMETER_SMTP_BLOCK="team-post").items():
        if name.startswith("BAROMETER_MAIL") or name.endswith("BLOCK"):
            monkeypatch.setenv(name, value)
    post.behave(auth="535 no")
    state = weekly(home=str(home), as_of=AS_OF, return_state=True)
    assert state.is_failed() and "2026-W12: not sent to" in state.message
    assert PASSWORD not in state.message
    assert (home / "reports" / "2026-W12" / "barometer.csv").exists()
    post.behave()
    monkeypatch.setenv("BAROMETER_MAIL_FROM", "desk@example.org")  # other settings are tried
    assert weekly(home=str(home), as_of=AS_OF, return_state=True).is_completed()
    assert len(post.taken()) == 1 and post.envelopes()[0]["is_logged_in"]


def test_a_block_that_does_not_do_is_named(post: Post) -> None:
    block(post, verify=False)
    environ = {
        "BAROMETER_SMTP_BLOCK": "team-post",
        "BAROMETER_MAIL_FROM": "a@example.org",
        "BAROMETER_MAIL_TO": "a@example.org",
    }
    with pytest.raises(BarometerError, match="does not verify") as told:
        mail_settings.mail_settings(environ)
    assert PASSWORD not in str(told.value)
    with pytest.raises(BarometerError, match="email-server-credentials/none cannot be loaded"):
        mail_settings.mail_settings(environ | {"BAROMETER_SMTP_BLOCK": "none"})
