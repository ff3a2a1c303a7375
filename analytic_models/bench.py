"""Measure the speed of the models on this machine.

Every figure comes with its ratio to the time of one ``np.multiply`` of 16,384 doubles in the same
run, so that figures of different machines can be compared.
"""

from __future__ import annotations

__all__ = ["BENCH_QUANTITIES", "Figure", "measure"]

import dataclasses
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytic_models.batch import batch_of
from analytic_models.bench_timing import shortest
from analytic_models.catalog import data_folder, read_catalog
from analytic_models.design import TIERS, Case, Scenario, load_scenarios
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import evaluate, run_batch
from analytic_models.optimizers.placement import optimize
from analytic_models.optimizers.space import default_space, enumerate_designs

BENCH_QUANTITIES = (
    "latency_mean_s", "latency_p95_s", "latency_p99_s", "energy_device_j", "energy_total_j",
    "cost_usd", "carbon_gco2e", "accuracy_frac", "memory_frac", "exposed_frac",
    "bottleneck_utilisation_frac",
)  # fmt: skip
_PRESET = "1-factory"
_UNIT_DOUBLES = 16_384
_RUNS = 7
_SINGLE_CASES = 50
_REFINED_DESIGNS = 16_384
# Discipline of every station and spread of the work: as shipped, and where all laws are smooth.
_FCFS = dict.fromkeys((f"{s}_discipline" for s in (*TIERS, "uplink", "backhaul")), "fcfs")
_CHAINS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("", "p99 by transform inversion, fixed work, shared links", {}),
    (
        "_exponential",
        "p99 by transform inversion, M/M/c tandem",
        _FCFS | {"compute_scv": 1.0, "message_scv": 1.0},
    ),
    (
        "_gamma",
        "p99 by transform inversion, M/G/c tandem, scv 0.7",
        _FCFS | {"compute_scv": 0.7, "message_scv": 0.7},
    ),
)
_LEAST_DESIGNS = 100_000


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Parameters
    ----------
    name, label
        Name for programs and words for people.
    value, unit
        What was measured, in ``unit``.
    ratio
        Time (of one design, where the figure is a rate) in units of one ``np.multiply``.
    """

    name: str
    label: str
    value: float
    unit: str
    ratio: float


def _multiply_time() -> float:
    """Time of one product of two arrays that fit the cache [s]."""
    left, right = np.full(_UNIT_DOUBLES, 1.5), np.full(_UNIT_DOUBLES, 0.7)
    out = np.empty(_UNIT_DOUBLES)
    repeat = 1_000

    def run() -> None:
        for _ in range(repeat):
            np.multiply(left, right, out=out)

    return shortest(run) / repeat


def _designs(scenario: Scenario) -> DesignSet:
    """Return every design of the scenario, repeated until there are enough for an honest rate."""
    designs = enumerate_designs(scenario, default_space(scenario))
    if len(designs) >= _LEAST_DESIGNS:
        return designs
    times = -(-_LEAST_DESIGNS // len(designs))
    return designs.take(np.tile(np.arange(len(designs)), times))


def _evaluations(scenario: Scenario, unit: float) -> list[Figure]:
    designs = _designs(scenario)
    built = batch_of(scenario, designs)
    alone = shortest(lambda: run_batch(built, BENCH_QUANTITIES))

    def whole() -> None:
        # A new object, because look-ups are kept for the set that they were made for.
        fresh = dataclasses.replace(designs)
        run_batch(batch_of(scenario, fresh), BENCH_QUANTITIES)

    with_lookups = shortest(whole)
    count = len(designs)
    return [
        _rate("designs_per_s", "Designs, eleven quantities each", count, alone, unit),
        _rate(
            "designs_with_lookups_per_s", "The same, look-ups included", count, with_lookups, unit
        ),
        *(
            _refined(f"refined_p99{name}_per_s", label, dataclasses.replace(scenario, **law), unit)
            for name, label, law in _CHAINS
        ),
    ]


def _refined(name: str, label: str, scenario: Scenario, unit: float) -> Figure:
    """Rate of exact percentiles, of stable designs alone: an unstable one costs nothing."""
    designs = _designs(scenario)
    means = run_batch(batch_of(scenario, designs), ("latency_mean_s",))["latency_mean_s"]
    stable = np.flatnonzero(np.isfinite(means))
    chosen = stable[np.linspace(0, len(stable) - 1, _REFINED_DESIGNS).astype(np.int64)]
    exact = batch_of(scenario, designs.take(chosen), exact_tail=True)
    seconds = shortest(lambda: run_batch(exact, ("latency_p99_s",)))
    return _rate(name, label, _REFINED_DESIGNS, seconds, unit)


def _rate(name: str, label: str, count: int, seconds: float, unit: float) -> Figure:
    return Figure(name, label, count / seconds, "designs/s", seconds / count / unit)


def _duration(name: str, label: str, seconds: float, unit: float) -> Figure:
    return Figure(name, label, seconds * 1e3, "ms", seconds / unit)


def _single_case(case: Case, unit: float) -> list[Figure]:
    """Median time of one case with every quantity: all inputs new, and one slider after the other.

    What a page does when someone moves a slider: the values are new every time, the rest is not.
    """
    rate = evaluate(case, ["uplink_bit_per_s"]).value("uplink_bit_per_s")

    def moved(step: int) -> dict[str, float]:
        # A few per cent around the shipped case, never the same twice.
        factor = 1.0 + 0.01 * (step % 7 - 3) + 1e-5 * step
        return {
            "population_count": case.scenario.population_count + step % 3,
            "arrival_per_s": case.scenario.arrival_per_s * factor,
            "uplink_bit_per_s": rate * factor,
            "deadline_s": case.scenario.deadline_s * factor,
        }

    whole, single = [], []
    for step in range(_SINGLE_CASES + 5):
        whole.append(_seconds(case.with_scenario(**moved(2 * step))))
        now = case.with_scenario(**moved(2 * step))
        for name, value in moved(2 * step + 1).items():
            now = now.with_scenario(**{name: value})
            single.append(_seconds(now))
    label = "One case, every quantity, percentiles exact"
    move = "One slider moved, every quantity, percentiles exact"
    return [
        _duration("one_case_ms", label, statistics.median(whole[5:]), unit),
        _duration("one_move_ms", move, statistics.median(single[20:]), unit),
    ]


def _seconds(case: Case) -> float:
    begun = time.process_time()
    evaluate(case)
    return time.process_time() - begun


def _import_time(unit: float) -> Figure:
    """Time that the import takes in a fresh interpreter, beyond starting it."""
    code = "import time; t = time.perf_counter(); import analytic_models; "
    code += "print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    times = []
    for _ in range(_RUNS):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        times.append(float(done.stdout))
    return _duration("import_ms", "import analytic_models", min(times), unit)


def _optimum(unit: float) -> list[Figure]:
    """Time of the exact optimum, over the smallest ready-made space that is large enough."""
    scenarios = [case.scenario for case in load_scenarios().values()]
    sized = [(len(enumerate_designs(s, default_space(s))), i) for i, s in enumerate(scenarios)]
    count, chosen = min((n, i) for n, i in sized if n >= min(_LEAST_DESIGNS, max(sized)[0]))
    scenario = scenarios[chosen]
    # Another deadline each time, so that nothing is answered from memory.
    deadlines = iter(scenario.deadline_s * (1.0 + 1e-6 * i) for i in range(_RUNS + 1))

    def run() -> None:
        optimize(dataclasses.replace(scenario, deadline_s=next(deadlines)))

    seconds = shortest(run)
    return [
        _duration("optimum_ms", f"Exact optimum over {count:,} designs", seconds, unit),
        Figure(
            "optimum_designs", "Designs that it looked at", float(count), "designs", float("nan")
        ),
    ]


def measure() -> list[Figure]:
    """Measure every figure; takes some seconds.

    Returns
    -------
    list of Figure
        One-core figures in process CPU time, best of seven; a single case as the median; the
        import in wall-clock time of a fresh interpreter.
    """
    case = load_scenarios()[_PRESET]
    unit = _multiply_time()
    return [
        Figure("multiply_us", f"np.multiply of {_UNIT_DOUBLES:,} doubles", unit * 1e6, "µs", 1.0),
        *_evaluations(case.scenario, unit),
        *_single_case(case, unit),
        *_optimum(unit),
        _import_time(unit),
        _duration(
            "catalog_ms", "Reading the catalog", shortest(lambda: read_catalog(data_folder())), unit
        ),
    ]
