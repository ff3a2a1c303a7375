"""The check by simulation on the pages of the optimiser family: runs, verdicts, cancelling."""

from __future__ import annotations

import dataclasses
import math
import time

import pytest
from streamlit.testing.v1 import AppTest
from viewmodels.atlas import Question, atlas_steps, winner_here
from viewmodels.baselines import rules_of
from viewmodels.checking import Figure, compare, compare_figures, rare
from viewmodels.crowd import crowd_of
from viewmodels.experiments import (
    compare_flows,
    compare_rule,
    flow_text,
    play_flow,
    play_rule,
    rule_text,
)
from viewmodels.mixing import compare_mix, mix_text, needs_queues, play_mix
from viewmodels.playground import ARCS, flow_of
from viewmodels.policy_map import PolicyQuestion, policies_of
from viewmodels.worth import prices_of

from analytic_models import Case, DesignError, evaluate, load_scenarios
from analytic_models.lights_envelope import Envelope
from analytic_models.simulation import Estimate
from analytic_models.simulation.case import simulate
from tests.app.conftest import APP

SHARED = load_scenarios()["6-coordination"]
FACTORY = load_scenarios()["1-factory"]
PATIENCE_S = 60.0


def opened(name: str, case: Case = SHARED) -> AppTest:
    at = AppTest.from_file(str(APP / "views" / f"{name}.py"), default_timeout=120)
    at.session_state["case"] = case.to_json()
    at.session_state["ui"] = {"check_requests": 20_000}
    at.run()
    assert not at.exception
    return at


def words(at: AppTest) -> str:
    tables = [e.proto.body for e in at.get("html")]
    return " ".join([*tables, *(c.value for c in at.caption)]).replace("\\", "")


def simulated(at: AppTest, key: str) -> str:
    """Press the button and wait until the comparison is there."""
    at.button(key=f"_check_go_{key}").click().run()
    until = time.monotonic() + PATIENCE_S
    while "95 % interval" not in words(at):
        assert time.monotonic() < until
        time.sleep(0.2)
        at.run()
        assert not at.exception
    return words(at)


def test_population_plays_the_optimal_mix_and_states_the_difference() -> None:
    found = simulated(opened("population"), "population")
    assert "mean of all requests" in found
    assert "how busy the uplink is" in found
    assert "The mean of the laws" in found
    assert "no mix is below 28.6 ms" in found


def test_population_plays_a_single_plan_too() -> None:
    at = opened("population")
    at.selectbox(key="_played_population").select(1).run()
    assert not at.exception
    assert "mean of all requests" in simulated(at, "population")


def test_queues_in_order_of_arrival_make_a_mix_a_heuristic_and_are_said() -> None:
    at = opened("population", FACTORY)
    assert "_queues_population" in [box.key for box in at.selectbox]
    assert "a heuristic" in simulated(at, "population")


def test_robustness_checks_the_choice_that_is_picked() -> None:
    at = opened("robustness")
    found = simulated(at, "robustness")
    assert "99 % (p99)" in found
    roles = at.selectbox(key="_doubt_checked").options
    assert len(roles) > 1
    at.selectbox(key="_doubt_checked").select_index(1).run()
    assert not at.exception
    assert "95 % interval" not in words(at)


def test_every_way_to_choose_of_a_crowd_can_be_played() -> None:
    found = crowd_of(SHARED.to_json())
    assert [claim.name for claim in found.claims] == [way for way, _ in found.busy]
    assert not needs_queues(found.claims)
    for claim in found.claims:
        assert sum(share for _, _, share in claim.parts) == pytest.approx(1.0)
        run = play_mix(mix_text(claim, "scenario"), 20_000, 1)
        compared = compare_mix(claim, run, "scenario")
        assert compared.rows[0].label == "mean of all requests"
        assert compared.rows[1].closed == "none"
        assert compared.rows[-1].label.startswith("how busy")


def test_the_mean_of_the_optimal_mix_lies_in_the_interval_of_its_run() -> None:
    claim = crowd_of(SHARED.to_json()).claims[-1]
    run = play_mix(mix_text(claim, "shared"), 100_000, 2)
    row = compare_mix(claim, run, "shared").rows[0]
    assert row.verdict == "agrees"
    assert row.inside


def test_lights_say_what_difference_to_expect_and_the_verdict_uses_it() -> None:
    case = FACTORY
    rows = compare(evaluate(case), simulate(case, 100_000)).rows
    by_name = {row.label: row for row in rows}
    assert " to " in by_name["mean"].expected
    assert by_name["99 % (p99)"].verdict in ("agrees", "within the envelope")
    assert by_name["99.9 % (p99.9)"].expected == ""


@pytest.mark.parametrize(
    ("closed", "verdict"),
    [(1.0, "agrees"), (1.08, "within the envelope"), (1.3, "outside the envelope")],
)
def test_a_verdict_knows_the_interval_first_and_the_envelope_second(
    closed: float, verdict: str
) -> None:
    figure = Figure("mean", "s", closed, Estimate(1.0, 0.02), Envelope(-0.03, 0.1))
    row = compare_figures([figure], "").rows[0]
    assert row.verdict == verdict
    assert row.expected == "−3 to +10 %"


