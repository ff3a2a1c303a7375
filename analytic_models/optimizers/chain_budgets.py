"""Cheapest placement of a chain of layers within budgets, proven optimal."""

from __future__ import annotations

__all__ = ["place_chain_within"]

import time
from dataclasses import replace
from typing import Literal

import numpy as np

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
from analytic_models.optimizers.chain_labels import Search, search_below
from analytic_models.optimizers.chain_programme import solve_programme
from analytic_models.optimizers.protocols import FloatArray, IntArray

_METHOD = "Lagrangian bound + label setting"
# Quick searches: partial paths far from the middle, how far above the bound in first widths, and
# the most partial paths at one place in the full search that follows.
_BEAMS = ((30, 15.0, 20_000), (150, np.inf, 30_000))
_MODEST = 30_000  # partial paths at one place
_NEAR, _VARIED, _SCALED = 8, 16, 8
_OPEN = 0.4  # arcs per layer beside the best paths in the first search
_WIDER = 1.6
_IDLE = 1000  # partial paths of a search that was far too narrow


def place_chain_within(
    arcs: FloatArray,
    uses: FloatArray,
    budgets: FloatArray,
    end: FloatArray | None = None,
    end_uses: FloatArray | None = None,
    time_limit_s: float = 30.0,
) -> ChainPlan:
    """Return the cheapest path whose additive uses stay within budgets, proven optimal.

    The Lagrangian dual bounds the cost and removes arcs that no improving path can take. A quick
    search from both ends finds a good path, a full one with bounds and dominance proves that none
    is better. If that makes too many partial paths, the cut-off rises step by step, and at last a
    mixed-integer programme over the remaining arcs decides.

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
        Limit for the search and for the programme each, s; then the answer comes with a gap.

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
    dual, labels, proven = _by_labels(problem, maximise_dual(problem), time_limit_s)
    if proven < dual.cost:
        return _by_programme(problem, dual, proven, time_limit_s)
    if dual.path is None:
        return _no_plan(np.inf, "infeasible", "label setting found no path within the budgets")
    return _finish(problem, dual.path, dual.cost, "optimal", f"{labels} labels")


def _by_labels(problem: BudgetedChain, dual: Dual, time_limit_s: float) -> tuple[Dual, int, float]:
    """Return the dual with the best path seen, the partial paths made, and the proven bound."""
    labels, proven, begun = 0, dual.bound, time.perf_counter()
    if proven >= dual.cost:
        return dual, labels, proven
    dual = replace(dual, others=_varied(dual))
    first = _first_width(problem, dual)
    for beam, widths, limit in _BEAMS:
        highest = min(dual.cost, problem.beyond)
        cutoff = min(highest, dual.bound + widths * first)
        found = search_below(problem, dual, cutoff, beam, beam=True)
        labels += found.labels
        dual = _improved(dual, found)
        if found.complete and cutoff >= min(highest, dual.cost):
            return dual, labels, dual.cost
        if time.perf_counter() - begun > time_limit_s:
            return dual, labels, proven
        if np.isfinite(dual.cost):
            found = search_below(problem, dual, dual.cost, limit)
            labels += found.labels
            dual = _improved(dual, found)
            if found.complete:
                return dual, labels, dual.cost
    rest = time_limit_s - (time.perf_counter() - begun)
    dual, more, proven = _rising(problem, dual, rest)
    return dual, labels + more, proven


def _improved(dual: Dual, found: Search) -> Dual:
    return replace(dual, path=found.path, cost=found.cost) if found.cost < dual.cost else dual


def _varied(dual: Dual) -> tuple[FloatArray, ...]:
    """Return multipliers near the best ones, and others that suit paths which left the usual way.

    After a few costly layers the budgets that are left have other prices: all higher or lower, or
    none for a budget that the rest of the path cannot exhaust.
    """
    generator = np.random.default_rng(0)
    count = len(dual.multipliers)
    base = np.maximum(dual.multipliers, 1e-2 * dual.multipliers.max(initial=0.0))
    factor = np.exp(0.5 * generator.standard_normal((_VARIED, count)))
    kept = generator.random((_VARIED, count)) < 0.6
    # High prices tell which partial paths can hardly keep all budgets at once.
    high = 4.0 * generator.exponential(size=(_VARIED, count))
    alike = np.geomspace(0.5, 2.0, _SCALED)[:, None]
    return (
        *dual.others[:_NEAR],
        *(base * factor * kept),
        *(base * high),
        *(dual.multipliers * alike),
    )


def _rising(problem: BudgetedChain, dual: Dual, time_limit_s: float) -> tuple[Dual, int, float]:
    """Search below a rising cut-off, where a wide search makes too many partial paths."""
    labels, width, proven = 0, _first_width(problem, dual), dual.bound
    begun = time.perf_counter()
    while proven < dual.cost:
        cutoff = min(dual.cost, dual.bound + width)
        found = search_below(problem, dual, cutoff, _MODEST)
        labels += found.labels
        if not found.complete:
            break
        last = cutoff >= dual.cost or cutoff >= problem.beyond
        dual = _improved(dual, found)
        proven = dual.cost if found.cost < cutoff or last else cutoff
        if time.perf_counter() - begun > time_limit_s:
            break
        width *= _WIDER if found.labels > _IDLE else 2.5
        if dual.cost - dual.bound < 1.5 * width:
            width = dual.cost - dual.bound
    return dual, labels, max(proven, dual.bound)


def _first_width(problem: BudgetedChain, dual: Dual) -> float:
    """Return a distance from the bound within which few arcs beside the best path lie."""
    priced, end = problem.priced(dual.multipliers)
    rest, start = to_go(priced, end), from_start(priced)
    excess = start[:-1, :, None, None] + priced + rest[1:, None, :, None] - rest[0, 0]
    excess = np.sort(excess[np.isfinite(excess)])
    least = 1e-6 * max(abs(dual.bound), abs(rest[0, 0]), 1e-300)
    count = int(np.searchsorted(excess, least)) + int(_OPEN * len(priced))
    first = float(excess[count]) if count < len(excess) else np.inf
    return max(first, 1e-3 * abs(dual.bound))


def _by_programme(
    problem: BudgetedChain, dual: Dual, proven: float, time_limit_s: float
) -> ChainPlan:
    """Solve the arcs that a path below the best known cost can use as an integer programme."""
    priced, end = problem.priced(dual.multipliers)
    rest = to_go(priced, end) - float(dual.multipliers @ problem.budgets)
    through = from_start(priced)[:-1, :, None, None] + priced + rest[1:, None, :, None]
    answer = solve_programme(problem, through <= dual.cost, time_limit_s)
    detail = f"{answer.arcs} of {np.isfinite(problem.arcs).sum()} arcs in the integer programme"
    done, path, bound = answer.done, dual.path, proven
    if answer.path is not None and path_cost(problem, answer.path) < dual.cost:
        path = answer.path
    if path is None and done:
        return _no_plan(np.inf, "infeasible", detail)
    if not done:
        bound = max(bound, min(answer.bound, dual.cost))
    elif done and path is not None:
        bound = path_cost(problem, path)
    return _finish(problem, path, bound, "optimal" if done else "stopped", detail)


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
