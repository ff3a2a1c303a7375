"""A station with room for so many requests: who finds it full is lost, the others wait less.

First come, first served, arrivals at random. The numbers inside follow the recursion of Tijms, Van
Hoorn and Federgruen: exact for one server with any service time and for exponential service, close
for several servers with other service times.
"""

from __future__ import annotations

__all__ = ["RARE_LOAD", "Room", "arriving_more", "none_arriving", "room_of"]

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.late import special
from analytic_models.laws.queueing import mgc_wait_mean

Floats = NDArray[np.float64]

_KEPT = 16_384
# Above this load per server nobody ever finds the station less than nearly full.
_FLOODED = 300.0
# Below this load a request meets one other at most.
RARE_LOAD = 1e-4
_LARGE = 1e200
_GRID = 801


@dataclass(frozen=True)
class Room:
    """A solved station of one case.

    Parameters
    ----------
    arrival, service, scv, servers
        The case, with no more servers than places.
    lost
        Share of the requests that find the station full.
    found
        Share of the accepted requests that find 0, 1, ... others inside, shape (places,).
    starts
        Rate at which services of the faster server begin with so many inside, shape (places,).
    moments
        First three moments of the wait of the accepted requests.
    stretch
        Factor on the waits of several servers: their mean is that of Little's law, times what
        Whitt's law for endless room is to that of the recursion.
    flooded
        So overloaded that a place that falls free is taken at once.
    """

    arrival: float
    service: float
    scv: float
    servers: float
    lost: float
    found: Floats
    starts: Floats
    moments: tuple[float, float, float]
    stretch: float = 1.0
    flooded: bool = False

    @property
    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant of the wait of the accepted requests."""
        m1, m2, m3 = self.moments
        return m1, max(m2 - m1 * m1, 0.0), m3 - 3.0 * m1 * m2 + 2.0 * m1**3


@lru_cache(maxsize=_KEPT)
def room_of(arrival: float, service: float, scv: float, servers: float, places: float) -> Room:
    r"""Solve a station with a finite number of places.

    .. math:: p_j\,a_0 = \lambda\alpha_{j-c}\,p_{c-1} + \lambda\sum_{k=c}^{j-1}\beta_{j-k}\,p_k,
        \qquad p_K = 1 - \sum_{j<K} p_j

    Parameters
    ----------
    arrival
        Requests [1/s].
    service, scv
        Mean and squared coefficient of variation of the service time, taken as gamma.
    servers
        Servers.
    places
        Requests that fit in, those in service included.

    Returns
    -------
    Room
        Finite at every load.

    References
    ----------
    Tijms, Van Hoorn and Federgruen (1981). Approximations for the steady-state probabilities in the
    M/G/c queue. Advances in Applied Probability 13(1). Takagi (1993). Queueing Analysis, volume 2.

    Examples
    --------
    >>> round(room_of(0.8, 1.0, 1.0, 1.0, 5.0).lost, 12)
    0.088819498656
    """
    count, busy = int(places), int(min(servers, places))
    load = arrival * service / busy
    if load > _FLOODED:
        return _flooded(arrival, service, scv, busy, count)
    weights = _weights(arrival, service, scv, busy, count)
    inside = np.arange(count, dtype=float)
    idle = float(((busy - np.minimum(inside, busy)) * weights).sum())
    scale = busy / (arrival * service * float(weights.sum()) + idle)
    below = weights * scale
    lost = max(1.0 - float(below.sum()), 0.0)
    found = below / below.sum()
    queued = float((np.maximum(inside - busy, 0.0) * below).sum()) + (count - busy) * lost
    mean = queued / (arrival * (1.0 - lost))
    starts = np.where(inside >= busy, below, 0.0)
    if count > busy:
        starts[busy] += below[busy - 1]
    case = (arrival, service, scv, float(busy))
    plain = (
        _ordered_moments(service, busy, found[busy:])
        if scv == 0.0 and busy > 1
        else _plain_moments(service / busy, scv, found[busy:])
    )
    stretch = mean / plain[0] if plain[0] > 0.0 else 1.0
    if busy > 1 and scv != 1.0 and load < 1.0:
        stretch *= _correction(arrival, service, scv, busy)
    if busy == 1:
        moments = _joint_moments(arrival, service, scv, starts, found)
    else:
        moments = plain[0] * stretch, plain[1] * stretch**2, plain[2] * stretch**3
    return Room(*case, lost, found, arrival * starts, moments, stretch)


def _weights(arrival: float, service: float, scv: float, busy: int, count: int) -> Floats:
    """Return numbers in proportion to the probabilities of 0 to places - 1 inside."""
    offered = arrival * service
    few = np.arange(busy, dtype=float)
    logs = few * math.log(offered) - special.gammaln(few + 1.0)
    weights = np.zeros(count)
    weights[:busy] = np.exp(logs - logs.max())
    if count == busy:
        return weights
    more = count - busy
    later = arriving_more(offered / busy, scv, more)
    first = later if busy == 1 or scv == 1.0 else _first_gap(arrival, service, scv, busy, more)
    none = none_arriving(offered / busy, scv)
    for j in range(more):
        value = first[j] * weights[busy - 1]
        value += float(weights[busy : busy + j] @ later[j:0:-1])
        weights[busy + j] = value / none
        if weights[busy + j] > _LARGE:
            weights[: busy + j + 1] /= weights[busy + j]
    return weights


def _correction(arrival: float, service: float, scv: float, busy: int) -> float:
    """Whitt's mean wait for endless room over that of the recursion."""
    load = arrival * service / busy
    if scv == 0.0:
        all_busy = service / (busy + 1.0)
    else:
        grid, tail = _equilibrium_tail(service, scv, busy)
        all_busy = float(np.trapezoid(tail, grid))
    factor = (1.0 - load) * all_busy * busy / service + load * (1.0 + scv) / 2.0
    exponential = float(np.asarray(mgc_wait_mean(arrival, service, 1.0, float(busy))))
    whitt = float(np.asarray(mgc_wait_mean(arrival, service, scv, float(busy))))
    return whitt / (factor * exponential) if exponential > 0.0 else 1.0


