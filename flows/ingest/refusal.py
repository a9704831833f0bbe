"""Files that are refused as a whole because too few of their rows can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from flows.ingest.rows.reasons import (
    BAD_CHECKSUM,
    BAD_FIELDS,
    BAD_MESSAGE,
    BAD_MMSI,
    BAD_OBJECT,
    BAD_POSITION,
    BAD_RECORD,
    BAD_SENTENCE,
    BAD_TIME,
    FAR_TIME,
    FUTURE_TIME,
    LONG_LINE,
    NO_CLOCK,
    NO_MMSI,
    NO_NUMBERS,
    NO_POSITION,
    NO_REST,
    OLD_TIME,
    OTHER_MESSAGE,
)
from flows.sources.definitions import Source

OF_NO_INTEREST = (BAD_MMSI, NO_POSITION, OTHER_MESSAGE)
"""Rows that were read well and are no ship's position: base stations, aids to navigation, ships
without a fix, messages of other kinds. Every other reject could not be interpreted. They do not
excuse a file of which nothing is kept."""

LEAST_SHARE = 10
"""A layout is a property of a file: it fits all rows but those that were damaged on the way. Honest
files have under a tenth of such rows (of the world sample 7 % are rejected, all as no ship's; a
recording cut by a full disk loses a line), and a file read by a wrong layout has hardly another.
No real file was seen in between, so a file is refused if under a tenth could be read."""

HALF = 2
"""Where dates are written day first, a file that writes the month first is read on the 12 days of a
month on which both make a date, and wrongly. So there half of the times must be readable."""

REMARKED_SHARE = 100
"""An accepted file is remarked upon if one row in so many could not be read (a choice): not for a
line that a full disk cut, but for times in another form in a part of the file."""

EXPLAINED = (FAR_TIME, FUTURE_TIME, NO_MMSI)
"""No fault of the file: a wrong clock has a remark of its own, the future depends on the as-of
time, and publishers leave the MMSI empty where they do not know the ship."""

REMEDIES = {
    BAD_MMSI: "No row is from a ship: is it a list of base stations or aids to navigation?",
    NO_POSITION: "No row has a position: is it a list of ships without positions?",
    BAD_FIELDS: "Its rows and its header differ in the number of fields: fetch it again.",
    BAD_RECORD: "A quote is not closed: fetch it again.",
    BAD_OBJECT: "Each line must be a whole JSON object: write one object a line.",
    BAD_SENTENCE: "Each line must be a whole sentence behind a time: !AIVDM,1,1,,A,...,0*24.",
    BAD_CHECKSUM: "The lines were changed on the way: fetch it again.",
    NO_CLOCK: "AIS messages carry no date: record them with a tag block "
    r"(\c:1609841515*hh\) or with the time before each sentence.",
    NO_REST: "Lines are missing, or in another order: fetch it again.",
    BAD_MESSAGE: "The payloads are cut: fetch it again.",
    OTHER_MESSAGE: "No message is a position of a ship.",
    LONG_LINE: "Is it a CSV file whose lines end with a line feed?",
    NO_MMSI: "The column for the MMSI must hold nine digits; a spreadsheet may have rounded "
    "them: export the file again.",
    BAD_TIME: "Its times do not have the format of {source} ({form}): export it in that format, or "
    "describe it in a TOML file in the home's sources/ (data/sources/ has examples).",
    OLD_TIME: "Its clock was never set, or its times are in another unit.",
    FUTURE_TIME: "It can be read once that time is past; is the as-of time ({as_of} UTC) right?",
    FAR_TIME: "Its times differ by years.",
    NO_NUMBERS: "Latitude and longitude must be in decimal degrees: export them so.",
    BAD_POSITION: "Latitude and longitude must be in decimal degrees: export them so.",
}


class Tally(NamedTuple):
    """What was read of a file: rows that are good (positions and static reports, repeated or not),
    rejects by reason, and the first of each reason with its line."""

    good: int
    rejects: Counter[str]
    first: dict[str, tuple[int, str]]


def remarks(tally: Tally) -> Iterator[str]:
    """About an accepted file of which many rows could not be read."""
    unread = _unread(tally)
    for why in EXPLAINED:
        del unread[why]
    rows = tally.good + tally.rejects.total()
    if unread and REMARKED_SHARE * unread.total() >= rows:
        why, _ = unread.most_common(1)[0]
        line, raw = tally.first[why]
        yield (
            f"{unread.total() / rows:.0%} of the rows could not be read and are lost, most of them "
            f"for: {why}, as line {line:,}, {raw[:100]!r}. Correct the file and give it again; all "
            "are in the relation reject"
        )


def _unread(tally: Tally) -> Counter[str]:
    """The rejects that could not be interpreted, by reason."""
    of_no_interest = OF_NO_INTEREST if tally.good else ()
    return tally.rejects - Counter({why: tally.rejects[why] for why in of_no_interest})


def refusal(tally: Tally, source: Source, as_of: datetime) -> str | None:
    """Why a file is refused, and the remedy; None if it is accepted."""
    unread = _unread(tally)
    bad = unread.total()
    rows = tally.good + tally.rejects.total()
    is_hardly_read = LEAST_SHARE * tally.good < tally.good + bad and LEAST_SHARE * bad >= rows
    is_other_order = (
        "%d" in source.time_format
        and source.time_format.index("%d") < source.time_format.find("%m")
        and HALF * unread[BAD_TIME] > tally.good + bad
    )
    if not is_hardly_read and not is_other_order:
        return None
    reasons = "; ".join(f"{count:,} {why}" for why, count in unread.most_common())
    why, _ = unread.most_common(1)[0]
    line, raw = tally.first[why]
    remedy = REMEDIES[why].format(
        source=source.source_id, form=source.time_format, as_of=f"{as_of:%F %R}"
    )
    return (
        f"{bad:,} of {rows:,} rows cannot be read ({reasons}), and {tally.good:,} are good. Line "
        f"{line:,} is {raw[:200]!r}. {remedy} The file was not ingested and will be tried again."
    )
