"""The letter: a week's report as one e-mail message, text and HTML, with its files attached."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.home.text import foreign, safe_text
from flows.mail.version import changes_of, version_of
from flows.report import dictionary, tables, words
from flows.report.write import CHART as PICTURE
from flows.report.write import PAGE

MAX_ENCODED_BYTES = 10_000_000
"""The attachments' share of a message, as encoded. Postfix takes messages of 10,240,000 bytes
unless its `message_size_limit` is set otherwise (postconf(5)); the rest is for the two texts."""
MAX_CALLS = 20
"""Calls that the letter lists (a choice: a minute's reading); the CSV has every one."""
MAX_WEEKS = 5
"""Weeks of the series in the letter (a choice)."""

PICTURE_ID = "report.png@barometer"
"""Content-ID of the picture: ``<img src="cid:report.png@barometer">`` shows it."""


class Attachment(NamedTuple):
    """A file of the report: its name, and its content as bytes."""

    name: str
    content: bytes


class Letter(NamedTuple):
    """What is to be sent of a week, read once, so that its parts fit together.

    Attributes
    ----------
    week, week_state : str
        ISO week; complete, partial, unobserved or open.
    version : str
        From `version_of`: other published numbers of the week are another version; another layout
        of the files, another picture or numbers of other weeks are not.
    found : dict
        `flows.report.tables.summary` of the week.
    series : list of dict
        The weeks up to this one, oldest first.
    attachments : tuple of Attachment
        What goes with it.
    left_out : tuple of Attachment
        What is too large to go with it.
    changed_at : tuple of datetime or None
        When published numbers of the week were changed, naive UTC; None if a run of the code in use
        changed them: no mail of an earlier release has those.
    """

    week: str
    week_state: str
    version: str
    found: dict[str, Any]
    series: list[dict[str, Any]]
    attachments: tuple[Attachment, ...]
    left_out: tuple[Attachment, ...]
    changed_at: tuple[datetime | None, ...]


class Texts(NamedTuple):
    """What a message says: its subject, its plain text and its HTML."""

    subject: str
    text: str
    html: str


class _Table(NamedTuple):
    """A table of texts. Columns from `numbers` on are numbers and stand to the right."""

    title: str
    header: list[str]
    rows: list[list[str]]
    numbers: int


def read_letter(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> Letter:
    """A week's letter from the catalogue and the folder of the week's report.

    The folder must hold the week's CSV files (`flows.report.write.write_report`); the picture and
    the page are taken along where they are there.
    """
    csvs = [Attachment(name, (folder / name).read_bytes()) for name in sorted(tables.FILES)]
    others = [
        Attachment(name, (folder / name).read_bytes())
        for name in (PAGE, PICTURE, dictionary.NAME)
        if (folder / name).exists()
    ]
    kept, left_out = fitting([*others, *csvs], MAX_ENCODED_BYTES)
    found = tables.summary(con, week)
    return Letter(
        week=week,
        week_state=found["series"]["state"],
        version=version_of(
            found["series"], tables.records(con, "report_weekly_port_calls", week=week)
        ),
        found=found,
        series=tables.records(con, "report_barometer", week=week),
        attachments=tuple(kept),
        left_out=tuple(left_out),
        changed_at=changes_of(con, found["restatement"], week),
    )


def fitting(files: Sequence[Attachment], limit: int) -> tuple[list[Attachment], list[Attachment]]:
    """The files that fit together into `limit` encoded bytes, and those left out, largest first.

    >>> small, large = Attachment("a.csv", b"1" * 10), Attachment("b.html", b"1" * 1000)
    >>> kept, left_out = fitting([large, small], 100)
    >>> [file.name for file in kept], [file.name for file in left_out]
    (['a.csv'], ['b.html'])
    """
    kept, left_out = list(files), []
    while sum(_encoded_bytes(file) for file in kept) > limit:
        largest = max(kept, key=lambda file: (len(file.content), file.name))
        kept.remove(largest)
        left_out.append(largest)
    return kept, left_out


def _encoded_bytes(file: Attachment) -> int:
    """Base64 in a mail: 57 bytes to a line of 76 signs and a line end (RFC 2045, 6.8)."""
    return -(-len(file.content) // 57) * 78


def compose(letter: Letter, replaced_at: datetime | None) -> Texts:
    """What the message says.

    Parameters
    ----------
    letter : Letter
        The week.
    replaced_at : datetime or None
        When the version that this one replaces was sent, naive UTC; None for a week's first.
    """
    series = letter.found["series"]
    headline = words.headline(series)
    number = headline.removeprefix("Russian-linked tankers at Iranian ports: ").rstrip(".")
    simulated = "SIMULATED DATA, " if letter.found["notes"]["is_simulated"] else ""
    restated = ", restated" if replaced_at else ""
    start = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    banner = [words.SIMULATED] if simulated else []
    if replaced_at:
        banner.append(
            f"RESTATED: this replaces the numbers of the week that were sent on "
            f"{replaced_at:%-d %B %Y, %H:%M} UTC."
        )
    word = words.word(series, letter.found["windows"])
    changed = words.changed(letter.found["restatement"], letter.week)
    lead = [f"Week {letter.week}, {span}", headline, *([word] if word else []), changed]
    shown = [
        *(_waters(letter.found), _ports(letter.found)),
        *(_calls(letter.found), _weeks(letter.series)),
    ]
    shown = [table for table in shown if table.rows]
    notes = _notes(letter)
    return Texts(
        f"{simulated}Barometer {letter.week}{restated}: {number}",
        _as_text(banner, lead, shown, notes),
        _as_html(banner, lead, shown, notes, has_picture=_has_picture(letter)),
    )


def _has_picture(letter: Letter) -> bool:
    return any(file.name == PICTURE for file in letter.attachments)


def _ports(found: dict[str, Any]) -> _Table:
    rows = [
        [
            foreign(port["name"]),
            _number(port["linked_berth_calls"]),
            _number(port["linked_calls"]),
            _number(port["tanker_calls"]),
            _share(port["observed_share"]),
        ]
        for port in found["ports"]
        if port["linked_calls"]
    ]
    header = ["port", "at berth", "in all", "all tankers", "heard"]
    return _Table("Russian-linked tankers by port", header, rows, 1)


def _waters(found: dict[str, Any]) -> _Table:
    rows = [
        [
            water["water"],
            water["state"],
            _number(water["russian_linked_berth_calls"]),
            _number(water["russian_linked_tanker_calls"]),
            _number(water["tanker_calls"]),
            _share(water["observed_share"]),
        ]
        for water in found["waters"]
    ]
    header = ["water", "state", "at berth", "in all", "all tankers", "heard"]
    return _Table("Russian-linked tankers by water", header, rows, 2)


def _calls(found: dict[str, Any]) -> _Table:
    calls = found["calls"]
    rows = [
        [
            foreign(call["vessel_name"] or f"MMSI {call['mmsi']}"),
            str(call["imo"] or "?"),
            call["flag"] or "?",
            foreign(call["port_name"]),
            f"{call['arrived_at']:%a %d %H:%M}",
            foreign(f"{call['link_tier']}: {call['link_reasons']}")
            + (f"; {why}" if (why := words.not_counted(call)) else ""),
        ]
        for call in calls[:MAX_CALLS]
    ]
    more = f", {MAX_CALLS} of {len(calls)}; port_calls.csv has all" if calls[MAX_CALLS:] else ""
    header = ["ship", "IMO", "flag", "port", "arrived (UTC)", "linked by"]
    return _Table(f"Their calls{more}", header, rows, 6)


def _weeks(series: Sequence[dict[str, Any]]) -> _Table:
    rows = [
        [
            week["week"],
            week["state"],
            _number(week["russian_linked_berth_calls"]),
            _number(week["russian_linked_tanker_calls"]),
            _number(week["tanker_calls"]),
            _share(week["observed_share"]),
        ]
        for week in series[-MAX_WEEKS:]
    ]
    header = ["week", "state", "at berth", "in all", "all tankers", "heard"]
    return _Table("This week and those before", header, rows, 2)


def _notes(letter: Letter) -> list[str]:
    found = letter.found
    events = words.interference_note(found["interference"], found["notes"]["made_less_sure"])
    told = [events] if events else []
    told += words.notes(found["notes"], found["series"])
    told += [foreign(doubt) for doubt in words.doubtful_lists(found["registers"])]
    told += [f"Attached: {', '.join(file.name for file in letter.attachments)}."]
    told += [
        f"Left out, as too large for a mail: {file.name} ({len(file.content) / 1e6:.1f} MB); it "
        f"lies in reports/{letter.week}/ of the home."
        for file in letter.left_out
    ]
    return [foreign(note) if note is events else note for note in told]


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _share(value: float | None) -> str:
    return f"{value or 0:.0%}"


def _as_text(
    banner: Sequence[str], lead: Sequence[str], tables: Sequence[_Table], notes: Sequence[str]
) -> str:
    parts = ["\n".join(textwrap.fill(line, 76) for line in lines) for lines in (banner, lead)]
    parts += [f"{table.title}\n\n{_columns(table)}" for table in tables]
    parts.append(
        "\n".join(textwrap.fill(f"- {note}", 76, subsequent_indent="  ") for note in notes)
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _columns(table: _Table) -> str:
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if number >= table.numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (table.header, *table.rows)
    ]
    return "\n".join(lines)


def _as_html(
    banner: Sequence[str],
    lead: Sequence[str],
    tables: Sequence[_Table],
    notes: Sequence[str],
    *,
    has_picture: bool,
) -> str:
    """The same as HTML that mail programs leave whole: no script or style sheet, nothing remote."""
    title, number, *said = lead
    parts = [
        f'<p style="padding:6px;border:2px solid #b3361d"><b>{html.escape(line)}</b></p>'
        for line in banner
    ]
    parts.append(f'<h1 style="font-size:18px;margin:8px 0">{html.escape(title)}</h1>')
    parts.append(f'<p style="font-size:16px"><b>{html.escape(number)}</b></p>')
    parts += [f"<p>{html.escape(line)}</p>" for line in said]
    if has_picture:
        parts.append(
            f'<p><img src="cid:{PICTURE_ID}" alt="The week in pictures; the numbers are below." '
            'width="640" style="max-width:100%;height:auto"></p>'
        )
    parts += [_html_table(table) for table in tables]
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    parts.append(f"<ul>{items}</ul>")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n"
        f'<body style="font-family:sans-serif;font-size:14px">\n{body}\n</body></html>\n'
    )


def _html_table(table: _Table) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        told = "".join(
            f'<{tag} style="padding:2px 10px 2px 0;border-bottom:1px solid #d7dee3;'
            f'text-align:{"right" if number >= table.numbers else "left"}">'
            f"{html.escape(cell)}</{tag}>"
            for number, cell in enumerate(cells)
        )
        return f"<tr>{told}</tr>"

    rows = "\n".join([row(table.header, "th"), *(row(cells, "td") for cells in table.rows)])
    return (
        f'<h2 style="font-size:15px;margin:16px 0 4px">{html.escape(table.title)}</h2>\n'
        f'<table style="border-collapse:collapse;font-size:13px">\n{rows}\n</table>'
    )


def message_id(letter: Letter, sender: str, earlier: int) -> str:
    """The Message-ID: the same whenever this version of the week is sent from this domain.

    `earlier` is how often the numbers were these before, and others since. That is no duplicate.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]
    once_more = f".{earlier + 1}" if earlier else ""
    return f"<barometer.{letter.week}.{letter.version}{once_more}@{domain}>"


def message(
    letter: Letter,
    texts: Texts,
    sender: str,
    recipients: Sequence[str],
    sent_at: datetime,
    identity: str,
) -> EmailMessage:
    """The whole message.

    Parameters
    ----------
    letter, texts : Letter, Texts
        The week, and what is said of it. The subject is made one line without invisible signs.
    sender, recipients : str, sequence of str
        As `flows.mail.outbox.mail_settings` gives them.
    sent_at : datetime
        The time of sending, naive UTC: the header Date.
    identity : str
        The Message-ID.

    Returns
    -------
    EmailMessage
        ASCII throughout once written (texts quoted-printable, files base64), so that any server
        takes it. Parts: text, HTML (with the picture beside it, where there is one), files.
    """
    found = EmailMessage(policy=SMTP)
    found["From"] = sender
    found["To"] = ", ".join(recipients)
    # An encoded word would be decoded here, with all that hides in it.
    found["Subject"] = safe_text(texts.subject.replace("=?", "= ?"))
    found["Date"] = format_datetime(sent_at.replace(tzinfo=UTC))
    found["Message-ID"] = identity
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    found.set_content(texts.text, cte="quoted-printable")
    found.add_alternative(texts.html, subtype="html", cte="quoted-printable")
    for name, content in letter.attachments:
        if name == PICTURE:
            page = found.get_payload()[1]  # type: ignore[index]
            assert isinstance(page, EmailMessage)
            page.add_related(
                content,
                "image",
                "png",
                cid=f"<{PICTURE_ID}>",
                filename=name,
                disposition="inline",
            )
    for name, content in letter.attachments:
        if name != PICTURE:
            kind = "html" if name == PAGE else "csv"
            found.add_attachment(content, "text", kind, filename=name, params={"charset": "utf-8"})
    return found
