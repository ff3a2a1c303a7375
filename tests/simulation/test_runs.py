"""What a run promises: repeatable, warmed up, honest about its precision, quick to stop."""

from __future__ import annotations

import ast
import math
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import analytic_models.simulation as simulation
from analytic_models.errors import DesignError
from analytic_models.simulation import (
    Arrivals,
    Background,
    BatchTime,
    Branch,
    ColdStart,
    Modulation,
    Route,
    Service,
    SimulationCancelled,
    Station,
    TokenLength,
    TokenServing,
    simulate_route,
)
from analytic_models.simulation.estimates import Batches, batch_estimate, student_t_quantile
from analytic_models.simulation.sampling import arrival_times, draw, draw_tokens

POISSON_1 = Arrivals("poisson", 1.0)
HALF = Service("exponential", 0.5)
ONE = Route((Station("s", service=HALF),))
THREE = Route(
    (
        Station("a", service=Service("exponential", 0.5)),
        Station("b", service=Service("gamma", 0.6, 0.5)),
        Station("c", service=Service("deterministic", 0.7)),
    )
)
LINK = Modulation((1.0, 0.5), (1.0, 1.0))
SERVING = TokenServing(0.004, 0.0004, TokenLength("geometric", 50), TokenLength("constant", 20))
EVERY_DISCIPLINE = {
    "fcfs": Station("s", service=HALF),
    "several servers": Station("s", servers=3, service=Service("gamma", 1.5, 2.0)),
    "ps": Station("s", "ps", service=HALF, background=(Background(0.5, HALF),)),
    "batch": Station("s", "batch", batch=BatchTime(0.2, 0.4)),
    "continuous-batching": Station("s", "continuous-batching", serving=SERVING),
    "modulated": Station("s", "modulated", service=HALF, modulation=LINK),
    "priority": Station("s", "priority", service=HALF, preemptive=True),
    "loss": Station("s", "loss", service=HALF, capacity=2),
    "elastic": Station("s", "elastic", service=HALF, cold_start=ColdStart(0.2, 1.0)),
    "private": Station("s", "private", servers=2, service=HALF),
    "delay": Station("s", "delay", service=HALF),
    "retry": Station("s", service=HALF, retry_frac=0.2),
}


