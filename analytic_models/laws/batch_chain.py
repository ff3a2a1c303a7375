"""Exact law of a batching server: the chain of queue lengths at the ends of batches.

Requests arrive in a Poisson stream and are taken in their order, all that wait up to a largest
batch, as soon as the machine is free. A batch of b requests takes ``per_request * b + fixed``.
"""

from __future__ import annotations

__all__ = ["BatchLaw", "batch_law"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.late import special

Real = NDArray[np.float64]

_STATES = 4096
_EDGE_MASS = 1e-13
_GRID = 256
_BISECTIONS = 60


@dataclass(frozen=True)
class BatchLaw:
    """Exact mean batch and latency distribution of one batching server.

    Parameters
    ----------
    mean_batch
        Mean size of a batch.
    mean_s
        Mean latency, by Little's law and equal to the mean of the distribution.
    offsets
        Latency is a constant of this array plus the rest of a batch that runs at arrival.
    lengths
        Duration of the batch that runs at arrival.
    masses
        Cumulated probability over the start of the window, shape (pieces, grid): entry [i, g] is
        the probability of piece i with at most the fraction g of the running batch passed.
    """

    mean_batch: float
    mean_s: float
    offsets: Real
    lengths: Real
    masses: Real

    def exceedance(self, threshold: float) -> float:
        """Probability that a request's latency exceeds ``threshold``."""
        return float(self.exceedances(np.array([threshold]))[0])

    def exceedances(self, thresholds: Real) -> Real:
        """Probabilities that a request's latency exceeds each of the thresholds, shape (k,)."""
        if not np.isfinite(self.mean_s):
            return np.ones_like(thresholds)
        times = thresholds[:, np.newaxis]
        # Latency exceeds t while less than this fraction of the running batch has passed.
        positive = self.lengths > 0.0
        safe = np.where(positive, self.lengths, 1.0)
        passed = 1.0 - (times - self.offsets) / safe
        passed = np.where(positive, passed, np.where(self.offsets > times, 1.0, 0.0))
        place = np.clip(passed, 0.0, 1.0) * (self.masses.shape[1] - 1)
        left = np.minimum(place.astype(int), self.masses.shape[1] - 2)
        rows = np.arange(left.shape[1])
        start, end = self.masses[rows, left], self.masses[rows, left + 1]
        total: Real = (start + (place - left) * (end - start)).sum(axis=1)
        return total

    def quantile(self, level: float) -> float:
        """Latency that a share ``level`` of the requests does not exceed."""
        if not np.isfinite(self.mean_s):
            return float("inf")
        low, high = 0.0, float(np.max(self.offsets + self.lengths))
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            if self.exceedance(middle) > 1.0 - level:
                low = middle
            else:
                high = middle
        return high


def batch_law(arrival: float, per_request: float, fixed: float, largest: float) -> BatchLaw:
    """Solve the chain of a batching server.

    Parameters
    ----------
    arrival
        Arrival rate per second.
    per_request, fixed
        Batch time in seconds is ``per_request`` times size plus ``fixed``.
    largest
        Largest batch, ``inf`` for no limit.

    Returns
    -------
    BatchLaw
        With an infinite mean where the server is unstable, or so near to full load that the
        chain would need more than 4096 states.

    References
    ----------
    Inoue (2021). Queueing analysis of GPU-based inference servers with dynamic batching.
    Performance Evaluation 147. Bailey (1954). On queueing processes with bulk service. Journal of
    the Royal Statistical Society B 16(1).

    Examples
    --------
    >>> round(batch_law(0.6, 1.0, 2.0, 8.0).mean_s, 6)
    9.488224
    """
    load = arrival * (per_request + (0.0 if np.isinf(largest) else fixed / largest))
    edge = 64
    while load < 1.0 and edge <= _STATES:
        left = _stationary(arrival, per_request, fixed, largest, edge)
        if left[-max(edge // 16, 2) :].sum() < _EDGE_MASS:
            return _law(arrival, per_request, fixed, largest, left)
        edge *= 2
    empty = np.zeros(0)
    return BatchLaw(float("inf"), float("inf"), empty, empty, np.zeros((0, 2)))


def _poisson(counts: Real, mean: Real | float) -> Real:
    """Poisson probabilities, one row per mean."""
    chance: Real = np.exp(special.xlogy(counts, mean) - mean - special.gammaln(counts + 1.0))
    return chance


def _sizes(largest: float, states: int) -> Real:
    """Batch that follows when n requests were left: they, or the first to arrive."""
    sizes: Real = np.clip(np.arange(states, dtype=float), 1.0, largest)
    return sizes


def _stationary(
    arrival: float, per_request: float, fixed: float, largest: float, states: int
) -> Real:
    """Distribution of the number waiting when a batch ends."""
    left = np.arange(states, dtype=float)
    batch = _sizes(largest, states)
    kept = np.maximum(left - batch, 0.0)
    means = arrival * (per_request * batch + fixed)
    chain = np.zeros((states, states))
    for row in range(states):
        start = int(kept[row])
        chain[row, start:] = _poisson(np.arange(states - start, dtype=float), means[row])
        # What falls beyond the edge stays at the edge.
        chain[row, -1] += max(0.0, 1.0 - chain[row].sum())
    balance = chain.T - np.eye(states)
    balance[0] = 1.0
    right = np.zeros(states)
    right[0] = 1.0
    solved: Real = np.maximum(np.linalg.solve(balance, right), 0.0)
    return solved


def _law(arrival: float, per_request: float, fixed: float, largest: float, left: Real) -> BatchLaw:
    """Latency seen by an arrival, from the batch that runs when it comes."""
    states = len(left)
    batch = _sizes(largest, states)
    times = per_request * batch + fixed
    cycle = float((left * times).sum() + left[0] / arrival)
    top = int(min(largest, states))
    pieces: list[tuple[float, float, Real]] = []
    # An arrival at an idle machine starts its own batch.
    pieces.append((per_request + fixed, 0.0, _flat(left[0] / arrival / cycle)))
    for size in range(1, top + 1):
        members = np.flatnonzero(batch == size)
        if left[members].sum() < 1e-16:
            continue
        length = per_request * size + fixed
        ahead = np.zeros(states)
        np.add.at(ahead, np.maximum(members - size, 0), left[members] * length / cycle)
        if np.isinf(largest):
            pieces += _pieces_unlimited(arrival, per_request, fixed, length, float(ahead[0]))
        else:
            pieces += _pieces_limited(arrival, per_request, fixed, top, length, ahead)
    offsets = np.array([p[0] for p in pieces])
    lengths = np.array([p[1] for p in pieces])
    masses = np.array([p[2] for p in pieces])
    total = masses[:, -1].sum()
    masses = masses / total
    rest = lengths * (masses[:, -1] - _mean_fraction(masses))
    return BatchLaw(
        float(arrival * cycle),
        float((offsets * masses[:, -1] + rest).sum()),
        offsets,
        lengths,
        masses,
    )


def _flat(mass: float) -> Real:
    """Cumulated mass of a piece that does not depend on the time passed."""
    return np.linspace(0.0, mass, _GRID + 1)


def _mean_fraction(masses: Real) -> Real:
    """Mean fraction passed times mass, Simpson's rule on the cumulated masses."""
    weights = np.full(_GRID + 1, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    area = (masses * weights).sum(axis=1) / (3.0 * _GRID)
    fraction: Real = masses[:, -1] - area
    return fraction


def _pieces_unlimited(
    arrival: float, per_request: float, fixed: float, length: float, mass: float
) -> list[tuple[float, float, Real]]:
    """All who come during a batch join the next one, whose size does not depend on when."""
    mean = arrival * length
    others = np.arange(0, int(mean + 12.0 * np.sqrt(mean + 1.0)) + 12, dtype=float)
    chance = _poisson(others, mean)
    keep = chance * mass > 1e-18
    return [
        (per_request * (k + 1.0) + fixed, length, _flat(mass * p))
        for k, p in zip(others[keep], chance[keep], strict=True)
    ]


def _pieces_limited(
    arrival: float, per_request: float, fixed: float, top: int, length: float, ahead: Real
) -> list[tuple[float, float, Real]]:
    """Latency = rest of the running batch + full batches before one's own + one's own batch."""
    passed = np.linspace(0.0, 1.0, _GRID + 1) * length
    full = per_request * top + fixed
    span = len(ahead)
    before = np.zeros((len(passed), span))
    counts = np.arange(span, dtype=float)
    arrived = _poisson(counts[np.newaxis], arrival * passed[:, np.newaxis])
    for start in np.flatnonzero(ahead > 1e-18):
        before[:, start:] += ahead[start] * arrived[:, : span - start]
    pieces: list[tuple[float, float, Real]] = []
    for batches in range(0, -(-span // top)):
        place = before[:, batches * top : (batches + 1) * top]
        if place.max(initial=0.0) < 1e-16:
            continue
        after = arrival * (length - passed + batches * full)
        density = _own_batch(place, after, top)
        for size in np.flatnonzero(density.max(axis=0) > 1e-16):
            offset = batches * full + per_request * (size + 1.0) + fixed
            pieces.append((offset, length, _cumulate(density[:, size])))
    return pieces


def _own_batch(place: Real, after: Real, top: int) -> Real:
    """Probability of each size of the own batch, from the place in it and later arrivals."""
    counts = np.arange(top, dtype=float)
    later = _poisson(counts[np.newaxis], after[:, np.newaxis])
    sizes = np.zeros((len(after), top))
    for position in range(place.shape[1]):
        weight = place[:, position]
        room = top - 1 - position
        sizes[:, position : top - 1] += weight[:, np.newaxis] * later[:, :room]
        sizes[:, top - 1] += weight * np.maximum(1.0 - later[:, :room].sum(axis=1), 0.0)
    return sizes


def _cumulate(density: Real) -> Real:
    """Cumulated integral on the grid, fourth order (cubic through the neighbours)."""
    step = 1.0 / _GRID
    middle = 0.5 * (density[1:] + density[:-1])
    bend = np.gradient(np.gradient(density))
    middle = middle - (bend[1:] + bend[:-1]) / 24.0
    return np.concatenate([[0.0], np.cumsum(middle) * step])
