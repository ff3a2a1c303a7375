"""Devices that wait for answers as a choice of the scenario: figures, limits, refusals, search."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize, sweep
from analytic_models.demand import demand_table
from analytic_models.lights import lights
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.simulation.case import simulate

FACTORY = load_scenarios()["1-factory"]
CLOSED = FACTORY.with_scenario(arrivals="closed")
STATIONS = ("device", "uplink", "edge", "backhaul", "cloud")
LATENCIES = ("latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
# Some layers in each tier, so that all four shared stations take part.
SPLIT = CLOSED.with_design(cut1=2, cut2=10).with_scenario(
    cloud="jetson_agx_orin", uplink_bit_per_s=1e9, backhaul_bit_per_s=1e9
)
EVEN = {"compute_scv": 1.0, "message_scv": 1.0}


def _value(case: Case, name: str, **changes: Any) -> float:
    return evaluate(case.with_scenario(**changes)).value(name)


# Changes, and bounds of throughput, mean, p95 and p99 as the light states them.
RUNS: dict[str, tuple[Case, dict[str, Any], tuple[float, float, float, float]]] = {
    "few, fixed": (CLOSED, {"population_count": 4}, (0.013, 0.01, 0.08, 0.09)),
    "some, fixed": (CLOSED, {"population_count": 12}, (0.013, 0.03, 0.06, 0.06)),
    "near the knee, fixed": (CLOSED, {"population_count": 20}, (0.013, 0.06, 0.06, 0.12)),
    "full, fixed": (CLOSED, {"population_count": 60}, (0.013, 0.02, 0.06, 0.07)),
    "in order, fixed": (
        CLOSED,
        {"population_count": 12, "uplink_discipline": "fcfs"},
        (0.013, 0.09, 0.09, 0.09),
    ),
    "some, exponential": (CLOSED, {"population_count": 12, **EVEN}, (0.006, 0.01, 0.03, 0.03)),
    "knee, exponential": (CLOSED, {"population_count": 20, **EVEN}, (0.006, 0.01, 0.03, 0.05)),
    "full link": (CLOSED, {"uplink_bit_per_s": 5e7}, (0.006, 0.01, 0.04, 0.10)),
    "split, exponential": (SPLIT, {"population_count": 16, **EVEN}, (0.008, 0.02, 0.05, 0.06)),
    "split, several": (
        SPLIT,
        {"population_count": 40, "edge_servers_count": 2, "cloud_servers_count": 3, **EVEN},
        (0.008, 0.02, 0.05, 0.06),
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_closed_form_lies_within_its_stated_envelope_of_the_simulation(name: str) -> None:
    base, changes, (rate, mean, p95, p99) = RUNS[name]
    case = base.with_scenario(**changes)
    found, run = evaluate(case), simulate(case, 50_000, seed=3)
    assert found.value("total_arrival_per_s") == pytest.approx(run.throughput_per_s, rel=rate)
    for quantity, estimate, bound in (
        ("latency_mean_s", run.mean_s, mean),
        ("latency_p95_s", run.p95_s, p95),
        ("latency_p99_s", run.p99_s, p99),
    ):
        near = bound * estimate.value + estimate.half_width
        assert abs(found.value(quantity) - estimate.value) <= near, quantity
    for station in run.stations:
        busy = found.value(f"{station.name}_utilisation_frac")
        assert busy == pytest.approx(station.utilisation_frac, rel=0.03)


def test_one_device_alone_has_the_latency_of_an_idle_system() -> None:
    found = evaluate(CLOSED.with_scenario(population_count=1))
    assert found.value("latency_mean_s") == pytest.approx(found.value("latency_idle_s"), rel=1e-12)
    cycle = found.value("latency_idle_s") + 1.0 / CLOSED.scenario.arrival_per_s
    assert found.value("total_arrival_per_s") == pytest.approx(1.0 / cycle, rel=1e-12)


def test_long_pauses_of_many_devices_are_random_arrivals() -> None:
    # A link that takes no time: open queues know in addition what it does to the next queue.
    rare = {"population_count": 30_000, "arrival_per_s": 0.002, "uplink_bit_per_s": 1e12}
    open_, loop = (evaluate(case.with_scenario(**rare)) for case in (FACTORY, CLOSED))
    for name in (*LATENCIES, "edge_utilisation_frac", "energy_total_j", "cost_usd"):
        assert loop.value(name) == pytest.approx(open_.value(name), rel=0.04), name


def test_nothing_is_ever_unstable() -> None:
    for count in (1, 100, 10_000, 1_000_000):
        found = evaluate(CLOSED.with_scenario(population_count=count, arrival_per_s=1e3))
        assert found.value("stable_flag") == 1.0
        assert found.value("bottleneck_utilisation_frac") < 1.0
        for name in (*LATENCIES, "deadline_miss_frac", "cost_usd"):
            assert np.isfinite(found.value(name))
    # All devices but those that think are in the queue of the full station.
    service = found.value("edge_service_s")
    assert found.value("latency_mean_s") == pytest.approx(1e6 * service, rel=1e-3)


def test_devices_that_never_ask_take_nothing() -> None:
    found = evaluate(CLOSED.with_scenario(arrival_per_s=0.0))
    assert found.value("total_arrival_per_s") == 0.0
    assert found.value("latency_mean_s") == pytest.approx(found.value("latency_idle_s"))


def test_rates_downstream_are_the_throughput() -> None:
    found = evaluate(SPLIT.with_scenario(population_count=30))
    rate = found.value("total_arrival_per_s")
    assert rate < 30 * SPLIT.scenario.arrival_per_s
    assert found.value("device_arrival_per_s") == pytest.approx(rate / 30, rel=1e-12)
    assert found.value("remote_arrival_per_s") == pytest.approx(rate, rel=1e-12)
    busy = found.value("edge_utilisation_frac")
    assert busy == pytest.approx(rate * found.value("edge_service_s"), rel=1e-9)
    per_second = found.value("edge_usd_per_s") if "edge_usd_per_s" in found.values else 0.0
    assert found.value("edge_usd") * rate == pytest.approx(per_second, rel=1e-9)


def test_devices_and_their_time_are_in_balance() -> None:
    for count in (3, 20, 200):
        case = SPLIT.with_scenario(population_count=count)
        found = evaluate(case)
        cycle = found.value("latency_mean_s") + 1.0 / case.scenario.arrival_per_s
        inside = found.value("total_arrival_per_s") * cycle
        assert inside == pytest.approx(count, rel=1e-6)


def test_a_device_never_waits_for_itself() -> None:
    found = evaluate(CLOSED.with_design(cut1=12, cut2=19).with_scenario(compute_scv=2.0))
    assert found.value("device_wait_s") == 0.0
    assert found.value("device_waiting_frac") == 0.0
    service = found.value("device_service_s")
    assert found.value("device_variance_s2") == pytest.approx(2.0 * service**2, rel=1e-12)


@pytest.mark.parametrize("changes", [{}, EVEN, {"uplink_discipline": "fcfs"}])
def test_percentiles_rise_and_agree_with_the_misses_and_the_mean(changes: dict[str, Any]) -> None:
    case = SPLIT.with_scenario(**changes)
    found = evaluate(case)
    levels = [found.value(name) for name in LATENCIES[1:]]
    assert levels == sorted(levels)
    missed = _value(case, "deadline_miss_frac", deadline_s=found.value("latency_p95_s"))
    assert missed == pytest.approx(0.05, rel=0.02)
    times = np.linspace(1e-4, 2.5 * levels[-1], 1_200)
    above = sweep(case, {"deadline_s": times}, ["deadline_miss_frac"], exact=True)
    area = float(np.trapezoid(above["deadline_miss_frac"], times)) + 1e-4
    assert area == pytest.approx(found.value("latency_mean_s"), rel=0.02)


@pytest.mark.parametrize("exact", [False, True])
def test_a_sweep_over_devices_and_pauses_equals_single_cases(exact: bool) -> None:
    over = {"population_count": [1, 8, 40, 300], "arrival_per_s": [1.0, 5.0, 20.0, 0.5]}
    names = ["latency_mean_s", "latency_p99_s", "total_arrival_per_s"]
    swept = sweep(SPLIT, over, names, exact=exact)
    for row in range(4):
        changes = {name: values[row] for name, values in over.items()}
        alone = evaluate(SPLIT.with_scenario(**changes), exact=exact)
        for name in names:
            assert swept[name][row] == pytest.approx(alone.value(name), rel=1e-4)


def test_an_explanation_names_the_law_and_recomputes() -> None:
    for name in ("total_arrival_per_s", "edge_wait_s", "uplink_variance_s2", "latency_p99_s"):
        node = explain(SPLIT, name, layers=False)
        assert node.recompute() == pytest.approx(node.value, rel=1e-9)
    assert "before they ask again" in explain(CLOSED, "total_arrival_per_s", layers=False).law


@pytest.mark.parametrize(
    ("changes", "path", "allowed"),
    [
        ({"edge_discipline": "batch"}, "scenario.edge_discipline", "fcfs, ps"),
        ({"cloud_discipline": "priority"}, "scenario.cloud_discipline", "fcfs, ps"),
        ({"uplink_slow_frac": 0.1}, "scenario.uplink_slow_frac", "0"),
        ({"uplink_loss_frac": 0.1}, "scenario.uplink_loss_frac", "0"),
    ],
)
def test_a_combination_without_a_law_is_refused_by_name(
    changes: dict[str, Any], path: str, allowed: str
) -> None:
    with pytest.raises(DesignError) as caught:
        CLOSED.with_scenario(**changes)
    assert [(p.path, p.allowed) for p in caught.value.problems] == [(path, allowed)]


def test_a_population_shared_out_over_designs_is_refused() -> None:
    scenario = CLOSED.scenario
    with pytest.raises(DesignError, match="arrivals"):
        demand_table(scenario, enumerate_designs(scenario, Space()))


def test_the_optimum_is_what_it_says_and_beats_its_neighbours() -> None:
    scenario = CLOSED.with_scenario(population_count=20).scenario
    best = optimize(scenario, over=Space()).best
    assert best is not None
    value = best.value("latency_required_s")
    assert evaluate(best.case()).value("latency_required_s") == pytest.approx(value, rel=1e-9)
    for first in range(0, 20, 4):
        for last in range(first, 20, 4):
            other = evaluate(best.case().with_design(cut1=first, cut2=last))
            if other.value("memory_frac") <= 1 and other.value("accuracy_drop_pp") <= 2:
                assert other.value("latency_required_s") >= value * (1 - 1e-6)


def test_a_case_with_waiting_devices_survives_json() -> None:
    assert Case.from_json(SPLIT.to_json()) == SPLIT
    assert json.loads(SPLIT.to_json())["scenario"]["arrivals"] == "closed"


@pytest.mark.parametrize(
    ("state", "changes"),
    [("amber", {}), ("green", EVEN), ("amber", {**EVEN, "population_count": 40})],
)
def test_a_light_states_the_throughput_and_how_far_the_laws_hold(
    state: str, changes: dict[str, Any]
) -> None:
    found = {light.id: light for light in lights(evaluate(CLOSED.with_scenario(**changes)))}
    assert found["arrivals"].state == state
    assert "waits for its answer" in found["arrivals"].message
    assert found["load"].state == found["sources"].state == "green"
