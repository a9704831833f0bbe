"""The main job as a Prefect flow. Each task calls one plain function.

Prefect loads this file as a module named `weekly`, so domain classes must be defined elsewhere.
"""

from __future__ import annotations

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

from flows.home.settings import BarometerError, Settings, load_settings
from flows.ingest.inputs import Input, find_inputs, inputs_of
from flows.ingest.known import remembering
from flows.ingest.outcome import Outcome, Progress, TransientError
from flows.ingest.stage import Prepared, commit_staged, ingest_input, stage
from flows.mail import alarm, alerts, outbox
from flows.registers import refresh
from flows.registers.refresh import Refreshed
from flows.runner import cluster, late, run, ships
from flows.sources.definitions import Definition, Source, load_sources
from flows.sources.fetching import attempts, services
from flows.sources.fetching.fetched import Fetched
from flows.sources.lists import FetchedList

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
    """Ingest one CSV. Retried if the disk or the network failed, not for faults of the data."""
    return ingest_input(given, sources, settings, progress, raise_transient=True)


@task(task_run_name="fetch {source.source_id}", cache_policy=NO_CACHE)
def fetch_source(settings: Settings, source: Definition) -> list[Fetched]:
    """Fetch what a source published since the last time; a failed day does not stop the others."""
    return attempts.fetch_due(settings, source)


@task(task_run_name="fetch {source.source_id}", cache_policy=NO_CACHE)
def refresh_list(settings: Settings, source: FetchedList) -> Refreshed:
    """Fetch a list and import what is new; else the version at hand stays in force."""
    return refresh.refresh(settings, source)


@task(cache_policy=NO_CACHE)
def derive(
    settings: Settings, outcomes: list[Outcome], is_spread: bool, reports: bool
) -> list[str] | State:
    """Derive calls, links, weekly counts and reports from the whole lake."""
    try:
        spread = ships.spread_by(settings, work_ships.submit) if is_spread else None
        return run.derive(settings, outcomes, publish=True, reports=reports, spread=spread)
    except BarometerError as error:  # Prefect would add a traceback to the message
        return Failed(message=str(error))


@task(cache_policy=NO_CACHE)
def publish_artifact(settings: Settings) -> None:
    """Show the newest closed week's ports as a table on the flow run's page."""
    newest = run.newest_week(settings)
    if newest is not None:
        create_table_artifact(
            table=newest.ports, key="weekly-port-calls", description=newest.headline
        )


@task(cache_policy=NO_CACHE)
def send(settings: Settings) -> list[str]:
    """Mail the newest closed week and what is due of others. Returns the problems."""
    result = outbox.send_due(settings)
    for line in result.done:
        get_run_logger().info("mail: %s", line)
    for line in result.problems:
        get_run_logger().error("mail: %s", line)
    return result.problems


@task(cache_policy=NO_CACHE)
def alert(settings: Settings) -> list[str]:
    """Send the services what is new for them. Returns the problems."""
    result = alerts.send_alerts(settings)
    for line in result.done:
        get_run_logger().info("alerts: %s", line)
    for line in result.problems:
        get_run_logger().error("alerts: %s", line)
    return result.problems


def sound_alarm(flow: Any, flow_run: FlowRun, state: State) -> None:
    """Mail the operator that a run failed or crashed, unless its caller does."""
    given = flow_run.parameters
    if given.get("is_watched"):
        return
    result = alarm.send_alarm(alarm.of_flow(given, state.message or str(state.type)))
    for line in (*result.done, *result.problems):
        get_logger("barometer").warning("%s", line)


@task(task_run_name="stage {given.member.name}", cache_policy=NO_CACHE)
def stage_elsewhere(
    given: Input, sources: dict[str, Source], settings: Settings
) -> Prepared | Outcome:
    """Read and sort one CSV in a worker, without a change of the lake."""
    return stage(given, sources, cluster.of_worker(settings))


@task(task_run_name="commit {staged.name}", cache_policy=NO_CACHE)
def commit_here(staged: Prepared, settings: Settings) -> Outcome:
    """Commit to the home what a worker staged."""
    return commit_staged(staged, settings)


@task(task_run_name="work ships {batch.ships}", cache_policy=NO_CACHE)
def work_ships(batch: ships.Batch) -> Any:
    """Find the calls of a batch of ships in a worker."""
    return ships.work(batch)


def _ingested_ahead(
    given: Iterator[Input | Outcome],
    sources: dict[str, Source],
    settings: Settings,
    progress: Progress | None,
    ahead: int,
) -> Iterator[Outcome]:
    """Stage inputs on the flow's runner, up to `ahead`, and commit them here in their order.

    Inputs that fail for a temporary reason, such as a lost worker or scheduler, are ingested here.
    """
    waiting: deque[tuple[Input | Outcome, PrefectFuture[Prepared | Outcome] | None]] = deque()
    for item in given:
        waiting.append((item, _started(item, sources, settings)))
        if len(waiting) >= ahead:
            yield _committed(*waiting.popleft(), sources, settings, progress)
    while waiting:
        yield _committed(*waiting.popleft(), sources, settings, progress)


def _started(
    item: Input | Outcome, sources: dict[str, Source], settings: Settings
) -> PrefectFuture[Prepared | Outcome] | None:
    """The future of an input; None where there is nothing to stage, or no cluster any more."""
    if isinstance(item, Outcome):
        return None
    try:
        return stage_elsewhere.submit(item, sources, settings)
    except Exception as error:  # any fault of a cluster
        get_run_logger().warning(
            "%s: %r on the cluster; read in this process instead", item.member.name, error
        )
        return None


