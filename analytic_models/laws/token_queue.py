"""Time of an answer at a server that batches continuously: decode steps shared by all inside."""

from __future__ import annotations

__all__ = ["TokenQueue", "token_queue"]

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse, special
from scipy.sparse.linalg import expm_multiply

Floats = NDArray[np.float64]

# States beyond which less than this share of the time is spent are left out.
_RARE = 1e-9
_MOST_STATES = 4000
# Time is cut at this many standard deviations above the mean when a percentile is sought.
_REACH = 40.0
_MOST_TOGETHER = 400


@dataclass(frozen=True, eq=False)
class TokenQueue:
    """Steady state of a decoder with slots: requests inside share each step, others wait in order.

    Parameters
    ----------
    load_frac
        Arrival rate over the largest rate that full slots can serve.
    capacity_per_s
        That largest rate.
    share
        Probability of 0, 1, 2, … requests inside or waiting, shape ``(n,)``; empty if unstable.
    mean_s, variance_s2, skew_s3
        Cumulants of the time of a request that finds 0, 1, 2, … others, shape ``(n,)``.
    active_count
        Mean number of requests in a step, over the time in which there is one.
    wait_mean_s
        Mean wait for a slot.
    """

    load_frac: float
    capacity_per_s: float
    share: Floats
    mean_s: Floats
    variance_s2: Floats
    skew_s3: Floats
    active_count: float
    wait_mean_s: float

    @property
    def sojourn_mean_s(self) -> float:
        """Mean time of an answer; inf where the server cannot keep up."""
        return float(self.share @ self.mean_s) if self.share.size else math.inf

    @cached_property
    def _gamma(self) -> tuple[Floats, Floats, Floats]:
        """Shift, scale and shape of the gamma law of each state with its three cumulants."""
        variance = np.maximum(self.variance_s2, 1e-18 * self.mean_s**2 + 1e-300)
        skew = np.maximum(self.skew_s3, 1e-6 * variance**1.5)
        scale = skew / (2.0 * variance)
        shape = variance / scale**2
        return self.mean_s - shape * scale, scale, shape

    def exceedance(self, threshold: float) -> float:
        """Return the probability that an answer takes longer than a threshold in seconds."""
        if not self.share.size:
            return 1.0
        shift, scale, shape = self._gamma
        age = np.maximum((threshold - shift) / scale, 0.0)
        return float(self.share @ special.gammaincc(shape, age))

    def quantile(self, level: float) -> float:
        """Return the time in seconds that a share ``level`` of the answers does not exceed."""
        if not self.share.size:
            return math.inf
        spread = math.sqrt(
            float(self.share @ (self.variance_s2 + self.mean_s**2)) - self.sojourn_mean_s**2
        )
        high = self.sojourn_mean_s + _REACH * max(spread, 1e-12)
        return float(
            optimize.brentq(lambda t: self.exceedance(t) - (1.0 - level), 0.0, high, xtol=1e-9)
        )


def token_queue(
    arrival: float, tokens: float, steps: Floats, prefill: float, geometric: bool = False
) -> TokenQueue:
    r"""Solve a decoder in which every step gives each request inside one token.

    .. math::
        \pi(n) \propto \prod_{j=1}^{n} \frac{\lambda\,m\,\tau'(\min(j,B))}{\min(j,B)},
        \qquad \tau'(j) = \tau(j) + j\,\frac{p}{m}

    The time of a request adds up over its tokens, along the walk of the number n of others: a step
    takes :math:`\tau(n+1)`, another request ends in it with probability :math:`n/m`, and each
    that comes holds everybody up by p. With :math:`h_k(n)` the k-th moment of what is left after u
    tokens,

    .. math::
        \dot h_k = k\,\tau\,h_{k-1} + \tfrac{n}{m}\,(h_k(n-1) - h_k) + \tfrac{\lambda\tau}
        {1-\lambda p}\left(\sum_j \tbinom{k}{j} p^j h_{k-j}(n+1) - h_k\right)

    for lengths that are all alike; for geometric ones the left side is :math:`h_k / m`.

    Parameters
    ----------
    arrival
        Poisson arrivals [1/s].
    tokens
        Mean tokens m of an answer.
    steps
        Time of a step with 1, 2, … B requests inside [s], shape ``(B,)``.
    prefill
        Time p that reading a prompt holds up all others [s].
    geometric
        Whether the length of answers is geometric; otherwise all are alike.

    Returns
    -------
    TokenQueue
        With empty ``share`` where the load reaches 1.

    Notes
    -----
    The number inside is exact for equal sharing and does not depend on the law of the lengths
    while nobody waits; where answers are all alike, those who wait are half as many. The walk
    takes the ends of others as memoryless. Each state's time is given the gamma law with its three
    cumulants.

    References
    ----------
    Kelly (1979). Reversibility and Stochastic Networks, section 3.3.

    Examples
    --------
    >>> alone = token_queue(1e-9, 100.0, np.array([0.01, 0.012]), 0.2)
    >>> round(alone.sojourn_mean_s, 6), round(alone.quantile(0.99), 3)
    (1.2, 1.2)
    """
    slots = len(steps)
    sizes = np.arange(1.0, slots + 1.0)
    steps = np.asarray(steps, dtype=float)
    leave = sizes / (tokens * (steps + sizes * (prefill / tokens)))
    capacity = float(leave[-1])
    load = arrival / capacity
    if not load < 1.0:
        nothing = np.zeros(0)
        return TokenQueue(load, capacity, nothing, nothing, nothing, nothing, math.inf, math.inf)
    share = _occupancy(arrival, leave, geometric)
    inside = np.arange(len(share))
    walk = _Walk(arrival, tokens, steps[: min(len(share), slots)], prefill)
    mean, variance, skew = walk.ending() if geometric else walk.ended()
    held = arrival * prefill
    running = steps[np.clip(inside, 1, slots) - 1]
    joins = arrival * running / (1.0 - held)
    length = running + joins * prefill
    square = length**2 + prefill**2 * joins / (1.0 - held**2)
    # Who comes joins at the end of the step that runs, with those who came during it.
    rest = np.where(inside > 0, 0.5 * square / length, 0.0)
    together = 2.0 * arrival * rest
    started = rest + (1.0 + together) * prefill / (1.0 - held)
    spread0 = rest**2 / 3.0 + prefill**2 * (together + held) / (1.0 - held) ** 3
    after = arrival * rest + held * (1.0 + together) / (1.0 - held)
    place = np.minimum(inside + after, len(mean) - 1.0)
    states = np.arange(len(mean))
    mean, variance, skew = (np.interp(place, states, column) for column in (mean, variance, skew))
    ahead = np.maximum(inside - slots + 1.0, 0.0) / capacity
    busy = 1.0 - share[0]
    # Ends of full slots are as random as the lengths.
    spread = ahead / capacity if geometric else 0.0 * ahead
    return TokenQueue(
        load,
        capacity,
        share,
        mean + started + ahead,
        variance + spread0 + spread,
        skew + 2.0 * spread / capacity,
        float(share @ np.minimum(inside, slots)) / busy if busy > 0 else 1.0,
        float(share @ ahead),
    )


