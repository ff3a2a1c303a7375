"""Real layer graphs are placed by minimum cut as chains and full enumeration place them."""

import json
import math
import time

import numpy as np
import pytest

from analytic_models.catalog import Dnn, load_catalog
from analytic_models.layer_graph import parse_dnn
from analytic_models.optimizers.chain import chain_arcs, place_chain
from analytic_models.optimizers.dag_instance import dag_of
from analytic_models.optimizers.mincut import crossings
from analytic_models.segments import layer_times

CATALOG = load_catalog()
MACHINES = ("rpi4b", "jetson_agx_orin", "a100_sxm")
RATES = np.array([4e7, 2e8])
HOPS = np.array([4e-3, 2e-2])
RETURN = np.array([0.0, 1e-3, 3e-3])
BRANCHED = ("inception_v3", "densenet121", "bert_base", "googlenet", "mobilenet_v2", "resnet50")
CHAINS = ("alexnet", "vgg16", "vgg11", "mlperf_tiny_dscnn", "mlperf_tiny_autoencoder")


def decoder_graph(blocks: int, hidden: int, tokens: int) -> Dnn:
    """Write a GPT-like decoder over a prompt, with two residual sums per block."""
    nodes: list[list[object]] = []

    def row(op: str, mac: int, params: int, preds: list[int], width: int = hidden) -> int:
        shape = [tokens, width]
        nodes.append([op, f"{op}{len(nodes)}", shape, mac, 0, params, preds, [], []])
        return len(nodes) - 1

    square = hidden * hidden
    stream = row("embedding", 0, 50_257 * hidden, [-1])
    for _ in range(blocks):
        normed = row("norm", 0, 2 * hidden, [stream])
        parts = [row("linear", tokens * square, square, [normed]) for _ in range(3)]
        mixed = row("attention", 2 * tokens * tokens * hidden, 0, parts)
        projected = row("linear", tokens * square, square, [mixed])
        stream = row("add", 0, 0, [stream, projected])
        normed = row("norm", 0, 2 * hidden, [stream])
        wide = row("linear", 4 * tokens * square, 4 * square, [normed], 4 * hidden)
        narrow = row("linear", 4 * tokens * square, 4 * square, [wide])
        stream = row("add", 0, 0, [stream, narrow])
    last = row("linear", tokens * square, 50_257 * hidden, [row("norm", 0, 0, [stream])])
    return parse_dnn(
        json.dumps(
            {
                "format": "layer-graph/1",
                "id": "decoder",
                "task": "text-generation",
                "source": {},
                "inputs": [{"name": "tokens", "shape": [tokens], "dtype": "int64"}],
                "columns": [
                    "op", "name", "shape", "macs", "ops", "params", "preds", "dims", "fused",
                ],
                "nodes": nodes,
                "outputs": [last],
                "cuts": [-1],
            }
        )
    )  # fmt: skip


def seconds_of(dnn: Dnn) -> list[np.ndarray]:
    """Seconds per row: from facts where the dnn is in the catalog, else from work and bytes."""
    if dnn.id in CATALOG.dnns:
        return [
            layer_times(CATALOG, dnn.id, machine, "fp32", "roofline", ()).time_s
            for machine in MACHINES
        ]
    moved = dnn.params + dnn.in_elem + dnn.out_elem
    return [dnn.mac / speed + moved / (speed / 20.0) for speed in (5e9, 2e12, 1e13)]


def cost_by_hand(dnn: Dnn, times: list[np.ndarray], tier: np.ndarray, rates: np.ndarray) -> float:
    """Latency of one request with every tensor sent once per hop, by plain loops."""
    total = sum(times[place][row] for row, place in enumerate(tier)) + RETURN[tier[-1]]
    for hop in range(len(rates)):
        if tier.max() > hop:
            total += HOPS[hop]
        sent = set()
        for row, places in enumerate(dnn.preds):
            for place in places:
                here = tier[place] if place >= 0 else 0
                if here <= hop < tier[row]:
                    sent.add(place)
        for place in sent:
            if place >= 0:
                total += dnn.out_elem[place] * 32.0 / rates[hop]
            else:
                total += dnn.inputs[-1 - place].elem * 8.0 / rates[hop]
    return float(total)


def every_first_part(dnn: Dnn) -> list[np.ndarray]:
    """All sets of rows that can run before all others: each is a cut into two tiers."""
    needed = [sum(1 << place for place in places if place >= 0) for places in dnn.preds]
    seen, front = {0}, [0]
    while front:
        grown = []
        for done in front:
            for row, need in enumerate(needed):
                fresh = done | 1 << row
                if not done >> row & 1 and need & ~done == 0 and fresh not in seen:
                    seen.add(fresh)
                    grown.append(fresh)
        front = grown
    return [np.array([1 - (done >> row & 1) for row in range(len(dnn))]) for done in seen]


