"""A file may be called anything that a disk takes; what is told of it is one line of Unicode."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.catalogue import access
from flows.cli import main
from flows.home import history
from flows.home.file_names import sendable, shown_name
from flows.home.settings import Settings
from flows.lake.manifest import MANIFEST
from flows.runner import run
from flows.sources.packings import find_files
from tests.build.derivation import only
from tests.build.files import day, fleet, ingest, write, zipped
from tests.conftest import no_pictures

NAMES = {
    "not UTF-8": b"day\xff\xfe",
    "Latin-1": "Øresund".encode("latin-1"),
    "half a letter": "ö".encode()[:1],
    "a surrogate": b"\xed\xa0\x80",
    "line ends": b"new\nline\r\n",
    "control signs": bytes(range(1, 32)) + b"\x7f",
    "colours": b"\x1b[31mred",
    "right to left": "\u202egnp\u2066".encode(),
    "an option": b"--home=x",
    "255 bytes": b"\x80" * 251,
    "a formula": b"=1+1",
    "spaces": b"  ",
    "a pattern": b"[ab]*?",
    "braces": b"{given}%s{0}",
    "signs of shells and SQL": b"a'b\"=$x;\\~<b>",
}


def named(folder: Path, name: bytes, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118 bytes
    path.write_bytes(content)
    return path


NAMED = ("source_file", "run_file")


def names_in_catalogue(home: Settings) -> list[str]:
    with access.reading(home) as con:
        rows = con.execute(
            "select name from source_file union select name from run_file"
        ).fetchall()
    return [name for (name,) in rows]


def test_files_of_any_bytes_go_in_and_a_later_run_works(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(NAMES.values()):
        named(tmp_path / "in", name + b".csv", day(*fleet(3, 10 * number)))
    flags = ["--home", str(home.home), "--as-of", "2026-04-20", "--json"]
    with only(*NAMED):
        assert main(["ingest", str(tmp_path / "in"), *flags]) == 0
        outcomes = json.loads(capsys.readouterr().out)
        assert len(outcomes) == len(NAMES)
        assert all(o["state"] == "ingested" and o["name"].isprintable() for o in outcomes)
        assert {o.state for o in ingest(home, tmp_path / "in")} == {"known"}
    names = sorted(outcome["name"] for outcome in outcomes)
    assert sorted(names_in_catalogue(home)) == names
    records = history.read_history(home.home, history.RUN)
    assert sorted(file["name"] for file in records[0]["files"]) == names
    # A home in which an earlier version stored such a name opens too.
    manifest = json.loads((home.home / MANIFEST).read_text())
    manifest["files"][0]["name"] = "day\udcff.csv"
    (home.home / MANIFEST).write_text(json.dumps(manifest))
    records[0]["files"][0]["name"] = "day\udcff\ud800.csv"
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (home.home / "history" / "run.jsonl").write_text(lines)
    ingest(home, write(tmp_path / "more", day(*fleet(3, 900)), name="next.csv"))
    with no_pictures():
        run.derive(home, [], publish=True)
    assert {r"day\xff.csv", r"day\xff\ud800.csv", "next.csv"} <= {*names_in_catalogue(home)}


def test_messages_about_such_a_file_can_be_printed(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named(tmp_path / "in", b"bad\xff\n.csv", b"a,b\n1,2\n")
    named(tmp_path / "in", b"cut\xff.csv.gz", b"\x1f\x8b\x08")
    named(tmp_path / "in", b"zip\xff.zip", zipped({"x\ny.txt": b""}))
    gone = os.fsdecode(b"gone\xff.csv")
    flags = ["--home", str(home.home), "--as-of", "2026-04-20", "--json"]
    with only():
        assert main(["ingest", str(tmp_path / "in"), gone, *flags]) == 1
    output = capsys.readouterr()
    assert {o["state"] for o in json.loads(output.out)} == {"failed", "skipped"}
    for text in (output.out, output.err):
        text.encode()
    for record in json.loads(output.out):
        assert record["name"].isprintable() and record["message"].isprintable()


@given(st.text(st.characters(exclude_characters="\0/")))
def test_a_shown_name_is_one_line_that_everything_can_hold(name: str) -> None:
    shown = shown_name(name)
    assert shown.isprintable() and shown.encode().decode() == shown
    assert shown == name or not name.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200).filter(lambda b: not {0, 47} & {*b}))
def test_a_path_is_found_from_what_json_carries(tmp_path: Path, name: bytes) -> None:
    path = named(tmp_path, b"x" + name, b"")
    carried = json.loads(json.dumps(sendable(str(path))).encode())
    carried.encode()
    assert [file.path for file in find_files([carried])] == [path]
    path.unlink()
