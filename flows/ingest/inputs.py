"""The inputs of a run: the CSV files in what was named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flows.home.file_names import shown_name
from flows.home.settings import BarometerError
from flows.ingest.known import Memory
from flows.ingest.outcome import Outcome, is_known
from flows.lake.entry import Manifest
from flows.sources.packings import InputFile, Member, find_files, members


def find_inputs(paths: Sequence[str | Path]) -> tuple[list[InputFile], list[Outcome]]:
    """The files below the paths, and a failed outcome for each path that gives none.

    A wrong path, such as a drive that is not mounted, does not keep the others from going in.
    """
    good: list[str | Path] = []
    failed = []
    for path in paths:
        try:
            find_files([path])
        except BarometerError as error:
            failed.append(Outcome(shown_name(path), "failed", str(error)))
        else:
            good.append(path)
    return find_files(good), failed


class Input(NamedTuple):
    """One CSV to ingest. `is_named`: the user named its file, rather than a folder."""

    member: Member
    is_named: bool


def inputs_of(
    files: Iterable[InputFile], manifest: Manifest | None = None, memory: Memory | None = None
) -> Iterator[Input | Outcome]:
    """Every CSV of the files, in order; a failed outcome for a file that cannot be opened.

    With the manifest and the memory of known files, those are not opened; the memory gets the
    outcomes, in this order, by `Memory.take`.
    """
    for file in files:
        if memory is not None and manifest is not None:
            recalled = memory.recall(file.path, manifest)
            if recalled is not None:
                memory.expect(None, len(recalled))
                yield from (is_known(name, entry) for name, entry in recalled)
                continue
        if memory is not None:
            memory.look(file.path)
        try:
            inside = members(file.path)
        except BarometerError as error:
            if memory is not None:
                memory.expect(None, 1)
            yield Outcome(shown_name(file.path.name), "failed", str(error))
            continue
        if memory is not None:
            memory.expect(file.path, len(inside))
        for member in inside:
            if isinstance(member, BarometerError):
                yield Outcome(str(member).partition(": ")[0], "failed", str(member))
            else:
                yield Input(member, file.is_named)
