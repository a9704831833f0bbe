"""The sentences of a report: the number, whether it is a change, and the limits of the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flows.derive.plain_word import FALL, LEAST_DISPERSION, NO_CHANGE, RISE, UNHEARD
from flows.home.rules import rule
from flows.home.text import safe_text

SIMULATED = "SIMULATED DATA: ships and voyages here were made up by barometer simulate."

WHOLE_SHARE, WIDE_ZERO = rule("whole_share"), rule("wide_zero_high_95")

WATERS = ("Gulf and Gulf of Oman", "Caspian")
"""The values of `weekly_water.water`."""

Row = dict[str, Any]

_AGREE = "A change is reported only where both agree."


def is_quotable(series: Row) -> bool:
    """Whether the count of a week may stand as a figure by itself, such as in large digits.

    A zero may not where it says more of the reception than of the ships: where the upper limit of
    the rate is `wide_zero_high_95` or more, or where there is none.
    """
    if series["russian_linked_tanker_calls"] is None:
        return False
    high = series["high_95"]
    is_narrow = high is not None and high < WIDE_ZERO
    return series["russian_linked_tanker_calls"] > 0 or is_narrow


def headline(series: Row, waters: Sequence[Row]) -> str:
    """The week's number in a sentence, with what was heard of the week.

    Parameters
    ----------
    series : dict
        The week's row of `barometer`.
    waters : sequence of dict
        Its rows of `weekly_water`: a water may have limits where the coast has no number.
    """
    calls, berths = series["russian_linked_tanker_calls"], series["russian_linked_berth_calls"]
    share = f"{series['observed_share'] or 0:.0%} of the coast's hours"
    heard = f"{share} heard{_worst(series, ' ({})')}"
    listened = f"where we listened ({share}{_worst(series, '; {}')})"
    if calls is None and series["untyped_linked_calls"]:
        return f"No number: {_untyped(series)}; {heard}."
    if calls is None and not series["observed_share"]:
        return "No number: nothing was heard of the coast."
    if calls is None:
        bounds = "".join(
            f" In the {water['water']}, {_fitting(water)} would fit."
            for water in waters
            if water["russian_linked_tanker_calls"] == 0 and water["high_95"] is not None
        )
        return f"No number: no call seen {listened}, too little to report zero.{bounds}"
    so_far = " so far" if series["state"] == "open" else ""
    if not is_quotable(series):
        return f"No Russian-linked tanker call seen{so_far} {listened}{_bound(series)}."
    if calls == 0:
        seen = "none seen" if series["state"] == "partial" else "no calls"
        return f"Russian-linked tankers at Iranian ports: {seen}{so_far}; {heard}."
    at_least = "at least " if series["state"] == "partial" else ""
    at_berth = "an unknown number" if berths is None else str(berths)
    return (
        f"Russian-linked tankers at Iranian ports: {at_least}{at_berth} at berth, "
        f"{at_least}{counted(calls, 'call')} in all{so_far}; {heard}."
    )


def _bound(series: Row) -> str:
    """How many calls would agree with seeing none, as the end of a sentence."""
    if series["state"] == "open":
        return ""
    if series["high_95"] is None:
        return f"; no upper limit, as nothing was heard of the {series['worst_water']}"
    return f"; {_fitting(series)} would fit"


def _fitting(row: Row) -> str:
    return f"up to {row['high_95']:.0f} a week"


def _untyped(series: Row) -> str:
    """The calls of linked ships of unknown type, because of which no zero is reported."""
    calls = counted(series["untyped_linked_calls"], "call")
    return f"no call of a known tanker, and {calls} of Russian-linked ships of unknown type"


def _worst(series: Row, form: str) -> str:
    """The water with the lowest share heard, unless it is 95% or that of the whole coast.

    >>> _worst({"worst_water": "Caspian", "worst_share": 0.0, "observed_share": 0.95}, " ({})")
    ' (Caspian 0%)'
    >>> _worst({"worst_water": "Caspian", "worst_share": 0.96, "observed_share": 0.99}, " ({})")
    ''
    """
    share = series["worst_share"] or 0
    if share >= WHOLE_SHARE or f"{share:.0%}" == f"{series['observed_share'] or 0:.0%}":
        return ""
    return form.format(f"{series['worst_water']} {share:.0%}")


def known_on(notes: Row) -> str | None:
    """A notice that links are as known on an earlier day, from the notes; None for today."""
    day = notes["known_on"]
    return None if day is None else f"AS KNOWN ON {day}: later listings are left out."


class Number(NamedTuple):
    """A figure of the week: a qualifier such as "at least", the figure, and what it counts."""

    qualifier: str
    value: str
    label: str


def numbers(series: Row) -> list[Number]:
    """The week's figures, the most important first; no linked calls where they are not quotable."""
    state = series["state"]
    counts = [("tanker_calls", "calls of all tankers")]
    if is_quotable(series):
        counts = [
            ("russian_linked_berth_calls", "Russian-linked calls at a berth"),
            ("russian_linked_tanker_calls", "Russian-linked calls in all"),
            *counts,
        ]
    figures = [Number(*_figure(series[name], state), label) for name, label in counts]
    share = series["observed_share"]
    return [
        *figures,
        Number(
            "",
            "–" if share is None else f"{share:.0%}",
            f"of the coast's hours heard{_worst(series, '; {}')}",
        ),
    ]


