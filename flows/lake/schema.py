"""The columns of the lake's Parquet files."""

from __future__ import annotations

import pyarrow as pa

POSITION_SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("reported_at", pa.timestamp("us")),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("sog_kn", pa.float32()),
        ("cog_deg", pa.float32()),
        ("heading_deg", pa.float32()),
        ("nav_status", pa.int16()),
        ("imo", pa.int32()),
        ("vessel_name", pa.string()),
        ("call_sign", pa.string()),
        ("ship_type", pa.int16()),
        ("length_m", pa.float32()),
        ("beam_m", pa.float32()),
        ("draught_m", pa.float32()),
        ("destination", pa.string()),
    ]
)
"""A position as the lake stores it; `source` and `file_id` are in the file's path."""

REJECT_SCHEMA = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("raw", pa.string())])
