"""Attempts of the schedule: what could not be fetched is recorded, and the report names it."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from flows.catalogue import access
from flows.home.history import SOURCE_FETCH, append_history
from flows.home.settings import BarometerError, Settings
from flows.report.limits import doubts_of
from flows.report.tables import records
from flows.runner import run
from flows.sources.fetching import attempts
from flows.sources.fetching.fetched import Fetched
from flows.sources.fetching.fourwings import MOST_FAILED
from flows.sources.fetching.services import known
from flows.sources.fetching.waters import waters
from tests.build.derivation import only
from tests.build.publisher import SOURCE, ZST, path, publish
from tests.build.web import serving
from tests.flows.sources.fetching.services import KHARG, QUICK, Cell, Services, fetch

PSC = "tokyo_mou_psc.ftm.json"


def attempted(home: Settings, day: str, name: str) -> list[str]:
    """The problems of the schedule's attempt on a day."""
    settings = home._replace(as_of=datetime.fromisoformat(f"{day}T06:00"))
    source = known(home.home, name)
    try:
        results = attempts.fetch_due(settings, source, patience=QUICK)
    except BarometerError as error:
        return [str(error)]
    return attempts.problems(source, results)


def not_fetched(home: Settings, week: str) -> list[dict[str, Any]]:
    with access.reading(home) as con:
        return records(con, "report/not_fetched", week=week)


@pytest.fixture
def filled(nine_days: Settings, home: Settings) -> Settings:
    """The home with nine days, to be changed."""
    shutil.copytree(nine_days.home, home.home, dirs_exist_ok=True)
    return nine_days._replace(home=home.home)


def derived(settings: Settings) -> None:
    with only("week", "list_fetch", "source_fetch"):
        run.derive(settings, [], publish=False)


