"""Money and carbon of one inference."""

from __future__ import annotations

__all__ = ["answer_from_cloud", "egress_cost", "emissions", "reserved_cost", "scaled_cost"]

import numpy as np

from analytic_models.units import (
    Byte,
    Count,
    Frac,
    Gram,
    GramPerJ,
    J,
    PerS,
    Pure,
    S,
    Usd,
    UsdPerByte,
    UsdPerS,
)


def reserved_cost(price: UsdPerS, servers: Count, arrival: PerS, share: Frac, used: Pure) -> Usd:
    r"""Cost per request of machines that are paid whether busy or not.

    .. math:: K = u\,\phi\,\frac{p\,c}{\Lambda}

    Parameters
    ----------
    price
        Price of one machine [usd/s].
    servers
        Machines.
    arrival
        Requests that reach them [1/s].
    share
        Share of all requests that reach them.
    used
        1 where the design uses them.

    Notes
    -----
    Infinite where nothing arrives; zero where they are not used, even if the price is not known.

    Examples
    --------
    >>> float(reserved_cost(0.001, 2.0, 100.0, 1.0, 1.0))
    2e-05
    """
    return np.where(np.greater(used, 0.0), used * share * price * servers / arrival, 0.0)


def scaled_cost(price: UsdPerS, service: S, busy: Frac, share: Frac) -> Usd:
    r"""Cost per request of machines that are rented so that a share of the time is busy.

    .. math:: K = \phi\,\frac{p\,S}{u}

    Notes
    -----
    Zero where no time is used, even if the price is not known.

    Examples
    --------
    >>> float(scaled_cost(0.001, 0.5, 0.5, 1.0))
    0.001
    """
    return np.where(np.equal(service, 0.0), 0.0, share * price * service / busy)


def egress_cost(price: UsdPerByte, answer: Byte, share: Frac) -> Usd:
    r"""Cost of the answer that leaves the cloud.

    .. math:: K = \phi\,p\,B

    Examples
    --------
    >>> round(float(egress_cost(1e-10, 1000.0, 1.0)), 12)
    1e-07
    """
    return np.where(np.equal(answer, 0.0), 0.0, share * price * answer)


def emissions(energy: J, intensity: GramPerJ) -> Gram:
    r"""Operational emissions of an energy.

    .. math:: m = E\,\gamma

    Examples
    --------
    >>> emissions(3.6e6, 1e-4)
    360.0
    """
    return energy * intensity


def answer_from_cloud(answer: Byte, used: Pure) -> Byte:
    r"""Bytes that leave the cloud: the answer, where the cloud computes.

    .. math:: u\,B

    Examples
    --------
    >>> answer_from_cloud(1000.0, 0.0)
    0.0
    """
    return answer * used
