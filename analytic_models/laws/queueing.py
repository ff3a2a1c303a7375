"""Open queues with Poisson arrivals: means and the two next cumulants of wait and sojourn.

Cumulants of independent stations add, so a chain is summarised by three sums. Every law returns
``inf`` where the queue is unstable and ``nan`` where an input is negative. First come, first
served unless the name says ``ps`` (processor sharing).
"""

from __future__ import annotations

__all__ = [
    "mgc_wait_mean",
    "mgc_wait_skew",
    "mgc_wait_variance",
    "ps_sojourn_mean",
    "ps_sojourn_skew",
    "ps_sojourn_variance",
    "service_skew",
    "service_variance",
    "utilisation",
]

import numpy as np

from analytic_models.laws.choice import choose, every, some
from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.whitt import waiters_spread, whitt_mgc_factor
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S


def utilisation(arrival: PerS, service: S, servers: Count) -> Frac:
    r"""Fraction of time that a server is busy, :math:`\rho = \lambda s / c`.

    Parameters
    ----------
    arrival
        Arrival rate of the station.
    service
        Mean service time of one request on one server.
    servers
        Number of parallel servers.

    Returns
    -------
    Frac
        Offered utilisation; 1 or more means that no steady state exists.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 2.1.

    Examples
    --------
    >>> utilisation(10.0, 0.2, 4.0)
    0.5
    """
    # Numbers first: a batch shares its arrivals and servers.
    return service * (arrival / servers)


def service_variance(service: S, scv: Pure) -> S2:
    r"""Variance of a service time from its mean and squared coefficient of variation.

    Parameters
    ----------
    service
        Mean service time.
    scv
        Variance over squared mean: 0 constant, 1 exponential.

    Returns
    -------
    S2
        :math:`c_s^2 s^2`.

    References
    ----------
    Definition of the squared coefficient of variation.

    Examples
    --------
    >>> service_variance(2.0, 0.5)
    2.0
    """
    return scv * service * service


def service_skew(service: S, scv: Pure) -> S3:
    r"""Third cumulant of a gamma service time, :math:`2 c_s^4 s^3`.

    The gamma law interpolates between constant (0), Erlang-k (1/k) and exponential (1) service.

    Parameters
    ----------
    service
        Mean service time.
    scv
        Squared coefficient of variation.

    Returns
    -------
    S3
        Third cumulant (third central moment).

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994). Continuous Univariate Distributions, Volume 1, ch. 17.

    Examples
    --------
    >>> service_skew(1.0, 1.0)
    2.0
    """
    return 2.0 * scv * scv * service * service * service


def mgc_wait_mean(
    arrival: PerS, service: S, scv: Pure, servers: Count, waiting: Frac | None = None
) -> S:
    r"""Mean wait before service in M/G/c, first come first served.

    .. math:: W = \varphi\,\frac{1+c_s^2}{2}\,\frac{C(c,a)\,s}{c-a}

    One server: :math:`\varphi=1`, which is exactly Pollaczek-Khinchine. Several: Whitt's 1993
    factor; exact M/M/c at :math:`c_s^2=1`, measured error of the mean sojourn 0.4 % on average
    and 3.7 % at most over 1 to 16 servers. Stable for :math:`a=\lambda s<c`.

    Parameters
    ----------
    arrival
        Arrival rate.
    service
        Mean service time.
    scv
        Squared coefficient of variation of the service time.
    servers
        Number of servers.
    waiting
        Erlang C probability where it is already known; computed when absent.

    Returns
    -------
    S
        Mean wait; ``inf`` where unstable.

    References
    ----------
    Pollaczek (1930); Khinchine (1932). Whitt (1993). Approximations for the GI/G/m queue.
    Production and Operations Management 2(2).

    Examples
    --------
    >>> round(float(mgc_wait_mean(0.8, 1.0, 0.0, 1.0)), 12)
    2.0
    """
    offered = np.multiply(arrival, service)
    probability, scale = _wait_tail(offered, service, scv, servers, waiting)
    with np.errstate(invalid="ignore"):
        return _unstable(probability * scale, offered, servers)


