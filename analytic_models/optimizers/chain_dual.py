"""Lagrangian dual of a chain with budgets."""

from __future__ import annotations

__all__ = [
    "SLACK",
    "BudgetedChain",
    "Dual",
    "from_start",
    "maximise_dual",
    "path_cost",
    "path_use",
    "scaled",
    "to_go",
]

from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.chain import place_chain
from analytic_models.optimizers.protocols import FloatArray, IntArray

_STEPS = 40
_OTHERS = 24
SLACK = 1e-12  # rounding of sums that should meet a scaled budget exactly


@dataclass(frozen=True)
class BudgetedChain:
    """Arcs (L, T, T, O), uses scaled so that a positive budget is 1, and the ends."""

    arcs: FloatArray
    uses: FloatArray
    budgets: FloatArray
    end: FloatArray
    end_uses: FloatArray
    scale: FloatArray

    @property
    def beyond(self) -> float:
        """A little more than any path costs."""
        known = np.where(np.isfinite(self.arcs), self.arcs, -np.inf).max(axis=(1, 2, 3))
        parts = np.append(known, np.where(np.isfinite(self.end), self.end, -np.inf).max())
        return float(parts.sum() + 1e-6 * np.abs(parts).sum() + 1e-300)

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
class Dual:
    """The best multipliers found, others near them, and the best feasible path on the way."""

    multipliers: FloatArray
    others: tuple[FloatArray, ...]
    bound: float
    path: tuple[IntArray, IntArray] | None
    cost: float


def scaled(
    arcs: FloatArray,
    uses: FloatArray,
    budgets: FloatArray,
    end: FloatArray | None,
    end_uses: FloatArray | None,
) -> BudgetedChain:
    """Check uses and budgets (≥ 0, else ``ValueError``) and scale positive budgets to 1."""
    tiers = arcs.shape[1]
    last = np.zeros(tiers) if end is None else np.asarray(end, dtype=np.float64)
    taken = np.zeros((len(budgets), tiers)) if end_uses is None else np.asarray(end_uses)
    if uses.shape != (len(budgets), *arcs.shape) or taken.shape != (len(budgets), tiers):
        raise ValueError("uses must have shape (R, L, T, T, O) and end_uses (R, T)")
    if not ((uses >= 0.0).all() and (taken >= 0.0).all() and (budgets >= 0.0).all()):
        raise ValueError("uses and budgets must be numbers ≥ 0")
    scale = np.where(budgets > 0.0, budgets, 1.0)
    per_arc = scale.reshape(-1, 1, 1, 1, 1)
    return BudgetedChain(arcs, uses / per_arc, budgets / scale, last, taken / scale[:, None], scale)


def to_go(arcs: FloatArray, end: FloatArray) -> FloatArray:
    """Return the cheapest cost from (layers done, tier) to the end, shape (L+1, T)."""
    cheapest = arcs.min(axis=3)
    value = np.empty((len(arcs) + 1, arcs.shape[1]))
    value[-1] = end
    for layer in range(len(arcs) - 1, -1, -1):
        (cheapest[layer] + value[layer + 1]).min(axis=1, out=value[layer])
    return value


def from_start(arcs: FloatArray) -> FloatArray:
    """Return the cheapest cost from the start to (layers done, tier), shape (L+1, T)."""
    cheapest = arcs.min(axis=3)
    value = np.full((len(arcs) + 1, arcs.shape[1]), np.inf)
    value[0, 0] = 0.0
    for layer in range(len(arcs)):
        (cheapest[layer] + value[layer][:, None]).min(axis=0, out=value[layer + 1])
    return value


