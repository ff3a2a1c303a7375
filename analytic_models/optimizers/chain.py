"""Cheapest placement of a chain of layers on ordered tiers."""

from __future__ import annotations

__all__ = ["ChainPlan", "chain_arcs", "place_chain"]

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.protocols import FloatArray, IntArray


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
