"""Text columns to typed values, with null for missing or invalid text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from flows.ingest.rows import times
from flows.ingest.rows.repeats import PACKED_SCHEMA
from flows.lake.schema import POSITION_SCHEMA
from flows.sources.layouts import Layout

RANGES = {
    # ITU-R M.1371-5, tables 45 and 48: what the fields can carry and mean. Outside is null.
    "sog_kn": (0.0, 102.2),
    "cog_deg": (0.0, 359.9999),
    "heading_deg": (0.0, 359.9999),
    "nav_status": (0.0, 15.0),
    "ship_type": (0.0, 99.0),
    "length_m": (0.0, 1022.0),
    "beam_m": (0.0, 1022.0),  # up to `MOST_BEAM_M` when `sizes` has looked at it
    "draught_m": (0.0, 25.5),
}
MOST_BEAM_M = 126.0
"""Twice 63 m across (ITU-R M.1371-5, figure 41)."""
MOST_PART_M = 511.0
"""The longest distance of the antenna from an end of the ship (the same figure)."""
FLOATS = ("lon", "lat", "sog_kn", "cog_deg", "heading_deg")
"""Fields of many values, read as numbers at once; a field of few is converted once a value."""
TEXTS = ("vessel_name", "call_sign", "destination")
CODES = ("nav_status", "ship_type")
STATIC = (
    *("imo", "vessel_name", "call_sign", "ship_type"),
    *("length_m", "beam_m", "draught_m", "destination"),
)
"""What AIS sends in messages of its own (ITU-R M.1371-5, messages 5 and 24)."""

NULLS = (
    # pyarrow's, then those of databases and of languages: PostgreSQL's and MySQL's exports, Python,
    # pandas, R. Compared without regard to case.
    *pa_csv.ConvertOptions().null_values,
    *("None", "NONE", "none", "Null", "(null)", "(NULL)", "\\N", "<NA>", "<null>", "<NULL>", "NaT"),
)
_NULLS = frozenset(word.casefold() for word in NULLS)
_NULL_WORDS = pa.array(sorted(_NULLS - {""}), pa.string())
_NULL_STARTS = np.array([chr(i).casefold() in {w[0] for w in _NULLS if w} for i in range(256)])
_NULL_LENGTH = max(map(len, _NULLS))

STATIC_SCHEMA = pa.schema(
    [field for field in POSITION_SCHEMA if field.name in ("mmsi", "reported_at", *STATIC)]
)
"""A static report in a row of its own: no place, and something about the ship."""

TEXT = pa.dictionary(pa.int32(), pa.binary())


def decoded(raw: bytes) -> str:
    """UTF-8, or Latin-1 where it is not: every byte is a Latin-1 letter, so this cannot fail."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_times(column: pa.DictionaryArray, time_format: str) -> pa.TimestampArray:
    moments = [times.moment(t, time_format) for t in _as_text(column.dictionary).to_pylist()]
    return pa.array(moments, pa.timestamp("us")).take(column.indices)


def as_numbers(text: list[str]) -> npt.NDArray[np.float64]:
    """With a decimal point or comma, whatever the other rows have: of a file put together from two
    each line is read as it is alone."""
    return np.array([_number(t.replace(",", ".")) for t in text], dtype=np.float64)


def _number(text: str) -> float:
    """As pyarrow reads it, but with a plus sign too; NaN where nothing is there, and infinity,
    which is outside of every range, where something is that is no number."""
    try:
        if text.isascii() and "_" not in text:
            return float(text)
    except ValueError:
        if text.strip().casefold() in _NULLS:
            return float("nan")
    return float("inf")


def floats(column: pa.Array) -> npt.NDArray[np.float64]:
    """Nulls as NaN."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def numbers_or_null(values: npt.NDArray[np.float64], name: str) -> pa.Array:
    """Numbers of the field's type, NaN as null."""
    return pa.array(values, mask=np.isnan(values)).cast(PACKED_SCHEMA.field(name).type)


