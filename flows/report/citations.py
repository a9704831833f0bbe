"""The terms of sources whose publishers want to be cited, for a report and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def citations(sources: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence for each source that is to be cited.

    Parameters
    ----------
    sources : iterable of dict
        Rows of `sql/report/ais_source.sql` and `sql/report/register.sql`.

    >>> citations([{"source": "gfw", "licence": "CC BY-NC 4.0", "citation": "Powered by GFW"}])
    ['Source gfw: Powered by GFW. Licence: CC BY-NC 4.0.']
    """
    return [
        f"Source {source['source']}: {source['citation']}. Licence: {source['licence']}."
        for source in sources
        if source["citation"]
    ]
