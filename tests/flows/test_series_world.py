"""A year of AIS with a rise and two lost weeks, through the whole program (SIMULATED)."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from flows.catalogue import access
from flows.derive import series
from tests.measure.evaluation.series_world import World, fill

LOST, RISE = (20, 21), 36


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    rate = np.where(np.arange(52) < RISE, 3.0, 9.0)
    heard = np.ones(52)
    heard[list(LOST)] = 0
    world = World(datetime(2025, 1, 6), rate, heard, 1, 11)
    settings = fill(world, tmp_path_factory.mktemp("year") / "world")
    with access.reading(settings) as con:
        return con.sql("from barometer order by week").df()


def test_the_rise_is_called(year: pd.DataFrame) -> None:
    words = year["word"].iloc[RISE : RISE + 8]
    assert series.RISE in set(words)
    assert year["word_weeks"].iloc[-1] in (1, 4, 13)


def test_the_lost_weeks_are_no_fall_and_no_number(year: pd.DataFrame) -> None:
    lost = year.iloc[list(LOST)]
    assert set(lost["word"]) == {series.UNHEARD}
    assert set(lost["state"]) == {"unobserved"}
    assert lost["russian_linked_tanker_calls"].isna().all()
    assert lost["low_95"].isna().all()
    assert series.FALL not in set(year["word"])


def test_no_word_before_the_rise(year: pd.DataFrame) -> None:
    assert set(year["word"].iloc[4:20]) == {series.NO_CHANGE}
    assert series.RISE not in set(year["word"].iloc[:RISE])


def test_the_count_is_of_the_rate(year: pd.DataFrame) -> None:
    heard = year.loc[year["state"] == "complete"]
    means = heard.groupby(heard.index >= RISE)["russian_linked_tanker_calls"].mean()
    assert means[False] == pytest.approx(3, abs=1)
    assert means[True] == pytest.approx(9, abs=2.5)
