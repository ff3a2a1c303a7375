"""Small editable networks: selfish and coordinated routing, Braess, and herding."""

from __future__ import annotations

__all__ = ["Arc", "Herding", "RoutingGame", "herd", "routes_of", "solve_routing"]

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np

from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.mix_values import price_of_anarchy, tolls_of
from analytic_models.optimizers.protocols import DemandTable, FloatArray, Table


@dataclass(frozen=True)
class Arc:
    """One step of a route.

    Parameters
    ----------
    tail, head
        Places that it joins.
    delay_s
        Part that does not depend on the load, s.
    work_s
        Work at its station per request, s; 0 for an arc without a queue.
    station
        Name of its processor-sharing station; arcs may share one. Empty for none.
    """

    tail: str
    head: str
    delay_s: float = 0.0
    work_s: float = 0.0
    station: str = ""


def routes_of(
    arcs: Sequence[Arc],
    origin: str,
    destination: str,
    arrival_per_s: float,
    servers: dict[str, float] | None = None,
    stations: Sequence[str] | None = None,
) -> tuple[Table, list[tuple[int, ...]]]:
    """Return a demand table with one row per simple route, and the arcs of each route.

    Parameters
    ----------
    arcs
        The network; parallel arcs are allowed.
    origin, destination
        Where requests start and end.
    arrival_per_s
        Requests per second.
    servers
        Servers of each named station, 1 by default.
    stations
        Order of the stations, for networks that are shared by several classes; by default those
        of the arcs in order of appearance.

    Raises
    ------
    ValueError
        If no route leads from origin to destination, or work has no station.
    """
    names = list(stations or dict.fromkeys(arc.station for arc in arcs if arc.station))
    if any(arc.work_s > 0.0 and arc.station not in names for arc in arcs):
        raise ValueError("an arc with work needs a station")
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for number, arc in enumerate(arcs):
        graph.add_edge(arc.tail, arc.head, key=number)
    if origin not in graph or destination not in graph:
        raise ValueError(f"no route leads from {origin!r} to {destination!r}")
    routes = [
        tuple(int(step[-1]) for step in path)
        for path in nx.all_simple_edge_paths(graph, origin, destination)
    ]
    if not routes:
        raise ValueError(f"no route leads from {origin!r} to {destination!r}")
    delay = np.array([sum(arcs[number].delay_s for number in route) for route in routes])
    work = np.zeros((len(routes), len(names)))
    for row, route in enumerate(routes):
        for number in route:
            if arcs[number].station:
                work[row, names.index(arcs[number].station)] += arcs[number].work_s
    count = np.array([float((servers or {}).get(name, 1.0)) for name in names])
    rules = ("ps",) * len(names)
    return Table(tuple(names), count, rules, arrival_per_s, delay, work, work**2), routes


@dataclass(frozen=True)
class RoutingGame:
    """Optimum and equilibrium of one network.

    Parameters
    ----------
    system, selfish
        The two flows as mixes over routes.
    tolls
        Shape (m,): tolls that turn one into the other, s per second of work.
    anarchy
        Mean latency of the equilibrium over that of the optimum.
    """

    system: MixSolution
    selfish: MixSolution
    tolls: FloatArray
    anarchy: float


def solve_routing(classes: Sequence[DemandTable]) -> RoutingGame:
    """Solve the optimum and the equilibrium of classes of routes over shared stations.

    Parameters
    ----------
    classes
        One table of routes per origin–destination pair.

    References
    ----------
    Braess (1968). Über ein Paradoxon aus der Verkehrsplanung. Unternehmensforschung.
    Wardrop (1952). Some theoretical aspects of road traffic research. ICE Proceedings.
    """
    system, selfish = solve_mix(classes), solve_mix(classes, "selfish")
    return RoutingGame(
        system=system,
        selfish=selfish,
        tolls=tolls_of(system, np.asarray(classes[0].servers)),
        anarchy=price_of_anarchy(system, selfish),
    )


@dataclass(frozen=True)
class Herding:
    """Shares and latencies while users revise their choice in rounds.

    Parameters
    ----------
    shares
        Shape (rounds+1, n): share of each design before each round, and at the end.
    mean_s
        Shape (rounds+1,): mean latency if the shares stayed as they are, s; ``inf`` if unstable.
    settled_mean_s
        Mean over the second half of the rounds, s.
    amplitude
        Shape (n,): largest minus smallest share over the second half.
    """

    shares: FloatArray
    mean_s: FloatArray
    settled_mean_s: float
    amplitude: FloatArray


def herd(
    table: DemandTable, revising: float, rounds: int = 400, start: FloatArray | None = None
) -> Herding:
    """Let a fraction of the users switch to the currently fastest design, round after round.

    All who revise see the same latencies, those of the shares before the round, and therefore
    move together.

    Parameters
    ----------
    table
        Demand table of one class; stations share their processors.
    revising
        Fraction that revises in each round, 0 … 1.
    rounds
        Number of rounds.
    start
        Shape (n,): shares at the start; all on the fastest design of an idle system by default.

    Raises
    ------
    ValueError
        If the fraction is outside 0 … 1.
    """
    if not 0.0 <= revising <= 1.0:
        raise ValueError(f"the revising fraction must lie in 0…1, not {revising}")
    work = np.asarray(table.work_s, dtype=np.float64)
    stations = Stations(np.asarray(table.servers, dtype=np.float64))
    share = np.zeros(len(table.delay_s))
    share[np.nanargmin(table.delay_s + work.sum(axis=1))] = 1.0
    if start is not None:
        share = np.asarray(start, dtype=np.float64)
    history, means = [share], []
    for turn in range(rounds + 1):
        latency = _latency(table, stations, table.arrival_per_s * (share @ work))
        used = share > 0.0
        means.append(float(share[used] @ latency[used]))
        if turn < rounds:
            share = (1.0 - revising) * share
            share[latency.argmin()] += revising
            history.append(share)
    shares, mean = np.array(history), np.array(means)
    late = slice(rounds // 2, None)
    return Herding(
        shares=shares,
        mean_s=mean,
        settled_mean_s=float(mean[late].mean()),
        amplitude=np.ptp(shares[late], axis=0),
    )


def _latency(table: DemandTable, stations: Stations, work: FloatArray) -> FloatArray:
    """Latency of every design at given offered works; unstable stations are infinite."""
    stable = work < stations.servers
    sojourn = np.where(stable, stations.sojourn(np.where(stable, work, 0.0)), np.inf)
    used = np.asarray(table.work_s) > 0.0
    spent = np.where(used, table.work_s, 0.0) * np.where(used, sojourn, 0.0)
    latency = table.delay_s + spent.sum(axis=1)
    return np.where(np.isnan(latency), np.inf, latency)
