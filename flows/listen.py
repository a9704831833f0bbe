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
import json
import logging
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
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.uri import parse_uri

from flows import aisstream, lake
from flows.durable import make_folder, sync_folder
from flows.settings import BarometerError

log = logging.getLogger("barometer.listen")

URL = "wss://stream.aisstream.io/v0/stream"
KEY_NAME = "BAROMETER_AISSTREAM_KEY"
URL_NAME = "BAROMETER_AISSTREAM_URL"

FOLDER = "recordings"
GAPS = "gaps.log"
GAP_HEADER = ("from", "to", "why", "dropped")
PART = ".part"

TAIL_BYTES = 64 << 10
"""More than the last line of a recording or of the gaps can be."""

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
        An open connection without a message of a ship for so long is closed and opened anew. Few
        receivers hear the Gulf, so that some minutes without one are usual.
    ping_s : float
        Between pings, and for the pong; the library's own default.
    close_s : float
        For the server's answer when the connection is closed.
    first_wait_s, longest_wait_s : float
        Before the next try: doubled at each failure. Who came back every 60 to 120 seconds was
        locked out by address for days (aisstream/issues#256 and #287); both then took 30 minutes.
    healthy_s : float
        A connection that brought ships for so long starts the waits anew.
    """

    tick_s: float = 0.1
    sync_s: float = 10.0
    most_waiting: int = 10_000
    most_bytes: int = 64 << 10
    silence_s: float = 600.0
    ping_s: float = 20.0
    close_s: float = 2.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 1800.0
    healthy_s: float = 60.0


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
    if not re.fullmatch(r"[!-~]{1,200}", key):
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
    """Record until told to stop, by SIGINT or SIGTERM or after a while.

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
    with lake.locked(folder):
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
    for number in (signal.SIGINT, signal.SIGTERM):
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
    """
    bad = sorted((name[5:], n) for name, n in counts.items() if name.startswith("bad: "))
    reasons = f" ({', '.join(f'{name}: {n:,}' for name, n in bad)})" if bad else ""
    return (
        f"{counts['messages']:,} messages of ships, {counts['rows']:,} rows, "
        f"{counts['dropped']:,} dropped, {sum(n for _, n in bad):,} not usable{reasons}"
    )


# Hearing


async def _hear(it: _Recorder, url: str, subscription: str) -> None:
    """Connect again and again; ends only where the key is refused."""
    loop = asyncio.get_running_loop()
    failures, why = 0, ""
    while True:
        heard, began = it.counts["messages"], loop.time()
        it.state = f"{why}, connecting again" if why else "connecting"
        least_s = 0.0
        try:
            await _connection(it, url, subscription)
        except _Failed as error:
            why, text = error.args
        except InvalidStatus as error:
            status = error.response.status_code
            why, text = "refused", f"HTTP {status}"
            if status == 429:  # Too Many Requests: to come back soon would make it last
                least_s = it.limits.longest_wait_s / 2
        except ConnectionClosed as error:
            # Without the server's word, or with one that only answers ours, the line was lost.
            is_its_word = error.rcvd is not None and error.rcvd_then_sent is not False
            why = "server closed" if is_its_word else "connection lost"
            text = str(error)
        except (OSError, WebSocketException, EOFError) as error:
            why, text = "not connected", f"{type(error).__name__}: {error}"
        was_healthy = it.counts["messages"] > heard and loop.time() - began >= it.limits.healthy_s
        failures = 0 if was_healthy else failures + 1
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
        ping_interval=it.limits.ping_s,
        ping_timeout=it.limits.ping_s,
        close_timeout=it.limits.close_s,
        logger=quiet,
    ) as socket:
        await socket.send(subscription)
        it.state, it.was_connected = "connected, no ship yet", True
        silent_at = loop.time() + it.limits.silence_s
        while True:
            frame = await _next_frame(socket, silent_at)
            if await _hear_frame(it, frame):
                silent_at = loop.time() + it.limits.silence_s
                it.state = "connected"
            # Thousands of messages may have come in one piece: the writer has to come in between.
            await asyncio.sleep(0)


async def _next_frame(socket: ClientConnection, silent_at: float) -> str | bytes:
    loop = asyncio.get_running_loop()
    try:
        # A flood of frames without a ship never lets a timeout come.
        if loop.time() < silent_at:
            async with asyncio.timeout_at(silent_at):
                return await socket.recv()
    except TimeoutError:
        pass
    raise _Failed("silent", "open, but no message of a ship")


async def _hear_frame(it: _Recorder, frame: str | bytes) -> bool:
    """Take a frame in; whether it was a message of a ship."""
    now = it.clock()
    try:
        message = aisstream.read_frame(frame)
        if "error" in message:
            _raise_error(it, message["error"])
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
        await _keep(it, now, row)
    return True


def _raise_error(it: _Recorder, said: object) -> None:
    """What the server's ``{"error": ...}`` means.

    A key that it took in this run may be refused for a fault of its own (aisstream/issues#174):
    then it is tried again, as after any other error.
    """
    text = said if isinstance(said, str) else json.dumps(said)
    if re.search(r"api ?key", text, re.I) and not it.counts["messages"]:
        raise BarometerError(
            f"aisstream.io does not know the key in {KEY_NAME} (it says: "
            f"{safe_text(text, it.key)}). Copy it again from https://aisstream.io/apikeys, or make "
            "a new one there."
        )
    raise _Failed("refused", text)


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
