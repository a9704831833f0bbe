"""`barometer ingest`: files into the lake, without Prefect."""

from __future__ import annotations

import argparse
import json

from flows.commands.shared import (
    Command,
    exit_code,
    file_progress,
    log,
    outcome_record,
    settings_of,
    start_logging,
)


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "ingest",
        execute,
        "ingest files into the lake; known files are skipped, by content",
        """
        barometer ingest ais-2026-03-02.csv.zst
        barometer ingest ~/downloads/ais --json
        """,
        is_job=True,
        as_json="the outcome as JSON",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="AIS files, folders or patterns")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="open every file, also those known by size and times",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.ingest.inputs import Input, find_inputs, inputs_of
    from flows.ingest.known import remembering
    from flows.ingest.stage import ingest_input
    from flows.runner import run
    from flows.sources.definitions import load_sources

    settings = settings_of(flags)
    sources = load_sources(settings.home)
    files, outcomes = find_inputs(flags.paths)
    with lock.locked(settings.home), file_progress(flags) as shown:
        start_logging()  # in here, so that log lines go above the bar
        manifest = run.prepare(settings)
        for outcome in outcomes:
            run.log_outcome(log, outcome)
        with remembering(settings, is_verifying=flags.verify) as memory:
            for item in inputs_of(files, manifest, memory):
                outcome = (
                    ingest_input(item, sources, settings, shown.file)
                    if isinstance(item, Input)
                    else item
                )
                memory.take(outcome.name, outcome.file_id)
                run.log_outcome(log, outcome)
                outcomes.append(outcome)
        run.log_remarks(log, outcomes)
        run.derive(settings, outcomes, publish=False)
    if flags.json:
        print(json.dumps([outcome_record(o) for o in outcomes], indent=2))
    return exit_code(flags, outcomes)
