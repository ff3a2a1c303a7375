"""Numerical inversion of a Laplace transform, on a line or on a curve around the negative axis."""

from __future__ import annotations

__all__ = ["Complex", "Formula", "Real", "constant_transform", "invert", "principal_log"]

import cmath
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.units import Array

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

_NODES_AT_ONCE = 4096  # cases below which all nodes are evaluated in one array
_LADDER_FROM = 1024  # arguments from which checking their spacing pays
_SPACING = 1e-9  # relative difference of distances that rounding may leave


@dataclass(frozen=True)
class Formula:
    """A transform as a formula with its parameters, so that some of the cases can be taken.

    Parameters
    ----------
    formula
        Function of the arguments s and the parameters.
    parameters
        Numbers, arrays of the shape of the cases, or transforms.
    """

    formula: Callable[..., Complex]
    parameters: tuple[Any, ...]

    def __call__(self, s: Complex) -> Complex:
        """Evaluate at complex arguments of shape (..., *cases)."""
        return self.formula(s, *self.parameters)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether every parameter is one number or has one for each case."""
        return all(
            p.fits(shape)
            if isinstance(p, Formula)
            else not callable(p) and np.shape(p) in ((), shape)
            for p in self.parameters
        )

    def at(self, rows: slice) -> Formula:
        """Take some of the cases."""
        return Formula(
            self.formula,
            tuple(
                p.at(rows) if isinstance(p, Formula) else (p[rows] if np.ndim(p) else p)
                for p in self.parameters
            ),
        )


def invert(
    transform: Callable[[Complex], Complex], times: Real, order: int, *, smooth: bool = False
) -> tuple[Real, Real]:
    r"""Exceedance, and time times density, of a nonnegative time at positive arguments.

    .. math:: P(T>t)\approx 10^{M/3}\sum_{k=0}^{2M}\eta_k\,\mathrm{Re}\,
              \frac{1-T^*(\beta_k/t)}{\beta_k}, \qquad \beta_k=\frac{M\ln 10}{3}+i\pi k

    Smooth laws instead by the midpoint rule with n nodes on the upper half of Talbot's curve,

    .. math:: P(T>t)\approx\sum_{k=0}^{n-1}\mathrm{Re}\,\frac{e^{z_k}z'_k}{in}\,
              \frac{1-T^*(z_k/t)}{z_k},\qquad
              z(\theta)=2n\,(0.5017\,\theta\cot 0.6407\,\theta-0.6122+0.2645\,i\theta)

    Parameters
    ----------
    transform
        Laplace-Stieltjes transform at complex arguments of shape (..., *cases).
    times
        Times above zero, of the shape of the cases.
    order
        Number M; about 0.6 M significant digits. On the curve n = 0.8 M nodes give more.
    smooth
        Whether the transform is analytic but on the negative real axis, and grows slowly near it.

    Returns
    -------
    tuple
        Exceedance probability, and density times time.

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.
    INFORMS Journal on Computing 18(4). Trefethen, Weideman and Schmelzer (2006). Talbot quadratures
    and rational approximations. BIT Numerical Mathematics 46(3).

    Examples
    --------
    >>> above, _ = invert(lambda s: 1.0 / (1.0 + s), np.array([1.0]), 11)
    >>> above.round(6).tolist()
    [0.367879]
    """
    nodes, weights, signed = _curve(order) if smooth else _euler(order)
    constant = sum(w.real for w in weights)
    inverse = 1.0 / times
    if times.size < _NODES_AT_ONCE:
        column, factors, scaled = _columns(order, times.ndim, smooth)
        values = transform(column * inverse)
        above = constant - (factors * values).real.sum(axis=0)
        return above, (scaled * values).real.sum(axis=0)
    above, density = np.full(times.shape, constant), np.zeros(times.shape)
    for node, weight, sign in zip(nodes, weights, signed, strict=True):
        value = transform(np.asarray(node * inverse, dtype=complex))
        above -= weight.real * value.real
        above += weight.imag * value.imag
        density += (sign * value).real
    return above, density


def constant_transform(s: Complex, time: Array) -> Complex:
    """Transform of a constant time, exp(-time s).

    Parameters
    ----------
    s
        Arguments of shape (nodes, *cases). Where they are equally spaced along the first axis, as
        the nodes of an inversion are, powers of one factor take the place of most exponentials.
    time
        Constant time, of the shape of the cases.

    Examples
    --------
    >>> constant_transform(np.array([0.5 + 0j]), 2.0).real.round(6).tolist()
    [0.367879]
    """
    if s.size < _LADDER_FROM or s.ndim < 2 or not _equally_spaced(s):
        return np.exp(-np.asarray(time) * s)
    value = np.empty_like(s)
    value[0] = np.exp(-np.asarray(time) * s[0])
    factor = np.exp(-np.asarray(time) * (s[1] - s[0]))
    for k in range(1, len(s)):
        np.multiply(value[k - 1], factor, out=value[k])
    return value


def _equally_spaced(s: Complex) -> bool:
    """Whether arguments have one distance along the first axis, by every step of the first case."""
    if len(s) < 4:
        return False
    steps = np.diff(s.reshape(len(s), -1)[:, 0])
    alike = bool((np.abs(steps - steps[0]) <= _SPACING * np.abs(steps[0])).all())
    first, last = s[1] - s[0], s[-1] - s[-2]
    return alike and bool((np.abs(last - first) <= _SPACING * np.abs(first)).all())


def principal_log(z: Complex) -> Complex:
    """Logarithm of complex numbers, faster than the general one where no square overflows.

    Parameters
    ----------
    z
        Numbers of any shape.

    Examples
    --------
    >>> principal_log(np.array([1.0 + 1.0j])).round(6).tolist()
    [(0.346574+0.785398j)]
    """
    value = np.empty_like(z)
    value.real = 0.5 * np.log(z.real * z.real + z.imag * z.imag)
    if (z.real > 0.0).all():
        value.imag = np.arctan(z.imag / z.real)
    else:
        value.imag = np.arctan2(z.imag, z.real)
    return value


@functools.cache
def _columns(order: int, dimensions: int, smooth: bool) -> tuple[Complex, Complex, Complex]:
    """Nodes and weights as arrays, with room for the axes of the cases."""
    lift = (-1,) + (1,) * dimensions
    nodes, weights, signed = _curve(order) if smooth else _euler(order)
    return np.reshape(nodes, lift), np.reshape(weights, lift), np.reshape(signed, lift)


_Rule = tuple[tuple[complex, ...], tuple[complex, ...], tuple[complex, ...]]


@functools.cache
def _curve(order: int) -> _Rule:
    """Nodes and weights as in ``_euler``, on Talbot's curve with the best known shape."""
    count = -(-4 * order // 5)
    nodes, weights, signed = [], [], []
    for k in range(count):
        angle = math.pi * (k + 0.5) / count
        turn = 0.6407 * angle
        cotangent = 1.0 / math.tan(turn)
        node = 2 * count * complex(0.5017 * angle * cotangent - 0.6122, 0.2645 * angle)
        slope = 0.5017 * (cotangent - turn / math.sin(turn) ** 2)
        weight = cmath.exp(node) * complex(slope, 0.2645) * 2.0 / 1j
        nodes.append(node)
        weights.append(weight / node)
        signed.append(weight)
    return tuple(nodes), tuple(weights), tuple(signed)


@functools.cache
def _euler(order: int) -> _Rule:
    """Nodes, weights of the transform for the exceedance, and for time times density."""
    tail = [0.5] + [1.0] * order + [0.0] * order
    tail[2 * order] = 2.0**-order
    for k in range(1, order):
        tail[2 * order - k] = tail[2 * order - k + 1] + 2.0**-order * math.comb(order, k)
    scale = 10.0 ** (order / 3.0)
    nodes = tuple(complex(order * math.log(10.0) / 3.0, math.pi * k) for k in range(2 * order + 1))
    signed = [complex(scale * (-1.0) ** k * w) for k, w in enumerate(tail)]
    weights = tuple(w / node for w, node in zip(signed, nodes, strict=True))
    return nodes, weights, tuple(signed)
