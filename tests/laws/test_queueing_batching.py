"""Batching machines, continuous batching, bursts, periodic sources and fading links."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.batch_chain import batch_law
from analytic_models.laws.batching import (
    batch_sojourn_bound,
    batch_utilisation,
    continuous_batching_jobs,
    continuous_batching_sojourn_mean,
    continuous_batching_utilisation,
    continuous_batching_wait_mean,
)
from analytic_models.laws.bursts import (
    burst_sojourn_mean,
    burst_sojourn_quantile,
    elastic_sojourn_mean,
    periodic_wait_exceedance,
    periodic_wait_exceedance_bridge,
    periodic_wait_mean_bridge,
)
from analytic_models.laws.modulated_link import modulated_link, modulated_link_law
from analytic_models.laws.multi_server import mmck_blocking
from analytic_models.laws.queueing import mgc_wait_mean, ps_sojourn_mean
from analytic_models.laws.transforms import sojourn_quantile
from tests.oracles.queueing_truths import (
    batch_latencies,
    modulated_link_sojourns,
    periodic_waits,
)


@pytest.mark.parametrize("arrival", [0.05, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("fixed", [0.2, 1.0, 5.0])
def test_the_closed_form_bounds_the_exact_batch_mean_within_nine_percent(
    arrival: float, fixed: float
) -> None:
    exact = batch_law(arrival, 1.0, fixed, np.inf).mean_s
    bound = float(batch_sojourn_bound(arrival, 1.0, fixed))
    assert exact <= bound * (1.0 + 1e-9)
    assert bound <= 1.09 * exact


@pytest.mark.parametrize("largest", [1.0, 3.0, 8.0, np.inf])
def test_batch_latencies_agree_with_their_simulation(largest: float) -> None:
    rng = np.random.default_rng(21)
    law = batch_law(0.4, 0.6, 1.0, largest)
    found = batch_latencies(rng, 0.4, 0.6, 1.0, largest, 300_000)[1000:]
    assert law.mean_s == pytest.approx(found.mean(), rel=0.02)
    for level in (0.5, 0.95, 0.99):
        assert law.quantile(level) == pytest.approx(np.quantile(found, level), rel=0.03)
        assert law.exceedance(law.quantile(level)) == pytest.approx(1.0 - level, rel=1e-6)


def test_batches_of_one_are_a_queue_with_constant_service() -> None:
    exact = float(mgc_wait_mean(0.5, 1.6, 0.0, 1.0)) + 1.6
    assert batch_law(0.5, 0.6, 1.0, 1.0).mean_s == pytest.approx(exact, rel=1e-7)


def test_an_idle_batching_machine_serves_alone_and_a_full_one_never_ends() -> None:
    assert batch_law(1e-6, 1.0, 2.0, 8.0).mean_s == pytest.approx(3.0, rel=1e-4)
    assert float(batch_sojourn_bound(1e-9, 1.0, 2.0)) == pytest.approx(3.0, rel=1e-6)
    assert np.isinf(batch_sojourn_bound(1.0, 1.0, 2.0))
    assert np.isinf(batch_law(0.81, 1.0, 2.0, 8.0).mean_s)
    assert np.isinf(batch_law(0.81, 1.0, 2.0, 8.0).quantile(0.5))
    assert float(batch_utilisation(0.8, 1.0, 2.0, 8.0)) == pytest.approx(1.0, rel=1e-12)


def test_larger_batches_never_hurt_the_stability_of_a_machine() -> None:
    largest = np.array([1.0, 2.0, 8.0, 64.0, np.inf])
    assert (np.diff(batch_utilisation(0.5, 0.1, 2.0, largest)) < 0.0).all()


def test_continuous_batching_without_fixed_time_is_processor_sharing() -> None:
    exact = float(ps_sojourn_mean(0.7, 1.0, 1.0))
    found = float(continuous_batching_sojourn_mean(0.7, 10.0, 0.0, 0.1, 64.0))
    assert found == pytest.approx(exact, rel=1e-12)


def test_continuous_batching_with_fixed_time_only_is_a_pool_of_servers() -> None:
    arrival, slots = 3.0, np.array([4.0, 8.0])
    exact = np.asarray(mgc_wait_mean(arrival, 1.0, 1.0, slots))
    found = continuous_batching_wait_mean(arrival, 100.0, 0.01, 0.0, slots)
    np.testing.assert_allclose(found, exact, rtol=1e-10)
    jobs = continuous_batching_jobs(arrival, 100.0, 0.01, 0.0, slots)
    np.testing.assert_allclose(jobs, arrival * (exact + 1.0), rtol=1e-10)


def test_continuous_batching_is_unstable_at_full_slots() -> None:
    load = continuous_batching_utilisation(np.array([1.0, 2.0]), 100.0, 0.05, 0.001, 10.0)
    np.testing.assert_allclose(load, [0.6, 1.2], rtol=1e-12)
    jobs = continuous_batching_jobs(np.array([1.0, 2.0]), 100.0, 0.05, 0.001, 10.0)
    assert np.isfinite(jobs[0])
    assert np.isinf(jobs[1])


@pytest.mark.parametrize(("sources", "servers"), [(1, 1), (50, 1), (7, 3), (9, 3)])
def test_a_synchronised_burst_is_counted_out(sources: int, servers: int) -> None:
    times = np.sort(0.01 * (np.arange(sources) // servers + 1))
    mean = float(burst_sojourn_mean(float(sources), 0.01, 1.0, float(servers)))
    assert mean == pytest.approx(times.mean(), rel=1e-12)
    for level in (0.5, 0.95, 0.99):
        place = int(np.ceil(round(level * sources, 9))) - 1
        found = float(burst_sojourn_quantile(float(sources), 0.01, 1.0, float(servers), level))
        assert found == pytest.approx(times[place], rel=1e-12)
    assert np.isinf(burst_sojourn_mean(200.0, 0.01, 1.0, 1.0))


def test_periodic_sources_agree_with_their_simulation() -> None:
    waits = periodic_waits(np.random.default_rng(17), 20, 25.0, 4000)
    for threshold in (0.0, 0.5, 1.0, 2.5, 4.0):
        found = float(periodic_wait_exceedance(20.0, 1.0, 25.0, threshold))
        expected = float((waits > threshold + 1e-9).mean())
        assert found == pytest.approx(expected, rel=0.1, abs=0.003)


def test_the_bridge_is_above_the_exact_wait_of_periodic_sources() -> None:
    threshold = np.linspace(0.0, 0.2, 21)
    exact = periodic_wait_exceedance(50.0, 0.01, 0.7, threshold)
    bridge = periodic_wait_exceedance_bridge(50.0, 0.01, 0.7, threshold)
    assert (bridge >= exact).all()
    grid = np.linspace(0.0, 3.0, 30_001)
    area = periodic_wait_exceedance_bridge(50.0, 0.01, 0.7, grid)
    mean = float(((area[1:] + area[:-1]) / 2.0).sum() * (grid[1] - grid[0]))
    assert float(periodic_wait_mean_bridge(50.0, 0.01, 0.7)) == pytest.approx(mean, rel=1e-5)


def test_periodic_sources_that_do_not_fit_never_clear() -> None:
    assert float(periodic_wait_exceedance(20.0, 1.0, 19.0, 5.0)) == 1.0
    assert np.isinf(periodic_wait_mean_bridge(20.0, 1.0, 19.0))
    assert float(periodic_wait_exceedance(1.0, 1.0, 5.0, 0.0)) == 0.0


def test_an_elastic_cloud_pays_for_cold_starts_only() -> None:
    assert float(elastic_sojourn_mean(0.2, 0.0, 3.0)) == 0.2
    assert float(elastic_sojourn_mean(0.2, 1.0, 3.0)) == pytest.approx(3.2, rel=1e-12)
    assert float(mmck_blocking(1.0, 1.0, 1.0, 1.0)) == 0.5


@pytest.mark.parametrize("stages", [1, 4, 16])
def test_a_link_of_equal_rates_is_a_queue_with_one_server(stages: int) -> None:
    link = modulated_link(0.7, 1.0, stages, np.ones(3), np.full((3, 3), 0.3))
    exact = float(mgc_wait_mean(0.7, 1.0, 1.0 / stages, 1.0)) + 1.0
    assert link.sojourn_s == pytest.approx(exact, rel=1e-9)
    assert link.utilisation == pytest.approx(0.7, rel=1e-12)
    assert float(link.empty.sum()) == pytest.approx(0.3, rel=1e-9)


def test_a_fading_link_agrees_with_its_simulation() -> None:
    link = modulated_link(0.35, 1.0, 4, np.array([1.6, 0.2]), [[0.0, 0.05], [0.1, 0.0]])
    rng = np.random.default_rng(1)
    found = modulated_link_sojourns(rng, 0.35, 4, (1.6, 0.2), (0.05, 0.1), 400_000)
    law = modulated_link_law(link)
    assert link.sojourn_s == pytest.approx(found.mean(), rel=0.06)
    for level in (0.5, 0.95, 0.99):
        expected = float(np.quantile(found, level))
        assert float(sojourn_quantile(0.0, [law], level)) == pytest.approx(expected, rel=0.08)


def test_a_link_may_have_outages_and_slow_fades_cost_more_than_fast_ones() -> None:
    pace = np.array([0.01, 0.1, 1.0, 100.0])
    switch = np.array([[0.0, 1.0], [1.0, 0.0]])
    means = [modulated_link(0.3, 1.0, 8, np.array([2.0, 0.0]), p * switch).sojourn_s for p in pace]
    assert (np.diff(means) < 0.0).all()
    smooth = float(mgc_wait_mean(0.3, 1.0, 1.0 / 8.0, 1.0)) + 1.0
    assert means[-1] == pytest.approx(smooth, rel=0.02)


def test_an_overloaded_link_is_infinite() -> None:
    link = modulated_link(1.2, 1.0, 4, np.array([2.0, 0.2]), [[0.0, 1.0], [1.0, 0.0]])
    assert np.isinf(link.sojourn_s)
    assert np.isinf(sojourn_quantile(0.0, [modulated_link_law(link)], 0.5))
