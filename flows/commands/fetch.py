"""`barometer fetch`: a publisher's files for a range of days."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.commands.shared import (
    ABOVE,
    DONE,
    USAGE,
    Command,
    fail,
    iso_day,
    log,
    settings_of,
    start_logging,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.sources.fetching.faults import DownloadProgress
    from flows.sources.fetching.services import Service


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "fetch",
        execute,
        "download a publisher's files for a range of days into the home's downloads/; prints paths",
        """
        barometer fetch marinecadastre-2025 --from 2026-04-13 --to 2026-04-19
        barometer fetch danish-maritime-authority --from 2026-04-13 --to 2026-04-19 --json
        export BAROMETER_GFW_TOKEN=...     # free of charge, non-commercial use only
        barometer fetch global-fishing-watch --from 2026-04-13 --to 2026-04-19
        barometer fetch gfw-events --from 2026-04-13 --to 2026-04-19
        barometer fetch portwatch --from 2026-01-01 --to 2026-04-19
        barometer fetch psc                                 # documents: the newest version
        barometer run ~/barometer/downloads --home ~/barometer

        SOURCE is a source of positions or a witness, such as gfw-events. A complete file is not
        fetched again, and a partial one is resumed. A day that may not be published yet is reported
        and is not a failure; any other day without a file gives exit code 1, and the other days are
        fetched.
        Proxies and certificates: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE.
        """,
        is_job=True,
        as_json="the result of each day as JSON",
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="a source or witness whose TOML has a [fetch]"
    )
    for flag, name in (("--from", "first"), ("--to", "last")):
        parser.add_argument(
            flag,
            dest=name,
            type=iso_day,
            metavar="DAY",
            help=f"the {name} day, UTC: 2026-04-13; required unless there is only a newest version",
        )
    parser.add_argument(
        "--russian-ports",
        action="store_true",
        help="also the waters of the Russian oil ports, of a service that is asked for waters",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.sources.fetching import fetched, services

    settings = settings_of(flags)
    source = services.known(settings.home, flags.source)
    service = services.service_of(source)
    wrong = _misuse(flags, service)
    if wrong is not None:
        print(f"barometer fetch: {wrong}", file=sys.stderr)
        return USAGE
    today = settings.as_of.date()
    with _download_progress() as progress:
        start_logging()  # in here, so that log lines go above the bar
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request
        days = services.fetch_days(
            settings,
            source,
            flags.first or today,
            flags.last or today,
            with_trade=flags.russian_ports,
            progress=progress,
        )
    if flags.json:
        print(json.dumps([day._asdict() for day in days], indent=2, default=str))
    else:
        for path in dict.fromkeys(day.path for day in days if day.path is not None):
            print(path)
    problem = fetched.fetch_problem(days)
    if problem is None:
        return DONE
    return fail(flags, "\n".join([problem, *fetched.messages(days)]), f"{problem} {ABOVE}")


def _misuse(flags: argparse.Namespace, service: Service | None) -> str | None:
    """What is wrong with the flags for a source, in a sentence; None if nothing is."""
    has_days = service is None or service.has_days
    if has_days and not (flags.first and flags.last):
        return f"{flags.source} needs --from and --to"
    if not has_days and (flags.first or flags.last):
        return f"{flags.source} has only a newest version: leave out --from and --to"
    if flags.russian_ports and not (service and service.has_trade):
        return f"{flags.source} is not asked for waters: leave out --russian-ports"
    if has_days and flags.last < flags.first:
        return "--to is before --from"
    return None


@contextmanager
def _download_progress() -> Iterator[DownloadProgress]:
    """A bar per file with bytes, rate and remaining time on a terminal; else log lines."""
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

    def log_bytes(name: str, done: int, size: int | None) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            share = f", {100 * done / size:.0f} %" if size else ""
            log.info("%s: %s bytes%s", name, f"{done:,}", share)

    yield log_bytes
