"""An overloaded station makes the design infeasible, in the mean and in every percentile."""

from __future__ import annotations

import math

import pytest

from analytic_models import Case, Design, Scenario, evaluate

PERCENTILES = ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
SPLIT = Design(cut1=4, cut2=8, device_precision="fp32")


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("discipline", ["fcfs", "ps"])
@pytest.mark.parametrize(
    "overload",
    [
        {"uplink_bit_per_s": 1e4},
        {"backhaul_bit_per_s": 1e4},
        {"population_count": 100_000},
        {"arrival_per_s": 1e3},
    ],
)
def test_an_overloaded_station_makes_the_mean_and_every_percentile_infinite(
    overload: dict[str, float], discipline: str, spread: float, exact: bool
) -> None:
    stations = ("uplink", "edge", "backhaul", "cloud")
    shared = {f"{station}_discipline": discipline for station in stations}
    scenario = Scenario(compute_scv=spread, message_scv=spread, **shared, **overload)  # type: ignore[arg-type]
    result = evaluate(Case(scenario, SPLIT), exact=exact)
    assert result.value("stable_flag") == 0.0
    assert math.isinf(result.value("latency_mean_s"))
    for name in PERCENTILES:
        assert math.isinf(result.value(name)), name
    assert result.value("deadline_miss_frac") == pytest.approx(1.0, abs=1e-12)
