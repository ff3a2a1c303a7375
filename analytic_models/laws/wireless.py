"""Contention of stations for a wireless channel."""

from __future__ import annotations

__all__ = ["dcf_collision", "dcf_throughput", "dcf_transmission"]

import numpy as np

from analytic_models.units import Bit, BitPerS, Count, Frac, S

_BISECTIONS = 60


def dcf_transmission(collision: Frac, window: Count, stages: Count) -> Frac:
    r"""Probability that a saturated station sends in a slot, given its collision probability.

    .. math:: \tau = \frac{2}{W+1+pW\sum_{k=0}^{m-1}(2p)^k}

    Parameters
    ----------
    collision
        Probability p that a transmission collides.
    window
        Smallest contention window W.
    stages
        Number m of doublings of the window.

    Returns
    -------
    Frac
        Transmission probability; written without the removable division by 1 - 2p.

    References
    ----------
    Bianchi (2000). Performance analysis of the IEEE 802.11 distributed coordination function.
    IEEE Journal on Selected Areas in Communications 18(3).

    Examples
    --------
    >>> float(dcf_transmission(0.0, 31.0, 3.0))
    0.0625
    """
    p, m = np.broadcast_arrays(np.asarray(collision, float), np.asarray(stages, float))
    growth = np.zeros(p.shape)
    for k in range(int(m.max(initial=0.0))):
        growth = growth + np.where(k < m, (2.0 * p) ** k, 0.0)
    return (2.0 / (window + 1.0 + p * window * growth))[()]


def dcf_collision(stations: Count, window: Count, stages: Count) -> Frac:
    r"""Collision probability of saturated stations, fixed point of :math:`p=1-(1-\tau(p))^{n-1}`.

    Parameters
    ----------
    stations
        Number n of saturated stations.
    window, stages
        As for :func:`dcf_transmission`.

    Returns
    -------
    Frac
        The one fixed point, by bisection (the right side falls with p).

    References
    ----------
    Bianchi (2000). Performance analysis of the IEEE 802.11 distributed coordination function.
    IEEE Journal on Selected Areas in Communications 18(3).

    Examples
    --------
    >>> round(float(dcf_collision(5.0, 32.0, 3.0)), 10)
    0.1791789521
    """
    shape = np.broadcast_shapes(np.shape(stations), np.shape(window), np.shape(stages))
    low, high = np.zeros(shape), np.ones(shape)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        sends = dcf_transmission(middle, window, stages)
        above = -np.expm1(np.subtract(stations, 1.0) * np.log1p(-np.asarray(sends))) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (0.5 * (low + high))[()]


def dcf_throughput(
    stations: Count,
    window: Count,
    stages: Count,
    payload: Bit,
    slot: S,
    success: S,
    failure: S,
) -> BitPerS:
    r"""Saturation throughput of all stations together.

    .. math:: R = \frac{P_s L}{(1-P_{tr})\sigma + P_s T_s + (P_{tr}-P_s) T_c}

    with :math:`P_{tr}=1-(1-\tau)^n` and :math:`P_s=n\tau(1-\tau)^{n-1}`.

    Parameters
    ----------
    stations, window, stages
        As for :func:`dcf_collision`.
    payload
        Payload bits L of a frame.
    slot, success, failure
        Durations of an empty slot, a successful transmission, and a collision.

    Returns
    -------
    BitPerS
        Payload bits per second.

    References
    ----------
    Bianchi (2000). Performance analysis of the IEEE 802.11 distributed coordination function.
    IEEE Journal on Selected Areas in Communications 18(3).

    Examples
    --------
    >>> rate = dcf_throughput(5.0, 32.0, 3.0, 8184.0, 50e-6, 8982e-6, 8713e-6)
    >>> round(float(rate))
    809723
    """
    collision = np.asarray(dcf_collision(stations, window, stages))
    sends = np.asarray(dcf_transmission(collision, window, stages))
    quiet = np.power(1.0 - sends, stations)
    alone = stations * sends * (1.0 - collision)
    span = quiet * slot + alone * success + (1.0 - quiet - alone) * failure
    return (alone * payload / span)[()]
