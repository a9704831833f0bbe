"""What is alerted: what begins, of the newest closed weeks alone, under a name that stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.build.derivation import Row, derive, rows, session

FIRST = date(2026, 3, 2)
WEEKS = [f"2026-W{10 + number}" for number in range(8)]
"""W10 to W17; the last is open, so that W13 to W16 are alerted, and W16 is the newest."""
SERIES = "russian_linked_tankers"


def ends_at(week: str) -> datetime:
    return datetime.fromisocalendar(int(week[:4]), int(week[-2:]), 1) + timedelta(days=7)


def table(columns: dict[str, pa.DataType], *found: dict[str, Any]) -> pa.Table:
    every = [dict.fromkeys(columns) | row for row in found]
    return pa.Table.from_pylist(every, schema=pa.schema(list(columns.items())))


TEXT, COUNT, SHARE = pa.string(), pa.int64(), pa.float32()
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "week": {"week": TEXT, "ends_at": pa.timestamp("us"), "is_open": pa.bool_()},
    "barometer": {"week": TEXT, "word": TEXT, "word_weeks": COUNT, "series": TEXT, "state": TEXT},
    "series_window": {
        **{"week": TEXT, "series": TEXT, "view": TEXT, "weeks": COUNT, "calls": COUNT},
        **{"rate_a_week": SHARE, "before_rate_a_week": SHARE, "before_weeks": COUNT},
    },
    "restatement": {
        **{"restatement_id": COUNT, "restated_at": pa.timestamp("us"), "run_id": COUNT},
        **{"week": TEXT, "old_port_calls": COUNT, "new_port_calls": COUNT, "reasons": TEXT},
        **{"calls_came": TEXT, "calls_went": TEXT, "number": TEXT, "series": TEXT},
    },
    "agreement": {
        **{"publisher": TEXT, "series": TEXT, "scope": TEXT, "place": TEXT, "week": TEXT},
        **{"weeks": COUNT, "diverges": pa.bool_(), "ours": COUNT, "theirs": SHARE},
        **{"ours_before": COUNT, "theirs_before": SHARE, "before_heard_weeks": COUNT},
    },
    "port_reception": {"week": TEXT, "source": TEXT, "heard_hours": COUNT, "port_id": TEXT},
    "register_age": {
        **{"link_source": TEXT, "published_on": pa.date32(), "old_from": pa.date32()},
        **{"is_old": pa.bool_()},
    },
    "port": {"port_id": TEXT, "country": TEXT},
    "port_call": {
        **{"port_call_id": TEXT, "imo": COUNT, "mmsi": COUNT, "vessel_name": TEXT},
        **{"port_id": TEXT, "port_name": TEXT, "arrived_at": pa.timestamp("us"), "week": TEXT},
        **{"confidence": COUNT, "is_arrival": pa.bool_(), "is_tanker": pa.bool_()},
        **{"is_russian_linked": pa.bool_()},
    },
    "call_evidence": {"port_call_id": TEXT, "link_source": TEXT},
    "call_voyage": {"port_call_id": TEXT, "series": TEXT, "is_first_call": pa.bool_()},
}


def alerts(watchlist: list[tuple[str, str | None]] | None = None, /, **found: Any) -> list[Row]:
    """The alerts of relations of a few rows."""
    found["week"] = [
        {"week": week, "ends_at": ends_at(week), "is_open": week == WEEKS[-1]} for week in WEEKS
    ]
    found["port"] = [{"port_id": "IRKHK", "country": "IR"}, {"port_id": "RUNVS", "country": "RU"}]
    entries = [
        {"line": line, "kind": kind, "value": value, "note": f"note {line}"}
        for line, (kind, value) in enumerate(watchlist or [], 2)
    ]
    tables = {name: table(of, *found.get(name, [])) for name, of in COLUMNS.items()}
    with session({"watchlist": entries}, **tables) as con:
        derive(con, "alert")
        return rows(con, "from alert order by alert_id")


def ids(found: list[Row]) -> list[str]:
    return [row["alert_id"] for row in found]


def word(words: list[str | None], weeks: int = 4, series: str = SERIES) -> dict[str, list[Row]]:
    """A series by the words of its weeks, and its windows."""
    common = {"series": series, "word_weeks": weeks}
    window = {"series": series, "weeks": weeks, "calls": 9, "rate_a_week": 2.25}
    window |= {"before_rate_a_week": 0.75, "before_weeks": 26, "view": "today"}
    states = ["complete"] * 7 + ["open"]
    return {
        "barometer": [
            common | {"week": week, "word": word, "state": state}
            for week, word, state in zip(WEEKS, words, states, strict=True)
        ],
        "series_window": [window | {"week": week} for week in WEEKS],
    }


NONE = "no clear change"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([NONE] * 7, []),
        ([NONE] * 6 + ["rise"], ["rise 2026-W16"]),
        ([NONE] * 4 + ["rise"] * 3, ["rise 2026-W14"]),
        (["rise"] * 7, []),
        ([NONE, "rise", *["fall"] * 5], []),
        ([NONE] * 3 + ["rise", "fall", "fall", "rise"], "rise W13 fall W14 rise W16"),
        ([NONE] * 3 + ["fall", NONE, "fall", "not enough heard"], "fall W13 fall W15"),
    ],
    ids=["none", "newest", "goes on", "began before", "before", "turns", "begins again"],
)
def test_a_rise_or_fall_is_alerted_where_it_begins(words: list[str], wanted: Any) -> None:
    if isinstance(wanted, str):
        parts = wanted.split()
        wanted = sorted(
            f"{kind} 2026-{week}" for kind, week in zip(parts[::2], parts[1::2], strict=True)
        )
    found = alerts(**word([*words, None]))
    assert ids(found) == wanted
    assert [row["is_newest"] for row in found] == [row["week"] == "2026-W16" for row in found]


def test_another_series_and_the_open_week_are_not_alerted() -> None:
    words = [*[NONE] * 6, NONE, "rise"]
    assert alerts(**word(words)) == []
    assert alerts(**word([*[NONE] * 6, "rise", None], series="corridor_dry_cargo")) == []


def test_a_rise_says_over_which_weeks() -> None:
    (row,) = alerts(**word([*[NONE] * 6, "rise", None]))
    text = "9 calls in the 4 weeks up to it, 2.2 a week, against 0.8 a week in the 26 weeks before"
    assert (row["subject"], row["text"], row["detail"]) == ("2026-W16", text, None)
    (row,) = alerts(**word([*[NONE] * 6, "fall", None], weeks=1))
    assert row["text"].startswith("9 calls in the week, ")


def restated(week: str, at: datetime, run: int = 7, **changes: Any) -> Row:
    return {
        **{"restatement_id": run, "restated_at": at, "run_id": run, "week": week, "series": SERIES},
        **{"old_port_calls": 3, "new_port_calls": 5, "reasons": "late file"},
        **{"number": "russian_linked_tanker_calls"},
    } | changes


def test_a_restated_headline_is_alerted_once_a_run_however_old_the_week() -> None:
    recent, newest = ends_at("2026-W13"), ends_at("2026-W16")
    found = alerts(
        restatement=[
            restated("2025-W40", newest, 9, calls_came="VOLNA"),
            restated("2026-W14", recent),
            restated("2026-W14", recent - timedelta(hours=1), 6),
            restated("2026-W15", newest, 8, new_port_calls=3, old_state="partial"),
            restated("2026-W15", newest, 8, number="tanker_calls"),
            restated("2026-W15", newest, 8, series="corridor_dry_cargo"),
            restated("2026-W16", newest, 9, old_port_calls=None),
        ]
    )
    assert [(row["alert_id"], row["is_newest"], row["text"]) for row in found] == [
        (
            "restated 2025-W40 on 2026-04-20 00:00 to 5",
            True,
            "from 3 to 5 Russian-linked calls (late file)",
        ),
        (
            "restated 2026-W14 on 2026-03-30 00:00 to 5",
            False,
            "from 3 to 5 Russian-linked calls (late file)",
        ),
        (
            "restated 2026-W16 on 2026-04-20 00:00 to 5",
            True,
            "from no number to 5 Russian-linked calls (late file)",
        ),
    ]
    assert [row["detail"] for row in found] == ["came: VOLNA", None, None]


def compared(diverging: str, weeks: int = 1, **changes: Any) -> list[Row]:
    return [
        {
            **{"publisher": "PortWatch", "series": "tanker_calls", "scope": "coast"},
            **{"place": "Iran", "week": week, "weeks": weeks, "diverges": week[-3:] in diverging},
            **{"ours": 9, "theirs": 30.0, "ours_before": 80, "theirs_before": 90.0},
            **{"before_heard_weeks": 8},
        }
        | changes
        for week in WEEKS
    ]


def test_a_witness_that_diverges_is_alerted_where_it_begins() -> None:
    found = alerts(
        agreement=[
            *compared("W13 W14 W15"),
            *compared("W14 W15 W16", 4),
            *compared("W16", place="Kharg Island", scope="port"),
        ]
    )
    assert ids(found) == [
        "diverges PortWatch tanker_calls coast Iran 2026-W13",
        "diverges PortWatch tanker_calls port Kharg Island 2026-W16",
    ]
    text = "9 calls of ours to 30 of theirs in the week, against 80 to 90 in the 8 weeks before"
    assert found[0]["text"] == text and found[0]["subject"] == "PortWatch, Iran"


def test_a_source_is_silent_that_was_heard_the_week_before() -> None:
    hours = {"dma": [9, 9, 9, 0, 0, 5, 0], "gfw": [9, 0, 0, 0, 0, 0, 0], "own": [9] * 7}
    reception = [
        {"week": week, "source": source, "port_id": port, "heard_hours": number}
        for source, of in hours.items()
        for week, number in zip(WEEKS, of, strict=False)
        for port in ("IRKHK", "IRBUZ")
    ]
    found = alerts(port_reception=reception)
    assert ids(found) == ["silent dma 2026-W13", "silent dma 2026-W16"]
    assert found[1]["text"] == "no Iranian port heard in 2026-W16; 10 port hours in the week before"


def test_a_list_is_too_old_once_a_version() -> None:
    lists = [
        {"link_source": name, "published_on": FIRST, "old_from": date(2026, 5, 2), "is_old": is_old}
        for name, is_old in (("OFAC SDN", True), ("EU 833/2014", False))
    ]
    (row,) = alerts(register_age=lists)
    assert (row["alert_id"], row["week"]) == ("old list OFAC SDN 2026-03-02", None)
    assert row["is_newest"] and row["text"] == "from 2 March 2026, older than 60 days"


def call(name: str, week: str = "2026-W16", **changes: Any) -> Row:
    return {
        **{"port_call_id": name, "imo": 9999993, "mmsi": 273399990, "vessel_name": name},
        **{"port_id": "IRKHK", "port_name": "Kharg Island", "week": week, "confidence": 4},
        **{"arrived_at": ends_at(week) - timedelta(hours=1), "is_arrival": True},
        **{"is_tanker": True, "is_russian_linked": True},
    } | changes


CALLS = [
    *(call("a"), call("b", "2026-W13"), call("before", "2026-W12"), call("open", "2026-W17")),
    *(call("contested", confidence=1), call("in port", is_arrival=False)),
    call("other", imo=9074729, mmsi=422999990, is_russian_linked=False),
    call("Russia", port_id="RUNVS"),
    call("no number", imo=None, mmsi=352999990),
]


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (("imo", "9999993"), "a b"),
        (("imo", "9074729"), "other"),
        (("mmsi", "352999990"), "no number"),
        (("port", "IRKHK"), "a b,no number"),
        (("port", "IRBUZ"), ""),
        (("list", "OFAC SDN"), "b"),
        (("first-time caller", None), "a"),
    ],
)
def test_calls_of_what_is_watched_are_alerted(entry: tuple[str, str | None], wanted: str) -> None:
    evidence = [{"port_call_id": name, "link_source": "OFAC SDN"} for name in ("b", "b", "before")]
    voyages = [
        {"port_call_id": name, "series": SERIES, "is_first_call": is_first}
        for name, is_first in (("a", True), ("b", False), ("other", True), ("before", True))
    ]
    given = {"port_call": CALLS, "call_evidence": evidence, "call_voyage": voyages}
    assert alerts(**given) == []
    found = alerts([entry], **given)
    names = [row["subject"] for row in found]
    assert names == [
        name
        for part in wanted.split(",")
        for name in ([part] if part == "no number" else part.split())
    ]
    kind = "first call" if entry[1] is None else "watched call"
    assert {row["kind"] for row in found} <= {kind}


def test_a_call_watched_twice_is_one_alert_with_both_notes() -> None:
    (row,) = alerts(
        [("port", "IRKHK"), ("first-time caller", None), ("imo", "9999993")],
        port_call=[call("a")],
        call_voyage=[{"port_call_id": "a", "series": SERIES, "is_first_call": True}],
    )
    assert (row["alert_id"], row["kind"]) == ("call a", "watched call")
    assert row["text"] == (
        "IMO 9999993, MMSI 273399990, at Kharg Island on 19 April 2026, 23:00 UTC; "
        "watched: port IRKHK, first-time caller, IMO 9999993"
    )
    assert row["detail"] == "note 2; note 3; note 4"
    assert row["evidence"] == "from port_call where port_call_id = 'a'"


def test_a_ship_without_a_name_or_a_number_is_alerted() -> None:
    given = [call("a", imo=None, vessel_name=None)]
    (row,) = alerts([("port", "IRKHK")], port_call=given)
    assert row["subject"] == "a ship without a name" and row["text"].startswith(
        "MMSI 273399990, at"
    )
