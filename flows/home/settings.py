"""The settings of a run: flag, environment, `barometer.toml` in the home, default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.clock import utc_now
from flows.home.durable import make_folder
from flows.home.file_names import shown_name

DEFAULT_HOME = Path("data/lake")
DEFAULT_MEMORY_LIMIT = "300MB"
"""DuckDB's share. With the reader's buffers and Python it keeps a run under 1 GB (`make bench`)."""


class BarometerError(Exception):
    """A fault that the user can fix. The message contains what is wrong, where, and what to do."""


class SettingError(BarometerError):
    """An invalid setting, from whichever source: wrong usage, exit code 2."""


Place = Path | str
"""Where the lake is: the home folder, or an address on object storage, ``s3://bucket/prefix``."""

ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*")
"""A bucket name (S3's rules), and a prefix without characters that are special in patterns or paths
(a choice)."""


class Settings(NamedTuple):
    """The settings of a run.

    Attributes
    ----------
    home : Path
        Absolute path of the folder with the lake, the catalogue, the history and the reports.
    as_of : datetime
        The only clock of the numbers, naive UTC: it decides which fixes are in the future and which
        week is still open.
    threads : int
        Threads of DuckDB and of the CSV reader.
    memory_limit : str
        DuckDB's limit, such as ``300MB``. Sorting spills to the home's `tmp/` beyond it.
    lake : str or None
        Address of the lake on object storage; None if it is in the home.
    """

    home: Path
    as_of: datetime
    threads: int
    memory_limit: str
    lake: str | None = None

    @property
    def place(self) -> Place:
        """Where the manifest and the Parquet files are."""
        return self.lake or self.home


FILES_READ = (
    *("*.csv", "*.duckdb", "*.json", "history/*.jsonl"),
    *("registers/*/*.parquet", "witness/*.parquet"),
    *("lists/*.toml", "sources/*.toml", "witnesses/*.toml"),
)
"""Files of a home that commands open. `barometer check` finds what is no file in the lake."""

PREFIX = "BAROMETER_"
TOKENS = ("EU_FSF_TOKEN",)
"""Tokens that the address of a list may need."""
VARIABLES = (
    *("HOME", "AS_OF", "THREADS", "MEMORY_LIMIT", "LAKE"),
    *("AISSTREAM_KEY", "AISSTREAM_URL", "DIGITRAFFIC_URL", "GFW_TOKEN"),
    *("GFW_BLOCK", "MAIL_FROM", "MAIL_TO", "OPERATOR_TO"),
    *("SMTP_BLOCK", "SMTP_HOST", "SMTP_PASSWORD", "SMTP_PORT"),
    *("SMTP_SECURITY", "SMTP_USER", "ALERT_URLS", "ALERT_BLOCK"),
    *TOKENS,
)
"""The environment variables of all settings, without `PREFIX`; see `variable`."""

MOST_THREADS = 1024
"""More than the machines this runs on have (a choice); DuckDB starts as many as set."""

EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 naive UTC
"""AIS is not older than the first; a clock that was reset shows 1970 or 1980."""

_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([kmgt])(?:i?b)?", re.IGNORECASE | re.ASCII)
"""Sizes as DuckDB accepts them."""

LEAST_MEMORY_MB, MOST_MEMORY_MB = 20, 10**9
"""With less, DuckDB cannot hold the blocks of a few columns (a choice). More than the machines this
runs on have (a choice); DuckDB counts bytes in 64 bits."""


