"""Small parts are read from compact files, and nothing else changes; none is read that is cut."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.catalogue import access
from flows.catalogue.check import check
from flows.derive import digest
from flows.home import cache as derived
from flows.home.settings import BarometerError, Settings
from flows.lake import compact
from flows.lake.manifest import connect, part_paths, read_manifest
from flows.lake.prepare import prepare_home
from flows.runner import run
from tests.build.contents import contents, differing
from tests.build.derivation import in_a_rebuild, only
from tests.build.files import copy_of, rot
from tests.conftest import FillHome


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compact, "FEW", 2)
    yield


def read_files(settings: Settings) -> list[str]:
    """The folders of the files that the catalogue's `position` reads, as DuckDB's profile says."""
    with access.open_catalogue(access.existing(settings.home), settings) as con:
        ((_, profile),) = con.execute(
            "explain (analyze, format json) select count(lon) from position"
        ).fetchall()
    return sorted(re.findall(rf"{re.escape(str(settings.home))}/(\w+)/[^,\"]*\.parquet", profile))


def all_of(settings: Settings, name: str = "position") -> list[tuple[object, ...]]:
    with access.reading(settings) as con:
        return con.table(name).order("all").fetchall()


def compacted(settings: Settings) -> list[int]:
    """How many parts each compact file covers."""
    return [len(one.parts) for one in compact.kept(settings.home, read_manifest(settings.home))]


@pytest.fixture(scope="module")
def plain(
    fill_home: FillHome, sample_days: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Four days, which are too few to be compacted."""
    home = tmp_path_factory.mktemp("plain") / "home"
    settings = fill_home(home, sample_days[:4], reports=False)
    prepare_home(home)  # takes away what was replaced, as the next run does
    return settings


@pytest.fixture(scope="module")
def compacted_home(
    plain: Settings, fill_home: FillHome, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The same, compacted in the background of a run."""
    home = copy_of(plain, tmp_path_factory.mktemp("compacted")).home
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "FEW", 2)
        return fill_home(home, [], reports=False)


@pytest.fixture
def home(compacted_home: Settings, tmp_path: Path) -> Settings:
    """A copy of it. Its views are of the other home until a run."""
    return copy_of(compacted_home, tmp_path)


def test_all_is_as_without_and_sorted_by_ship_and_time_over_all_files(
    compacted_home: Settings, plain: Settings
) -> None:
    assert read_files(compacted_home) == ["compact", "position"]  # the latter is the empty one
    assert compacted(compacted_home) == [4]
    assert read_files(plain) == ["position"] * 4
    assert compacted(plain) == []
    assert differing(contents(compacted_home), contents(plain)) == []
    assert check(compacted_home) == check(plain)
    assert in_a_rebuild(compacted_home, "port_call") == all_of(plain, "port_call")
    (one,) = compact.kept(compacted_home.home, read_manifest(compacted_home.home))
    with connect(compacted_home) as con:
        file = con.read_parquet(str(one.folder / "position.parquet"), hive_partitioning=False)
        fixes = file.select("mmsi", "reported_at", "lon", "lat", "file_id").fetchall()
    assert fixes == sorted(fixes)
    assert len({mmsi for mmsi, *_ in fixes}) > 5
    assert len({file_id for *_, file_id in fixes}) == 4


def test_what_comes_later_is_read_beside_it(
    home: Settings, fill_home: FillHome, sample_days: list[Path]
) -> None:
    with only("track_call"):
        fill_home(home.home, sample_days[4:6], reports=False)
    assert read_files(home) == ["compact", "position", "position"]
    assert compacted(home) == [4]  # two are few
    with only("track_call"):
        fill_home(home.home, sample_days[6:7], reports=False)
    assert sorted(compacted(home)) == [3, 4]
    assert read_files(home) == ["compact", "compact", "position"]


def test_a_part_that_was_replaced_ends_it(compacted_home: Settings) -> None:
    manifest = read_manifest(compacted_home.home)
    entry = next(iter(manifest.entries.values()))
    assert entry.position is not None
    other = entry._replace(position=entry.position._replace(hash="0" * 64))
    assert compact.kept(compacted_home.home, manifest.with_entries([other])) == []


def test_one_that_no_longer_holds_stays_until_the_next_run(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = compact.kept(home.home, read_manifest(home.home))
    with monkeypatch.context() as patch, only("track_call"):
        patch.setattr(compact, "METHOD", "another")
        run.derive(home, [], publish=False)
    assert one.folder.exists(), "the catalogue that was in use meanwhile reads it"
    assert compacted(home) == [4]
    monkeypatch.setattr(compact, "METHOD", "another")
    run.prepare(home)
    assert not one.folder.exists()


def test_a_cut_one_is_not_read_and_made_anew(home: Settings, plain: Settings) -> None:
    manifest = read_manifest(home.home)
    before = compact.kept(home.home, manifest)
    file = before[0].folder / "position.parquet"
    assert all_of(home) == all_of(plain)
    file.write_bytes(file.read_bytes()[:-10])
    assert compact.kept(home.home, manifest) == []
    assert all_of(home) == all_of(plain)
    assert compact.compact(home, manifest) == 4
    assert compact.kept(home.home, manifest) == before
    assert derived.faults(before) == []


def test_a_changed_one_is_named_by_the_check(home: Settings) -> None:
    (one,) = compact.kept(home.home, read_manifest(home.home))
    file = one.folder / "position.parquet"
    rot(file)
    faults = [finding.message for finding in check(home) if finding.check == "files"]
    assert len(faults) == 1 and str(file) in faults[0] and "Delete" in faults[0]


def test_one_that_cannot_be_read_is_made_anew_in_the_same_run(
    home: Settings, plain: Settings, fill_home: FillHome, caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = compact.kept(home.home, read_manifest(home.home))
    rot(one.folder / "position.parquet")
    with caplog.at_level(logging.WARNING), only("port_call"):
        fill_home(home.home, [], reports=False)
    assert "compact files were damaged" in caplog.text
    assert derived.faults(compact.kept(home.home, read_manifest(home.home))) == []
    assert compacted(home) == [4]
    for name in ("position", "port_call"):
        assert all_of(home, name) == all_of(plain, name)


def test_a_part_that_cannot_be_read_is_named(
    plain: Settings, fill_home: FillHome, tmp_path: Path
) -> None:
    settings = copy_of(plain, tmp_path)
    part = next(iter(part_paths(settings.home, read_manifest(settings.home), "position")))
    rot(Path(part))
    shutil.rmtree(settings.home / digest.FOLDER)  # with it, a run may have no need of the part
    with pytest.raises(BarometerError, match=f"the lake is damaged(.|\n)*{part}: (.|\n)*again"):
        fill_home(settings.home, [])


def test_a_full_disk_costs_no_run(
    plain: Settings,
    fill_home: FillHome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compact, "_made", full)
    with caplog.at_level(logging.WARNING), only("track_call"):
        settings = fill_home(copy_of(plain, tmp_path).home, [], reports=False)
    assert "were not compacted, the next run tries" in caplog.text
    assert compacted(settings) == []
    assert all_of(settings) == all_of(plain)
