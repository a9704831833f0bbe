"""The port file, its loader, and what other gazetteers say about the same places."""

from __future__ import annotations

import copy
import json
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from geo import fences
from geo.dry_land import features
from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, OUTSIDE, PORT_LIMIT, locate
from geo.ports import KINDS, WATERS, Ports, load_ports

ROOT = Path(__file__).resolve().parents[2]
IRAN = ROOT / "data" / "ports" / "iran.geojson"
RUSSIA = ROOT / "data" / "ports" / "russia.geojson"
LAND = ROOT / "data" / "ports" / "land.geojson"
GAZETTEERS = ROOT.parent / "shared" / "data" / "ports"

# port_id: lat, lon of a berth or mooring; IRHOR is roads, its point lies in the anchorage.
PLACES = {
    "IRKHK": (29.23, 50.33),
    "IRBKM": (30.43, 49.07),
    "IRMRX": (30.46, 49.19),
    "IRKHO": (30.44, 48.15),
    "IRABD": (30.33, 48.28),
    "IRBUZ": (28.98, 50.83),
    "IRCYT": (29.02, 49.48),
    "IR-BHG": (29.73, 50.17),
    "IRASA": (27.53, 52.53),
    "IRTMB": (27.72, 52.19),
    "IR-TAH": (27.65, 52.35),
    "IRLVP": (26.79, 53.35),
    "IRAMD": (36.85, 53.37),
    "IRASR": (38.43, 48.88),
    "IRSXI": (25.90, 54.55),
    "IRLIN": (26.55, 54.88),
    "IRQSM": (26.95, 55.99),
    "IRBSR": (27.10, 56.06),
    "IRBND": (27.14, 56.21),
    "IRHOR": (27.05, 56.40),
    "IR-KMB": (25.82, 57.28),
    "IRJAK": (25.64, 57.77),
    "IRZBR": (25.30, 60.61),
    "IRBAZ": (37.48, 49.46),
    "IRNSH": (36.66, 51.51),
    "IRFKR": (36.69, 52.52),
    "IRNEK": (36.85, 53.26),
}

# The Russian oil ports. port_id: lat, lon of a berth or mooring.
RUSSIAN_PLACES = {
    "RUNVS": (44.71, 37.82),
    "RUCPC": (44.62, 37.65),
    "RUTAM": (45.125, 36.67),
    "RUTUA": (44.085, 39.07),
    "RUKZP": (45.335, 36.66),
    "RUTMR": (45.33, 37.37),
    "RUAZO": (47.12, 39.40),
    "RURND": (47.19, 39.67),
    "RUTAG": (47.20, 38.95),
    "RUPRI": (60.33, 28.70),
    "RUULU": (59.69, 28.41),
    "RUVYS": (60.605, 28.56),
    "RULED": (59.90, 30.24),
    "RUKGD": (54.70, 20.46),
    "RUMMK": (68.985, 33.05),
    "RUKZM": (42.72, 133.01),
    "RUNJK": (42.80, 132.885),
    "RUDKA": (51.468, 140.78),
    "RUPGN": (46.62, 142.90),
    "RUVNN": (49.087, 140.29),
    "RUVVO": (43.10, 131.89),
    "RUASF": (46.38, 48.02),
    "RUOYA": (45.783, 47.533),
    "RUMCX": (42.99, 47.49),
    "UAFEO": (45.025, 35.40),
    "UAKEH": (45.345, 36.47),
}


@pytest.fixture(scope="module")
def ports() -> Ports:
    return load_ports(IRAN)


@pytest.fixture(scope="module")
def russian() -> Ports:
    return load_ports(RUSSIA)


@pytest.fixture(scope="module")
def both() -> Ports:
    return load_ports(IRAN, RUSSIA)


@cache
def gazetteer(name: str) -> pd.DataFrame:
    path = GAZETTEERS / name
    if not path.exists():
        pytest.skip(f"{path} is missing: the gazetteers are not part of the project")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def where(lon: float, lat: float, ports: Ports) -> tuple[str | None, int]:
    place = locate([lon], [lat], ports)
    row = int(place.port[0])
    return (ports.port["port_id"].iloc[row] if row >= 0 else None), int(place.area[0])


# --- the file ---------------------------------------------------------------------------------


def test_every_port_is_there_and_no_other(ports: Ports) -> None:
    assert ports.port["port_id"].tolist() == sorted(PLACES)


@pytest.mark.parametrize("port_id", PLACES)
def test_place_lies_in_a_berth_of_its_port(ports: Ports, port_id: str) -> None:
    lat, lon = PLACES[port_id]
    kind = ports.port.set_index("port_id")["kind"][port_id]
    assert where(lon, lat, ports) == (port_id, ANCHORAGE if kind == "roads" else BERTH)


