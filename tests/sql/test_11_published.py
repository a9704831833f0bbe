"""What was published is kept, and a run that changes it records old, new and why."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import access, build, check
from flows.catalogue import run_record as record
from flows.home import history
from flows.home.resources import sql_text
from flows.home.settings import Settings
from flows.lake.manifest import CATALOGUE
from flows.lake.prepare import prepare_home
from flows.registers import store
from flows.report.tables import records
from flows.runner import run
from tests.build.derivation import Row, only
from tests.build.derivation import rows as records_of
from tests.build.files import copy_of, day, ingest, tree, write
from tests.build.ships import DANISH, START, Ship, call, imported, ofac, sdn, sent, ship

FIRST = datetime(2026, 6, 16, 6)
"""When the weeks of the first files are published: W23 and W24, W25 is open."""

STEADY, LATE, LATER = (
    ship(n, name, mid=273) for n, name in enumerate(("STEADY", "LATE", "LATER"), 1)
)
PLAIN, OTHER, CUT = ship(4, "PLAIN"), ship(5, "OTHER"), ship(6, "CUT", mid=273)
HEARD = ship(9, "HEARD", ship_type="Cargo")


def lying(first_day: float, days: float) -> list[str]:
    """A cargo ship at sea off Kharg, hour by hour: somebody who is heard."""
    start = START + timedelta(days=first_day)
    return [
        sent(HEARD, start + timedelta(hours=hour), 50.3, 28.95, is_still=True)
        for hour in range(int(days * 24))
    ]


# Inside the limit on Sunday, in the berth on Monday; the first file ends between.
ARRIVING = call(CUT, 13.78)
MONDAY = next(n for n, line in enumerate(ARRIVING) if line.startswith("15/06/2026"))
FILES = {
    "first.csv": [
        *(*lying(0, 14.9), *call(STEADY, 2), *call(PLAIN, 2), *call(OTHER, 9)),
        *ARRIVING[:MONDAY],
    ],
    "after.csv": ARRIVING[MONDAY:],
    "late.csv": call(LATE, 3),
    "later.csv": [*lying(14.9, 6.5), *call(LATER, 15)],
}


LOOKED_AT = ("restatement", "weekly_port_calls", "published_week", "run_file", "run_register")
CHECKS = ("restatement", "run_record")


def publish(settings: Settings, *names: str, as_of: datetime) -> Settings:
    """A run over some of the files, which publishes."""
    then = settings._replace(as_of=as_of)
    then.home.mkdir(exist_ok=True)
    prepare_home(then.home)
    folder = then.home.parent / "input"
    paths = [write(folder, day(*FILES[name], layout=DANISH), name=name) for name in names]
    outcomes = ingest(then, *paths) if paths else []
    assert all(outcome.state in ("ingested", "known") for outcome in outcomes), outcomes
    with only(*LOOKED_AT, publish=True):
        run.derive(then, outcomes, publish=True, reports=False)
    return then


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that published W23 and W24. Not to be changed."""
    home = tmp_path_factory.mktemp("once") / "home"
    settings = Settings(home, FIRST, 1, "300MB")
    return publish(settings, "first.csv", as_of=FIRST)


@pytest.fixture
def home(once: Settings, tmp_path: Path) -> Settings:
    """The same, to be changed."""
    return copy_of(once, tmp_path)


def rows(settings: Settings, query: str) -> list[Row]:
    with access.reading(settings) as con:
        return records_of(con, query)


def changed(settings: Settings, where: str = "true") -> list[tuple[Any, ...]]:
    """The restated counts, a null that became a zero apart.

    Week, port, tier, old, new, reasons, detail, who came and who went.
    """
    query = f"""
        select week, port_id, link_tier, old_port_calls, new_port_calls, reasons, detail,
            calls_came, calls_went
        from restatement
        where number = 'port_calls'
            and coalesce(old_port_calls, 0) <> coalesce(new_port_calls, 0) and {where}
        order by restatement_id
    """
    with access.reading(settings) as con:
        return con.execute(query).fetchall()


def broken(settings: Settings) -> list[Row]:
    """The rows of the checks of what was published."""
    return [row for name in CHECKS for row in rows(settings, sql_text(f"checks/{name}"))]


def named(of: Ship) -> str:
    return f"{of['vessel_name']} (IMO {of['imo']})"


