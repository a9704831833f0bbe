"""The sentences of a report: what the number is, what may be said of it, and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from flows.derive.plain_word import FALL, LEAST_DISPERSION, NO_CHANGE, RISE
from flows.home.hashes import text_hash
from flows.report.tables import safe_text

SIMULATED = "SIMULATED DATA: ships and voyages here were made up by barometer simulate."

WATERS = ("Gulf and Gulf of Oman", "Caspian")
"""The values of `weekly_water.water`."""

Row = dict[str, Any]


def headline(series: Row) -> str:
    """The week's number in a sentence that does not say more than was heard."""
    calls, berths = series["russian_linked_tanker_calls"], series["russian_linked_berth_calls"]
    heard = f"{series['observed_share'] or 0:.0%} of the coast's hours heard"
    heard += _worst(series, " ({})")
    if calls is None:
        return f"No number: {heard}, too little to say zero."
    so_far = " so far" if series["state"] == "open" else ""
    if calls == 0:
        seen = "none seen" if series["state"] == "partial" else "no call"
        return f"Russian-linked tankers at Iranian ports: {seen}{so_far}; {heard}."
    at_least = "at least " if series["state"] == "partial" else ""
    at_berth = "an unknown number" if berths is None else str(berths)
    return (
        f"Russian-linked tankers at Iranian ports: {at_least}{at_berth} at berth, "
        f"{at_least}{calls} calls in all{so_far}; {heard}."
    )


def _worst(series: Row, form: str) -> str:
    """The water that was heard worst, where the coast's share hides how badly.

    >>> _worst({"worst_water": "Caspian", "worst_share": 0.0, "observed_share": 0.95}, " ({})")
    ' (Caspian 0%)'
    >>> _worst({"worst_water": "Caspian", "worst_share": 0.96, "observed_share": 0.99}, " ({})")
    ''
    """
    share = series["worst_share"] or 0
    if share >= 0.95 or f"{share:.0%}" == f"{series['observed_share'] or 0:.0%}":
        return ""
    return form.format(f"{series['worst_water']} {share:.0%}")


def known_on(found: Row) -> str | None:
    """That links are as known on a day, from the notes; None where they are as known today."""
    day = found["known_on"]
    return None if day is None else f"AS KNOWN ON {day}: what was listed later is left out."


class Number(NamedTuple):
    """A figure of the week: what limits it, the figure, and what it counts."""

    qualifier: str
    value: str
    label: str


def numbers(series: Row) -> list[Number]:
    """The week's figures, the most telling first."""
    state = series["state"]
    counts = (
        ("russian_linked_berth_calls", "Russian-linked calls at a berth"),
        ("russian_linked_tanker_calls", "Russian-linked calls in all"),
        ("tanker_calls", "calls of all tankers"),
    )
    told = [Number(*_figure(series[name], state), label) for name, label in counts]
    share = series["observed_share"]
    return [
        *told,
        Number(
            "",
            "–" if share is None else f"{share:.0%}",
            f"of the coast's hours heard{_worst(series, '; {}')}",
        ),
    ]


def _figure(count: int | None, state: str) -> tuple[str, str]:
    """A count that does not say more than was heard.

    >>> _figure(3, "partial"), _figure(0, "partial"), _figure(0, "complete"), _figure(2, "open")
    (('at least', '3'), ('', '0 seen'), ('', '0'), ('so far', '2'))
    """
    if count is None:
        return "too little heard", "–"
    if state == "open":
        return "so far", str(count)
    if state == "complete":
        return "", str(count)
    return ("at least", str(count)) if count else ("", "0 seen")


def window_of(series: Row, windows: Sequence[Row]) -> Row | None:
    """The window, by the links known today, that the week's word is of; None where nothing is said.

    For a rise or fall it is the one that shows it; else one whose change only one of the two views
    shows, else the shortest that could be tested.
    """
    today = {window["weeks"]: window for window in windows if window["view"] == "today"}
    if series["word"] in (RISE, FALL):
        return today[series["word_weeks"]]
    if series["word"] == NO_CHANGE:
        split = [today[w["weeks"]] for w in windows if w["word"] in (RISE, FALL)]
        tested = [w for w in today.values() if w["word"] == NO_CHANGE]
        return min(split or tested, key=lambda window: window["weeks"])
    return None


