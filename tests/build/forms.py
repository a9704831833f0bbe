"""Fixes in each form that the ingest reads: CSV, Parquet, GeoParquet, JSON lines, NMEA."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyais.encode import encode_dict

from flows.home.resources import data_path
from flows.home.settings import Settings
from tests.build.ships import BERTH, LEG_H, SEA, imo, voyage

Fix = dict[str, Any]
COLUMNS = (
    *("mmsi", "reported_at", "lon", "lat", "sog_kn", "cog_deg", "heading_deg", "nav_status", "imo"),
    *("vessel_name", "call_sign", "ship_type", "length_m", "beam_m", "draught_m", "destination"),
)
STATIC = COLUMNS[8:]
LAYOUT = "digitraffic-listen"
"""A layout with all of our columns under our names."""

WGS84 = {"type": "GeographicCRS", "name": "WGS 84", "id": {"authority": "EPSG", "code": 4326}}


def fixes(ships: int = 3, start: datetime = datetime(2026, 3, 9)) -> list[Fix]:
    """Calls at Kharg, a fix each half hour, and ships that pass. All values are such as AIS can
    carry (ITU-R M.1371-5, messages 1 and 5): places to 1/10,000 minute, draughts to 0.1 m."""
    found = []
    for number in range(ships):
        at, hours = voyage(SEA, BERTH, SEA, stay_h=8.0)
        static = {
            **{"imo": imo(990_000 + number), "vessel_name": f"LAW {number}"},
            **{"call_sign": f"LAW{number}", "ship_type": 80, "length_m": 244, "beam_m": 42},
            **{"draught_m": 12.5 - number, "destination": "KHARG"},
        }
        for half in range(int(hours * 2)):
            (lon, lat), is_still = at(half / 2)
            found.append(
                {
                    "mmsi": 352_990_000 + number,
                    "reported_at": start + timedelta(minutes=30 * half, seconds=number),
                    # A hundred-thousandth of a degree is six ten-thousandths of a minute.
                    **{"lon": round(lon, 5), "lat": round(lat, 5)},
                    **{"sog_kn": 0.1 if is_still else 11.4, "cog_deg": 187.2, "heading_deg": 186},
                    **{"nav_status": 5 if is_still else 0, **static},
                }
            )
    assert LEG_H * 2 + 8 < 24  # static reports are joined within a day
    return found


def as_csv(rows: Sequence[Fix]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, "topic", "received_at"))
    for row in rows:
        at = row["reported_at"].isoformat()
        writer.writerow([at if name == "reported_at" else row[name] for name in COLUMNS] + ["", ""])
    return out.getvalue().encode()


def as_json_lines(rows: Sequence[Fix]) -> bytes:
    lines = [
        json.dumps(row | {"reported_at": row["reported_at"].isoformat(), "topic": "location"})
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def as_parquet(rows: Sequence[Fix], **options: Any) -> bytes:
    """Typed columns, a timestamp without a zone, names as a dictionary; ten row groups."""
    table = pa.Table.from_pylist(list(rows))
    names = table["vessel_name"].combine_chunks().dictionary_encode()
    table = table.set_column(table.schema.get_field_index("vessel_name"), "vessel_name", names)
    return parquet(table, **{"row_group_size": len(rows) // 10 + 1} | options)


def as_geoparquet(rows: Sequence[Fix], crs: Any = WGS84, **described: Any) -> bytes:
    """The place as a point in WKB, times with a zone."""
    table = pa.Table.from_pylist(list(rows)).drop_columns(["lon", "lat"])
    points = shapely.to_wkb(shapely.points([(row["lon"], row["lat"]) for row in rows]))
    at = table["reported_at"].cast(pa.timestamp("us", "UTC"))
    table = table.set_column(table.schema.get_field_index("reported_at"), "reported_at", at)
    return parquet(geo(table.append_column("place", pa.array(points)), crs, **described))


def geo(table: pa.Table, crs: Any = WGS84, **described: Any) -> pa.Table:
    """The table with GeoParquet's metadata for its column `place`."""
    column = {"encoding": "WKB", "geometry_types": ["Point"], "crs": crs} | described
    column = {name: value for name, value in column.items() if value != "absent"}
    text = {"version": "1.1.0", "primary_column": "place", "columns": {"place": column}}
    return table.replace_schema_metadata({"geo": json.dumps(text)})


