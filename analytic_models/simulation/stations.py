"""One station of a run: blocks of arrivals in, departures out, background load merged in."""

from __future__ import annotations

__all__ = [
    "Progress",
    "SimulationCancelled",
    "Ticker",
    "Visits",
    "make_kernel",
    "other_event_rate",
    "serve",
]

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from analytic_models.errors import EcccError
from analytic_models.simulation.batching import BatchKernel, DealtBatchKernel, TokenKernel
from analytic_models.simulation.fcfs import (
    Done,
    ElasticKernel,
    FcfsKernel,
    Floats,
    Ints,
    Jobs,
    Kernel,
    LossKernel,
    PrivateKernel,
)
from analytic_models.simulation.network import Station
from analytic_models.simulation.parts import Service
from analytic_models.simulation.priority import PriorityKernel
from analytic_models.simulation.retry import RetryKernel
from analytic_models.simulation.sampling import draw
from analytic_models.simulation.sharing import ModulatedKernel, SharingKernel, SpeedClock

# Blocks of 8k to 32k doubles stay in the second-level cache.
_BLOCK = 16384
_CALLS = 40

Progress: TypeAlias = Callable[[float], bool]


class SimulationCancelled(EcccError):
    """The progress callback asked to stop."""


class Ticker:
    """Calls the progress callback at equal steps of the work and stops the run on False."""

    def __init__(self, progress: Progress | None, total: float) -> None:
        self._progress = progress
        self._total = total
        self._done = 0.0
        self._next = 1

    def __call__(self, amount: float) -> None:
        """Note ``amount`` of work.

        Raises
        ------
        SimulationCancelled
            If the callback returns False.
        """
        self._done += amount
        share = min(self._done / self._total, 1.0)
        if self._progress is not None and share * _CALLS >= self._next:
            self._next = math.floor(share * _CALLS) + 1
            if not self._progress(share):
                raise SimulationCancelled(f"cancelled at {share:.0%}")


def make_kernel(station: Station, rng: np.random.Generator) -> Kernel:
    """Return the machine that simulates one station (``delay`` has none)."""
    kernel: Kernel
    if station.discipline == "batch" and station.batch is not None:
        return BatchKernel(station.batch, station.servers)
    if station.discipline == "dealt-batch" and station.batch is not None:
        return DealtBatchKernel(station.batch, station.servers, rng)
    if station.discipline == "continuous-batching" and station.serving is not None:
        return TokenKernel(station.serving, rng)
    if station.discipline == "elastic" and station.cold_start is not None:
        cold = station.cold_start
        return ElasticKernel(station.servers, cold.start_s, cold.keep_alive_s)
    if station.discipline == "loss" and station.capacity is not None:
        return LossKernel(station.servers, station.capacity)
    if station.discipline == "private":
        return PrivateKernel(station.servers)
    if station.discipline == "priority":
        return PriorityKernel(station.servers, station.preemptive)
    if station.discipline == "ps":
        limit = math.inf if station.capacity is None else station.capacity
        kernel = SharingKernel(station.servers, limit)
    elif station.retry_frac > 0 and station.service is not None:
        redraw = partial(draw, station.service, rng)
        kernel = RetryKernel(station.servers, station.retry_frac, redraw, rng)
    else:
        kernel = FcfsKernel(station.servers)
    if station.modulation is None:
        return kernel
    return ModulatedKernel(kernel, SpeedClock(station.modulation, rng))


def other_event_rate(station: Station) -> float:
    """Return how many background requests and changes of speed a second brings."""
    rate = math.fsum(other.rate_per_s for other in station.background)
    if station.modulation is not None:
        dwell = station.modulation.dwell_s
        rate += len(dwell) / math.fsum(dwell)
    return rate


