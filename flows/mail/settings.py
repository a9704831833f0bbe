"""The mail's settings, from the environment or a Prefect block."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from email.utils import formataddr
from typing import Any, NamedTuple

from flows.home.settings import PREFIX, BarometerError, variable
from flows.home.text import safe_text

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Default ports: submission (RFC 6409), submission over TLS (RFC 8314), plain SMTP."""

TIMEOUT_S = 60.0
"""For each answer of the server but the last (a choice). RFC 5321, 4.5.3.2, allows five minutes;
before the message is transferred another attempt does no harm."""

_HOST = re.compile(r"[A-Za-z0-9.:_-]+")

# Addresses as HTML's <input type=email> accepts them, without quoted local parts:
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_ADDRESS = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_MAILBOX = re.compile(rf'({_ADDRESS})|"?([^"<>@,;]*?)"?\s*<({_ADDRESS})>')

PLACEHOLDER_FROM, PLACEHOLDER_TO = "barometer@example.invalid", "team@example.invalid"
"""For a dry run without addresses; .invalid is reserved (RFC 2606)."""


class MailSettings(NamedTuple):
    """Server, login, sender and recipients. The password is not in its repr.

    Attributes
    ----------
    host, port : str, int
        The SMTP server.
    security : str
        starttls, tls or none; none only for this machine itself.
    user, password : str or None
        None: no login.
    sender : str
        For the header From: an address, with or without a name.
    recipients : tuple of str
        Addresses, each once.
    timeout_s : float
        For each answer of the server but the last, which may take ten times as long.
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


def is_set_up(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the environment has a mail server or a block."""
    return bool(variable("SMTP_HOST", environ) or variable("SMTP_BLOCK", environ))


def mail_settings(environ: Mapping[str, str] | None = None) -> MailSettings:
    """The mail's settings from the environment, or from the Prefect block given there.

    BAROMETER_SMTP_HOST, _PORT, _SECURITY (starttls, tls, none), _USER and _PASSWORD; or
    BAROMETER_SMTP_BLOCK, the name of an `EmailServerCredentials` block of prefect-email, which
    contains all these. BAROMETER_MAIL_FROM and BAROMETER_MAIL_TO (comma-separated) in both cases.

    Raises
    ------
    BarometerError
        If a setting is missing or not valid.
    """
    block, host = variable("SMTP_BLOCK", environ), variable("SMTP_HOST", environ)
    if block and host:
        raise BarometerError(
            "BAROMETER_SMTP_BLOCK and BAROMETER_SMTP_HOST are both set, and each is a mail server. "
            "Unset one of them."
        )
    missing = [PREFIX + name for name in ("MAIL_FROM", "MAIL_TO") if not variable(name, environ)]
    if not block and not host:
        missing.insert(0, "BAROMETER_SMTP_HOST (or BAROMETER_SMTP_BLOCK)")
    if missing:
        raise BarometerError(
            f"mail: {', '.join(missing)} not set in the environment. Example: "
            "BAROMETER_SMTP_HOST=smtp.example.org BAROMETER_SMTP_USER=barometer "
            "BAROMETER_SMTP_PASSWORD=... BAROMETER_MAIL_FROM=barometer@example.org "
            "BAROMETER_MAIL_TO=team@example.org,desk@example.org"
        )
    sender, recipients = addresses(environ)
    if block:
        server = _from_block(block)
    else:
        security = variable("SMTP_SECURITY", environ) or "starttls"
        if security not in PORTS:
            raise BarometerError(
                f"BAROMETER_SMTP_SECURITY: {security!r} is not one of {', '.join(PORTS)}."
            )
        server = {
            "host": host,
            "port": _port(variable("SMTP_PORT", environ) or PORTS[security]),
            "security": security,
            "user": variable("SMTP_USER", environ),
            "password": variable("SMTP_PASSWORD", environ),
        }
    return _checked(MailSettings(**server, sender=sender, recipients=recipients))


def addresses(environ: Mapping[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """Sender and recipients from BAROMETER_MAIL_FROM and _TO; placeholders if they are not set.

    Raises
    ------
    BarometerError
        If one is not a valid address.
    """
    senders = _mailboxes("MAIL_FROM", environ, PLACEHOLDER_FROM)
    if len(senders) != 1:
        raise BarometerError("BAROMETER_MAIL_FROM: set one address, such as barometer@example.org.")
    recipients = _mailboxes("MAIL_TO", environ, PLACEHOLDER_TO)
    return formataddr(senders[0]), tuple(dict.fromkeys(address for _, address in recipients))


def _mailboxes(name: str, environ: Mapping[str, str] | None, default: str) -> list[tuple[str, str]]:
    """(display name or "", address) for each entry of a comma-separated list."""
    text = variable(name, environ) or default
    parts = [part.strip() for part in text.split(",") if part.strip()]
    matches = [_MAILBOX.fullmatch(part) for part in parts]
    if not matches or not all(matches) or not text.isprintable():
        raise BarometerError(
            f"{PREFIX}{name}: {safe_text(text)!r} is not an address or a comma-separated list. "
            "Example: a@example.org,b@example.org; write a non-ASCII domain in its xn-- form."
        )
    return [(match[2] or "", match[1] or match[3]) for match in matches if match]


def _port(value: Any) -> int:
    try:
        port = int(value)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise BarometerError(
            f"BAROMETER_SMTP_PORT: {value!r} is not a port. Usual are 587 and 465."
        )
    return port


def _from_block(name: str) -> dict[str, Any]:
    """Server and login from a block of prefect-email, on the Prefect server in use."""
    from prefect_email import (  # type: ignore[import-untyped]  # noqa: PLC0415
        EmailServerCredentials,
    )

    try:
        block = EmailServerCredentials.load(name, _sync=True)
    except Exception as error:
        # The error's text may quote the block's values, so it is left out.
        raise BarometerError(
            f"BAROMETER_SMTP_BLOCK: the block email-server-credentials/{safe_text(name)} cannot be "
            f"loaded ({type(error).__name__}). Is PREFECT_API_URL the server that has it? "
            "`prefect block ls` lists its blocks."
        ) from None
    if not block.verify:
        raise BarometerError(
            f"BAROMETER_SMTP_BLOCK: the block {safe_text(name)} does not verify the server's "
            "certificate, so anyone could receive the password. Set verify in the block; for a "
            "certificate authority of your own set SSL_CERT_FILE to its file."
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
            f"mail: {safe_text(mail.host)!r} is not the name or address of a server, such as "
            "smtp.example.org. Set BAROMETER_SMTP_HOST, or smtp_server in the block."
        )
    if mail.security == "none" and not _is_loopback(mail.host):
        raise BarometerError(
            f"mail: without TLS, report and password would be readable on the way to "
            f"{safe_text(mail.host)}. Set BAROMETER_SMTP_SECURITY (in a block: smtp_type) to "
            "starttls or tls; none is only for this machine itself."
        )
    if bool(mail.user) != bool(mail.password):
        raise BarometerError(
            "mail: a login needs both BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD (in a block: "
            "username and password). For a server without login unset both."
        )
    if mail.password and not (f"{mail.user}{mail.password}".isascii()):
        raise BarometerError(
            "mail: user and password must be ASCII (a limit of Python's smtplib). Set another "
            "password at the provider."
        )
    return mail


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
