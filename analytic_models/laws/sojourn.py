"""From stations to the whole request: arrivals, times in a station, latency without load."""

from __future__ import annotations

__all__ = [
    "class_arrival",
    "fcfs_skew",
    "fcfs_variance",
    "fcfs_wait",
    "idle_latency",
    "offered_load",
    "passed_arrival",
    "ps_wait_mean",
]

import numpy as np

from analytic_models.laws.choice import choose, some
from analytic_models.laws.queueing import mgc_wait_mean, ps_sojourn_mean
from analytic_models.laws.whitt import waiters_spread
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S


def class_arrival(population: Count, per_device: PerS) -> PerS:
    r"""Add up the requests of a whole class: a superposition of its devices.

    .. math:: \Lambda = N\,\lambda

    Notes
    -----
    Close to Poisson when many independent devices send (Palm–Khinchine); not for synchronised.

    References
    ----------
    khinchine-1960

    Examples
    --------
    >>> class_arrival(20.0, 5.0)
    100.0
    """
    return population * per_device


def passed_arrival(arrival: PerS, share: Frac) -> PerS:
    r"""Pass on a share of the requests.

    .. math:: \Lambda' = \phi\,\Lambda

    Examples
    --------
    >>> passed_arrival(100.0, 0.4)
    40.0
    """
    return arrival * share


def ps_wait_mean(arrival: PerS, service: S, servers: Count) -> S:
    r"""Mean time added by sharing: sojourn under processor sharing minus the service alone.

    .. math:: W = \left(h(a) - 1\right) S

    Notes
    -----
    Insensitive to the distribution of the work.

    References
    ----------
    kelly-1979-reversibility

    Examples
    --------
    >>> round(float(ps_wait_mean(5.0, 0.1, 1.0)), 9)
    0.1
    """
    return ps_sojourn_mean(arrival, service, servers) - service


def offered_load(arrival: PerS, service: S) -> Count:
    r"""Work that arrives per second, in servers kept busy (erlang).

    .. math:: a = \lambda\,S

    Examples
    --------
    >>> offered_load(5.0, 0.1)
    0.5
    """
    return arrival * service


def fcfs_wait(arrival: PerS, service: S, scv: Pure, servers: Count, waiting: Frac) -> S:
    r"""Mean wait before service, first come first served.

    .. math:: W = \varphi\,\frac{1 + c_s^2}{2}\,\frac{C\,S}{c - a}

    Parameters
    ----------
    arrival
        Requests [1/s].
    service
        Mean service time [s].
    scv
        Squared coefficient of variation of the service time.
    servers
        Servers.
    waiting
        Erlang's probability of waiting.

    Notes
    -----
    One server: exact (Pollaczek–Khinchine). Several: Whitt's correction, exact at scv 1. Infinite
    at and above full load.

    References
    ----------
    pollaczek-1930, whitt-1993

    Examples
    --------
    >>> round(float(fcfs_wait(5.0, 0.1, 0.0, 1.0, 0.5)), 9)
    0.05
    """
    return mgc_wait_mean(arrival, service, scv, servers, waiting)


def fcfs_variance(
    wait: S, waiting: Frac, offered: Count, service: S, scv: Pure, servers: Count
) -> S2:
    r"""Variance of the time in a first-come-first-served station.

    .. math:: \sigma^2 = W^2 + \frac{\lambda b_3}{3(1-\rho)} + c_s^2 S^2\ (c = 1),\qquad
        \sigma^2 = W^2\,\frac{1 + k - C}{C} + c_s^2 S^2\ (c > 1)

    Parameters
    ----------
    wait
        Mean wait [s].
    waiting
        Probability of waiting.
    offered
        Offered load.
    service
        Mean service time [s].
    scv
        Squared coefficient of variation of the service time, taken as gamma.
    servers
        Servers.

    Notes
    -----
    Exact for one server (Takács); several: those who wait do so with the spread k of
    :func:`~analytic_models.laws.whitt.waiters_spread`, 1 and exact for M/M/c.

    References
    ----------
    takacs-1962, tijms-2003

    Examples
    --------
    >>> round(float(fcfs_variance(0.1, 0.5, 0.5, 0.1, 1.0, 1.0)), 6)
    0.04
    """
    if np.ndim(servers) == 0:
        queued = (
            _single_variance(wait, offered, service, scv)
            if servers == 1
            else _many_variance(wait, waiting, waiters_spread(offered / servers, scv))
        )
        return queued if _is_zero(scv) else scv * service * service + queued
    own = scv * service * service
    many = _many_variance(wait, waiting, waiters_spread(offered / servers, scv))
    return own + np.where(np.equal(servers, 1), _single_variance(wait, offered, service, scv), many)


