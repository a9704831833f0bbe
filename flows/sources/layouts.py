"""Step 1, sources: what each publisher's columns mean, and which publisher a header belongs to."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.resources import data_path
from flows.home.settings import BarometerError
from flows.sources.addresses import Publication, read_publication

REQUIRED = ("mmsi", "reported_at", "lon", "lat")
OPTIONAL = (
    "sog_kn",
    "cog_deg",
    "heading_deg",
    "nav_status",
    "imo",
    "vessel_name",
    "call_sign",
    "ship_type",
    "length_m",
    "beam_m",
    "draught_m",
    "destination",
)
WORDED = ("nav_status", "ship_type")
SUMMED = ("length_m", "beam_m")
"""AIS gives a ship's size as distances from the antenna: to bow and stern, to either side."""
DIVIDED = ("lon", "lat", "sog_kn", "cog_deg", "draught_m")
"""What AIS carries as whole numbers of a small unit, which some publishers pass on as they are."""
MAX_DEFINITION_BYTES = 100_000
"""A source's definition is a page of text; more than this is not one."""


class Source(NamedTuple):
    """A publisher's layout, as its TOML file says.

    Attributes
    ----------
    source_id : str
        Name of the TOML file without its ending; the `source` of its positions.
    header : tuple of str
        The columns as published.
    columns : dict
        Our column to the publisher's: at least those of `REQUIRED`. A column that is a sum stands
        here by its parts, ``length_m[0]`` and so on.
    aliases : dict
        Another name that files have for a column of the header, to the name in the header.
    sums : dict
        Our column to the parts in `columns` that add up to it.
    divisor : dict
        Our column to the number of the publisher's units in one of ours.
    time_format : str
        ``iso``, ``unix`` (whole seconds since 1970) or a strptime format. Times are UTC; an ISO
        time with an offset is converted.
    not_available : dict
        Our column to the numbers, in our unit, that stand for "not available".
    text_not_available : frozenset of str
        Texts that stand for "not available" in any column.
    text_not_available_start : tuple of str
        A text that begins with one of these stands for "not available" in any column.
    words : dict
        Our column to {the publisher's word, lower case: AIS code or None}.
    published : Publication or None
        Where its files can be fetched; None where that is not known.
    """

    source_id: str
    publisher: str
    licence: str
    files: str
    coverage: str
    header: tuple[str, ...]
    columns: dict[str, str]
    aliases: dict[str, str]
    sums: dict[str, tuple[str, ...]]
    divisor: dict[str, float]
    time_format: str
    not_available: dict[str, tuple[float, ...]]
    text_not_available: frozenset[str]
    text_not_available_start: tuple[str, ...]
    words: dict[str, dict[str, int | None]]
    published: Publication | None


class Layout(NamedTuple):
    """A file's own way of writing a source: the order of its columns and its delimiter.

    The columns have the names of the source's header where the file has an alias for them.
    """

    source: Source
    header: tuple[str, ...]
    delimiter: str


class UnknownHeader(BarometerError):
    """A header that fits no source; `is_ais` says whether it looks like one that changed, and
    `is_table` whether the file is a table at all."""

    def __init__(self, message: str, *, is_ais: bool, is_table: bool = True) -> None:
        super().__init__(message)
        self.is_ais, self.is_table = is_ais, is_table


def load_sources(home: Path | None = None) -> dict[str, Source]:
    """Sources by id: the project's own, then the home's `sources/`, which may replace them.

    Raises
    ------
    BarometerError
        If a definition cannot be read or does not hold; the message names the file and the key.
    """
    folders = [data_path("sources")]
    if home is not None:
        folders.append(home / "sources")
    return {
        path.stem: _read_source(path)
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.glob("*.toml"))
    }


