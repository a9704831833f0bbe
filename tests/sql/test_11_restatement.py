"""Why a published number changed: the relation `restatement` of histories made in a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from flows.registers.lists.entry import ENTRY_SCHEMA
from tests.build.derivation import Row, derive, rows, session
from tests.build.ships import START

FIRST = datetime(2026, 6, 16, 6)
"""When the weeks of the first files are published: W23 and W24, W25 is open."""

NEW = {
    "published_before": "publication",
    "published_week_before": "publication_week",
    "published_call_before": "publication_call",
}
ENTRIES = pa.schema([pa.field("version", pa.int32()), *ENTRY_SCHEMA])

LISTED_IMO, MMSI = 9900013, 273990001


def a_run(run_id: int, **changes: Any) -> Row:
    """A run that is like every other but for the changes; run N is of the N-th Tuesday."""
    return {
        **{"run_id": run_id, "as_of": FIRST + timedelta(days=7 * (run_id - 1))},
        **{"code_version": "0.1.0", "inputs_hash": "i", "fences_hash": "f", "registers_hash": "r"},
        **{"code_hash": "c", "bundled_hash": "b", "decisions_hash": "d", "register_imports": 0},
    } | changes


def a_file(run_id: int, name: str, first_day: float, last_day: float) -> Row:
    """A file that a run took in, with fixes from one day to the other; W23 begins on day 0."""
    return {
        **{"run_id": run_id, "file_id": f"{name} {first_day}", "name": name, "is_gone": False},
        "first_reported_at": START + timedelta(days=first_day),
        "last_reported_at": START + timedelta(days=last_day),
    }


def a_call(run_id: int, tier: str | None, name: str = "VOLNA", **changes: Any) -> Row:
    """What a run published of a ship's call at Kharg in W23; tier None: it counts no more."""
    return {
        **{"run_id": run_id, "week": "2026-W23", "port_call_id": name, "port_id": "IRKHK"},
        **{"is_counted": tier is not None, "link_tier": tier or "strong", "is_headline": True},
        **{"vessel_name": name, "imo": LISTED_IMO, "mmsi": MMSI},
    } | changes


def a_version(import_number: int | None, on: str, *imos: int, **entry: Any) -> Row:
    """A version of OFAC's list; without a number it came with the program."""
    entries = [{"imo": imo, "programme": "RUSSIA-EO14024", "mmsis": []} | entry for imo in imos]
    return {
        **{"register": "ofac-sdn", "link_source": "OFAC SDN", "entries": entries},
        **{"published_on": date.fromisoformat(on), "import_number": import_number},
    }


TWO = ((1, 1, "complete"), (2, 2, "complete"))
"""Run, count and state of each published version."""


def restatements(
    *runs: Row,
    published: Sequence[tuple[int, int | None, str]] = TWO,
    files: Sequence[Row] = (),
    calls: Sequence[Row] | None = None,
    headlines: Sequence[Row] | None = None,
    versions: Sequence[Row] = (),
    is_run_named: bool = True,
) -> list[Row]:
    """The relation `restatement` of a history of Kharg's strong calls in W23.

    `calls`: None for publications that did not keep their calls.
    """
    at = {run["run_id"]: run["as_of"] for run in runs}
    port_rows = [
        {
            **{"week": "2026-W23", "port_id": "IRKHK", "link_tier": "strong"},
            **{"run_id": run_id if is_run_named else None, "published_at": at.get(run_id)},
            **{"port_calls": count, "state": state},
        }
        for run_id, count, state in published
    ]
    if headlines is None:
        headline = {"week": "2026-W23", "state": "complete"}
        headlines = [] if calls is None else [headline | {"run_id": n} for n, *_ in published]
    ordered = sorted(versions, key=lambda version: version["published_on"])
    numbered = [{"version": n} | version for n, version in enumerate(ordered, 1)]
    entries = [{"version": v["version"]} | entry for v in numbered for entry in v["entries"]]
    given = {
        "run": list(runs),
        "run_file": list(files),
        "published": with_id(port_rows),
        "published_week": with_id(headlines),
        "published_call": with_id(calls or []),
        "register_version": numbered,
    }
    with session(given, version_entry=pa.Table.from_pylist(entries, schema=ENTRIES)) as con:
        for before, new in NEW.items():
            derive(con, before)
            con.table(before).limit(0).create(new)
        derive(con, "restatement")
        return rows(con, "from restatement order by restatement_id")


def with_id(published: Sequence[Row]) -> list[Row]:
    return [{"publication_id": n} | row for n, row in enumerate(published, 1)]


INSIDE, EARLIER, AFTER = (
    a_file(2, "inside.csv", 1, 2),
    a_file(2, "earlier.csv", -9, -8),
    a_file(2, "after.csv", 7, 13.9),
)
CAME = [a_call(2, "strong")]
LINKED = [a_call(1, "none"), a_call(2, "strong")]
LISTED = a_version(1, "2026-06-20", LISTED_IMO)
UNLISTED = a_version(1, "2026-06-20", 9900025)
BUNDLED = a_version(None, "2026-03-20")
KNOWN_BEFORE = a_version(None, "2026-03-20", LISTED_IMO)
IMPORTED = {"register_imports": 1, "registers_hash": "r2"}


