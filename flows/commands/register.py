"""`barometer register`: the lists that link ships to Russia."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from flows.commands.shared import (
    DONE,
    Command,
    fail,
    iso_day,
    positive,
    settings_of,
    start_logging,
)


def add(command: Command) -> None:
    """Its commands and their arguments."""
    group = command.group(
        "register",
        "the lists that link ships to Russia",
        """
        barometer register list
        barometer register fetch
        barometer register import our-fleet.csv
        """,
    )
    parser = command(
        "import",
        execute_import,
        "a sanctions list or fleet list, in its publisher's own format, as a new version",
        """
        barometer register import sdn_advanced.xml
        barometer register import sdn.csv --published-on 2026-03-20
        barometer register import our-fleet.csv --json
        """,
        group,
        as_json="what changed as JSON",
    )
    parser.add_argument(
        "file", metavar="FILE", help="the list; its format is recognised by content"
    )
    parser.add_argument(
        "--published-on",
        metavar="DATE",
        type=iso_day,
        help="the day of the list, if it does not contain it",
    )
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="also import a list that is cut, that lost more than a tenth of its ships or links to "
        "Russia, or that has unknown programme keys",
    )
    parser = command(
        "fetch",
        execute_fetch,
        "fetch lists from their publishers, and import what is newer than the version at hand",
        """
        barometer register fetch                    # all of data/lists
        barometer register fetch ofac-sdn
        barometer register fetch uk-sanctions --json

        A list that the publisher has not changed is not got again. One that cannot be fetched, or
        that an import would refuse, is reported with exit code 1; the others go on, and the version
        at hand stays in force. What was got is kept in the home's downloads/LIST/versions/.
        eu-consolidated needs BAROMETER_EU_FSF_TOKEN, and is skipped without it unless it is named.
        """,
        group,
        is_job=True,
        as_json="the result of each list as JSON",
    )
    parser.add_argument("list", nargs="?", metavar="LIST", help="a name of data/lists (all)")
    command(
        "list",
        execute_list,
        "the lists, bundled and imported: day, ships, linked ships, file, import",
        """
        barometer register list
        barometer register list --json
        """,
        group,
        as_json="the versions as JSON",
    )
    parser = command(
        "remove",
        execute_remove,
        "undo an import: its version no longer counts, but stays for what was published with it",
        """
        barometer register list
        barometer register remove 3
        """,
        group,
        as_json="the import that was removed as JSON",
    )
    parser.add_argument(
        "number",
        metavar="NUMBER",
        type=positive,
        help="of the import, from barometer register list",
    )


def execute_import(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.lake import losses
    from flows.registers import shown, store
    from flows.runner import run

    settings = settings_of(flags)
    start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        result = store.import_list(
            settings,
            Path(flags.file),
            published_on=flags.published_on,
            accept_loss=flags.accept_loss,
        )
        # Made before the catalogue, so that a million changes are not held meanwhile.
        if flags.json:
            text = json.dumps(shown.as_record(result), indent=2, default=str)
        else:
            text = shown.as_text(result, Path(flags.file).name)
        del result
        if losses.is_catalogue_behind(settings.home):
            run.derive(settings, [], publish=False)
    print(text)
    return DONE


def execute_fetch(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.lake import losses
    from flows.registers import refresh, shown
    from flows.runner import run

    settings = settings_of(flags)
    start_logging()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request
    chosen = refresh.chosen(settings, flags.list)
    with lock.locked(settings.home):
        run.prepare(settings)
        results = [
            refresh.refresh(settings, source, is_named=flags.list is not None) for source in chosen
        ]
        if losses.is_catalogue_behind(settings.home):
            run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(shown.refreshed_as_records(results), indent=2, default=str))
    else:
        print(shown.refreshed_as_text(results))
    problem = refresh.fetch_problem(results)
    return DONE if problem is None else fail(flags, problem)


def execute_list(flags: argparse.Namespace) -> int:
    from flows.registers import held, shown

    versions = held.held_versions(settings_of(flags))
    if flags.json:
        print(json.dumps([version._asdict() for version in versions], indent=2, default=str))
    else:
        print(shown.held_as_text(versions))
    return DONE


def execute_remove(flags: argparse.Namespace) -> int:
    from flows.home import lock
    from flows.lake import losses
    from flows.registers import shown, store
    from flows.runner import run

    settings = settings_of(flags)
    start_logging()
    with lock.locked(settings.home):
        run.prepare(settings)
        try:
            removed = store.remove_import(settings, flags.number)
        finally:  # an earlier removal may have been killed before the catalogue was built
            if losses.is_catalogue_behind(settings.home):
                run.derive(settings, [], publish=False)
    if flags.json:
        print(json.dumps(removed | {"number": flags.number}, indent=2, default=str))
    else:
        print(shown.removed_as_text(removed, flags.number))
    return DONE
