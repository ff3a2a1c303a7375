"""The bench of the optimisers: instances that bind, verdicts that follow the figures."""

import json
import math

import numpy as np
import pytest

from analytic_models import cli, cli_commands
from analytic_models.bench_instances import (
    budgeted_chain,
    layer_graph,
    point_cloud,
    traffic_classes,
)
from analytic_models.bench_optimisers import Goal, measure_optimisers
from analytic_models.bench_timing import shortest
from analytic_models.optimizers.chain import place_chain
from analytic_models.optimizers.chain_budgets import place_chain_within
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.pareto import pareto_mask

GOALS = [
    Goal("fast_ms", "A fast one", 0.5, "ms", 1.0, note="proven optimal"),
    Goal("slow_ratio", "A ratio", 3.0, "×", 10.0, ">="),
    Goal("plain_ms", "Nothing promised", 7.0, "ms"),
]


def test_a_target_is_met_on_its_own_side_only() -> None:
    assert [goal.met for goal in GOALS] == [True, False, None]


@pytest.mark.parametrize("kind", ["even", "arcs", "heavy"])
def test_budgets_of_the_chain_instances_bind_and_can_be_met(kind: str) -> None:
    for seed in range(3):
        chain = budgeted_chain(20, 3, 4, seed, kind)
        again = budgeted_chain(20, 3, 4, seed, kind)
        assert np.array_equal(chain.uses, again.uses)
        assert np.array_equal(chain.arcs, again.arcs)
        free = place_chain(chain.arcs)
        before = np.concatenate([[0], free.tier[:-1]])
        taken = chain.uses[:, np.arange(20), before, free.tier, free.option].sum(axis=1)
        assert np.any(taken > chain.budgets)
        plan = place_chain_within(chain.arcs, chain.uses, chain.budgets)
        assert plan.status == "optimal"
        assert plan.cost > free.cost


def test_graph_instances_are_connected_and_start_on_the_device() -> None:
    run, tensors, send = layer_graph(50, 3, seed=1)
    assert np.isinf(run[0, 1:]).all()
    assert set(tensors.edge_consumer.tolist()) == set(range(1, 50))
    assert np.all(tensors.producer[tensors.edge_tensor] < tensors.edge_consumer)
    assert send.shape == (49, 2)


def test_class_instances_need_several_designs() -> None:
    found = solve_mix(traffic_classes(3, 200, seed=1))
    assert found.gap_s <= 1e-9 * found.mean_s
    assert found.utilisation.max() > 0.3


def test_trade_off_clouds_have_many_more_best_points_than_uniform_ones() -> None:
    counts = [pareto_mask(point_cloud(20_000, 3, 1, k)).sum() for k in ("trade-off", "uniform")]
    assert counts[0] > 10 * counts[1] > 0


def test_the_command_prints_the_target_beside_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def measured(say: object, instances: int) -> list[Goal]:
        asked.append(instances)
        return GOALS

    monkeypatch.setattr(cli_commands, "measure_optimisers", measured)
    assert cli.main(["bench", "--optimisers", "--milp", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ("≤ 1 ms" in lines[1], "met" in lines[1]) == (True, True)
    assert ("≥ 10 ×" in lines[2], "missed" in lines[2]) == (True, True)
    assert not {"met", "missed"} & set(lines[3].split())
    assert cli.main(["bench", "--optimisers", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["slow_ratio"] == {
        "value": 3.0, "unit": "×", "target": 10.0, "sense": ">=", "met": False, "note": "",
    }  # fmt: skip
    assert told["plain_ms"]["target"] is None
    assert asked == [4, 1]


def test_every_target_of_the_optimisers_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    # One short run of everything: sizes are cut, so that only the list is looked at.
    small = {
        "_CHAIN": (8, 3, 3), "_CHAIN_SEEDS": range(1), "_POINTS": 5_000, "_LEAST_DESIGNS": 10,
        "_MAP_CELLS": 4, "_NODES": 50, "_MIXED": (3, 100), "_ASSIGNED": (4, 8),
        "shortest": lambda run, runs, warm_ups: shortest(run, 1, 0),
    }  # fmt: skip
    for name, value in small.items():
        monkeypatch.setattr(f"analytic_models.bench_optimisers.{name}", value)
    said: list[str] = []
    goals = {goal.name: goal for goal in measure_optimisers(said.append, instances=1)}
    assert {name for name, goal in goals.items() if not math.isnan(goal.target)} == {
        "chain_ms", "budgets_even_ms", "budgets_arcs_ms", "budgets_heavy_ms", "budgets_ratio",
        "cut_ms", "decision_ms", "mix_s", "assign_s", "assign_budget_s", "optimum_s", "map_s",
        "front_2_trade-off_ratio", "front_3_trade-off_ratio",
        "front_2_uniform_ratio", "front_3_uniform_ratio",
    }  # fmt: skip
    assert all(goal.value > 0.0 for goal in goals.values())
    assert goals["budgets_ratio"].note == "1 of 1 solved have the same optimum"
    assert any("milp" in words for words in said)