NO_NUMBER = [a_call(1, "none", imo=None), a_call(2, "strong", imo=None)]
BY_MMSI = [BUNDLED, a_version(1, "2026-06-20", 9900025, mmsis=[MMSI])]
OFAC = "OFAC SDN of 2026-06-20"
EVERYTHING = IMPORTED | {"decisions_hash": "d2", "fences_hash": "f2", "code_version": "0.2.0"}


def came(*files: Row) -> Row:
    return {"files": list(files)}


def listed(calls: list[Row], *versions: Row, files: Sequence[Row] = ()) -> Row:
    return {"calls": calls, "versions": list(versions), "files": files}


@pytest.mark.parametrize(
    ("changes", "history", "reasons", "detail"),
    [
        pytest.param({}, {}, "unknown", None, id="nothing came in between"),
        pytest.param({}, came(INSIDE), "late file", "inside.csv", id="file of the week"),
        pytest.param({}, came(EARLIER), "late file", "earlier.csv", id="earlier file"),
        pytest.param({}, came(AFTER, EARLIER, INSIDE), "late file", "inside.csv",
                     id="own week first"),
        pytest.param({}, came(AFTER), "later data", "after.csv", id="later file"),
        pytest.param({}, came(*(a_file(2, f"{n}.csv", n, n + 1) for n in range(5))), "late file",
                     "0.csv, 1.csv, 2.csv and 2 more", id="three files are named"),
        pytest.param({}, came(a_file(1, "old.csv", 1, 2)), "unknown", None, id="of the run before"),
        pytest.param({}, came(a_file(2, "end.csv", 6, 6.9999)), "late file", "end.csv",
                     id="last second of the week"),
        pytest.param({}, came(a_file(2, "next.csv", 7, 8)), "later data", "next.csv",
                     id="next Monday"),
        pytest.param({}, came(INSIDE | {"is_gone": True}), "file gone", None, id="lake put back"),
        pytest.param({"fences_hash": "f2"}, {}, "changed fence", None, id="fence"),
        pytest.param({"code_version": "0.2.0"}, {}, "code version", "0.1.0 to 0.2.0", id="version"),
        pytest.param({"code_hash": "c2"}, {}, "code version", "0.1.0 to 0.1.0", id="code"),
        pytest.param(IMPORTED, listed(LINKED, BUNDLED, LISTED), "new listing", OFAC,
                     id="listed since"),
        pytest.param(IMPORTED, listed(LINKED, BUNDLED, LISTED, files=[AFTER]), "new listing", OFAC,
                     id="a link needs no later data"),
        pytest.param(IMPORTED, listed(CAME, BUNDLED, LISTED, files=[AFTER]),
                     "later data; new listing", f"after.csv; {OFAC}", id="a call needs both"),
        pytest.param(IMPORTED, listed(CAME, KNOWN_BEFORE, LISTED, files=[INSIDE]), "late file",
                     "inside.csv", id="the list is unchanged"),
        pytest.param(IMPORTED, listed(CAME, BUNDLED, UNLISTED, files=[INSIDE]), "late file",
                     "inside.csv", id="the list names other ships"),
        pytest.param(IMPORTED, listed(LINKED, KNOWN_BEFORE, UNLISTED), "new listing", OFAC,
                     id="gone from the list"),
        pytest.param(IMPORTED, listed(NO_NUMBER, *BY_MMSI), "new listing", OFAC,
                     id="listed by MMSI, no IMO number sent"),
        pytest.param(IMPORTED, listed(LINKED, *BY_MMSI), "unknown", None,
                     id="the list's MMSI is not for a ship that sends an IMO number"),
        pytest.param({"bundled_hash": "b2", "code_version": "0.2.0"}, listed(LINKED, KNOWN_BEFORE),
                     "new listing; code version", "OFAC SDN of 2026-03-20; 0.1.0 to 0.2.0",
                     id="a program that brought newer lists"),
        pytest.param(IMPORTED, {"versions": [LISTED]}, "new listing", None,
                     id="calls were not kept then"),
        pytest.param({"decisions_hash": "d2", "registers_hash": "r2"}, {"calls": LINKED},
                     "link decision", None, id="a person's decision"),
        pytest.param(EVERYTHING, listed(LINKED, BUNDLED, LISTED, files=[INSIDE]),
                     "late file; new listing; link decision; changed fence; code version",
                     f"inside.csv; {OFAC}; 0.1.0 to 0.2.0", id="all in their order"),
    ],
)  # fmt: skip
def test_reasons(changes: Row, history: Row, reasons: str, detail: str | None) -> None:
    history = history if "register_imports" in changes else {"calls": CAME} | history
    (row,) = restatements(a_run(1), a_run(2, **changes), **history)
    assert (row["reasons"], row["detail"]) == (reasons, detail)


