"""The port files and their loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from geo.dry_land import features
from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, LAND, OUTSIDE, locate
from geo.ports import KINDS, WATERS, Ports, load_ports
from tests.conftest import ROOT
from tests.geo.conftest import FOLDER

IRAN, RUSSIA, DRY = (FOLDER / f"{name}.geojson" for name in ("iran", "russia", "land"))


# --- the files --------------------------------------------------------------------------------


def test_tables_have_the_contract_columns(ports: Ports, both: Ports) -> None:
    port = "port_id name water country kind usual_tanker_calls usual_tanker_calls_source geometry"
    own = "source accuracy_m trade_tier waypoints"
    area = "area_id port_id name kind water country serves geometry source accuracy_m"
    assert ports.port.columns.tolist() == [*port.split(), *own.split()]
    assert ports.port_area.columns.tolist() == area.split()
    assert ports.port_area["area_id"].is_monotonic_increasing
    assert set(ports.port_area["kind"]) == set(KINDS) - {"land"}
    assert set(ports.port["water"]) == {"Persian Gulf", "Gulf of Oman", "Caspian"}
    assert str(ports.port["usual_tanker_calls"].dtype) == "Int64"
    assert ports.port["usual_tanker_calls"].notna().all()
    assert set(ports.port["trade_tier"]) == {None}
    ids = both.port_area[["area_id", "port_id"]].itertuples(index=False)
    assert all(area_id.startswith(f"{port_id}-") for area_id, port_id in ids)


def test_every_port_has_a_place_in_the_tests_and_no_other(both: Ports) -> None:
    places = pd.read_csv(ROOT / "tests" / "geo" / "places.csv")["port_id"]
    assert both.port["port_id"].tolist() == sorted(places), "tests/geo/places.csv"
    assert set(both.port["water"]) == set(WATERS)
    turned = load_ports(RUSSIA, IRAN)
    pd.testing.assert_frame_equal(both.port, turned.port)
    pd.testing.assert_frame_equal(both.port_area, turned.port_area)


def test_berths_reach_700_m_beyond_quay_or_mooring(both: Ports) -> None:
    """So no berth is narrower than twice that: its quay or mooring lies somewhere inside."""
    berths = both.port_area[both.port_area["kind"] == "berth"]
    for area_id, geometry in berths[["area_id", "geometry"]].itertuples(index=False):
        squeeze = np.cos(np.radians(geometry.centroid.y))
        flat = shapely.transform(geometry, lambda xy, k=squeeze: xy * [k, 1] * 111_195)
        box = shapely.minimum_rotated_rectangle(flat).exterior.coords
        sides = [np.hypot(*np.subtract(box[i], box[i + 1])) for i in (0, 1)]
        assert min(sides) >= 1_400, area_id


def test_limits_stay_100_m_apart(both: Ports) -> None:
    limits = both.port["geometry"].tolist()
    for number, limit in enumerate(limits):
        # Metres: a degree is shortest to the east, at the limit's northern edge.
        degree = 111_195 * np.cos(np.radians(limit.bounds[3]))
        for other in limits[number + 1 :]:
            assert shapely.distance(limit, other) * degree > 100


def test_shared_roads_are_those_off_bandar_abbas_khor_musa_and_jask(ports: Ports) -> None:
    serving = ports.port_area[ports.port_area["serves"].map(len) > 0].set_index("area_id")["serves"]
    assert serving.index.tolist() == [
        *("IR-KMB-anchorage-roads", "IRBKM-anchorage-outer-bar", "IRBND-anchorage-roads"),
        *("IRBSR-anchorage-roads", "IRHOR-anchorage-hormuz-larak"),
    ]
    assert set(serving["IRBND-anchorage-roads"]) == {"IRBND", "IRBSR", "IRHOR", "IRQSM"}


@pytest.mark.parametrize("path", [IRAN, RUSSIA], ids=lambda path: path.stem)
def test_a_file_follows_rfc_7946(path: Path) -> None:
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
    assert "chart" not in " ".join(both.port_area["source"]).lower()
    assert both.port_area["accuracy_m"].between(100, 5_000).all()


def test_what_a_call_at_a_russian_or_occupied_port_proves(russian: Ports) -> None:
    """Most oil of the Caspian pipeline's terminal is Kazakh. None has a part in coverage."""
    port, areas = russian.port.set_index("port_id"), russian.port_area
    tiers = port["trade_tier"]
    assert tiers.pop("RUCPC") == "weak"
    assert set(tiers) == {"moderate"}
    assert port["usual_tanker_calls"].isna().all()
    occupied = port[port["country"] == "UA"]
    assert occupied.index.tolist() == ["UAFEO", "UAKEH"]
    assert occupied["name"].str.contains("occupied").all()
    sources = areas.loc[areas["country"] == "UA", "source"]
    assert sources.str.contains("occupied by Russia since 2014").all()
    assert set(port["country"]) == {"RU", "UA"}


