"""Every executable technique inside the whole program: what it claims happens, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, load_catalog, load_scenarios
from analytic_models.effects import EFFECTS
from analytic_models.evaluation import QUANTITIES, Evaluation
from analytic_models.graph import AppliedEffect
from analytic_models.pipeline import PIPELINE
from analytic_models.segments import layer_times
from taxonomy import load_taxonomy
from taxonomy.schema import LAYER_HOOKS, TIERS, Technique

CATALOG = load_catalog()
EXECUTABLE = list(load_taxonomy().executable.values())
# All three tiers compute, features cross both hops, and every queue is almost empty.
CASE = (
    load_scenarios()["1-factory"]
    .with_scenario(
        dnn="resnet50", device="rpi4b", edge="jetson_agx_orin", cloud="a100_sxm",
        population_count=1, arrival_per_s=1e-6, response_byte=1000.0,
    )
    .with_design(
        cut1=4, cut2=12, device_precision="fp32", edge_precision="fp32", cloud_precision="fp32",
        input_encoding="raw-uint8", uplink_encoding="fp32", backhaul_encoding="fp32",
    )
)  # fmt: skip
PLAIN = evaluate(CASE)
# What a claim speaks about, as quantities of the program.
MEANING: Mapping[str, tuple[str, ...]] = {
    "latency_s": ("latency_mean_s",),
    "payload_bit": ("uplink_feature_bit", "backhaul_feature_bit"),
}
LAYER_COLUMNS = tuple(
    f"{t}_{c}" for t in TIERS for c in ("segment_s", "weight_byte", "activation_byte")
)
DIRECTION = {"up": 1, "down": -1, "same": 0}


def _case(leaf: Technique, settings: Mapping[str, float] | None = None) -> Case:
    return CASE.with_design(techniques={leaf.id: dict(settings or {})})


def _defaults(leaf: Technique) -> dict[str, float]:
    return {name: param.default for name, param in leaf.params.items()}


def _downstream(leaf: Technique) -> set[str]:
    """Return the names that the hooks of a technique can reach."""
    hooks = {effect.on for effect in leaf.effects}
    reached = {b.name for b in PIPELINE.bindings if b.hook in hooks}
    if hooks & set(LAYER_HOOKS):
        reached |= set(LAYER_COLUMNS)
    for name in PIPELINE.order:
        if set(PIPELINE.table[name].needs) & reached:
            reached.add(name)
    return reached


def _layer_change(leaf: Technique, hook: str) -> list[float]:
    """Return how a per-layer quantity changes on each tier that the technique names."""
    result = evaluate(_case(leaf), ["stable_flag"])
    changes = []
    for (tier, precision), table in result.batch.tables.items():
        plain = layer_times(CATALOG, CASE.scenario.dnn, table.machine, precision, "roofline", ())
        before, after = {
            "layer_mac": (plain.work_op, table.work_op),
            "layer_weight_bit": (plain.weight_byte, table.weight_byte),
            "layer_activation_bit": (plain.activation_bit, table.activation_bit),
        }[hook]
        changes.append((tier, float(after.sum() - before.sum())))
    tiers = {t for effect in leaf.effects if effect.on == hook for t in effect.tiers}
    assert all(change == 0.0 for tier, change in changes if tier not in tiers)
    return [change for tier, change in changes if tier in tiers] or [0.0]


def _moved(on: Evaluation, quantity: str) -> float:
    return on.value(quantity) - PLAIN.value(quantity)


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_every_claim_holds_in_the_evaluation_of_a_case(leaf: Technique) -> None:
    on = evaluate(_case(leaf))
    checked = 0
    for name, claim in leaf.claims.items():
        sign = DIRECTION[claim]
        if name in LAYER_HOOKS:
            moves = _layer_change(leaf, name)
        else:
            moves = [_moved(on, quantity) for quantity in MEANING.get(name, (name,))]
        if sign == 0:
            assert moves == [0.0] * len(moves), (name, moves)
        else:
            assert all(move * sign >= 0.0 for move in moves), (name, moves)
            assert any(move * sign > 0.0 for move in moves), (name, moves)
        checked += 1
    assert checked == len(leaf.claims) > 0


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_a_technique_changes_nothing_that_its_hooks_do_not_reach(leaf: Technique) -> None:
    on = evaluate(_case(leaf))
    reached = _downstream(leaf)
    for quantity in QUANTITIES:
        if quantity not in reached:
            np.testing.assert_array_equal(on[quantity], PLAIN[quantity], err_msg=quantity)


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_a_technique_makes_unknown_only_what_it_states_as_a_gap(leaf: Technique) -> None:
    on = evaluate(_case(leaf))
    gaps = _downstream_of(set(leaf.gaps))
    for quantity in QUANTITIES:
        if math.isnan(on.value(quantity)) and not math.isnan(PLAIN.value(quantity)):
            assert quantity in gaps, quantity


def _downstream_of(hooks: set[str]) -> set[str]:
    reached = {b.name for b in PIPELINE.bindings if b.hook in hooks}
    for name in PIPELINE.order:
        if set(PIPELINE.table[name].needs) & reached:
            reached.add(name)
    return reached


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_an_effect_that_is_off_is_neutral_next_to_one_that_is_on(leaf: Technique) -> None:
    value = np.array([0.37, 0.37])
    for effect in leaf.effects:
        settings = effect.resolve(_defaults(leaf))
        applied = AppliedEffect(leaf.id, EFFECTS[effect.law], settings, np.array([1.0, 0.0]))
        changed = np.asarray(applied(value))
        assert changed[1] == value[1]
        alone = AppliedEffect(leaf.id, EFFECTS[effect.law], settings, 1.0)
        np.testing.assert_array_equal(changed[0], np.asarray(alone(value[0])))


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_both_bounds_of_every_setting_are_accepted_and_give_possible_numbers(
    leaf: Technique,
) -> None:
    for name, param in leaf.params.items():
        for bound in (param.low, param.high):
            case = _case(leaf, {**_defaults(leaf), name: bound})
            case.check()
            result = evaluate(case, exact=False)
            for quantity in ("latency_idle_s", "energy_device_j", "memory_frac", "exposed_bit"):
                assert result.value(quantity) >= 0.0, (name, bound, quantity)
            accuracy = result.value("accuracy_frac")
            assert math.isnan(accuracy) or 0.0 <= accuracy <= 1.0


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_a_setting_beyond_its_bounds_is_refused_with_the_range(leaf: Technique) -> None:
    for name, param in leaf.params.items():
        case = _case(leaf, {name: param.high * 2.0 + 1.0})
        with pytest.raises(DesignError) as caught:
            case.check()
        (problem,) = caught.value.problems
        assert problem.path == f"design.techniques.{leaf.id}.{name}"
        assert problem.allowed == f"{param.low:g} to {param.high:g}"


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_a_technique_survives_json_with_and_without_its_settings(leaf: Technique) -> None:
    for settings in ({}, _defaults(leaf)):
        case = _case(leaf, settings)
        assert Case.from_json(case.to_json()) == case


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_settings_left_out_take_their_defaults(leaf: Technique) -> None:
    short, full = (
        evaluate(_case(leaf), exact=False),
        evaluate(_case(leaf, _defaults(leaf)), exact=False),
    )
    for quantity in QUANTITIES:
        np.testing.assert_array_equal(short[quantity], full[quantity], err_msg=quantity)


def test_the_order_in_which_techniques_are_chosen_does_not_matter() -> None:
    names = ["feature-compression", "sec-encryption", "ra-early-exit", "en-container", "sec-auth"]
    first = evaluate(CASE.with_design(techniques={name: {} for name in names}))
    second = evaluate(CASE.with_design(techniques={name: {} for name in reversed(names)}))
    for quantity in QUANTITIES:
        np.testing.assert_array_equal(first[quantity], second[quantity], err_msg=quantity)


def test_effects_of_two_techniques_on_one_quantity_add_up() -> None:
    both = evaluate(CASE.with_design(techniques={"sec-auth": {}, "comm-slicing-sdn": {}}))
    each = [
        evaluate(CASE.with_design(techniques={n: {}})) for n in ("sec-auth", "comm-slicing-sdn")
    ]
    moved = sum(_moved(on, "uplink_overhead_s") for on in each)
    assert _moved(both, "uplink_overhead_s") == pytest.approx(moved, rel=1e-12)
    assert moved > 0.0


def test_an_early_exit_keeps_its_share_of_requests_off_the_network() -> None:
    on = evaluate(CASE.with_design(techniques={"ra-early-exit": {"exit_frac": 0.4}}))
    assert on.value("remote_share_frac") == pytest.approx(0.6, rel=1e-12)
    for quantity in ("remote_arrival_per_s", "exposed_bit", "cloud_arrival_per_s"):
        assert on.value(quantity) == pytest.approx(0.6 * PLAIN.value(quantity), rel=1e-12)


def test_compressed_features_shorten_the_message_by_the_stated_factor() -> None:
    on = evaluate(CASE.with_design(techniques={"feature-compression": {"kept_frac": 0.25}}))
    assert on.value("uplink_message_bit") == pytest.approx(
        0.25 * PLAIN.value("uplink_message_bit"), rel=1e-12
    )


def test_raw_input_is_not_compressed_as_a_feature() -> None:
    case = CASE.with_design(cut1=0)
    on = evaluate(case.with_design(techniques={"feature-compression": {"kept_frac": 0.25}}))
    assert on.value("uplink_message_bit") == evaluate(case).value("uplink_message_bit")


def test_a_privacy_budget_is_infinite_until_a_technique_promises_one() -> None:
    assert PLAIN.value("epsilon_nat") == math.inf
    on = evaluate(CASE.with_design(techniques={"priv-local-dp": {"budget_nat": 0.5}}))
    assert on.value("epsilon_nat") == 0.5
