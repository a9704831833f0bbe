"""The recorder against a real WebSocket server that misbehaves: rows and gaps."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection

from flows.home.clock import utc_now
from flows.home.settings import BarometerError
from flows.sources.streams import listen, recording
from flows.sources.streams.connection import Limits, backoff_s
from tests.build.files import ingest, ledger, settings_of
from tests.build.stream import (
    BOXES,
    CONFIRMATION,
    KEY,
    NOON,
    QUICK,
    SOON_SILENT,
    Script,
    frame,
    gaps,
    hold,
    last,
    listen_for,
    position,
    record,
    recorded,
    recordings,
    rows,
    rows_whole,
    send,
    ship_static,
    ships,
    stream,
    until,
    whys,
)

# What is recorded


def test_a_recording_is_ingested_with_every_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hostile = position(422_000_009, meta={"ShipName": 'A "B",\n=1+1\x00'})
    script = last(tmp_path, CONFIRMATION, ship_static(), *ships(3), hostile, count=4)
    server = recorded(tmp_path, script, clock=lambda: NOON)
    (path,) = recordings(tmp_path)
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
        send(*ships(2))(connection)
        until(lambda: len(rows_whole(tmp_path)) == 2)
        assert [path.suffix for path in recordings(tmp_path)] == [".part"]
        now = NOON + timedelta(hours=1)
        until(lambda: [path.suffix for path in recordings(tmp_path)] == [".csv"])  # also unheard
        last(tmp_path, *ships(1, 2), count=3)(connection)

    recorded(tmp_path, script, clock=lambda: now)
    lines = {path.name: len(path.read_bytes().splitlines()) for path in recordings(tmp_path)}
    assert lines == {"aisstream-2026-04-15T12.csv": 3, "aisstream-2026-04-15T13.csv": 2}


def test_a_file_that_was_closed_is_not_written_to_again(tmp_path: Path) -> None:
    with stream(last(tmp_path, position(), count=1), last(tmp_path, position(), count=2)) as server:
        (first,) = record(tmp_path, server.url, clock=lambda: NOON)
        before = first.read_bytes()
        (second,) = record(tmp_path, server.url, clock=lambda: NOON + timedelta(minutes=1))
    assert first.name == "aisstream-2026-04-15T12.csv"
    assert second.name == "aisstream-2026-04-15T12-2.csv"
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
    recorded(tmp_path, last(tmp_path, *ships(1), *bad, *ships(1, 1), count=2))
    assert whys(tmp_path) == ["start"]
    assert (
        "2 messages of ships, 2 rows, 0 dropped, 7 not usable (Sog is no number of AIS: 1, "
        "no MMSI: 1, not JSON: 4, not an object: 1)"
    ) in caplog.text


def cut(connection: ServerConnection) -> None:
    connection.socket.shutdown(2)


def close(connection: ServerConnection) -> None:
    connection.close(1012, "restarting")


BUSY = "concurrent connections per user exceeded"


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (close, "server closed"),
        (cut, "connection lost"),
        (hold, "silent"),
        (send("x" * (QUICK.most_bytes + 1)), "connection lost"),
        (send({"error": BUSY}), "refused"),
        (send({"error": {"code": 5}}), "refused"),
        (send({"error": "Api Key Is Not Valid"}), "refused"),  # it was, a moment ago
    ],
)
def test_a_connection_that_ends_is_a_gap_and_is_opened_anew(
    tmp_path: Path, end: Script, why: str
) -> None:
    def script(connection: ServerConnection) -> None:
        send(*ships(2))(connection)
        end(connection)

    started = utc_now()
    limits = SOON_SILENT if why == "silent" else QUICK
    server = recorded(tmp_path, script, last(tmp_path, *ships(1, 2), count=3), limits=limits)
    assert len(server.asked) == 2
    assert whys(tmp_path) == ["start", why]
    received = [row["received_at"] for row in rows(tmp_path)]
    (lost,) = [gap for gap in gaps(tmp_path) if gap[2] == why and gap[1]]
    assert lost[:2] == (received[1], received[2])  # from the last message heard to the next
    assert f"{started:%Y-%m-%dT%H:%M}" <= received[0] < received[2]


def flood(connection: ServerConnection) -> None:
    while True:
        connection.send("{}")
        time.sleep(0.001)


PINGS = SOON_SILENT._replace(ping_s=0.2, quiet_s=1)


@pytest.mark.parametrize(
    ("script", "limits"),
    [(flood, SOON_SILENT), (hold, PINGS)],
    ids=["messages without a ship", "answers to pings alone"],
)
def test_a_stream_without_a_ship_is_silent(tmp_path: Path, script: Script, limits: Limits) -> None:
    server = recorded(tmp_path, script, last(tmp_path, position(), count=1), limits=limits)
    assert len(server.asked) == 2 and whys(tmp_path) == ["start"]


def test_after_http_429_it_waits_half_of_the_longest_wait_at_least(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits, began = QUICK._replace(longest_wait_s=0.4), time.monotonic()
    script = last(tmp_path, position(), count=1)
    recorded(tmp_path, HTTPStatus.TOO_MANY_REQUESTS, script, limits=limits)
    assert time.monotonic() - began >= 0.2
    assert "refused (HTTP 429); next try in 0 s" in caplog.text


def test_without_a_server_it_tries_again_until_it_is_time_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stream() as server:
        pass
    state = r"not connected, (next try in \d+ s|connecting again)\."
    with pytest.raises(BarometerError, match=f"no connection in .*; last state: {state}"):
        listen_for(tmp_path, server.url, 1)
    assert whys(tmp_path) == ["start"] and recordings(tmp_path) == []
    assert caplog.text.count("not connected (") > 3


def test_a_stop_in_the_middle_of_a_try_reports_why_the_one_before_failed(tmp_path: Path) -> None:
    with socket.create_server(("localhost", 0)) as server, ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda s: s.accept()[0].close(), server)  # the next is never answered
        url = f"ws://localhost:{server.getsockname()[1]}"
        with pytest.raises(BarometerError, match="; last state: not connected, connecting again"):
            listen_for(tmp_path, url, 1)
        first.result()


def test_no_ship_in_all_the_time_is_no_failure(tmp_path: Path) -> None:
    with stream(send(CONFIRMATION)) as server:
        assert listen_for(tmp_path, server.url, 1) == []
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

    # Dead after a second without a sign: the messages are one.
    limits = QUICK._replace(ping_s=0.5, close_s=0.05)
    server = recorded(tmp_path, without_pongs, limits=limits)
    assert len(server.asked) == 1 and len(rows(tmp_path)) == 30
    assert whys(tmp_path) == ["start"]


def test_a_quiet_sea_is_no_dead_connection(tmp_path: Path) -> None:
    def quiet(connection: ServerConnection) -> None:
        send(position())(connection)
        time.sleep(3)  # as the server's thread waits, its library answers the pings
        last(tmp_path, position(422_000_002), count=2)(connection)

    server = recorded(tmp_path, quiet, limits=SOON_SILENT._replace(silence_s=1.5, ping_s=0.5))
    assert len(server.asked) == 1 and whys(tmp_path) == ["start"]


def test_a_server_that_answers_no_ping_is_left(tmp_path: Path) -> None:
    left = threading.Event()

    def deaf(connection: ServerConnection) -> None:
        send(position())(connection)
        connection.protocol.receive_data = lambda _: None  # type: ignore[method-assign]
        assert left.wait(10)

    def next_one(connection: ServerConnection) -> None:
        left.set()
        last(tmp_path, position(), count=2)(connection)

    recorded(tmp_path, deaf, next_one, limits=QUICK._replace(ping_s=0.5, close_s=0.05))
    assert whys(tmp_path) == ["start", "connection lost"]


def test_waits_grow_with_failures_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Mock(return_value=0.01)
    monkeypatch.setattr(listen, "backoff_s", counting)
    brief = [send(*ships(1, n)) for n in range(3)]
    refused = send(*ships(1, 5), {"error": BUSY})
    scripts = [close, cut, brief[0], brief[1], cut, refused, refused, brief[2]]
    recorded(tmp_path, *scripts, last(tmp_path, *ships(1, 9), count=1))
    assert [call.args[0] for call in counting.call_args_list] == [1, 2, 0, 0, 1, 2, 3, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_waits_grow_to_a_bound_and_are_never_short_of_half(failures: int) -> None:
    doubled = min(2.0 * 2 ** min(failures, 20), 1800)
    assert doubled / 2 <= backoff_s(failures, Limits()) <= doubled


def test_a_copy_that_comes_a_minute_late_is_one_report(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def sent(time_utc: str, **changes: Any) -> dict[str, Any]:
        meta = {"time_utc": f"2026-04-15 {time_utc} +0000 UTC"}
        return position(**({"CommunicationState": 59916, "meta": meta} | changes))

    messages = [
        sent("12:00:03.5"),
        sent("12:01:15.1"),  # 72 s late
        sent("12:01:31.9", RepeatIndicator=1),  # 89 s
        sent("12:01:03.5", CommunicationState=59917),  # at anchor, and honest
        sent("12:03:03.5"),  # the same once more after three minutes, as at anchor
        sent("12:00:15.1", mmsi=422_000_002),
    ]
    recorded(tmp_path, last(tmp_path, *messages, count=4))
    fixes = [(row["mmsi"][-1], row["reported_at"][11:19]) for row in rows(tmp_path)]
    assert fixes == [("1", "12:00:02"), ("1", "12:01:02"), ("1", "12:03:02"), ("2", "12:00:02")]
    assert "6 messages of ships, 4 rows, 0 dropped, 2 late copies" in caplog.text


def test_a_flood_in_one_piece_lets_the_writer_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands arrive at once, and no thread writes: the machine may be busy."""

    async def at_once(function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    monkeypatch.setattr(listen.asyncio, "to_thread", at_once)
    limits = QUICK._replace(tick_s=0.001, most_waiting=200)
    recorded(tmp_path, last(tmp_path, *ships(2000), count=2000), limits=limits)
    assert len(rows(tmp_path)) == 2000
    assert whys(tmp_path) == ["start"]


def test_a_slow_disk_drops_the_newest_and_reports_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def slow(*arguments: Any) -> None:
        time.sleep(0.1)
        recording.write_whole(*arguments)

    monkeypatch.setattr(listen, "write_whole", slow)

    def script(connection: ServerConnection) -> None:
        send(*ships(300))(connection)
        time.sleep(0.5)  # room again
        send(position(422_999_999))(connection)
        until(lambda: rows_whole(tmp_path)[-1].startswith(b"422999999"))
        os.kill(os.getpid(), signal.SIGTERM)
        hold(connection)

    recorded(tmp_path, script, limits=QUICK._replace(most_waiting=50))
    full = [gap for gap in gaps(tmp_path) if gap[2] == "buffer full"]
    dropped = sum(int(number) for *_, number in full)
    assert dropped > 0 and all(begin and end for begin, end, *_ in full)
    mmsis = [row["mmsi"] for row in rows(tmp_path)]
    assert len(mmsis) + dropped == 301
    assert mmsis == sorted(mmsis) and mmsis[-1] == "422999999"
    assert f"{dropped} dropped" in caplog.text
