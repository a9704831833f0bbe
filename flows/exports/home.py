"""A home's tables as a Data Package: Parquet files, with places as GeoParquet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.catalogue.relations import query
from flows.exports import package
from flows.exports.features import POINT, write_geoparquet
from flows.exports.fields import Field, comments, key_of
from flows.exports.parquet import write_parquet
from flows.home.durable import make_folder, write_durably
from flows.home.hashes import sha256_of
from flows.home.resources import sql_text
from flows.home.settings import BarometerError

PLACED = ("port", "port_area", "port_call")
"""Tables with a place: the fence, and of a call that of its port."""
TABLES = (
    *PLACED,
    *("vessel", "vessel_link", "counted_call", "call_cargo", "coverage", "weekly_port_calls"),
    *("weekly_water", "barometer", "oil_volume", "series", "published_week", "restatement"),
    *("possible_dark_call", "unexplained_loading", "possible_spoofed_call", "sts_encounter"),
    "source_file",
)
"""The tables of a package: the catalogue's contract but for what is as large as the lake (position,
reject), what concerns the machine alone (run, meta), and what witnesses let nobody pass on."""

POINT_MEANING = "Place of the port, degrees WGS 84 (longitude, latitude), as WKB."
COMMENT = "select comment from duckdb_tables() where not internal and table_name = $table"


def write_package(con: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write the tables of a catalogue and their description to a folder.

    The same catalogue gives the same bytes.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue.
    folder : Path
        Created if missing; must be empty, or hold an earlier package.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    BarometerError
        If the folder holds something else.
    """
    names = [f"{name}.parquet" for name in TABLES]
    unfinished = {f".{name}.new" for name in names}
    others = {path.name for path in folder.glob("*")} - {*names, *unfinished, package.NAME}
    if others:
        raise BarometerError(
            f"{folder} holds other files, such as {min(others)}. Name a folder that is empty."
        )
    make_folder(folder)
    # A package that is not whole has no description.
    (folder / package.NAME).unlink(missing_ok=True)
    meanings = comments(con)
    files = [_written(con, folder, name, meanings[name]) for name in TABLES]
    write_durably(folder / package.NAME, package.package_json(_about(con, files), files))
    return [folder / name for name in (*names, package.NAME)]


def _written(
    con: duckdb.DuckDBPyConnection, folder: Path, name: str, meanings: dict[str, str]
) -> package.File:
    """Write a table, and describe its file."""
    rows = con.table(name)
    fields = [
        Field(column, str(kind), meanings[column])
        for column, kind in zip(rows.columns, rows.types, strict=True)
    ]
    if name == "port_call":
        places = con.table("port").select("port_id", "lon", "lat")
        placed = rows.join(places, "port_id", "left")
        rows = placed.select(*rows.columns, "lon", "lat")
        of_port = comments(con)["port"]
        fields += [Field(column, "DOUBLE", of_port[column]) for column in ("lon", "lat")]
        fields.append(Field(POINT, "BLOB", POINT_MEANING))
    path = folder / f"{name}.parquet"
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as out:
        write = write_geoparquet if name in PLACED else write_parquet
        write(rows.order("all"), out)
    beside.replace(path)
    row = con.execute(COMMENT, {"table": name}).fetchone()
    assert row is not None
    size_bytes = path.stat().st_size
    return package.File(path.name, sha256_of(path), size_bytes, row[0], fields, key_of(query(name)))


def _about(con: duckdb.DuckDBPyConnection, files: list[package.File]) -> package.About:
    (as_of, is_simulated) = con.execute(sql_text("exports/made")).fetchall()[0]
    result = con.execute(sql_text("exports/source"))
    names = [column[0] for column in result.description]
    sources = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if is_simulated:
        heard = [source for source in sources if source["link_source"] is None]
        sources = [*package.in_layout(heard), *sources[len(heard) :]]
    return package.About(
        name="barometer",
        title="Russian-linked tankers at Iranian ports",
        description="Weekly port calls of Russian-linked tankers at Iranian ports, counted from "
        "public AIS: calls, links, coverage, weekly counts and estimates of the oil moved. Parquet "
        f"files; {', '.join(PLACED)} are GeoParquet 1.1.",
        subject="tanker calls at Iranian ports, all weeks",
        version=package.version_of(files),
        as_of=as_of,
        sources=sources,
        is_simulated=is_simulated,
    )
