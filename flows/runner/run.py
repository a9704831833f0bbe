"""Step 10, run: everything derived from the lake, in order, and messages about the inputs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from flows.catalogue import access, build
from flows.catalogue import run_record as record
from flows.derive.calls import Spread
from flows.home import cache, history
from flows.home.clock import FUTURE
from flows.home.settings import BarometerError, Settings
from flows.home.text import safe_text
from flows.ingest import known
from flows.ingest.outcome import Outcome, TransientError
from flows.lake import compact, damage, losses
from flows.lake.entry import Manifest
from flows.lake.manifest import read_manifest
from flows.lake.prepare import prepare_home
from flows.mail.feed import write_feed
from flows.registers.decisions import read_decisions
from flows.registers.watchlist import watchlist_faults
from flows.report.tables import key_figures, safe_cell, weeks
from flows.report.words import headline
from flows.report.write import write_reports

log = logging.getLogger("barometer.run")

NO_ROOM = (duckdb.IOException, duckdb.OutOfMemoryException, MemoryError, OSError)
"""Errors of a full disk, an unreachable network or exhausted memory."""


def load_ahead() -> None:
    """Load what takes long and depends on no input, while Prefect's server starts.

    It is kept in this process: modules, ports and fences, the order of relations, the lists that
    come with Barometer.
    """
    build.load_ahead()
    # Most runs draw, and before the server answers there is little else to do.
    from flows.report import maps, page  # noqa: PLC0415

    page.template()
    maps.land()
    maps.own_fences()


def prepare(settings: Settings) -> Manifest:
    """Prepare home and lake for writing, and return the lake's manifest; see `prepare_home`.

    Files that the current catalogue reads stay until the next run, for open readers.
    """
    manifest = read_manifest(settings.place)
    losses.refuse_losses(settings)
    _refuse_wrong_clock(settings, manifest)
    manifest = prepare_home(settings.home, settings.place)
    cache.prune(settings.home / compact.FOLDER, compact.kept(settings.home, manifest))
    return manifest


def _refuse_wrong_clock(settings: Settings, manifest: Manifest) -> None:
    """Refuse an as-of time before the newest fix of the lake or the end of a published week.

    New fixes would be rejected as future, and closed weeks would be published as open.
    """
    newest = max(
        (e for e in manifest.entries.values() if e.last_reported_at is not None),
        key=lambda e: str(e.last_reported_at),
        default=None,
    )
    closed = [
        record["week"]
        for record in history.read_history(settings.home, history.PUBLISHED_WEEK)
        if record.get("state") != "open" and isinstance(record.get("week"), str)
    ]
    week = max(closed, default=None)
    why = ""
    if newest and newest.last_reported_at and newest.last_reported_at > settings.as_of + FUTURE:
        why = f"the lake has fixes up to {newest.last_reported_at:%F %R} ({newest.name})"
    elif week and week_end(week) > settings.as_of:
        why = f"{week} was published as closed"
    if why:
        raise BarometerError(
            f"as of {settings.as_of:%F %R} UTC is too early: {why}. Set the machine's clock, or "
            "correct --as-of; for a view of an earlier day use another home, or barometer report "
            "--as-known-on. Nothing was changed."
        )


def week_end(week: str) -> datetime:
    """The Monday after an ISO week, its first moment.

    >>> week_end("2026-W16")
    datetime.datetime(2026, 4, 20, 0, 0)
    """
    return datetime.strptime(f"{week}-1", "%G-W%V-%u") + timedelta(days=7)  # noqa: DTZ007 naive UTC


def derive(
    settings: Settings,
    outcomes: Sequence[Outcome],
    *,
    publish: bool,
    reports: bool = True,
    spread: Spread | None = None,
) -> list[str]:
    """Rebuild everything derived from the lake; with `publish`, write new and changed reports.

    Without `reports` numbers are published and the next run writes the reports that are due.
    `spread` works the ships in other processes; see `flows.derive.calls.Spread`.

    The order makes a crash harmless: reports are rewritten if they differ, the history is appended
    before its catalogue is put in place, and an appended publication is not new to the next run.
    The run is recorded before its publications, so that each refers to a known run.

    Returns
    -------
    list of str
        The weeks whose report is new or changed.

    Raises
    ------
    BarometerError
        If a file of the lake is missing or damaged, since numbers without its rows would be
        published as restated. If something cannot be written. Publications stay.
    """
    manifest = read_manifest(settings.place)
    _refuse_damage(settings, manifest, is_hashed=False)
    try:
        return _derive(
            settings, manifest, outcomes, publish=publish, reports=reports, spread=spread
        )
    except (duckdb.Error, pa.ArrowException, MemoryError, OSError) as error:
        # A damaged file of the right size can cause any of these errors.
        _refuse_damage(settings, manifest, is_hashed=True)
        if not compact.drop_damaged(settings.home, manifest):
            why = (str(error) or type(error).__name__).splitlines()[0]
            if not isinstance(error, NO_ROOM):
                raise BarometerError(
                    f"{settings.home}: the numbers could not be made ({type(error).__name__}: "
                    f"{why}), and no file of the lake is damaged. Ingested files stay, and the "
                    "catalogue is as it was. Please report this."
                ) from error
            reach = f", and whether {settings.lake} can be reached" if settings.lake else ""
            raise BarometerError(
                f"{settings.home}: the numbers could not be written ({why}). Check the disk's free "
                f"space, its rights and the memory limit{reach}, and run again: ingested files "
                "stay, and the catalogue is as it was."
            ) from error
    return derive(settings, outcomes, publish=publish, reports=reports, spread=spread)


def _refuse_damage(settings: Settings, manifest: Manifest, *, is_hashed: bool) -> None:
    if faults := damage.faults(settings.place, manifest, is_hashed=is_hashed):
        known.forget(settings.home)
        raise BarometerError(
            "no new numbers were made; catalogue and reports are as they were, because the lake "
            "is damaged in the files below. Its other files, and those just ingested, stay.\n"
            + "\n".join(f"- {fault}" for fault in faults)
        )


def _derive(
    settings: Settings,
    manifest: Manifest,
    outcomes: Sequence[Outcome],
    *,
    publish: bool,
    reports: bool,
    spread: Spread | None,
) -> list[str]:
    for fault in [*read_decisions(settings.home)[1], *watchlist_faults(settings.home)]:
        log.warning("%s", fault)  # the run goes on without these lines
    run = run_record(settings, manifest, outcomes)
    log.info("building the catalogue from %d input files", len(manifest.entries))
    build.digest_new(settings, manifest)
    built, published = build.build(settings, manifest, run, publish=publish, spread=spread)
    # Drawing the reports keeps only one core busy.
    with ThreadPoolExecutor(1) as background:
        compacted = background.submit(_compact, settings, manifest)
        changed = []
        if publish:
            # Else reports of a first run that ends early would look like a lost history.
            history.begin_history(settings.home, history.RUN)
        if publish and reports:
            with access.open_catalogue(built, settings) as con:
                changed = write_reports(con, settings.home, settings.threads)
                write_feed(con, settings.home)
    if compacted.result():
        access.point(built, settings, manifest)
    history.append_history(settings.home, history.RUN, [run])
    for name, rows in published.items():
        history.append_history(settings.home, name, rows)
    access.swap_in(settings, built)
    return changed


class NewestWeek(NamedTuple):
    """The newest closed week: its headline, and its ports without cells that are formulas."""

    headline: str
    ports: list[dict[str, Any]]


def newest_week(settings: Settings) -> NewestWeek | None:
    """What the page of a run shows of its numbers; None for a lake without positions."""
    with access.reading(settings) as con:
        if not weeks(con):
            return None
        week = access.require_week(con, None)
        figures = key_figures(con, week)
    ports = [{key: safe_cell(value) for key, value in port.items()} for port in figures["ports"]]
    return NewestWeek(f"{week}: {headline(figures['series'], figures['waters'])}", ports)


def _compact(settings: Settings, manifest: Manifest) -> int:
    """Compact small parts. A failure only makes queries slower."""
    try:
        return compact.compact(settings, manifest)
    except (duckdb.Error, OSError) as error:
        why = str(error).splitlines()[0]
        log.warning("small parts of the lake were not compacted, the next run tries (%s)", why)
        return 0


def run_record(
    settings: Settings, manifest: Manifest, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """The record of this run, with counts of its inputs; see `flows.catalogue.run_record`."""
    states = Counter(outcome.state for outcome in outcomes)
    counts = {f"files_{state}": states[state] for state in ("ingested", "known", "failed")}
    before = history.read_history(settings.home, history.RUN)
    return record.run_record(settings, manifest, before, counts)


def log_outcome(log: logging.Logger | logging.LoggerAdapter[Any], outcome: Outcome) -> None:
    """Log the outcome of an input; warning or error if something is wrong with it."""
    level = {"failed": logging.ERROR, "skipped": logging.WARNING}.get(outcome.state, logging.INFO)
    if outcome.entry is not None and outcome.entry.rows_read == outcome.entry.rows_rejected > 0:
        level = logging.WARNING
    log.log(level, "%s", safe_text(describe(outcome)))


def log_remarks(
    log: logging.Logger | logging.LoggerAdapter[Any], outcomes: Sequence[Outcome]
) -> None:
    """Log each remark on inputs of a source once, for all its inputs."""
    files: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.entry is not None:
            for remark in outcome.remarks:
                files.setdefault((outcome.entry.source, remark), []).append(outcome.name)
    for (source, remark), names in files.items():
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        log.warning("%s", safe_text(f"{source}: {remark} ({names[0]}{more})"))


def problem(outcomes: Sequence[Outcome]) -> str | None:
    """A sentence why a run over these inputs counts as failed; None if it does not."""
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    if failed:
        return f"{failed} of {len(outcomes)} inputs failed."
    if outcomes and all(outcome.state == "skipped" for outcome in outcomes):
        return "none of the files is AIS. Check the path."
    return None


def messages(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each failed input, for a message that is read without the log."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    return [f"- {safe_text(describe(outcome))}" for outcome in failed or outcomes]


def is_transient(state: Any) -> bool:
    """Whether a failed task can be retried: its state contains a `TransientError`."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


def describe(outcome: Outcome) -> str:
    """The outcome of an input file in one line."""
    entry = outcome.entry
    if entry is None:
        why = outcome.message.removeprefix(f"{outcome.name}: ")
        return f"{outcome.name}: {outcome.state}, {why}"
    span = (
        f", {entry.first_reported_at:%F %R} to {entry.last_reported_at:%F %R}"
        if entry.first_reported_at and entry.last_reported_at
        else ""
    )
    static = f", {entry.rows_static:,} static reports" if entry.rows_static else ""
    return (
        f"{outcome.name}: {entry.source}, {entry.rows_read:,} rows: {entry.rows_kept:,} kept, "
        f"{entry.rows_repeated:,} repeated, {entry.rows_rejected:,} rejected{static}{span}"
    )
