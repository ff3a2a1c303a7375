"""Small builders of ONNX files: real layer plans with weights of stated shape and no data."""

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper


class Net:
    """An ONNX graph under construction; every method returns the name of the tensor it makes."""

    def __init__(self, shape: Sequence[int | str], name: str = "x", opset: int = 17) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.opset = opset
        self.inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]

    def weight(self, *shape: int) -> str:
        """Return a weight of some shape without data, as in a file whose weights lie elsewhere."""
        name = f"w{len(self.weights)}"
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../../../etc/passwd")
        self.weights.append(tensor)
        return name

    def numbers(self, values: Sequence[int] | float) -> str:
        """Return a constant: whole numbers, or one number."""
        name = f"w{len(self.weights)}"
        if isinstance(values, float):
            tensor = helper.make_tensor(name, TensorProto.FLOAT, (), [values])
        else:
            tensor = helper.make_tensor(name, TensorProto.INT64, (len(values),), list(values))
        self.weights.append(tensor)
        return name

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Append an operator; with several outputs they are called ``…_0``, ``…_1`` and so on."""
        name = f"{op.lower()}{len(self.nodes)}"
        made = [name] if outputs == 1 else [f"{name}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, made, name=f"/{name}/{op}", **attributes))
        return name

    def conv(
        self, x: str, cin: int, cout: int, k: int, stride: int = 1, groups: int = 1, act: str = ""
    ) -> str:
        """Append convolution, batch norm and, if named, an activation."""
        pad = [k // 2] * 4
        x = self.add(
            "Conv", x, self.weight(cout, cin // groups, k, k),
            group=groups, kernel_shape=[k, k], pads=pad, strides=[stride, stride],
        )  # fmt: skip
        x = self.add("BatchNormalization", x, *(self.weight(cout) for _ in range(4)))
        return self.add(act, x) if act else x

    def linear(self, x: str, inner: int, outer: int) -> str:
        """Append a matrix product with bias."""
        product = self.add("MatMul", x, self.weight(inner, outer))
        return self.add("Add", self.weight(outer), product)

    def finish(self, *results: str) -> bytes:
        """Return the file."""
        outputs = [helper.make_tensor_value_info(r, TensorProto.FLOAT, None) for r in results]
        graph = helper.make_graph(self.nodes, "net", self.inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return bytes(model.SerializeToString())


def resnet18() -> bytes:
    """ResNet-18 at 224 pixels, batch left open."""
    net = Net(["batch", 3, 224, 224])
    x = net.conv("x", 3, 64, 7, 2, act="Relu")
    x = net.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    width = 64
    for out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for step in (stride, 1):
            y = net.conv(x, width, out, 3, step, act="Relu")
            y = net.conv(y, out, out, 3)
            skip = x if width == out and step == 1 else net.conv(x, width, out, 1, step)
            x, width = net.add("Relu", net.add("Add", y, skip)), out
    x = net.add("Flatten", net.add("GlobalAveragePool", x), axis=1)
    return net.finish(net.add("Gemm", x, net.weight(1000, 512), net.weight(1000), transB=1))


def mobilenet_v2() -> bytes:
    """MobileNetV2 at 224 pixels with batch 1."""
    net = Net([1, 3, 224, 224])
    x, width = net.conv("x", 3, 32, 3, 2, act="Clip"), 32
    plan = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)]
    for grow, out, count, stride in [*plan, (6, 160, 3, 2), (6, 320, 1, 1)]:
        for step in (stride, *[1] * (count - 1)):
            wide = width * grow
            y = net.conv(x, width, wide, 1, act="Clip") if grow > 1 else x
            y = net.conv(y, wide, wide, 3, step, groups=wide, act="Clip")
            y = net.conv(y, wide, out, 1)
            x = net.add("Add", x, y) if width == out and step == 1 else y
            width = out
    x = net.conv(x, width, 1280, 1, act="Clip")
    x = net.add("Reshape", net.add("GlobalAveragePool", x), net.numbers([0, -1]))
    return net.finish(net.linear(x, 1280, 1000))


def gelu(net: Net, x: str) -> str:
    """Append GELU as exporters take it apart."""
    y = net.add("Erf", net.add("Div", x, net.numbers(1.4142135)))
    y = net.add("Mul", x, net.add("Add", y, net.numbers(1.0)))
    return net.add("Mul", y, net.numbers(0.5))


def attention(net: Net, x: str, width: int, heads: int, rows: int) -> str:
    """Append self-attention with one product for query, key and value, taken apart."""
    x = net.linear(x, width, 3 * width)
    x = net.add("Reshape", x, net.numbers([1, rows, 3, heads, width // heads]))
    x = net.add("Transpose", x, perm=[2, 0, 3, 1, 4])
    q, k, v = (net.add("Gather", x, _scalar(net, i), axis=0) for i in range(3))
    q = net.add("Mul", q, net.numbers(0.3535))
    k = net.add("Mul", net.add("Transpose", k, perm=[0, 1, 3, 2]), net.numbers(0.3535))
    weights = net.add("Softmax", net.add("MatMul", q, k), axis=-1)
    y = net.add("Transpose", net.add("MatMul", weights, v), perm=[0, 2, 1, 3])
    return net.linear(net.add("Reshape", y, net.numbers([1, rows, width])), width, width)


def _scalar(net: Net, value: int) -> str:
    name = f"w{len(net.weights)}"
    net.weights.append(helper.make_tensor(name, TensorProto.INT64, (), [value]))
    return name


def norm(net: Net, x: str, width: int, whole: bool = True) -> str:
    """Append layer normalisation, whole or taken apart."""
    if whole:
        return net.add("LayerNormalization", x, net.weight(width), net.weight(width))
    centred = net.add("Sub", x, net.add("ReduceMean", x, axes=[-1]))
    square = net.add("ReduceMean", net.add("Pow", centred, net.numbers(2.0)), axes=[-1])
    root = net.add("Sqrt", net.add("Add", square, net.numbers(1e-5)))
    scaled = net.add("Mul", net.add("Div", centred, root), net.weight(width))
    return net.add("Add", scaled, net.weight(width))


def vit_b_16(whole_norm: bool = True) -> bytes:
    """ViT-B/16 at 224 pixels with attention and GELU taken apart, shapes computed in the graph."""
    net = Net(["batch", 3, 224, 224])
    rows, width = 197, 768
    x = net.add(
        "Conv", "x", net.weight(width, 3, 16, 16), net.weight(width), strides=[16, 16]
    )  # fmt: skip
    batch = net.add("Slice", net.add("Shape", "x"), net.numbers([0]), net.numbers([1]))
    to = net.add("Concat", batch, net.numbers([width, -1]), axis=0)
    x = net.add("Transpose", net.add("Reshape", x, to), perm=[0, 2, 1])
    x = net.add("Concat", net.weight(1, 1, width), x, axis=1)
    x = net.add("Add", x, net.weight(1, rows, width))
    for _ in range(12):
        y = attention(net, norm(net, x, width, whole_norm), width, 12, rows)
        x = net.add("Add", y, x)
        y = gelu(net, net.linear(norm(net, x, width, whole_norm), width, 4 * width))
        x = net.add("Add", x, net.linear(y, 4 * width, width))
    x = net.add("Gather", norm(net, x, width, whole_norm), _scalar(net, 0), axis=1)
    return net.finish(net.linear(x, width, 1000))


def load(data: bytes) -> Any:
    """Return the message of a file, to damage it."""
    return onnx.load_model_from_string(data)
