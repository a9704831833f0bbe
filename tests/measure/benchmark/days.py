"""SIMULATED days of AIS in MarineCadastre's layout of 2025, of any number of rows.

15,000 ships drift to and fro, 2,000 of them in the Gulf and the others along the coasts of the
United States. 300 lie in Iranian berths from Monday to Friday and are outside at the weekend. Half
of all ships are heard every week; of the other half each week brings others, who come back after
13 weeks (a choice: a year then knows some 105,000 ships). One row in a thousand is bad.
"""

from __future__ import annotations

import shutil
import zipfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

FIRST_DAY = date(2025, 1, 6)
"""A Monday."""

SHIPS = 15_000

COLUMNS = {
    **{"mmsi": "integer", "base_date_time": "timestamp"},
    **dict.fromkeys(("longitude", "latitude"), "double"),
    **dict.fromkeys(("sog", "cog", "heading"), "float"),
    **dict.fromkeys(("vessel_name", "imo", "call_sign"), "varchar"),
    **dict.fromkeys(("vessel_type", "status"), "smallint"),
    **dict.fromkeys(("length", "width", "draft"), "float"),
    **{"cargo": "smallint", "transceiver": "varchar"},
}
"""In the order of the file."""

WRITE_DAY = """
copy (
    with fix as (
        select
            i,
            hash(i + $rows::bigint * $day) as noise,
            (hash(i + $rows::bigint * $day) % $ships)::integer as ship,
            -- To the east on even days and back on odd ones: nobody jumps at midnight.
            case when $day % 2 = 0 then i / $rows else 1 - i / $rows end as way,
            $day % 7 < 5 as is_weekday
        from range($rows) as t (i)
    ),
    named as (
        select
            *,
            case when ship % 2 = 0 then 0 else $day // 7 % 13 end as season,
            ship < 300 and is_weekday as is_berthed
        from fix
    ),
    placed as (
        select
            *,
            ship + 15000 * season as hull,
            case
                when ship < 100 then 56.06 when ship < 200 then 50.33 when ship < 300 then 49.07
                when ship < 2000 then 50.5 + (hash(ship) % 7000) / 1000.0
                else -125 + (hash(ship) % 55000) / 1000.0
            end + case
                when is_berthed then 0
                -- Out on Saturday and back on Sunday.
                when ship < 300 and $day % 7 = 5 then 0.4 * i / $rows
                when ship < 300 then 0.4 * (1 - i / $rows)
                else 0.4 * way
            end as lon,
            case
                when ship < 100 then 27.10 when ship < 200 then 29.23 when ship < 300 then 30.43
                when ship < 2000 then 25.0 + (hash(ship * 3) % 3000) / 1000.0
                else 25.0 + (hash(ship * 3) % 24000) / 1000.0
            end as lat
        from named
    )
    select
        case
            when noise % 1000 = 0 then 111000000 + ship
            -- One berthed ship in five flies the Russian flag.
            when ship < 300 and ship % 5 = 0 then 273000000 + 13 * ship + season
            else 200000000 + 37000 * ship + season
        end as mmsi,
        strftime($date::timestamp + to_seconds(i * 86400.0 / $rows), '%Y-%m-%d %H:%M:%S')
            as base_date_time,
        round(lon + (noise % 100) / 100000.0, 5) as longitude,
        round(lat + (noise % 97) / 100000.0, 5) as latitude,
        case when is_berthed then 0.1 else round((noise % 150) / 10.0, 1) end as sog,
        round((noise % 3600) / 10.0, 1) as cog,
        (noise % 360)::integer as heading,
        'VESSEL NAME ' || hull as vessel_name,
        case when ship % 3 = 0 then '' else 'IMO' || (9000000 + hull) end as imo,
        'CALL' || hull as call_sign,
        30 + ship % 60 as vessel_type,
        (noise % 9)::integer as status,
        20 + ship % 300 as length,
        5 + ship % 40 as width,
        round(2 + (ship % 150) / 10.0, 1) as draft,
        30 + ship % 60 as cargo,
        case when ship % 4 = 0 then 'B' else 'A' end as transceiver
    from placed
    order by i
) to $path (format csv, header)
"""


def write_day(folder: Path, rows: int, day: int = 0, ships: int = SHIPS) -> Path:
    """The CSV of a day, counted from `FIRST_DAY`; one that lies in the folder already is taken.

    Fewer ships are the first ones: up to 300 all lie in Iranian berths at times.
    """
    when = FIRST_DAY + timedelta(days=day)
    path = folder / f"ais-{when}-{rows}-{ships}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as con:
            con.execute("set enable_progress_bar = false")
            named = {"rows": rows, "day": day, "date": str(when), "ships": ships}
            con.execute(WRITE_DAY, named | {"path": str(unfinished)})
        unfinished.replace(path)
    return path


def pack(day: Path, packing: str) -> Path:
    """The same content as `plain`, `zip`, `gz` or `zst`, beside it, at each library's own level."""
    if packing == "plain":
        return day
    path = day.with_name(f"{day.name}.{packing}")
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(day, day.name)
    else:
        codec = {"gz": "gzip", "zst": "zstd"}[packing]
        with day.open("rb") as plain, pa.output_stream(str(path), compression=codec) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
    return path
