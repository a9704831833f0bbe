"""The flow: the main job on Prefect. It only wires; a task is a line round a plain function.

Prefect loads this file as a module named `weekly`, so nothing of the domain may live in it.
"""

from __future__ import annotations

import glob
from collections import deque
from collections.abc import Iterator
from typing import Any

from prefect import flow, get_client, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterStartTime,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.logging import get_logger, get_run_logger
from prefect.states import Completed, Failed

from flows.catalogue import access
from flows.derive.calls import Job, Range, Spread, Work, work_range
from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest.commit import Staged, commit
from flows.ingest.inputs import Input, find_inputs, inputs_of
from flows.ingest.known import remembering
from flows.ingest.outcome import Outcome, Progress, TransientError
from flows.ingest.stage import ingest_input, stage
from flows.lake.manifest import connect, part_paths, read_manifest
from flows.mail import alarm
from flows.mail import outbox as mail
from flows.report.tables import safe_cell, summary, weeks
from flows.report.words import headline
from flows.runner import cluster, late, run
from flows.sources import fetch
from flows.sources.definitions import Source, load_sources
from flows.sources.fetched import Fetched, fetch_problem, messages

SKIPPED = "Skipped"
LOST = (StateType.CRASHED, StateType.CANCELLING, StateType.CANCELLED)


@task(
    task_run_name="ingest {given.member.name}",
    retries=2,
    retry_delay_seconds=5,
    retry_condition_fn=lambda task, task_run, state: run.is_transient(state),
    cache_policy=NO_CACHE,
)
def ingest(
    given: Input, sources: dict[str, Source], settings: Settings, progress: Progress | None
) -> Outcome:
    """One CSV into the lake. Tried again where the disk or the network failed, not the data."""
    return ingest_input(given, sources, settings, progress, raise_transient=True)


@task(task_run_name="fetch {source.source_id}", cache_policy=NO_CACHE)
def fetch_source(settings: Settings, source: Source) -> list[Fetched]:
    """What a source published since the last time; a day that failed stops no other."""
    return fetch.fetch_due(settings, source)


@task(cache_policy=NO_CACHE)
def derive(settings: Settings, outcomes: list[Outcome], is_spread: bool) -> list[str] | State:
    """Calls, links, weekly counts and reports from the whole lake."""
    try:
        spread = _spread(settings) if is_spread else None
        return run.derive(settings, outcomes, publish=True, spread=spread)
    except BarometerError as error:  # its message says all; Prefect would add a traceback
        return Failed(message=str(error))


@task(cache_policy=NO_CACHE)
def publish_artifact(settings: Settings, week: str | None) -> dict[str, Any] | None:
    """The week's ports as a table on the flow run's page."""
    with access.reading(settings) as con:
        if not weeks(con):
            return None
        week = access.require_week(con, week)
        found = summary(con, week)
    table = [{k: safe_cell(v) for k, v in port.items()} for port in found["ports"]]
    create_table_artifact(
        table=table,
        key="weekly-port-calls",
        description=f"{week}: {headline(found['series'])}",
    )
    return found


@task(cache_policy=NO_CACHE)
def send(settings: Settings) -> list[str]:
    """The newest closed week to the team, and what failed before and is due. What went wrong."""
    told = mail.send_due(settings)
    for line in told.done:
        get_run_logger().info("mail: %s", line)
    for line in told.problems:
        get_run_logger().error("mail: %s", line)
    return told.problems


def sound_alarm(flow: Any, flow_run: FlowRun, state: State) -> None:
    """Tell the operator by mail that a run failed or crashed, where nobody else does."""
    given = flow_run.parameters
    if given.get("is_watched"):
        return
    told = alarm.send_alarm(alarm.of_flow(given, state.message or str(state.type)))
    for line in (*told.done, *told.problems):
        get_logger("barometer").warning("%s", line)


@task(task_run_name="stage {given.member.name}", cache_policy=NO_CACHE)
def stage_elsewhere(
    given: Input, sources: dict[str, Source], settings: Settings
) -> Staged | Outcome:
    """One CSV read and sorted by a worker; it changes nothing of the lake."""
    return stage(given, sources, cluster.of_worker(settings))


