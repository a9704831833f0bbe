"""Step 2, files: find the input, and open each CSV in it as a stream, unpacked nowhere."""

from __future__ import annotations

import glob
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from flows.home.file_names import path_of, printable, shown_name
from flows.home.lock import LOCK
from flows.home.settings import BarometerError, refuse_pipe
from flows.sources import containers

JSON = (".json", ".geojson", ".jsonl", ".ndjson")
SUFFIXES = (
    *(".csv", ".csv.gz", ".csv.zst", ".zip", ".gz", ".zst", *JSON),
    *(".parquet", ".geoparquet", ".nmea", ".nm4"),
)
"""What may be an input in a folder. A file that is named is opened whatever its name."""

PACKED = (".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".tbz2", ".txz", ".lz4")
"""Archives that are not supported, and reported if one is in a folder."""

SIMULATED = "SIMULATED.txt"
"""Lies in every folder of the simulator."""
TRUTH, FLEET, EXPECTED, SPOOFED = "truth.csv", "fleet.csv", "expected.json", "spoofed.csv"
FLEET_LIST = "simulated-fleet-list.csv"  # its stem is the list's name once it is imported
BESIDE_SIMULATED = frozenset({TRUTH, FLEET, FLEET_LIST, EXPECTED, SPOOFED})
"""What the simulator writes there beside the AIS files, which are in a folder of their own: left
out of a search, as it holds no positions."""

OF_A_HOME = frozenset(
    {
        *("position", "reject", "digest", "windows", "compact", "tmp"),
        *("registers", "witness", "history", "ledger", "lost", "reports", "sources"),
        *("manifest.json", "known.json", "written.json", "watchlist.csv", "link_decisions.csv"),
    }
)
"""What a home holds beside what was fetched and recorded (docs/operations.md, "The home"): left out
of a search. The lake's own Parquet files have a header that a source fits, and would come in again
under that source."""

VERSIONS = "versions"
"""Subfolder of a fetched list's folder, with every version that was fetched. A search skips the
whole folder: lists have no positions, and each would fail a run over `downloads/`."""

_GZIP = b"\x1f\x8b"
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([low, 0x2A, 0x4D, 0x18]) for low in range(0x50, 0x60)))
"""A frame, or one that is skipped (RFC 8878, 3.1): pzstd begins a file with the latter."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00")
"""A member, an empty archive, or a mark of one that might have been split (APPNOTE, 8.5)."""

MAX_SHRINK = 20
SMALL_ARCHIVE_BYTES = 1 << 20
"""An archive in an archive hardly shrinks again: one over a megabyte that shrank to a twentieth is
made to fill memory with its table of contents, and is not opened."""

_DAMAGED = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    UnicodeError,
    struct.error,
)


class InputFile(NamedTuple):
    """A file to read. `is_named`: named by the user, not found in a folder."""

    path: Path
    is_named: bool


class Member(NamedTuple):
    """One CSV: a plain or compressed file, or one file in a zip.

    Attributes
    ----------
    name : str
        For people and the ledger: the file's name, with ``!member`` for one in a zip. Never a path
        to write to.
    path : Path
        The file on disk.
    inside : tuple of zipfile.ZipInfo
        The member of the archive, and the member of that where it is an archive too; empty for a
        file that is none.
    """

    name: str
    path: Path
    inside: tuple[zipfile.ZipInfo, ...] = ()


def find_files(paths: Iterable[str | Path]) -> list[InputFile]:
    """Input files below the paths, each once, in the order of the paths, folders sorted by name.

    A path is a file, a folder (searched to the bottom, also where that is a link; hidden files, the
    simulator's truth and what a home holds left out) or a glob pattern.

    Raises
    ------
    BarometerError
        If a path does not exist or is neither file nor folder, a pattern fits nothing, or a folder
        holds no possible AIS file.
    """
    files: dict[Path, InputFile] = {}
    for given in paths:
        if not str(given):  # not the working folder, as for Python: a variable that is not set
            raise BarometerError("a path is empty. Is a variable not set?")
        path = path_of(given)
        try:
            is_folder = path.is_dir()
        except OSError as error:
            raise BarometerError(f"{shown_name(given)}: {error.strerror}.") from error
        if is_folder:
            inside = [InputFile(p, is_named=False) for p in _walk(path)]
            if not inside:
                raise BarometerError(
                    f"{shown_name(path)}: no AIS file in this folder ({', '.join(SUFFIXES)}). "
                    "Is it the right folder?"
                )
        elif path.exists():
            refuse_pipe(path)
            inside = [InputFile(path, is_named=True)]
        else:
            matches = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207 absolute patterns
            inside = [
                file
                for match in map(Path, matches)
                for file in (
                    [InputFile(match, is_named=True)]
                    if match.is_file()
                    else [InputFile(path, is_named=False) for path in _walk(match)]
                    if match.is_dir()
                    else []
                )
            ]
            if not inside:
                raise BarometerError(
                    f"{shown_name(given)}: no such file or folder, and as a pattern it matches "
                    "none."
                )
        for file in inside:
            target = file.path.resolve()
            if target not in files or file.is_named:
                files[target] = file
    return list(files.values())


def _below(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """The files of a folder and those below it, sorted; a folder to which several links lead is
    searched once. One that may not be read, such as a disk's lost+found, is passed over."""
    real = folder.resolve()
    if real in seen:
        return
    seen.add(real)
    try:
        inside = sorted(folder.iterdir())
    except PermissionError:
        return
    except OSError as error:
        raise BarometerError(f"{shown_name(folder)}: {error.strerror}.") from error
    names = {path.name for path in inside}
    if names >= {VERSIONS, LOCK}:
        return
    is_home = "barometer.duckdb" in names or names >= {"manifest.json", "position"}
    own = OF_A_HOME if is_home else ()
    for path in inside:
        if path.name.startswith(".") or path.name in own:
            continue
        if path.is_dir():
            yield from _below(path, seen)
        elif path.is_file():
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    for path in _below(folder, set()):
        if not path.name.lower().endswith(SUFFIXES + PACKED):
            continue
        if path.name in BESIDE_SIMULATED and (path.parent / SIMULATED).exists():
            continue
        if path.suffix != ".json" or not path.with_suffix("").exists():
            yield path  # not the record that a fetch keeps beside a file (fetching/fetch.py)


def members(path: Path) -> list[Member | BarometerError]:
    """The CSVs of a file, in the archive's order; those of an archive in it stand in its place, and
    what is wrong with that one where it cannot be opened.

    Raises
    ------
    BarometerError
        If the file cannot be read, is a damaged archive, or a zip without a CSV.
    """
    name = shown_name(path.name)
    with explained(name), path.open("rb") as raw:
        kind = raw.read(4)
        if kind not in _ZIP:
            return [Member(name, path)]
        with zipfile.ZipFile(raw) as archive:
            inside: list[Member | BarometerError] = []
            for info in _infos(name, archive):
                inner = f"{name}!{printable(info.filename)}"
                if not _is_zip(info):
                    inside.append(Member(inner, path, (info,)))
                    continue
                try:
                    inside += _members_of(inner, path, archive, info)
                except BarometerError as error:
                    inside.append(error)
    return inside


def _members_of(
    name: str, path: Path, outer: zipfile.ZipFile, packed: zipfile.ZipInfo
) -> list[Member | BarometerError]:
    """The CSVs of an archive in an archive."""
    with explained(name), _opened_archive(name, outer, packed) as archive:
        return [
            BarometerError(f"{name}!{printable(info.filename)}: nested too deeply. Unpack it.")
            if _is_zip(info)
            else Member(f"{name}!{printable(info.filename)}", path, (packed, info))
            for info in _infos(name, archive)
        ]


@contextmanager
def _opened_archive(
    name: str, outer: zipfile.ZipFile, packed: zipfile.ZipInfo
) -> Iterator[zipfile.ZipFile]:
    if packed.file_size > max(SMALL_ARCHIVE_BYTES, MAX_SHRINK * packed.compress_size):
        raise BarometerError(
            f"{name}: an archive compressed from {packed.file_size:,} to {packed.compress_size:,} "
            "bytes is not opened. Unpack it first if you trust it."
        )
    with outer.open(packed) as content, zipfile.ZipFile(content) as archive:
        yield archive


def _infos(name: str, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of an archive that may be CSVs or hold some."""
    if any(info.flag_bits & 0x1 for info in archive.infolist()):
        raise BarometerError(f"{name}: the archive has a password. Unpack it first.")
    infos = [
        info
        for info in archive.infolist()
        if info.filename.lower().endswith(SUFFIXES) and not _is_hidden(info.filename)
    ]
    if not infos:
        raise containers.without_csv(name, archive.namelist())
    return infos


def _is_zip(info: zipfile.ZipInfo) -> bool:
    return info.filename.lower().endswith(".zip")


def _is_hidden(name: str) -> bool:
    # Archives made on a Mac carry a shadow file for each real one.
    return "__MACOSX" in name or Path(name.replace("\\", "/")).name.startswith(".")


class Explained(io.RawIOBase):
    """A stream for reading whose errors name the file and the remedy; see `explained`."""

    def __init__(self, content: Any, name: str) -> None:
        self._content, self._name = content, name

    def read(self, size: int = -1) -> bytes:
        with explained(self._name):
            return bytes(self._content.read(size))


class Begun(io.RawIOBase):
    """A stream of which `start`, its first bytes, was read, and is read once more."""

    def __init__(self, content: Any) -> None:
        self.start = b""
        while len(self.start) < containers.FIRST_BYTES:
            piece = content.read(containers.FIRST_BYTES - len(self.start))
            if not piece:
                break
            self.start += piece
        self._content, self._left = content, self.start

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            return bytes(self._content.read(size))
        given = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(given) :]
        return given + bytes(self._content.read(size if size < 0 else size - len(given)))


class Stream(NamedTuple):
    """An open member: `content` gives decompressed bytes, `raw` is the file on disk. `is_packed`:
    the two are not the same bytes."""

    content: Explained
    raw: BinaryIO
    is_packed: bool


@contextmanager
def opened(member: Member) -> Iterator[Stream]:
    """Open a member for one reading from the start; the type is recognised by the first bytes.

    Reading to the end fails with an error where the compressed data are cut; gzip and zip, and zstd
    where the publisher wrote a checksum, also detect changed bytes.

    Raises
    ------
    BarometerError
        Here or while reading, if the file cannot be read.
    """
    with ExitStack() as stack:
        with explained(member.name):
            raw = stack.enter_context(member.path.open("rb"))
            content: Any = raw
            if member.inside:
                *packed, last = member.inside
                archive = stack.enter_context(zipfile.ZipFile(raw))
                for info in packed:
                    archive = stack.enter_context(_opened_archive(member.name, archive, info))
                content = stack.enter_context(archive.open(last))
            plain = begun = Begun(content)
            if begun.start[:2] == _GZIP:
                begun = Begun(stack.enter_context(gzip.open(begun)))
            elif begun.start[:4] in _ZSTD:
                source = pa.CompressedInputStream(pa.PythonFile(begun, mode="r"), "zstd")
                begun = Begun(stack.enter_context(source))
            containers.refuse(member.name, begun.start)
        is_packed = bool(member.inside) or begun is not plain
        yield Stream(Explained(begun, member.name), raw, is_packed)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Convert errors of a file to messages with its name and a remedy."""
    try:
        yield
    except PermissionError as error:
        raise BarometerError(
            f"{name}: not readable ({error.strerror}). Check its permissions."
        ) from error
    except _DAMAGED as error:
        raise BarometerError(
            f"{name}: cut or damaged archive ({error}). Fetch it again."
        ) from error
    except NotImplementedError as error:  # zipfile's word for a method that it does not know
        raise BarometerError(f"{name}: {error}. Compress it again with deflate.") from error
    except OSError as error:
        if "too much memory for decoding" in str(error):
            raise BarometerError(
                f"{name}: compressed by zstd with a window above 128 MiB, which is not supported. "
                "Compress it "
                "again: zstd -d --long=31 FILE.zst, then zstd FILE."
            ) from error
        cut = "ZSTD" in str(error) or "Truncated" in str(error)
        why = f"cut or damaged archive ({error}). Fetch it again." if cut else str(error)
        raise BarometerError(f"{name}: {why}") from error
