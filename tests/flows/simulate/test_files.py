"""The simulator's files: their layouts, what they hold, and the sample."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flows.simulate import simulate, simulate_tables
from flows.simulate.files import LAYOUTS
from flows.simulate.fleet import HOSTILE_NAMES
from flows.simulate.places import CASPIAN, GULF
from tests.build.simulated import IN_FILES_ONLY, away_km, carriers, chart, iranian, made, trapped
from tests.conftest import SAMPLE

DAYS = sorted((SAMPLE / "ais").iterdir())
NEW, OLD = "marinecadastre-2025", "marinecadastre-2024"


def unpacked(path: Path) -> bytes:
    if path.suffix == ".zst":
        return pa.input_stream(str(path), compression="zstd").read()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            [name] = archive.namelist()
            assert name == f"{path.stem}.csv"
            return archive.read(name)
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def rows_of(*paths: Path) -> list[bytes]:
    return [line for path in paths for line in unpacked(path).split(b"\n")[1:-1]]


def test_the_same_arguments_write_the_same_bytes_in_any_folder(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        simulate(tmp_path / name, days=7, ships=36, seed=4, compression="gz")
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        written.append({str(p.relative_to(tmp_path / name)): p.read_bytes() for p in files})
    assert written[0] == written[1]
    assert set(written[0]) > {"truth.csv", "fleet.csv", "expected.json", "SIMULATED.txt"}


@pytest.mark.parametrize(
    ("layout", "compression", "name"),
    [
        (NEW, None, "simulated-ais-2026-03-02.csv.zst"),
        (NEW, "gz", "simulated-ais-2026-03-02.csv.gz"),
        (OLD, None, "simulated-AIS_2026_03_02.zip"),
        (OLD, "none", "simulated-AIS_2026_03_02.csv"),
    ],
)
def test_layouts_have_the_publishers_header_and_time(
    tmp_path: Path, layout: str, compression: str | None, name: str
) -> None:
    simulate(tmp_path, days=1, ships=2, traps=(), layout=layout, compression=compression)
    header, *lines = unpacked(tmp_path / "ais" / name).decode().splitlines()
    assert header == LAYOUTS[layout].header
    rows = [{k.lower(): v for k, v in r.items()} for r in csv.DictReader([header, *lines])]
    assert len(rows) > 100
    for row in rows:
        time = row.get("base_date_time") or row["basedatetime"]
        assert re.match(r"\d{4}-\d\d-\d\d" + (" " if layout == NEW else "T"), time)
        assert 23 < float(row.get("latitude") or row["lat"]) < 47
        assert 46 < float(row.get("longitude") or row["lon"]) < 62
        assert re.fullmatch(r"(IMO[23]\d{6})?", row["imo"])


def test_the_written_rows_read_back_as_the_fixes_each_in_the_file_of_its_day(
    tmp_path: Path,
) -> None:
    settings: dict[str, Any] = {"days": 7, "ships": 12, "seed": 8, "traps": ["hostile_names"]}
    written = simulate(tmp_path, **settings)
    fixes = simulate_tables(**settings).fixes
    text = b"\n".join([LAYOUTS[NEW].header.encode(), *rows_of(*written.files)]).decode()
    read = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert read["mmsi"].tolist() == fixes["mmsi"].tolist()
    np.testing.assert_array_equal(read["longitude"].to_numpy(), fixes["lon"].to_numpy())
    np.testing.assert_array_equal(read["latitude"].to_numpy(), fixes["lat"].to_numpy())
    assert read["vessel_name"].tolist() == fixes["vessel_name"].fillna("").tolist()
    assert pd.to_datetime(read["base_date_time"]).tolist() == fixes["reported_at"].tolist()
    headings = pd.to_numeric(read["heading"])
    assert (headings[fixes["heading_deg"].isna()] == 511).all()
    assert (headings[fixes["heading_deg"].notna()] < 360).all()
    for path in written.files:
        days = {line.split(b",")[1][:10].decode() for line in rows_of(path)}
        assert days == {path.name.split("ais-")[1][:10]}


def test_a_shorter_simulation_leaves_no_day_of_a_longer_one(tmp_path: Path) -> None:
    simulate(tmp_path, days=3, ships=1, traps=())
    (tmp_path / "ais" / "notes.md").write_text("mine")
    simulate(
        tmp_path,
        days=1,
        ships=1,
        traps=(),
        jammed_share=0.25,
        reception="6h-half",
        draughts="measured",
    )
    names = sorted(path.name for path in (tmp_path / "ais").iterdir())
    assert names == ["notes.md", "simulated-ais-2026-03-02.csv.zst"]
    label = (tmp_path / "SIMULATED.txt").read_text()
    assert (
        "--trap none --jammed-share 0.25 --reception 6h-half --draughts measured --layout" in label
    )


def test_clean_files_have_neither_dirt_nor_repeats_and_dirt_moves_no_voyage(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"days": 7, "ships": 4}
    written = simulate(tmp_path, **settings, traps=())
    expected = json.loads((tmp_path / "expected.json").read_text())
    assert expected["dirty"] == expected["either_way"] == expected["traps"] == {}
    assert expected["repeated"] == 0
    lines = rows_of(*written.files)
    assert len(lines) == len(set(lines)) == expected["fixes"]
    dirty, bare = (made(**settings, traps=traps) for traps in ((*IN_FILES_ONLY,), ()))
    pd.testing.assert_frame_equal(dirty.fixes, bare.fixes)


# The sample: all defaults.


def test_the_sample_is_what_the_simulator_writes_and_small() -> None:
    truth = pd.read_csv(SAMPLE / "truth.csv", parse_dates=["arrived_at"])
    simulated = made().truth
    assert truth["mmsi"].tolist() == simulated["mmsi"].tolist()
    arrived = truth["arrived_at"].dt.tz_localize(None).tolist()
    assert arrived == simulated["arrived_at"].dt.floor("s").tolist()
    assert list(truth.columns) == list(simulated.columns)
    assert set(truth["area_kind"]) == {"berth", "anchorage"}
    assert truth["departed_at"].isna().any()
    assert truth["imo"].astype(str).str.fullmatch(r"[23]\d{6}").all()
    label = (SAMPLE / "SIMULATED.txt").read_text()
    assert "ALL OF THIS IS SIMULATED" in label
    assert "--seed 1" in label
    assert {path.suffix for path in DAYS} == {".zst"}
    assert sum(path.stat().st_size for path in DAYS) < 1_100_000


def test_expected_counts_add_up_and_are_what_is_written() -> None:
    expected = json.loads((SAMPLE / "expected.json").read_text())
    dirty, either = expected["dirty"], sum(expected["either_way"].values())
    lines = rows_of(*DAYS)
    assert len(lines) == expected["rows"] == sum(expected["files"].values())
    total = expected["fixes"] + expected["repeated"] + sum(dirty.values()) + either
    assert total == expected["rows"]
    assert len(lines) - len(set(lines)) >= expected["repeated"] > 20
    assert min(dirty.values()) >= 1
    # What a plain reader finds wrong, kind by kind.
    cells = [line.split(b",") for line in lines if b'"' not in line]
    first, whole = Counter(row[0] for row in cells), [row for row in cells if len(row) == 17]
    counts = {
        "mmsi_zero": first[b"0"],
        "mmsi_short": first[b"1193046"],
        "mmsi_sar_aircraft": first[b"111222333"],
        "mmsi_aid_to_navigation": first[b"994221234"],
        "time_empty": sum(row[1] == b"" for row in whole),
        "lat_not_available": sum(row[3] == b"91.0" for row in whole),
        "lon_not_available": sum(row[2] == b"181.0" for row in whole),
        "extra_columns": sum(len(row) == 20 for row in cells),
        "unquoted_comma": sum(len(row) == 18 for row in cells),
    }
    assert counts == {kind: dirty[kind] for kind in counts}
    assert sum(len(row) < 17 for row in cells) == dirty["half_row"] + dirty["garbage"]
    # Repeated rows stand in the same file and in the next.
    by_day = [rows_of(path) for path in DAYS]
    assert any(len(day) > len(set(day)) for day in by_day)
    assert sum(bool(set(a) & set(b)) for a, b in pairwise(by_day)) >= 15


def test_the_sample_has_linked_tanker_calls_in_both_waters_in_every_week() -> None:
    water = {place.port_id: place.water for place in chart().places.values()}
    calls = made().truth.merge(made().fleet, on=["mmsi", "imo"], validate="m:1")
    linked = calls[calls["is_tanker"] & calls["is_russian_linked"]]
    weeks = linked["arrived_at"].dt.strftime("%G-W%V")
    counts = linked.groupby([linked["port_id"].map(water), weeks]).size().unstack()
    assert list(counts.columns) == ["2026-W10", "2026-W11", "2026-W12"]
    assert set(counts.index) == {GULF, CASPIAN}
    assert counts.to_numpy().min() >= 2
    assert counts.sum().nunique() > 1


def test_the_sample_hears_every_port_but_one_and_astara_not_in_the_second_week() -> None:
    """Share of each week's hours with a fix within 60 km and 6 hours."""
    fixes, shares = made().fixes, {}
    hours = (fixes["reported_at"] - pd.Timestamp("2026-03-02")) // pd.Timedelta("1h")
    for place in iranian("berth"):
        heard = np.zeros(21 * 24 + 12, dtype=bool)
        for hour in np.unique(hours[away_km(fixes, place) <= 60]):
            heard[hour : hour + 13] = True
        shares[place.port_id] = heard[6:-6].reshape(-1, 168).mean(axis=1)
    assert shares.pop("IRZBR").max() == 0.0
    astara = shares.pop("IRASR")
    assert astara[1] < 0.3 < astara[0] == astara[2] == 1.0
    assert min(share.min() for share in shares.values()) > 0.95


