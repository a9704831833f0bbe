"""`barometer explore`: the analyst's page on the catalogue."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from flows.commands.shared import DONE, FAILED, Command, settings_of


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "explore",
        execute,
        "a page on the catalogue: series, ports, ships, reception, volume, SQL",
        """
        barometer explore
        barometer explore --no-browser --port 8080
        barometer explore --edit
        """,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (this machine)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument(
        "--edit", action="store_true", help="open the page as a notebook, explore.py of the home"
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.analyst.explore import launch

    is_opened = not flags.no_browser and sys.stdout.isatty()
    place = (settings_of(flags), flags.host, flags.port)
    if flags.edit:
        return FAILED if launch.edit(*place, is_opened=is_opened) else DONE
    with suppress(KeyboardInterrupt):  # how it ends
        launch.serve(*place, is_opened=is_opened)
    return DONE


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)
