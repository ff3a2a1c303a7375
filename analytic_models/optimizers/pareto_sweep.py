"""Which of many sorted points in three objectives no earlier one dominates."""

from __future__ import annotations

__all__ = ["sweep_3d"]

from collections.abc import Sequence

import numpy as np

from analytic_models.optimizers.protocols import BoolArray, FloatArray

_STAIR_BLOCK = 128
_BITS = 21  # of a place, a rank or a number in one word of 64
_FIRST = 16  # points per block that are compared one by one
_ONE, _MASK = np.uint64(1), np.uint64((1 << _BITS) - 1)


def sweep_3d(columns: Sequence[FloatArray]) -> BoolArray:
    """Mark the rows that no row before them is below or equal to in the last two columns.

    Parameters
    ----------
    columns
        Three columns of shape (n,), rows sorted by all three and distinct, so that only earlier
        rows can dominate later ones.

    References
    ----------
    Bentley (1980). Multidimensional divide-and-conquer. Communications of the ACM.
    """
    y, z = columns[1], columns[2]
    if len(y) <= _STAIR_BLOCK or 2 * len(y) >> _BITS:
        return _by_stairs(y, z)
    return _by_merging(y, z)


def _by_merging(y: FloatArray, z: FloatArray) -> BoolArray:
    """Merge blocks by y; what a right half holds must lie below all z before it in the left one.

    Each point is one word: its place by y, its rank by z, its number, and whether it is beaten.
    Of equal values the earlier point comes first, so that it beats the later one.
    """
    count = len(y)
    levels = max(0, int(np.ceil(np.log2(count / _FIRST))))
    base = -(-count // (1 << levels))
    size = base << levels
    place, rank = np.arange(size), np.arange(size)
    place[np.argsort(y, kind="stable")] = np.arange(count)
    rank[np.argsort(z, kind="stable")] = np.arange(count)
    beaten = _beaten_in_blocks(place.reshape(-1, base), rank.reshape(-1, base))
    words = place.astype(np.uint64) << np.uint64(2 * _BITS + 1)
    words |= rank.astype(np.uint64) << np.uint64(_BITS + 1)
    words |= np.arange(size, dtype=np.uint64) << _ONE
    words |= beaten.reshape(-1)
    half = base
    while half < size:
        words = np.sort(words.reshape(-1, 2 * half), axis=1)
        ranks = (words >> np.uint64(_BITS + 1)) & _MASK
        middle = (np.arange(len(words), dtype=np.uint64) * np.uint64(2) + _ONE) * np.uint64(half)
        right = (((words >> _ONE) & _MASK) >= middle[:, None]).astype(np.uint64)
        # Ranks of the right half are lifted above all others, so that they hide nobody.
        lowest = np.minimum.accumulate(ranks | (right << np.uint64(_BITS)), axis=1)
        words |= right & (lowest < ranks)
        half *= 2
    words = words.reshape(-1)
    good = np.ones(size, dtype=bool)
    good[((words >> _ONE) & _MASK).astype(np.int64)] = (words & _ONE) == 0
    return good[:count]


def _beaten_in_blocks(place: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Return 1 where an earlier point of the same block has a lower place and rank, (b, base)."""
    places, ranks = np.ascontiguousarray(place.T), np.ascontiguousarray(rank.T)
    beaten = np.zeros(places.shape, dtype=np.uint64)
    for later in range(1, len(places)):
        below = (places[:later] < places[later]) & (ranks[:later] < ranks[later])
        beaten[later] = below.any(axis=0)
    return np.ascontiguousarray(beaten.T)


def _by_stairs(y_all: FloatArray, z_all: FloatArray) -> BoolArray:
    """Keep what lies outside the staircase of earlier (y, z)."""
    good = np.zeros(len(y_all), dtype=bool)
    # Stairs: y ascending, z descending; a block meets those of the blocks before it.
    stair_y, stair_z = np.array([-np.inf]), np.array([np.inf])
    earlier = np.tri(_STAIR_BLOCK, k=-1, dtype=bool).T
    for start in range(0, len(good), _STAIR_BLOCK):
        part = slice(start, start + _STAIR_BLOCK)
        y, z = y_all[part], z_all[part]
        free = np.flatnonzero(z < stair_z[np.searchsorted(stair_y, y, side="right") - 1])
        y, z = y[free], z[free]
        beats = (y[:, None] <= y) & (z[:, None] <= z)
        beats &= earlier[: len(free), : len(free)]
        kept = ~beats.any(axis=0)
        good[start + free[kept]] = True
        all_y, all_z = np.append(stair_y, y[kept]), np.append(stair_z, z[kept])
        order = np.argsort(all_y, kind="stable")
        all_y, all_z = all_y[order], all_z[order]
        falls = np.append(True, all_z[1:] < np.minimum.accumulate(all_z)[:-1])
        stair_y, stair_z = all_y[falls], all_z[falls]
    return good
