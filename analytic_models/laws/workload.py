"""From the rows of a layer graph to sums over any segment between two boundaries."""

from __future__ import annotations

__all__ = ["largest_between", "moved_bytes", "prefix_at"]

import numpy as np
from numpy.typing import NDArray

from analytic_models.units import Array, Bit, Byte, Count, bit_to_byte

Floats = NDArray[np.float64]


def prefix_at(per_row: Floats, boundary_row: NDArray[np.int64]) -> Floats:
    """Sum of the rows left of each boundary.

    Parameters
    ----------
    per_row
        A number of each row, shape (rows,).
    boundary_row
        Rows left of each boundary, shape (boundaries,).

    Returns
    -------
    Shape (boundaries,); the sum over the segment from boundary a to b is ``result[b] - result[a]``.

    Examples
    --------
    >>> prefix_at(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 3])).tolist()
    [0.0, 3.0, 7.0]
    """
    running = np.concatenate([[0.0], np.cumsum(per_row)])
    return np.asarray(running[boundary_row])


def largest_between(per_row: Floats, boundary_row: NDArray[np.int64]) -> Floats:
    """Largest row number of every segment between two boundaries.

    Returns
    -------
    Shape (boundaries, boundaries): entry (a, b) for the rows between the boundaries a and b, zero
    where there are none.

    Examples
    --------
    >>> largest_between(np.array([1.0, 5.0, 2.0]), np.array([0, 1, 3])).tolist()
    [[0.0, 1.0, 5.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]]
    """
    count = len(boundary_row)
    result = np.zeros((count, count))
    for start in range(count - 1):
        first = int(boundary_row[start])
        tail = np.maximum.accumulate(per_row[first:]) if first < len(per_row) else np.zeros(0)
        for stop in range(start + 1, count):
            last = int(boundary_row[stop]) - first
            result[start, stop] = tail[last - 1] if last > 0 else 0.0
    return result


def moved_bytes(weights: Count, weight_bits: Bit, activations: Count, activation_bits: Bit) -> Byte:
    r"""Bytes of weights and activations that a layer moves through memory.

    .. math:: q = \frac{W\,\beta_w + A\,\beta_a}{8}

    Parameters
    ----------
    weights, activations
        Elements of weights, and of inputs plus outputs.
    weight_bits, activation_bits
        Bits of each [bit].

    Notes
    -----
    Every weight and every activation is moved once: caches neither help nor hurt.

    References
    ----------
    williams-2009-roofline

    Examples
    --------
    >>> moved_bytes(100.0, 8.0, 50.0, 16.0)
    200.0
    """
    bits: Array = weights * weight_bits + activations * activation_bits
    return bit_to_byte(bits)
