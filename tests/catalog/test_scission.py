"""The published Scission placements of VGG-19, from the measured block times that ship.

Lockhart et al. (2020), repository qub-blesson/Scission at commit b765b2b, README: the top five of
VGG-19 over Raspberry Pi 4, edge and cloud with layer 10 at the edge and layer 16 in the cloud.
"""

from itertools import product

import numpy as np
import pytest

from analytic_models.catalog import Catalog, Fact
from analytic_models.units import byte_to_bit

# Seconds, first edge block, first cloud block, edge machine, cloud machine, megabytes sent.
PUBLISHED = [
    (9.0106, 6, 11, "scission_vm_2core", "scission_i7_6700k_gpu", 2.4087),
    (9.0594, 6, 11, "scission_i5_2500", "scission_i7_6700k_gpu", 2.4087),
    (9.0721, 6, 11, "scission_vm_2core", "scission_i7_6700k", 2.4087),
    (9.1209, 6, 11, "scission_i5_2500", "scission_i7_6700k", 2.4087),
    (9.1511, 6, 12, "scission_vm_2core", "scission_i7_6700k_gpu", 3.2115),
]


def _hop(catalog: Catalog, name: str, sent: float) -> float:
    hop = catalog.hops[name]
    ping, rate = hop.fact("rtt_s", "ping"), hop.fact("up_bit_per_s", "shaped")
    assert isinstance(ping, Fact)
    assert isinstance(rate, Fact)
    return ping.value + float(byte_to_bit(sent)) / rate.value


def _seconds(catalog: Catalog, edge_from: int, cloud_from: int, edge: str, cloud: str) -> float:
    dnn = catalog.dnns["vgg19_scission"]
    times = dnn.measured_s
    compute = (
        times["rpi4b"][:edge_from].sum()
        + times[edge][edge_from:cloud_from].sum()
        + times[cloud][cloud_from:].sum()
    )
    uplink = _hop(catalog, "scission_3g_edge", dnn.boundary_byte[edge_from])
    return float(compute) + uplink + _hop(catalog, "scission_wan", dnn.boundary_byte[cloud_from])


@pytest.mark.parametrize(
    ("seconds", "edge_from", "cloud_from", "edge", "cloud", "megabyte"), PUBLISHED
)
def test_block_times_and_hops_give_the_published_latency(
    catalog: Catalog,
    seconds: float,
    edge_from: int,
    cloud_from: int,
    edge: str,
    cloud: str,
    megabyte: float,
) -> None:
    assert _seconds(catalog, edge_from, cloud_from, edge, cloud) == pytest.approx(seconds, abs=1e-4)
    sent = catalog.dnns["vgg19_scission"].boundary_byte[[edge_from, cloud_from]].sum()
    assert sent / 1e6 == pytest.approx(megabyte, abs=1e-4)


def test_the_published_placements_are_the_five_best_in_their_order(catalog: Catalog) -> None:
    layers = list(range(1, 26))
    # Block b holds Keras layer b + 1, so layer 10 is block 9 and layer 16 is block 15.
    found = sorted(
        (_seconds(catalog, i, j, edge, cloud), i, j, edge, cloud)
        for i, j in product(layers, layers)
        if i <= 9 < j <= 15
        for edge in ("scission_i5_2500", "scission_vm_2core")
        for cloud in ("scission_i7_6700k", "scission_i7_6700k_gpu")
    )
    assert [row[1:] for row in found[:5]] == [row[1:5] for row in PUBLISHED]


def test_output_bytes_are_the_tensor_and_the_header_of_its_file(catalog: Catalog) -> None:
    dnn = catalog.dnns["vgg19_scission"]
    assert np.array_equal(dnn.boundary_byte, 4 * dnn.boundary_elem + 128)


def test_blocks_carry_the_work_of_the_published_configuration(catalog: Catalog) -> None:
    blocks, graph = catalog.dnns["vgg19_scission"], catalog.dnns["vgg19"]
    assert len(blocks) == 25
    assert blocks.mac.sum() == graph.mac.sum()
    assert blocks.params.sum() == graph.params.sum()
