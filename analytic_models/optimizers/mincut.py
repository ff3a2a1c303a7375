"""Cheapest placement of a layer graph on ordered tiers, by minimum cut."""

from __future__ import annotations

__all__ = ["DagPlan", "Tensors", "place_dag"]

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.flow_cut import minimum_cut
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

Arcs: TypeAlias = tuple[IntArray, IntArray, FloatArray]
_SOURCE, _SINK = -2, -1  # counted from the end of the nodes
_LOOK_AHEAD = 64  # steps


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
    if back is None:
        found = _ordered_tier(run, tensors, cheapest)
    else:
        found = _two_way_tier(run, tensors, cheapest, np.asarray(back, dtype=np.float64))
    if found is None:
        detail = "some node can run on no tier that its neighbours allow"
        empty = np.full((len(tensors.producer), run.shape[1] - 1), -1)
        tier = np.full(len(run), -1)
        return DagPlan(tier, empty, np.inf, Certificate("exact", "min-cut", detail))
    tier, bound = found
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


def _ordered_tier(
    run: FloatArray, tensors: Tensors, send: FloatArray
) -> tuple[IntArray, float] | None:
    """Return the tiers of a cheapest monotone placement and the bound; None if there is none."""
    hops = run.shape[1] - 1
    parts, base = _run_arcs(run)
    deciding = _deciding_readers(tensors, len(run))
    before, after = tensors.producer[tensors.edge_tensor], tensors.edge_consumer
    node = np.arange(hops * len(run)).reshape(hops, -1)
    parts += _tensor_arcs(deciding, send, len(run), hops, node.size)
    endless = np.full(max(len(before), len(run)), np.inf)
    parts += [(node[h][before], node[h][after], endless[: len(before)]) for h in range(hops)]
    start = _uniform_cost(run, base, tensors, send)
    # Who lies above a hop lies above the hops before it.
    parts += [(node[h + 1], node[h], endless[: len(run)]) for h in range(hops - 1)]
    size = 2 + node.size + hops * _shared(deciding)
    found = _cut(parts, size, start)
    if found is None:
        return None
    return found[0][: node.size].reshape(hops, -1).sum(axis=0), found[1]


def _two_way_tier(
    run: FloatArray, tensors: Tensors, send: FloatArray, back: FloatArray
) -> tuple[IntArray, float] | None:
    """Return the tiers of a cheapest placement on two tiers that may send results back."""
    count, helpers = len(run), _shared(tensors)
    up = _tensor_arcs(tensors, send, count, 1, count)
    down = _tensor_arcs(tensors, back[:, None], count, 1, count + helpers)
    turned = [(heads, tails, capacity) for tails, heads, capacity in down]
    found = _cut([*_run_arcs(run)[0], *up, *turned], count + 2 * helpers + 2, np.inf)
    return None if found is None else (found[0][:count], found[1])


def _shared(tensors: Tensors) -> int:
    """Return how many tensors have several readers."""
    readers = np.bincount(tensors.edge_tensor, minlength=len(tensors.producer))
    return int(np.count_nonzero(readers > 1))


def _deciding_readers(tensors: Tensors, count: int) -> Tensors:
    """Leave out readers that precede the last reader of the same tensor.

    They never lie above it, so only the others decide whether the tensor crosses a hop. Looked
    for along first readers, from each reader on; what is not found stays, at no loss but time.
    """
    writer = tensors.producer[tensors.edge_tensor]
    readers = np.bincount(tensors.edge_tensor, minlength=len(tensors.producer))
    pairs = np.flatnonzero(readers[tensors.edge_tensor] > 1)
    if not len(pairs) or np.any(writer >= tensors.edge_consumer):
        return tensors
    first, last = np.full(count, count), np.zeros(len(readers), dtype=np.int64)
    np.minimum.at(first, writer, tensors.edge_consumer)
    np.maximum.at(last, tensors.edge_tensor, tensors.edge_consumer)
    place, goal = tensors.edge_consumer[pairs], last[tensors.edge_tensor[pairs]]
    keep = np.ones(len(writer), dtype=bool)
    for _ in range(_LOOK_AHEAD):
        on = place < goal
        if not on.any():
            break
        pairs, place, goal = pairs[on], first[place[on]], goal[on]
        keep[pairs[place == goal]] = False
    return Tensors(tensors.producer, tensors.edge_tensor[keep], tensors.edge_consumer[keep])


