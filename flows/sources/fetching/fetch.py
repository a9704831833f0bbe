"""Step 0, fetch: the publisher's files of some days, whole, into the home's `downloads/`.

Layout of `downloads/SOURCE/`::

    NAME               a whole file; its name comes from the source's pattern, never from a server
    NAME.json          what it is: address, etag, last_modified, size_bytes, blake2b, fetched_at
    .NAME.part         a file on its way; it goes on where it stopped while the publisher's stays
    .NAME.part.json    the version that the part is of

The record of a file is durable before the file gets its name, and that of a part before its first
byte: killed at any moment, the next run finds each file whole, in part, or not at all.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from flows.home import durable, lock
from flows.home.hashes import file_hash
from flows.home.settings import BarometerError, Settings
from flows.sources.addresses import DayFile, files_of
from flows.sources.definitions import Definition
from flows.sources.fetching.download import (
    HEAD_BYTES,
    Version,
    check_head,
    download,
    drop,
    open_client,
    read_version,
    record_of,
    size_of,
)
from flows.sources.fetching.faults import (
    Damaged,
    DownloadProgress,
    Fault,
    Patience,
    Session,
    disk_fault,
    tried,
)
from flows.sources.fetching.fetched import (
    AGAIN_DAYS,
    Fetched,
    late_days,
    log_fetched,
    newest_day,
    with_absence_explained,
)
from flows.sources.layouts import is_table, looks_like_ais
from flows.sources.packings import members, opened

BLOCK_BYTES = 1 << 20
FIRST_DAYS = 27
"""With the day itself four weeks: as many as a first word on the series needs. A choice."""
MOST_UNPACKED = 100
"""AIS as CSV packs to a fifth or a tenth; a file that unpacks to more than a hundred times its size
(and over `FREELY_UNPACKED`) is no AIS. A choice."""
FREELY_UNPACKED = 1_000_000_000
NOT_ANSWERED = "but not known whether the publisher has a newer one: "
"""Start of the message on a file that is kept because the publisher's could not be got."""


def fetch_days(
    settings: Settings,
    source: Definition,
    first: date,
    last: date,
    *,
    progress: DownloadProgress | None = None,
    patience: Patience | None = None,
) -> list[Fetched]:
    """Fetch the publisher's files of the days from `first` to `last`, both included.

    A complete file is not fetched again unless the publisher has another version.
    A day that fails does not stop the others, and a file that is here stays, whatever fails. Where
    all files of the days are absent, and some must have been there, their address has changed: it
    is reported once, and they count as failed.

    Returns
    -------
    list of Fetched
        One a day, in order.

    Raises
    ------
    BarometerError
        If the source does not say where its files are, another process fetches it, the folder
        cannot be written, or the proxy or certificates that the environment names cannot be used.
    """
    results = _fetched(settings, source, first, last, progress, patience)
    return with_absence_explained(results, settings, source)


def _fetched(
    settings: Settings,
    source: Definition,
    first: date,
    last: date,
    progress: DownloadProgress | None,
    patience: Patience | None,
) -> list[Fetched]:
    """The days of `fetch_days`, one by one; of those without a file nothing is logged yet."""
    published = source.published
    if published is None:
        raise BarometerError(
            f"{source.source_id}: its definition has no [fetch] with the addresses of its files. "
            "Examples: data/sources/marinecadastre-2025.toml, data/lists/uk-sanctions.toml."
        )
    patience = patience or Patience()
    folder = settings.home / "downloads" / source.source_id
    today = settings.as_of.date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    files = files_of(published, [day for day in days if day < today])
    asked = {day for file in files for day in file.days}
    by_day = {day: _unasked(day, today, source) for day in days if day not in asked}
    with locked_folder(folder), open_client(patience) as client:
        session = Session(client, patience, progress or silent, threading.Event())

        def fetch(file: DayFile) -> list[Fetched]:
            return _days_of(file, folder, settings.as_of, late_days(settings, source), session)

        with ThreadPoolExecutor(patience.connections) as pool:
            try:
                for results in pool.map(fetch, files):
                    by_day |= {result.day: result for result in results}
            finally:
                session.stop.set()  # an interrupt ends the others at their next byte
                pool.shutdown(cancel_futures=True)
    return [by_day[day] for day in days]


