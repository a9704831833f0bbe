"""A publisher of day files for tests: the files, a source that names the server, a fetch."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from functools import cache
from string import ascii_letters

import pytest

from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.sources.definitions import load_sources
from flows.sources.fetching.faults import Patience
from flows.sources.fetching.fetch import fetch_days
from flows.sources.fetching.fetched import Fetched
from tests.build.files import day, fleet, packed, tree

SOURCE = "marinecadastre-2025"
FIRST = date(2026, 4, 13)
QUICK = Patience(timeout_s=1.5, tries=3, gain_bytes=50_000, wait_s=0.01, longest_wait_s=2, slow_s=1)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@cache
def content(n: int = 0, packing: str = "zst", rows: int = 1000) -> bytes:
    """A day's file, different for each n, of some 100 kB that do not pack well."""
    dice = random.Random(n)
    lines = [
        line.replace("BARO ONE", "".join(dice.choices(ascii_letters, k=120)))
        for line in fleet(rows, reported_at=f"{FIRST + timedelta(days=n)}T12:00:00")
    ]
    return packed(day(*lines), packing)


ZST = content()
ENDING = {"zst": ".csv.zst", "zip": ".zip", "gz": ".csv.gz", "plain": ".csv"}


def path(n: int = 0, packing: str = "zst") -> str:
    return f"/2026/ais-{FIRST + timedelta(days=n)}{ENDING[packing]}"


def publish(
    home: Settings, *servers: str, packing: str = "zst", max_bytes: int = 10_000_000
) -> None:
    """Let the home's definition of the source name these servers."""
    text = data_path("sources", f"{SOURCE}.toml").read_text().partition("# NOAA publishes")[0]
    addresses = [f"{server}/{{day:%Y}}/ais-{{day:%Y-%m-%d}}{ENDING[packing]}" for server in servers]
    text += (
        f"[fetch]\ndelay_days = 7\n[[fetch.files]]\nfirst = 2026-01-01\n"
        f"addresses = {json.dumps(addresses)}\nmax_bytes = {max_bytes}\n"
    )
    folder = home.home / "sources"
    folder.mkdir(exist_ok=True)
    (folder / f"{SOURCE}.toml").write_text(text)


def fetch(home: Settings, days: int = 1, patience: Patience = QUICK) -> list[Fetched]:
    source = load_sources(home.home)[SOURCE]
    return fetch_days(home, source, FIRST, FIRST + timedelta(days=days - 1), patience=patience)


def fetch_one(home: Settings, patience: Patience = QUICK) -> Fetched:
    (found,) = fetch(home, 1, patience)
    return found


def downloads(home: Settings) -> dict[str, bytes]:
    """The files that are whole or on their way, without records and lock."""
    found = tree(home.home / "downloads" / SOURCE)
    return {k: v for k, v in found.items() if not k.endswith((".json", ".lock"))}


def is_right(home: Settings, found: Fetched, expected: bytes) -> bool:
    assert found.path is not None, found
    assert found.path.read_bytes() == expected
    assert downloads(home) == {found.path.name: expected}, "nothing else is left"
    return found.size_bytes == len(expected)


def logged(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [r.getMessage() for r in caplog.records if text in r.getMessage()]
