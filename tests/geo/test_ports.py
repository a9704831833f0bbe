"""The port file, its loader, and what other gazetteers say about the same places."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, OUTSIDE, PORT_LIMIT, locate
from geo.ports import KINDS, WATERS, Ports, load_ports

ROOT = Path(__file__).resolve().parents[2]
IRAN = ROOT / "data" / "ports" / "iran.geojson"
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


@pytest.fixture(scope="module")
def ports() -> Ports:
    return load_ports(IRAN)


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
    assert set(ports.port_area["kind"]) == set(KINDS)
    assert set(ports.port["water"]) == set(WATERS)
    assert str(ports.port["usual_tanker_calls"].dtype) == "Int64"
    assert ports.port["usual_tanker_calls"].notna().all()


def test_area_ids_begin_with_their_port(ports: Ports) -> None:
    pairs = zip(ports.port_area["area_id"], ports.port_area["port_id"], strict=True)
    assert all(area_id.startswith(f"{port_id}-") for area_id, port_id in pairs)


def test_berths_reach_700_m_beyond_quay_or_mooring(ports: Ports) -> None:
    """So no berth is narrower than twice that: its quay or mooring lies somewhere inside."""
    for area_id, kind, geometry in ports.port_area[["area_id", "kind", "geometry"]].itertuples(
        index=False
    ):
        if kind == "berth":
            squeeze = np.cos(np.radians(geometry.centroid.y))
            flat = shapely.transform(geometry, lambda xy, k=squeeze: xy * [k, 1] * 111_195)
            box = shapely.minimum_rotated_rectangle(flat).exterior.coords
            sides = [np.hypot(*np.subtract(box[i], box[i + 1])) for i in (0, 1)]
            assert min(sides) >= 1_400, area_id


def test_limits_stay_apart(ports: Ports) -> None:
    """At least 100 m, so that an edit of one limit does not run into the next at once."""
    limits = ports.port["geometry"].tolist()
    for i, one in enumerate(limits):
        for other in limits[i + 1 :]:
            assert shapely.distance(one, other) * 100_000 > 100


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


def test_file_follows_rfc_7946() -> None:
    text = IRAN.read_text(encoding="utf-8")
    for feature in json.loads(text)["features"]:
        geometry = shapely.from_geojson(json.dumps(feature["geometry"]))
        for polygon in shapely.get_parts(geometry):
            assert polygon.exterior.is_ccw
            assert not any(hole.is_ccw for hole in polygon.interiors)
        coordinates = shapely.get_coordinates(geometry)
        assert (np.round(coordinates, 5) == coordinates).all()
    # A vertex a line: a moved vertex is one changed line.
    assert max(len(line) for line in text.splitlines() if line.lstrip().startswith("[")) < 40


def test_sources_name_no_unopened_chart(ports: Ports) -> None:
    text = " ".join(ports.port_area["source"]).lower()
    assert "chart" not in text
    assert ports.port_area["accuracy_m"].between(100, 5_000).all()


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
