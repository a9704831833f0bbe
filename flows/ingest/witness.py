"""Files of witnesses among the inputs: taken into the home, not into the lake."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from flows.home.settings import Settings
from flows.home.text import safe_text
from flows.ingest.outcome import FAULTS, Outcome, failed_outcome
from flows.ingest.witnesses.reading import Reading, counted
from flows.ingest.witnesses.store import fetched_on, keep, keep_again, known
from flows.sources.packings import Member
from flows.sources.witnesses import load_witnesses

Reader = Callable[[Member, Path, Collection[str]], Reading | None]


def is_empty_answer(member: Member) -> bool:
    """Whether a file is what a fetch writes for days without an event: no line at all."""
    return member.name.lower().endswith(".jsonl") and not member.path.stat().st_size


def staged(
    read: Reader, member: Member, settings: Settings, work: Path
) -> Reading | Outcome | None:
    """The reading of a witness's file, in the folder `work`; None for any other file.

    Changes nothing of the home, as `flows.ingest.stage`.

    Raises
    ------
    BarometerError
        If the file is a witness's and cannot be used.
    """
    before = known(settings.home)
    reading = read(member, work, before)
    if reading is None or reading.file_id not in before:
        return reading
    day, record = fetched_on(reading.name), before[reading.file_id]
    if day is not None and day.isoformat() > record["published_on"]:
        return reading
    shutil.rmtree(work)
    return _is_known(member.name, record)


def commit(reading: Reading, settings: Settings) -> Outcome:
    """Take a reading into the home, whole or not at all; what was staged is gone then."""
    try:
        before = known(settings.home)
        if reading.file_id in before:
            record = before[reading.file_id]
            again = keep_again(reading.name, record, settings)
            if again is None:  # its twin came in meanwhile
                return _is_known(reading.name, record)
            message = f"same content as {record['name']}, published again {again['published_on']}"
            return Outcome(reading.name, "ingested", message)
        record = keep(reading, settings)
    except FAULTS as error:
        return failed_outcome(reading.name, settings, error)
    finally:
        shutil.rmtree(reading.work, ignore_errors=True)
    message = _message(reading, settings.home, record["published_on"])
    return Outcome(reading.name, "ingested", message)


def _is_known(name: str, record: dict[str, str]) -> Outcome:
    message = f"same content as {record['name']}, ingested {record['ingested_at'][:10]}"
    return Outcome(name, "known", message)


def _message(reading: Reading, home: Path, published_on: str) -> str:
    what = {"events": "events", "series": "values of series", "passes": "passes"}[reading.holds]
    span = f", {reading.oldest_on} to {reading.newest_on}" if reading.oldest_on else ""
    aside = f", {reading.rows_aside:,} about other places or kinds" if reading.rows_aside else ""
    why = safe_text("; ".join(counted(reading.reasons)))
    return (
        f"witness {load_witnesses(home)[reading.source].witness}, {reading.rows_read:,} {what}: "
        f"{reading.rows_kept:,} kept, {reading.rows_rejected:,} rejected{aside}{span}, published "
        f"{published_on}{f'. Rejected: {why}' if why else ''}"
    )
