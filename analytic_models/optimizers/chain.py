"""Cheapest placement of a chain of layers on ordered tiers, with and without budgets."""

from __future__ import annotations

__all__ = ["ChainPlan", "chain_arcs", "place_chain", "place_chain_within"]

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.protocols import FloatArray, IntArray

_STEPS = 60
_OTHERS = 12
_WIDEST = 2_000_000
_FEW = 200
_SLACK = 1e-12  # rounding of sums that should meet a scaled budget exactly


@dataclass(frozen=True)
class ChainPlan:
    """A placement of every layer.

    Parameters
    ----------
    tier, option
        Shape (L,): tier and option of each layer; empty if nothing is feasible.
    cost
        Total cost, recomputed from the arcs; ``inf`` if nothing is feasible.
    use
        Shape (R,): what the plan takes of each budget.
    bound
        Proven lower bound on the cost of every plan within the budgets.
    status
        ``"optimal"``, ``"infeasible"``, or ``"stopped"`` if the label limit was reached.
    certificate
        Exact, or the gap between cost and bound.
    """

    tier: IntArray
    option: IntArray
    cost: float
    use: FloatArray
    bound: float
    status: Literal["optimal", "infeasible", "stopped"]
    certificate: Certificate


def chain_arcs(run: FloatArray, move: FloatArray) -> FloatArray:
    """Combine run costs and move costs to arcs of ordered tiers.

    Parameters
    ----------
    run
        Shape (L, T, O): cost of layer l on tier t with option o.
    move
        Shape (L, T, T): cost of handing the input of layer l from tier t to tier u.

    Returns
    -------
    Shape (L, T, T, O): cost of layer l on tier u with option o if its input lies on tier t;
    ``inf`` where u < t.
    """
    arcs = move[:, :, :, None] + run[:, None, :, :]
    tiers = np.arange(run.shape[1])
    arcs[:, tiers[:, None] > tiers[None, :]] = np.inf
    return arcs


def place_chain(arcs: FloatArray, end: FloatArray | None = None) -> ChainPlan:
    """Return the cheapest path through the layers, starting on tier 0.

    Min-plus products of neighbouring layers are formed in a binary tree, so a chain of L layers
    takes about log₂ L array operations.

    Parameters
    ----------
    arcs
        Shape (L, T, T, O), L ≥ 1: see :func:`chain_arcs`; ``inf`` forbids an arc.
    end
        Shape (T,): cost of ending on each tier (returning the result), 0 by default.

    References
    ----------
    Bellman (1958). On a routing problem. Quarterly of Applied Mathematics.

    Examples
    --------
    >>> arcs = chain_arcs(np.array([[[1.0], [9.0]], [[9.0], [1.0]]]), np.full((2, 2, 2), 0.5))
    >>> place_chain(arcs).tier.tolist()
    [0, 1]
    """
    cheapest = arcs.min(axis=3)
    tier = _best_path(cheapest, np.zeros(arcs.shape[1]) if end is None else end)
    before = np.concatenate([[0], tier[:-1]])
    layer = np.arange(len(arcs))
    option = arcs[layer, before, tier].argmin(axis=1)
    cost = float(arcs[layer, before, tier, option].sum())
    cost += 0.0 if end is None else float(end[tier[-1]])
    detail = f"dynamic programming over {len(arcs)} layers and {arcs.shape[1]} tiers"
    certificate = Certificate("exact", "chain dynamic programme", detail, gap=0.0)
    if not np.isfinite(cost):
        none = np.zeros(0, dtype=np.int64)
        return ChainPlan(none, none, np.inf, np.zeros(0), np.inf, "infeasible", certificate)
    return ChainPlan(tier, option, cost, np.zeros(0), cost, "optimal", certificate)


