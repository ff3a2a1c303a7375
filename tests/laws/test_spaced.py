"""A tier behind a link in order of arrival: exact facts, and simulation where they end."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models.laws.percentiles import chain_quantile
from analytic_models.laws.queueing import mgc_wait_mean, mgc_wait_skew, mgc_wait_variance
from analytic_models.laws.spaced import spaced_laws, spaced_skew, spaced_variance, spaced_wait
from analytic_models.simulation.fcfs import fcfs
from analytic_models.simulation.sharing import processor_sharing

REQUESTS = 150_000
LAWS = (spaced_wait, spaced_variance, spaced_skew)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("shared", [0.0, 1.0])
@pytest.mark.parametrize("servers", [1.0, 3.0])
def test_work_up_to_one_transfer_a_server_never_queues(
    law: object, shared: float, servers: float
) -> None:
    work = servers * np.array([0.2, 0.9, 1.0])
    found = law(0.9, work, 0.0, servers, shared, 1.0, 0.0)  # type: ignore[operator]
    assert (np.asarray(found) == 0.0).all()


@pytest.mark.parametrize("law", LAWS)
def test_without_a_gap_or_with_any_spread_the_tier_is_fed_at_random(law: object) -> None:
    plain = (mgc_wait_mean, mgc_wait_variance, mgc_wait_skew)[LAWS.index(law)]  # type: ignore[arg-type]
    for gap, scv, gap_scv in ((0.0, 0.0, 0.0), (0.5, 0.0, 0.3)):
        found = law(0.7, 1.0, scv, 1.0, 0.0, gap, gap_scv)  # type: ignore[operator]
        assert float(found) == pytest.approx(float(plain(0.7, 1.0, scv, 1.0)), rel=1e-12)


def test_a_full_link_in_front_leaves_a_faster_tier_idle_and_a_slower_one_full() -> None:
    found = np.asarray(spaced_wait(2.0, np.array([0.5, 1.0, 2.0]), 0.0, 1.0, 0.0, 1.0, 0.0))
    assert found[0] == found[1] == 0.0
    assert found[2] == np.inf


def _simulated(arrival: float, link: float, work: float, servers: int, shared: bool) -> np.ndarray:
    rng = np.random.default_rng(9)
    arrive = np.cumsum(rng.exponential(1.0 / arrival, REQUESTS))
    left = fcfs(arrive, np.full(REQUESTS, link))
    serve = processor_sharing if shared else fcfs
    return (serve(left, np.full(REQUESTS, work), servers) - arrive)[REQUESTS // 50 :]


def _chain(arrival: float, link: float, work: float, servers: int, shared: bool) -> list[float]:
    device, onward = (arrival, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    near = (arrival, link, 0.0, 0.0, work, float(shared), float(servers))
    return [
        float(chain_quantile(*device, *near, *onward, 0.0, 0.0, 1.0, 0.0, level))
        for level in (0.5, 0.95, 0.99)
    ]


@pytest.mark.parametrize(("load", "busy"), [(0.6, 0.3), (0.3, 0.6), (0.6, 0.6), (0.4, 0.7)])
def test_two_fixed_servers_in_a_row_take_what_the_slower_one_takes_alone(
    load: float, busy: float
) -> None:
    slower = max(load, busy)
    found = _chain(1.0, load, busy, 1, False)
    alone = _chain(1.0, 0.0, slower, 1, False)
    for value, single in zip(found, alone, strict=True):
        assert value == pytest.approx(single + min(load, busy), rel=2e-5)
    simulated = _simulated(1.0, load, busy, 1, False)
    for value, level in zip(found, (0.5, 0.95, 0.99), strict=True):
        assert value == pytest.approx(float(np.quantile(simulated, level)), rel=0.03)


@pytest.mark.parametrize(
    ("load", "busy", "servers", "shared"),
    [(0.3, 0.6, 2, False), (0.6, 0.7, 4, False), (0.3, 0.6, 1, True), (0.5, 0.7, 1, True)],
)
def test_link_and_tier_are_within_three_per_cent_of_simulation(
    load: float, busy: float, servers: int, shared: bool
) -> None:
    work = busy * servers
    simulated = _simulated(1.0, load, work, servers, shared)
    mean = load + float(mgc_wait_mean(1.0, load, 0.0, 1.0)) + work
    mean += float(spaced_wait(1.0, work, 0.0, float(servers), float(shared), load, 0.0))
    assert mean == pytest.approx(float(simulated.mean()), rel=0.02)
    found = _chain(1.0, load, work, servers, shared)
    for value, level in zip(found[1:], (0.95, 0.99), strict=True):
        # 150,000 requests leave about 1 % on p99.
        assert value == pytest.approx(float(np.quantile(simulated, level)), rel=0.04)


def test_the_laws_of_many_cases_are_those_of_each() -> None:
    work = np.array([0.0, 0.3, 0.5, 0.8])
    wait, _ = spaced_laws(1.0, work, 1.0, 0.0, 0.5)
    at = np.full(4, 0.7 + 0.2j)
    for i, one in enumerate(work):
        alone, _ = spaced_laws(1.0, float(one), 1.0, 0.0, 0.5)
        assert float(wait.mean[i]) == pytest.approx(float(alone.mean), abs=1e-14)
        assert complex(wait.transform(at)[i]) == pytest.approx(complex(alone.transform(at[i])))
