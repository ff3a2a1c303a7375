"""Simulate a queue behind a channel in slots: what a rule for sending costs, job by job."""

from __future__ import annotations

__all__ = ["SlotRun", "simulate_slots"]

import time
from dataclasses import dataclass

import numpy as np

from analytic_models.errors import DesignError, Problem
from analytic_models.simulation.estimates import Estimate, batch_estimate
from analytic_models.simulation.fcfs import Floats, Ints
from analytic_models.simulation.stations import Progress, Ticker

_LINES = 20
_WARMUP_FRAC = 0.2
_CALLS = 40


@dataclass(frozen=True)
class SlotRun:
    """Means per slot of a run, each with its 95 % interval.

    Attributes
    ----------
    cost
        Holding, service and loss together.
    queue, price, lost
        Jobs waiting, service price, and jobs lost.
    slots, seed, elapsed_s
        How the run was made.
    """

    cost: Estimate
    queue: Estimate
    price: Estimate
    lost: Estimate
    slots: int
    seed: int
    elapsed_s: float


def simulate_slots(
    action: Ints,
    arrivals: Floats,
    channel: Floats,
    price: Floats,
    hold: float,
    loss: float,
    slots: int = 200_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> SlotRun:
    """Play independent lines of slots under a fixed rule.

    In a slot the rule sees queue and channel and serves; then new jobs come, those beyond the
    largest queue are lost, and the channel moves.

    Parameters
    ----------
    action
        Shape (Q+1, C): jobs to serve at every queue and channel state, at most the queue.
    arrivals
        Shape (k,): probability of 0, 1, … new jobs in a slot.
    channel
        Shape (C, C): row-stochastic matrix of the next channel state.
    price
        Shape (C, A+1): price of serving 0, 1, … jobs.
    hold, loss
        Cost of one waiting job per slot, and of one lost job.
    slots
        Slots of all lines together, warm-up included.
    seed
        Same seed, same result.
    progress
        Called with the share that is done; False stops the run.

    Raises
    ------
    DesignError
        If the rule serves more jobs than wait, or the run is too short.
    SimulationCancelled
        If ``progress`` returned False.

    Examples
    --------
    >>> serve_all = np.minimum(np.arange(4), 1)[:, None]
    >>> one = np.array([[1.0]])
    >>> run = simulate_slots(
    ...     serve_all, np.array([0.5, 0.5]), one, np.array([[0.0, 2.0]]), 0.0, 0.0
    ... )
    >>> run.price.covers(1.0)
    True
    """
    started = time.perf_counter()
    each = slots // _LINES
    warmup = int(each * _WARMUP_FRAC)
    levels = len(action)
    problems = []
    if each < 50:
        problems.append(Problem("simulation.slots", f"is {slots}", f"{50 * _LINES} or more"))
    if np.any(action > np.arange(levels)[:, None]) or np.any(action < 0):
        problems.append(Problem("action", "serves more jobs than wait", "at most the queue"))
    if problems:
        raise DesignError(problems)
    rng = np.random.default_rng(seed)
    queue = np.zeros(_LINES, dtype=np.int64)
    state = rng.integers(len(channel), size=_LINES)
    jobs = np.cumsum(arrivals)[:-1]
    moves = np.cumsum(channel, axis=1)[:, :-1]
    sums = np.zeros((4, _LINES))
    tick = Ticker(progress, float(each))
    for slot in range(each):
        served = action[queue, state]
        come = np.searchsorted(jobs, rng.random(_LINES), side="right")
        left = queue - served + come
        over = np.maximum(left - (levels - 1), 0)
        if slot >= warmup:
            spent = price[state, served]
            sums += np.stack([hold * queue + spent + loss * over, queue, spent, over])
        queue = left - over
        state = (rng.random(_LINES)[:, None] >= moves[state]).sum(axis=1)
        if slot % max(each // _CALLS, 1) == 0:
            tick(max(each // _CALLS, 1))
    means = sums / (each - warmup)
    cost, waiting, paid, lost = (batch_estimate(float(line.mean()), line) for line in means)
    spent_s = time.perf_counter() - started
    return SlotRun(cost, waiting, paid, lost, each * _LINES, seed, spent_s)
