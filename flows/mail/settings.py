"""The mail's settings, from the environment or a Prefect block."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from email.utils import formataddr
from typing import Any, NamedTuple

from flows.home.settings import BarometerError
from flows.home.text import safe_text

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Submission (RFC 6409), submission over TLS (RFC 8314), and plain SMTP."""

TIMEOUT_S = 60.0
"""For every answer of the server but the last (a choice). RFC 5321, 4.5.3.2, gives a server five
minutes; to try again costs nothing before the message is handed over."""

_HOST = re.compile(r"[A-Za-z0-9.:_-]+")

# The addresses that HTML's <input type=email> takes, which leaves out quoted local parts:
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_ADDRESS = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_MAILBOX = re.compile(rf'({_ADDRESS})|"?([^"<>@,;]*?)"?\s*<({_ADDRESS})>')

PLACEHOLDER_FROM, PLACEHOLDER_TO = "barometer@example.invalid", "team@example.invalid"
"""Of a dry run without addresses; .invalid belongs to nobody (RFC 2606)."""


class MailSettings(NamedTuple):
    """How a message gets to the team. The password is in no text that is made of it.

    Attributes
    ----------
    host, port : str, int
        The SMTP server.
    security : str
        starttls, tls or none; none only to this machine itself.
    user, password : str or None
        None: no login.
    sender : str
        The header From: an address, with or without a name.
    recipients : tuple of str
        Addresses, each once.
    timeout_s : float
        For every answer of the server but the last, which may take ten times as long.
    """

    host: str
    port: int
    security: str
    user: str | None
    password: str | None
    sender: str
    recipients: tuple[str, ...]
    timeout_s: float = TIMEOUT_S

    def __repr__(self) -> str:
        login = "login" if self.user else "no login"
        return f"MailSettings({self.security}://{self.host}:{self.port}, {login})"


# Settings


