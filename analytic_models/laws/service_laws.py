"""Laplace transforms of service times, ready for :mod:`analytic_models.laws.transforms`.

Each function returns a :class:`~analytic_models.laws.transforms.StationLaw` whose parameters may
be arrays of cases. Constant services become part of the shift.
"""

from __future__ import annotations

__all__ = [
    "SMOOTH_SCV",
    "exponential_law",
    "gamma_law",
    "gamma_transform",
    "hyperexponential_law",
    "joined_law",
    "lognormal_law",
    "mixed_law",
    "thinned_law",
    "uniform_law",
]

import functools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.choice import choose, every, some
from analytic_models.laws.inversion import (
    Complex,
    Formula,
    constant_transform,
    principal_log,
)
from analytic_models.laws.queueing import service_skew, service_variance
from analytic_models.laws.tails import thinned_mean, thinned_skew, thinned_variance
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import Frac, Pure, S

# Beyond these deviations a normal law has less than 1e-13 of its mass; the step resolves the
# oscillation of the integrand at the nodes of an inversion.
_DEVIATIONS = 7.5
_TRAPEZES = 601
# Where the shape of a gamma law is one of these, products are faster than exponentials.
_PRODUCTS = (-4.0, -3.0, -2.0)
# Below this squared coefficient of variation, waits have complex poles and steps show.
SMOOTH_SCV = 0.5


def exponential_law(mean: S) -> StationLaw:
    """Exponential time: the sojourn in M/M/1, or an exponential service.

    Parameters
    ----------
    mean
        Mean time.

    Returns
    -------
    StationLaw
        Transform 1/(1 + m s).

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.2.

    Examples
    --------
    >>> exponential_law(2.0).variance
    4.0
    """
    transform = Formula(_exponential, (mean,))
    return StationLaw(transform, mean, mean * mean, 2.0 * mean * mean * mean, smooth=True)


def gamma_law(mean: S, scv: Pure) -> StationLaw:
    r"""Gamma time with a given squared coefficient of variation; constant where that is zero.

    Parameters
    ----------
    mean
        Mean time.
    scv
        Squared coefficient of variation.

    Returns
    -------
    StationLaw
        Transform :math:`(1+c^2 m s)^{-1/c^2}`; the constant case moves into the shift.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994). Continuous Univariate Distributions, Volume 1, ch. 17.

    Examples
    --------
    >>> law = gamma_law(2.0, 0.0)
    >>> float(law.shift), float(law.mean)
    (2.0, 0.0)
    """
    if isinstance(scv, float) and scv == 0.0:
        zero = np.zeros(np.shape(mean))[()]
        return StationLaw(np.ones_like, zero, zero, zero, shift=mean, atom=zero + 1.0)
    constant = np.equal(scv, 0.0)
    spread = choose(constant, 0.0, mean)
    transform = gamma_transform(spread, scv)
    return StationLaw(
        transform,
        spread,
        service_variance(spread, scv),
        service_skew(spread, scv),
        shift=choose(constant, mean, 0.0),
        atom=choose(constant, 1.0, 0.0),
        smooth=every(np.greater_equal(scv, SMOOTH_SCV)),
    )


def uniform_law(low: S, high: S) -> StationLaw:
    r"""Uniform time between two values; the lower one is the shift.

    Parameters
    ----------
    low, high
        Ends of the interval, low < high.

    Returns
    -------
    StationLaw
        Transform :math:`(1-e^{-ws})/(ws)` with w the width.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1995). Continuous Univariate Distributions, Volume 2, ch. 26.

    Examples
    --------
    >>> float(uniform_law(1.0, 3.0).mean)
    1.0
    """
    width = np.subtract(high, low)

    def transform(s: Complex) -> Complex:
        return -np.expm1(-width * s) / (width * s)

    return StationLaw(transform, width / 2.0, width * width / 12.0, np.zeros_like(width), shift=low)


def hyperexponential_law(share: Frac, first: S, second: S) -> StationLaw:
    """Exponential with one mean or, otherwise, another: requests of two kinds.

    Parameters
    ----------
    share
        Probability of the first mean.
    first, second
        The two means.

    Returns
    -------
    StationLaw
        Transform p/(1 + m1 s) + (1-p)/(1 + m2 s).

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 4.7.

    Examples
    --------
    >>> float(hyperexponential_law(0.5, 1.0, 3.0).mean)
    2.0
    """
    rest = np.subtract(1.0, share)
    m1 = share * first + rest * second
    m2 = 2.0 * (share * first * first + rest * second * second)
    m3 = 6.0 * (share * first * first * first + rest * second * second * second)

    def transform(s: Complex) -> Complex:
        return share / (1.0 + first * s) + rest / (1.0 + second * s)

    return StationLaw(transform, m1, m2 - m1 * m1, m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1)


def lognormal_law(mean: S, scv: Pure) -> StationLaw:
    r"""Lognormal time, the usual shape of measured service times with a long tail.

    .. math:: T^*(s)=\frac{1}{\sqrt{2\pi}}\int e^{-x^2/2}\exp(-s\,e^{\mu+\sigma x})\,dx,
              \qquad \sigma^2=\ln(1+c^2)

    Parameters
    ----------
    mean
        Mean time.
    scv
        Squared coefficient of variation, above zero.

    Returns
    -------
    StationLaw
        The integral by the trapezoidal rule, which converges geometrically here: 601 exponentials
        per value, for shown designs and not for sweeps.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994). Continuous Univariate Distributions, Volume 1, ch. 14.

    Examples
    --------
    >>> float(lognormal_law(2.0, 4.0).variance)
    16.0
    """
    spread = np.sqrt(np.log1p(np.asarray(scv, dtype=float)))
    centre = np.log(np.asarray(mean, dtype=float)) - 0.5 * spread * spread
    grid = np.linspace(-_DEVIATIONS, _DEVIATIONS, _TRAPEZES)
    weights = np.exp(-0.5 * grid * grid)
    weights = weights / weights.sum()

    def transform(s: Complex) -> Complex:
        value = np.zeros(np.broadcast_shapes(s.shape, spread.shape), dtype=complex)
        for weight, place in zip(weights, grid, strict=True):
            value += weight * np.exp(-s * np.exp(centre + spread * place))
        return value

    cube = np.asarray(mean) ** 3
    return StationLaw(
        transform, mean, scv * np.square(mean), np.square(scv) * np.add(scv, 3.0) * cube
    )


