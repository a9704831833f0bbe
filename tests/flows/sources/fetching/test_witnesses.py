"""What witnesses publish: events page by page, PortWatch's rows by number, documents by version."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.home.settings import Settings
from flows.ingest.witnesses import store
from flows.sources.fetching.fetched import Fetched, fetch_problem
from tests.build.files import tree
from tests.flows.sources.fetching.services import NEKA, TOKEN, Services, due, event, fetch

MONDAY = date(2026, 4, 13)
LATER = datetime(2026, 5, 10, 6)


@pytest.fixture
def settled(home: Settings) -> Settings:
    return home._replace(as_of=LATER)


def named(results: list[Fetched], part: str) -> Fetched:
    (result,) = [result for result in results if part in str(result.name)]
    return result


def lines(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# Events


def test_events_come_page_by_page_one_a_line(settled: Settings, web: Services) -> None:
    visits = [event(n, f"2026-04-{13 + n % 7}") for n in range(25)]
    web.events, web.page = [*visits, event(99, "2026-04-20"), event(50, "2026-04-14", NEKA)], 10
    results = fetch(settled, "gfw-events", MONDAY, 7)
    assert len(results) == 12 and {result.state for result in results} == {"fetched"}
    gulf = named(results, "gfw-port-visits-persian-gulf-2026-04-13_2026-04-19-fetched-2026-05-10")
    assert lines(gulf.path) == visits
    assert [e["id"] for e in lines(named(results, "visits-caspian").path)] == ["e50"]
    assert lines(named(results, "gaps-caspian").path) == []
    _, body = web.asked_for("/events")[0]
    assert (body["startDate"], body["endDate"]) == ("2026-04-13", "2026-04-20")
    kept = tree(settled.home / "downloads")
    assert not any(TOKEN.encode() in content for content in kept.values())


ONE = {"entries": [event(1, "2026-04-13")], "total": 1, "nextOffset": None}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"total": 0}, "no list `entries`"),
        ([1], "no list `entries`"),
        ({**ONE, "entries": [{"id": "e1", "start": "x"}]}, "an event lacks end, position, type"),
        ({**ONE, "total": 7}, "1 of 7 events came"),
        ({**ONE, "total": 7, "nextOffset": "two"}, "not a number"),
    ],
)
def test_a_page_of_another_shape_is_a_failure_and_no_file(
    settled: Settings, web: Services, answer: Any, says: str
) -> None:
    web.plan["/events"] = [{"body": json.dumps(answer).encode()}]
    results = fetch(settled, "gfw-events", MONDAY, 7)
    failed = named(results, "gfw-port-visits-caspian")
    assert failed.state == "failed" and says in failed.message
    assert [r.state for r in results].count("failed") == 1
    assert fetch_problem(results) == "1 of 12 files failed."
    assert not [p for p in tree(settled.home / "downloads") if "port-visits-caspian" in p]


def test_an_offset_that_is_ignored_is_noticed(settled: Settings, web: Services) -> None:
    web.events, web.page = [event(n, "2026-04-14") for n in range(25)], 10
    web.is_offset_ignored = True
    gulf = named(fetch(settled, "gfw-events", MONDAY, 7), "port-visits-persian")
    assert gulf.state == "failed" and "repeats earlier ones" in gulf.message


def test_a_schedule_asks_for_whole_weeks_of_events(settled: Settings, web: Services) -> None:
    names = {str(result.name) for result in due(settled, "gfw-events")}
    weeks = sorted({name.partition("-fetched-")[0][-21:] for name in names})
    assert weeks[0] == "2026-04-06_2026-04-12" and weeks[-1] == "2026-05-04_2026-05-10"
    assert len(weeks) == 5
    again = due(settled._replace(as_of=LATER + timedelta(days=1)), "gfw-events")
    assert {str(result.name) for result in again} == {
        name.replace("fetched-2026-05-10", "fetched-2026-05-11") for name in names
    }
    kept = {Path(p).name for p in tree(settled.home / "downloads") if p.endswith(".jsonl")}
    assert kept == {str(result.name) for result in again}, "those of the day before are replaced"


def test_the_later_fetch_of_fewer_days_has_the_newer_version_of_an_event(
    settled: Settings, web: Services
) -> None:
    """The earlier one has later days, by which its version was taken for the newer."""
    other = event(2, "2026-04-25")
    web.events = [event(1, "2026-04-14") | {"end": None}, other]
    early = named(fetch(settled, "gfw-events", MONDAY, 14), "visits-persian")
    web.events = [event(1, "2026-04-14"), other]
    tomorrow = settled._replace(as_of=LATER + timedelta(days=1))
    late = named(fetch(tomorrow, "gfw-events", MONDAY, 7), "visits-persian")
    days = [store.fetched_on(str(result.name)) for result in (early, late)]
    assert days == [LATER.date(), LATER.date() + timedelta(days=1)]


# PortWatch


@pytest.fixture
def rows(web: Services) -> Services:
    """Three weeks of two Iranian ports and one of Oman's."""
    web.port_days = [
        (f"2026-04-{day:02}", port, iso)
        for day in range(1, 22)
        for port, iso in (("port1", "IRN"), ("port2", "OMN"), ("port3", "IRN"))
    ]
    return web


