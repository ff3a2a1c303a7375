"""Simulate a case: its stations, services and fixed delays, but none of the queueing laws."""

from __future__ import annotations

__all__ = ["case_route", "simulate"]

from analytic_models.catalog import Catalog
from analytic_models.design import Case
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import evaluate
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.parts import Service
from analytic_models.simulation.run import SimulationResult, simulate_route
from analytic_models.simulation.stations import Progress

_SERVICES = ("device", "uplink", "edge", "backhaul", "cloud")
# What the simulation takes from the table: services, delays and shares, no waiting.
_NEEDED = (
    *(f"{station}_service_s" for station in _SERVICES),
    "uplink_fixed_s",
    "backhaul_fixed_s",
    "remote_share_frac",
    "cloud_share_frac",
)


def _law(mean_s: float, scv: float) -> Service:
    """Return fixed times for no spread, gamma ones otherwise."""
    return Service("deterministic", mean_s) if scv == 0 else Service("gamma", mean_s, scv)


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
    servers = {"edge": scenario.edge_servers_count, "cloud": scenario.cloud_servers_count}
    stations = []
    for name in _SERVICES:
        service = found[f"{name}_service_s"]
        if service == 0:
            continue
        scv = scenario.message_scv if name in ("uplink", "backhaul") else scenario.compute_scv
        discipline = getattr(scenario, f"{name}_discipline")
        if name == "device":
            if discipline == "ps" and scenario.population_count > 1:
                message = "a shared device queue can be simulated for one device only"
                raise DesignError(Problem("scenario.device_discipline", message, "fcfs"))
            discipline = "private" if discipline == "fcfs" else discipline
            servers["device"] = scenario.population_count
        stations.append(Station(name, discipline, servers.get(name, 1), _law(service, scv)))
    return Route(tuple(stations), _branches(found, [s.name for s in stations])), Arrivals(
        "poisson", rate, sources=scenario.population_count
    )


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
    return simulate_route(
        route,
        arrivals,
        requests=requests,
        seed=seed,
        deadline_s=case.scenario.deadline_s,
        progress=progress,
    )
