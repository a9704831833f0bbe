"""Layouts: which file is whose, in the publishers' own examples and in real files."""

from __future__ import annotations

import csv
import itertools
import random
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import Settings
from flows.ingest.rows import parse, reasons
from flows.lake import schema
from flows.lake.manifest import read_manifest
from flows.sources.layouts import match_source
from tests.build.files import (
    LAYOUTS,
    SOURCES,
    day,
    header,
    ingest,
    ledger,
    positions,
    read_all,
    rejects,
    row,
    settings_of,
    write,
)

SHARED = Path(__file__).parents[4] / "shared" / "data" / "ais"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
TRACKER = SHARED / "aisstream-gulf-2026-03.csv"
WORLD = SHARED / "global-one-day-2024-01-24.csv"
DELIMITERS = [",", ";", "\t"]


# Told by the header alone


ALIKE = ({"aishub", "aishub-encoded"}, {"aisstream-listen", "digitraffic-listen"})
"""Pairs that map the same columns, and are told apart by another one."""
LONGER = (("marinetraffic-extended", "marinetraffic"), ("statsat-ship", "statsat"))


def test_no_header_holds_what_another_layout_needs() -> None:
    """Told apart whatever order, delimiter or further columns: the other layout cannot fit.

    AISHub's two formats have the same columns but for ROT; how they are told apart is tested below.
    So have the recordings of two streams but for one column.
    Of a publisher's two layouts of which one has more columns, the longer one is taken.
    """
    assert sorted(SOURCES) == sorted(LAYOUTS)
    for own, other in itertools.permutations(LAYOUTS, 2):
        theirs = SOURCES[other]
        names = {theirs.aliases.get(name, name) for name in SOURCES[own].header}
        names |= {theirs.aliases.get(name, name) for name in SOURCES[own].aliases}
        fits = set(theirs.columns.values()) <= names
        assert fits == ({own, other} in ALIKE or (own, other) in LONGER)
    for own, other in LONGER:
        names = [c for c in SOURCES[own].header if c in SOURCES[own].columns.values()]
        for first in (",".join(names), header(own)):
            assert match_source(first, SOURCES.values()).source.source_id == own
        assert match_source(header(other), SOURCES.values()).source.source_id == other


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.data())
def test_a_layout_is_told_in_any_order_with_any_delimiter(data: st.DataObject) -> None:
    """Columns that are not needed may be away, other ones may be there, aliases may be used."""
    layout = data.draw(st.sampled_from(LAYOUTS))
    source = SOURCES[layout]
    needed = {*source.columns.values(), *source.without, "ROT", "topic"}
    optional = [name for name in source.header if name not in needed]
    away = set(data.draw(st.lists(st.sampled_from(optional), unique=True)) if optional else [])
    as_alias = {name: a for a, name in source.aliases.items() if data.draw(st.booleans())}
    names = [as_alias.get(name, name) for name in source.header if name not in away]
    names += data.draw(st.lists(st.sampled_from(["", "extra", "Zone", "id"]), max_size=3))
    line = data.draw(st.sampled_from(DELIMITERS)).join(data.draw(st.permutations(names)))
    found = match_source(line, SOURCES.values())
    assert found.source.source_id == layout
    assert set(source.columns.values()) <= set(found.header)


def test_an_aishub_file_that_is_taken_for_the_other_format_gives_no_position() -> None:
    first, values = header("aishub-encoded").split(","), row("aishub-encoded").split(",")
    del values[first.index("ROT")]
    encoded = day(",".join(values), first=",".join(first).replace(",ROT", ""))
    readable = day(row("aishub") + ",0", first=header("aishub") + ",ROT")
    for content in (encoded, readable):
        result = read_all(content)
        assert (result.rows, result.reasons) == ([], [(2, reasons.BAD_TIME)])


def test_a_column_under_its_other_name_gives_the_same_position() -> None:
    aliases = {"aishub": ("TIME", "TSTAMP"), "aishub-encoded": ("TIME", "TSTAMP")}
    for layout, (name, alias) in (aliases | {"vt-explorer": ("TYPE", "AISTYPE")}).items():
        first = ",".join(alias if c == name else c for c in SOURCES[layout].header)
        usual = read_all(day(row(layout), layout=layout)).rows
        assert read_all(day(row(layout), first=first)).rows == usual
        with pytest.raises(parse.BarometerError, match=f"'{name}' more than once"):
            match_source(f"{first},{name}", SOURCES.values())


