"""The port files as they are loaded, once for all tests of fences."""

from __future__ import annotations

from functools import cache

import pytest

from geo.ports import Ports, load_ports
from tests.conftest import ROOT

FOLDER = ROOT / "data" / "ports"


@cache
def loaded(*names: str) -> Ports:
    return load_ports(*(FOLDER / f"{name}.geojson" for name in names))


@pytest.fixture(scope="session")
def ports() -> Ports:
    return loaded("iran")


@pytest.fixture(scope="session")
def russian() -> Ports:
    return loaded("russia")


@pytest.fixture(scope="session")
def both() -> Ports:
    """Fences from the Gulf and the Baltic to the Sea of Okhotsk."""
    return loaded("iran", "russia")
