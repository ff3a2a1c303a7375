"""Stations at which a share of the requests is urgent and goes first: cumulants of the time."""

from __future__ import annotations

__all__ = [
    "Classes",
    "classes",
    "priority_skew",
    "priority_variance",
    "priority_wait",
]

from dataclasses import dataclass

import numpy as np

from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.queueing import (
    mgc_wait_mean,
    mgc_wait_skew,
    mgc_wait_variance,
    service_skew,
    service_variance,
)
from analytic_models.laws.tails import atom_wait_skew, atom_wait_variance
from analytic_models.laws.urgent_waits import interruptions, others_wait, urgent_wait
from analytic_models.laws.whitt import waiters_spread
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S

Cumulants = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Classes:
    """What both classes meet at a station.

    Parameters
    ----------
    urgent, others
        Mean, variance and third cumulant of the time in the station.
    busy
        Mean, second and third moment of the time for which an urgent request and those that come
        meanwhile keep the next of the others waiting.
    exposed
        How much of an interruptible service can be interrupted: 1 for one server.
    """

    urgent: Cumulants
    others: Cumulants
    busy: Cumulants
    exposed: Array


def priority_wait(
    arrival: PerS,
    service: S,
    scv: Pure,
    servers: Count,
    share: Frac,
    interrupts: Pure,
    asked: Frac,
) -> S:
    r"""Mean wait of the requests that are asked about, where urgent requests go first.

    .. math:: W = u\,W_1 + (1-u)\,W_2, \qquad W_1=\frac{W_F(1-\rho)}{1-p\rho},
              \quad W_2=\frac{W_F}{1-p\rho}

    with :math:`W_F` the wait in order of arrival. The mean over all requests is that of order of
    arrival: what the urgent ones gain the others lose.

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts
        As for :func:`~analytic_models.laws.urgent_waits.urgent_wait`.
    asked
        Share of urgent requests among those asked about: 1, 0, or that of all.

    References
    ----------
    cobham-1954, kella-yechiali-1985, takacs-1964

    Examples
    --------
    >>> round(float(priority_wait(0.5, 1.0, 1.0, 1.0, 0.4, 0.0, 0.4)), 6)
    1.0
    """
    known = (arrival, service, scv, servers, share, interrupts)
    with np.errstate(all="ignore"):
        return _mixed(asked, urgent_wait(*known), others_wait(*known))


def priority_variance(
    arrival: PerS,
    service: S,
    scv: Pure,
    servers: Count,
    share: Frac,
    interrupts: Pure,
    asked: Frac,
) -> S2:
    r"""Variance of the time in a station where urgent requests go first.

    .. math:: \sigma^2 = \sum_k u_k(\sigma_k^2+m_k^2) - \Big(\sum_k u_k m_k\Big)^2

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts, asked
        As for :func:`priority_wait`.

    Notes
    -----
    The others wait for the work that they find and for every urgent request that comes meanwhile:
    a delay cycle, whose cumulants follow from those of the work and of the busy time.

    References
    ----------
    takacs-1964, kella-yechiali-1985

    Examples
    --------
    >>> round(float(priority_variance(0.5, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)), 6)
    4.0
    """
    with np.errstate(all="ignore"):
        found = classes(arrival, service, scv, servers, share, interrupts)
        (m1, v1, _), (m2, v2, _) = found.urgent, found.others
        apart = asked * np.subtract(1.0, asked)
        return _mixed(asked, v1, v2) + np.where(apart > 0.0, apart * (m1 - m2) ** 2, 0.0)


def priority_skew(
    arrival: PerS,
    service: S,
    scv: Pure,
    servers: Count,
    share: Frac,
    interrupts: Pure,
    asked: Frac,
) -> S3:
    r"""Third cumulant of the time in a station where urgent requests go first.

    .. math:: \kappa_3 = \sum_k u_k\left(\kappa_{3,k} + 3 d_k\sigma_k^2 + d_k^3\right),
              \qquad d_k = m_k - m

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts, asked
        As for :func:`priority_wait`.

    References
    ----------
    takacs-1964, kella-yechiali-1985

    Examples
    --------
    >>> round(float(priority_skew(0.5, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)), 6)
    16.0
    """
    with np.errstate(all="ignore"):
        found = classes(arrival, service, scv, servers, share, interrupts)
        (m1, v1, s1), (m2, v2, s2) = found.urgent, found.others
        rest = np.subtract(1.0, asked)
        gap = m1 - m2
        apart = asked * rest * gap * (3.0 * (v1 - v2) + (rest - asked) * gap * gap)
        return _mixed(asked, s1, s2) + np.where(asked * rest > 0.0, apart, 0.0)


