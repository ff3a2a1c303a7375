"""Fast filters that drop points for which a dominating point was seen."""

from __future__ import annotations

__all__ = ["below_staircase", "below_surface", "not_above_pivot"]

from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.protocols import FloatArray, IntArray

_BLOCK = 1 << 15
# The bits of a non-negative double, read as an integer, grow with it. The first 19 of them make
# 128 cells per octave.
_SHIFT = np.uint64(45)
_OCTAVES = 20  # below the largest value; what is smaller shares one cell
_BEYOND = 256  # cells above the sampled range that still drop points


def not_above_pivot(table: FloatArray, pivot: FloatArray) -> IntArray:
    """Return the rows of a table of two columns that are not worse than a pivot in both.

    Parameters
    ----------
    table
        Shape (n, 2), C-contiguous, minimised.
    pivot
        Shape (2,), a row of the table; copies of it stay.
    """
    flat = table.reshape(-1)
    corner, below = np.tile(pivot, _BLOCK), np.empty(2 * _BLOCK, dtype=bool)
    found = []
    for start in range(0, len(flat), 2 * _BLOCK):
        values = flat[start : start + 2 * _BLOCK]
        marks = below[: len(values)]
        np.less_equal(values, corner[: len(values)], out=marks)
        found.append(np.flatnonzero(marks) + start)
    rows = np.concatenate(found) >> 1
    first = np.append(True, rows[1:] != rows[:-1])
    return np.asarray(rows[first])


def below_staircase(x: FloatArray, y: FloatArray, step: int) -> IntArray:
    """Return the points below the lowest y that every step-th point has in the cells of smaller x.

    Parameters
    ----------
    x, y
        Shape (n,): two minimised objectives. Points that are not finite may stay or go.
    step
        1 builds the staircase from all points.
    """
    some_x, some_y = x[::step], y[::step]
    known = np.isfinite(some_x) & np.isfinite(some_y)
    some_x, some_y = some_x[known], some_y[known]
    if not len(some_x):
        return np.arange(len(x))
    low = float(some_x.min())
    with np.errstate(over="ignore", invalid="ignore"):
        cells = ((some_x - low).view(np.uint64) >> _SHIFT).view(np.int64)
        last = int(cells.max())
        first = max(int(cells.min()), last - _OCTAVES * 128)
        lowest = np.full(last - first + 1, np.inf)
        np.minimum.at(lowest, np.maximum(cells - first, 0), some_y)
        np.minimum.accumulate(lowest, out=lowest)
        # What lies below the sampled range has the sign bit set and meets the last, infinite cell.
        threshold = np.full(last + _BEYOND + 1, np.inf)
        threshold[first + 1 : last + 2] = lowest
        threshold[last + 2 : -1] = lowest[-1]
        # Buffers of one block stay in the cache and are asked for once.
        found, size = [], min(_BLOCK, len(x))
        shifted, limits, marks = np.empty(size), np.empty(size), np.empty(size, dtype=bool)
        for start in range(0, len(x), _BLOCK):
            values = y[start : start + _BLOCK]
            count = len(values)
            moved = np.subtract(x[start : start + _BLOCK], low, out=shifted[:count])
            cell = moved.view(np.uint64)
            cell >>= _SHIFT
            limit = threshold.take(cell.view(np.int64), mode="clip", out=limits[:count])
            rows = np.less(values, limit, out=marks[:count]).nonzero()[0]
            rows += start
            found.append(rows)
    return np.concatenate(found)


def below_surface(x: FloatArray, y: FloatArray, z: FloatArray, step: int, cells: int) -> IntArray:
    """Return the points below the lowest z that every step-th one has in cells of smaller x and y.

    Parameters
    ----------
    x, y, z
        Shape (n,): three minimised objectives, all finite.
    step
        1 builds the surface from all points.
    cells
        Cells per axis; they hold about equally many points.
    """
    axes = [_Ranks.of(values, step, cells) for values in (x, y)]
    some = axes[0].place(x[::step]) * cells + axes[1].place(y[::step])
    grid = np.full(cells * cells, np.inf)
    np.minimum.at(grid, some, z[::step])
    lowest = grid.reshape(cells, cells)
    np.minimum.accumulate(lowest, axis=0, out=lowest)
    np.minimum.accumulate(lowest, axis=1, out=lowest)
    # Row i of the shifted table holds the minimum over cells strictly below i.
    threshold = np.full((cells, cells), np.inf)
    threshold[1:, 1:] = lowest[:-1, :-1]
    limits, found = threshold.ravel(), []
    for start in range(0, len(x), _BLOCK):
        part = slice(start, start + _BLOCK)
        place = axes[0].place(x[part])
        place *= cells
        place += axes[1].place(y[part])
        found.append(np.flatnonzero(z[part] < limits.take(place)) + start)
    return np.concatenate(found)


@dataclass(frozen=True)
class _Ranks:
    """A monotone map of finite values to cells that hold about equally many of them."""

    low: float
    table: IntArray

    @classmethod
    def of(cls, values: FloatArray, step: int, cells: int) -> _Ranks:
        some = values[::step]
        low = float(some.min())
        with np.errstate(over="ignore"):
            fine = ((some - low).view(np.uint64) >> _SHIFT).view(np.int64)
        last = int(fine.max())
        first = max(int(fine.min()), last - _OCTAVES * 128)
        counts = np.bincount(np.maximum(fine - first, 0))
        table = np.zeros(last + _BEYOND + 1, dtype=np.int64)
        table[first : last + 1] = (np.cumsum(counts) - counts) * cells // len(some)
        # What lies below the sampled range meets the last entry, which must stay cell 0.
        table[last + 1 : -1] = table[last]
        return cls(low, table)

    def place(self, values: FloatArray) -> IntArray:
        """Return the cell of each value."""
        with np.errstate(over="ignore"):
            fine = (values - self.low).view(np.uint64)
        fine >>= _SHIFT
        return self.table.take(fine.view(np.int64), mode="clip")
