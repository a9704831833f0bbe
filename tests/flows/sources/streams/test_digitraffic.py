"""Digitraffic's stream: what messages mean, and the recorder against a real broker."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from flows import __version__
from flows.home.resources import port_files
from flows.home.settings import BarometerError
from flows.sources.streams import connection, digitraffic, listen
from flows.sources.streams.aisstream import BadMessage, Known
from flows.sources.streams.connection import Limits
from geo.ports import load_ports
from tests.build.files import ingest, ledger, positions, settings_of
from tests.build.stream import until
from tests.conftest import ROOT
from tests.flows.sources.streams.broker import (
    MOSQUITTO,
    NOON,
    NOON_UNIX,
    PRIMORSK,
    Broker,
    beside,
    broker,
    location,
    metadata,
    topic,
)

BOXES = digitraffic.boxes_round_trade_ports(load_ports(*port_files()))
QUICK = Limits(tick_s=0.01, silence_s=20, ping_s=1, first_wait_s=0.05, longest_wait_s=0.2)
SLOW = QUICK._replace(first_wait_s=30, longest_wait_s=30)
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def take(body: Any, known: Known | None = None, name: str | None = None) -> dict[str, str] | None:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    row = digitraffic.take(name or topic(), payload, NOON, {} if known is None else known, BOXES)
    return None if row is None else dict(zip(digitraffic.HEADER, row, strict=True))


# What messages mean


def test_the_boxes_hold_the_approaches_of_the_ports_of_the_gulf_of_finland() -> None:
    for lon, lat in (PRIMORSK, (28.4, 59.7)):
        assert take(location(lon=lon, lat=lat)) is not None
    for lon, lat in ((25.0, 60.1), (50.3, 29.2), (-28.6, 60.3)):
        assert take(location(lon=lon, lat=lat)) is None


def test_a_location_is_a_row_with_what_the_ship_said_before() -> None:
    known: Known = {}
    assert take(metadata(), known, topic("metadata")) is None
    assert take(location(), known) == {
        **{"mmsi": "230990001", "reported_at": "2026-04-15T12:00:00.000Z", "lon": "28.600000"},
        **{"lat": "60.300000", "sog_kn": "11.4", "cog_deg": "72.2", "heading_deg": "66"},
        **{"nav_status": "0", "imo": "9074729", "vessel_name": "SEA STAR", "call_sign": "OJAB1"},
        **{"ship_type": "80", "length_m": "240", "beam_m": "42", "draught_m": "6.1"},
        **{"destination": "PRIMORSK", "topic": "location"},
        "received_at": "2026-04-15T12:00:05.000Z",
    }


def test_old_static_data_neither_replace_newer_ones_nor_stand_for_long() -> None:
    known: Known = {}
    take(metadata(draught=61), known, topic("metadata"))
    take(metadata(draught=99, timestamp=(NOON_UNIX - 60) * 1000), known, topic("metadata"))
    row = take(location(), known)
    assert row is not None and row["draught_m"] == "6.1"
    known = {}
    take(metadata(timestamp=(NOON_UNIX - 7200) * 1000), known, topic("metadata"))
    row = take(location(), known)
    assert row is not None and (row["draught_m"], row["vessel_name"]) == ("", "SEA STAR")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"\xff", b'{"time": NaN}'),
        *({k: v for k, v in location().items() if k != lacking} for lacking in ("lon", "time")),
        *(
            location(**{name: value})
            for name in ("lat", "sog", "time")
            for value in ("1", True, [])
        ),
        *(location(time=value) for value in (-1, 10**40, 1.5)),
    ],
)
def test_a_message_that_is_not_as_it_should_be_is_counted_by_reason(body: Any) -> None:
    with pytest.raises(BadMessage):
        take(body)


@pytest.mark.parametrize(
    "change", [{"draught": "6"}, {"name": 7}, {"refA": "x"}, {"timestamp": 0.5}]
)
def test_bad_static_data_change_nothing(change: dict[str, Any]) -> None:
    known: Known = {}
    with pytest.raises(BadMessage):
        take(metadata(**change), known, topic("metadata"))
    assert not known


def test_hostile_names_are_texts() -> None:
    known: Known = {}
    take(metadata(name="=A\n\x00<script>" + "x" * 99, destination="@@@"), known, topic("metadata"))
    row = take(location(), known)
    assert row is not None and row["vessel_name"] == "=A  <script>xxxxxxxx"
    assert row["destination"] == ""


def test_the_address_is_checked() -> None:
    name = digitraffic.URL_NAME
    assert connection.stream_url({}, name, digitraffic.URL) == digitraffic.URL
    for url in ("http://x", "ws://example.org/mqtt"):
        with pytest.raises(BarometerError, match=name):
            connection.stream_url({name: url}, name, digitraffic.URL)


# Against a broker


def recordings(home: Path) -> list[Path]:
    return sorted((home / "recordings" / "digitraffic").glob("digitraffic-*"))


def rows(home: Path) -> list[dict[str, str]]:
    """The whole rows of all files, while they are written too."""
    found = []
    for path in recordings(home):
        text = path.read_bytes().decode()
        found += list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))
    return found


def whys(home: Path) -> list[str]:
    text = (home / "recordings" / "digitraffic" / "gaps.log").read_text(encoding="utf-8")
    return [row["why"] for row in csv.DictReader(text.splitlines()) if not row["to"]]


def record(home: Path, url: str, work: Callable[[], None], **changes: Any) -> list[Path]:
    """Record while a function runs beside, and stop when it is done."""

    def then_stop() -> None:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    options: dict[str, Any] = {"limits": QUICK, "clock": lambda: NOON} | changes
    with beside(then_stop):
        return listen.listen_digitraffic(home, url, BOXES, for_s=60, **options)


def publish_until(server: Broker, home: Path, count: int, *messages: tuple[str, Any]) -> None:
    """Publish again until so many rows are recorded: nothing is kept for who is not there."""

    def is_there() -> bool:
        if len(rows(home)) >= count:
            return True
        server.send(*messages)
        return False

    until(is_there, 30)


@needs_broker
def test_a_recording_is_ingested_as_a_source_of_its_own(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as server:
        server.send((topic("metadata"), metadata()), retain=True)
        server.send((topic(), location(time=NOON_UNIX - 9)), retain=True)

        def work() -> None:
            publish_until(server, tmp_path, 1, (topic(), location()))
            server.send(
                ("vessels-v2/status", {"status": "x"}),
                (topic(), b"{"),
                (topic(mmsi=230_990_002), location(lon=5.0)),
                (topic(mmsi=230_990_003), location(sog=102.3)),
                (topic(), b"x" * 100_000),
            )
            until(lambda: "230990003" in {row["mmsi"] for row in rows(tmp_path)}, 30)

        (path,) = record(tmp_path, server.url, work)
    assert path.name == "digitraffic-2026-04-15T12.csv"
    found = {row["mmsi"]: row for row in rows(tmp_path)}
    assert sorted(found) == ["230990001", "230990003"]
    assert found["230990001"]["imo"] == "9074729"
    assert {row["reported_at"] for row in rows(tmp_path)} == {"2026-04-15T12:00:00.000Z"}
    assert whys(tmp_path) == ["start", "stop"]
    home = settings_of(tmp_path / "home")
    assert [o.state for o in ingest(home, tmp_path / "recordings")] == ["ingested"]
    assert {entry[1] for entry in ledger(home)} == {"digitraffic-listen"}
    assert [row[0] for row in positions(home)] == [230_990_001, 230_990_003]


@needs_broker
def test_a_broker_that_goes_and_comes_back_leaves_a_gap(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as server:

        def work() -> None:
            publish_until(server, tmp_path, 1, (topic(), location()))
            server.stop()
            until(lambda: "connection lost" in whys(tmp_path), 30)
            server.start()
            publish_until(server, tmp_path, len(rows(tmp_path)) + 1, (topic(), location()))

        record(tmp_path, server.url, work)
    assert whys(tmp_path) == ["start", "connection lost", "stop"]
    assert len(recordings(tmp_path)) == 1


@needs_broker
def test_a_broker_that_refuses_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with broker(tmp_path / "broker", refuses=True) as server:

        def work() -> None:
            until(lambda: "refused" in caplog.text, 30)
            server.stop()
            server.refuses = False
            server.start()
            publish_until(server, tmp_path, 1, (topic(), location()))

        record(tmp_path, server.url, work)
    assert whys(tmp_path) == ["start", "stop"]
    assert rows(tmp_path)[0]["mmsi"] == "230990001"


@needs_broker
def test_silence_ends_a_connection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with broker(tmp_path / "broker") as server:
        limits = QUICK._replace(silence_s=0.5)
        record(
            tmp_path, server.url, lambda: until(lambda: "silent" in caplog.text, 30), limits=limits
        )
    assert whys(tmp_path) == ["start", "stop"]


def test_no_broker_is_said(tmp_path: Path) -> None:
    with pytest.raises(BarometerError, match=r"no connection in .*digitraffic"):
        listen.listen_digitraffic(tmp_path, "ws://localhost:9/mqtt", BOXES, for_s=0.3, limits=QUICK)


@needs_broker
def test_what_a_crash_left_is_taken_up(tmp_path: Path) -> None:
    folder = tmp_path / "recordings" / "digitraffic"
    folder.mkdir(parents=True)
    header = ",".join(digitraffic.HEADER)
    part = folder / "digitraffic-2026-04-15T11.csv.part"
    row = ",".join(["1"] * (len(digitraffic.HEADER) - 1) + ["2026-04-15T11:59:00.000Z"])
    part.write_text(f"{header}\n{row}\n1,torn", encoding="utf-8")
    with broker(tmp_path / "broker") as server:
        record(
            tmp_path, server.url, lambda: publish_until(server, tmp_path, 2, (topic(), location()))
        )
    first, *_ = recordings(tmp_path)
    assert first.name == "digitraffic-2026-04-15T11.csv" and not part.exists()
    assert first.read_text(encoding="utf-8") == f"{header}\n{row}\n"
    text = (folder / "gaps.log").read_text(encoding="utf-8").splitlines()
    assert text[1].startswith("2026-04-15T11:59:00.000Z,,start")


def test_the_handshake_says_who_asks(tmp_path: Path) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(4096).decode())
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

        url = f"ws://127.0.0.1:{server.getsockname()[1]}/mqtt"
        with beside(answer), pytest.raises(BarometerError, match="no connection"):
            listen.listen_digitraffic(tmp_path, url, BOXES, for_s=3, limits=SLOW)
    (request,) = asked
    assert request.startswith("GET /mqtt HTTP/1.1\r\n")
    assert f"Digitraffic-User: Barometer/{__version__}\r\n" in request


def test_a_topic_that_is_no_text_does_not_end_the_hearing(tmp_path: Path) -> None:
    """mosquitto refuses such a topic, so that the broker is written out here."""

    def published(name: bytes, payload: bytes) -> bytes:
        body = len(name).to_bytes(2) + name + payload
        return bytes([0x30, len(body) % 128 | 0x80, len(body) // 128]) + body

    def answer(connection: ServerConnection) -> None:
        connection.recv(5)
        connection.send(b"\x20\x02\x00\x00")  # connected
        asked = connection.recv(5)
        assert isinstance(asked, bytes)
        connection.send(b"\x90\x04" + asked[2:4] + b"\x00\x00")  # subscribed to both topics
        connection.send(published(b"vessels-v2/\xff/location", b"{}" + b" " * 128))
        connection.send(published(topic().encode(), json.dumps(location()).encode()))
        for _ in connection:
            pass

    with serve(answer, "localhost", 0, subprotocols=[Subprotocol("mqtt")]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://localhost:{server.socket.getsockname()[1]}/mqtt"
        record(tmp_path, url, lambda: until(lambda: rows(tmp_path)))
        server.shutdown()
    assert [row["mmsi"] for row in rows(tmp_path)] == ["230990001"]
    assert whys(tmp_path) == ["start", "stop"]


@needs_broker
def test_the_command_records_and_prints_its_files(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as server:
        environ = os.environ | {digitraffic.URL_NAME: server.url}
        command = [sys.executable, "-m", "flows.cli", "listen", "digitraffic"]
        with subprocess.Popen(
            [*command, "--home", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environ,
        ) as process:
            try:
                publish_until(server, tmp_path, 1, (topic(), location()))
                process.send_signal(signal.SIGTERM)
                out, errors = process.communicate(timeout=60)
            finally:
                process.kill()
    assert process.returncode == 0, errors
    assert [Path(line) for line in out.splitlines()] == recordings(tmp_path)
