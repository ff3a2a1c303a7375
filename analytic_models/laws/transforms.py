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
    "mixture_ccdf",
    "mixture_exceedance",
    "mixture_quantile",
    "sojourn_quantile",
]

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex, Real, invert
from analytic_models.laws.tails import pearson3_exceedance, pearson3_quantile
from analytic_models.units import S2, S3, Frac, S

_MAX_STEPS = 80
_BISECTIONS = 40


@dataclass(frozen=True)
class StationLaw:
    """Law of the time spent at one station, apart from a constant.

    Parameters
    ----------
    transform
        Laplace-Stieltjes transform of the random part, at complex s of shape (..., *cases).
    mean, variance, skew
        First three cumulants of the random part; an infinite mean marks an unstable station.
    shift
        Constant part, which the transform leaves out.
    atom
        Probability that the random part is exactly zero.
    """

    transform: Callable[[Complex], Complex]
    mean: S
    variance: S2
    skew: S3
    shift: S = 0.0
    atom: Frac = 0.0


@dataclass(frozen=True)
class Branch:
    """One of several paths that a request may take.

    Parameters
    ----------
    share
        Probability of this path; the shares of a mixture sum to 1.
    shift
        Constant time on this path.
    stations
        Stations visited, independent of each other.
    """

    share: Frac
    shift: S
    stations: Sequence[StationLaw]


@dataclass(frozen=True)
class _Path:
    """A branch with its constants, cumulants and atom added up."""

    share: Real
    shift: Real
    mean: Real
    variance: Real
    skew: Real
    atom: Real
    stations: tuple[StationLaw, ...]

    def transform(self, s: Complex) -> Complex:
        value = np.ones_like(s)
        for station in self.stations:
            value = value * station.transform(s)
        return value


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
    with np.errstate(all="ignore"):
        paths = _paths(branches)
        shape = np.broadcast_shapes(*(p.mean.shape for p in paths), np.shape(level))
        miss = np.broadcast_to(1.0 - np.asarray(level, dtype=float), shape)
        bad = functools.reduce(np.add, (_weighted(p.share, p.mean) for p in paths))
        solvable = np.broadcast_to(np.isfinite(bad), shape)
        found = _solve(paths, miss, solvable, order, tolerance)
        return np.where(solvable, found, bad)[()]


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
    with np.errstate(all="ignore"):
        above, _ = _tail(_paths(branches), np.asarray(threshold, dtype=float), order)
        return np.clip(above, 0.0, 1.0)[()]


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
    cases = np.broadcast_shapes(*(p.mean.shape for p in _paths(branches)))
    grid = np.asarray(times, dtype=float).reshape((-1,) + (1,) * len(cases))
    value = np.asarray(mixture_exceedance(branches, grid, order=order))
    return np.broadcast_to(value, (grid.shape[0], *cases))


def _paths(branches: Sequence[Branch]) -> list[_Path]:
    return [_path(branch) for branch in branches]


def _path(branch: Branch) -> _Path:
    """Add up the constants and cumulants of a branch."""
    stations = tuple(branch.stations)
    zero = np.zeros(())
    totals = {
        name: functools.reduce(np.add, (np.asarray(getattr(s, name)) for s in stations), zero)
        for name in ("shift", "mean", "variance", "skew")
    }
    atom = functools.reduce(np.multiply, (np.asarray(s.atom) for s in stations), np.ones(()))
    parts: Sequence[Real] = (
        np.asarray(branch.share, dtype=float),
        np.asarray(np.asarray(branch.shift, dtype=float) + totals["shift"]),
        *(np.asarray(totals[name]) for name in ("mean", "variance", "skew")),
        np.asarray(atom),
    )
    if any(part.ndim for part in parts):
        parts = np.broadcast_arrays(*parts)
    share, shift, mean, variance, skew, atom = parts
    # The transform of a station where nobody spends time is one.
    timed = tuple(s for s in stations if np.ndim(s.atom) or s.atom != 1.0)
    return _Path(share, shift, mean, variance, skew, atom, timed)


def _weighted(share: Real, mean: Real) -> Real:
    return np.where(share == 0.0, 0.0, share * mean)


