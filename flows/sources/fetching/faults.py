"""Faults of a download, with their remedies."""

from __future__ import annotations

import errno
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import tenacity

from flows.home.clock import utc_now
from flows.home.deadline import Deadline

log = logging.getLogger("barometer.fetch")
Result = TypeVar("Result")

DownloadProgress = Callable[[str, int, int | None], None]
"""Called from several threads: a file's name, its bytes so far, its size or None
where the server does not send it."""
_MAY_PASS = (408, 425, 429, 500, 502, 503, 504, *range(520, 528))
"""From 520 on: Cloudflare's, where the publisher's server failed or took too long
(developers.cloudflare.com, "Cloudflare 5xx errors")."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Patience(NamedTuple):
    """How long a server is waited for, and how it is spared. The figures are choices.

    Attributes
    ----------
    timeout_s : float
        To connect, and without a byte.
    tries : int
        In a row that bring nothing on; one that brings `gain_bytes` more than any before starts
        the count again, so that a file of many gigabytes comes over a line that is cut often.
    wait_s, longest_wait_s : float
        Before the second try, doubled with each, with jitter; and at most. A server that asks by
        Retry-After for more than `longest_wait_s` is left alone until the next run.
    slow_s, slow_bytes : float, int
        A slower server is disconnected.
    connections : int
        At a time: the two that RFC 2616, section 8.1.4, grants a single user at a server.
    """

    timeout_s: float = 30
    tries: int = 5
    gain_bytes: int = 1 << 20
    wait_s: float = 1
    longest_wait_s: float = 120
    slow_s: float = 60
    slow_bytes: int = 60_000
    connections: int = 2


class Session(NamedTuple):
    """What the downloads of a source share."""

    client: httpx.Client
    patience: Patience
    progress: DownloadProgress
    stop: threading.Event


class Fault(Exception):
    """Why a file was not downloaded, and the remedy.

    `may_pass`: another try may help, after `wait_s`. `is_absent`: the server has no such file.
    `is_ours`: this machine is to blame, and no other address helps. `reached`: bytes of
    the file that are here. `is_running`: the service still computes the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        may_pass: bool = False,
        is_absent: bool = False,
        is_ours: bool = False,
        wait_s: float = 0,
        reached: int = 0,
        is_running: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_running = is_running
        self.may_pass, self.is_absent, self.is_ours = may_pass, is_absent, is_ours
        self.wait_s, self.reached = wait_s, reached


class Changed(Fault):
    """An answer of another shape than documented."""


class Refused(Fault):
    """A service that does not accept the token, or asks to be left alone for long: asking it for
    more is of no use."""


class Damaged(Exception):
    """A file that is not what it should be; the message is a sentence about it."""


def tried(attempt: Callable[[], Result], session: Session) -> Result:
    """The result of an attempt, repeated until it succeeds, or what fails cannot pass, or patience
    ends.

    Raises
    ------
    Fault
        The last one.
    """
    patience = session.patience
    furthest = idle = 0

    def is_enough(state: tenacity.RetryCallState) -> bool:
        nonlocal furthest, idle
        reached = _fault(state).reached
        idle = 1 if reached >= furthest + patience.gain_bytes else idle + 1
        furthest = max(furthest, reached)
        return idle >= patience.tries

    backoff = tenacity.wait_exponential(
        multiplier=patience.wait_s, max=patience.longest_wait_s
    ) + tenacity.wait_random(0, patience.wait_s)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda e: isinstance(e, Fault) and e.may_pass),
        stop=is_enough,
        wait=lambda state: max(backoff(state), _fault(state).wait_s),
        sleep=tenacity.sleep_using_event(session.stop),
        before_sleep=lambda state: log.info("trying again: %s", _fault(state)),
        reraise=True,
    )
    return retrying(attempt)


def _fault(state: tenacity.RetryCallState) -> Fault:
    fault = state.outcome.exception() if state.outcome else None
    assert isinstance(fault, Fault)
    return fault


def sent(request: httpx.Request, address: str, session: Session) -> httpx.Response:
    """The answer to a request of an address, its body not yet read; its head comes in bounded time.

    Raises
    ------
    Fault
        If it does not.
    """
    timeout_s = request.extensions["timeout"]["read"]
    deadline = Deadline(timeout_s + session.patience.slow_s)

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            deadline.sockets.append(info["return_value"].get_extra_info("socket"))

    # Each connection is for one request (`open_client`), so that its opening is seen here.
    request.extensions["trace"] = trace
    response = None
    try:
        with deadline:
            response = session.client.send(request, stream=True)
    except TimeoutError as error:
        if response is not None:
            response.close()
        raise Fault(
            f"{address}: too slow, an answer with {error}. Fetch again later.", may_pass=True
        ) from error
    return response


