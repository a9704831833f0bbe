"""Lists fetched from their publishers and imported where they are new.

What becomes of each attempt is history of the home, so that a report can name a list that could not
be refreshed. Every version that was got is kept, packed, in `downloads/LIST/versions/`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from flows.home.durable import make_folder, write_durably
from flows.home.hashes import file_hash
from flows.home.history import LIST_FETCH, append_history
from flows.home.settings import BarometerError, Settings, variable
from flows.home.text import safe_text
from flows.registers.ledger import all_imports
from flows.registers.store import Expected, Imported, held_days, import_list
from flows.sources.fetching import services
from flows.sources.fetching.download import read_version
from flows.sources.fetching.faults import DownloadProgress, Patience
from flows.sources.fetching.fetch import NOT_ANSWERED
from flows.sources.lists import FetchedList, load_lists
from flows.sources.packings import VERSIONS

BLOCK_BYTES = 1 << 20

FAILED, REFUSED = "failed", "refused"
"""Not got from the publisher; got, and not taken by the importer."""

log = logging.getLogger("barometer.registers")


class Refreshed(NamedTuple):
    """What became of a list.

    Attributes
    ----------
    list_id, register : str
        The list, and the register of which it is a version.
    state : str
        ``imported``; ``known`` where the publisher has nothing newer; ``failed``; ``refused``;
        ``skipped`` where it was not asked for, as its token is not set.
    message : str
        Reason and remedy; empty where nothing is wrong.
    in_force_on : date or None
        Day of the version that links follow now; None: there is none.
    age_days : int or None
        Its age at the as-of time.
    imported : Imported or None
        The import; None where there was none.
    """

    list_id: str
    register: str
    state: str
    message: str
    in_force_on: date | None
    age_days: int | None
    imported: Imported | None = None

    @property
    def problem(self) -> str | None:
        """A line for a message that is read without the log; None where nothing is wrong."""
        if self.state not in (FAILED, REFUSED):
            return None
        force = "No version of it is at hand."
        if self.in_force_on is not None:
            days = f"{self.age_days} day{'' if self.age_days == 1 else 's'}"
            force = f"The version of {self.in_force_on} stays in force, {days} old."
        return safe_text(f"{self.list_id}: {self.state}. {self.message} {force}")


def chosen(settings: Settings, name: str | None) -> list[FetchedList]:
    """The list of a name, or all.

    Raises
    ------
    BarometerError
        If there is no such list, or a definition cannot be read.
    """
    lists = load_lists(settings.home)
    if name is None:
        return list(lists.values())
    if name not in lists:
        raise BarometerError(f"{name!r}: no such list. These can be fetched: {', '.join(lists)}.")
    return [lists[name]]


def refresh(
    settings: Settings,
    source: FetchedList,
    *,
    is_named: bool = True,
    progress: DownloadProgress | None = None,
    patience: Patience | None = None,
) -> Refreshed:
    """Fetch a list, import it if it is new, and record the attempt.

    Parameters
    ----------
    settings : Settings
        The home, which the caller has locked; the as-of time is that of the attempt.
    source : FetchedList
        The list.
    is_named : bool
        Whether it was asked for by name: else it is skipped where its token is not set.
    progress, patience : optional
        As in `flows.sources.fetching.services.fetch_days`.

    Returns
    -------
    Refreshed
        A list that is failed or refused leaves the versions at hand as they are.
    """
    if source.token and not is_named and not variable(source.token):
        state, message, imported = "skipped", f"BAROMETER_{source.token} is not set.", None
    else:
        state, message, imported = _refreshed(settings, source, progress, patience)
    in_force = max(held_days(settings.home, source.register_id), default=None)
    result = Refreshed(
        source.source_id,
        source.register_id,
        state,
        message,
        in_force,
        None if in_force is None else (settings.as_of.date() - in_force).days,
        imported,
    )
    if state != "skipped":
        append_history(settings.home, LIST_FETCH, [_record(settings, result)])
    level = logging.ERROR if result.problem else logging.INFO
    log.log(level, "%s", result.problem or safe_text(f"{source.source_id}: {state}. {message}"))
    return result


def fetch_problem(results: Iterable[Refreshed]) -> str | None:
    """Why a refresh counts as failed, a line for each list; None where it does not."""
    problems = [result.problem for result in results]
    return "\n".join(f"- {problem}" for problem in problems if problem) or None


def _record(settings: Settings, result: Refreshed) -> dict[str, Any]:
    """The attempt as a line of history."""
    return {
        "list_id": result.list_id,
        "register": result.register,
        "tried_at": settings.as_of.isoformat(),
        "state": result.state,
        "message": result.message,
        "in_force_on": result.in_force_on,
    }


def _refreshed(
    settings: Settings,
    source: FetchedList,
    progress: DownloadProgress | None,
    patience: Patience | None,
) -> tuple[str, str, Imported | None]:
    """State, message and import."""
    today = settings.as_of.date()
    try:
        (got,) = services.fetch_days(
            settings, source, today, today, progress=progress, patience=patience
        )
    except BarometerError as error:
        return FAILED, str(error), None
    if got.path is None or got.message:  # what was here is kept, and is not what was asked for
        return FAILED, got.message.removeprefix(NOT_ANSWERED), None
    try:
        content = _kept(settings, got.path)
        if _is_imported(settings.home, source.register_id, content):
            return "known", "", None
        version = read_version(got.path)
        expected = Expected(source.register_id, _day(version.last_modified if version else None))
        imported = import_list(settings, got.path, expected=expected)
    except BarometerError as error:
        return REFUSED, str(error), None
    except OSError as error:
        place = error.filename or got.path.parent
        return FAILED, f"{place}: cannot be written ({error.strerror}).", None
    message = ""
    if imported.state == "known":
        message = f"The publisher's list is of {imported.published_on}, and not newer."
    return imported.state, message, imported


def _kept(settings: Settings, path: Path) -> str:
    """Keep a version, packed; the hash of its content."""
    content = file_hash(path)
    folder = path.parent / VERSIONS
    # By the day on which it came, so that they are in order.
    if not list(folder.glob(f"*-{content[:16]}-{path.name}.zst")):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as out, path.open("rb") as raw:
            for block in iter(partial(raw.read, BLOCK_BYTES), b""):
                out.write(block)
        make_folder(folder)
        name = f"{settings.as_of:%Y-%m-%d}-{content[:16]}-{path.name}.zst"
        write_durably(folder / name, sink.getvalue().to_pybytes())
    return content


def _is_imported(home: Path, register: str, content: str) -> bool:
    """Whether the last import of a register was of this content; also one that was removed since,
    as a person did so."""
    mine = [item.record for item in all_imports(home) if item.record["register"] == register]
    return bool(mine) and mine[-1]["file_hash"] == content


def _day(last_modified: str | None) -> date | None:
    """The day of a Last-Modified, in UTC; None for none or nonsense.

    >>> _day("Mon, 20 Apr 2026 23:30:00 GMT"), _day("yesterday")
    (datetime.date(2026, 4, 20), None)
    >>> _day("Mon, 20 Apr 99999999999 23:30:00 GMT") is None
    True
    """
    try:
        return parsedate_to_datetime(last_modified or "").date()
    except (ValueError, TypeError, OverflowError):  # the last: a year or an offset beyond all
        return None