def fetch_due(
    settings: Settings,
    source: Definition,
    *,
    missed: Sequence[date] = (),
    patience: Patience | None = None,
) -> list[Fetched]:
    """Fetch what a source published since the last time, up to yesterday: the schedule's question.

    It begins `AGAIN_DAYS` before the newest day that is here, for a publisher may replace a file,
    and without one `FIRST_DAYS` before the day that should be out by now. It asks for a week at a
    time and ends where a whole week is not out yet, so that a publisher who is half a year behind
    is not asked for two hundred files that are not there. Of the days before, it asks for those
    that an earlier attempt did not get (`missed`).

    Returns, Raises
    ---------------
    As `fetch_days`.
    """
    last = settings.as_of.date() - timedelta(days=1)
    published = source.published
    if published is None:
        return fetch_days(settings, source, last, last)  # says what is missing
    newest = newest_day(settings, source, last)
    first = (
        newest - timedelta(days=AGAIN_DAYS)
        if newest
        else last - timedelta(days=published.delay_days + FIRST_DAYS)
    )
    began = [span.first for span in published.spans]
    first = max([first, *([min(day for day in began if day)] if all(began) else [])])
    results: list[Fetched] = []
    earlier = sorted(day for day in missed if day < first)
    # Days in a row together, as one file may have them all.
    for _, row in groupby(enumerate(earlier), lambda each: each[1] - timedelta(days=each[0])):
        days = [day for _, day in row]
        results += _fetched(settings, source, days[0], days[-1], None, patience)
    while first <= last:
        end = min(first + timedelta(days=6), last)
        week = _fetched(settings, source, first, end, None, patience)
        results += week
        if all(day.state == "not_published" for day in week):
            break
        first = end + timedelta(days=1)
    return with_absence_explained(results, settings, source)


def whole_version(place: Path) -> Version | None:
    """The version of a whole file, by its record; None where file and record do not agree.

    Reads the file to its end: one that was damaged on the disk is fetched again.
    """
    version = read_version(place)
    if version is None or not place.is_file() or version.size_bytes != size_of(place):
        return None
    record = json.loads(record_of(place).read_text(encoding="utf-8"))
    return version if record.get("blake2b") == file_hash(place) else None


def silent(name: str, done: int, size: int | None) -> None:
    pass


