"""The command line. It only wires; a command imports what it needs, when it runs."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import re
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows import __version__
from flows.home.settings import (
    BarometerError,
    SettingError,
    Settings,
    home_of,
    load_settings,
    unknown_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.ingest.stage import Outcome, Progress
    from flows.runner.cluster import Cluster
    from flows.sources.download import Progress as DownloadProgress
    from flows.sources.listen import Progress as ListenProgress

log = logging.getLogger("barometer")

DONE, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 when done, 1 when it failed; wrong usage exits with 2."""
    parser = _parser()
    flags = parser.parse_args(arguments)
    if not hasattr(flags, "command"):
        parser.print_help()
        return USAGE
    flags.arguments = sys.argv[1:] if arguments is None else list(arguments)
    flags.is_told = False
    try:
        with _stoppable():
            return int(flags.command(flags))
    except BarometerError as error:
        _failed(flags, str(error))
        return USAGE if isinstance(error, SettingError) else FAILED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        _forget_output()
        return FAILED
    except OSError as error:
        if error.errno is None:
            raise
        print(f"barometer: {_told(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("barometer: stopped. What was committed stays; run again to go on.", file=sys.stderr)
        return FAILED
    except Exception as error:
        _sound_alarm(flags, f"{_UNEXPECTED}: {type(error).__name__}: {error}")
        raise


_UNEXPECTED = "an error that barometer does not expect; the log has its traceback"


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP end a command as Ctrl-C does: what it began is closed and stopped.

    A signal that the caller handles or ignores, as nohup(1) does, is left alone.
    """
    taken = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                taken[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)


def _failed(flags: argparse.Namespace, why: str, short: str | None = None) -> int:
    """Say why a command failed, by mail too where nobody watches; `short`: as a terminal needs it,
    where the messages stand above it already."""
    print(f"barometer: {short or why}", file=sys.stderr)
    _sound_alarm(flags, why)
    return FAILED


def _sound_alarm(flags: argparse.Namespace, why: str) -> None:
    """Tell the operator by mail that a job failed, where a mail server is set up and no terminal
    shows it."""
    is_mail_set_up = any(map(os.environ.get, ("BAROMETER_SMTP_HOST", "BAROMETER_SMTP_BLOCK")))
    if not flags.is_job or flags.is_told or sys.stderr.isatty() or not is_mail_set_up:
        return
    flags.is_told = True
    from flows.mail.alarm import Failure, send_alarm

    try:
        home = str(home_of(flags.home))
    except BarometerError:  # which is the failure itself
        home = str(flags.home)
    again = [*flags.arguments, *([] if flags.home else ["--home", home])]
    now = datetime.now(UTC).replace(tzinfo=None)
    told = send_alarm(Failure(again, home, now, why))
    for line in (*told.done, *told.problems):
        print(f"barometer: {line}", file=sys.stderr)


def _told(error: OSError) -> str:
    """What the system refused, where, and what to do; foreign text is shown as ASCII."""
    where = f"{ascii(os.fsdecode(error.filename))[1:-1]}: " if error.filename is not None else ""
    what = {
        errno.ENOENT: "Check the path. Was a folder deleted while this ran?",
        errno.ENOSPC: "Free some space on the disk, and run again.",
    }.get(error.errno or 0, "Check its rights, and whether the disk is mounted and whole.")
    return f"{where}{error.strerror}. {what}"


def _shared_flags() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--home", help="folder of lake, catalogue and reports (BAROMETER_HOME; data/lake)"
    )
    shared.add_argument(
        "--lake",
        metavar="ADDRESS",
        help="the lake on object storage: s3://bucket/prefix (the home)",
    )
    shared.add_argument(
        "--as-of", dest="as_of", metavar="TIME", help="the run's clock, UTC (now): 2026-04-20T06:00"
    )
    shared.add_argument("--threads", type=int, help="threads (the machine's, 8 at most)")
    shared.add_argument("--memory-limit", metavar="SIZE", help="DuckDB's memory (300MB)")
    return shared


def _parser() -> argparse.ArgumentParser:
    shared = _shared_flags()
    parser = argparse.ArgumentParser(
        prog="barometer",
        description="Weekly counts of Russian-linked tanker calls at Iranian ports, by AIS.",
        epilog="Settings: flag, environment (BAROMETER_*), barometer.toml in the home, default.",
    )
    parser.add_argument("--version", action="version", version=f"barometer {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="")

    def command(
        name: str,
        function: Callable[[argparse.Namespace], int],
        text: str,
        examples: str,
        group: Any = commands,
        as_json: str = "",
        is_job: bool = False,
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = group.add_parser(
            name,
            parents=[shared],
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog="examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  "),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(command=function, is_job=is_job)
        if as_json:
            made.add_argument("--json", action="store_true", help=as_json)
        return made

    run = command(
        "run",
        _run,
        "the main job: ingest, then calls, links, weekly counts and reports, as one Prefect flow",
        """
        barometer run data/sample
        barometer run AIS_2026_04_*.zip --home ~/barometer
        barometer run                      # rebuild from the lake as it is
        barometer run /data/ais --on dask --workers 8
        barometer run /data/ais --on tcp://head:8786 --lake s3://bucket/prefix
        """,
        is_job=True,
        as_json="the outcome as JSON",
    )
    run.add_argument("paths", nargs="*", metavar="PATH", help="AIS files, folders or patterns")
    run.add_argument(
        "--on",
        metavar="WHERE",
        type=_where,
        help="read files and work ships in several processes: dask, for a cluster of this "
        "machine's own, or the address of a Dask scheduler, tcp://host:8786; all workers must see "
        "the home and the files under the same paths",
    )
    run.add_argument(
        "--workers", type=_count, metavar="N", help="with --on dask: processes (one a thread)"
    )
    serve = command(
        "serve",
        _serve,
        "the main job by a schedule, on Prefect, until it is told to end",
        """
        barometer serve /data/ais --home ~/barometer              # Mondays at 6:00 UTC
        barometer serve /data/ais --home ~/barometer --cron "0 3 * * *"
        barometer serve --fetch danish-maritime-authority --home ~/barometer
        """,
        is_job=True,
    )
    serve.add_argument("paths", nargs="*", metavar="PATH", help="AIS files, folders or patterns")
    serve.add_argument(
        "--fetch",
        action="append",
        metavar="SOURCE",
        help="fetch what this source published since the last run, first; may be repeated",
    )
    serve.add_argument(
        "--cron", default="0 6 * * 1", metavar="CRON", help="five fields, UTC (0 6 * * 1)"
    )
    ingest = command(
        "ingest",
        _ingest,
        "files into the lake; what is known already is skipped, by content",
        """
        barometer ingest ais-2026-03-02.csv.zst
        barometer ingest ~/downloads/ais --json
        """,
        is_job=True,
        as_json="the outcome as JSON",
    )
    ingest.add_argument("paths", nargs="+", metavar="PATH", help="AIS files, folders or patterns")
    for made in (run, ingest):
        made.add_argument(
            "--verify",
            action="store_true",
            help="open every file, also one that is known by its size and times",
        )
    fetch = command(
        "fetch",
        _fetch,
        "the publisher's files of some days, into the home's downloads/; prints their paths",
        """
        barometer fetch marinecadastre-2025 --from 2026-04-13 --to 2026-04-19
        barometer fetch danish-maritime-authority --from 2026-04-13 --to 2026-04-19 --json
        barometer run ~/barometer/downloads --home ~/barometer

        A file that is whole here is not fetched again, and one that was cut goes on where it
        stopped. A day that the publisher may not have published yet is said and is no failure;
        any other day without a file ends in exit code 1, and the others are fetched all the same.
        Proxies and certificates: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE.
        """,
        is_job=True,
        as_json="what became of each day as JSON",
    )
    fetch.add_argument("source", metavar="SOURCE", help="a source whose TOML has a [fetch]")
    for flag, what in (("--from", "first"), ("--to", "last")):
        fetch.add_argument(
            flag,
            dest=what,
            type=_iso_day,
            required=True,
            metavar="DAY",
            help=f"the {what} day, UTC: 2026-04-13",
        )
    listen = command(
        "listen",
        _listen,
        "record aisstream.io's stream off Iran's ports, into hourly files; prints their paths",
        """
        export BAROMETER_AISSTREAM_KEY=...          # free of charge: https://aisstream.io/apikeys
        barometer listen --home ~/barometer         # until Ctrl-C or SIGTERM
        barometer listen --for 1h --home ~/barometer
        barometer run ~/barometer/recordings --home ~/barometer

        recordings/gaps.log says from when to when nobody listened, and why. A file is named .part
        until its hour is over. BAROMETER_AISSTREAM_URL names a relay of your own (wss://).
        """,
        is_job=True,
    )
    listen.add_argument(
        "--for",
        dest="duration_s",
        type=_duration_s,
        metavar="DURATION",
        help="stop after this: 90s, 30m, 1h or 2d (never)",
    )
    listen.add_argument(
        "--russian-ports",
        action="store_true",
        help="also off the Russian oil ports, the evidence of trade: more messages",
    )
    report = command(
        "report",
        _report,
        "the report of a week: its CSV files, and the table on the terminal",
        """
        barometer report
        barometer report --week 2026-W16 --json
        barometer report --week 2026-W16 --as-known-on 2026-04-20
        barometer report --week 2026-W16 --send
        barometer report --send --dry-run  # only the .eml file
        """,
        as_json="the week as JSON",
    )
    report.add_argument("--week", help="ISO week such as 2026-W16 (the newest closed one)")
    report.add_argument(
        "--as-known-on",
        metavar="DATE",
        help="link ships by what was listed on that day; into a folder of its own",
    )
    report.add_argument(
        "--send", action="store_true", help="mail it to the team, once for each version"
    )
    report.add_argument(
        "--dry-run", action="store_true", help="with --send: only write the message as an .eml file"
    )
    report.add_argument(
        "--again",
        action="store_true",
        help="with --send: to everyone once more, whatever was sent before",
    )
    sql = command(
        "sql",
        _sql,
        "run a query on the catalogue, or open a prompt",
        """
        barometer sql "select * from barometer"
        barometer sql --format csv "from port_call where is_russian_linked" > calls.csv
        barometer sql < sql/examples/reception_by_port.sql
        """,
    )
    sql.add_argument("query", nargs="?", help="the query; without it, standard input or a prompt")
    sql.add_argument("--format", choices=("table", "csv", "json", "parquet"), default="table")
    ports = command(
        "ports",
        _ports,
        "the ports and their fences; on a map, with a ship's track if asked",
        """
        barometer ports
        barometer ports --json
        barometer ports --map ports.html
        barometer ports --map ship.html --ship 9247778
        """,
        as_json="ports and fences as JSON",
    )
    ports.add_argument("--map", metavar="FILE", help="an interactive map, as one HTML file")
    ports.add_argument(
        "--ship", metavar="IMO-or-MMSI", help="draw the track of this ship too; a name will do"
    )
    vessel = command(
        "vessel",
        _vessel,
        "all that is known of a ship: names, flags, evidence, calls, what does not fit",
        """
        barometer vessel 9247778
        barometer vessel 273399990 --json
        barometer vessel "sea star"
        """,
        as_json="everything as JSON",
    )
    vessel.add_argument("ship", metavar="IMO-or-MMSI", help="or a part of its name")
    lists = commands.add_parser("register", help="the lists that link ships to Russia")
    _add_register(lists, command)
    check = command(
        "check",
        _check,
        "check the lake and the numbers, and say what the data cannot support",
        """
        barometer check
        barometer check --rebuild          # is the catalogue what the lake gives, built anew?
        barometer check --repoint          # after the home was moved, for other DuckDB clients
        barometer check --recover          # after manifest.json or a history was lost
        """,
        as_json="the findings as JSON",
    )
    check.add_argument(
        "--rebuild",
        action="store_true",
        help="also build the catalogue anew, every ship worked, and compare",
    )
    check.add_argument(
        "--recover",
        action="store_true",
        help="first rebuild a lost manifest or history from what the home still holds",
    )
    check.add_argument(
        "--repoint",
        action="store_true",
        help="first let the catalogue's views name the moved files",
    )
    _add_simulate(command)
    return parser


def _add_register(
    parser: argparse.ArgumentParser, command: Callable[..., argparse.ArgumentParser]
) -> None:
    lists = parser.add_subparsers(title="commands", metavar="", required=True)
    imported = command(
        "import",
        _register_import,
        "a sanctions list or fleet list, in its publisher's own format, as a new version",
        """
        barometer register import sdn_advanced.xml
        barometer register import sdn.csv --published-on 2026-03-20
        barometer register import our-fleet.csv --json
        """,
        lists,
        as_json="what changed as JSON",
    )
    imported.add_argument("file", metavar="FILE", help="the list; its format is told by content")
    imported.add_argument(
        "--published-on", metavar="DATE", help="the day of the list, where it does not give it"
    )
    imported.add_argument(
        "--accept-loss",
        action="store_true",
        help="also take a list that is cut, that lacks more than a tenth of the ships or of the "
        "links to Russia that it had, or whose programme keys are not known",
    )
    command(
        "list",
        _register_list,
        "the lists at hand, bundled and imported: day, ships, linked ships, file, import",
        """
        barometer register list
        barometer register list --json
        """,
        lists,
        as_json="the versions as JSON",
    )
    removed = command(
        "remove",
        _register_remove,
        "take an import back: its version counts no more, and stays for what was published with it",
        """
        barometer register list
        barometer register remove 3
        """,
        lists,
        as_json="the import that was removed as JSON",
    )
    removed.add_argument(
        "number", metavar="NUMBER", type=_count, help="of the import, from barometer register list"
    )


def _add_simulate(command: Callable[..., argparse.ArgumentParser]) -> None:
    simulate = command(
        "simulate",
        _simulate,
        "AIS files with known port calls, for demos, tests and benchmarks",
        """
        barometer simulate /tmp/sim
        barometer simulate /tmp/sim --days 7 --ships 200 --seed 3 --trap pass_by --trap pilot_stop
        """,
    )
    simulate.add_argument("directory", metavar="DIR", help="a new or empty folder")
    simulate.add_argument("--start", default="2026-03-02", help="first day (2026-03-02, a Monday)")
    simulate.add_argument("--days", type=int, default=21)
    simulate.add_argument("--ships", type=int, default=40)
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument(
        "--trap", action="append", metavar="NAME", help="only these traps (all); 'none' for none"
    )
    simulate.add_argument(
        "--jammed-share",
        type=float,
        default=0.0,
        help="share of the ships' days with GPS interference, on top of the traps (0)",
    )
    simulate.add_argument(
        "--reception",
        default="all",
        choices=("all", "ashore", "2h", "6h", "6h-half", "silent"),
        help="what is received: all, what a receiver on land gets (every few seconds), a fix "
        "every 2 or 6 hours, half of those, all but 18 of 36 hours",
    )
    simulate.add_argument(
        "--layout",
        default="marinecadastre-2025",
        choices=("marinecadastre-2025", "marinecadastre-2024"),
    )
    simulate.add_argument("--report-minutes", type=float, help="one reporting interval for all")
    simulate.add_argument(
        "--compression", choices=("zst", "gz", "zip", "none"), help="(the layout's own)"
    )


def _settings(flags: argparse.Namespace) -> Settings:
    names = ("home", "as_of", "threads", "memory_limit", "lake")
    for told in unknown_variables(os.environ):
        print(f"barometer: warning: {told}", file=sys.stderr)
    return load_settings({name: getattr(flags, name) for name in names})


def _start_logging() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )


def _run(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.home.file_names import sendable
    from flows.lake import manifest as lake
    from flows.report.tables import safe_text
    from flows.runner import run
    from flows.runner.prefect_server import prefect_server, without_login

    if flags.workers and flags.on != "dask":
        print("barometer run: --workers goes with --on dask", file=sys.stderr)
        return USAGE
    settings = _settings(flags)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        stack.enter_context(lock.locked(settings.home))  # before a minute of Prefect
        progress = stack.enter_context(_progress(flags))
        manifest = lake.read_manifest(settings.place)
        if not (flags.paths or manifest.entries or flags.on):
            _failed(
                flags,
                f"no PATH was given, and {settings.home} holds no file yet. Give AIS files: "
                "barometer run PATH. Or is another home meant? Name it with --home.",
            )
            return USAGE
        _refuse_unreachable(flags)
        _announce_server()
        stack.enter_context(prefect_server(settings, has_schedule=False))
        cluster = _cluster(flags, settings)
        # Prefect takes seconds to import. It keeps the stream that it finds, and here that is the
        # bar's, which prints log lines above itself.
        from flows.weekly import weekly

        flow = weekly.with_options(task_runner=cluster.runner) if cluster else weekly
        try:
            state = flow(
                paths=[sendable(path) for path in flags.paths],
                home=str(settings.home),
                as_of=settings.as_of.isoformat(),
                threads=settings.threads,
                memory_limit=settings.memory_limit,
                lake=settings.lake,
                progress=progress,
                outcomes=outcomes,
                is_watched=True,  # the alarm is this command's
                verify=flags.verify,
                ahead=cluster.ahead if cluster else 0,
                return_state=True,
            )
        except Exception as error:  # what the flow itself raises becomes its state
            if not _is_of_prefect(error):
                raise
            raise BarometerError(
                f"the Prefect server at {without_login(os.environ['PREFECT_API_URL'])} refused or "
                f"was lost ({type(error).__name__}: {safe_text(str(error))[:300]}). Check that it "
                "runs, has room on its disk and, if it is yours and wants a login, that "
                "PREFECT_API_AUTH_STRING or PREFECT_API_KEY is right; then run again. What was "
                "taken in stays."
            ) from error
        failure = None if state.is_completed() else str(state.message)
        if failure:
            _sound_alarm(flags, failure)  # in here: the mail's login may lie on Prefect's server
    problem = run.problem(outcomes)
    if failure and failure != "\n".join([str(problem), *run.messages(outcomes)]):
        print(f"barometer: the run failed: {failure}", file=sys.stderr)
        return FAILED
    _show_outcome(settings, outcomes, as_json=flags.json)
    if failure:
        print(f"barometer: {problem} {_ABOVE}", file=sys.stderr)
    return FAILED if failure else DONE


def _is_of_prefect(error: Exception) -> bool:
    """Whether Prefect or its connection failed, and not the work."""
    names = [type(e).__module__.partition(".")[0] for e in (error, error.__cause__) if e]
    return bool({"prefect", "httpx", "httpcore"} & set(names))


def _refuse_unreachable(flags: argparse.Namespace) -> None:
    """Workers elsewhere need a Prefect server that they reach."""
    is_here = flags.on is None or flags.on == "dask"
    is_here = is_here or urlsplit(flags.on).hostname in ("127.0.0.1", "localhost", "::1")
    if not is_here and not os.environ.get("PREFECT_API_URL"):
        raise BarometerError(
            "PREFECT_API_URL is not set, and the workers elsewhere tell a Prefect server how they "
            "go on. Name one that they reach: PREFECT_API_URL=http://host:4200/api"
        )


def _cluster(flags: argparse.Namespace, settings: Settings) -> Cluster | None:
    """The cluster that was asked for. Prefect's server is there already: Prefect, which this
    imports, reads its address at the import."""
    if flags.on is None:
        return None
    from flows.runner.cluster import cluster

    return cluster(flags.on, settings, flags.workers)


def _announce_server() -> None:
    if not os.environ.get("PREFECT_API_URL"):
        print("barometer: starting Prefect's own server, 10 to 60 seconds ...", file=sys.stderr)


def _serve(flags: argparse.Namespace) -> int:
    settings = _settings(flags)
    _start_logging()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every question to the server
    from flows.home.file_names import sendable
    from flows.runner.late import next_tick
    from flows.runner.prefect_server import prefect_server

    next_tick(flags.cron, settings.as_of)  # before a minute of Prefect
    parameters = {
        "paths": [sendable(str(Path(path).absolute())) for path in flags.paths],
        "fetched": flags.fetch,
        "home": str(settings.home),
        "threads": flags.threads,
        "memory_limit": flags.memory_limit,
        "lake": flags.lake,
    }
    _announce_server()
    with prefect_server(settings, has_schedule=True):
        from flows.serve import serve

        serve(settings, parameters, flags.cron)
    return 0


def _ingest(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.ingest.known import remembering
    from flows.ingest.stage import Input, find_inputs, ingest_input, inputs_of
    from flows.runner import run
    from flows.sources.layouts import load_sources

    settings = _settings(flags)
    sources = load_sources(settings.home)
    files, outcomes = find_inputs(flags.paths)
    with lock.locked(settings.home), _progress(flags) as progress:
        _start_logging()  # in here, so that log lines go above the bar
        manifest = run.prepare(settings)
        for outcome in outcomes:
            run.log_outcome(log, outcome)
        with remembering(settings, is_verifying=flags.verify) as memory:
            for one in inputs_of(files, manifest, memory):
                outcome = (
                    ingest_input(one, sources, settings, progress)
                    if isinstance(one, Input)
                    else one
                )
                memory.take(outcome.name, outcome.file_id)
                run.log_outcome(log, outcome)
                outcomes.append(outcome)
        run.log_remarks(log, outcomes)
        run.derive(settings, outcomes, publish=False)
    if flags.json:
        print(json.dumps([_outcome_record(o) for o in outcomes], indent=2))
    return _exit_code(flags, outcomes)


def _fetch(flags: argparse.Namespace) -> int:
    from flows.sources import fetch
    from flows.sources.layouts import load_sources

    if flags.last < flags.first:
        print("barometer fetch: --to is before --from", file=sys.stderr)
        return USAGE
    settings = _settings(flags)
    source = fetch.known_source(load_sources(settings.home), flags.source)
    with _download_progress() as progress:
        _start_logging()  # in here, so that log lines go above the bar
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a request
        found = fetch.fetch_days(settings, source, flags.first, flags.last, progress=progress)
    if flags.json:
        print(json.dumps([day._asdict() for day in found], indent=2, default=str))
    else:
        for path in dict.fromkeys(day.path for day in found if day.path is not None):
            print(path)
    problem = fetch.problem(found)
    if problem is None:
        return DONE
    return _failed(flags, "\n".join([problem, *fetch.messages(found)]), f"{problem} {_ABOVE}")


@contextmanager
def _download_progress() -> Iterator[DownloadProgress]:
    """A bar a file with bytes, rate and what remains on a terminal; a log line elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            tasks: dict[str, TaskID] = {}

            def show(name: str, done: int, size: int | None) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=size)
                bar.update(tasks[name], completed=done, total=size, visible=done != size)

            yield show
        return
    last = time.monotonic()

    def tell(name: str, done: int, size: int | None) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            share = f", {100 * done / size:.0f} %" if size else ""
            log.info("%s: %s bytes%s", name, f"{done:,}", share)

    yield tell


def _listen(flags: argparse.Namespace) -> int:
    from flows.home.resources import port_files
    from flows.sources import aisstream, listen
    from geo.ports import load_ports

    key, url = listen.stream_key(os.environ), listen.stream_url(os.environ)
    settings = _settings(flags)
    boxes = aisstream.bounding_boxes(load_ports(*port_files()), with_trade=flags.russian_ports)
    with _listen_progress() as show:
        _start_logging()  # in here, so that log lines go above the line that is updated
        files = listen.listen(settings.home, key, url, boxes, for_s=flags.duration_s, show=show)
    for path in files:
        print(path)
    return DONE


@contextmanager
def _listen_progress() -> Iterator[Callable[[ListenProgress], None]]:
    """A line that is updated every second on a terminal; a log line a minute elsewhere."""
    last, before = time.monotonic(), 0

    def line(now: ListenProgress, rate: float) -> str:
        lost = ((now.dropped, "dropped"), (now.bad, "not usable"))
        parts = [f"{rate:,.1f} messages/s", f"{now.rows:,} rows", f"{now.ships:,} ships"]
        parts += [f"{count:,} {what}" for count, what in lost if count]
        return f"{now.state}: {', '.join(parts)}{now.file and f'; {now.file}'}"

    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status("connecting") as status:

            def update(now: ListenProgress) -> None:
                nonlocal last, before
                rate = (now.messages - before) / max(time.monotonic() - last, 0.1)
                last, before = time.monotonic(), now.messages
                status.update(Text(line(now, rate)))

            yield update
        return

    def tell(now: ListenProgress) -> None:
        nonlocal last, before
        if (passed := time.monotonic() - last) >= 60:
            log.info("%s", line(now, (now.messages - before) / passed))
            last, before = time.monotonic(), now.messages

    yield tell


def _show_outcome(settings: Settings, outcomes: list[Outcome], *, as_json: bool) -> None:
    from flows.catalogue import build as catalogue
    from flows.report import tables, terminal

    with catalogue.reading(settings) as con:
        name = catalogue.require_week(con, None) if tables.weeks(con) else None
        if as_json:
            found = tables.summary(con, name) if name else None
            record = {"files": [_outcome_record(o) for o in outcomes], "week": found}
            print(json.dumps(record, indent=2, default=str))
        elif name:
            terminal.show(terminal.week_view(con, name))
            print(f"\nReports: {settings.home / 'reports'}")
        else:
            print("The lake holds no position yet.")


def _outcome_record(outcome: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = {
        "name": outcome.name,
        "state": outcome.state,
        "message": outcome.message,
        "remarks": list(outcome.remarks),
    }
    if outcome.entry is not None:
        names = (
            *("file_id", "source", "rows_read", "rows_kept", "rows_repeated", "rows_rejected"),
            "rows_static",
        )
        record |= {name: getattr(outcome.entry, name) for name in names}
    return record


_ABOVE = "The messages are above."


def _exit_code(flags: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    from flows.runner import run

    problem = run.problem(outcomes)
    if problem is None:
        return DONE
    return _failed(flags, "\n".join([problem, *run.messages(outcomes)]), f"{problem} {_ABOVE}")


@contextmanager
def _progress(flags: argparse.Namespace) -> Iterator[Progress]:
    """A bar with rows, rate and what remains on a terminal; a log line now and then elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            tasks: dict[str, tuple[Any, float]] = {}

            def show(name: str, done: int, size: int, rows: int) -> None:
                if name not in tasks:
                    for task, _ in tasks.values():
                        bar.update(task, visible=False)
                    tasks[name] = (
                        bar.add_task(name, total=size, rows=0, rate=0.0),
                        time.monotonic(),
                    )
                task, start = tasks[name]
                rate = rows / max(time.monotonic() - start, 1e-3)
                bar.update(task, completed=done, rows=rows, rate=rate)

            yield show
        return
    last = time.monotonic()

    def tell(name: str, done: int, size: int, rows: int) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            log.info("%s: %s rows, %.0f %% read", name, f"{rows:,}", 100 * done / max(size, 1))

    yield tell


def _report(flags: argparse.Namespace) -> int:
    if (flags.dry_run or flags.again) and not flags.send:
        print("barometer report: --dry-run and --again go with --send", file=sys.stderr)
        return USAGE
    if flags.send and flags.as_known_on:
        print(
            "barometer report: --send is of the week as published; drop --as-known-on",
            file=sys.stderr,
        )
        return USAGE
    settings = _settings(flags)
    if flags.send:
        return _send(flags, settings)
    from flows.catalogue import build as catalogue
    from flows.report import tables, terminal, write

    known_on = _day(flags.as_known_on)
    with ExitStack() as stack:
        unwritten = _try_lock(stack, settings)
        if unwritten and known_on is not None:
            raise unwritten
        if known_on is None:
            con = stack.enter_context(catalogue.reading(settings))
        else:
            con = stack.enter_context(catalogue.built_beside(settings, known_on=known_on))
        week = catalogue.require_week(con, flags.week)
        folder = tables.week_folder(settings.home, week)
        if known_on is not None:
            folder /= f"as-known-on-{known_on}"
        if unwritten is None:
            write.write_report(con, folder, week)
        if flags.json:
            print(json.dumps(tables.summary(con, week), indent=2, default=str))
        else:
            terminal.show(terminal.week_view(con, week))
            print(f"\nFiles{' (as they were)' if unwritten else ''}: {folder}")
    if unwritten:
        print(f"barometer: its files were not written. {unwritten}", file=sys.stderr)
    return DONE


def _try_lock(stack: ExitStack, settings: Settings) -> BarometerError | None:
    """Lock the home, or say why not: who only reads a report needs no lock."""
    from flows.home import lock

    try:
        stack.enter_context(lock.locked(settings.home))
    except BarometerError as error:
        return error
    return None


def _send(flags: argparse.Namespace, settings: Settings) -> int:
    from flows.catalogue import build as catalogue
    from flows.home import lock
    from flows.mail import outbox as mail
    from flows.mail import smtp

    if os.environ.get("BAROMETER_SMTP_BLOCK") and not flags.dry_run:
        from flows.runner.prefect_server import set_up

        set_up(settings)
    post = None if flags.dry_run else smtp.mail_settings()
    with lock.locked(settings.home), catalogue.reading(settings) as con:
        letter = mail.week_letter(con, settings.home, catalogue.require_week(con, flags.week))
    if post is None:
        told = smtp.Told([f"Not sent, but written: {mail.write_eml(settings.home, letter)}"], [])
    else:
        told = mail.send_week(settings.home, post, letter, by_hand=True, again=flags.again)
    if flags.json:
        print(
            json.dumps({"week": letter.week, "version": letter.version, **told._asdict()}, indent=2)
        )
    else:
        for line in told.done:
            print(line)
    for line in told.problems:
        print(f"barometer: {line}", file=sys.stderr)
    return FAILED if told.problems else DONE


def _vessel(flags: argparse.Namespace) -> int:
    from flows.analyst import vessel
    from flows.catalogue import build as catalogue
    from flows.report import terminal
    from flows.report.tables import safe_text

    settings = _settings(flags)
    with catalogue.reading(settings) as con:
        ships = vessel.find_ships(con, flags.ship)
        if not ships:
            raise BarometerError(
                f"{safe_text(flags.ship)}: no ship of that number or name, heard or listed."
            )
        if flags.json:
            print(json.dumps([vessel.ship_record(con, s) for s in ships], indent=2, default=str))
        elif len(ships) == 1:
            terminal.show(vessel.ship_view(vessel.ship_record(con, ships[0])))
        else:
            terminal.show(vessel.ships_view(ships))
    return DONE


def _register_import(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.home import lock
    from flows.registers import store
    from flows.runner import run

    settings = _settings(flags)
    _start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        found = store.import_list(
            settings,
            Path(flags.file),
            published_on=_day(flags.published_on),
            accept_loss=flags.accept_loss,
        )
        if found.state == "imported":
            run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(show.as_record(found), indent=2, default=str))
    else:
        print(show.as_text(found, Path(flags.file).name))
    return DONE


def _register_list(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.registers import store

    held = store.held_versions(_settings(flags).home)
    if flags.json:
        print(json.dumps([one._asdict() for one in held], indent=2, default=str))
    else:
        print(show.held_as_text(held))
    return DONE


def _register_remove(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.home import lock
    from flows.registers import store
    from flows.runner import run

    settings = _settings(flags)
    _start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        removed = store.remove_import(settings, flags.number)
        run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(removed | {"number": flags.number}, indent=2, default=str))
    else:
        print(show.removed_as_text(removed, flags.number))
    return DONE


def _where(text: str) -> str:
    url = urlsplit(text)
    if text != "dask" and (url.scheme not in ("tcp", "tls") or not url.hostname):
        raise argparse.ArgumentTypeError(f"{text!r} is neither dask nor such as tcp://host:8786")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-04-13") from error


def _duration_s(text: str) -> float:
    found = re.fullmatch(r"(\d{1,9})([smhd])", text, re.ASCII)
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 30m, 1h or 2d")
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BarometerError(f"{text!r} is no day. Give one such as 2026-04-24.") from error


def _sql(flags: argparse.Namespace) -> int:
    from flows.analyst import query

    settings = _settings(flags)
    if flags.format == "parquet" and sys.stdout.isatty():
        raise BarometerError(
            "Parquet is not for a terminal. Send it to a file: ... > result.parquet"
        )
    if flags.query is None and sys.stdin is not None and sys.stdin.isatty():
        query.prompt(settings, flags.format)
        return DONE
    queries = query.statements(_read_query() if flags.query is None else flags.query)
    if not queries:
        print(
            'barometer sql: the query is empty. Give one such as: barometer sql "from barometer"',
            file=sys.stderr,
        )
        return USAGE
    try:
        query.run_query(settings, queries, flags.format, sys.stdout.buffer)
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_output()
        raise BarometerError(f"the result could not be written: {error.strerror}.") from error
    return DONE


def _read_query() -> str:
    """The text at standard input, which some editors begin with a sign for its encoding."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BarometerError(
            f"the query is not UTF-8 (byte {error.start + 1}). Save it as UTF-8."
        ) from error


def _forget_output() -> None:
    """What could not be written: Python would try again, and complain, when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ports(flags: argparse.Namespace) -> int:
    from flows.analyst import ports as portlist

    if flags.ship is not None and flags.map is None:
        print("barometer ports: --ship needs --map FILE", file=sys.stderr)
        return USAGE
    if flags.map is not None:
        path = Path(flags.map).expanduser()
        _write_map(flags, path)
        if not flags.json:
            print(f"Map: {path}")
            return DONE
    if flags.json:
        print(json.dumps(portlist.records(), indent=2))
    else:
        portlist.show()
    return DONE


def _write_map(flags: argparse.Namespace, path: Path) -> None:
    from flows.analyst import portmap, vessel
    from flows.catalogue import build as catalogue
    from flows.home.resources import port_files
    from flows.report.tables import safe_text
    from flows.report.terminal import show
    from geo.ports import load_ports

    found = None
    if flags.ship is not None:
        asked = safe_text(flags.ship)
        with catalogue.reading(_settings(flags)) as con:
            ships = vessel.find_ships(con, flags.ship)
            if len(ships) > 1:
                show(vessel.ships_view(ships))
                raise BarometerError(
                    f"{asked}: {len(ships)} ships; name one by its number. No map was written."
                )
            if not ships or ships[0]["first_at"] is None:
                why = "only listed, never heard" if ships else "no ship of that number or name"
                raise BarometerError(f"{asked}: {why}. No map was written.")
            found = portmap.ship_on_map(con, ships[0])
    portmap.write_map(path, portmap.map_page(load_ports(*port_files()), found))


def _check(flags: argparse.Namespace) -> int:
    from flows.catalogue import build as catalogue
    from flows.catalogue import check
    from flows.home import lock
    from flows.lake import manifest as lake
    from flows.report.tables import safe_text

    settings = _settings(flags)
    found = []
    if flags.recover:
        with lock.locked(settings.home):
            found += check.recovered(settings)
    if flags.repoint:
        with lock.locked(settings.home):
            catalogue.repoint(settings, lake.read_manifest(settings.place))
    found += check.check(settings)
    if flags.rebuild:
        with lock.locked(settings.home):
            found += check.check_rebuild(settings)
    faults = [finding for finding in found if finding.is_fault]
    if flags.json:
        print(json.dumps([check.as_record(finding) for finding in found], indent=2))
    else:
        for finding in found:
            kind = "FAULT" if finding.is_fault else "limit"
            print(f"{kind}  {finding.check}: {safe_text(finding.message)}")
        print(f"{len(faults)} faults, {len(found) - len(faults)} limits of the data.")
    return FAILED if faults else DONE


def _simulate(flags: argparse.Namespace) -> int:

    from flows.simulate import TRAPS, simulate

    traps = tuple(TRAPS) if flags.trap is None else tuple(t for t in flags.trap if t != "none")
    try:
        made = simulate(
            Path(flags.directory),
            start=date.fromisoformat(flags.start),
            days=flags.days,
            ships=flags.ships,
            seed=flags.seed,
            traps=traps,
            jammed_share=flags.jammed_share,
            reception=flags.reception,
            layout=flags.layout,
            report_minutes=flags.report_minutes,
            compression=flags.compression,
        )
    except (ValueError, OSError) as error:
        raise BarometerError(f"{flags.directory}: not simulated: {error}") from error
    print(
        f"{made.rows:,} SIMULATED rows in {len(made.files)} files below {flags.directory}, "
        f"{len(made.truth)} port calls in truth.csv"
    )
    return DONE


if __name__ == "__main__":
    sys.exit(main())
