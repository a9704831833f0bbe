"""The project's own files: `sql/` and `data/`, in a checkout and in a wheel."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parents[1]


def data_path(*parts: str) -> Path:
    """Path of a file or folder of the project's `data/`.

    A wheel carries `data/` as `flows/_data`; a checkout has it beside `flows/`.

    >>> data_path("codes", "mid.csv").name
    'mid.csv'
    """
    return _root("data").joinpath(*parts)


def data_rows(path: Path) -> list[dict[str, str]]:
    """The rows of one of the project's own CSV files, by column; empty text where a cell is empty.

    Files from outside go through `flows.registers.lists.table.csv_rows`.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sql_path(*parts: str) -> Path:
    """Path of a file or folder of the project's `sql/`; see `data_path`."""
    return _root("sql").joinpath(*parts)


def sql_text(name: str) -> str:
    """The text of a file of `sql/`, by its path without the suffix.

    >>> sql_text("report/coverage").splitlines()[-1]
    'order by port.water, coverage.port_id, coverage.day'
    """
    return sql_path(f"{name}.sql").read_text(encoding="utf-8")


def port_files() -> list[Path]:
    """The files of ports and fences: Iran's, those of the Russian oil ports, and dry land.

    >>> [path.name for path in port_files()]
    ['iran.geojson', 'land.geojson', 'russia.geojson']
    """
    return sorted(data_path("ports").glob("*.geojson"))


@cache
def _root(name: str) -> Path:
    packed = _HERE / f"_{name}"
    return packed if packed.is_dir() else _HERE.parent / name