def is_set_up(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the environment names a mail server or a block."""
    environ = os.environ if environ is None else environ
    return bool(environ.get("BAROMETER_SMTP_HOST") or environ.get("BAROMETER_SMTP_BLOCK"))


def mail_settings(environ: Mapping[str, str] | None = None) -> MailSettings:
    """The mail's settings from the environment, or from the Prefect block that it names.

    BAROMETER_SMTP_HOST, _PORT, _SECURITY (starttls, tls, none), _USER and _PASSWORD; or
    BAROMETER_SMTP_BLOCK, the name of an `EmailServerCredentials` block of prefect-email, which
    gives all these. BAROMETER_MAIL_FROM and BAROMETER_MAIL_TO (with commas) in both cases.

    Raises
    ------
    BarometerError
        If something is missing or does not fit: the message says what, and how to set it.
    """
    environ = os.environ if environ is None else environ
    block, host = environ.get("BAROMETER_SMTP_BLOCK"), environ.get("BAROMETER_SMTP_HOST")
    if block and host:
        raise BarometerError(
            "BAROMETER_SMTP_BLOCK and BAROMETER_SMTP_HOST are both set, and each names a mail "
            "server. Unset one of them."
        )
    missing = [n for n in ("BAROMETER_MAIL_FROM", "BAROMETER_MAIL_TO") if not environ.get(n)]
    if not block and not host:
        missing.insert(0, "BAROMETER_SMTP_HOST (or BAROMETER_SMTP_BLOCK)")
    if missing:
        raise BarometerError(
            f"mail: {', '.join(missing)} not set in the environment. For example: "
            "BAROMETER_SMTP_HOST=smtp.example.org BAROMETER_SMTP_USER=barometer "
            "BAROMETER_SMTP_PASSWORD=... BAROMETER_MAIL_FROM=barometer@example.org "
            "BAROMETER_MAIL_TO=team@example.org,desk@example.org"
        )
    sender, recipients = addresses(environ)
    if block:
        server = _from_block(block)
    else:
        security = environ.get("BAROMETER_SMTP_SECURITY") or "starttls"
        if security not in PORTS:
            raise BarometerError(
                f"BAROMETER_SMTP_SECURITY: {security!r} is none of {', '.join(PORTS)}."
            )
        server = {
            "host": host,
            "port": _port(environ.get("BAROMETER_SMTP_PORT") or PORTS[security]),
            "security": security,
            "user": environ.get("BAROMETER_SMTP_USER") or None,
            "password": environ.get("BAROMETER_SMTP_PASSWORD") or None,
        }
    return _checked(MailSettings(**server, sender=sender, recipients=recipients))


def addresses(environ: Mapping[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """Sender and recipients from BAROMETER_MAIL_FROM and _TO; placeholders where they are missing.

    Raises
    ------
    BarometerError
        If a text is no address.
    """
    environ = os.environ if environ is None else environ
    senders = _mailboxes("BAROMETER_MAIL_FROM", environ, PLACEHOLDER_FROM)
    if len(senders) != 1:
        raise BarometerError("BAROMETER_MAIL_FROM: one address, such as barometer@example.org.")
    recipients = _mailboxes("BAROMETER_MAIL_TO", environ, PLACEHOLDER_TO)
    return formataddr(senders[0]), tuple(dict.fromkeys(address for _, address in recipients))


def _mailboxes(name: str, environ: Mapping[str, str], default: str) -> list[tuple[str, str]]:
    """Names and addresses of a list with commas; the names are for people and may be empty."""
    text = environ.get(name) or default
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [_MAILBOX.fullmatch(part) for part in parts]
    if not found or not all(found) or not text.isprintable():
        raise BarometerError(
            f"{name}: {safe_text(text)!r} is no address, or no list of them with commas. Write "
            "a@example.org,b@example.org; a domain beyond ASCII in its xn-- form."
        )
    return [(match[2] or "", match[1] or match[3]) for match in found if match]


def _port(value: Any) -> int:
    try:
        port = int(value)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise BarometerError(f"BAROMETER_SMTP_PORT: {value!r} is no port. Usual are 587 and 465.")
    return port


def _from_block(name: str) -> dict[str, Any]:
    """Server and login from a block of prefect-email, on the Prefect server that is in use."""
    from prefect_email import (  # type: ignore[import-untyped]  # noqa: PLC0415
        EmailServerCredentials,
    )

    try:
        block = EmailServerCredentials.load(name, _sync=True)
    except Exception as error:
        # Its text may quote the block's values, so it is left out.
        raise BarometerError(
            f"BAROMETER_SMTP_BLOCK: the block email-server-credentials/{safe_text(name)} cannot be "
            f"loaded ({type(error).__name__}). Is PREFECT_API_URL the server that has it? "
            "`prefect block ls` lists what there is."
        ) from None
    if not block.verify:
        raise BarometerError(
            f"BAROMETER_SMTP_BLOCK: the block {safe_text(name)} does not verify the server's "
            "certificate, and a password would go to whoever answers. Set verify in the block; of "
            "a certificate authority of your own name the file in SSL_CERT_FILE."
        )
    kinds = {"STARTTLS": "starttls", "SSL": "tls", "INSECURE": "none"}
    security = kinds[block.smtp_type.name]
    return {
        "host": getattr(block.smtp_server, "value", block.smtp_server),
        "port": block.smtp_port or PORTS[security],
        "security": security,
        "user": block.username or None,
        "password": block.password.get_secret_value() or None,
    }


def _checked(mail: MailSettings) -> MailSettings:
    if not _HOST.fullmatch(mail.host):
        raise BarometerError(
            f"mail: {safe_text(mail.host)!r} is no name or address of a server, such as "
            "smtp.example.org. Set BAROMETER_SMTP_HOST, or smtp_server in the block."
        )
    if mail.security == "none" and not _is_loopback(mail.host):
        raise BarometerError(
            f"mail: {safe_text(mail.host)} without TLS would get the report and the password "
            "readable for everyone on the way. Set BAROMETER_SMTP_SECURITY (in a block: smtp_type) "
            "to starttls or tls; none goes only to this machine itself."
        )
    if bool(mail.user) != bool(mail.password):
        raise BarometerError(
            "mail: a login needs both BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD (in a block: "
            "username and password); a server without login neither."
        )
    if mail.password and not (f"{mail.user}{mail.password}".isascii()):
        raise BarometerError(
            "mail: user and password can only hold ASCII signs (Python's smtplib sends no others). "
            "Set another password at the provider."
        )
    return mail


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
