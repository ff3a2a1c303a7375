"""What a mix teaches: prices, tolls, thresholds, the value of capacity and of coordination."""

from __future__ import annotations

__all__ = [
    "LinkThresholds",
    "StationValue",
    "link_thresholds",
    "price_of_anarchy",
    "single_plan_latency",
    "station_values",
    "tolls_of",
]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.protocols import DemandTable, FloatArray, Table


def single_plan_latency(table: DemandTable, background: FloatArray | None = None) -> FloatArray:
    """Return the mean latency if the whole class uses one design, for each design.

    Parameters
    ----------
    table
        Demand table with n rows; stations share their processors.
    background
        Shape (m,): work that other classes offer, erlangs; none by default.

    Returns
    -------
    Shape (n,), s; ``inf`` where a station that the design uses is overloaded.
    """
    other = np.zeros(len(table.servers)) if background is None else background
    work = table.arrival_per_s * np.asarray(table.work_s) + other
    stations = Stations(np.asarray(table.servers, dtype=np.float64))
    stable = work < stations.servers
    sojourn = np.where(stable, stations.sojourn(np.where(stable, work, 0.0)), np.inf)
    used = np.asarray(table.work_s) > 0.0
    spent = np.where(used, table.work_s, 0.0) * np.where(used, sojourn, 0.0)
    return np.asarray(table.delay_s + spent.sum(axis=1))


def tolls_of(solution: MixSolution, servers: FloatArray) -> FloatArray:
    """Return the tolls that make selfish users choose this mix, a h′ per station.

    Parameters
    ----------
    solution
        A system optimum.
    servers
        Shape (m,): servers of each station.

    Returns
    -------
    Shape (m,): seconds of delay imposed on others per second of work.
    """
    return Stations(np.asarray(servers, dtype=np.float64)).toll(solution.work)


def price_of_anarchy(system: MixSolution, selfish: MixSolution) -> float:
    """Return the mean latency of the equilibrium over that of the optimum, ≥ 1 up to the gaps."""
    return selfish.mean_s / system.mean_s


@dataclass(frozen=True)
class StationValue:
    """What more capacity of one station is worth at the system optimum.

    Parameters
    ----------
    station
        Name.
    utilisation, price
        Utilisation, and seconds of latency that one more second of work costs all users.
    faster_s
        Mean latency saved per request by a station faster by a fraction ε, over ε, s (envelope
        theorem: exact derivative).
    server_s
        Mean latency saved per request by one more server, s (solved again).
    """

    station: str
    utilisation: float
    price: float
    faster_s: float
    server_s: float


def station_values(classes: Sequence[DemandTable], system: MixSolution) -> list[StationValue]:
    """Return the marginal values of all stations at a system optimum.

    Parameters
    ----------
    classes
        The demand tables that were optimised.
    system
        Their system optimum.
    """
    total = float(sum(table.arrival_per_s for table in classes))
    values = []
    for place, name in enumerate(classes[0].stations):
        more = np.asarray(classes[0].servers, dtype=np.float64).copy()
        more[place] += 1.0
        again = solve_mix([_with_servers(table, more) for table in classes])
        values.append(
            StationValue(
                station=name,
                utilisation=float(system.utilisation[place]),
                price=float(system.prices[place]),
                faster_s=float(system.work[place] * system.prices[place]) / total,
                server_s=system.mean_s - again.mean_s,
            )
        )
    return values


def _with_servers(table: DemandTable, servers: FloatArray) -> Table:
    return Table(
        table.stations,
        servers,
        table.discipline,
        table.arrival_per_s,
        table.delay_s,
        table.work_s,
        table.work2_s2,
        table.metrics,
    )


@dataclass(frozen=True)
class LinkThresholds:
    """Closed forms for one single-server link with a private alternative.

    Parameters
    ----------
    hold, selfish, saturated
        Requests per second up to which everybody should use the link, up to which selfish users
        all do, and at which the link saturates if all do.
    optimal_utilisation, selfish_utilisation
        Utilisation beyond the thresholds; 1 − ρ_selfish = (1 − ρ_optimal)².
    anarchy
        Largest price of anarchy, reached at the selfish threshold.
    coordination_s_per_s
        Latency saved per second by coordination beyond the selfish threshold, s/s.
    """

    hold: float
    selfish: float
    saturated: float
    optimal_utilisation: float
    selfish_utilisation: float
    anarchy: float
    coordination_s_per_s: float


def link_thresholds(work_s: float, remote_s: float, local_s: float) -> LinkThresholds:
    """Return the thresholds of one processor-sharing link with work s per request.

    Parameters
    ----------
    work_s
        Link time of a request on an idle link, s, > 0.
    remote_s
        Rest of the remote path, s.
    local_s
        Latency of the private alternative, s.

    Returns
    -------
    Thresholds in requests per second; divide by the rate per device for a population. All are 0
    (utilisations too) if even an idle link is not worth it.

    References
    ----------
    Roughgarden, Tardos (2002). How bad is selfish routing? Journal of the ACM.

    Examples
    --------
    >>> found = link_thresholds(work_s=0.01, remote_s=0.0, local_s=0.04)
    >>> found.hold, found.selfish, round(found.anarchy, 12)
    (50.0, 75.0, 1.5)
    """
    gain = local_s - remote_s
    if not gain > work_s > 0.0:
        return LinkThresholds(0.0, 0.0, 1.0 / work_s, 0.0, 0.0, 1.0, 0.0)
    root = float(np.sqrt(work_s / gain))
    return LinkThresholds(
        hold=(1.0 - root) / work_s,
        selfish=(1.0 - root**2) / work_s,
        saturated=1.0 / work_s,
        optimal_utilisation=1.0 - root,
        selfish_utilisation=1.0 - root**2,
        anarchy=local_s / (local_s - gain * (1.0 - root) / (1.0 + root)),
        coordination_s_per_s=gain * (1.0 - root) ** 2 / work_s,
    )
