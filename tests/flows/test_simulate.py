"""The simulator: its files, its ships, its true calls and its traps."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flows.simulate import TRAPS, Simulation, Tables, simulate, simulate_tables
from flows.simulate.fleet import (
    HOSTILE_NAMES,
    MID_OF_FLAG,
    OVERLAYS,
    Ship,
    build_fleet,
    build_locals,
    cast_roles,
    imo_check_digit,
    share_mmsis,
)
from flows.simulate.places import CASPIAN, GULF, distance_km, load_chart, route
from flows.simulate.reception import RECEPTIONS, one_per_slot

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
REGISTERS = SHARED / "registers"
SHARED_MID = SHARED / "codes" / "mid.csv"

HEADER_2025 = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
    "vessel_type,status,length,width,draft,cargo,transceiver"
)
HEADER_2024 = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,"
    "Length,Width,Draft,Cargo,TransceiverClass"
)
IN_FILES_ONLY = {"repeated_rows", "dirty_rows"}
FALSE_PLACES = (*OVERLAYS, "spoofed_stay", "shared_mmsi", "identity_swap")
"""Traps with which the fixes of one MMSI cannot be sailed by one ship."""
LOCAL_MMSI_FROM, LOCAL_MMSI_TO = 422_980_000, 422_980_999


@pytest.fixture(scope="module")
def chart():
    return load_chart()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulation]:
    """The bundled sample: all defaults."""
    folder = tmp_path_factory.mktemp("sample")
    return folder, simulate(folder)


@pytest.fixture(scope="module")
def clean() -> Tables:
    return simulate_tables(days=14, ships=60, seed=3, traps=())


@pytest.fixture(scope="module")
def trapped() -> Tables:
    """Two copies of every trap, so that each is played in both waters; over a month's end."""
    return simulate_tables(start=date(2026, 3, 23), days=14, ships=200, seed=5)


def fixes_of(tables: Tables, mmsi: int) -> pd.DataFrame:
    return tables.fixes[tables.fixes["mmsi"] == mmsi]


def calls_of(tables: Tables, mmsi: int) -> pd.DataFrame:
    return tables.truth[tables.truth["mmsi"] == mmsi]


def without_false_places(tables: Tables) -> pd.DataFrame:
    """The fixes of ships that are where they say, as far as traps go."""
    false: set[int] = set()
    for trap in FALSE_PLACES:
        false |= set(tables.traps[trap])
    return tables.fixes[~tables.fixes["mmsi"].isin(false)]


def speeds_kn(fixes: pd.DataFrame) -> np.ndarray:
    """Speed between fixes of one MMSI, knots, with 60 m taken off for noise at both ends."""
    ordered = fixes.sort_values(["mmsi", "reported_at"])
    same = ordered["mmsi"].to_numpy()[1:] == ordered["mmsi"].to_numpy()[:-1]
    hours = np.diff(ordered["reported_at"].to_numpy()) / np.timedelta64(3600, "s")
    lon, lat = ordered["lon"].to_numpy(), ordered["lat"].to_numpy()
    km = np.hypot(np.diff(lon) * np.cos(np.radians(lat[1:])), np.diff(lat)) * 111.2
    return (np.maximum(km - 0.06, 0.0) / 1.852 / hours)[same]


def unpacked(path: Path) -> bytes:
    if path.suffix == ".zst":
        return pa.input_stream(str(path), compression="zstd").read()
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0])
    return path.read_bytes()


# -- files ------------------------------------------------------------------------------------


