"""What was published is kept, and what changes it later says old, new and why.

First the reasons, on histories that are made in a line; then whole homes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.catalogue import access, check
from flows.catalogue import build as catalogue
from flows.derive import record
from flows.home import history
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE
from flows.lake.prepare import prepare_home
from flows.lists.entry import ENTRY_SCHEMA
from flows.registers import store
from flows.report.tables import records
from flows.runner import run
from tests.build.derivation import derive, session
from tests.build.files import LAYOUTS, day, ingest, row, tree, write
from tests.build.ships import Ship, call, imported, ofac, sdn, ship
from tests.conftest import no_pictures

DANISH = LAYOUTS[2]
START = datetime(2026, 6, 1)
"""Monday of 2026-W23, as in the builders; days are counted from it."""
FIRST = datetime(2026, 6, 16, 6)
"""When the weeks of the first files are published: W23 and W24, W25 is open."""

STEADY, LATE, LATER = (
    ship(1, "STEADY", mid=273),
    ship(2, "LATE", mid=273),
    ship(3, "LATER", mid=273),
)
PLAIN, OTHER = ship(4, "PLAIN"), ship(5, "OTHER")
HEARD = ship(9, "HEARD", ship_type="Cargo")

Row = dict[str, Any]


# Reasons, on histories made in a line

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
        "run_id": run_id,
        "as_of": FIRST + timedelta(days=7 * (run_id - 1)),
        "code_version": "0.1.0",
        "inputs_hash": "i",
        "fences_hash": "f",
        "registers_hash": "r",
        "code_hash": "c",
        "bundled_hash": "b",
        "decisions_hash": "d",
        "register_imports": 0,
    } | changes


def a_file(run_id: int, name: str, first_day: float, last_day: float) -> Row:
    """A file that a run took in, with fixes from one day to the other; W23 begins on day 0."""
    return {
        "run_id": run_id,
        "file_id": f"{name} {first_day}",
        "name": name,
        "first_reported_at": START + timedelta(days=first_day),
        "last_reported_at": START + timedelta(days=last_day),
        "is_gone": False,
    }


def a_call(run_id: int, tier: str | None, name: str = "VOLNA", **changes: Any) -> Row:
    """What a run published of a ship's call at Kharg in W23; tier None: it counts no more."""
    return {
        "run_id": run_id,
        "week": "2026-W23",
        "port_call_id": name,
        "port_id": "IRKHK",
        "is_counted": tier is not None,
        "link_tier": tier or "strong",
        "is_headline": True,
        "vessel_name": name,
        "imo": LISTED_IMO,
        "mmsi": MMSI,
    } | changes


def a_version(import_number: int | None, on: str, *imos: int, **entry: Any) -> Row:
    """A version of OFAC's list; without a number it came with the program."""
    return {
        "register": "ofac-sdn",
        "link_source": "OFAC SDN",
        "published_on": date.fromisoformat(on),
        "import_number": import_number,
        "said": [{"imo": imo, "programme": "RUSSIA-EO14024", "mmsis": []} | entry for imo in imos],
    }


def restatements(
    *runs: Row,
    published: Sequence[tuple[int, int | None, str]] = ((1, 1, "complete"), (2, 2, "complete")),
    files: Sequence[Row] = (),
    calls: Sequence[Row] | None = None,
    headlines: Sequence[Row] | None = None,
    versions: Sequence[Row] = (),
    is_run_named: bool = True,
) -> list[Row]:
    """The relation `restatement` of a history of Kharg's strong calls in W23.

    `published`: run, count and state of each version. `calls`: None for publications that did not
    keep their calls.
    """
    key = {"week": "2026-W23", "port_id": "IRKHK", "link_tier": "strong"}
    at = {one["run_id"]: one["as_of"] for one in runs}
    port_rows = [
        key
        | {
            "run_id": run_id if is_run_named else None,
            "published_at": at.get(run_id),
            "port_calls": count,
            "state": state,
        }
        for run_id, count, state in published
    ]
    if headlines is None:
        headline = {"week": "2026-W23", "state": "complete"}
        headlines = [] if calls is None else [headline | {"run_id": n} for n, *_ in published]
    ordered = sorted(versions, key=lambda version: version["published_on"])
    numbered = [{"version": n} | version for n, version in enumerate(ordered, 1)]
    entries = [{"version": v["version"]} | entry for v in numbered for entry in v["said"]]
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
        result: list[Row] = (
            con.table("restatement").order("restatement_id").to_arrow_table().to_pylist()
        )
    return result


