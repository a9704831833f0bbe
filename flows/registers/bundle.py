"""Rebuilds the bundled registers: `python -m flows.registers.bundle FOLDER`.

FOLDER has the publishers' files, named as in `data/registers/README.md`. They are read by the same
importers as an operator's. The days of OFAC's listings, which no list gives, come from
`data/registers/facts`, each with act and evidence.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from flows.home.resources import data_path, data_rows
from flows.registers.codes import programme_meaning
from flows.registers.lists.entry import Entry, whole_number
from flows.registers.publishers.formats import open_list

LISTS = {
    "eu_833_2014_annex_xlii.csv": "eu_32014R0833_annex_xlii.csv",
    "ofac_sdn_2023_11.csv": "ofac_sdn_vessels_2023-11.csv",
    "ofac_sdn_2026_03.csv": "ofac_sdn_vessels_2026-03.json",
}
"""The bundled file, and the publisher's file that it is built from."""

COUNTRIES = ("RU", "IR")
"""Russia for the links, Iran for `is_iran_listed`. Ships of other programmes are left out."""

COLUMNS = (
    *("imo", "vessel_name", "vessel_type", "gross_t", "deadweight_t", "listed_on", "delisted_on"),
    *("programme", "reference", "reason_code", "act", "evidence"),
)


def bundle(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a bundled register, by IMO number, listing date and programme.

    Parameters
    ----------
    folder : Path
        Contains the publishers' files.
    name : str
        The bundled file, a key of `LISTS`.
    """
    entries = [row for row in open_list(folder / LISTS[name]).rows if isinstance(row, Entry)]
    tags = {
        programme
        for programme in {entry.programme for entry in entries}
        if _country(entries[0].register, programme) in COUNTRIES
    }
    dates = _ofac_dates() if name == "ofac_sdn_2026_03.csv" else {}
    rows = [
        _row(entry) | dates.pop((entry.imo, entry.programme), {})
        for entry in entries
        if entry.imo is not None and entry.programme in tags
    ]
    # The rest was delisted before the day of that list.
    rows += [fact for fact in dates.values() if "delisted_on" in fact]
    if name == "eu_833_2014_annex_xlii.csv":
        rows += _facts("eu_2026_1848.csv")
    return sorted(
        rows, key=lambda r: (r["imo"], str(r["listed_on"]), r["programme"], r["reference"])
    )


def write(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV, with those of `COLUMNS` that any row fills."""
    rows = list(rows)
    used = [name for name in COLUMNS if any(row.get(name) not in (None, "") for row in rows)]
    used = [n for n in COLUMNS if n in used or n in ("listed_on", "delisted_on")]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, used, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "imo": entry.imo,
        "vessel_name": entry.vessel_name,
        "vessel_type": entry.vessel_type,
        "gross_t": entry.gross_t,
        "deadweight_t": entry.deadweight_t,
        "listed_on": entry.listed_on,
        "delisted_on": entry.delisted_on,
        "programme": entry.programme,
        "reference": entry.reference,
        "reason_code": entry.ground,
        "act": None,
        "evidence": None,
    }


def _country(register: str, programme: str | None) -> str | None:
    meaning = programme_meaning(register, programme)
    return meaning["country"] if meaning else None


def _facts(name: str) -> list[dict[str, Any]]:
    return [
        {
            **{key: text or None for key, text in row.items()},
            "imo": whole_number(row["imo"]),
            "listed_on": date.fromisoformat(row["listed_on"]),
        }
        for row in data_rows(data_path("registers", "facts", name))
    ]


def _ofac_dates() -> dict[tuple[int | None, str | None], dict[str, Any]]:
    """The listing days that OFAC's own CSV does not give, by hull and programme."""
    return {
        (fact["imo"], fact["programme"]): fact
        if fact["delisted_on"]
        else {name: fact[name] for name in ("listed_on", "act", "evidence")}
        for fact in _facts("ofac_listing_dates.csv")
    }


if __name__ == "__main__":
    for bundled in LISTS:
        write(bundle(Path(sys.argv[1]), bundled), data_path("registers", bundled))
