"""Mail against a real SMTP server process: what arrives, once, and what is said if it does not."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.catalogue import access, check
from flows.cli import main
from flows.home.history import OUTBOX, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.mail import message as letter
from flows.mail import outbox as mail
from flows.mail import remedies, smtp, version
from flows.mail import settings as smtp_settings
from flows.mail.alarm import Failure, send_alarm
from flows.mail.message import Attachment, Message, compose, to_email
from flows.mail.outbox import send_week
from flows.mail.settings import MailSettings, mail_settings
from flows.mail.smtp import Result
from flows.report import tables
from tests.conftest import ROOT
from tests.flows.post import FORMS, PASSWORD, TEAM, Post, emptied, parsed

NOON = datetime(2026, 3, 23, 12)
HOSTILE = [
    "EVIL\r\nBcc: x@evil.ru",
    "<script>alert(1)</script>",
    "WWW.EVIL.RU",
    "HTTP://EVIL",
    "A\u202eB\u2028C\x00",
    "=?utf-8?q?=0D=0ABcc:_x@evil.ru?=",
    '"><img src=//evil.ru/x>',
    "&lt;&#60;",
]


def read(part: Any) -> str:
    """A text part as a mail program shows it."""
    return str(part.get_content()).replace("\r\n", "\n")


def week_message(
    week: str = "2026-W12",
    calls: int | None = 2,
    state: str = "complete",
    names: tuple[str, ...] = ("SIM VEGA", "SIM NAVI"),
    place: str = "Kharg Island",
    files: Mapping[str, bytes] | None = None,
) -> Message:
    """A week's letter without a lake; its version follows the number."""
    csv = f"week,calls\n{week},{calls}\n".encode()
    csvs = [Attachment(name, csv) for name in ("barometer.csv", "port_calls.csv")]
    start = date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)
    series = {
        "week": week,
        "week_start": start,
        "state": state,
        "russian_linked_tanker_calls": calls,
        "russian_linked_berth_calls": calls,
        "tanker_calls": 9,
        "observed_share": 0.98,
        "worst_water": "Caspian",
        "worst_share": 0.98,
        "word": None,
    }
    found = {
        "waters": [],
        "registers": [],
        "series": series,
        "windows": [],
        "restatement": [],
        "ports": [
            {
                "name": "Kharg Island",
                "linked_berth_calls": calls,
                "linked_calls": calls,
                "tanker_calls": 9,
                "observed_share": 0.98,
            }
        ],
        "calls": [
            {
                "vessel_name": name,
                "mmsi": 273399990,
                "imo": 9999993,
                "flag": "RU",
                "port_name": "Kharg Island",
                "arrived_at": datetime(2026, 3, 17, 6, 31),
                "link_tier": "strong",
                "link_reasons": "flag",
                "confidence": 4,
                "is_in_headline": True,
                "is_arrival": True,
            }
            for name in names
        ],
        "interference": [{"place": place, "began_at": datetime(2026, 3, 16), "ships": 4}],
        "notes": dict.fromkeys(
            "never_heard of_unknown_type too_small by_contested_number contested "
            "voyage_anchorages arrived_maybe_earlier lacks_owner lacks_trade lacks_listed "
            "lacks_flag in_port in_port_linked old_registers "
            "undecided is_simulated made_less_sure".split()
        ),
    }
    others = [Attachment(name, content) for name, content in (files or {}).items()]
    return Message(
        *(week, state, version.version_of(series, []), found, [series], (*others, *csvs)),
        left_out=(),
        changed_at=(),
    )


def send(
    home: Path,
    post: Post,
    one: Message | None = None,
    *,
    by_hand: bool = False,
    again: bool = False,
    at: datetime = NOON,
    timeout_s: float = 10,
    environ: Mapping[str, str] | None = None,
    waits: list[float] | None = None,
) -> Result:
    """Send a letter at a time that stands still; `waits` gets the waits that were asked for."""
    return send_week(
        home,
        mail_settings(environ or post.environ())._replace(timeout_s=timeout_s),
        one or week_message(),
        by_hand=by_hand,
        again=again,
        now=lambda: at,
        sleep=(waits if waits is not None else []).append,
    )


def states(home: Path) -> list[str]:
    """The outbox in words: state and recipients of each record."""
    return [
        f"{record['state']} {''.join(address[0] for address in record['to'])}"
        for record in read_history(home, OUTBOX)
    ]


