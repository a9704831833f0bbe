"""Fetching, against real servers that misbehave: what is here in the end, and what it cost them."""

from __future__ import annotations

import hashlib
import json
import random
import re
import resource
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from string import ascii_letters
from typing import Any

import pyarrow as pa
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cli import main
from flows.home import lock
from flows.home.resources import data_path
from flows.home.settings import BarometerError, Settings
from flows.sources.addresses import Publication, address_of, files_of
from flows.sources.definitions import load_sources
from flows.sources.faults import Patience
from flows.sources.fetch import fetch_days, fetch_due, known_source
from flows.sources.fetched import Fetched, fetch_problem, messages
from tests.build.files import SOURCES, day, fleet, ingest, packed, settings_of, tree
from tests.build.web import Web, serving
from tests.conftest import ROOT

SOURCE = "marinecadastre-2025"
FIRST = date(2026, 4, 13)
QUICK = Patience(timeout_s=1.5, tries=3, gain_bytes=50_000, wait_s=0.01, longest_wait_s=2, slow_s=1)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that vouches for no server here; the world's own take long to read."""
    file = tmp_path_factory.mktemp("authority") / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


@pytest.fixture(autouse=True)
def environment(stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger))


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@cache
def content(n: int = 0, packing: str = "zst", rows: int = 1000) -> bytes:
    """A day's file, different for each n, of some 100 kB that do not pack well."""
    dice = random.Random(n)
    lines = [
        line.replace("BARO ONE", "".join(dice.choices(ascii_letters, k=120)))
        for line in fleet(rows, reported_at=f"{FIRST + timedelta(days=n)}T12:00:00")
    ]
    return packed(day(*lines), packing)


def bomb() -> bytes:
    """A small archive of 1.1 GB of zeros."""
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as archive:
        for _ in range(110):
            archive.write(bytes(10_000_000))
    return bytes(out.getvalue())


BOMB = bomb()
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


@pytest.mark.parametrize("packing", ENDING)
def test_a_day_comes_whole_and_can_be_ingested(home: Settings, web: Web, packing: str) -> None:
    expected = content(packing=packing)
    web.files[path(packing=packing)] = expected
    publish(home, web.address, packing=packing)
    found = fetch_one(home)
    assert (found.state, found.message, len(web.asked)) == ("fetched", "", 1)
    assert is_right(home, found, expected)
    (outcome,) = ingest(home, home.home / "downloads")
    assert outcome.entry is not None and outcome.entry.rows_kept == 1000


def test_the_project_names_itself_and_asks_for_the_bytes_as_they_are(
    home: Settings, web: Web
) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    fetch_one(home)
    (_, _, headers) = web.asked[0]
    assert headers["User-Agent"].startswith("barometer-ais/")
    assert headers["Accept-Encoding"] == "identity"


