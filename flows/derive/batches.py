"""Rows of ships that fit into memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def batches(ships: Iterable[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    """Ranges of ships, first and last, with about so many rows each; a ship is never cut.

    Parameters
    ----------
    ships : iterable
        A ship's number, such as its MMSI, and its rows; by number.
    most : int
        Rows of a range; a single ship may have more.

    Examples
    --------
    >>> list(batches([(1, 5), (2, 4), (7, 2), (9, 30)], 9))
    [(1, 2), (7, 7), (9, 9)]
    """
    first = last = None
    total = 0
    for mmsi, rows in ships:
        if first is not None and last is not None and total + rows > most:
            yield first, last
            first, total = None, 0
        first = mmsi if first is None else first
        last, total = mmsi, total + rows
    if first is not None and last is not None:
        yield first, last
