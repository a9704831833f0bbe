"""Lists that refresh themselves: what is new is imported, what is wrong leaves all as it was, and
the report says both."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.catalogue import access
from flows.cli import main
from flows.home.history import LIST_FETCH, read_history
from flows.home.settings import Settings
from flows.mail.message import compose, read_message
from flows.registers import store
from flows.registers.ledger import all_imports
from flows.registers.refresh import Refreshed, chosen, refresh
from flows.report.tables import week_folder
from flows.report.write import write_report
from flows.runner import run
from flows.sources.definitions import Definition
from flows.sources.fetching import probe
from flows.sources.fetching.faults import Patience
from flows.sources.lists import load_lists
from flows.sources.packings import find_files
from tests.build.derivation import only, unshown
from tests.build.files import copy_of, write
from tests.build.lists import MARITIME_SHIP, entity, imo, json_lines, line, lines
from tests.build.publisher import PROXIES
from tests.build.web import Web, serving
from tests.conftest import AS_OF, no_pictures

QUICK = Patience(timeout_s=60, tries=2, wait_s=0.01, longest_wait_s=0.1)
LIST, REGISTER = "sim-list", "opensanctions:gb_fcdo_sanctions"
SECRET = "t0ken-of-a-person"
PAGE = b"<!DOCTYPE html><title>Service unavailable</title>"


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in PROXIES:
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        yield


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def name_list(
    home: Settings, web: Web, name: str = LIST, register: str = REGISTER, more: str = ""
) -> None:
    """Let the home define a list at `/NAME` of the server."""
    folder = home.home / "lists"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(
        f'publisher = "P"\nlicence = "L"\nfiles = "https://p.example/"\ncoverage = "C"\n'
        f'citation = "Cite P"\nregister = "{register}"\n{more}\n'
        f'[fetch]\nservice = "documents"\ndelay_days = 0\n'
        f'max_bytes = 1_000_000\n[fetch.parts]\n"{name}.json" = "{web.address}/{name}"\n'
    )


def ships(
    numbers: range | list[int],
    day: str = "2026-03-10",
    key: str = "GB-RUS",
    dataset: str = "gb_fcdo_sanctions",
    name: str = "SIM SHIP",
) -> bytes:
    """A data set of ships of these IMO numbers, or numbers of made-up ones, under one programme."""
    items = []
    for number in numbers:
        hull = number if number > 1_000_000 else imo(number)
        items += [
            entity("Vessel", f"v{hull}", [dataset], imoNumber=[f"IMO{hull}"], name=[name]),
            entity("Sanction", f"s{hull}", [dataset], entity=[f"v{hull}"], programId=[key]),
        ]
    return json_lines(*(item | {"last_seen": f"{day}T01:02:03"} for item in items))


def at(home: Settings, day: str) -> Settings:
    return home._replace(as_of=datetime.fromisoformat(f"{day}T06:00"))


def refreshed(home: Settings, day: str = "2026-03-23", name: str = LIST) -> Refreshed:
    (source,) = chosen(home, name)
    return refresh(at(home, day), source, patience=QUICK)


def versions(home: Settings) -> list[tuple[str, int]]:
    """Day and number of ships of what was imported."""
    return [(i.record["published_on"], i.record["hulls"]) for i in all_imports(home.home)]


def test_a_list_is_no_input_of_a_run_over_all_that_was_fetched(home: Settings, web: Web) -> None:
    """The list and each of its versions failed every such run: sources.md, "Fetch"."""
    name_list(home, web)
    for last in (20, 22):
        web.files[f"/{LIST}"] = ships(range(last), f"2026-03-{last}")
        refreshed(home)
    fetched = home.home / "downloads" / "marinecadastre-2025"
    day = write(fetched, b"mmsi\n")
    assert [file.path for file in find_files([home.home / "downloads"])] == [day]
    assert [file.path for file in find_files([home.home])] == [day]
    named = home.home / "downloads" / LIST / f"{LIST}.json"
    assert [file.path for file in find_files([named])] == [named]


def test_what_is_new_is_imported_and_every_version_is_kept(home: Settings, web: Web) -> None:
    name_list(home, web)
    contents = [ships(range(20)), ships(range(22), "2026-03-20")]
    web.files[f"/{LIST}"] = contents[0]
    first = refreshed(home, "2026-03-16")
    assert (first.state, first.in_force_on, first.age_days) == ("imported", date(2026, 3, 10), 6)
    again = refreshed(home, "2026-03-17")
    assert (again.state, again.problem) == ("known", None)
    assert web.asked[-1][2]["If-None-Match"], "a conditional request"
    web.files[f"/{LIST}"] = contents[1]
    changed = refreshed(home)
    assert changed.imported is not None and len(changed.imported.added) == 2
    assert versions(home) == [("2026-03-10", 20), ("2026-03-20", 22)]
    kept = sorted((home.home / "downloads" / LIST / "versions").iterdir())
    assert [pa.input_stream(str(path), compression="zstd").read() for path in kept] == contents
    web.files[f"/{LIST}"] = ships(range(5), "2026-03-12")
    older = refreshed(home)
    assert (older.state, older.in_force_on) == ("known", date(2026, 3, 20))
    assert "of 2026-03-12, and not newer" in older.message
    assert len(versions(home)) == 2
    assert [r["state"] for r in read_history(home.home, LIST_FETCH)] == [
        *("imported", "known", "imported", "known")
    ]


WRONG: dict[str, tuple[dict[str, Any] | bytes, str, str]] = {
    "a page in its place": (PAGE, "failed", "web page"),
    "a page as JSON": (b'{"error": "quota"}', "refused", "JSON of another kind"),
    "empty": (b"", "failed", "empty"),
    "cut in a line": (ships(range(20), "2026-03-20")[:-40], "refused", "cut"),
    "cut on the way": ({"cut": 500, "body": ships(range(20), "2026-03-20")}, "failed", "lost"),
    "a tenth of the ships lost": (ships(range(17), "2026-03-20"), "refused", "3 of these are not"),
    "a programme renamed": (
        ships(range(20), "2026-03-20", key="GB-RUS-NEW"),
        "refused",
        "'GB-RUS-NEW' (20 hulls)",
    ),
    "another list": (
        ships(range(20), "2026-03-20", dataset="eu_fsf"),
        "refused",
        "a list of opensanctions:eu_fsf, expected opensanctions:gb_fcdo_sanctions",
    ),
    "of tomorrow": (ships(range(20), "2026-03-25"), "refused", "after the as-of time"),
    "refused": ({"status": 403}, "failed", "403"),
    "broken": ({"status": 500}, "failed", "500"),
    "gone": ({"status": 404}, "failed", "404"),
    "too large": ({"body": b"{" * 1_100_000}, "failed", "larger than"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_leaves_the_version_in_force(home: Settings, web: Web, case: str) -> None:
    answer, state, words = WRONG[case]
    name_list(home, web)
    path = f"/{LIST}"
    web.files[path] = ships(range(20))
    refreshed(home, "2026-03-16")
    before = versions(home)
    if isinstance(answer, bytes):
        web.files[path] = answer
    else:
        web.plan[path] = [answer] * 9
    wrong = refreshed(home)
    assert (wrong.state, wrong.in_force_on, versions(home)) == (state, date(2026, 3, 10), before)
    assert words in wrong.message
    assert "The version of 2026-03-10 stays in force, 13 days old." in str(wrong.problem)
    web.plan.clear()
    web.files[path] = ships(range(21), "2026-03-21")
    assert refreshed(home).state == "imported", "the next good one goes in"


def test_a_list_without_any_day_is_of_the_day_of_the_server(home: Settings, web: Web) -> None:
    """It cannot hold anything later, and the day of the import may be years after it."""
    name_list(home, web, register="opensanctions:maritime")
    web.files[f"/{LIST}"] = lines(MARITIME_SHIP, line(MARITIME_SHIP)).encode()
    first = refreshed(home)
    assert first.imported is not None, first
    assert (first.in_force_on, first.imported.published_by) == (date(2023, 11, 14), "server")
    web.has_validators = False
    web.files[f"/{LIST}"] = lines(MARITIME_SHIP, line(MARITIME_SHIP, caption="Other")).encode()
    none = refreshed(home)
    assert none.state == "refused" and "contains no day" in none.message


def test_a_server_without_validators_is_asked_each_time(home: Settings, web: Web) -> None:
    name_list(home, web)
    web.has_validators = False
    web.files[f"/{LIST}"] = ships(range(20))
    assert [refreshed(home).state for _ in range(2)] == ["imported", "known"]
    web.files[f"/{LIST}"] = ships(range(21), "2026-03-20")
    assert refreshed(home).state == "imported"


def test_a_removed_import_does_not_come_back(home: Settings, web: Web) -> None:
    name_list(home, web)
    web.files[f"/{LIST}"] = ships(range(20))
    refreshed(home)
    store.remove_import(home, 1)
    again = refreshed(home)
    assert (again.state, again.in_force_on) == ("known", None)


def test_a_token_is_sent_and_is_nowhere_else(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    name_list(home, web, more='token = "EU_FSF_TOKEN"')
    (source,) = chosen(home, LIST)
    monkeypatch.delenv("BAROMETER_EU_FSF_TOKEN", raising=False)
    assert refresh(home, source, is_named=False).state == "skipped"
    unset = refreshed(home)
    assert unset.state == "failed" and "BAROMETER_EU_FSF_TOKEN is not set" in unset.message
    assert not web.asked
    monkeypatch.setenv("BAROMETER_EU_FSF_TOKEN", SECRET)
    web.files[f"/{LIST}?token={SECRET}"] = ships(range(20))
    results = [refreshed(home)]
    web.plan["*"] = [{"status": 403}] * 2
    results.append(refreshed(home))
    web.plan["*"] = [{"status": 302, "headers": {"Location": "/elsewhere"}}]
    results.append(refreshed(home))
    assert [result.state for result in results] == ["imported", "failed", "failed"]
    assert web.asked[-1][1] == "/elsewhere", "no redirect takes it along"
    files = [p.read_bytes() for p in home.home.rglob("*") if p.is_file()]
    assert all(SECRET.encode() not in content for content in files)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("barometer", "httpx"))]
    assert SECRET not in "".join([*ours, *(str(result) for result in results)])


def test_the_command_goes_on_and_ends_with_1(
    home: Settings, web: Web, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.registers.refresh.load_lists", only_of_home)
    monkeypatch.setattr("flows.sources.fetching.services.Patience", lambda: QUICK)
    for name in ("a-broken", LIST):
        name_list(home, web, name)
    web.files[f"/{LIST}"] = ships(range(20))

    def barometer(*arguments: str) -> int:
        return main(["register", "fetch", *arguments, "--home", str(home.home), "--as-of", AS_OF])

    with only():
        assert barometer("--json") == 1
    printed = capsys.readouterr()
    broken, good = json.loads(printed.out)
    assert (broken["state"], good["state"]) == ("failed", "imported")
    assert len(good["imported"]["added"]) == 20
    assert "- a-broken: failed. " in printed.err and f"- {LIST}" not in printed.err
    assert barometer(LIST) == 0
    assert "known" in capsys.readouterr().out
    assert barometer("no-such") == 1
    assert f"These can be fetched: a-broken, {LIST}" in capsys.readouterr().err


def only_of_home(home: Path) -> dict[str, Any]:
    return {name: each for name, each in load_lists(home).items() if name not in load_lists()}


def test_the_addresses_are_checked_with_the_first_bytes(home: Settings, web: Web) -> None:
    name_list(home, web)
    web.files[f"/{LIST}"] = ships(range(20))
    checks = [check for check in probe.checks(home) if check.name.startswith(LIST)]
    (good,) = probe.findings(checks, QUICK)
    web.files[f"/{LIST}"] = PAGE
    (page,) = probe.findings(checks, QUICK)
    assert (good.state, page.state) == ("works", "changed shape")


def test_every_list_names_where_it_is_from() -> None:
    lists: dict[str, Definition] = {**load_lists()}
    assert lists
    for source in lists.values():
        assert source.licence and source.coverage and source.published
        (address,) = source.published.parts.values()
        assert address.startswith("https://")


# What the report says


HOSTILE = '=HYPERLINK("x") <script>alert(1)</script>'


@pytest.fixture(scope="module")
def newly_listed(
    nine_days: Settings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, int]:
    """The sample's home, one of whose ships is listed by a fetched list after the last week, and
    another one delisted; and the IMO number of the first. A second list could not be fetched."""
    settings = copy_of(nine_days, tmp_path_factory.mktemp("listed"))
    with access.reading(settings) as con:
        query = "select imo from port_call where imo is not null order by arrived_at limit 1"
        (caller,) = con.execute(query).fetchone() or (0,)
    with serving() as web:
        name_list(settings, web)
        name_list(settings, web, "a-broken")
        web.files[f"/{LIST}"] = ships(range(20))
        refreshed(settings, "2026-03-13")
        web.files[f"/{LIST}"] = ships([*range(19), caller], "2026-03-15", name=HOSTILE)
        refreshed(settings, "2026-03-16")
        refreshed(settings, "2026-03-16", "a-broken")
    with no_pictures():
        run.derive(settings, [], publish=True)
    return settings, caller


def test_the_report_names_what_is_new_and_what_is_stale(newly_listed: tuple[Settings, int]) -> None:
    settings, caller = newly_listed
    folder = week_folder(settings.home, "2026-W11")
    news = (folder / "listing_news.csv").read_text().splitlines()
    assert len(news) == 3
    listed, delisted = news[1], news[2]
    assert listed.startswith("listed,\"'=HYPERLINK(") and f",{caller}," in listed
    assert ",2026-03-15,2026-03-10,1," in listed, "one call, and the versions compared"
    assert delisted.startswith(f"delisted,SIM SHIP,{imo(19)},") and delisted.endswith(",0,,")
    with access.reading(settings) as con:
        message = compose(read_message(con, folder, "2026-W11"), None)
    text = " ".join(message.text.split())
    assert "1 ship newly listed and 1 ship newly delisted under a programme about Russia; " in text
    assert "1 of these had called at an Iranian port" in text
    assert "a-broken was not refreshed (failed)" in text and "1 day old at the attempt" in text
    assert "<script>" not in message.html
    assert f"Source {REGISTER}: Cite P. Licence: L." in text
    before = week_folder(settings.home, "2026-W10") / "listing_news.csv"
    assert len(before.read_text().splitlines()) == 1, "of the week after alone"


@pytest.mark.usefixtures("unfigured")
def test_the_page_shows_the_news_or_folds_into_a_line(
    newly_listed: tuple[Settings, int], tmp_path: Path
) -> None:
    settings, _ = newly_listed
    with access.reading(settings) as con:
        for week in ("2026-W10", "2026-W11"):
            write_report(con, tmp_path / week, week)
    before, page = ((tmp_path / w / "report.html").read_text() for w in ("2026-W10", "2026-W11"))
    assert "<h2>New on the lists</h2>" in page and "<script>" not in page
    assert "The list a-broken was not refreshed (failed): " in page
    assert f"Source {REGISTER}: Cite P. Licence: L." in page
    assert "The version of 2026-03-15 stays in use, 1 day old at the attempt." in page
    assert "<h2>New on the lists</h2>" not in before and "a-broken" not in before
    assert "<p>No list about Russia that came in since the week before added or" in before


@pytest.mark.usefixtures("prefect_server")
def test_a_run_refreshes_lists_first_and_fails_by_name(
    home: Settings, web: Web, sample_days: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.weekly import weekly

    monkeypatch.setattr("flows.sources.fetching.services.Patience", lambda: QUICK)
    for name in ("a-broken", LIST):
        name_list(home, web, name)
    web.files[f"/{LIST}"] = ships(range(20))
    with unshown("vessel_link", "list_fetch"):
        state = weekly(
            paths=[str(sample_days[0])],
            home=str(home.home),
            as_of=AS_OF,
            fetched=["a-broken", LIST],
            is_watched=True,
            return_state=True,
        )
    assert state.is_failed() and str(state.message).startswith("a-broken: failed. ")
    assert versions(home) == [("2026-03-10", 20)]
    with access.reading(home) as con:
        links = con.execute("select count(*) from vessel_link where link_source like 'UK%Open%'")
        assert links.fetchone() == (20,)
        attempts = con.execute("select list_id, state from list_fetch order by attempt")
        assert attempts.fetchall() == [("a-broken", "failed"), (LIST, "imported")]
