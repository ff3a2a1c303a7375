"""Laws of a tier with a finite number of places: what is lost, and the times of the others."""

from __future__ import annotations

__all__ = [
    "answered_level",
    "answered_onward",
    "answered_remote",
    "carried_load",
    "kept_arrival",
    "kept_share",
    "lost_share",
    "missed_share",
    "room_lost",
    "room_skew",
    "room_variance",
    "room_wait",
    "served_rate",
    "served_time",
    "time_of_all",
]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.finite_room import room_of
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S

# A server is never busy all the time while there is a last place to fill.
_NEVER_FULL = float(np.nextafter(1.0, 0.0))


def room_lost(arrival: PerS, service: S, scv: Pure, servers: Count, places: Count) -> Frac:
    r"""Share of the requests that find a station full and are lost.

    .. math:: p_K = 1 - \sum_{j<K} p_j

    Parameters
    ----------
    arrival
        Requests [1/s].
    service, scv
        Mean service time [s] and its squared coefficient of variation.
    servers
        Servers.
    places
        Requests that fit in, those in service included.

    Notes
    -----
    Arrivals at random, first come, first served. Exact for one server and for exponential service;
    several servers otherwise: within 4 % of simulation where more than 1 % is lost.

    References
    ----------
    Tijms, Van Hoorn and Federgruen (1981). Approximations for the steady-state probabilities in the
    M/G/c queue. Advances in Applied Probability 13(1).

    Examples
    --------
    >>> round(float(room_lost(0.8, 1.0, 1.0, 1.0, 5.0)), 9)
    0.088819499
    """
    return _solved(0, arrival, service, scv, servers, places)


def room_wait(arrival: PerS, service: S, scv: Pure, servers: Count, places: Count) -> S:
    r"""Mean wait of the requests that find a place: finite at every load.

    .. math:: W = \frac{E[Q]}{\lambda\,(1 - p_K)}

    Parameters
    ----------
    arrival, service, scv, servers, places
        As for :func:`room_lost`.

    Notes
    -----
    Little's law on the numbers inside: exact where they are. Several servers otherwise: times
    Whitt's correction below full load; the mean time was within 2 % of simulation.

    References
    ----------
    Tijms, Van Hoorn and Federgruen (1981). Approximations for the steady-state probabilities in the
    M/G/c queue. Advances in Applied Probability 13(1).

    Examples
    --------
    >>> round(float(room_wait(0.8, 1.0, 1.0, 1.0, 5.0)), 9)
    1.563065207
    """
    return _solved(1, arrival, service, scv, servers, places)


def room_variance(arrival: PerS, service: S, scv: Pure, servers: Count, places: Count) -> S2:
    r"""Variance of the time of the requests that find a place.

    .. math:: \sigma^2 = E[W^2] - W^2 + c_s^2 S^2

    Parameters
    ----------
    arrival, service, scv, servers, places
        As for :func:`room_lost`.

    References
    ----------
    Takagi (1993). Queueing Analysis, volume 2: finite systems.

    Examples
    --------
    >>> round(float(room_variance(0.8, 1.0, 1.0, 1.0, 1.0)), 9)
    1.0
    """
    return _solved(2, arrival, service, scv, servers, places) + scv * service * service


def room_skew(arrival: PerS, service: S, scv: Pure, servers: Count, places: Count) -> S3:
    r"""Third cumulant of the time of the requests that find a place.

    .. math:: \kappa_3 = \kappa_3(W) + 2 c_s^4 S^3

    Parameters
    ----------
    arrival, service, scv, servers, places
        As for :func:`room_lost`.

    References
    ----------
    Takagi (1993). Queueing Analysis, volume 2: finite systems.

    Examples
    --------
    >>> round(float(room_skew(0.8, 1.0, 1.0, 1.0, 1.0)), 9)
    2.0
    """
    own = 2.0 * scv * scv * service * service * service
    return _solved(3, arrival, service, scv, servers, places) + own


def carried_load(arrival: PerS, service: S, servers: Count, lost: Frac) -> Frac:
    r"""Share of time that a server of a station with finite room is busy: always below 1.

    .. math:: \rho = \frac{(1 - p_K)\,\lambda\,S}{c}

    Parameters
    ----------
    arrival, service, servers
        Requests that come, service time, servers.
    lost
        Share that finds no place.

    Examples
    --------
    >>> float(carried_load(2.0, 1.0, 1.0, 0.6))
    0.8
    """
    return np.minimum((1.0 - lost) * (service * (arrival / servers)), _NEVER_FULL)


def served_time(service: S, lost: Frac) -> S:
    r"""Machine time per request that comes: those that are lost take none.

    .. math:: S' = (1 - p_K)\,S

    Examples
    --------
    >>> served_time(0.5, 0.5)
    0.25
    """
    return (1.0 - lost) * service


