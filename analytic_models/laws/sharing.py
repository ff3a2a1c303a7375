"""Processor sharing for messages of a given spread: fixed tensors are not exponential."""

from __future__ import annotations

__all__ = ["shared_law", "shared_skew", "shared_variance"]

import math

import numpy as np

from analytic_models.laws.choice import choose, every, some
from analytic_models.laws.queueing import ps_sojourn_mean
from analytic_models.laws.service_laws import gamma_law, thinned_law
from analytic_models.laws.station_laws import ps_law
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import S2, S3, Array, Count, PerS, Pure, S

# Terms of a power series at loads up to one, beyond which they are below 1e-14.
_SERIES = tuple(2.0 * (k + 1) / math.factorial(k + 2) for k in range(1, 16))


def _load(service: S, mean: S) -> Array:
    """Return the one-server load with the same mean slowdown; 1 where the queue is unstable."""
    load = 1.0 - service / mean
    idle = np.equal(mean, 0.0)
    return choose(idle, 0.0, load) if some(idle) else load


def _fixed_part(load: Array) -> Array:
    r"""Return the variance of a fixed-size job over its squared mean: Yashkov's integral.

    Its closed form :math:`1 - 2(1-\rho)(e^\rho - 1 - \rho)/\rho^2` cancels at low load; as a series
    :math:`\sum_k 2(k+1)\rho^k/(k+2)!` all terms are positive.
    """
    value = load * _SERIES[-1]
    for term in reversed(_SERIES[:-1]):
        value += term
        value *= load
    return value


def shared_variance(time: S, service: S, scv: Pure) -> S2:
    r"""Variance of the sojourn under processor sharing.

    .. math:: \sigma^2 = \left(\frac{S}{1-\rho}\right)^2
        \left[c_s^2 + g(\rho) + c_s^2\left(\frac{2\rho}{2-\rho} - g(\rho)\right)\right],\quad
        g(\rho) = 1 - 2(1-\rho)\frac{e^\rho - 1 - \rho}{\rho^2}

    Parameters
    ----------
    time
        Mean sojourn; its ratio to the service gives the load [s].
    service
        Time alone at full speed [s].
    scv
        Squared coefficient of variation of the work.

    Notes
    -----
    Exact for one server with fixed (scv 0) and exponential (scv 1) work; linear in scv between and
    beyond. Several servers: the one-server law with the same mean slowdown.

    References
    ----------
    yashkov-1983, coffman-muntz-trotter-1970

    Examples
    --------
    >>> round(float(shared_variance(1.0 / 0.3, 1.0, 0.0)), 3)
    6.842
    >>> round(float(shared_variance(2.0, 1.0, 1.0)), 4)
    6.6667
    """
    with np.errstate(all="ignore"):
        load = _load(service, time)
        spread: Array = _fixed_part(load)
        if np.ndim(scv) or scv != 0.0:
            spread = scv + spread + scv * (2.0 * load / (2.0 - load) - spread)
        return _endless(time, time * time * spread)


def _endless(time: S, value: Array) -> Array:
    """Infinite where the time is."""
    endless = np.isinf(time)
    return choose(endless, np.inf, value) if some(endless) else value


def _excess(time: S, variance: S2, service: S, scv: Pure) -> tuple[Array, Array, Array]:
    """Probability, mean and variance of the time that sharing adds, given that it adds any.

    A job meets nobody if it finds the station empty and nobody comes while it is served; the rest
    of the first two cumulants belongs to those who do meet somebody.
    """
    load = _load(service, time)
    met = 1.0 - (1.0 - load) * np.exp(-load)
    safe = choose(np.greater(met, 0.0), met, 1.0)
    mean = np.maximum(time - service, 0.0)
    second = np.maximum(variance - scv * service * service, 0.0) + mean * mean
    given = mean / safe
    spread = np.maximum(second / safe - given * given, 0.0)
    return met, given, spread


