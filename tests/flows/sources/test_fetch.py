"""Fetching, against real servers that misbehave: the files in the end, and the requests made."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from flows.home import lock
from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from flows.sources.fetch import fetch_days
from flows.sources.fetched import fetch_problem
from tests.build.files import ingest, tree
from tests.build.publisher import (
    BOMB,
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


def test_the_request_names_the_project_and_the_record_describes_the_file(
    home: Settings, web: Web
) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    fetch_one(home)
    ((_, _, headers),) = web.asked
    assert headers["User-Agent"].startswith("barometer-ais/")
    assert headers["Accept-Encoding"] == "identity"
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


def test_a_record_that_cannot_be_read_is_no_trouble(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    place = fetch_one(home).path
    assert place is not None
    for bad in (b"", b"{", b"[]", b"null", b'{"address": 5}', b"\xff", b"[" * 100_000):
        web.asked.clear()
        place.with_name(f"{place.name}.json").write_bytes(bad)
        found = fetch_one(home)
        assert (found.state, len(web.asked)) == ("fetched", 1)
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
    assert found.state == "failed" and "lost" in found.message
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
    "a page": ({"body": b"<!DOCTYPE html><title>Sorry</title>" * 99}, "a web page instead"),
    "a short page": ({"body": b"\n <html>"}, "a web page instead"),
    "an error as JSON": ({"body": b'{"error": "no"}'}, "a web page instead"),
    "nothing": ({"body": b""}, "an empty file"),
    "garbage": ({"body": bytes(range(256)) * 99}, "not a zst file by its first bytes"),
    "another archive": ({"body": content(packing="zip")}, "not a zst file by its first bytes"),
    "a cut archive": ({"body": ZST[:-99]}, "cut or damaged archive"),
    "too large, as it says": ({"longer": 10_000_000}, "larger than 10,000,000 bytes.*max_bytes"),
    "endless": ({"endless": True}, "larger than 10,000,000 bytes.*max_bytes"),
    "a long rest": ({"status": 503, "headers": {"Retry-After": "3600"}}, "wait 3,600 s"),
    "a redirect to nowhere": ({"status": 302, "headers": {"Location": "ftp://x/"}}, "not HTTP"),
    "a bomb": ({"body": BOMB}, "expands to more than 100 times"),
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


def test_another_process_that_fetches_is_not_disturbed(home: Settings, web: Web) -> None:
    publish(home, web.address)
    folder = home.home / "downloads" / SOURCE
    folder.mkdir(parents=True)
    # A thread of its own: who holds the lock already passes it.
    with lock.locked(folder), ThreadPoolExecutor(1) as pool:
        other = pool.submit(fetch, home)
        with pytest.raises(BarometerError, match="another barometer"):
            other.result()


def test_no_download_begins_that_the_disk_cannot_hold(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"longer": 10**17}]
    publish(home, web.address, max_bytes=10**18)
    found = fetch_one(home)
    assert found.state == "failed" and "bytes are free" in found.message
    assert downloads(home) == {}
