"""Laplace transforms of waits and sojourns, ready for :mod:`analytic_models.laws.transforms`.

Each function returns a :class:`~analytic_models.laws.transforms.StationLaw` whose parameters may
be arrays of cases.
"""

from __future__ import annotations

__all__ = ["mg1_sojourn_law", "mg1_wait_law", "mgc_wait_law", "ps_law", "wait_law"]

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.choice import choose, every, some
from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.inversion import Complex, Formula
from analytic_models.laws.queueing import (
    mgc_wait_mean,
    mgc_wait_skew,
    mgc_wait_variance,
    ps_sojourn_mean,
    ps_sojourn_skew,
    ps_sojourn_variance,
)
from analytic_models.laws.service_laws import (
    SMOOTH_SCV,
    exponential_law,
    gamma_law,
    gamma_transform,
    thinned_law,
)
from analytic_models.laws.transforms import StationLaw
from analytic_models.laws.waits import waited_transform
from analytic_models.units import S2, Count, Frac, PerS, Pure, S

_FRACTION_ACCURACY = 1e-13
_FRACTION_TERMS = 600


def mgc_wait_law(arrival: PerS, service: S, scv: Pure, servers: Count) -> StationLaw:
    r"""Wait before service in M/G/c, first come first served.

    One server: exact, :math:`W^*(s)=\frac{1-\rho}{1-\rho B_e^*(s)}` with gamma service and its
    residual :math:`B_e`. Several: zero with probability 1 - C, else two phases with the mean of
    :func:`~analytic_models.laws.queueing.mgc_wait_mean` and the spread of
    :func:`~analytic_models.laws.whitt.waiters_spread`; exact M/M/c at scv 1.

    Parameters
    ----------
    arrival, service, scv, servers
        As for :func:`~analytic_models.laws.queueing.mgc_wait_mean`.

    Returns
    -------
    StationLaw
        The wait, with its atom at zero.

    References
    ----------
    Pollaczek (1930); Khinchine (1932). Kleinrock (1975). Queueing Systems, Volume I, ch. 5.

    Examples
    --------
    >>> float(mgc_wait_law(0.5, 1.0, 1.0, 1.0).mean)
    1.0
    """
    offered = np.multiply(arrival, service)
    waiting = erlang_c(servers, offered)
    mean = mgc_wait_mean(arrival, service, scv, servers, waiting)
    ones = np.equal(servers, 1.0) & np.not_equal(scv, 1.0)
    variance = mgc_wait_variance(arrival, service, scv, servers, waiting)
    skew = mgc_wait_skew(arrival, service, scv, servers, waiting)
    if not some(ones):
        several = _several(waiting, mean, variance, scv)
        return StationLaw(several, mean, variance, skew, atom=1.0 - waiting, smooth=True)
    single = Formula(_single, (1.0 - offered, arrival, gamma_transform(service, scv)))
    return StationLaw(
        single
        if every(ones)
        else Formula(_either, (ones, single, _several(waiting, mean, variance, scv))),
        mean,
        variance,
        skew,
        atom=np.subtract(1.0, waiting),
        smooth=every(np.greater_equal(choose(ones, scv, 1.0), SMOOTH_SCV)),
    )


def mg1_sojourn_law(arrival: PerS, service: S, scv: Pure) -> StationLaw:
    r"""Sojourn in M/G/1, first come first served, with gamma service: exact.

    .. math:: T^*(s)=\frac{(1-\rho)\,s\,B^*(s)}{s-\lambda(1-B^*(s))}

    Parameters
    ----------
    arrival, service, scv
        As for :func:`mgc_wait_law`; the squared coefficient of variation is above zero.

    Returns
    -------
    StationLaw
        Wait and service together, which asks for the service's transform once.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 5.7.

    Examples
    --------
    >>> float(mg1_sojourn_law(0.5, 1.0, 1.0).mean)
    2.0
    """
    wait, own = mgc_wait_law(arrival, service, scv, 1.0), gamma_law(service, scv)
    idle = np.subtract(1.0, np.multiply(arrival, service))
    return StationLaw(
        Formula(_served, (idle, arrival, own.transform)),
        wait.mean + own.mean,
        wait.variance + own.variance,
        wait.skew + own.skew,
        smooth=own.smooth,
    )


def _several(waiting: Frac, mean: S, variance: S2, scv: Pure) -> Formula:
    """Return the transform of a wait at several servers, or in M/M/1."""
    if not every(np.equal(scv, 1.0)):
        return waited_transform(waiting, mean, variance)
    with np.errstate(all="ignore"):
        scale = choose(np.equal(waiting, 0.0), 0.0, mean / waiting)
    return Formula(_matched, (1.0 - waiting, waiting, scale))


def _matched(s: Complex, never: Frac, waiting: Frac, scale: S) -> Complex:
    return never + waiting / (1.0 + scale * s)


def _single(s: Complex, idle: Frac, arrival: PerS, own: Callable[[Complex], Complex]) -> Complex:
    # Pollaczek and Khinchine's (1 - rho) / (1 - rho (1 - B) / (m s)), with one division.
    return idle * s / (s - arrival * (1.0 - own(s)))


def _served(s: Complex, idle: Frac, arrival: PerS, own: Callable[[Complex], Complex]) -> Complex:
    service = own(s)
    return idle * s * service / (s - arrival * (1.0 - service))


def _either(
    s: Complex,
    first: NDArray[np.bool_],
    one: Callable[[Complex], Complex],
    other: Callable[[Complex], Complex],
) -> Complex:
    return np.where(first, one(s), other(s))


