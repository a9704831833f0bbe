"""Limits and tests of counts: Poisson, and wider where counts cluster."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from flows.derive.plain_word import LEAST_DISPERSION
from flows.home.rules import rule

Floats = npt.NDArray[np.float64]

WINDOWS = {weeks: int(rule(f"base_weeks_of_{weeks}")) for weeks in (1, 4, 13)}
"""Weeks of a rolling window -> the weeks before it that it is held against.

Of data/rules.csv: a quarter of the weeks before covers what is usual now, and is long enough for a
usual rate of one call a week.
"""

WORD_P = rule("change_p")
"""A change is reported below this."""

WINDOW_P = WORD_P / len(WINDOWS)
"""Three windows are looked at every week; each gets its part (Bonferroni), so that a word without a
change stays as rare as one test would have it."""

LEAST_PAIRS = 5
"""Pairs of neighbouring weeks with a call that a dispersion needs, a choice. How little so few
pairs tell is in `limit_width`."""

UNKNOWN_DISPERSION = 2.0
"""What a word takes calls to cluster by where too few pairs tell it, a choice: as if they came by
twos. A first convoy after a year of nothing is then no rise, six calls in a week are."""


def poisson_limits(
    calls: Floats, confidence: float = 0.95, dispersion: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Exact two-sided limits of a Poisson mean (Garwood, Biometrika 28, 1936, 437-442).

    Parameters
    ----------
    calls : array of float
        Counts, 0 and up.
    confidence : float
        How often the limits hold the mean, at least.
    dispersion : array of float or float
        Variance over mean, 1 and up; above 1 the limits are those of calls / dispersion, times it
        (a quasi-Poisson count), and so are wider.

    Returns
    -------
    low, high : arrays of float
        In calls. `low` is 0 for no call.

    Examples
    --------
    >>> low, high = poisson_limits(np.array([0.0, 1.0, 10.0]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.0253, 4.7954], [3.6889, 5.5716, 18.3904])
    """
    tail = (1 - confidence) / 2
    count = np.asarray(calls, float) / dispersion
    # A chi-square quantile with 2a degrees of freedom is twice the gamma quantile of shape a.
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, special.gammaincinv(np.maximum(count, 1e-300), tail), 0.0)
    high = special.gammaincinv(count + 1, 1 - tail)
    return np.asarray(low * dispersion, float), np.asarray(high * dispersion, float)


@lru_cache(maxsize=1 << 14)  # a week comes back in many windows, and most counts are small
def change_p(calls: int, exposure: float, before_calls: int, before_exposure: float) -> float:
    """The exact conditional test of two Poisson rates (Przyborowski and Wilenski, Biometrika 31,
    1940, 313-323), two-sided: of all calls so many in the share of time that the window is.

    Exposures are in weeks. 1 where neither has a call.

    Examples
    --------
    >>> round(change_p(9, 1, 8, 8), 5), change_p(0, 1, 0, 8)
    (3e-05, 1.0)
    """
    total = calls + before_calls
    if total == 0:
        return 1.0
    # scipy.stats.binomtest gives the same (the tests compare them), and takes a second to load.
    share = exposure / (exposure + before_exposure)
    inside = np.arange(total + 1)
    chance = np.exp(
        special.gammaln(total + 1)
        - special.gammaln(inside + 1)
        - special.gammaln(total - inside + 1)
        + special.xlogy(inside, share)
        + special.xlog1py(total - inside, -share)
    )
    # What is no likelier than the number that came; rounding makes equal chances differ.
    return float(min(1.0, chance[chance <= chance[calls] * (1 + 1e-7)].sum()))


def tail_p(calls: Floats, before_calls: Floats, share: Floats, dispersion: Floats) -> Floats:
    """The same test with each tail doubled, for counts that cluster.

    Parameters
    ----------
    calls, before_calls : arrays of float
        Counts of the window and of the weeks before.
    share : array of float
        Exposure of the window over that of both.
    dispersion : array of float
        Variance over mean, 1 and up. Both counts are divided by it; the binomial tails go over to
        parts that are no whole numbers as incomplete beta functions.

    Returns
    -------
    array of float
        1 where there is no call at all.
    """
    inside, outside = calls / dispersion, before_calls / dispersion
    with np.errstate(invalid="ignore"):
        upper = np.where(inside > 0, special.betainc(inside, outside + 1, share), 1.0)
        lower = np.where(outside > 0, special.betainc(outside, inside + 1, 1 - share), 1.0)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(upper, lower)), float)


def dispersion(
    calls: Floats, exposure: Floats, is_heard: npt.NDArray[np.bool_] | None = None
) -> tuple[float, int]:
    """Variance over mean of weekly counts, each week held against the next one.

    Given the sum of two neighbours, the first is binomial; the mean of its squared deviations over
    their variance is 1 for independent calls whatever the rate is then, so a true rise does not
    look like clustering. Only neighbours in the calendar are held against each other: what changed
    while nobody listened is no clustering either.

    Parameters
    ----------
    calls, exposure : arrays of float
        Of the weeks in a row, none left out; exposure in weeks.
    is_heard : array of bool, optional
        Which of them count; all where it is left out.

    Returns
    -------
    dispersion : float
        1 for independent calls; nan with fewer than `LEAST_PAIRS` pairs that have a call.
    pairs : int
        The pairs that have one.

    Examples
    --------
    >>> found, pairs = dispersion(np.array([2.0, 4.0] * 10), np.ones(20))
    >>> round(found, 3), pairs
    (0.667, 19)
    """
    is_heard = np.ones(calls.size, dtype=np.bool_) if is_heard is None else is_heard
    pair_calls = calls[1:] + calls[:-1]
    has_call = (pair_calls > 0) & is_heard[1:] & is_heard[:-1]
    pairs = int(has_call.sum())
    if pairs < LEAST_PAIRS:
        return float("nan"), pairs
    pair_calls, first = pair_calls[has_call], calls[:-1][has_call]
    share = exposure[:-1][has_call] / (exposure[1:] + exposure[:-1])[has_call]
    ratio = np.mean((first - pair_calls * share) ** 2 / (pair_calls * share * (1 - share)))
    return float(ratio), pairs


def limit_width(spread: Floats, pairs: Floats) -> Floats:
    """What counts that cluster are divided by: their dispersion, more where few pairs tell it.

    As in a quasi-likelihood test, an estimated dispersion asks for Student's t instead of the
    normal distribution (McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5). An
    estimate from neighbouring pairs is worth two thirds of its pairs (von Neumann et al., Annals of
    Mathematical Statistics 12, 1941, 153-162).
    """
    freedom = np.maximum(2 * pairs / 3, 1)
    student = special.stdtrit(freedom, WINDOW_P / 2) / special.ndtri(WINDOW_P / 2)
    is_clustered = spread > LEAST_DISPERSION
    known = np.where(np.isnan(spread), UNKNOWN_DISPERSION, spread)
    return np.maximum(1.0, np.where(is_clustered, spread * student**2, known))
