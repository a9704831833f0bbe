"""`barometer listen`: aisstream.io's stream, recorded into hourly CSV files that the ingest knows.

Layout of a home's ``recordings/``::

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
import logging
import math
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from flows.home import lock
from flows.home.clock import Clock, utc_now
from flows.home.durable import make_folder
from flows.home.settings import BarometerError
from flows.streams import aisstream
from flows.streams.connection import (
    ABOUT_THE_KEY,
    KEY_NAME,
    NO_ENTRY,
    NO_ENTRY_CODES,
    URL_NAME,
    Limits,
    backoff_s,
)
from flows.streams.recording import (
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
    folder = home / FOLDER
    try:
        make_folder(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    with lock.locked(folder):
        try:
            closed = [path for part in unfinished(folder) if (path := take_up(part)) is not None]
            gap = Gap(last_sign_of_life(folder), None, "start")
            append_gap(folder, gap)
        except OSError as error:
            raise unwritable(folder, error) from error
        it = Recorder(folder, clock, limits, key, gap=gap, files=closed)
        asyncio.run(_record(it, url, aisstream.subscription(key, boxes), for_s, show))
    return it.files


async def _record(
    recorder: Recorder,
    url: str,
    subscription: str,
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
        asyncio.create_task(_hear(recorder, url, subscription)),
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
            "above, and check whether aisstream.io is up: https://github.com/aisstream/issues/issues"
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


async def _hear(recorder: Recorder, url: str, subscription: str) -> None:
    """Connect again and again; ends only where the key is refused."""
    failures, why = 0, ""
    while True:
        heard = recorder.counts["messages"]
        recorder.state = f"{why}, connecting again" if why else "connecting"
        least_s = 0.0
        try:
            await _connection(recorder, url, subscription)
        except Failed as error:
            why, text = error.args
        except InvalidStatus as error:
            status = error.response.status_code
            why, text = "refused", f"HTTP {status}"
            if status in NO_ENTRY:
                _end_if_unknown(recorder, f"{text} {error.response.reason_phrase}")
            if status == 429:  # Too Many Requests: to come back soon would make it last
                least_s = recorder.limits.longest_wait_s / 2
        except ConnectionClosed as error:
            # Without the server's word, or with one that only answers ours, the line was lost.
            is_its_word = error.rcvd is not None and error.rcvd_then_sent is not False
            why = "server closed" if is_its_word else "connection lost"
            text = str(error)
            if error.rcvd is not None and (
                error.rcvd.code in NO_ENTRY_CODES or ABOUT_THE_KEY.search(error.rcvd.reason)
            ):
                why = "refused"
                _end_if_unknown(recorder, text)
        except (OSError, WebSocketException, EOFError) as error:
            why, text = "not connected", f"{type(error).__name__}: {error}"
        brought = recorder.counts["messages"] > heard
        is_failure = why == "refused" or not (brought or why == "silent")
        failures = failures + 1 if is_failure else 0
        wait_s = max(least_s, backoff_s(failures, recorder.limits))
        recorder.state = f"{why}, next try in {wait_s:.0f} s"
        log.warning("%s (%s); next try in %.0f s", why, safe_text(text, recorder.key), wait_s)
        if recorder.gap is None:
            recorder.gap = Gap(recorder.heard_at, None, why)
            await _note(recorder, recorder.gap)
        await asyncio.sleep(wait_s)


async def _connection(recorder: Recorder, url: str, subscription: str) -> None:
    """One connection from its opening to its end, which is an exception."""
    loop = asyncio.get_running_loop()
    quiet = logging.getLogger("barometer.listen.socket")
    quiet.setLevel(logging.WARNING)  # on DEBUG the library logs what is sent, and so the key
    async with connect(
        url,
        # Without compression, which is the library's default, aisstream.io may send nothing.
        max_size=recorder.limits.most_bytes,
        ping_interval=None,  # a late pong is no reason to leave: see `_ping`
        close_timeout=recorder.limits.close_s,
        logger=quiet,
    ) as socket:
        await socket.send(subscription)
        recorder.state, recorder.was_connected = "connected, no ship yet", True
        line = _Line(loop.time())
        pinging = asyncio.create_task(_ping(socket, line, recorder.limits))
        try:
            while True:
                frame = await _next_frame(socket, line, recorder.limits)
                line.sign_s = loop.time()
                if await _hear_frame(recorder, frame):
                    line.ship_s = loop.time()
                    recorder.state = "connected"
                # Thousands of messages may have come in one piece: the writer has to come in
                # between.
                await asyncio.sleep(0)
        finally:
            pinging.cancel()


class _Line:
    """When what came last on a connection, by the loop's clock: any sign, a ship, a pong."""

    def __init__(self, now_s: float) -> None:
        self.sign_s = self.ship_s = now_s
        self.pong_s = -math.inf

    def ends_s(self, limits: Limits) -> tuple[float, str, str]:
        """When the connection is closed if nothing arrives, and why."""
        is_answered = self.pong_s > self.ship_s
        silent_s = self.ship_s + (limits.quiet_s if is_answered else limits.silence_s)
        dead_s = self.sign_s + 2 * limits.ping_s
        return min(
            (silent_s, "silent", "open, but no message of a ship"),
            (dead_s, "connection lost", f"neither a message nor a pong in {2 * limits.ping_s:g} s"),
        )


