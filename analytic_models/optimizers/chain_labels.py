"""Search for paths of a budgeted chain from both ends, below a Lagrangian cut-off."""

from __future__ import annotations

__all__ = ["Search", "search_below"]

from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.chain_dual import SLACK, BudgetedChain, Dual, path_cost, path_use
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

Path = tuple[IntArray, IntArray]
_FEW, _STRONG = 40, 48
_PAIRS = 1 << 21  # pairs that a join looks at in one go
_REACH = 2.0  # joins also accept paths up to this much above the cut-off, to learn a better one


@dataclass(frozen=True)
class Search:
    """What a search found.

    Parameters
    ----------
    path, cost
        Best path within the budgets that was seen, and its cost; it is optimal if its cost is
        below the cut-off, and no path is below the cut-off otherwise.
    labels
        Partial paths made.
    complete
        Whether the search ran to its end; if not, there were too many partial paths.
    """

    path: Path | None
    cost: float
    labels: int
    complete: bool


def search_below(problem: BudgetedChain, dual: Dual, cutoff: float, limit: int) -> Search:
    """Find the cheapest path within the budgets that costs less than a cut-off.

    Partial paths grow from the start and from the end, whichever are fewer, until they meet.
    A partial path is dropped once a bound (for the best multipliers, and for others near them)
    lifts all its completions to the cut-off, a budget cannot be kept any more, or another one is
    at least as good in cost and in every use.

    Parameters
    ----------
    problem, dual
        The chain, and the multipliers that bound it.
    cutoff
        Cost that paths must stay below.
    limit
        Most partial paths at one place.

    References
    ----------
    Righini, Salani (2006). Symmetry helps: bounded bi-directional dynamic programming for the
    elementary shortest path problem with resource constraints. Discrete Optimization.
    """
    space = _Space.of(problem, dual, cutoff - dual.bound)
    ahead, behind = _Side(space, forward=True), _Side(space, forward=False)
    labels = 0
    while ahead.layer < behind.layer:
        side = ahead if len(ahead.tier) <= len(behind.tier) else behind
        made = side.advance(limit)
        if made < 0:
            return Search(None, np.inf, labels, complete=False)
        labels += made
        if not made:
            return Search(None, np.inf, labels, complete=True)
    path, cost = _join(space, ahead, behind)
    return Search(path, cost, labels, complete=True)


@dataclass
class _Space:
    """Open arcs with their reduced costs, and linear bounds on completing partial paths.

    A partial path is (r, u): its reduced cost and its uses. Each column w of ``weights`` with its
    offsets at (layer, tier) says: completions cost at least (r, u) · w + offset above the bound.
    """

    problem: BudgetedChain
    dual: Dual
    width: float
    reduced: FloatArray
    open: BoolArray
    index: tuple[IntArray, ...]
    firsts: IntArray
    weights: FloatArray
    forward: FloatArray
    backward: FloatArray
    least_ahead: FloatArray
    least_behind: FloatArray
    most_ahead: FloatArray
    most_behind: FloatArray

    @classmethod
    def of(cls, problem: BudgetedChain, dual: Dual, width: float) -> _Space:
        main = dual.multipliers
        priced, end = problem.priced(main)
        ahead, behind = _values(priced.min(axis=3)[None], end[None])
        through = behind[0, :-1, :, None, None] + priced + ahead[0, 1:, None, :, None]
        bound = dual.bound + float(main @ problem.budgets)
        with np.errstate(invalid="ignore"):
            open_arcs = through - bound < width
            reduced = priced + ahead[0, 1:, None, :, None] - ahead[0, :-1, :, None, None]
        several = np.array([main, *dual.others])
        # Closed arcs are left out of every bound, which tightens all of them.
        some = np.where(open_arcs[None], problem.arcs, np.inf)
        some = some + np.tensordot(several, problem.uses, axes=1)
        ends = problem.end + several @ problem.end_uses
        onward, before = _values(some.min(axis=4), ends)
        offset = several @ problem.budgets + dual.bound
        forward = (ahead[0, 0, 0] - ahead[0]) + onward - offset[:, None, None]
        backward = ahead[0] + before - offset[:, None, None]
        uses = np.where(open_arcs[None], problem.uses, np.inf)
        least_ahead, least_behind = _values(uses.min(axis=4), problem.end_uses)
        uses = np.where(open_arcs[None], -problem.uses, np.inf)
        most_ahead, most_behind = _values(uses.min(axis=4), -problem.end_uses)
        weights = np.vstack([np.ones(len(several)), (several - main).T])
        index = np.nonzero(open_arcs)
        firsts = np.searchsorted(index[0], np.arange(len(priced) + 1))
        return cls(
            problem, dual, width, reduced, open_arcs, index, firsts, weights, forward, backward,
            least_ahead, least_behind, -most_ahead, -most_behind,
        )  # fmt: skip


