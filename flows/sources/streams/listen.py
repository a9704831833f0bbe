"""`barometer listen`: a stream, recorded into hourly CSV files that the ingest knows.

Layout of a home's ``recordings/``, and of ``recordings/digitraffic/`` with that stream's files::

    aisstream-2026-04-15T12.csv       the positions received in that hour (UTC); it never changes
    aisstream-2026-04-15T12-2.csv     the same hour, after the recorder was started again
    aisstream-2026-04-15T13.csv.part  the hour that is being written
    gaps.log                          from when to when nothing was recorded, and why
    .lock                             who records

A row is on its way to the disk a tenth of a second after it came, so that a killed process loses no
more; it is forced to the disk every ten seconds, which is what a power cut can take. What was torn
is cut off at the next start.

A row of ``gaps.log`` with an empty ``to`` says that a gap began, the next one with the same
``from`` when it ended. A gap ends with the first message of a ship, or where the recorder is
stopped; not with the connection: a stream may be open for days and silent (aisstream/issues#269).
After a crash no row says that a gap began; the ``start`` of the next run then reaches back to the
last sign of life, as it does after ``stop``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from flows.home import lock
from flows.home.clock import Clock, utc_now
from flows.home.durable import make_folder
from flows.home.settings import BarometerError
from flows.sources.streams import aisstream, aisstream_socket, digitraffic, mqtt
from flows.sources.streams.aisstream_socket import safe_text
from flows.sources.streams.connection import Limits, backoff_s
from flows.sources.streams.recording import (
    FOLDER,
    Failed,
    Gap,
    ListenProgress,
    Recorder,
    append_gap,
    by_hour,
    close_file,
    hour_of,
    last_sign_of_life,
    log,
    open_hour,
    progress,
    summary,
    take_up,
    unfinished,
    unwritable,
    write_whole,
)

Connection = Callable[[Recorder, aisstream_socket.Heard], Awaitable[None]]
"""One connection from its opening to its end, which is `Failed`."""

STATUS = {
    "aisstream": "https://github.com/aisstream/issues/issues",
    digitraffic.STREAM: "https://www.digitraffic.fi/en/",
}


def listen(
    home: Path,
    key: str,
    url: str,
    boxes: list[list[list[float]]],
    *,
    for_s: float | None = None,
    clock: Clock = utc_now,
    limits: Limits = Limits(),  # noqa: B008 it cannot be changed
    show: Callable[[ListenProgress], None] | None = None,
) -> list[Path]:
    """Record until stopped by SIGINT, SIGTERM or SIGHUP, or after a while.

    Parameters
    ----------
    home : Path
        Its `recordings/` is made where it is missing, and locked.
    key, url : str
        See `stream_key` and `stream_url`.
    boxes : list
        See `aisstream.bounding_boxes`.
    for_s : float or None
        Seconds after which to stop; None: never.
    clock : callable
        The time, naive UTC. Waits are not measured by it.
    limits : Limits
        See there.
    show : callable, optional
        Told once a second how it goes.

    Returns
    -------
    list of Path
        The files that were closed, in their order, those left by a crash first.

    Raises
    ------
    BarometerError
        If another records here, if the server does not know the key, if the disk takes no more, or
        if there was no connection in the whole of `for_s`. What was written stays, and the file is
        closed.
    """
    subscription = aisstream.subscription(key, boxes)

    async def connection(recorder: Recorder, heard: aisstream_socket.Heard) -> None:
        await aisstream_socket.hear(recorder, url, subscription, heard)

    it = Recorder(home / FOLDER, clock, limits, key)
    return _recorded(it, connection, for_s, show)


def listen_digitraffic(
    home: Path,
    url: str,
    boxes: list[list[list[float]]],
    *,
    for_s: float | None = None,
    clock: Clock = utc_now,
    limits: Limits = Limits(),  # noqa: B008 it cannot be changed
    show: Callable[[ListenProgress], None] | None = None,
) -> list[Path]:
    """As `listen`, of Digitraffic's stream, into a folder of its own: its gaps are not those of
    another stream, and both can be recorded at once. It needs no key."""

    async def connection(recorder: Recorder, heard: aisstream_socket.Heard) -> None:
        await mqtt.hear(recorder, url, boxes, heard)

    folder = home / FOLDER / digitraffic.STREAM
    it = Recorder(folder, clock, limits, stream=digitraffic.STREAM, header=digitraffic.HEADER)
    return _recorded(it, connection, for_s, show)


def _recorded(
    recorder: Recorder,
    connection: Connection,
    for_s: float | None,
    show: Callable[[ListenProgress], None] | None,
) -> list[Path]:
    folder = recorder.folder
    try:
        make_folder(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    with lock.locked(folder):
        try:
            closed = [path for part in unfinished(folder) if (path := take_up(part)) is not None]
            recorder.gap = Gap(last_sign_of_life(folder), None, "start")
            append_gap(folder, recorder.gap)
        except OSError as error:
            raise unwritable(folder, error) from error
        recorder.files = closed
        asyncio.run(_record(recorder, connection, for_s, show))
    return recorder.files


async def _record(
    recorder: Recorder,
    connection: Connection,
    for_s: float | None,
    show: Callable[[ListenProgress], None] | None,
) -> None:
    """Hear and write until one of both fails or it is time to stop; then write what there is."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup(1) sets it
            loop.add_signal_handler(number, stopping.set)
    ended = asyncio.Event()
    writing = asyncio.create_task(_write(recorder, ended))
    others = [
        asyncio.create_task(_hear(recorder, connection)),
        asyncio.create_task(_stop(stopping, for_s)),
        asyncio.create_task(_tell(recorder, show)),
    ]
    done, _ = await asyncio.wait([writing, *others], return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    ended.set()
    await asyncio.wait([writing])
    now = recorder.clock()
    gaps = [recorder.gap._replace(to_at=now)] if recorder.gap else []
    gaps += [recorder.overflow._replace(to_at=now)] if recorder.overflow else []
    errors = [error for task in (writing, *done) if (error := task.exception()) is not None]
    try:
        for gap in [*gaps, Gap(now, None, "stop")]:
            append_gap(recorder.folder, gap)
    except OSError as error:
        errors.append(error)  # of a full disk it is the first that says what could not be written
    log.info("stopped: %s", summary(recorder.counts))
    for first in errors:
        if isinstance(first, OSError):
            raise unwritable(recorder.folder, first) from first
        raise first
    if for_s is not None and not stopping.is_set() and not recorder.was_connected:
        raise BarometerError(
            f"no connection in {for_s:,.0f} seconds; last state: {recorder.state}. See the log "
            f"above, and check whether the service is up: {STATUS[recorder.stream]}"
        )


async def _stop(stopping: asyncio.Event, for_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(for_s):
            await stopping.wait()


async def _tell(recorder: Recorder, show: Callable[[ListenProgress], None] | None) -> None:
    while True:
        if show is not None:
            show(progress(recorder))
        await asyncio.sleep(1)


# Hearing


async def _hear(recorder: Recorder, connection: Connection) -> None:
    """Connect again and again; ends only where the key is refused."""
    failures, why = 0, ""
    while True:
        messages = recorder.counts["messages"]
        recorder.state = f"{why}, connecting again" if why else "connecting"
        least_s = 0.0
        try:
            await connection(recorder, partial(_heard, recorder))
        except Failed as error:
            why, text, least_s = error.why, error.text, error.least_s
        except OSError as error:
            why, text = "not connected", f"{type(error).__name__}: {error}"
        else:
            why, text = "connection lost", "ended"
        brought = recorder.counts["messages"] > messages
        is_failure = why == "refused" or not (brought or why == "silent")
        failures = failures + 1 if is_failure else 0
        wait_s = max(least_s, backoff_s(failures, recorder.limits))
        recorder.state = f"{why}, next try in {wait_s:.0f} s"
        log.warning("%s (%s); next try in %.0f s", why, safe_text(text, recorder.key), wait_s)
        if recorder.gap is None:
            recorder.gap = Gap(recorder.heard_at, None, why)
            await _note(recorder, recorder.gap)
        await asyncio.sleep(wait_s)


async def _heard(recorder: Recorder, now: datetime, row: list[str] | None) -> None:
    """Note a message of a ship, which ends a gap, and keep its row."""
    recorder.counts["messages"] += 1
    recorder.heard_at = now
    if recorder.gap is not None:
        gap, recorder.gap = recorder.gap, None
        await _note(recorder, gap._replace(to_at=now))
    if row is not None:
        await _keep(recorder, now, row)


async def _keep(recorder: Recorder, now: datetime, row: list[str]) -> None:
    if len(recorder.waiting) >= recorder.limits.most_waiting:
        recorder.counts["dropped"] += 1
        overflow = recorder.overflow or Gap(now, None, "buffer full")
        recorder.overflow = overflow._replace(dropped=overflow.dropped + 1)
        return
    recorder.waiting.append((now, aisstream.csv_line(row)))
    recorder.counts["rows"] += 1
    if len(recorder.ships) < aisstream.MOST_SHIPS:
        recorder.ships.add(row[0])
    if recorder.overflow is not None:
        gap, recorder.overflow = recorder.overflow, None
        log.warning("buffer full: %s messages dropped. Is the disk slow?", f"{gap.dropped:,}")
        await _note(recorder, gap._replace(to_at=now))


async def _note(recorder: Recorder, gap: Gap) -> None:
    try:
        await asyncio.to_thread(append_gap, recorder.folder, gap)
    except OSError as error:  # which would be taken for one of the network
        raise unwritable(recorder.folder, error) from error


# Writing


async def _write(recorder: Recorder, ended: asyncio.Event) -> None:
    """Write what waits, a few times a second, and close the file of an hour that is over."""
    try:
        while True:
            is_last = ended.is_set()
            rows, recorder.waiting = recorder.waiting, []
            await asyncio.to_thread(_store, recorder, rows)
            if is_last:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(recorder.limits.tick_s):
                    await ended.wait()
    finally:
        if recorder.open_file is not None:
            await asyncio.to_thread(close_file, recorder)


def _store(recorder: Recorder, rows: list[tuple[datetime, bytes]]) -> None:
    for hour, lines in by_hour(rows):
        if recorder.open_file is not None and recorder.open_file.hour != hour:
            close_file(recorder)
        if recorder.open_file is None:
            recorder.open_file = open_hour(recorder, hour)
        write_whole(recorder.open_file, lines)
    if recorder.open_file is not None:
        if recorder.open_file.hour != hour_of(recorder.clock()):
            close_file(recorder)
        elif time.monotonic() - recorder.open_file.synced_s >= recorder.limits.sync_s:
            os.fsync(recorder.open_file.out)
            recorder.open_file.synced_s = time.monotonic()
