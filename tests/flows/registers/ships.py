"""Numbers for ships of lists that no real ship bears."""

from __future__ import annotations

from flows.simulate.fleet import imo_check_digit


def imo(number: int) -> int:
    """An IMO number with a right check digit that begins with 2: none was given out (`fleet`)."""
    return (200_000 + number) * 10 + imo_check_digit(200_000 + number)