class Visits:
    """The requests of the route at one station, in order of their arrival there.

    Parameters
    ----------
    arrive
        Ascending arrival times in seconds, shape ``(n,)``.
    laws
        Service law of each branch.
    which
        Branch of each visit, shape ``(n,)``; None if all follow the first law.
    level
        Priority of all visits, or the private queue of each, shape ``(n,)``.
    """

    def __init__(
        self,
        arrive: Floats,
        laws: list[Service | None],
        which: Ints | None,
        level: int | Ints,
    ) -> None:
        self.arrive = arrive
        self._level = level
        self._laws = laws
        self._which = which
        self.depart = np.full(arrive.size, math.nan)
        self.held = np.zeros(arrive.size)

    def block(self, begin: int, end: int, rng: np.random.Generator) -> Jobs:
        """Return a block of visits with newly drawn work, each from the law of its branch."""
        size = end - begin
        work = np.zeros(size)
        if self._which is None:
            work = self._drawn(0, size, rng)
        else:
            which = self._which[begin:end]
            for branch in range(len(self._laws)):
                chosen = np.flatnonzero(which == branch)
                work[chosen] = self._drawn(branch, chosen.size, rng)
        ids = np.arange(begin, end, dtype=np.int64)
        level = self._level
        same = np.full(size, level, np.int64) if isinstance(level, int) else level[begin:end]
        return Jobs(self.arrive[begin:end], work, ids, same)

    def _drawn(self, branch: int, size: int, rng: np.random.Generator) -> Floats:
        law = self._laws[branch]
        return np.zeros(size) if law is None else draw(law, rng, size)

    def note(self, done: Done) -> None:
        """Keep what became known about the route's own requests."""
        own = done.ids >= 0
        if bool(own.all()):
            ids, depart, held = done
        else:
            ids, depart, held = done.ids[own], done.depart[own], done.held[own]
        self.depart[ids] = depart
        self.held[ids] = held


def _with_background(jobs: Jobs, station: Station, since: float, rng: np.random.Generator) -> Jobs:
    """Merge the other load of the station between ``since`` and the block's last arrival."""
    until = float(jobs.arrive[-1])
    parts = [jobs]
    for other in station.background:
        count = int(rng.poisson(other.rate_per_s * (until - since)))
        arrive = since + np.sort(rng.random(count)) * (until - since)
        ids = np.full(count, -1, np.int64)
        level = np.full(count, other.priority, np.int64)
        parts.append(Jobs(arrive, draw(other.service, rng, count), ids, level))
    merged = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    order = np.argsort(merged[0], kind="stable")
    return Jobs(*(column[order] for column in merged))


class _Busy:
    """Adds up the service given after the warm-up, and when the last of it ended."""

    def __init__(self, counted_from: float) -> None:
        self._from = counted_from
        self.service_s = 0.0
        self.last = counted_from

    def note(self, done: Done) -> None:
        counted = done.depart > self._from
        if counted.any():
            self.service_s += float(done.held[counted].sum())
            self.last = max(self.last, float(done.depart[counted].max()))

    def share(self, kernel: Kernel | None, servers: int) -> float:
        if isinstance(kernel, BatchKernel | TokenKernel):
            # A batch serves many at once: its own clock, over the whole run.
            return kernel.busy_s / (servers * self.last)
        span = self.last - self._from
        return self.service_s / (servers * span) if span > 0 else math.nan


def serve(
    station: Station,
    visits: Visits,
    counted_from: float,
    streams: tuple[np.random.Generator, np.random.Generator],
    tick: Ticker,
) -> float:
    """Run all visits through a station, filling in their departures.

    Parameters
    ----------
    station
        Where.
    visits
        At least one.
    counted_from
        End of the warm-up, seconds.
    streams
        Random numbers for the visits' work, and for everything else at the station.
    tick
        Told the number of visits after each block.

    Returns
    -------
    float
        Utilisation after the warm-up.

    Raises
    ------
    SimulationCancelled
        If the progress callback returned False.
    """
    own_rng, other_rng = streams
    kernel = None if station.discipline == "delay" else make_kernel(station, other_rng)
    busy = _Busy(counted_from)
    total = visits.arrive.size
    others = other_event_rate(station) * float(visits.arrive[-1])
    block = max(int(min(_BLOCK, total / (2 * _CALLS)) * total / (total + others)), 1)
    since = 0.0
    for begin in range(0, total, block):
        jobs = visits.block(begin, min(begin + block, total), own_rng)
        count = jobs.arrive.size
        if station.background:
            until = float(jobs.arrive[-1])
            jobs = _with_background(jobs, station, since, other_rng)
            since = until
        done = Done(jobs.ids, jobs.arrive + jobs.work, jobs.work)
        if kernel is not None:
            done = kernel.feed(jobs)
        visits.note(done)
        busy.note(done)
        tick(count)
    if kernel is not None:
        done = kernel.finish()
        visits.note(done)
        busy.note(done)
    return busy.share(kernel, station.servers)
