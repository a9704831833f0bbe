"""Remarks for the operator about an ingested file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from flows.ingest.rows.reasons import FAR_TIME, FUTURE_TIME
from flows.sources.definitions import OPTIONAL
from flows.sources.layouts import Layout

NAMES = {
    "sog_kn": ("sog", "speed", "speedoverground"),
    "cog_deg": ("cog", "course", "courseoverground"),
    "heading_deg": ("heading", "trueheading", "hdg"),
    "nav_status": ("status", "navstatus", "navstat", "navigationalstatus", "navigationstatus"),
    "imo": ("imo", "imonumber", "imono", "imonr", "shipimo", "vesselimo"),
    "vessel_name": ("name", "vesselname", "shipname", "nameofship"),
    "call_sign": ("callsign",),
    "ship_type": ("type", "shiptype", "vesseltype", "aistype", "shipandcargotype", "typeofship"),
    "length_m": ("length", "loa", "shiplength", "vessellength"),
    "beam_m": ("beam", "width", "breadth", "shipwidth", "vesselwidth"),
    "draught_m": ("draught", "draft", "maxdraught", "maxdraft", "currentdraught"),
    "destination": ("destination", "dest"),
}
"""What publishers call our columns, in lower case and without other signs than letters."""

MISSED = (
    (("imo",), "no row has an IMO number, so that lists are matched by MMSI alone"),
    (("vessel_name", "call_sign"), "no row has a name or a call sign"),
    (("ship_type",), "no row has a ship type, so that tankers are known by registers alone"),
    (("draught_m",), "no row has a draught, so that laden and in ballast look alike"),
)
"""Columns of which a whole file brings nothing, though its layout maps one of them."""


def of_rejects(reasons: Iterable[str]) -> Iterator[str]:
    """About rows that contradict the rest of the file, or come too early."""
    if FAR_TIME in reasons:
        yield (
            "rows far outside the file's time span were rejected: a wrong clock. If the file "
            "covers two periods, split it in two"
        )
    if FUTURE_TIME in reasons:
        yield (
            "rows later than the as-of time were rejected, and no later run reads this file again. "
            "If no clock was wrong, give it to a new home once that time has passed"
        )


def of_static_reports(lonely: int) -> Iterator[str]:
    """About static reports that matched no fix."""
    if lonely:
        yield (
            "static reports of ships without a fix in the same file and day were ignored. "
            "If they come in separate files, join both into one file"
        )


def of_columns(layout: Layout, part: Path) -> Iterator[str]:
    """About columns that are not read, or are empty in the whole file."""
    mapped = {name.partition("[")[0] for name in layout.source.columns}
    for name in OPTIONAL:
        likely = [
            c for c in layout.header if _letters(c) in NAMES[name] and c not in layout.source.unread
        ]
        if name not in mapped and likely:
            yield (
                f"column {likely[0][:40]!r} looks like {name} and is not read. To read it, "
                "describe the layout in a TOML file in the home's sources/ (see data/sources/)"
            )
    empty = _empty_columns(part)
    for names, text in MISSED:
        asked = mapped.intersection(names)
        if asked and asked <= empty:
            published = sorted(layout.source.columns[name] for name in asked)
            yield f"{text}: {', '.join(map(repr, published))} empty throughout"


def _letters(column: str) -> str:
    return "".join(c for c in column.casefold() if c.isalpha())


def _empty_columns(part: Path) -> set[str]:
    """Columns without a value in a part that has rows."""
    metadata = pq.read_metadata(part)
    nulls: Counter[str] = Counter()
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            if column.statistics is not None and column.statistics.has_null_count:
                nulls[column.path_in_schema] += column.statistics.null_count
    return {name for name, count in nulls.items() if count == metadata.num_rows > 0}
