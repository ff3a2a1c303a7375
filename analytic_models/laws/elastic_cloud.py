r"""A cloud that starts a machine when none is warm, and stops one that was idle for long enough.

A request takes the machine that became idle last, so that machine k works exactly while at least k
requests are in service. It is cold if there were never so many within the time that idle machines
are kept. With exponential service the numbers in service look the same backwards in time: the share
of cold starts is that of first passages upwards that take longer than the keeping time.
"""

from __future__ import annotations

__all__ = [
    "cold_share",
    "elastic_load",
    "elastic_skew",
    "elastic_variance",
    "elastic_wait",
    "rented_time",
]

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex, invert
from analytic_models.laws.late import special
from analytic_models.units import S2, S3, Frac, PerS, Pure, S

Floats = NDArray[np.float64]

_KEPT = 65_536
# Numbers in service beyond these deviations have less than 1e-12 of the mass.
_DEVIATIONS, _MORE = 8.0, 12
# Above this many in service on average the share falls with the root of their number.
_MANY = 2_000.0
_ORDER = 8
_STEPS = 40
_SETTLED = 1e-6


def cold_share(arrival: PerS, service: S, start: S, keep: S) -> Frac:
    r"""Share of the requests that find no warm machine and wait until one has started.

    .. math:: p = \sum_n \frac{a^n e^{-a}}{n!}\,P(\tau_{n\to n+1} > T_{\mathrm{keep}}),\qquad
        f_n(s) = \frac{\lambda}{\lambda + s + n\mu\,(1 - f_{n-1}(s))}

    Parameters
    ----------
    arrival
        Requests [1/s].
    service
        Mean service time [s].
    start
        Time that a cold machine takes to start [s].
    keep
        Time that an idle machine is kept warm [s].

    Notes
    -----
    Exact for exponential service and machines that start at once; fixed service up to 15 % higher.
    Starting machines are busy, too: the smaller of two approximations is taken, one with the mean
    busy time of all requests, one where every cold start brings those that come while it starts and
    find all others busy. Where idle machines are kept ten times as long as a start takes: within
    25 % of simulation, mostly within 10 %. No limit on the number of machines.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.4. Keilson (1979). Markov Chain Models:
    Rarity and Exponentiality, chapter 5.

    Examples
    --------
    >>> round(float(cold_share(1.0, 1e-9, 0.0, 2.0)), 6) == round(float(np.exp(-2.0)), 6)
    True
    """
    columns = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (arrival, service, start, keep))
    )
    rows: Floats = np.stack([column.ravel() for column in columns], axis=1)
    unique, place = np.unique(rows, axis=0, return_inverse=True)
    found = np.array([_share(*row) for row in unique.tolist()])
    return found[place.ravel()].reshape(columns[0].shape)[()]


def elastic_wait(cold: Frac, start: S, service: S) -> S:
    r"""Mean wait in an elastic cloud: some requests wait until a machine has started.

    .. math:: W = p_{\mathrm{cold}}\,T_{\mathrm{cold}}

    Parameters
    ----------
    cold
        Share of requests that find no warm machine.
    start
        Time that a machine takes to start [s].
    service
        Service time; nobody waits where it is zero [s].

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.4.

    Examples
    --------
    >>> float(elastic_wait(0.1, 0.5, 0.02))
    0.05
    """
    return np.where(np.equal(service, 0.0), 0.0, cold * start + 0.0 * service)[()]


def elastic_variance(cold: Frac, start: S, service: S, scv: Pure) -> S2:
    r"""Variance of the time in an elastic cloud.

    .. math:: \sigma^2 = p\,(1 - p)\,T_{\mathrm{cold}}^2 + c_s^2 S^2

    Parameters
    ----------
    cold, start, service
        As for :func:`elastic_wait`.
    scv
        Squared coefficient of variation of the service time.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.4.

    Examples
    --------
    >>> round(float(elastic_variance(0.5, 1.0, 0.0, 0.0)), 9)
    0.0
    """
    starting = np.where(np.equal(service, 0.0), 0.0, cold * (1.0 - cold) * start * start)
    return starting + scv * service * service


def elastic_skew(cold: Frac, start: S, service: S, scv: Pure) -> S3:
    r"""Third cumulant of the time in an elastic cloud.

    .. math:: \kappa_3 = p\,(1 - p)(1 - 2p)\,T_{\mathrm{cold}}^3 + 2 c_s^4 S^3

    Parameters
    ----------
    cold, start, service, scv
        As for :func:`elastic_variance`.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.4.

    Examples
    --------
    >>> round(float(elastic_skew(0.25, 1.0, 0.1, 0.0)), 9)
    0.09375
    """
    spread = cold * (1.0 - cold) * (1.0 - 2.0 * cold) * start * start * start
    starting = np.where(np.equal(service, 0.0), 0.0, spread)
    return starting + 2.0 * scv * scv * service * service * service


