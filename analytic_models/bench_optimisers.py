"""Measure the optimisers against their targets, as times and as ratios within one process."""

from __future__ import annotations

__all__ = ["Goal", "measure_optimisers"]

import contextlib
import dataclasses
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytic_models.bench_instances import (
    ChainInstance,
    Kind,
    budgeted_chain,
    layer_graph,
    plain_chain,
    point_cloud,
    traffic_classes,
)
from analytic_models.bench_timing import shortest
from analytic_models.catalog import load_catalog
from analytic_models.design import Scenario, load_scenarios
from analytic_models.optimizers.assignment import assign
from analytic_models.optimizers.chain import place_chain
from analytic_models.optimizers.chain_budgets import place_chain_within
from analytic_models.optimizers.chain_dual import path_cost, scaled
from analytic_models.optimizers.chain_programme import solve_programme
from analytic_models.optimizers.dag_instance import dag_of
from analytic_models.optimizers.mincut import place_dag
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.phase import phase_map
from analytic_models.optimizers.phase_field import axis_over
from analytic_models.optimizers.placement import optimize
from analytic_models.optimizers.protocols import Table
from analytic_models.optimizers.space import default_space, enumerate_designs
from analytic_models.segments import layer_times

_NODES = 1000
_MIXED, _ASSIGNED = (3, 50_000), (20, 60)
_CHAIN = (100, 5, 8)
_CHAIN_SEEDS = range(6)
_POINTS = 1_000_000
_LEAST_DESIGNS = 100_000
_MAP_CELLS = 60
_DECIDED = ("mobilenet_v2", ("rpi4b", "jetson_agx_orin", "a100_sxm"))
_CLOUDS: tuple[Literal["trade-off", "uniform"], ...] = ("trade-off", "uniform")
_WORDS: Mapping[Kind, str] = {
    "even": "layers alike",
    "arcs": "independent arcs",
    "heavy": "layers of very different size",
}
_AGREE = 1e-6  # relative difference at which two optima count as equal


@dataclass(frozen=True)
class Goal:
    """One figure beside its target.

    Parameters
    ----------
    name, label
        Name for programs and words for people.
    value, unit
        What was measured.
    target, sense
        What it should be, ``"<="`` at most or ``">="`` at least; ``nan`` where nothing is promised.
    note
        What was solved, and whether the answer was proven or equal to another one.
    """

    name: str
    label: str
    value: float
    unit: str
    target: float = float("nan")
    sense: Literal["<=", ">="] = "<="
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        if np.isnan(self.target):
            return None
        return self.value <= self.target if self.sense == "<=" else self.value >= self.target


def measure_optimisers(
    say: Callable[[str], None], instances: int = 1, limit_s: float = 20.0
) -> list[Goal]:
    """Measure every figure; takes about half a minute, and what the integer programmes take.

    Parameters
    ----------
    say
        Called with what is measured next.
    instances
        Budgeted chains that ``scipy.optimize.milp`` solves as well, at most twelve.
    limit_s
        Time limit of each of these programmes [s].

    Returns
    -------
    list of Goal
        Process CPU times, best of several runs after three to warm up.
    """
    found: list[Goal] = []
    for part in (_chains(instances, limit_s), _graphs(), _classes(), _fronts(), _designs()):
        for words, goals in part:
            say(words)
            found += goals()
    return found


Step = tuple[str, Callable[[], list[Goal]]]


def _time(run: Callable[[], object], runs: int = 5, warm_ups: int = 3) -> float:
    return shortest(run, runs, warm_ups)