def paced(
    response: httpx.Response, chunks: Iterator[bytes], address: str, at: int, patience: Patience
) -> Iterator[bytes]:
    """The chunks of a response's body, of which the first `at` bytes are here, while they come fast
    enough. What is no chunk, such as the frame of one, does not count.

    Raises
    ------
    Fault
        If not, after the chunk that came last.
    """
    since, at_since = time.monotonic(), at
    timeout_s = response.request.extensions["timeout"]["read"]
    connection = response.extensions["network_stream"].get_extra_info("socket")
    try:
        with Deadline(timeout_s + patience.slow_s, connection) as deadline:
            for chunk in chunks:
                deadline.extend()
                yield chunk
                deadline.extend()
                at += len(chunk)
                if time.monotonic() - since > patience.slow_s:
                    if at - at_since < patience.slow_bytes:
                        raise Fault(
                            f"{address}: too slow, {at - at_since:,} bytes in "
                            f"{patience.slow_s:g} s. Fetch again later.",
                            may_pass=True,
                            reached=at,
                        )
                    since, at_since = time.monotonic(), at
    except TimeoutError as error:
        raise Fault(
            f"{address}: too slow, a piece with {error}. Fetch again later.",
            may_pass=True,
            reached=at,
        ) from error


def refusal(code: int, retry_after: str, address: str, session: Session) -> Fault:
    """The fault and remedy for an HTTP status other than success."""
    # Not the server's own phrase, which may be anything.
    phrase = next((f" {s.phrase}" for s in HTTPStatus if s == code), "")
    status = f"{address}: {code}{phrase}."
    if code in (404, 410):
        return Fault(f"{status} The publisher has no such file.", is_absent=True)
    if code in _MAY_PASS:
        wait_s = _retry_after_s(retry_after)
        if wait_s > session.patience.longest_wait_s:
            return Fault(f"{status} The server asks to wait {wait_s:,.0f} s: fetch again then.")
        return Fault(f"{status} Fetch again later.", may_pass=True, wait_s=wait_s)
    remedies = {
        401: "A login is required: download the file in a browser, then run barometer ingest.",
        403: "The publisher refuses this file, or this network (some servers answer so for a "
        "missing file): check whether a browser can download it.",
        407: _PROXY,
    }
    return Fault(f"{status} {remedies.get(code, 'This is not a file. See the publisher’s page.')}")


_PROXY = (
    "The proxy requires a login or blocks the request: set HTTP_PROXY and HTTPS_PROXY with "
    "user and password, or ask its operator."
)


def _retry_after_s(text: str) -> float:
    """Seconds that a Retry-After asks for, as a number or as a date; 0 for none or nonsense.

    >>> _retry_after_s("7"), _retry_after_s("soon"), _retry_after_s("Fri, 01 Jan 2021 00:00:00 GMT")
    (7.0, 0.0, 0.0)
    >>> _retry_after_s("Fri, 31 Dec 9999 23:59:59 -0100"), _retry_after_s("9999999999")
    (0.0, 9999999999.0)
    """
    if re.fullmatch(r"[0-9]{1,99}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # The header is of the clock on the wall, whatever the run's as-of time.
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, TypeError, OverflowError):  # the last: a year or an offset beyond all
        return 0.0
    return max(0.0, (moment - utc_now()).total_seconds())


NETWORK_ERRORS = (httpx.HTTPError, UnicodeError)
"""What a request raises. Python's resolver has a UnicodeError for a host name that can be none: two
dots in a row, or more than 63 letters between dots. A redirect may lead to one."""


def network_fault(error: httpx.HTTPError | UnicodeError, address: str, reached: int) -> Fault:
    """The fault and remedy for a network error, one of `NETWORK_ERRORS`."""
    causes = list(_causes(error))
    host = httpx.URL(address).host
    may_pass = False
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        reason = (
            f"the certificate of {host} is not trusted ({certificate.verify_message}). If your "
            "network has a certificate authority of its own, set SSL_CERT_FILE to its PEM file; "
            "also check this machine's date."
        )
    elif isinstance(error, httpx.ConnectError) and any(isinstance(c, ssl.SSLError) for c in causes):
        reason = f"{host} offers no TLS that can be used. Is the address right?"
    elif isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        reason = "the server redirects to an address that is not HTTP. See the publisher's page."
    elif isinstance(error, httpx.ProxyError) and not str(error).startswith(
        tuple(map(str, _MAY_PASS))
    ):
        reason = f"the proxy refused. {_PROXY}"
    elif isinstance(error, UnicodeError) or any(isinstance(c, socket.gaierror) for c in causes):
        may_pass = not isinstance(error, UnicodeError)
        reason = (
            f"the host name {host}, or that of a redirect or of the proxy, cannot be resolved. "
            "Check the address, the network, its name server, and HTTP_PROXY and HTTPS_PROXY."
        )
    else:
        may_pass = True
        kind = "silence" if isinstance(error, httpx.TimeoutException) else type(error).__name__
        reason = (
            f"connection failed or lost ({kind}) after {reached:,} bytes. Check the network; "
            "fetch again later."
        )
    return Fault(f"{address}: {reason}", may_pass=may_pass, reached=reached)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def disk_fault(error: OSError, folder: Path) -> Fault:
    """The fault and remedy for a failed write."""
    if error.errno in _FULL:
        reason = "the disk is full. Free some space, or use another home; the partial file is kept."
    else:
        reason = f"cannot be written ({error.strerror}). Check its permissions."
    return Fault(f"{folder}: {reason}", is_ours=True)
