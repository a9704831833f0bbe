"""Step 10, mail: a week's report to the team by SMTP, once for each version, and the outbox.

The outbox (`history/outbox.jsonl`) is written before and after the server is spoken to. A message
whose end is not known, because the program or the connection died between the server's word and the
record, may have been delivered; it is named and not sent again without a person's word, since
"once" is the promise.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import os
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import formataddr, parseaddr
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows import catalogue, durable, lake
from flows.history import OUTBOX, append_history, read_history
from flows.letter import Letter, alarm, compose, message, message_id, read_letter
from flows.report import tables, write
from flows.report.tables import safe_text
from flows.settings import BarometerError, Settings

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Submission (RFC 6409), submission over TLS (RFC 8314), and plain SMTP."""

TIMEOUT_S = 60.0
"""For every answer of the server but the last (a choice). RFC 5321, 4.5.3.2, gives a server five
minutes; to try again costs nothing before the message is handed over."""

END_OF_DATA = 10
"""The last answer may take so many times longer, ten minutes in all (RFC 5321, 4.5.3.2.6): who
hangs up before it does not know whether the message was taken."""

WAITS_S = (5.0, 20.0)
"""Waits between the tries of one call (a choice): enough for a server that restarts."""

BACKOFF, MAX_BACKOFF = timedelta(minutes=1), timedelta(days=1)
"""Wait before the run that tries again; doubled by each try, up to the second (a choice)."""

_HOST = re.compile(r"[A-Za-z0-9.:_-]+")

# The addresses that HTML's <input type=email> takes, which leaves out quoted local parts:
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_ADDRESS = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_MAILBOX = re.compile(rf'({_ADDRESS})|"?([^"<>@,;]*?)"?\s*<({_ADDRESS})>')

RECORD: dict[str, Any] = dict.fromkeys(
    [
        *("week", "week_state", "version", "to", "state", "at", "attempt", "message_id", "error"),
        *("next_try_at", "settings_hash"),
    ]
)
"""The keys of a record of the outbox. Each try has one before it, `sending`, and one for each end
after it: `sent`, `failed` (`next_try_at` is null if it is not tried again by itself), `unclear`."""

TAKEN = ("sent", "unclear")
"""The ends after which somebody has the message, or may."""

CRASHED = "barometer ended between the sending and its record"

PLACEHOLDER_FROM, PLACEHOLDER_TO = "barometer@example.invalid", "team@example.invalid"
"""Of a dry run without addresses; .invalid belongs to nobody (RFC 2606)."""


Clock = Callable[[], datetime]
"""Gives the time, naive UTC."""


def utc_now() -> datetime:
    """The time of sending; the as-of time is the clock of the numbers, not of the post."""
    return datetime.now(UTC).replace(tzinfo=None)


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
        if isinstance(error, smtplib.SMTPAuthenticationError):
            hint = "; login refused: check user and password"
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
        is_temporary = False
    elif isinstance(error, TimeoutError):
        why = "no answer in time"
    else:
        why = getattr(error, "strerror", None) or str(error)
    told = _without_secrets(safe_text(why), mail)[:300]
    return Fate("failed", f"{mail.host}:{mail.port}: {told}{hint}", is_temporary)


def _without_secrets(text: str, mail: MailSettings) -> str:
    """A server may quote what it was sent, plain or in base64."""
    if not mail.password:
        return text
    forms = [mail.password, f"\0{mail.user}\0{mail.password}"]
    for form in (*(base64.b64encode(f.encode()).decode() for f in forms), safe_text(forms[0])):
        text = text.replace(form, "***")
    return text


# The outbox


