"""What was heard, on the bundled sample (SIMULATED): late files raise it, no zero is unheard."""

from __future__ import annotations

from pathlib import Path

from flows.catalogue import access
from flows.home.settings import Settings
from tests.conftest import FillHome

LATE = slice(9, 11)
"""Two days in the middle of the second week."""


def shares(settings: Settings) -> dict[str, float]:
    with access.reading(settings) as con:
        return dict(con.execute("select week, observed_share from barometer").fetchall())


def test_a_late_file_raises_what_was_heard(
    fill_home: FillHome, sample_days: list[Path], tmp_path: Path, sample_home: Settings
) -> None:
    in_time = [day for day in sample_days if day not in sample_days[LATE]]
    before = shares(fill_home(tmp_path / "home", in_time))
    after = shares(fill_home(tmp_path / "home", sample_days[LATE]))
    assert before["2026-W11"] < after["2026-W11"] - 0.1
    assert after == shares(sample_home)


def test_a_port_that_no_source_hears_is_unobserved_and_has_no_zero(sample_home: Settings) -> None:
    query = """
        select port_id, count(port_calls), list(distinct state), max(observed_share)
        from weekly_port_calls
        where port_id in (
            select port_id from coverage group by port_id having sum(observed_hours) = 0
        )
        group by port_id
    """
    with access.reading(sample_home) as con:
        assert con.execute(query).fetchall() == [("IRZBR", 0, ["unobserved"], 0.0)]


def test_a_day_says_by_how_many_of_its_hours_it_was_heard(sample_home: Settings) -> None:
    query = """
        select count(*) from coverage
        where
            observed_hours not between 0 and 24
            or (state = 'unobserved') <> (observed_hours = 0)
            or (state = 'complete') <> (observed_hours >= 23)
    """
    with access.reading(sample_home) as con:
        assert con.execute(query).fetchone() == (0,)
        assert con.execute("select count(distinct state) from coverage").fetchone() == (3,)
