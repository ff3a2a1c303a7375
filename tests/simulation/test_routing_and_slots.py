"""Small networks and slotted queues, played: against the game's solver and the exact chain."""

from typing import Any

import numpy as np
import pytest

from analytic_models import DesignError
from analytic_models.optimizers.policy import (
    QueueChannel,
    drift_plus_penalty,
    greedy,
    optimal_policy,
    wait_for_good,
)
from analytic_models.optimizers.routing_game import Arc, routes_of, solve_routing
from analytic_models.simulation import SimulationCancelled
from analytic_models.simulation.routing import Step, network_route, simulate_network
from analytic_models.simulation.slots import simulate_slots

ARCS = [
    Arc("device", "access", 0.0, 0.0044, "wifi"),
    Arc("access", "answer", 0.0195),
    Arc("device", "edge", 0.0195),
    Arc("edge", "answer", 0.0, 0.0044, "gpu"),
    Arc("access", "edge", 0.0001),
]
MODEL = QueueChannel(
    np.array([0.49, 0.42, 0.09]),
    60,
    np.array([[0.9, 0.1], [0.2, 0.8]]),
    np.outer([1.0, 6.0], np.arange(3)),
    0.5,
    100.0,
)


@pytest.mark.parametrize("which", ["selfish", "system"])
def test_the_flows_of_the_game_take_what_the_game_says(which: str) -> None:
    table, routes = routes_of(ARCS, "device", "answer", 175.0)
    mix = getattr(solve_routing([table]), which)
    used = list(mix.shares[0].items())
    ways = [
        [Step(ARCS[a].station or f"arc {a}", ARCS[a].delay_s, ARCS[a].work_s) for a in routes[r]]
        for r, _ in used
    ]
    run = simulate_network(ways, [share for _, share in used], 175.0, 300_000, seed=2)
    assert run.whole.mean_s.value == pytest.approx(mix.mean_s, rel=0.03)
    for (row, _), found in zip(used, run.ways, strict=True):
        expected = mix.columns[0][row].delay_s + mix.columns[0][row].work_s @ mix.sojourn
        assert found.value == pytest.approx(expected, rel=0.05)
    busy = {s.name: s.utilisation_frac for s in run.whole.stations}
    named = dict(zip(table.stations, mix.utilisation, strict=True))
    assert busy == pytest.approx(named, rel=0.03)


def test_stations_are_put_in_an_order_that_every_way_keeps() -> None:
    ways = [[Step("b", 0.0, 1.0), Step("c", 0.0, 1.0)], [Step("a", 0.0, 1.0), Step("b", 0.0, 1.0)]]
    route = network_route(ways, [0.5, 0.5])
    names = [station.name for station in route.stations]
    assert names.index("a") < names.index("b") < names.index("c")


def test_ways_in_opposite_directions_are_refused() -> None:
    ways = [[Step("a", 0.0, 1.0), Step("b", 0.0, 1.0)], [Step("b", 0.0, 1.0), Step("a", 0.0, 1.0)]]
    with pytest.raises(DesignError, match="different orders"):
        network_route(ways, [0.5, 0.5])


def test_shares_that_leave_requests_out_are_refused() -> None:
    with pytest.raises(DesignError, match=r"sum to 0\.5"):
        network_route([[Step("a", 0.1)]], [0.5])


@pytest.mark.parametrize("make", [optimal_policy, greedy, wait_for_good])
def test_a_rule_costs_in_a_run_what_its_stationary_distribution_says(make: Any) -> None:
    policy = make(MODEL)
    run = simulate_slots(
        policy.action, MODEL.arrivals, MODEL.channel, MODEL.price, MODEL.hold, MODEL.loss, 400_000
    )
    assert run.cost.value == pytest.approx(policy.mean_cost, rel=0.03)
    assert run.queue.value == pytest.approx(policy.mean_queue, rel=0.05)
    assert run.price.value == pytest.approx(policy.mean_price, rel=0.03)
    assert run.cost.low < policy.mean_cost * 1.02
    assert run.cost.high > policy.mean_cost * 0.98


def test_the_exact_rule_is_cheaper_than_a_heavy_drift_plus_penalty_in_runs_too() -> None:
    runs = [
        simulate_slots(
            policy.action, MODEL.arrivals, MODEL.channel, MODEL.price, MODEL.hold, MODEL.loss
        )
        for policy in (optimal_policy(MODEL), drift_plus_penalty(MODEL, 20.0))
    ]
    assert runs[0].cost.high < runs[1].cost.low


def test_a_full_queue_loses_jobs_and_pays_for_them() -> None:
    never = np.zeros((3, 1), dtype=np.int64)
    one = np.array([[1.0]])
    run = simulate_slots(never, np.array([0.0, 1.0]), one, np.array([[0.0]]), 1.0, 10.0, slots=4000)
    assert run.lost.value == pytest.approx(1.0)
    assert run.cost.value == pytest.approx(2.0 + 10.0)


def test_slots_repeat_with_their_seed_and_end_on_request() -> None:
    policy = greedy(MODEL)
    parts = (policy.action, MODEL.arrivals, MODEL.channel, MODEL.price, MODEL.hold, MODEL.loss)
    first, again, other = (simulate_slots(*parts, 20_000, seed) for seed in (1, 1, 2))
    assert first.cost == again.cost
    assert first.cost != other.cost
    with pytest.raises(SimulationCancelled):
        simulate_slots(*parts, 20_000, 1, lambda share: False)


@pytest.mark.parametrize(
    ("action", "slots", "words"),
    [(np.ones((3, 1), dtype=np.int64), 4000, "more jobs than wait"), (None, 100, "is 100")],
)
def test_a_rule_that_is_not_possible_and_a_run_that_is_too_short_are_refused(
    action: Any, slots: int, words: str
) -> None:
    rule = np.zeros((3, 1), dtype=np.int64) if action is None else action
    one = np.array([[1.0]])
    with pytest.raises(DesignError, match=words):
        simulate_slots(rule, np.array([0.5, 0.5]), one, np.zeros((1, 2)), 1.0, 1.0, slots)
