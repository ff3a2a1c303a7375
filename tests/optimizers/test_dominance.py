"""Pruning never changes an optimum."""

import numpy as np
import pytest

from analytic_models.optimizers.dominance import prune
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.protocols import Table


def random_table(rng: np.random.Generator, rows: int) -> Table:
    work = np.round(rng.exponential(size=(rows, 3)) * (rng.random((rows, 3)) < 0.6), 1)
    delay = np.round(rng.exponential(size=rows) * 3, 1)
    servers = rng.integers(1, 5, size=3).astype(float)
    metrics = {"energy_j": np.round(rng.exponential(size=rows), 1), "top1_frac": rng.random(rows)}
    names = ("a", "b", "c")
    rate = float(rng.uniform(0.1, 3.0))
    return Table(names, servers, ("ps",) * 3, rate, delay, work, 2 * work**2, metrics)


def only(table: Table, rows: np.ndarray) -> Table:
    metrics = {name: values[rows] for name, values in table.metrics.items()}
    return Table(
        table.stations,
        table.servers,
        table.discipline,
        table.arrival_per_s,
        table.delay_s[rows],
        table.work_s[rows],
        table.work2_s2[rows],
        metrics,
    )


@pytest.mark.parametrize("seed", range(20))
def test_pruned_tables_have_the_full_optimum_for_every_load_and_capacity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        table = random_table(rng, 150)
        pruned = only(table, prune(table))
        assert len(pruned.delay_s) < 150
        best = single_plan_latency(table).min()
        assert single_plan_latency(pruned).min() == pytest.approx(best, rel=1e-12)
        full, reduced = solve_mix([table]).mean_s, solve_mix([pruned]).mean_s
        assert reduced == pytest.approx(full, rel=1e-9)


def test_constrained_optima_survive_when_their_metrics_are_named() -> None:
    rng = np.random.default_rng(77)
    for _ in range(100):
        table = random_table(rng, 120)
        pruned = only(table, prune(table, minimised=["energy_j"], maximised=["top1_frac"]))

        def best(some: Table) -> float:
            allowed = (some.metrics["energy_j"] <= 0.8) & (some.metrics["top1_frac"] >= 0.5)
            return float(np.where(allowed, single_plan_latency(some), np.inf).min())

        assert best(pruned) == best(table)


def test_equal_rows_are_kept_once_and_rows_without_a_metric_count_as_worst() -> None:
    work = np.zeros((3, 1))
    energy = np.array([1.0, 1.0, np.nan])
    table = Table(("a",), np.ones(1), ("ps",), 1.0, np.ones(3), work, work, {"energy_j": energy})
    assert prune(table, minimised=["energy_j"]).tolist() == [0]
    assert prune(table).tolist() == [0]


def test_rows_that_are_not_finite_are_dropped() -> None:
    work = np.array([[0.0], [np.inf], [0.1]])
    table = Table(("a",), np.ones(1), ("ps",), 1.0, np.array([np.nan, 0.0, 1.0]), work, work)
    assert prune(table).tolist() == [2]
