"""A station of a loop of devices that wait for their answers: throughput, waits and cumulants.

Every law is given the station that it is about and the three others; the loop of all four is
solved once and remembered for a while.
"""

from __future__ import annotations

__all__ = [
    "away_time",
    "closed_skew",
    "closed_throughput",
    "closed_variance",
    "closed_wait",
    "closed_waiting",
    "never_waits",
    "own_rate",
]

import hashlib
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.closed_cumulants import station_cumulants
from analytic_models.laws.closed_loop import Loop, solve_loop
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S

Floats = NDArray[np.float64]

# Loops that are remembered: those of a block of designs are asked for a dozen times in a row.
_KEPT = 8
_loops: OrderedDict[tuple[Any, ...], tuple[Loop, tuple[int, ...]]] = OrderedDict()
_guard = threading.Lock()


def away_time(
    asked: PerS,
    device: S,
    uplink_fixed: S,
    remote: Frac,
    backhaul_fixed: S,
    onward: Frac,
) -> S:
    r"""Mean time of a cycle in which a device neither waits for others nor shares with them.

    .. math:: Z = \frac{1}{\lambda} + S_D + \phi\,(d_u + \psi\,d_b)

    Parameters
    ----------
    asked
        One over the think time [1/s].
    device
        Service on the device [s].
    uplink_fixed, backhaul_fixed
        Delays that load does not change [s].
    remote, onward
        Share of requests that leaves the device, and share of those that goes on to the cloud.

    References
    ----------
    reiser-lavenberg-1980

    Examples
    --------
    >>> float(away_time(2.0, 0.1, 0.02, 1.0, 0.0, 0.0))
    0.62
    """
    with np.errstate(all="ignore"):
        think = np.divide(1.0, asked)
    return think + device + remote * (uplink_fixed + onward * backhaul_fixed)


def own_rate(throughput: PerS, population: Count) -> PerS:
    r"""Answers per second of one device.

    .. math:: \lambda = X / N

    Examples
    --------
    >>> own_rate(12.0, 4.0)
    3.0
    """
    return throughput / population


def never_waits(share: Frac) -> Frac:
    r"""Chance that a device waits for itself: none, it sends nothing before the last answer.

    .. math:: B = 0

    Parameters
    ----------
    share
        Any share of the same cases.

    Examples
    --------
    >>> never_waits(0.4)
    0.0
    """
    return 0.0 * share


def closed_throughput(
    population: Count,
    away: S,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
    share: Frac,
    second_service: S,
    second_scv: Pure,
    second_servers: Count,
    second_shared: Pure,
    second_share: Frac,
    third_service: S,
    third_scv: Pure,
    third_servers: Count,
    third_shared: Pure,
    third_share: Frac,
    fourth_service: S,
    fourth_scv: Pure,
    fourth_servers: Count,
    fourth_shared: Pure,
    fourth_share: Frac,
) -> PerS:
    r"""Answers per second of devices that wait for each before they ask again.

    .. math:: X=\frac{N}{Z+\sum_i v_i\,(s_i+W_i)}

    Parameters
    ----------
    population
        Devices.
    away
        Time of a cycle without a queue, thinking included [s].
    service, scv, servers, shared, share
        This station: mean service [s], squared coefficient of variation, servers, 1 for processor
        sharing, share of requests that visit.
    second_service, third_service, fourth_service
        The three other stations, and so on for their spread, servers, sharing and shares.

    Notes
    -----
    Exact for shared stations and exponential work. Above 128 devices the last 128 are added one by
    one to an approximate state, which was within 0.2 %.

    References
    ----------
    reiser-lavenberg-1980, reiser-1979

    Examples
    --------
    >>> one, none = (1.0, 1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0, 1.0)
    >>> round(float(closed_throughput(3.0, 2.0, *one, *none, *none, *none)), 6)
    0.789474
    """
    values = tuple(locals().values())
    loop, shape = _loop(values)
    return _shaped(loop.throughput, shape)


