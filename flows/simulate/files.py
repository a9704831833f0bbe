"""Day files in a publisher's layout, with the dirt that such files have, and what is in them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.home.file_names import shown_name
from flows.home.settings import BarometerError
from flows.sources.packings import (
    BESIDE_SIMULATED,
    EXPECTED,
    FLEET,
    FLEET_LIST,
    SIMULATED,
    SPOOFED,
    TRUTH,
)


class Layout(NamedTuple):
    """How a publisher writes a day: header, column order, separator in times, file names; and
    whether in cells of 0.01 degrees and an hour."""

    header: str
    columns: tuple[str, ...]
    time_separator: str
    stem: str
    compression: str
    is_hourly: bool = False


_COMMON = (
    *("sog_kn", "cog_deg", "heading_deg", "vessel_name", "imo", "call_sign", "ship_type"),
    *("nav_status", "length_m", "beam_m", "draught_m", "cargo", "transceiver"),
)

LAYOUTS = {
    # NOAA, MarineCadastre: zstd-compressed days since 2025, zipped ones to 2024.
    "marinecadastre-2025": Layout(
        "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
        "vessel_type,status,length,width,draft,cargo,transceiver",
        ("mmsi", "reported_at", "lon", "lat", *_COMMON),
        " ",
        "simulated-ais-%Y-%m-%d",
        "zst",
    ),
    "marinecadastre-2024": Layout(
        "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,"
        "Length,Width,Draft,Cargo,TransceiverClass",
        ("mmsi", "reported_at", "lat", "lon", *_COMMON),
        "T",
        "simulated-AIS_%Y_%m_%d",
        "zip",
    ),
    # Global Fishing Watch's AIS vessel presence: no type, size, draught or speed.
    "global-fishing-watch": Layout(
        "Lat,Lon,Time Range,Vessel ID,Flag,Vessel Name,Entry Timestamp,Exit Timestamp,Gear Type,"
        "Vessel Type,MMSI,IMO,CallSign,First Transmission Date,Last Transmission Date,"
        "Vessel Presence Hours",
        (
            *("lat", "lon", "reported_at", "mmsi", "none", "vessel_name", "none", "none", "none"),
            *("none", "mmsi", "imo_number", "call_sign", "none", "none", "none"),
        ),
        " ",
        "simulated-ais-presence-%Y-%m-%d",
        "zip",
        is_hourly=True,
    ),
}

COMPRESSIONS = ("zst", "gz", "zip", "none")

SMALL_DAY_BYTES = 4_000_000
"""A day up to this size is packed as small as can be, since it may be bundled; a larger one fast:
level 19 takes 13 % off level 12, at some 3 MB/s."""

REPEATED_SHARE = 0.001
"""Share of rows written a second time in the same file, and again in the next day's."""

AIS = "ais"
DAYS = ("simulated-ais-*", "simulated-AIS_*")
"""The names of the day files of all layouts."""


def refuse_occupied(directory: Path) -> None:
    """Raise BarometerError for a folder that has anything but a simulation, such as a home."""
    foreign = sorted(_foreign(directory)) if directory.exists() else []
    if foreign:
        more = f" and {len(foreign) - 1:,} more" if foreign[1:] else ""
        raise BarometerError(
            f"{shown_name(directory)}: is not empty, and {shown_name(foreign[0])}{more} there is "
            "not of an earlier simulate. Nothing was written. Give a new or empty folder."
        )


def _foreign(directory: Path) -> Iterator[str]:
    """What of a folder `simulate` did not write: all of it where no `SIMULATED` marks it."""
    is_marked = (directory / SIMULATED).is_file()
    for path in directory.iterdir():
        if path.name == AIS and path.is_dir() and is_marked:
            days = {day for pattern in DAYS for day in path.glob(pattern)}
            yield from (f"{AIS}/{day.name}" for day in path.iterdir() if day not in days)
        elif not (is_marked and path.name in BESIDE_SIMULATED | {SIMULATED}):
            yield path.name