@task(task_run_name="commit {staged.name}", cache_policy=NO_CACHE)
def commit_here(staged: Staged, settings: Settings) -> Outcome:
    """What a worker staged becomes part of the lake."""
    return commit(staged, settings)


@task(task_run_name="work ships {batch}", cache_policy=NO_CACHE)
def work_ships(settings: Settings, parts: list[str], job: Job, batch: Range) -> Work:
    """A batch of ships, by a worker, from the lake's files."""
    with connect(cluster.of_worker(settings)) as con:
        con.read_parquet(parts, hive_partitioning=False).create_view("position")
        con.register("candidate", job.candidate)
        con.register("settled_ship", job.settled_ship)
        return work_range(con, job, batch)


def _spread(settings: Settings) -> Spread:
    """Batches of ships as tasks of the flow's runner."""

    def spread(job: Job, batches: list[Range]) -> Iterator[Work]:
        place = settings.place
        parts = [glob.escape(p) for p in part_paths(place, read_manifest(place), "position")]
        futures = [work_ships.submit(settings, parts, job, batch) for batch in batches]
        for future in futures:
            yield future.result()

    return spread


def _ingested_ahead(
    given: Iterator[Input | Outcome],
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None,
    ahead: int,
) -> Iterator[Outcome]:
    """Stage inputs on the flow's runner, so many ahead, and commit them here in their order.

    What fails for a reason that may pass, such as a worker that was lost, is ingested here.
    """
    waiting: deque[tuple[Input | Outcome, PrefectFuture[Staged | Outcome] | None]] = deque()
    for one in given:
        future = None
        if isinstance(one, Input):
            future = stage_elsewhere.submit(one, sources, settings)
        waiting.append((one, future))
        if len(waiting) >= ahead:
            yield _committed(*waiting.popleft(), sources, settings, progress)
    while waiting:
        yield _committed(*waiting.popleft(), sources, settings, progress)


def _committed(
    given: Input | Outcome,
    future: PrefectFuture[Staged | Outcome] | None,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None,
) -> Outcome:
    if isinstance(given, Outcome) or future is None:
        return _ingested(given, sources, settings, progress)
    try:
        staged = future.result()
    except BarometerError:
        raise
    except Exception as error:  # whatever befell a worker, the input is not lost
        get_run_logger().warning("%s: %r in a worker; it is read here", given.member.name, error)
        return _ingested(given, sources, settings, progress)
    outcome = commit_here(staged, settings) if isinstance(staged, Staged) else staged
    return _ingested(given, sources, settings, progress) if outcome.is_transient else outcome


def _ingested(
    given: Input | Outcome,
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None,
) -> Outcome:
    if isinstance(given, Outcome):
        return given
    try:
        return ingest(given, sources, settings, progress)
    except TransientError as error:
        return error.outcome


@flow(
    name="barometer-weekly",
    validate_parameters=False,
    on_failure=[sound_alarm],
    on_crashed=[sound_alarm],
)
def weekly(
    paths: list[str] | None = None,
    home: str | None = None,
    as_of: str | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    lake: str | None = None,
    progress: Progress | None = None,
    outcomes: list[Outcome] | None = None,
    fetched: list[str] | None = None,
    is_watched: bool = False,
    ahead: int = 0,
    verify: bool = False,
) -> State | None:
    """The main job: files into the lake, then calls, links, weekly counts and reports.

    Parameters
    ----------
    paths : list of str, optional
        Files, folders and patterns; none rebuilds what follows from the lake as it is.
    home, as_of, threads, memory_limit, lake : optional
        The settings, as the command line takes them.
    progress : callable, optional
        See `flows.ingest.outcome.Progress`.
    outcomes : list of Outcome, optional
        Gets what became of each input: a caller in this process reads it, also when the run failed.
    fetched : list of str, optional
        Sources whose new files are fetched first, by the names of their definitions.
    is_watched : bool
        Whoever called it sees a failure, or tells of it: the flow itself sends no mail.
    ahead : int
        Inputs that the flow's task runner may stage ahead of the commit; it works the ships too.
        0: all in this process, one after the other.
    verify : bool
        Open every file, also one that was taken in and whose size and times are the same.

    Returns
    -------
    State or None
        Failed where an input failed or a report could not be sent, so that a schedule shows it; the
        rest was done all the same. Also where the numbers could not be made, or the home cannot be
        used: then nothing is sent. Its message holds all that is to be known of the failure. Of
        scheduled runs that piled up, all but the first are completed as "Skipped".
    """
    log = get_run_logger()
    outcomes = [] if outcomes is None else outcomes
    given = {"home": home, "threads": threads, "memory_limit": memory_limit, "lake": lake}
    other = _done_by()
    if other is not None:
        log.info("nothing to do: run %s began after this one was due, and does its work", other)
        return Completed(name=SKIPPED, message=f"Its work is done by run {other}.")
    try:
        is_scheduled = flow_run_context().deployment_id is not None
        folder = load_settings(given).home
        with late.locked_in_turn(folder, wait_s=late.WAIT_S if is_scheduled else 0):
            # The run's clock begins when it has the home: what came while it waited is no future.
            settings = load_settings({**given, "as_of": as_of})
            problems = _work(
                settings, paths or [], fetched or [], outcomes, progress, ahead, verify
            )
    except BarometerError as error:  # its message says all; Prefect would add a traceback
        log.error("%s", error)
        return Failed(message=str(error))
    return Failed(message="\n".join(problems)) if problems else None


