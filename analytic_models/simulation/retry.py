"""A station whose services can fail: the request rejoins the tail of the queue."""

from __future__ import annotations

__all__ = ["RetryKernel"]

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np

from analytic_models.simulation.fcfs import Done, Floats, Jobs, done_of


class RetryKernel:
    """FCFS where a served request fails with a fixed probability and rejoins the tail.

    Parameters
    ----------
    servers
        Number of servers.
    retry_frac
        Probability that a service fails.
    redraw
        Returns that many new service times for the repetitions.
    rng
        Decides which services fail.
    """

    def __init__(
        self,
        servers: int,
        retry_frac: float,
        redraw: Callable[[int], Floats],
        rng: np.random.Generator,
    ) -> None:
        self._servers = servers
        self._retry = retry_frac
        self._redraw = redraw
        self._rng = rng
        self._works: list[float] = []
        self._coins: list[float] = []
        # running: (finish, id, work so far); waiting: (id, work so far, next work)
        self._running: list[tuple[float, int, float]] = []
        self._waiting: deque[tuple[int, float, float]] = deque()
        self._out: list[tuple[int, float, float]] = []

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; return the departures before its last arrival."""
        columns = (jobs.arrive, jobs.work, jobs.ids)
        for arrive, work, who in zip(*(c.tolist() for c in columns), strict=True):
            while self._running and self._running[0][0] <= arrive:
                self._complete()
            if len(self._running) < self._servers:
                heappush(self._running, (arrive + work, who, work))
            else:
                self._waiting.append((who, 0.0, work))
        return done_of(self._out)

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        while self._running:
            self._complete()
        return done_of(self._out)

    def _complete(self) -> None:
        now, who, held = heappop(self._running)
        if not self._coins:
            self._coins = self._rng.random(1024).tolist()
        if self._coins.pop() < self._retry:
            if not self._works:
                self._works = self._redraw(1024).tolist()
            self._waiting.append((who, held, self._works.pop()))
        else:
            self._out.append((who, now, held))
        if self._waiting:
            who, held, work = self._waiting.popleft()
            heappush(self._running, (now + work, who, held + work))
