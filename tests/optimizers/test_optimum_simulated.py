"""Designs that the laws call best, played request by request, keep their deadline."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from analytic_models import Case, DesignError, evaluate, load_scenarios, optimize
from analytic_models.lights import lights, worst
from analytic_models.optimizers.space import Space
from analytic_models.simulation.case import simulate

PRESETS = tuple(load_scenarios()[name] for name in ("1-factory", "2-driving", "4-city"))
OBJECTIVES = ("latency_required_s", "energy_device_j", "cost_usd")
SPACE = Space(
    device_precisions=("fp32", "int8"),
    edge_precisions=("fp32", "int8"),
    input_encodings=("raw-uint8", "jpeg-q95"),
    feature_encodings=("fp32", "int8"),
)
PERCENTILES = {"p50": "p50_s", "p95": "p95_s", "p99": "p99_s"}


def _pick(rng: np.random.Generator, *options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def _scenario(rng: np.random.Generator) -> Case:
    """Draw load, deadline, disciplines and spreads around a ready-made scenario."""
    case = PRESETS[int(rng.integers(len(PRESETS)))]
    changes = {
        "population_count": int(np.exp(rng.uniform(0.0, 4.0))),
        "arrival_per_s": float(np.exp(rng.uniform(-1.0, 2.5))),
        "edge_servers_count": int(rng.integers(1, 5)),
        "deadline_s": float(np.exp(rng.uniform(-4.0, -0.5))),
        "deadline_at": str(_pick(rng, "p95", "p99", "p99")),
        "uplink_discipline": str(_pick(rng, "ps", "fcfs")),
        "edge_discipline": str(_pick(rng, "fcfs", "fcfs", "ps")),
        "message_scv": float(_pick(rng, 0.0, 0.25, 1.0)),
        "compute_scv": float(_pick(rng, 0.0, 0.1, 0.5)),
        "accuracy_drop_max_pp": None,
    }
    return Case(dataclasses.replace(case.scenario, **changes), case.design)


def played(seed: int, requests: int) -> tuple[bool, bool] | None:
    """Return whether the optimum of a random scenario kept its deadline, and whether it was warned.

    A run keeps the deadline unless its percentile lies above it by more than the run's uncertainty.
    """
    rng = np.random.default_rng(seed)
    case = _scenario(rng)
    best = optimize(case.scenario, str(_pick(rng, *OBJECTIVES)), over=SPACE).best
    if best is None:
        return None
    chosen = best.case()
    try:
        run = simulate(chosen, requests, seed=seed)
    except DesignError:
        # Devices that share a processor of their own cannot be simulated.
        return None
    found = getattr(run, PERCENTILES[case.scenario.deadline_at])
    low = found.low if math.isfinite(found.half_width) else found.value
    warned = worst(lights(evaluate(chosen))) != "green"
    return low <= case.scenario.deadline_s, warned


def test_the_chosen_optimum_keeps_its_deadline_in_simulation_or_carries_a_light() -> None:
    outcomes = [played(seed, 30_000) for seed in range(30)]
    known = [outcome for outcome in outcomes if outcome is not None]
    assert len(known) >= 15
    assert sum(kept for kept, _ in known) >= 0.97 * len(known) - 1
    assert all(kept or warned for kept, warned in known)
