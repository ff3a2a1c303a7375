"""Cheapest placement of a chain of layers within budgets, proven optimal."""

from __future__ import annotations

__all__ = ["place_chain_within"]

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.chain import ChainPlan
from analytic_models.optimizers.chain_dual import (
    SLACK,
    BudgetedChain,
    Dual,
    from_start,
    maximise_dual,
    path_cost,
    path_use,
    scaled,
    to_go,
)
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

_METHOD = "Lagrangian bound + label setting"
_MODEST = 1500  # labels in one layer
_FEW, _STRONG = 30, 64


def place_chain_within(
    arcs: FloatArray,
    uses: FloatArray,
    budgets: FloatArray,
    end: FloatArray | None = None,
    end_uses: FloatArray | None = None,
    time_limit_s: float = 30.0,
) -> ChainPlan:
    """Return the cheapest path whose additive uses stay within budgets, proven optimal.

    The Lagrangian dual bounds the cost and removes arcs that no improving path can take. Label
    setting with that bound and with dominance solves the rest if few labels suffice; otherwise a
    mixed-integer programme over the remaining arcs does.

    Parameters
    ----------
    arcs
        Shape (L, T, T, O): cost of each arc, ``inf`` where forbidden.
    uses
        Shape (R, L, T, T, O): what each arc takes of R budgets, ≥ 0 (for instance accuracy loss,
        device energy, memory).
    budgets
        Shape (R,): limits on the summed uses.
    end, end_uses
        Shapes (T,) and (R, T): cost and uses of ending on each tier, 0 by default.
    time_limit_s
        Limit for the mixed-integer programme, s; then the answer comes with a gap.

    References
    ----------
    Handler, Zang (1980). A dual algorithm for the constrained shortest path problem. Networks.
    Dumitrescu, Boland (2003). Improved preprocessing, labeling and scaling algorithms. Networks.
    """
    problem = scaled(arcs, uses, np.asarray(budgets, dtype=np.float64), end, end_uses)
    least = np.stack([to_go(use, take) for use, take in problem.resources])
    within = np.all(least[:, 0, 0] <= problem.budgets + SLACK)
    if not within or not np.isfinite(to_go(problem.arcs, problem.end)[0, 0]):
        return _no_plan(np.inf, "infeasible", "no path stays within every single budget")
    dual = maximise_dual(problem)
    found = _by_labels(problem, dual, least)
    if found is None:
        return _by_programme(problem, dual, time_limit_s)
    path, labels = found
    if path is None:
        return _no_plan(np.inf, "infeasible", "label setting found no path within the budgets")
    return _finish(problem, path, path_cost(problem, path), "optimal", f"{labels} labels")


def _most_to_go(problem: BudgetedChain, open_arcs: BoolArray) -> FloatArray:
    """Return the most of each budget that open arcs can take from (layer, tier) to the end."""
    worst = [
        -to_go(np.where(open_arcs, -use, np.inf), -take)
        for use, take in zip(problem.uses, problem.end_uses, strict=True)
    ]
    return np.stack(worst)


def _by_labels(
    problem: BudgetedChain, dual: Dual, least: FloatArray
) -> tuple[tuple[IntArray, IntArray] | None, int] | None:
    """Return the best path (or that there is none) and the labels made; None if too many."""
    labels = 0
    width = np.inf if np.isfinite(dual.cost) else max(0.02 * abs(dual.bound), 1e-9)
    while dual.bound < dual.cost:
        cutoff = min(dual.cost, dual.bound + width)
        found = _label_setting(problem, dual, least, cutoff, _MODEST)
        if found is None:
            return None
        path, count = found
        labels += count
        if path is not None:
            return path, labels
        if cutoff >= dual.cost or cutoff > problem.widest:
            break
        width *= 2.0
    return dual.path, labels


