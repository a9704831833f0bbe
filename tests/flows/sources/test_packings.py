"""Files: what is found, and every CSV in it as a stream that fails where the data are damaged."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from flows.home.settings import BarometerError, Settings
from flows.sources.packings import Member, find_files, members, opened
from tests.build.files import PACKINGS, day, fleet, ingested, packed, row, write, zipped

CONTENT = day(*fleet(50))


def contents(path: Path) -> list[bytes]:
    """All members of a file, each read to its end in small pieces."""
    read = []
    for member in members(path):
        with opened(member) as stream:
            read.append(b"".join(iter(lambda: stream.content.read(1000), b"")))
    return read


def names(*paths: Path | str) -> list[str]:
    return [f.path.name for f in find_files(paths)]


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_is_opened_by_its_content_whatever_its_name(tmp_path: Path, packing: str) -> None:
    for name in ("day.csv", "no suffix", "day.xlsx", "day.txt"):
        (tmp_path / name).write_bytes(packed(CONTENT, packing))
        assert contents(tmp_path / name) == [CONTENT]
    if packing in ("gz", "zst"):  # several streams in one file
        path = tmp_path / "two.csv"
        path.write_bytes(packed(CONTENT[:500], packing) + packed(CONTENT[500:], packing))
        assert contents(path) == [CONTENT]


def test_marks_before_the_first_frame_or_member_are_known(tmp_path: Path) -> None:
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"size"
    for packing, marks in {"zst": (skipped, 2 * skipped), "zip": (b"PK00", b"PK\x07\x08")}.items():
        for mark in marks:
            path = write(tmp_path, mark + packed(CONTENT, packing), name=f"day.csv.{packing}")
            assert contents(path) == [CONTENT]


def test_an_archive_gives_its_csvs_in_its_own_order(tmp_path: Path) -> None:
    inside = {"b.csv": b"1", "deep/er/a.CSV": b"2", "read me.txt": b"3", "c.csv": b"4"}
    inside |= {"__MACOSX/._a.csv": b"x", "x/.hidden.csv": b"x", "folder.csv/": b""}
    path = write(tmp_path, zipped(inside), name="days.zip")
    found = ["days.zip!b.csv", "days.zip!deep/er/a.CSV", "days.zip!c.csv"]
    assert [m.name for m in members(path)] == found
    assert contents(path) == [b"1", b"2", b"4"]


def test_a_members_name_is_only_a_name(tmp_path: Path) -> None:
    for name in ("../../evil.csv", "/etc/x.csv", "..\\evil.csv", "C:\\x.csv", "a\nb\x1b.csv"):
        path = write(tmp_path / "in", zipped({name: CONTENT}), name="days.zip")
        (member,) = members(path)
        assert member.name.startswith("days.zip!")
        assert member.name.isprintable()
        assert contents(path) == [CONTENT]
        assert sorted(tmp_path.rglob("*")) == [path.parent, path]


def test_every_method_of_zipfile_is_read_and_two_members_of_one_name(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "days.zip", "w", method) as archive:
            archive.writestr("a.csv", CONTENT)
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("a.csv", b"2")
        assert contents(tmp_path / "days.zip") == [CONTENT, b"2"]


def changed_zip(at: int, value: int, in_header: bool = True) -> bytes:
    """A zip with a value at this offset of its table's entry, and 2 lower in the file's header."""
    raw = bytearray(zipped({"a.csv": CONTENT}))
    raw[raw.index(b"PK\x01\x02") + at] = value
    if in_header:
        raw[at - 2] = value
    return bytes(raw)


CRC_AT = 16
GZ, ZST, ZIP = (packed(CONTENT, packing) for packing in ("gz", "zst", "zip"))
WRONG_SUM = ZIP[ZIP.index(b"PK\x01\x02") + CRC_AT] ^ 1
NO_TEXT = zipped({"é.csv": CONTENT}).replace("é".encode(), b"\xff\xff")
DAMAGED = {
    "password": (changed_zip(8, 1), "password"),
    "unknown method": (changed_zip(10, 97), "Compress it again"),
    "wrong CRC": (changed_zip(CRC_AT, WRONG_SUM, in_header=False), "cut or damaged"),
    "empty zip": (zipped({}), "contains no AIS file"),
    "zip without a CSV": (zipped({"a.txt": b"x"}), "contains no AIS file"),
    "cut zip": (ZIP[:-30], "cut or damaged"),
    "half a zip": (ZIP[:100], "cut or damaged"),
    "only a zip's first bytes": (b"PK\x03\x04" + bytes(100), "cut or damaged"),
    "cut gz": (GZ[:-1], "cut or damaged"),
    "gz, wrong CRC": (GZ[:-8] + bytes(8), "cut or damaged"),
    "junk after a gz": (GZ + b"junk", "cut or damaged"),
    "only a gz's first bytes": (b"\x1f\x8b", "cut or damaged"),
    "cut zst": (ZST[:-1], "cut or damaged"),
    "junk after a zst": (ZST + b"junk", "cut or damaged"),
    "a member's name that is no text": (NO_TEXT, "cut or damaged"),
}


@pytest.mark.parametrize(("content", "words"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_archive_is_named_in_the_message(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = write(tmp_path, content, name="the day.bin")
    with pytest.raises(BarometerError, match=words) as caught:
        contents(path)
    assert str(caught.value).startswith("the day.bin")


@pytest.mark.parametrize("packing", ["gz", "zip", "zst"])
def test_a_file_cut_anywhere_or_with_a_wrong_bit_is_refused_or_right(
    tmp_path: Path, packing: str
) -> None:
    """zstd has a checksum only where the publisher wrote one."""
    content = b"mmsi,b\n" * 30
    whole = packed(content, packing)
    for at in range(4, len(whole)):
        with pytest.raises(BarometerError):
            contents(write(tmp_path, whole[:at]))
        wrong = bytearray(whole)
        wrong[at] ^= 1 << (0, 3, 7)[at % 3]
        try:
            read = contents(write(tmp_path, bytes(wrong)))
        except BarometerError as error:
            assert str(error).startswith("day.csv")
        else:
            assert read == [content] or packing == "zst", at


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, CONTENT)
    refuse = Mock(side_effect=PermissionError(13, "Permission denied"))
    monkeypatch.setattr(Path, "open", refuse)
    for reading in (lambda: members(path), lambda: opened(Member("day.csv", path)).__enter__()):
        with pytest.raises(BarometerError, match=r"day\.csv: not readable .*Check its permissions"):
            reading()


# Finding


def test_the_truth_of_the_simulator_is_no_input(tmp_path: Path) -> None:
    beside = ("truth.csv", "fleet.csv", "expected.json", "simulated-fleet-list.csv")
    for name in ("ais/day.csv", "other/truth.csv", "own.csv", *beside, "SIMULATED.txt"):
        write(tmp_path / Path(name).parent, b"x", name=Path(name).name)
    assert names(tmp_path) == ["day.csv", "truth.csv", "own.csv"]
    assert names(tmp_path / "truth.csv") == ["truth.csv"]


def test_a_folder_gives_what_may_be_ais_sorted_to_the_bottom(tmp_path: Path) -> None:
    for name in ("b.csv", "a/z.csv.gz", "a/y.ZIP", "c.zst", "read.me", ".hidden.csv", ".x/a.csv"):
        write(tmp_path / Path(name).parent, b"x", name=Path(name).name)
    write(tmp_path / "folder.csv", b"x", name="a.csv")
    assert names(tmp_path) == ["y.ZIP", "z.csv.gz", "b.csv", "c.zst", "a.csv"]
    assert not any(f.is_named for f in find_files([tmp_path]))
    (named,) = find_files([tmp_path / ".hidden.csv"])
    assert named.is_named
    assert names(str(tmp_path / "b*.csv")) == ["b.csv"]
    assert names(str(tmp_path / "**" / "z.*")) == ["z.csv.gz"]


def test_links_and_files_given_twice_are_found_once(tmp_path: Path) -> None:
    path = write(tmp_path / "in", b"x")
    (tmp_path / "link.csv").symlink_to(path)
    other = tmp_path / "in" / ".." / "in" / "day.csv"
    assert len(find_files([path, str(path), other, tmp_path / "link.csv", tmp_path])) == 1
    (path.parent / "round").symlink_to(path.parent)
    (path.parent / "other").symlink_to(write(tmp_path / "disk" / "deep", b"x", name="b.csv").parent)
    (path.parent / "once more").symlink_to(tmp_path / "disk")
    (path.parent / "self.csv").symlink_to(path.parent / "self.csv")
    (path.parent / "gone.csv").symlink_to(tmp_path / "nowhere")
    assert names(path.parent) == ["day.csv", "b.csv"]
    with pytest.raises(BarometerError):
        find_files([path.parent / "self.csv"])


def test_what_a_home_holds_is_no_input_but_what_was_fetched_and_recorded(
    home: Settings, two_days: Settings
) -> None:
    """A lake's own Parquet has a header that a source fits."""
    with pytest.raises(BarometerError, match="no AIS file"):
        find_files([two_days.home])
    (outcome,) = ingested(home, CONTENT)
    assert outcome.state == "ingested"
    for folder in ("downloads", "recordings"):
        write(home.home / folder, b"x", name=f"{folder}.csv")
    expected = [f"{outcome.name}", "downloads.csv", "recordings.csv"]
    assert sorted(names(home.home.parent)) == sorted(expected)


def test_a_missing_path_or_a_folder_without_ais_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "work", b"x", name="a.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    monkeypatch.chdir(tmp_path / "work")
    for given in ("gone.csv", "gone*.csv", "", "\0", "x" * 5000, "../pipe*"):
        with pytest.raises(BarometerError):
            find_files([given])
    for given in ("../pipe.csv", "/dev/null"):
        with pytest.raises(BarometerError, match="a pipe or a device"):
            find_files([given])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work" / "a.csv").unlink()
    write(tmp_path, b"x", name="read.me")
    with pytest.raises(BarometerError, match=r"no AIS file in this folder"):
        find_files([tmp_path])


def test_files_are_read_in_pieces_and_progress_is_known(tmp_path: Path) -> None:
    rows = day(*[row()] * 2000)
    for content, packing in (*((rows, p) for p in PACKINGS), (bytes(50_000_000), "gz")):
        path = write(tmp_path, content, packing)
        (member,) = members(path)
        with opened(member) as stream:
            assert len(stream.content.read(1000)) == 1000
            assert 0 < stream.raw.tell() <= path.stat().st_size
