"""Phase maps: equal to a full search of every cell, refined from coarse to fine, ties as ties."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from analytic_models import Design, DesignError, Scenario, load_scenarios, sweep
from analytic_models.batch import batch_of
from analytic_models.design import Case
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import run_batch
from analytic_models.optimizers.break_even import break_even
from analytic_models.optimizers.phase import PhaseMap, phase_map
from analytic_models.optimizers.phase_field import AXES, Axis, axis_over
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

SMALL = Space(
    ("fp32", "fp16"), ("fp32", "int8"), ("fp32",), ("raw-uint8", "jpeg-q95"), ("fp32", "int8")
)
FACTORY = load_scenarios()["1-factory"].scenario


def last(
    scenario: Scenario, x: Axis, y: Axis, objective: str, space: Space | None = SMALL
) -> PhaseMap:
    return list(phase_map(scenario, x, y, objective, over=space))[-1]


def full_search(scenario: Scenario, x: Axis, y: Axis, objective: str, space: Space) -> np.ndarray:
    """Best objective of every cell by evaluating every design of the space there."""
    designs = enumerate_designs(scenario, space)
    best = np.full((len(y.values), len(x.values)), np.nan)
    for j, down in enumerate(y.values):
        for i, right in enumerate(x.values):
            floor, swept = scenario.accuracy_drop_max_pp, {}
            for name, value in ((x.name, right), (y.name, down)):
                if name == "accuracy_drop_max_pp":
                    floor = value
                else:
                    swept[name] = np.full(len(designs), value)
            wanted = (objective, "stable_flag", "memory_frac", "accuracy_drop_pp")
            found = run_batch(batch_of(scenario, designs, swept), wanted)
            allowed = (found["stable_flag"] > 0.0) & (found["memory_frac"] <= 1.0)
            if floor is not None:
                allowed &= found["accuracy_drop_pp"] <= floor * (1.0 + 1e-12)
            values = np.where(allowed, found[objective], np.inf)
            if np.isfinite(values).any():
                best[j, i] = values[np.isfinite(values)].min()
    return best


PAIRS = [
    ("uplink_bit_per_s", 1e6, 1e9, "population_count", 1, 400),
    ("uplink_rtt_s", 1e-4, 0.2, "arrival_per_s", 0.5, 80),
    ("edge_servers_count", 1, 16, "backhaul_bit_per_s", 1e6, 1e9),
    ("uplink_background_frac", 0.01, 0.95, "compute_scv", 0.01, 4.0),
    ("uplink_bit_per_s", 1e6, 1e9, "accuracy_drop_max_pp", 0.005, 2.0),
    ("accuracy_drop_max_pp", 0.005, 2.0, "population_count", 1, 400),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}-{pair[3]}")
@pytest.mark.parametrize(
    "objective", ["latency_mean_s", "energy_total_j", "cost_usd", "energy_device_j"]
)
def test_map_equals_a_full_search_of_every_cell(
    pair: tuple[str, float, float, str, float, float], objective: str
) -> None:
    x, y = axis_over(*pair[:3], 9), axis_over(*pair[3:], 8)
    found = last(FACTORY, x, y, objective)
    expected = full_search(FACTORY, x, y, objective, SMALL)
    np.testing.assert_array_equal(np.isnan(found.value), np.isnan(expected))
    np.testing.assert_allclose(found.value, expected, rtol=1e-12, equal_nan=True)
    np.testing.assert_array_equal(found.winner < 0, np.isnan(expected))
    assert found.certificate.kind == "exact"


def test_winner_has_the_value_of_its_cell_when_it_is_evaluated_alone() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 40), axis_over("population_count", 1, 200, 40)
    found = last(FACTORY, x, y, "latency_mean_s", None)
    generator = np.random.default_rng(3)
    for _ in range(25):
        j, i = generator.integers(len(y.values)), generator.integers(len(x.values))
        case = Case(FACTORY, found.designs[found.winner[j, i]])
        alone = sweep(case, {x.name: [x.values[i]], y.name: [y.values[j]]}, ["latency_mean_s"])
        assert found.value[j, i] == pytest.approx(alone.value("latency_mean_s"), rel=1e-12)


def test_maps_refine_until_every_cell_is_its_own() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 60), axis_over("population_count", 1, 300, 60)
    sides = [found.box for found in phase_map(FACTORY, x, y, over=SMALL)]
    assert sides == sorted(sides, reverse=True)
    assert sides[-1] == 1
    assert len(sides) >= 4


def test_limits_of_energy_and_cost_hold_in_every_cell() -> None:
    tight = dataclasses.replace(FACTORY, energy_max_j=0.05, cost_max_usd=3e-6)
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 7), axis_over("population_count", 1, 400, 7)
    found = last(tight, x, y, "latency_mean_s")
    for j, i in np.argwhere(found.winner >= 0):
        case = Case(tight, found.designs[found.winner[j, i]])
        there = sweep(case, {x.name: [x.values[i]], y.name: [y.values[j]]})
        assert there.value("energy_device_j") <= 0.05
        assert there.value("cost_usd") <= 3e-6
    assert (found.winner >= 0).any()
    assert (found.winner < 0).any()


def test_raw_input_that_must_stay_is_never_sent() -> None:
    private = dataclasses.replace(FACTORY, raw_input_stays_flag=True)
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 6), axis_over("population_count", 1, 100, 6)
    found = last(private, x, y, "latency_mean_s")
    assert all(design.cut1 > 0 for design in found.designs)


def test_designs_within_the_margin_are_reported_as_ties() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 12), axis_over("population_count", 1, 100, 12)
    strict, loose = (
        list(phase_map(FACTORY, x, y, "latency_mean_s", tie=tie, over=SMALL))[-1]
        for tie in (1e-9, 0.05)
    )
    np.testing.assert_array_equal(strict.value, loose.value)
    assert strict.tied.sum() < loose.tied.sum() < loose.tied.size
    assert (loose.runner_up != loose.winner)[loose.runner_up >= 0].all()


def test_percentiles_are_not_promised() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 5), axis_over("population_count", 1, 100, 5)
    assert last(FACTORY, x, y, "latency_p99_s").certificate.kind == "heuristic"


def test_best_value_falls_with_the_rate_and_rises_with_the_load() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e5, 1e10, 20), axis_over("population_count", 1, 900, 20)
    found = last(FACTORY, x, y, "latency_mean_s").value
    value = np.where(np.isnan(found), np.inf, found)
    assert (value[:, 1:] <= value[:, :-1] * (1.0 + 1e-12)).all()
    assert (value[1:] >= value[:-1] * (1.0 - 1e-12)).all()


def test_no_rate_leaves_everything_on_the_device() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e2, 1e3, 4), axis_over("population_count", 1, 9, 4)
    own = load_scenarios()["6-coordination"].scenario
    found = last(own, x, y, "latency_mean_s")
    assert {found.designs[winner].cut1 for winner in found.winner.ravel()} == {20}


def test_sixty_by_sixty_cells_take_no_longer_than_a_second_and_a_half() -> None:
    x, y = axis_over("uplink_bit_per_s", 1e6, 1e9, 60), axis_over("arrival_per_s", 0.1, 60.0, 60)
    spent = []
    for _ in range(3):
        begun = time.process_time()
        last(FACTORY, x, y, "latency_mean_s", None)
        spent.append(time.process_time() - begun)
    assert min(spent) <= 1.5


def test_break_even_rate_makes_both_designs_equally_fast() -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    local, remote = Design(cut1=20, cut2=20, device_precision="fp16"), Design(cut1=0, cut2=20)
    # The closed form knows the queue of the link only, so the edge site gets many servers.
    quick = dataclasses.replace(scenario, edge_servers_count=256, uplink_background_frac=0.25)
    other = axis_over("population_count", 1, 200, 9)
    found = break_even(quick, other, local, remote)
    assert found is not None
    for count, rate in zip(other.values, found.rate_bit_per_s, strict=True):
        latency = [
            sweep(Case(quick, design), {"population_count": [count], "uplink_bit_per_s": [rate]})
            for design in (local, remote)
        ]
        assert latency[0].value("latency_mean_s") == pytest.approx(
            latency[1].value("latency_mean_s"), rel=1e-6
        )


def test_break_even_is_infinite_where_the_round_trip_alone_is_too_long() -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    other = axis_over("uplink_rtt_s", 1e-3, 1.0, 5)
    local, remote = Design(cut1=20, cut2=20, device_precision="fp16"), Design(cut1=0, cut2=20)
    found = break_even(scenario, other, local, remote)
    assert found is not None
    assert np.isfinite(found.rate_bit_per_s[0])
    assert np.isinf(found.rate_bit_per_s[-1])


def test_break_even_is_not_offered_for_other_axes_or_queues_in_order() -> None:
    local, remote = Design(cut1=20, cut2=20), Design(cut1=0, cut2=20)
    assert break_even(FACTORY, axis_over("edge_pue", 1.0, 2.0, 3), local, remote) is None
    queued = dataclasses.replace(FACTORY, uplink_discipline="fcfs")
    count = axis_over("population_count", 1, 9, 3)
    assert break_even(queued, count, local, remote) is None


def test_axes_that_make_no_map_are_refused() -> None:
    x = axis_over("population_count", 1, 10, 3)
    with pytest.raises(DesignError, match="both are"):
        last(FACTORY, x, x, "latency_mean_s")
    with pytest.raises(DesignError, match="cannot be an axis"):
        axis_over("deadline_s", 0.1, 1.0, 3)
    with pytest.raises(DesignError, match="no extent"):
        axis_over("population_count", 5, 5, 3)
    with pytest.raises(DesignError, match="starts at 0"):
        axis_over("uplink_rtt_s", 0.0, 1.0, 3)


def test_axis_keeps_to_the_bounds_and_whole_numbers_of_its_field() -> None:
    counts = axis_over("population_count", 0.1, 4.0, 60).values
    np.testing.assert_array_equal(counts, [1.0, 2.0, 3.0, 4.0])
    assert "accuracy_drop_max_pp" in AXES
    assert axis_over("uplink_background_frac", 0.5, 7.0, 3, False).values[-1] == 0.99


def test_pruned_designs_hold_the_optimum_of_all_on_random_scenarios() -> None:
    generator = np.random.default_rng(11)
    designs = enumerate_designs(FACTORY, SMALL)
    assert isinstance(designs, DesignSet)
    for _ in range(40):
        scenario = dataclasses.replace(
            FACTORY,
            arrival_per_s=float(generator.uniform(0.1, 20.0)),
            edge_servers_count=int(generator.integers(1, 8)),
            uplink_rtt_s=float(generator.uniform(0.0, 0.05)),
            backhaul_rtt_s=float(generator.uniform(0.0, 0.1)),
            message_scv=float(generator.uniform(0.0, 2.0)),
        )
        x = axis_over("uplink_bit_per_s", 1e6, 1e9, 3)
        y = axis_over("population_count", 1, 300, 3)
        found = last(scenario, x, y, "latency_mean_s").value
        np.testing.assert_allclose(
            found, full_search(scenario, x, y, "latency_mean_s", SMALL), rtol=1e-12, equal_nan=True
        )
    assert len(default_space(FACTORY).input_encodings) > 2
