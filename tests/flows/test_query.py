"""`barometer sql`: whole values in every format, hostile text without effect, clear errors."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from flows.analyst import query
from flows.catalogue import access
from flows.cli import main
from flows.home.settings import BarometerError, Settings
from tests.conftest import ROOT, FillHome

pytestmark = pytest.mark.usefixtures("undrawn")

HOSTILE = "SEA\x1b[2J\x1b]0;title\x07 STAR\u202e\x9b31m\r\n=1+1"
FORMULAS = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\u200b=1", "＝1", "\n=1"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, fill_home: FillHome) -> Settings:
    """A home without a position: what `sql` writes does not hang on the catalogue."""
    return fill_home(tmp_path_factory.mktemp("query") / "home", [])


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def written(relation: duckdb.DuckDBPyRelation, form: str, out: io.BytesIO | None = None) -> bytes:
    out = io.BytesIO() if out is None else out
    query._write(relation, form, out)
    return out.getvalue()


def no_constant(text: str) -> NoReturn:
    raise AssertionError(f"{text} is no JSON")


def as_json(relation: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    lines = written(relation, "json").decode().splitlines()
    return [json.loads(line, parse_constant=no_constant, parse_float=Decimal) for line in lines]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("set TimeZone = 'UTC'")
        yield made


# An expression, and what stands in CSV and in JSON for it.
VALUES = {
    "null": ("null", "", "null"),
    "float": ("3.2::float", "3.2", "3.2"),
    "float of seven digits": ("16777216.0::float", "16777216.0", "16777216.0"),
    "small float": ("1e-30::float", "1e-30", "1e-30"),
    "double": ("0.1::double + 0.2", "0.30000000000000004", "0.30000000000000004"),
    "degrees": ("50.83001::double", "50.83001", "50.83001"),
    "nan": ("'nan'::float", "nan", "null"),
    "infinity": ("'-inf'::double", "-inf", "null"),
    "decimal": ("1.10::decimal(5, 2)", "1.10", "1.10"),
    "long decimal": (
        "12345678901234567890123456789012345.678::decimal(38, 3)",
        "12345678901234567890123456789012345.678",
        "12345678901234567890123456789012345.678",
    ),
    "hugeint": (
        "170141183460469231731687303715884105727::hugeint",
        "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105727",
    ),
    "true": ("true", "true", "true"),
    "negative": ("-5", "-5", "-5"),
    "empty text": ("''", '""', '""'),
    "comma": ("'a,\"b\"'", '"a,""b"""', '"a,\\"b\\""'),
    "timestamp": (
        "timestamp '2026-03-09 06:00:00'",
        "2026-03-09 06:00:00",
        '"2026-03-09T06:00:00"',
    ),
    "part of a second": (
        "timestamp '2026-03-09 06:00:00.125'",
        "2026-03-09 06:00:00.125",
        '"2026-03-09T06:00:00.125"',
    ),
    "time with a zone": (
        "timestamptz '2026-03-09 03:30:00+03:30'",
        "2026-03-09 00:00:00+00",
        '"2026-03-09T00:00:00+00"',
    ),
    "far time": ("'infinity'::timestamp", "infinity", '"infinity"'),
    "date": ("date '2026-03-09'", "2026-03-09", '"2026-03-09"'),
    "far date": ("date '20000-01-01'", "20000-01-01", '"20000-01-01"'),
    "interval": ("interval 14 month", "1 year 2 months", '"1 year 2 months"'),
    "blob": ("blob 'a\\x00b'", "a\\x00b", '"a\\\\x00b"'),
    "list": ("[1.1::float, null]", '"[1.1, NULL]"', "[1.1, null]"),
    "struct": (
        "{'at': timestamp '2026-01-01', 'draught_m': [9.7::float, 'nan'::float]}",
        "\"{'at': '2026-01-01 00:00:00', 'draught_m': [9.7, nan]}\"",
        '{"at": "2026-01-01T00:00:00", "draught_m": [9.7, null]}',
    ),
    "map": ("map {'k': 1.1::float}", "{k=1.1}", '{"k": 1.1}'),
    "map by lists": ("map {[1]: 1.5::float}", "{[1]=1.5}", None),
    "array": ("[1, 2]::integer[2]", '"[1, 2]"', "[1, 2]"),
    "enum": ("'berth'::enum('berth')", "berth", '"berth"'),
    "json": ("""'{"x": [1.50, "y"]}'::json""", '"{""x"": [1.50, ""y""]}"', '{"x": [1.50, "y"]}'),
    "uuid": (
        "uuid '00000000-0000-0000-0000-000000000001'",
        "00000000-0000-0000-0000-000000000001",
        '"00000000-0000-0000-0000-000000000001"',
    ),
}


