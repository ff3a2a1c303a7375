"""Baselines never beat the optimum, and each does what its rule says."""

import numpy as np
import pytest

from analytic_models.optimizers.assignment import assign
from analytic_models.optimizers.baselines import (
    baseline_rows,
    graph_cut,
    greedy_rows,
    load_blind_row,
    only_row,
)
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mincut import Tensors
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.protocols import Table


def random_table(rng: np.random.Generator, servers: np.ndarray, rows: int = 30) -> Table:
    work = rng.exponential(size=(rows, 2)) * (rng.random((rows, 2)) < 0.7)
    delay = rng.exponential(size=rows) * 2
    work[0], delay[0] = 0.0, 5.0
    rate = float(rng.uniform(0.1, 2.0))
    return Table(("a", "b"), servers, ("ps", "ps"), rate, delay, work, work**2)


@pytest.mark.parametrize("seed", range(10))
def test_optimum_is_below_the_best_single_plan_and_that_below_each_baseline(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        table = random_table(rng, rng.integers(1, 4, size=2).astype(float))
        best = single_plan_latency(table).min()
        assert solve_mix([table]).mean_s <= best * (1 + 1e-9)
        tiers = {"device only": table.work_s.sum(axis=1) == 0, "a only": table.work_s[:, 1] == 0}
        found = baseline_rows(table, tiers)
        assert [rule.name for rule in found] == ["device only", "a only", "load-blind cut"]
        assert all(best <= rule.loaded_s for rule in found)
        assert all(rule.certificate.kind == "heuristic" for rule in found)


def test_greedy_classes_never_beat_the_joint_assignment() -> None:
    rng = np.random.default_rng(30)
    for _ in range(20):
        servers = rng.integers(1, 4, size=2).astype(float)
        classes = [random_table(rng, servers, 8) for _ in range(3)]
        rows = greedy_rows(classes)
        rates = np.array([table.arrival_per_s for table in classes])
        picked = [table.work_s[row] for table, row in zip(classes, rows, strict=True)]
        work = rates @ np.array(picked)
        delay = [table.delay_s[row] for table, row in zip(classes, rows, strict=True)]
        total = rates @ np.array(delay) + Stations(servers).number(work).sum()
        assert assign(classes).mean_s <= total / rates.sum() * (1 + 1e-6)


def test_the_load_blind_rule_ignores_the_load() -> None:
    work = np.array([[0.0], [0.1]])
    table = Table(("link",), np.ones(1), ("ps",), 20.0, np.array([0.5, 0.0]), work, work)
    assert load_blind_row(table) == 1
    assert baseline_rows(table, {})[0].loaded_s == np.inf
    assert load_blind_row(table, np.array([True, False])) == 0


def test_rules_without_a_choice_say_so() -> None:
    table = random_table(np.random.default_rng(1), np.ones(2))
    nothing = np.zeros(30, dtype=bool)
    assert only_row(table, nothing) == -1
    assert load_blind_row(table, nothing) == -1


def test_an_overloading_tier_falls_back_to_the_idle_choice() -> None:
    work = np.array([[0.3], [0.2]])
    table = Table(("link",), np.ones(1), ("ps",), 20.0, np.zeros(2), work, work)
    assert only_row(table, np.ones(2, dtype=bool)) == 1


def test_the_graph_cut_of_a_chain_is_its_best_single_cut() -> None:
    rng = np.random.default_rng(12)
    tensors = Tensors(np.arange(9), np.arange(9), np.arange(1, 10))
    for _ in range(50):
        near, far, send = rng.random(10) * 3, rng.random(10), rng.random(9) * 4
        far[0] = np.inf
        cuts = [
            near[:cut].sum() + far[cut:].sum() + (send[cut - 1] if cut < 10 else 0.0)
            for cut in range(1, 11)
        ]
        assert graph_cut(near, far, tensors, send).cost == pytest.approx(min(cuts), rel=1e-9)
