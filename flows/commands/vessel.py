"""`barometer vessel`: all that is known of a ship, and the evidence card of a call."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.commands.shared import DONE, Command, settings_of, write_page
from flows.home.settings import BarometerError

if TYPE_CHECKING:
    import duckdb

CALL = re.compile(r"[0-9a-f]{32}")
"""A port_call_id."""

MOST_IDS = 5
"""Most ships named in a message."""


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
        barometer vessel 9247778 --html ship.html
        barometer vessel 0123456789abcdef0123456789abcdef --html card.html   # a call's evidence
        """,
        as_json="everything as JSON",
    )
    parser.add_argument(
        "ship",
        metavar="IMO-or-MMSI",
        help="or an id, such as 'MMSI 352990102 (2)', or a part of its name; or a port_call_id, "
        "for the evidence card of that call",
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as a page")


def execute(flags: argparse.Namespace) -> int:
    from flows.catalogue import access

    settings = settings_of(flags)
    with access.reading(settings) as con:
        show = _show_call if CALL.fullmatch(flags.ship) else _show_ships
        show(con, flags)
    return DONE


def _show_call(con: duckdb.DuckDBPyConnection, flags: argparse.Namespace) -> None:
    from flows.analyst import card
    from flows.report import tables, terminal

    record = card.call_record(con, flags.ship)
    if record is None:
        raise BarometerError(f"{flags.ship}: no call with this port_call_id.")
    if flags.html:
        write_page(flags.html, card.call_page(record))
    if flags.json:
        _print_json(card.call_record(con, flags.ship, tables.json_records))
    elif not flags.html:
        terminal.show(card.call_view(record))


def _show_ships(con: duckdb.DuckDBPyConnection, flags: argparse.Namespace) -> None:
    from flows.analyst import card, vessel
    from flows.report import tables, terminal

    rows = tables.json_records if flags.json else tables.records
    ships = vessel.find_ships(con, flags.ship, rows)
    if not ships:
        raise BarometerError(
            f"{vessel.text(flags.ship)}: no ship of that number or name, received or listed."
        )
    if flags.html:
        if len(ships) > 1:
            ids = ", ".join(f"'{vessel.text(ship['hull_id'])}'" for ship in ships[:MOST_IDS])
            raise BarometerError(
                f"{vessel.text(flags.ship)}: {len(ships)} ships match. Give the id of one: "
                f"{ids}{', ...' if len(ships) > MOST_IDS else ''}."
            )
        write_page(flags.html, card.ship_page(con, vessel.find_ships(con, flags.ship)[0]))
    if flags.json:
        _print_json([vessel.ship_record(con, ship, rows) for ship in ships])
    elif not flags.html and len(ships) == 1:
        terminal.show(vessel.ship_view(vessel.ship_record(con, ships[0])))
    elif not flags.html:
        terminal.show(vessel.ships_view(ships))


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))
