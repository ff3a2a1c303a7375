"""What rows of a space share is computed once, and nothing else changes by that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analytic_models import Scenario, load_scenarios
from analytic_models.batch import Batch, batch_of
from analytic_models.bench import BENCH_QUANTITIES
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import run_batch
from analytic_models.groups import GROUPED_COLUMNS, group_rows
from analytic_models.optimizers.space import default_space, enumerate_designs
from analytic_models.pipeline import PIPELINE
from taxonomy.load import load_taxonomy

PRESETS = {name: case.scenario for name, case in load_scenarios().items()}
VARIANTS: dict[str, dict[str, object]] = {
    "as shipped": {},
    "shared machines": {"edge_discipline": "ps", "cloud_discipline": "ps"},
    "batches": {"edge_discipline": "batch", "cloud_discipline": "batch"},
    "spread and several servers": {"compute_scv": 0.5, "message_scv": 2.0, "edge_servers_count": 3},
}


def _rows(scenario: Scenario, count: int = 60_000) -> DesignSet:
    """Return enough designs that groups pay, in an order that mixes all of them."""
    designs = enumerate_designs(scenario, default_space(scenario))
    return designs.take(np.random.default_rng(3).integers(0, len(designs), count))


def _without_groups(batch: Batch) -> Batch:
    return dataclasses.replace(batch, groups={})


@pytest.mark.parametrize("name", list(PRESETS))
def test_rows_of_a_combination_agree_in_every_column_of_their_group(name: str) -> None:
    batch = batch_of(PRESETS[name], _rows(PRESETS[name]))
    assert batch.groups, "no group paid: nothing was tested"
    for group_name, group in batch.groups.items():
        for column in GROUPED_COLUMNS[group_name]:
            values = np.broadcast_to(np.asarray(batch.columns[column]), (batch.size,))
            np.testing.assert_array_equal(values[group.first][group.index], values, column)


@pytest.mark.parametrize("variant", list(VARIANTS))
@pytest.mark.parametrize("name", ["1-factory", "3-hospital"])
def test_every_quantity_is_the_same_row_by_row_and_by_groups(name: str, variant: str) -> None:
    scenario = dataclasses.replace(PRESETS[name], **VARIANTS[variant])
    batch = batch_of(scenario, _rows(scenario))
    assert batch.groups
    for wanted in (PIPELINE.order, BENCH_QUANTITIES, ("latency_mean_s",), ("edge_wait_s",)):
        grouped, alone = run_batch(batch, wanted), run_batch(_without_groups(batch), wanted)
        for quantity in wanted:
            np.testing.assert_allclose(
                grouped[quantity], alone[quantity], rtol=1e-12, err_msg=quantity
            )


def test_techniques_act_on_groups_as_on_rows() -> None:
    scenario = PRESETS["1-factory"]
    techniques: dict[str, dict[str, float]] = {name: {} for name in load_taxonomy().executable}
    designs = dataclasses.replace(_rows(scenario), techniques=techniques)
    batch = batch_of(scenario, designs)
    assert batch.groups
    assert batch.effects
    grouped, alone = (
        run_batch(batch, BENCH_QUANTITIES),
        run_batch(_without_groups(batch), BENCH_QUANTITIES),
    )
    for quantity in BENCH_QUANTITIES:
        np.testing.assert_allclose(grouped[quantity], alone[quantity], rtol=1e-12)


def test_a_field_swept_along_with_the_designs_is_taken_row_by_row() -> None:
    scenario = PRESETS["1-factory"]
    designs = _rows(scenario)
    load = np.random.default_rng(4).uniform(0.5, 3.0, len(designs))
    batch = batch_of(scenario, designs, {"arrival_per_s": load})
    grouped, alone = (
        run_batch(batch, BENCH_QUANTITIES),
        run_batch(_without_groups(batch), BENCH_QUANTITIES),
    )
    for quantity in BENCH_QUANTITIES:
        np.testing.assert_allclose(grouped[quantity], alone[quantity], rtol=1e-12)


def test_groups_number_the_combinations_that_occur() -> None:
    first, second = np.tile([0, 1, 1, 3], 25), np.tile([2, 0, 0, 2], 25)
    group = group_rows([first, second])
    assert group is not None
    assert len(group.first) == 3
    np.testing.assert_array_equal(first[group.first][group.index], first)
    np.testing.assert_array_equal(second[group.first][group.index], second)


def test_no_group_is_made_where_nearly_every_row_is_its_own() -> None:
    assert group_rows([np.arange(100)]) is None
    assert group_rows([np.arange(100), np.arange(100)]) is None
