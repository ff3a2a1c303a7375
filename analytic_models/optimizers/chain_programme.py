"""A budgeted chain as a mixed-integer programme: the last resort, and what others are held to."""

from __future__ import annotations

__all__ = ["Programmed", "solve_programme"]

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analytic_models.optimizers.chain_dual import BudgetedChain
from analytic_models.optimizers.protocols import BoolArray, IntArray


@dataclass(frozen=True)
class Programmed:
    """What the programme said.

    Parameters
    ----------
    path
        Tiers and options of the best path found, if any.
    bound
        Proven lower bound on the cost of paths over the arcs that it was given.
    done
        Whether it ended with a proof: optimal, or no path.
    arcs
        Arcs in the programme.
    """

    path: tuple[IntArray, IntArray] | None
    bound: float
    done: bool
    arcs: int


def solve_programme(
    problem: BudgetedChain, open_arcs: BoolArray, time_limit_s: float
) -> Programmed:
    """Find the cheapest path over some arcs within the budgets by branch and bound.

    Parameters
    ----------
    problem
        The chain.
    open_arcs
        Shape (L, T, T, O): arcs that may be used.
    time_limit_s
        Limit, s.

    References
    ----------
    Huangfu, Hall (2018). Parallelizing the dual revised simplex method. Mathematical Programming
    Computation (the solver behind ``scipy.optimize.milp``).
    """
    index = np.nonzero(open_arcs & np.isfinite(problem.arcs))
    layers, tiers = problem.arcs.shape[:2]
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
    # Only the first tier is a start.
    allowed = np.where((layer == 0) & (tail > 0), 0.0, 1.0)
    cost = problem.arcs[index] + np.where(last, problem.end[head], 0.0)
    taken = np.stack([use[index] for use in problem.uses])
    taken = taken + np.where(last, problem.end_uses[:, head], 0.0)
    answer = milp(
        cost,
        integrality=np.ones(count, dtype=np.int64),
        bounds=Bounds(0.0, allowed),
        constraints=[
            LinearConstraint(flow, supply, supply),
            LinearConstraint(taken, ub=problem.budgets),
        ],
        options={"mip_rel_gap": 1e-9, "time_limit": time_limit_s},
    )
    path = None
    if answer.x is not None:
        used = answer.x > 0.5
        if int(used.sum()) == layers:
            path = (head[used], option[used])
    bound = -np.inf if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
    return Programmed(path, bound, answer.status in (0, 2), count)
