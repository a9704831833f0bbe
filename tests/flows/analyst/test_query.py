"""`barometer sql`: whole values in every format, hostile text without effect, clear errors."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import Mock

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from flows.analyst import formats
from flows.analyst.prompt import prompt
from flows.analyst.query import READ_ONLY
from flows.cli import main
from flows.home.extras import PIP
from flows.home.settings import Settings
from tests.build.process import ROOT, largest_file, unset

HOSTILE = "SEA\x1b[2J\x1b]0;title\x07 STAR\u202e\x9b31m\r\n=1+1"
FORMULAS = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\u200b=1", "＝1", "\n=1"]


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def written(relation: duckdb.DuckDBPyRelation, form: str, out: io.BytesIO | None = None) -> bytes:
    out = io.BytesIO() if out is None else out
    formats.write(relation, form, out)
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


HUGE = "12345678901234567890123456789012345.678"
INT128 = "170141183460469231731687303715884105727"
UUID = "00000000-0000-0000-0000-000000000001"
STRUCT = "{'at': timestamp '2026-01-01', 'draught_m': [9.7::float, 'nan'::float]}"
STRUCT_CSV = "\"{'at': '2026-01-01 00:00:00', 'draught_m': [9.7, nan]}\""
# An expression, and its value in CSV and in JSON.
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
    "long decimal": (f"{HUGE}::decimal(38, 3)", HUGE, HUGE),
    "hugeint": (f"{INT128}::hugeint", INT128, INT128),
    "true": ("true", "true", "true"),
    "negative": ("-5", "-5", "-5"),
    "empty text": ("''", '""', '""'),
    "comma": ("'a,\"b\"'", '"a,""b"""', '"a,\\"b\\""'),
    "timestamp": ("timestamp '2026-03-09 06:00'", "2026-03-09 06:00:00", '"2026-03-09T06:00:00"'),
    "part of a second": (
        *("timestamp '2026-03-09 06:00:00.125'", "2026-03-09 06:00:00.125"),
        '"2026-03-09T06:00:00.125"',
    ),
    "time with a zone": (
        *("timestamptz '2026-03-09 03:30:00+03:30'", "2026-03-09 00:00:00+00"),
        '"2026-03-09T00:00:00+00"',
    ),
    "far time": ("'infinity'::timestamp", "infinity", '"infinity"'),
    "date": ("date '2026-03-09'", "2026-03-09", '"2026-03-09"'),
    "far date": ("date '20000-01-01'", "20000-01-01", '"20000-01-01"'),
    "interval": ("interval 14 month", "1 year 2 months", '"1 year 2 months"'),
    "blob": ("blob 'a\\x00b'", "a\\x00b", '"a\\\\x00b"'),
    "list": ("[1.1::float, null]", '"[1.1, NULL]"', "[1.1, null]"),
    "struct": (STRUCT, STRUCT_CSV, '{"at": "2026-01-01T00:00:00", "draught_m": [9.7, null]}'),
    "map": ("map {'k': 1.1::float}", "{k=1.1}", '{"k": 1.1}'),
    "map by lists": ("map {[1]: 1.5::float}", "{[1]=1.5}", None),
    "array": ("[1, 2]::integer[2]", '"[1, 2]"', "[1, 2]"),
    "row without names": ("(50.5, null, 'a')", '"(50.5, NULL, a)"', '[50.5, null, "a"]'),
    "rows in a list": ("[(1, 2.5::float)]", '"[(1, 2.5)]"', "[[1, 2.5]]"),
    "interval in a list": ("[interval 14 month]", "[1 year 2 months]", '["1 year 2 months"]'),
    "far times in a list": (
        *("[timestamp 'infinity', '-infinity']", '"[infinity, -infinity]"'),
        '["infinity", "-infinity"]',
    ),
    "nanoseconds in a list": (
        *("[timestamp_ns '2026-01-01 00:00:00.123456789']", "['2026-01-01 00:00:00.123456789']"),
        '["2026-01-01T00:00:00.123456789"]',
    ),
    "zone in a list": (
        *("[timestamptz '2026-03-09 00:00:00+00']", "['2026-03-09 00:00:00+00']"),
        '["2026-03-09T00:00:00+00"]',
    ),
    "decimal in a struct": ("{'x': 1.10::decimal(5, 2)}", "{'x': 1.10}", '{"x": 1.10}'),
    "json in a struct": ("{'x': '[1]'::json}", "{'x': '[1]'}", '{"x": [1]}'),
    "map by booleans": ("map {true: 1}", "{true=1}", '{"true": 1}'),
    "nested null": ("{'x': null::integer[]}", "{'x': NULL}", '{"x": null}'),
    "large number": ("md5_number('x')", *["221188521546444818284084528980898927773"] * 2),
    "large number in a list": (
        *("[md5_number('x')]", "[221188521546444818284084528980898927773]"),
        "[221188521546444818284084528980898927773]",
    ),
    "enum": ("'berth'::enum('berth')", "berth", '"berth"'),
    "json": ("""'{"x": [1.50, "y"]}'::json""", '"{""x"": [1.50, ""y""]}"', '{"x": [1.50, "y"]}'),
    "uuid": (f"uuid '{UUID}'", UUID, f'"{UUID}"'),
}


