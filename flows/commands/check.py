"""`barometer check`: the lake and the numbers checked."""

from __future__ import annotations

import argparse
import json

from flows.commands.shared import DONE, FAILED, Command, settings_of


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "check",
        execute,
        "check the lake and the numbers, and say what the data cannot support",
        """
        barometer check
        barometer check --rebuild          # is the catalogue what the lake gives, built anew?
        barometer check --repoint          # after the home was moved, for other DuckDB clients
        barometer check --recover          # after manifest.json or a history was lost
        """,
        as_json="the findings as JSON",
    )
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="also build the catalogue anew, every ship worked, and compare",
    )
    parser.add_argument(
        "--recover",
        action="store_true",
        help="first rebuild a lost manifest or history from what the home still holds",
    )
    parser.add_argument(
        "--repoint",
        action="store_true",
        help="first let the catalogue's views name the moved files",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.catalogue import access, check
    from flows.home import lock
    from flows.lake.manifest import read_manifest
    from flows.report.tables import safe_text

    settings = settings_of(flags)
    found = []
    if flags.recover:
        with lock.locked(settings.home):
            found += check.recovered(settings)
    if flags.repoint:
        with lock.locked(settings.home):
            access.repoint(settings, read_manifest(settings.place))
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