def _by_programme(problem: BudgetedChain, dual: Dual, time_limit_s: float) -> ChainPlan:
    """Solve the arcs that a path below the best known cost can use as an integer programme."""
    priced, end = problem.priced(dual.multipliers)
    rest = to_go(priced, end) - float(dual.multipliers @ problem.budgets)
    through = from_start(priced)[:-1, :, None, None] + priced + rest[1:, None, :, None]
    index = np.nonzero(through <= dual.cost)
    layers, tiers = len(priced), priced.shape[1]
    layer, tail, head, option = index
    count = len(layer)
    # One row per (layers done, tier) between the layers, and one that leaves the start.
    rows = np.concatenate([(layer - 1) * tiers + tail, layer * tiers + head])
    rows[:count][layer == 0] = (layers - 1) * tiers
    signs = np.concatenate(
        [np.where(layer == 0, 1.0, -1.0), np.where(layer < layers - 1, 1.0, 0.0)]
    )
    rows[count:][layer == layers - 1] = 0
    shape = ((layers - 1) * tiers + 1, count)
    flow = csr_array((signs, (rows, np.tile(np.arange(count), 2))), shape=shape)
    supply = np.zeros(shape[0])
    supply[-1] = 1.0
    last = layer == layers - 1
    cost = problem.arcs[index] + np.where(last, problem.end[head], 0.0)
    taken = np.stack([use[index] for use in problem.uses])
    taken = taken + np.where(last, problem.end_uses[:, head], 0.0)
    answer = milp(
        cost,
        integrality=np.ones(count, dtype=np.int64),
        bounds=Bounds(0.0, 1.0),
        constraints=[
            LinearConstraint(flow, supply, supply),
            LinearConstraint(taken, ub=problem.budgets),
        ],
        options={"mip_rel_gap": 1e-9, "time_limit": time_limit_s},
    )
    detail = f"{count} of {np.isfinite(problem.arcs).sum()} arcs in the integer programme"
    done = answer.status in (0, 2)
    path, bound = dual.path, dual.bound
    if answer.x is not None:
        used = answer.x > 0.5
        found = (head[used], option[used])
        if len(found[0]) == layers and path_cost(problem, found) < dual.cost:
            path = found
    if path is None and done:
        return _no_plan(np.inf, "infeasible", detail)
    if not done and answer.mip_dual_bound is not None:
        bound = max(bound, min(float(answer.mip_dual_bound), dual.cost))
    elif done and path is not None:
        bound = path_cost(problem, path)
    return _finish(problem, path, bound, "optimal" if done else "stopped", detail)


def _label_setting(
    problem: BudgetedChain, dual: Dual, least: FloatArray, cutoff: float, limit: int
) -> tuple[tuple[IntArray, IntArray] | None, int] | None:
    """Return the best path that costs less than the cut-off and the number of labels made.

    ``None`` if some layer had more labels than allowed.
    """
    arcs, _ = problem.priced(dual.multipliers)
    bounds = _Bounds.of(problem, dual)
    rest = bounds.rest[0]
    start = from_start(arcs)
    reduced = start[:-1, :, None, None] + arcs + rest[1:, None, :, None]
    layers, tails, heads, options = np.nonzero(reduced < cutoff)
    most = _most_to_go(problem, reduced < cutoff)
    firsts = np.searchsorted(layers, np.arange(len(arcs) + 1))
    labels = np.zeros((1, 1 + len(problem.budgets)))
    tier = np.zeros(1, dtype=np.int64)
    history: list[tuple[IntArray, IntArray, IntArray]] = []
    count = 0
    for layer in range(len(arcs)):
        chosen = slice(firsts[layer], firsts[layer + 1])
        arc_tail, arc_head, arc_option = tails[chosen], heads[chosen], options[chosen]
        label, arc = np.nonzero(tier[:, None] == arc_tail[None, :])
        place = (layer, arc_tail[arc], arc_head[arc], arc_option[arc])
        step = np.stack([problem.arcs[place], *(use[place] for use in problem.uses)], axis=1)
        fresh, head = labels[label] + step, arc_head[arc]
        room = problem.budgets + SLACK - least[:, layer + 1, head].T
        keep = np.flatnonzero(np.all(fresh[:, 1:] <= room, axis=1))
        keep = bounds.below(fresh, head, keep, layer + 1, cutoff)
        if len(keep) > 8 * limit:
            return None
        if len(keep) > _FEW:
            # Below what the rest of the path can take at most, a use makes no difference.
            spare = problem.budgets - most[:, layer + 1, head[keep]].T
            plain = np.concatenate([fresh[keep, :1], np.maximum(fresh[keep, 1:], spare)], axis=1)
            weighed = fresh[keep, 0] + fresh[keep, 1:] @ dual.multipliers
            keep = keep[_undominated(plain, head[keep], weighed)]
        count += len(keep)
        if len(keep) > limit:
            return None
        labels, tier = fresh[keep], head[keep]
        history.append((label[keep], tier, arc_option[arc[keep]]))
        if not len(keep):
            return None, count
    total = labels[:, 0] + problem.end[tier]
    taken = labels[:, 1:] + problem.end_uses[:, tier].T
    total[np.any(taken > problem.budgets + SLACK, axis=1)] = np.inf
    winner = int(total.argmin())
    if not total[winner] < cutoff:
        return None, count
    return _backtrack(history, winner), count


