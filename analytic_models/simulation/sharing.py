"""Processor sharing, and servers whose speed changes with a Markov chain."""

from __future__ import annotations

__all__ = ["ModulatedKernel", "SharingKernel", "SpeedClock", "modulated", "processor_sharing"]

import math
from heapq import heappop, heappush

import numpy as np

from analytic_models.simulation.fcfs import (
    Done,
    FcfsKernel,
    Floats,
    Ints,
    Jobs,
    Kernel,
    jobs_of,
    run_alone,
)
from analytic_models.simulation.parts import Modulation

_SEGMENTS = 4096


class SharingKernel:
    """Egalitarian sharing of ``servers`` units of speed, at most one unit per request.

    Virtual time runs at the speed that each request gets; a request leaves when it has gained as
    much virtual time as it has work, so only the earliest of those instants matters.
    """

    def __init__(self, servers: int, capacity: float = math.inf) -> None:
        self._servers = servers
        self._capacity = capacity
        self._now = 0.0
        self._virtual = 0.0
        self._inside: list[tuple[float, int, float]] = []

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; return the departures before its last arrival."""
        inside, servers, capacity = self._inside, self._servers, self._capacity
        now, virtual = self._now, self._virtual
        ids: list[int] = []
        departs: list[float] = []
        works: list[float] = []
        for arrive, work, who in zip(
            jobs.arrive.tolist(), jobs.work.tolist(), jobs.ids.tolist(), strict=True
        ):
            while inside:
                slowdown = max(len(inside) / servers, 1.0)
                target, leaving, own = inside[0]
                then = now + (target - virtual) * slowdown
                if then > arrive:
                    virtual += (arrive - now) / slowdown
                    break
                heappop(inside)
                now, virtual = then, target
                ids.append(leaving)
                departs.append(then)
                works.append(own)
            else:
                virtual = 0.0
            now = arrive
            if len(inside) >= capacity:
                ids.append(who)
                departs.append(math.nan)
                works.append(work)
            else:
                heappush(inside, (virtual + work, who, work))
        self._now, self._virtual = now, virtual
        return _foreground(ids, departs, works)

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        ids: list[int] = []
        departs: list[float] = []
        works: list[float] = []
        while self._inside:
            slowdown = max(len(self._inside) / self._servers, 1.0)
            target, who, work = heappop(self._inside)
            self._now += (target - self._virtual) * slowdown
            self._virtual = target
            ids.append(who)
            departs.append(self._now)
            works.append(work)
        return _foreground(ids, departs, works)


def _foreground(ids: list[int], departs: list[float], held: list[float]) -> Done:
    return Done(np.array(ids, np.int64), np.array(departs), np.array(held))


class SpeedClock:
    """The work that a server of changing speed can do up to each instant.

    In *operational time* (work done by an always busy server) the server has constant speed, so a
    station simulated there and mapped back is exact for any discipline that keeps it busy.
    """

    def __init__(self, modulation: Modulation, rng: np.random.Generator) -> None:
        states = len(modulation.speeds)
        jumps = np.array(modulation.jumps or (np.ones((states, states)) - np.eye(states)))
        jumps /= jumps.sum(axis=1, keepdims=True)
        self._cumulated = np.cumsum(jumps, axis=1)
        self._speeds = np.array(modulation.speeds)
        self._dwell = np.array(modulation.dwell_s)
        self._rng = rng
        share = _stationary(jumps) * self._dwell
        self._state = int(rng.choice(states, p=share / share.sum()))
        self.mean_speed = float(share @ self._speeds / share.sum())
        self._times = np.zeros(1)
        self._works = np.zeros(1)

    def _path(self, count: int) -> Ints:
        """Return the next ``count`` states, beginning with the present one."""
        states = np.empty(count + 1, np.int64)
        if self._speeds.size == 2 and bool(np.all(self._cumulated[:, 0] == (0.0, 1.0))):
            states[:] = (self._state + np.arange(count + 1)) % 2
        else:
            state = self._state
            rows = self._cumulated.tolist()
            last = self._speeds.size - 1
            for k, u in enumerate(self._rng.random(count + 1).tolist()):
                states[k] = state
                row = rows[state]
                state = next((s for s, edge in enumerate(row) if u < edge), last)
        self._state = int(states[-1])
        return states[:-1]

    def _extend(self) -> None:
        states = self._path(max(_SEGMENTS, self._times.size))
        spans = self._rng.standard_exponential(states.size) * self._dwell[states]
        times = self._times[-1] + np.cumsum(spans)
        works = self._works[-1] + np.cumsum(spans * self._speeds[states])
        self._times = np.concatenate([self._times, times])
        self._works = np.concatenate([self._works, works])

    def to_work(self, times: Floats) -> Floats:
        """Map instants to operational time."""
        while times.size and self._times[-1] < times.max():
            self._extend()
        return np.interp(times, self._times, self._works)

    def to_time(self, works: Floats) -> Floats:
        """Map operational time back to instants."""
        while works.size and self._works[-1] < works.max():
            self._extend()
        return np.interp(works, self._works, self._times)

    def forget_before(self, time: float) -> None:
        """Drop the path that ends before ``time``."""
        first = max(int(np.searchsorted(self._times, time, side="right")) - 1, 0)
        self._times, self._works = self._times[first:], self._works[first:]


def _stationary(jumps: Floats) -> Floats:
    size = jumps.shape[0]
    system = np.vstack([jumps.T - np.eye(size), np.ones(size)])
    right = np.append(np.zeros(size), 1.0)
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0])


class ModulatedKernel:
    """Any work-conserving kernel, run in the operational time of a :class:`SpeedClock`."""

    def __init__(self, inner: Kernel, clock: SpeedClock) -> None:
        self._inner = inner
        self._clock = clock

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block, run it in operational time and map it back."""
        if not jobs.arrive.size:
            return self._inner.feed(jobs)
        arrive = self._clock.to_work(jobs.arrive)
        done = self._back(self._inner.feed(jobs._replace(arrive=arrive)))
        self._clock.forget_before(float(jobs.arrive[-1]))
        return done

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        return self._back(self._inner.finish())

    def _back(self, done: Done) -> Done:
        depart = np.full_like(done.depart, math.nan)
        known = ~np.isnan(done.depart)
        depart[known] = self._clock.to_time(done.depart[known])
        if not isinstance(self._inner, FcfsKernel):
            return Done(done.ids, depart, done.held)
        # In order of arrival a service is one piece of operational time, so its span is known.
        return Done(done.ids, depart, depart - self._clock.to_time(done.depart - done.held))


