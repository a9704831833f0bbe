"""A week goes out again only when a published number of its own changed (SIMULATED)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.home.history import OUTBOX, append_history, read_history
from flows.home.settings import Settings
from flows.mail import outbox
from flows.mail.smtp import Result
from flows.mail.version import version_of
from tests.build.post import NOON, TEAM, Post
from tests.conftest import FillHome

FIRST, W10_DAY, W12_DAYS = 13, slice(3, 4), slice(15, 18)
"""The first day used; a day of the first week, and three of the last, that come late."""


def without(days: Sequence[Path], late: slice) -> list[Path]:
    return [day for day in days[FIRST:] if day not in days[late]]


def due(home: Settings, post: Post, hours: int = 0) -> Result:
    at = NOON + timedelta(hours=hours)
    return outbox.send_due(home, post.environ(), now=lambda: at, sleep=lambda seconds: None)


def old_record(home: Settings) -> dict[str, Any]:
    """That the newest week went out before, by a release that hashed the week's CSV files."""
    record = dict.fromkeys(outbox.RECORD) | {
        "week": "2026-W12",
        "week_state": "partial",
        "version": "0123456789abcdef",
        "to": list(TEAM),
        "state": "sent",
        "at": NOON.isoformat(),
        "attempt": 1,
        "message_id": "<barometer.2026-W12.0123456789abcdef@example.org>",
        "settings_hash": "x",
    }
    append_history(home.home, OUTBOX, [record])
    return record


@pytest.mark.usefixtures("undrawn")
def test_a_late_file_of_another_week_sends_nothing_again(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path, post: Post
) -> None:
    home = fill_home(tmp_path / "home", without(sample_days, W10_DAY))
    assert [line[:14] for line in due(home, post).done] == ["2026-W12: sent"]
    fill_home(tmp_path / "home", sample_days[W10_DAY])
    assert [line[:22] for line in due(home, post, 24).done] == ["2026-W12: already sent"]


@pytest.fixture(scope="module")
def before_and_after(
    fill_home: FillHome, sample_days: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, Settings]:
    """A home that lacks days of the last week, and the same after they came late."""
    folder = tmp_path_factory.mktemp("late")
    before = fill_home(folder / "before", without(sample_days, W12_DAYS))
    shutil.copytree(before.home, folder / "after")
    return before, fill_home(folder / "after", sample_days[W12_DAYS])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("is_old", [False, True], ids=["sent by this release", "by an earlier one"])
def test_a_late_file_of_the_week_itself_sends_it_as_restated(
    is_old: bool, before_and_after: tuple[Settings, Settings], tmp_path: Path, post: Post
) -> None:
    before, after = before_and_after
    home = before._replace(home=tmp_path / "home")
    shutil.copytree(before.home, home.home)
    if is_old:
        old_record(home)
    assert len(due(home, post).done) == 1
    assert len(post.taken()) == (0 if is_old else 1)
    records = read_history(home.home, OUTBOX)
    shutil.rmtree(home.home)
    shutil.copytree(after.home, home.home)
    append_history(home.home, OUTBOX, records)
    assert [line[:14] for line in due(home, post, 24).done] == ["2026-W12: sent"]
    assert "restated" in post.taken()[-1]["Subject"]
    assert "2026-W12 (this week) from" in post.taken()[-1].get_body(("plain",)).get_content()
    assert [line[:22] for line in due(home, post, 48).done] == ["2026-W12: already sent"]


@pytest.mark.usefixtures("undrawn")
def test_what_an_earlier_release_sent_is_sent(
    sample_home: Settings, tmp_path: Path, post: Post
) -> None:
    shutil.copytree(sample_home.home, tmp_path / "home")
    home = sample_home._replace(home=tmp_path / "home")
    record = old_record(home)
    result = due(home, post, 24)
    assert result.problems == []
    assert [line[:22] for line in result.done] == ["2026-W12: already sent"]
    assert read_history(home.home, OUTBOX) == [record]


def test_a_version_follows_the_numbers_and_nothing_else() -> None:
    series = {
        "week": "2026-W12",
        "russian_linked_tanker_calls": 3,
        "russian_linked_berth_calls": 2,
        "tanker_calls": 9,
        "state": "complete",
        "observed_share": 0.96,
    }
    port = {"port_id": "IRKHK", "link_tier": "strong", "port_calls": 3, "state": "complete"}
    version = version_of(series, [port])
    same = series | {"observed_share": 0.97, "word": "rise", "a_new_column": 1}
    quiet = port | {"port_id": "IRNEW", "port_calls": None, "state": "unobserved"}
    assert version_of(same, [quiet, port | {"berth_calls": 1}]) == version
    for name in ("russian_linked_tanker_calls", "russian_linked_berth_calls", "tanker_calls"):
        assert version_of(series | {name: 4}, [port]) != version
    assert version_of(series | {"state": "partial"}, [port]) != version
    assert version_of(series, [port | {"port_calls": 4}]) != version
    assert version_of(series, [port | {"link_tier": "moderate"}]) != version
