"""Exponential queues with several servers: exact distributions, finite buffers, impatience."""

from __future__ import annotations

__all__ = [
    "erlang_a_abandonment",
    "erlang_a_wait_mean",
    "mmc_sojourn_exceedance",
    "mmc_sojourn_quantile",
    "mmc_wait_exceedance",
    "mmc_wait_quantile",
    "mmck_blocking",
    "mmck_sojourn_mean",
    "servers_for_wait",
]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.erlang import erlang_c
from analytic_models.units import Array, Count, Frac, PerS, S

_NEWTON_STEPS = 60
_PATIENCE_DEPTH = 2000


def mmc_wait_exceedance(arrival: PerS, service: S, servers: Count, threshold: S) -> Frac:
    r"""Probability that the wait in M/M/c exceeds a threshold.

    .. math:: P(W>t) = C e^{-\theta t}, \qquad \theta = c/s - \lambda

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    threshold
        Time t, zero or more.

    Returns
    -------
    Frac
        Exact probability; 1 where unstable.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(mmc_wait_exceedance(0.5, 1.0, 1.0, 0.0)), 12)
    0.5
    """
    waiting, drain = _drain(arrival, service, servers)
    return waiting * np.exp(-drain * threshold)


def mmc_wait_quantile(arrival: PerS, service: S, servers: Count, level: Frac) -> S:
    r"""Percentile of the wait in M/M/c: :math:`\max(0, \ln(C/(1-q))/\theta)`.

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    level
        Probability q below the percentile.

    Returns
    -------
    S
        Exact percentile; ``inf`` where unstable, 0 where enough requests do not wait.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(mmc_wait_quantile(45.0, 1.0, 50.0, 0.95)), 9)
    0.39695169
    """
    waiting, drain = _drain(arrival, service, servers)
    with np.errstate(all="ignore"):
        value = np.log(waiting / np.subtract(1.0, level)) / drain
        return np.where(np.greater(drain, 0.0), np.maximum(value, 0.0), np.inf)[()]


def mmc_sojourn_exceedance(arrival: PerS, service: S, servers: Count, threshold: S) -> Frac:
    r"""Probability that wait plus service in M/M/c exceeds a threshold.

    .. math:: P(T>t) = e^{-\mu t} + C\mu\,\frac{e^{-\mu t}-e^{-\theta t}}{\theta-\mu}

    evaluated without cancellation where the two rates are close.

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    threshold
        Time t, zero or more.

    Returns
    -------
    Frac
        Exact probability; 1 where unstable.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(mmc_sojourn_exceedance(0.5, 1.0, 1.0, 2.0)), 12)
    0.367879441171
    """
    waiting, drain = _drain(arrival, service, servers)
    rate = np.reciprocal(np.asarray(service, dtype=float))
    with np.errstate(all="ignore"):
        above, _ = _sojourn_tail(waiting, drain, rate, np.asarray(threshold, dtype=float))
        return np.where(np.greater(drain, 0.0), above, 1.0)[()]


def mmc_sojourn_quantile(arrival: PerS, service: S, servers: Count, level: Frac) -> S:
    """Percentile of wait plus service in M/M/c, to machine accuracy.

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    level
        Probability below the percentile.

    Returns
    -------
    S
        Percentile; ``inf`` where unstable.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(mmc_sojourn_quantile(10.0, 1 / 3.2, 4.0, 0.99)), 9)
    2.030989253
    """
    waiting, drain = _drain(arrival, service, servers)
    rate = np.reciprocal(np.asarray(service, dtype=float))
    miss = np.subtract(1.0, level)
    with np.errstate(all="ignore"):
        # The service alone is a lower bound; its two slowest rates together an upper one.
        low = -np.log(miss) / rate
        high = low + np.maximum(np.log(1.0 / miss), 1.0) * 2.0 / np.minimum(drain, rate)
        high = high + 2.0 / np.minimum(drain, rate)
        time = low
        for _ in range(_NEWTON_STEPS):
            above, density = _sojourn_tail(waiting, drain, rate, time)
            low = np.where(above > miss, time, low)
            high = np.where(above > miss, high, time)
            following = time + above / density * np.log(above / miss)
            outside = ~((following >= low) & (following <= high))
            following = np.where(outside, 0.5 * (low + high), following)
            done = np.abs(following - time) <= 1e-15 * following
            time = following
            if np.all(done | ~np.greater(drain, 0.0)):
                break
        return np.where(np.greater(drain, 0.0), time, np.where(np.isnan(drain), np.nan, np.inf))[()]


