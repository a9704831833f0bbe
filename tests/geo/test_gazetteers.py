"""What other gazetteers say about the same places.

`places.csv` has a berth or mooring of each port (IRHOR is roads: its point lies in the anchorage),
and for Russian ports two other sources that agree with it: a number of the World Port Index, an id
of PortWatch, or a point (UN/LOCODE to a minute, a berth polygon of the Centre for Research on
Energy and Clean Air, order 1977-r of the Russian government of 16 December 2009). Olya has one
source only. `gazetteers.csv` has the port and area in which the points of two gazetteers lie.

Points that lie in no berth: Chabahar's is 3 km out at sea; Khosrowabad is a river jetty that is not
among the ports; Shahid Rajaee's lies on land 3 km north of the quays; Rostov's on the left bank,
Temryuk's in the roads, Primorsk's in the town, Ust-Luga's at the old river port, Taman's on the
shore; Vostochnyy is the coal port beside Kozmino.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pandas as pd
import pytest

from geo.earth import great_circle_m
from geo.fences import ANCHORAGE, BERTH, OUTSIDE, PORT_LIMIT, locate
from geo.ports import Ports
from tests.conftest import ROOT
from tests.geo.conftest import loaded

GAZETTEERS = ROOT.parent / "shared" / "data" / "ports"
HERE = ROOT / "tests" / "geo"
PLACES = pd.read_csv(HERE / "places.csv", dtype=str, keep_default_na=False).set_index("port_id")
POINTS = pd.read_csv(HERE / "gazetteers.csv", dtype=str, keep_default_na=False)
AREAS = {"berth": BERTH, "anchorage": ANCHORAGE, "port_limit": PORT_LIMIT, "outside": OUTSIDE}
SOURCES = {
    "wpi": ("world_port_index_2025.csv", "World Port Index Number", "Latitude", "Longitude"),
    "portwatch": ("portwatch_ports_2026.csv", "portid", "lat", "lon"),
}


@cache
def gazetteer(name: str) -> pd.DataFrame:
    path = GAZETTEERS / name
    if not path.exists():
        pytest.skip(f"{path} is missing: the gazetteers are not part of the project")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def where(lon: float | str, lat: float | str, among: Ports) -> tuple[str, int]:
    """The port and area at a point; "" outside all ports."""
    place = locate([float(lon)], [float(lat)], among)
    row = int(place.port[0])
    return (str(among.port["port_id"].iloc[row]) if row >= 0 else ""), int(place.area[0])


@pytest.mark.parametrize("port_id", PLACES.index)
def test_a_place_lies_in_a_berth_of_its_port(port_id: str) -> None:
    place = PLACES.loc[port_id]
    for among in (loaded("iran", "russia"), loaded("iran" if port_id < "RU" else "russia")):
        area = ANCHORAGE if port_id == "IRHOR" else BERTH
        assert where(place["lon"], place["lat"], among) == (port_id, area)


@pytest.mark.parametrize(("name", "country"), [(n, c) for n in SOURCES for c in ("iran", "russia")])
def test_the_points_of_a_gazetteer(name: str, country: str) -> None:
    """Of all points of the world only those listed lie in a Russian port."""
    file, key, lat, lon = SOURCES[name]
    rows = gazetteer(file).set_index(key)
    if country == "iran":
        rows = rows[rows.get("Country Code", rows.get("ISO3")).isin(["Iran", "IRN"])]
    listed = POINTS[(POINTS["gazetteer"] == name) & (POINTS["country"] == country[:2].upper())]
    expected = {p.id: (p.port_id, AREAS[p.area]) for p in listed.itertuples()}
    assert set(expected) <= set(rows.index)
    assert country == "russia" or set(expected) == set(rows.index)
    for number, row in rows.iterrows():
        place = where(row[lon], row[lat], loaded(country))
        assert place == expected.get(str(number), ("", OUTSIDE)), number


@pytest.mark.parametrize("port_id", PLACES.index[PLACES["most_km"] != ""])
def test_a_place_lies_where_two_sources_agree(port_id: str) -> None:
    place = PLACES.loc[port_id]

    def point(source: str) -> tuple[float, float]:
        if " " in source:
            lat, lon = source.split()
        else:
            file, key, *names = SOURCES["portwatch" if source.startswith("port") else "wpi"]
            lat, lon = gazetteer(file).set_index(key).loc[source, names]
        return float(lon), float(lat)

    points = [(float(place["lon"]), float(place["lat"]))]
    points += [point(place[name]) for name in ("first_source", "second_source")]
    for first, second in combinations(points, 2):
        assert great_circle_m(*first, *second) / 1000 <= float(place["most_km"])


def test_usual_tanker_calls_are_those_of_portwatch() -> None:
    """But Kharg's: 75 a year cannot carry nine tenths of the exports, see its source."""
    rows = gazetteer("portwatch_ports_2026.csv").set_index("portid")
    calls = loaded("iran").port.set_index("port_id")["usual_tanker_calls"].drop("IRKHK")
    listed = POINTS[(POINTS["gazetteer"] == "portwatch") & (POINTS["country"] == "IR")]
    for row in listed[listed["port_id"] != "IRKHK"].itertuples():
        assert calls[row.port_id] == int(rows.loc[row.id, "vessel_count_tanker"]), row.port_id


