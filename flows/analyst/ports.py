"""`barometer ports`: the ports and their fences, as a table or as records."""

from __future__ import annotations

import json
from typing import Any

import shapely
from rich.table import Table

from flows.home.resources import port_files
from flows.report import terminal
from geo.ports import load_ports


def records() -> list[dict[str, Any]]:
    """One record a port with its areas: names, kinds, sources, accuracy, and the fence of each.

    `geometry` is a GeoJSON object, WGS 84, longitude first. `lon` and `lat` are a point within the
    port's limit.
    """
    ports = load_ports(*port_files())
    areas = ports.port_area.groupby("port_id")
    rows = []
    for port in ports.port.to_dict("records"):
        middle = port["geometry"].representative_point()
        calls = port["usual_tanker_calls"]
        rows.append(
            {
                "port_id": port["port_id"],
                "name": port["name"],
                "kind": port["kind"],
                "water": port["water"],
                "country": port["country"],
                "lon": round(middle.x, 4),
                "lat": round(middle.y, 4),
                "usual_tanker_calls": None if calls is None else int(calls),
                "usual_tanker_calls_source": port["usual_tanker_calls_source"],
                "source": port["source"],
                "accuracy_m": int(port["accuracy_m"]),
                "areas": [
                    {
                        "area_id": area["area_id"],
                        "name": area["name"],
                        "kind": area["kind"],
                        "serves": list(area["serves"]),
                        "source": area["source"],
                        "accuracy_m": int(area["accuracy_m"]),
                        "geometry": json.loads(shapely.to_geojson(area["geometry"])),
                    }
                    for area in areas.get_group(port["port_id"]).to_dict("records")
                ],
            }
        )
    return rows


def show() -> None:
    """Print the ports as a table, a line each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("port_id", "name", "country", "water", "kind"):
        table.add_column(name, no_wrap=True)
    for name in ("berths", "anchorages", "tanker calls\na year", "accuracy\nm"):
        table.add_column(name, justify="right")
    for port in sorted(records(), key=lambda port: (port["country"] != "IR", port["port_id"])):
        kinds = [area["kind"] for area in port["areas"]]
        calls = port["usual_tanker_calls"]
        table.add_row(
            port["port_id"],
            port["name"],
            port["country"],
            port["water"],
            port["kind"],
            str(kinds.count("berth")),
            str(kinds.count("anchorage")),
            "?" if calls is None else str(calls),
            str(port["accuracy_m"]),
        )
    terminal.show(table)
    terminal.show("\nSources of each polygon: barometer ports --json")
