"""`barometer fetch`: its output; what a kill and a full disk leave."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from flows.cli import main
from flows.home.settings import Settings
from tests.build.process import largest_file
from tests.build.publisher import FIRST, SOURCE, ZST, fetch_one, is_right, path
from tests.build.web import Web
from tests.conftest import ROOT


def command(home: Settings, *arguments: str, days: int = 1) -> list[str]:
    last = FIRST + timedelta(days=days - 1)
    return [
        *(sys.executable, "-m", "flows.cli", "fetch", SOURCE, "--from", str(FIRST)),
        *("--to", str(last), "--home", str(home.home), *arguments),
    ]


def test_a_killed_fetch_goes_on_where_it_stopped(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"stall": 70_000}]
    with subprocess.Popen(command(home), cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        part = home.home / "downloads" / SOURCE / f".{Path(path()).name}.part"
        limit = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    had = part.stat().st_size
    assert 0 < had <= 70_000
    assert is_right(home, fetch_one(home), ZST)
    assert site.ranges() == [None, f"bytes={had}-"]


@pytest.mark.parametrize("step", ["record", "file", "cleanup"])
def test_killed_after_the_last_byte_nothing_is_requested_twice(
    home: Settings, site: Web, step: str
) -> None:
    """The states of the disk between the steps of taking a file over."""
    place = fetch_one(home).path
    assert place is not None
    part = place.with_name(f".{place.name}.part")
    record = json.loads(place.with_name(f"{place.name}.json").read_text())
    note = {k: record[k] for k in ("address", "etag", "last_modified", "size_bytes")}
    part.with_name(f"{part.name}.json").write_text(json.dumps(note))
    if step != "cleanup":
        place.rename(part)
    if step == "record":
        place.with_name(f"{place.name}.json").unlink()
    assert is_right(home, fetch_one(home), ZST)
    conditions = [headers.get("If-None-Match") for _, _, headers in site.asked[1:]]
    assert conditions == ([record["etag"]] if step == "cleanup" else [])


def test_a_full_disk_is_reported_with_a_remedy(
    home: Settings, site: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with largest_file(50_000):
        assert main(command(home)[3:]) == 1
    assert "the disk is full" in caplog.text
    assert is_right(home, fetch_one(home), ZST)
    assert site.ranges()[-1] == "bytes=50000-"


def test_output_and_exit_code(
    home: Settings, site: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = command(home, "--as-of", "2026-04-16", days=3)[3:]
    assert main(arguments) == 0
    place = home.home / "downloads" / SOURCE / Path(path()).name
    assert capsys.readouterr().out == f"{place}\n"
    assert main([*arguments, "--json"]) == 0
    days = json.loads(capsys.readouterr().out)
    assert [(d["day"], d["state"], d["path"]) for d in days] == [
        ("2026-04-13", "kept", str(place)),
        ("2026-04-14", "not_published", None),
        ("2026-04-15", "not_published", None),
    ]
    assert main([*arguments, "--as-of", "2026-08-01"]) == 1
    assert "2 of 3 days failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (SOURCE, 2),
        (f"{SOURCE} --from 2026-04-31 --to 2026-05-01", 2),
        (f"{SOURCE} --from 2026-05-02 --to 2026-05-01", 2),
        ("nobody --from 2026-05-01 --to 2026-05-01", 1),
    ],
)
def test_wrong_usage(arguments: str, code: int, tmp_path: Path) -> None:
    try:
        exit_code = main(["fetch", *arguments.split(), "--home", str(tmp_path)])
    except SystemExit as error:
        exit_code = int(error.code or 0)
    assert exit_code == code
