"""A home for the tests of queries, made once."""

from __future__ import annotations

import pytest

from flows.home.settings import Settings
from tests.conftest import FillHome, home_once


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, fill_home: FillHome) -> Settings:
    """A home without a position: what `sql` writes does not depend on the catalogue."""
    return home_once(tmp_path_factory, "query", lambda home: fill_home(home, []))
