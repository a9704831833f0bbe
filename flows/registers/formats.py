"""Which publisher's format a list file has, told by what it holds and never by its name."""

from __future__ import annotations

from pathlib import Path

from flows.registers import eu, gur, ofac, opensanctions, team, uk
from flows.registers.entry import ListFile
from flows.settings import BarometerError

PUBLISHERS = (ofac, eu, uk, gur, opensanctions, team)
"""The team's own list is last: any CSV with its few columns would pass for one."""


def open_list(path: Path) -> ListFile:
    """The list in a file.

    Raises
    ------
    BarometerError
        If the file cannot be read, or is in none of the formats known.
    """
    try:
        for publisher in PUBLISHERS:
            found: ListFile | None = publisher.open_list(path)
            if found is not None:
                return found
    except OSError as error:
        raise BarometerError(f"{path}: cannot be read ({error.strerror}).") from error
    raise BarometerError(
        f"{path}: is no list that is known. Known are OFAC's sdn.csv, sdn.xml and "
        "sdn_advanced.xml; the EU's Annex XLII and consolidated list; the UK sanctions list (CSV); "
        "the GUR catalogue; OpenSanctions' maritime.csv and entities.ftm.json; and a CSV of your "
        "own with the columns imo, name, tier, reason, source, from, to. Unpack an archive first."
    )
