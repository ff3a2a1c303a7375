"""Waits at a station with a finite number of places, for whole distributions."""

from __future__ import annotations

__all__ = ["room_steps", "room_wait_law"]

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.finite_room import RARE_LOAD, Room, arriving_more, none_arriving
from analytic_models.laws.inversion import Complex
from analytic_models.laws.late import special
from analytic_models.laws.service_laws import gamma_law, gamma_transform
from analytic_models.laws.transforms import StationLaw

Floats = NDArray[np.float64]

# Up to so many places the wait is inverted with the residual service that belongs to each number.
_JOINT = 64
_NEGLIGIBLE = 1e-15
_MOST_BEYOND = 400
# Values of a wait that is not smooth.
_STEPS = 400
_NOBODY = 1e-9


def room_wait_law(room: Room) -> StationLaw:
    r"""Wait of the accepted requests: nothing, or what is left of the service and those ahead.

    .. math:: W^*(s) = \sum_{n<c} f_n + \frac{1}{1-p_K}\sum_{n=c}^{K-1}\omega_n(s)\,B^*(s)^{n-c}

    Parameters
    ----------
    room
        A solved station.

    Returns
    -------
    StationLaw
        With the atom of those who find a free server. One server: :math:`\omega_n` is the
        transform of the service that is left together with the number inside, exact. Several
        servers, or more than 64 places: the two as if independent, exact for exponential service.

    References
    ----------
    Takagi (1993). Queueing Analysis, volume 2: finite systems.

    Examples
    --------
    >>> from analytic_models.laws.finite_room import room_of
    >>> law = room_wait_law(room_of(0.8, 1.0, 1.0, 1.0, 5.0))
    >>> round(float(law.mean), 6)
    1.563065
    """
    busy, count = int(room.servers), len(room.found)
    if room.flooded:
        ahead = count - busy
        return gamma_law(ahead * room.service / busy, room.scv / max(ahead, 1))
    free = float(room.found[:busy].sum())
    mean, variance, skew = room.cumulants
    if count == busy or mean <= 0.0:
        return gamma_law(0.0, 0.0)
    own = gamma_transform(np.asarray(room.service / busy), room.scv)
    joint = busy == 1 and count <= _JOINT and room.arrival * room.service >= RARE_LOAD

    def apart(s: Complex) -> Complex:
        slow = room.stretch * s
        one = own(slow)
        value = np.zeros_like(one)
        for share in room.found[: busy - 1 : -1].tolist():
            value = value * one + share
        return free + value * (1.0 - one) / (slow * room.service / busy)

    def together(s: Complex) -> Complex:
        return free + _joint_transform(
            room, s, own(s), complex(own(np.asarray(room.arrival + 0j)))
        ) / (1.0 - room.lost)

    return StationLaw(together if joint else apart, mean, variance, skew, atom=free)


def room_steps(room: Room) -> tuple[Floats, Floats]:
    """Return the waits of the accepted requests where all services are equal, and their shares.

    Parameters
    ----------
    room
        A solved station with a squared coefficient of variation of 0.

    Returns
    -------
    tuple
        Values and their probabilities. A wait has an end, at which a transform rings.

    Examples
    --------
    >>> from analytic_models.laws.finite_room import room_of
    >>> times, shares = room_steps(room_of(0.8, 1.0, 0.0, 1.0, 2.0))
    >>> bool(times.max() < 1.0), round(float(shares.sum()), 12)
    (True, 1.0)
    """
    busy, count = int(room.servers), len(room.found)
    ahead, one = count - busy, room.service / busy
    if ahead == 0 or room.flooded:
        return np.array([ahead * one]), np.ones(1)
    # Numbers that next to nobody finds need no values.
    found = np.flatnonzero(np.cumsum(room.found[::-1])[::-1] > _NOBODY)
    ahead = max(int(found[-1]) + 1 - busy, 1)
    free = float(room.found[:busy].sum())
    points = max(_STEPS // ahead, 4)
    left = (np.arange(points) + 0.5) / points
    shares = np.repeat(room.found[busy : busy + ahead, np.newaxis] / points, points, axis=1)
    if busy > 1:
        times = room.stretch * room.service * _departures(busy, ahead, points)
        return np.append(0.0, times.ravel()), np.append(free, shares.ravel())
    if room.arrival * one >= RARE_LOAD:
        numbers = np.arange(ahead, dtype=float)[:, np.newaxis]
        met = room.arrival * one * (1.0 - left)
        came = np.exp(special.xlogy(numbers, met) - met - special.gammaln(numbers + 1.0))
        shares = np.stack(
            [room.starts[number:0:-1] @ came[:number] for number in range(1, ahead + 1)]
        )
        shares *= (1.0 - room.found[0]) / shares.sum()
    times = one * (np.arange(ahead)[:, np.newaxis] + left)
    return np.append(0.0, times.ravel()), np.append(free, shares.ravel())


def _joint_transform(room: Room, s: Complex, own: Complex, at_arrival: complex) -> Complex:
    """Sum over the numbers inside of the transforms of the service left and of those ahead."""
    count = len(room.found)
    beyond = count - 2
    tail = arriving_more(room.arrival * room.service, room.scv, count - 1 + _MOST_BEYOND)
    small = np.flatnonzero(tail < _NEGLIGIBLE)
    top = max(int(small[0]) if len(small) else len(tail) - 1, beyond)
    none = none_arriving(room.arrival * room.service, room.scv)
    arriving = np.concatenate([[none], tail[:-1] - tail[1:]])
    rest = room.arrival - s
    # Upwards the recursion is stable where s is far from the arrival rate, downwards where near.
    far = np.abs(rest) >= room.arrival
    safe = np.where(far, rest, 1.0)
    left: list[Complex] = [np.where(far, (own - none) / safe, 0.0)]
    for number in range(1, beyond + 1):
        left.append(np.where(far, (room.arrival * left[-1] - arriving[number]) / safe, 0.0))
    down = np.zeros_like(own)
    for number in range(top, -1, -1):
        if number <= beyond:
            left[number] = np.where(far, left[number], down)
        down = (rest * down + arriving[number]) / room.arrival
    # Sum over those inside at the start of the service, and those who came since.
    total = np.zeros_like(own)
    begun = np.zeros_like(own)
    power = np.ones_like(own)
    sums: list[Complex] = []
    for inside in range(1, count):
        begun = begun + room.starts[inside] * power
        power = power * own
        sums.append(begun)
    power = np.ones_like(own)
    for number in range(beyond + 1):
        total = total + left[number] * power * sums[count - 2 - number]
        power = power * own
    return total


@lru_cache(maxsize=256)
def _departures(busy: int, ahead: int, points: int) -> Floats:
    """Return quantiles of the times of the next departures from equal services, one a line.

    The services left of busy servers are spread evenly; what follows repeats every service.
    """
    level = (np.arange(points) + 0.5) / points
    number = np.arange(ahead)
    turns, place = np.divmod(number, busy)
    first = special.betaincinv((place + 1.0)[:, np.newaxis], (busy - place)[:, np.newaxis], level)
    return np.asarray(turns[:, np.newaxis] + first)
