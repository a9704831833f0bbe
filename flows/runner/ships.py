"""Batches of ships that are worked in other processes, as tasks of the flow's runner."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flows.derive.calls import Job, Range, Spread, Work, work_range
from flows.home.settings import Settings
from flows.lake.manifest import connect, part_paths, read_manifest
from flows.runner import cluster


class Batch(NamedTuple):
    """All that a worker needs: `parts` are the lake's files, `ships` the first and last MMSI."""

    settings: Settings
    parts: list[str]
    job: Job
    ships: Range


def work(batch: Batch) -> Work:
    """Find the calls of a batch of ships in a worker, from the lake's files."""
    with connect(cluster.of_worker(batch.settings)) as con:
        con.read_parquet(batch.parts, hive_partitioning=True).create_view("position")
        con.register("candidate", batch.job.candidate)
        con.register("settled_ship", batch.job.settled_ship)
        con.register("source_terms", batch.job.source_terms)
        return work_range(con, batch.job, batch.ships)


def spread_by(settings: Settings, submit: Callable[[Batch], Any]) -> Spread:
    """A function that works batches elsewhere; `submit` starts one and returns its future."""

    def spread(job: Job, batches: list[Range]) -> Iterator[Work]:
        place = settings.place
        parts = [glob.escape(p) for p in part_paths(place, read_manifest(place), "position")]
        futures = [submit(Batch(settings, parts, job, ships)) for ships in batches]
        for future in futures:
            yield future.result()

    return spread
