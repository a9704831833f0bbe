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
from tests.build.derivation import only
from tests.flows.sources.fetching.services import QUICK, Services, fetch

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
