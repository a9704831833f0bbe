"""aisstream.io's messages: what becomes a row, what is remembered, and what cannot be used."""

from __future__ import annotations

import copy
import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.home.resources import port_files
from flows.sources.definitions import load_sources
from flows.sources.streams import aisstream
from flows.sources.streams.aisstream import HEADER, BadMessage, Known, take
from geo.earth import great_circle_m
from geo.ports import load_ports
from tests.build.files import read_all
from tests.build.stream import CONFIRMATION, frame, position, ship_static, static_half
from tests.conftest import ROOT

NOW = datetime(2026, 4, 15, 12, 0, 5)
MMSI = 422_000_001


def row_of(message: dict[str, Any], known: Known | None = None) -> dict[str, str]:
    row = take(aisstream.read_frame(frame(message)), NOW, {} if known is None else known)
    assert row is not None and len(row) == len(HEADER)
    return dict(zip(HEADER, row, strict=True))


def remembered(*messages: dict[str, Any], at: datetime = NOW) -> Known:
    known: Known = {}
    for message in messages:
        assert take(message, at, known) is None
    return known


def reason(message: Any) -> str:
    raw = message if isinstance(message, bytes) else frame(message)
    with pytest.raises(BadMessage) as caught:
        take(aisstream.read_frame(raw), NOW, {})
    return str(caught.value.args[0])


def test_a_position_with_the_static_data_before_it() -> None:
    assert load_sources()["aisstream-listen"].header == HEADER
    assert row_of(position(), remembered(ship_static())) == {
        **{"mmsi": "422000001", "reported_at": "2026-04-15T12:00:02.000Z"},
        **{"lon": "56.100000", "lat": "27.123457", "sog_kn": "11.4", "cog_deg": "187.2"},
        **{"heading_deg": "186", "nav_status": "5", "imo": "9074729", "vessel_name": "SEA STAR"},
        **{"call_sign": "EPAB1", "ship_type": "80", "length_m": "240", "beam_m": "42"},
        **{"draught_m": "12.5", "destination": "KHARG", "message_type": "PositionReport"},
        "received_at": "2026-04-15T12:00:05.000Z",
    }


def test_static_data_are_of_one_ship_and_of_those_before() -> None:
    known = remembered(ship_static(), ship_static(422_000_002, Name="OTHER", Destination="X"))
    assert row_of(position(), known)["destination"] == "KHARG"
    assert row_of(position(422_000_003), known)["destination"] == ""
    assert take(ship_static(Destination="@@@", MaximumStaticDraught=0), NOW, known) is None
    found = row_of(position(), known)
    assert (found["destination"], found["draught_m"], found["imo"]) == ("", "0.0", "9074729")


def test_static_data_grow_old() -> None:
    old = {3600: ("12.5", "EPAB1"), 3601: ("", "EPAB1"), 86_400: ("", "EPAB1"), 86_401: ("", "")}
    for age_s, (draught, call_sign) in old.items():
        known = remembered(ship_static(Name="OLD"), at=NOW - timedelta(seconds=age_s))
        row = row_of(position(), known)
        assert (row["draught_m"], row["call_sign"]) == (draught, call_sign), age_s
        assert row["vessel_name"] == ("OLD" if call_sign else "SEA STAR")  # the server's, of no age


def test_static_data_of_class_b_come_in_halves_or_with_the_position() -> None:
    size = {"A": 8, "B": 4, "C": 2, "D": 2}
    half = static_half(MMSI, {"Name": "BOAT@"}, None)
    report = position(kind="StandardClassBPositionReport")
    known = remembered(half)
    assert row_of(report, known)["vessel_name"] == "BOAT"
    take(static_half(MMSI, None, {"CallSign": "AB", "ShipType": 36, "Dimension": size}), NOW, known)
    row = row_of(report, known)
    names = "vessel_name call_sign ship_type length_m beam_m nav_status imo".split()
    assert [row[name] for name in names] == ["BOAT", "AB", "36", "12", "4", "", ""]
    extended = position(kind="ExtendedClassBPositionReport", Name="NEW", Type=37, Dimension=size)
    row = row_of(extended, known)
    assert (row["vessel_name"], row["ship_type"], row["call_sign"]) == ("NEW", "37", "AB")
    half["Message"]["StaticDataReport"]["ReportB"] = None
    assert row_of(position(), remembered(half))["vessel_name"] == "BOAT"


