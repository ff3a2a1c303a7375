"""Percentiles and exceedance probabilities from three cumulants, for sweeps over many designs.

The sum of a chain's latencies is fitted by a Pearson III law (a shifted gamma) with the same mean,
variance and third cumulant. Measured against exact inversion, the 99th percentile of sums of two
or more M/M/c stations is at most 0.3 % off, the 95th 0.9 %; a single strongly skewed station needs
:mod:`analytic_models.laws.transforms`.
"""

from __future__ import annotations

__all__ = [
    "atom_wait_skew",
    "atom_wait_variance",
    "pearson3_exceedance",
    "pearson3_quantile",
    "pearson3_quantile_exact",
    "thinned_mean",
    "thinned_skew",
    "thinned_variance",
]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.choice import choose, some
from analytic_models.laws.late import special
from analytic_models.units import S2, S3, Array, Frac, Pure, S

# Below this skewness the gamma law differs from the normal by less than 1e-9 of its deviation.
_SYMMETRIC = 1e-8
_TINY = 1e-300


def pearson3_quantile(mean: S, variance: S2, skew: S3, level: Frac) -> S:
    r"""Percentile of a Pearson III law by the Wilson-Hilferty cube.

    .. math:: x_q = m + \frac{2\sigma}{g}\left[\left(1+\frac{g z_q}{6}-\frac{g^2}{36}\right)^3
              -1\right], \qquad g = \kappa_3/\sigma^3

    Parameters
    ----------
    mean, variance, skew
        First three cumulants.
    level
        Probability below the percentile, in (0, 1).

    Returns
    -------
    S
        Percentile; the mean where the variance is zero, ``inf`` where the mean is.

    Notes
    -----
    Up to skewness 2 within 1 %, 0.3 % and 2.5 % of the gamma law at the 95th, 99th and 99.9th
    percentile; use :func:`pearson3_quantile_exact` for a single station with strong skew.

    References
    ----------
    Wilson and Hilferty (1931). The distribution of chi-square. PNAS 17(12).

    Examples
    --------
    >>> round(float(pearson3_quantile(1.0, 0.0, 0.0, 0.99)), 6)
    1.0
    >>> round(float(pearson3_quantile(1.0, 1.0, 2.0, 0.99)), 2)
    4.61
    """
    z = special.ndtri(level)
    with np.errstate(all="ignore"):
        deviation = np.sqrt(variance)
        ratio = skew / np.maximum(variance * deviation, _TINY)
        step = z / 6.0 - ratio / 36.0
        cube = ratio * step
        shape: Array = 2.0 * step * (3.0 + cube * (3.0 + cube))
        below = np.less(cube, -1.0)
        if some(below):
            # The cube is negative below the support, which ends at m - 2 sigma / g.
            shape = choose(below, -2.0 / ratio, shape)
        value = mean + deviation * shape
        infinite = np.isinf(mean)
    return choose(infinite, mean, value) if some(infinite) else value


def pearson3_exceedance(mean: S, variance: S2, skew: S3, threshold: S) -> Frac:
    r"""Probability that a Pearson III law exceeds a threshold, inverse of the quantile.

    .. math:: P(X > t) = 1 - \Phi\left(\frac{6}{g}\left[\left(1 + \frac{g\,(t - m)}{2\sigma}
              \right)^{1/3} - 1\right] + \frac{g}{6}\right), \qquad g = \kappa_3/\sigma^3

    Parameters
    ----------
    mean, variance, skew
        First three cumulants.
    threshold
        Time that must not be exceeded, for example a deadline.

    Returns
    -------
    Frac
        P(T > threshold); 1 where the mean is infinite; 0 or 1 where the variance is zero.

    References
    ----------
    Wilson and Hilferty (1931). The distribution of chi-square. PNAS 17(12).

    Examples
    --------
    >>> x = pearson3_quantile(1.0, 0.5, 0.4, 0.95)
    >>> round(float(pearson3_exceedance(1.0, 0.5, 0.4, x)), 12)
    0.05
    """
    with np.errstate(all="ignore"):
        deviation = np.sqrt(variance)
        ratio = skew / np.maximum(variance * deviation, _TINY)
        distance = (threshold - mean) / deviation
        symmetric = np.less(np.abs(ratio), _SYMMETRIC)
        safe = np.where(symmetric, 1.0, ratio)
        root = np.expm1(np.log1p(np.maximum(0.5 * safe * distance, -1.0)) / 3.0)
        normal = np.where(symmetric, distance, 6.0 * root / safe + safe / 6.0)
        above = special.ndtr(-normal)
        # Outside the support the law puts everything, or nothing, above the threshold.
        above = np.where(0.5 * safe * distance <= -1.0, np.where(safe > 0.0, 1.0, 0.0), above)
        certain = np.where(np.greater(mean, threshold), 1.0, 0.0)
        above = np.where(np.equal(variance, 0.0), certain, above)
        return np.where(np.isinf(mean), 1.0, above)[()]


