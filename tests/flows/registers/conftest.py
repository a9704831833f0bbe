"""The harness of the lists: `read` and `ask` give what a publisher makes of a content."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from flows.home.settings import Settings
from tests.build.lists import Read, Rows, read_list
from tests.flows.registers.forms import FORMS, Ask, Row


@pytest.fixture
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """Reads a content with `PUBLISHER` of the test's module; the file's name tells nothing."""

    def read(content: str | bytes, publisher: ModuleType | None = None, name: str = "list") -> Rows:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_list(publisher or request.module.PUBLISHER, path)

    return read


@pytest.fixture
def ask(read: Read) -> Ask:
    """Reads rows of a form, or a whole content of it."""

    def ask(form: str, *rows: Row, content: str | bytes = "", name: str = "list") -> Rows:
        of = FORMS[form]
        return read(content or of.content(*rows), of.publisher, name)

    return ask


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, as_of=datetime(2026, 5, 1), threads=1, memory_limit="200MB")
