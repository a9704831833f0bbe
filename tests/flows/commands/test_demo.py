"""`barometer run --demo`: what a year has to show, and what a terminal shows meanwhile."""

from __future__ import annotations

import logging
import os
import pty
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.catalogue import access
from flows.cli import main
from flows.commands.run import demo_feeds
from flows.commands.shared import logs_said
from flows.home.settings import BarometerError, Settings
from flows.report.tables import records, week_folder
from flows.report.terminal import week_view
from flows.simulate import year
from tests.build.files import day, fleet, write
from tests.conftest import ROOT

pytestmark = pytest.mark.timeout(1200)
"""The first test makes the year."""

HEADLINE = "series = 'russian_linked_tankers'"
NEWEST = "2026-W12"


def found(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with access.reading(settings) as con:
        return con.sql(query).fetchall()


def test_the_series_has_a_year_with_limits_and_two_weeks_without_a_number(
    year_home: Settings,
) -> None:
    weeks = found(
        year_home,
        f"select week, state, russian_linked_berth_calls, low_95, high_95 from barometer "
        f"where {HEADLINE} order by week",
    )
    assert len(weeks) == 52 and weeks[-1][0] == NEWEST
    lost = [week for week in weeks if week[1] == "unobserved"]
    assert [week[0] for week in lost] == ["2025-W41", "2025-W42"]
    assert {week[2:] for week in lost} == {(None, None, None)}
    for _, _, calls, low, high in set(weeks) - set(lost):
        assert low < calls < high


def test_a_rise_is_called_in_the_newest_week_and_none_before_it_began(
    year_home: Settings,
) -> None:
    changes = dict(
        found(
            year_home,
            f"select week, list(word order by weeks) from series_window where {HEADLINE} "
            "and view = 'today' group by week",
        )
    )
    assert "rise" in changes[NEWEST]
    early = {word for week, words in changes.items() if week < "2026-W08" for word in words}
    assert early <= {"no clear change", "not enough heard"}


def test_ships_are_linked_by_every_reason_and_some_without_the_flag(year_home: Settings) -> None:
    (sums,) = found(
        year_home,
        "select sum(listed_calls), sum(flag_calls), sum(owner_calls), sum(trade_calls) "
        f"from barometer where {HEADLINE}",
    )
    assert min(sums) > 20
    (shadow,) = found(
        year_home, "select count(*) from port_call where is_russian_linked and flag <> 'RU'"
    )
    assert shadow[0] > 50


def test_a_published_week_is_restated_by_the_file_that_came_late(year_home: Settings) -> None:
    [(week, before, after, why)] = found(
        year_home,
        "select distinct week, old_port_calls, new_port_calls, reasons::text from restatement "
        f"where {HEADLINE} and port_id is null and number = 'russian_linked_berth_calls'",
    )
    assert week == "2026-W10" and before < after and "late file" in why


def test_volume_corridor_and_a_witness_that_disagrees_in_the_last_weeks(
    year_home: Settings,
) -> None:
    [(payload_t, low_t, high_t)] = found(
        year_home,
        "select payload_t, payload_low_90_t, payload_high_90_t from oil_volume "
        f"where {HEADLINE} and week = '{NEWEST}' and direction = 'loading' and water is null "
        "and link_tier is null",
    )
    assert 0 < low_t < payload_t < high_t
    [(corridor,)] = found(
        year_home,
        "select sum(russian_linked_berth_calls) from barometer where series = 'corridor_dry_cargo'",
    )
    assert corridor > 52
    diverging = found(
        year_home, "select distinct week from agreement where diverges and scope = 'coast'"
    )
    assert sorted(diverging) == [("2026-W11",), (NEWEST,)]


def test_all_that_shows_the_year_says_that_it_is_simulated(year_home: Settings) -> None:
    assert (week_folder(year_home.home, NEWEST) / "SIMULATED.txt").exists()
    with access.reading(year_home) as con:
        view = week_view(con, NEWEST)
        assert records(con, "report/notes", week=NEWEST)[0]["is_simulated"]
    assert view is not None
    names = found(
        year_home,
        "select distinct witness from witness_file union select distinct publisher "
        "from outside_series union select distinct link_source from vessel_link "
        "where link_reason in ('listed', 'owner') and imo in (select imo from port_call)",
    )
    assert sorted(names) == [("SIMULATED",), ("simulated PortWatch",)]
    ships = found(year_home, "select distinct vessel_name from port_call")
    assert all(name.startswith("SIM ") for (name,) in ships if name)


def test_the_ship_of_the_readme_has_calls(year_home: Settings) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    numbers = re.findall(r"barometer (?:vessel|ports .*--ship) (\d+)", readme)
    shown = {(int(number),) for number in numbers}
    assert shown and shown <= set(found(year_home, "select distinct imo from port_call"))


def test_a_home_that_has_the_year_gets_the_last_run_alone(
    year_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To write the year once more, the same bytes, takes seconds."""
    feeds = [year.Feed(year_home.as_of - timedelta(days=days), []) for days in (7, 0)]
    monkeypatch.setattr(year, "write_year", lambda folder: year.Year(folder / "list.csv", feeds))
    assert [feed.settings.as_of for feed in demo_feeds(year_home)] == [year_home.as_of]


def test_simulated_positions_are_not_mixed_with_others(sample_home: Settings) -> None:
    with pytest.raises(BarometerError, match="must not be mixed"):
        demo_feeds(sample_home)
    assert not (sample_home.home / "demo").exists()


@pytest.mark.parametrize("more", [["x.csv"], ["--fetch"], ["--as-of", "2026-03-23T06:00"]])
def test_the_year_is_taken_in_alone(more: list[str], tmp_path: Path) -> None:
    assert main(["run", "--demo", *more, "--home", str(tmp_path)]) == 2


def test_the_line_shows_what_this_program_logs_and_not_what_prefect_does() -> None:
    lines: list[str] = []
    log = logging.getLogger("prefect.flow_runs.test")
    log.setLevel(logging.INFO)
    with logs_said(lines.append):
        log.info("first\nsecond")
        log.debug("detail")
        logging.getLogger("barometer.report").info("report of 2026-W12")
        log.handle(
            log.makeRecord(log.name, logging.INFO, "/x/prefect/engine.py", 1, "state", (), None)
        )
    log.info("later")
    assert lines == ["first", "report of 2026-W12"]


AS_BEFORE = """
import sys
from flows import cli
from flows.runner import run

run.derive = lambda *given, **how: []
sys.exit(cli.main())
"""
"""The command on a home whose numbers stay those of the run before."""


@pytest.mark.usefixtures("prefect_server")
def test_a_terminal_shows_prefects_log_only_if_asked_and_ends_with_the_page(tmp_path: Path) -> None:
    file = write(tmp_path, day(*fleet(3)))
    words = ["run", str(file), "--home", str(tmp_path / "home")]
    for is_verbose, program in ((False, ["-m", "flows.cli"]), (True, ["-c", AS_BEFORE])):
        here, there = pty.openpty()
        with subprocess.Popen(
            [sys.executable, *program, *words, *["--verbose"][:is_verbose]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=there,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
        ) as process:
            os.close(there)
            shown = b""
            try:
                while part := os.read(here, 4096):
                    shown += part
            except OSError:  # the other end was closed
                pass
            finally:
                os.close(here)
            assert process.stdout is not None
            last = process.stdout.read().decode().splitlines()[-1]
        assert process.returncode == 0
        assert (b"Finished in state" in shown) == is_verbose
        assert last.startswith("Open in a browser: ") and last.endswith("report.html")
        assert Path(last.partition(": ")[2]).exists()
