"""Definitions of sources: the TOML files of data/sources/ and of a home's `sources/`."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasPath,
    BeforeValidator,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from flows.home.resources import data_path
from flows.home.rules import rule
from flows.home.settings import BarometerError
from flows.sources.addresses import Publication, Table, Texts

REQUIRED = ("mmsi", "reported_at", "lon", "lat")
OPTIONAL = (
    *("sog_kn", "cog_deg", "heading_deg", "nav_status", "imo", "vessel_name", "call_sign"),
    *("ship_type", "length_m", "beam_m", "draught_m", "destination"),
)
DIVIDED = ("lon", "lat", "sog_kn", "cog_deg", "draught_m")
"""What AIS carries as whole numbers of a small unit, which some publishers pass on as they are."""
WORDED = ("nav_status", "ship_type")
SUMMED = ("length_m", "beam_m")
"""AIS gives a ship's size as distances from the antenna: to bow and stern, to either side."""

RECEIVER_ACCURACY_M = rule("receiver_accuracy_m")
"""The accuracy of a source whose definition gives none."""
MOST_ACCURACY_M, MOST_STEP_S = 1_000.0 * rule("coarsest_km"), int(3_600 * rule("heard_within_h"))
"""Coarser fixes show no port call: fences are some kilometres wide, and an hour is heard by a fix
within `heard_within_h` of it."""

MAX_DEFINITION_BYTES = 100_000
"""A definition is a page of text; a larger file is refused."""


def _one_of(names: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"unknown column; possible are {', '.join(names)}")
        return name

    return AfterValidator(check)


def _without_texts(table: Any) -> Any:
    """The numbers of [not_available]; its texts are fields of their own."""
    texts = ("text", "text_start")
    return {k: v for k, v in table.items() if k not in texts} if isinstance(table, dict) else table


def _parts(value: Any) -> Any:
    """The published columns of one of ours: one, or the two that are added up."""
    if isinstance(value, list) and len(value) != 2:
        raise ValueError("a list must name two columns, which are added up")
    return [value] if isinstance(value, str) else value


def _time_format(value: str) -> str:
    """``iso``, ``unix``, or a strptime format with date, hour and minute."""
    moment = datetime(2026, 4, 19, 23, 58, tzinfo=UTC)
    if value in ("iso", "unix"):
        return value
    try:
        if datetime.strptime(moment.strftime(value), value).replace(tzinfo=UTC) == moment:
            return value
    except ValueError:
        pass
    raise ValueError(f"{value!r} has no date, hour and minute")


def _word_table(table: str) -> str:
    """A shipped table of words; a definition cannot name any other file."""
    known = sorted(path.stem for path in data_path("sources", "words").glob("*_word.csv"))
    if table not in known:
        raise ValueError(f"no table {table!r}; there are {', '.join(known)}")
    return table


Column = Annotated[str, _one_of(REQUIRED + OPTIONAL)]
Measure = Annotated[str, _one_of(OPTIONAL)]
Divided = Annotated[str, _one_of(DIVIDED)]
Worded = Annotated[str, _one_of(WORDED)]
Numbers = Annotated[tuple[float, ...], Field(strict=False)]
Parts = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_parts)]


class Definition(Table, extra="ignore"):
    """What a publisher publishes, from its TOML file.

    Attributes
    ----------
    source_id : str
        Name of the TOML file without its suffix.
    publisher, licence, files, coverage : str
        Who publishes, under which terms, on which page, and where and what it observes.
    citation : str or None
        How the publisher wants to be cited wherever its numbers are shown; None: not known.
    published : Publication or None
        Where its files or answers can be fetched; None where that is not known.
    """

    source_id: str
    publisher: str
    licence: str
    citation: str | None = None
    files: str
    coverage: str
    published: Publication | None = Field(None, alias="fetch")


Kind = TypeVar("Kind", bound=Definition)


