"""One plan per class equals the enumeration of all combinations."""

from itertools import product

import numpy as np
import pytest

from analytic_models.bench_instances import traffic_classes
from analytic_models.optimizers.assignment import _choices, assign
from analytic_models.optimizers.assignment_start import Choices, relaxed_start
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.protocols import Table


def random_classes(rng: np.random.Generator, count: int, rows: int) -> list[Table]:
    servers = rng.integers(1, 4, size=2).astype(float)
    tables = []
    for _ in range(count):
        work = rng.exponential(size=(rows, 2)) * (rng.random((rows, 2)) < 0.8)
        delay = rng.exponential(size=rows) * 3
        metrics = {"energy_j": rng.exponential(size=rows)}
        rate = float(rng.uniform(0.2, 1.5))
        tables.append(Table(("a", "b"), servers, ("ps", "ps"), rate, delay, work, work**2, metrics))
    return tables


def best_by_enumeration(classes: list[Table], limit: float) -> float:
    rates = np.array([table.arrival_per_s for table in classes])
    stations, best = Stations(classes[0].servers), np.inf
    for rows in product(*(range(len(table.delay_s)) for table in classes)):
        pairs = list(zip(classes, rates, rows, strict=True))
        work = sum(rate * table.work_s[row] for table, rate, row in pairs)
        energy = sum(rate * table.metrics["energy_j"][row] for table, rate, row in pairs)
        if np.all(work < stations.servers) and energy <= limit * rates.sum():
            delay = sum(rate * table.delay_s[row] for table, rate, row in pairs)
            best = min(best, (delay + stations.number(work).sum()) / rates.sum())
    return float(best)


@pytest.mark.parametrize("enumerated", [200_000, 0])
@pytest.mark.parametrize("seed", range(20))
def test_assignment_equals_enumeration(
    seed: int, enumerated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without room for enumeration the integer programme has to answer.
    monkeypatch.setattr("analytic_models.optimizers.assignment._ENUMERATED", enumerated)
    rng = np.random.default_rng(seed)
    for _ in range(10):
        classes = random_classes(rng, 3, 5)
        limit = float(rng.choice([np.inf, 1.0, 0.5, 0.25]))
        budgets = {} if np.isinf(limit) else {"energy_j": limit}
        found, expected = assign(classes, budgets), best_by_enumeration(classes, limit)
        assert found.mean_s == pytest.approx(expected, rel=1e-6)
        if np.isfinite(expected):
            assert found.bound_s <= found.mean_s
            assert found.status == "optimal"
            assert all(used <= limit * (1 + 1e-6) for used in found.used.values())
            assert found.mean_s >= solve_mix(classes).mean_s * (1 - 1e-9)
        else:
            assert (found.status, found.rows.tolist()) == ("infeasible", [-1] * 3)


def test_looser_budgets_never_raise_the_latency() -> None:
    classes = random_classes(np.random.default_rng(50), 4, 12)
    means = [assign(classes, {"energy_j": limit}).mean_s for limit in (0.2, 0.4, 0.8, 10.0)]
    assert np.all(np.diff(means) <= 1e-9)


def test_a_row_without_a_metric_is_never_chosen_under_its_budget() -> None:
    classes = random_classes(np.random.default_rng(51), 1, 4)
    best = assign(classes).rows[0]
    classes[0].metrics["energy_j"][best] = np.nan
    assert assign(classes, {"energy_j": 100.0}).rows[0] != best


@pytest.mark.parametrize("place", [1, -1])
def test_enumeration_finds_the_optimum_from_another_choice(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Start at the second best choice, or at the worst.
    def other(
        choices: Choices, chosen: np.ndarray, reduced: np.ndarray
    ) -> tuple[np.ndarray, float]:
        rows = [np.flatnonzero(choices.owner == k) for k in range(len(choices.rates))]
        rated = [(choices.rated(np.array(c)), c) for c in product(*rows)]
        fits = sorted((value, c) for (over, value), c in rated if over == 0.0)
        if not fits:
            return chosen, np.inf
        value, picked = fits[min(place, len(fits) - 1)]
        return np.array(picked), value

    monkeypatch.setattr("analytic_models.optimizers.assignment_start.descend", other)
    improved = 0
    for seed in range(30):
        classes = random_classes(np.random.default_rng(400 + seed), 3, 5)
        found = assign(classes, {"energy_j": 0.7})
        expected = best_by_enumeration(classes, 0.7)
        assert found.mean_s == pytest.approx(expected, rel=1e-9)
        improved += found.rounds == 0 and np.isfinite(expected)
    assert improved > 10


def test_no_choice_undercuts_the_bound_and_its_reduced_costs() -> None:
    for seed in range(30):
        rng = np.random.default_rng(300 + seed)
        budgets = {"energy_j": float(rng.uniform(0.3, 2.0))} if seed % 2 else {}
        _, choices = _choices(random_classes(rng, 4, 6), budgets)
        start = relaxed_start(choices)
        assert np.all(start.reduced >= 0.0)
        rows = [np.flatnonzero(choices.owner == k) for k in range(4)]
        for chosen in product(*rows):
            over, value = choices.rated(np.array(chosen))
            if over == 0.0:
                floor = start.bound + start.reduced[list(chosen)].sum()
                assert value >= floor - 1e-9 * abs(value)


def test_twenty_classes_of_sixty_designs_are_proven_without_an_integer_programme() -> None:
    found = assign(traffic_classes(20, 60, seed=2), {"energy_j": 0.7})
    assert (found.status, found.rounds) == ("optimal", 0)
    assert found.certificate.kind == "exact"
    assert found.used["energy_j"] <= 0.7 * (1 + 1e-9)
