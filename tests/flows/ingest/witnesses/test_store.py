"""Witnesses' files in a home: an input like any other, whole or not at all, known by content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.catalogue import access
from flows.home import history
from flows.home.settings import BarometerError, Settings
from flows.ingest.inputs import find_inputs, inputs_of
from flows.ingest.outcome import Outcome
from flows.ingest.stage import commit_staged, ingest_input, stage
from flows.ingest.witnesses import store
from flows.runner import run
from flows.sources.definitions import load_sources
from tests.build.derivation import only
from tests.build.files import day, row, tree, write
from tests.build.witness import features, lines, port_day, table, visit

MMSI = 352_999_990
VISITS = lines([visit(MMSI, "2026-04-14T05:00:00Z"), visit("0", "2026-04-14T05:00:00Z")])


def given(settings: Settings, *paths: Path) -> dict[str, str]:
    """The state and message of every input below the paths, taken in."""
    files, failed = find_inputs(paths)
    assert failed == []
    sources = load_sources(settings.home)
    found = [
        item if isinstance(item, Outcome) else ingest_input(item, sources, settings)
        for item in inputs_of(files)
    ]
    return {outcome.name: run.describe(outcome) for outcome in found}


def held(settings: Settings) -> list[str]:
    return [record["name"] for record in history.read_history(settings.home, history.WITNESS)]


@pytest.fixture
def made(home: Settings) -> Settings:
    run.prepare(home)
    return home


def test_a_folder_of_positions_and_witnesses(made: Settings, tmp_path: Path) -> None:
    """Each is taken for what it is; other programs' JSON is passed over, a fetch's record too."""
    folder = tmp_path / "in"
    write(folder, day(row()), name="ais.csv")
    write(folder, VISITS, name="gfw-port-visits.jsonl")
    write(folder, b"{}", name="gfw-port-visits.jsonl.json")
    write(folder, b"", name="gfw-gaps.jsonl")
    write(folder, table([port_day("2026-04-14", 3)]), name="portwatch-fetched-2026-04-19.csv")
    write(folder, b'{"a": 1}', name="other.json")
    strait = '{"type": "FeatureCollection", "features": [{"properties": {"name": "a strait"}}]}'
    write(folder, strait.encode(), name="a-strait.geojson")
    answer = {"features": [{"type": "Feature", "properties": port_day("2026-04-15", 2)}]}
    write(folder, json.dumps(answer).encode(), name="portwatch-fetched-2026-04-20.geojson")
    found = given(made, folder)
    assert found["ais.csv"].startswith("ais.csv: marinecadastre-2025, 1 rows: 1 kept")
    assert found["gfw-port-visits.jsonl"] == (
        "gfw-port-visits.jsonl: ingested, witness GFW, 2 events: 1 kept, 1 rejected, 2026-04-14 to "
        "2026-04-14, published 2026-04-14. Rejected: 1 no ship's MMSI (ssvid) (first in line 2)"
    )
    assert "published 2026-04-19" in found["portwatch-fetched-2026-04-19.csv"]
    assert found["gfw-gaps.jsonl"] == "gfw-gaps.jsonl: known, an answer without an entry"
    assert found["other.json"].startswith("other.json: skipped, ")
    assert found["a-strait.geojson"].startswith("a-strait.geojson: skipped, ")
    assert "published 2026-04-20" in found["portwatch-fetched-2026-04-20.geojson"]
    assert "gfw-port-visits.jsonl.json" not in found
    assert held(made) == [
        "gfw-port-visits.jsonl",
        "portwatch-fetched-2026-04-19.csv",
        "portwatch-fetched-2026-04-20.geojson",
    ]


def test_the_same_content_again_is_known_under_whatever_name(
    made: Settings, tmp_path: Path
) -> None:
    given(made, write(tmp_path, VISITS, name="first.jsonl"))
    before = tree(made.home)
    again = given(made, write(tmp_path, VISITS, name="second.jsonl"))
    assert again == {
        "second.jsonl": "second.jsonl: known, same content as first.jsonl, ingested "
        f"{made.as_of:%F}"
    }
    assert tree(made.home) == before


def test_figures_that_return_to_an_earlier_content_are_a_later_version(
    made: Settings, tmp_path: Path
) -> None:
    given(made, write(tmp_path, day(row()), name="ais.csv"))
    fetched = {"2026-03-27": 7, "2026-03-20": 5, "2026-03-30": 7, "2026-03-31": 5}
    for on, calls in fetched.items():
        content = table([port_day("2026-03-05", calls)])
        given(made, write(tmp_path, content, name=f"portwatch-fetched-{on}.csv"))
    again = write(tmp_path, content, name="portwatch-fetched-2026-03-31.csv")
    assert "known, same content" in next(iter(given(made, again).values()))
    with only("outside_series"):
        run.derive(made, [], publish=False)
    query = """
        select published_on::text, value, is_in_force
        from outside_series where series = 'tanker_calls' order by published_on
    """
    with access.reading(made) as con:
        versions = con.execute(query).fetchall()
    assert versions == [
        ("2026-03-20", 5, False), ("2026-03-27", 7, False), ("2026-03-31", 5, True),
    ]  # fmt: skip


def test_two_that_were_staged_at_once_are_taken_in_once(made: Settings, tmp_path: Path) -> None:
    """As workers stage them, before the first is committed."""
    paths = [write(tmp_path, VISITS, name=name) for name in ("one.jsonl", "two.jsonl")]
    items = list(inputs_of(find_inputs(paths)[0]))
    staged = [stage(item, {}, made) for item in items if not isinstance(item, Outcome)]
    assert held(made) == []
    states = [commit_staged(one, made).state for one in staged if not isinstance(one, Outcome)]
    assert (states, held(made)) == (["ingested", "known"], ["one.jsonl"])
    assert list((made.home / "tmp").iterdir()) == []


def test_an_ingest_that_was_killed_before_its_line_left_nothing(
    made: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, VISITS, name="visits.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(
            store, "append_history", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
        )
        (failed,) = given(made, path).values()
        assert "failed" in failed and "free disk space" in failed
    run.prepare(made)
    assert held(made) == []
    assert "ingested" in given(made, path)["visits.jsonl"]


def test_a_file_that_cannot_be_used_fails_with_its_name_and_is_not_known(
    made: Settings, tmp_path: Path
) -> None:
    bad = features([port_day("soon", 3)] * 30 + [port_day("2026-04-01", 3)])
    (message,) = given(made, write(tmp_path, bad, name="portwatch.json")).values()
    assert message.startswith(
        "portwatch.json: failed, 30 of 33 rows cannot be used (line 1: no day"
    )
    assert held(made) == []


def test_a_damaged_file_of_a_witness_is_named(made: Settings, tmp_path: Path) -> None:
    given(made, write(tmp_path, day(row()), name="ais.csv"))
    given(made, write(tmp_path, VISITS, name="visits.jsonl"))
    with only("witness_reject"):
        run.derive(made, [], publish=False)
    with access.reading(made) as con:
        rejects = con.execute("select line, reason from witness_reject").fetchall()
    assert rejects == [(2, "no ship's MMSI (ssvid)")]
    (path,) = (p for p in (made.home / store.FOLDER).iterdir() if "junk" not in p.name)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BarometerError, match=r"visits\.jsonl cannot be read"):
        run.derive(made, [], publish=False)


@pytest.mark.parametrize(
    "name, day_of",
    [
        ("portwatch-fetched-2026-04-19.csv", "2026-04-19"),
        ("portwatch-fetched-2026-13-19.csv", "2026-04-14"),
        ("a-fetched-2026-04-17-fetched-2026-04-18.csv", "2026-04-18"),
        ("portwatch.csv", "2026-04-14"),
    ],
)
def test_the_day_of_a_version(made: Settings, tmp_path: Path, name: str, day_of: str) -> None:
    content = table([port_day("2026-04-14", 3)])
    assert f"published {day_of}" in given(made, write(tmp_path, content, name=name))[name]
