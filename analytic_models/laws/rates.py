"""Shares and spreads that turn list figures into the rates that a case needs."""

from __future__ import annotations

__all__ = ["lifetime_price", "share_of_power", "share_of_rate"]

from typing import Annotated

from analytic_models.units import Array, Frac, OpPerS, Pure, S, Unit, Usd, UsdPerS, W

UsdPerJ = Annotated[Array, Unit("usd/j")]


def share_of_power(load: W, share: Frac) -> W:
    r"""Idle power as a share of the power under load.

    .. math:: P_i = \iota\,P_a

    Examples
    --------
    >>> share_of_power(100.0, 0.2)
    20.0
    """
    return load * share


def share_of_rate(peak: OpPerS, share: Frac) -> OpPerS:
    r"""Rate that plain code reaches.

    .. math:: r = \eta\,\Pi

    Examples
    --------
    >>> share_of_rate(1e9, 0.1)
    100000000.0
    """
    return peak * share


def lifetime_price(
    price: Usd, lifetime: S, power: W, overhead: Pure, electricity: UsdPerJ
) -> UsdPerS:
    r"""Price per second of a machine that is owned.

    .. math:: p = \frac{K}{L} + \mathrm{PUE}\,P\,p_e

    Parameters
    ----------
    price
        Purchase price [usd].
    lifetime
        Time over which it is written off [s].
    power
        Power under load [W].
    overhead
        PUE of the site.
    electricity
        Price of electricity [usd/j].

    Examples
    --------
    >>> round(lifetime_price(1000.0, 1e8, 10.0, 1.0, 1e-7), 9)
    1.1e-05
    """
    return price / lifetime + overhead * power * electricity
