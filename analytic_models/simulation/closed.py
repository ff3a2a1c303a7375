"""Closed loop: a fixed number of clients, each waiting for its answer before it thinks again.

Arrivals depend on departures here, so the stations are small event-driven machines on one clock.
"""

from __future__ import annotations

__all__ = ["simulate_closed"]

import math
import time
from collections import deque
from heapq import heappop, heappush, heapreplace
from typing import Protocol

import numpy as np

from analytic_models.errors import DesignError, Problem
from analytic_models.simulation.batching import Decoder
from analytic_models.simulation.estimates import Estimate
from analytic_models.simulation.fcfs import Floats
from analytic_models.simulation.network import Route, Station
from analytic_models.simulation.parts import BatchTime, Service, TokenServing
from analytic_models.simulation.run import SimulationResult, StationResult, mean_of, summarise
from analytic_models.simulation.sampling import draw, draw_tokens
from analytic_models.simulation.stations import Progress, Ticker

_DRAWN_AT_ONCE = 4096
# Simultaneous events: everybody arrives before a server looks at its queue.
_ARRIVE, _LOOK = 0, 1


class _Machine(Protocol):
    """A station on the common clock."""

    def arrive(self, now: float, client: int) -> None: ...

    def look(self, now: float, stamp: int) -> list[tuple[int, float]]: ...


class _Clock:
    """The calendar of events: (time, rank, number, machine or -1, client or stamp)."""

    def __init__(self) -> None:
        self.events: list[tuple[float, int, int, int, int]] = []
        self._count = 0

    def at(self, when: float, rank: int, machine: int, what: int) -> None:
        self._count += 1
        heappush(self.events, (when, rank, self._count, machine, what))


class _Drawn:
    """Service times of one law, drawn in blocks and handed out one at a time."""

    def __init__(self, law: Service, rng: np.random.Generator) -> None:
        self._law = law
        self._rng = rng
        self._ready: list[float] = []

    def __call__(self) -> float:
        if not self._ready:
            self._ready = draw(self._law, self._rng, _DRAWN_AT_ONCE).tolist()
        return self._ready.pop()


class _Fcfs:
    def __init__(self, clock: _Clock, me: int, servers: float, work: _Drawn) -> None:
        self._clock, self._me, self._work = clock, me, work
        self._free = [] if math.isinf(servers) else [0.0] * int(servers)
        self._held: dict[int, float] = {}

    def arrive(self, now: float, client: int) -> None:
        work = self._work()
        self._held[client] = work
        leave = now + work
        if self._free:
            leave = max(now, self._free[0]) + work
            heapreplace(self._free, leave)
        self._clock.at(leave, _ARRIVE, self._me, client)

    def look(self, now: float, stamp: int) -> list[tuple[int, float]]:
        return [(stamp, self._held[stamp])]


class _Sharing:
    def __init__(self, clock: _Clock, me: int, servers: int, work: _Drawn) -> None:
        self._clock, self._me, self._servers, self._work = clock, me, servers, work
        self._inside: list[tuple[float, int, float]] = []
        self._now, self._virtual, self._stamp = 0.0, 0.0, 0

    def _slowdown(self) -> float:
        return max(len(self._inside) / self._servers, 1.0)

    def _plan(self) -> None:
        self._stamp += 1
        if self._inside:
            then = self._now + (self._inside[0][0] - self._virtual) * self._slowdown()
            self._clock.at(then, _ARRIVE, self._me, self._stamp)

    def arrive(self, now: float, client: int) -> None:
        if self._inside:
            self._virtual += (now - self._now) / self._slowdown()
        else:
            self._virtual = 0.0
        self._now = now
        work = self._work()
        heappush(self._inside, (self._virtual + work, client, work))
        self._plan()

    def look(self, now: float, stamp: int) -> list[tuple[int, float]]:
        if stamp != self._stamp:
            return []
        self._virtual, client, work = heappop(self._inside)
        self._now = now
        self._plan()
        return [(client, work)]


class _Batching:
    def __init__(self, clock: _Clock, me: int, servers: int, batch: BatchTime) -> None:
        self._clock, self._me, self._batch = clock, me, batch
        self._idle = servers
        self._stamp = 0
        self._waiting: deque[int] = deque()
        self._running: dict[int, tuple[list[int], float]] = {}

    def arrive(self, now: float, client: int) -> None:
        self._waiting.append(client)
        self._clock.at(now, _LOOK, self._me, 0)

    def look(self, now: float, stamp: int) -> list[tuple[int, float]]:
        gone: list[tuple[int, float]] = []
        if stamp:
            members, span = self._running.pop(stamp)
            self._idle += 1
            gone = [(client, span) for client in members]
            self._clock.at(now, _LOOK, self._me, 0)
        elif self._idle and self._waiting:
            size = int(min(len(self._waiting), self._batch.limit))
            span = self._batch.per_request_s * size + self._batch.fixed_s
            self._stamp += 1
            self._idle -= 1
            self._running[self._stamp] = ([self._waiting.popleft() for _ in range(size)], span)
            self._clock.at(now + span, _ARRIVE, self._me, self._stamp)
        return gone