# The publishers' own examples


def test_aishubs_example_of_its_ais_encoding() -> None:
    """https://www.aishub.net/xml-description.html, example 1, as the CSV of the same fields."""
    first = (
        "MMSI,TSTAMP,LONGITUDE,LATITUDE,COG,SOG,HEADING,NAVSTAT,PAC,ROT,IMO,NAME,CALLSIGN,TYPE,"
        "DEVICE,A,B,C,D,DRAUGHT,DEST,ETA,AISVER"
    )
    line = (
        "235085131,1302264927,-818067,30453520,2351,59,511,0,0,0,0,ZAC V,ZIYX3,36,0,8,4,2,2,0,,,0"
    )
    (found,) = read_all(day(line, first=first)).rows
    # 818067 / 600000 and 30453520 / 600000 degrees
    assert (found["lon"], found["lat"]) == pytest.approx((-1.363445, 50.755867), abs=6e-6)
    assert (found["sog_kn"], found["cog_deg"]) == pytest.approx((5.9, 235.1))
    assert {k: v for k, v in found.items() if k not in ("lon", "lat", "sog_kn", "cog_deg")} == {
        **{"mmsi": 235085131, "reported_at": datetime(2011, 4, 8, 12, 15, 27), "line": 2},
        **{"heading_deg": None, "nav_status": 0, "imo": None, "vessel_name": "ZAC V"},
        **{"call_sign": "ZIYX3", "ship_type": 36, "length_m": 12.0, "beam_m": 4.0},
        **{"draught_m": None, "destination": None},
    }


def test_aishubs_example_for_human_readers() -> None:
    """https://www.aishub.net/xml-description.html, example 2, as the CSV of the same fields."""
    line = (
        "413811000,2011-04-12 10:40:27 GMT,118.44586666667,38.874833333333,356,0.1,116,1,9118824,"
        "JIN HAI XIANG,BVKU,70,197,27,20,12,7.5,CAOFEIDIAN,04-10 07:00"
    )
    (found,) = read_all(day(line, layout="aishub")).rows
    assert found["reported_at"] == datetime(2011, 4, 12, 10, 40, 27)
    assert (found["lon"], found["lat"], found["imo"]) == (118.44587, 38.87483, 9118824)
    assert (found["length_m"], found["beam_m"], found["draught_m"]) == (224.0, 32.0, 7.5)
    assert (found["nav_status"], found["destination"]) == (1, "CAOFEIDIAN")


def test_statsats_layout_is_parted_by_semicolons_and_may_lack_rot() -> None:
    first = "mmsi;lon;lat;date_time_utc;sog;cog;true_heading;nav_status;message_nr;source"
    lines = [
        "215211000;7.66103;63.0553;2018-01-01 00:01:42;0.0;93.0;307;5;3;g",
        "257111111;7.93557;63.1633;2018-01-01 16:58:42;0.7;360.0;511;-99;18;g",
        "111111111;7.93557;63.1633;2018-01-01 16:58:42;0.0;59.5;511;-99;18;g",
    ]
    with_rot = [re.sub(r";(3|18);g", r";0.0;\1;g", x) for x in lines]
    measures = ("sog_kn", "cog_deg", "heading_deg", "nav_status")
    expected = [[0.0, 93.0, 307.0, 5], [pytest.approx(0.7), None, None, None]]
    for given_lines, names in ((lines, "message_nr"), (with_rot, "rot;message_nr")):
        found = read_all(day(*given_lines, first=first.replace("message_nr", names)))
        assert found.reasons == [(4, reasons.BAD_MMSI)]
        assert [[r[k] for k in measures] for r in found.rows] == expected


# Real files


