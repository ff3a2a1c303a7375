"""The five placements that Scission published for VGG-19, from measured blocks, by enumeration.

Lockhart et al. (2020), repository qub-blesson/Scission at commit b765b2b, README: Raspberry Pi 4,
edge and cloud with Keras layer 10 at the edge and layer 16 in the cloud, the device in use.
"""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models import Case, evaluate, explain, load_scenarios, optimize
from analytic_models.batch import batch_of
from analytic_models.evaluation import run_batch
from analytic_models.optimizers.space import Space, enumerate_designs

CASE = load_scenarios()["5-scission"]
EDGES = ("scission_i5_2500", "scission_vm_2core")
CLOUDS = ("scission_i7_6700k", "scission_i7_6700k_gpu")
# Block b holds Keras layer b + 1, so layer 10 is block 9 and layer 16 is block 15.
SPACE = Space(pins=((9, "edge"), (15, "cloud")), use=("device",))
# Seconds, first edge block, first cloud block, edge machine, cloud machine.
PUBLISHED = [
    (9.0106, 6, 11, "scission_vm_2core", "scission_i7_6700k_gpu"),
    (9.0594, 6, 11, "scission_i5_2500", "scission_i7_6700k_gpu"),
    (9.0721, 6, 11, "scission_vm_2core", "scission_i7_6700k"),
    (9.1209, 6, 11, "scission_i5_2500", "scission_i7_6700k"),
    (9.1511, 6, 12, "scission_vm_2core", "scission_i7_6700k_gpu"),
]


@pytest.mark.parametrize(("seconds", "cut1", "cut2", "edge", "cloud"), PUBLISHED)
def test_each_published_placement_is_reproduced_to_a_tenth_of_a_millisecond(
    seconds: float, cut1: int, cut2: int, edge: str, cloud: str
) -> None:
    case = CASE.with_scenario(edge=edge, cloud=cloud).with_design(cut1=cut1, cut2=cut2)
    result = evaluate(case)
    assert result.value("latency_idle_s") == pytest.approx(seconds, abs=1e-4)
    assert result.value("raw_input_leaves_flag") == 0.0


def test_enumeration_returns_the_published_placements_in_their_order() -> None:
    rows = []
    for edge in EDGES:
        for cloud in CLOUDS:
            scenario = CASE.with_scenario(edge=edge, cloud=cloud).scenario
            designs = enumerate_designs(scenario, SPACE)
            latency = run_batch(batch_of(scenario, designs), ["latency_idle_s"])["latency_idle_s"]
            cuts = zip(np.asarray(designs.cut1), np.asarray(designs.cut2), strict=True)
            rows += [
                (float(t), int(i), int(j), edge, cloud)
                for t, (i, j) in zip(latency, cuts, strict=True)
            ]
    found = sorted(rows)[:5]
    assert [row[1:] for row in found] == [row[1:] for row in PUBLISHED]
    np.testing.assert_allclose(
        [row[0] for row in found], [row[0] for row in PUBLISHED], rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_optimiser_finds_the_best_placement_of_each_pair_of_machines(rank: int) -> None:
    seconds, cut1, cut2, edge, cloud = PUBLISHED[rank]
    scenario = CASE.with_scenario(edge=edge, cloud=cloud).scenario
    solution = optimize(scenario, "latency_idle_s", over=SPACE)
    assert solution.status == "optimal"
    assert solution.certificate.kind == "exact"
    assert solution.value == pytest.approx(seconds, abs=1e-4)
    assert solution.case is not None
    assert (solution.case.design.cut1, solution.case.design.cut2) == (cut1, cut2)


def test_the_runner_up_of_the_best_pair_is_the_fifth_published_placement() -> None:
    solution = optimize(CASE.scenario, "latency_idle_s", over=SPACE)
    assert solution.runner_up is not None
    assert solution.runner_up.value("latency_idle_s") == pytest.approx(9.1511, abs=1e-4)


def test_the_latency_is_the_sum_of_blocks_and_two_transfers_of_stored_tensors() -> None:
    root = explain(CASE, "latency_idle_s")
    origins = {leaf.quantity: leaf.origin for leaf in root.leaves()}
    assert origins["nominal_message_bit"] == "measured"
    assert origins["uplink_rtt_s"] == "measured"
    assert sum(origin == "measured" for origin in origins.values()) > 25
    assert root.recompute() == pytest.approx(root.value, rel=1e-12)


def test_blocks_that_were_not_measured_on_a_machine_are_not_known_and_say_why() -> None:
    case: Case = CASE.with_scenario(edge="jetson_agx_orin")
    result = evaluate(case, ["latency_idle_s"])
    assert np.isnan(result.value("latency_idle_s"))
    assert "were measured on" in result.reason("latency_idle_s")


def test_a_reduced_precision_was_not_measured_and_is_not_known() -> None:
    result = evaluate(CASE.with_design(edge_precision="int8"), ["latency_idle_s"])
    assert np.isnan(result.value("latency_idle_s"))
    assert "fp32" in result.reason("latency_idle_s")