def pearson3_quantile_exact(mean: S, variance: S2, skew: S3, level: Frac) -> S:
    r"""Percentile of a Pearson III law by the inverse incomplete gamma function.

    Parameters
    ----------
    mean, variance, skew
        First three cumulants; a negative skew mirrors the law.
    level
        Probability below the percentile.

    Returns
    -------
    S
        Percentile; the normal one where the skew vanishes, ``inf`` where the mean is.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994). Continuous Univariate Distributions, Volume 1, ch. 17.

    Examples
    --------
    >>> round(float(pearson3_quantile_exact(1.0, 1.0, 2.0, 0.99)), 6)
    4.60517
    """
    with np.errstate(all="ignore"):
        deviation = np.sqrt(variance)
        ratio = skew / np.maximum(variance * deviation, _TINY)
        symmetric = np.less(np.abs(ratio), _SYMMETRIC)
        safe = np.where(symmetric, 1.0, ratio)
        shape = 4.0 / (safe * safe)
        gamma = np.where(
            safe > 0.0, special.gammaincinv(shape, level), special.gammainccinv(shape, level)
        )
        standard = np.where(symmetric, special.ndtri(level), (gamma - shape) * safe / 2.0)
        value: NDArray[np.float64] = np.where(np.isinf(mean), mean, mean + deviation * standard)
        return value[()]


def atom_wait_variance(waiting: Frac, mean: S, spread: Pure = 1.0) -> S2:
    r"""Variance of a wait that is zero or, with probability C, random: :math:`m^2(1+k-C)/C`.

    Equals the variance of the M/G/c wait for several servers at a few operations, where its mean
    and its probability are known.

    Parameters
    ----------
    waiting
        Probability C that a request waits.
    mean
        Mean wait over all requests.
    spread
        Squared coefficient of variation k of those who wait: 1 for exponential.

    Returns
    -------
    S2
        Variance; zero where nobody waits, ``inf`` where the mean is.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> float(atom_wait_variance(0.5, 1.0))
    3.0
    """
    with np.errstate(all="ignore"):
        value = mean * (1.0 + spread - np.asarray(waiting)) * (mean / waiting)
    return _visited(waiting, value)


def atom_wait_skew(waiting: Frac, mean: S, spread: Pure = 1.0) -> S3:
    r"""Third cumulant of a wait that is zero or gamma.

    .. math:: m^3\left((1+k)(1+2k) - 3(1+k)C + 2C^2\right)/C^2

    Parameters
    ----------
    waiting, mean, spread
        As for :func:`atom_wait_variance`.

    Returns
    -------
    S3
        Third cumulant.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> float(atom_wait_skew(0.5, 1.0))
    14.0
    """
    with np.errstate(all="ignore"):
        scale = mean / np.asarray(waiting)
        second = 1.0 + spread
        third = second * (2.0 * second - 1.0)
        value = (
            mean * (third + waiting * (2.0 * np.asarray(waiting) - 3.0 * second)) * scale * scale
        )
    return _visited(waiting, value)


def thinned_mean(share: Frac, mean: S) -> S:
    r"""Mean of B R, where B is 1 with probability ``share`` and independent of R.

    .. math:: p\,m

    Describes a stage that only a share of the requests visits: an early exit, a cache miss.

    Parameters
    ----------
    share
        Probability of the visit.
    mean
        Mean of the time R spent by a visitor.

    Returns
    -------
    S
        Mean over all requests; zero where nobody visits, even if R is infinite.

    References
    ----------
    Moments of a mixture with an atom at zero.

    Examples
    --------
    >>> float(thinned_mean(0.25, 2.0))
    0.5
    """
    if _always(share):
        return mean
    with np.errstate(invalid="ignore"):
        return _visited(share, share * mean)


def thinned_variance(share: Frac, mean: S, variance: S2) -> S2:
    r"""Variance of B R: :math:`p\,(\kappa_2 + (1-p)\,m^2)`.

    Parameters
    ----------
    share
        Probability p of the visit.
    mean, variance
        First two cumulants of R.

    Returns
    -------
    S2
        Variance over all requests.

    References
    ----------
    Moments of a mixture with an atom at zero.

    Examples
    --------
    >>> float(thinned_variance(0.5, 2.0, 0.0))
    1.0
    """
    if _always(share):
        return variance
    with np.errstate(invalid="ignore"):
        return _visited(share, share * (variance + (1.0 - share) * mean * mean))


def thinned_skew(share: Frac, mean: S, variance: S2, skew: S3) -> S3:
    r"""Third cumulant of B R: :math:`p(\kappa_3 + 3(1-p)m\kappa_2 + (1-p)(1-2p)m^3)`.

    Parameters
    ----------
    share
        Probability p of the visit.
    mean, variance, skew
        First three cumulants of R.

    Returns
    -------
    S3
        Third cumulant over all requests.

    References
    ----------
    Moments of a mixture with an atom at zero.

    Examples
    --------
    >>> float(thinned_skew(0.25, 2.0, 0.0, 0.0))
    0.75
    """
    if _always(share):
        endless = np.isinf(mean)
        return choose(endless, np.inf, skew) if some(endless) else skew
    rest = np.subtract(1.0, share)
    with np.errstate(invalid="ignore"):
        inner = 3.0 * variance + (rest - share) * mean * mean
        value = share * (skew + rest * mean * inner)
        # An infinite mean would meet its own opposite sign in the last term.
        return _visited(share, choose(np.isinf(mean), np.inf, value))


def _always(share: Frac) -> bool:
    """Whether every request of every case visits."""
    return np.ndim(share) == 0 and bool(share == 1.0)


def _visited(share: Frac, value: Array) -> Array:
    """Zero where nobody visits."""
    nobody = np.equal(share, 0.0)
    return choose(nobody, 0.0, value) if some(nobody) else value
