"""`barometer run`: the main job, once."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from flows.commands.shared import (
    ABOVE,
    DONE,
    FAILED,
    USAGE,
    Command,
    add_fetch,
    announce_server,
    cluster_address,
    fail,
    file_progress,
    logs_said,
    positive,
    settings_of,
    show_outcome,
    sound_alarm,
)
from flows.home.settings import BarometerError, Settings

if TYPE_CHECKING:
    from flows.ingest.outcome import Outcome
    from flows.runner.cluster import Cluster


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "run",
        execute,
        "the main job: ingest, then calls, links, weekly counts and reports, as one Prefect flow",
        """
        barometer run --demo               # a simulated year, into an empty home
        barometer run AIS_2026_04_*.zip --home ~/barometer
        barometer run                      # rebuild from the lake
        barometer run --fetch ofac-sdn --fetch uk-sanctions
        barometer run --fetch              # the lists, and all that hears or watches Iran's coast
        barometer run /data/ais --on dask --workers 8
        barometer run /data/ais --on tcp://head:8786 --lake s3://bucket/prefix
        """,
        is_job=True,
        as_json="the outcome as JSON",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="AIS files, folders or patterns")
    add_fetch(parser)
    parser.add_argument(
        "--on",
        metavar="WHERE",
        type=cluster_address,
        help="process files and ships in several processes: dask for a cluster on this machine, or "
        "the address of a Dask scheduler, tcp://host:8786, whose workers have the home and the "
        "files under the same paths",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="with --on dask: number of processes (one per thread)",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="take in a simulated year, in two runs a week apart; the home must be empty",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show Prefect's log on a terminal too; where there is none it is always shown",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="open every file, also those known by size and times",
    )


class Feed(NamedTuple):
    """What one run of the flow takes in, and its settings."""

    settings: Settings
    paths: list[str]


def execute(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.home.file_names import sendable
    from flows.home.text import safe_text
    from flows.runner.prefect_server import prefect_server, without_heartbeats, without_login

    if misuse := _misuse(flags):
        print(f"barometer run: {misuse}", file=sys.stderr)
        return USAGE
    settings = settings_of(flags)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        stack.enter_context(
            lock.locked(settings.home)
        )  # before Prefect starts, which takes up to a minute
        shown = stack.enter_context(file_progress(flags))
        given = flags.demo or flags.paths or flags.fetch or flags.on
        if not given and _is_empty(settings):
            fail(
                flags,
                f"no PATH was given, and the home {settings.home} is empty. Give AIS files: "
                "barometer run PATH. For another home use --home.",
            )
            return USAGE
        _refuse_unreachable(flags)
        if is_quiet := sys.stderr.isatty() and not flags.verbose:
            os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
        is_own_server = announce_server(shown.say)
        wait_for_server = stack.enter_context(prefect_server(settings, has_schedule=False))
        run, weekly = _loaded(is_ahead=is_own_server)
        feeds = [Feed(settings, flags.paths)]
        if flags.demo:
            shown.say("simulating a year of tanker traffic ...")
            feeds = demo_feeds(settings)
        wait_for_server()
        stack.enter_context(without_heartbeats() if is_own_server else nullcontext())
        if is_quiet:
            stack.enter_context(logs_said(shown.say))
        cluster = _cluster(flags, settings)

        flow = weekly.with_options(task_runner=cluster.runner) if cluster else weekly
        try:
            for feed in feeds:
                settings = feed.settings
                state = flow(
                    paths=[sendable(path) for path in feed.paths],
                    fetched=flags.fetch,
                    home=str(settings.home),
                    as_of=settings.as_of.isoformat(),
                    threads=settings.threads,
                    memory_limit=settings.memory_limit,
                    lake=settings.lake,
                    progress=shown.file,
                    outcomes=outcomes,
                    is_watched=True,  # this command sends the alarm
                    verify=flags.verify,
                    ahead=cluster.ahead if cluster else 0,
                    reports=feed is feeds[-1],
                    return_state=True,
                )
                if not state.is_completed():
                    break
        except Exception as error:  # errors of the flow itself become its state
            if not _is_of_prefect(error):
                raise
            raise BarometerError(
                f"the Prefect server at {without_login(os.environ['PREFECT_API_URL'])} refused a "
                f"request or was lost ({type(error).__name__}: {safe_text(str(error))[:300]}). "
                "Check that it runs, has free disk space and, if it requires a login, that "
                "PREFECT_API_AUTH_STRING or PREFECT_API_KEY is correct; then run again. Ingested "
                "files stay."
            ) from error
        failure = None if state.is_completed() else str(state.message)
        if failure:
            sound_alarm(flags, failure)  # in here: the mail's login may be on Prefect's server
    problem = run.problem(outcomes)
    if failure and failure != "\n".join([str(problem), *run.messages(outcomes)]):
        print(f"barometer: the run failed: {failure}", file=sys.stderr)
        return FAILED
    show_outcome(settings, outcomes, as_json=flags.json)
    if failure:
        print(f"barometer: {problem} {ABOVE}", file=sys.stderr)
    return FAILED if failure else DONE


def _is_empty(settings: Settings) -> bool:
    """Whether nothing was ever ingested into the home's lake."""
    from flows.lake.manifest import read_manifest

    return not read_manifest(settings.place).entries


