"""The sentences of a report on what stands beside the number: what it becomes, the oil, and the
other series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flows.derive.plain_word import FALL, RISE
from flows.home.rules import rule
from flows.report.words import WIDE_ZERO, Number, Row, counted

LEAST_SHARE, WHOLE_SHARE = rule("least_share"), rule("whole_share")

METHODS = {
    "calls_by_two_draughts": "two draughts, before and after",
    "calls_by_one_draught": "one draught, and the class of ship",
    "calls_by_terminal": "no draught: terminal and size of ship",
    "calls_without": "no estimate: taken as a usual call",
}
"""How the oil of a call was estimated, best first."""

DIRECTIONS = {None: "moved", "loading": "loaded", "discharging": "discharged"}


UNTYPED = "ships of unknown type called"
"""Why neither zero nor a sum can be given where linked ships may have been tankers."""


def tonnes(value: float) -> str:
    """An estimate in tonnes to three digits: no estimate is finer.

    >>> tonnes(41_234), tonnes(1_234_567), tonnes(0)
    ('41,200 t', '1,230,000 t', '0 t')
    """
    return f"{float(f'{value:.3g}'):,.0f} t"


def interval(row: Row, of: str = "payload") -> str:
    """An estimate with its interval, or the floor that is all that is known.

    >>> interval({"payload_t": 41_000, "payload_low_90_t": 30_000, "payload_high_90_t": 55_000})
    '41,000 t (90% interval 30,000 to 55,000)'
    >>> interval({"payload_t": 0, "payload_low_90_t": 0, "payload_high_90_t": 9_000})
    '0 to 9,000 t (90% interval)'
    >>> interval({"payload_t": None, "payload_low_90_t": 30_000, "payload_high_90_t": None})
    'at least 30,000 t'
    >>> interval(dict.fromkeys(("payload_t", "payload_low_90_t", "payload_high_90_t")))
    'not known'
    """
    amount, low, high = (row[f"{of}_{end}"] for end in ("t", "low_90_t", "high_90_t"))
    if low is None:
        return "not known"
    if amount is None:
        return f"at least {tonnes(low)}"
    if high == 0:
        return "none"
    if amount == 0:
        return f"0 to {tonnes(high)} (90% interval)"
    return f"{tonnes(amount)} (90% interval {tonnes(low)[:-2]} to {tonnes(high)[:-2]})"


def in_short(row: Row, of: str = "payload") -> str:
    """The same in a table.

    >>> in_short({"payload_t": 41_000, "payload_low_90_t": 30_000, "payload_high_90_t": 55_000})
    '41,000 t (30,000 to 55,000)'
    """
    text = interval(row, of)
    return "–" if text == "not known" else _without_level(text)


def _without_level(text: str) -> str:
    return text.replace(" (90% interval)", "").replace("90% interval ", "")


def a_week(window: Row) -> str:
    """The oil of a window as in a table."""
    return in_short(window | {"payload_t": window["payload_a_week_t"]})


class Oil(NamedTuple):
    """The rows of a week's `oil_volume` that the sentences are about, all links together."""

    moved: Row
    loaded: Row
    discharged: Row
    unknown: Row


def oil_of(volume: Sequence[Row], water: str | None = None) -> Oil:
    """The rows of a water, or of all."""
    rows = {
        row["direction"]: row
        for row in volume
        if row["water"] == water and row["link_tier"] is None
    }
    return Oil(rows[None], rows["loading"], rows["discharging"], rows["unknown"])


def oil(volume: Sequence[Row], series: Row, notes: Row) -> str:
    """How much oil the week's calls moved, and how much of it is guessed, in sentences.

    Parameters
    ----------
    volume : sequence of dict
        The week's rows of `oil_volume`.
    series : dict
        Its row of `barometer`.
    notes : dict
        Its row of `report/notes`.
    """
    text = moved(volume, series)
    return f"{text} No tanker that called sent a draught." if notes["lacks_draught"] else text


