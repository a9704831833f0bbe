"""Builders for tests of the mail: an SMTP server, what it received, and a week's message."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from flows.mail.message import Attachment, Message
from flows.mail.outbox import send_week
from flows.mail.settings import mail_settings
from flows.mail.smtp import Result
from flows.mail.version import version_of

SERVER = Path(__file__).parent / "programs" / "smtp_server.py"
PASSWORD = "correct horse' \"battery=staple"
FORMS = (
    PASSWORD,
    *(base64.b64encode(t.encode()).decode() for t in (PASSWORD, f"\0barometer\0{PASSWORD}")),
)
TEAM = ("a@example.org", "b@example.org", "c@example.org")
NOON = datetime(2026, 3, 23, 12)
NOTES = """never_heard of_unknown_type too_small by_contested_number contested voyage_anchorages
linked_of_unknown_type
arrived_maybe_earlier lacks_owner lacks_trade lacks_listed lacks_flag in_port in_port_linked
old_registers undecided is_simulated made_less_sure""".split()


class Post(NamedTuple):
    """A running server: its port, its folder, and the file of its certificate authority."""

    port: int
    folder: Path
    authority: Path
    security: str

    def behave(self, **behaviour: Any) -> None:
        (self.folder / "behaviour.json").write_text(json.dumps(behaviour))

    def taken(self) -> list[EmailMessage]:
        """The messages it took, in order, parsed."""
        return [parsed(path.read_bytes()) for path in self._files("eml")]

    def envelopes(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in self._files("json")]

    def _files(self, kind: str) -> list[Path]:
        found = [path for path in self.folder.glob(f"*.{kind}") if path.stem.isdigit()]
        return sorted(found, key=lambda path: int(path.stem))

    def environ(self, **changes: str) -> dict[str, str]:
        given = {
            **{"SMTP_HOST": "localhost", "SMTP_PORT": str(self.port)},
            **{"SMTP_SECURITY": self.security, "SMTP_USER": "barometer", "SMTP_PASSWORD": PASSWORD},
            **{"MAIL_FROM": "Barometer <barometer@example.org>", "MAIL_TO": ",".join(TEAM)},
        }
        return {f"BAROMETER_{name}": value for name, value in given.items()} | changes


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serve(folder: Path, authority: trustme.CA, security: str) -> Iterator[Post]:
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate = authority.issue_cert("localhost").private_key_and_cert_chain_pem
    certificate.write_to_path(folder / "server.pem")
    (folder / "login.json").write_text(json.dumps({"user": "barometer", "password": PASSWORD}))
    (folder / "behaviour.json").write_text("{}")
    program = [sys.executable, str(SERVER), str(folder), security]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield Post(int(server.stdout.readline()), folder, folder / "authority.pem", security)
        server.kill()


def _serving(security: str) -> Any:
    def started(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Post]:
        yield from serve(tmp_path_factory.mktemp(security), authority, security)

    return pytest.fixture(scope="module")(started)


starttls, tls, plain = map(_serving, ("starttls", "tls", "none"))


def emptied(post: Post, monkeypatch: pytest.MonkeyPatch) -> Post:
    """The server with nothing taken, in order, and trusted."""
    for path in (*post._files("eml"), *post._files("json")):
        path.unlink()
    post.behave()
    monkeypatch.setenv("SSL_CERT_FILE", str(post.authority))
    return post


@pytest.fixture
def post(starttls: Post, monkeypatch: pytest.MonkeyPatch) -> Post:
    return emptied(starttls, monkeypatch)


def week_message(
    week: str = "2026-W12",
    calls: int | None = 2,
    state: str = "complete",
    names: tuple[str, ...] = ("SIM VEGA", "SIM NAVI"),
    place: str = "Kharg Island",
    **files: bytes,
) -> Message:
    """A week's message without a lake; its version follows the number. `files` of the report by
    suffix: ``html``, ``png``."""
    csv = f"week,calls\n{week},{calls}\n".encode()
    counts = {"tanker_calls": 9, "observed_share": 0.98}
    series = counts | {
        **{"week": week, "state": state, "word": None},
        "week_start": date.fromisocalendar(int(week[:4]), int(week[-2:]), 1),
        **{"russian_linked_tanker_calls": calls, "russian_linked_berth_calls": calls},
        **{
            "worst_water": "Caspian",
            "worst_share": 0.98,
            "untyped_linked_calls": 0,
            "high_95": 3.7,
        },
    }
    port = {"name": "Kharg Island", "linked_berth_calls": calls, "linked_calls": calls}
    call = {
        **{"mmsi": 273399990, "imo": 9999993, "flag": "RU", "port_name": "Kharg Island"},
        **{"arrived_at": datetime(2026, 3, 17, 6, 31), "link_tier": "strong"},
        **{"link_reasons": "flag", "confidence": 4, "is_in_headline": True, "is_arrival": True},
    }
    summary = {
        **{
            "waters": [],
            "registers": [],
            "not_fetched": [],
            "listing_news": [],
            "sources": [],
            "windows": [],
            "nowcast": [],
            "restatement": [],
            "volume": [],
            "other_series": [],
            "listed_nearby": [],
        },
        **{"agreement": [], "witness_scores": [], "series": series},
        "ports": [counts | port],
        "calls": [call | {"vessel_name": name} for name in names],
        "interference": [{"place": place, "began_at": datetime(2026, 3, 16), "ships": 4}],
        "notes": dict.fromkeys(NOTES),
    }
    attachments = [Attachment(f"report.{suffix}", content) for suffix, content in files.items()]
    attachments += [Attachment(name, csv) for name in ("barometer.csv", "port_calls.csv")]
    version = version_of(series, [])
    return Message(week, state, version, summary, [series], tuple(attachments), (), ())


def send(
    home: Path,
    post: Post,
    message: Message | None = None,
    *,
    by_hand: bool = False,
    again: bool = False,
    at: datetime = NOON,
    timeout_s: float = 10,
    environ: dict[str, str] | None = None,
    sleep: Callable[[float], object] = lambda _: None,
) -> Result:
    """Send a week's message, without waits, at a time that stands still."""
    mail = mail_settings(environ or post.environ())._replace(timeout_s=timeout_s)
    return send_week(
        *(home, mail, message or week_message()),
        by_hand=by_hand,
        again=again,
        now=lambda: at,
        sleep=sleep,
    )
