"""What the pages take from the program when they are built; a hook of mkdocs.

The reference on the SQL page comes from the catalogue's comments, a number of the method, written
``{{ name }}`` in a page, from `data/rules.csv`. Nothing is written to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flows.home.rules import with_rules

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"
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
    """The hook: the reference at the end of the SQL page, numbers in all of them."""
    is_reference = page.file.src_uri == "sql.md"
    return with_rules(markdown + reference() if is_reference else markdown)


def _cell(text: str) -> str:
    r"""Text escaped for Markdown.

    >>> _cell("a|b <c> *d*")
    'a\\|b &lt;c> \\*d\\*'
    """
    return re.sub(r"([|*_`\[\]])", r"\\\1", text.replace("<", "&lt;"))
