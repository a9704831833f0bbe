"""Builders for tests of the ingest half: a row in a line, a day's CSV in each layout, a home."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import zipfile
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest

from flows.catalogue import access
from flows.home.clock import FUTURE
from flows.home.settings import Settings
from flows.ingest.outcome import Outcome
from flows.ingest.rows import blocks, checks, parse, repeats
from flows.ingest.rows.headers import headers_of
from flows.ingest.rows.reasons import BAD_FIELDS, BAD_RECORD, LONG_LINE
from flows.ingest.stage import ingest_file
from flows.lake.manifest import read_manifest
from flows.lake.prepare import prepare_home
from flows.lake.schema import POSITION_SCHEMA, REJECT_SCHEMA
from flows.sources.definitions import load_sources
from flows.sources.layouts import Layout, match_source
from flows.sources.packings import find_files

AS_OF = datetime(2026, 4, 20)
LAYOUTS = (
    *("marinecadastre-2024", "marinecadastre-2025", "danish-maritime-authority"),
    *("aishub", "aishub-encoded", "vt-explorer", "statsat"),
    *("aisstream-hormuz-tracker", "aisstream-listen", "ais-world-sample"),
    *("marinetraffic", "marinetraffic-extended", "spire", "brest-naridata"),
    *("statsat-ship", "hais", "marine-exchange-alaska", "marine-exchange-alaska-legacy"),
    "global-fishing-watch",
    *("hormuz-ais", "marinecadastre-geoparquet", "nmea"),
    *("aisstream-json", "digitraffic-json", "digitraffic-listen"),
)
PACKINGS = ("plain", "gz", "zst", "zip")
SOURCES = load_sources()

FIX = {
    **{"mmsi": "422100987", "reported_at": "2026-04-15T12:00:00", "lon": "50.33123"},
    **{"lat": "29.23456", "sog_kn": "0.1", "cog_deg": "123.4", "heading_deg": "120"},
    **{"nav_status": "5", "imo": "9074729", "vessel_name": "BARO ONE", "call_sign": "EPAB1"},
    **{"ship_type": "80", "length_m": "240", "beam_m": "42", "draught_m": "12.5"},
    "destination": "KHARG",
}
"""A fix that is in order, as MarineCadastre would write it."""

WORDS = {"nav_status": "Moored", "ship_type": "Tanker"}
AS_PUBLISHED: dict[str, dict[str, str]] = {
    "danish-maritime-authority": WORDS | {"reported_at": "15/04/2026 12:00:00"},
    "aishub": {"reported_at": "2026-04-15 12:00:00 GMT"},
    "aishub-encoded": {"reported_at": "1776254400"},
    "vt-explorer": {"reported_at": "2026-04-15 12:00:00 UTC"},
    "statsat": {"reported_at": "2026-04-15 12:00:00"},
    "aisstream-hormuz-tracker": {"reported_at": "2026-04-15T12:00:00.000Z"},
    "aisstream-listen": {"reported_at": "2026-04-15T12:00:00.000Z"},
    "brest-naridata": {"reported_at": "1776254400"},
    "marine-exchange-alaska": WORDS,
    "marine-exchange-alaska-legacy": WORDS | {"reported_at": "15 Apr 2026 12:00:00 UTC"},
    "aisstream-json": {"reported_at": "2026-04-15 12:00:00.000000000 +0000 UTC"},
    "digitraffic-json": {"reported_at": "1776254400000"},
    "digitraffic-listen": {"reported_at": "2026-04-15T12:00:00.000Z"},
    "ais-world-sample": {"reported_at": "2026-04-15T12:00:00+00:00", "ship_type": "Tanker"},
    "global-fishing-watch": {"reported_at": "2026-04-15 12:00"},
}
"""How a layout writes the fix where its time or its words differ."""


@cache
def _form(layout: str) -> tuple[list[str], dict[str, tuple[list[int], float]]]:
    """The fields of the fix; and of each of our names the places of its column, and its unit."""
    source = SOURCES[layout]
    ours = {published: name for name, published in source.columns.items()}
    places: dict[str, tuple[list[int], float]] = {}
    for place, published in enumerate(source.header):
        if name := ours.get(published):
            places.setdefault(name, ([], source.divisor.get(name, 1)))[0].append(place)
    plain = ["x"] * len(source.header)
    _set(plain, layout, places, FIX | AS_PUBLISHED.get(layout, {}))
    return plain, places


def _set(
    texts: list[str],
    layout: str,
    places: Mapping[str, tuple[list[int], float]],
    values: Mapping[str, str],
) -> None:
    sums = SOURCES[layout].sums
    for name, text in values.items():
        at, factor = places.get(name, ((), 1))
        for place in at:
            texts[place] = _multiplied(text, factor)
        if name in sums:
            for part, value in zip(sums[name], _parted(text), strict=True):
                for place in places[part][0]:
                    texts[place] = value


def fields(layout: str = LAYOUTS[1], **changes: str) -> list[str]:
    """The fields of a line in a layout's own order.

    `changes` by our names, in our units: a number is written in the publisher's units, and the
    parts of a sum are a third of it and the rest. What is no number is written as it is.
    """
    plain, places = _form(layout)
    texts = [*plain]
    _set(texts, layout, places, changes)
    return texts


def _multiplied(text: str, factor: float) -> str:
    try:
        return text if factor == 1 else f"{float(text) * factor:.10g}"
    except ValueError:
        return text


def _parted(text: str) -> tuple[str, str]:
    try:
        first = float(text) // 3
        return f"{first:g}", f"{float(text) - first:g}"
    except ValueError:
        return text, text


def row(layout: str = LAYOUTS[1], **changes: str) -> str:
    """A line, not quoted: what is given stands in it as it is."""
    return ",".join(fields(layout, **changes))


def header(layout: str = LAYOUTS[1], delimiter: str = ",") -> str:
    return delimiter.join(SOURCES[layout].header)


def day(
    *lines: str | bytes, layout: str = LAYOUTS[1], end: str = "\n", first: str | None = None
) -> bytes:
    """A file of a header and lines, each with a line end."""
    whole = [header(layout) if first is None else first, *lines]
    return b"".join((x.encode() if isinstance(x, str) else x) + end.encode() for x in whole)


def fleet(count: int, start: int = 0, **changes: str) -> list[str]:
    """Lines of as many ships, each with a fix of its own."""
    return [
        row(mmsi=f"{422_000_000 + i}", lat=f"{25 + i % 5}.{i:05d}", **changes)
        for i in range(start, start + count)
    ]


def packed(content: bytes, packing: str, name: str = "day.csv") -> bytes:
    """The content as plain, gz, zst or zip."""
    if packing == "gz":
        return gzip.compress(content, 1)
    if packing == "zst":
        return bytes(pa.compress(content, "zstd", asbytes=True))
    return zipped({name: content}) if packing == "zip" else content


def zipped(members: Mapping[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def write(folder: Path, content: bytes, packing: str = "plain", name: str = "day.csv") -> Path:
    """A file with the content in that packing."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = {"plain": "", "gz": ".gz", "zst": ".zst", "zip": ".zip"}[packing]
    path = folder / f"{name}{suffix}"
    path.write_bytes(packed(content, packing, name))
    return path


