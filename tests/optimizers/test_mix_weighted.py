"""Weighted classes: equal weights give the proven optimum, unequal ones stay above their bound."""

import itertools

import numpy as np
import pytest

from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_weighted import weighted_mix, weighted_rows
from analytic_models.optimizers.protocols import Table


def tables(seed: int, classes: int = 3, rows: int = 6) -> list[Table]:
    """Random classes at two shared stations, each with a private design."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(classes):
        work = rng.uniform(0.002, 0.02, (rows, 2))
        work[0] = 0.0
        delay = rng.uniform(0.0, 0.02, rows)
        delay[0] = 0.08
        rate = float(rng.uniform(10.0, 45.0))
        servers, rules = np.array([1.0, 1.0]), ("ps", "ps")
        found.append(Table(("link", "edge"), servers, rules, rate, delay, work, work**2))
    return found


def weighted(classes: list[Table], weights: list[float], rows: tuple[int, ...]) -> float:
    """Weighted mean of one plan per class, by adding up in loops."""
    offered = [0.0, 0.0]
    for table, row in zip(classes, rows, strict=True):
        for place in range(2):
            offered[place] += table.arrival_per_s * table.work_s[row][place]
    if max(offered) >= 1.0:
        return np.inf
    total = sum(w * t.arrival_per_s for w, t in zip(weights, classes, strict=True))
    mean = 0.0
    for weight, table, row in zip(weights, classes, rows, strict=True):
        own = table.delay_s[row]
        own += sum(table.work_s[row][place] / (1.0 - offered[place]) for place in range(2))
        mean += weight * table.arrival_per_s * own / total
    return float(mean)


@pytest.mark.parametrize("seed", range(8))
def test_equal_weights_give_the_proven_optimum(seed: int) -> None:
    classes = tables(seed)
    found, plain = weighted_mix(classes, [2.0, 2.0, 2.0]), solve_mix(classes)
    assert found.mean_s == pytest.approx(plain.mean_s, rel=1e-9)
    assert found.mix.certificate.kind == "gap"
    assert found.bound_s <= found.mean_s


@pytest.mark.parametrize("seed", range(12))
def test_a_weighted_mix_lies_between_its_bound_and_every_other_choice(seed: int) -> None:
    classes, weights = tables(seed), [1.0, 4.0, 0.5]
    found = weighted_mix(classes, weights)
    assert found.bound_s <= found.mean_s * (1 + 1e-9)
    singles = [weighted(classes, weights, rows) for rows in itertools.product(range(6), repeat=3)]
    assert found.mean_s <= min(singles) * (1 + 1e-6)
    values = np.array(weights) * [t.arrival_per_s for t in classes]
    for mix in (solve_mix(classes), solve_mix(classes, "selfish")):
        assert found.mean_s <= float(values @ mix.class_mean_s) / values.sum() * (1 + 1e-6)
    assert found.mean_s == pytest.approx(float(values @ found.mix.class_mean_s) / values.sum())
    assert found.mix.certificate.kind == "heuristic"
    assert found.mix.certificate.gap == pytest.approx(found.mean_s - found.bound_s)


@pytest.mark.parametrize("seed", range(12))
def test_one_plan_per_class_is_the_best_of_all_combinations(seed: int) -> None:
    classes, weights = tables(seed), [1.0, 4.0, 0.5]
    best = min(weighted(classes, weights, r) for r in itertools.product(range(6), repeat=3))
    starts = [[row] * 3 for row in range(6)]
    rows, mean = weighted_rows(classes, weights, starts)
    assert mean == pytest.approx(weighted(classes, weights, tuple(rows)), rel=1e-9)
    assert best * (1 - 1e-9) <= mean <= best * 1.02


def test_a_class_of_more_weight_is_served_faster() -> None:
    classes = tables(3)
    light, heavy = weighted_mix(classes, [1, 1, 1]), weighted_mix(classes, [1, 20, 1])
    assert heavy.mix.class_mean_s[1] <= light.mix.class_mean_s[1] * (1 + 1e-9)


def test_at_a_stationary_point_used_designs_cost_their_class_the_same_with_tolls() -> None:
    classes, weights = tables(5), np.array([1.0, 3.0, 1.0])
    found = weighted_mix(classes, list(weights))
    for owner, table in enumerate(classes):
        price = found.mix.sojourn + found.tolls / weights[owner]
        cost = table.delay_s + table.work_s @ price
        used = [cost[row] for row, share in found.mix.shares[owner].items() if share > 1e-3]
        assert max(used) <= cost.min() * (1 + 1e-3)


@pytest.mark.parametrize("weights", [[1.0, 2.0], [1.0, 0.0, 1.0], [1.0, -1.0, 1.0]])
def test_a_missing_or_empty_weight_is_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        weighted_mix(tables(0), weights)


def test_classes_that_overload_everything_have_no_mix() -> None:
    classes = tables(1)
    heavy = [
        Table(t.stations, t.servers, t.discipline, 5000.0, t.delay_s[1:], t.work_s[1:], t.work2_s2)
        for t in classes
    ]
    assert not np.isfinite(weighted_mix(heavy, [1.0, 2.0, 3.0]).mean_s)
    assert weighted_rows(heavy, [1.0, 2.0, 3.0], [[0, 0, 0]])[1] == np.inf
