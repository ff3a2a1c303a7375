"""ONNX files become layer graphs: exact on known networks, and harmless when hostile."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper

from analytic_models import onnx_import
from analytic_models.catalog import Catalog
from analytic_models.cli import main
from analytic_models.errors import DataError
from analytic_models.layer_graph import parse_dnn
from analytic_models.onnx_import import OnnxImport, import_onnx
from tests.catalog import onnx_files as files

BUILDERS: dict[str, Callable[[], bytes]] = {
    "resnet18": files.resnet18,
    "mobilenet_v2": files.mobilenet_v2,
    "vit_b_16": files.vit_b_16,
}


@pytest.fixture(scope="module")
def imported() -> dict[str, OnnxImport]:
    """Return the three known networks, read once."""
    return {name: import_onnx(build(), name) for name, build in BUILDERS.items()}


def _one(*nodes: tuple[str, dict[str, object]], shape: tuple[int | str, ...] = (1, 8)) -> bytes:
    net, x = files.Net(shape), "x"
    for op, attributes in nodes:
        x = net.add(op, x, **attributes)
    return net.finish(x)


@pytest.mark.parametrize("name", BUILDERS)
def test_known_networks_have_the_work_weights_and_cuts_of_the_shipped_graphs_exactly(
    imported: dict[str, OnnxImport], catalog: Catalog, name: str
) -> None:
    found, shipped = imported[name].dnn, catalog.dnns[name]
    assert found.mac.sum() == shipped.mac.sum()
    assert found.params.sum() == shipped.params.sum()
    assert sorted(found.mac) == sorted(shipped.mac)
    assert len(found) == len(shipped)
    np.testing.assert_array_equal(found.boundary_row, shipped.boundary_row)
    np.testing.assert_array_equal(found.boundary_elem, shipped.boundary_elem)
    assert dict(imported[name].unknown) == {}


@pytest.mark.parametrize("name", BUILDERS)
def test_residual_edges_are_those_of_the_shipped_graphs(
    imported: dict[str, OnnxImport], catalog: Catalog, name: str
) -> None:
    def edges(dnn: object) -> list[tuple[str, float, list[float]]]:
        rows = zip(dnn.op, dnn.out_elem, dnn.preds, strict=True)  # type: ignore[attr-defined]
        size = [t.elem for t in dnn.inputs[::-1]] + list(dnn.out_elem)  # type: ignore[attr-defined]
        return sorted((op, out, sorted(size[p + 1] for p in preds)) for op, out, preds in rows)

    assert edges(imported[name].dnn) == edges(catalog.dnns[name])


def test_normalisation_taken_apart_is_one_row_again(imported: dict[str, OnnxImport]) -> None:
    apart = import_onnx(files.vit_b_16(whole_norm=False), "vit_b_16").dnn
    whole = imported["vit_b_16"].dnn
    assert apart.op == whole.op
    assert apart.params.sum() == whole.params.sum()
    np.testing.assert_array_equal(apart.op_count, whole.op_count)


def test_attention_weights_that_are_read_elsewhere_keep_attention_apart() -> None:
    net = files.Net([1, 4, 16, 8])
    q = net.add("Transpose", "x", perm=[0, 1, 3, 2])
    soft = net.add("Softmax", net.add("MatMul", "x", q), axis=-1)
    found = import_onnx(net.finish(net.add("MatMul", soft, "x"), soft), "net").dnn
    assert found.op == ("matmul", "softmax", "matmul")
    joined = import_onnx(net.finish("matmul3"), "net").dnn
    assert joined.op == ("attention",)
    assert joined.mac.sum() == found.mac.sum() == 2 * 4 * 16 * 16 * 8


def test_the_open_batch_becomes_one_and_says_so(imported: dict[str, OnnxImport]) -> None:
    assert any("batch was set to a batch of 1" in note for note in imported["resnet18"].notes)
    assert imported["resnet18"].dnn.inputs[0].shape == (3, 224, 224)
    assert not any("was set" in note for note in imported["mobilenet_v2"].notes)


def test_the_text_is_a_layer_graph_that_reads_back_the_same(
    imported: dict[str, OnnxImport],
) -> None:
    value = json.loads(imported["resnet18"].dnn_json)
    assert value["format"] == "layer-graph/1"
    assert value["totals"]["macs"] == imported["resnet18"].dnn.mac.sum()
    assert value["source"]["kind"] == "onnx"


def test_an_open_dimension_other_than_the_batch_asks_for_a_value() -> None:
    net = files.Net(["batch", "length", 16])
    data = net.finish(net.linear("x", 16, 4))
    with pytest.raises(DataError, match=r"length of input x.*--dim NAME=VALUE"):
        import_onnx(data, "net")
    assert import_onnx(data, "net", {"length": 10}).dnn.mac.sum() == 10 * 16 * 4
    assert import_onnx(data, "net", {"x[1]": 3}).dnn.mac.sum() == 3 * 16 * 4
    with pytest.raises(DataError, match="no dimension is called width"):
        import_onnx(data, "net", {"width": 3})
    with pytest.raises(DataError, match="is not a size"):
        import_onnx(data, "net", {"length": -1})


def test_an_unknown_operator_is_listed_and_has_no_work() -> None:
    net = files.Net([1, 8])
    net.nodes.append(helper.make_node("Mystery", ["x"], ["y"], domain="com.example"))
    net.nodes.append(helper.make_node("Relu", ["y"], ["z"]))
    data = net.finish("z")
    model = files.load(data)
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    with pytest.raises(DataError, match="no result"):
        import_onnx(model.SerializeToString(), "net")
    model.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8]))
    found = import_onnx(model.SerializeToString(), "net")
    assert dict(found.unknown) == {"com.example.Mystery": 1}
    assert found.dnn.op[0] == "other:com.example.Mystery"
    assert found.dnn.mac.sum() == 0


def test_operators_whose_sizes_depend_on_the_data_are_left_out_and_named() -> None:
    net = files.Net([1, 8])
    x = net.linear("x", 8, 8)
    found = import_onnx(
        net.finish(net.add("Relu", net.add("Cast", net.add("NonZero", x), to=1))), "n"
    )
    assert found.dnn.op == ("linear",)
    assert any("left out 3 operators" in note and "NonZero" in note for note in found.notes)


def test_work_of_unknown_size_is_refused_not_guessed() -> None:
    net = files.Net([1, 8])
    x = net.add("Cast", net.add("NonZero", "x"), to=1)
    with pytest.raises(DataError, match="size of what MatMul"):
        import_onnx(net.finish(net.add("MatMul", x, net.weight(8, 8))), "net")


def test_gates_of_an_input_count_one_operation_per_element() -> None:
    net = files.Net([1, 8])
    x = net.linear("x", 8, 8)
    found = import_onnx(net.finish(net.add("Mul", x, net.add("Sigmoid", x))), "net").dnn
    assert found.op == ("linear",)
    assert found.op_count.tolist() == [8.0]


def test_weights_in_other_files_are_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(files.resnet18())
    found = import_onnx(path, "net")
    assert any("which were not opened" in note for note in found.notes)
    assert "passwd" not in found.dnn_json


def test_a_file_of_gigabytes_is_read_by_its_shapes_alone(tmp_path: Path) -> None:
    net = files.Net([1, 4])
    data = net.finish(net.linear("x", 4, 4))
    # A weight of one gigabyte as a hole in the file: field 5 of the graph, raw data in field 9.
    size = 2**30
    raw = b"\x4a" + _varint(size)
    tensor = b"\x2a" + _varint(len(raw) + size) + raw
    graph = b"\x3a" + _varint(len(tensor) + size) + tensor
    path = tmp_path / "net.onnx"
    with path.open("wb") as stream:
        stream.write(data + graph)
        stream.truncate(len(data) + len(graph) + size)
    started = time.process_time()
    assert import_onnx(path, "net").dnn.mac.sum() == 16
    assert time.process_time() - started < 2.0


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _cycle() -> bytes:
    net = files.Net([1, 8])
    net.nodes.append(helper.make_node("Add", ["x", "b"], ["a"]))
    net.nodes.append(helper.make_node("Relu", ["a"], ["b"]))
    for name in ("a", "b"):
        net.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]))
    model = files.load(net.finish("b"))
    kept = [value for value in model.graph.input if value.name == "x"]
    model.graph.value_info.extend([value for value in model.graph.input if value.name != "x"])
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return bytes(model.SerializeToString())


def _twice() -> bytes:
    net = files.Net([1, 8])
    net.nodes.append(helper.make_node("Relu", ["x"], ["y"]))
    net.nodes.append(helper.make_node("Relu", ["x"], ["y"]))
    return net.finish("y")


def _nothing() -> bytes:
    net = files.Net([1, 8])
    net.nodes.append(helper.make_node("Relu", ["nobody"], ["y"]))
    return net.finish("y")


def _absurd() -> bytes:
    net = files.Net([1, 2**40, 2**20])
    return net.finish(net.add("Relu", "x"))


def _deep() -> bytes:
    graph = b""
    for _ in range(200):
        # A node in a graph in an attribute of a node, and so on.
        attribute = b"\x32" + _varint(len(graph)) + graph
        node = b"\x2a" + _varint(len(attribute)) + attribute
        graph = b"\x0a" + _varint(len(node)) + node
    return b"\x3a" + _varint(len(graph)) + graph


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "text": (b"<html>not a network</html>", "not a readable ONNX file"),
    "zip": (b"PK\x03\x04" + bytes(64), "is a zip archive"),
    "gzip": (b"\x1f\x8b" + bytes(64), "is a gzip archive"),
    "noise": (np.random.default_rng(1).bytes(4096), "not a readable ONNX file"),
    "cut off": (files.resnet18()[:-200], "runs past its end"),
    "endless number": (b"\xff" * 64, "not a readable ONNX file"),
    "length beyond the end": (b"\x3a\xff\xff\xff\xff\x0f", "runs past its end"),
    "circle": (_cycle(), "runs in a circle"),
    "made twice": (_twice(), "makes 'y' twice"),
    "made by nobody": (_nothing(), "nothing makes 'nobody'"),
    "absurd shape": (_absurd(), "absurd shape"),
    "nested": (_deep(), "nested too deeply"),
    "no graph": (b"\x08\x08", "holds no operator"),
    "only views": (_one(("Identity", {})), "depends on its inputs|nothing but views"),
    "many parts": (b"\x08\x01" * 1_100_000 + b"\x08\x01" * 1_000_000, "too many parts"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_without_harm(name: str) -> None:
    data, message = HOSTILE[name]
    with pytest.raises(DataError, match=message):
        import_onnx(data, "net")


def test_every_broken_byte_gives_a_graph_or_a_problem() -> None:
    data = bytearray(_one(("Relu", {}), ("Softmax", {"axis": -1})))
    rng = np.random.default_rng(7)
    seen = {"graph": 0, "problem": 0}
    for place in rng.choice(len(data), 12, replace=False):
        broken = bytes(data[:place]) + bytes([int(rng.integers(256))]) + bytes(data[place + 1 :])
        try:
            import_onnx(broken, "net")
            seen["graph"] += 1
        except DataError:
            seen["problem"] += 1
    assert sum(seen.values()) == 12


def test_tensors_that_would_fill_the_memory_are_never_made() -> None:
    net = files.Net([1, 8])
    wide = net.add("ConstantOfShape", net.numbers([100_000, 100_000]))
    x = net.add(
        "MatMul", net.add("Add", net.add("ReduceMax", wide, keepdims=1), "x"), net.weight(8, 2)
    )
    assert import_onnx(net.finish(x), "net").dnn.mac.sum() == 16


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a file"):
        import_onnx(tmp_path, "net")
    with pytest.raises(DataError, match="is not a file"):
        import_onnx(tmp_path / "missing.onnx", "net")


def test_an_id_that_could_leave_a_folder_is_refused() -> None:
    with pytest.raises(DataError, match="is not an id"):
        import_onnx(_one(("Relu", {})), "../../net")


def test_without_the_package_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnx_import, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'eccc-explorer\[onnx\]'"):
        import_onnx(_one(("Relu", {})), "net")


def test_shapes_of_a_small_file_are_those_of_its_operators() -> None:
    net = files.Net([1, 3, 8, 8])
    found = import_onnx(net.finish(net.conv("x", 3, 4, 3, 2, act="Relu")), "net").dnn
    assert found.shape == ((4, 4, 4),)
    assert found.mac.sum() == math.prod((4, 4, 4)) * 3 * 9
    assert found.dims == ((3, 4, 3, 3, 1),)


def test_the_command_writes_a_graph_that_reads_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "My Net.onnx", tmp_path / "net.json"
    net = files.Net(["batch", "length", 16])
    source.write_bytes(net.finish(net.linear("x", 16, 4)))
    assert main(["import", str(source), "--dim", "length=10", "--out", str(target)]) == 0
    assert parse_dnn(target.read_text(encoding="utf-8")).id == "my_net"
    assert "640" in capsys.readouterr().err
    assert main(["import", str(source), "--dim", "length=10", "--id", "mine"]) == 0
    assert parse_dnn(capsys.readouterr().out).mac.sum() == 640


@pytest.mark.parametrize("dim", ["length", "length=", "length=ten", "=4", "length=-1"])
def test_the_command_refuses_a_wrong_dimension_and_says_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dim: str
) -> None:
    assert main(["import", str(tmp_path / "net.onnx"), "--dim", dim]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_the_command_reads_a_configuration_of_a_language_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "Tiny-Llama"
    folder.mkdir()
    config = {
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 5632,
        "max_position_embeddings": 2048, "num_attention_heads": 32, "num_hidden_layers": 22,
        "num_key_value_heads": 4, "vocab_size": 32000,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert main(["import", str(folder / "config.json")]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["id"], value["totals"]["params"]) == ("tiny-llama", 1_100_048_384)
    assert main(["import", str(folder / "absent.json")]) == 2
