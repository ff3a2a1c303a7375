"""Designs and resources chosen together equal a plain double loop, on tables and real scenarios."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from analytic_models.design import Scenario, load_scenarios
from analytic_models.errors import DesignError
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.joint_allocation import allocate, allocate_tables
from analytic_models.optimizers.population import class_tables
from analytic_models.optimizers.protocols import Table


def random_classes(rng: np.random.Generator, count: int, rows: int) -> list[Table]:
    """Designs with a private row; the rates leave most stations stable but not all choices."""
    servers = np.array([1.0, float(rng.integers(1, 4)), 2.0])
    classes = []
    for _ in range(count):
        work = rng.exponential(size=(rows, 3)) * np.array([0.25, 0.6, 0.3])
        work[0] = 0.0
        delay = rng.exponential(size=rows)
        delay[0] += 3.0
        names = ("uplink", "edge", "cloud")
        load = float(rng.uniform(0.2, 1.2))
        classes.append(Table(names, servers, ("ps",) * 3, load, delay, work, 2 * work**2))
    return classes


def cost_by_hand(
    classes: list[Table], rows: tuple[int, ...], split: np.ndarray, servers: int, price: float
) -> float:
    """Latency per second of one choice and one allocation, station by station."""
    total, site, cloud = price * servers, 0.0, 0.0
    for table, row, share in zip(classes, rows, split, strict=True):
        work = table.arrival_per_s * table.work_s[row]
        total += table.arrival_per_s * table.delay_s[row]
        if work[0] > 0.0:
            total += np.inf if work[0] >= share else work[0] / (share - work[0])
        site, cloud = site + work[1], cloud + work[2]
    for load, count in ((site, float(servers)), (cloud, float(classes[0].servers[2]))):
        if load >= count:
            return np.inf
        total += float(Stations(np.array([count])).number(np.array([load]))[0])
    return float(total)


@pytest.mark.parametrize("seed", range(20))
def test_enumeration_equals_a_double_loop_over_designs_slices_and_servers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        classes = random_classes(rng, 2, int(rng.integers(2, 5)))
        price = float(rng.uniform(0.05, 1.0))
        found = allocate_tables(classes, "uplink", "edge", price)
        best = np.inf
        for rows in product(*(range(len(table.delay_s)) for table in classes)):
            work = [
                t.arrival_per_s * t.work_s[row, 0] for t, row in zip(classes, rows, strict=True)
            ]

            def sliced(share: float, work: list[float] = work) -> float:
                parts = (share, 1.0 - share)
                if any(w >= p for w, p in zip(work, parts, strict=True) if w > 0.0):
                    return 1e6
                return sum(w / (p - w) for w, p in zip(work, parts, strict=True) if w > 0.0)

            low, high = work[0], 1.0 - work[1]
            if low >= high:
                continue
            share = minimize_scalar(sliced, bounds=(low, high), method="bounded").x
            split = np.array([share, 1.0 - share])
            if not all(work):
                split = np.array([float(w > 0.0) for w in work])
            for servers in range(1, 6):
                best = min(best, cost_by_hand(classes, rows, split, servers, price))
        assert found.cost <= best * (1 + 1e-9)
        assert found.cost == pytest.approx(best, rel=1e-5)
        own = cost_by_hand(classes, tuple(found.rows), found.split, found.edge_servers, price)
        assert found.cost == pytest.approx(own, rel=1e-9)
        assert found.split.sum() == pytest.approx(1.0, rel=1e-12)
        assert found.certificate.kind == "exact"
        assert found.alternating_gap >= 0.0
        assert found.alternating_cost >= found.cost * (1 - 1e-12)
        assert found.even_cost >= found.cost * (1 - 1e-12)


def test_choosing_in_turn_is_sometimes_worse_and_says_by_how_much() -> None:
    rng = np.random.default_rng(77)
    gaps = [
        allocate_tables(random_classes(rng, 3, 8), "uplink", "edge", 0.3).alternating_gap
        for _ in range(60)
    ]
    assert max(gaps) > 0.01
    assert min(gaps) == 0.0


def three_classes() -> list[Scenario]:
    """Put three kinds of devices of a shipped scenario at one edge site."""
    base = load_scenarios()["6-coordination"].scenario
    return [
        dataclasses.replace(base, name="cameras", population_count=30),
        dataclasses.replace(base, name="robots", dnn="mobilenet_v2", population_count=20),
        dataclasses.replace(
            base, name="phones", device="rpi4b", dnn="resnet18", population_count=8
        ),
    ]


def test_three_real_classes_are_allocated_exactly_and_not_worse_than_in_turn() -> None:
    scenarios = three_classes()
    found = allocate(scenarios, server_price=0.5)
    assert found.certificate.kind == "exact"
    assert found.cost <= found.alternating_cost * (1 + 1e-12)
    assert found.cost <= found.even_cost * (1 + 1e-12)
    assert found.split.sum() == pytest.approx(1.0, rel=1e-12)
    tables, _ = class_tables(scenarios)
    rates = sum(table.arrival_per_s for table in tables)
    assert found.mean_s * rates + 0.5 * found.edge_servers == pytest.approx(found.cost, rel=1e-12)


def test_cheaper_servers_are_bought_in_no_smaller_number() -> None:
    scenarios = three_classes()[:2]
    tables, _ = class_tables(scenarios)
    found = [allocate_tables(tables, "uplink", "edge", price) for price in (10.0, 1.0, 0.1, 1e-3)]
    assert np.all(np.diff([item.cost for item in found]) <= 0.0)
    assert found[-1].edge_servers >= found[0].edge_servers
    kept = allocate(scenarios)
    assert kept.edge_servers == scenarios[0].edge_servers_count


def test_one_class_takes_the_whole_link() -> None:
    scenario = load_scenarios()["6-coordination"].scenario
    found = allocate(scenario)
    assert found.split.tolist() == [1.0]
    assert found.alternating_gap >= 0.0


def test_a_system_without_a_stable_choice_is_a_result() -> None:
    work = np.array([[2.0, 0.0], [0.0, 3.0]])
    table = Table(("uplink", "edge"), np.ones(2), ("ps", "ps"), 1.0, np.zeros(2), work, work)
    found = allocate_tables([table], "uplink", "edge")
    assert found.rows.tolist() == [-1]
    assert found.cost == np.inf
    assert "overloads" in found.certificate.detail


def test_requests_that_make_no_sense_are_refused() -> None:
    classes = random_classes(np.random.default_rng(1), 2, 3)
    with pytest.raises(ValueError, match="among"):
        allocate_tables(classes, "uplink", "moon")
    with pytest.raises(ValueError, match="price"):
        allocate_tables(classes, "uplink", "edge", 0.0)
    first, second = three_classes()[:2]
    with pytest.raises(DesignError, match="differs"):
        allocate([first, dataclasses.replace(second, edge="l4")])
