"""The sentences of a report on what its data cannot support: reception, evidence, and the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.home.hashes import text_hash
from flows.home.rules import rule
from flows.home.text import safe_text
from flows.report.words import WHOLE_SHARE, Row, counted

CHANGES = ("listed", "delisted")
"""The values of `listing_change.change`."""


def notes(row: Row, series: Row) -> list[str]:
    """What the data cannot support, one sentence each."""
    sentences = []
    if series["state"] == "open":
        sentences.append(
            "The week is open: not all of its files have arrived, and the count may grow."
        )
    if unheard := never_heard(row):
        sentences.append(unheard)
    sentences += _of_doubt(row)
    if row["in_port"]:
        ships = counted(row["in_port"], "tanker")
        were = "was" if row["in_port"] == 1 else "were"
        sentences.append(
            f"{ships} {were} in port when reception began ({row['in_port_linked']} linked to "
            "Russia); not counted as arrivals."
        )
    if row["contested"]:
        calls = counted(row["contested"], "tanker call")
        sentences.append(
            f"Not counted: {calls} shown only by positions that may be false (confidence 1)."
        )
    if row["voyage_anchorages"]:
        waits = counted(row["voyage_anchorages"], "wait")
        sentences.append(f"Not counted: {waits} at anchor on a voyage whose berth call is counted.")
    if row["arrived_maybe_earlier"]:
        calls = counted(row["arrived_maybe_earlier"], "call")
        sentences.append(f"{calls} may have begun in an earlier week.")
    sentences += _lacks(row)
    if row["old_registers"]:
        sentences.append(
            f"Registers older than {rule('list_old_days'):.0f} days: {row['old_registers']}. Later "
            "listings are missing; refresh with: barometer register fetch."
        )
    if row["undecided"]:
        ships = counted(row["undecided"], "ship")
        sentences.append(
            f"Not taken as linked: {ships} that called and may be on a list, by name or by a "
            "doubtful IMO number (table link_candidate)."
        )
    return sentences


def untyped(row: Row, series: Row) -> str | None:
    """The calls of ships without a type, which are in no count; None where there is none."""
    if not row["of_unknown_type"]:
        return None
    calls = counted(row["of_unknown_type"], "call")
    linked = row["linked_of_unknown_type"]
    bound = f", {linked} of them linked to Russia: the number is a lower bound" if linked else ""
    return (
        f"Not counted: {calls} of ships of unknown type, some of which may be tankers{bound}. "
        f"Calls of known tankers: {series['tanker_calls'] or 'none'}."
    )


def _of_doubt(row: Row) -> list[str]:
    """Calls left out for the size of the ship, or linked by a contested IMO number."""
    sentences = []
    if row["too_small"]:
        calls = counted(row["too_small"], "call")
        sentences.append(f"Not counted: {calls} of tankers under 80 m, such as bunker barges.")
    if row["by_contested_number"]:
        calls = counted(row["by_contested_number"], "call")
        sentences.append(
            f"{calls} linked by a listed IMO number that another ship sent at the same time; "
            "which of the two is the listed ship is not known."
        )
    return sentences


LACKS = {
    "lacks_listed": "no list about Russia was in force this week",
    "lacks_flag": "no MMSI gives a flag this week",
    "lacks_owner": "no imported register names Russian owners",
    "lacks_trade": f"Russian oil ports were heard on less than {rule('least_share'):.0%} of the "
    f"{rule('trade_days'):.0f} days before, too little to know who called there",
}
"""The kinds of evidence that the data may lack, by column of `report/notes`."""


def _lacks(row: Row) -> list[str]:
    """The kinds of evidence that the data cannot give for the week, in a sentence."""
    lacks = [sentence for name, sentence in LACKS.items() if row[name]]
    return [f"Links may be missing: {'; '.join(lacks)}."] if lacks else []


HEAR_THE_REST = (
    "To hear the whole coast: barometer fetch global-fishing-watch, with a free token, or a "
    "provider's files (docs/sources.md)."
)


def never_heard(row: Row, most: int | None = None) -> str | None:
    """The ports that no source ever heard, those with most tanker calls first; None without any.

    With `most` only so many are named.
    """
    names = row["never_heard"]
    if not names:
        return None
    ports = f"{len(names)} of {counted(row['ports'], 'port')}"
    if most is not None and len(names) > most:
        return f"No source ever heard {ports}, among them: {'; '.join(names[:most])}."
    return f"No source ever heard {ports}: {'; '.join(names)}."


def interference_note(events: Sequence[Row], less_sure: int) -> str | None:
    """Interference events of the week in a sentence; None without any.

    `less_sure` is the number of tanker calls whose confidence they lowered.
    """
    if not events:
        return None
    most = max(events, key=lambda event: event["ships"])
    count = "one event" if len(events) == 1 else f"{len(events)} events, the largest"
    calls = counted(less_sure, "tanker call") if less_sure else "no tanker call"
    return (
        f"Interference: {count} at {safe_text(most['place'])} from {most['began_at']:%a %d %H:%M}, "
        f"with {most['ships']} ships at false positions; {calls} with lower confidence."
    )


def quiet_ports(ports: Sequence[Row]) -> str | None:
    """The ports that were heard and had no tanker call, in a sentence."""
    quiet = [port for port in ports if not port["tanker_calls"] and port["observed_share"]]
    names = [
        safe_text(port["name"])
        + (
            ""
            if port["observed_share"] >= WHOLE_SHARE
            else f" ({port['observed_share']:.0%} heard)"
        )
        for port in quiet
    ]
    return f"No tanker call seen at: {'; '.join(names)}." if names else None


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
    'No list about Russia that came in since the week before added or dropped a ship.'
    """
    if not news:
        return "No list about Russia that came in since the week before added or dropped a ship."
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


def doubts_mark(doubts: Sequence[str], nowcast: str | None) -> str | None:
    """A hash of what changes on a page without its numbers: the doubts and the estimate of what the
    number becomes. It is kept in the page to detect that it is out of date; None for neither."""
    shown = [*doubts, *([nowcast] if nowcast else [])]
    return text_hash("\n".join(shown)) if shown else None
