"""Settings: what does not fit is wrong usage, told in a line, wherever it was given."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.cli import main
from flows.home import settings as module
from flows.home.settings import SettingError, load_settings, unknown_variables
from tests.conftest import ROOT

WRONG = {
    "memory_limit": "abc lots 0MB -1 80% 300 1B 5KB 1e3MB 300MB; ٣٠MB 99999999TB".split(),
    "threads": "0 -1 1.5 two 99999999999 ٣ 1e3".split(),
    "as_of": "soon 9999-12-31 1970-01-01 0001-01-01T00:00+14:00 2026-02-30 1e9".split(),
    "lake": [
        *"/data /disk/lake s3:// s3://b/../x http://x s3://bucket/ä s3://B/x s3://l/*".split(),
        "s3://lake/a b",
    ],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the tests in the environment: it would go before a file."""
    monkeypatch.delenv("BAROMETER_THREADS")


@pytest.mark.parametrize(("name", "value"), CASES)
@pytest.mark.parametrize("where", ["flag", "variable", "file"])
def test_a_value_that_does_not_fit_is_wrong_usage(
    tmp_path: Path,
    name: str,
    value: str,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["report", "--home", str(tmp_path)]
    place = {
        "flag": f"--{name.replace('_', '-')}",
        "variable": f"BAROMETER_{name.upper()}",
    }.get(where, f"{tmp_path / 'barometer.toml'}: {name}")
    if where == "flag":
        if name == "threads":
            return  # the command line says it
        flags.append(f"{place}={value}")
    elif where == "variable":
        monkeypatch.setenv(place, value)
    else:
        (tmp_path / "barometer.toml").write_text(f'{name} = "{value}"\n', encoding="utf-8")
    assert main(flags) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"barometer: {place}: ") and told.count("\n") == 1


def test_a_flag_goes_before_a_variable_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "barometer.toml").write_text('lake = "s3://from-file/a"')
    environ = {"BAROMETER_LAKE": "s3://from-environment/a/"}
    assert load_settings({"home": tmp_path}, {}).lake == "s3://from-file/a"
    assert load_settings({"home": tmp_path}, environ).lake == "s3://from-environment/a"
    assert load_settings({"home": tmp_path, "lake": "s3://flag"}, environ).place == "s3://flag"
    with pytest.raises(SettingError, match=r"lake: .*is not an address such as s3:"):
        load_settings({"home": tmp_path, "lake": "s3://l/*"}, environ)


def test_the_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "barometer.toml").write_text("threads = 3\n", encoding="utf-8-sig")
    assert load_settings({"home": tmp_path}, {}).threads == 3


@pytest.mark.parametrize(
    "text",
    [
        *(b"threads = true", b"threads = 1.5", b"thread = 1", b"memory_limit = 300", b"as_of = 1"),
        *(b"x", b"[a]", b"\xff\xfe\0", b"threads = " + b"[" * 90_000, b"threads = " + b"9" * 5_000),
    ],
)
def test_a_file_that_does_not_fit_is_wrong_usage(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "barometer.toml").write_bytes(text)
    assert main(["report", "--home", str(tmp_path)]) == 2


PIPES = """
    barometer.toml manifest.json barometer.duckdb known.json written.json watchlist.csv
    link_decisions.csv history/run.jsonl registers/ofac/x.parquet witness/x.parquet
    sources/x.toml witnesses/x.toml lists/x.toml
"""


@pytest.mark.parametrize("name", PIPES.split())
def test_a_pipe_in_the_place_of_a_file_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tmp_path / name)
    assert main(["report", "--home", str(tmp_path)]) == (2 if name == "barometer.toml" else 1)
    assert f"{tmp_path / name}: is a pipe or a device" in capsys.readouterr().err


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12), st.sampled_from(["memory_limit", "threads", "as_of", "lake"]))
def test_any_text_is_a_setting_or_wrong_usage(tmp_path: Path, text: str, name: str) -> None:
    try:
        found = load_settings({"home": tmp_path, name: text}, {})
    except SettingError:
        return
    assert isinstance(found.as_of, datetime) and found.threads > 0


def test_a_home_that_duckdb_cannot_use_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--home", str(tmp_path / "why?" / "home")]) == 2
    assert "has a question mark" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["300MB", "1.5 GB", "2g", "512MiB", "1tb", "400 m", "1000TiB"])
def test_sizes_as_duckdb_takes_them(tmp_path: Path, text: str) -> None:
    import duckdb

    limit = load_settings({"home": tmp_path, "memory_limit": text}, {}).memory_limit
    with duckdb.connect(config={"memory_limit": limit}) as con:
        con.execute("select 1")


def test_every_variable_that_the_code_names_is_known() -> None:
    text = "".join(path.read_text() for path in (ROOT / "flows").rglob("*.py"))
    named = set(re.findall(r"BAROMETER_([A-Z_]*[A-Z])", text))
    assert named <= set(module.VARIABLES)


def test_an_unknown_variable_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = unknown_variables({"BAROMETER_MEMORYLIMIT": "1", "BAROMETER_HOME": "x", "PATH": ""})
    assert "BAROMETER_MEMORYLIMIT" in told and "Did you mean BAROMETER_MEMORY_LIMIT?" in told
    (told,) = unknown_variables({"BAROMETER_\udcff\x1b": "1"})
    told.encode("ascii")


def test_run_without_input_on_an_empty_home_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--home", str(tmp_path / "wrong")]) == 2
    assert "no PATH was given" in capsys.readouterr().err
    assert not (tmp_path / "wrong" / "manifest.json").exists()
