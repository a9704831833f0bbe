"""One byte of a file of the home is another: whatever it is, a run heals it or names the file."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path

import pytest

from flows.cli import main
from flows.derive import digest
from flows.home import cache
from flows.home.settings import BarometerError, Settings
from flows.lake import compact
from flows.lake.manifest import CATALOGUE, part_paths, read_manifest
from flows.lake.prepare import prepare_home
from flows.runner import run
from tests.build.contents import contents, differing
from tests.build.derivation import only
from tests.build.files import LAYOUTS, copy_of, day, ingest, settings_of, write
from tests.build.ships import AS_OF, call, ship

SEED = 16
HELD = ("track_call", "coverage", "vessel")
"""What is derived: from the fixes, from what was heard, from static reports."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of three files, compacted, with its calls."""
    folder = tmp_path_factory.mktemp("whole")
    settings = settings_of(folder / "home", as_of=AS_OF)
    for number in range(3):
        rows = call(ship(number, f"VOLNA {number}", mid=273), 1)
        write(folder / "in", day(*rows, layout=LAYOUTS[2]), name=f"{number}.csv")
    with pytest.MonkeyPatch.context() as patch, only(*HELD):
        patch.setattr(compact, "FEW", 1)
        run.derive(settings, ingest(settings, folder / "in"), publish=False)
    return settings


@pytest.fixture(scope="module")
def held(whole: Settings) -> dict[str, str]:
    """What it holds."""
    return contents(whole)


@pytest.fixture
def home(whole: Settings, tmp_path: Path) -> Settings:
    return copy_of(whole, tmp_path)


def places(content: bytes) -> list[int]:
    """A place of each kind in a Parquet file, and some of its footer at random."""
    footer = len(content) - 8 - struct.unpack("<i", content[-8:-4])[0]
    draw = random.Random(SEED)
    fixed = [4, footer, len(content) - 8, len(content) - 1]
    return [*fixed, *(draw.randrange(footer, len(content) - 8) for _ in range(2))]


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def derive(settings: Settings) -> str | None:
    """The message of a run of no new file, where it fails."""
    try:
        with only(*HELD):
            run.prepare(settings)
            run.derive(settings, [], publish=False)
    except BarometerError as error:
        return str(error)
    return None


@pytest.mark.parametrize("number", range(6))
def test_a_compact_file_is_made_anew_or_not_read(
    held: dict[str, str], home: Settings, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "FEW", 1)
    manifest = read_manifest(home.home)
    (stored,) = compact.kept(home.home, manifest)
    path = stored.folder / "position.parquet"
    flipped(path, places(path.read_bytes())[number])
    code = main(["sql", "select count(lon), sum(mmsi) from position", "--home", str(home.home)])
    assert code in (0, 1)  # a reader gets a message at the most
    assert derive(home) is None
    if cache.faults(compact.kept(home.home, manifest)):
        return  # nothing read it; the check names it
    prepare_home(home.home)  # what the first try left in tmp/
    assert differing(held, contents(home)) == []


@pytest.mark.parametrize("number", range(6))
def test_a_part_of_the_lake_is_named_and_no_disk_is_blamed(home: Settings, number: int) -> None:
    part = Path(part_paths(home.home, read_manifest(home.home), "position")[0])
    flipped(part, places(part.read_bytes())[number])
    for folder in (digest.FOLDER, compact.FOLDER):  # with them, a run may have no need of the part
        shutil.rmtree(home.home / folder)
    message = derive(home)
    if message is not None:
        assert str(part) in message and "Ingest that file again" in message
        assert "free space" not in message
    # A file that shares its time goes in all the same, and the damaged one comes back.
    new = write(home.home.with_name("new"), day(*call(ship(9, "NEW"), 1), layout=LAYOUTS[2]))
    assert [outcome.state for outcome in ingest(home, new)] == ["ingested"]


@pytest.mark.parametrize("share", [0.01, 0.6])
def test_a_digest_or_a_catalogue_costs_no_run(
    held: dict[str, str], home: Settings, share: float
) -> None:
    (stored,) = digest.kept(home.home, read_manifest(home.home))
    for path in (*(stored.folder / name for name in stored.files), home.home / CATALOGUE):
        flipped(path, int(share * path.stat().st_size))
    assert derive(home) is None
    assert differing(held, contents(home)) == []