def moved(volume: Sequence[Row], series: Row) -> str:
    """How much oil the week's calls moved, as `oil` without its last sentence."""
    week = oil_of(volume)
    moved = week.moved
    if moved["payload_low_90_t"] is None:
        return f"Oil moved: no estimate, as {_why_none(moved, series)}."
    if moved["payload_high_90_t"] == 0:
        so_far = " so far" if moved["state"] == "open" else ""
        return f"Oil moved: none{so_far}, as no call was made at a berth."
    so_far = "so far " if moved["state"] == "open" else ""
    if moved["payload_t"] is None:
        text = (
            f"Oil moved: {so_far}{interval(moved)} by {counted(moved['calls'], 'call')} heard; how "
            f"much in all is not known, as {_why_no_sum(series)}"
        )
    else:
        text = f"Oil moved: {so_far}an estimated {interval(moved)}"
        if moved["payload_t"]:
            text += f", some {moved['payload_bbl'] / 1e6:.2g} million barrels"
    return f"{text}; {_directions(week)}. {_guessed(moved)}"


def _directions(week: Oil) -> str:
    parts = [
        f"how much was {verb} is not known"
        if (text := interval(row)) == "not known"
        else f"{text} {verb}"
        for verb, row in (("loaded", week.loaded), ("discharged", week.discharged))
    ]
    if week.unknown["calls"]:
        calls = counted(week.unknown["calls"], "call")
        parts.append(f"{calls} of unknown direction shared between them")
    return _without_level(", ".join(parts))


def _guessed(moved: Row) -> str:
    """How many calls had no credible draught, and how many had none of departure yet."""
    calls, lacking = moved["calls"], moved["calls"] - moved["calls_with_estimate"]
    guessed, of = moved["calls_by_terminal"], f"of {counted(moved['calls'], 'call')}"
    if not calls:
        return "No call was heard at a berth: the interval is what may not have been heard."
    in_port = moved["calls_still_in_port"]
    if not guessed and not lacking and not in_port:
        return f"Every one {of} is estimated from draughts."
    parts = []
    if guessed:
        parts.append(f"{guessed} {of} sent no credible draught: guessed from terminal and size")
    if lacking:
        text = f"{lacking} {of} {'has' if lacking == 1 else 'have'} no estimate"
        usual = " of its own: taken as a usual call" if lacking == 1 else ": taken as usual calls"
        parts.append(f"{text} at all" if moved["payload_t"] is None else f"{text}{usual}")
    if in_port:
        was = "was" if in_port == 1 else "were"
        parts.append(f"{in_port} {of} {was} still in port: estimated as if done, from the arrival")
    return f"{'; '.join(parts)}."


def _why_none(moved: Row, series: Row) -> str:
    if moved["calls"]:
        calls = counted(moved["calls"], "call")
        return f"the ships of {calls} give neither a credible draught nor a size to go by"
    return _why_no_sum(
        series, "no call was heard at a berth, and none before tells what others may have moved"
    )


def _why_no_sum(
    series: Row, otherwise: str = "no estimate tells what the other calls moved"
) -> str:
    if series["untyped_linked_calls"]:
        return UNTYPED
    if (series["worst_share"] or 0) < LEAST_SHARE:
        return _unheard(series)
    return otherwise


def _unheard(series: Row) -> str:
    share = series["worst_share"] or 0
    heard = f"only {share:.0%}" if share else "nothing"
    return f"{heard} was heard of the {series['worst_water']}"


def number(volume: Sequence[Row]) -> Number:
    """The week's oil as a figure beside the count; its label is the interval."""
    moved = oil_of(volume).moved
    low, high = moved["payload_low_90_t"], moved["payload_high_90_t"]
    if low is None:
        return Number("", "–", "oil moved: not known")
    if moved["payload_t"] is None:
        return Number("at least", tonnes(low), "of oil moved, estimated")
    so_far = "so far" if moved["state"] == "open" else ""
    if moved["payload_t"] == 0 and high > 0:  # a reader in a hurry must not quote the zero
        return Number("up to", tonnes(high), f"of oil moved (90% limit){so_far and ', so far'}")
    ends = f"90% interval {tonnes(low)[:-2]} to {tonnes(high)}"
    return Number(so_far, tonnes(moved["payload_t"]), ends)


