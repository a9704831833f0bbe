"""A week's report as one e-mail: text and HTML, with its files attached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.exports import package
from flows.home.text import foreign, safe_text
from flows.mail import layout
from flows.mail.layout import Table
from flows.mail.version import changes_of, version_of
from flows.report import beside, dictionary, limits, tables, witnesses, words
from flows.report.citable import WORKBOOK, citations
from flows.report.write import CHART, PAGE

MAX_ENCODED_BYTES = 10_000_000
"""Limit of all attachments together, encoded. Postfix accepts 10,240,000 bytes by default
(`message_size_limit`, postconf(5)); the rest is for the two texts."""
MAX_CALLS = 20
"""Calls listed in the text (a choice: a minute's reading); the CSV has all."""
MANY_TABLES = 4
"""Attached tables that are not named one by one (a choice)."""
MAX_WEEKS = 5
"""Weeks of the series in the text (a choice)."""

SUBJECT = "Barometer"
"""The first words of the subject, before the week."""
CHART_ID = "report.png@barometer"
"""Content-ID of the chart, which ``<img src="cid:report.png@barometer">`` shows."""


class Attachment(NamedTuple):
    """A file of the report: its name, and its content as bytes."""

    name: str
    content: bytes


class Message(NamedTuple):
    """The content of a week's mail, read at one moment, so that its parts agree.

    Attributes
    ----------
    week, week_state : str
        ISO week; complete, partial, unobserved or open.
    version : str
        From `version_of`: it changes with the week's published numbers only, not with the layout
        of the files, the chart or other weeks.
    summary : dict
        `flows.report.tables.summary` of the week.
    series : list of dict
        The weeks up to this one, oldest first.
    attachments : tuple of Attachment
        The files attached.
    left_out : tuple of Attachment
        Files too large to attach.
    changed_at : tuple of datetime or None
        Times of restatements of the week, naive UTC; None for one made by the code in use, which
        no mail of an earlier release contains.
    """

    week: str
    week_state: str
    version: str
    summary: dict[str, Any]
    series: list[dict[str, Any]]
    attachments: tuple[Attachment, ...]
    left_out: tuple[Attachment, ...]
    changed_at: tuple[datetime | None, ...]


class Texts(NamedTuple):
    """Subject, plain text and HTML of a message."""

    subject: str
    text: str
    html: str


def read_message(con: duckdb.DuckDBPyConnection, folder: Path, week: str) -> Message:
    """A week's message from the catalogue and the folder of the week's report.

    The folder must hold the week's CSV files (`flows.report.write.write_report`). Page, chart,
    workbook and what describes them are attached if they exist.
    """
    csvs = [Attachment(name, (folder / name).read_bytes()) for name in sorted(tables.FILES)]
    others = [
        Attachment(name, (folder / name).read_bytes())
        for name in (PAGE, CHART, WORKBOOK, package.NAME, dictionary.NAME)
        if (folder / name).exists()
    ]
    kept, left_out = fitting([*others, *csvs], MAX_ENCODED_BYTES)
    summary = tables.summary(con, week)
    return Message(
        week=week,
        week_state=summary["series"]["state"],
        version=version_of(
            summary["series"], tables.records(con, "report/weekly_port_calls", week=week)
        ),
        summary=summary,
        series=tables.records(con, "report/barometer", week=week),
        attachments=tuple(kept),
        left_out=tuple(left_out),
        changed_at=changes_of(con, summary["restatement"], week),
    )


def fitting(files: Sequence[Attachment], limit: int) -> tuple[list[Attachment], list[Attachment]]:
    """Split files into those that fit together into `limit` encoded bytes, and the rest.

    The largest are left out first.

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
    """Size in base64: 57 bytes become a line of 76 characters and CRLF (RFC 2045, 6.8)."""
    return -(-len(file.content) // 57) * 78


def compose(message: Message, replaced_at: datetime | None) -> Texts:
    """Subject, text and HTML of a message.

    Parameters
    ----------
    message : Message
        The week.
    replaced_at : datetime or None
        When the version that this one replaces was sent, naive UTC; None for the first version.
    """
    series = message.summary["series"]
    headline = words.headline(series, message.summary["waters"])
    first = headline.partition(". ")[0].rstrip(".")
    number = first.removeprefix("Russian-linked tankers at Iranian ports: ")
    simulated = "SIMULATED DATA, " if message.summary["notes"]["is_simulated"] else ""
    restated = ", restated" if replaced_at else ""
    start = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    banner = [words.SIMULATED] if simulated else []
    if replaced_at:
        banner.append(
            f"RESTATED: this replaces the numbers of the week that were sent on "
            f"{replaced_at:%-d %B %Y, %H:%M} UTC."
        )
    word = words.word(series, message.summary["windows"])
    changed = words.changed(message.summary["restatement"], message.week)
    beside_it = beside.sentences(message.summary, message.week)
    doubt = limits.untyped(message.summary["notes"], series)
    estimate = beside.nowcast(message.summary["nowcast"])
    said = [headline, word, estimate, doubt, *beside_it, changed]
    lead = [f"Week {message.week}, {span}", *(sentence for sentence in said if sentence)]
    content = [
        *(_waters(message.summary), _ports(message.summary)),
        *(_calls(message.summary), _news(message.summary), _weeks(message.series)),
    ]
    content = [table for table in content if table.rows]
    notes = _notes(message)
    return Texts(
        f"{simulated}{SUBJECT} {message.week}{restated}: {number}",
        layout.as_text(banner, lead, content, notes),
        layout.as_html(banner, lead, content, notes, CHART_ID if _has_chart(message) else None),
    )


def _has_chart(message: Message) -> bool:
    return any(file.name == CHART for file in message.attachments)


def _ports(summary: dict[str, Any]) -> Table:
    rows = [
        [
            foreign(port["name"]),
            _number(port["linked_berth_calls"]),
            _number(port["linked_calls"]),
            _number(port["tanker_calls"]),
            _share(port["observed_share"]),
        ]
        for port in summary["ports"]
        if port["linked_calls"]
    ]
    header = ["port", "at berth", "in all", "all tankers", "heard"]
    return Table("Russian-linked tankers by port", header, rows, 1)


def _waters(summary: dict[str, Any]) -> Table:
    rows = [
        [
            water["water"],
            water["state"],
            words.cell(water["russian_linked_berth_calls"], water["state"], "?"),
            words.cell(water["russian_linked_tanker_calls"], water["state"], "?"),
            words.cell(water["tanker_calls"], water["state"], "?"),
            _share(water["observed_share"]),
        ]
        for water in summary["waters"]
    ]
    header = ["water", "state", "at berth", "in all", "all tankers", "heard"]
    return Table("Russian-linked tankers by water", header, rows, 2)


def _calls(summary: dict[str, Any]) -> Table:
    calls = summary["calls"]
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
    return Table(f"Their calls{more}", header, rows, 6)


def _news(summary: dict[str, Any]) -> Table:
    news = summary["listing_news"]
    rows = [
        [
            foreign(row["vessel_name"] or "?"),
            str(row["imo"]),
            row["change"],
            foreign(f"{row['link_source']}: {row['programmes']}"),
            f"{row['listed_on'] or '?'}",
            foreign(row["last_port_name"] or ""),
            f"{row['last_arrived_at']:%d %b %Y}" if row["calls"] else "",
            str(row["calls"]),
        ]
        for row in news[:MAX_CALLS]
    ]
    more = f", {MAX_CALLS} of {len(news)}; listing_news.csv has all" if news[MAX_CALLS:] else ""
    header = ["ship", "IMO", "now", "list", "listed on", "last called at", "on", "calls"]
    return Table(f"New on the lists{more}", header, rows, 7)


def _weeks(series: Sequence[dict[str, Any]]) -> Table:
    rows = [
        [
            week["week"],
            week["state"],
            words.cell(week["russian_linked_berth_calls"], week["state"], "?"),
            words.cell(week["russian_linked_tanker_calls"], week["state"], "?"),
            words.cell(week["tanker_calls"], week["state"], "?"),
            _share(week["observed_share"]),
        ]
        for week in series[-MAX_WEEKS:]
    ]
    header = ["week", "state", "at berth", "in all", "all tankers", "heard"]
    return Table("This week and those before", header, rows, 2)


def _notes(message: Message) -> list[str]:
    summary = message.summary
    notes = [foreign(alarm) for alarm in witnesses.alarms(summary["agreement"])]
    seen = witnesses.lines(summary["agreement"], summary["witness_scores"])
    notes += [foreign(line) for line in seen]
    if near := words.nearby(summary["listed_nearby"]):
        notes.append(foreign(near))
    if events := limits.interference_note(
        summary["interference"], summary["notes"]["made_less_sure"]
    ):
        notes.append(foreign(events))
    notes += limits.notes(summary["notes"], summary["series"])
    cited = citations([*summary["sources"], *summary["registers"]])
    notes += [foreign(citation) for citation in cited]
    doubts = limits.doubts_of(summary["registers"], summary["not_fetched"])
    notes += [foreign(doubt) for doubt in doubts]
    notes.append(limits.news_of_lists(summary["listing_news"]))
    notes += _citation(message)
    notes.append(f"Attached: {_in_short([file.name for file in message.attachments])}.")
    notes += [
        f"Not attached, because it is too large for a mail: {file.name} "
        f"({len(file.content) / 1e6:.1f} MB); see reports/{message.week}/ in the home."
        for file in message.left_out
    ]
    return notes


def _citation(message: Message) -> list[str]:
    """How to cite the numbers, from their description."""
    described = [file.content for file in message.attachments if file.name == package.NAME]
    return [f"To cite: {json.loads(content)['citation']}" for content in described]


def _in_short(names: Sequence[str]) -> str:
    """The names of files; of many tables their number.

    >>> _in_short(["report.html", "barometer.csv"])
    'report.html, barometer.csv'
    >>> _in_short(["report.html", "a.csv", "b.csv", "c.csv", "d.csv"])
    'report.html, and 4 tables as CSV'
    """
    csvs = [name for name in names if name.endswith(".csv")]
    if len(csvs) < MANY_TABLES:
        return ", ".join(names)
    others = [name for name in names if name not in csvs]
    return ", ".join([*others, f"and {len(csvs)} tables as CSV"])


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _share(value: float | None) -> str:
    return f"{value or 0:.0%}"


def message_id(message: Message, sender: str, earlier: int) -> str:
    """The Message-ID: the same whenever this version of the week is sent from this domain.

    `earlier` counts the times the numbers were the same before, with others in between: such a
    message is not a duplicate.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]
    repetition = f".{earlier + 1}" if earlier else ""
    return f"<barometer.{message.week}.{message.version}{repetition}@{domain}>"


