"""Simulate a mix: classes of devices that share stations, each spread over several designs."""

from __future__ import annotations

__all__ = ["ClassRun", "MixRun", "Part", "mix_route", "simulate_mix"]

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytic_models.catalog import Catalog
from analytic_models.design import Case
from analytic_models.errors import DesignError, Problem
from analytic_models.simulation.case import case_route
from analytic_models.simulation.estimates import Batches, Estimate
from analytic_models.simulation.fcfs import Floats
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.parts import Service
from analytic_models.simulation.run import SimulationResult, mean_of, simulate_route
from analytic_models.simulation.stations import Progress

_ORDER = ("uplink", "edge", "backhaul", "cloud")
_BATCHES = 20
# Shares of a solver sum to 1 up to its rounding.
_SUM = 1e-6
# Whole devices may change the load of a device by this much before it is said.
_NOTICED = 0.02


@dataclass(frozen=True)
class Part:
    """The devices of one class that follow one design.

    Parameters
    ----------
    case
        Scenario of the class, all its devices included, and the design.
    share
        Share of the devices that follow it, above 0.
    owner
        Number of the class, from 0.
    """

    case: Case
    share: float
    owner: int = 0


@dataclass(frozen=True)
class ClassRun:
    """What the requests of one class went through; times in seconds.

    Attributes
    ----------
    mean_s, p95_s, p99_s
        Of the requests of this class that were served.
    miss_frac
        Share of them that are later than the deadline of the class.
    requests
        Requests counted.
    """

    mean_s: Estimate
    p95_s: Estimate
    p99_s: Estimate
    miss_frac: Estimate
    requests: int


@dataclass(frozen=True, eq=False)
class MixRun:
    """A run of a mix: all requests together, every class, and what was rounded to whole devices."""

    whole: SimulationResult
    classes: tuple[ClassRun, ...]
    rounded: tuple[str, ...]


def mix_route(
    parts: Sequence[Part],
    queues: Literal["scenario", "shared"] = "scenario",
    catalog: Catalog | None = None,
) -> tuple[Route, Arrivals, tuple[int, ...], tuple[str, ...]]:
    """Return one route with a branch per design, the arrivals, and what belongs to which class.

    Parameters
    ----------
    parts
        The mix; shares sum to 1 within every class.
    queues
        ``"scenario"``: the shared stations serve as the scenarios say. ``"shared"``: they share
        their processors, as the laws of a mix assume.

    Returns
    -------
    Route, arrivals, the class of every branch, and remarks about rounding to whole devices.

    Raises
    ------
    DesignError
        If shares do not sum to 1, classes do not share their stations, requests do not come at
        random, or as :func:`analytic_models.simulation.case.case_route`.
    """
    _check(parts)
    rates = [p.case.scenario.population_count * p.case.scenario.arrival_per_s for p in parts]
    weights = [rate * part.share for rate, part in zip(rates, parts, strict=True)]
    total = math.fsum(weights)
    shared: dict[str, Station] = {}
    private: list[Station] = []
    branches: list[Branch] = []
    owners: list[int] = []
    remarks: list[str] = []
    for number, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        route, _ = case_route(part.case, catalog)
        names = {}
        for station in route.stations:
            if station.name in _ORDER:
                names[station.name] = station.name
                _share(shared, station, number)
            else:
                own, remark = _private(station, part, number)
                names[station.name] = own.name
                private.append(own)
                remarks += remark
        laws = {station.name: station.service for station in route.stations}
        branches += [_branch(b, names, laws, weight / total) for b in route.branches]
        owners += [part.owner] * len(route.branches)
    stations = [shared[name] for name in _ORDER if name in shared]
    if queues == "shared":
        stations = [_as_shared(station) for station in stations]
    exact = math.fsum(branch.probability for branch in branches)
    branches = [dataclasses.replace(b, probability=b.probability / exact) for b in branches]
    route = Route((*private, *stations), tuple(branches))
    return route, Arrivals("poisson", total), tuple(owners), tuple(dict.fromkeys(remarks))


