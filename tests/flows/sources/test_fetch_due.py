"""What a schedule asks for, and what it means where a publisher has no file of a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from flows.fetching.fetch import fetch_due, known_source
from flows.fetching.fetched import Fetched, fetch_problem, messages
from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from tests.build.files import settings_of
from tests.build.publisher import QUICK, SOURCE, ZST, content, fetch, logged, path
from tests.build.web import Web


@pytest.mark.parametrize("days", [2, 14])
def test_addresses_that_moved_are_reported_once_with_a_remedy(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """The last days may not be out yet; the older ones show that the addresses moved."""
    site.files.clear()
    as_of = datetime(2026, 4, 13, 9) + timedelta(days=max(days, 8))
    results = fetch(home._replace(as_of=as_of), days)
    assert {day.state for day in results} == {"failed"}
    (message,) = {day.message for day in results}
    for part in (
        *(f"all {days} files are absent", "moved or renamed", "404 Not Found"),
        *(f"{site.address}/2026/ais-2026-04-", "https://coast.noaa.gov"),
        str(home.home / "sources"),
    ):
        assert part in message
    assert len(logged(caplog, "absent")) == 1
    assert not logged(caplog, "Probably not published yet")
    assert fetch_problem(results) == f"{days} of {days} days failed."
    assert messages(results) == [f"- {message}"]


def test_files_that_disappeared_have_moved(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """A schedule asks again for the last days, and for new ones."""
    site.files = {path(n): content(n) for n in range(3)}
    early = home._replace(as_of=datetime(2026, 4, 18, 9))
    assert {day.state for day in fetch(early, 3)} == {"fetched"}
    caplog.clear()
    site.files.clear()
    results = fetch(early, 5)
    assert [(day.state, day.path is not None) for day in results] == [
        *[("kept", True)] * 3,
        *[("failed", False)] * 2,
    ]
    assert len(logged(caplog, "moved or renamed")) == 1
    assert fetch_problem(results) == "2 of 5 days failed." and len(messages(results)) == 1


def test_days_that_are_too_recent_are_reported_once_and_are_no_failure(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    site.files.clear()
    results = fetch(home._replace(as_of=datetime(2026, 4, 18, 9)), 4)
    assert {day.state for day in results} == {"not_published"} and fetch_problem(results) is None
    assert len(logged(caplog, "Probably not published yet")) == 1


def test_a_hole_among_days_that_are_there_is_no_move(home: Settings, site: Web) -> None:
    site.files[path(3)] = content(3)
    results = fetch(home._replace(as_of=datetime(2026, 4, 24, 9)), 5)
    states = "fetched failed failed fetched failed".split()
    assert [day.state for day in results] == states
    assert len({day.message for day in results if day.state == "failed"}) == 2


# What a schedule asks for


def due(home: Settings, as_of: datetime) -> list[Fetched]:
    source = load_sources(home.home)[SOURCE]
    return fetch_due(home._replace(as_of=as_of), source, patience=QUICK)


def days_asked(web: Web) -> list[str]:
    return sorted({path[-18:-8] for _, path, _ in web.asked})


def test_a_schedule_fetches_what_is_new_and_asks_again_for_a_week(
    home: Settings, site: Web
) -> None:
    site.files = {path(n): ZST for n in range(-40, 3)}
    monday = datetime(2026, 4, 20, 6)
    results = due(home, monday)  # delay_days is 7, so the first day is 34 before yesterday
    assert results[0].day == date(2026, 3, 16)
    assert {(day.state, day.day > date(2026, 4, 15)) for day in results} == {
        *{("fetched", False), ("not_published", True)}
    }
    site.asked.clear()
    site.files |= {path(n): ZST for n in range(3, 10)}
    results = due(home, monday + timedelta(days=7))
    assert days_asked(site) == [str(date(2026, 4, 8) + timedelta(days=n)) for n in range(19)]
    fetched = [day.day for day in results if day.state == "fetched"]
    assert fetched == [date(2026, 4, 16) + timedelta(days=n) for n in range(7)]


def test_after_a_week_without_a_file_no_later_day_is_requested(home: Settings, site: Web) -> None:
    file = home.home / "sources" / f"{SOURCE}.toml"
    file.write_text(file.read_text().replace("delay_days = 7", "delay_days = 60"))
    site.files = {path(n): ZST for n in range(-85, -51)}
    results = due(home, datetime(2026, 4, 20, 6))
    assert {day.state for day in results} == {"fetched", "not_published"}
    assert days_asked(site)[-1] == "2026-03-04"


def test_a_schedule_does_not_ask_for_days_before_the_source_began(
    home: Settings, site: Web
) -> None:
    site.files = {path(n): ZST for n in range(-102, -90)}
    first, *_ = due(home, datetime(2026, 1, 10, 6))
    assert (first.day, first.state) == (date(2026, 1, 1), "fetched")


def test_a_source_without_addresses_cannot_be_fetched(tmp_path: Path) -> None:
    home = settings_of(tmp_path)
    with pytest.raises(BarometerError, match=r"has no \[fetch\]"):
        fetch_due(home, load_sources(home.home)["statsat"])
    with pytest.raises(BarometerError, match="These can be fetched: danish-maritime"):
        known_source(load_sources(home.home), "noaa")