async def _ping(socket: ClientConnection, line: _Line, limits: Limits) -> None:
    """Ask for a sign of life now and then, and note it whenever it comes."""
    loop = asyncio.get_running_loop()

    def note(pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            line.sign_s = line.pong_s = loop.time()

    with contextlib.suppress(ConnectionClosed):  # which is handled where messages are received
        while True:
            await asyncio.sleep(limits.ping_s)
            asyncio.ensure_future(await socket.ping()).add_done_callback(note)


async def _next_frame(socket: ClientConnection, line: _Line, limits: Limits) -> str | bytes:
    loop = asyncio.get_running_loop()
    while True:
        end_s, why, text = line.ends_s(limits)
        # A flood of frames without a ship never lets a timeout come.
        if loop.time() >= end_s:
            raise Failed(why, text)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(end_s):
                return await socket.recv()


async def _hear_frame(recorder: Recorder, frame: str | bytes) -> bool:
    """Take a frame in; whether it was a message of a ship."""
    now = recorder.clock()
    try:
        message = aisstream.read_frame(frame)
        if (answer := aisstream.refusal(message)) is not None:
            _raise_error(recorder, answer)
        row = aisstream.take(message, now, recorder.known)
    except aisstream.BadMessage as error:
        recorder.counts[f"bad: {error.args[0]}"] += 1
        return False
    if message.get("MessageType") not in aisstream.MESSAGE_TYPES:
        recorder.counts["other"] += 1
        return False
    recorder.counts["messages"] += 1
    recorder.heard_at = now
    if recorder.gap is not None:
        gap, recorder.gap = recorder.gap, None
        await _note(recorder, gap._replace(to_at=now))
    if row is not None:
        if recorder.reports.is_late_copy(message, datetime.fromisoformat(row[1][:-1])):
            recorder.counts["copies"] += 1
        else:
            await _keep(recorder, now, row)
    return True


def _raise_error(recorder: Recorder, answer: str) -> NoReturn:
    """What an error that the server sends means: the key is not known, or something that passes."""
    if ABOUT_THE_KEY.search(answer):
        _end_if_unknown(recorder, answer)
    raise Failed("refused", answer)


def _end_if_unknown(recorder: Recorder, answer: str) -> None:
    """End the recording where the server refuses the key.

    A key that it took in this run may be refused for a fault of its own (aisstream/issues#174):
    then it is tried again, as after any other error.
    """
    if not recorder.counts["messages"]:
        raise BarometerError(
            f"the stream's server refuses the key in {KEY_NAME} (its answer: "
            f"{safe_text(answer, recorder.key)}). Copy it again from "
            "https://aisstream.io/apikeys, or "
            "create "
            f"a new one there; for a server set by {URL_NAME}, ask its operator."
        )


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


def safe_text(text: str, key: str) -> str:
    """A server's text for display: ASCII, short, and without the key.

    >>> safe_text("no such key: s3cret\\x1b[2J", "s3cret")
    'no such key: (the key)\\\\x1b[2J'
    """
    return ascii(text.replace(key, "(the key)"))[1:-1][:200]


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
            recorder.open_file = open_hour(recorder.folder, hour)
        write_whole(recorder.open_file, lines)
    if recorder.open_file is not None:
        if recorder.open_file.hour != hour_of(recorder.clock()):
            close_file(recorder)
        elif time.monotonic() - recorder.open_file.synced_s >= recorder.limits.sync_s:
            os.fsync(recorder.open_file.out)
            recorder.open_file.synced_s = time.monotonic()
