"""A home on a disk of a few megabytes: mounts one and fills it, with FOLDER as its argument.

FOLDER holds the input in ``in``. It is called in a mount namespace of its own (unshare -rm), where
anyone may mount a tmpfs, or as root. A line of JSON has each step: its name, the exit code and the
messages of the command, what lay in the home then, and at the end what the home holds. Exits with
`REFUSED` where nothing can be mounted. Reports have no pictures.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from flows.cli import main as command
from flows.home.history import RUN, read_history
from flows.home.settings import Settings
from flows.lake.manifest import read_manifest
from tests.build.contents import contents
from tests.build.programs.faulty import state_of
from tests.build.ships import AS_OF
from tests.conftest import no_pictures

REFUSED = 77
SMALL = "4m"
"""A catalogue of these inputs takes more."""
LARGE = "256m"


def mount(*options: str) -> int:
    """mount(8); its exit code."""
    return subprocess.run(["mount", *options], check=False, stderr=subprocess.DEVNULL).returncode


def barometer(home: Path, *arguments: str) -> dict[str, Any]:
    """A command, and the home after it."""
    with redirect_stderr(io.StringIO()) as messages, redirect_stdout(io.StringIO()), no_pictures():
        code = command([*arguments, "--home", str(home), "--as-of", AS_OF.isoformat()])
    there = sorted(path.name for path in home.iterdir()) if home.exists() else []
    held = {"files": len(read_manifest(home).entries), "runs": len(read_history(home, RUN))}
    state = {"there": there, "state": state_of(home)}
    return {"code": code, "told": messages.getvalue(), **state, **held}


def main() -> int:
    """Mount, fill, free, forbid to write; print each."""
    folder = Path(sys.argv[1])
    disk, given = folder / "disk", str(folder / "in")
    disk.mkdir()
    if mount("-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(disk)) != 0:
        return REFUSED
    home = disk / "home"
    try:
        home.mkdir()
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as out:
            while os.statvfs(disk).f_bavail > 4:
                out.write(b"\0" * os.statvfs(disk).f_bsize)
        steps = [{"step": "no room for the lake", **barometer(home, "ingest", given)}]
        ballast.unlink()
        steps.append({"step": "no room for the catalogue", **barometer(home, "run", given)})
        mount("-o", f"remount,size={LARGE}", str(disk))
        steps.append({"step": "room", **barometer(home, "run", given)})
        steps[-1]["holds"] = contents(Settings(home, AS_OF, 1, "300MB"))
        mount("-o", "remount,ro", str(disk))
        steps.append({"step": "read-only", **barometer(home, "run", given)})
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)
    print(*map(json.dumps, steps), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
