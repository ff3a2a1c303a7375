"""Cold starts of an elastic cloud: closed forms, limits, and the kernel of the simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytic_models.laws.elastic_cloud import (
    cold_share,
    elastic_skew,
    elastic_variance,
    elastic_wait,
    rented_time,
)
from analytic_models.simulation.fcfs import ElasticKernel, jobs_of
from tests.oracles.queueing_truths import first_passage_exceedance


def _simulated(
    arrival: float, service: float, start: float, keep: float, scv: float, requests: int = 200_000
) -> tuple[float, float]:
    """Share of cold starts of the kernel, and the half width of its interval from ten parts."""
    rng = np.random.default_rng(5)
    arrive = np.cumsum(rng.exponential(1.0 / arrival, requests))
    work = np.full(requests, service) if scv == 0.0 else rng.exponential(service, requests)
    kernel = ElasticKernel(10**9, start, keep)
    waited = kernel.feed(jobs_of(arrive, work)).depart - arrive - work
    parts = (waited > 0.5 * start)[requests // 11 :].astype(float)
    means = parts[: len(parts) // 10 * 10].reshape(10, -1).mean(axis=1)
    return float(means.mean()), 2.3 * float(means.std(ddof=1)) / math.sqrt(10.0)


@pytest.mark.parametrize("load", [0.01, 0.4, 2.0])
def test_machines_that_start_at_once_are_counted_by_first_passages(load: float) -> None:
    arrival, keep = 2.0, 1.5
    service = load / arrival
    share = 0.0
    for busy in range(16):
        weight = math.exp(-load) * load**busy / math.factorial(busy)
        share += weight * first_passage_exceedance(arrival, service, busy, keep)
    assert float(cold_share(arrival, service, 0.0, keep)) == pytest.approx(share, rel=1e-5)


def test_a_service_without_length_is_cold_after_every_long_gap() -> None:
    found = cold_share(np.array([0.1, 1.0, 3.0]), 0.0, 0.0, 2.0)
    assert found == pytest.approx(np.exp([-0.2, -2.0, -6.0]), rel=1e-12)


def test_a_start_brings_those_that_come_meanwhile() -> None:
    # One machine, no service: a gap starts one, and so does everybody until it is ready.
    share = (1.0 + 0.5) / (math.exp(5.0) + 0.5)
    found = float(cold_share(1.0, 1e-9, 0.5, 5.0))
    assert found == pytest.approx(share, rel=1e-3)


@pytest.mark.parametrize("keep", [0.0, 1e-12])
def test_without_keeping_every_request_is_cold(keep: float) -> None:
    assert float(cold_share(1.0, 0.1, 0.5, keep)) == pytest.approx(1.0, abs=1e-6)


def test_machines_that_are_kept_for_ever_are_never_cold() -> None:
    assert float(cold_share(1.0, 0.1, 0.5, np.inf)) == 0.0
    days = [float(cold_share(1.0, 0.1, 0.5, 10.0**k)) for k in range(1, 6)]
    assert days == sorted(days, reverse=True)
    assert days[-1] < 1e-4


def test_a_crowd_large_enough_keeps_its_machines_warm() -> None:
    found = cold_share(np.array([1.0, 10.0, 100.0, 1e4, 1.9e4, 2.1e4, 1e5, 1e6]), 0.1, 0.5, 60.0)
    assert (np.diff(found) < 0.0).all()
    assert found[-1] > 0.0


def test_what_is_not_known_stays_unknown() -> None:
    assert math.isnan(float(cold_share(1.0, math.nan, 0.5, 60.0)))
    assert float(elastic_wait(0.5, 1.0, 0.0)) == 0.0
    assert float(rented_time(0.0, 0.5, 1.0)) == 0.0


def test_cumulants_are_those_of_a_start_that_a_share_waits_for() -> None:
    cold, start, service, scv = 0.2, 0.7, 0.1, 0.5
    rng = np.random.default_rng(3)
    times = np.where(rng.random(400_000) < cold, start, 0.0)
    times = times + rng.gamma(1.0 / scv, service * scv, times.size)
    assert float(elastic_wait(cold, start, service)) + service == pytest.approx(
        times.mean(), rel=5e-3
    )
    variance = float(elastic_variance(cold, start, service, scv))
    assert variance == pytest.approx(times.var(), rel=1e-2)
    skew = float(elastic_skew(cold, start, service, scv))
    assert skew == pytest.approx(float(((times - times.mean()) ** 3).mean()), rel=2e-2)


# Arrivals, service and keeping time; the start takes at most a tenth of the keeping time.
@pytest.mark.parametrize("scv", [0.0, 1.0])
@pytest.mark.parametrize(
    ("arrival", "service", "start", "keep"),
    [
        (0.05, 0.02, 0.2, 10.0),
        (0.05, 0.02, 3.0, 60.0),
        (0.5, 0.02, 1.0, 10.0),
        (1.0, 0.3, 1.0, 10.0),
        (5.0, 0.02, 0.2, 10.0),
        (10.0, 0.1, 1.0, 10.0),
        (20.0, 0.5, 0.5, 5.0),
    ],
)
def test_the_share_lies_within_the_stated_envelope_of_the_kernel(
    arrival: float, service: float, start: float, keep: float, scv: float
) -> None:
    seen, half = _simulated(arrival, service, start, keep, scv)
    found = float(cold_share(arrival, service, start, keep))
    assert abs(found - seen) <= 0.25 * seen + half


@pytest.mark.parametrize(("arrival", "service"), [(1.0, 0.5), (10.0, 0.1), (100.0, 0.2)])
def test_exponential_service_with_quick_starts_is_exact(arrival: float, service: float) -> None:
    for keep in (0.5, 2.0):
        seen, half = _simulated(arrival, service, 1e-6, keep, 1.0)
        found = float(cold_share(arrival, service, 0.0, keep))
        assert abs(found - seen) <= 0.01 * seen + half


def test_short_keeping_overstates_by_less_than_the_light_says() -> None:
    for arrival, service, start, keep in ((5.0, 0.02, 3.0, 1.0), (50.0, 0.02, 3.0, 1.0)):
        seen, _ = _simulated(arrival, service, start, keep, 0.0)
        found = float(cold_share(arrival, service, start, keep))
        assert seen < found < 1.9 * seen