def word(series: Row, windows: Sequence[Row]) -> str | None:
    """Whether the number is more or less than usual, or noise, in a sentence.

    Parameters
    ----------
    series : dict
        The week's row of `barometer`.
    windows : sequence of dict
        The week's rows of `series_window`.

    Returns
    -------
    str or None
        None while the week is open: nothing is compared then.
    """
    if series["word"] is None:
        return None
    window = window_of(series, windows)
    if window is None:
        one = next(w for w in windows if w["view"] == "today" and w["weeks"] == 1)
        return f"Not enough heard to compare: {_unheard(series, one)}."
    return _compared(series, window, windows) + _left_out(window)


def _left_out(window: Row) -> str:
    """Which water is in neither side of the comparison, in a sentence; empty where none is.

    >>> _left_out({"waters": "Caspian, Gulf and Gulf of Oman"}), _left_out({"waters": "Caspian"})
    ('', ' Compared without the Gulf and Gulf of Oman, of which too little was heard.')
    """
    left_out = [water for water in WATERS if water not in window["waters"].split(", ")]
    names = " and the ".join(left_out)
    return f" Compared without the {names}, of which too little was heard." if names else ""


def _compared(series: Row, window: Row, windows: Sequence[Row]) -> str:
    """A window against the weeks before it, in a sentence."""
    if series["word"] in (RISE, FALL):
        return (
            f"A {series['word']}: {_calls_in(window)}, {_rate(window)}, against {_usual(window)}."
        )
    said = {w["view"]: w["word"] for w in windows if w["weeks"] == window["weeks"]}
    if said["today"] in (RISE, FALL):
        return (
            f"No clear change: {_calls_in(window)} against {_usual(window)} would be a "
            f"{said['today']} by the links known today, but by those known when each call was made "
            "they are not, and both must agree."
        )
    if said["at_call"] in (RISE, FALL):
        return (
            f"No clear change: by the links known when each call was made it would be a "
            f"{said['at_call']} {_span(window)}, but by those known today it is not, and both must "
            "agree."
        )
    return (
        f"No clear change: {_calls_in(window)} may be chance; usual are {_usual(window)}. "
        f"{_bounds(window)}."
    )


def _span(window: Row) -> str:
    return "this week" if window["weeks"] == 1 else f"in the last {window['weeks']} weeks"


def _calls_in(window: Row) -> str:
    return f"{_counted(window['calls'], 'call')} {_span(window)}"


def _rate(window: Row) -> str:
    return (
        f"{window['rate_a_week']:.1f} a week (95% limits {window['low_95']:.1f} to "
        f"{window['high_95']:.1f})"
    )


def _usual(window: Row) -> str:
    return f"{window['before_rate_a_week']:.1f} a week in the {window['before_weeks']} weeks before"


def _bounds(window: Row) -> str:
    """What would have been said to be a change."""
    rise, fall = window["rise_from_calls"], window["fall_to_calls"]
    told = "No count would be called a rise" if rise is None else f"From {rise} it would be a rise"
    if fall is None:
        return f"{told}; so few are usual that not even 0 would be a fall"
    return f"{told}, {'at 0' if fall == 0 else f'up to {fall}'} a fall"


def _unheard(series: Row, window: Row) -> str:
    if not window["heard_weeks"]:
        return f"{series['observed_share'] or 0:.0%} of the coast's hours, and 30% are the least"
    heard = window["before_heard_weeks"] or 0
    only = "none" if heard == 0 else f"only {heard}"
    was = "was" if heard < 2 else "were"
    return (
        f"{only} of the {window['before_weeks']} weeks before {was} heard, and four are the least"
    )


def clustering(series: Row) -> str | None:
    """That calls cluster and limits are wide for it, in a sentence; None where they do not."""
    found = series["dispersion"]
    if found is None or found <= LEAST_DISPERSION:
        return None
    return (
        f"Calls cluster: weekly counts vary {found:.1f} times as much as independent calls would. "
        "The limits and the tests are widened for it."
    )


