"""How to install optional packages."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata

DISTRIBUTION = "barometer-ais"
PIP = f"{shlex.quote(sys.executable or 'python')} -m pip install"
"""By the Python that runs this: that of `.venv` is seldom the one on the path."""


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra of pyproject.toml.

    It lists the packages, because Barometer is on no package index.

    >>> install_command("cluster").startswith(PIP)
    True
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        return f"{PIP} '.[{extra}]' in the folder of pyproject.toml"
    packages = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        if marker.replace('"', "'").strip() == f"extra == '{extra}'":
            packages.append(shlex.quote(requirement.strip()))
    return " ".join([PIP, *sorted(packages)])
