"""Which design is best over two axes of a scenario: a map that refines while one waits.

The grid is cut into boxes. Every objective moves one way along every axis, so the values of a
design at the four corners of a box bound its values inside; a design that is beaten on these bounds
is dropped for the whole box and for all boxes cut from it. What is left decides each cell exactly.
An accuracy floor moves no objective: it only admits designs, so such a map has one free axis.
"""

from __future__ import annotations

__all__ = ["PhaseMap", "phase_map"]

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analytic_models.catalog import Catalog, load_catalog
from analytic_models.design import Design, Scenario
from analytic_models.errors import DesignError, Problem
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.phase_field import ACCURACY_AXIS, Axis, DesignField
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray
from analytic_models.optimizers.space import Space, default_space

_FIRST_BOX = 16
_APPROXIMATE = ("latency_p", "latency_level", "latency_required")


@dataclass(frozen=True)
class PhaseMap:
    """The best design of every cell, as far as it is known.

    Parameters
    ----------
    x, y
        The axes.
    objective
        Quantity that is made small.
    designs
        Designs that win somewhere.
    winner, runner_up
        Shape (ny, nx): number of a design, −1 where none is feasible or there is no second one.
    value
        Shape (ny, nx): objective of the winner; ``nan`` where none is feasible.
    tied
        Shape (ny, nx): whether the runner-up is within the tie margin.
    box
        Largest side of a box that is still painted in one colour; 1 when the map is final.
    evaluated, candidates
        Evaluations so far, and designs that were looked at.
    certificate
        Exact when final and every quantity is; heuristic before, and for percentiles.
    """

    x: Axis
    y: Axis
    objective: str
    designs: tuple[Design, ...]
    winner: IntArray
    runner_up: IntArray
    value: FloatArray
    tied: BoolArray
    box: int
    evaluated: int
    candidates: int
    certificate: Certificate


@dataclass
class _Boxes:
    """Boxes of cells, as inclusive index ranges, and pairs of a box with a design."""

    i0: IntArray
    i1: IntArray
    j0: IntArray
    j1: IntArray
    box: IntArray
    row: IntArray

    @property
    def columns(self) -> int:
        return int((self.i1 - self.i0).max()) + 1

    @property
    def lines(self) -> int:
        return int((self.j1 - self.j0).max()) + 1

    def split(self, keep: BoolArray, both: bool) -> _Boxes:
        """Cut every box along one or both axes, with the designs that are kept."""
        middle_i = (self.i0 + self.i1) // 2
        middle_j = (self.j0 + self.j1) // 2 if both else self.j1
        ranges, parents = [], []
        for left in (True, False):
            for lower in (True, False):
                i0 = self.i0 if left else middle_i + 1
                i1 = middle_i if left else self.i1
                j0 = self.j0 if lower else middle_j + 1
                j1 = middle_j if lower else self.j1
                there = np.flatnonzero((i0 <= i1) & (j0 <= j1))
                ranges.append(np.stack([i0, i1, j0, j1])[:, there])
                parents.append(there)
        spans, parent = np.concatenate(ranges, axis=1), np.concatenate(parents)
        # Pairs are kept in the order of their box, so a box's pairs are one slice.
        order = np.argsort(self.box[keep], kind="stable")
        box, row = self.box[keep][order], self.row[keep][order]
        counts = np.bincount(box, minlength=len(self.i0))
        starts = np.cumsum(counts) - counts
        many = counts[parent]
        offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        i0, i1, j0, j1 = spans
        return _Boxes(
            i0,
            i1,
            j0,
            j1,
            np.repeat(np.arange(len(parent)), many),
            row[np.repeat(starts[parent], many) + offset],
        )


