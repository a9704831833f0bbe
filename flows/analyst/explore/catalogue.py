"""The catalogue behind the page: read-only, without access to other files, and replaceable."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import duckdb
from duckdb import StatementType

from flows.analyst.explore.job import Job, Result
from flows.analyst.formats import write
from flows.analyst.query import explained, statements
from flows.catalogue import access
from flows.catalogue.relations import define, quoted
from flows.home.resources import sql_text
from flows.home.settings import BarometerError, Settings
from flows.lake import compact
from flows.lake.entry import KINDS, address
from flows.lake.manifest import SESSION
from flows.report.tables import Table

EXAMPLES = "examples"
MOST_ROWS = 1000
"""Most rows of a result that the page shows; a file has all of them (a choice)."""
MOST_EXPORTED = 1_000_000
"""Most rows of a file, which is made in memory (a choice)."""

NO_INSTALL = "set autoinstall_known_extensions = false; set autoload_known_extensions = false"
CLOSED = "set enable_external_access = false; set lock_configuration = true"
"""From here on no statement reaches another file or address, nor opens the way to one."""

CALLED = "select json_serialize_sql($text)"
"""DuckDB's parse of a SELECT, with the names of the functions that it calls."""
FUNCTION = re.compile(r'"function_name":"(\w+)"')
"""One of them; within a text of the query quotes have a backslash before them."""

NOT_READING = {
    *("enable_logging", "disable_logging", "truncate_duckdb_logs"),
    *("checkpoint", "force_checkpoint", "query", "json_execute_serialized_sql"),
}
"""Table functions of DuckDB that change something, or run SQL that is given as text, which may call
these. A log is a file, also in the lake's folders, where the lock lets files be written too."""

INTERRUPT_S = 0.1
"""Pause between attempts to end the query before (a choice)."""

REPLACED = "A run has replaced the catalogue: reload it at the top of the page."
ONE_SELECT = (
    "the page runs one SELECT at a time (also from, with, describe, show or summarize): it changes "
    "nothing and writes no file. For more: barometer sql."
)
ONLY_READING = "the page only reads, and {} may do more. For that: barometer sql."


class Catalogue:
    """An open catalogue.

    The pages and the SQL cell have a connection each, so that a long query does not hold up the
    pages.

    Parameters
    ----------
    settings : Settings
        Of the home.

    Raises
    ------
    BarometerError
        If there is no catalogue, or it cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open = ExitStack()
        self._running, self._newest = threading.Lock(), 0
        self._stat = access.existing(settings.home).stat()
        self.con: duckdb.DuckDBPyConnection = self._open.enter_context(
            access.reading_apart(settings)
        )
        self._sql: duckdb.DuckDBPyConnection = self._open.enter_context(self.con.cursor())
        define(self._sql)
        self._sql.execute(SESSION)
        self.con.execute(f"set allowed_directories = {_lake(settings)}")
        self.con.execute(f"{NO_INSTALL}; {CLOSED}")

    def close(self) -> None:
        """Stop a running query, and close the file."""
        self._sql.interrupt()
        self._open.close()

    @property
    def is_replaced(self) -> bool:
        """Whether a run has put another catalogue in the place of this one."""
        try:
            return access.existing(self.settings.home).stat().st_ino != self._stat.st_ino
        except (BarometerError, OSError):
            return True

    def example(self, name: str, **equal: str) -> Table:
        """The rows of a query of `sql/examples` in which columns have these values."""
        with explained(self.con, self.settings):
            try:
                relation = self.con.sql(sql_text(f"{EXAMPLES}/{name}"))
            except access.OTHER_VERSION as error:
                raise BarometerError(access.other_version(error)) from error
            for column, value in equal.items():
                relation = relation.filter(
                    duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)
                )
            types = [str(kind) for kind in relation.types]
            return Table(list(relation.columns), types, relation.fetchall())

    def relations(self) -> list[str]:
        """The names of tables and views."""
        return sorted(str(name) for (name,) in self.con.execute("show tables").fetchall())

    def start(self, text: str) -> Job[Table]:
        """Run the text of the SQL cell, which may be anything, in the background."""
        return self._alone(lambda: self._rows(text))

    def start_export(self, text: str, output_format: str) -> Job[bytes]:
        """Write all rows of a query in a format of `flows.analyst.formats`, in the background."""
        return self._alone(lambda: self._file_of(text, output_format))

    def _alone(self, work: Callable[[], Result]) -> Job[Result]:
        """A query on the SQL cell's connection, which has room for one: a later one ends it."""
        self._newest = turn = self._newest + 1

        def in_turn() -> Result:
            # Again and again: what has not begun to run yet is not interrupted.
            while not self._running.acquire(timeout=INTERRUPT_S):
                if turn < self._newest:
                    raise KeyboardInterrupt
                self._sql.interrupt()
            try:
                if turn < self._newest:
                    raise KeyboardInterrupt
                return work()
            finally:
                self._running.release()

        return Job(in_turn, self._sql.interrupt)

    def _file_of(self, text: str, output_format: str) -> bytes:
        with self._explained():
            relation = self._relation(text)
            rows = len(relation.limit(MOST_EXPORTED + 1))
            if rows > MOST_EXPORTED:
                raise BarometerError(
                    f"the result has more than {MOST_EXPORTED:,} rows. Choose fewer, or write the "
                    "file with barometer sql --format."
                )
            out = io.BytesIO()
            write(relation, output_format, out)
            return out.getvalue()

    def _rows(self, text: str) -> Table:
        with self._explained():
            relation = self._relation(text)
            rows = relation.limit(MOST_ROWS + 1).fetchall()
            return Table(list(relation.columns), [str(kind) for kind in relation.types], rows)

    def _relation(self, text: str) -> duckdb.DuckDBPyRelation:
        queries = statements(text)
        if [query.type for query in queries] != [StatementType.SELECT]:
            raise BarometerError(ONE_SELECT)
        if calls := sorted(self._called(queries[0].query) & NOT_READING):
            raise BarometerError(ONLY_READING.format(", ".join(calls)))
        relation: duckdb.DuckDBPyRelation = self._sql.sql(queries[0])
        return relation

    def _called(self, text: str) -> set[str]:
        """The functions that a SELECT calls, in lower case."""
        (parsed,) = self._sql.execute(CALLED, {"text": text}).fetchone() or ("",)
        if not parsed.startswith('{"error":false'):
            raise BarometerError(ONE_SELECT)
        return {name.lower() for name in FUNCTION.findall(parsed)}

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self._sql, self.settings):
                yield
        except BarometerError as error:
            raise BarometerError(
                f"{error}\n{REPLACED}" if self.is_replaced else str(error)
            ) from error


def _lake(settings: Settings) -> str:
    """The folders that the views over the lake read, as a list of SQL."""
    folders = [address(settings.place, f"{kind}/") for kind in KINDS]
    folders.append(f"{settings.home / compact.FOLDER}/")
    return f"[{', '.join(map(quoted, folders))}]"
