"""`barometer sql`: queries on the catalogue, with errors as messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import duckdb
from duckdb import ExpectedResultType, Statement

from flows.analyst.formats import write
from flows.catalogue import access
from flows.home.settings import BarometerError, Settings

READ_ONLY = (
    "The catalogue is opened read-only, and every run rebuilds it. For tables of your own: "
    "create temp table, or attach a database of yours: attach 'mine.duckdb' as mine (read_write);"
)


def statements(text: str) -> list[Statement]:
    """The statements of a text; none where it holds only comments and semicolons.

    Raises
    ------
    BarometerError
        If it is not SQL.
    """
    try:
        # An argument in a locale that is not UTF-8 has its bytes as surrogates (PEP 383).
        text = text.encode(errors="surrogateescape").decode()
        return duckdb.extract_statements(text)
    except UnicodeError as error:
        raise BarometerError(
            "the query has bytes that are not UTF-8. Save it as UTF-8, or type it again."
        ) from error
    except duckdb.Error as error:
        raise BarometerError(str(error)) from error


def run_query(
    settings: Settings, queries: Sequence[Statement], output_format: str, out: BinaryIO
) -> None:
    """Run statements, and write the rows of each.

    Raises
    ------
    BarometerError
        With DuckDB's message if a query fails, and if several queries give rows in a format other
        than a table.
    """
    check_one_result(queries, output_format)
    with access.reading(settings) as con:
        warn_of_move(con, settings)
        with explained(con, settings):
            for query in queries:
                write(con.sql(query), output_format, out)


def warn_of_move(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Say where the catalogue shows other clients another home than this."""
    if moved := access.moved_message(con, settings):
        say(f"barometer: warning: {moved}")


def say(text: str) -> None:
    """Print a message, which is not data, on stderr."""
    print(text, file=sys.stderr)  # noqa: T201


@contextmanager
def explained(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """DuckDB's errors as messages; errors of reading files with damage found in the lake.

    After a query is stopped (Ctrl-C) the connection is still usable.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.InvalidInputException as error:
        message = str(error)
        raise BarometerError(
            f"{message}\n{READ_ONLY}" if "read-only mode" in message else message
        ) from error
    except duckdb.IOException as error:
        hint = access.damage_hint(settings, str(error))
        raise BarometerError(f"{error}\n{hint}".rstrip()) from error
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        # DuckDB saw Ctrl-C first. Its threads run on until interrupted, and the next query waits.
        con.interrupt()
        raise KeyboardInterrupt from error
    except Exception as error:
        if not isinstance(error, duckdb.Error) and not type(error).__module__.startswith("pyarrow"):
            raise
        message, line, text = str(error).partition("\n\nLINE 1: ")
        # Not the line of the cast that this module adds.
        is_own = "CAST(#1 AS " in text
        raise BarometerError(message if is_own else message + line + text) from error
    except KeyboardInterrupt:
        con.interrupt()
        raise


def check_one_result(queries: Sequence[Statement], output_format: str) -> None:
    """Refuse several results in a format that can hold only one.

    Raises
    ------
    BarometerError
        With their number.
    """
    giving = [q for q in queries if q.expected_result_type == [ExpectedResultType.QUERY_RESULT]]
    if len(giving) > 1 and output_format not in ("table", "vertical"):
        raise BarometerError(
            f"{len(giving)} of the queries give rows, and {output_format} can hold the rows of "
            "only one. Run them one by one."
        )