def closed_wait(
    population: Count,
    away: S,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
    share: Frac,
    second_service: S,
    second_scv: Pure,
    second_servers: Count,
    second_shared: Pure,
    second_share: Frac,
    third_service: S,
    third_scv: Pure,
    third_servers: Count,
    third_shared: Pure,
    third_share: Frac,
    fourth_service: S,
    fourth_scv: Pure,
    fourth_servers: Count,
    fourth_shared: Pure,
    fourth_share: Frac,
) -> S:
    r"""Mean wait of a visit to a station in a loop of devices that wait for answers.

    .. math:: W(N)=\frac{s}{c}\left(L(N-1)+r\,B(N-1)\right), \qquad r=\frac{1+c_s^2}{2}

    Parameters
    ----------
    population, away, service, scv, servers, shared, share
        As for :func:`closed_throughput`.
    second_service, third_service, fourth_service
        The three other stations, and so on for their spread, servers, sharing and shares.

    Notes
    -----
    A visitor sees the loop with one device less: L that wait there, and all servers busy with
    probability B; r is 1 for processor sharing.

    References
    ----------
    reiser-lavenberg-1980, reiser-1979

    Examples
    --------
    >>> one, none = (1.0, 1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0, 1.0)
    >>> round(float(closed_wait(3.0, 2.0, *one, *none, *none, *none)), 6)
    0.8
    """
    values = tuple(locals().values())
    loop, shape, at = _place(values)
    return _shaped(loop.wait[at], shape)


def closed_waiting(
    population: Count,
    away: S,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
    share: Frac,
    second_service: S,
    second_scv: Pure,
    second_servers: Count,
    second_shared: Pure,
    second_share: Frac,
    third_service: S,
    third_scv: Pure,
    third_servers: Count,
    third_shared: Pure,
    third_share: Frac,
    fourth_service: S,
    fourth_scv: Pure,
    fourth_servers: Count,
    fourth_shared: Pure,
    fourth_share: Frac,
) -> Frac:
    r"""Share of visits that wait, or that share the station, in a loop.

    .. math:: B(N-1)=P(n_i\ge c_i \mid N-1\ \text{devices})

    Parameters
    ----------
    population, away, service, scv, servers, shared, share
        As for :func:`closed_throughput`.
    second_service, third_service, fourth_service
        The three other stations, and so on for their spread, servers, sharing and shares.

    Notes
    -----
    By the arrival theorem: what a visitor finds is the loop without that visitor.

    References
    ----------
    reiser-lavenberg-1980

    Examples
    --------
    >>> one, none = (1.0, 1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0, 1.0)
    >>> round(float(closed_waiting(3.0, 2.0, *one, *none, *none, *none)), 6)
    0.6
    """
    values = tuple(locals().values())
    loop, shape, at = _place(values)
    return _shaped(loop.waiting[at], shape)


def closed_variance(
    population: Count,
    away: S,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
    share: Frac,
    second_service: S,
    second_scv: Pure,
    second_servers: Count,
    second_shared: Pure,
    second_share: Frac,
    third_service: S,
    third_scv: Pure,
    third_servers: Count,
    third_shared: Pure,
    third_share: Frac,
    fourth_service: S,
    fourth_scv: Pure,
    fourth_servers: Count,
    fourth_shared: Pure,
    fourth_share: Frac,
) -> S2:
    r"""Variance of the time in a station of a loop.

    .. math:: \sigma^2 = W^2\,\frac{c_s^2\,E[Y]+\mathrm{var}\,Y}{E[Y]^2} + c_s^2 s^2

    Parameters
    ----------
    population, away, service, scv, servers, shared, share
        As for :func:`closed_throughput`.
    second_service, third_service, fourth_service
        The three other stations, and so on for their spread, servers, sharing and shares.

    Notes
    -----
    Y is the number of departures that a visit waits for, exact from the arrival theorem. Fixed or
    uneven work keeps the ratio that it has behind random arrivals; sharing spreads as much less
    than behind random arrivals as the number inside does.

    References
    ----------
    reiser-lavenberg-1980, takacs-1962, yashkov-1983

    Examples
    --------
    >>> one, none = (1.0, 1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0, 1.0)
    >>> round(float(closed_variance(3.0, 2.0, *one, *none, *none, *none)), 6)
    2.36
    """
    values = tuple(locals().values())
    loop, shape, at = _place(values)
    return _shaped(station_cumulants(loop, at, *_own(values, shape))[0], shape)


