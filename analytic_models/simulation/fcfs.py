"""First come, first served: vectorised recursions where they are exact, one heap loop elsewhere."""

from __future__ import annotations

__all__ = [
    "Done",
    "ElasticKernel",
    "FcfsKernel",
    "Floats",
    "Ints",
    "Jobs",
    "Kernel",
    "LossKernel",
    "PrivateKernel",
    "done_of",
    "elastic",
    "fcfs",
    "finite_buffer",
    "jobs_of",
    "lindley",
    "run_alone",
]

import math
from collections import deque
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


class Jobs(NamedTuple):
    """A block of arrivals at one station, in order of time.

    Attributes
    ----------
    arrive, work
        Seconds, shape ``(n,)``.
    ids
        Place of the request in the run; -1 for background load.
    level
        Priority, 0 first; at private stations the queue.
    """

    arrive: Floats
    work: Floats
    ids: Ints
    level: Ints


class Done(NamedTuple):
    """Requests whose departure became known: ids, departures (nan if lost), time in service."""

    ids: Ints
    depart: Floats
    held: Floats


class Kernel(Protocol):
    """A station as a machine that turns blocks of arrivals into departures."""

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block of arrivals; return what is decided by now."""
        ...

    def finish(self) -> Done:
        """Return everything that is still inside: no more arrivals will come."""
        ...


def done_of(out: list[tuple[int, float, float]]) -> Done:
    """Turn (id, departure, time in service) into arrays and empty the list."""
    columns = list(zip(*out, strict=True)) or [(), (), ()]
    out.clear()
    return Done(np.array(columns[0], np.int64), np.array(columns[1]), np.array(columns[2]))


NOTHING = Done(np.empty(0, np.int64), np.empty(0), np.empty(0))


def lindley(arrive: Floats, service: Floats, free_at: float = 0.0) -> Floats:
    r"""Departure times of a single FCFS server, without a loop.

    .. math:: D_i = C_i + \max(F, \max_{j \le i} (A_j - C_{j-1})), \quad C_i = \sum_{j \le i} S_j

    Parameters
    ----------
    arrive, service
        Ascending arrival times and service times in seconds, shape ``(n,)``.
    free_at
        When the server is free of earlier work.

    Returns
    -------
    Floats
        Departure times, seconds, shape ``(n,)``.

    References
    ----------
    Lindley (1952). The theory of queues with a single server. Math. Proc. Cambridge 48.

    Examples
    --------
    >>> lindley(np.array([0.0, 1.0, 5.0]), np.array([2.0, 2.0, 2.0]))
    array([2., 4., 7.])
    """
    done = np.cumsum(service)
    slack = arrive - (done - service)
    np.maximum.accumulate(slack, out=slack)
    np.maximum(slack, free_at, out=slack)
    return done + slack


class FcfsKernel:
    """``servers`` equal servers, one queue."""

    def __init__(self, servers: int) -> None:
        self._servers = servers
        self._free = [0.0] * servers
        self._constant = math.nan
        self._started = False

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; every departure is decided at arrival."""
        if not jobs.arrive.size:
            return NOTHING
        if self._servers == 1:
            depart = lindley(jobs.arrive, jobs.work, self._free[0])
            self._free[0] = float(depart[-1])
        elif self._equal(jobs.work):
            depart = self._cyclic(jobs)
        else:
            depart = self._loop(jobs)
        return Done(jobs.ids, depart, jobs.work)

    def finish(self) -> Done:
        """Return nothing: all departures are already known."""
        return NOTHING

    def _equal(self, work: Floats) -> bool:
        """Whether all work so far had one and the same length."""
        if not self._started:
            self._started, self._constant = True, float(work[0])
        if not bool(np.all(work == self._constant)):
            self._constant = math.nan
        return self._constant == self._constant

    def _cyclic(self, jobs: Jobs) -> Floats:
        # With equal work requests leave in order, so the servers take turns.
        depart = np.empty_like(jobs.arrive)
        order = sorted(self._free)
        count = self._servers
        for k in range(min(count, depart.size)):
            part = lindley(jobs.arrive[k::count], jobs.work[k::count], order[k])
            depart[k::count] = part
            order[k] = float(part[-1])
        self._free = sorted(order)
        return depart

    def _loop(self, jobs: Jobs) -> Floats:
        free = self._free
        heapify(free)
        depart: list[float] = []
        note = depart.append
        for arrive, work in zip(jobs.arrive.tolist(), jobs.work.tolist(), strict=True):
            first = free[0]
            leave = (arrive if arrive > first else first) + work
            heapreplace(free, leave)
            note(leave)
        return np.array(depart)


