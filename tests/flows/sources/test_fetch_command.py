"""`barometer fetch`: its output; what a kill and a full disk leave."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from flows.cli import main
from flows.home.settings import Settings
from tests.build.publisher import (
    FIRST,
    SOURCE,
    ZST,
    fetch_one,
    is_right,
    path,
    publish,
)
from tests.build.web import Web
from tests.conftest import ROOT


def command(home: Settings, *arguments: str, days: int = 1) -> list[str]:
    last = FIRST + timedelta(days=days - 1)
    return [
        *(sys.executable, "-m", "flows.cli", "fetch", SOURCE, "--from", str(FIRST)),
        *("--to", str(last), "--home", str(home.home), *arguments),
    ]


def test_killed_and_run_again_gives_the_same_file(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    web.plan[path()] = [{"stall": 70_000}]
    publish(home, web.address)
    with subprocess.Popen(command(home), cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        part = home.home / "downloads" / SOURCE / f".{Path(path()).name}.part"
        limit = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    had = part.stat().st_size
    assert 0 < had <= 70_000
    assert is_right(home, fetch_one(home), ZST)
    assert web.ranges() == [None, f"bytes={had}-"]


@pytest.mark.parametrize("step", ["record", "file", "cleanup"])
def test_killed_between_the_last_byte_and_the_end_asks_for_nothing_twice(
    home: Settings, web: Web, step: str
) -> None:
    """The states of the disk between the steps of taking a file over."""
    web.files[path()] = ZST
    publish(home, web.address)
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
    found = fetch_one(home)
    assert is_right(home, found, ZST)
    assert len(web.asked) == (2 if step == "cleanup" else 1)
    assert [h.get("If-None-Match") for _, _, h in web.asked[1:]] == [record["etag"]] * (
        len(web.asked) - 1
    )


def test_a_full_disk_is_told_with_what_to_do(home: Settings, web: Web) -> None:
    web.files[path()] = ZST
    publish(home, web.address)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        command(home), cwd=ROOT, capture_output=True, text=True, preexec_fn=limited, check=False
    )
    assert done.returncode == 1
    assert "the disk is full" in done.stderr and "Traceback" not in done.stderr
    assert is_right(home, fetch_one(home), ZST)
    assert web.ranges()[-1] == "bytes=50000-"


def test_the_command_prints_paths_or_json_and_tells_by_its_exit_code(
    home: Settings, web: Web, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files[path()] = ZST
    publish(home, web.address)
    arguments = command(home, "--as-of", "2026-04-16", days=3)[3:]
    assert main(arguments) == 0
    place = home.home / "downloads" / SOURCE / Path(path()).name
    assert capsys.readouterr().out == f"{place}\n"
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(d["day"], d["state"]) for d in told] == [
        ("2026-04-13", "kept"),
        ("2026-04-14", "not_published"),
        ("2026-04-15", "not_published"),
    ]
    assert told[0]["path"] == str(place) and told[1]["path"] is None
    assert main([*arguments, "--as-of", "2026-08-01"]) == 1
    assert "2 of 3 days failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fetch", SOURCE], 2),
        (["fetch", SOURCE, "--from", "2026-04-31", "--to", "2026-05-01"], 2),
        (["fetch", SOURCE, "--from", "2026-05-02", "--to", "2026-05-01"], 2),
        (["fetch", "nobody", "--from", "2026-05-01", "--to", "2026-05-01"], 1),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, tmp_path: Path) -> None:
    try:
        left = main([*arguments, "--home", str(tmp_path)])
    except SystemExit as error:
        left = int(error.code or 0)
    assert left == code
