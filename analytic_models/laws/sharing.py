"""Processor sharing for messages of a given spread: fixed tensors are not exponential."""

from __future__ import annotations

__all__ = ["shared_law", "shared_skew", "shared_variance"]

import numpy as np

from analytic_models.laws.queueing import ps_sojourn_mean
from analytic_models.laws.service_laws import gamma_law, thinned_law
from analytic_models.laws.station_laws import ps_law
from analytic_models.laws.tails import thinned_skew
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import S2, S3, Array, Count, PerS, Pure, S

# Below this load the closed form of the fixed-size part loses digits to cancellation.
_SERIES_BELOW = 1e-2


def _load(service: S, mean: S) -> Array:
    """Return the one-server load with the same mean slowdown; 1 where the queue is unstable."""
    load = np.where(np.greater(mean, 0.0), 1.0 - service / mean, 0.0)
    return np.where(np.isinf(mean), 1.0, load)


def _fixed_part(load: Array) -> Array:
    """Return the variance of a fixed-size job over its squared mean: Yashkov's integral."""
    series = load * (2.0 / 3.0 + load / 4.0)
    safe = np.maximum(load, _SERIES_BELOW)
    closed = 1.0 - 2.0 * (1.0 - safe) * (np.expm1(safe) - safe) / (safe * safe)
    return np.where(np.less(load, _SERIES_BELOW), series, closed)


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
    load = _load(service, time)
    fixed = _fixed_part(load)
    spread = scv + fixed + scv * (2.0 * load / (2.0 - load) - fixed)
    return np.where(np.isinf(time), np.inf, time * time * spread)


def _excess(time: S, variance: S2, service: S, scv: Pure) -> tuple[Array, Array, Array]:
    """Probability, mean and variance of the time that sharing adds, given that it adds any.

    A job meets nobody if it finds the station empty and nobody comes while it is served; the rest
    of the first two cumulants belongs to those who do meet somebody.
    """
    load = _load(service, time)
    met = 1.0 - (1.0 - load) * np.exp(-load)
    safe = np.where(np.greater(met, 0.0), met, 1.0)
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
    if exponential.all():
        return _exponential_skew(time, service)
    met, given, spread = _excess(time, variance, service, scv)
    own = 2.0 * scv * scv * service * service * service
    skew = 2.0 * spread * spread / np.where(np.greater(given, 0.0), given, 1.0)
    fitted = own + thinned_skew(met, given, spread, skew)
    if not exponential.any():
        return fitted
    return np.where(exponential, _exponential_skew(time, service), fitted)


def _exponential_skew(time: S, service: S) -> Array:
    """Third cumulant of the sojourn in M/M/1 processor sharing."""
    load = _load(service, time)
    factor = 2.0 * (4.0 + 8.0 * load + load * load) / (2.0 - load) ** 2
    return np.where(np.isinf(time), np.inf, time * time * time * factor)


def shared_law(arrival: PerS, service: S, scv: Pure, servers: Count) -> list[StationLaw]:
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
    met, given, spread = _excess(mean, shared_variance(mean, service, scv), service, scv)
    # Where nobody meets anybody the excess has no law; its weight is then zero.
    safe = np.where(np.greater(given, 0.0), given, 1.0)
    ratio = np.where(np.greater(given, 0.0) & np.isfinite(given), spread / (safe * safe), 1.0)
    return [gamma_law(service, scv), thinned_law(met, gamma_law(safe, ratio))]
