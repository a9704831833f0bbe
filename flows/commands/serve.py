"""`barometer serve`: the main job on a schedule."""

from __future__ import annotations

import argparse
import logging
from contextlib import suppress
from pathlib import Path

from flows.commands.shared import (
    DONE,
    Command,
    add_fetch,
    announce_server,
    settings_of,
    start_logging,
)


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "serve",
        execute,
        "the main job on a schedule, on Prefect, until it is stopped",
        """
        barometer serve /data/ais --home ~/barometer              # Mondays at 6:00 UTC
        barometer serve /data/ais --home ~/barometer --cron "0 3 * * *"
        barometer serve --home ~/barometer --fetch      # the lists, and all that hears or
                                                        # watches Iran's coast
        barometer serve --fetch danish-maritime-authority --home ~/barometer

        --fetch alone needs BAROMETER_GFW_TOKEN; a source that fails is named and does not stop the
        others.
        """,
        is_job=True,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="AIS files, folders or patterns")
    add_fetch(parser)
    parser.add_argument(
        "--cron", default="0 6 * * 1", metavar="CRON", help="five fields, UTC (0 6 * * 1)"
    )


def execute(flags: argparse.Namespace) -> int:
    settings = settings_of(flags)
    start_logging()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request to the server
    from flows.home.file_names import sendable
    from flows.runner.late import next_tick
    from flows.runner.prefect_server import prefect_server
    from flows.sources.fetching import services

    # Before Prefect starts, which takes up to a minute.
    next_tick(flags.cron, settings.as_of)
    for name in services.expanded(settings.home, flags.fetch or []):
        services.known(settings.home, name)
    parameters = {
        "paths": [sendable(str(Path(path).absolute())) for path in flags.paths],
        "fetched": flags.fetch,
        "home": str(settings.home),
        "threads": flags.threads,
        "memory_limit": flags.memory_limit,
        "lake": flags.lake,
    }
    announce_server()
    with prefect_server(settings, has_schedule=True) as wait_for_server:
        from flows.serve import serve

        wait_for_server()
        with suppress(KeyboardInterrupt):  # Ctrl-C is how a person ends it
            serve(settings, parameters, flags.cron)
    return DONE
