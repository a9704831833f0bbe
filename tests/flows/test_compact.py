"""Small parts are read from compact files, and nothing else changes; none is read that is cut."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import catalogue, compact, derived, lake
from flows.check import check, check_rebuild
from flows.settings import Settings
from tests.conftest import FillHome
from tests.flows.whole import contents, differing


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compact, "FEW", 2)
    yield


def read_files(settings: Settings) -> list[str]:
    """The folders of the files that the catalogue's `position` reads, as DuckDB's profile says."""
    with catalogue.open_catalogue(catalogue.existing(settings.home), settings) as con:
        ((_, profile),) = con.execute(
            "explain (analyze, format json) select count(lon) from position"
        ).fetchall()
    return sorted(re.findall(rf"{re.escape(str(settings.home))}/(\w+)/[^,\"]*\.parquet", profile))


def compacted(settings: Settings) -> list[int]:
    """How many parts each compact file covers."""
    return [
        len(one.parts) for one in compact.kept(settings.home, lake.read_manifest(settings.home))
    ]


@pytest.fixture
def home(fill_home: FillHome, sample_days: list[Path], tmp_path: Path) -> Settings:
    """Four days that were compacted by the run that took them in, and read so by the next."""
    settings = fill_home(tmp_path / "home", sample_days[:4])
    assert read_files(settings) == ["position"] * 4
    assert compacted(settings) == [4]
    fill_home(tmp_path / "home", [])
    assert read_files(settings) == ["compact", "position"]  # the latter is the empty one
    return settings


def test_all_is_as_without(
    home: Settings, fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "FEW", 100)
        plain = fill_home(tmp_path / "plain", sample_days[:4])
        fill_home(tmp_path / "plain", [])
    assert compacted(plain) == []
    assert differing(contents(home), contents(plain)) == []
    assert check(home) == check(plain)
    assert check_rebuild(home) == []


def test_sorted_by_ship_and_time_over_all_files(home: Settings) -> None:
    (one,) = compact.kept(home.home, lake.read_manifest(home.home))
    with lake.connect(home) as con:
        file = con.read_parquet(str(one.folder / "position.parquet"), hive_partitioning=False)
        fixes = file.select("mmsi", "reported_at", "lon", "lat", "file_id").fetchall()
    assert fixes == sorted(fixes)
    assert len({mmsi for mmsi, *_ in fixes}) > 5
    assert len({file_id for *_, file_id in fixes}) == 4


def test_what_comes_later_is_read_beside_it(
    home: Settings, fill_home: FillHome, sample_days: list[Path]
) -> None:
    fill_home(home.home, sample_days[4:6])
    assert read_files(home) == ["compact", "position", "position"]
    assert compacted(home) == [4]  # two are few
    fill_home(home.home, sample_days[6:7])
    assert compacted(home) == [4, 3] or compacted(home) == [3, 4]
    fill_home(home.home, [])
    assert read_files(home) == ["compact", "compact", "position"]
    assert check_rebuild(home) == []


def test_a_part_that_was_replaced_ends_it(home: Settings, fill_home: FillHome) -> None:
    manifest = lake.read_manifest(home.home)
    entry = next(iter(manifest.entries.values()))
    assert entry.position is not None
    other = entry._replace(position=entry.position._replace(hash="0" * 64))
    assert compact.kept(home.home, manifest.with_entries([other])) == []


def test_a_cut_one_is_not_read_and_made_anew(home: Settings, fill_home: FillHome) -> None:
    (one,) = compact.kept(home.home, lake.read_manifest(home.home))
    file = one.folder / "position.parquet"
    file.write_bytes(file.read_bytes()[:-10])
    with catalogue.reading(home) as con:
        rows = con.sql("select count(*) from position").fetchone()
    fill_home(home.home, [])
    assert read_files(home) == ["position"] * 4
    assert compacted(home) == [4]
    with catalogue.reading(home) as con:
        assert con.sql("select count(*) from position").fetchone() == rows


def test_a_changed_one_is_named_by_the_check(home: Settings) -> None:
    (one,) = compact.kept(home.home, lake.read_manifest(home.home))
    file = one.folder / "position.parquet"
    content = bytearray(file.read_bytes())
    content[100] ^= 255
    file.write_bytes(content)
    (fault,) = derived.faults([one])
    assert str(file) in fault and "Delete" in fault


def test_a_full_disk_costs_no_run(
    fill_home: FillHome,
    sample_days: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compact, "_made", full)
    with caplog.at_level(logging.WARNING):
        settings = fill_home(tmp_path / "home", sample_days[:3])
    assert "were not compacted, the next run tries" in caplog.text
    assert compacted(settings) == []
    assert (settings.home / lake.CATALOGUE).exists()