def variable(name: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The environment variable of a setting (one of `VARIABLES`); None if unset or empty.

    >>> variable("THREADS", {"BAROMETER_THREADS": "2"}), variable("LAKE", {"BAROMETER_LAKE": ""})
    ('2', None)
    """
    assert name in VARIABLES, name
    return (os.environ if environ is None else environ).get(PREFIX + name) or None


def home_of(given: Any, environ: Mapping[str, str] | None = None) -> Path:
    """The home's absolute path: as given, else from the environment, else the default.

    Raises
    ------
    BarometerError
        If the path is relative and the working directory was deleted.
    SettingError
        If the path is not valid Unicode, its user does not exist, or DuckDB cannot use it.
    """
    home = Path(given or variable("HOME", environ) or DEFAULT_HOME)
    try:
        home = home.expanduser().absolute()
        str(home).encode()
    except FileNotFoundError as error:
        raise BarometerError(
            "the working directory was deleted, so relative paths do not work. Change to another "
            "folder, or give the home as an absolute path: --home."
        ) from error
    except (RuntimeError, UnicodeEncodeError) as error:
        raise SettingError(
            f"home: {str(home)!a} is not a valid path ({error}). Give another with --home."
        ) from error
    if "?" in str(home):
        # As in an address, DuckDB takes the rest for a query: `.wal` comes before it.
        raise SettingError(
            f"home: {str(home)!a} has a question mark, and DuckDB writes no database in such a "
            "folder. Give another with --home."
        )
    return home


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from flags (None: not given), the environment, the home's TOML file, defaults.

    Creates the home if it is missing.

    Raises
    ------
    BarometerError
        If the home cannot be created.
    SettingError
        If the TOML file cannot be read or has an unknown key, or a value is not valid.
    """
    home = home_of(flags.get("home"), environ)
    try:
        make_folder(home)
    except OSError as error:
        raise BarometerError(
            f"{home}: cannot make the home folder ({error.strerror}). "
            "Name another with --home or BAROMETER_HOME."
        ) from error
    _refuse_pipes(home)
    from_file = _read_toml(home / "barometer.toml")

    def setting(key: str) -> Any:
        given = {
            f"--{key.replace('_', '-')}": flags.get(key),
            f"{PREFIX}{key.upper()}": variable(key.upper(), environ),
            f"{home / 'barometer.toml'}: {key}": from_file.get(key),
        }
        place, value = next(((p, v) for p, v in given.items() if v is not None), (key, None))
        try:
            return READERS[key](value)
        except SettingError as error:
            raise SettingError(f"{place}: {error}") from error

    return Settings(home, **{key: setting(key) for key in READERS})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each BAROMETER_ variable that is not a setting, with the nearest one."""
    sentences = []
    for name in sorted(environ):
        rest = name.removeprefix(PREFIX)
        if rest == name or rest in VARIABLES:
            continue
        near = get_close_matches(rest.upper(), VARIABLES, 1, 0.5)
        hint = (
            f"Did you mean {PREFIX}{near[0]}?"
            if near
            else f"Settings are {PREFIX} with {', '.join(VARIABLES)}."
        )
        sentences.append(f"unknown environment variable {ascii(name)[1:-1]}. {hint}")
    return sentences


def refuse_pipe(path: Path) -> None:
    """Raise BarometerError for a pipe or a device: inputs are read more than once."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BarometerError(
            f"{shown_name(path)}: is a pipe or a device, which can be read only once. Write its "
            "contents to a file and pass that."
        )


def _refuse_pipes(home: Path) -> None:
    """Raise BarometerError where a file that commands read is a pipe: they would wait for ever."""
    try:
        refuse_pipe(home / "barometer.toml")
    except BarometerError as error:
        raise SettingError(str(error)) from error
    for pattern in FILES_READ:
        for path in home.glob(pattern):
            refuse_pipe(path)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    # A number of too many digits is a plain ValueError.
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(f"{path}: {error}. Fix or remove the file.") from error
    unknown = sorted(set(values) - set(READERS))
    if unknown:
        raise SettingError(
            f"{path}: no such setting: {', '.join(unknown)}. Settings are {', '.join(READERS)}."
        )
    return values


def _as_of(value: Any) -> datetime:
    """Naive UTC, by default now; a time with an offset is converted, a date is its midnight."""
    if value is None:
        now = utc_now()
        if not EARLIEST <= now < LATEST:
            raise BarometerError(f"the machine's clock shows {now:%F %R} UTC. Set it first.")
        return now
    try:
        moment = datetime.fromisoformat(str(value))
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise SettingError(
            f"{str(value)!a} is not a valid time. Example: 2026-04-20 or 2026-04-20T06:00."
        ) from error
    if not EARLIEST <= moment < LATEST:
        raise SettingError(f"{moment} is not between {EARLIEST:%Y} and {LATEST:%Y}.")
    return moment


def _lake(value: Any) -> str | None:
    if value is None:
        return None
    address = str(value).rstrip("/")
    if not ADDRESS.fullmatch(address):
        raise SettingError(
            f"{address!a} is not an address such as s3://bucket/prefix (letters, digits, . _ "
            "-). A folder on a disk is given as the home: --home."
        )
    return address


def _threads(value: Any) -> int:
    if value is None:
        return min(os.cpu_count() or 1, 8)
    text = "" if isinstance(value, bool) else str(value).strip()
    threads = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
    if not 1 <= threads <= MOST_THREADS:
        raise SettingError(f"{str(value)!a} is not a whole number from 1 to {MOST_THREADS}.")
    return threads


def _memory_limit(value: Any) -> str:
    text = DEFAULT_MEMORY_LIMIT if value is None else str(value).strip()
    size = _SIZE.fullmatch(text)
    megabytes = float(size[1]) * 1000.0 ** ("kmgt".index(size[2].lower()) - 1) if size else 0.0
    if not LEAST_MEMORY_MB <= megabytes <= MOST_MEMORY_MB:
        raise SettingError(
            f"{str(value)!a} is not a size such as 300MB or 2GB: a number and a "
            f"unit (MB, GB, TB, MiB, GiB, TiB), from {LEAST_MEMORY_MB}MB to "
            f"{MOST_MEMORY_MB // 10**6}TB."
        )
    return text


READERS: dict[str, Callable[[Any], Any]] = {
    "as_of": _as_of,
    "threads": _threads,
    "memory_limit": _memory_limit,
    "lake": _lake,
}
"""Each setting beside the home, and what checks its value; None stands for its default. Their
`SettingError` says what is wrong with the value; `load_settings` adds where that was set."""
