"""Delivery of a message by SMTP.

Imports nothing of the lake or the report, so that an alarm can be sent whatever is broken.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Sequence
from email.utils import parseaddr
from types import SimpleNamespace
from typing import NamedTuple

from flows.home.deadline import Deadline
from flows.mail.remedies import Delivery, failed_delivery
from flows.mail.settings import MailSettings

END_OF_DATA = 10
"""Factor on the timeout for the last answer, ten minutes in all (RFC 5321, 4.5.3.2.6): who gives up
before does not know whether the message was accepted."""

MOST_LINES = 1_000
"""Lines of one answer. The longest, to EHLO, has some twenty (general knowledge)."""

PIECE_BYTES = 1 << 16
"""Size of the pieces in which a message is sent, each with the timeout (RFC 5321, 4.5.3.2.5): a
socket's timeout covers all bytes of a call, and a slow line takes minutes for ten megabytes."""


class Result(NamedTuple):
    """Lines for the log: deliveries done, and problems that need an operator."""

    done: list[str]
    problems: list[str]


def deliver(mail: MailSettings, content: bytes, to: Sequence[str]) -> dict[str, Delivery]:
    """Deliver a message to the server, in one attempt.

    Parameters
    ----------
    mail : MailSettings
        The server. Its certificate is verified by the system's certificate authorities, or by those
        in SSL_CERT_FILE.
    content : bytes
        The message, with CRLF line ends.
    to : sequence of str
        Addresses.

    Returns
    -------
    dict
        Address -> `Delivery`. The state is `unclear` only if the connection was lost after the
        whole message and before the server's answer, or if that answer neither accepts nor refuses
        it. Texts contain neither the password nor invisible characters.
    """
    try:
        smtp = _connected(mail)
    # smtplib's own errors are OSErrors. A host name that cannot be encoded, a challenge that is not
    # base64, and MD5 where the system forbids it are ValueErrors.
    except (OSError, ValueError) as error:
        return dict.fromkeys(to, failed_delivery(error, mail))
    try:
        return _transfer(smtp, mail, content, to)
    except OSError as error:
        return dict.fromkeys(to, failed_delivery(error, mail))
    finally:
        # The delivery is decided; a server that does not answer QUIT must not delay the record.
        with contextlib.suppress(OSError):
            if smtp.sock is not None:
                smtp.sock.settimeout(1)
            smtp.quit()
        smtp.close()


class _Plain(smtplib.SMTP):
    """A session in which an answer has an end: the timeout is for all of it (RFC 5321, 4.5.3.2),
    and it has few lines, which smtplib keeps all."""

    def getreply(self) -> tuple[int, bytes]:
        assert self.sock is not None
        plain = self.file or self.sock.makefile("rb")
        left = MOST_LINES

        def readline(size: int) -> bytes:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(f"an answer of more than {MOST_LINES:,} lines")
            return plain.readline(size)

        self.file = SimpleNamespace(readline=readline, close=plain.close)
        with Deadline(self.sock.gettimeout() or self.timeout, self.sock):
            try:
                return super().getreply()
            except smtplib.SMTPServerDisconnected as error:
                if isinstance(error.__context__, TimeoutError):
                    raise error.__context__ from None
                raise
            finally:
                self.file = self.file and plain  # None once smtplib has closed the session


class _Encrypted(_Plain, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


def _connected(mail: MailSettings) -> smtplib.SMTP:
    """A session with TLS and login as set."""
    context = ssl.create_default_context()
    if mail.security == "tls":
        smtp: smtplib.SMTP = _Encrypted(
            mail.host, mail.port, timeout=mail.timeout_s, context=context
        )
    else:
        smtp = _Plain(mail.host, mail.port, timeout=mail.timeout_s)
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


def _transfer(
    smtp: smtplib.SMTP, mail: MailSettings, content: bytes, to: Sequence[str]
) -> dict[str, Delivery]:
    """The dialogue of RFC 5321 from MAIL on: the step that fails decides the state.

    An answer counts by its first digit, whatever the others say (4.2).
    """
    sender = parseaddr(mail.sender)[1]
    options = [f"size={len(content)}"] if smtp.has_extn("size") else []
    _expect(smtp.mail(sender, options), 2)
    deliveries = {}
    for address in to:
        reply = smtp.rcpt(address)
        if reply[0] == 421:
            _expect(reply, 2)  # the server closes the connection
        if reply[0] // 100 != 2:
            deliveries[address] = failed_delivery(smtplib.SMTPResponseException(*reply), mail)
    accepted = [address for address in to if address not in deliveries]
    if not accepted:
        return deliveries
    _expect(smtp.docmd("DATA"), 3)
    # Dot-stuffing: a dot alone on a line ends the message (RFC 5321, 4.5.2).
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    for at in range(0, len(stuffed), PIECE_BYTES):
        smtp.send(stuffed[at : at + PIECE_BYTES])
    if smtp.sock is not None:
        smtp.sock.settimeout(END_OF_DATA * mail.timeout_s)
    try:
        smtp.send(b".\r\n")
        reply = smtp.getreply()
    except OSError as error:
        why = failed_delivery(error, mail).why
        return deliveries | dict.fromkeys(
            accepted, Delivery("unclear", f"no answer after the end: {why}")
        )
    # An answer that neither accepts nor refuses the message: to send it again may deliver it twice.
    if reply[0] // 100 == 2:
        delivery = Delivery("sent")
    else:
        delivery = failed_delivery(smtplib.SMTPResponseException(*reply), mail)
        if reply[0] // 100 not in (4, 5):
            delivery = Delivery("unclear", delivery.why)
    return deliveries | dict.fromkeys(accepted, delivery)


def _expect(reply: tuple[int, bytes], digit: int) -> None:
    if reply[0] // 100 != digit:
        raise smtplib.SMTPResponseException(*reply)
