"""NMEA: messages of several sentences, kinds of messages, damage, and the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home.settings import Settings
from flows.ingest.rows import reasons
from flows.ingest.tables import sentences as joining
from flows.ingest.tables.nmea import decoded_row
from flows.ingest.tables.sentences import Joiner, Message
from tests.build.files import ingest, ledger, positions, rejects, write
from tests.build.forms import checked, fixes, grouped, iso_before, sentences, tag_block

DAY = fixes(1)
FIX = DAY[20]
AT = FIX["reported_at"]


def line(kind: int = 1, stamp: Any = tag_block, at: datetime = AT, **changes: Any) -> bytes:
    """A line of a message of one sentence, without static data."""
    bare = {name: FIX[name] for name in ("mmsi", "lon", "lat", "sog_kn", "cog_deg", "heading_deg")}
    (only,) = sentences(kind, bare | {"nav_status": FIX["nav_status"]}, **changes)
    return bytes(stamp(only, at, 1, 1, 1))


def static(sequence: int = 3, stamp: Any = tag_block, group: int = 1, **said: Any) -> list[bytes]:
    parts = sentences(5, FIX | said, sequence)
    return [stamp(part, AT, n, 2, group) for n, part in enumerate(parts, 1)]


def told(home: Settings, *lines: bytes, name: str = "day.nmea") -> Any:
    content = b"".join(x + b"\n" for x in lines)
    (outcome,) = ingest(home, write(home.home / "in", content, name=name))
    return outcome


def test_positions_of_every_kind_are_read(home: Settings) -> None:
    """27 has a tenth of a minute and whole knots, and 63 for none."""
    kinds = {1: 11.4, 2: 11.4, 3: 11.4, 18: 11.4, 19: 11.4, 27: 11.0}
    lines = [
        line(kind, mmsi=352_990_000 + kind, **({"speed": 11} if kind == 27 else {}))
        for kind in kinds
    ]
    unknown = line(27, mmsi=352_990_099, speed=63, course=511)
    assert told(home, *lines, unknown).state == "ingested"
    kept = {row[0] - 352_990_000: row for row in positions(home)}
    for kind in kinds:
        lon, lat = kept[kind][2:4]
        assert kept[kind][1] == AT
        assert lon == pytest.approx(FIX["lon"], abs=1e-3 if kind == 27 else 1e-6)
        assert lat == pytest.approx(FIX["lat"], abs=1e-3 if kind == 27 else 1e-6)
        assert kept[kind][4] == pytest.approx(11 if kind == 27 else FIX["sog_kn"])
    assert kept[99][4:6] == (None, None)
    assert ledger(home)[0][1] == "nmea"


def test_static_data_of_both_classes_are_joined(home: Settings) -> None:
    half_a = sentences(24, {"mmsi": 352_990_001}, partno=0, shipname="CLASS B")
    half_b = sentences(
        24,
        {"mmsi": 352_990_001},
        partno=1,
        callsign="CB1",
        ship_type=36,
        to_bow=10,
        to_stern=5,
        to_port=2,
        to_starboard=2,
    )
    lines = [line(18, mmsi=352_990_001), *(tag_block(s, AT) for s in (*half_a, *half_b))]
    assert told(home, *static(), line(), *lines).state == "ingested"
    first, second = sorted(positions(home))
    assert first[8:16] == tuple(
        FIX[name]
        for name in (
            "imo",
            "vessel_name",
            "call_sign",
            "ship_type",
            "length_m",
            "beam_m",
            "draught_m",
            "destination",
        )
    )
    assert second[9:14] == ("CLASS B", "CB1", 36, 15, 4)


def test_sentences_of_two_stations_do_not_mix(home: Settings) -> None:
    """One number, two messages at once: station or group tell them apart."""
    one, other = (
        static(3),
        [
            b"\\"
            + checked(b"s:99,c:%d" % (int(x[11:].split(b"c:")[1][:10])))
            + x[x.index(b"\\!") :]
            for x in static(3, mmsi=352_990_001, vessel_name="OTHER")
        ],
    )
    groups = [static(5, grouped, 7), static(5, grouped, 8, mmsi=352_990_001, vessel_name="GROUP")]
    for n, (a, b) in enumerate(((one, other), groups)):
        lines = [a[0], b[0], a[1], b[1], line(at=AT), line(mmsi=352_990_001, at=AT)]
        outcome = told(home, *lines, name=f"{n}.nmea")
        assert outcome.state == "ingested", outcome
    names = {(row[0], row[9]) for row in positions(home)}
    assert {name for _, name in names} <= {"LAW 0", "OTHER", "GROUP"}
    assert (FIX["mmsi"], "LAW 0") in names


DAMAGED = {
    "wrong sum": (line().replace(b"!BSVDM", b"!AIVDM")[:-1] + b"Z", reasons.BAD_SENTENCE),
    "a letter changed": (line(mmsi=352_990_002).replace(b",A,1", b",A,2"), reasons.BAD_CHECKSUM),
    "wrong sum of the tag block": (
        line().replace(b"s:2573535", b"s:2573536"),
        reasons.BAD_CHECKSUM,
    ),
    "tag block without a sum": (
        b"\\s:1,c:1773057600\\" + line().split(b"\\")[2],
        reasons.BAD_CHECKSUM,
    ),
    "no sum": (line()[:-3], reasons.BAD_SENTENCE),
    "two on a line": (line(mmsi=352_990_002) + line(mmsi=352_990_003), reasons.BAD_SENTENCE),
    "two, the second without a tag block": (
        line(mmsi=352_990_002) + line(mmsi=352_990_003).split(b"\\")[2],
        reasons.BAD_SENTENCE,
    ),
    "no time": (line().split(b"\\")[2], reasons.NO_CLOCK),
    "a time that is none": (b"yesterday " + line().split(b"\\")[2], reasons.NO_CLOCK),
    "tag block without a time": (
        b"\\" + checked(b"s:1") + b"\\" + line().split(b"\\")[2],
        reasons.NO_CLOCK,
    ),
    "junk": (b"\xff\xfe\0", reasons.BAD_SENTENCE),
    "a long line of blanks": (b"x" + b" " * 100_000 + b"x", reasons.BAD_SENTENCE),
    "another sentence": (b"$GPRMC,1,2,3*00", reasons.OTHER_MESSAGE),
    "a base station": (line(4, mmsi=2_573_535), reasons.BAD_MMSI),
    "a base station with a ship's number": (line(4), reasons.BAD_MMSI),
    "an aircraft": (line(9, mmsi=111_990_000), reasons.BAD_MMSI),
    "an aid to navigation": (line(21, mmsi=992_990_000), reasons.BAD_MMSI),
    "a text": (line(14, text="HELLO"), reasons.OTHER_MESSAGE),
    "a payload that is cut": (
        tag_block(b"!" + checked(b"AIVDM,1,1,,A,1,0"), AT),
        reasons.BAD_MESSAGE,
    ),
    "a kind that is none": (
        tag_block(b"!" + checked(b"AIVDM,1,1,,A,w00000000000,0"), AT),
        reasons.BAD_MESSAGE,
    ),
    "no place": (line(lon=181, lat=91), reasons.NO_POSITION),
    "a part alone": (static(8)[1], reasons.NO_REST),
    "of the future": (line(at=datetime(2030, 1, 1)), reasons.FUTURE_TIME),
}


def test_what_cannot_be_kept_is_a_reject_with_line_and_reason(home: Settings) -> None:
    good = [line(at=AT + timedelta(minutes=n)) for n in range(30)]
    outcome = told(home, b"# a comment", *good, b"", *(bad for bad, _ in DAMAGED.values()))
    assert outcome.state == "ingested", outcome
    found = {number: why for number, why, *_ in rejects(home)}
    assert found == {32 + n: why for n, (_, why) in enumerate(DAMAGED.values(), 1)}
    assert len(positions(home)) == 30


def test_a_file_without_times_says_what_is_missing(home: Settings) -> None:
    outcome = told(home, *[line().split(b"\\")[2]] * 3)
    assert outcome.state == "failed"
    assert reasons.NO_CLOCK in outcome.message and "tag block" in outcome.message


def test_hostile_names_stay_text(home: Settings) -> None:
    name = "=1+1'<X>;--"
    assert told(home, *static(vessel_name=name), line()).state == "ingested"
    assert [row[9] for row in positions(home)] == [name]


def test_a_reused_number_and_a_lost_part_join_nothing_wrong() -> None:
    first, second = static(3)
    old = iso_before(sentences(5, FIX | {"vessel_name": "OLD"}, 3)[0], AT - timedelta(hours=1))
    joiner = Joiner()
    taken = [item for n, raw in enumerate((old, first, second), 1) for item in joiner.take(n, raw)]
    whole = [item for item in taken if isinstance(item, Message)]
    assert [message.line for message in whole] == [2]
    row = decoded_row(whole[0])
    assert isinstance(row, list) and "LAW 0" in row
    lost = [reject for item in taken if isinstance(item, list) for reject in item] + joiner.rest()
    assert [(number, why) for number, why, _ in lost] == [(1, reasons.NO_REST)]


def test_only_so_many_messages_are_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MOST_OPEN", 5)
    joiner = Joiner()
    found = []
    for n in range(100):
        found += [*joiner.take(n, static(1, grouped, n)[0])]
    assert sum(len(item) for item in found if isinstance(item, list)) == 95
    assert len(joiner.rest()) == 5


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", max_size=90),
    st.integers(0, 5),
)
def test_any_payload_is_a_row_or_a_reason(payload: str, fill: int) -> None:
    sentence = b"!" + checked(f"AIVDM,1,1,,A,{payload},{fill}".encode())
    items = [*Joiner().take(1, tag_block(sentence, AT))]
    for item in items:
        if isinstance(item, Message):
            row = decoded_row(item)
            assert isinstance(row, str) or all(isinstance(text, str) for text in row)