def send_week(
    home: Path,
    mail: MailSettings,
    letter: Letter,
    *,
    by_hand: bool,
    again: bool = False,
    now: Clock = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Told:
    """Send a week's version to everyone who does not have it, and record it.

    Parameters
    ----------
    home : Path
        With the outbox.
    mail, letter : MailSettings, Letter
        How and what.
    by_hand : bool
        A person asks: what failed is tried at once. Else only what is due, and what failed for good
        only if the settings changed.
    again : bool
        Send it to everyone, whatever was sent before: a person's word.
    now, sleep : callable
        The clock, naive UTC, and the wait between tries.

    Returns
    -------
    Told
        A problem where a recipient does not have it, or may or may not. Without a person the latter
        is a problem of the run that finds it; to later ones it is known.

    Raises
    ------
    BarometerError
        If another process is sending, or the outbox cannot be written.
    """
    with _locked(home):
        crashed = [
            record
            for record in _versioned(_record_crashed(home, now()), letter)
            if not (again and _is_of(record, letter))
        ]
        records = _versioned(read_outbox(home), letter)
        last = _last(_current(records, letter))
        to = [
            address
            for address in mail.recipients
            if again or _is_to_be_sent(last.get(address), mail, now(), by_hand=by_hand)
        ]
        if to:
            _try(home, mail, letter, to, records, now, sleep)
            last = _last(_current(_versioned(read_outbox(home), letter), letter))
    told = _told(letter, mail, last, to, by_hand=by_hand)
    found = [_unclear(record, record["to"]) for record in crashed]
    return told._replace(problems=list(dict.fromkeys([*found, *told.problems])))


def read_outbox(home: Path) -> list[dict[str, Any]]:
    """The records of the outbox, oldest first; a line that is none is passed over."""
    found = read_history(home, OUTBOX)
    return [record for record in found if RECORD.keys() <= record.keys()]


def _versioned(records: Iterable[dict[str, Any]], letter: Letter) -> list[dict[str, Any]]:
    """The records, those of the letter's week with versions as they are made now.

    Earlier releases hashed the week's CSV files (their versions have no n in front), which hold
    other weeks and change with their layout. What they sent is this version unless a published
    number of the week has changed since.
    """

    def is_this(record: dict[str, Any]) -> bool:
        sent_at = datetime.fromisoformat(record["at"])
        return (
            record["week"] == letter.week
            and not record["version"].startswith("n")
            and not any(at is None or at > sent_at for at in letter.changed_at)
        )

    return [r | {"version": letter.version} if is_this(r) else r for r in records]


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time sends from a home. A run may write to it meanwhile."""
    durable.make_folder(home / "history")
    with lake.locked(home / "history"):
        yield


def _is_of(record: Mapping[str, Any], letter: Letter) -> bool:
    return (record["week"], record["version"]) == (letter.week, letter.version)


def _current(records: Sequence[dict[str, Any]], letter: Letter) -> list[dict[str, Any]]:
    """The records of this version since another one went out: numbers that come back are news."""
    others = [
        number
        for number, record in enumerate(records, 1)
        if record["week"] == letter.week
        and record["version"] != letter.version
        and record["state"] in TAKEN
    ]
    return [record for record in records[max(others, default=0) :] if _is_of(record, letter)]


def _identity(records: Iterable[dict[str, Any]], letter: Letter, sender: str) -> str:
    """The Message-ID of this version, by how often it went out before another one did."""
    went_out = (r["version"] for r in records if r["week"] == letter.week and r["state"] in TAKEN)
    versions = [version for version, _ in groupby(went_out)]
    if versions and versions[-1] == letter.version:
        versions.pop()
    return message_id(letter, sender, versions.count(letter.version))


def _last(records: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Recipient -> the last of the records that names them."""
    return {address: record for record in records for address in record["to"]}


def _is_to_be_sent(
    record: dict[str, Any] | None, mail: MailSettings, now: datetime, *, by_hand: bool
) -> bool:
    if record is None:
        return True
    if record["state"] != "failed":
        return False
    if by_hand or record["settings_hash"] != settings_hash(mail):
        return True
    due = record["next_try_at"]
    return due is not None and datetime.fromisoformat(due) <= now


def settings_hash(mail: MailSettings) -> str:
    """A mark by which changed settings are told, the password apart: no record is made of that."""
    told = repr((mail.host, mail.port, mail.security, mail.user, mail.sender, mail.recipients))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def _replaced_at(records: Iterable[dict[str, Any]], letter: Letter) -> datetime | None:
    """When another version of the week was sent last; the count of an open week was no number."""
    times = [
        datetime.fromisoformat(record["at"])
        for record in records
        if record["state"] == "sent"
        and record["week"] == letter.week
        and record["version"] != letter.version
        and record["week_state"] != "open"
    ]
    return max(times, default=None)


def _try(
    home: Path,
    mail: MailSettings,
    letter: Letter,
    to: Sequence[str],
    records: Sequence[dict[str, Any]],
    now: Clock,
    sleep: Callable[[float], None],
) -> None:
    """Try a few times, each with a record before and one or more after."""
    texts = compose(letter, _replaced_at(records, letter))
    identity = _identity(records, letter, mail.sender)
    before = max((record["attempt"] for record in _current(records, letter)), default=0)
    for number, wait in enumerate((*WAITS_S, None), before + 1):
        at = now()
        whole = message(letter, texts, mail.sender, mail.recipients, at, identity)
        common = {
            "week": letter.week,
            "week_state": letter.week_state,
            "version": letter.version,
            "message_id": identity,
            "attempt": number,
            "settings_hash": settings_hash(mail),
        }
        _append(home, [common | {"to": list(to), "state": "sending", "at": at.isoformat()}])
        fates = deliver(mail, whole.as_bytes(), to)
        after = now()
        next_try = after + min(BACKOFF * 2 ** min(number - 1, 30), MAX_BACKOFF)
        news = [
            {
                "to": [address for address in to if fates[address] == fate],
                "state": fate.state,
                "at": after.isoformat(),
                "error": fate.why or None,
                "next_try_at": next_try.isoformat() if fate.is_temporary else None,
            }
            for fate in sorted(set(fates.values()))
        ]
        _append(home, [common | one for one in news])
        to = [address for address in to if fates[address].is_temporary]
        if not to or wait is None:
            return
        sleep(wait)


def _append(home: Path, records: Sequence[dict[str, Any]]) -> None:
    try:
        append_history(home, OUTBOX, [RECORD | record for record in records])
    except OSError as error:
        raise BarometerError(
            f"{home / 'history'}: the outbox cannot be written ({error.strerror}), and nothing is "
            "sent without it."
        ) from error


def _record_crashed(home: Path, now: datetime) -> list[dict[str, Any]]:
    """Record as unclear what was being sent when a program ended. The caller holds the lock."""
    messages: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in read_outbox(home):
        messages.setdefault((record["week"], record["version"]), []).append(record)
    crashed = []
    for records in messages.values():
        last = _last(records)
        to = [address for address, record in last.items() if record["state"] == "sending"]
        if to:
            news = {"to": to, "state": "unclear", "at": now.isoformat(), "error": CRASHED}
            crashed.append(last[to[0]] | news)
    _append(home, crashed)
    return crashed


def _told(
    letter: Letter,
    mail: MailSettings,
    last: dict[str, dict[str, Any]],
    tried: Sequence[str],
    *,
    by_hand: bool,
) -> Told:
    """A line for each group of recipients with the same end, by their last records."""
    told = Told([], [])
    ends: dict[tuple[bool, str, str | None], list[str]] = {}
    for address in mail.recipients:
        record = last[address]
        ends.setdefault((address in tried, record["state"], record["error"]), []).append(address)
    for (is_new, state, error), group in ends.items():
        record, names = last[group[0]], ", ".join(group)
        hand = f"barometer report --week {letter.week} --send"
        if state == "sent":
            word = "sent" if is_new else "already sent"
            told.done.append(
                f"{letter.week}: {word} at {record['at'][:16].replace('T', ' ')} UTC to {names}; "
                f"Message-ID {record['message_id']}."
            )
        elif state == "unclear":
            lines = told.problems if by_hand or is_new else told.done
            lines.append(_unclear(record, group))
        elif record["next_try_at"]:
            due = record["next_try_at"][:16].replace("T", " ")
            told.problems.append(
                f"{letter.week}: not sent to {names}: {error}. The first run after {due} UTC tries "
                f"again; at once: {hand}"
            )
        else:
            told.problems.append(
                f"{letter.week}: not sent to {names}: {error}. Not tried again by itself. Mend it, "
                f"then: {hand}"
            )
    return told


def _unclear(record: Mapping[str, Any], group: Sequence[str]) -> str:
    return (
        f"{record['week']}: may have been delivered to {', '.join(group)} ({record['error']}); "
        f"Message-ID {record['message_id']}; not sent again. Ask whether it came. To send again: "
        f"barometer report --week {record['week']} --send --again"
    )


# What the flow does


def send_due(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    now: Clock = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Told:
    """Send the newest closed week to those who lack it, and of older ones what is due.

    Due is what failed before, and each week that closed since the last one that was mailed: the
    machine may have been off.

    Without a mail server in the environment it says so and sends nothing.
    """
    if not is_set_up(environ):
        nothing = "no mail is set up (BAROMETER_SMTP_HOST or BAROMETER_SMTP_BLOCK): nothing sent"
        return Told([nothing], [])
    told = Told([], [])
    try:
        mail = mail_settings(environ)
        for letter in _letters_due(settings, mail, now()):
            one = send_week(settings.home, mail, letter, by_hand=False, now=now, sleep=sleep)
            told = Told(told.done + one.done, told.problems + one.problems)
    except BarometerError as error:
        told.problems.append(str(error))
    return told


def _letters_due(settings: Settings, mail: MailSettings, now: datetime) -> list[Letter]:
    by_week: dict[str, list[dict[str, Any]]] = {}
    for record in read_outbox(settings.home):
        by_week.setdefault(record["week"], []).append(record)
    due = {
        week
        for week, records in by_week.items()
        for address, record in _last(records).items()
        if address in mail.recipients and _is_to_be_sent(record, mail, now, by_hand=False)
    }
    with lake.locked(settings.home), catalogue.reading(settings) as con:
        states = dict(con.execute("select week, state from barometer order by week").fetchall())
        closed = [week for week, state in states.items() if state != "open"]
        due |= {week for week in closed if by_week and week > max(by_week)} | set(closed[-1:])
        return [week_letter(con, settings.home, week) for week in sorted(due & states.keys())]


def send_alarm(settings: Settings, why: str, environ: Mapping[str, str] | None = None) -> Told:
    """Tell the operator that a run failed, and what to do.

    It goes to BAROMETER_OPERATOR_TO, or to BAROMETER_MAIL_TO where that is not set. No record is
    made of it, and it is tried once: the run's own state says the same.

    Parameters
    ----------
    settings : Settings
        Home and as-of time of the run.
    why : str
        What went wrong, with its remedy.
    """
    environ = os.environ if environ is None else environ
    if not is_set_up(environ):
        return Told(["no mail is set up: nobody is told of the failure"], [])
    try:
        mail = mail_settings(
            {**environ, "BAROMETER_MAIL_TO": operator}
            if (operator := environ.get("BAROMETER_OPERATOR_TO"))
            else environ
        )
    except BarometerError as error:
        return Told([], [str(error)])
    whole = alarm(settings, why, mail.sender, mail.recipients, utc_now())
    fates = deliver(mail, whole.as_bytes(), mail.recipients)
    told = Told([], [])
    for address, fate in fates.items():
        lines = told.done if fate.state == "sent" else told.problems
        lines.append(f"alarm to {address}: {fate.state}{fate.why and f', {fate.why}'}")
    return told


def week_letter(con: duckdb.DuckDBPyConnection, home: Path, week: str) -> Letter:
    """A week's letter; its report is brought up to date first. The caller holds the lake's lock."""
    folder = tables.week_folder(home, week)
    write.write_report(con, folder, week)
    return read_letter(con, folder, week)


def write_eml(home: Path, letter: Letter, environ: Mapping[str, str] | None = None) -> Path:
    """Write what would be sent now beside the week's report; needs neither server nor login.

    Returns
    -------
    Path
        The file, which mail programs open. It is no part of the week's version.
    """
    sender, recipients = addresses(environ)
    records = _versioned(read_outbox(home), letter)
    texts = compose(letter, _replaced_at(records, letter))
    identity = _identity(records, letter, sender)
    whole = message(letter, texts, sender, recipients, utc_now(), identity)
    path = tables.week_folder(home, letter.week) / f"{letter.week}.eml"
    durable.write_durably(path, whole.as_bytes())
    return path
