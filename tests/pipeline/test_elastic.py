"""An elastic cloud, from the scenario to the simulation of the whole case."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize, sweep
from analytic_models.demand import demand_table
from analytic_models.lights import lights
from analytic_models.optimizers.phase import phase_map
from analytic_models.optimizers.phase_field import Axis
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.simulation.case import case_route, simulate

PLAIN = (
    load_scenarios()["1-factory"]
    .with_design(cut1=0, cut2=0)
    .with_scenario(uplink_bit_per_s=1e9, backhaul_bit_per_s=1e10)
)
CLOUD = PLAIN.with_scenario(cloud_discipline="elastic", cloud_keep_alive_s=60.0)
TAILS = ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")


def test_a_cloud_that_keeps_machines_for_a_day_is_one_with_endless_servers() -> None:
    busy = {"population_count": 200, "arrival_per_s": 0.5, "cloud_servers_count": 4000}
    many = evaluate(PLAIN.with_scenario(**busy))
    kept = evaluate(CLOUD.with_scenario(**busy, cloud_keep_alive_s=86400.0))
    assert kept.value("cloud_cold_frac") < 1e-6
    for name in ("latency_mean_s", *TAILS):
        assert kept.value(name) == pytest.approx(many.value(name), rel=2e-4), name


def test_without_start_times_a_cold_machine_costs_nothing() -> None:
    found = evaluate(CLOUD.with_scenario(cloud_cold_start_s=0.0, cloud_keep_alive_s=0.0))
    assert found.value("cloud_cold_frac") == 1.0
    assert found.value("cloud_wait_s") == 0.0
    assert found.value("cloud_machine_s") == found.value("cloud_service_s")


def test_the_number_of_servers_does_not_matter_and_no_load_is_too_much() -> None:
    heavy = {"population_count": 40, "arrival_per_s": 20.0, "backhaul_bit_per_s": 1e12,
             "uplink_bit_per_s": 1e12, "cloud": "rpi4b"}  # fmt: skip
    found = evaluate(CLOUD.with_scenario(**heavy, cloud_servers_count=1))
    again = evaluate(CLOUD.with_scenario(**heavy, cloud_servers_count=64))
    assert found.value("cloud_offered_count") > 8.0
    assert found.value("cloud_utilisation_frac") == 0.0
    assert math.isfinite(found.value("latency_p999_s"))
    assert found.value("stable_flag") == 1.0
    assert all(found.value(name) == again.value(name) for name in ("latency_mean_s", *TAILS))


def test_mean_machine_time_and_cost_count_the_starts() -> None:
    found = evaluate(CLOUD.with_scenario(population_count=1, arrival_per_s=0.05))
    cold, start = found.value("cloud_cold_frac"), 0.5
    assert 0.01 < cold < 0.2
    assert found.value("cloud_wait_s") == pytest.approx(cold * start, rel=1e-12)
    machine = found.value("cloud_service_s") + cold * start
    assert found.value("cloud_machine_s") == pytest.approx(machine, rel=1e-12)
    paid = found.value("cloud_usd_per_s") * machine / found.value("cloud_target_frac")
    assert found.value("cloud_usd") == pytest.approx(paid, rel=1e-9)


def test_a_design_that_does_not_use_the_cloud_meets_no_cold_machine() -> None:
    # A link that takes no time: only chains of plain queues count what it does to the next queue.
    quick = {"uplink_bit_per_s": 1e12}
    edge = CLOUD.with_design(cut1=0, cut2=20).with_scenario(**quick)
    plain = PLAIN.with_design(cut1=0, cut2=20).with_scenario(**quick)
    first, second = evaluate(edge), evaluate(plain)
    for name in ("latency_mean_s", *TAILS, "cost_usd"):
        assert first.value(name) == pytest.approx(second.value(name), rel=2e-3), name


# Load and keeping time, and how far the mean may be off: what the light says.
SIMULATED: dict[str, dict[str, Any]] = {
    "one rare device": {
        "population_count": 1, "arrival_per_s": 0.1, "cloud_keep_alive_s": 10.0,
    },
    "rare meetings": {"population_count": 20, "arrival_per_s": 0.1},
    "slow machines": {
        "population_count": 20, "arrival_per_s": 0.1, "cloud": "jetson_agx_orin",
        "cloud_keep_alive_s": 10.0,
    },
    "varying work": {"population_count": 12, "compute_scv": 1.0, "cloud_keep_alive_s": 10.0},
}  # fmt: skip


@pytest.mark.parametrize("name", SIMULATED)
def test_the_chain_lies_within_the_stated_envelope_of_its_simulation(name: str) -> None:
    case = CLOUD.with_scenario(**SIMULATED[name])
    found, run = evaluate(case), simulate(case, 100_000, seed=3)
    off = abs(found.value("latency_mean_s") - run.mean_s.value)
    assert off <= 0.01 * run.mean_s.value + run.mean_s.half_width
    seen = run.stations[-1].wait_s
    cold, start = found.value("cloud_cold_frac"), case.scenario.cloud_cold_start_s
    assert abs(cold * start - seen.value) <= 0.25 * seen.value + seen.half_width
    for quantity, estimate in (("latency_p50_s", run.p50_s), ("latency_p99_s", run.p99_s)):
        off = abs(found.value(quantity) - estimate.value)
        assert off <= 0.03 * estimate.value + estimate.half_width, quantity
    missed = found.value("deadline_miss_frac")
    assert abs(missed - run.miss_frac.value) <= 0.25 * missed + run.miss_frac.half_width


def test_the_tail_jumps_where_the_cold_starts_begin() -> None:
    rare = {"population_count": 1, "arrival_per_s": 0.06}
    found = evaluate(CLOUD.with_scenario(**rare))
    cold = found.value("cloud_cold_frac")
    assert 0.01 < cold < 0.05
    warm = found.value("latency_p50_s")
    assert found.value("latency_p95_s") < warm + 0.01
    assert found.value("latency_p99_s") == pytest.approx(warm + 0.5, rel=2e-3)
    late = evaluate(CLOUD.with_scenario(**rare, deadline_s=0.3))
    assert late.value("deadline_miss_frac") == pytest.approx(cold, rel=1e-3)


def test_an_elastic_cloud_becomes_a_station_of_its_kind() -> None:
    route, _ = case_route(CLOUD.with_scenario(cloud_cold_start_s=0.7))
    station = route.stations[-1]
    assert (station.name, station.discipline) == ("cloud", "elastic")
    assert station.cold_start is not None
    assert (station.cold_start.start_s, station.cold_start.keep_alive_s) == (0.7, 60.0)
    assert station.servers > 1_000_000


def test_a_sweep_equals_single_cases() -> None:
    counts = [1, 5, 40]
    case = CLOUD.with_scenario(arrival_per_s=0.05)
    swept = sweep(case, {"population_count": counts}, ["cloud_cold_frac"])["cloud_cold_frac"]
    for at, count in enumerate(counts):
        alone = evaluate(case.with_scenario(population_count=count)).value("cloud_cold_frac")
        assert swept[at] == pytest.approx(alone, rel=1e-12)
    # Many devices keep one machine warm, and sometimes need a second, cold one.
    assert swept[0] > swept[2] > swept[1]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"arrivals": "bursty"}, "scenario.cloud_discipline"),
        ({"cloud_places_count": 20}, "scenario.cloud_discipline"),
    ],
)
def test_a_combination_without_a_law_is_refused_by_name(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(DesignError) as caught:
        CLOUD.with_scenario(**changes)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_the_edge_is_not_elastic() -> None:
    with pytest.raises(DesignError, match="edge_discipline"):
        PLAIN.with_scenario(edge_discipline="elastic")


def test_populations_and_maps_refuse_an_elastic_cloud() -> None:
    scenario = CLOUD.scenario
    with pytest.raises(DesignError, match="cloud_discipline"):
        demand_table(scenario, enumerate_designs(scenario, Space()))
    axes = (
        Axis("population_count", np.array([1.0, 2.0])),
        Axis("arrival_per_s", np.array([1.0, 2.0])),
    )
    with pytest.raises(DesignError, match="cloud_discipline"):
        next(phase_map(scenario, *axes, over=Space()))


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("cloud_cold_frac", "find no warm machine"),
        ("cloud_wait_s", "wait until a machine has started"),
        ("cloud_machine_s", "its share of the starts"),
        ("cloud_utilisation_frac", "always has another machine"),
    ],
)
def test_the_explanation_names_the_starts_and_recomputes(quantity: str, words: str) -> None:
    node = explain(CLOUD.with_scenario(arrival_per_s=0.05), quantity)
    assert words in node.law
    assert node.recompute() == pytest.approx(node.value, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, "green", "within 25 %"),
        ({"cloud_keep_alive_s": 2.0}, "amber", "less than ten times"),
        ({"backhaul_discipline": "fcfs", "backhaul_bit_per_s": 2e8}, "amber", "one by one"),
        (
            {"population_count": 1, "arrival_per_s": 0.0767, "uplink_discipline": "ps"},
            "amber",
            "may be either time",
        ),
    ],
)
def test_a_light_states_how_far_it_holds(changes: dict[str, Any], state: str, words: str) -> None:
    found = {one.id: one for one in lights(evaluate(CLOUD.with_scenario(**changes)))}
    assert found["cold"].state == state
    assert words in found["cold"].message
    assert "Paid are services and starts" in found["cold"].message
    assert "cold" not in {one.id for one in lights(evaluate(PLAIN))}


def test_the_optimum_with_an_elastic_cloud_is_what_it_says() -> None:
    best = optimize(CLOUD.scenario, over=Space()).best
    assert best is not None
    again = evaluate(best.case())
    assert again.value("latency_p99_s") == pytest.approx(best.value("latency_p99_s"), rel=1e-9)


def test_a_case_with_an_elastic_cloud_survives_json() -> None:
    assert Case.from_json(CLOUD.to_json()) == CLOUD
    value = PLAIN.to_dict()
    for name in ("cloud_cold_start_s", "cloud_keep_alive_s"):
        value["scenario"].pop(name, None)
    assert Case.from_dict(value) == PLAIN