def _figure(count: int | None, state: str) -> tuple[str, str]:
    """A count with its qualifier, by what was heard.

    >>> _figure(3, "partial"), _figure(0, "partial"), _figure(0, "complete"), _figure(2, "open")
    (('at least', '3'), ('', 'none seen'), ('', '0'), ('so far', '2'))
    """
    if count is None:
        return "not known", "–"
    if state == "open":
        return "so far", str(count)
    if state == "complete":
        return "", str(count)
    return ("at least", str(count)) if count else ("", "none seen")


def cell(count: int | None, state: str, lacking: str) -> str:
    """A count in a table: where not all was heard, a zero is words.

    >>> cell(0, "partial", "?"), cell(0, "complete", "?"), cell(3, "partial", "?")
    ('none seen', '0', '3')
    >>> cell(None, "unobserved", "?")
    '?'
    """
    if count is None:
        return lacking
    return str(count) if count or state == "complete" else "none seen"


def window_of(series: Row, windows: Sequence[Row]) -> Row | None:
    """The window, with the links known today, that the week's word is about; None without a test.

    For a rise or fall the window that shows it; else one in which only one of the two views shows
    a change, else the shortest that could be tested.
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
    """Whether the number is a rise, a fall or within chance, in a sentence.

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
        shortest = next(w for w in windows if w["view"] == "today" and w["weeks"] == 1)
        return f"Not enough heard to compare: {_unheard(series, shortest)}."
    return _compared(series, window, windows) + _left_out(window)


def _left_out(window: Row) -> str:
    """The waters left out of the comparison, in a sentence; empty where none is.

    >>> _left_out({"waters": "Caspian, Gulf and Gulf of Oman"}), _left_out({"waters": "Caspian"})
    ('', ' Compared without the Gulf and Gulf of Oman: too little was heard there.')
    """
    left_out = [water for water in WATERS if water not in window["waters"].split(", ")]
    names = " and the ".join(left_out)
    return f" Compared without the {names}: too little was heard there." if names else ""


def _compared(series: Row, window: Row, windows: Sequence[Row]) -> str:
    """A window against the weeks before it, in a sentence."""
    if series["word"] in (RISE, FALL):
        of_week = {w["word"] for w in windows if w["weeks"] == 1}
        alone = "" if series["word"] in of_week else " This week alone shows no clear change."
        return (
            f"A {series['word']}: {_calls_in(window)}, {_rate(window)}, against {_usual(window)}."
            f"{alone}"
        )
    views = {w["view"]: w["word"] for w in windows if w["weeks"] == window["weeks"]}
    if views["today"] in (RISE, FALL):
        return (
            f"No clear change: with the links known today, {_calls_in(window)} against "
            f"{_usual(window)} are a {views['today']}; with the links known at each call they are "
            f"not. {_AGREE}"
        )
    if views["at_call"] in (RISE, FALL):
        return (
            f"No clear change: with the links known at each call there is a {views['at_call']} "
            f"{_span(window)}; with the links known today there is not. {_AGREE}"
        )
    return (
        f"No clear change: {_calls_in(window)} may be chance against {_usual(window)}. "
        f"{_bounds(window)}."
    )


def _span(window: Row) -> str:
    return "this week" if window["weeks"] == 1 else f"in the last {window['weeks']} weeks"


def _calls_in(window: Row) -> str:
    return f"{counted(window['calls'], 'call')} {_span(window)}"


def _rate(window: Row) -> str:
    return (
        f"{window['rate_a_week']:.1f} a week (95% limits {window['low_95']:.1f} to "
        f"{window['high_95']:.1f})"
    )


def _usual(window: Row) -> str:
    return f"{window['before_rate_a_week']:.1f} a week in the {window['before_weeks']} weeks before"


def _bounds(window: Row) -> str:
    """The counts that would have been a change."""
    rise, fall = window["rise_from_calls"], window["fall_to_calls"]
    to_rise = "No count would be a rise" if rise is None else f"{rise} or more would be a rise"
    if fall is None:
        return f"{to_rise}; not even 0 would be a fall, as few calls are usual"
    return f"{to_rise}, {'0' if fall == 0 else f'{fall} or fewer'} a fall"


def _unheard(series: Row, window: Row) -> str:
    if series["untyped_linked_calls"]:
        return _untyped(series)
    if not window["heard_weeks"]:
        return f"{series['observed_share'] or 0:.0%} of the coast's hours; at least 30% are needed"
    heard = window["before_heard_weeks"] or 0
    only = "none" if heard == 0 else f"only {heard}"
    was = "was" if heard < 2 else "were"
    return (
        f"{only} of the {window['before_weeks']} weeks before {was} heard; at least four are needed"
    )


