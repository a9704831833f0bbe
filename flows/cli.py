"""The command line: shared flags and the commands, which import what they need when they run."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from flows import __version__
from flows.commands import (
    check,
    explore,
    fetch,
    ingest,
    listen,
    ports,
    register,
    report,
    run,
    serve,
    simulate,
    sql,
    vessel,
)
from flows.commands.shared import (
    DONE,
    FAILED,
    UNEXPECTED,
    USAGE,
    Command,
    binary_output,
    fail,
    forget_output,
    shown_examples,
    sound_alarm,
    system_refusal,
)
from flows.home.settings import BarometerError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator


COMMANDS = (
    run,
    serve,
    ingest,
    fetch,
    listen,
    report,
    sql,
    explore,
    ports,
    vessel,
    register,
    check,
    simulate,
)
"""The commands, in the order of the help."""

SETTINGS = "Settings: flag, environment (BAROMETER_*), barometer.toml in the home, default."

EXAMPLES = """
barometer run --demo
barometer run --fetch
barometer sql "from barometer order by week desc limit 5"
barometer run --help
"""


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="barometer",
        description="Weekly counts of Russian-linked tanker calls at Iranian ports, by AIS.",
        epilog=f"{SETTINGS}\n\n{shown_examples(EXAMPLES)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"barometer {__version__}")
    command = Command(parser.add_subparsers(title="commands", metavar="COMMAND"), _shared_flags())
    for module in COMMANDS:
        module.add(command)
    return parser


def _shared_flags() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--home", help="folder of the lake, catalogue and reports (BAROMETER_HOME; data/lake)"
    )
    shared.add_argument(
        "--lake",
        metavar="ADDRESS",
        help="lake on object storage: s3://bucket/prefix (in the home)",
    )
    shared.add_argument(
        "--as-of",
        dest="as_of",
        metavar="TIME",
        help="the clock of the numbers, UTC: 2026-04-20T06:00 (now)",
    )
    shared.add_argument(
        "--threads", type=int, help="number of threads (all of the machine, at most 8)"
    )
    shared.add_argument("--memory-limit", metavar="SIZE", help="memory limit of DuckDB (300MB)")
    return shared


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 when done, 1 when it failed; wrong usage exits with 2."""
    _open_streams()
    parser = command_line()
    help_text = io.StringIO()
    try:
        with redirect_stdout(help_text):  # argparse passes over what cannot be written
            flags = parser.parse_args(arguments)
    except SystemExit as ended:
        if ended.code:
            raise
        return _flushed(DONE, help_text.getvalue())
    if not hasattr(flags, "command"):
        return _flushed(USAGE, parser.format_help())
    flags.arguments = sys.argv[1:] if arguments is None else list(arguments)
    flags.is_alarmed = False
    return _flushed(_run(flags))


def _flushed(code: int, text: str = "") -> int:
    """Write a text and what is buffered; the exit code, that of a failure if it is lost."""
    try:
        if text:
            out = binary_output()
            out.write(text.encode())
            out.flush()
        sys.stdout.flush()
    except OSError as error:
        forget_output()
        if code == DONE and not isinstance(error, BrokenPipeError):
            print(f"barometer: {system_refusal(error)}", file=sys.stderr)
        return code or FAILED
    return code


def _open_streams() -> None:
    """Put /dev/null in the place of the standard streams that the caller closed.

    The next file that is opened would get the number of one, and Python prints to standard output
    what is for a standard error that is not there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _run(flags: argparse.Namespace) -> int:
    """Run the command of the flags; its failures as messages and exit codes."""
    try:
        with _stoppable():
            return int(flags.command(flags))
    except BarometerError as error:
        fail(flags, str(error))
        return USAGE if isinstance(error, SettingError) else FAILED
    except BrokenPipeError:  # the reader of the pipe ended
        forget_output()
        return FAILED
    except OSError as error:
        if error.errno is None:
            raise
        print(f"barometer: {system_refusal(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(
            "barometer: stopped. What was committed stays; run again to continue.", file=sys.stderr
        )
        return FAILED
    except Exception as error:
        sound_alarm(flags, f"{UNEXPECTED}: {type(error).__name__}: {error}")
        raise


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does, with its cleanup.

    Signals that the caller handles or ignores, as nohup(1) does, are left alone.
    """
    replaced = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                replaced[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, before in replaced.items():
            signal.signal(number, before)


if __name__ == "__main__":
    sys.exit(main())