@pytest.mark.parametrize(("expression", "in_csv", "in_json"), VALUES.values(), ids=VALUES)
def test_a_value_in_every_format(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, expression: str, in_csv: str, in_json: str
) -> None:
    text = f"select {expression} as x, 1 as y"
    assert written(con.sql(text), "csv").decode() == f"x,y\n{in_csv},1\n"
    con.execute(f"copy ({text}) to '{tmp_path}/own.csv' (header)")
    assert (tmp_path / "own.csv").read_text() == f"x,y\n{in_csv},1\n", "DuckDB's own"
    as_written = written(con.sql(text), "json").decode()
    json.loads(as_written, parse_constant=no_constant)
    if in_json is not None:
        assert as_written == f'{{"x": {in_json}, "y": 1}}\n'
    (tmp_path / "x.parquet").write_bytes(written(con.sql(text), "parquet"))
    read = con.sql(f"select x::varchar from '{tmp_path}/x.parquet'").fetchall()
    assert read == con.sql(f"select x::varchar from ({text})").fetchall()
    shown = written(con.sql(f"select {expression} as x"), "table").decode()
    plain = con.sql(f"select x::varchar from ({text})").fetchall()[0][0]
    assert (plain or "") in shown


TYPED = {
    "3.2::float": "FLOAT",
    "1::smallint": "SMALLINT",
    "sum(1)": "DECIMAL(38,0)",
    "1.10::decimal(5, 2)": "DECIMAL(5,2)",
    "timestamp '2026-01-01'": "TIMESTAMP",
    "timestamptz '2026-01-01 00:00:00+00'": "TIMESTAMP WITH TIME ZONE",
    "date '2026-01-01'": "DATE",
    "true": "BOOLEAN",
    "blob 'a'": "BLOB",
    "[1.5::float]": "FLOAT[]",
    "{'a': date '2026-01-01'}": "STRUCT(a DATE)",
    "interval 1 month": "VARCHAR",
    "union_value(n := 1)": "VARCHAR",
    "[interval 1 day]": "VARCHAR",
}


@pytest.mark.parametrize(("expression", "kind"), TYPED.items(), ids=TYPED)
def test_parquet_keeps_types(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, expression: str, kind: str
) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(written(con.sql(f"select {expression} as x"), "parquet"))
    assert [str(t) for t in con.sql(f"from '{path}'").types] == [kind]


def test_parquet_of_no_row_has_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    raw = written(con.sql("select 1::smallint as a, 2 as a where false"), "parquet")
    assert str(pq.read_schema(io.BytesIO(raw))) == "a: int16\na_1: int32"


@law(deadline=None, max_examples=60)
@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_single_floats_come_back_as_they_were(values: list[float]) -> None:
    with duckdb.connect() as con:
        con.execute("create table held (x float, xs float[])")
        con.executemany("insert into held values ($1, [$1])", [[v] for v in values])
        rows = as_json(con.table("held"))
        printed = list(csv.DictReader(io.StringIO(written(con.table("held"), "csv").decode())))
    for value, row, cells in zip(values, rows, printed, strict=True):
        if not np.isfinite(value):
            assert row == {"x": None, "xs": [None]}
        else:
            assert np.float32(row["x"]) == np.float32(row["xs"][0]) == np.float32(value)
        assert np.array_equal(np.float32(cells["x"]), np.float32(value), equal_nan=True)


