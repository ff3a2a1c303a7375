"""Simulate a case: its stations, services and fixed delays, but none of the queueing laws."""

from __future__ import annotations

__all__ = ["case_route", "simulate"]

from dataclasses import replace

from analytic_models.catalog import Catalog
from analytic_models.design import Case, Scenario
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import evaluate
from analytic_models.scenario_load import PRIORITIES
from analytic_models.simulation.closed import simulate_closed
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.parts import BatchTime, ColdStart, Modulation, Service
from analytic_models.simulation.run import SimulationResult, simulate_route
from analytic_models.simulation.stations import Progress

# An elastic cloud always has another machine.
_ENDLESS = 1_000_000_000
_SERVICES = ("device", "uplink", "edge", "backhaul", "cloud")
# What the simulation takes from the table: services, delays and shares, no waiting.
_NEEDED = (
    *(f"{station}_service_s" for station in _SERVICES),
    "uplink_message_bit",
    "uplink_available_bit_per_s",
    "uplink_fixed_s",
    "backhaul_fixed_s",
    "remote_share_frac",
    "cloud_share_frac",
    "edge_batch_each_s",
    "cloud_batch_each_s",
)


def _law(mean_s: float, scv: float, repeat_frac: float = 0.0) -> Service:
    """Return fixed times for no spread, gamma ones otherwise."""
    kind = "deterministic" if scv == 0 else "gamma"
    return Service(kind, mean_s, scv, repeat_frac)


def case_route(case: Case, catalog: Catalog | None = None) -> tuple[Route, Arrivals]:
    """Return the route that the requests of a case take, and how they arrive.

    Raises
    ------
    DesignError
        If a service time is not known, or nothing arrives.
    """
    scenario = case.scenario
    values = evaluate(case, _NEEDED, exact=False, catalog=catalog)
    found = {name: values.value(name) for name in _NEEDED}
    unknown = [name for name, value in found.items() if value != value]
    if unknown:
        raise DesignError(
            [Problem(name, values.reason(name) or "is not known") for name in unknown]
        )
    rate = scenario.population_count * scenario.arrival_per_s
    if rate <= 0:
        raise DesignError(Problem("scenario.arrival_per_s", "nothing arrives", "above 0"))
    stations = [
        _station(scenario, name, found) for name in _SERVICES if found[f"{name}_service_s"] != 0
    ]
    branches = _branches(found, [s.name for s in stations])
    if any(station.discipline == "priority" for station in stations):
        branches = _by_class(scenario, branches)
    route = Route(tuple(stations), branches)
    return route, _arrivals(scenario, rate)


def _arrivals(scenario: Scenario, rate: float) -> Arrivals:
    """Return the stream of all devices; each keeps its own pattern."""
    sources = scenario.population_count
    if scenario.arrivals == "bursty":
        return Arrivals("renewal", rate, sources, scv=scenario.arrival_scv)
    # The loop itself makes the stream of those who wait for their answers.
    kind = "poisson" if scenario.arrivals == "closed" else scenario.arrivals
    return Arrivals(kind, rate, sources)


def _station(scenario: Scenario, name: str, found: dict[str, float]) -> Station:
    """Return one station with its discipline, servers and service."""
    service = found[f"{name}_service_s"]
    scv = scenario.message_scv if name in ("uplink", "backhaul") else scenario.compute_scv
    discipline = getattr(scenario, f"{name}_discipline")
    servers = {"edge": scenario.edge_servers_count, "cloud": scenario.cloud_servers_count}
    count = servers.get(name, 1)
    if name == "device":
        if discipline == "ps" and scenario.population_count > 1 and scenario.arrivals != "closed":
            message = "a shared device queue can be simulated for one device only"
            raise DesignError(Problem("scenario.device_discipline", message, "fcfs"))
        if discipline == "fcfs" or scenario.arrivals == "closed":
            # Who waits for an answer first never waits at a machine of its own.
            discipline = "delay" if scenario.arrivals == "closed" else "private"
            count = scenario.population_count
    if discipline in PRIORITIES:
        cuts = discipline == "preemptive"
        return Station(name, "priority", count, _law(service, scv), preemptive=cuts)
    if discipline == "batch":
        each = found[f"{name}_batch_each_s"]
        kind = "batch" if count == 1 else "dealt-batch"
        return Station(name, kind, count, batch=BatchTime(each, max(service - each, 0.0)))
    law = _law(service, scv)
    if discipline == "elastic":
        cold = ColdStart(scenario.cloud_cold_start_s, scenario.cloud_keep_alive_s)
        return Station(name, "elastic", _ENDLESS, law, cold_start=cold)
    places = {"edge": scenario.edge_places_count, "cloud": scenario.cloud_places_count}.get(name)
    if places is not None:
        return Station(name, "loss", count, law, capacity=places)
    if name == "uplink":
        law = _sent(found, scv, scenario.uplink_loss_frac)
        if scenario.uplink_slow_frac > 0:
            kind = "ps" if discipline == "ps" else "modulated"
            return Station(name, kind, count, law, modulation=_fades(scenario))
    return Station(name, discipline, count, law)