def _equilibrium_tail(service: float, scv: float, busy: int) -> tuple[Floats, Floats]:
    """Return times, and the probability that none of the servers has been free by then."""
    shape, scale = 1.0 / scv, scv * service
    longest = float(special.gammaincinv(shape, 1.0 - 1e-14)) * scale
    grid: Floats = longest * np.linspace(0.0, 1.0, 20 * _GRID) ** 2
    above = special.gammaincc(shape, grid / scale)
    passed = grid / service * above + special.gammainc(shape + 1.0, grid / scale)
    return grid, np.maximum(1.0 - passed, 0.0) ** busy


def arriving_more(load: float, scv: float, count: int) -> Floats:
    """Return the probabilities that more than 0, 1, ... requests arrive in a gamma time.

    Parameters
    ----------
    load
        Requests that arrive on average.
    scv
        Squared coefficient of variation of the time.
    count
        Probabilities wanted.

    Examples
    --------
    >>> arriving_more(1.0, 1.0, 2).tolist()
    [0.5, 0.25]
    """
    numbers = np.arange(1.0, count + 1.0)
    if scv == 0.0:
        return np.asarray(special.gammainc(numbers, load))
    ahead = scv * load / (1.0 + scv * load)
    return np.asarray(special.betainc(numbers, 1.0 / scv, ahead))


def none_arriving(load: float, scv: float) -> float:
    """Return the probability that nobody arrives in a gamma time.

    Examples
    --------
    >>> none_arriving(1.0, 1.0)
    0.5
    """
    return math.exp(-load) if scv == 0.0 else (1.0 + scv * load) ** (-1.0 / scv)


def _first_gap(arrival: float, service: float, scv: float, busy: int, count: int) -> Floats:
    r"""Return the same for the time until the first of several servers is free, all just met busy.

    Its tail is :math:`(1-B_e(t))^{c-1}(1-B(t))`; in :math:`y = (1-B_e)^c` it is evenly spread.
    """
    if scv == 0.0:
        nodes, parts = np.polynomial.legendre.leggauss(200)
        left, parts = 0.5 * (nodes + 1.0), 0.5 * parts
        times = service * (1.0 - left ** (1.0 / busy))
    else:
        grid, tail = _equilibrium_tail(service, scv, busy)
        edges = np.linspace(0.0, 1.0, _GRID)
        left = 0.5 * (edges[1:] + edges[:-1])
        times = np.interp(left, tail[::-1], grid[::-1])
        parts = np.full(_GRID - 1, 1.0 / (_GRID - 1))
    met = arrival * times
    numbers = np.arange(count, dtype=float)[:, np.newaxis]
    logs = special.xlogy(numbers, met) - met - special.gammaln(numbers + 1.0)
    return np.asarray(arrival * service / busy * (np.exp(logs) @ parts))