def change(windows: Sequence[Row]) -> str | None:
    """Whether the oil is more or less than usual, in a sentence; None while the week is open.

    As for the count, a change is reported only where both views show it.
    """
    words = {(row["view"], row["weeks"]): row["word"] for row in windows}
    today = {row["weeks"]: row for row in windows if row["view"] == "today"}
    if words["today", 1] is None:
        return None
    for weeks, row in today.items():
        word = words["today", weeks]
        if word in (RISE, FALL) and word == words["at_call", weeks]:
            span = "this week" if weeks == 1 else f"over {weeks} weeks"
            ends = [tonnes(row[f"payload_{end}_90_t"])[:-2] for end in ("low", "high")]
            return (
                f"The oil shows a {word} {span}: {tonnes(row['payload_a_week_t'])} a week (90% "
                f"interval {' to '.join(ends)}), against {tonnes(row['before_a_week_t'])} a week "
                f"in the {row['before_weeks']} weeks before."
            )
    if any(row["change_p"] is not None for row in windows):
        return "The oil shows no clear change against the weeks before."
    return "Not enough heard or estimated to compare the oil with the weeks before."


def whose(split: Sequence[Row]) -> str | None:
    """Whose oil it was as far as calls show, from rows of `weekly_split`; None without a call."""
    rows = [row for row in split if row["dimension"] == "oil" and row["linked_calls"]]
    if not rows:
        return None
    parts = [f"{row['value']}, {row['linked_calls']}" for row in rows]
    calls = counted(sum(row["linked_calls"] for row in rows), "Russian-linked call")
    return (
        f"A Russian ship need not carry Russian oil. Of {calls}, by the ship's last Russian oil "
        f"port and its draughts: {'; '.join(parts)}."
    )


def methods(volume: Sequence[Row]) -> list[Row]:
    """How many calls were estimated by which method, by direction; none without a call."""
    week = oil_of(volume)
    rows = []
    for name, method in METHODS.items():
        calls = [_by_method(row, name) for row in week]
        if any(calls):
            share = calls[0] / week.moved["calls"]
            rows.append({"method": method, "calls": calls, "share": share})
    return rows


def _by_method(row: Row, name: str) -> int:
    if name == "calls_without":
        return (row["calls"] or 0) - (row["calls_with_estimate"] or 0)
    return row[name] or 0


def nowcast(rows: Sequence[Row]) -> str | None:
    """What the number is expected to become by late data, in a sentence; None where unknown.

    >>> from datetime import date
    >>> row = {"settled_calls": 12, "low_80": 10, "high_80": 15, "pairs": 14}
    >>> nowcast([row | {"settles_at": date(2026, 4, 27)}])
    'ESTIMATE: with late data this week is expected to have 12 calls in all by 27 April 2026 (80% \
interval 10 to 15), as 14 earlier weeks changed; new links may change it beyond that.'
    >>> nowcast([])
    """
    for row in rows:
        return (
            "ESTIMATE: with late data this week is expected to have "
            f"{counted(row['settled_calls'], 'call')} in all by {row['settles_at']:%-d %B %Y} "
            f"(80% interval {row['low_80']} to {row['high_80']}), as {row['pairs']} earlier weeks "
            "changed; new links may change it beyond that."
        )
    return None


def others(rows: Sequence[Row], week: str) -> list[Row]:
    """The series beside the headline: of each its title, its rows and a sentence on the week."""
    titles = dict.fromkeys((row["series"], row["title"]) for row in rows)
    beside = []
    for series, title in titles:
        of_series = [row for row in rows if row["series"] == series]
        (this,) = (row for row in of_series if row["week"] == week)
        has_number = any(row["linked_calls"] is not None for row in of_series)
        beside.append(
            {"series": series, "title": title, "weeks": of_series, "text": _other(this)}
            | {"has_number": has_number}
        )
    return beside


def _other(row: Row) -> str:
    """The week's number of another series, with what was heard, in sentences."""
    heard = f"{row['observed_share'] or 0:.0%} of port hours heard"
    calls, berths = row["linked_calls"], row["linked_berth_calls"]
    if calls is None:
        why = UNTYPED if row["untyped_linked_calls"] else "too little to report zero"
        return f"{row['title']}: no number; {heard}, {why}."
    so_far = " so far" if row["state"] == "open" else ""
    at_least = "at least " if row["state"] == "partial" and calls else ""
    if not calls:
        none = "none seen" if row["state"] == "partial" else "none"
        fits = ""
        if row["high_95"] is not None and row["high_95"] >= WIDE_ZERO:
            fits = f"; up to {row['high_95']:.0f} a week would fit"
        return f"{row['title']}: {none}{so_far}; {heard}{fits}."
    at_berth = "an unknown number" if berths is None else str(berths)
    text = (
        f"{row['title']}: {at_least}{at_berth} at berth, {at_least}{calls} in all{so_far}; {heard}."
    )
    if row["word"] in (RISE, FALL):
        weeks = row["word_weeks"]
        return f"{text} A {row['word']} {'this week' if weeks == 1 else f'over {weeks} weeks'}."
    return text if row["word"] is None else f"{text} {row['word'].capitalize()}."


