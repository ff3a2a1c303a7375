"""Percentiles and exceedances by transform inversion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analytic_models.laws.constant_service import constant_service_wait
from analytic_models.laws.multi_server import mmc_sojourn_quantile
from analytic_models.laws.service_laws import (
    exponential_law,
    gamma_law,
    hyperexponential_law,
    lognormal_law,
    thinned_law,
    uniform_law,
)
from analytic_models.laws.station_laws import mg1_wait_law, mgc_wait_law, ps_law, wait_law
from analytic_models.laws.tails import pearson3_quantile
from analytic_models.laws.transforms import (
    Branch,
    StationLaw,
    ccdf,
    exceedance,
    mixture_ccdf,
    mixture_exceedance,
    mixture_quantile,
    sojourn_quantile,
)
from tests.oracles.queueing_truths import processor_sharing_moments, waits_by_recursion

LAWS = {
    "exponential": exponential_law(2.0),
    "gamma": gamma_law(2.0, 0.3),
    "hyperexponential": hyperexponential_law(0.7, 0.5, 4.0),
    "lognormal": lognormal_law(2.0, 0.5),
    "uniform": uniform_law(1.0, 3.0),
    "M/G/1 wait": mgc_wait_law(0.8, 1.0, 0.5, 1.0),
    "M/M/4 wait": mgc_wait_law(3.5, 1.0, 1.0, 4.0),
    "processor sharing": ps_law(0.8, 1.0, 1.0),
    "thinned": thinned_law(0.3, exponential_law(2.0)),
    "atom and exponential": wait_law(0.4, 1.0),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_transform_has_the_stated_mean_and_variance(name: str) -> None:
    law = LAWS[name]
    step = 1e-3 / float(law.mean)
    at = {k: complex(law.transform(np.asarray(k * step + 0j))).real for k in (-2, -1, 1, 2)}
    first = (at[-2] - 8 * at[-1] + 8 * at[1] - at[2]) / (12 * step)
    second = (-at[-2] + 16 * at[-1] - 30 * 1.0 + 16 * at[1] - at[2]) / (12 * step**2)
    assert -first == pytest.approx(float(law.mean), rel=1e-5)
    assert second - first**2 == pytest.approx(float(law.variance), rel=1e-3)


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95, 0.99, 0.999])
def test_a_gamma_sum_has_its_known_percentile(level: float) -> None:
    # Gamma laws of one scale add: shapes 2 and 3.5.
    law = [gamma_law(2.0, 0.5), gamma_law(3.5, 1.0 / 3.5)]
    expected = 0.7 + stats.gamma(5.5).ppf(level)
    assert float(sojourn_quantile(0.7, law, level)) == pytest.approx(
        expected, rel=2e-4 if level < 0.999 else 1e-3
    )
    fine = float(sojourn_quantile(0.7, law, level, order=15, tolerance=1e-11))
    assert fine == pytest.approx(expected, rel=1e-7)


def test_every_station_of_a_sweep_meets_the_exact_percentile_within_two_in_ten_thousand() -> None:
    rng = np.random.default_rng(2)
    for servers in (1.0, 4.0, 8.0):
        service = rng.uniform(0.1, 1.0, 500)
        arrival = rng.uniform(0.01, 0.95, 500) * servers / service
        law = [mgc_wait_law(arrival, service, 1.0, servers), exponential_law(service)]
        exact = mmc_sojourn_quantile(arrival, service, servers, 0.99)
        np.testing.assert_allclose(sojourn_quantile(0.0, law, 0.99), exact, rtol=2e-4)


def test_many_cases_at_once_equal_one_case_at_a_time() -> None:
    arrival = np.linspace(0.05, 0.95, 5000)
    law = [mgc_wait_law(arrival, 1.0, 0.5, 1.0), gamma_law(np.full(5000, 1.0), 0.5)]
    together = sojourn_quantile(0.1, law, 0.95, tolerance=1e-9)
    for index in (0, 2500, 4999):
        one = [mgc_wait_law(arrival[index], 1.0, 0.5, 1.0), gamma_law(1.0, 0.5)]
        alone = float(sojourn_quantile(0.1, one, 0.95, tolerance=1e-9))
        assert together[index] == pytest.approx(alone, rel=1e-8)


def test_screening_errs_by_less_than_a_percent_on_chains_of_poisson_stations() -> None:
    rng = np.random.default_rng(4)
    laws: list[StationLaw] = []
    for servers in (1.0, 4.0, 8.0):
        service = rng.uniform(0.1, 1.0, 1000)
        arrival = rng.uniform(0.1, 0.95, 1000) * servers / service
        laws += [mgc_wait_law(arrival, service, 1.0, servers), exponential_law(service)]
    sums = [sum(np.asarray(getattr(law, k)) for law in laws) for k in ("mean", "variance", "skew")]
    for level, bound in ((0.95, 0.01), (0.99, 0.005)):
        exact = sojourn_quantile(0.0, laws, level, order=11, tolerance=1e-8)
        np.testing.assert_allclose(pearson3_quantile(*sums, level), exact, rtol=bound)


def test_unstable_missing_and_constant_paths_are_named() -> None:
    law = mgc_wait_law(np.array([0.5, 1.0, 2.0, np.nan]), 1.0, 0.5, 1.0)
    found = sojourn_quantile(0.3, [law], 0.99)
    assert np.isfinite(found[0])
    assert np.isinf(found[1:3]).all()
    assert np.isnan(found[3])
    assert float(sojourn_quantile(0.3, [], 0.99)) == 0.3
    assert float(sojourn_quantile(0.3, [gamma_law(0.2, 0.0)], 0.99)) == 0.5
    above = exceedance(0.0, [law], 5.0)
    assert above[1:3].tolist() == [1.0, 1.0]


def test_a_level_inside_the_atom_is_the_constant_part() -> None:
    idle = mgc_wait_law(0.1, 1.0, 1.0, 1.0)
    assert float(sojourn_quantile(0.3, [idle], 0.5)) == 0.3
    assert float(exceedance(0.3, [idle], 0.3)) == pytest.approx(0.1, rel=1e-12)
    assert float(exceedance(0.3, [idle], 0.2)) == 1.0


def test_exceedance_and_percentile_are_inverse() -> None:
    law = [mgc_wait_law(0.8, 1.0, 0.25, 1.0), gamma_law(1.0, 0.25), exponential_law(0.5)]
    for level in (0.5, 0.95, 0.999):
        time = sojourn_quantile(0.2, law, level, order=11, tolerance=1e-10)
        assert float(exceedance(0.2, law, time)) == pytest.approx(1.0 - level, rel=1e-5)


def test_a_ccdf_falls_from_one_and_matches_single_exceedances() -> None:
    law = [mgc_wait_law(np.array([0.3, 0.8]), 1.0, 1.0, 1.0), exponential_law(1.0)]
    times = np.linspace(0.0, 20.0, 41)
    curve = ccdf(0.5, law, times)
    assert curve.shape == (41, 2)
    assert (np.diff(curve, axis=0) <= 1e-7).all()
    assert curve[0].tolist() == [1.0, 1.0]
    exact = np.exp(-np.outer(np.maximum(times - 0.5, 0.0), [0.7, 0.2]))
    np.testing.assert_allclose(curve, exact, atol=1e-6)


def test_mixing_paths_mixes_probabilities_and_not_percentiles() -> None:
    near, far = [exponential_law(1.0)], [exponential_law(5.0)]
    branches = [Branch(0.7, 0.0, near), Branch(0.3, 2.0, far)]
    for level in (0.5, 0.95, 0.99):
        time = float(mixture_quantile(branches, level, order=15, tolerance=1e-11))
        above = 0.7 * np.exp(-time) + 0.3 * np.exp(-max(time - 2.0, 0.0) / 5.0)
        assert above == pytest.approx(1.0 - level, rel=1e-6)
        ends = [float(sojourn_quantile(b.shift, b.stations, level)) for b in branches]
        assert min(ends) < time < max(ends)


def test_a_mixture_of_constants_jumps() -> None:
    branches = [Branch(0.6, 1.0, []), Branch(0.4, 5.0, [])]
    found = mixture_quantile(branches, np.array([0.1, 0.59, 0.61, 0.99]), tolerance=1e-9)
    np.testing.assert_allclose(found, [1.0, 1.0, 5.0, 5.0], rtol=1e-6)
    assert mixture_ccdf(branches, np.array([0.5, 2.0, 6.0])).tolist() == [1.0, 0.4, 0.0]


def test_a_path_that_nobody_takes_does_not_count() -> None:
    unstable = Branch(0.0, 1.0, [mgc_wait_law(2.0, 1.0, 1.0, 1.0)])
    used = Branch(1.0, 1.0, [exponential_law(1.0)])
    alone = float(sojourn_quantile(1.0, [exponential_law(1.0)], 0.9))
    assert float(mixture_quantile([used, unstable], 0.9)) == pytest.approx(alone, rel=1e-3)
    taken = Branch(0.5, 1.0, [mgc_wait_law(2.0, 1.0, 1.0, 1.0)])
    assert np.isinf(mixture_quantile([Branch(0.5, 1.0, [exponential_law(1.0)]), taken], 0.9))
    assert float(mixture_exceedance([used, unstable], 1e9)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9, 0.98])
def test_the_processor_sharing_transform_has_the_moments_of_the_tagged_job(load: float) -> None:
    first, second, _ = processor_sharing_moments(load, 1, 1500)
    law = ps_law(load, 1.0, 1.0)
    step = 1e-3 / first
    at = [complex(law.transform(np.asarray(k * step + 0j))).real for k in (1, 2, 3)]
    slope = (-11.0 / 6.0 + 3.0 * at[0] - 1.5 * at[1] + at[2] / 3.0) / step
    bend = (2.0 - 5.0 * at[0] + 4.0 * at[1] - at[2]) / step**2
    assert -slope == pytest.approx(first, rel=1e-4)
    assert bend == pytest.approx(second, rel=0.02)


def test_the_wait_for_a_uniform_service_agrees_with_the_recursion_of_waits() -> None:
    rng = np.random.default_rng(9)
    waits = waits_by_recursion(rng.exponential(2.0, 400_000), rng.uniform(0.4, 2.6, 400_000))
    law = mg1_wait_law(0.5, uniform_law(0.4, 2.6))
    expected = np.quantile(waits[1000:], 0.95)
    assert float(sojourn_quantile(0.0, [law], 0.95)) == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 0.999])
def test_a_lognormal_time_has_its_known_percentile(level: float) -> None:
    sigma = np.sqrt(np.log(5.0))
    expected = stats.lognorm(sigma, scale=np.exp(-0.5 * sigma**2)).ppf(level)
    found = float(sojourn_quantile(0.0, [lognormal_law(1.0, 4.0)], level, order=11))
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("servers", [1, 3])
def test_constant_service_is_exact_where_inversion_would_ring(servers: int) -> None:
    rng = np.random.default_rng(13)
    jobs = 400_000
    law = constant_service_wait(0.7 * servers, 1.0, servers)
    waits = waits_by_recursion(
        rng.exponential(1.0 / (0.7 * servers), jobs), np.ones(jobs), servers
    )[1000:]
    assert law.mean_s == pytest.approx(waits.mean(), rel=0.03)
    for level in (0.5, 0.95, 0.99):
        expected = float(np.quantile(waits, level))
        assert law.quantile(level) == pytest.approx(expected, rel=0.05, abs=0.01)
        if law.quantile(level) > 0.0:
            assert law.exceedance(law.quantile(level)) == pytest.approx(1.0 - level, rel=1e-6)
    assert np.isinf(constant_service_wait(1.0 * servers, 1.0, servers).quantile(0.5))
