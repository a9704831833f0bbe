"""The meaning of each column of each CSV: the catalogue's comments, and `COMPUTED`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import duckdb

from flows.catalogue.relations import inputs
from flows.exports.fields import Field, comments
from flows.home.resources import sql_text
from flows.home.rules import rule
from flows.report.tables import FILES, Table

NAME = "data_dictionary.csv"

TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "true or false",
    "DATE": "date, YYYY-MM-DD",
    "TIMESTAMP": "time, UTC, YYYY-MM-DD HH:MM:SS",
    "DOUBLE": "number",
    "FLOAT": "number",
}
"""SQL type -> type in the CSV; all others are whole numbers."""

COMPUTED = {
    "port_name": "Name of the port.",
    "moved_t": "ESTIMATE of the oil moved by the headline's calls, tonnes (oil_volume). "
    "Null: not known, or only the lower end is.",
    "moved_low_90_t": "Lower end of its 90 % interval, tonnes. Null: not known.",
    "moved_high_90_t": "Upper end of its 90 % interval, tonnes. Null: not known.",
    "loaded_t": "ESTIMATE of the oil loaded by the headline's calls, tonnes (oil_volume). "
    "Null: not known, or only the lower end is.",
    "loaded_low_90_t": "Lower end of its 90 % interval, tonnes. Null: not known.",
    "loaded_high_90_t": "Upper end of its 90 % interval, tonnes. Null: not known.",
    "discharged_t": "ESTIMATE of the oil discharged by the headline's calls, tonnes (oil_volume). "
    "Null: not known, or only the lower end is.",
    "discharged_low_90_t": "Lower end of its 90 % interval, tonnes. Null: not known.",
    "discharged_high_90_t": "Upper end of its 90 % interval, tonnes. Null: not known.",
    "other_series.csv linked_calls": "Calls of Russian-linked ships of the series, strong or "
    "moderate. A lower bound where the state is partial. Null: no call counted, and too few hours "
    "heard to report zero.",
    "other_series.csv linked_berth_calls": "Of these, the calls at a berth. Null as for them.",
    "other_series.csv all_calls": "Calls of all ships of the series, linked or not. Null: no call "
    "counted, and too few hours heard to report zero.",
    "port_calls.csv evidence": "Each piece of evidence: list or source, reference, listed and "
    "delisted on, matched by which number.",
    "port_calls.csv is_in_headline": "Whether the headline may count the call: a tanker's, not "
    "contested, each hull once, no wait beside a berth call of the same voyage.",
    "port_calls.csv last_russian_nm": "Shortest way by sea from that port to this one, nautical "
    "miles (sea_distance). Null: no such port, or no way by sea.",
    "port_calls.csv next_russian_nm": "Shortest way by sea from this port to that one, nautical "
    "miles (sea_distance). Null: no such port, or no way by sea.",
    "listed_nearby.csv near_ports": f"Ports within {rule('surroundings_km'):g} km of which the "
    "ship was heard, separated by a semicolon; that near which it was heard longest comes first.",
    "interference.csv week": "A week of the event.",
    "interference.csv tanker_calls_less_sure": "Tanker calls of the week during the event: their "
    "confidence is lower for it.",
    "interference.csv tanker_calls_contested": "Of these, the calls with confidence 1, which are "
    "in no count.",
    "coverage.csv week": "ISO week of the day.",
    "listing_news.csv calls": "Calls of the hull at Iranian ports before the end of the week, "
    "contested ones left out.",
    "listing_news.csv last_port_name": "Port of the last of these. Null: there was none.",
    "listing_news.csv last_arrived_at": "Arrival at the last of these, UTC. Null: there was none.",
    "sts_encounters.csv area_name": "Name of the area known for transfers (sts_area). Null: "
    "outside all of them.",
    "sts_encounters.csv direction": "a to b or b to a, by the changes of draught. Null: they do "
    "not tell.",
    "sts_encounters.csv loaded_at": "The Iranian ports at which a cargo on its way over this "
    "transfer to Russia's trade may have been loaded (sts_chain). Null: none.",
    "unseen_estimate.csv port_name": "Name of the port, or all ports.",
    "restatement.csv number": "What changed: port_calls, as in weekly_port_calls.csv; "
    "russian_linked_tanker_calls, russian_linked_berth_calls or tanker_calls, as in barometer.csv; "
    "or the state of ports alone.",
    "restatement.csv ports": "Number of ports in the row; more than one where only their state "
    "changed. Null: the whole coast.",
}
"""Meanings that no relation has: of a column in all files, or in the one named before it."""


def described(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]
) -> dict[str, list[Field]]:
    """The columns of each file, with their types and meanings.

    Parameters
    ----------
    con : DuckDBPyConnection
        On the catalogue that the tables come from.
    tables : mapping of str to Table
        The files of `FILES`, by name.

    Returns
    -------
    dict
        In the order of the files and of their columns. A column's meaning is the comment of the
        column of that name in the relation named as the file, or else in the first input of its
        query that has one.

    Raises
    ------
    KeyError
        If a column has no meaning.
    """
    by_relation = comments(con)
    fields: dict[str, list[Field]] = {}
    for file, table in tables.items():
        relations = [file.removesuffix(".csv"), *inputs(sql_text(FILES[file]))]
        known = [by_relation.get(relation, {}) for relation in relations]
        for column, kind in zip(table.names, table.types, strict=True):
            meaning = (
                COMPUTED.get(f"{file} {column}")
                or next((relation[column] for relation in known if column in relation), None)
                or COMPUTED.get(column)
            )
            if meaning is None:
                raise KeyError(f"{file} {column}: no comment in {relations}, and not in COMPUTED")
            fields.setdefault(file, []).append(Field(column, kind, meaning))
    return fields


def data_dictionary(fields: Mapping[str, Iterable[Field]], cited: Iterable[str]) -> Table:
    """A row for each column of each file: file, column, type, meaning; and the sources' terms.

    Parameters
    ----------
    fields : mapping
        From `described`.
    cited : iterable of str
        Sentences of `citations`, which hold for all files.
    """
    rows = [
        (file, field.name, TYPES.get(field.kind, "whole number"), field.meaning)
        for file, columns in fields.items()
        for field in columns
    ]
    rows += [("all files", "", "terms", sentence) for sentence in cited]
    names = ["file", "column", "type", "meaning"]
    return Table(names, ["VARCHAR"] * len(names), rows)


def grain(query: str) -> str:
    """What a row of a query is, from its header.

    >>> grain("report/port_calls")
    'one call of a tanker that arrived in the week'
    """
    header = re.search(r"^-- Grain: ([^.]*)\.", sql_text(query), re.MULTILINE)
    assert header is not None, query
    return header[1].replace("$week", "the week")
