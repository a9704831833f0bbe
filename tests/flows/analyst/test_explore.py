"""`barometer explore`, its parts: a catalogue that cannot be left, escaped text, a guarded page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.analyst.explore import launch, pages, shown
from flows.analyst.explore.catalogue import MOST_ROWS, Catalogue
from flows.analyst.explore.guard import REFUSED, Guard
from flows.analyst.explore.job import STOPPED, Job
from flows.catalogue import access
from flows.cli import main
from flows.home.extras import PIP
from flows.home.settings import BarometerError, Settings
from flows.report.tables import Table
from tests.build.files import copy_of

ENDLESS = "select count(*) from range(1000000000) a, range(1000) b where a.range + b.range < 0"


@pytest.fixture
def catalogue(home: Settings) -> Iterator[Catalogue]:
    opened = Catalogue(home)
    yield opened
    opened.close()


def asked(catalogue: Catalogue, text: str) -> Job[Table]:
    job = catalogue.start(text)
    assert job.wait(200)
    return job


# --- the catalogue


def test_a_query_reads_the_catalogue_and_the_lake(catalogue: Catalogue) -> None:
    job = asked(catalogue, "select count(*) as n from position; -- a comment")
    assert (job.error, job.result) == (None, Table(["n"], ["BIGINT"], [(0,)]))
    zone = asked(catalogue, "select current_setting('TimeZone')").result
    assert zone is not None and zone.rows == [("UTC",)]


REFUSED_QUERIES = {
    "a file": ("from read_csv('/etc/passwd')", "Permission Error"),
    "a file's text": ("from read_text('/etc/passwd')", "Permission Error"),
    "names of files": ("from glob('/etc/*')", "Permission Error"),
    "a file beside the lake": ("from read_text('{home}/position/../manifest.json')", "Permission"),
    "an address": ("from read_csv('http://localhost:1/x.csv')", "Permission Error"),
    "secrets": ("from duckdb_secrets()", "ecret"),
    "an extension": ("from st_read('x')", "st_read"),
    "a copy into the lake": ("copy (select 1) to '{home}/position/x.csv'", "one SELECT"),
    "a copy behind a select": (
        "select 1; copy (select 1) to '{home}/position/x.csv'",
        "one SELECT",
    ),
    "a copy that is explained": (
        *("explain analyze copy (select 1) to '{home}/position/x.csv'", "one SELECT"),
    ),
    "an export": ("export database '{home}/position/x'", "one SELECT"),
    "another database": ("attach '{home}/position/x.duckdb'", "one SELECT"),
    "a change": ("delete from port", "one SELECT"),
    "a log in the lake's folder": (
        "from enable_logging(storage='file', storage_config={{'path': '{home}/position/'}})",
        "only reads",
    ),
    "a log elsewhere": (
        "select (select count(*) from system.main.\"Enable_Logging\"(storage='file'))",
        "only reads",
    ),
    "a log by a text": ("from query('from enable_' || 'logging()')", "only reads"),
    "a log by a parse": (
        "summarize from json_execute_serialized_sql(json_serialize_sql('from enable_logging()'))",
        "only reads",
    ),
    "a setting": ("set enable_external_access = true", "one SELECT"),
    "nothing": ("-- nothing", "one SELECT"),
    "no SQL": ("selct", "syntax error"),
    "an unknown column": ("select nonsense from port", "nonsense"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED_QUERIES.values(), ids=REFUSED_QUERIES)
def test_a_query_reaches_nothing_else_and_writes_nothing(
    catalogue: Catalogue, text: str, message: str
) -> None:
    home = catalogue.settings.home
    before = sorted(home.rglob("*"))
    for job in (
        asked(catalogue, text.format(home=home)),
        catalogue.start_export(text.format(home=home), "csv"),
    ):
        assert job.wait(200) and job.result is None
        assert job.error is not None and message in job.error
    assert sorted(home.rglob("*")) == before


def test_the_lock_holds_without_the_look_at_statements(catalogue: Catalogue) -> None:
    for text in ("set enable_external_access = true", "install spatial", "load spatial"):
        with pytest.raises(duckdb.Error):
            catalogue.con.execute(text)


def test_a_long_query_can_be_stopped_while_the_pages_go_on(catalogue: Catalogue) -> None:
    job = catalogue.start(ENDLESS)
    assert not job.wait(0.2)
    assert catalogue.relations()
    job.stop()
    assert job.wait(200) and (job.result, job.error) == (None, STOPPED)
    assert asked(catalogue, "select 7 as x").result == Table(["x"], ["INTEGER"], [(7,)])


def test_a_query_ends_the_one_before_it(catalogue: Catalogue) -> None:
    jobs = [catalogue.start(ENDLESS)]
    jobs += [catalogue.start(f"select {number} from range(3)") for number in range(1, 40)]
    assert all(job.wait(60) for job in jobs)
    assert {job.error for job in jobs} <= {None, STOPPED} and jobs[0].error == STOPPED
    rows = {n: job.result.rows for n, job in enumerate(jobs) if job.result is not None}
    assert rows == {number: [(number,)] * 3 for number in rows} and 39 in rows


def test_work_that_takes_too_long_is_stopped() -> None:
    stopped = threading.Event()

    def work() -> None:
        stopped.wait(200)
        raise KeyboardInterrupt

    job = Job(work, stopped.set, longest_s=0.01)
    assert job.wait(200)
    assert job.error is not None and "after 300 seconds" in job.error


def test_a_large_result_is_cut_on_the_page_and_whole_in_a_file(catalogue: Catalogue) -> None:
    text = "select range as x from range(5000)"
    shown_rows = pages.result(asked(catalogue, text))
    assert f"more than {MOST_ROWS:,} rows" in shown_rows and "<td" in shown_rows
    assert shown_rows.count("<tr>") == MOST_ROWS + 1
    saved = pages.saved(catalogue, text, "CSV")
    assert saved.job.result is not None and saved.job.result.count(b"\n") == 5001


def test_a_file_that_the_format_cannot_hold_is_refused(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = pages.saved(catalogue, "select 1 as x", "GeoParquet").job.error
    assert error is not None and "no places" in error
    monkeypatch.setattr("flows.analyst.explore.catalogue.MOST_EXPORTED", 3)
    assert pages.saved(catalogue, "from range(3)", "CSV").job.error is None
    error = pages.saved(catalogue, "from range(4)", "CSV").job.error
    assert error is not None and "more than 3 rows" in error


def test_a_replaced_catalogue_is_told_and_read_by_the_next(home: Settings, tmp_path: Path) -> None:
    settings = copy_of(home, tmp_path)
    path = access.existing(settings.home)
    old = Catalogue(settings)
    newer = tmp_path / "newer.duckdb"
    newer.write_bytes(path.read_bytes())
    with duckdb.connect(str(newer)) as con:
        con.execute("create table added as select 42 as x")
    assert not old.is_replaced
    newer.replace(path)
    assert old.is_replaced
    error = asked(old, "from added").error
    assert error is not None and "A run has replaced the catalogue" in error
    new = Catalogue(settings)
    assert asked(new, "from added").result == Table(["x"], ["INTEGER"], [(42,)])
    assert asked(old, "select 1 as x").error is None
    for opened in (old, new):
        opened.close()


# --- what is shown


class Tags(HTMLParser):
    """The tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.tags |= {name for name, _ in attrs if name.startswith("on")}

    def handle_data(self, data: str) -> None:
        self.text += data


