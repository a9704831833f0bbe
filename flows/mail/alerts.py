"""Step 11, alerts: what a team is notified of, once through each service, and the history of it.

The history (`history/alert.jsonl`) gets a record before and after each delivery attempt, as the
outbox does: what may have been delivered is reported, and not sent again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.catalogue import access
from flows.home import lock
from flows.home.clock import Clock, utc_now
from flows.home.history import ALERT, append_history, read_history
from flows.home.settings import BarometerError, Settings, variable
from flows.home.text import foreign, safe_text
from flows.mail import services
from flows.mail.outbox import locked_for_sending
from flows.mail.services import Service
from flows.mail.smtp import Result
from flows.report.tables import records
from flows.report.words import SIMULATED, counted

KINDS = {
    "rise": "Rise",
    "fall": "Fall",
    "restated": "Restated",
    "diverges": "Witness diverges",
    "silent": "Silent source",
    "old list": "Old list",
    "watched call": "Watched call",
    "first call": "First call",
}
"""The kinds of alerts in the order of a message, each with its title."""

MOST_SIGNS = 300
"""The most characters of an alert in a message (a choice)."""

RECORD: dict[str, Any] = dict.fromkeys(("service", "state", "at", "alerts", "error"))
"""The keys of a record. `alerts` are ids of the relation `alert`."""

TAKEN = ("sent", "unclear", "passed over")
"""The states after which an alert is not sent to a service again."""

CRASHED = "barometer ended between sending and recording"

MARKUP = str.maketrans(dict.fromkeys("<>[]{}*_~`|#\\&", " "))
"""Signs that are markup to one chat or another. apprise escapes what HTML knows, no Markdown."""

QUERY = "select alert_id, kind, is_newest, subject, text, detail from alert order by alert_id"
NEWEST = "select max(week) from week where not is_open"


class Alert(NamedTuple):
    """A row of the relation `alert`."""

    alert_id: str
    kind: str
    is_newest: bool
    subject: str
    text: str
    detail: str | None


class Alerts(NamedTuple):
    """The alerts of a catalogue, its newest closed week, and whether its data are simulated."""

    alerts: list[Alert]
    week: str | None
    is_simulated: bool


def read_alerts(con: duckdb.DuckDBPyConnection) -> Alerts:
    """The alerts of a catalogue, in the order of a message."""
    rows = [Alert(*row) for row in con.execute(QUERY).fetchall()]
    (week,) = con.execute(NEWEST).fetchone() or (None,)
    (made,) = records(con, "exports/made")
    order = list(KINDS)
    rows.sort(key=lambda alert: order.index(alert.kind))
    return Alerts(rows, week, made["is_simulated"])


# The message


def title(alerts: Alerts, number: int) -> str:
    """The subject of a message of so many alerts."""
    simulated = "SIMULATED DATA: " if alerts.is_simulated else ""
    return f"{simulated}Barometer {alerts.week or ''}: {counted(number, 'alert')}"


def body(due: Sequence[Alert], is_simulated: bool, most: int) -> str:
    """The message: a line an alert, as many as fit into so many characters, and how many more."""
    lines = [f"- {line(alert)}" for alert in due]
    head = [SIMULATED] if is_simulated else []
    text = "\n".join([*head, *lines])
    shown = len(lines)
    while len(text) > most and shown:
        shown -= 1
        more = f'... and {len(lines) - shown} more: barometer sql "from alert"'
        text = "\n".join([*head, *lines[:shown], more])
    return text


def line(alert: Alert) -> str:
    """An alert as plain text on one line, in which no service finds a link, a mention or markup.

    >>> line(Alert("call 1", "first call", True, "<!here> @all [X](EVIL.RU)", "MMSI 2", None))
    'First call: !here @ all X (EVIL[.]RU), MMSI 2.'
    """
    parts = [f"{KINDS[alert.kind]}: {_plain(alert.subject)}, {safe_text(alert.text)}."]
    if alert.detail:
        parts.append(f"{_plain(alert.detail)}.")
    return textwrap.shorten(" ".join(parts), MOST_SIGNS, placeholder=" ...")


def _plain(text: str) -> str:
    return foreign(text.translate(MARKUP))


# Once


def send_alerts(
    settings: Settings, environ: Mapping[str, str] | None = None, now: Clock = utc_now
) -> Result:
    """Send each service the alerts that it does not have, in one message.

    A service that gets its first message gets the alerts of the newest closed week and what holds
    now; earlier ones are passed over, so that an old home does not send all at once.

    Returns
    -------
    Result
        A problem for each service that does not have its message or may not have it.
    """
    if not services.is_set_up(environ):
        return Result(
            ["no service is set up (BAROMETER_ALERT_URLS or BAROMETER_ALERT_BLOCK): no alerts"], []
        )
    result = Result([], [])
    try:
        given = services.services(environ)
        with lock.locked(settings.home), access.reading(settings) as con:
            alerts = read_alerts(con)
        with locked_for_sending(settings.home):
            result.problems.extend(_record_crashed(settings.home, now()))
            for service in given:
                sent = _send(settings.home, service, alerts, now)
                result = Result(result.done + sent.done, result.problems + sent.problems)
    except BarometerError as error:
        result.problems.append(str(error))
    return result


def _send(home: Path, service: Service, alerts: Alerts, now: Clock) -> Result:
    history = _of(service.name, read_alert_history(home))
    due = _due(alerts.alerts, history)
    ids = [alert.alert_id for alert in due]
    common = {"service": service.name, "alerts": ids}
    before = [common | {"state": "sending", "at": now().isoformat()}] if due else []
    if not history:  # also where there is none to pass over: from now on it gets all
        old = [alert.alert_id for alert in alerts.alerts if not alert.is_newest]
        passed = {"service": service.name, "alerts": old, "at": now().isoformat()}
        before.insert(0, passed | {"state": "passed over"})
    _append(home, before)
    if not due:
        return Result([f"no new alerts for {service.name}"], [])
    delivery = services.notify(
        service, title(alerts, len(due)), partial(body, due, alerts.is_simulated)
    )
    end = {"state": delivery.state, "at": now().isoformat(), "error": delivery.why or None}
    what = counted(len(due), "alert")
    lacks = f"lacks how sending {what} to {service.name} ended ({delivery.state})"
    _append(home, [common | end], f"{lacks}; the next run says that it may have been delivered")
    if delivery.state == "sent":
        return Result([f"{what} sent to {service.name}"], [])
    if delivery.state == "unclear":
        return Result([], [_unclear(service.name, what, delivery.why)])
    return Result(
        [], [f"{what} not sent to {service.name}: {delivery.why}. The next run tries again"]
    )


def _due(alerts: Sequence[Alert], history: Sequence[Mapping[str, Any]]) -> list[Alert]:
    """The alerts that a service does not have; of one without a history, the newest alone."""
    if not history:
        return [alert for alert in alerts if alert.is_newest]
    taken = {name for record in history if record["state"] in TAKEN for name in record["alerts"]}
    return [alert for alert in alerts if alert.alert_id not in taken]


def read_alert_history(home: Path) -> list[dict[str, Any]]:
    """The records of the alerts sent, oldest first; incomplete records are skipped."""
    return [record for record in read_history(home, ALERT) if RECORD.keys() <= record.keys()]


def _of(service: str, history: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in history if record["service"] == service]


def _record_crashed(home: Path, now: datetime) -> list[str]:
    """Record interrupted deliveries as unclear, and report each. The caller holds the lock."""
    history = read_alert_history(home)
    last = {record["service"]: record for record in history}
    crashed = [record for record in last.values() if record["state"] == "sending"]
    end = {"state": "unclear", "at": now.isoformat(), "error": CRASHED}
    _append(home, [record | end for record in crashed])
    return [
        _unclear(record["service"], counted(len(record["alerts"]), "alert"), CRASHED)
        for record in crashed
    ]


def _unclear(service: str, what: str, why: str) -> str:
    return (
        f"{what} may have been delivered to {service} ({why}); not sent again. What they were: "
        'barometer sql "from alert_delivery order by delivery_id desc limit 1"'
    )


def _append(
    home: Path,
    entries: Sequence[Mapping[str, Any]],
    without: str = "none is sent without it",
) -> None:
    """Record; `without` says in an error what follows where it is not recorded."""
    try:
        append_history(home, ALERT, [RECORD | dict(entry) for entry in entries])
    except OSError as error:
        raise BarometerError(
            f"{home / 'history'}: the history of alerts cannot be written ({error.strerror}), and "
            f"{without}. Check the disk's free space and the folder's rights."
        ) from error


# What is pending


def pending(settings: Settings, environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each service that lacks alerts; the services of a block by their history."""
    if not services.is_set_up(environ):
        return []
    history = read_alert_history(settings.home)
    if variable(services.BLOCK, environ):
        names = list(dict.fromkeys(record["service"] for record in history))
    else:
        names = [service.name for service in services.services(environ)]
    with access.reading(settings) as con:
        alerts = read_alerts(con).alerts
    sentences = []
    for name in names:
        own = _of(name, history)
        if due := _due(alerts, own):
            why = f" ({own[-1]['error']})" if own and own[-1]["error"] else ""
            lacks = f"{counted(len(due), 'alert')} not sent to {name} yet{why}"
            sentences.append(f"{lacks}: the next run sends")
    return sentences
