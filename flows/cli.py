"""The command line. A command imports what it needs when it runs."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.commands.parser import command_line
from flows.commands.shared import (
    FAILED,
    UNEXPECTED,
    USAGE,
    fail,
    forget_output,
    sound_alarm,
    system_refusal,
)
from flows.home.settings import BarometerError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 when done, 1 when it failed; wrong usage exits with 2."""
    parser = command_line()
    flags = parser.parse_args(arguments)
    if not hasattr(flags, "command"):
        parser.print_help()
        return USAGE
    flags.arguments = sys.argv[1:] if arguments is None else list(arguments)
    flags.is_alarmed = False
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
