"""Batches, fades and patterned sources: limits, order and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize, sweep
from analytic_models.demand import demand_table
from analytic_models.laws.batch_chain import batch_law
from analytic_models.laws.batch_station import batch_skew, batch_variance, batch_wait
from analytic_models.laws.bursts import burst_sojourn_mean, periodic_wait_exceedance
from analytic_models.laws.fading_station import fading_wait
from analytic_models.laws.source_patterns import bursty_wait, periodic_wait
from analytic_models.laws.tails import pearson3_quantile
from analytic_models.optimizers.space import Space, enumerate_designs

FACTORY = load_scenarios()["1-factory"]
TAILS = ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
SPECIAL: dict[str, dict[str, Any]] = {
    "batch": {"edge_discipline": "batch"},
    "periodic": {"arrivals": "periodic"},
    "synchronised": {"arrivals": "synchronised"},
    "bursty": {"arrivals": "bursty"},
    "fading": {"uplink_slow_frac": 0.2},
    "repeats": {"uplink_loss_frac": 0.1},
}


def _value(case: Case, name: str, **changes: Any) -> float:
    return evaluate(case.with_scenario(**changes)).value(name)


def test_a_batching_tier_at_low_load_serves_single_requests() -> None:
    rare = {"population_count": 1, "arrival_per_s": 1e-4}
    for name in ("latency_mean_s", "latency_p50_s"):
        single = _value(FACTORY, name, **rare)
        assert _value(FACTORY, name, edge_discipline="batch", **rare) == pytest.approx(
            single, rel=1e-4
        )


def test_batching_carries_more_than_serving_one_by_one() -> None:
    batched = _value(FACTORY, "edge_utilisation_frac", edge_discipline="batch")
    assert 0 < batched < _value(FACTORY, "edge_utilisation_frac")


def test_a_batch_costs_its_first_request_more_than_the_next() -> None:
    found = evaluate(FACTORY.with_scenario(edge_discipline="batch"))
    assert 0 < found.value("edge_batch_each_s") < found.value("edge_service_s")
    assert found.value("edge_machine_s") <= found.value("edge_service_s")


@pytest.mark.parametrize("fixed", [0.5, 2.0, 13.0])
@pytest.mark.parametrize("load", [0.05, 0.2, 0.5])
def test_the_batch_bound_lies_within_nine_per_cent_above_the_exact_chain(
    fixed: float, load: float
) -> None:
    exact = batch_law(load, 1.0, fixed, np.inf)
    service = 1.0 + fixed
    mean = float(batch_wait(load, service, 1.0, 1.0)) + service
    assert exact.mean_s * (1 - 1e-6) <= mean <= 1.09 * exact.mean_s
    cumulants = (
        mean,
        float(batch_variance(mean - service, load, service, 1.0, 1.0)),
        float(batch_skew(mean - service, load, service, 1.0, 1.0)),
    )
    screened = float(pearson3_quantile(*cumulants, 0.95))
    assert screened == pytest.approx(exact.quantile(0.95), rel=0.16)


def test_equal_rates_make_a_fading_link_an_ordinary_queue() -> None:
    arrival, service = 5.0, 0.1
    wait = float(fading_wait(arrival, service, 1.0, 0.3, 1.0, 0.5, 0.0))
    assert wait == pytest.approx(0.1, rel=1e-9)


def test_a_fading_uplink_is_never_faster_than_a_steady_one() -> None:
    for discipline in ("ps", "fcfs"):
        steady = _value(FACTORY, "latency_mean_s", uplink_discipline=discipline)
        faded = _value(
            FACTORY, "latency_mean_s", uplink_discipline=discipline, uplink_slow_frac=0.2
        )
        assert faded > steady


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize(("sources", "most"), [(20, 0.2), (100, 0.07), (1000, 0.01)])
def test_the_periodic_wait_is_near_the_exact_one(load: float, sources: int, most: float) -> None:
    times = np.linspace(0.0, 300.0, 30_001)
    above = np.asarray(periodic_wait_exceedance(sources, 1.0, sources / load, times))
    exact = float(np.trapezoid(above, times))
    wait = float(periodic_wait(load, 1.0, 0.0, 1.0, load, sources, 1.0, 0.0))
    assert wait == pytest.approx(exact, rel=most)


def test_one_periodic_device_with_fixed_work_never_waits() -> None:
    assert float(periodic_wait(5.0, 0.1, 0.0, 1.0, 0.5, 1.0, 1.0, 0.0)) == 0.0


def test_periodic_devices_wait_less_than_random_ones_and_bursty_ones_more() -> None:
    for name in ("latency_mean_s", "latency_p95_s", "latency_p99_s"):
        random = _value(FACTORY, name)
        assert _value(FACTORY, name, arrivals="periodic") < random
        assert _value(FACTORY, name, arrivals="bursty") > random


def test_bursts_of_variation_one_are_random_arrivals() -> None:
    wait = float(bursty_wait(5.0, 0.1, 0.5, 1.0, 1.0, 12.0, 1.0, 0.0))
    assert wait == pytest.approx(0.5 * 0.1 / 0.5 * 0.75, rel=1e-9)


def test_a_burst_through_one_busy_station_takes_the_counted_time() -> None:
    case = FACTORY.with_scenario(arrivals="synchronised", uplink_discipline="fcfs")
    found = evaluate(case.with_scenario(uplink_bit_per_s=1e12))
    count, service = case.scenario.population_count, found.value("edge_service_s")
    expected = float(burst_sojourn_mean(count, service, 1e3, 1.0))
    assert found.value("edge_time_s") == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", SPECIAL)
def test_percentiles_rise_with_their_level_and_agree_with_the_misses(name: str) -> None:
    case = FACTORY.with_scenario(**SPECIAL[name])
    found = evaluate(case)
    levels = [found.value(quantity) for quantity in TAILS]
    assert levels == sorted(levels)
    at = found.value("latency_p95_s")
    missed = _value(case, "deadline_miss_frac", deadline_s=at * (1 + 1e-6))
    assert missed <= 0.05 + 1e-3


@pytest.mark.parametrize("name", SPECIAL)
def test_the_mean_is_the_area_under_the_exact_tail(name: str) -> None:
    case = FACTORY.with_scenario(**SPECIAL[name])
    found = evaluate(case)
    last = 3.0 * found.value("latency_p999_s")
    times = np.linspace(1e-4, last, 1_500)
    above = sweep(case, {"deadline_s": times}, ["deadline_miss_frac"], exact=True)[
        "deadline_miss_frac"
    ]
    area = float(np.trapezoid(above, times)) + 1e-4
    # Batches: the mean is a bound, the tail is exact; bridges and bursts are fits.
    assert area == pytest.approx(found.value("latency_mean_s"), rel=0.04)


@pytest.mark.parametrize("name", SPECIAL)
def test_a_sweep_over_the_population_equals_single_cases(name: str) -> None:
    case = FACTORY.with_scenario(**SPECIAL[name])
    counts = [2, 8, 12]
    swept = sweep(case, {"population_count": counts}, ["latency_mean_s"])["latency_mean_s"]
    alone = [_value(case, "latency_mean_s", population_count=count) for count in counts]
    assert swept == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("name", SPECIAL)
def test_an_overloaded_station_is_infinite_under_every_law(name: str) -> None:
    case = FACTORY.with_scenario(**SPECIAL[name], population_count=10_000)
    found = evaluate(case)
    assert found.value("latency_mean_s") == np.inf
    assert found.value("latency_p99_s") == np.inf
    assert found.value("deadline_miss_frac") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "quantity", "words"),
    [
        ("batch", "edge_wait_s", "batching adds"),
        ("periodic", "uplink_wait_s", "periodic"),
        ("synchronised", "uplink_wait_s", "burst"),
        ("bursty", "uplink_wait_s", "gaps"),
        ("fading", "uplink_wait_s", "fades"),
    ],
)
def test_an_explanation_names_the_law_that_ran(name: str, quantity: str, words: str) -> None:
    node = explain(FACTORY.with_scenario(**SPECIAL[name]), quantity)
    assert words in node.law
    assert node.recompute() == pytest.approx(node.value, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "path", "allowed"),
    [
        (
            {"arrivals": "periodic", "edge_discipline": "batch"},
            "scenario.edge_discipline",
            "fcfs, ps",
        ),
        ({"arrivals": "bursty", "uplink_slow_frac": 0.1}, "scenario.uplink_slow_frac", "0"),
    ],
)
def test_a_combination_without_a_law_is_refused_by_name(
    changes: dict[str, Any], path: str, allowed: str
) -> None:
    with pytest.raises(DesignError) as caught:
        FACTORY.with_scenario(**changes)
    assert [(problem.path, problem.allowed) for problem in caught.value.problems] == [
        (path, allowed)
    ]


def test_a_population_of_batching_tiers_is_refused() -> None:
    scenario = FACTORY.with_scenario(edge_discipline="batch").scenario
    with pytest.raises(DesignError, match="edge_discipline"):
        demand_table(scenario, enumerate_designs(scenario, Space()))


def test_the_optimum_under_batches_is_what_it_says() -> None:
    scenario = FACTORY.with_scenario(edge_discipline="batch", uplink_bit_per_s=1e9).scenario
    best = optimize(scenario, over=Space()).best
    assert best is not None
    again = evaluate(best.case())
    assert again.value("latency_p99_s") == pytest.approx(best.value("latency_p99_s"), rel=1e-9)