# Delivered


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_arrives_whole_over_tls_with_login(
    security: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = emptied(request.getfixturevalue(security), monkeypatch)
    picture, page = b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "<p>Ø\n.\n..dot</p>\r\n".encode()
    one = week_message(
        names=("SIM VEGA", ". DOT"), files={"report.html": page, "report.png": picture}
    )
    told = send(tmp_path, post, one)
    assert told.problems == []
    assert "sent at 2026-03-23 12:00 UTC to a@example.org, b@example.org" in told.done[0]
    (envelope,) = post.envelopes()
    assert envelope["to"] == list(TEAM) and envelope["from"] == "barometer@example.org"
    assert envelope["is_tls"] and envelope["is_logged_in"]
    (got,) = post.taken()
    assert got["From"] == "Barometer <barometer@example.org>"
    assert got["To"] == ", ".join(TEAM)
    assert got["Subject"] == (
        "Barometer 2026-W12: 2 at berth, 2 calls in all; 98% of the coast's hours heard"
    )
    assert parsedate_to_datetime(got["Date"]).isoformat() == "2026-03-23T12:00:00+00:00"
    assert got["Message-ID"] == f"<barometer.2026-W12.{one.version}@example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None and html is not None
    for body in (text, html):
        assert body.get_content_charset() == "utf-8"
        assert "Week 2026-W12, 16 March to 22 March 2026" in read(body)
        assert "SIM VEGA" in read(body)
    assert "\n. DOT " in read(text)
    files = {part.get_filename(): part for part in got.iter_attachments()}
    assert list(files) == ["report.html", "barometer.csv", "port_calls.csv"]
    for name, content in one.attachments:
        if name != "report.png":
            assert files[name].get_payload(decode=True) == content
            assert files[name].get_content_charset() == "utf-8"
    assert files["barometer.csv"].get_content_type() == "text/csv"
    (inline,) = [part for part in got.walk() if part.get_content_type() == "image/png"]
    assert inline.get_payload(decode=True) == picture
    assert f'src="cid:{inline["Content-ID"].strip("<>")}"' in read(html)


def test_what_changed_in_past_weeks_stands_above_the_tables() -> None:
    one = week_message()
    assert "No published number has changed." in compose(one, None).text
    rows = [
        {
            "week": "2026-W10",
            "number": "russian_linked_tanker_calls",
            "old_port_calls": 2,
            "new_port_calls": 3,
            "reasons": "late file",
        }
    ]
    texts = compose(one._replace(summary=one.summary | {"restatement": rows}), None)
    for body in (texts.text, texts.html):
        told = "Published numbers that changed: 2026-W10 from 2 to 3 (late file)."
        assert told in body.replace("\n", " ")
        assert body.index("2026-W10 from") < body.index("SIM VEGA")


def test_it_is_ascii_in_short_lines_so_that_any_server_takes_it(tmp_path: Path) -> None:
    one = week_message(names=("ЛЕНА " * 200,))
    content = to_email(one, compose(one, None), "b@x.org", TEAM, NOON, "<i@x.org>").as_bytes()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_server_on_this_machine_needs_no_tls(
    plain: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = emptied(plain, monkeypatch)
    environ = post.environ(BAROMETER_SMTP_USER="", BAROMETER_SMTP_PASSWORD="")
    assert send(tmp_path, post, environ=environ).problems == []
    assert not post.envelopes()[0]["is_tls"]


def test_what_is_too_large_is_left_out_and_named() -> None:
    csv, page = Attachment("a.csv", b"x" * 1000), Attachment("report.html", b"x" * 9_000_000)
    kept, left_out = letter.fitting([page, csv], letter.MAX_ENCODED_BYTES)
    assert (kept, left_out) == ([csv], [page])
    one = week_message()._replace(attachments=(csv,), left_out=(page,))
    texts = compose(one, None)
    for body in (texts.text, texts.html):
        assert "report.html (9.0 MB)" in body.replace("\n  ", " ")


@given(st.lists(st.integers(0, 3000), max_size=6), st.integers(0, 5000))
def test_what_is_kept_fits_as_it_is_encoded(sizes: list[int], limit: int) -> None:
    files = [Attachment(f"{number}", b"x" * size) for number, size in enumerate(sizes)]
    kept, left_out = letter.fitting(files, limit)
    encoded = sum(len(base64.encodebytes(file.content).replace(b"\n", b"\r\n")) for file in kept)
    assert encoded <= limit
    assert sorted(kept + left_out) == files
    if left_out:
        assert all(len(left_out[0].content) >= len(file.content) for file in files)


# Once


def test_a_version_is_sent_once(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post)
    for by_hand in (False, True):
        told = send(tmp_path, post, by_hand=by_hand, at=NOON + timedelta(days=1))
        assert told.problems == []
        assert "already sent at 2026-03-23 12:00 UTC" in told.done[0]
    assert len(post.taken()) == 1
    assert send(tmp_path, post, by_hand=True, again=True).problems == []
    first, second = post.taken()
    assert first["Message-ID"] == second["Message-ID"]


def test_other_numbers_are_sent_as_restated(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post)
    told = send(tmp_path, post, week_message(calls=3), at=NOON + timedelta(days=7))
    assert told.problems == []
    first, second = post.taken()
    assert first["Message-ID"] != second["Message-ID"]
    assert "restated" not in first["Subject"]
    assert second["Subject"].startswith("Barometer 2026-W12, restated: 3 at berth")
    body = second.get_body(("plain",))
    assert body is not None
    assert "sent on 23 March 2026, 12:00 UTC" in read(body).replace("\n", " ")


def test_a_week_that_was_open_is_not_restated_when_it_closes(post: Post, tmp_path: Path) -> None:
    send(tmp_path, post, week_message(calls=1, state="open"), by_hand=True)
    send(tmp_path, post, week_message(calls=2))
    first, second = post.taken()
    assert "so far" in first["Subject"]
    assert "restated" not in second["Subject"]


def test_numbers_that_come_back_are_news_again(post: Post, tmp_path: Path) -> None:
    for calls in (2, 3, 2, 2):
        assert send(tmp_path, post, week_message(calls=calls)).problems == []
    taken = post.taken()
    assert ["restated" in got["Subject"] for got in taken] == [False, True, True]
    assert len({got["Message-ID"] for got in taken}) == 3, "else the last would seem a duplicate"
    post.behave(mail="550 no")
    send(tmp_path, post, week_message(calls=4))
    assert "already sent" in send(tmp_path, post).done[0], "the team has never seen the other"


def test_who_joins_the_team_gets_the_week_alone(post: Post, tmp_path: Path) -> None:
    two = post.environ(BAROMETER_MAIL_TO=",".join(TEAM[:2]))
    send(tmp_path, post, environ=two)
    send(tmp_path, post)
    assert [envelope["to"] for envelope in post.envelopes()] == [list(TEAM[:2]), [TEAM[2]]]


def test_two_processes_do_not_send_at_once(post: Post, tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    hold = "import sys; from pathlib import Path; from flows.home import lock\n"
    hold += "with lock.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    program = [sys.executable, "-c", hold, str(tmp_path / "history")]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(BarometerError, match="another barometer is writing"):
            send(tmp_path, post)
        holder.kill()
    assert post.taken() == []
    send(tmp_path, post)
    assert len(post.taken()) == 1


# A crash between the server's word and the record

KILLED = """
import os, signal, sys
from pathlib import Path
from flows.mail import outbox as mail, settings as smtp
from tests.flows.test_mail import week_message
append = mail.append_history
def killed(home, name, records):
    if any(record["state"] == "sent" for record in records):
        os.kill(os.getpid(), signal.SIGKILL)
    append(home, name, records)
mail.append_history = killed
mail.send_week(Path(sys.argv[1]), smtp.mail_settings(), week_message(), by_hand=False)
"""


def test_a_crash_before_the_record_is_named_and_nothing_is_sent_twice(
    post: Post, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | post.environ(),
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert len(post.taken()) == 1 and states(tmp_path) == ["sending abc"]
    found = send(tmp_path, post)
    assert len(found.problems) == 1
    for part in (
        "may have been delivered to a@example.org, b@example.org, c@example.org",
        f"Message-ID {post.taken()[0]['Message-ID']}",
        "not sent again",
        "barometer report --week 2026-W12 --send --again",
    ):
        assert part in found.problems[0]
    later = send(tmp_path, post)
    assert later.problems == [] and later.done == found.problems
    assert send(tmp_path, post, by_hand=True).problems == found.problems
    assert len(post.taken()) == 1
    assert states(tmp_path) == ["sending abc", "unclear abc"]
    again = send(tmp_path, post, by_hand=True, again=True)
    assert again.problems == [] and len(post.taken()) == 2
    assert "already sent" in send(tmp_path, post).done[0]


def test_a_crash_is_named_by_whatever_is_sent_next(post: Post, tmp_path: Path) -> None:
    record = {"week": "2026-W11", "version": "v", "to": list(TEAM), "state": "sending"}
    append_history(tmp_path, OUTBOX, [mail.RECORD | record | {"attempt": 1}])
    told = send(tmp_path, post)
    assert "2026-W11: may have been delivered" in told.problems[0]
    assert "2026-W12: sent" in told.done[0]


def test_an_answer_that_is_lost_after_the_end_is_not_tried_again(
    post: Post, tmp_path: Path
) -> None:
    post.behave(data="drop")
    waits: list[float] = []
    told = send(tmp_path, post, waits=waits)
    assert len(post.taken()) == 1 and waits == []
    assert "may have been delivered" in told.problems[0]
    assert "unexpectedly closed" in told.problems[0]
    post.behave()
    assert send(tmp_path, post, at=NOON + timedelta(days=9)).problems == []
    assert len(post.taken()) == 1


# What fails


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"connect": "close"}, "unexpectedly closed"),
        ({"connect": "hang"}, "timed out"),
        ({"mail": "421 4.3.2 busy"}, "421 4.3.2 busy"),
        ({"rcpt": dict.fromkeys(TEAM, "451 4.7.1 greylisted")}, "451 4.7.1 greylisted"),
        ({"rcpt": dict.fromkeys(TEAM, "421 4.3.2 leaving")}, "421 4.3.2 leaving"),
        ({"data": "452 4.3.1 disk full"}, "452 4.3.1 disk full"),
        ({"auth": "454 4.7.0 later"}, "454 4.7.0 later"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_may_pass_is_tried_again_then_and_later(
    post: Post, tmp_path: Path, behaviour: dict[str, Any], why: str
) -> None:
    post.behave(**behaviour)
    waits: list[float] = []
    told = send(tmp_path, post, waits=waits, timeout_s=1)
    assert waits == list(mail.WAITS_S)
    assert why in told.problems[0] and "barometer report --week 2026-W12 --send" in told.problems[0]
    assert "first run after 2026-03-23 12:04 UTC" in told.problems[0]
    assert states(tmp_path) == ["sending abc", "failed abc"] * 3
    post.behave()
    early = send(tmp_path, post, at=NOON + timedelta(minutes=3))
    assert early.problems == told.problems and post.taken() == []
    assert send(tmp_path, post, at=NOON + timedelta(minutes=4)).problems == []
    assert len(post.taken()) == 1
    assert read_history(tmp_path, OUTBOX)[-1]["attempt"] == 4


def test_the_wait_doubles_up_to_a_day_and_a_person_need_not_wait(
    post: Post, tmp_path: Path
) -> None:
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


def test_a_server_that_comes_back_between_two_tries_gets_it(post: Post, tmp_path: Path) -> None:
    post.behave(mail="421 busy")
    told = send_week(
        tmp_path,
        mail_settings(post.environ()),
        week_message(),
        by_hand=False,
        now=lambda: NOON,
        sleep=lambda seconds: post.behave(),
    )
    assert told.problems == []
    assert states(tmp_path) == ["sending abc", "failed abc", "sending abc", "sent abc"]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"auth": "535 5.7.8 no"}, "login refused: check user and password"),
        ({"mail": "553 5.7.1 not your address"}, "553 5.7.1 not your address"),
        ({"data": "554 5.7.1 spam"}, "554 5.7.1 spam"),
        ({"rcpt": dict.fromkeys(TEAM, "550 5.1.1 unknown")}, "550 5.1.1 unknown"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_will_not_pass_waits_for_a_person_or_other_settings(
    post: Post, tmp_path: Path, behaviour: dict[str, Any], why: str
) -> None:
    post.behave(**behaviour)
    waits: list[float] = []
    told = send(tmp_path, post, waits=waits)
    assert waits == [] and states(tmp_path) == ["sending abc", "failed abc"]
    assert why in told.problems[0] and "Not tried again by itself" in told.problems[0]
    post.behave()
    assert send(tmp_path, post, at=NOON + timedelta(days=9)).problems == told.problems
    assert post.taken() == []
    other = post.environ(BAROMETER_MAIL_FROM="desk@example.org")
    assert send(tmp_path, post, environ=other).problems == []
    assert len(post.taken()) == 1


REFUSALS = {
    "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.": (
        "auth",
        "accepts no passwords",
        False,
    ),
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
    "Tenant. Visit https://aka.ms/smtp_auth_disabled": ("auth", "accepts no passwords", False),
    "534 5.7.9 Application-specific password required. Learn more": ("auth", "app password", False),
    "534 5.7.14 <https://accounts.example/x> Please log in via your browser": (
        "auth",
        "app password",
        False,
    ),
    "535 5.7.8 Username and Password not accepted": ("auth", "check user and password", False),
    "538 5.7.11 Encryption required for requested authentication mechanism": (
        "auth",
        "BAROMETER_SMTP_SECURITY=starttls",
        False,
    ),
    "454 4.7.0 Temporary authentication failure": ("auth", "at the moment", True),
    "421 4.3.2 Service shutting down": ("mail", "busy or restarting", True),
    "530 5.7.0 Must issue a STARTTLS command first": (
        "mail",
        "BAROMETER_SMTP_SECURITY=starttls",
        False,
    ),
    "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail": (
        "mail",
        "BAROMETER_SMTP_USER",
        False,
    ),
    "530 5.7.0 Authentication Required": ("mail", "BAROMETER_SMTP_USER", False),
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender": (
        "mail",
        "BAROMETER_MAIL_FROM",
        False,
    ),
    "554 5.2.252 SendAsDenied; barometer@example.org not allowed to send as other": (
        "data",
        "BAROMETER_MAIL_FROM",
        False,
    ),
    "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b": (
        "mail",
        "BAROMETER_MAIL_FROM",
        False,
    ),
    "552 5.3.4 Message size exceeds fixed limit": ("data", "too large", False),
    "451 4.7.1 Greylisting in action, please come back later": ("data", "", True),
}


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_says_what_it_means_and_what_to_do(
    reply: str, post: Post, tmp_path: Path
) -> None:
    step, remedy, is_temporary = REFUSALS[reply]
    post.behave(**{step: reply})
    (fate,) = set(
        smtp.deliver(smtp_settings.mail_settings(post.environ()), b"Subject: x\r\n", TEAM).values()
    )
    assert fate.state == "failed" and fate.is_temporary == is_temporary
    assert reply[:3] in fate.why and remedy in fate.why
    assert is_temporary or "check user" in remedy or "check user" not in fate.why


def test_a_server_that_offers_no_password_login_is_told() -> None:
    """As one that takes OAuth alone does: smtplib's own words."""
    mail = smtp_settings.mail_settings(Post(25, Path(), Path(), "starttls").environ())
    fate = remedies.failed_delivery(
        smtplib.SMTPException("No suitable authentication method found."), mail
    )
    assert "accepts no passwords" in fate.why and not fate.is_temporary


def test_refused_recipients_are_named_and_tried_alone(post: Post, tmp_path: Path) -> None:
    post.behave(rcpt={TEAM[1]: "450 4.2.1 full", TEAM[2]: "550 5.1.1 unknown"})
    told = send(tmp_path, post)
    assert "sent at 2026-03-23 12:00 UTC to a@example.org;" in told.done[0]
    assert "b@example.org: " in told.problems[0] and "450 4.2.1 full" in told.problems[0]
    assert "c@example.org: " in told.problems[1] and "550 5.1.1 unknown" in told.problems[1]
    post.behave()
    send(tmp_path, post, at=NOON + timedelta(days=1))
    mended = post.environ(BAROMETER_MAIL_TO="a@example.org,b@example.org,d@example.org")
    assert send(tmp_path, post, environ=mended).problems == []
    to = [envelope["to"] for envelope in post.envelopes()]
    assert to == [[TEAM[0]], [TEAM[1]], ["d@example.org"]]
    assert len({got["Message-ID"] for got in post.taken()}) == 1


def test_no_server_and_no_such_server_are_told(post: Post, tmp_path: Path) -> None:
    told = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_PORT="1"))
    assert "localhost:1: Connection refused" in told.problems[0]
    told = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_HOST="mail.invalid"))
    assert "mail.invalid" in told.problems[0] and "not sent" in told.problems[0]