def test_the_report_of_a_week_names_what_was_not_fetched_for_it(
    filled: Settings, web: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.port_days = [("2026-03-01", "port1", "IRN")]
    assert attempted(filled, "2026-03-16", "portwatch") == []
    monkeypatch.setenv("BAROMETER_GFW_TOKEN", "another")
    assert "does not know the token" in attempted(filled, "2026-03-16", "gfw-events")[0]
    web.renamed = {"portid": "port"}
    assert attempted(filled, "2026-03-17", "portwatch")
    derived(filled)
    assert not_fetched(filled, "2026-W10") == []
    events, portwatch = doubts_of([], not_fetched(filled, "2026-W11"))
    assert events.startswith("Not fetched on 2026-03-16: gfw-events. http")
    assert events.endswith("It was never fetched whole before.")
    assert portwatch.startswith("Not fetched on 2026-03-17: portwatch. ")
    assert portwatch.endswith("Its data are as of the fetch of 2026-03-16.")


def test_what_was_made_up_for_is_not_named(filled: Settings) -> None:
    attempt = {"source": "psc", "message": "<b>"}
    for day, state in ("2026-03-16", "failed"), ("2026-03-30", "fetched"):
        append_history(filled.home, SOURCE_FETCH, [attempt | {"tried_at": day, "state": state}])
    derived(filled._replace(as_of=datetime(2026, 3, 31)))
    assert not_fetched(filled, "2026-W11") == []


def test_the_newest_report_names_failures_until_there_is_a_later_one(filled: Settings) -> None:
    attempt = {"source": "psc", "message": "<b>", "state": "failed", "tried_at": "2026-03-30"}
    append_history(filled.home, SOURCE_FETCH, [attempt])
    derived(filled._replace(as_of=datetime(2026, 3, 31)))
    assert not_fetched(filled, "2026-W10") == []
    assert [row["name"] for row in not_fetched(filled, "2026-W11")] == ["psc"]


def test_a_document_that_could_not_be_asked_for_again_counts_as_failed(
    home: Settings, web: Services
) -> None:
    psc = known(home.home, "psc")
    assert psc.published is not None
    paths = [address.removeprefix(web.address) for address in psc.published.parts.values()]
    web.files = dict.fromkeys(paths, b'{"id":"a","schema":"Vessel","properties":{}}\n')
    assert attempted(home, "2026-05-10", "psc") == []
    web.plan = {"*": [{"status": 503}] * 99}
    problem, *lines = attempted(home, "2026-05-17", "psc")
    assert problem == "7 of 7 files failed." and PSC in lines[0] and "503" in lines[0]


def test_a_service_that_fails_on_and_on_is_left_alone(home: Settings, web: Services) -> None:
    web.plan = {"/4wings/report": [{"status": 524}] * 999}
    settings = home._replace(as_of=datetime(2026, 5, 10, 6))
    results: list[Fetched] = fetch(settings, "global-fishing-watch", date(2026, 4, 13), 7)
    assert [each.state for each in results] == ["failed"] * (MOST_FAILED + 1)
    assert "not asked for, nor what follows: 3 reports in a row" in results[-1].message
    assert "524" in results[-1].message
    assert results[-1].day - results[0].day <= timedelta(days=1)


@pytest.fixture
def gulf(monkeypatch: pytest.MonkeyPatch) -> str:
    """The only water that is asked for."""
    name, area = "persian-gulf", waters()["persian-gulf"]
    for service in "fourwings", "events":
        monkeypatch.setattr(
            f"flows.sources.fetching.{service}.waters", lambda with_trade=False: {name: area}
        )
    return name


def test_a_report_that_failed_is_asked_for_until_it_came_also_outside_the_usual_days(
    home: Settings, web: Services, gulf: str
) -> None:
    """Of the first run's days the schedule never came back to those that were ten days old."""
    days = [date(2026, 4, 10) + timedelta(days=n) for n in range(42)]
    web.cells = [Cell(f"{day} 04:00", KHARG) for day in days]
    report = "/4wings/report"
    web.plan[report] = [{}, *[{"status": 500}] * 3]
    assert "500" in " ".join(attempted(home, "2026-05-10", "global-fishing-watch"))
    place = home.home / "downloads/global-fishing-watch"
    file = place / f"global-fishing-watch-{gulf}-2026-04-11.zip"
    assert not file.exists()
    web.plan[report] = [{"status": 524}] * 999  # left alone before it comes to that day
    assert attempted(home, "2026-05-17", "global-fishing-watch") and not file.exists()
    web.plan[report] = []
    assert attempted(home, "2026-05-24", "global-fishing-watch") == [] and file.exists()
    web.questions.clear()
    attempted(home, "2026-05-31", "global-fishing-watch")
    assert "2026-04-11" not in {query["date-range"][:10] for query, _ in web.asked_for(report)}


@pytest.mark.usefixtures("gulf")
def test_a_week_of_events_that_failed_is_asked_for_as_a_week(home: Settings, web: Services) -> None:
    web.plan["/events"] = [{"status": 500}] * 3
    assert "500" in " ".join(attempted(home, "2026-05-10", "gfw-events"))
    web.questions.clear()
    assert attempted(home, "2026-05-24", "gfw-events") == []
    asked = [body["startDate"] + body["endDate"] for _, body in web.asked_for("/events")]
    assert asked.count("2026-04-062026-04-13") == 4 and asked[-1] == "2026-04-062026-04-13"


def test_a_day_of_a_publisher_that_failed_is_asked_for_again_and_an_absent_one_is_not(
    home: Settings,
) -> None:
    with serving() as site:
        publish(home, site.address)
        site.files = {path(n): ZST for n in range(-40, 20)}
        del site.files[path(-20)]
        site.plan[path(-21)] = [{"status": 403}]
        first, *_ = attempted(home, "2026-04-20", SOURCE)
        assert first == "2 of 35 days failed."
        site.asked.clear()
        assert attempted(home, "2026-04-27", SOURCE) == []
        asked = [asked for _, asked, _ in site.asked]
        assert asked.count(path(-21)) == 1 and path(-20) not in asked
        assert (home.home / "downloads" / SOURCE / path(-21).rpartition("/")[2]).exists()
