"""Quantiles of sums of an uncertain number of uncertain amounts, without random numbers.

A sum of k amounts is taken as gamma distributed with its mean and variance; over the chances of
each k the sum is a mixture of such distributions, whose quantiles are found by bisection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from flows.derive.rates import Floats

STEPS = 30
"""Halvings of a bracket: a part in 10^9 of its width, far below the rounding of any result."""

LEFT_OUT = 1e-6
"""Chance of numbers of unheard calls that are not looked at."""


class Amounts(NamedTuple):
    """Chance of each number of unheard calls, with mean and variance of the sum for that number.

    ``chance`` adds up to 1; index k is the number of calls that were not heard. Of what calls taken
    for the other direction moved, 0 is nothing and 1 is something.
    """

    chance: Floats
    mean: Floats
    variance: Floats


def unheard_calls(calls: float, exposure: float, dispersion: float = 1.0) -> Floats:
    """The chance of each number of calls that were not heard, given those that were.

    The rate has Jeffreys' prior for a Poisson mean, so that after `calls` in `exposure` of the time
    it is Gamma(calls + 1/2, exposure), and the calls of the rest are negative binomial (Gelman et
    al., Bayesian Data Analysis, 3rd ed. 2013, sections 2.6 to 2.8).

    Parameters
    ----------
    calls : float
        Calls heard; no whole number where a call is of a direction by chance.
    exposure : float
        Share of the time that was heard, above 0 up to 1.
    dispersion : float
        Variance over mean of weekly counts, 1 and up: the variance is as many times as large.

    Examples
    --------
    >>> unheard_calls(3, 1.0).tolist()
    [1.0]
    >>> chance = unheard_calls(3, 0.5)
    >>> round(float(chance @ np.arange(chance.size)), 2)  # (3 + 1/2) (1 - 0.5) / 0.5
    3.5
    """
    if exposure >= 1:
        return np.ones(1)
    share = exposure / dispersion
    mean = (calls + 0.5) * (1 - exposure) / exposure
    shape = mean * share / (1 - share)
    # The tail falls by the share from number to number: far enough for `LEFT_OUT` of it.
    most = int(mean + 12 * np.sqrt(mean / share) + 20 / share)
    number = np.arange(most + 1)
    log = special.gammaln(number + shape) - special.gammaln(number + 1) - special.gammaln(shape)
    chance = np.exp(log + shape * np.log(share) + number * np.log1p(-share))
    kept = int(np.searchsorted(np.cumsum(chance), 1 - LEFT_OUT)) + 1
    return np.asarray(chance[:kept] / chance[:kept].sum(), float)


def added(one: Amounts, other: Amounts) -> Amounts:
    """The sum of two independent amounts, by their total number of unheard calls."""

    # With every call of one heard, which is usual, there is nothing to convolve.
    is_scaled = one.chance.size == 1 or other.chance.size == 1

    def over(first: Floats, second: Floats) -> Floats:
        left, right = one.chance * first, other.chance * second
        return left * right if is_scaled else np.convolve(left, right)

    ones, others = np.ones_like(one.mean), np.ones_like(other.mean)
    chance = over(ones, others)
    mean = (over(one.mean, others) + over(ones, other.mean)) / chance
    square = (
        over(one.variance + one.mean**2, others)
        + 2 * over(one.mean, other.mean)
        + over(ones, other.variance + other.mean**2)
    ) / chance
    return Amounts(chance, mean, np.maximum(square - mean**2, 0))


def quantiles(amounts: Sequence[Amounts], probability: float) -> Floats:
    """A quantile of each of many amounts; 0 where the chance of nothing at all is as large.

    Examples
    --------
    >>> whole = Amounts(np.ones(1), np.array([100.0]), np.array([100.0]))
    >>> quantiles([whole], 0.95).round(1).tolist()  # nearly normal: 100 + 1.645 x 10
    [117.0]
    """
    if not amounts:
        return np.zeros(0)
    first = np.cumsum([0, *(each.chance.size for each in amounts[:-1])])
    chance = np.concatenate([each.chance for each in amounts])
    mean = np.concatenate([each.mean for each in amounts])
    variance = np.concatenate([each.variance for each in amounts])
    owner = np.repeat(np.arange(len(amounts)), [each.chance.size for each in amounts])
    is_exact = variance <= 0
    shape = np.where(is_exact, 1.0, mean**2 / np.where(is_exact, 1.0, variance))
    scale = np.where(is_exact, 1.0, variance / np.where(mean > 0, mean, 1.0))
    low = np.zeros(len(amounts))
    # Chebyshev: no part of the mixture is further above its mean with so small a chance.
    top = mean + np.sqrt(variance * chance.size / (1 - probability))
    high = np.maximum.reduceat(top, first)
    for _ in range(STEPS):
        middle = (low + high) / 2
        at = middle[owner]
        below = np.where(is_exact, at >= mean, special.gammainc(shape, at / scale))
        is_below = np.add.reduceat(chance * below, first) < probability
        low = np.where(is_below, middle, low)
        high = np.where(is_below, high, middle)
    return np.asarray(high, float)
