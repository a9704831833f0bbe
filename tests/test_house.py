"""The house: small files in small folders, and imports that go down only."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = (
    *("home", "geo", "lists", "publishers", "sources", "fetching", "streams"),
    *("lake", "rows", "tables", "witnesses", "ingest", "registers", "spoofing"),
    *("derive", "catalogue", "exports", "report", "mail", "analyst", "runner", "simulate"),
    *("weekly", "serve", "commands", "cli"),
)
"""From the ground up. A file imports from its own floor and from those below."""

FILES = sorted([*ROOT.glob("flows/**/*.py"), *ROOT.glob("geo/*.py")])
MOST_LINES, MOST_FILES = 450, 14
LOCKS = ("requirements-run.lock", "requirements.lock")


def floor(parts: tuple[str, ...]) -> int:
    """Of a module by the parts of its name; `flows` itself, its version, lies below all."""
    room = parts[0] if parts[0] == "geo" else parts[1] if len(parts) > 1 else "geo"
    return FLOORS.index(room)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_imports_from_below(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts == ("flows", "__init__"):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("flows", "geo")):
            module = tuple((node.module or "").split("."))
            for name in node.names:
                is_room = module == ("flows",) and name.name in FLOORS
                assert floor((*module, name.name) if is_room else module) <= floor(parts), name.name


def test_a_folder_is_small() -> None:
    for folder in {path.parent for path in FILES}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_FILES, folder


def test_what_a_run_needs_is_pinned_as_for_the_tests() -> None:
    pins = [set(re.findall(r"^\w\S*==\S+", (ROOT / name).read_text(), re.M)) for name in LOCKS]
    assert pins[0] and pins[0] < pins[1]


def test_a_wheel_has_all_of_the_projects_data() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        wheel = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    # The lake, which git ignores, is the default home.
    own = {f"data/{path.name}" for path in (ROOT / "data").iterdir() if path.name != "lake"}
    assert set(wheel["force-include"]) == {"sql", *own}
