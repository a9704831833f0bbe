"""The part on memory: what grows with something else than the rows of a file. All SIMULATED."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb

from tests.measure.benchmark.days import FIRST_DAY
from tests.measure.benchmark.parts import Given, scratch
from tests.measure.benchmark.process import JobFailed, job, say, watched
from tests.measure.benchmark.table import Found, Table

CALLS_A_DAY = 10
SHIP_DAY_FILES = 100

HEADER = """
select
    mmsi,
    strftime(moment, '%Y-%m-%d %H:%M:%S') as base_date_time,
    round(lon, 5) as longitude,
    round(lat, 5) as latitude,
    sog,
    0.0 as cog,
    0 as heading,
    name as vessel_name,
    'IMO' || (9000000 + ship) as imo,
    'CALL' || ship as call_sign,
    80 as vessel_type,
    0 as status,
    180 as length,
    30 as width,
    8.0 as draft,
    80 as cargo,
    'A' as transceiver
"""
"""The columns of MarineCadastre's layout of 2025, of rows with a ship, its name, time and place."""

JAMMED = f"""
copy (
    -- A ship lies 20 hours at a berth of Kharg, with the way there and back; ten come every day.
    with caller as (
        select
            ship,
            $first::timestamp + to_seconds(ship * 86400 / $calls_a_day) as arrival,
            unnest(range(-8, 29, 2)) as hour
        from range($days * $calls_a_day) as t (ship)
    ),
    called as (
        select
            ship,
            400000000 + ship as mmsi,
            arrival + to_hours(hour) as moment,
            -- 10 minutes of longitude an hour are some 9 knots.
            50.33 - 0.16 * greatest(0 - hour, hour - 20, 0) as lon,
            29.23 as lat,
            case when hour between 0 and 20 then 0.0 else 8.5 end as sog
        from caller
    ),
    -- Five ships at anchor off Fujairah, once a day all thrown to Kharg for one fix.
    anchored as (
        select
            900000 + ship as ship,
            500000000 + ship as mmsi,
            $first::timestamp + to_hours(hour) as moment,
            case when hour % 24 = 12 then 50.33 else 56.45 end + ship / 1000 as lon,
            case when hour % 24 = 12 then 29.23 else 25.2 end as lat,
            0.0 as sog
        from range(5) as t (ship), range(24 * $days) as u (hour)
    ),
    fix as (
        select *, 'SHIP ' || ship as name from called
        union all
        select *, 'SHIP ' || ship as name from anchored
    )
    {HEADER} from fix order by moment, mmsi
) to $path (format csv, header)
"""
SHIP_DAYS = f"""
copy (
    -- A report a ship and day; half of the ships change their name every ten days.
    with fix as (
        select
            ship,
            200000000 + 2000 * ship as mmsi,
            $first::timestamp + to_days($day::integer) + to_seconds(ship % 86400) as moment,
            -125 + (hash(ship) % 55000) / 1000.0 as lon,
            25.0 + (hash(ship * 3) % 24000) / 1000.0 as lat,
            0.1 as sog,
            'SHIP ' || ship || case when ship % 2 = 0 then ' ' || $day // 10 else '' end as name
        from range($ships) as t (ship)
    )
    {HEADER} from fix order by moment
) to $path (format csv, header)
"""
LIST = """
copy (
    -- The last digit of an IMO number is that of the others times 7 to 2 (IMO Res. A.1117(30)).
    with hull as (
        select row_number() over () as number, 100000 + i % 900000 as six from range($rows) as t (i)
    )
    select
        10 * six + (
            six // 100000 * 7 + six // 10000 % 10 * 6 + six // 1000 % 10 * 5
            + six // 100 % 10 * 4 + six // 10 % 10 * 3 + six % 10 * 2
        ) % 10 as imo,
        'SHIP ' || number as name,
        'strong' as tier,
        'owner' as reason,
        'SIMULATED' as source,
        $since as "from",
        null as "to"
    from hull
) to $path (format csv, header)
"""


def memory(given: Given) -> Found:
    """Peaks of calls times interference events at one port, of ship-days, and of a long list."""
    measured: dict[str, dict[str, Any]] = {}
    with scratch(given) as folder:
        jammed = [write_jammed(folder / "jammed.csv", given.jammed_days)]
        calls = given.jammed_days * CALLS_A_DAY
        measured[f"a run: {calls:,} calls, {given.jammed_days:,} interference events, one port"] = (
            _run(given, folder / "jammed", jammed)
        )
        listed = folder / "listed"
        for version, since in (("a list", "2020-01-01"), ("all of it changed", "2020-01-02")):
            path = folder / since / "list.csv"
            path.parent.mkdir()
            write_list(path, given.list_rows, since)
            say(f"{version}: {given.list_rows:,} rows")
            measured[f"`register import`: {version}, {given.list_rows:,} rows"] = _imported(
                listed, path, since
            )
        measured["a run with that list"] = _run(given, listed, jammed)
        days = [
            write_ship_days(folder / f"{day}.csv", given.ship_days // SHIP_DAY_FILES, day)
            for day in range(SHIP_DAY_FILES)
        ]
        measured[f"a run: {given.ship_days:,} ship-days"] = _run(given, folder / "days", days)
    rows = [(name, figure["seconds"], figure["peak_mb"]) for name, figure in measured.items()]
    note = "A process each, once. Reports are not in it."
    return Found([Table("Memory", note, ("", "seconds", "peak MB"), rows)], measured)


def write_jammed(path: Path, days: int) -> str:
    """Calls at one port, and an interference event there every day."""
    return _written(JAMMED, path, days=days, calls_a_day=CALLS_A_DAY, first=str(FIRST_DAY))


def write_ship_days(path: Path, ships: int, day: int) -> str:
    """One fix of each of so many ships, at most 290,000, on a day."""
    return _written(SHIP_DAYS, path, ships=ships, day=day, first=str(FIRST_DAY))


def write_list(path: Path, rows: int, since: str) -> str:
    """A team's list whose entries hold from one day on."""
    return _written(LIST, path, rows=rows, since=since)


def _written(sql: str, path: Path, **given: Any) -> str:
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        con.execute(sql, given | {"path": str(path)})
    return str(path)


def _run(given: Given, home: Path, files: list[str]) -> dict[str, Any]:
    say(f"a run over {len(files)} files")
    return job("derive", files=files, home=str(home), **given.limits)


def _imported(home: Path, path: Path, published_on: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "flows.cli", "register", "import", str(path)]
    ended = watched([*command, "--home", str(home), "--published-on", published_on])
    if ended.code:
        raise JobFailed(f"register import ended with exit {ended.code}; see above")
    return {"seconds": ended.seconds, "peak_mb": ended.peak_mb}
