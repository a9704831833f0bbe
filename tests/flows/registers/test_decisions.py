"""`link_decisions.csv`: a row that is no decision is named with its line, and costs no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.registers.decisions import FILE, read_decisions

HEADER = "mmsi,imo,decision,from,to,by,on,why"
GOOD = "352003487,9187629,confirm,2026-01-01,2026-01-01,M. K.,2026-04-20,same call sign"


LONG, OPEN = "x" * 200_000, "352003487,9187629,refuse,,,"
BAD = {
    "a field beyond the reader's limit": (f"{GOOD}{LONG}", "field larger than field limit"),
    "a long MMSI": (f"{'x' * 100_000},9187629,confirm,,,,,", "expected nine digits"),
    "a NUL in a word": ("352003487,9187629,conf\0irm,,,,,", "a NUL character"),
    "a NUL alone": ("\0", "a NUL character"),
    "a quote that stays open": (f'{OPEN}"M. K.,2026-04-20,', "a quote is not closed"),
    "a quote within a field": (f'{OPEN}"M." K.,2026-04-20,', "expected after"),
    "from after to": (
        *("352003487,9187629,refuse,2026-02-01,2026-01-31,,,", "from 2026-02-01 is after to 2026-"),
    ),
    "no ISO day": (
        *("352003487,9187629,refuse,31.1.2026,,,,", "'31.1.2026', expected a day such as"),
    ),
    "cut": ("352003487,9187629", "decision is empty"),
    "empty fields": (",,,,,,,", "mmsi is empty, expected nine"),
    "a wrong check digit": (
        *("352003487,9187628,refuse,,,,,", "'9187628', expected seven digits"),
    ),
}


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named_and_costs_no_other(tmp_path: Path, line: str, reason: str) -> None:
    text = "\r\n".join([HEADER, GOOD, line, "", GOOD.replace("confirm", "refuse")])
    (tmp_path / FILE).write_text(text, encoding="utf-8", newline="")
    decisions, (fault,) = read_decisions(tmp_path)
    assert [row["decision"] for row in decisions.to_pylist()] == ["confirm", "refuse"]
    assert fault.startswith(f"{tmp_path / FILE} line 3: ") and reason in fault
    assert len(fault) < len(str(tmp_path)) + 400


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 1000, b'"' * 9, b"\xff\xfe\0m", b"x" * 200_000, HEADER.encode("utf-16")],
    ids=["empty", "NULs", "quotes", "no UTF-8", "one long field", "UTF-16"],
)
def test_another_file_is_one_fault(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    decisions, faults = read_decisions(tmp_path)
    assert decisions.num_rows == 0 and len(faults) == 1


def test_a_byte_order_mark_and_missing_columns(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"\ufeff{HEADER}\n{GOOD}\n", encoding="utf-8")
    assert (read_decisions(tmp_path)[0].num_rows, read_decisions(tmp_path)[1]) == (1, [])
    (tmp_path / FILE).write_text("ship,hull\n1,2\n", encoding="utf-8")
    assert "no column mmsi, imo, decision" in read_decisions(tmp_path)[1][0]
    header = HEADER.replace(",from,to,", ",Valid from,to,")
    assert header != HEADER
    (tmp_path / FILE).write_text(f"{header}\n{GOOD}\n", encoding="utf-8")
    decisions, faults = read_decisions(tmp_path)
    assert decisions.num_rows == 0 and "'valid from' looks like from" in faults[0]
