"""How to install optional packages."""

from __future__ import annotations

import shlex
from importlib import metadata

DISTRIBUTION = "barometer-ais"


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra of pyproject.toml.

    It lists the packages, because Barometer is on no package index.

    >>> install_command("cluster").split()[:4]
    ['python', '-m', 'pip', 'install']
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        return f"python -m pip install '.[{extra}]' in the folder of pyproject.toml"
    packages = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        if marker.replace('"', "'").strip() == f"extra == '{extra}'":
            packages.append(shlex.quote(requirement.strip()))
    return " ".join(["python -m pip install", *sorted(packages)])
