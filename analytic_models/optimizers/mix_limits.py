"""The mix of least mean latency whose mean metrics stay within limits (ε-constraints)."""

from __future__ import annotations

__all__ = ["mix_within"]

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.mix_result import Column, MixSolution, describe, unstable
from analytic_models.optimizers.protocols import DemandTable, FloatArray, Table

_METHOD = "Dantzig–Wolfe decomposition over mixes"
_DEAREST = 1e12  # price at which a limit that is still broken counts as impossible
_SLACK = 1e-9

Solver = Callable[[Sequence[DemandTable]], MixSolution]


def mix_within(
    solve: Solver,
    classes: Sequence[DemandTable],
    limits: Mapping[str, float],
    tolerance: float = 1e-8,
    rounds: int = 100,
) -> MixSolution:
    """Return the best mix whose request-weighted mean metrics stay within their limits.

    Prices of the limited metrics turn the problem into an ordinary mix, whose value bounds the
    optimum from below; averages of the mixes found are feasible and bound it from above, because
    the latency is convex in the shares. A linear programme over the mixes sets the next prices.

    Parameters
    ----------
    solve
        Returns the system optimum of tables without limits.
    classes
        Demand tables that share their stations. A row without a value of a limited metric is
        never used.
    limits
        Metric → largest mean over all requests, in the unit of the metric.
    tolerance
        Stop when the gap is below this fraction of the mean latency.
    rounds
        Most prices to try.

    Raises
    ------
    KeyError
        If a limited metric is missing in a table.

    References
    ----------
    Dantzig, Wolfe (1960). Decomposition principle for linear programs. Operations Research.
    """
    problem = _Limited.of(classes, limits)
    if not problem.possible:
        return _impossible(classes, "no mix meets the limits, not even one by one")
    price, cap = np.zeros(len(limits)), 0.0
    lower, best = -np.inf, None
    for count in range(1, rounds + 1):
        mix = solve(problem.priced(price))
        if not np.isfinite(mix.mean_s):
            return mix
        value = problem.keep(mix, price)
        lower = max(lower, value)
        cap = cap or 1e3 * problem.means[0]
        weights, missing, dearest_price = problem.average(cap)
        if missing <= _SLACK:
            found = problem.describe(weights, count)
            best = found if best is None or found.mean_s <= best.mean_s else best
            best = problem.bounded(best, lower, count)
            if best.gap_s <= tolerance * best.mean_s:
                break
        elif np.allclose(dearest_price, price, rtol=1e-9, atol=0.0):
            if cap > _DEAREST * problem.means[0]:
                return _impossible(classes, "no mix meets all limits together")
            cap *= 1e3
            _, _, dearest_price = problem.average(cap)
        price = dearest_price
    if best is None:
        return _impossible(classes, "no mix within all limits was found")
    return best


