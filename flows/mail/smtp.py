"""SMTP: the mail's settings, and a message handed to a server, with what became of it.

It imports nothing of the lake or the report, so that an alarm can be sent whatever is broken.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import os
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import formataddr, parseaddr
from typing import Any, NamedTuple

from flows.home.settings import BarometerError
from flows.home.text import safe_text

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Submission (RFC 6409), submission over TLS (RFC 8314), and plain SMTP."""

TIMEOUT_S = 60.0
"""For every answer of the server but the last (a choice). RFC 5321, 4.5.3.2, gives a server five
minutes; to try again costs nothing before the message is handed over."""

END_OF_DATA = 10
"""The last answer may take so many times longer, ten minutes in all (RFC 5321, 4.5.3.2.6): who
hangs up before it does not know whether the message was taken."""

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


class Fate(NamedTuple):
    """What became of a message for a recipient: sent, failed or unclear; why; is it worth a try."""

    state: str
    why: str = ""
    is_temporary: bool = False


def utc_now() -> datetime:
    """The time of sending; the as-of time is the clock of the numbers, not of the post."""
    return datetime.now(UTC).replace(tzinfo=None)


class Told(NamedTuple):
    """What is said of a sending: what went well, and what somebody must look at."""

    done: list[str]
    problems: list[str]


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


# SMTP


def deliver(mail: MailSettings, content: bytes, to: Sequence[str]) -> dict[str, Fate]:
    """Hand a message to the server once, for these recipients.

    Parameters
    ----------
    mail : MailSettings
        The server. Its certificate is verified by the system's authorities, or by those of the file
        that SSL_CERT_FILE names.
    content : bytes
        The message, its lines ended by CRLF.
    to : sequence of str
        Addresses.

    Returns
    -------
    dict
        Address -> its fate. `unclear` is only where the connection went after the whole message and
        before the server's answer. Texts hold neither the password nor signs that a screen does not
        show.
    """
    try:
        smtp = _connected(mail)
    except (OSError, UnicodeError) as error:  # smtplib's own errors are OSErrors too
        return dict.fromkeys(to, _fate(error, mail))
    try:
        return _handed_over(smtp, mail, content, to)
    except OSError as error:
        return dict.fromkeys(to, _fate(error, mail))
    finally:
        # What was said stands; a server that says no good-bye must not hold up the record.
        with contextlib.suppress(OSError):
            if smtp.sock is not None:
                smtp.sock.settimeout(1)
            smtp.quit()
        smtp.close()


