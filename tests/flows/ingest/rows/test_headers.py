"""A header in the middle of a file: read on by it, or not at all; never by the wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.home.settings import BarometerError, Settings
from flows.ingest.rows import blocks, parse, reasons
from tests.build.files import (
    LAYOUTS,
    Read,
    day,
    header,
    ingest,
    positions,
    read_all,
    rejects,
    row,
    write,
)

OLD, NEW = LAYOUTS[0], LAYOUTS[1]


def part(layout: str, start: int, count: int) -> list[str]:
    """A header and lines of a layout, a fix of its own each."""
    rows = [
        row(layout, mmsi=f"{422_000_000 + i}", lon=f"56.{i:05d}", lat=f"27.{i:05d}")
        for i in range(start, start + count)
    ]
    return [header(layout), *rows]


def places(found: Read) -> list[tuple[int, float, float]]:
    return [(r["mmsi"] - 422_000_000, r["lon"], r["lat"]) for r in found.rows]


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.sampled_from(LAYOUTS), st.integers(0, 4)), min_size=2, max_size=6),
    st.integers(1, 600),
    st.integers(20, 600),
    st.sampled_from([b"\n", b"\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_files_put_one_behind_the_other_are_read_each_by_its_own_header(
    monkeypatch: pytest.MonkeyPatch,
    parts: list[tuple[str, int]],
    block: int,
    careful: int,
    end: bytes,
    mark: bytes,
) -> None:
    content, number = b"", 0
    for layout, count in parts:
        lines = part(layout, number, count)
        number += count
        content += mark + b"".join(line.encode() + end for line in lines)
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(parse, "CAREFUL_BYTES", careful)
        patch.setattr(blocks, "FINGERPRINT_BYTES", block)
        found = read_all(content)
    assert found.rejects == []
    assert found.count == number
    assert places(found) == [
        (i, round(56 + i / 1e5, 5), round(27 + i / 1e5, 5)) for i in range(number)
    ]


def test_a_header_behind_a_row_without_a_line_end_ends_its_layout() -> None:
    old, new = part(OLD, 0, 2), part(NEW, 2, 2)
    content = "\n".join(old) + "\n".join(new) + "\n"
    found = read_all(content.encode())
    assert [i for i, _, _ in places(found)] == [0, 1, 2, 3]
    assert all(55 < lon < 57 and 26 < lat < 28 for _, lon, lat in places(found))
    assert (found.count, found.rejects) == (4, [])


def test_a_line_over_the_limit_behind_another_header_is_one_reject() -> None:
    """The lines before it fill what is read with the header, so that one block has it all."""
    long = "x" * (reasons.MAX_LINE_BYTES + 1)
    before, behind = part(OLD, 0, 2000), part(NEW, 2000, 2)
    assert len("\n".join(before)) > blocks.FINGERPRINT_BYTES
    for lines in (
        [*before, long, *behind],
        [*before, *behind, long],
        [*before, long, *behind, long],
    ):
        found = read_all(("\n".join(lines) + "\n").encode())
        wrong = [number for number, line in enumerate(lines, 1) if line == long]
        assert found.reasons == [(number, reasons.LONG_LINE) for number in wrong]
        assert (len(found.rows), found.count) == (2002, 2002 + len(wrong))


def test_a_repeated_header_is_no_row_and_a_delimiter_and_decimal_mark_go_with_theirs() -> None:
    comma = [line.replace(",", ";").replace(".", ",") for line in part(OLD, 5, 3)]
    result = read_all(("\n".join([*part(OLD, 0, 3), *comma, header(NEW)]) + "\n").encode())
    assert [i for i, _, _ in places(result)] == [0, 1, 2, 5, 6, 7]
    assert (result.count, result.rejects) == (6, [])


UNKNOWN = "ship_mmsi,when,longitude_deg,latitude_deg,sog,cog,heading,a,b,c,d,e,f,g,h,i,j"


def test_a_second_header_that_fits_no_source_fails_the_file(home: Settings, tmp_path: Path) -> None:
    exchanged = header(NEW).replace("longitude", "x").replace("latitude", "y")
    for first in (
        *(UNKNOWN, UNKNOWN + ",k", header(OLD).replace("LAT", "Latitude")),
        *(exchanged, "\ufeff" + exchanged),
    ):
        lines = [*part(NEW, 0, 3), first, row(NEW)]
        (outcome,) = ingest(home, write(tmp_path, ("\n".join(lines) + "\n").encode()))
        assert outcome.state == "failed"
        assert "a second header in line 5" in outcome.message
    assert positions(home) == rejects(home) == []


def test_a_name_that_a_ship_sends_is_no_header() -> None:
    names = ["MMSI", "MMSI LAT LON", '"MMSI,LAT,LON"', "MMSI,BaseDateTime,LAT,LON", header(OLD)]
    for name in names:
        result = read_all(day(row(vessel_name=name), row(mmsi="422000001"), "junk"))
        assert 3 in result.kept and result.count == 3


def test_layouts_that_change_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_HEADERS", 5)
    content = "\n".join(x for i in range(8) for x in part((OLD, NEW)[i % 2], i, 1)).encode()
    with pytest.raises(BarometerError, match="more than 5 headers"):
        read_all(content)
