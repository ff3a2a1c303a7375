"""Simulate a small network of steps: requests take one of several ways, each with its share."""

from __future__ import annotations

__all__ = ["NetworkRun", "Step", "network_route", "simulate_network"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytic_models.errors import DesignError, Problem
from analytic_models.simulation.estimates import Estimate
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.parts import Service
from analytic_models.simulation.run import SimulationResult, mean_of, simulate_route
from analytic_models.simulation.stations import Progress

_BATCHES = 20


@dataclass(frozen=True)
class Step:
    """One step of a way: a fixed delay, and work at a station that its users share.

    Parameters
    ----------
    name
        Name of the station; unique within a network.
    delay_s, work_s
        Fixed delay, and work (s at full speed, exponential); 0 for none.
    """

    name: str
    delay_s: float = 0.0
    work_s: float = 0.0


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """A run of a network: all requests together, and the mean time of each way (s)."""

    whole: SimulationResult
    ways: tuple[Estimate, ...]


def network_route(ways: Sequence[Sequence[Step]], shares: Sequence[float]) -> Route:
    """Return the route of a network whose steps are in the same order on every way.

    Parameters
    ----------
    ways
        Steps of every way.
    shares
        Share of the requests that take each, above 0; they sum to 1.

    Raises
    ------
    DesignError
        If the ways meet the stations in different orders, or shares do not sum to 1.
    """
    order = _order([[step.name for step in way if step.work_s > 0] for way in ways])
    work = {step.name: step.work_s for way in ways for step in way if step.work_s > 0}
    stations = tuple(
        Station(name, "ps", service=Service("exponential", work[name])) for name in order
    )
    branches = []
    total = math.fsum(shares)
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        raise DesignError(Problem("network.shares", f"sum to {total:.6g}", "1"))
    for way, share in zip(ways, shares, strict=True):
        names, delays = [], [0.0]
        for step in way:
            delays[-1] += step.delay_s
            if step.work_s > 0:
                names.append(step.name)
                delays.append(0.0)
        branches.append(Branch(share / total, tuple(names), tuple(delays)))
    return Route(stations, tuple(branches))


def _order(ways: Sequence[Sequence[str]]) -> list[str]:
    """Return the stations in an order that every way keeps."""
    left = [list(way) for way in ways]
    found: list[str] = []
    while any(left):
        later = {name for way in left for name in way[1:]}
        free = [way[0] for way in left if way and way[0] not in later]
        if not free:
            message = "ways meet the stations in different orders"
            raise DesignError(Problem("network", message, "one direction"))
        found.append(free[0])
        left = [[name for name in way if name != free[0]] for way in left]
    return found


def simulate_network(
    ways: Sequence[Sequence[Step]],
    shares: Sequence[float],
    rate_per_s: float,
    requests: int = 200_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> NetworkRun:
    """Simulate a network request by request.

    Parameters
    ----------
    ways, shares
        As :func:`network_route`.
    rate_per_s
        Requests of all ways together, per second.
    requests, seed, progress
        As :func:`analytic_models.simulation.run.simulate_route`.

    Raises
    ------
    DesignError
        As :func:`network_route`.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> run = simulate_network([[Step("link", 0.0, 0.1)], [Step("line", 0.3)]], [0.5, 0.5], 2.0)
    >>> run.ways[1].value
    0.3
    """
    route = network_route(ways, shares)
    arrivals = Arrivals("poisson", rate_per_s)
    result = simulate_route(route, arrivals, requests, seed, progress=progress)
    means = (result.sojourn_s[result.branch == number] for number in range(len(ways)))
    return NetworkRun(result, tuple(_rounded(mean_of(one, _BATCHES)) for one in means))


def _rounded(found: Estimate) -> Estimate:
    """Forget the dust of adding up clock times."""
    return Estimate(round(found.value, 12), found.half_width)
