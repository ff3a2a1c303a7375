"""Stations fed by devices that all send at the same moment: a burst, counted request by request.

Sharing doubles the wait of fixed work, as it does for Poisson arrivals: the factor is 2/(1 + scv).
"""

from __future__ import annotations

__all__ = ["burst_skew", "burst_spacing", "burst_variance", "burst_wait", "sharing_factor"]

import numpy as np

from analytic_models.units import S2, S3, Count, Frac, Pure, S


def burst_wait(
    utilisation: Frac,
    service: S,
    scv: Pure,
    servers: Count,
    population: Count,
    share: Frac,
    spacing: S,
    shared: Pure,
) -> S:
    r"""Mean wait in a burst that all devices send together.

    .. math:: W = \frac{n-c}{2}\max\left(\frac{S}{c} - d, 0\right),\quad n = 1+(N-1)\phi

    twice that where the server is shared.

    Parameters
    ----------
    utilisation
        Load; the burst clears before the next one where it is below 1.
    service, scv, servers
        Service of the station.
    population, share
        Devices, and the share of their requests that comes here.
    spacing
        Time d between requests of a burst as it arrives here.
    shared
        1 for processor sharing.

    Notes
    -----
    Exact for fixed services in a chain of single servers: the k-th request leaves after the sum of
    the services plus k - 1 times the longest.

    References
    ----------
    Counting argument: requests leave a busy server one service apart.

    Examples
    --------
    >>> float(burst_wait(0.5, 0.01, 0.0, 1.0, 5.0, 1.0, 0.0, 0.0))
    0.02
    """
    count = 1.0 + (population - 1.0) * share
    lag = np.maximum(service / servers - spacing, 0.0)
    wait = np.maximum(count - servers, 0.0) * 0.5 * lag * sharing_factor(scv, shared)
    return np.where(np.less(utilisation, 1.0), wait, np.inf)[()]


def burst_spacing(spacing: S, service: S, servers: Count, shared: Pure) -> S:
    r"""Time between requests of a burst after a station: :math:`\max(d, S/c)`; 0 where shared.

    Parameters
    ----------
    spacing
        Time between them before it.
    service, servers, shared
        As for :func:`burst_wait`.

    References
    ----------
    Counting argument: requests leave a busy server one service apart.

    Examples
    --------
    >>> float(burst_spacing(0.0, 0.02, 2.0, 0.0))
    0.01
    """
    apart = np.maximum(spacing, service / servers)
    together = np.greater(shared, 0.0) & np.greater(service, 0.0)
    return np.where(together, 0.0, apart)[()]


def burst_variance(
    service: S,
    scv: Pure,
    servers: Count,
    population: Count,
    share: Frac,
    spacing: S,
    shared: Pure,
) -> S2:
    r"""Return what a station adds to the variance of the time of a burst's request.

    .. math:: \frac{n^2-1}{12}\left(\max(d, S/c)^2 - d^2\right) + \left(1+\frac{n-1}{2}\right)
        c_s^2 S^2

    Parameters
    ----------
    service, scv, servers, population, share, spacing, shared
        As for :func:`burst_wait`.

    Notes
    -----
    The place in the burst is the same at all stations: the increments add up to the variance of
    the whole time for fixed services.

    References
    ----------
    Variance of a uniform place in a burst.

    Examples
    --------
    >>> round(float(burst_variance(1.0, 0.0, 1.0, 3.0, 1.0, 0.0, 0.0)), 9)
    0.666666667
    """
    count = 1.0 + (population - 1.0) * share
    after = np.maximum(spacing, service / servers)
    order = (count * count - 1.0) / 12.0 * (after * after - np.square(spacing))
    own = (1.0 + (count - 1.0) * 0.5) * scv * service * service
    return np.where(np.greater(shared, 0.0), 0.0, order) + own


def burst_skew(service: S, scv: Pure) -> S3:
    r"""Third cumulant in a burst, :math:`2c_s^4S^3`: places in a burst are spread evenly.

    Parameters
    ----------
    service, scv
        Service of the station.

    References
    ----------
    Third cumulant of a gamma law; that of a uniform law is zero.

    Examples
    --------
    >>> burst_skew(1.0, 1.0)
    2.0
    """
    return 2.0 * scv * scv * service * service * service


def sharing_factor(scv: Pure, shared: Pure) -> Pure:
    """How many times longer sharing makes a wait: a fixed request waits for those behind it too.

    Parameters
    ----------
    scv
        Squared coefficient of variation of the work.
    shared
        1 for processor sharing.

    Returns
    -------
    Array
        2/(1 + scv) where shared, else 1.

    References
    ----------
    Ratio of the mean waits of M/G/1 processor sharing and first come, first served.

    Examples
    --------
    >>> float(sharing_factor(0.0, 1.0)), float(sharing_factor(0.0, 0.0))
    (2.0, 1.0)
    """
    return np.where(np.greater(shared, 0.0), 2.0 / (1.0 + scv), 1.0)[()]