def _chains(instances: int, limit_s: float) -> Iterator[Step]:
    layers, tiers, options = _CHAIN
    size = f"{layers} layers, {tiers} tiers, {options} options"

    def plain() -> list[Goal]:
        arcs = plain_chain(*_CHAIN, seed=0)
        value = 1e3 * _time(lambda: place_chain(arcs), 20)
        return [Goal("chain_ms", f"Chain of {size}", value, "ms", 1.0)]

    yield "chain", plain
    chains = {
        kind: [
            budgeted_chain(*_CHAIN, seed=seed, kind=kind)
            for seed in _CHAIN_SEEDS[: 3 if kind == "heavy" else None]
        ]
        for kind in _WORDS
    }
    for kind, some in chains.items():

        def budgeted(kind: Kind = kind, some: list[ChainInstance] = some) -> list[Goal]:
            return _budgeted(kind, some)

        yield f"chain with budgets, {kind}", budgeted
    if instances > 0:
        pairs = zip(chains["even"], chains["arcs"], strict=True)
        some = [chain for pair in pairs for chain in pair]

        def against() -> list[Goal]:
            return _against_programme(some[:instances], limit_s)

        yield f"the same by scipy.optimize.milp, up to {instances * limit_s:.0f} s", against


def _solve(chain: ChainInstance) -> Callable[[], object]:
    return lambda: place_chain_within(chain.arcs, chain.uses, chain.budgets)


def _budgeted(kind: Kind, chains: list[ChainInstance]) -> list[Goal]:
    runs, warm_ups = (1, 0) if kind == "heavy" else (5, 1)
    times = [1e3 * _time(_solve(chain), runs, warm_ups) for chain in chains]
    plans = [place_chain_within(chain.arcs, chain.uses, chain.budgets) for chain in chains]
    proven = sum(plan.status == "optimal" for plan in plans)
    return [
        Goal(
            f"budgets_{kind}_ms",
            f"With accuracy, energy and memory budgets, {_WORDS[kind]}",
            max(times),
            "ms",
            100.0,
            note=f"slowest of {len(times)}, median {np.median(times):.0f} ms; "
            f"{proven} proven optimal",
        )
    ]


def _against_programme(chains: list[ChainInstance], limit_s: float) -> list[Goal]:
    ratios, equal, ended = [], 0, 0
    for chain in chains:
        own = _time(_solve(chain), 3, 1)
        plan = place_chain_within(chain.arcs, chain.uses, chain.budgets)
        problem = scaled(chain.arcs, chain.uses, chain.budgets, None, None)
        begun = time.process_time()
        with _silent():
            other = solve_programme(problem, np.isfinite(chain.arcs), limit_s)
        ratios.append((time.process_time() - begun) / own)
        ended += other.done
        if other.done and other.path is not None:
            equal += abs(path_cost(problem, other.path) - plan.cost) <= _AGREE * plan.cost
    note = f"{equal} of {ended} solved have the same optimum"
    if ended < len(chains):
        note += f"; {len(chains) - ended} hit the limit of {limit_s:.0f} s, so the ratio is higher"
    label = f"times faster than scipy.optimize.milp, least of {len(chains)}"
    return [Goal("budgets_ratio", label, min(ratios), "×", 10.0, ">=", note)]


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Send what the compiled solver writes past Python to nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _graphs() -> Iterator[Step]:
    def cut() -> list[Goal]:
        run, tensors, send = layer_graph(_NODES, 3, seed=0)
        gap = place_dag(run, tensors, send).certificate.gap
        value = 1e3 * _time(lambda: place_dag(run, tensors, send), 20)
        note = f"{len(tensors.edge_tensor):,} edges; integer capacities leave {gap:.0e}"
        label = f"Graph of {_NODES:,} nodes on three tiers by minimum cut"
        return [Goal("cut_ms", label, value, "ms", 5.0, note=note)]

    yield "minimum cut", cut

    def decision() -> list[Goal]:
        catalog, (name, machines) = load_catalog(), _DECIDED
        dnn = catalog.dnns[name]
        tables = [layer_times(catalog, name, m, "fp32", "roofline", ()) for m in machines]
        hop_s = np.array([4e-3, 2e-2])
        rates = iter(np.geomspace(1e5, 1e9, 64))

        def decide() -> object:
            return dag_of(dnn, tables, np.array([next(rates), 2e8]), hop_s).place()

        value = 1e3 * _time(decide, 40)
        label = f"Where to cut {dnn.label} at a new link rate"
        return [Goal("decision_ms", label, value, "ms", 5.0, note="best of forty rates")]

    yield "one placement decision", decision


