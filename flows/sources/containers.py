"""File types that are not read, recognised by their first bytes, with the remedy."""

from __future__ import annotations

from flows.home.settings import BarometerError

FIRST_BYTES = 512
"""The mark of a tar archive is at byte 257 (POSIX, ustar)."""

UNPACK = "Unpack it and pass its files, or compress them with zip, gzip or zstd."
AS_CSV = "Export it as CSV or Parquet."

KINDS = (
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (4, b"1AY&SY", "compressed with bzip2", UNPACK),
    (0, b"\xfd7zXZ\x00", "compressed with xz", UNPACK),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4", UNPACK),
    (0, b"\x1f\x9d", "compressed with compress", UNPACK),
    (0, b"\x1f\x8b", "compressed with gzip twice", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd twice", UNPACK),
    (0, b"PK\x03\x04", "a zip archive inside another archive", UNPACK),
    (0, b"MSCF\x00", "a cabinet archive", UNPACK),
    (0, b"PARE", "an encrypted Parquet file", "Write it without encryption."),
    (0, b"ARROW1\x00", "an Arrow file", AS_CSV),
    (0, b"Obj\x01", "an Avro file", AS_CSV),
    (0, b"SQLite format 3\x00", "an SQLite database or GeoPackage", AS_CSV),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 or NetCDF file", AS_CSV),
    (0, b"CDF\x01", "a NetCDF file", AS_CSV),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook", "Save its sheet as CSV."),
    (0, b"%PDF-", "a PDF document", "Use the CSV file it was made from."),
)
"""Offset, bytes, file type and remedy."""

WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


def refuse(name: str, start: bytes) -> None:
    """Refuse a file of another type, by its first bytes.

    Raises
    ------
    BarometerError
        If it is something else than text.
    """
    for offset, mark, kind, remedy in KINDS:
        if start[offset : offset + len(mark)] == mark:
            raise BarometerError(f"{name}: this is {kind}, which is not supported. {remedy}")


def without_csv(name: str, inside: list[str]) -> BarometerError:
    """The error for a zip archive without a file that may be AIS."""
    if any(member in inside for member in WORKBOOKS):
        return BarometerError(f"{name}: this is a workbook. Save its sheet as CSV.")
    shown = ", ".join(repr(member[-40:]) for member in inside[:3]) or "nothing"
    more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
    return BarometerError(f"{name}: the archive contains no AIS file but {shown}{more}. {UNPACK}")
