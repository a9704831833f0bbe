"""`barometer listen`: aisstream.io's stream, recorded into hourly CSV files that the ingest knows.

Layout of a home's ``recordings/``::

    aisstream-2026-04-15T12.csv       the positions received in that hour (UTC); it never changes
    aisstream-2026-04-15T12-2.csv     the same hour, after the recorder was started again
    aisstream-2026-04-15T13.csv.part  the hour that is being written
    gaps.log                          from when to when nobody listened, and why
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
import io
import logging
import math
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.uri import parse_uri

from flows.home import lock
from flows.home.durable import make_folder, sync_folder
from flows.home.settings import BarometerError
from flows.sources import aisstream

log = logging.getLogger("barometer.listen")

URL = "wss://stream.aisstream.io/v0/stream"
KEY_NAME = "BAROMETER_AISSTREAM_KEY"
URL_NAME = "BAROMETER_AISSTREAM_URL"

FOLDER = "recordings"
GAPS = "gaps.log"
GAP_HEADER = ("from", "to", "why", "dropped")
PART = ".part"

LONGEST_KEY = 4096
"""aisstream.io's keys have 40 signs; tokens of compatible servers some 300, signed ones (JWT) up to
some thousands."""

TAIL_BYTES = 64 << 10
"""More than the last line of a recording or of the gaps can be."""

NO_ENTRY = (401, 402, 403)
"""Answers to the opening of a connection that another try does not change: who are you, pay first,
not you (RFC 9110, 15.5)."""
NO_ENTRY_CODES = (3000, 3003, 4001, 4003, 4401, 4403)
"""The same as codes of a close frame: registered by IANA, and usual in the private range."""
ABOUT_THE_KEY = re.compile(
    r"\bkey\b|api.?key|token|authenticat|authori[sz]|forbidden|access denied|credential|"
    r"suspended|revoked|expired",
    re.I,
)
"""Words by which a refusal is about the key, and no try will change it."""

Clock = Callable[[], datetime]


class Limits(NamedTuple):
    """When to wait, and for how long. All are choices but where a source is named.

    Attributes
    ----------
    tick_s : float
        How often what came is written.
    sync_s : float
        How often it is forced to the disk.
    most_waiting : int
        Rows in memory for a slow disk; of what comes then, the newest is dropped. Some megabytes.
    most_bytes : int
        A longer frame closes the connection. A message of a ship has a few hundred.
    silence_s : float
        An open connection without a message of a ship for so long, whose server answers no ping
        either, is closed and opened anew. Few receivers hear the Gulf, so that some minutes
        without a ship are usual.
    quiet_s : float
        The same where the server answers pings: a quiet sea is no dead connection, but a stream
        may also be open for days and stuck (aisstream/issues#269).
    ping_s : float
        Between pings; the library's own default. A connection on which nothing comes for twice as
        long, neither a frame nor a pong, is dead. A pong that is late, while frames come, is only
        late.
    close_s : float
        For the server's answer when the connection is closed.
    first_wait_s, longest_wait_s : float
        Before the next try: doubled at each failure. Who came back every 60 to 120 seconds was
        locked out by address for days (aisstream/issues#256 and #287); both then took 30 minutes.
        A connection that brought a ship, or was only quiet, starts the waits anew, unless the
        server ended it by a refusal.
    """

    tick_s: float = 0.1
    sync_s: float = 10.0
    most_waiting: int = 10_000
    most_bytes: int = 64 << 10
    silence_s: float = 600.0
    quiet_s: float = 3600.0
    ping_s: float = 20.0
    close_s: float = 2.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 1800.0


class Gap(NamedTuple):
    """A time in which ships could not be heard; `to_at` is None while it lasts.

    `why` is one of ``start``, ``stop``, ``not connected``, ``refused``, ``connection lost``,
    ``server closed``, ``silent`` and ``buffer full``; only the last has `dropped` messages, and not
    all between its ends.
    """

    from_at: datetime | None
    to_at: datetime | None
    why: str
    dropped: int = 0


class Progress(NamedTuple):
    """How it goes: what came since the start, and from how many ships since the file's."""

    messages: int
    rows: int
    ships: int
    bad: int
    dropped: int
    file: str
    state: str


class _Failed(Exception):
    """A connection came to its end; `args` are why, in the words of `Gap`, and what was said."""


@dataclass
class _Recorder:
    """What the parts of a running recorder share."""

    folder: Path
    clock: Clock
    limits: Limits
    key: str
    counts: Counter[str] = field(default_factory=Counter)
    known: aisstream.Known = field(default_factory=dict)
    reports: aisstream.Reports = field(default_factory=aisstream.Reports)
    ships: set[str] = field(default_factory=set)
    waiting: list[tuple[datetime, bytes]] = field(default_factory=list)
    gap: Gap | None = None
    overflow: Gap | None = None
    heard_at: datetime | None = None
    open_file: OpenFile | None = None
    files: list[Path] = field(default_factory=list)
    state: str = "connecting"
    was_connected: bool = False


@dataclass
class OpenFile:
    """The recording of an hour while it is written. `length` is what is known to be whole."""

    path: Path
    hour: datetime
    out: io.FileIO
    length: int
    synced_s: float


def utc_now() -> datetime:
    """The time, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def stream_url(environ: Mapping[str, str]) -> str:
    """Where to connect to: aisstream.io, or a relay of one's own.

    Raises
    ------
    BarometerError
        If it is no address of a WebSocket, or would send the key unencrypted over a network. The
        message does not repeat it: it may hold a password.
    """
    url = environ.get(URL_NAME) or URL
    try:
        parts = parse_uri(url)
    except (ValueError, InvalidURI):
        raise BarometerError(
            f"{URL_NAME}: is no address such as {URL}. Mend it or take it away."
        ) from None  # whose text has the address in it
    if not parts.secure and parts.host not in ("localhost", "127.0.0.1", "::1"):
        raise BarometerError(
            f"{URL_NAME}: would send the key unencrypted. Use wss://, or a relay on this machine."
        )
    return url


def stream_key(environ: Mapping[str, str]) -> str:
    """The key of aisstream.io, from the environment only.

    Raises
    ------
    BarometerError
        If there is none, or it cannot be one. The message does not repeat it.
    """
    key = environ.get(KEY_NAME, "").strip()
    if not key:
        raise BarometerError(
            f"{KEY_NAME} is not set. Make a key at https://aisstream.io/apikeys (free of charge) "
            "and put it into the environment; not into a file of the project."
        )
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_KEY}}}", key):
        raise BarometerError(f"{KEY_NAME}: is no key (spaces, or other signs). Copy it again.")
    return key


def listen(
    home: Path,
    key: str,
    url: str,
    boxes: list[list[list[float]]],
    *,
    for_s: float | None = None,
    clock: Clock = utc_now,
    limits: Limits = Limits(),  # noqa: B008 it cannot be changed
    show: Callable[[Progress], None] | None = None,
) -> list[Path]:
    """Record until told to stop, by SIGINT, SIGTERM or SIGHUP, or after a while.

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
        raise _unwritable(folder, error) from error
    with lock.locked(folder):
        try:
            closed = [path for part in _parts(folder) if (path := take_up(part)) is not None]
            gap = Gap(last_sign_of_life(folder), None, "start")
            append_gap(folder, gap)
        except OSError as error:
            raise _unwritable(folder, error) from error
        it = _Recorder(folder, clock, limits, key, gap=gap, files=closed)
        asyncio.run(_record(it, url, aisstream.subscription(key, boxes), for_s, show))
    return it.files


async def _record(
    it: _Recorder,
    url: str,
    subscription: str,
    for_s: float | None,
    show: Callable[[Progress], None] | None,
) -> None:
    """Hear and write until one of both fails or it is time to stop; then write what there is."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup(1) sets it
            loop.add_signal_handler(number, told.set)
    ended = asyncio.Event()
    writing = asyncio.create_task(_write(it, ended))
    others = [
        asyncio.create_task(_hear(it, url, subscription)),
        asyncio.create_task(_stop(told, for_s)),
        asyncio.create_task(_tell(it, show)),
    ]
    done, _ = await asyncio.wait([writing, *others], return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    ended.set()
    await asyncio.wait([writing])
    now = it.clock()
    gaps = [it.gap._replace(to_at=now)] if it.gap else []
    gaps += [it.overflow._replace(to_at=now)] if it.overflow else []
    errors = [error for task in (writing, *done) if (error := task.exception()) is not None]
    try:
        for gap in [*gaps, Gap(now, None, "stop")]:
            append_gap(it.folder, gap)
    except OSError as error:
        errors.append(error)  # of a full disk it is the first that says what could not be written
    log.info("stopped: %s", summary(it.counts))
    for first in errors:
        if isinstance(first, OSError):
            raise _unwritable(it.folder, first) from first
        raise first
    if for_s is not None and not told.is_set() and not it.was_connected:
        raise BarometerError(
            f"no connection in {for_s:,.0f} seconds; at last: {it.state}. Look at the log above, "
            "and whether aisstream.io is up: https://github.com/aisstream/issues/issues"
        )


async def _stop(told: asyncio.Event, for_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(for_s):
            await told.wait()


async def _tell(it: _Recorder, show: Callable[[Progress], None] | None) -> None:
    while True:
        if show is not None:
            show(progress(it))
        await asyncio.sleep(1)


def progress(it: _Recorder) -> Progress:
    """How a recorder goes at the moment."""
    return Progress(
        messages=it.counts["messages"],
        rows=it.counts["rows"],
        ships=len(it.ships),
        bad=sum(n for name, n in it.counts.items() if name.startswith("bad: ")),
        dropped=it.counts["dropped"],
        file=it.open_file.path.name if it.open_file else "",
        state=it.state,
    )


def summary(counts: Counter[str]) -> str:
    """What was heard, as a line of a log; bad messages by their reason.

    >>> summary(Counter({"messages": 12, "rows": 9, "bad: not JSON": 2}))
    '12 messages of ships, 9 rows, 0 dropped, 2 not usable (not JSON: 2)'
    >>> summary(Counter({"messages": 12, "rows": 9, "copies": 1}))
    '12 messages of ships, 9 rows, 0 dropped, 1 late copies, 0 not usable'
    """
    bad = sorted((name[5:], n) for name, n in counts.items() if name.startswith("bad: "))
    copies = f"{counts['copies']:,} late copies, " if counts["copies"] else ""
    reasons = f" ({', '.join(f'{name}: {n:,}' for name, n in bad)})" if bad else ""
    return (
        f"{counts['messages']:,} messages of ships, {counts['rows']:,} rows, "
        f"{counts['dropped']:,} dropped, {copies}{sum(n for _, n in bad):,} not usable{reasons}"
    )


# Hearing


async def _hear(it: _Recorder, url: str, subscription: str) -> None:
    """Connect again and again; ends only where the key is refused."""
    failures, why = 0, ""
    while True:
        heard = it.counts["messages"]
        it.state = f"{why}, connecting again" if why else "connecting"
        least_s = 0.0
        try:
            await _connection(it, url, subscription)
        except _Failed as error:
            why, text = error.args
        except InvalidStatus as error:
            status = error.response.status_code
            why, text = "refused", f"HTTP {status}"
            if status in NO_ENTRY:
                _end_if_unknown(it, f"{text} {error.response.reason_phrase}")
            if status == 429:  # Too Many Requests: to come back soon would make it last
                least_s = it.limits.longest_wait_s / 2
        except ConnectionClosed as error:
            # Without the server's word, or with one that only answers ours, the line was lost.
            is_its_word = error.rcvd is not None and error.rcvd_then_sent is not False
            why = "server closed" if is_its_word else "connection lost"
            text = str(error)
            if error.rcvd is not None and (
                error.rcvd.code in NO_ENTRY_CODES or ABOUT_THE_KEY.search(error.rcvd.reason)
            ):
                why = "refused"
                _end_if_unknown(it, text)
        except (OSError, WebSocketException, EOFError) as error:
            why, text = "not connected", f"{type(error).__name__}: {error}"
        brought = it.counts["messages"] > heard
        is_failure = why == "refused" or not (brought or why == "silent")
        failures = failures + 1 if is_failure else 0
        wait_s = max(least_s, backoff_s(failures, it.limits))
        it.state = f"{why}, next try in {wait_s:.0f} s"
        log.warning("%s (%s); next try in %.0f s", why, safe_text(text, it.key), wait_s)
        if it.gap is None:
            it.gap = Gap(it.heard_at, None, why)
            await _note(it, it.gap)
        await asyncio.sleep(wait_s)


def backoff_s(failures: int, limits: Limits) -> float:
    """Seconds to wait after so many failures in a row: doubled, bounded, and half of it by chance,
    so that many who lost the server at once do not come back at once."""
    doubled = limits.first_wait_s * 2.0 ** min(failures, 60)
    return min(doubled, limits.longest_wait_s) * random.uniform(0.5, 1)  # noqa: S311 no secret


async def _connection(it: _Recorder, url: str, subscription: str) -> None:
    """One connection from its opening to its end, which is an exception."""
    loop = asyncio.get_running_loop()
    quiet = logging.getLogger("barometer.listen.socket")
    quiet.setLevel(logging.WARNING)  # on DEBUG the library logs what is sent, and so the key
    async with connect(
        url,
        # Without compression, which is the library's default, aisstream.io may send nothing.
        max_size=it.limits.most_bytes,
        ping_interval=None,  # a late pong is no reason to leave: see `_ping`
        close_timeout=it.limits.close_s,
        logger=quiet,
    ) as socket:
        await socket.send(subscription)
        it.state, it.was_connected = "connected, no ship yet", True
        line = _Line(loop.time())
        pinging = asyncio.create_task(_ping(socket, line, it.limits))
        try:
            while True:
                frame = await _next_frame(socket, line, it.limits)
                line.sign_s = loop.time()
                if await _hear_frame(it, frame):
                    line.ship_s = loop.time()
                    it.state = "connected"
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
        """When it is given up if nothing comes, and why."""
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

    with contextlib.suppress(ConnectionClosed):  # which the one who receives tells
        while True:
            await asyncio.sleep(limits.ping_s)
            asyncio.ensure_future(await socket.ping()).add_done_callback(note)


async def _next_frame(socket: ClientConnection, line: _Line, limits: Limits) -> str | bytes:
    loop = asyncio.get_running_loop()
    while True:
        end_s, why, text = line.ends_s(limits)
        # A flood of frames without a ship never lets a timeout come.
        if loop.time() >= end_s:
            raise _Failed(why, text)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(end_s):
                return await socket.recv()


async def _hear_frame(it: _Recorder, frame: str | bytes) -> bool:
    """Take a frame in; whether it was a message of a ship."""
    now = it.clock()
    try:
        message = aisstream.read_frame(frame)
        if (said := aisstream.refusal(message)) is not None:
            _raise_error(it, said)
        row = aisstream.take(message, now, it.known)
    except aisstream.BadMessage as error:
        it.counts[f"bad: {error.args[0]}"] += 1
        return False
    if message.get("MessageType") not in aisstream.MESSAGE_TYPES:
        it.counts["other"] += 1
        return False
    it.counts["messages"] += 1
    it.heard_at = now
    if it.gap is not None:
        gap, it.gap = it.gap, None
        await _note(it, gap._replace(to_at=now))
    if row is not None:
        if it.reports.is_late_copy(message, datetime.fromisoformat(row[1][:-1])):
            it.counts["copies"] += 1
        else:
            await _keep(it, now, row)
    return True


def _raise_error(it: _Recorder, said: str) -> NoReturn:
    """What an error that the server sends means: the key is not known, or something that passes."""
    if ABOUT_THE_KEY.search(said):
        _end_if_unknown(it, said)
    raise _Failed("refused", said)


def _end_if_unknown(it: _Recorder, said: str) -> None:
    """End the recording where the server refuses the key.

    A key that it took in this run may be refused for a fault of its own (aisstream/issues#174):
    then it is tried again, as after any other error.
    """
    if not it.counts["messages"]:
        raise BarometerError(
            f"the stream's server does not take the key in {KEY_NAME} (it says: "
            f"{safe_text(said, it.key)}). Copy it again from https://aisstream.io/apikeys, or make "
            f"a new one there; of a server named by {URL_NAME}, from its operator."
        )


async def _keep(it: _Recorder, now: datetime, row: list[str]) -> None:
    if len(it.waiting) >= it.limits.most_waiting:
        it.counts["dropped"] += 1
        overflow = it.overflow or Gap(now, None, "buffer full")
        it.overflow = overflow._replace(dropped=overflow.dropped + 1)
        return
    it.waiting.append((now, aisstream.csv_line(row)))
    it.counts["rows"] += 1
    if len(it.ships) < aisstream.MOST_SHIPS:
        it.ships.add(row[0])
    if it.overflow is not None:
        gap, it.overflow = it.overflow, None
        log.warning("buffer full: %s messages dropped. Is the disk slow?", f"{gap.dropped:,}")
        await _note(it, gap._replace(to_at=now))


async def _note(it: _Recorder, gap: Gap) -> None:
    try:
        await asyncio.to_thread(append_gap, it.folder, gap)
    except OSError as error:  # which would be taken for one of the network
        raise _unwritable(it.folder, error) from error


def safe_text(text: str, key: str) -> str:
    """What a server said, to be shown: ASCII, short, and without the key if it repeats it.

    >>> safe_text("no such key: s3cret\\x1b[2J", "s3cret")
    'no such key: (the key)\\\\x1b[2J'
    """
    return ascii(text.replace(key, "(the key)"))[1:-1][:200]


# Writing


async def _write(it: _Recorder, ended: asyncio.Event) -> None:
    """Write what waits, a few times a second, and close the file of an hour that is over."""
    try:
        while True:
            is_last = ended.is_set()
            rows, it.waiting = it.waiting, []
            await asyncio.to_thread(_store, it, rows)
            if is_last:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(it.limits.tick_s):
                    await ended.wait()
    finally:
        if it.open_file is not None:
            await asyncio.to_thread(_close, it)


def _store(it: _Recorder, rows: list[tuple[datetime, bytes]]) -> None:
    for hour, lines in _by_hour(rows):
        if it.open_file is not None and it.open_file.hour != hour:
            _close(it)
        if it.open_file is None:
            it.open_file = open_hour(it.folder, hour)
        write_whole(it.open_file, lines)
    if it.open_file is not None:
        if it.open_file.hour != _hour(it.clock()):
            _close(it)
        elif time.monotonic() - it.open_file.synced_s >= it.limits.sync_s:
            os.fsync(it.open_file.out)
            it.open_file.synced_s = time.monotonic()


def _by_hour(rows: list[tuple[datetime, bytes]]) -> Iterator[tuple[datetime, bytes]]:
    """The lines of rows that came one after the other in an hour, together."""
    at = 0
    while at < len(rows):
        hour, start = _hour(rows[at][0]), at
        while at < len(rows) and _hour(rows[at][0]) == hour:
            at += 1
        yield hour, b"".join(line for _, line in rows[start:at])


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def open_hour(folder: Path, hour: datetime) -> OpenFile:
    """A new file for what is received in an hour, with its header, under a name that is free.

    A file that was closed may have been ingested: it is never written to again.
    """
    number = 1
    while True:
        name = f"aisstream-{hour:%Y-%m-%dT%H}{'' if number == 1 else f'-{number}'}.csv"
        path = folder / f"{name}{PART}"
        if not (folder / name).exists() and not path.exists():
            break
        number += 1
    out = path.open("xb", buffering=0)
    opened = OpenFile(path, hour, out, 0, time.monotonic())
    write_whole(opened, aisstream.csv_line(aisstream.HEADER))
    sync_folder(folder)
    return opened


def write_whole(file: OpenFile, lines: bytes) -> None:
    """Append lines, all or none: what a full disk took of them is cut off again."""
    file.length = _append(file.out, lines, file.length)


def _append(out: io.FileIO, content: bytes, length: int) -> int:
    """Append to a file that is so long; its new length. If it fails the file is as it was."""
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[out.write(rest) :]
    except OSError:
        out.truncate(length)
        raise
    return length + len(content)


def _close(it: _Recorder) -> None:
    file, it.open_file = it.open_file, None
    assert file is not None
    with file.out:
        os.fsync(file.out)
    it.files.append(finish(file.path))
    it.ships.clear()


def finish(part: Path) -> Path:
    """Give a written file its name, durably. Returns its path."""
    path = part.with_name(part.name.removesuffix(PART))
    part.rename(path)
    sync_folder(path.parent)
    return path


def _parts(folder: Path) -> list[Path]:
    found = folder.glob(f"aisstream-*.csv{PART}")
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def take_up(part: Path) -> Path | None:
    """Close a file that a crash left: its whole lines are kept, a torn last line is cut off.

    Returns its path; None, and nothing is left of it, where it holds no row.
    """
    with part.open("rb+", buffering=0) as file:
        length = _whole_length(file)
        file.truncate(length)
        os.fsync(file)
    if length <= len(aisstream.csv_line(aisstream.HEADER)):
        part.unlink()
        return None
    path = finish(part)
    log.info("%s: taken up after a crash, %s bytes", path.name, f"{length:,}")
    return path


def _whole_length(file: io.FileIO) -> int:
    """Bytes up to the last line end, which is looked for from the end."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - TAIL_BYTES)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def append_gap(folder: Path, gap: Gap) -> None:
    """Note a gap, durably and whole. A line that a crash tore is cut off first."""
    line = aisstream.csv_line(
        (_text(gap.from_at), _text(gap.to_at), gap.why, str(gap.dropped or ""))
    )
    path = folder / GAPS
    is_new = not path.exists()
    with path.open("ab+", buffering=0) as out:
        length = _whole_length(out)
        out.truncate(length)
        header = b"" if length else aisstream.csv_line(GAP_HEADER)
        _append(out, header + line, length)
        os.fsync(out)
    if is_new:
        sync_folder(folder)


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def last_sign_of_life(folder: Path) -> datetime | None:
    """The latest time in the newest recording and in the last line of the gaps; None: neither."""
    names = sorted(path.name for path in folder.glob("aisstream-*.csv"))
    newest = [name for name in names if name[:23] == names[-1][:23]]
    found = [_last_time(folder / name) for name in (*newest, GAPS)]
    return max((moment for moment in found if moment is not None), default=None)


def _last_time(path: Path) -> datetime | None:
    """The last time that stands in the last whole line of a file of ours."""
    try:
        with path.open("rb", buffering=0) as file:
            end = _whole_length(file)
            file.seek(max(0, end - TAIL_BYTES))
            last = file.read(end)[:end].rstrip(b"\n").rpartition(b"\n")[2]
    except FileNotFoundError:
        return None
    times = re.findall(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?=Z(?:,|$))", last)
    with contextlib.suppress(ValueError):
        return max((datetime.fromisoformat(time.decode()) for time in times), default=None)
    return None


def _unwritable(folder: Path, error: OSError) -> BarometerError:
    return BarometerError(
        f"{folder}: cannot be written ({error.strerror or error}). Check its free space, its "
        "rights and whether the disk is mounted read-only. What was written before is whole; start "
        "again to go on."
    )
