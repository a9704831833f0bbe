"""`barometer check`: the lake and the numbers checked."""

from __future__ import annotations

import argparse
import json
import logging

from flows.commands.shared import DONE, FAILED, Command, settings_of

UNREADABLE = {"catalogue", "files", "schema"}
"""Findings after which the catalogue is not asked any more."""


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
        barometer check --sources          # ask each publisher the smallest question

        The table of ports and sources is in the relation port_reception, for scripts.
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
    parser.add_argument(
        "--sources",
        action="store_true",
        help="only ask each publisher the smallest question, over the network: whether it answers, "
        "accepts the token, and still has the documented shape",
    )


def execute(flags: argparse.Namespace) -> int:
    return _check_sources(flags) if flags.sources else _check_home(flags)


def _check_sources(flags: argparse.Namespace) -> int:
    from flows.home.text import safe_text
    from flows.sources.fetching import probe

    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request
    settings = settings_of(flags)
    findings = []
    for finding in probe.findings(probe.checks(settings)):
        findings.append(finding)
        if not flags.json:
            print(f"{finding.state:14}{finding.name}: {safe_text(finding.message)}", flush=True)
    if flags.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    return DONE if all(finding.state == probe.WORKS for finding in findings) else FAILED


def _check_home(flags: argparse.Namespace) -> int:
    from flows.analyst import reception
    from flows.catalogue import access, check
    from flows.home import lock
    from flows.home.text import safe_text
    from flows.ingest import known
    from flows.ingest.recover import recovered
    from flows.mail import alerts
    from flows.report import terminal
    from flows.report.limits import HEAR_THE_REST
    from flows.report.words import counted

    settings = settings_of(flags)
    findings = []
    if flags.recover:
        with lock.locked(settings.home):
            findings += [check.Finding("recover", text, False) for text in recovered(settings)]
    if flags.repoint:
        with lock.locked(settings.home):
            access.repoint(settings)
    findings += check.check(settings)
    if any(finding.check == "files" for finding in findings):
        known.forget(settings.home)
    # Without its history a rebuild differs, and the catalogue in use is what restores it.
    if flags.rebuild and not any(finding.check == check.HISTORY for finding in findings):
        with lock.locked(settings.home):
            findings += check.check_rebuild(settings)
    if not UNREADABLE & {finding.check for finding in findings}:
        findings += [check.Finding("alerts", text, False) for text in alerts.pending(settings)]
    faults = [finding for finding in findings if finding.is_fault]
    if flags.json:
        print(json.dumps([check.as_record(finding) for finding in findings], indent=2))
    else:
        heard = check.reception(settings)
        if (table := reception.table(heard)) is not None:
            terminal.show(table)
            print("Share of the hours of all weeks in which each source heard the port.")
            if {row["port_id"] for row in heard} - {
                r["port_id"] for r in heard if r["heard_share"]
            }:
                print(HEAR_THE_REST)
            print()
        for finding in findings:
            kind = "FAULT" if finding.is_fault else "limit"
            print(f"{kind}  {finding.check}: {safe_text(finding.message)}")
        limits = counted(len(findings) - len(faults), "limit")
        print(f"{counted(len(faults), 'fault')}, {limits} of the data.")
    return FAILED if faults else DONE