def test_hostile_names_are_sent_and_written_as_they_are() -> None:
    ships = carriers(trapped(), "hostile_names")
    assert {f["vessel_name"].dropna().iloc[0] for _, f, _ in ships} == set(HOSTILE_NAMES)
    text = b"\n".join([LAYOUTS[NEW].header.encode(), *rows_of(DAYS[9])]).decode("latin-1")
    names = {row["vessel_name"] for row in csv.DictReader(io.StringIO(text))}
    assert {"=1+1", '@SIM "QUOTED", COMMA'} <= names
    assert not set(made(days=7, ships=9, traps=()).fleet["vessel_name"]) & set(HOSTILE_NAMES)


# Refusals.


def test_wrong_arguments_are_refused_with_a_remedy() -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"traps": ["no_such"]}, "--trap: no such no_such"),
        ({"days": 0}, "must be 1 or more"),
        ({"ships": 0}, "must be 1 or more"),
        ({"ships": 6000}, "at most 5000"),
        ({"ships": 35}, "need 36 ships, got 35"),
        ({"jammed_share": 0.6}, "from 0 to 0.5"),
        ({"reception": "3h"}, "no such reception: 3h; there are all, ashore, 1h-most"),
        ({"draughts": "true"}, "no such draughts: true; there are entered, measured"),
        ({"days": 6}, "need 7 days or more, got 6: give more --days, or --trap none"),
        ({"report_minutes": math.nan}, "from 0.01 to 1440, got nan"),
        ({"report_minutes": 0.0}, "from 0.01 to 1440, got 0.0"),
    ]
    for arguments, message in refused:
        with pytest.raises(ValueError, match=message):
            simulate_tables(**arguments)


def test_unknown_layouts_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    for name, value in (("layout", "noaa"), ("compression", "bz2")):
        with pytest.raises(ValueError, match=f"no such {name}"):
            simulate(tmp_path / "out", days=1, ships=1, traps=(), **{name: value})
    assert not (tmp_path / "out").exists()
