"""Values: the text of a field becomes a typed value, null, or the reason of a reject."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from flows.ingest.rows.reasons import BAD_MMSI, BAD_POSITION, NO_MMSI, NO_NUMBERS, NO_POSITION
from flows.ingest.rows.values import NULLS, STATIC, TEXTS
from flows.sources.definitions import OPTIONAL
from tests.build.files import (
    LAYOUTS,
    SOURCES,
    day,
    fields,
    header,
    read_all,
    read_each,
    read_one,
    read_values,
    row,
)

NOON = datetime(2026, 4, 15, 12)
DANISH = "danish-maritime-authority"


def one(**changes: str) -> dict[str, Any]:
    found = read_one(**changes)
    assert isinstance(found, dict), found
    return found


def test_all_layouts_give_the_same_position() -> None:
    by_layout = {layout: one(layout=layout) for layout in LAYOUTS}
    whole = {
        **{"mmsi": 422100987, "reported_at": NOON, "lon": 50.33123, "lat": 29.23456},
        **{"sog_kn": np.float32(0.1), "cog_deg": np.float32(123.4), "heading_deg": 120.0},
        **{"nav_status": 5, "imo": 9074729, "vessel_name": "BARO ONE", "call_sign": "EPAB1"},
        **{"ship_type": 80, "length_m": 240.0, "beam_m": 42.0, "draught_m": 12.5},
        **{"destination": "KHARG", "line": 2},
    }
    static = {"imo", "call_sign", "length_m", "beam_m", "draught_m", "destination"}
    bare = static | {"vessel_name", "ship_type"}
    lacking: dict[str, set[str]] = {layout: set() for layout in LAYOUTS} | {
        "marinecadastre-2024": {"destination"},
        "marinecadastre-2025": {"destination"},
        **dict.fromkeys(("statsat", "brest-naridata", "hais"), bare),
        "aisstream-hormuz-tracker": static,
        "ais-world-sample": static | {"vessel_name", "nav_status"},
        "marinetraffic": bare - {"imo"},
        "statsat-ship": bare - {"imo", "length_m"},
        "hormuz-ais": {"nav_status", "imo", "call_sign"},
        "marinecadastre-geoparquet": {"beam_m", "draught_m", "destination"},
        "marine-exchange-alaska": {"heading_deg"},
        "marine-exchange-alaska-legacy": {"heading_deg", "call_sign", "length_m", "beam_m"},
        "global-fishing-watch": set(whole)
        - {"mmsi", "reported_at", "lon", "lat", "imo", "vessel_name", "call_sign", "line"},
    }
    for layout, found in by_layout.items():
        assert found == whole | dict.fromkeys(lacking[layout])


def test_an_mmsi_is_nine_digits_of_a_ship() -> None:
    numbers = ["422100987", "200000000", "799999999", " 422100987 ", "422100987.0", "422100987."]
    others = (
        "0422100987 42210098 4221009870 111000000 199999999 800000000 970123456 972000001 "
        "992110001 002110000 0 2110000.0"
    ).split()
    none = (
        "+422100987 -422100987 4.22e8 4.22100987e8 422100987.5 422100987.01 -1 nan null "
        "0x19285E7B 422_100_987 42210O987 ４２２１００９８７ ٤٢٢١٠٠٩٨٧ 422,100,987 true"
    ).split()
    none += ["", "422 100987", "422100987\0"]
    expected = {text: int(text.strip().partition(".")[0]) for text in numbers}
    expected |= dict.fromkeys(others, BAD_MMSI) | dict.fromkeys(none, NO_MMSI)
    assert read_values("mmsi", expected) == expected
    assert read_values("mmsi", numbers[:3]) == {text: expected[text] for text in numbers[:3]}


def test_a_position_is_a_place_on_earth() -> None:
    cases = {
        ("180", "90"): (180.0, 90.0),
        ("-180", "-90"): (-180.0, -90.0),
        ("0", "0"): (0.0, 0.0),
        ("50.123454", "29.123456"): (50.12345, 29.12346),
        ("5.0123456e1", "+29.5"): (50.12346, 29.5),
        (" 50.5 ", " 29.5 "): (50.5, 29.5),
        **dict.fromkeys([("50", "90.0001"), ("180.0001", "29")], BAD_POSITION),
        **dict.fromkeys([("-180.0001", "29"), ("50", "-91")], BAD_POSITION),
        **dict.fromkeys([("50", "91"), ("181", "29"), ("181.0", "91.0")], NO_POSITION),
        **dict.fromkeys([("nan", "29"), ("", "29"), ("50", ""), ("NULL", "29")], NO_POSITION),
        **dict.fromkeys([("inf", "29"), ("50", "-inf"), ("1e400", "29")], NO_NUMBERS),
        **dict.fromkeys([("50E", "29N"), ("0x32", "29"), ("5_0", "29")], NO_NUMBERS),
        **dict.fromkeys([("٥٠", "29"), ("29 13 00", "29")], NO_NUMBERS),
    }
    lines = [row(lon=lon, lat=lat, mmsi=f"4221{i:05}") for i, (lon, lat) in enumerate(cases)]
    found = [f if isinstance(f, str) else (f["lon"], f["lat"]) for f in read_each(lines)]
    assert dict(zip(cases, found, strict=True)) == cases


def test_there_is_no_minus_zero() -> None:
    found = one(lon="-0.000001", lat="-0.0", sog_kn="-0", cog_deg="-0.0")
    text = repr([found[k] for k in ("lon", "lat", "sog_kn", "cog_deg")])
    assert text == "[0.0, 0.0, 0.0, 0.0]"


@pytest.mark.parametrize("name", [n for n in OPTIONAL if n not in (*TEXTS, "imo")])
def test_junk_in_an_optional_field_is_null_and_the_row_stays(name: str) -> None:
    junk = "| |abc|1e400|-1e400|inf|nan|NULL|-1|1_0|0x5|٣|1.234,5|\x01".split("|")
    assert read_values(name, junk) == dict.fromkeys(junk)


CODES = {
    "sog_kn": {"102.3": None, "102.2": np.float32(102.2), "0": 0.0},
    "cog_deg": {"360": None, "360.0": None, "359.9": np.float32(359.9)},
    "heading_deg": {"511": None, "511.0": None, "0": 0.0},
    "nav_status": {"15": None, "0": 0, "5.0": 5, "4.7": None, "16": None},
    "ship_type": {"0": None, "1099": None, "80.5": None},
    "length_m": {"0": None},
    "beam_m": {"0.0": None},
    "draught_m": {"0": None, "25.5": 25.5, "25.6": None},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_codes_for_not_available_are_null(layout: str) -> None:
    for name, expected in CODES.items():
        has = name in SOURCES[layout].mapping
        assert read_values(name, expected, layout) == (expected if has else dict.fromkeys(expected))


SIZES = {
    "mixed up": (("42", "244"), (None, None)),
    "a beam that AIS cannot carry": (("244", "270"), (244.0, None)),
    "the broadest that AIS carries": (("244", "126"), (244.0, 126.0)),
}


@pytest.mark.parametrize("layout", ["marinecadastre-2025", "aishub"])
@pytest.mark.parametrize(("said", "read"), SIZES.values(), ids=SIZES)
def test_a_beam_that_ais_cannot_carry_leaves_no_length_that_may_be_a_beam(
    said: tuple[str, str], read: tuple[float | None, ...], layout: str
) -> None:
    found = one(layout=layout, length_m=said[0], beam_m=said[1])
    assert (found["length_m"], found["beam_m"]) == read


COAST_GUARD = {1024: 80, 1017: 80, 1023: 52, 1004: 70, 1012: 60, 1001: 30, 1025: 52, 80: 80}
CODES_OF_THE_COAST_GUARD = {
    f"{code}{end}": ship_type for code, ship_type in COAST_GUARD.items() for end in ("", ".0")
}
WORDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Danish status": (
        *(DANISH, "nav_status"),
        {"At anchor": 1, "AT ANCHOR": 1, " moored ": 5, "Unknown value": None, "Nap": None},
    ),
    "Danish type": (DANISH, "ship_type", {"Tanker": 80, "Undefined": None, "Tanker!": None}),
    "Danish name": (DANISH, "vessel_name", {"Unknown": None, "UNDEFINED": None}),
    "Danish IMO number": (DANISH, "imo", {"Unknown": None}),
    "Coast Guard, 2024": ("marinecadastre-2024", "ship_type", CODES_OF_THE_COAST_GUARD),
    "Coast Guard, 2025": ("marinecadastre-2025", "ship_type", CODES_OF_THE_COAST_GUARD),
    "MarineCadastre's status": (
        *("marinecadastre-2024", "nav_status"),
        {"moored": 5, "Under Way Using Engine": 0, "at anchor": 1, "undefined": None, "5": 5},
    ),
    "the recorder's word for no name": (
        *("aisstream-hormuz-tracker", "vessel_name"),
        dict.fromkeys(["Unknown (470009199)", "UNKNOWN (1)"])
        | {name: name for name in ("Unknown", "THE UNKNOWN (2)", "HELME")},
    ),
}


@pytest.mark.parametrize(("layout", "name", "expected"), WORDS.values(), ids=WORDS.keys())
def test_a_publishers_words_become_codes(layout: str, name: str, expected: dict[str, Any]) -> None:
    assert read_values(name, expected, layout) == expected


def test_an_imo_number_has_a_right_check_digit() -> None:
    good = ["9074729", "IMO9074729", "IMO 9074729", "imo9074729", " 9074729 "]
    bad = (
        "9074728 IMO9074728 0000000 IMO0000000 0 907472 90747290 1234568 9074729.5 -9074729 "
        "IMOIMO9074729 ９０７４７２９ 9074729E0 IMO"
    ).split()
    expected = dict.fromkeys(good, 9074729) | dict.fromkeys(bad)
    assert read_values("imo", expected) == expected


NAMES: dict[bytes, str | None] = {
    b"BARO": "BARO",
    b"  BARO  ": "BARO",
    b"BARO@@@@": "BARO",
    b"BARO @ @": "BARO",
    b"M@RY": "M@RY",
    b'"BARO, THE ""1ST"""': 'BARO, THE "1ST"',
    b"=cmd|'/c calc'!A0": "=cmd|'/c calc'!A0",
    b"<script>alert(1)</script>": "<script>alert(1)</script>",
    b"BA\x00RO": "BA RO",
    b"BA\x1b[31mRO": "BA [31mRO",
    b"BA\tRO": "BA RO",
    b"BA\xc2\x85RO": "BA RO",
    b"BJ\xc3\x98RN": "BJØRN",
    b"BJ\xd8RN": "BJØRN",
    b"\xff\xfe\xfa": "ÿþú",
    "НОВО".encode(): "НОВО",
    b"NULLARBOR": "NULLARBOR",
    b"NANTES": "NANTES",
    **dict.fromkeys((b"@@@@", b"", b"   ", b"\x01\x02\x03", b"NULL", b"null", b"None", b"nan")),
    **dict.fromkeys((b"NaN", b"\\N", b"N/A", b"(null)", b"<NA>", b"NA", b"#N/A", b" NULL ")),
    b"NULL@@": None,
}


