"""Tables and messages as HTML. All text is escaped here: marimo shows HTML as it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flows.home.text import safe_text
from flows.report.page import DARK, LIGHT
from flows.report.tables import Table

NULL = "–"
"""Shown for null: not known, which is not zero."""


def table(result: Table, label: str, most: int | None = None) -> str:
    """The rows of a result as a table that scrolls inside the page.

    Parameters
    ----------
    result : Table
        Names, types and rows.
    label : str
        What the table is, for readers who do not see it.
    most : int or None
        Most rows shown; a line says that there are more.
    """
    if not result.rows:
        return message(f"{label}: no rows.")
    rows = result.rows if most is None else result.rows[:most]
    is_number = [isinstance(_first(column), int | float) for column in zip(*rows, strict=True)]
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_side(right), safe_text(name))
        for name, right in zip(result.names, is_number, strict=True)
    )
    body = Markup("\n").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup("<td{}>{}</td>").format(_side(right), _text(value))
                for value, right in zip(row, is_number, strict=True)
            )
        )
        for row in rows
    )
    more = len(result.rows) > len(rows)
    return str(
        Markup(
            '<div class="b-scroll" role="region" aria-label="{}" tabindex="0"><table>'
            "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}"
        ).format(label, head, body, _note(f"The first {len(rows):,} rows.") if more else "")
    )


def chosen(result: Table, *names: str) -> Table:
    """A table with only these columns."""
    at = [result.names.index(name) for name in names]
    rows = [tuple(row[i] for i in at) for row in result.rows]
    return Table(list(names), [result.types[i] for i in at], rows)


def of_records(records: Sequence[Mapping[str, Any]]) -> Table:
    """Records of the same keys as a table."""
    names = list(records[0]) if records else []
    return Table(
        names, [""] * len(names), [tuple(record[name] for name in names) for record in records]
    )


def heading(text: str, note: str = "") -> str:
    """A heading, with a note below."""
    return str(Markup("<h2>{}</h2>{}").format(safe_text(text), _note(note) if note else ""))


def message(text: str, *, is_error: bool = False) -> str:
    """A text on its own; an error keeps its lines."""
    if not is_error:
        return str(Markup('<p class="b-note">{}</p>').format(text))
    lines = "\n".join(safe_text(line) if line.strip(" ^") else line for line in text.splitlines())
    return str(Markup('<pre class="b-error" role="alert">{}</pre>').format(lines))


def banner(text: str) -> str:
    """A text that must not be overlooked."""
    return str(Markup('<p class="b-banner">{}</p>').format(text))


def style() -> str:
    """The style of all of it, with the colours of the report in light and dark."""
    light, dark = (
        "".join(f"--{name}: {colour};" for name, colour in palette.items())
        for palette in (LIGHT, DARK)
    )
    rules = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f"<style>:root {{{light}}} .dark, .dark-theme {{{dark}}}{rules}</style>"


def figure(wide: str, narrow: str) -> str:
    """A picture in two widths (SVG of `flows.report.figures`), one of which is shown."""
    return (
        f'<div class="b-figure"><div class="b-wide">{wide}</div>'
        f'<div class="b-narrow">{narrow}</div></div>'
    )


def _note(text: str) -> Markup:
    return Markup('<p class="b-note">{}</p>').format(text)


def _side(is_right: bool) -> Markup:
    return Markup(' class="b-right"') if is_right else Markup("")


def _first(values: Sequence[Any]) -> Any:
    """The first value that is not null; a truth value is no number."""
    value = next((value for value in values if value is not None), None)
    return None if isinstance(value, bool) else value


def _text(value: Any) -> str:
    """A value for a reader.

    >>> [_text(value) for value in (None, True, 1.5, 12000, "<b>")]
    ['–', 'yes', '1.5', '12000', '<b>']
    """
    match value:
        case None:
            return NULL
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case float():
            return f"{value:.6g}"
        case bytes():
            return f"{len(value)} bytes"
    return safe_text(str(value))
