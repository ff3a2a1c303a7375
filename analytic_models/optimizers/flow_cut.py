"""Minimum cuts with real capacities, by integer flows on contracted networks."""

from __future__ import annotations

__all__ = ["minimum_cut"]

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

# maximum_flow keeps int32 residuals and wraps silently: an arc and its reverse stay below 2³¹.
_ENDLESS = 2**30 - 1
_ROUNDS = 4
_PRECISION = 1e-9


def minimum_cut(
    tails: IntArray, heads: IntArray, capacity: FloatArray, size: int, start: float
) -> tuple[IntArray, float] | None:
    """Return the source side of a minimum cut and a bound on its distance to the optimum.

    Each round sends integer flow and hands the rest of the real capacities to the next one. What
    a cut may still cost is then known closely, so arcs that are larger cannot be cut: their ends
    are contracted into the source and the sink, which usually decides every node at once.

    Parameters
    ----------
    tails, heads
        Shape (e,): ends of the arcs; the source is node size − 2, the sink node size − 1.
    capacity
        Shape (e,), ≥ 0; ``inf`` forbids to cut an arc.
    size
        Number of nodes.
    start
        Capacity of a known cut, or ``inf``.

    Returns
    -------
    Shape (size,), 1 on the source side, and the bound in the unit of the capacities; ``None`` if
    every cut is infinite.

    References
    ----------
    Dinic (1970). Algorithm for solution of a problem of maximum flow. Soviet Math. Doklady.
    Picard, Queyranne (1980). On the structure of all minimum cuts in a network. Mathematical
    Programming Studies (what residual arcs decide).
    """
    side = np.zeros(size, dtype=np.int64)
    network = _Network.of(tails, heads, capacity, size)
    forced = network.reach(~np.isfinite(network.residual))
    if forced[-1]:
        return None
    budget = bound = min(float(capacity[np.isfinite(capacity)].sum()), start)
    # Sums of float64 capacities are exact only up to this.
    rounding = 4.0 * float(np.finfo(np.float64).eps) * budget
    names = np.arange(size)
    push_first = 4 * int(forced.sum()) < size  # a network of few forced nodes is not worth merging
    for turn in range(_ROUNDS):
        if bound > 0.0 and (turn or push_first):
            bound = network.push(bound)
        network, above, free = network.contracted(bound + rounding)
        side[names[above]] = 1
        names = np.append(names[free], [size - 2, size - 1])
        if network.size == 2:
            return side, rounding
        if turn and bound <= _PRECISION * budget:
            break
    side[names[network.reach(network.residual > 0.0)]] = 1
    return side, bound + rounding


@dataclass
class _Network:
    """Residual capacities in compressed rows; every arc has its reverse."""

    graph: csr_array
    residual: FloatArray
    tails: IntArray
    size: int

    @classmethod
    def of(cls, tails: IntArray, heads: IntArray, capacity: FloatArray, size: int) -> _Network:
        """Add the reverse of every arc, with no capacity, and merge parallel arcs."""
        both = (np.concatenate([tails, heads]), np.concatenate([heads, tails]))
        padded = np.concatenate([capacity, np.zeros(len(capacity))])
        graph = csr_array((padded, both), shape=(size, size))
        rows = np.repeat(np.arange(size), np.diff(graph.indptr))
        return cls(graph, graph.data, rows, size)

    @property
    def heads(self) -> IntArray:
        """Head of every arc."""
        return np.asarray(self.graph.indices)

    def reach(self, open_arcs: BoolArray, *, backward: bool = False) -> BoolArray:
        """Mark what the source reaches over open arcs, or what reaches the sink."""
        tails, heads = self.tails[open_arcs], self.heads[open_arcs]
        if backward:
            order = np.argsort(heads, kind="stable")
            tails, heads = heads[order], tails[order]
        starts = np.zeros(self.size + 1, dtype=np.int32)
        np.cumsum(np.bincount(tails, minlength=self.size), out=starts[1:])
        usable = csr_array((np.ones(len(heads)), heads, starts), shape=self.graph.shape)
        origin = self.size - 1 if backward else self.size - 2
        side = np.zeros(self.size, dtype=bool)
        side[breadth_first_order(usable, origin, return_predecessors=False)] = True
        return side

    def contracted(self, bound: float) -> tuple[_Network, BoolArray, BoolArray]:
        """Merge what arcs above the bound tie to the source or the sink.

        Returns the smaller network, and which nodes went to the source and which are left.
        """
        tied = self.residual > bound
        above = self.reach(tied)
        free = ~above & ~self.reach(tied, backward=True)
        count = int(free.sum())
        member = np.where(above, count, count + 1)
        member[free] = np.arange(count)
        tails, heads = member[self.tails], member[self.heads]
        # What enters the source or leaves the sink is never cut; source to sink always is.
        keep = (tails != heads) & (tails <= count) & (heads != count)
        keep &= (tails < count) | (heads < count)
        network = _Network.of(tails[keep], heads[keep], self.residual[keep], count + 2)
        return network, above, free

    def push(self, bound: float) -> float:
        """Send integer flow of at most a bound; return the capacity left in the cut it shows."""
        finite = np.isfinite(self.residual)
        # At most ``bound`` more can flow, so larger arcs are clipped to it without loss.
        scale = (_ENDLESS - 1) / bound
        whole = np.full(len(self.residual), _ENDLESS, dtype=np.int32)
        whole[finite] = np.minimum(self.residual[finite], bound) * scale
        unit = csr_array((whole, self.graph.indices, self.graph.indptr), shape=self.graph.shape)
        flow = maximum_flow(unit, self.size - 2, self.size - 1).flow.data
        self.residual = np.where(finite, np.maximum(self.residual - flow / scale, 0.0), np.inf)
        side = self.reach(whole > flow)
        return min(bound, float(self.residual[side[self.tails] & ~side[self.heads]].sum()))
