"""Reasons to doubt a list before it is imported: missing ships, and unknown programme keys.

A ship that a list lacks counts as delisted, and an unknown key links nothing. A list of another
kind, of another day or with other keys would therefore silently empty the counts.
"""

from __future__ import annotations

from datetime import date

import duckdb

from flows.home.resources import sql_text

MOST_GONE = 0.1
"""Share of the ships, or of those linked to Russia, that a version may lack without a doubt. OFAC
delisted 5 % in the 28 months to March 2026, the EU 3 % of Annex XLII in its first 22
(data/registers/README.md); one ship may always be missing."""

MOST_UNKNOWN = 0.5
"""Largest share of ships whose keys are all unknown. Keys about other countries are known too: they
are in data/registers/programmes.csv, without a link."""

KEYS_SHOWN = 5


def unknown_keys(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The number of hulls under each unknown programme key, the most frequent first."""
    return dict(con.execute(sql_text("lists/unknown_key")).fetchall())


def named_keys(keys: dict[str, int]) -> str:
    """Keys and their hulls as text for a message.

    >>> named_keys({"GB-RUS-MARE": 4, "X": 1})
    "'GB-RUS-MARE' (4 hulls), 'X' (1 hull)"
    """
    shown = [
        f"{key[:80]!r} ({count:,} hull{'s' if count != 1 else ''})"
        for key, count in list(keys.items())[:KEYS_SHOWN]
    ]
    more = len(keys) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def doubts(con: duckdb.DuckDBPyConnection, register: str, before_day: date | None) -> list[str]:
    """Reasons not to import a list without `--accept-loss`; empty where there is none.

    Parameters
    ----------
    con : DuckDBPyConnection
        A session of `flows.registers.staging` with the list and the version before it by day.
    register : str
        The list.
    before_day : date or None
        The day of that version; None where there is none.
    """
    result = con.execute(sql_text("lists/doubt"))
    names = [column[0] for column in result.description]
    row = dict(zip(names, result.fetchall()[0], strict=True))
    reasons = []
    if _is_many(row["gone"], row["hulls_before"]) or _is_many(
        row["unlinked"], row["linked_before"]
    ):
        reasons.append(
            f"{row['hulls']:,} hulls, and {register} had {row['hulls_before']:,} on {before_day}: "
            f"{row['gone']:,} of these are not in it, and {row['unlinked']:,} of "
            f"{row['linked_before']:,} links to Russia end"
        )
    if row["has_other_keys"]:
        reasons.append(f"it has none of the programme keys that {register} had on {before_day}")
    if row["unknown"] > MOST_UNKNOWN * row["hulls"]:
        reasons.append(
            f"{row['unknown']:,} of {row['hulls']:,} hulls have no known programme key: "
            f"{named_keys(unknown_keys(con))}"
        )
    return reasons


def _is_many(gone: int, of: int) -> bool:
    return gone > max(1, MOST_GONE * of)
