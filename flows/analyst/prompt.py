"""The prompt of `barometer sql`: queries over several lines, commands, history, completion."""

from __future__ import annotations

import io
import os
import readline
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import duckdb

from flows.analyst.formats import BINARY, FORMATS, VERTICAL, write
from flows.analyst.query import check_one_result, explained, say, statements, warn_of_move
from flows.catalogue import access
from flows.home.settings import BarometerError, Settings
from flows.home.text import safe_text

WELCOME = "Queries end with ;   .help lists the commands   .tables the tables   Ctrl-D or exit ends"
REPLACED = (
    "A run has replaced the catalogue. This prompt still reads the old one, whose files may be "
    "removed: leave with Ctrl-D and start it again."
)
HELP = """\
.tables            the relations, each with what one row is
.describe TABLE    the columns of a relation, with types, units and meaning
.mode MODE         how results are shown: {modes}
.help              this list
exit, quit         leave, as Ctrl-D does

A query ends with ; and may have several lines. Ctrl-C discards what is typed, or stops the query.
Tab completes names of tables and columns, the arrows bring back earlier lines."""

MODES = tuple(mode for mode in (*FORMATS, *VERTICAL) if mode not in BINARY)
COMMANDS = (".describe", ".help", ".mode", ".tables")
LEAVE = {"exit", "quit", ".exit", ".quit"}

HISTORY = "sql_history"
"""The file of typed lines, in the home. Only its owner can read it: a query may hold a password."""
MOST_LINES = 1000
"""Lines of history kept (a choice)."""

COLUMNS = """
with relation as (
    select table_name as name, comment from duckdb_tables()
    union all
    select view_name, comment from duckdb_views() where not internal
)
select relation.name, relation.comment, col.column_name, col.data_type, col.comment
from relation
inner join duckdb_columns() as col on relation.name = col.table_name
order by relation.name, col.column_index
"""
"""What the catalogue holds, and says of it."""


class Column(NamedTuple):
    """A column as the catalogue describes it."""

    name: str
    kind: str
    comment: str


class Relation(NamedTuple):
    """A relation as the catalogue describes it."""

    comment: str
    columns: tuple[Column, ...]


Relations = Mapping[str, Relation]


def prompt(settings: Settings, output_format: str) -> None:
    """Read queries and commands from a terminal until the end of input.

    Parameters
    ----------
    settings : Settings
        Of the home.
    output_format : str
        The mode that it starts in.
    """
    opened = access.existing(settings.home).stat()
    is_warned = False
    with access.reading(settings) as con, _history(settings.home / HISTORY):
        relations = _relations(con)
        readline.set_completer(_Completer(relations).complete)
        # macOS has libedit in the place of GNU readline.
        is_libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
        say(WELCOME)
        warn_of_move(con, settings)
        mode = output_format
        for text in _typed():
            try:
                if text.startswith("."):
                    mode = _obey(text, relations, mode)
                else:
                    _run(con, settings, text, mode)
            except BarometerError as error:
                say(str(error))
            except KeyboardInterrupt:
                say("The query was stopped.")
            if not is_warned and _is_replaced(settings, opened.st_ino):
                say(REPLACED)
                is_warned = True


def _run(con: duckdb.DuckDBPyConnection, settings: Settings, text: str, mode: str) -> None:
    queries = statements(text)
    check_one_result(queries, mode)
    for query in queries:
        with explained(con, settings):
            if mode in ("table", "vertical") and sys.stdout.isatty():
                screen = _Screen()
                write(con.sql(query), mode, screen)
                _page(screen.getvalue())
            else:
                write(con.sql(query), mode, sys.stdout.buffer)


def _typed() -> Iterator[str]:
    """The typed text up to each semicolon at the end of a line, and each command."""
    text = ""
    while True:
        try:
            text += input("barometer> " if not text else "       ... ") + "\n"
        except EOFError:
            return
        except KeyboardInterrupt:
            text = ""
            say("")
        except UnicodeDecodeError:
            text = ""
            say("the line has bytes that are not UTF-8. Type it again.")
        whole = text.strip()
        if not whole:
            text = ""
        elif whole.rstrip("; ").lower() in LEAVE:
            return
        elif whole.endswith(";") or whole.startswith("."):
            yield whole
            text = ""


