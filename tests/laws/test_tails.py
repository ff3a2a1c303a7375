"""Pearson III percentiles and thinned stages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analytic_models.laws.tails import (
    pearson3_exceedance,
    pearson3_quantile,
    pearson3_quantile_exact,
    thinned_mean,
    thinned_skew,
    thinned_variance,
)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("skewness", [-0.5, 0.1, 1.0, 2.0])
def test_exact_percentile_is_that_of_the_shifted_gamma_law(level: float, skewness: float) -> None:
    expected = 3.0 + 2.0 * stats.pearson3(skewness).ppf(level)
    found = float(pearson3_quantile_exact(3.0, 4.0, skewness * 8.0, level))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("level", "bound"), [(0.95, 0.01), (0.99, 0.003), (0.999, 0.025)])
def test_the_cube_keeps_its_stated_error_up_to_skewness_two(level: float, bound: float) -> None:
    skewness = np.linspace(0.0, 2.0, 41)
    exact = pearson3_quantile_exact(1.0, 1.0, skewness, level)
    np.testing.assert_allclose(pearson3_quantile(1.0, 1.0, skewness, level), exact, rtol=bound)


def test_no_skew_is_the_normal_law() -> None:
    found = float(pearson3_quantile(1.0, 4.0, 0.0, 0.975))
    assert found == pytest.approx(1.0 + 2.0 * stats.norm.ppf(0.975), rel=1e-12)
    assert float(pearson3_exceedance(1.0, 4.0, 0.0, found)) == pytest.approx(0.025, rel=1e-10)


def test_constant_and_infinite_latencies_are_themselves() -> None:
    mean = np.array([1.5, np.inf, 2.0])
    variance = np.array([0.0, np.inf, 1.0])
    skew = np.array([0.0, np.inf, 0.5])
    found = pearson3_quantile(mean, variance, skew, 0.99)
    assert found[0] == 1.5
    assert np.isinf(found[1])
    assert np.isfinite(found[2])
    above = pearson3_exceedance(mean, variance, skew, np.array([1.4, 1e9, 2.0]))
    assert above[:2].tolist() == [1.0, 1.0]
    assert float(pearson3_exceedance(1.5, 0.0, 0.0, 1.6)) == 0.0


def test_a_percentile_never_lies_below_the_support() -> None:
    lowest = 1.0 - 2.0 / 20.0
    assert float(pearson3_quantile(1.0, 1.0, 20.0, 0.5)) == pytest.approx(lowest, rel=1e-12)
    assert float(pearson3_exceedance(1.0, 1.0, 20.0, lowest - 0.01)) == 1.0


@pytest.mark.parametrize("level", [0.1, 0.5, 0.95, 0.999])
def test_exceedance_inverts_the_percentile(level: float) -> None:
    skew = np.array([-0.4, 1e-12, 0.3, 1.9])
    time = pearson3_quantile(1.0, 1.0, skew, level)
    np.testing.assert_allclose(
        pearson3_exceedance(1.0, 1.0, skew, time), 1.0 - level, rtol=1e-9, atol=1e-12
    )


def test_percentiles_rise_with_level_and_with_load() -> None:
    levels = pearson3_quantile(1.0, 0.5, 0.6, np.array([0.5, 0.9, 0.95, 0.99, 0.999]))
    assert (np.diff(levels) > 0.0).all()
    means = pearson3_quantile(np.array([1.0, 2.0]), 0.5, 0.6, 0.99)
    assert means[1] - means[0] == pytest.approx(1.0, rel=1e-12)


def test_a_thinned_stage_has_the_cumulants_of_its_sample() -> None:
    rng = np.random.default_rng(5)
    visited = rng.random(1_000_000) < 0.3
    times = np.where(visited, rng.gamma(2.0, 0.5, 1_000_000), 0.0)
    mean, variance, skew = 1.0, 0.5, 2.0 * 2.0 * 0.125
    centred = times - times.mean()
    assert float(thinned_mean(0.3, mean)) == pytest.approx(times.mean(), rel=0.01)
    assert float(thinned_variance(0.3, mean, variance)) == pytest.approx(times.var(), rel=0.01)
    third = float(thinned_skew(0.3, mean, variance, skew))
    assert third == pytest.approx((centred**3).mean(), rel=0.03)


def test_a_stage_that_all_or_none_visit_is_itself_or_nothing() -> None:
    share = np.array([1.0, 0.0])
    assert thinned_mean(share, np.inf)[1] == 0.0
    assert thinned_variance(share, 2.0, 3.0).tolist() == [3.0, 0.0]
    assert thinned_skew(share, 2.0, 3.0, 4.0).tolist() == [4.0, 0.0]
    assert np.isinf(thinned_skew(0.7, np.inf, np.inf, np.inf))
    assert float(thinned_skew(0.0, np.inf, np.inf, np.inf)) == 0.0
