"""Where ships lay alongside: areas known for transfers, anchorages and the coast."""

from __future__ import annotations

import pandas as pd
import pytest

from flows.derive.sts_areas import placed, sts_areas
from flows.home.resources import port_files
from geo.ports import Ports, load_ports


@pytest.fixture(scope="module")
def ports() -> Ports:
    return load_ports(*port_files())


def place(ports: Ports, lon: float, lat: float) -> dict[str, object]:
    at = pd.DataFrame({"encounter_id": ["x"], "lon": [lon], "lat": [lat]})
    (row,) = placed(at, ports).to_pylist()
    return dict(row)


def test_each_area_says_where_it_comes_from() -> None:
    areas = sts_areas()
    assert set(areas["sts_area_id"]) == {
        *("CEUTA", "FUJAIRAH", "HORMUZ", "JOHOR-EAST", "KERCH", "KHOR-FAKKAN"),
        *("LACONIA", "LARAK", "TANJUNG-PELEPAS"),
    }
    assert set(areas["kind"]) <= {"anchorage", "open water"}
    assert areas["source"].str.len().min() > 0 and areas["accuracy_m"].min() > 0
    assert all(shape.is_valid for shape in areas["geometry"])


def test_a_place_in_an_area_for_anchored_ships_is_in_an_anchorage(ports: Ports) -> None:
    off = place(ports, 56.55, 25.15)
    assert (off["sts_area_id"], off["anchorage"], off["anchorage_km"]) == (
        *("FUJAIRAH", "Off Fujairah"),
        0,
    )
    assert not off["is_by_coast"]


def test_open_water_known_for_transfers_is_none(ports: Ports) -> None:
    off = place(ports, 104.9, 1.9)
    assert (off["sts_area_id"], off["anchorage_km"]) == ("JOHOR-EAST", None)


def test_an_anchorage_is_so_far_off_as_its_edge(ports: Ports) -> None:
    # The area off Fujairah ends at 56.80 E; 0.1 degrees of longitude are 10.1 km there.
    assert place(ports, 56.9, 25.1)["anchorage_km"] == pytest.approx(10.07, abs=0.05)
    assert place(ports, 57.2, 25.1)["anchorage_km"] is None


def test_a_berth_and_the_coast_are_told(ports: Ports) -> None:
    areas = ports.port_area
    (berth,) = areas.loc[areas["kind"] == "berth", "geometry"].head(1)
    inside = berth.representative_point()
    assert place(ports, inside.x, inside.y)["is_in_berth"]
    # Two kilometres off Baku, of whose port no file here has a fence.
    assert place(ports, 49.90, 40.34)["is_by_coast"]
    assert not place(ports, 57.5, 25.0)["is_by_coast"]
