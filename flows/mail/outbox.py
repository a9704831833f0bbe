"""Step 10, mail: a week's report to the team by SMTP, once for each version, and the outbox.

The outbox (`history/outbox.jsonl`) is written before and after the server is spoken to. A message
whose end is not known, because the program or the connection died between the server's word and the
record, may have been delivered; it is named and not sent again without a person's word, since
"once" is the promise.
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
from flows.mail.message import Letter, compose, message, message_id, read_letter
from flows.mail.settings import MailSettings, addresses, is_set_up, mail_settings
from flows.mail.smtp import Told, deliver
from flows.report import tables, write

WAITS_S = (5.0, 20.0)
"""Waits between the tries of one call (a choice): enough for a server that restarts."""

BACKOFF, MAX_BACKOFF = timedelta(minutes=1), timedelta(days=1)
"""Wait before the run that tries again; doubled by each try, up to the second (a choice)."""

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
        if record["week"] != letter.week or record["version"].startswith("n"):
            return False
        sent_at = datetime.fromisoformat(record["at"])
        return not any(at is None or at > sent_at for at in letter.changed_at)

    return [r | {"version": letter.version} if is_this(r) else r for r in records]


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time sends from a home. A run may write to it meanwhile."""
    durable.make_folder(home / "history")
    with lock.locked(home / "history"):
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
    return text_hash(
        repr((mail.host, mail.port, mail.security, mail.user, mail.sender, mail.recipients))
    )


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
    with lock.locked(settings.home), access.reading(settings) as con:
        states = dict(con.execute("select week, state from barometer order by week").fetchall())
        closed = [week for week, state in states.items() if state != "open"]
        due |= {week for week in closed if by_week and week > max(by_week)} | set(closed[-1:])
        return [week_letter(con, settings.home, week) for week in sorted(due & states.keys())]


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