PARTS = st.sampled_from(["<script>", "</td>", "<img src=x onerror=", '"', "'", "&lt;", ">", "--"])
OWN = {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "h2", "pre"}


@given(st.lists(PARTS | st.text(max_size=5), max_size=8).map("".join))
def test_text_of_others_is_text_wherever_it_is_shown(hostile: str) -> None:
    html = "".join(
        [
            shown.table(Table([hostile, "x"], ["", ""], [(hostile, 1)]), hostile),
            shown.table(Table([hostile], [""], []), hostile),
            shown.heading(hostile, hostile),
            shown.message(hostile),
            shown.message(hostile, is_error=True),
            shown.banner(hostile),
        ]
    )
    assert Tags(html).tags <= OWN


VALUES = {
    "null is not zero": (None, "–"),
    "zero": (0, "0"),
    "truth": (True, "yes"),
    "a float": (0.1 + 0.2, "0.3"),
    "a time": (datetime(2026, 3, 9, 6, 5), "2026-03-09 06:05"),
    "bytes": (b"abc", "3 bytes"),
    "invisible signs": ("SEA\u202e STAR\x1b", "SEA STAR"),
}


@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES)
def test_a_value_is_shown(value: Any, text: str) -> None:
    assert Tags(shown.table(Table(["x"], [""], [(value,)]), "rows")).text == f"x{text}"


# --- the guard

PAGE = b"<html><script src='a.js'></script><script>let x = 1;</script></html>"


async def site(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"referrer-policy", b"origin")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:30], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[30:]})


