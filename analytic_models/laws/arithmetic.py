"""Sums' companions: pass on, largest, and shares of a case's own numbers."""

from __future__ import annotations

__all__ = [
    "both_shares",
    "flag_below_one",
    "largest_of_five",
    "largest_of_three",
    "nominal_budget",
    "nominal_duration",
    "nominal_message",
    "nominal_power",
    "nominal_ratio",
    "nominal_share",
]

import numpy as np

from analytic_models.units import Bit, Frac, Pure, S, W


def nominal_share(nominal: Frac) -> Frac:
    """Share before any technique changes it.

    Examples
    --------
    >>> nominal_share(1.0)
    1.0
    """
    return nominal


def nominal_budget(nominal: Pure) -> Pure:
    """Privacy budget before any technique sets it: infinite, because nothing is promised.

    Examples
    --------
    >>> nominal_budget(float("inf"))
    inf
    """
    return nominal


def nominal_duration(nominal: S) -> S:
    """Duration before any technique changes it.

    Examples
    --------
    >>> nominal_duration(0.0)
    0.0
    """
    return nominal


def nominal_ratio(nominal: Pure) -> Pure:
    """Ratio before anything changes it.

    Examples
    --------
    >>> nominal_ratio(0.5)
    0.5
    """
    return nominal


def nominal_message(nominal: Bit) -> Bit:
    """Message overhead before any technique changes it.

    Examples
    --------
    >>> nominal_message(0.0)
    0.0
    """
    return nominal


def largest_of_three(first: Frac, second: Frac, third: Frac) -> Frac:
    r"""Largest of three shares.

    .. math:: \max(a, b, c)

    Examples
    --------
    >>> float(largest_of_three(0.2, 0.7, 0.1))
    0.7
    """
    return np.maximum(np.maximum(first, second), third)


def largest_of_five(first: Frac, second: Frac, third: Frac, fourth: Frac, fifth: Frac) -> Frac:
    r"""Largest of five shares, for example the utilisation of the bottleneck.

    .. math:: \max(a, b, c, d, e)

    Examples
    --------
    >>> float(largest_of_five(0.2, 0.7, 0.1, 0.0, 0.3))
    0.7
    """
    return np.maximum(largest_of_three(first, second, third), np.maximum(fourth, fifth))


def flag_below_one(share: Frac) -> Pure:
    r"""Flag that is 1 where a share is below one.

    .. math:: [x < 1]

    Examples
    --------
    >>> float(flag_below_one(0.5))
    1.0
    """
    return np.asarray(np.less(share, 1.0), dtype=np.float64)


def both_shares(first: Frac, second: Frac) -> Frac:
    r"""Share that passes two gates one behind the other.

    .. math:: \phi\,\psi

    Examples
    --------
    >>> both_shares(0.5, 0.5)
    0.25
    """
    return first * second


def nominal_power(nominal: W) -> W:
    """Power before any technique changes it.

    Examples
    --------
    >>> nominal_power(5.0)
    5.0
    """
    return nominal
