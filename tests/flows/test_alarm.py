"""An unattended command that fails: its message, its remedy, its exit code, and one mail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import pytest

from flows.home.clock import utc_now
from flows.home.settings import Settings
from flows.mail import alarm
from flows.mail.alarm import Failure
from tests.conftest import ROOT
from tests.flows.post import Post

OPERATOR = "operator@example.org"


def barometer(post: Post, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real command, with nobody at a terminal and a mail server set up."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "BAROMETER_"))}
    settings = post.environ(BAROMETER_OPERATOR_TO=OPERATOR, SSL_CERT_FILE=str(post.authority))
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean | settings | environ,
        check=False,
        timeout=300,
    )


def text_of(got: EmailMessage) -> str:
    """The text, without its line breaks."""
    return " ".join(str(got.get_content()).split())


class Broken(NamedTuple):
    """How a command fails: what is broken before, what is said of it, and what is not."""

    arguments: tuple[str, ...]
    told: tuple[str, ...]
    not_told: tuple[str, ...] = ()
    environ: dict[str, str] = {}  # noqa: RUF012 a constant
    exit_code: int = 1


@contextmanager
def a_page() -> Iterator[str]:
    """A web server that answers every path with a page, as Prefect's does beside its API."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Prefect</title>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


Break = Callable[[Path], None]


def nothing(home: Path) -> None:
    pass


def damaged_manifest(home: Path) -> None:
    (home / "manifest.json").write_text('{"format": 1, "fil')


def a_file(home: Path) -> None:
    home.rmdir()
    home.write_text("")


def no_database(home: Path) -> None:
    """Prefect's database is no database."""
    (home / "prefect").mkdir()
    (home / "prefect" / "prefect.db").write_text("no database" * 100)


CAUSES: dict[str, tuple[Break, Broken]] = {
    "the home is a file": (
        a_file,
        Broken(("run",), ("cannot make the home folder", "Name another with --home")),
    ),
    "the manifest is damaged": (
        damaged_manifest,
        Broken(("run",), ("not readable as a manifest",), ("free space", "is whole")),
    ),
    "a setting is wrong": (
        nothing,
        Broken(
            ("run", "--threads", "0"),
            ("threads: '0' is not a whole number above 0",),
            exit_code=2,
        ),
    ),
    "no input, and nothing in the home": (
        nothing,
        Broken(("run",), ("no PATH was given", "Name it with --home"), exit_code=2),
    ),
    "PREFECT_API_URL is no address": (
        nothing,
        Broken(
            ("run", "day.csv"),
            (
                "PREFECT_API_URL: 'prefect:4200/api' is not an address such as",
                "Nothing was ingested",
            ),
            ("free space",),
            {"PREFECT_API_URL": "prefect:4200/api"},
        ),
    ),
    "Prefect's own server does not start": (
        no_database,
        Broken(
            ("run", "day.csv"),
            ("Prefect's own server ended with code 3", "server[.]log", "file is not a database"),
            ("is whole",),
        ),
    ),
    "a schedule that is none": (
        nothing,
        Broken(("serve", "--cron", "never"), ("'never' is not a schedule. Give five fields",)),
    ),
    "a port that is none": (
        nothing,
        Broken(
            ("serve",),
            ("PREFECT_SERVER_API_PORT: 'x' is not a port",),
            (),
            {"PREFECT_SERVER_API_PORT": "x"},
        ),
    ),
    "no key for the stream": (
        nothing,
        Broken(("listen",), ("BAROMETER_AISSTREAM_KEY is not set",)),
    ),
    "a source that is none": (
        nothing,
        Broken(
            ("fetch", "no-such", "--from", "2026-04-13", "--to", "2026-04-13"),
            ("'no-such': no such source",),
        ),
    ),
}


