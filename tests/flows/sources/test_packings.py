"""Files: what is found, and every CSV in it as a stream that fails where the data are damaged."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from flows.home.settings import BarometerError
from flows.sources.packings import Member, find_files, members, opened
from tests.build.files import PACKINGS, day, fleet, packed, row, write, zipped

CONTENT = day(*fleet(50))


def contents(path: Path) -> list[bytes]:
    """All members of a file, each read to its end in small pieces."""
    found = []
    for member in members(path):
        with opened(member) as stream:
            found.append(b"".join(iter(lambda: stream.content.read(1000), b"")))
    return found


def names(*paths: Path | str) -> list[str]:
    return [f.path.name for f in find_files(paths)]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["day.csv", "no suffix", "day.xlsx", "day.txt"])
def test_a_file_is_opened_by_what_it_is_whatever_its_name(
    tmp_path: Path, packing: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(packed(CONTENT, packing))
    assert contents(path) == [CONTENT]


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_several_streams_in_one_file_are_read_one_after_the_other(
    tmp_path: Path, packing: str
) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(packed(CONTENT[:500], packing) + packed(CONTENT[500:], packing))
    assert contents(path) == [CONTENT]


def test_an_archive_gives_its_csvs_in_its_own_order(tmp_path: Path) -> None:
    inside = {"b.csv": b"1", "deep/er/a.CSV": b"2", "read me.txt": b"3", "c.csv": b"4"}
    path = write(tmp_path, zipped(inside), name="days.zip")
    assert [m.name for m in members(path)] == [
        "days.zip!b.csv",
        "days.zip!deep/er/a.CSV",
        "days.zip!c.csv",
    ]
    assert contents(path) == [b"1", b"2", b"4"]


def test_shadow_files_and_folders_of_an_archive_are_passed_over(tmp_path: Path) -> None:
    inside = {"__MACOSX/._a.csv": b"x", "x/.hidden.csv": b"x", "folder.csv/": b"", "a.csv": b"1"}
    assert contents(write(tmp_path, zipped(inside), name="days.zip")) == [b"1"]


def test_two_members_of_one_name_are_two_members(tmp_path: Path) -> None:
    path = tmp_path / "days.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", b"2")
    assert contents(path) == [b"1", b"2"]


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/x.csv", "..\\evil.csv", "C:\\x.csv", "a\nb\x1b.csv"]
)
def test_a_members_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "in", zipped({name: CONTENT}), name="days.zip")
    before = sorted(p for p in tmp_path.rglob("*"))
    (member,) = members(path)
    assert member.name.startswith("days.zip!")
    assert member.name.isprintable()
    assert contents(path) == [CONTENT]
    assert sorted(p for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_of_zipfile_is_read(tmp_path: Path, method: int) -> None:
    path = tmp_path / "days.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", CONTENT)
    assert contents(path) == [CONTENT]


def with_password() -> bytes:
    """A zip that says of its member that it is encrypted."""
    raw = bytearray(zipped({"a.csv": CONTENT}))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def with_method(number: int) -> bytes:
    raw = bytearray(zipped({"a.csv": CONTENT}))
    raw[8] = raw[raw.index(b"PK\x01\x02") + 10] = number
    return bytes(raw)


def with_wrong_sum() -> bytes:
    raw = bytearray(zipped({"a.csv": CONTENT}))
    raw[raw.index(b"PK\x01\x02") + 16] ^= 1
    return bytes(raw)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(with_password(), "password", id="password"),
        pytest.param(with_method(97), "Compress it again", id="unknown method"),
        pytest.param(with_wrong_sum(), "cut or damaged", id="wrong CRC"),
        pytest.param(zipped({}), "contains no CSV", id="empty zip"),
        pytest.param(zipped({"a.txt": b"x"}), "contains no CSV", id="zip without a CSV"),
        pytest.param(zipped({"a.csv": CONTENT})[:-30], "cut or damaged", id="cut zip"),
        pytest.param(zipped({"a.csv": CONTENT})[:100], "cut or damaged", id="half a zip"),
        pytest.param(b"PK\x03\x04" + bytes(100), "cut or damaged", id="only a zip's first bytes"),
        pytest.param(packed(CONTENT, "gz")[:-1], "cut or damaged", id="cut gz"),
        pytest.param(packed(CONTENT, "gz")[:-8] + bytes(8), "cut or damaged", id="gz, wrong CRC"),
        pytest.param(packed(CONTENT, "gz") + b"junk", "cut or damaged", id="junk after a gz"),
        pytest.param(b"\x1f\x8b", "cut or damaged", id="only a gz's first bytes"),
        pytest.param(packed(CONTENT, "zst")[:-1], "cut or damaged", id="cut zst"),
        pytest.param(packed(CONTENT, "zst") + b"junk", "cut or damaged", id="junk after a zst"),
    ],
)
def test_a_damaged_archive_is_named_in_the_message(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = write(tmp_path, content, name="the day.bin")
    with pytest.raises(BarometerError, match=words) as caught:
        contents(path)
    assert str(caught.value).startswith("the day.bin")


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_a_file_cut_anywhere_is_never_taken_for_whole(tmp_path: Path, packing: str) -> None:
    whole = packed(b"a,b\n" * 30, packing)
    for size in range(4, len(whole)):
        with pytest.raises(BarometerError):
            contents(write(tmp_path, whole[:size]))


@pytest.mark.parametrize("packing", ["gz", "zip", "zst"])
def test_a_file_with_a_wrong_bit_is_right_or_refused(tmp_path: Path, packing: str) -> None:
    """zstd has a checksum only where the publisher wrote one."""
    content = b"mmsi,b\n" * 30
    whole = packed(content, packing)
    for at in range(4, len(whole)):
        wrong = bytearray(whole)
        wrong[at] ^= 1 << (0, 3, 7)[at % 3]
        try:
            found = contents(write(tmp_path, bytes(wrong)))
        except BarometerError as error:
            assert str(error).startswith("day.csv")
        else:
            assert found == [content] or packing == "zst", at


def test_a_members_name_that_is_no_text_is_a_damaged_archive(tmp_path: Path) -> None:
    raw = zipped({"é.csv": CONTENT}).replace("é".encode(), b"\xff\xff")
    with pytest.raises(BarometerError, match="cut or damaged"):
        members(write(tmp_path, raw, name="x.zip"))


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, CONTENT)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    for reading in (
        lambda: members(path),
        lambda: opened(Member("day.csv", path)).__enter__(),
    ):
        with pytest.raises(BarometerError, match=r"day\.csv: not readable .*Check its permissions"):
            reading()


# Finding


def test_a_folder_gives_what_may_be_ais_sorted_to_the_bottom(tmp_path: Path) -> None:
    for name in ("b.csv", "a/z.csv.gz", "a/y.ZIP", "c.zst", "read.me", ".hidden.csv", ".x/a.csv"):
        write(tmp_path / Path(name).parent, b"x", name=Path(name).name)
    assert names(tmp_path) == ["y.ZIP", "z.csv.gz", "b.csv", "c.zst"]
    assert not any(f.is_named for f in find_files([tmp_path]))


def test_a_file_given_twice_is_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "in", b"x")
    (tmp_path / "link.csv").symlink_to(path)
    other = tmp_path / "in" / ".." / "in" / "day.csv"
    assert len(find_files([path, str(path), other, tmp_path / "link.csv", tmp_path])) == 1


def test_a_named_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    assert find_files([write(tmp_path, b"x", name=".ais")])[0].is_named


def test_a_pattern_gives_the_files_that_fit(tmp_path: Path) -> None:
    for name in ("d1.csv", "d2.csv", "e.csv"):
        write(tmp_path, b"x", name=name)
    (tmp_path / "d3.csv").mkdir()
    assert names(str(tmp_path / "d*.csv")) == ["d1.csv", "d2.csv"]
    assert names(str(tmp_path / "**" / "e.csv")) == ["e.csv"]


@pytest.mark.parametrize("given", ["gone.csv", "gone*.csv", "", "\0", "x" * 5000])
def test_a_path_that_is_not_there_is_an_error_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BarometerError):
        find_files([given])


def test_a_folder_without_ais_is_an_error_with_its_name(tmp_path: Path) -> None:
    write(tmp_path, b"x", name="read.me")
    with pytest.raises(BarometerError, match=r"no AIS file in this folder"):
        find_files([tmp_path])


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", b"x", name="a.csv")
    assert names(tmp_path) == names(tmp_path / "x.csv") == ["a.csv"]


def test_links_that_go_round_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, b"x")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "self.csv").symlink_to(tmp_path / "self.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == ["day.csv"]
    with pytest.raises(BarometerError):
        find_files([tmp_path / "self.csv"])


def test_a_gz_of_many_zeros_is_not_unpacked_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as out:
        for _ in range(50):
            out.write(bytes(1_000_000))
    with opened(*members(path)) as stream:
        assert len(stream.content.read(1000)) == 1000
        assert stream.raw.tell() <= path.stat().st_size


def test_progress_knows_how_much_of_the_file_was_read(tmp_path: Path) -> None:
    for packing in PACKINGS:
        path = write(tmp_path, day(*[row()] * 2000), packing)
        (member,) = members(path)
        with opened(member) as stream:
            while stream.content.read(1 << 16):
                assert 0 < stream.raw.tell() <= path.stat().st_size