def test_the_same_arguments_write_the_same_bytes_in_any_folder(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        simulate(tmp_path / name, days=7, ships=40, seed=4)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        written.append({str(p.relative_to(tmp_path / name)): p.read_bytes() for p in files})
    assert written[0] == written[1]
    assert set(written[0]) > {"truth.csv", "fleet.csv", "expected.json", "SIMULATED.txt"}


def test_another_seed_sails_otherwise() -> None:
    one, two = (simulate_tables(days=7, ships=4, seed=seed, traps=()) for seed in (1, 2))
    assert not one.truth.equals(two.truth)


def test_dirt_in_the_files_leaves_the_voyages_as_they_are() -> None:
    with_dirt, without = (
        simulate_tables(days=7, ships=4, traps=traps) for traps in ((*IN_FILES_ONLY,), ())
    )
    pd.testing.assert_frame_equal(with_dirt.fixes, without.fixes)


@pytest.mark.parametrize(
    ("layout", "compression", "name", "header", "time"),
    [
        (
            "marinecadastre-2025",
            None,
            "simulated-ais-2026-03-02.csv.zst",
            HEADER_2025,
            r"\d{4}-\d\d-\d\d \d",
        ),
        (
            "marinecadastre-2025",
            "gz",
            "simulated-ais-2026-03-02.csv.gz",
            HEADER_2025,
            r"\d{4}-\d\d-\d\d \d",
        ),
        (
            "marinecadastre-2024",
            None,
            "simulated-AIS_2026_03_02.zip",
            HEADER_2024,
            r"\d{4}-\d\d-\d\dT\d",
        ),
        (
            "marinecadastre-2024",
            "none",
            "simulated-AIS_2026_03_02.csv",
            HEADER_2024,
            r"\d{4}-\d\d-\d\dT\d",
        ),
    ],
)
def test_layouts_have_the_publishers_header_and_time(
    tmp_path: Path, layout: str, compression: str | None, name: str, header: str, time: str
) -> None:
    simulate(tmp_path, days=1, ships=2, traps=(), layout=layout, compression=compression)
    lines = unpacked(tmp_path / "ais" / name).decode().splitlines()
    assert lines[0] == header
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert len(rows) > 100
    for row in rows:
        values = list(row.values())
        assert re.match(time, values[1])
        latitude = float(row.get("latitude") or row["LAT"])
        longitude = float(row.get("longitude") or row["LON"])
        assert 23 < latitude < 47
        assert 46 < longitude < 62
        assert re.fullmatch(r"(IMO[23]\d{6})?", row.get("imo", row.get("IMO", "")))


def test_a_zip_holds_one_csv_of_its_own_name(tmp_path: Path) -> None:
    simulate(tmp_path, days=1, ships=1, traps=(), layout="marinecadastre-2024")
    with zipfile.ZipFile(tmp_path / "ais" / "simulated-AIS_2026_03_02.zip") as archive:
        assert archive.namelist() == ["simulated-AIS_2026_03_02.csv"]


def test_the_written_rows_read_back_as_the_fixes(tmp_path: Path) -> None:
    settings = {"days": 7, "ships": 12, "seed": 8, "traps": ["hostile_names"]}
    written = simulate(tmp_path, **settings)
    tables = simulate_tables(**settings)
    text = b"".join(unpacked(path).split(b"\n", 1)[1] for path in written.files).decode()
    read = pd.read_csv(io.StringIO(HEADER_2025 + "\n" + text), keep_default_na=False)
    fixes = tables.fixes
    assert read["mmsi"].tolist() == fixes["mmsi"].tolist()
    np.testing.assert_array_equal(read["longitude"].to_numpy(), fixes["lon"].to_numpy())
    np.testing.assert_array_equal(read["latitude"].to_numpy(), fixes["lat"].to_numpy())
    assert read["vessel_name"].tolist() == fixes["vessel_name"].fillna("").tolist()
    assert pd.to_datetime(read["base_date_time"]).tolist() == fixes["reported_at"].tolist()
    headings = pd.to_numeric(read["heading"])
    assert (headings[fixes["heading_deg"].isna()] == 511).all()
    assert (headings[fixes["heading_deg"].notna()] < 360).all()


def test_each_day_file_holds_its_own_day(tmp_path: Path) -> None:
    written = simulate(tmp_path, days=3, ships=2, traps=())
    for path in written.files:
        lines = unpacked(path).decode().splitlines()[1:]
        assert {line.split(",")[1][:10] for line in lines} == {path.name.split("ais-")[1][:10]}


def test_a_shorter_simulation_leaves_no_day_of_a_longer_one(tmp_path: Path) -> None:
    simulate(tmp_path, days=3, ships=1, traps=())
    (tmp_path / "ais" / "notes.md").write_text("mine")
    simulate(tmp_path, days=1, ships=1, traps=())
    names = sorted(path.name for path in (tmp_path / "ais").iterdir())
    assert names == ["notes.md", "simulated-ais-2026-03-02.csv.zst"]


def test_truth_and_label_of_the_sample(sample: tuple[Path, Simulation]) -> None:
    folder, written = sample
    with (folder / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("mmsi", "imo", "port_id", "area_kind", "arrived_at", "departed_at"),
        *("began_at", "ended_at"),
    ]
    assert len(rows) == len(written.truth)
    assert {row["area_kind"] for row in rows} == {"berth", "anchorage"}
    assert any(row["departed_at"] == "" for row in rows)
    assert all(re.fullmatch(r"[23]\d{6}", row["imo"]) for row in rows)
    label = (folder / "SIMULATED.txt").read_text()
    assert "ALL OF THIS IS SIMULATED" in label
    assert "--seed 1" in label
    # Only day files where a reader would look for them.
    assert {path.suffix for path in (folder / "ais").iterdir()} == {".zst"}


def test_expected_counts_add_up_and_are_what_is_written(sample: tuple[Path, Simulation]) -> None:
    folder, written = sample
    expected = json.loads((folder / "expected.json").read_text())
    dirty, either = sum(expected["dirty"].values()), sum(expected["either_way"].values())
    lines = [line for path in written.files for line in unpacked(path).split(b"\n")[1:-1]]
    assert len(lines) == expected["rows"] == written.rows == sum(expected["files"].values())
    assert expected["rows"] == expected["fixes"] + expected["repeated"] + dirty + either
    assert len(lines) - len(set(lines)) >= expected["repeated"] > 20
    assert min(expected["dirty"].values()) >= 1
    # What a plain reader finds wrong, kind by kind.
    cells = [line.split(b",") for line in lines if b'"' not in line]
    for kind, value in (
        ("mmsi_zero", b"0"),
        ("mmsi_short", b"1193046"),
        ("mmsi_sar_aircraft", b"111222333"),
        ("mmsi_aid_to_navigation", b"994221234"),
    ):
        assert sum(cell[0] == value for cell in cells) == expected["dirty"][kind]
    whole = [cell for cell in cells if len(cell) == 17]
    assert sum(cell[1] == b"" for cell in whole) == expected["dirty"]["time_empty"]
    assert sum(cell[3] == b"91.0" for cell in whole) == expected["dirty"]["lat_not_available"]
    assert sum(cell[2] == b"181.0" for cell in whole) == expected["dirty"]["lon_not_available"]
    assert sum(len(cell) == 20 for cell in cells) == expected["dirty"]["extra_columns"]
    assert sum(len(cell) == 18 for cell in cells) == expected["dirty"]["unquoted_comma"]
    short = expected["dirty"]["half_row"] + expected["dirty"]["garbage"]
    assert sum(len(cell) < 17 for cell in cells) == short


def test_repeated_rows_come_in_the_same_file_and_in_the_next(
    sample: tuple[Path, Simulation],
) -> None:
    by_day = [unpacked(path).split(b"\n")[1:-1] for path in sample[1].files]
    assert any(len(day) - len(set(day)) > 0 for day in by_day)
    later = [set(a) & set(b) for a, b in pairwise(by_day)]
    assert sum(bool(common) for common in later) >= 15


def test_clean_files_have_neither_dirt_nor_repeats(tmp_path: Path) -> None:
    written = simulate(tmp_path, days=2, ships=3, traps=())
    expected = json.loads((tmp_path / "expected.json").read_text())
    assert expected["dirty"] == expected["either_way"] == expected["traps"] == {}
    assert expected["repeated"] == 0
    lines = [line for path in written.files for line in unpacked(path).split(b"\n")[1:-1]]
    assert len(lines) == len(set(lines)) == expected["fixes"]


# -- the sample -------------------------------------------------------------------------------


def test_sample_is_small(sample: tuple[Path, Simulation]) -> None:
    assert sum(path.stat().st_size for path in sample[1].files) < 1_100_000


def test_sample_has_linked_tanker_calls_in_both_waters_in_every_week(
    sample: tuple[Path, Simulation], chart
) -> None:
    _, written = sample
    water = {place.port_id: place.water for place in chart.places.values()}
    calls = written.truth.merge(written.fleet, on=["mmsi", "imo"], validate="m:1")
    linked = calls[calls["is_tanker"] & calls["is_russian_linked"]]
    weeks = linked["arrived_at"].dt.strftime("%G-W%V")
    counts = linked.groupby([linked["port_id"].map(water), weeks]).size().unstack()
    assert list(counts.columns) == ["2026-W10", "2026-W11", "2026-W12"]
    assert set(counts.index) == {GULF, CASPIAN}
    assert counts.to_numpy().min() >= 2
    assert counts.sum().nunique() > 1


def heard_share(fixes: pd.DataFrame, lon: float, lat: float, days: int) -> np.ndarray:
    """Share of each week's hours with a fix within 60 km and 6 hours."""
    near = distance_km(fixes["lon"].to_numpy(), fixes["lat"].to_numpy(), lon, lat) <= 60
    start = np.datetime64("2026-03-02")
    hours = (fixes["reported_at"].to_numpy()[near] - start) // np.timedelta64(1, "h")
    heard = np.zeros(days * 24 + 12, dtype=bool)
    for shift in range(13):
        heard[np.unique(hours.astype(int)) + shift] = True
    return heard[6:-6].reshape(-1, 168).mean(axis=1)


def test_sample_hears_every_port_but_one_and_astara_not_in_the_second_week(chart) -> None:
    fixes = simulate_tables().fixes
    shares = {
        place.port_id: heard_share(fixes, place.lon, place.lat, 21)
        for place in chart.places.values()
        if place.country == "IR" and place.kind == "berth"
    }
    assert shares.pop("IRZBR").max() == 0.0
    astara = shares.pop("IRASR")
    assert astara[1] < 0.3 < astara[0] == astara[2] == 1.0
    assert min(share.min() for share in shares.values()) > 0.95


# -- ships ------------------------------------------------------------------------------------


def build(ships: int) -> list[Ship]:
    rng = np.random.default_rng(1)
    fleet = build_fleet(cast_roles(ships, list(TRAPS)), rng, None, hostile_names=True)
    return fleet + build_locals(["tug", "fishing"] * 8, rng, None)


def test_imo_numbers_are_well_formed_unique_and_no_real_ships() -> None:
    fleet = build(5000)
    numbers = [ship.imo for ship in fleet if ship.imo]
    assert all(imo_check_digit(number // 10) == number % 10 for number in numbers)
    assert 2_000_000 <= min(numbers) < max(numbers) <= 3_999_999
    assert len(set(numbers)) == len(numbers)
    mmsis = [ship.mmsi for ship in fleet] + [s.later_mmsi for s in fleet if s.later_mmsi]
    assert len(set(mmsis)) == len(mmsis)
    twice = pd.Series([ship.mmsi for ship in share_mmsis(fleet)]).value_counts()
    assert (twice[twice > 1] == 2).all()
    assert (twice > 1).sum() == 50


@pytest.mark.skipif(not REGISTERS.is_dir(), reason=f"{REGISTERS} is missing")
def test_no_simulated_number_is_in_a_register() -> None:
    text = "\n".join(
        path.read_text("utf-8", errors="replace")
        for path in REGISTERS.iterdir()
        if path.suffix in {".csv", ".json"}
    )
    in_registers = set(re.findall(r"(?<!\d)\d{7}(?!\d)|(?<!\d)\d{9}(?!\d)", text))
    assert "9179842" in in_registers
    fleet = build(5000)
    ours = {str(number) for ship in fleet for number in (ship.imo, ship.mmsi, ship.later_mmsi)}
    assert not ours & in_registers


@pytest.mark.skipif(not SHARED_MID.is_file(), reason=f"{SHARED_MID} is missing")
def test_country_digits_are_those_of_the_flag() -> None:
    with SHARED_MID.open(newline="") as file:
        country = {row["prefix"]: row["country"] for row in csv.DictReader(file)}
    words = {"RU": "Russia", "IR": "Iran", "AZ": "Azerb", "TM": "Turkmen", "KZ": "Kazakh"}
    words |= {"OM": "Oman", "AE": "Emirates", "CK": "Cook", "MH": "Marshall", "CM": "Cameroon"}
    words |= {"KM": "Comoros", "GA": "Gabon", "LR": "Liberia", "PA": "Panama"}
    assert set(words) == set(MID_OF_FLAG)
    for flag, mid in MID_OF_FLAG.items():
        assert words[flag] in country[str(mid)]


def test_fleet_says_who_is_linked_and_why(trapped: Tables) -> None:
    fleet = trapped.fleet
    assert ((fleet["why"] != "") == fleet["is_russian_linked"]).all()
    assert fleet.loc[fleet["flag"] == "RU", "is_russian_linked"].all()
    assert (fleet["is_tanker"] == fleet["ship_type"].between(80, 89)).all()
    assert fleet["vessel_name"].str.len().max() <= 20
    plain = fleet[~fleet["vessel_name"].isin(HOSTILE_NAMES)]
    assert plain["vessel_name"].str.startswith("SIM ").all()
    assert set(fleet["flag"]) <= set(MID_OF_FLAG)
    digits = [str(MID_OF_FLAG[flag]) for flag in fleet["flag"]]
    assert fleet["mmsi"].astype(str).str[:3].tolist() == digits


def test_only_linked_ships_go_to_russian_ports(clean: Tables, chart) -> None:
    linked = set(clean.fleet.loc[clean.fleet["is_russian_linked"], "mmsi"])
    russian = [place for place in chart.places.values() if place.country == "RU"]
    seen: set[int] = set()
    for place in russian:
        fixes = clean.fixes
        away_km = distance_km(
            fixes["lon"].to_numpy(), fixes["lat"].to_numpy(), place.lon, place.lat
        )
        seen |= set(fixes["mmsi"][away_km < 5])
    assert seen
    assert seen <= linked
    trade = clean.fleet[clean.fleet["why"].str.startswith("trade")]
    assert len(trade) > 0
    assert set(trade["mmsi"]) <= seen
    assert not (trade["flag"] == "RU").any()


# -- movement ---------------------------------------------------------------------------------


def test_no_ship_is_faster_than_a_ship(clean: Tables, trapped: Tables) -> None:
    assert speeds_kn(clean.fixes).max() < 15
    jumped = trapped.fixes["mmsi"].isin(trapped.traps["fix_jumps"])
    assert speeds_kn(without_false_places(trapped)).max() < 15
    assert speeds_kn(trapped.fixes[jumped]).max() > 50


def test_speed_course_and_heading_go_with_the_track(clean: Tables) -> None:
    fixes = clean.fixes
    moving = fixes[fixes["sog_kn"] > 8]
    turn = (moving["cog_deg"] - moving["heading_deg"] + 180) % 360 - 180
    assert turn.abs().quantile(0.99) < 10
    assert fixes["cog_deg"].between(0, 359.99).all()
    assert fixes["heading_deg"].dropna().between(0, 359).all()
    ordered = moving.sort_values(["mmsi", "reported_at"])
    minutes = ordered["reported_at"].diff() / pd.Timedelta(minutes=1)
    same = (ordered["mmsi"] == ordered["mmsi"].shift()) & (minutes < 12)
    km = np.hypot(ordered["lon"].diff() * np.cos(np.radians(ordered["lat"])), ordered["lat"].diff())
    sailed_kn = km * 111.2 / 1.852 / (minutes / 60)
    assert (sailed_kn - ordered["sog_kn"])[same].abs().median() < 0.5


def test_status_follows_the_ship_with_some_delay(clean: Tables) -> None:
    fixes = clean.fixes[clean.fixes["transceiver"] == "A"]
    moored = fixes[fixes["nav_status"] == 5]
    moving = fixes[fixes["sog_kn"] > 8]
    assert (moored["sog_kn"] < 0.5).mean() > 0.97
    assert (moving["nav_status"] == 0).mean() > 0.97
    # The crew is late: some ships move while they say that they are moored.
    assert (moored["sog_kn"] > 2).any()
    assert set(fixes["nav_status"].dropna()) == {0, 1, 5}


def test_draught_changes_at_the_berth(clean: Tables) -> None:
    linked = clean.fleet[clean.fleet["is_tanker"] & (clean.fleet["flag"] == "RU")]
    changed = 0
    for call in clean.truth[clean.truth["mmsi"].isin(linked["mmsi"])].itertuples():
        fixes = fixes_of(clean, call.mmsi).dropna(subset="draught_m").set_index("reported_at")
        before, after = fixes.loc[: call.arrived_at], fixes.loc[call.departed_at :]
        if len(before) and len(after):
            assert fixes["draught_m"].nunique() <= 2
            changed += before["draught_m"].iloc[-1] != after["draught_m"].iloc[0]
    assert changed > 10


def test_static_data_come_and_go(clean: Tables) -> None:
    has_name = clean.fixes["vessel_name"].notna()
    assert 0.65 < has_name.mean() < 0.75
    assert (clean.fixes["ship_type"].notna() == has_name).all()


def test_report_minutes_sets_the_interval() -> None:
    fixes = simulate_tables(days=7, ships=3, traps=(), report_minutes=120).fixes
    gaps = fixes.groupby("mmsi")["reported_at"].diff().dropna()
    assert pd.Timedelta(minutes=110) < gaps[gaps < "1D"].median() < pd.Timedelta(minutes=130)


# -- true calls -------------------------------------------------------------------------------


def test_a_ship_of_every_call_is_still_at_its_port_then(trapped: Tables, chart) -> None:
    spots: dict[str, list] = {}
    for place in chart.places.values():
        if place.country == "IR":
            spots.setdefault(place.port_id, []).append(place)
    by_ship = dict(list(without_false_places(trapped).groupby("mmsi")))
    end = trapped.fixes["reported_at"].max()
    checked = trapped.truth[trapped.truth["mmsi"].isin(by_ship)]
    assert len(checked) > 250
    for call in checked.itertuples():
        fixes = by_ship[call.mmsi].set_index("reported_at").sort_index()
        until = end if pd.isna(call.departed_at) else call.departed_at
        inside = fixes.loc[call.arrived_at : until]
        away_km = np.min(
            [
                distance_km(inside["lon"].to_numpy(), inside["lat"].to_numpy(), spot.lon, spot.lat)
                for spot in spots[call.port_id]
                if spot.kind == "berth" or call.area_kind == "anchorage"
            ],
            axis=0,
        )
        near_km = 0.3 if call.area_kind == "berth" else 2.0
        still = (away_km < near_km) & (inside["sog_kn"].to_numpy() < 0.7)
        assert still.any(), call
        if not pd.isna(call.departed_at):
            assert call.departed_at < end
            assert fixes.index[fixes.index > call.departed_at].size > 0


def test_clean_voyages_have_whole_calls_and_stop_nowhere_else_in_iran(clean: Tables, chart) -> None:
    """The other way round: no ship is still near an Iranian port without a true call there."""
    ships = clean.truth[~clean.truth["mmsi"].between(LOCAL_MMSI_FROM, LOCAL_MMSI_TO)]
    assert ships["departed_at"].notna().all()
    assert (ships["arrived_at"] > clean.fixes["reported_at"].min() + pd.Timedelta(hours=2)).all()
    assert set(ships["area_kind"]) == {"berth"}
    still = clean.fixes[clean.fixes["sog_kn"] < 0.7]
    checked = 0
    for place in chart.places.values():
        if place.country != "IR":
            continue
        away_km = distance_km(
            still["lon"].to_numpy(), still["lat"].to_numpy(), place.lon, place.lat
        )
        for mmsi, fixes in still[away_km < 4].groupby("mmsi"):
            calls = calls_of(clean, mmsi)
            calls = calls[calls["port_id"] == place.port_id]
            begins = calls["arrived_at"].to_numpy()[:, None]
            ends = calls["departed_at"].fillna(pd.Timestamp("2100-01-01")).to_numpy()[:, None]
            at = fixes["reported_at"].to_numpy()[None, :]
            assert ((begins <= at) & (at <= ends)).any(axis=0).all(), (place.place_id, mmsi)
            checked += len(fixes)
    assert checked > 1000


def test_calls_of_a_ship_do_not_overlap(trapped: Tables) -> None:
    for _, calls in trapped.truth.sort_values("arrived_at").groupby(["mmsi", "imo"]):
        assert (calls["departed_at"].iloc[:-1].to_numpy() < calls["arrived_at"].iloc[1:]).all()
    assert (trapped.truth["arrived_at"] <= trapped.truth["departed_at"].fillna("2100")).all()


def test_a_week_of_traps_leaves_no_call_open_by_chance() -> None:
    tables = simulate_tables(days=7, ships=150, seed=9)
    is_open = tables.truth["departed_at"].isna()
    local = tables.truth["mmsi"].between(LOCAL_MMSI_FROM, LOCAL_MMSI_TO)
    # A ship jammed when the data end is not heard to have left.
    by_trap = tables.truth["mmsi"].isin(
        [*tables.traps["still_in_port_at_end"], *tables.traps["jamming"]]
    )
    assert not (is_open & ~local & ~by_trap).any()
    assert tables.traps["week_edge"] == []


def test_lanes_keep_off_other_ports(chart) -> None:
    """Only where the water leaves no choice does a way pass within 7 km of another berth."""
    channels = {"IRABD", "IRBKM"}
    places = [place for place in chart.places.values() if place.kind != "offshore"]
    berths = [place for place in places if place.country == "IR" and place.kind == "berth"]
    for one in places:
        for two in places:
            if one.water != two.water or one.place_id >= two.place_id:
                continue
            way = [
                one,
                *(chart.waypoints[n] for n in route(chart, one.place_id, two.place_id)),
                two,
            ]
            t = np.linspace(0, len(way) - 1, 40 * len(way))
            lon = np.interp(t, range(len(way)), [point.lon for point in way])
            lat = np.interp(t, range(len(way)), [point.lat for point in way])
            for berth in berths:
                if berth.port_id in {one.port_id, two.port_id} | channels:
                    continue
                away_km = distance_km(lon, lat, berth.lon, berth.lat).min()
                assert away_km > 7, (one.place_id, two.place_id, berth.place_id)


# -- traps ------------------------------------------------------------------------------------


def test_every_trap_is_carried_when_asked_and_none_when_not(clean: Tables, trapped: Tables) -> None:
    assert clean.traps == {}
    assert set(trapped.traps) == set(TRAPS)
    for trap, mmsis in trapped.traps.items():
        assert bool(mmsis) == (trap not in IN_FILES_ONLY), trap


@pytest.mark.parametrize("trap", sorted(set(TRAPS) - IN_FILES_ONLY))
def test_a_trap_alone_is_the_only_one(trap: str) -> None:
    # From a Thursday: a midnight between Sunday and Monday lies inside, and one between two months.
    tables = simulate_tables(start=date(2026, 3, 26), days=8, ships=6, seed=2, traps=[trap])
    assert set(tables.traps) == {trap}
    assert tables.traps[trap]


def carriers(tables: Tables, trap: str) -> list[tuple[int, pd.DataFrame, pd.DataFrame]]:
    """The MMSI, fixes in order of time and calls of each ship that carries a trap."""
    assert tables.traps[trap]
    return [
        (mmsi, fixes_of(tables, mmsi).reset_index(drop=True), calls_of(tables, mmsi))
        for mmsi in tables.traps[trap]
    ]


def first_at(fixes: pd.DataFrame, chart, place_ids: Sequence[str], km: float) -> pd.DataFrame:
    """The fixes within some km of the first of the places that the ship comes near."""
    for place_id in place_ids:
        place = chart.places[place_id]
        away_km = distance_km(
            fixes["lon"].to_numpy(), fixes["lat"].to_numpy(), place.lon, place.lat
        )
        if (away_km < km).any():
            return fixes[away_km < km]
    raise AssertionError(f"nowhere near {place_ids}")


def without_calls(fixes: pd.DataFrame, calls: pd.DataFrame) -> bool:
    begin, end = fixes["reported_at"].min(), fixes["reported_at"].max()
    return not ((calls["arrived_at"] <= end) & (calls["departed_at"].fillna(end) >= begin)).any()


def test_pass_by_moves_through_without_a_call(trapped: Tables, chart) -> None:
    for _, fixes, calls in carriers(trapped, "pass_by"):
        near = first_at(fixes, chart, ["sxi-pass", "nek-pass"], 3.0)
        first_pass = near[near["reported_at"] < near["reported_at"].iloc[0] + pd.Timedelta("2h")]
        assert first_pass["sog_kn"].min() > 5
        assert without_calls(first_pass, calls)


def test_pilot_stop_is_short_and_no_call(trapped: Tables, chart) -> None:
    for _, fixes, calls in carriers(trapped, "pilot_stop"):
        near = first_at(fixes, chart, ["kmb-pilot", "amd-pilot"], 1.0)
        still = near[(near["sog_kn"] < 0.9)]["reported_at"]
        still = still[still < still.iloc[0] + pd.Timedelta("3h")]
        assert pd.Timedelta("6min") < still.max() - still.min() < pd.Timedelta("45min")
        assert without_calls(near[near["reported_at"].isin(still)], calls)


def test_waiting_outside_is_long_and_far_off(trapped: Tables, chart) -> None:
    iranian = [place for place in chart.places.values() if place.country == "IR"]
    for _, fixes, calls in carriers(trapped, "waiting_outside"):
        near = first_at(fixes, chart, ["buz-wait", "casp-wait"], 2.0)
        assert near["reported_at"].max() - near["reported_at"].min() > pd.Timedelta("40h")
        assert without_calls(near, calls)
        for place in iranian:
            away_km = distance_km(
                near["lon"].to_numpy(), near["lat"].to_numpy(), place.lon, place.lat
            )
            assert away_km.min() > 25


def test_roads_then_berth_is_one_call_of_kind_berth(trapped: Tables, chart) -> None:
    roads = [place for place in chart.places if place.endswith("-roads")]
    iranian = [place for place in roads if chart.places[place].country == "IR"]
    for _, fixes, calls in carriers(trapped, "roads_then_berth"):
        call = calls.iloc[0]
        assert call["area_kind"] == "berth"
        inside = fixes[fixes["reported_at"].between(call["arrived_at"], call["departed_at"])]
        waits = []
        for place in iranian:
            near = distance_km(
                inside["lon"].to_numpy(),
                inside["lat"].to_numpy(),
                chart.places[place].lon,
                chart.places[place].lat,
            )
            at_anchor = inside.loc[(near < 2) & (inside["sog_kn"] < 0.7), "reported_at"]
            waits.append(at_anchor.max() - at_anchor.min())
        assert max(wait for wait in waits if not pd.isna(wait)) > pd.Timedelta("18h")


def test_shared_roads_belong_to_the_port_of_the_berth(chart) -> None:
    ports = []
    for seed in (0, 1, 5):
        tables = simulate_tables(days=7, ships=1, seed=seed, traps=["roads_then_berth"])
        [(_, fixes, calls)] = carriers(tables, "roads_then_berth")
        waited = first_at(fixes[fixes["sog_kn"] < 0.7], chart, ["bnd-roads", "hor-roads"], 2.0)
        assert calls["arrived_at"].iloc[0] <= waited["reported_at"].iloc[0]
        ports.append(calls["port_id"].iloc[0])
    # None of these is the owner of the roads in which the ship waited.
    assert ports == ["IRBND", "IRBSR", "IRQSM"]


def test_roads_only_is_an_anchorage_call(trapped: Tables) -> None:
    for _, _, calls in carriers(trapped, "roads_only"):
        call = calls.iloc[0]
        assert call["area_kind"] == "anchorage"
        assert call["port_id"] in {"IRKHK", "IRAMD"}
        assert call["departed_at"] - call["arrived_at"] > pd.Timedelta("20h")


def test_harbour_shift_is_one_call_at_two_berths(trapped: Tables, chart) -> None:
    berths = [("khk-t", "khk-sea"), ("amd-1", "amd-2")]
    for _, fixes, calls in carriers(trapped, "harbour_shift"):
        call = calls.iloc[0]
        inside = fixes[fixes["reported_at"].between(call["arrived_at"], call["departed_at"])]
        pair = berths[0] if call["port_id"] == "IRKHK" else berths[1]
        for berth in pair:
            assert len(first_at(inside, chart, [berth], 0.2)) > 10


def test_out_and_back_is_one_call_with_hours_outside(trapped: Tables, chart) -> None:
    for _, fixes, calls in carriers(trapped, "out_and_back"):
        call = calls.iloc[0]
        inside = fixes[fixes["reported_at"].between(call["arrived_at"], call["departed_at"])]
        berth = chart.places["asa-1" if call["port_id"] == "IRASA" else "nek-1"]
        away_km = distance_km(
            inside["lon"].to_numpy(), inside["lat"].to_numpy(), berth.lon, berth.lat
        )
        outside = inside.loc[away_km > 12, "reported_at"]
        assert pd.Timedelta("5.5h") < outside.max() - outside.min() < pd.Timedelta("10.5h")


def test_neighbours_are_two_calls(trapped: Tables) -> None:
    pairs = set()
    for _, _, calls in carriers(trapped, "neighbours"):
        one, two = calls.iloc[0], calls.iloc[1]
        assert two["arrived_at"] - one["departed_at"] < pd.Timedelta("12h")
        pairs.add((one["port_id"], two["port_id"]))
    assert {("IRBSR", "IRBND"), ("IRAMD", "IRNEK"), ("IRASA", "IRTMB"), ("IRBKM", "IRMRX")} <= pairs


def test_silent_berth_is_one_call_with_a_long_gap(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "silent_berth"):
        call = calls.iloc[0]
        inside = fixes[fixes["reported_at"].between(call["arrived_at"], call["departed_at"])]
        gap = inside["reported_at"].diff().max()
        assert pd.Timedelta("1D") < gap < pd.Timedelta("4D")


def test_silent_departure_is_next_heard_far_away(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "silent_departure"):
        call = calls.iloc[0]
        last = fixes[fixes["reported_at"] == call["departed_at"]].iloc[0]
        after = fixes[fixes["reported_at"] > call["departed_at"]].iloc[0]
        assert last["sog_kn"] < 0.7
        assert after["reported_at"] - last["reported_at"] > pd.Timedelta("2D") * 0.9
        away_km = distance_km(last["lon"], last["lat"], after["lon"], after["lat"])
        assert away_km > 250


def test_first_heard_in_berth_begins_with_the_first_fix(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "first_heard_in_berth"):
        assert fixes["reported_at"].iloc[0] == calls["arrived_at"].iloc[0]
        assert fixes["sog_kn"].iloc[0] < 0.7
        assert calls["area_kind"].iloc[0] == "berth"


def test_still_in_port_at_end_is_open(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "still_in_port_at_end"):
        assert pd.isna(calls["departed_at"].iloc[-1])
        assert fixes["sog_kn"].iloc[-1] < 0.7


def test_week_edge_arrives_on_sunday_and_berths_on_monday(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "week_edge"):
        call = calls.iloc[0]
        assert call["arrived_at"].weekday() == 6
        assert call["arrived_at"].hour == 23
        still = fixes[(fixes["reported_at"] >= call["arrived_at"]) & (fixes["sog_kn"] < 0.7)].iloc[
            0
        ]
        assert still["reported_at"].weekday() == 0


def test_month_edge_arrives_in_one_month_and_berths_in_the_next(trapped: Tables) -> None:
    for _, fixes, calls in carriers(trapped, "month_edge"):
        call = calls[calls["arrived_at"].dt.strftime("%d %H") == "31 23"].iloc[0]
        later = fixes[(fixes["reported_at"] >= call["arrived_at"]) & (fixes["sog_kn"] < 0.7)]
        assert later["reported_at"].iloc[0].day == 1


def test_fix_jumps_are_few_far_and_no_call(trapped: Tables, chart) -> None:
    quays = [p for p in chart.places.values() if p.country == "IR" and p.kind == "berth"]
    for mmsi, fixes, calls in carriers(trapped, "fix_jumps"):
        lon, lat = fixes["lon"].to_numpy(), fixes["lat"].to_numpy()
        hours = fixes["reported_at"].diff().to_numpy() / np.timedelta64(3600, "s")
        step_km = np.hypot(np.diff(lon) * np.cos(np.radians(lat[1:])), np.diff(lat)) * 111.2
        leaps = np.flatnonzero(step_km / 1.852 / hours[1:] > 45)
        # Out and back: two leaps a jump.
        assert len(leaps) % 2 == 0
        assert len(leaps) >= 2
        for out, back in zip(leaps[::2], leaps[1::2], strict=True):
            assert 1 <= back - out <= 3
            thrown = fixes.iloc[out + 1 : back + 1]
            away_km = min(distance_km(lon[out + 1], lat[out + 1], q.lon, q.lat) for q in quays)
            assert away_km < 0.3
            assert without_calls(thrown, calls), mmsi


def test_no_jump_is_planted_that_a_ship_could_have_sailed() -> None:
    """With six hours between fixes, 300 km are a day's work of a launch, not a jump."""
    tables = simulate_tables(days=14, ships=12, traps=["fix_jumps"], report_minutes=360)
    assert tables.traps["fix_jumps"] == []


OVERLAY_SETTINGS = {"days": 14, "ships": 60, "seed": 3}


@cache
def made(**settings: Any) -> Tables:
    """A simulation that several tests look at, and none changes."""
    return simulate_tables(**settings)


def laid(trap: str) -> tuple[Tables, Tables]:
    """The fixes with one trap that is laid on plain ships, and those without it."""
    return made(**OVERLAY_SETTINGS, traps=(trap,)), made(**OVERLAY_SETTINGS, traps=())


def thrown(trap: str) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:
    """What a trap displaced: all tables, the false fixes, and the true ones in the same order."""
    planted, bare = laid(trap)
    assert planted.fixes["reported_at"].equals(bare.fixes["reported_at"])
    is_false = (planted.fixes["lon"] != bare.fixes["lon"]) | (
        planted.fixes["lat"] != bare.fixes["lat"]
    )
    false, true = planted.fixes[is_false], bare.fixes[is_false]
    assert set(false["mmsi"]) == set(planted.traps[trap])
    same = ["mmsi", "reported_at", "vessel_name", "nav_status"]
    pd.testing.assert_frame_equal(false[same], true[same])
    # Of the calls as they were sailed some may be lost, and none is added.
    key = ["mmsi", "imo", "port_id", "began_at", "ended_at"]
    merged = planted.truth.merge(bare.truth, on=key, how="left", indicator=True)
    assert (merged["_merge"] == "both").all()
    return planted, false, true


def between_km(one: pd.DataFrame, two: pd.DataFrame) -> np.ndarray:
    lon, lat = one["lon"].to_numpy(), one["lat"].to_numpy()
    east = (lon - two["lon"].to_numpy()) * np.cos(np.radians(lat))
    return np.hypot(east, lat - two["lat"].to_numpy()) * 111.2


def nearest_quay_km(fixes: pd.DataFrame, chart) -> np.ndarray:
    quays = [p for p in chart.places.values() if p.country == "IR" and p.kind == "berth"]
    lon, lat = fixes["lon"].to_numpy(), fixes["lat"].to_numpy()
    return np.min([distance_km(lon, lat, quay.lon, quay.lat) for quay in quays], axis=0)


def test_jamming_throws_ships_to_few_places_far_off(chart) -> None:
    planted, false, true = thrown("jamming")
    away_km = between_km(false, true)
    assert 18 < away_km.min() < away_km.max() < 402
    assert len(false) > 50
    # One place an event: six events, each within a kilometre or so of its place.
    spots: list[pd.Series] = []
    for _, fix in false.iterrows():
        if not any(distance_km(fix.lon, fix.lat, s.lon, s.lat) < 3 for s in spots):
            spots.append(fix)
    assert len(spots) <= 6
    assert (nearest_quay_km(false, chart) < 1.5).any()
    fixes = planted.fixes[planted.fixes["mmsi"].isin(planted.traps["jamming"])]
    assert speeds_kn(fixes).max() > 100


def test_jamming_interleaves_true_and_false_fixes_and_hits_several_ships() -> None:
    mixed, most = 0, 0
    for seed in range(4):
        settings = {"days": 14, "ships": 30, "seed": seed}
        planted, bare = (simulate_tables(**settings, traps=t) for t in (["jamming"], ()))
        is_false = planted.fixes["lon"] != bare.fixes["lon"]
        for mmsi in planted.traps["jamming"]:
            mine = is_false[planted.fixes["mmsi"] == mmsi].to_numpy()
            runs = (np.diff(mine.astype(int)) == 1).sum()
            mixed += runs >= 5
        most = max(most, len(planted.traps["jamming"]))
    assert mixed >= 3
    assert most >= 4


def test_a_jammed_call_counts_only_if_a_true_fix_is_left() -> None:
    """At a high share, some calls have no true fix; the rest begin and end with one."""
    settings = {"days": 21, "ships": 60, "seed": 1, "traps": ()}
    planted, bare = (simulate_tables(**settings, jammed_share=share) for share in (0.5, 0.0))
    is_true = (planted.fixes["lon"] == bare.fixes["lon"]).to_numpy()
    heard = planted.fixes[is_true].set_index(["mmsi", "reported_at"]).index
    for name in ("arrived_at", "departed_at"):
        ends = planted.truth.dropna(subset=name)
        assert pd.MultiIndex.from_frame(ends[["mmsi", name]]).isin(heard).all()
    assert len(planted.truth) <= len(bare.truth)
    assert not planted.truth["arrived_at"].equals(bare.truth["arrived_at"])


def test_circles_keep_to_a_ring() -> None:
    _, false, true = thrown("circles")
    away_km = between_km(false, true)
    assert 24 < away_km.min() < away_km.max() < 306
    for _, fixes in false.groupby("mmsi"):
        east = (fixes["lon"] - fixes["lon"].mean()) * np.cos(np.radians(fixes["lat"])) * 111.2
        north = (fixes["lat"] - fixes["lat"].mean()) * 111.2
        # x^2 + y^2 = 2ax + 2by + c is linear in the middle (a, b) of the ring.
        ones = np.ones(len(east))
        a, b, _ = np.linalg.lstsq(
            np.column_stack([2 * east, 2 * north, ones]), east**2 + north**2, rcond=None
        )[0]
        radius_km = np.hypot(east - a, north - b)
        assert radius_km.std() < 0.03
        assert 0.19 < radius_km.mean() < 5.1
        assert 7 < fixes["sog_kn"].min() < fixes["sog_kn"].max() < 31
        assert fixes["sog_kn"].std() < 1
        span = fixes["reported_at"].max() - fixes["reported_at"].min()
        assert pd.Timedelta("1.5h") < span < pd.Timedelta("14h")


def test_drift_away_ends_in_a_berth_and_jumps_back(chart) -> None:
    planted, false, true = thrown("drift_away")
    for mmsi, fixes in false.groupby("mmsi"):
        off_km = between_km(fixes, true.loc[fixes.index])
        at_berth = nearest_quay_km(fixes, chart) < 0.05
        lies = fixes.loc[at_berth, "reported_at"]
        assert pd.Timedelta("1.5h") < lies.max() - lies.min() < pd.Timedelta("12.1h")
        assert at_berth[np.flatnonzero(at_berth)[0] :].all()
        hours = np.diff(fixes["reported_at"].to_numpy()) / np.timedelta64(3600, "s")
        drifts_kn = (np.diff(off_km) / 1.852 / hours)[: (~at_berth).sum() - 1]
        # A swinging anchor and noise apart.
        assert 3.5 < np.median(drifts_kn) < 9.5
        assert drifts_kn.std() < 1.0
        own = fixes_of(planted, mmsi).reset_index(drop=True)
        back = own.index[own["reported_at"] > fixes["reported_at"].max()][0]
        assert speeds_kn(own.loc[back - 1 : back])[0] > 49
        assert without_calls(fixes, calls_of(planted, mmsi))


def test_spoofed_stay_lies_abroad_for_days_and_no_call_is_heard(trapped: Tables, chart) -> None:
    decoys = [chart.places[name] for name in ("irq-decoy", "jea-roads", "soh-roads", "bak-roads")]
    for _, fixes, calls in carriers(trapped, "spoofed_stay"):
        lon, lat = fixes["lon"].to_numpy(), fixes["lat"].to_numpy()
        hours = fixes["reported_at"].diff().to_numpy() / np.timedelta64(3600, "s")
        step_km = np.append(0.0, np.hypot(np.diff(lon) * np.cos(np.radians(lat[1:])), np.diff(lat)))
        leaps = np.flatnonzero(step_km[1:] * 111.2 / 1.852 / hours[1:] > 20) + 1
        assert len(leaps) == 2
        stay = fixes.iloc[leaps[0] : leaps[1]]
        length = stay["reported_at"].max() - stay["reported_at"].min()
        assert pd.Timedelta("1.9D") < length < pd.Timedelta("5D")
        away_km = [
            distance_km(stay["lon"].to_numpy(), stay["lat"].to_numpy(), d.lon, d.lat).max()
            for d in decoys
        ]
        assert min(away_km) < 1.0
        assert stay["sog_kn"].max() < 0.7
        assert (stay["nav_status"] == 1).all()
        assert without_calls(stay, calls)


def test_shared_mmsi_has_two_hulls_and_the_calls_of_both(trapped: Tables) -> None:
    for mmsi, fixes, calls in carriers(trapped, "shared_mmsi"):
        hulls = trapped.fleet[trapped.fleet["mmsi"] == mmsi]
        assert hulls["imo"].nunique() == hulls["vessel_name"].nunique() == 2
        assert set(calls["imo"]) == set(hulls["imo"])
        named = fixes.dropna(subset="imo")
        changes = (named["imo"].diff() != 0).sum()
        assert changes > 0.2 * len(named)
        one, two = (
            named[named["imo"] == imo].set_index("reported_at") for imo in hulls["imo"].tolist()
        )
        assert speeds_kn(one.reset_index()).max() < 15
        assert speeds_kn(two.reset_index()).max() < 15
        other = two.reindex(one.index, method="nearest")
        assert np.median(between_km(one, other)) > 200


def test_still_twin_lies_in_a_berth_for_days_beside_the_true_track(chart) -> None:
    planted, bare = laid("still_twin")
    pd.testing.assert_frame_equal(planted.truth, bare.truth)
    key = ["mmsi", "reported_at", "lon", "lat"]
    merged = planted.fixes.merge(bare.fixes[key], on=key, how="left", indicator=True)
    extra = merged[merged["_merge"] == "left_only"]
    assert len(planted.fixes) == len(bare.fixes) + len(extra)
    assert set(extra["mmsi"]) == set(planted.traps["still_twin"])
    for mmsi, fixes in extra.groupby("mmsi"):
        assert nearest_quay_km(fixes, chart).max() < 0.1
        begin, end = fixes["reported_at"].min(), fixes["reported_at"].max()
        assert end - begin > pd.Timedelta("2.5D")
        own = fixes_of(bare, mmsi)
        between = own[own["reported_at"].between(begin, end)]
        assert len(between) > 40
        first = fixes.iloc[0]
        away_km = distance_km(own["lon"].to_numpy(), own["lat"].to_numpy(), first.lon, first.lat)
        assert away_km.min() > 59


def test_identity_swap_changes_who_is_where(trapped: Tables, chart) -> None:
    swap = trapped.fixes["reported_at"].min().normalize() + pd.Timedelta("4D")
    for mmsi, fixes, calls in carriers(trapped, "identity_swap"):
        ship = trapped.fleet[trapped.fleet["mmsi"] == mmsi].iloc[0]
        assert set(fixes["imo"].dropna()) == set(calls["imo"]) == {ship["imo"]}
        assert set(fixes["vessel_name"].dropna()) == {ship["vessel_name"]}
        assert fixes["length_m"].dropna().nunique() == 1
        at = fixes["reported_at"].searchsorted(swap)
        before, after = fixes.iloc[at - 1], fixes.iloc[at]
        assert max(before["sog_kn"], after["sog_kn"]) < 0.7
        away_km = float(distance_km(before["lon"], before["lat"], after["lon"], after["lat"]))
        assert away_km > 200
        assert away_km / 1.852 > 50 * (
            (after["reported_at"] - before["reported_at"]) / pd.Timedelta("1h")
        )
        assert (calls["arrived_at"] < swap).any()
    later = trapped.truth[trapped.truth["mmsi"].isin(trapped.traps["identity_swap"])]
    assert (later["arrived_at"] > swap).any()


def test_sts_outside_are_two_ships_side_by_side(trapped: Tables, chart) -> None:
    iranian = [place for place in chart.places.values() if place.country == "IR"]
    ships = carriers(trapped, "sts_outside")
    assert len(ships) == 4
    met = 0
    # Later they go their own ways, and may meet in a port.
    until = trapped.fixes["reported_at"].min() + pd.Timedelta("5D")
    for mmsi, fixes, calls in ships:
        one = fixes[(fixes["sog_kn"] < 0.7) & (fixes["reported_at"] < until)]
        one = one.set_index("reported_at")
        for other_mmsi, others, _ in ships:
            if mmsi >= other_mmsi:
                continue
            two = others[others["sog_kn"] < 0.7].set_index("reported_at")
            beside = two.reindex(one.index, method="nearest", tolerance=pd.Timedelta("40min"))
            close = one[between_km(one, beside) < 0.25]
            if len(close) < 5:
                continue
            met += 1
            assert close.index.max() - close.index.min() > pd.Timedelta("19h")
            assert without_calls(close.reset_index(), calls)
            lon, lat = close["lon"].to_numpy(), close["lat"].to_numpy()
            assert min(distance_km(lon, lat, p.lon, p.lat).min() for p in iranian) > 15
    assert met == 2


def test_clock_error_moves_times_and_not_places() -> None:
    planted, bare = laid("clock_error")
    pd.testing.assert_frame_equal(planted.truth, bare.truth)
    begin, end = bare.fixes["reported_at"].min(), pd.Timestamp("2026-03-16")
    assert planted.fixes["reported_at"].between(begin.normalize(), end, inclusive="left").all()
    errors: set[float] = set()
    where = ["mmsi", "lon", "lat", "sog_kn", "cog_deg"]
    for mmsi, fixes in planted.fixes.groupby("mmsi"):
        own = fixes_of(bare, mmsi)
        one, two = (f.sort_values([*where, "reported_at"], ignore_index=True) for f in (fixes, own))
        pd.testing.assert_frame_equal(one[where], two[where])
        wrong = (one["reported_at"] - two["reported_at"]).dt.total_seconds() / 60
        wrong = wrong[wrong != 0]
        assert (len(wrong) > 0) == (mmsi in planted.traps["clock_error"])
        errors |= set(wrong)
    assert len(errors) == 1
    assert 19 < abs(errors.pop()) < 211


def test_a_ship_carries_one_trap_that_moves_it_at_most(trapped: Tables) -> None:
    moving = [mmsi for trap in FALSE_PLACES for mmsi in trapped.traps[trap]]
    assert len(moving) == len(set(moving))
    sailed = set(trapped.traps) - set(OVERLAYS) - {"static_silence", "hostile_names"}
    assert not {m for trap in OVERLAYS for m in trapped.traps[trap]} & {
        m for trap in sailed for m in trapped.traps[trap]
    }


def test_the_order_of_the_traps_does_not_matter() -> None:
    one, two = (
        simulate_tables(days=7, ships=40, traps=traps) for traps in (list(TRAPS), list(TRAPS)[::-1])
    )
    pd.testing.assert_frame_equal(one.fixes, two.fixes)
    assert one.traps == two.traps


# -- interference and reception as a whole ----------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_jammed_share_is_reached(share: float) -> None:
    settings = {"days": 7, "ships": 60, "seed": 2, "traps": ()}
    jammed, bare = (made(**settings, jammed_share=s).fixes for s in (share, 0.0))
    is_false = jammed["lon"] != bare["lon"]
    ship_day = bare["mmsi"].astype(str) + bare["reported_at"].dt.strftime(" %j")
    local = bare["mmsi"].between(LOCAL_MMSI_FROM, LOCAL_MMSI_TO)
    assert not (is_false & local).any()
    reached = ship_day[is_false].nunique() / ship_day[~local].nunique()
    assert share <= reached < share + 0.01


def test_began_and_ended_are_when_a_ship_crossed_the_mark(clean: Tables, chart) -> None:
    assert clean.truth["ended_at"].isna().sum() == clean.truth["departed_at"].isna().sum()
    truth = clean.truth.dropna(subset=["departed_at"])
    first = (truth["arrived_at"] - truth["began_at"]) / pd.Timedelta("1min")
    last = (truth["ended_at"] - truth["departed_at"]) / pd.Timedelta("1min")
    assert min(first.min(), last.min()) >= -0.1
    # Ships heard in passes only have some hours between fixes.
    assert first.median() < 20
    assert max(first.max(), last.max()) < 240


THINNED = [reception for reception in RECEPTIONS if reception not in ("all", "ashore")]


def test_a_receiver_on_land_hears_every_few_seconds_under_way_and_minutes_at_rest() -> None:
    fixes = made(days=7, ships=2, seed=6, traps=(), reception="ashore").fixes
    step_s = fixes.groupby("mmsi")["reported_at"].diff().dt.total_seconds()
    is_under_way = fixes["sog_kn"] > 4
    assert 2 <= step_s[is_under_way].median() <= 10
    assert 150 <= step_s[fixes["nav_status"].isin([1, 5])].median() <= 200


@pytest.mark.parametrize("reception", THINNED)
def test_thin_reception_keeps_what_it_says(reception: str) -> None:
    settings = {"days": 12, "ships": 40, "seed": 6, "traps": ()}
    thin, full = (made(**settings, reception=r) for r in (reception, "all"))
    merged = thin.fixes.merge(full.fixes, how="left", indicator=True)
    assert (merged["_merge"] == "both").all()
    hours = {"2h": 2, "6h": 6, "6h-half": 6}.get(reception)
    for mmsi, fixes in thin.fixes.groupby("mmsi"):
        all_fixes = fixes_of(full, mmsi)
        if hours is None:
            at_h = (fixes["reported_at"] - pd.Timestamp("2026-03-02")) / pd.Timedelta("1h")
            assert at_h.diff().max() > 17.9
            # Folded by its period, half a day and more is empty for all the time.
            folded = np.sort(at_h % 36)
            assert max(np.diff(folded).max(), folded[0] + 36 - folded[-1]) >= 18
        else:
            slots = fixes["reported_at"].dt.floor(f"{hours}h")
            assert not slots.duplicated().any()
            share = len(slots) / all_fixes["reported_at"].dt.floor(f"{hours}h").nunique()
            assert share == 1.0 if reception != "6h-half" else 0.2 < share < 0.8


@pytest.mark.parametrize("reception", ["all", *THINNED])
def test_truth_holds_the_calls_of_which_a_fix_was_received(reception: str) -> None:
    settings = {"days": 14, "ships": 60, "seed": 3, "traps": ()}
    thin, full = (made(**settings, reception=r) for r in (reception, "all"))
    key = ["mmsi", "port_id", "began_at"]
    both = full.truth.merge(thin.truth, on=key, how="left", suffixes=("", "_thin"))
    assert both["arrived_at_thin"].notna().sum() == len(thin.truth)
    for call in both.itertuples():
        fixes = fixes_of(thin, call.mmsi)["reported_at"]
        until = fixes.max() if pd.isna(call.departed_at) else call.departed_at
        inside = fixes[fixes.between(call.arrived_at, until)]
        if pd.isna(call.arrived_at_thin):
            assert len(inside) <= 4
        else:
            assert call.arrived_at_thin == inside.iloc[0]
            assert call.arrived_at_thin >= call.arrived_at
            if not pd.isna(call.departed_at_thin):
                assert call.departed_at_thin == inside.iloc[-1]
    if reception == "6h":
        assert len(thin.truth) == len(full.truth)


def test_one_fix_a_slot_is_not_always_the_first() -> None:
    seconds = np.arange(0, 864_000, 600)
    kept = one_per_slot(seconds, 7200.0, np.random.default_rng(0))
    assert kept.sum() == 120
    assert len(set(seconds[kept] % 7200)) == 12
    assert one_per_slot(seconds[:0], 7200.0, np.random.default_rng(0)).sum() == 0


def test_the_label_tells_the_command(tmp_path: Path) -> None:
    simulate(tmp_path, days=2, ships=3, traps=(), jammed_share=0.25, reception="6h-half")
    label = (tmp_path / "SIMULATED.txt").read_text()
    assert "--trap none --jammed-share 0.25 --reception 6h-half --layout" in label


def test_static_silence_lasts_for_days(clean: Tables, trapped: Tables) -> None:
    def longest(fixes: pd.DataFrame) -> pd.Timedelta:
        named = fixes.loc[fixes["vessel_name"].notna(), "reported_at"]
        return named.diff().max()

    for _, fixes, _ in carriers(trapped, "static_silence"):
        assert longest(fixes) > pd.Timedelta("2.9D")
    # The one fishing boat that is silent for a week aside.
    ships = clean.fixes[~clean.fixes["mmsi"].between(LOCAL_MMSI_FROM, LOCAL_MMSI_TO)]
    assert max(longest(fixes) for _, fixes in ships.groupby("mmsi")) < pd.Timedelta("2D")


def test_flag_change_keeps_the_hull_and_changes_the_mmsi(trapped: Tables) -> None:
    for mmsi, fixes, _ in carriers(trapped, "flag_change"):
        rows = trapped.fleet[trapped.fleet["imo"] == fixes["imo"].dropna().iloc[0]]
        assert rows["flag"].tolist() == ["RU", "CM"]
        assert rows["is_russian_linked"].all()
        later = fixes_of(trapped, rows["mmsi"].iloc[1])
        assert str(mmsi).startswith("273")
        assert set(later["imo"].dropna()) == set(fixes["imo"].dropna())
        assert fixes["reported_at"].max() < later["reported_at"].min()


def test_hostile_names_are_sent_and_written_as_they_are(
    trapped: Tables, sample: tuple[Path, Simulation]
) -> None:
    sent = {
        fixes["vessel_name"].dropna().iloc[0] for _, fixes, _ in carriers(trapped, "hostile_names")
    }
    assert sent == set(HOSTILE_NAMES)
    rows = csv.DictReader(io.StringIO(unpacked(sample[1].files[9]).decode("latin-1")))
    names = {row["vessel_name"] for row in rows}
    assert {"=1+1", '@SIM "QUOTED", COMMA'} <= names
    assert not set(simulate_tables(days=7, ships=9, traps=()).fleet["vessel_name"]) & set(
        HOSTILE_NAMES
    )


# -- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"traps": ["no_such"]}, "no such trap: no_such"),
        ({"days": 0}, "must be 1 or more"),
        ({"ships": 0}, "must be 1 or more"),
        ({"ships": 6000}, "at most 5000"),
        ({"ships": 35}, "need 36 ships, got 35"),
        ({"jammed_share": 0.6}, "from 0 to 0.5"),
        ({"reception": "3h"}, "no such reception: 3h; there are all, ashore, 2h"),
        ({"days": 6}, "need 7 days"),
        ({"report_minutes": 0.0}, "above 0"),
    ],
)
def test_nonsense_is_refused_with_what_to_do(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate_tables(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"layout": "noaa"}, "no such layout"), ({"compression": "bz2"}, "no such compression")],
)
def test_unknown_layouts_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path / "out", days=1, ships=1, traps=(), start=date(2026, 3, 2), **arguments)
    assert not (tmp_path / "out").exists()
