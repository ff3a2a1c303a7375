"""Mixes and single plans of classes whose latencies weigh differently.

With unequal weights Little's law no longer turns the objective into a convex one: what comes out is
a stationary point, beside a bound that no mix is below.
"""

from __future__ import annotations

__all__ = ["WeightedMix", "weighted_mix", "weighted_rows"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import Column, MixSolution, check_shared, describe
from analytic_models.optimizers.protocols import DemandTable, FloatArray, Table

_METHOD = "pairwise Frank–Wolfe steps from several starts"
_STEPS = 400
_CLOSE = 1e-9
_LEAST_SHARE = 1e-9
_SWEEPS = 50


@dataclass(frozen=True)
class WeightedMix:
    """A mix and what is known about it.

    Parameters
    ----------
    mix
        Shares, loads and latencies per class; its ``mean_s`` counts all requests alike.
    mean_s
        Weighted mean latency, s.
    bound_s
        No mix has a weighted mean below this, s.
    tolls
        Shape (m,): seconds per second of work that a class of weight 1 would have to count for its
        own choice to be that of the mix.
    """

    mix: MixSolution
    mean_s: float
    bound_s: float
    tolls: FloatArray


@dataclass(frozen=True)
class _Problem:
    classes: Sequence[DemandTable]
    rates: FloatArray
    weights: FloatArray
    stations: Stations

    @classmethod
    def of(cls, classes: Sequence[DemandTable], weights: Sequence[float]) -> _Problem:
        check_shared(classes)
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != (len(classes),) or not np.all(given > 0.0):
            raise ValueError("every class needs one weight above 0")
        rates = np.array([float(table.arrival_per_s) for table in classes])
        return cls(classes, rates, given, Stations(np.asarray(classes[0].servers, dtype=float)))

    @property
    def value(self) -> FloatArray:
        """Part of each class in the weighted mean."""
        return np.asarray(self.weights * self.rates / float(self.weights @ self.rates))

    def mean(self, delay: FloatArray, work: FloatArray) -> float:
        """Return the weighted mean at mean delays (K,) and works (K, m); inf if unstable."""
        offered = self.rates @ work
        if np.any(offered >= self.stations.servers):
            return np.inf
        return float(self.value @ (delay + work @ self.stations.sojourn(offered)))

    def external(self, work: FloatArray) -> FloatArray:
        """Weighted delay that one more second of work a second imposes, over the total weight."""
        offered = self.rates @ work
        return np.asarray(self.stations.sojourn_slope(offered) * (self.value @ work))


def weighted_mix(
    classes: Sequence[DemandTable],
    weights: Sequence[float],
    starts: Sequence[Sequence[Mapping[int, float]]] = (),
) -> WeightedMix:
    """Find a mix of small weighted mean latency.

    Parameters
    ----------
    classes
        Demand tables that share their stations.
    weights
        Weight of a request of each class, > 0; equal ones make the answer a proven optimum.
    starts
        Further shares per class to begin from.

    Raises
    ------
    ValueError
        If a weight is missing or not above 0, or the classes do not share their stations.

    Notes
    -----
    Bound: the smallest weight w of the whole is the convex problem of ``solve_mix``; the rest of
    every class waits at least nowhere, T ≥ d + Σ s. Both together are one convex problem again.
    """
    problem = _Problem.of(classes, weights)
    plain = solve_mix(classes)
    if not np.isfinite(plain.mean_s) or np.ptp(problem.weights) == 0.0:
        tolls = problem.stations.toll(plain.work)
        return WeightedMix(plain, plain.mean_s, plain.mean_s - plain.gap_s, tolls)
    least = float(problem.weights.min())
    relaxed = solve_mix([_relaxed(t, w, least) for t, w in zip(classes, weights, strict=True)])
    scale = least * float(problem.rates.sum()) / float(problem.weights @ problem.rates)
    bound = (relaxed.mean_s - relaxed.gap_s) * scale
    found = [_descend(problem, start) for start in (plain.shares, relaxed.shares, *starts)]
    shares, mean, steps = min(found, key=lambda one: one[1])
    return _described(problem, shares, mean, bound, steps)


def _relaxed(table: DemandTable, weight: float, least: float) -> Table:
    """Return the table whose convex mix bounds the weighted one from below."""
    idle = np.asarray(table.work_s).sum(axis=1)
    delay = (weight * np.asarray(table.delay_s) + (weight - least) * idle) / least
    return Table(
        table.stations,
        np.asarray(table.servers, dtype=np.float64),
        table.discipline,
        table.arrival_per_s,
        delay,
        table.work_s,
        table.work2_s2,
    )


def _means(
    problem: _Problem, shares: Sequence[Mapping[int, float]]
) -> tuple[FloatArray, FloatArray]:
    pairs = list(zip(problem.classes, shares, strict=True))
    delay = [sum(x * float(t.delay_s[i]) for i, x in mine.items()) for t, mine in pairs]
    work = [sum(x * np.asarray(t.work_s[i]) for i, x in mine.items()) for t, mine in pairs]
    return np.array(delay), np.array(work)


def _descend(
    problem: _Problem, start: Sequence[Mapping[int, float]]
) -> tuple[list[dict[int, float]], float, int]:
    """Move share from the dearest used design of a class to its cheapest one, class by class."""
    shares = [dict(mine) for mine in start]
    delay, work = _means(problem, shares)
    mean, steps = problem.mean(delay, work), 0
    if not np.isfinite(mean):
        return shares, mean, steps
    for _ in range(_STEPS):
        before = mean
        for owner in range(len(shares)):
            steps += 1
            mean = _step(problem, shares, owner, mean)
        if before - mean <= _CLOSE * mean:
            break
    return shares, mean, steps


def _step(problem: _Problem, shares: list[dict[int, float]], owner: int, mean: float) -> float:
    delay, work = _means(problem, shares)
    table, mine = problem.classes[owner], shares[owner]
    price = problem.stations.sojourn(problem.rates @ work)
    price = price + problem.external(work) * problem.rates[owner] / problem.value[owner]
    cost = np.asarray(table.delay_s) + np.asarray(table.work_s) @ price
    best = int(np.where(np.isfinite(cost), cost, np.inf).argmin())
    worst = max(mine, key=lambda row: float(cost[row]))
    if best == worst:
        return mean
    turn = np.zeros_like(work)
    turn[owner] = np.asarray(table.work_s[best]) - np.asarray(table.work_s[worst])
    drift = np.zeros_like(delay)
    drift[owner] = float(table.delay_s[best]) - float(table.delay_s[worst])

    def along(length: float) -> float:
        value = problem.mean(delay + length * drift, work + length * turn)
        return value if np.isfinite(value) else 1e6 * mean

    longest = mine[worst]
    answer = minimize_scalar(
        along, bounds=(0.0, longest), method="bounded", options={"xatol": 1e-9 * longest}
    )
    length = min((float(answer.x), longest), key=along)
    if not along(length) < mean:
        return mean
    mine[best] = mine.get(best, 0.0) + length
    mine[worst] -= length
    if mine[worst] <= _LEAST_SHARE:
        mine[best] += mine.pop(worst)
    return problem.mean(*_means(problem, shares))


def _described(
    problem: _Problem, shares: list[dict[int, float]], mean: float, bound: float, steps: int
) -> WeightedMix:
    ordered = [dict(sorted(mine.items(), key=lambda pair: -pair[1])) for mine in shares]
    columns = [
        {row: Column(float(table.delay_s[row]), np.asarray(table.work_s)[row], row) for row in mine}
        for table, mine in zip(problem.classes, ordered, strict=True)
    ]
    none = np.zeros(len(problem.stations.servers))
    mix = describe(problem.classes, "system", ordered, columns, none, 0.0, steps)
    detail = (
        f"weights make the problem non-convex: a stationary point, at most "
        f"{1e3 * max(mean - bound, 0.0):.3g} ms above the optimum"
    )
    certificate = Certificate("heuristic", _METHOD, detail, max(mean - bound, 0.0))
    _, work = _means(problem, ordered)
    # Over the total weight: back to seconds that requests of weight 1 lose.
    tolls = problem.external(work) * float(problem.weights @ problem.rates)
    return WeightedMix(replace(mix, certificate=certificate, method=_METHOD), mean, bound, tolls)


def weighted_rows(
    classes: Sequence[DemandTable],
    weights: Sequence[float],
    starts: Sequence[Sequence[int]],
) -> tuple[list[int], float]:
    """Find one plan per class of small weighted mean latency, by changing one class at a time.

    Parameters
    ----------
    classes, weights
        As :func:`weighted_mix`.
    starts
        Rows to begin from, one per class; those with a row below 0 are left out.

    Returns
    -------
    Rows, and their weighted mean latency (s); no rows and ``inf`` if no start is stable.
    """
    problem = _Problem.of(classes, weights)
    best: tuple[list[int], float] = ([-1] * len(classes), np.inf)
    for start in starts:
        if min(start) < 0:
            continue
        rows = [int(row) for row in start]
        mean = np.inf
        for _ in range(_SWEEPS):
            before = mean
            for owner in range(len(rows)):
                rows[owner], mean = _best_row(problem, rows, owner)
            if not mean < before * (1.0 - _CLOSE):
                break
        if mean < best[1]:
            best = rows, mean
    return best


def _best_row(problem: _Problem, rows: list[int], owner: int) -> tuple[int, float]:
    """Return the best design of one class while the others stay, and the weighted mean."""
    delay, work = _means(problem, [{row: 1.0} for row in rows])
    table = problem.classes[owner]
    mine = np.asarray(table.work_s, dtype=np.float64)
    others = np.delete(np.arange(len(rows)), owner)
    offered = problem.rates[others] @ work[others] + problem.rates[owner] * mine
    stable = (offered < problem.stations.servers).all(axis=1)
    sojourn = problem.stations.sojourn(np.where(stable[:, None], offered, 0.0))
    value = problem.value
    total = value[owner] * (np.asarray(table.delay_s) + (mine * sojourn).sum(axis=1))
    total = total + value[others] @ delay[others] + sojourn @ (value[others] @ work[others])
    total = np.where(stable & np.isfinite(total), total, np.inf)
    best = int(total.argmin())
    return best, float(total[best])
