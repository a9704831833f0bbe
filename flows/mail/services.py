"""Services that alerts go to, each an address of apprise: mail, Slack, Teams, ntfy, webhooks.

An address has tokens or a password in it. It comes from the environment or from a Prefect block,
and is in no log, message or file: a service is called by its kind and a hash.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import unquote

from flows.home.hashes import text_hash
from flows.home.settings import BarometerError, variable
from flows.home.text import safe_text
from flows.mail.remedies import Delivery

URLS, BLOCK = "ALERT_URLS", "ALERT_BLOCK"

_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_PASSWORD = re.compile(r"(?<=//)([^/@:]*):[^/@]*@")

LOST = re.compile(
    r"Read timed out|Connection aborted|RemoteDisconnected|Connection unexpectedly closed"
    r"|IncompleteRead|Connection broken"
)
"""What apprise logs where a connection was lost after the message went out (texts of requests,
urllib3 and smtplib): the service may have it."""

NOISY = ("apprise", "urllib3", "requests")
"""Loggers that show addresses or payloads."""

LEAST_PIECE = 3
"""Shorter pieces of an address are no secret, and would tear a message apart (a choice)."""


class Service(NamedTuple):
    """A service: its name, and its address, which stays out of its repr."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"Service({self.name})"


def is_set_up(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the environment has services, or a block."""
    return bool(variable(URLS, environ) or variable(BLOCK, environ))


def services(environ: Mapping[str, str] | None = None) -> list[Service]:
    """The services of BAROMETER_ALERT_URLS, or of the block in BAROMETER_ALERT_BLOCK.

    Raises
    ------
    BarometerError
        If both are set, or the block cannot be loaded. The message repeats no address.
    """
    urls, block = variable(URLS, environ), variable(BLOCK, environ)
    if urls and block:
        raise BarometerError(
            "BAROMETER_ALERT_URLS and BAROMETER_ALERT_BLOCK are both set, and each has the "
            "services. Unset one of them."
        )
    text = _from_block(block) if block else urls or ""
    given = [Service(_name(url), url) for url in _BETWEEN.split(text.strip()) if url]
    return list(dict.fromkeys(given))


def _name(url: str) -> str:
    """Kind and hash: addresses hold random tokens, of which eight digits tell nothing.

    A password, which people choose, is left out: a hash with it could be tried offline.

    >>> _name("json://user:secret@host/a") == _name("json://user:other@host/a")
    True
    >>> _name("json://host/a") == _name("json://host/b")
    False
    """
    kind = re.match(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)", url)
    without_password = _PASSWORD.sub(r"\1@", url)
    return f"{kind[0].lower() if kind else 'unknown'} {text_hash(without_password)[:8]}"


def _from_block(name: str) -> str:
    from prefect.blocks.system import Secret  # noqa: PLC0415 takes seconds

    try:
        return str(Secret.load(name, _sync=True).get())  # type: ignore[union-attr, call-arg]
    except Exception as error:
        # The error's text may quote the block's value, so it is left out.
        raise BarometerError(
            f"BAROMETER_ALERT_BLOCK: the block {safe_text(name)} of type Secret cannot be loaded "
            f"({type(error).__name__}). Is PREFECT_API_URL the server that has it? `prefect block "
            "ls` lists its blocks."
        ) from None


def notify(service: Service, title: str, text_of: Callable[[int], str]) -> Delivery:
    """Send a plain text to a service, in one attempt.

    Parameters
    ----------
    service : Service
        Its kind must be one that apprise knows.
    title : str
        The subject.
    text_of : callable
        The text, from the most characters that the service takes in one message.

    Returns
    -------
    Delivery
        `unclear` if the connection was lost before the answer. Its text has no part of the address.
    """
    import apprise  # noqa: PLC0415 takes half a second, and most runs alert nobody

    asset = apprise.AppriseAsset(
        app_id="Barometer",
        app_desc="Barometer",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,  # no token comes into a file
    )
    with _heard() as log:
        try:
            opened = apprise.Apprise.instantiate(service.url, asset=asset)
            if opened is None:
                return Delivery(
                    "failed",
                    "the address is not one that apprise knows; correct BAROMETER_ALERT_URLS (or "
                    "the block) after https://github.com/caronc/apprise/wiki",
                )
            # Else apprise sends it as Markdown, or as HTML whose lines do not break.
            opened.notify_format = apprise.NotifyFormat.TEXT
            every = apprise.Apprise(servers=[opened], asset=asset)
            most = opened.body_maxlen - len(title) - 2
            is_sent = every.notify(
                text_of(most), title=title, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # any fault of a plugin; its text may quote the address
            return Delivery("failed", type(error).__name__)
    if is_sent:
        return Delivery("sent")
    texts = [record.getMessage() for record in log if record.levelno >= logging.WARNING]
    why = _without_secrets(texts[-1] if texts else "no reason given", service.url)
    if any(LOST.search(record.getMessage()) for record in log):
        return Delivery("unclear", f"no answer after the message: {why}")
    return Delivery("failed", why, is_temporary=True)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """What apprise logs, kept in memory alone."""
    records: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Kept()
    loggers = [logging.getLogger(name) for name in NOISY]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    try:
        yield records
    finally:
        for logger, level, propagates in before:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagates


def _without_secrets(text: str, url: str) -> str:
    """A text without any part of the address but its kind.

    >>> _without_secrets("no TOKEN1 at hooks.example", "slack://TOKEN1/B/x@hooks.example")
    'no *** at ***'
    """
    kind, _, rest = url.partition("://")
    pieces = {piece for form in (rest, unquote(rest)) for piece in re.split(r"[/:@?&=#,;]", form)}
    for piece in sorted(pieces - {kind}, key=len, reverse=True):
        if len(piece) >= LEAST_PIECE:
            text = text.replace(piece, "***")
    return safe_text(text)[:200].rstrip(". ")