def test_simulation_imports_no_law() -> None:
    folder = Path(str(simulation.__file__)).parent
    imported = set()
    # These only translate cases into a route; case.py asks the pipeline for services and delays.
    for path in folder.glob("*.py"):
        if path.name in ("case.py", "mix.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(str(node.module))
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
    foreign = {name for name in imported if name.partition(".")[0] in ("analytic_models", "scipy")}
    own = ("analytic_models.simulation", "analytic_models.errors", "analytic_models.units")
    assert {name for name in foreign if not name.startswith(own)} == set()
    assert "numpy" in imported


@pytest.mark.parametrize("name", EVERY_DISCIPLINE)
def test_same_seed_repeats_every_sample_and_another_seed_none(name: str) -> None:
    route = Route((EVERY_DISCIPLINE[name],))
    first, again, other = (simulate_route(route, POISSON_1, 3_000, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.sojourn_s, again.sojourn_s)
    assert first.stations == again.stations
    assert first.mean_s.value != other.mean_s.value


@pytest.mark.parametrize("name", EVERY_DISCIPLINE)
def test_every_request_is_served_or_lost_and_none_before_it_came(name: str) -> None:
    result = simulate_route(Route((EVERY_DISCIPLINE[name],)), POISSON_1, 5_000, seed=1)
    station = result.stations[0]
    assert result.sojourn_s.size == pytest.approx(4_500 * (1 - result.lost_frac.value), abs=0.5)
    assert np.all(result.sojourn_s > 0)
    assert station.requests == 4_500
    assert station.wait_s.value >= -1e-9
    assert station.sojourn_s.value == pytest.approx(result.mean_s.value, rel=0.02)
    assert (result.lost_frac.value > 0) == (name == "loss")


def test_a_change_at_one_station_leaves_the_draws_of_the_others_alone() -> None:
    faster = Route((*THREE.stations[:2], Station("c", service=Service("deterministic", 0.2))))
    before, after = (simulate_route(r, POISSON_1, 20_000, seed=3) for r in (THREE, faster))
    assert before.stations[0] == after.stations[0]
    assert before.stations[1] == after.stations[1]
    assert before.stations[2].wait_s.value > after.stations[2].wait_s.value


def test_warm_up_is_removed_from_the_samples() -> None:
    whole = simulate_route(ONE, POISSON_1, 10_000, seed=2, warmup_frac=0.0)
    cut = simulate_route(ONE, POISSON_1, 10_000, seed=2, warmup_frac=0.25)
    assert cut.warmup_requests == 2_500
    np.testing.assert_array_equal(whole.sojourn_s[2_500:], cut.sojourn_s)


def test_warm_up_removes_the_bias_of_the_empty_start() -> None:
    busy = Route((Station("s", service=Service("exponential", 0.9)),))
    errors = {}
    for share in (0.0, 0.5):
        means = [
            simulate_route(busy, POISSON_1, 2_000, seed=k, warmup_frac=share).mean_s.value
            for k in range(200)
        ]
        errors[share] = float(np.mean(means)) - 9.0
    assert errors[0.0] < -0.4
    assert abs(errors[0.5]) < abs(errors[0.0])


def test_littles_law_holds_at_every_station() -> None:
    result = simulate_route(THREE, POISSON_1, 200_000, seed=9)
    assert result.throughput_per_s == pytest.approx(1.0, rel=0.01)
    total = math.fsum(station.sojourn_s.value for station in result.stations)
    assert total == pytest.approx(result.mean_s.value, rel=1e-3)
    for station, law in zip(result.stations, THREE.stations, strict=True):
        # Busy servers = arrival rate times mean service.
        assert law.service is not None
        assert station.utilisation_frac == pytest.approx(law.service.mean_s, rel=0.01)
        inside = station.sojourn_s.value - station.wait_s.value
        assert inside == pytest.approx(law.service.mean_s, rel=0.01)


def coverage(estimates: list[tuple[float, float]], exact: float) -> float:
    return float(np.mean([abs(value - exact) <= half for value, half in estimates]))


def test_confidence_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    # M/M/1 at load 0.5: mean 1, p95 = ln 20; 200 runs, so 95 % is known to about 1.5 points.
    runs = [simulate_route(ONE, POISSON_1, 20_000, seed=k, deadline_s=2.0) for k in range(200)]
    assert coverage([(r.mean_s.value, r.mean_s.half_width) for r in runs], 1.0) >= 0.90
    p95 = [(r.p95_s.value, r.p95_s.half_width) for r in runs]
    assert coverage(p95, math.log(20)) >= 0.89
    p99 = [(r.p99_s.value, r.p99_s.half_width) for r in runs]
    assert coverage(p99, math.log(100)) >= 0.89
    p50 = [(r.p50_s.value, r.p50_s.half_width) for r in runs]
    assert coverage(p50, math.log(2)) >= 0.90
    miss = [(r.miss_frac.value, r.miss_frac.half_width) for r in runs]
    assert coverage(miss, math.exp(-2)) >= 0.90
    assert coverage(miss, math.exp(-2)) < 1.0


def test_student_quantiles_are_the_tabulated_ones() -> None:
    # Abramowitz and Stegun, table 26.10, two-sided 95 %.
    for freedom, value in ((1, 12.706), (2, 4.303), (5, 2.571), (19, 2.093), (60, 2.000)):
        assert student_t_quantile(freedom) == pytest.approx(value, abs=6e-4)


def test_tail_intervals_cover_the_truth_at_a_load_where_batches_barely_hold_a_tail() -> None:
    # M/M/1 at load 0.8: quantiles 4 ln(1/(1-q)); an unbounded interval covers, but says nothing.
    busy = Route((Station("s", service=Service("exponential", 0.8)),))
    runs = [simulate_route(busy, POISSON_1, 40_000, seed=k) for k in range(120)]
    p99 = [(r.p99_s.value, r.p99_s.half_width) for r in runs]
    assert coverage(p99, 4 * math.log(100)) >= 0.88
    p999 = [(r.p999_s.value, r.p999_s.half_width) for r in runs]
    assert coverage(p999, 4 * math.log(1000)) >= 0.88
    assert np.mean([math.isfinite(half) for _, half in p99]) >= 0.5


def test_half_width_is_unbounded_where_the_run_is_too_short_for_it() -> None:
    result = simulate_route(ONE, POISSON_1, 2_000, seed=1)
    assert math.isinf(result.p999_s.half_width)
    assert result.p999_s.value > result.p99_s.value
    assert math.isnan(result.miss_frac.value)
    assert math.isinf(batch_estimate(1.0, np.array([1.0])).half_width)


def test_equal_samples_are_known_exactly() -> None:
    found = Batches(np.full(2_000, 0.25), 20)
    assert [(q.value, q.half_width) for q in found.quantiles((0.5, 0.999))] == [(0.25, 0.0)] * 2
    assert (found.mean().value, found.mean().half_width) == (0.25, 0.0)


def test_band_of_the_tail_narrows_with_the_run_and_stays_open_where_nothing_was_seen() -> None:
    points = np.array([0.0, 1.0, 3.0, 60.0])
    short, long = (simulate_route(ONE, POISSON_1, n, seed=1).ccdf(points) for n in (5_000, 500_000))
    assert np.all(short.low <= short.value)
    assert np.all(short.value <= short.high)
    assert long.high[2] - long.low[2] < short.high[2] - short.low[2]
    assert short.value[0] == 1.0
    assert short.value[3] == 0.0 < short.high[3]


def test_an_overloaded_station_is_reported_as_not_steady() -> None:
    overloaded = Route((Station("s", service=Service("exponential", 1.1)),))
    result = simulate_route(overloaded, POISSON_1, 50_000, seed=1)
    assert not result.steady
    assert any("second half" in sign for sign in result.unsteady)
    assert any("capacity" in sign for sign in result.unsteady)


def test_a_run_near_saturation_is_not_trusted() -> None:
    close = Route((Station("s", service=Service("exponential", 0.992)),))
    result = simulate_route(close, POISSON_1, 200_000, seed=1)
    assert not result.steady
    assert result.effective_samples < 1_000


def test_usual_runs_are_steady() -> None:
    signs = [simulate_route(ONE, POISSON_1, 20_000, seed=k).unsteady for k in range(100)]
    assert sum(bool(sign) for sign in signs) <= 8


def test_effective_samples_are_all_of_them_without_correlation() -> None:
    independent = np.random.default_rng(1).exponential(size=20_000)
    assert Batches(independent, 20).effective_samples() > 8_000
    assert Batches(np.ones(400), 20).effective_samples() == 400.0


@pytest.mark.parametrize("requests", [2_000, 300_000])
def test_progress_is_reported_in_twenty_to_fifty_steps(requests: int) -> None:
    seen: list[float] = []

    def progress(share: float) -> bool:
        seen.append(share)
        return True

    simulate_route(THREE, POISSON_1, requests, seed=1, progress=progress)
    assert 20 <= len(seen) <= 50
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_run_stops_promptly_when_the_callback_says_so() -> None:
    calls: list[float] = []

    def progress(share: float) -> bool:
        calls.append(share)
        return len(calls) < 3

    with pytest.raises(SimulationCancelled, match="cancelled at"):
        simulate_route(THREE, POISSON_1, 300_000, seed=1, progress=progress)
    assert len(calls) == 3
    assert calls[-1] < 0.15


def test_a_million_requests_through_three_single_servers_take_at_most_a_second() -> None:
    spent = []
    for seed in range(3):
        begin = time.process_time()
        result = simulate_route(THREE, POISSON_1, 1_000_000, seed=seed)
        spent.append(time.process_time() - begin)
        assert result.sojourn_s.size == 900_000
    assert min(spent) <= 1.0


def test_a_million_requests_need_less_than_half_a_gigabyte() -> None:
    route = Route(
        (
            Station("a", service=HALF, background=(Background(0.5, HALF),)),
            Station("b", servers=2, service=Service("deterministic", 1.2)),
        )
    )
    tracemalloc.start()
    try:
        simulate_route(route, POISSON_1, 1_000_000, seed=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500e6


@pytest.mark.parametrize(
    "law",
    [
        Service("deterministic", 2.0),
        Service("exponential", 2.0),
        Service("gamma", 2.0, 0.3),
        Service("lognormal", 2.0, 1.5),
        Service("erlang", 2.0, 1 / 3),
        Service("hyperexponential", 2.0, 3.0),
    ],
    ids=lambda law: law.kind,
)
def test_drawn_service_times_have_the_stated_mean_and_variation(law: Service) -> None:
    drawn = draw(law, np.random.default_rng(4), 400_000)
    assert float(drawn.mean()) == pytest.approx(2.0, rel=0.01)
    assert float(drawn.var()) / 4.0 == pytest.approx(law.scv, rel=0.05, abs=1e-12)


@pytest.mark.parametrize("kind", ["constant", "geometric", "lognormal"])
def test_drawn_tokens_are_whole_positive_and_have_the_stated_mean(kind: str) -> None:
    drawn = draw_tokens(TokenLength(kind, 40, scv=1.0), np.random.default_rng(4), 200_000)
    assert drawn.min() >= 1
    assert float(drawn.mean()) == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize(
    "arrivals",
    [
        Arrivals("poisson", 4.0),
        Arrivals("periodic", 4.0, sources=30),
        Arrivals("synchronised", 4.0, sources=30, spread_s=1.0),
        Arrivals("renewal", 4.0, scv=0.5),
        Arrivals("renewal", 4.0, sources=30, scv=4.0),
    ],
    ids=lambda a: f"{a.kind}-{a.sources}",
)
def test_arrivals_ascend_at_the_stated_rate(arrivals: Arrivals) -> None:
    times, counted, source = arrival_times(arrivals, np.random.default_rng(1), 100_000)
    assert times.shape == counted.shape == source.shape == (100_000,)
    per_source = np.bincount(source, minlength=arrivals.sources)
    assert per_source.size == arrivals.sources
    assert per_source.min() >= 0.9 * 100_000 / arrivals.sources
    assert np.all(np.diff(times) >= 0)
    assert 100_000 / float(times[-1]) == pytest.approx(4.0, rel=0.02)


def test_faults_of_a_station_are_reported_together_with_what_is_allowed() -> None:
    with pytest.raises(DesignError) as caught:
        Station("gpu", "batch", servers=0, service=HALF, capacity=3)
    found = {problem.path for problem in caught.value.problems}
    assert found == {
        "station gpu.servers",
        "station gpu.service",
        "station gpu.capacity",
        "station gpu.batch",
    }


def refuse_station(**options: object) -> None:
    Station("s", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: Service("weibull", 1.0), "service.kind"),
        (lambda: Service("exponential", -1.0), "service.mean_s"),
        (lambda: Service("exponential", 1.0, 2.0), "service.scv"),
        (lambda: Service("erlang", 1.0, 0.4), "service.scv"),
        (lambda: Service("hyperexponential", 1.0, 0.5), "service.scv"),
        (lambda: Service("gamma", 1.0), "service.scv"),
        (lambda: Arrivals("poisson", 0.0), "arrivals.rate_per_s"),
        (lambda: Arrivals("bursty", 1.0), "arrivals.kind"),
        (lambda: Arrivals("periodic", 1.0, sources=0), "arrivals.sources"),
        (lambda: Arrivals("poisson", 1.0, spread_s=1.0), "arrivals.spread_s"),
        (lambda: BatchTime(0.0, 0.0), "batch"),
        (lambda: TokenLength("lognormal", 10), "tokens.scv"),
        (lambda: Modulation((1.0,), (1.0,)), "modulation"),
        (lambda: Modulation((1.0, 2.0), (1.0, 1.0), ((0.5, 0.4), (1.0, 0.0))), "modulation.jumps"),
        (lambda: ColdStart(-1.0, 0.0), "cold_start.start_s"),
        (lambda: refuse_station(discipline="lifo"), "station s.discipline"),
        (lambda: refuse_station(service=HALF, retry_frac=1.0), "station s.retry_frac"),
        (lambda: Branch(1.5, ("s",)), "branch.probability"),
        (lambda: Branch(1.0, ("s",), (0.0,)), "branch.delays_s"),
        (lambda: Route(ONE.stations * 2), "route.stations"),
        (lambda: Route(ONE.stations, (Branch(0.5, ("s",)),)), "route.branches"),
        (lambda: Route(THREE.stations, (Branch(1.0, ("b", "a")),)), "route.branches[0]"),
        (lambda: Route(ONE.stations, (Branch(1.0, ("x",)),)), "route.branches[0]"),
        (lambda: Route.tandem(ONE.stations, exits={"x": 0.5}), "route.exits"),
        (lambda: Route.tandem(ONE.stations, exits={"s": 1.5}), "route.exits.s"),
        (lambda: simulate_route(ONE, POISSON_1, 50), "simulation.requests"),
        (lambda: simulate_route(ONE, POISSON_1, batches=1), "simulation.batches"),
        (lambda: simulate_route(ONE, POISSON_1, warmup_frac=1.0), "simulation.warmup_frac"),
    ],
)
def test_a_fault_names_the_field_it_is_in(make: object, path: str) -> None:
    assert callable(make)
    with pytest.raises(DesignError) as caught:
        make()
    assert path in {problem.path for problem in caught.value.problems}


def test_background_load_that_would_never_end_is_refused() -> None:
    station = Station("s", service=HALF, background=(Background(1e6, Service("gamma", 1e-7, 1)),))
    with pytest.raises(DesignError, match="bring 1e"):
        simulate_route(Route((station,)), POISSON_1)


def test_speed_changes_that_would_never_end_are_refused() -> None:
    flicker = Modulation((1.0, 0.5), (1e-6, 1e-6))
    station = Station("s", "modulated", service=HALF, modulation=flicker)
    with pytest.raises(DesignError, match="changes of speed"):
        simulate_route(Route((station,)), POISSON_1)


def test_a_route_without_stations_takes_its_delays() -> None:
    result = simulate_route(Route((), (Branch(1.0, (), (0.25,)),)), POISSON_1, 1_000)
    assert result.mean_s.value == pytest.approx(0.25, rel=1e-9)
    assert result.stations == ()


def test_nobody_at_a_station_is_no_failure() -> None:
    branches = (Branch(1.0, ("a",)), Branch(0.0, ("a", "b")))
    result = simulate_route(Route(THREE.stations, branches), POISSON_1, 2_000)
    assert result.stations[1].requests == 0
    assert math.isnan(result.stations[1].wait_s.value)