def mgc_wait_variance(
    arrival: PerS, service: S, scv: Pure, servers: Count, waiting: Frac | None = None
) -> S2:
    r"""Variance of the wait in M/G/c, first come first served.

    One server: Takács' recursion with gamma service moments, exact:
    :math:`\kappa_2 = W^2 + f b_3/3`, :math:`f=\lambda/(1-\rho)`. Several servers: a wait of zero
    with probability :math:`1-C`, else gamma with the mean that matches W and the spread of
    :func:`~analytic_models.laws.whitt.waiters_spread`; exact M/M/c at :math:`c_s^2=1`.

    Parameters
    ----------
    arrival, service, scv, servers, waiting
        As for :func:`mgc_wait_mean`.

    Returns
    -------
    S2
        Variance; ``inf`` where unstable.

    References
    ----------
    Takács (1962). A single-server queue with Poisson input. Operations Research 10(3).
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(mgc_wait_variance(0.5, 1.0, 1.0, 1.0)), 12)
    3.0
    """
    offered = np.multiply(arrival, service)
    only, never = _single(servers)
    many: Array = 0.0
    if not only:
        probability, scale = _wait_tail(offered, service, scv, servers, waiting)
        with np.errstate(invalid="ignore"):
            spread = waiters_spread(offered / servers, scv)
            many = probability * (1.0 + spread - probability) * scale * scale
    if not never:
        first, second, _ = _residual_terms(offered, service, scv)
        one = first * first + second
        many = one if only else choose(np.equal(servers, 1.0), one, many)
    return _unstable(many, offered, servers)


def mgc_wait_skew(
    arrival: PerS, service: S, scv: Pure, servers: Count, waiting: Frac | None = None
) -> S3:
    r"""Third cumulant of the wait in M/G/c, first come first served.

    One server, exact: :math:`\kappa_3 = f b_4/4 + 3 W f b_3/3 + 2 W^3`. Several servers: atom and
    gamma as in :func:`mgc_wait_variance`; M/M/c: :math:`\kappa_3 = C(6-6C+2C^2)/\theta^3`.

    Parameters
    ----------
    arrival, service, scv, servers, waiting
        As for :func:`mgc_wait_mean`.

    Returns
    -------
    S3
        Third cumulant; ``inf`` where unstable.

    References
    ----------
    Takács (1962). A single-server queue with Poisson input. Operations Research 10(3).

    Examples
    --------
    >>> round(float(mgc_wait_skew(0.5, 1.0, 1.0, 1.0)), 12)
    14.0
    """
    offered = np.multiply(arrival, service)
    only, never = _single(servers)
    many: Array = 0.0
    if not only:
        probability, scale = _wait_tail(offered, service, scv, servers, waiting)
        with np.errstate(invalid="ignore"):
            second = 1.0 + waiters_spread(offered / servers, scv)
            third = second * (2.0 * second - 1.0)
            polynomial = third + probability * (2.0 * probability - 3.0 * second)
            many = probability * polynomial * scale * scale * scale
    if not never:
        first, second, third = _residual_terms(offered, service, scv)
        one = third + first * (3.0 * second + 2.0 * first * first)
        many = one if only else choose(np.equal(servers, 1.0), one, many)
    return _unstable(many, offered, servers)


def ps_sojourn_mean(arrival: PerS, service: S, servers: Count) -> S:
    r"""Mean sojourn in M/G/c processor sharing, each job at speed :math:`\min(1, c/n)`.

    .. math:: T = s\left(1 + \frac{C(c,a)}{c-a}\right)

    Exact and insensitive to the service law (a symmetric queue). One server: s/(1-rho).

    Parameters
    ----------
    arrival
        Arrival rate.
    service
        Mean service time on one idle server.
    servers
        Number of jobs that run at full speed.

    Returns
    -------
    S
        Mean sojourn; ``inf`` where unstable.

    References
    ----------
    Kelly (1979). Reversibility and Stochastic Networks, section 3.3. Coffman, Muntz and Trotter
    (1970). Waiting time distributions for processor-sharing systems. JACM 17(1).

    Examples
    --------
    >>> float(ps_sojourn_mean(0.8, 1.0, 1.0)) == 1.0 / (1.0 - 0.8)
    True
    """
    offered = np.multiply(arrival, service)
    with np.errstate(all="ignore"):
        if _single(servers)[0]:
            return _unstable(service / (1.0 - offered), offered, servers)
        slow = service * (1.0 + erlang_c(servers, offered) / (servers - offered))
        return _unstable(slow, offered, servers)


