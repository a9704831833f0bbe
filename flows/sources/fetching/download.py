"""Download of one file over HTTP: resumable, conditional, and checked."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import httpx

from flows import __version__
from flows.home import durable
from flows.home.settings import BarometerError
from flows.sources.addresses import DayFile
from flows.sources.fetching.faults import (
    NETWORK_ERRORS,
    Damaged,
    Fault,
    Patience,
    Session,
    network_fault,
    paced,
    refusal,
    sent,
)

MOST_REDIRECTS = 5
"""As many as RFC 2068 allowed; publishers need one or none."""
HEAD_BYTES = 512
"""Enough bytes to recognise the type of a file."""
SPARE_BYTES = 100_000_000
"""Left free on the disk, so that the run after the download can write its lake. A choice."""

_MAGIC = {
    ".zip": (b"PK\x03\x04", b"PK\x05\x06"),
    ".zst": (b"\x28\xb5\x2f\xfd",),
    ".gz": (b"\x1f\x8b",),
}
_TEXT = {".json": b"{", ".jsonl": b"{", ".xml": b"<"}
"""How such a file begins, and in another's place a page of a server does."""


class Version(NamedTuple):
    """A version of a publisher's file by the server's headers; None where one is missing."""

    address: str
    etag: str | None
    last_modified: str | None
    size_bytes: int | None

    @property
    def validator(self) -> str | None:
        """Identifies the version of a partial file. If-Range takes no weak ETag (RFC 9110, section
        13.1.5)."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified


def open_client(patience: Patience) -> httpx.Client:
    """A client that names the project, and takes proxies and certificates from the environment.

    Raises
    ------
    BarometerError
        If what the environment names cannot be used.
    """
    try:
        return httpx.Client(
            headers={
                "User-Agent": f"barometer-ais/{__version__}",
                # Bytes as they lie there: sizes and ranges are of the file itself.
                "Accept-Encoding": "identity",
            },
            timeout=patience.timeout_s,
            limits=httpx.Limits(
                max_connections=patience.connections,
                max_keepalive_connections=0,  # for `sent`
            ),
        )
    except OSError as error:  # ssl's errors are some
        raise BarometerError(
            f"SSL_CERT_FILE or SSL_CERT_DIR: no readable certificates there ({error}). "
            "Set it to a PEM file, or unset the variable."
        ) from error
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        # Without the error's text: a proxy's address may hold a password.
        raise BarometerError(
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: not a valid proxy address. "
            "Use one such as http://proxy.example:3128."
        ) from error


def download(
    address: str, file: DayFile, part: Path, whole: Version | None, session: Session
) -> tuple[Version, bool] | None:
    """Bring a part to its end, from where it stopped if it is of the version that is there now.

    Parameters
    ----------
    address : str
        Where to ask.
    file : DayFile
        What is asked for.
    part : Path
        Where it goes; beside it is kept which version it is of.
    whole : Version or None
        The version that is here whole: it is not got again.
    session : Session
        Client, patience, progress, and the sign to stop.

    Returns
    -------
    tuple of Version and bool, or None
        What was got, and whether the part was there before. None where the publisher still has the
        version that is here whole.

    Raises
    ------
    Fault
        If it was not got. What came is on disk for the next try, where it can be of use.
    Damaged
        If it begins as no file of this kind does.
    """
    if session.stop.is_set():
        raise Fault("stopped.", is_ours=True)
    begun = _begun(part, address)
    if begun is not None and begun.size_bytes == size_of(part):
        return begun, True
    try:
        return _transfer(address, file, part, begun, whole, session)
    except NETWORK_ERRORS as error:
        raise network_fault(error, address, size_of(part)) from error


def _begun(part: Path, address: str) -> Version | None:
    """The version that a part is of, where it can go on; a complete one needs no validator."""
    version = read_version(part)
    if version is None or version.address != address or size_of(part) == 0:
        return None
    return version if version.validator or version.size_bytes == size_of(part) else None


def _transfer(
    address: str,
    file: DayFile,
    part: Path,
    begun: Version | None,
    whole: Version | None,
    session: Session,
) -> tuple[Version, bool] | None:
    headers = _conditions(address, begun, size_of(part), whole)
    with answer_of(session, address, headers) as response:
        version, is_resumed = _version(address, response), False
        match response.status_code:
            case HTTPStatus.NOT_MODIFIED if whole is not None and begun is None:
                return None
            case HTTPStatus.OK if version == whole and version.validator:
                drop(part)
                return None  # the condition was ignored
            case HTTPStatus.PARTIAL_CONTENT if begun is not None:
                _check_range(response, part, begun)
                version, is_resumed = begun, True
            case HTTPStatus.OK:
                _check_size(version, file, part)
                drop(part)  # before the record of the new version: never its name on old bytes
                note = json.dumps(version._asdict())
                durable.write_durably(record_of(part), note.encode())
            case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE if begun is not None:
                drop(part)
                raise Fault(
                    f"{address}: the partial file is longer than the server's.", may_pass=True
                )
            case code:
                raise refusal(code, response.headers.get("Retry-After", ""), address, session)
        at = _receive(response, part, version, file, session)
    if version.size_bytes not in (None, at):
        raise Fault(
            f"{address}: cut after {at:,} of {version.size_bytes:,} bytes.",
            may_pass=True,
            reached=at,
        )
    return version, is_resumed


def _conditions(
    address: str, begun: Version | None, start: int, whole: Version | None
) -> dict[str, str]:
    if begun is not None and begun.validator:
        return {"Range": f"bytes={start}-", "If-Range": begun.validator}
    if whole is None or whole.address != address:
        return {}
    headers = {"If-None-Match": whole.etag, "If-Modified-Since": whole.last_modified}
    return {name: value for name, value in headers.items() if value}


@contextmanager
def answer_of(session: Session, address: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """The answer to a GET behind its redirects; from https none leads to anything else."""
    request = session.client.build_request("GET", address, headers=headers)
    for _ in range(MOST_REDIRECTS + 1):
        response = sent(request, address, session)
        try:
            following = response.next_request
            if following is None:
                yield response
                return
        finally:
            response.close()
        if request.url.scheme == "https" and following.url.scheme != "https":
            raise Fault(
                f"{address}: the server redirects to an address without TLS, which is not "
                "followed. "
                "See the publisher's page for the new address."
            )
        request = following
    raise Fault(f"{address}: more than {MOST_REDIRECTS} redirects. See the publisher's page.")


def _version(address: str, response: httpx.Response) -> Version:
    size = response.headers.get("Content-Length", "")
    etag, last_modified = (
        text if text and _is_sendable(text) else None
        for text in map(response.headers.get, ("ETag", "Last-Modified"))
    )
    is_number = re.fullmatch(r"[0-9]{1,18}", size) is not None
    return Version(address, etag, last_modified, int(size) if is_number else None)


def _check_range(response: httpx.Response, part: Path, begun: Version) -> None:
    """The rest of a file must begin where the part ends, and be of the same version: a server may
    ignore If-Range, and two versions may have one size."""
    content_range = response.headers.get("Content-Range", "")
    now = _version(begun.address, response)
    has_changed = any(
        left and right and left != right
        for left, right in (
            (now.etag, begun.etag),
            (now.last_modified, begun.last_modified),
        )
    )
    if has_changed:
        drop(part)
        raise Fault(
            f"{begun.address}: the file changed during the download and is fetched again.",
            may_pass=True,
        )
    match = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)", content_range)
    sizes = None if begun.size_bytes is None else ("*", str(begun.size_bytes))
    if match is None or int(match[1]) != size_of(part) or (sizes and match[2] not in sizes):
        drop(part)
        raise Fault(
            f"{begun.address}: the server returned another byte range than requested.",
            may_pass=True,
        )


def _check_size(version: Version, file: DayFile, part: Path) -> None:
    size = version.size_bytes or 0
    if size > file.max_bytes:
        raise _too_large(version.address, file)
    free = shutil.disk_usage(part.parent).free + size_of(part)
    if size + SPARE_BYTES > free:
        raise Fault(
            f"{part.parent}: {free:,} bytes are free, but {file.name} and the run that reads it "
            f"need {size + SPARE_BYTES:,}{'' if version.size_bytes else ' at least'}. "
            "Free some space, or use another home.",
            is_ours=True,
        )


def _too_large(address: str, file: DayFile) -> Fault:
    return Fault(
        f"{address}: larger than {file.max_bytes:,} bytes, the limit of its source. If the "
        "publisher's files have grown, raise max_bytes in the source's TOML."
    )


def _receive(
    response: httpx.Response, part: Path, version: Version, file: DayFile, session: Session
) -> int:
    """Append a body to a part; the part's size. What came is on disk even if the rest does not."""
    at = size_of(part)
    head = b"" if at == 0 else None
    with part.open("ab") as out:
        try:
            for chunk in paced(
                response, response.iter_raw(), version.address, at, session.patience
            ):
                if session.stop.is_set():
                    raise Fault("stopped.", is_ours=True)
                at += len(chunk)
                if head is not None:
                    head += chunk
                    if len(head) >= HEAD_BYTES:
                        check_head(head, file.name)
                        head = None
                if at > file.max_bytes:
                    out.truncate(0)  # an endless answer is not kept
                    raise _too_large(version.address, file)
                out.write(chunk)
                session.progress(file.name, at, version.size_bytes)
        finally:
            out.flush()
            os.fsync(out.fileno())
    return at


