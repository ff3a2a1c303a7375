"""Time at one station: a constant, smooth laws, and values that each have a probability."""

from __future__ import annotations

__all__ = ["StationTime", "Steps", "stretched"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex
from analytic_models.laws.transforms import StationLaw

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """A time that takes a few values, each with its probability."""

    values: Floats
    weights: Floats


@dataclass(frozen=True)
class StationTime:
    """Time at one station.

    Parameters
    ----------
    shift
        Constant part; infinite if unstable.
    laws, steps
        Smooth parts and parts that take a few values.
    place
        Waits of the places in a burst, those at earlier stations included.
    mixes
        Whether the places are dealt anew afterwards.
    options
        Times of which a request meets one or another, each with its probability, on top.
    """

    shift: float
    laws: tuple[StationLaw, ...] = ()
    steps: tuple[Steps, ...] = ()
    place: Steps | None = None
    mixes: bool = False
    options: tuple[tuple[float, StationTime], ...] = ()


def stretched(law: StationLaw, factor: float) -> StationLaw:
    """Return the law of a random time multiplied by a constant.

    Parameters
    ----------
    law
        Law without a constant part.
    factor
        The constant.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> float(stretched(exponential_law(1.0), 2.0).variance)
    4.0
    """

    def transform(s: Complex) -> Complex:
        return law.transform(factor * s)

    return StationLaw(
        transform,
        factor * np.asarray(law.mean),
        factor**2 * np.asarray(law.variance),
        factor**3 * np.asarray(law.skew),
        atom=law.atom,
    )
