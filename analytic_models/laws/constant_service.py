"""M/D/c: Poisson arrivals, constant service, exact distribution of the wait.

The wait of constant services has kinks at multiples of the service time, which a numerical
inversion rounds off; this sum of positive terms does not.
"""

from __future__ import annotations

__all__ = ["ConstantServiceWait", "constant_service_wait"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.late import special

Real = NDArray[np.float64]

_STATES = 4096
_EDGE_MASS = 1e-14
_BISECTIONS = 80


@dataclass(frozen=True)
class ConstantServiceWait:
    """Law of the wait in M/D/c.

    Parameters
    ----------
    arrival_per_s, service_s, servers
        The queue.
    mean_s
        Mean wait; infinite where unstable or too near to full load for the chain.
    queued
        Probability of at most n requests waiting, n = 0, 1, ...
    """

    arrival_per_s: float
    service_s: float
    servers: int
    mean_s: float
    queued: Real

    def exceedance(self, threshold: float) -> float:
        r"""Probability that a request waits longer than ``threshold``.

        .. math:: P(W\le t)=\sum_{j=0}^{kc-1}Q_{kc-1-j}\,e^{-u}\frac{u^j}{j!}, \quad u=\lambda(kD-t)
        """
        if not np.isfinite(self.mean_s):
            return 1.0
        rounds = int(np.floor(threshold / self.service_s)) + 1
        ahead = self.arrival_per_s * (rounds * self.service_s - threshold)
        count = np.arange(rounds * self.servers, dtype=float)
        chance = np.exp(special.xlogy(count, ahead) - ahead - special.gammaln(count + 1.0))
        index = rounds * self.servers - 1 - np.arange(rounds * self.servers)
        # Summing what is missing to 1 keeps the digits of a small probability.
        missing = np.where(
            index < len(self.queued),
            1.0 - self.queued[np.minimum(index, len(self.queued) - 1)],
            0.0,
        )
        tail = float(special.gammainc(float(rounds * self.servers), ahead))
        return float((chance * missing).sum()) + tail

    def quantile(self, level: float) -> float:
        """Wait that a share ``level`` of the requests does not exceed."""
        if not np.isfinite(self.mean_s):
            return float("inf")
        low, high = 0.0, self.service_s
        if self.exceedance(0.0) <= 1.0 - level:
            return 0.0
        while self.exceedance(high) > 1.0 - level:
            high *= 2.0
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            if self.exceedance(middle) > 1.0 - level:
                low = middle
            else:
                high = middle
        return high


def constant_service_wait(
    arrival_per_s: float, service_s: float, servers: int
) -> ConstantServiceWait:
    """Solve M/D/c: the number in the system one service time later, then the wait.

    Parameters
    ----------
    arrival_per_s, service_s, servers
        Arrival rate, constant service time, number of servers.

    Returns
    -------
    ConstantServiceWait
        Exact law of the wait.

    References
    ----------
    Crommelin (1932). Delay probability formulae when the holding times are constant. Post Office
    Electrical Engineers Journal 25. Franx (2001). A simple solution for the M/D/c waiting time
    distribution. Operations Research Letters 29(5).

    Examples
    --------
    >>> round(constant_service_wait(0.8, 1.0, 1).quantile(0.99), 9)
    10.355886792
    """
    offered = arrival_per_s * service_s
    edge = max(64, 4 * servers)
    while offered < servers and edge <= _STATES:
        jobs = _stationary(offered, servers, edge)
        if jobs[-servers - edge // 16 :].sum() < _EDGE_MASS:
            queue = np.arange(edge, dtype=float) - servers
            mean = float((np.maximum(queue, 0.0) * jobs).sum()) / arrival_per_s
            queued = np.minimum(np.cumsum(jobs)[servers:], 1.0)
            return ConstantServiceWait(arrival_per_s, service_s, servers, mean, queued)
        edge *= 2
    return ConstantServiceWait(arrival_per_s, service_s, servers, float("inf"), np.zeros(0))


def _stationary(offered: float, servers: int, states: int) -> Real:
    """Solve for the number in the system: who was in service leaves, others arrive."""
    jobs = np.arange(states)
    left = np.maximum(jobs - servers, 0)
    arrived = np.exp(special.xlogy(jobs, offered) - offered - special.gammaln(jobs + 1.0))
    chain = np.zeros((states, states))
    for row, start in enumerate(left):
        chain[row, start:] = arrived[: states - start]
        chain[row, -1] += max(0.0, 1.0 - chain[row].sum())
    balance = chain.T - np.eye(states)
    balance[0] = 1.0
    right = np.zeros(states)
    right[0] = 1.0
    solved: Real = np.maximum(np.linalg.solve(balance, right), 0.0)
    return solved