@pytest.mark.parametrize("name", [*BRANCHED, *CHAINS, "decoder"])
def test_two_tier_cut_of_a_real_graph_equals_all_cuts(name: str) -> None:
    dnn = decoder_graph(4, 64, 16) if name == "decoder" else CATALOG.dnns[name]
    times = seconds_of(dnn)
    tiers = every_first_part(dnn)
    assert len(tiers) > len(dnn)
    for rate in (1e6, 4e7, 1e9):
        rates = np.array([rate])
        instance = dag_of(dnn, times[:2], rates, HOPS[:1], RETURN[:2])
        plan = instance.place()
        by_hand = [cost_by_hand(dnn, times, tier, rates) for tier in tiers]
        assert plan.cost == pytest.approx(min(by_hand), rel=1e-9)
        own = cost_by_hand(dnn, times, instance.row_tiers(plan), rates)
        assert plan.cost == pytest.approx(own, rel=1e-12)


@pytest.mark.parametrize("name", CHAINS)
def test_three_tier_cut_of_a_chain_equals_the_dynamic_programme(name: str) -> None:
    dnn = CATALOG.dnns[name]
    times = seconds_of(dnn)
    elements = np.concatenate([[dnn.inputs[0].elem * 8.0], dnn.out_elem[:-1] * 32.0])
    for factor in (0.01, 0.1, 1.0, 10.0, 1e6):
        hop = elements[:, None] / (factor * RATES) + HOPS
        move = np.zeros((len(dnn), 3, 3))
        # The fixed time of a hop is paid where the chain crosses it, and it crosses it once.
        move[:, 0, 1], move[:, 1, 2], move[:, 0, 2] = hop[:, 0], hop[:, 1], hop.sum(axis=1)
        arcs = chain_arcs(np.stack(times, axis=1)[:, :, None], move)
        plan = dag_of(dnn, times, factor * RATES, HOPS, RETURN).place()
        assert plan.cost == pytest.approx(place_chain(arcs, RETURN).cost, rel=1e-12)


@pytest.mark.parametrize("name", [*BRANCHED, "decoder"])
def test_three_tier_cut_is_no_worse_than_any_pair_of_single_tensor_cuts(name: str) -> None:
    dnn = decoder_graph(12, 768, 128) if name == "decoder" else CATALOG.dnns[name]
    times = seconds_of(dnn)
    instance = dag_of(dnn, times, RATES, HOPS, RETURN)
    plan = instance.place()
    own = cost_by_hand(dnn, times, instance.row_tiers(plan), RATES)
    assert plan.cost == pytest.approx(own, rel=1e-12)
    row = np.arange(len(dnn))
    cuts = [
        (row >= first).astype(int) + (row >= second)
        for i, first in enumerate(dnn.boundary_row)
        for second in dnn.boundary_row[i:]
    ]
    best = min(cost_by_hand(dnn, times, cut, RATES) for cut in cuts)
    assert plan.cost <= best * (1 + 1e-12)


@pytest.mark.parametrize("name", ["inception_v3", "densenet121", "bert_base", "decoder"])
def test_real_graphs_are_placed_in_milliseconds(name: str) -> None:
    dnn = decoder_graph(12, 768, 128) if name == "decoder" else CATALOG.dnns[name]
    instance = dag_of(dnn, seconds_of(dnn), RATES, HOPS, RETURN)
    spent = []
    for _ in range(5):
        begun = time.process_time()
        instance.place()
        spent.append(time.process_time() - begun)
    # About 2 ms on an idle core; the limit only catches another order of growth.
    assert min(spent) < 0.05


def test_a_faster_link_never_makes_the_optimum_slower() -> None:
    dnn = CATALOG.dnns["inception_v3"]
    times = seconds_of(dnn)
    costs = [
        dag_of(dnn, times, RATES * factor, HOPS, RETURN).place().cost
        for factor in (1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3, math.inf)
    ]
    assert np.all(np.diff(costs) <= 1e-12)
    # No link: the device runs it all. A perfect link without fixed time: the fastest tiers do.
    assert costs[0] == pytest.approx(times[0].sum(), rel=1e-12)
    free = dag_of(dnn, times, np.full(2, np.inf), feature_bit=(32.0, 8.0)).place()
    assert free.cost <= min(t.sum() for t in times) * (1 + 1e-12)


def test_each_tensor_takes_its_cheapest_encoding() -> None:
    dnn = CATALOG.dnns["alexnet"]
    times = seconds_of(dnn)
    plain = dag_of(dnn, times, RATES).place()
    coded = dag_of(dnn, times, RATES, input_bit=(8.0, 1.0), feature_bit=(32.0, 8.0, 4.0))
    plan = coded.place()
    assert plan.cost < plain.cost
    crossed = crossings(plan.tier, coded.tensors, 2)[0][:-1]
    assert crossed.any()
    assert set(plan.codec[:-1][crossed].tolist()) <= {1, 2}


def test_a_tier_without_known_times_is_left_out() -> None:
    dnn = CATALOG.dnns["alexnet"]
    times = seconds_of(dnn)
    unknown = [times[0], np.full(len(dnn), np.nan), times[2]]
    plan = dag_of(dnn, unknown, RATES * 1e6).place()
    assert 1 not in plan.tier[1:]


@pytest.mark.parametrize(
    ("tables", "rates"), [(1, np.zeros(0)), (2, np.ones(2)), (2, np.zeros(1)), (2, np.array([-1]))]
)
def test_wrong_shapes_and_rates_are_refused(tables: int, rates: np.ndarray) -> None:
    dnn = CATALOG.dnns["alexnet"]
    with pytest.raises(ValueError, match="rate"):
        dag_of(dnn, seconds_of(dnn)[:tables], rates)
