"""A Parquet file's rows and hash come from one reading."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home.hashes import file_hash, new_hash
from flows.lake.once import Once


class Counted(io.BytesIO):
    """A file that counts how often each block of its bytes was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.times: Counter[int] = Counter()

    def read(self, size: int | None = -1) -> bytes:
        start = self.tell()
        content = super().read(size)
        self.times.update(range(start, start + len(content)))
        return content


@pytest.fixture(scope="module")
def content() -> bytes:
    """A file of several row groups, much larger than what is read of its end."""
    rows = pa.table({"number": range(60_000), "text": [f"{n * n} {n}" for n in range(60_000)]})
    out = io.BytesIO()
    pq.write_table(rows, out, row_group_size=7_000, compression="none")
    return out.getvalue()


def test_all_rows_and_the_hash_come_from_one_reading(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    path.write_bytes(content)
    raw = Counted(content)
    once = Once(raw, len(content))
    file = pq.ParquetFile(once)
    groups = []
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        once.pass_over(group.column(0).dictionary_page_offset)
        groups.append(file.read_row_group(number))
    assert pa.concat_tables(groups) == pq.read_table(path)
    assert once.hash() == file_hash(path)
    twice = [place for place, times in raw.times.items() if times > 1]
    # The length of the footer is read to know how much of the end to read.
    assert len(twice) == 4
    assert len(raw.times) == len(content)


@given(
    size=st.integers(0, 200_000),
    reads=st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 50_000)), max_size=8),
)
def test_any_file_is_read_as_it_is_and_has_its_hash(
    size: int, reads: list[tuple[int, int]]
) -> None:
    content = bytes(number * number % 251 for number in range(size))
    once = Once(io.BytesIO(content), size)
    for place, count in reads:
        once.seek(place)
        assert once.read(count) == content[place : place + count]
    digest = new_hash()
    digest.update(content)
    assert once.hash() == digest.hexdigest()


def test_what_was_passed_over_is_not_read_again() -> None:
    once = Once(io.BytesIO(bytes(200_000)), 200_000)
    once.pass_over(1_000)
    once.seek(999)
    with pytest.raises(OSError, match="passed over"):
        once.read(1)
