"""The lists of all publishers in one shape: a row of its ship with changes, as a file of the list.

So a table of lists by questions asks the same of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from flows.registers.lists.entry import Entry
from flows.registers.publishers import eu, gur, ofac, opensanctions, team, uk
from tests.build import lists
from tests.build import ofac as sdn
from tests.build.lists import Rows

Row = Mapping[str, Any] | str | bytes
Ask = Callable[..., Rows]


class Form(NamedTuple):
    """A form of a list. row: the ship's row with changes; other: changes that make another ship;
    delimiter: of a CSV."""

    publisher: ModuleType
    row: Callable[[Mapping[str, Any]], str | bytes]
    top: str = ""
    end: str = ""
    other: Mapping[str, Any] = {}
    delimiter: str = ""

    def content(self, *rows: Row) -> bytes:
        """A file of rows: each the changes of the ship's, or a line as it is."""
        texts = (self.row(row) if isinstance(row, Mapping) else row for row in rows)
        return b"".join(
            text.encode() if isinstance(text, str) else text
            for text in (self.top, *texts, self.end)
        )


def table(
    publisher: ModuleType,
    ship: Mapping[str, str],
    columns: list[str] | tuple[str, ...] = (),
    delimiter: str = ",",
    top: str = "",
    other: Mapping[str, str] = {},
) -> Form:
    """A CSV, in which a changed cell may be of a column that the ship leaves empty."""
    names = list(columns or ship)

    def row(changes: Mapping[str, str]) -> str:
        return lists.csv_text([{**ship, **changes}], names, delimiter).partition("\n")[2]

    return Form(publisher, row, lists.csv_text([], names, delimiter, top), "", other, delimiter)


def replaced(text: str) -> Callable[[Mapping[str, str]], str]:
    """The text with parts replaced, for lists that are no table."""

    def row(changes: Mapping[str, str]) -> str:
        changed = text
        for old, new in changes.items():
            assert old in changed
            changed = changed.replace(old, new)
        return changed

    return row


FSF_ROW = lists.FSF_ROWS[3] | {"NameAlias_WholeName": "New Konk"}
KOROLEV = lists.KOROLEV | {"UK Statement of Reasons": ""}
UK_TOP = "Report Date: 21-Sep-2026\n"
_XML_TOP, _, _XML_END = lists.fsf_xml("|").partition("|")
FORMS = {
    "annexes": table(eu, lists.APAR, lists.ANNEX_COLUMNS, other={"recordId": "8"}),
    "fsf.csv": table(eu, FSF_ROW, lists.FSF_COLUMNS, ";", other={"Entity_LogicalId": "1"}),
    "fsf.xml": Form(eu, replaced(lists.FSF_SHIP), _XML_TOP, _XML_END),
    "uk": table(uk, KOROLEV, lists.UK_COLUMNS, top=UK_TOP, other={"Unique ID": "RUS1"}),
    "gur": table(gur, lists.GUR_SHIP),
    "team": table(team, lists.TEAM_SHIP),
    "maritime.csv": table(opensanctions, lists.MARITIME_SHIP),
    "ftm.json": Form(
        opensanctions, lambda changes: lists.json_lines(lists.vessel(**changes)), other={"id": "Y"}
    ),
    "sdn.csv": Form(ofac, lambda cells: sdn.row(**cells), other={"number": 9003}),
}


def form_of(case: str) -> str:
    """The form in the name of a case, such as ``uk`` of ``uk: no date``."""
    form = case.partition(":")[0]
    assert form in FORMS, case
    return form


def values(entries: list[Entry], fields: str) -> list[Any]:
    """Of each entry the value of a field, or those of several as a tuple."""
    names = fields.split()
    found = [tuple(getattr(e, name) for name in names) for e in entries]
    return [value for (value,) in found] if len(names) == 1 else found
