"""One design per traffic class, under budgets, by mixed-integer programming with tangents."""

from __future__ import annotations

__all__ = ["Assignment", "assign"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analytic_models.optimizers.assignment_start import (
    FULLEST,
    Choices,
    enumerate_below,
    relaxed_start,
)
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.dominance import prune
from analytic_models.optimizers.mix_result import check_shared
from analytic_models.optimizers.protocols import DemandTable, FloatArray, IntArray

_METHOD = "mixed-integer programme with tangents"
_ENUMERATED = 200_000  # partial choices


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
        Mixed-integer programmes solved; 0 if none was needed.
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
    tolerance: float = 1e-6,
    rounds: int = 60,
    time_limit_s: float = 10.0,
) -> Assignment:
    """Choose one design per class so that the mean latency of the population is least.

    The mean number in each station is convex in its offered work and is replaced by tangents. The
    linear relaxation bounds the latency from below and prices every design; where few choices are
    left below the best known one, all are looked at. Otherwise mixed-integer programmes decide:
    each gives a lower bound, its choice an upper bound and new tangents.

    Parameters
    ----------
    classes
        Demand tables that share their stations (processor sharing).
    budgets
        Metric → limit on its request-weighted mean over all classes.
    tolerance
        Relative gap at which the answer counts as optimal; the integer programmes themselves are
        solved to about 1e-6.
    rounds
        Most mixed-integer programmes to solve.
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
    rows, choices = _choices(classes, dict(budgets or {}))
    if len(np.unique(choices.owner)) < len(choices.rates):
        return _result(classes, rows, choices, None, np.inf, np.inf, 0, tolerance)
    start = relaxed_start(choices)
    found = enumerate_below(choices, start, _ENUMERATED)
    if found is not None:
        return _result(classes, rows, choices, found[0], found[1], found[1], 0, tolerance)
    best_columns, best, bound, done = start.chosen, start.value, max(start.bound, 0.0), 0
    columns, last = start.columns(), np.zeros(0, dtype=np.int64)
    problem = _Programme(choices.take(columns), start.points)
    while done < rounds and not best - bound <= tolerance * min(best, 1e300):
        done += 1
        chosen, lower = problem.solve(time_limit_s)
        # What was left out is no better than the start.
        bound = max(bound, min(lower, start.value))
        if chosen is None:
            break
        value, work = problem.value(chosen)
        if value > lower and np.array_equal(chosen, last):
            break  # its tangents are laid: what is left is the solver's tolerance
        last = chosen
        if value < best:
            best_columns, best = columns[chosen], value
        problem.add_tangents(work)
    return _result(classes, rows, choices, best_columns, best, bound, done, tolerance)


def _choices(
    classes: Sequence[DemandTable], budgets: dict[str, float]
) -> tuple[list[IntArray], Choices]:
    """Return the rows of every class that may be chosen, and all of them as columns."""
    usable = []
    for table in classes:
        rows = prune(table, minimised=tuple(budgets))
        known = np.ones(len(rows), dtype=bool)
        for name in budgets:
            known &= ~np.isnan(table.metrics[name][rows])
        usable.append(rows[known])
    rates = np.array([float(table.arrival_per_s) for table in classes])
    pairs = list(zip(classes, usable, strict=True))
    owner = np.repeat(np.arange(len(classes)), [len(rows) for rows in usable])
    weight = rates[owner]
    return usable, Choices(
        owner=owner,
        rates=rates,
        cost=weight * np.concatenate([table.delay_s[rows] for table, rows in pairs]),
        work=weight[:, None] * np.concatenate([table.work_s[rows] for table, rows in pairs]),
        metrics={
            name: weight * np.concatenate([table.metrics[name][rows] for table, rows in pairs])
            for name in budgets
        },
        budgets=budgets,
        stations=Stations(np.asarray(classes[0].servers, dtype=np.float64)),
    )


class _Programme:
    """Binary choice per class and column, one convex cost per station."""

    def __init__(self, choices: Choices, points: Sequence[FloatArray]) -> None:
        self.choices = choices
        self.cuts: list[tuple[int, float, float]] = []
        for point in points:
            self.add_tangents(point)

    def add_tangents(self, work: FloatArray) -> None:
        """Add N(a) ≥ N(b) + N′(b)(a − b) at the works b of all stations."""
        stations = self.choices.stations
        point = np.minimum(work, FULLEST * stations.servers)
        slopes, values = stations.number_slope(point), stations.number(point)
        for place, slope in enumerate(slopes):
            offset = float(values[place] - slope * point[place])
            self.cuts.append((place, float(slope), offset))

    def solve(self, time_limit_s: float) -> tuple[IntArray | None, float]:
        """Return the chosen column per class (or None) and a lower bound on the total."""
        parts = self.choices
        columns, stations = len(parts.cost), len(parts.stations.servers)
        empty = np.zeros((columns, stations))
        one = csr_array((np.ones(columns), (parts.owner, np.arange(columns))))
        choose = np.hstack([one.toarray(), np.zeros((len(parts.rates), stations))])
        full = np.hstack([parts.work.T, np.zeros((stations, stations))])
        places = np.array([cut[0] for cut in self.cuts])
        slopes = np.array([cut[1] for cut in self.cuts])
        height = np.zeros((len(self.cuts), stations))
        height[np.arange(len(places)), places] = 1.0
        scale = 1.0 / np.maximum(1.0, slopes)
        above = np.hstack([-slopes[:, None] * parts.work.T[places], height]) * scale[:, None]
        offsets = np.array([cut[2] for cut in self.cuts]) * scale
        constraints = [
            LinearConstraint(choose, 1.0, 1.0),
            LinearConstraint(full, ub=FULLEST * parts.stations.servers),
            LinearConstraint(above, lb=offsets),
        ]
        total = float(parts.rates.sum())
        for name, limit in parts.budgets.items():
            line = np.concatenate([parts.metrics[name], empty[0]])
            constraints.append(LinearConstraint(line[None, :], ub=limit * total))
        answer = milp(
            np.concatenate([parts.cost, np.ones(stations)]),
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
            int(np.where(parts.owner == k, picked, -1.0).argmax()) for k in range(len(parts.rates))
        ]
        return np.array(best), float(answer.mip_dual_bound)

    def value(self, chosen: IntArray) -> tuple[float, FloatArray]:
        """Return the true total latency per second of a choice, and its works."""
        work = self.choices.work[chosen].sum(axis=0)
        if np.any(work >= self.choices.stations.servers):
            return np.inf, work
        return self.choices.rated(chosen)[1], work


def _result(
    classes: Sequence[DemandTable],
    rows: list[IntArray],
    choices: Choices,
    chosen: IntArray | None,
    best: float,
    bound: float,
    rounds: int,
    tolerance: float,
) -> Assignment:
    total = float(choices.rates.sum())
    stations = len(choices.stations.servers)
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
    work = choices.work[chosen].sum(axis=0)
    sojourn = choices.stations.sojourn(work)
    starts = np.searchsorted(choices.owner, np.arange(len(classes)))
    picked = np.array([rows[k][chosen[k] - starts[k]] for k in range(len(classes))])
    means = [
        float(table.delay_s[row] + table.work_s[row] @ sojourn)
        for table, row in zip(classes, picked, strict=True)
    ]
    closed = best - bound <= tolerance * best
    gap = max(best - bound, 0.0) / total
    queued = any(rule != "ps" for rule in classes[0].discipline)
    kind: Literal["exact", "gap", "heuristic"] = "exact" if closed else "gap"
    candidates = int(np.prod([float(len(some)) for some in rows]))
    detail = f"lower bound {bound / total:.6g} s after {rounds} programmes"
    if not rounds:
        detail = "every choice that the linear relaxation leaves was looked at"
    return Assignment(
        rows=picked,
        mean_s=best / total,
        class_mean_s=np.array(means),
        bound_s=min(bound, best) / total,
        utilisation=work / choices.stations.servers,
        used={name: float(m[chosen].sum()) / total for name, m in choices.metrics.items()},
        status="optimal" if closed else "stopped",
        rounds=rounds,
        certificate=Certificate("heuristic" if queued else kind, _METHOD, detail, gap, candidates),
    )
