"""Exact non-dominated sets of many points in any number of objectives."""

from __future__ import annotations

__all__ = ["pareto_mask"]

from collections.abc import Sequence
from typing import Literal

import numpy as np

from analytic_models.optimizers.pareto_filters import (
    below_staircase,
    below_surface,
    not_above_pivot,
)
from analytic_models.optimizers.pareto_sweep import sweep_3d
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray

_SMALL = 4096  # below this many points a filter costs more than it saves
_SAMPLE = 1 << 15
_SURFACE_SAMPLE = 1 << 17
_CELLS = 256
_BLOCK = 256
_CHUNK = 1 << 14
_PIVOTS = 48
_VOTERS = 512


def pareto_mask(
    points: FloatArray,
    maximise: Sequence[bool] | None = None,
    ties: Literal["all", "first"] = "all",
) -> BoolArray:
    """Mark the points that no other point dominates.

    A point dominates another if it is no worse in every objective and better in at least one.
    The answer is exact: filters only drop points for which a dominating point was seen.

    Parameters
    ----------
    points
        Shape (n, k), k ≥ 1: one row per point, one column per objective, any units.
    maximise
        Shape (k,): which objectives are better when larger; all are minimised by default.
    ties
        ``"all"`` keeps every copy of equal non-dominated points, ``"first"`` the copy of the
        lowest index only.

    Returns
    -------
    Boolean array of shape (n,). Rows that hold ``nan`` or an infinity are never marked and
    dominate nothing.

    Raises
    ------
    ValueError
        If ``points`` is not a table, or ``maximise`` does not have one entry per column.

    References
    ----------
    Kung, Luccio, Preparata (1975). On finding the maxima of a set of vectors. Journal of the ACM.
    Börzsönyi, Kossmann, Stocker (2001). The skyline operator. ICDE (block filter).

    Examples
    --------
    >>> pareto_mask(np.array([[1.0, 3.0], [2.0, 2.0], [2.0, 3.0]])).tolist()
    [True, True, False]
    """
    table = np.asarray(points, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 1:
        raise ValueError(f"points must have shape (n, k) with k ≥ 1, not {table.shape}")
    signs = np.ones(table.shape[1])
    if maximise is not None:
        if len(maximise) != table.shape[1]:
            raise ValueError(f"maximise has {len(maximise)} entries for {table.shape[1]} columns")
        signs[np.asarray(maximise, dtype=bool)] = -1.0
    mask = np.zeros(len(table), dtype=bool)
    if len(table):
        rows = _candidates(table, signs)
        some = table if rows is None else table.take(rows, axis=0)
        columns = [
            column * sign if sign < 0.0 else np.ascontiguousarray(column)
            for column, sign in zip(some.T, signs, strict=True)
        ]
        known = _finite_rows(columns)
        if known is not None:
            columns = [column[known] for column in columns]
            rows = known if rows is None else rows[known]
        front = _front(columns, ties)
        mask[front if rows is None else rows[front]] = True
    return mask


def _finite_rows(columns: list[FloatArray]) -> IntArray | None:
    """Return the rows that are finite in every column, None if all are."""
    with np.errstate(over="ignore", invalid="ignore"):
        # A sum is finite only if its parts are; an overflow only costs the closer look.
        if all(np.isfinite(column.sum()) for column in columns):
            return None
    return np.flatnonzero(np.logical_and.reduce([np.isfinite(column) for column in columns]))


def _candidates(table: FloatArray, signs: FloatArray) -> IntArray | None:
    """Return the rows that no point of a sample dominates, lowest index first, None for all.

    Rows without a value may be among them.
    """
    rows: IntArray | None = None
    if len(table) > _SMALL:
        share = 8 if table.shape[1] == 2 else 4
        sample = table[:: max(1, len(table) // _VOTERS // share)] * signs
        pivots = _strong_rows(sample[np.isfinite(sample).all(axis=1)])
        plain = table.shape[1] == 2 and table.flags.c_contiguous and signs.min() > 0.0
        if plain and not len(pivots):
            rows = below_staircase(table[:, 0], table[:, 1], len(table) // _SAMPLE + 1)
        for pivot in pivots:
            if plain and rows is None:
                rows = not_above_pivot(table, pivot)
                continue
            values = table if rows is None else table.take(rows, axis=0)
            stay = np.concatenate(
                [
                    _not_above(values[start : start + _CHUNK], pivot, signs)
                    for start in range(0, len(values), _CHUNK)
                ]
            )
            rows = np.flatnonzero(stay) if rows is None else rows[stay]
    return rows


def _not_above(block: FloatArray, pivot: FloatArray, signs: FloatArray) -> BoolArray:
    """Rows that are not worse than the pivot in every column; copies of the pivot stay."""
    better = np.zeros(len(block), dtype=bool)
    for column, value, sign in zip(block.T, pivot * signs, signs, strict=True):
        better |= column <= value if sign > 0 else column >= value
    return better


def _strong_rows(sample: FloatArray) -> FloatArray:
    """Pick up to a few rows that dominate the most of the sample, greedily."""
    if len(sample) < 2:
        return sample
    scaled = np.stack([_unit_scaled(column) for column in sample.T], axis=1)
    best = np.argsort(scaled.sum(axis=1))[:_PIVOTS]
    left = sample[:: max(1, len(sample) // _VOTERS)]
    chosen: list[FloatArray] = []
    for _ in range(3):
        beats = np.ones((len(best), len(left)), dtype=bool)
        for strong, weak in zip(sample[best].T, left.T, strict=True):
            beats &= strong[:, None] < weak
        winner = int(beats.sum(axis=1).argmax())
        # Two objectives have a filter that beats all but the strongest pivots.
        if beats[winner].mean() < (0.1 if sample.shape[1] > 2 or chosen else 0.8):
            break
        chosen.append(sample[best[winner]])
        left = left[~beats[winner]]
        if len(left) < 8:
            break
    return np.array(chosen).reshape(-1, sample.shape[1])


def _front(columns: list[FloatArray], ties: Literal["all", "first"]) -> IntArray:
    """Return the indices of the non-dominated rows of finite columns, all minimised."""
    count = len(columns[0])
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    if len(columns) == 1:
        best = np.flatnonzero(columns[0] == columns[0].min())
        return best if ties == "all" else best[:1]
    rows = _prefilter(columns)
    kept = columns if rows is None else [column[rows] for column in columns]
    if len(columns) >= 4:
        with np.errstate(over="ignore"):
            weight = np.sum([_unit_scaled(column) for column in kept], axis=0)
        order = np.lexsort((*kept[::-1], weight))
    else:
        order = _ordered(kept)
    kept = [column[order] for column in kept]
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in kept], axis=0)
    leaders = [column[new] for column in kept]
    sweep = {2: _sweep_2d, 3: sweep_3d}.get(len(columns), _block_filter)
    good = sweep(leaders)
    chosen = good[np.cumsum(new) - 1] if ties == "all" else _spread(good, new)
    positions = order[chosen]
    return positions if rows is None else rows[positions]


def _ordered(columns: list[FloatArray]) -> IntArray:
    """Return the lexicographic order; one column decides it where its values are distinct."""
    order = np.argsort(columns[0])
    first = columns[0][order]
    return order if np.all(first[1:] > first[:-1]) else np.lexsort(tuple(columns[::-1]))


def _spread(good: BoolArray, new: BoolArray) -> BoolArray:
    chosen = np.zeros(len(new), dtype=bool)
    chosen[np.flatnonzero(new)[good]] = True
    return chosen


def _unit_scaled(column: FloatArray) -> FloatArray:
    """Scale to [0, 1]: a rounded but monotone map, so order by the sum is safe."""
    low = float(column.min())
    # Halving first keeps the range of the widest float64 columns finite.
    span = float(column.max()) / 2 - low / 2
    if span <= 0.0:
        return np.zeros(len(column))
    scaled: FloatArray = (column / 2 - low / 2) / span
    return scaled


def _prefilter(columns: list[FloatArray]) -> IntArray | None:
    """Drop rows that a bucketed staircase of the others dominates, as long as it helps."""
    rows: IntArray | None = None
    while len(columns[0]) > _SMALL:
        if len(columns) == 2:
            keep = below_staircase(columns[0], columns[1], len(columns[0]) // _SAMPLE + 1)
        elif len(columns) == 3:
            keep = _below_surfaces(columns)
        else:
            keep = _below_pivots(columns)
        if len(keep) == len(columns[0]):
            break
        shrunk = len(keep) < 0.7 * len(columns[0])
        columns = [column[keep] for column in columns]
        rows = keep if rows is None else rows[keep]
        if not shrunk or len(columns) == 3:
            break
    return rows


def _below_surfaces(columns: list[FloatArray]) -> IntArray:
    """Rows that no other row beats by a cell in two objectives and in the third."""
    keep: IntArray | None = None
    current = columns
    for third in (2, 1, 0):
        first, second = (column for i, column in enumerate(current) if i != third)
        count = len(first)
        step = count // _SURFACE_SAMPLE + 1
        stay = below_surface(first, second, current[third], step, _CELLS)
        keep = stay if keep is None else keep[stay]
        current = [column[stay] for column in current]
        # The last steps of a sieve that hardly sieves cost more than the sweep of what they leave.
        if len(stay) <= _SMALL or len(stay) > 0.8 * count:
            break
    return np.arange(len(columns[0])) if keep is None else keep


def _below_pivots(columns: list[FloatArray]) -> IntArray:
    """Rows that some strong rows do not dominate; copies of a strong row stay."""
    with np.errstate(over="ignore"):
        total = np.sum([_unit_scaled(column) for column in columns], axis=0)
    pivots = np.argpartition(total, 16)[:16]
    keep = np.arange(len(total))
    current = columns
    for pivot in pivots[np.argsort(total[pivots])]:
        corner = [column[pivot] for column in columns]
        worse = np.ones(len(keep), dtype=bool)
        equal = np.ones(len(keep), dtype=bool)
        for column, value in zip(current, corner, strict=True):
            worse &= column >= value
            equal &= column == value
        stay = ~worse | equal
        keep = keep[stay]
        current = [column[stay] for column in current]
    return keep


def _sweep_2d(columns: list[FloatArray]) -> BoolArray:
    """Rows sorted by (x, y) and distinct: keep those below all earlier y."""
    y = columns[1]
    good = np.ones(len(y), dtype=bool)
    good[1:] = y[1:] < np.minimum.accumulate(y)[:-1]
    return good


def _block_filter(columns: list[FloatArray]) -> BoolArray:
    """Rows sorted so that dominators come first: blocks of survivors filter the rest."""
    rest = np.arange(len(columns[0]))
    good = np.zeros(len(rest), dtype=bool)
    table = np.stack(columns, axis=1)
    while len(rest):
        head, rest = rest[:_BLOCK], rest[_BLOCK:]
        block = table[head]
        beaten = _dominated(block, block, distinct=True)
        head = head[~beaten]
        good[head] = True
        rest = _survivors(table, rest, table[head])
    return good


def _survivors(table: FloatArray, rest: IntArray, front: FloatArray) -> IntArray:
    """Return the rows of ``rest`` that no front point is below or equal to in every column."""
    chunks = []
    for start in range(0, len(rest), _CHUNK):
        rows = rest[start : start + _CHUNK]
        values = [np.ascontiguousarray(column) for column in table[rows].T]
        for point in front:
            better = values[0] < point[0]
            for column, value in zip(values[1:], point[1:], strict=True):
                better |= column < value
            if not better.all():
                rows = rows[better]
                values = [column[better] for column in values]
                if not len(rows):
                    break
        chunks.append(rows)
    return np.concatenate(chunks) if chunks else rest


def _dominated(points: FloatArray, others: FloatArray, *, distinct: bool) -> BoolArray:
    """Mark points that some other point is below or equal to in every column."""
    below = np.ones((len(others), len(points)), dtype=bool)
    for column in range(points.shape[1]):
        below &= others[:, column, None] <= points[None, :, column]
    if distinct:
        np.fill_diagonal(below, val=False)
    return np.asarray(below.any(axis=0), dtype=bool)
