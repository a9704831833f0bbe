"""One question to a service: its answer as JSON in memory, or as a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from flows.home.settings import Settings
from flows.sources.addresses import Publication
from flows.sources.definitions import Definition
from flows.sources.fetching.credentials import WHERE
from flows.sources.fetching.faults import (
    NETWORK_ERRORS,
    Changed,
    Fault,
    Refused,
    Session,
    network_fault,
    paced,
    refusal,
    sent,
)

MOST_JSON_BYTES = 64 << 20
"""A page of a thousand events or rows has a megabyte or two."""
MOST_ERROR_BYTES = 64 << 10
_SHOWN = 200

BUSY, TIMED_OUT = 429, 524
"""Too many requests; and Cloudflare's answer where a service computes for more than 100 s
(developers.cloudflare.com, "Error 524")."""
ANSWER_S = 120
"""A service that may compute for 100 s is waited for a little longer."""


class Question(NamedTuple):
    """What is asked. The token is sent as a bearer token, and shown nowhere."""

    address: str
    params: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    token: str | None = None

    @property
    def digest(self) -> str:
        """Stands for address, parameters and body in the record of the answer."""
        text = json.dumps([self.address, dict(self.params), self.body], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Order(NamedTuple):
    """What is to be fetched from a service, both days included, and with what."""

    settings: Settings
    source: Definition
    published: Publication
    first: date
    last: date
    with_trade: bool
    folder: Path
    session: Session


@contextlib.contextmanager
def answered(question: Question, session: Session) -> Iterator[httpx.Response]:
    """The answer to a question, its body not yet read.

    Raises
    ------
    Refused
        If the token is not accepted.
    Fault
        If there is none, or it is an error; `wait_s` is what a Retry-After asks for.
    """
    if session.stop.is_set():
        raise Fault("stopped.", is_ours=True)
    headers = {"Authorization": f"Bearer {question.token}"} if question.token else {}
    timeout = max(session.patience.timeout_s, ANSWER_S if question.body else 0)
    try:
        request = session.client.build_request(
            "GET" if question.body is None else "POST",
            question.address,
            params=dict(question.params),
            json=question.body,
            headers=headers,
            timeout=timeout,
        )
        with contextlib.closing(sent(request, question.address, session)) as response:
            if response.status_code != httpx.codes.OK:
                raise _fault(response, question, session)
            yield response
    except NETWORK_ERRORS as error:
        raise network_fault(error, question.address, 0) from error


def _fault(response: httpx.Response, question: Question, session: Session) -> Fault:
    code = response.status_code
    if question.token and code in (401, 403):
        what = "does not know the token" if code == 401 else "does not allow this with the token"
        return Refused(
            f"{question.address}: {code}, the service {what} in BAROMETER_GFW_TOKEN (or the block "
            f"in BAROMETER_GFW_BLOCK). Tokens expire: create one at {WHERE} and set it."
        )
    fault = refusal(code, response.headers.get("Retry-After", ""), question.address, session)
    if code == BUSY and not fault.may_pass:
        return Refused(str(fault))
    fault.is_running = code in (BUSY, TIMED_OUT) and fault.may_pass
    if code in (400, 422):
        return Changed(
            f"{question.address}: {code}, the service does not understand the question "
            f"({_words(response, question, session)}). It may have changed: see its page."
        )
    return fault


def _words(response: httpx.Response, question: Question, session: Session) -> str:
    """The service's own words on an error, short, ASCII and without the token."""
    body = b""
    for chunk in _body(response, question, session):
        body += chunk
        if len(body) > MOST_ERROR_BYTES:
            break
    return shown(body.decode("utf-8", "replace"), question.token)


def _body(response: httpx.Response, question: Question, session: Session) -> Iterator[bytes]:
    # None was asked for. One grows a piece of the body a thousandfold at most, two a millionfold.
    if len(response.headers.get_list("Content-Encoding", split_commas=True)) > 1:
        raise Changed(
            f"{question.address}: an answer compressed more than once is not read. See the "
            "publisher's page."
        )
    return paced(response, response.iter_bytes(), question.address, 0, session.patience)


def shown(text: str, token: str | None = None) -> str:
    """A server's text for display.

    >>> shown("no\\nsuch t0ken", "t0ken")
    'no\\\\nsuch (the token)'
    """
    return ascii(text.replace(token, "(the token)") if token else text)[1:-1][:_SHOWN]


def json_answer(question: Question, session: Session) -> Any:
    """The JSON of an answer.

    Raises
    ------
    Changed
        If it is something else, or larger than any page.
    Fault
        As `answered`.
    """
    body = bytearray()
    with answered(question, session) as response:
        for chunk in _body(response, question, session):
            body += chunk
            if len(body) > MOST_JSON_BYTES:
                raise Changed(
                    f"{question.address}: an answer of more than {MOST_JSON_BYTES:,} bytes."
                )
    return parsed(bytes(body), question)


def parsed(body: bytes, question: Question) -> Any:
    """Bytes of an answer as JSON.

    Raises
    ------
    Changed
        If they are none.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        text = shown(body[:_SHOWN].decode("utf-8", "replace"), question.token)
        raise Changed(f"{question.address}: the answer is not JSON but {text!r}.") from None


def file_answer(question: Question, part: Path, most_bytes: int, session: Session) -> Any:
    """Write the body of an answer to a file; where it is JSON instead, return that.

    Returns
    -------
    object or None
        The JSON; None if a file was written.

    Raises
    ------
    Fault
        As `answered`, and if it is larger than allowed.
    """
    at, start = 0, b""
    with answered(question, session) as response, part.open("wb") as out:
        for chunk in _body(response, question, session):
            if session.stop.is_set():
                raise Fault("stopped.", is_ours=True)
            at += len(chunk)
            if at > most_bytes:
                out.truncate(0)  # an endless answer is not kept
                raise Changed(
                    f"{question.address}: an answer of more than {most_bytes:,} bytes, the limit "
                    "of its source. If its answers have grown, raise max_bytes in its TOML."
                )
            start += chunk[: MOST_ERROR_BYTES - len(start)]
            out.write(chunk)
            session.progress(part.name.strip(".").removesuffix(".part"), at, None)
    return parsed(start, question) if start.lstrip()[:1] == b"{" else None
