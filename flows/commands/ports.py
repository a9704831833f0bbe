"""`barometer ports`: the ports, and the map."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from flows.commands.shared import DONE, USAGE, Command, settings_of, write_page
from flows.home.settings import BarometerError


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "ports",
        execute,
        "the ports and their fences, as a list or a map, with a ship's track",
        """
        barometer ports
        barometer ports --json
        barometer ports --map ports.html
        barometer ports --map ship.html --ship 9247778
        """,
        as_json="ports and fences as JSON",
    )
    parser.add_argument("--map", metavar="FILE", help="an interactive map, as one HTML file")
    parser.add_argument(
        "--ship", metavar="IMO-or-MMSI", help="also draw the track of this ship; a name is enough"
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.analyst import ports

    if flags.ship is not None and flags.map is None:
        print("barometer ports: --ship needs --map FILE", file=sys.stderr)
        return USAGE
    if flags.map is not None:
        path = Path(flags.map).expanduser()
        _write_map(flags, path)
        if not flags.json:
            print(f"Map: {path}")
            return DONE
    if flags.json:
        print(json.dumps(ports.records(), indent=2))
    else:
        ports.show()
    return DONE


def _write_map(flags: argparse.Namespace, path: Path) -> None:
    from flows.analyst import portmap, vessel
    from flows.catalogue import access
    from flows.home.resources import port_files
    from flows.home.text import safe_text
    from flows.report.terminal import show
    from geo.ports import load_ports

    track = None
    if flags.ship is not None:
        name = safe_text(flags.ship)
        with access.reading(settings_of(flags)) as con:
            ships = vessel.find_ships(con, flags.ship)
            if len(ships) > 1:
                show(vessel.ships_view(ships))
                raise BarometerError(
                    f"{name}: {len(ships)} ships. Give the id of one. No map was written."
                )
            if not ships or ships[0]["first_at"] is None:
                why = "listed, but never received" if ships else "no ship of that number or name"
                raise BarometerError(f"{name}: {why}. No map was written.")
            track = portmap.ship_on_map(con, ships[0])
    write_page(path, portmap.map_page(load_ports(*port_files()), track))
