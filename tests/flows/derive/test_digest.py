"""A run reads the parts that are new to it; a digest that does not hold is made anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.catalogue import build as catalogue
from flows.catalogue.check import check, check_rebuild
from flows.derive import digest
from flows.home import cache
from flows.home.settings import Settings
from flows.lake.manifest import read_manifest
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import copy_of
from tests.conftest import FillHome


def digests(settings: Settings) -> dict[str, set[str]]:
    """The parts that each stored digest covers."""
    found = digest.kept(settings.home, read_manifest(settings.home))
    assert {one.folder for one in found} == set((settings.home / digest.FOLDER).iterdir())
    return {one.folder.name: set(one.parts) for one in found}


def parts(settings: Settings) -> set[str]:
    entries = read_manifest(settings.home).entries.values()
    return {e.position.hash for e in entries if e.position is not None}


@pytest.fixture
def settings(two_days: Settings, tmp_path: Path) -> Settings:
    """A home of two days that came in one run."""
    return copy_of(two_days, tmp_path)


def test_a_run_digests_what_is_new_to_it_and_leaves_the_rest(
    settings: Settings, fill_home: FillHome, sample_days: list[Path]
) -> None:
    def run_again() -> None:
        with only(*digest.RELATIONS):
            run.derive(settings, [], publish=False)

    (first,) = digests(settings)
    made_at = (settings.home / digest.FOLDER / first).stat().st_mtime_ns
    # Not the day after: rows that it repeats may change which part holds them.
    fill_home(settings.home, sample_days[3:5], derive=False)
    run_again()
    found = digests(settings)
    assert [len(covered) for covered in found.values()] == [2, 2]
    assert set.union(*found.values()) == parts(settings)
    assert (settings.home / digest.FOLDER / first).stat().st_mtime_ns == made_at
    run_again()
    assert digests(settings) == found


def test_a_part_that_another_file_changed_is_digested_again(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path
) -> None:
    header, *lines = _lines(sample_days[0])
    halves = [tmp_path / "some.csv", tmp_path / "more.csv"]
    halves[0].write_bytes(b"".join([header, *lines[:600]]))
    halves[1].write_bytes(b"".join([header, *lines[400:]]))
    with only(*digest.RELATIONS, "track_call", "coverage", "vessel"):
        for half in halves:
            settings = fill_home(tmp_path / "home", [half], reports=False)
        assert set.union(*digests(settings).values()) == parts(settings)
        assert sum(len(covered) for covered in digests(settings).values()) == 2
        assert check_rebuild(settings) == []


def _lines(day: Path) -> list[bytes]:
    with pa.CompressedInputStream(pa.OSFile(str(day)), "zstd") as stream:
        return bytes(stream.read()).splitlines(keepends=True)


def _cut(folder: Path) -> None:
    path = folder / "static_report.parquet"
    os.truncate(path, path.stat().st_size - 100)


SPOILS: dict[str, Callable[[Path], Any]] = {
    "cut": _cut,
    "a file lost": lambda folder: (folder / "heard.parquet").unlink(),
    "garbled": lambda folder: (folder / cache.CONTENTS).write_text("[", encoding="utf-8"),
    "of other code": lambda folder: folder.rename(folder.with_name("0" * 16 + folder.name[16:])),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_a_digest_that_does_not_hold_is_made_anew(
    settings: Settings, spoil: Callable[[Path], Any]
) -> None:
    manifest = read_manifest(settings.home)
    before = digest.kept(settings.home, manifest)
    (stored,) = before
    spoil(stored.folder)
    assert digest.kept(settings.home, manifest) == []
    catalogue.digest_new(settings, manifest)
    assert digest.kept(settings.home, manifest) == before
    assert cache.faults(before) == []
    assert list((settings.home / digest.FOLDER).iterdir()) == [stored.folder]


def test_a_digest_that_was_changed_in_place_is_named_by_the_check(settings: Settings) -> None:
    (name,) = digests(settings)
    static = settings.home / digest.FOLDER / name / "static_report.parquet"
    content = bytearray(static.read_bytes())
    content[100] ^= 255
    static.write_bytes(content)
    faults = [finding.message for finding in check(settings) if finding.check == "files"]
    assert len(faults) == 1 and str(static) in faults[0] and "Delete" in faults[0]
    catalogue.digest_new(settings, read_manifest(settings.home))  # the next run does without
    assert [finding for finding in check(settings) if finding.check == "files"] == []
