"""The settings of a run: flag, environment, `barometer.toml` in the home, default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from flows.durable import make_folder

DEFAULT_HOME = Path("data/lake")
DEFAULT_MEMORY_LIMIT = "300MB"
"""DuckDB's share. With the reader's buffers and Python it keeps a run under 1 GB (`make bench`)."""


class BarometerError(Exception):
    """A fault that the user can mend: the message says what is wrong, where, and what to do."""


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


def home_of(named: Any, environ: Mapping[str, str] | None = None) -> Path:
    """The home's absolute path: as named, else by the environment, else the default."""
    environ = os.environ if environ is None else environ
    return Path(named or environ.get("BAROMETER_HOME") or DEFAULT_HOME).expanduser().absolute()


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from flags (None: not given), the environment, the home's TOML file, defaults.

    Creates the home where it is missing.

    Raises
    ------
    BarometerError
        If the home cannot be made, the TOML cannot be read or has a key that is not a setting,
        or a value does not fit.
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
        memory_limit=str(setting("memory_limit", DEFAULT_MEMORY_LIMIT)),
        lake=_lake(setting("lake", None)),
    )


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BarometerError(f"{path}: {error}. Mend the file or take it away.") from error
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise BarometerError(
            f"{path}: no such setting: {', '.join(unknown)}. Known are {', '.join(_KEYS)}."
        )
    return values


def _as_of(value: Any) -> datetime:
    """Naive UTC; a time with an offset is converted, a date means its midnight."""
    if value is None:
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BarometerError(
            f"as_of: {value!r} is no time. Give one such as 2026-04-20 or 2026-04-20T06:00."
        ) from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _lake(value: Any) -> str | None:
    if value is None:
        return None
    address = str(value).rstrip("/")
    if not ADDRESS.fullmatch(address):
        raise BarometerError(
            f"lake: {address!r} is no address such as s3://bucket/prefix (letters, digits, . _ -). "
            "For a folder on a disk name the home: --home."
        )
    return address


def _threads(value: Any) -> int:
    try:
        threads = int(value)
    except (TypeError, ValueError):
        threads = 0
    if threads < 1:
        raise BarometerError(f"threads: {value!r} is not a whole number above 0.")
    return threads