def tell_source(header_line: str, sources: Iterable[Source]) -> Layout:
    """The layout whose columns the header line holds.

    A source fits where every column that it maps is in the header, in any order; of several the
    one that maps the most columns, then of whose published header the file has the most. The
    delimiter is the one of comma, semicolon and tab that gives most columns.

    Raises
    ------
    UnknownHeader
        If none fits; the message names the nearest source and what differs.
    """
    delimiter = max(",;\t", key=header_line.count)
    line = header_line.lstrip("\ufeff").strip("\r\n")
    if "\0" in line:
        raise UnknownHeader(
            "the header is not text in UTF-8, perhaps it is UTF-16. Save the file as UTF-8.",
            is_ais=_looks_like_ais([line.replace("\0", "")]),
            is_table=False,
        )
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise UnknownHeader(
            f"the first line is no header ({error}). Is it a CSV whose lines end with a line feed?",
            is_ais=_looks_like_ais([line]),
            is_table=False,
        ) from error
    layouts = [
        Layout(source, tuple(source.aliases.get(name, name) for name in names), delimiter)
        for source in sources
    ]
    ranked = sorted(layouts, key=lambda found: (-_likeness(found), found.source.source_id))
    fitting = [found for found in ranked if not _missing(found)]
    if fitting:
        best = max(fitting, key=_nearness)
        twice = sorted({c for c in best.source.columns.values() if best.header.count(c) > 1})
        if twice:
            raise UnknownHeader(
                f"the header has {', '.join(map(repr, twice))} more than once", is_ais=True
            )
        return best
    if not ranked:
        raise UnknownHeader("there is no source definition at all", is_ais=True)
    nearest = ranked[0]
    extra = [c for c in nearest.header if c not in nearest.source.header]
    is_without_mmsi = _looks_like_ais(names) and not any("mmsi" in n.casefold() for n in names)
    lacking = (
        "There is no column for the MMSI, by which fixes are told to be one ship's: export it. "
        if is_without_mmsi
        else ""
    )
    raise UnknownHeader(
        f"the header fits no source. {lacking}Nearest is {nearest.source.source_id}: "
        f"missing {_listed(_missing(nearest))}; not in it {_listed(extra)}. "
        "If this is AIS, describe it in a TOML in the home's sources/ "
        "(data/sources/ has examples).",
        is_ais=_looks_like_ais(names),
    )


def told_or_refused(header_line: str, rest: bytes, sources: Iterable[Source]) -> Layout:
    """As `tell_source`; of a file that is no table the message says so.

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
        return tell_source(header_line, sources)
    except UnknownHeader as error:
        if error.is_ais or not error.is_table or _is_table(header_line, rest):
            raise
        raise UnknownHeader(
            f"its first line fits no source and is no header of a table: {header_line[:200]!r}. If "
            "it is a message in place of rows, fetch the file again; if it does not belong here, "
            "take it away.",
            is_ais=False,
            is_table=False,
        ) from error


def _is_table(header_line: str, rest: bytes) -> bool:
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


def _looks_like_ais(header: Sequence[str]) -> bool:
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
    """The mapped columns that the header lacks."""
    return [c for c in layout.source.columns.values() if c not in layout.header]


def _nearness(layout: Layout) -> tuple[int, float, int]:
    """Number of the mapped columns; share and number of the published ones that the header holds.

    The first decides where one layout is a part of another, as a publisher's positions are of the
    positions with particulars: what the longer one tells is not passed over.
    """
    shared = len(set(layout.source.header) & set(layout.header))
    return len(layout.source.columns), shared / len(layout.source.header), shared


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:most]) or "nothing"
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _read_source(path: Path) -> Source:
    try:
        if path.stat().st_size > MAX_DEFINITION_BYTES:
            raise BarometerError(f"{path}: over {MAX_DEFINITION_BYTES} bytes is no definition.")
        return _source(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BarometerError(f"{path}: {error}. Mend the file or take it away.") from error
    except (KeyError, TypeError, ValueError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else error
        raise BarometerError(
            f"{path}: {why}. data/sources/marinecadastre-2025.toml shows the form."
        ) from error


def _source(source_id: str, raw: Mapping[str, Any]) -> Source:
    if not all(c.isascii() and (c.isalnum() or c in "-_") for c in source_id):
        raise ValueError("the file's name may hold only letters, digits, '-' and '_'")
    header = _list("header", raw["header"], str)
    columns, sums = _columns(dict(raw["columns"]), header)
    not_available = dict(raw.get("not_available", {}))
    text = _list("text", not_available.pop("text", []), str)
    start = _list("text_start", not_available.pop("text_start", []), str)
    if "" in start:
        raise ValueError("text_start has an empty text, with which every text begins")
    if unknown := sorted(set(not_available) - set(OPTIONAL)):
        raise ValueError(f"[not_available] has unknown {', '.join(unknown)}")
    words = dict(raw.get("words", {}))
    if unknown := sorted(set(words) - set(WORDED)):
        raise ValueError(f"[words] has {', '.join(unknown)}; only {', '.join(WORDED)} are words")
    return Source(
        source_id=source_id,
        publisher=str(raw["publisher"]),
        licence=str(raw["licence"]),
        files=str(raw["files"]),
        coverage=str(raw["coverage"]),
        header=header,
        columns=columns,
        aliases=_aliases(dict(raw.get("aliases", {})), header),
        sums=sums,
        divisor=_divisor(dict(raw.get("divisor", {}))),
        time_format=_time_format(raw["time"]["format"]),
        not_available={
            k: tuple(map(float, _list(k, v, (int, float)))) for k, v in not_available.items()
        },
        text_not_available=frozenset(x.casefold() for x in text),
        text_not_available_start=tuple(x.casefold() for x in start),
        words={k: _read_words(str(v), k) for k, v in words.items()},
        published=read_publication(raw["fetch"]) if "fetch" in raw else None,
    )


def _columns(
    mapped: Mapping[str, Any], header: Sequence[str]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Our columns, and parts of sums, to the published ones; our sums to their parts."""
    if missing := [c for c in REQUIRED if c not in mapped]:
        raise ValueError(f"[columns] lacks {', '.join(missing)}")
    if unknown := sorted(set(mapped) - {*REQUIRED, *OPTIONAL}):
        raise ValueError(f"[columns] has unknown {', '.join(unknown)}")
    columns: dict[str, str] = {}
    sums: dict[str, tuple[str, ...]] = {}
    for name, published in mapped.items():
        if not isinstance(published, list):
            columns[name] = str(published)
            continue
        parts = _list(name, published, str)
        if name not in SUMMED or len(parts) != 2:
            raise ValueError(
                f"[columns] has a list for {name}; only {', '.join(SUMMED)} are sums, each of two"
            )
        sums[name] = tuple(f"{name}[{i}]" for i in range(len(parts)))
        columns |= zip(sums[name], parts, strict=True)
    if absent := sorted(set(columns.values()) - set(header)):
        raise ValueError(f"[columns] names {', '.join(absent)}, not in header")
    if len(set(columns.values())) < len(columns):
        raise ValueError("[columns] maps one published column twice")
    return columns, sums


