"""The connection to aisstream.io: what its frames, its silence and its refusals mean."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from flows.home.settings import BarometerError
from flows.sources.streams import aisstream
from flows.sources.streams.connection import (
    ABOUT_THE_KEY,
    KEY_NAME,
    NO_ENTRY,
    NO_ENTRY_CODES,
    URL_NAME,
    Limits,
)
from flows.sources.streams.recording import Failed, Recorder

Heard = Callable[[datetime, list[str] | None], Awaitable[None]]
"""Called for each message of a ship: with the time of receipt, and its row if it is a position."""


async def hear(recorder: Recorder, url: str, subscription: str, heard: Heard) -> None:
    """One connection from its opening to its end.

    Raises
    ------
    Failed
        At its end, with the reason.
    BarometerError
        If the server does not know the key.
    """
    try:
        await _connection(recorder, url, subscription, heard)
    except InvalidStatus as error:
        status = error.response.status_code
        text = f"HTTP {status}"
        if status in NO_ENTRY:
            _end_if_unknown(recorder, f"{text} {error.response.reason_phrase}")
        # 429, Too Many Requests: to come back soon would make it last.
        least_s = recorder.limits.longest_wait_s / 2 if status == 429 else 0.0
        raise Failed("refused", text, least_s) from error
    except ConnectionClosed as error:
        # Without the server's word, or with one that only answers ours, the line was lost.
        is_its_word = error.rcvd is not None and error.rcvd_then_sent is not False
        why, text = "server closed" if is_its_word else "connection lost", str(error)
        if error.rcvd is not None and (
            error.rcvd.code in NO_ENTRY_CODES or ABOUT_THE_KEY.search(error.rcvd.reason)
        ):
            why = "refused"
            _end_if_unknown(recorder, text)
        raise Failed(why, text) from error
    except (WebSocketException, EOFError, UnicodeError) as error:
        # The last: the server redirects to a host name that can be none.
        raise Failed("not connected", f"{type(error).__name__}: {error}") from error


async def _connection(recorder: Recorder, url: str, subscription: str, heard: Heard) -> None:
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
                if await _hear_frame(recorder, frame, heard):
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


async def _hear_frame(recorder: Recorder, frame: str | bytes, heard: Heard) -> bool:
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
    if row is not None and recorder.reports.is_late_copy(
        message, datetime.fromisoformat(row[1][:-1])
    ):
        recorder.counts["copies"] += 1
        row = None
    await heard(now, row)
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


def safe_text(text: str, key: str) -> str:
    """A server's text for display: ASCII, short, and without the key.

    >>> safe_text("no such key: s3cret\\x1b[2J", "s3cret")
    'no such key: (the key)\\\\x1b[2J'
    """
    return ascii(text.replace(key, "(the key)") if key else text)[1:-1][:200]
