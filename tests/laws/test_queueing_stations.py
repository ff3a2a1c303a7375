"""Cumulants of waits and sojourns at one station."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.general_arrivals import (
    departure_scv,
    gg1_wait_mean,
    ggc_wait_mean,
    gim1_wait_mean,
    kingman_wait_bound,
    superposition_scv,
)
from analytic_models.laws.priority import nonpreemptive_sojourn_mean, preemptive_sojourn_mean
from analytic_models.laws.queueing import (
    mgc_wait_mean,
    mgc_wait_skew,
    mgc_wait_variance,
    ps_sojourn_mean,
    ps_sojourn_skew,
    ps_sojourn_variance,
    service_skew,
    service_variance,
    utilisation,
)
from analytic_models.laws.tails import atom_wait_skew, atom_wait_variance
from analytic_models.laws.whitt import whitt_factor, whitt_mgc_factor
from tests.oracles.queueing_truths import processor_sharing_moments, waits_by_recursion

LAWS = (mgc_wait_mean, mgc_wait_variance, mgc_wait_skew)
PS = (ps_sojourn_mean, ps_sojourn_variance, ps_sojourn_skew)


def test_one_server_is_pollaczek_and_khinchine() -> None:
    scv = np.array([0.0, 0.5, 1.0, 4.0])
    exact = 0.8 * 2.0 * (1.0 + scv) / 2.0 / 0.2
    np.testing.assert_allclose(mgc_wait_mean(0.4, 2.0, scv, 1.0), exact, rtol=1e-13)


def test_exponential_service_is_exactly_erlang_c() -> None:
    servers = np.array([1.0, 2.0, 4.0, 50.0])
    load = 0.9 * servers
    waits, drain = erlang_c(servers, load), servers - load
    np.testing.assert_allclose(mgc_wait_mean(load, 1.0, 1.0, servers), waits / drain, rtol=1e-13)
    np.testing.assert_allclose(
        mgc_wait_variance(load, 1.0, 1.0, servers), waits * (2 - waits) / drain**2, rtol=1e-13
    )
    third = waits * (6 - 6 * waits + 2 * waits**2) / drain**3
    np.testing.assert_allclose(mgc_wait_skew(load, 1.0, 1.0, servers), third, rtol=1e-13)


@pytest.mark.parametrize("scv", [0.25, 1.0, 3.0])
def test_one_server_cumulants_agree_with_the_recursion_of_waits(scv: float) -> None:
    rng = np.random.default_rng(7)
    jobs = 400_000
    waits = waits_by_recursion(rng.exponential(1.0 / 0.6, jobs), rng.gamma(1.0 / scv, scv, jobs))[
        1000:
    ]
    centred = waits - waits.mean()
    assert float(mgc_wait_mean(0.6, 1.0, scv, 1.0)) == pytest.approx(waits.mean(), rel=0.03)
    assert float(mgc_wait_variance(0.6, 1.0, scv, 1.0)) == pytest.approx(
        np.square(centred).mean(), rel=0.1
    )
    assert float(mgc_wait_skew(0.6, 1.0, scv, 1.0)) == pytest.approx((centred**3).mean(), rel=0.3)


@pytest.mark.parametrize("scv", [0.0, 0.5, 4.0])
def test_several_servers_agree_with_the_recursion_of_waits(scv: float) -> None:
    rng = np.random.default_rng(11)
    jobs = 300_000
    service = np.full(jobs, 1.0) if scv == 0.0 else rng.gamma(1.0 / scv, scv, jobs)
    waits = waits_by_recursion(rng.exponential(1.0 / 3.2, jobs), service, 4)[1000:]
    found = float(mgc_wait_mean(3.2, 1.0, scv, 4.0))
    assert found == pytest.approx(waits.mean(), rel=0.08)


@pytest.mark.parametrize("law", LAWS)
def test_wait_grows_without_bound_as_load_reaches_one(law: object) -> None:
    load = np.array([0.5, 0.9, 0.99, 0.999])
    for servers in (1.0, 4.0):
        values = law(load * servers, 1.0, 0.5, servers)  # type: ignore[operator]
        assert (np.diff(values) > 0.0).all()
        assert values[-1] > 100.0
        edge = law(np.array([1.0, 1.5]) * servers, 1.0, 0.5, servers)  # type: ignore[operator]
        assert np.isinf(edge).all()
        assert np.isnan(law(-0.1, 1.0, 0.5, servers))  # type: ignore[operator]


@pytest.mark.parametrize("law", LAWS)
def test_an_idle_station_has_no_wait_and_time_scales_out(law: object) -> None:
    order = LAWS.index(law) + 1.0  # type: ignore[arg-type]
    for servers in (1.0, 3.0):
        assert float(law(0.0, 1.0, 0.5, servers)) == 0.0  # type: ignore[operator]
        base = float(law(0.8, 1.0, 0.5, servers))  # type: ignore[operator]
        scaled = float(law(0.08, 10.0, 0.5, servers))  # type: ignore[operator]
        assert scaled == pytest.approx(base * 10.0**order, rel=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_mixed_servers_and_a_known_waiting_probability_change_nothing(law: object) -> None:
    arrival, servers = np.array([0.5, 2.0, 3.0]), np.array([1.0, 4.0, 1.0])
    together = law(arrival, 0.3, 0.4, servers)  # type: ignore[operator]
    alone = [
        float(law(x, 0.3, 0.4, c))  # type: ignore[operator]
        for x, c in zip(arrival, servers, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-14)
    known = law(arrival, 0.3, 0.4, servers, erlang_c(servers, arrival * 0.3))  # type: ignore[operator]
    np.testing.assert_allclose(known, together, rtol=1e-14)


def test_the_short_form_of_the_wait_cumulants_equals_the_long_one() -> None:
    arrival = np.array([0.0, 1.0, 3.9, 4.0])
    waits = erlang_c(4.0, arrival)
    mean = mgc_wait_mean(arrival, 1.0, 1.0, 4.0)
    variance = mgc_wait_variance(arrival, 1.0, 1.0, 4.0)
    np.testing.assert_allclose(atom_wait_variance(waits, mean), variance, rtol=1e-13)
    skew = mgc_wait_skew(arrival, 1.0, 1.0, 4.0)
    np.testing.assert_allclose(atom_wait_skew(waits, mean), skew, rtol=1e-13)


def test_service_cumulants_are_those_of_the_gamma_law() -> None:
    sample = np.random.default_rng(3).gamma(2.0, 1.5, 400_000)
    assert service_variance(3.0, 0.5) == pytest.approx(sample.var(), rel=0.02)
    third = ((sample - sample.mean()) ** 3).mean()
    assert service_skew(3.0, 0.5) == pytest.approx(third, rel=0.05)
    assert utilisation(2.0, 3.0, 12.0) == 0.5


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
def test_processor_sharing_is_exact_for_one_server(load: float) -> None:
    first, second, third = processor_sharing_moments(load, 1)
    found = [float(law(load, 1.0, 1.0)) for law in PS]
    variance = second - first**2
    skew = third - 3 * first * second + 2 * first**3
    np.testing.assert_allclose(found, [first, variance, skew], rtol=1e-7)


@pytest.mark.parametrize("servers", [2, 4, 8])
@pytest.mark.parametrize("load", [0.2, 0.5, 0.8, 0.9])
def test_processor_sharing_is_close_for_several_servers(servers: int, load: float) -> None:
    first, second, third = processor_sharing_moments(load, servers)
    found = [float(law(load * servers, 1.0, float(servers))) for law in PS]
    assert found[0] == pytest.approx(first, rel=1e-9)
    assert found[1] == pytest.approx(second - first**2, rel=0.08)
    assert found[2] == pytest.approx(third - 3 * first * second + 2 * first**3, rel=0.2)


def test_general_arrivals_reduce_to_the_known_queues() -> None:
    assert float(gg1_wait_mean(0.8, 1.0, 1.0, 0.3)) == pytest.approx(
        float(mgc_wait_mean(0.8, 1.0, 0.3, 1.0)), rel=1e-13
    )
    assert float(ggc_wait_mean(3.2, 1.0, 1.0, 0.3, 4.0)) == pytest.approx(
        float(mgc_wait_mean(3.2, 1.0, 0.3, 4.0)), rel=1e-12
    )
    scv = np.array([0.0, 0.5, 1.0, 2.0])
    np.testing.assert_allclose(
        whitt_factor(0.7, 1.0, scv, 4.0), whitt_mgc_factor(0.7, scv, 4.0), rtol=1e-12
    )
    assert float(gg1_wait_mean(0.8, 1.0, 0.0, 0.0)) == 0.0
    assert np.isinf(ggc_wait_mean(5.0, 1.0, 0.5, 0.5, 4.0))


def test_renewal_arrivals_lie_near_the_exact_root_and_under_the_bound() -> None:
    erlang = float(gim1_wait_mean(lambda s: (1.0 + 0.5 * s / 0.7) ** -2.0, 1.0))
    assert float(gg1_wait_mean(0.7, 1.0, 0.5, 1.0)) == pytest.approx(erlang, rel=0.08)
    assert float(kingman_wait_bound(0.7, 1.0, 0.5, 1.0)) > erlang
    assert np.isinf(gim1_wait_mean(lambda s: 1.0 / (1.0 + 0.5 * s), 1.0))


def test_flows_between_exponential_stations_stay_poisson() -> None:
    assert float(departure_scv(0.7, 1.0, 1.0, 3.0)) == pytest.approx(1.0, abs=1e-15)
    many = superposition_scv(np.full(1000, 0.001), np.full(1000, 0.2), 0.5)
    assert float(many) == pytest.approx(1.0, abs=0.01)
    one = superposition_scv(np.array([2.0]), np.array([0.2]), 0.5)
    assert float(one) == pytest.approx(0.2, rel=1e-12)


def test_priorities_conserve_the_work_of_the_station() -> None:
    rates, service, scv = np.array([0.2, 0.3, 0.1]), np.array([1.0, 1.5, 2.0]), 0.5
    waits = np.asarray(nonpreemptive_sojourn_mean(rates, service, scv, 1.0)) - service
    load = rates * service
    # Kleinrock's conservation law: the load-weighted wait does not depend on the order.
    residual = 0.5 * (load * service * (1.0 + scv)).sum()
    expected = load.sum() * residual / (1.0 - load.sum())
    assert float((load * waits).sum()) == pytest.approx(expected, rel=1e-12)


def test_the_first_class_does_not_see_the_others_when_it_interrupts() -> None:
    sojourn = preemptive_sojourn_mean(np.array([0.5, 9.0]), 1.0, 1.0)
    assert float(np.asarray(sojourn)[0]) == pytest.approx(2.0, rel=1e-12)
    assert np.isinf(np.asarray(sojourn)[1])
    shared = nonpreemptive_sojourn_mean(np.array([0.5, 9.0]), 1.0, 1.0, 1.0)
    assert np.isinf(np.asarray(shared)[1])
