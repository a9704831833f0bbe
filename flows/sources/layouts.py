"""Which source a file belongs to, by its header."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flows.home.settings import BarometerError
from flows.sources.definitions import Source


class Layout(NamedTuple):
    """A file's own way of writing a source: the order of its columns and its delimiter.

    The columns have the names of the source's header where the file has an alias for them.
    """

    source: Source
    header: tuple[str, ...]
    delimiter: str


class UnknownHeader(BarometerError):
    """A header that matches no source; `is_ais` says whether it looks like one that changed, and
    `is_table` whether the file is a table at all."""

    def __init__(self, message: str, *, is_ais: bool, is_table: bool = True) -> None:
        super().__init__(message)
        self.is_ais, self.is_table = is_ais, is_table


def match_source(header_line: str, sources: Iterable[Source]) -> Layout:
    """The layout that matches a header line.

    A source fits where every column that it maps or needs is in the header, in any order; of
    several the one that was published with just these columns, else the one that maps the most,
    then of whose published header the file has the most; of equals the last, so that a home's own
    goes before a shipped one. The delimiter is the one of comma, semicolon and tab that gives most
    columns.

    Raises
    ------
    UnknownHeader
        If none fits; the message names the nearest source and what differs.
    """
    delimiter = max(",;\t", key=header_line.count)
    line = header_line.lstrip("\ufeff").strip("\r\n")
    if "\0" in line:
        raise UnknownHeader(
            "the header is not UTF-8 text; it may be UTF-16. Save the file as UTF-8.",
            is_ais=looks_like_ais([line.replace("\0", "")]),
            is_table=False,
        )
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise UnknownHeader(
            f"the first line is not a header ({error}). Is it a CSV file with line feeds?",
            is_ais=looks_like_ais([line]),
            is_table=False,
        ) from error
    return match_names(names, sources, delimiter)


def match_names(
    names: Sequence[str],
    sources: Iterable[Source],
    delimiter: str = ",",
    *,
    may_repeat: bool = False,
) -> Layout:
    """As `match_source`, for the names of the columns in whatever form they came.

    With `may_repeat`, a column may be there under its name and under an alias: of an object that
    has both, the first counts.
    """
    layouts = [
        Layout(source, tuple(source.aliases.get(name, name) for name in names), delimiter)
        for source in sources
    ]
    ranked = sorted(layouts, key=lambda layout: (-_likeness(layout), layout.source.source_id))
    fitting = [layout for layout in reversed(layouts) if not _missing(layout)]
    if fitting:
        same = (layout for layout in fitting if set(layout.header) == set(layout.source.header))
        best = next(same, max(fitting, key=_nearness))
        twice = sorted({c for c in best.source.columns.values() if best.header.count(c) > 1})
        if twice and not may_repeat:
            raise UnknownHeader(
                f"the header has {', '.join(map(repr, twice))} more than once. Rename or remove "
                "all but one.",
                is_ais=True,
            )
        return best
    if not ranked:
        raise UnknownHeader("no source definitions were found", is_ais=True)
    for layout in ranked:
        if layout.source.columns["reported_at"] not in layout.header:
            continue  # only tables with the time column are a product of the publisher
        for column, why in layout.source.without.items():
            if column not in layout.header:
                raise UnknownHeader(f"the header lacks {column!r}: {why}", is_ais=True)
    nearest = ranked[0]
    extra = [c for c in nearest.header if c not in nearest.source.header]
    is_without_mmsi = looks_like_ais(names) and not any("mmsi" in n.casefold() for n in names)
    lacking = (
        "There is no MMSI column, which identifies the transmitter: export it too. "
        if is_without_mmsi
        else ""
    )
    raise UnknownHeader(
        f"the header matches no source. {lacking}Closest is {nearest.source.source_id}: "
        f"missing {_listed(_missing(nearest))}; unexpected {_listed(extra)}. "
        "If this is AIS, describe it in a TOML file in the home's sources/ "
        "(data/sources/ has examples).",
        is_ais=looks_like_ais(names),
    )


def layout_of_file(header_line: str, rest: bytes, sources: Iterable[Source]) -> Layout:
    """As `match_source`, with a message of its own for a file that is not a table.

    Parameters
    ----------
    header_line : str
        The first line.
    rest : bytes
        What follows it, or the beginning of that.
    sources : iterable of Source
        The known layouts.

    Raises
    ------
    UnknownHeader
        If none fits.
    """
    try:
        return match_source(header_line, sources)
    except UnknownHeader as error:
        if error.is_ais or not error.is_table or is_table(header_line, rest):
            raise
        raise UnknownHeader(
            "its first line matches no source and is not the header of a table: "
            f"{header_line[:200]!r}. If "
            "it is an error message, fetch the file again; if it does not belong here, "
            "remove it.",
            is_ais=False,
            is_table=False,
        ) from error


def is_table(header_line: str, rest: bytes) -> bool:
    """Whether a line of several fields is followed by another of as many. A sentence, a web page or
    JSON, which servers send in place of rows, is not."""
    line = next((x for x in rest.splitlines() if x.strip()), b"").decode("utf-8", "replace")
    delimiter = max(",;\t|", key=header_line.count)
    if header_line.lstrip("\ufeff \t")[:1] in tuple("<{["):
        return False
    try:
        first, second = csv.reader([header_line, line], delimiter=delimiter)
    except (csv.Error, ValueError):
        return False
    return len(first) == len(second) > 1


def looks_like_ais(header: Sequence[str]) -> bool:
    """Whether the columns name a transmitter and a place, in whatever layout; or a ship, a time, a
    place and how she moves."""
    folded = [name.casefold() for name in header]

    def has(*parts: str) -> bool:
        return any(part in name for name in folded for part in parts)

    is_ship = has("imo", "vessel", "ship") and has("time", "date") and has("speed", "sog", "course")
    return has("lat") and has("lon") and (has("mmsi") or is_ship)


def _likeness(layout: Layout) -> float:
    """Share of the source's mapped columns that the header holds, upper and lower case alike."""
    folded = {name.casefold() for name in layout.header}
    columns = layout.source.columns
    return sum(c.casefold() in folded for c in columns.values()) / len(columns)


def _missing(layout: Layout) -> list[str]:
    """The columns that the source needs and the header lacks."""
    needed = (*layout.source.columns.values(), *layout.source.without)
    return [c for c in needed if c not in layout.header]


def _nearness(layout: Layout) -> tuple[int, float, int]:
    """Number of the mapped columns; share and number of the published ones that the header holds.

    The first decides where one layout is a part of another, as a publisher's positions are of the
    positions with particulars: no column of the longer one is ignored.
    """
    shared = len(set(layout.source.header) & set(layout.header))
    return len(layout.source.columns), shared / len(layout.source.header), shared


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:most]) or "nothing"
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