def test_what_is_whole_is_asked_for_and_not_sent_again(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    assert fetch_one(home).state == "fetched"
    before = tree(home.home / "downloads")
    again = fetch_one(home)
    assert (again.state, len(web.asked)) == ("kept", 2)
    assert is_right(home, again, ZST)
    assert tree(home.home / "downloads") == before


def test_a_server_that_ignores_conditions_is_not_read_again(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    fetch_one(home)
    web.plan[path()] = [{"whole": True, "cut": 100}]
    assert fetch_one(home).state == "kept"
    assert len(web.asked) == 2


def test_without_a_validator_a_whole_file_is_not_asked_for(home: Settings, web: Web) -> None:
    web.has_validators = False
    web.files[path()] = ZST
    publish(home, web.address)
    assert [fetch_one(home).state for _ in range(2)] == ["fetched", "kept"]
    assert len(web.asked) == 1


def test_a_file_that_the_publisher_changed_comes_anew(home: Settings, web: Web) -> None:
    publish(home, web.address)
    for n in (0, 1):
        web.files[path()] = content(n)
        found = fetch_one(home)
        assert found.state == "fetched"
        assert is_right(home, found, content(n))
    assert len(web.asked) == 2


@pytest.mark.parametrize("hurt", [lambda b: b[:-1], lambda b: b[:99] + b"x" + b[100:]])
def test_a_file_that_was_hurt_on_the_disk_comes_anew(home: Settings, web: Web, hurt: Any) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    place = fetch_one(home).path
    assert place is not None
    place.write_bytes(hurt(ZST))
    found = fetch_one(home)
    assert (found.state, len(web.asked)) == ("fetched", 2)
    assert is_right(home, found, ZST)


RECORDS = [b"", b"{", b"[]", b"null", b'{"address": 5}', b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_a_record_that_cannot_be_read_is_no_trouble(
    home: Settings, web: Web, record: bytes
) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    place = fetch_one(home).path
    assert place is not None
    place.with_name(f"{place.name}.json").write_bytes(record)
    found = fetch_one(home)
    assert (found.state, len(web.asked)) == ("fetched", 2)
    assert is_right(home, found, ZST)


# What can pass: (plan, the Range of each request).
PASSING: dict[str, tuple[list[dict[str, Any]], list[str | None]]] = {
    "cut in the middle": ([{"cut": 40_000}], [None, "bytes=40000-"]),
    "cut twice": ([{"cut": 40_000}, {"cut": 9}], [None, "bytes=40000-", "bytes=40009-"]),
    "cut at once": ([{"cut": 0}], [None, None]),
    "silent in the middle": ([{"stall": 30_000}], [None, "bytes=30000-"]),
    "silent at once": ([{"stall": 0}], [None, None]),
    "dripping": ([{"drip": 0.02}], [None, "bytes=N-"]),
    "500, then 503": ([{"status": 500}, {"status": 503}], [None, None, None]),
    "500 in between": ([{"cut": 9_000}, {"status": 502}], [None, *2 * ["bytes=9000-"]]),
    "429 with a second of rest": (
        [{"status": 429, "headers": {"Retry-After": "1"}}],
        [None, None],
    ),
    "503 with nonsense": ([{"status": 503, "headers": {"Retry-After": "soon"}}], [None, None]),
    "a range is ignored": ([{"cut": 40_000}, {"whole": True}], [None, "bytes=40000-"]),
    "a range from elsewhere": (
        [{"cut": 40_000}, {"shifted": 7}],
        [None, "bytes=40000-", None],
    ),
    "a range that is shorter than asked": (
        [{"cut": 40_000}, {"short": 500}],
        [None, "bytes=40000-", "bytes=40500-"],
    ),
    "416": ([{"cut": 40_000}, {"status": 416}], [None, "bytes=40000-", None]),
    "206 without a range": ([{"cut": 40_000}, {"status": 206}], [None, "bytes=40000-", None]),
    "no length": ([{"unsized": True}], [None]),
}


@pytest.mark.parametrize(("plan", "ranges"), PASSING.values(), ids=PASSING.keys())
def test_what_can_pass_is_tried_again_from_where_it_stopped(
    home: Settings, web: Web, plan: list[dict[str, Any]], ranges: list[str | None]
) -> None:
    web.files[path()] = ZST
    web.plan[path()] = list(plan)
    publish(home, web.address)
    start = time.monotonic()
    found = fetch_one(home)
    assert found.state == "fetched", found
    assert is_right(home, found, ZST)
    asked = web.ranges()
    if "bytes=N-" in ranges:
        assert len(asked) == 2 and asked[1] and int(asked[1][6:-1]) < 200
    else:
        assert asked == ranges
    if plan[0].get("headers", {}).get("Retry-After") == "1":
        assert time.monotonic() - start >= 1


def test_a_retry_after_may_be_a_date(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    then = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    told = format_datetime(then, usegmt=True)
    web.plan[path()] = [{"status": 429, "headers": {"Retry-After": told}}]
    publish(home, web.address)
    found = fetch_one(home)
    assert (found.state, len(web.asked)) == ("fetched", 2)
    assert datetime.now(UTC) >= then


def test_a_file_that_changes_between_tries_starts_anew(home: Settings, web: Web) -> None:
    web.files[path()] = content(1)
    web.plan[path()] = [{"body": ZST, "cut": 40_000}]
    publish(home, web.address)
    found = fetch_one(home)
    assert is_right(home, found, content(1))
    assert web.ranges() == [None, "bytes=40000-"]


def test_a_range_of_another_version_is_not_joined_to_the_first(home: Settings, web: Web) -> None:
    """A server that ignores If-Range, and a file that changed and kept its size."""
    other = ZST[:50_000] + bytes(1000) + ZST[51_000:]
    web.files[path()] = ZST
    web.plan[path()] = [{"body": other, "cut": 40_000}, {"unasked": True}]
    publish(home, web.address)
    found = fetch_one(home)
    assert is_right(home, found, ZST)
    assert web.ranges() == [None, "bytes=40000-", None]


def logged(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [r.getMessage() for r in caplog.records if text in r.getMessage()]


@pytest.mark.parametrize("days", [2, 14])
def test_addresses_that_moved_are_said_once_with_what_to_do(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """Of the days some are so recent that they may not be out yet; the older ones tell."""
    publish(home, web.address)
    as_of = datetime(2026, 4, 13, 9) + timedelta(days=max(days, 8))
    found = fetch(home._replace(as_of=as_of), days)
    assert {day.state for day in found} == {"failed"}
    (said,) = {day.message for day in found}
    assert f"all {days} files are absent" in said and "moved or renamed" in said
    assert f"{web.address}/2026/ais-2026-04-" in said and "404 Not Found" in said
    assert "https://coast.noaa.gov" in said and str(home.home / "sources") in said
    assert len(logged(caplog, "absent")) == 1
    assert not any("Not published yet" in record.getMessage() for record in caplog.records)
    assert fetch_problem(found) == f"{days} of {days} days failed."
    assert messages(found) == [f"- {said}"]


def test_files_that_were_there_and_are_not_any_more_have_moved(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """As a schedule meets it: it asks again for the last days, and for new ones."""
    web.files = {path(n): content(n) for n in range(3)}
    publish(home, web.address)
    early = home._replace(as_of=datetime(2026, 4, 18, 9))
    assert {day.state for day in fetch(early, 3)} == {"fetched"}
    caplog.clear()
    web.files.clear()
    found = fetch(early, 5)
    assert [day.state for day in found] == ["kept"] * 3 + ["failed"] * 2
    assert all(day.path is not None for day in found[:3])
    assert len(logged(caplog, "moved or renamed")) == 1
    assert fetch_problem(found) == "2 of 5 days failed." and len(messages(found)) == 1


def test_a_range_that_is_all_too_recent_is_said_once_and_is_no_failure(
    home: Settings, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    publish(home, web.address)
    found = fetch(home._replace(as_of=datetime(2026, 4, 18, 9)), 4)
    assert {day.state for day in found} == {"not_published"} and fetch_problem(found) is None
    assert len(logged(caplog, "Not published yet, as it seems")) == 1


def test_a_hole_among_days_that_are_there_is_no_move(home: Settings, web: Web) -> None:
    web.files = {path(0): content(0), path(3): content(3)}
    publish(home, web.address)
    found = fetch(home._replace(as_of=datetime(2026, 4, 24, 9)), 5)
    assert [day.state for day in found] == [
        *("fetched", "failed", "failed", "fetched", "failed"),
    ]
    assert len({day.message for day in found if day.state == "failed"}) == 2


def test_a_line_that_is_cut_often_brings_a_file_in_the_end(home: Settings, web: Web) -> None:
    whole = content(rows=4_000)
    web.files[path()] = whole
    web.plan[path()] = [{"cut": 60_000}] * 5
    publish(home, web.address)
    found = fetch_one(home, QUICK._replace(tries=2))
    assert len(whole) > 300_000 and is_right(home, found, whole)
    assert len(web.asked) == 6


def test_a_server_that_never_comes_further_is_left(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"whole": True, "cut": 60_000}] * 99
    publish(home, web.address)
    found = fetch_one(home)
    assert found.state == "failed" and "cut" in found.message
    # The first try is one that brought something on; three more did not.
    assert len(web.asked) == 3
    web.plan.clear()
    assert is_right(home, fetch_one(home), ZST)
    assert web.ranges()[-1] == "bytes=60000-", "the next run goes on"


def test_a_length_that_is_too_long_is_not_believed(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"longer": 9}] * 9
    publish(home, web.address)
    assert fetch_one(home).state == "failed"
    assert list(downloads(home)) == [f".{Path(path()).name}.part"]


# What cannot pass: (plan, a word of the message). Asked once.
FINAL: dict[str, tuple[dict[str, Any], str]] = {
    "403": ({"status": 403}, "403 Forbidden.*browser"),
    "401": ({"status": 401}, "401 Unauthorized.*login"),
    "404": ({"status": 404}, "404 Not Found.*no such file"),
    "410": ({"status": 410}, "410 Gone.*no such file"),
    "451": ({"status": 451}, "451"),
    "a status of its own": ({"status": 299}, ": 299"),
    "501": ({"status": 501}, "501 Not Implemented"),
    "304 unasked": ({"status": 304}, "304"),
    "206 unasked": ({"status": 206, "body": ZST}, "206"),
    "a page": ({"body": b"<!DOCTYPE html><title>Sorry</title>" * 99}, "a page in place"),
    "a short page": ({"body": b"\n <html>"}, "a page in place"),
    "an error as JSON": ({"body": b'{"error": "no"}'}, "a page in place"),
    "nothing": ({"body": b""}, "an empty file"),
    "garbage": ({"body": bytes(range(256)) * 99}, "by its first bytes no zst file"),
    "another archive": ({"body": content(packing="zip")}, "by its first bytes no zst file"),
    "a cut archive": ({"body": ZST[:-99]}, "cut or damaged archive"),
    "too large, as it says": ({"longer": 10_000_000}, "over 10,000,000 bytes.*max_bytes"),
    "endless": ({"endless": True}, "over 10,000,000 bytes.*max_bytes"),
    "a long rest": ({"status": 503, "headers": {"Retry-After": "3600"}}, "3,600 s of rest"),
    "a redirect to nowhere": ({"status": 302, "headers": {"Location": "ftp://x/"}}, "no address"),
    "a bomb": ({"body": BOMB}, "unpacks to more than 100 times"),
}


@pytest.mark.parametrize(("plan", "words"), FINAL.values(), ids=FINAL.keys())
def test_what_cannot_pass_is_asked_once_and_leaves_nothing(
    home: Settings, web: Web, plan: dict[str, Any], words: str
) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [plan]
    publish(home, web.address)
    found = fetch_one(home)
    assert (found.state, found.path, found.size_bytes) == ("failed", None, None)
    assert len(web.asked) == 1
    assert web.address in found.message
    assert re.search(words, found.message), found.message
    assert not any(downloads(home).values())
    assert fetch_problem([found]) == "1 of 1 days failed."
    assert is_right(home, fetch_one(home), ZST), "and the next run is not the worse for it"


def test_a_zip_whose_bytes_were_changed_is_told_by_its_checksum(home: Settings, web: Web) -> None:
    good = content(packing="zip")
    web.files[path(packing="zip")] = good[:20_000] + bytes([good[20_000] ^ 1]) + good[20_001:]
    publish(home, web.address, packing="zip")
    found = fetch_one(home)
    assert found.state == "failed" and "damaged" in found.message
    assert downloads(home) == {}


def test_a_part_that_was_hurt_is_found_out_and_starts_anew(home: Settings, web: Web) -> None:
    good = content(packing="zip")
    web.files[path(packing="zip")] = good
    web.plan[path(packing="zip")] = [{"cut": 40_000}] * 3
    publish(home, web.address, packing="zip")
    assert fetch_one(home, QUICK._replace(tries=1)).state == "failed"
    (name,) = downloads(home)
    part = home.home / "downloads" / SOURCE / name
    part.write_bytes(bytes(len(part.read_bytes())))
    web.plan.clear()
    assert is_right(home, fetch_one(home), good)
    assert web.ranges() == [None, "bytes=40000-", None]


@pytest.mark.parametrize(("days_ago", "state"), [(6, "not_published"), (8, "failed")])
def test_a_late_day_without_a_file_is_not_published_yet(
    home: Settings, web: Web, days_ago: int, state: str
) -> None:
    publish(home, web.address)
    as_of = datetime(2026, 4, 13, 9) + timedelta(days=days_ago)
    found = fetch_one(home._replace(as_of=as_of))
    assert (found.state, len(web.asked)) == (state, 1)
    assert (fetch_problem([found]) is None) == (state == "not_published")


def test_a_403_is_never_taken_for_not_published(home: Settings, web: Web) -> None:
    web.plan[path()] = [{"status": 403}]
    publish(home, web.address)
    assert fetch_one(home._replace(as_of=datetime(2026, 4, 14))).state == "failed"


def test_a_day_that_is_not_over_is_not_asked_for(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    found = fetch(home._replace(as_of=datetime(2026, 4, 14, 1)), days=3)
    assert [f.state for f in found] == ["fetched", "not_published", "not_published"]
    assert len(web.asked) == 1


def test_a_day_of_no_file_fails_without_a_request(home: Settings, web: Web) -> None:
    publish(home, web.address)
    source = load_sources(home.home)[SOURCE]
    (found,) = fetch_days(home, source, date(2025, 12, 31), date(2025, 12, 31))
    assert found.state == "failed" and "names no file of this day" in found.message
    assert web.asked == []


def test_one_failed_day_does_not_stop_the_others(home: Settings, web: Web) -> None:
    for n in (0, 2, 3):
        web.files[path(n)] = content(n)
    web.plan[path(2)] = [{"status": 500}] * 9
    publish(home, web.address)
    found = fetch(home, days=4)
    assert [f.state for f in found] == ["fetched", "not_published", "failed", "fetched"]
    assert [f.day for f in found] == [FIRST + timedelta(days=n) for n in range(4)]
    assert set(downloads(home).values()) == {content(0), content(3)}


def test_two_come_at_once(home: Settings, web: Web) -> None:
    both = threading.Barrier(2)
    for n in range(4):
        web.files[path(n)] = content(n)
        web.plan[path(n)] = [{"meet": both}]
    publish(home, web.address)
    found = fetch(home, days=4, patience=QUICK._replace(timeout_s=5))
    assert [f.state for f in found] == ["fetched"] * 4
    assert len({f.path for f in found}) == 4 == len(web.asked)
    assert not both.broken


def test_the_second_address_is_asked_where_the_first_has_no_file(home: Settings, web: Web) -> None:
    with serving() as other:
        other.files[path()] = ZST
        publish(home, web.address, other.address)
        assert fetch_one(home).state == "fetched"
        assert (len(web.asked), len(other.asked)) == (1, 1)
        assert fetch_one(home).state == "kept"
        assert (len(web.asked), len(other.asked)) == (1, 2), "it is asked where it came from"


@pytest.mark.parametrize("codes", [(403, 404), (404, 403)])
def test_no_such_file_holds_only_if_every_address_says_so(
    home: Settings, web: Web, codes: tuple[int, int]
) -> None:
    with serving() as other:
        for server, code in zip((web, other), codes, strict=True):
            server.plan[path()] = [{"status": code}]
        publish(home, web.address, other.address)
        found = fetch_one(home._replace(as_of=datetime(2026, 4, 14)))
        assert found.state == "failed" and "403" in found.message


def test_a_file_that_is_here_stays_whatever_fails(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    fetch_one(home)
    for plan in ({"status": 404}, {"status": 403}, {"body": b"<html>"}):
        web.plan[path()] = [plan]
        found = fetch_one(home)
        assert found.state == "kept" and "not known whether" in found.message
        assert is_right(home, found, ZST)


def test_a_month_is_one_file_for_all_its_days(home: Settings, web: Web) -> None:
    web.files["/2026-04.csv.zst"] = ZST
    publish(home, web.address)
    definition = home.home / "sources" / f"{SOURCE}.toml"
    text = definition.read_text()
    definition.write_text(
        text.replace("/{day:%Y}/ais-{day:%Y-%m-%d}.csv.zst", "/{day:%Y-%m}.csv.zst")
    )
    found = fetch(home, days=3)
    assert [f.state for f in found] == ["fetched"] * 3
    assert len({f.path for f in found}) == 1 == len(web.asked)


def test_names_come_from_the_pattern_and_never_from_a_server(home: Settings, web: Web) -> None:
    web.files["/2026/../../evil.sh"] = ZST
    web.plan[path()] = [{"status": 302, "headers": {"Location": "/2026/../../evil.sh"}}]
    web.files[path()] = ZST
    headers = {"Content-Disposition": 'attachment; filename="../../../evil.sh"'}
    web.plan["/evil.sh"] = [{"body": ZST, "headers": headers}]
    publish(home, web.address)
    found = fetch_one(home)
    assert is_right(home, found, ZST)
    assert not list(home.home.parent.rglob("evil*"))


def test_redirects_have_an_end(home: Settings, web: Web) -> None:
    web.plan[path()] = [{"status": 302, "headers": {"Location": path()}}] * 99
    publish(home, web.address)
    assert "redirects" in fetch_one(home).message
    assert len(web.asked) == 6


def tls_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_tls_is_checked_and_a_redirect_out_of_it_refused(
    home: Settings,
    web: Web,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(tls_context(authority)) as safe:
        safe.files[path()] = ZST
        publish(home, safe.address)
        untrusted = fetch_one(home)
        assert untrusted.state == "failed" and "SSL_CERT_FILE" in untrusted.message
        assert safe.asked == []
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        safe.plan[path()] = [{"status": 301, "headers": {"Location": web.address + path()}}]
        refused = fetch_one(home)
        assert refused.state == "failed" and "without TLS" in refused.message
        assert web.asked == []
        assert is_right(home, fetch_one(home), ZST)


def test_certificates_that_are_not_there_are_named(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, web.address)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(BarometerError, match="SSL_CERT_FILE"):
        fetch_one(home)


def test_a_server_without_tls_at_an_https_address(home: Settings, web: Web) -> None:
    publish(home, web.address.replace("http", "https"))
    found = fetch_one(home)
    assert found.state == "failed" and "no TLS" in found.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_told_and_its_password_is_not(
    home: Settings, web: Web, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = web.address.replace("//", "//user:hunter2@")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    web.plan["*"] = [{"status": 407}] * 9
    publish(home, f"{scheme}://ais.invalid")
    found = fetch_one(home)
    assert found.state == "failed" and "The proxy wants a login" in found.message
    assert "hunter2" not in found.message and "user:" not in found.message
    assert len(web.asked) == 1


def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, web.address)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@proxy:1")
    with pytest.raises(BarometerError, match="HTTPS_PROXY") as caught:
        fetch_one(home)
    assert "hunter2" not in str(caught.value)


def test_a_name_that_is_not_known_and_a_port_that_is_shut(home: Settings) -> None:
    publish(home, "http://ais.invalid")
    assert "name ais.invalid" in fetch_one(home).message
    publish(home, "http://localhost:1")
    assert "no connection" in fetch_one(home).message


def test_another_process_that_fetches_is_not_disturbed(home: Settings, web: Web) -> None:
    publish(home, web.address)
    folder = home.home / "downloads" / SOURCE
    folder.mkdir(parents=True)
    # A thread of its own: who holds the lock already passes it.
    with lock.locked(folder), ThreadPoolExecutor(1) as pool:
        other = pool.submit(fetch, home)
        with pytest.raises(BarometerError, match="another barometer"):
            other.result()


def command(home: Settings, *arguments: str, days: int = 1) -> list[str]:
    last = FIRST + timedelta(days=days - 1)
    return [
        *(sys.executable, "-m", "flows.cli", "fetch", SOURCE, "--from", str(FIRST)),
        *("--to", str(last), "--home", str(home.home), *arguments),
    ]


def test_killed_and_run_again_gives_the_same_file(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"stall": 70_000}]
    publish(home, web.address)
    with subprocess.Popen(command(home), cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        part = home.home / "downloads" / SOURCE / f".{Path(path()).name}.part"
        limit = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    had = part.stat().st_size
    assert 0 < had <= 70_000
    assert is_right(home, fetch_one(home), ZST)
    assert web.ranges() == [None, f"bytes={had}-"]


@pytest.mark.parametrize("step", ["record", "file", "cleanup"])
def test_killed_between_the_last_byte_and_the_end_asks_for_nothing_twice(
    home: Settings, web: Web, step: str
) -> None:
    """The states of the disk between the steps of taking a file over."""
    web.files[path()] = ZST
    publish(home, web.address)
    place = fetch_one(home).path
    assert place is not None
    part = place.with_name(f".{place.name}.part")
    record = json.loads(place.with_name(f"{place.name}.json").read_text())
    note = {k: record[k] for k in ("address", "etag", "last_modified", "size_bytes")}
    part.with_name(f"{part.name}.json").write_text(json.dumps(note))
    if step != "cleanup":
        place.rename(part)
    if step == "record":
        place.with_name(f"{place.name}.json").unlink()
    found = fetch_one(home)
    assert is_right(home, found, ZST)
    assert len(web.asked) == (2 if step == "cleanup" else 1)
    assert [h.get("If-None-Match") for _, _, h in web.asked[1:]] == [record["etag"]] * (
        len(web.asked) - 1
    )


def test_a_full_disk_is_told_with_what_to_do(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        command(home), cwd=ROOT, capture_output=True, text=True, preexec_fn=limited, check=False
    )
    assert done.returncode == 1
    assert "the disk is full" in done.stderr and "Traceback" not in done.stderr
    assert is_right(home, fetch_one(home), ZST)
    assert web.ranges()[-1] == "bytes=50000-"


def test_no_download_begins_that_the_disk_cannot_hold(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"longer": 10**17}]
    publish(home, web.address, max_bytes=10**18)
    found = fetch_one(home)
    assert found.state == "failed" and "bytes are free" in found.message
    assert downloads(home) == {}


def test_the_command_prints_paths_or_json_and_tells_by_its_exit_code(
    home: Settings, web: Web, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    arguments = command(home, "--as-of", "2026-04-16", days=3)[3:]
    assert main(arguments) == 0
    place = home.home / "downloads" / SOURCE / Path(path()).name
    assert capsys.readouterr().out == f"{place}\n"
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(d["day"], d["state"]) for d in told] == [
        ("2026-04-13", "kept"),
        ("2026-04-14", "not_published"),
        ("2026-04-15", "not_published"),
    ]
    assert told[0]["path"] == str(place) and told[1]["path"] is None
    assert main([*arguments, "--as-of", "2026-08-01"]) == 1
    assert "2 of 3 days failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fetch", SOURCE], 2),
        (["fetch", SOURCE, "--from", "2026-04-31", "--to", "2026-05-01"], 2),
        (["fetch", SOURCE, "--from", "2026-05-02", "--to", "2026-05-01"], 2),
        (["fetch", "nobody", "--from", "2026-05-01", "--to", "2026-05-01"], 1),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, tmp_path: Path) -> None:
    try:
        left = main([*arguments, "--home", str(tmp_path)])
    except SystemExit as error:
        left = int(error.code or 0)
    assert left == code


# What a day's address is, for each of the project's sources.
ADDRESSES = {
    ("marinecadastre-2024", date(2024, 1, 1)): [
        "https://coast.noaa.gov/htdata/CMSP/AISDataHandler/2024/AIS_2024_01_01.zip"
    ],
    ("marinecadastre-2024", date(2025, 1, 1)): [],
    ("marinecadastre-2025", date(2024, 12, 31)): [],
    ("marinecadastre-2025", date(2026, 1, 1)): [
        "https://noaaocm.blob.core.windows.net/ais/csv2/csv2026/ais-2026-01-01.csv.zst",
        "https://coast.noaa.gov/htdata/CMSP/AISDataHandler/csv2/csv2026/ais-2026-01-01.csv.zst",
    ],
    ("danish-maritime-authority", date(2024, 2, 29)): [
        "http://aisdata.ais.dk/2024/aisdk-2024-02.zip"
    ],
    ("danish-maritime-authority", date(2024, 3, 1)): [
        "http://aisdata.ais.dk/aisdk-2024-03-01.zip",
        "http://aisdata.ais.dk/2024/aisdk-2024-03-01.zip",
    ],
}


@pytest.mark.parametrize(("asked", "addresses"), ADDRESSES.items(), ids=str)
def test_where_a_day_lies(asked: tuple[str, date], addresses: list[str]) -> None:
    published = SOURCES[asked[0]].published
    assert published is not None
    assert [a for file in files_of(published, [asked[1]]) for a in file.addresses] == addresses


GOOD: dict[str, Any] = {
    "delay_days": 7,
    "files": [{"addresses": ["https://a.example/{day:%Y}/{day:%Y-%m-%d}.zip"], "max_bytes": 9}],
}
HOSTILE_ADDRESSES = {
    "no day": "https://a.example/x.zip",
    "another field": "https://a.example/{home}/{day:%Y}.zip",
    "an attribute": "https://a.example/{day.__class__}/{day:%Y}.zip",
    "an index": "https://a.example/{day[0]}/{day:%Y}.zip",
    "a conversion": "https://a.example/{day!r}/{day:%Y}.zip",
    "a field in a field": "https://a.example/{day:{day:%Y}}.zip",
    "no code": "https://a.example/{day:}.zip",
    "a code of the locale": "https://a.example/{day:%c}.zip",
    "a slash in a field": "https://a.example/{day:%Y/../%m}.zip",
    "a file of this machine": "file:///etc/{day:%Y}.zip",
    "no scheme": "a.example/{day:%Y}.zip",
    "the day as host": "https://{day:%Y}/",
    "a user": "https://user:word@a.example/{day:%Y}.zip",
    "a query": "https://a.example/{day:%Y}.zip?key=1",
    "a fragment": "https://a.example/{day:%Y}.zip#x",
    "a folder": "https://a.example/{day:%Y}/",
    "a hidden file": "https://a.example/.{day:%Y}.zip",
    "dots": "https://a.example/{day:%Y}/..",
    "a blank": "https://a.example/{day:%Y} x.zip",
    "a line end": "https://a.example/{day:%Y}\n.zip",
    "a backslash": "https://a.example/{day:%Y}\\x.zip",
    "an escape": "https://a.example/%2e%2e%2f{day:%Y}.zip",
    "another script": "https://a.example/é{day:%Y}.zip",
    "a port that is none": "https://a.example:x/{day:%Y}.zip",
    "a number": 5,
}


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES.values(), ids=HOSTILE_ADDRESSES.keys())
def test_an_address_that_does_not_hold_is_refused(address: Any) -> None:
    assert Publication.model_validate(GOOD)
    with pytest.raises(ValueError, match="address"):
        Publication.model_validate(GOOD | {"files": [{"addresses": [address], "max_bytes": 9}]})


HOSTILE_TABLES: dict[str, Any] = {
    "an unknown key": GOOD | {"user": "x"},
    "no files": {"delay_days": 7},
    "files is empty": GOOD | {"files": []},
    "files is a text": GOOD | {"files": "x"},
    "files holds texts": GOOD | {"files": ["x"]},
    "no size": GOOD | {"files": [{"addresses": GOOD["files"][0]["addresses"]}]},
    "a size of nothing": GOOD | {"files": [GOOD["files"][0] | {"max_bytes": 0}]},
    "a size that is true": GOOD | {"files": [GOOD["files"][0] | {"max_bytes": True}]},
    "a delay below 0": GOOD | {"delay_days": -1},
    "a day with a time": GOOD | {"files": [GOOD["files"][0] | {"first": datetime(2026, 1, 1)}]},
    "a day as text": GOOD | {"files": [GOOD["files"][0] | {"last": "2026-01-01"}]},
    "an end before its begin": GOOD
    | {"files": [GOOD["files"][0] | {"first": date(2026, 1, 2), "last": date(2026, 1, 1)}]},
    "two names": GOOD
    | {
        "files": [
            {
                "addresses": ["https://a.example/{day:%Y%m}.zip", "https://a.example/{day:%j}.zip"],
                "max_bytes": 9,
            }
        ]
    },
}


@pytest.mark.parametrize("table", HOSTILE_TABLES.values(), ids=HOSTILE_TABLES.keys())
def test_a_table_that_does_not_hold_is_refused(table: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Publication.model_validate(table)


def test_a_definition_with_a_bad_address_is_named(tmp_path: Path) -> None:
    home = settings_of(tmp_path / "home")
    publish(home, "ftp://a.example")
    with pytest.raises(BarometerError, match=rf"{SOURCE}\.toml.*https://"):
        load_sources(home.home)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dates(date(2006, 3, 1), date(2027, 12, 31)), max_size=40))
def test_every_day_of_a_source_is_in_one_file(days: list[date]) -> None:
    published = SOURCES["danish-maritime-authority"].published
    assert published is not None
    files = files_of(published, days)
    assert sorted(d for file in files for d in file.days) == sorted(set(days))
    assert len({file.name for file in files}) == len(files)
    assert [file.days[0] for file in files] == sorted(file.days[0] for file in files)


@settings(max_examples=50, deadline=None)
@given(st.dates(date(1998, 5, 1), date(9999, 12, 31)))
def test_an_address_holds_the_day_and_nothing_else(when: date) -> None:
    assert address_of("https://a/{day:%Y_%m_%d}/{day:%j}.zip", when) == (
        f"https://a/{when.isoformat().replace('-', '_')}/{when.timetuple().tm_yday:03}.zip"
    )


def test_the_record_says_what_the_file_is(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    fetch_one(home)
    record = json.loads(
        (home.home / "downloads" / SOURCE / f"{Path(path()).name}.json").read_text()
    )
    assert record == {
        "address": web.address + path(),
        "etag": f'"{hashlib.md5(ZST).hexdigest()}"',
        "last_modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "size_bytes": len(ZST),
        "blake2b": hashlib.blake2b(ZST, digest_size=32).hexdigest(),
        "fetched_at": "2026-04-20T00:00:00",
    }


# What a schedule asks for


def due(home: Settings, as_of: datetime) -> list[Fetched]:
    source = load_sources(home.home)[SOURCE]
    return fetch_due(home._replace(as_of=as_of), source, patience=QUICK)


def days_asked(web: Web) -> list[str]:
    return sorted({path[-18:-8] for _, path, _ in web.asked})


def test_a_schedule_fetches_what_came_since_and_asks_again_for_a_week(
    tmp_path: Path, web: Web
) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    web.files = {path(n): ZST for n in range(-40, 3)}
    monday = datetime(2026, 4, 20, 6)
    found = due(home, monday)  # delay_days is 7, so the first day is 34 before yesterday
    assert found[0].day == date(2026, 3, 16)
    assert {day.state for day in found if day.day <= date(2026, 4, 15)} == {"fetched"}
    assert {day.state for day in found if day.day > date(2026, 4, 15)} == {"not_published"}
    web.asked.clear()
    web.files |= {path(n): ZST for n in range(3, 10)}
    found = due(home, monday + timedelta(days=7))
    assert days_asked(web) == [str(date(2026, 4, 8) + timedelta(days=n)) for n in range(19)]
    fetched = [day.day for day in found if day.state == "fetched"]
    assert fetched == [date(2026, 4, 16) + timedelta(days=n) for n in range(7)]


def test_a_publisher_who_is_behind_is_not_asked_for_every_day_since(
    tmp_path: Path, web: Web
) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    file = home.home / "sources" / f"{SOURCE}.toml"
    file.write_text(file.read_text().replace("delay_days = 7", "delay_days = 60"))
    web.files = {path(n): ZST for n in range(-85, -51)}
    found = due(home, datetime(2026, 4, 20, 6))
    assert {day.state for day in found} == {"fetched", "not_published"}
    assert days_asked(web)[-1] == "2026-03-04", "of a week without a file is no day after it asked"


def test_a_schedule_does_not_ask_for_days_before_the_source_began(tmp_path: Path, web: Web) -> None:
    home = settings_of(tmp_path)
    publish(home, web.address)
    web.files = {path(n): ZST for n in range(-102, -90)}
    found = due(home, datetime(2026, 1, 10, 6))
    assert found[0].day == date(2026, 1, 1) and found[0].state == "fetched"


def test_a_schedule_for_a_source_without_addresses_says_so(tmp_path: Path) -> None:
    home = settings_of(tmp_path)
    with pytest.raises(BarometerError, match=r"has no \[fetch\]"):
        fetch_due(home, load_sources(home.home)["statsat"])
    with pytest.raises(BarometerError, match="These can be fetched: danish-maritime"):
        known_source(load_sources(home.home), "noaa")
