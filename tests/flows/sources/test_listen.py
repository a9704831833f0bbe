"""The recorder against a real WebSocket server that misbehaves: rows, gaps, files, signals."""

from __future__ import annotations

import csv
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection

from flows.cli import main
from flows.home import lock
from flows.home.clock import utc_now
from flows.home.settings import BarometerError
from flows.sources import listen, recording
from flows.sources.aisstream import HEADER, csv_line
from flows.sources.connection import Limits, backoff_s, stream_key, stream_url
from flows.sources.recording import Gap
from tests.build.files import ingest, ledger, settings_of
from tests.build.process import held
from tests.build.stream import (
    CONFIRMATION,
    KEY,
    Script,
    frame,
    hold,
    position,
    ship_static,
    stream,
    until,
)
from tests.conftest import ROOT

QUICK = Limits(tick_s=0.01, silence_s=9, first_wait_s=0.01, longest_wait_s=0.05)
SOON_SILENT = QUICK._replace(silence_s=1)
"""For what is about silence alone: a busy machine stands still for some tenths of a second."""
BOXES = [[[25.3, 47.48], [31.04, 57.15]]]
NOON = datetime(2026, 4, 15, 12, 0, 5)


def recordings(home: Path) -> list[Path]:
    return sorted((home / "recordings").glob("aisstream-*"))


def rows(home: Path) -> list[dict[str, str]]:
    """The rows of all files that are closed or being written; a torn one fails."""
    found = []
    for path in recordings(home):
        with path.open(encoding="utf-8", newline="") as lines:
            found += list(csv.DictReader(lines, strict=True))
    return found


def whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def rows_whole(home: Path) -> list[bytes]:
    """The lines of all files while they are written, without one that is there in part."""
    return [line for p in recordings(home) for line in whole_lines(p.read_bytes()).splitlines()[1:]]


def gaps(home: Path) -> list[tuple[str, str, str, str]]:
    with (home / "recordings" / "gaps.log").open(encoding="utf-8", newline="") as lines:
        first, *found = csv.reader(lines)
    assert first == ["from", "to", "why", "dropped"]
    return [(row[0], row[1], row[2], row[3]) for row in found]


def whys(home: Path) -> list[str]:
    """Why there were gaps, in order; each was noted when it began and when it ended."""
    found = gaps(home)
    begun = [(a, why) for a, b, why, _ in found if not b and why != "stop"]
    ended = [(a, why) for a, b, why, dropped in found if b and not dropped]
    assert begun == ended
    assert found[-1][1:3] == ("", "stop")
    return [why for _, why in begun]


def record(home: Path, url: str, limits: Limits = QUICK, **changes: Any) -> list[Path]:
    return listen.listen(home, KEY, url, BOXES, for_s=15, limits=limits, **changes)


