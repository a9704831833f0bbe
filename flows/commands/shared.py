"""What commands share: messages, exit codes, settings, progress."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows.home.clock import utc_now
from flows.home.settings import BarometerError, Settings, home_of, load_settings, unknown_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.ingest.outcome import Outcome, Progress

log = logging.getLogger("barometer")


class Command:
    """What a command adds itself to the command line with."""

    def __init__(self, commands: Any, shared: argparse.ArgumentParser) -> None:
        self._commands = commands
        self._shared = shared

    def __call__(
        self,
        name: str,
        function: Callable[[argparse.Namespace], int],
        text: str,
        examples: str,
        group: Any = None,
        as_json: str = "",
        is_job: bool = False,
    ) -> argparse.ArgumentParser:
        """A command, or one of a `group`; of a job that fails the operator is told by mail."""
        made: argparse.ArgumentParser = (group or self._commands).add_parser(
            name,
            parents=[self._shared],
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog="examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  "),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(command=function, is_job=is_job)
        if as_json:
            made.add_argument("--json", action="store_true", help=as_json)
        return made

    def group(self, name: str, text: str) -> Any:
        """A command that has commands of its own."""
        parser = self._commands.add_parser(name, help=text)
        return parser.add_subparsers(title="commands", metavar="", required=True)


DONE, FAILED, USAGE = 0, 1, 2


UNEXPECTED = "an error that barometer does not expect; the log has its traceback"


def fail(flags: argparse.Namespace, why: str, short: str | None = None) -> int:
    """Say why a command failed, by mail too where nobody watches; `short`: as a terminal needs it,
    where the messages stand above it already."""
    print(f"barometer: {short or why}", file=sys.stderr)
    sound_alarm(flags, why)
    return FAILED


def sound_alarm(flags: argparse.Namespace, why: str) -> None:
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
    told = send_alarm(Failure(again, home, utc_now(), why))
    for line in (*told.done, *told.problems):
        print(f"barometer: {line}", file=sys.stderr)


def system_refusal(error: OSError) -> str:
    """What the system refused, where, and what to do; foreign text is shown as ASCII."""
    where = f"{ascii(os.fsdecode(error.filename))[1:-1]}: " if error.filename is not None else ""
    what = {
        errno.ENOENT: "Check the path. Was a folder deleted while this ran?",
        errno.ENOSPC: "Free some space on the disk, and run again.",
    }.get(error.errno or 0, "Check its rights, and whether the disk is mounted and whole.")
    return f"{where}{error.strerror}. {what}"


def settings_of(flags: argparse.Namespace) -> Settings:
    names = ("home", "as_of", "threads", "memory_limit", "lake")
    for told in unknown_variables(os.environ):
        print(f"barometer: warning: {told}", file=sys.stderr)
    return load_settings({name: getattr(flags, name) for name in names})


def start_logging() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )


def announce_server() -> None:
    if not os.environ.get("PREFECT_API_URL"):
        print("barometer: starting Prefect's own server, 10 to 60 seconds ...", file=sys.stderr)


def show_outcome(settings: Settings, outcomes: list[Outcome], *, as_json: bool) -> None:
    from flows.catalogue import access
    from flows.report import tables, terminal

    with access.reading(settings) as con:
        name = access.require_week(con, None) if tables.weeks(con) else None
        if as_json:
            found = tables.summary(con, name) if name else None
            record = {"files": [outcome_record(o) for o in outcomes], "week": found}
            print(json.dumps(record, indent=2, default=str))
        elif name:
            terminal.show(terminal.week_view(con, name))
            print(f"\nReports: {settings.home / 'reports'}")
        else:
            print("The lake holds no position yet.")


def outcome_record(outcome: Outcome) -> dict[str, Any]:
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


ABOVE = "The messages are above."


def exit_code(flags: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    from flows.runner import run

    problem = run.problem(outcomes)
    if problem is None:
        return DONE
    return fail(flags, "\n".join([problem, *run.messages(outcomes)]), f"{problem} {ABOVE}")


@contextmanager
def file_progress(flags: argparse.Namespace) -> Iterator[Progress]:
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


def cluster_address(text: str) -> str:
    url = urlsplit(text)
    if text != "dask" and (url.scheme not in ("tcp", "tls") or not url.hostname):
        raise argparse.ArgumentTypeError(f"{text!r} is neither dask nor such as tcp://host:8786")
    return text


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-04-13") from error


def seconds_of(text: str) -> float:
    found = re.fullmatch(r"(\d{1,9})([smhd])", text, re.ASCII)
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 30m, 1h or 2d")
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


def day_or_none(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BarometerError(f"{text!r} is no day. Give one such as 2026-04-24.") from error


def forget_output() -> None:
    """What could not be written: Python would try again, and complain, when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