def _loaded(*, is_ahead: bool) -> tuple[Any, Any]:
    """The module of the run and its flow; with `is_ahead` also what they would load later.

    Imported late because it takes seconds, while the server starts, and because Prefect keeps the
    stderr it finds: that of the progress bar, which prints log lines above itself.
    """
    # All of it stays until the process ends. Looking through it for garbage took a tenth of the
    # imports, and half a second of the end (measured on two busy cores).
    gc.disable()
    from flows.runner import run
    from flows.weekly import weekly

    if is_ahead:
        run.load_ahead()
    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)
    return run, weekly


def _misuse(flags: argparse.Namespace) -> str | None:
    """What is wrong with the flags together."""
    if flags.workers and flags.on != "dask":
        return "--workers needs --on dask"
    if flags.demo and (flags.paths or flags.fetch or flags.as_of):
        return "--demo takes neither PATH, --fetch nor --as-of"
    return None


def demo_feeds(settings: Settings) -> list[Feed]:
    """Write the simulated year into the home and import its list; what each run takes in.

    A home that has the year already gets what the last run takes in, which changes nothing.

    Raises
    ------
    BarometerError
        If the home has other positions, which simulated ones must not be mixed with.
    """
    from flows.home import history
    from flows.registers import store
    from flows.runner import run
    from flows.simulate.year import write_year

    folder = settings.home / "demo"
    if not (_is_empty(settings) or folder.exists()):
        raise BarometerError(
            f"the home {settings.home} has positions, and simulated ones must not be mixed with "
            "them. Give an empty folder: barometer run --demo --home PATH"
        )
    year = write_year(folder)
    feeds = [
        Feed(settings._replace(as_of=feed.as_of), [str(path) for path in feed.files])
        for feed in year.feeds
    ]
    if history.read_history(settings.home, history.PUBLISHED_WEEK):
        return feeds[-1:]
    run.prepare(feeds[0].settings)
    store.import_list(feeds[0].settings, year.fleet_list)
    return feeds


def _is_of_prefect(error: Exception) -> bool:
    """Whether the error is of Prefect or its connection, not of the work."""
    names = [type(e).__module__.partition(".")[0] for e in (error, error.__cause__) if e]
    return bool({"prefect", "httpx", "httpcore"} & set(names))


def _refuse_unreachable(flags: argparse.Namespace) -> None:
    """Refuse workers on other machines without a Prefect server that they can reach."""
    is_here = flags.on is None or flags.on == "dask"
    is_here = is_here or urlsplit(flags.on).hostname in ("127.0.0.1", "localhost", "::1")
    if not is_here and not os.environ.get("PREFECT_API_URL"):
        raise BarometerError(
            "PREFECT_API_URL is not set, and workers on other machines need a Prefect server that "
            "they can reach: PREFECT_API_URL=http://host:4200/api"
        )


def _cluster(flags: argparse.Namespace, settings: Settings) -> Cluster | None:
    """The cluster of --on. Needs a running Prefect server: Prefect reads its address at import."""
    if flags.on is None:
        return None
    from flows.runner.cluster import cluster

    return cluster(flags.on, settings, flags.workers)