def by_value(column: pa.DictionaryArray, convert: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Convert each distinct value once and spread the results over the rows."""
    return convert(column.dictionary).take(column.indices)


def _as_text(values: pa.Array) -> pa.StringArray:
    try:
        text = values.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([decoded(value) for value in values.to_pylist()], pa.string())
    return pc.utf8_trim_whitespace(text)


NOT_NUMBER, NOT_SHIP = np.int32(-1), np.int32(-2)
"""Placeholders for an invalid MMSI."""


def mmsi_numbers(values: pa.BinaryArray) -> npt.NDArray[np.int32]:
    """Nine digits of which the first is 2 to 7 (ITU-R M.585: ship stations), else `NOT_SHIP` for
    another number and `NOT_NUMBER` for what is no number at all."""
    number = _nine_digits(values)
    if number is None:
        number = by_value(values.dictionary_encode(), _station).to_numpy()
    is_ship = (number >= 200_000_000) & (number <= 799_999_999)
    return np.where(is_ship, number, np.where(number < 0, number, NOT_SHIP)).astype(np.int32)


def _station(values: pa.Array) -> pa.Int32Array:
    text = _as_text(values)
    number = _whole_number(text, 9)
    is_number = pc.match_substring_regex(text, r"^[0-9]+(\.0*)?$").to_numpy(zero_copy_only=False)
    return pa.array(np.where((number < 0) & is_number, NOT_SHIP, number))


def _nine_digits(values: pa.BinaryArray) -> npt.NDArray[np.int32] | None:
    """The numbers where each value is nine ASCII digits and nothing else, else None.

    A field of many values: its letters are counted as they lie, a tenth of the work.
    """
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)
    offsets = offsets[values.offset : values.offset + len(values) + 1]
    if not (np.diff(offsets) == 9).all():
        return None
    letters = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    digits = letters[offsets[0] : offsets[-1]].reshape(-1, 9) - np.uint8(ord("0"))
    if (digits > 9).any():  # what stands before the digits wraps round
        return None
    number = np.zeros(len(values), dtype=np.int32)
    for place in range(9):
        number = number * 10 + digits[:, place]
    return number


def imo_numbers(values: pa.Array) -> pa.Int32Array:
    """Seven digits with a right check digit (IMO Res. A.1117(30)), IMO before it or not, else null.

    The last digit is that of the sum of the first six times 7, 6, 5, 4, 3, 2.
    """
    text = _as_text(values)
    prefixed = pc.starts_with(text, "IMO", ignore_case=True)
    text = pc.if_else(prefixed, pc.utf8_ltrim_whitespace(pc.utf8_slice_codeunits(text, 3)), text)
    imo = _whole_number(text, 7)
    total = sum(imo // 10 ** (weight - 1) % 10 * weight for weight in range(2, 8))
    return pa.array(imo, mask=(imo < 1_000_000) | (total % 10 != imo % 10))


def _whole_number(text: pa.StringArray, digits: int) -> npt.NDArray[np.int32]:
    """The number of texts of just so many ASCII digits, else -1. Where a column has gaps, pandas
    and databases write its whole numbers with `.0`."""
    text = pc.replace_substring_regex(text, r"\.0*$", "")
    whole = pc.and_(pc.equal(pc.binary_length(text), digits), pc.string_is_ascii(text))
    whole = pc.and_(whole, pc.utf8_is_digit(text))
    return np.asarray(pc.if_else(whole, text, "-1").cast(pa.int32()).to_numpy(), dtype=np.int32)


def measures(values: pa.Array, name: str, layout: Layout) -> pa.Array:
    """Numbers of a measure or code; null codes, words without a code, junk and what is outside the
    field's range become null."""
    text = _as_text(values)
    words = layout.source.words.get(name)
    if words is not None:
        # A publisher's own codes are words too, and may be written as 1024.0.
        keys = pc.replace_substring_regex(text, r"^([0-9]+)\.0*$", r"\1").to_pylist()
        codes = [words.get(key.casefold()) for key in keys]
        text = pa.array(
            [key if code is None else str(code) for key, code in zip(keys, codes, strict=True)],
            pa.string(),
        )
    return numbers_or_null(meant(_text_numbers(text), name, layout), name)


def _text_numbers(text: pa.StringArray) -> npt.NDArray[np.float64]:
    """The numbers that the texts write, NaN where a text writes none."""
    try:
        number = pc.if_else(pc.equal(text, ""), "nan", text).cast(pa.float64())
        return np.asarray(number.to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        return as_numbers(text.to_pylist())


def summed(raw: pa.RecordBatch, name: str, layout: Layout) -> npt.NDArray[np.float64]:
    """The parts of a size added up; NaN where one of them is missing or none that a ship has.

    A part alone may be 0, the sum not: ITU-R M.1371-5, figure 41, has A = C = 0 for an antenna
    whose place is not known on a ship whose size is, and all four 0 where nothing is known.
    """
    parts = layout.source.sums[name]
    total = np.zeros(raw.num_rows)
    for part in parts:
        value = by_value(
            raw.column(part), lambda v: pa.array(_text_numbers(_as_text(v)))
        ).to_numpy()
        with np.errstate(invalid="ignore"):
            total += np.where((value >= 0) & (value <= MOST_PART_M), value, np.nan)
    return meant(total, name, layout)


def sizes(length_m: pa.Array, beam_m: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Length and beam, without a beam that AIS cannot carry, and without a length beside it that
    may be the beam: the two are mixed up, and a tanker of 244 m would be a barge of 42 m."""
    is_too_broad = pc.fill_null(pc.greater(beam_m, MOST_BEAM_M), fill_value=False)
    if not pc.any(is_too_broad).as_py():
        return length_m, beam_m
    is_mixed_up = pc.and_(is_too_broad, pc.less_equal(length_m, MOST_BEAM_M))
    nothing = pa.scalar(None, length_m.type)
    return (
        pc.if_else(pc.fill_null(is_mixed_up, fill_value=False), nothing, length_m),
        pc.if_else(is_too_broad, nothing, beam_m),
    )


def in_our_unit(
    values: npt.NDArray[np.float64], name: str, layout: Layout
) -> npt.NDArray[np.float64]:
    divisor = layout.source.divisor.get(name)
    return values if divisor is None else values / divisor


def meant(result: npt.NDArray[np.float64], name: str, layout: Layout) -> npt.NDArray[np.float64]:
    """The numbers with NaN for those that mean "not available" or cannot be of the field."""
    low, high = RANGES[name]
    result = in_our_unit(result, name, layout)
    with np.errstate(invalid="ignore"):
        result = np.where((result >= low) & (result <= high), result, np.nan)
    if name in CODES:
        result = np.where(result == np.floor(result), result, np.nan)
    for code in layout.source.not_available.get(name, ()):
        result = np.where(result == code, np.nan, result)
    return result + 0.0  # no minus zero


def as_texts(column: pa.BinaryArray, layout: Layout) -> pa.StringArray:
    """Text without control characters and AIS's filler ``@`` at the end; nothing left is null."""
    junk = {word.casefold() for word in layout.source.text_not_available}
    start = [word.casefold() for word in layout.source.text_not_available_start]
    if not junk and not start:
        suspects = _suspects_if_plain(column)
        if suspects is not None and not _has_null(column.take(suspects)):
            text = column.cast(pa.string())
            is_empty = pc.equal(pc.binary_length(text), 0)
            return pc.if_else(is_empty, pa.scalar(None, pa.string()), text)
    values = column.dictionary_encode()
    text = _as_text(values.dictionary)
    text = pc.replace_substring_regex(text, r"\p{Cc}+", " ")
    # ITU-R M.1371-5, table 47: '@' is the six-bit code 0, which fills a name up to its length.
    text = pc.utf8_trim_whitespace(pc.utf8_rtrim(text, "@ "))
    lower = pc.utf8_lower(text)
    empty = pc.or_(pc.equal(text, ""), pc.is_in(lower, value_set=_NULL_WORDS))
    if junk:
        empty = pc.or_(empty, pc.is_in(lower, value_set=pa.array(sorted(junk), pa.string())))
    for words in start:
        empty = pc.or_(empty, pc.starts_with(lower, words))
    text = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return pa.DictionaryArray.from_arrays(values.indices, text).dictionary_decode()


def _has_null(values: pa.BinaryArray) -> bool:
    lower = pc.utf8_lower(values.cast(pa.string()))
    return bool(pc.any(pc.is_in(lower, value_set=_NULL_WORDS)).as_py())


def _suspects_if_plain(column: pa.BinaryArray) -> pa.Int64Array | None:
    """Where there is nothing to clean (printable ASCII without ``@``, no space at either end): the
    rows whose length and first letter a database's word for null has. Else None."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    letters = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)
    if ((letters < 0x20) | (letters >= 0x7F) | (letters == ord("@"))).any():
        return None
    filled = np.flatnonzero(np.diff(offsets))
    first, last = letters[offsets[filled]], letters[offsets[filled + 1] - 1]
    if (first == ord(" ")).any() or (last == ord(" ")).any():
        return None
    length = offsets[filled + 1] - offsets[filled]
    return pa.array(filled[_NULL_STARTS[first] & (length <= _NULL_LENGTH)])
