"""A home that was damaged: what is messages, what stays, and how the source files mend it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.catalogue import access, check
from flows.home import history
from flows.home.settings import BarometerError, Settings
from flows.lake import damage as files_damage
from flows.lake.entry import KINDS
from flows.lake.manifest import adopt, part_paths, read_manifest, write_manifest
from flows.lake.prepare import prepare_home
from flows.runner import run
from tests.build.contents import contents, differing
from tests.build.derivation import only
from tests.build.files import LAYOUTS, answer, day, file_id, ingest, rot, settings_of, write
from tests.build.forms import as_geoparquet, fixes, with_geometry_source
from tests.build.opened import opens
from tests.build.ships import AS_OF, call, ship
from tests.conftest import no_pictures

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of two files that share fixes, derived and published; the files lie in `in`."""
    folder = tmp_path_factory.mktemp("whole")
    rows = call(ship(1, "VOLNA", mid=273), 1)
    parts = [day(*part, layout=LAYOUTS[2]) for part in (rows[:20], [*rows[15:], "x"])]
    settings = settings_of(folder / "home", as_of=AS_OF)
    for number, content in enumerate(sorted(parts, key=file_id)):
        write(folder / "in", content, name=f"{number}.csv")
    outcomes = ingest(settings, folder / "in")
    with no_pictures():
        run.derive(settings, outcomes, publish=True)
    return settings


@pytest.fixture(scope="module")
def sound(whole: Settings) -> tuple[list[check.Finding], dict[str, str]]:
    """What its check finds, and what it holds."""
    return check.check(whole), contents(whole)


@pytest.fixture
def home(whole: Settings, tmp_path: Path) -> Settings:
    """A copy of it."""
    shutil.copytree(whole.home.parent, tmp_path / "copy")
    settings = whole._replace(home=tmp_path / "copy" / "home")
    access.repoint(settings)
    return settings


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def parts_of(settings: Settings, kind: str) -> list[Path]:
    return [Path(p) for p in part_paths(settings.home, read_manifest(settings.home), kind)]


def faults(settings: Settings, name: str) -> list[str]:
    return [f.message for f in check.check(settings) if f.is_fault and f.check == name]


def swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lose_folder(path: Path) -> None:
    """The whole folder of the kind, as of a disk that is not mounted."""
    shutil.rmtree(path.parents[2], ignore_errors=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts openings")
def test_a_check_opens_each_file_of_the_lake_once(home: Settings) -> None:
    """For hash, columns, rows and queries together.

    DuckDB looks into the first file of a view once more, to know its columns.
    """
    files = [path for kind in KINDS for path in parts_of(home, kind)]
    firsts = {parts_of(home, kind)[0] for kind in KINDS}
    with opens(files) as counted:
        assert [finding for finding in check.check(home) if finding.is_fault] == []
    assert counted == {file: 1 + (file in firsts) for file in files}
    assert len(files) > len(firsts)


@pytest.mark.parametrize(
    ("damage", "kind", "why"),
    [
        (Path.unlink, "position", "is missing"),
        (swap_for_folder, "position", "is missing"),
        (lose_folder, "position", "is missing"),
        (lose_folder, "reject", "is missing"),
        (cut, "reject", "bytes, not "),
        (rot, "position", "is not the file that was written"),
    ],
)
def test_a_damaged_file_is_named_and_comes_back_with_its_source(
    sound: tuple[list[check.Finding], dict[str, str]],
    home: Settings,
    kind: str,
    damage: Damage,
    why: str,
) -> None:
    parts = parts_of(home, kind)
    for path in parts:
        damage(path)
    messages = faults(home, "files")
    if damage is lose_folder:
        assert messages.pop().endswith("the folder is missing. Is a disk not mounted?")
    assert len(messages) == len(parts) and why in messages[0]
    lost = r"\d rows of .\.csv \(danish-maritime-authority, 2026-06-0\d to 2026-06-0\d\)"
    assert re.search(rf"{parts[0]}: .*{lost}.*barometer run FILE", messages[0]), messages[0]
    if damage is not rot:
        before = contents_without_lake(home)
        with pytest.raises(BarometerError, match="catalogue and reports are as they were"):
            run.derive(home, [], publish=True)
        assert contents_without_lake(home) == before
    prepare_home(home.home)
    if damage is swap_for_folder:
        for path in parts:
            path.rmdir()
    later = home._replace(as_of=AS_OF.replace(year=2028))
    states = [outcome.state for outcome in ingest(later, home.home.parent / "in")]
    assert states.count("ingested") == len(parts)
    assert check.check(home) == sound[0]
    assert differing(sound[1], contents(home)) == []


def contents_without_lake(settings: Settings) -> dict[str, bytes]:
    """Catalogue, reports and histories, byte by byte."""
    return {
        str(path): path.read_bytes()
        for path in sorted(settings.home.rglob("*"))
        if path.is_file() and path.relative_to(settings.home).parts[0] not in KINDS
    }


def test_a_new_file_goes_in_beside_a_missing_one(home: Settings, tmp_path: Path) -> None:
    missing = parts_of(home, "position")[0]
    missing.unlink()
    new = write(tmp_path / "new", day(*call(ship(2, "NEW"), 1), layout=LAYOUTS[2]))
    assert [outcome.state for outcome in ingest(home, new)] == ["ingested"]
    with pytest.raises(BarometerError, match=missing.parent.name):
        run.derive(home, [], publish=True)
    assert {o.state for o in ingest(home, home.home.parent / "in")} == {"ingested", "known"}
    with only(publish=True):
        run.derive(home, [], publish=True, reports=False)
    assert files_damage.faults(home.home, read_manifest(home.home), is_hashed=True) == []


def drifted(path: Path) -> pa.Table:
    table = pq.read_table(path, partitioning=None)
    return table.set_column(0, "mmsi", table["mmsi"].cast(pa.int64()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drifted, "other columns than this version writes (mmsi int32, mmsi int64)"),
        (
            lambda path: pq.read_table(path, partitioning=None).slice(1),
            "has 19 rows instead of the 20",
        ),
    ],
    ids=["a type", "a row"],
)
def test_a_file_of_another_schema_or_count_that_the_manifest_vouches_for_is_found(
    home: Settings, change: Callable[[Path], pa.Table], words: str
) -> None:
    manifest = read_manifest(home.home)
    entry = next(iter(manifest.entries.values()))
    assert entry.position is not None
    pq.write_table(change(home.home / entry.position.path), home.home / "tmp" / "x.parquet")
    part = adopt(home.home, home.home / "tmp" / "x.parquet", entry.position.path)
    changed = entry._replace(position=part._replace(rows=entry.position.rows))
    write_manifest(home.home, manifest.with_entries([changed]))
    (message,) = faults(home, "schema")
    assert words in message


def test_wrong_sums_histories_and_registers_are_found(home: Settings) -> None:
    manifest = read_manifest(home.home)
    entry = next(iter(manifest.entries.values()))
    changed = entry._replace(rows_read=entry.rows_read + 1)
    write_manifest(home.home, manifest.with_entries([changed]))
    (first,) = history.read_history(home.home, history.RUN)
    earlier = first | {"as_of": "2026-01-01T00:00:00", "files": [], "gone": []}
    history.append_history(home.home, history.RUN, [earlier])
    record = {"register": "ofac", "path": "registers/ofac/x.parquet", "file_hash": "x"}
    record |= {"published_on": "2026-01-01", "imported_at": "2026-01-01", "link_source": "OFAC"}
    history.append_history(
        home.home, history.REGISTER, [record | {"name": "sdn.csv", "entries": 1, "hulls": 1}]
    )
    assert any("accounted" in message for message in faults(home, "sums"))
    assert any("follows run 1" in message for message in faults(home, "run_order"))
    limits = [f.message for f in check.check(home) if f.check == "run_order" and not f.is_fault]
    assert len(limits) == 1 and "was the clock wrong" in limits[0]
    (message,) = faults(home, "registers")
    assert "a version of ofac cannot be read" in message and "backup" in message


def test_positions_of_a_source_without_a_definition_are_named(tmp_path: Path) -> None:
    home = settings_of(tmp_path / "home", as_of=AS_OF, threads=1)
    with_geometry_source(home)
    write(tmp_path, as_geoparquet(fixes(1)), name="points.parquet")
    outcomes = ingest(home, tmp_path / "points.parquet")
    with only("source_terms", "source_file"):
        run.derive(home, outcomes, publish=False)
    assert answer(home, check.UNDEFINED_SOURCES) == []
    (home.home / "sources" / "points.toml").unlink()
    run.derive(home, outcomes, publish=False)
    (named,) = [f.message for f in check.check(home) if f.check == "undefined_source"]
    assert named.startswith("points ")