def send(*messages: Any) -> Script:
    """Send messages, or bytes and texts as they are, and go."""

    def script(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(frame(message) if isinstance(message, dict) else message)

    return script


def last(home: Path, *messages: Any, count: int, number: int = signal.SIGTERM) -> Script:
    """Send messages; when so many rows are on the disk, tell the recorder to stop by a signal."""

    def script(connection: ServerConnection) -> None:
        send(*messages)(connection)
        until(lambda: len(rows_whole(home)) >= count)
        os.kill(os.getpid(), number)
        hold(connection)

    return script


def fleet(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [position(422_000_001 + i) for i in range(start, start + count)]


# What is recorded


def test_a_recording_is_ingested_with_every_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hostile = position(422_000_009, meta={"ShipName": 'A "B",\n=1+1\x00'})
    said = [CONFIRMATION, ship_static(), *fleet(3), hostile]
    with stream(last(tmp_path, *said, count=4)) as server:
        (path,) = record(tmp_path, server.url, clock=lambda: NOON)
    assert path.name == "aisstream-2026-04-15T12.csv"
    assert server.asked[0]["APIKey"] == KEY and server.asked[0]["BoundingBoxes"] == BOXES
    assert [row["imo"] for row in rows(tmp_path)] == ["9074729", "", "", ""]
    assert gaps(tmp_path) == [
        ("", "", "start", ""),
        ("", "2026-04-15T12:00:05.000Z", "start", ""),
        ("2026-04-15T12:00:05.000Z", "", "stop", ""),
    ]
    settings = settings_of(tmp_path)
    outcomes = ingest(settings, tmp_path / "recordings")
    assert [(o.name, o.state) for o in outcomes] == [(path.name, "ingested")]
    assert [entry[1:6] for entry in ledger(settings)] == [("aisstream-listen", 4, 4, 0, 0)]
    everything = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert not any(KEY.encode() in content for content in everything)
    ours = [r.getMessage() for r in caplog.records if r.name != "websockets.server"]
    assert ours and KEY not in str(ours)


def test_an_hour_is_a_file_by_the_time_of_receipt(tmp_path: Path) -> None:
    now = NOON

    def script(connection: ServerConnection) -> None:
        nonlocal now
        send(*fleet(2))(connection)
        until(lambda: len(rows_whole(tmp_path)) == 2)
        assert [path.suffix for path in recordings(tmp_path)] == [".part"]
        now = NOON + timedelta(hours=1)
        until(lambda: [path.suffix for path in recordings(tmp_path)] == [".csv"])  # also unheard
        last(tmp_path, *fleet(1, 2), count=3)(connection)

    with stream(script) as server:
        files = record(tmp_path, server.url, clock=lambda: now)
    assert [path.name for path in files] == [
        "aisstream-2026-04-15T12.csv",
        "aisstream-2026-04-15T13.csv",
    ]
    assert [len(path.read_bytes().splitlines()) for path in files] == [3, 2]


def test_a_file_that_was_closed_is_not_written_to_again(tmp_path: Path) -> None:
    with stream(last(tmp_path, position(), count=1), last(tmp_path, position(), count=2)) as server:
        (first,) = record(tmp_path, server.url, clock=lambda: NOON)
        before = first.read_bytes()
        (second,) = record(tmp_path, server.url, clock=lambda: NOON + timedelta(minutes=1))
    assert (first.name, second.name) == (
        "aisstream-2026-04-15T12.csv",
        "aisstream-2026-04-15T12-2.csv",
    )
    assert first.read_bytes() == before
    assert gaps(tmp_path)[2:5] == [
        ("2026-04-15T12:00:05.000Z", "", "stop", ""),
        ("2026-04-15T12:00:05.000Z", "", "start", ""),
        ("2026-04-15T12:00:05.000Z", "2026-04-15T12:01:05.000Z", "start", ""),
    ]


# What goes wrong on the line


def test_bad_messages_are_counted_and_the_rest_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bad = [b"", "{", b"\xff\x00", "[" * 50_000, position(Sog="x"), position(UserID=None), "5"]
    with stream(last(tmp_path, *fleet(1), *bad, *fleet(1, 1), count=2)) as server:
        record(tmp_path, server.url)
    assert whys(tmp_path) == ["start"]
    assert (
        "2 messages of ships, 2 rows, 0 dropped, 7 not usable (Sog is no number of AIS: 1, "
        "no MMSI: 1, not JSON: 4, not an object: 1)"
    ) in caplog.text


def cut(connection: ServerConnection) -> None:
    """The line breaks, without a word."""
    connection.socket.shutdown(2)


def close(connection: ServerConnection) -> None:
    connection.close(1012, "restarting")


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (close, "server closed"),
        (cut, "connection lost"),
        (hold, "silent"),
        (send("x" * (QUICK.most_bytes + 1)), "connection lost"),
        (send({"error": "concurrent connections per user exceeded"}), "refused"),
        (send({"error": {"code": 5}}), "refused"),
        (send({"error": "Api Key Is Not Valid"}), "refused"),  # it was, a moment ago
    ],
)
def test_a_connection_that_ends_is_a_gap_and_is_opened_anew(
    tmp_path: Path, end: Script, why: str
) -> None:
    def script(connection: ServerConnection) -> None:
        send(*fleet(2))(connection)
        end(connection)

    started = utc_now()
    with stream(script, last(tmp_path, *fleet(1, 2), count=3)) as server:
        record(tmp_path, server.url, SOON_SILENT if why == "silent" else QUICK)
    assert len(server.asked) == 2
    assert whys(tmp_path) == ["start", why]
    received = [row["received_at"] for row in rows(tmp_path)]
    (lost,) = [gap for gap in gaps(tmp_path) if gap[2] == why and gap[1]]
    assert lost[:2] == (received[1], received[2])  # from the last message heard to the next
    assert f"{started:%Y-%m-%dT%H:%M}" <= received[0] < received[2]


