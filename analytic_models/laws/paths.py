"""Paths of requests over independent stations, and the percentile search on their transforms.

The public functions are in :mod:`analytic_models.laws.transforms`.
"""

from __future__ import annotations

__all__ = ["Branch", "Path", "StationLaw", "paths_of", "solve", "tail_of", "weighted"]

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.choice import every, some
from analytic_models.laws.inversion import Complex, Formula, Real, invert
from analytic_models.laws.tails import (
    pearson3_exceedance,
    pearson3_quantile,
    pearson3_quantile_exact,
)
from analytic_models.units import S2, S3, Array, Frac, S

_BISECTIONS = 40
# Cases whose values at all nodes of an inversion stay in the cache together.
_CASES_AT_ONCE = 512


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
    smooth
        Whether the transform is analytic but on the negative real axis, and grows slowly near it:
        no constants, and service laws with a squared coefficient of variation of 1/2 or more.
    """

    transform: Callable[[Complex], Complex]
    mean: S
    variance: S2
    skew: S3
    shift: S = 0.0
    atom: Frac = 0.0
    smooth: bool = False


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
class Path:
    """A branch with its constants, cumulants and atom added up."""

    share: Real
    shift: Real
    mean: Real
    variance: Real
    skew: Real
    atom: Real
    transforms: tuple[Callable[[Complex], Complex], ...]
    smooth: bool

    def transform(self, s: Complex) -> Complex:
        """Transform of the random time on the path, at s of shape (..., *cases)."""
        if not self.transforms:
            return np.ones_like(s)
        return functools.reduce(np.multiply, (transform(s) for transform in self.transforms))

    def inverse(self, times: Real, order: int) -> tuple[Real, Real]:
        """Exceedance, and time times density, some cases at a time where there are many."""
        if times.size <= 2 * _CASES_AT_ONCE:
            return invert(self.transform, times, order, smooth=self.smooth)
        parts = [t for t in self.transforms if isinstance(t, Formula) and t.fits(times.shape)]
        if len(parts) < len(self.transforms):
            return invert(self.transform, times, order, smooth=self.smooth)
        above, density = np.empty_like(times), np.empty_like(times)
        for start in range(0, len(times), _CASES_AT_ONCE):
            rows = slice(start, start + _CASES_AT_ONCE)
            few = dataclasses.replace(self, transforms=tuple(t.at(rows) for t in parts))
            found = invert(few.transform, times[rows], order, smooth=self.smooth)
            above[rows], density[rows] = found
        return above, density


def paths_of(branches: Sequence[Branch]) -> list[Path]:
    """Add up the stations of every branch."""
    return [_path(branch) for branch in branches]


def _path(branch: Branch) -> Path:
    """Add up the constants and cumulants of a branch."""
    stations = tuple(branch.stations)
    # Sums of numbers are several times faster than those of arrays without dimensions.
    parts: Sequence[Any] = (
        np.multiply(branch.share, 1.0),
        branch.shift + _sum(s.shift for s in stations),
        _sum(s.mean for s in stations),
        _sum(s.variance for s in stations),
        _sum(s.skew for s in stations),
        functools.reduce(operator.mul, (s.atom for s in stations), np.float64(1.0)),
    )
    if any(np.ndim(part) for part in parts):
        parts = np.broadcast_arrays(*parts)
    share, shift, mean, variance, skew, atom = parts
    # The transform of a station where nobody spends time is one.
    timed = [s for s in stations if not every(np.equal(s.atom, 1.0))]
    transforms = tuple(s.transform for s in timed)
    smooth = all(s.smooth for s in timed)
    return Path(share, shift, mean, variance, skew, atom, transforms, smooth)


def _sum(terms: Iterable[Array]) -> Array:
    return functools.reduce(operator.add, terms, np.float64(0.0))


def weighted(share: Real, mean: Real) -> Real:
    """Weigh a time by its share; zero where nobody takes the path, even if it never ends."""
    if not np.ndim(share) and share != 0.0:
        return share * mean
    return np.where(share == 0.0, 0.0, share * mean)


def tail_of(paths: Sequence[Path], times: Real, order: int) -> tuple[Real, Real]:
    """Exceedance and density of the mixture at given times."""
    above: Real = np.zeros(())
    density: Real = np.zeros(())
    for path in paths:
        age = times - path.shift
        beyond = age > 0.0
        finite = np.isfinite(path.mean)
        if path.transforms and every(beyond & finite):
            tail, scaled = path.inverse(age, order)
            density = density + path.share * (scaled / age)
        elif path.transforms:
            safe = np.where(beyond & finite, age, 1.0)
            tail, scaled = path.inverse(safe, order)
            tail = np.where(finite, tail, 1.0)
            # At its very beginning a path has passed with the probability of its atom.
            tail = np.where(beyond, tail, np.where(age == 0.0, 1.0 - path.atom, 1.0))
            density = density + path.share * np.where(beyond, scaled / safe, 0.0)
        else:
            tail = np.where(age >= 0.0, 0.0, 1.0)
        above = above + weighted(path.share, tail)
    return above, density


def solve(
    paths: Sequence[Path],
    miss: Real,
    solvable: NDArray[np.bool_],
    order: int,
    tolerance: float,
    steps: int,
) -> tuple[Real, NDArray[np.bool_]]:
    """Newton on the log exceedance, kept inside a bracket that halves when a step leaves it."""
    low, high = _bracket(paths, miss)
    low, high = np.where(solvable, low, 0.0), np.where(solvable, high, 1.0)
    start = _screening(paths, miss, low, high, close=steps > 1)
    time = np.where(solvable & np.isfinite(start), start, 0.5 * (low + high))
    if len(paths) == 1:
        at_start = miss >= 1.0 - paths[0].atom
        time, high = np.where(at_start, low, time), np.where(at_start, low, high)
    settled = ~solvable | (high <= low)
    for step in range(steps):
        above, density = tail_of(paths, time, order)
        over = above > miss
        low, high = np.where(over, np.maximum(low, time), low), np.where(over, high, time)
        short = over & (high <= time)
        if some(short):
            # The upper end still lies below the percentile: double it until it does not.
            high = np.where(short, low + 2.0 * (low - _earliest(paths)), high)
        move = above / density * np.log(above / miss)
        proposed = time + move
        inside = (proposed > low) & (proposed < high) & np.isfinite(proposed)
        newton = every(inside)
        following = proposed if newton else np.where(inside, proposed, 0.5 * (low + high))
        change = np.abs(following - time) / np.maximum(np.abs(following), np.abs(time))
        error = change * change if newton else np.where(inside, change * change, change)
        near = error < tolerance
        time = np.where(settled, time, following)
        settled = settled | (near & (inside | (step > 0))) | (high - low <= 1e-15 * np.abs(high))
        if settled.all():
            break
    return time, settled


def _earliest(paths: Sequence[Path]) -> Real:
    return functools.reduce(np.minimum, (p.shift for p in paths)) - 1e-300


def _bracket(paths: Sequence[Path], miss: Real) -> tuple[Real, Real]:
    """From the earliest time to a one-sided Chebyshev bound of the worst path."""
    used = [np.where(p.share > 0.0, p.shift, np.inf) for p in paths]
    low = functools.reduce(np.minimum, used)
    reach = np.sqrt((1.0 - miss) / miss)
    ends = [p.shift + p.mean + reach * np.sqrt(p.variance) for p in paths]
    shares = [p.share for p in paths]
    ends = [np.where(share > 0.0, end, -np.inf) for share, end in zip(shares, ends, strict=True)]
    return low + 0.0 * miss, functools.reduce(np.maximum, ends) + 0.0 * miss


def _screening(paths: Sequence[Path], miss: Real, low: Real, high: Real, close: bool) -> Real:
    """Percentile of the paths' Pearson III laws: direct for one path, by bisection for several."""
    if len(paths) == 1:
        path = paths[0]
        # A close start saves more than it costs, but not where one step follows in any case.
        law = pearson3_quantile_exact if close else pearson3_quantile
        value = path.shift + law(path.mean, path.variance, path.skew, 1.0 - miss)
        return np.clip(value, low + 1e-3 * (path.mean * miss + (high - low) * 1e-3), high)
    below, above = low, high
    for _ in range(_BISECTIONS):
        middle = 0.5 * (below + above)
        tails = [
            weighted(
                p.share,
                np.asarray(pearson3_exceedance(p.shift + p.mean, p.variance, p.skew, middle)),
            )
            for p in paths
        ]
        over = functools.reduce(np.add, tails) > miss
        below, above = np.where(over, middle, below), np.where(over, above, middle)
    return 0.5 * (below + above)