def fcfs_skew(wait: S, waiting: Frac, offered: Count, service: S, scv: Pure, servers: Count) -> S3:
    r"""Third cumulant of the time in a first-come-first-served station.

    .. math:: \kappa_3 = \frac{\lambda b_4}{4(1-\rho)} + \frac{\lambda b_3 W}{1-\rho} + 2W^3
        + 2c_s^4 S^3\ (c=1),
        \qquad \kappa_3 = W^3\,\frac{(1+k)(1+2k) - 3(1+k)C + 2C^2}{C^2} + 2c_s^4 S^3\ (c>1)

    Parameters
    ----------
    wait, waiting, offered, service, scv, servers
        As for :func:`fcfs_variance`.

    References
    ----------
    takacs-1962, tijms-2003

    Examples
    --------
    >>> round(float(fcfs_skew(0.1, 0.5, 0.5, 0.1, 1.0, 1.0)), 6)
    0.016
    """
    if np.ndim(servers) == 0:
        queued = (
            _single_skew(wait, offered, service, scv)
            if servers == 1
            else _many_skew(wait, waiting, waiters_spread(offered / servers, scv))
        )
        if _is_zero(scv):
            return queued
        return 2.0 * scv * scv * service * service * service + queued
    own = 2.0 * scv * scv * service * service * service
    many = _many_skew(wait, waiting, waiters_spread(offered / servers, scv))
    return own + np.where(np.equal(servers, 1), _single_skew(wait, offered, service, scv), many)


def _is_zero(scv: Pure) -> bool:
    """Whether no case has a spread of its own."""
    return np.ndim(scv) == 0 and bool(scv == 0.0)


def _third_moment_term(offered: Count, service: S, scv: Pure) -> Array:
    """Return lambda b3 / (3 (1 - rho)) for gamma service."""
    return offered / (1.0 - offered) * (service * service) * ((1.0 + scv) * (1.0 + 2.0 * scv) / 3.0)


def _single_variance(wait: S, offered: Count, service: S, scv: Pure) -> Array:
    return wait * wait + _third_moment_term(offered, service, scv)


def _single_skew(wait: S, offered: Count, service: S, scv: Pure) -> Array:
    term = _third_moment_term(offered, service, scv)
    cube = wait * wait * (2.0 * wait)
    return term * (service * (0.75 * (1.0 + 3.0 * scv)) + 3.0 * wait) + cube


def _many_variance(wait: S, waiting: Frac, spread: Pure) -> Array:
    return _waited(wait, wait * wait * ((1.0 + spread - waiting) / waiting))


def _many_skew(wait: S, waiting: Frac, spread: Pure) -> Array:
    second = 1.0 + spread
    third = second * (2.0 * second - 1.0)
    ratio = (third + waiting * (2.0 * waiting - 3.0 * second)) / (waiting * waiting)
    return _waited(wait, wait * wait * wait * ratio)


def _waited(wait: S, value: Array) -> Array:
    """Zero where nobody waits, even where nothing arrives; infinite where the wait is."""
    idle, endless = np.equal(wait, 0.0), np.isinf(wait)
    if some(idle):
        value = choose(idle, 0.0, value)
    return choose(endless, np.inf, value) if some(endless) else value


def idle_latency(
    device: S,
    uplink: S,
    uplink_fixed: S,
    edge: S,
    remote: Frac,
    backhaul: S,
    backhaul_fixed: S,
    cloud: S,
    onward: Frac,
) -> S:
    r"""Mean latency of a request that meets no other.

    .. math:: T_0 = S_D + \phi\left(S_u + d_u + S_E + \psi\,(S_b + d_b + S_C)\right)

    Parameters
    ----------
    device, edge, cloud
        Service times of the tiers [s].
    uplink, backhaul
        Transfer times alone [s].
    uplink_fixed, backhaul_fixed
        Fixed delays of the hops [s].
    remote, onward
        Share of requests that leaves the device, and share of those that goes on to the cloud.

    References
    ----------
    kang-2017-neurosurgeon

    Examples
    --------
    >>> idle_latency(1.0, 0.5, 0.25, 0.25, 1.0, 0.0, 0.0, 0.0, 1.0)
    2.0
    """
    return device + remote * (
        uplink + uplink_fixed + edge + onward * (backhaul + backhaul_fixed + cloud)
    )
