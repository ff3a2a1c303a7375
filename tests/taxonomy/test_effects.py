"""Every executable technique: known hooks and laws, sound settings, claims that hold."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np
import pytest

from analytic_models.effects import EFFECTS
from analytic_models.units import unit_of_name
from taxonomy import load_taxonomy
from taxonomy.schema import HOOKS, LAWS, LAYER_HOOKS, TIERS, Technique

EXECUTABLE = list(load_taxonomy().executable.values())
# Plausible values of a design in which no technique is on.
BASE: Mapping[str, float] = {
    "layer_mac": 1e8,
    "layer_op": 1e6,
    "layer_weight_bit": 32.0,
    "layer_activation_bit": 32.0,
    "payload_bit": 1e6,
    "remote_share_frac": 1.0,
    "cloud_share_frac": 1.0,
    "device_active_w": 5.0,
    "accuracy_keep_frac": 1.0,
    "epsilon_nat": np.inf,
}


def after(leaf: Technique, settings: Mapping[str, float], tier: str) -> dict[str, float]:
    """Apply the effects of a technique to the base values on one tier."""
    values = {hook: BASE.get(hook, 0.0) for hook in HOOKS}
    for effect in leaf.effects:
        if effect.on in LAYER_HOOKS and tier not in effect.tiers:
            continue
        start = values[effect.on]
        if effect.law == "set_to" and np.isinf(start):
            start = 0.0
        values[effect.on] = float(EFFECTS[effect.law](start, **effect.resolve(settings)))
    return values


def test_the_effect_laws_and_their_arguments_are_those_that_the_program_has() -> None:
    found = {name: tuple(inspect.signature(law).parameters)[1:] for name, law in EFFECTS.items()}
    assert found == dict(LAWS)


def test_between_twenty_and_forty_techniques_are_executable() -> None:
    assert 20 <= len(EXECUTABLE) <= 40


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_every_effect_names_a_hook_and_a_law(leaf: Technique) -> None:
    assert {effect.on for effect in leaf.effects} <= set(HOOKS)
    assert {effect.law for effect in leaf.effects} <= set(LAWS)
    assert all(set(effect.tiers) <= set(TIERS) for effect in leaf.effects)


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_claims_about_hooks_hold_at_the_defaults(leaf: Technique) -> None:
    assert leaf.claims
    changed = {tier: after(leaf, leaf.defaults, tier) for tier in TIERS}
    for hook, claim in leaf.claims.items():
        if hook not in HOOKS:
            continue
        signs = {float(np.sign(changed[tier][hook] - BASE.get(hook, 0.0))) for tier in TIERS}
        expected = {"up": 1.0, "down": -1.0, "same": 0.0}[claim]
        assert expected in signs
        assert -expected not in signs or expected == 0.0


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_every_bound_of_a_setting_gives_finite_and_possible_values(leaf: Technique) -> None:
    corners = [leaf.defaults]
    for name, param in leaf.params.items():
        corners += [{**leaf.defaults, name: bound} for bound in (param.low, param.high)]
    for settings in corners:
        for tier in TIERS:
            values = after(leaf, settings, tier)
            changed = {effect.on for effect in leaf.effects} - set(leaf.gaps)
            assert all(np.isfinite(values[hook]) and values[hook] >= 0.0 for hook in changed)
            assert values["remote_share_frac"] <= 1.0
            assert values["cloud_share_frac"] <= 1.0


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_every_setting_has_a_source_or_is_an_assumption_with_reason_and_range(
    leaf: Technique,
) -> None:
    for param in leaf.params.values():
        assert param.help
        assert param.low <= param.default <= param.high
        assert param.source or param.why
        if param.is_assumption:
            assert param.why
            assert param.low < param.high or leaf.id == "prune-semi-structured"


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_the_name_of_a_setting_ends_in_its_unit(leaf: Technique) -> None:
    endings = {
        "1": "factor",
        "frac": "frac",
        "count": "count",
        "bit": "bit",
        "s": "s",
        "nat": "nat",
    }
    for name, param in leaf.params.items():
        assert name.rsplit("_", maxsplit=1)[-1] == endings[param.unit]


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_what_is_added_to_a_hook_has_the_unit_of_the_hook(leaf: Technique) -> None:
    for effect in leaf.effects:
        if effect.law in ("add", "set_to", "raise_to_at_least"):
            units = {leaf.params[name].unit for name in effect.settings} - {"frac", "count", "1"}
            assert units == {unit_of_name(effect.on).symbol}


@pytest.mark.parametrize("leaf", EXECUTABLE, ids=lambda leaf: leaf.id)
def test_accuracy_is_unknown_exactly_where_a_gap_is_stated(leaf: Technique) -> None:
    values = after(leaf, leaf.defaults, "edge")
    assert {hook for hook, value in values.items() if np.isnan(value)} == set(leaf.gaps)


def test_resolve_multiplies_factors_and_broadcasts_over_arrays() -> None:
    leaf = load_taxonomy().executable["en-serverless"]
    settings = {"cold_start_s": np.array([0.5, 2.0]), "cold_frac": 0.1}
    resolved = leaf.effects[0].resolve(settings)
    np.testing.assert_allclose(resolved["amount"], [0.05, 0.2], rtol=1e-12)


def test_resolve_refuses_a_missing_setting() -> None:
    leaf = load_taxonomy().executable["en-serverless"]
    with pytest.raises(KeyError, match="cold_frac"):
        leaf.effects[0].resolve({"cold_start_s": 1.0})


def test_structured_pruning_scales_arithmetic_by_the_square_of_the_kept_channels() -> None:
    leaf = load_taxonomy().executable["prune-structured"]
    values = after(leaf, {**leaf.defaults, "channel_frac": 0.5}, "edge")
    assert values["layer_mac"] == pytest.approx(0.25 * BASE["layer_mac"], rel=1e-12)
    assert values["layer_weight_bit"] == pytest.approx(8.0, rel=1e-12)
    assert values["layer_activation_bit"] == pytest.approx(16.0, rel=1e-12)


def test_two_of_four_sparsity_of_half_precision_stores_nine_sixteenths() -> None:
    leaf = load_taxonomy().executable["prune-semi-structured"]
    bits = 16.0
    for effect in leaf.effects[:2]:
        bits = float(EFFECTS[effect.law](bits, **effect.resolve(leaf.defaults)))
    assert bits / 16.0 == pytest.approx(0.5625, rel=1e-12)


def test_weight_only_quantisation_in_groups_of_128_takes_4_16_bits_per_weight() -> None:
    leaf = load_taxonomy().executable["quant-weight-only"]
    assert after(leaf, leaf.defaults, "edge")["layer_weight_bit"] == pytest.approx(4.16, abs=0.005)
