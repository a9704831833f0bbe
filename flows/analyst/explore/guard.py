"""What a browser may do with the page: only what the page itself needs, from its own host."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from flows.home.text import address_parts

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
REFUSED = b"This address serves its own page alone."


class Guard:
    """ASGI middleware: a content security policy, and no requests by other pages.

    Names of ships come from anyone with a transmitter. They are escaped where they are shown; the
    policy holds should one not be: no inline script or handler runs but those of the page as
    served, and nothing is asked of another host.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    hosts : frozenset of str or None
        The hosts, with port, that a request may be for. A page elsewhere whose name is pointed at
        this machine (DNS rebinding) has another. None: any, where others reach the page.
    """

    def __init__(self, app: App, hosts: frozenset[str] | None) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        host, origin = headers.get("host", ""), headers.get("origin")
        is_foreign = origin is not None and address_parts(origin).netloc != host
        if is_foreign or (self._hosts is not None and host not in self._hosts):
            await _refuse(scope, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _Answer(send, host).send)


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSED})


class _Answer:
    """Adds headers to an answer; a page is held back until its scripts are known."""

    def __init__(self, send: Send, host: str) -> None:
        self._send, self._host = send, host
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass on a message of the application."""
        if message["type"] == "http.response.start":
            kinds = [text for name, text in message["headers"] if name.lower() == b"content-type"]
            if any(kind.startswith(b"text/html") for kind in kinds):
                self._start = message
                return
            message["headers"] = _with(message["headers"], _headers(self._host, b""))
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            added = _headers(self._host, self._body)
            self._start["headers"] = _with(self._start["headers"], added)
            await self._send(self._start)
            message, self._start = {**message, "body": self._body}, None
        await self._send(message)


Headers = list[tuple[bytes, bytes]]


def _with(headers: Headers, added: Headers) -> Headers:
    names = {name for name, _ in added}
    return [*(header for header in headers if header[0].lower() not in names), *added]


def _headers(host: str, page: bytes) -> Headers:
    """The headers of security, with the policy for a page."""
    hashes = (hashlib.sha256(script).digest() for script in INLINE.findall(page))
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    policy = (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {scripts}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' ws://{host} wss://{host}; worker-src 'self' blob:; "
        "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode("latin-1", "replace")),
        (b"referrer-policy", b"no-referrer"),  # the address holds the token
        (b"x-content-type-options", b"nosniff"),
    ]
