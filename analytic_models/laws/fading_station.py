"""A shared link whose rate falls from time to time: a solved two-state chain per pair of loads."""

from __future__ import annotations

__all__ = ["fading_link", "fading_skew", "fading_variance", "fading_wait"]

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.modulated_link import ModulatedLink, modulated_link
from analytic_models.units import S2, S3, Array, Frac, PerS, Pure, S

# Erlang stages stand for the spread of message sizes; more of them cost more and change less.
_MOST_STAGES = 16
_KEPT = 16_384
# Load at which a message meets no other.
_RARE = 1e-6


@lru_cache(maxsize=_KEPT)
def fading_link(
    arrival: float,
    service: float,
    scv: float,
    slow_share: float,
    slow_rate: float,
    dwell: float,
) -> ModulatedLink:
    r"""Solve the link of one case.

    Parameters
    ----------
    arrival
        Messages per second.
    service
        Time of a mean message at the mean rate.
    scv
        Squared coefficient of variation of the message size.
    slow_share, slow_rate, dwell
        Share of time that is slow, slow over fast rate, and mean length of a slow spell.

    Returns
    -------
    ModulatedLink
        With unit messages.

    References
    ----------
    Latouche and Ramaswami (1993). A logarithmic reduction algorithm for quasi-birth-death
    processes. Journal of Applied Probability 30(3).

    Examples
    --------
    >>> link = fading_link(5.0, 0.1, 1.0, 0.5, 1.0, 1.0)
    >>> round(link.sojourn_s, 9)
    0.2
    """
    fast = 1.0 / (1.0 - slow_share + slow_share * slow_rate)
    rates = np.array([fast, slow_rate * fast]) / service
    leave = 1.0 / dwell
    enter = leave * slow_share / (1.0 - slow_share)
    switch = np.array([[0.0, enter], [leave, 0.0]])
    stages = int(np.clip(round(1.0 / max(scv, 1e-9)), 1, _MOST_STAGES))
    return modulated_link(arrival, 1.0, stages, rates, switch)


def fading_wait(
    arrival: PerS,
    service: S,
    scv: Pure,
    slow_share: Frac,
    slow_rate: Frac,
    dwell: S,
    shared: Pure,
) -> S:
    r"""Mean time that queueing and fades add to a transfer at the mean rate.

    .. math:: W = \frac{E[n]}{\lambda} - S,\qquad E[n] = \pi_1 (I-R)^{-2}\mathbf 1

    Parameters
    ----------
    arrival, service, scv, slow_share, slow_rate, dwell
        As for :func:`fading_link`.
    shared
        1 for processor sharing.

    Notes
    -----
    In order of arrival: exact for Erlang message sizes; fixed sizes count as 16 stages, measured
    up to 5 % above simulation. Shared: what queueing adds to a lone transfer, times 2/(1 + scv),
    which is exact for exponential sizes.

    References
    ----------
    Latouche and Ramaswami (1993). A logarithmic reduction algorithm for quasi-birth-death
    processes. Journal of Applied Probability 30(3).

    Examples
    --------
    >>> round(float(fading_wait(5.0, 0.1, 1.0, 0.5, 1.0, 1.0, 0.0)), 9)
    0.1
    """
    first = _solved(0, arrival, service, scv, slow_share, slow_rate, dwell, shared)
    return first - np.where(np.isnan(first), 0.0, service)


def fading_variance(
    arrival: PerS,
    service: S,
    scv: Pure,
    slow_share: Frac,
    slow_rate: Frac,
    dwell: S,
    shared: Pure,
) -> S2:
    r"""Variance of the time on a fading link, from the second factorial moment of the queue.

    .. math:: \sigma^2 = \frac{E[n(n-1)]}{\lambda^2} - T^2

    Parameters
    ----------
    arrival, service, scv, slow_share, slow_rate, dwell
        As for :func:`fading_link`.
    shared
        1 for processor sharing.

    References
    ----------
    Keilson and Servi (1988). A distributional form of Little's law. Operations Research Letters
    7(5).

    Examples
    --------
    >>> round(float(fading_variance(5.0, 0.1, 1.0, 0.5, 1.0, 1.0, 0.0)), 9)
    0.04
    """
    return _solved(1, arrival, service, scv, slow_share, slow_rate, dwell, shared)


def fading_skew(
    arrival: PerS,
    service: S,
    scv: Pure,
    slow_share: Frac,
    slow_rate: Frac,
    dwell: S,
    shared: Pure,
) -> S3:
    r"""Third cumulant of the time on a fading link.

    .. math:: \kappa_3 = m_3 - 3m_1m_2 + 2m_1^3,\qquad m_k = E[n(n-1)\dots(n-k+1)]/\lambda^k

    Parameters
    ----------
    arrival, service, scv, slow_share, slow_rate, dwell
        As for :func:`fading_link`.
    shared
        1 for processor sharing.

    References
    ----------
    Keilson and Servi (1988). A distributional form of Little's law. Operations Research Letters
    7(5).

    Examples
    --------
    >>> round(float(fading_skew(5.0, 0.1, 1.0, 0.5, 1.0, 1.0, 0.0)), 9)
    0.016
    """
    return _solved(2, arrival, service, scv, slow_share, slow_rate, dwell, shared)


def _cumulants(case: tuple[float, ...]) -> tuple[float, float, float]:
    """First three cumulants of the time on the link; zero where nothing is sent."""
    arrival, service = case[:2]
    if service == 0.0:
        return 0.0, 0.0, 0.0
    if not np.isfinite(case).all() or arrival < 0.0:
        return (float("nan"),) * 3
    *inputs, shared = case[1:]
    link = fading_link(max(arrival, _RARE / service), *inputs)
    m1, m2, m3 = (moment / link.arrival_per_s**k for k, moment in enumerate(link.jobs, start=1))
    if not np.isfinite(m1):
        return (float("inf"),) * 3
    factor = 1.0
    if shared > 0.0:
        alone = fading_link(_RARE / service, *inputs).sojourn_s
        factor = (alone + 2.0 / (1.0 + min(inputs[1], 1.0)) * max(m1 - alone, 0.0)) / m1
    variance, skew = m2 - m1 * m1, m3 - 3.0 * m1 * m2 + 2.0 * m1**3
    return factor * m1, factor**2 * variance, factor**3 * skew


def _solved(which: int, *inputs: Array) -> Array:
    """Solve every different case once."""
    columns = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in inputs))
    rows: NDArray[np.float64] = np.stack([column.ravel() for column in columns], axis=1)
    unique, place = np.unique(rows, axis=0, return_inverse=True)
    found = np.array([_cumulants(tuple(row.tolist()))[which] for row in unique])
    return found[place.ravel()].reshape(columns[0].shape)[()]