def file_id(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()


class Read(NamedTuple):
    """A file read to its end: rows as dicts with their `line`, rejects, and lines counted.

    Of equal fixes one stands, as in the lake.
    """

    rows: list[dict[str, Any]]
    rejects: list[tuple[int, str, str]]
    count: int
    repeated: int
    static: list[dict[str, Any]]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(line, why) for line, why, _ in self.rejects]

    @property
    def kept(self) -> list[int]:
        return [r["line"] for r in self.rows]


NO_RECORDS = (BAD_FIELDS, BAD_RECORD, LONG_LINE)
"""Reasons of the lines that become no row at all."""


def unpacked(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the lake holds it."""
    east, north = divmod(row["place"], 2**25)
    at = {"lon": (east - 18_000_000) / 1e5, "lat": (north - 9_000_000) / 1e5}
    return at | {k: v for k, v in row.items() if k not in ("place", "is_kept")}


def rules_of(as_of: datetime = AS_OF, sources: Iterable[Any] | None = None) -> checks.Rules:
    known = SOURCES.values() if sources is None else sources
    return checks.Rules(as_of + FUTURE, headers_of(known))


def read_all(content: bytes, as_of: datetime = AS_OF, sources: Iterable[Any] | None = None) -> Read:
    """Read a file's content as an ingest does, and give what it holds, by line."""
    stream, digest = io.BytesIO(content), hashlib.blake2b(digest_size=32)
    head = blocks.read_head(stream, digest)
    layout = match_source(head.text, SOURCES.values() if sources is None else sources)
    rows: list[dict[str, Any]] = []
    rejects: list[tuple[int, str, str]] = []
    static: list[dict[str, Any]] = []
    count = repeated = 0
    cut = blocks.blocks(stream, digest, head.rest, head.line_number + 1)
    given: deque[blocks.Block] = deque()
    noted = (given.append(block) or block for block in cut)  # type: ignore[func-returns-value]
    for parsed in parse.parsed(noted, layout, rules_of(as_of, sources), 1):
        count += parsed.row_count
        repeated += parsed.repeated
        static += [r for batch in parsed.static for r in batch.to_pylist()]
        table = parse.rejects_table(parsed.rejects).to_pylist() if parsed.rejects else []
        rejects += [(r["line"], r["reason"], r["raw"]) for r in table]
        no_record = {r["line"] for r in table if r["reason"] in NO_RECORDS}
        block = given.popleft()
        text = list(enumerate(block.content.split(b"\n"), block.first_line))
        if parsed.ended is not None:
            header, rest = parsed.ended
            text = text[: rest.first_line - block.first_line]
            if header.row is None:
                text.pop()
            given.appendleft(rest)
        names = set(layout.header)
        lines = [
            number
            for number, line in text
            if (line.strip() or layout.delimiter.encode() in line)
            and number not in no_record
            and not names
            <= set(line.decode("utf-8-sig", "replace").strip().split(layout.delimiter))
        ]
        if parsed.ended is not None:
            layout = parsed.ended[0].layout
        for batch in parsed.batches:
            here, lines = pa.array(lines[: batch.num_rows]), lines[batch.num_rows :]
            told = batch.append_column("line", here).filter(batch["is_kept"])
            rows += [unpacked(r) for r in told.to_pylist()]
        assert not lines
    assert digest.hexdigest() == file_id(content)
    fixes = pa.Table.from_pylist(
        [{k: r[k] for k in r if k != "line"} for r in rows], POSITION_SCHEMA
    )
    again = set(repeats.repetitions(fixes, repeats.KEY).tolist())
    kept = [r for number, r in enumerate(rows) if number not in again]
    repeated += len(again)
    assert len(kept) + len(rejects) + repeated + len(static) == count
    kept.sort(key=lambda r: r["line"])
    return Read(kept, sorted(rejects), count, repeated, static)


def read_one(**changes: str) -> dict[str, Any] | str:
    """The position that a line becomes, or the reason why it becomes none."""
    layout = changes.pop("layout", LAYOUTS[1])
    found = read_all(day(row(layout, **changes), layout=layout))
    assert found.count == 1 == len(found.rows) + len(found.rejects)
    return found.rows[0] if found.rows else found.rejects[0][1]


def read_each(lines: Sequence[str | bytes], layout: str = LAYOUTS[1]) -> list[dict[str, Any] | str]:
    """What each line becomes: its position, without the line number, or the reason why none.

    The file is read as usual, line by line and by the careful way alone, with the same result.
    """
    content = day(*lines, layout=layout)
    usual = read_all(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "CAREFUL_BYTES", 1)
        assert comparable(read_all(content)) == comparable(usual)
        patch.setattr(parse, "_parse_fast", lambda *_: None)
        assert comparable(read_all(content)) == comparable(usual)
    rows = {r.pop("line"): r for r in usual.rows}
    by_line: dict[int, dict[str, Any] | str] = rows | dict(usual.reasons)
    return [by_line[number] for number in range(2, len(lines) + 2)]


def read_values(
    name: str, texts: Iterable[str], layout: str = LAYOUTS[1], published: str | None = None
) -> dict[str, Any]:
    """What a field becomes by its text, in quotes, in a line of its own: value or reason.

    With `published`, the text stands in that column of the file as it is.
    """
    texts = list(texts)
    lines = []
    for number, text in enumerate(texts):
        own = {"lat" if name == "mmsi" else "mmsi": f"{29 if name == 'mmsi' else 4225}.{number:05}"}
        own = {k: v if k == "lat" else v.replace(".", "") for k, v in own.items()}
        values = fields(layout, **(own if published else own | {name: text}))
        if published:
            values[SOURCES[layout].header.index(published)] = text
        lines.append(",".join(f'"{value}"' for value in values))
    found = read_each(lines, layout)
    return {t: f if isinstance(f, str) else f[name] for t, f in zip(texts, found, strict=True)}


def comparable(found: Read) -> str:
    """All that was read, as a text in which NaN equals itself and -0.0 does not equal 0.0."""
    return repr((found.rows, found.rejects, found.count, found.repeated))


def layout_of(layout: str) -> Layout:
    return Layout(SOURCES[layout], SOURCES[layout].header, ",")


def settings_of(home: Path, **changes: Any) -> Settings:
    """Settings of a home that is ready for writing."""
    home.mkdir(parents=True, exist_ok=True)
    prepare_home(home)
    return Settings(home, AS_OF, 1, "300MB")._replace(**changes)


def ingest(settings: Settings, *paths: Path | str) -> list[Outcome]:
    """What `barometer ingest` does with the paths."""
    sources = load_sources(settings.home)
    return [o for f in find_files(paths) for o in ingest_file(f, sources, settings)]


def ingested(settings: Settings, *contents: bytes) -> list[Outcome]:
    """Ingest contents, each as a plain file of its own; all must go in."""
    folder = settings.home.parent / "input"
    paths = [write(folder, c, name=f"{file_id(c)[:12]}.csv") for c in contents]
    outcomes = ingest(settings, *paths)
    assert [o.state for o in outcomes] == ["ingested"] * len(contents), outcomes
    return outcomes


def positions(settings: Settings) -> list[tuple[Any, ...]]:
    """The rows of the lake's positions, with the file that holds them, in a fixed order."""
    return _rows(settings, "position")


def rejects(settings: Settings) -> list[tuple[Any, ...]]:
    return _rows(settings, "reject")


def _rows(settings: Settings, kind: str) -> list[tuple[Any, ...]]:
    manifest = read_manifest(settings.home)
    schema = (POSITION_SCHEMA if kind == "position" else REJECT_SCHEMA).names
    found: list[tuple[Any, ...]] = []
    with duckdb.connect() as con:
        for entry in manifest.entries.values():
            part = getattr(entry, kind)
            if part is None:
                continue
            query = "select * from read_parquet($p, hive_partitioning = false)"
            rows = con.execute(query, {"p": str(settings.home / part.path)})
            assert [c[0] for c in rows.description or []] == schema
            mine = rows.fetchall()
            assert len(mine) == part.rows
            found += [(*r, entry.source, entry.file_id) for r in mine]
    return sorted(found, key=repr)


def ledger(settings: Settings) -> list[tuple[Any, ...]]:
    """The counts of every input, without its name, which is the first that came."""
    found: list[tuple[Any, ...]] = []
    for e in read_manifest(settings.home).entries.values():
        assert e.rows_accounted == e.rows_read
        assert e.rows_kept == (e.position.rows if e.position else 0)
        assert e.rows_rejected == (e.reject.rows if e.reject else 0)
        counts = (e.rows_read, e.rows_kept, e.rows_repeated, e.rows_rejected)
        found.append((e.file_id, e.source, *counts, e.first_reported_at, e.last_reported_at))
    return found


def tree(home: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        str(p.relative_to(home)): p.read_bytes()
        for p in sorted(home.rglob("*"))
        if p.is_file() and not p.is_symlink()
    }


def columns(names: Sequence[str], layout: str = LAYOUTS[1], **changes: str) -> str:
    """A line with the published columns in the order of `names`; unknown ones get ``extra``."""
    known = dict(zip(SOURCES[layout].header, fields(layout, **changes), strict=True))
    return ",".join(known.get(name, "extra") for name in names)


def rot(path: Path) -> None:
    """The middle half of a file's bytes are others; its size stays."""
    content = bytearray(path.read_bytes())
    half = slice(len(content) // 4, len(content) * 3 // 4)
    content[half] = bytes(byte ^ 0xA5 for byte in content[half])
    path.write_bytes(content)


def answer(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What the catalogue of a home answers."""
    with access.reading(settings) as con:
        return con.execute(query).fetchall()


def copy_of(settings: Settings, folder: Path) -> Settings:
    """A copy of a home, as `home` in a folder."""
    shutil.copytree(settings.home, folder / "home")
    return settings._replace(home=folder / "home")
