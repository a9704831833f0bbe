"""The settings of a run: flag, environment, `barometer.toml` in the home, default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from flows.home.clock import utc_now
from flows.home.durable import make_folder

DEFAULT_HOME = Path("data/lake")
DEFAULT_MEMORY_LIMIT = "300MB"
"""DuckDB's share. With the reader's buffers and Python it keeps a run under 1 GB (`make bench`)."""


class BarometerError(Exception):
    """A fault that the user can mend: the message says what is wrong, where, and what to do."""


class SettingError(BarometerError):
    """A setting that does not fit, wherever it was given: wrong usage."""


Place = Path | str
"""Where the lake lies: a folder, the home; or an address on object storage, ``s3://bucket/prefix``.
"""

ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*")
"""A bucket's name (S3's rules), and a prefix of signs that mean nothing else in patterns, paths and
addresses (a choice)."""


class Settings(NamedTuple):
    """What a run is told from outside.

    Attributes
    ----------
    home : Path
        Absolute path of the folder with the lake, the catalogue, the history and the reports.
    as_of : datetime
        The only clock, naive UTC: it says what is the future, and which week is still open.
    threads : int
        Threads of DuckDB and of the CSV reader.
    memory_limit : str
        DuckDB's limit, such as ``300MB``. Sorting spills to the home's `tmp/` beyond it.
    lake : str or None
        Address of the lake on object storage; None where it lies in the home.
    """

    home: Path
    as_of: datetime
    threads: int
    memory_limit: str
    lake: str | None = None

    @property
    def place(self) -> Place:
        """Where the manifest and the Parquet files lie."""
        return self.lake or self.home


_KEYS = ("as_of", "threads", "memory_limit", "lake")

VARIABLES = (
    *("HOME", *(key.upper() for key in _KEYS)),
    *("AISSTREAM_KEY", "AISSTREAM_URL", "MAIL_FROM", "MAIL_TO", "OPERATOR_TO", "SMTP_BLOCK"),
    *("SMTP_HOST", "SMTP_PASSWORD", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USER"),
)
"""The variables of the environment that are read, each with `PREFIX` before it."""
PREFIX = "BAROMETER_"

MOST_THREADS = 1024
"""More than any machine that this runs on has (a choice); DuckDB starts as many as it is told."""

EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 naive UTC
"""AIS begins with the first; a clock that was reset shows 1970 or 1980."""

_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([kmgt])(?:i?b)?", re.IGNORECASE | re.ASCII)
"""As DuckDB reads sizes."""

LEAST_MEMORY_MB = 20
"""With less DuckDB cannot even hold the blocks of a few columns (a choice)."""


def home_of(named: Any, environ: Mapping[str, str] | None = None) -> Path:
    """The home's absolute path: as named, else by the environment, else the default.

    Raises
    ------
    BarometerError
        If the working directory of a relative path is gone.
    SettingError
        If the path is not one that every program can open.
    """
    environ = os.environ if environ is None else environ
    home = Path(named or environ.get("BAROMETER_HOME") or DEFAULT_HOME)
    try:
        home = home.expanduser().absolute()
        str(home).encode()
    except FileNotFoundError as error:
        raise BarometerError(
            "the working directory is gone, so that a relative path names nothing. Change to "
            "another folder, or name the home by an absolute path: --home."
        ) from error
    except (RuntimeError, UnicodeEncodeError) as error:
        raise SettingError(
            f"home: {str(home)!a} is no path that every program can open ({error}). Give one "
            "of letters and digits: --home."
        ) from error
    return home


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from flags (None: not given), the environment, the home's TOML file, defaults.

    Creates the home where it is missing.

    Raises
    ------
    BarometerError
        If the home cannot be made.
    SettingError
        If the TOML cannot be read or has a key that is not a setting, or a value does not fit.
    """
    environ = os.environ if environ is None else environ
    home = home_of(flags.get("home"), environ)
    try:
        make_folder(home)
    except OSError as error:
        raise BarometerError(
            f"{home}: cannot make the home folder ({error.strerror}). "
            "Name another with --home or BAROMETER_HOME."
        ) from error
    from_file = _read_toml(home / "barometer.toml")

    def setting(key: str, default: Any) -> Any:
        if flags.get(key) is not None:
            return flags[key]
        return environ.get(f"BAROMETER_{key.upper()}") or from_file.get(key, default)

    return Settings(
        home=home,
        as_of=_as_of(setting("as_of", None)),
        threads=_threads(setting("threads", min(os.cpu_count() or 1, 8))),
        memory_limit=_memory_limit(setting("memory_limit", DEFAULT_MEMORY_LIMIT)),
        lake=_lake(setting("lake", None)),
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like a setting and is none, with the nearest one."""
    found = []
    for name in sorted(environ):
        rest = name.removeprefix(PREFIX)
        if rest == name or rest in VARIABLES:
            continue
        near = get_close_matches(rest.upper(), VARIABLES, 1, 0.5)
        meant = (
            f" Is {PREFIX}{near[0]} meant?"
            if near
            else f" Known are {PREFIX} and {', '.join(VARIABLES)}."
        )
        found.append(f"{ascii(name)[1:-1]} in the environment is no setting.{meant}")
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{path}: {error}. Mend the file or take it away.") from error
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise SettingError(
            f"{path}: no such setting: {', '.join(unknown)}. Known are {', '.join(_KEYS)}."
        )
    return values


def _as_of(value: Any) -> datetime:
    """Naive UTC; a time with an offset is converted, a date means its midnight."""
    if value is None:
        now = utc_now()
        if not EARLIEST <= now < LATEST:
            raise BarometerError(f"the machine's clock shows {now:%F %R} UTC. Set it right first.")
        return now
    try:
        moment = datetime.fromisoformat(str(value))
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise SettingError(
            f"as_of: {str(value)!a} is no time. Give one such as 2026-04-20 or 2026-04-20T06:00."
        ) from error
    if not EARLIEST <= moment < LATEST:
        raise SettingError(
            f"as_of: {moment} is not between {EARLIEST:%Y} and {LATEST:%Y}. Give another."
        )
    return moment


def _lake(value: Any) -> str | None:
    if value is None:
        return None
    address = str(value).rstrip("/")
    if not ADDRESS.fullmatch(address):
        raise SettingError(
            f"lake: {address!a} is no address such as s3://bucket/prefix (letters, digits, . _ -). "
            "For a folder on a disk name the home: --home."
        )
    return address


def _threads(value: Any) -> int:
    text = "" if isinstance(value, bool) else str(value).strip()
    threads = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
    if not 1 <= threads <= MOST_THREADS:
        raise SettingError(
            f"threads: {str(value)!a} is not a whole number above 0, or more than {MOST_THREADS}."
        )
    return threads


def _memory_limit(value: Any) -> str:
    text = str(value).strip()
    size = _SIZE.fullmatch(text)
    power = size and "kmgt".index(size[2].lower())
    if size is None or power is None or float(size[1]) * 1000.0 ** (power - 1) < LEAST_MEMORY_MB:
        raise SettingError(
            f"memory_limit: {str(value)!a} is no size such as 300MB or 2GB. Give one: a number and "
            f"a unit (MB, GB, TB, or MiB, GiB, TiB), {LEAST_MEMORY_MB}MB at least."
        )
    return text
