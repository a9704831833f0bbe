"""The connection to Digitraffic: MQTT over WebSocket, by paho-mqtt, whose thread hears for us."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import ssl
import uuid
from typing import Any, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from websockets.uri import parse_uri

from flows import __version__
from flows.sources.streams import digitraffic
from flows.sources.streams.aisstream import BadMessage
from flows.sources.streams.aisstream_socket import Heard
from flows.sources.streams.recording import Failed, Gap, Recorder

CONNECT_S = 10.0
"""For the opening of a connection; a choice."""


class _Sent(NamedTuple):
    topic: str
    payload: bytes
    is_retained: bool


async def hear(recorder: Recorder, url: str, boxes: list[list[list[float]]], heard: Heard) -> None:
    """One connection from its opening to its end.

    Raises
    ------
    Failed
        At its end, with the reason.
    """
    loop = asyncio.get_running_loop()
    inbox: queue.Queue[_Sent] = queue.Queue(recorder.limits.most_waiting)
    ended: asyncio.Future[Failed] = loop.create_future()
    lost = [0]
    client = _client(recorder, url)

    def end(why: str, text: object) -> None:
        def note() -> None:
            if not ended.done():
                ended.set_result(Failed(why, str(text)))

        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(note)

    def on_connect(_: Client, __: object, ___: object, code: Any, ____: object) -> None:
        if code.is_failure:
            end("refused", code)
            return
        recorder.state, recorder.was_connected = "connected, no ship yet", True
        client.subscribe([(topic, 0) for topic in digitraffic.TOPICS])

    def on_subscribe(_: Client, __: object, ___: int, codes: list[Any], ____: object) -> None:
        if any(code.is_failure for code in codes):
            end("refused", "subscription")

    def on_disconnect(_: Client, __: object, ___: object, code: Any, ____: object) -> None:
        end("connection lost", code)

    def on_message(_: Client, __: object, message: MQTTMessage) -> None:
        if len(message.payload) > recorder.limits.most_bytes:
            lost[0] += 1
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:  # which would end paho's thread, and with it the hearing
            topic = ""
        try:
            inbox.put_nowait(_Sent(topic, bytes(message.payload), message.retain))
        except queue.Full:
            lost[0] += 1

    client.on_connect, client.on_subscribe = on_connect, on_subscribe
    client.on_disconnect, client.on_message = on_disconnect, on_message
    parts = parse_uri(url)
    keepalive_s = max(1, int(recorder.limits.ping_s))
    try:
        await asyncio.to_thread(client.connect, parts.host, parts.port, keepalive_s)
        client.loop_start()
        await _drain(recorder, inbox, ended, lost, boxes, heard)
    except ValueError as error:
        raise Failed("not connected", f"{type(error).__name__}: {error}") from error
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


def _client(recorder: Recorder, url: str) -> Client:
    # A name of its own for each connection: a broker ends the older of two with one name.
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"barometer-{uuid.uuid4().hex}",
        transport="websockets",
        reconnect_on_failure=False,  # `listen` decides when
    )
    client.connect_timeout = CONNECT_S
    parts = parse_uri(url)
    # Clients identify themselves: https://www.digitraffic.fi/ohjeita/, identifying headers.
    headers = {"Digitraffic-User": f"Barometer/{__version__}"}
    client.ws_set_options(path=parts.path or "/mqtt", headers=headers)
    if parts.secure:
        client.tls_set_context(ssl.create_default_context())
    return client


async def _drain(
    recorder: Recorder,
    inbox: queue.Queue[_Sent],
    ended: asyncio.Future[Failed],
    lost: list[int],
    boxes: list[list[list[float]]],
    heard: Heard,
) -> None:
    """Take in what came, a few times a second, until the connection ends or nothing comes."""
    loop = asyncio.get_running_loop()
    ship_s = loop.time()
    while True:
        is_last = ended.done()
        while not inbox.empty():
            if await _take_in(recorder, inbox.get_nowait(), boxes, heard):
                ship_s = loop.time()
                recorder.state = "connected"
            await asyncio.sleep(0)  # the writer has to come in between
        if lost[0]:
            dropped, lost[0] = lost[0], 0
            recorder.counts["dropped"] += dropped
            gap = recorder.overflow or Gap(recorder.clock(), None, "buffer full")
            recorder.overflow = gap._replace(dropped=gap.dropped + dropped)
        if is_last:
            raise ended.result()
        if loop.time() - ship_s >= recorder.limits.silence_s:
            raise Failed("silent", "open, but no message of a ship")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(recorder.limits.tick_s):
                await asyncio.shield(ended)


async def _take_in(
    recorder: Recorder, sent: _Sent, boxes: list[list[list[float]]], heard: Heard
) -> bool:
    """Take a message in; whether it was one of a ship, sent now.

    A retained message is the last one that the broker kept, sent before who comes anew was there.
    Static data of it are used, by their own time; a location of it belongs to the gap.
    """
    now = recorder.clock()
    if not digitraffic.is_of_ship(sent.topic):
        recorder.counts["other"] += 1
        return False
    try:
        row = digitraffic.take(sent.topic, sent.payload, now, recorder.known, boxes)
    except BadMessage as error:
        recorder.counts[f"bad: {error.args[0]}"] += 1
        return False
    if sent.is_retained:
        recorder.counts["other"] += 1
        return False
    await heard(now, row)
    return True
