"""What makes a week's numbers citable: their description, version and citation in each file."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb

from flows import __version__
from flows.exports import package, workbook
from flows.exports.fields import Field, key_of
from flows.home.resources import sql_text
from flows.report import words
from flows.report.dictionary import grain
from flows.report.tables import FILES, Table, records

WORKBOOK = "barometer.xlsx"

NEVER = datetime(2000, 1, 1)  # noqa: DTZ001 a property of a document is naive UTC
"""For a document that must have a time, of numbers that were never published (a choice)."""


def citations(sources: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence for each source that is to be cited.

    Parameters
    ----------
    sources : iterable of dict
        Rows of `sql/report/ais_source.sql` and `sql/report/register.sql`.

    >>> citations([{"source": "gfw", "licence": "CC BY-NC 4.0", "citation": "Powered by GFW"}])
    ['Source gfw: Powered by GFW. Licence: CC BY-NC 4.0.']
    """
    return [
        f"Source {source['source']}: {source['citation']}. Licence: {source['licence']}."
        for source in sources
        if source["citation"]
    ]


def to_cite(
    series: words.Row, waters: Sequence[words.Row], notes: words.Row, published: Sequence[words.Row]
) -> str:
    """The week in a text that can be cited: number, limits, share heard, version, day.

    Parameters
    ----------
    series : dict
        The week's row of `barometer`.
    waters : sequence of dict
        Its rows of `weekly_water`.
    notes : dict
        Its row of `report/notes`.
    published : sequence of dict
        The row of `report/published`; empty before the first publication.
    """
    start = series["week_start"]
    span = f"{start:%-d %B} to {start + timedelta(days=6):%-d %B %Y}"
    low, high = series["low_95"], series["high_95"]
    limits = None
    if words.is_quotable(series) and low is not None:
        upper = "and more" if high is None else f"to {high:.1f}"
        limits = f"95% limits of the rate: {low:.1f} {upper} calls a week."
    numbers = [
        f"Numbers of {row['published_at']:%-d %B %Y, %H:%M} UTC, version {row['code_version']}."
        for row in published
    ]
    parts = [
        words.SIMULATED if notes["is_simulated"] else None,
        words.known_on(notes),
        f"Barometer, week {series['week']} ({span}).",
        words.headline(series, waters),
        limits,
        *(numbers or ["Not yet published."]),
    ]
    return " ".join(part for part in parts if part)


def about_week(
    con: duckdb.DuckDBPyConnection, week: str, numbers: Mapping[str, bytes]
) -> package.About:
    """A week's numbers: what they are, their version, time and sources.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    week : str
        ISO week.
    numbers : mapping of str to bytes
        The week's CSV files (`FILES`) by name; the version changes with each of their values.
    """
    (notes,) = records(con, "report/notes", week=week)
    published = records(con, "report/published", week=week)
    heard = records(con, "report/ais_source", week=week)
    if notes["is_simulated"]:
        heard = package.in_layout(heard)
    sources = [*heard, *records(con, "report/register", week=week)]
    known_on = notes["known_on"]
    lists = f", links by the lists of {known_on}" if known_on else ""
    return package.About(
        name=f"barometer-{week.lower()}",
        title=f"Russian-linked tankers at Iranian ports, week {week}{lists}",
        description="Weekly port calls of Russian-linked tankers at Iranian ports, counted from "
        "public AIS: the numbers of one week and the series up to it.",
        subject=f"tanker calls at Iranian ports, week {week}{lists}",
        version=package.version_of(
            package.file_of(name, content, "") for name, content in numbers.items()
        ),
        as_of=published[0]["published_at"] if published and not known_on else None,
        sources=sources,
        is_simulated=notes["is_simulated"],
    )


def week_package(
    about: package.About, fields: Mapping[str, list[Field]], contents: Mapping[str, bytes]
) -> bytes:
    """The description of a week's files.

    Parameters
    ----------
    about : About
        The week.
    fields : mapping
        The columns of each CSV file, from `dictionary.described`.
    contents : mapping of str to bytes
        All files of the report, by name.
    """
    files = []
    for name, content in contents.items():
        if name in FILES:
            query = FILES[name]
            title = f"A row is {grain(query)}"
            columns = fields[name]
            files.append(package.file_of(name, content, title, columns, key_of(sql_text(query))))
        else:
            files.append(package.file_of(name, content, TITLES.get(name, about.title)))
    return package.package_json(about, files)


TITLES = {
    WORKBOOK: "All tables as one workbook",
    "data_dictionary.csv": "The meaning of each column",
    "report.html": "The report as a page",
    "report.png": "The series as a picture",
    "SIMULATED.txt": "The mark of simulated data",
}


def week_workbook(about: package.About, tables: Mapping[str, Table], dictionary: Table) -> bytes:
    """A week's tables as one workbook: a sheet for each CSV, with what it is in front."""
    facts = [
        ("title", about.title),
        ("version", about.version),
        ("citation", package.citation(about)),
        ("simulated", "yes: SIMULATED DATA" if about.is_simulated else "no"),
        *(
            ("source", ". ".join(str(source[key]) for key in CITED if source.get(key)))
            for source in about.sources
        ),
    ]
    sheets = [
        _sheet("about", Table(["what", "value"], ["VARCHAR"] * 2, facts)),
        *(_sheet(name.removesuffix(".csv"), table) for name, table in tables.items()),
        _sheet("data_dictionary", dictionary),
    ]
    return workbook.workbook(
        sheets,
        {
            "title": about.title,
            "author": package.AUTHORS,
            "comments": package.citation(about),
            "created": about.as_of or NEVER,
        },
    )


CITED = ("source", "publisher", "licence", "citation")


def _sheet(name: str, table: Table) -> workbook.Sheet:
    return workbook.Sheet(name, table.names, table.types, table.rows)


def labelled(png: bytes, about: package.About) -> bytes:
    """A picture with its title and citation in its text chunks (PNG specification, 11.3.4.3).

    Those of before are replaced: a picture that shows the same is not drawn again. What is no
    picture, as somebody else may have left it, stays as it is.
    """
    if not png.startswith(SIGNATURE):
        return png
    texts = {
        "Title": about.title,
        "Author": package.AUTHORS,
        "Description": package.citation(about),
        "Software": f"Barometer {__version__}",
    }
    chunks = [(kind, data) for kind, data in _chunks(png) if kind != b"tEXt"]
    labels = [
        (b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")) for key, text in texts.items()
    ]
    return SIGNATURE + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in (*chunks[:1], *labels, *chunks[1:])
    )


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk of a picture."""
    at = len(SIGNATURE)
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12