def thinned_law(share: Frac, law: StationLaw) -> StationLaw:
    """Return the law of a station that only a share of the requests visits.

    Parameters
    ----------
    share
        Probability of the visit.
    law
        Law of a visitor's time; it must have no constant part, which would not be thinned.

    Returns
    -------
    StationLaw
        Mixture with an atom at zero; ``nan`` where the law has a shift.

    References
    ----------
    Moments of a mixture with an atom at zero.

    Examples
    --------
    >>> float(thinned_law(0.25, exponential_law(2.0)).mean)
    0.5
    """
    rest = np.subtract(1.0, share)
    mean = choose(np.not_equal(law.shift, 0.0), np.nan, law.mean)
    return StationLaw(
        Formula(_thinned, (rest, share, law.transform)),
        thinned_mean(share, mean),
        thinned_variance(share, law.mean, law.variance),
        thinned_skew(share, law.mean, law.variance, law.skew),
        atom=rest + share * law.atom,
        smooth=law.smooth,
    )


def joined_law(first: StationLaw, second: StationLaw) -> StationLaw:
    """Sum of two independent times as one law.

    Parameters
    ----------
    first, second
        Laws of the two times.

    Examples
    --------
    >>> float(joined_law(exponential_law(1.0), exponential_law(2.0)).mean)
    3.0
    """

    def transform(s: Complex) -> Complex:
        return first.transform(s) * second.transform(s)

    return StationLaw(
        transform,
        np.add(first.mean, second.mean),
        np.add(first.variance, second.variance),
        np.add(first.skew, second.skew),
        np.add(first.shift, second.shift),
        np.multiply(first.atom, second.atom),
    )


def mixed_law(shares: Sequence[Frac], laws: Sequence[StationLaw]) -> StationLaw:
    """Return the law of a time that follows one of several laws, each with its probability.

    Parameters
    ----------
    shares
        Probabilities; they sum to 1.
    laws
        Laws without a constant part.

    References
    ----------
    Moments of a mixture.

    Examples
    --------
    >>> float(mixed_law([0.5, 0.5], [exponential_law(1.0), exponential_law(3.0)]).mean)
    2.0
    """
    pairs = list(zip(shares, laws, strict=True))

    def transform(s: Complex) -> Complex:
        value = np.zeros_like(s)
        for share, law in pairs:
            value = value + share * law.transform(s)
        return value

    mean = sum(share * np.asarray(law.mean) for share, law in pairs)
    second = sum(share * (law.variance + np.square(law.mean)) for share, law in pairs)
    third = sum(
        share * (law.skew + 3.0 * np.multiply(law.mean, law.variance) + np.power(law.mean, 3))
        for share, law in pairs
    )
    variance = second - mean * mean
    skew = third - 3.0 * mean * variance - mean**3
    atom = sum(share * np.asarray(law.atom) for share, law in pairs)
    return StationLaw(transform, mean, variance, skew, atom=atom)


def gamma_transform(mean: S, scv: Pure) -> Callable[[Complex], Complex]:
    r"""Transform of a gamma law as a function of s, constant and exponential cases included.

    Parameters
    ----------
    mean
        Mean time.
    scv
        Squared coefficient of variation; 0 is constant, 1 exponential.

    Returns
    -------
    Callable
        :math:`s \mapsto (1+c^2 m s)^{-1/c^2}`, or :math:`e^{-ms}` at zero.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994). Continuous Univariate Distributions, Volume 1, ch. 17.

    Examples
    --------
    >>> gamma_transform(2.0, 1.0)(np.asarray(0.5 + 0j)).real.item()
    0.5
    """
    if every(np.equal(scv, 1.0)):
        return Formula(_exponential, (mean,))
    constant = np.equal(scv, 0.0)
    if every(constant):
        return Formula(constant_transform, (mean,))
    spread = choose(constant, 1.0, scv)
    smooth = Formula(_gamma, (spread * mean, -1.0 / spread))
    if not some(constant):
        return smooth
    return Formula(_either, (constant, Formula(constant_transform, (mean,)), smooth))


def _exponential(s: Complex, mean: S) -> Complex:
    return 1.0 / (1.0 + mean * s)


def _gamma(s: Complex, scale: S, power: Pure) -> Complex:
    base = 1.0 + scale * s
    if np.ndim(power) == 0 and power in _PRODUCTS:
        inverse = 1.0 / base
        return functools.reduce(np.multiply, [inverse] * int(-power))
    return np.exp(power * principal_log(base))


def _either(
    s: Complex,
    first: NDArray[np.bool_],
    one: Callable[[Complex], Complex],
    other: Callable[[Complex], Complex],
) -> Complex:
    return np.where(first, one(s), other(s))


def _thinned(s: Complex, rest: Frac, share: Frac, visit: Callable[[Complex], Complex]) -> Complex:
    return rest + share * visit(s)