def maximise_dual(problem: BudgetedChain) -> Dual:
    """Maximise the Lagrangian dual by cuts and their analytic centres."""
    count = len(problem.budgets)
    multipliers = best = np.zeros(count)
    highest, cost, feasible = -np.inf, np.inf, None
    tried: list[tuple[float, FloatArray]] = []
    cuts: list[FloatArray] = []
    scale = reach = 1.0
    for step in range(_STEPS):
        plan = place_chain(*problem.priced(multipliers))
        path = (plan.tier, plan.option)
        excess, price = path_use(problem, path) - problem.budgets, path_cost(problem, path)
        bound = plan.cost - float(multipliers @ problem.budgets)
        tried.append((bound, multipliers))
        cuts.append(np.append(excess, price))
        if np.all(excess <= SLACK) and price < cost:
            cost, feasible = price, path
        if bound > highest:
            highest, best = bound, multipliers
        if step == 0:
            scale = max(
                abs(plan.cost), 1e-3 * float(np.ptp(problem.arcs[np.isfinite(problem.arcs)]))
            )
            multipliers = np.full(count, 0.01 * scale)
            reach = 10.0 * scale
        multipliers, ceiling = _centre(np.array(cuts), multipliers, reach, scale)
        reach = min(max(ceiling - highest, 1e-7 * scale), 10.0 * scale)
        if cost <= highest + 1e-12 * abs(highest) or ceiling - highest <= 1e-4 * scale:
            break
    tried.sort(key=lambda pair: -pair[0])
    return Dual(best, tuple(entry[1] for entry in tried[1:_OTHERS]), highest, feasible, cost)


def _centre(
    lines: FloatArray, start: FloatArray, reach: float, scale: float
) -> tuple[FloatArray, float]:
    """Return the centre of the region under the cuts, and how high the dual may still reach.

    Maximises t θ + Σ log(slack) over multipliers λ in a box and θ below all cuts by Newton steps.
    """
    count = lines.shape[1] - 1
    slopes = np.hstack([lines[:, :count], -np.ones((len(lines), 1))])
    box, parts = 1e3 * scale, len(lines) + 2 * count
    point = np.append(np.clip(start, 1e-9 * box, (1 - 1e-9) * box), 0.0)
    roof = float((slopes @ point + lines[:, count]).min())
    # The pull upwards grows as the cuts close on the best bound known.
    pull = 4.0 * parts / reach
    point[count] = roof - parts / pull
    for _ in range(40):
        slack = slopes @ point + lines[:, count]
        low, high = point[:count], box - point[:count]
        gradient = slopes.T @ (1.0 / slack)
        gradient[:count] += 1.0 / low - 1.0 / high
        gradient[count] += pull
        curve = (slopes / slack[:, None] ** 2).T @ slopes
        curve[np.arange(count), np.arange(count)] += 1.0 / low**2 + 1.0 / high**2
        # Scaling to a unit diagonal, and a trace of it, keep narrow regions solvable.
        root = np.sqrt(np.diagonal(curve))
        even = curve / root[:, None] / root + 1e-11 * np.eye(count + 1)
        step = np.linalg.solve(even, gradient / root) / root
        if float(gradient @ step) < 1e-3:
            break
        room = np.concatenate([slack, low, high])
        change = np.concatenate([slopes @ step, step[:count], -step[:count]])
        shrinking = change < 0.0
        longest = float((room[shrinking] / -change[shrinking]).min(initial=np.inf))
        point = point + min(1.0, 0.9 * longest) * step
    return point[:count], float(point[count]) + parts / pull


def _places(path: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    tier, option = path
    return np.arange(len(tier)), np.concatenate([[0], tier[:-1]]), tier, option


def path_cost(problem: BudgetedChain, path: tuple[IntArray, IntArray]) -> float:
    """Return the cost of a path of tiers and options."""
    return float(problem.arcs[_places(path)].sum() + problem.end[path[0][-1]])


def path_use(problem: BudgetedChain, path: tuple[IntArray, IntArray]) -> FloatArray:
    """Return what a path takes of each scaled budget, shape (R,)."""
    index = _places(path)
    used = np.array([use[index].sum() for use in problem.uses])
    return np.asarray(used + problem.end_uses[:, path[0][-1]])