@pytest.mark.clock
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
    printed = con.sql(f"select x::varchar from ({text})").fetchall()
    assert con.sql(f"select x::varchar from '{tmp_path}/x.parquet'").fetchall() == printed
    assert (printed[0][0] or "") in written(con.sql(f"select {expression} as x"), "table").decode()


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


def test_parquet_keeps_types(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    made = con.sql(f"select {', '.join(TYPED)}")
    (tmp_path / "x.parquet").write_bytes(written(made, "parquet"))
    types = con.sql(f"from '{tmp_path}/x.parquet'").types
    assert dict(zip(TYPED, map(str, types), strict=True)) == TYPED


def test_parquet_of_no_row_has_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    raw = written(con.sql("select 1::smallint as a, 2 as a where false"), "parquet")
    assert str(pq.read_schema(io.BytesIO(raw))) == "a: int16\na_1: int32"


@law(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(), st.floats(width=32)), min_size=1, max_size=10),
    st.lists(st.text().map(lambda text: text.replace("\0", "")), max_size=5),
)
def test_numbers_and_texts_come_back_as_they_were(
    values: list[tuple[float, float]], texts: list[str]
) -> None:
    text = "".join(texts)
    with duckdb.connect() as con:
        con.execute("create table held (x double, f float, fs float[], t varchar[], s varchar)")
        rows = [[x, f, [f], texts, text] for x, f in values]
        con.executemany("insert into held values ($1, $2, $3, $4, $5)", rows)
        records = as_json(con.table("held"))
        printed = list(csv.DictReader(io.StringIO(written(con.table("held"), "csv").decode(), "")))
    for (x, f), record, cells in zip(values, records, printed, strict=True):
        assert record["t"] == texts and record["s"] == text
        assert record["x"] is None if not np.isfinite(x) else float(record["x"]) == x
        if np.isfinite(f):
            assert np.float32(record["f"]) == np.float32(record["fs"][0]) == np.float32(f)
        else:
            assert (record["f"], record["fs"]) == (None, [None])
        assert np.array_equal(float(cells["x"]), x, equal_nan=True)
        assert np.array_equal(np.float32(cells["f"]), np.float32(f), equal_nan=True)
        assert cells["s"].removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("form", ["table", "vertical"])
def test_a_result_without_rows_says_so(con: duckdb.DuckDBPyConnection, form: str) -> None:
    none, one = con.sql("select 1 as n where false"), con.sql("select 1 as n")
    assert written(none, form).decode().endswith("0 rows\n")
    assert "0 rows" not in written(one, form).decode()


