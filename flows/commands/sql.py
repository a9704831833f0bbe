"""`barometer sql`: a query, or a prompt."""

from __future__ import annotations

import argparse
import sys

from flows.commands.shared import DONE, USAGE, Command, binary_output, forget_output, settings_of
from flows.home.settings import BarometerError


def add(command: Command) -> None:
    """Its arguments."""
    parser = command(
        "sql",
        execute,
        "run a query on the catalogue, or open a prompt",
        """
        barometer sql "from barometer where series = 'russian_linked_tankers'"
        barometer sql --format csv "from port_call where is_russian_linked" > calls.csv
        barometer sql --format xlsx "from weekly_port_calls" > weeks.xlsx
        barometer sql < sql/examples/reception_by_port.sql
        """,
    )
    parser.add_argument(
        "query", nargs="?", help="the query; without it, standard input or a prompt"
    )
    parser.add_argument(
        "--ui", action="store_true", help="DuckDB's own page in the browser, which needs a network"
    )
    parser.add_argument(
        "--format",
        choices=("table", "csv", "json", "parquet", "xlsx", "geojson", "geoparquet"),
        default="table",
        help="geojson and geoparquet need lon and lat, or geometry_wkb, in the result",
    )


def execute(flags: argparse.Namespace) -> int:
    from flows.analyst import formats, query

    settings = settings_of(flags)
    if flags.ui:
        from flows.analyst.duckdb_ui import serve_ui

        serve_ui(settings)
    if flags.format in formats.BINARY and sys.stdout.isatty():
        raise BarometerError(
            f"{flags.format} cannot be shown on a terminal. Redirect it: "
            f"... > result.{'xlsx' if flags.format == 'xlsx' else 'parquet'}"
        )
    if flags.query is None and sys.stdin is not None and sys.stdin.isatty():
        from flows.analyst.prompt import prompt

        prompt(settings, flags.format)
        return DONE
    text = _read_query() if flags.query is None else flags.query
    if text.lstrip().startswith("."):
        print(
            f"barometer sql: a query is SQL. Only the prompt knows {text.split()[0]}: start "
            "barometer sql on a terminal, without a query.",
            file=sys.stderr,
        )
        return USAGE
    queries = query.statements(text)
    if not queries:
        print(
            'barometer sql: the query is empty. Example: barometer sql "from barometer"',
            file=sys.stderr,
        )
        return USAGE
    try:
        query.run_query(settings, queries, flags.format, binary_output())
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_output()
        raise BarometerError(f"the result could not be written: {error.strerror}.") from error
    return DONE


def _read_query() -> str:
    """The query from standard input, with or without a byte order mark."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BarometerError(
            f"the query is not UTF-8 (byte {error.start + 1}). Save it as UTF-8."
        ) from error