class PrivateKernel:
    """Many single servers, each with its own queue: the ``level`` of a request says which."""

    def __init__(self, queues: int) -> None:
        self._free = [0.0] * queues

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; every departure is decided at arrival."""
        free = self._free
        depart: list[float] = []
        columns = (jobs.arrive, jobs.work, jobs.level)
        for arrive, work, queue in zip(*(c.tolist() for c in columns), strict=True):
            first = free[queue]
            leave = (arrive if arrive > first else first) + work
            free[queue] = leave
            depart.append(leave)
        return Done(jobs.ids, np.array(depart), jobs.work)

    def finish(self) -> Done:
        """Return nothing: all departures are already known."""
        return NOTHING


class LossKernel:
    """FCFS with at most ``capacity`` requests inside; one that finds it full is lost."""

    def __init__(self, servers: int, capacity: int) -> None:
        self._free = [0.0] * servers
        self._inside: list[float] = []
        self._capacity = capacity

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; lost requests depart at nan."""
        free, inside, capacity = self._free, self._inside, self._capacity
        depart: list[float] = []
        for arrive, work in zip(jobs.arrive.tolist(), jobs.work.tolist(), strict=True):
            while inside and inside[0] <= arrive:
                heappop(inside)
            if len(inside) >= capacity:
                depart.append(math.nan)
                continue
            first = free[0]
            leave = (arrive if arrive > first else first) + work
            heapreplace(free, leave)
            heappush(inside, leave)
            depart.append(leave)
        return Done(jobs.ids, np.array(depart), jobs.work)

    def finish(self) -> Done:
        """Return nothing: all departures are already known."""
        return NOTHING


class ElasticKernel:
    """Instances that start on demand (``start_s`` late) and stop after ``keep_alive_s`` idle."""

    def __init__(self, most: int, start_s: float, keep_alive_s: float) -> None:
        self._most = most
        self._start = start_s
        self._keep = keep_alive_s
        self._busy: list[float] = []
        # Ascending by the time since when the instance is idle.
        self._idle: deque[float] = deque()
        self.cold_starts = 0

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; every departure is decided at arrival."""
        busy, idle = self._busy, self._idle
        depart: list[float] = []
        for arrive, work in zip(jobs.arrive.tolist(), jobs.work.tolist(), strict=True):
            while busy and busy[0] <= arrive:
                idle.append(heappop(busy))
            while idle and idle[0] + self._keep < arrive:
                idle.popleft()
            if idle:
                idle.pop()
                leave = arrive + work
                heappush(busy, leave)
            elif len(busy) < self._most:
                self.cold_starts += 1
                leave = arrive + self._start + work
                heappush(busy, leave)
            else:
                leave = busy[0] + work
                heapreplace(busy, leave)
            depart.append(leave)
        return Done(jobs.ids, np.array(depart), jobs.work)

    def finish(self) -> Done:
        """Return nothing: all departures are already known."""
        return NOTHING


def jobs_of(arrive: Floats, work: Floats, level: Ints | None = None) -> Jobs:
    """Return all arrivals as one block, numbered from 0."""
    ids = np.arange(arrive.size, dtype=np.int64)
    return Jobs(arrive, work, ids, np.zeros_like(ids) if level is None else level)


def run_alone(kernel: Kernel, jobs: Jobs) -> Done:
    """Feed one kernel once and return departures and service in the order of ``jobs``."""
    depart = np.full(jobs.arrive.size, math.nan)
    held = np.full(jobs.arrive.size, math.nan)
    for done in (kernel.feed(jobs), kernel.finish()):
        depart[done.ids] = done.depart
        held[done.ids] = done.held
    return Done(jobs.ids, depart, held)


def fcfs(arrive: Floats, service: Floats, servers: int = 1) -> Floats:
    """Departure times of ``servers`` FCFS servers with one queue.

    Parameters
    ----------
    arrive, service
        Ascending arrival times and service times in seconds, shape ``(n,)``.
    servers
        Number of servers. One server and constant service run without a loop.

    Returns
    -------
    Floats
        Departure times, seconds, shape ``(n,)``.

    Examples
    --------
    >>> fcfs(np.zeros(3), np.array([3.0, 1.0, 1.0]), servers=2)
    array([3., 1., 2.])
    """
    return run_alone(FcfsKernel(servers), jobs_of(arrive, service)).depart


def finite_buffer(arrive: Floats, service: Floats, servers: int, capacity: int) -> Floats:
    """Departure times with at most ``capacity`` requests inside; nan for a lost request.

    Examples
    --------
    >>> finite_buffer(np.array([0.0, 0.1, 0.2]), np.ones(3), servers=1, capacity=2)
    array([ 1.,  2., nan])
    """
    return run_alone(LossKernel(servers, capacity), jobs_of(arrive, service)).depart


def elastic(
    arrive: Floats, service: Floats, most: int, start_s: float, keep_alive_s: float
) -> Floats:
    """Departure times with instances that start cold on demand.

    Examples
    --------
    >>> elastic(np.array([0.0, 2.0, 9.0]), np.ones(3), most=5, start_s=0.5, keep_alive_s=3.0)
    array([ 1.5,  3. , 10.5])
    """
    return run_alone(ElasticKernel(most, start_s, keep_alive_s), jobs_of(arrive, service)).depart