def mmck_blocking(arrival: PerS, service: S, servers: Count, places: Count) -> Frac:
    """Probability that a request is lost in M/M/c/K.

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    places
        Requests that fit into the system, those in service included; K >= c.

    Returns
    -------
    Frac
        Exact for every load, 1 and above included.

    References
    ----------
    Gross, Shortle, Thompson and Harris (2008). Fundamentals of Queueing Theory, section 2.5.

    Examples
    --------
    >>> round(float(mmck_blocking(0.8, 1.0, 1.0, 5.0)), 12)
    0.088819498656
    """
    weights, _, full = _finite_buffer(arrival, service, servers, places)
    blocked: Array = np.take_along_axis(weights, full[np.newaxis], axis=0)[0]
    return blocked


def mmck_sojourn_mean(arrival: PerS, service: S, servers: Count, places: Count) -> S:
    """Mean sojourn of the requests that M/M/c/K accepts.

    Parameters
    ----------
    arrival, service, servers, places
        As for :func:`mmck_blocking`.

    Returns
    -------
    S
        Mean number in the system over the accepted rate (Little's law).

    References
    ----------
    Gross, Shortle, Thompson and Harris (2008). Fundamentals of Queueing Theory, section 2.5.

    Examples
    --------
    >>> round(float(mmck_sojourn_mean(0.8, 1.0, 1.0, 5.0)), 12)
    2.563065207044
    """
    weights, jobs, full = _finite_buffer(arrival, service, servers, places)
    blocked = np.take_along_axis(weights, full[np.newaxis], axis=0)[0]
    with np.errstate(all="ignore"):
        mean: Array = (weights * jobs).sum(axis=0) / (arrival * (1.0 - blocked))
        return mean


def erlang_a_wait_mean(arrival: PerS, service: S, servers: Count, patience: S) -> S:
    """Mean time in queue of all requests in M/M/c with exponential patience (Erlang A).

    Parameters
    ----------
    arrival, service, servers
        Arrival rate, mean service time, number of servers.
    patience
        Mean time after which a waiting request gives up.

    Returns
    -------
    S
        Exact mean over served and abandoned requests; every load is stable.

    References
    ----------
    Palm (1957). Research on telephone traffic carried by full availability groups. Tele 1.

    Examples
    --------
    >>> round(float(erlang_a_wait_mean(10.0, 1.0, 9.0, 2.0)), 10)
    0.3153747459
    """
    arrival, service, servers, patience = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (arrival, service, servers, patience))
    )
    with np.errstate(all="ignore"):
        spare = np.maximum(arrival * service - servers, 0.0) * patience / service
        depth = int(np.max(servers + spare + 20.0 * np.sqrt(servers + spare + 1.0))) + 100
        jobs = np.arange(1, min(depth, _PATIENCE_DEPTH * 100) + 1, dtype=float)
        jobs = jobs.reshape((-1,) + (1,) * arrival.ndim)
        rate = np.minimum(jobs, servers) / service + np.maximum(jobs - servers, 0.0) / patience
        logs = np.cumsum(np.log(arrival / rate), axis=0)
        logs = np.concatenate([np.zeros((1, *arrival.shape)), logs])
        weights = np.exp(logs - logs.max(axis=0))
        queue = np.concatenate([np.zeros_like(rate[:1]), np.maximum(jobs - servers, 0.0)])
        mean: Array = (weights * queue).sum(axis=0) / weights.sum(axis=0) / arrival
        return mean


