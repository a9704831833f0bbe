"""What commands share: messages, exit codes, settings, progress."""

from __future__ import annotations

import argparse
import errno
import io
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
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from flows.home.clock import utc_now
from flows.home.durable import write_durably
from flows.home.settings import BarometerError, Settings, home_of, load_settings, unknown_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.ingest.outcome import Outcome, Progress

log = logging.getLogger("barometer")


def shown_examples(examples: str) -> str:
    """Examples as the end of a help."""
    return "examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  ")


class Command:
    """Adds commands to the command line, each with the shared flags."""

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
        """Add a command, or one of a `group`. A failed job sends an alarm by mail."""
        parser: argparse.ArgumentParser = (group or self._commands).add_parser(
            name,
            parents=[self._shared],
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=shown_examples(examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.set_defaults(command=function, is_job=is_job)
        if as_json:
            parser.add_argument("--json", action="store_true", help=as_json)
        return parser

    def group(self, name: str, text: str, examples: str) -> Any:
        """Add a command with subcommands."""
        parser = self._commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=shown_examples(examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


DONE, FAILED, USAGE = 0, 1, 2


UNEXPECTED = "unexpected error, please report it; the log has the traceback"


def add_fetch(parser: argparse.ArgumentParser) -> None:
    """The option --fetch of the main job."""
    parser.add_argument(
        "--fetch",
        action="append",
        nargs="?",
        const="iran",
        metavar="SOURCE",
        help="first fetch what this source, witness or list published since the last run; may be "
        "repeated; without a SOURCE the lists, and all that hears or watches Iran's coast",
    )


def fail(flags: argparse.Namespace, why: str, short: str | None = None) -> int:
    """Report a failure on stderr and, if there is no terminal, by mail.

    `short` replaces the message on stderr, where its details were logged already.
    """
    print(f"barometer: {short or why}", file=sys.stderr)
    sound_alarm(flags, why)
    return FAILED


def sound_alarm(flags: argparse.Namespace, why: str) -> None:
    """Mail the operator, once, that a job failed without a terminal that shows it."""
    if not flags.is_job or flags.is_alarmed or sys.stderr.isatty():
        return
    from flows.mail.settings import is_set_up

    if not is_set_up():
        return
    flags.is_alarmed = True
    from flows.mail.alarm import Failure, send_alarm

    try:
        home = str(home_of(flags.home))
    except BarometerError:  # the failure itself
        home = str(flags.home)
    again = [*flags.arguments, *([] if flags.home else ["--home", home])]
    result = send_alarm(Failure(again, home, utc_now(), why))
    for line in (*result.done, *result.problems):
        print(f"barometer: {line}", file=sys.stderr)


def system_refusal(error: OSError) -> str:
    """A system error with its file and what to do; foreign text is shown as ASCII."""
    where = f"{ascii(os.fsdecode(error.filename))[1:-1]}: " if error.filename is not None else ""
    remedy = {
        errno.ENOENT: "Check the path. Was a folder deleted while this ran?",
        errno.ENOSPC: "Free some space on the disk, and run again.",
    }.get(error.errno or 0, "Check its rights, and that the disk is mounted and not damaged.")
    return f"{where}{error.strerror}. {remedy}"


def settings_of(flags: argparse.Namespace) -> Settings:
    """The settings of a command; warns of unknown BAROMETER_ variables."""
    names = ("home", "as_of", "threads", "memory_limit", "lake")
    for warning in unknown_variables(os.environ):
        print(f"barometer: warning: {warning}", file=sys.stderr)
    return load_settings({name: getattr(flags, name) for name in names})


def start_logging() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )


def say(text: str) -> None:
    print(f"barometer: {text}", file=sys.stderr)


def announce_server(said: Callable[[str], None] = say) -> bool:
    """Say that a server of our own is started, if it is; returns whether."""
    is_own = not os.environ.get("PREFECT_API_URL")
    if is_own:
        said("starting Prefect's own server, 4 to 30 seconds ...")
    return is_own


def show_outcome(settings: Settings, outcomes: list[Outcome], *, as_json: bool) -> None:
    from flows.catalogue import access
    from flows.report import tables, terminal

    with access.reading(settings) as con:
        name = access.require_week(con, None) if tables.weeks(con) else None
        if as_json:
            week = tables.summary(con, name, tables.json_records) if name else None
            record = {"files": [outcome_record(o) for o in outcomes], "week": week}
            print(json.dumps(record, indent=2))
        elif name:
            terminal.show(terminal.week_view(con, name))
            page = tables.week_folder(settings.home, name) / "report.html"
            print(f"\nOpen in a browser: {_short_path(page)}")
        else:
            print("The lake has no positions yet.")


def _short_path(path: Path) -> Path:
    """From the working folder, where it is below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


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


class Shown(NamedTuple):
    """How a command shows what it does: the bytes of a file, and a line of text."""

    file: Progress
    say: Callable[[str], None]


@contextmanager
def file_progress(flags: argparse.Namespace) -> Iterator[Shown]:
    """On a terminal a line that is replaced by the next, and below it, while a file is read, a bar
    with rows, rate and remaining time; else a log line every 10 s of a file."""
    if sys.stderr.isatty():
        from rich.console import Console, RenderableType
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Bar(Progress):
            line = ""

            def get_renderables(self) -> Iterator[RenderableType]:
                yield Text(self.line, no_wrap=True, overflow="ellipsis")
                yield self.make_tasks_table(self.tasks)

        with Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            tasks: dict[str, tuple[Any, float]] = {}

            def hide() -> None:
                for task, _ in tasks.values():
                    bar.update(task, visible=False)

            def show(name: str, done: int, size: int, rows: int) -> None:
                if name not in tasks:
                    hide()
                    tasks[name] = (
                        bar.add_task(name, total=size, rows=0, rate=0.0),
                        time.monotonic(),
                    )
                task, start = tasks[name]
                rate = rows / max(time.monotonic() - start, 1e-3)
                bar.update(task, completed=done, rows=rows, rate=rate)

            def say_above(text: str) -> None:
                hide()
                bar.line = text

            yield Shown(show, say_above)
        return
    last = time.monotonic()

    def log_rows(name: str, done: int, size: int, rows: int) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            log.info("%s: %s rows, %.0f %% read", name, f"{rows:,}", 100 * done / max(size, 1))

    yield Shown(log_rows, say)


@contextmanager
def logs_said(said: Callable[[str], None]) -> Iterator[None]:
    """Say each log line of this program, without those that Prefect writes about its own steps."""

    class Line(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if f"{os.sep}prefect{os.sep}" not in record.pathname:
                said(record.getMessage().partition("\n")[0])

    line = Line(logging.INFO)
    ours, of_flow = logging.getLogger("barometer"), logging.getLogger("prefect.flow_runs")
    before = ours.level
    ours.setLevel(logging.INFO)
    for logger in (ours, of_flow):
        logger.addHandler(line)
    try:
        yield
    finally:
        ours.setLevel(before)
        for logger in (ours, of_flow):
            logger.removeHandler(line)


def cluster_address(text: str) -> str:
    url = urlsplit(text)
    if text != "dask" and (url.scheme not in ("tcp", "tls") or not url.hostname):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not dask or an address such as tcp://host:8786"
        )
    return text


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-04-13") from error


def iso_week(text: str) -> str:
    if not re.fullmatch(r"\d{4}-W\d{2}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO week such as 2026-W16")
    return text


def seconds_of(text: str) -> float:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text, re.ASCII)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 90s, 30m, 1h or 2d")
    return float(int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]])


def binary_output() -> BinaryIO:
    """Stdout for bytes, which takes all of a write or raises.

    Python's own does not, unbuffered (PYTHONUNBUFFERED, as in deploy/Dockerfile): of a write that
    fills the disk it drops the rest.
    """
    out = sys.stdout.buffer
    return open(out.fileno(), "wb", closefd=False) if isinstance(out, io.RawIOBase) else out


def forget_output() -> None:
    """Discard what is left in stdout: Python would try to write it again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_page(path: Path, page: str) -> None:
    """Write a page for a browser atomically; an existing file is replaced.

    Raises
    ------
    BarometerError
        If it cannot be written.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory", str(path))
        write_durably(path, page.encode())
    except OSError as error:
        raise BarometerError(f"{path}: the page cannot be written ({error.strerror}).") from error
