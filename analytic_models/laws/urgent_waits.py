"""Stations at which a share of the requests is urgent and goes first: what each class waits.

All requests ask for the same work, so two classes of one service law share the servers. Without
interruption the formulas of one server are exact, and so are those of several for exponential
work; interrupted requests resume where they stopped.
"""

from __future__ import annotations

__all__ = ["class_latency", "interruptions", "others_wait", "urgent_wait"]

import numpy as np

from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.units import Count, Frac, PerS, Pure, S

# Just below a full station: what a newly freed server leaves to wait for has its limit there.
_ALMOST_FULL = 1.0 - 1e-7
# A share of urgent requests from which the others are too few to change anything.
_ALMOST_ALL = 1.0 - 1e-6


def urgent_wait(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, interrupts: Pure
) -> S:
    r"""Mean wait of urgent requests, which go first.

    .. math:: W_1=\frac{W(1-\rho)}{1-p\rho}, \qquad\text{or}\quad W_1=W(p\lambda)
              \ \text{if they interrupt}

    with W the wait in order of arrival and p the urgent share.

    Parameters
    ----------
    arrival
        Requests of both kinds [1/s].
    service, scv
        Mean service time [s] and its squared coefficient of variation.
    servers
        Servers.
    share
        Share of urgent requests.
    interrupts
        1 if an urgent request interrupts another one, 0 if it waits for the next free server.

    Returns
    -------
    S
        Finite as long as the servers hold the urgent requests, whatever becomes of the others.

    References
    ----------
    cobham-1954, kella-yechiali-1985

    Examples
    --------
    >>> round(float(urgent_wait(0.5, 1.0, 1.0, 1.0, 0.4, 0.0)), 6)
    0.625
    """
    with np.errstate(all="ignore"):
        alone = mgc_wait_mean(share * arrival, service, scv, servers)
        first = service * arrival / servers * share
        ahead = np.where(first < 1.0, _residual(arrival, service, scv, servers), np.inf)
        ahead = ahead / np.maximum(1.0 - first, 1e-300)
        return np.where(np.greater(interrupts, 0.0), alone, ahead)[()]


def others_wait(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, interrupts: Pure
) -> S:
    r"""Mean time that requests which are not urgent lose, waiting or interrupted.

    .. math:: W_2=\frac{W}{1-p\rho}, \qquad\text{or}\quad
              W_2=\frac{W+p\rho\,s}{1-p\rho}\ \text{if they are interrupted}\ (c=1)

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts
        As for :func:`urgent_wait`.

    Notes
    -----
    Several servers with interruption: what interruptions add is that of exponential work, by the
    conservation of the number inside.

    References
    ----------
    cobham-1954, takacs-1964

    Examples
    --------
    >>> round(float(others_wait(0.5, 1.0, 1.0, 1.0, 0.4, 0.0)), 6)
    1.25
    >>> round(float(others_wait(0.5, 1.0, 1.0, 1.0, 0.4, 1.0)), 6)
    1.5
    """
    with np.errstate(all="ignore"):
        wait = mgc_wait_mean(arrival, service, scv, servers)
        first = service * arrival / servers * share
        behind = np.where(np.isinf(wait), np.inf, wait / np.maximum(1.0 - first, 1e-300))
        lost = interruptions(arrival, service, servers, share)
        return np.where(np.greater(interrupts, 0.0), behind + lost, behind)[()]


def class_latency(
    device: S,
    uplink: S,
    uplink_fixed: S,
    edge: S,
    edge_wait: S,
    remote: Frac,
    backhaul: S,
    backhaul_fixed: S,
    cloud: S,
    cloud_wait: S,
    onward: Frac,
) -> S:
    r"""Mean latency of one class: what it waits at the tiers, and what all requests take.

    .. math:: T_k = T_D + \phi\left(T_u + d_u + S_E + W_{E,k}
        + \psi\,(T_b + d_b + S_C + W_{C,k})\right)

    Parameters
    ----------
    device, uplink, backhaul
        Times there, the same for all requests [s].
    uplink_fixed, backhaul_fixed
        Delays that load does not change [s].
    edge, cloud
        Services of the tiers [s].
    edge_wait, cloud_wait
        What the class waits there [s].
    remote, onward
        Share of requests that leaves the device, and share of those that goes on to the cloud.

    References
    ----------
    cobham-1954

    Examples
    --------
    >>> class_latency(1.0, 0.5, 0.0, 0.25, 0.25, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    2.0
    """
    beyond = backhaul + backhaul_fixed + cloud + cloud_wait
    return device + remote * (uplink + uplink_fixed + edge + edge_wait + onward * beyond)


def interruptions(arrival: PerS, service: S, servers: Count, share: Frac) -> S:
    """Mean time that interruptions add to one of the others, beyond a longer wait.

    Parameters
    ----------
    arrival, service, servers, share
        As for :func:`urgent_wait`.

    References
    ----------
    takacs-1964

    Examples
    --------
    >>> round(float(interruptions(0.5, 1.0, 1.0, 0.4)), 6)
    0.25
    """
    urgent = np.minimum(share, _ALMOST_ALL)
    first = arrival * service / servers * urgent
    single = service * first / (1.0 - first)
    queued = mgc_wait_mean(arrival, service, 1.0, servers)
    alone = mgc_wait_mean(urgent * arrival, service, 1.0, servers)
    many = (queued - urgent * alone) / (1.0 - urgent) - queued / (1.0 - first)
    return np.where(np.equal(servers, 1.0), single, np.maximum(many, 0.0))


def _residual(arrival: PerS, service: S, scv: Pure, servers: Count) -> S:
    """Mean time until a server becomes free for the next who waits, 0 if one is free."""
    most = np.minimum(arrival, _ALMOST_FULL * np.divide(servers, service))
    wait = mgc_wait_mean(most, service, scv, servers)
    return wait * (1.0 - most * service / servers)
