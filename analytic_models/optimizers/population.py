"""What a growing population makes of a design: blind, best single plan, optimal mix, selfish."""

from __future__ import annotations

__all__ = [
    "Baselines",
    "Curve",
    "Population",
    "class_table",
    "class_tables",
    "feasible_rows",
    "population_curves",
]

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analytic_models.catalog import Catalog, load_catalog
from analytic_models.demand import DemandTable, demand_table
from analytic_models.design import Scenario
from analytic_models.errors import DesignError, Problem
from analytic_models.optimizers.assignment import assign
from analytic_models.optimizers.baselines import load_blind_row
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.dominance import prune
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution, check_shared
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.population_limits import Thresholds, thresholds
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray, Table
from analytic_models.optimizers.protocols import DemandTable as AnyTable
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

# Fields that classes must have in common, because they describe what the classes share.
_SHARED_FIELDS = (
    "edge",
    "cloud",
    "edge_servers_count",
    "cloud_servers_count",
    "uplink",
    "backhaul",
    "uplink_bit_per_s",
    "backhaul_bit_per_s",
    "uplink_background_frac",
    "backhaul_background_frac",
    "uplink_discipline",
    "edge_discipline",
    "backhaul_discipline",
    "cloud_discipline",
)
Baselines = Mapping[str, Sequence[AnyTable]]


def feasible_rows(scenario: Scenario, table: DemandTable) -> BoolArray:
    """Return which designs meet memory, privacy, accuracy and energy requirements, shape (n,).

    What is not known meets nothing. The deadline and the cost depend on the load and are no part.
    """
    metrics = table.metrics
    allowed = np.ones(len(table), dtype=bool)
    # Blocks whose time was measured on a machine ran there, so they fit.
    if scenario.timing != "measured":
        allowed &= metrics["memory_frac"] <= 1.0
    if scenario.raw_input_stays_flag:
        allowed &= metrics["raw_input_leaves_flag"] <= 0.0
    limits = (
        ("accuracy_drop_pp", scenario.accuracy_drop_max_pp),
        ("energy_device_j", scenario.energy_max_j),
    )
    for name, limit in limits:
        if limit is not None:
            allowed &= metrics[name] <= limit * (1.0 + 1e-12)
    return allowed


def class_table(
    scenario: Scenario, over: Space | None = None, catalog: Catalog | None = None
) -> tuple[DemandTable, dict[str, DemandTable]]:
    """Return the designs of one class that can matter at some load, and those of each tier alone.

    Parameters
    ----------
    scenario
        What is given; its deadline and cost limit are not part of a mix of mean latencies.
    over
        Space of designs; by default every precision and encoding that the scenario offers.

    Returns
    -------
    The undominated designs that meet the requirements, and by name (``"device only"`` …) the
    undominated ones that run on one tier; a tier without a feasible design is left out.

    Raises
    ------
    DesignError
        If no design meets the requirements.
    """
    catalog = catalog or load_catalog()
    space = over or default_space(scenario, catalog)
    table = demand_table(scenario, enumerate_designs(scenario, space, catalog), catalog)
    table = table.take(feasible_rows(scenario, table))
    if not len(table):
        wanted = "memory, raw input, accuracy and energy requirements"
        raise DesignError(Problem("scenario", "no design meets its requirements", wanted))
    last = len(catalog.dnns[scenario.dnn].boundary_row) - 1
    cut1 = np.asarray(table.designs.cut1)[table.rows]
    cut2 = np.asarray(table.designs.cut2)[table.rows]
    tiers = {
        "device only": cut1 == last,
        "edge only": (cut1 == 0) & (cut2 == last),
        "cloud only": cut2 == 0,
    }
    alone = {name: table.take(mask) for name, mask in tiers.items() if mask.any()}
    return table.take(prune(table)), {name: t.take(prune(t)) for name, t in alone.items()}


def class_tables(
    scenarios: Sequence[Scenario], catalog: Catalog | None = None
) -> tuple[list[DemandTable], dict[str, list[DemandTable]]]:
    """Return the tables of classes that share hops, edge site and cloud.

    Raises
    ------
    DesignError
        If the scenarios differ in what they share, or a class has no feasible design.
    """
    first = scenarios[0]
    problems = [
        Problem(f"scenarios[{place}].{name}", "differs from the first class", "the same value")
        for place, scenario in enumerate(scenarios)
        for name in _SHARED_FIELDS
        if getattr(scenario, name) != getattr(first, name)
    ]
    if problems:
        raise DesignError(problems)
    found = [class_table(scenario, None, catalog) for scenario in scenarios]
    names = [name for name in found[0][1] if all(name in alone for _, alone in found)]
    return [table for table, _ in found], {n: [alone[n] for _, alone in found] for n in names}


@dataclass(frozen=True)
class Curve:
    """One way to choose designs, over the populations.

    Parameters
    ----------
    name
        What a person calls it.
    rows
        Shape (p, K): row of each class's table, −1 where no design is stable.
    mean_s
        Shape (p,): mean latency over all requests, s; ``inf`` where a station is overloaded.
    """

    name: str
    rows: IntArray
    mean_s: FloatArray