@law(deadline=None, max_examples=60)
@given(st.lists(st.floats(), min_size=1, max_size=20), st.lists(st.text(), max_size=5))
def test_numbers_and_texts_come_back_as_they_were(values: list[float], texts: list[str]) -> None:
    texts = [text.replace("\0", "") for text in texts]
    with duckdb.connect() as con:
        con.execute("create table held (x double, t varchar[], s varchar)")
        con.executemany(
            "insert into held values ($1, $2, $3)", [[v, texts, "".join(texts)] for v in values]
        )
        rows = as_json(con.table("held"))
        printed = list(csv.DictReader(io.StringIO(written(con.table("held"), "csv").decode(), "")))
    for value, row, cells in zip(values, rows, printed, strict=True):
        assert row["t"] == texts and row["s"] == "".join(texts)
        assert row["x"] is None if not np.isfinite(value) else float(row["x"]) == value
        assert np.array_equal(float(cells["x"]), value, equal_nan=True)
        assert cells["s"].removeprefix("'") == row["s"].removeprefix("'")


def test_columns_of_one_name_all_stand(con: duckdb.DuckDBPyConnection) -> None:
    made = "select 1 as a, 2 as a, 3 as a_1, 4 as a"
    assert as_json(con.sql(made)) == [{"a": 1, "a_1": 2, "a_1_1": 3, "a_2": 4}]
    assert written(con.sql(made), "csv") == b"a,a,a_1,a\n1,2,3,4\n"


@pytest.mark.parametrize("text", FORMULAS)
def test_a_name_is_no_formula_in_a_csv(con: duckdb.DuckDBPyConnection, text: str) -> None:
    con.execute("create table ship (name varchar)")
    con.execute("insert into ship values ($1)", [text])
    rows = list(csv.reader(io.StringIO(written(con.sql("from ship"), "csv").decode(), "")))
    assert rows[1:] == [["'" + text]]
    # A pivot makes columns of what ships call themselves.
    pivoted = con.sql("from (pivot ship on name using count(*))")
    assert next(csv.reader(io.StringIO(written(pivoted, "csv").decode(), ""))) == ["'" + text]
    assert as_json(con.sql("from ship")) == [{"name": text}], "JSON has no formulas"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_terminal_obeys_no_name(con: duckdb.DuckDBPyConnection, form: str) -> None:
    con.execute("create table ship (name varchar)")
    con.execute("insert into ship values ($1)", [HOSTILE])
    for made in ("from ship", "select [name] as n from ship", "pivot ship on name using count(*)"):
        shown = written(con.sql(made), form, Terminal()).decode()
        signs = {sign for sign in shown if not sign.isprintable()} - {"\n"}
        assert signs == set(), made
        if form != "table":
            assert shown.count("\n") == (1 if form == "json" else 2), made


def test_a_pipe_gets_the_name_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table ship (name varchar)")
    con.execute("insert into ship values ($1)", [HOSTILE])
    read = list(csv.reader(io.StringIO(written(con.sql("from ship"), "csv").decode(), "")))
    assert read[1:] == [[HOSTILE]]


def barometer(*arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "sql", *arguments],
        check=False,
        **{"capture_output": True, "text": True, "cwd": ROOT, "timeout": 200} | given,
    )


REFUSED = {
    "empty": ("", 2, "the query is empty"),
    "only a comment": ("-- nothing\n;", 2, "the query is empty"),
    "no SQL": ("selct 1", 1, 'syntax error at or near "selct"'),
    "unknown column": ("select nonsense from hull", 1, "nonsense"),
    "a parameter": ("select $1", 1, "parameter"),
    "a write": ("delete from port_call", 1, "For tables of your own"),
    "a new table": ("create table mine as select 1", 1, "For tables of your own"),
    "a file that is not there": ("from '/nowhere.parquet'", 1, "/nowhere.parquet"),
    "a value that cannot be": ("select cast('x' as integer) from port", 1, "Could not convert"),
    "two results": ("select 1; select 2", 1, "2 of the queries give rows"),
    "no UTF-8": ("select '\udcff'", 1, "not UTF-8"),
}


