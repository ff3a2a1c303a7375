"""Slow independent truths for the queueing laws: chains, enumeration, simulation.

Nothing here calls a law of the product.
"""

from __future__ import annotations

import heapq
import itertools
from fractions import Fraction
from math import prod

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def erlang_b_50_digits(servers: int, offered: float) -> mp.mpf:
    """Sum the truncated Poisson law in 50 digits."""
    with mp.workdps(50):
        term, total = mp.mpf(1), mp.mpf(1)
        for k in range(1, servers + 1):
            term = term * mp.mpf(offered) / k
            total += term
        return term / total


def mmc_sojourn_quantile_40_digits(load: float, servers: int, level: float) -> float:
    """Percentile of wait plus service in M/M/c with service rate 1, by bisection in 40 digits."""
    with mp.workdps(40):
        arrival = servers * mp.mpf(load)
        blocked = mp.mpf(1)
        for k in range(1, servers + 1):
            blocked = arrival * blocked / (k + arrival * blocked)
        waits = servers * blocked / (servers - arrival * (1 - blocked))
        drain = servers - arrival

        def above(t: mp.mpf) -> mp.mpf:
            if abs(drain - 1) < mp.mpf(10) ** -25:
                return mp.exp(-t) * (1 + waits * t)
            return mp.exp(-t) + waits * (mp.exp(-t) - mp.exp(-drain * t)) / (drain - 1)

        low, high = mp.mpf(0), mp.mpf(4000)
        for _ in range(120):
            middle = (low + high) / 2
            if above(middle) > 1 - mp.mpf(level):
                low = middle
            else:
                high = middle
        return float(low)


def processor_sharing_moments(load: float, servers: int, states: int = 600) -> list[float]:
    """First three moments of the sojourn in M/M/c processor sharing, service rate 1.

    A tagged job meets n others; backward equations of its absorption time, one linear system per
    moment, averaged over the steady state.
    """
    arrival = load * servers
    others = np.arange(states)
    rate = np.minimum(others + 1, servers).astype(float)
    own = rate / (others + 1)
    matrix = np.diag(np.full(states, arrival) + rate)
    matrix[-1, -1] -= arrival
    matrix -= np.diag(np.full(states - 1, arrival), 1)
    matrix -= np.diag((rate - own)[1:], -1)
    logs = np.cumsum(np.log(arrival / np.minimum(others[1:], servers)))
    weights = np.concatenate([[1.0], np.exp(logs)])
    weights /= weights.sum()
    moments, previous = [], np.ones(states)
    for order in (1, 2, 3):
        previous = np.linalg.solve(matrix, order * previous)
        moments.append(float(weights @ previous))
    return moments


def waits_by_recursion(between: Real, service: Real, servers: int = 1) -> Real:
    """Simulate waits in G/G/c, first come first served, one request after the other."""
    free = [0.0] * servers
    now = 0.0
    waits = np.empty(len(service))
    for index, (gap, work) in enumerate(zip(between, service, strict=True)):
        now += gap
        start = max(now, heapq.heappop(free))
        waits[index] = start - now
        heapq.heappush(free, start + work)
    return waits


def batch_latencies(
    rng: np.random.Generator, arrival: float, alpha: float, tau: float, largest: float, jobs: int
) -> Real:
    """Latencies of a batching server that takes all that wait, up to a largest batch."""
    times = np.cumsum(rng.exponential(1.0 / arrival, jobs))
    latencies = np.empty(jobs)
    served, now = 0, 0.0
    while served < jobs:
        now = max(now, times[served])
        waiting = int(np.searchsorted(times, now, side="right")) - served
        size = int(min(waiting, largest))
        now += alpha * size + tau
        latencies[served : served + size] = now - times[served : served + size]
        served += size
    return latencies


def modulated_link_sojourns(
    rng: np.random.Generator,
    arrival: float,
    stages: int,
    rates: tuple[float, float],
    switch: tuple[float, float],
    jobs: int,
) -> Real:
    """Sojourns on a link with two rates, messages of mean size 1, by the work that it has done."""
    times = np.cumsum(rng.exponential(1.0 / arrival, jobs))
    clock, done, state = [0.0], [0.0], 0
    while clock[-1] < 1.5 * times[-1]:
        stay = rng.exponential(1.0 / switch[state])
        clock.append(clock[-1] + stay)
        done.append(done[-1] + stay * rates[state])
        state = 1 - state
    reached = np.interp(times, clock, done)
    sizes = rng.gamma(stages, 1.0 / stages, jobs)
    finished, level = np.empty(jobs), 0.0
    for index in range(jobs):
        level = max(level, reached[index]) + sizes[index]
        finished[index] = level
    return np.interp(finished, done, clock) - times


def periodic_waits(rng: np.random.Generator, sources: int, period: float, rounds: int) -> Real:
    """Simulate waits behind periodic sources with unit service, new random phases each round."""
    waits = []
    for _ in range(rounds):
        phases = np.sort(rng.uniform(0.0, period, sources))
        # The third period is in steady state.
        times = np.concatenate([phases, phases + period, phases + 2.0 * period])
        found = waits_by_recursion(np.diff(times, prepend=0.0), np.ones(len(times)))
        waits.append(found[-sources:])
    return np.concatenate(waits)


def closed_network_by_enumeration(
    demand: list[Fraction], servers: list[int], population: int, think: Fraction
) -> tuple[Fraction, list[Fraction]]:
    """Throughput and queue lengths from the product form, every state, exact fractions."""

    def factor(work: Fraction, count: int, jobs: int) -> Fraction:
        return prod((work / min(j, count) for j in range(1, jobs + 1)), start=Fraction(1))

    def total(clients: int, weigh: int | None = None) -> Fraction:
        value = Fraction(0)
        places = len(demand) + 1
        for state in itertools.product(range(clients + 1), repeat=places - 1):
            thinking = clients - sum(state)
            if thinking < 0:
                continue
            weight = factor(think, clients + 1, thinking)
            for work, count, jobs in zip(demand, servers, state, strict=True):
                weight *= factor(work, count, jobs)
            value += weight * (1 if weigh is None else state[weigh])
        return value

    whole = total(population)
    queues = [total(population, i) / whole for i in range(len(demand))]
    return total(population - 1) / whole, queues


def first_passage_exceedance(arrival: float, service: float, busy: int, time: float) -> float:
    """Probability that M/M/inf, now with ``busy`` inside, never holds more within a time.

    The absorbing chain by its matrix exponential, in 30 digits.
    """
    with mp.workdps(30):
        chain = mp.zeros(busy + 1)
        for inside in range(busy + 1):
            chain[inside, inside] = -(mp.mpf(arrival) + mp.mpf(inside) / service)
            if inside < busy:
                chain[inside, inside + 1] = mp.mpf(arrival)
            if inside > 0:
                chain[inside, inside - 1] = mp.mpf(inside) / service
        left = mp.expm(chain * time)
        return float(sum(left[busy, state] for state in range(busy + 1)))
