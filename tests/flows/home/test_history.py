"""History: append-only files that survive a torn end."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.home import history
from flows.home.history import append_history, read_history

ONE, TWO, THREE = {"run_id": 1}, {"run_id": 2, "name": "Ø\u2028\x85\n"}, {"run_id": 3}


def path_of(home: Path) -> Path:
    return home / "history" / "some.jsonl"


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    append_history(tmp_path, "some", [ONE, TWO])
    append_history(tmp_path, "some", [THREE])
    assert read_history(tmp_path, "some") == [ONE, TWO, THREE]
    assert len(path_of(tmp_path).read_bytes().splitlines()) == 3


def test_a_history_that_was_never_written_is_empty(tmp_path: Path) -> None:
    append_history(tmp_path, "some", [])
    assert read_history(tmp_path, "some") == []
    assert not path_of(tmp_path).exists()


def test_a_last_line_cut_anywhere_is_passed_over_and_the_rest_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    append_history(tmp_path, "some", [ONE, TWO])
    whole = path_of(tmp_path).read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first + 1, len(whole) - 1):
        path_of(tmp_path).write_bytes(whole[:size])
        with caplog.at_level(logging.WARNING):
            assert read_history(tmp_path, "some") == [ONE]
        assert "line 2" in caplog.text
        append_history(tmp_path, "some", [THREE])
        assert read_history(tmp_path, "some") == [ONE, THREE]


PIECES = ['{"a": {}}', '{"b": "\\ud800"}', '{"a": [{}', "{}]}", "{}, {}", '"c": 3}', "[]", "5", ""]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.integers(1, 4))
@example(['{"a": [{}', "{}]}", "{}, {}"], 3)
def test_lines_are_read_together_as_one_by_one(lines: list[str], together: int) -> None:
    whole = [{"a": {}}, {"b": history.shown_name("\ud800")}]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "TOGETHER", together)
        path_of(Path(folder)).parent.mkdir()
        path_of(Path(folder)).write_text("\n".join(lines), "utf-8")
        read = read_history(Path(folder), "some")
    assert read == [whole[PIECES.index(line)] for line in lines if line in PIECES[:2]]


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["cut before its line end", "whole"])
def test_a_record_that_is_whole_counts(tmp_path: Path, end: bytes) -> None:
    append_history(tmp_path, "some", [ONE, TWO])
    path_of(tmp_path).write_bytes(path_of(tmp_path).read_bytes().rstrip(b"\n") + end)
    append_history(tmp_path, "some", [THREE])
    assert read_history(tmp_path, "some") == [ONE, TWO, THREE]


@pytest.mark.parametrize(
    "torn",
    [b"\0" * 500, b"\xff\xfe\x80", b'{"run_id": "\xc3', b"[]", b"5", b"null", b"[" * 100_000],
    ids=["zeros", "not UTF-8", "half a letter", "a list", "a number", "null", "nested"],
)
def test_a_damaged_line_does_not_hide_the_others(tmp_path: Path, torn: bytes) -> None:
    append_history(tmp_path, "some", [ONE])
    with path_of(tmp_path).open("ab") as out:
        out.write(torn)
    append_history(tmp_path, "some", [THREE])
    assert read_history(tmp_path, "some") == [ONE, THREE]


RUN = {"run_id": 1, "as_of": "2026-05-20T06:00:00", "inputs_hash": "x"}
IMPORT = {
    **dict.fromkeys(("register", "link_source", "file_hash", "name", "path"), "x"),
    **{"published_on": "2026-05-20", "imported_at": "2026-05-20T06:00:00"},
    **{"entries": 1, "hulls": 1},
}


@pytest.mark.parametrize(
    ("name", "whole", "wrong", "fault"),
    [
        ("run", RUN, {}, "run_id is missing"),
        ("run", RUN, None, "it is not a JSON object"),
        ("register", IMPORT, ["removes"], "it is not a JSON object"),
        ("outbox", {}, 5, "it is not a JSON object"),
        ("run", RUN, RUN | {"run_id": "1"}, "run_id is not a whole number"),
        ("run", RUN, RUN | {"run_id": True}, "run_id is not a whole number"),
        ("run", RUN, RUN | {"as_of": 5}, "as_of is not a time"),
        ("run", RUN, RUN | {"as_of": "2026-05-20T06:00:00+00:00"}, "as_of is not a time"),
        ("run", RUN, RUN | {"files": 5}, "files is not a list of files"),
        ("run", RUN, RUN | {"files": [{}]}, "files is not a list of files"),
        ("run", RUN, RUN | {"registers": ["x"]}, "registers is not a list of registers"),
        ("run", RUN, RUN | {"gone": [5]}, "gone is not a list of texts"),
        ("register", IMPORT, {}, "register is missing"),
        ("register", IMPORT, IMPORT | {"published_on": "May"}, "published_on is not a day"),
        ("register", {"removes": 1}, {"removes": [1]}, "removes is not a whole number"),
        ("witness", {"file_id": "x", "name": "x", "holds": "x", "published_on": "2026-05-20"}, {},
         "file_id is missing"),
        ("source_fetch", {"source": "x", "missed": ["2026-05-20"]}, {"source": "x", "missed": [5]},
         "missed is not a list of days"),
    ],
)  # fmt: skip
def test_a_record_without_its_keys_is_skipped_and_named(
    name: str,
    whole: dict[str, object],
    wrong: Any,
    fault: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    append_history(tmp_path, name, [whole, wrong, whole])
    assert read_history(tmp_path, name) == [whole, whole]
    message = f"{name}.jsonl line 2 is not a valid record and is skipped: {fault}. Correct or"
    assert message in caplog.text
