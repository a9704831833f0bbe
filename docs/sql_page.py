"""The reference of the SQL page, from the catalogue's own comments; a hook of mkdocs.

Nothing is written to the repository: mkdocs gets the text when it reads `docs/sql.md`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

SQL = Path(__file__).resolve().parents[1] / "sql"
COMMENT = re.compile(r"^\s*comment on (table|view|column) ([\w.]+) is\s+'((?:[^']|'')*)';", re.M)
"""One statement of a comments.sql."""


def comments() -> list[tuple[str, str, str]]:
    """The kind, the name and the text of each comment, file by file, in the order written."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(SQL.rglob("comments.sql")))
    return [(m[1], m[2], m[3].replace("''", "'")) for text in texts for m in COMMENT.finditer(text)]


def reference() -> str:
    """A heading and a table of columns for each relation, in Markdown."""
    lines = []
    for kind, name, text in comments():
        if kind == "column":
            lines.append(f"| `{name.split('.')[1]}` | {_cell(text)} |")
        else:
            lines += ["", f"### {name}", "", _cell(text), "", "| Column | |", "|---|---|"]
    return "\n".join(lines) + "\n"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The hook: the reference goes to the end of the SQL page."""
    return markdown + reference() if page.file.src_uri == "sql.md" else markdown


def _cell(text: str) -> str:
    r"""A text that Markdown shows as it is.

    >>> _cell("a|b <c> *d*")
    'a\\|b &lt;c> \\*d\\*'
    """
    return re.sub(r"([|*_`\[\]])", r"\\\1", text.replace("<", "&lt;"))
