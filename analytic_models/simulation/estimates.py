"""What a run says about a quantity: a value, and how far off it may be.

Batch means: the run is cut into consecutive batches long enough to be nearly independent; the
spread of the batch values gives a confidence interval with Student's t distribution.
"""

from __future__ import annotations

__all__ = ["Ccdf", "Estimate", "batch_estimate", "student_t_quantile"]

import math
from dataclasses import dataclass

import numpy as np

from analytic_models.simulation.fcfs import Floats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with the half width of its 95 % confidence interval.

    Attributes
    ----------
    value
        The estimate; nan if it was not asked for or nobody contributed to it.
    half_width
        Infinite if the run is too short to bound the error.
    """

    value: float
    half_width: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half_width

    def covers(self, value: float) -> bool:
        """Whether the interval contains ``value``."""
        return self.low <= value <= self.high


@dataclass(frozen=True, eq=False)
class Ccdf:
    """Share of requests that take longer than each point, with a 95 % band.

    Attributes
    ----------
    points
        Seconds, shape ``(k,)``.
    value, low, high
        Shares, shape ``(k,)``; the band holds at each point by itself.
    """

    points: Floats
    value: Floats
    low: Floats
    high: Floats


def _student_t_cdf(t: float, freedom: int) -> float:
    """Central probability P(|T| <= t) for a whole number of degrees of freedom."""
    angle = math.atan2(t, math.sqrt(freedom))
    square = math.cos(angle) ** 2
    if freedom % 2:
        total, term = 0.0, math.cos(angle)
        for k in range(3, freedom + 1, 2):
            total += term
            term *= square * (k - 1) / k
        return 2 / math.pi * (angle + math.sin(angle) * total)
    total, term = 0.0, 1.0
    for k in range(2, freedom + 1, 2):
        total += term
        term *= square * (k - 1) / k
    return math.sin(angle) * total


def student_t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Return t with P(-t <= T <= t) equal to ``confidence``.

    References
    ----------
    Abramowitz and Stegun (1964). Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    Examples
    --------
    >>> round(student_t_quantile(19), 4)
    2.093
    """
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        if _student_t_cdf(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def batch_estimate(value: float, batches: Floats) -> Estimate:
    """Return ``value`` with the half width that its batch values, shape ``(b,)``, support."""
    count = batches.size
    if count < 2 or not bool(np.all(np.isfinite(batches))):
        return Estimate(value, math.inf)
    spread = float(batches.std(ddof=1)) / math.sqrt(count)
    return Estimate(value, student_t_quantile(count - 1) * spread)


class Batches:
    """Samples of a run in consecutive batches of equal size (the first few left out).

    Parameters
    ----------
    samples
        In order of arrival, shape ``(n,)``.
    count
        Number of batches.
    """

    # With fewer batches that reach beyond a quantile, their spread says nothing about it.
    FEWEST_BEYOND = 0.25

    def __init__(self, samples: Floats, count: int) -> None:
        size = samples.size // count
        self.samples = samples[samples.size - size * count :]
        self.table = self.samples.reshape(count, size)
        self.means: Floats = self.table.mean(axis=1)
        self._ordered = np.sort(self.table, axis=1)

    def mean(self) -> Estimate:
        """Return the mean of all samples."""
        return batch_estimate(float(self.means.mean()), self.means)

    def quantiles(self, levels: tuple[float, ...]) -> tuple[Estimate, ...]:
        """Return quantiles of all samples with half widths.

        The shares of the batches beyond a quantile give the uncertainty of its level, and the
        quantiles at both ends of that give the half width. Quantiles of single batches, the
        textbook way, are biased in the tail: measured on a single exponential server at load 0.9
        and 2e5 requests their 95 % interval of the p99 covered the truth in 74 % of the runs.
        """
        values = np.quantile(self.samples, levels)
        shares = self._shares(values)
        count = shares.shape[0]
        half = student_t_quantile(count - 1) * shares.std(axis=0, ddof=1) / math.sqrt(count)
        low = np.maximum(np.array(levels) - half, 0.0)
        high = np.array(levels) + half
        ends = np.quantile(self.samples, np.concatenate([low, np.minimum(high, 1.0)]))
        ends = ends.reshape(2, -1)
        width = np.maximum(values - ends[0], ends[1] - values)
        thin = np.mean(shares > 0, axis=0) < self.FEWEST_BEYOND
        # Equal samples reach beyond no quantile and still are exact.
        width[((high >= 1) | thin) & (self.samples.min() < values)] = math.inf
        return tuple(
            Estimate(value, wide)
            for value, wide in zip(values.tolist(), width.tolist(), strict=True)
        )

    def beyond(self, point: float) -> Estimate:
        """Return the share of the samples above ``point``."""
        shares = self._shares(np.array([point]))[:, 0]
        return batch_estimate(float(shares.mean()), shares)

    def _shares(self, points: Floats) -> Floats:
        size = self.table.shape[1]
        counts = [size - np.searchsorted(row, points, side="right") for row in self._ordered]
        return np.array(counts, dtype=np.float64) / size

    def ccdf(self, points: Floats) -> Ccdf:
        """Return the share of the samples above each point, with its band."""
        shares = self._shares(points)
        value = shares.mean(axis=0)
        count = shares.shape[0]
        half = student_t_quantile(count - 1) * shares.std(axis=0, ddof=1) / math.sqrt(count)
        # Nothing seen in n samples still leaves up to 3/n possible (rule of three).
        floor = np.where(value == 0, 3 / self.samples.size, 0.0)
        high = np.minimum(np.maximum(value + half, floor), 1.0)
        return Ccdf(points, value, np.maximum(value - half, 0.0), high)

    def effective_samples(self) -> float:
        """Return how many independent samples would give the mean as precisely as this run."""
        spread = float(self.means.var(ddof=1))
        if spread == 0:
            return float(self.samples.size)
        return min(float(self.samples.var()) / spread * self.means.size, float(self.samples.size))

    def unsteady(self) -> tuple[str, ...]:
        """Return signs that the run has not settled, or that its batches depend on each other."""
        means = self.means
        half = means.size // 2
        first, second = means[:half], means[means.size - half :]
        spread = math.sqrt((float(first.var(ddof=1)) + float(second.var(ddof=1))) / half)
        signs = []
        gap = abs(float(second.mean() - first.mean()))
        if gap > student_t_quantile(2 * half - 2, 0.999) * spread and gap > 1e-9 * means.mean():
            signs.append("the second half of the run differs from the first")
        centred = means - means.mean()
        power = float(centred @ centred)
        # Beyond 2.6 standard errors (1/sqrt(b)) only 1 run in 100 comes by chance.
        if power > 0 and float(centred[1:] @ centred[:-1]) / power > 2.6 / math.sqrt(means.size):
            signs.append("consecutive batches depend on each other")
        return tuple(signs)