def mg1_wait_law(arrival: PerS, service: StationLaw) -> StationLaw:
    r"""Wait in M/G/1 for a service given by its own law, exact.

    Parameters
    ----------
    arrival
        Arrival rate.
    service
        Law of the service time; its shift is part of the service.

    Returns
    -------
    StationLaw
        :math:`W^*(s)=(1-\rho)s/(s-\lambda+\lambda B^*(s))`. The third cumulant, which only
        chooses the starting point of a percentile search, is that of a gamma service.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 5.7.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> float(mg1_wait_law(0.5, exponential_law(1.0)).mean)
    1.0
    """
    mean = np.add(service.mean, service.shift)
    scv = service.variance / (mean * mean)
    offered = arrival * mean

    def whole(s: Complex) -> Complex:
        return np.exp(-np.asarray(service.shift) * s) * service.transform(s)

    residual = _residual_transform(whole, mean)

    def transform(s: Complex) -> Complex:
        return (1.0 - offered) / (1.0 - offered * residual(s))

    return StationLaw(
        transform,
        mgc_wait_mean(arrival, mean, scv, 1.0),
        mgc_wait_variance(arrival, mean, scv, 1.0),
        mgc_wait_skew(arrival, mean, scv, 1.0),
        atom=1.0 - np.minimum(offered, 1.0),
    )


def wait_law(waiting: Frac, mean: S) -> StationLaw:
    """Wait that is zero or, with probability ``waiting``, exponential, from its overall mean.

    Parameters
    ----------
    waiting
        Probability that the wait is not zero.
    mean
        Mean wait over all requests.

    Returns
    -------
    StationLaw
        Atom and exponential.

    References
    ----------
    Whitt (1993). Approximations for the GI/G/m queue. Production and Operations Management 2(2).

    Examples
    --------
    >>> float(wait_law(0.5, 1.0).variance)
    3.0
    """
    with np.errstate(all="ignore"):
        scale = np.where(np.equal(waiting, 0.0), 0.0, np.divide(mean, waiting))
    law = exponential_law(scale)
    return thinned_law(waiting, law)


def ps_law(arrival: PerS, service: S, servers: Count) -> StationLaw:
    r"""Sojourn under processor sharing with exponential sizes.

    .. math:: T^*(s)=\frac{(1-\rho)(1-\rho r^2)}{(1-\rho r)^2}
              \sum_{k\ge 0} q^k\,\frac{1}{1+\alpha+k\beta}

    with r the smaller root of :math:`\rho r^2-(1+\rho+\sigma)r+1=0`, :math:`\sigma` the transform
    variable in units of the service rate, :math:`q=\rho(1-r)^2/(1-\rho r)^2`,
    :math:`\alpha=\rho(1-r)+\sigma` and :math:`\beta=(1-\rho r^2)/r`. Exact for one server; for
    several, the one-server law with the utilisation that gives the exact mean slowdown.

    Parameters
    ----------
    arrival, service, servers
        As for :func:`~analytic_models.laws.queueing.ps_sojourn_mean`.

    Returns
    -------
    StationLaw
        The sojourn, service included.

    References
    ----------
    Coffman, Muntz and Trotter (1970). Waiting time distributions for processor-sharing systems.
    JACM 17(1), the conditional transform integrated over exponential sizes.

    Examples
    --------
    >>> law = ps_law(0.5, 1.0, 1.0)
    >>> round(float(law.transform(np.asarray(1e-6 + 0j)).real), 7)
    0.999998
    """
    mean = ps_sojourn_mean(arrival, service, servers)
    with np.errstate(all="ignore"):
        load = choose(np.isfinite(mean), 1.0 - service / mean, 0.0)
    idle = np.less(load, 1e-12)
    return StationLaw(
        Formula(_ps, (service, choose(idle, 0.5, load), idle)),
        mean,
        ps_sojourn_variance(arrival, service, servers),
        ps_sojourn_skew(arrival, service, servers),
    )


def _ps(s: Complex, service: S, load: Frac, idle: NDArray[np.bool_]) -> Complex:
    sigma = s * service
    middle = 1.0 + load + sigma
    root = 2.0 / (middle + np.sqrt(middle * middle - 4.0 * load))
    ahead = 1.0 - load * root
    ratio = load * ((1.0 - root) / ahead) ** 2
    grow = (1.0 - load * root * root) / root
    order = (1.0 + load * (1.0 - root) + sigma) / grow
    front = (1.0 - load) * (1.0 - load * root * root) / (ahead * ahead)
    value = front * _geometric_over_linear(ratio, order) / grow
    return np.where(idle, 1.0 / (1.0 + sigma), value) if some(idle) else value


def _geometric_over_linear(ratio: Complex, order: Complex) -> Complex:
    """Sum of ratio^k / (order + k), a hypergeometric function, by Gauss's continued fraction."""
    root = np.sqrt(1.0 - ratio)
    rate = float(np.max(np.abs((1.0 - root) / (1.0 + root)), initial=0.0))
    terms = _FRACTION_TERMS
    if 0.0 < rate < 1.0:
        terms = min(_FRACTION_TERMS, 4 + int(math.log(_FRACTION_ACCURACY) / math.log(rate)))
    value = np.ones_like(ratio)
    for m in range(terms, 0, -1):
        even = m * m / ((order + (2 * m - 1)) * (order + 2 * m))
        odd = (order + (m - 1)) ** 2 / ((order + (2 * m - 2)) * (order + (2 * m - 1)))
        value = 1.0 - odd * ratio / (1.0 - even * ratio / value)
    return 1.0 / (value * order)


def _residual_transform(
    service: Callable[[Complex], Complex], mean: S
) -> Callable[[Complex], Complex]:
    """Transform of the remaining service time, (1 - B(s)) / (s m)."""
    return lambda s: (1.0 - service(s)) / (s * mean)
