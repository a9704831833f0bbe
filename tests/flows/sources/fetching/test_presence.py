"""Global Fishing Watch's report of vessel presence: fetched, resumed, and read."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from flows.home.resources import port_files
from flows.home.settings import BarometerError, Settings
from flows.runner import run
from flows.sources.fetching import fourwings
from flows.sources.fetching.faults import Damaged
from flows.sources.fetching.fetched import fetch_problem
from flows.sources.fetching.waters import geojson, waters
from geo.ports import load_ports
from tests.build.files import ingest, read_all, tree
from tests.flows.sources.fetching.services import (
    HEADER,
    KHARG,
    NEKA,
    TOKEN,
    Cell,
    Services,
    due,
    fetch,
    report_csv,
    zipped,
)

SOURCE, REPORT = "global-fishing-watch", "/4wings/report"
DAY = date(2026, 4, 13)
OURS = Cell("2026-04-13 04:00", KHARG)
LATER = datetime(2026, 5, 10, 6)
"""When the day is settled."""


@pytest.fixture
def settled(home: Settings, web: Services) -> Settings:
    web.cells = [OURS, Cell("2026-04-13 05:00", NEKA, "210000002"), Cell("2026-04-14 01:00", KHARG)]
    return home._replace(as_of=LATER)


def states(results: list[Any]) -> list[str]:
    return [result.state for result in results]


def test_a_day_comes_water_by_water_and_is_not_asked_for_again(
    settled: Settings, web: Services, caplog: pytest.LogCaptureFixture
) -> None:
    results = fetch(settled, SOURCE, DAY)
    waters = ("caspian", "gulf-of-oman", "persian-gulf")
    assert [result.name for result in results] == [f"{SOURCE}-{w}-{DAY}.zip" for w in waters]
    assert states(results) == ["fetched"] * 3
    assert [result.message for result in results] == ["", "no ship in the answer.", ""]
    assert len(web.asked_for(REPORT)) == 3
    assert states(fetch(settled, SOURCE, DAY)) == ["kept"] * 3
    assert len(web.asked_for(REPORT)) == 3
    kept = tree(settled.home / "downloads")
    assert not any(TOKEN in path or TOKEN.encode() in content for path, content in kept.items())
    assert TOKEN not in caplog.text
    (record,) = [
        json.loads(c) for p, c in kept.items() if p.endswith(f"persian-gulf-{DAY}.zip.json")
    ]
    assert record["address"].endswith(REPORT) and record["fetched_at"] == LATER.isoformat()


def test_a_day_that_may_be_restated_or_is_damaged_here_is_asked_for_again(
    settled: Settings, web: Services
) -> None:
    early = settled._replace(as_of=datetime(2026, 4, 17, 6))
    assert states(fetch(early, SOURCE, DAY)) == ["fetched", "not_published", "fetched"]
    assert states(fetch(settled, SOURCE, DAY)) == ["fetched"] * 3
    (settled.home / "downloads" / SOURCE / f"{SOURCE}-caspian-{DAY}.zip").write_bytes(b"PK")
    assert states(fetch(settled, SOURCE, DAY)) == ["fetched", "kept", "kept"]


def test_days_not_published_yet_are_not_asked_for(settled: Settings, web: Services) -> None:
    results = fetch(settled._replace(as_of=datetime(2026, 4, 16, 6)), SOURCE, DAY, 4)
    assert states(results)[-3:] == ["not_published"] * 3 and fetch_problem(results) is None
    assert {query["date-range"] for query, _ in web.asked_for(REPORT)} == {"2026-04-13,2026-04-14"}


MINE = zipped(public_csv=report_csv(OURS))
OTHER_DAY = zipped(public_csv=report_csv(Cell("2026-04-12 04:00", KHARG)))
EMPTY = zipped(public_csv=report_csv())
OTHER_WATER = zipped(public_csv=report_csv(OURS, OURS._replace(place=NEKA)))
ONE_MORE = zipped(public_csv=report_csv(OURS, header=(*HEADER, "New")))
ONE_LESS = zipped(public_csv=report_csv(OURS, header=HEADER[:-1]))
RUNNING = {"status": "running"}
UNPROCESSABLE = {"statusCode": 422, "error": "Unprocessable"}
WRONG = b'{"messages":["date-range"]}'
BUSY = {"status": 429, "headers": {"Retry-After": "0"}, "body": b'{"error":"Too Many Requests"}'}


FAULTS = {
    "busy": ([BUSY], [], "fetched", 2),
    "busy, and the report is made": ([BUSY], [RUNNING, MINE], "fetched", 1),
    "too long, and the report is made": ([{"status": 524}], [RUNNING, RUNNING, MINE], "fetched", 1),
    "running": ([{"body": b'{"status":"running"}'}], [MINE], "fetched", 1),
    "the last report is of another day": ([{"status": 524}], [OTHER_DAY], "fetched", 2),
    "the last report is of another water": ([{"status": 524}], [OTHER_WATER], "fetched", 2),
    "the last report is empty": ([{"status": 524}], [EMPTY], "fetched", 2),
    "a report of another day": ([{"body": OTHER_DAY}], [], "fetched", 2),
    "another day for ever": ([{"body": OTHER_DAY}] * 9, [], "failed", 3),
    "the last report is cut": ([{"status": 524}], [MINE[:-30]], "fetched", 2),
    "the last report is none": ([{"status": 524}], [UNPROCESSABLE], "fetched", 2),
    "too long for ever": ([{"status": 524}] * 9, [404] * 9, "failed", 3),
    "down for a while": ([{"status": 503}, {"status": 502}], [], "fetched", 3),
    "a cut connection": ([{"cut": 60}], [], "fetched", 2),
    "a cut zip twice": ([{"body": MINE[:-30]}] * 2, [], "fetched", 3),
    "a cut zip for ever": ([{"body": MINE[:-30]}] * 9, [], "failed", 3),
    "a login page": ([{"body": b"<html>login</html>"}] * 9, [], "failed", 3),
    "no CSV": ([{"body": zipped(readme=b"x")}] * 9, [], "failed", 3),
    "an empty CSV": ([{"body": zipped(public_csv=b"")}] * 9, [], "failed", 3),
    "JSON": ([{"body": b'{"entries":[]}'}], [], "failed", 1),
    "a request that is not taken": ([{"status": 422, "body": WRONG}], [], "failed", 1),
    "a column more": ([{"body": ONE_MORE}], [], "fetched", 1),
    "a column less": ([{"body": ONE_LESS}], [], "failed", 1),
}


@pytest.mark.parametrize(("plan", "last", "state", "asked"), FAULTS.values(), ids=FAULTS)
def test_faults_of_the_service(
    settled: Settings,
    web: Services,
    monkeypatch: pytest.MonkeyPatch,
    plan: Any,
    last: Any,
    state: str,
    asked: int,
) -> None:
    """Its last report is taken only if it is of the day and the water; no other gets the name."""
    gulf = "flows.sources.fetching.fourwings.waters"
    monkeypatch.setattr(gulf, lambda with_trade: {"persian-gulf": waters()["persian-gulf"]})
    web.plan[REPORT], web.last = list(plan), list(last)
    (result,) = fetch(settled, SOURCE, DAY)
    assert (result.state, len(web.asked_for(REPORT))) == (state, asked), result.message
    files = [p for p in tree(settled.home / "downloads") if p.endswith(".zip")]
    assert len(files) == (state == "fetched")
    if state == "fetched":
        assert result.path is not None
        assert read_all(zip_content(result.path)).count == 1


def test_a_line_without_end_is_left_and_not_held() -> None:
    """A zip of 300 kB held a line of 300 MB."""
    content = io.BytesIO(b"0" * (8 << 20))
    with pytest.raises(Damaged, match="a line of more than"):
        list(fourwings._lines(content))  # type: ignore[arg-type]
    assert content.tell() < 4 << 20


def zip_content(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


def test_a_service_that_asks_for_a_long_wait_is_left_alone(
    settled: Settings, web: Services
) -> None:
    web.plan[REPORT] = [{}, {"status": 429, "headers": {"Retry-After": "3600"}}]
    results = fetch(settled, SOURCE, DAY, 5)
    assert (states(results), len(web.questions)) == (["fetched", "failed"], 2)
    assert "asks to wait 3,600 s" in results[1].message


@pytest.mark.parametrize(
    ("token", "block", "says"),
    [
        ("", "", "BAROMETER_GFW_TOKEN is not set"),
        ("wr0ng", "", "401, the service does not know the token"),
        ("two words", "", "not a valid token"),
        ("t", "b", "both set"),
    ],
)
def test_a_token_that_is_missing_or_refused(
    settled: Settings,
    web: Services,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    block: str,
    says: str,
) -> None:
    monkeypatch.setenv("BAROMETER_GFW_TOKEN", token)
    monkeypatch.setenv("BAROMETER_GFW_BLOCK", block)
    with pytest.raises(BarometerError, match=says) as error:
        fetch(settled, SOURCE, DAY, 5)
    assert len(web.questions) <= 1 and "wr0ng" not in str(error.value)


def test_a_schedule_asks_for_four_weeks_then_for_what_is_new(
    settled: Settings, web: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    gulf = {"persian-gulf": waters()["persian-gulf"]}
    monkeypatch.setattr("flows.sources.fetching.fourwings.waters", lambda with_trade: gulf)
    web.cells = [Cell(f"2026-{m}-{d:02} 04:00", KHARG) for m in ("04", "05") for d in range(1, 31)]
    first = due(settled, SOURCE)
    days = sorted({result.day for result in first})
    assert (days[0], days[-1], len(days)) == (date(2026, 4, 10), date(2026, 5, 7), 28)
    web.questions.clear()
    again = due(settled._replace(as_of=datetime(2026, 5, 17, 6)), SOURCE)
    assert min(result.day for result in again) == date(2026, 4, 27)
    asked = {query["date-range"][:10] for query, _ in web.asked_for(REPORT)}
    assert (min(asked), max(asked)) == ("2026-05-01", "2026-05-14"), "settled days are kept"


def test_the_waters_follow_from_the_fences() -> None:
    ports = load_ports(*port_files()).port
    areas = waters(with_trade=True)
    for port in ports.itertuples():
        assert any(shapely.contains(area, port.geometry) for area in areas.values()), port.name
    for area in areas.values():
        assert geojson(area)["type"] in ("Polygon", "FeatureCollection")
        assert area.is_valid


# What is read


MAP_DOWNLOAD = {
    "layer-activity-data-0__public-global-presence-v4.0_csv": report_csv(
        OURS,
        OURS._replace(name=""),
        Cell("2026-04-13 05:00", (57.810001, 25.61)),
        OURS._replace(mmsi=""),
    ),
    "layer-activity-data-0__readme_public-global-presence-v4.0.md": b"# AIS dataset\n",
    "layer-reference-geometry__geometry.geojson": b'{"type":"FeatureCollection","features":[]}',
    "metadata.json": b"{}",
}


def test_a_download_from_the_map_is_read_with_what_lies_beside_it(
    home: Settings, tmp_path: Path
) -> None:
    """Two vessel IDs of one MMSI in a cell and hour are one fix; what is not there is null."""
    path = tmp_path / "download.zip"
    path.write_bytes(zipped(**MAP_DOWNLOAD))
    outcome, *others = ingest(home, path)
    assert [(other.name, other.state) for other in others] == [
        ("download.zip!layer-reference-geometry/geometry.geojson", "skipped"),
        ("download.zip!metadata.json", "skipped"),
    ]
    entry = outcome.entry
    assert entry is not None and outcome.remarks == ()
    assert (entry.rows_read, entry.rows_kept) == (4, 2)
    assert (entry.rows_repeated, entry.rows_rejected) == (1, 1)
    rows = read_all(report_csv(Cell("2026-04-13 05:00", (57.810001, 25.61)))).rows
    nulls = {"sog_kn", "ship_type", "length_m", "draught_m", "destination", "nav_status"}
    assert rows[0]["lon"] == 57.81 and {rows[0][name] for name in nulls} == {None}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER[2:], "summed over a region, which has no places.*On GFW's map download"),
        ((*HEADER[:-1], "Apparent Fishing Hours"), "not AIS vessel presence but another product"),
        (("Lat", "Lon", "Time Range", "flag", "Vessel IDs", "Vessel Presence Hours"), "by ship"),
    ],
)
def test_other_products_of_the_publisher_are_no_positions(
    home: Settings, tmp_path: Path, header: tuple[str, ...], says: str
) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(report_csv(OURS, header=header))
    (outcome,) = ingest(home, path)
    assert outcome.state == "failed" and re.search(says, outcome.message)


@pytest.mark.usefixtures("unfigured")
def test_its_numbers_are_shown_with_licence_and_citation(home: Settings, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(report_csv(*(Cell(f"2026-04-13 {hour:02}:00", KHARG) for hour in range(9))))
    (week,) = run.derive(home, ingest(home, path), publish=True)
    cited = "Powered by Global Fishing Watch, https://globalfishingwatch.org. Licence: CC BY-NC 4.0"
    folder = home.home / "reports" / str(week)
    assert cited in (folder / "report.html").read_text(encoding="utf-8")
    assert cited in (folder / "data_dictionary.csv").read_text(encoding="utf-8")