def test_codes_for_not_available_stay_as_they_were_sent_and_are_read_as_null() -> None:
    none = {"Sog": 102.3, "Cog": 360, "TrueHeading": 511, "NavigationalStatus": 15}
    nothing = {"A": 0, "B": 0, "C": 0, "D": 0}
    known = remembered(
        ship_static(ImoNumber=0, Type=0, Dimension=nothing, MaximumStaticDraught=0, Name="@" * 20)
    )
    found = row_of(position(**none), known)
    assert [found[c] for c in ("sog_kn", "cog_deg", "heading_deg")] == ["102.3", "360.0", "511"]
    lines = aisstream.csv_line(HEADER) + aisstream.csv_line(tuple(found.values()))
    (read,) = read_all(lines).rows
    assert {name for name, value in read.items() if value is None} == {
        *("sog_kn", "cog_deg", "heading_deg", "nav_status", "imo", "ship_type"),
        *("length_m", "beam_m", "draught_m"),
    }


# When


def test_the_time_of_a_report() -> None:
    for passed_on, second, reported_at in (
        ("12:00:03.5", 2, "12:00:02"),
        ("12:00:03.5", 59, "11:59:59"),
        ("12:00:03.5", 8, "12:00:08"),  # the server's clock is behind
        ("12:00:03.5", 9, "11:59:09"),
        ("12:00:58", 1, "12:01:01"),
        ("12:00:03.563705035", 60, "12:00:03.563705"),
        ("12:00:03.5", 63, "12:00:03.500000"),
        *(("12:00:03", second, "12:00:03") for second in (None, True, -1, 10**400)),
    ):
        time = aisstream.report_time(f"2026-04-15 {passed_on} +0000 UTC", second)
        assert time == datetime.fromisoformat(f"2026-04-15T{reported_at}")


@settings(max_examples=50, deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.floats(-5, 54.99))
def test_a_report_that_took_less_than_a_minute_has_the_ships_own_time(
    sent: datetime, delay_s: float
) -> None:
    """So that two receivers of one report give one fix, whenever they passed it on."""
    sent = sent.replace(microsecond=0)
    passed_on = sent + timedelta(seconds=delay_s)
    text = f"{passed_on:%Y-%m-%d %H:%M:%S.%f} +0000 UTC"
    assert aisstream.report_time(text, sent.second) == sent


def test_a_text_without_a_time_is_refused() -> None:
    for text in (
        *(None, 5, "", "yesterday", "2026-04-15T12:00:03Z", "2026-13-15 12:00:03 +0000 UTC"),
        *("2026-04-15 12:00:03 +0330 +0330", "0001-01-01 00:00:03 +0000 UTC"),
        *("2026-04-15 25:00:03 +0000 UTC", "2026-04-15 12:00:03 +0000 UTC\n1"),
        "٢026-04-15 12:00:03",
    ):
        assert reason(position(Timestamp=59, meta={"time_utc": text})) == "no time"


# Hostile