def test_ports_that_could_be_taken_for_each_other_are_apart(ports: Ports, russian: Ports) -> None:
    iranian, other = (
        p.port.loc[p.port["water"] == "Caspian", "geometry"] for p in (ports, russian)
    )
    assert min(shapely.distance(a, b) for a in iranian for b in other) > 4  # degrees: 450 km
    limit = russian.port.set_index("port_id")["geometry"]
    berth = russian.port_area[russian.port_area["kind"] == "berth"].set_index("port_id")["geometry"]
    assert not limit["RUNVS"].intersects(berth["RUCPC"])
    assert not limit["RUCPC"].intersects(berth["RUNVS"])
    buoys, jetties = berth["RUCPC"].centroid, berth["RUNVS"].centroid
    assert 12_000 < great_circle_m(buoys.x, buoys.y, jetties.x, jetties.y) < 20_000


KERCH_FAIRWAY = [
    *((36.45, 44.85), (36.52, 45.00), (36.52, 45.10), (36.50, 45.20)),
    *((36.512, 45.309), (36.615, 45.345), (36.66, 45.40), (36.75, 45.50)),
]
"""The way through the strait, under the bridge. General knowledge, to a few hundred metres."""


OUTSIDE_ALL = [
    *((48.80, 29.783), (48.817, 29.683), (47.833, 30.517), (47.95, 30.017)),  # Iraqi terminals
    # Other places named Primorsk: in Ukraine, Akhtarsk, in Bulgaria.
    *((36.35, 46.73), (38.15, 46.04), (27.75, 42.27)),
]


def test_ways_and_places_that_are_outside_every_fence(russian: Ports, both: Ports) -> None:
    fairway = shapely.LineString(KERCH_FAIRWAY)
    assert not russian.port["geometry"].map(fairway.intersects).any()
    assert locate(*zip(*OUTSIDE_ALL, strict=True), both).area.tolist() == [OUTSIDE] * 7


def test_dry_land_is_what_the_coast_gives() -> None:
    """`data/ports/land.geojson` is as `python -m geo.dry_land` writes it."""
    coast = json.loads((ROOT / "data" / "coast" / "land.geojson").read_text(encoding="utf-8"))
    written = features(load_ports(IRAN), shape(coast["features"][0]["geometry"]))
    assert written == json.loads(DRY.read_text(encoding="utf-8"))["features"]


def test_dry_land_inside_a_limit_is_apart_from_its_water() -> None:
    # The middle of Kharg, its T-jetty, its anchorage; Abadan, on a river that the coast lacks.
    lon, lat = [50.3184, 50.3413, 50.4057, 48.28], [29.2505, 29.2360, 29.2, 30.34]
    with_land = load_ports(IRAN, DRY)
    place = locate(lon, lat, with_land)
    assert (place.port >= 0).all()
    assert place.area.tolist() == [LAND, BERTH, ANCHORAGE, BERTH]
    areas = with_land.port_area
    land = areas[areas["kind"] == "land"].set_index("port_id")["geometry"]
    own = areas[areas["kind"].isin(["berth", "anchorage"]) & areas["port_id"].isin(land.index)]
    pairs = own[["port_id", "geometry"]].itertuples(index=False)
    assert not any(geometry.intersects(land[port_id]) for port_id, geometry in pairs)