def test_what_has_no_law_and_what_never_happened_are_not_held_against_a_run() -> None:
    none = compare_figures([Figure("p99", "s", math.nan, Estimate(1.0, 0.1))], "").rows[0]
    assert (none.closed, none.verdict, none.difference) == ("none", "", "")
    never = compare_figures([Figure("late", "frac", 1e-12, rare(Estimate(0.0, 0.0), 1000))], "")
    assert never.rows[0].verdict == "agrees"
    assert rare(Estimate(0.5, 0.1), 1000) == Estimate(0.5, 0.1)


def test_map_plays_the_best_design_at_the_operating_point() -> None:
    found = simulated(opened("map"), "map")
    assert "The best design at your operating point" in found
    assert "99 % (p99)" in found


def test_the_winner_of_the_operating_point_is_the_one_that_the_finding_names() -> None:
    asked = Question("uplink_bit_per_s", "population_count", "latency_mean_s")
    *_, found = atlas_steps(SHARED.to_json(), asked)
    winner = winner_here(found)
    assert winner is not None
    assert winner.label in found.sentence
    off = dataclasses.replace(found, x=dataclasses.replace(found.x, now=None))
    assert winner_here(off) is None


def test_prices_play_the_coordinated_mix_and_the_tolled_one() -> None:
    at = opened("prices")
    assert "no mix is below 28.6 ms" in simulated(at, "prices")
    assert len(at.selectbox(key="_played_prices").options) == 3


def test_tolled_users_take_in_a_run_what_coordinated_ones_take() -> None:
    claims = {claim.name: claim for claim in prices_of(SHARED.to_json()).claims}
    tolled, ideal = claims["selfish with tolls"], claims["coordinated"]
    assert tolled.mean_s == pytest.approx(ideal.mean_s, rel=1e-6)
    run = play_mix(mix_text(tolled, "scenario"), 100_000, 3)
    assert run.whole.mean_s.value == pytest.approx(ideal.mean_s, rel=0.03)


def test_playground_plays_its_network() -> None:
    found = simulated(opened("playground"), "flow")
    assert "mean of all requests" in found
    assert "Wi-Fi, new link, GPU" in found


def test_playground_plays_the_two_plans_of_the_herd() -> None:
    at = opened("playground")
    at.segmented_control(key="_experiment").set_value("herd").run()
    assert not at.exception
    assert "mean of all requests" in simulated(at, "herd")


@pytest.mark.parametrize("key", ["selfish", "system"])
def test_the_flow_of_a_network_lies_near_its_run(key: str) -> None:
    flow = flow_of(ARCS, 120.0, key)
    compared = compare_flows(flow, play_flow(flow_text(ARCS, 120.0, key), 100_000, 1))
    assert sum(way.share for way in flow.ways) == pytest.approx(1.0)
    assert abs(float(compared.rows[0].difference.rstrip(" %").replace("−", "-"))) < 3.0


def test_a_network_that_is_overloaded_cannot_be_played() -> None:
    heavy = [dataclasses.replace(row, work_ms=400.0) for row in ARCS]
    with pytest.raises(DesignError, match="overloads a step"):
        play_flow(flow_text(heavy, 200.0, "selfish"), 20_000, 1)


def test_policy_plays_the_exact_rule_slot_by_slot() -> None:
    at = opened("policy")
    found = simulated(at, "policy")
    assert "cost per slot" in found
    assert "independent lines" in found
    at.selectbox(key="_policy_played").select("greedy").run()
    assert not at.exception
    assert "95 % interval" not in words(at)


@pytest.mark.parametrize("key", ["exact", "drift", "threshold", "greedy", "wait"])
def test_every_rule_costs_in_a_run_what_the_page_says(key: str) -> None:
    asked = PolicyQuestion()
    view = next(view for view in policies_of(asked).views if view.key == key)
    run = play_rule(rule_text(asked, key), 100_000, 2)
    assert run.cost.value == pytest.approx(view.cost, rel=0.1)
    assert compare_rule(view, run).rows[0].label == "cost per slot"


def test_a_run_can_be_cancelled_and_leaves_no_table() -> None:
    at = opened("policy")
    at.selectbox(key="_check_requests").select(1_000_000).run()
    at.button(key="_check_go_policy").click().run()
    stop = [button for button in at.button if button.key == "_check_stop_policy"]
    assert stop
    stop[0].click().run()
    assert not at.exception
    assert "95 % interval" not in words(at)


def test_optimise_shows_what_simple_rules_choose() -> None:
    found = words(opened("optimise", FACTORY))
    for rule in ("device only", "edge only", "cloud only", "Neurosurgeon", "DADS", "greedy"):
        assert rule in found
    assert "breaks: " in found
    assert "times the best" in found


@pytest.mark.parametrize("preset", list(load_scenarios()))
def test_rules_are_judged_for_every_ready_made_scenario(preset: str) -> None:
    rows = rules_of(load_scenarios()[preset].to_json(), "latency_mean_s")
    assert len(rows) == 7
    for row in rows:
        assert row.verdict
        assert (row.better is None) == (row.case == "")
