"""Growing populations: four ways to choose, their thresholds, and the shipped worked table."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from analytic_models import DesignError, Scenario, load_scenarios
from analytic_models.demand import demand_table
from analytic_models.optimizers.population import (
    Population,
    class_table,
    class_tables,
    feasible_rows,
    population_curves,
)
from analytic_models.optimizers.population_limits import thresholds
from analytic_models.optimizers.protocols import Table
from analytic_models.optimizers.space import default_space, enumerate_designs

RATE = 5.0
COUNTS = np.array([20.0, 40.0, 55.0, 62.0, 70.0, 100.0, 150.0, 400.0])
# Worked table of the design notes: 40 kB over 100 Mbit/s, a device of 59.4 ms. The rest of the
# remote path is not stated there: 4.7 ms is what their 9.5 ms at 20 devices leaves.
WORKED = {
    "blind": [9.5, 13.7, 31.6, 404.9, np.inf, np.inf, np.inf, np.inf],
    "best": [9.5, 13.7, 31.6, 42.9, 44.4, 58.3, 59.4, 59.4],
    "system": [9.5, 13.7, 23.8, 27.8, 31.4, 39.8, 46.4, 54.5],
    "selfish": [9.5, 13.7, 31.6, 59.4, 59.4, 59.4, 59.4, 59.4],
}
LINK_S, REST_S, LOCAL_S = 0.0032, 0.0047, 0.0594


def link_and_device(devices: float, rest_s: float = REST_S) -> Table:
    work = np.array([[LINK_S], [0.0]])
    delay = np.array([rest_s, LOCAL_S])
    return Table(("uplink",), np.ones(1), ("ps",), RATE * devices, delay, work, work**2)


@pytest.fixture(scope="module")
def shipped() -> Population:
    scenario = load_scenarios()["6-coordination"].scenario
    table, alone = class_table(scenario)
    rules = {name: [found] for name, found in alone.items()}
    return population_curves([table], COUNTS, scenario.population_count, rules)


def means(found: Population) -> dict[str, np.ndarray]:
    return {
        "blind": found.blind.mean_s,
        "best": found.best.mean_s,
        "system": np.array([mix.mean_s for mix in found.system]),
        "selfish": np.array([mix.mean_s for mix in found.selfish]),
    }


def test_worked_table_follows_from_one_link_and_one_device() -> None:
    found = means(population_curves([link_and_device(20)], COUNTS, 20))
    # The notes' edge station, which the load slows a little too, is left out here.
    for name in ("blind", "system", "selfish"):
        np.testing.assert_allclose(found[name] * 1e3, WORKED[name], rtol=0.0, atol=0.25)


def test_closed_forms_agree_with_the_numerical_thresholds_and_mixes() -> None:
    limits = thresholds([link_and_device(20)], [0], 20)
    assert limits.link is not None
    assert limits.hold == pytest.approx(limits.link.hold / RATE, rel=1e-9)
    assert limits.selfish == pytest.approx(limits.link.selfish / RATE, rel=1e-9)
    assert limits.saturated == pytest.approx(limits.link.saturated / RATE, rel=1e-12)
    beyond = population_curves([link_and_device(20)], np.array([100.0]), 20)
    optimal, selfish = beyond.system[0].utilisation[0], beyond.selfish[0].utilisation[0]
    assert optimal == pytest.approx(limits.link.optimal_utilisation, rel=1e-7)
    assert selfish == pytest.approx(limits.link.selfish_utilisation, rel=1e-7)
    assert 1.0 - selfish == pytest.approx((1.0 - optimal) ** 2, rel=1e-6)


def test_shipped_scenario_follows_the_worked_table(shipped: Population) -> None:
    """Facts differ from the notes' inputs, so the table is met within 12 %, not exactly.

    The catalog's picture is 150,528 raw bytes instead of a 40 kB JPEG, so the uplink has
    376.32 Mbit/s to keep 3.2 ms and saturation at 62.5 devices; the Raspberry Pi 5 needs 56.2 ms at
    half precision instead of 59.4 ms; the edge is a T4 that is busier than the notes' one.
    """
    found = means(shipped)
    for name in ("blind", "system", "selfish"):
        np.testing.assert_allclose(found[name] * 1e3, WORKED[name], rtol=0.12, atol=0.0)
    assert shipped.limits.saturated == pytest.approx(62.5, rel=1e-3)


def test_best_single_plan_of_the_shipped_scenario_is_the_losslessly_coded_picture(
    shipped: Population,
) -> None:
    # The notes have other designs between the picture and the device: 42.9 and 44.4 ms there.
    between = [32.7, 35.0, 39.8]
    np.testing.assert_allclose(shipped.best.mean_s[2:5] * 1e3, between, rtol=0.02, atol=0.0)
    assert shipped.best.mean_s[3] < shipped.blind.mean_s[3]
    np.testing.assert_allclose(shipped.best.mean_s[5:] * 1e3, 56.2, rtol=0.02, atol=0.0)


def test_blind_plan_is_unstable_beyond_saturation_and_the_optimum_never_is(
    shipped: Population,
) -> None:
    found = means(shipped)
    beyond = shipped.populations > shipped.limits.saturated
    assert np.isinf(found["blind"][beyond]).all()
    assert np.isfinite(found["system"]).all()


def test_optimal_mix_is_never_worse_than_any_single_plan(shipped: Population) -> None:
    found = means(shipped)
    rules = [curve.mean_s for curve in shipped.baselines]
    assert {curve.name for curve in shipped.baselines} == {"device only", "edge only", "cloud only"}
    assert (found["system"] <= found["best"] * (1.0 + 1e-9)).all()
    assert (found["system"] <= found["selfish"] * (1.0 + 1e-9)).all()
    for rule in (found["blind"], *rules):
        assert (found["best"] <= rule * (1.0 + 1e-9)).all()


def test_selfish_latency_is_that_of_the_device_beyond_its_threshold(shipped: Population) -> None:
    beyond = shipped.populations > shipped.limits.selfish
    device = next(curve for curve in shipped.baselines if curve.name == "device only")
    selfish = means(shipped)["selfish"]
    np.testing.assert_allclose(selfish[beyond], device.mean_s[beyond], rtol=1e-9)


def test_idle_share_of_the_selfish_link_is_the_square_of_the_optimal_one(
    shipped: Population,
) -> None:
    link = shipped.limits.link
    assert link is not None
    assert 1.0 - link.selfish_utilisation == pytest.approx((1.0 - link.optimal_utilisation) ** 2)
    # The shipped edge site adds a little load-dependent delay that the closed form leaves out.
    ideal = shipped.system[-1].utilisation[0]
    assert 1.0 - shipped.selfish[-1].utilisation[0] == pytest.approx((1.0 - ideal) ** 2, rel=0.1)
    assert shipped.limits.hold == pytest.approx(link.hold / RATE, rel=0.05)


def test_every_mix_comes_with_a_small_gap(shipped: Population) -> None:
    assert shipped.certificate.kind == "gap"
    assert shipped.certificate.gap is not None
    assert shipped.certificate.gap <= 1e-9


def test_queues_in_order_of_arrival_make_the_mix_a_heuristic() -> None:
    scenario = load_scenarios()["1-factory"].scenario
    table, _ = class_table(scenario)
    found = population_curves([table], np.array([12.0]), 12)
    assert found.certificate.kind == "heuristic"


def test_pruned_table_has_the_optimum_of_the_full_one_at_every_population() -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    table, _ = class_table(scenario)
    designs = enumerate_designs(scenario, default_space(scenario))
    full = demand_table(scenario, designs)
    full = full.take(feasible_rows(scenario, full))
    assert len(full) > 5 * len(table)
    counts = np.random.default_rng(5).uniform(1.0, 300.0, 20)
    few, all_designs = (means(population_curves([one], counts, 62)) for one in (table, full))
    for name in few:
        np.testing.assert_allclose(few[name], all_designs[name], rtol=1e-9)


def test_classes_that_share_stations_load_each_other() -> None:
    first = load_scenarios()["6-coordination"].scenario
    second = dataclasses.replace(
        first, device="jetson_nano", arrival_per_s=2.0, population_count=20
    )
    tables, alone = class_tables([first, second])
    present = first.population_count + second.population_count
    rules = {name: list(found) for name, found in alone.items()}
    found = population_curves(tables, np.array([41.0, 82.0]), present, rules)
    values = means(found)
    assert found.blind.rows.shape == (2, 2)
    assert (values["system"] <= values["best"] * (1.0 + 1e-7)).all()
    assert (values["best"] <= values["blind"] * (1.0 + 1e-7)).all()
    assert (values["system"] <= values["selfish"] * (1.0 + 1e-9)).all()
    assert found.limits.reason == "the closed form knows one class"


def test_classes_with_different_links_are_refused_with_the_field() -> None:
    first = load_scenarios()["6-coordination"].scenario
    second = dataclasses.replace(first, uplink_bit_per_s=1e6)
    with pytest.raises(DesignError, match="uplink_bit_per_s"):
        class_tables([first, second])


def test_scenario_without_a_feasible_design_is_refused() -> None:
    with pytest.raises(DesignError, match="no design meets"):
        class_table(Scenario(energy_max_j=0.0))


def test_plan_without_shared_stations_has_no_thresholds() -> None:
    limits = thresholds([link_and_device(20)], [1], 20)
    assert np.isinf([limits.hold, limits.selfish, limits.saturated]).all()


def test_more_devices_never_lower_the_latency_of_the_optimal_mix() -> None:
    scenario = load_scenarios()["1-factory"].scenario
    table, _ = class_table(scenario)
    found = means(population_curves([table], np.linspace(1.0, 400.0, 25), 12))
    for name in ("system", "selfish", "best"):
        assert (np.diff(found[name]) >= -1e-9 * found[name][1:]).all()


def optimum(scenario: Scenario, count: float = 100.0) -> float:
    table, _ = class_table(scenario)
    present = scenario.population_count
    return population_curves([table], np.array([count]), present).system[0].mean_s


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("uplink_bit_per_s", [5e7, 1e8, 3e8, 1e9]),
        ("edge_servers_count", [1, 2, 4]),
        ("cloud_servers_count", [1, 2, 8]),
        ("accuracy_drop_max_pp", [0.02, 0.1, 0.5, 2.0]),
        ("backhaul_bit_per_s", [1e7, 1e8, 1e9]),
    ],
)
def test_more_capacity_and_looser_floors_never_hurt_the_optimal_mix(
    field: str, values: list[float]
) -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    found = [optimum(dataclasses.replace(scenario, **{field: value})) for value in values]
    assert all(b <= a * (1.0 + 1e-9) for a, b in pairwise(found))


@pytest.mark.parametrize("field", ["uplink_rtt_s", "backhaul_rtt_s"])
def test_longer_round_trips_never_help_the_optimal_mix(field: str) -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    found = [optimum(dataclasses.replace(scenario, **{field: v})) for v in (0.0, 0.005, 0.05)]
    assert all(b >= a * (1.0 - 1e-9) for a, b in pairwise(found))


def test_a_lone_rare_user_gets_the_idle_latency() -> None:
    table, _ = class_table(load_scenarios()["6-coordination"].scenario)
    found = means(population_curves([table], np.array([1e-6]), 62))
    idle = float((table.delay_s + table.work_s.sum(axis=1)).min())
    for values in found.values():
        assert values[0] == pytest.approx(idle, rel=1e-6)


@pytest.mark.parametrize("factor", [0.1, 7.0])
def test_slower_clocks_and_rarer_requests_scale_every_latency(factor: float) -> None:
    table = link_and_device(80)
    slower = dataclasses.replace(
        table,
        arrival_per_s=table.arrival_per_s / factor,
        delay_s=table.delay_s * factor,
        work_s=table.work_s * factor,
        work2_s2=table.work2_s2 * factor**2,
    )
    counts = np.array([40.0, 80.0, 200.0])
    before, after = (means(population_curves([one], counts, 80)) for one in (table, slower))
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values * factor, rtol=1e-7)


def test_three_classes_are_solved_together() -> None:
    first = load_scenarios()["6-coordination"].scenario
    classes = [
        dataclasses.replace(first, population_count=40),
        dataclasses.replace(
            first, device="jetson_nano", arrival_per_s=2.0, raw_input_stays_flag=True
        ),
        dataclasses.replace(first, device="jetson_orin_nx", arrival_per_s=10.0),
    ]
    tables, _ = class_tables(classes)
    present = sum(scenario.population_count for scenario in classes)
    found = population_curves(tables, np.array([60.0, 160.0]), present)
    values = means(found)
    assert (values["system"] <= values["best"] * (1.0 + 1e-7)).all()
    assert (values["system"] < values["selfish"] * 0.95).any()
    assert all(len(mix.shares) == 3 for mix in found.system)
    assert found.certificate.gap is not None
    assert found.certificate.gap <= 1e-9