def _best_path(arcs: FloatArray, end: FloatArray) -> IntArray:
    """Return the tier after each layer on the cheapest path from tier 0; arcs (L, T, T)."""
    tiers = arcs.shape[1]
    levels: list[IntArray] = []
    product = arcs
    neutral = np.where(np.eye(tiers, dtype=bool), 0.0, np.inf)[None]
    while len(product) > 1:
        if len(product) % 2:
            product = np.concatenate([product, neutral])
        through = product[0::2, :, :, None] + product[1::2, None, :, :]
        middle = through.argmin(axis=2)
        levels.append(middle)
        product = np.take_along_axis(through, middle[:, :, None, :], axis=2)[:, :, 0, :]
    stops = np.array([0, int((product[0, 0] + end).argmin())])
    for middle in reversed(levels):
        # A padded last pair ends where it starts; its surplus stop is cut off here.
        stops = stops[: len(middle) + 1]
        between = middle[np.arange(len(middle)), stops[:-1], stops[1:]]
        woven = np.empty(2 * len(middle) + 1, dtype=np.int64)
        woven[0::2], woven[1::2] = stops, between
        stops = woven
    return stops[1 : len(arcs) + 1]


def place_chain_within(
    arcs: FloatArray,
    uses: FloatArray,
    budgets: FloatArray,
    end: FloatArray | None = None,
    end_uses: FloatArray | None = None,
    label_limit: int = _WIDEST,
) -> ChainPlan:
    """Return the cheapest path whose additive uses stay within budgets, proven optimal.

    A Lagrangian bound removes arcs that no improving path can take; label setting with that bound
    and with dominance then finds the optimum. The cut-off starts near the bound and is doubled
    until a path is found, so no good first solution is needed.

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
    label_limit
        Largest number of labels in one layer before the search stops with a gap.

    References
    ----------
    Handler, Zang (1980). A dual algorithm for the constrained shortest path problem. Networks.
    Dumitrescu, Boland (2003). Improved preprocessing, labeling and scaling algorithms. Networks.
    """
    problem = _scaled(arcs, uses, np.asarray(budgets, dtype=np.float64), end, end_uses)
    least = np.stack([_to_go(use, take) for use, take in problem.resources])
    within = np.all(least[:, 0, 0] <= problem.budgets + _SLACK)
    if not within or not np.isfinite(_to_go(problem.arcs, problem.end)[0, 0]):
        return _no_plan(np.inf, "infeasible", "no path stays within every single budget")
    dual = _maximise_dual(problem)
    widest = float(np.where(np.isfinite(arcs), arcs, -np.inf).max(axis=(1, 2, 3)).sum())
    widest += float(np.where(np.isfinite(problem.end), problem.end, -np.inf).max())
    cutoff, bound, labels = dual.bound, dual.bound, 0
    width = max(1e-3 * abs(bound), 1e-6 * (widest - bound), 1e-12)
    while bound < dual.cost and bound <= widest:
        cutoff = min(dual.bound + width, dual.cost)
        found = _label_setting(problem, dual, least, cutoff, label_limit)
        if found is None:
            return _finish(problem, dual.path, bound, "stopped", label_limit)
        path, count = found
        labels += count
        if path is not None:
            return _finish(problem, path, _path_cost(problem, path), "optimal", labels)
        bound, width = max(bound, cutoff), 1.7 * width
    if dual.path is None:
        return _no_plan(np.inf, "infeasible", "label setting found no path within the budgets")
    return _finish(problem, dual.path, dual.cost, "optimal", labels)


