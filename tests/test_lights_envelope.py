"""The envelopes of the lights, held against simulations of cases that nobody picked."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, evaluate, load_scenarios
from analytic_models.errors import DesignError
from analytic_models.lights_envelope import Envelope, envelope
from analytic_models.simulation.case import simulate

FACTORY = load_scenarios()["1-factory"]
PICKED = tuple(load_scenarios()[name] for name in ("1-factory", "2-driving", "6-coordination"))


def drawn(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    case = PICKED[seed % len(PICKED)]

    def pick(*options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    return case.with_scenario(
        population_count=int(rng.integers(1, 40)),
        edge_discipline=str(pick("fcfs", "ps")),
        uplink_discipline=str(pick("fcfs", "ps")),
        message_scv=float(pick(0.0, 0.5, 1.0)),
        compute_scv=float(pick(0.0, 0.25, 1.0)),
        edge_servers_count=int(pick(1, 2, 4)),
        arrivals=str(pick("poisson", "poisson", "periodic")),
    )


def special(seed: int) -> Case:
    """Draw a case with a link that repeats, a last place, or urgent requests."""
    rng = np.random.default_rng(seed)
    changes: list[dict[str, Any]] = [
        {"uplink_loss_frac": float(rng.uniform(0.01, 0.2))},
        {"edge_places_count": int(rng.integers(3, 12)), "edge_discipline": "fcfs"},
        {"edge_discipline": "priority", "urgent_frac": float(rng.uniform(0.1, 0.6))},
    ]
    case = drawn(seed).with_scenario(arrivals="poisson")
    return case.with_scenario(**changes[seed % 3])


def waiting(seed: int) -> Case:
    """Draw a case whose devices wait for their answers."""
    return drawn(seed).with_scenario(arrivals="closed")


@pytest.mark.parametrize(
    ("make", "fewest"),
    [(drawn, 25), (special, 15), (waiting, 25)],
    ids=["plain", "special", "waiting"],
)
def test_closed_forms_lie_within_the_envelopes_of_their_lights(
    make: Callable[[int], Case], fewest: int
) -> None:
    inside = judged = 0
    for seed in range(24):
        case = make(seed)
        evaluation = evaluate(case)
        expected = envelope(evaluation)
        load = evaluation.value("bottleneck_utilisation_frac") if expected else math.inf
        if not load < 0.9:
            continue
        try:
            run = simulate(case, 60_000, seed=seed + 1)
        except DesignError:
            continue
        if not run.steady:
            continue
        for name in ("mean", "p95", "p99"):
            found = getattr(run, f"{name}_s")
            if math.isfinite(found.half_width):
                closed = evaluation.value(f"latency_{name}_s")
                judged += 1
                inside += expected[name].holds(closed, found.low, found.high)
    assert judged >= fewest
    assert inside >= 0.9 * judged


def test_an_overloaded_case_has_no_envelope() -> None:
    assert envelope(evaluate(FACTORY.with_scenario(population_count=5000))) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"arrivals": "bursty"},
        {"arrivals": "synchronised"},
        {"edge_discipline": "batch"},
        {"uplink_slow_frac": 0.2},
    ],
    ids=str,
)
def test_a_broken_assumption_changes_the_envelope(changes: dict[str, Any]) -> None:
    plain, other = envelope(evaluate(FACTORY)), envelope(evaluate(FACTORY.with_scenario(**changes)))
    assert set(other) == {"mean", "p95", "p99"}
    assert other != plain
    assert all(found.low <= 0 <= found.high for found in other.values())


def test_an_envelope_is_wider_by_the_uncertainty_of_the_run() -> None:
    found = Envelope(-0.1, 0.2)
    assert found.holds(1.2, 1.0, 1.0)
    assert not found.holds(1.21, 1.0, 1.0)
    assert found.holds(1.21, 1.0, 1.05)
    assert not found.holds(0.89, 1.0, 1.05)
