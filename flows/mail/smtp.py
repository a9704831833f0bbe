"""SMTP: the mail's settings, and a message handed to a server, with what became of it.

It imports nothing of the lake or the report, so that an alarm can be sent whatever is broken.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Sequence
from email.utils import parseaddr
from typing import NamedTuple

from flows.mail.remedies import Fate, fate_of
from flows.mail.settings import MailSettings

END_OF_DATA = 10
"""The last answer may take so many times longer, ten minutes in all (RFC 5321, 4.5.3.2.6): who
hangs up before it does not know whether the message was taken."""


class Told(NamedTuple):
    """What is said of a sending: what went well, and what somebody must look at."""

    done: list[str]
    problems: list[str]


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
        return dict.fromkeys(to, fate_of(error, mail))
    try:
        return _handed_over(smtp, mail, content, to)
    except OSError as error:
        return dict.fromkeys(to, fate_of(error, mail))
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
            fates[address] = fate_of(smtplib.SMTPResponseException(*reply), mail)
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
        why = fate_of(error, mail).why
        return fates | dict.fromkeys(accepted, Fate("unclear", f"no answer after the end: {why}"))
    fate = Fate("sent") if reply[0] == 250 else fate_of(smtplib.SMTPResponseException(*reply), mail)
    return fates | dict.fromkeys(accepted, fate)


def _expect(reply: tuple[int, bytes], codes: set[int]) -> None:
    if reply[0] not in codes:
        raise smtplib.SMTPResponseException(*reply)
