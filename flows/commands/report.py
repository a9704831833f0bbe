"""`barometer report`: a week's report, shown, written or sent."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack

from flows.commands.shared import DONE, FAILED, USAGE, Command, day_or_none, settings_of
from flows.home.settings import BarometerError, Settings


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "report",
        execute,
        "the report of a week: its CSV files, and the table on the terminal",
        """
        barometer report
        barometer report --week 2026-W16 --json
        barometer report --week 2026-W16 --as-known-on 2026-04-20
        barometer report --week 2026-W16 --send
        barometer report --send --dry-run  # only the .eml file
        """,
        as_json="the week as JSON",
    )
    parser.add_argument("--week", help="ISO week such as 2026-W16 (the newest closed one)")
    parser.add_argument(
        "--as-known-on",
        metavar="DATE",
        help="link ships by what was listed on that day; into a folder of its own",
    )
    parser.add_argument(
        "--send", action="store_true", help="mail it to the team, once for each version"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --send: only write the message as an .eml file"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="with --send: to everyone once more, whatever was sent before",
    )


def execute(flags: argparse.Namespace) -> int:
    if (flags.dry_run or flags.again) and not flags.send:
        print("barometer report: --dry-run and --again go with --send", file=sys.stderr)
        return USAGE
    if flags.send and flags.as_known_on:
        print(
            "barometer report: --send is of the week as published; drop --as-known-on",
            file=sys.stderr,
        )
        return USAGE
    settings = settings_of(flags)
    if flags.send:
        return _send(flags, settings)
    from flows.catalogue import access
    from flows.catalogue import build as catalogue
    from flows.report import tables, terminal, write

    known_on = day_or_none(flags.as_known_on)
    with ExitStack() as stack:
        unwritten = _try_lock(stack, settings)
        if unwritten and known_on is not None:
            raise unwritten
        if known_on is None:
            con = stack.enter_context(access.reading(settings))
        else:
            con = stack.enter_context(catalogue.built_beside(settings, known_on=known_on))
        week = access.require_week(con, flags.week)
        folder = tables.week_folder(settings.home, week)
        if known_on is not None:
            folder /= f"as-known-on-{known_on}"
        if unwritten is None:
            write.write_report(con, folder, week)
        if flags.json:
            print(json.dumps(tables.summary(con, week), indent=2, default=str))
        else:
            terminal.show(terminal.week_view(con, week))
            print(f"\nFiles{' (as they were)' if unwritten else ''}: {folder}")
    if unwritten:
        print(f"barometer: its files were not written. {unwritten}", file=sys.stderr)
    return DONE


def _try_lock(stack: ExitStack, settings: Settings) -> BarometerError | None:
    """Lock the home, or say why not: who only reads a report needs no lock."""
    from flows.home import lock

    try:
        stack.enter_context(lock.locked(settings.home))
    except BarometerError as error:
        return error
    return None


def _send(flags: argparse.Namespace, settings: Settings) -> int:
    from flows.catalogue import access
    from flows.home import lock
    from flows.mail import outbox as mail
    from flows.mail import settings as mail_settings
    from flows.mail import smtp

    if os.environ.get("BAROMETER_SMTP_BLOCK") and not flags.dry_run:
        from flows.runner.prefect_server import set_up

        set_up(settings)
    post = None if flags.dry_run else mail_settings.mail_settings()
    with lock.locked(settings.home), access.reading(settings) as con:
        letter = mail.week_letter(con, settings.home, access.require_week(con, flags.week))
    if post is None:
        told = smtp.Told([f"Not sent, but written: {mail.write_eml(settings.home, letter)}"], [])
    else:
        told = mail.send_week(settings.home, post, letter, by_hand=True, again=flags.again)
    if flags.json:
        print(
            json.dumps({"week": letter.week, "version": letter.version, **told._asdict()}, indent=2)
        )
    else:
        for line in told.done:
            print(line)
    for line in told.problems:
        print(f"barometer: {line}", file=sys.stderr)
    return FAILED if told.problems else DONE
