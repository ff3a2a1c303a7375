"""When to send: the exact policy for a queue and a channel, and the rules that stand in for it."""

from __future__ import annotations

__all__ = ["Policies", "PolicyQuestion", "PolicyView", "policies_of", "rule_of"]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from text import format_quantity

from analytic_models.optimizers.policy import (
    Policy,
    QueueChannel,
    drift_plus_penalty,
    greedy,
    optimal_policy,
    threshold,
    wait_for_good,
)

_CAPACITY = 60
_SHOWN = 24
_WEIGHTS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
_LEVELS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
_MOST = 2
_LOSS = 100.0


@dataclass(frozen=True)
class PolicyQuestion:
    """Jobs per slot, prices of a job, how long a channel stays, cost of waiting, and V.

    Parameters
    ----------
    arrivals
        Mean jobs per slot, 0 … 1.5.
    good, bad
        Price of one job in the good and in the bad channel.
    stay_good, stay_bad
        Probability that the channel stays as it is from slot to slot.
    hold
        Cost of one waiting job per slot.
    weight
        V of the drift-plus-penalty rule that is drawn.
    """

    arrivals: float = 0.6
    good: float = 1.0
    bad: float = 6.0
    stay_good: float = 0.9
    stay_bad: float = 0.8
    hold: float = 0.5
    weight: float = 2.0


@dataclass(frozen=True)
class PolicyView:
    """One policy: jobs served per channel and queue, its costs, and a key for its colour."""

    key: str
    name: str
    good: tuple[int, ...]
    bad: tuple[int, ...]
    cost: float
    queue: float
    price: float


@dataclass(frozen=True)
class Policies:
    """The exact policy and the rules.

    Parameters
    ----------
    views
        Exact, drift-plus-penalty at the chosen V, best threshold, greedy, wait for good.
    weights, costs
        V, and the long-run cost of drift-plus-penalty there.
    """

    views: tuple[PolicyView, ...]
    weights: tuple[float, ...]
    costs: tuple[float, ...]
    sentence: str
    badge: str
    certificate: str


def _model(asked: PolicyQuestion) -> QueueChannel:
    # Arrivals of a slot: two independent halves, so that the mean and the range stay simple.
    half = asked.arrivals / 2.0
    arrivals = np.convolve([1.0 - half, half], [1.0 - half, half])
    channel = np.array(
        [
            [asked.stay_good, 1.0 - asked.stay_good],
            [1.0 - asked.stay_bad, asked.stay_bad],
        ]
    )
    price = np.outer([asked.good, asked.bad], np.arange(_MOST + 1))
    return QueueChannel(arrivals, _CAPACITY, channel, price, asked.hold, _LOSS)


def policies_of(asked: PolicyQuestion) -> Policies:
    """Solve the exact policy and evaluate the rules by their stationary distribution.

    Parameters
    ----------
    asked
        The model.
    """
    model = _model(asked)
    found = [(key, _NAMES[key].format(asked.weight), _RULES[key](model, asked)) for key in _RULES]
    exact = found[0][2]
    weights = tuple(sorted({*_WEIGHTS, asked.weight}))
    costs = tuple(drift_plus_penalty(model, weight).mean_cost for weight in weights)
    return Policies(
        tuple(_view(key, name, policy) for key, name, policy in found),
        weights,
        costs,
        _sentence(exact, found, weights, costs),
        exact.certificate.badge,
        f"{exact.certificate.method}: {exact.certificate.detail}",
    )


def rule_of(asked: PolicyQuestion, key: str) -> tuple[QueueChannel, Policy]:
    """Return the model of a question and one of its rules.

    Raises
    ------
    KeyError
        If there is no such rule.
    """
    model = _model(asked)
    return model, _RULES[key](model, asked)


def _best_threshold(model: QueueChannel) -> Policy:
    """Return the best rule that serves the good channel at once and the bad one from a level on."""
    tried = [threshold(model, np.array([0, level])) for level in (*_LEVELS, _CAPACITY + 1)]
    return min(tried, key=lambda policy: policy.mean_cost)


_NAMES = {
    "exact": "exact (Markov decision process)",
    "drift": "drift-plus-penalty, V = {:g}",
    "threshold": "best threshold in the bad channel",
    "greedy": "greedy: serve at once",
    "wait": "wait for the good channel",
}
_RULES: Mapping[str, Callable[[QueueChannel, PolicyQuestion], Policy]] = {
    "exact": lambda model, asked: optimal_policy(model),
    "drift": lambda model, asked: drift_plus_penalty(model, asked.weight),
    "threshold": lambda model, asked: _best_threshold(model),
    "greedy": lambda model, asked: greedy(model),
    "wait": lambda model, asked: wait_for_good(model),
}


def _view(key: str, name: str, policy: Policy) -> PolicyView:
    return PolicyView(
        key,
        name,
        tuple(int(a) for a in policy.action[: _SHOWN + 1, 0]),
        tuple(int(a) for a in policy.action[: _SHOWN + 1, 1]),
        policy.mean_cost,
        policy.mean_queue,
        policy.mean_price,
    )


def _first(actions: np.ndarray) -> int | None:
    there = np.flatnonzero(actions > 0)
    return int(there[0]) if len(there) else None


def _sentence(
    exact: Policy,
    found: list[tuple[str, str, Policy]],
    weights: tuple[float, ...],
    costs: tuple[float, ...],
) -> str:
    """Say from which queue the exact policy pays for the bad channel, and what the rules cost."""
    level = _first(exact.action[:, 1])
    when = "never sends over the bad channel"
    if level is not None:
        jobs = "1 job waits" if level == 1 else f"{level} jobs wait"
        when = f"sends over the bad channel once {jobs}"
    best = int(np.argmin(costs))
    extra = costs[best] / exact.mean_cost - 1.0 if exact.mean_cost > 0.0 else math.nan
    plain = found[3][2].mean_cost / exact.mean_cost - 1.0 if exact.mean_cost > 0.0 else math.nan
    return (
        f"The best policy {when}. Serving at once costs {_more(plain)}, the best "
        f"drift-plus-penalty rule (V = {weights[best]:g}) {_more(extra)}."
    )


def _more(extra: float) -> str:
    if not math.isfinite(extra) or extra < 5e-4:
        return "as little"
    return f"{format_quantity(extra, 'frac', 2)} more"
