"""Cheapest placement of a layer graph on ordered tiers, by minimum cut."""

from __future__ import annotations

__all__ = ["DagPlan", "Tensors", "place_dag"]

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

# maximum_flow keeps int32 residuals and wraps silently: an arc and its reverse stay below 2³¹.
_ENDLESS = 2**30 - 1
_ROUNDS = 3
_PRECISION = 1e-9


@dataclass(frozen=True)
class Tensors:
    """The tensors of a layer graph and the nodes that read them.

    Parameters
    ----------
    producer
        Shape (k,): node that writes each tensor.
    edge_tensor, edge_consumer
        Shape (e,): tensor and reading node of each edge; a tensor may have many readers.
    """

    producer: IntArray
    edge_tensor: IntArray
    edge_consumer: IntArray


@dataclass(frozen=True)
class DagPlan:
    """A placement of every node.

    Parameters
    ----------
    tier
        Shape (n,): tier of each node.
    codec
        Shape (k, T−1): codec used where a tensor crosses a hop upwards, −1 where it does not.
    cost
        Total cost, recomputed in float64 from the placement; ``inf`` if nothing is feasible.
    certificate
        Exact, with the bound that remains from integer capacities as its gap.
    """

    tier: IntArray
    codec: IntArray
    cost: float
    certificate: Certificate


def place_dag(
    run: FloatArray, tensors: Tensors, send: FloatArray, back: FloatArray | None = None
) -> DagPlan:
    """Place the nodes of a DAG on T ordered tiers at the least total cost.

    The cost is the sum of the run costs and, for each tensor and each hop that it has to cross,
    its cheapest send cost once, however many nodes read it beyond the hop. Tiers never decrease
    along an edge. With two tiers and ``back``, they may, at the price of the way back.

    Parameters
    ----------
    run
        Shape (n, T), T ≥ 2: cost of each node on each tier, ≥ 0; ``inf`` forbids a tier.
    tensors
        Which node writes and which nodes read each of k tensors.
    send
        Shape (k, T−1) or (k, T−1, q): cost of sending each tensor over each hop (with codec q).
    back
        Shape (k,): cost of sending a tensor back from tier 1 to tier 0; allowed for T = 2 only.

    Raises
    ------
    ValueError
        If shapes disagree, a cost is negative or ``nan``, or ``back`` is given for T > 2.

    References
    ----------
    Picard (1976). Maximal closure of a graph. Management Science (project selection).
    Ishikawa (2003). Exact optimization for Markov random fields with convex priors. PAMI.
    Kang et al. (2017). Neurosurgeon. ASPLOS; Hu et al. (2019). DADS. INFOCOM (two tiers).

    Examples
    --------
    >>> tensors = Tensors(np.array([0]), np.array([0]), np.array([1]))
    >>> plan = place_dag(np.array([[1.0, np.inf], [9.0, 2.0]]), tensors, np.array([[3.0]]))
    >>> plan.tier.tolist(), plan.cost
    ([0, 1], 6.0)
    """
    run = np.asarray(run, dtype=np.float64)
    send = np.asarray(send, dtype=np.float64)
    send = send.reshape(len(tensors.producer), run.shape[1] - 1, -1)
    _check(run, tensors, send, back)
    cheapest = send.min(axis=2)
    # Only differences between tiers decide; taking the minimum out keeps the capacities small.
    base = np.where(np.isfinite(run.min(axis=1)), run.min(axis=1), 0.0)
    arcs = _arcs(run - base[:, None], tensors, cheapest, back)
    nodes = run.shape[0] * (run.shape[1] - 1)
    start = _uniform_cost(run - base[:, None], tensors, cheapest)
    cut = _cut(arcs, nodes, start)
    if cut is None:
        detail = "some node can run on no tier that its neighbours allow"
        empty = np.full((len(tensors.producer), run.shape[1] - 1), -1)
        tier = np.full(len(run), -1)
        return DagPlan(tier, empty, np.inf, Certificate("exact", "min-cut", detail))
    side, bound = cut
    tier = side[:nodes].reshape(run.shape[1] - 1, -1).sum(axis=0)
    crosses, returns = crossings(tier, tensors, run.shape[1] - 1)
    cost = float(run[np.arange(len(run)), tier].sum() + cheapest[crosses].sum())
    if back is not None:
        cost += float(np.asarray(back)[returns].sum())
    codec = np.where(crosses, send.argmin(axis=2), -1)
    detail = f"cut recomputed in float64; integer capacities leave at most {bound:.1e}"
    return DagPlan(tier, codec, cost, Certificate("exact", "min-cut", detail, gap=bound))


def crossings(tier: IntArray, tensors: Tensors, hops: int) -> tuple[BoolArray, BoolArray]:
    """Return which tensors cross each hop upwards, shape (k, hops), and which come back, (k,)."""
    written = tier[tensors.producer]
    highest, lowest = written.copy(), written.copy()
    np.maximum.at(highest, tensors.edge_tensor, tier[tensors.edge_consumer])
    np.minimum.at(lowest, tensors.edge_tensor, tier[tensors.edge_consumer])
    level = np.arange(1, hops + 1)
    crosses = (highest[:, None] >= level) & (written[:, None] < level)
    return crosses, lowest < written


def _check(run: FloatArray, tensors: Tensors, send: FloatArray, back: FloatArray | None) -> None:
    if run.ndim != 2 or run.shape[1] < 2:
        raise ValueError(f"run must have shape (n, T) with T ≥ 2, not {run.shape}")
    costs = [run, send] if back is None else [run, send, np.asarray(back)]
    # The comparison is false for nan as well.
    if not all((values >= 0.0).all() for values in costs):
        raise ValueError("costs must be numbers ≥ 0")
    if back is not None and run.shape[1] != 2:
        raise ValueError("sending back is exact for two tiers only")
    if len(tensors.edge_tensor) != len(tensors.edge_consumer):
        raise ValueError("every edge needs one tensor and one consumer")


