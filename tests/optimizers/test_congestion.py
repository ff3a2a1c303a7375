"""Station functions agree with sums over the birth-death chain and with each other."""

import numpy as np
import pytest

from analytic_models.laws.queueing import ps_sojourn_mean
from analytic_models.optimizers.congestion import Stations, blocking, least_servers


def chain_mean(work: float, servers: int, terms: int = 20_000) -> tuple[float, float]:
    """Mean number and log of the normalising sum, by adding up the states."""
    ratio = work / np.minimum(np.arange(1, terms), servers)
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
    weights = np.exp(logs)
    return float(np.arange(terms) @ weights / weights.sum()), float(np.log(weights.sum()))


@pytest.mark.parametrize("servers", [1, 2, 5, 16, 64])
@pytest.mark.parametrize("load", [0.05, 0.5, 0.9, 0.99])
def test_number_and_potential_equal_sums_over_states(servers: int, load: float) -> None:
    work = load * servers
    stations = Stations(np.array([float(servers)]))
    number, potential = chain_mean(work, servers)
    assert stations.number(np.array([work]))[0] == pytest.approx(number, rel=1e-10)
    assert stations.potential(np.array([work]))[0] == pytest.approx(potential, rel=1e-10)


def test_derivatives_agree_with_differences() -> None:
    stations = Stations(np.array([1.0, 2.0, 7.0, 40.0, 2.5]))
    for load in (0.02, 0.3, 0.8, 0.97):
        work, step = load * stations.servers, 1e-6
        up, down = work + step, work - step
        slope = (stations.sojourn(up) - stations.sojourn(down)) / (2 * step)
        assert stations.sojourn_slope(work) == pytest.approx(slope, rel=1e-5, abs=1e-8)
        slope = (stations.number(up) - stations.number(down)) / (2 * step)
        assert stations.number_slope(work) == pytest.approx(slope, rel=1e-5)
        slope = (stations.potential(up) - stations.potential(down)) / (2 * step)
        assert stations.sojourn(work) == pytest.approx(slope, rel=1e-7)


def test_one_server_has_the_textbook_forms() -> None:
    work = np.array([0.0, 0.3, 0.9])
    stations = Stations(np.ones(3))
    assert stations.sojourn(work) == pytest.approx(1 / (1 - work), rel=1e-12)
    assert stations.toll(work) == pytest.approx(work / (1 - work) ** 2, rel=1e-12)
    assert stations.potential(work) == pytest.approx(-np.log1p(-work), rel=1e-12, abs=1e-15)


def test_an_empty_station_costs_its_work_alone() -> None:
    stations = Stations(np.array([1.0, 3.0]))
    zero = np.zeros(2)
    assert stations.sojourn(zero) == pytest.approx(np.ones(2), rel=1e-15)
    assert stations.sojourn_slope(zero) == pytest.approx([1.0, 0.0], rel=1e-12, abs=1e-15)


def test_more_servers_never_lengthen_the_sojourn() -> None:
    servers = np.arange(3.0, 40.0)
    assert np.all(np.diff(Stations(servers).sojourn(np.full(len(servers), 2.7))) <= 1e-15)


def test_sojourn_agrees_with_the_law_of_the_pipeline() -> None:
    work, servers = np.array([0.0, 0.4, 1.7, 30.0]), np.array([1.0, 1.0, 2.0, 33.0])
    law = ps_sojourn_mean(work, 1.0, servers)
    assert Stations(servers).sojourn(work) == pytest.approx(law, rel=1e-11)


def test_least_servers_equals_a_search_from_one() -> None:
    rng = np.random.default_rng(4)
    for work, limit in zip(rng.exponential(8, 200), 1 + rng.exponential(0.5, 200), strict=True):
        found = least_servers(work, limit)
        meets = [
            servers > work
            and Stations(np.array([float(servers)])).sojourn(np.array([work]))[0] <= limit
            for servers in range(1, found + 1)
        ]
        assert meets == [False] * (found - 1) + [True]


def test_blocking_equals_the_recursion() -> None:
    inverse = 1.0
    for servers in range(1, 65):
        inverse = 1.0 + inverse * servers / 30.0
        found = blocking(np.array(30.0), np.array(float(servers)))
        assert found == pytest.approx(1 / inverse, rel=1e-12)


def test_a_limit_below_an_idle_station_is_refused() -> None:
    with pytest.raises(ValueError, match="above 1"):
        least_servers(1.0, 1.0)