REASONS: dict[str, list[Any]] = {
    "not JSON": [
        *(b"", b"\xff\xfe", b"{" * 20_000, b"[" * 200_000, b'{"a": NaN}'),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    "not an object": [b"[]", b'"text"'],
    "no Message": [{"MessageType": "PositionReport"} | more for more in ({}, {"Message": [1]})],
    "no PositionReport": [{"MessageType": "PositionReport", "Message": {}}],
    "no MetaData": [position() | {"MetaData": None}],
    "no MMSI": [position(UserID=number) for number in ("422000001", True, -1, 10**9)],
    "two MMSIs": [position(meta={"MMSI": 1})],
    "not valid": [position(Valid=False)],
    "no Latitude": [position(Latitude=None)],
    "Longitude is no number of AIS": [position(Longitude="56")],
    "Latitude is no number of AIS": [position(Latitude=[27])],
    "Sog is no number of AIS": [
        *(position(Sog=True), position(Sog=10**30)),
        json.dumps(position()).replace("11.4", "1e999").encode(),
    ],
    "no Dimension": [ship_static(Dimension=5)],
    "A is no number of AIS": [ship_static(Dimension={"A": "1"})],
    "Destination is no text": [ship_static(Destination={"a": 1})],
    "Name is no text": [static_half(MMSI, {"Name": 7}, None)],
}


def test_a_message_that_cannot_be_used_has_its_reason() -> None:
    for why, messages in REASONS.items():
        assert {reason(message) for message in messages} == {why}


ODD: list[dict[str, Any]] = [
    *({"meta": {"MMSI": n, "MMSI_String": n}} for n in (0, "0", None)),
    *({"meta": {"MMSI": n}} for n in ("", ["x"], "422000001", "0422000001")),
    *({"meta": {"ShipName": name}} for name in (5, None)),
    {"Altitude": {"m": [1]}, "meta": {"quality": None}},  # new fields
    {"Raim": "?", "RateOfTurn": None, "CommunicationState": "x"},  # fields that are not used
    *({"Sog": None, "Cog": None, "TrueHeading": None}, {"Timestamp": None}, {"Valid": None}),
]


def test_an_odd_but_harmless_field_loses_no_position() -> None:
    for changes in ODD:
        row = row_of(position(**copy.deepcopy(changes)))
        assert (row["mmsi"], row["lat"]) == ("422000001", "27.123457"), changes


def test_static_data_need_no_mmsi_in_the_metadata() -> None:
    for number in (0, "0", None, ""):
        known = remembered(ship_static() | {"MetaData": {"MMSI": number}})
        assert row_of(position(meta={"MMSI": number}), known)["imo"] == "9074729"
    assert remembered(ship_static() | {"MetaData": None}) == remembered(ship_static())


CASE = ROOT.parent / "shared" / "cases" / "aisstream_meta_mmsi_zero.jsonl"


@pytest.mark.skipif(not CASE.exists(), reason=f"{CASE} is not here")
def test_the_shared_case_of_a_zero_number_is_recorded() -> None:
    """The file's own ships and numbers go nowhere; only how many rows it gives is of interest."""
    known: Known = {}
    lines = [line for line in CASE.read_bytes().splitlines() if line.strip()]
    rows = [take(aisstream.read_frame(line), NOW, known) for line in lines]
    positions = [dict(zip(HEADER, row, strict=True)) for row in rows if row is not None]
    assert len(positions) == 3 and {row["nav_status"] for row in positions} == {"5"}
    assert all(row["imo"] and row["mmsi"] != "000000000" for row in positions)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 59),
    st.lists(st.floats(0, 110), min_size=1, max_size=6),
    st.sampled_from([0, 1, 3]),
)
def test_however_late_its_copies_a_report_is_one_fix(
    second: int, delays_s: list[float], repeat: int
) -> None:
    """The original comes at once; each copy has another way. All give one time, or are known."""
    reports = aisstream.Reports()
    sent = datetime(2026, 4, 15, 12, 0, second)
    kept = set()
    for delay_s in [0.0, *delays_s]:
        message = position(Timestamp=second, RepeatIndicator=repeat if delay_s else 0)
        at = aisstream.report_time(
            f"{sent + timedelta(seconds=delay_s):%F %T.%f} +0000 UTC", second
        )
        if not reports.is_late_copy(message, at):
            kept.add(at)
    assert kept == {sent}


def test_reports_of_a_ship_at_anchor_are_not_copies() -> None:
    """Every three minutes, at one place, all its fields the same."""
    reports = aisstream.Reports()
    start = datetime(2026, 4, 15, 12, 0, 2)
    for n in range(50):
        assert not reports.is_late_copy(position(), start + timedelta(minutes=3 * n))
        assert reports.is_late_copy(position(), start + timedelta(minutes=3 * n + 1))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aisstream, "MOST_REPORTS", 3)
    monkeypatch.setattr(aisstream, "MOST_SHIPS", 3)
    reports = aisstream.Reports()
    for n in range(10):
        assert not reports.is_late_copy(position(MMSI + n), NOW)
    assert len(reports._first) == 3
    known = remembered(*(ship_static(MMSI + i) for i in (0, 1, 2)))
    take(ship_static(MMSI), NOW, known)  # heard again, and so the newest
    take(ship_static(MMSI + 3), NOW, known)
    assert list(known) == [MMSI + 2, MMSI, MMSI + 3]


def test_a_bad_message_is_not_remembered_in_part_and_other_kinds_not_at_all() -> None:
    known = remembered(ship_static())
    before = copy.deepcopy(known)
    extended = position(kind="ExtendedClassBPositionReport", Name="NEW", Latitude=None)
    for message in (extended, ship_static(Name="NEW", Destination=5)):
        with pytest.raises(BadMessage):
            take(message, NOW, known)
    assert known == before
    for kind in ("BaseStationReport", "SubscriptionConfirmation", None, 5, ["a"]):
        assert take(CONFIRMATION | {"MessageType": kind}, NOW, known) is None
    assert known == before, "messages of other kinds are passed over"


