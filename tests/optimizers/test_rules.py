"""Simple rules on shipped scenarios: what they choose, and that the optimum is never worse."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from analytic_models import Case, evaluate, load_scenarios, optimize
from analytic_models.optimizers.rules import Rule, simple_rules

SHIPPED = load_scenarios()
TIERS = ("device", "edge", "cloud")


def ruled(case: Case, objective: str = "latency_required_s") -> dict[str, Rule]:
    return {rule.key: rule for rule in simple_rules(optimize(case, objective), case.catalog())}


@pytest.mark.parametrize("name", list(SHIPPED))
@pytest.mark.parametrize("objective", ["latency_mean_s", "energy_device_j"])
def test_no_rule_that_meets_the_requirements_beats_the_optimum(name: str, objective: str) -> None:
    case = SHIPPED[name]
    solution = optimize(case, objective)
    for rule in simple_rules(solution, case.catalog()):
        if rule.design is None:
            assert rule.note
            continue
        found = evaluate(dataclasses.replace(case, design=rule.design))
        met = all(
            found.value(c.quantity) <= c.limit * (1 + 1e-9)
            if c.sense == "<="
            else found.value(c.quantity) >= c.limit * (1 - 1e-9)
            for c in solution.constraints
        )
        if met:
            assert found.value(objective) >= solution.value * (1 - 1e-9)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_rule_of_one_tier_runs_on_that_tier_only(name: str) -> None:
    case = SHIPPED[name]
    last = len(case.catalog().dnns[case.scenario.dnn].boundary_row) - 1
    cuts = {"device": (last, last), "edge": (0, last), "cloud": (0, 0)}
    for key, rule in ruled(case).items():
        if key in TIERS and rule.design is not None:
            assert (rule.design.cut1, rule.design.cut2) == cuts[key]


def test_the_blind_cut_is_the_quickest_two_tier_cut_of_an_idle_system() -> None:
    case = SHIPPED["6-coordination"]
    rule = ruled(case)["blind"]
    assert rule.design is not None
    last = len(case.catalog().dnns[case.scenario.dnn].boundary_row) - 1
    idle = [
        evaluate(
            dataclasses.replace(case, design=dataclasses.replace(rule.design, cut1=cut, cut2=last))
        ).value("latency_idle_s")
        for cut in range(last + 1)
    ]
    assert rule.design.cut1 == int(np.argmin(idle))


@pytest.mark.parametrize("name", list(SHIPPED))
def test_the_minimum_cut_of_chains_of_blocks_is_the_blind_cut(name: str) -> None:
    found = ruled(SHIPPED[name])
    cut, blind = found["cut"].design, found["blind"].design
    if cut is None:
        assert "branches" in found["cut"].note
        return
    assert blind is not None
    case = SHIPPED[name]
    idle = [
        evaluate(dataclasses.replace(case, design=d)).value("latency_idle_s") for d in (cut, blind)
    ]
    assert idle[0] == pytest.approx(idle[1], rel=0.02)


def test_greedy_sees_the_load_that_blind_rules_do_not() -> None:
    found = ruled(SHIPPED["6-coordination"], "latency_mean_s")
    case = SHIPPED["6-coordination"]
    values = []
    for key in ("greedy", "blind"):
        design = found[key].design
        assert design is not None
        values.append(evaluate(dataclasses.replace(case, design=design)).value("latency_mean_s"))
    assert math.isfinite(values[0])
    assert values[0] < values[1]


def test_a_tier_that_cannot_meet_the_requirements_says_so() -> None:
    case = SHIPPED["3-hospital"]
    assert "meets the requirements with no" in ruled(case)["cloud"].note
