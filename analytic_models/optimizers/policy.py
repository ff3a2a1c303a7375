"""Online decisions as a Markov process of queue and channel: exact and heuristic policies."""

from __future__ import annotations

__all__ = [
    "Policy",
    "QueueChannel",
    "drift_plus_penalty",
    "evaluate_policy",
    "greedy",
    "optimal_policy",
    "threshold",
    "wait_for_good",
]

from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.protocols import FloatArray, IntArray


@dataclass(frozen=True)
class QueueChannel:
    """A slotted queue whose service price depends on a Markov channel.

    In each slot the policy sees the queue q and the channel c, serves up to a of q jobs, pays
    ``hold · q`` and the price of the jobs served, then new jobs arrive; those beyond the capacity
    are lost at a price each.

    Parameters
    ----------
    arrivals
        Shape (b,): probability of 0 … b−1 arrivals in a slot.
    capacity
        Largest queue Q ≥ 1.
    channel
        Shape (C, C): transition probabilities of the channel state.
    price
        Shape (C, A+1): cost of serving 0 … A jobs in each channel state; ``inf`` forbids.
    hold
        Cost of one waiting job per slot.
    loss
        Cost of one lost job.

    Raises
    ------
    ValueError
        If probabilities do not sum to 1, or serving nothing is not free of ``inf``.
    """

    arrivals: FloatArray
    capacity: int
    channel: FloatArray
    price: FloatArray
    hold: float
    loss: float

    def __post_init__(self) -> None:
        sums = np.append(self.channel.sum(axis=1), self.arrivals.sum())
        if not np.allclose(sums, 1.0, rtol=0.0, atol=1e-9):
            raise ValueError("arrival and channel probabilities must sum to 1")
        if self.capacity < 1 or not np.isfinite(self.price[:, 0]).all():
            raise ValueError("the capacity must be ≥ 1 and serving nothing must be possible")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Queue levels, channel states and actions."""
        return self.capacity + 1, len(self.channel), self.price.shape[1]

    def cost(self) -> FloatArray:
        """Return the expected cost of a slot, shape (Q+1, C, A+1); ``inf`` where impossible."""
        levels, _, actions = self.shape
        queue, served = np.arange(levels), np.arange(actions)
        left = np.maximum(queue[:, None] - served, 0)
        over = left[:, :, None] + np.arange(len(self.arrivals)) - self.capacity
        lost = np.maximum(over, 0) @ self.arrivals
        cost = self.hold * queue[:, None, None] + self.price[None] + self.loss * lost[:, None, :]
        cost[np.broadcast_to((served > queue[:, None])[:, None, :], cost.shape)] = np.inf
        return np.asarray(cost)

    def ahead(self, value: FloatArray) -> FloatArray:
        """Return the expected value after each action, shape (Q+1, C, A+1), from (Q+1, C)."""
        levels, _, actions = self.shape
        after_channel = value @ self.channel.T
        left = np.maximum(np.arange(levels)[:, None] - np.arange(actions), 0)
        landed = np.minimum(left[:, :, None] + np.arange(len(self.arrivals)), self.capacity)
        return np.asarray(np.einsum("qabc,b->qca", after_channel[landed], self.arrivals))


@dataclass(frozen=True)
class Policy:
    """An action for each state, and what it costs in the long run.

    Parameters
    ----------
    name
        What a person calls it.
    action
        Shape (Q+1, C): jobs to serve.
    mean_cost
        Long-run cost per slot, from the stationary distribution.
    mean_queue, mean_price
        Long-run mean queue, and mean service price per slot.
    stationary
        Shape (Q+1, C): long-run probabilities.
    certificate
        Exact with the span bound for the optimal policy, heuristic for the others.
    """

    name: str
    action: IntArray
    mean_cost: float
    mean_queue: float
    mean_price: float
    stationary: FloatArray
    certificate: Certificate


def evaluate_policy(
    model: QueueChannel, action: IntArray, name: str, certificate: Certificate | None = None
) -> Policy:
    """Evaluate a policy by its stationary distribution, started with an empty queue.

    Parameters
    ----------
    model
        Queue and channel.
    action
        Shape (Q+1, C): jobs to serve, at most the queue.
    name
        Name of the policy.
    certificate
        Heuristic by default.

    Raises
    ------
    ValueError
        If an action serves more jobs than wait, or is forbidden by an infinite price.
    """
    levels, states, _ = model.shape
    queue, channel = np.indices((levels, states))
    cost = model.cost()[queue, channel, action]
    if not np.isfinite(cost).all():
        raise ValueError("the policy takes an action that is not possible")
    left = queue - action
    moves = np.zeros((levels, states, levels, states))
    for count, chance in enumerate(model.arrivals):
        landed = np.minimum(left + count, model.capacity)
        moves[queue, channel, landed] += chance * model.channel[channel]
    size = levels * states
    stationary = _long_run(moves.reshape(size, size), states).reshape(levels, states)
    price = model.price[channel, action]
    return Policy(
        name=name,
        action=np.asarray(action, dtype=np.int64),
        mean_cost=float((stationary * cost).sum()),
        mean_queue=float((stationary * queue).sum()),
        mean_price=float((stationary * price).sum()),
        stationary=stationary,
        certificate=certificate or Certificate("heuristic", name),
    )


def _long_run(moves: FloatArray, starts: int) -> FloatArray:
    """Return the stationary distribution of the class reached from the first states.

    A chain with several closed classes is resolved by a vanishing restart at an empty queue.
    """
    restart = np.zeros(len(moves))
    restart[:starts] = 1.0 / starts
    rate = 1e-12
    system = np.eye(len(moves)) - (1.0 - rate) * moves.T
    solved = np.linalg.solve(system, rate * restart)
    solved = np.maximum(solved, 0.0)
    return np.asarray(solved / solved.sum())


def optimal_policy(
    model: QueueChannel, tolerance: float = 1e-10, iterations: int = 200_000
) -> Policy:
    """Return the policy of least long-run cost, by relative value iteration.

    Parameters
    ----------
    model
        Queue and channel; the channel must reach every state from every state.
    tolerance
        Stop when the span of the value differences is below this fraction of the mean cost.
    iterations
        Most iterations; the certificate states the bound that was reached.

    References
    ----------
    Puterman (1994). Markov decision processes, section 8.5. Wiley.
    """
    cost = model.cost()
    value = np.zeros(cost.shape[:2])
    low = high = 0.0
    for _ in range(iterations):
        # Staying put with probability a half removes periodicity and keeps the mean cost.
        best = (cost + model.ahead(value)).min(axis=2)
        change = best - value
        low, high = float(change.min()), float(change.max())
        value = value + 0.5 * change
        value -= value[0, 0]
        if high - low <= tolerance * max(abs(high), 1e-300):
            break
    action = (cost + model.ahead(value)).argmin(axis=2)
    gap = max(high - low, 0.0)
    detail = f"long-run cost between {low:.9g} and {high:.9g} per slot"
    exact = gap <= tolerance * max(abs(high), 1e-300)
    certificate = Certificate("exact" if exact else "gap", "relative value iteration", detail, gap)
    return evaluate_policy(model, action, "optimal", certificate)


def _best_score(model: QueueChannel, score: FloatArray, name: str) -> Policy:
    allowed = np.isfinite(model.cost())
    return evaluate_policy(model, np.where(allowed, score, np.inf).argmin(axis=2), name)


def drift_plus_penalty(model: QueueChannel, weight: float) -> Policy:
    """Return the policy that minimises weight · price − queue · jobs served in each slot.

    Parameters
    ----------
    model
        Queue and channel.
    weight
        V ≥ 0: larger values save price and let the queue grow.

    References
    ----------
    Neely (2010). Stochastic network optimization with application to communication and queueing
    systems. Morgan & Claypool.
    """
    levels, _, actions = model.shape
    gain = np.arange(levels)[:, None, None] * np.arange(actions)
    return _best_score(model, weight * model.price[None] - gain, f"drift-plus-penalty V={weight:g}")


def greedy(model: QueueChannel) -> Policy:
    """Return the policy that serves as much as possible in every slot."""
    served = np.arange(model.shape[2])
    score = np.broadcast_to(-served, model.shape).astype(np.float64)
    return _best_score(model, score, "greedy")


def threshold(model: QueueChannel, levels: IntArray) -> Policy:
    """Return the policy that serves all it can once the queue reaches a level.

    Parameters
    ----------
    model
        Queue and channel.
    levels
        Shape (C,): queue from which to serve in each channel state; above Q means never.
    """
    served = np.arange(model.shape[2])
    serves = np.arange(model.shape[0])[:, None] >= np.asarray(levels)
    score = np.where(serves[:, :, None], -served, served).astype(np.float64)
    return _best_score(model, score, f"threshold {np.asarray(levels).tolist()}")


def wait_for_good(model: QueueChannel) -> Policy:
    """Return the policy that serves only in the channel state where a job costs least."""
    per_job = model.price[:, 1] - model.price[:, 0]
    levels = np.where(per_job == per_job.min(), 0, model.capacity + 1)
    found = threshold(model, levels)
    return evaluate_policy(model, found.action, "wait for the good channel")
