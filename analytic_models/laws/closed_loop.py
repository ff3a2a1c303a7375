"""Devices that send the next request a while after the last answer: four stations in a loop.

The recursion over the number of devices is mean value analysis, exact for processor sharing and for
exponential work in order of arrival. Other work in order of arrival enters by the rest of the
service that an arrival finds. The probability that all of several servers are busy follows from the
throughputs of the loop with and without that station, as logarithms: nothing cancels. Of larger
populations the last devices are added in this way to the state that accounts for all before them.
"""

from __future__ import annotations

__all__ = ["EXACT_UP_TO", "Loop", "solve_loop"]

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.late import special

Floats = NDArray[np.float64]

EXACT_UP_TO = 128
# Rows solved together: their state stays in the cache.
_ROWS = 2048
# A station is never quite full, so that nothing that divides by its idle share fails.
_FULL = 1.0 - 1e-9
_STEPS = 40
# Last devices of a large population that are added one by one.
_LAST = 128
_REFRESHED = 8


@dataclass(frozen=True)
class Loop:
    """State of a loop for n cases; stations along the first axis.

    Parameters
    ----------
    throughput
        Answers per second, shape (n,).
    wait
        Mean wait of a visit in seconds, shape (m, n).
    waiting
        Probability that a visit waits, shape (m, n).
    ahead
        First three moments of the number of departures that a visit waits for, shape (3, m, n).
    """

    throughput: Floats
    wait: Floats
    waiting: Floats
    ahead: Floats


@dataclass(frozen=True)
class _Stations:
    """Population (n,), time away (n,), and demand, servers and rest found of m stations (m, n)."""

    population: Floats
    away: Floats
    demand: Floats
    servers: Floats
    rest: Floats

    def take(self, rows: NDArray[np.intp]) -> _Stations:
        return _Stations(
            self.population[rows],
            self.away[rows],
            self.demand[:, rows],
            self.servers[:, rows],
            self.rest[:, rows],
        )


def solve_loop(
    population: Floats,
    away: Floats,
    service: Floats,
    scv: Floats,
    servers: Floats,
    shared: Floats,
    share: Floats,
) -> Loop:
    r"""Return the steady state of loops, many at once.

    .. math:: X(n)=\frac{n}{Z+\sum_i v_i(s_i+W_i(n))}, \qquad
        W_i(n)=\frac{s_i}{c_i}\,\frac{r_i\left(L_i(n-1)+B_i(n-1)\right)}{1-(1-r_i)\,U_i(n)}

    with L the mean number waiting, B the probability that all servers are busy, r 1 for processor
    sharing and :math:`(1+c_s^2)/2` in order of arrival. Where r is not 1, the divisor keeps a full
    station full, random arrivals at their mean wait, and the scale of the queue in between.

    Parameters
    ----------
    population
        Devices, shape (n,).
    away
        Time between an answer and the next request, and every other time without a queue [s], (n,).
    service, scv, servers, shared, share
        Of m stations: mean service [s], squared coefficient of variation, servers, 1 for processor
        sharing, and the share of requests that visit; shape (m, n).

    References
    ----------
    reiser-lavenberg-1980, reiser-1979

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> loop = solve_loop(np.array([3.0]), np.array([2.0]), one, one, one, one, one)
    >>> round(float(loop.throughput[0]), 6)
    0.789474
    """
    rest = np.where(shared > 0.0, 1.0, 0.5 * (1.0 + scv))
    cases = _Stations(population, away, share * service, servers, rest)
    size, count = len(population), len(service)
    found = Loop(
        np.full(size, np.nan),
        np.full((count, size), np.nan),
        np.full((count, size), np.nan),
        np.full((3, count, size), np.nan),
    )
    known = np.isfinite(cases.demand).all(axis=0) & np.isfinite(away) & (population >= 1.0)
    silent = np.isfinite(cases.demand).all(axis=0) & np.isinf(away)
    found.throughput[silent], found.wait[:, silent], found.waiting[:, silent] = 0.0, 0.0, 0.0
    found.ahead[:, :, silent] = 0.0
    few = known & (population <= EXACT_UP_TO)
    with np.errstate(all="ignore"):
        for rows, solve in ((few, _by_recursion), (known & ~few, _by_balance)):
            places = np.flatnonzero(rows)
            # Neighbours in population end their recursions together.
            places = places[np.argsort(population[places], kind="stable")]
            for start in range(0, len(places), _ROWS):
                some = places[start : start + _ROWS]
                part = solve(cases.take(some))
                found.throughput[some] = part.throughput
                found.waiting[:, some] = part.waiting
                found.ahead[:, :, some] = part.ahead
                each = part.wait / share[:, some]
                found.wait[:, some] = np.where(share[:, some] > 0.0, each, 0.0)
    return found


