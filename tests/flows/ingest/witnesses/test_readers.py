"""Witnesses' files as publishers write them: what is read of each, and why the rest is not."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home.settings import BarometerError
from flows.ingest.witnesses.reading import JUNK, ROWS, Reading, read_json, read_table
from flows.sources.packings import Member
from tests.build.witness import (
    DUBAI,
    KHARG,
    OUTSIDE,
    anchorage,
    answer,
    entities,
    features,
    lines,
    port_day,
    table,
    visit,
)

MMSI, IMO = 352_999_990, 9_999_993
START, END = "2026-03-02T05:00:00.000Z", "2026-03-03T05:00:00.000Z"


def read(tmp_path: Path, content: bytes, name: str = "given.json") -> Reading | None:
    path = tmp_path / name
    path.write_bytes(content)
    member = Member(name, path)
    return read_json(member, tmp_path) or read_table(member, tmp_path)


def rows_of(reading: Reading | None) -> list[dict[str, Any]]:
    assert reading is not None
    return list(pq.read_table(reading.work / ROWS).to_pylist())


def reasons_of(reading: Reading | None) -> list[tuple[int, str]]:
    assert reading is not None
    rejects = pq.read_table(reading.work / JUNK).to_pylist()
    assert len(rejects) == reading.rows_rejected
    return [(row["line"], row["reason"]) for row in rejects]


# Global Fishing Watch's events.

GAP = {"intentionalDisabling": True, "offPosition": anchorage(KHARG), "distanceKm": "96.5"}
EVENTS = {
    "a visit": (visit(MMSI, START, END), {"confidence": 4, "lons": [50.34, 0]}),
    "going on": (visit(MMSI, START), {"ended_at": None}),
    "an empty end": (visit(MMSI, START, ""), {"ended_at": None}),
    "an offset": (visit(MMSI, "2026-03-02T08:30+03:30"), {"began_at": datetime(2026, 3, 2, 5)}),
    "as the client writes it": (
        visit(MMSI, START) | {"type": None, "port_visit": None}
        | {"portVisit": {"confidence": 3, "endAnchorage": anchorage(KHARG)}},
        {"kind": "port_visit", "confidence": 3},
    ),
    "the dock first": (
        visit(
            MMSI,
            START,
            port_visit={
                "startAnchorage": anchorage(OUTSIDE),
                "intermediateAnchorage": anchorage(DUBAI),
                "endAnchorage": anchorage(KHARG, atDock=True),
            },
        ),
        {"lons": [50.34, 55.05, 50.70, 0], "confidence": None},
    ),
    "a gap": (
        visit(MMSI, START, END, type="gap", port_visit=None, gap=GAP),
        {"kind": "gap", "is_intentional": True, "lons": [50.34, 0]},
    ),
    "an encounter": (
        visit(MMSI, START, END, type="encounter", encounter={"vessel": {"ssvid": "422999990"}}),
        {"kind": "encounter", "other_mmsi": 422_999_990, "lons": [0]},
    ),
    "loitering": (visit(MMSI, START, END, type="loitering"), {"kind": "loitering"}),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_as_the_service_writes_it(tmp_path: Path, name: str) -> None:
    event, expected = EVENTS[name]
    for content in (lines([event]), answer([event]), json.dumps([event]).encode()):
        (row,) = rows_of(read(tmp_path, content))
        assert row["mmsi"] == MMSI
        assert {key: row[key] for key in expected} == expected


FAULTS = {
    "no ship's MMSI (ssvid)": {"vessel": {"ssvid": "992351000"}},
    "start is not a time": {"start": "yesterday"},
    "end is not a time after the start": {"end": "2026-03-01T00:00:00Z"},
    "no place": {"position": {"lat": 95, "lon": 0}, "port_visit": {}},
    "not an event of Global Fishing Watch": {"vessel": None},
}


@pytest.mark.parametrize("reason", FAULTS)
def test_an_event_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, reason: str) -> None:
    reading = read(tmp_path, lines([visit(MMSI, START), visit(MMSI, START) | FAULTS[reason]]))
    assert reasons_of(reading) == [(2, reason)]
    assert len(rows_of(reading)) == 1


def test_a_last_line_that_is_cut_costs_that_line(tmp_path: Path) -> None:
    reading = read(tmp_path, lines([visit(MMSI, START)] * 3)[:-30])
    assert reasons_of(reading) == [(3, "the file is cut in its last line")]


def test_other_kinds_of_events_are_set_aside_and_a_week_without_any_is_read(tmp_path: Path) -> None:
    fishing = visit(MMSI, START, type="fishing", port_visit=None, fishing={"a": 1})
    reading = read(tmp_path, lines([visit(MMSI, START), fishing]))
    assert reading is not None
    assert (reading.rows_read, reading.rows_kept, reading.rows_aside) == (2, 1, 1)
    assert rows_of(read(tmp_path, answer([]))) == []


# PortWatch's series.

DAY = date(2026, 4, 1)
DAYS = ["2026-04-01", 1775001600000, "2026/04/01 00:00:00+00", "4/1/2026 12:00:00 AM"]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("field", ["date", "date_"])
def test_a_day_of_a_port_in_each_form(tmp_path: Path, field: str, day: object) -> None:
    given = port_day(day, 3, field)
    forms = (table([given]), features([given]), features([given], "properties"), lines([given]))
    for content in forms:
        found = [
            (row["series"], row["day"], row["value"], row["unit"])
            for row in rows_of(read(tmp_path, content))
        ]
        assert found == [
            ("tanker_calls", DAY, 3, "calls"),
            ("tanker_import_t", DAY, 0, "t"),
            ("tanker_export_t", DAY, 1500.5, "t"),
        ]  # fmt: skip


SERIES = {
    "a country's calls": (b"country,date,tanker_calls\nIran,2026-04-01,3\nOman,2026-04-01,9\n",
                          ("tanker_calls", "coast", None, "Iran", 3), 1),
    "a strait": (b"date,portid,portname,n_tanker\n2026-04-01,chokepoint6,Strait of Hormuz,3\n"
                 b"2026-04-01,chokepoint1,Suez Canal,70\n",
                 ("tanker_transits", "strait", "chokepoint6", "Strait of Hormuz", 3), 1),
    "no date, but its parts": (b"year,month,day,portid,portname,ISO3,portcalls_tanker\n"
                               b"2026,4,1,port2164,Kharg Island,IRN,3\n",
                               ("tanker_calls", "port", "port2164", "Kharg Island", 3), 0),
    "without a country": (b"date,portid,portcalls_tanker\n2026-04-01,port2164,3\n"
                          b"2026-04-01,port1188,3\n",
                          ("tanker_calls", "port", "port2164", "port2164", 3), 1),
    "semicolons and a mark": (b"\xef\xbb\xbfcountry;date;tanker_calls\nIran;2026-04-01;3\n",
                              ("tanker_calls", "coast", None, "Iran", 3), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_a_day_of_a_series(tmp_path: Path, name: str) -> None:
    content, expected, aside = SERIES[name]
    reading = read(tmp_path, content, "given.csv")
    assert reading is not None
    (row,) = rows_of(reading)
    assert tuple(row[k] for k in ("series", "scope", "place_id", "place", "value")) == expected
    assert (row["day"], reading.rows_aside) == (DAY, aside)


def test_a_value_that_is_none_is_named_and_one_left_empty_is_not(tmp_path: Path) -> None:
    given = [port_day("2026-04-01", 3), port_day("2026-04-02", -1), port_day("2026-04-03", "")]
    given += [
        port_day("soon", 1),
        port_day("2026-04-05", "many", import_tanker="", export_tanker=""),
        port_day("2026-04-06", "1e14"),
    ]
    reading = read(tmp_path, table(given), "given.csv")
    assert reasons_of(reading) == [
        (3, "portcalls_tanker '-1' is no number of calls of a day"),
        (5, "no day in date, date_ or year, month, day"),
        (6, "portcalls_tanker 'many' is no number of calls of a day"),
        (7, "portcalls_tanker '1e14' is no number of calls of a day"),
    ]
    assert len(rows_of(reading)) == 3 + 2 + 2 + 2


# Inspections.


@pytest.mark.parametrize(
    "row, place, points",
    [
        (f"{IMO},,IRKHK,2026-03-02", "IRKHK", []),
        (f",{MMSI},ir khk,2026-03-02", "IRKHK", []),
        (f"IMO {IMO},{MMSI},IR-KMB,2026-03-02T10:00", "IR-KMB", []),
    ],
)
def test_a_table_of_inspections(tmp_path: Path, row: str, place: str, points: list[float]) -> None:
    (found,) = rows_of(read(tmp_path, f"imo,mmsi,port,day\n{row}\n".encode(), "given.csv"))
    assert (found["kind"], found["place"], found["lons"]) == ("inspection", place, points)
    assert (found["began_at"], found["ended_at"]) == (datetime(2026, 3, 2), datetime(2026, 3, 3))


def test_inspections_by_place_and_those_that_cannot_be_used(tmp_path: Path) -> None:
    content = (
        "IMO;lon;lat;inspected_on\n"
        f"{IMO};50.34;29.235;2026-03-02\n1234568;50.3;29.2;2026-03-02\n{IMO};;;2026-03-02\n{IMO};50;29;soon\n"
    )
    reading = read(tmp_path, content.encode(), "given.csv")
    assert reading.source == "inspections"  # not OpenSanctions', whose terms are others
    assert [(row["lons"], row["lats"]) for row in rows_of(reading)] == [([50.34], [29.235])]
    assert reasons_of(reading) == [
        (3, "neither an MMSI of nine digits nor a valid IMO number"),
        (4, "no port, and no lon and lat"),
        (5, "'soon' is not a day such as 2026-04-13"),
    ]


def test_detentions_of_opensanctions_have_a_ship_and_a_day_and_no_place(tmp_path: Path) -> None:
    reading = read(tmp_path, entities(("a", str(IMO), "2026-03-02"), ("b", None, "2026-03-03")))
    (found,) = rows_of(reading)
    assert (found["imo"], found["began_at"], found["place"]) == (IMO, datetime(2026, 3, 2), None)
    assert [reason for _, reason in reasons_of(reading)] == [
        "an inspection of a ship without IMO number or MMSI"
    ]
    banned = read(tmp_path, entities(("a", str(IMO), "2026-03-02"), dataset="paris_mou_banned"))
    assert rows_of(banned) == []


@pytest.mark.parametrize("end", ["subject", "object"])
def test_inspections_of_opensanctions_have_their_day_in_a_link(tmp_path: Path, end: str) -> None:
    ends = {"subject": ["owner"], "object": ["owner"], end: ["a"], "date": ["2026-03-02"]}
    head = {"datasets": ["tokyo_mou_psc"], "first_seen": "2026-01-01T00:00:00"}
    ship = {"id": "a", "schema": "Vessel", "properties": {"imoNumber": [f"IMO{IMO}"]}} | head
    made = {"id": "u-a", "schema": "UnknownLink", "properties": ends} | head
    undated = {"id": "u-b", "schema": "UnknownLink", "properties": ends | {"date": []}} | head
    (found,) = rows_of(read(tmp_path, lines([made, undated, ship])))
    assert (found["kind"], found["imo"]) == ("inspection", IMO)
    assert (found["began_at"], found["reference"]) == (datetime(2026, 3, 2), "u-a")


# What is no witness's, and what cannot be read.


@pytest.mark.parametrize(
    "content",
    [
        b"mmsi,day,lon,lat,sog\n352999990,2026-03-02,50,29,1\n",
        b"mmsi,imo,port_id,area_kind,arrived_at\n1,2,IRKHK,berth,2026-03-02\n",
        b'{"id": "a", "schema": "Vessel", "properties": {}, "datasets": ["us_ofac_sdn"]}\n',
        b'{"mmsi": 352999990, "lon": 50, "lat": 29, "time": "2026-03-02T05:00:00Z"}\n',
        b'{\n "weeks": 3,\n "calls": []\n}',
        b'{"features": []}',
        b"<html>not found</html>",
        b"[]",
    ],
)
def test_other_files_are_left_to_others(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) is None


@pytest.mark.parametrize(
    "content, why",
    [
        (b'{"error": {"code": 400, "message": "Cannot perform query"}}', "Cannot perform query"),
        (features([port_day("2026-04-01", 3)])[:-20], "not whole JSON"),
        (table([port_day("2026-04-01", 3)] + [port_day("soon", 3)] * 40), "has its layout changed"),
    ],
)
def test_a_file_of_which_hardly_anything_can_be_used_is_refused(
    tmp_path: Path, content: bytes, why: str
) -> None:
    with pytest.raises(BarometerError, match=why):
        read(tmp_path, content)


def test_packed_files_are_read_and_have_the_hash_of_their_content(tmp_path: Path) -> None:
    content = lines([visit(MMSI, START)])
    plain = read(tmp_path, content)
    packed = read(tmp_path, gzip.compress(content), "given.json.gz")
    assert plain and packed and plain.file_id == packed.file_id


@given(
    st.binary(max_size=300), st.sampled_from([b"", b'{"vessel": {}, "start": ', b"portid,date,"])
)
def test_no_content_breaks_a_reader(tmp_path_factory: Any, content: bytes, start: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        reading = read(folder, start + content)
    except BarometerError:
        return
    assert (
        reading is None
        or reading.rows_read == len(rows_of(reading)) + reading.rows_rejected + reading.rows_aside
    )