def test_a_name_is_cleaned_and_nothing_is_null() -> None:
    """Each by itself, where nothing may be to clean, and all in one file."""
    lines = [
        row(vessel_name="%", mmsi=f"4221{i:05}").encode().replace(b"%", text)
        for i, text in enumerate(NAMES)
    ]
    names = [f["vessel_name"] for f in read_each(lines) if isinstance(f, dict)]
    assert dict(zip(NAMES, names, strict=True)) == NAMES
    alone = [read_all(day(line)).rows[0]["vessel_name"] for line in lines]
    assert alone == names


def test_each_field_has_its_own_encoding() -> None:
    line = row(vessel_name="BJØRN").encode().replace(b"EPAB1", b"EP\xd8")
    (found,) = read_each([line])
    assert isinstance(found, dict)
    assert (found["vessel_name"], found["call_sign"]) == ("BJØRN", "EPØ")


@pytest.mark.parametrize("quoted", [True, False], ids=["quoted in commas", "parted by semicolons"])
def test_a_decimal_comma_is_told_from_the_file(quoted: bool) -> None:
    changes = {"lon": "50,33123", "lat": "29,23456", "sog_kn": "0,1", "cog_deg": "123,4"}
    values = fields(DANISH, **changes, draught_m="12,5")
    mark = "," if quoted else ";"
    lines = [mark.join(f'"{v}"' if "," in v else v for v in values)]
    found = read_all(day(*lines, first=header(DANISH, mark)))
    assert found.rows == read_all(day(row(DANISH), layout=DANISH)).rows