@pytest.mark.parametrize(("text", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_run_is_told(
    home: Settings, capsys: pytest.CaptureFixture[str], text: str, code: int, message: str
) -> None:
    assert main(["sql", text, "--home", str(home.home), "--format", "csv"]) == code
    told = capsys.readouterr()
    assert message in told.err and "CAST(#1" not in told.err
    assert told.out == ""


def test_a_query_file_of_another_encoding_is_told(home: Settings) -> None:
    there = ("--home", str(home.home), "--format", "csv")
    done = barometer(*there, input=b"select '\xe9'", text=False)
    assert done.returncode == 1 and b"not UTF-8 (byte 9)" in done.stderr
    done = barometer(*there, input=b"\xef\xbb\xbfselect 1 as x", text=False)
    assert done.stdout == b"x\n1\n"


def test_statements_run_in_turn(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    there = ("--home", str(home.home))
    text = "create temp table mine as select 7 as x; set threads = 1; from mine"
    assert main(["sql", text, *there, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "x\n7\n"
    assert main(["sql", "select 'one' as a; select 'two' as b", *there]) == 0
    shown = capsys.readouterr().out
    assert shown.index("one") < shown.index("two")


@pytest.mark.parametrize("zone", ["Asia/Tehran", "America/New_York"])
def test_the_session_is_in_utc_wherever_the_machine_stands(home: Settings, zone: str) -> None:
    text = """
    select
        current_setting('TimeZone') as zone,
        timestamp '2026-03-08 23:00:00'::timestamptz as at,
        date_trunc('day', timestamptz '2026-03-09 00:30:00+00')::date as on,
        timestamp '2026-03-08 23:00:00' < timestamptz '2026-03-08 23:30:00+00' as is_before
    """
    done = barometer(
        text, "--home", str(home.home), "--format", "json", env=os.environ | {"TZ": zone}
    )
    assert json.loads(done.stdout) == {
        "zone": "UTC",
        "at": "2026-03-08T23:00:00+00",
        "on": "2026-03-09",
        "is_before": True,
    }


def test_who_closes_the_pipe_has_seen_enough(home: Settings) -> None:
    command = [sys.executable, "-m", "flows.cli", "sql", "--home", str(home.home), "--format"]
    for form in ("csv", "parquet"):
        many = "select range, hash(range) as h from range(400000)"
        with subprocess.Popen(
            [*command, form, many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        ) as running:
            assert running.stdout is not None and running.stderr is not None
            running.stdout.read(1)
            running.stdout.close()
            assert running.stderr.read() == b"", form


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_full_disk_is_told(home: Settings, form: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = barometer(
            *("select 1", "--home", str(home.home), "--format", form),
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 1
    assert done.stderr == "barometer: the result could not be written: No space left on device.\n"


class Typing:
    """A prompt on a terminal, and who types there."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        self.running = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "sql", "--home", str(home)],
            **dict.fromkeys(("stdin", "stdout", "stderr"), slave),
            cwd=ROOT,
            env=os.environ | {"TERM": "dumb", "TZ": "Asia/Tehran"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def type(self, text: str) -> None:
        self.seen = ""
        os.write(self.master, text.encode())

    def stop(self) -> None:
        os.kill(self.running.pid, signal.SIGINT)

    def see(self, text: str, patience_s: float = 200, is_stopped: bool = False) -> str:
        """Wait for a text; with ``is_stopped`` press Ctrl-C while nothing comes: one that
        comes between a prompt and its input is only seen with the next key."""
        end = time.monotonic() + patience_s
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the terminal was closed at the other end
                    break
            elif is_stopped:
                self.stop()
        assert text in self.seen, self.seen
        return self.seen


@pytest.fixture
def typing(home: Settings) -> Iterator[Typing]:
    made = Typing(home.home)
    made.see("barometer> ")
    yield made
    made.running.kill()
    made.running.wait()
    os.close(made.master)


def test_the_prompt_outlives_what_goes_wrong_in_it(typing: Typing) -> None:
    for text, told in (
        ("select nonsense from hull;", "nonsense"),
        ("selct 1;", "syntax error"),
        ("drop table hull;", "For tables of your own"),
        (";", "barometer> "),
        ("select 1/0 as x, cast('y' as integer);", "Could not convert"),
    ):
        typing.type(text + "\n")
        assert "Traceback" not in typing.see(told)
    typing.type("create temp table mine as select 6 as x;\n")
    typing.see("barometer> ")
    typing.type("select x * 7 as\n")
    typing.see("... ")
    typing.type("answer from mine; select current_setting('TimeZone') as zone;\n")
    typing.see("42")
    typing.see("UTC")
    typing.see("barometer> ")
    typing.type("\x04")
    assert typing.running.wait(200) == 0


def test_ctrl_c_ends_the_query_and_not_the_prompt(typing: Typing) -> None:
    endless = (
        "select count(*) from range(1000000000) a, range(1000) b where a.range + b.range < 0;\n"
    )
    for _ in range(2):
        typing.type(endless)
        typing.see("< 0;")
        time.sleep(1)
        assert "Traceback" not in typing.see("The query was stopped.", is_stopped=True)
        typing.see("barometer> ")
        typing.type("select 6 * 7 as answer;\n")
        typing.see("42")
        typing.see("barometer> ")
    typing.type("select half of a query\n")
    typing.see("... ")
    typing.see("barometer> ", is_stopped=True)
    typing.type("select 6 * 8 as answer;\n")
    typing.see("48")


def test_ctrl_c_ends_a_query_of_the_command(home: Settings) -> None:
    endless = "select count(*) from range(1000000000) a, range(1000) b where a.range + b.range < 0"
    queries = f"select 'begun' as told; {endless}"
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "sql", queries, "--home", str(home.home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        assert any("begun" in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        assert running.wait(200) == 1
        told = running.stderr.read()
    assert "stopped" in told and "Traceback" not in told


def test_a_prompt_says_that_the_catalogue_was_replaced(home: Settings, typing: Typing) -> None:
    path = access.existing(home.home)
    typing.type("select 'before' as told;\n")
    typing.see("before")
    typing.see("barometer> ")
    newer = path.with_name("newer.duckdb")
    newer.write_bytes(path.read_bytes())
    newer.replace(path)
    typing.type("select count(*) as ports, 'after' as told from port;\n")
    typing.see("after")
    typing.see("A run has replaced the catalogue")
    typing.type("select 'again' as told;\n")
    typing.see("again")
    assert "A run has replaced" not in typing.see("barometer> ")


def test_the_prompt_writes_in_the_format_asked(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ["select 3.2::float as x,", "'=1' as y;"]

    def given(_: str) -> str:
        if not typed:
            raise EOFError
        return typed.pop(0)

    monkeypatch.setattr("builtins.input", given)
    query.prompt(home, "csv")
    assert capsys.readouterr().out == "x,y\n3.2,'=1\n"


@pytest.mark.parametrize("given", [[], ["select 1"]])
def test_parquet_is_not_for_a_terminal(
    home: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["sql", *given, "--home", str(home.home), "--format", "parquet"]) == 1
    assert "Send it to a file" in capsys.readouterr().err


def test_the_as_of_time_is_shown_whole(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "from run", "--home", str(home.home), "--format", "json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(row["as_of"]) == home.as_of


def test_no_query_is_no_error_of_the_library() -> None:
    assert query.statements(" ; -- nothing") == []
    with pytest.raises(BarometerError, match="syntax error"):
        query.statements("selct")
