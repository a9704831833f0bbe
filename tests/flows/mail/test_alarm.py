"""An unattended command that fails: its message, its remedy, its exit code, and one mail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import pytest

from flows.cli import main
from flows.home.settings import BarometerError
from flows.mail import alarm
from flows.mail.alarm import Failure
from flows.mail.smtp import Result
from flows.runner import prefect_server
from tests.build.derivation import unshown
from tests.build.files import write
from tests.build.post import FORMS, NOON, TEAM, Post
from tests.build.process import unset
from tests.build.web import serving

OPERATOR = "operator@example.org"


class Done(NamedTuple):
    code: int
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(post: Post, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs a command in this process, without a terminal, with a mail server set up."""
    before = dict(os.environ)
    mail = post.environ(BAROMETER_OPERATOR_TO=OPERATOR, SSL_CERT_FILE=str(post.authority))

    def run(*arguments: str, **environ: str) -> Done:
        clean = unset()
        os.environ.clear()
        os.environ.update(clean | mail | environ)
        try:
            code = main(arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return Done(code, capsys.readouterr().err)

    yield run
    os.environ.clear()
    os.environ.update(before)


def text_of(email: EmailMessage) -> str:
    """The text without its line breaks."""
    return " ".join(str(email.get_content()).split())


RUN, FETCH = "run day.csv", "fetch no-such --from 2026-04-13 --to 2026-04-13"
API = {"PREFECT_API_URL": "prefect:4200/api"}
NO_ADDRESS = ("PREFECT_API_URL: not an address such as", "Nothing was ingested")
NO_DATABASE = ("Prefect's own server ended with code 3", "server[.]log", "file is not a database")
# A file that is wrong, the command, its environment, and what the message has.
CAUSES: dict[str, tuple[str, str, dict[str, str], tuple[str, ...]]] = {
    "file": ("home", "run", {}, ("cannot make the home folder", "Name another with --home")),
    "manifest": ("home/manifest.json", "run", {}, ("not readable as a manifest",)),
    "setting": ("", "run --threads=0", {}, ("--threads: '0' is not",)),
    "no input": ("", "run", {}, ("no PATH was given", "another home use --home")),
    "API without a bracket": ("", RUN, {"PREFECT_API_URL": "http://[::1/api"}, NO_ADDRESS),
    "API on no host": ("", RUN, {"PREFECT_API_URL": "http://desk..example/api"}, NO_ADDRESS),
    "API": ("", RUN, API, ("'prefect:4200/api' is not an address", "Nothing was ingested")),
    "Prefect's database": ("home/prefect/prefect.db", RUN, {}, NO_DATABASE),
    "schedule": ("", "serve --cron never", {}, ("'never' is not a schedule. Give five fields",)),
    "path for a source": ("", "serve --fetch /data", {}, ("'/data': no such source",)),
    "port": ("", "serve", {"PREFECT_SERVER_API_PORT": "x"}, ("API_PORT: 'x' is not a port",)),
    "key": ("", "listen", {}, ("BAROMETER_AISSTREAM_KEY is not set",)),
    "source": ("", FETCH, {}, ("'no-such': no such source",)),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_its_message_its_remedy_and_one_mail(
    cause: str, command: Command, post: Post, tmp_path: Path
) -> None:
    wrong, line, environ, parts = CAUSES[cause]
    home = tmp_path / "home"
    if wrong != "home":
        home.mkdir()
    if wrong:
        write(tmp_path / Path(wrong).parent, b'{"format": 1, "fil' * 60, name=Path(wrong).name)
    arguments = [*line.split(), "--home", str(home)]
    done = command(*arguments, **environ)
    assert done.code == (2 if parts[0].startswith(("--threads", "no PATH")) else 1), done.err
    assert "Traceback" not in done.err and f"alarm to {OPERATOR}: sent" in done.err
    (email,) = post.taken()
    assert email["To"] == OPERATOR
    assert email["Subject"].startswith(f"Barometer: the {arguments[0]} of ")
    assert email["Subject"].endswith(" failed")
    text = text_of(email)
    for part in parts:
        assert part in text and part.replace("[.]", ".") in done.err
    assert f"barometer {' '.join(arguments)}" in text
    # What is not known of every failure is not in the mail.
    assert "messages are above" not in text and "is whole" not in text


def test_an_address_that_is_not_prefects_api(command: Command, tmp_path: Path) -> None:
    with serving() as web:  # a page at every path, as Prefect's server has beside its API
        web.plan["*"] = [{"body": b"<!doctype html><title>Prefect</title>"}] * 9
        done = command(*RUN.split(), "--home", str(tmp_path), PREFECT_API_URL=web.address)
    assert done.code == 1
    assert "PREFECT_API_URL: no Prefect server can be used at" in done.err
    assert "it answers, but not as Prefect's API does (HTTP 200)" in done.err
    assert "ends in /api" in done.err


def test_a_prefect_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_server, "REACH_S", 0.2)
    monkeypatch.setattr(prefect_server, "ANSWER_S", 0.2)

    def message(url: str) -> str:
        with pytest.raises(BarometerError) as caught:
            prefect_server.require_prefect(url)
        return str(caught.value)

    with create_server(("127.0.0.1", 0)) as silent:
        url = f"http://me:secret@127.0.0.1:{silent.getsockname()[1]}/api"
        no_answer = message(url)
    assert "no answer within" in no_answer and "secret" not in no_answer
    unknown = "http://no-such-host.invalid:4200/api"
    for address, why in ((url, "connection refused"), (unknown, "unknown host")):
        assert why in message(address) and "correct the address" in message(address)


def test_an_alarm_that_is_not_or_cannot_be_sent_does_not_hide_the_failure(
    command: Command, post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--threads", "0", "--home", str(tmp_path)]) == 2
    assert "mail" not in capsys.readouterr().err, "without mail settings nothing is sent"
    post.behave(mail="550 5.7.60 Client does not have permissions to send as this sender")
    done = command("run", "--threads", "0", "--home", str(tmp_path))
    assert done.code == 2 and post.taken() == []
    assert "--threads: '0' is not a whole number" in done.err
    assert f"alarm to {OPERATOR}: failed" in done.err and "BAROMETER_MAIL_FROM" in done.err


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("name", ["ingest", "run"])
def test_failed_inputs_are_named_in_one_mail_with_their_reasons(
    name: str, command: Command, post: Post, tmp_path: Path
) -> None:
    """Of a run by the command, and not by its flow as well."""
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 cut")
    (tmp_path / "day.csv").write_text("a,b\n1,2\n")
    paths = [str(tmp_path / name) for name in ("cut.zip", "gone.csv", "day.csv")]
    url = os.environ["PREFECT_API_URL"]
    with unshown():
        done = command(name, *paths, "--home", str(tmp_path / "home"), PREFECT_API_URL=url)
    assert done.code == 1, done.err
    (email,) = post.taken()
    text = text_of(email)
    assert "3 of 3 inputs failed." in text and "messages are above" not in text
    assert "- cut[.]zip: failed, " in text and "gone[.]csv: failed, no such file" in text
    assert "day[.]csv: failed, the header matches no source" in text
    assert post.envelopes()[0]["to"] == [OPERATOR]


@pytest.mark.parametrize(("name", "mails"), [("serve", 2), ("listen", 2), ("run", 4)])
def test_a_restarted_command_reports_a_failure_once_a_day(
    name: str, mails: int, post: Post, tmp_path: Path
) -> None:
    start = datetime(2026, 4, 20, 6)
    for minutes, why in ((0, "a"), (1, "a"), (2, "b"), (3, "b")):
        at = start + timedelta(minutes=minutes)
        alarm.send_alarm(Failure([name], str(tmp_path), at, why), post.environ())
    assert len(post.taken()) == mails
    later = Failure([name], str(tmp_path), start + timedelta(days=1, minutes=5), "a")
    alarm.send_alarm(later, post.environ())
    assert len(post.taken()) == mails + 1
    (tmp_path / "file").write_text("")  # a home that cannot be written stops no alarm
    failure = Failure([name], str(tmp_path / "file"), start, "why")
    assert alarm.send_alarm(failure, post.environ()).problems == []
    assert len(post.taken()) == mails + 2


def failed(home: Path, post: Post, why: str) -> Result:
    failure = Failure(["run", "--home", str(home)], str(home), datetime(2026, 3, 23, 6), why)
    return alarm.send_alarm(failure, post.environ())


def test_the_mail_has_the_command_to_run_again(post: Post, tmp_path: Path) -> None:
    folder = tmp_path / "a home"
    assert len(failed(folder, post, "2 of 4 inputs failed.").done) == len(TEAM)
    (email,) = post.taken()
    assert email["To"] == ", ".join(TEAM), "without an operator the team is told"
    assert email["Subject"] == "Barometer: the run of 2026-03-23 06:00 UTC failed"
    text = text_of(email)
    for part in ("2 of 4 inputs failed.", "Nothing needs to be cleaned up", f"--home '{folder}'"):
        assert part in text


def test_an_alarm_has_no_password_and_foreign_text_stays_text(post: Post, tmp_path: Path) -> None:
    post.behave(auth="535 no")
    result = failed(tmp_path, post, "why")
    assert result.done == [] and "login refused" in result.problems[0]
    assert not any(form in " ".join(result.problems) for form in FORMS)
    post.behave()
    failed(tmp_path / "other", post, "AIS\r\nBcc: x@evil.ru\r\n\r\nHTTP://EVIL.RU/\u202e")
    (email,) = post.taken()
    assert email["Bcc"] is None
    assert "HTTP://" not in text_of(email) and "\u202e" not in text_of(email)


def test_a_long_alarm_is_cut() -> None:
    why = "\n".join(f"- file {n}: failed" for n in range(500))
    failure = Failure(["run"], "/home", NOON, why)
    text = str(alarm.to_email(failure, "a@example.org", ["b@example.org"], NOON).get_content())
    assert "- file 59: failed" in text and "- file 60:" not in text
    assert "... and 440 more lines, in the log." in text