def elastic_load(arrival: PerS, service: S) -> Frac:
    r"""Utilisation of a cloud that always has another machine: no queue can be full.

    .. math:: \rho = 0

    Examples
    --------
    >>> elastic_load(100.0, 0.02)
    0.0
    """
    return 0.0 * (arrival * service)


def rented_time(service: S, cold: Frac, start: S) -> S:
    r"""Machine time of a request in an elastic cloud: its service, and its share of the starts.

    .. math:: t = S + p_{\mathrm{cold}}\,T_{\mathrm{cold}}

    Notes
    -----
    Time in which a machine is kept warm is in the paid share of cloud time in use, not here.

    Examples
    --------
    >>> float(rented_time(0.02, 0.1, 0.5))
    0.07
    """
    return np.where(np.equal(service, 0.0), 0.0, service + cold * start)[()]


@lru_cache(maxsize=_KEPT)
def _share(arrival: float, service: float, start: float, keep: float) -> float:
    if not np.isfinite((arrival, service, start)).all() or min(arrival, service) < 0.0:
        return float("nan")
    if keep == np.inf:
        return 0.0
    if arrival == 0.0 or keep <= 0.0:
        return 1.0
    if arrival * service > _MANY:
        fewer = _MANY / service
        return _share(fewer, service, start, keep) * float(np.sqrt(fewer / arrival))
    levels = _cold_levels(arrival, service, keep)
    plain = min(float(levels.sum()), 1.0)
    if start <= 0.0:
        return plain
    return min(
        _spread_out(arrival, service, start, keep, plain),
        _in_clusters(levels, arrival, service, start),
    )


def _cold_levels(arrival: float, busy: float, keep: float) -> Floats:
    """Probability that a request finds 0, 1, ... machines busy and the next one cold."""
    load = arrival * busy
    most = int(load + _DEVIATIONS * np.sqrt(load)) + _MORE
    number = np.arange(most + 1, dtype=float)
    weights = np.exp(special.xlogy(number, load) - load - special.gammaln(number + 1.0))
    leave = 1.0 / busy if busy > 0.0 else np.inf

    def upwards(s: Complex) -> Complex:
        found = np.empty(s.shape, dtype=complex)
        found[..., 0] = passed = arrival / (arrival + s[..., 0])
        for level in range(1, most + 1):
            passed = arrival / (arrival + s[..., level] + level * leave * (1.0 - passed))
            found[..., level] = passed
        return found

    if not np.isfinite(leave):
        return np.array([np.exp(-arrival * keep)])
    above, _ = invert(upwards, np.full(most + 1, keep), _ORDER, smooth=True)
    return np.asarray(weights * np.clip(above, 0.0, 1.0))


def _spread_out(arrival: float, service: float, start: float, keep: float, first: float) -> float:
    """Cold share where every request is busy for the mean time, its share of the starts included.

    The fixed point nearest to no cold starts, by Steffensen's steps.
    """

    def again(share: float) -> float:
        return min(float(_cold_levels(arrival, service + share * start, keep).sum()), 1.0)

    share = first
    for _ in range(_STEPS):
        one = again(share)
        two = again(one)
        bend = two - 2.0 * one + share
        better = share - (one - share) ** 2 / bend if bend != 0.0 else two
        better = two if not share <= better <= 1.0 else better
        if abs(better - share) <= _SETTLED * better:
            return better
        share = better
    return share


def _in_clusters(levels: Floats, arrival: float, service: float, start: float) -> float:
    """Cold share where a cold start brings those that come meanwhile and find all others busy."""
    load, busy = arrival * service, [1.0]
    for number in range(1, len(levels)):
        busy.append(load * busy[-1] / (number + load * busy[-1]))
    all_busy = np.array(busy)
    if service > 0.0:
        leave = np.maximum(np.arange(len(levels)) / service, 1e-12)
        first = (1.0 - all_busy) * np.exp(-leave * service) * -np.expm1(-leave * start) / leave
    else:
        first = np.zeros(len(levels))
    brought = arrival * float(levels @ (all_busy * start + first))
    return (float(levels.sum()) + brought) / (1.0 + brought)
