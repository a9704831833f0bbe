"""What the pages take from the program when they are built; a hook of mkdocs.

The reference on the SQL page comes from the catalogue's comments, a number of the method, written
``{{ name }}`` in a page, from `data/rules.csv`. Nothing is written to the repository.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"
RULE = re.compile(r"\{\{ (\w+) \}\}")
COMMENT = re.compile(r"^\s*comment on (table|view|column) ([\w.]+) is\s+'((?:[^']|'')*)';", re.M)
"""One statement of a `comments.sql`: kind, name, text."""


def comments() -> list[tuple[str, str, str]]:
    """Kind (table, view or column), name and text of each comment, in the order of the files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(SQL.rglob("comments.sql")))
    return [(m[1], m[2], m[3].replace("''", "'")) for text in texts for m in COMMENT.finditer(text)]


def reference() -> str:
    """Markdown: a heading and a table of columns for each relation."""
    lines = []
    for kind, name, text in comments():
        if kind == "column":
            lines.append(f"| `{name.split('.')[1]}` | {_cell(text)} |")
        else:
            lines += ["", f"### {name}", "", _cell(text), "", "| Column | Contents |", "|---|---|"]
    return "\n".join(lines) + "\n"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The hook: numbers in all pages, the reference at the end of the SQL page."""
    text = with_rules(markdown)
    return text + reference() if page.file.src_uri == "sql.md" else text


def with_rules(markdown: str) -> str:
    """A page with the values of the rules that it names; a KeyError for one that does not exist.

    >>> with_rules("within {{ surroundings_km }} km")
    'within 60 km'
    """
    with (ROOT / "data" / "rules.csv").open(encoding="utf-8", newline="") as lines:
        values = {row["name"]: float(row["value"]) for row in csv.DictReader(lines)}
    return RULE.sub(lambda match: f"{values[match[1]]:,g}", markdown)


def _cell(text: str) -> str:
    r"""Text escaped for Markdown.

    >>> _cell("a|b <c> *d*")
    'a\\|b &lt;c> \\*d\\*'
    """
    return re.sub(r"([|*_`\[\]])", r"\\\1", text.replace("<", "&lt;"))