def test_point_and_comma_are_read_in_one_file_in_any_order() -> None:
    point, comma = (
        {name: number.replace(".", mark) for name, number in numbers.items()}
        for numbers in [{"lon": "50.33123", "lat": "29.23456", "sog_kn": "7.5", "draught_m": "9.5"}]
        for mark in ".,"
    )
    rows = [fields(DANISH, mmsi=f"42200000{n}", **point) for n in range(2)]
    rows += [fields(DANISH, mmsi=f"42200000{n}", **comma) for n in range(2, 4)]
    for order in (rows, rows[::-1]):
        found = read_all(day(*map(";".join, order), first=header(DANISH, ";")))
        assert [(r["lon"], r["lat"], r["sog_kn"], r["draught_m"]) for r in found.rows] == [
            (50.33123, 29.23456, 7.5, 9.5)
        ] * 4


def test_the_decimal_comma_is_found_behind_rows_without_a_place() -> None:
    lines = [";".join(fields(DANISH, lat=lat, lon="5")) for lat in ("", "91", "x", "29,5")]
    found = read_all(day("", *lines, first=header(DANISH, ";")))
    assert [(r["line"], r["lat"]) for r in found.rows] == [(6, 29.5)]


# Units and sums


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 181 degrees is "not available"; 20 cm beyond 180 is no position that is bent to fit.
        ("lon", {"30198738": 50.33123, "-108000000": -180.0, "108600000": NO_POSITION}),
        ("lon", {"108000001": BAD_POSITION}),
        ("lat", {"54600000": NO_POSITION, "-54000000": -90.0}),
        ("sog_kn", {"1022": np.float32(102.2), "1023": None, "1024": None}),
        ("cog_deg", {"3599": np.float32(359.9), "3600": None}),
        ("heading_deg", {"511": None, "359": 359.0}),
        ("draught_m", {"255": 25.5, "0": None}),
    ],
)
def test_ais_encoding_is_converted_to_degrees_knots_and_metres(
    name: str, expected: dict[str, Any]
) -> None:
    column = SOURCES["aishub-encoded"].columns[name]
    assert read_values(name, expected, "aishub-encoded", column) == expected