def _sent(found: dict[str, float], scv: float, loss: float) -> Service:
    """Return one transmission and how often it is lost: the run draws the repeats itself."""
    once = found["uplink_message_bit"] / found["uplink_available_bit_per_s"]
    return _law(once, scv, loss)


def _fades(scenario: Scenario) -> Modulation:
    """Return the speeds of a fading uplink, in units of its mean rate."""
    slow, ratio = scenario.uplink_slow_frac, scenario.uplink_slow_rate_frac
    fast = 1.0 / (1.0 - slow + slow * ratio)
    steady = scenario.uplink_dwell_s * (1.0 - slow) / slow
    return Modulation((fast, ratio * fast), (steady, scenario.uplink_dwell_s))


def _branches(found: dict[str, float], used: list[str]) -> tuple[Branch, ...]:
    """Device only, up to the edge, up to the cloud; what nobody takes is left out."""
    remote, onward = found["remote_share_frac"], found["cloud_share_frac"]
    near = [name for name in used if name == "device"]
    middle = [name for name in used if name in ("device", "uplink", "edge")]
    paths = (
        (1.0 - remote, near, 0.0),
        (remote * (1.0 - onward), middle, found["uplink_fixed_s"]),
        (remote * onward, used, found["uplink_fixed_s"] + found["backhaul_fixed_s"]),
    )
    return tuple(
        # The fixed delays are taken at the end: where they lie does not change the sum.
        Branch(share, tuple(names), (0.0,) * len(names) + (delay,))
        for share, names, delay in paths
        if share > 0
    )


def _by_class(scenario: Scenario, branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """Send urgent requests and the others their own ways, and report those asked about."""
    urgent, of = scenario.urgent_frac, scenario.latency_of
    found = [
        replace(branch, probability=share * branch.probability, level=level, counted=counted)
        for share, level, counted in (
            (urgent, 0, of != "others"),
            (1.0 - urgent, 1, of != "urgent"),
        )
        for branch in branches
        if share > 0
    ]
    if not any(branch.counted for branch in found):
        message = f"no request is among {of!r}, which the figures are about"
        raise DesignError(Problem("scenario.latency_of", message, "all"))
    return tuple(found)


def simulate(
    case: Case,
    requests: int = 200_000,
    seed: int = 1,
    progress: Progress | None = None,
    catalog: Catalog | None = None,
) -> SimulationResult:
    """Simulate a case request by request.

    Parameters
    ----------
    requests
        Requests, warm-up included.
    seed
        Same seed, same result.
    progress
        Called with the share that is done; False stops the run.

    Raises
    ------
    DesignError
        As :func:`case_route`.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> simulate(Case(), requests=20_000).mean_s.value > 0
    True
    """
    route, arrivals = case_route(case, catalog)
    scenario = case.scenario
    if scenario.arrivals == "closed":
        return simulate_closed(
            route,
            scenario.population_count,
            Service("exponential", 1.0 / scenario.arrival_per_s),
            requests=requests,
            seed=seed,
            deadline_s=scenario.deadline_s,
            progress=progress,
        )
    return simulate_route(
        route,
        arrivals,
        requests=requests,
        seed=seed,
        deadline_s=case.scenario.deadline_s,
        progress=progress,
    )
