"""Step 10, mail: a week's report to the team by SMTP, once for each version, and the outbox.

The outbox (`history/outbox.jsonl`) gets a record before and after each delivery attempt. If the
program or the connection ends between the server's answer and the second record, the message may
have been delivered: it is reported as unclear, and only an operator can send it again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from flows.catalogue import access
from flows.home import durable, lock
from flows.home.clock import Clock, utc_now
from flows.home.hashes import text_hash
from flows.home.history import OUTBOX, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.mail.message import Message, compose, message_id, read_message, to_email
from flows.mail.settings import MailSettings, addresses, is_set_up, mail_settings
from flows.mail.smtp import Result, deliver
from flows.report import tables, write

WAITS_S = (5.0, 20.0)
"""Waits between the attempts of one call (a choice): enough for a server that restarts."""

BACKOFF, MAX_BACKOFF = timedelta(minutes=1), timedelta(days=1)
"""Wait before a later run tries again; doubled by each attempt, up to the second (a choice)."""

RECORD: dict[str, Any] = dict.fromkeys(
    [
        *("week", "week_state", "version", "to", "state", "at", "attempt", "message_id", "error"),
        *("next_try_at", "settings_hash"),
    ]
)
"""The keys of an outbox record. Each attempt has a record `sending` before it, and after it one for
each result: `sent`, `failed` (`next_try_at` is null for a permanent failure) or `unclear`."""

TAKEN = ("sent", "unclear")
"""The states in which recipients have the message, or may have it."""

CRASHED = "barometer ended between sending and recording"


# The outbox


def send_week(
    home: Path,
    mail: MailSettings,
    message: Message,
    *,
    by_hand: bool,
    again: bool = False,
    now: Clock = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Send a week's version to everyone who does not have it, and record it.

    Parameters
    ----------
    home : Path
        With the outbox.
    mail, message : MailSettings, Message
        Server and recipients; the week.
    by_hand : bool
        Sent by an operator: failed deliveries are tried at once. Otherwise only those that are due,
        and permanent failures only if the settings changed.
    again : bool
        Send it to all recipients, whatever was sent before.
    now, sleep : callable
        The clock, naive UTC, and the wait between attempts.

    Returns
    -------
    Result
        A problem for each recipient who does not have it or may not have it. In scheduled runs an
        unclear delivery is a problem only for the run that finds it.

    Raises
    ------
    BarometerError
        If another process is sending, or the outbox cannot be written.
    """
    with locked_for_sending(home):
        crashed = [
            record
            for record in _versioned(_record_crashed(home, now()), message)
            if not (again and _is_of(record, message))
        ]
        records = _versioned(read_outbox(home), message)
        last = _last(_current(records, message))
        to = [
            address
            for address in mail.recipients
            if again or _is_to_be_sent(last.get(address), mail, now(), by_hand=by_hand)
        ]
        if to:
            _try(home, mail, message, to, records, now, sleep)
            last = _last(_current(_versioned(read_outbox(home), message), message))
    result = _result(message, mail, last, to, by_hand=by_hand)
    unclear = [_unclear(record, record["to"]) for record in crashed]
    return result._replace(problems=list(dict.fromkeys([*unclear, *result.problems])))


def read_outbox(home: Path) -> list[dict[str, Any]]:
    """The records of the outbox, oldest first; incomplete records are skipped."""
    return [record for record in read_history(home, OUTBOX) if RECORD.keys() <= record.keys()]


def _versioned(records: Iterable[dict[str, Any]], message: Message) -> list[dict[str, Any]]:
    """The records, those of the message's week with versions in the present form.

    Earlier releases hashed the week's CSV files (no n in front), which also change with other weeks
    and with their layout. Such a record counts as the present version unless a published number of
    the week has changed since.
    """

    def is_same(record: dict[str, Any]) -> bool:
        if record["week"] != message.week or record["version"].startswith("n"):
            return False
        sent_at = datetime.fromisoformat(record["at"])
        return not any(at is None or at > sent_at for at in message.changed_at)

    return [r | {"version": message.version} if is_same(r) else r for r in records]


@contextlib.contextmanager
def locked_for_sending(home: Path) -> Iterator[None]:
    """The lock for sending: one process at a time. A run may write to the home meanwhile."""
    durable.make_folder(home / "history")
    with lock.locked(home / "history"):
        yield


def _is_of(record: Mapping[str, Any], message: Message) -> bool:
    return (record["week"], record["version"]) == (message.week, message.version)


