"""Urgent requests first: limits, conservation, and the independent simulator at several loads."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.priority import nonpreemptive_sojourn_mean, preemptive_sojourn_mean
from analytic_models.laws.queueing import mgc_wait_mean, mgc_wait_skew, mgc_wait_variance
from analytic_models.laws.transforms import sojourn_quantile
from analytic_models.laws.urgent import (
    classes,
    priority_skew,
    priority_variance,
    priority_wait,
)
from analytic_models.laws.urgent_laws import busy_transform, others_laws, urgent_laws
from analytic_models.laws.urgent_waits import others_wait, urgent_wait
from analytic_models.simulation.priority import priority

LOADS = (0.3, 0.6, 0.9)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("servers", [1.0, 3.0, 16.0])
@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0, 4.0])
def test_without_interruption_the_weighted_waits_are_those_in_order_of_arrival(
    load: float, servers: float, scv: float
) -> None:
    station = (load * servers / 0.2, 0.2, scv, servers)
    for share in (0.1, 0.5, 0.9):
        first, rest = urgent_wait(*station, share, 0.0), others_wait(*station, share, 0.0)
        plain = float(mgc_wait_mean(*station))
        assert share * first + (1 - share) * rest == pytest.approx(plain, rel=1e-9)
        assert first < plain < rest


@pytest.mark.parametrize("scv", [0.0, 1.0])
def test_interruption_keeps_the_weighted_number_inside_for_exponential_work_only(
    scv: float,
) -> None:
    for servers in (1.0, 4.0):
        station = (0.7 * servers, 1.0, scv, servers)
        first, rest = urgent_wait(*station, 0.4, 1.0), others_wait(*station, 0.4, 1.0)
        mean = float(0.4 * first + 0.6 * rest)
        plain = float(mgc_wait_mean(*station))
        if scv == 1.0:
            assert mean == pytest.approx(plain, rel=1e-9)
        else:
            assert mean > plain


@pytest.mark.parametrize("interrupts", [0.0, 1.0])
@pytest.mark.parametrize("servers", [1.0, 5.0])
@pytest.mark.parametrize("scv", [0.0, 0.7, 1.0])
def test_if_all_are_urgent_or_none_is_the_order_is_that_of_arrival(
    interrupts: float, servers: float, scv: float
) -> None:
    station = (0.7 * servers, 1.0, scv, servers)
    wait, variance, skew = (
        float(law(*station)) for law in (mgc_wait_mean, mgc_wait_variance, mgc_wait_skew)
    )
    expected = (wait + 1.0, variance + scv, skew + 2.0 * scv * scv)
    everyone = classes(*station, 1.0, interrupts).urgent
    nobody = classes(*station, 0.0, interrupts).others
    assert [float(value) for value in everyone] == pytest.approx(expected, rel=1e-6)
    assert [float(value) for value in nobody] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("load", LOADS)
def test_one_server_agrees_with_the_formulas_of_cobham_and_jaiswal(load: float) -> None:
    rates = np.array([0.3, 0.7]) * load
    for scv in (0.0, 1.0, 2.0):
        cobham = nonpreemptive_sojourn_mean(rates, 1.0, scv, 1.0)
        jaiswal = preemptive_sojourn_mean(rates, 1.0, scv)
        for interrupts, expected in ((0.0, cobham), (1.0, jaiswal)):
            found = classes(load, 1.0, scv, 1.0, 0.3, interrupts)
            assert float(found.urgent[0]) == pytest.approx(float(expected[0]), rel=1e-9)
            assert float(found.others[0]) == pytest.approx(float(expected[1]), rel=1e-9)


def test_urgent_requests_stay_finite_where_the_others_do_not() -> None:
    station = (1.3, 1.0, 0.5, 1.0, 0.4)
    for interrupts in (0.0, 1.0):
        assert np.isfinite(urgent_wait(*station, interrupts))
        assert others_wait(*station, interrupts) == np.inf
        assert np.isfinite(priority_wait(*station, interrupts, 1.0))
        assert priority_wait(*station, interrupts, 0.4) == np.inf
    assert urgent_wait(3.0, 1.0, 0.5, 1.0, 0.4, 0.0) == np.inf


def test_the_wait_of_urgent_requests_has_no_jump_where_the_station_becomes_full() -> None:
    for servers in (1.0, 4.0):
        below, above = (
            float(urgent_wait(servers * load, 1.0, 0.0, servers, 0.4, 0.0))
            for load in (1.0 - 1e-6, 1.0 + 1e-6)
        )
        assert below == pytest.approx(above, rel=1e-4)


def test_the_busy_period_solves_its_equation_and_has_the_mean_of_the_textbook() -> None:
    s = np.array([0.01 + 0j, 0.3 + 2j, 4.0 - 9j, 1e-5 + 0j])
    for scv in (0.0, 0.4, 1.0, 3.0):
        g = busy_transform(0.8, 1.0, scv)(s)
        argument = s + 0.8 * (1.0 - g)
        again = np.exp(-argument) if scv == 0 else (1 + scv * argument) ** (-1.0 / scv)
        assert np.abs(g - again).max() < 1e-12
        assert (1.0 - g[3].real) / 1e-5 == pytest.approx(5.0, rel=2e-3)


@pytest.mark.parametrize("interrupts", [0.0, 1.0])
@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0])
def test_the_cumulants_are_those_of_the_transforms(interrupts: float, scv: float) -> None:
    station = (0.7, 1.0, scv, 1.0, 0.4, interrupts)
    found, step = classes(*station), 2e-3
    for laws, expected in ((urgent_laws, found.urgent), (others_laws, found.others)):
        parts = laws(*station)
        s = np.array([step, 2 * step]) + 0j
        logs = sum(np.log(law.transform(s)).real for law in parts)
        fixed = sum(float(np.asarray(law.shift)) for law in parts)
        # The logarithm of a transform is a series in its cumulants; two terms give the first two.
        first = (4 * logs[0] - logs[1]) / (2 * step)
        second = (logs[1] - 2 * logs[0]) / (step * step)
        assert fixed - first == pytest.approx(float(expected[0]), rel=1e-3)
        assert second == pytest.approx(float(expected[1]), rel=0.05)


def test_the_cumulants_of_both_classes_together_are_those_of_their_mixture() -> None:
    station = (0.7, 1.0, 0.5, 1.0, 0.3, 0.0)
    found = classes(*station)
    (m1, v1, s1), (m2, v2, s2) = found.urgent, found.others
    mean = 0.3 * m1 + 0.7 * m2
    variance = 0.3 * (v1 + m1 * m1) + 0.7 * (v2 + m2 * m2) - mean * mean
    third = sum(
        share * (s + 3 * (m - mean) * v + (m - mean) ** 3)
        for share, m, v, s in ((0.3, m1, v1, s1), (0.7, m2, v2, s2))
    )
    assert priority_wait(*station, 0.3) == pytest.approx(float(mean) - 1.0, rel=1e-12)
    assert priority_variance(*station, 0.3) == pytest.approx(float(variance), rel=1e-9)
    assert priority_skew(*station, 0.3) == pytest.approx(float(third), rel=1e-9)


# Mean, p95 and p99 of the closed form within these of the simulation: one server, several.
ONE, SEVERAL = (0.02, 0.03, 0.05), (0.04, 0.08, 0.18)


@pytest.mark.parametrize("load", [0.4, 0.7, 0.85])
@pytest.mark.parametrize(("servers", "scv"), [(1, 0.0), (1, 1.0), (4, 0.0), (4, 1.0)])
@pytest.mark.parametrize("interrupts", [False, True])
def test_both_classes_lie_within_the_stated_bounds_of_a_simulation(
    load: float, servers: int, scv: float, interrupts: bool
) -> None:
    count, share = 120_000, 0.3
    rng = np.random.default_rng(5)
    arrive = np.cumsum(rng.exponential(1.0 / (load * servers), count))
    work = np.ones(count) if scv == 0 else rng.gamma(1.0 / scv, scv, count)
    level = (rng.random(count) > share).astype(np.int64)
    time = priority(arrive, work, level, servers, interrupts) - arrive
    station = (load * servers, 1.0, scv, float(servers), share, float(interrupts))
    found = classes(*station)
    bounds = SEVERAL if servers > 1 and scv != 1 else ONE
    for kind, cumulants, laws in (
        (0, found.urgent, urgent_laws),
        (1, found.others, others_laws),
    ):
        seen = time[count // 10 :][level[count // 10 :] == kind]
        parts = np.array_split(seen, 20)
        for value, measure, bound in (
            (float(cumulants[0]), np.mean, bounds[0]),
            (float(sojourn_quantile(0.0, laws(*station), 0.95)), _p95, bounds[1]),
            (float(sojourn_quantile(0.0, laws(*station), 0.99)), _p99, bounds[2]),
        ):
            whole = float(measure(seen))
            noise = 2.1 * float(np.std([measure(part) for part in parts])) / np.sqrt(20.0)
            assert abs(value - whole) <= bound * whole + noise


def _p95(values: np.ndarray) -> float:
    return float(np.quantile(values, 0.95))


def _p99(values: np.ndarray) -> float:
    return float(np.quantile(values, 0.99))