def _gamma_moments(mean: float, scv: float) -> tuple[float, float, float, float]:
    first = mean
    second = first * mean * (1.0 + scv)
    third = second * mean * (1.0 + 2.0 * scv)
    return first, second, third, third * mean * (1.0 + 3.0 * scv)


def _left_over(arrival: float, service: float, scv: float, count: int) -> tuple[Floats, ...]:
    """Return the integrals of the service left, to the powers 0 to 3, for each number arrived."""
    whole = _gamma_moments(service, scv)
    found = [arriving_more(arrival * service, scv, count) / arrival]
    for power in (1, 2, 3):
        if arrival * service < RARE_LOAD:
            only = np.zeros(count)
            only[0] = whole[power] / (power + 1)
            found.append(only)
            continue
        rest = whole[power - 1] / power - np.cumsum(found[-1])
        found.append(np.maximum(rest, 0.0) * power / arrival)
    return tuple(found)


def _joint_moments(
    arrival: float, service: float, scv: float, starts: Floats, found: Floats
) -> tuple[float, float, float]:
    """Moments of the wait at one server, from the service left together with the number inside."""
    count = len(found)
    if count == 1:
        return 0.0, 0.0, 0.0
    left = _left_over(arrival, service, scv, count - 1)
    parts = [arrival * np.convolve(starts[1:], one)[: count - 1] for one in left]
    total = float(parts[0].sum())
    # The numbers inside are known better from the recursion than from these sums.
    keep = (1.0 - found[0]) / total if total > 0.0 else 0.0
    return _with_those_ahead([keep * part for part in parts], service, scv)


def _plain_moments(service: float, scv: float, found: Floats) -> tuple[float, float, float]:
    """Moments of the wait of those who find 0, 1, ... waiting, the service left independent."""
    _, second, third, fourth = _gamma_moments(service, scv)
    left = (1.0, second / (2.0 * service), third / (3.0 * service), fourth / (4.0 * service))
    return _with_those_ahead([found * one for one in left], service, scv)


def _ordered_moments(service: float, busy: int, found: Floats) -> tuple[float, float, float]:
    """Moments of the wait at several servers with equal services, from the order of departures."""
    turns, place = np.divmod(np.arange(len(found), dtype=float), float(busy))
    b1 = (place + 1.0) / (busy + 1.0)
    b2 = b1 * (place + 2.0) / (busy + 2.0)
    b3 = b2 * (place + 3.0) / (busy + 3.0)
    second = turns**2 + 2.0 * turns * b1 + b2
    third = turns**3 + 3.0 * turns**2 * b1 + 3.0 * turns * b2 + b3
    return (
        service * float(found @ (turns + b1)),
        service**2 * float(found @ second),
        service**3 * float(found @ third),
    )


def _with_those_ahead(left: list[Floats], service: float, scv: float) -> tuple[float, float, float]:
    """Add the services of those ahead to the moments of the service that is left."""
    r0, r1, r2, r3 = left
    ahead = np.arange(len(r0), dtype=float)
    mean, spread = ahead * service, ahead * scv * service**2
    t2 = spread + mean**2
    t3 = ahead * 2.0 * scv**2 * service**3 + 3.0 * mean * spread + mean**3
    return (
        float((r1 + r0 * mean).sum()),
        float((r2 + 2.0 * r1 * mean + r0 * t2).sum()),
        float((r3 + 3.0 * r2 * mean + 3.0 * r1 * t2 + r0 * t3).sum()),
    )


def _flooded(arrival: float, service: float, scv: float, busy: int, count: int) -> Room:
    """Return a station so overloaded that a place that falls free is taken at once."""
    lost = 1.0 - busy / (arrival * service)
    found = np.zeros(count)
    found[-1] = 1.0
    moments = (0.0, 0.0, 0.0)
    if count > busy:
        # The place was freed by a service that has just ended: a whole one lies ahead of each.
        whole = (1.0, *_gamma_moments(service / busy, scv)[:3])
        moments = _with_those_ahead([found[busy:] * one for one in whole], service / busy, scv)
    case = (arrival, service, scv, float(busy))
    return Room(*case, lost, found, np.zeros(count), moments, flooded=True)