def closed_skew(
    population: Count,
    away: S,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
    share: Frac,
    second_service: S,
    second_scv: Pure,
    second_servers: Count,
    second_shared: Pure,
    second_share: Frac,
    third_service: S,
    third_scv: Pure,
    third_servers: Count,
    third_shared: Pure,
    third_share: Frac,
    fourth_service: S,
    fourth_scv: Pure,
    fourth_servers: Count,
    fourth_shared: Pure,
    fourth_share: Frac,
) -> S3:
    r"""Third cumulant of the time in a station of a loop.

    .. math:: \kappa_3 = W^3\,\frac{2c_s^4 E[Y]+3c_s^2\,\mathrm{var}\,Y+\kappa_3(Y)}{E[Y]^3}
        + 2c_s^4s^3

    Parameters
    ----------
    population, away, service, scv, servers, shared, share
        As for :func:`closed_throughput`.
    second_service, third_service, fourth_service
        The three other stations, and so on for their spread, servers, sharing and shares.

    Notes
    -----
    As for :func:`closed_variance`.

    References
    ----------
    reiser-lavenberg-1980, takacs-1962, yashkov-1983

    Examples
    --------
    >>> one, none = (1.0, 1.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0, 1.0)
    >>> round(float(closed_skew(3.0, 2.0, *one, *none, *none, *none)), 6)
    5.424
    """
    values = tuple(locals().values())
    loop, shape, at = _place(values)
    return _shaped(station_cumulants(loop, at, *_own(values, shape))[1], shape)


def _shaped(values: Floats, shape: tuple[int, ...]) -> Array:
    found: Array = values.reshape(shape)[()]
    return found


def _station(values: tuple[Array, ...], which: int) -> tuple[Array, ...]:
    return values[2 + 5 * which : 7 + 5 * which]


def _own(values: tuple[Array, ...], shape: tuple[int, ...]) -> tuple[Floats, ...]:
    """Devices, and what the station asked about is, of all cases."""
    return tuple(_flat(value, shape) for value in (values[0], *_station(values, 0)))


def _flat(value: Array, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.asarray(value, dtype=float), shape).ravel()


def _key(value: Array) -> tuple[Any, ...]:
    """Return what tells an input from another one: its numbers, or their digest."""
    if np.ndim(value) == 0:
        return ("", float(value))
    found = np.ascontiguousarray(value, dtype=float)
    return (str(found.shape), hashlib.blake2b(found.tobytes(), digest_size=16).hexdigest())


def _loop(values: tuple[Array, ...]) -> tuple[Loop, tuple[int, ...]]:
    """Return the loop of some inputs, and the shape of its cases."""
    loop, shape, _ = _place(values)
    return loop, shape


def _place(values: tuple[Array, ...]) -> tuple[Loop, tuple[int, ...], int]:
    """Return the loop, the shape of its cases, and which of its stations is the first given."""
    given = [tuple(_key(value) for value in _station(values, which)) for which in range(4)]
    order = sorted(range(4), key=lambda which: repr(given[which]))
    key = (_key(values[0]), _key(values[1]), *(given[which] for which in order))
    with _guard:
        found = _loops.get(key)
        if found is not None:
            _loops.move_to_end(key)
    if found is None:
        shape = np.broadcast_shapes(*(np.shape(value) for value in values))
        columns = [[_flat(v, shape) for v in _station(values, which)] for which in order]
        parts = (np.stack([column[item] for column in columns]) for item in range(5))
        found = solve_loop(_flat(values[0], shape), _flat(values[1], shape), *parts), shape
        with _guard:
            _loops[key] = found
            while len(_loops) > _KEPT:
                _loops.popitem(last=False)
    return (*found, order.index(0))