def _check(parts: Sequence[Part]) -> None:
    problems = [] if parts else [Problem("mix", "has no part", "one or more")]
    for number, part in enumerate(parts):
        scenario = part.case.scenario
        if not part.share > 0:
            problems.append(Problem(f"mix[{number}].share", f"is {part.share!r}", "above 0"))
        if scenario.arrivals != "poisson":
            found = f"{scenario.arrivals!r} streams cannot be mixed"
            problems.append(Problem(f"mix[{number}].scenario.arrivals", found, "poisson"))
    for owner in sorted({part.owner for part in parts}):
        total = math.fsum(part.share for part in parts if part.owner == owner)
        if not math.isclose(total, 1.0, abs_tol=_SUM):
            problems.append(Problem(f"class {owner + 1}", f"shares sum to {total:.6g}", "1"))
    if problems:
        raise DesignError(problems)


def _share(shared: dict[str, Station], station: Station, number: int) -> None:
    """Note a shared station; all parts must find it alike but for the work they bring."""
    known = shared.setdefault(station.name, station)
    if dataclasses.replace(station, service=known.service) != known:
        message = f"finds another {station.name} than the first part"
        raise DesignError(Problem(f"mix[{number}]", message, "the same discipline and servers"))


def _private(station: Station, part: Part, number: int) -> tuple[Station, list[str]]:
    """Return the devices that follow one design, as whole devices of their own."""
    name = f"{station.name} {number + 1}"
    if station.discipline != "private":
        return dataclasses.replace(station, name=name), []
    exact = station.servers * part.share
    whole = max(round(exact), 1)
    remarks = []
    if abs(exact / whole - 1.0) > _NOTICED:
        remarks = [
            f"{exact:.1f} devices on one plan are played as {whole}, each with "
            f"{exact / whole:.2f} times the requests of a device"
        ]
    return dataclasses.replace(station, name=name, servers=whole), remarks


def _branch(
    branch: Branch, names: dict[str, str], laws: dict[str, Service | None], weight: float
) -> Branch:
    services = {
        names[name]: law
        for name in branch.stations
        if (law := branch.services.get(name) or laws[name]) is not None
    }
    return dataclasses.replace(
        branch,
        probability=branch.probability * weight,
        stations=tuple(names[name] for name in branch.stations),
        services=services,
    )


def _as_shared(station: Station) -> Station:
    if station.service is None:
        message = f"cannot share its processor: it is {station.discipline}"
        raise DesignError(Problem(f"station {station.name}", message, "fcfs, ps"))
    return Station(station.name, "ps", station.servers, station.service)


def simulate_mix(
    parts: Sequence[Part],
    requests: int = 200_000,
    seed: int = 1,
    queues: Literal["scenario", "shared"] = "scenario",
    progress: Progress | None = None,
    catalog: Catalog | None = None,
) -> MixRun:
    """Simulate a mix request by request; no law of a queue or of an optimiser is used.

    Parameters
    ----------
    parts, queues
        As :func:`mix_route`.
    requests
        Requests of all classes together, warm-up included.
    seed
        Same seed, same result.
    progress
        Called with the share that is done; False stops the run.

    Raises
    ------
    DesignError
        As :func:`mix_route`.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> run = simulate_mix([Part(Case(), 1.0)], requests=20_000)
    >>> run.classes[0].mean_s.value == run.whole.mean_s.value
    True
    """
    route, arrivals, owners, rounded = mix_route(parts, queues, catalog)
    result = simulate_route(route, arrivals, requests, seed, progress=progress)
    deadlines = {part.owner: part.case.scenario.deadline_s for part in parts}
    belongs = np.asarray(owners)[result.branch]
    runs = tuple(
        _class_run(result.sojourn_s[belongs == owner], deadlines[owner])
        for owner in sorted(deadlines)
    )
    return MixRun(result, runs, rounded)


def _class_run(sojourn: Floats, deadline_s: float) -> ClassRun:
    """Return the estimates of one class; a class with hardly any request has none."""
    if sojourn.size < 10 * _BATCHES:
        none = Estimate(float(sojourn.mean()) if sojourn.size else math.nan, math.inf)
        unknown = Estimate(math.nan, math.inf)
        return ClassRun(none, unknown, unknown, unknown, sojourn.size)
    found = Batches(sojourn, _BATCHES)
    p95, p99 = found.quantiles((0.95, 0.99))
    late = (sojourn > deadline_s).astype(np.float64)
    return ClassRun(found.mean(), p95, p99, mean_of(late, _BATCHES), sojourn.size)
