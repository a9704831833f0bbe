"""What a server's refusal means, and what to do."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from typing import NamedTuple

from flows.home.text import safe_text
from flows.mail.settings import MailSettings


class Fate(NamedTuple):
    """What became of a message for a recipient: sent, failed or unclear; why; is it worth a try."""

    state: str
    why: str = ""
    is_temporary: bool = False


def fate_of(error: Exception, mail: MailSettings) -> Fate:
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
