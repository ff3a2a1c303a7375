"""Erlang's formulas and the exponential queues with several servers."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.erlang import erlang_b, erlang_c
from analytic_models.laws.multi_server import (
    erlang_a_abandonment,
    erlang_a_wait_mean,
    mmc_sojourn_exceedance,
    mmc_sojourn_quantile,
    mmc_wait_exceedance,
    mmc_wait_quantile,
    mmck_blocking,
    mmck_sojourn_mean,
    servers_for_wait,
)
from tests.oracles.queueing_truths import erlang_b_50_digits, mmc_sojourn_quantile_40_digits


@pytest.mark.parametrize(
    ("servers", "offered"),
    [(1, 0.5), (5, 3.0), (64, 60.0), (256, 255.0), (257, 200.0), (1000, 950.0), (1000, 3000.0)],
)
def test_blocking_equals_the_truncated_poisson_sum(servers: int, offered: float) -> None:
    exact = float(erlang_b_50_digits(servers, offered))
    assert float(erlang_b(float(servers), offered)) == pytest.approx(exact, rel=1e-11)


def test_blocking_keeps_its_digits_at_ten_thousand_servers() -> None:
    servers = np.array([1e4, 1e4, 2e4])
    offered = np.array([9.9e3, 3e4, 1.99e4])
    exact = [float(erlang_b_50_digits(int(c), a)) for c, a in zip(servers, offered, strict=True)]
    np.testing.assert_allclose(erlang_b(servers, offered), exact, rtol=1e-11)


def test_arrays_of_servers_give_what_single_servers_give() -> None:
    servers = np.array([1.0, 7.0, 2.0, 64.0, 3.0])
    offered = np.array([0.5, 6.0, 0.3, 60.0, 0.0])
    one_by_one = [float(erlang_c(c, a)) for c, a in zip(servers, offered, strict=True)]
    np.testing.assert_allclose(erlang_c(servers, offered), one_by_one, rtol=1e-14)
    grid = erlang_c(servers[:, np.newaxis], offered)
    np.testing.assert_allclose(np.diagonal(grid), one_by_one, rtol=1e-14)


def test_fractional_servers_lie_between_their_neighbours() -> None:
    below, between, above = (float(erlang_b(c, 3.0)) for c in (5.0, 5.5, 6.0))
    assert above < between < below


@pytest.mark.parametrize("servers", [1.0, 4.0, 300.0])
def test_limits_of_load_are_named(servers: float) -> None:
    assert float(erlang_c(servers, 0.0)) == 0.0
    assert float(erlang_c(servers, servers)) == 1.0
    assert float(erlang_c(servers, 2.0 * servers)) == 1.0
    assert np.isnan(erlang_c(servers, -1.0))
    assert np.isnan(erlang_b(servers, -1.0))


@pytest.mark.parametrize("servers", [1, 4, 8])
@pytest.mark.parametrize("load", [0.01, 0.1, 0.5, 0.75, 0.8, 0.875, 0.95])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 0.999])
def test_sojourn_percentile_is_exact(servers: int, load: float, level: float) -> None:
    exact = mmc_sojourn_quantile_40_digits(load, servers, level)
    found = float(mmc_sojourn_quantile(load * servers, 1.0, float(servers), level))
    assert found == pytest.approx(exact, rel=1e-12)


def test_percentiles_and_exceedances_are_inverse_to_each_other() -> None:
    arrival = np.array([0.2, 2.0, 3.9])
    sojourn = mmc_sojourn_quantile(arrival, 1.0, 4.0, 0.97)
    np.testing.assert_allclose(mmc_sojourn_exceedance(arrival, 1.0, 4.0, sojourn), 0.03, rtol=1e-12)
    wait = mmc_wait_quantile(3.9, 1.0, 4.0, 0.97)
    assert float(mmc_wait_exceedance(3.9, 1.0, 4.0, wait)) == pytest.approx(0.03, rel=1e-12)


def test_unstable_percentiles_are_infinite_and_spare_their_neighbours() -> None:
    found = mmc_sojourn_quantile(np.array([1.0, 4.0, 5.0]), 1.0, 4.0, 0.99)
    assert np.isfinite(found[0])
    assert np.isinf(found[1:]).all()
    assert np.isinf(mmc_wait_quantile(5.0, 1.0, 4.0, 0.5))
    assert float(mmc_sojourn_exceedance(5.0, 1.0, 4.0, 3.0)) == 1.0


def test_a_finite_buffer_tends_to_the_infinite_one() -> None:
    exact = float(erlang_c(4.0, 3.0)) / 1.0 + 1.0
    assert float(mmck_sojourn_mean(3.0, 1.0, 4.0, 400.0)) == pytest.approx(exact, rel=1e-12)
    assert float(mmck_blocking(3.0, 1.0, 4.0, 4.0)) == pytest.approx(
        float(erlang_b(4.0, 3.0)), rel=1e-12
    )


def test_a_finite_buffer_needs_no_stability() -> None:
    at_one = float(mmck_blocking(1.0, 1.0, 1.0, 9.0))
    assert at_one == pytest.approx(0.1, rel=1e-12)
    assert float(mmck_blocking(50.0, 1.0, 1.0, 9.0)) == pytest.approx(0.98, rel=1e-6)


def test_endless_patience_is_erlang_c() -> None:
    wait = float(erlang_a_wait_mean(3.0, 1.0, 4.0, 1e9))
    assert wait == pytest.approx(float(erlang_c(4.0, 3.0)), rel=1e-6)


def test_abandonment_at_overload_is_the_excess_flow() -> None:
    lost = float(erlang_a_abandonment(200.0, 1.0, 100.0, 1.0))
    assert lost == pytest.approx(0.5, abs=0.005)


def test_staffing_is_the_fewest_that_suffice() -> None:
    needed = float(servers_for_wait(8.0, 1.0, 0.5, 0.05))
    assert float(mmc_wait_exceedance(8.0, 1.0, needed, 0.5)) <= 0.05
    assert float(mmc_wait_exceedance(8.0, 1.0, needed - 1.0, 0.5)) > 0.05
