"""Checked access to the parameters of a reference case, and the laws that they describe."""

from __future__ import annotations

__all__ = ["Parameters", "Randomness", "level_of", "statistic"]

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from analytic_models.errors import DataError, Problem
from analytic_models.laws.service_laws import (
    exponential_law,
    gamma_law,
    hyperexponential_law,
    lognormal_law,
    uniform_law,
)
from analytic_models.laws.transforms import Branch, StationLaw, mixture_quantile

Real = NDArray[np.float64]

_ORDER = 15
_ACCURACY = 1e-11
_KINDS = ("det", "exp", "gamma", "h2", "lognormal", "uniform")


@dataclass(frozen=True)
class Randomness:
    """A time by its kind, first two moments, and law."""

    kind: str
    mean: float
    scv: float
    law: StationLaw

    def transform(self, s: Real | float) -> Real | float:
        """Laplace-Stieltjes transform at real arguments, the constant part included."""
        value = self.law.transform(np.asarray(s, dtype=complex))
        return np.exp(-np.asarray(self.law.shift) * s) * value.real


class Parameters:
    """Parameters of one case; every reading checks type and range.

    Parameters
    ----------
    path
        Where the parameters stand, for messages.
    values
        The parameters as read.
    """

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        self.path = path
        self.values = values

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def fail(self, key: str, message: str, allowed: str) -> NoReturn:
        """Refuse a parameter.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(Problem(f"{self.path}.{key}", message, allowed))

    def unknown(self, quantity: str, allowed: Sequence[str]) -> NoReturn:
        """Refuse a quantity that the system does not have.

        Raises
        ------
        DataError
            Always.
        """
        path = f"{self.path.removesuffix('.params')}.quantity"
        raise DataError(Problem(path, f"{quantity!r} is not known", ", ".join(allowed)))

    def number(self, key: str, low: float = 0.0, high: float = math.inf) -> float:
        """Return a number between two bounds, the lower one excluded unless it is zero."""
        if key not in self:
            self.fail(key, "is missing", f"a number from {low:g} to {high:g}")
        value = self.values[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            self.fail(key, f"{value!r} is not valid", f"a number from {low:g} to {high:g}")
        return float(value)

    def positive(self, key: str) -> float:
        """Return a number above zero."""
        value = self.number(key)
        if value == 0.0 or math.isinf(value):
            self.fail(key, f"{value:g} is not valid", "a finite number above 0")
        return value

    def whole(self, key: str, low: int = 1) -> int:
        """Return a whole number."""
        value = self.number(key, float(low))
        if not value.is_integer():
            self.fail(key, f"{value:g} is not whole", f"a whole number of {low} or more")
        return int(value)

    def row(self, key: str, low: float = 0.0) -> Real:
        """Return a list of numbers."""
        return self._array(key, 1, low)

    def table(self, key: str) -> Real:
        """Return a list of equally long lists of numbers."""
        return self._array(key, 2, 0.0)

    def _array(self, key: str, dimensions: int, low: float) -> Real:
        allowed = ("a list", "a list of equally long lists")[dimensions - 1] + " of numbers"
        if key not in self:
            self.fail(key, "is missing", allowed)
        try:
            value = np.asarray(self.values[key], dtype=float)
        except (TypeError, ValueError):
            self.fail(key, "is not valid", allowed)
        if value.ndim != dimensions or value.size == 0 or not np.all(value >= low):
            self.fail(key, "is not valid", f"{allowed} of {low:g} or more")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return one of some words."""
        value = self.values.get(key, default)
        if value not in allowed:
            self.fail(key, f"{value!r} is not known", ", ".join(allowed))
        return str(value)

    def children(self, key: str) -> list[Parameters]:
        """Return a list of objects."""
        items = self.values.get(key)
        good = isinstance(items, list) and items and all(isinstance(i, Mapping) for i in items)
        if not isinstance(items, list) or not good:
            self.fail(key, "is not valid", "a list of objects")
        return [Parameters(f"{self.path}.{key}[{i}]", item) for i, item in enumerate(items)]

    def randomness(self, kind: str, prefix: str = "", default: str | None = None) -> Randomness:
        """Return the law that ``kind``, and mean and scv with a prefix, describe."""
        name = self.choice(kind, _KINDS, default)
        if name == "uniform":
            low, high = self.number(f"{prefix}low"), self.positive(f"{prefix}high")
            if high <= low:
                self.fail(f"{prefix}high", "is not above low", f"above {low:g}")
            mean, width = 0.5 * (low + high), high - low
            return Randomness(name, mean, width**2 / 12.0 / mean**2, uniform_law(low, high))
        if name == "h2" and "p" in self:
            return _two_phases(self.number("p", 0.0, 1.0), self.positive("m1"), self.positive("m2"))
        mean = self.positive(f"{prefix}mean") if f"{prefix}mean" in self else self._from_rate()
        if name == "det":
            return Randomness(name, mean, 0.0, gamma_law(mean, 0.0))
        if name == "exp":
            return Randomness(name, mean, 1.0, exponential_law(mean))
        scv = self.number(f"{prefix}scv", 1.0 if name == "h2" else 0.0)
        if name == "lognormal" and scv > 0.0:
            return Randomness(name, mean, scv, lognormal_law(mean, scv))
        if name in ("gamma", "lognormal"):
            return Randomness(name, mean, scv, gamma_law(mean, scv))
        share = 0.5 * (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0)))
        return _two_phases(share, 0.5 * mean / share, 0.5 * mean / (1.0 - share))

    def _from_rate(self) -> float:
        if "mu" not in self:
            self.fail("mean", "is missing", "a mean above 0, or a rate mu above 0")
        return 1.0 / self.positive("mu")


def _two_phases(share: float, first: float, second: float) -> Randomness:
    law = hyperexponential_law(share, first, second)
    mean = float(law.mean)
    return Randomness("h2", mean, float(law.variance) / mean**2, law)


def level_of(word: str) -> float | None:
    """Read p50, p95, p99, p999 ... as a probability; nothing for any other word."""
    match = re.fullmatch(r"p(\d{2,})", word)
    return None if match is None else int(match[1]) / 10 ** len(match[1])


def statistic(word: str, branches: Sequence[Branch]) -> float | None:
    """Compute mean, var, std, scv or pNN of a mixture of paths; nothing for any other word."""
    level = level_of(word)
    if level is not None:
        return float(mixture_quantile(branches, level, order=_ORDER, tolerance=_ACCURACY))
    if word not in ("mean", "var", "std", "scv"):
        return None
    parts = [
        (
            float(b.share),
            float(b.shift) + sum(float(np.add(x.mean, x.shift)) for x in b.stations),
            sum(float(x.variance) for x in b.stations),
        )
        for b in branches
    ]
    mean = sum(share * middle for share, middle, _ in parts)
    # Spread within the branches plus spread between them: no difference of large numbers.
    variance = sum(share * (spread + (middle - mean) ** 2) for share, middle, spread in parts)
    values = {"mean": mean, "var": variance, "std": math.sqrt(variance), "scv": variance / mean**2}
    return values[word]
