"""What a schedule asks for, and what it means where a publisher has no file of a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from flows.sources.fetch import fetch_due, known_source
from flows.sources.fetched import Fetched, fetch_problem, messages
from tests.build.files import settings_of
from tests.build.publisher import (
    QUICK,
    SOURCE,
    ZST,
    content,
    fetch,
    logged,
    path,
    publish,
)
from tests.build.web import Web


@pytest.mark.parametrize("days", [2, 14])
def test_addresses_that_moved_are_said_once_with_what_to_do(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """Of the days some are so recent that they may not be out yet; the older ones tell."""
    publish(home, web.address)
    as_of = datetime(2026, 4, 13, 9) + timedelta(days=max(days, 8))
    found = fetch(home._replace(as_of=as_of), days)
    assert {day.state for day in found} == {"failed"}
    (said,) = {day.message for day in found}
    assert f"all {days} files are absent" in said and "moved or renamed" in said
    assert f"{web.address}/2026/ais-2026-04-" in said and "404 Not Found" in said
    assert "https://coast.noaa.gov" in said and str(home.home / "sources") in said
    assert len(logged(caplog, "absent")) == 1
    assert not any("Probably not published yet" in record.getMessage() for record in caplog.records)
    assert fetch_problem(found) == f"{days} of {days} days failed."
    assert messages(found) == [f"- {said}"]


def test_files_that_were_there_and_are_not_any_more_have_moved(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """As a schedule meets it: it asks again for the last days, and for new ones."""
    web.files = {path(n): content(n) for n in range(3)}
    publish(home, web.address)
    early = home._replace(as_of=datetime(2026, 4, 18, 9))
    assert {day.state for day in fetch(early, 3)} == {"fetched"}
    caplog.clear()
    web.files.clear()
    found = fetch(early, 5)
    assert [day.state for day in found] == ["kept"] * 3 + ["failed"] * 2
    assert all(day.path is not None for day in found[:3])
    assert len(logged(caplog, "moved or renamed")) == 1
    assert fetch_problem(found) == "2 of 5 days failed." and len(messages(found)) == 1


def test_a_range_that_is_all_too_recent_is_said_once_and_is_no_failure(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    publish(home, web.address)
    found = fetch(home._replace(as_of=datetime(2026, 4, 18, 9)), 4)
    assert {day.state for day in found} == {"not_published"} and fetch_problem(found) is None
    assert len(logged(caplog, "Probably not published yet")) == 1


def test_a_hole_among_days_that_are_there_is_no_move(home: Settings, web: Web) -> None:
    web.files = {path(0): content(0), path(3): content(3)}
    publish(home, web.address)
    found = fetch(home._replace(as_of=datetime(2026, 4, 24, 9)), 5)
    assert [day.state for day in found] == [
        *("fetched", "failed", "failed", "fetched", "failed"),
    ]
    assert len({day.message for day in found if day.state == "failed"}) == 2


# What a schedule asks for


def due(home: Settings, as_of: datetime) -> list[Fetched]:
    source = load_sources(home.home)[SOURCE]
    return fetch_due(home._replace(as_of=as_of), source, patience=QUICK)


def days_asked(web: Web) -> list[str]:
    return sorted({path[-18:-8] for _, path, _ in web.asked})


def test_a_schedule_fetches_what_came_since_and_asks_again_for_a_week(
    tmp_path: Path, web: Web
) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    web.files = {path(n): ZST for n in range(-40, 3)}
    monday = datetime(2026, 4, 20, 6)
    found = due(home, monday)  # delay_days is 7, so the first day is 34 before yesterday
    assert found[0].day == date(2026, 3, 16)
    assert {day.state for day in found if day.day <= date(2026, 4, 15)} == {"fetched"}
    assert {day.state for day in found if day.day > date(2026, 4, 15)} == {"not_published"}
    web.asked.clear()
    web.files |= {path(n): ZST for n in range(3, 10)}
    found = due(home, monday + timedelta(days=7))
    assert days_asked(web) == [str(date(2026, 4, 8) + timedelta(days=n)) for n in range(19)]
    fetched = [day.day for day in found if day.state == "fetched"]
    assert fetched == [date(2026, 4, 16) + timedelta(days=n) for n in range(7)]


def test_a_publisher_who_is_behind_is_not_asked_for_every_day_since(
    tmp_path: Path, web: Web
) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    file = home.home / "sources" / f"{SOURCE}.toml"
    file.write_text(file.read_text().replace("delay_days = 7", "delay_days = 60"))
    web.files = {path(n): ZST for n in range(-85, -51)}
    found = due(home, datetime(2026, 4, 20, 6))
    assert {day.state for day in found} == {"fetched", "not_published"}
    assert days_asked(web)[-1] == "2026-03-04", "of a week without a file is no day after it asked"


def test_a_schedule_does_not_ask_for_days_before_the_source_began(tmp_path: Path, web: Web) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    web.files = {path(n): ZST for n in range(-102, -90)}
    found = due(home, datetime(2026, 1, 10, 6))
    assert found[0].day == date(2026, 1, 1) and found[0].state == "fetched"


def test_a_schedule_for_a_source_without_addresses_says_so(tmp_path: Path) -> None:
    home = settings_of(tmp_path)
    with pytest.raises(BarometerError, match=r"has no \[fetch\]"):
        fetch_due(home, load_sources(home.home)["statsat"])
    with pytest.raises(BarometerError, match="These can be fetched: danish-maritime"):
        known_source(load_sources(home.home), "noaa")
