"""Min-cut placements equal the best of all labelings."""

from collections.abc import Sequence
from itertools import product

import networkx as nx
import numpy as np
import pytest

from analytic_models.optimizers.mincut import Tensors, place_dag


def random_dag(rng: np.random.Generator, count: int) -> Tensors:
    producers, edge_tensor, edge_consumer = [], [], []
    for node in range(count - 1):
        readers = [w for w in range(node + 1, count) if rng.random() < 0.45] or [node + 1]
        # One tensor for all readers, or two tensors of one node.
        groups = [readers] if rng.random() < 0.7 else [readers[::2], readers[1::2]]
        for group in filter(None, groups):
            edge_tensor += [len(producers)] * len(group)
            edge_consumer += group
            producers.append(node)
    return Tensors(np.array(producers), np.array(edge_tensor), np.array(edge_consumer))


def cost_of(
    tier: Sequence[int],
    run: np.ndarray,
    tensors: Tensors,
    send: np.ndarray,
    back: np.ndarray | None = None,
) -> float:
    total = sum(run[node, place] for node, place in enumerate(tier))
    for tensor, writer in enumerate(tensors.producer):
        readers = tensors.edge_consumer[tensors.edge_tensor == tensor]
        top = max(tier[w] for w in readers)
        for hop in range(tier[writer], top):
            total += send[tensor, hop].min()
        low = min(tier[w] for w in readers)
        if low < tier[writer]:
            total += np.inf if back is None else back[tensor]
    return total


def best_by_enumeration(
    run: np.ndarray, tensors: Tensors, send: np.ndarray, back: np.ndarray | None = None
) -> float:
    labelings = product(range(run.shape[1]), repeat=len(run))
    return min(cost_of(tier, run, tensors, send, back) for tier in labelings)


@pytest.mark.parametrize("seed", range(20))
def test_cut_equals_the_best_labeling_of_random_dags(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(16):
        tiers = int(rng.integers(2, 4))
        count = int(rng.integers(4, 10 if tiers == 2 else 7))
        tensors = random_dag(rng, count)
        run = rng.exponential(size=(count, tiers)) * 10.0 ** rng.integers(-6, 3)
        run[0, 1:] = np.inf
        run[rng.random(run.shape) < 0.05] = np.inf
        send = rng.exponential(size=(len(tensors.producer), tiers - 1, 2)) * run[0, 0]
        back = send[:, 0, 0] * 0.7 if tiers == 2 and seed % 2 else None
        plan = place_dag(run, tensors, send, back)
        expected = best_by_enumeration(run, tensors, send, back)
        assert plan.cost == pytest.approx(expected, rel=1e-12, abs=0.0)
        assert plan.certificate.kind == "exact"
        if np.isfinite(expected):
            recomputed = cost_of(plan.tier, run, tensors, send, back)
            assert plan.cost == pytest.approx(recomputed, rel=1e-12, abs=0.0)
            assert plan.certificate.gap <= 1e-9 * expected


def test_cut_equals_the_best_labeling_of_larger_three_tier_dags() -> None:
    rng = np.random.default_rng(99)
    for _ in range(2):
        tensors = random_dag(rng, 8)
        run = rng.exponential(size=(8, 3))
        send = rng.exponential(size=(len(tensors.producer), 2))
        found = place_dag(run, tensors, send).cost
        expected = best_by_enumeration(run, tensors, send[:, :, None])
        assert found == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_a_tensor_with_two_readers_is_sent_once() -> None:
    tensors = Tensors(np.array([0]), np.array([0, 0]), np.array([1, 2]))
    run = np.array([[0.0, np.inf], [9.0, 1.0], [9.0, 1.0]])
    plan = place_dag(run, tensors, np.array([[5.0]]))
    assert plan.cost == pytest.approx(7.0, rel=1e-12)
    assert plan.tier.tolist() == [0, 1, 1]


def test_each_crossing_uses_its_cheapest_codec() -> None:
    tensors = Tensors(np.array([0]), np.array([0]), np.array([1]))
    run = np.array([[0.0, np.inf, np.inf], [np.inf, np.inf, 0.0]])
    plan = place_dag(run, tensors, np.array([[[3.0, 2.0], [1.0, 4.0]]]))
    assert plan.codec.tolist() == [[1, 0]]
    assert plan.cost == pytest.approx(3.0, rel=1e-12)


def test_unplaceable_nodes_are_a_result_with_infinite_cost() -> None:
    tensors = Tensors(np.array([0]), np.array([0]), np.array([1]))
    plan = place_dag(np.array([[np.inf, 1.0], [1.0, np.inf]]), tensors, np.array([[0.0]]))
    assert plan.cost == np.inf
    assert plan.tier.tolist() == [-1, -1]


def test_the_cut_survives_costs_beyond_the_integer_range() -> None:
    tensors = random_dag(np.random.default_rng(5), 7)
    rng = np.random.default_rng(6)
    run, send = rng.exponential(size=(7, 3)), rng.exponential(size=(len(tensors.producer), 2))
    small, large = place_dag(run, tensors, send), place_dag(run * 2.0**40, tensors, send * 2.0**40)
    assert np.array_equal(small.tier, large.tier)
    assert large.cost == pytest.approx(small.cost * 2.0**40, rel=1e-12)


def test_two_tier_cut_equals_networkx_on_a_chain() -> None:
    rng = np.random.default_rng(8)
    count = 40
    tensors = Tensors(np.arange(count - 1), np.arange(count - 1), np.arange(1, count))
    run, send = rng.random((count, 2)), rng.random((count - 1, 1))
    graph = nx.DiGraph()
    for node in range(count):
        graph.add_edge("s", node, capacity=run[node, 0])
        graph.add_edge(node, "t", capacity=run[node, 1])
    for node in range(count - 1):
        graph.add_edge(node + 1, node, capacity=send[node, 0])
        graph.add_edge(node, node + 1)
    assert place_dag(run, tensors, send).cost == pytest.approx(
        nx.minimum_cut_value(graph, "s", "t"), rel=1e-12
    )


def test_cheaper_hops_never_make_the_optimum_dearer() -> None:
    rng = np.random.default_rng(10)
    tensors = random_dag(rng, 30)
    run, send = rng.exponential(size=(30, 3)), rng.exponential(size=(len(tensors.producer), 2))
    costs = [place_dag(run, tensors, send * factor).cost for factor in (4.0, 1.0, 0.25, 0.0)]
    assert np.all(np.diff(costs) <= 1e-12)


@pytest.mark.parametrize(
    ("run", "send", "back"),
    [
        (np.ones((2, 1)), np.ones((1, 0)), None),
        (np.array([[1.0, -1.0], [1.0, 1.0]]), np.ones((1, 1)), None),
        (np.array([[1.0, np.nan], [1.0, 1.0]]), np.ones((1, 1)), None),
        (np.ones((2, 3)), np.ones((1, 2)), np.ones(1)),
    ],
)
def test_costs_outside_the_model_are_refused(
    run: np.ndarray, send: np.ndarray, back: np.ndarray | None
) -> None:
    tensors = Tensors(np.array([0]), np.array([0]), np.array([1]))
    with pytest.raises(ValueError, match=r"tier|costs|shape"):
        place_dag(run, tensors, send, back)
