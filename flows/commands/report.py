"""`barometer report`: a week's report, shown, written or sent."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from flows.commands.shared import DONE, FAILED, USAGE, Command, iso_day, iso_week, settings_of
from flows.home.settings import BarometerError, Settings, variable


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "report",
        execute,
        "the report of a week: CSV files, and the table on the terminal",
        """
        barometer report
        barometer report --week 2026-W16 --json
        barometer report --week 2026-W16 --as-known-on 2026-04-20
        barometer report --week 2026-W16 --send
        barometer report --send --dry-run  # only the .eml file
        barometer report --package DIR     # all weeks, as a data package
        """,
        as_json="the week as JSON",
    )
    parser.add_argument(
        "--week", type=iso_week, help="ISO week such as 2026-W16 (the newest closed one)"
    )
    parser.add_argument(
        "--as-known-on",
        metavar="DATE",
        type=iso_day,
        help="link ships by the lists of that day; into a folder of its own",
    )
    parser.add_argument("--send", action="store_true", help="mail it to the team, once per version")
    parser.add_argument(
        "--package",
        metavar="DIR",
        type=Path,
        help="instead of a week: the tables of the catalogue as Parquet and GeoParquet, with what "
        "each column is, terms of the sources and how to cite them (datapackage.json)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --send: only write the message as an .eml file"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="with --send: send to everyone again, whatever was sent before",
    )


def execute(flags: argparse.Namespace) -> int:
    if (flags.dry_run or flags.again) and not flags.send:
        print("barometer report: --dry-run and --again need --send", file=sys.stderr)
        return USAGE
    if flags.send and flags.as_known_on:
        print(
            "barometer report: --send sends the week as published; remove --as-known-on",
            file=sys.stderr,
        )
        return USAGE
    if flags.package:
        return _package(flags)
    settings = settings_of(flags)
    if flags.send:
        return _send(flags, settings)
    from flows.catalogue import access
    from flows.report import tables, terminal, write

    known_on = flags.as_known_on
    with ExitStack() as stack:
        not_locked = _try_lock(stack, settings)
        if not_locked and known_on is not None:
            raise not_locked
        if known_on is None:
            con = stack.enter_context(access.reading(settings))
        else:
            from flows.catalogue import build

            con = stack.enter_context(build.built_beside(settings, known_on=known_on))
        week = access.require_week(con, flags.week)
        folder = tables.week_folder(settings.home, week)
        if known_on is not None:
            folder /= f"as-known-on-{known_on}"
        if not_locked is None:
            write.write_report(con, folder, week)
        if flags.json:
            print(json.dumps(tables.summary(con, week, tables.json_records), indent=2))
        else:
            terminal.show(terminal.week_view(con, week))
            print(f"\nFiles{' (as they were)' if not_locked else ''}: {folder}")
            _show_pending(settings)
    if not_locked:
        print(f"barometer: the report's files were not written. {not_locked}", file=sys.stderr)
    return DONE


def _show_pending(settings: Settings) -> None:
    from flows.mail import alerts

    for text in alerts.pending(settings):
        print(f"Alerts: {text}")


def _package(flags: argparse.Namespace) -> int:
    if flags.week or flags.as_known_on or flags.send or flags.json:
        print("barometer report: --package is of all weeks, and goes alone", file=sys.stderr)
        return USAGE
    from flows.catalogue import access
    from flows.exports import home

    with access.reading(settings_of(flags)) as con:
        files = home.write_package(con, flags.package)
    print(f"{len(files)} files: {flags.package}")
    return DONE


def _try_lock(stack: ExitStack, settings: Settings) -> BarometerError | None:
    """Lock the home, or return why not: reading a report needs no lock."""
    from flows.home import lock

    try:
        stack.enter_context(lock.locked(settings.home))
    except BarometerError as error:
        return error
    return None


def _send(flags: argparse.Namespace, settings: Settings) -> int:
    from flows.catalogue import access
    from flows.home import lock
    from flows.lake import losses
    from flows.mail import outbox
    from flows.mail.settings import mail_settings
    from flows.mail.smtp import Result

    if variable("SMTP_BLOCK") and not flags.dry_run:
        from flows.runner.prefect_server import set_up

        set_up(settings)
    mail = None if flags.dry_run else mail_settings()
    with lock.locked(settings.home), access.reading(settings) as con:
        if mail is not None:
            losses.refuse_losses(settings)  # with a lost outbox everyone would get it again
        message = outbox.week_message(con, settings.home, access.require_week(con, flags.week))
    if mail is None:
        path = outbox.write_eml(settings.home, message)
        result = Result([f"Not sent, but written: {path}"], [])
    else:
        result = outbox.send_week(settings.home, mail, message, by_hand=True, again=flags.again)
    if flags.json:
        record = {"week": message.week, "version": message.version, **result._asdict()}
        print(json.dumps(record, indent=2))
    else:
        for line in result.done:
            print(line)
    for line in result.problems:
        print(f"barometer: {line}", file=sys.stderr)
    return FAILED if result.problems else DONE
