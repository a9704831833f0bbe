"""`barometer explore` in a real browser: weeks, ships, SQL; nothing foreign runs or is asked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import duckdb
import httpx
import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from tests.build.axe import violations
from tests.build.files import copy_of
from tests.build.process import ROOT, unset
from tests.flows.analyst.test_explore import ENDLESS

HOSTILE = '<script>window.__pwned=1</script><img src=x onerror="window.__pwned=2">'
TANKERS = "Calls of Russian-linked tankers at Iranian ports"
VIEWS = {
    "Series": "2026-W12: at least 16",
    "Ports": "Calls at Iranian ports, 2026-W12",
    "Reception": "Reception by port, 2026-W12",
    "Volume": "2026-W12 by direction and water",
    "Restatements": "Every published version of the headline",
    "Ship": "Choose a ship that called in the week",
    "SQL": "Query",
}
"""The page's views, and what each shows."""
PATIENCE_MS = 120_000
"""For one step, on a machine that does much else."""

pytestmark = pytest.mark.timeout(900)


class Site(NamedTuple):
    """A page that is served: its address with the token, and the home."""

    address: str
    settings: Settings

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc


@pytest.fixture(scope="module")
def site(sample_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The real command on a copy of the sample."""
    settings = copy_of(sample_home, tmp_path_factory.mktemp("explore"))
    command = [sys.executable, "-m", "flows.cli", "explore", "--home", str(settings.home)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environ = unset() | {"BAROMETER_THREADS": "1"}
    with subprocess.Popen(command, **pipes, cwd=ROOT, env=environ, text=True) as running:  # type: ignore[call-overload]
        line = running.stdout.readline()
        assert line.startswith("Page: http://127.0.0.1:"), line
        yield Site(line.removeprefix("Page: ").strip(), settings)
        running.terminate()
        out, _ = running.communicate(timeout=60)
        assert (running.returncode, "Traceback" in out) == (0, False), out


def test_without_the_token_there_is_no_page(site: Site) -> None:
    for address in (f"http://{site.host}/", f"http://{site.host}/?access_token=wrong"):
        answer = httpx.get(address, follow_redirects=True)
        assert "marimo-filename" not in answer.text
        assert answer.url.path == "/auth/login" or answer.status_code == 401


def test_the_served_page_names_no_other_host(site: Site) -> None:
    with httpx.Client(follow_redirects=True) as client:
        answer = client.get(site.address)
    assert answer.status_code == 200 and "Barometer" in answer.text
    asked = re.findall(r"""(?:src|href)=["']([^"']+)""", answer.text)
    assert len(asked) > 5
    assert [address for address in asked if "//" in address] == []
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.fixture(scope="module")
def opened(site: Site, browser: Any) -> Iterator[tuple[Any, list[str]]]:
    """The page, with errors in it and requests to other hosts.

    It is opened once: that takes longer than what most tests do on it.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    wrong: list[str] = []
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)

    def watch(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.netloc != site.host and parts.scheme not in ("data", "blob"):
            wrong.append(f"asked for {request.url}")

    def listen(message: Any) -> None:
        if message.type == "error":
            wrong.append(message.text)

    page.on("request", watch)
    page.on("console", listen)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(site.address)
    yield page, wrong
    context.close()


@pytest.fixture
def page(opened: tuple[Any, list[str]]) -> Iterator[Any]:
    """The page as the test before left it; what is wrong with it fails the test."""
    page, wrong = opened
    yield page
    assert (page.evaluate("window.__pwned"), wrong) == (None, [])


def run(page: Any, query: str, shows: str) -> None:
    """Type a query, run it, and wait for what it shows."""
    page.get_by_label("Query").fill(query)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text(shows).first.wait_for()


def test_a_week_and_a_ship_can_be_chosen(page: Any) -> None:
    page.get_by_text("2026-W12: at least 16").wait_for()
    assert page.get_by_text("SIMULATED DATA").count() == 1
    page.get_by_role("combobox", name="Week").select_option("2026-W11")
    page.get_by_text("2026-W11: 22").wait_for()
    series = page.get_by_role("combobox", name="Series")
    series.select_option(index=1)
    page.get_by_role("heading", name="dry cargo and ro-ro ships").wait_for()
    series.select_option(label=TANKERS)
    for view, shows in (
        ("Ports", "Calls at Iranian ports, 2026-W11"),
        ("Reception", "Reception by port, 2026-W11"),
        ("Volume", "2026-W11 by direction and water"),
        ("Restatements", "Every published version of the headline"),
    ):
        page.get_by_role("tab", name=view).click()
        page.get_by_role("heading", name=shows).wait_for()
    page.get_by_role("tab", name="Ship").click()
    page.get_by_label("Caller of the week").select_option(label="SIM NAVI, IMO 2603325, linked")
    page.get_by_role("heading", name="SIM NAVI, IMO 2603325").wait_for()
    assert page.get_by_role("img", name="Track of SIM NAVI").count() >= 1
    assert "implausible" in page.get_by_role("region", name="Verdicts on its fixes").inner_text()
    assert "Identity" in page.get_by_role("main").inner_text()
    page.get_by_label("or IMO number").fill("<script>")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="<SCRIPT>ALERT(1), IMO 2511340").wait_for()
    with page.expect_download() as saving:
        page.get_by_text("Map with every fix").click()
    assert saving.value.suggested_filename == "IMO-2511340.html"


SCHEMES = {"light": False, "dark": True}
"""What a reader may prefer, and whether the page has the colours of the dark then."""


def test_axe_finds_nothing_on_any_view_in_light_and_dark(page: Any) -> None:
    page.get_by_label("Week", exact=True).select_option("2026-W12")
    for view, shows in VIEWS.items():
        page.get_by_role("tab", name=view).click()
        page.get_by_text(shows).first.wait_for()
        if view == "Ship":
            page.get_by_label("or IMO number").fill("SIM NAVI")
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Verdicts on its fixes").wait_for()
        if view == "SQL":
            run(page, "from port", " rows")
        for scheme, is_dark in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            page.locator(f".{scheme}").first.wait_for(state="attached")
            assert (page.locator(".dark").count() > 0) == is_dark
            assert violations(page) == [], (view, scheme)
    page.emulate_media(color_scheme="light")


def test_queries_run_are_stopped_refused_and_saved(page: Any) -> None:
    page.get_by_role("tab", name="SQL").click()
    page.get_by_label("Start from").select_option(label="all of port_area")
    page.get_by_text("from port_area").wait_for()
    run(page, f"select '{HOSTILE}' as name, '=1+1' as formula", "1 rows")
    region = page.get_by_role("region", name="Result")
    assert HOSTILE in region.inner_text() and region.locator("img, script").count() == 0
    page.get_by_label("Save all rows as").select_option("CSV")
    with page.expect_download() as saving:
        page.get_by_text("Download CSV").click()
    assert saving.value.path().read_text().endswith("\",'=1+1\n")
    run(page, ENDLESS, "Stop the query")
    page.get_by_role("button", name="Stop the query").click()
    page.get_by_text("The query was stopped.").wait_for()
    run(page, "from read_csv('/etc/passwd')", "file system operations are disabled")
    run(page, "select 6 * 7 as answer", "42")


def test_a_reload_shows_the_catalogue_of_a_new_run(site: Site, page: Any) -> None:
    page.get_by_role("tab", name="SQL").click()
    path = access.existing(site.settings.home)
    newer = path.with_name("newer.duckdb")
    shutil.copyfile(path, newer)
    with duckdb.connect(str(newer)) as con:
        con.execute("create table added as select 'after' as told")
    newer.replace(path)
    run(page, "from added", "A run has replaced the catalogue")
    page.get_by_role("button", name="Reload the catalogue").click()
    page.get_by_text("A run has replaced the catalogue").wait_for(state="detached")
    run(page, "select told || ' the run' as x from added", "after the run")
