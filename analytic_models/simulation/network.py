"""What is simulated: arrival streams, stations and the route through them.

Frozen value objects; each checks itself when it is made and reports every fault at once. Times are
seconds, rates are per second. Nothing here knows a queueing formula.
"""

from __future__ import annotations

__all__ = ["Arrivals", "Branch", "Route", "Station"]

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analytic_models.errors import Problem
from analytic_models.simulation.parts import (
    SERVICE_KINDS,
    Background,
    BatchTime,
    ColdStart,
    Modulation,
    Service,
    TokenServing,
    need_not_negative,
    need_positive,
    need_possible_scv,
    refuse,
)

ARRIVAL_KINDS = ("poisson", "periodic", "synchronised", "renewal")
DISCIPLINES = (
    "fcfs",
    "ps",
    "batch",
    "dealt-batch",
    "continuous-batching",
    "modulated",
    "priority",
    "loss",
    "elastic",
    "private",
    "delay",
)
# Disciplines whose service times are drawn from the station's own service law.
_DRAWN = ("fcfs", "ps", "modulated", "priority", "loss", "elastic", "private", "delay")
_TAKES_BACKGROUND = ("fcfs", "ps", "modulated", "priority", "loss")


@dataclass(frozen=True)
class Arrivals:
    """The stream of requests that enters the route.

    Parameters
    ----------
    kind
        ``poisson``; ``periodic``: every source sends once per period at its own random phase (the
        phases are drawn anew every few periods, so that a run averages over them);
        ``synchronised``: all sources send at the same instant; ``renewal``: every source sends
        with independent gaps.
    rate_per_s
        Rate of all sources together.
    sources
        Number of sources; the period of one source is ``sources / rate_per_s``.
    scv
        Squared coefficient of variation of a renewal source's gaps.
    gap_kind
        Law of a renewal source's gaps, one of the service kinds; left out: deterministic,
        gamma, exponential or hyperexponential, as ``scv`` is 0, below 1, 1 or above 1.
    spread_s
        Synchronised sources only: each request is late by a uniform time up to this.

    Raises
    ------
    DesignError
        If a field is out of range.
    """

    kind: str
    rate_per_s: float
    sources: int = 1
    scv: float = 1.0
    gap_kind: str = ""
    spread_s: float = 0.0

    def __post_init__(self) -> None:
        problems = need_positive("arrivals.rate_per_s", self.rate_per_s)
        problems += need_not_negative("arrivals.spread_s", self.spread_s)
        if self.kind not in ARRIVAL_KINDS:
            problems.append(Problem("arrivals.kind", f"is {self.kind!r}", ", ".join(ARRIVAL_KINDS)))
        if self.sources < 1:
            problems.append(Problem("arrivals.sources", f"is {self.sources!r}", "1 or more"))
        if self.spread_s and self.kind != "synchronised":
            problems.append(Problem("arrivals.spread_s", "is for synchronised sources", "0"))
        if not self.gap_kind:
            above = "hyperexponential" if self.scv > 1 else "gamma"
            kind = {0.0: "deterministic", 1.0: "exponential"}.get(self.scv, above)
            object.__setattr__(self, "gap_kind", kind)
        if self.kind == "renewal":
            if self.gap_kind not in SERVICE_KINDS:
                allowed = ", ".join(SERVICE_KINDS)
                problems.append(Problem("arrivals.gap_kind", f"is {self.gap_kind!r}", allowed))
            else:
                problems += need_possible_scv("arrivals.scv", self.gap_kind, self.scv)
        refuse(problems)

    @property
    def period_s(self) -> float:
        """Mean time between two requests of one source."""
        return self.sources / self.rate_per_s