def check_head(head: bytes, name: str) -> None:
    """Refuse a file whose first bytes do not match its name, such as an error page.

    Raises
    ------
    Damaged
        If it is empty, a page, or another kind of file than its name says.
    """
    if not head:
        raise Damaged("the server returned an empty file. See the publisher's page.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    mark = next((_TEXT[end] for end in _TEXT if name.lower().endswith(end)), None)
    is_page = start.startswith((b"<!doctype html", b"<html"))
    if is_page or (start[:1] in (b"<", b"{") and start[:1] != mark):
        raise Damaged(
            "the server returned a web page instead of the file. Open the address in a browser: "
            "the "
            "network may ask for a login, or the publisher has moved its files."
        )
    magic = next((_MAGIC[end] for end in _MAGIC if name.lower().endswith(end)), None)
    if magic is not None and not head.startswith(magic):
        raise Damaged(
            f"not a {name.rpartition('.')[2]} file by its first bytes. See the publisher's page."
        )


def record_of(path: Path) -> Path:
    """Path of the record of a file's version."""
    return path.with_name(f"{path.name}.json")


def read_version(path: Path) -> Version | None:
    """The version that the record beside a file names; None where there is none to be read."""
    try:
        raw = json.loads(record_of(path).read_text(encoding="utf-8"))
        version = Version(*(raw[name] for name in Version._fields))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (version.address, version.etag or "", version.last_modified or "")
    is_good = all(isinstance(text, str) and _is_sendable(text) for text in texts)
    return version if is_good and isinstance(version.size_bytes, int | None) else None


def drop(part: Path) -> None:
    """Take a part and its record away."""
    part.unlink(missing_ok=True)
    record_of(part).unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Size of a file in bytes; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_sendable(text: str) -> bool:
    return text.isascii() and text.isprintable()
