"""A terminal of 80 columns shows what a wide one does."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from flows.report import terminal

CALL = {
    "vessel_name": "VOLGA ONE",
    "mmsi": 273000001,
    "imo": 9000001,
    "flag": "RU",
    "port_name": "Neka oil terminal",
    "arrived_at": datetime(2026, 3, 19, 8, 8),
    "departed_at": datetime(2026, 3, 20, 20, 4),
    "area_kind": "berth",
    "link_tier": "strong",
    "link_reasons": "flag, trade",
    "is_iran_listed": True,
    "is_in_headline": True,
}
SHOWN = ("VOLGA ONE", "9000001", "RU", "Neka", "Thu 19 08:08", "Fri 20 20:04", "berth", "strong")


@pytest.mark.parametrize("width", [80, 140])
def test_no_cell_of_a_call_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(terminal, "_console", lambda: Console(width=width, file=out))
    terminal.show(terminal._calls_table([CALL]))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert [cell for cell in SHOWN if cell not in text] == []
    assert "Iran's" in text and "too" in text
