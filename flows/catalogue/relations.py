"""The relations in the order in which they are made, and their comments."""

from __future__ import annotations

import re

import duckdb

from flows.derive import calls
from flows.home.resources import sql_path

BATCHED = {
    "ship_spell": (
        """
        select mmsi, count(*) as said from said anti join steady_ship using (mmsi) group by mmsi
        union all
        select mmsi, 1 as said from steady_ship
        order by mmsi
        """,
        100_000,
    ),
    "claim_spell": ("select mmsi, count(*) from ship_spell group by mmsi order by mmsi", 1_000_000),
    "hull": (
        "select hash(hull_id) as h, count(*) from hull_spell group by h order by h",
        1_000_000,
    ),
    "vessel": ("select mmsi, count(*) from hull_spell group by mmsi order by mmsi", 1_000_000),
    "company": ("select pair, 1 from company_pair order by pair", 500),
}
"""Relations that are made for some ships at a time: the rows of each ship in their input, and how
many go into one batch.

DuckDB keeps the groups of an aggregate over texts, and windows over structs, in memory, whatever
its limit. Of 300 MB, 100,000 rows for `ship_spell` take some 100 (600,000 fail, 290,000 do not);
the others fail at three to five million.
"""

TIME_ZONE = (
    "All times are in UTC, without a zone. A client's own zone enters where they meet now(), "
    "current_date, a cast to timestamptz or a time with an offset. In another client, first: "
    "set TimeZone = 'UTC'"
)
"""For people who open the catalogue with another client: a session's zone is not in the file."""

ABOUT = re.compile(r"^\s*comment on (?:table|view|column) (\w+)", re.MULTILINE)
"""The relation that a statement of sql/comments.sql is about."""

KNOWN = (
    *("meta", "run_file", "run_register", "run", "mid", "source_file", "port", "port_area", "week"),
    *("register_version", "register_age", "register_reject", "programme", "link_decision"),
    *("register_entry", "register_ship", "outbox"),
)
"""Relations that need no fix, in an order in which each finds its inputs."""

FOLLOWING = (
    *("steady_ship", "ship_spell", "claim_spell", "imo_held", "imo_apart", "imo_rival"),
    *("hull_spell", "hull", "vessel"),
    *("link_candidate", "call_identity", "call_confidence", "company_pair", "company"),
    *("joined_call", "unheard_arrival", "trade_call"),
    *("strait_passage", "russian_destination", "vessel_link", "evidence_at_hand"),
    *("call_evidence", "port_call", "vessel_conflict"),
    *("counted_call", "port_week", "weekly_count"),
    *("call_cargo", "coast_week", "call_voyage", "weekly_split", "series_count"),
    *("tanker_gap", "tanker_silence", "silence_hearing", "coast_silence", "possible_dark_call"),
)
"""Relations that follow from the calls, in such an order too."""

PUBLISHED_RELATIONS = (
    *("published_call", "published_week", "published_port_calls", "weekly_port_calls"),
    *("restated", "restated_ship", "restated_listing", "restatement"),
)
"""Relations that tell what was published, in such an order too."""

DROP_STEPS = """
drop view said; drop view heard; drop view close; drop view strait_fix;
drop table heard_ship_slot; drop table source_hour; drop table reception_hour;
drop table unheard_arrival; drop table series_count;
drop table call_identity; drop table weekly_count; drop table coast_week;
drop table call_confidence; drop table company_pair; drop table company;
drop table imo_held; drop table imo_apart; drop table imo_rival;
drop table steady_ship; drop table ship_spell; drop table claim_spell; drop table hull_spell;
drop table restated; drop table restated_ship; drop table restated_listing;
drop table tanker_gap; drop table tanker_silence; drop table silence_hearing;
"""
"""Relations that only the way to others needs."""


def relation_sql(name: str) -> str:
    return sql_path(f"{name}.sql").read_text(encoding="utf-8")


def create_relations(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Create the tables of files of sql/; the relation of DuckDB's API spares a string of SQL.

    With parameters DuckDB would read the whole result into memory first.
    """
    for name in names:
        if name in BATCHED:
            _create_in_batches(con, name)
        else:
            con.sql(relation_sql(name)).create(name)


def _create_in_batches(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create a table of `BATCHED`; its file takes the range from the session's variable `batch`."""
    query, most = BATCHED[name]
    ships = con.execute(query).fetchall()
    for number, (first, last) in enumerate(list(calls.batches(ships, most)) or [(0, 0)]):
        con.execute("set variable batch = $range", {"range": {"first": first, "last": last}})
        some = con.sql(relation_sql(name))
        some.insert_into(name) if number else some.create(name)


def add_comments(con: duckdb.DuckDBPyConnection, *relations: str) -> None:
    """What every relation and column is, in one transaction: there are hundreds of them.

    With names of relations, of these alone.
    """
    con.begin()
    for statement in duckdb.extract_statements(relation_sql("comments")):
        (about,) = ABOUT.findall(statement.query)
        if about in relations or not relations:
            con.execute(statement)
    con.commit()