class _Tokens:
    def __init__(
        self, clock: _Clock, me: int, serving: TokenServing, rng: np.random.Generator
    ) -> None:
        self._clock, self._me, self._serving, self._rng = clock, me, serving, rng
        self._decoder = Decoder(serving)
        self._lengths: list[tuple[int, int]] = []
        self._stamp = 0
        self._running = False

    def _length(self) -> tuple[int, int]:
        if not self._lengths:
            prompts = draw_tokens(self._serving.prompt, self._rng, _DRAWN_AT_ONCE).tolist()
            outputs = draw_tokens(self._serving.output, self._rng, _DRAWN_AT_ONCE).tolist()
            self._lengths = list(zip(prompts, outputs, strict=True))
        return self._lengths.pop()

    def _plan(self) -> None:
        self._stamp += 1
        self._clock.at(self._decoder.end(), _ARRIVE, self._me, self._stamp)

    def arrive(self, now: float, client: int) -> None:
        alone = not self._decoder.waiting
        self._decoder.waiting.append((client, *self._length()))
        if not self._running:
            self._clock.at(now, _LOOK, self._me, 0)
        elif alone:
            self._decoder.shorten(now)
            self._plan()

    def look(self, now: float, stamp: int) -> list[tuple[int, float]]:
        decoder = self._decoder
        if stamp and stamp == self._stamp:
            self._running = False
            self._clock.at(now, _LOOK, self._me, 0)
            return decoder.complete()
        if not stamp and not self._running:
            refused = decoder.begin(now)
            if refused:
                text = "a closed loop cannot lose the requests that exceed it"
                raise DesignError(Problem("serving.kv_limit_token", text))
            if decoder.active:
                self._running = True
                self._plan()
        return []


def _machine(station: Station, me: int, clock: _Clock, rng: np.random.Generator) -> _Machine:
    if station.discipline == "batch" and station.batch is not None:
        return _Batching(clock, me, station.servers, station.batch)
    if station.discipline == "continuous-batching" and station.serving is not None:
        return _Tokens(clock, me, station.serving, rng)
    if station.service is not None:
        work = _Drawn(station.service, rng)
        if station.discipline == "ps":
            return _Sharing(clock, me, station.servers, work)
        servers = math.inf if station.discipline == "delay" else station.servers
        return _Fcfs(clock, me, servers, work)
    raise DesignError(Problem(f"station {station.name}", "draws no service times"))


def _checked(route: Route, clients: int, requests: int, batches: int) -> None:
    supported = ("fcfs", "ps", "batch", "continuous-batching", "delay")
    problems = []
    for station in route.stations:
        path = f"station {station.name}"
        if station.discipline not in supported:
            text = f"{station.discipline} in a closed loop"
            problems.append(Problem(f"{path}.discipline", text, ", ".join(supported)))
        for option in ("background", "capacity", "modulation", "retry_frac"):
            if getattr(station, option):
                problems.append(Problem(f"{path}.{option}", "in a closed loop", "nothing"))
    if any(branch.services for branch in route.branches):
        problems.append(Problem("route.branches", "own services in a closed loop", "none"))
    if clients < 1:
        problems.append(Problem("clients", f"is {clients!r}", "1 or more"))
    if requests < 20 * batches:
        problems.append(Problem("simulation.requests", f"is {requests!r}", "20 or more per batch"))
    if problems:
        raise DesignError(problems)


