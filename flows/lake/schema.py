"""The columns of the lake's Parquet files as pyarrow's schemas."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flows.lake.columns import POSITION, REJECT


def _schema(columns: Mapping[str, str]) -> pa.Schema:
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])


POSITION_SCHEMA = _schema(POSITION)
REJECT_SCHEMA = _schema(REJECT)

PARTITION = [("source", pa.string()), ("file_id", pa.string())]
"""What the path of a file adds to its columns."""
