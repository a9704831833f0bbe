"""Hashes of content, hexadecimal: blake2b, and what others read. No other place chooses."""

from __future__ import annotations

import hashlib
from pathlib import Path

CONTENT_BYTES = 32
"""Of a file's hash, and of `file_id`: blake2b-256."""

DATA_SUFFIXES = (".csv", ".toml", ".geojson")


def new_hash() -> hashlib.blake2b:
    """An empty blake2b-256, for content that arrives in pieces."""
    return hashlib.blake2b(digest_size=CONTENT_BYTES)


def file_hash(path: Path) -> str:
    """blake2b-256 of a file's content, 64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as content:
        return hashlib.file_digest(content, new_hash).hexdigest()


def sha256(content: bytes) -> str:
    """SHA-256 of a content, for others: their programs have no blake2b.

    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def folder_hash(folder: Path) -> str:
    """blake2b-128 of the names and contents of a folder's CSV, TOML and GeoJSON files.

    Subfolders and other files do not count. A missing folder has the hash of an empty one.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.glob("*")):
        if path.suffix in DATA_SUFFIXES:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def text_hash(text: str, size_bytes: int = 8) -> str:
    """blake2b of a text in UTF-8, two hexadecimal digits a byte.

    A lone surrogate, as in a file name that is not UTF-8, counts as a question mark.

    >>> text_hash("IRKHK"), len(text_hash("IRKHK", 16))
    ('32b8dc4f77421e55', 32)
    """
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size_bytes).hexdigest()
