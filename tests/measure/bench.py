"""`make bench`: how fast the run is, part by part; all files are SIMULATED.

Without a part it measures `day`: the whole run on a day of MarineCadastre's size against DuckDB's
bare COPY, which reads the same columns of the same file and writes them as zstd Parquet, with the
same threads and memory limit. Every side of a comparison runs in a process of its own, in turn,
several times: the tables give medians, and ratios are taken within a round. What is written on the
way is deleted at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.measure.benchmark.beside import peers
from tests.measure.benchmark.encounters import encounters
from tests.measure.benchmark.hourly import hourly
from tests.measure.benchmark.memory import memory
from tests.measure.benchmark.parts import Given, dask, day, packing, sizes
from tests.measure.benchmark.process import JobFailed, say
from tests.measure.benchmark.start import known, start
from tests.measure.benchmark.table import Found, markdown
from tests.measure.benchmark.year import full_week, queries, year

PARTS = {
    part.__name__: part
    for part in (
        *(start, known, day, sizes, year, full_week, queries, hourly, memory, packing, dask),
        *(encounters, peers),
    )
}
"""As they are measured, one after the other: two take the home that `year` made."""

AMOUNTS = {
    "times": "repetitions",
    "rows": "rows of a day: day, full_week, packing, and at most of a file: sizes, dask",
    "sizes": "rows in all: sizes; the last: dask",
    "weeks": "weeks that the home holds before the one that is measured: year; the last: queries",
    "week_rows": "rows of a day of the year",
    "peer_rows": "rows for the peers",
    "slow_rows": "rows at most for those that find stops",
    "jammed_days": "days with an interference event and ten calls at one port: memory",
    "list_rows": "rows of a list: memory",
    "ship_days": "ships a day times days: memory",
}
"""The flags that say how much, by the fields of `Given`, which has their defaults."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the parts asked for, print their tables; write them where that is asked for.

    Returns 1 where something failed: the other parts are measured all the same.
    """
    parser = _parser()
    flags = parser.parse_args(arguments)
    unknown = sorted(set(flags.parts) - {*PARTS, "all"})
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}. Known are all, {', '.join(PARTS)}.")
    chosen = [name for name in PARTS if "all" in flags.parts or name in (flags.parts or ["day"])]
    limits = {"threads": min(os.cpu_count() or 1, 8), "memory_limit": "300MB"}
    amounts = {name: getattr(flags, name) for name in AMOUNTS}
    amounts |= {name: tuple(sorted(amounts[name])) for name in ("sizes", "weeks")}
    found = {}
    with tempfile.TemporaryDirectory(prefix="barometer-bench-") as temporary:
        given = Given((flags.keep or Path(temporary)).absolute(), limits, **amounts)
        for name in chosen:
            say(f"part {name}")
            try:
                found[name] = PARTS[name](given)
            except JobFailed as error:
                say(f"part {name}: {error}")
                found[name] = Found([], {"failed": str(error)}, is_whole=False)
    text = page(found, given)
    print(text)
    if flags.markdown:
        flags.markdown.write_text(text, encoding="utf-8")
    if flags.json:
        measured = {name: one.measured for name, one in found.items()}
        said = {"data": "SIMULATED", "machine": machine(), "given": limits | amounts}
        flags.json.write_text(json.dumps(said | {"measured": measured}, indent=1), encoding="utf-8")
    return 0 if all(one.is_whole for one in found.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"all, {', '.join(PARTS)} (day)")
    for name, what in AMOUNTS.items():
        default = Given._field_defaults[name]
        many = "+" if isinstance(default, tuple) else None
        flag = f"--{name.replace('_', '-')}"
        add(flag, type=int, nargs=many, default=default, metavar="N", help=f"{what} ({default})")
    kept = "work in this folder and leave it: its days and homes are taken again"
    add("--keep", type=Path, metavar="FOLDER", help=kept)
    add("--markdown", type=Path, help="write the tables into a file")
    add("--json", type=Path, help="write every measurement into a file")
    return parser


def machine() -> str:
    """The machine by what matters and nothing else: cores and memory."""
    return f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB of memory"


def page(found: dict[str, Found], given: Given) -> str:
    """The tables of all parts as one page of Markdown."""
    head = (
        f"## Speed\n\nSIMULATED files. {machine()}; {given.limits['threads']} threads and "
        f"{given.limits['memory_limit']} for DuckDB; medians of {given.times}.\n"
    )
    return "\n".join([head, *(markdown(table) for one in found.values() for table in one.tables)])


if __name__ == "__main__":
    sys.exit(main())