def with_geometry_source(settings: Settings) -> None:
    """Give a home the source that reads `as_geoparquet`."""
    text = data_path("sources", f"{LAYOUT}.toml").read_text(encoding="utf-8")
    for axis in ("lon", "lat"):
        text = text.replace(f'{axis} = "{axis}"', f'{axis} = "place.{axis}"')
    text = text.replace('"lon", "lat"', '"place.lon", "place.lat"')
    (settings.home / "sources").mkdir(exist_ok=True)
    (settings.home / "sources" / "points.toml").write_text(text, encoding="utf-8")


# NMEA

FIELDS = {
    **{"lon": "lon", "lat": "lat", "sog_kn": "speed", "cog_deg": "course"},
    **{"heading_deg": "heading", "nav_status": "status", "imo": "imo", "vessel_name": "shipname"},
    **{"call_sign": "callsign", "ship_type": "ship_type", "draught_m": "draught"},
    **{"destination": "destination"},
}

Stamp = Callable[[bytes, datetime, int, int, int], bytes]


def sentences(kind: int, row: Fix, sequence: int = 0, **changes: Any) -> list[bytes]:
    """The sentences of a message of a kind with what the row has."""
    fields = {FIELDS[name]: value for name, value in row.items() if name in FIELDS}
    if "length_m" in row:
        length, beam = int(row["length_m"]), int(row["beam_m"])
        fields |= {"to_bow": length - 40, "to_stern": 40, "to_port": 10, "to_starboard": beam - 10}
    told = {"type": kind, "mmsi": f"{row['mmsi']:09d}", **fields} | changes
    lines = encode_dict(told, sentence_type="VDM", seq_id=sequence, radio_channel="A")
    return [line.encode() for line in lines]


def checked(text: bytes) -> bytes:
    """The text with the checksum of NMEA."""
    return text + b"*%02X" % reduce(xor, text, 0)


def unix(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


def tag_block(line: bytes, at: datetime, *_: int) -> bytes:
    r"""``\s:2573535,c:1671533231*08\!BSVDM``: the Norwegian Coastal Administration's form."""
    return b"\\" + checked(b"s:2573535,c:%d" % unix(at)) + b"\\" + line


def grouped(line: bytes, at: datetime, number: int, total: int, group: int) -> bytes:
    r"""``\g:1-2-4512,s:r3669961,c:1428451253*50\``, the time in the first sentence alone."""
    time = b",s:r3669961,c:%d" % unix(at) if number == 1 else b""
    return b"\\" + checked(b"g:%d-%d-%d%s" % (number, total, group, time)) + b"\\" + line


def iso_before(line: bytes, at: datetime, *_: int) -> bytes:
    return at.isoformat().encode() + b"Z " + line


def unix_before(line: bytes, at: datetime, *_: int) -> bytes:
    return b"%d,%s" % (unix(at), line)


def unix_behind(line: bytes, at: datetime, *_: int) -> bytes:
    """``!AIVDM,...*70,b003669794,1272412827``: the US Coast Guard's form."""
    return b"%s,b003669794,%d" % (line, unix(at))


STAMPS: tuple[Stamp, ...] = (tag_block, grouped, iso_before, unix_before, unix_behind)


def as_nmea(rows: Iterable[Fix], stamp: Stamp = tag_block) -> bytes:
    """A position (message 1) a row, and what a ship says of itself (message 5) once a day."""
    lines, told, count = [], set(), 0
    for row in rows:
        kinds = [1] if (day := (row["mmsi"], row["reported_at"].date())) in told else [5, 1]
        told.add(day)
        for kind in kinds:
            count += 1
            parts = sentences(kind, row, count % 10)
            lines += [
                stamp(part, row["reported_at"], number, len(parts), count)
                for number, part in enumerate(parts, 1)
            ]
    return b"".join(line + b"\r\n" for line in lines)
