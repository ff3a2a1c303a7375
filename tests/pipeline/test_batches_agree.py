"""One case, a batch, a sweep and blocks of a large batch give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, load_scenarios, sweep
from analytic_models import evaluation as evaluation_module
from analytic_models.batch import SWEEPABLE, batch_of
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import QUANTITIES, run_batch
from analytic_models.optimizers.space import default_space, enumerate_designs
from analytic_models.pipeline import PIPELINE

PRESETS = load_scenarios()


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_batch_of_designs_equals_each_design_alone(name: str) -> None:
    scenario = PRESETS[name].scenario
    designs = enumerate_designs(scenario, default_space(scenario))
    rows = np.linspace(0, len(designs) - 1, 20).astype(np.int64)
    some = designs.take(rows)
    together = run_batch(batch_of(scenario, some))
    for i in range(len(rows)):
        alone = evaluate(Case(scenario, some.design(i)), exact=False)
        for quantity in QUANTITIES:
            np.testing.assert_allclose(
                together.value(quantity, i), alone.value(quantity), rtol=1e-12, err_msg=quantity
            )


@pytest.mark.parametrize("name", list(PRESETS))
def test_exact_percentiles_of_a_batch_equal_those_of_each_design_alone(name: str) -> None:
    scenario = PRESETS[name].scenario
    designs = enumerate_designs(scenario, default_space(scenario))
    some = designs.take(np.linspace(0, len(designs) - 1, 12).astype(np.int64))
    wanted = ("latency_p50_s", "latency_p99_s", "deadline_miss_frac")
    together = evaluate([Case(scenario, some.design(i)) for i in range(12)], wanted)
    for i in range(12):
        alone = evaluate(Case(scenario, some.design(i)), wanted)
        for quantity in wanted:
            np.testing.assert_allclose(
                together.value(quantity, i), alone.value(quantity), rtol=1e-6, atol=1e-9
            )


SWEPT = {
    "population_count": [1.0, 3.0, 17.0],
    "edge_servers_count": [1.0, 2.0, 9.0],
    "cloud_servers_count": [1.0, 2.0, 9.0],
    "arrival_per_s": [0.01, 0.5, 2.0],
    "uplink_background_frac": [0.0, 0.2, 0.6],
    "backhaul_background_frac": [0.0, 0.2, 0.6],
    "edge_pue": [1.0, 1.4, 2.0],
    "cloud_pue": [1.0, 1.1, 1.4],
    "cloud_target_frac": [0.2, 0.5, 1.0],
    "compute_scv": [0.0, 0.7, 1.0],
    "message_scv": [0.0, 0.7, 1.0],
    "uplink_rtt_s": [0.0, 0.01, 0.2],
    "backhaul_rtt_s": [0.0, 0.01, 0.2],
    "response_byte": [0.0, 1e3, 1e6],
    "deadline_s": [0.01, 0.1, 1.0],
    "egress_usd_per_byte": [0.0, 1e-10, 1e-9],
    "edge_usd_per_s": [0.0, 1e-5, 1e-4],
    "cloud_usd_per_s": [0.0, 1e-4, 1e-3],
}


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("field", SWEEPABLE)
def test_a_sweep_equals_evaluating_case_by_case(name: str, field: str) -> None:
    case = PRESETS[name]
    values = SWEPT.get(field, [1e6, 2e7, 1e9])
    result = sweep(case, {field: values})
    for i, value in enumerate(values):
        given = int(value) if field.endswith("_count") else value
        changed = case.with_scenario(**{field: given})
        assert result.case(i) == changed
        alone = evaluate(changed, exact=False)
        for quantity in QUANTITIES:
            np.testing.assert_allclose(
                result.value(quantity, i), alone.value(quantity), rtol=1e-12, err_msg=quantity
            )


def test_fields_swept_together_vary_together() -> None:
    case = PRESETS["4-city"]
    result = sweep(case, {"population_count": [1, 5], "arrival_per_s": [0.1, 0.2]})
    changed = case.with_scenario(population_count=5, arrival_per_s=0.2)
    alone = evaluate(changed, ["latency_mean_s"], exact=False)
    assert len(result) == 2
    assert result.value("latency_mean_s", 1) == pytest.approx(
        alone.value("latency_mean_s"), rel=1e-12
    )


def test_blocks_of_a_large_batch_equal_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = PRESETS["2-driving"].scenario
    designs = enumerate_designs(scenario, default_space(scenario))
    some = designs.take(np.arange(0, len(designs), 7))
    batch = batch_of(scenario, some)
    wanted = PIPELINE.outputs
    whole = run_batch(batch, wanted)
    monkeypatch.setattr(evaluation_module, "_BLOCK", 500)
    blocks = run_batch(batch, wanted)
    for quantity in wanted:
        np.testing.assert_array_equal(whole[quantity], blocks[quantity], err_msg=quantity)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"name": [1.0]}, "cannot be swept"),
        ({"speed": [1.0]}, "cannot be swept"),
        ({"arrival_per_s": [1.0, 2.0], "compute_scv": [0.0]}, "different numbers of values"),
        ({"arrival_per_s": []}, "no value"),
        ({"arrival_per_s": [1.0, -1.0]}, "-1 is below 0"),
        ({"arrival_per_s": [float("nan")]}, "is not finite"),
        ({"population_count": [1.5]}, "is not a whole number"),
        ({"cloud_target_frac": [0.5, 2.0]}, "2 is above 1"),
    ],
)
def test_a_sweep_refuses_fields_and_values_that_a_scenario_refuses(
    over: dict[str, list[float]], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        sweep(Case(), over)


def test_designs_of_different_scenarios_do_not_mix() -> None:
    with pytest.raises(DesignError, match="one scenario"):
        evaluate([Case(), Case().with_scenario(population_count=2)])
    with pytest.raises(DesignError, match="at least one"):
        evaluate([])
    with pytest.raises(DesignError, match="shares its techniques"):
        evaluate([Case(), Case().with_design(techniques={"sec-auth": {}})])


def test_an_unknown_quantity_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DesignError, match="latency_mean_s") as caught:
        evaluate(Case(), ["latency"])
    assert caught.value.problems[0].path == "latency"
    with pytest.raises(DesignError, match="is not a quantity of this evaluation"):
        evaluate(Case(), ["latency_mean_s"])["nothing"]


def test_a_design_set_returns_the_designs_that_it_was_made_of() -> None:
    cases = [c.design for c in PRESETS.values()]
    many = DesignSet.of_many(cases)
    assert [many.design(i) for i in range(len(many))] == cases
