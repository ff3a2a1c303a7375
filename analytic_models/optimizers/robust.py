"""Which design to choose when the parameters are only known within intervals."""

from __future__ import annotations

__all__ = ["Interval", "Robustness", "robustness", "sample_worlds"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.protocols import FloatArray

_SPREAD = float(2.0 * ndtri(0.95))


@dataclass(frozen=True)
class Interval:
    """A parameter that lies between two values.

    Parameters
    ----------
    low, high
        Ends, in the unit of the parameter; for ``"lognormal"`` its 5 % and 95 % quantiles, > 0.
    law
        ``"uniform"``, ``"lognormal"``, or ``"halves"``: half of the worlds lie evenly below the
        middle and half above it.
    middle
        Median of ``"halves"``, between the ends.

    Raises
    ------
    ValueError
        If the ends are not finite and ordered, not positive for a log-normal law, or do not
        enclose the middle.
    """

    low: float
    high: float
    law: Literal["uniform", "lognormal", "halves"] = "uniform"
    middle: float = float("nan")

    def __post_init__(self) -> None:
        if not -np.inf < self.low <= self.high < np.inf:
            raise ValueError(f"an interval needs finite ordered ends, not {self.low}…{self.high}")
        if self.law not in ("uniform", "lognormal", "halves"):
            raise ValueError(f"unknown law {self.law!r}; known: uniform, lognormal, halves")
        if self.law == "halves" and not self.low <= self.middle <= self.high:
            raise ValueError("the middle of two halves must lie between the ends")
        if self.law == "lognormal" and self.low <= 0.0:
            raise ValueError("a log-normal interval needs positive ends")

    def quantile(self, share: FloatArray) -> FloatArray:
        """Return the values below which the given shares of the worlds lie."""
        if self.law == "uniform":
            return np.asarray(self.low + share * (self.high - self.low))
        if self.law == "halves":
            below = self.low + 2.0 * share * (self.middle - self.low)
            above = self.middle + (2.0 * share - 1.0) * (self.high - self.middle)
            return np.where(share < 0.5, below, above)
        middle = 0.5 * (np.log(self.low) + np.log(self.high))
        width = (np.log(self.high) - np.log(self.low)) / _SPREAD
        return np.asarray(np.exp(middle + width * ndtri(share)))


def sample_worlds(
    intervals: Mapping[str, Interval], worlds: int, seed: int
) -> dict[str, FloatArray]:
    """Draw worlds by Latin hypercube: each parameter is stratified, the parameters independent.

    Parameters
    ----------
    intervals
        Parameter name → interval.
    worlds
        Number of worlds, ≥ 1.
    seed
        Seed; the same seed gives the same worlds.

    Returns
    -------
    Parameter name → array of shape (worlds,).

    References
    ----------
    McKay, Beckman, Conover (1979). A comparison of three methods for selecting values of input
    variables. Technometrics.

    Examples
    --------
    >>> sample_worlds({"rtt_s": Interval(1.0, 1.0)}, 3, seed=1)["rtt_s"].tolist()
    [1.0, 1.0, 1.0]
    """
    generator = np.random.default_rng(seed)
    drawn = {}
    for name, interval in intervals.items():
        share = (generator.permutation(worlds) + generator.random(worlds)) / worlds
        drawn[name] = interval.quantile(share)
    return drawn


@dataclass(frozen=True)
class Robustness:
    """How designs fare over worlds.

    Parameters
    ----------
    win_frac, win_error_frac
        Shape (n,): share of the worlds in which the design is best (ties shared evenly), and the
        standard error of that share.
    unstable_frac
        Shape (n,): share of the worlds in which the design has no finite cost.
    regret
        Shape (n,): quantile over the worlds of cost − best cost; ``inf`` if unstable too often.
    nominal, robust
        The design that was named as nominal, and the one of least quantile regret.
    quantile
        Which quantile.
    hopeless_frac
        Share of the worlds in which no design has a finite cost; they are left out elsewhere.
    certificate
        Monte-Carlo: number of worlds and seed.
    """

    win_frac: FloatArray
    win_error_frac: FloatArray
    unstable_frac: FloatArray
    regret: FloatArray
    nominal: int
    robust: int
    quantile: float
    hopeless_frac: float
    certificate: Certificate


def robustness(
    cost: FloatArray, nominal: int, quantile: float = 0.95, seed: int | None = None
) -> Robustness:
    """Compare designs over worlds.

    Parameters
    ----------
    cost
        Shape (worlds, n): cost (for instance latency, s) of every design in every world; ``inf``
        or ``nan`` where the design is unstable or impossible.
    nominal
        The design that is best at the nominal parameters.
    quantile
        Regret quantile, 0 … 1.
    seed
        Seed that the worlds were drawn with, for the certificate.

    Raises
    ------
    ValueError
        If there is no world or no design, or the nominal design does not exist.
    """
    if cost.ndim != 2 or 0 in cost.shape:
        raise ValueError(f"cost must have shape (worlds, designs), not {cost.shape}")
    if not 0 <= nominal < cost.shape[1]:
        raise ValueError(f"the nominal design {nominal} does not exist")
    usable = np.where(np.isnan(cost), np.inf, cost)
    best = usable.min(axis=1)
    hopeful = np.isfinite(best)
    usable, best = usable[hopeful], best[hopeful]
    count = max(len(best), 1)
    winners = usable == best[:, None]
    share = (winners / np.maximum(winners.sum(axis=1, keepdims=True), 1)).sum(axis=0) / count
    regret = usable - best[:, None]
    # The order statistic itself: interpolation between a number and infinity has no meaning.
    position = max(int(np.ceil(quantile * count)) - 1, 0)
    at_quantile = (
        np.partition(regret, position, axis=0)[position]
        if len(regret)
        else np.full(cost.shape[1], np.inf)
    )
    order = np.lexsort((-share, at_quantile))
    detail = f"{len(cost)} sampled worlds; {quantile:.0%} quantile of the regret"
    return Robustness(
        win_frac=share,
        win_error_frac=np.sqrt(share * (1.0 - share) / count),
        unstable_frac=np.isinf(usable).sum(axis=0) / count,
        regret=at_quantile,
        nominal=nominal,
        robust=int(order[0]),
        quantile=quantile,
        hopeless_frac=float(1.0 - hopeful.mean()),
        certificate=Certificate(
            "heuristic", "Monte-Carlo", detail, candidates=cost.shape[1], seed=seed
        ),
    )
