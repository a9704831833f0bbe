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
        "check the lake and the numbers, and report limits of the data",
        """
        barometer check
        barometer check --rebuild          # also compare with a rebuilt catalogue
        barometer check --repoint          # after moving the home, for other DuckDB clients
        barometer check --recover          # after manifest.json or a history was lost
        """,
        as_json="the findings as JSON",
    )
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="also rebuild the catalogue from all ships, and compare",
    )
    parser.add_argument(
        "--recover",
        action="store_true",
        help="first rebuild a lost manifest or history from the other files of the home",
    )
    parser.add_argument(
        "--repoint",
        action="store_true",
        help="first correct the file paths in the catalogue's views",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.catalogue import access, check
    from flows.home import lock
    from flows.home.text import safe_text
    from flows.lake.manifest import read_manifest

    settings = settings_of(flags)
    findings = []
    if flags.recover:
        with lock.locked(settings.home):
            findings += check.recovered(settings)
    if flags.repoint:
        with lock.locked(settings.home):
            access.repoint(settings, read_manifest(settings.place))
    findings += check.check(settings)
    if flags.rebuild:
        with lock.locked(settings.home):
            findings += check.check_rebuild(settings)
    faults = [finding for finding in findings if finding.is_fault]
    if flags.json:
        print(json.dumps([check.as_record(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            kind = "FAULT" if finding.is_fault else "limit"
            print(f"{kind}  {finding.check}: {safe_text(finding.message)}")
        print(f"{len(faults)} faults, {len(findings) - len(faults)} limits of the data.")
    return FAILED if faults else DONE
