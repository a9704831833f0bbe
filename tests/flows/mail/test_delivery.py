"""Delivery to a real SMTP server: what arrives, how each failure and wrong setting is reported."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import trustme

from flows.home.settings import BarometerError
from flows.mail import remedies, smtp
from flows.mail.message import SUBJECT
from flows.mail.settings import MailSettings, is_set_up, mail_settings
from tests.build.post import PASSWORD, TEAM, Post, emptied, send, week_message
from tests.flows.mail.test_message import read


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_arrives_complete_over_tls_with_login(
    security: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = emptied(request.getfixturevalue(security), monkeypatch)
    chart, page = b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "<p>Ø\n.\n..dot</p>\r\n".encode()
    message = week_message(names=("SIM VEGA", ". DOT"), html=page, png=chart)
    result = send(tmp_path, post, message)
    assert result.problems == []
    assert "sent at 2026-03-23 12:00 UTC to a@example.org, b@example.org" in result.done[0]
    (envelope,) = post.envelopes()
    assert envelope.pop("is_tls")
    assert envelope == {"from": "barometer@example.org", "to": list(TEAM), "is_logged_in": True}
    (email,) = post.taken()
    assert parsedate_to_datetime(email["Date"]).isoformat() == "2026-03-23T12:00:00+00:00"
    assert {name: email[name] for name in set(email.keys()) - {"Date", "Content-Type"}} == {
        "From": "Barometer <barometer@example.org>",
        "To": ", ".join(TEAM),
        "Subject": f"{SUBJECT} 2026-W12: 2 at berth, 2 calls in all; "
        "98% of the coast's hours heard",
        "Message-ID": f"<barometer.2026-W12.{message.version}@example.org>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }
    text, html = email.get_body(("plain",)), email.get_body(("html",))
    for body in (text, html):
        assert body.get_content_charset() == "utf-8" and "SIM VEGA" in read(body)
        assert "Week 2026-W12, 16 March to 22 March 2026" in read(body)
    assert "\n. DOT " in read(text)
    files = {part.get_filename(): part for part in email.iter_attachments()}
    assert list(files) == ["report.html", "barometer.csv", "port_calls.csv"]
    for name, content in message.attachments:
        if name != "report.png":
            assert files[name].get_payload(decode=True) == content
            assert files[name].get_content_charset() == "utf-8"
    assert files["barometer.csv"].get_content_type() == "text/csv"
    (inline,) = [part for part in email.walk() if part.get_content_type() == "image/png"]
    assert inline.get_payload(decode=True) == chart
    assert f'src="cid:{inline["Content-ID"].strip("<>")}"' in read(html)


def test_a_server_without_tls(plain: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allowed on this machine, and refused where STARTTLS is set."""
    post = emptied(plain, monkeypatch)
    result = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_SECURITY="starttls"))
    assert "STARTTLS extension not supported" in result.problems[0]
    assert post.taken() == []
    environ = post.environ(BAROMETER_SMTP_USER="", BAROMETER_SMTP_PASSWORD="")
    assert send(tmp_path, post, environ=environ, by_hand=True).problems == []
    assert not post.envelopes()[0]["is_tls"]


