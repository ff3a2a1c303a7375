"""Short ways for many cases at once give what the general formulas give."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from analytic_models.laws.erlang import erlang_b, erlang_c
from analytic_models.laws.inversion import constant_transform, principal_log
from analytic_models.laws.percentiles import chain_branches, chain_exceedance, chain_quantile
from analytic_models.laws.service_laws import gamma_law
from analytic_models.laws.sharing import shared_skew, shared_variance
from analytic_models.laws.sojourn import fcfs_skew, fcfs_variance
from analytic_models.laws.station_laws import mg1_sojourn_law, mgc_wait_law
from analytic_models.laws.transforms import exceedance, mixture_quantile
from analytic_models.laws.whitt import whitt_factor, whitt_mgc_factor

Floats = NDArray[np.float64]
CASES = 6_000
RANDOM = np.random.default_rng(11)


def _chain(shared: float, scv: float, used: bool = True) -> tuple[Floats | float, ...]:
    """Return arguments of a chain: loads up to 0.9, and stations that only some cases use."""

    def service(arrival: float, servers: float) -> Floats:
        times = RANDOM.uniform(0.02, 0.9, CASES) * servers / arrival
        return times if used else np.where(RANDOM.random(CASES) < 0.5, times, 0.0)

    return (
        *(5.0, RANDOM.uniform(0.02, 0.9, CASES) / 5.0, 0.0),
        *(60.0, service(60.0, 1.0), shared, RANDOM.uniform(0.0, 0.01, CASES)),
        *(service(60.0, 2.0), 0.0, 2.0),
        *(60.0, service(60.0, 1.0), shared, 0.002),
        *(service(60.0, 8.0), 0.0, 8.0),
        *(scv, scv, 1.0, 1.0),
    )


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("scv", [0.5, 0.7, 1.0, 2.0])
def test_refined_percentiles_of_smooth_chains_are_within_a_fiftieth_of_a_percent(
    scv: float, level: float
) -> None:
    chain = _chain(shared=0.0, scv=scv)
    branches = [
        replace(path, stations=[replace(law, smooth=False) for law in path.stations])
        for path in chain_branches(*chain)
    ]
    # The line of the Euler algorithm is another way to the truth than the curve.
    exact = mixture_quantile(branches, level, order=17, tolerance=1e-9)
    np.testing.assert_allclose(chain_quantile(*chain, level), exact, rtol=2e-4)


@pytest.mark.parametrize("load", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("scv", [0.5, 0.7, 1.0, 3.0])
def test_a_queue_inverted_on_the_curve_equals_the_series_of_its_law(
    scv: float, load: float
) -> None:
    law = mg1_sojourn_law(load, 1.0, scv)
    assert law.smooth
    times = np.array([0.1, 1.0, 4.0, 12.0])
    found = np.asarray(exceedance(0.0, [law], times, order=8))
    with mpmath.workdps(30):

        def transform(s: mpmath.mpc) -> mpmath.mpc:
            own = (1 + scv * s) ** (-1 / mpmath.mpf(scv))
            return (1 - (1 - load) * s * own / (s - load * (1 - own))) / s

        expected = [float(mpmath.invertlaplace(transform, t, method="dehoog")) for t in times]
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=3e-7)


def test_a_path_with_a_constant_or_nearly_constant_service_does_not_go_by_the_curve() -> None:
    assert not mgc_wait_law(0.5, 1.0, 0.0, 1.0).smooth
    assert not mgc_wait_law(0.5, 1.0, 0.4, 1.0).smooth
    assert mgc_wait_law(0.5, 1.0, 0.4, 2.0).smooth
    assert not gamma_law(1.0, np.array([0.4, 1.0])).smooth


def test_wait_and_service_in_one_law_equal_the_two_apart() -> None:
    arrival, service = RANDOM.uniform(0.1, 0.9, 50), 1.0
    s = RANDOM.uniform(0.01, 5.0, 50) * np.exp(1j * RANDOM.uniform(-1.5, 1.5, 50))
    for scv in (0.4, 1.0, 2.0):
        one = mg1_sojourn_law(arrival, service, scv)
        wait, own = mgc_wait_law(arrival, service, scv, 1.0), gamma_law(service, scv)
        np.testing.assert_allclose(
            one.transform(s), wait.transform(s) * own.transform(s), rtol=1e-12
        )
        np.testing.assert_allclose(one.variance, wait.variance + own.variance, rtol=1e-12)


@pytest.mark.parametrize(("shared", "scv"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.3), (1.0, 1.0)])
def test_many_cases_on_several_paths_equal_each_case_alone(shared: float, scv: float) -> None:
    chain = _chain(shared, scv, used=False)
    found = np.asarray(chain_quantile(*chain, 0.99))
    missed = np.asarray(chain_exceedance(*chain, 0.5))
    for i in range(0, CASES, 487):
        alone = [float(v[i]) if isinstance(v, np.ndarray) else v for v in chain]
        assert found[i] == pytest.approx(chain_quantile(*alone, 0.99), rel=2e-4)
        assert missed[i] == pytest.approx(float(chain_exceedance(*alone, 0.5)), rel=1e-9, abs=1e-9)


def test_an_unstable_case_among_many_stays_infinite_and_an_unknown_one_unknown() -> None:
    device, *rest = np.asarray(_chain(0.0, 1.0)[1]), *_chain(0.0, 1.0)[2:]
    device[7], device[8] = 0.3, np.nan
    found = np.asarray(chain_quantile(5.0, device, *rest, 0.99))
    assert np.isinf(found[7])
    assert np.isnan(found[8])
    assert np.isfinite(np.delete(found, [7, 8])).all()


def test_powers_of_one_factor_equal_the_exponential_at_equally_spaced_points() -> None:
    time = RANDOM.uniform(0.0, 3.0, 500)
    start, step = RANDOM.uniform(1.0, 9.0, 500), RANDOM.uniform(0.1, 9.0, 500)
    even = start + 1j * np.arange(17.0)[:, None] * step
    uneven = start + 1j * (np.arange(17.0) ** 2)[:, None] * step
    for s in (even, uneven):
        np.testing.assert_allclose(constant_transform(s, time), np.exp(-time * s), rtol=1e-12)


def test_the_fast_logarithm_equals_the_general_one_in_the_half_plane_and_beyond() -> None:
    z = 10.0 ** RANDOM.uniform(-8, 8, 999) + 1j * 10.0 ** RANDOM.uniform(-8, 8, 999)
    for turned in (z, -z, -z.conj()):
        np.testing.assert_allclose(principal_log(turned), np.log(turned), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("servers", [1, 2, 3, 7, 8, 20, 32])
def test_waiting_by_a_polynomial_equals_the_way_over_blocking(servers: int) -> None:
    load = np.concatenate([[0.0, 1e-9], np.linspace(0.001, 0.999, 400) * servers])
    blocked = np.asarray(erlang_b(float(servers), load))
    expected = servers * blocked / (servers - load * (1.0 - blocked))
    np.testing.assert_allclose(erlang_c(float(servers), load), expected, rtol=1e-12, atol=1e-300)
    outside = np.asarray(erlang_c(float(servers), np.array([servers, 3.0 * servers, -0.1])))
    np.testing.assert_array_equal(outside, [1.0, 1.0, np.nan])


def test_sharing_by_fixed_jobs_equals_yashkovs_closed_form_in_many_digits() -> None:
    for load in (1e-9, 1e-4, 0.0099, 0.01, 0.3, 0.9, 0.999):
        with mpmath.workdps(50):
            rho = mpmath.mpf(load)
            part = (mpmath.exp(rho) - 1 - rho) / rho**2
            exact = float((1 - 2 * (1 - rho) * part) / (1 - rho) ** 2)
        found = float(shared_variance(np.array([1.0 / (1.0 - load)]), 1.0, 0.0)[0])
        # The load is read from the slowdown, which holds it to one part in 1e16.
        assert found == pytest.approx(exact, rel=max(1e-12, 1e-15 / load))


def test_the_third_cumulant_of_sharing_is_that_of_a_thinned_gamma_excess() -> None:
    load = np.linspace(0.01, 0.97, 50)
    time = 1.0 / (1.0 - load)
    for scv in (0.0, 0.4, 3.0):
        variance = np.asarray(shared_variance(time, 1.0, scv))
        met = 1.0 - (1.0 - load) * np.exp(-load)
        mean, second = (time - 1.0) / met, (variance - scv + (time - 1.0) ** 2) / met
        spread = second - mean**2
        third = mean**3 + 3.0 * mean * spread + 2.0 * spread**2 / mean
        first = met * mean
        expected = met * third - 3.0 * first * met * second + 2.0 * first**3 + 2.0 * scv * scv
        found = shared_skew(time, variance, np.ones(50), scv)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("scv", [0.0, 1.0])
def test_whitts_factor_at_its_two_simple_spreads_equals_the_general_formula(scv: float) -> None:
    load = np.linspace(0.05, 0.99, 40)
    expected = whitt_factor(load, 1.0, scv, 5.0)
    np.testing.assert_allclose(whitt_mgc_factor(load, scv, 5.0), expected, rtol=1e-12)


@pytest.mark.parametrize("servers", [1.0, 4.0])
def test_one_number_for_all_cases_gives_what_an_array_of_it_gives(servers: float) -> None:
    wait, service = np.array([0.0, 0.2, np.inf]), np.array([0.1, 0.1, 0.3])
    waiting, offered = np.array([0.0, 0.4, 1.0]), np.array([0.0, 0.6, 1.2]) * servers
    for law in (fcfs_variance, fcfs_skew):
        for scv in (0.0, 0.5):
            with np.errstate(all="ignore"):
                one = law(wait, waiting, offered, service, scv, servers)
                many = law(wait, waiting, offered, service, np.full(3, scv), np.full(3, servers))
            np.testing.assert_allclose(np.asarray(one)[:2], np.asarray(many)[:2], rtol=1e-13)
