"""A web server, and an environment without proxies, for all tests of sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from flows.home.settings import Settings
from tests.build.publisher import PROXIES, ZST, path, publish
from tests.build.web import Web, serving


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that vouches for no server here; the world's own take long to read."""
    file = tmp_path_factory.mktemp("authority") / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


@pytest.fixture(autouse=True)
def environment(stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger))


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


@pytest.fixture
def site(home: Settings, web: Web) -> Web:
    """The server of the home's source, with the file of its first day."""
    web.files[path()] = ZST
    publish(home, web.address)
    return web
