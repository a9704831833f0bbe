"""Keys and addresses of a stream; recordings are whole after a crash, a signal and a full disk."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import time
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cli import main
from flows.commands import listen as command
from flows.home import lock
from flows.home.settings import BarometerError
from flows.sources.streams import listen, recording
from flows.sources.streams.connection import stream_key, stream_url
from flows.sources.streams.recording import Gap
from tests.build.process import held, largest_file
from tests.build.stream import (
    BOXES,
    KEY,
    LINES,
    NOON,
    QUICK,
    START_S,
    Script,
    barometer,
    gaps,
    last,
    listen_for,
    position,
    record,
    recorded,
    recordings,
    rows,
    rows_whole,
    send,
    steadily,
    stream,
    until,
    whole_lines,
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


def test_keys_and_what_is_shown_of_them(tmp_path: Path) -> None:
    """A compatible server's token has some 300 signs, a signed one (JWT) more."""
    assert KEY not in listen.safe_text(f"{KEY}{KEY}", KEY)
    assert listen.safe_text("\x1b]0;x\x07", KEY) == "\\x1b]0;x\\x07"
    assert len(listen.safe_text("x" * 5000, KEY)) == 200
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
        *("wss://a:pass@stream..io/", f"wss://{'a' * 64}.io/"),
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
            listen_for(tmp_path, server.url, 0.3)
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
        with pytest.raises(SystemExit, match="2"):
            main(["listen", f"--for={duration}"])
        assert "is not a duration such as 90s, 30m, 1h or 2d" in capsys.readouterr().err
    monkeypatch.delenv(NAME, raising=False)
    assert main(["listen", "--home", str(tmp_path)]) == 1
    assert "https://aisstream.io/apikeys" in capsys.readouterr().err
    assert not (tmp_path / "recordings").exists()


def test_progress_is_a_line_on_a_terminal_and_log_lines_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    line = "connected: 2.0 messages/s, 120 rows, 2 ships, 1 not usable; f.csv"
    for is_terminal in (True, False):
        monkeypatch.setattr("sys.stderr.isatty", lambda shown=is_terminal: shown)
        clock = iter(range(0, 1000, 30))
        monkeypatch.setattr("flows.commands.listen.time.monotonic", clock.__next__)
        with command._listen_progress() as show:
            for n in (60, 120, 180):
                show(recording.ListenProgress(n, n, 2, 1, 0, "f.csv.part", "connected"))
        assert (line in caplog.text, caplog.text == "") == (not is_terminal, is_terminal)
        assert ("f.csv.part" in capsys.readouterr().err) == is_terminal


