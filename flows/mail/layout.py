"""How a mail looks: as plain text, and as the HTML that mail programs show.

Outlook for Windows lays HTML out as Word does: it knows tables, attributes and inline styles, and
no width of a `div`, flex, grid or SVG (Microsoft, "Word HTML and CSS rendering capabilities in
Outlook"). Some programs drop a style sheet in the head (general knowledge, unverified). So there is
none, and no colour of text or ground either: a mail program that is set dark takes its own two.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

WIDTH_CHARS = 76
"""A line of plain text (RFC 3676, 4.2: at most 78)."""
SHORT_CHARS = 8
"""The most characters of a cell that is not broken: a week such as 2026-W16."""
LONG_WORD_CHARS = 10
"""A longer word in a cell may break: the call table then fits a phone 390 px wide (tried)."""
WIDTH_PX = 680
"""The most of a line that is read with ease, some 100 characters (a choice)."""
LINE = "#8a949c"
"""Of a table: seen on a light ground and on a dark one."""
ALARM = "#d0533b"
"""Frame of a banner: the same."""


class Table(NamedTuple):
    """A table of strings. Columns from index `numbers` on are numbers, aligned right."""

    title: str
    header: list[str]
    rows: list[list[str]]
    numbers: int


def as_text(
    banner: Sequence[str], lead: Sequence[str], tables: Sequence[Table], notes: Sequence[str]
) -> str:
    """Plain text in lines of `WIDTH_CHARS`; only a table may be wider."""
    title, *sentences = lead
    parts = ["\n".join(textwrap.fill(line, WIDTH_CHARS) for line in banner)]
    parts.append(f"{title}\n{'=' * len(title)}")
    parts += [textwrap.fill(line, WIDTH_CHARS) for line in sentences]
    parts += [f"{table.title}\n{'-' * len(table.title)}\n{_columns(table)}" for table in tables]
    parts.append(
        "\n".join(
            ["Notes", "-----"]
            + [textwrap.fill(f"- {note}", WIDTH_CHARS, subsequent_indent="  ") for note in notes]
        )
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _columns(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if number >= table.numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (table.header, *table.rows)
    ]
    return "\n".join(lines)


def as_html(
    banner: Sequence[str],
    lead: Sequence[str],
    tables: Sequence[Table],
    notes: Sequence[str],
    chart_id: str | None,
) -> str:
    """The same as HTML: no script, style sheet or remote content.

    `chart_id` is the Content-ID of the chart; None if there is none.
    """
    title, number, *sentences = lead
    parts = [
        f'<p style="padding:6px 10px;border:2px solid {ALARM};margin:0 0 10px">'
        f"<b>{html.escape(line)}</b></p>"
        for line in banner
    ]
    parts.append(f'<h1 style="font-size:18px;margin:8px 0">{html.escape(title)}</h1>')
    parts.append(
        '<p style="font-size:18px;line-height:24px;margin:0 0 10px">'
        f"<b>{html.escape(number)}</b></p>"
    )
    parts += [f'<p style="margin:0 0 10px">{html.escape(line)}</p>' for line in sentences]
    if chart_id:
        parts.append(
            f'<p style="margin:16px 0"><img src="cid:{chart_id}" width="640" border="0" '
            'alt="The week in pictures; the numbers are below." '
            'style="width:100%;max-width:640px;height:auto"></p>'
        )
    parts += [_html_table(table) for table in tables]
    items = "".join(f'<li style="margin:0 0 6px">{html.escape(note)}</li>' for note in notes)
    parts.append(_heading("Notes") + f'<ul style="margin:0;padding:0 0 0 18px">{items}</ul>')
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{html.escape(title)}</title></head>\n"
        '<body style="margin:0;padding:10px;font-family:Arial,Helvetica,sans-serif;'
        'font-size:14px;line-height:20px">\n'
        f'<!--[if mso]><table width="{WIDTH_PX}"><tr><td><![endif]-->\n'
        f'<div style="max-width:{WIDTH_PX}px">\n{body}\n</div>\n'
        "<!--[if mso]></td></tr></table><![endif]-->\n</body></html>\n"
    )


def _heading(text: str) -> str:
    return f'<h2 style="font-size:15px;margin:20px 0 6px">{html.escape(text)}</h2>\n'


def _breaking(cell: str) -> str:
    """A week or a number stays on one line; a long word breaks where a phone has no room for it."""
    if len(cell) <= SHORT_CHARS:
        return "white-space:nowrap"
    is_long = max(map(len, cell.split()), default=0) > LONG_WORD_CHARS
    return f"word-break:{'break-word' if is_long else 'normal'}"


def _html_table(table: Table) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        content = "".join(
            f'<{tag} align="{"right" if number >= table.numbers else "left"}" valign="top" '
            f'style="padding:3px {0 if number == len(cells) - 1 else 8}px 3px 0;'
            f'border-bottom:1px solid {LINE};{_breaking(cell)}">{html.escape(cell)}</{tag}>'
            for number, cell in enumerate(cells)
        )
        return f"<tr>{content}</tr>"

    rows = "\n".join([row(table.header, "th"), *(row(cells, "td") for cells in table.rows)])
    return (
        _heading(table.title)
        + '<table cellspacing="0" cellpadding="0" border="0" style="border-collapse:collapse;'
        f'font-size:13px;line-height:18px">\n{rows}\n</table>'
    )