def next_week(settings: Settings, *names: str) -> Settings:
    return publish(settings, *names, as_of=FIRST + timedelta(days=7))


@pytest.fixture(scope="module")
def twice(once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The home a week later, after a late file. Not to be changed."""
    return next_week(copy_of(once, tmp_path_factory.mktemp("twice")), "late.csv")


BY_LATE_FILE = [("2026-W23", "IRKHK", "strong", 1, 2, "late file", "late.csv", named(LATE), None)]


def test_a_late_file_is_named_with_the_ship_that_came(once: Settings, twice: Settings) -> None:
    headline = rows(once, "from published_week where series = getvariable('series') order by week")
    assert changed(twice) == BY_LATE_FILE
    (found,) = rows(twice, "from restatement where port_id = 'IRKHK'")
    assert (found["restated_at"], found["run_id"], found["old_run_id"]) == (twice.as_of, 2, 1)
    # The first version stays as it was published, beside the new one.
    versions = rows(
        twice, "from published_week where series = getvariable('series') order by week, run_id"
    )
    assert [v for v in versions if v["run_id"] == 1] == headline
    assert [(v["week"], v["run_id"], v["russian_linked_tanker_calls"]) for v in versions] == [
        ("2026-W23", 1, 1),
        ("2026-W23", 2, 2),
        ("2026-W24", 1, None),
    ]
    with only(*LOOKED_AT, publish=True):
        assert check.check_rebuild(twice) == []


def test_a_week_is_published_once_unless_a_late_file_restates_it(
    once: Settings, twice: Settings
) -> None:
    query = """
        select week, first_published_at, restated_from, port_calls from weekly_port_calls
        where series = 'russian_linked_tankers' and first_published_at is not null
    """
    before, after = rows(once, query), rows(twice, query)
    for found in (before, after):
        assert {(r["week"], r["first_published_at"]) for r in found} == {
            *(("2026-W23", FIRST), ("2026-W24", FIRST))
        }
    assert [r for r in before if r["restated_from"] is not None] == []
    restated = [r for r in after if r["restated_from"] is not None]
    assert [(r["week"], r["restated_from"], r["port_calls"]) for r in restated] == [
        ("2026-W23", 1, 2)
    ]


def test_the_first_publication_is_that_of_the_first_run(home: Settings) -> None:
    """A later run with an earlier as-of time is no earlier publication."""
    then = publish(home, "late.csv", as_of=FIRST - timedelta(hours=6))
    query = """
        select distinct first_published_at from weekly_port_calls
        where first_published_at is not null
    """
    assert changed(then) == BY_LATE_FILE
    assert rows(then, query) == [{"first_published_at": FIRST}]


@pytest.fixture(scope="module")
def idle(once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The first home after a run that found nothing new, and no catalogue. Not to be changed."""
    home = copy_of(once, tmp_path_factory.mktemp("idle"))
    (home.home / CATALOGUE).unlink()
    return publish(home, as_of=FIRST + timedelta(hours=1))


def test_nothing_is_published_where_nothing_changed(once: Settings, idle: Settings) -> None:
    before, after = tree(once.home / "history"), tree(idle.home / "history")
    assert {name for name in after if after[name] != before[name]} == {"run.jsonl"}
    assert rows(idle, "from restatement") == []


def test_a_berth_that_only_the_next_file_shows_is_later_data(home: Settings) -> None:
    assert changed(next_week(home, "after.csv")) == [
        ("2026-W24", "IRKHK", "strong", 0, 1, "later data", "after.csv", named(CUT), None)
    ]


def test_a_list_that_names_a_ship_since_is_a_new_listing(home: Settings) -> None:
    """The import publishes nothing; the next run does, and its report says so."""
    on = home._replace(as_of=datetime(2026, 6, 20))
    text = ofac(sdn(1, PLAIN, "RUSSIA-EO14024"))
    imported(on, home.home.parent / "sdn.csv", text, "2026-06-20")
    history_before = tree(home.home / "history")
    # Nor does a look at what was known on a day, for which the ship is not listed.
    with only("restatement"), build.built_beside(on, known_on=date(2026, 6, 1)) as con:
        assert con.table("restatement").fetchall() == []
    assert tree(home.home / "history") == history_before
    then = next_week(home, "later.csv")
    detail = "OFAC SDN of 2026-06-20"
    assert changed(then) == [
        ("2026-W23", "IRKHK", "none", 1, 0, "new listing", detail, None, named(PLAIN)),
        ("2026-W23", "IRKHK", "strong", 1, 2, "new listing", detail, named(PLAIN), None),
    ]
    # A week that closes later is published then, once.
    query = "select distinct first_published_at from weekly_port_calls where week = '2026-W24'"
    assert rows(then, query) == [{"first_published_at": FIRST}]
    assert rows(then, query.replace("W24", "W25")) == [{"first_published_at": then.as_of}]
    with access.reading(then) as con:
        before, between, after = (
            records(con, "report/restatement", week=f"2026-W{week}") for week in (23, 24, 25)
        )
    # The week itself tells it, and the first report after it; the one in between knew nothing.
    keys = ("number", "port_name", "link_tier", "old_port_calls", "new_port_calls")
    assert [tuple(r[key] for key in keys) for r in after] == [
        ("russian_linked_berth_calls", None, None, 1, 2),
        ("russian_linked_tanker_calls", None, None, 1, 2),
        ("port_calls", "Kharg Island", "strong", 1, 2),
        ("port_calls", "Kharg Island", "none", 1, 0),
    ]
    assert {(r["week"], r["reasons"]) for r in after} == {("2026-W23", "new listing")}
    assert (before, between) == (after, [])
    # Taken back, the numbers are those of before, and what was published and why stays.
    kept_before = rows(then, "from restatement")
    used = rows(then, "from run_register")
    store.remove_import(then, 1)
    then = publish(then, as_of=then.as_of + timedelta(days=1))
    found = rows(then, "from restatement")
    assert found[: len(kept_before)] == kept_before
    keys = ("link_tier", "old_port_calls", "new_port_calls", "reasons", "detail")
    removed = [tuple(r[key] for key in keys) for r in found[len(kept_before) :] if r["link_tier"]]
    assert set(removed) == {
        ("none", 0, 1, "new listing", f"{detail} (removed)"),
        ("strong", 2, 1, "new listing", f"{detail} (removed)"),
    }
    assert rows(then, "from run_register")[: len(used)] == used
    assert broken(then) == []


class Killed(Exception):
    """The process is gone."""


APPENDED = (history.RUN, history.PUBLISHED_CALL, history.PUBLISHED_WEEK, history.PUBLISHED)
"""The histories in the order in which a run that publishes appends to them."""


@pytest.fixture(scope="module")
def killed(once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The home after a run over a late file that was killed before its catalogue was in place."""
    home = copy_of(once, tmp_path_factory.mktemp("killed"))
    plain, appended = history.append_history, []

    def noted(folder: Path, name: str, lines: Any) -> None:
        appended.append(name)
        plain(folder, name, lines)

    def gone(*given: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "append_history", noted)
        patch.setattr(access, "swap_in", gone)
        with pytest.raises(Killed):
            next_week(home, "late.csv")
    assert tuple(appended) == APPENDED
    return home


@pytest.mark.parametrize("appends", range(5))
def test_killed_between_history_and_catalogue_publishes_nothing_twice(
    once: Settings, killed: Settings, tmp_path: Path, appends: int
) -> None:
    """Killed before the swap, after so many of the four appends."""
    home = copy_of(killed, tmp_path)
    for name in APPENDED[appends:]:
        kept = Path("history", f"{name}.jsonl")
        shutil.copyfile(once.home / kept, home.home / kept)
    then = publish(home, as_of=FIRST + timedelta(days=8))
    published = history.read_history(home.home, history.PUBLISHED)
    names = ("series", "week", "port_id", "link_tier", "port_calls", "state")
    keys = [tuple(r[name] for name in names) for r in published]
    assert len(keys) == len(set(keys))
    assert changed(then) == BY_LATE_FILE
    assert [r["russian_linked_tanker_calls"] for r in headlines(then, "2026-W23")] == [1, 2]
    assert broken(then) == []


def headlines(settings: Settings, week: str) -> list[Row]:
    query = "from published_week where series = getvariable('series') and week = $1 order by run_id"
    with access.reading(settings) as con:
        return records_of(con, query, week)


def test_a_history_from_before_runs_were_named_goes_on(home: Settings) -> None:
    """Old lines: counts without a run, runs without files and settings, no headlines, no calls."""
    folder = home.home / "history"
    kept = "run_id as_of code_version inputs_hash fences_hash registers_hash files_ingested"
    for name, is_kept in (
        ("run", lambda column: column in (*kept.split(), "files_known", "files_failed")),
        ("published", lambda column: column != "run_id"),
    ):
        path = folder / f"{name}.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        old = [{k: v for k, v in line.items() if is_kept(k)} for line in lines]
        path.write_text("".join(json.dumps(line) + "\n" for line in old))
    (folder / "published_week.jsonl").unlink()
    (folder / "published_call.jsonl").unlink()
    then = next_week(home, "late.csv")
    assert changed(then) == [(*BY_LATE_FILE[0][:7], None, None)]
    found = rows(then, "select run_id, name from run_file order by all")
    assert found == [{"run_id": 1, "name": "first.csv"}, {"run_id": 2, "name": "late.csv"}]
    assert broken(then) == []


def test_a_run_records_what_it_takes_to_make_its_numbers_again(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = home._replace(as_of=FIRST + timedelta(hours=2))
    path = write(home.home.parent / "in", day(*FILES["later.csv"], layout=DANISH), name="l.csv")
    with only():
        run.derive(on, ingest(on, path), publish=False)  # what `barometer ingest` does
    monkeypatch.setattr(record, "__version__", "0.2.0")
    plain = record.folder_hash
    monkeypatch.setattr(
        record, "folder_hash", lambda path: plain(path) + ("2" if path.name == "ports" else "")
    )
    then = next_week(home, "late.csv")
    restated = [row[5:7] for row in changed(then, "week = '2026-W23'")]
    assert restated == [("late file; changed fence; code version", "late.csv; 0.1.0 to 0.2.0")]
    runs = rows(then, "from run order by run_id")
    assert [(r["run_id"], r["as_of"]) for r in runs] == [
        *((1, FIRST), (2, on.as_of), (3, then.as_of))
    ]
    assert {(r["threads"], r["memory_limit"], r["register_imports"]) for r in runs} == {
        (home.threads, "300MB", 0)
    }
    assert "OFAC SDN of 2026-03-20 (88 days old)" in runs[0]["registers"]
    files = rows(then, "select run_id, name from run_file order by all")
    names = [(1, "first.csv"), (2, "l.csv"), (3, "late.csv")]
    assert [(f["run_id"], f["name"]) for f in files] == names
    for made in runs:
        held = record.lake_files(rows(then, "from run_file"), made["run_id"])
        assert record.inputs_hash(held) == made["inputs_hash"]
    # The query that an analyst starts from names the files of both versions.
    query = sql_text("examples/inputs_of_published_number")
    week = query.replace("coalesce(null,", "coalesce('2026-W23',")
    assert [(r["run_id"], r["name"]) for r in rows(then, week)] == [
        *((1, "first.csv"), (3, "first.csv"), (3, "l.csv"), (3, "late.csv"))
    ]


def test_an_analyst_sees_the_changed_numbers_newest_first(twice: Settings) -> None:
    changes = rows(twice, "select week, number, reasons from restatement order by restatement_id")
    seen = rows(twice, sql_text("examples/changed_numbers"))
    assert changes and [{key: row[key] for key in changes[0]} for row in seen] == changes[::-1]


def test_a_number_is_made_again_from_what_its_run_names(twice: Settings, tmp_path: Path) -> None:
    """The same files and as-of time in a new home give the number that was published first."""
    (first, _) = headlines(twice, "2026-W23")
    (one,) = rows(twice, "from run where run_id = 1")
    names = [f["name"] for f in rows(twice, "from run_file where run_id <= 1")]
    again = publish(twice._replace(home=tmp_path / "home"), *names, as_of=one["as_of"])
    assert headlines(again, "2026-W23") == [first]
    (made,) = rows(again, "from run")
    same = ("inputs_hash", "fences_hash", "registers_hash", "code_hash", "registers")
    assert {name: made[name] for name in same} == {name: one[name] for name in same}


def test_the_number_of_a_damaged_line_is_not_given_again(idle: Settings, tmp_path: Path) -> None:
    home = copy_of(idle, tmp_path)
    path = home.home / "history" / "run.jsonl"
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
