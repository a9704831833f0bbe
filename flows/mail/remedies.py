"""What an SMTP server's refusal means, and what to do."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from typing import NamedTuple

from flows.home.text import safe_text
from flows.mail.settings import MailSettings


class Delivery(NamedTuple):
    """State of a message for a recipient (sent, failed, unclear), cause, can a retry succeed."""

    state: str
    why: str = ""
    is_temporary: bool = False


def failed_delivery(error: Exception, mail: MailSettings) -> Delivery:
    """The failed delivery of an error. Temporary are 4yz answers, not 5yz (RFC 5321, 4.2.1)."""
    is_temporary = True
    hint = ""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        why = f"the server answered {error.smtp_code} {text}"
        is_temporary = not 500 <= error.smtp_code <= 599
        hint = _remedy(f"{error.smtp_code} {text}")
    elif isinstance(error, ssl.SSLCertVerificationError):
        why = f"the server's certificate is not valid: {error.verify_message}"
        hint = "; for a certificate authority of your own set SSL_CERT_FILE to its file"
        is_temporary = False
    elif isinstance(error, ssl.SSLError):
        why = f"no TLS: {error.reason or error}"
        hint = "; port 465 usually wants BAROMETER_SMTP_SECURITY=tls, port 587 starttls"
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        why = str(error)
    elif isinstance(error, smtplib.SMTPException):  # STARTTLS or AUTH not offered
        why = str(error)
        hint = _remedy(why)
        is_temporary = False
    elif isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        why = f"the login could not be made ({error})"
        hint = (
            "; the server asks in a way that cannot be answered: try its other port (587 with "
            "starttls, 465 with tls), or another server"
        )
        is_temporary = False
    elif isinstance(error, TimeoutError):
        why = "no answer in time"
    else:
        why = getattr(error, "strerror", None) or str(error)
    text = _without_secrets(safe_text(why), mail)[:300]
    return Delivery("failed", f"{mail.host}:{mail.port}: {text}{hint}", is_temporary)


REMEDIES = (
    (
        r"535\b.*(5\.7\.139|basic auth|SmtpClientAuth)|No suitable authentication method",
        "the server accepts no passwords. Microsoft 365 has switched them off for SMTP: ask its "
        "administrator to allow authenticated SMTP for this mailbox, or set BAROMETER_SMTP_HOST to "
        "a server that accepts a user and a password, or to a relay that accepts this machine's "
        "address",
    ),
    (
        r"534\b.*5\.7\.(9|14)|application-specific password|app password",
        "the account needs an app password, as Google accounts with two-step verification do: "
        "create one in the account's security settings and set it as BAROMETER_SMTP_PASSWORD",
    ),
    (
        r"AUTH extension not supported",
        "the server offers no login on this port: try another (587 with starttls, 465 with tls); "
        "for a relay without login unset BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD",
    ),
    (
        r"(530|538|554)\b.*(STARTTLS|encrypt)",
        "the server requires an encrypted connection: BAROMETER_SMTP_SECURITY=starttls with port "
        "587, or tls with 465",
    ),
    (
        r"STARTTLS extension not supported",
        "the server offers no encryption on this port: BAROMETER_SMTP_SECURITY=tls with port 465, "
        "or starttls with 587",
    ),
    (
        r"(530|550|553|554)\b.*(5\.7\.57|authenticat(ion|e) (is )?required|not authenticated)",
        "the server requires a login: set BAROMETER_SMTP_USER and BAROMETER_SMTP_PASSWORD",
    ),
    (
        r"5\d\d\b.*(5\.7\.60|5\.2\.252|SendAsDenied|send as|not owned by)",
        "this login may not send as this sender: set BAROMETER_MAIL_FROM to the address of the "
        "mailbox that logs in, or ask the administrator for the right to send as the other",
    ),
    (
        r"5(52|54)\b.*(5\.3\.4|5\.2\.3|size|too (large|big))",
        "the message is too large for this server",
    ),
    (r"535\b", "login refused: check user and password"),
    (r"454\b.*(4\.7\.0|authentication)", "the server cannot check logins at the moment"),
    (r"421\b", "the server is busy or restarting"),
)
"""Meaning of a refusal and what to do, by code and text (RFC 4954, 6; RFC 3463; texts of Microsoft
365, Google and Postfix). The first match applies."""


def _remedy(reply: str) -> str:
    """What to do about a refusal, after a semicolon; empty if none is known."""
    line = " ".join(reply.split())
    hints = (hint for pattern, hint in REMEDIES if re.match(rf"(?i).*?{pattern}", line))
    return next((f"; {hint}" for hint in hints), "")


def _without_secrets(text: str, mail: MailSettings) -> str:
    """The text without the password, which a server may quote plain or in base64."""
    if not mail.password:
        return text
    forms = [mail.password, f"\0{mail.user}\0{mail.password}"]
    for form in (*(base64.b64encode(f.encode()).decode() for f in forms), safe_text(forms[0])):
        text = text.replace(form, "***")
    return text