def clustering(series: Row) -> str | None:
    """A note that calls cluster and that limits allow for it; None where they do not."""
    dispersion = series["dispersion"]
    if dispersion is None or dispersion <= LEAST_DISPERSION:
        return None
    return (
        f"Calls cluster: weekly counts vary {dispersion:.1f} times as much as independent calls "
        "would. The limits and tests allow for it."
    )


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "call"), counted(2, "call")
    ('1 call', '2 calls')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result(row: Row) -> str:
    """The result of a week in a table of weeks, from its row of `barometer`.

    >>> result({"word": "not enough heard", "state": "complete"})
    'too few weeks heard before'
    >>> result({"word": "not enough heard", "state": "unobserved"})
    'not enough heard'
    """
    if row["word"] == UNHEARD and row["state"] == "complete":
        return "too few weeks heard before"
    return str(row["word"] or "–")


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
    return "voyage or hull already counted"


def moments(call: Row) -> list[tuple[str, datetime]]:
    """What was seen of a call, in the order of time; times that say nothing new are left out.

    >>> noon, evening = datetime(2026, 3, 17, 12), datetime(2026, 3, 17, 20)
    >>> unknown = dict.fromkeys(("anchored_at", "unberthed_at", "departed_by"))
    >>> call = {"arrived_at": noon, "berthed_at": noon, "departed_at": evening, **unknown}
    >>> [word for word, _ in moments(call)]
    ['arrived', 'departed']
    >>> [word for word, _ in moments(call | {"unberthed_at": noon, "departed_by": evening})]
    ['arrived', 'left berth', 'last heard in port', 'left by']
    """
    arrived, departed = call["arrived_at"], call["departed_at"]
    between = [
        ("anchored", call["anchored_at"], arrived),
        ("berthed", call["berthed_at"], arrived),
        ("left berth", call["unberthed_at"], departed),
    ]
    between = [(word, at, other) for word, at, other in between if at and at != other]
    seen = [(word, at) for word, at, _ in sorted(between, key=lambda row: row[1])]
    ends = [("last heard in port" if call["departed_by"] else "departed", departed)]
    ends += [("left by", call["departed_by"])]
    return [("arrived", arrived), *seen, *((word, at) for word, at in ends if at)]


MOST_SHIPS = 5
"""Most ships named in a sentence (a choice); a table or the CSV has all."""


def nearby(ships: Sequence[Row]) -> str | None:
    """The listed tankers that were near a port and called at none, in a sentence; None without any.

    Parameters
    ----------
    ships : sequence of dict
        Rows of `report/listed_nearby`.
    """
    if not ships:
        return None
    were = "was" if len(ships) == 1 else "were"
    names = [safe_text(ship["vessel_name"] or f"IMO {ship['imo']}") for ship in ships]
    more = f" and {len(ships) - MOST_SHIPS} more" if len(ships) > MOST_SHIPS else ""
    return (
        f"Not counted: {counted(len(ships), 'listed tanker')} {were} heard within "
        f"{rule('surroundings_km'):.0f} km of an Iranian port and called at none: "
        f"{', '.join(names[:MOST_SHIPS])}{more}."
    )


def changed(restatements: Sequence[Row], week: str) -> str:
    """How published numbers of this or earlier weeks changed, in a sentence.

    Parameters
    ----------
    restatements : sequence of dict
        Rows of `report_restatement`, a week's latest change first.
    week : str
        The week of the report.
    """
    weeks = []
    for name in dict.fromkeys(row["week"] for row in restatements):
        rows = [row for row in restatements if row["week"] == name]
        series = [row for row in rows if row["number"] == "russian_linked_tanker_calls"]
        reasons = {reason for row in series or rows for reason in row["reasons"].split("; ")}
        change = "in part, but not the number of linked calls"
        if series:
            old, new = series[-1]["old_port_calls"], series[0]["new_port_calls"]
            change = f"from {_or_none(old)} to {_or_none(new)}"
        this = " (this week)" if name == week else ""
        weeks.append(f"{name}{this} {change} ({', '.join(sorted(reasons))})")
    if not weeks:
        return "No published number has changed."
    return f"Published numbers that changed: {'; '.join(weeks)}."


def _or_none(value: int | None) -> str:
    return "no number" if value is None else str(value)


def series_text(rows: Sequence[Row]) -> str:
    """Text alternative of the chart of the series."""
    last = rows[-1]
    heard = [row for row in rows if row["russian_linked_tanker_calls"] is not None]
    unheard = len(rows) - len(heard)
    parts = [f"{counted(len(rows), 'week')} from {rows[0]['week']} to {last['week']}"]
    if heard:
        most = max(heard, key=lambda row: row["russian_linked_tanker_calls"])
        parts.append(f"most calls in {most['week']}, {most['russian_linked_tanker_calls']}")
    parts.append(f"{counted(unheard, 'week')} without a number, as too little was heard")
    parts.append(f"{last['week']}: {_or_none(last['russian_linked_tanker_calls'])}")
    return "; ".join(parts) + ". The table below has every week."
