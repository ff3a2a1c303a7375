"""A link whose rate changes at random between a few states: fading radio, mobile coverage.

Messages arrive in a Poisson stream and are sent in order; their size is Erlang with as many
stages as 1/SCV asks for. The queue is a quasi-birth-death process over link state and stage.
Because arrivals do not depend on the link, the number of messages present is Poisson given the
sojourn (distributional Little's law), so the exact transform of the sojourn follows from that of
the number.
"""

from __future__ import annotations

__all__ = ["ModulatedLink", "modulated_link", "modulated_link_law"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex
from analytic_models.laws.transforms import StationLaw

Real = NDArray[np.float64]

_REDUCTIONS = 64
_ACCURACY = 1e-14


@dataclass(frozen=True)
class ModulatedLink:
    """Steady state of a modulated link.

    Parameters
    ----------
    utilisation
        Offered bits over the mean rate; stable below 1.
    arrival_per_s
        Message rate.
    jobs
        First three factorial moments of the number of messages present.
    empty, first
        Steady state with no message (per link state), and with one (per state and stage).
    growth
        Matrix R: each further message multiplies the state vector by it.
    """

    utilisation: float
    arrival_per_s: float
    jobs: tuple[float, float, float]
    empty: Real
    first: Real
    growth: Real

    @property
    def sojourn_s(self) -> float:
        """Mean sojourn by Little's law."""
        return self.jobs[0] / self.arrival_per_s


def modulated_link(
    arrival_per_s: float, message_bit: float, stages: int, rate_bit_per_s: Real, switch_per_s: Real
) -> ModulatedLink:
    r"""Solve a modulated link exactly.

    Parameters
    ----------
    arrival_per_s
        Poisson rate of messages.
    message_bit
        Mean message size.
    stages
        Erlang stages of the size; 1 is exponential, 16 or more close to constant.
    rate_bit_per_s
        Rate of each link state, shape (r,); a state may be an outage with rate zero.
    switch_per_s
        Rate of change from state (row) to state (column), shape (r, r); the diagonal is ignored.

    Returns
    -------
    ModulatedLink
        With infinite moments where the mean rate does not carry the load.

    References
    ----------
    Latouche and Ramaswami (1993). A logarithmic reduction algorithm for quasi-birth-death
    processes. Journal of Applied Probability 30(3). Neuts (1981). Matrix-Geometric Solutions in
    Stochastic Models. Keilson and Servi (1988). A distributional form of Little's law.

    Examples
    --------
    >>> link = modulated_link(0.5, 1.0, 1, [1.0, 1.0], [[0.0, 0.3], [0.2, 0.0]])
    >>> round(link.sojourn_s, 9)
    2.0
    """
    rates = np.asarray(rate_bit_per_s, dtype=float)
    generator = np.array(switch_per_s, dtype=float)
    np.fill_diagonal(generator, 0.0)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    load = arrival_per_s * message_bit / float(_occupancy(generator) @ rates)
    up, local, down, start, finish = _blocks(arrival_per_s, message_bit, stages, rates, generator)
    if not load < 1.0:
        infinite = float("inf")
        return ModulatedLink(
            load, arrival_per_s, (infinite,) * 3, np.zeros(0), np.zeros(0), np.zeros((0, 0))
        )
    growth = _growth(up, local, down)
    empty_local = generator - arrival_per_s * np.eye(len(rates))
    empty, first = _boundary(empty_local, start, finish, local + growth @ down, growth)
    inverse = np.linalg.inv(np.eye(len(growth)) - growth)
    ones = np.ones(len(growth))
    # d/dz, twice and three times, of z first (I - z R)^-1 1 at z = 1.
    one = first @ inverse @ inverse @ ones
    two = 2.0 * first @ inverse @ inverse @ inverse @ growth @ ones
    step = inverse @ growth
    three = 6.0 * first @ inverse @ inverse @ step @ step @ ones
    return ModulatedLink(
        load, arrival_per_s, (float(one), float(two), float(three)), empty, first, growth
    )


def modulated_link_law(link: ModulatedLink) -> StationLaw:
    r"""Exact law of the sojourn on a modulated link, for percentiles and chains.

    .. math:: T^*(s) = \pi_0\mathbf 1 + z\,\pi_1(I-zR)^{-1}\mathbf 1, \qquad z = 1-s/\lambda

    Parameters
    ----------
    link
        A solved link.

    Returns
    -------
    StationLaw
        Sojourn, transmission included.

    References
    ----------
    Keilson and Servi (1988). A distributional form of Little's law. Operations Research Letters
    7(5).

    Examples
    --------
    >>> link = modulated_link(0.5, 1.0, 1, [1.0, 1.0], [[0.0, 0.3], [0.2, 0.0]])
    >>> round(float(modulated_link_law(link).variance), 9)
    4.0
    """
    rate = link.arrival_per_s
    m1, m2, m3 = (moment / rate**k for k, moment in enumerate(link.jobs, start=1))
    if not np.isfinite(m1):
        return StationLaw(np.ones_like, m1, m1, m1)
    unit = np.eye(len(link.growth))
    ones = np.ones(len(unit))
    start = link.empty.sum()

    def transform(s: Complex) -> Complex:
        z = 1.0 - s / rate
        lifted = z[..., np.newaxis, np.newaxis]
        solved = np.linalg.solve(unit - lifted * link.growth, ones[:, np.newaxis])[..., 0]
        return np.asarray(start + z * (solved @ link.first), dtype=complex)

    return StationLaw(transform, m1, m2 - m1 * m1, m3 - 3.0 * m1 * m2 + 2.0 * m1**3)


def _occupancy(generator: Real) -> Real:
    """Share of time in each link state."""
    balance = generator.T.copy()
    balance[0] = 1.0
    right = np.zeros(len(generator))
    right[0] = 1.0
    return np.asarray(np.linalg.solve(balance, right), dtype=float)


def _blocks(
    arrival: float, size: float, stages: int, rates: Real, generator: Real
) -> tuple[Real, Real, Real, Real, Real]:
    """Blocks up, local and down of the process, and those to and from the empty level."""
    states = len(rates)
    pace = np.diag(stages * rates / size)
    onward = np.eye(stages, k=1)
    last_to_first = np.zeros((stages, stages))
    last_to_first[-1, 0] = 1.0
    up = arrival * np.eye(states * stages)
    down = np.asarray(np.kron(pace, last_to_first), dtype=float)
    local = np.kron(generator, np.eye(stages)) - up
    local = np.asarray(local + np.kron(pace, onward - np.eye(stages)), dtype=float)
    begin = np.zeros((1, stages))
    begin[0, 0] = 1.0
    end = np.zeros((stages, 1))
    end[-1, 0] = 1.0
    start = np.asarray(arrival * np.kron(np.eye(states), begin), dtype=float)
    return up, local, down, start, np.asarray(np.kron(pace, end), dtype=float)


def _growth(up: Real, local: Real, down: Real) -> Real:
    """Matrix R by logarithmic reduction for the first passage matrix G."""
    unit = np.eye(len(local))
    inverse = np.linalg.inv(-local)
    higher, lower = inverse @ up, inverse @ down
    passage, product = lower.copy(), higher.copy()
    for _ in range(_REDUCTIONS):
        both = np.linalg.inv(unit - higher @ lower - lower @ higher)
        higher, lower = both @ higher @ higher, both @ lower @ lower
        passage += product @ lower
        product = product @ higher
        if np.max(np.abs(product)) < _ACCURACY:
            break
    return np.asarray(up @ np.linalg.inv(-(local + up @ passage)), dtype=float)


def _boundary(
    empty_local: Real, start: Real, finish: Real, first_local: Real, growth: Real
) -> tuple[Real, Real]:
    """Steady state of the two lowest levels, all levels summing to 1."""
    states = len(empty_local)
    balance = np.block([[empty_local, start], [finish, first_local]])
    total = np.linalg.solve(np.eye(len(growth)) - growth, np.ones(len(growth)))
    balance[:, 0] = np.concatenate([np.ones(states), total])
    right = np.zeros(len(balance))
    right[0] = 1.0
    solved = np.linalg.solve(balance.T, right)
    return solved[:states], solved[states:]
