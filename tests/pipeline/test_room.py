"""Tiers with a finite number of places, from the scenario to the simulation of the whole case."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize, sweep
from analytic_models.demand import demand_table
from analytic_models.lights import lights, relieved
from analytic_models.optimizers.phase import phase_map
from analytic_models.optimizers.phase_field import Axis
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.simulation.case import case_route, simulate

FACTORY = load_scenarios()["1-factory"].with_scenario(uplink_bit_per_s=1e9)
SPLIT = load_scenarios()["1-factory"].with_design(cut1=5, cut2=12)
TAILS = ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
EVERYTHING = (
    *TAILS, "latency_mean_s", "energy_total_j", "cost_usd", "carbon_gco2e", "deadline_miss_frac",
    "latency_required_s",
)  # fmt: skip


def test_no_limit_is_the_same_numbers_bit_for_bit_and_loses_nothing() -> None:
    first = evaluate(FACTORY)
    second = evaluate(FACTORY.with_scenario(edge_places_count=None))
    assert all(first.value(name) == second.value(name) for name in EVERYTHING)
    assert first.value("lost_frac") == 0.0
    assert first.value("served_per_s") == first.value("total_arrival_per_s")


@pytest.mark.parametrize("scv", [0.0, 0.4, 1.0])
def test_many_places_are_the_plain_tier(scv: float) -> None:
    # A link that takes no time: only plain queues count that requests which shared it meet again.
    case = FACTORY.with_scenario(compute_scv=scv, uplink_bit_per_s=1e12)
    plain, roomy = evaluate(case), evaluate(case.with_scenario(edge_places_count=400))
    for name in EVERYTHING:
        assert roomy.value(name) == pytest.approx(plain.value(name), rel=3e-3, abs=1e-9), name


def test_an_overloaded_tier_with_a_last_place_answers_what_it_can() -> None:
    case = FACTORY.with_scenario(population_count=60)
    assert evaluate(case).value("latency_mean_s") == np.inf
    found = evaluate(case.with_scenario(edge_places_count=4))
    assert math.isfinite(found.value("latency_p999_s"))
    assert found.value("stable_flag") == 1.0
    assert found.value("edge_utilisation_frac") < 1.0
    assert found.value("edge_offered_count") > 1.0
    most = 1.0 / found.value("edge_service_s")
    assert found.value("served_per_s") == pytest.approx(most, rel=0.02)
    assert found.value("served_per_s") < most


def test_what_is_lost_misses_the_deadline_and_goes_no_further() -> None:
    case = SPLIT.with_scenario(uplink_bit_per_s=1e9, population_count=25)
    plain, found = (evaluate(c) for c in (case, case.with_scenario(edge_places_count=2)))
    lost = found.value("edge_lost_frac")
    assert 0.0 < lost < 1.0
    kept = (1.0 - lost) * plain.value("cloud_arrival_per_s")
    assert found.value("cloud_arrival_per_s") == pytest.approx(kept, rel=1e-12)
    assert found.value("reaching_cloud_frac") == pytest.approx(1.0 - lost, rel=1e-12)
    late = found.value("late_frac")
    assert found.value("deadline_miss_frac") == pytest.approx(lost + (1 - lost) * late, rel=1e-12)
    for name in ("cloud_usd", "cloud_j"):
        assert found.value(name) == pytest.approx((1.0 - lost) * plain.value(name), rel=1e-9)
    assert found.value("energy_device_j") == plain.value("energy_device_j")


def test_answers_that_the_cloud_loses_cost_no_egress() -> None:
    case = FACTORY.with_design(cut1=0, cut2=0).with_scenario(
        population_count=30, cloud_servers_count=1, cloud_places_count=1, arrival_per_s=30.0
    )
    plain = evaluate(case.with_scenario(cloud_places_count=None))
    found = evaluate(case)
    lost = found.value("cloud_lost_frac")
    assert lost > 0.01
    kept = (1.0 - lost) * plain.value("egress_usd")
    assert found.value("egress_usd") == pytest.approx(kept, rel=1e-9)
    assert found.value("lost_frac") == pytest.approx(lost, rel=1e-12)


def test_the_deadline_is_held_against_all_requests_and_percentiles_are_of_the_answered() -> None:
    case = FACTORY.with_scenario(edge_places_count=2, deadline_at="p99")
    found = evaluate(case)
    assert found.value("lost_frac") > 0.01
    assert found.value("latency_required_s") == np.inf
    assert math.isfinite(found.value("latency_p99_s"))
    roomy = evaluate(case.with_scenario(edge_places_count=8))
    assert 0.0 < roomy.value("lost_frac") < 0.01
    assert roomy.value("latency_p99_s") < roomy.value("latency_required_s") < np.inf
    at = roomy.value("latency_required_s")
    missed = evaluate(case.with_scenario(edge_places_count=8, deadline_s=at))
    assert missed.value("deadline_miss_frac") == pytest.approx(0.01, abs=2e-4)
    mean = evaluate(case.with_scenario(deadline_at="mean"))
    assert mean.value("latency_required_s") == mean.value("latency_mean_s")


# Load of the tier, and how far losses, mean, p95 and p99 may be off: what the light says.
SIMULATED: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "one place": ({"edge_places_count": 1, "population_count": 16}, 0.01, 0.01, 0.08),
    "one machine": ({"edge_places_count": 6, "population_count": 16}, 0.01, 0.01, 0.02),
    "overloaded": ({"edge_places_count": 6, "population_count": 30}, 0.01, 0.01, 0.02),
    "exponential": (
        {"edge_places_count": 4, "population_count": 16, "compute_scv": 1.0}, 0.01, 0.01, 0.02,
    ),
    "four machines": (
        {"edge_places_count": 8, "edge_servers_count": 4, "population_count": 120},
        0.04, 0.03, 0.09,
    ),
    "shared link": (
        {"edge_places_count": 4, "uplink_discipline": "ps", "uplink_bit_per_s": None},
        0.04, 0.03, 0.09,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIMULATED)
def test_the_chain_lies_within_the_stated_envelope_of_its_simulation(name: str) -> None:
    changes, share, mean, tail = SIMULATED[name]
    case = FACTORY.with_scenario(**{"uplink_discipline": "fcfs", **changes})
    found, run = evaluate(case), simulate(case, 100_000, seed=7)
    lost = found.value("lost_frac")
    assert abs(lost - run.lost_frac.value) <= share * lost + run.lost_frac.half_width
    for quantity, estimate, envelope in (
        ("latency_mean_s", run.mean_s, mean),
        ("latency_p95_s", run.p95_s, tail),
        ("latency_p99_s", run.p99_s, tail),
    ):
        off = abs(found.value(quantity) - estimate.value)
        assert off <= envelope * estimate.value + estimate.half_width, quantity
    rate = found.value("served_per_s")
    assert rate == pytest.approx(run.throughput_per_s, rel=0.02)
    missed = found.value("deadline_miss_frac")
    allowed = share * missed + run.miss_frac.half_width + 0.002
    assert abs(missed - run.miss_frac.value) <= allowed


def test_losses_at_two_tiers_add_up_as_in_the_run() -> None:
    case = SPLIT.with_scenario(
        uplink_bit_per_s=3e10, population_count=60, edge_places_count=2, arrival_per_s=5.0,
        backhaul_bit_per_s=1e10, cloud_servers_count=1, cloud_places_count=1, compute_scv=1.0,
    )  # fmt: skip
    found, run = evaluate(case), simulate(case, 60_000, seed=2)
    lost = found.value("lost_frac")
    assert found.value("cloud_lost_frac") > 0.02
    assert lost == pytest.approx(run.lost_frac.value, rel=0.03)
    assert found.value("latency_mean_s") == pytest.approx(run.mean_s.value, rel=0.02)


def test_a_last_place_becomes_a_station_that_loses() -> None:
    route, _ = case_route(FACTORY.with_scenario(edge_places_count=5))
    station = next(part for part in route.stations if part.name == "edge")
    assert (station.discipline, station.capacity) == ("loss", 5)


def test_a_sweep_over_servers_equals_single_cases() -> None:
    case = FACTORY.with_scenario(edge_places_count=6, population_count=30)
    counts = [1, 2, 5]
    swept = sweep(case, {"edge_servers_count": counts}, ["latency_mean_s", "lost_frac"])
    for at, count in enumerate(counts):
        alone = evaluate(case.with_scenario(edge_servers_count=count))
        for name in ("latency_mean_s", "lost_frac"):
            assert swept[name][at] == pytest.approx(alone.value(name), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"edge_discipline": "ps"}, ["scenario.edge_discipline"]),
        ({"edge_discipline": "batch"}, ["scenario.edge_discipline"]),
        ({"arrivals": "periodic"}, ["scenario.edge_places_count"]),
        ({"cloud_discipline": "priority"}, ["scenario.edge_places_count"]),
        (
            {"edge_servers_count": 5},
            ["scenario.edge_places_count", "scenario.edge_servers_count"],
        ),
    ],
)
def test_a_combination_without_a_law_is_refused_by_name(
    changes: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(DesignError) as caught:
        FACTORY.with_scenario(edge_places_count=4, **changes)
    assert [problem.path for problem in caught.value.problems] == paths


def test_populations_and_maps_refuse_losses() -> None:
    scenario = FACTORY.with_scenario(edge_places_count=4).scenario
    with pytest.raises(DesignError, match="edge_places_count"):
        demand_table(scenario, enumerate_designs(scenario, Space()))
    axes = (
        Axis("population_count", np.array([1.0, 2.0])),
        Axis("arrival_per_s", np.array([1.0, 2.0])),
    )
    with pytest.raises(DesignError, match="edge_places_count"):
        next(phase_map(scenario, *axes, over=Space()))


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("edge_lost_frac", "find a station full"),
        ("edge_wait_s", "find a place"),
        ("deadline_miss_frac", "miss the deadline"),
        ("latency_required_s", "over all requests"),
    ],
)
def test_the_explanation_names_the_losses_and_recomputes(quantity: str, words: str) -> None:
    node = explain(FACTORY.with_scenario(edge_places_count=6), quantity)
    assert words in node.law
    assert node.recompute() == pytest.approx(node.value, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "green"),
        ({"edge_servers_count": 2}, "amber"),
        ({"edge_servers_count": 2, "compute_scv": 1.0}, "green"),
        ({"uplink_discipline": "fcfs", "uplink_bit_per_s": 120e6}, "amber"),
    ],
)
def test_a_light_states_how_far_it_holds(changes: dict[str, Any], state: str) -> None:
    case = FACTORY.with_scenario(edge_places_count=4, **changes)
    found = {one.id: one for one in lights(evaluate(case))}
    assert found["room"].state == state
    assert "servers" not in found
    after = relieved(case.scenario, found["room"])
    assert after.edge_places_count is None
    assert all(one.id != "room" for one in lights(evaluate(Case(after, case.design))))


def test_the_optimum_with_a_last_place_is_what_it_says() -> None:
    scenario = FACTORY.with_scenario(edge_places_count=6).scenario
    best = optimize(scenario, over=Space()).best
    assert best is not None
    again = evaluate(best.case())
    found = best.value("latency_required_s")
    assert again.value("latency_required_s") == pytest.approx(found, rel=1e-9)
    assert found <= scenario.deadline_s


def test_a_case_with_and_without_a_last_place_survives_json() -> None:
    for case in (FACTORY, FACTORY.with_scenario(edge_places_count=7)):
        assert Case.from_json(case.to_json()) == case
    value = FACTORY.to_dict()
    value["scenario"].pop("edge_places_count", None)
    assert Case.from_dict(value) == FACTORY
    value["scenario"]["edge_places_count"] = 2.5
    with pytest.raises(DesignError, match="edge_places_count"):
        Case.from_dict(value)