def _values(cheapest: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least to the end and from the start, (M, L+1, T), of M costs (M, L, T, T)."""
    count, layers, tiers = cheapest.shape[:3]
    onward = np.empty((count, layers + 1, tiers))
    onward[:, -1] = end
    before = np.full((count, layers + 1, tiers), np.inf)
    before[:, 0, 0] = 0.0
    for layer in range(layers - 1, -1, -1):
        onward[:, layer] = (cheapest[:, layer] + onward[:, layer + 1, None, :]).min(axis=2)
    for layer in range(layers):
        before[:, layer + 1] = (cheapest[:, layer] + before[:, layer, :, None]).min(axis=1)
    return onward, before


class _Side:
    """Partial paths from one end that have reached one layer."""

    def __init__(self, space: _Space, *, forward: bool) -> None:
        problem = space.problem
        self.space, self.forward = space, forward
        self.layer = 0 if forward else len(problem.arcs)
        tiers = problem.arcs.shape[1]
        self.tier = np.zeros(1, dtype=np.int64) if forward else np.arange(tiers)
        self.label = np.zeros((len(self.tier), 1 + len(problem.budgets)))
        if not forward:
            self.label[:, 1:] = problem.end_uses.T
        self.history: list[tuple[IntArray, IntArray, IntArray]] = []

    def advance(self, limit: int) -> int:
        """Take one layer and return how many partial paths are left, −1 if too many."""
        space, step = self.space, self.layer if self.forward else self.layer - 1
        chosen = slice(space.firsts[step], space.firsts[step + 1])
        tails, heads, options = (part[chosen] for part in space.index[1:])
        start, stop = (tails, heads) if self.forward else (heads, tails)
        rows, arc = np.nonzero(self.tier[:, None] == start)
        if len(rows) > 40 * limit:
            return -1
        place = (np.full(len(tails), step), tails, heads, options)
        cost = np.stack([space.reduced[place], *(use[place] for use in space.problem.uses)], axis=1)
        fresh, tier = self.label[rows] + cost[arc], stop[arc]
        self.layer += 1 if self.forward else -1
        keep = self._promising(fresh, tier)
        if len(keep) > 4 * limit:
            return -1
        if len(keep) > _FEW:
            keep = keep[self._undominated(fresh[keep], tier[keep])]
        if len(keep) > limit:
            return -1
        self.label, self.tier = fresh[keep], tier[keep]
        self.history.append((rows[keep], start[arc[keep]], options[arc[keep]]))
        return len(keep)

    def _promising(self, label: FloatArray, tier: IntArray) -> IntArray:
        """Return the rows whose completions may keep all budgets and stay below the cut-off."""
        space, layer = self.space, self.layer
        offset = space.forward if self.forward else space.backward
        least = space.least_ahead if self.forward else space.least_behind
        most = space.most_ahead if self.forward else space.most_behind
        budgets, price = space.problem.budgets, space.dual.multipliers
        room = budgets + SLACK - least[:, layer, tier].T
        keep = np.flatnonzero((label[:, 1:] <= room).all(axis=1) & (label[:, 0] < space.width))
        some, place = label[keep], tier[keep]
        # What a path leaves of a budget is paid at its price.
        left = np.maximum(budgets - some[:, 1:] - most[:, layer, place].T, 0.0) @ price
        keep = keep[some[:, 0] + left < space.width]
        some, place = label[keep], tier[keep]
        total = some @ space.weights + offset[:, layer, place].T
        return keep[(total < space.width).all(axis=1)]

    def _undominated(self, label: FloatArray, tier: IntArray) -> IntArray:
        """Drop partial paths that a strong one at the same tier beats in cost and every use."""
        space = self.space
        most = space.most_ahead if self.forward else space.most_behind
        # Below what the rest of the path can take at most, a use makes no difference.
        spare = space.problem.budgets - most[:, self.layer, tier].T
        true_cost = label[:, 0] - label[:, 1:] @ space.dual.multipliers
        plain = np.concatenate([true_cost[:, None], np.maximum(label[:, 1:], spare)], axis=1)
        kept = []
        for place in np.unique(tier):
            rows = np.flatnonzero(tier == place)
            rows = rows[np.argsort(label[rows, 0], kind="stable")]
            strong = plain[rows[:_STRONG]]
            beaten = np.ones((len(strong), len(rows)), dtype=bool)
            for column, weak in zip(strong.T, plain[rows].T, strict=True):
                beaten &= column[:, None] <= weak
            # Of equal ones the first stays.
            beaten &= np.arange(len(strong))[:, None] < np.arange(len(rows))
            kept.append(rows[~beaten.any(axis=0)])
        return np.concatenate(kept)

    def trace(self, label: int) -> Path:
        """Return the tiers after each layer and the options of a partial path."""
        tiers, options = [], []
        tier = int(self.tier[label])
        for rows, start, option in reversed(self.history):
            options.append(int(option[label]))
            # Forward, the arc ends at the tier of this label; backward, where it came from.
            tiers.append(tier if self.forward else int(start[label]))
            tier = int(start[label])
            label = int(rows[label])
        order = slice(None, None, -1) if self.forward else slice(None)
        return np.array(tiers[order], dtype=np.int64), np.array(options[order], dtype=np.int64)


def _join(space: _Space, ahead: _Side, behind: _Side) -> tuple[Path | None, float]:
    """Return the cheapest pair of partial paths that meet within the budgets."""
    problem, price = space.problem, space.dual.multipliers
    best, pair = _REACH * space.width, None
    for tier in np.intersect1d(ahead.tier, behind.tier):
        first, second = np.flatnonzero(ahead.tier == tier), np.flatnonzero(behind.tier == tier)
        # Sorted by the use whose unused rest costs most, few partners fit each partial path.
        spread = np.ptp(behind.label[second, 1:], axis=0) * price
        main = int(spread.argmax())
        first = first[np.argsort(-ahead.label[first, 1 + main], kind="stable")]
        second = second[np.argsort(behind.label[second, 1 + main], kind="stable")]
        left, right = ahead.label[first], behind.label[second]
        step = max(16, min(256, _PAIRS // len(second)))
        for start in range(0, len(first), step):
            some = left[start : start + step]
            top = problem.budgets[main] + SLACK - some[-1, 1 + main]
            low = problem.budgets[main] - some[0, 1 + main]
            low -= best / price[main] if price[main] > 0.0 else np.inf
            span = slice(*np.searchsorted(right[:, 1 + main], [low, np.nextafter(top, np.inf)]))
            some_right = right[span]
            total = some[:, :1] + some_right[:, 0]
            fits = total < best
            for column in range(1, left.shape[1]):
                rest = problem.budgets[column - 1] - some[:, column, None] - some_right[:, column]
                fits &= rest >= -SLACK
                total += price[column - 1] * rest
            total[~fits] = np.inf
            if total.size:
                place = int(total.argmin())
                if total.flat[place] < best:
                    best = float(total.flat[place])
                    row, column = divmod(place, total.shape[1])
                    pair = (int(first[start + row]), int(second[span.start + column]))
    if pair is None:
        return None, np.inf
    before, after = ahead.trace(pair[0]), behind.trace(pair[1])
    path = (np.concatenate([before[0], after[0]]), np.concatenate([before[1], after[1]]))
    if np.any(path_use(problem, path) > problem.budgets + 10.0 * SLACK):
        return None, np.inf
    return path, path_cost(problem, path)