def ps_sojourn_variance(arrival: PerS, service: S, servers: Count) -> S2:
    r"""Variance of the sojourn under processor sharing.

    .. math:: \kappa_2 = T^2\,\frac{2+r}{2-r}, \qquad r = 1 - s/T

    One server with exponential sizes: exact, r is the utilisation. Several servers: the same
    expression at the r that gives the exact mean slowdown T/s, measured within 5.8 % of the exact
    chain for 2 to 16 servers at loads 0.1 to 0.95. Other size laws: the variance is not
    insensitive; this is the exponential one.

    Parameters
    ----------
    arrival, service, servers
        As for :func:`ps_sojourn_mean`.

    Returns
    -------
    S2
        Variance; ``inf`` where unstable.

    References
    ----------
    Coffman, Muntz and Trotter (1970). Waiting time distributions for processor-sharing systems.
    JACM 17(1).

    Examples
    --------
    >>> round(float(ps_sojourn_variance(0.5, 1.0, 1.0)), 12)
    6.666666666667
    """
    mean = ps_sojourn_mean(arrival, service, servers)
    with np.errstate(all="ignore"):
        slow = 1.0 - service / mean
        return choose(np.isinf(mean), np.inf, mean * mean * (2.0 + slow) / (2.0 - slow))


def ps_sojourn_skew(arrival: PerS, service: S, servers: Count) -> S3:
    r"""Third cumulant of the sojourn under processor sharing.

    .. math:: \kappa_3 = T^3\,\frac{2(4+8r+r^2)}{(2-r)^2}, \qquad r = 1 - s/T

    One server with exponential sizes: exact; it follows from the moments of the tagged job, which
    are polynomials in the number of jobs that it meets. Several servers as in
    :func:`ps_sojourn_variance`, measured within 18 % of the exact chain.

    Parameters
    ----------
    arrival, service, servers
        As for :func:`ps_sojourn_mean`.

    Returns
    -------
    S3
        Third cumulant; ``inf`` where unstable.

    References
    ----------
    Coffman, Muntz and Trotter (1970). Waiting time distributions for processor-sharing systems.
    JACM 17(1). The third cumulant is derived from their tagged-job equations.

    Examples
    --------
    >>> round(float(ps_sojourn_skew(0.5, 1.0, 1.0)), 12)
    58.666666666667
    """
    mean = ps_sojourn_mean(arrival, service, servers)
    with np.errstate(all="ignore"):
        slow = 1.0 - service / mean
        shape = 2.0 * (4.0 + slow * (8.0 + slow)) / ((2.0 - slow) * (2.0 - slow))
        return choose(np.isinf(mean), np.inf, mean * mean * mean * shape)


def _single(servers: Count) -> tuple[bool, bool]:
    """Whether every station has one server, and whether none has."""
    if isinstance(servers, float):
        return servers == 1.0, servers != 1.0
    ones = np.equal(servers, 1.0)
    return every(ones), not some(ones)


def _wait_tail(
    offered: Array, service: S, scv: Pure, servers: Count, waiting: Frac | None
) -> tuple[Array, Array]:
    """Probability of waiting, and mean wait of those who wait."""
    only, never = _single(servers)
    with np.errstate(all="ignore"):
        scale = service * ((1.0 + scv) * 0.5) / (servers - offered)
        if not only:
            factor = whitt_mgc_factor(offered / servers, scv, servers)
            scale = scale * (factor if never else choose(np.equal(servers, 1.0), 1.0, factor))
        probability = erlang_c(servers, offered) if waiting is None else waiting
    return probability, scale


def _residual_terms(offered: Array, service: S, scv: Pure) -> tuple[Array, Array, Array]:
    """Terms f b2/2, f b3/3, f b4/4 of the one-server wait with gamma service, f = lam/(1-rho)."""
    with np.errstate(all="ignore"):
        first = offered / (1.0 - offered) * service * ((1.0 + scv) * 0.5)
        second = first * service * ((1.0 + 2.0 * scv) * (2.0 / 3.0))
        third = second * service * ((1.0 + 3.0 * scv) * 0.75)
    return first, second, third


def _unstable(value: Array, offered: Array, servers: Count) -> Array:
    """Infinite at and above full load, not a number for a negative load."""
    if isinstance(offered, float) and isinstance(servers, float) and 0.0 <= offered < servers:
        return value
    full = np.greater_equal(offered, servers)
    negative = np.less(offered, 0.0)
    if not some(full) and not some(negative):
        return value
    return choose(negative, np.nan, choose(full, np.inf, value))