def _uniform_cost(run: FloatArray, base: FloatArray, tensors: Tensors, send: FloatArray) -> float:
    """Return the cost above the base of the best placement on one tier, or inf."""
    best, hops = np.inf, run.shape[1] - 1
    first = np.isfinite(run).argmax(axis=1)
    last = hops - np.isfinite(run)[:, ::-1].argmax(axis=1)
    for level in range(hops + 1):
        tier = np.clip(level, first, last)
        crosses, returns = crossings(tier, tensors, hops)
        if not returns.any():
            cost = (run[np.arange(len(run)), tier] - base).sum() + send[crosses].sum()
            best = min(best, float(cost))
    return best


def _run_arcs(run: FloatArray) -> tuple[list[Arcs], FloatArray]:
    """Arcs that charge what each hop adds to or takes off the run costs.

    Node h·n + v is on the source side if v lies above hop h. Also returned: the part of the run
    costs that no cut can avoid, shape (n,).
    """
    count, hops = run.shape[0], run.shape[1] - 1
    known = np.isfinite(run)
    first, last = known.argmax(axis=1), hops - known[:, ::-1].argmax(axis=1)
    nowhere = ~known.any(axis=1)
    filled = np.where(nowhere, 0.0, run[np.arange(count), first])
    base, parts = filled.copy(), list[Arcs]()
    node = np.arange(hops * count).reshape(hops, count)
    for h in range(hops):
        above = np.where(known[:, h + 1], run[:, h + 1], filled)
        change = above - filled
        base += np.minimum(change, 0.0)
        up = np.where((h < first) | nowhere, np.inf, np.maximum(-change, 0.0))
        down = np.where((h >= last) | nowhere, np.inf, np.maximum(change, 0.0))
        filled = above
        some = np.flatnonzero(up > 0.0)
        parts.append((np.full(len(some), _SOURCE), node[h][some], up[some]))
        some = np.flatnonzero(down > 0.0)
        parts.append((node[h][some], np.full(len(some), _SINK), down[some]))
        hole = np.flatnonzero(~known[:, h] & (h > first) & (h < last))
        if len(hole):
            # Not on tier h: who lies above hop h−1 lies above hop h as well.
            parts.append((node[h - 1][hole], node[h][hole], np.full(len(hole), np.inf)))
    return parts, base


def _tensor_arcs(
    tensors: Tensors, price: FloatArray, count: int, hops: int, helper: int
) -> list[Arcs]:
    """Arcs from readers to writers that cost a tensor's price once per hop if any is cut.

    A tensor with several readers gets a helper node per hop, numbered from ``helper`` on.
    """
    readers = np.bincount(tensors.edge_tensor, minlength=len(tensors.producer))
    shared = np.flatnonzero(readers > 1)
    single = readers[tensors.edge_tensor] == 1
    one, many = tensors.edge_tensor[single], tensors.edge_tensor[~single]
    place = np.zeros(len(readers), dtype=np.int64)
    place[shared] = np.arange(len(shared))
    parts = []
    for h in range(hops):
        own = helper + h * len(shared)
        parts += [
            (h * count + tensors.edge_consumer[single], h * count + tensors.producer[one],
             price[one, h]),
            (h * count + tensors.edge_consumer[~single], own + place[many],
             np.full(len(many), np.inf)),
            (own + place[shared], h * count + tensors.producer[shared], price[shared, h]),
        ]  # fmt: skip
    return parts


def _cut(parts: list[Arcs], size: int, start: float) -> tuple[IntArray, float] | None:
    tails, heads, capacity = (np.concatenate(piece) for piece in zip(*parts, strict=True))
    # Negative numbers count from the end: the source and the sink.
    tails, heads = (np.where(ends < 0, size + ends, ends) for ends in (tails, heads))
    return minimum_cut(tails, heads, capacity, size, start)
