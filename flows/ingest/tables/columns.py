"""Columns of Parquet, of whatever type, as `typed_rows` takes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.home.settings import BarometerError
from flows.ingest.rows.blocks import RAW_CHARACTERS
from flows.ingest.rows.values import FLOATS, TEXTS, as_numbers, decoded

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def check_type(name: str, column: pa.DataType, ours: str) -> None:
    """Refuse a column that holds no text, number or time.

    Raises
    ------
    BarometerError
        With the name of the column and its type.
    """
    kind = column.value_type if pa.types.is_dictionary(column) else column
    is_time = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    if _is_text(kind) or _is_number(kind) or pa.types.is_null(kind):
        return
    if is_time and ours == "reported_at":
        return
    why = "a nested column" if pa.types.is_nested(kind) else f"of type {kind}"
    raise BarometerError(
        f"column {name[:100]!r} is {why[:200]}, which cannot be read as {ours}. Write it as a "
        "plain column of texts or numbers."
    )


def raw_array(ours: str, column: pa.Array) -> pa.Array:
    """A column of a type that `check_type` passes, as `typed_rows` takes the field.

    Texts longer than a reject shows are cut: AIS has at most 20 letters (ITU-R M.1371-5, message
    5), and a dictionary of one long text would fill memory when it is spread over the rows.
    """
    if pa.types.is_dictionary(column.type):
        values = raw_array(ours, column.dictionary)
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if ours in FLOATS or pa.types.is_timestamp(values.type):
            return values.take(column.indices)
        # An index without a value means the empty text, as in every other column.
        values = pa.concat_arrays([values, pa.array([b""], pa.binary())])
        indices = pc.fill_null(column.indices.cast(pa.int32()), len(values) - 1)
        spread = pa.DictionaryArray.from_arrays(indices, values)
        return spread.dictionary_decode() if ours in ("mmsi", *TEXTS) else spread
    if ours in FLOATS:
        return _numbers(column)
    if ours == "reported_at" and not (_is_text(column.type) or _is_number(column.type)):
        return _microseconds(column)
    texts = _texts(column)
    return texts if ours in ("mmsi", *TEXTS) else texts.dictionary_encode()


def cell(column: pa.Array, at: int) -> str:
    """A value as text, for the reject of its row."""
    try:
        value = column[at].as_py()
    except (ValueError, OverflowError):  # a time that Python does not know
        return str(column[at])[:RAW_CHARACTERS]
    if isinstance(value, bytes):
        value = decoded(value) if value.isascii() else value.hex()
    return "" if value is None else str(value)[:RAW_CHARACTERS]


def _is_text(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
            *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
            pa.types.is_fixed_size_binary,
        )
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _texts(column: pa.Array) -> pa.BinaryArray:
    """Texts as bytes, no value as none. A whole number has no point: 422100987.0 is 422100987."""
    if pa.types.is_null(column.type):
        return pa.array([b""] * len(column), pa.binary())
    if pa.types.is_floating(column.type):
        column = _of_floats(column)
    if not _is_text(column.type):
        column = column.cast(pa.string())
    column = pc.fill_null(column.cast(pa.binary()), b"")
    if (pc.max(pc.binary_length(column)).as_py() or 0) > RAW_CHARACTERS:
        column = pc.binary_slice(column, 0, RAW_CHARACTERS)
    return column


def _of_floats(column: pa.Array) -> pa.Array:
    """Floats as text without an exponent, which pyarrow writes from some digits on: milliseconds
    of unix time would be no time. pandas has whole numbers as floats where a column has gaps."""
    text = column.cast(pa.string())
    if not pc.any(pc.match_substring(text, "e")).as_py():
        return text
    values = column.to_pylist()
    return pa.array(
        [None if v is None else np.format_float_positional(v, trim="-") for v in values]
    )


def _numbers(column: pa.Array) -> pa.DoubleArray:
    if pa.types.is_null(column.type) or _is_number(column.type):
        return column.cast(pa.float64(), safe=False)
    texts = _texts(column).dictionary_encode()
    values = as_numbers([decoded(text) for text in texts.dictionary.to_pylist()])
    return pa.array(values).take(texts.indices)


def _microseconds(column: pa.Array) -> pa.TimestampArray:
    """Times in UTC, without a zone those of UTC; null where they lie beyond what fits."""
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.timestamp("us"))
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s" if pa.types.is_date32(column.type) else "ms"))
    most = np.iinfo(np.int64).max * _PER_SECOND[column.type.unit] // 10**6
    if most < np.iinfo(np.int64).max:
        count = pc.abs(pc.max_element_wise(column.cast(pa.int64()), -most - 1))
        column = pc.if_else(pc.less_equal(count, most), column, pa.scalar(None, column.type))
    return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us"))
