"""What capacity is worth to a population that shares it, coordinated or not."""

from __future__ import annotations

__all__ = ["CapacityWorth", "Worth", "capacity_worth"]

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.mix_values import StationValue, station_values, tolls_of
from analytic_models.optimizers.protocols import DemandTable, FloatArray, Table


@dataclass(frozen=True)
class Worth:
    """What more of one station is worth, mean latency saved per request, s.

    Parameters
    ----------
    value
        Utilisation, price, and the value of speed and of one more server at the optimum.
    toll
        Seconds of delay that a second of work imposes on others at the optimum.
    selfish_utilisation, selfish_server_s
        Utilisation of the equilibrium, and what one more server is worth to it.
    rate_s, selfish_rate_s
        What a faster link is worth, to the optimum and to the equilibrium; ``nan`` for machines.
    """

    value: StationValue
    toll: float
    selfish_utilisation: float
    selfish_server_s: float
    rate_s: float
    selfish_rate_s: float


@dataclass(frozen=True)
class CapacityWorth:
    """Optimum, equilibrium and tolled equilibrium of one class, and the worth of its stations.

    Parameters
    ----------
    system, selfish, tolled
        The three mixes; tolls make the last one equal to the first.
    stations
        Worth of every station.
    """

    system: MixSolution
    selfish: MixSolution
    tolled: MixSolution
    stations: tuple[Worth, ...]


def capacity_worth(
    table: DemandTable, rates: Mapping[str, float], step_bit_per_s: float
) -> CapacityWorth:
    """Return what one more server or a faster link is worth, each solved again.

    Parameters
    ----------
    table
        Demand table of one class.
    rates
        Rate of the stations that are links, bit/s.
    step_bit_per_s
        By how much a link is made faster, bit/s.
    """
    classes = [table]
    system, selfish = solve_mix(classes), solve_mix(classes, "selfish")
    tolls = tolls_of(system, np.asarray(table.servers))
    found = []
    for place, value in enumerate(station_values(classes, system)):
        servers = np.asarray(table.servers, dtype=np.float64).copy()
        servers[place] += 1.0
        more = solve_mix([_changed(table, servers=servers)], "selfish")
        saved = [float("nan"), float("nan")]
        rate = rates.get(value.station)
        if rate is not None:
            faster = _faster(table, place, rate / (rate + step_bit_per_s))
            saved = [
                system.mean_s - solve_mix([faster]).mean_s,
                selfish.mean_s - solve_mix([faster], "selfish").mean_s,
            ]
        found.append(
            Worth(
                value,
                float(tolls[place]),
                float(selfish.utilisation[place]),
                selfish.mean_s - more.mean_s,
                *saved,
            )
        )
    return CapacityWorth(system, selfish, solve_mix(classes, "selfish", tolls), tuple(found))


def _changed(table: DemandTable, **changes: FloatArray) -> Table:
    plain = Table(
        table.stations,
        np.asarray(table.servers, dtype=np.float64),
        table.discipline,
        table.arrival_per_s,
        table.delay_s,
        table.work_s,
        table.work2_s2,
        table.metrics,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def _faster(table: DemandTable, place: int, factor: float) -> Table:
    """Return a table in which the work at one station takes a factor of its time."""
    work = np.array(table.work_s, dtype=np.float64)
    second = np.array(table.work2_s2, dtype=np.float64)
    work[:, place] *= factor
    second[:, place] *= factor**2
    return _changed(table, work_s=work, work2_s2=second)