@dataclass(frozen=True)
class _Problem:
    """Arcs (L, T, T, O), uses scaled so that a positive budget is 1, and the ends."""

    arcs: FloatArray
    uses: FloatArray
    budgets: FloatArray
    end: FloatArray
    end_uses: FloatArray
    scale: FloatArray

    @property
    def resources(self) -> list[tuple[FloatArray, FloatArray]]:
        """Uses over arcs (forbidden ones are infinite) and ends, per budget."""
        forbidden = ~np.isfinite(self.arcs)
        return [
            (np.where(forbidden, np.inf, use), take)
            for use, take in zip(self.uses, self.end_uses, strict=True)
        ]

    def priced(self, multipliers: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Costs of arcs and ends with the uses priced."""
        arcs = self.arcs + np.tensordot(multipliers, self.uses, axes=1)
        return arcs, self.end + multipliers @ self.end_uses


@dataclass(frozen=True)
class _Dual:
    """The best multipliers found, others near them, and the best feasible path on the way."""

    multipliers: FloatArray
    others: tuple[FloatArray, ...]
    bound: float
    path: tuple[IntArray, IntArray] | None
    cost: float


def _scaled(
    arcs: FloatArray,
    uses: FloatArray,
    budgets: FloatArray,
    end: FloatArray | None,
    end_uses: FloatArray | None,
) -> _Problem:
    tiers = arcs.shape[1]
    last = np.zeros(tiers) if end is None else np.asarray(end, dtype=np.float64)
    taken = np.zeros((len(budgets), tiers)) if end_uses is None else np.asarray(end_uses)
    if uses.shape != (len(budgets), *arcs.shape) or taken.shape != (len(budgets), tiers):
        raise ValueError("uses must have shape (R, L, T, T, O) and end_uses (R, T)")
    if not ((uses >= 0.0).all() and (taken >= 0.0).all() and (budgets >= 0.0).all()):
        raise ValueError("uses and budgets must be numbers ≥ 0")
    scale = np.where(budgets > 0.0, budgets, 1.0)
    per_arc = scale.reshape(-1, 1, 1, 1, 1)
    return _Problem(arcs, uses / per_arc, budgets / scale, last, taken / scale[:, None], scale)


def _to_go(arcs: FloatArray, end: FloatArray) -> FloatArray:
    """Return the cheapest cost from (layers done, tier) to the end, shape (L+1, T)."""
    cheapest = arcs.min(axis=3)
    value = np.empty((len(arcs) + 1, arcs.shape[1]))
    value[-1] = end
    for layer in range(len(arcs) - 1, -1, -1):
        (cheapest[layer] + value[layer + 1]).min(axis=1, out=value[layer])
    return value


def _from_start(arcs: FloatArray) -> FloatArray:
    """Return the cheapest cost from the start to (layers done, tier), shape (L+1, T)."""
    cheapest = arcs.min(axis=3)
    value = np.full((len(arcs) + 1, arcs.shape[1]), np.inf)
    value[0, 0] = 0.0
    for layer in range(len(arcs)):
        (cheapest[layer] + value[layer][:, None]).min(axis=0, out=value[layer + 1])
    return value


def _maximise_dual(problem: _Problem) -> _Dual:
    """Subgradient ascent on the Lagrangian dual with Polyak steps."""
    multipliers = best = np.zeros(len(problem.budgets))
    highest, cost, feasible = -np.inf, np.inf, None
    tried: list[tuple[float, FloatArray]] = []
    relax, stalled = 1.0, 0
    for _ in range(_STEPS):
        arcs, end = problem.priced(multipliers)
        plan = place_chain(arcs, end)
        path = (plan.tier, plan.option)
        excess = _path_use(problem, path) - problem.budgets
        bound = plan.cost - float(multipliers @ problem.budgets)
        tried.append((bound, multipliers))
        if np.all(excess <= _SLACK) and _path_cost(problem, path) < cost:
            cost, feasible = _path_cost(problem, path), path
        if bound > highest:
            highest, best, stalled = bound, multipliers, 0
            relax *= 1.3
        else:
            stalled += 1
        if stalled == 2:
            relax, stalled, multipliers = relax * 0.4, 0, best
            continue
        # Without a feasible path the target is a guess a little above the bound.
        target = cost if np.isfinite(cost) else highest + 0.05 * abs(highest) + 1e-12
        slope = np.where((multipliers <= 0.0) & (excess < 0.0), 0.0, excess)
        norm = float(slope @ slope)
        if norm == 0.0 or cost <= highest + 1e-12 * abs(highest):
            break
        multipliers = np.maximum(multipliers + relax * (target - bound) / norm * slope, 0.0)
    tried.sort(key=lambda pair: -pair[0])
    return _Dual(best, tuple(entry[1] for entry in tried[1:_OTHERS]), highest, feasible, cost)


def _label_setting(
    problem: _Problem, dual: _Dual, least: FloatArray, cutoff: float, limit: int
) -> tuple[tuple[IntArray, IntArray] | None, int] | None:
    """Return the best path that costs less than the cut-off and the number of labels made.

    ``None`` if some layer had more labels than allowed.
    """
    arcs, _ = problem.priced(dual.multipliers)
    bounds = _Bounds.of(problem, dual)
    rest = bounds.rest[0]
    start = _from_start(arcs)
    reduced = start[:-1, :, None, None] + arcs + rest[1:, None, :, None]
    layers, tails, heads, options = np.nonzero(reduced < cutoff)
    firsts = np.searchsorted(layers, np.arange(len(arcs) + 1))
    labels = np.zeros((1, 1 + len(problem.budgets)))
    tier = np.zeros(1, dtype=np.int64)
    history: list[tuple[IntArray, IntArray, IntArray]] = []
    count = skip = 0
    for layer in range(len(arcs)):
        chosen = slice(firsts[layer], firsts[layer + 1])
        arc_tail, arc_head, arc_option = tails[chosen], heads[chosen], options[chosen]
        label, arc = np.nonzero(tier[:, None] == arc_tail[None, :])
        place = (layer, arc_tail[arc], arc_head[arc], arc_option[arc])
        step = np.stack([problem.arcs[place], *(use[place] for use in problem.uses)], axis=1)
        fresh, head = labels[label] + step, arc_head[arc]
        room = problem.budgets + _SLACK - least[:, layer + 1, head].T
        keep = np.flatnonzero(np.all(fresh[:, 1:] <= room, axis=1))
        keep = bounds.below(fresh, head, keep, layer + 1, cutoff)
        if len(keep) > _FEW and layer >= skip:
            rows = _undominated(fresh[keep], head[keep])
            # Dominance that removes little is not tried again at once.
            skip = layer + (1 if len(rows) < 0.7 * len(keep) else 8)
            keep = keep[rows]
        count += len(keep)
        if len(keep) > limit:
            return None
        labels, tier = fresh[keep], head[keep]
        history.append((label[keep], tier, arc_option[arc[keep]]))
        if not len(keep):
            return None, count
    total = labels[:, 0] + problem.end[tier]
    taken = labels[:, 1:] + problem.end_uses[:, tier].T
    total[np.any(taken > problem.budgets + _SLACK, axis=1)] = np.inf
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
    def of(cls, problem: _Problem, dual: _Dual) -> _Bounds:
        multipliers = [dual.multipliers, *dual.others]
        rest = [_to_go(*problem.priced(m)) - float(m @ problem.budgets) for m in multipliers]
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


def _undominated(labels: FloatArray, tier: IntArray) -> IntArray:
    """Return labels that no label of the same tier beats; small sets are not worth the test."""
    kept = []
    for place in np.unique(tier):
        rows = np.flatnonzero(tier == place)
        kept.append(rows[pareto_mask(labels[rows], ties="first")] if len(rows) > _FEW else rows)
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


def _places(path: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    tier, option = path
    return np.arange(len(tier)), np.concatenate([[0], tier[:-1]]), tier, option


def _path_cost(problem: _Problem, path: tuple[IntArray, IntArray]) -> float:
    return float(problem.arcs[_places(path)].sum() + problem.end[path[0][-1]])


def _path_use(problem: _Problem, path: tuple[IntArray, IntArray]) -> FloatArray:
    index = _places(path)
    used = np.array([use[index].sum() for use in problem.uses])
    return np.asarray(used + problem.end_uses[:, path[0][-1]])


def _finish(
    problem: _Problem,
    path: tuple[IntArray, IntArray] | None,
    bound: float,
    status: Literal["optimal", "stopped"],
    labels: int,
) -> ChainPlan:
    if path is None:
        return _no_plan(bound, status, "label limit reached before a path was found")
    cost = _path_cost(problem, path)
    kind: Literal["exact", "gap"] = "exact" if status == "optimal" else "gap"
    gap = 0.0 if status == "optimal" else max(cost - bound, 0.0)
    detail = f"lower bound {bound:.6g}; {labels} labels"
    certificate = Certificate(kind, "Lagrangian bound + label setting", detail, gap, labels)
    used = _path_use(problem, path) * problem.scale
    return ChainPlan(path[0], path[1], cost, used, min(bound, cost), status, certificate)


def _no_plan(
    bound: float, status: Literal["infeasible", "stopped", "optimal"], detail: str
) -> ChainPlan:
    none = np.zeros(0, dtype=np.int64)
    kind: Literal["exact", "heuristic"] = "exact" if status == "infeasible" else "heuristic"
    certificate = Certificate(kind, "Lagrangian bound + label setting", detail)
    return ChainPlan(none, none, np.inf, np.zeros(0), bound, status, certificate)
