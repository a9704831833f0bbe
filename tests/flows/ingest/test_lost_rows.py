"""A file that is taken in without many of its rows is remarked upon, with their share."""

from __future__ import annotations

from collections import Counter

import pytest

from flows.ingest.refusal import Tally, remarks
from flows.ingest.rows.reasons import BAD_MMSI, BAD_TIME, FAR_TIME, FUTURE_TIME, NO_MMSI

FIRST = {BAD_TIME: (2, "soon"), FAR_TIME: (3, "1980-01-06"), BAD_MMSI: (4, "2")}


@pytest.mark.parametrize(
    ("good", "rejects", "begins"),
    [
        (3000, {BAD_TIME: 1000}, ["25% of the rows could not be read and are lost, most of them"]),
        (9900, {BAD_TIME: 100}, ["1% of the rows"]),
        (9950, {BAD_TIME: 50}, []),
        (3000, {BAD_MMSI: 1000}, []),
        (3000, {FAR_TIME: 1000}, []),
        (3000, {FUTURE_TIME: 1000, NO_MMSI: 500}, []),
    ],
    ids=[
        "a quarter",
        "a hundredth",
        "less",
        "no ships",
        "far off, which has its own remark",
        "explained",
    ],
)
def test_lost_rows_are_remarked_upon(good: int, rejects: dict[str, int], begins: list[str]) -> None:
    found = list(remarks(Tally(good, Counter(rejects), FIRST)))
    assert len(found) == len(begins)
    for text, begin in zip(found, begins, strict=True):
        assert text.startswith(begin)
        assert "line 2, 'soon'. Correct the file and give it again" in text
