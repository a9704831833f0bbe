"""Ingest: a file goes in whole or not at all, once, and the order of the files does not matter."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.home.settings import Settings
from flows.ingest import commit, inputs, stage
from flows.ingest.outcome import TransientError
from flows.lake.manifest import read_manifest, write_manifest
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.rows import blocks, parse, reasons, repeats
from flows.sources import packings
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.files import (
    AS_OF,
    LAYOUTS,
    PACKINGS,
    day,
    file_id,
    fleet,
    ingest,
    ingested,
    ledger,
    packed,
    positions,
    rejects,
    row,
    settings_of,
    tree,
    write,
    zipped,
)

ROOT = Path(__file__).parents[3]
SOG = POSITION_SCHEMA.names.index("sog_kn")


# Once


@pytest.mark.parametrize("first", PACKINGS)
def test_the_same_content_is_one_file_however_it_is_packed(
    home: Settings, tmp_path: Path, first: str
) -> None:
    content = day(*fleet(20), "junk")
    (outcome,) = ingest(home, write(tmp_path / "in", content, first))
    before = tree(home.home)
    assert outcome.entry is not None
    assert outcome.entry.file_id == file_id(content)
    for packing in PACKINGS:
        (again,) = ingest(home, write(tmp_path / "again", content, packing, name="other.csv"))
        assert (again.state, again.entry) == ("known", None)
        assert outcome.name in again.message
    assert tree(home.home) == before


def test_a_member_that_stands_twice_in_an_archive_goes_in_once(
    home: Settings, tmp_path: Path
) -> None:
    content = day(*fleet(3))
    path = write(tmp_path, zipped({"a.csv": content, "b/c.csv": content}), name="x.zip")
    assert [o.state for o in ingest(home, path)] == ["ingested", "known"]
    assert len(positions(home)) == 3


def test_files_that_begin_alike_are_two_files(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 400)
    ingested(home, day(*fleet(20)), day(*fleet(21)))
    assert {c[2]: c[3:5] for c in ledger(home)} in (
        {20: (20, 0), 21: (1, 20)},
        {20: (0, 20), 21: (21, 0)},
    )


def test_a_file_that_only_has_a_header_is_in_order(home: Settings) -> None:
    (outcome,) = ingested(home, day())
    assert outcome.entry is not None
    assert outcome.entry[4:8] == (0, 0, 0, 0)
    assert outcome.entry.position is outcome.entry.reject is None
    assert positions(home) == rejects(home) == []
    assert ingest(home, home.home.parent / "input")[0].state == "known"


def test_a_file_with_one_ship_among_base_stations_goes_in(home: Settings) -> None:
    """Base stations are read well, and are outside what the lake holds: the file did not fail."""
    ingested(home, day(row(), row(mmsi="002110000"), row(mmsi="992110001"), row(lat="91")))
    assert [r[1] for r in rejects(home)] == [
        reasons.BAD_MMSI,
        reasons.BAD_MMSI,
        reasons.NO_POSITION,
    ]
    assert ledger(home)[0][2:6] == (4, 1, 0, 3)


# Adding up


def test_what_is_read_is_kept_repeated_or_rejected(home: Settings) -> None:
    lines = [*fleet(5), *fleet(2), "junk", "", row(mmsi="1"), row(lat="91")]
    (outcome,) = ingested(home, day(*lines))
    entry = outcome.entry
    assert entry is not None
    assert (entry.rows_read, entry.rows_kept) == (10, 5)
    assert (entry.rows_repeated, entry.rows_rejected) == (2, 3)
    assert (entry.first_reported_at, entry.last_reported_at) == (datetime(2026, 4, 15, 12),) * 2
    assert entry.ingested_at == AS_OF
    assert len(positions(home)) == 5


@pytest.mark.parametrize("block", [150, 1000, 1 << 24], ids=["small blocks", "blocks", "one block"])
def test_of_a_fix_that_stands_twice_in_a_file_the_line_does_not_count(
    home: Settings, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 200)
    speeds = ["", "3", "5", "4"]
    lines = [x for s in speeds for x in fleet(30, sog_kn=s)]
    ingested(home, day(*lines))
    # By what it says: the smaller number, and any before none.
    assert [r[SOG] for r in positions(home)] == [3.0] * 30
    assert ledger(home)[0][2:6] == (120, 30, 90, 0)


def test_two_hulls_may_share_mmsi_and_time(home: Settings) -> None:
    ingested(home, day(row(lon="50.1"), row(lon="56.1"), row(lat="25.1")))
    assert len(positions(home)) == 3


def test_places_that_are_stored_alike_are_one_place(home: Settings) -> None:
    ingested(home, day(row(lon="50.100001"), row(lon="50.099999"), row(lon="50.10001")))
    assert [r[2] for r in positions(home)] == [50.1, 50.10001]


def test_a_place_goes_through_the_sort_to_the_last_bit(home: Settings) -> None:
    edges = [n * sign for n in (0, 0.000004, 0.00001, 0.1, 33.55432, 89.99999) for sign in (1, -1)]
    lons = [*edges, 180, -180, 179.999996, -179.99999, 50.15, 113.48571]
    lats = [*edges, 90, -90, 89.999996, 26.5]
    drawn = np.random.default_rng(6).uniform((-180, -90), (180, 90), (2000, 2)).tolist()
    places = [*itertools.product(lons, lats), *drawn]
    ingested(home, day(*(row(lon=repr(float(x)), lat=repr(float(y))) for x, y in places)))
    want = {(float(np.round(x, 5)) + 0.0, float(np.round(y, 5)) + 0.0) for x, y in places}
    found = [(r[2], r[3]) for r in positions(home)]
    assert sorted(found) == sorted(want)
    assert "-0.0" not in {repr(n) for place in found for n in place}


def test_a_row_keeps_its_values_through_sorting_and_writing(home: Settings) -> None:
    names = ["B", "A", "", "C", "A"]
    lines = [row(mmsi=f"{422_000_009 - i}", vessel_name=n) for i, n in enumerate(names)]
    ingested(home, day(*lines))
    at = POSITION_SCHEMA.names.index("vessel_name")
    assert [(r[0], r[at]) for r in positions(home)] == [
        (422_000_005, "A"),
        (422_000_006, "C"),
        (422_000_007, None),
        (422_000_008, "A"),
        (422_000_009, "B"),
    ]


def test_parts_have_the_contracts_types_and_order(home: Settings) -> None:
    ingested(home, day(*fleet(5)[::-1], "junk"))
    (entry,) = read_manifest(home.home).entries.values()
    assert entry.position is not None
    assert entry.reject is not None
    schema = pq.read_schema(home.home / entry.position.path)
    assert [(f.name, f.type) for f in schema] == [(f.name, f.type) for f in POSITION_SCHEMA]
    assert pq.read_schema(home.home / entry.reject.path).equals(REJECT_SCHEMA)
    mmsi = pq.read_table(home.home / entry.position.path)["mmsi"].to_pylist()
    assert mmsi == sorted(mmsi)


# The same fix in several files


def shuffled_homes(tmp_path: Path, contents: list[bytes]) -> list[tuple[Any, Any, Any]]:
    """The lake after each order in which the files can come."""
    found = []
    for number, order in enumerate(itertools.permutations(contents)):
        home = settings_of(tmp_path / f"home{number}")
        for content in order:
            ingested(home, content)
            prepare_home(home.home)
        found.append((positions(home), ledger(home), rejects(home)))
    return found


def test_the_lowest_file_keeps_a_fix_that_three_files_share(tmp_path: Path) -> None:
    contents = [
        day(*fleet(10), "junk", *fleet(3, 20), row(sog_kn="1")),
        day(*fleet(10, 5), *fleet(2, 6), row(sog_kn="2")),
        day(*fleet(4, 8), row(sog_kn="3"), row(sog_kn="4")),
    ]
    first, *others = shuffled_homes(tmp_path, contents)
    assert all(other == first for other in others)
    rows, counts, _ = first
    lowest = min(contents, key=file_id)
    shared = [r for r in rows if r[0] == 422100987]
    assert [(r[SOG], r[-1]) for r in shared] == [(contents.index(lowest) + 1.0, file_id(lowest))]
    assert len(rows) == len({r[:4] for r in rows}) == 19
    assert sum(c[3] for c in counts) == len(rows)


def test_a_file_whose_rows_all_lie_in_another_keeps_none(tmp_path: Path) -> None:
    contents = [day(*fleet(3)), day(*fleet(3), "")]
    first, second = shuffled_homes(tmp_path, contents)
    assert first == second
    assert sorted(c[3:5] for c in first[1]) == [(0, 3), (3, 0)]


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=8),
        min_size=3,
        max_size=3,
        unique_by=repr,
    )
)
def test_no_order_of_three_files_changes_the_lake(
    tmp_path_factory: pytest.TempPathFactory, tables: list[list[tuple[int, int]]]
) -> None:
    contents = [
        day(*(row(mmsi=f"42200000{ship}", sog_kn=f"{sog}") for ship, sog in rows))
        for rows in tables
    ]
    if len(set(contents)) < 3:
        return
    first, *others = shuffled_homes(tmp_path_factory.mktemp("order"), contents)
    assert all(other == first for other in others)
    owner = {
        ship: min(
            (c for c, rows in zip(contents, tables, strict=True) if ship in dict(rows)), key=file_id
        )
        for rows in tables
        for ship, _ in rows
    }
    speeds = {s: dict(reversed(tables[contents.index(c)]))[s] for s, c in owner.items()}
    assert {r[0] - 422_000_000: (r[SOG], r[-1]) for r in first[0]} == {
        s: (float(speeds[s]), file_id(c)) for s, c in owner.items()
    }


def test_layouts_share_fixes_too(home: Settings) -> None:
    ingested(home, *(day(row(layout), layout=layout) for layout in LAYOUTS))
    assert len(positions(home)) == 1
    assert sorted(c[3:5] for c in ledger(home)) == [(0, 1)] * (len(LAYOUTS) - 1) + [(1, 0)]


def test_a_part_that_was_replaced_stays_until_the_next_run(home: Settings) -> None:
    low, high = sorted([day(*fleet(3)), day(*fleet(3, 1))], key=file_id)
    ingested(home, high)
    old = tree(home.home / "position")
    ingested(home, low)
    parts = tree(home.home / "position")
    assert old.items() <= parts.items()
    assert [p for p in parts if file_id(high) in p] == [
        f"source={LAYOUTS[1]}/file_id={file_id(high)}/{n}.parquet" for n in (0, 1)
    ]
    prepare_home(home.home)
    left = tree(home.home / "position")
    assert [p for p in left if file_id(high) in p] == [
        f"source={LAYOUTS[1]}/file_id={file_id(high)}/1.parquet"
    ]


# Names and folders


HOSTILE_NAMES = [
    *(
        "a b",
        "a'b",
        'a"b',
        "[x]*?",
        "a=b",
        "a\nb",
        "{a,b}",
        "$x",
        "ö" * 60,
        "-x",
        "%s",
        "a;b",
        "a\\b",
    ),
    *("<script>", "source=x", "~", "\u202egnp"),
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_of_any_name_goes_in(home: Settings, tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "in", day(*fleet(3)), name=f"{name}.csv")
    assert [o.state for o in ingest(home, path)] == ["ingested"]
    assert len(positions(home)) == 3


@pytest.mark.parametrize("name", HOSTILE_NAMES[:10])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    for decoy in ("a", "b", "x"):  # what a pattern could take for the home
        (tmp_path / decoy / "position").mkdir(parents=True)
    home = settings_of(tmp_path / name)
    low, high = sorted([day(*fleet(3), *fleet(1)), day(*fleet(3, 1), "junk")], key=file_id)
    ingested(home, high)
    ingested(home, low)
    prepare_home(home.home)
    assert len(positions(home)) == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({"a", "b", "x", name, "input"})


# Failing


class Full:
    """Stands for a writer on a full disk."""

    def __init__(self, error: BaseException, after: int = 0) -> None:
        self.error, self.left = error, after

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.error


NO_SPACE = OSError(28, "No space left on device")


def no_reject_writer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pq, "ParquetWriter", Full(NO_SPACE))


def no_rejects_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pq.ParquetWriter, "write_table", Full(NO_SPACE))


def no_copy(patch: pytest.MonkeyPatch) -> None:
    elsewhere = stage.WRITE.replace("to $out", "to '/no/such/folder/x.parquet'")
    patch.setattr(stage, "WRITE", elsewhere.replace("order by", "and $out <> '' order by"))


def no_connection(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flows.ingest.stage.connect", Full(duckdb.OutOfMemoryException("out of memory")))


def no_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parse, "rejects_table", Full(MemoryError()))


def no_adoption(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flows.ingest.commit.adopt", Full(NO_SPACE))


def no_manifest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flows.lake.manifest.write_durably", Full(NO_SPACE))


def no_rights(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flows.lake.manifest.sync_folder", Full(PermissionError(13, "Permission denied")))


def as_it_was(home: Settings) -> tuple[Any, ...]:
    return read_manifest(home.home), positions(home), ledger(home), rejects(home)


@pytest.mark.parametrize(
    "fail",
    [
        no_reject_writer,
        no_rejects_written,
        no_copy,
        no_connection,
        no_memory,
        no_adoption,
        no_manifest,
        no_rights,
    ],
)
def test_a_failing_write_leaves_the_lake_as_it_was_and_may_be_tried_again(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[pytest.MonkeyPatch], None],
) -> None:
    low, high = sorted([day(*fleet(9), "junk"), day(*fleet(9, 5), "junk")], key=file_id)
    ingested(home, high)
    before = as_it_was(home)
    path = write(tmp_path / "new", low)
    with monkeypatch.context() as patch:
        fail(patch)
        (outcome,) = ingest(home, path)
    assert (outcome.state, outcome.is_transient) == ("failed", True)
    assert outcome.message.startswith("day.csv: not written to ")
    assert "lake is as it was" in outcome.message
    assert as_it_was(home) == before
    assert list((home.home / "tmp").iterdir()) == []
    (again,) = ingest(home, path)
    other = settings_of(tmp_path / "other")
    ingested(other, low)
    ingested(other, high)
    assert again.state == "ingested"
    assert (positions(home), ledger(home)) == (positions(other), ledger(other))


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_failing_write_stops_the_reading(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: str
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 5000)
    no_rejects_written(monkeypatch)
    path = write(tmp_path / "in", day("junk", *fleet(3000)), packing)
    (outcome,) = ingest(home, path)
    assert outcome.is_transient
    assert [t for t in threading.enumerate() if t.name == "read-ahead"] == []


class Broken:
    """A stream that fails in the middle."""

    def __init__(self, content: Any, error: BaseException) -> None:
        self.content, self.error, self.reads = content, error, 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 2:
            raise self.error
        return bytes(self.content.read(min(size, 3000)))


@pytest.mark.parametrize(
    ("error", "is_transient", "words"),
    [
        (OSError(5, "Input/output error"), True, "Input/output"),
        (OSError(116, "Stale file handle"), True, "Stale"),
        (PermissionError(13, "Permission denied"), False, "Check its rights"),
        (EOFError("cut"), False, "cut or damaged"),
    ],
    ids=["drive", "network", "rights", "cut"],
)
def test_a_failing_read_names_the_file_and_leaves_no_trace(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    is_transient: bool,
    words: str,
) -> None:
    plain = packings.Explained.__init__
    monkeypatch.setattr(
        packings.Explained,
        "__init__",
        lambda self, content, name: plain(self, Broken(content, error), name),
    )
    monkeypatch.setattr(blocks, "FINGERPRINT_BYTES", 100)
    before = tree(home.home)
    (outcome,) = ingest(home, write(tmp_path / "in", day(*fleet(900))))
    assert (outcome.state, outcome.is_transient) == ("failed", is_transient)
    assert outcome.message.startswith("day.csv: ")
    assert words in outcome.message
    assert tree(home.home) == before


def test_a_caller_that_tries_again_is_told_to(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {f"{i}.csv": day(*fleet(3, 3 * i)) for i in range(3)}
    path = write(tmp_path / "in", zipped(members), name="x.zip")
    file, sources = InputFile(path, is_named=True), load_sources()
    plain, calls = write_manifest, []

    def once(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise NO_SPACE
        plain(*given)

    monkeypatch.setattr("flows.ingest.commit.write_manifest", once)
    states = []
    for one in inputs.inputs_of([file]):
        assert isinstance(one, inputs.Input)
        try:
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
        except TransientError as error:
            # It comes out of a process of a cluster too.
            told = pickle.loads(pickle.dumps(error))
            assert (told.outcome.name, str(told)) == ("x.zip!1.csv", told.outcome.message)
            states.append(stage.ingest_input(one, sources, home, raise_transient=True).state)
            states.append("after a second try")
    assert states == ["ingested", "ingested", "after a second try", "ingested"]
    assert len(positions(home)) == 9


def test_a_member_that_fails_does_not_stop_the_others(home: Settings, tmp_path: Path) -> None:
    good, more = day(*fleet(3)), day(*fleet(3, 3))
    members = {"a.csv": good, "bad.csv": b"x\n", "empty.csv": b"", "c.csv": more}
    path = write(tmp_path / "in", zipped(members), name="x.zip")
    assert [o.state for o in ingest(home, path)] == ["ingested", "failed", "failed", "ingested"]
    assert len(positions(home)) == 6


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_of_a_cut_file_nothing_goes_in(home: Settings, tmp_path: Path, packing: str) -> None:
    content = day(*(x + os.urandom(40).hex() for x in fleet(2000)))
    whole = packed(content, packing)
    for size in (len(whole) * 2 // 3, len(whole) - 5):
        path = write(tmp_path / "in", whole[:size], name="cut.csv")
        before = tree(home.home)
        (outcome,) = ingest(home, path)
        assert (outcome.state, outcome.is_transient) == ("failed", False)
        assert "cut or damaged" in outcome.message
        assert tree(home.home) == before


# Killed


def run_in_another_process(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script that knows `paths` and what is imported here, and that may end anywhere."""
    start = f"""
        import os, resource, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from flows.home import durable
        from flows.ingest import commit, stage
        from flows.rows import parse
        from tests.build.files import ingest, settings_of
        paths = [Path(p) for p in sys.argv[2:]]
        """
    whole = textwrap.dedent(start) + textwrap.dedent(script)
    return subprocess.run(
        [sys.executable, "-c", whole, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


KILL = """
plain, calls = {what}, []
def dying(*given, **named):
    calls.append(1)
    if len(calls) == {call} and {before}:
        os._exit(9)
    found = plain(*given, **named)
    if len(calls) == {call}:
        os._exit(9)
    return found
{what} = dying
ingest(settings_of(Path(sys.argv[1])), *paths)
"""


@pytest.mark.parametrize(
    ("what", "call", "before"),
    [
        ("stage._stage", 2, False),
        ("commit.adopt", 3, False),
        ("commit.adopt", 4, False),
        ("commit.write_manifest", 2, True),
        ("durable.sync_folder", 14, True),
        ("parse.rejects_table", 2, True),
    ],
    ids=[
        "after staging",
        "after a part took its place",
        "after the next part took its place",
        "before the manifest",
        "while folders are made durable",
        "while reading",
    ],
)
def test_killed_and_run_again_is_as_never_killed(
    tmp_path: Path, what: str, call: int, before: bool
) -> None:
    low, high = sorted([day(*fleet(9), "junk"), day(*fleet(9, 5), "junk")], key=file_id)
    paths = [write(tmp_path / "in", c, name=n) for c, n in ((high, "1.csv"), (low, "2.csv"))]
    script = KILL.format(what=what, call=call, before=before)
    ended = run_in_another_process(script, str(tmp_path / "home"), *map(str, paths))
    assert ended.returncode == 9, ended.stderr
    home, never = settings_of(tmp_path / "home"), settings_of(tmp_path / "never")
    prepare_home(home.home)
    assert len(read_manifest(home.home).entries) == 1
    for settings_ in (home, never):
        assert {o.state for o in ingest(settings_, *paths)} <= {"ingested", "known"}
        prepare_home(settings_.home)
    assert tree(home.home) == tree(never.home)


def test_a_disk_that_takes_no_more_is_a_message(tmp_path: Path) -> None:
    """The limit of a file's size stands for a full disk."""
    drawn = np.random.default_rng(1).uniform(-80, 80, 20_000)
    lines = [row(lon=f"{x:.5f}", lat=f"{x / 2:.5f}") for x in drawn]  # which nothing packs well
    path = write(tmp_path / "in", day(*lines))
    ended = run_in_another_process(
        """
        home = settings_of(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        (outcome,) = ingest(home, *paths)
        print(outcome.state, outcome.is_transient, outcome.message)
        """,
        str(tmp_path / "home"),
        str(path),
    )
    assert ended.stdout.startswith("failed True day.csv: not written to "), ended
    home = settings_of(tmp_path / "home")
    assert positions(home) == []
    assert [o.state for o in ingest(home, path)] == ["ingested"]


# Repetitions within a sorted part


def part_of(folder: Path, *fixes: tuple[int, int, float, float]) -> Path:
    columns = [list(c) for c in zip(*fixes, strict=True)] if fixes else [[], [], [], []]
    schema = pa.schema([POSITION_SCHEMA.field(name) for name in repeats.KEY])
    table = pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
    pq.write_table(table, folder / "part.parquet", row_group_size=2)
    return folder / "part.parquet"


def test_repeated_rows_are_those_that_equal_the_one_before(tmp_path: Path) -> None:
    one, two, three = (1, 5, 1.0, 1.0), (1, 5, 1.0, 2.0), (1, 6, 1.0, 2.0)
    part = part_of(tmp_path, one, one, two, three, three, three)
    assert commit.repeated_rows(part).tolist() == [1, 4, 5]
    assert commit.repeated_rows(part_of(tmp_path)).tolist() == []


@pytest.mark.parametrize("column", range(4))
def test_a_part_that_is_not_sorted_is_an_error(tmp_path: Path, column: int) -> None:
    fixes = [[3, 3, 3, 3], [3, 3, 3, 3]]
    fixes[1][column] = 2
    with pytest.raises(AssertionError, match="not sorted"):
        commit.repeated_rows(part_of(tmp_path, *(tuple(f) for f in fixes)))  # type: ignore[misc]
