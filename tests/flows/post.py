"""Builders for tests of the mail: a server of their own, what it took, and how to reach it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

SERVER = Path(__file__).resolve().parents[1] / "smtp_server.py"
PASSWORD = "correct horse' \"battery=staple"
FORMS = (
    PASSWORD,
    *(base64.b64encode(t.encode()).decode() for t in (PASSWORD, f"\0barometer\0{PASSWORD}")),
)
TEAM = ("a@example.org", "b@example.org", "c@example.org")


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
        return {
            "BAROMETER_SMTP_HOST": "localhost",
            "BAROMETER_SMTP_PORT": str(self.port),
            "BAROMETER_SMTP_SECURITY": self.security,
            "BAROMETER_SMTP_USER": "barometer",
            "BAROMETER_SMTP_PASSWORD": PASSWORD,
            "BAROMETER_MAIL_FROM": "Barometer <barometer@example.org>",
            "BAROMETER_MAIL_TO": ",".join(TEAM),
        } | changes


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serve(folder: Path, authority: trustme.CA, security: str) -> Iterator[Post]:
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        folder / "server.pem"
    )
    (folder / "login.json").write_text(json.dumps({"user": "barometer", "password": PASSWORD}))
    (folder / "behaviour.json").write_text("{}")
    program = [sys.executable, str(SERVER), str(folder), security]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield Post(int(server.stdout.readline()), folder, folder / "authority.pem", security)
        server.kill()


@pytest.fixture(scope="module")
def starttls(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Post]:
    yield from serve(tmp_path_factory.mktemp("starttls"), authority, "starttls")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Post]:
    yield from serve(tmp_path_factory.mktemp("tls"), authority, "tls")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Post]:
    yield from serve(tmp_path_factory.mktemp("plain"), authority, "none")


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