def _committed(
    given: Input | Outcome,
    future: PrefectFuture[Prepared | Outcome] | None,
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
    except Exception as error:  # any fault of a worker
        get_run_logger().warning(
            "%s: %r in a worker; read in this process instead", given.member.name, error
        )
        return _ingested(given, sources, settings, progress)
    outcome = staged if isinstance(staged, Outcome) else commit_here(staged, settings)
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
    reports: bool = True,
) -> State | None:
    """The main job: files into the lake, then calls, links, weekly counts and reports.

    Parameters
    ----------
    paths : list of str, optional
        Files, folders and patterns. Without any, everything is derived again from the lake.
    home, as_of, threads, memory_limit, lake : optional
        The settings, as on the command line.
    progress : callable, optional
        See `flows.ingest.outcome.Progress`.
    outcomes : list of Outcome, optional
        Receives the outcome of each input, for a caller in this process, also if the run fails.
    fetched : list of str, optional
        Sources, witnesses and lists of which what is new is fetched first, by the names of their
        definitions; ``iran`` for the lists, and all that hear or watch Iran's coast.
    is_watched : bool
        The caller reports a failure: the flow sends no alarm.
    ahead : int
        Inputs that the flow's task runner may stage ahead of the commit; it also works the ships.
        0: everything in this process, in sequence.
    verify : bool
        Open every file, also known ones with unchanged size and times.
    reports : bool
        Write the reports that are new or changed; not where another run follows, which does.

    Returns
    -------
    State or None
        Failed if an input failed, or a report or alert could not be sent; everything else was done.
        Also if the numbers could not be derived or the home cannot be used; then nothing is sent.
        The message has all causes. Of scheduled runs that accumulated, all but the first complete
        as "Skipped".
    """
    log = get_run_logger()
    outcomes = [] if outcomes is None else outcomes
    given = {"home": home, "threads": threads, "memory_limit": memory_limit, "lake": lake}
    other = _done_by()
    if other is not None:
        log.info("nothing to do: run %s started after this one was due, and does its work", other)
        return Completed(name=SKIPPED, message=f"Its work is done by run {other}.")
    try:
        is_scheduled = flow_run_context().deployment_id is not None
        folder = load_settings(given).home
        with late.locked_in_turn(folder, wait_s=late.WAIT_S if is_scheduled else 0):
            # The as-of time is taken after the wait: fixes that came meanwhile are not future.
            settings = load_settings({**given, "as_of": as_of})
            problems = _work(
                settings, paths or [], fetched or [], outcomes, progress, ahead, verify, reports
            )
    except BarometerError as error:  # Prefect would add a traceback to the message
        log.error("%s", error)
        return Failed(message=str(error))
    return Failed(message="\n".join(problems)) if problems else None


def _work(
    settings: Settings,
    paths: list[str],
    source_ids: list[str],
    outcomes: list[Outcome],
    progress: Progress | None,
    ahead: int,
    verify: bool,
    reports: bool,
) -> list[str]:
    """The steps, in order. Returns the problems, one per line. The caller holds the lock."""
    log = get_run_logger()
    sources = load_sources(settings.home)
    problems: list[str] = []
    downloads: list[str] = []
    manifest = run.prepare(settings)
    for source_id in services.expanded(settings.home, source_ids):
        try:
            source = services.known(settings.home, source_id)
            if isinstance(source, FetchedList):
                problems += filter(None, [refresh_list(settings, source).problem])
                continue
            days = fetch_source(settings, source)
        except BarometerError as error:
            log.error("%s: %s", source_id, error)
            problems.append(f"{source_id}: {error}")
            continue
        downloads += dict.fromkeys(str(day.path) for day in days if day.path is not None)
        if lines := attempts.problems(source, days):
            problems += [f"{source_id}: {lines[0]}", *lines[1:]]
    files, unfound = find_inputs([*paths, *downloads])
    for outcome in unfound:
        run.log_outcome(log, outcome)
    outcomes += unfound
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
    derived = derive(settings, outcomes, ahead > 0, reports, return_state=True)
    if derived.is_failed():
        log.error("%s", derived.message)
        return [*problems, str(derived.message)]
    log.info(
        "reports written: %s",
        ", ".join(str(week) for week in derived.result()) or "none new or changed",
    )
    publish_artifact(settings)
    # Last, so that everything is stored and published even if mail or alerts fail.
    return problems + send(settings) + alert(settings)


def flow_run_context() -> FlowRun:
    """The current flow run."""
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    return context.flow_run


def _done_by() -> str | None:
    """The name of the run that does this one's work, if scheduled runs accumulated."""
    mine = flow_run_context()
    if mine.deployment_id is None:
        return None
    started = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[mine.deployment_id]),
        start_time=FlowRunFilterStartTime(is_null_=False),
    )
    try:
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs(
                flow_run_filter=started, sort=FlowRunSort.START_TIME_DESC, limit=200
            )
    except Exception as error:  # an extra run does no harm
        get_run_logger().warning("cannot read the other runs of the schedule (%r)", error)
        return None
    others = [
        late.Started(
            run.start_time,
            str(run.id),
            run.expected_start_time or run.start_time,
            is_lost=run.state_type in LOST,
        )
        for run in runs
        if run.start_time is not None and (run.id == mine.id or run.state_name != SKIPPED)
    ]
    other = late.done_by(str(mine.id), others)
    return next((run.name for run in runs if other and str(run.id) == other.run_id), None)
