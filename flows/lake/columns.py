"""Names and types of the lake's columns, readable without pyarrow, whose import takes long."""

from __future__ import annotations

POSITION = {
    "mmsi": "int32",
    "reported_at": "timestamp[us]",
    "lon": "double",
    "lat": "double",
    "sog_kn": "float",
    "cog_deg": "float",
    "heading_deg": "float",
    "nav_status": "int16",
    "imo": "int32",
    "vessel_name": "string",
    "call_sign": "string",
    "ship_type": "int16",
    "length_m": "float",
    "beam_m": "float",
    "draught_m": "float",
    "destination": "string",
}
"""A position as the lake stores it, by pyarrow's names of types; `source` and `file_id` are in the
file's path."""

REJECT = {"line": "int64", "reason": "string", "raw": "string"}