# Recordings on the disk


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(LINES)))
def test_what_a_crash_left_is_kept_up_to_its_last_whole_line(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    part = folder / "aisstream-2026-04-15T12.csv.part"
    part.write_bytes(LINES[:length])
    whole = whole_lines(LINES[:length])
    found = recording.take_up(part)
    if whole.count(b"\n") < 2:
        assert found is None and not list(folder.iterdir())
    else:
        assert found is not None and found.read_bytes() == whole and not part.exists()
        assert recording.last_sign_of_life(folder) == datetime(
            2026, 4, 15, 12, 0, whole.count(b"\n") - 2
        )


def test_a_torn_line_is_cut_off_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "aisstream-2026-04-15T12.csv.part"
    for tail_bytes in (1, 7, 1000):
        monkeypatch.setattr(recording, "TAIL_BYTES", tail_bytes)
        part.write_bytes(LINES + b"x" * 100)
        closed = recording.take_up(part)
        assert closed is not None and closed.read_bytes() == LINES
    header, line = b"from,to,why,dropped\n", b"2026-04-15T12:00:05.000Z,,silent,\n"
    for before in (b"", b"from,t", header, header + b",,start,\n2026-"):
        (tmp_path / "gaps.log").write_bytes(before)
        recording.append_gap(tmp_path, Gap(NOON, None, "silent"))
        kept = whole_lines(before) or header
        assert (tmp_path / "gaps.log").read_bytes() == kept + line


def test_damaged_files_give_no_time(tmp_path: Path) -> None:
    for content in (b"", bytes(100), b"\n\n\n", b"x,2026-99-99T99:99:99.000Z\n", b"a\nb"):
        (tmp_path / "gaps.log").write_bytes(content)
        (tmp_path / "aisstream-2026-04-15T12.csv").write_bytes(content)
        assert recording.last_sign_of_life(tmp_path) is None


def test_other_signals_end_a_recording_too(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        home = tmp_path / str(number)
        recorded(home, last(home, position(), count=1, number=number))
        assert len(recordings(home)) == 1 and whys(home) == ["start"]


def test_a_process_that_is_terminated_closes_its_file(tmp_path: Path) -> None:
    with stream(steadily()) as server, barometer(tmp_path, server.url) as process:
        until(lambda: len(rows_whole(tmp_path)) >= 5, START_S)
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=START_S)
    assert process.returncode == 0, log
    assert out.splitlines() == [str(path) for path in recordings(tmp_path)]
    assert all(path.suffix == ".csv" for path in recordings(tmp_path))
    assert whys(tmp_path) == ["start"]
    assert KEY not in out + log and "Traceback" not in log


def test_a_killed_process_loses_a_tenth_of_a_second_and_the_next_goes_on(tmp_path: Path) -> None:
    """What is written to the disk in time is not lost with the process; see `Limits.tick_s`."""
    sent: list[float] = []
    with stream(steadily(sent)) as server:
        with barometer(tmp_path, server.url) as process:
            until(lambda: rows_whole(tmp_path), START_S)
            time.sleep(2)  # by the clock: if it waited for rows it could not see that they are late
            killed = time.monotonic()
            process.kill()
            process.communicate()
        (part,) = recordings(tmp_path)
        assert part.suffix == ".part"
        kept = whole_lines(part.read_bytes())
        recorded = kept.count(b"\n") - 1
        # Half a second: a tenth, and what a busy machine adds.
        assert recorded >= sum(at < killed - 0.5 for at in sent) > 0
        listen_for(tmp_path, server.url, 1)
    (path,) = recordings(tmp_path)
    assert path.suffix == ".csv" and path.read_bytes() == kept
    started = gaps(tmp_path)[2]
    assert started == (rows(tmp_path)[-1]["received_at"], "", "start", "")


def test_a_disk_that_takes_no_more_ends_it_with_nothing_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAROMETER_AISSTREAM_KEY", KEY)
    with stream(steadily()) as server, largest_file(20_000):
        monkeypatch.setenv("BAROMETER_AISSTREAM_URL", server.url)
        assert main(["listen", "--home", str(tmp_path)]) == 1
    assert "cannot be written (File too large). Check free space" in capsys.readouterr().err
    (path,) = recordings(tmp_path)
    content = path.read_bytes()
    assert path.suffix == ".csv" and content.endswith(b"\n") and 1000 < len(content) <= 20_000
    assert len(rows(tmp_path)) == content.count(b"\n") - 1
    assert gaps(tmp_path)[-1][2] == "stop"


@pytest.mark.parametrize("gap", [1, 2])
def test_gaps_that_cannot_be_noted_end_it_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gap: int
) -> None:
    """A disk that is full when a gap begins or ends is not taken for a fault of the network."""
    note, noted = recording.append_gap, 0

    def full(*arguments: Any) -> None:
        nonlocal noted
        if noted >= gap:
            raise OSError(28, "No space left on device")
        noted += 1
        note(*arguments)

    monkeypatch.setattr(listen, "append_gap", full)
    with (
        stream(send(position())) as server,
        pytest.raises(BarometerError, match=r"recordings: cannot be written \(No space left"),
    ):
        record(tmp_path, server.url)
    assert all(path.suffix == ".csv" for path in recordings(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir(mode=0o500)
    with pytest.raises(BarometerError, match="cannot be written"):
        record(tmp_path, "ws://localhost:1")
