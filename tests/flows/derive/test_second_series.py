"""The second series, Russian-linked dry cargo at the Caspian ports, is a row of data as well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest

from flows.catalogue import access, relations
from flows.catalogue.check import check
from flows.derive.plain_word import NO_CHANGE
from flows.home.history import PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK, read_history
from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.report import write as write_reports
from flows.report.tables import fingerprints
from flows.runner import run
from tests.build.derivation import Row, derive, only, session
from tests.build.derivation import rows as records_of
from tests.build.files import day, ingest, settings_of, write
from tests.build.ships import AS_OF, BLACK_SEA, DANISH, NOVOROSSIYSK, call, ship, way
from tests.conftest import no_pictures
from tests.flows.derive.test_in_port import CASPIAN, GULF, coast, lines

WEEKS = 6
HEADLINE, SECOND, OF_A_PORT = "russian_linked_tankers", "corridor_dry_cargo", "kharg_dry_cargo"
OFFSHORE, AMIRABAD = (53.37, 37.40), (53.366, 36.851)
CASPIAN_SEA, MAKHACHKALA = (47.90, 42.99), (47.50, 42.99)
LATE_WEEK = "2026-W25"
"""The week of a call whose file comes in after the week was published."""
REPORTED = (LATE_WEEK, "2026-W27")

NOT_COMPARED = {"series", "meta", "source_file"}
"""Relations that differ between two homes of the same input."""
IDS = {"series", "publication_id", "restatement_id"}
"""Columns that the law leaves out: numbers of rows of all series together."""


def dry(number: int, **static: str) -> dict[str, str]:
    return ship(number, f"DRY {number}", mid=273, **{"ship_type": "Cargo"} | static)


TRADERS = {
    "from the Caspian": dry(60) | {"mmsi": "352990060"},
    "from the Black Sea": dry(61) | {"mmsi": "352990061"},
}
CALLERS = {
    "from the Caspian": (CASPIAN_SEA, MAKHACHKALA),
    "from the Black Sea": (BLACK_SEA, NOVOROSSIYSK),
}
"""Panamanian dry cargo ships that call at a Russian oil port, and eight days later at Amirabad."""


class Homes(NamedTuple):
    """Two homes of the same input: with the headline alone, and with the series as shipped and one
    of a port."""

    one: Settings
    two: Settings


def reported(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Fewer weeks than a run writes."""
    return {week: mark for week, mark in fingerprints(con).items() if week in REPORTED}


def published(folder: Path) -> Settings:
    """A home with two runs; the second one gets a file of a week that the first published."""
    settings = settings_of(folder / "home", as_of=AS_OF, threads=1)
    first = lines(coast(WEEKS, (*GULF, *CASPIAN)))
    for week in range(WEEKS):
        first += call(ship(10 + week, f"TANKER {week}", mid=273), 7 * week + 2)
        first += way(dry(20 + week), 7 * week + 2, OFFSHORE, AMIRABAD, OFFSHORE)
    first += call(dry(40), 9)  # at Kharg only
    for of, (sea, port) in CALLERS.items():
        first += way(TRADERS[of], 1, sea, port, sea, stay_h=12)
        first += way(TRADERS[of], 9, OFFSHORE, AMIRABAD, OFFSHORE)
    late = way(dry(41), 16, OFFSHORE, AMIRABAD, OFFSHORE)
    for name, rows in (("first.csv", first), ("late.csv", late)):
        outcomes = ingest(settings, write(folder, day(*rows, layout=DANISH), name=name))
        is_last = name == "late.csv"
        with nullcontext() if is_last else only(publish=True):
            run.derive(settings, outcomes, publish=True, reports=is_last)
    return settings


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    folder = tmp_path_factory.mktemp("series")
    data = folder / "data"
    data.mkdir()
    for path in data_path().iterdir():
        (data / path.name).symlink_to(path)
    (data / "codes").unlink()
    shutil.copytree(data_path("codes"), data / "codes")
    with no_pictures(), pytest.MonkeyPatch.context() as patch:
        table = data / "codes" / "series.csv"
        shipped = table.read_text("utf-8").splitlines()
        kept = [line for line in shipped if SECOND not in line]
        table.write_text("\n".join(kept), encoding="utf-8")
        patch.setattr(relations, "data_path", lambda: data)
        patch.setattr(write_reports, "fingerprints", reported)
        one = published(folder / "one")
        of_a_port = f"{OF_A_PORT},Dry cargo at Kharg,dry cargo,IRKHK"
        table.write_text("\n".join([*shipped, of_a_port]), encoding="utf-8")
        yield Homes(one, published(folder / "two"))


def rows(settings: Settings, query: str, *values: Any) -> list[Row]:
    with access.reading(settings) as con:
        return records_of(con, query, *values)


def test_the_series_counts_its_ships_at_its_ports(homes: Homes) -> None:
    counted = rows(homes.two, "from counted_call where series = $1 and is_arrival", SECOND)
    assert {row["port_id"] for row in counted} == {"IRAMD"}
    weeks = rows(homes.two, "from barometer where series = $1 order by week", SECOND)
    assert [row["russian_linked_tanker_calls"] for row in weeks] == [1, 2, 2, 1, 1, 1]
    assert {row["worst_water"] for row in weeks} == {"Caspian"}
    for relation in ("weekly_water", "(from weekly_port_calls join port using (port_id))"):
        query = f"select distinct water from {relation} where series = $1"
        assert rows(homes.two, query, SECOND) == [{"water": "Caspian"}]
    split = """
        select dimension, sum(linked_calls)::int as calls from weekly_split
        where series = $1 and dimension <> 'link_reason' group by dimension
    """
    assert {row["calls"] for row in rows(homes.two, split, SECOND)} == {8}