def _work(
    settings: Settings,
    paths: list[str],
    fetched: list[str],
    outcomes: list[Outcome],
    progress: Progress | None,
    ahead: int,
    verify: bool,
) -> list[str]:
    """The steps, in order. Returns what went wrong, a line each; the lock is held."""
    log = get_run_logger()
    sources = load_sources(settings.home)
    problems: list[str] = []
    downloads: list[str] = []
    for source_id in fetched:
        try:
            found = fetch_source(settings, fetch.known_source(sources, source_id))
        except BarometerError as error:
            log.error("%s", error)
            problems.append(str(error))
            continue
        downloads += dict.fromkeys(str(day.path) for day in found if day.path is not None)
        if (problem := fetch_problem(found)) is not None:
            problems += [problem, *messages(found)]
    files, unfound = find_inputs([*paths, *downloads])
    for outcome in unfound:
        run.log_outcome(log, outcome)
    outcomes += unfound
    manifest = run.prepare(settings)
    log.info("%d files, home %s, as of %s UTC", len(files), settings.home, settings.as_of)
    with remembering(settings, is_verifying=verify) as memory:
        given = inputs_of(files, manifest, memory)
        if ahead:
            done = _ingested_ahead(given, sources, settings, progress, ahead)
        else:
            done = (_ingested(g, sources, settings, progress) for g in given)
        for outcome in done:
            memory.take(outcome.name, outcome.file_id)
            run.log_outcome(log, outcome)
            outcomes.append(outcome)
    run.log_remarks(log, outcomes)
    if (problem := run.problem(outcomes)) is not None:
        problems += [problem, *run.messages(outcomes)]
    made = derive(settings, outcomes, ahead > 0, return_state=True)
    if made.is_failed():
        log.error("%s", made.message)
        return [*problems, str(made.message)]
    log.info(
        "reports written: %s",
        ", ".join(str(week) for week in made.result()) or "none is new or changed",
    )
    publish_artifact(settings, None)
    # Last of all: what cannot be sent is stored and published all the same.
    return problems + send(settings)


def flow_run_context() -> FlowRun:
    """The run that this is."""
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    return context.flow_run


def _done_by() -> str | None:
    """The name of the run that does this one's work, where scheduled runs piled up."""
    mine = flow_run_context()
    if mine.deployment_id is None:
        return None
    asked = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[mine.deployment_id]),
        start_time=FlowRunFilterStartTime(is_null_=False),
    )
    try:
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs(
                flow_run_filter=asked, sort=FlowRunSort.START_TIME_DESC, limit=200
            )
    except Exception as error:  # a run too many does no harm
        get_run_logger().warning("the other runs of the schedule are not known (%r)", error)
        return None
    begun = [
        late.Begun(
            one.start_time,
            str(one.id),
            one.expected_start_time or one.start_time,
            is_lost=one.state_type in LOST,
        )
        for one in runs
        if one.start_time is not None and (one.id == mine.id or one.state_name != SKIPPED)
    ]
    other = late.done_by(str(mine.id), begun)
    return next((one.name for one in runs if other and str(one.id) == other.run_id), None)
