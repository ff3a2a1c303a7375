"""One design per class: a lower bound, a good start, and what no column can undercut."""

from __future__ import annotations

__all__ = ["FULLEST", "Choices", "Start", "descend", "enumerate_below", "relaxed_start"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.protocols import FloatArray, IntArray

FULLEST = 1.0 - 1e-6  # a station this full counts as overloaded
_FIRST_LOADS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95)
_TANGENT_ROUNDS = 8
_LOOSE = 1e-5
_SWEEPS = 200
_PAIRED = 6  # columns per class
_ROUNDING = 1e-9  # of the best value: reduced costs nearer to the limit than this stay


@dataclass(frozen=True)
class Choices:
    """Designs of all classes as columns; costs, works and metrics count the class's rate.

    Parameters
    ----------
    owner
        Shape (n,): class of each column, ascending.
    rates
        Shape (K,): requests per second of each class.
    cost
        Shape (n,): rate times delay.
    work
        Shape (n, m): offered work at each station.
    metrics
        Budgeted metric → rate times metric, shape (n,).
    budgets
        Metric → limit on its mean over all requests.
    stations
        The shared stations.
    """

    owner: IntArray
    rates: FloatArray
    cost: FloatArray
    work: FloatArray
    metrics: Mapping[str, FloatArray]
    budgets: Mapping[str, float]
    stations: Stations

    def take(self, columns: IntArray) -> Choices:
        """Return the same classes with some of their columns."""
        metrics = {name: values[columns] for name, values in self.metrics.items()}
        return Choices(
            self.owner[columns],
            self.rates,
            self.cost[columns],
            self.work[columns],
            metrics,
            self.budgets,
            self.stations,
        )

    def excess(self, used: FloatArray) -> FloatArray:
        """Return by how much, relative to the limits, metrics (..., R) break the budgets."""
        limits = np.array(list(self.budgets.values())) * self.rates.sum()
        scale = np.maximum(np.abs(limits), 1e-300)
        over = np.maximum(used - limits - 1e-12 * scale, 0.0) / scale
        return np.asarray(over.sum(axis=-1))

    @cached_property
    def table(self) -> FloatArray:
        """Cost, works and budgeted metrics of every column, shape (n, 1 + m + R)."""
        return np.hstack([self.cost[:, None], self.work, self.used])

    def totals(self, chosen: IntArray) -> FloatArray:
        """Return the sums of the table over a choice."""
        return np.asarray(self.table[chosen].sum(axis=0))

    def rate(self, total: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return by how much totals (..., 1 + m + R) break limits, and latencies per second."""
        size = len(self.stations.servers)
        work = total[..., 1 : 1 + size]
        full = FULLEST * self.stations.servers
        over = np.maximum(work / full - 1.0, 0.0).sum(axis=-1)
        over = over + self.excess(total[..., 1 + size :])
        safe = np.minimum(np.maximum(work, 0.0), full)
        value = total[..., 0] + self.stations.number(safe).sum(axis=-1)
        return np.asarray(over), np.asarray(value)

    def rated(self, chosen: IntArray) -> tuple[float, float]:
        """Return by how much a choice breaks limits, and its latency per second."""
        over, value = self.rate(self.totals(chosen))
        return float(over), float(value)

    @cached_property
    def used(self) -> FloatArray:
        """Metrics as a table, shape (n, R)."""
        if not self.metrics:
            return np.zeros((len(self.cost), 0))
        return np.stack(list(self.metrics.values()), axis=1)


@dataclass(frozen=True)
class Start:
    """Where the search for one design per class begins.

    Parameters
    ----------
    chosen, value
        A good choice within the budgets and its latency per second, or None and ``inf``.
    bound
        Lower bound on the latency per second of every choice.
    reduced
        Shape (n,), ≥ 0: every choice costs at least the bound and the sum of these over its
        columns.
    points
        Works (m,) at which tangents were laid.
    """

    chosen: IntArray | None
    value: float
    bound: float
    reduced: FloatArray
    points: tuple[FloatArray, ...]

    def columns(self) -> IntArray:
        """Return the columns that a choice as good as the known one may use."""
        if self.chosen is None:
            return np.arange(len(self.reduced))
        room = self.value - self.bound
        return np.flatnonzero(self.reduced <= room + _ROUNDING * abs(self.value))


def relaxed_start(choices: Choices) -> Start:
    """Solve the linear relaxation with tangents, round it, and price every column.

    Parameters
    ----------
    choices
        At least one column of every class.

    References
    ----------
    Kelley (1960). The cutting-plane method for solving convex programs. Journal of SIAM.
    Dantzig, Fulkerson, Johnson (1954). Solution of a large-scale traveling-salesman problem.
    Operations Research (fixing variables by reduced costs).
    """
    servers = choices.stations.servers
    points = [load * servers for load in _FIRST_LOADS]
    relaxed, highest = None, -np.inf
    for _ in range(_TANGENT_ROUNDS):
        found = _Relaxation.solve(choices, points)
        if found is None:
            break
        relaxed = found
        work = np.minimum(found.share @ choices.work, FULLEST * servers)
        points.append(work)
        true = float(found.share @ choices.cost + choices.stations.number(work).sum())
        # A little slack of the tangents costs less than another programme.
        if found.bound > highest and true - found.bound <= _LOOSE * true:
            break
        highest = max(highest, found.bound)
    if relaxed is None:
        return Start(None, np.inf, 0.0, np.zeros(len(choices.cost)), tuple(points))
    owners = np.arange(len(choices.rates))
    starts = np.searchsorted(choices.owner, owners)
    order = np.lexsort((relaxed.reduced, -np.round(relaxed.share, 9), choices.owner))
    chosen, value = descend(choices, order[starts], relaxed.reduced)
    known = None if np.isinf(value) else chosen
    return Start(known, value, relaxed.bound, relaxed.reduced, tuple(points))


@dataclass(frozen=True)
class _Relaxation:
    """Shares of the columns, a lower bound, and the reduced costs that prove it."""

    share: FloatArray
    bound: float
    reduced: FloatArray

    @classmethod
    def solve(cls, choices: Choices, points: Sequence[FloatArray]) -> _Relaxation | None:
        """Solve the programme with tangents at some works; None if it has no solution."""
        stations, count = choices.stations, len(choices.cost)
        size = len(stations.servers)
        full = FULLEST * stations.servers
        limits = np.array(list(choices.budgets.values())) * choices.rates.sum()
        at = np.minimum(np.array(points), full)
        slopes = np.stack([stations.number_slope(point) for point in at])
        offsets = np.stack([stations.number(point) for point in at]) - slopes * at
        place = np.tile(np.arange(size), len(at))
        steep, height = slopes.ravel(), np.zeros((len(place), size))
        scale = 1.0 / np.maximum(1.0, steep)
        height[np.arange(len(place)), place] = -scale
        tangents = np.hstack([(scale * steep)[:, None] * choices.work.T[place], height])
        empty = np.zeros((size + len(limits), size))
        plain = np.hstack([np.vstack([choices.work.T, choices.used.T]), empty])
        one = csr_array((np.ones(count), (choices.owner, np.arange(count))))
        answer = linprog(
            np.concatenate([choices.cost, np.ones(size)]),
            A_ub=np.vstack([tangents, plain]),
            b_ub=np.concatenate([-scale * offsets.ravel(), full, limits]),
            A_eq=np.hstack([one.toarray(), np.zeros((one.shape[0], size))]),
            b_eq=np.ones(one.shape[0]),
            method="highs",
        )
        if answer.x is None:
            return None
        duals = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
        weight = (duals[: len(place)] * scale).reshape(len(at), size)
        # Any weights that sum to one per station give a bound; rounding is undone here.
        total = weight.sum(axis=0)
        weight = np.where(total > 0.0, weight / np.where(total > 0.0, total, 1.0), 0.0)
        weight[0] += total <= 0.0
        crowd, toll = duals[len(place) : len(place) + size], duals[len(place) + size :]
        price = (weight * slopes).sum(axis=0) + crowd
        priced = choices.cost + choices.work @ price + choices.used @ toll
        starts = np.searchsorted(choices.owner, np.arange(one.shape[0]))
        least = np.minimum.reduceat(priced, starts)
        bound = float(least.sum() + (weight * offsets).sum() - crowd @ full - toll @ limits)
        share = np.maximum(np.asarray(answer.x)[:count], 0.0)
        return cls(share, bound, np.asarray(priced - least[choices.owner]))


def descend(choices: Choices, chosen: IntArray, reduced: FloatArray) -> tuple[IntArray, float]:
    """Change one or two classes at a time for the better.

    Parameters
    ----------
    chosen
        Shape (K,): column of every class at the start; it may break budgets and overload stations.
    reduced
        Shape (n,): pairs are looked at among the columns of every class where this is least.

    Returns
    -------
    The choice, and its latency per second, ``inf`` if it breaks a budget or overloads a station.
    """
    order = np.lexsort((reduced, choices.owner))
    rank = np.arange(len(order)) - np.searchsorted(choices.owner, choices.owner[order])
    few = np.sort(order[rank < _PAIRED])
    first, second = np.triu_indices(len(few), 1)
    apart = choices.owner[few[first]] != choices.owner[few[second]]
    pairs = np.stack([few[first[apart]], few[second[apart]]], axis=1)
    single = np.arange(len(choices.cost))[:, None]
    stages = [single, pairs] if len(pairs) else [single]
    now, best = chosen.copy(), choices.rated(chosen)
    for _ in range(_SWEEPS):
        for moves in stages:
            owners = choices.owner[moves]
            change = choices.table[moves] - choices.table[now[owners]]
            over, value = choices.rate(choices.totals(now) + change.sum(axis=1))
            move = int(np.lexsort((value, over))[0])
            # Rounding of sums must not look like progress.
            less = (1.0 - 1e-12) * np.array(best)
            if over[move] < less[0] or (over[move] <= best[0] and value[move] < less[1]):
                now[owners[move]] = moves[move]
                best = choices.rated(now)
                break
        else:
            break
    return now, best[1] if best[0] == 0.0 else np.inf


def enumerate_below(choices: Choices, start: Start, limit: int) -> tuple[IntArray, float] | None:
    """Look at every choice that the reduced costs leave, if these are few enough.

    Parameters
    ----------
    limit
        Most partial choices at a time.

    Returns
    -------
    The best choice within the budgets and its latency per second; None if there were too many.
    """
    if start.chosen is None:
        return None
    columns = start.columns()
    room = start.value - start.bound + _ROUNDING * abs(start.value)
    chosen = np.zeros((1, 0), dtype=np.int64)
    spent, total = np.zeros(1), np.zeros((1, choices.table.shape[1]))
    for owner in range(len(choices.rates)):
        rows = columns[choices.owner[columns] == owner]
        left = spent[:, None] + start.reduced[rows]
        before, place = np.nonzero(left <= room)
        if len(before) > limit:
            return None
        spent = left[before, place]
        total = total[before] + choices.table[rows[place]]
        chosen = np.hstack([chosen[before], rows[place][:, None]])
    over, value = choices.rate(total)
    value = np.where(over > 0.0, np.inf, value)
    best = int(value.argmin()) if len(value) else -1
    if best < 0 or value[best] >= start.value:
        return start.chosen, start.value
    return chosen[best], float(value[best])
