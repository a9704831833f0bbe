"""Fetching, against real servers that misbehave: the files in the end, and the requests made."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.home import lock
from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from flows.sources.fetching import fetch as fetch_module
from flows.sources.fetching.download import SPARE_BYTES
from flows.sources.fetching.fetched import fetch_problem
from tests.build.files import ingest, packed, tree
from tests.build.publisher import (
    ENDING,
    FIRST,
    QUICK,
    SOURCE,
    ZST,
    content,
    downloads,
    fetch,
    fetch_one,
    is_right,
    path,
    publish,
)
from tests.build.web import Web, serving

Plan = list[dict[str, Any]]


@pytest.mark.parametrize("packing", ENDING)
def test_a_day_comes_whole_and_can_be_ingested(home: Settings, web: Web, packing: str) -> None:
    web.files[path(packing=packing)] = content(packing=packing)
    publish(home, web.address, packing=packing)
    result = fetch_one(home)
    assert (result.state, result.message, len(web.asked)) == ("fetched", "", 1)
    assert is_right(home, result, content(packing=packing))
    (outcome,) = ingest(home, home.home / "downloads")
    assert outcome.entry is not None and outcome.entry.rows_kept == 1000


def test_request_and_record_and_a_whole_file_is_not_sent_again(home: Settings, site: Web) -> None:
    assert fetch_one(home).state == "fetched"
    ((_, _, headers),) = site.asked
    assert headers["User-Agent"].startswith("barometer-ais/")
    assert headers["Accept-Encoding"] == "identity"
    record = home.home / "downloads" / SOURCE / f"{Path(path()).name}.json"
    assert json.loads(record.read_text()) == {
        "address": site.address + path(),
        "etag": f'"{hashlib.md5(ZST).hexdigest()}"',
        "last_modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "size_bytes": len(ZST),
        "blake2b": hashlib.blake2b(ZST, digest_size=32).hexdigest(),
        "fetched_at": "2026-04-20T00:00:00",
    }
    before = tree(home.home / "downloads")
    site.plan[path()] = [{}, {"whole": True, "cut": 100}]  # the latter ignores the condition
    for requests in (2, 3):
        again = fetch_one(home)
        assert (again.state, len(site.asked)) == ("kept", requests)
        assert is_right(home, again, ZST)
        assert tree(home.home / "downloads") == before


def test_a_changed_file_is_fetched_again_and_one_without_a_validator_not(
    home: Settings, site: Web
) -> None:
    for n in (0, 1):
        site.has_validators = n == 0
        site.files[path()] = content(n)
        result = fetch_one(home)
        assert result.state == "fetched" and is_right(home, result, content(n))
    assert fetch_one(home).state == "kept"
    assert len(site.asked) == 2


def test_a_file_or_record_damaged_on_the_disk_is_fetched_again(home: Settings, site: Web) -> None:
    place = fetch_one(home).path
    assert place is not None
    damages = [(place, ZST[:-1]), (place, ZST[:99] + b"x" + ZST[100:])]
    records = (b"", b"{", b"[]", b"null", b'{"address": 5}', b"\xff", b"[" * 100_000)
    damages += [(place.with_name(f"{place.name}.json"), record) for record in records]
    for file, damaged in damages:
        site.asked.clear()
        file.write_bytes(damaged)
        result = fetch_one(home)
        assert (result.state, len(site.asked)) == ("fetched", 1)
        assert is_right(home, result, ZST)


# Failures that may pass: what the server does, and the Range of each request.
ON = "bytes=40000-"
OTHER = ZST[:50_000] + bytes(1000) + ZST[51_000:]
PASSING: dict[str, tuple[Plan, list[str | None]]] = {
    "cut in the middle": ([{"cut": 40_000}], [None, ON]),
    "cut twice": ([{"cut": 40_000}, {"cut": 9}], [None, ON, "bytes=40009-"]),
    "cut at once": ([{"cut": 0}], [None, None]),
    "silent in the middle": ([{"stall": 40_000}], [None, ON]),
    "silent at once": ([{"stall": 0}], [None, None]),
    "500, then 503": ([{"status": 500}, {"status": 503}], [None, None, None]),
    "500 in between": ([{"cut": 40_000}, {"status": 502}], [None, ON, ON]),
    "nonsense in Retry-After": ([{"status": 503, "headers": {"Retry-After": "soon"}}], [None] * 2),
    "no time in Retry-After": (
        [{"status": 429, "headers": {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -0100"}}],
        [None] * 2,
    ),
    "a range is ignored": ([{"cut": 40_000}, {"whole": True}], [None, ON]),
    "a range from elsewhere": ([{"cut": 40_000}, {"shifted": 7}], [None, ON, None]),
    "a short range": ([{"cut": 40_000}, {"short": 500}], [None, ON, "bytes=40500-"]),
    "416": ([{"cut": 40_000}, {"status": 416}], [None, ON, None]),
    "206 without a range": ([{"cut": 40_000}, {"status": 206}], [None, ON, None]),
    "no length": ([{"unsized": True}], [None]),
    "another version at first": ([{"body": content(1), "cut": 40_000}], [None, ON]),
    # A server that ignores If-Range, and a file that changed and kept its size.
    "of another": ([{"body": OTHER, "cut": 40_000}, {"unasked": True}], [None, ON, None]),
}


@pytest.mark.parametrize(("plan", "ranges"), PASSING.values(), ids=PASSING.keys())
def test_a_failure_that_may_pass_is_tried_again_from_where_it_stopped(
    home: Settings, site: Web, plan: Plan, ranges: list[str | None]
) -> None:
    site.plan[path()] = list(plan)
    result = fetch_one(home)
    assert result.state == "fetched", result
    assert is_right(home, result, ZST)
    assert site.ranges() == ranges


def test_a_dripping_server_is_left_and_asked_for_the_rest(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"drip": 0.02}]
    assert is_right(home, fetch_one(home), ZST)
    first, rest = site.ranges()
    assert first is None and rest is not None and int(rest[6:-1]) < 200


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept_to(home: Settings, site: Web, form: str) -> None:
    then = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    text = "1" if form == "seconds" else format_datetime(then, usegmt=True)
    site.plan[path()] = [{"status": 429, "headers": {"Retry-After": text}}]
    start = time.monotonic()
    assert (fetch_one(home).state, len(site.asked)) == ("fetched", 2)
    assert time.monotonic() - start >= 1 if form == "seconds" else datetime.now(UTC) >= then


def test_a_line_that_is_cut_often_brings_a_file_in_the_end(home: Settings, site: Web) -> None:
    whole = content(rows=4_000)
    site.files[path()] = whole
    site.plan[path()] = [{"cut": 60_000}] * 5
    result = fetch_one(home, QUICK._replace(tries=2))
    assert len(whole) > 300_000 and is_right(home, result, whole)
    assert len(site.asked) == 6


def test_tries_without_progress_come_to_an_end(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"whole": True, "cut": 60_000}] * 99
    result = fetch_one(home)
    assert result.state == "failed" and "lost" in result.message
    # The first try is one that brought something on; three more did not.
    assert len(site.asked) == 3
    site.plan.clear()
    assert is_right(home, fetch_one(home), ZST)
    assert site.ranges()[-1] == "bytes=60000-", "the next run goes on"
    site.plan[path(1)] = [{"longer": 9}] * 9
    site.files[path(1)] = content(1)
    assert fetch(home, 2)[1].state == "failed", "a length that is too long is not believed"
    assert set(downloads(home)) == {Path(path()).name, f".{Path(path(1)).name}.part"}


# Failures that do not pass: what the server does, and words of the message. Requested once.
LARGE = "larger than 10,000,000 bytes.*max_bytes"
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
    "a page": ({"body": b"<!DOCTYPE html><title>Sorry</title>" * 99}, "a web page instead"),
    "a short page": ({"body": b"\n <html>"}, "a web page instead"),
    "an error as JSON": ({"body": b'{"error": "no"}'}, "a web page instead"),
    "a sentence, packed": (
        {"body": packed(b"Sorry, try later.\n", "zst")},
        "no table but 'Sorry, try",
    ),
    "nothing": ({"body": b""}, "an empty file"),
    "garbage": ({"body": bytes(range(256)) * 99}, "not a zst file by its first bytes"),
    "another archive": ({"body": content(packing="zip")}, "not a zst file by its first bytes"),
    "a cut archive": ({"body": ZST[:-99]}, "cut or damaged archive"),
    "too large, by its length": ({"longer": 10_000_000}, LARGE),
    "endless": ({"endless": True}, LARGE),
    "a long rest": ({"status": 503, "headers": {"Retry-After": "3600"}}, "wait 3,600 s"),
    "a redirect to nowhere": ({"status": 302, "headers": {"Location": "ftp://x/"}}, "not HTTP"),
    "a redirect to a name that is no host's": (
        {"status": 302, "headers": {"Location": "http://ais..example/x"}},
        "or that of a redirect or of the proxy, cannot be resolved",
    ),
    "a bomb": (
        {"body": packed(b"MMSI,LAT,LON\n" * 2_000_000, "zst")},
        "expands to more than 100 times",
    ),
}


@pytest.mark.parametrize(("plan", "words"), FINAL.values(), ids=FINAL.keys())
def test_a_final_failure_is_requested_once_and_leaves_nothing(
    home: Settings, site: Web, plan: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "FREELY_UNPACKED", 10_000_000)
    site.plan[path()] = [plan]
    result = fetch_one(home)
    assert (result.state, result.path, result.size_bytes) == ("failed", None, None)
    assert len(site.asked) == 1
    assert site.address in result.message
    assert re.search(words, result.message), result.message
    assert not any(downloads(home).values())
    assert fetch_problem([result]) == "1 of 1 days failed."
    assert is_right(home, fetch_one(home), ZST), "and the next run is not the worse for it"


def test_a_wrong_byte_in_a_zip_is_found_by_its_checksum(home: Settings, web: Web) -> None:
    """Sent so by the publisher, or in the part that an earlier try left."""
    good, file = content(packing="zip"), path(packing="zip")
    publish(home, web.address, packing="zip")
    web.files[file] = good[:20_000] + bytes([good[20_000] ^ 1]) + good[20_001:]
    result = fetch_one(home)
    assert result.state == "failed" and "damaged" in result.message
    assert downloads(home) == {}
    web.asked.clear()
    web.files[file] = good
    web.plan[file] = [{"cut": 40_000}]
    assert fetch_one(home, QUICK._replace(tries=1)).state == "failed"
    (name,) = downloads(home)
    part = home.home / "downloads" / SOURCE / name
    part.write_bytes(bytes(len(part.read_bytes())))
    assert is_right(home, fetch_one(home), good)
    assert web.ranges() == [None, ON, None]


@pytest.mark.parametrize(
    ("head", "repeated"),
    [
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n(\xb5/\xfd\r\n1;", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n(\xb5/\xfd\r\n0\r\n", b"x"),
    ],
    ids=["answers before the answer", "head", "frame of a chunk", "trailer"],
)
def test_a_server_that_never_comes_to_its_answer_is_left(
    home: Settings, site: Web, head: bytes, repeated: bytes
) -> None:
    """Each byte began the timeout anew."""
    site.plan[path()] = [{"body": head, "repeat": repeated}]
    result = fetch_one(home, QUICK._replace(timeout_s=0.5, slow_s=0.5, tries=1))
    assert result.state == "failed" and re.search("too slow, .* no end in 1 s", result.message)
    assert is_right(home, fetch_one(home), ZST)


def test_a_recent_day_without_a_file_is_not_published_yet(home: Settings, site: Web) -> None:
    states = {(6, 404): "not_published", (8, 404): "failed", (1, 403): "failed"}
    for number, ((days_ago, status), state) in enumerate(states.items(), 1):
        site.plan[path()] = [{"status": status}]
        as_of = datetime(2026, 4, 13, 9) + timedelta(days=days_ago)
        result = fetch_one(home._replace(as_of=as_of))
        assert (result.state, len(site.asked)) == (state, number)
        assert (fetch_problem([result]) is None) == (state == "not_published")


def test_a_day_that_is_not_over_or_has_no_file_is_not_requested(home: Settings, site: Web) -> None:
    results = fetch(home._replace(as_of=datetime(2026, 4, 14, 1)), days=3)
    assert [day.state for day in results] == ["fetched", "not_published", "not_published"]
    source, before = load_sources(home.home)[SOURCE], date(2025, 12, 31)
    (result,) = fetch_module.fetch_days(home, source, before, before)
    assert result.state == "failed" and "names no file of this day" in result.message
    assert len(site.asked) == 1


def test_one_failed_day_does_not_stop_the_others(home: Settings, site: Web) -> None:
    site.files |= {path(n): content(n) for n in (2, 3)}
    site.plan[path(2)] = [{"status": 500}] * 9
    results = fetch(home, days=4)
    assert [day.state for day in results] == ["fetched", "not_published", "failed", "fetched"]
    assert [day.day for day in results] == [FIRST + timedelta(days=n) for n in range(4)]
    assert set(downloads(home).values()) == {content(0), content(3)}


def test_two_files_are_fetched_at_a_time(home: Settings, site: Web) -> None:
    both = threading.Barrier(2)
    for n in range(4):
        site.files[path(n)] = content(n)
        site.plan[path(n)] = [{"meet": both}]
    results = fetch(home, days=4, patience=QUICK._replace(timeout_s=5))
    assert [day.state for day in results] == ["fetched"] * 4
    assert len({day.path for day in results}) == 4 == len(site.asked)
    assert not both.broken


def test_the_second_address_is_asked_where_the_first_has_no_file(home: Settings, web: Web) -> None:
    with serving() as other:
        other.files[path()] = ZST
        publish(home, web.address, other.address)
        for state, requests in (("fetched", 1), ("kept", 2)):
            assert fetch_one(home).state == state
            assert (len(web.asked), len(other.asked)) == (1, requests), "asked where it came from"
        for codes in ((403, 404), (404, 403)):
            for server, code in zip((web, other), codes, strict=True):
                server.plan[path(1)] = [{"status": code}]
            _, result = fetch(home._replace(as_of=datetime(2026, 4, 15)), 2)
            assert result.state == "failed" and "403" in result.message


def test_a_file_that_was_fetched_stays_whatever_fails(home: Settings, site: Web) -> None:
    fetch_one(home)
    for plan in ({"status": 404}, {"status": 403}, {"body": b"<html>"}):
        site.plan[path()] = [plan]
        result = fetch_one(home)
        assert result.state == "kept" and "not known whether" in result.message
        assert is_right(home, result, ZST)


def test_a_month_is_one_file_for_all_its_days(home: Settings, site: Web) -> None:
    site.files["/2026-04.csv.zst"] = ZST
    definition = home.home / "sources" / f"{SOURCE}.toml"
    day = "/{day:%Y}/ais-{day:%Y-%m-%d}.csv.zst"
    definition.write_text(definition.read_text().replace(day, "/{day:%Y-%m}.csv.zst"))
    results = fetch(home, days=3)
    assert [day.state for day in results] == ["fetched"] * 3
    assert len({day.path for day in results}) == 1 == len(site.asked)


def test_another_process_that_fetches_is_not_disturbed(home: Settings, site: Web) -> None:
    folder = home.home / "downloads" / SOURCE
    folder.mkdir(parents=True)
    # A thread of its own: who holds the lock already passes it.
    with lock.locked(folder), ThreadPoolExecutor(1) as pool:
        other = pool.submit(fetch, home)
        with pytest.raises(BarometerError, match="another barometer"):
            other.result()


def test_no_download_begins_that_the_disk_cannot_hold(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"longer": 10**17}]
    publish(home, site.address, max_bytes=10**18)
    result = fetch_one(home)
    assert result.state == "failed" and "bytes are free" in result.message
    assert downloads(home) == {}


@pytest.mark.parametrize(
    ("plan", "need"),
    [
        ({}, f"need {len(ZST) + SPARE_BYTES:,}. "),
        ({"unsized": True}, f"need {SPARE_BYTES:,} at least. "),
    ],
)
def test_a_disk_that_is_too_small_for_the_run_is_told_what_is_needed(
    plan: dict[str, Any], need: str, home: Settings, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file of 100 kB, or of a size that is not known, it was said that 1,000,000 bytes are
    free but the file has 100,000, or 0."""
    site.plan[path()] = [plan]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    message = fetch_one(home).message
    assert "1,000,000 bytes are free, but" in message and need in message
