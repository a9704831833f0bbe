"""Recordings on the disk: whole after a crash, a signal and a full disk."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection

from flows.cli import main
from flows.home.settings import BarometerError
from flows.streams import listen, recording
from flows.streams.recording import Gap
from tests.build.process import largest_file
from tests.build.stream import (
    BOXES,
    KEY,
    LINES,
    NOON,
    QUICK,
    START_S,
    barometer,
    frame,
    gaps,
    last,
    position,
    record,
    recorded,
    recordings,
    rows,
    rows_whole,
    send,
    steady,
    stream,
    until,
    whole_lines,
    whys,
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


def test_a_torn_line_is_found_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "aisstream-2026-04-15T12.csv.part"
    for tail_bytes in (1, 7, 1000):
        monkeypatch.setattr(recording, "TAIL_BYTES", tail_bytes)
        part.write_bytes(LINES + b"x" * 100)
        closed = recording.take_up(part)
        assert closed is not None and closed.read_bytes() == LINES


def test_a_torn_line_of_the_gaps_is_cut_off(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_end_a_recording_too(tmp_path: Path, number: int) -> None:
    recorded(tmp_path, last(tmp_path, position(), count=1, number=number))
    assert len(recordings(tmp_path)) == 1 and whys(tmp_path) == ["start"]


def test_a_process_that_is_terminated_closes_its_file(tmp_path: Path) -> None:
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
        listen.listen(tmp_path, KEY, server.url, BOXES, for_s=1, limits=QUICK)
    (path,) = recordings(tmp_path)
    assert path.suffix == ".csv" and path.read_bytes() == kept
    started = gaps(tmp_path)[2]
    assert started == (rows(tmp_path)[-1]["received_at"], "", "start", "")


def test_a_disk_that_takes_no_more_ends_it_with_nothing_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAROMETER_AISSTREAM_KEY", KEY)
    with stream(steady) as server, largest_file(20_000):
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