def test_a_flood_without_a_ship_is_silence(tmp_path: Path) -> None:
    def flood(connection: ServerConnection) -> None:
        while True:
            connection.send("{}")
            time.sleep(0.001)

    with stream(flood, last(tmp_path, position(), count=1)) as server:
        record(tmp_path, server.url, SOON_SILENT)
    assert len(server.asked) == 2 and whys(tmp_path) == ["start"]


def test_who_is_told_to_slow_down_waits_half_of_the_longest_at_least(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = QUICK._replace(longest_wait_s=0.4)
    began = time.monotonic()
    with stream(HTTPStatus.TOO_MANY_REQUESTS, last(tmp_path, position(), count=1)) as server:
        record(tmp_path, server.url, limits)
    assert time.monotonic() - began >= 0.2
    assert "refused (HTTP 429); next try in 0 s" in caplog.text


def test_nobody_there_is_tried_again_until_it_is_time_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stream() as server:
        pass
    state = r"not connected, (next try in \d+ s|connecting again)\."
    with pytest.raises(BarometerError, match=f"no connection in .*; at last: {state}"):
        listen.listen(tmp_path, KEY, server.url, BOXES, for_s=1, limits=QUICK)
    assert whys(tmp_path) == ["start"] and recordings(tmp_path) == []
    assert caplog.text.count("not connected (") > 3


def test_who_stops_in_the_middle_of_a_try_still_tells_why_the_one_before_failed(
    tmp_path: Path,
) -> None:
    with socket.create_server(("localhost", 0)) as server, ThreadPoolExecutor(1) as pool:

        def cut_the_first() -> None:
            server.accept()[0].close()  # the next one is never answered

        cut = pool.submit(cut_the_first)
        url = f"ws://localhost:{server.getsockname()[1]}"
        with pytest.raises(BarometerError, match="; at last: not connected, connecting again"):
            listen.listen(tmp_path, KEY, url, BOXES, for_s=1, limits=QUICK)
        cut.result()


def test_no_ship_in_all_the_time_is_no_failure(tmp_path: Path) -> None:
    with stream(send(CONFIRMATION)) as server:
        assert listen.listen(tmp_path, KEY, server.url, BOXES, for_s=2, limits=QUICK) == []
    ((_, began, *_), (_, ended, why, _), _) = gaps(tmp_path)
    assert (began, why) == ("", "start") and ended


def test_a_server_whose_pongs_are_missing_is_not_left_while_ships_come(tmp_path: Path) -> None:
    """Its pongs are late by more than the whole test; the default limit of a library is 20 s."""

    def without_pongs(connection: ServerConnection) -> None:
        connection.protocol.receive_data = lambda _: None  # type: ignore[method-assign]
        for i in range(30):
            connection.send(frame(position(422_000_001 + i)))
            time.sleep(0.05)
        until(lambda: len(rows_whole(tmp_path)) >= 30)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)

    with stream(without_pongs) as server:
        # Dead after a second without a sign: the messages are one.
        record(tmp_path, server.url, QUICK._replace(ping_s=0.5, close_s=0.05))
    assert len(server.asked) == 1 and len(rows(tmp_path)) == 30
    assert whys(tmp_path) == ["start"]


def test_a_quiet_sea_is_no_dead_connection(tmp_path: Path) -> None:
    def quiet(connection: ServerConnection) -> None:
        send(position())(connection)
        time.sleep(3)  # as the server's thread waits, its library answers the pings
        last(tmp_path, position(422_000_002), count=2)(connection)

    limits = SOON_SILENT._replace(silence_s=1.5, ping_s=0.5)
    with stream(quiet) as server:
        record(tmp_path, server.url, limits)
    assert len(server.asked) == 1 and whys(tmp_path) == ["start"]


def test_a_stream_that_answers_pings_and_is_stuck_is_opened_anew(tmp_path: Path) -> None:
    limits = SOON_SILENT._replace(ping_s=0.2, quiet_s=1)
    with stream(hold, last(tmp_path, position(), count=1)) as server:
        record(tmp_path, server.url, limits)
    assert len(server.asked) == 2 and whys(tmp_path) == ["start"]


