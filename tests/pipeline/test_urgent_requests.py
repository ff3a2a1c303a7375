"""Urgent requests as a choice of the scenario: figures of each class, refusals, search, JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize, sweep
from analytic_models.demand import demand_table
from analytic_models.lights import lights
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.simulation.case import case_route, simulate

FACTORY = load_scenarios()["1-factory"]
LATENCIES = ("latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
BOTH: dict[str, Any] = {
    "edge_discipline": "priority",
    "cloud_discipline": "preemptive",
    "cloud_servers_count": 1,
}
# Some layers in each tier, and a cloud that is busy enough to make its order matter.
SPLIT = FACTORY.with_design(cut1=2, cut2=10).with_scenario(
    cloud="jetson_agx_orin", uplink_bit_per_s=1e9, backhaul_bit_per_s=1e9, population_count=20
)


def _value(case: Case, name: str, **changes: Any) -> float:
    return evaluate(case.with_scenario(**changes)).value(name)


def test_without_a_queue_that_knows_them_urgent_requests_change_nothing() -> None:
    before = evaluate(FACTORY)
    after = evaluate(FACTORY.with_scenario(urgent_frac=0.7, latency_of="others"))
    for name in (*LATENCIES, "deadline_miss_frac"):
        assert after.value(name) == before.value(name)
    assert before.value("latency_urgent_mean_s") == pytest.approx(before.value("latency_mean_s"))
    assert before.value("edge_others_wait_s") == before.value("edge_wait_s")


@pytest.mark.parametrize("rule", ["priority", "preemptive"])
def test_urgent_requests_are_faster_and_the_others_slower_than_in_order(rule: str) -> None:
    for name in LATENCIES:
        urgent, others, plain = (
            _value(FACTORY, name, edge_discipline=discipline, latency_of=of)
            for discipline, of in ((rule, "urgent"), (rule, "others"), ("fcfs", "all"))
        )
        assert urgent < plain < others


@pytest.mark.parametrize("rule", ["priority", "preemptive"])
@pytest.mark.parametrize(("share", "of"), [(0.0, "others"), (1.0, "urgent"), (1.0, "all")])
def test_if_all_or_none_are_urgent_the_figures_are_those_in_order_of_arrival(
    rule: str, share: float, of: str
) -> None:
    # A link that takes no time: only plain queues count that requests which shared it meet again.
    case = FACTORY.with_scenario(uplink_bit_per_s=1e12)
    plain = evaluate(case)
    alone = evaluate(case.with_scenario(edge_discipline=rule, urgent_frac=share, latency_of=of))
    for name in (*LATENCIES, "deadline_miss_frac"):
        assert alone.value(name) == pytest.approx(plain.value(name), rel=1e-4)


def test_all_requests_are_the_mixture_of_the_distributions_and_not_of_percentiles() -> None:
    case = SPLIT.with_scenario(**BOTH, urgent_frac=0.3)
    level = _value(case, "latency_p95_s", latency_of="all")
    missed = {
        of: _value(case, "deadline_miss_frac", latency_of=of, deadline_s=level)
        for of in ("urgent", "others", "all")
    }
    assert missed["all"] == pytest.approx(0.3 * missed["urgent"] + 0.7 * missed["others"], rel=1e-6)
    assert missed["all"] == pytest.approx(0.05, rel=2e-3)
    means = {of: _value(case, "latency_mean_s", latency_of=of) for of in missed}
    assert means["all"] == pytest.approx(0.3 * means["urgent"] + 0.7 * means["others"], rel=1e-9)


def test_both_classes_are_shown_whichever_is_asked_for() -> None:
    for of in ("urgent", "others", "all"):
        found = evaluate(SPLIT.with_scenario(**BOTH, latency_of=of))
        for name in ("urgent", "others"):
            alone = _value(SPLIT, "latency_mean_s", **BOTH, latency_of=name)
            assert found.value(f"latency_{name}_mean_s") == pytest.approx(alone, rel=1e-9)
            assert found.value(f"cloud_{name}_wait_s") > 0


@pytest.mark.parametrize("of", ["urgent", "others", "all"])
def test_two_tiers_that_know_urgent_requests_agree_with_a_simulation(of: str) -> None:
    case = SPLIT.with_scenario(
        **BOTH, latency_of=of, urgent_frac=0.3, compute_scv=1.0, message_scv=1.0
    )
    found, run = evaluate(case), simulate(case, 80_000, seed=3)
    for name, estimate, bound in (
        ("latency_mean_s", run.mean_s, 0.03),
        ("latency_p95_s", run.p95_s, 0.05),
        ("latency_p99_s", run.p99_s, 0.07),
        ("deadline_miss_frac", run.miss_frac, 0.15),
    ):
        near = bound * estimate.value + estimate.half_width
        assert abs(found.value(name) - estimate.value) <= near, name


def test_the_run_sends_both_classes_and_reports_the_one_asked_for() -> None:
    route, _ = case_route(FACTORY.with_scenario(edge_discipline="preemptive", latency_of="others"))
    edge = {station.name: station for station in route.stations}["edge"]
    assert (edge.discipline, edge.preemptive) == ("priority", True)
    assert [(b.probability, b.level, b.counted) for b in route.branches] == [
        (pytest.approx(0.2), 0, False),
        (pytest.approx(0.8), 1, True),
    ]
    nobody = FACTORY.with_scenario(edge_discipline="priority", urgent_frac=0.0)
    with pytest.raises(DesignError, match="latency_of"):
        case_route(nobody)


def test_screening_stays_near_the_exact_percentiles() -> None:
    for of in ("urgent", "others", "all"):
        case = SPLIT.with_scenario(**BOTH, latency_of=of)
        exact, fast = evaluate(case), evaluate(case, exact=False)
        for name in ("latency_p95_s", "latency_p99_s"):
            assert fast.value(name) == pytest.approx(exact.value(name), rel=0.05)


def test_a_sweep_over_the_load_equals_single_cases() -> None:
    case = FACTORY.with_scenario(edge_discipline="priority", latency_of="others")
    counts = [2, 8, 14, 40]
    swept = sweep(case, {"population_count": counts}, ["latency_mean_s", "latency_p99_s"])
    for row, count in enumerate(counts):
        alone = evaluate(case.with_scenario(population_count=count), exact=False)
        for name in ("latency_mean_s", "latency_p99_s"):
            assert swept[name][row] == pytest.approx(alone.value(name), rel=1e-9)
    assert swept["latency_mean_s"][-1] == np.inf


def test_an_explanation_names_the_law_and_recomputes() -> None:
    case = FACTORY.with_scenario(edge_discipline="priority")
    for name in ("edge_wait_s", "edge_urgent_wait_s", "latency_others_mean_s"):
        node = explain(case, name)
        assert node.recompute() == pytest.approx(node.value, rel=1e-9)
    assert "urgent requests go first" in explain(case, "edge_wait_s").law


@pytest.mark.parametrize("arrivals", ["periodic", "synchronised", "bursty"])
def test_patterned_devices_are_refused_by_the_name_of_the_queue(arrivals: str) -> None:
    with pytest.raises(DesignError) as caught:
        FACTORY.with_scenario(arrivals=arrivals, cloud_discipline="preemptive")
    assert [(p.path, p.allowed) for p in caught.value.problems] == [
        ("scenario.cloud_discipline", "fcfs, ps")
    ]


def test_a_population_shared_out_over_designs_is_refused() -> None:
    scenario = FACTORY.with_scenario(edge_discipline="priority").scenario
    with pytest.raises(DesignError, match="edge_discipline"):
        demand_table(scenario, enumerate_designs(scenario, Space()))


@pytest.mark.parametrize("of", ["urgent", "others"])
def test_the_optimum_holds_when_it_is_evaluated_alone_and_beats_its_neighbours(of: str) -> None:
    scenario = SPLIT.with_scenario(**BOTH, latency_of=of).scenario
    best = optimize(scenario, over=Space()).best
    assert best is not None
    value = best.value("latency_required_s")
    again = evaluate(best.case())
    assert again.value("latency_required_s") == pytest.approx(value, rel=1e-9)
    cuts = range(0, 20, 3)
    for first in cuts:
        for last in (last for last in cuts if last >= first):
            other = evaluate(best.case().with_design(cut1=first, cut2=last))
            fits = other.value("memory_frac") <= 1 and other.value("stable_flag") > 0
            if fits and other.value("accuracy_drop_pp") <= 2:
                assert other.value("latency_required_s") >= value * (1 - 1e-6)


def test_a_case_with_urgent_requests_survives_json_and_older_files_still_open() -> None:
    case = FACTORY.with_scenario(edge_discipline="preemptive", urgent_frac=0.05, latency_of="all")
    assert Case.from_json(case.to_json()) == case
    older = json.loads(FACTORY.to_json())
    for name in ("urgent_frac", "latency_of"):
        older["scenario"].pop(name, None)
    assert Case.from_json(json.dumps(older)).scenario == FACTORY.scenario


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("green", {}),
        ("amber", {"population_count": 18}),
        ("amber", {"edge_servers_count": 2}),
        ("green", {"edge_servers_count": 2, "compute_scv": 1.0}),
    ],
)
def test_a_light_states_both_classes_and_how_far_the_laws_hold(
    state: str, changes: dict[str, Any]
) -> None:
    case = FACTORY.with_scenario(edge_discipline="priority", **changes)
    light = next(light for light in lights(evaluate(case)) if light.id == "urgency")
    assert light.state == state
    assert "Urgent requests take" in light.message
    assert "simulation" in light.message
