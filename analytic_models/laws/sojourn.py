"""From stations to the whole request: arrivals, times in a station, latency without load."""

from __future__ import annotations

__all__ = [
    "class_arrival",
    "fcfs_skew",
    "fcfs_variance",
    "idle_latency",
    "passed_arrival",
    "ps_wait_mean",
]

from analytic_models.laws.queueing import (
    mgc_wait_skew,
    mgc_wait_variance,
    ps_sojourn_mean,
    service_skew,
    service_variance,
)
from analytic_models.units import S2, S3, Count, Frac, PerS, Pure, S


def class_arrival(population: Count, per_device: PerS) -> PerS:
    r"""Requests of a whole class: a superposition of its devices.

    .. math:: \Lambda = N\,\lambda

    Notes
    -----
    Close to Poisson when many independent devices send (Palm–Khinchine); wrong for synchronised ones.

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
    r"""Requests that go on, when a share of them does.

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


def fcfs_variance(arrival: PerS, service: S, scv: Pure, servers: Count) -> S2:
    r"""Variance of the time in a first-come-first-served station.

    .. math:: \sigma^2_T = \sigma^2_W + \sigma^2_S

    References
    ----------
    takacs-1962

    Examples
    --------
    >>> round(float(fcfs_variance(5.0, 0.1, 1.0, 1.0)), 6)
    0.04
    """
    return mgc_wait_variance(arrival, service, scv, servers) + service_variance(service, scv)


def fcfs_skew(arrival: PerS, service: S, scv: Pure, servers: Count) -> S3:
    r"""Third cumulant of the time in a first-come-first-served station.

    .. math:: \kappa_3(T) = \kappa_3(W) + \kappa_3(S)

    References
    ----------
    takacs-1962

    Examples
    --------
    >>> round(float(fcfs_skew(5.0, 0.1, 1.0, 1.0)), 6)
    0.016
    """
    return mgc_wait_skew(arrival, service, scv, servers) + service_skew(service, scv)


def idle_latency(
    device: S, uplink: S, uplink_fixed: S, edge: S, remote: Frac, backhaul: S, backhaul_fixed: S, cloud: S, onward: Frac
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
    return device + remote * (uplink + uplink_fixed + edge + onward * (backhaul + backhaul_fixed + cloud))
