"""The check by simulation on the pages of the optimiser family: runs, verdicts, cancelling."""

from __future__ import annotations

import math
import time

import pytest
from streamlit.testing.v1 import AppTest
from viewmodels.checking import Figure, compare, compare_figures, rare
from viewmodels.crowd import crowd_of
from viewmodels.mixing import compare_mix, mix_text, needs_queues, play_mix

from analytic_models import Case, evaluate, load_scenarios
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