@dataclass(frozen=True)
class _Bounds:
    """Lagrangian bounds on what completing a label costs, for several multipliers."""

    multipliers: list[FloatArray]
    rest: list[FloatArray]

    @classmethod
    def of(cls, problem: BudgetedChain, dual: Dual) -> _Bounds:
        multipliers = [dual.multipliers, *dual.others]
        rest = [to_go(*problem.priced(m)) - float(m @ problem.budgets) for m in multipliers]
        return cls(multipliers, rest)

    def below(
        self, labels: FloatArray, tier: IntArray, rows: IntArray, layer: int, cutoff: float
    ) -> IntArray:
        """Return the rows that no bound lifts to the cut-off."""
        for multiplier, rest in zip(self.multipliers, self.rest, strict=True):
            some = labels[rows]
            total = some[:, 0] + some[:, 1:] @ multiplier + rest[layer, tier[rows]]
            rows = rows[total < cutoff]
        return rows


def _undominated(labels: FloatArray, tier: IntArray, weighed: FloatArray) -> IntArray:
    """Drop labels that a strong label of the same tier beats in cost and in every use."""
    kept = []
    for place in np.unique(tier):
        rows = np.flatnonzero(tier == place)
        rows = rows[np.argsort(weighed[rows], kind="stable")]
        strong = rows[:_STRONG]
        beaten = np.ones((len(strong), len(rows)), dtype=bool)
        for column in labels.T:
            beaten &= column[strong][:, None] <= column[rows]
        # Of equal labels the first one stays.
        beaten &= np.arange(len(strong))[:, None] < np.arange(len(rows))
        kept.append(rows[~beaten.any(axis=0)])
    return np.concatenate(kept)


def _backtrack(
    history: list[tuple[IntArray, IntArray, IntArray]], label: int
) -> tuple[IntArray, IntArray]:
    tiers, options = np.empty(len(history), np.int64), np.empty(len(history), np.int64)
    for layer in range(len(history) - 1, -1, -1):
        parent, tier, option = history[layer]
        tiers[layer], options[layer] = tier[label], option[label]
        label = int(parent[label])
    return tiers, options


def _finish(
    problem: BudgetedChain,
    path: tuple[IntArray, IntArray] | None,
    bound: float,
    status: Literal["optimal", "stopped"],
    detail: str,
) -> ChainPlan:
    if path is None:
        return _no_plan(bound, status, detail)
    cost = path_cost(problem, path)
    kind: Literal["exact", "gap"] = "exact" if status == "optimal" else "gap"
    gap = 0.0 if status == "optimal" else max(cost - bound, 0.0)
    detail = f"lower bound {bound:.6g}; {detail}"
    certificate = Certificate(kind, _METHOD, detail, gap)
    used = path_use(problem, path) * problem.scale
    return ChainPlan(path[0], path[1], cost, used, min(bound, cost), status, certificate)


def _no_plan(
    bound: float, status: Literal["infeasible", "stopped", "optimal"], detail: str
) -> ChainPlan:
    none = np.zeros(0, dtype=np.int64)
    kind: Literal["exact", "heuristic"] = "exact" if status == "infeasible" else "heuristic"
    certificate = Certificate(kind, _METHOD, detail)
    return ChainPlan(none, none, np.inf, np.zeros(0), bound, status, certificate)