def notes(found: Row, series: Row) -> list[str]:
    """What the data cannot support, in sentences."""
    told = []
    if series["state"] == "open":
        told.append("The week is open: its files are not all in, and the count will grow.")
    if series["russian_linked_tanker_calls"] == 0 and series["state"] == "partial":
        told.append(
            "The zero is of the hours and ports that were heard; unheard ports may have had calls."
        )
    if unheard := never_heard(found):
        told.append(unheard)
    told += _of_doubt(found)
    if found["in_port"]:
        ships = _counted(found["in_port"], "tanker")
        were = "was" if found["in_port"] == 1 else "were"
        told.append(
            f"{ships} {were} in port when reception began ({found['in_port_linked']} linked to "
            "Russia); not counted as arrivals."
        )
    if found["contested"]:
        calls = _counted(found["contested"], "contested tanker call")
        told.append(f"{calls} (confidence 1) not counted.")
    if found["voyage_anchorages"]:
        waits = _counted(found["voyage_anchorages"], "wait")
        told.append(
            f"{waits} at anchor not counted again: part of a voyage with a berth call that is."
        )
    if found["arrived_maybe_earlier"]:
        calls = _counted(found["arrived_maybe_earlier"], "call")
        told.append(f"{calls} may have begun in an earlier week.")
    told += _lacks(found)
    if found["old_registers"]:
        told.append(
            f"Registers older than 60 days: {found['old_registers']}. Later listings are missing; "
            "refresh with: barometer register import FILE."
        )
    if found["undecided"]:
        ships = _counted(found["undecided"], "ship")
        told.append(
            f"{ships} that called may be on a list, by name or by an IMO number in doubt: see "
            "link_candidate."
        )
    return told


def doubtful_lists(registers: Iterable[Row]) -> list[str]:
    """What is doubtful about the registers that the links follow, from `report_register`."""
    told = []
    for register in registers:
        name = f"{register['link_source']} of {register['published_on']}"
        if register["accepted"]:
            told.append(f"{name} was taken although: {safe_text(register['accepted'])}.")
        if register["unknown_hulls"]:
            hulls = _counted(register["unknown_hulls"], "ship")
            told.append(
                f"{name} has {hulls} under programme keys that are not known "
                f"({safe_text(register['unknown_keys'])}): such a key makes no link, and ends "
                "none of the same ship; links of newly listed ships may be missing."
            )
    return told


def doubts_mark(doubts: Sequence[str]) -> str | None:
    """By what a page is known to have been drawn with the same doubts; None for none."""
    if not doubts:
        return None
    return text_hash("\n".join(doubts))


def _of_doubt(found: Row) -> list[str]:
    """Calls left out for what the ship is, or linked by a number that may be another's."""
    told = []
    if found["of_unknown_type"]:
        calls = _counted(found["of_unknown_type"], "call")
        told.append(f"{calls} of ships that send no type not counted.")
    if found["too_small"]:
        calls = _counted(found["too_small"], "call")
        told.append(f"{calls} of tankers shorter than 80 m, such as bunker barges, not counted.")
    if found["by_contested_number"]:
        calls = _counted(found["by_contested_number"], "call")
        told.append(
            f"{calls} linked by a listed IMO number that another ship sent at the same time: "
            "which of them is the listed ship is not known."
        )
    return told


def _lacks(found: Row) -> list[str]:
    """The kinds of evidence that the data cannot give for the week, in sentences."""
    told = []
    if found["lacks_listed"]:
        told.append("No list about Russia is in force in this week: links are a lower bound.")
    if found["lacks_flag"]:
        told.append("No ship's MMSI tells a flag in this week: links are a lower bound.")
    if found["lacks_owner"]:
        told.append("No register at hand names Russian owners: links are a lower bound.")
    if found["lacks_trade"]:
        told.append(
            "No Russian oil port was heard for 30% of the 180 days before, too little to say that "
            "no ship is linked by trade: links are a lower bound."
        )
    return told


