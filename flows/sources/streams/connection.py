"""One connection to a stream: frames, signs of life, and how long to wait after it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import NamedTuple

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from flows.home.settings import BarometerError

URL = "wss://stream.aisstream.io/v0/stream"
KEY_NAME = "BAROMETER_AISSTREAM_KEY"
URL_NAME = "BAROMETER_AISSTREAM_URL"

LONGEST_KEY = 4096
"""aisstream.io's keys have 40 signs; tokens of compatible servers some 300, signed ones (JWT) up to
some thousands."""

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


def stream_url(environ: Mapping[str, str], name: str = URL_NAME, usual: str = URL) -> str:
    """Where to connect to: the service, or a relay of one's own that a variable names.

    Raises
    ------
    BarometerError
        If it is no address of a WebSocket, or would send the key unencrypted over a network. The
        message does not repeat it: it may hold a password.
    """
    url = environ.get(name) or usual
    try:
        parts = parse_uri(url)
        parts.host.encode("idna")  # a host name that can be none is a ValueError, too
    except (ValueError, InvalidURI):
        raise BarometerError(
            f"{name}: not a WebSocket address such as {usual}. Fix or unset it."
        ) from None  # whose text has the address in it
    if not parts.secure and parts.host not in ("localhost", "127.0.0.1", "::1"):
        raise BarometerError(
            f"{name}: would send the key unencrypted. Use wss://, or a relay on this machine."
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
            f"{KEY_NAME} is not set. Create a key at https://aisstream.io/apikeys (free of charge) "
            "and set it in the environment, not in a file of the project."
        )
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_KEY}}}", key):
        raise BarometerError(
            f"{KEY_NAME}: not a valid key (spaces or non-ASCII characters). Copy it again."
        )
    return key


def backoff_s(failures: int, limits: Limits) -> float:
    """Seconds to wait after so many failures in a row: doubled, bounded, and half of it by chance,
    so that many who lost the server at once do not come back at once."""
    doubled = limits.first_wait_s * 2.0 ** min(failures, 60)
    return min(doubled, limits.longest_wait_s) * random.uniform(0.5, 1)  # noqa: S311 no secret
