"""Layer graphs: every shipped one, the parser's refusals, and the VGG builder."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytic_models.catalog import Catalog, Dnn, data_folder, load_catalog
from analytic_models.errors import DataError
from analytic_models.layer_graph import OPERATOR_TYPES, parse_decoder, parse_dnn


@pytest.fixture(scope="module")
def vgg() -> ModuleType:
    path = Path(__file__).parents[2] / "data" / "make" / "vgg.py"
    spec = importlib.util.spec_from_file_location("make_vgg", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _raw(name: str) -> dict[str, object]:
    text = (data_folder() / "dnns" / f"{name}.json").read_text(encoding="utf-8")
    value: dict[str, object] = json.loads(text)
    return value


def test_every_file_is_loaded_once_and_under_its_own_id(catalog: Catalog) -> None:
    files = {path.stem for path in (catalog.folder / "dnns").glob("*.json")}
    assert set(catalog.dnns) | set(catalog.language_models) == files
    assert not set(catalog.dnns) & set(catalog.language_models)
    for collection in (catalog.dnns, catalog.language_models):
        for key in collection:
            assert collection[key].id == key
            assert collection[key].label == collection.label(key)


def test_totals_written_in_the_files_are_those_of_the_rows(catalog: Catalog) -> None:
    for key in catalog.dnns:
        totals = _raw(key).get("totals")
        if totals is None:
            continue
        dnn = catalog.dnns[key]
        assert isinstance(totals, dict)
        assert dnn.mac.sum() == totals["macs"], key
        assert dnn.params.sum() == totals["params"], key
        assert dnn.out_elem.sum() == totals["activation_elems"], key
        assert len(dnn) == totals["rows"], key


def test_exactly_one_tensor_crosses_each_interior_boundary(catalog: Catalog) -> None:
    for dnn in catalog.dnns.values():
        crossing = dnn.live_across()
        assert np.array_equal(crossing[dnn.boundary_row], dnn.boundary_elem), dnn.id
        assert dnn.boundary_row[0] == 0
        assert dnn.boundary_row[-1] == len(dnn)
        assert (np.diff(dnn.boundary_row) > 0).all()
        assert len(dnn.boundary_name) == len(dnn.boundary_row)


def test_every_operator_has_a_type_and_depthwise_is_told_by_its_groups(catalog: Catalog) -> None:
    for dnn in catalog.dnns.values():
        assert set(dnn.operator_type) <= set(OPERATOR_TYPES)
    net = catalog.dnns["mobilenet_v2"]
    depthwise = [t for t, op in zip(net.operator_type, net.op, strict=True) if op == "dwconv"]
    assert depthwise
    assert set(depthwise) == {"depthwise"}


def _slow_crossing(dnn: Dnn, rows: int) -> float:
    total = 0.0
    for tensor in range(-len(dnn.inputs), rows):
        readers = [row for row in range(rows, len(dnn)) if tensor in dnn.preds[row]]
        if readers or tensor in dnn.outputs:
            total += dnn.out_elem[tensor] if tensor >= 0 else dnn.inputs[-1 - tensor].elem
    return total


@pytest.mark.parametrize("name", ["resnet18", "yolox_nano", "ssdlite320_mobilenet_v3_large"])
def test_live_across_agrees_with_counting_readers_one_by_one(catalog: Catalog, name: str) -> None:
    dnn = catalog.dnns[name]
    expected = [_slow_crossing(dnn, rows) for rows in range(len(dnn) + 1)]
    assert np.array_equal(dnn.live_across(), expected)


def test_peak_memory_of_a_range_covers_what_a_row_reads_and_writes(catalog: Catalog) -> None:
    net = catalog.dnns["vgg16"]
    assert net.peak_elem(0, len(net)) == 2 * 64 * 224 * 224
    assert net.peak_elem(19, 20) == 25088 + 4096
    assert net.peak_elem(5, 5) == 0.0
    residual = catalog.dnns["resnet18"]
    add = residual.op.index("add")
    assert residual.live_elem[add] == residual.in_elem[add] + residual.out_elem[add]


@given(start=st.integers(0, 71), length=st.integers(0, 71))
def test_a_longer_range_never_needs_less_memory(start: int, length: int) -> None:
    net = load_catalog().dnns["resnet50"]
    assert net.peak_elem(start, start + length) <= net.peak_elem(start, start + length + 1)


def test_the_vgg_builder_regenerates_the_traced_vgg16_exactly(vgg: ModuleType) -> None:
    built, traced = vgg.build("vgg16"), _raw("vgg16")
    for key in ("format", "id", "task", "inputs", "columns", "nodes", "outputs", "cuts", "totals"):
        assert built[key] == traced[key], key


@pytest.mark.parametrize("name", ["vgg11", "vgg13", "vgg19"])
def test_the_shipped_vgg_files_are_what_the_builder_writes(vgg: ModuleType, name: str) -> None:
    shipped = (data_folder() / "dnns" / f"{name}.json").read_text(encoding="utf-8")
    assert vgg.render(vgg.build(name)) == shipped


def test_vgg19_has_nineteen_layers_with_weights(catalog: Catalog) -> None:
    net = catalog.dnns["vgg19"]
    assert int((net.params > 0).sum()) == 19
    assert net.params.sum() == 143_667_240


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "layer-graph/9"}, "unknown format 'layer-graph/9'"),
        ({"columns": ["op"]}, "dnn:columns"),
        ({"cuts": [3, 1]}, "are not increasing rows"),
        ({"nodes": []}, "is empty"),
        ({"nodes": [["conv", "a", [1], 1, 1, 1, [0], [], []]]}, "is not before the row"),
        ({"nodes": [["conv", "a", [1], -1, 1, 1, [-1], [], []]], "cuts": [-1]}, "is not a count"),
        ({"nodes": [["conv", "a"]], "cuts": [-1]}, "has 2 entries"),
    ],
)
def test_a_broken_graph_is_refused_with_its_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match="dnn:") as caught:
        parse_dnn(json.dumps(_raw("alexnet") | change))
    assert message in str(caught.value)


def test_a_graph_without_nodes_names_the_missing_key() -> None:
    value = _raw("alexnet")
    del value["nodes"]
    with pytest.raises(DataError, match=r"mine\.json:nodes: is missing"):
        parse_dnn(json.dumps(value), "mine.json")


def test_text_that_is_not_json_is_refused_with_its_line() -> None:
    with pytest.raises(DataError, match="dnn:2: is not JSON"):
        parse_dnn('{\n"format"')


def test_decoder_work_follows_from_its_configuration(catalog: Catalog) -> None:
    for lm in catalog.language_models.values():
        assert lm.kv_elem_per_token == 2 * lm.layers * lm.kv_heads * lm.head_dim, lm.id
        assert lm.mac_per_token_per_context == 2 * lm.layers * lm.heads * lm.head_dim, lm.id
        assert lm.cut_elem_per_token == lm.hidden
        assert lm.params_active <= lm.params
        blocks = lm.layers * lm.block["macs_per_token"]
        assert lm.mac_per_token == blocks + lm.head_mac_per_token, lm.id


def test_a_layer_graph_is_not_taken_for_a_language_model() -> None:
    with pytest.raises(DataError, match="unknown format 'layer-graph/1'"):
        parse_decoder(json.dumps(_raw("alexnet")))
