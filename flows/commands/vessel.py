"""`barometer vessel`: all that is known of a ship."""

from __future__ import annotations

import argparse
import json

from flows.commands.shared import DONE, Command, settings_of
from flows.home.settings import BarometerError


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "vessel",
        execute,
        "all that is known of a ship: names, flags, evidence, calls, contradictions",
        """
        barometer vessel 9247778
        barometer vessel 273399990 --json
        barometer vessel "sea star"
        """,
        as_json="everything as JSON",
    )
    parser.add_argument("ship", metavar="IMO-or-MMSI", help="or a part of its name")


def execute(flags: argparse.Namespace) -> int:
    from flows.analyst import vessel
    from flows.catalogue import access
    from flows.home.text import safe_text
    from flows.report import terminal

    settings = settings_of(flags)
    with access.reading(settings) as con:
        ships = vessel.find_ships(con, flags.ship)
        if not ships:
            raise BarometerError(
                f"{safe_text(flags.ship)}: no ship of that number or name, received or listed."
            )
        if flags.json:
            print(json.dumps([vessel.ship_record(con, s) for s in ships], indent=2, default=str))
        elif len(ships) == 1:
            terminal.show(vessel.ship_view(vessel.ship_record(con, ships[0])))
        else:
            terminal.show(vessel.ships_view(ships))
    return DONE
