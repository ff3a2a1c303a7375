"""Priority stations: head of line, or preemptive with resumption."""

from __future__ import annotations

__all__ = ["PriorityKernel", "priority"]

from heapq import heapify, heappop, heappush
from operator import itemgetter

from analytic_models.simulation.fcfs import Done, Floats, Ints, Jobs, done_of, jobs_of, run_alone

_level = itemgetter(1)


class PriorityKernel:
    """``servers`` servers; the most urgent waiting request is next, FCFS within a level."""

    def __init__(self, servers: int, preemptive: bool) -> None:
        self._servers = servers
        self._preemptive = preemptive
        self._count = 0
        # running: (finish, level, number, id, work); waiting: (level, number, id, work, left)
        self._running: list[tuple[float, int, int, int, float]] = []
        self._waiting: list[tuple[int, int, int, float, float]] = []
        self._out: list[tuple[int, float, float]] = []

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; return the departures before its last arrival."""
        running, waiting = self._running, self._waiting
        number = self._count
        columns = (jobs.arrive, jobs.work, jobs.ids, jobs.level)
        for arrive, work, who, level in zip(*(c.tolist() for c in columns), strict=True):
            while running and running[0][0] <= arrive:
                self._complete()
            number += 1
            if len(running) < self._servers:
                heappush(running, (arrive + work, level, number, who, work))
            elif self._preemptive and max(running, key=_level)[1] > level:
                self._interrupt(arrive)
                heappush(running, (arrive + work, level, number, who, work))
            else:
                heappush(waiting, (level, number, who, work, work))
        self._count = number
        return done_of(self._out)

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        while self._running:
            self._complete()
        return done_of(self._out)

    def _complete(self) -> None:
        now, _, _, who, work = heappop(self._running)
        self._out.append((who, now, work))
        if self._waiting:
            level, number, who, work, left = heappop(self._waiting)
            heappush(self._running, (now + left, level, number, who, work))

    def _interrupt(self, now: float) -> None:
        """Send the least urgent, latest of the running requests back to the queue."""
        victim = max(self._running, key=lambda job: (job[1], job[2]))
        self._running.remove(victim)
        heapify(self._running)
        finish, level, number, who, work = victim
        heappush(self._waiting, (level, number, who, work, finish - now))


def priority(
    arrive: Floats, work: Floats, level: Ints, servers: int = 1, preemptive: bool = False
) -> Floats:
    """Departure times of a priority station.

    Parameters
    ----------
    arrive, work
        Ascending arrival times and service times in seconds, shape ``(n,)``.
    level
        Priority of each request, 0 first, shape ``(n,)``.
    servers
        Number of servers.
    preemptive
        Whether an arrival interrupts a less urgent request, which later resumes.

    Returns
    -------
    Floats
        Departure times, seconds, shape ``(n,)``.

    Examples
    --------
    >>> import numpy as np
    >>> at, work, level = np.array([0.0, 1.0, 2.0]), np.full(3, 3.0), np.array([1, 1, 0])
    >>> priority(at, work, level)
    array([3., 9., 6.])
    >>> priority(at, work, level, preemptive=True)
    array([6., 9., 5.])
    """
    return run_alone(PriorityKernel(servers, preemptive), jobs_of(arrive, work, level)).depart
