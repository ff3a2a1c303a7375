"""Search for paths of a budgeted chain from both ends, below a Lagrangian cut-off."""

from __future__ import annotations

__all__ = ["Search", "search_below"]

from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.chain_dual import SLACK, BudgetedChain, Dual, path_cost, path_use
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

Path = tuple[IntArray, IntArray]
_FEW, _STRONG, _REST = 40, 48, 4
_LOOKED = 6
_PAIRS = 1 << 21  # pairs that a join looks at in one go
_SPREAD = 12.0
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


def search_below(
    problem: BudgetedChain, dual: Dual, cutoff: float, limit: int, *, beam: bool = False
) -> Search:
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
    beam
        Drop the least promising partial paths above the limit instead of giving up; the answer is
        then a good path, not a proof.

    References
    ----------
    Righini, Salani (2006). Symmetry helps: bounded bi-directional dynamic programming for the
    elementary shortest path problem with resource constraints. Discrete Optimization.
    """
    space = _Space.of(problem, dual, cutoff - dual.bound)
    ahead, behind = _Side(space, forward=True), _Side(space, forward=False)
    labels = 0
    layers = len(problem.arcs)
    while ahead.layer < behind.layer:
        side = ahead if len(ahead.tier) <= len(behind.tier) else behind
        room = limit
        if beam:
            # Few partial paths far from the middle, many where the pairs are formed.
            side = ahead if ahead.layer <= layers - behind.layer else behind
            done = 1.0 - (behind.layer - ahead.layer) / layers
            room = int(limit * (1.0 + _SPREAD * done**4))
        made = side.advance(room, beam=beam)
        if made < 0:
            return Search(None, np.inf, labels, complete=False)
        labels += made
        if not made:
            return Search(None, np.inf, labels, complete=not (ahead.cut or behind.cut))
    path, cost = _join(space, ahead, behind)
    return Search(path, cost, labels, complete=not (ahead.cut or behind.cut))


@dataclass
class _Space:
    """Open arcs with their reduced costs and uses, and linear bounds on completing partial paths.

    A partial path is (r, u): its reduced cost and its uses. Each column w of ``weights`` with its
    offsets at (layer, tier) says: completions cost at least (r, u) · w + offset above the bound.
    Arrays over places have shape (L+1, T, bounds or budgets).
    """

    problem: BudgetedChain
    dual: Dual
    width: float
    steps: FloatArray
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
            index = np.nonzero(through - bound < width)
        arcs = _Arcs.of(problem, index)
        several = np.array([main, *dual.others])
        # Closed arcs are left out of every bound, which tightens all of them.
        some = arcs.cost + several @ arcs.uses
        onward, before = _values(arcs.least(some), problem.end + several @ problem.end_uses)
        layer, tail, head, _ = index
        reduced = priced[index] + ahead[0, layer + 1, head] - ahead[0, layer, tail]
        offset = several @ problem.budgets + dual.bound
        forward = (ahead[0, 0, 0] - ahead[0]) + onward - offset[:, None, None]
        backward = ahead[0] + before - offset[:, None, None]
        least_ahead, least_behind = _values(arcs.least(arcs.uses), problem.end_uses)
        most_ahead, most_behind = _values(arcs.least(-arcs.uses), -problem.end_uses)
        weights = np.vstack([np.ones(len(several)), (several - main).T])
        firsts = np.searchsorted(layer, np.arange(len(priced) + 1))
        return cls(
            problem,
            dual,
            width,
            np.ascontiguousarray(np.vstack([reduced, arcs.uses]).T),
            index,
            firsts,
            weights,
            *(
                np.ascontiguousarray(np.moveaxis(values, 0, -1))
                for values in (
                    forward, backward, least_ahead, least_behind, -most_ahead, -most_behind,
                )
            ),
        )  # fmt: skip


@dataclass
class _Arcs:
    """Open arcs as lists: costs (n,), uses (R, n), and where groups of equal ends begin."""

    cost: FloatArray
    uses: FloatArray
    starts: IntArray
    group: IntArray
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, problem: BudgetedChain, index: tuple[IntArray, ...]) -> _Arcs:
        layers, tiers = problem.arcs.shape[:2]
        layer, tail, head, _ = index
        place = (layer * tiers + tail) * tiers + head
        starts = np.flatnonzero(np.append(True, place[1:] != place[:-1])[: len(place)])
        uses = np.stack([use[index] for use in problem.uses])
        shape = (layers, tiers, tiers)
        return cls(problem.arcs[index], uses, starts, place[starts], shape)

    def least(self, values: FloatArray) -> FloatArray:
        """Return the least of each row of values (M, n) over the options, (M, L, T, T)."""
        found = np.full((len(values), int(np.prod(self.shape))), np.inf)
        if len(self.starts):
            found[:, self.group] = np.minimum.reduceat(values, self.starts, axis=1)
        return found.reshape(len(values), *self.shape)


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
        self.cut, self.idle = False, 0

    def advance(self, limit: int, *, beam: bool) -> int:
        """Take one layer and return how many partial paths are left, −1 if too many."""
        space, step = self.space, self.layer if self.forward else self.layer - 1
        chosen = slice(space.firsts[step], space.firsts[step + 1])
        tails, heads, options = (part[chosen] for part in space.index[1:])
        start, stop = (tails, heads) if self.forward else (heads, tails)
        steps = space.steps[chosen]
        # Most arcs fail on the reduced cost alone.
        total = self.label[:, :1] + steps[:, 0]
        rows, arc = np.nonzero((total < space.width) & (self.tier[:, None] == start))
        if len(rows) > 40 * limit and not beam:
            return -1
        fresh, tier = self.label[rows] + steps[arc], stop[arc]
        self.layer += 1 if self.forward else -1
        keep, least = self._promising(fresh, tier, _LOOKED * limit if beam else len(fresh))
        if beam and len(keep) > 2 * limit:
            order, self.cut = np.argsort(least, kind="stable")[: 2 * limit], True
            keep, least = keep[order], least[order]
        if len(keep) > 4 * limit:
            return -1
        if len(keep) > _FEW and self.idle <= 0:
            left = self._undominated(fresh[keep], tier[keep])
            # Where dominance drops next to nothing it rests for some layers.
            self.idle = _REST if len(left) > 0.97 * len(keep) else 0
            keep, least = keep[left], least[left]
        self.idle -= 1
        if beam and len(keep) > limit:
            keep, self.cut = keep[np.argsort(least, kind="stable")[:limit]], True
        if len(keep) > limit:
            return -1
        self.label, self.tier = fresh[keep], tier[keep]
        self.history.append((rows[keep], start[arc[keep]], options[arc[keep]]))
        return len(keep)

    def _promising(
        self, label: FloatArray, tier: IntArray, most_looked: int
    ) -> tuple[IntArray, FloatArray]:
        """Return the rows that may stay within all budgets and below the cut-off, and bounds.

        Above ``most_looked`` rows only those of the least simple bound are looked at.
        """
        space, layer = self.space, self.layer
        offset = space.forward if self.forward else space.backward
        least = space.least_ahead if self.forward else space.least_behind
        most = space.most_ahead if self.forward else space.most_behind
        budgets, price = space.problem.budgets, space.dual.multipliers
        room = (budgets + SLACK - least[layer])[tier]
        keep = np.flatnonzero((label[:, 1:] <= room).all(axis=1) & (label[:, 0] < space.width))
        some, place = label[keep], tier[keep]
        # What a path leaves of a budget is paid at its price.
        left = np.maximum(budgets - some[:, 1:] - most[layer][place], 0.0) @ price
        simple = some[:, 0] + left
        keep, simple = keep[simple < space.width], simple[simple < space.width]
        if len(keep) > most_looked:
            keep, self.cut = keep[np.argpartition(simple, most_looked)[:most_looked]], True
        some, place = label[keep], tier[keep]
        total = (some @ space.weights + offset[layer][place]).max(axis=1)
        below = total < space.width
        return keep[below], total[below]

    def _undominated(self, label: FloatArray, tier: IntArray) -> IntArray:
        """Drop partial paths that a strong one at the same tier beats in cost and every use."""
        space = self.space
        most = space.most_ahead if self.forward else space.most_behind
        # Below what the rest of the path can take at most, a use makes no difference.
        spare = (space.problem.budgets - most[self.layer])[tier]
        true_cost = label[:, 0] - label[:, 1:] @ space.dual.multipliers
        plain = np.concatenate([true_cost[:, None], np.maximum(label[:, 1:], spare)], axis=1)
        kept = []
        for place in np.unique(tier):
            rows = np.flatnonzero(tier == place)
            rows = rows[np.argsort(label[rows, 0], kind="stable")]
            table = plain[rows]
            varied = np.flatnonzero(table.max(axis=0) > table.min(axis=0))
            if len(varied) <= 2:
                kept.append(rows[_front_2d(table[:, varied])])
            else:
                kept.append(rows[~_beaten(table[:, varied])])
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


def _front_2d(table: FloatArray) -> IntArray:
    """Return the rows that no other beats in at most two columns, of equal ones the first."""
    if not table.shape[1]:
        return np.zeros(1, dtype=np.int64)
    first, second = table[:, 0], table[:, -1]
    order = np.lexsort((second, first))
    falls = np.append(True, second[order][1:] < np.minimum.accumulate(second[order])[:-1])
    return np.sort(order[falls])


def _beaten(table: FloatArray) -> BoolArray:
    """Mark the rows that one of the first rows beats; of equal ones the first stays."""
    strong = table[:_STRONG]
    beaten = np.ones((len(strong), len(table)), dtype=bool)
    for column, weak in zip(strong.T, table.T, strict=True):
        beaten &= column[:, None] <= weak
    beaten &= np.arange(len(strong))[:, None] < np.arange(len(table))
    return np.asarray(beaten.any(axis=0))


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