# --- the loader -------------------------------------------------------------------------------


def square(west: float, south: float, size: float) -> dict[str, Any]:
    ring = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return {"type": "Polygon", "coordinates": [[[west + x, south + y] for x, y in ring]]}


def feature(port_id: str, kind: str, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"area_id": f"{port_id}-{kind}", "port_id": port_id, "kind": kind}
    properties |= {"port_name": f"Port {port_id}", "area_name": kind, "water": "Persian Gulf"}
    properties |= {"country": "IR", "port_kind": "port", "source": "a test", "accuracy_m": 100}
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
    parsed["features"][3]["properties"]["usual_tanker_calls"] = None
    parsed["features"][3]["properties"]["waypoints"] = ["off Lavan"]
    ports = load_ports(parsed)
    assert ports.port["waypoints"].tolist() == [(), ("off Lavan",)]
    assert ports.port["port_id"].tolist() == ["IRAAA", "IRBBB"]
    assert ports.port["usual_tanker_calls"].isna().tolist() == [False, True]
    assert ports.port_area["serves"].tolist() == [("IRAAA", "IRBBB"), (), (), ()]
    parsed["features"].reverse()
    turned = load_ports(parsed)
    pd.testing.assert_frame_equal(ports.port, turned.port)
    pd.testing.assert_frame_equal(ports.port_area, turned.port_area)


def put(number: int, **properties: Any) -> Any:
    """A change of properties of a feature; None takes one away."""

    def change(features: list[Any]) -> None:
        own = features[number]["properties"]
        own.update(properties)
        for name in [name for name, value in properties.items() if value is None]:
            del own[name]

    return change


def draw(number: int, geometry: Any) -> Any:
    return lambda features: features[number].update(geometry=geometry)


def ring(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(1, kind="quay"), "kind 'quay' is unknown"),
        (put(1, water="Red Sea"), "water 'Red Sea' is unknown"),
        (put(1, source=None), "property source is missing"),
        (put(1, source=" "), "property source is missing"),
        (put(1, accuracy_m=None), "accuracy_m is missing"),
        (put(1, accuracy_m=-1), "accuracy_m is missing"),
        (put(1, port_id="IR_AAA"), "neither a UN/LOCODE"),
        (put(0, usual_tanker_calls=None), "usual_tanker_calls is missing"),
        (put(0, usual_tanker_calls=1.5), "whole number"),
        (put(0, usual_tanker_calls_source=None), "usual_tanker_calls_source is missing"),
        (put(1, usual_tanker_calls=5), "belongs on the port_limit"),
        (put(1, trade_tier="weak"), "trade_tier belongs on the"),
        (put(0, trade_tier="strong"), "one of moderate, weak"),
        (put(0, trade_tier=["weak"]), "one of moderate, weak"),
        (put(0, trade_tier="weak"), "trade_tier_source is missing"),
        (put(0, trade_tier="weak", trade_tier_source=" "), "trade_tier_source is missing"),
        (put(2, serves=["IRZZZ"]), "serves names 'IRZZZ'"),
        (put(2, serves=[]), "serves is empty"),
        (put(2, serves="IRBBB"), "not a list of port_ids"),
        (put(1, serves=["IRBBB"]), "on an anchorage only"),
        (put(0, waypoints=[]), "waypoints is empty"),
        (put(0, waypoints="off Lavan"), "not a list of points"),
        (put(1, waypoints=["off Lavan"]), "waypoints belongs on the port_limit"),
        (put(1, area_id="IRAAA-port_limit"), "is used twice"),
        (put(1, port_name="Other"), "port_name differs"),
        (lambda f: f.pop(0), "has 0 port_limit features"),
        (lambda f: f.pop(1), "has no berth"),
        (lambda f: f.append(feature("IR-AAA", "berth", square(50, 26, 1))), "without its dash"),
        (draw(1, square(50.9, 26.1, 0.2)), "reaches outside"),
        (draw(2, square(50.2, 26.2, 0.2)), "overlaps or touches"),
        (draw(3, square(50.9, 26, 1)), "overlaps or touches"),
        (draw(3, square(51, 26, 1)), "overlaps or touches"),
        (draw(3, square(179.5, 26, 1)), "beyond the globe"),
        (draw(3, ring((-179, 65), (179, 65), (179, 66), (-179, 66))), "crosses the antimeridian"),
        (draw(3, {"type": "Point", "coordinates": [1, 2]}), "not a Polygon"),
        (draw(3, None), "not a Polygon"),
        (draw(3, {"type": "Polygon", "coordinates": [[["a", 1]]]}), "cannot be read"),
        (draw(3, ring((0, 0), (1, 1), (0, 1), (1, 0))), "Self-intersection"),
        (lambda f: f[3].pop("properties"), "no properties"),
        (lambda f: f.clear(), "no features"),
    ],
)
def test_a_problem_is_named_with_what_to_do(change: Any, message: str) -> None:
    assert message in problems(change)


