"""Open networks: routing, retries, forks, and the split of capacity among stations."""

from __future__ import annotations

__all__ = [
    "capacity_split",
    "capacity_split_sojourn_mean",
    "fork_join_sojourn_bound",
    "fork_join_sojourn_mean",
    "jackson_sojourn_mean",
    "retrial_sojourn_mean",
    "retry_sojourn_mean",
    "traffic_per_s",
]

import math

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.units import Array, Count, Frac, PerS, S

Real = NDArray[np.float64]

# From here on the alternating sum of the interpolation loses digits.
_INTERPOLATED_BRANCHES = 16


def traffic_per_s(external: PerS, routing: Frac) -> PerS:
    r"""Arrival rate of every station from the traffic equations :math:`x = \gamma + P^T x`.

    Parameters
    ----------
    external
        Rates from outside, stations along the last axis.
    routing
        Probability of going from station i (row) to j (column); what is missing to 1 leaves.

    Returns
    -------
    PerS
        Total rate of each station; ``nan`` where requests can never leave.

    References
    ----------
    Jackson (1957). Networks of waiting lines. Operations Research 5(4).

    Examples
    --------
    >>> traffic_per_s(np.array([1.0, 0.0]), np.array([[0.0, 0.5], [0.0, 0.0]])).tolist()
    [1.0, 0.5]
    """
    gamma = np.asarray(external, dtype=float)
    moves = np.swapaxes(np.asarray(routing, dtype=float), -1, -2)
    size = moves.shape[-1]
    try:
        return np.linalg.solve(np.eye(size) - moves, gamma[..., np.newaxis])[..., 0]
    except np.linalg.LinAlgError:
        return np.full(np.broadcast_shapes(gamma.shape, moves.shape[:-1]), np.nan)


def jackson_sojourn_mean(external: PerS, routing: Frac, service: S, servers: Count) -> S:
    """Mean total time in a Jackson network per request from outside.

    Parameters
    ----------
    external, routing
        As for :func:`traffic_per_s`.
    service, servers
        Mean service time per visit and number of servers of each station.

    Returns
    -------
    S
        Mean over all requests and all their visits, exact; ``inf`` where a station is unstable.

    References
    ----------
    Jackson (1963). Jobshop-like queueing systems. Management Science 10(1).

    Examples
    --------
    >>> float(jackson_sojourn_mean(np.array([0.5]), np.zeros((1, 1)), np.ones(1), np.ones(1)))
    2.0
    """
    rates = np.asarray(traffic_per_s(external, routing))
    sojourn = mgc_wait_mean(rates, service, 1.0, servers) + np.asarray(service)
    present = np.where(rates > 0.0, rates * sojourn, 0.0)
    mean: Array = present.sum(axis=-1) / np.asarray(external, dtype=float).sum(axis=-1)
    return mean


def retry_sojourn_mean(arrival: PerS, service: S, retry: Frac) -> S:
    r"""Mean sojourn in M/M/1 when a failed request rejoins the tail of the queue.

    .. math:: T = \frac{1}{\mu(1-p)-\lambda}

    Parameters
    ----------
    arrival, service
        Arrival rate of new requests, mean time of one attempt.
    retry
        Probability p that an attempt fails.

    Returns
    -------
    S
        Exact mean over all attempts; ``inf`` where unstable. An exponential law with this mean
        is 11 to 13 % too short at the 99th percentile, since the passes of a request are alike.

    References
    ----------
    Takács (1963). A single-server queue with feedback. Bell System Technical Journal 42(2).

    Examples
    --------
    >>> round(float(retry_sojourn_mean(0.5, 1.0, 0.2)), 9)
    3.333333333
    """
    with np.errstate(divide="ignore"):
        spare = np.subtract(1.0, retry) / service - arrival
        return np.where(np.greater(spare, 0.0), 1.0 / spare, np.inf)[()]


def retrial_sojourn_mean(arrival: PerS, service: S, pause: S) -> S:
    r"""Mean sojourn in M/M/1 when a blocked request calls again after an exponential pause.

    .. math:: T = \frac{s + \rho z}{1-\rho}

    Parameters
    ----------
    arrival, service
        Arrival rate and mean service time.
    pause
        Mean pause z between the calls of one blocked request.

    Returns
    -------
    S
        Exact mean from the first call to the end of service; ``inf`` where unstable.

    References
    ----------
    Falin and Templeton (1997). Retrial Queues, section 1.2.

    Examples
    --------
    >>> float(retrial_sojourn_mean(0.5, 1.0, 2.0))
    4.0
    """
    load = np.multiply(arrival, service)
    with np.errstate(divide="ignore"):
        return np.where(np.less(load, 1.0), (service + load * pause) / (1.0 - load), np.inf)[()]