def test_a_certificate_that_does_not_hold_gets_no_password(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_number = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_HOST="127.0.0.1"))
    assert "certificate is not valid" in by_number.problems[0]
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    stranger = send(tmp_path, post, by_hand=True)
    assert "certificate is not valid" in stranger.problems[0]
    assert "SSL_CERT_FILE" in stranger.problems[0]
    assert post.taken() == []


def test_a_server_without_starttls_gets_nothing(
    plain: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = emptied(plain, monkeypatch)
    told = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_SECURITY="starttls"))
    assert "STARTTLS extension not supported" in told.problems[0]
    assert post.taken() == []


def test_an_outbox_that_cannot_be_written_sends_nothing(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mail, "append_history", full)
    with pytest.raises(BarometerError, match="the outbox cannot be written"):
        send(tmp_path, post)
    assert post.taken() == []


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BAROMETER_SMTP_HOST": ""}, "BAROMETER_SMTP_HOST .or BAROMETER_SMTP_BLOCK. not set"),
        ({"BAROMETER_MAIL_TO": "", "BAROMETER_MAIL_FROM": ""}, "MAIL_FROM, BAROMETER_MAIL_TO not"),
        ({"BAROMETER_SMTP_BLOCK": "post"}, "Unset one"),
        ({"BAROMETER_SMTP_PORT": "70000"}, "'70000' is not a port"),
        ({"BAROMETER_SMTP_SECURITY": "ssl"}, "one of starttls, tls, none"),
        (
            {"BAROMETER_SMTP_SECURITY": "none", "BAROMETER_SMTP_HOST": "smtp.example.org"},
            "readable on the way",
        ),
        (
            {"BAROMETER_SMTP_SECURITY": "none", "BAROMETER_SMTP_HOST": "127.0.0.1.example.org"},
            "readable on the way",
        ),
        ({"BAROMETER_SMTP_HOST": "smtp\r\nevil"}, "not the name or address of a server"),
        ({"BAROMETER_SMTP_PASSWORD": ""}, "needs both"),
        ({"BAROMETER_SMTP_USER": ""}, "needs both"),
        ({"BAROMETER_SMTP_PASSWORD": "pässword"}, "must be ASCII"),
        ({"BAROMETER_MAIL_FROM": "a@x.org, b@x.org"}, "one address"),
        ({"BAROMETER_MAIL_FROM": "nobody"}, "is not an address"),
        ({"BAROMETER_MAIL_TO": "a@x.org\r\nBcc: b@x.org"}, "is not an address"),
        ({"BAROMETER_MAIL_TO": "a@x.org;b@x.org"}, "is not an address"),
        ({"BAROMETER_MAIL_TO": "a@bücher.example"}, "xn-- form"),
        ({"BAROMETER_MAIL_TO": "a@x.org,,b"}, "is not an address"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    post = Post(587, tmp_path, tmp_path, "starttls")
    with pytest.raises(BarometerError, match=message) as told:
        mail_settings(post.environ(**changes))
    assert PASSWORD not in str(told.value)


def test_settings_that_fit(tmp_path: Path) -> None:
    environ = {
        "BAROMETER_SMTP_HOST": "smtp.example.org",
        "BAROMETER_MAIL_FROM": "b@x.org",
        "BAROMETER_MAIL_TO": "a@x.org, Ann B. <b@x.org>,a@x.org,",
    }
    assert mail_settings(environ) == MailSettings(
        "smtp.example.org", 587, "starttls", None, None, "b@x.org", ("a@x.org", "b@x.org")
    )
    assert mail_settings(environ | {"BAROMETER_SMTP_SECURITY": "tls"}).port == 465
    assert not smtp_settings.is_set_up({}) and smtp_settings.is_set_up(environ)


# Secrets and hostile text


@pytest.mark.parametrize("reply", [f"535 no user with {form}" for form in FORMS])
def test_the_password_is_nowhere(
    post: Post, tmp_path: Path, reply: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = mail_settings(post.environ())
    post.behave(auth=reply)
    told = send(tmp_path, post)
    post.behave()
    send(tmp_path, post, by_hand=True)
    seen = [repr(whole), str(whole), f"{whole}", repr(told), *capfd.readouterr()]
    seen += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    seen += [got.as_string() for got in post.taken()]
    assert len(seen) > 6 and "***" in repr(told)
    assert [form for form in FORMS for text in seen if form in text] == []


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(got: EmailMessage) -> None:
    """One line a header, none more than we wrote; no tag or address that text could have made."""
    assert set(got.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None and html is not None
    page = Page(read(html))
    assert page.tags <= set("html head meta title body h1 h2 p b ul li table tr th td".split())
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "style"}
    for body in (read(text), page.text, got["Subject"]):
        assert re.findall(r"://|\w\.EVIL|www\.\w|\w@\w", body, re.IGNORECASE) == []
        assert not set(body) & set("\r\0\u202e\u2028\x1b")


def test_hostile_names_stay_text(post: Post, tmp_path: Path) -> None:
    one = week_message(names=tuple(HOSTILE), place="".join(HOSTILE))
    assert send(tmp_path, post, one).problems == []
    (got,) = post.taken()
    assert_harmless(got)
    html = got.get_body(("html",))
    assert html is not None and "<script>alert(1)</script>" in Page(read(html)).text


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_no_name_and_no_subject_breaks_out(text: str) -> None:
    one = week_message(names=(text,), place=text)
    texts = compose(one, None)._replace(subject=text)
    got = parsed(to_email(one, texts, "b@x.org", TEAM, NOON, "<i@x.org>").as_bytes())
    assert_harmless(message_without_subject_text(got))


def message_without_subject_text(got: EmailMessage) -> EmailMessage:
    """A caller's subject may hold a link's text; it may not hold a line end or a hidden sign."""
    assert not set(got["Subject"]) & set("\r\n\0\u202e\u2028\x1b")
    got.replace_header("Subject", "x")
    return got


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_subject_is_one_header(name: str) -> None:
    one = week_message()
    texts = compose(one, None)._replace(subject=name)
    content = to_email(one, texts, "b@x.org", TEAM, NOON, "<i@x.org>").as_bytes()
    assert not re.search(rb"(?im)^bcc", content)
    assert_harmless(message_without_subject_text(parsed(content)))


def test_a_week_without_a_number_says_so() -> None:
    one = week_message(calls=None, state="unobserved", names=())
    one.summary["series"]["observed_share"] = 0.1
    texts = compose(one, None)
    assert texts.subject == (
        "Barometer 2026-W12: No number: only 10% of the coast's hours heard, too little to report "
        "zero"
    )
    assert re.search(r"2026-W12  unobserved +\? +\?", texts.text)


# The command line and the flow, on the sample


@pytest.fixture
def home(sample_home: Settings, tmp_path: Path) -> Settings:
    """A copy of the sample's home."""
    shutil.copytree(sample_home.home, tmp_path / "home")
    return sample_home._replace(home=tmp_path / "home")


def test_a_dry_run_needs_no_server_and_no_settings(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ["report", "--week", "2026-W11", "--home", str(home.home), "--send", "--dry-run"]
    path = home.home / "reports" / "2026-W11" / "2026-W11.eml"
    versions = []
    for _ in range(2):  # the file that the first one wrote is no part of the version
        assert main(report) == 0
        assert str(path) in capsys.readouterr().out
        got = parsed(path.read_bytes())
        versions.append(got["Message-ID"])
    assert versions[0] == versions[1] and versions[0].endswith("@example.invalid>")
    assert got["To"] == "team@example.invalid"
    assert got["Subject"].startswith("SIMULATED DATA, Barometer 2026-W11: ")
    files = {part.get_filename(): part.get_payload(decode=True) for part in got.iter_attachments()}
    names = {"report.html", "data_dictionary.csv", *tables.FILES}
    assert files == {name: (path.parent / name).read_bytes() for name in names}
    monkeypatch.setenv("BAROMETER_MAIL_TO", "desk@example.org")
    assert main(report) == 0
    assert parsed(path.read_bytes())["To"] == "desk@example.org"
    assert read_history(home.home, OUTBOX) == []


def test_the_command_sends_once_and_the_catalogue_shows_it(
    home: Settings, post: Post, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in post.environ().items():
        monkeypatch.setenv(name, value)
    report = ["report", "--home", str(home.home), "--send"]
    assert main(report) == 0
    assert "2026-W12: sent at" in capsys.readouterr().out
    assert main([*report, "--json"]) == 0
    assert "already sent at" in json.loads(capsys.readouterr().out)["done"][0]
    assert len(post.taken()) == 1
    post.behave(auth="535 no")
    assert main([*report, "--week", "2026-W10"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and "2026-W10: not sent to" in told.err
    with access.reading(home) as con:
        rows = con.sql("select week, recipients, state, error is null from outbox").fetchall()
    assert rows == [
        ("2026-W12", list(TEAM), "sending", True),
        ("2026-W12", list(TEAM), "sent", True),
        ("2026-W10", list(TEAM), "sending", True),
        ("2026-W10", list(TEAM), "failed", False),
    ]


def test_what_was_sent_since_is_no_fault_of_the_catalogue() -> None:
    with duckdb.connect() as used, duckdb.connect() as rebuilt:
        used.execute("create table outbox as select 1 as outbox_id")
        rebuilt.execute("create table outbox as select 2 as outbox_id")
        assert check._differences(used, rebuilt) == []


@pytest.mark.parametrize(
    "arguments",
    [["--dry-run"], ["--again"], ["--send", "--as-known-on", "2026-03-01"]],
    ids=" ".join,
)
def test_wrong_usage_sends_nothing(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--home", str(tmp_path), *arguments]) == 2
    assert "--send" in capsys.readouterr().err


def test_without_settings_the_command_says_what_to_set(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--home", str(home.home), "--send"]) == 1
    assert "BAROMETER_SMTP_HOST (or BAROMETER_SMTP_BLOCK), BAROMETER_MAIL_FROM" in (
        capsys.readouterr().err
    )


def due(home: Settings, post: Post, at: datetime = NOON) -> Result:
    return mail.send_due(home, post.environ(), now=lambda: at, sleep=lambda seconds: None)


def test_a_run_sends_the_newest_closed_week_and_later_what_failed(
    home: Settings, post: Post
) -> None:
    with access.reading(home) as con:
        closed = con.sql("select max(week) from barometer where state <> 'open'").fetchone()[0]
    assert due(home, post).done[0].startswith(f"{closed}: sent")
    one = week_message("2026-W10")
    post.behave(mail="421 busy")
    send(home.home, post, one)
    post.behave()
    assert len(due(home, post).done) == 1, "it is not due yet"
    later = due(home, post, NOON + timedelta(hours=1))
    assert later.problems == []
    assert [line[:22] for line in later.done] == [
        "2026-W10: sent at 2026",
        f"{closed}: already sent",
    ]
    assert len(due(home, post, NOON + timedelta(hours=2)).done) == 1, "all is sent"


def test_a_run_without_mail_settings_says_so(tmp_path: Path) -> None:
    told = mail.send_due(Settings(tmp_path, NOON, 1, "300MB"), {})
    assert told.problems == [] and "no mail is set up" in told.done[0]


def test_weeks_that_closed_while_nothing_ran_are_sent_in_order(home: Settings, post: Post) -> None:
    send(home.home, post, week_message("2026-W10"))
    told = due(home, post)
    assert [line[:14] for line in told.done] == ["2026-W11: sent", "2026-W12: sent"]
    assert ["2026-W12" in got["Subject"] for got in post.taken()] == [False, False, True]
    assert [line[:23] for line in due(home, post).done] == ["2026-W12: already sent "]


def test_a_home_that_never_mailed_begins_with_the_newest_week(home: Settings, post: Post) -> None:
    assert [line[:14] for line in due(home, post).done] == ["2026-W12: sent"]


# A run that failed


def alarmed(home: Path, post: Post, why: str, **environ: str) -> Result:
    failure = Failure(["run", "--home", str(home)], str(home), datetime(2026, 3, 23, 6), why)
    return send_alarm(failure, post.environ(**environ))


def test_a_failed_run_tells_the_operator_what_to_do(post: Post, tmp_path: Path) -> None:
    folder = tmp_path / "a home"
    told = alarmed(folder, post, "2 of 4 inputs failed.", BAROMETER_OPERATOR_TO="op@example.org")
    assert told == Result(["alarm to op@example.org: sent"], [])
    (got,) = post.taken()
    assert got["To"] == "op@example.org"
    assert got["Subject"] == "Barometer: the run of 2026-03-23 06:00 UTC failed"
    text = read(got)
    assert "2 of 4 inputs failed." in text
    assert "Nothing needs to be cleaned up" in text.replace("\n", " ")
    assert f"barometer run --home '{folder}'" in text
    assert read_history(tmp_path, OUTBOX) == [], "a week's outbox knows nothing of it"


def test_without_an_operator_the_team_is_told(post: Post, tmp_path: Path) -> None:
    assert len(alarmed(tmp_path, post, "why").done) == len(TEAM)
    assert post.taken()[0]["To"] == ", ".join(TEAM)


def test_an_alarm_that_cannot_be_sent_says_so_without_the_password(
    post: Post, tmp_path: Path
) -> None:
    post.behave(auth="535 no")
    told = alarmed(tmp_path, post, "why")
    assert told.done == [] and "login refused" in told.problems[0]
    assert not any(form in " ".join(told.problems) for form in FORMS)
    nobody = send_alarm(Failure(["run"], str(tmp_path), NOON, "why"), {})
    assert nobody.problems == [] and "no mail is set up" in nobody.done[0]


def test_foreign_text_in_an_alarm_stays_text(post: Post, tmp_path: Path) -> None:
    alarmed(tmp_path, post, "AIS\r\nBcc: x@evil.ru\r\n\r\nHTTP://EVIL.RU/\u202e")
    (got,) = post.taken()
    assert got["Bcc"] is None
    assert "HTTP://" not in read(got) and "\u202e" not in read(got)
