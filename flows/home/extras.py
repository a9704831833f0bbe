"""What to install for a part that a plain install leaves out."""

from __future__ import annotations

import shlex
from importlib import metadata

DISTRIBUTION = "barometer-ais"


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra of pyproject.toml.

    It names them, as no package index has Barometer: so it works for a checkout and for a wheel.

    >>> install_command("cluster").split()[:4]
    ['python', '-m', 'pip', 'install']
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        return f"python -m pip install '.[{extra}]' in the folder of pyproject.toml"
    needed = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        if marker.replace('"', "'").strip() == f"extra == '{extra}'":
            needed.append(shlex.quote(requirement.strip()))
    return " ".join(["python -m pip install", *sorted(needed)])
