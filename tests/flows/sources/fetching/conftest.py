"""The services, a token for them, and an environment without proxies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.home.settings import Settings
from tests.build.publisher import PROXIES
from tests.flows.sources.fetching.services import TOKEN, Services, name_services, services


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("BAROMETER_GFW_BLOCK", raising=False)
    monkeypatch.setenv("BAROMETER_GFW_TOKEN", TOKEN)


@pytest.fixture
def web(home: Settings) -> Iterator[Services]:
    with services() as server:
        name_services(home, server.address)
        yield server