@pytest.mark.parametrize("field", ["date", "date_"])
@pytest.mark.parametrize("kind", ["Date", "DateOnly", "String"])
def test_rows_come_by_their_number_whatever_the_date_is_called(
    settled: Settings, rows: Services, field: str, kind: str
) -> None:
    rows.date_field, rows.date_type, rows.page = field, f"esriFieldType{kind}", 5
    (result,) = fetch(settled, "portwatch", MONDAY, 14)
    assert result.name == "portwatch-daily-ports-2026-04-13_2026-04-26-fetched-2026-05-10.csv"
    assert (result.state, result.message) == ("fetched", "days to 2026-04-21")
    assert result.path is not None
    with result.path.open(newline="") as table:
        found = list(csv.DictReader(table))
    assert [row[field] for row in found] == [f"2026-04-{d}" for d in range(13, 22) for _ in "ab"]
    assert {row["ISO3"] for row in found} == {"IRN"} and found[0]["export_tanker"] == "12000"
    assert len(rows.asked_for("/query")) == 1 + 4, "a count, and four pages"


ERROR = b'{"error":{"code":%d,"message":"Unable to perform query","details":[]}}'


BOMB = {
    "body": gzip.compress(gzip.compress(bytes(10_000_000))),
    "headers": {"Content-Encoding": "gzip, gzip"},
}


@pytest.mark.parametrize(
    ("path", "plan", "state", "says"),
    [
        ("/layer/0/query", [{"body": ERROR % 500}], "fetched", "days to"),
        ("/layer/0/query", [{"body": ERROR % 500}] * 9, "failed", "error 500"),
        ("/layer/0/query", [{"body": ERROR % 400}], "failed", "error 400"),
        ("/layer/0/query", [{}, {"status": 504}], "fetched", "days to"),
        ("/layer/0/query", [{"body": b'{"count": 99}'}], "failed", "the service counts 99"),
        ("/layer/0/query", [{}, {"body": b"{}"}], "failed", "without rows"),
        ("/layer/0/query", [{}, {"body": b"<html>"}], "failed", "not JSON"),
        ("/layer/0", [{"body": ERROR % 499}], "failed", "error 499"),
        ("/layer/0", [{"body": b"{}"}], "failed", "the layer lacks"),
        ("/layer/0", [BOMB], "failed", "compressed more than once"),
        ("/layer/0", [{"drip": 0.02}], "fetched", "days to"),
        ("/layer/0", [{"drip": 0.02}] * 9, "failed", "too slow"),
        ("/layer/0", [{"body": b'{"objectIdField": ["ObjectId"]}'}], "failed", "the layer lacks"),
    ],
)
def test_faults_of_the_feature_service(
    settled: Settings, rows: Services, path: str, plan: Any, state: str, says: str
) -> None:
    rows.plan[path] = list(plan)
    (result,) = fetch(settled, "portwatch", MONDAY, 14)
    assert result.state == state and says in result.message
    assert len(tree(settled.home / "downloads")) == (3 if state == "fetched" else 1), (
        "with the lock"
    )


def test_half_a_character_costs_no_row(settled: Settings, web: Services) -> None:
    """JSON can have it, and UTF-8 cannot."""
    rows = {"features": [{"attributes": {"ObjectId": 1, "date": "2026-04-14", "portid": "\ud800"}}]}
    web.plan["/layer/0/query"] = [{"body": json.dumps(a).encode()} for a in ({"count": 1}, rows)]
    web.events = [event(1, "2026-04-14") | {"note": "NAME\ud83d"}]
    (row,) = fetch(settled, "portwatch", MONDAY, 7)
    assert row.path is not None and ",?," in row.path.read_text(encoding="utf-8")
    visits = named(fetch(settled, "gfw-events", MONDAY, 7), "port-visits-persian")
    assert visits.path is not None and "NAME?" in visits.path.read_text(encoding="utf-8")


def test_a_renamed_field_is_named(settled: Settings, rows: Services) -> None:
    rows.renamed = {"portcalls_tanker": "tanker_calls"}
    (result,) = fetch(settled, "portwatch", MONDAY, 14)
    assert result.state == "failed" and "the layer lacks portcalls_tanker" in result.message


def test_days_without_rows_are_not_published_yet_or_a_failure(
    settled: Settings, rows: Services
) -> None:
    (recent,) = fetch(settled, "portwatch", date(2026, 5, 4), 3)
    (old,) = fetch(settled, "portwatch", date(2026, 4, 22), 3)
    assert (recent.state, old.state) == ("not_published", "failed")


def test_a_later_fetch_of_the_same_days_is_a_version_of_its_own(
    settled: Settings, rows: Services
) -> None:
    for day in (10, 17):
        fetch(settled._replace(as_of=datetime(2026, 5, day, 6)), "portwatch", MONDAY, 7)
    files = [p for p in tree(settled.home / "downloads") if p.endswith(".csv")]
    assert [p[-14:-4] for p in files] == ["2026-05-10", "2026-05-17"]


# Documents


def test_documents_are_got_again_only_where_they_changed(settled: Settings, web: Services) -> None:
    paths = [
        f"/datasets/latest/{name}/entities.ftm.json"
        for name in (
            "tokyo_mou_psc",
            "tokyo_mou_detention",
            "black_sea_mou_psc",
            "black_sea_mou_detention",
            "abuja_mou_psc",
            "abuja_mou_detention",
        )
    ]
    web.files = dict.fromkeys(paths, b'{"id":"a","schema":"Vessel","properties":{}}\n' * 9)
    web.files["/datasets/latest/paris_mou_banned/entities.ftm.json"] = b"<html>moved</html>"
    results = fetch(settled, "psc", MONDAY)
    assert [result.state for result in results] == ["fetched"] * 6 + ["failed"]
    assert "web page" in results[-1].message
    web.files[paths[0]] += b'{"id":"b","schema":"Vessel","properties":{}}\n'
    again = fetch(settled, "psc", MONDAY)
    assert [result.state for result in again] == ["fetched"] + ["kept"] * 5 + ["failed"]
    assert again[0].path is not None and again[0].path.read_bytes() == web.files[paths[0]]