def _tail(paths: Sequence[_Path], times: Real, order: int) -> tuple[Real, Real]:
    """Exceedance and density of the mixture at given times."""
    above: Real = np.zeros(())
    density: Real = np.zeros(())
    for path in paths:
        age = times - path.shift
        beyond = age > 0.0
        if path.stations:
            safe = np.where(beyond & np.isfinite(path.mean), age, 1.0)
            tail, scaled = invert(path.transform, safe, order)
            tail = np.where(np.isfinite(path.mean), tail, 1.0)
            # At its very beginning a path has passed with the probability of its atom.
            tail = np.where(beyond, tail, np.where(age == 0.0, 1.0 - path.atom, 1.0))
            density = density + path.share * np.where(beyond, scaled / safe, 0.0)
        else:
            tail = np.where(age >= 0.0, 0.0, 1.0)
        above = above + path.share * np.where(path.share == 0.0, 0.0, tail)
    return above, density


def _solve(
    paths: Sequence[_Path], miss: Real, solvable: NDArray[np.bool_], order: int, tolerance: float
) -> Real:
    """Newton on the log exceedance, kept inside a bracket that halves when a step leaves it."""
    low, high = _bracket(paths, miss)
    low, high = np.where(solvable, low, 0.0), np.where(solvable, high, 1.0)
    start = _screening(paths, miss, low, high)
    time = np.where(solvable & np.isfinite(start), start, 0.5 * (low + high))
    if len(paths) == 1:
        at_start = miss >= 1.0 - paths[0].atom
        time, high = np.where(at_start, low, time), np.where(at_start, low, high)
    settled = ~solvable | (high <= low)
    for step in range(_MAX_STEPS):
        above, density = _tail(paths, time, order)
        over = above > miss
        low, high = np.where(over, np.maximum(low, time), low), np.where(over, high, time)
        # The upper end may still lie below the percentile: double it until it does not.
        high = np.where(over & (high <= time), low + 2.0 * (low - _earliest(paths)), high)
        move = above / density * np.log(above / miss)
        proposed = time + move
        inside = (proposed > low) & (proposed < high) & np.isfinite(proposed)
        following = np.where(inside, proposed, 0.5 * (low + high))
        change = np.abs(following - time) / np.maximum(np.abs(following), np.abs(time))
        near = np.where(inside, change * change, change) < tolerance
        time = np.where(settled, time, following)
        settled = settled | (near & (inside | (step > 0))) | (high - low <= 1e-15 * np.abs(high))
        if settled.all():
            break
    return time


def _earliest(paths: Sequence[_Path]) -> Real:
    return functools.reduce(np.minimum, (p.shift for p in paths)) - 1e-300


def _bracket(paths: Sequence[_Path], miss: Real) -> tuple[Real, Real]:
    """From the earliest time to a one-sided Chebyshev bound of the worst path."""
    used = [np.where(p.share > 0.0, p.shift, np.inf) for p in paths]
    low = functools.reduce(np.minimum, used)
    reach = np.sqrt((1.0 - miss) / miss)
    ends = [p.shift + p.mean + reach * np.sqrt(p.variance) for p in paths]
    shares = [p.share for p in paths]
    ends = [np.where(share > 0.0, end, -np.inf) for share, end in zip(shares, ends, strict=True)]
    return low + 0.0 * miss, functools.reduce(np.maximum, ends) + 0.0 * miss


def _screening(paths: Sequence[_Path], miss: Real, low: Real, high: Real) -> Real:
    """Percentile of the paths' Pearson III laws: direct for one path, by bisection for several."""
    if len(paths) == 1:
        path = paths[0]
        value = path.shift + pearson3_quantile(path.mean, path.variance, path.skew, 1.0 - miss)
        return np.clip(value, low + 1e-3 * (path.mean * miss + (high - low) * 1e-3), high)
    below, above = low, high
    for _ in range(_BISECTIONS):
        middle = 0.5 * (below + above)
        tails = [
            _weighted(
                p.share,
                np.asarray(pearson3_exceedance(p.shift + p.mean, p.variance, p.skew, middle)),
            )
            for p in paths
        ]
        over = functools.reduce(np.add, tails) > miss
        below, above = np.where(over, middle, below), np.where(over, above, middle)
    return 0.5 * (below + above)