def plain(path: Path, time: str, lon: str, lat: str) -> tuple[set[tuple[Any, ...]], list[int]]:
    """The fixes of a real file and the lines that hold none, by the csv module and the rules."""
    fixes, wrong = set(), []
    with path.open(encoding="utf-8", newline="") as lines:
        for number, values in enumerate(csv.DictReader(lines), 2):
            moment = datetime.fromisoformat(values[time]).astimezone(UTC).replace(tzinfo=None)
            if re.fullmatch(r"[2-7]\d{8}", values["mmsi"]):
                # numpy's way with halves, which is the lake's; Python's differs in the last digit.
                place = [float(np.round(float(values[name]), 5)) for name in (lon, lat)]
                fixes.add((int(values["mmsi"]), moment, *place))
            else:
                wrong.append(number)
    return fixes, wrong


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with both real files."""
    home = settings_of(tmp_path_factory.mktemp("real") / "home")
    ingest(home, TRACKER, WORLD)
    return home


@needs_shared
@pytest.mark.parametrize(
    ("path", "layout", "columns", "count"),
    [
        (TRACKER, "aisstream-hormuz-tracker", ("timestamp", "lon", "lat"), 2576),
        (WORLD, "ais-world-sample", ("msg_timestamp", "longitude", "latitude"), 10_000),
    ],
)
def test_a_real_file_is_read_as_a_plain_reading_says(
    real: Settings, path: Path, layout: str, columns: tuple[str, str, str], count: int
) -> None:
    (entry,) = [e for e in read_manifest(real.home).entries.values() if e.source == layout]
    fixes, wrong = plain(path, *columns)
    assert {r[:4] for r in positions(real) if r[-2] == layout} == fixes
    assert (entry.rows_read, entry.rows_kept) == (count, len(fixes))
    mine = sorted(r[:2] for r in rejects(real) if r[-2] == layout)
    assert mine == [(at, reasons.BAD_MMSI) for at in wrong]
    assert entry.rows_repeated == count - len(fixes) - len(wrong)


@needs_shared
def test_the_trackers_measures_and_names_are_those_of_the_file(real: Settings) -> None:
    """How many of the file's texts are there and mean something, by Python's own reading."""
    rows = [r for r in positions(real) if r[-2] == "aisstream-hormuz-tracker"]
    names = schema.POSITION_SCHEMA.names
    filled = {n: sum(r[names.index(n)] is not None for r in rows) for n in names[4:]}
    with TRACKER.open(encoding="utf-8", newline="") as lines:
        told = [r for r in csv.DictReader(lines) if re.fullmatch("[2-7][0-9]{8}", r["mmsi"])]
    assert {name: count for name, count in filled.items() if count} == {
        "sog_kn": sum(r["speed"] != "" and float(r["speed"]) <= 102.2 for r in told),
        "cog_deg": sum(r["course"] != "" and float(r["course"]) < 360 for r in told),
        "heading_deg": sum(r["heading"] != "" and float(r["heading"]) < 360 for r in told),
        "nav_status": sum(r["navStatus"] not in ("", "15") for r in told),
        "vessel_name": sum(not r["name"].startswith("Unknown (") and r["name"] != "" for r in told),
        "ship_type": sum(r["shipType"] not in ("", "0") for r in told),
    }
    types = Counter(r[names.index("ship_type")] for r in rows)
    assert sum(types[n] for n in range(80, 90)) == sum(
        r["shipType"] in ("80", "81", "89") for r in told
    )


@needs_shared
def test_the_world_samples_words_become_ais_types(real: Settings) -> None:
    with WORLD.open(encoding="utf-8", newline="") as lines:
        words = Counter(r["ship_type"] for r in csv.DictReader(lines) if len(r["mmsi"]) == 9)
    at = schema.POSITION_SCHEMA.names.index("ship_type")
    types = Counter(r[at] for r in positions(real) if r[-2] == "ais-world-sample")
    assert types[80] == words["Tanker"] > 0
    assert types[70] == words["Cargo"] > 0
    assert types[None] == words["Unknown"] + words["Reserved"] + words["Special Craft"]
    assert sum(types.values()) == sum(words.values())


def test_a_home_is_filled_from_every_layout(home: Settings, tmp_path: Path) -> None:
    """The same forty fixes from each layout are forty fixes; nothing is lost or counted twice."""
    for layout in LAYOUTS:
        lines = [row(layout, mmsi=f"{422_000_000 + i}", lat=f"{25 + i / 1e3}") for i in range(40)]
        random.Random(7).shuffle(lines)
        write(tmp_path / "in", day(*lines, "junk", layout=layout), name=f"{layout}.csv")
    outcomes = ingest(home, tmp_path / "in")
    assert {o.entry.source for o in outcomes if o.entry} == set(LAYOUTS)
    assert len(positions(home)) == 40
    kept, repeated, rejected = zip(*(c[3:6] for c in ledger(home)), strict=True)
    assert (sum(kept), sum(repeated)) == (40, 40 * (len(LAYOUTS) - 1))
    assert set(rejected) == {1}