def test_columns_of_one_name_all_stand(con: duckdb.DuckDBPyConnection) -> None:
    made = "select 1 as a, 2 as a, 3 as a_1, 4 as a"
    assert as_json(con.sql(made)) == [{"a": 1, "a_1": 2, "a_1_1": 3, "a_2": 4}]
    assert written(con.sql(made), "csv") == b"a,a,a_1,a\n1,2,3,4\n"


def ship(name: str) -> duckdb.DuckDBPyConnection:
    """A database with a ship of that name."""
    con = duckdb.connect()
    con.execute("create table ship as select $1 as name", [name])
    return con


def cells(relation: duckdb.DuckDBPyRelation) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(relation, "csv").decode(), "")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_name_is_no_formula_in_a_csv(text: str) -> None:
    con = ship(text)
    assert cells(con.sql("from ship"))[1:] == [["'" + text]]
    # A pivot makes columns of the names of ships.
    pivoted = con.sql("from (pivot ship on name using count(*))")
    assert cells(pivoted)[0] == ["'" + text]
    assert as_json(con.sql("from ship")) == [{"name": text}], "JSON has no formulas"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_name_does_not_control_a_terminal(form: str) -> None:
    con = ship(HOSTILE)
    pivot = "pivot ship on name using count(*)"
    for query_text in ("from ship", "select [name] as n from ship", pivot):
        shown = written(con.sql(query_text), form, Terminal()).decode()
        assert {sign for sign in shown if not sign.isprintable()} == {"\n"}, query_text
        if form != "table":
            assert shown.count("\n") == (1 if form == "json" else 2), query_text
    assert cells(con.sql("from ship"))[1:] == [[HOSTILE]], "a pipe gets the name as it is"


