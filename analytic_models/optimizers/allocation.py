"""Closed forms for continuous resources, and placing and allocating jointly."""

from __future__ import annotations

__all__ = [
    "Joint",
    "capacity_split",
    "frequency_for_deadline",
    "frequency_for_price",
    "joint",
    "server_count",
    "square_root_split",
    "water_filling",
]

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.protocols import FloatArray

Resource = TypeVar("Resource")


def frequency_for_price(
    time_price: FloatArray, energy_factor: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    r"""Return the clock that minimises price of time plus energy, within its range.

    Minimises :math:`w\\,C/f + \\kappa\\,C f^2` over f: the cube root of w / 2κ, whatever C.

    Parameters
    ----------
    time_price
        w, J per s.
    energy_factor
        κ, J s² per cycle³.
    low, high
        Range of the clock, cycles per s.

    References
    ----------
    Burd, Brodersen (1996). Processor design for portable systems. Journal of VLSI Signal
    Processing.

    Examples
    --------
    >>> float(frequency_for_price(np.array(2.0), np.array(1.0), np.array(0.1), np.array(9.0)))
    1.0
    """
    free = np.cbrt(np.asarray(time_price) / (2.0 * np.asarray(energy_factor)))
    return np.asarray(np.clip(free, low, high))


def frequency_for_deadline(
    cycles: FloatArray,
    deadline_s: FloatArray,
    rest_s: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Return the slowest clock that meets a deadline; energy grows with the clock.

    Parameters
    ----------
    cycles
        Work, cycles.
    deadline_s, rest_s
        Deadline and what the rest of the path takes of it, s.
    low, high
        Range of the clock, cycles per s.

    Returns
    -------
    Clock, cycles per s; ``nan`` where even the fastest clock is too slow.
    """
    left = np.asarray(deadline_s, dtype=np.float64) - rest_s
    needed = np.where(left > 0.0, cycles / np.where(left > 0.0, left, 1.0), np.inf)
    return np.asarray(np.where(needed <= high, np.maximum(needed, low), np.nan))


def square_root_split(total: float, weights: FloatArray, floors: FloatArray) -> FloatArray:
    """Split a resource so that Σ weight / share is least: shares go with the root of the weight.

    Parameters
    ----------
    total
        Resource to split, any unit.
    weights
        Shape (k,), ≥ 0: for a band this is latency weight × rate × bits.
    floors
        Shape (k,): least share of each.

    Returns
    -------
    Shape (k,) summing to the total; ``nan`` if the floors do not fit.
    """
    roots, share = np.sqrt(weights), np.array(floors, dtype=np.float64)
    if share.sum() > total * (1.0 + 1e-15):
        return np.full(len(share), np.nan)
    free = np.ones(len(share), dtype=bool)
    while free.any():
        left = total - share[~free].sum()
        weight = roots[free]
        part = left * (weight / weight.sum() if weight.sum() > 0.0 else 1.0 / len(weight))
        short = part < floors[free]
        if not short.any():
            share[free] = part
            break
        # Those held up by their floor only shrink the rest, so they stay at it.
        rows = np.flatnonzero(free)[short]
        share[rows], free[rows] = floors[rows], False
    return share


def capacity_split(
    total: float, work_rate: FloatArray, weights: FloatArray | None = None
) -> FloatArray:
    """Split capacity over M/M/1 sites so that the weighted number waiting and served is least.

    Minimises Σ weight · v / (C − v) with v the work that arrives per second: every site gets what
    it needs and a part of the slack in proportion to the root of weight · v.

    Parameters
    ----------
    total
        Capacity to split, work per s.
    work_rate
        Shape (k,): work that arrives at each site, work per s.
    weights
        Shape (k,): importance, 1 by default.

    Returns
    -------
    Shape (k,), work per s; ``nan`` if the total does not exceed what arrives.

    References
    ----------
    Kleinrock (1964). Communication nets. McGraw-Hill.
    """
    slack = total - float(np.sum(work_rate))
    if not slack > 0.0:
        return np.full(len(work_rate), np.nan)
    roots = np.sqrt(work_rate if weights is None else weights * work_rate)
    share = roots / roots.sum() if roots.sum() > 0.0 else np.full(len(roots), 1.0 / len(roots))
    return np.asarray(work_rate + slack * share)


def server_count(work: float, latency_price: float, server_price: float) -> int:
    """Return the number of servers that minimises latency plus server cost.

    Minimises latency_price · N(a; c) + server_price · c over whole c. The search walks downhill
    from square-root staffing; the cost is convex in c.

    Parameters
    ----------
    work
        Offered work a, erlangs, ≥ 0.
    latency_price
        Price per request-second, > 0.
    server_price
        Price per server-second, > 0.

    References
    ----------
    Halfin, Whitt (1981). Heavy-traffic limits for queues with many exponential servers. Operations
    Research.
    Dyer, Proll (1977). On the validity of marginal analysis for allocating servers in M/M/c
    queues. Management Science (convexity in c).
    """

    def cost(servers: int) -> float:
        if servers <= work:
            return np.inf
        number = Stations(np.array([float(servers)])).number(np.array([work]))[0]
        return float(latency_price * number + server_price * servers)

    least = int(np.floor(work)) + 1
    staffing = float(np.sqrt(work * latency_price / server_price))
    servers = max(least, int(work + min(staffing, work + 1.0)))
    while cost(servers + 1) < cost(servers):
        servers += 1
    while servers > least and cost(servers - 1) <= cost(servers):
        servers -= 1
    return servers


def water_filling(total: float, noise: FloatArray) -> FloatArray:
    """Split power over parallel channels so that Σ log(1 + power / noise) is largest.

    Parameters
    ----------
    total
        Power to split, W.
    noise
        Shape (k,): noise of each channel divided by its gain, W, > 0.

    Returns
    -------
    Shape (k,): powers, W; channels above the water level get 0.

    References
    ----------
    Cover, Thomas (2006). Elements of information theory, section 9.4. Wiley.

    Examples
    --------
    >>> water_filling(3.0, np.array([1.0, 2.0, 9.0])).tolist()
    [2.0, 1.0, 0.0]
    """
    ordered = np.sort(noise)
    counts = np.arange(1, len(ordered) + 1)
    levels = (total + np.cumsum(ordered)) / counts
    used = int(np.flatnonzero(levels > ordered)[-1]) if np.any(levels > ordered) else 0
    return np.asarray(np.maximum(levels[used] - noise, 0.0))


@dataclass(frozen=True)
class Joint(Generic[Resource]):
    """Placement and allocation chosen together.

    Parameters
    ----------
    design, resource, cost
        Best design by enumeration, its allocation and cost.
    alternating_design, alternating_cost
        Where alternating between the two ended.
    alternating_gap
        Relative excess of alternating over enumeration, ≥ 0.
    steps
        Alternations made.
    certificate
        Exact if the allocation is optimal for each design.
    """

    design: int
    resource: Resource | None
    cost: float
    alternating_design: int
    alternating_cost: float
    alternating_gap: float
    steps: int
    certificate: Certificate


def joint(
    designs: int,
    allocate: Callable[[int], tuple[Resource, float]],
    choose: Callable[[Resource], int],
    start: int = 0,
    steps: int = 100,
) -> Joint[Resource]:
    """Choose a design and its allocation by enumeration, and show what alternating loses.

    Parameters
    ----------
    designs
        Number of designs, ≥ 1.
    allocate
        Best allocation for a design, and its cost (``inf`` if impossible).
    choose
        Best design for a fixed allocation.
    start
        Design from which the alternation starts.
    steps
        Most alternations.

    Raises
    ------
    ValueError
        If there is no design.
    """
    if designs < 1:
        raise ValueError("joint optimisation needs at least one design")
    outcomes = [allocate(design) for design in range(designs)]
    best = min(range(designs), key=lambda design: outcomes[design][1])
    cost = outcomes[best][1]
    design, made = start, 0
    for _ in range(steps):
        made += 1
        following = choose(outcomes[design][0])
        if following == design or not outcomes[following][1] < outcomes[design][1]:
            break
        design = following
    reached = outcomes[design][1]
    gap = (reached - cost) / abs(cost) if np.isfinite(cost) and cost != 0.0 else 0.0
    detail = f"{designs} designs, each with its best allocation"
    return Joint(
        design=best,
        resource=outcomes[best][0] if np.isfinite(cost) else None,
        cost=cost,
        alternating_design=design,
        alternating_cost=reached,
        alternating_gap=float(gap),
        steps=made,
        certificate=Certificate("exact", "enumeration", detail, 0.0, designs),
    )
