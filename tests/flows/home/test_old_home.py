"""A home that the code of commit 4eef2af published from: its history goes on, and joins.

`history_4eef2af/` is what that code wrote for `WORLD`, whose ships bear numbers of no real ship.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from flows.home.history import read_history
from flows.runner import run
from tests.build.files import answer, day, ingest, settings_of, write
from tests.build.ships import BERTH, DANISH, SEA, call, second, ship, way, without_imo
from tests.conftest import no_pictures

HISTORY = Path(__file__).parent / "history_4eef2af"
LATER = datetime(2026, 6, 11)
"""A day after that code's run: 2026-W23 is closed, W24 is open."""

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


def test_nothing_is_published_or_restated_for_another_spelling_and_all_joins(
    tmp_path: Path,
) -> None:
    home = settings_of(tmp_path / "old" / "home", as_of=LATER, threads=1)
    shutil.copytree(HISTORY, home.home / "history", dirs_exist_ok=True)
    outcomes = ingest(home, write(tmp_path / "input", day(*WORLD, layout=DANISH)))
    with no_pictures():
        run.derive(home, outcomes, publish=True)
    shutil.copytree(HISTORY, tmp_path / "history")
    for name in PUBLISHED:
        published = read_history(home.home, name)
        # Other series, which that code did not know, are published for the first time.
        kept = [
            line for line in published if line.get("series") in (None, "russian_linked_tankers")
        ]
        assert kept == read_history(tmp_path, name) != []
    assert answer(home, "from restatement") == []
    assert answer(home, "from weekly_port_calls where restated_from is not null") == []
    published = answer(home, "select port_call_id, imo, mmsi from published_call where is_counted")
    assert len(published) == 4
    joined = answer(
        home,
        "select published.port_call_id, hull.imo, call.mmsi from published_call as published"
        " join port_call as call using (port_call_id) join hull on call.hull_id = hull.hull_id"
        " join counted_call on counted_call.port_call_id = call.port_call_id"
        " and counted_call.hull_id = hull.hull_id where published.is_counted",
    )
    assert sorted(joined) == sorted(published)