def classes(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, interrupts: Pure
) -> Classes:
    """Return the first three cumulants of the time in the station, class by class.

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts
        As for :func:`~analytic_models.laws.urgent_waits.urgent_wait`.

    References
    ----------
    takacs-1964, kella-yechiali-1985

    Examples
    --------
    >>> found = classes(0.5, 1.0, 1.0, 1.0, 1.0, 1.0)
    >>> [round(float(value), 6) for value in found.urgent]
    [2.0, 4.0, 16.0]
    """
    known = (arrival, service, scv, servers, share, interrupts)
    rate = np.multiply(share, arrival)
    with np.errstate(all="ignore"):
        cuts = np.greater(interrupts, 0.0)
        own = (service, service_variance(service, scv), service_skew(service, scv))
        first = urgent_wait(*known)
        _, alone_variance, alone_skew = _in_order(rate, service, scv, servers)
        ahead = _urgent_cumulants(arrival, service, scv, servers, share, first)
        urgent = (
            own[0] + first,
            own[1] + np.where(cuts, alone_variance, ahead[1]),
            own[2] + np.where(cuts, alone_skew, ahead[2]),
        )
        busy = _busy_moments(rate, service / servers, scv)
        lost = interruptions(arrival, service, servers, share)
        interruptible = rate * service * busy[0]
        exposed = np.where(interruptible > 0.0, lost / interruptible, 1.0)
        queued = _in_order(arrival, service, scv, servers)
        behind = _cycle(queued, rate, busy)
        served = _cycle(own, exposed * rate, busy)
        endless = np.isinf(queued[0])
        mean, variance, skew = (
            np.where(endless, np.inf, w + np.where(cuts, i, o))
            for w, i, o in zip(behind, served, own, strict=True)
        )
    return Classes(urgent, (mean, variance, skew), busy, exposed)


def _in_order(arrival: PerS, service: S, scv: Pure, servers: Count) -> Cumulants:
    """Cumulants of the wait in order of arrival."""
    known = (arrival, service, scv, servers)
    return mgc_wait_mean(*known), mgc_wait_variance(*known), mgc_wait_skew(*known)


def _mixed(asked: Frac, urgent: Array, others: Array) -> Array:
    """Average over the classes; an infinite class that nobody asks about does not count."""
    rest = np.subtract(1.0, asked)
    first = np.where(np.greater(asked, 0.0), asked * urgent, 0.0)
    return (first + np.where(np.greater(rest, 0.0), rest * others, 0.0))[()]


def _urgent_cumulants(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, wait: S
) -> Cumulants:
    """Wait of urgent requests that do not interrupt: a queue of their own, and what is served."""
    waiting = erlang_c(servers, arrival * service)
    # As in order of arrival; alone behind each other they would spread less, measured too little.
    spread = waiters_spread(arrival * service / servers, scv)
    many = (atom_wait_variance(waiting, wait, spread), atom_wait_skew(waiting, wait, spread))
    load, first = arrival * service, share * arrival * service
    found = np.minimum(load - first, 1.0 - first) / (1.0 - first)
    mean = 0.5 * service * (1.0 + scv)
    second = mean * service * (1.0 + 2.0 * scv) * (2.0 / 3.0)
    third = second * service * (1.0 + 3.0 * scv) * 0.75
    mean, second, third = found * mean, found * second, found * third
    one = (
        mgc_wait_variance(share * arrival, service, scv, 1.0) + second - mean * mean,
        mgc_wait_skew(share * arrival, service, scv, 1.0)
        + (third - 3.0 * mean * second + 2.0 * mean**3),
    )
    single = np.equal(servers, 1.0)
    variance, skew = (np.where(single, a, b) for a, b in zip(one, many, strict=True))
    return wait, variance, skew


def _busy_moments(arrival: PerS, service: S, scv: Pure) -> Cumulants:
    """First three moments of a busy period of the urgent requests at a server of their own."""
    idle = np.maximum(1.0 - np.multiply(arrival, service), 1e-300)
    second = service * service * (1.0 + scv)
    third = second * service * (1.0 + 2.0 * scv)
    return (
        service / idle,
        second / idle**3,
        third / idle**4 + 3.0 * arrival * second * second / idle**5,
    )


def _cycle(work: Cumulants, rate: PerS, busy: Cumulants) -> Cumulants:
    """Cumulants of a delay cycle: some work, and a busy period for each arrival during it."""
    k1, k2, k3 = work
    a1, a2, a3 = 1.0 + rate * busy[0], rate * busy[1], rate * busy[2]
    return k1 * a1, k1 * a2 + k2 * a1**2, k1 * a3 + 3.0 * k2 * a1 * a2 + k3 * a1**3
