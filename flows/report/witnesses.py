"""What witnesses saw beside what we saw, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.home.text import safe_text

Row = dict[str, Any]

NONE_GIVEN = "No witness data: the count is not compared with others."

_UNTESTED = {
    "open": "the week is open",
    "incomplete": "their week is not whole",
    "unheard": "too little heard",
    "too few weeks": "too few weeks before it to test",
}
"""States of `agreement` in which nothing is tested, in words."""

_SERIES = {
    "tanker_transits": "tankers passing",
    "tanker_import_t": "tonnes discharged by tankers",
    "tanker_export_t": "tonnes loaded by tankers",
}
"""Series that nothing of ours is compared with, in words."""

COASTS = ("Iran", "Iran, the ports together")


def compared(agreement: Sequence[Row]) -> list[Row]:
    """The rows of `report/agreement` that compare the whole coast: one a publisher and series.

    Of the windows the one that diverges, else the one week; a divergence in both is that week's.
    """
    rows: dict[tuple[str, str], Row] = {}
    for row in agreement:
        if row["place"] in COASTS and row["state"] != "no number of ours":
            key = (row["publisher"], row["series"])
            if key not in rows or (row["diverges"] and not rows[key]["diverges"]):
                rows[key] = row
    return list(rows.values())


def result(row: Row) -> str:
    """Whether ours and theirs agree, in words.

    >>> result({"state": "incomplete"})
    'not tested: their week is not whole'
    """
    if row["state"] in _UNTESTED:
        return f"not tested: {_UNTESTED[row['state']]}"
    if row["diverges"]:
        return f"differs beyond chance (p {row['p']:.2g})"
    return f"no difference beyond chance (p {row['p']:.2g})"


def theirs(row: Row) -> str:
    """Their number; of a week that is not whole, with its days.

    >>> theirs({"theirs": 7.0, "theirs_days": 5, "weeks": 1})
    '7 in 5 of 7 days'
    """
    if row["theirs"] is None:
        return "–"
    return f"{row['theirs']:,.0f}{_days(row)}"


def _days(row: Row) -> str:
    days = row["theirs_days"]
    return f" in {days} of 7 days" if row["weeks"] == 1 and days < 7 else ""


def alarms(agreement: Sequence[Row]) -> list[str]:
    """A sentence for each coast or port on which a series and ours moved apart beyond chance."""
    rows: dict[tuple[str, str], Row] = {}
    for row in agreement:
        if row["diverges"]:
            rows.setdefault((row["publisher"], row["place"]), row)
    return [
        f"WITNESS DIVERGES: {safe_text(row['publisher'])}, {safe_text(row['place'])}, "
        f"{_span(row)}: {_per(row)}, against {row['ratio_before']:.2f} in the "
        f"{row['before_heard_weeks']} weeks before (p {row['p']:.2g}). What is heard here "
        "or what they count has changed."
        for row in rows.values()
    ]


def _span(row: Row) -> str:
    return "this week" if row["weeks"] == 1 else f"the last {row['weeks']} weeks"


def _per(row: Row) -> str:
    """Ours and theirs, and the ratio where there is one."""
    both = f"{row['ours']} calls of ours to {row['theirs']:,.0f} of theirs"
    return both if row["ratio"] is None else f"{both}, {row['ratio']:.2f} of ours to one of theirs"


def lines(agreement: Sequence[Row], scores: Sequence[Row]) -> list[str]:
    """A line a witness, for mail and terminal: what they saw, what we saw, and whether it fits."""
    sentences = [
        f"{safe_text(row['publisher'])} {_span(row)}: {row['theirs']:,.0f} tanker calls"
        f"{_days(row)}, ours {row['ours']}; {result(row)}."
        for row in compared(agreement)
        if row["theirs"] is not None and row["ours"] is not None
    ]
    sentences += [
        f"{safe_text(row['publisher'])}, tanker calls: {result(row)}."
        for row in compared(agreement)
        if row["theirs"] is None or row["ours"] is None
    ]
    return sentences + [score(row) for row in scores]


def score(row: Row) -> str:
    """How many of a witness's visits are calls of ours, and how many of our calls it saw."""
    name = safe_text(row["witness"])
    aside = row["events_set_aside"]
    left_out = f"; {aside:,} more could not be heard" if aside else ""
    if not row["events"]:
        return f"{name}: no visit that could have been heard{left_out}."
    sentence = f"{name}: {row['events_found']:,} of {row['events']:,} visits are calls of ours"
    sentence += f" ({_share(row, 'recall')}){left_out}."
    if row["calls"]:
        sentence += (
            f" Of {row['calls']:,} calls of ours it saw {row['calls_seen']:,} "
            f"({_share(row, 'precision')})."
        )
    return sentence


def _share(row: Row, name: str) -> str:
    """A share with its exact limits.

    >>> _share({"recall": 0.9, "recall_low_95": 0.683, "recall_high_95": 0.988}, "recall")
    '90%, 68% to 99% with 95% confidence'
    """
    low, high = row[f"{name}_low_95"], row[f"{name}_high_95"]
    return f"{row[name]:.0%}, {low:.0%} to {high:.0%} with 95% confidence"


def beside(agreement: Sequence[Row]) -> list[Row]:
    """The rows of other series, of which we count nothing, each with its `title`.

    Those of single ports are in the CSV alone.
    """
    return [
        row | {"title": f"{row['publisher']}, {row['place']}: {_SERIES[row['series']]}"}
        for row in agreement
        if row["state"] == "no number of ours"
        and row["series"] in _SERIES
        and (row["unit"] == "transits" or row["place"] in COASTS)
    ]


def credits(witnesses: Sequence[Mapping[str, Any]]) -> str:
    """Publisher, licence and citation of each witness, in a sentence."""
    return " ".join(
        f"{safe_text(row['publisher'])}: {safe_text(row['citation'] or row['publisher'])}; "
        f"{safe_text(row['licence'])}."
        for row in witnesses
    )
