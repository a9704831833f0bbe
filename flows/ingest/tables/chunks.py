"""Rows of a table that is no CSV: from raw columns to positions, static reports and rejects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.ingest.rows.blocks import Rejects
from flows.ingest.rows.checks import Rules, typed_rows
from flows.ingest.rows.parse import Parsed, raw_column
from flows.ingest.rows.repeats import each_once
from flows.sources.layouts import Layout


def parsed_texts(
    rows: Sequence[Sequence[str]],
    line: Sequence[int],
    raw_of: Callable[[int], bytes],
    layout: Layout,
    rules: Rules,
    rejects: Rejects,
) -> Parsed:
    """As `parsed_columns`, of rows of texts, one for each column that the source maps, in order."""
    texts = zip(*rows, strict=True) if rows else ([] for _ in layout.source.columns)
    columns = {
        ours: raw_column(ours, list(column), encoding="utf-8")
        for ours, column in zip(layout.source.columns, texts, strict=True)
    }
    raw = pa.RecordBatch.from_pydict(columns)
    return parsed_columns(raw, np.asarray(line, dtype=np.int64), raw_of, layout, rules, rejects)


def parsed_columns(
    raw: pa.RecordBatch,
    line: npt.NDArray[np.int64],
    raw_of: Callable[[int], bytes],
    layout: Layout,
    rules: Rules,
    rejects: Rejects,
) -> Parsed:
    """What becomes of rows.

    Parameters
    ----------
    raw : pyarrow.RecordBatch
        Columns by our names, of the types that `typed_rows` takes.
    line : numpy.ndarray
        The number of each row's line, by which a reject names it.
    raw_of : callable
        From the place of a row in the batch to its text in the file.
    layout, rules : Layout, Rules
        See there.
    rejects : list
        Lines that are no row at all; they count as rows that were read.
    """
    typed = typed_rows(raw, np.arange(raw.num_rows), layout, rules)
    once, repeated = each_once([typed.batch])
    wrong = [(int(line[at]), why, raw_of(at)) for at, why in typed.wrong]
    return Parsed(
        batches=once,
        rejects=[*rejects, *wrong],
        row_count=raw.num_rows + len(rejects),
        repeated=repeated,
        static=[] if typed.static is None else [typed.static],
        days=typed.days,
        ended=None,
    )