def kept_arrival(arrival: PerS, lost: Frac, share: Frac) -> PerS:
    r"""Pass on a share of the requests that were not lost.

    .. math:: \Lambda' = \psi\,(1 - p_K)\,\Lambda

    Examples
    --------
    >>> kept_arrival(100.0, 0.5, 0.4)
    20.0
    """
    return arrival * (1.0 - lost) * share


def kept_share(first: Frac, lost: Frac, second: Frac) -> Frac:
    r"""Share of requests that come through two choices and were not lost between them.

    .. math:: \phi\,(1 - p_K)\,\psi

    Examples
    --------
    >>> kept_share(0.5, 0.5, 0.4)
    0.1
    """
    return first * (1.0 - lost) * second


def lost_share(remote: Frac, edge: Frac, onward: Frac, cloud: Frac) -> Frac:
    r"""Share of all requests that are lost at the edge or, of those that go on, in the cloud.

    .. math:: L = \phi\left(L_E + (1 - L_E)\,\psi\,L_C\right)

    Parameters
    ----------
    remote, onward
        Share of requests that leaves the device, and of those at the edge that goes on.
    edge, cloud
        Share lost of those that come to each tier.

    Examples
    --------
    >>> lost_share(1.0, 0.5, 1.0, 0.5)
    0.75
    """
    return remote * (edge + (1.0 - edge) * onward * cloud)


def served_rate(arrival: PerS, lost: Frac) -> PerS:
    r"""Answers per second: requests that are not lost.

    .. math:: \Lambda\,(1 - L)

    Notes
    -----
    What an overloaded queue with endless room will answer in the end is not taken off.

    Examples
    --------
    >>> served_rate(100.0, 0.25)
    75.0
    """
    return arrival * (1.0 - lost)


def answered_remote(remote: Frac, edge: Frac, onward: Frac, cloud: Frac, lost: Frac) -> Frac:
    r"""Share of the answered requests that left the device.

    .. math:: \phi' = \frac{\phi\,(1 - L_E)\,(1 - \psi L_C)}{1 - L}

    Parameters
    ----------
    remote, edge, onward, cloud
        As for :func:`lost_share`.
    lost
        Share of all requests that are lost.

    Examples
    --------
    >>> answered_remote(0.5, 0.5, 0.0, 0.0, 0.25) == 0.25 / 0.75
    True
    """
    return remote * (1.0 - edge) * (1.0 - onward * cloud) / (1.0 - lost)


def answered_onward(onward: Frac, cloud: Frac) -> Frac:
    r"""Share that came from the cloud, of the answered requests that left the device.

    .. math:: \psi' = \frac{\psi\,(1 - L_C)}{1 - \psi L_C}

    Examples
    --------
    >>> answered_onward(0.5, 0.5) == 0.25 / 0.75
    True
    """
    return onward * (1.0 - cloud) / (1.0 - onward * cloud)


def answered_level(level: Frac, lost: Frac) -> Frac:
    r"""Level among the answered requests of a percentile over all: what is lost is never back.

    .. math:: q' = \min\left(1, \frac{q}{1 - L}\right)

    Examples
    --------
    >>> float(answered_level(0.9, 0.25))
    1.0
    """
    return np.minimum(level / (1.0 - lost), 1.0)


def time_of_all(answered: S, level: Frac) -> S:
    r"""Percentile over all requests: infinite where more are lost than it leaves out.

    .. math:: t = T_{q'}\ (q' < 1),\qquad t = \infty\ (q' = 1)

    Parameters
    ----------
    answered
        Percentile of the answered requests at the level q' [s].
    level
        That level.

    Examples
    --------
    >>> float(time_of_all(0.1, 1.0))
    inf
    """
    return np.where(np.less(level, 1.0), answered, np.inf)[()]


def missed_share(lost: Frac, late: Frac) -> Frac:
    r"""Share of all requests that miss the deadline: lost, or answered too late.

    .. math:: L + (1 - L)\,P(T > d)

    Examples
    --------
    >>> missed_share(0.5, 0.1)
    0.55
    """
    return lost + (1.0 - lost) * late


def _of_case(case: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Share lost and the cumulants of the wait; nothing where nobody comes or takes time."""
    arrival, service = case[:2]
    if arrival == 0.0 or service == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    if not np.isfinite(case).all() or min(case[:3]) < 0.0 or min(case[3:]) < 1.0:
        return (float("nan"),) * 4
    room = room_of(*case)
    return room.lost, *room.cumulants


def _solved(which: int, *inputs: Array) -> Array:
    """Solve every different case once."""
    columns = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in inputs))
    rows: NDArray[np.float64] = np.stack([column.ravel() for column in columns], axis=1)
    unique, place = np.unique(rows, axis=0, return_inverse=True)
    found = np.array([_of_case(tuple(row.tolist()))[which] for row in unique])
    return found[place.ravel()].reshape(columns[0].shape)[()]