def phase_map(
    scenario: Scenario,
    x: Axis,
    y: Axis,
    objective: str = "latency_mean_s",
    tie: float = 0.01,
    over: Space | None = None,
    catalog: Catalog | None = None,
) -> Iterator[PhaseMap]:
    """Find the best design of every cell, from coarse to fine.

    Parameters
    ----------
    scenario
        What is given apart from the axes; memory, privacy, accuracy, energy and cost limits hold.
    x, y
        Two different axes.
    objective
        A latency, energy, cost or carbon quantity.
    tie
        Relative margin within which two designs count as equally good.
    over
        Space of designs, by default every precision and encoding that the scenario offers.

    Yields
    ------
    PhaseMap
        Ever finer maps; the last one is final.

    Raises
    ------
    DesignError
        If the axes are the same, or the objective is not a quantity.
    """
    if x.name == y.name:
        raise DesignError(Problem("axes", f"both are {x.name}", "two different fields"))
    catalog = catalog or load_catalog()
    space_of = scenario
    if ACCURACY_AXIS in (x.name, y.name):
        # Choices of unknown loss cannot meet any floor of the axis.
        space_of = replace(scenario, accuracy_drop_max_pp=100.0)
    field = DesignField(
        scenario, x, y, objective, over or default_space(space_of, catalog), catalog
    )
    boxes = _first_boxes(field)
    while True:
        low, high, middle = _bounds(field, boxes)
        final = boxes.columns == 1 and (field.floor is not None or boxes.lines == 1)
        yield _painted(field, boxes, high if final else middle, tie, final)
        if final or not len(boxes.row):
            return
        boxes = boxes.split(low <= _least(field, boxes, high) * (1.0 + tie), field.floor is None)


def _least(field: DesignField, boxes: _Boxes, high: FloatArray) -> FloatArray:
    """Return for every pair the least upper bound of a design that is admitted wherever it is."""
    levels = int(field.level.max(initial=0)) + 1
    least = np.full((len(boxes.i0), levels), np.inf)
    level = field.level[boxes.row]
    np.minimum.at(least, (boxes.box, level), high)
    # A design that is never possible in the box must not survive on an infinite bound.
    found = np.minimum.accumulate(least, axis=1)[boxes.box, level]
    return np.minimum(found, np.finfo(np.float64).max / 4.0)


