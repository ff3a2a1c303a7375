"""A queue behind a shared link: what shared the link meets again, held against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.percentiles import chain_quantile
from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.laws.tails import pearson3_quantile
from analytic_models.laws.tandem import (
    dependent_skew,
    meeting_laws,
    meeting_variance,
    queue_delay,
    queue_forgetting,
    shared_delay,
    shared_forgetting,
)
from analytic_models.simulation.fcfs import fcfs
from analytic_models.simulation.sharing import processor_sharing

REQUESTS = 200_000


def _covariance(arrival: float, link: float, tier: float, scv: float = 0.0) -> float:
    """Half of what meeting again adds to the variance, one server behind the link."""
    load, busy = arrival * link, arrival * tier
    wait = float(mgc_wait_mean(arrival, tier, 0.0, 1.0))
    time = link / (1.0 - load)
    added = meeting_variance(
        shared_delay(link, time, scv),
        queue_delay(arrival, busy),
        shared_forgetting(link, time, scv),
        queue_forgetting(wait, busy, busy, tier, 1.0),
    )
    return 0.5 * float(added)


def _simulated(
    arrival: float, link: float, tier: float, servers: int, scv: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return times in the link and waits behind it, after a warm-up."""
    rng = np.random.default_rng(seed)
    arrive = np.cumsum(rng.exponential(1.0 / arrival, REQUESTS))
    work = np.full(REQUESTS, link) if scv == 0.0 else rng.gamma(1.0 / scv, scv * link, REQUESTS)
    left = processor_sharing(arrive, work)
    order = np.argsort(left, kind="stable")
    wait = np.empty(REQUESTS)
    wait[order] = fcfs(left[order], np.full(REQUESTS, tier), servers) - left[order] - tier
    kept = slice(REQUESTS // 50, None)
    return (left - arrive)[kept], wait[kept]


@pytest.mark.parametrize(("link", "tier"), [(1.0, 0.01), (0.01, 1.0), (1.0, 1.0), (0.5, 1.0)])
def test_at_light_load_the_covariance_is_that_of_two_requests(link: float, tier: float) -> None:
    arrival = 1e-4
    short, long = min(link, tier), max(link, tier)
    # Only one other request matters: arrival times the integral of (link - u)+ (tier - u)+.
    exact = arrival * short * short * (3.0 * long - short) / 6.0
    found = _covariance(arrival, link, tier)
    # Exact where one forgets fast; exponential memories hold 3/4 of it where both are alike.
    assert 0.74 * exact < found < 1.01 * exact
    if long > 50.0 * short:
        assert found == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    ("load", "busy", "least", "most"),
    [(0.2, 0.2, 0.75, 0.95), (0.5, 0.5, 0.92, 1.12), (0.8, 0.2, 0.9, 1.15), (0.2, 0.6, 0.9, 1.1)],
)
def test_the_covariance_of_link_and_wait_agrees_with_simulation(
    load: float, busy: float, least: float, most: float
) -> None:
    times, waits = _simulated(load, 1.0, busy / load, 1, 0.0, 5)
    simulated = float(np.cov(times, waits)[0, 1])
    assert least < _covariance(load, 1.0, busy / load) / simulated < most


@pytest.mark.parametrize(("load", "busy"), [(0.3, 0.3), (0.5, 0.5), (0.6, 0.6)])
def test_the_wait_behind_a_shared_link_is_that_of_random_arrivals(load: float, busy: float) -> None:
    _, waits = _simulated(load, 1.0, busy / load, 1, 0.0, 6)
    expected = float(mgc_wait_mean(load, busy / load, 0.0, 1.0))
    assert float(waits.mean()) == pytest.approx(expected, rel=0.03)


def _chain(load: float, tier: float, servers: int, scv: float, level: float) -> float:
    device, onward = (load, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    near = (load, 1.0, 1.0, 0.0, tier, 0.0, float(servers))
    return float(chain_quantile(*device, *near, *onward, 0.0, scv, 1.0, 0.0, level))


@pytest.mark.parametrize(
    ("load", "busy", "servers", "scv"),
    [
        (0.2, 0.2, 1, 0.0),
        (0.3, 0.6, 1, 0.0),
        (0.5, 0.5, 1, 0.0),
        (0.6, 0.3, 1, 0.0),
        (0.6, 0.6, 1, 0.0),
        (0.5, 0.5, 2, 0.0),
        (0.4, 0.4, 1, 1.0),
    ],
)
def test_percentiles_of_link_and_queue_are_within_three_per_cent_of_simulation(
    load: float, busy: float, servers: int, scv: float
) -> None:
    tier = busy * servers / load
    times, waits = _simulated(load, 1.0, tier, servers, scv, 7)
    for level in (0.95, 0.99):
        simulated = float(np.quantile(times + waits, level)) + tier
        # 200,000 requests leave about 1 % on p99.
        assert _chain(load, tier, servers, scv, level) == pytest.approx(simulated, rel=0.04)


def test_dependence_raises_percentiles_and_keeps_means() -> None:
    laws = meeting_laws(0.5, 1.0, 0.0, 1.0, 0.0, 1.0)
    mean = sum(float(law.mean) + float(np.asarray(law.shift)) for law in laws)
    assert mean == pytest.approx(2.0 + 1.5, rel=1e-12)
    variance = sum(float(law.variance) for law in laws)
    alone = 2.0**2 * (1.0 - 2.0 * 0.5 * (np.exp(0.5) - 1.5) / 0.25) + 0.25 + 1.0 / 3.0
    assert variance == pytest.approx(alone + 2.0 * _covariance(0.5, 1.0, 1.0), rel=1e-6)
    assert _chain(0.5, 1.0, 1, 0.0, 0.99) > 1.05 * float(pearson3_quantile(3.5, alone, 5.0, 0.99))


def test_nothing_shared_or_nobody_waiting_means_no_dependence() -> None:
    unused = meeting_variance(
        shared_delay(0.0, 0.0, 0.0), queue_delay(1.0, 0.5),
        shared_forgetting(0.0, 0.0, 0.0), queue_forgetting(0.5, 0.5, 0.5, 0.5, 1.0),
    )  # fmt: skip
    idle = meeting_variance(
        shared_delay(0.5, 1.0, 0.0), queue_delay(1.0, 0.0),
        shared_forgetting(0.5, 1.0, 0.0), queue_forgetting(0.0, 0.0, 0.0, 0.0, 1.0),
    )  # fmt: skip
    assert float(unused) == float(idle) == 0.0
    assert float(dependent_skew(0.0, 0.0, 0.0, 0.0, 0.0)) == 0.0


def test_work_between_fixed_and_exponential_depends_in_between() -> None:
    values = [_covariance(0.5, 1.0, 1.0, scv) for scv in (0.0, 0.5, 1.0, 4.0)]
    assert values[0] > values[1] > values[2] == values[3] > 0.0
