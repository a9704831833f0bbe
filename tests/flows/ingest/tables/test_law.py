"""The law of forms: a day gives the same relations in whatever form it comes."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.catalogue import access
from flows.home.settings import Settings
from flows.runner import run
from tests.build.derivation import only
from tests.build.files import ingest, positions, settings_of, write
from tests.build.forms import (
    STAMPS,
    Fix,
    as_csv,
    as_geoparquet,
    as_json_lines,
    as_nmea,
    as_parquet,
    fixes,
    with_geometry_source,
)

DAY = fixes()
FORMS = {
    "CSV": as_csv,
    "Parquet": as_parquet,
    "GeoParquet": as_geoparquet,
    "JSON lines": as_json_lines,
    "NMEA": as_nmea,
}
RELATIONS = (
    "select * exclude (source, file_id) from position order by all",
    "from port_call order by all",
    "from weekly_port_calls order by all",
    "from barometer order by all",
)


def lake(settings: Settings) -> list[tuple[object, ...]]:
    """The positions of a home, each once, without their file and source."""
    return sorted({row[:-2] for row in positions(settings)}, key=repr)


def home_of(home: Path, *contents: bytes) -> Settings:
    settings = settings_of(home)
    with_geometry_source(settings)
    paths = [write(home / "in", content, name=f"{n}.csv") for n, content in enumerate(contents)]
    outcomes = ingest(settings, *paths)
    assert [o.state for o in outcomes] == ["ingested"] * len(contents), outcomes
    return settings


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Settings]:
    """A home with the day in each form."""
    folder = tmp_path_factory.mktemp("whole")
    return {form: home_of(folder / form, written(DAY)) for form, written in FORMS.items()}


def test_a_day_in_each_form_gives_the_same_relations(whole: dict[str, Settings]) -> None:
    found = {}
    for form, settings in whole.items():
        with only("port_call", "weekly_port_calls", "barometer"):
            run.derive(settings, [], publish=False)
        with access.reading(settings) as con:
            found[form] = [con.execute(query).fetchall() for query in RELATIONS]
    first = found["CSV"]
    assert len(first[0]) == len(DAY) and len(first[1]) == 3 and first[2] and first[3]
    for form, relations in found.items():
        assert relations == first, form


@pytest.mark.parametrize("form", FORMS)
def test_order_repetition_and_cuts_change_nothing(
    whole: dict[str, Settings], tmp_path: Path, form: str
) -> None:
    rows = list(DAY)
    random.Random(5).shuffle(rows)
    half = len(rows) // 2
    parts: Sequence[Sequence[Fix]] = (rows[:half], [*rows[half:], *rows[half:]], rows[:9])
    cut = home_of(tmp_path / "cut", *(FORMS[form](part) for part in parts))
    assert lake(cut) == lake(whole[form])


@pytest.mark.parametrize("stamp", STAMPS)
def test_nmea_is_read_wherever_the_time_stands(
    whole: dict[str, Settings], tmp_path: Path, stamp: object
) -> None:
    told = home_of(tmp_path / "told", gzip.compress(as_nmea(DAY, stamp)))  # type: ignore[arg-type]
    assert lake(told) == lake(whole["CSV"])
