"""Documents at an address each: got again only where the publisher has another version."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from httpx import QueryParams

from flows.home.settings import Settings
from flows.sources.addresses import DayFile
from flows.sources.definitions import Definition
from flows.sources.fetching.answers import Order
from flows.sources.fetching.credentials import list_token
from flows.sources.fetching.download import size_of
from flows.sources.fetching.faults import Fault, Session
from flows.sources.fetching.fetch import brought
from flows.sources.fetching.fetched import Fetched, log_fetched
from flows.sources.lists import FetchedList


def fetch(order: Order) -> list[Fetched]:
    """The documents of a definition's [fetch.parts]; the days play no part."""
    published = order.published
    assert published.max_bytes is not None
    with with_token(order.source, order.session):
        return fetch_documents(
            order.settings,
            order.folder,
            published.parts,
            published.max_bytes,
            order.session,
        )


def due(settings: Settings, source: Definition, folder: Path) -> list[tuple[date, date]]:
    """Once; the day is of no meaning."""
    return [(settings.as_of.date(), settings.as_of.date())]


@contextmanager
def with_token(source: Definition, session: Session) -> Iterator[None]:
    """While it lasts, questions carry the token that a list's address needs.

    It is no part of an address that is logged or recorded, and no redirect takes it along.

    Raises
    ------
    BarometerError
        If it is not set or cannot be used.
    """
    if not isinstance(source, FetchedList) or source.token is None:
        yield
        return
    assert source.published is not None
    (address,) = source.published.parts.values()
    token = list_token(source.token, address, source.files)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses with parameters
    session.client.params = QueryParams(token=token)
    try:
        yield
    finally:
        session.client.params = QueryParams()


def fetch_documents(
    settings: Settings,
    folder: Path,
    addresses: Mapping[str, str],
    max_bytes: int,
    session: Session,
) -> list[Fetched]:
    """Get documents into a folder, by name, with a conditional request each.

    Parameters
    ----------
    settings : Settings
        Its as-of time is the time of the fetch in the record beside each document.
    folder : Path
        Locked by the caller (`fetch.locked_folder`).
    addresses : mapping of str to str
        The name that a document gets, to its address.
    max_bytes : int
        A larger one is refused.
    session : Session
        Client, patience, progress, and the sign to stop.

    Returns
    -------
    list of Fetched
        One a document: ``fetched`` if it is new or changed, ``kept`` or ``failed``. What was here
        stays, whatever fails.
    """
    results = []
    for name, address in addresses.items():
        place = folder / name
        try:
            state, message, _ = brought(
                DayFile(name, (address,), max_bytes, ()),
                place,
                settings.as_of,
                session,
                is_dated=False,
            )
        except Fault as fault:
            state, message = "failed", str(fault)
        is_here = state != "failed"
        result = Fetched(
            settings.as_of.date(),
            name,
            state,
            message,
            place if is_here else None,
            size_of(place) if is_here else None,
        )
        log_fetched(result)
        results.append(result)
    return results
