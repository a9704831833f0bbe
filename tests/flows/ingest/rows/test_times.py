"""Times: every way in which a moment is written, read as UTC or not at all."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.ingest.rows import times
from flows.ingest.rows.reasons import BAD_TIME, FUTURE_TIME, OLD_TIME
from tests.build.files import AS_OF, LAYOUTS, SOURCES, day, read_all, read_values, row

pytestmark = pytest.mark.clock

NOON = datetime(2026, 4, 15, 12)
DANISH = "danish-maritime-authority"

ISO = {
    **dict.fromkeys(("2026-04-15T12:00:00", "2026-04-15 12:00", "2026-04-15T12:00:00Z"), NOON),
    **dict.fromkeys((" 2026-04-15 12:00:00 ", "2026-04-15 15:30:00 +03:30"), NOON),
    **dict.fromkeys(("2026-04-15T15:30:00+03:30", "2026-04-15T15:30:00+0330"), NOON),
    "2026-04-15": datetime(2026, 4, 15),
    "2026-04-15T12:00:00.123456": NOON + timedelta(microseconds=123456),
    "2026-04-15T12:00:00.123456789": NOON + timedelta(microseconds=123456),
    "2026-04-15T10:00:00.25-02": NOON + timedelta(seconds=0.25),
    "2024-02-29 23:59:59": datetime(2024, 2, 29, 23, 59, 59),
    **{
        f"2026-04-15 12:00:00{fraction}{zone}": NOON + timedelta(seconds=float(fraction or 0))
        for fraction in ("", ".5", ".000", ".25")
        for zone in (" UTC", "UTC", " GMT", " Z", "z", " +00:00", "+00", " +0000 UTC", " utc")
    },
    **dict.fromkeys(
        (
            "2026-02-30|2026-02-30T00:00:00|2025-02-29|2026-04-15T24:00:00|2026-04-15T12:60:00|"
            "2026-04-15T12:00:60|2026-13-01|2026-00-10|20260415|2026-04-15T|12:00:00|now|null|"
            "1776254400|2026/04/15|15/04/2026 12:00:00|2026-4-15|2026-04-15T12:00:00 AST|"
            "2026-04-15 15:30:00 +0330 UTC|2026-04-15 12:00:00 UTC UTC|UTC|0000-00-00 00:00:00|"
            "0000-01-01 00:00:00|0001-01-01T00:00:00+03:30|-2026-04-15|9026-04-15|2026-W16-3|"
            "2026-04-15T12:00:00+25:00|2026-04-15_12:00:00|10000-01-01|"
        ).split("|"),
        BAD_TIME,
    ),
    "9026-04-15": FUTURE_TIME,
}
DAY_FIRST = {
    "15/04/2026 12:00:00": NOON,
    "1/4/2026 2:03:04": datetime(2026, 4, 1, 2, 3, 4),
    **dict.fromkeys(
        (
            "30/02/2026 00:00:00|31/04/2026 00:00:00|15/13/2026 00:00:00|15/04/26 12:00:00|"
            "15/04/202612:00:00|15/04/2026 12:00:60|15/04/2026 24:00:00|15/04/2026|"
            "15.04.2026 12:00:00|2026-04-15 12:00:00|01/01/0000 00:00:00|15/04/2026 12:00:00 x|"
        ).split("|"),
        BAD_TIME,
    ),
}
UNIX = {
    **dict.fromkeys(("1776254400", " 1776254400 ", "1776254400.0", "1776254400000000"), NOON),
    "1776254400000000000": NOON,
    "1776254400.5": NOON + timedelta(seconds=0.5),
    "1776254400.123456789": NOON + timedelta(microseconds=123456),
    "1776254400250": NOON + timedelta(milliseconds=250),
    "1776254400250.5": NOON + timedelta(microseconds=250500),
    **dict.fromkeys(
        (
            "1.7762544e9|+1776254400|-1|1_776_254_400|١٧٧٦٢٥٤٤٠٠|1776254400.5.5|.5|"
            "2026-04-15 12:00:00 GMT|0x69DF7C40|nan||now|1776254400000000000000"
        ).split("|"),
        BAD_TIME,
    ),
    **dict.fromkeys(("0", "177625440000000"), OLD_TIME),  # the latter: microseconds of 1975
    "99999999999": FUTURE_TIME,
}


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        pytest.param(LAYOUTS[1], ISO, id="iso"),
        pytest.param(DANISH, DAY_FIRST, id="day first"),
        pytest.param("aishub-encoded", UNIX, id="unix, unit by size"),
    ],
)
def test_a_time_is_read_as_utc_or_not_at_all(layout: str, expected: dict[str, Any]) -> None:
    assert read_values("reported_at", expected, layout) == expected


def test_a_time_is_after_the_standard_and_not_in_the_future() -> None:
    late = AS_OF + timedelta(minutes=10)
    expected = {
        late.isoformat(): late,
        (late + timedelta(microseconds=1)).isoformat(): FUTURE_TIME,
        "1998-05-12T00:00:00": datetime(1998, 5, 12),
        "1998-05-11T23:59:59": OLD_TIME,
        "1970-01-01T00:00:00": OLD_TIME,
    }
    assert read_values("reported_at", expected) == expected


def test_a_time_format_with_an_offset_is_converted() -> None:
    source = SOURCES[LAYOUTS[1]].model_copy(update={"time_format": "%Y%m%d %H%M%S %z"})
    found = read_all(day(row(reported_at="20260415 153000 +0330")), sources=[source])
    assert [r["reported_at"] for r in found.rows] == [NOON]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "%d%m%Y %H%M%S",
            {"15042026 120000": NOON, "05042026 020304": datetime(2026, 4, 5, 2, 3, 4)}
            | dict.fromkeys(("1042026 120000", "15042026 20304", "15042026 12000", "1542026 1200")),
        ),
        ("%Y%m%d%H%M%S", {"20260415120000": NOON, "2026041512000": None, "202641512000": None}),
        ("%Y%m%d %H:%M", {"20260415 12:00": NOON, "20260415 2:03": datetime(2026, 4, 15, 2, 3)}),
        (
            "%Y-%m-%d %H:%M:%S %Z",
            {f"2026-04-15 12:00:00 {zone}": NOON for zone in ("UTC", "GMT", "Z")}
            | dict.fromkeys(f"2026-04-15 12:00:00{zone}" for zone in ("", " CET", " CEST", " EST")),
        ),
    ],
)
def test_a_time_format_is_strict_and_knows_no_zone_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, form: str, expected: dict[str, datetime | None]
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert {text: times.moment(text, form) for text in expected} == expected
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("layout", "zone", "other"), [("aishub", "GMT", "UTC"), ("vt-explorer", "UTC", "GMT")]
)
def test_a_time_needs_the_zone_of_its_publisher(layout: str, zone: str, other: str) -> None:
    noon, half = "2026-04-15 12:00:00", NOON + timedelta(seconds=0.5)
    bad = ("", " CET", " +0330", f" {zone} {zone}", ".5")
    good = (f" {zone}", f" {other}", "Z", "+00:00")
    expected = {noon + end: BAD_TIME for end in bad} | {noon + end: NOON for end in good}
    expected |= {f"{noon}.5 {zone}": half}
    assert read_values("reported_at", expected, layout) == expected


OFFSETS = ["Z", "+00:00", "+0330", "+03", "-23:59", "+24:00", "-23:60", "+3:30", " Z", "z", ""]


@pytest.mark.parametrize("start", ["0000-01-01", "0001-01-01", "2026-04-15", "9999-12-31"])
def test_times_with_and_without_an_offset_are_read_alike_together_and_alone(start: str) -> None:
    for part in (" 00:00:00.5", "T12", "T12:00:00.1234567"):
        texts = [f"{start}{part}{offset}" for offset in OFFSETS]
        together = read_values("reported_at", texts)
        assert {text: read_values("reported_at", [text])[text] for text in texts} == together
