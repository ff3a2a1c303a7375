"""One design per traffic class, under budgets, by mixed-integer programming with tangents."""

from __future__ import annotations

__all__ = ["Assignment", "assign"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.dominance import prune
from analytic_models.optimizers.mix_result import check_shared
from analytic_models.optimizers.protocols import DemandTable, FloatArray, IntArray

_METHOD = "mixed-integer programme with tangents"
_FULLEST = 1.0 - 1e-6  # a station this full counts as overloaded
_FIRST_TANGENTS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Assignment:
    """One design for every class.

    Parameters
    ----------
    rows
        Shape (K,): design of each class; −1 if nothing is feasible.
    mean_s, class_mean_s
        Mean latency over all requests and per class, shape (K,), s.
    bound_s
        Proven lower bound on the mean latency of every assignment within the budgets, s.
    utilisation
        Shape (m,).
    used
        Request-weighted mean of every budgeted metric.
    status
        ``"optimal"``, ``"infeasible"`` or ``"stopped"``.
    rounds
        Mixed-integer programmes solved.
    certificate
        Exact within the relative tolerance, or the gap.
    """

    rows: IntArray
    mean_s: float
    class_mean_s: FloatArray
    bound_s: float
    utilisation: FloatArray
    used: Mapping[str, float]
    status: Literal["optimal", "infeasible", "stopped"]
    rounds: int
    certificate: Certificate


def assign(
    classes: Sequence[DemandTable],
    budgets: Mapping[str, float] | None = None,
    tolerance: float = 1e-7,
    rounds: int = 60,
    time_limit_s: float = 10.0,
) -> Assignment:
    """Choose one design per class so that the mean latency of the population is least.

    The mean number in each station is convex in its offered work and is replaced by tangents;
    each programme gives a lower bound, its design choice an upper bound and new tangents.

    Parameters
    ----------
    classes
        Demand tables that share their stations (processor sharing).
    budgets
        Metric → limit on its request-weighted mean over all classes.
    tolerance
        Relative gap at which the answer counts as optimal.
    rounds
        Most programmes to solve.
    time_limit_s
        Limit for each programme, s.

    Raises
    ------
    ValueError
        If the classes do not share their stations.
    KeyError
        If a budgeted metric is missing in a table.

    References
    ----------
    Kelley (1960). The cutting-plane method for solving convex programs. Journal of SIAM.
    Duran, Grossmann (1986). An outer-approximation algorithm. Mathematical Programming.
    """
    check_shared(classes)
    problem = _Programme.of(classes, dict(budgets or {}))
    best_rows, best, bound, done = None, np.inf, 0.0, 0
    for _ in range(rounds):
        done += 1
        chosen, lower = problem.solve(time_limit_s)
        bound = max(bound, lower)
        if chosen is None:
            break
        value, work = problem.value(chosen)
        if value < best:
            best_rows, best = chosen, value
        if best - bound <= tolerance * best:
            break
        problem.add_tangents(work)
    return _result(classes, problem, best_rows, best, bound, done, tolerance)


@dataclass
class _Programme:
    """Binary choice per class and row, one convex cost per station."""

    rows: list[IntArray]
    owner: IntArray
    rates: FloatArray
    cost: FloatArray
    work: FloatArray
    metrics: dict[str, FloatArray]
    budgets: dict[str, float]
    stations: Stations
    cuts: list[tuple[int, float, float]]

    @classmethod
    def of(cls, classes: Sequence[DemandTable], budgets: dict[str, float]) -> _Programme:
        rows = [prune(table, minimised=tuple(budgets)) for table in classes]
        usable = []
        for table, some in zip(classes, rows, strict=True):
            known = np.ones(len(some), dtype=bool)
            for name in budgets:
                known &= ~np.isnan(table.metrics[name][some])
            usable.append(some[known])
        rates = np.array([float(table.arrival_per_s) for table in classes])
        pairs = list(zip(classes, usable, strict=True))
        owner = np.repeat(np.arange(len(classes)), [len(some) for some in usable])
        weight = rates[owner]
        programme = cls(
            rows=usable,
            owner=owner,
            rates=rates,
            cost=weight * np.concatenate([table.delay_s[some] for table, some in pairs]),
            work=weight[:, None] * np.concatenate([table.work_s[some] for table, some in pairs]),
            metrics={
                name: weight * np.concatenate([table.metrics[name][some] for table, some in pairs])
                for name in budgets
            },
            budgets=budgets,
            stations=Stations(np.asarray(classes[0].servers, dtype=np.float64)),
            cuts=[],
        )
        for load in _FIRST_TANGENTS:
            programme.add_tangents(load * programme.stations.servers)
        return programme

    def add_tangents(self, work: FloatArray) -> None:
        """Add N(a) ≥ N(b) + N′(b)(a − b) at the works b of all stations."""
        point = np.minimum(work, _FULLEST * self.stations.servers)
        slopes, values = self.stations.number_slope(point), self.stations.number(point)
        for place, slope in enumerate(slopes):
            offset = float(values[place] - slope * point[place])
            self.cuts.append((place, float(slope), offset))

    def solve(self, time_limit_s: float) -> tuple[IntArray | None, float]:
        """Return the chosen column per class (or None) and a lower bound on the total."""
        columns, stations = len(self.cost), len(self.stations.servers)
        if len(np.unique(self.owner)) < len(self.rates):
            return None, np.inf
        empty = np.zeros((columns, stations))
        one = csr_array((np.ones(columns), (self.owner, np.arange(columns))))
        choose = np.hstack([one.toarray(), np.zeros((len(self.rates), stations))])
        full = np.hstack([self.work.T, np.zeros((stations, stations))])
        places = np.array([cut[0] for cut in self.cuts])
        slopes = np.array([cut[1] for cut in self.cuts])
        height = np.zeros((len(self.cuts), stations))
        height[np.arange(len(places)), places] = 1.0
        scale = 1.0 / np.maximum(1.0, slopes)
        above = np.hstack([-slopes[:, None] * self.work.T[places], height]) * scale[:, None]
        offsets = np.array([cut[2] for cut in self.cuts]) * scale
        constraints = [
            LinearConstraint(choose, 1.0, 1.0),
            LinearConstraint(full, ub=_FULLEST * self.stations.servers),
            LinearConstraint(above, lb=offsets),
        ]
        total = float(self.rates.sum())
        for name, limit in self.budgets.items():
            line = np.concatenate([self.metrics[name], empty[0]])
            constraints.append(LinearConstraint(line[None, :], ub=limit * total))
        answer = milp(
            np.concatenate([self.cost, np.ones(stations)]),
            integrality=np.concatenate([np.ones(columns), np.zeros(stations)]),
            bounds=Bounds(
                np.zeros(columns + stations),
                np.concatenate([np.ones(columns), np.full(stations, np.inf)]),
            ),
            constraints=constraints,
            options={"mip_rel_gap": 1e-9, "time_limit": time_limit_s},
        )
        if answer.x is None:
            lower = answer.mip_dual_bound if answer.status == 1 else np.inf
            return None, float(lower if lower is not None else 0.0)
        picked = np.asarray(answer.x[:columns])
        best = [
            int(np.where(self.owner == k, picked, -1.0).argmax()) for k in range(len(self.rates))
        ]
        return np.array(best), float(answer.mip_dual_bound)

    def value(self, chosen: IntArray) -> tuple[float, FloatArray]:
        """Return the true total latency per second of a choice, and its works."""
        work = self.work[chosen].sum(axis=0)
        if np.any(work >= self.stations.servers):
            return np.inf, work
        return float(self.cost[chosen].sum() + self.stations.number(work).sum()), work


def _result(
    classes: Sequence[DemandTable],
    problem: _Programme,
    chosen: IntArray | None,
    best: float,
    bound: float,
    rounds: int,
    tolerance: float,
) -> Assignment:
    total = float(problem.rates.sum())
    stations = len(problem.stations.servers)
    if chosen is None:
        infeasible = bool(np.isinf(bound))
        detail = "no choice is stable and within the budgets" if infeasible else "time limit"
        return Assignment(
            rows=np.full(len(classes), -1),
            mean_s=np.inf,
            class_mean_s=np.full(len(classes), np.inf),
            bound_s=bound / total,
            utilisation=np.full(stations, np.nan),
            used={},
            status="infeasible" if infeasible else "stopped",
            rounds=rounds,
            certificate=Certificate("exact" if infeasible else "heuristic", _METHOD, detail),
        )
    work = problem.work[chosen].sum(axis=0)
    sojourn = problem.stations.sojourn(work)
    starts = np.concatenate([[0], np.cumsum([len(some) for some in problem.rows])])
    rows = np.array([problem.rows[k][chosen[k] - starts[k]] for k in range(len(classes))])
    means = [
        float(table.delay_s[row] + table.work_s[row] @ sojourn)
        for table, row in zip(classes, rows, strict=True)
    ]
    closed = best - bound <= tolerance * best
    gap = max(best - bound, 0.0) / total
    queued = any(rule != "ps" for rule in classes[0].discipline)
    kind: Literal["exact", "gap", "heuristic"] = "exact" if closed else "gap"
    candidates = int(np.prod([float(len(some)) for some in problem.rows]))
    detail = f"lower bound {bound / total:.6g} s after {rounds} programmes"
    return Assignment(
        rows=rows,
        mean_s=best / total,
        class_mean_s=np.array(means),
        bound_s=min(bound, best) / total,
        utilisation=work / problem.stations.servers,
        used={name: float(m[chosen].sum()) / total for name, m in problem.metrics.items()},
        status="optimal" if closed else "stopped",
        rounds=rounds,
        certificate=Certificate("heuristic" if queued else kind, _METHOD, detail, gap, candidates),
    )
