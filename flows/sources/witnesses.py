"""Definitions of witnesses, what others saw of the ships: the TOML files of data/witnesses/."""

from __future__ import annotations

from pathlib import Path

from flows.sources.addresses import Texts
from flows.sources.definitions import Definition, load_definitions


class Witness(Definition):
    """A publisher of observations that the count is compared with, and that never enter it.

    Attributes
    ----------
    witness : str
        Its short name in relations and reports.
    fields : tuple of str
        What each of its rows or objects has; a fetch that misses one reports it.
    """

    witness: str
    fields: Texts


def load_witnesses(home: Path | None = None) -> dict[str, Witness]:
    """Witnesses by id: the project's own, then the home's `witnesses/`, which may replace them.

    Raises
    ------
    BarometerError
        If a definition cannot be read or is not valid; the message names file, key and reason.
    """
    return load_definitions(Witness, "witnesses", home)