def test_tables_have_the_contract_columns(ports: Ports) -> None:
    assert ports.port.columns.tolist() == [
        "port_id",
        "name",
        "water",
        "country",
        "kind",
        "usual_tanker_calls",
        "usual_tanker_calls_source",
        "geometry",
        "source",
        "accuracy_m",
        "trade_tier",
    ]
    assert ports.port_area.columns.tolist() == [
        "area_id",
        "port_id",
        "name",
        "kind",
        "water",
        "country",
        "serves",
        "geometry",
        "source",
        "accuracy_m",
    ]
    assert ports.port_area["area_id"].is_monotonic_increasing
    assert set(ports.port_area["kind"]) == set(KINDS) - {"land"}
    assert set(ports.port["water"]) == {"Persian Gulf", "Gulf of Oman", "Caspian"}
    assert str(ports.port["usual_tanker_calls"].dtype) == "Int64"
    assert ports.port["usual_tanker_calls"].notna().all()
    assert ports.port["trade_tier"].tolist() == [None] * len(PLACES)


def test_area_ids_begin_with_their_port(both: Ports) -> None:
    pairs = zip(both.port_area["area_id"], both.port_area["port_id"], strict=True)
    assert all(area_id.startswith(f"{port_id}-") for area_id, port_id in pairs)


def test_berths_reach_700_m_beyond_quay_or_mooring(both: Ports) -> None:
    """So no berth is narrower than twice that: its quay or mooring lies somewhere inside."""
    for area_id, kind, geometry in both.port_area[["area_id", "kind", "geometry"]].itertuples(
        index=False
    ):
        if kind == "berth":
            squeeze = np.cos(np.radians(geometry.centroid.y))
            flat = shapely.transform(geometry, lambda xy, k=squeeze: xy * [k, 1] * 111_195)
            box = shapely.minimum_rotated_rectangle(flat).exterior.coords
            sides = [np.hypot(*np.subtract(box[i], box[i + 1])) for i in (0, 1)]
            assert min(sides) >= 1_400, area_id


def test_limits_stay_apart(both: Ports) -> None:
    """At least 100 m, so that an edit of one limit does not run into the next at once."""
    limits = both.port["geometry"].tolist()
    for i, one in enumerate(limits):
        # Metres: a degree is shortest to the east, at the limit's northern edge.
        degree = 111_195 * np.cos(np.radians(one.bounds[3]))
        for other in limits[i + 1 :]:
            assert shapely.distance(one, other) * degree > 100


def test_shared_roads_are_those_off_bandar_abbas_khor_musa_and_jask(ports: Ports) -> None:
    serving = ports.port_area[ports.port_area["serves"].map(len) > 0].set_index("area_id")["serves"]
    assert serving.index.tolist() == [
        "IR-KMB-anchorage-roads",
        "IRBKM-anchorage-outer-bar",
        "IRBND-anchorage-roads",
        "IRBSR-anchorage-roads",
        "IRHOR-anchorage-hormuz-larak",
    ]
    assert set(serving["IRBND-anchorage-roads"]) == {"IRBND", "IRBSR", "IRHOR", "IRQSM"}