@dataclass
class _Limited:
    """The mixes found so far, with their mean latencies and mean metrics."""

    classes: Sequence[DemandTable]
    names: tuple[str, ...]
    limits: FloatArray
    scale: FloatArray
    metrics: list[FloatArray]
    rates: FloatArray
    mixes: list[MixSolution] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    used: list[FloatArray] = field(default_factory=list)
    price: FloatArray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, classes: Sequence[DemandTable], limits: Mapping[str, float]) -> _Limited:
        names = tuple(limits)
        metrics = [
            np.stack([np.asarray(table.metrics[name], dtype=np.float64) for name in names], axis=1)
            for table in classes
        ]
        for table, values in zip(classes, metrics, strict=True):
            usable = np.isfinite(table.delay_s) & np.isfinite(table.work_s).all(axis=1)
            values[~usable] = np.nan
        limit = np.array([float(limits[name]) for name in names])
        sizes = np.stack([np.nanmax(np.abs(values), axis=0, initial=0.0) for values in metrics])
        scale = np.maximum(sizes.max(axis=0), np.abs(limit))
        rates = np.array([float(table.arrival_per_s) for table in classes])
        return cls(classes, names, limit, np.where(scale > 0.0, scale, 1.0), metrics, rates)

    @property
    def weights(self) -> FloatArray:
        total = self.rates.sum()
        return self.rates / total if total > 0.0 else np.full(len(self.rates), 1 / len(self.rates))

    @property
    def possible(self) -> bool:
        """Whether every limit can be met alone, and every class has a row of known metrics."""
        if not all((~np.isnan(values).any(axis=1)).any() for values in self.metrics):
            return False
        least = np.stack([np.nanmin(values, axis=0) for values in self.metrics])
        return bool(np.all(self.weights @ least <= self.limits + _SLACK * self.scale))

    def priced(self, price: FloatArray) -> list[DemandTable]:
        """Return the tables with the metrics priced, seconds per scaled unit."""
        found: list[DemandTable] = []
        for table, values in zip(self.classes, self.metrics, strict=True):
            extra = (values / self.scale) @ price
            delay = np.where(np.isnan(extra), np.inf, table.delay_s + extra)
            found.append(
                Table(
                    table.stations,
                    table.servers,
                    table.discipline,
                    table.arrival_per_s,
                    delay,
                    table.work_s,
                    table.work2_s2,
                )
            )
        return found

    def keep(self, mix: MixSolution, price: FloatArray) -> float:
        """Add a mix and return the lower bound that its prices prove."""
        per_class = np.stack(
            [
                sum(share * values[row] for row, share in shares.items())
                for shares, values in zip(mix.shares, self.metrics, strict=True)
            ]
        )
        used = self.weights @ per_class
        paid = float(price @ (used / self.scale))
        self.mixes.append(mix)
        self.means.append(mix.mean_s - paid)
        self.used.append(used)
        return mix.mean_s - mix.gap_s - float(price @ (self.limits / self.scale))

    def average(self, cap: float) -> tuple[FloatArray, float, FloatArray]:
        """Return the cheapest average within the limits, what it lacks, and the next prices."""
        count, limited = len(self.mixes), len(self.limits)
        over = (np.array(self.used) - self.limits).T / self.scale[:, None]
        answer = linprog(
            np.concatenate([self.means, np.full(limited, cap)]),
            A_ub=np.hstack([over, -np.eye(limited)]),
            b_ub=np.zeros(limited),
            A_eq=np.concatenate([np.ones(count), np.zeros(limited)])[None],
            b_eq=np.ones(1),
            method="highs",
        )
        weights = np.maximum(np.asarray(answer.x)[:count], 0.0)
        weights /= weights.sum()
        self.price = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
        return weights, float((over @ weights).max()), self.price

    def describe(self, weights: FloatArray, rounds: int) -> MixSolution:
        """Return the average of the mixes as a mix of its own."""
        shares: list[dict[int, float]] = [{} for _ in self.classes]
        columns: list[dict[int, Column]] = [{} for _ in self.classes]
        for weight, mix in zip(weights, self.mixes, strict=True):
            for owner, parts in enumerate(mix.shares):
                for row, share in parts.items():
                    if weight * share > 0.0:
                        shares[owner][row] = shares[owner].get(row, 0.0) + weight * share
        for owner, table in enumerate(self.classes):
            shares[owner] = dict(sorted(shares[owner].items(), key=lambda pair: -pair[1]))
            columns[owner] = {
                row: Column(float(table.delay_s[row]), np.asarray(table.work_s)[row], row)
                for row in shares[owner]
            }
        none = np.zeros(len(self.classes[0].servers))
        found = describe(self.classes, "system", shares, columns, none, 0.0, rounds)
        mean = self.weights @ np.stack(
            [
                sum(share * values[row] for row, share in parts.items())
                for parts, values in zip(shares, self.metrics, strict=True)
            ]
        )
        return dataclasses.replace(
            found,
            method=_METHOD,
            used=dict(zip(self.names, mean.tolist(), strict=True)),
            limit_prices=dict(zip(self.names, (self.price / self.scale).tolist(), strict=True)),
        )

    def bounded(self, mix: MixSolution, lower: float, rounds: int) -> MixSolution:
        """Return the mix with the gap that the best lower bound leaves."""
        gap = max(mix.mean_s - lower, 0.0)
        met = ", ".join(
            f"{name} ≤ {x:.6g}" for name, x in zip(self.names, self.limits, strict=True)
        )
        kind = mix.certificate.kind
        detail = f"within {met}: no mix has a mean latency lower by more than the gap"
        if kind == "heuristic":
            detail = mix.certificate.detail
        certificate = Certificate(kind, _METHOD, detail, gap)
        return dataclasses.replace(mix, gap_s=gap, iterations=rounds, certificate=certificate)


def _impossible(classes: Sequence[DemandTable], detail: str) -> MixSolution:
    none = unstable(classes)
    return dataclasses.replace(
        none, method=_METHOD, certificate=Certificate("gap", _METHOD, detail, np.inf)
    )
