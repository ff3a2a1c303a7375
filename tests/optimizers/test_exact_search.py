"""Few designs are evaluated exactly, and the answer is that of evaluating all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analytic_models import Scenario, load_scenarios, optimize
from analytic_models.batch import batch_of
from analytic_models.evaluation import run_batch
from analytic_models.laws.batch_chain import batch_law
from analytic_models.optimizers import placement
from analytic_models.optimizers.funnel import meets
from analytic_models.optimizers.placement import requirements
from analytic_models.optimizers.space import Space, enumerate_designs

PRESETS = load_scenarios()
SPACE = Space(input_encodings=("raw-uint8", "jpeg-q90"), feature_encodings=("fp32", "fp16"))
SPECIAL: dict[str, dict[str, Any]] = {
    "batch": {"edge_discipline": "batch"},
    "fading": {"uplink_slow_frac": 0.1},
    "synchronised": {"arrivals": "synchronised"},
    "bursty": {"arrivals": "bursty"},
    "periodic": {"arrivals": "periodic"},
}
PLACES = ("cut1", "cut2", "device_precision", "edge_precision", "cloud_precision")


def _factory(changes: dict[str, Any]) -> Scenario:
    given: dict[str, Any] = {"dnn": "alexnet", "accuracy_drop_max_pp": None, "deadline_s": 0.3}
    return PRESETS["1-factory"].with_scenario(**given, **changes).scenario


def _all_exactly(scenario: Scenario, minimise: str) -> tuple[np.ndarray, np.ndarray]:
    """Value of every design, infinite where a requirement is not met, and its placement."""
    designs = enumerate_designs(scenario, SPACE)
    limits = requirements(scenario)
    wanted = (minimise, *(limit.quantity for limit in limits))
    found = run_batch(batch_of(scenario, designs, exact_tail=True), wanted)
    met = np.all([meets(found[limit.quantity], limit) for limit in limits], axis=0)
    value = np.where(met & ~np.isnan(found[minimise]), found[minimise], math.inf)
    return value, np.stack([getattr(designs, name) for name in PLACES], axis=1)


@pytest.mark.parametrize("minimise", ["latency_required_s", "energy_device_j"])
@pytest.mark.parametrize("kind", list(SPECIAL))
def test_the_optimum_and_the_runner_up_under_special_laws_are_those_of_evaluating_everything(
    kind: str, minimise: str
) -> None:
    scenario = _factory(SPECIAL[kind])
    value, place = _all_exactly(scenario, minimise)
    found = optimize(scenario, minimise, over=SPACE)
    assert found.certificate.kind == "exact"
    assert found.value == pytest.approx(value.min(), rel=1e-9)
    assert found.case is not None
    own = np.array([getattr(found.case.design, name) for name in PLACES[:2]], dtype=float)
    elsewhere = np.any(place[:, :2].astype(float) != own, axis=1)
    second = value[elsewhere].min(initial=math.inf)
    if found.runner_up is None:
        assert np.isinf(second)
    else:
        # A design may also differ in a precision alone.
        assert found.runner_up.value(minimise) <= second * (1.0 + 1e-9)


def test_a_search_that_stops_early_says_how_far_the_optimum_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = _factory({})
    whole = optimize(scenario, over=SPACE)
    monkeypatch.setattr(placement, "_EXACT_AT_FIRST", 1)
    monkeypatch.setattr(placement, "_EXACT_AT_MOST", 1)
    cut = optimize(scenario, over=SPACE)
    assert cut.certificate.kind == "gap"
    assert cut.certificate.gap is not None
    assert 0.0 <= cut.value - whole.value <= cut.certificate.gap


def test_many_thresholds_of_a_batching_machine_equal_each_alone() -> None:
    law = batch_law(0.5, 0.8, 1.5, math.inf)
    times = np.linspace(0.0, 40.0, 60)
    alone = [law.exceedance(float(time)) for time in times]
    np.testing.assert_array_equal(law.exceedances(times), alone)
    assert batch_law(2.0, 1.0, 1.0, math.inf).exceedances(times).tolist() == [1.0] * 60