def _occupancy(arrival: float, leave: Floats, geometric: bool) -> Floats:
    """Return the law of the number inside, geometric beyond the slots, cut where it is rare."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(arrival) - np.log(leave))])
    found: Floats = np.exp(logs - logs.max())
    ratio = arrival / float(leave[-1])
    full = found[-1] / (1.0 - ratio)
    # As in M/D/c against M/M/c: fixed work halves the mean number that waits.
    further = ratio if geometric else ratio / (2.0 - ratio)
    beyond = min(max(math.ceil(math.log(_RARE) / math.log(further)), 1), _MOST_STATES)
    tail = full * (1.0 - further) * further ** np.arange(beyond)
    found = np.concatenate([found[:-1], tail])
    found /= found.sum()
    above = np.cumsum(found[::-1])[::-1]
    found = found[: max(int(np.flatnonzero(above > _RARE)[-1]) + 1, 2)]
    return np.asarray(found / found.sum(), dtype=np.float64)


class _Walk:
    """Moments of the time of a request, by the number of others inside when it starts."""

    def __init__(self, arrival: float, tokens: float, steps: Floats, prefill: float) -> None:
        size = len(steps)
        others = np.arange(size)
        held = arrival * prefill
        sizes, chance = _clusters(held)
        self._rises = []
        for power in range(4):
            rise = np.zeros((size, size))
            for count, weight in zip(sizes, chance, strict=True):
                # At the top new requests take the next free slots: they delay, but do not add.
                to = np.minimum(others + count, size - 1)
                rise[others, to] += arrival * steps * weight * (count * prefill) ** power
            self._rises.append(rise)
        fall = np.diag(others[1:] / tokens, -1)
        self._tokens, self._steps = tokens, steps
        rate = self._rises[0].sum(axis=1)
        self._drift = self._rises[0] + fall - np.diag(rate + others / tokens)

    def _source(self, order: int, known: list[Floats]) -> Floats:
        """Return what moments of lower order add to the growth of this one."""
        found = order * self._steps * known[order - 1]
        for power in range(1, order + 1):
            found = found + math.comb(order, power) * (self._rises[power] @ known[order - power])
        return found

    def ending(self) -> tuple[Floats, Floats, Floats]:
        """Cumulants where every token is the last with the same probability."""
        size = len(self._steps)
        system = linalg.lu_factor(np.eye(size) / self._tokens - self._drift)
        known: list[Floats] = [np.ones(size)]
        for order in (1, 2, 3):
            known.append(linalg.lu_solve(system, self._source(order, known)))
        return _cumulants(*known[1:])

    def ended(self) -> tuple[Floats, Floats, Floats]:
        """Cumulants of a given number of tokens."""
        size = len(self._steps)
        block = np.kron(np.eye(4), self._drift)
        for order in (1, 2, 3):
            rows = slice(order * size, (order + 1) * size)
            for power in range(1, order + 1):
                lower = slice((order - power) * size, (order - power + 1) * size)
                block[rows, lower] = math.comb(order, power) * self._rises[power]
            lower = slice((order - 1) * size, order * size)
            block[rows, lower] += order * np.diag(self._steps)
        start = np.concatenate([np.ones(size), np.zeros(3 * size)])
        scaled = sparse.csr_array(self._tokens * block)
        whole = expm_multiply(scaled, start, traceA=float(scaled.trace()))
        moments = np.asarray(whole, dtype=float).reshape(4, size)
        return _cumulants(moments[1], moments[2], moments[3])


def _clusters(held: float) -> tuple[NDArray[np.int64], Floats]:
    """Count who comes while prompts are read, theirs included: the Borel law, cut where rare."""
    if held <= 0.0:
        return np.ones(1, np.int64), np.ones(1)
    count = np.arange(1, _MOST_TOGETHER + 1)
    logs = -held * count + (count - 1) * np.log(held * count) - special.gammaln(count + 1.0)
    chance = np.exp(logs)
    kept = np.cumsum(chance[::-1])[::-1] > _RARE
    return count[kept], chance[kept] / chance[kept].sum()


def _cumulants(first: Floats, second: Floats, third: Floats) -> tuple[Floats, Floats, Floats]:
    variance = second - first**2
    return first, variance, third - 3.0 * first * second + 2.0 * first**3