def test_a_slow_line_takes_longer_than_the_timeout_and_the_message_arrives() -> None:
    """It failed, and so did each later try: the timeout was that of the whole message."""
    taken = bytearray()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb", buffering=0) as lines:
            connection.sendall(b"220 x\r\n")
            for _ in ("EHLO", "MAIL", "RCPT"):
                lines.readline()
                connection.sendall(b"250 x\r\n")
            lines.readline()
            connection.sendall(b"354 go\r\n")
            while not taken.endswith(b"\r\n.\r\n") and (piece := connection.recv(1 << 16)):
                taken.extend(piece)
                time.sleep(0.02)
            connection.sendall(b"250 x\r\n")

    with socket.socket() as server, ThreadPoolExecutor(1) as pool:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        server.bind(("127.0.0.1", 0))
        server.listen()
        done = pool.submit(serve, server)
        environ = {
            **{"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.getsockname()[1])},
            **{"SMTP_SECURITY": "none", "MAIL_FROM": TEAM[0], "MAIL_TO": TEAM[1]},
        }
        mail = mail_settings({f"BAROMETER_{name}": value for name, value in environ.items()})
        content = (b"x" * 78 + b"\r\n") * 90_000
        deliveries = smtp.deliver(mail._replace(timeout_s=0.5), content, [TEAM[1]])
        done.result()
    assert deliveries[TEAM[1]].state == "sent" and taken == content + b".\r\n"


ENDLESS = {
    "greeting": ((b"220-x\r\n", 0.1), 0, "failed", "no answer in time"),
    "a byte now and then": ((b"2", 0.1), 0, "failed", "no answer in time"),
    "extensions": ((b"250-x\r\n", 0.1), 1, "failed", "no answer in time"),
    "end": ((b"250-x\r\n", 0.1), 5, "unclear", "no answer in time"),
    "many lines": ((b"250-x\r\n" * 999, 0), 1, "failed", "more than 1,000 lines"),
}
"""What is sent without end and at which interval, after so many answers; state and reason."""


@pytest.mark.parametrize(("drip", "answers", "state", "why"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_without_end_is_none(
    drip: tuple[bytes, float],
    answers: int,
    state: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It held the run up for ever: the timeout was for each byte of it."""
    monkeypatch.setattr(smtp, "END_OF_DATA", 1)

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb", buffering=0) as lines, suppress(OSError):
            for answer in (b"220", b"250", b"250", b"250", b"354")[:answers]:
                connection.sendall(answer + b" x\r\n")
                if answer != b"354":
                    lines.readline()
            while answers == 5 and lines.readline() not in (b".\r\n", b""):
                pass
            while True:
                connection.sendall(drip[0])
                time.sleep(drip[1])

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        environ = {
            **{"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.getsockname()[1])},
            **{"SMTP_SECURITY": "none", "MAIL_FROM": TEAM[0], "MAIL_TO": TEAM[1]},
        }
        mail = mail_settings({f"BAROMETER_{name}": value for name, value in environ.items()})
        deliveries = smtp.deliver(mail._replace(timeout_s=1.5), b"x\r\n", [TEAM[1]])
    assert deliveries[TEAM[1]].state == state
    assert why in deliveries[TEAM[1]].why


PASSWORDS, APP, LOGIN = "accepts no passwords", "app password", "check user and password"
STARTTLS, USER, FROM = "SMTP_SECURITY=starttls", "BAROMETER_SMTP_USER", "BAROMETER_MAIL_FROM"


@pytest.mark.parametrize(
    ("step", "remedy", "reply"),
    [
        ("auth", PASSWORDS, "535 5.7.139 Authentication unsuccessful, basic authentication is off"),
        ("auth", PASSWORDS, "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant."),
        ("auth", APP, "534 5.7.9 Application-specific password required. Learn more"),
        ("auth", APP, "534 5.7.14 <https://accounts.example/x> Please log in via your browser"),
        ("auth", LOGIN, "535 5.7.8 Username and Password not accepted"),
        ("auth", STARTTLS, "538 5.7.11 Encryption required for requested authentication mechanism"),
        ("auth", "at the moment", "454 4.7.0 Temporary authentication failure"),
        ("mail", "busy or restarting", "421 4.3.2 Service shutting down"),
        ("mail", STARTTLS, "530 5.7.0 Must issue a STARTTLS command first"),
        ("mail", USER, "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail"),
        ("mail", USER, "530 5.7.0 Authentication Required"),
        ("mail", FROM, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        ("data", FROM, "554 5.2.252 SendAsDenied; b@example.org not allowed to send as other"),
        ("mail", FROM, "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b"),
        ("data", "too large", "552 5.3.4 Message size exceeds fixed limit"),
        ("data", "", "451 4.7.1 Greylisting in action, please come back later"),
    ],
)
def test_a_refusal_has_its_remedy(step: str, remedy: str, reply: str, post: Post) -> None:
    post.behave(**{step: reply})
    deliveries = smtp.deliver(mail_settings(post.environ()), b"Subject: x\r\n", TEAM)
    (delivery,) = set(deliveries.values())
    assert (delivery.state, delivery.is_temporary) == ("failed", reply[0] == "4")
    assert reply[:3] in delivery.why and remedy in delivery.why
    assert delivery.is_temporary or (LOGIN in delivery.why) == (remedy == LOGIN)


def test_a_question_of_the_login_that_is_none_is_a_refusal(post: Post, tmp_path: Path) -> None:
    """It ended in a traceback, and the next run said that the mail may have been delivered."""
    post.behave(auth="334 Login:")  # not in base64, as it must be (RFC 4954, 4)
    (problem,) = send(tmp_path, post).problems
    assert "not sent to a@example.org" in problem and "Not tried again by itself" in problem
    assert "the login could not be made (Invalid base64" in problem and "other port" in problem


def test_no_server_unknown_host_and_no_login_by_password(post: Post, tmp_path: Path) -> None:
    # smtplib's own message, as for a server with OAuth only
    error = smtplib.SMTPException("No suitable authentication method found.")
    delivery = remedies.failed_delivery(error, mail_settings(post.environ()))
    assert PASSWORDS in delivery.why and not delivery.is_temporary
    result = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_PORT="1"))
    assert "localhost:1: Connection refused" in result.problems[0]
    result = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_HOST="mail.invalid"))
    assert "mail.invalid" in result.problems[0] and "not sent" in result.problems[0]


def test_an_invalid_certificate_gets_no_password(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_host = send(tmp_path, post, environ=post.environ(BAROMETER_SMTP_HOST="127.0.0.1"))
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    for result in (wrong_host, send(tmp_path, post, by_hand=True)):
        assert "certificate is not valid" in result.problems[0]
        assert "SSL_CERT_FILE" in result.problems[0]
    assert post.taken() == []


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SMTP_HOST": ""}, "BAROMETER_SMTP_HOST .or BAROMETER_SMTP_BLOCK. not set"),
        ({"MAIL_TO": "", "MAIL_FROM": ""}, "MAIL_FROM, BAROMETER_MAIL_TO not"),
        ({"SMTP_BLOCK": "post"}, "Unset one"),
        ({"SMTP_PORT": "70000"}, "'70000' is not a port"),
        ({"SMTP_SECURITY": "ssl"}, "one of starttls, tls, none"),
        ({"SMTP_SECURITY": "none", "SMTP_HOST": "smtp.example.org"}, "readable on the way"),
        ({"SMTP_SECURITY": "none", "SMTP_HOST": "127.0.0.1.example.org"}, "readable on the way"),
        ({"SMTP_HOST": "smtp\r\nevil"}, "not the name or address of a server"),
        ({"SMTP_PASSWORD": ""}, "needs both"),
        ({"SMTP_USER": ""}, "needs both"),
        ({"SMTP_PASSWORD": "pässword"}, "must be ASCII"),
        ({"MAIL_FROM": "a@x.org, b@x.org"}, "one address"),
        ({"MAIL_FROM": "nobody"}, "is not an address"),
        ({"MAIL_TO": "a@x.org\r\nBcc: b@x.org"}, "is not an address"),
        ({"MAIL_TO": "a@x.org;b@x.org"}, "is not an address"),
        ({"MAIL_TO": "a@bücher.example"}, "xn-- form"),
        ({"MAIL_TO": "a@x.org,,b"}, "is not an address"),
    ],
)
def test_an_invalid_setting_is_named(changes: dict[str, str], message: str, tmp_path: Path) -> None:
    environ = Post(587, tmp_path, tmp_path, "starttls").environ()
    environ |= {f"BAROMETER_{name}": value for name, value in changes.items()}
    with pytest.raises(BarometerError, match=message) as caught:
        mail_settings(environ)
    assert PASSWORD not in str(caught.value)


def test_valid_settings() -> None:
    environ = {"BAROMETER_SMTP_HOST": "smtp.example.org", "BAROMETER_MAIL_FROM": "b@x.org"}
    environ["BAROMETER_MAIL_TO"] = "a@x.org, Ann B. <b@x.org>,a@x.org,"
    assert mail_settings(environ) == MailSettings(
        "smtp.example.org", 587, "starttls", None, None, "b@x.org", ("a@x.org", "b@x.org")
    )
    assert mail_settings(environ | {"BAROMETER_SMTP_SECURITY": "tls"}).port == 465
    assert not is_set_up({}) and is_set_up(environ)
