"""Closed and open networks, forks, retries, contention, capacity."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize

from analytic_models.laws.closed_networks import (
    bard_schweitzer,
    closed_network,
    closed_network_multiclass,
    mean_value_analysis,
)
from analytic_models.laws.open_networks import (
    capacity_split,
    capacity_split_sojourn_mean,
    fork_join_sojourn_bound,
    fork_join_sojourn_mean,
    jackson_sojourn_mean,
    retrial_sojourn_mean,
    retry_sojourn_mean,
    traffic_per_s,
)
from analytic_models.laws.retries import retry_law
from analytic_models.laws.transforms import sojourn_quantile
from analytic_models.laws.wireless import dcf_collision, dcf_throughput, dcf_transmission
from tests.oracles.queueing_truths import closed_network_by_enumeration


@pytest.mark.parametrize("servers", [[1, 1], [1, 3], [2, 2]])
@pytest.mark.parametrize("think", [0, 2])
def test_a_closed_network_equals_its_enumeration_in_fractions(
    servers: list[int], think: int
) -> None:
    demand = [Fraction(2, 5), Fraction(9, 10)]
    rate, queues = closed_network_by_enumeration(demand, servers, 9, Fraction(think))
    net = closed_network(np.array([0.4, 0.9]), np.array(servers), 9, float(think))
    assert net.throughput_per_s == pytest.approx(float(rate), rel=1e-13)
    np.testing.assert_allclose(net.queue, [float(q) for q in queues], rtol=1e-12)
    assert net.sojourn_s == pytest.approx(float(9 / rate) - think, rel=1e-12)


def test_convolution_and_mean_value_analysis_agree_for_single_servers() -> None:
    demand = np.array([[0.5, 0.3, 0.1], [0.2, 0.2, 0.2]])
    rate, queue = mean_value_analysis(demand, 50, np.array([5.0, 0.0]))
    for row, think in enumerate((5.0, 0.0)):
        net = closed_network(demand[row], np.ones(3), 50, think)
        assert net.throughput_per_s == pytest.approx(float(rate[row]), rel=1e-12)
        np.testing.assert_allclose(net.queue, queue[row], rtol=1e-11)


def test_many_servers_and_clients_keep_flow_balance() -> None:
    net = closed_network(np.array([0.5, 12.0]), np.array([1.0, 16.0]), 300, 10.0)
    assert net.queue.sum() + 10.0 * net.throughput_per_s == pytest.approx(300.0, rel=1e-10)
    assert 0.0 < net.throughput_per_s <= 16.0 / 12.0 * (1.0 + 1e-12)
    assert (net.utilisation <= 1.0 + 1e-12).all()


def test_one_client_meets_nobody() -> None:
    net = closed_network(np.array([0.4, 0.9]), np.array([1, 3]), 1, 2.0)
    assert net.sojourn_s == pytest.approx(1.3, rel=1e-13)


def test_one_class_alone_is_the_single_class_network() -> None:
    demand, servers = np.array([[0.4], [0.9]]), np.array([1.0, 3.0])
    many = closed_network_multiclass(demand, servers, (12,), np.array([2.0]))
    one = closed_network(demand[:, 0], servers, 12, 2.0)
    assert float(many.throughput_per_s[0]) == pytest.approx(one.throughput_per_s, rel=1e-11)
    np.testing.assert_allclose(many.queue[:, 0], one.queue, rtol=1e-10)


def test_two_equal_classes_share_what_one_class_has() -> None:
    demand = np.array([[0.4, 0.4], [0.9, 0.9]])
    many = closed_network_multiclass(demand, np.array([1.0, 2.0]), (5, 7), np.array([2.0, 2.0]))
    one = closed_network(demand[:, 0], np.array([1.0, 2.0]), 12, 2.0)
    total = many.throughput_per_s.sum()
    assert float(total) == pytest.approx(one.throughput_per_s, rel=1e-11)
    assert float(many.throughput_per_s[0] / total) == pytest.approx(5.0 / 12.0, rel=1e-11)


def test_the_approximation_for_classes_stays_within_its_measured_error() -> None:
    demand, think = np.array([[10.0, 5.0], [5.0, 9.0]]), np.array([91.0, 92.0])
    exact = closed_network_multiclass(demand, np.ones(2), (11, 7), think)
    rate, queue = bard_schweitzer(demand, (11, 7), think)
    np.testing.assert_allclose(rate, exact.throughput_per_s, rtol=0.088)
    np.testing.assert_allclose(queue.sum(axis=0) + rate * think, [11.0, 7.0], rtol=1e-9)


def test_traffic_through_a_loop_adds_up() -> None:
    routing = np.array([[0.0, 0.5], [1.0, 0.0]])
    assert traffic_per_s(np.array([1.0, 0.0]), routing).tolist() == [2.0, 1.0]


def test_a_network_without_exit_has_no_steady_state() -> None:
    assert np.isnan(traffic_per_s(np.array([1.0]), np.ones((1, 1)))).all()


def test_a_retry_is_a_loop_of_a_jackson_network() -> None:
    loop = jackson_sojourn_mean(np.array([0.5]), np.array([[0.2]]), np.ones(1), np.ones(1))
    assert float(retry_sojourn_mean(0.5, 1.0, 0.2)) == pytest.approx(float(loop), rel=1e-12)
    assert np.isinf(retry_sojourn_mean(0.8, 1.0, 0.2))
    full = jackson_sojourn_mean(np.array([0.9]), np.array([[0.2]]), np.ones(1), np.ones(1))
    assert np.isinf(full)


def test_the_tail_of_a_retried_request_agrees_with_its_simulation() -> None:
    rng = np.random.default_rng(8)
    # Tail of the queue as a list of identifiers; arrivals, services and failures in one clock.
    queue: list[int] = []
    came: list[float] = []
    sojourns: list[float] = []
    now = 0.0
    while len(sojourns) < 200_000:
        rate = 0.5 + (1.0 if queue else 0.0)
        now += rng.exponential(1.0 / rate)
        if rng.random() < 0.5 / rate:
            queue.append(len(came))
            came.append(now)
        else:
            first = queue.pop(0)
            if rng.random() < 0.2:
                queue.append(first)
            else:
                sojourns.append(now - came[first])
    law = retry_law(0.5, 1.0, 0.2)
    for level in (0.5, 0.95, 0.99):
        expected = float(np.quantile(sojourns, level))
        assert float(sojourn_quantile(0.0, [law], level)) == pytest.approx(expected, rel=0.06)


def test_without_failures_a_retried_request_is_an_ordinary_one() -> None:
    found = float(sojourn_quantile(0.0, [retry_law(0.5, 1.0, 0.0)], 0.99))
    assert found == pytest.approx(2.0 * np.log(100.0), rel=2e-4)


def test_impatient_retrials_without_pause_are_an_ordinary_queue() -> None:
    assert float(retrial_sojourn_mean(0.5, 1.0, 0.0)) == pytest.approx(2.0, rel=1e-12)
    assert np.isinf(retrial_sojourn_mean(1.0, 1.0, 1.0))


def test_forks_reduce_to_one_queue_and_grow_with_branches() -> None:
    assert float(fork_join_sojourn_mean(0.5, 1.0, 1)) == pytest.approx(2.0, rel=1e-12)
    means = [float(fork_join_sojourn_mean(0.5, 1.0, k)) for k in (1, 2, 4, 8, 16, 17, 32)]
    assert (np.diff(means) > 0.0).all()
    bound = float(fork_join_sojourn_bound(0.5, 1.0, 1.0, 0.99))
    assert bound == pytest.approx(2.0 * np.log(100.0), rel=1e-12)
    assert np.isinf(fork_join_sojourn_mean(1.0, 1.0, 3))


def test_no_other_split_of_capacity_is_faster() -> None:
    rates, total = np.array([1.0, 2.0, 4.0]), 12.0
    best = np.asarray(capacity_split(rates, total))
    assert best.sum() == pytest.approx(total, rel=1e-12)

    def mean(split: np.ndarray) -> float:
        return float((rates / (split - rates)).sum() / rates.sum())

    found = optimize.minimize(
        mean,
        rates + (total - rates.sum()) / 3.0,
        method="SLSQP",
        bounds=[(r + 1e-3, total) for r in rates],
        constraints={"type": "eq", "fun": lambda s: s.sum() - total},
    )
    stated = float(capacity_split_sojourn_mean(rates, total, 7.0))
    assert stated == pytest.approx(mean(best), rel=1e-12)
    assert stated <= found.fun * (1.0 + 1e-9)
    assert np.isnan(np.asarray(capacity_split(rates, 6.0))).all()
    assert np.isinf(capacity_split_sojourn_mean(rates, 6.0, 7.0))


def test_contention_is_a_fixed_point_without_a_pole_at_one_half() -> None:
    stations = np.array([1.0, 2.0, 5.0, 20.0, 100.0])
    collision = np.asarray(dcf_collision(stations, 32.0, 5.0))
    sends = np.asarray(dcf_transmission(collision, 32.0, 5.0))
    np.testing.assert_allclose(collision, 1.0 - (1.0 - sends) ** (stations - 1.0), atol=1e-12)
    near = np.asarray(dcf_transmission(np.array([0.5 - 1e-9, 0.5, 0.5 + 1e-9]), 32.0, 5.0))
    assert np.ptp(near) < 1e-9
    rate = np.asarray(dcf_throughput(stations, 32.0, 5.0, 8184.0, 50e-6, 8982e-6, 8713e-6))
    assert ((rate > 0.0) & (rate < 1e6)).all()
    assert collision[0] == pytest.approx(0.0, abs=1e-12)