def test_a_series_of_one_port_counts_that_ports_calls_alone(homes: Homes) -> None:
    counted = rows(homes.two, "from counted_call where series = $1 and is_arrival", OF_A_PORT)
    assert [row["port_id"] for row in counted] == ["IRKHK"]
    weeks = rows(homes.two, "from barometer where series = $1 order by week", OF_A_PORT)
    assert [row["russian_linked_tanker_calls"] for row in weeks] == [0, 1, 0, 0, 0, 0]
    ports = "select distinct port_id from weekly_port_calls where series = $1"
    assert rows(homes.two, ports, OF_A_PORT) == [{"port_id": "IRKHK"}]


def test_dry_cargo_is_linked_by_trade_from_the_caspian_ports_alone(homes: Homes) -> None:
    query = "select link_tier, link_reasons from port_call where mmsi = $1 and port_id = 'IRAMD'"
    links = {of: rows(homes.two, query, int(each["mmsi"])) for of, each in TRADERS.items()}
    assert links["from the Caspian"] == [{"link_tier": "moderate", "link_reasons": "trade"}]
    assert links["from the Black Sea"] == [{"link_tier": "none", "link_reasons": None}]
    by_trade = "select week, trade_calls from barometer where series = $1 and trade_calls > 0"
    assert rows(homes.two, by_trade, SECOND) == [{"week": "2026-W24", "trade_calls": 1}]


def test_its_ports_weigh_the_same_and_the_headlines_by_tanker_calls(homes: Homes) -> None:
    query = "select port_id, weight from series_port where series = $1"
    ports = [("IRKHK", "Persian Gulf", 300.0), ("IRNEK", "Caspian", 20.0)]
    series = [(SECOND, "dry cargo", "Caspian"), (HEADLINE, "tanker", "Iran")]
    series += [("one port", "tanker", "IRNEK")]
    columns = ("port_id", "water", "usual_tanker_calls")
    port = [dict(zip(columns, each, strict=True)) | {"country": "IR"} for each in ports]
    given = [dict(zip(("series", "cargo", "ports"), each, strict=True)) for each in series]
    tables = {"port": pa.Table.from_pylist(port), "series": pa.Table.from_pylist(given)}
    with session(**tables) as con:
        derive(con, "series_port")
        weights = {key: records_of(con, query, key) for key, *_ in series}
    assert weights["one port"] == [{"port_id": "IRNEK", "weight": 1.0}]
    assert weights[SECOND] == [{"port_id": "IRNEK", "weight": 1.0}]
    assert weights[HEADLINE] == [
        {"port_id": "IRKHK", "weight": 300.0},
        {"port_id": "IRNEK", "weight": 20.0},
    ]


def test_the_series_has_limits_index_and_windows(homes: Homes) -> None:
    query = "from barometer where series = $1 and state <> 'open' order by week"
    weeks = rows(homes.two, query, SECOND)
    last = weeks[-1]
    assert last["low_95"] < 1 < last["high_95"]
    *heard, heard_last = (1 if w["state"] == "complete" else w["observed_share"] for w in weeks)
    *calls, calls_last = (w["russian_linked_tanker_calls"] for w in weeks)
    index = 100 * (calls_last / heard_last) / (sum(calls) / sum(heard))
    assert last["index_100"] == pytest.approx(index)
    assert last["change_p"] > 0.05
    assert last["word"] == NO_CHANGE
    query = "from series_window where series = $1 and view = 'today' and weeks = 4"
    calls = [row["calls"] for row in rows(homes.two, query, SECOND) if row["week"] == last["week"]]
    assert calls == [6]


def test_the_series_is_published_and_restated(homes: Homes) -> None:
    for name in (PUBLISHED, PUBLISHED_CALL, PUBLISHED_WEEK):
        records = read_history(homes.two.home, name)
        assert {record["series"] for record in records} >= {HEADLINE, SECOND}
    published = "from published_week where series = $1 and run_id = 2 order by week"
    weeks = rows(homes.two, published, SECOND)
    assert [(row["week"], row["russian_linked_tanker_calls"]) for row in weeks] == [(LATE_WEEK, 2)]
    restated = rows(homes.two, "from restatement where series = $1 order by number", SECOND)
    keys = ("week", "old_port_calls", "new_port_calls", "reasons", "detail")
    assert {tuple(row[key] for key in keys) for row in restated} == {
        (LATE_WEEK, 1, 2, "late file", "late.csv")
    }
    assert {row["number"] for row in restated} == {
        *("port_calls", "russian_linked_tanker_calls", "russian_linked_berth_calls"),
        "tanker_calls",
    }
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
    reports = [path for path in reports if not path.name.startswith("other_series")]
    assert {path.parent.name for path in reports} == {*REPORTED}
    for path in reports:
        other = homes.two.home / path.relative_to(homes.one.home)
        assert path.read_bytes() == other.read_bytes(), path


def test_no_check_finds_a_fault(homes: Homes) -> None:
    assert [finding for finding in check(homes.two) if finding.is_fault] == []