def _uniform_cost(run: FloatArray, tensors: Tensors, send: FloatArray) -> float:
    """Return the cost of the best placement that keeps all free nodes on one tier, or inf."""
    best, hops = np.inf, run.shape[1] - 1
    first = np.isfinite(run).argmax(axis=1)
    last = hops - np.isfinite(run)[:, ::-1].argmax(axis=1)
    for level in range(hops + 1):
        tier = np.clip(level, first, last)
        crosses, returns = crossings(tier, tensors, hops)
        if not returns.any():
            cost = run[np.arange(len(run)), tier].sum() + send[crosses].sum()
            best = min(best, float(cost))
    return best


def _arcs(
    run: FloatArray, tensors: Tensors, send: FloatArray, back: FloatArray | None
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return tails, heads and capacities: node (v, h) is h·n + v; source and sink come last."""
    count, hops = run.shape[0], run.shape[1] - 1
    node = np.arange(hops * count).reshape(hops, count)
    readers = np.bincount(tensors.edge_tensor, minlength=len(tensors.producer))
    shared = np.flatnonzero(readers > 1)
    layers = hops + (back is not None)
    helpers = layers * len(shared)
    helper = np.full((layers, len(readers)), -1)
    helper[:, shared] = hops * count + np.arange(helpers).reshape(layers, len(shared))
    source = hops * count + helpers
    parts = [(np.full(count, source), node[0], run[:, 0])]
    parts += [(node[h], node[h + 1], run[:, h + 1]) for h in range(hops - 1)]
    parts.append((node[-1], np.full(count, source + 1), run[:, hops]))
    parts += [(node[h + 1], node[h], np.full(count, np.inf)) for h in range(hops - 1)]
    single = readers[tensors.edge_tensor] == 1
    writer, endless = tensors.producer[tensors.edge_tensor], np.full(len(single), np.inf)
    for h in range(hops):
        up = _paid_once(node[h], tensors, helper[h], send[:, h], single)
        parts += up
        if back is None:
            parts.append((node[h][writer], node[h][tensors.edge_consumer], endless))
        else:
            down = _paid_once(node[h], tensors, helper[hops], np.asarray(back), single)
            parts += [(head, tail, capacity) for tail, head, capacity in down]
    tails, heads, capacity = (np.concatenate(piece) for piece in zip(*parts, strict=True))
    return tails, heads, capacity


def _paid_once(
    node: IntArray, tensors: Tensors, helper: IntArray, price: FloatArray, single: BoolArray
) -> list[tuple[IntArray, IntArray, FloatArray]]:
    """Arcs from readers to the writer of each tensor that cost its price once if any is cut."""
    reader, tensor = node[tensors.edge_consumer], tensors.edge_tensor
    shared = np.flatnonzero(helper >= 0)
    endless = np.full(np.count_nonzero(~single), np.inf)
    writer = node[tensors.producer]
    return [
        (reader[single], writer[tensor[single]], price[tensor[single]]),
        (reader[~single], helper[tensor[~single]], endless),
        (helper[shared], writer[shared], price[shared]),
    ]


def _cut(
    arcs: tuple[IntArray, IntArray, FloatArray], nodes: int, start: float
) -> tuple[IntArray, float] | None:
    """Return the source side of a minimum cut (0/1 per node) and its rounding bound.

    Each round sends integer flow and hands the rest of the real capacities, which is bounded by
    one unit per arc, to the next round on a finer scale.
    """
    tails, heads, capacity = arcs
    size = int(heads.max()) + 1
    both = (np.concatenate([tails, heads]), np.concatenate([heads, tails]))
    padded = np.concatenate([capacity, np.zeros(len(capacity))])
    graph = csr_array((padded, both), shape=(size, size))
    finite = np.isfinite(graph.data)
    if _reach(graph, ~finite, size)[-1]:
        return None
    residual = graph.data
    budget = bound = min(float(residual[finite].sum()), start)
    side = _reach(graph, residual > 0.0, size)
    for _ in range(_ROUNDS):
        if bound <= _PRECISION * budget:
            break
        # At most ``bound`` more can flow, so larger arcs are clipped to it without loss.
        scale = (_ENDLESS - 1) / bound
        whole = np.full(len(residual), _ENDLESS, dtype=np.int32)
        whole[finite] = np.minimum(residual[finite], bound) * scale
        unit = csr_array((whole, graph.indices, graph.indptr), shape=graph.shape)
        flow = maximum_flow(unit, size - 2, size - 1).flow
        side = _reach(graph, whole > flow.data, size)
        residual = np.where(finite, np.maximum(residual - flow.data / scale, 0.0), np.inf)
        bound = len(whole) / 2 / scale
    return side[:nodes], bound


def _reach(graph: csr_array, open_arcs: BoolArray, size: int) -> IntArray:
    """Mark with 1 what the source (second last node) reaches over the open arcs."""
    heads = graph.indices[open_arcs]
    starts = np.concatenate([[0], np.cumsum(open_arcs)])[graph.indptr].astype(np.int32)
    usable = csr_array((np.ones(len(heads)), heads, starts), shape=graph.shape)
    side = np.zeros(size, dtype=np.int64)
    side[breadth_first_order(usable, size - 2, return_predecessors=False)] = 1
    return side