NAMES = {name: name for name in ('SEA "STAR", II', "=1+1", "نفت کش")}
NAMES |= {"TWO\r\nLINES": "TWO  LINES", "\x00\x1b[2J\x85\u2028NAME\ufeff": "[2J  NAME"}
NAMES |= {"A@B@@@  ": "A@B", "X" * 10_000: "X" * 20, "\ud800LONE": "LONE"}


def test_a_name_is_one_field_of_one_line() -> None:
    for sent, written in NAMES.items():
        found = row_of(position(meta={"ShipName": sent}))
        assert found["vessel_name"] == written
        lines = aisstream.csv_line(HEADER) + aisstream.csv_line(tuple(found.values()))
        assert lines.count(b"\n") == 2 and b"\r" not in lines
        assert [row["vessel_name"] for row in read_all(lines).rows] == [written]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MESSAGES = (
    position(),
    position(kind="ExtendedClassBPositionReport", Name="B", Type=36, Dimension={"A": 1}),
    ship_static(),
    static_half(MMSI, {"Name": "A"}, {"CallSign": "B", "ShipType": 1}),
)


SLOW = [HealthCheck.too_slow]


def places(value: Any) -> list[tuple[dict[str, Any], str]]:
    """Each field of a message, with the object that holds it."""
    own = [(value, name) for name in value] if isinstance(value, dict) else []
    return own + [found for holder, name in own for found in places(holder[name])]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(st.data())
def test_whatever_stands_in_a_message_it_is_a_whole_row_or_has_a_reason(
    data: st.DataObject,
) -> None:
    message = copy.deepcopy(data.draw(st.sampled_from(MESSAGES)))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, name = data.draw(st.sampled_from(places(message)))
        holder[name] = data.draw(JSON)
    known: Known = {}
    try:
        row = take(message, NOW, known)
    except BadMessage as error:
        assert len(error.args[0]) < 60 and not known
        return
    texts = [text for ship in known.values() for text, _ in ship.values()]
    if row is not None:
        line = aisstream.csv_line(row)
        assert line.count(b"\n") == 1
        assert next(csv.reader(io.StringIO(line.decode()))) == row
        assert len(row) == len(HEADER)
        texts += row
    assert all(text.isprintable() and len(text) < 60 for text in texts)


def test_the_boxes_hold_all_that_counts_as_heard_at_the_ports() -> None:
    loaded = load_ports(*port_files())
    ports, is_iranian = loaded.port, loaded.port["country"] == "IR"
    for with_trade, meant in (
        (False, is_iranian),
        (True, is_iranian | ports["trade_tier"].notna()),
    ):
        boxes = aisstream.bounding_boxes(loaded, with_trade=with_trade)
        for limit in ports[meant]["geometry"]:
            assert any(reaches_km(box, limit.bounds) >= 60 for box in boxes)
        for limit in ports[~meant]["geometry"]:
            assert all(reaches_km(box, limit.bounds) < 0 for box in boxes) or with_trade
        assert not with_trade or len(boxes) > 20


def reaches_km(box: list[list[float]], bounds: tuple[float, float, float, float]) -> float:
    """How far a box reaches beyond bounds on the nearest side; negative where it does not."""
    (low_lat, low_lon), (high_lat, high_lon) = box
    west, south, east, north = bounds
    if not (low_lat < south < north < high_lat and low_lon < west < east < high_lon):
        return -1.0
    sides = [(x, y, lon, y) for x, lon in ((west, low_lon), (east, high_lon)) for y in bounds[1::2]]
    sides += [(west, south, west, low_lat), (west, north, west, high_lat)]
    return min(float(great_circle_m(*side)) for side in sides) / 1000


def test_the_subscription_asks_for_what_is_understood() -> None:
    kinds = ["PositionReport", "StandardClassBPositionReport", "ExtendedClassBPositionReport"]
    assert json.loads(aisstream.subscription("k", [[[1, 2], [3, 4]]])) == {
        **{"APIKey": "k", "BoundingBoxes": [[[1, 2], [3, 4]]]},
        "FilterMessageTypes": [*kinds, "ShipStaticData", "StaticDataReport"],
    }
