"""Where the project's own files lie: `sql/` and `data/`, in a checkout and in a wheel."""

from __future__ import annotations

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


def sql_path(*parts: str) -> Path:
    """Path of a file or folder of the project's `sql/`; see `data_path`."""
    return _root("sql").joinpath(*parts)


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