@dataclass(frozen=True)
class Station:
    """One shared resource with a queue.

    Parameters
    ----------
    name
        Unique within a route.
    discipline
        ``fcfs``; ``ps`` (egalitarian sharing of ``servers`` units of speed, at most one per
        request); ``batch``; ``dealt-batch`` (requests dealt at random to ``servers``
        machines that batch on their own); ``continuous-batching``; ``modulated`` (FCFS at the
        speed of ``modulation``); ``priority``; ``loss`` (FCFS, at most ``capacity`` inside);
        ``elastic`` (see :class:`ColdStart`); ``private`` (``servers`` single servers with their
        own queues: source ``k`` always at number ``k`` modulo ``servers``, or each request at a
        random one if there are fewer sources than servers); ``delay`` (no queue).
    servers
        Number of parallel servers.
    service
        Law of the service time; not for the two batching disciplines.
    background
        Other load; for fcfs, ps, modulated, priority and loss.
    capacity
        Most requests inside, waiting ones included; for loss and ps.
    modulation
        For modulated; optional for ps.
    batch, serving, cold_start
        Parameters of batch, continuous-batching and elastic.
    priority, preemptive
        The route's own priority at a priority station (0 is served first), and whether a more
        urgent arrival interrupts (and the interrupted one later resumes).
    retry_frac
        At an fcfs station, the probability that a served request fails and rejoins the tail; its
        next service is drawn from ``service``.

    Raises
    ------
    DesignError
        If an option is missing, out of range, or given to a discipline that does not have it.
    """

    name: str
    discipline: str = "fcfs"
    servers: int = 1
    service: Service | None = None
    background: tuple[Background, ...] = ()
    capacity: int | None = None
    modulation: Modulation | None = None
    batch: BatchTime | None = None
    serving: TokenServing | None = None
    cold_start: ColdStart | None = None
    priority: int = 0
    preemptive: bool = False
    retry_frac: float = 0.0

    def __post_init__(self) -> None:
        at = f"station {self.name}"
        problems: list[Problem] = []
        if self.discipline not in DISCIPLINES:
            allowed = ", ".join(DISCIPLINES)
            refuse([Problem(f"{at}.discipline", f"is {self.discipline!r}", allowed)])
        if self.servers < 1:
            problems.append(Problem(f"{at}.servers", f"is {self.servers!r}", "1 or more"))
        if self.discipline == "continuous-batching" and self.servers != 1:
            problems.append(Problem(f"{at}.servers", "one engine only", "1"))
        # option: (disciplines that need it, disciplines that may have it)
        table: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
            "service": (_DRAWN, _DRAWN),
            "background": ((), _TAKES_BACKGROUND),
            "capacity": (("loss",), ("loss", "ps")),
            "modulation": (("modulated",), ("modulated", "ps")),
            "batch": (("batch", "dealt-batch"), ("batch", "dealt-batch")),
            "serving": (("continuous-batching",), ("continuous-batching",)),
            "cold_start": (("elastic",), ("elastic",)),
            "priority": ((), ("priority",)),
            "preemptive": ((), ("priority",)),
            "retry_frac": ((), ("fcfs",)),
        }
        for option, (needed, allowed_for) in table.items():
            given = getattr(self, option) not in (None, (), 0, False)
            if given and self.discipline not in allowed_for:
                problems.append(
                    Problem(f"{at}.{option}", f"has no meaning for {self.discipline}", "nothing")
                )
            if not given and self.discipline in needed:
                problems.append(Problem(f"{at}.{option}", f"is needed for {self.discipline}"))
        if not 0 <= self.retry_frac < 1:
            problems.append(Problem(f"{at}.retry_frac", f"is {self.retry_frac!r}", "0 to below 1"))
        if self.capacity is not None and self.capacity < self.servers:
            problems.append(Problem(f"{at}.capacity", "is below the servers", "servers or more"))
        refuse(problems)


@dataclass(frozen=True)
class Branch:
    """One way through the route, taken by a fixed share of the requests.

    Parameters
    ----------
    probability
        Share of the requests.
    stations
        Names of the stations visited, in the order of the route.
    delays_s
        Fixed delay before each station and one after the last; left out, all 0.
    services
        Station name to service law where this branch's work differs from the station's own.
    level
        Priority at stations that know one, 0 first; it adds to the station's own.
    counted
        Whether its requests are among those that are reported.
    """

    probability: float
    stations: tuple[str, ...]
    delays_s: tuple[float, ...] = ()
    services: Mapping[str, Service] = field(default_factory=dict)
    level: int = 0
    counted: bool = True

    def __post_init__(self) -> None:
        if not self.delays_s:
            object.__setattr__(self, "delays_s", (0.0,) * (len(self.stations) + 1))
        object.__setattr__(self, "services", MappingProxyType(dict(self.services)))
        problems: list[Problem] = []
        if not 0 <= self.probability <= 1:
            problems.append(Problem("branch.probability", f"is {self.probability!r}", "0 to 1"))
        if len(self.delays_s) != len(self.stations) + 1:
            allowed = f"{len(self.stations) + 1} values"
            problems.append(Problem("branch.delays_s", f"has {len(self.delays_s)}", allowed))
        for delay in self.delays_s:
            problems += need_not_negative("branch.delays_s", delay)
        problems += [
            Problem("branch.services", f"names {name!r}", "stations of the branch")
            for name in self.services
            if name not in self.stations
        ]
        refuse(problems)


