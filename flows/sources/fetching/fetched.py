"""Results of a fetch, and their messages for the log and a failed run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from flows.home.settings import Settings
from flows.sources.addresses import files_of
from flows.sources.definitions import Definition

log = logging.getLogger("barometer.fetch")
AGAIN_DAYS = 7
"""Publishers replace a file mostly within days; a question that changes nothing costs one answer
without content. A choice."""


class Fetched(NamedTuple):
    """The result for one day, or for one file of a service that gives several a day.

    `state` is ``fetched`` (new, or the publisher's changed), ``kept`` (was here whole),
    ``not_published`` (not there yet, as may be for a day so late) or ``failed``; `message` says
    why. `path` and `size_bytes` are of the whole file, None where there is none. Several days may
    share a file. `is_absent`: there is no such file at any of its addresses, now.
    """

    day: date
    name: str | None
    state: str
    message: str = ""
    path: Path | None = None
    size_bytes: int | None = None
    is_absent: bool = False


def late_days(settings: Settings, source: Definition) -> date:
    """The last day whose file should be out by now."""
    assert source.published is not None
    return settings.as_of.date() - timedelta(days=source.published.delay_days)


def with_absence_explained(
    results: Sequence[Fetched], settings: Settings, source: Definition
) -> list[Fetched]:
    """The days, those without a file with what it means; each run of such days is logged once."""
    asked = [day for day in results if day.name is not None]
    late = late_days(settings, source)
    has_moved = all(day.is_absent for day in asked) and any(
        day.path is not None or day.day <= late for day in asked
    )
    explained: list[Fetched] = []
    for (is_absent, _), group in groupby(results, lambda d: (d.is_absent, has_moved or d.state)):
        days = list(group)
        if not is_absent:
            explained += days
            continue
        is_failure = has_moved or days[0].state == "failed"
        message = _absence(days, source, settings, is_failure=is_failure)
        log.log(logging.ERROR if is_failure else logging.WARNING, "%s", message)
        explained += [
            day._replace(
                message=message, state="failed" if has_moved and day.path is None else day.state
            )
            for day in days
        ]
    return explained


def _absence(
    days: Sequence[Fetched], source: Definition, settings: Settings, *, is_failure: bool
) -> str:
    """What it means that consecutive days have no file, and what to do."""
    assert source.published is not None
    files = list(dict.fromkeys(day.name for day in days))
    span = f"{days[0].day}" if len(days) == 1 else f"{days[0].day} to {days[-1].day}"
    count = "the file is" if len(files) == 1 else f"all {len(files)} files are"
    absence = f"{source.source_id}, {span}: {count} absent. The server's answer: {days[-1].message}"
    if not is_failure:
        return f"{absence} Probably not published yet: fetch again later."
    return (
        f"{absence} The publisher has moved or renamed its files, has no data of these days, or is "
        "more "
        f"than its usual {source.published.delay_days} days late. Check {source.files}. If the "
        f"files are elsewhere, copy the definition (data/sources/{source.source_id}.toml of the "
        f"program) to {settings.home / 'sources'} and set the new addresses in its [fetch]."
    )


def newest_day(settings: Settings, source: Definition, last: date) -> date | None:
    """The newest day, up to two years back, of which a file is here."""
    assert source.published is not None
    folder = settings.home / "downloads" / source.source_id
    days = [last - timedelta(days=n) for n in range(2 * 366)]
    here = [
        day
        for file in files_of(source.published, days)
        if (folder / file.name).is_file()
        for day in file.days
    ]
    return max(here, default=None)


def fetch_problem(results: Sequence[Fetched]) -> str | None:
    """Why fetching counts as failed, in a sentence; None where it does not."""
    failed = sum(day.state == "failed" for day in results)
    is_by_day = len({day.day for day in results}) == len(results)
    what = "days" if is_by_day else "files"
    return f"{failed} of {len(results)} {what} failed." if failed else None


def messages(results: Sequence[Fetched]) -> list[str]:
    """A line for each day or file that failed, for a message that is read without the log."""
    failed = [day for day in results if day.state == "failed"]
    lines = [d.message if d.is_absent else f"{d.name or d.day}: {d.message}" for d in failed]
    return [f"- {line}" for line in dict.fromkeys(lines)]


def log_fetched(day: Fetched) -> None:
    """A log line for a day or file, louder where something is wrong with it."""
    level = {"failed": logging.ERROR, "not_published": logging.WARNING}.get(day.state, logging.INFO)
    size = "" if day.size_bytes is None else f", {day.size_bytes:,} bytes"
    message = f", {day.message}" if day.message else ""
    log.log(level, "%s: %s%s%s", day.name or day.day, day.state.replace("_", " "), size, message)