def processor_sharing(
    arrive: Floats, work: Floats, servers: int = 1, capacity: float = math.inf
) -> Floats:
    """Departure times under egalitarian processor sharing.

    Parameters
    ----------
    arrive, work
        Ascending arrival times and work in seconds at full speed, shape ``(n,)``.
    servers
        Units of speed; a request uses at most one.
    capacity
        Most requests inside; one that finds it full is lost (nan).

    Returns
    -------
    Floats
        Departure times, seconds, shape ``(n,)``.

    Examples
    --------
    >>> processor_sharing(np.array([0.0, 1.0]), np.array([2.0, 2.0]))
    array([3., 4.])
    """
    return run_alone(SharingKernel(servers, capacity), jobs_of(arrive, work)).depart


def modulated(
    arrive: Floats, work: Floats, modulation: Modulation, rng: np.random.Generator
) -> Floats:
    """Departure times of one FCFS server whose speed follows a Markov chain.

    Examples
    --------
    >>> half = Modulation(speeds=(0.5, 0.5), dwell_s=(1.0, 1.0))
    >>> modulated(np.array([0.0, 1.0]), np.ones(2), half, np.random.default_rng(1)).round(6)
    array([2., 4.])
    """
    kernel = ModulatedKernel(FcfsKernel(1), SpeedClock(modulation, rng))
    return run_alone(kernel, jobs_of(arrive, work)).depart