@dataclass(frozen=True)
class Population:
    """Curves over the number of devices, with the reasons to believe them.

    Parameters
    ----------
    populations
        Shape (p,): devices of all classes together.
    classes
        Tables of the K classes at the present population.
    blind, best
        Everybody on the plan that is best on an idle system; the best single plan per class.
    system, selfish
        Per population: the mix of least mean latency, and the equilibrium, each with its gap.
    baselines
        Device only, edge only, cloud only, as far as they are feasible.
    limits
        The populations at which the curves part.
    certificate
        What is promised about the four curves together.
    """

    populations: FloatArray
    classes: tuple[AnyTable, ...]
    blind: Curve
    best: Curve
    system: tuple[MixSolution, ...]
    selfish: tuple[MixSolution, ...]
    limits: Thresholds
    certificate: Certificate
    baselines: tuple[Curve, ...] = field(default=())


def at_population(table: AnyTable, factor: float) -> Table:
    """Return a table whose class has ``factor`` times as many users."""
    return Table(
        table.stations,
        np.asarray(table.servers, dtype=np.float64),
        table.discipline,
        table.arrival_per_s * factor,
        table.delay_s,
        table.work_s,
        table.work2_s2,
        table.metrics,
    )


def joint_latency(classes: Sequence[AnyTable], rows: Sequence[int]) -> float:
    """Return the mean latency over all requests if class k uses row k throughout, s."""
    if any(row < 0 for row in rows):
        return float("inf")
    pairs = list(zip(classes, rows, strict=True))
    offered = [table.arrival_per_s * table.work_s[row] for table, row in pairs]
    total, weight, mean = np.sum(offered, axis=0), 0.0, 0.0
    for (table, row), own in zip(pairs, offered, strict=True):
        one = dataclasses.replace(
            at_population(table, 1.0),
            delay_s=table.delay_s[row : row + 1],
            work_s=table.work_s[row : row + 1],
        )
        mean += table.arrival_per_s * float(single_plan_latency(one, total - own)[0])
        weight += table.arrival_per_s
    return mean / weight


def population_curves(
    classes: Sequence[AnyTable],
    populations: FloatArray,
    present: float,
    baselines: Baselines | None = None,
) -> Population:
    """Choose designs for every population in four ways, and by simple rules.

    Parameters
    ----------
    classes
        Tables of the K classes, pruned by :func:`class_table` or built by hand.
    populations
        Shape (p,): devices of all classes together, ≥ 0; the classes keep their proportions.
    present
        Devices of all classes together at the tables' arrival rates, > 0.
    baselines
        Name to the K tables that a simple rule may choose from.

    Raises
    ------
    ValueError
        If the classes do not share their stations.

    Notes
    -----
    Stations share their processors in all curves: only then is a mix a convex programme.
    """
    check_shared(classes)
    counts = np.asarray(populations, dtype=np.float64)
    blind_rows = [load_blind_row(table) for table in classes]
    blind, best, system, selfish = [], [], [], []
    rules: dict[str, list[tuple[list[int], float]]] = {name: [] for name in baselines or {}}
    for count in counts:
        here = [at_population(table, count / present) for table in classes]
        blind.append((blind_rows, joint_latency(here, blind_rows)))
        best.append(_best_single(here))
        system.append(solve_mix(here))
        selfish.append(solve_mix(here, "selfish"))
        for name, tables in (baselines or {}).items():
            rules[name].append(_rule([at_population(t, count / present) for t in tables]))
    return Population(
        counts,
        tuple(classes),
        _curve("load-blind plan", blind),
        _curve("best single plan", best),
        tuple(system),
        tuple(selfish),
        thresholds(classes, blind_rows, present),
        _certificate(classes, system, selfish),
        tuple(_curve(name, found) for name, found in rules.items()),
    )


def _best_single(classes: Sequence[AnyTable]) -> tuple[list[int], float]:
    if len(classes) > 1:
        found = assign(classes)
        return [int(row) for row in found.rows], found.mean_s
    latency = single_plan_latency(classes[0])
    row = int(latency.argmin())
    return [row if np.isfinite(latency[row]) else -1], float(latency[row])


def _rule(classes: Sequence[AnyTable]) -> tuple[list[int], float]:
    """Choose within one tier: the best under load for one class, each one's idle best for more."""
    if len(classes) == 1:
        return _best_single(classes)
    rows = [load_blind_row(table) for table in classes]
    return rows, joint_latency(classes, rows)


def _curve(name: str, found: Sequence[tuple[Sequence[int], float]]) -> Curve:
    rows = np.array([list(chosen) for chosen, _ in found], dtype=np.int64)
    return Curve(name, rows, np.array([mean for _, mean in found]))


def _certificate(
    classes: Sequence[AnyTable], system: Sequence[MixSolution], selfish: Sequence[MixSolution]
) -> Certificate:
    solved = [found for found in (*system, *selfish) if np.isfinite(found.mean_s)]
    gap = max((found.gap_s for found in solved), default=0.0)
    size = sum(len(table.delay_s) for table in classes)
    queued = next((f.certificate for f in solved if f.certificate.kind == "heuristic"), None)
    if queued is not None:
        return dataclasses.replace(queued, gap=gap, candidates=size)
    detail = "largest duality gap over all populations and both mixes, in seconds"
    return Certificate("gap", "column generation", detail, gap, size)
