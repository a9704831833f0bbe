"""A home that the code of commit 4eef2af published from: its history goes on, and joins.

`history_4eef2af/` is what that code wrote for `WORLD`, whose ships bear numbers of no real ship.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.catalogue import access
from flows.home.history import read_history
from flows.home.settings import Settings
from flows.ingest.stage import ingest_file
from flows.lake.prepare import prepare_home
from flows.runner import run
from flows.sources.definitions import load_sources
from flows.sources.packings import InputFile
from tests.build.files import day, write
from tests.build.ships import BERTH, DANISH, SEA, call, second, ship, way, without_imo
from tests.conftest import no_pictures

HISTORY = Path(__file__).parent / "history_4eef2af"
AS_OF, LATER = datetime(2026, 6, 10), datetime(2026, 6, 11)
"""2026-W23 is closed, W24 is open."""

PLAIN, RUSSIAN, SILENT = ship(41, "PLAIN"), ship(42, "VOLNA", mid=273), ship(43, "SILENT")
HEARD = ship(44, "HEARD", ship_type="Cargo")
WORLD = [
    *call(PLAIN, 2),
    *way(RUSSIAN, 1, SEA, BERTH, SEA),
    *call(second(RUSSIAN), 4),
    *call(without_imo(SILENT), 3),
    *(line for at in range(9) for line in way(HEARD, at, SEA, SEA, SEA, stay_h=12)),
]
PUBLISHED = ("published", "published_call", "published_week")


def publish(home: Path, as_of: datetime) -> Settings:
    """A run over the world, which publishes."""
    made = Settings(home, as_of, 1, "300MB")
    prepare_home(home)
    with no_pictures():
        path = write(home.parent / "input", day(*WORLD, layout=DANISH))
        outcomes = ingest_file(InputFile(path, is_named=True), load_sources(home), made)
        run.derive(made, outcomes, publish=True)
    return made


def rows(settings: Settings, query: str) -> list[Any]:
    with access.reading(settings) as con:
        return con.execute(query).fetchall()


def test_nothing_is_published_or_restated_for_another_spelling_and_all_joins(
    tmp_path: Path,
) -> None:
    made = tmp_path / "old" / "home"
    made.mkdir(parents=True)
    prepare_home(made)  # a history without a lake would be refused
    shutil.copytree(HISTORY, made / "history", dirs_exist_ok=True)
    home = publish(made, LATER)
    shutil.copytree(HISTORY, tmp_path / "history")
    for name in PUBLISHED:
        assert read_history(home.home, name) == read_history(tmp_path, name) != []
    assert rows(home, "from restatement") == []
    assert rows(home, "from weekly_port_calls where restated_from is not null") == []
    published = rows(home, "select port_call_id, imo, mmsi from published_call where is_counted")
    assert len(published) == 4
    joined = rows(
        home,
        "select published.port_call_id, hull.imo, call.mmsi from published_call as published"
        " join port_call as call using (port_call_id) join hull on call.hull_id = hull.hull_id"
        " join counted_call on counted_call.port_call_id = call.port_call_id"
        " and counted_call.hull_id = hull.hull_id where published.is_counted",
    )
    assert sorted(joined) == sorted(published)
