"""Keys and addresses of a stream: who is refused, what is shown, the command line."""

from __future__ import annotations

import logging
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme

from flows.cli import main
from flows.home import lock
from flows.home.settings import BarometerError
from flows.sources import listen, recording
from flows.sources.connection import stream_key, stream_url
from tests.build.process import held
from tests.build.stream import (
    BOXES,
    KEY,
    QUICK,
    Script,
    last,
    position,
    record,
    recordings,
    rows,
    send,
    stream,
    whys,
)


@pytest.mark.parametrize("said", [f"Api Key Is Not Valid: {KEY}\n\x1b[2J", "ApiKey unknown"])
def test_a_key_that_the_server_does_not_know_ends_it(
    tmp_path: Path, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with stream(send({"error": said})) as server, pytest.raises(BarometerError) as caught:
        record(tmp_path, server.url)
    message = str(caught.value)
    assert "BAROMETER_AISSTREAM_KEY" in message and "https://aisstream.io/apikeys" in message
    assert KEY not in message + caplog.text and message.isprintable()
    assert len(server.asked) == 1
    assert whys(tmp_path) == ["start"] and recordings(tmp_path) == []


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "ключ", "x" * 4097])
def test_what_is_no_key_is_not_repeated(key: str) -> None:
    with pytest.raises(BarometerError, match="BAROMETER_AISSTREAM_KEY") as caught:
        stream_key({"BAROMETER_AISSTREAM_KEY": key})
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("ws://stream.aisstream.io/v0/stream", "ws://localhost.evil.example/", "https://x/"),
        *("aisstream.io", "wss://", "wss://a:pass@host:notaport/", "wss://u:pass@host/#f"),
    ],
)
def test_the_key_is_not_sent_unencrypted_nor_to_what_is_no_address(url: str) -> None:
    with pytest.raises(BarometerError, match="BAROMETER_AISSTREAM_URL") as caught:
        stream_url({"BAROMETER_AISSTREAM_URL": url})
    assert "pass" not in str(caught.value)


def test_without_a_word_the_address_is_aisstreams() -> None:
    assert stream_url({}) == "wss://stream.aisstream.io/v0/stream"
    assert stream_url({"BAROMETER_AISSTREAM_URL": "ws://[::1]:80/x"}) == "ws://[::1]:80/x"


def test_tls_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with stream(last(tmp_path, position(), count=1), context=context) as server:
        with pytest.raises(BarometerError, match="no connection"):
            listen.listen(tmp_path, KEY, server.url, BOXES, for_s=0.3, limits=QUICK)
        assert server.asked == []  # nobody who is not trusted gets the key
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert len(record(tmp_path, server.url)) == 1


def test_a_second_recorder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    with held(folder), pytest.raises(BarometerError, match="another barometer is writing here"):
        record(tmp_path, "ws://localhost:1")
    assert [path.name for path in folder.iterdir()] == [lock.LOCK]


REFUSALS: list[Any] = [
    {"error": "invalid token"},
    {"error": {"code": 401, "message": "Unauthorized"}},
    {"type": "error", "message": "token expired"},
    {"MessageType": "Error", "Message": "unauthorized"},
    {"status": "unauthorized"},
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.PAYMENT_REQUIRED,
    (1008, "invalid api key"),
    (4001, ""),
    (4003, "forbidden"),
]


def refuse(how: Any) -> Script | HTTPStatus:
    if isinstance(how, tuple):
        return lambda connection: connection.close(*how)
    return how if isinstance(how, HTTPStatus) else send(how)


@pytest.mark.parametrize("how", REFUSALS, ids=str)
def test_a_compatible_servers_refusal_of_the_key_is_final(tmp_path: Path, how: Any) -> None:
    with (
        stream(refuse(how), last(tmp_path, position(), count=1)) as server,
        pytest.raises(BarometerError, match="refuses the key in BAROMETER_AISSTREAM_KEY"),
    ):
        record(tmp_path, server.url)
    assert len(server.asked) <= 1 and recordings(tmp_path) == []


@pytest.mark.parametrize(
    "how",
    [
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.TOO_MANY_REQUESTS,
        (1008, "slow consumer"),
        (1013, "try again later"),
        {"error": "concurrent connections per user exceeded"},
        {"type": "error", "message": "overloaded"},
    ],
    ids=str,
)
def test_a_refusal_that_may_pass_is_tried_again(tmp_path: Path, how: Any) -> None:
    with stream(refuse(how), last(tmp_path, position(), count=1)) as server:
        record(tmp_path, server.url)
    assert len(rows(tmp_path)) == 1


@pytest.mark.parametrize("duration", ["", "1", "h", "0s", "-1h", "1.5h", "1 h", "1w", "١h"])
def test_what_is_no_duration_is_wrong_usage(
    duration: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["listen", f"--for={duration}"])
    assert caught.value.code == 2
    assert "is not a duration such as 90s, 30m, 1h or 2d" in capsys.readouterr().err


def test_without_a_key_it_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BAROMETER_AISSTREAM_KEY", raising=False)
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
    from flows.commands import listen

    caplog.set_level(logging.INFO)
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr("flows.commands.listen.time.monotonic", lambda: next(clock))
    told = [
        recording.ListenProgress(n, n, 2, 1, 0, "f.csv.part", "connected") for n in (60, 120, 180)
    ]
    with listen._listen_progress() as show:
        for progress in told:
            show(progress)
    expected = (
        "" if is_terminal else "connected: 2.0 messages/s, 120 rows, 2 ships, 1 not usable; f.csv"
    )
    assert expected in caplog.text and bool(caplog.text) != is_terminal
    assert ("f.csv.part" in capsys.readouterr().err) == is_terminal


def test_safe_text_hides_the_key_wherever_it_stands() -> None:
    def shown(text: str) -> str:
        return listen.safe_text(text, KEY)

    assert KEY not in shown(f"{KEY}{KEY}") and shown("\x1b]0;x\x07") == "\\x1b]0;x\\x07"
    assert len(shown("x" * 5000)) == 200
