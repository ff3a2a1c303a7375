"""Closed forms agree with numerical optimisation."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from analytic_models.optimizers.allocation import (
    capacity_split,
    frequency_for_deadline,
    frequency_for_price,
    joint,
    server_count,
    square_root_split,
    water_filling,
)
from analytic_models.optimizers.congestion import Stations


def better_neighbour(
    share: np.ndarray, cost: Callable[[np.ndarray], float], floors: np.ndarray
) -> float:
    """Largest gain from moving a little from one share to another; ≤ 0 proves a convex optimum."""
    gain, base = -np.inf, cost(share)
    for giver in range(len(share)):
        for taker in range(len(share)):
            step = min(1e-5 * share.sum(), share[giver] - floors[giver])
            if giver != taker and step > 0.0:
                moved = share.copy()
                moved[giver] -= step
                moved[taker] += step
                gain = max(gain, base - cost(moved))
    return float(gain)


def test_clock_equals_a_numerical_search() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        price, kappa = rng.exponential(size=2) + 0.01
        low, high = np.sort(rng.uniform(0.1, 3.0, size=2))
        found = float(frequency_for_price(price, kappa, low, high))

        def cost(f: float, price: float = price, kappa: float = kappa) -> float:
            return price / f + kappa * f**2

        best = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
        assert cost(found) <= best.fun * (1 + 1e-12)


def test_deadline_clock_just_meets_the_deadline() -> None:
    found = frequency_for_deadline(np.full(4, 8.0), np.array([5.0, 1.5, 1.0, 0.5]), 0.5, 2.0, 16.0)
    assert found[:3].tolist() == [2.0, 8.0, 16.0]
    assert np.isnan(found[3])


def test_band_split_cannot_be_improved_by_moving_a_little() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        weights, floors = rng.exponential(size=5), rng.uniform(0.0, 0.25, size=5)
        share = square_root_split(1.3, weights, floors)
        assert share.sum() == pytest.approx(1.3, rel=1e-12)
        assert np.all(share >= floors - 1e-15)
        assert better_neighbour(share, lambda x, w=weights: np.sum(w / x), floors) <= 1e-12


def test_capacity_split_cannot_be_improved_by_moving_a_little() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        load, weights = rng.exponential(size=4), rng.exponential(size=4)
        total = load.sum() * rng.uniform(1.01, 3.0)
        share = capacity_split(total, load, weights)
        assert share.sum() == pytest.approx(total, rel=1e-12)

        def cost(x: np.ndarray, load: np.ndarray = load, weights: np.ndarray = weights) -> float:
            return float(np.where(x > load, weights * load / np.abs(x - load), np.inf).sum())

        assert better_neighbour(share, cost, load * (1 + 1e-9)) <= 1e-9 * cost(share)


def test_server_count_equals_a_full_search() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        work, ratio = float(rng.exponential(10.0)), float(np.exp(rng.normal(0, 2)))
        counts = np.arange(int(work) + 1, int(work) + 400)
        number = Stations(counts.astype(float)).number(np.full(len(counts), work))
        cost = number + ratio * counts
        found = server_count(work, 1.0, ratio)
        assert cost[found - counts[0]] == pytest.approx(cost.min(), rel=1e-12)


def test_water_filling_cannot_be_improved_by_moving_a_little() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        noise = rng.exponential(size=5) + 0.01
        power = water_filling(1.7, noise)
        assert power.sum() == pytest.approx(1.7, rel=1e-12)
        gain = better_neighbour(power, lambda x, n=noise: -np.log1p(x / n).sum(), np.zeros(5))
        assert gain <= 1e-12


def test_impossible_splits_are_not_a_number() -> None:
    assert np.isnan(square_root_split(1.0, np.ones(2), np.ones(2))).all()
    assert np.isnan(capacity_split(1.0, np.array([0.5, 0.5]))).all()


class Toy:
    """Designs with cost local + bits / band + served · band."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.local, self.bits, self.served = rng.exponential(size=(3, 8))

    def allocate(self, design: int) -> tuple[float, float]:
        """Best band for a design, and its cost."""
        band = float(np.sqrt(self.bits[design] / self.served[design]))
        return band, float(self.costs(band)[design])

    def costs(self, band: float) -> np.ndarray:
        """Cost of every design."""
        return self.local + self.bits / band + self.served * band

    def choose(self, band: float) -> int:
        """Best design for a band."""
        return int(self.costs(band).argmin())


def test_alternating_never_beats_enumeration_and_its_gap_is_reported() -> None:
    rng = np.random.default_rng(6)
    gaps = []
    for _ in range(200):
        toy = Toy(rng)
        found = joint(8, toy.allocate, toy.choose)
        assert found.cost == min(toy.allocate(design)[1] for design in range(8))
        assert found.alternating_gap >= 0.0
        gaps.append(found.alternating_gap)
    assert max(gaps) > 0.01
    with pytest.raises(ValueError, match="at least one design"):
        joint(0, toy.allocate, toy.choose)