def shared_skew(time: S, variance: S2, service: S, scv: Pure) -> S3:
    r"""Third cumulant of the sojourn under processor sharing.

    .. math:: T = S + B\,X,\quad P(B = 1) = 1 - (1-\rho)e^{-\rho},\quad X \sim \Gamma

    Parameters
    ----------
    time, variance
        Mean and variance of the sojourn [s, s2].
    service
        Time alone at full speed [s].
    scv
        Squared coefficient of variation of the work.

    Notes
    -----
    Exact for one server at scv 1: :math:`2(4 + 8\rho + \rho^2)/(2 - \rho)^2` times the cubed mean.
    Elsewhere the work, and a gamma-distributed excess for those who meet somebody, fitted to the
    first two cumulants.

    References
    ----------
    yashkov-1983, coffman-muntz-trotter-1970

    Examples
    --------
    >>> round(float(shared_skew(2.0, 6.6667, 1.0, 1.0)), 2)
    58.67
    """
    exponential = np.equal(scv, 1.0)
    if every(exponential):
        return _exponential_skew(time, service)
    fitted = _fitted_skew(time, variance, service, scv)
    if not some(exponential):
        return fitted
    return choose(exponential, _exponential_skew(time, service), fitted)


def _fitted_skew(time: S, variance: S2, service: S, scv: Pure) -> Array:
    r"""Third cumulant of the work plus a thinned gamma excess with given first two moments.

    With E and M the first two moments of the excess and B the probability to meet anybody, the
    third moment is :math:`2M^2/E - EM/B`.
    """
    with np.errstate(all="ignore"):
        alone = service / time
        met = 1.0 - alone * np.exp(alone - 1.0)
        excess = time - service
        square = excess * excess
        second = variance + square
        if np.ndim(scv) or scv != 0.0:
            second = second - scv * service * service
        skew: Array = (
            second * (2.0 * second / excess - excess * (3.0 + 1.0 / met)) + 2.0 * square * excess
        )
        nobody = np.less_equal(excess, 0.0)
        if some(nobody):
            skew = choose(nobody, 0.0, skew)
        skew = _endless(time, skew)
        if np.ndim(scv) or scv != 0.0:
            skew = 2.0 * scv * scv * service * service * service + skew
        return skew


def _exponential_skew(time: S, service: S) -> Array:
    """Third cumulant of the sojourn in M/M/1 processor sharing."""
    load = _load(service, time)
    factor = 2.0 * (4.0 + 8.0 * load + load * load) / (2.0 - load) ** 2
    return choose(np.isinf(time), np.inf, time * time * time * factor)


def shared_law(
    arrival: PerS, service: S, scv: Pure, servers: Count, stretch: Pure = 1.0
) -> list[StationLaw]:
    """Laws of the parts of the sojourn under processor sharing: exact at scv 1, a fit elsewhere.

    Parameters
    ----------
    arrival
        Requests [1/s].
    service
        Time alone at full speed [s].
    scv
        Squared coefficient of variation of the work, one number.
    servers
        Jobs that run at full speed together.
    stretch
        Factor on the variance; not for scv 1, where the law is exact.

    Returns
    -------
    list of StationLaw
        The sojourn; or the work and, for those who meet somebody, a gamma-distributed excess.

    References
    ----------
    yashkov-1983, coffman-muntz-trotter-1970

    Examples
    --------
    >>> [float(law.shift) for law in shared_law(0.5, 1.0, 0.0, 1.0)]
    [1.0, 0.0]
    """
    if np.ndim(scv) == 0 and scv == 1.0:
        return [ps_law(arrival, service, servers)]
    mean = ps_sojourn_mean(arrival, service, servers)
    variance = stretch * shared_variance(mean, service, scv)
    met, given, spread = _excess(mean, variance, service, scv)
    # Where nobody meets anybody the excess has no law; its weight is then zero.
    safe = choose(np.greater(given, 0.0), given, 1.0)
    ratio = choose(np.greater(given, 0.0) & np.isfinite(given), spread / (safe * safe), 1.0)
    return [gamma_law(service, scv), thinned_law(met, gamma_law(safe, ratio))]
