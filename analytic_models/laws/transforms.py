"""Latency distributions by numerical inversion of Laplace transforms.

A path is a constant shift followed by independent stations, each given by the transform of its
time. Constants never enter a transform, because an inversion rings at jumps. Inversion is the
Euler algorithm; a percentile starts from the Pearson III value of the path and takes Newton steps
on the logarithm of the exceedance, inside a bracket. Mixtures (early exits, cascades, caches, a
class spread over several designs) mix exceedance probabilities, never percentiles.

Arrays of cases: every parameter of a law may be an array, all of broadcastable shapes.
"""

from __future__ import annotations

__all__ = [
    "Branch",
    "Complex",
    "Real",
    "StationLaw",
    "ccdf",
    "exceedance",
    "exceedance_of",
    "mixture_ccdf",
    "mixture_exceedance",
    "mixture_quantile",
    "quantile_in_one_step",
    "quantile_of",
    "sojourn_quantile",
]

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex, Real
from analytic_models.laws.paths import Branch, Path, StationLaw, paths_of, solve, tail_of, weighted
from analytic_models.units import Frac, S

_MAX_STEPS = 80


def sojourn_quantile(
    shift: S,
    stations: Sequence[StationLaw],
    level: Frac,
    *,
    order: int = 8,
    tolerance: float = 1e-4,
) -> S:
    r"""Percentile of a constant plus independent station times.

    Parameters
    ----------
    shift
        Constant part of the path.
    stations
        Laws of the stations.
    level
        Probability below the percentile.
    order
        Terms of the Euler inversion (2 order + 1 transform values per step). 8 gives about five
        digits on smooth laws, 11 six to seven, 15 nine.
    tolerance
        Relative accuracy at which the Newton iteration stops.

    Returns
    -------
    S
        Percentile; ``inf`` where a station is unstable.

    Notes
    -----
    Stations are taken as independent: exact for tandems of M/M/1 with first come, first served.

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.
    INFORMS Journal on Computing 18(4). Reich (1963). Note on queues in tandem. Annals of
    Mathematical Statistics 34(1).

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> t = sojourn_quantile(0.5, [exponential_law(1.0)], 0.99, order=15, tolerance=1e-10)
    >>> round(float(t), 6)
    5.10517
    """
    return mixture_quantile([Branch(1.0, shift, stations)], level, order=order, tolerance=tolerance)


def exceedance(shift: S, stations: Sequence[StationLaw], threshold: S, *, order: int = 11) -> Frac:
    """Probability that a constant plus independent station times exceeds a threshold.

    Parameters
    ----------
    shift, stations, order
        As for :func:`sojourn_quantile`.
    threshold
        Time that must not be exceeded.

    Returns
    -------
    Frac
        P(T > threshold); 1 where a station is unstable.

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> round(float(exceedance(0.5, [exponential_law(1.0)], 1.5)), 6)
    0.367879
    """
    return mixture_exceedance([Branch(1.0, shift, stations)], threshold, order=order)


def ccdf(shift: S, stations: Sequence[StationLaw], times: Real, *, order: int = 11) -> Real:
    """Exceedance probability over a grid of times, for plotting.

    Parameters
    ----------
    shift, stations, order
        As for :func:`sojourn_quantile`.
    times
        Grid of shape (k,).

    Returns
    -------
    numpy.ndarray
        Shape (k, *cases).

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> ccdf(0.0, [exponential_law(1.0)], np.array([0.0, 1.0])).round(6).tolist()
    [1.0, 0.367879]
    """
    return mixture_ccdf([Branch(1.0, shift, stations)], times, order=order)


def mixture_quantile(
    branches: Sequence[Branch], level: Frac, *, order: int = 8, tolerance: float = 1e-4
) -> S:
    """Percentile of the latency of requests that spread over several paths.

    Parameters
    ----------
    branches
        Paths with their shares.
    level, order, tolerance
        As for :func:`sojourn_quantile`.

    Returns
    -------
    S
        Percentile; ``inf`` where a path with a share above zero is unstable.

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> near = Branch(0.5, 0.0, [exponential_law(1.0)])
    >>> far = Branch(0.5, 10.0, [exponential_law(1.0)])
    >>> t = mixture_quantile([near, far], 0.75, order=15, tolerance=1e-10)
    >>> round(float(t), 5)
    10.69319
    """
    return quantile_of(_summed(branches), level, order=order, tolerance=tolerance)


