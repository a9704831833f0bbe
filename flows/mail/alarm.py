"""The alarm: a command that failed where nobody watches tells the operator by mail, once.

The message holds what went wrong, as the command said it, and nothing that is not true of every
failure: what became of the files is said by the message of the cause, which knows it.
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
from flows.home.settings import BarometerError, home_of
from flows.home.text import foreign, safe_text
from flows.mail.settings import is_set_up, mail_settings
from flows.mail.smtp import Told, deliver

MOST_LINES = 60
"""Lines of messages in an alarm (a choice): the log has all."""

RESTARTED = ("listen", "serve")
"""Commands that a supervisor starts again when they fail (`deploy/` has its units)."""
AGAIN = timedelta(days=1)
"""How long the same failure of such a command is not mailed again; a choice."""
ALARM = "alarm"
"""The history of what was mailed of them."""

AFTERWARDS = {
    "listen": "What was recorded stays. No ship is heard until the recorder runs again.",
    "serve": "Reports that were published stay as they are. No run starts until the schedule runs "
    "again; its first run makes up for what was missed.",
}
AFTER_A_RUN = (
    "Reports that were published stay as they are. Nothing needs to be cleaned up by hand: once "
    "the cause is removed, the next run takes in and counts what this one could not."
)


class Failure(NamedTuple):
    """A command that failed.

    Attributes
    ----------
    command : sequence of str
        What to type to run it again, without the name of the program: ``("run", "/data/ais")``.
    home : str
        The home, which may be missing.
    began_at : datetime
        The run's as-of time, naive UTC.
    why : str
        The messages, one a line, each with its remedy. They may quote foreign text.
    """

    command: Sequence[str]
    home: str
    began_at: datetime
    why: str


def of_flow(given: Mapping[str, Any], why: str) -> Failure:
    """The failure of a flow, from its parameters; the settings themselves may be what fails."""
    home = home_of(given.get("home"))
    inputs = [*(given.get("paths") or [])]
    inputs += [str(home / "downloads" / source) for source in given.get("fetched") or []]
    lake = ["--lake", given["lake"]] if given.get("lake") else []
    as_of = given.get("as_of")
    began_at = datetime.fromisoformat(as_of) if as_of else utc_now()
    return Failure(["run", *inputs, "--home", str(home), *lake], str(home), began_at, why)


def send_alarm(failure: Failure, environ: Mapping[str, str] | None = None) -> Told:
    """Tell the operator that a command failed, and what to do.

    It goes to BAROMETER_OPERATOR_TO, or to BAROMETER_MAIL_TO where that is not set. No record is
    made of it, and it is tried once: the exit code and the state of a flow say the same. Without a
    mail server in the environment nothing is sent. A command that a supervisor starts again and
    again tells the same failure once a day; of these the home keeps a history.
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
        return Told([], [f"no alarm was sent: {error}"])
    key = _key(failure)
    if failure.command[0] in RESTARTED and _was_sent(failure, key):
        return Told(["this failure was mailed in the last day, and is not mailed again"], [])
    whole = message(failure, mail.sender, mail.recipients, utc_now())
    fates = deliver(mail, whole.as_bytes(), mail.recipients)
    told = Told([], [])
    for address, fate in fates.items():
        lines = told.done if fate.state == "sent" else told.problems
        lines.append(f"alarm to {address}: {fate.state}{fate.why and f', {fate.why}'}")
    if failure.command[0] in RESTARTED and told.done:
        with contextlib.suppress(OSError):  # the home itself may be what fails
            append_history(
                Path(failure.home), ALARM, [{"key": key, "at": failure.began_at.isoformat()}]
            )
    return told


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


def message(
    failure: Failure, sender: str, recipients: Sequence[str], sent_at: datetime
) -> EmailMessage:
    """The message: what failed, the messages, what that means for the home, how to run it again.

    Parameters
    ----------
    failure : Failure
        What failed.
    sender, recipients : str, sequence of str
        As `flows.mail.outbox.mail_settings` gives them.
    sent_at : datetime
        The header Date, naive UTC.
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
            f"To run it again at once, after that:\n\n    {safe_text(again)}",
            "To check the home:\n\n    "
            + safe_text(shlex.join(["barometer", "check", "--home", failure.home])),
        ]
    )
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = ", ".join(recipients)
    made["Subject"] = f"Barometer: the {name} of {when} failed"
    made["Date"] = format_datetime(sent_at.replace(tzinfo=UTC))
    made["Message-ID"] = make_msgid("barometer", parseaddr(sender)[1].rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    made.set_content(text + "\n", cte="quoted-printable")
    return made


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(
        line, 76, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
