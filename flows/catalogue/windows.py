"""Relations that read fixes of the lake window by window: a window that was read is not read again.

Their files read the windows from `unread`: those that the last run did not read, or of which a day
changed since. The rows of the others are taken over from the schema `before`; see
`flows.catalogue.reuse`.
"""

from __future__ import annotations

from typing import NamedTuple

import duckdb


class Windows(NamedTuple):
    """The relation of the windows in which others read the lake, and its key.

    Its columns `mmsis` (null for every ship), `from_at` and `to_at` tell which fixes are read. With
    these, what is read depends on nothing but the row.
    """

    relation: str
    key: tuple[str, ...]


FOLLOWED = Windows("followed_window", ("track_id", "first_day"))

READERS = {
    "flagged_report": Windows("flagged_day", ("mmsi", "day")),
    "call_cargo": Windows("cargo_window", ("port_call_id",)),
    "draught_around_call": Windows("draught_window", ("port_call_id",)),
    "company": Windows("company_pair", ("port_call_id", "other_port_call_id")),
    "near_pair": Windows("slow_week", ("week_at",)),
    "encounter_spell": Windows("encounter_window", ("week_at", "mmsi_a", "mmsi_b")),
    "encounter_draught": Windows("encounter_draught_window", ("encounter_id", "side")),
    "heard_spell": FOLLOWED,
    "sent_draught": FOLLOWED,
    "silence_before": Windows("silence_window", ("hull_id", "silent_from")),
    "spoofed_stretch": Windows("spoofing_window", ("track_id", "first_day")),
    "shown_hearing": Windows("shown_window", ("hull_id", "from_at")),
    "silence_hearing": Windows("hearing_window", ("hull_id", "silent_from")),
    "look_track": Windows("look_window", ("look_id",)),
}
"""Relations that read fixes of the lake, each with its windows; and `call_cargo`, which reads none,
but whose rows take long to make, each by itself."""

KEPT = tuple(sorted({*READERS, *(windows.relation for windows in READERS.values())}))
"""What the next run takes over."""

UNREAD = """
create or replace table step.unread as
with same as (
    from {windows} intersect from before.{windows}
),

ship_window as (
    select {key}, unnest(mmsis) as of_mmsi, from_at::date as from_day, to_at::date as to_day
    from same
),

changed as (
    select {key}
    from ship_window
    semi join changed_day
        on of_mmsi = changed_day.mmsi and changed_day.day between from_day and to_day
    union
    select {key}
    from same
    semi join (select distinct day as changed_on from changed_day)
        on mmsis is null and changed_on between from_at::date and to_at::date
),

kept as (
    select {key} from same anti join changed using ({key})
)

select row_number() over (order by {key}) as number, *
from {windows}
anti join kept using ({key})
"""
"""The windows to be read, with a number for batches."""

ALL_UNREAD = """
create or replace table step.unread as
select row_number() over (order by {key}) as number, *
from {windows}
"""
PERIOD = """
set variable unread = (
    select {'from_at': min(from_at), 'to_at': max(to_at)} from step.unread
)
"""
"""As constants, by which DuckDB passes over files of other days."""

BATCH_PERIOD = """
set variable unread = (
    select {'from_at': min(from_at), 'to_at': max(to_at)}
    from step.unread
    where number between getvariable('batch').first and getvariable('batch').last
)
"""
"""The same for a batch of the windows, else each batch would read the files of all of them."""

TAKE_OVER = """
insert into {place}
from before.{reader}
semi join (from {windows} anti join step.unread using ({key})) using ({key})
"""
HAS_BEFORE = """
select count(*) = 2
from duckdb_tables()
where schema_name = 'before' and table_name in ($reader, $windows)
"""


def open_unread(con: duckdb.DuckDBPyConnection, reader: str) -> bool:
    """Create `unread` for a relation of `READERS`; whether rows are there to be taken over."""
    windows = READERS[reader]
    of = {"reader": reader, "windows": windows.relation}
    # Without a window there is nothing to take over, and the plan for it takes longest of all.
    is_any = con.execute(f"from {windows.relation} limit 1").fetchone() is not None
    has_before = is_any and con.execute(HAS_BEFORE, of).fetchone() == (True,)
    query = UNREAD if has_before else ALL_UNREAD
    con.execute(query.format(windows=windows.relation, key=", ".join(windows.key)))
    con.execute(PERIOD)
    return has_before


def take_over(con: duckdb.DuckDBPyConnection, reader: str, place: str) -> None:
    """Add the rows of the windows that were not read again."""
    windows = READERS[reader]
    of = {"place": place, "reader": reader, "windows": windows.relation}
    con.execute(TAKE_OVER.format(**of, key=", ".join(windows.key)))
