"""Parquet and GeoParquet: types, places, and files that are hostile or damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.resources import data_path
from flows.home.settings import Settings
from flows.ingest.rows import reasons
from flows.ingest.tables import parquet as tables
from tests.build.files import (
    file_id,
    ingest,
    ledger,
    packed,
    positions,
    rejects,
    settings_of,
    write,
)
from tests.build.forms import (
    COLUMNS,
    LAYOUT,
    WGS84,
    as_geoparquet,
    as_parquet,
    fixes,
    geo,
    parquet,
    with_geometry_source,
)

DAY = fixes(1)
FIX = DAY[20]
NOON = datetime(2026, 3, 9, 12)


def table(**changes: Any) -> pa.Table:
    """Three fixes; a change is a column."""
    plain = pa.Table.from_pylist([row | {"topic": "", "received_at": ""} for row in DAY[:3]])
    for name, column in changes.items():
        at = plain.schema.get_field_index(name)
        plain = plain.set_column(at, name, column)
    return plain


def told(home: Settings, content: bytes, name: str = "day.parquet") -> Any:
    (outcome,) = ingest(home, write(home.home / "in", content, name=name))
    return outcome


def values(home: Settings, table: pa.Table, name: str) -> list[Any]:
    outcome = told(home, parquet(table))
    assert outcome.state == "ingested", outcome
    at = COLUMNS.index(name)
    return [row[at] for row in sorted(positions(home), key=lambda row: row[1])]


TIMES = [NOON, NOON.replace(hour=13), NOON.replace(hour=14)]
ZONED = [t.replace(tzinfo=UTC) for t in TIMES]
INT_TYPES = (pa.int32(), pa.int64(), pa.uint32(), pa.float64(), pa.string(), pa.large_string())


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [
        *(
            ("mmsi", pa.array([FIX["mmsi"]] * 3, pa.int64()).cast(t), [FIX["mmsi"]] * 3)
            for t in INT_TYPES
        ),
        *(
            ("reported_at", pa.array(TIMES, pa.timestamp(unit)), TIMES)
            for unit in ("s", "ms", "us", "ns")
        ),
        ("reported_at", pa.array(ZONED, pa.timestamp("us", "Asia/Tehran")), TIMES),
        ("reported_at", pa.array([t.isoformat() for t in TIMES]), TIMES),
        (
            "reported_at",
            pa.array([t.isoformat() + "+03:30" for t in TIMES]).dictionary_encode(),
            [t.replace(hour=t.hour - 4, minute=30) for t in TIMES],
        ),
        (
            "reported_at",
            pa.array([date(2026, 3, n) for n in (9, 10, 11)]),
            [datetime(2026, 3, n) for n in (9, 10, 11)],
        ),
        (
            "lat",
            pa.array([Decimal("29.12345"), Decimal("29.5"), Decimal("29")]),
            [29.12345, 29.5, 29],
        ),
        ("lat", pa.array(["29.1", "29.2", "29.3"]).dictionary_encode(), [29.1, 29.2, 29.3]),
        ("lat", pa.array(["29,1", "29.2", "29,3"]), [29.1, 29.2, 29.3]),
        ("imo", pa.array([9074729.0, None, 1.0]), [9074729, None, None]),
        ("imo", pa.array(["IMO9074729", "", None]), [9074729, None, None]),
        ("draught_m", pa.array([12.3, 0, None], pa.float32()), [np.float32(12.3), None, None]),
        ("heading_deg", pa.array([186, 511, None], pa.int16()), [186, None, None]),
        ("ship_type", pa.nulls(3), [None] * 3),
        ("vessel_name", pa.array(["=1+1", None, "A" * 5000]), ["=1+1", None, "A" * 1000]),
        (
            "vessel_name",
            pa.array([b"M\xfcNSTER", b"<script>", b"\0\0"]),
            ["MüNSTER", "<script>", None],
        ),
        (
            "vessel_name",
            pa.DictionaryArray.from_arrays([0, None, 0], ["SEA"]),
            ["SEA", None, "SEA"],
        ),
    ],
)
def test_a_column_of_any_plain_type_is_read(
    home: Settings, name: str, column: pa.Array, expected: list[Any]
) -> None:
    at = pa.array(TIMES) if name != "reported_at" else column
    assert values(home, table(**{"reported_at": at, name: column}), name) == expected


def test_rows_that_break_a_rule_become_rejects_with_their_number_and_text(home: Settings) -> None:
    good = [row | {"topic": "", "received_at": ""} for row in DAY]
    wrong = [
        ({"mmsi": 2_111_234}, reasons.BAD_MMSI),
        ({"mmsi": None}, reasons.NO_MMSI),
        ({"lat": 91.0, "lon": 181.0}, reasons.NO_POSITION),
        ({"lat": float("nan")}, reasons.NO_POSITION),
        ({"lon": -200.0}, reasons.BAD_POSITION),
        ({"lon": float("inf")}, reasons.NO_NUMBERS),
        ({"reported_at": None}, reasons.BAD_TIME),
        ({"reported_at": datetime(1970, 1, 1)}, reasons.OLD_TIME),
        ({"reported_at": datetime(9000, 1, 1)}, reasons.FUTURE_TIME),
        ({"mmsi": 7, "vessel_name": 'A "B",\nC'}, reasons.BAD_MMSI),
    ]
    rows = [*good, *(good[0] | change for change, _ in wrong)]
    assert told(home, parquet(pa.Table.from_pylist(rows))).state == "ingested"
    found = sorted(rejects(home))
    assert [row[:2] for row in found] == [
        (len(good) + n, why) for n, (_, why) in enumerate(wrong, 1)
    ]
    assert "2111234,2026-03-09 00:00:00" in found[0][2].replace("KHARG,", "")
    assert '"A ""B"",' in found[-1][2]
    ((own, source, read, kept, *_),) = ledger(home)
    assert (source, read, kept) == ("digitraffic-listen", len(rows), len(good))
    assert own == file_id((home.home / "in" / "day.parquet").read_bytes())


def test_static_reports_in_rows_of_their_own_are_joined(home: Settings) -> None:
    static = dict.fromkeys(COLUMNS) | {
        k: FIX[k] for k in ("mmsi", "reported_at", "imo", "draught_m")
    }
    bare = FIX | {"imo": None, "draught_m": None}
    rows = [row | {"topic": "", "received_at": ""} for row in (bare, static)]
    assert told(home, parquet(pa.Table.from_pylist(rows))).state == "ingested"
    (row,) = positions(home)
    assert (row[8], row[14]) == (FIX["imo"], FIX["draught_m"])


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_a_packed_file_is_the_same_file(home: Settings, packing: str) -> None:
    content = as_parquet(DAY)
    assert told(home, content).state == "ingested"
    again = told(home, packed(content, packing, "day.parquet"), f"day.parquet.{packing}")
    assert again.state == "known", again
    other = settings_of(home.home / "other")
    assert told(other, packed(content, packing, "x.parquet"), f"x.{packing}").state == "ingested"
    assert [row[:-1] for row in positions(other)] == [row[:-1] for row in positions(home)]
    assert not list(home.home.glob("tmp/*/*"))


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("absent", None),
        (WGS84, None),
        ({"id": {"authority": "OGC", "code": "CRS84"}}, None),
        ({"type": "GeographicCRS", "name": "WGS 84 (CRS84)"}, None),
        (None, "null"),
        (
            {"name": "WGS 84 / UTM zone 40N", "id": {"authority": "EPSG", "code": 32640}},
            "UTM zone 40N",
        ),
        (
            {"type": "GeographicCRS", "name": "NAD83", "id": {"authority": "EPSG", "code": 4269}},
            "NAD83",
        ),
        ([], "reference system"),
    ],
)
def test_only_wgs84_is_a_place(home: Settings, crs: Any, words: str | None) -> None:
    with_geometry_source(home)
    outcome = told(home, as_geoparquet(DAY, crs))
    if words is None:
        assert outcome.state == "ingested"
        assert [row[2:4] for row in sorted(positions(home), key=lambda r: r[1])] == [
            (row["lon"], row["lat"]) for row in DAY
        ]
        return
    assert outcome.state == "failed" and words in outcome.message and "CRS84" in outcome.message


def places(home: Settings, place: pa.Array, **described: Any) -> Any:
    with_geometry_source(home)
    plain = table().drop_columns(["lon", "lat"]).append_column("place", place)
    return told(home, parquet(geo(plain, **described)))


def test_what_is_no_point_becomes_a_reject(home: Settings) -> None:
    with_geometry_source(home)
    line = shapely.to_wkb(shapely.linestrings([(0, 0), (1, 1)]))
    wkb = [shapely.to_wkb(shapely.points(50.3, 29.2)), line, b"\x01\x01\0\0"]
    assert places(home, pa.array(wkb)).state == "ingested"
    assert [row[1] for row in rejects(home)] == [reasons.NO_NUMBERS] * 2


def test_points_as_structs_are_places(home: Settings) -> None:
    point = pa.StructArray.from_arrays(
        [pa.array([50.1, 50.2, 50.3]), pa.array([29.1] * 3)], ["x", "y"]
    )
    assert places(home, point, encoding="point").state == "ingested"
    assert sorted(row[2] for row in positions(home)) == [50.1, 50.2, 50.3]


SECONDS = 1_776_254_400
UNIX = datetime(2026, 4, 15, 12)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()], ids=str)
def test_a_unix_time_is_read_in_every_unit_and_type(
    home: Settings, unit: int, kind: pa.DataType
) -> None:
    """A column of whole numbers with a gap is one of floats to pandas."""
    plain = data_path("sources", f"{LAYOUT}.toml").read_text(encoding="utf-8")
    (home.home / "sources").mkdir()
    unix = plain.replace('format = "iso"', 'format = "unix"')
    (home.home / "sources" / f"{LAYOUT}.toml").write_text(unix, encoding="utf-8")
    times = pa.array([SECONDS * unit, (SECONDS + 1) * unit, None], pa.int64()).cast(
        kind, safe=False
    )
    assert told(home, parquet(table(reported_at=times))).state == "ingested"
    assert [row[1] for row in positions(home)] == [UNIX, UNIX.replace(second=1)]
    assert [row[1] for row in rejects(home)] == [reasons.BAD_TIME]


def test_texts_are_read_however_they_are_encoded(home: Settings) -> None:
    """DuckDB writes the lengths of texts as differences by version 2 of the format."""
    names = [f"SHIP {n}" for n in range(3)]
    content = parquet(
        table(vessel_name=pa.array(names)),
        use_dictionary=False,
        column_encoding={"vessel_name": tables.LENGTHS},
    )
    assert told(home, content).state == "ingested"
    assert sorted(row[COLUMNS.index("vessel_name")] for row in positions(home)) == names


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "nested": (lambda: parquet(table(draught_m=pa.array([[1.0]] * 3))), "'draught_m' is a nested"),
    "a struct": (
        lambda: parquet(table(mmsi=pa.array([{"a": 1}] * 3))),
        "'mmsi' is a nested column",
    ),
    "a bool": (lambda: parquet(table(lon=pa.array([True] * 3))), "'lon' is of type bool"),
    "a time for a number": (
        lambda: parquet(table(lat=pa.array(TIMES))),
        "'lat' is of type timestamp",
    ),
    "no rows that can be read": (lambda: parquet(table(mmsi=pa.array(["x"] * 3))), "nine digits"),
    "not AIS": (
        lambda: parquet(pa.table({"lat": [1], "lon": [2], "mmsi": [3]})),
        "matches no source",
    ),
    "cut": (lambda: as_parquet(DAY)[:-20], "Fetch it again"),
    "a cut middle": (lambda: as_parquet(DAY)[:200] + as_parquet(DAY)[-900:], "Fetch it again"),
    "only the mark": (lambda: b"PAR1", "Fetch it again"),
    "a text repeated by its prefix": (
        lambda: parquet(
            table(), use_dictionary=False, column_encoding={"call_sign": tables.UNBOUNDED}
        ),
        "'call_sign' is encoded as DELTA_BYTE_ARRAY",
    ),
    "a bomb of rows": (lambda: parquet(pa.table({n: pa.nulls(9_000_000) for n in "ab"})), "no AIS"),
    "encrypted": (lambda: b"PARE" + bytes(90), "encrypted"),
    "no rows": (lambda: parquet(table().slice(0, 0)), "ingested"),
}


@pytest.mark.parametrize(("content", "words"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    home: Settings, content: Callable[[], bytes], words: str
) -> None:
    outcome = told(home, content())
    assert words in (outcome.message or outcome.state), outcome
    assert words == "ingested" or outcome.message.startswith("day.parquet: ")
    assert words == "ingested" or (outcome.state, outcome.is_transient) == ("failed", False)
    assert not list((home.home / "tmp").iterdir())


CONTENT = as_parquet(DAY)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.data())
def test_wrong_bytes_give_a_message_or_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    wrong = bytearray(CONTENT)
    for _ in range(data.draw(st.integers(1, 4))):
        wrong[data.draw(st.integers(4, len(wrong) - 1))] ^= data.draw(st.integers(1, 255))
    home = settings_of(tmp_path_factory.mktemp("wrong") / "home")
    assert told(home, bytes(wrong)).state in ("failed", "ingested")


def test_a_row_group_is_read_in_pieces(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    usual = tables._parsed

    def noted(*given: Any) -> Any:
        held.append(given[-1].num_rows)
        return usual(*given)

    monkeypatch.setattr(tables, "_parsed", noted)
    monkeypatch.setattr(tables, "BATCH_ROWS", 10)
    assert told(home, as_parquet(DAY, row_group_size=10_000)).state == "ingested"
    assert max(held) == 10 and sum(held) == len(DAY) == len(positions(home))


def test_the_published_schemas_are_known(home: Settings, tmp_path: Path) -> None:
    """hf_store.py of yasumorishima/hormuz-ship-tracker; NOAA's as programs read it."""
    hormuz = {
        **{"mmsi": 352990000, "timestamp": "2026-03-14T06:57:51.594510", "latitude": 26.5},
        **{"longitude": 56.4, "speed": 102.3, "course": 10.0, "heading": None, "ship_name": ""},
        **{"ship_type": 80.0, "destination": "", "draught": None, "length": 0.0, "width": 0.0},
        **{"flag": "PA", "received_at": "2026-03-14T06:57:52+00:00"},
    }
    noaa = {
        **{"mmsi": 352990001, "base_date_time": datetime(2024, 1, 1, 0, 1), "sog": 0.1, "cog": 1.5},
        **{"heading": 10, "vessel_name": "A", "imo": "IMO9074729", "call_sign": "B"},
        **{"vessel_type": 80, "status": 5, "length": 200, "transceiver": "A"},
        **{"place": shapely.to_wkb(shapely.points(-74.0, 40.5))},
    }
    plain = pa.Table.from_pylist([noaa])
    column = {"encoding": "WKB", "geometry_types": ["Point"]}
    meta = json.dumps({"primary_column": "geometry", "columns": {"geometry": column}})
    plain = plain.rename_columns({"place": "geometry"}).replace_schema_metadata({"geo": meta})
    for number, one in enumerate((pa.Table.from_pylist([hormuz]), plain)):
        assert told(home, parquet(one), f"{number}.parquet").state == "ingested"
    kept = {row[0]: row for row in positions(home)}
    assert kept[352990000][1:5] == (datetime(2026, 3, 14, 6, 57, 51, 594510), 56.4, 26.5, None)
    assert kept[352990001][2:4] == (-74.0, 40.5) and kept[352990001][8] == 9074729
    assert {row[1] for row in ledger(home)} == {"hormuz-ais", "marinecadastre-geoparquet"}
    assert pq.read_metadata(home.home / "in" / "0.parquet").num_rows == 1
