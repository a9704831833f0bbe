"""`barometer fetch` of services, `serve --fetch` without a name, `barometer check --sources`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.cli import command_line, main
from flows.home.settings import Settings
from flows.sources.definitions import load_sources
from flows.sources.fetching import probe, services
from flows.sources.witnesses import load_witnesses
from tests.build.publisher import ZST, publish
from tests.flows.sources.fetching.services import KHARG, QUICK, TOKEN, Cell, Services, event

AS_OF = ["--as-of", "2026-05-10T06:00:00"]
WEEK = ["--from", "2026-04-13", "--to", "2026-04-19"]
LISTS = [
    *("eu-annex-xlii", "ofac-sdn", "opensanctions-eu-journal", "opensanctions-war-sanctions"),
    "uk-sanctions",
]
IRAN = [*LISTS, "global-fishing-watch", "gfw-events", "portwatch", "psc"]


def barometer(home: Settings, *arguments: str) -> int:
    return main([*arguments, "--home", str(home.home), *AS_OF])


def test_fetch_prints_paths_and_ends_with_its_codes(
    home: Settings, web: Services, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    web.cells = [Cell("2026-04-13 04:00", KHARG)]
    days = ["--from", "2026-04-13", "--to", "2026-04-13"]
    assert barometer(home, "fetch", "global-fishing-watch", *days, "--russian-ports") == 0
    paths = capsys.readouterr().out.split()
    assert len(paths) == 3 + 7 and any("trade-baltic-sea" in path for path in paths)
    assert barometer(home, "fetch", "global-fishing-watch", *days, "--json") == 0
    (first, *_) = json.loads(capsys.readouterr().out)
    assert (first["day"], first["state"]) == ("2026-04-13", "kept")
    monkeypatch.delenv("BAROMETER_GFW_TOKEN")
    assert barometer(home, "fetch", "gfw-events", *WEEK) == 1
    assert "BAROMETER_GFW_TOKEN is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["global-fishing-watch"],
        ["portwatch", "--from", "2026-04-13"],
        ["psc", *WEEK],
        ["portwatch", *WEEK, "--russian-ports"],
        ["danish-maritime-authority", *WEEK, "--russian-ports"],
    ],
)
def test_wrong_usage(home: Settings, capsys: Any, arguments: list[str]) -> None:
    assert barometer(home, "fetch", *arguments) == 2
    assert "barometer fetch: " in capsys.readouterr().err


def test_without_a_name_all_that_watches_iran_is_fetched(home: Settings) -> None:
    assert services.expanded(home.home, ["iran"]) == IRAN
    assert services.expanded(home.home, ["psc", "iran", "psc"]) == ["psc", *IRAN[:-1]]
    flags = command_line().parse_args(["serve", "--fetch", "--fetch", "statsat", "--fetch"])
    assert flags.fetch == ["iran", "statsat", "iran"]


def test_all_that_is_fetched_has_a_licence_and_a_citation() -> None:
    witnesses = load_witnesses()
    for name in ("inspections", "detections", "passes"):  # of one's own: no publisher to cite
        own = witnesses.pop(name)
        assert own.licence and own.published is None
    radar = witnesses.pop("gfw-sar")  # a download: no service fetches it
    assert radar.licence and radar.citation and radar.published is None
    for definition in (load_sources()["global-fishing-watch"], *witnesses.values()):
        assert definition.licence and definition.citation and definition.published


def test_sources_are_checked_with_the_smallest_question(home: Settings, web: Services) -> None:
    web.cells = [Cell("2026-05-06 04:00", (58.0, 25.6))]
    web.events = [event(1, "2026-05-05")]
    web.port_days = [("2026-04-20", "port1", "IRN")]
    found = states(home)
    assert found["global-fishing-watch"] == "works" and found["portwatch"] == "works"
    assert found["gfw-events: gaps"] == "works"
    assert found["psc: tokyo_mou_psc.ftm.json"] == "unreachable", "404"
    assert sum("/report" in path for path, *_ in web.questions) == 1
    assert {q["limit"] for q, _ in web.asked_for("/events")} == {"1"}


def states(home: Settings) -> dict[str, str]:
    now = home._replace(as_of=home.as_of.replace(month=5, day=10))
    ours = [c for c in probe.checks(now) if c.name.split(":")[0] in IRAN]
    return {finding.name: finding.state for finding in probe.findings(ours, QUICK)}


def test_files_by_day_are_checked_by_their_first_bytes(home: Settings, web: Services) -> None:
    publish(home, web.address)
    newest = "/2026/ais-2026-04-12.csv.zst"
    for content, state in ((ZST, "works"), (b"<html>moved</html>", "changed shape"), (b"", "")):
        web.files = {newest: content} if state else {}
        (check,) = [c for c in probe.checks(home) if c.name == "marinecadastre-2025"]
        (finding,) = probe.findings([check], QUICK)
        assert finding.state == (state or "unreachable"), finding


def test_what_a_check_finds_wrong(
    home: Settings, web: Services, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    web.renamed = {"ISO3": "iso"}
    web.plan["/4wings/report"] = [{"body": b'{"entries":[]}'}]
    web.plan["/events"] = [{"status": 503}] * 9
    found = states(home)
    assert (found["portwatch"], found["global-fishing-watch"]) == ("changed shape",) * 2
    assert found["gfw-events: port-visits"] == "unreachable"
    monkeypatch.setenv("BAROMETER_GFW_TOKEN", "wr0ng")
    web.plan.clear()
    assert {states(home)[name] for name in ("global-fishing-watch", "gfw-events: gaps")} == {
        "refused"
    }


def test_the_check_ends_with_1_where_something_failed(
    home: Settings, web: Services, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Only ours are asked: nothing here reaches the real services."""
    every = probe.checks(home)
    monkeypatch.setattr(
        probe, "checks", lambda _: [c for c in every if c.name.split(":")[0] in IRAN]
    )
    assert barometer(home, "check", "--sources") == 1
    out = capsys.readouterr().out
    assert "unreachable   psc: tokyo_mou_psc.ftm.json: " in out and TOKEN not in out
    assert barometer(home, "check", "--sources", "--json") == 1
    assert {found["name"] for found in json.loads(capsys.readouterr().out)} > {"portwatch"}