def write_simulation(
    directory: Path,
    fixes: pd.DataFrame,
    truth: pd.DataFrame,
    fleet: pd.DataFrame,
    carriers: Mapping[str, Sequence[int]],
    *,
    start: date,
    days: int,
    layout: str,
    compression: str | None,
    rng: np.random.Generator,
    descriptions: Mapping[str, str],
    command: str,
) -> tuple[list[Path], int]:
    """Write a simulation into a folder; return its day files and the number of their rows.

    Raises
    ------
    ValueError
        If the layout or the compression is unknown.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"no such layout: {layout}; there are {', '.join(LAYOUTS)}")
    form = LAYOUTS[layout]
    packing = form.compression if compression is None else compression
    if packing not in COMPRESSIONS:
        raise ValueError(f"no such compression: {packing}; there are {', '.join(COMPRESSIONS)}")

    folder = directory / AIS
    folder.mkdir(parents=True, exist_ok=True)
    # First, so that what a stopped simulation leaves is marked and can be written again.
    (directory / SIMULATED).write_text(_label(command, layout, descriptions), "utf-8")
    # Days of a longer simulation written here before would be read as part of this one.
    for old in (old for pattern in DAYS for old in folder.glob(pattern)):
        old.unlink()
    (directory / SPOOFED).unlink(missing_ok=True)

    fixes = hourly_cells(fixes) if form.is_hourly else fixes
    day_of_fix = (
        (fixes["reported_at"].to_numpy() - np.datetime64(start, "us")) // np.timedelta64(1, "D")
    ).astype(np.int64)
    borders = np.searchsorted(day_of_fix, np.arange(days + 1))
    files: list[Path] = []
    rows_by_file: dict[str, int] = {}
    dirty: dict[str, int] = {}
    repeated = 0
    held_over: list[bytes] = []
    for day in range(days):
        written_on = start + timedelta(days=day)
        lines = format_lines(fixes.iloc[borders[day] : borders[day + 1]], form)
        extra = held_over
        held_over = []
        if "repeated_rows" in carriers and lines:
            twice = rng.choice(len(lines), size=2 * max(1, int(len(lines) * REPEATED_SHARE)))
            half = len(twice) // 2
            extra = extra + [lines[i] for i in twice[:half]]
            # The last day has no next one.
            held_over = [lines[i] for i in twice[half:]] if day + 1 < days else []
        repeated += len(extra)
        if "dirty_rows" in carriers and lines:
            spoilt = dirty_lines(lines, form, rng)
            # All kinds on the first day, then a third of them a day: dirt is rare.
            spoilt = spoilt if day == 0 else spoilt[day % 3 :: 3]
            for kind, _ in spoilt:
                dirty[kind] = dirty.get(kind, 0) + 1
            extra = extra + [line for _, line in spoilt]
        # Anywhere in the file, but not in place of anything.
        place = np.concatenate([np.arange(len(lines)), rng.uniform(0, len(lines), len(extra))])
        written = lines + extra
        lines = [written[i] for i in np.argsort(place, kind="stable")]
        path = folder / f"{written_on.strftime(form.stem)}{_suffix(packing)}"
        content = b"\n".join([form.header.encode(), *lines, b""])
        _write(path, content, packing)
        files.append(path)
        rows_by_file[path.name] = len(lines)

    total = sum(rows_by_file.values())
    truth.to_csv(directory / TRUTH, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    fleet.to_csv(directory / FLEET, index=False)
    fleet_list(fleet).to_csv(directory / FLEET_LIST, index=False)
    expected = {
        "rows": total,
        "fixes": len(fixes),
        "repeated": repeated,
        "dirty": {kind: n for kind, n in sorted(dirty.items()) if kind not in EITHER_WAY},
        "either_way": {kind: n for kind, n in sorted(dirty.items()) if kind in EITHER_WAY},
        "files": rows_by_file,
        "traps": {trap: sorted(mmsis) for trap, mmsis in carriers.items()},
    }
    (directory / EXPECTED).write_text(json.dumps(expected, indent=1) + "\n", "utf-8")
    return files, total


def fleet_list(fleet: pd.DataFrame) -> pd.DataFrame:
    """A list of one's own for the program: every second linked tanker, with its deadweight, and
    all that nothing but the list links."""
    reason = fleet["why"].str.extract("^([a-z]*)", expand=False)
    is_second = fleet["imo"] // 10 % 2 == 0
    is_known = fleet["is_tanker"] & fleet["is_russian_linked"]
    is_known &= is_second | reason.isin(("listed", "owner"))
    known = fleet[is_known.fillna(False)].drop_duplicates("imo")
    reason = reason[known.index]
    return pd.DataFrame(
        {
            "imo": known["imo"],
            "name": known["vessel_name"],
            "tier": np.where(reason == "trade", "moderate", "strong"),
            "reason": reason,
            "source": "SIMULATED",
            "vessel_type": "Tanker",
            "length_m": known["length_m"],
            "deadweight_t": known["deadweight_t"],
        }
    )


def hourly_cells(fixes: pd.DataFrame) -> pd.DataFrame:
    """The fixes as cells of 0.01 degrees and an hour: the hour's begin and the cell's centre.

    Those of a ship that share both are one. In order of time.
    """
    cells = fixes.assign(
        reported_at=fixes["reported_at"].dt.floor("h"),
        lon=(np.floor(fixes["lon"] * 100) / 100 + 0.005).round(3),
        lat=(np.floor(fixes["lat"] * 100) / 100 + 0.005).round(3),
    )
    return cells.drop_duplicates(["mmsi", "reported_at", "lon", "lat"], ignore_index=True)


def format_lines(fixes: pd.DataFrame, form: Layout) -> list[bytes]:
    """Write fixes as CSV lines without line ends; missing values are empty, heading 511."""
    columns = {
        "mmsi": _texts(fixes["mmsi"]),
        "reported_at": pa.array(
            np.char.replace(
                np.datetime_as_string(
                    fixes["reported_at"].to_numpy(), unit="m" if form.is_hourly else "s"
                ),
                "T",
                form.time_separator,
            )
        ),
        "lon": _texts(fixes["lon"]),
        "lat": _texts(fixes["lat"]),
        "sog_kn": _texts(fixes["sog_kn"]),
        "cog_deg": _texts(fixes["cog_deg"]),
        "heading_deg": _texts(fixes["heading_deg"].fillna(511.0).astype(np.int32)),
        "vessel_name": _quoted(fixes["vessel_name"]),
        "imo": pc.binary_join_element_wise(
            pc.if_else(fixes["imo"].notna().to_numpy(), "IMO", ""), _texts(fixes["imo"]), ""
        ),
        "imo_number": _texts(fixes["imo"]),
        "call_sign": _texts(fixes["call_sign"]),
        "ship_type": _texts(fixes["ship_type"]),
        "nav_status": _texts(fixes["nav_status"]),
        "length_m": _texts(fixes["length_m"]),
        "beam_m": _texts(fixes["beam_m"]),
        "draught_m": _texts(fixes["draught_m"]),
        # In this layout the code of the cargo repeats that of the ship.
        "cargo": _texts(fixes["ship_type"]),
        "transceiver": _texts(fixes["transceiver"]),
        "none": pa.repeat("", len(fixes)),
    }
    joined = pc.binary_join_element_wise(*(columns[name] for name in form.columns), ",")
    return [line.encode() for line in joined.to_pylist()]


EITHER_WAY = frozenset({"latin1_name", "future_time"})
"""Rows that a reader may keep or reject: a broken letter in a name, and a time that only the
as-of time can judge."""


def dirty_lines(
    lines: Sequence[bytes], form: Layout, rng: np.random.Generator
) -> list[tuple[str, bytes]]:
    """Make rows that are to be rejected, out of good ones: one of each kind for 50,000 rows.

    Returns
    -------
    list of (str, bytes)
        What is wrong, and the line.
    """
    # The last of a name: the vessel ID of a presence file is the MMSI too.
    field = {name: i for i, name in enumerate(form.columns)}
    spoil: dict[str, tuple[str, str]] = {
        "mmsi_zero": ("mmsi", "0"),
        "mmsi_short": ("mmsi", "1193046"),
        "mmsi_long": ("mmsi", "2739912345"),
        "mmsi_text": ("mmsi", "27399A123"),
        "mmsi_decimal": ("mmsi", "273991234.5"),
        "mmsi_sar_aircraft": ("mmsi", "111222333"),
        "mmsi_base_station": ("mmsi", "004221234"),
        "mmsi_aid_to_navigation": ("mmsi", "994221234"),
        "lat_not_available": ("lat", "91.0"),
        "lon_not_available": ("lon", "181.0"),
        "lat_off_earth": ("lat", "-127.5"),
        "lon_text": ("lon", "56E"),
        "lat_empty": ("lat", ""),
        "time_empty": ("reported_at", ""),
        "time_impossible": ("reported_at", f"2026-02-30{form.time_separator}25:61:00"),
        "time_text": ("reported_at", "yesterday"),
        "future_time": ("reported_at", f"2099-01-01{form.time_separator}00:00:00"),
    }
    # Quoted names would shift the fields; good rows without one are most.
    simple = [line for line in lines if b'"' not in line]
    spoilt: list[tuple[str, bytes]] = []
    for _ in range(1 + len(lines) // 50_000):
        for kind, (name, value) in spoil.items():
            cells = _any(simple, rng).split(b",")
            cells[field[name]] = value.encode()
            spoilt.append((kind, b",".join(cells)))
        line = _any(simple, rng)
        # Cut within the time or the place, so that no position is left.
        spoilt.append(("half_row", line[: int(rng.integers(12, 32))]))
        spoilt.append(("extra_columns", _any(simple, rng) + b",0,0,0"))
        cells = _any(simple, rng).split(b",")
        cells[field["vessel_name"]] = b"SIM, UNQUOTED"
        spoilt.append(("unquoted_comma", b",".join(cells)))
        spoilt.append(("garbage", b"### RECEIVER RESTARTED <script>alert(1)</script>"))
        cells = _any(simple, rng).split(b",")
        cells[field["vessel_name"]] = "SIM MÜNCHEN".encode("latin-1")
        spoilt.append(("latin1_name", b",".join(cells)))
    return spoilt


def _any(lines: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return lines[int(rng.integers(len(lines)))]


def _texts(column: pd.Series) -> pa.Array:
    return pc.fill_null(pc.cast(pa.Array.from_pandas(column), pa.string()), "")


def _quoted(names: pd.Series) -> pa.Array:
    """Quote the names that need it (RFC 4180); there are as many as ships, not as rows."""
    codes, distinct = pd.factorize(names)
    cells = []
    for name in distinct:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow([name])
        cells.append(buffer.getvalue())
    return pa.array([*cells, ""], pa.string()).take(
        pa.array(np.where(codes < 0, len(cells), codes))
    )


def _suffix(packing: str) -> str:
    return {"zst": ".csv.zst", "gz": ".csv.gz", "zip": ".zip", "none": ".csv"}[packing]


def _write(path: Path, content: bytes, packing: str) -> None:
    """Write a day so that the same content gives the same bytes, whatever the time of day."""
    if packing == "zst":
        level = 19 if len(content) <= SMALL_DAY_BYTES else 6
        packed = pa.Codec("zstd", compression_level=level).compress(content, asbytes=True)
        path.write_bytes(packed)
    elif packing == "gz":
        path.write_bytes(gzip.compress(content, mtime=0))
    elif packing == "zip":
        member = zipfile.ZipInfo(f"{path.stem}.csv", date_time=(1980, 1, 1, 0, 0, 0))
        member.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, content)
    else:
        path.write_bytes(content)


def _label(command: str, layout: str, descriptions: Mapping[str, str]) -> str:
    lines = [
        "ALL OF THIS IS SIMULATED. No ship here exists and no voyage here was made.",
        "",
        f"Written by: {command}",
        f"Layout of the files in ais/: {layout}",
        "",
        "Names begin with SIM or are hostile on purpose. IMO numbers begin with 2 or 3, which no",
        "real ship's does; MMSIs have the true country digits and a made-up rest.",
        "truth.csv holds the true calls at Iranian ports: a call begins with the first fix within",
        "5 km of the first stopping place and ends with the last within 5 km of the last one;",
        "departed_at is empty for a ship not heard to have left; only fixes with the ship's true",
        "place count. began_at and ended_at are when it crossed the 5 km, heard or not. fleet.csv",
        "holds the ships as they are, formulas in names included. expected.json counts the rows",
        "by what a reader should make of them: rows = fixes + repeated + dirty + either_way.",
        "",
        "Cargo: payload_t in truth.csv is what a call loaded or discharged, 0 where nothing moved.",
        "A ship is laden from 70 % of the cargo that would fill it (by weight or by volume), in",
        "ballast below 5 %, else part laden. draught_in_m and draught_out_m are true. What crews",
        "enter in AIS is something else, column draughts of fleet.csv: kept (up to date), aft",
        "(read at the stern), careless (often forgotten), design (the summer draught in all",
        "states), none.",
        f"{FLEET_LIST} is a list that `barometer register import` takes, with the true",
        "deadweight of every second linked tanker.",
        "",
        "Traps:" if descriptions else "No traps.",
        *(f"  {name}: {text}" for name, text in descriptions.items()),
    ]
    return "\n".join(lines) + "\n"
