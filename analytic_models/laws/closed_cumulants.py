"""Spread of the time at a station of a loop, from what a visitor finds there."""

from __future__ import annotations

__all__ = ["station_cumulants"]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.closed_loop import Loop
from analytic_models.laws.sharing import shared_skew, shared_variance

Floats = NDArray[np.float64]


def station_cumulants(
    loop: Loop,
    at: int,
    population: Floats,
    service: Floats,
    scv: Floats,
    servers: Floats,
    shared: Floats,
    share: Floats,
) -> tuple[Floats, Floats]:
    r"""Return variance and third cumulant of the time in a station, service included.

    .. math:: E[W^2] \propto E[Y^2] + \alpha E[Y], \qquad
              E[W^3] \propto E[Y^3] + 3\alpha\left(E[Y^2]-E[Y]\right) + \beta E[Y]

    Parameters
    ----------
    loop
        State of n cases.
    at
        Number of the station.
    population
        Devices, shape (n,).
    service, scv, servers, shared, share
        Of that station, shape (n,).

    Notes
    -----
    Y is the number of departures that a visit waits for; alpha and beta turn its moments into those
    of a wait. They are exact for exponential work, and for any work behind random arrivals.

    References
    ----------
    reiser-lavenberg-1980, takacs-1962, yashkov-1983

    Examples
    --------
    >>> from analytic_models.laws.closed_loop import solve_loop
    >>> one = np.ones((1, 1))
    >>> loop = solve_loop(np.array([3.0]), np.array([2.0]), one, one, one, 0.0 * one, one)
    >>> variance, _ = station_cumulants(loop, 0, *3.0 * one, *one, *one, *one, *0.0 * one, *one)
    >>> round(float(variance[0]), 6)
    2.36
    """
    wait = loop.wait[at]
    own, own_skew = scv * service**2, 2.0 * scv * scv * service**3
    with np.errstate(all="ignore"):
        elsewhere = population - loop.throughput * share * (wait + service)
        queued = _in_order(loop, at, elsewhere, scv, servers)
        shares = _sharing(loop, at, population, service, scv, servers)
        found = (
            np.where(wait > 0.0, np.where(shared > 0.0, together, alone + line), alone)
            for together, alone, line in zip(shares, (own, own_skew), queued, strict=True)
        )
        variance, skew = (np.where(np.isnan(wait), np.nan, value) for value in found)
    return variance, skew


def _in_order(
    loop: Loop, at: int, elsewhere: Floats, scv: Floats, servers: Floats
) -> tuple[Floats, Floats]:
    """Variance and third cumulant of a wait in order of arrival."""
    wait, (first, second, third) = loop.wait[at], loop.ahead[:, at]
    one, kept = servers == 1.0, elsewhere / (elsewhere + first)
    # A full station serves one after the other; behind random arrivals the first is a rest.
    alpha, beta = scv, scv * (3.0 + 2.0 * scv)
    by_chance = np.where(one, (4.0 * scv - 1.0) / 3.0, scv)
    thrice = np.where(one, 0.5 * (1.0 + 2.0 * scv) * (1.0 + 3.0 * scv), 1.5 * (1.0 + scv) ** 2)
    alpha = alpha + kept * (by_chance - alpha)
    beta = beta + kept * (thrice - 1.0 - beta)
    square = (second + alpha * first) / first**2
    cube = (third + 3.0 * alpha * (second - first) + beta * first) / first**3
    return wait**2 * np.maximum(square - 1.0, 0.0), wait**3 * (cube - 3.0 * square + 2.0)


def _kept(loop: Loop, at: int, servers: Floats) -> Floats:
    """Variance of the number to wait for, over what it would be behind random arrivals."""
    first, second, _ = loop.ahead[:, at]
    # There the number would be geometric, those that find a free server apart.
    likely = np.where(servers == 1.0, first / (1.0 + first), loop.waiting[at])
    each = first / likely
    random = likely * each * (2.0 * each - 1.0) - first * first
    found: Floats = np.clip((second - first * first) / random, 0.0, 1.0)
    return found


def _sharing(
    loop: Loop, at: int, population: Floats, service: Floats, scv: Floats, servers: Floats
) -> tuple[Floats, Floats]:
    """Variance and third cumulant of a shared time: as much less as the number inside varies.

    A number that is forgotten within the rest of the cycle averages out over a long time.
    """
    time = loop.wait[at] + service
    cycles = np.maximum(time * loop.throughput / (population - loop.throughput * time), 1e-9)
    lasting = 2.0 / cycles * (1.0 + np.expm1(-cycles) / cycles)
    kept = _kept(loop, at, servers) * np.minimum(lasting, 1.0)
    meeting = shared_variance(time, service, scv)
    variance = scv * time**2 + kept * (meeting - scv * time**2)
    uneven = 2.0 * scv * scv * time**3
    met = shared_skew(time, meeting, service, scv)
    return variance, uneven + kept * kept * (met - uneven)