@pytest.mark.parametrize("layout", ["aishub", "aishub-encoded", "vt-explorer"])
def test_a_length_is_bow_and_stern_or_nothing(layout: str) -> None:
    sizes = {
        **{("197", "27"): 224.0, ("511", "511"): 1022.0, ("0", "0"): None},
        **dict.fromkeys([("0", "240"), ("240", "0")], 240.0),  # the antenna's place is not known
        **dict.fromkeys([("512", "10"), ("-10", "250"), ("", "240"), ("240", "")]),
        **dict.fromkeys([("240", "x"), ("nan", "240"), ("inf", "1")]),
    }
    lines = []
    for number, (bow, stern) in enumerate(sizes):
        values = fields(layout, mmsi=f"4221{number:05}")
        at = [SOURCES[layout].header.index(c) for c in SOURCES[layout].mapping["length_m"]]
        values[at[0]], values[at[1]] = bow, stern
        lines.append(",".join(values))
    found = [f["length_m"] for f in read_each(lines, layout) if isinstance(f, dict)]
    assert dict(zip(sizes, found, strict=True)) == sizes


def test_marinetraffics_speed_is_in_tenths() -> None:
    lines = [
        "422100987,9074729,1,27.14,56.2,127,91,90,0,2026-04-15T00:02:00,SAT,2",
        "422100987,9074729,1,27.15,56.2,1023,511,360,15,2026-04-15T00:03:00,TER,3",
    ]
    first, second = read_all(day(*lines, layout="marinetraffic")).rows
    assert (round(first["sog_kn"], 1), first["heading_deg"], first["cog_deg"]) == (12.7, 91, 90)
    assert [second[k] for k in ("sog_kn", "heading_deg", "cog_deg", "nav_status")] == [None] * 4


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_number_may_have_a_zero_behind_the_point(layout: str) -> None:
    source, values = SOURCES[layout], fields(layout)
    ours = {published: name.partition("[")[0] for name, published in source.columns.items()}
    whole = ["mmsi", "imo", "nav_status", "ship_type", "heading_deg", "length_m", "beam_m"]
    with_zero = [
        f"{v}.0" if ours.get(c) in whole and v.isdigit() else v
        for c, v in zip(source.header, values, strict=True)
    ]
    assert with_zero != values
    usual = read_each([",".join(values)], layout)
    assert read_each([",".join(with_zero)], layout) == usual


def test_a_null_of_a_database_is_null_in_every_column() -> None:
    names = [*STATIC, "sog_kn", "cog_deg", "heading_deg", "nav_status"]
    words = sorted({word for null in NULLS for word in (null, null.upper())})
    lines = [
        row("aisstream-listen", mmsi=f"4221{i:05}", **dict.fromkeys(names, word))
        for i, word in enumerate(words)
    ]
    for found in read_each(lines, "aisstream-listen"):
        assert isinstance(found, dict)
        assert {name: found[name] for name in names} == dict.fromkeys(names)
