"""The machine's clock. The numbers follow `Settings.as_of` instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flows.home.rules import rule

Clock = Callable[[], datetime]
"""Returns the time, naive UTC; tests pass their own."""

FUTURE = timedelta(minutes=rule("future_min"))
"""A fix later than this after the as-of time is from a wrong clock (docs/method.md, "Position")."""


def utc_now() -> datetime:
    """The time, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
