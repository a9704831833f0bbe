"""Each version of a week is sent once, whatever fails; the commands and the schedule on a home."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.catalogue import access, check
from flows.cli import main
from flows.home.history import OUTBOX, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.mail import outbox
from flows.mail.message import SUBJECT
from flows.mail.settings import mail_settings
from flows.mail.smtp import Result
from flows.report import tables
from tests.build.files import copy_of
from tests.build.post import FORMS, NOON, TEAM, Post, parsed, send, week_message
from tests.build.process import ROOT, held
from tests.conftest import FillHome


def states(home: Path) -> list[str]:
    """State and recipients' initials of each record of the outbox."""
    return [
        f"{record['state']} {''.join(address[0] for address in record['to'])}"
        for record in read_history(home, OUTBOX)
    ]


# Once


def test_a_version_is_sent_once(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post)
    for by_hand in (False, True):
        result = send(tmp_path, post, by_hand=by_hand, at=NOON + timedelta(days=1))
        assert result.problems == []
        assert "already sent at 2026-03-23 12:00 UTC" in result.done[0]
    assert len(post.taken()) == 1
    assert send(tmp_path, post, by_hand=True, again=True).problems == []
    first, second = post.taken()
    assert first["Message-ID"] == second["Message-ID"]


def test_other_numbers_are_restated_and_restored_ones_sent_again(
    post: Post, tmp_path: Path
) -> None:
    for calls in (2, 3, 2, 2):
        assert send(tmp_path, post, week_message(calls=calls)).problems == []
    emails = post.taken()
    subjects = [email["Subject"].partition(": ")[0] for email in emails]
    assert subjects == [f"{SUBJECT} 2026-W12", *[f"{SUBJECT} 2026-W12, restated"] * 2]
    body = emails[1].get_body(("plain",)).get_content()
    assert "sent on 23 March 2026, 12:00 UTC" in " ".join(body.split())
    assert len({email["Message-ID"] for email in emails}) == 3, "the last is not a duplicate"
    post.behave(mail="550 no")
    send(tmp_path, post, week_message(calls=4))
    assert "already sent" in send(tmp_path, post).done[0], "the other was not delivered"


def test_a_week_that_was_open_is_not_restated_when_it_closes(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post, week_message(calls=1, state="open"), by_hand=True)
    send(tmp_path, post, week_message(calls=2))
    first, second = post.taken()
    assert "so far" in first["Subject"] and "restated" not in second["Subject"]


def test_a_new_recipient_gets_the_week_alone(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post, environ=post.environ(BAROMETER_MAIL_TO=",".join(TEAM[:2])))
    send(tmp_path, post)
    assert [envelope["to"] for envelope in post.envelopes()] == [list(TEAM[:2]), [TEAM[2]]]


def test_two_processes_do_not_send_at_once(post: Post, tmp_path: Path) -> None:
    with held(tmp_path / "history"), pytest.raises(BarometerError, match="another barometer"):
        send(tmp_path, post)
    assert post.taken() == []


# A crash or a lost connection between the server's answer and the record

KILLED = """
import os, signal, sys
from pathlib import Path
from flows.mail import outbox, settings
from tests.build.post import week_message
append = outbox.append_history
def killed(home, name, records):
    if any(record["state"] == "sent" for record in records):
        os.kill(os.getpid(), signal.SIGKILL)
    append(home, name, records)
outbox.append_history = killed
outbox.send_week(Path(sys.argv[1]), settings.mail_settings(), week_message(), by_hand=False)
"""


