"""Random instances, drawn from a seed, on which the optimisers are timed."""

from __future__ import annotations

__all__ = [
    "ChainInstance",
    "Kind",
    "budgeted_chain",
    "layer_graph",
    "plain_chain",
    "point_cloud",
    "traffic_classes",
]

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytic_models.optimizers.chain import ChainPlan, chain_arcs, place_chain
from analytic_models.optimizers.mincut import Tensors
from analytic_models.optimizers.protocols import FloatArray, Table


@dataclass(frozen=True)
class ChainInstance:
    """A chain with budgets: see :func:`analytic_models.optimizers.chain_budgets`.

    Parameters
    ----------
    arcs
        Shape (L, T, T, O).
    uses
        Shape (3, L, T, T, O).
    budgets
        Shape (3,).
    """

    arcs: FloatArray
    uses: FloatArray
    budgets: FloatArray


def plain_chain(layers: int, tiers: int, options: int, seed: int) -> FloatArray:
    """Return arcs (L, T, T, O): exponential costs, later tiers faster."""
    rng = np.random.default_rng(seed)
    faster = np.arange(1, tiers + 1)[None, :, None]
    run = rng.exponential(size=(layers, tiers, options)) / faster
    move = rng.exponential(size=(layers, tiers, tiers))
    move[:, np.arange(tiers), np.arange(tiers)] = 0.0
    return chain_arcs(run, move)


Kind = Literal["even", "arcs", "heavy"]


def budgeted_chain(
    layers: int, tiers: int, options: int, seed: int, kind: Kind = "even"
) -> ChainInstance:
    """Return a chain with budgets of accuracy, energy and memory that bind.

    Parameters
    ----------
    layers, tiers, options
        Size.
    seed
        Same seed, same instance.
    kind
        ``"even"``: layers alike in size, options independent, each budget between the least that
        any plan takes and what the fastest one takes. ``"arcs"``: every arc independent, uses high
        where the cost is low. ``"heavy"``: sizes of layers differ by orders of magnitude, what
        computes faster loses more accuracy, budgets a little below what a good plan takes.
    """
    rng = np.random.default_rng(seed)
    if kind == "even":
        return _even(rng, layers, tiers, options)
    if kind == "heavy":
        return _heavy(rng, layers, tiers, options)
    arcs = plain_chain(layers, tiers, options, seed)
    least = np.where(np.isfinite(arcs), arcs, 1.0).min(axis=1, keepdims=True)
    uses = rng.random((3, *arcs.shape)) * (1.0 + 1.0 / (0.2 + least))
    share = rng.uniform(0.5, 1.0, size=3)
    return ChainInstance(arcs, uses, uses.mean(axis=(1, 2, 3, 4)) * layers * share)


def _even(rng: np.random.Generator, layers: int, tiers: int, options: int) -> ChainInstance:
    tier = np.arange(tiers)
    shape = (layers, tiers, options)
    run = rng.random(shape) / (1.0 + 0.5 * tier[None, :, None])
    hops = np.maximum(tier[None, :] - tier[:, None], 0)
    arcs = chain_arcs(run, 2.0 * rng.random((layers, 1, 1)) * hops)
    nearby = np.maximum(1.0 - 0.5 * tier, 0.0)[None, :, None]
    per_layer = np.stack(
        [
            np.broadcast_to(rng.random((layers, 1, options)), shape),
            rng.random(shape) * (1.0 - tier / tiers)[None, :, None],
            rng.random(shape) * nearby,
        ]
    )
    uses = np.ascontiguousarray(np.broadcast_to(per_layer[:, :, None], (3, *arcs.shape)))
    most = _taken(per_layer, place_chain(arcs))
    least = [place_chain(np.where(np.isfinite(arcs), use, np.inf)).cost for use in uses]
    room = np.maximum(most - np.array(least), 1e-3)
    return ChainInstance(arcs, uses, np.array(least) + rng.uniform(0.3, 0.7, size=3) * room)


