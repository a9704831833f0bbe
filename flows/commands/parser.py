"""The parser: shared flags, and the commands in the order of the help."""

from __future__ import annotations

import argparse

from flows import __version__
from flows.commands import (
    check,
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
from flows.commands.shared import Command

COMMANDS = (
    run,
    serve,
    ingest,
    fetch,
    listen,
    report,
    sql,
    ports,
    vessel,
    register,
    check,
    simulate,
)


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="barometer",
        description="Weekly counts of Russian-linked tanker calls at Iranian ports, by AIS.",
        epilog="Settings: flag, environment (BAROMETER_*), barometer.toml in the home, default.",
    )
    parser.add_argument("--version", action="version", version=f"barometer {__version__}")
    command = Command(parser.add_subparsers(title="commands", metavar=""), _shared_flags())
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