def fork_join_sojourn_mean(arrival: PerS, service: S, branches: int) -> S:
    r"""Mean time until the last of k parallel parts of a request is done, M/M/1 branches.

    .. math:: T = \frac{H_k+(V_k-H_k)\rho}{\mu-\lambda}, \quad
              V_k=\sum_{r=1}^{k}\binom kr(-1)^{r-1}\sum_{m=1}^{r}\binom rm\frac{(m-1)!}{r^{m+1}}

    Exact for one and two branches. Above 16 branches the scaling of Nelson and Tantawi.

    Parameters
    ----------
    arrival, service
        Arrival rate, mean service time of one part.
    branches
        Number k of equal branches.

    Returns
    -------
    S
        Mean sojourn; measured within 1.2 % for up to 4 branches; ``inf`` where unstable.

    References
    ----------
    Varma and Makowski (1994). Interpolation approximations for symmetric fork-join queues.
    Performance Evaluation 20. Nelson and Tantawi (1988). Approximate analysis of fork/join
    synchronization in parallel queues. IEEE Transactions on Computers 37(6).

    Examples
    --------
    >>> round(float(fork_join_sojourn_mean(0.6, 1.0, 2)), 9)
    3.5625
    """
    load = np.multiply(arrival, service)
    harmonic = sum(1.0 / j for j in range(1, branches + 1))
    with np.errstate(all="ignore"):
        alone = service / (1.0 - load)
        if branches <= _INTERPOLATED_BRANCHES:
            value = (harmonic + (_heavy_traffic(branches) - harmonic) * load) * alone
        else:
            ratio = harmonic / 1.5
            scaled = ratio + (4.0 / 11.0) * (1.0 - ratio) * load
            value = scaled * (12.0 - load) / 8.0 * alone
        return np.where(np.less(load, 1.0), value, np.inf)[()]


def fork_join_sojourn_bound(arrival: PerS, service: S, branches: Count, level: Frac) -> S:
    r"""Upper bound on a percentile of a fork-join request: independent M/M/1 branches.

    .. math:: t_q = -\frac{\ln(1-q^{1/k})}{\mu-\lambda}

    Parameters
    ----------
    arrival, service, branches
        As for :func:`fork_join_sojourn_mean`.
    level
        Probability below the percentile.

    Returns
    -------
    S
        Bound by association of the branches, measured within 5 % of simulation.

    References
    ----------
    Baccelli, Makowski and Shwartz (1989). The fork-join queue and related systems with
    synchronization constraints. Advances in Applied Probability 21(3).

    Examples
    --------
    >>> round(float(fork_join_sojourn_bound(0.0, 1.0, 1.0, 0.99)), 5)
    4.60517
    """
    load = np.multiply(arrival, service)
    with np.errstate(all="ignore"):
        each = -np.log(-np.expm1(np.log(level) / branches))
        return np.where(np.less(load, 1.0), each * service / (1.0 - load), np.inf)[()]


def capacity_split(arrival: PerS, total: PerS) -> PerS:
    r"""Split a total service rate among M/M/1 stations so that the mean sojourn is least.

    .. math:: \mu_i = \lambda_i+\frac{\sqrt{\lambda_i}}{\sum_j\sqrt{\lambda_j}}
              \left(C-\sum_j\lambda_j\right)

    Parameters
    ----------
    arrival
        Arrival rates, stations along the last axis.
    total
        Total service rate C, without the station axis.

    Returns
    -------
    PerS
        Service rate of each station; ``nan`` where the total does not carry the load.

    References
    ----------
    Kleinrock (1964). Communication Nets: Stochastic Message Flow and Delay, chapter 4.

    Examples
    --------
    >>> capacity_split(np.array([1.0, 4.0]), 8.0).tolist()
    [2.0, 6.0]
    """
    rates = np.asarray(arrival, dtype=float)
    roots = np.sqrt(rates)
    spare = np.asarray(total, dtype=float) - rates.sum(axis=-1)
    spare = np.where(spare > 0.0, spare, np.nan)[..., np.newaxis]
    split: Array = rates + roots / roots.sum(axis=-1, keepdims=True) * spare
    return split


def capacity_split_sojourn_mean(arrival: PerS, total: PerS, external: PerS) -> S:
    r"""Least mean sojourn, that of the best capacity split.

    .. math:: T = \frac{(\sum_i\sqrt{\lambda_i})^2}{\gamma\,(C-\sum_i\lambda_i)}

    Parameters
    ----------
    arrival, total
        As for :func:`capacity_split`.
    external
        Rate of requests into the network; a request may visit several stations.

    Returns
    -------
    S
        Mean total sojourn; ``inf`` where the total does not carry the load.

    References
    ----------
    Kleinrock (1964). Communication Nets: Stochastic Message Flow and Delay, chapter 4.

    Examples
    --------
    >>> round(float(capacity_split_sojourn_mean(np.array([1.0, 2.0, 4.0]), 12.0, 1.0)), 9)
    3.897056275
    """
    rates = np.asarray(arrival, dtype=float)
    spare = np.asarray(total, dtype=float) - rates.sum(axis=-1)
    with np.errstate(divide="ignore"):
        value = np.square(np.sqrt(rates).sum(axis=-1)) / (external * spare)
        return np.where(spare > 0.0, value, np.inf)[()]


def _heavy_traffic(branches: int) -> float:
    """Varma and Makowski's heavy-traffic constant V_k."""
    total = 0.0
    for r in range(1, branches + 1):
        inner = sum(math.comb(r, m) * math.factorial(m - 1) / r ** (m + 1) for m in range(1, r + 1))
        total += math.comb(branches, r) * (-1.0) ** (r - 1) * inner
    return total
