"""The best placement against a loop over all designs, and what must hold for any optimum."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_models import (
    Case,
    Design,
    DesignError,
    Scenario,
    evaluate,
    load_catalog,
    load_scenarios,
    optimize,
    pareto_front,
)
from analytic_models.batch import batch_of
from analytic_models.evaluation import QUANTITIES, run_batch
from analytic_models.optimizers.placement import requirements
from analytic_models.optimizers.solution import Constraint, Solution
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

CATALOG = load_catalog()
PRESETS = load_scenarios()
# A light factory: small enough for a loop, rich enough for every kind of constraint.
FACTORY = (
    PRESETS["1-factory"]
    .with_scenario(
        dnn="alexnet", device="rpi4b", edge="jetson_agx_orin", cloud="a100_sxm",
        population_count=3, arrival_per_s=0.5, deadline_s=0.2, accuracy_drop_max_pp=None,
    )
    .scenario
)  # fmt: skip
SMALL = Space(
    device_precisions=("fp32", "fp16"),
    cloud_precisions=("fp32", "fp16"),
    input_encodings=("raw-uint8", "jpeg-q90"),
    feature_encodings=("fp32", "fp16"),
)


def _all_designs(scenario: Scenario, space: Space) -> list[Design]:
    """Enumerate every combination of choices, repeated meanings included."""
    last = len(CATALOG.dnns[scenario.dnn].boundary_row) - 1
    cuts = itertools.combinations_with_replacement(range(last + 1), 2)
    return [
        Design(cut1, cut2, dp, ep, cp, raw, up, back)
        for (cut1, cut2), dp, ep, cp, raw, up, back in itertools.product(
            cuts, space.device_precisions, space.edge_precisions, space.cloud_precisions,
            space.input_encodings, space.feature_encodings, space.feature_encodings,
        )
    ]  # fmt: skip


def _meets(value: float, constraint: Constraint) -> bool:
    room = 1e-12 * abs(constraint.limit)
    if constraint.sense == "<=":
        return value <= constraint.limit + room
    return value >= constraint.limit - room


def _brute_force(
    scenario: Scenario, space: Space, minimise: str, constraints: tuple[Constraint, ...]
) -> float:
    """Best value over every design, each evaluated alone and exactly."""
    wanted = (minimise, *(c.quantity for c in constraints))
    best = math.inf
    for design in _all_designs(scenario, space):
        result = evaluate(Case(scenario, design), wanted)
        if all(_meets(result.value(c.quantity), c) for c in constraints):
            value = result.value(minimise)
            best = min(best, math.inf if math.isnan(value) else value)
    return best


@pytest.mark.parametrize(
    "minimise", ["latency_mean_s", "latency_p99_s", "energy_device_j", "cost_usd", "carbon_gco2e"]
)
@pytest.mark.parametrize("at", ["mean", "p99"])
def test_the_optimum_is_the_best_of_a_loop_over_every_design(minimise: str, at: str) -> None:
    scenario = Case(FACTORY).with_scenario(deadline_at=at).scenario
    space = Space(
        cloud_precisions=("fp32", "fp16"),
        input_encodings=("raw-uint8", "jpeg-q90"),
        feature_encodings=("fp32",),
    )
    found = optimize(scenario, minimise, over=space)
    truth = _brute_force(scenario, space, minimise, requirements(scenario))
    assert found.status == "optimal"
    assert found.value == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("raw_stays", [False, True])
@pytest.mark.parametrize("energy", [None, 0.6, 3.0])
def test_constraints_are_obeyed_and_the_best_within_them_is_found(
    raw_stays: bool, energy: float | None
) -> None:
    scenario = (
        Case(FACTORY)
        .with_scenario(raw_input_stays_flag=raw_stays, energy_max_j=energy, deadline_s=1.0)
        .scenario
    )
    space = Space(input_encodings=("raw-uint8",), feature_encodings=("fp32", "fp16"))
    found = optimize(scenario, over=space)
    truth = _brute_force(scenario, space, "latency_required_s", requirements(scenario))
    assert (found.status == "optimal") == math.isfinite(truth)
    if found.best is not None:
        assert found.value == pytest.approx(truth, rel=1e-9)
        assert all(_meets(found.best.value(c.quantity), c) for c in found.constraints)


def test_designs_are_enumerated_once_and_none_is_missing() -> None:
    designs = enumerate_designs(FACTORY, SMALL)
    listed = [designs.design(i) for i in range(len(designs))]
    assert len(set(map(repr, listed))) == len(listed)
    last = len(CATALOG.dnns[FACTORY.dnn].boundary_row) - 1
    meanings = {_meaning(design, last) for design in _all_designs(FACTORY, SMALL)}
    assert {_meaning(design, last) for design in listed} == meanings
    assert len(listed) == len(meanings)


def _meaning(design: Design, last: int) -> tuple[object, ...]:
    """Say what a design does, apart from settings that it does not use."""
    runs = (design.cut1 > 0, design.cut2 > design.cut1, design.cut2 < last)
    sends = design.cut1 < last
    return (
        design.cut1,
        design.cut2,
        design.device_precision if runs[0] else None,
        design.edge_precision if runs[1] else None,
        design.cloud_precision if runs[2] else None,
        design.input_encoding if design.cut1 == 0 and sends else None,
        design.uplink_encoding if design.cut1 > 0 and sends else None,
        design.backhaul_encoding if runs[1] and runs[2] else None,
    )


@pytest.fixture(scope="module", params=list(PRESETS))
def solved(request: pytest.FixtureRequest) -> Solution:
    return optimize(PRESETS[request.param].scenario)


def test_the_funnel_adds_up(solved: Solution) -> None:
    assert solved.funnel[0].left == len(solved.screened)
    for before, after in itertools.pairwise(solved.funnel):
        assert after.left == before.left - after.removed
        assert after.removed >= 0
    assert solved.funnel[-1].left == len(solved.feasible)


def test_the_design_found_gives_the_same_number_alone(solved: Solution) -> None:
    assert solved.case is not None
    alone = evaluate(Case.from_json(solved.case.to_json()))
    for quantity in QUANTITIES:
        assert solved.best is not None
        np.testing.assert_array_equal(alone[quantity], solved.best[quantity], err_msg=quantity)


def test_no_feasible_row_is_better_than_the_optimum(solved: Solution) -> None:
    rows = np.asarray(solved.feasible)
    values = solved.screened[solved.objective][rows]
    designs = solved.screened.batch.designs
    for row in rows[np.argsort(values)[:25]]:
        result = evaluate(Case(solved.screened.batch.scenario, designs.design(int(row))))
        if all(_meets(result.value(c.quantity), c) for c in solved.constraints):
            assert result.value(solved.objective) >= solved.value * (1 - 1e-9)


def test_the_runner_up_is_feasible_different_and_not_better(solved: Solution) -> None:
    best = solved.case
    assert best is not None
    fields = ("cut1", "cut2", "device_precision", "edge_precision", "cloud_precision")
    if solved.runner_up is None:
        designs = solved.screened.batch.designs
        for row in solved.feasible:
            same = designs.design(int(row))
            assert all(getattr(same, name) == getattr(best.design, name) for name in fields)
        return
    other = solved.runner_up.case().design
    assert any(getattr(other, name) != getattr(best.design, name) for name in fields)
    assert solved.runner_up.value(solved.objective) >= solved.value
    assert all(_meets(solved.runner_up.value(c.quantity), c) for c in solved.constraints)
    assert solved.margin >= 0.0


def test_a_binding_constraint_is_one_without_which_a_better_design_exists(
    solved: Solution,
) -> None:
    for binding in solved.binding:
        result = evaluate(binding.case_without)
        others = [c for c in solved.constraints if c != binding.constraint]
        assert not _meets(result.value(binding.constraint.quantity), binding.constraint)
        assert all(_meets(result.value(c.quantity), c) for c in others)
        assert result.value(solved.objective) == pytest.approx(binding.objective_without, rel=1e-9)
        assert binding.objective_without < solved.value


def test_what_is_not_binding_can_be_dropped_without_gain() -> None:
    solution = optimize(FACTORY, over=SMALL)
    binding = {b.constraint for b in solution.binding}
    for constraint in requirements(FACTORY):
        if constraint in binding or constraint.quantity in ("stable_flag", "memory_frac"):
            continue
        rest = [c for c in requirements(FACTORY) if c != constraint]
        assert optimize(FACTORY, subject_to=rest, over=SMALL).value == pytest.approx(
            solution.value, rel=1e-9
        )


def test_an_infeasible_scenario_names_the_nearest_design_and_what_it_violates() -> None:
    scenario = Case(FACTORY).with_scenario(deadline_s=1e-4).scenario
    solution = optimize(scenario, over=SMALL)
    assert solution.status == "infeasible"
    assert solution.best is None
    assert math.isnan(solution.value)
    assert solution.funnel[-1].left == 0
    assert solution.nearest is not None
    violated = {c.quantity: value for c, value in solution.nearest.violated}
    assert set(violated) == {"latency_required_s"}
    fastest = optimize(scenario, "latency_required_s", {"cost_usd": 1.0}, over=SMALL)
    assert violated["latency_required_s"] == pytest.approx(fastest.value, rel=0.15)


def test_a_design_whose_quantity_is_not_known_is_excluded_and_the_reason_is_kept() -> None:
    scenario = PRESETS["5-scission"].scenario
    solution = optimize(scenario, "latency_idle_s", {"cost_usd": 1.0}, over=Space(use=("edge",)))
    assert solution.status == "infeasible"
    (gap,) = [step for step in solution.funnel if "not known" in step.label]
    assert gap.removed > 0
    assert gap.reasons


def test_limits_given_as_numbers_bound_accuracies_from_below() -> None:
    solution = optimize(
        FACTORY, "energy_device_j", {"latency_p95_s": 0.5, "accuracy_frac": 0.1}, over=SMALL
    )
    senses = {c.quantity: c.sense for c in solution.constraints}
    assert senses["latency_p95_s"] == "<="
    assert senses["accuracy_frac"] == ">="
    assert senses["stable_flag"] == ">="
    assert senses["memory_frac"] == "<="


def test_accuracy_is_maximised() -> None:
    space = Space(edge_precisions=("fp32", "fp16"), cloud_precisions=("fp16",))
    solution = optimize(FACTORY, "accuracy_frac", {"latency_mean_s": 10.0}, over=space)
    values = solution.screened["accuracy_frac"][np.asarray(solution.feasible)]
    assert solution.maximised
    assert solution.value == pytest.approx(np.nanmax(values), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"minimise": "speed"}, "minimise: 'speed' is not a quantity"),
        ({"subject_to": {"speed": 1.0}}, "subject_to.speed: is not a quantity"),
        ({"over": Space(pins=((0, "moon"),))}, "over.pins"),
        ({"over": Space(pins=((999, "edge"),))}, "rows 0 to"),
        ({"over": Space(pins=((0, "cloud"),), use=("device",))}, "leave no design"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        optimize(FACTORY, **arguments)  # type: ignore[arg-type]


def test_pins_and_tiers_in_use_hold_in_every_design() -> None:
    space = Space(pins=((3, "edge"),), use=("device", "cloud"))
    designs = enumerate_designs(FACTORY, space)
    rows = CATALOG.dnns[FACTORY.dnn].boundary_row
    last = len(rows) - 1
    for i in range(len(designs)):
        design = designs.design(i)
        assert rows[design.cut1] <= 3 < rows[design.cut2]
        assert design.cut1 > 0
        assert design.cut2 < last


def test_the_default_space_offers_only_what_the_machines_compute() -> None:
    for case in PRESETS.values():
        space = default_space(case.scenario)
        assert "fp32" in space.cloud_precisions
        assert set(space.input_encodings) <= set(CATALOG.encodings)


def test_the_front_holds_exactly_the_designs_that_no_other_beats(solved: Solution) -> None:
    objectives = ("latency_required_s", "energy_device_j")
    front = pareto_front(solved, objectives)
    rows = np.asarray(solved.feasible)
    points = np.stack([solved.screened[name][rows] for name in objectives], axis=1)
    chosen = np.stack([solved.screened[name][front] for name in objectives], axis=1)
    for point in chosen:
        beaten = (points <= point).all(axis=1) & (points < point).any(axis=1)
        assert not beaten.any()
    for point in points[:: max(1, len(points) // 200)]:
        assert ((chosen <= point).all(axis=1)).any()
    assert (np.diff(chosen[:, 0]) >= 0).all()


def test_a_front_of_a_quantity_that_was_not_kept_is_refused(solved: Solution) -> None:
    with pytest.raises(DesignError, match="is not a quantity of this evaluation"):
        pareto_front(solved, ("latency_required_s", "uplink_skew_s3"))


# What must hold for any scenario: more of a resource never hurts.
LIGHT = st.fixed_dictionaries(
    {
        "population_count": st.integers(1, 40),
        "arrival_per_s": st.floats(0.01, 3.0),
        "uplink_bit_per_s": st.floats(1e5, 1e9),
        "backhaul_bit_per_s": st.floats(1e5, 1e10),
        "edge_servers_count": st.integers(1, 4),
        "cloud_servers_count": st.integers(1, 4),
        "compute_scv": st.sampled_from([0.0, 0.5, 1.0]),
    }
)
BARE = Space(input_encodings=("raw-uint8",), feature_encodings=("fp32",))


def _best_mean(scenario: Scenario) -> float:
    solution = optimize(scenario, "latency_mean_s", {"latency_mean_s": 1e4}, over=BARE)
    return math.inf if solution.best is None else solution.value


@given(LIGHT, st.floats(1.0, 50.0))
@settings(max_examples=25, deadline=None)
def test_more_bandwidth_never_makes_the_best_latency_longer(
    load: dict[str, float], factor: float
) -> None:
    case = Case(FACTORY).with_scenario(**load)
    wider = case.with_scenario(
        uplink_bit_per_s=load["uplink_bit_per_s"] * factor,
        backhaul_bit_per_s=load["backhaul_bit_per_s"] * factor,
    )
    assert _best_mean(wider.scenario) <= _best_mean(case.scenario) * (1 + 1e-12)


@given(LIGHT, st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_more_servers_never_make_the_best_latency_longer(load: dict[str, float], more: int) -> None:
    case = Case(FACTORY).with_scenario(**load)
    larger = case.with_scenario(
        edge_servers_count=int(load["edge_servers_count"]) + more,
        cloud_servers_count=int(load["cloud_servers_count"]) + more,
    )
    assert _best_mean(larger.scenario) <= _best_mean(case.scenario) * (1 + 1e-12)


@given(LIGHT, st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_more_devices_never_make_the_best_latency_shorter(
    load: dict[str, float], more: int
) -> None:
    case = Case(FACTORY).with_scenario(**load)
    crowded = case.with_scenario(population_count=int(load["population_count"]) + more)
    assert _best_mean(crowded.scenario) >= _best_mean(case.scenario) * (1 - 1e-12)


@given(LIGHT, st.floats(0.005, 0.5), st.floats(1.0, 10.0))
@settings(max_examples=25, deadline=None)
def test_a_looser_deadline_never_makes_the_best_energy_larger(
    load: dict[str, float], deadline: float, factor: float
) -> None:
    scenario = Case(FACTORY).with_scenario(**load).scenario
    tight = optimize(scenario, "energy_device_j", {"latency_mean_s": deadline}, over=BARE)
    loose = optimize(scenario, "energy_device_j", {"latency_mean_s": deadline * factor}, over=BARE)
    if tight.best is not None:
        assert loose.best is not None
        assert loose.value <= tight.value * (1 + 1e-12)


def test_two_hundred_random_scenarios_have_the_best_design_of_all() -> None:
    rng = np.random.default_rng(12)
    designs = enumerate_designs(FACTORY, BARE)
    found = 0
    for _ in range(200):
        scenario = dataclasses.replace(
            FACTORY,
            population_count=int(rng.integers(1, 60)),
            arrival_per_s=float(10.0 ** rng.uniform(-2, 0.7)),
            uplink_bit_per_s=float(10.0 ** rng.uniform(5, 9)),
            edge_servers_count=int(rng.integers(1, 5)),
        )
        energy = float(10.0 ** rng.uniform(-2, 1))
        solution = optimize(scenario, "latency_mean_s", {"energy_device_j": energy}, over=BARE)
        names = ("latency_mean_s", "energy_device_j", "stable_flag", "memory_frac")
        every = run_batch(batch_of(scenario, designs), names)
        allowed = (every["energy_device_j"] <= energy) & (every["stable_flag"] > 0.0)
        allowed &= every["memory_frac"] <= 1.0
        assert solution.certificate.kind == "exact"
        assert solution.certificate.candidates == len(designs)
        if allowed.any():
            found += 1
            best = every["latency_mean_s"][allowed].min()
            assert solution.value == pytest.approx(best, rel=1e-9)
        else:
            assert solution.status == "infeasible"
    assert 50 < found < 200


def test_one_device_that_hardly_sends_meets_the_idle_latency() -> None:
    case = Case(FACTORY).with_scenario(population_count=1, arrival_per_s=1e-9)
    solution = optimize(case.scenario, "latency_mean_s", {"latency_mean_s": 1e4}, over=BARE)
    assert solution.best is not None
    assert solution.value == pytest.approx(solution.best.value("latency_idle_s"), rel=1e-6)
    assert solution.best.value("latency_p99_s") == pytest.approx(solution.value, rel=1e-5)


def test_without_bandwidth_everything_stays_on_the_device() -> None:
    case = Case(FACTORY).with_scenario(uplink_bit_per_s=100.0)
    solution = optimize(case.scenario, "latency_mean_s", {"latency_mean_s": 1e4}, over=BARE)
    last = len(CATALOG.dnns[FACTORY.dnn].boundary_row) - 1
    assert solution.case is not None
    assert solution.case.design.cut1 == last


def test_with_a_free_network_the_fastest_machine_takes_everything() -> None:
    case = Case(FACTORY).with_scenario(
        uplink_bit_per_s=1e12, downlink_bit_per_s=1e12, backhaul_bit_per_s=1e13,
        uplink_rtt_s=0.0, backhaul_rtt_s=0.0, population_count=1, arrival_per_s=0.001,
    )  # fmt: skip
    solution = optimize(case.scenario, "latency_mean_s", {"latency_mean_s": 1e4}, over=BARE)
    alone = {
        tier: evaluate(case.with_design(cut1=cut1, cut2=cut2)).value("latency_mean_s")
        for tier, (cut1, cut2) in _whole(FACTORY.dnn).items()
    }
    assert solution.value <= min(alone.values()) * (1 + 1e-12)


def _whole(dnn: str) -> dict[str, tuple[int, int]]:
    last = len(CATALOG.dnns[dnn].boundary_row) - 1
    return {"device": (last, last), "edge": (0, last), "cloud": (0, 0)}


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_optimum_is_never_worse_than_running_all_on_one_tier(name: str) -> None:
    scenario = PRESETS[name].scenario
    solution = optimize(scenario)
    assert solution.best is not None, f"{name} has no feasible design"
    for cut1, cut2 in _whole(scenario.dnn).values():
        result = evaluate(Case(scenario, Design(cut1=cut1, cut2=cut2)))
        if all(_meets(result.value(c.quantity), c) for c in solution.constraints):
            assert solution.value <= result.value("latency_required_s") * (1 + 1e-9)
