"""The sentences of a report on the lists that links are taken from, and on what was not fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.home.hashes import text_hash
from flows.home.text import safe_text
from flows.report.words import Row, counted

CHANGES = ("listed", "delisted")
"""The values of `listing_change.change`."""


def doubts_of(registers: Iterable[Row], not_fetched: Iterable[Row]) -> list[str]:
    """What was not fetched for a report, and doubts about the registers that links are taken from.

    Parameters
    ----------
    registers, not_fetched : iterable of dict
        Rows of `report/register` and `report/not_fetched`.
    """
    sentences = [_not_fetched(fetch) for fetch in not_fetched]
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


def _not_fetched(fetch: Row) -> str:
    """A list or source that was not fetched, why, and what is used in its place."""
    name, why = safe_text(fetch["name"]), safe_text(fetch["message"])
    if not fetch["is_list"]:
        held = "It was never fetched whole before."
        if fetch["held_on"] is not None:
            held = f"Its data are as of the fetch of {fetch['held_on']}."
        return f"Not fetched on {fetch['tried_on']}: {name}. {why} {held}"
    held = "No version of it is at hand."
    if fetch["held_on"] is not None:
        days = counted(fetch["age_days"], "day")
        held = f"The version of {fetch['held_on']} stays in use, {days} old at the attempt."
    return f"The list {name} was not refreshed ({fetch['state']}): {why} {held}"


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
    """A hash of the doubts, kept in the page to detect that it is out of date; None for none."""
    if not doubts:
        return None
    return text_hash("\n".join(doubts))
