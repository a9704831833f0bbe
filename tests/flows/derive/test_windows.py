"""What was read in the lake is not read again: a run reads the windows that its fixes changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import relations, reuse
from flows.catalogue.check import check_rebuild
from flows.catalogue.windows import READERS, open_unread
from flows.home.settings import Settings
from tests.build.derivation import only
from tests.build.files import copy_of
from tests.conftest import FillHome

Window = tuple[datetime, datetime]
Read = dict[str, tuple[list[Window], int]]
"""Of each reader the windows that it read, from and to, and how many there were."""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """What the runs of a test read last."""
    seen: Read = {}

    def opened(con: Any, reader: str) -> bool:
        has_before = open_unread(con, reader)
        windows = con.execute("select from_at, to_at from step.unread order by all").fetchall()
        (count,) = con.execute(f"select count(*) from {READERS[reader].relation}").fetchone()
        seen[reader] = (windows, count)
        return has_before

    monkeypatch.setattr(relations, "open_unread", opened)
    yield seen


def test_a_run_reads_the_windows_that_its_fixes_changed(
    read: Read,
    fill_home: FillHome,
    nine_days: Settings,
    sample_days: list[Path],
    tmp_path: Path,
) -> None:
    settings = copy_of(nine_days, tmp_path)
    with only(*READERS, kept=tuple(READERS)):
        fill_home(settings.home, [], reports=False)
        assert {name: windows for name, (windows, _) in read.items() if windows} == {}
        fill_home(settings.home, sample_days[9:10], reports=False)
    day = datetime.fromisoformat(sample_days[9].name[14:24])
    for name in ("draught_around_call", "call_cargo"):
        windows, count = read[name]
        assert 0 < len(windows) < count
    assert all(
        from_at < day + timedelta(days=1) and to_at >= day
        for name, (windows, _) in read.items()
        for from_at, to_at in windows
        if name != "call_cargo"  # it reads no fixes
    )
    with only(*READERS):
        assert check_rebuild(settings) == []


def test_other_code_reads_all_again(
    read: Read,
    fill_home: FillHome,
    two_days: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = copy_of(two_days, tmp_path)
    monkeypatch.setattr(reuse, "code_hash", lambda: "another")
    with only(*READERS, kept=tuple(READERS)):
        fill_home(settings.home, [], reports=False)
    assert [(name, count) for name, (windows, count) in read.items() if len(windows) != count] == []
    assert read["draught_around_call"][1] > 0
