"""Batches of ships that are worked in other processes, as tasks of the flow's runner."""

from __future__ import annotations

import glob
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flows.derive.calls import Job, Range, Spread, Work, work_range
from flows.home.settings import BarometerError, Settings
from flows.lake.manifest import connect, part_paths, read_manifest
from flows.runner import cluster

log = logging.getLogger("barometer.ships")


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
    """A function that works batches elsewhere; `submit` starts one and returns its future.

    A batch that is lost with its worker or its scheduler is worked in this process.
    """

    def spread(job: Job, batches: list[Range]) -> Iterator[Work]:
        place = settings.place
        parts = [glob.escape(p) for p in part_paths(place, read_manifest(place), "position")]
        given = [Batch(settings, parts, job, ships) for ships in batches]
        futures = [_started(submit, batch) for batch in given]
        for batch, future in zip(given, futures, strict=True):
            yield work(batch) if future is None else _worked(batch, future)

    return spread


def _started(submit: Callable[[Batch], Any], batch: Batch) -> Any:
    try:
        return submit(batch)
    except Exception as error:  # any fault of a cluster
        return _warn(batch, error)


def _worked(batch: Batch, future: Any) -> Work:
    try:
        result: Work = future.result()
    except BarometerError:
        raise
    except Exception as error:  # any fault of a worker
        _warn(batch, error)
        return work(batch)
    return result


def _warn(batch: Batch, error: Exception) -> None:
    first, last = batch.ships
    log.warning("ships %s to %s: %r on the cluster; worked in this process", first, last, error)