def never_heard(found: Row) -> str | None:
    """The ports of which the number knows nothing, from the notes; None where all were heard."""
    names = found["never_heard"]
    return f"No source ever heard these ports: {names}." if names else None


def _counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _counted(1, "call"), _counted(2, "call")
    ('1 call', '2 calls')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def not_counted(call: Row) -> str | None:
    """Why a linked call is not in the number, from its row of `report_port_calls`; None if it is.

    >>> not_counted({"is_in_headline": False, "confidence": 1})
    'contested: not counted'
    >>> not_counted({"is_in_headline": False, "confidence": 2, "is_arrival": False})
    'in port when reception began: not counted'
    """
    if call["is_in_headline"]:
        return None
    if call["confidence"] < 2:
        return "contested: not counted"
    if not call["is_arrival"]:
        return "in port when reception began: not counted"
    return "part of a voyage, or a hull, that is counted already"


def changed(restatements: Sequence[Row], week: str) -> str:
    """What the published numbers of earlier weeks, or of this one, were before, in a sentence.

    Parameters
    ----------
    restatements : sequence of dict
        Rows of `report_restatement`, a week's latest change first.
    week : str
        The week of the report.
    """
    told = []
    for name in dict.fromkeys(row["week"] for row in restatements):
        rows = [row for row in restatements if row["week"] == name]
        series = [row for row in rows if row["number"] == "russian_linked_tanker_calls"]
        reasons = {reason for row in series or rows for reason in row["reasons"].split("; ")}
        what = "in part, but not the number of linked calls"
        if series:
            old, new = series[-1]["old_port_calls"], series[0]["new_port_calls"]
            what = f"from {_or_none(old)} to {_or_none(new)}"
        this = " (this week)" if name == week else ""
        told.append(f"{name}{this} {what} ({', '.join(sorted(reasons))})")
    if not told:
        return "No number that was published before has changed."
    return f"Numbers published before that changed: {'; '.join(told)}."


def _or_none(value: int | None) -> str:
    return "no number" if value is None else str(value)


def interference_note(events: Sequence[Row], less_sure: int) -> str | None:
    """Where ships were shown falsely in the week, in a sentence; None where nothing was seen.

    `less_sure` is the number of tanker calls whose confidence that lowered.
    """
    if not events:
        return None
    most = max(events, key=lambda event: event["ships"])
    count = "an event" if len(events) == 1 else f"{len(events)} events, the largest"
    calls = _counted(less_sure, "tanker call") if less_sure else "no tanker call"
    return (
        f"Interference: {count} at {safe_text(most['place'])} from {most['began_at']:%a %d %H:%M}, "
        f"where {most['ships']} ships were shown and were not; {calls} less sure for it."
    )


def quiet_ports(ports: Sequence[Row]) -> str | None:
    """The ports that were heard and where no tanker called; those never heard are in the notes."""
    quiet = [port for port in ports if not port["tanker_calls"] and port["observed_share"]]
    names = [
        safe_text(port["name"])
        + ("" if port["observed_share"] >= 0.95 else f" ({port['observed_share']:.0%} heard)")
        for port in quiet
    ]
    return f"No tanker call seen at: {'; '.join(names)}." if names else None


def series_told(rows: Sequence[Row]) -> str:
    """The chart of the series in words, for who does not see it."""
    last = rows[-1]
    heard = [row for row in rows if row["russian_linked_tanker_calls"] is not None]
    unheard = len(rows) - len(heard)
    told = [f"{_counted(len(rows), 'week')} from {rows[0]['week']} to {last['week']}"]
    if heard:
        most = max(heard, key=lambda row: row["russian_linked_tanker_calls"])
        told.append(f"most calls in {most['week']}, {most['russian_linked_tanker_calls']}")
    told.append(f"{_counted(unheard, 'week')} without a number, as too little was heard")
    this = last["russian_linked_tanker_calls"]
    told.append(f"{last['week']}: {'no number' if this is None else this}")
    return "; ".join(told) + ". The table below has every week."
