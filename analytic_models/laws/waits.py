"""Wait with an atom at zero and a given mean and variance, as a rational transform."""

from __future__ import annotations

__all__ = ["waited_law", "waited_transform"]

import numpy as np

from analytic_models.laws.choice import choose
from analytic_models.laws.inversion import Complex, Formula
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import S2, Frac, S

# Two phases in a row, the second one not always: they cannot have less spread.
_LEAST_SCV = 0.5


def waited_law(waiting: Frac, mean: S, variance: S2) -> StationLaw:
    r"""Wait that is zero, or two exponential phases in a row of which the second may be left out.

    .. math:: W^*(s) = 1 - C + \frac{C}{1 + ms/2}
        \left(1 - p + \frac{p}{1 + kms}\right),\quad p = \frac{1}{2k}

    Parameters
    ----------
    waiting
        Probability that the wait is not zero.
    mean, variance
        Of the wait over all requests [s, s2].

    Returns
    -------
    StationLaw
        m is the mean of those who wait and k their squared coefficient of variation, 1/2 or more.

    References
    ----------
    tijms-2003

    Examples
    --------
    >>> float(waited_law(0.5, 1.0, 3.0).skew)
    14.0
    """
    half, tail, again = _parts(waiting, mean, variance)
    # Raw moments of those who wait: a half phase, and with probability p the other one.
    first = waiting * (half + again * tail)
    second = 2.0 * waiting * (half * half + again * tail * (half + tail))
    third = half * half * half + again * tail * (half * half + half * tail + tail * tail)
    return StationLaw(
        Formula(_phases, (np.subtract(1.0, waiting), waiting, half, tail, again)),
        mean,
        second - first * first,
        6.0 * waiting * third - 3.0 * second * first + 2.0 * first * first * first,
        atom=np.subtract(1.0, waiting),
        smooth=True,
    )


def waited_transform(waiting: Frac, mean: S, variance: S2) -> Formula:
    """Return the transform of :func:`waited_law` alone.

    Examples
    --------
    >>> float(waited_transform(0.5, 1.0, 3.0)(np.asarray(1.0 + 0j)).real)
    0.6666666666666666
    """
    half, tail, again = _parts(waiting, mean, variance)
    return Formula(_phases, (np.subtract(1.0, waiting), waiting, half, tail, again))


def _parts(waiting: Frac, mean: S, variance: S2) -> tuple[S, S, Frac]:
    """Return the means of both phases, and how often the second one is there."""
    with np.errstate(all="ignore"):
        nobody = np.equal(mean, 0.0)
        given = choose(nobody, 0.0, np.divide(mean, waiting))
        spread = np.divide(variance + mean * mean, mean * given) - 1.0
        spread = choose(nobody, 1.0, np.maximum(spread, _LEAST_SCV))
        return 0.5 * given, spread * given, 0.5 / spread


def _phases(s: Complex, never: Frac, waiting: Frac, half: S, tail: S, again: Frac) -> Complex:
    return never + waiting * (1.0 - again + again / (1.0 + tail * s)) / (1.0 + half * s)
