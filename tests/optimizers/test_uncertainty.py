"""Worlds: repeated batches equal single ones, shares add up, thresholds are where they are said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analytic_models import Case, Design, DesignError, load_catalog, load_scenarios, optimize, sweep
from analytic_models.batch import batch_of
from analytic_models.batch_worlds import batch_in_worlds, uncertain_inputs
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import run_batch
from analytic_models.optimizers.robust import Interval, sample_worlds
from analytic_models.optimizers.space import Space, default_space, enumerate_designs
from analytic_models.optimizers.uncertainty import Doubt, doubt, switches

FACTORY = load_scenarios()["1-factory"].scenario
SHARED = load_scenarios()["6-coordination"].scenario
SMALL = Space(
    ("fp32", "fp16"), ("fp32", "int8"), ("fp32",), ("raw-uint8", "jpeg-q95"), ("fp32", "int8")
)


@pytest.fixture(scope="module")
def shared() -> Doubt:
    return doubt(SHARED, worlds=300)


def test_a_world_of_nominal_values_changes_nothing() -> None:
    catalog = load_catalog()
    designs = enumerate_designs(FACTORY, SMALL)
    batch = batch_of(FACTORY, designs)
    inputs = uncertain_inputs(batch, catalog, 0.2)
    assert len(inputs) > 20
    worlds = {item.key: np.full(2, item.value) for item in inputs}
    quantities = ("latency_mean_s", "energy_device_j", "cost_usd", "accuracy_drop_pp")
    twice = run_batch(batch_in_worlds(batch, catalog, worlds), quantities)
    once = run_batch(batch, quantities)
    for name in quantities:
        for world in twice[name].reshape(2, -1):
            np.testing.assert_allclose(world, once[name], rtol=1e-12, equal_nan=True)


def test_a_world_of_another_rate_equals_a_sweep_to_that_rate() -> None:
    catalog = load_catalog()
    designs = enumerate_designs(FACTORY, SMALL)
    batch = batch_of(FACTORY, designs)
    rates = np.array([5e7, 2e8])
    found = run_batch(
        batch_in_worlds(batch, catalog, {"uplink_bit_per_s": rates}), ("latency_mean_s",)
    )["latency_mean_s"].reshape(2, -1)
    generator = np.random.default_rng(2)
    for row in generator.integers(len(designs), size=12):
        case = Case(FACTORY, designs.design(int(row)))
        expected = sweep(case, {"uplink_bit_per_s": rates}, ["latency_mean_s"])["latency_mean_s"]
        np.testing.assert_allclose(found[:, row], expected, rtol=1e-12, equal_nan=True)


def test_a_shared_fact_moves_every_layer_that_rests_on_it() -> None:
    catalog = load_catalog()
    designs = enumerate_designs(FACTORY, Space(use=("device",)))
    batch = batch_of(FACTORY, designs)
    keys = [i.key for i in uncertain_inputs(batch, catalog, 0.0) if "rpi4b.compute" in i.key]
    assert keys
    nominal = {i.key: i.value for i in uncertain_inputs(batch, catalog, 0.0)}
    worlds = {key: np.array([nominal[key], nominal[key] / 2.0]) for key in keys}
    found = run_batch(batch_in_worlds(batch, catalog, worlds), ("device_service_s",))
    fast, slow = found["device_service_s"].reshape(2, -1)
    assert (slow > fast).all()


def test_shares_of_the_worlds_add_up_to_one(shared: Doubt) -> None:
    assert shared.robustness.win_frac.sum() == pytest.approx(1.0, abs=1e-12)
    assert shared.robustness.certificate.seed == shared.seed == 1
    assert "300 sampled worlds" in shared.robustness.certificate.detail


def test_nominal_choice_is_the_optimum_and_the_robust_one_regrets_no_more(shared: Doubt) -> None:
    best = optimize(SHARED, "latency_mean_s", {"accuracy_drop_pp": 0.1})
    nominal = shared.robustness.nominal
    assert shared.nominal_value[nominal] == pytest.approx(best.value, rel=1e-9)
    assert shared.robustness.regret[shared.robustness.robust] <= shared.robustness.regret[nominal]


def test_the_best_plan_near_saturation_is_unstable_in_some_worlds() -> None:
    busy = dataclasses.replace(SHARED, population_count=58)
    blind = Design(cut1=0, cut2=20)
    found = doubt(busy, worlds=300, also=[blind])
    at = found.designs.index(blind)
    assert 0.0 < found.robustness.unstable_frac[at] < 1.0
    assert found.robustness.unstable_frac[at] == pytest.approx(0.3, abs=0.2)


def test_more_doubt_about_the_load_makes_the_busy_plan_fail_more_often() -> None:
    blind = Design(cut1=0, cut2=20)
    busy = dataclasses.replace(SHARED, population_count=50)
    shares = [
        d.robustness.unstable_frac[d.designs.index(blind)]
        for d in (doubt(busy, worlds=200, load_frac=f, also=[blind]) for f in (0.05, 0.4))
    ]
    assert shares[0] < shares[1]


def test_same_seed_same_answer_and_another_seed_another(shared: Doubt) -> None:
    again = doubt(SHARED, worlds=300)
    other = doubt(SHARED, worlds=300, seed=7)
    np.testing.assert_array_equal(again.robustness.win_frac, shared.robustness.win_frac)
    assert not np.array_equal(other.high, shared.high)


def test_elasticities_have_the_sign_and_size_of_the_physics() -> None:
    found = doubt(FACTORY, worlds=50)
    slopes = {swing.input.key: swing.elasticity for swing in found.swings}
    assert -1.0 < slopes["uplink_bit_per_s"] < 0.0
    assert 0.0 < slopes["uplink_rtt_s"] < 1.0
    assert slopes["uplink_tx_j_per_bit"] == pytest.approx(0.0, abs=1e-12)
    widths = [abs(swing.high - swing.low) for swing in found.swings]
    assert widths == sorted(widths, reverse=True)


def test_elasticity_is_the_derivative_of_a_sweep() -> None:
    found = doubt(FACTORY, worlds=20)
    swing = next(s for s in found.swings if s.input.key == "uplink_bit_per_s")
    case = Case(FACTORY, found.designs[found.robustness.nominal])
    rates = swing.input.value * np.array([1.0 - 1e-4, 1.0, 1.0 + 1e-4])
    down, here, up = sweep(case, {"uplink_bit_per_s": rates}, ["latency_mean_s"])["latency_mean_s"]
    assert swing.elasticity == pytest.approx((up - down) / here / 2e-4, rel=1e-3)


def test_thresholds_separate_two_designs_that_are_equally_good_there() -> None:
    found = switches(SHARED, "uplink_bit_per_s", 1e7, 1e9)
    assert found
    for switch in found:
        sides = [
            sweep(
                Case(SHARED, design), {"uplink_bit_per_s": [switch.value]}, ["latency_mean_s"]
            ).value("latency_mean_s")
            for design in (switch.before, switch.after)
        ]
        assert sides[0] == pytest.approx(sides[1], rel=1e-3)


def test_threshold_of_a_whole_number_is_the_last_one_of_the_design_before() -> None:
    found = switches(SHARED, "population_count", 1, 200)
    for switch in found:
        assert switch.value == int(switch.value)
        both = {"population_count": [switch.value, switch.value + 1]}
        before, after = (
            sweep(Case(SHARED, design), both, ["latency_mean_s", "stable_flag"])
            for design in (switch.before, switch.after)
        )
        latency = [
            np.where(side["stable_flag"] > 0, side["latency_mean_s"], np.inf)
            for side in (before, after)
        ]
        assert latency[0][0] <= latency[1][0] * (1.0 + 1e-12)
        assert latency[1][1] <= latency[0][1] * (1.0 + 1e-12)


def test_a_field_that_cannot_be_swept_has_no_thresholds() -> None:
    with pytest.raises(DesignError, match="cannot be swept"):
        switches(SHARED, "device", 1, 2)


def test_a_scenario_without_feasible_or_stable_designs_is_refused() -> None:
    lossless = dataclasses.replace(SHARED, accuracy_drop_max_pp=0.0, raw_input_stays_flag=True)
    alone = Space(("int8",), use=("device",))
    with pytest.raises(DesignError, match="no design meets"):
        doubt(lossless, over=alone)
    with pytest.raises(DesignError, match="no design is stable"):
        doubt(dataclasses.replace(FACTORY, arrival_per_s=1e4, population_count=1_000_000))


def test_typed_numbers_are_taken_as_they_are() -> None:
    batch = batch_of(SHARED, enumerate_designs(SHARED, default_space(SHARED)))
    keys = {item.key for item in uncertain_inputs(batch, load_catalog(), 0.0)}
    assert "uplink_bit_per_s" not in keys
    assert "population_count" not in keys
    assert "backhaul_bit_per_s" in keys


BATCHED = dataclasses.replace(FACTORY, edge_discipline="batch", cloud_discipline="batch")
LIMITED = dataclasses.replace(FACTORY, accuracy_drop_max_pp=0.5)


def test_a_world_of_nominal_values_changes_nothing_where_tiers_batch_and_losses_vary() -> None:
    catalog = load_catalog()
    # All tiers offer int8, so that a precision that two of them share must be charged once.
    both = ("fp32", "int8")
    space = dataclasses.replace(SMALL, device_precisions=both, cloud_precisions=both)
    batch = batch_of(BATCHED, enumerate_designs(BATCHED, space))
    inputs = uncertain_inputs(batch, catalog, 0.2, accuracy=True)
    losses = {item.key for item in inputs if item.law == "halves"}
    assert {"precision-loss:int8", "encoding-loss:int8"} <= losses
    again = batch_in_worlds(batch, catalog, {item.key: np.full(2, item.value) for item in inputs})
    for name in (
        "edge_batch_segment_s", "cloud_batch_segment_s", "device_precision_loss_frac",
        "edge_precision_loss_frac", "cloud_precision_loss_frac", "input_encoding_loss_frac",
        "uplink_feature_loss_frac", "backhaul_feature_loss_frac",
    ):  # fmt: skip
        once = np.broadcast_to(batch.columns[name], (batch.size,))
        assert once.max() > 0.0, name
        for world in np.asarray(again.columns[name]).reshape(2, -1):
            np.testing.assert_allclose(world, once, rtol=1e-12, atol=0.0, equal_nan=True)


def test_a_batch_takes_twice_as_long_where_everything_is_half_as_fast() -> None:
    catalog = load_catalog()
    batch = batch_of(BATCHED, enumerate_designs(BATCHED, SMALL))
    tables = [table for (tier, _), table in batch.tables.items() if tier == "edge"]
    keys = {}
    for table in tables:
        for looked, factor in ((table.peak, 0.5), (table.bandwidth, 0.5), (table.launch, 2.0)):
            fact = looked.origin.facts[0]
            keys[f"{fact.entity}.{fact.field}.{fact.basis}"] = np.array([looked.value * factor])
    slow = np.asarray(batch_in_worlds(batch, catalog, keys).columns["edge_batch_segment_s"])
    np.testing.assert_allclose(slow, 2.0 * batch.columns["edge_batch_segment_s"], rtol=1e-12)
    assert slow.max() > 0.0


def test_losses_of_a_world_multiply_as_they_do_for_a_single_design() -> None:
    catalog = load_catalog()
    designs = enumerate_designs(FACTORY, SMALL)
    batch = batch_of(FACTORY, designs)
    lost = {"precision-loss:int8": 0.03, "encoding-loss:int8": 0.01, "precision-loss:fp16": 0.002}
    worlds = {key: np.array([value]) for key, value in lost.items()}
    found = run_batch(batch_in_worlds(batch, catalog, worlds), ("accuracy_frac",))["accuracy_frac"]
    plain = run_batch(batch, ("accuracy_frac",))["accuracy_frac"]
    last = len(catalog.dnns[FACTORY.dnn].boundary_row) - 1
    checked = 0
    for row in np.random.default_rng(4).integers(len(designs), size=200):
        design = designs.design(int(row))
        ends = (0, design.cut1, design.cut2, last)
        tiers = (design.device_precision, design.edge_precision, design.cloud_precision)
        used = {p for p, a, b in zip(tiers, ends[:-1], ends[1:], strict=True) if b > a}
        sent = []
        if 0 < design.cut1 < last:
            sent.append(design.uplink_encoding)
        if design.cut1 < design.cut2 < last:
            sent.append(design.backhaul_encoding)
        if design.cut1 == 0 and design.input_encoding != "raw-uint8":
            continue
        left = np.prod([1.0 - lost.get(f"precision-loss:{p}", 0.0) for p in used])
        left *= np.prod([1.0 - lost.get(f"encoding-loss:{e}", 0.0) for e in sent])
        base = batch.columns["accuracy_baseline_frac"]
        assert found[row] == pytest.approx(base * left, rel=1e-12)
        checked += found[row] != plain[row]
    assert checked > 20


def test_a_scenario_whose_tiers_batch_is_compared_over_worlds() -> None:
    found = doubt(BATCHED, worlds=100, over=SMALL)
    assert np.isfinite(found.nominal_value[found.robustness.nominal])
    assert found.robustness.win_frac.sum() == pytest.approx(1.0, abs=1e-12)
    moved = {swing.input.key for swing in found.swings if abs(swing.high - swing.low) > 0.0}
    assert any(key.startswith("jetson") or ".compute" in key for key in moved)


def test_breaking_the_accuracy_limit_counts_as_often_as_it_happens() -> None:
    found = doubt(LIMITED, worlds=400, over=SMALL)
    assert found.over_limit_frac.shape == (len(found.designs),)
    at = int(found.over_limit_frac.argmax())
    assert 0.0 < found.over_limit_frac[at] < 1.0
    # The same share straight from the ranges of the losses that this design is charged.
    catalog = load_catalog()
    batch = batch_of(LIMITED, DesignSet.of_many([found.designs[at]]), catalog=catalog)
    items = [i for i in uncertain_inputs(batch, catalog, 0.0, accuracy=True) if i.law == "halves"]
    intervals = {i.key: Interval(i.low, i.high, i.law, i.value) for i in items}
    worlds = sample_worlds(intervals, 4000, 9)
    drop = run_batch(batch_in_worlds(batch, catalog, worlds), ("accuracy_drop_pp",))
    share = float(np.mean(drop["accuracy_drop_pp"] > 0.5))
    assert found.over_limit_frac[at] == pytest.approx(share, abs=0.08)
    # Such worlds are lost in the comparison, but not called overloaded.
    assert found.robustness.win_frac[at] <= 1.0 - found.over_limit_frac[at] + 1e-12
    assert found.robustness.unstable_frac[at] < found.over_limit_frac[at]


def test_a_looser_accuracy_limit_is_broken_less_often() -> None:
    designs = [Design(cut1=0, cut2=0, cloud_precision="int8"), Design(cut1=0, cut2=0)]
    shares = []
    for limit in (0.3, 1.0, 20.0):
        scenario = dataclasses.replace(FACTORY, accuracy_drop_max_pp=limit)
        found = doubt(scenario, worlds=200, over=SMALL, also=designs)
        shares.append([found.over_limit_frac[found.designs.index(d)] for d in designs])
    lossy = [first for first, _ in shares]
    assert lossy[0] >= lossy[1] >= lossy[2] == 0.0
    assert lossy[0] > 0.0
    assert all(plain == 0.0 for _, plain in shares)


def test_without_an_accuracy_limit_no_loss_is_sampled() -> None:
    free = dataclasses.replace(FACTORY, accuracy_drop_max_pp=None)
    found = doubt(free, worlds=20, over=SMALL)
    assert not any("loss:" in swing.input.key for swing in found.swings)
    assert not found.over_limit_frac.any()
