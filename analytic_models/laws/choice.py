"""Choose between values case by case, without the price of an array where there is one case."""

from __future__ import annotations

__all__ = ["choose", "every", "some"]

import numpy as np
from numpy.typing import NDArray

from analytic_models.units import Array

Flags = NDArray[np.bool_] | np.bool_ | bool


def choose(flag: Flags, chosen: Array, otherwise: Array) -> Array:
    """Take one value where a flag is set and another elsewhere, as ``np.where`` does.

    Parameters
    ----------
    flag
        One flag, or one for each case.
    chosen, otherwise
        Numbers or arrays of shapes that broadcast with the flags.

    Returns
    -------
    Array
        Of the shape of the flags and values together; for a single flag the chosen value itself.

    Examples
    --------
    >>> choose(True, 1.0, 0.0)
    1.0
    >>> choose(np.array([True, False]), 1.0, 0.0).tolist()
    [1.0, 0.0]
    """
    if isinstance(flag, np.ndarray) and flag.ndim:
        return np.where(flag, chosen, otherwise)
    return chosen if flag else otherwise


def every(flags: Flags) -> bool:
    """Whether all flags are set.

    Examples
    --------
    >>> every(np.array([True, False]))
    False
    """
    return bool(flags.all() if isinstance(flags, np.ndarray) else flags)


def some(flags: Flags) -> bool:
    """Whether any flag is set.

    Examples
    --------
    >>> some(np.array([True, False]))
    True
    """
    return bool(flags.any() if isinstance(flags, np.ndarray) else flags)