def _connected(mail: MailSettings) -> smtplib.SMTP:
    """A session, secured and logged in."""
    context = ssl.create_default_context()
    if mail.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=mail.timeout_s, context=context
        )
    else:
        smtp = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_s)
    try:
        if mail.security == "starttls":
            smtp.starttls(context=context)
        if mail.user and mail.password:
            smtp.login(mail.user, mail.password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _handed_over(
    smtp: smtplib.SMTP, mail: MailSettings, content: bytes, to: Sequence[str]
) -> dict[str, Fate]:
    """The dialogue of RFC 5321 from MAIL on, in steps: when something failed decides the fate."""
    sender = parseaddr(mail.sender)[1]
    options = [f"size={len(content)}"] if smtp.has_extn("size") else []
    _expect(smtp.mail(sender, options), {250})
    fates = {}
    for address in to:
        reply = smtp.rcpt(address)
        if reply[0] == 421:
            _expect(reply, set())  # the server leaves
        if reply[0] not in {250, 251}:
            fates[address] = _fate(smtplib.SMTPResponseException(*reply), mail)
    accepted = [address for address in to if address not in fates]
    if not accepted:
        return fates
    _expect(smtp.docmd("DATA"), {354})
    # A line that begins with a dot gets another: a dot alone ends the message (RFC 5321, 4.5.2).
    smtp.send(re.sub(rb"(?m)^\.", b"..", content))
    if smtp.sock is not None:
        smtp.sock.settimeout(END_OF_DATA * mail.timeout_s)
    try:
        smtp.send(b".\r\n")
        reply = smtp.getreply()
    except OSError as error:
        why = _fate(error, mail).why
        return fates | dict.fromkeys(accepted, Fate("unclear", f"no answer after the end: {why}"))
    fate = Fate("sent") if reply[0] == 250 else _fate(smtplib.SMTPResponseException(*reply), mail)
    return fates | dict.fromkeys(accepted, fate)


def _expect(reply: tuple[int, bytes], codes: set[int]) -> None:
    if reply[0] not in codes:
        raise smtplib.SMTPResponseException(*reply)


def _fate(error: Exception, mail: MailSettings) -> Fate:
    """A failure in words, and whether it is worth a try: 4yz is, 5yz is not (RFC 5321, 4.2.1)."""
    is_temporary = True
    hint = ""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        why = f"the server says {error.smtp_code} {text}"
        is_temporary = not 500 <= error.smtp_code <= 599
        hint = _remedy(f"{error.smtp_code} {text}")
    elif isinstance(error, ssl.SSLCertVerificationError):
        why = f"the server's certificate does not hold: {error.verify_message}"
        hint = "; name the file of a certificate authority of your own in SSL_CERT_FILE"
        is_temporary = False
    elif isinstance(error, ssl.SSLError):
        why = f"no TLS: {error.reason or error}"
        hint = "; port 465 usually wants BAROMETER_SMTP_SECURITY=tls, port 587 starttls"
    elif isinstance(error, smtplib.SMTPServerDisconnected):  # says timed out, where it was that
        why = str(error)
    elif isinstance(error, smtplib.SMTPException):  # no STARTTLS, or no way to log in, on offer
        why = str(error)
        hint = _remedy(why)
        is_temporary = False
    elif isinstance(error, TimeoutError):
        why = "no answer in time"
    else:
        why = getattr(error, "strerror", None) or str(error)
    told = _without_secrets(safe_text(why), mail)[:300]
    return Fate("failed", f"{mail.host}:{mail.port}: {told}{hint}", is_temporary)


REMEDIES = (
    (
        r"535\b.*(5\.7\.139|basic auth|SmtpClientAuth)|No suitable authentication method",
        "the server takes no passwords. Microsoft 365 has switched them off for SMTP: let its "
        "administrator allow authenticated SMTP for this mailbox if he still can, or name a server "
        "that takes a user and a password, or a relay that knows this machine by its address, in "
        "BAROMETER_SMTP_HOST",
    ),
    (
        r"534\b.*5\.7\.(9|14)|application-specific password|app password",
        "the account wants a password made for this program alone, as Google does with two-step "
        "verification: make an app password in the account's security settings and set it as "
        "BAROMETER_SMTP_PASSWORD",
    ),
    (
        r"AUTH extension not supported",
        "the server offers no login here: perhaps on another port (587 with starttls, 465 with "
        "tls); a relay that wants none needs BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD unset",
    ),
    (
        r"(530|538|554)\b.*(STARTTLS|encrypt)",
        "the server wants an encrypted connection: BAROMETER_SMTP_SECURITY=starttls with port 587, "
        "or tls with 465",
    ),
    (
        r"STARTTLS extension not supported",
        "the server offers no encryption on this port: BAROMETER_SMTP_SECURITY=tls with port 465, "
        "or starttls with 587",
    ),
    (
        r"(530|550|553|554)\b.*(5\.7\.57|authenticat(ion|e) (is )?required|not authenticated)",
        "the server wants a login: set BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD",
    ),
    (
        r"5\d\d\b.*(5\.7\.60|5\.2\.252|SendAsDenied|send as|not owned by)",
        "this login may not send as this sender: set BAROMETER_MAIL_FROM to the address of the "
        "mailbox that logs in, or let its administrator grant it to send as the other",
    ),
    (r"5(52|54)\b.*(5\.3\.4|5\.2\.3|size|too (large|big))", "the message is too large for it"),
    (r"535\b", "login refused: check user and password"),
    (r"454\b.*(4\.7\.0|authentication)", "the server cannot check logins at the moment"),
    (r"421\b", "the server is busy or restarts"),
)
"""What a refusal means and what to do, by its code and text (RFC 4954, 6; RFC 3463; the texts of
Microsoft 365, Google and Postfix). The first that fits holds."""


def _remedy(reply: str) -> str:
    """What to do about a refusal, with a semicolon before it; empty where it says all itself."""
    line = " ".join(reply.split())
    found = (hint for pattern, hint in REMEDIES if re.match(rf"(?i).*?{pattern}", line))
    return next((f"; {hint}" for hint in found), "")


def _without_secrets(text: str, mail: MailSettings) -> str:
    """A server may quote what it was sent, plain or in base64."""
    if not mail.password:
        return text
    forms = [mail.password, f"\0{mail.user}\0{mail.password}"]
    for form in (*(base64.b64encode(f.encode()).decode() for f in forms), safe_text(forms[0])):
        text = text.replace(form, "***")
    return text
