"""Simulate a route: one station after the other, in blocks, with progress and cancellation."""

from __future__ import annotations

__all__ = ["SimulationResult", "StationResult", "mean_of", "simulate_route", "summarise"]

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np

from analytic_models.errors import DesignError, Problem
from analytic_models.simulation.estimates import Batches, Ccdf, Estimate, batch_estimate
from analytic_models.simulation.fcfs import Floats, Ints
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.sampling import Flags, arrival_times
from analytic_models.simulation.stations import (
    Progress,
    Ticker,
    Visits,
    other_event_rate,
    serve,
)

_MOST_OTHER_EVENTS = 2e8
# Above this load a run of usual length has not seen enough busy periods to be trusted.
_NEAR_SATURATION = 0.97
_FEWEST_EFFECTIVE = 200
_LEVELS = (0.5, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class StationResult:
    """One station of a run, as the route's requests saw it after the warm-up.

    Attributes
    ----------
    name
        The station.
    utilisation_frac
        Work of all load, background included, over what the servers could do meanwhile; for a
        batching station the share of time in which a batch runs; for ``delay`` the mean number
        inside per server.
    wait_s
        Time inside minus the time in service (for ps and preemption: minus the request's work).
    sojourn_s
        Time inside.
    lost_frac
        Share of the requests that arrived here and were turned away.
    requests
        Requests counted.
    """

    name: str
    utilisation_frac: float
    wait_s: Estimate
    sojourn_s: Estimate
    lost_frac: float
    requests: int


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """Outcome of a run; every estimate carries the half width of its 95 % interval.

    Attributes
    ----------
    sojourn_s
        End-to-end times after the warm-up, in order of arrival, lost requests left out.
    mean_s, p50_s, p95_s, p99_s, p999_s
        Of the requests that were served.
    miss_frac
        Share of all requests that are lost or later than the deadline; nan without a deadline.
    lost_frac
        Share of all requests that are lost.
    stations
        In the order of the route.
    throughput_per_s
        Served requests per second.
    seed, requests, warmup_requests, elapsed_s
        How the run was made.
    effective_samples
        Number of independent samples that would give the mean as precisely.
    unsteady
        Signs that the run is not in steady state; its intervals are then too narrow.
    branch
        Branch of the route that each of ``sojourn_s`` took; all 0 where it has one only.
    """

    sojourn_s: Floats = field(repr=False)
    mean_s: Estimate
    p50_s: Estimate
    p95_s: Estimate
    p99_s: Estimate
    p999_s: Estimate
    miss_frac: Estimate
    lost_frac: Estimate
    stations: tuple[StationResult, ...]
    throughput_per_s: float
    seed: int
    requests: int
    warmup_requests: int
    elapsed_s: float
    effective_samples: float
    unsteady: tuple[str, ...]
    batches: Batches = field(repr=False)
    branch: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    @property
    def steady(self) -> bool:
        """Whether nothing speaks against steady state."""
        return not self.unsteady

    def ccdf(self, points: Floats) -> Ccdf:
        """Share of the served requests that take longer than each point (seconds)."""
        return self.batches.ccdf(np.asarray(points, dtype=np.float64))


def _checked(
    route: Route, arrivals: Arrivals, requests: int, warmup_frac: float, batches: int
) -> None:
    problems = []
    if not 0 <= warmup_frac < 1:
        problems.append(Problem("simulation.warmup_frac", f"is {warmup_frac!r}", "0 to below 1"))
    if batches < 2:
        problems.append(Problem("simulation.batches", f"is {batches!r}", "2 or more"))
    elif requests * (1 - warmup_frac) < 10 * batches:
        allowed = "at least 10 counted requests per batch"
        problems.append(Problem("simulation.requests", f"is {requests!r}", allowed))
    for station in route.stations:
        count = other_event_rate(station) / arrivals.rate_per_s * requests
        if count > _MOST_OTHER_EVENTS:
            text = f"its background and changes of speed bring {count:.2g} events"
            allowed = f"up to {_MOST_OTHER_EVENTS:.0e}"
            problems.append(Problem(f"station {station.name}", text, allowed))
    if problems:
        raise DesignError(problems)


class _Run:
    """The state of one run: where every request is, and when it will be free to go on."""

    def __init__(
        self, route: Route, arrivals: Arrivals, requests: int, seed: int, warmup: int
    ) -> None:
        self.route = route
        seeds = np.random.SeedSequence(seed).spawn(2 + 2 * len(route.stations))
        self._rngs = [np.random.default_rng(child) for child in seeds]
        self._sources = arrivals.sources
        self.arrive, self.counted, self._source = arrival_times(arrivals, self._rngs[0], requests)
        self.counted[:warmup] = False
        self.counted_from = float(self.arrive[warmup])
        self.now = self.arrive.copy()
        shares = np.array([branch.probability for branch in route.branches])
        self.branch: Ints | None = None
        if shares.size > 1:
            edges = np.cumsum(shares)[:-1]
            self.branch = np.searchsorted(edges, self._rngs[1].random(requests), side="right")
        asked = np.array([branch.counted for branch in route.branches])
        self.counted &= asked[0] if self.branch is None else asked[self.branch]

    def _visitors(self, name: str) -> tuple[Ints | slice, Floats | float, Ints | None]:
        """Return who visits a station, after which delay, and by which branch."""
        branches = self.route.branches
        before = [
            branch.delays_s[branch.stations.index(name)] if name in branch.stations else math.nan
            for branch in branches
        ]
        lost = np.isnan(self.now)
        if self.branch is None and not lost.any():
            return slice(None), before[0], None
        which = np.zeros(lost.size, np.int64) if self.branch is None else self.branch
        delay = np.array(before)[which]
        who = np.flatnonzero(~(lost | np.isnan(delay)))
        return who, delay[who], which[who]

    def visit(self, place: int, batches: int, tick: Ticker) -> StationResult:
        """Take everybody who goes there through one station."""
        station = self.route.stations[place]
        who, delay, which = self._visitors(station.name)
        arrive = self.now[who] + delay
        if not arrive.size:
            nothing = Estimate(math.nan, math.nan)
            return StationResult(station.name, 0.0, nothing, nothing, math.nan, 0)
        order: Ints | slice = slice(None)
        if bool(np.any(arrive[1:] < arrive[:-1])):
            order = np.argsort(arrive, kind="stable")
        laws = [branch.services.get(station.name, station.service) for branch in self.branches]
        level: int | Ints = station.priority
        if which is not None:
            if any(branch.level for branch in self.branches):
                levels = np.array([branch.level for branch in self.branches])
                level = station.priority + levels[which][order]
            which = None if len(set(laws)) == 1 else which[order]
        if station.discipline == "private":
            level = self._queue(station.servers, 2 + 2 * place)[who][order]
        visits = Visits(arrive[order], laws, which, level)
        streams = (self._rngs[2 + 2 * place], self._rngs[3 + 2 * place])
        utilisation = serve(station, visits, self.counted_from, streams, tick)
        depart = np.empty_like(arrive)
        depart[order] = visits.depart
        self.now[who] = depart
        counted = self.counted[who][order]
        return _station_result(station, visits, counted, utilisation, batches)

    def _queue(self, servers: int, stream: int) -> Ints:
        """Return the private queue of every request: its source's own, or one at random."""
        if self._sources >= servers:
            return self._source % servers
        return self._rngs[stream + 1].integers(servers, size=self._source.size)

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The ways through the route."""
        return self.route.branches

    def rate_per_s(self) -> float:
        """Return the rate at which requests arrived."""
        return (self.arrive.size - 1) / float(self.arrive[-1] - self.arrive[0])

    def leave(self) -> Floats:
        """Return the end-to-end times of all requests, nan for lost ones."""
        last = np.array([branch.delays_s[-1] for branch in self.branches])
        last_delay: Floats = last[:1] if self.branch is None else last[self.branch]
        return self.now - self.arrive + last_delay


def _station_result(
    station: Station, visits: Visits, counted: Flags, utilisation: float, batches: int
) -> StationResult:
    served = counted & ~np.isnan(visits.depart)
    sojourn = visits.depart[served] - visits.arrive[served]
    wait = sojourn - visits.held[served]
    requests = int(counted.sum())
    lost = 1 - sojourn.size / requests if requests else math.nan
    return StationResult(
        station.name, utilisation, mean_of(wait, batches), mean_of(sojourn, batches), lost, requests
    )


def mean_of(samples: Floats, batches: int) -> Estimate:
    """Return the mean with the half width from consecutive batches; nan for no samples."""
    if not samples.size:
        return Estimate(math.nan, math.nan)
    size = samples.size // batches
    if not size:
        return Estimate(float(samples.mean()), math.inf)
    means = samples[samples.size - size * batches :].reshape(batches, size).mean(axis=1)
    return batch_estimate(float(means.mean()), means)


def _near_saturation(route: Route, stations: tuple[StationResult, ...]) -> tuple[str, ...]:
    return tuple(
        f"{station.name} is at {result.utilisation_frac:.1%} of its capacity"
        for station, result in zip(route.stations, stations, strict=True)
        if station.discipline in ("fcfs", "ps", "modulated", "priority")
        and result.utilisation_frac >= _NEAR_SATURATION
    )


def summarise(
    sojourn: Floats,
    deadline_s: float,
    batches: int,
    *,
    stations: tuple[StationResult, ...],
    throughput_per_s: float,
    seed: int,
    requests: int,
    warmup_requests: int,
    elapsed_s: float,
    warnings: tuple[str, ...],
) -> SimulationResult:
    """Turn the end-to-end times after the warm-up (nan: lost) into estimates.

    Raises
    ------
    DesignError
        If hardly any request was served.
    """
    lost = np.isnan(sojourn)
    served = sojourn[~lost] if lost.any() else sojourn
    if served.size < batches:
        raise DesignError(Problem("simulation", "hardly any request was served"))
    found = Batches(served, batches)
    p50, p95, p99, p999 = found.quantiles(_LEVELS)
    late = (lost | (sojourn > deadline_s)).astype(np.float64)
    asked = not math.isnan(deadline_s)
    worth = found.effective_samples()
    few = f"the run is worth only {worth:.0f} independent requests"
    return SimulationResult(
        sojourn_s=served,
        mean_s=found.mean(),
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        p999_s=p999,
        miss_frac=mean_of(late, batches) if asked else Estimate(math.nan, math.nan),
        lost_frac=mean_of(lost.astype(np.float64), batches),
        stations=stations,
        throughput_per_s=throughput_per_s,
        seed=seed,
        requests=requests,
        warmup_requests=warmup_requests,
        elapsed_s=elapsed_s,
        effective_samples=worth,
        unsteady=found.unsteady() + ((few,) if worth < _FEWEST_EFFECTIVE else ()) + warnings,
        batches=found,
    )


def simulate_route(
    route: Route,
    arrivals: Arrivals,
    requests: int = 1_000_000,
    seed: int = 1,
    deadline_s: float = math.nan,
    warmup_frac: float = 0.1,
    batches: int = 20,
    progress: Progress | None = None,
) -> SimulationResult:
    """Simulate the first ``requests`` requests through a route that starts empty.

    Parameters
    ----------
    route, arrivals
        What is simulated.
    requests
        Number of requests, the warm-up included.
    seed
        Same seed, same result. Arrivals, branches and each station have their own random stream,
        so a change at one station leaves the others' draws as they are.
    deadline_s
        For the share of late requests; nan: not asked.
    warmup_frac
        Share of the requests at the start that is not counted.
    batches
        Number of batches for the confidence intervals.
    progress
        Called with the share of the work that is done, about 40 times; False stops the run.

    Returns
    -------
    SimulationResult
        Times in seconds.

    Raises
    ------
    DesignError
        If the run is too short for its batches, or background load makes it too long.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> from analytic_models.simulation.parts import Service
    >>> edge = Station("edge", service=Service("exponential", 0.5))
    >>> result = simulate_route(Route((edge,)), Arrivals("poisson", 1.0), requests=200_000)
    >>> result.mean_s.covers(1.0)
    True
    """
    started = time.perf_counter()
    _checked(route, arrivals, requests, warmup_frac, batches)
    run = _Run(route, arrivals, requests, seed, int(requests * warmup_frac))
    share = {
        station.name: math.fsum(b.probability for b in route.branches if station.name in b.stations)
        for station in route.stations
    }
    tick = Ticker(progress, max(requests * math.fsum(share.values()), 1.0))
    stations = tuple(run.visit(place, batches, tick) for place in range(len(route.stations)))
    sojourn = run.leave()
    result = summarise(
        sojourn[run.counted],
        deadline_s,
        batches,
        stations=stations,
        throughput_per_s=(1 - float(np.isnan(sojourn).mean())) * run.rate_per_s(),
        seed=seed,
        requests=requests,
        warmup_requests=int(requests * warmup_frac),
        elapsed_s=time.perf_counter() - started,
        warnings=_near_saturation(route, stations),
    )
    served = run.counted & ~np.isnan(sojourn)
    branch = np.zeros(result.sojourn_s.size, np.int64) if run.branch is None else run.branch[served]
    return replace(result, branch=branch)