def erlang_a_abandonment(arrival: PerS, service: S, servers: Count, patience: S) -> Frac:
    """Probability that a request gives up in M/M/c with exponential patience.

    Parameters
    ----------
    arrival, service, servers, patience
        As for :func:`erlang_a_wait_mean`.

    Returns
    -------
    Frac
        Mean time in queue over mean patience.

    References
    ----------
    Palm (1957). Research on telephone traffic carried by full availability groups. Tele 1.

    Examples
    --------
    >>> round(float(erlang_a_abandonment(10.0, 1.0, 9.0, 2.0)), 10)
    0.1576873729
    """
    return erlang_a_wait_mean(arrival, service, servers, patience) / patience


def servers_for_wait(arrival: PerS, service: S, limit: S, miss: Frac) -> Count:
    """Fewest servers with P(wait > limit) at most ``miss`` in M/M/c.

    Parameters
    ----------
    arrival, service
        Arrival rate and mean service time.
    limit
        Wait that should not be exceeded.
    miss
        Share of requests that may exceed it.

    Returns
    -------
    Count
        Exact whole number, found by bisection (the probability falls with every server).

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> float(servers_for_wait(100.0, 1.0, 0.2, 0.1))
    107.0
    """
    offered = np.multiply(arrival, service)
    few = np.floor(offered) + 1.0 + 0.0 * np.add(limit, miss)
    many = few + np.ceil(10.0 * np.sqrt(few)) + 10.0
    while not np.all(mmc_wait_exceedance(arrival, service, many, limit) <= miss):
        many = 2.0 * many
    while np.any(few < many):
        middle = np.floor(0.5 * (few + many))
        enough = mmc_wait_exceedance(arrival, service, middle, limit) <= miss
        few, many = np.where(enough, few, middle + 1.0), np.where(enough, middle, many)
    return many[()]


def _drain(arrival: PerS, service: S, servers: Count) -> tuple[Array, Array]:
    """Probability of waiting, and rate at which the queue empties."""
    offered = np.multiply(arrival, service)
    with np.errstate(all="ignore"):
        drain = np.where(np.less(offered, servers), (servers - offered) / service, 0.0)
        drain = np.where(np.greater_equal(offered, 0.0), drain, np.nan)
    return erlang_c(servers, offered), drain[()]


def _sojourn_tail(waiting: Array, drain: Array, rate: Array, time: Array) -> tuple[Array, Array]:
    """Exceedance and density of wait plus service."""
    gap = np.abs(drain - rate) * time
    mean_decay = np.where(gap < 1e-12, 1.0, -np.expm1(-gap) / np.where(gap < 1e-12, 1.0, gap))
    both = time * np.exp(-np.minimum(drain, rate) * time) * mean_decay
    served = np.exp(-rate * time)
    above = served + waiting * rate * both
    density = rate * served - waiting * rate * (np.exp(-drain * time) - rate * both)
    return above, density


def _finite_buffer(
    arrival: PerS, service: S, servers: Count, places: Count
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Steady state of M/M/c/K along the first axis, numbers of jobs, index of the full state."""
    offered, c, k = np.broadcast_arrays(
        np.multiply(arrival, service), np.asarray(servers, float), np.asarray(places, float)
    )
    jobs = np.arange(0, int(k.max(initial=0.0)) + 1, dtype=float)
    jobs = jobs.reshape((-1,) + (1,) * offered.ndim)
    with np.errstate(all="ignore"):
        steps = np.log(offered / np.minimum(np.maximum(jobs, 1.0), c))
        steps[0] = 0.0
        logs = np.where(jobs <= k, np.cumsum(steps, axis=0), -np.inf)
        weights = np.exp(logs - logs.max(axis=0))
        return weights / weights.sum(axis=0), jobs, k.astype(np.int64)