def _current(records: Sequence[dict[str, Any]], message: Message) -> list[dict[str, Any]]:
    """The records of this version since another one was sent: restored numbers are sent again."""
    others = [
        number
        for number, record in enumerate(records, 1)
        if record["week"] == message.week
        and record["version"] != message.version
        and record["state"] in TAKEN
    ]
    return [record for record in records[max(others, default=0) :] if _is_of(record, message)]


def _identity(records: Iterable[dict[str, Any]], message: Message, sender: str) -> str:
    """The Message-ID of this version, by how often it was sent before another one."""
    sent = (r["version"] for r in records if r["week"] == message.week and r["state"] in TAKEN)
    versions = [version for version, _ in groupby(sent)]
    if versions and versions[-1] == message.version:
        versions.pop()
    return message_id(message, sender, versions.count(message.version))


def _last(records: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Recipient -> the last record that contains it."""
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
    """A hash that changes with the settings, except for the password, which is stored nowhere."""
    return text_hash(
        repr((mail.host, mail.port, mail.security, mail.user, mail.sender, mail.recipients))
    )


def _replaced_at(records: Iterable[dict[str, Any]], message: Message) -> datetime | None:
    """When another version of the week was last sent; mails of the open week do not count."""
    times = [
        datetime.fromisoformat(record["at"])
        for record in records
        if record["state"] == "sent"
        and record["week"] == message.week
        and record["version"] != message.version
        and record["week_state"] != "open"
    ]
    return max(times, default=None)


def _try(
    home: Path,
    mail: MailSettings,
    message: Message,
    to: Sequence[str],
    records: Sequence[dict[str, Any]],
    now: Clock,
    sleep: Callable[[float], None],
) -> None:
    """Deliver, with repeated attempts, and record each attempt."""
    texts = compose(message, _replaced_at(records, message))
    identity = _identity(records, message, mail.sender)
    before = max((record["attempt"] for record in _current(records, message)), default=0)
    for number, wait in enumerate((*WAITS_S, None), before + 1):
        at = now()
        email = to_email(message, texts, mail.sender, mail.recipients, at, identity)
        common = {
            "week": message.week,
            "week_state": message.week_state,
            "version": message.version,
            "message_id": identity,
            "attempt": number,
            "settings_hash": settings_hash(mail),
        }
        _append(home, [common | {"to": list(to), "state": "sending", "at": at.isoformat()}])
        deliveries = deliver(mail, email.as_bytes(), to)
        after = now()
        next_try = after + min(BACKOFF * 2 ** min(number - 1, 30), MAX_BACKOFF)
        results = [
            {
                "to": [address for address in to if deliveries[address] == delivery],
                "state": delivery.state,
                "at": after.isoformat(),
                "error": delivery.why or None,
                "next_try_at": next_try.isoformat() if delivery.is_temporary else None,
            }
            for delivery in sorted(set(deliveries.values()))
        ]
        _append(home, [common | result for result in results], _unrecorded(message, results))
        to = [address for address in to if deliveries[address].is_temporary]
        if not to or wait is None:
            return
        sleep(wait)


def _append(
    home: Path, records: Sequence[dict[str, Any]], without: str = "nothing is sent without it"
) -> None:
    """Record; `without` says in an error what follows where it is not recorded."""
    try:
        append_history(home, OUTBOX, [RECORD | record for record in records])
    except OSError as error:
        raise BarometerError(
            f"{home / 'history'}: the outbox cannot be written ({error.strerror}), and {without}. "
            "Check the disk's free space and the folder's rights."
        ) from error


def _unrecorded(message: Message, results: Iterable[Mapping[str, Any]]) -> str:
    """What an outbox lacks that could not be written after an attempt, in words."""
    ends = "; ".join(f"{', '.join(result['to'])}: {result['state']}" for result in results)
    return (
        f"lacks how sending {message.week} ended ({ends}); the next run says that it may have been "
        "delivered"
    )


def _record_crashed(home: Path, now: datetime) -> list[dict[str, Any]]:
    """Record interrupted deliveries as unclear. The caller holds the lock."""
    by_version: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in read_outbox(home):
        by_version.setdefault((record["week"], record["version"]), []).append(record)
    crashed = []
    for records in by_version.values():
        last = _last(records)
        to = [address for address, record in last.items() if record["state"] == "sending"]
        if to:
            end = {"to": to, "state": "unclear", "at": now.isoformat(), "error": CRASHED}
            crashed.append(last[to[0]] | end)
    _append(home, crashed)
    return crashed


def _result(
    message: Message,
    mail: MailSettings,
    last: dict[str, dict[str, Any]],
    tried: Sequence[str],
    *,
    by_hand: bool,
) -> Result:
    """A line for each group of recipients with the same state, by their last records."""
    result = Result([], [])
    ends: dict[tuple[bool, str, str | None], list[str]] = {}
    for address in mail.recipients:
        record = last[address]
        ends.setdefault((address in tried, record["state"], record["error"]), []).append(address)
    for (is_new, state, error), group in ends.items():
        record, names = last[group[0]], ", ".join(group)
        command = f"barometer report --week {message.week} --send"
        if state == "sent":
            verb = "sent" if is_new else "already sent"
            result.done.append(
                f"{message.week}: {verb} at {record['at'][:16].replace('T', ' ')} UTC to {names}; "
                f"Message-ID {record['message_id']}."
            )
        elif state == "unclear":
            lines = result.problems if by_hand or is_new else result.done
            lines.append(_unclear(record, group))
        elif record["next_try_at"]:
            due = record["next_try_at"][:16].replace("T", " ")
            result.problems.append(
                f"{message.week}: not sent to {names}: {error}. The first run after {due} UTC "
                f"tries again; at once: {command}"
            )
        else:
            result.problems.append(
                f"{message.week}: not sent to {names}: {error}. Not tried again by itself. Correct "
                f"the cause, then: {command}"
            )
    return result


def _unclear(record: Mapping[str, Any], group: Sequence[str]) -> str:
    return (
        f"{record['week']}: may have been delivered to {', '.join(group)} ({record['error']}); "
        f"Message-ID {record['message_id']}; not sent again. Ask the team "
        "whether it arrived. To send it again: "
        f"barometer report --week {record['week']} --send --again"
    )


# What the flow does


def send_due(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    now: Clock = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Send the newest closed week to all who do not have it, and older weeks that are due.

    Due are failed deliveries, and weeks that closed since the last one mailed: the machine may have
    been off. Without a mail server in the environment nothing is sent.
    """
    if not is_set_up(environ):
        return Result(
            ["no mail is set up (BAROMETER_SMTP_HOST or BAROMETER_SMTP_BLOCK): nothing sent"], []
        )
    result = Result([], [])
    try:
        mail = mail_settings(environ)
        for message in _messages_due(settings, mail, now()):
            week = send_week(settings.home, mail, message, by_hand=False, now=now, sleep=sleep)
            result = Result(result.done + week.done, result.problems + week.problems)
    except BarometerError as error:
        result.problems.append(str(error))
    return result


def _messages_due(settings: Settings, mail: MailSettings, now: datetime) -> list[Message]:
    by_week: dict[str, list[dict[str, Any]]] = {}
    for record in read_outbox(settings.home):
        by_week.setdefault(record["week"], []).append(record)
    due = {
        week
        for week, records in by_week.items()
        for address, record in _last(records).items()
        if address in mail.recipients and _is_to_be_sent(record, mail, now, by_hand=False)
    }
    with lock.locked(settings.home), access.reading(settings) as con:
        is_open = dict(con.execute("select week, is_open from week order by week").fetchall())
        closed = [week for week in is_open if not is_open[week]]
        due |= {week for week in closed if by_week and week > max(by_week)} | set(closed[-1:])
        return [week_message(con, settings.home, week) for week in sorted(due & is_open.keys())]


def week_message(con: duckdb.DuckDBPyConnection, home: Path, week: str) -> Message:
    """A week's message; its report is updated first. The caller holds the home's lock."""
    folder = tables.week_folder(home, week)
    write.write_report(con, folder, week)
    return read_message(con, folder, week)


def write_eml(home: Path, message: Message, environ: Mapping[str, str] | None = None) -> Path:
    """Write the message that would be sent now beside the week's report. Needs no server or login.

    Returns
    -------
    Path
        An .eml file. It does not count for the week's version.
    """
    sender, recipients = addresses(environ)
    records = _versioned(read_outbox(home), message)
    texts = compose(message, _replaced_at(records, message))
    identity = _identity(records, message, sender)
    email = to_email(message, texts, sender, recipients, utc_now(), identity)
    path = tables.week_folder(home, message.week) / f"{message.week}.eml"
    durable.write_durably(path, email.as_bytes())
    return path
