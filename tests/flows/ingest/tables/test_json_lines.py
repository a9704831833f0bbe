"""JSON lines: keys as columns, messages of several kinds, and lines that are no object."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from flows.home.settings import Settings
from flows.ingest.rows import reasons
from flows.ingest.tables import json_lines
from tests.build.files import ingest, ledger, positions, rejects, write
from tests.build.forms import as_json_lines, fixes
from tests.build.stream import position, ship_static, static_half

DAY = fixes(1)
LINE = as_json_lines(DAY[:1]).decode().strip()


def told(home: Settings, *lines: str | dict[str, Any], name: str = "day.jsonl") -> Any:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    content = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogateescape")
    (outcome,) = ingest(home, write(home.home / "in", content, name=name))
    return outcome


BAD = {
    "no JSON": ("{", reasons.BAD_OBJECT),
    "a list": ("[1]", reasons.BAD_OBJECT),
    "a constant": (LINE.replace("11.4", "NaN"), reasons.BAD_OBJECT),
    "a number without end": (LINE.replace("11.4", "1" * 9999), reasons.BAD_OBJECT),
    "deep": ("[" * 99_999, reasons.BAD_OBJECT),
    "long": ("x" * 200_000, reasons.LONG_LINE),
    "empty": ("{}", reasons.NO_MMSI),
    "no place": (LINE.replace('"lon": 50.7', '"lon": null').replace('"lat"', '"x"')
                 .replace('"imo"', '"y"'), reasons.NO_POSITION),
    "a place that is true": (LINE.replace('"lon": 50.7', '"lon": [true]'), reasons.NO_POSITION),
    "a place that is text": (LINE.replace('"lon": 50.7', '"lon": "east"'), reasons.NO_NUMBERS),
    "a ship that is an object": (LINE.replace("352990000", '{"a": 1}'), reasons.NO_MMSI),
}  # fmt: skip


def test_a_line_that_breaks_a_rule_is_a_reject_with_its_number(home: Settings) -> None:
    lines = as_json_lines(DAY).decode().splitlines()
    outcome = told(home, *lines, "", *(line for line, _ in BAD.values()))
    assert outcome.state == "ingested", outcome
    found = {line: why for line, why, *_ in rejects(home)}
    expected = {len(lines) + 1 + n: why for n, (_, why) in enumerate(BAD.values(), 1)}
    # What has static data and no place is a static report.
    static = {line for line in expected if line not in found}
    assert found == {line: why for line, why in expected.items() if line not in static}
    assert len(static) <= 2 and len(positions(home)) == len(lines)


def test_hostile_texts_stay_texts(home: Settings) -> None:
    names = ["=cmd|'/c calc'!A0", "<script>alert(1)</script>", "'; drop table position; --"]
    rows = [row | {"vessel_name": name} for row, name in zip(DAY, names, strict=False)]
    assert told(home, *as_json_lines(rows).decode().splitlines()).state == "ingested"
    assert {row[9] for row in positions(home)} == set(names)


def test_a_lone_surrogate_stops_nothing(home: Settings) -> None:
    assert told(home, LINE.replace("LAW 0", "\\ud800")).state == "ingested"


@pytest.mark.parametrize("is_sparse", [False, True])
def test_messages_of_a_stream_as_they_came_are_read(home: Settings, *, is_sparse: bool) -> None:
    """aisstream.io's own messages, static ones joined; also where no ship of class B was heard."""
    half = static_half(422_000_002, {"Name": "SEA B"}, None)
    half["MetaData"]["time_utc"] = "2026-04-15 12:00:00.000000001 +0000 UTC"
    static = ship_static()
    static["MetaData"]["time_utc"] = "2026-04-15 11:00:00 +0000 UTC"
    messages = [position(), position(422_000_002, "StandardClassBPositionReport"), static, half]
    assert told(home, *(messages[:1] if is_sparse else messages)).state == "ingested"
    kept = {row[0]: row for row in positions(home)}
    first = kept[422_000_001]
    assert first[1:4] == (datetime(2026, 4, 15, 12, 0, 3, 563705), 56.1, 27.12346)
    if not is_sparse:
        assert (first[8], first[9], first[12], first[14]) == (9074729, "SEA STAR", 240, 12.5)
        assert kept[422_000_002][9] == "SEA B"
    assert ledger(home)[0][1] == "aisstream-json"


def test_features_and_ships_of_digitraffic_are_read(home: Settings) -> None:
    """The shapes of the wiki of tmfg/digitraffic, "Maritime APIs"."""
    feature = {
        "mmsi": 230_990_001,
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [28.1, 60.1]},
        "properties": {"sog": 0.1, "cog": 169.3, "navStat": 5, "rot": 0, "posAcc": True,
                       "raim": False, "heading": 311, "timestamp": 34,
                       "timestampExternal": 1_773_057_600_000},
    }  # fmt: skip
    ship = {"mmsi": 230_990_001, "name": "LAW", "shipType": 80, "draught": 61, "imo": 9074729,
            "referencePointA": 79, "referencePointB": 22, "referencePointC": 8, "eta": 176640,
            "referencePointD": 8, "posType": 1, "callSign": "CQCC", "destination": "PRIMORSK",
            "timestamp": 1_773_057_500_000}  # fmt: skip
    assert told(home, feature, ship).state == "ingested"
    (row,) = positions(home)
    assert row[1:5] == (datetime(2026, 3, 9, 12), 28.1, 60.1, pytest.approx(0.1))
    assert row[8:10] == (9074729, "LAW") and row[12:14] == (101, 16)
    assert row[14] == pytest.approx(6.1) and row[15] == "PRIMORSK"


def test_keys_may_come_late(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no object of the beginning has, later ones may."""
    monkeypatch.setattr(json_lines, "LOOK_BYTES", 400)
    first = [{k: v for k, v in json.loads(LINE).items() if k != "imo"}] * 9
    late = json.loads(LINE) | {"reported_at": "2026-03-09T01:00:00"}
    assert told(home, *first, late).state == "ingested"
    assert [row[8] for row in sorted(positions(home), key=lambda r: r[1])] == [None, late["imo"]]


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        (('{"error": "Too many requests"}',), "failed", "Fetch it again"),
        (("{", '"mmsi": 1', "}"), "skipped", "one object a line"),
        (("{", '"mmsi": 1', "}", "{", '"mmsi": 2', "}"), "failed", "one object a line"),
        (('[{"mmsi": 1, "lat": 2, "lon": 3, "reported_at": 4}]',), "failed", "one object a line"),
        (("[", '{"port": 1}', "]"), "skipped", "one object a line"),
        (('{"a": 1}',), "skipped", "matches no source"),
        (('{"port": 1, "country": "IR"}', '{"port": 2, "country": "IR"}'), "skipped", ""),
    ],
)
def test_other_json_is_told_apart(
    home: Settings, lines: tuple[str, ...], state: str, words: str
) -> None:
    write(home.home / "in", "".join(f"{x}\n" for x in lines).encode(), name="x.jsonl")
    (outcome,) = ingest(home, home.home / "in")
    assert (outcome.state, words in outcome.message) == (state, True), outcome
