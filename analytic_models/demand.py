"""The demand table: what each design asks of every shared station, and its cost when idle."""

from __future__ import annotations

__all__ = ["SHARED", "DemandTable", "demand_table"]

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analytic_models.batch import batch_of
from analytic_models.catalog import Catalog
from analytic_models.design import Scenario
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import run_batch

Floats = NDArray[np.float64]

# Stations that the devices of a population share, in the order that a request meets them.
SHARED = ("uplink", "edge", "backhaul", "cloud")


@dataclass(frozen=True)
class DemandTable:
    """Designs of one traffic class as rows, shared stations as columns.

    Parameters
    ----------
    stations
        Names of the m shared stations.
    servers
        Servers of each, shape (m,).
    discipline
        ``"ps"`` or ``"fcfs"`` per station.
    arrival_per_s
        Requests of the whole class [1/s].
    delay_s
        Latency of each design apart from the shared stations, own device queue included [s], (n,).
    work_s
        Mean work at each station [s at full speed of one server], (n, m).
    work2_s2
        Second moment of that work [s2], (n, m).
    metrics
        Further quantities of each design that do not depend on what the others do, each (n,).
    rows
        Row of the design set that each row stands for, (n,).
    designs
        The design set.
    """

    stations: tuple[str, ...]
    servers: Floats
    discipline: tuple[str, ...]
    arrival_per_s: float
    delay_s: Floats
    work_s: Floats
    work2_s2: Floats
    metrics: Mapping[str, Floats]
    designs: DesignSet
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.delay_s)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> DemandTable:
        """Return the table of some rows."""
        return DemandTable(
            self.stations,
            self.servers,
            self.discipline,
            self.arrival_per_s,
            self.delay_s[rows],
            self.work_s[rows],
            self.work2_s2[rows],
            {name: v[rows] for name, v in self.metrics.items()},
            self.designs,
            self.rows[rows],
        )


_METRICS = (
    "energy_device_j",
    "accuracy_drop_pp",
    "accuracy_frac",
    "memory_frac",
    "raw_input_leaves_flag",
    "device_utilisation_frac",
    "exposed_bit",
)


def demand_table(
    scenario: Scenario, designs: DesignSet, catalog: Catalog | None = None
) -> DemandTable:
    """Build the demand table of a scenario's designs.

    Designs whose device is overloaded or whose service times are not known are left out.

    Raises
    ------
    DesignError
        As :func:`analytic_models.batch.batch_of`, and for batches, fades and patterned sources:
        population laws know queues of independent requests only.

    Examples
    --------
    >>> from analytic_models.optimizers.space import Space, enumerate_designs
    >>> table = demand_table(Scenario(), enumerate_designs(Scenario(), Space()))
    >>> table.work_s.shape[1]
    4
    """
    problems = [
        Problem(f"scenario.{name}", f"{value!r} cannot be shared out over designs", allowed)
        for name, value, allowed in (
            ("arrivals", scenario.arrivals, "poisson"),
            ("edge_discipline", scenario.edge_discipline, "fcfs, ps"),
            ("cloud_discipline", scenario.cloud_discipline, "fcfs, ps"),
            ("uplink_slow_frac", scenario.uplink_slow_frac, "0"),
        )
        if value not in (*allowed.split(", "), 0.0)
    ]
    problems += [
        Problem(f"scenario.{name}", "losses cannot be shared out over designs", "null")
        for name in ("edge_places_count", "cloud_places_count")
        if getattr(scenario, name) is not None
    ]
    if problems:
        raise DesignError(problems)
    names = {
        "uplink": ("uplink_service_s", "remote_share_frac", "uplink_scv"),
        "edge": ("edge_service_s", "remote_share_frac", "compute_scv"),
        "backhaul": ("backhaul_service_s", "reaching_cloud_frac", "message_scv"),
        "cloud": ("cloud_service_s", "reaching_cloud_frac", "compute_scv"),
    }
    wanted = {name for parts in names.values() for name in parts} | {
        "device_time_s",
        "uplink_fixed_s",
        "backhaul_fixed_s",
        *_METRICS,
    }
    result = run_batch(batch_of(scenario, designs, catalog=catalog), sorted(wanted))
    delay = (
        result["device_time_s"]
        + result["remote_share_frac"] * result["uplink_fixed_s"]
        + result["reaching_cloud_frac"] * result["backhaul_fixed_s"]
    )
    work = np.stack(
        [result[service] * result[share] for service, share, _ in names.values()], axis=1
    )
    second = np.stack(
        [
            result[share] * result[service] ** 2 * (1.0 + result[scv])
            for service, share, scv in names.values()
        ],
        axis=1,
    )
    known = np.flatnonzero(np.isfinite(delay) & np.isfinite(work).all(axis=1))
    return DemandTable(
        SHARED,
        np.array([1.0, scenario.edge_servers_count, 1.0, scenario.cloud_servers_count]),
        tuple(getattr(scenario, f"{station}_discipline") for station in SHARED),
        scenario.population_count * scenario.arrival_per_s,
        delay[known],
        work[known],
        second[known],
        {name: result[name][known] for name in _METRICS},
        designs,
        known,
    )
