"""An explanation is the computation itself: the root follows from the leaves, to twelve digits."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from pipeline_cases import SPLITS

from analytic_models import (
    Case,
    DesignError,
    diff,
    evaluate,
    explain,
    load_catalog,
    load_scenarios,
    sweep,
)
from analytic_models.evaluation import QUANTITIES
from analytic_models.explanation import Node
from analytic_models.pipeline import OUTPUTS, PIPELINE

CATALOG = load_catalog()
TECHNIQUES = {
    "ra-early-exit": {"exit_frac": 0.35},
    "feature-compression": {"kept_frac": 0.25},
    "sec-auth": {},
}


def _agree(first: float, second: float) -> bool:
    if math.isnan(first):
        return math.isnan(second)
    return first == second or math.isclose(first, second, rel_tol=1e-12, abs_tol=0.0)


@pytest.mark.parametrize("name", list(SPLITS))
def test_the_root_follows_from_the_leaves_for_every_quantity(name: str) -> None:
    result = evaluate(SPLITS[name])
    for quantity in QUANTITIES:
        node = explain(result, quantity, layers=False)
        value = result.value(quantity)
        assert _agree(node.value, value), quantity
        assert _agree(node.recompute(), value), quantity


@pytest.mark.parametrize("name", list(SPLITS))
@pytest.mark.parametrize("tier", ["device", "edge", "cloud"])
def test_a_segment_follows_from_its_layers(name: str, tier: str) -> None:
    node = explain(SPLITS[name], f"{tier}_segment_s")
    assert math.isclose(node.recompute(), node.value, rel_tol=1e-9, abs_tol=1e-15)


def test_techniques_are_named_where_they_change_a_number_and_recompute() -> None:
    case = SPLITS["1-factory-split"].with_design(techniques=TECHNIQUES)
    result = evaluate(case)
    named: set[str] = set()
    for quantity in PIPELINE.order:
        node = explain(result, quantity, layers=False)
        named.update(node.effects)
        assert _agree(node.recompute(), result.value(quantity)), quantity
    assert named == set(TECHNIQUES)


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_every_leaf_states_where_it_comes_from(name: str) -> None:
    kinds = {
        "chosen", "cited", "measured", "assumed", "override", "convention", "computed", "missing",
    }  # fmt: skip
    for quantity in OUTPUTS:
        for leaf in explain(SPLITS[name], quantity).leaves():
            assert leaf.origin in kinds, leaf.quantity
            assert leaf.label, leaf.quantity
            if leaf.origin == "cited":
                assert leaf.facts or leaf.note, leaf.quantity
            if leaf.origin == "missing":
                assert math.isnan(leaf.value), leaf.quantity
                assert leaf.note, leaf.quantity
            for fact in leaf.facts:
                assert fact.source in CATALOG.sources


def test_a_number_that_the_user_replaced_keeps_the_fact_beside_it() -> None:
    case = SPLITS["4-city"].with_scenario(uplink_rtt_s=0.123)
    leaf = explain(case, "uplink_rtt_s")
    assert leaf.origin == "override"
    assert leaf.value == 0.123
    assert leaf.facts


@pytest.mark.parametrize("name", list(SPLITS))
def test_the_parts_of_latency_energy_cost_and_carbon_sum_to_their_totals(name: str) -> None:
    result = evaluate(SPLITS[name])
    totals = {
        "energy_total_j": ("device_compute_j", "device_radio_j", "edge_j", "cloud_j"),
        "cost_usd": ("edge_usd", "cloud_usd", "egress_usd"),
        "carbon_gco2e": ("device_gco2e", "edge_gco2e", "cloud_gco2e"),
        "latency_mean_s": (
            "device_time_s", "uplink_time_s", "uplink_fixed_s", "edge_time_s", "backhaul_time_s",
            "backhaul_fixed_s", "cloud_time_s",
        ),
    }  # fmt: skip
    for whole, parts in totals.items():
        summed = math.fsum(result.value(part) for part in parts)
        np.testing.assert_allclose(summed, result.value(whole), rtol=1e-12, err_msg=whole)


def test_the_tree_is_plain_json_without_numbers_that_json_lacks() -> None:
    tree = explain(SPLITS["2-driving"], "latency_p99_s").to_dict()
    text = json.dumps(tree, allow_nan=False)
    assert json.loads(text) == tree
    assert tree["formula"]
    assert tree["children"]


def test_the_text_is_cut_at_the_asked_depth() -> None:
    node = explain(SPLITS["2-driving"], "latency_mean_s")
    depths = [_depth(node.to_text(depth=depth)) for depth in (0, 1, 2)]
    assert depths == [0, 1, 2]


def _depth(text: str) -> int:
    return max((len(line) - len(line.lstrip())) // 2 for line in text.splitlines())


def test_a_row_of_a_sweep_is_explained_with_its_own_inputs() -> None:

    result = sweep(SPLITS["4-city"], {"population_count": [1, 3]}, ["latency_mean_s"])
    second = explain(result, "latency_mean_s", case=1)
    assert second.value == pytest.approx(result.value("latency_mean_s", 1), rel=1e-12)


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(DesignError, match="latency_mean_s"):
        explain(Case(), "latency")


def _walk(node: Node) -> list[Node]:
    return [node, *(found for child in node.children for found in _walk(child))]


def test_every_law_in_a_tree_has_a_formula_or_passes_its_input_on() -> None:
    for quantity in OUTPUTS:
        for node in _walk(explain(SPLITS["1-factory-split"], quantity, layers=False)):
            if node.law and len(node.children) > 1:
                assert node.formula, node.quantity


def test_contributions_of_a_difference_add_up_and_keep_the_declared_order() -> None:
    before = SPLITS["4-city-split"]
    after = before.with_scenario(
        population_count=3, edge="jetson_agx_orin", uplink_rtt_s=0.05
    ).with_design(edge_precision="fp16", uplink_encoding="fp16")
    steps = diff(before, after)
    assert [step.path for step in steps] == [
        "scenario.edge",
        "scenario.uplink_rtt_s",
        "scenario.population_count",
        "design.edge_precision",
        "design.uplink_encoding",
    ]
    change = evaluate(after).value("latency_mean_s") - evaluate(before).value("latency_mean_s")
    assert math.fsum(step.contribution for step in steps) == pytest.approx(change, rel=1e-9)
    assert steps[1].contribution == pytest.approx(
        0.05 - evaluate(before).value("uplink_rtt_s"), rel=1e-9
    )


def test_a_step_that_is_not_valid_alone_is_taken_with_the_next_one() -> None:
    before = SPLITS["4-city"].with_design(cut1=0, cut2=2)
    after = before.with_design(cut1=5, cut2=9)
    steps = diff(before, after)
    assert [step.path for step in steps] == ["design.cut1", "design.cut2"]
    assert steps[0].contribution == 0.0
    change = evaluate(after).value("latency_mean_s") - evaluate(before).value("latency_mean_s")
    assert steps[1].contribution == pytest.approx(change, rel=1e-12)


def test_equal_cases_do_not_differ() -> None:
    assert diff(Case(), Case()) == ()
