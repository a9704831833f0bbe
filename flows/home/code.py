"""Hashes of the code that runs: a version says less in a checkout."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flows.home.hashes import folder_hash
from flows.home.resources import data_path, sql_path

PACKAGES = [Path(__file__).resolve().parents[1], Path(__file__).resolve().parents[2] / "geo"]
"""`flows` and `geo`, which lie side by side in a checkout and where a wheel is installed."""

CODE_TABLES = (("codes",), ("curves",), ("sea_ways",), ("sources", "words"), ("straits",))
"""Folders of `data/` that are part of the method; ports and registers have hashes of their own."""


@cache  # the code that runs is that which was loaded, whatever lies there later
def code_hash() -> str:
    """A hash of the code, the queries and the code tables."""
    digest = hashlib.blake2b(digest_size=16)
    files = [(root, path) for root in PACKAGES for path in root.rglob("*.py")]
    files += [(sql_path(), path) for path in sql_path().rglob("*.sql")]
    for name, content in sorted(
        (f"{root.name}/{path.relative_to(root).as_posix()}".lstrip("_"), path)
        for root, path in files
    ):
        digest.update(name.encode() + b"\0" + content.read_bytes() + b"\0")
    digest.update(data_path("rules.csv").read_bytes())
    for folder in CODE_TABLES:
        digest.update(folder_hash(data_path(*folder)).encode())
    return digest.hexdigest()


@cache
def method_hash() -> str:
    """A hash of the code that finds calls: results of other code are not reused."""
    digest = hashlib.blake2b(digest_size=16)
    flows, geo = PACKAGES
    queries = (
        sql_path("04_tracks", "candidate.sql"),
        sql_path("digest", "candidate_fix.sql"),
        sql_path("digest", "near_limit.sql"),
    )
    calls = flows / "derive" / "calls.py"
    for path in (*sorted(geo.glob("*.py")), calls, *queries, data_path("rules.csv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
