"""A description of files that programs read: a Data Package, `datapackage.json`.

Data Package 2.0 with Table Schema (https://datapackage.org). What it says beside them of a source,
its `licence` and `citation`, are properties of our own, which the standard allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flows import __version__
from flows.exports.fields import Field, table_schema
from flows.home.hashes import sha256, text_hash

NAME = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
AUTHORS = "The Barometer authors"
"""As in CITATION.cff."""

SIMULATOR = {"title": "SIMULATED DATA: ships and calls made up by Barometer's simulator"}

LAYOUT_OF = "files simulated, in part or whole, in the layout of"

LICENCES = {
    "CC BY 4.0": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC BY-NC 4.0": ("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
    "CC BY-NC-SA 4.0": ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "Open Government Licence v3.0": (
        "OGL-UK-3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    "Norwegian Licence for Open Government Data (NLOD) 2.0": (
        "NLOD-2.0",
        "https://data.norge.no/nlod/en/2.0",
    ),
}
"""Licences that have an identifier (SPDX) and an address, by how our definitions begin."""
PUBLIC_DOMAIN, NO_IDENTIFIER = "other-pd", "notspecified"
"""The standard's words (Open Definition) for terms without one: the title has them."""

MEDIA = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "json": "application/json",
    "png": "image/png",
    "txt": "text/plain",
}


class File(NamedTuple):
    """A file of a package: its name, its content's hash and size, what it is, and its columns."""

    name: str
    sha256: str
    size_bytes: int
    title: str
    fields: Sequence[Field] = ()
    key: Sequence[str] = ()


class About(NamedTuple):
    """What a package is about.

    Attributes
    ----------
    name, title, description : str
        The name is in lower case, for addresses.
    subject : str
        What is cited, such as "calls of week 2026-W16".
    version : str
        From `version_of`.
    as_of : datetime or None
        When its numbers were made, naive UTC; None for numbers never published.
    sources : sequence of dict
        With `source`, `publisher`, `licence` and `citation`.
    is_simulated : bool
    """

    name: str
    title: str
    description: str
    subject: str
    version: str
    as_of: datetime | None
    sources: Sequence[dict[str, Any]]
    is_simulated: bool


def file_of(
    name: str, content: bytes, title: str, fields: Sequence[Field] = (), key: Sequence[str] = ()
) -> File:
    """A file by its content."""
    return File(name, sha256(content), len(content), title, fields, key)


def version_of(files: Iterable[File]) -> str:
    """A version that changes with every value of the tables: a hash, 12 hexadecimal digits."""
    return text_hash("".join(f"{file.name} {file.sha256}\n" for file in files), 6)


def citation(about: About) -> str:
    """How to cite the numbers.

    >>> about = About("b", "B", "", "week 2026-W16", "1a", datetime(2026, 4, 20, 6), [], True)
    >>> citation(about)
    'SIMULATED DATA. The Barometer authors (2026): Barometer, week 2026-W16 [data set], \
version 1a, numbers of 2026-04-20, made with Barometer 0.1.0.'
    """
    simulated = "SIMULATED DATA. " if about.is_simulated else ""
    year = f" ({about.as_of:%Y})" if about.as_of else ""
    made = f"numbers of {about.as_of:%Y-%m-%d}" if about.as_of else "not yet published"
    return (
        f"{simulated}{AUTHORS}{year}: Barometer, {about.subject} [data set], "
        f"version {about.version}, {made}, made with Barometer {__version__}."
    )


def package_json(about: About, files: Sequence[File]) -> bytes:
    """The description, as JSON; the same input gives the same bytes."""
    described: dict[str, Any] = {
        "$schema": PROFILE,
        "name": about.name,
        "title": about.title,
        "description": about.description,
        "version": about.version,
        **({"created": f"{about.as_of:%Y-%m-%dT%H:%M:%SZ}"} if about.as_of else {}),
        "citation": citation(about),
        "simulated": about.is_simulated,
        "contributors": [{"title": AUTHORS, "roles": ["author"]}],
        "licenses": _licences(about.sources),
        "sources": [
            *([SIMULATOR] if about.is_simulated else []),
            *(_source(source) for source in about.sources),
        ],
        "resources": [_resource(file) for file in files],
    }
    for name in ("licenses", "sources"):
        if not described[name]:
            del described[name]  # the standard knows no empty list
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def _licences(sources: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """The terms of what the numbers are made of, each once."""
    texts = dict.fromkeys(source["licence"] for source in sources if source["licence"])
    licences = []
    for text in texts:
        start = max((s for s in LICENCES if text.startswith(s)), key=len, default=None)
        other = PUBLIC_DOMAIN if "public domain" in text else NO_IDENTIFIER
        name, address = LICENCES[start] if start else (other, "")
        licences.append(
            {"name": name, **({"path": address} if address else {}), "title": f"In parts: {text}"}
        )
    return licences


def _source(source: dict[str, Any]) -> dict[str, str]:
    publisher = f": {source['publisher']}" if source["publisher"] else ""
    terms = {name: source[name] for name in ("licence", "citation") if source[name]}
    return {"title": f"{source['source']}{publisher}", **terms}


def in_layout(sources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """AIS sources of simulated files: they have the form of a publisher's, and are not its own."""
    return [source | {"publisher": f"{LAYOUT_OF} {source['publisher']}"} for source in sources]


def _resource(file: File) -> dict[str, Any]:
    stem, _, suffix = file.name.lower().rpartition(".")
    resource: dict[str, Any] = {
        "name": stem if file.fields else file.name.lower(),
        "path": file.name,
        "title": file.title,
        "format": suffix,
        "mediatype": MEDIA[suffix],
        "bytes": file.size_bytes,
        "hash": f"sha256:{file.sha256}",
    }
    if file.fields:
        is_csv = suffix == "csv"
        resource |= {"type": "table", "encoding": "utf-8"} if is_csv else {}
        resource["schema"] = table_schema(file.fields, file.key, is_csv)
    return resource