def to_email(
    message: Message,
    texts: Texts,
    sender: str,
    recipients: Sequence[str],
    sent_at: datetime,
    identity: str,
) -> EmailMessage:
    """The message as it is sent.

    Parameters
    ----------
    message, texts : Message, Texts
        The week and its texts. The subject becomes one line without invisible characters.
    sender, recipients : str, sequence of str
        As returned by `flows.mail.settings.mail_settings`.
    sent_at : datetime
        The time of sending, naive UTC, for the header Date.
    identity : str
        The Message-ID.

    Returns
    -------
    EmailMessage
        ASCII throughout (texts quoted-printable, files base64), so that any server accepts it.
        Parts: text, HTML (with the chart, if there is one), files.
    """
    email = EmailMessage(policy=SMTP)
    email["From"] = sender
    email["To"] = ", ".join(recipients)
    # `=?` would start an encoded word, which is decoded here and could hide anything.
    email["Subject"] = safe_text(texts.subject.replace("=?", "= ?"))
    email["Date"] = format_datetime(sent_at.replace(tzinfo=UTC))
    email["Message-ID"] = identity
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    email.set_content(texts.text, cte="quoted-printable")
    email.add_alternative(texts.html, subtype="html", cte="quoted-printable")
    for name, content in message.attachments:
        if name == CHART:
            page = email.get_payload()[1]  # type: ignore[index]
            assert isinstance(page, EmailMessage)
            page.add_related(
                content,
                "image",
                "png",
                cid=f"<{CHART_ID}>",
                filename=name,
                disposition="inline",
            )
    for name, content in message.attachments:
        if name != CHART:
            kind, subtype = package.MEDIA[name.rpartition(".")[2]].split("/")
            charset = {"charset": "utf-8"} if kind == "text" else {}
            email.add_attachment(content, kind, subtype, filename=name, params=charset)
    return email
