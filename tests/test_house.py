"""The house: small files in small folders, and imports that go down only."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = (
    *("home", "geo", "sources", "sources/fetching", "sources/streams", "lake"),
    *("registers/lists", "registers/publishers", "registers"),
    *("ingest/rows", "ingest/tables", "ingest/witnesses", "ingest"),
    *("derive/spoofing", "derive", "catalogue", "exports", "report", "mail", "analyst"),
    *("runner", "simulate", "weekly", "serve", "commands", "cli"),
)
"""From the ground up. A file imports from its own floor and from those below."""

MOST_ARROWS = 80
"""Between rooms, which are the folders and files of `flows/`, and `geo/`."""

FILES = sorted([*ROOT.glob("flows/**/*.py"), *ROOT.glob("geo/*.py")])
MOST_LINES, MOST_FILES = 450, 14
ONE_EACH = {
    *("flows/commands", "flows/registers/publishers"),
    *("flows/ingest/witnesses", "flows/sources/fetching"),
}
"""Folders of a file for each command, publisher, witness or service, which may be many."""
LOCKS = ("requirements-run.lock", "requirements.lock")


def room(parts: tuple[str, ...]) -> str:
    """Of a module by the parts of its name."""
    return parts[0] if parts[0] == "geo" else parts[1]


def floor(parts: tuple[str, ...]) -> int:
    """Of a module by the parts of its name: that of its own folder, or that of its room."""
    folder = "/".join(parts[1:3])
    return FLOORS.index(folder if folder in FLOORS else room(parts))


def module_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).with_suffix("").parts


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """The modules of the project that a file imports, by the parts of their names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("flows", "geo")):
            module = tuple((node.module or "").split("."))
            names = [(*module, name.name) for name in node.names]
            # `flows` itself holds its version, which all may import.
            yield from (name for name in names if name != ("flows", "__version__"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_imports_from_below(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for module in imports(path):
        assert floor(module) <= floor(module_of(path)), module


def test_rooms_know_few_others() -> None:
    arrows = {(room(module_of(path)), room(module)) for path in FILES for module in imports(path)}
    assert len([1 for above, below in arrows if above != below]) < MOST_ARROWS


def test_a_folder_is_small() -> None:
    for folder in {path.parent for path in FILES}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        if str(folder.relative_to(ROOT)) not in ONE_EACH:
            remedy = "move what belongs together into a folder of its own"
            assert len(files) <= MOST_FILES, f"{folder}: {remedy}"


def test_what_a_run_needs_is_pinned_as_for_the_tests() -> None:
    pins = [set(re.findall(r"^\w\S*==\S+", (ROOT / name).read_text(), re.M)) for name in LOCKS]
    assert pins[0] and pins[0] < pins[1]


def test_a_wheel_has_all_of_the_projects_data() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        wheel = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    # The lake, which git ignores, is the default home.
    own = {f"data/{path.name}" for path in (ROOT / "data").iterdir() if path.name != "lake"}
    assert set(wheel["force-include"]) == {"sql", *own}