RUN_1, RUN_2 = a_run(1), a_run(2)
GONE_AGAIN = LISTED | {"removed_number": 2}
OLD = ("register_imports", "code_hash", "bundled_hash", "decisions_hash")
OLD_RUNS = [
    {name: value for name, value in run.items() if name not in OLD}
    for run in (a_run(1), a_run(2), a_run(3, registers_hash="r2"))
]
VOLNA = f"VOLNA (IMO {LISTED_IMO})"
HEADLINE = {"week": "2026-W23", "state": "complete", "russian_linked_berth_calls": 0}

HISTORIES = {
    "a state without another call is no matter of lists": (
        [RUN_1, a_run(2, **IMPORTED, decisions_hash="d2")],
        {"published": [(1, 1, "partial"), (2, 1, "complete")], "calls": [a_call(1, "strong")],
         "versions": [BUNDLED, LISTED], "files": [INSIDE]},
        [{"reasons": "late file", "detail": "inside.csv"}],
    ),
    "a list that was removed is named": (
        [a_run(1, register_imports=1), a_run(2, register_imports=2, registers_hash="r3")],
        {"published": [(1, 1, "complete"), (2, 0, "complete")],
         "versions": [BUNDLED, GONE_AGAIN],
         "calls": [a_call(1, "strong", until_run_id=2), a_call(2, "none")]},
        [{"reasons": "new listing", "detail": f"{OFAC} (removed)"}],
    ),
    "a list that came and went between two publications is no reason": (
        [RUN_1, a_run(2, register_imports=2)],
        {"calls": LINKED, "versions": [BUNDLED, GONE_AGAIN]},
        [{"reasons": "unknown", "detail": None}],
    ),
    # Runs that do not publish lie between: an ingest, an import.
    "everything between two publications counts and nothing before": (
        [RUN_1, RUN_2, *(a_run(n, **IMPORTED) for n in (3, 4, 5))],
        {"published": [(1, 1, "complete"), (4, 2, "complete"), (5, 1, "complete")],
         "files": [a_file(1, "first.csv", 0, 6), a_file(2, "second.csv", 1, 2)],
         "calls": [a_call(1, "strong", "FIRST", mmsi=1), a_call(4, "strong"), a_call(5, None)],
         "versions": [BUNDLED, LISTED]},
        [{"old_run_id": 1, "run_id": 4, "reasons": "late file; new listing",
          "calls_came": VOLNA, "calls_went": None},
         {"old_run_id": 4, "run_id": 5, "reasons": "unknown",
          "calls_came": None, "calls_went": VOLNA}],
    ),
    "a null that was published is told from nothing": (
        [RUN_1, RUN_2],
        {"published": [(1, None, "unobserved"), (2, 0, "complete")], "files": [INSIDE]},
        [{"old_port_calls": None, "new_port_calls": 0,
          "old_state": "unobserved", "new_state": "complete"}],
    ),
    "a call that begins earlier by a late file is the same ship's": (
        [RUN_1, RUN_2],
        {"files": [INSIDE],
         "calls": [a_call(1, "strong", port_call_id="late begin"),
                   a_call(2, None, port_call_id="late begin"),
                   a_call(2, "strong", port_call_id="true begin"),
                   a_call(2, "strong", "=HIDDEN", mmsi=273990002, imo=None)]},
        [{"calls_came": "=HIDDEN", "calls_went": None}],
    ),
    # No port's count changes: the call is there, and no call of its own any more.
    "a wait that a later berth call explains restates the headline alone": (
        [RUN_1, RUN_2],
        {"published": [(1, 1, "complete")], "files": [AFTER],
         "headlines": [HEADLINE | {"run_id": 1, "russian_linked_tanker_calls": 1},
                       HEADLINE | {"run_id": 2, "russian_linked_tanker_calls": 0}],
         "calls": [a_call(1, "strong", area_kind="anchorage"),
                   a_call(2, "strong", area_kind="anchorage", is_headline=False)]},
        [{"number": "russian_linked_tanker_calls", "port_id": None, "old_port_calls": 1,
          "new_port_calls": 0, "reasons": "later data", "calls_went": VOLNA}],
    ),
    # Its calls were appended, its counts were not: the next run published those.
    "a run that a crash cut between its appends is one of those between": (
        [RUN_1, RUN_2, a_run(3)],
        {"published": [(1, 1, "complete"), (3, 2, "complete")], "files": [INSIDE],
         "calls": [a_call(2, "strong")]},
        [{"run_id": 3, "reasons": "late file", "calls_came": VOLNA}],
    ),
    "publications that do not name their run are found by its time": (
        OLD_RUNS,
        {"published": [(1, 1, "complete"), (3, 2, "complete")], "is_run_named": False},
        [{"old_run_id": 1, "run_id": 3, "reasons": "new listing"}],
    ),
    "publications of no recorded run have no known reason": (
        [a_run(7)], {}, [{"reasons": "unknown", "detail": None}],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "history", "expected"), HISTORIES.values(), ids=HISTORIES)
def test_restatements(runs: list[Row], history: Row, expected: list[Row]) -> None:
    found = restatements(*runs, **history)
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