def _classes() -> Iterator[Step]:
    def mix() -> list[Goal]:
        tables = traffic_classes(*_MIXED, seed=1)
        found = solve_mix(tables)
        value = _time(lambda: solve_mix(tables))
        note = f"{_MIXED[1]:,} designs each; gap {found.gap_s:.0e} s"
        return [Goal("mix_s", f"Optimal mix of {_MIXED[0]} classes", value, "s", 0.5, note=note)]

    yield "mix of three classes", mix

    def one_each() -> list[Goal]:
        goals = []
        limits: tuple[tuple[str, dict[str, float]], ...] = (
            ("", {}),
            (" under an energy budget", {"energy_j": 0.7}),
        )
        for name, budgets in limits:
            tables = traffic_classes(*_ASSIGNED, seed=2)
            found = assign(tables, budgets)

            def solve(tables: list[Table] = tables, budgets: dict[str, float] = budgets) -> object:
                return assign(tables, budgets)

            value = _time(solve, 3, 1)
            goals.append(
                Goal(
                    f"assign{'_budget' if budgets else ''}_s",
                    f"One of {_ASSIGNED[1]} designs for each of {_ASSIGNED[0]} classes{name}",
                    value,
                    "s",
                    1.0,
                    note=f"{found.status}, {found.rounds} programmes",
                )
            )
        return goals

    yield "one design per class", one_each


def _fronts() -> Iterator[Step]:
    values = np.random.default_rng(3).random(_POINTS)

    def fronts() -> list[Goal]:
        unit = _time(lambda: np.sort(values), 9)
        goals = [Goal("sort_ms", f"np.sort of {_POINTS:,} doubles", 1e3 * unit, "ms")]
        for kind in _CLOUDS:
            for objectives, target in ((2, 0.2), (3, 8.0)):
                points = point_cloud(_POINTS, objectives, 4, kind)
                spent = _time(functools.partial(pareto_mask, points), 5)
                count = int(pareto_mask(points).sum())
                goals.append(
                    Goal(
                        f"front_{objectives}_{kind}_ratio",
                        f"Front of as many {kind} points in {objectives} objectives, in sorts",
                        spent / unit,
                        "×",
                        target,
                        note=f"{1e3 * spent:.1f} ms; {count:,} on the front",
                    )
                )
        return goals

    yield "Pareto fronts", fronts


def _designs() -> Iterator[Step]:
    def best() -> list[Goal]:
        scenario, count = _large_scenario()
        # Another deadline each time, so that nothing is answered from memory.
        factor = iter(1.0 + 1e-6 * i for i in range(100))

        def solve() -> object:
            changed = dataclasses.replace(scenario, deadline_s=scenario.deadline_s * next(factor))
            return optimize(changed, "latency_p99_s")

        label = f"Exact optimum of {count:,} designs by p99"
        return [Goal("optimum_s", label, _time(solve), "s", 0.1)]

    yield "exact optimum by p99", best

    def cells() -> list[Goal]:
        scenario = load_scenarios()["1-factory"].scenario
        x = axis_over("uplink_bit_per_s", 1e6, 1e9, _MAP_CELLS)
        y = axis_over("arrival_per_s", 0.1, 60.0, _MAP_CELLS)
        value = _time(lambda: list(phase_map(scenario, x, y, "latency_mean_s")), 3, 1)
        label = f"Map of {_MAP_CELLS} × {_MAP_CELLS} cells"
        return [Goal("map_s", label, value, "s", 1.5)]

    yield "map", cells


def _large_scenario() -> tuple[Scenario, int]:
    """Return the ready-made scenario of the smallest space that is large enough."""
    scenarios = [case.scenario for case in load_scenarios().values()]
    sized = [(len(enumerate_designs(s, default_space(s))), i) for i, s in enumerate(scenarios)]
    count, place = min((n, i) for n, i in sized if n >= min(_LEAST_DESIGNS, max(sized)[0]))
    return scenarios[place], count