def check(post: Post, home: Path, broken: Broken) -> None:
    arguments = (*broken.arguments, "--home", str(home))
    done = barometer(post, *arguments, **broken.environ)
    assert done.returncode == broken.exit_code, done.stderr
    assert "Traceback" not in done.stderr
    assert f"alarm to {OPERATOR}: sent" in done.stderr
    (got,) = post.taken()
    said = text_of(got)
    name = broken.arguments[0]
    assert got["To"] == OPERATOR
    assert got["Subject"].startswith(f"Barometer: the {name} of ")
    assert got["Subject"].endswith(" failed")
    for part in broken.told:
        assert part in said
        assert part.replace("[.]", ".") in done.stderr
    for part in (*broken.not_told, "messages are above", "lake holds is whole"):
        assert part not in said
    assert f"barometer {' '.join(arguments)}" in said


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_its_message_its_remedy_and_one_mail(
    cause: str, post: Post, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    prepare, broken = CAUSES[cause]
    prepare(home)
    check(post, home, broken)


def test_a_prefect_server_that_is_no_prefect_server_is_told(post: Post, tmp_path: Path) -> None:
    with a_page() as url:
        told = (
            "PREFECT_API_URL: no Prefect server can be used at",
            "it answers, but not as Prefect's API does (HTTP 200)",
            "ends in /api",
        )
        broken = Broken(("run", "day.csv"), told, ("free space",), {"PREFECT_API_URL": url})
        check(post, tmp_path, broken)


def test_a_prefect_server_that_is_not_there_or_silent_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows.home.settings import BarometerError
    from flows.runner import prefect_server

    monkeypatch.setattr(prefect_server, "REACH_S", 0.5)
    monkeypatch.setattr(prefect_server, "ANSWER_S", 0.5)
    with create_server(("127.0.0.1", 0)) as silent:
        url = f"http://me:secret@127.0.0.1:{silent.getsockname()[1]}/api"
        with pytest.raises(BarometerError, match="no answer within") as caught:
            prefect_server.require_prefect(url)
    assert "secret" not in str(caught.value)
    for address, why in (
        (url, "connection refused"),
        ("http://no-such-host.invalid:4200/api", "the host's name is not known"),
    ):
        with pytest.raises(BarometerError) as caught:
            prefect_server.require_prefect(address)
        assert why in str(caught.value) and "correct the address" in str(caught.value)
        assert "free space" not in str(caught.value)


def test_nobody_is_mailed_where_no_mail_is_set_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "--threads", "0", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("BAROMETER_")},
        check=False,
    )
    assert done.returncode == 2 and "mail" not in done.stderr


def test_an_alarm_that_cannot_be_sent_does_not_hide_the_failure(post: Post, tmp_path: Path) -> None:
    post.behave(mail="550 5.7.60 Client does not have permissions to send as this sender")
    done = barometer(post, "run", "--threads", "0", "--home", str(tmp_path))
    assert done.returncode == 2 and post.taken() == []
    assert "threads: '0' is not a whole number" in done.stderr
    assert f"alarm to {OPERATOR}: failed" in done.stderr and "BAROMETER_MAIL_FROM" in done.stderr


def test_failed_inputs_are_named_in_the_mail_with_their_reasons(
    post: Post, tmp_path: Path, sample_home: Settings
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_home.home, home)
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 cut")
    gone = str(tmp_path / "gone.csv")
    done = barometer(
        post,
        "ingest",
        str(tmp_path / "cut.zip"),
        gone,
        "--home",
        str(home),
        "--as-of",
        "2026-03-23",
    )
    assert done.returncode == 1
    (got,) = post.taken()
    said = text_of(got)
    assert "2 of 2 inputs failed." in said and "messages are above" not in said
    assert "- cut[.]zip: failed, " in said and "gone[.]csv: failed, no such file" in said


def test_a_run_that_fails_in_its_flow_is_told_once(
    post: Post, tmp_path: Path, prefect_server: None
) -> None:
    """By the command, and not by the flow as well."""
    (tmp_path / "day.csv").write_text("a,b\n1,2\n")
    done = barometer(
        post,
        *("run", str(tmp_path / "day.csv"), "--home", str(tmp_path / "home")),
        PREFECT_API_URL=os.environ["PREFECT_API_URL"],
    )
    assert done.returncode == 1, done.stderr
    (got,) = post.taken()
    assert "1 of 1 inputs failed. - " in text_of(got)
    assert "day[.]csv: failed, the header fits no source" in text_of(got)
    assert post.envelopes()[0]["to"] == [OPERATOR]


@pytest.mark.parametrize(("command", "mails"), [("serve", 2), ("listen", 2), ("run", 4)])
def test_a_command_that_is_started_again_and_again_tells_a_failure_once_a_day(
    command: str, mails: int, post: Post, tmp_path: Path
) -> None:
    start = datetime(2026, 4, 20, 6)
    for minutes, why in ((0, "a"), (1, "a"), (2, "b"), (3, "b")):
        at = start + timedelta(minutes=minutes)
        alarm.send_alarm(Failure([command], str(tmp_path), at, why), post.environ())
    assert len(post.taken()) == mails
    later = Failure([command], str(tmp_path), start + timedelta(days=1, minutes=5), "a")
    alarm.send_alarm(later, post.environ())
    assert len(post.taken()) == mails + 1


def test_a_home_that_cannot_be_written_is_told_all_the_same(post: Post, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    failure = Failure(["serve"], str(tmp_path / "home"), utc_now(), "why")
    assert alarm.send_alarm(failure, post.environ()).problems == []
    assert len(post.taken()) == 1


def test_a_long_alarm_is_cut_and_says_so() -> None:
    why = "\n".join(f"- file {n}: failed" for n in range(500))
    made = alarm.to_email(
        Failure(["run"], "/home", utc_now(), why),
        "a@example.org",
        ["b@example.org"],
        utc_now(),
    )
    text = str(made.get_content())
    assert "- file 59: failed" in text and "- file 60:" not in text
    assert "... and 440 more lines, in the log." in text