class Hidden(NamedTuple):
    """A table of what may hide: a row of it, one and several; its title, and columns of time."""

    one: str
    several: str
    title: str
    times: tuple[str, str]
    place: str


_SILENCE = ("silent_from", "silent_to")
HIDDEN = {
    "possible_dark_calls": Hidden(
        "possible dark call",
        "possible dark calls",
        "Possible dark calls",
        _SILENCE,
        "port in reach",
    ),
    "unexplained_loadings": Hidden(
        "tanker deeper after a silence",
        "tankers deeper after a silence",
        "Deeper after a silence",
        _SILENCE,
        "likeliest terminal",
    ),
    "possible_spoofed_calls": Hidden(
        "possible call under false positions",
        "possible calls under false positions",
        "Possible calls under false positions",
        ("spoofed_from", "spoofed_to"),
        "likeliest terminal",
    ),
    "sts_encounters": Hidden(
        "transfer of a linked tanker at sea",
        "transfers of linked tankers at sea",
        "Ship-to-ship transfers",
        ("began_at", "ended_at"),
        "area",
    ),
    "dark_detections": Hidden(
        "ship that another sensor alone saw",
        "ships that another sensor alone saw",
        "Seen by another sensor, not by AIS",
        ("detected_at", "detected_at"),
        "port",
    ),
}
"""What may hide, by the table that has it."""


def hidden(tables: Mapping[str, Sequence[Row]]) -> str | None:
    """What may hide beside the number, in one sentence; None where nothing was found.

    >>> hidden({"possible_dark_calls": [{}, {}], "dark_detections": [{}]})
    'Not in the number: 2 possible dark calls, 1 ship that another sensor alone saw.'
    >>> hidden({})
    """
    counts = [
        f"{len(tables[name])} {kind.one if len(tables[name]) == 1 else kind.several}"
        for name, kind in HIDDEN.items()
        if tables.get(name)
    ]
    return f"Not in the number: {', '.join(counts)}." if counts else None


def unseen(rows: Sequence[Row]) -> str | None:
    """How many ships AIS and another sensor both missed, or why that is not known.

    None where no pass of a sensor is known.

    >>> row = {"port_id": None, "looks": 3, "ais_ships": 20, "sensor_ships": 18, "both_ships": 15}
    >>> print(unseen([row | {"estimate": 1.0, "low_95": 0, "high_95": 4, "reason": None}]))
    In 3 passes of another sensor over the ports, AIS and the sensor both missed an estimated 1.0 \
ships of a tanker's length (95% limits 0 to 4); 23 were seen.
    >>> print(unseen([row | {"estimate": None, "reason": "fewer than 7 seen by both"}]))
    How many ships AIS and the other sensor both missed is not known: fewer than 7 seen by both.
    """
    row = next((row for row in rows if row["port_id"] is None), None)
    if row is None:
        return None
    if row["estimate"] is None:
        why = row["reason"]
        return f"How many ships AIS and the other sensor both missed is not known: {why}."
    passes = "1 pass" if row["looks"] == 1 else f"{row['looks']} passes"
    seen = row["ais_ships"] + row["sensor_ships"] - row["both_ships"]
    return (
        f"In {passes} of another sensor over the ports, AIS and the sensor both missed an "
        f"estimated {row['estimate']:.1f} ships of a tanker's length (95% limits "
        f"{row['low_95']:.0f} to {row['high_95']:.0f}); {seen} were seen."
    )


def sentences(report: Row, week: str) -> list[str]:
    """All of it, for the terminal and the mail.

    Parameters
    ----------
    report : dict
        `flows.report.tables.summary` of the week.
    week : str
        The week.
    """
    parts: list[str | None] = []
    if volume := report.get("volume"):  # a series of other ships than tankers has none
        parts.append(oil(volume, report["series"], report["notes"]))
        parts.append(change(report["volume_windows"]))
        parts.append(whose(report["split"]))
    parts += [other["text"] for other in others(report.get("other_series", []), week)]
    parts += [hidden(report), unseen(report.get("unseen_estimate", []))]
    return [part for part in parts if part]