def _first_boxes(field: DesignField) -> _Boxes:
    """Cut the grid into boxes; along an accuracy floor they are never cut."""
    x, y = _free_axes(field)
    designs = len(field.designs) if len(field.level) else 0

    def parts(count: int, whole: bool) -> list[IntArray]:
        return np.array_split(np.arange(count), 1 if whole else -(-count // _FIRST_BOX))

    spans = [
        (i[0], i[-1], j[0], j[-1])
        for i in parts(len(x.values), False)
        for j in parts(len(y.values), field.floor is not None)
    ]
    i0, i1, j0, j1 = np.array(spans, dtype=np.int64).T
    box = np.repeat(np.arange(len(spans)), designs)
    return _Boxes(i0, i1, j0, j1, box, np.tile(np.arange(designs), len(spans)))


def _free_axes(field: DesignField) -> tuple[Axis, Axis]:
    """Return the axes with an accuracy floor, if any, as the second."""
    return (field.y, field.x) if field.floor is field.x else (field.x, field.y)


def _bounds(field: DesignField, boxes: _Boxes) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return bounds of each pair's objective over its box, and a value to paint it by."""
    b = boxes.box
    corners = [(boxes.i0, boxes.j0)]
    if boxes.columns > 1 or (field.floor is None and boxes.lines > 1):
        corners.append((boxes.i1, boxes.j1))
        if field.floor is None:
            corners += [(boxes.i0, boxes.j1), (boxes.i1, boxes.j0)]
    swapped = field.floor is field.x
    pairs = [(j[b], i[b]) if swapped else (i[b], j[b]) for i, j in corners]
    found = [field.at(boxes.row, i, j) for i, j in pairs]
    values, there = np.stack([v for v, _ in found]), np.stack([ok for _, ok in found])
    # Each limit holds from some corner on, so a design that fails at all of them fails inside.
    low = np.where(there.any(axis=0), values.min(axis=0), np.inf)
    high = np.where(there.all(axis=0), values.max(axis=0), np.inf)
    some = np.where(there, values, np.inf).min(axis=0)
    # Designs that hold in the whole box are painted before those that hold in a part of it.
    middle = np.where(np.isfinite(high), values.mean(axis=0), some * 1e3)
    return low, high, np.asarray(middle)


@dataclass(frozen=True)
class _Two:
    """The best two rows of every cell and their values, shape (ny, nx) each."""

    best: IntArray
    other: IntArray
    value: FloatArray
    next_value: FloatArray


def _best_two(field: DesignField, boxes: _Boxes, cost: FloatArray) -> _Two:
    x, y = _free_axes(field)
    shape = (len(y.values), len(x.values))
    best, other = np.full(shape, -1), np.full(shape, -1)
    value, next_value = np.full(shape, np.nan), np.full(shape, np.inf)
    order = np.lexsort((boxes.row, cost, boxes.box))
    order = order[np.isfinite(cost[order])]
    counts = np.bincount(boxes.box[order], minlength=len(boxes.i0))
    starts = np.cumsum(counts) - counts
    for at in np.flatnonzero(counts):
        pairs = order[starts[at] : starts[at] + counts[at]]
        rows, costs = boxes.row[pairs], cost[pairs]
        across = slice(boxes.i0[at], boxes.i1[at] + 1)
        if field.floor is None:
            cells = (slice(boxes.j0[at], boxes.j1[at] + 1), across)
            best[cells], value[cells] = rows[0], costs[0]
            if len(rows) > 1:
                other[cells], next_value[cells] = rows[1], costs[1]
            continue
        # Pairs come by cost: the first two that a floor admits are its best two.
        admitted = field.level[rows][:, None] <= np.arange(len(y.values))
        rank = np.cumsum(admitted, axis=0)
        for place, rows_of, costs_of in ((1, best, value), (2, other, next_value)):
            there = rank[-1] >= place
            first = (rank >= place).argmax(axis=0)[there]
            rows_of[there, across], costs_of[there, across] = (
                rows[first][:, None],
                costs[first][:, None],
            )
    if field.floor is field.x:
        return _Two(best.T, other.T, value.T, next_value.T)
    return _Two(best, other, value, next_value)


def _painted(
    field: DesignField, boxes: _Boxes, cost: FloatArray, tie: float, final: bool
) -> PhaseMap:
    """Paint every cell with its best design and note the second best."""
    two = _best_two(field, boxes, cost)
    used = np.unique(np.concatenate([two.best[two.best >= 0], two.other[two.other >= 0]]))
    number = np.full(int(used.max(initial=0)) + 2, -1)
    number[used] = np.arange(len(used))
    return PhaseMap(
        field.x,
        field.y,
        field.objective,
        tuple(field.designs.design(int(row)) for row in used),
        np.asarray(number[two.best]),
        np.asarray(number[two.other]),
        two.value,
        np.asarray(two.next_value <= two.value * (1.0 + tie)),
        max(boxes.columns, boxes.lines if field.floor is None else 1),
        field.evaluated,
        len(field.level),
        _certificate(field, final),
    )


def _certificate(field: DesignField, final: bool) -> Certificate:
    method = "boxes with bounds at their corners"
    if not final:
        return Certificate("heuristic", method, "a coarse map that is still being refined")
    if field.objective.startswith(_APPROXIMATE):
        detail = "percentiles come from three cumulants here; a chosen design is evaluated exactly"
        return Certificate("heuristic", method, detail, None, len(field.level))
    if not field.plain:
        detail = "batches, fades, classes and patterned arrivals need not move one way on an axis"
        return Certificate("heuristic", method, detail, None, len(field.level))
    detail = f"no other of {len(field.level):,} undominated designs is better in any cell"
    return Certificate("exact", method, detail, 0.0, len(field.level))
