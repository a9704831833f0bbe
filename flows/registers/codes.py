"""Step 6, registers: the lists that link a hull to Russia, and the code tables."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from datetime import date
from pathlib import Path

import pyarrow as pa

from flows.resources import data_path
from flows.settings import BarometerError

ENTRY_SCHEMA = pa.schema(
    [
        ("imo", pa.int32()),
        ("vessel_name", pa.string()),
        ("link_tier", pa.string()),
        ("link_reason", pa.string()),
        ("link_source", pa.string()),
        ("reference", pa.string()),
        ("programme", pa.string()),
        ("listed_on", pa.date32()),
        ("delisted_on", pa.date32()),
    ]
)


def load_registers(folder: Path | None = None) -> pa.Table:
    """The entries of every register of `data/registers`, one row an entry, in `ENTRY_SCHEMA`.

    A register is a TOML file, which says what an entry proves, and a CSV of the same name.

    Raises
    ------
    BarometerError
        If a register has fewer or more entries than its TOML allows: then it is not that list, or
        it was cut.
    """
    rows = []
    for definition in sorted((folder or data_path("registers")).glob("*.toml")):
        about = tomllib.loads(definition.read_text(encoding="utf-8"))
        with (definition.parent / about["file"]).open(encoding="utf-8", newline="") as lines:
            entries = list(csv.DictReader(lines))
        if not about["fewest_rows"] <= len(entries) <= about["most_rows"]:
            raise BarometerError(
                f"{definition.stem}: {len(entries)} entries, and it may hold "
                f"{about['fewest_rows']} to {about['most_rows']}. Restore the file."
            )
        rows += [
            {
                "imo": int(entry["imo"]),
                "vessel_name": entry["vessel_name"] or None,
                "link_tier": about["link_tier"],
                "link_reason": about["link_reason"],
                "link_source": about["link_source"],
                "reference": entry["reference"],
                "programme": entry["programme"] or None,
                "listed_on": _date(entry["listed_on"]),
                "delisted_on": _date(entry["delisted_on"]),
            }
            for entry in entries
        ]
    return pa.Table.from_pylist(rows, schema=ENTRY_SCHEMA)


def registers_as_of() -> dict[str, date]:
    """Up to which day each bundled register is right, by its `link_source`."""
    found = {}
    for path in sorted(data_path("registers").glob("*.toml")):
        about = tomllib.loads(path.read_text(encoding="utf-8"))
        found[str(about["link_source"])] = about["as_of"]
    return found


def load_mid() -> pa.Table:
    """ITU's Maritime Identification Digits: mid, country_code (ISO 3166-1 alpha-2), name."""
    with data_path("codes", "mid.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row | {"mid": int(row["mid"])} for row in csv.DictReader(lines)]
    schema = pa.schema(
        [("mid", pa.int16()), ("country_code", pa.string()), ("country_name", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def folder_hash(folder: Path) -> str:
    """blake2b-128 over the names and contents of a folder's data files, in the order of names."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.glob("*")):
        if path.suffix in (".csv", ".toml", ".geojson"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