def saved(path: Path, parsed: Any) -> Path:
    path.write_text(parsed if isinstance(parsed, str) else json.dumps(parsed), encoding="utf-8")
    return path


def test_all_problems_come_in_one_message_that_names_file_and_feature(tmp_path: Path) -> None:
    parsed, broken = collection(), other_file()
    parsed["features"][1]["properties"]["kind"] = "quay"
    parsed["features"][3]["properties"]["water"] = "Red Sea"
    broken["features"][1]["properties"]["kind"] = "quay"
    good, bad, worse = (
        saved(tmp_path / f"{name}.geojson", content)
        for name, content in (("good", collection()), ("bad", broken), ("worse", parsed))
    )
    # And no problem that only follows from another.
    for files, problems in (
        ([worse], ["  feature 2 (IRAAA-berth): kind", "  feature 4 (IRBBB-port_limit): water"]),
        ([good, bad], [f"  {bad}: feature 2 (RUCCC-berth): kind"]),
    ):
        with pytest.raises(ValueError) as caught:
            load_ports(*files)
        first, *lines = str(caught.value).splitlines()
        named = ", ".join(map(str, files))
        assert first == f"{named}: {len(problems)} problem(s) in the port areas"
        assert all(any(line.startswith(start) for line in lines) for start in problems)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ports.geojson"
    for content, message in (("{", "not GeoJSON"), ("[]", "not a FeatureCollection")):
        with pytest.raises(ValueError, match=message):
            load_ports(saved(path, content))
    with pytest.raises(OSError):
        load_ports(tmp_path / "none.geojson")
    with pytest.raises(ValueError, match="no port file given"):
        load_ports()


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


def test_several_files_are_checked_as_a_whole() -> None:
    other = other_file()
    for own in other["features"]:
        own["geometry"] = square(50.5, 26.5, 1)
    with pytest.raises(ValueError, match="IRAAA-port_limit: overlaps or touches RUCCC-port_limit"):
        load_ports(collection(), other)
    with pytest.raises(ValueError, match="area_id IRAAA-berth is used twice"):
        load_ports(collection(), collection())


def test_serves_may_name_a_port_of_another_file() -> None:
    first = collection()
    first["features"][2]["properties"]["serves"] = ["IRAAA", "RUCCC"]
    whole = load_ports(first, other_file())
    served = whole.port_area.set_index("area_id")["serves"]
    assert served["IRAAA-anchorage"] == ("IRAAA", "RUCCC")
    assert whole.port["port_id"].tolist() == ["IRAAA", "IRBBB", "RUCCC"]
    assert whole.port["trade_tier"].tolist() == [None, None, "weak"]
    with pytest.raises(ValueError, match="serves names 'RUCCC'"):
        load_ports(first)