def waited(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many failures in a row each wait counted."""
    counted: list[int] = []

    def backoff_s(failures: int, limits: Limits) -> float:
        counted.append(failures)
        return 0.01

    monkeypatch.setattr(listen, "backoff_s", backoff_s)
    return counted


def test_waits_grow_with_failures_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = waited(caplog, monkeypatch)
    brief = [send(*fleet(1, n)) for n in range(4)]
    refused = send(*fleet(1, 5), {"error": "concurrent connections per user exceeded"})
    scripts = [close, cut, brief[0], brief[1], cut, refused, refused, brief[2]]
    with stream(*scripts, last(tmp_path, *fleet(1, 9), count=1)) as server:
        record(tmp_path, server.url)
    assert counted == [1, 2, 0, 0, 1, 2, 3, 0]


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
        pytest.raises(BarometerError, match="does not take the key in BAROMETER_AISSTREAM_KEY"),
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


def test_long_keys_are_keys(tmp_path: Path, length: int = 4096) -> None:
    """A compatible server's token has some 300 signs, a signed one (JWT) more."""
    key = ("ak1." + "aB3_-" * length)[:length]
    assert stream_key({"BAROMETER_AISSTREAM_KEY": f" {key}\n"}) == key
    with stream(last(tmp_path, position(), count=1)) as server:
        listen.listen(tmp_path, key, server.url, BOXES, for_s=15, limits=QUICK)
    assert server.asked[0]["APIKey"] == key


def test_a_copy_that_comes_a_minute_late_is_one_report(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def sent(time_utc: str, **changes: Any) -> dict[str, Any]:
        meta = {"time_utc": f"2026-04-15 {time_utc} +0000 UTC"}
        return position(**({"CommunicationState": 59916, "meta": meta} | changes))

    said = [
        sent("12:00:03.5"),
        sent("12:01:15.1"),  # 72 s late
        sent("12:01:31.9", RepeatIndicator=1),  # 89 s
        sent("12:01:03.5", CommunicationState=59917),  # at anchor, and honest
        sent("12:03:03.5"),  # the same once more after three minutes, as at anchor
        sent("12:00:15.1", mmsi=422_000_002),
    ]
    with stream(last(tmp_path, *said, count=4)) as server:
        record(tmp_path, server.url)
    found = [(row["mmsi"][-1], row["reported_at"][11:19]) for row in rows(tmp_path)]
    assert found == [("1", "12:00:02"), ("1", "12:01:02"), ("1", "12:03:02"), ("2", "12:00:02")]
    assert "6 messages of ships, 4 rows, 0 dropped, 2 late copies" in caplog.text


def test_a_server_that_answers_no_ping_is_left(tmp_path: Path) -> None:
    asked: list[Any] = []

    def deaf(connection: ServerConnection) -> None:
        send(position())(connection)
        connection.protocol.receive_data = lambda _: None  # type: ignore[method-assign]
        until(lambda: len(asked) == 2)

    limits = QUICK._replace(ping_s=0.5, close_s=0.05)
    with stream(deaf, last(tmp_path, position(), count=2)) as server:
        asked = server.asked
        record(tmp_path, server.url, limits)
    assert whys(tmp_path) == ["start", "connection lost"]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_waits_grow_to_a_bound_and_are_never_short_of_half(failures: int) -> None:
    limits = Limits()
    wait = backoff_s(failures, limits)
    doubled = min(2.0 * 2 ** min(failures, 20), 1800)
    assert doubled / 2 <= wait <= doubled


def test_a_flood_in_one_piece_lets_the_writer_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Well compressed, thousands of messages arrive at once.

    Written without a thread, so that it does not hang on how busy the machine is.
    """

    async def at_once(function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    monkeypatch.setattr(listen.asyncio, "to_thread", at_once)
    limits = QUICK._replace(tick_s=0.001, most_waiting=500)
    with stream(last(tmp_path, *fleet(5000), count=5000)) as server:
        record(tmp_path, server.url, limits)
    assert len(rows(tmp_path)) == 5000
    assert whys(tmp_path) == ["start"]


def test_a_slow_disk_drops_the_newest_and_says_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write = recording.write_whole

    def slow(*arguments: Any) -> None:
        time.sleep(0.1)
        write(*arguments)

    monkeypatch.setattr(listen, "write_whole", slow)
    flood = fleet(300)

    def script(connection: ServerConnection) -> None:
        send(*flood)(connection)
        time.sleep(0.5)  # room again
        send(position(422_999_999))(connection)
        until(lambda: rows_whole(tmp_path)[-1].startswith(b"422999999"))
        os.kill(os.getpid(), signal.SIGTERM)
        hold(connection)

    limits = QUICK._replace(most_waiting=50)
    with stream(script) as server:
        record(tmp_path, server.url, limits)
    dropped = [int(gap[3]) for gap in gaps(tmp_path) if gap[2] == "buffer full"]
    assert sum(dropped) > 0 and all(
        a and b for a, b, why, _ in gaps(tmp_path) if why == "buffer full"
    )
    found = [row["mmsi"] for row in rows(tmp_path)]
    assert len(found) + sum(dropped) == 301
    assert found == sorted(found) and found[-1] == "422999999"
    assert f"{sum(dropped)} dropped" in caplog.text


# Who may


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


# The disk


LINES = csv_line(HEADER) + b"".join(
    csv_line((f"{i}", *[""] * (len(HEADER) - 2), f"2026-04-15T12:00:0{i}.000Z")) for i in range(5)
)


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


@pytest.mark.parametrize("tail_bytes", [1, 7, 1000])
def test_a_torn_line_is_found_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail_bytes: int
) -> None:
    monkeypatch.setattr(recording, "TAIL_BYTES", tail_bytes)
    part = tmp_path / "aisstream-2026-04-15T12.csv.part"
    part.write_bytes(LINES + b"x" * 100)
    found = recording.take_up(part)
    assert found is not None and found.read_bytes() == LINES


@pytest.mark.parametrize(
    "before", [b"", b"from,t", b"from,to,why,dropped\n", b"from,to,why,dropped\n,,start,\n2026-"]
)
def test_a_torn_line_of_the_gaps_is_cut_off(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "gaps.log").write_bytes(before)
    recording.append_gap(tmp_path, Gap(NOON, None, "silent"))
    kept = whole_lines(before) or b"from,to,why,dropped\n"
    assert (tmp_path / "gaps.log").read_bytes() == kept + b"2026-04-15T12:00:05.000Z,,silent,\n"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100, b"\n\n\n", b"x,2026-99-99T99:99:99.000Z\n", b"a\nb"]
)
def test_strange_files_tell_no_time(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gaps.log").write_bytes(content)
    (tmp_path / "aisstream-2026-04-15T12.csv").write_bytes(content)
    assert recording.last_sign_of_life(tmp_path) is None


START_S = 120.0
"""A process that starts beside others on a busy machine takes as long as it takes."""


@contextmanager
def barometer(home: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """The real command, which does not outlive a test that fails."""
    environ = os.environ | {"BAROMETER_AISSTREAM_KEY": KEY, "BAROMETER_AISSTREAM_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "listen", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environ,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def steady(connection: ServerConnection) -> None:
    """A message every few milliseconds, until the client goes."""
    for i in range(100_000):
        connection.send(frame(position(422_000_000 + i)))
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_end_a_recording_too(tmp_path: Path, number: int) -> None:
    with stream(last(tmp_path, position(), count=1, number=number)) as server:
        assert len(record(tmp_path, server.url)) == 1
    assert whys(tmp_path) == ["start"]


def test_a_process_that_is_told_to_end_closes_its_file(tmp_path: Path) -> None:
    with stream(steady) as server, barometer(tmp_path, server.url) as process:
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

    def script(connection: ServerConnection) -> None:
        for i in range(100_000):
            connection.send(frame(position(422_000_000 + i)))
            sent.append(time.monotonic())
            time.sleep(0.002)

    with stream(script) as server:
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
        listen.listen(tmp_path, KEY, server.url, BOXES, for_s=2, limits=QUICK)
    (path,) = recordings(tmp_path)
    assert path.suffix == ".csv" and path.read_bytes() == kept
    started = gaps(tmp_path)[2]
    assert started == (rows(tmp_path)[-1]["received_at"], "", "start", "")


LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from flows.cli import main
sys.exit(main(["listen", "--home", sys.argv[1]]))
"""


def test_a_disk_that_takes_no_more_ends_it_with_nothing_torn(tmp_path: Path) -> None:
    """The system's limit of a file's size stands for a full disk: a write is cut in the middle."""
    environ = os.environ | {"BAROMETER_AISSTREAM_KEY": KEY}
    with stream(steady) as server:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(tmp_path)],
            env=environ | {"BAROMETER_AISSTREAM_URL": server.url},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot be written (File too large). Check its free space" in done.stderr
    assert "Traceback" not in done.stderr
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
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir(mode=0o500)
    with pytest.raises(BarometerError, match="cannot be written"):
        record(tmp_path, "ws://localhost:1")


# The command line


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
