"""A maintained event simulator as an independent referee (Ciw, in the test extra)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import ciw
import numpy as np
import pytest

from analytic_models.simulation import (
    Arrivals,
    Background,
    Route,
    Service,
    Station,
    simulate_route,
)
from analytic_models.simulation.estimates import Batches

BATCHES = 20
EXP = ciw.dists.Exponential


def exponential(mean_s: float) -> Service:
    return Service("exponential", mean_s)


def lognormal(mean: float, scv: float) -> Any:
    variance = np.log1p(scv)
    return ciw.dists.Lognormal(np.log(mean) - variance / 2, np.sqrt(variance))


def ciw_sojourns(options: Mapping[str, Any], customers: int, kind: str, seed: int) -> Batches:
    """End-to-end times of one customer class after a tenth of them, in order of arrival."""
    ciw.seed(seed)
    sharing = ciw.PSNode if "ps_thresholds" in options else None
    simulation = ciw.Simulation(ciw.create_network(**options), node_class=sharing)
    simulation.simulate_until_max_customers(customers, method="Finish")
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for record in simulation.get_all_records():
        if record.record_type == "service" and record.customer_class == kind:
            who = record.id_number
            first[who] = min(record.arrival_date, first.get(who, np.inf))
            last[who] = max(record.exit_date, last.get(who, 0.0))
    order = sorted(first, key=first.__getitem__)[customers // 10 :]
    return Batches(np.array([last[who] - first[who] for who in order]), BATCHES)


MM1 = Route((Station("s", service=exponential(1 / 1.5)),))
TANDEM = Route(
    (
        Station("a", service=exponential(1 / 14)),
        Station("b", servers=4, service=exponential(1 / 3.2)),
        Station("c", servers=8, service=exponential(1 / 1.5)),
    )
)
TANDEM_OPTIONS = {
    "arrival_distributions": [EXP(10.0), None, None],
    "service_distributions": [EXP(14.0), EXP(3.2), EXP(1.5)],
    "number_of_servers": [1, 4, 8],
    "routing": [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]],
}


def two_classes(preempt: bool) -> dict[str, Any]:
    return {
        "arrival_distributions": {"High": [EXP(0.3)], "Low": [EXP(0.4)]},
        "service_distributions": {"High": [EXP(1.0)], "Low": [EXP(1.0)]},
        "priority_classes": (
            ({"High": 0, "Low": 1}, ["resume"]) if preempt else {"High": 0, "Low": 1}
        ),
        "number_of_servers": [1],
    }


def low_priority(preemptive: bool) -> Route:
    high = Background(0.3, exponential(1.0), priority=0)
    return Route(
        (
            Station(
                "s",
                "priority",
                service=exponential(1.0),
                background=(high,),
                priority=1,
                preemptive=preemptive,
            ),
        )
    )


def one_station(arrive: Any, serve: Any, servers: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "arrival_distributions": [arrive],
        "service_distributions": [serve],
        "number_of_servers": [servers],
        **more,
    }


# name: (route, arrivals, the same for Ciw, its customer class, its number of customers)
SYSTEMS: dict[str, tuple[Route, Arrivals, dict[str, Any], str, int]] = {
    "one exponential server": (
        MM1,
        Arrivals("poisson", 1.0),
        one_station(EXP(1.0), EXP(1.5)),
        "Customer",
        30_000,
    ),
    "one deterministic server": (
        Route((Station("s", service=Service("deterministic", 0.7)),)),
        Arrivals("poisson", 1.0),
        one_station(EXP(1.0), ciw.dists.Deterministic(0.7)),
        "Customer",
        30_000,
    ),
    "four servers, log-normal service": (
        Route((Station("s", servers=4, service=Service("lognormal", 3.0, 2.0)),)),
        Arrivals("poisson", 1.0),
        one_station(EXP(1.0), lognormal(3.0, 2.0), 4),
        "Customer",
        25_000,
    ),
    "even arrivals, two servers, gamma service": (
        Route((Station("s", servers=2, service=Service("gamma", 1.5, 0.5)),)),
        Arrivals("renewal", 1.0, scv=0.0),
        one_station(ciw.dists.Deterministic(1.0), ciw.dists.Gamma(2.0, 0.75), 2),
        "Customer",
        25_000,
    ),
    "tandem of three": (TANDEM, Arrivals("poisson", 10.0), TANDEM_OPTIONS, "Customer", 15_000),
    "finite buffer": (
        Route((Station("s", "loss", servers=2, service=exponential(2.4), capacity=5),)),
        Arrivals("poisson", 1.0),
        one_station(EXP(1.0), EXP(1 / 2.4), 2, queue_capacities=[3]),
        "Customer",
        25_000,
    ),
    "processor sharing": (
        Route((Station("s", "ps", service=Service("deterministic", 0.6)),)),
        Arrivals("poisson", 1.0),
        one_station(
            EXP(1.0),
            ciw.dists.Deterministic(0.6),
            # Ciw: unlimited places that share the speed of one server.
            float("inf"),  # type: ignore[arg-type]
            ps_thresholds=[1],
        ),
        "Customer",
        12_000,
    ),
    "low class, head of line": (
        low_priority(preemptive=False),
        Arrivals("poisson", 0.4),
        two_classes(preempt=False),
        "Low",
        25_000,
    ),
    "low class, interrupted": (
        low_priority(preemptive=True),
        Arrivals("poisson", 0.4),
        two_classes(preempt=True),
        "Low",
        25_000,
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_mean_and_p95_agree_within_the_joint_confidence_intervals(name: str) -> None:
    route, arrivals, options, kind, customers = SYSTEMS[name]
    own = simulate_route(route, arrivals, 200_000, seed=11)
    referee = ciw_sojourns(options, customers, kind, seed=11)
    (p95,) = referee.quantiles((0.95,))
    for ours, theirs in ((own.mean_s, referee.mean()), (own.p95_s, p95)):
        joint = np.hypot(ours.half_width, theirs.half_width)
        # Of 18 comparisons at 95 % one is expected outside: allow 3 sigma.
        assert abs(ours.value - theirs.value) <= 1.5 * joint
        assert joint <= 0.2 * theirs.value


def test_tandem_is_simulated_at_least_forty_times_as_fast_as_by_the_referee() -> None:
    # Processor time of this process for both, so that other load on the machine matters little.
    requests, customers = 200_000, 5_000
    own, referee = np.inf, np.inf
    for seed in range(3):
        begin = time.process_time()
        simulate_route(TANDEM, Arrivals("poisson", 10.0), requests, seed=seed)
        own = min(own, (time.process_time() - begin) / requests)
        ciw.seed(seed)
        simulation = ciw.Simulation(ciw.create_network(**TANDEM_OPTIONS))
        begin = time.process_time()
        simulation.simulate_until_max_customers(customers, method="Finish")
        referee = min(referee, (time.process_time() - begin) / customers)
    assert referee / own >= 40
