"""Erlang's two formulas: blocking in a loss system, waiting in a delay system.

Both accept arrays of any broadcastable shapes. The number of servers may be fractional (the
continuous extension through the incomplete gamma function); whole numbers up to a few hundred
take the recursion on the inverse blocking probability, which is cheaper and has no cancellation.
"""

from __future__ import annotations

__all__ = ["erlang_b", "erlang_c"]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.late import special
from analytic_models.units import Array, Count, Frac

# Above this many servers the recursion costs more than one incomplete gamma function.
_RECURSION_SERVERS = 256
# Up to this many servers a polynomial takes two steps per server instead of three.
_POLYNOMIAL_SERVERS = 32
# A Poisson mass below this has lost its digits to underflow.
_SMALLEST_MASS = 1e-290
_TAIL_STEPS = 4000


def erlang_b(servers: Count, offered: Count) -> Frac:
    r"""Probability that a request is blocked in M/G/c/c (Erlang B).

    .. math:: B(c,a) = \frac{a^c/c!}{\sum_{k=0}^{c} a^k/k!}
              = \frac{e^{-a}a^c/\Gamma(c+1)}{Q(c+1,a)}

    Valid for every load, and insensitive to the service law beyond its mean.

    Parameters
    ----------
    servers
        Number of servers c, zero or more, any shape.
    offered
        Offered load a = arrival rate times mean service, in erlangs, any shape that broadcasts.

    Returns
    -------
    Frac
        Blocking probability; ``nan`` where an input is negative.

    References
    ----------
    Erlang (1917). Solution of some problems in the theory of probabilities of significance in
    automatic telephone exchanges. Jagerman (1974). Some properties of the Erlang loss function.
    Bell System Technical Journal 53(3).

    Examples
    --------
    >>> round(float(erlang_b(5.0, 3.0)), 12)
    0.110054347826
    """
    c = np.asarray(servers, dtype=float)
    a = np.asarray(offered, dtype=float)
    with np.errstate(all="ignore"):
        if c.size and _few_whole(c):
            return _recursion(c, a)[()]
        return _continuous(c, a)[()]


def erlang_c(servers: Count, offered: Count) -> Frac:
    r"""Probability that a request waits in M/M/c (Erlang C).

    .. math:: C(c,a) = \frac{c\,B(c,a)}{c - a\,(1 - B(c,a))}

    Valid for a < c. At or above that the queue grows without bound and every request waits.

    Parameters
    ----------
    servers
        Number of servers c, any shape.
    offered
        Offered load a in erlangs, any shape that broadcasts.

    Returns
    -------
    Frac
        Waiting probability; 1 where a >= c, ``nan`` where an input is negative.

    References
    ----------
    Erlang (1917); Kleinrock (1975). Queueing Systems, Volume I, section 3.5.

    Examples
    --------
    >>> round(float(erlang_c(4.0, 10.0 / 3.2)), 12)
    0.563100400171
    """
    if (
        isinstance(servers, float)
        and servers.is_integer()
        and 1.0 <= servers <= _POLYNOMIAL_SERVERS
    ):
        return _waiting(int(servers), offered)
    c = np.asarray(servers, dtype=float)
    a = np.asarray(offered, dtype=float)
    blocked = erlang_b(c, a)
    with np.errstate(all="ignore"):
        waits = c * blocked / (c - a * (1.0 - blocked))
        return np.where(a >= c, np.where(np.isnan(blocked), np.nan, 1.0), waits)[()]


def _waiting(servers: int, offered: Count) -> Frac:
    r"""Erlang C for a small whole number of servers.

    .. math:: C = \frac{a^c}{a^c + (c-a)\sum_{k<c}\frac{(c-1)!}{k!}a^k}

    The sum by Horner's rule in place: every term is positive.
    """
    if isinstance(offered, float):
        # Plain numbers are several times faster than those of numpy.
        single = float(offered)
        if not 0.0 <= single < servers:
            return np.float64(1.0 if single >= servers else np.nan)
        return np.float64(_ratio(servers, single))
    with np.errstate(all="ignore"):
        load = np.asarray(offered, dtype=float)
        waits = np.asarray(_ratio(servers, load) if servers > 1 else np.minimum(load, 1.0))
        if servers > 1:
            full = np.greater_equal(load, servers)
            waits = np.where(full, 1.0, waits) if full.any() else waits
        negative = np.less(load, 0.0)
        return (np.where(negative, np.nan, waits) if negative.any() else waits)[()]


def _ratio(servers: int, load: Array) -> Array:
    """Erlang C below full load."""
    sum_of, factor = load * 0.0 + 1.0, 1.0
    for k in range(servers - 1, 0, -1):
        factor *= k
        sum_of *= load
        sum_of += factor
    power = load
    for bit in f"{servers:b}"[1:]:
        power = power * power
        if bit == "1":
            power *= load
    sum_of *= servers - load
    sum_of += power
    return power / sum_of