class _Loop:
    """The clients of a closed loop and where each of them is."""

    def __init__(self, route: Route, clients: int, think: Service | None, seed: int) -> None:
        visited = {name for branch in route.branches for name in branch.stations}
        stations = [s for s in route.stations if s.name in visited]
        seeds = np.random.SeedSequence(seed).spawn(2 + len(stations))
        rngs = [np.random.default_rng(child) for child in seeds]
        self.clock = _Clock()
        self.machines = [
            _machine(station, me, self.clock, rng)
            for me, (station, rng) in enumerate(zip(stations, rngs[1:-1], strict=True))
        ]
        self.stations = stations
        place = {station.name: me for me, station in enumerate(stations)}
        self._ways = [
            ([place[name] for name in branch.stations], branch.delays_s)
            for branch in route.branches
        ]
        self._edges = np.cumsum([branch.probability for branch in route.branches])[:-1]
        self._choose, self._chosen = rngs[-1], list[int]()
        self._way = [0] * clients
        self._think = None if think is None else _Drawn(think, rngs[0])
        self._stage = [0] * clients
        self._sent = [0.0] * clients
        self._came = [0.0] * clients
        self.sojourns: list[float] = []
        self.ends: list[float] = []
        self.visits: list[list[tuple[float, float]]] = [[] for _ in stations]
        for client in range(clients):
            self._send(0.0, client)

    def _send(self, now: float, client: int) -> None:
        if self._think is not None:
            now += self._think()
        self._sent[client] = now
        self._stage[client] = 0
        if len(self._ways) > 1:
            self._way[client] = self._next_way()
        self.clock.at(now + self._ways[self._way[client]][1][0], _ARRIVE, -1, client)

    def _next_way(self) -> int:
        """Return the branch of a new request."""
        if not self._chosen:
            chance = self._choose.random(_DRAWN_AT_ONCE)
            self._chosen = np.searchsorted(self._edges, chance, side="right").tolist()
        return self._chosen.pop()

    def step(self) -> None:
        """Handle the next event."""
        now, _, _, machine, what = heappop(self.clock.events)
        if machine < 0:
            stage, way = self._stage[what], self._ways[self._way[what]][0]
            if stage == len(way):
                self.sojourns.append(now - self._sent[what])
                self.ends.append(now)
                self._send(now, what)
            else:
                self._came[what] = now
                self.machines[way[stage]].arrive(now, what)
            return
        for client, held in self.machines[machine].look(now, what):
            self.visits[machine].append((now - self._came[client], held))
            self._stage[client] += 1
            delay = self._ways[self._way[client]][1][self._stage[client]]
            self.clock.at(now + delay, _ARRIVE, -1, client)


def simulate_closed(
    route: Route,
    clients: int,
    think: Service | None = None,
    requests: int = 200_000,
    seed: int = 1,
    deadline_s: float = math.nan,
    warmup_frac: float = 0.1,
    batches: int = 20,
    progress: Progress | None = None,
) -> SimulationResult:
    """Simulate ``clients`` clients that send, wait for the answer, think, and send again.

    Parameters
    ----------
    route
        Stations of discipline fcfs, ps, batch, continuous-batching or delay; every request takes a
        branch at random.
    clients
        Number of clients.
    think
        Law of the time between an answer and the next request; None: none.
    requests
        Number of answers to collect, the warm-up included.
    seed, deadline_s, warmup_frac, batches, progress
        As for :func:`simulate_route`.

    Returns
    -------
    SimulationResult
        In order of completion. For batching stations the utilisation is nan.

    Raises
    ------
    DesignError
        If a station or option has no meaning in a closed loop, or the run is too short.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> from analytic_models.simulation.network import Station
    >>> line = Route((Station("edge", service=Service("deterministic", 1.0)),))
    >>> round(simulate_closed(line, clients=3, requests=1000).throughput_per_s, 6)
    1.0
    """
    started = time.perf_counter()
    _checked(route, clients, requests, batches)
    loop = _Loop(route, clients, think, seed)
    tick = Ticker(progress, requests)
    chunk = max(requests // 80, 1)
    while len(loop.sojourns) < requests:
        goal = min(len(loop.sojourns) + chunk, requests)
        before = len(loop.sojourns)
        while len(loop.sojourns) < goal:
            loop.step()
        tick(len(loop.sojourns) - before)
    warmup = int(requests * warmup_frac)
    sojourn = np.array(loop.sojourns)[warmup:]
    ends = np.array(loop.ends)
    span = float(ends[-1] - ends[warmup])
    rate = (requests - 1 - warmup) / span if span > 0 else math.nan
    stations = tuple(
        _station_result(station, np.array(visits), warmup_frac, span, batches)
        for station, visits in zip(loop.stations, loop.visits, strict=True)
    )
    return summarise(
        sojourn,
        deadline_s,
        batches,
        stations=stations,
        throughput_per_s=rate,
        seed=seed,
        requests=requests,
        warmup_requests=warmup,
        elapsed_s=time.perf_counter() - started,
        warnings=(),
    )


def _station_result(
    station: Station, visits: Floats, warmup_frac: float, span: float, batches: int
) -> StationResult:
    visits = visits.reshape(-1, 2)
    sojourn, held = visits[int(len(visits) * warmup_frac) :].T
    if not sojourn.size:
        nothing = Estimate(math.nan, math.nan)
        return StationResult(station.name, 0.0, nothing, nothing, math.nan, 0)
    wait: Estimate = mean_of(sojourn - held, batches)
    batching = station.discipline in ("batch", "continuous-batching")
    busy = float(held.sum()) / (span * station.servers) if span > 0 else math.nan
    share = math.nan if batching else busy
    return StationResult(
        station.name, share, wait, mean_of(sojourn, batches), 0.0, int(sojourn.size)
    )