def test_a_crash_before_the_record_is_reported_and_nothing_sent_twice(
    post: Post, tmp_path: Path
) -> None:
    program, environ = [sys.executable, "-c", KILLED, str(tmp_path)], os.environ | post.environ()
    done = subprocess.run(program, cwd=ROOT, env=environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(post.taken()) == 1 and states(tmp_path) == ["sending abc"]
    first = send(tmp_path, post)
    assert len(first.problems) == 1
    delivered = f"may have been delivered to {', '.join(TEAM)}"
    parts = (delivered, f"Message-ID {post.taken()[0]['Message-ID']}", "not sent again")
    for part in (*parts, "barometer report --week 2026-W12 --send --again"):
        assert part in first.problems[0]
    assert send(tmp_path, post) == Result(first.problems, [])
    assert send(tmp_path, post, by_hand=True).problems == first.problems
    assert len(post.taken()) == 1
    assert states(tmp_path) == ["sending abc", "unclear abc"]
    again = send(tmp_path, post, by_hand=True, again=True)
    assert again.problems == [] and len(post.taken()) == 2
    assert "already sent" in send(tmp_path, post).done[0]


def test_a_crash_is_reported_with_the_next_week_sent(post: Post, tmp_path: Path) -> None:
    record = {"week": "2026-W11", "version": "v", "to": list(TEAM), "state": "sending"}
    append_history(tmp_path, OUTBOX, [outbox.RECORD | record | {"attempt": 1}])
    result = send(tmp_path, post)
    assert "2026-W11: may have been delivered" in result.problems[0]
    assert "2026-W12: sent" in result.done[0]


@pytest.mark.parametrize(
    ("answer", "why"), [("drop", "unexpectedly closed"), ("Accepted for delivery", "answered -1")]
)
def test_a_message_that_may_have_been_taken_is_not_retried(
    answer: str, why: str, post: Post, tmp_path: Path
) -> None:
    post.behave(data=answer)
    waits: list[float] = []
    result = send(tmp_path, post, sleep=waits.append)
    assert len(post.taken()) == 1 and waits == []
    assert "may have been delivered" in result.problems[0] and why in result.problems[0]
    post.behave()
    assert send(tmp_path, post, at=NOON + timedelta(days=9)).problems == []
    assert len(post.taken()) == 1


@pytest.mark.parametrize(
    "answers",
    [{"data": "252 queued"}, {"rcpt": {TEAM[0]: "252 not verified, tried"}}, {"mail": "251 OK"}],
    ids=lambda answers: str(*answers),
)
def test_a_message_is_taken_by_the_first_digit_of_each_answer(
    answers: dict[str, Any], post: Post, tmp_path: Path
) -> None:
    """A recipient who was accepted by 252 got it with the others, and counted as not sent to."""
    post.behave(**answers)
    assert send(tmp_path, post).problems == []
    (envelope,) = post.envelopes()
    assert envelope["to"] == list(TEAM) and states(tmp_path) == ["sending abc", "sent abc"]


# Failures


def behave(post: Post, step: str, reply: str) -> None:
    """Let the server reply so at a step, to each recipient."""
    post.behave(**{step: dict.fromkeys(TEAM, reply) if step == "rcpt" else reply})


@pytest.mark.parametrize(
    ("step", "reply", "why"),
    [
        ("connect", "close", "unexpectedly closed"),
        ("connect", "hang", "no answer in time"),
        ("mail", "421 4.3.2 busy", ""),
        ("rcpt", "451 4.7.1 greylisted", ""),
        ("rcpt", "421 4.3.2 leaving", ""),
        ("data", "452 4.3.1 disk full", ""),
        ("auth", "454 4.7.0 later", ""),
    ],
)
def test_a_temporary_failure_is_retried_at_once_and_later(
    post: Post, tmp_path: Path, step: str, reply: str, why: str
) -> None:
    behave(post, step, reply)
    waits: list[float] = []
    result = send(tmp_path, post, sleep=waits.append, timeout_s=0.3 if reply == "hang" else 5)
    assert waits == list(outbox.WAITS_S)
    (problem,) = result.problems
    assert (why or reply) in problem and "barometer report --week 2026-W12 --send" in problem
    assert "first run after 2026-03-23 12:04 UTC" in problem
    assert states(tmp_path) == ["sending abc", "failed abc"] * 3
    post.behave()
    early = send(tmp_path, post, at=NOON + timedelta(minutes=3))
    assert early.problems == result.problems and post.taken() == []
    assert send(tmp_path, post, at=NOON + timedelta(minutes=4)).problems == []
    assert len(post.taken()) == 1 and read_history(tmp_path, OUTBOX)[-1]["attempt"] == 4


def test_the_wait_doubles_up_to_a_day_except_by_hand(post: Post, tmp_path: Path) -> None:
    post.behave(mail="421 busy")
    at, minutes = NOON, []
    for _ in range(5):
        send(tmp_path, post, at=at)
        due = datetime.fromisoformat(read_history(tmp_path, OUTBOX)[-1]["next_try_at"])
        minutes.append((due - at).total_seconds() / 60)
        at = due
    assert minutes == [4, 32, 256, 1440, 1440]
    post.behave()
    assert send(tmp_path, post, by_hand=True, at=at - timedelta(hours=1)).problems == []


def test_a_server_that_recovers_between_two_attempts(post: Post, tmp_path: Path) -> None:
    post.behave(mail="421 busy")
    assert send(tmp_path, post, sleep=lambda _: post.behave()).problems == []
    assert states(tmp_path) == ["sending abc", "failed abc", "sending abc", "sent abc"]


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("auth", "535 5.7.8 no"),
        ("mail", "553 5.7.1 not yours"),
        ("data", "554 5.7.1 spam"),
        ("rcpt", "550 5.1.1 unknown"),
    ],
)
def test_a_permanent_failure_waits_for_the_operator_or_other_settings(
    post: Post, tmp_path: Path, step: str, reply: str
) -> None:
    behave(post, step, reply)
    waits: list[float] = []
    result = send(tmp_path, post, sleep=waits.append)
    assert waits == [] and states(tmp_path) == ["sending abc", "failed abc"]
    why = "login refused" if step == "auth" else reply
    assert why in result.problems[0] and "Not tried again by itself" in result.problems[0]
    post.behave()
    assert send(tmp_path, post, at=NOON + timedelta(days=9)).problems == result.problems
    assert post.taken() == []
    other = post.environ(BAROMETER_MAIL_FROM="desk@example.org")
    assert send(tmp_path, post, environ=other).problems == []
    assert len(post.taken()) == 1