def _aliases(raw: Mapping[str, Any], header: Sequence[str]) -> dict[str, str]:
    aliases = {name: str(published) for name, published in raw.items()}
    if absent := sorted(set(aliases.values()) - set(header)):
        raise ValueError(f"[aliases] names {', '.join(absent)}, not in header")
    if known := sorted(set(aliases) & set(header)):
        raise ValueError(f"[aliases] has {', '.join(known)}, which the header has itself")
    return aliases


def _divisor(raw: Mapping[str, Any]) -> dict[str, float]:
    if unknown := sorted(set(raw) - set(DIVIDED)):
        raise ValueError(
            f"[divisor] has {', '.join(unknown)}; only {', '.join(DIVIDED)} are divided"
        )
    # bool is an int to Python, and true is no number to whoever wrote it.
    if wrong := sorted(k for k, v in raw.items() if type(v) is not int or v < 1):
        raise ValueError(f"[divisor] has no whole number from 1 up for {', '.join(wrong)}")
    return {name: float(value) for name, value in raw.items()}


def _list(key: str, value: Any, kind: type | tuple[type, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(isinstance(x, kind) for x in value):
        raise ValueError(f"{key} is not a list of {'texts' if kind is str else 'numbers'}")
    return tuple(value)


def _time_format(value: Any) -> str:
    """``iso``, ``unix``, or a strptime format that tells date, hour and minute."""
    moment = datetime(2026, 4, 19, 23, 58, tzinfo=UTC)
    try:
        if value in ("iso", "unix"):
            return str(value)
        told = datetime.strptime(moment.strftime(value), value)  # noqa: DTZ007 UTC
        if told.replace(tzinfo=UTC) == moment:
            return str(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"format {value!r} under [time] does not tell date, hour and minute")


def _read_words(table: str, field: str) -> dict[str, int | None]:
    """The words of a table in `data/sources/words` for one field; no other table can be named."""
    known = {p.stem: p for p in data_path("sources", "words").glob("*_word.csv")}
    if table not in known:
        raise ValueError(f"[words] names {table!r}; known are {', '.join(sorted(known))}")
    with known[table].open(encoding="utf-8", newline="") as lines:
        return {
            row["word"].casefold(): int(row["code"]) if row["code"] else None
            for row in csv.DictReader(lines)
            if row["field"] == field
        }
