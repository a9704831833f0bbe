"""The alarm: one mail to the operator when an unattended command fails.

It contains the error messages of the command, and beyond them only what is true of every failure.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.clock import utc_now
from flows.home.hashes import text_hash
from flows.home.history import append_history, read_history
from flows.home.settings import BarometerError, home_of, variable
from flows.home.text import foreign, safe_text
from flows.mail.settings import is_set_up, mail_settings
from flows.mail.smtp import Result, deliver

MOST_LINES = 60
"""Lines of messages in an alarm (a choice); the log has all."""

RESTARTED = ("listen", "serve")
"""Commands that a supervisor restarts when they fail (units in `deploy/`)."""
AGAIN = timedelta(days=1)
"""How long the same failure of such a command is not mailed again (a choice)."""
ALARM = "alarm"
"""The history of their alarms."""

AFTERWARDS = {
    "listen": "Recordings stay. Nothing is received until the recorder runs again.",
    "serve": "Published reports stay as they are. No run starts until the schedule runs again; its "
    "first run makes up for those missed.",
}
AFTER_A_RUN = (
    "Published reports stay as they are. Nothing needs to be cleaned up by hand: once the cause is "
    "removed, the next run ingests and counts what this one could not."
)


class Failure(NamedTuple):
    """A command that failed.

    Attributes
    ----------
    command : sequence of str
        The arguments to run it again: ``("run", "/data/ais")``.
    home : str
        The home, which may be missing.
    began_at : datetime
        The run's as-of time, naive UTC.
    why : str
        The error messages, one per line, each with its remedy. They may quote foreign text.
    """

    command: Sequence[str]
    home: str
    began_at: datetime
    why: str


def of_flow(given: Mapping[str, Any], why: str) -> Failure:
    """The failure of a flow, from its parameters (its settings may be the cause)."""
    home = home_of(given.get("home"))
    inputs = [*(given.get("paths") or [])]
    inputs += [str(home / "downloads" / source) for source in given.get("fetched") or []]
    lake = ["--lake", given["lake"]] if given.get("lake") else []
    as_of = given.get("as_of")
    began_at = datetime.fromisoformat(as_of) if as_of else utc_now()
    return Failure(["run", *inputs, "--home", str(home), *lake], str(home), began_at, why)


def send_alarm(failure: Failure, environ: Mapping[str, str] | None = None) -> Result:
    """Mail the operator that a command failed, and what to do.

    The mail goes to BAROMETER_OPERATOR_TO, or to BAROMETER_MAIL_TO if that is not set. It is tried
    once and not recorded: the exit code and the flow's state also show the failure. Without a mail
    server in the environment nothing is sent. `RESTARTED` commands report the same failure once a
    day, by a history in the home.
    """
    environ = os.environ if environ is None else environ
    if not is_set_up(environ):
        return Result(["no mail is set up: no alarm was sent"], [])
    try:
        mail = mail_settings(
            {**environ, "BAROMETER_MAIL_TO": operator}
            if (operator := variable("OPERATOR_TO", environ))
            else environ
        )
    except BarometerError as error:
        return Result([], [f"no alarm was sent: {error}"])
    key = _key(failure)
    if failure.command[0] in RESTARTED and _was_sent(failure, key):
        return Result(["this failure was mailed in the last day, and is not mailed again"], [])
    email = to_email(failure, mail.sender, mail.recipients, utc_now())
    deliveries = deliver(mail, email.as_bytes(), mail.recipients)
    result = Result([], [])
    for address, delivery in deliveries.items():
        lines = result.done if delivery.state == "sent" else result.problems
        lines.append(f"alarm to {address}: {delivery.state}{delivery.why and f', {delivery.why}'}")
    if failure.command[0] in RESTARTED and result.done:
        with contextlib.suppress(OSError):  # the home itself may be the cause
            append_history(
                Path(failure.home), ALARM, [{"key": key, "at": failure.began_at.isoformat()}]
            )
    return result


def _key(failure: Failure) -> str:
    return text_hash(f"{failure.command[0]}\n{failure.why}")


def _was_sent(failure: Failure, key: str) -> bool:
    with contextlib.suppress(OSError):
        return any(
            record.get("key") == key
            and failure.began_at - datetime.fromisoformat(record["at"]) < AGAIN
            for record in read_history(Path(failure.home), ALARM)
        )
    return False


def to_email(
    failure: Failure, sender: str, recipients: Sequence[str], sent_at: datetime
) -> EmailMessage:
    """The mail: what failed, the error messages, their effect on the home, how to run it again.

    Parameters
    ----------
    failure : Failure
        What failed.
    sender, recipients : str, sequence of str
        As returned by `flows.mail.settings.mail_settings`.
    sent_at : datetime
        For the header Date, naive UTC.
    """
    name = failure.command[0]
    when = f"{failure.began_at:%F %R} UTC"
    lines = [line for line in failure.why.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES} more lines, in the log."]
    again = shlex.join(["barometer", *failure.command])
    text = "\n\n".join(
        [
            _wrapped(f"barometer {name} of {when} on {safe_text(socket.gethostname())} failed."),
            f"Home: {safe_text(failure.home)}",
            "\n".join(_wrapped(foreign(line)) for line in lines),
            _wrapped(AFTERWARDS.get(name, AFTER_A_RUN)),
            f"Then, to run it again at once:\n\n    {safe_text(again)}",
            "To check the home:\n\n    "
            + safe_text(shlex.join(["barometer", "check", "--home", failure.home])),
        ]
    )
    email = EmailMessage(policy=SMTP)
    email["From"] = sender
    email["To"] = ", ".join(recipients)
    email["Subject"] = f"Barometer: the {name} of {when} failed"
    email["Date"] = format_datetime(sent_at.replace(tzinfo=UTC))
    email["Message-ID"] = make_msgid("barometer", parseaddr(sender)[1].rpartition("@")[2])
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    email.set_content(text + "\n", cte="quoted-printable")
    return email


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(
        line, 76, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