def _few_whole(servers: NDArray[np.float64]) -> bool:
    """Whether all are whole numbers small enough for the recursion."""
    largest = servers.max()
    if not (largest <= _RECURSION_SERVERS and servers.min() >= 0.0):
        return False
    if servers.size == 1:
        return float(largest).is_integer()
    return bool((servers == np.rint(servers)).all())


def _recursion(servers: NDArray[np.float64], offered: NDArray[np.float64]) -> NDArray[np.float64]:
    """1/B(k) = 1 + (k/a)/B(k-1); with mixed servers, on the prefix that still needs step k."""
    first = servers.flat[0]
    shape = np.broadcast_shapes(servers.shape, offered.shape)
    if servers.size == 1 or bool((servers == first).all()):
        blocked = _recursion_equal(int(first), offered)
        return np.broadcast_to(blocked, shape).copy() if blocked.shape != shape else blocked
    flat_servers = np.broadcast_to(servers, shape).ravel().astype(np.int16)
    order = np.argsort(-flat_servers, kind="stable")
    sorted_servers = flat_servers[order]
    load = np.broadcast_to(offered, shape).ravel()[order]
    inverse_load = np.where(load >= 0.0, 1.0 / load, np.nan)
    inverse = np.ones_like(load)
    step = np.empty_like(load)
    # How many need step k: the servers are sorted downwards.
    steps = np.arange(1, int(sorted_servers[0]) + 1)
    need = np.searchsorted(-sorted_servers, -steps, "right")
    for k, count in enumerate(need, start=1):
        np.multiply(inverse_load[:count], k, out=step[:count])
        inverse[:count] *= step[:count]
        inverse[:count] += 1.0
    blocked = np.empty_like(load)
    blocked[order] = 1.0 / inverse
    return blocked.reshape(shape)


def _recursion_equal(servers: int, offered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Recursion with one number of servers for all loads."""
    if offered.size == 1 and offered.flat[0] >= 0.0:
        return np.full(offered.shape, _recursion_single(servers, float(offered.flat[0])))
    inverse_load = np.where(offered >= 0.0, 1.0 / offered, np.nan)
    inverse = np.ones_like(inverse_load)
    step = np.empty_like(inverse_load)
    for k in range(1, servers + 1):
        np.multiply(inverse_load, k, out=step)
        inverse *= step
        inverse += 1.0
    return 1.0 / inverse


def _recursion_single(servers: int, offered: float) -> float:
    """Recursion for one load: plain numbers are ten times faster than arrays of one."""
    if offered == 0.0:
        return 0.0 if servers else 1.0
    inverse, inverse_load = 1.0, 1.0 / offered
    for k in range(1, servers + 1):
        inverse = inverse * (inverse_load * k) + 1.0
    return 1.0 / inverse


def _continuous(servers: NDArray[np.float64], offered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poisson mass over Poisson distribution, in deviance form to keep digits at large servers."""
    c, a = np.broadcast_arrays(servers, offered)
    deviance = special.kl_div(c, a)
    mass = np.where(c > 0.0, np.exp(-deviance - _stirling_error(c)), np.exp(-a))
    mass = mass / np.where(c > 0.0, np.sqrt(2.0 * np.pi * c), 1.0)
    blocked = mass / special.gammaincc(c + 1.0, a)
    overloaded = (a > c) & ~(mass > _SMALLEST_MASS)
    if overloaded.any():
        blocked = np.where(overloaded, _overloaded(c, a), blocked)
    blocked = np.where(a == 0.0, np.where(c == 0.0, 1.0, 0.0), blocked)
    return np.where((c >= 0.0) & (a >= 0.0), blocked, np.nan)


def _stirling_error(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of Gamma(n+1) minus Stirling's formula, by its series where that has full digits."""
    n = np.where(count > 0.0, count, 1.0)
    r = 1.0 / (n * n)
    series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / n
    direct = special.gammaln(n + 1.0) - (n + 0.5) * np.log(n) + n - 0.5 * np.log(2.0 * np.pi)
    return np.where(n > 15.0, series, direct)


def _overloaded(servers: Array, offered: Array) -> NDArray[np.float64]:
    """Downward recursion from far below c, where 1 - k/a is accurate enough to start."""
    c, a = np.asarray(servers), np.asarray(offered)
    depth = np.minimum(np.floor(c), _TAIL_STEPS)
    inverse: NDArray[np.float64] = 1.0 / (1.0 - np.minimum((c - depth) / a, 1.0))
    for k in range(int(depth.max(initial=0.0)), 0, -1):
        step = c - k + 1.0
        inverse = np.where(k <= depth, 1.0 + inverse * step / a, inverse)
    return np.reciprocal(inverse)