REFUSED = {
    "empty": ("", 2, "the query is empty"),
    "a word of the prompt": (".tables", 2, "Only the prompt knows .tables"),
    "only a comment": ("-- nothing\n;", 2, "the query is empty"),
    "a comment at the end": (" ; -- nothing", 2, "the query is empty"),
    "no SQL": ("selct 1", 1, 'syntax error at or near "selct"'),
    "unknown column": ("select nonsense from hull", 1, "nonsense"),
    "a parameter": ("select $1", 1, "parameter"),
    "a write": ("delete from port_call", 1, "For tables of your own"),
    "a new table": ("create table mine as select 1", 1, "as mine (read_write)"),
    "a name of the program's own": ("from settings", 1, "name settings does not exist"),
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


def test_a_cast_of_the_programs_own_is_not_shown(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "select [cast('x' || port_id as integer)] from port"
    assert main(["sql", text, "--home", str(home.home), "--format", "json"]) == 1
    told = capsys.readouterr().err
    assert "Could not convert" in told and "CAST(#1" not in told


def test_a_file_that_is_not_of_the_lake_is_no_damage_of_it(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = home.home / "position" / "lost.parquet"
    for path, is_of_lake in (("/nowhere.csv", False), ("nowhere.csv", False), (lost, True)):
        assert main(["sql", f"from '{path}'", "--home", str(home.home)]) == 1
        told = capsys.readouterr().err
        assert str(path) in told and ("the lake may be damaged" in told) is is_of_lake


def test_an_argument_is_utf8_whatever_the_locale(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "select '\udcc3\udca4' as x"  # as Python reads the bytes where the locale is POSIX
    assert main(["sql", text, "--home", str(home.home), "--format", "csv"]) == 0
    assert capsys.readouterr().out == "x\nä\n"


@pytest.mark.clock
def test_statements_run_in_turn(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    there = ("--home", str(home.home))
    text = "create temp table mine as select 7 as x; set threads = 1; from mine"
    assert main(["sql", text, *there, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "x\n7\n"
    assert main(["sql", "from run", *there, "--format", "json"]) == 0
    as_of = json.loads(capsys.readouterr().out)["as_of"]
    assert datetime.fromisoformat(as_of) == home.as_of, "the time is whole"
    assert main(["sql", "select 'one' as a; select 'two' as b", *there]) == 0
    shown = capsys.readouterr().out
    assert shown.index("one") < shown.index("two")


def test_the_remedy_for_tables_of_ones_own_works(
    home: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    attach = READ_ONLY.partition("yours: ")[2].replace("mine.duckdb", str(tmp_path / "mine.duckdb"))
    for text in (f"{attach} create table mine.kept as select 7 as x", f"{attach} from mine.kept"):
        assert main(["sql", text, "--home", str(home.home), "--format", "csv"]) == 0
    assert capsys.readouterr().out == "x\n7\n"


def test_the_prompt_and_a_query_file(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prompt writes in the format asked; a file of another encoding is reported."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"select '\xe9'")))
    assert main(["sql", "--home", str(home.home), "--format", "csv"]) == 1
    assert "not UTF-8 (byte 9)" in capsys.readouterr().err
    typed = Mock(side_effect=["select 3.2::float as x,", "'=1' as y;", EOFError])
    monkeypatch.setattr("builtins.input", typed)
    prompt(home, "csv")
    assert capsys.readouterr().out == "x,y\n3.2,'=1\n"


UNWRITTEN = {
    "help": ["-m", "flows.cli", "--help"],
    "csv": ["-m", "flows.cli", "sql", "from range(2000)", "--format", "csv"],
    "xlsx": ["-m", "flows.cli", "sql", "from range(2000)", "--format", "xlsx"],
}


@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", UNWRITTEN.values(), ids=UNWRITTEN)
def test_an_output_that_does_not_take_all_is_a_failure_with_at_most_a_message(
    home: Settings, tmp_path: Path, command: list[str], buffering: str
) -> None:
    """A full disk, which first takes a part of a write; a pipe whose reader ended."""

    def ended(out: Any) -> tuple[int, str]:
        words = [sys.executable, *command]
        environ = unset() | {"PYTHONUNBUFFERED": buffering, "BAROMETER_HOME": str(home.home)}
        done = subprocess.run(
            words,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environ,
            check=False,
        )
        return done.returncode, done.stderr

    with (tmp_path / "out").open("wb") as out, largest_file(200):
        code, told = ended(out)
    assert code == 1 and told.startswith("barometer: ") and told.count("\n") == 1, told
    reader, writer = os.pipe()
    os.close(reader)
    assert ended(writer) == (1, "")
    os.close(writer)


def test_a_closed_output_takes_nothing(home: Settings) -> None:
    query = f"{sys.executable} -m flows.cli sql 'select 1' --home {home.home} --format xlsx"
    done = subprocess.run(["sh", "-c", f"{query} >&-"], capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_message_for_a_closed_error_output_is_no_data(home: Settings) -> None:
    query = f"{sys.executable} -m flows.cli sql 'select nope' --home {home.home} --format csv"
    done = subprocess.run(["sh", "-c", f"{query} 2>&-"], capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.parametrize("form", formats.BINARY)
def test_a_binary_format_is_not_for_a_terminal(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for text in ([], ["select 1"]):
        assert main(["sql", *text, "--home", str(home.home), "--format", form]) == 1
        assert f"{form} cannot be shown on a terminal" in capsys.readouterr().err


def test_the_command_offers_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "--help"]) == 0
    assert f"{{{','.join(formats.FORMATS)}}}" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_short_query_waits_for_no_import_that_it_does_not_need(home: Settings, form: str) -> None:
    """They take seconds: pandas comes with DuckDB's first parameter, if nobody takes care."""
    probe = (
        "import sys; from flows.cli import main\n"
        "main(sys.argv[1:])\n"
        "print(sorted({'numpy', 'pandas', 'pyarrow', 'shapely', 'prefect'} & set(sys.modules)))"
    )
    words = ["sql", "select 1 as x", "--home", str(home.home), "--format", form]
    command = [sys.executable, "-c", probe, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_its_package_duckdbs_own_page_says_what_to_install(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_extension_ui", None)
    assert main(["sql", "--ui", "--home", str(home.home)]) == 1
    assert f"its extension. Install it with: {PIP}" in capsys.readouterr().err
