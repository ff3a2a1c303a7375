"""Devices that wait for answers: exact networks, limits, conservation, and the simulator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analytic_models.laws.closed_loop import EXACT_UP_TO, Loop, solve_loop
from analytic_models.laws.closed_networks import closed_network, mean_value_analysis
from analytic_models.laws.closed_stations import (
    closed_skew,
    closed_throughput,
    closed_variance,
    closed_wait,
    closed_waiting,
)
from analytic_models.laws.queueing import (
    mgc_wait_mean,
    mgc_wait_skew,
    mgc_wait_variance,
    ps_sojourn_mean,
)
from analytic_models.laws.sharing import shared_variance
from analytic_models.simulation.closed import simulate_closed
from analytic_models.simulation.network import Branch, Route, Station
from analytic_models.simulation.parts import Service

Floats = NDArray[np.float64]
NONE = (0.0, 1.0, 1.0, 0.0, 1.0)


def _solve(
    population: int,
    away: float,
    service: Floats,
    servers: Floats,
    scv: float = 1.0,
    shared: float = 0.0,
    share: float = 1.0,
) -> Loop:
    column = np.asarray(service, dtype=float).reshape(-1, 1)
    ones = np.ones_like(column)
    return solve_loop(
        np.array([float(population)]),
        np.array([away]),
        column,
        scv * ones,
        np.asarray(servers, dtype=float).reshape(-1, 1),
        shared * ones,
        share * ones,
    )


@pytest.mark.parametrize("seed", range(12))
def test_exponential_loops_are_those_of_the_exact_convolution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    population = int(rng.integers(1, EXACT_UP_TO + 1))
    service = rng.exponential(0.1, 4)
    servers = np.array([1, rng.integers(1, 40), 1, rng.integers(1, 70)], dtype=float)
    away = float(rng.exponential(3.0))
    exact = closed_network(service, servers, population, away)
    found = _solve(population, away, service, servers)
    assert found.throughput[0] == pytest.approx(exact.throughput_per_s, rel=1e-7)
    inside = found.throughput[0] * (found.wait[:, 0] + service)
    assert inside == pytest.approx(exact.queue, rel=1e-6)


@pytest.mark.parametrize("population", [EXACT_UP_TO + 1, 300])
@pytest.mark.parametrize("fill", [0.6, 0.95, 1.4])
def test_large_populations_stay_within_the_stated_two_tenths_of_a_per_cent(
    population: int, fill: float
) -> None:
    service, servers = np.array([0.05, 0.2, 0.01, 0.3]), np.array([1.0, 3.0, 1.0, 8.0])
    away = population * 0.2 / 3.0 / fill
    exact = closed_network(service, servers, population, away)
    found = _solve(population, away, service, servers)
    assert found.throughput[0] == pytest.approx(exact.throughput_per_s, rel=2e-3)
    time = float(found.wait.sum() + service.sum())
    assert time == pytest.approx(exact.sojourn_s, rel=0.02)


def test_one_server_each_is_mean_value_analysis_of_many_loops_at_once() -> None:
    rng = np.random.default_rng(3)
    demand = rng.exponential(0.1, (50, 4))
    throughput, queue = mean_value_analysis(demand, 20, 1.5)
    ones = np.ones((4, 50))
    found = solve_loop(np.full(50, 20.0), np.full(50, 1.5), demand.T, ones, ones, ones, ones)
    assert found.throughput == pytest.approx(np.asarray(throughput), rel=1e-9)
    inside = found.throughput * (found.wait + demand.T)
    assert inside == pytest.approx(np.asarray(queue).T, rel=1e-7)


@pytest.mark.parametrize("scv", [0.0, 1.0])
def test_one_device_never_waits(scv: float) -> None:
    found = _solve(1, 2.0, np.array([0.3, 0.5]), np.array([1.0, 2.0]), scv)
    assert found.wait[:, 0].tolist() == [0.0, 0.0]
    assert found.throughput[0] == pytest.approx(1.0 / 2.8, rel=1e-12)


@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("load", [0.3, 0.7])
def test_many_devices_with_long_pauses_are_random_arrivals(scv: float, load: float) -> None:
    count = 50_000.0
    loop = (count, count / load, 1.0, scv, 1.0, 0.0, 1.0, *NONE, *NONE, *NONE)
    plain = (load, 1.0, scv, 1.0)
    own = scv, 2.0 * scv * scv
    assert closed_wait(*loop) == pytest.approx(float(mgc_wait_mean(*plain)), rel=2e-3)
    variance = float(mgc_wait_variance(*plain)) + own[0]
    assert closed_variance(*loop) == pytest.approx(variance, rel=4e-3)
    assert closed_skew(*loop) == pytest.approx(float(mgc_wait_skew(*plain)) + own[1], rel=1e-2)
    assert closed_waiting(*loop) == pytest.approx(load, rel=1e-3)
    shared = (count, count / load, 1.0, scv, 1.0, 1.0, 1.0, *NONE, *NONE, *NONE)
    time = float(ps_sojourn_mean(load, 1.0, 1.0))
    assert closed_wait(*shared) + 1.0 == pytest.approx(time, rel=2e-3)
    spread = float(shared_variance(time, 1.0, scv))
    assert closed_variance(*shared) == pytest.approx(spread, rel=5e-3)


@pytest.mark.parametrize("scv", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("population", [2, 7, 40, 500])
def test_all_devices_are_accounted_for_and_no_station_overflows(
    scv: float, population: int
) -> None:
    service, servers = np.array([0.05, 0.2, 0.02, 0.3]), np.array([1.0, 2.0, 1.0, 8.0])
    last = 0.0
    for away in (20.0, 2.0, 0.2, 0.002):
        found = _solve(population, away, service, servers, scv)
        rate = float(found.throughput[0])
        inside = rate * (away + service.sum() + found.wait[:, 0].sum())
        assert inside == pytest.approx(population, rel=3e-6)
        assert (rate * service / servers < 1.0).all()
        assert rate >= last * (1.0 - 1e-4)
        last = rate


def test_the_order_in_which_stations_are_given_does_not_matter() -> None:
    first, second = (0.2, 0.0, 1.0, 0.0, 1.0), (0.1, 1.0, 3.0, 1.0, 0.4)
    head = (12.0, 0.6)
    one = closed_throughput(*head, *first, *second, *NONE, *NONE)
    other = closed_throughput(*head, *NONE, *second, *first, *NONE)
    assert one == other
    assert closed_wait(*head, *first, *second, *NONE, *NONE) == closed_wait(
        *head, *first, *NONE, *NONE, *second
    )


def test_arrays_of_cases_give_what_single_cases_give() -> None:
    counts = np.array([1.0, 5.0, 30.0, 400.0])
    service = np.array([0.05, 0.1, 0.02, 0.03])
    for law in (closed_throughput, closed_wait, closed_waiting, closed_variance, closed_skew):
        rest = (0.0, 1.0, 0.0, 1.0, 0.3, 1.0, 4.0, 0.0, 1.0, *NONE, *NONE)
        many = law(counts, 1.5, service, *rest)
        alone = [law(n, 1.5, s, *rest) for n, s in zip(counts, service, strict=True)]
        assert np.asarray(many) == pytest.approx(np.asarray(alone, dtype=float), rel=1e-9)


def test_what_a_visitor_finds_is_the_exact_distribution_with_one_device_less() -> None:
    population, away = 9, 4.0
    found = np.arange(population)
    left = population - 1 - found
    weights = np.array([away**n / math.factorial(n) for n in left])
    chance = weights / weights.sum()
    # Whoever finds k waits for k + 1 exponential services, its own included.
    moments = [
        float((chance * np.prod([found + 1 + j for j in range(power)], axis=0)).sum())
        for power in (1, 2, 3)
    ]
    mean, second, third = moments
    loop = (float(population), away, 1.0, 1.0, 1.0, 0.0, 1.0, *NONE, *NONE, *NONE)
    assert closed_wait(*loop) + 1.0 == pytest.approx(mean, rel=1e-9)
    assert closed_variance(*loop) == pytest.approx(second - mean**2, rel=1e-9)
    skew = third - 3 * mean * second + 2 * mean**3
    assert closed_skew(*loop) == pytest.approx(skew, rel=1e-8)


@pytest.mark.parametrize("fill", [0.4, 0.9, 1.5])
@pytest.mark.parametrize(("scv", "servers", "kind"), [
    (0.0, 1, "fcfs"), (1.0, 1, "fcfs"), (0.0, 4, "fcfs"), (1.0, 4, "fcfs"),
    (0.0, 1, "ps"), (1.0, 1, "ps"),
])  # fmt: skip
def test_throughput_and_mean_lie_within_the_stated_bounds_of_a_simulation(
    fill: float, scv: float, servers: int, kind: str
) -> None:
    population = 16
    away = population / servers / fill
    work = Service("deterministic", 1.0) if scv == 0 else Service("exponential", 1.0)
    route = Route((Station("edge", kind, servers, work),))
    run = simulate_closed(route, population, Service("exponential", away), 60_000, seed=4)
    station = (1.0, scv, float(servers), float(kind == "ps"), 1.0)
    loop = (float(population), away, *station, *NONE, *NONE, *NONE)
    exact = kind == "ps" or scv == 1.0
    rate = float(closed_throughput(*loop))
    assert rate == pytest.approx(run.throughput_per_s, rel=0.012 if exact else 0.015)
    time = float(closed_wait(*loop)) + 1.0
    noise = run.mean_s.half_width
    assert abs(time - run.mean_s.value) <= (0.005 if exact else 0.05) * time + noise
    spread = float(np.std(run.sojourn_s))
    assert math.sqrt(float(closed_variance(*loop))) == pytest.approx(spread, rel=0.12)


def test_requests_that_leave_early_are_another_branch_of_the_loop() -> None:
    near, far = Service("exponential", 0.5), Service("exponential", 1.0)
    stations = (Station("edge", service=near), Station("cloud", "ps", service=far))
    branches = (Branch(0.6, ("edge",), (0.1, 0.0)), Branch(0.4, ("edge", "cloud"), (0.1, 0.0, 0.5)))
    run = simulate_closed(Route(stations, branches), 8, Service("exponential", 4.0), 60_000, seed=6)
    edge, cloud = (0.5, 1.0, 1.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0, 0.4)
    rate = float(closed_throughput(8.0, 4.0 + 0.1 + 0.4 * 0.5, *edge, *cloud, *NONE, *NONE))
    assert rate == pytest.approx(run.throughput_per_s, rel=0.012)
    wait = float(closed_wait(8.0, 4.3, *cloud, *edge, *NONE, *NONE))
    assert abs(wait - run.stations[1].wait_s.value) <= 3.0 * run.stations[1].wait_s.half_width
