"""Keys and addresses of a stream: which are refused, what is shown, the command line."""

from __future__ import annotations

import logging
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme

from flows.cli import main
from flows.commands import listen as command
from flows.home import lock
from flows.home.settings import BarometerError
from flows.streams import listen, recording
from flows.streams.connection import stream_key, stream_url
from tests.build.process import held
from tests.build.stream import (
    BOXES,
    KEY,
    QUICK,
    Script,
    last,
    position,
    record,
    recorded,
    recordings,
    rows,
    send,
    stream,
    whys,
)

NAME = "BAROMETER_AISSTREAM_KEY"


def refuse(how: Any) -> Script | HTTPStatus:
    if isinstance(how, tuple):
        return lambda connection: connection.close(*how)
    return how if isinstance(how, HTTPStatus) else send(how)


@pytest.mark.parametrize(
    "how",
    [
        {"error": f"Api Key Is Not Valid: {KEY}\n\x1b[2J"},
        {"error": "ApiKey unknown"},
        {"error": "invalid token"},
        {"error": {"code": 401, "message": "Unauthorized"}},
        {"type": "error", "message": "token expired"},
        {"MessageType": "Error", "Message": "unauthorized"},
        {"status": "unauthorized"},
        *(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED),
        *((1008, "invalid api key"), (4001, ""), (4003, "forbidden")),
    ],
    ids=ascii,
)
def test_a_refusal_of_the_key_is_final(
    tmp_path: Path, how: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        stream(refuse(how), last(tmp_path, position(), count=1)) as server,
        pytest.raises(BarometerError, match=f"refuses the key in {NAME}") as caught,
    ):
        record(tmp_path, server.url)
    message = str(caught.value)
    assert "https://aisstream.io/apikeys" in message or not str(how).startswith("{'error': 'Api")
    assert KEY not in message + caplog.text and message.isprintable()
    assert len(server.asked) <= 1
    assert whys(tmp_path) == ["start"] and recordings(tmp_path) == []


@pytest.mark.parametrize(
    "how",
    [
        *(HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY, HTTPStatus.TOO_MANY_REQUESTS),
        *((1008, "slow consumer"), (1013, "try again later")),
        {"error": "concurrent connections per user exceeded"},
        {"type": "error", "message": "overloaded"},
    ],
    ids=str,
)
def test_a_refusal_that_may_pass_is_tried_again(tmp_path: Path, how: Any) -> None:
    recorded(tmp_path, refuse(how), last(tmp_path, position(), count=1))
    assert len(rows(tmp_path)) == 1


def test_keys(tmp_path: Path) -> None:
    """A compatible server's token has some 300 signs, a signed one (JWT) more."""
    for bad in ("", "  ", "two words", "line\nbreak", "ключ", "x" * 4097):
        with pytest.raises(BarometerError, match=NAME) as caught:
            stream_key({NAME: bad})
        assert not bad.strip() or bad not in str(caught.value)
    key = ("ak1." + "aB3_-" * 4096)[:4096]
    assert stream_key({NAME: f" {key}\n"}) == key
    with stream(last(tmp_path, position(), count=1)) as server:
        listen.listen(tmp_path, key, server.url, BOXES, for_s=15, limits=QUICK)
    assert server.asked[0]["APIKey"] == key


def test_addresses() -> None:
    """The key is sent encrypted, or to this machine."""
    name = "BAROMETER_AISSTREAM_URL"
    assert stream_url({}) == "wss://stream.aisstream.io/v0/stream"
    assert stream_url({name: "ws://[::1]:80/x"}) == "ws://[::1]:80/x"
    for url in (
        *("ws://stream.aisstream.io/v0/stream", "ws://localhost.evil.example/", "https://x/"),
        *("aisstream.io", "wss://", "wss://a:pass@host:notaport/", "wss://u:pass@host/#f"),
    ):
        with pytest.raises(BarometerError, match=name) as caught:
            stream_url({name: url})
        assert "pass" not in str(caught.value)


def test_tls_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with stream(last(tmp_path, position(), count=1), context=context) as server:
        with pytest.raises(BarometerError, match="no connection"):
            listen.listen(tmp_path, KEY, server.url, BOXES, for_s=0.3, limits=QUICK)
        assert server.asked == []  # the key goes to trusted servers only
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert len(record(tmp_path, server.url)) == 1


def test_a_second_recorder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    with held(folder), pytest.raises(BarometerError, match="another barometer is writing here"):
        record(tmp_path, "ws://localhost:1")
    assert [path.name for path in folder.iterdir()] == [lock.LOCK]


def test_wrong_durations_and_a_missing_key_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for duration in ("", "1", "h", "0s", "-1h", "1.5h", "1 h", "1w", "١h"):
        with pytest.raises(SystemExit) as caught:
            main(["listen", f"--for={duration}"])
        assert caught.value.code == 2
        assert "is not a duration such as 90s, 30m, 1h or 2d" in capsys.readouterr().err
    monkeypatch.delenv(NAME, raising=False)
    assert main(["listen", "--home", str(tmp_path)]) == 1
    assert "https://aisstream.io/apikeys" in capsys.readouterr().err
    assert not (tmp_path / "recordings").exists()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_a_line_on_a_terminal_and_log_lines_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr("flows.commands.listen.time.monotonic", lambda: next(clock))
    with command._listen_progress() as show:
        for n in (60, 120, 180):
            show(recording.ListenProgress(n, n, 2, 1, 0, "f.csv.part", "connected"))
    line = "connected: 2.0 messages/s, 120 rows, 2 ships, 1 not usable; f.csv"
    assert (line in caplog.text, caplog.text == "") == (not is_terminal, is_terminal)
    assert ("f.csv.part" in capsys.readouterr().err) == is_terminal


def test_safe_text_hides_the_key_wherever_it_stands() -> None:
    assert KEY not in listen.safe_text(f"{KEY}{KEY}", KEY)
    assert listen.safe_text("\x1b]0;x\x07", KEY) == "\\x1b]0;x\\x07"
    assert len(listen.safe_text("x" * 5000, KEY)) == 200
