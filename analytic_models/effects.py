"""The functions by which a technique changes a quantity; none knows a technique by name."""

from __future__ import annotations

__all__ = ["EFFECTS", "add", "keep_share", "raise_to_at_least", "scale", "scale_bits", "set_to"]

from collections.abc import Callable, Mapping

import numpy as np

from analytic_models.units import Array


def scale(x: Array, factor: Array) -> Array:
    """Multiply by a pure factor; neutral at 1."""
    return x * factor


def keep_share(x: Array, fraction: Array) -> Array:
    """Remove a fraction and keep the rest; neutral at 0."""
    return x * (1.0 - fraction)


def add(x: Array, amount: Array) -> Array:
    """Add an amount in the unit of the quantity; neutral at 0."""
    return x + amount


def set_to(x: Array, value: Array) -> Array:
    """Replace the quantity."""
    return np.zeros_like(x) + value


def raise_to_at_least(x: Array, value: Array) -> Array:
    """Lift the quantity to a floor."""
    return np.maximum(x, value)


def scale_bits(x: Array, bits: Array, from_bits: Array) -> Array:
    """Change the bits of each element; neutral when both are equal."""
    return x * (bits / from_bits)


EFFECTS: Mapping[str, Callable[..., Array]] = {
    law.__name__: law for law in (scale, keep_share, add, set_to, raise_to_at_least, scale_bits)
}
