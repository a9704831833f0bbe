"""Records of the home, handed to SQL as JSON.

The relation `given` holds them all; a file of `sql/` names the kind that it reads, with columns and
types.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.home.history import ALERT, OUTBOX, read_history_text

if TYPE_CHECKING:
    import pyarrow as pa

Record = dict[str, Any]


def given_table(kinds: Mapping[str, Iterable[Record | str]]) -> pa.Table:
    """Records by kind as the relation `given`: kind, number, record.

    Numbers begin at 1, in the order of a kind's records. A record is JSON, with times and dates as
    ISO 8601 texts; one that is a text is JSON already.
    """
    import pyarrow as pa  # noqa: PLC0415 a short query does without its import

    encode = json.JSONEncoder(default=str).encode
    rows = [
        (kind, number, record if isinstance(record, str) else encode(record))
        for kind, records in kinds.items()
        for number, record in enumerate(records, 1)
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    types = (pa.string(), pa.int64(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, ["kind", "number", "record"])


SENT = {"outbox": OUTBOX, "alert_delivery": ALERT}
"""The relations of what was sent, which grow after a run, each with its history."""


def sent_records(home: Path) -> dict[str, list[str]]:
    """The records of sent mail and alerts as JSON, by kind."""
    return {name: read_history_text(home, name) for name in SENT.values()}
