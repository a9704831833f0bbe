"""The smallest question to each publisher, to see whether it answers as documented."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx

from flows.home.settings import BarometerError, Settings
from flows.sources.addresses import files_of
from flows.sources.definitions import Definition, Source
from flows.sources.fetching import events, fourwings, portwatch
from flows.sources.fetching.answers import Order, json_answer
from flows.sources.fetching.credentials import gfw_token
from flows.sources.fetching.documents import with_token
from flows.sources.fetching.download import HEAD_BYTES, answer_of, check_head, open_client
from flows.sources.fetching.faults import (
    NETWORK_ERRORS,
    Changed,
    Damaged,
    Fault,
    Patience,
    Refused,
    Session,
    network_fault,
    refusal,
)
from flows.sources.fetching.fetch import silent
from flows.sources.fetching.services import definitions, folder_of
from flows.sources.fetching.waters import waters

WORKS, REFUSED, CHANGED, UNREACHABLE = "works", "refused", "changed shape", "unreachable"


class Finding(NamedTuple):
    """The result of a check: `state` is one of the four above, `message` describes the answer."""

    name: str
    state: str
    message: str


class Check(NamedTuple):
    """A check: its name, and a function that returns a description of the answer, or raises."""

    name: str
    ask: Callable[[Session], str]


def checks(settings: Settings) -> list[Check]:
    """A check or more for each source and witness that can be fetched.

    Raises
    ------
    BarometerError
        If a definition cannot be read.
    """
    asked: list[Check] = []
    for name, source in definitions(settings.home).items():
        assert source.published is not None
        service = source.published.service or "files"
        asked += ASKED[service](name, source, settings)
    return asked


def findings(checks: Iterable[Check], patience: Patience | None = None) -> Iterator[Finding]:
    """Ask one after the other. A question is asked once more only where that may help."""
    patience = patience or Patience(tries=2)
    with open_client(patience) as client:
        session = Session(client, patience, silent, threading.Event())
        for check in checks:
            yield _finding(check, session)


def _finding(check: Check, session: Session) -> Finding:
    try:
        return Finding(check.name, WORKS, check.ask(session))
    except (Changed, Damaged) as error:
        return Finding(check.name, CHANGED, str(error))
    except (Refused, BarometerError) as error:
        return Finding(check.name, REFUSED, str(error))
    except Fault as fault:
        return Finding(check.name, UNREACHABLE, str(fault))


def _head(address: str, file_name: str, session: Session) -> str:
    try:
        headers = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
        with answer_of(session, address, headers) as response:
            code = response.status_code
            if code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
                raise refusal(code, response.headers.get("Retry-After", ""), address, session)
            start = next(response.iter_raw(HEAD_BYTES), b"")
            check_head(start, file_name)
            return f"{address}, of {response.headers.get('Last-Modified', 'an unknown time')}"
    except NETWORK_ERRORS as error:
        raise network_fault(error, address, 0) from error


def _files(name: str, source: Definition, settings: Settings) -> list[Check]:
    published = source.published
    assert published is not None
    day = settings.as_of.date() - timedelta(days=published.delay_days + 1)
    files = files_of(published, [day])

    def ask(session: Session) -> str:
        worst: Fault | None = None
        for file in files:
            for address in file.addresses:
                try:
                    return _head(address, file.name, session)
                except Fault as fault:
                    worst = fault
        assert worst is not None
        raise worst

    # A source that ended has no file of the day, and nothing to ask for.
    return [Check(name, ask)] if files else []


def _documents(name: str, source: Definition, settings: Settings) -> list[Check]:
    assert source.published is not None
    return [
        Check(f"{name}: {file_name}", partial(_document, source, address, file_name))
        for file_name, address in source.published.parts.items()
    ]


def _document(source: Definition, address: str, file_name: str, session: Session) -> str:
    with with_token(source, session):
        return _head(address, file_name, session)


def _order(source: Definition, settings: Settings, session: Session) -> Order:
    """The newest day that should be published."""
    published = source.published
    assert published is not None
    day = settings.as_of.date() - timedelta(days=published.delay_days + 1)
    folder = folder_of(settings, source)
    return Order(settings, source, published, day, day, False, folder, session)


def _presence(name: str, source: Definition, settings: Settings) -> list[Check]:
    def ask(session: Session) -> str:
        order = _order(source, settings, session)
        token = gfw_token(str(order.published.address))
        area = min(waters().values(), key=lambda water: water.area)
        asked = fourwings.question(order.first, area, token, order)
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "report.zip"
            fourwings.report(order.first, area, asked, part, order)
            count = fourwings.surveyed(part, order.first, area, order).rows
            names = fourwings.header_of(part)
        assert isinstance(source, Source)
        if new := [column for column in names if column not in source.header]:
            raise Changed(f"the CSV has new columns: {', '.join(map(repr, new))}.")
        return f"{count:,} rows of {order.first}"

    return [Check(name, ask)]


def _events(name: str, source: Definition, settings: Settings) -> list[Check]:
    def ask(dataset: str, session: Session) -> str:
        order = _order(source, settings, session)
        days = (order.first - timedelta(days=6), order.last)
        token = gfw_token(str(order.published.address))
        area = max(waters().values(), key=lambda water: water.area)
        asked = events.question(dataset, area, days, (0, 1), token, order)
        answer = json_answer(asked, session)
        events.entries_of(answer, asked, tuple(getattr(source, "fields", ())))
        return f"{answer.get('total', 'an unknown number of')} events, {days[0]} to {days[1]}"

    assert source.published is not None
    return [
        Check(f"{name}: {kind}", partial(ask, dataset))
        for kind, dataset in source.published.parts.items()
    ]


def _portwatch(name: str, source: Definition, settings: Settings) -> list[Check]:
    def ask(session: Session) -> str:
        order = _order(source, settings, session)
        order = order._replace(first=order.first - timedelta(days=6))
        layer = portwatch.described(order)
        days = [row[layer.date] for row in portwatch.rows(layer, order)]
        if not days:
            raise Changed(f"no rows of Iran's ports, {order.first} to {order.last}.")
        newest = max(map(portwatch.day_of, days))
        return f"{len(days):,} rows, {order.first} to {newest}, dates in {layer.date}"

    return [Check(name, ask)]


ASKED: dict[str, Callable[[str, Definition, Settings], list[Check]]] = {
    "files": _files,
    "4wings": _presence,
    "gfw-events": _events,
    "portwatch": _portwatch,
    "documents": _documents,
}
"""The checks of a source or witness, by the service of its [fetch]."""
