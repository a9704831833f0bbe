"""What can be fetched, by name: files by day and services, of sources and witnesses alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import Definition, load_sources
from flows.sources.fetching import documents, events, fetch, fourwings, portwatch
from flows.sources.fetching.answers import Order
from flows.sources.fetching.download import open_client
from flows.sources.fetching.faults import DownloadProgress, Patience, Session
from flows.sources.fetching.fetched import Fetched
from flows.sources.lists import load_lists
from flows.sources.witnesses import load_witnesses

IRAN = "iran"
"""In the place of names: all that hears or watches Iran's coast, by `hears_iran` in [fetch]."""


class Service(NamedTuple):
    """How a service is fetched from.

    Attributes
    ----------
    fetch : callable
        Fetches the days of an order.
    due : callable
        The ranges of days to ask for on the schedule, given settings, definition and folder.
    has_days : bool
        Whether it is asked for days; else there is only the newest version.
    has_trade : bool
        Whether it can be asked for the waters of Russian oil ports.
    missed_days : int
        Of a range that `due` gave and that failed, days from its first on that are asked for again
        once `due` no longer gives them; 0 where it always gives them.
    """

    fetch: Callable[[Order], list[Fetched]]
    due: Callable[[Settings, Definition, Path], list[tuple[date, date]]]
    has_days: bool = True
    has_trade: bool = False
    missed_days: int = 0


SERVICES = {
    "4wings": Service(fourwings.fetch, fourwings.due, has_trade=True, missed_days=1),
    "gfw-events": Service(events.fetch, events.due, missed_days=7),
    "portwatch": Service(portwatch.fetch, portwatch.due),
    "documents": Service(documents.fetch, documents.due, has_days=False),
}


def definitions(home: Path | None) -> dict[str, Definition]:
    """All definitions of sources, witnesses and lists that can be fetched, by name.

    Raises
    ------
    BarometerError
        If a definition cannot be read.
    """
    return {name: found for name, found in _all(home).items() if found.published is not None}


def known(home: Path | None, name: str) -> Definition:
    """A definition by its name.

    Raises
    ------
    BarometerError
        If there is none; the message names those that can be fetched.
    """
    known = _all(home)
    if name not in known:
        these = ", ".join(definitions(home))
        raise BarometerError(f"{name!r}: no such source. These can be fetched: {these}.")
    return known[name]


def _all(home: Path | None) -> dict[str, Definition]:
    return {**load_lists(home), **load_sources(home), **load_witnesses(home)}


def expanded(home: Path | None, names: Iterable[str]) -> list[str]:
    """Names, each once, with `IRAN` replaced by all that hear or watch Iran's coast.

    Raises
    ------
    BarometerError
        If a definition cannot be read.
    """
    all_names: list[str] = []
    for name in names:
        iran = [
            each
            for each, found in definitions(home).items()
            if found.published is not None and found.published.hears_iran
        ]
        all_names += iran if name == IRAN else [name]
    return list(dict.fromkeys(all_names))


def service_of(source: Definition) -> Service | None:
    """The service that a definition asks; None for files by day."""
    published = source.published
    return SERVICES[published.service] if published and published.service else None


def fetch_days(
    settings: Settings,
    source: Definition,
    first: date,
    last: date,
    *,
    with_trade: bool = False,
    progress: DownloadProgress | None = None,
    patience: Patience | None = None,
) -> list[Fetched]:
    """Fetch what a source or witness publishes on the days from `first` to `last`, both included.

    Returns
    -------
    list of Fetched
        In order: one a day, or one a file where a service gives several a day or one for all.

    Raises
    ------
    BarometerError
        If it cannot be fetched, its token is missing or refused, another process fetches it, the
        folder cannot be written, or the proxy or certificates of the environment cannot be used.
    """
    if service_of(source) is None:
        return fetch.fetch_days(settings, source, first, last, progress=progress, patience=patience)
    return _fetched(settings, source, [(first, last)], with_trade, progress, patience)


def fetch_due(
    settings: Settings,
    source: Definition,
    *,
    missed: Sequence[date] = (),
    patience: Patience | None = None,
) -> list[Fetched]:
    """Fetch what a source or witness published since the last time: the schedule's question.

    `missed` are days that an earlier attempt did not get: they are asked for after the others.

    Returns, Raises
    ---------------
    As `fetch_days`.
    """
    service = service_of(source)
    if service is None:
        return fetch.fetch_due(settings, source, missed=missed, patience=patience)
    ranges = service.due(settings, source, folder_of(settings, source))
    first, span = ranges[0][0], timedelta(days=service.missed_days - 1)
    ranges += [(day, day + span) for day in missed if day < first and service.missed_days]
    return _fetched(settings, source, ranges, False, None, patience)


def folder_of(settings: Settings, source: Definition) -> Path:
    """Where what is fetched from a source or witness is kept."""
    return settings.home / "downloads" / source.source_id


def _fetched(
    settings: Settings,
    source: Definition,
    ranges: Iterable[tuple[date, date]],
    with_trade: bool,
    progress: DownloadProgress | None,
    patience: Patience | None,
) -> list[Fetched]:
    service, published = service_of(source), source.published
    assert service is not None and published is not None
    patience = patience or Patience()
    folder = folder_of(settings, source)
    with fetch.locked_folder(folder), open_client(patience) as client:
        session = Session(client, patience, progress or fetch.silent, threading.Event())
        results: list[Fetched] = []
        for first, last in ranges:
            results += service.fetch(
                Order(settings, source, published, first, last, with_trade, folder, session)
            )
            if results and results[-1].name is None and results[-1].state == "failed":
                break  # left alone until the next run
        return results
