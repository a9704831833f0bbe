"""The schedule's attempts to fetch from sources and witnesses.

Each is history of the home, so that a report can name what could not be fetched for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flows.home.history import SOURCE_FETCH, append_history, read_history
from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import Definition
from flows.sources.fetching import services
from flows.sources.fetching.faults import Patience
from flows.sources.fetching.fetch import NOT_ANSWERED
from flows.sources.fetching.fetched import Fetched, fetch_problem, messages

FETCHED, FAILED = "fetched", "failed"
MISSED_DAYS = 56
"""A day that could not be got is asked for so long, also where the schedule would no longer: twice
the four weeks of a first run. A choice; a server that refuses it each time is left alone then."""


def fetch_due(
    settings: Settings, source: Definition, *, patience: Patience | None = None
) -> list[Fetched]:
    """As `flows.sources.fetching.services.fetch_due`, recorded with its outcome; also asks for what
    the attempt before could not get."""
    missed = _missed(settings, source)
    try:
        results = services.fetch_due(settings, source, missed=missed, patience=patience)
    except BarometerError as error:
        _record(settings, source, [str(error)], missed)
        raise
    failed = {
        each.day
        for each in results
        if each.name is not None
        and not each.is_absent
        and (each.state == FAILED or each.message.startswith(NOT_ANSWERED))
    }
    reached = {each.day for each in results if each.name is not None}
    _record(settings, source, problems(source, results), failed | (set(missed) - reached))
    return results


def problems(source: Definition, results: Sequence[Fetched]) -> list[str]:
    """Why an attempt counts as failed, a sentence and a line for each day or file; empty where it
    does not.

    A document that is here, but could not be asked for again, counts: it has no day by which its
    age would show. A file of a day does not.
    """
    service = services.service_of(source)
    if service is not None and not service.has_days:
        results = [
            each._replace(state=FAILED) if each.message.startswith(NOT_ANSWERED) else each
            for each in results
        ]
    problem = fetch_problem(results)
    return [] if problem is None else [problem, *messages(results)]


def _missed(settings: Settings, source: Definition) -> list[date]:
    """The days that the last attempt did not get."""
    records = read_history(settings.home, SOURCE_FETCH)
    mine = [record for record in records if record.get("source") == source.source_id]
    days = map(date.fromisoformat, mine[-1].get("missed", ()) if mine else ())
    return [day for day in days if (settings.as_of.date() - day).days <= MISSED_DAYS]


def _record(
    settings: Settings, source: Definition, lines: Sequence[str], missed: Iterable[date]
) -> None:
    shown, more = lines[:2], len(lines) - 2
    message = " ".join(line.removeprefix("- ") for line in shown)
    record = {
        "source": source.source_id,
        "tried_at": settings.as_of.isoformat(),
        "state": FAILED if lines else FETCHED,
        "message": message + (f" And {more} more, in the log." if more > 0 else ""),
        "missed": [str(day) for day in sorted(missed)],
    }
    append_history(settings.home, SOURCE_FETCH, [record])
