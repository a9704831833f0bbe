"""The lake on object storage: an address such as ``s3://bucket/prefix`` in the place of the home.

Endpoint and credentials come from the standard variables AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. They are read when they are needed
and go nowhere else. What fails here is an OSError, as it is on a disk.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import duckdb

from flows.home.extras import PIP, install_command
from flows.home.hashes import new_hash
from flows.home.settings import BarometerError
from flows.home.text import address_parts

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

KEPT_FOR = timedelta(days=14)
"""An object that no manifest names stays so long (a choice): until the commit that it was put for,
which takes minutes, is over, and until every other home with this lake, which runs weekly, has
built a catalogue that no longer names it."""

RETRIES = 3
RETRY_S, REQUEST_S = 30, 60
"""A server that does not answer is given up after these (choices): a run is tried again anyhow."""

CHUNK_BYTES = 8 << 20

ATTACH = """
create or replace temporary secret lake (
    type s3,
    key_id $key_id,
    secret $secret,
    session_token $session_token,
    region $region,
    endpoint $endpoint,
    use_ssl $use_ssl,
    url_style 'path',
    scope $scope
)
"""


class ConflictError(BarometerError):
    """Another process wrote the manifest since it was read."""


class _Access(NamedTuple):
    """Endpoint and credentials of the object storage. Never printed."""

    endpoint: str
    region: str
    key_id: str
    secret: str
    session_token: str

    def __repr__(self) -> str:
        return f"_Access({self.endpoint}, ***)"


def _access(environ: Mapping[str, str] | None = None) -> _Access:
    environ = os.environ if environ is None else environ
    missing = [n for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environ.get(n)]
    if missing:
        raise BarometerError(
            f"{' and '.join(missing)} not set, and the lake is on object storage. Set the key in "
            "the environment, with AWS_REGION, and AWS_ENDPOINT_URL where it is not Amazon's."
        )
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com"
    url = address_parts(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname or url.username:
        raise BarometerError(
            "AWS_ENDPOINT_URL is not an address such as https://storage.example.org:9000."
        )
    return _Access(
        endpoint=endpoint.rstrip("/"),
        region=region,
        key_id=environ["AWS_ACCESS_KEY_ID"],
        secret=environ["AWS_SECRET_ACCESS_KEY"],
        session_token=environ.get("AWS_SESSION_TOKEN", ""),
    )


@contextmanager
def _needing_extra() -> Iterator[None]:
    """Say what to install where the lake's own packages for object storage are not there."""
    try:
        yield
    except ImportError as error:
        raise BarometerError(
            f"a lake on object storage needs the package {error.name}. Install it with: "
            f"{install_command('cluster')}"
        ) from error


def attach(con: duckdb.DuckDBPyConnection, place: Path | str) -> None:
    """Let a connection read the lake, wherever it is. The key stays in memory.

    Raises
    ------
    BarometerError
        If the key or DuckDB's extension for object storage is missing.
    """
    if isinstance(place, Path):
        return
    access = _access()
    with _needing_extra():
        httpfs = import_module("duckdb_extension_httpfs")
    folder = Path(str(httpfs.__file__)).parent / "extensions"
    extension = folder / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    if not extension.is_file():
        raise BarometerError(
            f"duckdb-extension-httpfs does not match DuckDB {duckdb.__version__}. Install the one "
            f"for it: {PIP} duckdb-extension-httpfs=={duckdb.__version__}"
        )
    con.load_extension(str(extension))
    url = urlsplit(access.endpoint)
    con.execute(
        ATTACH,
        {
            **{k: getattr(access, k) for k in ("key_id", "secret", "session_token", "region")},
            "endpoint": url.netloc + url.path,
            "use_ssl": url.scheme == "https",
            "scope": place,
        },
    )


def _store(url: str) -> S3Store:
    with _needing_extra():
        return _made(url, _access())


@cache
def _made(url: str, access: _Access) -> S3Store:
    from obstore.store import S3Store  # noqa: PLC0415

    config: S3Config = {
        "endpoint": access.endpoint,
        "region": access.region,
        "access_key_id": access.key_id,
        "secret_access_key": access.secret,
    }
    if access.session_token:
        config["session_token"] = access.session_token
    return S3Store.from_url(
        url,
        config=config,
        client_options={
            "allow_http": access.endpoint.startswith("http://"),
            "timeout": timedelta(seconds=REQUEST_S),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_S)},
    )


