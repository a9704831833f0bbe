"""A real web server for tests, on threads of its own, that misbehaves as told."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Web(ThreadingHTTPServer):
    """A server of `files` (path to content) that notes every request.

    `plan` holds, by path, how the next answers go wrong, one a request:

    ``status``, ``headers``, ``body``: this answer in place of the file;
    ``cut``: the connection goes after so many bytes of the body;
    ``stall``: so many bytes, then silence; ``drip``: a byte at a time, so many seconds apart;
    ``longer``: Content-Length says so many bytes more; ``endless``: bytes without end;
    ``meet``: the answer waits at this barrier;
    ``whole``: ranges and conditions are ignored; ``shifted``: a range that begins elsewhere;
    ``unasked``: a range is given whatever If-Range says; ``short``: so many bytes of it alone;
    ``gone``: the connection goes without an answer; ``repeat``: in place of all after this, these
    bytes without end, some a second.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.plan: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.posted: list[bytes] = []
        self.has_validators = True
        self.counting = threading.Lock()
        self.quiet = threading.Event()
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def address(self) -> str:
        return f"{self.scheme}://localhost:{self.server_address[1]}"

    def ranges(self) -> list[str | None]:
        """The Range of each request, in order."""
        return [headers.get("Range") for _, _, headers in self.asked]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not trust the certificate, is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Web

    def log_message(self, *_: Any) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def do_GET(self) -> None:
        web = self.server
        with web.counting:
            web.asked.append((self.command, self.path, dict(self.headers.items())))
            waiting = web.plan.get(self.path) or web.plan.get("*")
            told = waiting.pop(0) if waiting else {}
        if "meet" in told:
            told["meet"].wait(2)
        if "gone" in told:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if "repeat" in told:
            self.close_connection = True
            self.wfile.write(told.get("body", b""))
            while not web.quiet.wait(0.05):
                self.wfile.write(told["repeat"])
            return
        self._answer(told)

    def _answer(self, told: dict[str, Any]) -> None:
        content = told.get("body", self.server.files.get(self.path))
        if "status" in told or content is None:
            return self._send(
                told.get("status", 404), told.get("headers", {}), told.get("body", b""), {}
            )
        validators = {
            "ETag": f'"{hashlib.md5(content).hexdigest()}"',
            "Last-Modified": formatdate(1_700_000_000, usegmt=True),
        }
        headers = dict(validators) if self.server.has_validators else {}
        is_whole = "whole" in told
        if self.headers.get("If-None-Match") == headers.get("ETag", "") and not is_whole:
            return self._send(304, headers, b"", {})
        asked = self.headers.get("Range")
        is_same = self.headers.get("If-Range") == headers.get("ETag", "") or "unasked" in told
        if asked and not is_whole and is_same:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            start -= told.get("shifted", 0)
            if start >= len(content):
                return self._send(416, {"Content-Range": f"bytes */{len(content)}"}, b"", {})
            end = start + told.get("short", len(content) - start)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
            return self._send(206, headers, content[start:end], told)
        return self._send(200, headers | told.get("headers", {}), content, told)

    def _send(self, code: int, headers: dict[str, str], body: bytes, told: dict[str, Any]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if "endless" not in told and "unsized" not in told:
            self.send_header("Content-Length", str(len(body) + told.get("longer", 0)))
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in self._pieces(body, told):
            self.wfile.write(piece)
            self.wfile.flush()
        if told.keys() & {"cut", "stall", "longer"}:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _pieces(self, body: bytes, told: dict[str, Any]) -> Iterator[bytes]:
        if "drip" in told:
            for i in range(len(body)):
                yield body[i : i + 1]
                time.sleep(told["drip"])
        elif "endless" in told:
            yield body
            while not self.server.quiet.is_set():
                yield bytes(1 << 16)
        else:
            yield body[: told.get("cut", told.get("stall", len(body)))]
            if "stall" in told:
                self.server.quiet.wait(20)


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    with Web(context) as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield web
        web.quiet.set()
        web.shutdown()