@pytest.mark.parametrize("path", [IRAN, RUSSIA], ids=lambda path: path.stem)
def test_file_follows_rfc_7946(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for feature in json.loads(text)["features"]:
        geometry = shapely.from_geojson(json.dumps(feature["geometry"]))
        for polygon in shapely.get_parts(geometry):
            assert polygon.exterior.is_ccw
            assert not any(hole.is_ccw for hole in polygon.interiors)
        coordinates = shapely.get_coordinates(geometry)
        assert (np.round(coordinates, 5) == coordinates).all()
    # A vertex a line: a moved vertex is one changed line.
    assert max(len(line) for line in text.splitlines() if line.lstrip().startswith("[")) < 40


def test_sources_name_no_unopened_chart(both: Ports) -> None:
    text = " ".join(both.port_area["source"]).lower()
    assert "chart" not in text
    assert both.port_area["accuracy_m"].between(100, 5_000).all()


# --- the Russian ports ------------------------------------------------------------------------


def test_every_russian_port_is_there_and_no_other(russian: Ports) -> None:
    assert russian.port["port_id"].tolist() == sorted(RUSSIAN_PLACES)


@pytest.mark.parametrize("port_id", RUSSIAN_PLACES)
def test_russian_place_lies_in_a_berth_of_its_port(russian: Ports, port_id: str) -> None:
    lat, lon = RUSSIAN_PLACES[port_id]
    assert where(lon, lat, russian) == (port_id, BERTH)


def test_a_call_there_is_moderate_evidence_but_at_the_caspian_pipelines_terminal(
    russian: Ports,
) -> None:
    """Most of that terminal's oil is Kazakh."""
    tiers = russian.port.set_index("port_id")["trade_tier"]
    assert tiers.pop("RUCPC") == "weak"
    assert set(tiers) == {"moderate"}


def test_russian_ports_have_no_part_in_the_coasts_coverage(russian: Ports) -> None:
    assert russian.port["usual_tanker_calls"].isna().all()


def test_occupied_ports_are_ukraines_and_say_that_they_are_occupied(russian: Ports) -> None:
    occupied = russian.port[russian.port["country"] == "UA"]
    assert occupied["port_id"].tolist() == ["UAFEO", "UAKEH"]
    assert occupied["name"].str.contains("occupied").all()
    areas = russian.port_area[russian.port_area["country"] == "UA"]
    assert areas["source"].str.contains("occupied by Russia since 2014").all()
    assert set(russian.port["country"]) == {"RU", "UA"}


def test_both_files_together_are_one_list(ports: Ports, russian: Ports, both: Ports) -> None:
    assert both.port["port_id"].tolist() == sorted([*PLACES, *RUSSIAN_PLACES])
    assert set(both.port["water"]) == set(WATERS)
    turned = load_ports(RUSSIA, IRAN)
    pd.testing.assert_frame_equal(both.port, turned.port)
    pd.testing.assert_frame_equal(both.port_area, turned.port_area)
    for place, files in ((PLACES, ports), (RUSSIAN_PLACES, russian)):
        for lat, lon in place.values():
            assert where(lon, lat, both) == where(lon, lat, files)


def test_the_caspian_ports_of_both_coasts_are_far_apart(ports: Ports, russian: Ports) -> None:
    for one in ports.port.loc[ports.port["water"] == "Caspian", "geometry"]:
        for other in russian.port.loc[russian.port["water"] == "Caspian", "geometry"]:
            assert shapely.distance(one, other) > 4  # degrees: some 450 km


def test_novorossiysk_and_the_pipelines_buoys_are_two_ports(russian: Ports) -> None:
    """Some 15 km apart, and what a call proves is not the same."""
    limit = russian.port.set_index("port_id")["geometry"]
    berth = russian.port_area[russian.port_area["kind"] == "berth"].set_index("port_id")["geometry"]
    assert not limit["RUNVS"].intersects(berth["RUCPC"])
    assert not limit["RUCPC"].intersects(berth["RUNVS"])
    buoys, jetties = berth["RUCPC"].centroid, berth["RUNVS"].centroid
    assert 12_000 < great_circle_m(buoys.x, buoys.y, jetties.x, jetties.y) < 20_000


# Towns and ports of the same name: lat, lon.
OTHER_PRIMORSKS = {
    "Primorsk on the Sea of Azov, Ukraine": (46.73, 36.35),
    "Primorsk near Kaliningrad": (54.73, 20.01),
    "Primorsko-Akhtarsk": (46.04, 38.15),
    "Primorsko, Bulgaria": (42.27, 27.75),
}


@pytest.mark.parametrize("name", OTHER_PRIMORSKS)
def test_primorsk_is_the_one_on_the_gulf_of_finland(russian: Ports, name: str) -> None:
    lat, lon = OTHER_PRIMORSKS[name]
    assert where(lon, lat, russian)[0] != "RUPRI"
    assert where(28.70, 60.33, russian) == ("RUPRI", BERTH)


# Along the way through the Kerch strait, from the Black Sea to the Sea of Azov: lat, lon. The
# arch of the bridge is one of them. General knowledge, to a few hundred metres.
KERCH_FAIRWAY = [
    (44.85, 36.45),
    (45.00, 36.52),
    (45.10, 36.52),
    (45.20, 36.50),
    (45.309, 36.512),
    (45.345, 36.615),
    (45.40, 36.66),
    (45.50, 36.75),
]


@pytest.mark.parametrize(("lat", "lon"), KERCH_FAIRWAY)
def test_the_fairway_of_the_kerch_strait_is_in_no_berth(
    russian: Ports, lat: float, lon: float
) -> None:
    assert where(lon, lat, russian)[1] < ANCHORAGE


def test_the_fairway_of_the_kerch_strait_crosses_no_limit_in_the_strait(russian: Ports) -> None:
    fairway = shapely.LineString([(lon, lat) for lat, lon in KERCH_FAIRWAY])
    crossed = russian.port["geometry"].map(fairway.intersects)
    assert russian.port.loc[crossed, "port_id"].tolist() == []


# --- against gazetteers -----------------------------------------------------------------------


def test_ir_dash_codes_are_no_locodes_without_their_dash(ports: Ports) -> None:
    """IRTHR, for one, is Tehran: IR-THR would be read as it."""
    assigned = set(gazetteer("unlocode_ir_ru.csv")["LOCODE"].str.replace(" ", ""))
    for port_id in ports.port["port_id"]:
        if "-" in port_id:
            assert port_id.replace("-", "") not in assigned
        else:
            assert port_id in assigned


# World Port Index rows of Iran by number. Not in a berth: Chabahar's point lies 3 km out at sea,
# off the cape; Khosrowabad is a river jetty that is not among the ports.
WPI = {
    "48464": ("IR-BHG", BERTH),
    "48465": ("IRKHK", BERTH),
    "48450": ("IRMRX", BERTH),
    "48470": ("IRBUZ", BERTH),
    "48420": ("IRKHO", BERTH),
    "48460": ("IRBKM", BERTH),
    "48430": ("IRABD", BERTH),
    "48440": (None, OUTSIDE),
    "48540": ("IRJAK", BERTH),
    "48530": ("IRHOR", BERTH),
    "48535": ("IRSXI", BERTH),
    "48468": ("IRCYT", BERTH),
    "48520": ("IRBND", BERTH),
    "48550": ("IRZBR", PORT_LIMIT),
    "48533": ("IR-TAH", BERTH),
    "48495": ("IRBSR", BERTH),
    "48475": ("IRASA", BERTH),
    "48480": ("IRLVP", BERTH),
}


def test_world_port_index(ports: Ports) -> None:
    rows = gazetteer("world_port_index_2025.csv")
    rows = rows[rows["Country Code"] == "Iran"].set_index("World Port Index Number")
    assert set(rows.index) == set(WPI)
    for number, row in rows.iterrows():
        found = where(float(row["Longitude"]), float(row["Latitude"]), ports)
        assert found == WPI[str(number)], row["Main Port Name"]


# IMF PortWatch. Shahid Rajaee's point lies on land 3 km north of the quays, inside the limit.
PORTWATCH = {
    "port563": ("IRKHO", BERTH),
    "port834": ("IRNSH", BERTH),
    "port43": ("IRAMD", BERTH),
    "port58": ("IRBAZ", BERTH),
    "port105": ("IRASA", BERTH),
    "port106": ("IRBSR", PORT_LIMIT),
    "port107": ("IRBND", BERTH),
    "port108": ("IRBKM", BERTH),
    "port196": ("IRBUZ", BERTH),
    "port226": ("IRZBR", BERTH),
    "port2164": ("IRKHK", BERTH),
    "port2165": ("IRLVP", BERTH),
}


def test_portwatch_points_and_tanker_counts(ports: Ports) -> None:
    rows = gazetteer("portwatch_ports_2026.csv")
    rows = rows[rows["ISO3"] == "IRN"].set_index("portid")
    calls = ports.port.set_index("port_id")["usual_tanker_calls"]
    assert set(rows.index) == set(PORTWATCH)
    for portid, row in rows.iterrows():
        port_id, area = PORTWATCH[str(portid)]
        assert where(float(row["lon"]), float(row["lat"]), ports) == (port_id, area)
        # Kharg's 75 a year cannot carry nine tenths of the country's exports: see its source.
        if port_id != "IRKHK":
            assert calls[port_id] == int(row["vessel_count_tanker"]), port_id


# World Port Index rows in a Russian port's limit, by number. Not in a berth: Rostov's point lies on
# the left bank, Temryuk's in the roads, Primorsk's in the town, Ust-Luga's at the old river port;
# Vostochnyy is the coal port beside Kozmino.
RUSSIAN_WPI = {
    "28310": ("RUVYS", BERTH),
    "28360": ("RUPRI", PORT_LIMIT),
    "28370": ("RULED", BERTH),
    "28390": ("RULED", BERTH),
    "28400": ("RULED", BERTH),
    "28410": ("RUULU", PORT_LIMIT),
    "28680": ("RUKGD", BERTH),
    "28690": ("RUKGD", BERTH),
    "43850": ("UAFEO", BERTH),
    "43900": ("UAKEH", BERTH),
    "44060": ("RUTAG", BERTH),
    "44070": ("RURND", PORT_LIMIT),
    "44080": ("RUAZO", BERTH),
    "44140": ("RUTMR", ANCHORAGE),
    "44162": ("RUKZP", BERTH),
    "44200": ("RUNVS", BERTH),
    "44230": ("RUTUA", BERTH),
    "60610": ("RUVVO", BERTH),
    "60725": ("RUKZM", PORT_LIMIT),
    "60730": ("RUNJK", BERTH),
    "60800": ("RUVNN", BERTH),
    "60810": ("RUDKA", BERTH),
    "62950": ("RUMMK", BERTH),
    "62970": ("RUMMK", BERTH),
}


def test_world_port_index_and_russian_ports(russian: Ports) -> None:
    """Every other port of the world lies outside, Vyborg and Korsakov among them."""
    rows = gazetteer("world_port_index_2025.csv").set_index("World Port Index Number")
    assert set(RUSSIAN_WPI) <= set(rows.index)
    for number, row in rows.iterrows():
        found = where(float(row["Longitude"]), float(row["Latitude"]), russian)
        assert found == RUSSIAN_WPI.get(str(number), (None, OUTSIDE)), row["Main Port Name"]


# IMF PortWatch points in a Russian port's limit. Taman's lies on the shore behind the jetties, St
# Petersburg's in the bay before them; Vostochnyy is the coal port beside Kozmino.
RUSSIAN_PORTWATCH = {
    "port76": ("RUASF", BERTH),
    "port104": ("RUKGD", BERTH),
    "port187": ("RUVNN", BERTH),
    "port283": ("RUDKA", BERTH),
    "port378": ("RUVYS", BERTH),
    "port509": ("RUKGD", BERTH),
    "port530": ("RUKGD", BERTH),
    "port554": ("RUKZP", BERTH),
    "port559": ("UAKEH", BERTH),
    "port684": ("RUMCX", BERTH),
    "port779": ("RUMMK", BERTH),
    "port787": ("RUNJK", BERTH),
    "port833": ("RUNVS", BERTH),
    "port978": ("RUTAM", PORT_LIMIT),
    "port1020": ("RUPRI", BERTH),
    "port1095": ("RUULU", BERTH),
    "port1112": ("RURND", BERTH),
    "port1150": ("RULED", PORT_LIMIT),
    "port1249": ("RUTAG", BERTH),
    "port1283": ("RUTMR", BERTH),
    "port1326": ("RUTUA", BERTH),
    "port1369": ("RUVVO", BERTH),
    "port1374": ("RUKZM", PORT_LIMIT),
    "port2010": ("RUAZO", BERTH),
    "port2234": ("UAFEO", BERTH),
    "port2435": ("RULED", BERTH),
    "port2446": ("RULED", BERTH),
}


def test_portwatch_and_russian_ports(russian: Ports) -> None:
    """Every other port of the world lies outside."""
    rows = gazetteer("portwatch_ports_2026.csv").set_index("portid")
    assert set(RUSSIAN_PORTWATCH) <= set(rows.index)
    for portid, row in rows.iterrows():
        found = where(float(row["lon"]), float(row["lat"]), russian)
        assert found == RUSSIAN_PORTWATCH.get(str(portid), (None, OUTSIDE)), row["portname"]


Point = tuple[float, float]
"""lat, lon, degrees."""

# Points of sources that are not at hand as a file: UN/LOCODE, to a minute; the middle of a berth
# polygon of the Centre for Research on Energy and Clean Air (CREA); the first corner of the port
# in order 1977-r of the Russian government, 16 December 2009.
LOCODE_CPC, CREA_CPC = (44.667, 37.65), (44.621, 37.630)
LOCODE_KOZMINO, CREA_KOZMINO = (42.717, 133.017), (42.720, 133.010)
LOCODE_PRIGORODNOYE, CREA_PRIGORODNOYE = (46.617, 142.9), (46.619, 142.902)
CREA_TAMAN = (45.118, 36.664)
LOCODE_ST_PETERSBURG = (59.883, 30.25)
LOCODE_MAKHACHKALA = (42.967, 47.5)
ORDER_ASTRAKHAN = (46.4491, 47.9696)

# port_id: two sources (a number of the World Port Index, an id of PortWatch, or a point) and how
# far apart they are at most, km. Olya has one source only.
AGREEMENT: dict[str, tuple[str | Point, str | Point, float]] = {
    "RUNVS": ("44200", "port833", 3),
    "RUCPC": (LOCODE_CPC, CREA_CPC, 5.5),
    "RUTAM": ("port978", CREA_TAMAN, 3),
    "RUTUA": ("44230", "port1326", 2.5),
    "RUKZP": ("44162", "port554", 1.5),
    "RUTMR": ("44140", "port1283", 4),
    "RUAZO": ("44080", "port2010", 4.5),
    "RURND": ("44070", "port1112", 4.5),
    "RUTAG": ("44060", "port1249", 0.5),
    "RUPRI": ("28360", "port1020", 6.5),
    "RUULU": ("28410", "port1095", 6),
    "RUVYS": ("28310", "port378", 1.5),
    "RULED": ("28370", LOCODE_ST_PETERSBURG, 6.5),
    "RUKGD": ("28690", "port530", 2.5),
    "RUMMK": ("62950", "port779", 1),
    "RUKZM": (LOCODE_KOZMINO, CREA_KOZMINO, 1),
    "RUNJK": ("60730", "port787", 1),
    "RUDKA": ("60810", "port283", 0.5),
    "RUPGN": (LOCODE_PRIGORODNOYE, CREA_PRIGORODNOYE, 0.5),
    "RUVNN": ("60800", "port187", 1.5),
    "RUVVO": ("60610", "port1369", 2.5),
    "RUASF": ("port76", ORDER_ASTRAKHAN, 9),
    "RUMCX": ("port684", LOCODE_MAKHACHKALA, 5.5),
    "UAFEO": ("43850", "port2234", 4),
    "UAKEH": ("43900", "port559", 2.5),
}


@pytest.mark.parametrize("port_id", AGREEMENT)
def test_place_lies_where_two_sources_agree(port_id: str) -> None:
    world = gazetteer("world_port_index_2025.csv").set_index("World Port Index Number")
    portwatch = gazetteer("portwatch_ports_2026.csv").set_index("portid")

    def point(source: str | Point) -> Point:
        if not isinstance(source, str):
            return source
        table, names = (
            (portwatch, ("lat", "lon"))
            if source.startswith("port")
            else (world, ("Latitude", "Longitude"))
        )
        lat, lon = (float(table.loc[source, name]) for name in names)
        return lat, lon

    *sources, most_km = AGREEMENT[port_id]
    points = [RUSSIAN_PLACES[port_id], *(point(source) for source in sources)]
    for one, other in combinations(points, 2):
        assert great_circle_m(one[1], one[0], other[1], other[0]) / 1000 <= most_km


def test_world_port_index_has_the_same_locodes(russian: Ports) -> None:
    rows = gazetteer("world_port_index_2025.csv")
    known = set(rows["UN/LOCODE"].str.replace(" ", ""))
    others = set(russian.port["port_id"]) - known
    assert others == {"RUASF", "RUCPC", "RUKZM", "RUMCX", "RUOYA", "RUPGN", "RUTAM"}, "no row there"


def test_global_fishing_watch_and_russian_ports(russian: Ports) -> None:
    """Its roads are anchorages here."""
    rows = gazetteer("gfw_anchorage_overrides_irn_rus.csv")
    roads = {
        "TEMRYUK ANCHORAGE": ("RUTMR", 1.0),
        "ST PETERSBURG": ("RULED", 0.95),
        "KALININGRAD": ("RUKGD", 1.0),
        "VANINO": ("RUVNN", 0.8),
        "VOSTOCHNYY": ("RUKZM", 0.8),
        "VLADIVOSTOK": ("RUVVO", 0.7),
    }
    for label, (port_id, least) in roads.items():
        own = rows[rows["label"] == label]
        place = locate(own["longitude"].astype(float), own["latitude"].astype(float), russian)
        row = russian.port["port_id"].tolist().index(port_id)
        assert ((place.port == row) & (place.area == ANCHORAGE)).mean() >= least, label


# UN/LOCODE rows with coordinates, rounded to a minute, so a limit is all one can ask for. Wrong:
# AMD lies 8 km inland, BND in the city, MRX in the town 8 km north of the jetties, and NEK 24 km
# east of the terminal. A second code for Neka (NKA) is right.
LOCODE_RIGHT = {
    "ASA": "IRASA",
    "BAZ": "IRBAZ",
    "BDH": "IRLIN",
    "BKM": "IRBKM",
    "BUZ": "IRBUZ",
    "CYT": "IRCYT",
    "FKR": "IRFKR",
    "NKA": "IRNEK",
    "SBR": "IRBND",
    "SRP": "IRBSR",
    "TMB": "IRTMB",
}
LOCODE_WRONG = {"AMD": "IRAMD", "BND": "IRBND", "MRX": "IRMRX", "NEK": "IRNEK"}


def test_unlocode(ports: Ports) -> None:
    rows = gazetteer("unlocode_ir_ru.csv")
    rows = rows[rows["LOCODE"].str.startswith("IR ")].set_index(rows["LOCODE"].str[3:])

    def place(code: str) -> str | None:
        lat, lon = str(rows.loc[code, "Coordinates"]).split()
        return where(int(lon[:3]) + int(lon[3:5]) / 60, int(lat[:2]) + int(lat[2:4]) / 60, ports)[0]

    for code, port_id in LOCODE_RIGHT.items():
        assert place(code) == port_id, code
    for code, port_id in LOCODE_WRONG.items():
        assert place(code) != port_id, code


def test_global_fishing_watch_anchorages(ports: Ports) -> None:
    rows = gazetteer("gfw_anchorage_overrides_irn_rus.csv")
    rows = rows[rows["iso3"] == "IRN"]
    for s2id, label, lat, lon in rows[["s2id", "label", "latitude", "longitude"]].itertuples(
        index=False
    ):
        port_id, area = where(float(lon), float(lat), ports)
        if label == "KHORRAMSHAHR":
            # Wrong: 90 km from the port, 6 km north of Iraq's Khawr al Amaya terminal
            # (World Port Index 2025: 29.783 N 48.8 E).
            lat_port, lon_port = PLACES["IRKHO"]
            assert great_circle_m(float(lon), float(lat), lon_port, lat_port) > 80_000
            assert great_circle_m(float(lon), float(lat), 48.8, 29.783) < 8_000
            assert port_id is None
        elif label == "HENGAM FIELD":
            assert port_id is None  # an oil field without a loading place
        elif label == "BANDAR ABBAS":
            # One of them is the jetty east of Shahid Rajaee; Bandar Abbas is meant at large.
            assert port_id == ("IRBSR" if s2id == "3ef82a2b" else "IRBND")
        else:
            expected = {"KOOH MOBARAK": "IR-KMB", "IRN-83": "IRQSM", "KHARK": "IRKHK"}
            assert port_id == expected[label]
            assert area in (ANCHORAGE, BERTH)


def test_iraqi_terminals_are_outside_every_fence(ports: Ports) -> None:
    for lon, lat in [(48.80, 29.783), (48.817, 29.683), (47.833, 30.517), (47.95, 30.017)]:
        assert where(lon, lat, ports) == (None, OUTSIDE)


# --- the loader -------------------------------------------------------------------------------


def square(west: float, south: float, size: float) -> dict[str, Any]:
    ring = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return {"type": "Polygon", "coordinates": [[[west + x, south + y] for x, y in ring]]}


def feature(port_id: str, kind: str, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {
        "area_id": f"{port_id}-{kind}",
        "port_id": port_id,
        "port_name": f"Port {port_id}",
        "area_name": kind,
        "kind": kind,
        "water": "Persian Gulf",
        "country": "IR",
        "port_kind": "port",
        "source": "a test",
        "accuracy_m": 100,
    }
    if kind == "port_limit":
        properties |= {"usual_tanker_calls": 5, "usual_tanker_calls_source": "a test"}
    return {"type": "Feature", "properties": properties | more, "geometry": geometry}


def collection() -> dict[str, Any]:
    """Two ports that are in order: the first has all three kinds, the second is roads."""
    return {
        "type": "FeatureCollection",
        "features": [
            feature("IRAAA", "port_limit", square(50, 26, 1)),
            feature("IRAAA", "berth", square(50.1, 26.1, 0.2)),
            feature("IRAAA", "anchorage", square(50.5, 26.5, 0.3), serves=["IRAAA", "IRBBB"]),
            feature("IRBBB", "port_limit", square(52, 26, 1), port_kind="roads"),
        ],
    }


def problems(change: Any) -> str:
    parsed = collection()
    change(parsed["features"])
    with pytest.raises(ValueError) as caught:
        load_ports(parsed)
    return str(caught.value)


def test_a_good_file_loads_whatever_the_order() -> None:
    parsed = collection()
    ports = load_ports(parsed)
    assert ports.port["port_id"].tolist() == ["IRAAA", "IRBBB"]
    assert ports.port_area["serves"].tolist() == [("IRAAA", "IRBBB"), (), (), ()]
    parsed["features"].reverse()
    turned = load_ports(parsed)
    pd.testing.assert_frame_equal(ports.port, turned.port)
    pd.testing.assert_frame_equal(ports.port_area, turned.port_area)


def test_unknown_number_of_calls_may_be_null() -> None:
    parsed = collection()
    parsed["features"][0]["properties"]["usual_tanker_calls"] = None
    assert load_ports(parsed).port["usual_tanker_calls"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[1]["properties"].update(kind="quay"), "kind 'quay' is unknown"),
        (lambda f: f[1]["properties"].update(water="Red Sea"), "water 'Red Sea' is unknown"),
        (lambda f: f[1]["properties"].pop("source"), "property source is missing"),
        (lambda f: f[1]["properties"].update(source=" "), "property source is missing"),
        (lambda f: f[1]["properties"].pop("accuracy_m"), "accuracy_m is missing"),
        (lambda f: f[1]["properties"].update(accuracy_m=-1), "accuracy_m is missing"),
        (lambda f: f[1]["properties"].update(port_id="IR_AAA"), "neither a UN/LOCODE"),
        (lambda f: f[0]["properties"].pop("usual_tanker_calls"), "usual_tanker_calls is missing"),
        (lambda f: f[0]["properties"].update(usual_tanker_calls=1.5), "whole number"),
        (lambda f: f[0]["properties"].pop("usual_tanker_calls_source"), "say where the number"),
        (lambda f: f[1]["properties"].update(usual_tanker_calls=5), "belongs on the port_limit"),
        (lambda f: f[1]["properties"].update(trade_tier="weak"), "trade_tier belongs on the"),
        (lambda f: f[0]["properties"].update(trade_tier="strong"), "one of moderate, weak"),
        (lambda f: f[0]["properties"].update(trade_tier=["weak"]), "one of moderate, weak"),
        (lambda f: f[0]["properties"].update(trade_tier="weak"), "trade_tier_source is missing"),
        (
            lambda f: f[0]["properties"].update(trade_tier="weak", trade_tier_source=" "),
            "trade_tier_source is missing",
        ),
        (lambda f: f[2]["properties"].update(serves=["IRZZZ"]), "serves names 'IRZZZ'"),
        (lambda f: f[2]["properties"].update(serves=[]), "serves is empty"),
        (lambda f: f[2]["properties"].update(serves="IRBBB"), "no list of port_ids"),
        (lambda f: f[1]["properties"].update(serves=["IRBBB"]), "on an anchorage only"),
        (lambda f: f[1]["properties"].update(area_id="IRAAA-port_limit"), "is there twice"),
        (lambda f: f[1]["properties"].update(port_name="Other"), "port_name differs"),
        (lambda f: f.pop(0), "has 0 port_limit features"),
        (lambda f: f.pop(1), "has no berth"),
        (lambda f: f.append(feature("IR-AAA", "berth", square(50, 26, 1))), "without its dash"),
        (lambda f: f[1].update(geometry=square(50.9, 26.1, 0.2)), "reaches outside"),
        (lambda f: f[2].update(geometry=square(50.2, 26.2, 0.2)), "overlaps or touches"),
        (lambda f: f[3].update(geometry=square(50.9, 26, 1)), "overlaps or touches"),
        (lambda f: f[3].update(geometry=square(51, 26, 1)), "overlaps or touches"),
        (lambda f: f[3].update(geometry=square(179.5, 26, 1)), "beyond the globe"),
        (
            lambda f: f[3]["geometry"].update(
                coordinates=[[[-179, 65], [179, 65], [179, 66], [-179, 66], [-179, 65]]]
            ),
            "crosses the antimeridian",
        ),
        (lambda f: f[3].update(geometry={"type": "Point", "coordinates": [1, 2]}), "no Polygon"),
        (lambda f: f[3].update(geometry=None), "no Polygon"),
        (lambda f: f[3]["geometry"].update(coordinates=[[["a", 1]]]), "cannot be read"),
        (
            lambda f: f[3]["geometry"].update(
                coordinates=[[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]
            ),
            "Self-intersection",
        ),
        (lambda f: f[3].pop("properties"), "no properties"),
        (lambda f: f.clear(), "not one feature"),
    ],
)
def test_what_is_wrong_is_said(change: Any, message: str) -> None:
    assert message in problems(change)


def test_all_problems_come_in_one_message_that_names_file_and_feature(tmp_path: Path) -> None:
    parsed = copy.deepcopy(collection())
    parsed["features"][1]["properties"]["kind"] = "quay"
    parsed["features"][3]["properties"]["water"] = "Red Sea"
    path = tmp_path / "ports.geojson"
    path.write_text(json.dumps(parsed), encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        load_ports(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}: 2 problem(s) in the port areas"  # and none that only follows
    assert any(line.startswith("  feature 2 (IRAAA-berth): kind") for line in lines)
    assert any(line.startswith("  feature 4 (IRBBB-port_limit): water") for line in lines)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ports.geojson"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="not GeoJSON"):
        load_ports(path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="no FeatureCollection"):
        load_ports(path)
    with pytest.raises(OSError):
        load_ports(tmp_path / "none.geojson")


def other_file() -> dict[str, Any]:
    """A second file, in order and clear of the first."""
    tier = {"trade_tier": "weak", "trade_tier_source": "a test", "usual_tanker_calls": None}
    return {
        "type": "FeatureCollection",
        "name": "others",
        "features": [
            feature("RUCCC", "port_limit", square(60, 40, 1), country="RU", **tier),
            feature("RUCCC", "berth", square(60.1, 40.1, 0.2), country="RU"),
        ],
    }


def test_trade_tier_is_a_column_and_none_where_absent() -> None:
    ports = load_ports(collection(), other_file())
    assert ports.port["port_id"].tolist() == ["IRAAA", "IRBBB", "RUCCC"]
    assert ports.port["trade_tier"].tolist() == [None, None, "weak"]


def test_several_files_are_checked_as_a_whole() -> None:
    other = other_file()
    for own in other["features"]:
        own["geometry"] = square(50.5, 26.5, 1)
    with pytest.raises(ValueError, match="IRAAA-port_limit: overlaps or touches RUCCC-port_limit"):
        load_ports(collection(), other)
    with pytest.raises(ValueError, match="area_id IRAAA-berth is there twice"):
        load_ports(collection(), collection())


def test_serves_may_name_a_port_of_another_file() -> None:
    first = collection()
    first["features"][2]["properties"]["serves"] = ["IRAAA", "RUCCC"]
    served = load_ports(first, other_file()).port_area.set_index("area_id")["serves"]
    assert served["IRAAA-anchorage"] == ("IRAAA", "RUCCC")
    with pytest.raises(ValueError, match="serves names 'RUCCC'"):
        load_ports(first)


def test_a_problem_names_its_file_among_several(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.geojson", tmp_path / "bad.geojson"
    broken = other_file()
    broken["features"][1]["properties"]["kind"] = "quay"
    good.write_text(json.dumps(collection()), encoding="utf-8")
    bad.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        load_ports(good, bad)
    first, *rest = str(caught.value).splitlines()
    assert first == f"{good}, {bad}: 1 problem(s) in the port areas"
    assert [line.startswith(f"  {bad}: feature 2 (RUCCC-berth): kind") for line in rest] == [True]


def test_no_file_at_all_is_said() -> None:
    with pytest.raises(ValueError, match="no file of ports is given"):
        load_ports()


def test_dry_land_is_what_the_coast_gives() -> None:
    """`data/ports/land.geojson` is as `python -m geo.dry_land` writes it."""
    coast = json.loads((ROOT / "data" / "coast" / "land.geojson").read_text(encoding="utf-8"))
    made = features(load_ports(IRAN), shape(coast["features"][0]["geometry"]))
    assert made == json.loads(LAND.read_text(encoding="utf-8"))["features"]


@pytest.mark.parametrize(
    ("lon", "lat", "area"),
    [
        (50.3184, 29.2505, fences.LAND),  # the middle of Kharg Island
        (50.3413, 29.2360, fences.BERTH),  # its T-jetty
        (50.4057, 29.2000, fences.ANCHORAGE),
        (48.2800, 30.3400, fences.BERTH),  # Abadan, on a river that the coast does not show
    ],
)
def test_dry_land_inside_a_limit_is_told_from_its_water(lon: float, lat: float, area: int) -> None:
    found = fences.locate([lon], [lat], load_ports(IRAN, LAND))
    assert found.port[0] >= 0
    assert found.area[0] == area


def test_no_berth_and_no_anchorage_lies_on_dry_land() -> None:
    areas = load_ports(IRAN, LAND).port_area
    land = areas[areas["kind"] == "land"].set_index("port_id")["geometry"]
    own = areas[areas["kind"].isin(["berth", "anchorage"]) & areas["port_id"].isin(land.index)]
    assert not any(
        geometry.intersects(land[port_id])
        for port_id, geometry in zip(own["port_id"], own["geometry"], strict=True)
    )