def _unasked(day: date, today: date, source: Definition) -> Fetched:
    """A day of which no file is asked for."""
    if day >= today:
        result = Fetched(day, None, "not_published", "the day is not over.")
    else:
        why = f"[fetch] of {source.source_id} names no file of this day. Is it the right source?"
        result = Fetched(day, None, "failed", why)
    log_fetched(result)
    return result


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep other processes from fetching into a folder, which is made."""
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(lock.locked(folder))
        except OSError as error:
            raise BarometerError(
                f"{folder}: cannot be written ({error.strerror}). Check permissions and free space."
            ) from error
        yield


def _days_of(
    file: DayFile, folder: Path, as_of: datetime, late: date, session: Session
) -> list[Fetched]:
    """Fetch a file; what became of its days. Those after `late` may not be published yet."""
    place = folder / file.name
    is_absent = False
    try:
        state, message, is_absent = brought(file, place, as_of, session)
    except Fault as fault:
        state, message, is_absent = "failed", str(fault), fault.is_absent
        if is_absent and file.days[-1] > late:
            state = "not_published"
    path, size = (place, size_of(place)) if state in ("fetched", "kept") else (None, None)
    results = [Fetched(day, file.name, state, message, path, size, is_absent) for day in file.days]
    if not is_absent:
        log_fetched(results[0])
    return results


def brought(
    file: DayFile, place: Path, as_of: datetime, session: Session, *, is_dated: bool = True
) -> tuple[str, str, bool]:
    """Bring a file in from the first of its addresses that gives it; state, message, and whether it
    is at none of them any more.

    A file of a day that the server gives no version of is got once; another one (not `is_dated`)
    each time.
    """
    try:
        whole = whole_version(place)
        begun = read_version(part_of(place))
    except OSError as error:
        raise disk_fault(error, place.parent) from error
    if is_dated and whole is not None and whole.validator is None and whole.etag is None:
        return "kept", "", False  # there is nothing by which to ask whether it changed
    known = [version.address for version in (begun, whole) if version is not None]
    faults = []
    for address in sorted(file.addresses, key=lambda a: a not in known):
        try:
            is_new = tried(partial(_attempt, address, file, place, whole, as_of, session), session)
        except Fault as fault:
            faults.append(fault)
            if fault.is_ours:
                break
        else:
            return ("fetched" if is_new else "kept"), "", False
    # "No such file" holds only if no address had another trouble.
    worst = min(faults, key=lambda fault: fault.is_absent)
    if whole is None:
        raise worst
    message = f"{NOT_ANSWERED}{worst}"
    return "kept", message, worst.is_absent


def _attempt(
    address: str,
    file: DayFile,
    place: Path,
    whole: Version | None,
    as_of: datetime,
    session: Session,
) -> bool:
    """Get a file, check it and put it in its place; False where it is here already."""
    part, is_resumed = part_of(place), False
    try:
        got = download(address, file, part, whole, session)
        if got is None:
            return False
        version, is_resumed = got
        check_whole(part, file.name, session.stop, has_fixes=bool(file.days))
        adopt(part, place, version, as_of)
    except Damaged as error:
        drop(part)
        # A part may have been hurt by a crash, or joined to bytes that are not its own.
        raise Fault(f"{address}: {error}", may_pass=is_resumed) from error
    except OSError as error:
        raise disk_fault(error, place.parent) from error
    return True


def check_whole(part: Path, name: str, stop: threading.Event, *, has_fixes: bool = False) -> None:
    """Read a file to its end, with its checksums; `opened` raises for a cut archive.

    A CSV that `has_fixes` is a table: a sentence that a server sends in its place, as "try again
    later", would be kept as the file of its days, and read in vain by every run.
    """
    with part.open("rb") as raw:
        check_head(raw.read(HEAD_BYTES), name)
    left = max(MOST_UNPACKED * size_of(part), FREELY_UNPACKED)
    try:
        for member in members(part):
            if isinstance(member, BarometerError):
                raise member
            is_csv = ".csv" in f"{name} {member.name}".lower()
            with opened(member) as stream:
                is_unseen = has_fixes and is_csv
                while block := stream.content.read(BLOCK_BYTES):
                    if is_unseen and not _is_of_fixes(block):
                        raise Damaged(f"the server returned no table but {_shown(block)}.")
                    is_unseen = False
                    if stop.is_set():  # a month takes minutes to read
                        raise Fault("stopped.", is_ours=True)
                    left -= len(block)
                    if left < 0:
                        raise Damaged(
                            f"expands to more than {MOST_UNPACKED} times its size, which no AIS "
                            "data do."
                        )
    except BarometerError as error:
        why = str(error).removeprefix(f"{part.name}: ").removesuffix(" Fetch it again.")
        raise Damaged(f"{why} The publisher sent it so: fetch it again later.") from error


def _shown(start: bytes) -> str:
    return ascii(start[:100].decode("utf-8", "replace").strip())


def _is_of_fixes(start: bytes) -> bool:
    """Whether a CSV that starts so may hold fixes: it is a table, or the header of one."""
    header, _, rest = start.decode("utf-8", "replace").partition("\n")
    return is_table(header, rest.encode()) or looks_like_ais(re.split("[,;|\t]", header))


def adopt(
    part: Path, place: Path, version: Version, as_of: datetime, question: str | None = None
) -> None:
    """Give a checked part its name. After a crash in between, the part is there, complete.

    `question` stands for what was asked of a service; it goes into the record.
    """
    record = version._asdict() | {
        "size_bytes": size_of(part),
        "blake2b": file_hash(part),
        "fetched_at": as_of.isoformat(),
    }
    if question is not None:
        record["question"] = question
    durable.write_durably(record_of(place), (json.dumps(record, indent=2) + "\n").encode())
    part.replace(place)
    durable.sync_folder(place.parent)
    drop(part)


def part_of(place: Path) -> Path:
    # Hidden: `barometer ingest downloads/` leaves it out.
    return place.with_name(f".{place.name}.part")
