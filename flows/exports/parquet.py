"""A result as Parquet."""

from __future__ import annotations

from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.exports.cells import BATCH_ROWS, NOT_IN_PARQUET, kinds_in, selected, unique


def write_parquet(relation: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write all rows. What pyarrow cannot hold without loss is text."""
    names = unique(relation.columns)
    typed = selected(relation, lambda kind: not kinds_in(kind) & NOT_IN_PARQUET)
    with typed.to_arrow_reader(BATCH_ROWS * 10) as reader:
        schema = pa.schema(
            [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]
        )
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch.rename_columns(names))
