"""Closed loops against product forms and small birth-death chains."""

from __future__ import annotations

import math

import pytest

from analytic_models.errors import DesignError
from analytic_models.simulation import (
    Background,
    BatchTime,
    Branch,
    Modulation,
    Route,
    Service,
    SimulationCancelled,
    Station,
    TokenLength,
    TokenServing,
    simulate_closed,
)


def exponential(mean_s: float) -> Service:
    return Service("exponential", mean_s)


def pair(discipline: str) -> Route:
    return Route(
        (
            Station("a", discipline, service=exponential(0.5)),
            Station("b", discipline, service=exponential(0.3)),
        )
    )


@pytest.mark.parametrize("discipline", ["fcfs", "ps"])
def test_two_stations_with_think_time_match_the_product_form(discipline: str) -> None:
    # Gordon and Newell 1967 summed in exact rationals: X = 1.9806669554661676 (N 20, Z 5).
    exact = 1.9806669554661676
    result = simulate_closed(pair(discipline), 20, exponential(5.0), requests=100_000, seed=2)
    assert result.throughput_per_s == pytest.approx(exact, rel=0.01)
    response = 20 / exact - 5.0
    assert abs(result.mean_s.value - response) <= 1.5 * result.mean_s.half_width
    assert result.stations[0].utilisation_frac == pytest.approx(0.5 * exact, rel=0.01)


def test_clients_at_several_servers_match_the_repair_model() -> None:
    # M/M/c//N birth-death chain: N 12, think 3, mu 1, c 3.
    clients, think, servers = 12, 3.0, 3
    weights = [1.0]
    for k in range(clients):
        weights.append(weights[-1] * (clients - k) / think / min(k + 1, servers))
    total = sum(weights)
    exact = sum(w / total * min(k, servers) for k, w in enumerate(weights))
    station = Station("s", servers=servers, service=exponential(1.0))
    result = simulate_closed(Route((station,)), clients, exponential(think), 100_000, seed=1)
    assert result.throughput_per_s == pytest.approx(exact, rel=0.01)


def test_clients_obey_littles_law_exactly_as_a_population() -> None:
    result = simulate_closed(pair("fcfs"), 7, exponential(1.0), requests=60_000, seed=3)
    cycle = result.mean_s.value + 1.0
    assert result.throughput_per_s * cycle == pytest.approx(7, rel=0.01)


def test_clients_without_think_time_move_through_a_batch_server_in_step() -> None:
    station = Station("s", "batch", batch=BatchTime(0.1, 0.5))
    result = simulate_closed(Route((station,)), 6, requests=6_000)
    assert result.throughput_per_s == pytest.approx(6 / 1.1, rel=0.01)
    assert result.mean_s.value == pytest.approx(1.1, rel=1e-9)


def test_two_batch_instances_with_a_limit_share_the_clients() -> None:
    station = Station("s", "batch", servers=2, batch=BatchTime(0.1, 0.5, limit=3.0))
    result = simulate_closed(Route((station,)), 6, requests=6_000)
    assert result.throughput_per_s == pytest.approx(6 / 0.8, rel=0.01)


def test_decoder_clients_fill_the_batch_and_pay_its_iteration_time() -> None:
    serving = TokenServing(0.02, 0.001, TokenLength("constant", 50), TokenLength("constant", 10))
    station = Station("s", "continuous-batching", serving=serving)
    result = simulate_closed(Route((station,)), 8, requests=4_000)
    assert result.mean_s.value == pytest.approx(50 * 0.028, rel=1e-6)
    assert result.throughput_per_s == pytest.approx(8 / 1.4, rel=0.01)


def test_decoder_clients_that_think_join_at_the_next_iteration() -> None:
    # One token takes the same time for any batch: no sharing, only rounding up to the boundary.
    serving = TokenServing(0.01, 0.0, TokenLength("constant", 20), TokenLength("constant", 1))
    station = Station("s", "continuous-batching", serving=serving)
    result = simulate_closed(Route((station,)), 50, exponential(1.0), requests=20_000)
    assert float(result.sojourn_s.min()) >= 0.2 - 1e-9
    assert float(result.sojourn_s.max()) <= 0.21 + 1e-9
    assert result.mean_s.value == pytest.approx(0.205, rel=0.01)


def test_delays_and_stations_without_queue_only_add_up() -> None:
    line = (Station("d", "delay", service=Service("deterministic", 0.3)),)
    route = Route(line, (Branch(1.0, ("d",), (0.2, 0.5)),))
    result = simulate_closed(route, 4, requests=1_000, deadline_s=0.9)
    assert result.mean_s.value == pytest.approx(1.0, rel=1e-9)
    assert result.miss_frac.value == 1.0
    assert result.throughput_per_s == pytest.approx(4.0, rel=0.02)


def test_same_seed_gives_the_same_loop_and_another_seed_another() -> None:
    means = [
        simulate_closed(pair("fcfs"), 5, exponential(1.0), 2_000, seed=seed).mean_s.value
        for seed in (1, 1, 2)
    ]
    assert means[0] == means[1] != means[2]


def test_closed_loop_refuses_what_it_cannot_simulate() -> None:
    modulated = Station(
        "m", "modulated", service=exponential(1.0), modulation=Modulation((1, 2), (1, 1))
    )
    loaded = Station("l", service=exponential(1.0), background=(Background(1, exponential(1)),))
    with pytest.raises(DesignError) as caught:
        simulate_closed(Route((modulated, loaded)), 0, requests=10)
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [
        "station m.discipline",
        "station m.modulation",
        "station l.background",
        "clients",
        "simulation.requests",
    ]


def test_closed_loop_stops_when_the_callback_says_so() -> None:
    seen: list[float] = []

    def progress(share: float) -> bool:
        seen.append(share)
        return share < 0.3

    with pytest.raises(SimulationCancelled):
        simulate_closed(pair("fcfs"), 5, exponential(1.0), 10_000, progress=progress)
    assert math.isclose(seen[-1], 0.3, abs_tol=0.03)
