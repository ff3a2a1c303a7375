"""A mix played request by request: against the convex programme, against single cases, refusals."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from analytic_models import Case, DesignError, load_scenarios
from analytic_models.demand import DemandTable
from analytic_models.design import Scenario
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.population import class_table, class_tables
from analytic_models.simulation import SimulationCancelled
from analytic_models.simulation.case import simulate
from analytic_models.simulation.mix import Part, mix_route, simulate_mix
from tests.optimizers.test_real_classes import three_classes

SHARED = load_scenarios()["6-coordination"]


def parts_of(
    scenarios: Sequence[Scenario],
    tables: Sequence[DemandTable],
    shares: Sequence[Mapping[int, float]],
) -> list[Part]:
    return [
        Part(Case(scenario, table.designs.design(int(table.rows[row]))), share, owner)
        for owner, (scenario, table, mine) in enumerate(zip(scenarios, tables, shares, strict=True))
        for row, share in mine.items()
    ]


def optimum(count: int = 62) -> tuple[MixSolution, list[Part]]:
    scenario = dataclasses.replace(SHARED.scenario, population_count=count)
    table, _ = class_table(scenario)
    mix = solve_mix([table])
    return mix, parts_of([scenario], [table], mix.shares)


def test_the_optimal_mix_of_shared_stations_takes_what_the_programme_says() -> None:
    mix, parts = optimum()
    assert len(parts) > 1
    run = simulate_mix(parts, 200_000, seed=3)
    assert run.whole.steady
    assert run.whole.mean_s.value == pytest.approx(mix.mean_s, rel=0.02)
    assert run.whole.mean_s.half_width < 0.02 * mix.mean_s
    busy = {s.name: s.utilisation_frac for s in run.whole.stations}
    assert busy["uplink"] == pytest.approx(mix.utilisation[0], rel=0.02)
    assert busy["edge"] == pytest.approx(mix.utilisation[1], rel=0.02)


def test_every_class_of_a_mix_takes_what_the_programme_says_for_it() -> None:
    scenarios = three_classes()
    tables, _ = class_tables(scenarios)
    mix = solve_mix(tables)
    run = simulate_mix(parts_of(scenarios, tables, mix.shares), 200_000, seed=5, queues="shared")
    assert len(run.classes) == 3
    for found, expected in zip(run.classes, mix.class_mean_s, strict=True):
        assert found.mean_s.value == pytest.approx(expected, rel=0.03)
        assert 0 < found.p95_s.value <= found.p99_s.value
    rates = [s.population_count * s.arrival_per_s for s in scenarios]
    shares = [part.requests / run.whole.sojourn_s.size for part in run.classes]
    assert shares == pytest.approx([rate / sum(rates) for rate in rates], rel=0.02)


def test_a_mix_of_one_design_is_that_case() -> None:
    case = SHARED.with_scenario(population_count=20)
    alone = simulate(case, 100_000, seed=1)
    mixed = simulate_mix([Part(case, 1.0)], 100_000, seed=1)
    assert mixed.whole.mean_s.value == pytest.approx(alone.mean_s.value, rel=0.02)
    assert mixed.classes[0].p99_s.value == pytest.approx(alone.p99_s.value, rel=0.05)
    assert mixed.classes[0].miss_frac.value == pytest.approx(alone.miss_frac.value, abs=0.01)


def test_queues_in_order_of_arrival_make_another_mean_than_shared_ones() -> None:
    case = SHARED.with_scenario(population_count=50, uplink_discipline="fcfs")
    ordered = simulate_mix([Part(case, 1.0)], 60_000, seed=2)
    shared = simulate_mix([Part(case, 1.0)], 60_000, seed=2, queues="shared")
    assert ordered.whole.mean_s.high < shared.whole.mean_s.low


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    _, parts = optimum()
    first, again, other = (simulate_mix(parts, 20_000, seed=seed) for seed in (4, 4, 5))
    assert first.whole.mean_s == again.whole.mean_s
    assert first.whole.mean_s != other.whole.mean_s


def test_devices_on_a_plan_are_whole_and_rounding_is_said() -> None:
    _, parts = optimum()
    halves = [
        dataclasses.replace(parts[0], share=0.985),
        dataclasses.replace(parts[1], share=0.015),
    ]
    small = [dataclasses.replace(p, case=p.case.with_scenario(population_count=30)) for p in halves]
    route, _, _, remarks = mix_route(small)
    assert all(s.servers >= 1 for s in route.stations)
    assert any("played as" in remark for remark in remarks)


def test_progress_is_told_and_ends_a_run() -> None:
    _, parts = optimum()
    seen: list[float] = []

    def stop(share: float) -> bool:
        seen.append(share)
        return share < 0.5

    with pytest.raises(SimulationCancelled):
        simulate_mix(parts, 50_000, progress=stop)
    assert 0 < seen[0] < seen[-1] <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"share": 0.5}, "shares sum to 0.5"),
        ({"case": SHARED.with_scenario(arrivals="periodic")}, "cannot be mixed"),
    ],
)
def test_what_is_no_mix_is_refused_with_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DesignError, match=words):
        simulate_mix([dataclasses.replace(Part(SHARED, 1.0), **change)], 20_000)


def test_classes_that_meet_different_stations_are_refused() -> None:
    other = SHARED.with_scenario(edge_servers_count=2)
    with pytest.raises(DesignError, match="another edge"):
        simulate_mix([Part(SHARED, 1.0, 0), Part(other, 1.0, 1)], 20_000)


def test_nothing_is_not_a_mix() -> None:
    with pytest.raises(DesignError, match="has no part"):
        simulate_mix([], 20_000)


def test_a_part_is_plain_data() -> None:
    _, parts = optimum()
    assert json.loads(parts[0].case.to_json())["design"]
