"""A whole case played request by request, beside the laws: each discipline within its envelope."""

from __future__ import annotations

from typing import Any

import pytest

from analytic_models import Case, evaluate, load_scenarios
from analytic_models.simulation.case import case_route, simulate

FACTORY = load_scenarios()["1-factory"]
REQUESTS = 120_000

# Changes, and the widest error that the lights state: mean, p95, p99.
CASES: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "random, shared link": ({}, 0.02, 0.11, 0.11),
    "random, in order": ({"uplink_discipline": "fcfs"}, 0.08, 0.06, 0.06),
    "several servers": ({"edge_servers_count": 2, "population_count": 24}, 0.04, 0.11, 0.11),
    "batches": ({"edge_discipline": "batch", "uplink_bit_per_s": 1e10}, 0.05, 0.04, 0.05),
    "batches on several machines": (
        {
            "edge_discipline": "batch",
            "uplink_bit_per_s": 1e10,
            "edge_servers_count": 3,
            "population_count": 40,
        },
        0.05,
        0.04,
        0.05,
    ),
    "periodic, in order": (
        {"arrivals": "periodic", "uplink_discipline": "fcfs", "population_count": 16},
        0.12,
        0.12,
        0.12,
    ),
    "synchronised": (
        {"arrivals": "synchronised", "uplink_discipline": "fcfs"},
        0.02,
        0.02,
        0.02,
    ),
    "synchronised, several servers": (
        {"arrivals": "synchronised", "uplink_discipline": "fcfs", "edge_servers_count": 8},
        0.02,
        0.02,
        0.02,
    ),
    "synchronised, shared link": ({"arrivals": "synchronised"}, 0.02, 0.02, 0.02),
    "bursts": ({"arrivals": "bursty", "uplink_discipline": "fcfs"}, 0.10, 0.15, 0.25),
    "fades, in order": (
        {"uplink_slow_frac": 0.2, "uplink_dwell_s": 0.02, "uplink_discipline": "fcfs"},
        0.08,
        0.08,
        0.10,
    ),
    "fades, shared": ({"uplink_slow_frac": 0.2, "uplink_dwell_s": 0.02}, 0.08, 0.18, 0.18),
}


@pytest.mark.parametrize("name", CASES)
def test_the_closed_form_lies_within_its_stated_envelope_of_the_simulation(name: str) -> None:
    changes, mean, p95, p99 = CASES[name]
    case = FACTORY.with_scenario(**changes)
    found, run = evaluate(case), simulate(case, REQUESTS, seed=3)
    for quantity, estimate, envelope in (
        ("latency_mean_s", run.mean_s, mean),
        ("latency_p95_s", run.p95_s, p95),
        ("latency_p99_s", run.p99_s, p99),
    ):
        closed = found.value(quantity)
        # A burst repeats exactly: its percentiles have no interval.
        noise = 0.0 if "synchronised" in name else estimate.half_width
        assert abs(closed - estimate.value) <= envelope * estimate.value + noise, quantity


@pytest.mark.parametrize(
    ("changes", "station", "discipline"),
    [
        ({"edge_discipline": "batch"}, "edge", "batch"),
        ({"edge_discipline": "batch", "edge_servers_count": 2}, "edge", "dealt-batch"),
        ({"uplink_slow_frac": 0.2, "uplink_discipline": "fcfs"}, "uplink", "modulated"),
        ({"uplink_slow_frac": 0.2}, "uplink", "ps"),
    ],
)
def test_a_choice_of_the_scenario_becomes_a_station_of_its_kind(
    changes: dict[str, Any], station: str, discipline: str
) -> None:
    route, _ = case_route(FACTORY.with_scenario(**changes))
    found = {part.name: part for part in route.stations}[station]
    assert found.discipline == discipline
    assert (found.modulation is not None) == (station == "uplink")


@pytest.mark.parametrize(
    ("arrivals", "kind"),
    [
        ("poisson", "poisson"),
        ("periodic", "periodic"),
        ("synchronised", "synchronised"),
        ("bursty", "renewal"),
    ],
)
def test_the_pattern_of_the_devices_is_the_pattern_of_the_run(arrivals: str, kind: str) -> None:
    case = FACTORY.with_scenario(arrivals=arrivals, arrival_scv=6.0)
    _, stream = case_route(case)
    assert stream.kind == kind
    assert stream.sources == case.scenario.population_count
    assert stream.rate_per_s == pytest.approx(60.0)


def test_a_fading_uplink_keeps_its_mean_rate_in_the_run() -> None:
    route, _ = case_route(FACTORY.with_scenario(uplink_slow_frac=0.3, uplink_slow_rate_frac=0.25))
    fades = route.stations[0].modulation
    assert fades is not None
    time = sum(fades.dwell_s)
    mean = sum(s * d for s, d in zip(fades.speeds, fades.dwell_s, strict=True)) / time
    assert mean == pytest.approx(1.0)
    assert fades.dwell_s[1] / time == pytest.approx(0.3)


def test_the_same_seed_gives_the_same_run() -> None:
    case = Case().with_scenario(arrivals="bursty")
    first, second = simulate(case, 20_000, seed=5), simulate(case, 20_000, seed=5)
    assert first.mean_s == second.mean_s
    assert first.mean_s != simulate(case, 20_000, seed=6).mean_s