def with_id(found: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [{"publication_id": n} | row for n, row in enumerate(found, 1)]


def why(*runs: Row, **made: Any) -> tuple[str, str | None]:
    """Reasons and detail of the one restatement."""
    (found,) = restatements(*runs, **made)
    return found["reasons"], found["detail"]


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


@pytest.mark.parametrize(
    ("changes", "made", "reasons", "detail"),
    [
        pytest.param({}, {}, "unknown", None, id="nothing came in between"),
        pytest.param({}, {"files": [INSIDE]}, "late file", "inside.csv", id="file of the week"),
        pytest.param({}, {"files": [EARLIER]}, "late file", "earlier.csv", id="earlier file"),
        pytest.param(
            {}, {"files": [AFTER, EARLIER, INSIDE]}, "late file", "inside.csv", id="own week first"
        ),
        pytest.param({}, {"files": [AFTER]}, "later data", "after.csv", id="later file"),
        pytest.param(
            {},
            {"files": [a_file(2, f"{n}.csv", n, n + 1) for n in range(5)]},
            "late file",
            "0.csv, 1.csv, 2.csv and 2 more",
            id="three files are named",
        ),
        pytest.param(
            {}, {"files": [a_file(1, "old.csv", 1, 2)]}, "unknown", None, id="of the run before"
        ),
        pytest.param(
            {},
            {"files": [a_file(2, "to the end.csv", 6, 6.9999)]},
            "late file",
            "to the end.csv",
            id="last second of the week",
        ),
        pytest.param(
            {}, {"files": [a_file(2, "next.csv", 7, 8)]}, "later data", "next.csv", id="next Monday"
        ),
        pytest.param(
            {}, {"files": [INSIDE | {"is_gone": True}]}, "file gone", None, id="lake put back"
        ),
        pytest.param({"fences_hash": "f2"}, {}, "changed fence", None, id="fence"),
        pytest.param({"code_version": "0.2.0"}, {}, "code version", "0.1.0 to 0.2.0", id="version"),
        pytest.param({"code_hash": "c2"}, {}, "code version", "0.1.0 to 0.1.0", id="code"),
        pytest.param(
            IMPORTED, {"calls": LINKED, "versions": [BUNDLED, LISTED]}, "new listing",
            "OFAC SDN of 2026-06-20", id="listed since",
        ),
        pytest.param(
            IMPORTED, {"calls": LINKED, "versions": [BUNDLED, LISTED], "files": [AFTER]},
            "new listing", "OFAC SDN of 2026-06-20", id="a link needs no later data",
        ),
        pytest.param(
            IMPORTED, {"calls": CAME, "versions": [BUNDLED, LISTED], "files": [AFTER]},
            "later data; new listing", "after.csv; OFAC SDN of 2026-06-20", id="a call needs both",
        ),
        pytest.param(
            IMPORTED, {"calls": CAME, "versions": [KNOWN_BEFORE, LISTED], "files": [INSIDE]},
            "late file", "inside.csv", id="the list says what it said",
        ),
        pytest.param(
            IMPORTED, {"calls": CAME, "versions": [BUNDLED, UNLISTED], "files": [INSIDE]},
            "late file", "inside.csv", id="the list names other ships",
        ),
        pytest.param(
            IMPORTED,
            {"calls": LINKED, "versions": [KNOWN_BEFORE, UNLISTED]},
            "new listing", "OFAC SDN of 2026-06-20", id="gone from the list",
        ),
        pytest.param(
            IMPORTED,
            {
                "calls": [a_call(1, "none", imo=None), a_call(2, "strong", imo=None)],
                "versions": [BUNDLED, a_version(1, "2026-06-20", 9900025, mmsis=[MMSI])],
            },
            "new listing", "OFAC SDN of 2026-06-20", id="listed by MMSI, no number sent",
        ),
        pytest.param(
            IMPORTED,
            {
                "calls": LINKED,
                "versions": [BUNDLED, a_version(1, "2026-06-20", 9900025, mmsis=[MMSI])],
            },
            "unknown", None, id="the list's MMSI is not for a ship that sends a number",
        ),
        pytest.param(
            {"bundled_hash": "b2", "code_version": "0.2.0"},
            {"calls": LINKED, "versions": [KNOWN_BEFORE]},
            "new listing; code version", "OFAC SDN of 2026-03-20; 0.1.0 to 0.2.0",
            id="a program that brought newer lists",
        ),
        pytest.param(
            IMPORTED, {"versions": [LISTED]}, "new listing", None, id="calls were not kept then"
        ),
        pytest.param(
            {"decisions_hash": "d2", "registers_hash": "r2"}, {"calls": LINKED}, "link decision",
            None, id="a person's word",
        ),
        pytest.param(
            IMPORTED | {"decisions_hash": "d2", "fences_hash": "f2", "code_version": "0.2.0"},
            {"calls": LINKED, "versions": [BUNDLED, LISTED], "files": [INSIDE]},
            "late file; new listing; link decision; changed fence; code version",
            "inside.csv; OFAC SDN of 2026-06-20; 0.1.0 to 0.2.0", id="all in their order",
        ),
    ],
)  # fmt: skip
def test_reasons(changes: Row, made: Row, reasons: str, detail: str | None) -> None:
    made = {"calls": [a_call(2, "strong")]} | made if "register_imports" not in changes else made
    assert why(a_run(1), a_run(2, **changes), **made) == (reasons, detail)


def test_a_state_without_another_call_is_no_matter_of_lists() -> None:
    told = why(
        a_run(1),
        a_run(2, **IMPORTED, decisions_hash="d2"),
        published=[(1, 1, "partial"), (2, 1, "complete")],
        calls=[a_call(1, "strong")],
        versions=[BUNDLED, LISTED],
        files=[INSIDE],
    )
    assert told == ("late file", "inside.csv")


def removal(removed_number: int | None, **made: Any) -> list[Row]:
    """W23 as published before and after a removal, of an import that a run before it knew."""
    versions = [BUNDLED, LISTED | {"removed_number": removed_number}]
    runs = a_run(1, register_imports=1), a_run(2, register_imports=2, registers_hash="r3")
    return restatements(*runs, versions=versions, **made)


def test_a_list_that_was_removed_is_named() -> None:
    calls = [a_call(1, "strong", until_run_id=2), a_call(2, "none")]
    found = removal(2, calls=calls, published=((1, 1, "complete"), (2, 0, "complete")))
    assert {(r["reasons"], r["detail"]) for r in found} == {
        ("new listing", "OFAC SDN of 2026-06-20 (removed)")
    }


def test_a_list_that_came_and_went_between_two_publications_is_no_reason() -> None:
    gone = LISTED | {"removed_number": 2}
    now = a_run(2, register_imports=2)
    assert why(a_run(1), now, calls=LINKED, versions=[BUNDLED, gone]) == ("unknown", None)


def test_everything_between_two_publications_counts_and_nothing_before() -> None:
    """Runs that do not publish lie between: an ingest, an import."""
    runs = [a_run(1), a_run(2), a_run(3, **IMPORTED), a_run(4, **IMPORTED), a_run(5, **IMPORTED)]
    found = restatements(
        *runs,
        published=[(1, 1, "complete"), (4, 2, "complete"), (5, 1, "complete")],
        files=[a_file(1, "first.csv", 0, 6), a_file(2, "second.csv", 1, 2)],
        calls=[a_call(1, "strong", "FIRST", mmsi=1), a_call(4, "strong"), a_call(5, None)],
        versions=[BUNDLED, LISTED],
    )
    assert [(r["old_run_id"], r["run_id"], r["reasons"]) for r in found] == [
        (1, 4, "late file; new listing"),
        (4, 5, "unknown"),
    ]
    assert [(r["calls_came"], r["calls_went"]) for r in found] == [
        ("VOLNA (IMO 9900013)", None),
        (None, "VOLNA (IMO 9900013)"),
    ]


def test_a_null_that_was_published_is_told_from_nothing() -> None:
    (found,) = restatements(
        a_run(1), a_run(2), published=[(1, None, "unobserved"), (2, 0, "complete")], files=[INSIDE]
    )
    assert (found["old_port_calls"], found["new_port_calls"]) == (None, 0)
    assert (found["old_state"], found["new_state"]) == ("unobserved", "complete")


def test_a_call_that_begins_earlier_by_a_late_file_is_the_same_ships() -> None:
    (found,) = restatements(
        a_run(1),
        a_run(2),
        calls=[
            a_call(1, "strong", port_call_id="late begin"),
            a_call(2, None, port_call_id="late begin"),
            a_call(2, "strong", port_call_id="true begin"),
            a_call(2, "strong", "=HIDDEN", mmsi=273990002, imo=None),
        ],
        files=[INSIDE],
    )
    assert (found["calls_came"], found["calls_went"]) == ("=HIDDEN", None)


def test_a_wait_that_a_later_berth_call_explains_restates_the_headline_alone() -> None:
    """No port's count changes: the call is there, and no call of its own any more."""
    headline = {"week": "2026-W23", "state": "complete", "russian_linked_berth_calls": 0}
    found = restatements(
        a_run(1),
        a_run(2),
        published=[(1, 1, "complete")],
        headlines=[
            headline | {"run_id": 1, "russian_linked_tanker_calls": 1},
            headline | {"run_id": 2, "russian_linked_tanker_calls": 0},
        ],
        calls=[
            a_call(1, "strong", area_kind="anchorage"),
            a_call(2, "strong", area_kind="anchorage", is_headline=False),
        ],
        files=[AFTER],
    )
    kept = ("number", "port_id", "old_port_calls", "new_port_calls", "reasons", "calls_went")
    assert [[row[name] for name in kept] for row in found] == [
        ["russian_linked_tanker_calls", None, 1, 0, "later data", "VOLNA (IMO 9900013)"]
    ]


def test_a_run_that_a_crash_cut_between_its_appends_is_one_of_those_between() -> None:
    """Its calls were appended, its counts were not: the next run published those."""
    (found,) = restatements(
        a_run(1),
        a_run(2),
        a_run(3),
        published=[(1, 1, "complete"), (3, 2, "complete")],
        files=[INSIDE],
        calls=[a_call(2, "strong")],
    )
    assert (found["run_id"], found["reasons"]) == (3, "late file")
    assert found["calls_came"] == "VOLNA (IMO 9900013)"


def test_publications_that_do_not_name_their_run_are_found_by_its_time() -> None:
    runs = [a_run(1), a_run(2), a_run(3)]
    for one in runs:
        del one["register_imports"], one["code_hash"], one["bundled_hash"], one["decisions_hash"]
    runs[2]["registers_hash"] = "r2"
    published = [(1, 1, "complete"), (3, 2, "complete")]
    (found,) = restatements(*runs, published=published, is_run_named=False)
    assert (found["old_run_id"], found["run_id"], found["reasons"]) == (1, 3, "new listing")


def test_publications_of_no_recorded_run_have_no_known_reason() -> None:
    assert why(a_run(7), published=[(1, 1, "complete"), (2, 2, "complete")]) == ("unknown", None)


# Whole homes


def lying(first_day: float, days: float) -> list[str]:
    """A cargo ship at sea off Kharg, hour by hour: somebody who is heard."""
    start = START + timedelta(days=first_day)
    return [
        row(
            DANISH,
            **HEARD,
            reported_at=f"{start + timedelta(hours=hour):%d/%m/%Y %H:%M:%S}",
            lon="50.30000",
            lat="28.95000",
            sog_kn="0.1",
            nav_status="At anchor",
        )
        for hour in range(int(days * 24))
    ]


FILES = {
    "first.csv": [*lying(0, 14.9), *call(STEADY, 2), *call(PLAIN, 2), *call(OTHER, 9)],
    "late.csv": call(LATE, 3),
    "later.csv": [*lying(14.9, 6.5), *call(LATER, 15)],
}


def publish(settings: Settings, *names: str, as_of: datetime) -> Settings:
    """A run over some of the files, which publishes."""
    then = settings._replace(as_of=as_of)
    prepare_home(then.home)
    folder = then.home.parent / "input"
    paths = [write(folder, day(*FILES[name], layout=DANISH), name=name) for name in names]
    outcomes = ingest(then, *paths) if paths else []
    assert all(outcome.state in ("ingested", "known") for outcome in outcomes), outcomes
    with no_pictures():
        run.derive(then, outcomes, publish=True)
    return then


def settings_at(home: Path) -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    return Settings(home, FIRST, 1, "300MB")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that published W23 and W24. Not to be changed."""
    return publish(settings_at(tmp_path_factory.mktemp("once") / "home"), "first.csv", as_of=FIRST)


@pytest.fixture
def home(once: Settings, tmp_path: Path) -> Settings:
    """The same, to be changed."""
    shutil.copytree(once.home, tmp_path / "home")
    return once._replace(home=tmp_path / "home")


def rows(settings: Settings, query: str) -> list[Row]:
    with access.reading(settings) as con:
        found: list[Row] = con.sql(query).to_arrow_table().to_pylist()
    return found


def changed(settings: Settings, where: str = "true") -> list[tuple[Any, ...]]:
    """The restated counts, a null that became a zero apart.

    Week, port, tier, old, new, reasons, detail, who came and who went.
    """
    with access.reading(settings) as con:
        return (
            con.table("restatement")
            .filter("number = 'port_calls'")
            .filter("coalesce(old_port_calls, 0) <> coalesce(new_port_calls, 0)")
            .filter(where)
            .order("restatement_id")
            .select(
                "week, port_id, link_tier, old_port_calls, new_port_calls, reasons, detail, "
                "calls_came, calls_went"
            )
            .fetchall()
        )


def faults(settings: Settings) -> list[check.Finding]:
    return [finding for finding in check.check(settings) if finding.is_fault]


def told(of: Ship) -> str:
    return f"{of['vessel_name']} (IMO {of['imo']})"


def next_week(settings: Settings, *names: str) -> Settings:
    return publish(settings, *names, as_of=FIRST + timedelta(days=7))


@pytest.fixture(scope="module")
def twice(once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The home a week later, after a late file. Not to be changed."""
    folder = tmp_path_factory.mktemp("twice") / "home"
    shutil.copytree(once.home, folder)
    return next_week(once._replace(home=folder), "late.csv")


def test_a_late_file_is_named_with_the_ship_that_came(once: Settings, twice: Settings) -> None:
    headline = rows(once, "from published_week order by week")
    then = twice
    assert changed(then) == [
        ("2026-W23", "IRKHK", "strong", 1, 2, "late file", "late.csv", told(LATE), None)
    ]
    (found,) = rows(then, "from restatement where port_id = 'IRKHK'")
    assert (found["restated_at"], found["run_id"], found["old_run_id"]) == (then.as_of, 2, 1)
    # The first version stays as it was published, beside the new one.
    versions = rows(then, "from published_week order by week, run_id")
    assert [v for v in versions if v["run_id"] == 1] == headline
    assert [(v["week"], v["run_id"], v["russian_linked_tanker_calls"]) for v in versions] == [
        ("2026-W23", 1, 1),
        ("2026-W23", 2, 2),
        ("2026-W24", 1, None),
    ]
    assert faults(then) == []
    assert check.check_rebuild(then) == []


def test_nothing_is_published_where_nothing_changed(home: Settings) -> None:
    before = tree(home.home / "history")
    (home.home / CATALOGUE).unlink()
    then = publish(home, as_of=FIRST + timedelta(hours=1))
    after = tree(home.home / "history")
    assert {name for name in after if after[name] != before[name]} == {"run.jsonl"}
    assert rows(then, "from restatement") == []


def test_a_berth_that_only_the_next_file_shows_is_later_data(tmp_path: Path) -> None:
    """Inside the limit before the week's end, in the berth after it."""
    arriving = call(STEADY, 6.78)
    monday = next(n for n, line in enumerate(arriving) if line.startswith("08/06/2026"))
    week = write(tmp_path, day(*lying(0, 7), *arriving[:monday], layout=DANISH), name="week.csv")
    after = write(tmp_path, day(*lying(7, 8), *arriving[monday:], layout=DANISH), name="after.csv")
    settings = settings_at(tmp_path / "home")
    for path, as_of in ((week, datetime(2026, 6, 8, 6)), (after, FIRST)):
        prepare_home(settings.home)
        then = settings._replace(as_of=as_of)
        with no_pictures():
            run.derive(then, ingest(then, path), publish=True)
    assert changed(then, "week = '2026-W23'") == [
        ("2026-W23", "IRKHK", "strong", 0, 1, "later data", "after.csv", told(STEADY), None)
    ]


def test_a_list_that_names_a_ship_since_is_a_new_listing(home: Settings) -> None:
    """The import publishes nothing; the next run does, and its report says so."""
    on = home._replace(as_of=datetime(2026, 6, 20))
    text = ofac(sdn(1, PLAIN, "RUSSIA-EO14024"))
    imported(on, home.home.parent / "sdn.csv", text, "2026-06-20")
    run.derive(on, [], publish=False)
    before = tree(home.home / "history")
    assert rows(on, "from restatement") == []
    # Nor does a look at what was known on a day, for which the ship is not listed.
    with catalogue.built_beside(on, known_on=date(2026, 6, 1)) as con:
        assert con.table("restatement").fetchall() == []
    assert tree(home.home / "history") == before
    then = next_week(home, "later.csv")
    detail = "OFAC SDN of 2026-06-20"
    assert changed(then) == [
        ("2026-W23", "IRKHK", "none", 1, 0, "new listing", detail, None, told(PLAIN)),
        ("2026-W23", "IRKHK", "strong", 1, 2, "new listing", detail, told(PLAIN), None),
    ]
    with access.reading(then) as con:
        report = {
            week: records(con, "report/restatement", week=week)
            for week in ("2026-W23", "2026-W24", "2026-W25")
        }
    # The week itself tells it, and the first report after it; the one in between knew nothing.
    assert [
        (r["number"], r["port_name"], r["link_tier"], r["old_port_calls"], r["new_port_calls"])
        for r in report["2026-W25"]
    ] == [
        ("russian_linked_berth_calls", None, None, 1, 2),
        ("russian_linked_tanker_calls", None, None, 1, 2),
        ("port_calls", "Kharg Island", "strong", 1, 2),
        ("port_calls", "Kharg Island", "none", 1, 0),
    ]
    assert {(r["week"], r["reasons"]) for r in report["2026-W25"]} == {("2026-W23", "new listing")}
    assert report["2026-W23"] == report["2026-W25"] and report["2026-W24"] == []
    # Taken back, the numbers are those of before, and what was published and why stays told.
    told_before = rows(then, "from restatement")
    used = rows(then, "from run_register")
    store.remove_import(then, 1)
    after = publish(then, as_of=then.as_of + timedelta(days=1))
    found = rows(after, "from restatement")
    assert found[: len(told_before)] == told_before
    assert {
        (r["link_tier"], r["old_port_calls"], r["new_port_calls"], r["reasons"], r["detail"])
        for r in found[len(told_before) :]
        if r["link_tier"]
    } == {
        ("none", 0, 1, "new listing", f"{detail} (removed)"),
        ("strong", 2, 1, "new listing", f"{detail} (removed)"),
    }
    assert rows(after, "from run_register")[: len(used)] == used
    assert faults(after) == []


def test_another_fence_and_other_code_are_reasons(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "__version__", "0.2.0")
    plain = record.folder_hash
    monkeypatch.setattr(
        record, "folder_hash", lambda path: plain(path) + ("2" if path.name == "ports" else "")
    )
    then = next_week(home, "late.csv")
    assert [(why, detail) for *_, why, detail, _, _ in changed(then)] == [
        ("late file; changed fence; code version", "late.csv; 0.1.0 to 0.2.0")
    ]


class Killed(Exception):
    """The process is gone."""


APPENDED = (
    history.RUN, history.PUBLISHED_CALL, history.PUBLISHED_WEEK, history.PUBLISHED
)  # fmt: skip
"""The histories in the order in which a run that publishes appends to them."""


@pytest.fixture(scope="module")
def killed(once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The home after a run over a late file that was killed before its catalogue was in place."""
    folder = tmp_path_factory.mktemp("killed") / "home"
    shutil.copytree(once.home, folder)
    plain, appended = history.append_history, []

    def noted(home: Path, name: str, records_: Any) -> None:
        appended.append(name)
        plain(home, name, records_)

    def gone(*given: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "append_history", noted)
        patch.setattr(access, "swap_in", gone)
        with pytest.raises(Killed):
            next_week(once._replace(home=folder), "late.csv")
    assert tuple(appended) == APPENDED
    return once._replace(home=folder)


@pytest.mark.parametrize("appends", range(5))
def test_killed_between_history_and_catalogue_publishes_nothing_twice(
    once: Settings, killed: Settings, tmp_path: Path, appends: int
) -> None:
    """Killed before the swap, after so many of the four appends."""
    home = once._replace(home=tmp_path / "home")
    shutil.copytree(killed.home, home.home)
    for name in APPENDED[appends:]:
        kept = Path("history", f"{name}.jsonl")
        shutil.copyfile(once.home / kept, home.home / kept)
    then = publish(home, as_of=FIRST + timedelta(days=8))
    published = history.read_history(home.home, history.PUBLISHED)
    keys = [
        (r["week"], r["port_id"], r["link_tier"], r["port_calls"], r["state"]) for r in published
    ]
    assert len(keys) == len(set(keys))
    assert changed(then) == [
        ("2026-W23", "IRKHK", "strong", 1, 2, "late file", "late.csv", told(LATE), None)
    ]
    assert [r["russian_linked_tanker_calls"] for r in headlines(then, "2026-W23")] == [1, 2]
    assert faults(then) == []


def headlines(settings: Settings, week: str) -> list[Row]:
    return [r for r in rows(settings, "from published_week order by run_id") if r["week"] == week]


def test_a_history_from_before_runs_were_named_goes_on(home: Settings) -> None:
    """Old lines: counts without a run, runs without files and settings, no headlines, no calls."""
    folder = home.home / "history"
    kept = (
        *("run_id", "as_of", "code_version", "inputs_hash", "fences_hash", "registers_hash"),
        *("files_ingested", "files_known", "files_failed"),
    )
    for name, drop in (("run", None), ("published", {"run_id"})):
        lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        old = [
            {k: v for k, v in line.items() if (k in kept if drop is None else k not in drop)}
            for line in lines
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in old))
    (folder / "published_week.jsonl").unlink()
    (folder / "published_call.jsonl").unlink()
    then = next_week(home, "late.csv")
    assert changed(then) == [
        ("2026-W23", "IRKHK", "strong", 1, 2, "late file", "late.csv", None, None)
    ]
    found = rows(then, "select run_id, name from run_file order by all")
    assert found == [{"run_id": 1, "name": "first.csv"}, {"run_id": 2, "name": "late.csv"}]
    assert faults(then) == []


def test_a_run_tells_what_it_takes_to_make_its_numbers_again(home: Settings) -> None:
    on = home._replace(as_of=FIRST + timedelta(hours=2))
    path = write(home.home.parent / "in", day(*FILES["later.csv"], layout=DANISH), name="l.csv")
    run.derive(on, ingest(on, path), publish=False)  # what `barometer ingest` does
    then = next_week(home, "late.csv")
    runs = rows(then, "from run order by run_id")
    assert [(r["run_id"], r["as_of"]) for r in runs] == [
        (1, FIRST),
        (2, on.as_of),
        (3, then.as_of),
    ]
    assert {(r["threads"], r["memory_limit"], r["register_imports"]) for r in runs} == {
        (home.threads, "300MB", 0)
    }
    assert "OFAC SDN of 2026-03-20 (88 days old)" in runs[0]["registers"]
    files = rows(then, "select run_id, name from run_file order by all")
    assert [(f["run_id"], f["name"]) for f in files] == [
        (1, "first.csv"),
        (2, "l.csv"),
        (3, "late.csv"),
    ]
    for one in runs:
        held = record.lake_files(rows(then, "from run_file"), one["run_id"])
        assert record.inputs_hash(held) == one["inputs_hash"]
    # The query that an analyst starts from names the files of both versions.
    query = sql_text("examples/inputs_of_published_number")
    week = query.replace("coalesce(null,", "coalesce('2026-W23',")
    assert [(r["run_id"], r["name"]) for r in rows(then, week)] == [
        (1, "first.csv"),
        (3, "first.csv"),
        (3, "l.csv"),
        (3, "late.csv"),
    ]


def test_a_number_is_made_again_from_what_its_run_names(twice: Settings, tmp_path: Path) -> None:
    """The same files and as-of time in a new home give the number that was published first."""
    then = twice
    (first, _) = headlines(then, "2026-W23")
    (one,) = rows(then, "from run where run_id = 1")
    names = [f["name"] for f in rows(then, "from run_file where run_id <= 1")]
    again = publish(settings_at(tmp_path / "again"), *names, as_of=one["as_of"])
    assert headlines(again, "2026-W23") == [first]
    (made,) = rows(again, "from run")
    same = ("inputs_hash", "fences_hash", "registers_hash", "code_hash", "registers")
    assert {name: made[name] for name in same} == {name: one[name] for name in same}


def test_a_line_that_was_cut_does_not_give_its_number_away(home: Settings) -> None:
    path = home.home / "history" / "run.jsonl"
    with no_pictures():
        run.derive(home._replace(as_of=FIRST + timedelta(hours=1)), [], publish=True)
    lines = path.read_text().splitlines()
    path.write_text(f"{lines[0][:100]}\n{lines[1]}\n")
    for name in ("published", "published_week", "published_call"):
        cut = home.home / "history" / f"{name}.jsonl"
        cut.write_bytes(cut.read_bytes()[:-20])
    then = next_week(home, "late.csv")
    assert [r["run_id"] for r in rows(then, "from run order by run_id")] == [2, 3]
    ids = [r["publication_id"] for r in history.read_history(home.home, history.PUBLISHED)]
    assert len(ids) == len(set(ids))
    assert ("2026-W23", "IRKHK", "strong", 1, 2) in [row[:5] for row in changed(then)]
