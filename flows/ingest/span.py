"""The span of a file: which of its days are its own, and which come from a wrong clock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FAR_DAYS = 180
"""A gap below this is hardly the sign of a wrong clock: the smallest of the common faults is a year
(a clock that missed New Year), and between half a year's rows and those of the year before lie as
many days."""

NEAR_DAYS, NEAR_SHARE = 30, 100
"""Nearer than that a fault is rarer (day and month exchanged put a row a month and more away), and
a ship that was silent for as long is usual: rows outside are a fault where they are one in a
hundred at most, and are measured by the span of all others, which they do not lengthen."""

FAR_SPANS = 3
"""A gap is far where it is so many times as long as what lies beside it, as Tukey's outer fences
lie three times the middle half beyond it (Exploratory Data Analysis, 1977, 2C). So a history of
years with a ship laid up for one of them is one span, and a day with rows of the year before is
not."""

YEARS_DAYS = 3650
"""No file that is one recording is silent for ten years. The fault that reaches so far is GPS's
week number, which has 10 bits and began again after 1,024 weeks (IS-GPS-200, 20.3.3.3.1.1), 7,168
days, and the date at which a clock without power begins, such as 2000."""

FEW_SHARE = 20
FEW_ROWS = 10
SMALL_SHARE = 4
"""Nearer than ten years the rows outside must also be few: a twentieth of the file, which is more
than one receiver of many brings, or in a small file a quarter and no more than ten rows. Else the
file may hold two periods, and all its rows stand."""


def has_gap(counts: npt.NDArray[np.int64]) -> bool:
    """Whether some days with rows lie so far apart that a row may be far outside. Most files have
    no such gap, and repetitions among their rows need not be looked for."""
    return bool((np.diff(np.flatnonzero(counts)) > NEAR_DAYS).any())


def own_days(counts: npt.NDArray[np.int64]) -> tuple[int, int] | None:
    """The first and last day of a file's own rows, or None where no row lies far outside.

    Depends on how many fixes a day has and on nothing else: not on their order or repetition, nor
    on where the file is cut into blocks, nor on other files.

    Parameters
    ----------
    counts : numpy.ndarray
        Rows by day, each fix once, from any day on.

    Examples
    --------
    >>> three_of_today_and_one_1024_weeks_ago = np.zeros(8000, dtype=np.int64)
    >>> three_of_today_and_one_1024_weeks_ago[[7999, 831]] = 3, 1
    >>> own_days(three_of_today_and_one_1024_weeks_ago)
    (7999, 7999)
    """
    if not has_gap(counts):
        return None
    days = np.flatnonzero(counts)
    rows, whole = counts[days], (days[0], days[-1])
    first, last = _grown(days, *_heaviest(days, rows), YEARS_DAYS, 1)
    within = (days >= first) & (days <= last)
    every = rows.sum()
    if 2 * rows[within].sum() < every:
        return None  # the file's own part is not known
    days, rows = days[within], rows[within]
    total = rows.sum()
    few = max(total // FEW_SHARE, min(total // SMALL_SHARE, FEW_ROWS))
    near_first, near_last = _grown(days, *_heaviest(days, rows), FAR_DAYS, FAR_SPANS)
    is_near = (days >= near_first) & (days <= near_last)
    if rows[~is_near].sum() <= few and 2 * rows[is_near].sum() >= every:
        first, last = near_first, near_last
        days, rows = days[is_near], rows[is_near]
    is_near = _is_near_core(days, rows)
    if rows[~is_near].sum() <= rows.sum() // NEAR_SHARE and 2 * rows[is_near].sum() >= every:
        first, last = days[is_near][[0, -1]]
    return None if (first, last) == whole else (int(first), int(last))


def _is_near_core(
    days: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """The days that no gap parts from the core, which is all but a hundredth of the rows."""
    most = rows.sum() // NEAR_SHARE
    first = int(np.searchsorted(np.cumsum(rows), most, side="right"))
    last = len(days) - 1 - int(np.searchsorted(np.cumsum(rows[::-1]), most, side="right"))
    reach = max(NEAR_DAYS, FAR_SPANS * int(days[last] - days[first] + 1))
    part = np.concatenate(([0], np.cumsum(np.diff(days) > reach)))
    return np.asarray(part == part[first])


def _heaviest(days: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> tuple[int, int]:
    """First and last day of the part with most rows, the later of equals: clocks run behind."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(days) > FAR_DAYS) + 1))
    ends = np.concatenate((starts[1:], [len(days)]))
    weights = np.add.reduceat(rows, starts)
    part = len(weights) - 1 - int(np.argmax(weights[::-1]))
    return int(days[starts[part]]), int(days[ends[part] - 1])


def _grown(
    days: npt.NDArray[np.int64], first: int, last: int, far_days: int, far_spans: int
) -> tuple[int, int]:
    """The span with every day that no far gap parts from it. It grows, and so does what is far."""
    while True:
        reach = max(far_days, far_spans * (last - first + 1))
        before = days[(days < first) & (days >= first - reach)]
        after = days[(days > last) & (days <= last + reach)]
        if not len(before) and not len(after):
            return first, last
        first = int(before[0]) if len(before) else first
        last = int(after[-1]) if len(after) else last
