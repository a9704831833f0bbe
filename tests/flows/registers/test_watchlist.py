"""`watchlist.csv`: a line that is no entry is named with its reason, and costs no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyarrow.dataset import dataset

from flows.registers.bundled import Version
from flows.registers.lists.entry import Entry, as_table
from flows.registers.watchlist import FILE, list_names, read_watchlist

HEADER = "kind,value,note"
RUSSIA = "RUSSIA-EO14024"


def version(*entries: Entry, removed_number: int | None = None) -> Version:
    register = entries[0].register
    data = dataset(as_table(list(entries)))
    day = date(2026, 5, 1)
    return Version(register, register, day, None, "x", data, removed_number=removed_number)


LISTS = (
    version(Entry("ofac-sdn", "OFAC SDN", "SDN 1", RUSSIA)),
    version(Entry("team:fleet", "UK sanctions list", "1", link_tier="weak")),
)


def read(home: Path, *lines: str) -> tuple[list[tuple[object, ...]], list[str]]:
    (home / FILE).write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    entries, faults = read_watchlist(home, LISTS)
    return [tuple(entry.values()) for entry in entries], faults


def test_entries_are_as_the_catalogue_has_them(tmp_path: Path) -> None:
    lines = ("IMO,IMO 9187629,", "mmsi,352003487,late", "port,irkhk,", "list,ofac sdn,", "", ",,")
    entries, faults = read(tmp_path, *lines, "First-time caller,,all")
    assert entries == [
        (2, "imo", "9187629", None),
        (3, "mmsi", "352003487", "late"),
        (4, "port", "IRKHK", None),
        (5, "list", "OFAC SDN", None),
        (8, "first-time caller", None, "all"),
    ]
    assert [fault.partition(": ")[0] for fault in faults] == [f"{tmp_path / FILE} line 7"]


def test_a_list_is_named_as_its_evidence_is() -> None:
    ours = (Entry("team:ours", name, "1", link_tier="strong") for name in ("Gazette 7", "papers"))
    journal = Entry("opensanctions:x", "OpenSanctions x", "1", "EU-RUS")
    versions = [
        *(LISTS[0], version(*ours), version(journal, journal._replace(programme="dataset:x"))),
        version(Entry("team:old", "removed", "1", link_tier="weak"), removed_number=3),
        version(Entry("eu-consolidated", "EU consolidated list", "1", "PRK")),
    ]
    names = {"OFAC SDN", "Gazette 7", "papers", "EU 833/2014 (OpenSanctions)"}
    assert list_names(versions) == names


BAD = {
    "another kind": ("name,VOLNA,", "kind is 'name', expected imo, mmsi, port, list or first-time"),
    "a wrong check digit": ("imo,9187628,", "'9187628', expected seven digits with a right check"),
    "a base station": ("mmsi,003669987,", "expected nine digits, the first 2 to 7"),
    "no port": ("port,IRXXX,", "value is 'IRXXX', expected the port_id of an Iranian port"),
    "a Russian port": ("port,RUNVS,", "value is 'RUNVS', expected the port_id of an Iranian port"),
    "no list": ("list,EU,", "value is 'EU', expected a list at hand: OFAC SDN or UK sanctions"),
    "no value": ("imo,,", "value is empty, expected seven digits"),
    "a value too many": ("first-time caller,9187629,", "expected none with first-time caller"),
    "a NUL": ("imo,918\0,", "contains a NUL character"),
}


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named_and_costs_no_other(tmp_path: Path, line: str, reason: str) -> None:
    entries, (fault,) = read(tmp_path, "port,IRKHK,", line, "port,IRBUZ,")
    assert [entry[2] for entry in entries] == ["IRKHK", "IRBUZ"]
    assert fault.startswith(f"{tmp_path / FILE} line 3: ") and reason in fault
    assert fault.endswith(". Fix the line.")


def test_without_the_file_nothing_is_watched_and_another_file_is_one_fault(tmp_path: Path) -> None:
    assert read_watchlist(tmp_path, LISTS) == ([], [])
    (tmp_path / FILE).write_text("imo\n9187629\n")
    assert read_watchlist(tmp_path, LISTS) == (
        [],
        [f"{tmp_path / FILE}: no column kind, value. The first line must be {HEADER}."],
    )
