"""A second weekly series is a row of data: Russian-linked dry cargo at the Caspian ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flows.catalogue import access, relations
from flows.catalogue.check import check
from flows.derive.plain_word import NO_CHANGE
from flows.home.history import PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK, read_history
from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.lake.prepare import prepare_home
from flows.runner import run
from tests.build.files import day, ingest, write
from tests.build.ships import AS_OF, DANISH, call, ship, way
from tests.conftest import no_pictures
from tests.flows.derive.test_in_port import CASPIAN, GULF, coast, lines

WEEKS = 6
HEADLINE, SECOND = "russian_linked_tankers", "corridor_dry_cargo"
ROW = f"{SECOND},Russian-linked dry cargo at the Caspian ports,dry cargo,Caspian\n"
OFFSHORE, AMIRABAD = (53.37, 37.40), (53.366, 36.851)
LATE_WEEK = "2026-W25"
"""The week of a call whose file comes in after the week was published."""

NOT_COMPARED = {"series", "meta", "source_file"}
"""Relations that differ between two homes of the same input."""
IDS = {"series", "publication_id", "restatement_id"}
"""Columns that the law leaves out: numbers of rows of all series together."""

Row = dict[str, Any]


def dry(number: int, **static: str) -> dict[str, str]:
    return ship(number, f"DRY {number}", mid=273, **{"ship_type": "Cargo"} | static)


class Homes(NamedTuple):
    """Two homes of the same input: with the headline alone, and with a second series."""

    one: Settings
    two: Settings


def published(folder: Path) -> Settings:
    """A home with two runs; the second one gets a file of a week that the first published."""
    settings = Settings(folder / "home", AS_OF, 1, "300MB")
    settings.home.mkdir(parents=True)
    prepare_home(settings.home)
    heard = lines(coast(WEEKS, (*GULF, *CASPIAN)))
    calls = [
        row
        for week in range(WEEKS)
        for row in (
            *call(ship(10 + week, f"TANKER {week}", mid=273), 7 * week + 2),
            *way(dry(20 + week), 7 * week + 2, OFFSHORE, AMIRABAD, OFFSHORE),
        )
    ]
    kharg_only = call(dry(40), 9)
    late = way(dry(41), 16, OFFSHORE, AMIRABAD, OFFSHORE)
    for name, rows in (("first.csv", [*heard, *calls, *kharg_only]), ("late.csv", late)):
        outcomes = ingest(settings, write(folder, day(*rows, layout=DANISH), name=name))
        run.derive(settings, outcomes, publish=True)
    return settings


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    folder = tmp_path_factory.mktemp("series")
    data = folder / "data"
    (data / "codes").mkdir(parents=True)
    for path in data_path().iterdir():
        if path.name != "codes":
            (data / path.name).symlink_to(path)
    for path in data_path("codes").iterdir():
        (data / "codes" / path.name).write_bytes(path.read_bytes())
    with no_pictures(), pytest.MonkeyPatch.context() as patch:
        one = published(folder / "one")
        with (data / "codes" / "series.csv").open("a", encoding="utf-8") as table:
            table.write(ROW)
        patch.setattr(relations, "data_path", lambda: data)
        yield Homes(one, published(folder / "two"))


def rows(settings: Settings, query: str, *values: Any) -> list[Row]:
    with access.reading(settings) as con:
        result = con.execute(query, list(values))
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_the_series_counts_its_ships_at_its_ports(homes: Homes) -> None:
    counted = rows(homes.two, "from counted_call where series = $1 and is_arrival", SECOND)
    assert {row["port_id"] for row in counted} == {"IRAMD"}
    weeks = rows(homes.two, "from barometer where series = $1 order by week", SECOND)
    assert [row["russian_linked_tanker_calls"] for row in weeks] == [1, 1, 2, 1, 1, 1]
    assert {row["worst_water"] for row in weeks} == {"Caspian"}
    waters = rows(homes.two, "select distinct water from weekly_water where series = $1", SECOND)
    assert waters == [{"water": "Caspian"}]
    grid = rows(
        homes.two,
        "select distinct water from weekly_port_calls join port using (port_id) where series = $1",
        SECOND,
    )
    assert grid == [{"water": "Caspian"}]
    split = rows(
        homes.two,
        "select dimension, sum(linked_calls)::int as calls from weekly_split where series = $1 "
        "and dimension <> 'link_reason' group by dimension",
        SECOND,
    )
    assert {row["calls"] for row in split} == {7}


def test_the_series_has_limits_index_and_windows(homes: Homes) -> None:
    query = "from barometer where series = $1 and state <> 'open' order by week"
    last = rows(homes.two, query, SECOND)[-1]
    assert last["low_95"] < 1 < last["high_95"]
    assert last["index_100"] == pytest.approx(100 * 4 / 5)
    assert last["change_p"] > 0.05
    assert last["word"] == NO_CHANGE
    windows = rows(
        homes.two, "from series_window where series = $1 and view = 'today' and weeks = 4", SECOND
    )
    assert [row["calls"] for row in windows if row["week"] == last["week"]] == [5]


def test_the_series_is_published_and_restated(homes: Homes) -> None:
    for name in (PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK):
        records = read_history(homes.two.home, name)
        assert {record["series"] for record in records} == {HEADLINE, SECOND}
    weeks = rows(
        homes.two,
        "select week, russian_linked_tanker_calls as calls from published_week "
        "where series = $1 and run_id = 2 order by week",
        SECOND,
    )
    assert weeks == [{"week": LATE_WEEK, "calls": 2}]
    restated = rows(homes.two, "from restatement where series = $1 order by number", SECOND)
    assert {(row["week"], row["old_port_calls"], row["new_port_calls"]) for row in restated} == {
        (LATE_WEEK, 1, 2)
    }
    assert {row["number"] for row in restated} == {
        *("port_calls", "russian_linked_tanker_calls", "russian_linked_berth_calls"),
        "tanker_calls",
    }
    assert {(row["reasons"], row["detail"]) for row in restated} == {("late file", "late.csv")}
    assert rows(homes.two, "from restatement where series = $1", HEADLINE) == []


def test_the_headline_is_the_same_with_and_without_it(homes: Homes) -> None:
    with access.reading(homes.one) as one, access.reading(homes.two) as two:
        names = [name for (name,) in one.execute("show tables").fetchall()]
        for name in sorted(set(names) - NOT_COMPARED):
            tables = [
                sorted(
                    repr([value for key, value in row.items() if key not in IDS])
                    for row in con.table(name).to_arrow_table().to_pylist()
                    if row.get("series", HEADLINE) == HEADLINE
                )
                for con in (one, two)
            ]
            assert tables[0] == tables[1], name
    reports = sorted((homes.one.home / "reports").rglob("*.csv"))
    assert len(reports) > WEEKS
    for path in reports:
        other = homes.two.home / path.relative_to(homes.one.home)
        assert path.read_bytes() == other.read_bytes(), path


def test_no_check_finds_a_fault(homes: Homes) -> None:
    assert [finding for finding in check(homes.two) if finding.is_fault] == []