def answers(kind: str, host: str, origin: str | None = None) -> list[dict[str, Any]]:
    """What the guarded site, which listens on port 80 of this machine, sends."""
    sent: list[dict[str, Any]] = []
    headers = [(b"host", host.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]

    async def send(message: Any) -> None:
        sent.append(dict(message))

    guard = Guard(site, frozenset({"127.0.0.1:80"}))
    asyncio.run(guard({"type": kind, "headers": headers}, None, send))  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example:80", None),
        ("127.0.0.1:80", "http://evil.example"),
        ("127.0.0.1:80", "http://["),
        ("", None),
    ],
    ids=["a name pointed at this machine", "another page", "no address", "no host"],
)
def test_requests_of_other_pages_are_refused(host: str, origin: str | None) -> None:
    start, body = answers("http", host, origin)
    assert (start["status"], body["body"]) == (403, REFUSED)
    assert [message["type"] for message in answers("websocket", host, origin)] == [
        "websocket.close"
    ]


def test_the_page_may_run_its_own_scripts_and_ask_its_own_host() -> None:
    assert answers("websocket", "127.0.0.1:80", "http://127.0.0.1:80")[0]["type"].endswith("accept")
    start, body = answers("http", "127.0.0.1:80", "http://127.0.0.1:80")
    assert body["body"] == PAGE
    headers = [(name.decode(), text.decode()) for name, text in start["headers"]]
    assert dict(headers)["referrer-policy"] == "no-referrer"
    assert len(dict(headers)) == len(headers)
    policy = dict(headers)["content-security-policy"]
    own = base64.b64encode(hashlib.sha256(b"let x = 1;").digest()).decode()
    assert f"script-src 'self' 'wasm-unsafe-eval' 'sha256-{own}';" in policy
    assert "default-src 'none'" in policy and "'unsafe-eval'" not in policy
    assert "connect-src 'self' ws://127.0.0.1:80 wss://127.0.0.1:80;" in policy


# --- the command


def test_what_is_missing_is_told(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    before = dict(os.environ)
    assert main(["explore", "--home", str(tmp_path / "new")]) == 1
    assert "no catalogue yet" in capsys.readouterr().err
    there = ("--home", str(home.home))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["explore", *there, "--port", str(taken.getsockname()[1])]) == 1
    assert "cannot listen there" in capsys.readouterr().err
    assert main(["explore", *there, "--host", "desk..example"]) == 1
    assert "cannot listen there (not a host name)" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "marimo", None)
    for more in ([], ["--edit"]):
        assert main(["explore", *there, *more]) == 1
        assert f"Install it with: {PIP}" in capsys.readouterr().err
    assert dict(os.environ) == before


def test_the_notebook_of_a_home_is_its_own(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copy_of(home, tmp_path)
    started: list[Any] = []

    class Ended:
        returncode = 0

    def start(command: list[str], env: dict[str, str], check: bool) -> Ended:
        started.append((command, env))
        return Ended()

    monkeypatch.setattr("subprocess.run", start)
    copy = settings.home / launch.COPY
    for content in (launch.NOTEBOOK.read_text(), "mine"):
        if content == "mine":
            copy.write_text(content)
        assert launch.edit(settings, "127.0.0.1", 0, is_opened=False) == 0
        assert copy.read_text() == content
    command, environ = started[-1]
    assert {"--token", "--headless", "--skip-update-check"} <= set(command)
    assert environ["BAROMETER_HOME"] == str(settings.home)
    assert environ.keys() >= os.environ.keys()


def test_a_home_without_a_week_has_a_page(catalogue: Catalogue) -> None:
    head = pages.head(catalogue)
    assert "no week yet" in head.html and (head.weeks, head.week) == ([], None)
    assert "No such ship" in pages.ship(catalogue, "NOBODY").html
    assert len(pages.starts(catalogue)) > 50


def test_a_catalogue_of_another_version_is_told_in_each_view(
    home: Settings, tmp_path: Path
) -> None:
    settings = copy_of(home, tmp_path)
    with duckdb.connect(str(access.existing(settings.home))) as con:
        for name in ("oil_volume", "counted_call", "vessel", "port_week", "barometer"):
            con.execute(f"drop table {name}")
    opened = Catalogue(settings)
    for view in (pages.SERIES, pages.PORTS, pages.RECEPTION, pages.VOLUME):
        assert "another version of barometer" in pages.of_week(view, opened, "x", "2026-W10")
    assert pages.callers(opened, "x", "2026-W10") == {}
    assert "another version of barometer" in pages.ship(opened, "SIM").html
    opened.close()


def test_the_error_of_a_home_is_a_barometer_error(tmp_path: Path, home: Settings) -> None:
    settings = copy_of(home, tmp_path)
    access.existing(settings.home).write_bytes(b"garbage" * 999)
    with pytest.raises(BarometerError, match="cannot be read"):
        Catalogue(settings)