def quantile_in_one_step(branches: Sequence[Branch], level: Frac) -> tuple[S, NDArray[np.bool_]]:
    """Percentile of a mixture after one step from the screening value, and where that is enough.

    Parameters
    ----------
    branches, level
        As for :func:`mixture_quantile`.

    Returns
    -------
    tuple
        Percentile, and whether :func:`mixture_quantile` would stop there; few cases of a large
        batch need more, and they can be solved again on their own.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> branch = Branch(1.0, 0.0, [exponential_law(np.full(2, 1.0)), exponential_law(1.1)])
    >>> quantile_in_one_step([branch], 0.99)[1].tolist()
    [True, True]
    """
    return _quantile(_summed(branches), level, 8, 1e-4, 1)


def quantile_of(
    paths: Sequence[Path], level: Frac, *, order: int = 8, tolerance: float = 1e-4
) -> S:
    """Percentile of a mixture whose paths are added up: :func:`mixture_quantile` without that."""
    return _quantile(paths, level, order, tolerance, _MAX_STEPS)[0]


def exceedance_of(paths: Sequence[Path], threshold: S, *, order: int = 11) -> Frac:
    """Probability to exceed a threshold, of paths added up: see :func:`mixture_exceedance`."""
    with np.errstate(all="ignore"):
        above, _ = tail_of(paths, np.multiply(threshold, 1.0), order)
        return np.clip(above, 0.0, 1.0)[()]


def _summed(branches: Sequence[Branch]) -> list[Path]:
    with np.errstate(all="ignore"):
        return paths_of(branches)


def _quantile(
    paths: Sequence[Path], level: Frac, order: int, tolerance: float, steps: int
) -> tuple[S, NDArray[np.bool_]]:
    with np.errstate(all="ignore"):
        shape = np.broadcast_shapes(*(p.mean.shape for p in paths), np.shape(level))
        miss = np.broadcast_to(1.0 - np.asarray(level, dtype=float), shape)
        bad = functools.reduce(np.add, (weighted(p.share, p.mean) for p in paths))
        solvable = np.broadcast_to(np.isfinite(bad), shape)
        found, settled = solve(paths, miss, solvable, order, tolerance, steps)
        return np.where(solvable, found, bad)[()], settled


def mixture_exceedance(branches: Sequence[Branch], threshold: S, *, order: int = 11) -> Frac:
    """Probability that a request of a mixture exceeds a threshold.

    Parameters
    ----------
    branches
        Paths with their shares.
    threshold, order
        As for :func:`exceedance`.

    Returns
    -------
    Frac
        P(T > threshold).

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.

    Examples
    --------
    >>> from analytic_models.laws.service_laws import exponential_law
    >>> far = Branch(0.5, 10.0, [exponential_law(1.0)])
    >>> float(mixture_exceedance([Branch(0.5, 1.0, []), far], 2.0))
    0.5
    """
    return exceedance_of(_summed(branches), threshold, order=order)


def mixture_ccdf(branches: Sequence[Branch], times: Real, *, order: int = 11) -> Real:
    """Exceedance probability of a mixture over a grid of times.

    Parameters
    ----------
    branches
        Paths with their shares.
    times
        Grid of shape (k,).
    order
        Terms of the inversion.

    Returns
    -------
    numpy.ndarray
        Shape (k, *cases).

    References
    ----------
    Abate and Whitt (2006). A unified framework for numerically inverting Laplace transforms.

    Examples
    --------
    >>> mixture_ccdf([Branch(1.0, 1.0, [])], np.array([0.5, 1.0])).tolist()
    [1.0, 0.0]
    """
    cases = np.broadcast_shapes(*(p.mean.shape for p in paths_of(branches)))
    grid = np.asarray(times, dtype=float).reshape((-1,) + (1,) * len(cases))
    value = np.asarray(mixture_exceedance(branches, grid, order=order))
    return np.broadcast_to(value, (grid.shape[0], *cases))