@contextmanager
def _explained() -> Iterator[ModuleType]:
    """The functions of obstore; its errors become those of a disk, in a line that names no key."""
    with _needing_extra():
        import obstore  # noqa: PLC0415
        from obstore import exceptions  # noqa: PLC0415
    try:
        yield obstore
    except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
        raise FileExistsError(errno.EEXIST, "it is there already, or was changed") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise PermissionError(
            errno.EACCES, "the object storage refuses the key; check AWS_ACCESS_KEY_ID and the rest"
        ) from error
    except exceptions.BaseError as error:
        why = str(error).splitlines()[0][:300]
        raise OSError(
            errno.EIO, f"the object storage does not answer as it should: {why}"
        ) from error


def size(url: str, path: str) -> int | None:
    """Bytes of an object; None where there is none."""
    with _explained() as obstore:
        try:
            return int(obstore.head(_store(url), path)["size"])
        except FileNotFoundError:
            return None


def digest(url: str, path: str) -> str:
    """Its blake2b-256, hexadecimal. Reads it to its end."""
    hasher = new_hash()
    with _explained() as obstore:
        for piece in obstore.get(_store(url), path).stream(min_chunk_size=CHUNK_BYTES):
            hasher.update(piece)
    return hasher.hexdigest()


def content(url: str, path: str) -> tuple[bytes, str] | None:
    """An object and the tag of this version of it, for `swap`; None where there is none."""
    with _explained() as obstore:
        try:
            result = obstore.get(_store(url), path)
            return bytes(result.bytes()), str(result.meta["e_tag"])
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):  # not a lake that is still empty
                raise OSError(errno.EIO, "there is no such bucket") from error
            return None


def readable(place: Path | str, path: str) -> Any:
    """A file of the lake as pyarrow takes it; of an object, its content in memory."""
    if isinstance(place, Path):
        return place / path
    from pyarrow import BufferReader  # noqa: PLC0415 readers on a disk do without its import

    with _explained() as obstore:
        return BufferReader(obstore.get(_store(place), path).bytes())


def swap(url: str, path: str, new: bytes, tag: str | None) -> str:
    """Put an object in the place of the version with the tag, or of none; returns the new tag.

    Raises
    ------
    ConflictError
        If another put one meanwhile. That one stays.
    """
    mode: Any = "create" if tag is None else {"e_tag": tag}
    with _explained() as obstore:
        try:
            return str(obstore.put(_store(url), path, new, mode=mode)["e_tag"])
        except (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError) as e:
            # The client asks again where an answer was lost, and then finds what it put itself.
            if (stands := content(url, path)) is not None and stands[0] == new:
                return stands[1]
            raise ConflictError(
                f"{url}/{path}: another barometer wrote to this lake at the same time. Its files "
                "stay; nothing of this run was ingested. Run again."
            ) from e


def put(url: str, path: str, written: Path | bytes) -> None:
    """Put a file under a name; it is there whole or not at all."""
    with _explained() as obstore:
        obstore.put(_store(url), path, written)


def unique(path: str) -> str:
    """A name that no other writer has: two homes may replace the same part at the same time.

    >>> unique("position/source=s/file_id=f/1.parquet").startswith(
    ...     "position/source=s/file_id=f/1-")
    True
    """
    return f"{path.removesuffix('.parquet')}-{uuid.uuid4().hex}.parquet"


def sweep(url: str, folders: tuple[str, ...], named: set[str]) -> None:
    """Delete the Parquet objects below some folders that are not named and older than `KEPT_FOR`.

    Their age is counted back from the newest object there, by the server's clock: ours may be
    wrong.
    """
    with _explained() as obstore:
        objects: list[tuple[str, datetime]] = [
            (item["path"], item["last_modified"])
            for folder in folders
            for page in obstore.list(_store(url), folder)
            for item in page
        ]
        newest = max((at for _, at in objects), default=None)
        old = [
            path
            for path, at in objects
            if path.endswith(".parquet")
            and path not in named
            and newest is not None
            and newest - at > KEPT_FOR
        ]
        if old:
            obstore.delete(_store(url), old)


def listed(place: Path | str, folder: str) -> list[str]:
    """The paths of the files of a lake below a folder of it, none where it is missing.

    Raises
    ------
    OSError
        If a folder cannot be listed: its files would look lost.
    """
    if isinstance(place, Path):

        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        walk = os.walk(place / folder, onerror=refuse)
        return [str(Path(at, name).relative_to(place)) for at, _, names in walk for name in names]
    with _explained() as obstore:
        return [item["path"] for page in obstore.list(_store(place), folder) for item in page]


def delete(url: str, paths: list[str]) -> None:
    """Delete objects."""
    with _explained() as obstore:
        if paths:
            obstore.delete(_store(url), paths)


def rename(url: str, path: str, new: str) -> None:
    """Give an object another path."""
    with _explained() as obstore:
        obstore.rename(_store(url), path, new)
