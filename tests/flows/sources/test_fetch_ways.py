"""What a schedule asks for; `barometer fetch` and what ends it; TLS, proxies and redirects."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from flows.cli import main
from flows.home.settings import BarometerError, Settings
from flows.sources.definitions import load_sources
from flows.sources.fetching.fetch import fetch_due
from flows.sources.fetching.fetched import Fetched, fetch_problem, messages
from flows.sources.fetching.services import known
from tests.build.process import largest_file
from tests.build.publisher import (
    FIRST,
    QUICK,
    SOURCE,
    ZST,
    content,
    fetch,
    fetch_one,
    is_right,
    logged,
    path,
    publish,
)
from tests.build.web import Web, serving
from tests.conftest import ROOT


@pytest.mark.parametrize("days", [2, 14])
def test_addresses_that_moved_are_reported_once_with_a_remedy(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """The last days may not be out yet; the older ones show that the addresses moved."""
    site.files.clear()
    as_of = datetime(2026, 4, 13, 9) + timedelta(days=max(days, 8))
    results = fetch(home._replace(as_of=as_of), days)
    assert {day.state for day in results} == {"failed"}
    (message,) = {day.message for day in results}
    parts = [f"all {days} files are absent", "moved or renamed", "404 Not Found"]
    parts += [f"{site.address}/2026/ais-2026-04-", "https://coast.noaa.gov"]
    for part in (*parts, str(home.home / "sources")):
        assert part in message
    assert len(logged(caplog, "absent")) == 1
    assert not logged(caplog, "Probably not published yet")
    assert fetch_problem(results) == f"{days} of {days} days failed."
    assert messages(results) == [f"- {message}"]


def test_files_that_disappeared_have_moved(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """A schedule asks again for the last days, and for new ones."""
    site.files = {path(n): content(n) for n in range(3)}
    early = home._replace(as_of=datetime(2026, 4, 18, 9))
    assert {day.state for day in fetch(early, 3)} == {"fetched"}
    caplog.clear()
    site.files.clear()
    results = fetch(early, 5)
    states = [(day.state, day.path is not None) for day in results]
    assert states == [("kept", True)] * 3 + [("failed", False)] * 2
    assert len(logged(caplog, "moved or renamed")) == 1
    assert fetch_problem(results) == "2 of 5 days failed." and len(messages(results)) == 1


def test_days_that_are_too_recent_are_reported_once_and_are_no_failure(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    site.files.clear()
    results = fetch(home._replace(as_of=datetime(2026, 4, 18, 9)), 4)
    assert {day.state for day in results} == {"not_published"} and fetch_problem(results) is None
    assert len(logged(caplog, "Probably not published yet")) == 1


def test_a_hole_among_days_that_are_there_is_no_move(home: Settings, site: Web) -> None:
    site.files[path(3)] = content(3)
    results = fetch(home._replace(as_of=datetime(2026, 4, 24, 9)), 5)
    assert [day.state for day in results] == "fetched failed failed fetched failed".split()
    assert len({day.message for day in results if day.state == "failed"}) == 2


# What a schedule asks for


def due(home: Settings, as_of: datetime) -> list[Fetched]:
    source = load_sources(home.home)[SOURCE]
    return fetch_due(home._replace(as_of=as_of), source, patience=QUICK)


def days_asked(web: Web) -> list[str]:
    return sorted({path[-18:-8] for _, path, _ in web.asked})


def test_a_schedule_fetches_what_is_new_and_asks_again_for_a_week(
    home: Settings, site: Web
) -> None:
    site.files = {path(n): ZST for n in range(-40, 3)}
    monday = datetime(2026, 4, 20, 6)
    results = due(home, monday)  # delay_days is 7, so the first day is 34 before yesterday
    assert results[0].day == date(2026, 3, 16)
    assert {(day.state, day.day > date(2026, 4, 15)) for day in results} == {
        *{("fetched", False), ("not_published", True)}
    }
    site.asked.clear()
    site.files |= {path(n): ZST for n in range(3, 10)}
    results = due(home, monday + timedelta(days=7))
    assert days_asked(site) == [str(date(2026, 4, 8) + timedelta(days=n)) for n in range(19)]
    fetched = [day.day for day in results if day.state == "fetched"]
    assert fetched == [date(2026, 4, 16) + timedelta(days=n) for n in range(7)]


def test_after_a_week_without_a_file_no_later_day_is_requested(home: Settings, site: Web) -> None:
    file = home.home / "sources" / f"{SOURCE}.toml"
    file.write_text(file.read_text().replace("delay_days = 7", "delay_days = 60"))
    site.files = {path(n): ZST for n in range(-85, -51)}
    results = due(home, datetime(2026, 4, 20, 6))
    assert {day.state for day in results} == {"fetched", "not_published"}
    assert days_asked(site)[-1] == "2026-03-04"


def test_a_schedule_asks_for_no_day_before_the_source_began_nor_without_addresses(
    home: Settings, site: Web
) -> None:
    site.files = {path(n): ZST for n in range(-102, -90)}
    first, *_ = due(home, datetime(2026, 1, 10, 6))
    assert (first.day, first.state) == (date(2026, 1, 1), "fetched")
    with pytest.raises(BarometerError, match=r"has no \[fetch\]"):
        fetch_due(home, load_sources(home.home)["statsat"])
    with pytest.raises(BarometerError, match=r"These can be fetched: .*danish-maritime"):
        known(home.home, "noaa")


# The command


def command(home: Settings, *arguments: str, days: int = 1) -> list[str]:
    last = FIRST + timedelta(days=days - 1)
    return [
        *(sys.executable, "-m", "flows.cli", "fetch", SOURCE, "--from", str(FIRST)),
        *("--to", str(last), "--home", str(home.home), *arguments),
    ]


def test_a_killed_fetch_goes_on_where_it_stopped(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"stall": 70_000}]
    with subprocess.Popen(command(home), cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        part = home.home / "downloads" / SOURCE / f".{Path(path()).name}.part"
        limit = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    had = part.stat().st_size
    assert 0 < had <= 70_000
    assert is_right(home, fetch_one(home), ZST)
    assert site.ranges() == [None, f"bytes={had}-"]


@pytest.mark.parametrize("step", ["record", "file", "cleanup"])
def test_killed_after_the_last_byte_nothing_is_requested_twice(
    home: Settings, site: Web, step: str
) -> None:
    """The states of the disk between the steps of taking a file over."""
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
    assert is_right(home, fetch_one(home), ZST)
    conditions = [headers.get("If-None-Match") for _, _, headers in site.asked[1:]]
    assert conditions == ([record["etag"]] if step == "cleanup" else [])


def test_a_full_disk_is_reported_with_a_remedy(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with largest_file(50_000):
        assert main(command(home)[3:]) == 1
    assert "the disk is full" in caplog.text
    assert is_right(home, fetch_one(home), ZST)
    assert site.ranges()[-1] == "bytes=50000-"


def test_output_and_exit_code(
    home: Settings, site: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = command(home, "--as-of", "2026-04-16", days=3)[3:]
    assert main(arguments) == 0
    place = home.home / "downloads" / SOURCE / Path(path()).name
    assert capsys.readouterr().out == f"{place}\n"
    assert main([*arguments, "--json"]) == 0
    days = json.loads(capsys.readouterr().out)
    assert [(d["day"], d["state"], d["path"]) for d in days] == [
        ("2026-04-13", "kept", str(place)),
        ("2026-04-14", "not_published", None),
        ("2026-04-15", "not_published", None),
    ]
    assert main([*arguments, "--as-of", "2026-08-01"]) == 1
    assert "2 of 3 days failed" in capsys.readouterr().err


def test_wrong_usage(tmp_path: Path) -> None:
    for arguments, code in (
        (SOURCE, 2),
        (f"{SOURCE} --from 2026-04-31 --to 2026-05-01", 2),
        (f"{SOURCE} --from 2026-05-02 --to 2026-05-01", 2),
        ("nobody --from 2026-05-01 --to 2026-05-01", 1),
    ):
        try:
            exit_code: object = main(["fetch", *arguments.split(), "--home", str(tmp_path)])
        except SystemExit as error:
            exit_code = error.code
        assert exit_code == code, arguments


# The way there


def test_names_come_from_the_pattern_and_never_from_a_server(home: Settings, site: Web) -> None:
    site.files["/2026/../../evil.sh"] = ZST
    site.plan[path()] = [{"status": 302, "headers": {"Location": "/2026/../../evil.sh"}}]
    headers = {"Content-Disposition": 'attachment; filename="../../../evil.sh"'}
    site.plan["/evil.sh"] = [{"body": ZST, "headers": headers}]
    assert is_right(home, fetch_one(home), ZST)
    assert not list(home.home.parent.rglob("evil*"))


def test_redirects_have_an_end(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"status": 302, "headers": {"Location": path()}}] * 99
    assert "redirects" in fetch_one(home).message
    assert len(site.asked) == 6


def test_tls_is_checked_and_a_redirect_out_of_it_refused(
    home: Settings, web: Web, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with serving(context) as safe:
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


def test_a_proxy_or_a_setting_that_cannot_be_used_is_reported_without_its_password(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, web.address.replace("//", "//user:hunter2@"))
    web.plan["*"] = [{"status": 407}] * 9
    for scheme in ("http", "https"):
        web.asked.clear()
        publish(home, f"{scheme}://ais.invalid")
        result = fetch_one(home)
        assert result.state == "failed" and "The proxy requires a login" in result.message
        assert "hunter2" not in result.message and "user:" not in result.message
        assert len(web.asked) == 1
    publish(home, web.address)
    wrong = (("HTTPS_PROXY", "gopher://user:hunter2@proxy:1"), ("SSL_CERT_FILE", "/nowhere.pem"))
    for name, value in wrong:
        with monkeypatch.context() as patch, pytest.raises(BarometerError, match=name) as caught:
            patch.setenv(name, value)
            fetch_one(home)
        assert "hunter2" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named(home: Settings, web: Web) -> None:
    safe = web.address.replace("http", "https")
    unreachable = {"http://ais.invalid": "name ais.invalid", safe: "no TLS"}
    for address, words in (*unreachable.items(), ("http://localhost:1", "connection failed")):
        publish(home, address)
        result = fetch_one(home)
        assert result.state == "failed" and words in result.message