class Source(Definition):
    """A publisher's layout of positions. Its id is the `source` of its positions.

    Attributes
    ----------
    header : tuple of str
        The columns as published.
    position_accuracy_m : float
        How far the place of a fix may be from the ship's, metres.
    time_step_s : int
        A fix was made at its time or up to so many seconds later: 1 for times to the second, 3600
        for cells of an hour that bear its beginning.
    mapping : dict
        [columns]: our column to the published one, or to the two of which it is the sum.
    aliases : dict
        Another name that files have for a column of the header, to the name in the header.
    divisor : dict
        Our column to the number of the publisher's units in one of ours.
    time_format : str
        ``iso``, ``unix`` (whole seconds since 1970) or a strptime format. Times are UTC; an ISO
        time with an offset is converted.
    not_available : dict
        Our column to the numbers, in our unit, that stand for "not available".
    text_not_available, text_not_available_start : tuple of str
        Texts that stand for "not available" in any column, whole or as the start of a text, in
        any case.
    word_tables : dict
        [words]: our column to the table of data/sources/words/ that gives its codes.
    unread : tuple of str
        Columns of the header that look like ours, and are not read for a good reason.
    without : dict
        A column of the header that a file must have, mapped or not, to what a file without it is
        and what to do.
    """

    header: Texts
    position_accuracy_m: Annotated[float, Field(gt=0, le=MOST_ACCURACY_M)] = RECEIVER_ACCURACY_M
    time_step_s: Annotated[int, Field(ge=1, le=MOST_STEP_S)] = 1
    mapping: dict[Column, Parts] = Field(alias="columns")
    aliases: dict[str, str] = Field({})
    divisor: dict[Divided, PositiveInt] = Field({})
    time_format: Annotated[str, AfterValidator(_time_format)] = Field(
        validation_alias=AliasPath("time", "format")
    )
    not_available: Annotated[dict[Measure, Numbers], BeforeValidator(_without_texts)] = Field({})
    text_not_available: Texts = Field((), validation_alias=AliasPath("not_available", "text"))
    text_not_available_start: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), validation_alias=AliasPath("not_available", "text_start"), strict=False
    )
    word_tables: dict[Worded, Annotated[str, AfterValidator(_word_table)]] = Field(
        {}, alias="words"
    )
    unread: Texts = ()
    without: dict[str, str] = Field({})

    @model_validator(mode="after")
    def _columns_fit(self) -> Source:
        missing = [name for name in REQUIRED if name not in self.mapping]
        published = [column for parts in self.mapping.values() for column in parts]
        named = {*published, *self.aliases.values(), *self.without}
        absent = sorted(named - set(self.header))
        if missing:
            raise ValueError(f"[columns] lacks {', '.join(missing)}")
        if sums := [n for n, parts in self.mapping.items() if len(parts) > 1 and n not in SUMMED]:
            raise ValueError(f"[columns] adds up {sums[0]}; only {', '.join(SUMMED)} can be sums")
        if absent:
            raise ValueError(
                f"[columns], [aliases] or [without] names {', '.join(absent)}, not in header"
            )
        if len(set(published)) < len(published):
            raise ValueError("[columns] maps one published column twice")
        if known := sorted(set(self.aliases) & set(self.header)):
            raise ValueError(f"[aliases] has {', '.join(known)}, which is in header")
        return self

    @cached_property
    def sums(self) -> dict[str, tuple[str, ...]]:
        """Our column that is a sum, to its parts in `columns`: ``length_m[0]`` and so on."""
        return {
            name: tuple(f"{name}[{i}]" for i in range(len(parts)))
            for name, parts in self.mapping.items()
            if len(parts) > 1
        }

    @cached_property
    def columns(self) -> dict[str, str]:
        """Our column, or part of a sum, to the published one."""
        return {
            ours: published
            for name, parts in self.mapping.items()
            for ours, published in zip(self.sums.get(name, (name,)), parts, strict=True)
        }

    @cached_property
    def words(self) -> dict[str, dict[str, int | None]]:
        """Our column to {the publisher's word, lower case: AIS code or None}."""
        return {name: _words(table, name) for name, table in self.word_tables.items()}


def load_sources(home: Path | None = None) -> dict[str, Source]:
    """Sources by id: the project's own, then the home's `sources/`, which may replace them.

    Raises
    ------
    BarometerError
        If a definition cannot be read or is not valid; the message names file, key and reason.
    """
    return load_definitions(Source, "sources", home)


def load_definitions(kind: type[Kind], folder: str, home: Path | None = None) -> dict[str, Kind]:
    """As `load_sources`, of another folder of `data/` and the home, and another kind."""
    folders = [data_path(folder), *([home / folder] if home is not None else [])]
    return {
        path.stem: _read(path, kind)
        for place in folders
        if place.is_dir()
        for path in sorted(place.glob("*.toml"))
    }


def _read(path: Path, kind: type[Kind]) -> Kind:
    try:
        if path.stat().st_size > MAX_DEFINITION_BYTES:
            raise BarometerError(
                f"{path}: larger than {MAX_DEFINITION_BYTES:,} bytes, so not a source definition. "
                "Remove the file."
            )
        if re.fullmatch(r"[A-Za-z0-9_-]+", path.stem) is None:
            raise BarometerError(
                f"{path}: the file name may contain only letters, digits, '-' and '_'. Rename it."
            )
        valid: Kind = _valid(kind, path.stem, path.read_text(encoding="utf-8-sig"))
        return valid
    except ValidationError as error:
        raise BarometerError(
            f"{path}: {_reasons(error)}. Fix the file; data/sources/marinecadastre-2025.toml is an "
            "example."
        ) from error
    # A number of too many digits is a plain ValueError.
    except (OSError, ValueError, RecursionError) as error:
        raise BarometerError(f"{path}: {error}. Fix or remove the file.") from error


# A run reads the definitions several times: the same text is the same definition.
@lru_cache(maxsize=256)
def _valid(kind: type[Definition], source_id: str, text: str) -> Any:
    return kind.model_validate(tomllib.loads(text) | {"source_id": source_id})


WORDING = {
    "Input should be a valid tuple": "must be a list",
    "Input should be a valid dictionary": "must be a table",
    "Input should be a valid string": "must be a text in quotes",
    "Input should be": "must be",
    "Field required": "is missing",
    "Value error, ": "",
}
"""Terms of TOML for those of Python in pydantic's messages."""


def _reasons(error: ValidationError, most: int = 3) -> str:
    """Key and reason of the first errors, such as ``divisor.lon: must be greater than 0``."""
    errors = error.errors(include_url=False, include_input=False)
    shown = []
    for fault in errors[:most]:
        key = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        reason = fault["msg"]
        for term, ours in WORDING.items():
            reason = reason.replace(term, ours)
        shown.append(f"{key[:100]}: {reason[:200]}" if key else reason[:300])
    return "; ".join(shown) + (f"; and {len(errors) - most} more" if len(errors) > most else "")


def _words(table: str, field: str) -> dict[str, int | None]:
    """AIS codes by word, lower case, from a table of data/sources/words/ for one field."""
    with data_path("sources", "words", f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["word"].casefold(): int(row["code"]) if row["code"] else None
            for row in csv.DictReader(lines)
            if row["field"] == field
        }
