"""`barometer register`: the lists that link ships to Russia."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from flows.commands.shared import DONE, Command, day_or_none, positive, settings_of, start_logging


def add(command: Command) -> None:
    """Its commands and their arguments."""
    lists = command.group("register", "the lists that link ships to Russia")
    imported = command(
        "import",
        execute_import,
        "a sanctions list or fleet list, in its publisher's own format, as a new version",
        """
        barometer register import sdn_advanced.xml
        barometer register import sdn.csv --published-on 2026-03-20
        barometer register import our-fleet.csv --json
        """,
        lists,
        as_json="what changed as JSON",
    )
    imported.add_argument("file", metavar="FILE", help="the list; its format is told by content")
    imported.add_argument(
        "--published-on", metavar="DATE", help="the day of the list, where it does not give it"
    )
    imported.add_argument(
        "--accept-loss",
        action="store_true",
        help="also take a list that is cut, that lacks more than a tenth of the ships or of the "
        "links to Russia that it had, or whose programme keys are not known",
    )
    command(
        "list",
        execute_list,
        "the lists at hand, bundled and imported: day, ships, linked ships, file, import",
        """
        barometer register list
        barometer register list --json
        """,
        lists,
        as_json="the versions as JSON",
    )
    removed = command(
        "remove",
        execute_remove,
        "take an import back: its version counts no more, and stays for what was published with it",
        """
        barometer register list
        barometer register remove 3
        """,
        lists,
        as_json="the import that was removed as JSON",
    )
    removed.add_argument(
        "number",
        metavar="NUMBER",
        type=positive,
        help="of the import, from barometer register list",
    )


def execute_import(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.home import lock
    from flows.registers import store
    from flows.runner import run

    settings = settings_of(flags)
    start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        found = store.import_list(
            settings,
            Path(flags.file),
            published_on=day_or_none(flags.published_on),
            accept_loss=flags.accept_loss,
        )
        if found.state == "imported":
            run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(show.as_record(found), indent=2, default=str))
    else:
        print(show.as_text(found, Path(flags.file).name))
    return DONE


def execute_list(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.registers import store

    held = store.held_versions(settings_of(flags).home)
    if flags.json:
        print(json.dumps([one._asdict() for one in held], indent=2, default=str))
    else:
        print(show.held_as_text(held))
    return DONE


def execute_remove(flags: argparse.Namespace) -> int:
    from flows.analyst import lists as show
    from flows.home import lock
    from flows.registers import store
    from flows.runner import run

    settings = settings_of(flags)
    start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        removed = store.remove_import(settings, flags.number)
        run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(removed | {"number": flags.number}, indent=2, default=str))
    else:
        print(show.removed_as_text(removed, flags.number))
    return DONE