def test_refused_recipients_are_named_and_tried_alone(post: Post, tmp_path: Path) -> None:
    post.behave(rcpt={TEAM[1]: "450 4.2.1 full", TEAM[2]: "550 5.1.1 unknown"})
    result = send(tmp_path, post)
    assert "sent at 2026-03-23 12:00 UTC to a@example.org;" in result.done[0]
    assert "b@example.org: " in result.problems[0] and "450 4.2.1 full" in result.problems[0]
    assert "c@example.org: " in result.problems[1] and "550 5.1.1 unknown" in result.problems[1]
    post.behave()
    send(tmp_path, post, at=NOON + timedelta(days=1))
    corrected = post.environ(BAROMETER_MAIL_TO="a@example.org,b@example.org,d@example.org")
    assert send(tmp_path, post, environ=corrected).problems == []
    to = [envelope["to"] for envelope in post.envelopes()]
    assert to == [[TEAM[0]], [TEAM[1]], ["d@example.org"]]
    assert len({email["Message-ID"] for email in post.taken()}) == 1


def test_an_outbox_that_cannot_be_written_sends_nothing(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox, "append_history", full)
    with pytest.raises(BarometerError, match="the outbox cannot be written"):
        send(tmp_path, post)
    assert post.taken() == []


def test_an_end_that_cannot_be_recorded_is_told(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk became full while the server took the mail: it is no longer said that nothing was
    sent."""

    def full(home: Path, name: str, records: list[dict[str, Any]]) -> None:
        if records and records[0]["state"] != "sending":
            raise OSError(28, "No space left on device")
        append_history(home, name, records)

    post.behave(rcpt={TEAM[2]: "550 5.1.1 unknown"})
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "append_history", full)
        with pytest.raises(BarometerError) as raised:
            send(tmp_path, post)
    assert "nothing is sent" not in str(raised.value)
    assert "2026-W12 ended (c@example.org: failed; a@example.org, b@example.org: sent)" in str(
        raised.value
    )
    assert "may have been delivered" in send(tmp_path, post).problems[0]
    assert len(post.taken()) == 1


@pytest.mark.parametrize("form", FORMS)
def test_the_password_is_nowhere(
    post: Post, tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    mail = mail_settings(post.environ())
    post.behave(auth=f"535 no user with {form}")
    result = send(tmp_path, post)
    post.behave()
    send(tmp_path, post, by_hand=True)
    texts = [repr(mail), str(mail), f"{mail}", repr(result), *capfd.readouterr()]
    texts += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    texts += [email.as_string() for email in post.taken()]
    assert len(texts) > 6 and "***" in repr(result)
    assert [text for text in texts if any(secret in text for secret in FORMS)] == []


# The commands and the schedule, on the sample


@pytest.fixture
def home(sample_home: Settings, tmp_path: Path, undrawn: None) -> Settings:
    """A copy of the sample's home, whose catalogue is repointed once for all that read it."""
    copy = copy_of(sample_home, tmp_path)
    access.repoint(copy)
    return copy


def test_a_dry_run_needs_no_server_and_no_settings(
    home: Settings,
    drawn_week: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = ["report", "--week", "2026-W12", "--home", str(home.home), "--send", "--dry-run"]
    path = home.home / "reports" / "2026-W12" / "2026-W12.eml"
    shutil.copytree(drawn_week, path.parent, dirs_exist_ok=True)
    identities = []
    for _ in range(2):  # the first file does not count for the version
        assert main(report) == 0
        assert str(path) in capsys.readouterr().out
        email = parsed(path.read_bytes())
        identities.append(email["Message-ID"])
    assert identities[0] == identities[1] and identities[0].endswith("@example.invalid>")
    assert email["To"] == "team@example.invalid"
    assert email["Subject"].startswith(f"SIMULATED DATA, {SUBJECT} 2026-W12: ")
    files = {p.get_filename(): p.get_payload(decode=True) for p in email.iter_attachments()}
    names = {"report.html", "data_dictionary.csv", *tables.FILES}
    names |= {"barometer.xlsx", "datapackage.json"}
    assert files == {name: (path.parent / name).read_bytes() for name in names}
    monkeypatch.setenv("BAROMETER_MAIL_TO", "desk@example.org")
    assert main(report) == 0
    assert parsed(path.read_bytes())["To"] == "desk@example.org"
    assert read_history(home.home, OUTBOX) == []


def test_the_command_sends_once_and_the_catalogue_shows_it(
    home: Settings, post: Post, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = ["report", "--home", str(home.home), "--send"]
    assert main(report) == 1
    missing = "BAROMETER_SMTP_HOST (or BAROMETER_SMTP_BLOCK), BAROMETER_MAIL_FROM"
    assert missing in capsys.readouterr().err
    for name, value in post.environ().items():
        monkeypatch.setenv(name, value)
    assert main(report) == 0
    assert "2026-W12: sent at" in capsys.readouterr().out
    assert main([*report, "--json"]) == 0
    assert "already sent at" in json.loads(capsys.readouterr().out)["done"][0]
    assert len(post.taken()) == 1
    post.behave(auth="535 no")
    assert main([*report, "--week", "2026-W10"]) == 1
    streams = capsys.readouterr()
    assert streams.out == "" and "2026-W10: not sent to" in streams.err
    with access.reading(home) as con:
        rows = con.sql("select week, recipients, state, error is null from outbox").fetchall()
    states = (("W12", "sending"), ("W12", "sent"), ("W10", "sending"), ("W10", "failed"))
    assert rows == [(f"2026-{week}", list(TEAM), it, it != "failed") for week, it in states]


def test_without_its_history_a_home_sends_nothing_by_hand(
    home: Settings, post: Post, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.home / "history" / "run.jsonl").unlink()
    for name, value in post.environ().items():
        monkeypatch.setenv(name, value)
    assert main(["report", "--home", str(home.home), "--send"]) == 1
    assert "run.jsonl: is missing" in capsys.readouterr().err
    assert post.taken() == [] and read_history(home.home, OUTBOX) == []
    assert main(["report", "--home", str(home.home), "--send", "--dry-run"]) == 0
    assert main(["check", "--home", str(home.home), "--rebuild"]) == 1
    told = capsys.readouterr().out
    assert "FAULT  history: " in told and "run.jsonl: is missing" in told
    assert "rebuild:" not in told  # its remedy would take away what restores the history


def test_the_outbox_does_not_count_in_a_rebuild() -> None:
    with duckdb.connect() as used, duckdb.connect() as rebuilt:
        used.execute("create table outbox as select 1 as outbox_id")
        rebuilt.execute("create table outbox as select 2 as outbox_id")
        assert check._differences(used, rebuilt) == []


def test_wrong_usage_sends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flags in ("--dry-run", "--again", "--send --as-known-on 2026-03-01"):
        assert main(["report", "--home", str(tmp_path), *flags.split()]) == 2
        assert "--send" in capsys.readouterr().err


def due(home: Settings, post: Post, hours: int = 0) -> Result:
    at = NOON + timedelta(hours=hours)
    return outbox.send_due(home, post.environ(), now=lambda: at, sleep=lambda _: None)


def test_a_run_sends_the_newest_closed_week_and_later_what_failed(
    home: Settings, post: Post
) -> None:
    unset = outbox.send_due(home, {})
    assert unset.problems == [] and "no mail is set up" in unset.done[0]
    assert [line[:14] for line in due(home, post).done] == ["2026-W12: sent"]
    post.behave(mail="421 busy")
    send(home.home, post, week_message("2026-W10"))
    post.behave()
    assert len(due(home, post).done) == 1, "it is not due yet"
    later = due(home, post, hours=1)
    assert later.problems == []
    assert [line[:22] for line in later.done] == [
        *("2026-W10: sent at 2026", "2026-W12: already sent")
    ]
    assert len(due(home, post, hours=2).done) == 1, "all is sent"


def test_weeks_that_closed_while_nothing_ran_are_sent_in_order(home: Settings, post: Post) -> None:
    send(home.home, post, week_message("2026-W10"))
    assert [line[:14] for line in due(home, post).done] == ["2026-W11: sent", "2026-W12: sent"]
    weeks = [email["Subject"].split(": ")[0].split()[-1] for email in post.taken()]
    assert weeks == ["2026-W10", "2026-W11", "2026-W12"]
    assert [line[:23] for line in due(home, post).done] == ["2026-W12: already sent "]


# A week goes out again only when a published number of its own changed

LATE = (slice(3, 4), slice(15, 16))
"""Of the sample's days: one of its first week, and one of its last, that come late."""


@pytest.fixture(scope="module")
def grown(
    fill_home: FillHome, sample_days: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Settings]:
    """A home of the last week; a day of the first came late; one of the last too."""
    folder = tmp_path_factory.mktemp("late")
    made = [fill_home(folder / "0", sample_days[17:], reports=False)]
    for number, days in enumerate(LATE, 1):
        shutil.copytree(made[-1].home, folder / str(number))
        made.append(fill_home(folder / str(number), sample_days[days], reports=False))
    return made


def old_record() -> dict[str, Any]:
    """That the newest week went out before, by a release that hashed the week's CSV files."""
    return dict.fromkeys(outbox.RECORD) | {
        **{"week": "2026-W12", "week_state": "partial", "version": "0123456789abcdef"},
        **{"to": list(TEAM), "state": "sent", "at": NOON.isoformat(), "attempt": 1},
        "message_id": "<barometer.2026-W12.0123456789abcdef@example.org>",
        "settings_hash": "x",
    }


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("is_old", [False, True], ids=["sent by this release", "by an earlier one"])
def test_only_a_late_file_of_the_week_itself_sends_it_as_restated(
    is_old: bool, grown: list[Settings], tmp_path: Path, post: Post
) -> None:
    home = grown[0]._replace(home=tmp_path / "home")
    records = [old_record()] if is_old else []

    def told(state: int, hours: int) -> list[str]:
        """What a run tells in a state of the home that has the records."""
        shutil.rmtree(home.home, ignore_errors=True)
        shutil.copytree(grown[state].home, home.home)
        append_history(home.home, OUTBOX, records)
        result = due(home, post, hours)
        assert result.problems == []
        records[:] = read_history(home.home, OUTBOX)
        return [line[:22] for line in result.done]

    already = ["2026-W12: already sent"]
    assert told(0, 0) == (already if is_old else ["2026-W12: sent at 2026"])
    assert told(1, 24) == already
    assert len(post.taken()) == (0 if is_old else 1)
    assert records == [old_record()] or not is_old
    assert told(2, 48) == ["2026-W12: sent at 2026"]
    restated = post.taken()[-1]
    assert "restated" in restated["Subject"]
    assert "2026-W12 (this week) from" in restated.get_body(("plain",)).get_content()
    assert told(2, 72) == already