def _obey(text: str, relations: Relations, mode: str) -> str:
    """Carry out a command; the mode from then on."""
    name, _, given = text.rstrip("; ").partition(" ")
    given = given.strip()
    if name == ".help":
        say(HELP.format(modes=", ".join(MODES)))
    elif name == ".tables":
        width = max(map(len, relations))
        _page("".join(f"{of:<{width}}  {about.comment}\n" for of, about in relations.items()))
    elif name == ".describe":
        _page(_description(given.lower(), relations))
    elif name == ".mode":
        if given and given not in MODES:
            raise BarometerError(f"{safe_text(given)}: no such mode; one of {', '.join(MODES)}.")
        mode = given or mode
        say(f"mode: {mode}")
    else:
        raise BarometerError(f"{safe_text(name)}: no such command; .help lists them.")
    return mode


def _description(name: str, relations: Relations) -> str:
    if name not in relations:
        near = get_close_matches(name, relations, 3)
        hint = f" Closest: {', '.join(near)}." if near else ""
        raise BarometerError(
            f"{safe_text(name) or '.describe'}: no such table.{hint} .tables lists them."
        )
    comment, columns = relations[name]
    names, kinds = (max(len(of[i]) for of in columns) for i in (0, 1))
    lines = [f"{of.name:<{names}}  {of.kind.lower():<{kinds}}  {of.comment}" for of in columns]
    return "\n".join([f"{name}: {comment}", "", *lines, ""])


def _relations(con: duckdb.DuckDBPyConnection) -> Relations:
    relations: dict[str, Relation] = {}
    for name, about, *column in con.execute(COLUMNS).fetchall():
        known = relations.get(name, Relation(safe_text(about or ""), ()))
        of = Column(*(safe_text(text or "") for text in column))
        relations[name] = Relation(known.comment, (*known.columns, of))
    return relations


class _Completer:
    """Completes commands, tables and columns; after `name.` the columns of that table."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        columns = {column.name for relation in relations.values() for column in relation.columns}
        self._names = sorted({*relations, *columns})

    def complete(self, text: str, state: int) -> str | None:
        """The answer to readline: candidate number `state`, None after the last."""
        before = readline.get_line_buffer()[: readline.get_begidx()].split()
        candidates = self.candidates(text, before[0] if before else "")
        return candidates[state] if state < len(candidates) else None

    def candidates(self, text: str, first: str) -> list[str]:
        """Completions of a word, on a line that begins with the word `first`, if any."""
        names: list[str] | tuple[str, ...] = self._names
        table, dot, _ = text.rpartition(".")
        if not first and text.startswith("."):
            names = COMMANDS
        elif first == ".mode":
            names = MODES
        elif first == ".describe":
            names = list(self._relations)
        elif dot:
            columns = self._relations.get(table.lower())
            # Of an alias, whose table is not known, the columns of all.
            known = [of.name for of in columns.columns] if columns else self._names
            names = [f"{table}.{name}" for name in known]
        return [name for name in names if name.lower().startswith(text.lower())]


class _Screen(io.BytesIO):
    """Output that is collected for the terminal before it is shown."""

    def isatty(self) -> bool:
        return True


def _page(content: bytes | str) -> None:
    """Show text, through a pager where it is longer than the terminal."""
    raw = content.encode() if isinstance(content, str) else content
    pager = _pager() if raw.count(b"\n") >= shutil.get_terminal_size().lines else None
    if pager is None:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        return
    environ = os.environ | {"LESS": os.environ.get("LESS", "FRSX")}
    with subprocess.Popen(pager, stdin=subprocess.PIPE, env=environ) as running:  # noqa: S603
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's own
        try:
            with suppress(BrokenPipeError):
                running.communicate(raw)
        finally:
            signal.signal(signal.SIGINT, before)


def _pager() -> list[str] | None:
    """The command of the pager, by PAGER as other programs do; None on a terminal without one."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    words = os.environ.get("PAGER", "less").split()
    return words if words and shutil.which(words[0]) else None


@contextmanager
def _history(path: Path) -> Iterator[None]:
    """The lines of earlier prompts, and afterwards those of this one, in a file of mode 600.

    Without a right to read or write it, as in a home of others, the prompt has no history.
    """
    readline.clear_history()
    readline.set_history_length(MOST_LINES)
    with suppress(OSError):
        readline.read_history_file(path)
    known = readline.get_current_history_length()
    try:
        yield
    finally:
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.append_history_file(readline.get_current_history_length() - known, path)
            path.chmod(0o600)  # the library makes a new file when it cuts the old lines


def _is_replaced(settings: Settings, inode: int) -> bool:
    try:
        return access.existing(settings.home).stat().st_ino != inode
    except (BarometerError, OSError):
        return True
