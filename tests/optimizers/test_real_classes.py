"""Real scenarios: three classes at one edge, and the order of optimum, single plans and rules."""

import dataclasses
import time

import numpy as np
import pytest

from analytic_models.design import Scenario, load_scenarios
from analytic_models.optimizers.assignment import assign
from analytic_models.optimizers.baselines import greedy_rows, load_blind_row
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.population import class_table, class_tables, joint_latency

SHIPPED = load_scenarios()
COORDINATION = SHIPPED["6-coordination"].scenario


def three_classes(scale: float = 1.0) -> list[Scenario]:
    """Put cameras, robots and phones of a shipped scenario at one edge site."""
    counts = [int(30 * scale), int(20 * scale), int(8 * scale)]
    kinds = [
        {"name": "cameras"},
        {"name": "robots", "dnn": "mobilenet_v2"},
        {"name": "phones", "dnn": "resnet18", "device": "rpi4b"},
    ]
    return [
        dataclasses.replace(COORDINATION, population_count=count, **kind)
        for count, kind in zip(counts, kinds, strict=True)
    ]


def optimum(scenario: Scenario) -> float:
    """Mean latency of the optimal mix, s."""
    return solve_mix([class_table(scenario)[0]]).mean_s


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_three_real_classes_are_mixed_below_every_single_choice(scale: float) -> None:
    tables, alone = class_tables(three_classes(scale))
    begun = time.process_time()
    system = solve_mix(tables)
    spent = time.process_time() - begun
    selfish = solve_mix(tables, "selfish")
    assert system.gap_s <= 1e-9 * system.mean_s
    assert selfish.gap_s <= 1e-9 * selfish.mean_s
    assert len([share for share in system.shares if share]) == 3
    slack = 1 + 1e-9
    single = assign(tables)
    assert system.mean_s <= selfish.mean_s * slack
    assert system.mean_s <= single.mean_s * slack
    blind = [load_blind_row(table) for table in tables]
    rules = [joint_latency(tables, rows) for rows in (blind, list(greedy_rows(tables)))]
    rules += [
        joint_latency(group, [int(single_plan_latency(t).argmin()) for t in group])
        for group in alone.values()
    ]
    assert all(single.mean_s <= mean * (1 + 1e-6) for mean in rules)
    # The bar is 0.5 s on an idle core; the limit leaves room for a shared one.
    assert spent < 2.0


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_optimal_mix_of_a_shipped_scenario_is_below_the_best_plan_and_all_rules(
    name: str,
) -> None:
    table, alone = class_table(SHIPPED[name].scenario)
    system, selfish = solve_mix([table]), solve_mix([table], "selfish")
    latency = single_plan_latency(table)
    best = float(latency.min())
    slack = 1 + 1e-9
    assert system.mean_s <= best * slack
    assert system.mean_s <= selfish.mean_s * slack
    assert best <= float(latency[load_blind_row(table)])
    assert best <= float(latency[greedy_rows([table])[0]])
    for rule in alone.values():
        assert best <= float(single_plan_latency(rule).min()) * slack


@pytest.mark.parametrize("name", ["1-factory", "3-hospital", "6-coordination"])
def test_the_optimum_of_a_shipped_scenario_moves_the_right_way(name: str) -> None:
    scenario = SHIPPED[name].scenario
    if name == "6-coordination":
        scenario = dataclasses.replace(scenario, population_count=55)

    def along(field: str, values: list[float]) -> np.ndarray:
        return np.array([optimum(dataclasses.replace(scenario, **{field: x})) for x in values])

    rising = along("arrival_per_s", [scenario.arrival_per_s * x for x in (0.01, 0.5, 1.0, 1.2)])
    finite = rising[np.isfinite(rising)]
    assert len(finite) >= 3
    assert np.all(np.diff(finite) >= -1e-9 * finite[:-1])
    for field, values in (
        ("uplink_bit_per_s", [1e7, 5e7, 2e8, 1e9, 1e11]),
        ("edge_servers_count", [1, 2, 4, 64]),
    ):
        falling = along(field, values)
        falling = falling[np.isfinite(falling)]
        assert len(falling) >= 3
        assert np.all(np.diff(falling) <= 1e-9 * falling[:-1])
    if scenario.accuracy_drop_max_pp is not None:
        drop = scenario.accuracy_drop_max_pp
        relaxed = along("accuracy_drop_max_pp", [drop, 2.0 * drop, 100.0])
        assert np.all(np.diff(relaxed) <= 1e-9 * relaxed[:-1])


def test_one_device_at_a_vanishing_rate_takes_the_idle_optimum() -> None:
    alone = dataclasses.replace(COORDINATION, population_count=1, arrival_per_s=1e-6)
    table, _ = class_table(alone)
    idle = float((table.delay_s + table.work_s.sum(axis=1)).min())
    mix = solve_mix([table])
    assert mix.mean_s == pytest.approx(idle, rel=1e-6)
    assert max(mix.shares[0].values()) == pytest.approx(1.0, rel=1e-9)


def test_a_link_without_limit_leaves_the_fastest_tier_and_no_link_leaves_the_device() -> None:
    quiet = dataclasses.replace(COORDINATION, population_count=1, arrival_per_s=1e-6)
    table, alone = class_table(dataclasses.replace(quiet, uplink_bit_per_s=1e12))
    fastest = min(float((t.delay_s + t.work_s.sum(axis=1)).min()) for t in alone.values())
    assert solve_mix([table]).mean_s <= fastest * (1 + 1e-6)
    _, alone = class_table(dataclasses.replace(quiet, uplink_bit_per_s=1e2))
    device = float((alone["device only"].delay_s).min())
    slow = optimum(dataclasses.replace(quiet, uplink_bit_per_s=1e2))
    assert slow == pytest.approx(device, rel=1e-9)
