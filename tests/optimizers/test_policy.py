"""The exact policy beats every other one and equals enumeration on small models."""

from itertools import product

import numpy as np
import pytest

from analytic_models.optimizers.policy import (
    QueueChannel,
    drift_plus_penalty,
    evaluate_policy,
    greedy,
    optimal_policy,
    threshold,
    wait_for_good,
)


def random_model(rng: np.random.Generator, capacity: int = 2) -> QueueChannel:
    arrivals = rng.dirichlet(np.ones(2))
    channel = rng.dirichlet(np.ones(2), size=2)
    price = np.concatenate([np.zeros((2, 1)), rng.exponential(size=(2, 1)) * 4], axis=1)
    return QueueChannel(arrivals, capacity, channel, price, rng.exponential(), 20.0)


def fading(capacity: int = 80) -> QueueChannel:
    channel = np.array([[0.9, 0.1], [0.2, 0.8]])
    price = np.array([[0.0, 1.0, 2.0], [0.0, 6.0, 12.0]])
    return QueueChannel(np.array([0.55, 0.3, 0.15]), capacity, channel, price, 0.5, 100.0)


def test_optimal_policy_equals_enumeration_on_200_small_models() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        model = random_model(rng)
        costs = []
        for free in product((0, 1), repeat=4):
            action = np.vstack([[0, 0], np.array(free).reshape(2, 2)])
            costs.append(evaluate_policy(model, action, "any").mean_cost)
        found = optimal_policy(model)
        assert found.mean_cost == pytest.approx(min(costs), rel=1e-7)
        assert found.certificate.kind == "exact"


def test_no_policy_beats_the_optimal_one() -> None:
    model = fading()
    best = optimal_policy(model).mean_cost
    others = [drift_plus_penalty(model, v) for v in (0.5, 1.0, 2.0, 5.0, 10.0)]
    others += [greedy(model), wait_for_good(model)]
    others += [threshold(model, np.array(levels)) for levels in product((0, 2, 5), repeat=2)]
    assert all(best <= other.mean_cost * (1 + 1e-9) for other in others)


def test_stationary_distribution_balances_and_equals_simulation() -> None:
    model = fading(12)
    policy = drift_plus_penalty(model, 2.0)
    assert policy.stationary.sum() == pytest.approx(1.0, rel=1e-12)
    rng = np.random.default_rng(3)
    queue, channel, total, slots = 0, 0, 0, 60_000
    arrivals = rng.choice(3, size=slots, p=model.arrivals)
    for arrived, luck in zip(arrivals, rng.random(slots), strict=True):
        total += queue
        queue = min(queue - policy.action[queue, channel] + arrived, 12)
        channel = int(luck >= model.channel[channel, 0])
    assert policy.mean_queue == pytest.approx(total / slots, rel=0.05)


def test_a_larger_penalty_weight_saves_price_and_lengthens_the_queue() -> None:
    model = fading()
    found = [drift_plus_penalty(model, weight) for weight in (0.1, 1.0, 4.0)]
    assert np.all(np.diff([policy.mean_queue for policy in found]) >= -1e-9)
    assert np.all(np.diff([policy.mean_price for policy in found]) <= 1e-9)


def test_drift_plus_penalty_without_penalty_is_greedy() -> None:
    model = fading(10)
    action = drift_plus_penalty(model, 0.0).action
    assert np.array_equal(action[1:], greedy(model).action[1:])


def test_impossible_actions_and_probabilities_are_refused() -> None:
    model = fading(5)
    with pytest.raises(ValueError, match="not possible"):
        evaluate_policy(model, np.ones((6, 2), dtype=int), "serves from an empty queue")
    with pytest.raises(ValueError, match="sum to 1"):
        QueueChannel(np.array([0.5]), 5, model.channel, model.price, 1.0, 1.0)
    with pytest.raises(ValueError, match="capacity"):
        QueueChannel(model.arrivals, 0, model.channel, model.price, 1.0, 1.0)
