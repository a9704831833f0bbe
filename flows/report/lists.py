"""The sentences of a report on the lists that links are taken from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.home.hashes import text_hash
from flows.home.text import safe_text
from flows.report.words import Row, counted

CHANGES = ("listed", "delisted")
"""The values of `listing_change.change`."""


def doubtful_lists(registers: Iterable[Row], fetches: Iterable[Row]) -> list[str]:
    """Doubts about the registers that links are taken from.

    Parameters
    ----------
    registers, fetches : iterable of dict
        Rows of `report/register` and `report/list_fetch`.
    """
    sentences = [
        f"The list {safe_text(fetch['list_id'])} was not refreshed ({fetch['state']}): "
        f"{safe_text(fetch['message'])} {_in_force(fetch)}"
        for fetch in fetches
        if fetch["state"] in ("failed", "refused")
    ]
    for register in registers:
        name = f"{register['link_source']} of {register['published_on']}"
        if register["accepted"]:
            sentences.append(
                f"{name} was imported despite a warning: {safe_text(register['accepted'])}."
            )
        if register["unknown_hulls"]:
            hulls = counted(register["unknown_hulls"], "ship")
            sentences.append(
                f"{name} has {hulls} under unknown programme keys "
                f"({safe_text(register['unknown_keys'])}): an unknown key neither makes nor ends "
                "a link, so links of newly listed ships may be missing."
            )
    return sentences


def _in_force(fetch: Row) -> str:
    if fetch["in_force_on"] is None:
        return "No version of it is at hand."
    days = counted(fetch["age_days"], "day")
    return f"The version of {fetch['in_force_on']} stays in use, {days} old at the attempt."


def news_of_lists(news: Sequence[Row]) -> str:
    """How many ships the lists have listed and delisted since the week before, in a sentence.

    >>> news_of_lists([])
    'No list imported since the week before lists or delists a ship under a programme about Russia.'
    """
    if not news:
        return (
            "No list imported since the week before lists or delists a ship under a programme "
            "about Russia."
        )
    ships = {change: {row["imo"] for row in news if row["change"] == change} for change in CHANGES}
    called = {row["imo"] for row in news if row["calls"]}
    counts = " and ".join(
        f"{counted(len(imos), 'ship')} newly {change}" for change, imos in ships.items() if imos
    )
    of_these = len(called) or "none"
    return (
        f"On the lists since the week before: {counts} under a programme about Russia; {of_these} "
        "of these had called at an Iranian port."
    )


def doubts_mark(doubts: Sequence[str]) -> str | None:
    """A hash of the doubts, kept in the page to tell whether it is up to date; None for none."""
    if not doubts:
        return None
    return text_hash("\n".join(doubts))
