"""Which rows are good, and why the others are not."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.ingest.rows.headers import Headers
from flows.ingest.rows.reasons import (
    BAD_MMSI,
    BAD_POSITION,
    BAD_TIME,
    FAR_TIME,
    FUTURE_TIME,
    NO_MMSI,
    NO_NUMBERS,
    NO_POSITION,
    OLD_TIME,
)
from flows.ingest.rows.repeats import PACKED_SCHEMA
from flows.ingest.rows.values import (
    FLOATS,
    NOT_NUMBER,
    NOT_SHIP,
    STATIC,
    STATIC_SCHEMA,
    TEXTS,
    as_texts,
    as_times,
    by_value,
    floats,
    imo_numbers,
    in_our_unit,
    meant,
    measures,
    mmsi_numbers,
    numbers_or_null,
    sizes,
    summed,
)
from flows.sources.definitions import OPTIONAL
from flows.sources.layouts import Layout

FIRST_YEAR = np.datetime64("0001-01-01", "us")
YEAR_10000 = np.datetime64("10000-01-01", "us")
FIRST_DAY = np.datetime64("1998-05-12", "D")
FIRST_MOMENT = FIRST_DAY.astype("datetime64[us]")
"""The IMO adopted the standard for AIS that day (resolution MSC.74(69), annex 3). An earlier time
is of a clock that was never set, such as 1970, and would stretch the series by decades."""


class Rules(NamedTuple):
    """What a row is held against beside its layout. Times are naive UTC.

    Attributes
    ----------
    latest : datetime
        A later fix is in the future.
    headers : Headers
        Detects header lines.
    own_days : tuple of int or None
        First and last day of the file's own rows, counted from `FIRST_DAY`; see `span.own_days`.
    """

    latest: datetime
    headers: Headers
    own_days: tuple[int, int] | None = None


class _Typed(NamedTuple):
    """Rows as `PACKED_SCHEMA` has them, line and reason of those that are neither positions nor
    static reports, the static reports, and the positions by day."""

    batch: pa.RecordBatch
    wrong: list[tuple[int, str]]
    static: pa.RecordBatch | None
    days: npt.NDArray[np.int64]


def typed_rows(
    raw: pa.RecordBatch,
    line: npt.NDArray[np.int64],
    layout: Layout,
    rules: Rules,
) -> _Typed:
    mmsi = mmsi_numbers(raw.column("mmsi"))
    lon = in_our_unit(floats(raw.column("lon")), "lon", layout)
    lat = in_our_unit(floats(raw.column("lat")), "lat", layout)
    at = raw.column("reported_at")
    if pa.types.is_dictionary(at.type):
        at = as_times(at, layout.source.time_format)
    at = at.cast(pa.timestamp("us"))  # an offset is worked in; what is left is UTC
    moment = at.fill_null(0).to_numpy(zero_copy_only=False)
    missing = at.is_null().to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        on_earth = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    faults = [
        (mmsi == NOT_NUMBER, NO_MMSI),
        (mmsi == NOT_SHIP, BAD_MMSI),
        # pyarrow takes the years 0 and 10000, the latter by an offset, which Python does not know.
        (missing | (moment < FIRST_YEAR) | (moment >= YEAR_10000), BAD_TIME),
        (moment < FIRST_MOMENT, OLD_TIME),
        (moment > np.datetime64(rules.latest, "us"), FUTURE_TIME),
        (_is_far(moment, rules.own_days), FAR_TIME),
        (np.isinf(lon) | np.isinf(lat), NO_NUMBERS),
        # ITU-R M.1371-5, table 45: longitude 181 and latitude 91 mean "not available".
        (np.isnan(lon) | np.isnan(lat) | (lon == 181) | (lat == 91), NO_POSITION),
        (~on_earth, BAD_POSITION),
    ]
    wrong = np.select([f for f, _ in faults], np.arange(1, len(faults) + 1), 0)
    is_kept = wrong == 0
    arrays: dict[str, pa.Array] = {
        "mmsi": pa.array(mmsi),
        "reported_at": at,
        "place": pa.array(_place(np.where(on_earth, lon, 0), np.where(on_earth, lat, 0))),
        "is_kept": pa.array(is_kept),
    }
    for name in OPTIONAL:
        if name in layout.source.sums:
            total = summed(raw, name, layout)
            arrays[name] = numbers_or_null(total, name)
        elif name not in raw.schema.names:
            arrays[name] = pa.nulls(raw.num_rows, PACKED_SCHEMA.field(name).type)
        elif name in TEXTS:
            arrays[name] = as_texts(raw.column(name), layout)
        elif name in FLOATS:
            arrays[name] = numbers_or_null(meant(floats(raw.column(name)), name, layout), name)
        elif name == "imo":
            arrays[name] = by_value(raw.column(name), imo_numbers)
        else:
            convert = partial(measures, name=name, layout=layout)
            arrays[name] = by_value(raw.column(name), convert)
    arrays["length_m"], arrays["beam_m"] = sizes(arrays["length_m"], arrays["beam_m"])
    batch = pa.RecordBatch.from_arrays(
        [arrays[name] for name in PACKED_SCHEMA.names], schema=PACKED_SCHEMA
    )
    static = None
    place_less = wrong == 1 + [reason for _, reason in faults].index(NO_POSITION)
    place_less &= np.isnan(lon) & np.isnan(lat)
    if place_less.any():
        says = [arrays[name].is_valid().to_numpy(zero_copy_only=False) for name in STATIC]
        is_static = place_less & np.logical_or.reduce(says)
        if is_static.any():
            static = batch.select(STATIC_SCHEMA.names).filter(pa.array(is_static))
            wrong[is_static] = 0
    days = (moment[is_kept].astype("datetime64[D]") - FIRST_DAY).astype(np.int64)
    return _Typed(
        batch=batch,
        wrong=[(int(line[i]), faults[wrong[i] - 1][1]) for i in np.flatnonzero(wrong)],
        static=static,
        days=np.bincount(days) if len(days) else np.zeros(0, dtype=np.int64),
    )


def _is_far(
    moment: npt.NDArray[np.datetime64], own_days: tuple[int, int] | None
) -> npt.NDArray[np.bool_]:
    if own_days is None:
        return np.zeros(len(moment), dtype=bool)
    first, last = own_days
    return (moment < FIRST_DAY + first) | (moment >= FIRST_DAY + last + 1)


def _place(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Places on Earth as `PACKED_SCHEMA` has them, rounded to a hundred-thousandth of a degree."""
    east, north = np.rint(lon * 1e5) + 180e5, np.rint(lat * 1e5) + 90e5
    return (east * 2**25 + north).astype(np.int64)  # below 2**51, so exact
