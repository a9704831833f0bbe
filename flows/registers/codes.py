"""The code tables that registers and ships are read with."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import pyarrow as pa

from flows.home.resources import data_path


def load_mid() -> pa.Table:
    """ITU's Maritime Identification Digits: mid, country_code (ISO 3166-1 alpha-2), name."""
    rows = [row | {"mid": int(row["mid"])} for row in _rows("codes", "mid.csv")]
    schema = pa.schema(
        [("mid", pa.int16()), ("country_code", pa.string()), ("country_name", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def load_programmes() -> pa.Table:
    """What a register's programme means: `data/registers/programmes.csv`.

    One row a register and programme: register, programme (for a tag that ends in ``*`` what stands
    before it), is_prefix, country (ISO 3166-1 alpha-2; null where it concerns no one country),
    link_tier and link_reason (null where it proves nothing about Russia), link_source (null where
    the entry's own stands), title, source.
    """
    rows = [
        {name: text or None for name, text in row.items()}
        | {
            "programme": str(row["programme"]).removesuffix("*"),
            "is_prefix": row["programme"].endswith("*"),
        }
        for row in _rows("registers", "programmes.csv")
    ]
    schema = pa.schema(
        [
            ("register", pa.string()),
            ("programme", pa.string()),
            ("is_prefix", pa.bool_()),
            ("country", pa.string()),
            ("link_tier", pa.string()),
            ("link_reason", pa.string()),
            ("link_source", pa.string()),
            ("title", pa.string()),
            ("source", pa.string()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def programme_meaning(register: str, programme: str | None) -> dict[str, Any] | None:
    """The row of `load_programmes` that a tag of a register has; None where the tag is not known.

    A register that is one of several of a publisher, such as ``opensanctions:us_ofac_sdn``, has
    its publisher's tags.

    >>> programme_meaning("ofac-sdn", "IRAN-SOMETHING")["country"]
    'IR'
    """
    exact, begun = _programmes_by_register().get(register.partition(":")[0], ({}, []))
    tag = programme or ""
    return exact.get(tag) or next((row for row in begun if tag.startswith(row["programme"])), None)


@cache
def _programmes_by_register() -> dict[str, tuple[dict[str, Any], list[Any]]]:
    """A register's tags as they are, and those that stand for all that begin so, longest first."""
    found: dict[str, tuple[dict[str, Any], list[Any]]] = {}
    for row in load_programmes().to_pylist():
        exact, begun = found.setdefault(row["register"], ({}, []))
        if row["is_prefix"]:
            begun.append(row)
        else:
            exact[row["programme"]] = row
    for _, begun in found.values():
        begun.sort(key=lambda row: -len(row["programme"]))
    return found


def load_vessel_types() -> pa.Table:
    """The words that registers have for a ship's type: vessel_type (capitals), is_tanker,
    tanker_kind (crude, product, chemical, gas; null for other ships and where it is not said)."""
    rows = [
        {
            "vessel_type": row["vessel_type"],
            "is_tanker": row["is_tanker"] == "true",
            "tanker_kind": row["tanker_kind"] or None,
        }
        for row in _rows("codes", "vessel_type.csv")
    ]
    schema = pa.schema(
        [("vessel_type", pa.string()), ("is_tanker", pa.bool_()), ("tanker_kind", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def load_destinations() -> pa.Table:
    """How AIS destinations name Russian ports: port_id (null for the country), name, text."""
    rows = [
        {"port_id": row["port_id"] or None, "name": row["name"], "text": row["text"]}
        for row in _rows("codes", "russian_destination.csv")
    ]
    schema = pa.schema([("port_id", pa.string()), ("name", pa.string()), ("text", pa.string())])
    return pa.Table.from_pylist(rows, schema=schema)


def load_straits() -> pa.Table:
    """The boxes on either side of the Danish straits: strait, side, west, south, east, north."""
    rows = [
        {
            "strait": row["strait"],
            "side": row["side"],
            **{edge: float(row[edge]) for edge in ("west", "south", "east", "north")},
        }
        for row in _rows("straits", "danish.csv")
    ]
    edges = [(edge, pa.float64()) for edge in ("west", "south", "east", "north")]
    schema = pa.schema([("strait", pa.string()), ("side", pa.string()), *edges])
    return pa.Table.from_pylist(rows, schema=schema)


def load_terminals() -> pa.Table:
    """What tankers do at each Iranian port's berths: `data/ports/terminal_trade.csv`.

    port_id, terminal_trade (loading, discharging, both), cargo, source, remarks (null for none).
    """
    names = ("port_id", "terminal_trade", "cargo", "source", "remarks")
    rows = [
        {name: row[name] or None for name in names} for row in _rows("ports", "terminal_trade.csv")
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def load_foreign_ports() -> pa.Table:
    """Other countries' ports around the Gulf and the Gulf of Oman, as points: name, lon, lat."""
    rows = [
        {"name": row["name"], "lon": float(row["lon"]), "lat": float(row["lat"])}
        for row in _rows("ports", "foreign.csv")
    ]
    schema = pa.schema([("name", pa.string()), ("lon", pa.float64()), ("lat", pa.float64())])
    return pa.Table.from_pylist(rows, schema=schema)


def _rows(*parts: str) -> list[dict[str, str]]:
    with data_path(*parts).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