class _Walk:
    """One loop, with some stations left out, as devices are added one by one."""

    def __init__(self, cases: _Stations, without: frozenset[int], keeps: bool) -> None:
        self.cases, self.without = cases, without
        demand = cases.demand.copy()
        demand[list(without)] = 0.0
        self.per_server = demand / cases.servers
        self.alone = cases.away + demand.sum(axis=0)
        self.most = _FULL / self.per_server.max(axis=0)
        self.queue, self.load = np.zeros_like(demand), np.zeros_like(demand)
        self.wait, self.busy = np.zeros_like(demand), np.zeros_like(demand)
        self.uneven = np.flatnonzero((cases.rest != 1.0).any(axis=1))
        self.slope = (1.0 - cases.rest[self.uneven]) * self.per_server[self.uneven]
        self.tight = np.argmax(self.per_server, axis=0), np.arange(demand.shape[1])
        self.throughput = np.zeros(demand.shape[1])
        # Sum of the logarithms of all throughputs so far.
        self.log = np.zeros(demand.shape[1])
        steps = int(cases.population.max()) + 1 if keeps else 0
        self.logs = np.zeros((steps, demand.shape[1]))

    def arrive(self, devices: int | Floats) -> None:
        """Let one more device see what those before it left."""
        np.add(self.queue, self.busy, out=self.wait)
        self.wait *= self.per_server
        if not len(self.uneven):
            whole = self.alone + self.wait.sum(axis=0)
            self.throughput = devices / whole
        else:
            self._arrive_at_uneven_work(devices)
        np.minimum(self.throughput, self.most, out=self.throughput)
        np.multiply(self.throughput, self.per_server, out=self.load)

    def _arrive_at_uneven_work(self, devices: int | Floats) -> None:
        """Weigh the state of one device less with the present one, so that no station overflows."""
        rows, most = self.uneven, self.most
        found = self.cases.rest[rows] * self.wait[rows]
        alone = self.alone + self.wait.sum(axis=0) - self.wait[rows].sum(axis=0)
        slope = self.slope
        # One of Newton's steps from where the last device leaves the throughput.
        rate = np.minimum(self.throughput * (devices / np.maximum(devices - 1.0, 1.0)), most)
        left = 1.0 / (1.0 - slope * rate)
        wait = found * left
        whole = alone + wait.sum(axis=0)
        steep = whole + rate * (wait * slope * left).sum(axis=0)
        rate = np.minimum(rate - (rate * whole - devices) / steep, most)
        wait = found / (1.0 - slope * rate)
        self.wait[rows] = wait
        whole = alone + wait.sum(axis=0)
        self.throughput = np.minimum(devices / whole, most)
        excess = np.maximum(devices / self.throughput - whole, 0.0)
        self.wait[self.tight] += np.where(np.isfinite(excess), excess, 0.0)

    def settle(self, devices: int, busy: dict[int, Floats]) -> None:
        """Take over what the next device will see.

        Parameters
        ----------
        busy
            Probability that all servers are busy, of stations that have several.
        """
        self.busy[:] = self.load
        for station, chance in busy.items():
            self.busy[station] = chance
        np.multiply(self.throughput, self.wait, out=self.queue)
        self.log = self.log + np.log(self.throughput)
        if len(self.logs):
            self.logs[devices] = self.log


class _Ahead:
    """Moments of the number of departures that a new visit waits for: all moments of one law.

    Who waits for y departures now, waited for y - 1 with one device less.
    """

    def __init__(self, moments: Floats, rest: Floats) -> None:
        self.moments, self.rest = moments, rest
        self.plain = bool((rest == 1.0).all())

    def settle(self, load: Floats, busy: Floats) -> None:
        """Add one device."""
        first, second, third = self.moments
        third += 3.0 * (second + first)
        second += 2.0 * first
        self.moments *= load
        self.moments += busy
        if not self.plain:
            self.moments *= self.rest / (1.0 - (1.0 - self.rest) * load)