@dataclass(frozen=True)
class Route:
    """Stations in series with fixed delays, and the branches that requests take through them.

    Every branch visits its stations in the order of ``stations``: the network is feed-forward.
    Early exits are branches that stop after a prefix; :meth:`tandem` builds them.

    Raises
    ------
    DesignError
        If names repeat or are unknown, a branch visits out of order, or shares do not sum to 1.
    """

    stations: tuple[Station, ...]
    branches: tuple[Branch, ...] = ()

    def __post_init__(self) -> None:
        names = [station.name for station in self.stations]
        if not self.branches:
            object.__setattr__(self, "branches", (Branch(1.0, tuple(names)),))
        problems: list[Problem] = []
        if len(set(names)) != len(names):
            problems.append(Problem("route.stations", "names repeat", "unique names"))
        place = {name: k for k, name in enumerate(names)}
        drawn = {station.name for station in self.stations if station.service is not None}
        for k, branch in enumerate(self.branches):
            at = f"route.branches[{k}]"
            unknown = [name for name in branch.stations if name not in place]
            if unknown:
                problems.append(Problem(at, f"unknown stations {unknown}", ", ".join(names)))
                continue
            order = [place[name] for name in branch.stations]
            if order != sorted(set(order)):
                problems.append(Problem(at, "visits out of order", "the order of the route"))
            problems += [
                Problem(f"{at}.services", f"{name} draws no service times", "another station")
                for name in branch.services
                if name not in drawn
            ]
        total = math.fsum(branch.probability for branch in self.branches)
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            problems.append(Problem("route.branches", f"shares sum to {total!r}", "1"))
        refuse(problems)

    @classmethod
    def tandem(
        cls,
        stations: Iterable[Station],
        delays_s: Iterable[float] = (),
        exits: Mapping[str, float] = MappingProxyType({}),
        exit_delays_s: Mapping[str, float] = MappingProxyType({}),
    ) -> Route:
        """Return a tandem with early exits.

        Parameters
        ----------
        stations
            Visited one after the other.
        delays_s
            Fixed delay before each station and one after the last; left out, all 0.
        exits
            Station name to the probability that a request which was served there leaves.
        exit_delays_s
            Station name to the fixed delay of the answer of a request that leaves there.

        Raises
        ------
        DesignError
            If an exit names no station or its probability is not between 0 and 1.

        Examples
        --------
        >>> edge = Station("edge", service=Service("exponential", 0.01))
        >>> cloud = Station("cloud", service=Service("exponential", 0.02))
        >>> route = Route.tandem([edge, cloud], exits={"edge": 0.25})
        >>> [(branch.probability, branch.stations) for branch in route.branches]
        [(0.25, ('edge',)), (0.75, ('edge', 'cloud'))]
        """
        line = tuple(stations)
        names = tuple(station.name for station in line)
        delays = tuple(delays_s) or (0.0,) * (len(line) + 1)
        allowed = ", ".join(names)
        problems = [
            Problem("route.exits", f"names {name!r}", allowed)
            for name in (*exits, *exit_delays_s)
            if name not in names
        ]
        problems += [
            Problem(f"route.exits.{name}", f"is {p!r}", "0 to 1")
            for name, p in exits.items()
            if not 0 <= p <= 1
        ]
        if len(delays) != len(line) + 1:
            problems.append(Problem("route.delays_s", f"has {len(delays)}", f"{len(line) + 1}"))
        refuse(problems)
        branches: list[Branch] = []
        staying = 1.0
        for k, name in enumerate(names, start=1):
            leaving = staying * exits.get(name, 0.0)
            if leaving > 0:
                back = (exit_delays_s.get(name, 0.0),)
                branches.append(Branch(leaving, names[:k], delays[:k] + back))
            staying -= leaving
        if staying > 0:
            branches.append(Branch(staying, names, delays))
        return cls(line, tuple(branches))