def _heavy(rng: np.random.Generator, layers: int, tiers: int, options: int) -> ChainInstance:
    early = np.exp(-3.0 * np.arange(layers) / layers)
    work = rng.lognormal(0.0, 0.8, size=(layers, 1, 1))
    speed = 2.0 ** np.arange(tiers)[None, :, None] * rng.uniform(0.8, 1.2, (layers, tiers, 1))
    # How strongly an option compresses: none at all to four fifths.
    depth = np.sort(rng.random((layers, 1, options)), axis=2)
    depth[:, :, 0] = 0.0
    run = work / speed * (1.0 - 0.8 * depth)
    size = 20.0 * early * rng.lognormal(0.0, 0.8, size=layers)
    hops = np.maximum(np.arange(tiers)[None, :] - np.arange(tiers)[:, None], 0)
    arcs = chain_arcs(run, size[:, None, None] * hops)
    nearby = (np.arange(tiers) < 2)[None, :, None]
    power = rng.uniform(0.5, 1.5, size=(1, tiers, 1))
    per_layer = np.stack(
        [
            np.broadcast_to(rng.exponential(size=(layers, 1, 1)) * depth**2, run.shape),
            run * power * nearby,
            rng.lognormal(0.0, 1.0, size=(layers, 1, 1)) * (1.0 - 0.75 * depth) * nearby,
        ]
    )
    uses = np.ascontiguousarray(np.broadcast_to(per_layer[:, :, None], (3, *arcs.shape)))
    # Budgets: a little less than what the best plan takes when accuracy has its price.
    price = place_chain(arcs).cost / per_layer[0].max(axis=(1, 2)).sum()
    plan = place_chain(arcs + price * uses[0])
    return ChainInstance(arcs, uses, _taken(per_layer, plan) * rng.uniform(0.85, 0.95, size=3))


def _taken(per_layer: FloatArray, plan: ChainPlan) -> FloatArray:
    layers = np.arange(per_layer.shape[1])
    return np.asarray(per_layer[:, layers, plan.tier, plan.option].sum(axis=1))


def layer_graph(count: int, tiers: int, seed: int) -> tuple[FloatArray, Tensors, FloatArray]:
    """Return run costs, tensors and send costs of a layered graph with skip connections."""
    rng = np.random.default_rng(seed)
    tensor, reader = [], []
    for node in range(count - 1):
        ahead = 1 + rng.integers(1, 20, size=rng.integers(0, 3))
        for step in sorted({1, *(int(s) for s in ahead)}):
            if node + step < count:
                tensor.append(node)
                reader.append(node + step)
    tensors = Tensors(np.arange(count - 1), np.array(tensor), np.array(reader))
    run = rng.exponential(size=(count, tiers)) * 3.0 ** np.arange(tiers)[::-1]
    run[0, 1:] = np.inf
    return run, tensors, rng.exponential(size=(count - 1, tiers - 1)) * 3.0


def traffic_classes(count: int, rows: int, seed: int) -> list[Table]:
    """Return demand tables of classes that share three stations and cannot all use them."""
    rng = np.random.default_rng(seed)
    servers = np.array([1.0, 2.0, 4.0])
    tables = []
    for _ in range(count):
        work = rng.exponential(size=(rows, 3)) * (rng.random((rows, 3)) < 0.7)
        delay = rng.exponential(size=rows) + 6.0 / (0.5 + work.sum(axis=1))
        work[0], delay[0] = 0.0, 15.0
        rate = float(rng.uniform(0.5, 1.5)) * 6.0 / count
        metrics = {"energy_j": rng.exponential(size=rows)}
        tables.append(
            Table(("a", "b", "c"), servers, ("ps",) * 3, rate, delay, work, work**2, metrics)
        )
    return tables


def point_cloud(
    count: int, objectives: int, seed: int, kind: Literal["trade-off", "uniform"]
) -> FloatArray:
    """Return points (n, k): a uniform cube, or points above a surface where one gain costs another.

    The last objective of the trade-off is at least 1 / (0.05 + the sum of the others); how far a
    point lies above that is exponential with mean a fifth.
    """
    rng = np.random.default_rng(seed)
    points = rng.random((count, objectives))
    if kind == "trade-off":
        least = 1.0 / (0.05 + points[:, :-1].sum(axis=1))
        points[:, -1] = least * (1.0 + 0.2 * rng.exponential(size=count))
    return points
