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


CUTS = np.array([0.0, 0.05, 0.15, 0.35, 0.65, 0.9, 0.97, 1.0])
"""Chances at which a wide distribution is cut into slices."""

PARTS = np.array([0.01, 0.03, 0.06, *np.linspace(0.1, 0.9, 9), 0.94, 0.97, 0.99])
"""Chances between which the parts of a sum are put together: finer where intervals end."""


class Amounts(NamedTuple):
    """Chances of the parts of a mixture, with mean and variance of the sum in each.

    ``chance`` adds up to 1. A part is a number of calls that were not heard, with or without what
    calls taken for the other direction moved, or several together; the first is the least.
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


def paired(one: Amounts, other: Amounts) -> Amounts:
    """The sum of two independent amounts: of each number of the one with each of the other."""

    def over(first: Floats, second: Floats) -> Floats:
        return np.add.outer(first, second).ravel()

    chance = np.outer(one.chance, other.chance).ravel()
    return Amounts(chance, over(one.mean, other.mean), over(one.variance, other.variance))


def added(one: Amounts, other: Amounts) -> Amounts:
    """The sum of two independent amounts of which either may be much the wider.

    A gamma distribution of the sum's mean and variance would reach below the narrower one alone, so
    the wider one is cut into slices first.
    """
    nothing = [each.chance.size == 1 and each.mean[0] <= 0 for each in (one, other)]
    if any(nothing):
        return other if nothing[0] else one
    wide, narrow = sorted(map(_gathered, (one, other)), key=_variance, reverse=True)
    return _gathered(paired(_sliced(wide), narrow))


def _variance(amounts: Amounts) -> float:
    mean = float(amounts.chance @ amounts.mean)
    return float(amounts.chance @ (amounts.variance + (amounts.mean - mean) ** 2))


def _sliced(amounts: Amounts) -> Amounts:
    """Each gamma distribution cut at `CUTS`: chance, mean and variance within each slice."""
    chance, mean, variance = (each[:, None] for each in amounts)
    is_exact = variance <= 0
    shape = np.where(is_exact, 1.0, mean**2 / np.where(is_exact, 1.0, variance))
    ends = special.gammaincinv(shape, CUTS)
    part = np.diff(CUTS)
    # Of a gamma distribution x f(x) is one of a shape larger by one, times its mean.
    first = np.diff(special.gammainc(shape + 1, ends)) / part
    second = np.diff(special.gammainc(shape + 2, ends)) / part * (1 + 1 / shape)
    means = np.where(is_exact, mean, mean * first)
    variances = np.where(is_exact, 0.0, mean**2 * np.maximum(second - first**2, 0))
    return Amounts((chance * part).ravel(), means.ravel(), variances.ravel())


def _gathered(amounts: Amounts) -> Amounts:
    """The same in few parts: neighbours in size together, and nothing at all apart."""
    if amounts.chance.size <= PARTS.size:
        return amounts
    order = np.argsort(amounts.mean, kind="stable")
    order = order[amounts.chance[order] > 0]
    chance, mean, variance = (each[order] for each in amounts)
    part = np.searchsorted(PARTS, np.cumsum(chance) - chance / 2)
    part[mean <= 0] = -1
    first = np.flatnonzero(np.diff(part, prepend=-2))
    chances = np.add.reduceat(chance, first)
    means = np.add.reduceat(chance * mean, first) / chances
    squares = np.add.reduceat(chance * (variance + mean**2), first) / chances
    return Amounts(chances, means, np.maximum(squares - means**2, 0))


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