def test_port_ids_are_locodes_and_those_with_a_dash_are_none() -> None:
    """IRTHR, for one, is Tehran: IR-THR would be read as it."""
    assigned = set(gazetteer("unlocode_ir_ru.csv")["LOCODE"].str.replace(" ", ""))
    for port_id in loaded("iran").port["port_id"]:
        assert (port_id.replace("-", "") in assigned) == ("-" not in port_id)
    known = set(gazetteer("world_port_index_2025.csv")["UN/LOCODE"].str.replace(" ", ""))
    unknown = {"RUASF", "RUCPC", "RUKZM", "RUMCX", "RUOYA", "RUPGN", "RUTAM"}
    assert set(loaded("russia").port["port_id"]) - known == unknown


@pytest.mark.parametrize(
    ("code", "port_id"),
    [
        *(("ASA", "IRASA"), ("BAZ", "IRBAZ"), ("BDH", "IRLIN"), ("BKM", "IRBKM"), ("BUZ", "IRBUZ")),
        *(("CYT", "IRCYT"), ("FKR", "IRFKR"), ("NKA", "IRNEK"), ("SBR", "IRBND"), ("SRP", "IRBSR")),
        ("TMB", "IRTMB"),
        # Wrong there: 8 km inland, in the city, in the town north of the jetties, 24 km east.
        *(("AMD", ""), ("BND", ""), ("MRX", ""), ("NEK", "")),
    ],
)
def test_unlocode_to_a_minute(code: str, port_id: str) -> None:
    rows = gazetteer("unlocode_ir_ru.csv").set_index("LOCODE")
    lat, lon = str(rows.loc[f"IR {code}", "Coordinates"]).split()
    place, _ = where(
        int(lon[:3]) + int(lon[3:5]) / 60, int(lat[:2]) + int(lat[2:4]) / 60, loaded("iran")
    )
    assert place == port_id if port_id else place != f"IR{code}"


IN_WATER = ("anchorage", "berth")
FISHING_WATCH = {
    "KOOH MOBARAK": ("IR-KMB", IN_WATER, 1.0),
    "IRN-83": ("IRQSM", IN_WATER, 1.0),
    "KHARK": ("IRKHK", IN_WATER, 1.0),
    "HENGAM FIELD": ("", ("outside",), 1.0),
    # Wrong: 90 km from the port, 6 km north of Iraq's Khawr al Amaya terminal.
    "KHORRAMSHAHR": ("", ("outside",), 1.0),
    # Meant at large: one of them is the jetty east of Shahid Rajaee.
    "BANDAR ABBAS": ("IRBND", tuple(AREAS), 0.5),
    "TEMRYUK ANCHORAGE": ("RUTMR", ("anchorage",), 1.0),
    "ST PETERSBURG": ("RULED", ("anchorage",), 0.95),
    "KALININGRAD": ("RUKGD", ("anchorage",), 1.0),
    "VANINO": ("RUVNN", ("anchorage",), 0.8),
    "VOSTOCHNYY": ("RUKZM", ("anchorage",), 0.8),
    "VLADIVOSTOK": ("RUVVO", ("anchorage",), 0.7),
}
"""Label: its port, in which areas its points lie, and the least share of them that do."""


@pytest.mark.parametrize("label", FISHING_WATCH)
def test_anchorages_of_global_fishing_watch(label: str) -> None:
    port_id, areas, least = FISHING_WATCH[label]
    rows = gazetteer("gfw_anchorage_overrides_irn_rus.csv")
    assert set(rows.loc[rows["iso3"] == "IRN", "label"]) <= set(FISHING_WATCH)
    own = rows[rows["label"] == label]
    among = loaded("iran" if set(own["iso3"]) == {"IRN"} else "russia")
    places = [where(row.longitude, row.latitude, among) for row in own.itertuples()]
    in_place = [place for place in places if place in {(port_id, AREAS[area]) for area in areas}]
    assert len(in_place) >= least * len(places) > 0
    if label == "BANDAR ABBAS":
        other_port = own.assign(port=[place[0] for place in places]).query("port != 'IRBND'")
        assert other_port[["s2id", "port"]].to_numpy().tolist() == [["3ef82a2b", "IRBSR"]]