def _by_recursion(cases: _Stations) -> Loop:
    count, size = cases.demand.shape
    servers, everyone = cases.servers.astype(int), np.arange(size)
    several = [i for i in range(count) if (servers[i] > 1).any() and cases.demand[i].any()]
    queues = [i for i in several if (servers[i] < cases.population).any()]
    walks = {
        frozenset(without): _Walk(cases, frozenset(without), number > 0)
        for number in range(len(queues) + 1)
        for without in combinations(queues, number)
    }
    whole, ahead = walks[frozenset()], _Ahead(np.zeros((3, count, size)), cases.rest)
    powers = {
        i: (servers[i] - 1.0) * np.log(cases.demand[i]) - special.gammaln(servers[i])
        for i in queues
    }
    found = Loop(
        np.zeros(size), np.zeros((count, size)), np.zeros((count, size)), np.zeros((3, count, size))
    )

    def all_busy(key: frozenset[int], station: int, devices: int) -> Floats:
        """Probability that all servers are busy: they were, or all but one of them."""
        walk = walks[key]
        if station not in queues or station in key:
            return np.where(servers[station] == 1, walk.load[station], 0.0)
        then = devices - servers[station]
        logs = walks[key | {station}].logs[np.maximum(then, 0), everyone]
        all_but_one = np.where(then >= 0, np.exp(walk.log - logs + powers[station]), 0.0)
        several = walk.load[station] * (walk.busy[station] + all_but_one)
        chance = np.where(servers[station] == 1, walk.load[station], several)
        return np.asarray(np.minimum(chance, 1.0))

    for devices in range(1, int(cases.population.max()) + 1):
        for walk in walks.values():
            walk.arrive(devices)
        last = np.flatnonzero(cases.population == devices)
        if len(last):
            found.throughput[last] = whole.throughput[last]
            found.wait[:, last] = whole.wait[:, last]
            found.waiting[:, last] = whole.busy[:, last]
            found.ahead[:, :, last] = ahead.moments[:, :, last]
        busy = {key: {i: all_busy(key, i, devices) for i in several} for key in walks}
        for key, walk in walks.items():
            walk.settle(devices, busy[key])
        ahead.settle(whole.load, whole.busy)
    return found


def _by_balance(cases: _Stations) -> Loop:
    """Add the last of many devices one by one to a state that accounts for all before them."""
    before = replace(cases, population=cases.population - float(_LAST))
    state = _balance(before)
    walk, ahead = _Walk(cases, frozenset(), False), _Ahead(state.ahead.copy(), cases.rest)
    several = [i for i, count in enumerate(cases.servers) if (count > 1.0).any()]
    busy: dict[int, Floats] = {}
    walk.queue, walk.busy = state.throughput * state.wait, state.waiting.copy()
    for more in range(1, _LAST + 1):
        waiting, moments = walk.busy.copy(), ahead.moments.copy()
        walk.arrive(before.population + float(more))
        # How busy several servers are changes little over a few devices.
        if more % _REFRESHED == 1:
            busy = {i: _all_busy(cases.servers[i], walk.load[i]) for i in several}
        single = {i: np.where(cases.servers[i] > 1.0, busy[i], walk.load[i]) for i in several}
        walk.settle(0, single)
        ahead.settle(walk.load, walk.busy)
    return Loop(walk.throughput, walk.wait, waiting, moments)


def _all_busy(servers: Floats, load: Floats) -> Floats:
    return np.asarray(erlang_c(servers, load * servers), dtype=float)


def _balance(cases: _Stations) -> Loop:
    """Solve for the throughput at which all devices are accounted for."""
    others = 1.0 - 1.0 / cases.population
    per_server = cases.demand / cases.servers
    alone = cases.away + cases.demand.sum(axis=0)

    def waits(rate: Floats) -> tuple[Floats, Floats]:
        load = others * rate * per_server
        busy = _all_busy(cases.servers, load)
        return cases.rest * busy * per_server / (1.0 - load), busy

    most = np.minimum(_FULL / per_server.max(axis=0), cases.population / alone)
    low, high = np.zeros_like(most), most
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        inside = middle * (alone + waits(middle)[0].sum(axis=0))
        enough = inside >= cases.population
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    wait, busy = waits(high)
    excess = np.maximum(cases.population / high - alone - wait.sum(axis=0), 0.0)
    tight = np.argmax(per_server, axis=0)
    wait[tight, np.arange(len(tight))] += np.where(np.isfinite(excess), excess, 0.0)
    load = others * high * per_server
    grows = cases.rest * load / (1.0 - load)
    mean = np.where(cases.demand > 0.0, wait / per_server, 0.0)
    # As many as are elsewhere vary independently: no queue varies more than they do.
    elsewhere = np.maximum(cases.population - high * (wait + cases.demand), 0.0)
    return Loop(high, wait, busy, _moments(mean, grows, elsewhere))


def _moments(mean: Floats, grows: Floats, elsewhere: Floats) -> Floats:
    """First three moments behind random arrivals, the variance bounded by those elsewhere.

    Parameters
    ----------
    mean
        Mean number of departures that a visit waits for.
    grows
        How much one more departure to wait for makes more of them likely.
    elsewhere
        Devices that are not at the station.
    """
    second = mean * (1.0 + 2.0 * grows)
    third = mean * (1.0 + 6.0 * grows * (1.0 + grows))
    variance = second - mean * mean
    skew = third - 3.0 * mean * second + 2.0 * mean**3
    kept = elsewhere / (elsewhere + np.maximum(variance, 0.0))
    kept = np.where(np.isfinite(kept), kept, 1.0)
    variance, skew = kept * variance, kept * kept * skew
    second = variance + mean * mean
    return np.stack([mean, second, skew + 3.0 * mean * second - 2.0 * mean**3])
