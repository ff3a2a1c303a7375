"""Private servers: every request waits only for the earlier requests of its own device."""

from __future__ import annotations

__all__ = ["PrivateKernel"]

import numpy as np

from analytic_models.simulation.fcfs import NOTHING, Done, Jobs


class PrivateKernel:
    """Many single servers side by side, each with its own queue; a request takes one at random.

    A Poisson stream split at random is Poisson on every device, so this is a population of devices
    that send on their own.
    """

    def __init__(self, devices: int, rng: np.random.Generator) -> None:
        self._free = np.zeros(devices)
        self._rng = rng

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; every departure is decided at arrival."""
        if not jobs.arrive.size:
            return NOTHING
        owner = self._rng.integers(self._free.size, size=jobs.arrive.size)
        order = np.argsort(owner, kind="stable")
        mine, work = owner[order], jobs.work[order]
        first = np.flatnonzero(np.diff(mine, prepend=-1))
        start = jobs.arrive[order].copy()
        start[first] = np.maximum(start[first], self._free[mine[first]])
        # A gap that no backlog can bridge keeps the running maxima of the devices apart.
        origin = start.min()
        gap = float(start.max() - origin + work.sum() + 1.0)
        rank = np.cumsum(np.diff(mine, prepend=mine[0]) != 0)
        done = np.cumsum(work)
        slack = start - origin + gap * rank - (done - work)
        np.maximum.accumulate(slack, out=slack)
        depart = done + slack - gap * rank + origin
        last = np.append(first[1:] - 1, mine.size - 1)
        self._free[mine[last]] = depart[last]
        return Done(jobs.ids[order], depart, work)

    def finish(self) -> Done:
        """Return nothing: all departures are already known."""
        return NOTHING
